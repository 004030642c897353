/* Where two live, as one comparison: street, city and postcode go together, counted apart they would count thrice. */
#include "people/match_inside.h"

#define SAME_SHARE 85 /* percent of the lighter street's weight that is found in the other's address */
#define ALIKE_SHARE 50
#define AREA_LEAST 3 /* characters of a postcode that name the area */

static bool number(const struct match_word *w)
{
	return w->first >= '0' && w->first <= '9';
}

static bool word_matches(const struct match_word *a, const struct match_word *b)
{
	if (a->hash == b->hash)
		return true;
	if (number(a) || number(b) || a->n < 4 || b->n < 4)
		return false;
	return one_edit(a, b);
}

static bool in_section(const struct match_word *w, const struct match_record *r, enum word_sort sort)
{
	for (int i = 0; i < r->count[sort]; i++)
		if (word_matches(w, &r->by_sort[sort][i]))
			return true;
	return false;
}

/* Percent of the weight of a's street that is in b's address; a house number that is not there spoils it. */
static int street_share(const struct match_record *a, const struct match_record *b)
{
	int64_t sum = 0, shared = 0;

	for (int i = 0; i < a->count[WORD_STREET]; i++) {
		const struct match_word *w = &a->by_sort[WORD_STREET][i];

		sum += w->rarity;
		if (in_section(w, b, WORD_STREET) || in_section(w, b, WORD_CITY) || in_section(w, b, WORD_POSTCODE))
			shared += w->rarity;
	}
	return sum ? (int)(100 * shared / sum) : 0;
}

/* The house number: the first number of the street, not counting flats and floors before a comma… as good as it gets.
 */
static const struct match_word *house(const struct match_record *r)
{
	for (int i = 0; i < r->count[WORD_STREET]; i++)
		if (number(&r->by_sort[WORD_STREET][i]))
			return &r->by_sort[WORD_STREET][i];
	return NULL;
}

static bool house_agrees(const struct match_record *a, const struct match_record *b)
{
	const struct match_word *x = house(a), *y = house(b);

	return !x || !y || in_section(x, b, WORD_STREET) || in_section(y, a, WORD_STREET);
}

enum agreement { AGREE_NULL, AGREE_SAME, AGREE_NEAR, AGREE_NOT };

static enum agreement postcodes(const struct match_record *a, const struct match_record *b)
{
	const struct match_word *x = a->by_sort[WORD_POSTCODE], *y = b->by_sort[WORD_POSTCODE];
	bool has_x = a->count[WORD_POSTCODE], has_y = b->count[WORD_POSTCODE];

	if (has_x && has_y) {
		if (x->hash == y->hash)
			return AGREE_SAME;
		if ((x->n > AREA_LEAST && y->n > AREA_LEAST && memcmp(x->p, y->p, AREA_LEAST) == 0) || (one_edit(x, y)))
			return AGREE_NEAR;
		return AGREE_NOT;
	}
	if (has_x && in_section(x, b, WORD_STREET))
		return AGREE_SAME;
	return has_y && in_section(y, a, WORD_STREET) ? AGREE_SAME : AGREE_NULL;
}

static enum agreement cities(const struct match_record *a, const struct match_record *b)
{
	bool has_a = a->count[WORD_CITY], has_b = b->count[WORD_CITY];

	if (has_a && has_b)
		return in_section(a->by_sort[WORD_CITY], b, WORD_CITY) ||
		                       in_section(b->by_sort[WORD_CITY], a, WORD_CITY)
		               ? AGREE_SAME
		               : AGREE_NOT;
	if (has_a && in_section(a->by_sort[WORD_CITY], b, WORD_STREET))
		return AGREE_SAME;
	return has_b && in_section(b->by_sort[WORD_CITY], a, WORD_STREET) ? AGREE_SAME : AGREE_NULL;
}

static struct match_found found(int level, const struct match_record *a, const struct match_record *b,
                                enum word_sort sort)
{
	struct match_found f = { .level = (uint8_t)level, .rarity = -1 };

	f.a = a->count[sort] ? a->by_sort[sort] : NULL;
	f.b = b->count[sort] ? b->by_sort[sort] : NULL;
	if (f.a && f.b)
		f.rarity = f.a->rarity < f.b->rarity ? f.a->rarity : f.b->rarity;
	else if (f.a || f.b)
		f.rarity = f.a ? f.a->rarity : f.b->rarity;
	return f;
}

struct match_found compare_place(const struct match_record *a, const struct match_record *b)
{
	enum agreement postcode = postcodes(a, b), city = cities(a, b);
	bool streets = a->count[WORD_STREET] && b->count[WORD_STREET];
	int share = 0;

	if (streets) {
		int ab = street_share(a, b), ba = street_share(b, a);

		share = ab > ba ? ab : ba;
		if (!house_agrees(a, b))
			share = share < ALIKE_SHARE ? share : ALIKE_SHARE;
	}
	if (share >= SAME_SHARE && !(postcode == AGREE_NOT && city == AGREE_NOT))
		return found(PLACE_ADDRESS, a, b, WORD_ADDRESS);
	if (share >= SAME_SHARE || (share >= ALIKE_SHARE && (postcode == AGREE_SAME || city == AGREE_SAME)))
		return found(PLACE_ALIKE, a, b, WORD_ADDRESS);
	if (postcode == AGREE_SAME)
		return found(PLACE_POSTCODE, a, b, WORD_POSTCODE);
	if (city == AGREE_SAME || postcode == AGREE_NEAR)
		return found(PLACE_NEAR, a, b, city == AGREE_SAME ? WORD_CITY : WORD_POSTCODE);
	if (streets || city == AGREE_NOT || postcode == AGREE_NOT)
		return found(PLACE_DIFFERENT, a, b,
		             streets                 ? WORD_STREET
		             : postcode == AGREE_NOT ? WORD_POSTCODE
		                                     : WORD_CITY);
	return (struct match_found){ .level = LEVEL_NULL, .rarity = -1 };
}
