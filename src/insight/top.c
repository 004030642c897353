/* Top customers by spend over any period, store and channel, with the full-price share. */
#include "base/map.h"
#include "insight/insight.h"

#include <stdlib.h>

#define MEMBERSHIP_PAGE 2000

struct totals {
	struct map slot_of; /* customer → index into rows */
	struct top_row *rows;
	size_t count, capacity;
	struct top_summary all;
};

static enum result totals_slot(struct totals *t, int64_t customer, struct top_row **out, struct error *e)
{
	int64_t at = 0;
	if (!map_get(&t->slot_of, customer, &at)) {
		if (t->count == t->capacity) {
			size_t capacity = t->capacity ? t->capacity * 2 : 1024;
			struct top_row *rows = mem_realloc(t->rows, capacity * sizeof(*rows));
			if (!rows)
				return error_nomem(e);
			t->rows = rows;
			t->capacity = capacity;
		}
		at = (int64_t)t->count;
		TRY(map_put(&t->slot_of, customer, at, e));
		t->rows[t->count++] = (struct top_row){ .customer = customer };
	}
	*out = &t->rows[at];
	return OK;
}

/* record → customer for every record that another one holds. */
static enum result memberships(struct db_tx *tx, struct map *held_by, struct error *e)
{
	struct membership *page = arena_array(db_tx_arena(tx), MEMBERSHIP_PAGE, sizeof(*page));
	if (!page)
		return error_nomem(e);
	int count = 0;
	int64_t after = 0;
	do {
		TRY(membership_scan(tx, after, MEMBERSHIP_PAGE, page, &count, e));
		for (int i = 0; i < count; i++)
			TRY(map_put(held_by, page[i].record, page[i].customer, e));
		if (count)
			after = page[count - 1].record;
	} while (count == MEMBERSHIP_PAGE);
	return OK;
}

struct amounts {
	int64_t net, full, units, orders, last_at;
};

static enum result totals_add(struct totals *t, const struct map *held_by, int64_t record, const struct amounts *m,
                              struct error *e)
{
	t->all.net_minor += m->net;
	t->all.full_minor += m->full;
	if (record == 0) {
		t->all.anonymous_minor += m->net;
		return OK;
	}
	int64_t customer = record;
	map_get(held_by, record, &customer);
	struct top_row *row = NULL;
	TRY(totals_slot(t, customer, &row, e));
	row->net_minor += m->net;
	row->full_minor += m->full;
	row->units += m->units;
	row->orders += m->orders;
	if (m->last_at > row->last_at)
		row->last_at = m->last_at;
	return OK;
}

DB_STMT(sale_by_record, "tiiii", "iiiiii",
        "SELECT record, CAST(SUM(CASE WHEN kind = 1 THEN net_minor ELSE -net_minor END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN full_minor ELSE -full_minor END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN units ELSE -units END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN 1 ELSE 0 END) AS BIGINT), MAX(CASE WHEN kind = 1 THEN at ELSE 0 END) "
        "FROM sale WHERE currency = $1 AND day >= $2 AND day <= $3 AND ($4 = 0 OR store = $4) "
        "AND ($5 = 0 OR channel = $5) GROUP BY record")

static enum result sum_own_currency(struct db_tx *tx, const struct top_query *q, const struct map *held_by,
                                    struct totals *t, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &sale_by_record, &rows, e, DB_CSTR(currency_code(q->currency)), DB_INT(q->from_day),
	             DB_INT(q->to_day), DB_INT(q->store), DB_INT(q->channel)));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct amounts m = { db_int(rows, 1), db_int(rows, 2), db_int(rows, 3), db_int(rows, 4),
			             db_int(rows, 5) };
		TRY(totals_add(t, held_by, db_int(rows, 0), &m, e));
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(sale_other_currencies, "tiiii", "tiiiiiii",
        "SELECT currency, day, record, kind, net_minor, full_minor, units, at FROM sale WHERE currency <> $1 "
        "AND day >= $2 AND day <= $3 AND ($4 = 0 OR store = $4) AND ($5 = 0 OR channel = $5)")

static enum result sum_other_currencies(struct db_tx *tx, const struct top_query *q, const struct map *held_by,
                                        struct totals *t, struct error *e)
{
	struct rate_book *book = NULL;
	TRY(rate_book_new(tx, &book, e));
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &sale_other_currencies, &rows, e, DB_CSTR(currency_code(q->currency)), DB_INT(q->from_day),
	             DB_INT(q->to_day), DB_INT(q->store), DB_INT(q->channel)));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int16_t currency = 0;
		bool known = false;
		struct money net, full;
		if (!currency_find(db_text(rows, 0), &currency))
			return error_set(e, ERR_CORRUPT, "sale.currency", NULL, "A stored currency is unknown");
		int64_t day = db_int(rows, 1), sign = db_int(rows, 3) == ORDER_SALE ? 1 : -1;
		TRY(rate_convert(book, money_of_minor(currency, db_int(rows, 4)), q->currency, day, &net, &known, e));
		if (known)
			TRY(rate_convert(book, money_of_minor(currency, db_int(rows, 5)), q->currency, day, &full,
			                 &known, e));
		if (!known) {
			t->all.unconverted_orders++;
			continue;
		}
		struct amounts m = { sign * money_minor(net), sign * money_minor(full), sign * db_int(rows, 6),
			             sign > 0, sign > 0 ? db_int(rows, 7) : 0 };
		TRY(totals_add(t, held_by, db_int(rows, 2), &m, e));
	}
	return step == DB_ERR ? e->result : OK;
}

static int row_compare(const void *va, const void *vb)
{
	const struct top_row *a = va, *b = vb;
	if (a->net_minor != b->net_minor)
		return a->net_minor > b->net_minor ? -1 : 1;
	return (a->customer > b->customer) - (a->customer < b->customer);
}

enum result top_customers(struct db_tx *tx, const struct top_query *q, struct top_row *out, int *count,
                          struct top_summary *all, struct error *e)
{
	struct totals t = { 0 };
	struct map held_by;
	map_init(&held_by);
	map_init(&t.slot_of);
	enum result r = memberships(tx, &held_by, e);
	if (r == OK)
		r = sum_own_currency(tx, q, &held_by, &t, e);
	if (r == OK)
		r = sum_other_currencies(tx, q, &held_by, &t, e);
	if (r == OK) {
		if (t.count)
			qsort(t.rows, t.count, sizeof(*t.rows), row_compare);
		t.all.customers = (int64_t)t.count;
		*count = t.count < (size_t)q->limit ? (int)t.count : q->limit;
		if (*count)
			memcpy(out, t.rows, (size_t)*count * sizeof(*out));
		*all = t.all;
	}
	mem_free(t.rows);
	map_free(&t.slot_of);
	map_free(&held_by);
	return r;
}
