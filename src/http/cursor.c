/* List cursors: two numbers and a check, in hexadecimal. Not a secret: the check catches what was cut or mistyped. */
#include "base/hash.h"
#include "http/http_int.h"

#define CURSOR_RAW 20 /* 8 + 8 + 4 of the check: 40 digits */
#define CURSOR_SEED 0x637572736f72ULL

static void cursor_raw(unsigned char raw[CURSOR_RAW], int64_t a, int64_t b)
{
	for (int i = 0; i < 8; i++) {
		raw[i] = (unsigned char)((uint64_t)a >> (56 - 8 * i));
		raw[8 + i] = (unsigned char)((uint64_t)b >> (56 - 8 * i));
	}
	uint64_t check = hash64(raw, 16, CURSOR_SEED);
	for (int i = 0; i < 4; i++)
		raw[16 + i] = (unsigned char)(check >> (8 * i));
}

void http_cursor_format(char out[HTTP_CURSOR_BYTES], int64_t a, int64_t b)
{
	unsigned char raw[CURSOR_RAW];
	cursor_raw(raw, a, b);
	hex_encode(out, raw, CURSOR_RAW);
}

bool http_cursor_parse(struct str s, int64_t *a, int64_t *b)
{
	unsigned char raw[CURSOR_RAW], again[CURSOR_RAW];
	if (s.n != 2 * CURSOR_RAW || !hex_decode(raw, CURSOR_RAW, s))
		return false;
	uint64_t x = 0, y = 0;
	for (int i = 0; i < 8; i++) {
		x = x << 8 | raw[i];
		y = y << 8 | raw[8 + i];
	}
	cursor_raw(again, (int64_t)x, (int64_t)y);
	if (memcmp(raw, again, CURSOR_RAW) != 0)
		return false;
	*a = (int64_t)x;
	*b = (int64_t)y;
	return true;
}
