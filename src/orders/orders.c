#include "orders/book.h"
#include <stdio.h>

#define CHECK_PAGE 500

struct check_page {
	room_finding_fn *finding;
	void *arg;
	int64_t rkey, id;
	int seen;
};

DB_STMT(order_check_page, "iii", "iiiiiiii",
        "SELECT o.rkey, o.id, o.record, o.net_minor, o.line_count, COUNT(l.line), "
        "CAST(COALESCE(SUM(l.net_minor), 0) AS BIGINT), o.state FROM "
        "(SELECT rkey, id, record, net_minor, line_count, state FROM orders WHERE (rkey, id) > ($1, $2) "
        "ORDER BY rkey, id LIMIT $3) o LEFT JOIN order_line l ON l.rkey = o.rkey AND l.order_id = o.id "
        "GROUP BY o.rkey, o.id, o.record, o.net_minor, o.line_count, o.state ORDER BY o.rkey, o.id")

static enum result check_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct check_page *c = arg;
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_check_page, &r, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(CHECK_PAGE)));
	enum db_step step;
	c->seen = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		char text[ID_TEXT_BYTES];
		c->rkey = db_int(r, 0);
		c->id = db_int(r, 1);
		c->seen++;
		id_format(text, ID_ORDER, c->id);
		int64_t record = db_int(r, 2);
		if (id_bucket(c->id) != c->rkey || (record && id_bucket(record) != c->rkey))
			c->finding(c->arg, "orders", "an order stands in its record's bucket", text);
		if (db_int(r, 7) == ORDER_SUPERSEDED)
			continue;
		if (db_int(r, 3) != db_int(r, 6))
			c->finding(c->arg, "orders", "an order's net is the sum of its lines", text);
		if (db_int(r, 4) != db_int(r, 5))
			c->finding(c->arg, "orders", "an order counts its lines", text);
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct check_page c = { .finding = finding, .arg = arg, .rkey = -1 };
	do
		TRY(db_read(db, check_page, &c, e));
	while (c.seen == CHECK_PAGE);
	TRY(shelf_check(db, finding, arg, e));
	return books_check(db, finding, arg, e);
}

#define EXPORT_PAGE 100

static enum result export_order(const struct order *o, struct json_writer *w)
{
	char text[MONEY_TEXT_BYTES];
	jw_object(w);
	jw_kcstr(w, "number", o->number);
	jw_kcstr(w, "source", o->source);
	jw_kcstr(w, "kind", o->kind == ORDER_RETURN ? "return" : "sale");
	jw_ktime(w, "placed_at", o->placed_at);
	jw_kcstr(w, "currency", currency_code(o->currency));
	money_format(text, money_of_minor(o->currency, o->total_minor));
	jw_kcstr(w, "total", text);
	jw_key(w, "lines");
	jw_array(w);
	for (int i = 0; i < o->line_count; i++) {
		const struct order_line *l = &o->lines[i];
		jw_object(w);
		jw_kcstr(w, "sku", l->sku_code);
		jw_kcstr(w, "title", l->title);
		jw_ki64(w, "qty", l->qty);
		money_format(text, money_of_minor(o->currency, l->net_minor));
		jw_kcstr(w, "net", text);
		jw_end_object(w);
	}
	jw_end_array(w);
	jw_end_object(w);
	return OK;
}

static enum result export_record(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	int64_t at = 0, id = 0;
	int n;
	jw_key(w, "orders");
	jw_array(w);
	do {
		ARENA_AUTO struct arena *a = arena_new(0);
		struct order *page = a ? arena_array(a, EXPORT_PAGE, sizeof(*page)) : NULL;
		if (!page)
			return error_nomem(e);
		TRY(order_page(tx, &record, 1, at, id, EXPORT_PAGE, true, a, page, &n, e));
		for (int i = 0; i < n; i++)
			TRY(export_order(&page[i], w));
		if (n) {
			at = page[n - 1].placed_at;
			id = page[n - 1].id;
		}
	} while (n == EXPORT_PAGE);
	jw_end_array(w);
	return OK;
}

DB_STMT(order_unname, "ii", "", "UPDATE orders SET record = 0 WHERE rkey = $1 AND record = $2")
DB_STMT(order_line_silence, "ii", "",
        "UPDATE order_line SET title = NULL WHERE rkey = $1 AND sku IS NOT NULL AND title IS NOT NULL AND order_id IN "
        "(SELECT id FROM orders WHERE rkey = $1 AND record = $2)")
DB_STMT(order_revision_silence, "ii", "",
        "UPDATE order_revision SET difference = '{}' WHERE rkey = $1 AND order_id IN "
        "(SELECT id FROM orders WHERE rkey = $1 AND record = $2)")

/* Invoices keep their amounts and SKUs, as nobody's; a line of no SKU keeps its title, which is all that says what it
 * was. */
static enum result erase_record(struct db_tx *tx, int64_t record, struct error *e)
{
	const struct db_value rkey = DB_INT(id_bucket(record)), id = DB_INT(record);
	TRY(db_exec(tx, &order_line_silence, NULL, e, rkey, id));
	TRY(db_exec(tx, &order_revision_silence, NULL, e, rkey, id));
	TRY(db_exec(tx, &order_unname, NULL, e, rkey, id));
	return books_erase(tx, record, e);
}

const struct room orders_room = {
	.name = "orders", .check = check, .export_record = export_record, .erase_record = erase_record
};
