/* Training: what is counted, what random pairs show, and the pairs of several keys given to the fitting of m. */
#include "people/match_training.h"
#include <stdlib.h>

#define RANDOM_PAIRS 1000000
#define PASS_PAIRS 300000 /* drawn of one key */
#define PASS_BLOCK 200    /* larger blocks have too few pairs of one person */
#define SAMPLE_MOST                                                                                                    \
	500000 /* records; of more, as many are drawn. What few of them would not tell is counted of all               \
	        */
#define PASSES_MAX (MATCH_COMPARISONS_MAX + PASS_ID + 1)
#define THREADS 2
#define ARENA_MOST ((size_t)1 << 40)

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
	struct match_record **records; /* all, or a sample, in an order that does not depend on how they came */
	int count, threads, sample;
	struct arena *arenas[ROLL_PARTS]; /* of a sample that was read */
	struct match_counts counts;
	double (*seen)[LEVELS_MAX];
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

/* What a pass is to bring together; patterns are its own, so that several may be taken at once. */
struct pass {
	enum pass_key key;
	uint64_t tag;
	uint32_t excluded;
};

static enum result take_pass(struct training *t, int index, const struct pass *pass, struct error *e)
{
	struct keyed *k = mem_alloc((size_t)t->count * sizeof(*k) + 1);
	struct patterns *p = &t->patterns[index];
	double pairs = 0, share;
	enum result r;
	size_t n = 0;

	if (!k)
		return error_nomem(e);
	for (int i = 0; i < t->count; i++) {
		uint64_t h = pass_key(t->records[i], pass->key, pass->tag);

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
	t->passes[index] = (struct em_pass){ .excluded = pass->excluded,
		                             .same = pass->key == PASS_NAME || pass->key == PASS_POSTCODE
		                                             ? -1
		                                             : __builtin_ctz(pass->excluded),
		                             .patterns = p->list,
		                             .count = p->count,
		                             .scale = 1 / share };
	return r;
}

static enum result add_labels(struct training *t, const struct match_roll *roll, const struct match_training *in,
                              struct error *e)
{
	struct patterns *p = &t->patterns[t->pass_count];
	ARENA_AUTO struct arena *arena = arena_new(0);

	if (!arena)
		return error_nomem(e);
	for (int i = 0; i < in->label_count; i++) {
		struct match_record *a, *b;
		struct match_pattern levels;

		arena_reset(arena);
		TRY(match_roll_get(roll, in->labels[i].a, arena, &a, e));
		TRY(match_roll_get(roll, in->labels[i].b, arena, &b, e));
		levels_of(t->model, a, b, &levels);
		TRY(patterns_add(p, &levels, t->model->comparison_count, in->labels[i].same, e));
	}
	t->passes[t->pass_count++] = (struct em_pass){ .same = -1, .patterns = p->list, .count = p->count };
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

/* ---- All of it --------------------------------------------------------------------------------------------------- */

struct work {
	struct training *t;
	struct pass passes[PASSES_MAX];
	int count;
};

static void pass_add(struct work *w, enum pass_key key, uint64_t tag, uint32_t excluded)
{
	w->passes[w->count++] = (struct pass){ key, tag, excluded };
}

/* The random pairs are the first piece of work, as the longest. */
static enum result work_part(void *arg, int part, struct error *e)
{
	struct work *w = arg;

	if (part > 0)
		return take_pass(w->t, part - 1, &w->passes[part - 1], e);
	take_random(w->t, w->t->seen);
	return OK;
}

static enum result add_passes(struct training *t, struct error *e)
{
	const struct match_model *m = t->model;
	struct work w = { .t = t };

	pass_add(&w, PASS_BIRTH, 0, 1u << FIELD_BIRTH);
	pass_add(&w, PASS_NAME, 0, 1u << FIELD_GIVEN | 1u << FIELD_FAMILY);
	pass_add(&w, PASS_POSTCODE, 0, 1u << FIELD_PLACE);
	pass_add(&w, PASS_ADDRESS, 0, 1u << FIELD_PLACE);
	pass_add(&w, PASS_EMAIL, 0, 1u << FIELD_EMAIL);
	pass_add(&w, PASS_PHONE, 0, 1u << FIELD_PHONE);
	for (int i = 0; i < m->comparison_count; i++)
		if (m->comparisons[i].field == FIELD_ID)
			pass_add(&w, PASS_ID, m->comparisons[i].tag, 1u << i);
	t->pass_count = w.count;
	return match_parallel(t->threads, w.count + 1, work_part, &w, e);
}

static enum result fit(struct training *t, const struct match_roll *roll, const struct match_training *in,
                       struct error *e)
{
	struct em em = { .model = t->model, .counts = &t->counts, .seen = t->seen, .records = t->count };

	TRY(add_passes(t, e));
	if (in->label_count > 0)
		TRY(add_labels(t, roll, in, e));
	em.passes = t->passes;
	em.pass_count = t->pass_count;
	em.pairs = (double)t->count * (t->count - 1) / 2;
	em_run(&em);
	model_weigh(t->model);
	return model_index(t->model, e);
}

/* ---- Sample ------------------------------------------------------------------------------------------------------ */

static bool in_sample(const struct training *t, const struct match_roll *roll, int i)
{
	return roll->count <= t->sample || drawn(match_roll_order(roll, i), (double)t->sample / roll->count);
}

/* Records stand where they stood among all. */
static enum result sample_part(const struct roll_part *p, struct error *e)
{
	struct training *t = p->arg;

	t->arenas[p->part] = p->roll->records ? NULL : arena_new(ARENA_MOST);
	if (!p->roll->records && !t->arenas[p->part])
		return error_nomem(e);
	for (int i = p->from; i < p->to; i++)
		if (in_sample(t, p->roll, i))
			TRY(match_roll_get(p->roll, i, t->arenas[p->part], &t->records[i], e));
	return OK;
}

static int by_order(const void *a, const void *b)
{
	const struct match_record *x = *(struct match_record *const *)a, *y = *(struct match_record *const *)b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return match_record_cmp(x, y);
}

static enum result sample_make(struct training *t, const struct match_roll *roll, struct error *e)
{
	t->records = mem_calloc((size_t)roll->count + 1, sizeof(struct match_record *));
	if (!t->records)
		return error_nomem(e);
	TRY(match_roll_each(roll, t->threads, sample_part, t, e));
	for (int i = 0; i < roll->count; i++)
		if (t->records[i])
			t->records[t->count++] = t->records[i];
	qsort(t->records, (size_t)t->count, sizeof(*t->records), by_order);
	return OK;
}

static enum result train(struct training *t, struct match_roll *roll, const struct match_training *in, size_t memory,
                         const char *folder, struct error *e)
{
	TRY(sample_make(t, roll, e));
	TRY(count_terms(t->model, t->records, t->count, roll, t->threads, &t->counts, e));
	TRY(match_roll_bind(roll, t->model, t->threads, e));
	if (!roll->records)
		for (int i = 0; i < t->count; i++)
			match_record_bind(t->model, t->records[i]);
	TRY(count_crowded(t->model, roll, t->threads, memory, folder, e));
	TRY(fit(t, roll, in, e));
	TRY(match_roll_bind(roll, t->model, t->threads, e));
	t->model->records = roll->count;
	t->model->component = MATCH_COMPONENT_DEFAULT;
	t->model->link = MATCH_LINK_DEFAULT;
	return OK;
}

enum result match_train_roll(struct match_roll *roll, const struct match_training *in, size_t memory,
                             const char *folder, struct match_model **out, struct error *e)
{
	static const struct match_training none;
	struct em_pass passes[PASSES_MAX];
	struct patterns patterns[PASSES_MAX] = { 0 };
	struct training t = { .passes = passes, .patterns = patterns };
	enum result r;

	in = in ? in : &none;
	t.threads = in->threads > 0 ? in->threads : THREADS;
	t.sample = in->sample > 0 ? in->sample : SAMPLE_MOST;
	TRY(model_new(&t.model, e));
	t.seen = mem_calloc(MATCH_COMPARISONS_MAX, sizeof(*t.seen));
	r = t.seen ? train(&t, roll, in, memory, folder, e) : error_nomem(e);
	for (int i = 0; i < PASSES_MAX; i++)
		patterns_free(&patterns[i]);
	for (int i = 0; i < ROLL_PARTS; i++)
		arena_free(t.arenas[i]);
	mem_free(t.seen);
	mem_free(t.records);
	if (r != OK) {
		roll->model = NULL;
		match_model_free(t.model);
		return r;
	}
	*out = t.model;
	return OK;
}

enum result match_train(struct match_record **records, int count, const struct match_training *in,
                        struct match_model **out, struct error *e)
{
	struct match_roll roll = { .count = count, .records = records };

	return match_train_roll(&roll, in, 0, NULL, out, e);
}
