/* Counting the data before training: which keys are crowded. */
#include "base/extsort.h"
#include "people/match_training.h"
#include <endian.h>
#include <stdlib.h>

#define CROWDED 64 /* records on one key */
#define CROWDED_ROUNDS 4

struct standing { /* a record under a key, the highest byte first */
	uint64_t key;
	uint32_t record;
} __attribute__((packed, aligned(4)));

struct crowding {
	const struct match_roll *roll;
	struct extsort *sort;
	unsigned char *touched; /* who stands under a key that was found crowded in this round; all, before the first */
	struct {
		uint64_t *keys;
		size_t count;
	} found[EXTSORT_PARTS];
};

static enum result keys_add(const struct roll_part *p, struct extsort_writer *w, struct arena *a, struct error *e)
{
	const struct crowding *c = p->arg;

	for (int i = p->from; i < p->to; i++) {
		uint64_t keys[MATCH_KEYS_MAX];
		struct match_record *r;
		int n;

		if (!c->touched[i])
			continue;
		c->touched[i] = 0;
		arena_reset(a);
		TRY(match_roll_get(p->roll, i, a, &r, e));
		n = match_keys(p->roll->model, r, keys);
		for (int k = 0; k < n; k++)
			TRY(extsort_add(w, &(struct standing){ htobe64(keys[k]), htobe32((uint32_t)i) }, e));
	}
	return extsort_done(w, e);
}

static enum result keys_part(const struct roll_part *p, struct error *e)
{
	const struct crowding *c = p->arg;
	ARENA_AUTO struct arena *a = arena_new(0);
	struct extsort_writer *w = mem_calloc(1, sizeof(*w));
	enum result r = a && w ? OK : error_nomem(e);

	if (r == OK) {
		w->sort = c->sort;
		r = keys_add(p, w, a, e);
		extsort_drop(w);
	}
	mem_free(w);
	return r;
}

static enum result count_part(void *arg, int part, struct error *e)
{
	struct crowding *c = arg;
	struct standing *s;
	void *elements;
	size_t n, found = 0;

	TRY(extsort_part(c->sort, part, &elements, &n, e));
	s = elements;
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && s[end].key == s[i].key; end++)
			;
		if (end - i <= CROWDED)
			continue;
		for (size_t k = i; k < end; k++) /* others may say the same of this record at this moment */
			__atomic_store_n(&c->touched[be32toh(s[k].record)], 1, __ATOMIC_RELAXED);
		s[found++].key = s[i].key;
	}
	c->found[part].keys = found ? mem_alloc(found * sizeof(uint64_t)) : NULL;
	c->found[part].count = c->found[part].keys ? found : 0;
	for (size_t i = 0; i < c->found[part].count; i++)
		c->found[part].keys[i] = be64toh(s[i].key);
	mem_free(elements);
	return found && !c->found[part].keys ? error_nomem(e) : OK;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static enum result crowded_add(struct match_model *m, struct crowding *c, size_t *more, struct error *e)
{
	uint64_t *crowded;

	*more = 0;
	for (int i = 0; i < EXTSORT_PARTS; i++)
		*more += c->found[i].count;
	crowded = arena_array(m->arena, (size_t)m->crowded_count + *more + 1, sizeof(*crowded));
	if (!crowded)
		return error_nomem(e);
	if (m->crowded_count)
		memcpy(crowded, m->crowded, (size_t)m->crowded_count * sizeof(*crowded));
	for (int i = 0; i < EXTSORT_PARTS; i++) {
		for (size_t k = 0; k < c->found[i].count; k++)
			crowded[m->crowded_count++] = c->found[i].keys[k];
		mem_free(c->found[i].keys);
		c->found[i].keys = NULL;
		c->found[i].count = 0;
	}
	m->crowded = crowded;
	qsort(crowded, (size_t)m->crowded_count, sizeof(*crowded), by_value);
	return OK;
}

/* Narrower keys may be crowded too: again, until none is. Only who stood under a key found crowded has new ones, and
 * nobody else stands under these. */
enum result count_crowded(struct match_model *m, const struct match_roll *roll, int threads, size_t memory,
                          const char *folder, struct error *e)
{
	struct crowding *c = mem_calloc(1, sizeof(*c));
	enum result r = OK;
	size_t more = 1;

	if (!c)
		return error_nomem(e);
	c->roll = roll;
	c->touched = mem_alloc((size_t)roll->count + 1);
	if (c->touched)
		memset(c->touched, 1, (size_t)roll->count);
	else
		r = error_nomem(e);
	for (int round = 0; round < CROWDED_ROUNDS && more && r == OK; round++) {
		r = extsort_new(sizeof(struct standing), 0, memory ? memory : SIZE_MAX, folder, &c->sort, e);
		if (r == OK)
			r = match_roll_each(roll, threads, keys_part, c, e);
		if (r == OK)
			r = match_parallel(threads, EXTSORT_PARTS, count_part, c, e);
		if (r == OK)
			r = crowded_add(m, c, &more, e);
		extsort_free(c->sort);
		c->sort = NULL;
	}
	for (int i = 0; i < EXTSORT_PARTS; i++)
		mem_free(c->found[i].keys);
	mem_free(c->touched);
	mem_free(c);
	return r;
}
