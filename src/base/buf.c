#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>

#define DEFAULT_LIMIT (64u * 1024 * 1024)
#define LEAST_CAP 256

void buf_init(struct buf *b, size_t limit)
{
	*b = (struct buf){ .limit = limit ? limit : DEFAULT_LIMIT };
}

void buf_free(struct buf *b)
{
	mem_free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

static bool grow(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : LEAST_CAP;
	char *p;

	if (b->failed || more > b->limit - b->n) {
		b->failed = true;
		return false;
	}
	while (cap < b->n + more + 1 && cap <= b->limit)
		cap *= 2;
	if (cap > b->limit)
		cap = b->limit + 1;
	p = mem_realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

char *buf_space(struct buf *b, size_t n)
{
	/* cap counts the final NUL: n more bytes and it must fit */
	if (__builtin_expect(b->failed || n >= b->cap - b->n, 0) && !grow(b, n))
		return NULL;
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_space(b, n);

	if (!to)
		return;
	if (n > 0)
		memcpy(to, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

void buf_i64(struct buf *b, int64_t v)
{
	char text[20];
	char *p = text + sizeof(text);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	while (u >= 100) {
		p -= 2;
		memcpy(p, pairs + 2 * (u % 100), 2);
		u /= 100;
	}
	if (u >= 10) {
		p -= 2;
		memcpy(p, pairs + 2 * u, 2);
	} else {
		*--p = (char)('0' + u);
	}
	if (v < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(text + sizeof(text) - p));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!buf_space(b, (size_t)n))
		return;
	va_start(args, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, args);
	va_end(args);
	b->n += (size_t)n;
}
