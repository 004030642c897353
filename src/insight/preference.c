/* Preferences: what was bought, joined with what the shop knows of the products now, decayed by recency at read. */
#include "insight/insight.h"

#include "base/clock.h"

#include <math.h>
#include <stdlib.h>

#define HALF_LIFE_US (540 * (double)DAY_US)
#define CANDIDATES_MAX 512

struct tally {
	struct preference p;
	double decayed;
};
struct tallies {
	struct tally *t;
	int count;
	int64_t as_of;
	struct arena *a;
};

/* Adds n units of one value; strings are copied when new. Beyond the limit rare values are left out. */
static enum result tally_add(struct tallies *all, const char *kind, const char *scope, const char *value, int64_t ref,
                             int64_t n, int64_t last_at, struct error *e)
{
	if (!value[0] || n == 0)
		return OK;
	struct tally *t = NULL;
	for (int i = 0; i < all->count && !t; i++)
		if (strcmp(all->t[i].p.kind, kind) == 0 && strcmp(all->t[i].p.value, value) == 0 &&
		    strcmp(all->t[i].p.scope, scope) == 0)
			t = &all->t[i];
	if (!t) {
		if (all->count == CANDIDATES_MAX)
			return OK;
		t = &all->t[all->count];
		*t = (struct tally){ .p = { .kind = kind,
			                    .scope = arena_strdup(all->a, scope),
			                    .value = arena_strdup(all->a, value),
			                    .ref = ref } };
		if (!t->p.scope || !t->p.value)
			return error_nomem(e);
		all->count++;
	}
	double age = (double)(all->as_of - last_at);
	t->p.n += n;
	t->decayed += (double)n * exp2(-(age > 0 ? age : 0) / HALF_LIFE_US);
	if (last_at > t->p.last_at)
		t->p.last_at = last_at;
	return OK;
}

struct bought {
	int64_t sku, n, last_at;
};
struct purchases {
	struct arena *a;
	struct bought *list;
	int count, cap;
};

static enum result purchases_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct purchases *p = arg;
	enum db_step step;
	(void)run;
	while ((step = db_next(rows, e)) == DB_ROW) {
		if (!arena_grow(p->a, &p->list, p->count, &p->cap, sizeof(*p->list)))
			return error_nomem(e);
		p->list[p->count++] = (struct bought){ db_int(rows, 0), db_int(rows, 1), db_int(rows, 2) };
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(bought_of, "ii", "iii", "SELECT sku, n, last_at FROM bought WHERE rkey = $1 AND record = $2 AND n > 0")
static enum result tally_products(struct db_tx *tx, const int64_t *records, int count, struct tallies *all,
                                  struct error *e)
{
	struct purchases p = { .a = db_tx_arena(tx) };
	TRY(db_each_id(tx, &bought_of, records, count, purchases_take, &p, e, DB_NONE));
	int64_t *skus = arena_array(p.a, (size_t)p.count + 1, sizeof(*skus));
	if (!skus)
		return error_nomem(e);
	for (int i = 0; i < p.count; i++)
		skus[i] = p.list[i].sku;
	TRY(skus_expect(tx, skus, p.count, e));
	for (int i = 0; i < p.count; i++) {
		const struct bought *b = &p.list[i];
		struct sku k;
		bool found = false;
		TRY(sku_get(tx, b->sku, &k, &found, e));
		if (!found)
			continue;
		TRY(tally_add(all, "size", k.category, k.size, 0, b->n, b->last_at, e));
		TRY(tally_add(all, "brand", "", k.brand, 0, b->n, b->last_at, e));
		TRY(tally_add(all, "category", "", k.subcategory[0] ? k.subcategory : k.category, 0, b->n, b->last_at,
		              e));
		TRY(tally_add(all, "colour", "", k.colour, 0, b->n, b->last_at, e));
	}
	return OK;
}

static enum result tally_places(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct tallies *all = arg;
	enum db_step step;
	(void)run;
	while ((step = db_next(rows, e)) == DB_ROW) {
		char store[ID_TEXT_BYTES] = "";
		int64_t id = db_int(rows, 0), n = db_int(rows, 2), at = db_int(rows, 3);
		if (id)
			id_format(store, ID_STORE, id);
		TRY(tally_add(all, "store", "", store, id, n, at, e));
		TRY(tally_add(all, "channel", "", channel_name((enum channel)db_int(rows, 1)), 0, n, at, e));
	}
	return step == DB_ERR ? e->result : OK;
}

/* By kind, scope, then the strongest; ties by value, so that the order is the same everywhere. */
static int tally_compare(const void *va, const void *vb)
{
	const struct tally *a = va, *b = vb;
	int c = strcmp(a->p.kind, b->p.kind);
	if (c == 0)
		c = strcmp(a->p.scope, b->p.scope);
	if (c == 0)
		c = (a->decayed < b->decayed) - (a->decayed > b->decayed);
	return c ? c : strcmp(a->p.value, b->p.value);
}

static bool same_group(const struct tally *a, const struct tally *b)
{
	return strcmp(a->p.kind, b->p.kind) == 0 && strcmp(a->p.scope, b->p.scope) == 0;
}

DB_STMT(served_at, "ii", "iiii",
        "SELECT store, channel, COUNT(*), MAX(at) FROM sale WHERE rkey = $1 AND record = $2 AND kind = 1 "
        "GROUP BY store, channel")
enum result preference_list(struct db_tx *tx, const int64_t *records, int record_count, int64_t as_of, int per_kind,
                            struct arena *a, struct preference *out, int limit, int *count, struct error *e)
{
	struct tallies all = { .as_of = as_of, .a = a };
	all.t = arena_array(a, CANDIDATES_MAX, sizeof(*all.t));
	if (!all.t)
		return error_nomem(e);
	TRY(tally_products(tx, records, record_count, &all, e));
	TRY(db_each_id(tx, &served_at, records, record_count, tally_places, &all, e, DB_NONE));
	qsort(all.t, (size_t)all.count, sizeof(*all.t), tally_compare);
	int n = 0;
	for (int i = 0, end; i < all.count; i = end) {
		int64_t of = 0;
		double decayed = 0;
		for (end = i; end < all.count && same_group(&all.t[i], &all.t[end]); end++) {
			of += all.t[end].p.n;
			decayed += all.t[end].decayed;
		}
		for (int k = i; k < end && k < i + per_kind && n < limit; k++) {
			out[n] = all.t[k].p;
			out[n].of = of;
			out[n].weight = decayed > 0 ? all.t[k].decayed / decayed : 0;
			n++;
		}
	}
	*count = n;
	return OK;
}
