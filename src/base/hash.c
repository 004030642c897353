/* hash64: words of eight bytes, little-endian. Each word is scrambled (multiply, rotate, multiply: a bijection), xored
 * into the state, and the state rotated and multiplied (a bijection as well), so no word can cancel what came before.
 * The length is in the starting state, the last 0 to 7 bytes make one more word, and the end is three rounds of
 * shift-xor-multiply, after which every input bit flips every output bit with probability near one half (hash_test).
 * The multipliers are the first 64 bits of the fractional parts of the square roots of 2, 3, 5, 7 and 11, made odd.
 *
 * The values are stored in databases: this function may never change. */
#include "base/hash.h"
#include <endian.h>
#include <sodium.h>

#define SQRT2 0x6A09E667F3BCC909u
#define SQRT3 0xBB67AE8584CAA73Bu
#define SQRT5 0x3C6EF372FE94F82Bu
#define SQRT7 0xA54FF53A5F1D36F1u
#define SQRT11 0x510E527FADE682D1u

static inline uint64_t rotl(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline uint64_t take_word(uint64_t h, uint64_t w)
{
	w = rotl(w * SQRT3, 29) * SQRT7;
	return rotl(h ^ w, 31) * SQRT5 + SQRT11;
}

uint64_t hash64(const void *data, size_t n, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = (seed ^ SQRT2) + (uint64_t)n * SQRT11;
	uint64_t w;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&w, p, 8);
		h = take_word(h, le64toh(w));
	}
	if (n > 0) {
		w = 0;
		memcpy(&w, p, n);
		h = take_word(h, le64toh(w));
	}
	h ^= h >> 32;
	h *= SQRT3;
	h ^= h >> 29;
	h *= SQRT7;
	h ^= h >> 32;
	h *= SQRT2;
	return h ^ h >> 30;
}

uint64_t hash64_str(struct str s, uint64_t seed)
{
	return hash64(s.p, s.n, seed);
}

void hash128(unsigned char out[HASH128_BYTES], const struct str *parts, size_t count)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH128_BYTES);
	for (size_t i = 0; i < count; i++) {
		uint64_t n = htole64(parts[i].n);

		crypto_generichash_update(&state, (const unsigned char *)&n, sizeof(n));
		crypto_generichash_update(&state, (const unsigned char *)parts[i].p, parts[i].n);
	}
	crypto_generichash_final(&state, out, HASH128_BYTES);
}

void hex_encode(char *out, const unsigned char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(unsigned char *out, size_t n, struct str hex)
{
	if (hex.n != 2 * n)
		return false;
	for (size_t i = 0; i < hex.n; i++)
		if (hex_digit(hex.p[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(hex_digit(hex.p[2 * i]) << 4 | hex_digit(hex.p[2 * i + 1]));
	return true;
}
