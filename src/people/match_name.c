/* Names compared: given, family and what else stands in a full name. */
#include "people/match_inside.h"
#include "text/text.h"

#define TYPO_LEAST 4      /* letters a word must have for one wrong letter to be a slip */
#define TWO_TYPOS_LEAST 8 /* and for two */
#define CLOSE 0.86        /* Jaro–Winkler */
#define SHORT_MOST 4      /* letters of an abbreviation */
#define SOUND_LEAST 256   /* a sound key of at least two letters, packed */

static bool share_nickname(const struct match_word *a, const struct match_word *b)
{
	for (int i = 0; i < WORD_NICKNAMES && a->nickname[i]; i++)
		for (int j = 0; j < WORD_NICKNAMES && b->nickname[j]; j++)
			if (a->nickname[i] == b->nickname[j])
				return true;
	return false;
}

/* "wm", "mhd", "chas": a few of the longer one's letters in their order, the first and, but for that, no vowel. */
static bool short_form(const struct match_word *brief, const struct match_word *whole)
{
	int at = 1;

	if (brief->n > SHORT_MOST || whole->n < 2 * brief->n || brief->first != whole->first)
		return false;
	for (int i = 1; i < brief->n; i++, at++) {
		if (strchr("aeiou", brief->p[i]))
			return false;
		while (at < whole->n && whole->p[at] != brief->p[i])
			at++;
		if (at == whole->n)
			return false;
	}
	return true;
}

/* Without a common beginning the rest must be nearly the same, and lengths may differ by less than half. */
static bool may_be_close(const struct match_word *a, const struct match_word *b, int letters)
{
	int shorter = a->n < b->n ? a->n : b->n, longer = a->n < b->n ? b->n : a->n;

	if (2 * shorter + 1 < longer)
		return false;
	return a->first == b->first || letters <= (shorter + longer) / 4;
}

bool one_edit(const struct match_word *a, const struct match_word *b)
{
	return edits_possible(a, b, 1, letters_common(a, b)) && text_osa_distance(word_str(a), word_str(b), 1) <= 1;
}

/* Jaro–Winkler's matching is greedy: which comes first must not depend on who asks. */
double word_similarity(const struct match_word *a, const struct match_word *b)
{
	return a->hash < b->hash ? text_jaro_winkler(word_str(a), word_str(b))
	                         : text_jaro_winkler(word_str(b), word_str(a));
}

enum likeness word_likeness(const struct match_word *a, const struct match_word *b)
{
	int shorter = a->n < b->n ? a->n : b->n, common;

	if (a->hash == b->hash)
		return LIKE_SAME;
	if (shorter <= 1)
		return a->first == b->first ? LIKE_SHORT : LIKE_NOT;
	if (a->nickname[0] && b->nickname[0] && share_nickname(a, b))
		return LIKE_NICKNAME;
	common = letters_common(a, b);
	if (2 * common < (a->letter_n < b->letter_n ? a->letter_n : b->letter_n))
		return LIKE_NOT; /* not looked at more closely */
	if (shorter >= TYPO_LEAST) {
		int allowed = shorter >= TWO_TYPOS_LEAST ? 2 : 1;

		if (edits_possible(a, b, allowed, common) &&
		    text_osa_distance(word_str(a), word_str(b), allowed) <= allowed)
			return LIKE_TYPO;
	}
	if (a->tag == b->tag && a->tag >= SOUND_LEAST)
		return LIKE_SOUND;
	if (a->n < b->n ? short_form(a, b) : short_form(b, a))
		return LIKE_SHORT;
	return may_be_close(a, b, letters_apart(a, b, common)) && word_similarity(a, b) >= CLOSE ? LIKE_CLOSE
	                                                                                         : LIKE_NOT;
}

static int32_t commoner(const struct match_word *a, const struct match_word *b)
{
	return a->rarity < b->rarity ? a->rarity : b->rarity;
}

static const struct match_word *first(const struct match_record *r, enum word_sort sort)
{
	return r->count[sort] ? r->by_sort[sort] : NULL;
}

static struct match_found nothing(void)
{
	return (struct match_found){ .level = LEVEL_NULL, .rarity = -1 };
}

static struct match_found found(int level, const struct match_word *a, const struct match_word *b)
{
	return (struct match_found){ .level = (uint8_t)level, .rarity = commoner(a, b), .a = a, .b = b };
}

/* The best of the first name and, if there are several, all of them in one. */
static enum likeness given_likeness(const struct match_record *a, const struct match_record *b)
{
	enum likeness best = LIKE_NOT;

	for (int i = 0; i < a->count[WORD_GIVEN] && best != LIKE_SAME; i++)
		for (int j = 0; j < b->count[WORD_GIVEN] && best != LIKE_SAME; j++) {
			enum likeness l = word_likeness(&a->by_sort[WORD_GIVEN][i], &b->by_sort[WORD_GIVEN][j]);

			best = l < best ? l : best;
		}
	return best;
}

static bool found_among(const struct match_word *w, const struct match_record *r, enum word_sort sort, int from)
{
	for (int i = from; i < r->count[sort]; i++) {
		enum likeness l = word_likeness(w, &r->by_sort[sort][i]);

		if (l <= LIKE_TYPO && w->n > 1)
			return true;
	}
	return false;
}

/* A part of a name of several is the other's name, or stands among the other's further names. */
static bool family_part(const struct match_record *a, const struct match_record *b)
{
	for (int i = 0; i < a->count[WORD_FAMILY]; i++) {
		const struct match_word *w = &a->by_sort[WORD_FAMILY][i];

		if (w->n > 2 && ((i > 0 && found_among(w, b, WORD_FAMILY, 0)) || found_among(w, b, WORD_OTHER, 0)))
			return true;
	}
	return false;
}

static int given_level(enum likeness l)
{
	static const int levels[] = { GIVEN_SAME,  GIVEN_NICKNAME, GIVEN_TYPO,     GIVEN_SOUND,
		                      GIVEN_SHORT, GIVEN_CLOSE,    GIVEN_DIFFERENT };

	return levels[l];
}

static int family_level(enum likeness l)
{
	static const int levels[] = { FAMILY_SAME, FAMILY_TYPO,  FAMILY_TYPO,     FAMILY_SOUND,
		                      FAMILY_PART, FAMILY_CLOSE, FAMILY_DIFFERENT };

	return levels[l];
}

static bool close_enough(enum likeness l)
{
	return l <= LIKE_SOUND || l == LIKE_CLOSE;
}

/* Both have both. */
static void compare_full(const struct match_record *a, const struct match_record *b, struct match_found *given,
                         struct match_found *family)
{
	const struct match_word *ag = first(a, WORD_GIVEN), *bg = first(b, WORD_GIVEN);
	const struct match_word *af = first(a, WORD_FAMILY), *bf = first(b, WORD_FAMILY);
	enum likeness g = given_likeness(a, b), f = word_likeness(af, bf);

	*given = found(given_level(g), ag, bg);
	*family = found(family_level(f), af, bf);
	if (g == LIKE_SAME && f == LIKE_SAME && a->count[WORD_NAME] && b->count[WORD_NAME]) {
		int32_t whole = commoner(a->by_sort[WORD_NAME], b->by_sort[WORD_NAME]);

		family->rarity = whole > given->rarity ? whole - given->rarity : 0;
	}
	if (g >= LIKE_CLOSE && f >= LIKE_CLOSE && close_enough(word_likeness(ag, bf)) &&
	    close_enough(word_likeness(af, bg))) {
		*given = found(GIVEN_SWAPPED, ag, bf);
		*family = found(FAMILY_SWAPPED, af, bg);
		return;
	}
	if (f >= LIKE_CLOSE && (family_part(a, b) || family_part(b, a)))
		family->level = FAMILY_PART;
	if (g >= LIKE_CLOSE && (found_among(ag, b, WORD_OTHER, 0) || found_among(bg, a, WORD_OTHER, 0)))
		given->level = GIVEN_MIDDLE;
}

/* One has a single name, and who knows which: it is compared with what it fits better. */
static void compare_single(const struct match_record *one, const struct match_record *full, struct match_found *given,
                           struct match_found *family)
{
	const struct match_word *w = first(one, WORD_GIVEN) ? first(one, WORD_GIVEN) : first(one, WORD_FAMILY);
	const struct match_word *g = first(full, WORD_GIVEN), *f = first(full, WORD_FAMILY);
	enum likeness lg = g ? word_likeness(w, g) : LIKE_NOT, lf = f ? word_likeness(w, f) : LIKE_NOT;

	*given = *family = nothing();
	if (f && (!g || lf < lg || (lg == LIKE_NOT && !first(one, WORD_GIVEN))))
		*family = found(family_level(lf), w, f);
	else if (g)
		*given = found(given_level(lg), w, g);
	if (given->level == GIVEN_DIFFERENT && found_among(w, full, WORD_OTHER, 0))
		given->level = GIVEN_MIDDLE;
}

/* One has a first name only, the other a family name only. */
static struct match_found one_name(const struct match_word *a, const struct match_word *b)
{
	return found(family_level(word_likeness(a, b)), a, b);
}

static void swap_found(struct match_found *f)
{
	const struct match_word *a = f->a;

	f->a = f->b;
	f->b = a;
}

static struct match_found compare_others(const struct match_record *a, const struct match_record *b)
{
	struct match_found best = nothing();

	for (int i = 0; i < a->count[WORD_OTHER]; i++)
		for (int j = 0; j < b->count[WORD_OTHER]; j++) {
			const struct match_word *x = &a->by_sort[WORD_OTHER][i], *y = &b->by_sort[WORD_OTHER][j];
			enum likeness l;
			struct match_found f;

			if (x->foreign != y->foreign)
				continue;
			l = word_likeness(x, y);
			f = found(l == LIKE_SAME ? OTHER_SAME : l < LIKE_NOT ? OTHER_ALIKE : OTHER_DIFFERENT, x, y);
			/* the rarest word they share tells most */
			if (f.level < best.level || (f.level == best.level && f.rarity > best.rarity))
				best = f;
		}
	return best;
}

static bool single(const struct match_record *r)
{
	return !r->count[WORD_GIVEN] || !r->count[WORD_FAMILY];
}

static bool foreign(const struct match_record *r)
{
	return r->by_sort[r->count[WORD_GIVEN] ? WORD_GIVEN : WORD_FAMILY]->foreign;
}

void compare_names(const struct match_record *a, const struct match_record *b, struct match_found *given,
                   struct match_found *family, struct match_found *other)
{
	*given = *family = *other = nothing();
	/* what stands in letters that have no table says nothing about a name in others */
	if (foreign(a) != foreign(b))
		return;
	if (!single(a) && !single(b))
		compare_full(a, b, given, family);
	else if (single(a) && single(b) && a->count[WORD_GIVEN] != 0 && b->count[WORD_FAMILY] != 0)
		*family = one_name(first(a, WORD_GIVEN), first(b, WORD_FAMILY));
	else if (single(a) && single(b) && a->count[WORD_FAMILY] != 0 && b->count[WORD_GIVEN] != 0)
		*family = one_name(first(a, WORD_FAMILY), first(b, WORD_GIVEN));
	else if (single(a)) {
		compare_single(a, b, given, family);
	} else {
		compare_single(b, a, given, family);
		swap_found(given);
		swap_found(family);
	}
	*other = compare_others(a, b);
}

/* How many words of a are found in b. */
static int words_found(const struct match_record *a, const struct match_record *b)
{
	int n = 0;

	for (int i = 0; i < a->count[WORD_ORG]; i++)
		for (int j = 0; j < b->count[WORD_ORG]; j++)
			if (word_likeness(&a->by_sort[WORD_ORG][i], &b->by_sort[WORD_ORG][j]) <= LIKE_SOUND) {
				n++;
				break;
			}
	return n;
}

struct match_found compare_org(const struct match_record *a, const struct match_record *b)
{
	int an = a->count[WORD_ORG], bn = b->count[WORD_ORG], both, fewer = an < bn ? an : bn;
	bool same = an == bn;

	for (int i = 0; i < an && same; i++)
		same = a->by_sort[WORD_ORG][i].hash == b->by_sort[WORD_ORG][i].hash;
	if (same)
		return found(ORG_SAME, a->by_sort[WORD_ORG], b->by_sort[WORD_ORG]);
	both = words_found(a, b) < words_found(b, a) ? words_found(a, b) : words_found(b, a);
	return found(both == fewer       ? ORG_ALIKE
	             : 2 * both >= fewer ? ORG_PART
	                                 : ORG_DIFFERENT,
	             a->by_sort[WORD_ORG], b->by_sort[WORD_ORG]);
}
