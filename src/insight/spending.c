/* What a person spent, and where and by whom they are most often served: from the view `sale`. */
#include "insight/insight.h"

#include <stdlib.h>

#define CURRENCIES_MAX 16
#define PLACES_MAX 256

/* A store or an associate: how often, when last. */
struct place {
	int64_t id, n, last_at;
};

struct places {
	struct place *list;
	int count, cap;
};

static void place_best(const struct places *all, int64_t *id, int64_t *n)
{
	const struct place *p = all->list, *best = NULL;
	for (int i = 0; i < all->count; i++)
		if (!best || p[i].n > best->n || (p[i].n == best->n && p[i].last_at > best->last_at) ||
		    (p[i].n == best->n && p[i].last_at == best->last_at && p[i].id < best->id))
			best = &p[i];
	if (best) {
		*id = best->id;
		*n = best->n;
	}
}

static bool place_add(struct arena *a, struct places *p, int64_t id, int64_t n, int64_t last_at)
{
	int i = 0;
	while (i < p->count && p->list[i].id != id)
		i++;
	if (id == 0 || i == PLACES_MAX)
		return true;
	if (i == p->count) {
		if (!arena_grow(a, &p->list, p->count, &p->cap, sizeof(*p->list)))
			return false;
		p->list[p->count++] = (struct place){ .id = id };
	}
	p->list[i].n += n;
	if (last_at > p->list[i].last_at)
		p->list[i].last_at = last_at;
	return true;
}

struct sums {
	struct arena *a;
	struct spending by[CURRENCIES_MAX];
	struct places stores, associates;
	int count;
};

static struct spending *sums_currency(struct sums *all, int16_t currency)
{
	for (int i = 0; i < all->count; i++)
		if (all->by[i].currency == currency)
			return &all->by[i];
	if (all->count == CURRENCIES_MAX)
		return NULL;
	all->by[all->count] = (struct spending){ .currency = currency, .first_at = INT64_MAX };
	return &all->by[all->count++];
}

static enum result sums_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct sums *all = arg;
	enum db_step step;
	(void)run;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t orders = db_int(rows, 3), last_at = db_int(rows, 9);
		int16_t currency = 0;
		if (!currency_find(db_text(rows, 0), &currency))
			return error_set(e, ERR_CORRUPT, "sale.currency", NULL, "A stored currency is unknown");
		if (orders && (!place_add(all->a, &all->stores, db_int(rows, 1), orders, last_at) ||
		               !place_add(all->a, &all->associates, db_int(rows, 2), orders, last_at)))
			return error_nomem(e);
		struct spending *s = sums_currency(all, currency);
		if (!s)
			continue;
		s->orders += orders;
		s->returns += db_int(rows, 4);
		s->units += db_int(rows, 5);
		s->net_minor += db_int(rows, 6) - db_int(rows, 7);
		s->returned_minor += db_int(rows, 7);
		s->full_minor += db_int(rows, 8);
		if (orders && db_int(rows, 10) < s->first_at)
			s->first_at = db_int(rows, 10);
		if (last_at > s->last_at)
			s->last_at = last_at;
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(spending_sums, "ii", "tiiiiiiiiii",
        "SELECT currency, store, associate, "
        "CAST(SUM(CASE WHEN kind = 1 THEN 1 ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 2 THEN 1 ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN units ELSE -units END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN net_minor ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 2 THEN net_minor ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN full_minor ELSE -full_minor END) AS BIGINT), "
        "MAX(CASE WHEN kind = 1 THEN at ELSE 0 END), "
        "MIN(CASE WHEN kind = 1 THEN at ELSE 9223372036854775807 END) "
        "FROM sale WHERE rkey = $1 AND record = $2 GROUP BY currency, store, associate")
enum result spending_of(struct db_tx *tx, const int64_t *records, int record_count, struct spending *out,
                        struct error *e)
{
	struct sums *all = arena_alloc(db_tx_arena(tx), sizeof(*all));
	struct spending s = { 0 };
	if (!all)
		return error_nomem(e);
	all->a = db_tx_arena(tx);
	TRY(db_each_id(tx, &spending_sums, records, record_count, sums_take, all, e, DB_NONE));
	for (int i = 0; i < all->count; i++)
		if (i == 0 || all->by[i].orders > s.orders ||
		    (all->by[i].orders == s.orders &&
		     strcmp(currency_code(all->by[i].currency), currency_code(s.currency)) < 0))
			s = all->by[i];
	s.other_currencies = all->count > 1 ? all->count - 1 : 0;
	if (s.orders == 0)
		s.first_at = 0;
	place_best(&all->stores, &s.store, &s.store_n);
	place_best(&all->associates, &s.associate, &s.associate_n);
	*out = s;
	return OK;
}

static enum result recent_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	int64_t *sum = arg;
	enum db_step step = db_next(rows, e);
	(void)run;
	*sum += step == DB_ROW ? db_int(rows, 0) : 0;
	return step == DB_ERR ? e->result : OK;
}

/* The concatenation keeps SQLite from the index of days, by which it would read everybody's sales in that currency. */
DB_STMT(spending_recent, "iiti", "i",
        "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 1 THEN net_minor ELSE -net_minor END), 0) AS BIGINT) "
        "FROM sale WHERE rkey = $1 AND record = $2 AND currency || '' = $3 AND at >= $4")
enum result spending_since(struct db_tx *tx, const int64_t *records, int record_count, int16_t currency, int64_t since,
                           int64_t *net_minor, struct error *e)
{
	int64_t sum = 0;
	TRY(db_each_id(tx, &spending_recent, records, record_count, recent_take, &sum, e,
	               DB_CSTR(currency_code(currency)), DB_INT(since)));
	*net_minor = sum;
	return OK;
}

enum result insight_standing(struct db_tx *tx, const int64_t *records, int count, struct search_standing *out,
                             struct error *e)
{
	struct spending s;
	TRY(spending_of(tx, records, count, &s, e));
	*out = (struct search_standing){
		.store = s.store, .associate = s.associate, .last_at = s.last_at, .spend_minor = s.net_minor
	};
	return OK;
}
