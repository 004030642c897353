/* Dates of birth compared. */
#include "people/match_inside.h"
#include <stdlib.h>

#define GENERATION 13 /* years between two who share name and address */

/* One digit is wrong, or two neighbours are in the wrong order. */
static bool one_slip(uint32_t a, uint32_t b)
{
	uint32_t differ = a ^ b;
	int low, digits;

	if (!differ)
		return true;
	low = __builtin_ctz(differ) / 4;
	digits = (31 - __builtin_clz(differ)) / 4 - low + 1;
	a >>= 4 * low;
	b >>= 4 * low;
	return digits == 1 || (digits == 2 && (a & 15) == (b >> 4 & 15) && (b & 15) == (a >> 4 & 15));
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
	if (apart == 1 || ((!a->month || !b->month || a->month == b->month || a->day == b->day) &&
	                   one_slip(a->date >> 16, b->date >> 16)))
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
	if (one_slip(a->date, b->date))
		return BIRTH_TYPO;
	if (parts == 2 && abs(a->year - b->year) < GENERATION)
		return BIRTH_PARTS;
	return year_level(a, b);
}

struct match_found compare_birth(const struct match_record *a, const struct match_record *b)
{
	struct match_found f = { .level = LEVEL_NULL, .rarity = -1 };

	if (!a->year || !b->year || a->by_sort[WORD_BIRTH]->state == WORD_GENERIC ||
	    b->by_sort[WORD_BIRTH]->state == WORD_GENERIC)
		return f;
	f.a = a->by_sort[WORD_BIRTH];
	f.b = b->by_sort[WORD_BIRTH];
	f.level = (uint8_t)level_of(a, b);
	if (f.level == BIRTH_SAME || f.level == BIRTH_SWAPPED)
		f.rarity = commoner(f.a, f.b);
	return f;
}
