/* Counting the data before training: how frequent values are, which of them name several people or nobody, which keys
 * are crowded. */
#include "people/match_inside.h"
#include <math.h>
#include <stdlib.h>

#define TERMS_MAX 20000  /* of a sort: the most frequent */
#define TERM_LEAST 3     /* records that share a value worth a term */
#define TERM_PRIOR 200.0 /* weight, in records, of what the built-in model holds of values' frequency */
#define GENERIC_NAMES 8  /* different first names on one value: it names nobody */
#define HOUSEHOLD_NAMES 2
#define CROWDED 64 /* records on one key */
#define CROWDED_ROUNDS 4
#define KINDS_MAX 64

/* ---- Kinds ------------------------------------------------------------------------------------------------------- */

struct kind {
	struct str text;
	uint64_t tag;
	int64_t count;
};

static int kind_by_text(const void *a, const void *b)
{
	return str_cmp(((const struct kind *)a)->text, ((const struct kind *)b)->text);
}

static enum result add_kinds(struct match_model *m, struct match_record **records, int count, enum word_sort sort,
                             struct error *e)
{
	struct kind kinds[KINDS_MAX];
	int n = 0;

	for (int i = 0; i < count; i++)
		for (int j = 0; j < records[i]->count[sort]; j++) {
			const struct match_word *w = &records[i]->by_sort[sort][j];
			int k = 0;

			while (k < n && kinds[k].tag != w->tag)
				k++;
			if (k == KINDS_MAX)
				continue;
			if (k == n)
				kinds[n++] = (struct kind){ .text = word_kind(w), .tag = w->tag };
			kinds[k].count++;
		}
	qsort(kinds, (size_t)n, sizeof(kinds[0]), kind_by_text);
	for (int k = 0; k < n && m->comparison_count < MATCH_COMPARISONS_MAX; k++)
		if (kinds[k].count > 1)
			TRY(model_add_kind(m, sort == WORD_ID ? FIELD_ID : FIELD_EXTRA, kinds[k].text, e));
	return OK;
}

/* ---- Frequencies ------------------------------------------------------------------------------------------------- */

struct run { /* the records that have one value */
	size_t from, count;
};

struct table {
	struct keyed *entries; /* (hash of the value, record) */
	size_t n;
	struct run *runs;
	size_t run_count;
	double same; /* probability that two entries have one value */
};

static void table_free(struct table *t)
{
	mem_free(t->entries);
	mem_free(t->runs);
}

/* Which words of a sort are counted: of names the first form only. */
static int counted(const struct match_record *r, enum word_sort sort)
{
	bool only_first = sort == WORD_GIVEN || sort == WORD_FAMILY;

	return only_first && r->count[sort] > 1 ? 1 : r->count[sort];
}

static enum result table_make(struct match_record **records, int count, enum word_sort sort, uint64_t tag,
                              struct table *t, struct error *e)
{
	size_t n = 0, runs = 0;
	double same = 0;

	*t = (struct table){ 0 };
	for (int i = 0; i < count; i++)
		n += (size_t)counted(records[i], sort);
	t->entries = mem_alloc(n * sizeof(*t->entries) + 1);
	if (!t->entries)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < counted(records[i], sort); j++) {
			const struct match_word *w = &records[i]->by_sort[sort][j];

			if (!tag || w->tag == tag)
				t->entries[t->n++] = (struct keyed){ .key = w->hash, .value = (uint32_t)i };
		}
	TRY(keyed_sort(t->entries, t->n, e));
	for (size_t i = 0; i < t->n; i++)
		runs += i == 0 || t->entries[i].key != t->entries[i - 1].key;
	t->runs = mem_alloc(runs * sizeof(*t->runs) + 1);
	if (!t->runs)
		return error_nomem(e);
	for (size_t i = 0; i < t->n; i++)
		if (i == 0 || t->entries[i].key != t->entries[i - 1].key)
			t->runs[t->run_count++] = (struct run){ .from = i, .count = 1 };
		else
			t->runs[t->run_count - 1].count++;
	for (size_t i = 0; i < t->run_count; i++)
		same += (double)t->runs[i].count * (double)(t->runs[i].count - 1);
	t->same = t->n > 1 ? same / ((double)t->n * (double)(t->n - 1)) : 0;
	return OK;
}

static const struct match_word *word_of(struct match_record **records, const struct table *t, const struct run *r,
                                        enum word_sort sort)
{
	const struct match_record *rec = records[t->entries[r->from].value];

	for (int i = 0; i < rec->count[sort]; i++)
		if (rec->by_sort[sort][i].hash == t->entries[r->from].key)
			return &rec->by_sort[sort][i];
	return NULL;
}

static int by_count(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from; /* by hash: the entries are sorted by it */
}

/* Rarity from a count, drawn towards the built-in one where there are few records. */
static int rarity(const struct match_model *m, enum word_sort sort, double count, size_t n)
{
	double built_in = exp2(-m->unseen[sort] / 1000.0);

	return -log2_milli((count + TERM_PRIOR * built_in) / ((double)n + TERM_PRIOR));
}

static enum result add_terms(struct match_model *m, struct match_record **records, struct table *t, enum word_sort sort,
                             uint64_t tag, struct error *e)
{
	size_t kept = 0;
	struct match_term *terms;
	int unseen;

	qsort(t->runs, t->run_count, sizeof(t->runs[0]), by_count);
	while (kept < t->run_count && kept < TERMS_MAX && t->runs[kept].count >= TERM_LEAST)
		kept++;
	terms = arena_array(m->arena, (size_t)m->term_count + kept, sizeof(*terms));
	if (!terms)
		return error_nomem(e);
	if (m->term_count)
		memcpy(terms, m->terms, (size_t)m->term_count * sizeof(*terms));
	unseen = rarity(m, sort, kept < t->run_count ? (1 + (double)t->runs[kept].count) / 2 : 1, t->n);
	for (size_t i = 0; i < kept; i++) {
		const struct match_word *w = word_of(records, t, &t->runs[i], sort);
		struct match_term *to = &terms[m->term_count++];

		to->sort = sort;
		to->tag = tag;
		to->kind = tag ? str_dup(m->arena, word_kind(w)) : "";
		to->text = str_dup(m->arena, word_str(w));
		to->rarity = rarity(m, sort, (double)t->runs[i].count, t->n);
		if (!to->kind || !to->text)
			return error_nomem(e);
	}
	m->terms = terms;
	if (!tag && t->n > 0)
		m->unseen[sort] = unseen;
	return OK;
}

/* ---- Shared values ----------------------------------------------------------------------------------------------- */

/* How many people with different first names have it, up to GENERIC_NAMES. */
static int first_names(struct match_record **records, const struct table *t, const struct run *r)
{
	const struct match_word *names[GENERIC_NAMES];
	int n = 0;

	for (size_t i = r->from; i < r->from + r->count && n < GENERIC_NAMES; i++) {
		const struct match_record *rec = records[t->entries[i].value];
		const struct match_word *w = rec->count[WORD_GIVEN] ? rec->by_sort[WORD_GIVEN] : NULL;
		bool known = !w || w->n < 2;

		for (int j = 0; j < n && !known; j++)
			known = word_likeness(names[j], w) <= LIKE_SOUND;
		if (!known)
			names[n++] = w;
	}
	return n;
}

static enum result add_shared(struct match_model *m, struct match_record **records, const struct table *t,
                              enum word_sort sort, struct error *e)
{
	size_t room = 0;
	struct match_shared *shared;

	for (size_t i = 0; i < t->run_count; i++)
		room += t->runs[i].count >= HOUSEHOLD_NAMES;
	shared = arena_array(m->arena, (size_t)m->shared_count + room, sizeof(*shared));
	if (!shared)
		return error_nomem(e);
	if (m->shared_count)
		memcpy(shared, m->shared, (size_t)m->shared_count * sizeof(*shared));
	m->shared = shared;
	for (size_t i = 0; i < t->run_count; i++) {
		int names = t->runs[i].count >= HOUSEHOLD_NAMES ? first_names(records, t, &t->runs[i]) : 0;

		if (names < HOUSEHOLD_NAMES)
			continue;
		shared[m->shared_count] = (struct match_shared){
			.sort = sort,
			.state = names >= GENERIC_NAMES ? WORD_GENERIC : WORD_HOUSEHOLD,
			.text = str_dup(m->arena, word_str(word_of(records, t, &t->runs[i], sort))),
		};
		if (!shared[m->shared_count++].text)
			return error_nomem(e);
	}
	return OK;
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

static const struct match_counting {
	enum word_sort sort;
	int field; /* -1: none */
	bool terms, shared;
} countings[] = {
	{ WORD_GIVEN, FIELD_GIVEN, true, false }, { WORD_FAMILY, FIELD_FAMILY, true, false },
	{ WORD_OTHER, -1, true, false },          { WORD_ORG, -1, true, false },
	{ WORD_STREET, -1, true, false },         { WORD_CITY, -1, true, false },
	{ WORD_POSTCODE, -1, true, false },       { WORD_ADDRESS, FIELD_PLACE, true, false },
	{ WORD_BIRTH, FIELD_BIRTH, true, false }, { WORD_EMAIL, FIELD_EMAIL, false, true },
	{ WORD_PHONE, FIELD_PHONE, false, true },
};

static double filled(struct match_record **records, int count, enum word_sort sort, uint64_t tag)
{
	int n = 0;

	for (int i = 0; i < count; i++) {
		bool has = false;

		for (int j = 0; j < records[i]->count[sort] && !has; j++)
			has = !tag || records[i]->by_sort[sort][j].tag == tag;
		n += has;
	}
	return count ? (double)n / count : 0;
}

static enum result count_sort(struct match_model *m, struct match_record **records, int count,
                              const struct match_counting *what, struct match_counts *c, struct error *e)
{
	struct table t;
	enum result r = table_make(records, count, what->sort, 0, &t, e);

	if (r == OK && what->field >= 0) {
		c->share[what->field] = t.same; /* the fixed comparisons stand at their field's number */
		c->filled[what->field] = filled(records, count, what->sort, 0);
	}
	if (r == OK && what->shared)
		r = add_shared(m, records, &t, what->sort, e);
	if (r == OK && what->terms)
		r = add_terms(m, records, &t, what->sort, 0, e);
	table_free(&t);
	return r;
}

static enum result count_kind(struct match_model *m, struct match_record **records, int count, int at,
                              struct match_counts *c, struct error *e)
{
	const struct match_comparison *cmp = &m->comparisons[at];
	enum word_sort sort = cmp->field == FIELD_ID ? WORD_ID : WORD_EXTRA;
	struct table t;
	enum result r = table_make(records, count, sort, cmp->tag, &t, e);

	c->share[at] = t.same;
	c->filled[at] = filled(records, count, sort, cmp->tag);
	if (r == OK && sort == WORD_EXTRA)
		r = add_terms(m, records, &t, sort, cmp->tag, e);
	table_free(&t);
	return r;
}

enum result count_terms(struct match_model *m, struct match_record **records, int count, struct match_counts *c,
                        struct error *e)
{
	*c = (struct match_counts){ 0 };
	TRY(add_kinds(m, records, count, WORD_ID, e));
	TRY(add_kinds(m, records, count, WORD_EXTRA, e));
	for (size_t i = 0; i < sizeof(countings) / sizeof(countings[0]); i++)
		TRY(count_sort(m, records, count, &countings[i], c, e));
	for (int i = 0; i < m->comparison_count; i++)
		if (m->comparisons[i].tag)
			TRY(count_kind(m, records, count, i, c, e));
	c->filled_postcode = filled(records, count, WORD_POSTCODE, 0);
	return model_index(m, e);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Narrower keys may be crowded too: again, until none is. */
enum result count_crowded(struct match_model *m, struct match_record **records, int count, int threads, struct error *e)
{
	for (int round = 0; round < CROWDED_ROUNDS; round++) {
		struct blocks b;
		size_t more = 0;
		uint64_t *crowded;

		TRY(blocks_make(m, records, count, threads, &b, e));
		for (size_t i = 0, end; i < b.count; i = end) {
			end = blocks_run(&b, i);
			more += end - i > CROWDED;
		}
		crowded = arena_array(m->arena, (size_t)m->crowded_count + more + 1, sizeof(*crowded));
		if (!crowded) {
			blocks_free(&b);
			return error_nomem(e);
		}
		if (m->crowded_count)
			memcpy(crowded, m->crowded, (size_t)m->crowded_count * sizeof(*crowded));
		for (size_t i = 0, end; i < b.count; i = end) {
			end = blocks_run(&b, i);
			if (end - i > CROWDED)
				crowded[m->crowded_count++] = b.by_key[i].key;
		}
		m->crowded = crowded;
		qsort(crowded, (size_t)m->crowded_count, sizeof(*crowded), by_value);
		blocks_free(&b);
		if (more == 0)
			break;
	}
	return OK;
}
