/* Similarity of short strings, by bytes: folded text is nearly always ASCII. */
#include "text/text.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define WORD 64     /* up to here, positions are bits of one word */
#define LONGEST 256 /* beyond, the rest is not looked at */
#define PREFIX_SCALE 0.1
#define LONGEST_PREFIX 4

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The lowest n bits. */
static uint64_t low_bits(size_t n)
{
	return n >= WORD ? ~0ull : (1ull << n) - 1;
}

/* The positions of c in p, whose blocks of 16 bytes may be read whole. */
static inline uint64_t positions(const char *p, size_t n, char c)
{
	uint64_t bits = 0;

#ifdef __SSE2__
	for (size_t i = 0; i < n; i += 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(p + i));

		bits |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(c))) << i;
	}
#else
	for (size_t i = 0; i < n; i++)
		bits |= (uint64_t)(p[i] == c) << i;
#endif
	return bits & low_bits(n);
}

/* How many bytes of a and b match within the window, and how many of them out of order. The bytes of b are bits: each
 * byte of a takes the lowest free position in its window. */
static size_t matches_short(struct str a, struct str b, size_t window, size_t *out_of_order)
{
	char block[WORD], matched[WORD];
	uint64_t used = 0;
	size_t n = 0, swaps = 0;

	memcpy(block, b.p, b.n);
	for (size_t i = 0; i < a.n; i++) {
		uint64_t here = low_bits(i + window + 1) & ~(i > window ? low_bits(i - window) : 0);
		uint64_t hits = positions(block, b.n, a.p[i]) & here & ~used;

		if (hits) {
			used |= hits & -hits;
			matched[n++] = a.p[i];
		}
	}
	for (size_t i = 0; used; used &= used - 1, i++)
		swaps += b.p[__builtin_ctzll(used)] != matched[i];
	*out_of_order = swaps;
	return n;
}

static size_t matches_long(struct str a, struct str b, size_t window, size_t *out_of_order)
{
	bool used[LONGEST] = { false };
	char matched[LONGEST];
	size_t n = 0, swaps = 0;

	for (size_t i = 0; i < a.n; i++) {
		size_t last = min(b.n, i + window + 1);

		for (size_t j = i > window ? i - window : 0; j < last; j++)
			if (!used[j] && b.p[j] == a.p[i]) {
				used[j] = true;
				matched[n++] = a.p[i];
				break;
			}
	}
	for (size_t i = 0, j = 0; j < b.n; j++)
		if (used[j])
			swaps += b.p[j] != matched[i++];
	*out_of_order = swaps;
	return n;
}

double text_jaro_winkler(struct str a, struct str b)
{
	size_t window, n, out_of_order, prefix = 0;
	double m, jaro;

	a.n = min(a.n, LONGEST);
	b.n = min(b.n, LONGEST);
	if (a.n == 0 || b.n == 0)
		return a.n == b.n ? 1 : 0;
	window = (a.n > b.n ? a.n : b.n) / 2;
	window -= window > 0;
	if (a.n <= WORD && b.n <= WORD)
		n = matches_short(a, b, window, &out_of_order);
	else
		n = matches_long(a, b, window, &out_of_order);
	if (n == 0)
		return 0;
	m = (double)n;
	jaro = (m / (double)a.n + m / (double)b.n + (m - (double)(out_of_order / 2)) / m) / 3;
	while (prefix < LONGEST_PREFIX && prefix < a.n && prefix < b.n && a.p[prefix] == b.p[prefix])
		prefix++;
	return jaro + (double)prefix * PREFIX_SCALE * (1 - jaro);
}

/* Optimal string alignment by bit vectors: Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit
 * distances" (2003). plus and minus hold where a column of the table grows and falls; a is the column, 1 to 64 bytes.
 */
static int osa_short(struct str a, struct str b, int limit)
{
	char block[WORD];
	uint64_t plus = ~0ull, minus = 0, diagonal = 0, before = 0, last = 1ull << (a.n - 1);
	int distance = (int)a.n;

	memcpy(block, a.p, a.n);
	for (size_t j = 0; j < b.n; j++) {
		uint64_t match = positions(block, a.n, b.p[j]);
		uint64_t swap = ((~diagonal & match) << 1) & before;
		uint64_t right_plus, right_minus;

		diagonal = (((match & plus) + plus) ^ plus) | match | minus | swap;
		right_plus = minus | ~(diagonal | plus);
		right_minus = diagonal & plus;
		distance += (right_plus & last) != 0;
		distance -= (right_minus & last) != 0;
		/* each byte of b still to come can take off one at most */
		if (distance - (int)(b.n - j - 1) > limit)
			return limit + 1;
		right_plus = right_plus << 1 | 1;
		right_minus <<= 1;
		plus = right_minus | ~(diagonal | right_plus);
		minus = right_plus & diagonal;
		before = match;
	}
	return distance;
}

static int osa_long(struct str a, struct str b, int limit)
{
	int rows[3][LONGEST + 1];
	int *older = rows[0], *old = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b.n; j++)
		old[j] = (int)j;
	for (size_t i = 1; i <= a.n; i++) {
		int least = now[0] = (int)i, *spare;

		for (size_t j = 1; j <= b.n; j++) {
			int best = old[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			best = old[j] + 1 < best ? old[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
			    older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			now[j] = best;
			least = best < least ? best : least;
		}
		if (least > limit + 1) /* a transposition may reach back one row, and costs one */
			return limit + 1;
		spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[b.n];
}

int text_osa_distance(struct str a, struct str b, int limit)
{
	int distance;

	a.n = min(a.n, LONGEST);
	b.n = min(b.n, LONGEST);
	if (limit < 0)
		limit = 0;
	while (a.n > 0 && b.n > 0 && a.p[0] == b.p[0])
		a.p++, a.n--, b.p++, b.n--;
	while (a.n > 0 && b.n > 0 && a.p[a.n - 1] == b.p[b.n - 1])
		a.n--, b.n--;
	if (a.n > b.n) {
		struct str longer = a;

		a = b;
		b = longer;
	}
	if (b.n - a.n > (size_t)limit)
		return limit + 1;
	if (a.n == 0)
		distance = (int)b.n;
	else
		distance = a.n <= WORD ? osa_short(a, b, limit) : osa_long(a, b, limit);
	return distance > limit ? limit + 1 : distance;
}
