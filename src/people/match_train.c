/* Training: what is counted, what random pairs show, and the pairs of several keys given to the fitting of m. */
#include "people/match_inside.h"
#include <stdlib.h>

#define RANDOM_PAIRS 1000000
#define PASS_PAIRS 300000 /* drawn of one key */
#define PASS_BLOCK 200    /* larger blocks have too few pairs of one person */

/* ---- Patterns ---------------------------------------------------------------------------------------------------- */

/* Patterns and how many pairs show them. */
struct patterns {
	struct map at; /* hash → index */
	struct em_pattern *list;
	int count, room;
};

static void patterns_free(struct patterns *p)
{
	map_free(&p->at);
	mem_free(p->list);
}

static enum result patterns_add(struct patterns *p, const struct match_pattern *levels, int comparisons, double fixed,
                                struct error *e)
{
	uint64_t h = hash64(levels->level, (size_t)comparisons, fixed < 0 ? 0 : 1 + (uint64_t)fixed);
	int64_t at;

	if (map_get(&p->at, (int64_t)h, &at)) {
		p->list[at].count++;
		return OK;
	}
	if (p->count == p->room) {
		int room = p->room ? 2 * p->room : 1024;
		struct em_pattern *list = mem_realloc(p->list, (size_t)room * sizeof(*list));

		if (!list)
			return error_nomem(e);
		p->list = list;
		p->room = room;
	}
	TRY(map_put(&p->at, (int64_t)h, p->count, e));
	p->list[p->count++] = (struct em_pattern){ .levels = *levels, .count = 1, .fixed = fixed };
	return OK;
}

static void levels_of(const struct match_model *m, const struct match_record *a, const struct match_record *b,
                      struct match_pattern *out)
{
	struct match_found found[MATCH_COMPARISONS_MAX];

	match_compare(m, a, b, found);
	for (int i = 0; i < m->comparison_count; i++)
		out->level[i] = found[i].level;
}

/* ---- Passes ------------------------------------------------------------------------------------------------------ */

enum pass_key { PASS_BIRTH, PASS_NAME, PASS_POSTCODE, PASS_ADDRESS, PASS_EMAIL, PASS_PHONE, PASS_ID };

struct training {
	struct match_model *model;
	struct match_record **records; /* in an order that does not depend on how they came */
	int count;
	struct match_counts counts;
	struct em_pass *passes;
	int pass_count;
	struct patterns *patterns; /* of each pass */
};

/* The pass's key of a record; 0 for none. */
static uint64_t pass_key(const struct match_record *r, enum pass_key key, uint64_t tag)
{
	static const enum word_sort sorts[] = { [PASS_BIRTH] = WORD_BIRTH,
		                                [PASS_POSTCODE] = WORD_POSTCODE,
		                                [PASS_ADDRESS] = WORD_ADDRESS,
		                                [PASS_EMAIL] = WORD_EMAIL,
		                                [PASS_PHONE] = WORD_PHONE };

	if (key == PASS_NAME)
		return r->count[WORD_GIVEN] && r->count[WORD_FAMILY]
		               ? r->by_sort[WORD_GIVEN]->hash * 31 + r->by_sort[WORD_FAMILY]->hash
		               : 0;
	if (key == PASS_ID) {
		for (int i = 0; i < r->count[WORD_ID]; i++)
			if (r->by_sort[WORD_ID][i].tag == tag && r->by_sort[WORD_ID][i].state == WORD_NORMAL)
				return r->by_sort[WORD_ID][i].hash;
		return 0;
	}
	if (key == PASS_BIRTH && !r->month)
		return 0;
	for (int i = 0; i < r->count[sorts[key]]; i++)
		if (r->by_sort[sorts[key]][i].state == WORD_NORMAL)
			return r->by_sort[sorts[key]][i].hash;
	return 0;
}

static bool drawn(uint64_t key, double share)
{
	return (double)(hash64(&key, sizeof(key), 7) >> 11) * 0x1p-53 < share;
}

static enum result take_blocks(struct training *t, const struct keyed *k, size_t n, double share, struct patterns *p,
                               struct error *e)
{
	struct match_pattern levels;

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && k[end].key == k[i].key; end++)
			;
		if (end - i > PASS_BLOCK || !drawn(k[i].key, share))
			continue;
		for (size_t x = i; x < end; x++)
			for (size_t y = x + 1; y < end; y++) {
				levels_of(t->model, t->records[k[x].value], t->records[k[y].value], &levels);
				TRY(patterns_add(p, &levels, t->model->comparison_count, -1, e));
			}
	}
	return OK;
}

static enum result add_pass(struct training *t, enum pass_key key, uint64_t tag, uint32_t excluded, struct error *e)
{
	struct keyed *k = mem_alloc((size_t)t->count * sizeof(*k) + 1);
	struct patterns *p = &t->patterns[t->pass_count];
	double pairs = 0, share;
	enum result r;
	size_t n = 0;

	if (!k)
		return error_nomem(e);
	for (int i = 0; i < t->count; i++) {
		uint64_t h = pass_key(t->records[i], key, tag);

		if (h)
			k[n++] = (struct keyed){ .key = h, .value = (uint32_t)i };
	}
	r = keyed_sort(k, n, e);
	for (size_t i = 0, end; i < n && r == OK; i = end) {
		for (end = i; end < n && k[end].key == k[i].key; end++)
			;
		if (end - i <= PASS_BLOCK)
			pairs += (double)(end - i) * (double)(end - i - 1) / 2;
	}
	share = pairs > PASS_PAIRS ? PASS_PAIRS / pairs : 1;
	if (r == OK)
		r = take_blocks(t, k, n, share, p, e);
	mem_free(k);
	t->passes[t->pass_count++] =
	        (struct em_pass){ .excluded = excluded,
		                  .same = key == PASS_NAME || key == PASS_POSTCODE ? -1 : __builtin_ctz(excluded),
		                  .patterns = p->list,
		                  .count = p->count,
		                  .scale = 1 / share };
	return r;
}

static enum result add_labels(struct training *t, struct match_record **given, const struct match_training *in,
                              struct error *e)
{
	struct patterns *p = &t->patterns[t->pass_count];

	for (int i = 0; i < in->label_count; i++) {
		struct match_pattern levels;

		levels_of(t->model, given[in->labels[i].a], given[in->labels[i].b], &levels);
		TRY(patterns_add(p, &levels, t->model->comparison_count, in->labels[i].same, e));
	}
	t->passes[t->pass_count++] = (struct em_pass){ .same = -1, .patterns = p->list, .count = p->count };
	return OK;
}

static enum result add_passes(struct training *t, struct error *e)
{
	const struct match_model *m = t->model;

	TRY(add_pass(t, PASS_BIRTH, 0, 1u << FIELD_BIRTH, e));
	TRY(add_pass(t, PASS_NAME, 0, 1u << FIELD_GIVEN | 1u << FIELD_FAMILY, e));
	TRY(add_pass(t, PASS_POSTCODE, 0, 1u << FIELD_PLACE, e));
	TRY(add_pass(t, PASS_ADDRESS, 0, 1u << FIELD_PLACE, e));
	TRY(add_pass(t, PASS_EMAIL, 0, 1u << FIELD_EMAIL, e));
	TRY(add_pass(t, PASS_PHONE, 0, 1u << FIELD_PHONE, e));
	for (int i = 0; i < m->comparison_count; i++)
		if (m->comparisons[i].field == FIELD_ID)
			TRY(add_pass(t, PASS_ID, m->comparisons[i].tag, 1u << i, e));
	return OK;
}

/* ---- Random pairs ------------------------------------------------------------------------------------------------ */

/* Records stand in the order of their hashes: who stands next to whom is as good as chance. */
static void take_random(const struct training *t, double seen[][LEVELS_MAX])
{
	int64_t n = t->count, all = n * (n - 1) / 2;
	int64_t steps = all <= RANDOM_PAIRS ? n - 1 : RANDOM_PAIRS / n + 1;

	for (int64_t step = 1; step <= steps; step++) {
		/* of a million records, the neighbours of some */
		int64_t to = all <= RANDOM_PAIRS ? n - step : n;
		int64_t stride = all <= RANDOM_PAIRS ? 1 : (n * steps + RANDOM_PAIRS - 1) / RANDOM_PAIRS;

		for (int64_t i = 0; i < to; i += stride) {
			struct match_pattern levels;

			levels_of(t->model, t->records[i], t->records[(i + step) % n], &levels);
			for (int c = 0; c < t->model->comparison_count; c++)
				if (levels.level[c] != LEVEL_NULL)
					seen[c][levels.level[c]]++;
		}
	}
}

static int by_order(const void *a, const void *b)
{
	const struct match_record *x = *(struct match_record *const *)a, *y = *(struct match_record *const *)b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return match_record_cmp(x, y);
}

static enum result fit(struct training *t, struct match_record **given, const struct match_training *in,
                       struct error *e)
{
	static const struct match_training none;
	double(*seen)[LEVELS_MAX] = mem_calloc(MATCH_COMPARISONS_MAX, sizeof(*seen));
	struct em em = { .model = t->model, .counts = &t->counts, .seen = seen, .records = t->count };
	enum result r = seen ? OK : error_nomem(e);

	if (!in)
		in = &none;
	if (r == OK)
		r = add_passes(t, e);
	if (r == OK && in->label_count > 0)
		r = add_labels(t, given, in, e);
	if (r == OK) {
		take_random(t, seen);
		em.passes = t->passes;
		em.pass_count = t->pass_count;
		em.pairs = (double)t->count * (t->count - 1) / 2;
		em_run(&em);
		model_weigh(t->model);
		r = model_index(t->model, e);
	}
	mem_free(seen);
	return r;
}

enum result match_train(struct match_record **records, int count, const struct match_training *in,
                        struct match_model **out, struct error *e)
{
	struct em_pass passes[MATCH_COMPARISONS_MAX + PASS_ID + 1];
	struct patterns patterns[MATCH_COMPARISONS_MAX + PASS_ID + 1] = { 0 };
	struct training t = { .count = count, .passes = passes, .patterns = patterns };
	enum result r;

	TRY(model_new(&t.model, e));
	t.records = mem_alloc((size_t)count * sizeof(*t.records) + 1);
	r = t.records ? OK : error_nomem(e);
	if (r == OK) {
		memcpy(t.records, records, (size_t)count * sizeof(*t.records));
		qsort(t.records, (size_t)count, sizeof(*t.records), by_order);
		r = count_terms(t.model, t.records, count, &t.counts, e);
	}
	if (r == OK) {
		for (int i = 0; i < count; i++)
			match_record_bind(t.model, records[i]);
		r = count_crowded(t.model, t.records, count, in && in->threads ? in->threads : 2, e);
	}
	if (r == OK)
		r = fit(&t, records, in, e);
	for (int i = 0; i < count && r == OK; i++)
		match_record_bind(t.model, records[i]);
	for (int i = 0; i < MATCH_COMPARISONS_MAX + PASS_ID + 1; i++)
		patterns_free(&patterns[i]);
	mem_free(t.records);
	if (r != OK) {
		match_model_free(t.model);
		return r;
	}
	t.model->records = count;
	t.model->component = MATCH_COMPONENT_DEFAULT;
	t.model->link = MATCH_LINK_DEFAULT;
	*out = t.model;
	return OK;
}
