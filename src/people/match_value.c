/* E-mails, phones, ids and other attributes compared. Of several values the best pair counts. */
#include "people/match_inside.h"

#define LOCAL_LEAST 5 /* characters before the @ that can be somebody's own */
#define PHONE_LEAST 7
#define ID_LEAST 5
#define ALIKE 0.9 /* Jaro–Winkler of attributes */

static struct match_found nothing(void)
{
	return (struct match_found){ .level = LEVEL_NULL, .rarity = -1 };
}

static void take(struct match_found *best, int level, const struct match_word *a, const struct match_word *b)
{
	int32_t rarity = a->rarity < b->rarity ? a->rarity : b->rarity;

	if (level < best->level || (level == best->level && rarity > best->rarity))
		*best = (struct match_found){ .level = (uint8_t)level, .rarity = rarity, .a = a, .b = b };
}

static int email_level(const struct match_word *a, const struct match_word *b)
{
	if (a->hash == b->hash)
		return a->state == WORD_HOUSEHOLD ? EMAIL_HOUSEHOLD : EMAIL_SAME;
	if (a->tag == b->tag) {
		const char *at = memchr(a->p, '@', a->n);

		return at && at - a->p >= LOCAL_LEAST ? EMAIL_LOCAL : EMAIL_DIFFERENT;
	}
	return one_edit(a, b) ? EMAIL_TYPO : EMAIL_DIFFERENT;
}

struct match_found compare_emails(const struct match_record *a, const struct match_record *b)
{
	struct match_found best = nothing();

	for (int i = 0; i < a->count[WORD_EMAIL]; i++)
		for (int j = 0; j < b->count[WORD_EMAIL]; j++) {
			const struct match_word *x = &a->by_sort[WORD_EMAIL][i], *y = &b->by_sort[WORD_EMAIL][j];

			if (x->state != WORD_GENERIC && y->state != WORD_GENERIC)
				take(&best, email_level(x, y), x, y);
		}
	return best;
}

/* One is the end of the other: with and without the codes of country and area. */
static bool ends_alike(const struct match_word *a, const struct match_word *b)
{
	int n = a->n < b->n ? a->n : b->n;

	return n >= PHONE_LEAST && memcmp(a->p + a->n - n, b->p + b->n - n, (size_t)n) == 0;
}

static int phone_level(const struct match_word *a, const struct match_word *b)
{
	if (a->hash == b->hash || ends_alike(a, b))
		return a->state == WORD_HOUSEHOLD || b->state == WORD_HOUSEHOLD ? PHONE_HOUSEHOLD
		       : a->mobile || b->mobile                                 ? PHONE_MOBILE
		                                                                : PHONE_SAME;
	return one_edit(a, b) ? PHONE_TYPO : PHONE_DIFFERENT;
}

struct match_found compare_phones(const struct match_record *a, const struct match_record *b)
{
	struct match_found best = nothing();

	for (int i = 0; i < a->count[WORD_PHONE]; i++)
		for (int j = 0; j < b->count[WORD_PHONE]; j++) {
			const struct match_word *x = &a->by_sort[WORD_PHONE][i], *y = &b->by_sort[WORD_PHONE][j];

			if (x->state != WORD_GENERIC && y->state != WORD_GENERIC)
				take(&best, phone_level(x, y), x, y);
		}
	return best;
}

struct match_found compare_ids(const struct match_record *a, const struct match_record *b, uint64_t kind)
{
	struct match_found best = nothing();

	for (int i = 0; i < a->count[WORD_ID]; i++)
		for (int j = 0; j < b->count[WORD_ID]; j++) {
			const struct match_word *x = &a->by_sort[WORD_ID][i], *y = &b->by_sort[WORD_ID][j];

			if (x->tag != kind || y->tag != kind || x->state == WORD_GENERIC || y->state == WORD_GENERIC)
				continue;
			if (x->hash == y->hash)
				take(&best, x->state == WORD_HOUSEHOLD ? ID_SHARED : ID_SAME, x, y);
			else if (x->n >= ID_LEAST && y->n >= ID_LEAST && one_edit(x, y))
				take(&best, ID_TYPO, x, y);
			else
				take(&best, ID_DIFFERENT, x, y);
		}
	return best;
}

/* "bristol" and "bristol city of" */
static bool holds(const struct match_word *a, const struct match_word *b)
{
	return a->n > b->n && memmem(a->p, a->n, b->p, b->n) != NULL;
}

static bool alike(const struct match_word *a, const struct match_word *b)
{
	uint32_t either = a->letters | b->letters;

	if (either == a->letters || either == b->letters)
		if (holds(a, b) || holds(b, a))
			return true;
	return 5 * letters_apart(a, b, letters_common(a, b)) <= 2 * letter_count(either) &&
	       word_similarity(a, b) >= ALIKE;
}

struct match_found compare_extras(const struct match_record *a, const struct match_record *b, uint64_t kind)
{
	struct match_found best = nothing();

	for (int i = 0; i < a->count[WORD_EXTRA]; i++) {
		const struct match_word *x = &a->by_sort[WORD_EXTRA][i];

		for (int j = 0; j < b->count[WORD_EXTRA] && x->tag == kind; j++) {
			const struct match_word *y = &b->by_sort[WORD_EXTRA][j];

			if (y->tag != kind)
				continue;
			if (x->hash == y->hash)
				take(&best, EXTRA_SAME, x, y);
			else if (alike(x, y))
				take(&best, EXTRA_ALIKE, x, y);
			else
				take(&best, EXTRA_DIFFERENT, x, y);
		}
	}
	return best;
}
