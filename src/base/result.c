#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[OK] = "ok",
	[ERR_INVALID] = "invalid",
	[ERR_UNAUTHORIZED] = "unauthorized",
	[ERR_FORBIDDEN] = "forbidden",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_CONFLICT] = "conflict",
	[ERR_MISMATCH] = "mismatch",
	[ERR_TOO_LARGE] = "too_large",
	[ERR_LIMIT] = "limit",
	[ERR_BUSY] = "busy",
	[ERR_RETRY] = "retry",
	[ERR_NOMEM] = "nomem",
	[ERR_IO] = "io",
	[ERR_CORRUPT] = "corrupt",
	[ERR_INTERNAL] = "internal",
};

const char *result_name(enum result r)
{
	if ((unsigned)r >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[r];
}

/* Copies what fits, cut at a whole UTF-8 character. */
static void copy_cut(char *to, size_t size, const char *from)
{
	size_t n = from ? strlen(from) : 0;

	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)from[n] & 0xC0) == 0x80)
			n--;
	}
	if (n > 0)
		memmove(to, from, n);
	to[n] = '\0';
}

enum result error_set(struct error *e, enum result r, const char *code, const char *field, const char *fmt, ...)
{
	char detail[2 * sizeof(e->detail)];
	va_list args;

	if (!e)
		return r;
	/* The arguments may point into *e (an error that is being reworded): format before anything is overwritten. */
	va_start(args, fmt);
	if (vsnprintf(detail, sizeof(detail), fmt, args) < 0)
		detail[0] = '\0';
	va_end(args);
	e->result = r;
	copy_cut(e->code, sizeof(e->code), code);
	copy_cut(e->field, sizeof(e->field), field);
	copy_cut(e->detail, sizeof(e->detail), detail);
	return r;
}

enum result error_nomem(struct error *e)
{
	return error_set(e, ERR_NOMEM, "memory", NULL, "out of memory");
}
