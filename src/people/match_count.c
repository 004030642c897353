/* Counting the data before training: how frequent values are. */
#include "people/match_training.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TERMS_MAX 20000        /* of a sort: the most frequent */
#define COMPANIES_MAX 5000     /* first names, the most frequent */
#define COMPANY_LEAST 30       /* records that have one */
#define TERM_LEAST 3           /* records that share a value worth a term */
#define TERM_PRIOR 200.0       /* weight, in records, of what the built-in model holds of values' frequency */
#define PLACEHOLDER_LEAST 20   /* records with one date of birth */
#define PLACEHOLDER_SHARE 1000 /* of so many */
#define PLACEHOLDER_YEARS 3    /* years before and after */
#define PLACEHOLDER_TIMES 8    /* times as many as these have */
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

void table_free(struct table *t)
{
	mem_free(t->entries);
	mem_free(t->runs);
}

enum result table_index(struct table *t, struct error *e)
{
	size_t runs = 0;
	double same = 0;

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

const struct match_word *word_find(const struct match_record *rec, enum word_sort sort, uint64_t hash)
{
	for (int i = 0; i < rec->count[sort]; i++)
		if (rec->by_sort[sort][i].hash == hash)
			return &rec->by_sort[sort][i];
	return NULL;
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
	size_t n = 0;

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
	return table_index(t, e);
}

static const struct match_word *word_of(struct match_record **records, const struct table *t, const struct run *r,
                                        enum word_sort sort)
{
	return word_find(records[t->entries[r->from].value], sort, t->entries[r->from].key);
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

/* ---- Dates that stand for none ----------------------------------------------------------------------------------- */

static size_t run_of(const struct table *t, uint64_t hash)
{
	size_t low = 0, high = t->run_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->entries[t->runs[mid].from].key < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->run_count && t->entries[t->runs[low].from].key == hash ? t->runs[low].count : 0;
}

/* 1900-01-01 on far more records than the first of January of the years around it: what a form wants filled in. */
static bool stands_for_none(struct match_record **records, const struct table *t, const struct run *r)
{
	const struct match_record *rec = records[t->entries[r->from].value];
	size_t around = 0;

	if (!rec->month || r->count < PLACEHOLDER_LEAST || r->count * PLACEHOLDER_SHARE < t->n)
		return false;
	for (int by = -PLACEHOLDER_YEARS; by <= PLACEHOLDER_YEARS; by++) {
		char text[32];
		int n = snprintf(text, sizeof(text), "%04d-%02d-%02d", rec->year + by, rec->month, rec->day);

		if (by != 0)
			around += run_of(t, hash64(text, (size_t)n, 0));
	}
	return r->count * 2 * PLACEHOLDER_YEARS > PLACEHOLDER_TIMES * (around + 1);
}

static enum result add_placeholders(struct match_model *m, struct match_record **records, const struct table *t,
                                    struct error *e)
{
	for (size_t i = 0; i < t->run_count; i++) {
		struct match_shared *shared;

		if (!stands_for_none(records, t, &t->runs[i]))
			continue;
		shared = arena_array(m->arena, (size_t)m->shared_count + 1, sizeof(*shared));
		if (!shared)
			return error_nomem(e);
		if (m->shared_count)
			memcpy(shared, m->shared, (size_t)m->shared_count * sizeof(*shared));
		shared[m->shared_count] = (struct match_shared){
			.sort = WORD_BIRTH,
			.state = WORD_GENERIC,
			.kind = "",
			.text = str_dup(m->arena, word_str(word_of(records, t, &t->runs[i], WORD_BIRTH))),
		};
		if (!shared[m->shared_count++].text)
			return error_nomem(e);
		m->shared = shared;
	}
	return OK;
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

static const struct match_counting {
	enum word_sort sort;
	int field; /* -1: none */
} countings[] = {
	{ WORD_GIVEN, FIELD_GIVEN }, { WORD_FAMILY, FIELD_FAMILY },
	{ WORD_OTHER, -1 },          { WORD_ORG, -1 },
	{ WORD_STREET, -1 },         { WORD_CITY, -1 },
	{ WORD_POSTCODE, -1 },       { WORD_ADDRESS, FIELD_PLACE },
	{ WORD_BIRTH, FIELD_BIRTH },
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

	if (r == OK && what->sort == WORD_BIRTH)
		r = add_placeholders(m, records, &t, e);
	if (r == OK && what->field >= 0) {
		c->share[what->field] = t.same; /* the fixed comparisons stand at their field's number */
		c->filled[what->field] = filled(records, count, what->sort, 0);
	}
	if (r == OK)
		r = add_terms(m, records, &t, what->sort, 0, e);
	table_free(&t);
	return r;
}

/* A kind of extras. */
static enum result count_kind(struct match_model *m, struct match_record **records, int count, int at,
                              struct match_counts *c, struct error *e)
{
	const struct match_comparison *cmp = &m->comparisons[at];
	struct table t;
	enum result r = table_make(records, count, WORD_EXTRA, cmp->tag, &t, e);

	c->filled[at] = filled(records, count, WORD_EXTRA, cmp->tag);
	c->share[at] = t.same;
	if (r == OK)
		r = add_terms(m, records, &t, WORD_EXTRA, cmp->tag, e);
	table_free(&t);
	return r;
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct match_company company_of(struct match_record **records, const struct table *t, const struct run *r,
                                       uint64_t *families)
{
	struct match_company c = { 0 };
	size_t n = 0;

	for (size_t i = r->from; i < r->from + r->count; i++) {
		const struct match_record *rec = records[t->entries[i].value];

		if (rec->count[WORD_FAMILY])
			families[n++] = rec->by_sort[WORD_FAMILY]->hash;
	}
	qsort(families, n, sizeof(*families), by_hash);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && families[end] == families[i]; end++)
			;
		c.same += (double)(end - i) * (double)(end - i - 1) / 2;
	}
	c.records = (double)n;
	c.pairs = c.records * (c.records - 1) / 2;
	return c;
}

/* Which first names go with which family names: the terms' numbers are fitted later. */
static enum result add_companies(struct match_model *m, struct match_record **records, struct table *t,
                                 struct match_counts *c, struct error *e)
{
	struct match_term *terms;
	uint64_t *families;
	int n = 0;

	qsort(t->runs, t->run_count, sizeof(t->runs[0]), by_count);
	while ((size_t)n < t->run_count && n < COMPANIES_MAX && t->runs[n].count >= COMPANY_LEAST)
		n++;
	terms = arena_array(m->arena, (size_t)m->term_count + (size_t)n + 1, sizeof(*terms));
	c->companies = arena_array(m->arena, (size_t)n + 1, sizeof(*c->companies));
	families = mem_alloc((n ? t->runs[0].count : 0) * sizeof(*families) + 1);
	if (!terms || !c->companies || !families) {
		mem_free(families);
		return error_nomem(e);
	}
	if (m->term_count)
		memcpy(terms, m->terms, (size_t)m->term_count * sizeof(*terms));
	m->terms = terms;
	c->first_company = m->term_count;
	for (int i = 0; i < n; i++) {
		const struct match_word *w = word_of(records, t, &t->runs[i], WORD_GIVEN);

		c->companies[i] = company_of(records, t, &t->runs[i], families);
		terms[m->term_count] = (struct match_term){ .sort = WORD_GIVEN,
			                                    .tag = kind_hash(STR(COMPANY_KIND)),
			                                    .kind = COMPANY_KIND,
			                                    .text = str_dup(m->arena, word_str(w)) };
		if (!terms[m->term_count++].text) {
			mem_free(families);
			return error_nomem(e);
		}
		c->company_count++;
	}
	mem_free(families);
	return OK;
}

static enum result count_companies(struct match_model *m, struct match_record **records, int count,
                                   struct match_counts *c, struct error *e)
{
	struct table t;
	enum result r = table_make(records, count, WORD_GIVEN, 0, &t, e);

	if (r == OK)
		r = add_companies(m, records, &t, c, e);
	table_free(&t);
	return r;
}

/* First and family names together. */
static enum result count_names(struct match_model *m, struct match_record **records, int count, struct match_counts *c,
                               struct error *e)
{
	struct table t;
	enum result r = table_make(records, count, WORD_NAME, 0, &t, e);

	if (r == OK) {
		c->name_share = t.same;
		r = add_terms(m, records, &t, WORD_NAME, 0, e);
		m->unseen[WORD_NAME] = NAME_UNSEEN;
	}
	table_free(&t);
	return r;
}

enum result count_terms(struct match_model *m, struct match_record **records, int count, const struct match_roll *roll,
                        int threads, struct match_counts *c, struct error *e)
{
	*c = (struct match_counts){ 0 };
	TRY(add_kinds(m, records, count, WORD_ID, e));
	TRY(add_kinds(m, records, count, WORD_EXTRA, e));
	for (size_t i = 0; i < sizeof(countings) / sizeof(countings[0]); i++)
		TRY(count_sort(m, records, count, &countings[i], c, e));
	TRY(count_shared(m, roll, threads, c, e));
	for (int i = 0; i < m->comparison_count; i++)
		if (m->comparisons[i].field == FIELD_EXTRA)
			TRY(count_kind(m, records, count, i, c, e));
	TRY(count_names(m, records, count, c, e));
	TRY(count_companies(m, records, count, c, e));
	return model_index(m, e);
}
