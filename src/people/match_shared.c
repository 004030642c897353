/* Counting the data before training: which e-mails, phones and ids name several people or nobody. */
#include "people/match_training.h"
#include <stdlib.h>

#define GENERIC_NAMES 8   /* different first names on one value: it names nobody */
#define HOUSEHOLD_NAMES 4 /* it is a household's */
#define HOUSEHOLD_PEOPLE 2
#define HOUSEHOLD_SHARE 16 /* one in so many values that two have: households share values of this sort */
#define HOUSEHOLD_LEAST 30 /* values to tell from */

/* Two people for sure: neither first names nor births agree. */
static bool two_people(const struct match_record *a, const struct match_record *b, bool birth_unknown)
{
	struct match_found birth;

	if (word_likeness(a->by_sort[WORD_GIVEN], b->by_sort[WORD_GIVEN]) <= LIKE_SHORT)
		return false;
	birth = compare_birth(a, b);
	return birth.level == LEVEL_NULL ? birth_unknown : birth.level >= BIRTH_YEAR;
}

/* Who has a value, of all records. */
struct holders {
	const struct match_roll *roll;
	struct arena *kept, *scratch; /* of those who are read: some stay for a while, others only until the next */
	enum result failed;
	struct error *error;
};

/* NULL and ->failed when it cannot be read. */
static const struct match_record *holder_in(struct holders *h, const struct table *t, size_t i, struct arena *a)
{
	struct match_record *rec;
	enum result r = match_roll_get(h->roll, (int)t->entries[i].value, a, &rec, h->error);

	if (r == OK)
		return rec;
	h->failed = r;
	return NULL;
}

/* Until the next one: a cashier's value has tens of thousands. */
static const struct match_record *holder(struct holders *h, const struct table *t, size_t i)
{
	arena_reset(h->scratch);
	return holder_in(h, t, i, h->scratch);
}

/* The people who have a value, up to GENERIC_NAMES, and on how many records each. */
struct people {
	const struct match_record *who[GENERIC_NAMES];
	int records[GENERIC_NAMES], count;
};

/* by_name: their first names alone tell. */
static struct people people_of(struct holders *h, const struct table *t, const struct run *r, bool by_name,
                               bool birth_unknown)
{
	struct people p = { 0 };

	arena_reset(h->kept);
	for (size_t i = r->from; i < r->from + r->count && p.count < GENERIC_NAMES; i++) {
		const struct match_record *rec = holder(h, t, i);
		const struct match_word *w;
		bool known;

		if (!rec)
			return (struct people){ 0 };
		w = rec->count[WORD_GIVEN] ? rec->by_sort[WORD_GIVEN] : NULL;
		known = !w || w->n < 2 || w->foreign;
		for (int j = 0; j < p.count && !known; j++) {
			known = by_name ? word_likeness(p.who[j]->by_sort[WORD_GIVEN], w) <= LIKE_SHORT
			                : !two_people(p.who[j], rec, birth_unknown);
			p.records[j] += known;
		}
		if (known)
			continue;
		p.records[p.count] = 1;
		p.who[p.count] = holder_in(h, t, i, h->kept);
		if (!p.who[p.count++])
			return (struct people){ 0 };
	}
	return p;
}

/* Pairs of two of the people who share a value; and those of which one's record is all that tells of a second. */
struct sharing {
	double pairs, unnamed;
};

static void sharing_add(struct sharing *s, const struct people *p)
{
	for (int i = 0; i < p->count; i++)
		for (int j = 0; j < i; j++) {
			double both = (double)p->records[i] * p->records[j];

			s->pairs += both;
			if (p->count == 2)
				s->unnamed += both * ((p->records[i] == 1) + (p->records[j] == 1)) / 2;
		}
}

static bool two_births(struct holders *h, const struct table *t, const struct run *r)
{
	int n = 0;

	for (size_t i = r->from; i < r->from + r->count && n < 2; i++) {
		const struct match_record *rec = holder(h, t, i);

		if (!rec)
			return false;
		n += rec->month > 0;
	}
	return n == 2;
}

/* Whether households share values of this sort: then another first name makes two people, where a wrong name on the
 * record would else be the likelier reason. */
static bool households_share(struct holders *h, const struct table *t, bool built_in)
{
	size_t several = 0, shared = 0;

	for (size_t i = 0; i < t->run_count; i++) {
		if (t->runs[i].count < HOUSEHOLD_PEOPLE)
			continue;
		if (two_births(h, t, &t->runs[i])) {
			several++;
			shared += people_of(h, t, &t->runs[i], false, false).count >= HOUSEHOLD_PEOPLE;
		}
	}
	return several < HOUSEHOLD_LEAST ? built_in : shared * HOUSEHOLD_SHARE >= several;
}

static enum word_state state_of(struct holders *h, const struct table *t, const struct run *r, bool share,
                                struct sharing *sharing)
{
	struct people p = people_of(h, t, r, true, false);

	if (p.count >= GENERIC_NAMES)
		return WORD_GENERIC;
	if (p.count < HOUSEHOLD_NAMES &&
	    !(share && p.count >= HOUSEHOLD_PEOPLE && people_of(h, t, r, false, true).count >= HOUSEHOLD_PEOPLE))
		return WORD_NORMAL;
	sharing_add(sharing, &p);
	return WORD_HOUSEHOLD;
}

static char *value_text(struct match_model *m, struct holders *h, const struct table *t, const struct run *r,
                        enum word_sort sort)
{
	const struct match_record *rec = holder(h, t, r->from);
	const struct match_word *w = rec ? word_find(rec, sort, t->entries[r->from].key) : NULL;

	return w ? str_dup(m->arena, word_str(w)) : NULL;
}

/* Lists the values that several people or nobody own; of the others, t->same is counted anew. */
static enum result add_shared(struct match_model *m, struct holders *h, struct table *t, enum word_sort sort,
                              struct match_comparison *cmp, double *unnamed, struct error *e)
{
	const char *kind = cmp->kind;
	struct sharing sharing = { 0 };
	bool share = households_share(h, t, cmp->household);
	double same = 0, owned = 0;
	size_t room = 0;
	struct match_shared *shared;

	for (size_t i = 0; i < t->run_count; i++)
		room += t->runs[i].count >= HOUSEHOLD_PEOPLE;
	shared = arena_array(m->arena, (size_t)m->shared_count + room, sizeof(*shared));
	if (!shared)
		return error_nomem(e);
	if (m->shared_count)
		memcpy(shared, m->shared, (size_t)m->shared_count * sizeof(*shared));
	m->shared = shared;
	for (size_t i = 0; i < t->run_count; i++) {
		enum word_state state = WORD_NORMAL;

		if (t->runs[i].count >= HOUSEHOLD_PEOPLE)
			state = state_of(h, t, &t->runs[i], share, &sharing);
		if (state == WORD_NORMAL) {
			same += (double)t->runs[i].count * (double)(t->runs[i].count - 1);
			owned += (double)t->runs[i].count;
			continue;
		}
		shared[m->shared_count] = (struct match_shared){
			.sort = sort,
			.tag = kind[0] ? kind_hash(str_c(kind)) : 0,
			.kind = kind,
			.state = state,
			.text = value_text(m, h, t, &t->runs[i], sort),
		};
		if (!shared[m->shared_count++].text)
			return h->failed == OK ? error_nomem(e) : h->failed;
	}
	cmp->household = share;
	*unnamed = sharing.pairs > 0 ? sharing.unnamed / sharing.pairs : 1;
	t->same = owned > 1 ? same / (owned * (owned - 1)) : 0;
	return h->failed;
}

/* ---- Gathering --------------------------------------------------------------------------------------------------- */

/* A value that others may have: its number tells of which comparison. Nobody else sees these, so they are small. */
struct gathering {
	const struct match_model *model;
	struct {
		struct keyed *list;
		size_t count, room;
	} found[ROLL_PARTS][MATCH_COMPARISONS_MAX];
	int filled[ROLL_PARTS][MATCH_COMPARISONS_MAX]; /* records that have one */
};

static enum word_sort contact_sort(enum match_field f)
{
	return f == FIELD_EMAIL ? WORD_EMAIL : f == FIELD_PHONE ? WORD_PHONE : WORD_ID;
}

static enum result gather_one(struct gathering *g, int part, int comparison, uint64_t hash, int record, struct error *e)
{
	size_t *count = &g->found[part][comparison].count, *room = &g->found[part][comparison].room;

	if (*count == *room) {
		size_t more = *room + *room / 2 + 256;
		struct keyed *list = mem_realloc(g->found[part][comparison].list, more * sizeof(*list));

		if (!list)
			return error_nomem(e);
		g->found[part][comparison].list = list;
		*room = more;
	}
	g->found[part][comparison].list[(*count)++] = (struct keyed){ .key = hash, .value = (uint32_t)record };
	return OK;
}

static enum result gather_part(const struct roll_part *p, struct error *e)
{
	struct gathering *g = p->arg;
	ARENA_AUTO struct arena *a = arena_new(0);

	if (!a)
		return error_nomem(e);
	for (int i = p->from; i < p->to; i++) {
		struct match_record *r;

		arena_reset(a);
		TRY(match_roll_get(p->roll, i, a, &r, e));
		for (int c = 0; c < g->model->comparison_count; c++) {
			const struct match_comparison *cmp = &g->model->comparisons[c];
			enum word_sort sort = contact_sort(cmp->field);
			bool has = false;

			if (!field_is_contact(cmp->field))
				continue;
			for (int k = 0; k < r->count[sort]; k++)
				if (!cmp->tag || r->by_sort[sort][k].tag == cmp->tag) {
					has = true;
					TRY(gather_one(g, p->part, c, r->by_sort[sort][k].hash, i, e));
				}
			g->filled[p->part][c] += has;
		}
	}
	return OK;
}

struct ranked {
	uint64_t order;
	uint32_t value;
};
static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->order != y->order ? (x->order > y->order) - (x->order < y->order)
	                            : (x->value > y->value) - (x->value < y->value);
}

/* Who has a value, in an order that does not depend on how they came. */
static enum result runs_rank(struct table *t, const struct match_roll *roll, struct error *e)
{
	size_t most = 0;
	struct ranked *list;

	for (size_t i = 0; i < t->run_count; i++)
		most = t->runs[i].count > most ? t->runs[i].count : most;
	list = mem_alloc(most * sizeof(*list) + 1);
	if (!list)
		return error_nomem(e);
	for (size_t i = 0; i < t->run_count; i++) {
		const struct run *r = &t->runs[i];

		for (size_t k = 0; k < r->count && r->count > 1; k++) {
			uint32_t value = t->entries[r->from + k].value;

			list[k] = (struct ranked){ match_roll_order(roll, (int)value), value };
		}
		if (r->count > 1)
			qsort(list, r->count, sizeof(*list), by_rank);
		for (size_t k = 0; k < r->count && r->count > 1; k++)
			t->entries[r->from + k].value = list[k].value;
	}
	mem_free(list);
	return OK;
}

/* One comparison's values from all parts. */
static enum result gathered(struct gathering *g, int c, const struct match_roll *roll, struct table *t, struct error *e)
{
	size_t n = 0;

	*t = (struct table){ 0 };
	for (int p = 0; p < ROLL_PARTS; p++)
		n += g->found[p][c].count;
	t->entries = mem_alloc(n * sizeof(*t->entries) + 1);
	if (!t->entries)
		return error_nomem(e);
	for (int p = 0; p < ROLL_PARTS; p++) {
		if (g->found[p][c].count)
			memcpy(t->entries + t->n, g->found[p][c].list, g->found[p][c].count * sizeof(*t->entries));
		t->n += g->found[p][c].count;
		mem_free(g->found[p][c].list);
		g->found[p][c].list = NULL;
	}
	TRY(table_index(t, e));
	return runs_rank(t, roll, e);
}

static enum result count_contacts(struct match_model *m, struct holders *h, struct gathering *g,
                                  struct match_counts *counts, struct error *e)
{
	for (int c = 0; c < m->comparison_count; c++) {
		struct match_comparison *cmp = &m->comparisons[c];
		const struct match_roll *roll = h->roll;
		struct table t;
		enum result r;
		int has = 0;

		if (!field_is_contact(cmp->field))
			continue;
		r = gathered(g, c, roll, &t, e);
		if (r == OK)
			r = add_shared(m, h, &t, contact_sort(cmp->field), cmp, &counts->unnamed[c], e);
		for (int p = 0; p < ROLL_PARTS; p++)
			has += g->filled[p][c];
		counts->share[c] = t.same;
		counts->filled[c] = roll->count ? (double)has / roll->count : 0;
		table_free(&t);
		TRY(r);
	}
	return OK;
}

/* E-mails, phones and ids: of all records, since a few of them would not tell a household's or a cashier's. */
enum result count_shared(struct match_model *m, const struct match_roll *roll, int threads, struct match_counts *counts,
                         struct error *e)
{
	struct gathering *g = mem_calloc(1, sizeof(*g));
	ARENA_AUTO struct arena *kept = arena_new(0);
	ARENA_AUTO struct arena *scratch = arena_new(0);
	struct holders h = { .roll = roll, .kept = kept, .scratch = scratch, .error = e };
	enum result r = OK;

	if (!g || !kept || !scratch) {
		mem_free(g);
		return error_nomem(e);
	}
	g->model = m;
	r = match_roll_each(roll, threads, gather_part, g, e);
	if (r == OK)
		r = count_contacts(m, &h, g, counts, e);
	for (int p = 0; p < ROLL_PARTS; p++)
		for (int c = 0; c < MATCH_COMPARISONS_MAX; c++)
			mem_free(g->found[p][c].list);
	mem_free(g);
	return r;
}
