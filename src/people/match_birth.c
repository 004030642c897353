/* Dates of birth compared. */
#include "people/match_inside.h"
#include "text/text.h"
#include <stdlib.h>

#define GENERATION 13 /* years between two who share name and address */

static void digits_of(const struct match_record *r, char out[8])
{
	int number[3] = { r->year, r->month, r->day }, width[3] = { 4, 2, 2 };
	int at = 0;

	for (int i = 0; i < 3; at += width[i], i++)
		for (int j = width[i] - 1, n = number[i]; j >= 0; j--, n /= 10)
			out[at + j] = (char)('0' + n % 10);
}

static bool one_slip(const struct match_record *a, const struct match_record *b)
{
	char x[8], y[8];

	digits_of(a, x);
	digits_of(b, y);
	return text_osa_distance((struct str){ x, 8 }, (struct str){ y, 8 }, 1) <= 1;
}

static bool year_slip(int a, int b)
{
	char x[8], y[8];
	int n = 0, swapped;

	for (int i = 3; i >= 0; i--, a /= 10, b /= 10) {
		x[i] = (char)('0' + a % 10);
		y[i] = (char)('0' + b % 10);
	}
	for (int i = 0; i < 4; i++)
		n += x[i] != y[i];
	swapped = n == 2;
	for (int i = 0; i < 3 && swapped; i++)
		if (x[i] != y[i])
			return x[i] == y[i + 1] && x[i + 1] == y[i];
	return n <= 1;
}

static int32_t commoner(const struct match_word *a, const struct match_word *b)
{
	return a->rarity < b->rarity ? a->rarity : b->rarity;
}

static int year_level(const struct match_record *a, const struct match_record *b)
{
	int apart = abs(a->year - b->year);

	if (apart == 0)
		return BIRTH_YEAR;
	if (apart == 1 ||
	    ((!a->month || !b->month || a->month == b->month || a->day == b->day) && year_slip(a->year, b->year)))
		return BIRTH_NEAR;
	return apart < GENERATION ? BIRTH_FAR : BIRTH_AGES;
}

static int level_of(const struct match_record *a, const struct match_record *b)
{
	int parts;

	if (!a->month || !b->month)
		return year_level(a, b);
	parts = (a->year == b->year) + (a->month == b->month) + (a->day == b->day);
	if (parts == 3)
		return BIRTH_SAME;
	if (a->year == b->year && a->month == b->day && a->day == b->month)
		return BIRTH_SWAPPED;
	if (one_slip(a, b))
		return BIRTH_TYPO;
	if (parts == 2 && abs(a->year - b->year) < GENERATION)
		return BIRTH_PARTS;
	return year_level(a, b);
}

struct match_found compare_birth(const struct match_record *a, const struct match_record *b)
{
	struct match_found f = { .level = LEVEL_NULL, .rarity = -1 };

	if (!a->year || !b->year)
		return f;
	f.a = a->by_sort[WORD_BIRTH];
	f.b = b->by_sort[WORD_BIRTH];
	f.level = (uint8_t)level_of(a, b);
	if (f.level == BIRTH_SAME || f.level == BIRTH_SWAPPED)
		f.rarity = commoner(f.a, f.b);
	return f;
}
