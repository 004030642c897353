#include "base/cursor.h"

#include "base/hash.h"

/* 16 + 16 hexadecimal digits, then 8 of a check sum: a cursor that was cut or mistyped is refused, not misread. */
#define CURSOR_DIGITS 40
#define CURSOR_SEED 0x637572736f72u

static uint32_t cursor_check(const unsigned char pair[16])
{
	return (uint32_t)hash64(pair, 16, CURSOR_SEED);
}

static void put_be(unsigned char *p, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, v >>= 8)
		p[i] = (unsigned char)v;
}

static uint64_t get_be(const unsigned char *p, int bytes)
{
	uint64_t v = 0;
	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

void cursor_format(char out[CURSOR_BYTES], int64_t a, int64_t b)
{
	unsigned char raw[20];
	put_be(raw, (uint64_t)a, 8);
	put_be(raw + 8, (uint64_t)b, 8);
	put_be(raw + 16, cursor_check(raw), 4);
	hex_encode(out, raw, sizeof(raw));
}

bool cursor_parse(struct str s, int64_t *a, int64_t *b)
{
	unsigned char raw[20];
	if (s.n != CURSOR_DIGITS || !hex_decode(raw, sizeof(raw), s) || get_be(raw + 16, 4) != cursor_check(raw))
		return false;
	*a = (int64_t)get_be(raw, 8);
	*b = (int64_t)get_be(raw + 8, 8);
	return true;
}

bool cursor_cut(int *count, int limit)
{
	if (*count <= limit)
		return false;
	*count = limit;
	return true;
}

void cursor_next(struct json_writer *w, bool more, int64_t a, int64_t b)
{
	char next[CURSOR_BYTES];
	if (more)
		cursor_format(next, a, b);
	jw_kcstr(w, "next", more ? next : NULL);
}
