/* One term in one segment: which words, and which customers, it may mean. */
#include "people/search_match.h"
#include "people/search_cost.h"
#include <stdlib.h>

#define COST_PREFIX_LAST 3 /* she is still typing */
#define COST_PREFIX 6      /* a beginning in the middle: "jo smith" */
#define COST_INITIAL 2
#define COST_MISSPELT 8 /* more than any beginning */

static const uint64_t powers[PHONE_DIGITS + 1] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
};

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static uint32_t number_bound(const uint64_t *keys, uint32_t count, uint64_t key)
{
	uint32_t lo = 0, hi = count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (keys[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void slot_put(struct term *t, uint32_t slot, int cost, enum search_field field)
{
	if (t->slot_count < SLOTS_MAX)
		t->slots[t->slot_count++] = (struct slot_hit){ slot, (uint8_t)cost, (uint8_t)field };
}

static void phones_between(const struct segment *s, struct term *t, bool back, uint64_t from, uint64_t to, int cost)
{
	const uint64_t *keys = back ? s->phone_back : s->phone;
	const uint32_t *slots = back ? s->phone_back_slot : s->phone_slot;

	for (uint32_t i = number_bound(keys, s->phone_count, from); i < s->phone_count && keys[i] < to; i++)
		slot_put(t, slots[i], cost, SEARCH_PHONE);
}

static void phones_beginning(const struct segment *s, struct term *t, uint64_t number, int digits, int cost)
{
	uint64_t unit = powers[PHONE_DIGITS - digits];

	phones_between(s, t, false, number * unit * 16, (number + 1) * unit * 16, cost);
}

static void phones_ending(const struct segment *s, struct term *t, uint64_t number, int digits, int cost)
{
	uint64_t back = 0, unit = powers[PHONE_DIGITS - digits];

	for (int i = 0; i < digits; i++, number /= 10)
		back = back * 10 + number % 10;
	phones_between(s, t, true, back * unit, (back + 1) * unit, cost);
}

/* Calling codes of most of the world; a national beginning is tried behind each. */
static const uint16_t calling_codes[] = { 1,  7,  20, 27, 30, 31, 32,  33,  34,  36,  39,  40,  41,  43,  44,  45,
	                                  46, 47, 48, 49, 52, 54, 55,  56,  57,  60,  61,  62,  63,  64,  65,  66,
	                                  81, 82, 84, 86, 90, 91, 351, 352, 353, 354, 358, 420, 421, 423, 852, 971 };

#define ENDING_DIGITS 4 /* "the last four" */
#define BEGINNING_DIGITS 3
#define NATIONAL_DIGITS 5

static void phones_find(const struct segment *s, struct term *t, bool alone)
{
	struct str rest = { t->text, t->n };
	bool international = t->international || (rest.n > 2 && rest.p[0] == '0' && rest.p[1] == '0');
	uint64_t number;
	int digits;

	while (rest.n > 1 && rest.p[0] == '0') {
		if (rest.n == ENDING_DIGITS && alone && !international)
			break; /* "0042" may well be the last four */
		rest.p++;
		rest.n--;
	}
	number = digits_number(rest, &digits);
	if (digits < BEGINNING_DIGITS || digits > PHONE_DIGITS)
		return;
	if (digits >= ENDING_DIGITS || !alone)
		phones_ending(s, t, number, digits, digits > 7 ? 0 : 2);
	if (international || alone)
		phones_beginning(s, t, number, digits, 3);
	if (international || digits < NATIONAL_DIGITS)
		return;
	for (size_t i = 0; i < sizeof(calling_codes) / sizeof(calling_codes[0]); i++) {
		int code_digits = calling_codes[i] < 10 ? 1 : calling_codes[i] < 100 ? 2 : 3;

		if (digits + code_digits <= PHONE_DIGITS)
			phones_beginning(s, t, calling_codes[i] * powers[digits] + number, digits + code_digits, 3);
	}
}

static uint32_t key_bound(const struct keyset *k, const char *text, size_t n, bool after)
{
	uint32_t lo = 0, hi = k->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = strncmp(k->blob + k->at[mid], text, n);

		if (c < 0 || (after && c == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void loyalties_find(const struct segment *s, struct term *t, const char *upper)
{
	const struct keyset *k = &s->loyalties;

	if (t->n < 3)
		return;
	for (uint32_t i = key_bound(k, upper, t->n, false); i < k->count; i++) {
		const char *key = k->blob + k->at[i];

		if (strncmp(key, upper, t->n) != 0)
			break;
		slot_put(t, k->slot[i], key[t->n] ? 4 : 0, SEARCH_LOYALTY);
	}
}

static int by_slot(const void *x, const void *y)
{
	const struct slot_hit *a = x, *b = y;

	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	return a->cost - b->cost;
}

/* A term with digits: phone, loyalty number, postcode. */
static void number_look_up(const struct segment *s, struct term *t, bool alone)
{
	char upper[TOKEN_MAX + 2] = { POSTCODE_MARK };
	bool digits_only = true;
	struct token_range codes;
	int n = 0;

	for (size_t i = 0; i < t->n; i++) {
		digits_only = digits_only && t->text[i] >= '0' && t->text[i] <= '9';
		upper[i + 1] = (char)(t->text[i] >= 'a' && t->text[i] <= 'z' ? t->text[i] - 'a' + 'A' : t->text[i]);
	}
	if (digits_only)
		phones_find(s, t, alone);
	loyalties_find(s, t, upper + 1);
	qsort(t->slots, (size_t)t->slot_count, sizeof(*t->slots), by_slot);
	for (int i = 0; i < t->slot_count; i++)
		if (n == 0 || t->slots[n - 1].slot != t->slots[i].slot)
			t->slots[n++] = t->slots[i];
	t->slot_count = n;
	codes = dict_prefix(&s->dict, (struct str){ upper, t->n + 1 });
	if (t->n >= 2 && codes.lo < codes.hi)
		t->ranges[t->range_count++] = codes;
	codes = dict_prefix(&s->dict, (struct str){ t->text, t->n }); /* a name with digits in it */
	if (codes.lo < codes.hi)
		t->ranges[t->range_count++] = codes;
}

/* ---- Words ------------------------------------------------------------------------------------------------------- */

static int edits_for(size_t n, enum turn turn)
{
	if (turn == TURN_EXACT || n < 3)
		return 0;
	if (turn == TURN_LIKELY)
		return n < 7 ? 1 : 2;
	return n < 5 ? 1 : n < 9 ? 2 : 3;
}

/* Puts one range into sorted, disjoint ones, replacing what it covers. */
static int range_unite(struct token_range *r, int count, struct token_range x)
{
	int from = 0, to;

	while (from < count && r[from].hi <= x.lo)
		from++;
	to = from;
	while (to < count && r[to].lo < x.hi)
		to++;
	if (x.lo >= x.hi || count - (to - from) + 1 > RANGES_MAX)
		return count;
	/* ranges of whole words are single tokens or runs: those cut by x lose only what x has anyway, or keep a rest
	 */
	if (from < to && r[from].lo < x.lo)
		x.lo = r[from].lo;
	if (from < to && r[to - 1].hi > x.hi)
		x.hi = r[to - 1].hi;
	memmove(&r[from + 1], &r[to], (size_t)(count - to) * sizeof(*r));
	r[from] = x;
	return count - (to - from) + 1;
}

static void word_look_up(const struct segment *s, struct term *t, enum turn turn)
{
	struct str word = { t->text, t->n };
	int k = edits_for(t->n, turn);
	struct token_range exact = dict_prefix(&s->dict, word);
	bool prefix = t->last && t->n >= 4;

	if (k > 0)
		t->range_count = dict_fuzzy(&s->dict, word, k, prefix, t->ranges, RANGES_MAX);
	if (k == 0 || !prefix)
		t->range_count = range_unite(t->ranges, t->range_count, exact);
}

bool term_look_up(const struct segment *s, struct term *t, enum turn turn, bool alone)
{
	t->range_count = t->slot_count = 0;
	if (t->number)
		number_look_up(s, t, alone);
	else
		word_look_up(s, t, turn);
	t->postings = (uint64_t)t->slot_count;
	for (int i = 0; i < t->range_count; i++)
		t->postings += s->posting_at[t->ranges[i].hi] - s->posting_at[t->ranges[i].lo];
	return t->postings > 0;
}

static int word_cost(const struct term *t, struct str word)
{
	struct str typed = { t->text, t->n };
	int whole, beginning;

	if (word.n && word.p[0] == POSTCODE_MARK) {
		return word.n == t->n + 1 ? 0 : COST_PREFIX_LAST;
	}
	if (str_eq(typed, word))
		return 0;
	if (str_starts(word, typed))
		return t->n == 1 ? COST_INITIAL : t->last ? COST_PREFIX_LAST : COST_PREFIX;
	whole = cost_edits(typed, word, true);
	if (t->last && t->n >= 4) {
		beginning = cost_edits(typed, word, false) + COST_PREFIX_LAST + 1;
		whole = beginning < whole ? beginning : whole;
	}
	return whole + COST_MISSPELT < COST_NONE ? whole + COST_MISSPELT : COST_NONE - 1;
}

uint8_t term_cost(const struct segment *s, struct query *q, int term, uint32_t token)
{
	struct cached *c = &q->scratch->cache[(token * 2654435761u >> 8 ^ (uint32_t)term * 97) % CACHE_SIZE];
	struct str word;

	if (c->used && c->token == token && c->term == term)
		return c->cost;
	word.p = dict_token(&s->dict, token, &word.n);
	*c = (struct cached){ .token = token, .term = (uint8_t)term, .used = true };
	c->cost = (uint8_t)word_cost(&q->terms[term], word);
	return c->cost;
}

/* ---- E-mails ----------------------------------------------------------------------------------------------------- */

void segment_emails(const struct segment *s, struct query *q, int cost)
{
	const struct keyset *k = &s->emails;
	size_t n = strlen(q->email);
	uint32_t from = key_bound(k, q->email, n, false), to = key_bound(k, q->email, n, true);
	uint32_t stride = (to - from) / SCAN_MAX + 1;

	for (uint32_t i = from; i < to; i += stride)
		if (!slot_dead(s, k->slot[i]))
			top_offer(q, s, k->slot[i], k->blob[k->at[i] + n] ? cost + COST_PREFIX_LAST : cost,
			          SEARCH_EMAIL);
}
