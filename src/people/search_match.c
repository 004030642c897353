/* Which customers of a segment match all terms, and how well. The rarest term leads; the others are bitmaps. */
#include "people/search_match.h"
#include "people/search_cost.h"

/* ---- The best so far --------------------------------------------------------------------------------------------- */

#define FIT_BEST 900000
#define FIT_STEP 10000 /* a tenth of an edit; all that breaks ties is less */
#define FIT_STEPS 80
#define TIE_ASSOCIATE 5000
#define TIE_STORE 2500
#define TIE_DAYS 1700
#define TIE_SPEND 3

static int fit_score(int cost)
{
	return FIT_BEST - FIT_STEP * (cost < FIT_STEPS ? cost : FIT_STEPS);
}

bool top_admits(const struct query *q, int cost)
{
	return q->top.count < q->top.limit || fit_score(cost) + FIT_STEP > q->top.hits[q->top.count - 1].score;
}

/* This associate's clients, this store, who came lately, who spends much. */
static int tie_score(const struct query *q, const struct segment *s, uint32_t slot)
{
	uint64_t standing = atomic_load_explicit(&s->standing[slot], memory_order_relaxed);
	uint16_t associate = standing_associate(standing), store = standing_store(standing);
	int64_t age = q->today - standing_day(standing);
	int score = standing_spend(standing) * TIE_SPEND;

	if (associate && associate == q->associate)
		score += TIE_ASSOCIATE;
	if (store && store == q->store)
		score += TIE_STORE;
	if (age < TIE_DAYS)
		score += age < 0 ? TIE_DAYS : (int)(TIE_DAYS - age);
	return score;
}

static bool hit_before(const struct search_hit *a, const struct search_hit *b)
{
	return a->score != b->score ? a->score > b->score : a->customer < b->customer;
}

void top_offer(struct query *q, const struct segment *s, uint32_t slot, int cost, enum search_field field)
{
	struct search_hit hit = { .customer = s->customer[slot], .field = field };
	struct top *t = &q->top;
	int at, old;

	if (!top_admits(q, cost))
		return;
	hit.score = fit_score(cost) + tie_score(q, s, slot);
	if (t->count == t->limit && !hit_before(&hit, &t->hits[t->count - 1]))
		return;
	for (old = 0; old < t->count && t->hits[old].customer != hit.customer; old++)
		;
	if (old < t->count && !hit_before(&hit, &t->hits[old]))
		return;
	if (old == t->count && t->count < t->limit)
		t->count++;
	if (old == t->count)
		old--;
	for (at = old; at > 0 && hit_before(&hit, &t->hits[at - 1]); at--)
		t->hits[at] = t->hits[at - 1];
	t->hits[at] = hit;
}

/* ---- One customer ------------------------------------------------------------------------------------------------ */

static bool in_ranges(const struct term *t, uint32_t token)
{
	int lo = 0, hi = t->range_count;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (t->ranges[mid].hi <= token)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->range_count && t->ranges[lo].lo <= token;
}

static const struct slot_hit *in_slots(const struct term *t, uint32_t slot)
{
	int lo = 0, hi = t->slot_count;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (t->slots[mid].slot < slot)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->slot_count && t->slots[lo].slot == slot ? &t->slots[lo] : NULL;
}

#define COST_REUSED 5   /* two terms, one word */
#define COST_DROPPED 30 /* a term that does not match */
#define EXTRA_MAX 3     /* words beyond those typed: one step each, at most so many */

static void slot_score(const struct segment *s, struct query *q, uint32_t slot)
{
	uint32_t tokens[DOC_TOKENS_MAX];
	int n = segment_tokens(s, slot, tokens), cost = 0, names = 0;
	uint64_t used = 0;
	enum search_field field = SEARCH_NAME;

	for (int i = 0; i < q->term_count; i++) {
		const struct term *t = &q->terms[i];
		const struct slot_hit *number = in_slots(t, slot);
		int best = number ? number->cost : COST_NONE, with = -1;

		for (int k = 0; k < n; k++) {
			int c;

			if (!in_ranges(t, tokens[k]))
				continue;
			c = term_cost(s, q, i, tokens[k]) + (used >> k & 1 ? COST_REUSED : 0);
			if (c < best) {
				best = c;
				with = k;
			}
		}
		if (best == COST_NONE && !t->dropped)
			return;
		cost += best == COST_NONE ? COST_DROPPED : best;
		if (with >= 0) {
			used |= 1ull << with;
			if (tokens[with] < s->dict.name_token)
				field = SEARCH_POSTCODE;
		} else if (number) {
			field = (enum search_field)number->field;
		}
	}
	for (int k = 0; k < n; k++)
		names += tokens[k] >= s->dict.name_token && !(used >> k & 1);
	if (q->term_count > 1)
		cost += names < EXTRA_MAX ? names : EXTRA_MAX;
	top_offer(q, s, slot, cost, field);
}

/* ---- Several terms ----------------------------------------------------------------------------------------------- */

#define DIRECT_MAX 4000 /* so few are scored without bitmaps */

static bool bits_ready(struct scratch *c, const struct segment *s)
{
	size_t words = words_of(s->count) + 1;

	if (c->words < words) {
		uint64_t *more = mem_realloc(c->bits, words * sizeof(*more));

		if (!more)
			return false;
		c->bits = more;
		c->words = words;
	}
	memset(c->bits, 0, words * sizeof(*c->bits));
	return true;
}

/* Who matches the term, as a bitmap: one of the letters' when that says it, else filled in. NULL: no memory. */
static const uint64_t *term_bits(const struct segment *s, struct scratch *c, const struct term *t)
{
	if (t->n == 1 && t->text[0] >= 'a' && t->text[0] <= 'z' && s->letters)
		return s->letters + (size_t)(t->text[0] - 'a') * words_of(s->count);
	if (!bits_ready(c, s))
		return NULL;
	for (int i = 0; i < t->slot_count; i++)
		c->bits[t->slots[i].slot / 64] |= 1ull << (t->slots[i].slot % 64);
	for (int r = 0; r < t->range_count; r++)
		for (uint32_t i = s->posting_at[t->ranges[r].lo]; i < s->posting_at[t->ranges[r].hi]; i++)
			c->bits[s->posting[i] / 64] |= 1ull << (s->posting[i] % 64);
	return c->bits;
}

static bool bit(const uint64_t *bits, uint32_t slot)
{
	return bits[slot / 64] >> (slot % 64) & 1;
}

static void candidate_add(struct scratch *c, const struct segment *s, const uint64_t *bits, uint32_t slot)
{
	if ((bits && !bit(bits, slot)) || slot_dead(s, slot) || c->candidate_count == CANDIDATES_MAX)
		return;
	if (bits == c->bits && bits)
		c->bits[slot / 64] &= ~(1ull << (slot % 64)); /* once is enough */
	c->candidates[c->candidate_count++] = slot;
}

static void candidates_lead(const struct segment *s, struct query *q, const struct term *t, const uint64_t *bits)
{
	struct scratch *c = q->scratch;
	uint64_t stride = t->postings / LEAD_MAX + 1;

	c->candidate_count = 0;
	for (int i = 0; i < t->slot_count; i++)
		candidate_add(c, s, bits, t->slots[i].slot);
	for (int r = 0; r < t->range_count; r++)
		for (uint64_t i = s->posting_at[t->ranges[r].lo]; i < s->posting_at[t->ranges[r].hi]; i += stride)
			candidate_add(c, s, bits, s->posting[i]);
	q->sampled = q->sampled || stride > 1 || c->candidate_count == CANDIDATES_MAX;
}

static bool terms_match(const struct segment *s, struct query *q)
{
	struct scratch *c = q->scratch;
	const struct term *order[TERMS_MAX];
	const uint64_t *bits = NULL;
	int n = 0;

	for (int i = 0; i < q->term_count; i++) {
		const struct term *t = &q->terms[i];
		int at = n;

		if (t->dropped)
			continue;
		for (n++; at > 0 && order[at - 1]->postings > t->postings; at--)
			order[at] = order[at - 1];
		order[at] = t;
	}
	if (n == 0)
		return false;
	if (n > 1 && order[0]->postings > DIRECT_MAX) {
		bits = term_bits(s, c, order[1]);
		if (!bits)
			return false;
	}
	candidates_lead(s, q, order[0], bits);
	for (int i = 2; i < n && c->candidate_count > DIRECT_MAX; i++) {
		int kept = 0;

		bits = term_bits(s, c, order[i]);
		for (int k = 0; bits && k < c->candidate_count; k++)
			if (bit(bits, c->candidates[k]))
				c->candidates[kept++] = c->candidates[k];
		c->candidate_count = kept;
	}
	for (int k = 0; k < c->candidate_count; k++)
		slot_score(s, q, c->candidates[k]);
	return true;
}

/* ---- One term ---------------------------------------------------------------------------------------------------- */

static void tokens_offer(const struct segment *s, struct query *q, uint32_t lo, uint32_t hi, int cost,
                         enum search_field field)
{
	uint32_t from = s->posting_at[lo], to = s->posting_at[hi], stride = (to - from) / SCAN_MAX + 1;

	q->sampled = q->sampled || stride > 1;
	for (uint32_t i = from; i < to; i += stride)
		if (!slot_dead(s, s->posting[i]))
			top_offer(q, s, s->posting[i], cost, field);
}

/* Misspelt words, cheapest first, until none that is left could enter. */
static void misspelt_offer(const struct segment *s, struct query *q)
{
	const struct term *t = &q->terms[0];
	struct scratch *c = q->scratch;
	int n = 0, least, next = 0;

	for (int k = 0; k <= 3; k++) /* nearer ones first, should there be too many to weigh */
		for (int r = 0; r < t->range_count; r++)
			for (uint32_t token = t->ranges[r].lo;
			     t->ranges[r].k == k && token < t->ranges[r].hi && n < COSTED_MAX; token++) {
				c->costed[n] = token;
				c->costed_cost[n++] = term_cost(s, q, 0, token);
			}
	for (least = 0; least < COST_NONE && top_admits(q, least); least = next) {
		next = COST_NONE;
		for (int i = 0; i < n; i++) {
			if (c->costed_cost[i] == least)
				tokens_offer(s, q, c->costed[i], c->costed[i] + 1, least, SEARCH_NAME);
			else if (c->costed_cost[i] > least && c->costed_cost[i] < next)
				next = c->costed_cost[i];
		}
	}
}

static void term_match(const struct segment *s, struct query *q, enum turn turn)
{
	const struct term *t = &q->terms[0];

	for (int i = 0; i < t->slot_count; i++)
		if (!slot_dead(s, t->slots[i].slot))
			top_offer(q, s, t->slots[i].slot, t->slots[i].cost, (enum search_field)t->slots[i].field);
	if (turn != TURN_EXACT && !t->number) {
		misspelt_offer(s, q);
		return;
	}
	for (int r = 0; r < t->range_count; r++) {
		struct token_range x = t->ranges[r];
		enum search_field field = x.lo < s->dict.name_token ? SEARCH_POSTCODE : SEARCH_NAME;
		int cost = term_cost(s, q, 0, x.lo);

		tokens_offer(s, q, x.lo, x.lo + 1, cost, field); /* the word itself stands first in its range */
		if (x.hi > x.lo + 1)
			tokens_offer(s, q, x.lo + 1, x.hi, term_cost(s, q, 0, x.lo + 1), field);
	}
}

/* The terms as they are in this segment; false: nobody here can match them all. */
static bool terms_look_up(const struct segment *s, struct query *q, enum turn turn)
{
	struct scratch *c = q->scratch;
	bool any = false;

	memset(c->cache, 0, sizeof(c->cache));
	for (int i = 0; i < q->term_count; i++) {
		struct term *t = &q->terms[i];

		t->ranges = c->ranges[i];
		t->slots = c->slots[i];
		if (!term_look_up(s, t, turn, q->term_count == 1) && !t->dropped)
			return false;
		any = any || !t->dropped;
	}
	return any;
}

void segment_search(const struct segment *s, struct query *q, enum turn turn)
{
	if (!terms_look_up(s, q, turn))
		return;
	if (q->term_count == 1)
		term_match(s, q, turn);
	else
		(void)terms_match(s, q);
}

void clients_search(const struct view *v, struct query *q, const int64_t *customers, int count)
{
	uint32_t slot;

	for (int i = 0; i < v->count; i++) {
		const struct segment *s = v->segments[i];

		if (!terms_look_up(s, q, TURN_EXACT))
			continue;
		for (int k = 0; k < count; k++)
			if (segment_find(s, customers[k], &slot) && !slot_dead(s, slot) &&
			    standing_associate(s->standing[slot]) == q->associate)
				slot_score(s, q, slot);
	}
}
