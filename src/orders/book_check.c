/* Invariants of commanded orders, read and checked. */
#include "orders/book.h"
#include "orders/invariant.h"
#include <stdio.h>

struct verdict {
	int bad;
	char *detail;
	size_t size;
	char order[ID_TEXT_BYTES];
};

static void note(void *arg, int number, int line, const char *what)
{
	struct verdict *v = arg;
	if (!v->bad++)
		snprintf(v->detail, v->size, "(%d) %s: %s, line %d", number, v->order, what, line);
}

enum result order_check_book(struct db_tx *tx, int64_t order, int *bad, char detail[256], struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct order_book b;
	struct verdict v = { .detail = detail, .size = 256 };
	int money;
	if (!a)
		return error_nomem(e);
	detail[0] = 0;
	id_format(v.order, ID_ORDER, order);
	TRY(book_get(tx, order, a, &b, e));
	struct line_units *units = arena_array(a, (size_t)b.line_count + 1, sizeof(*units));
	if (!units)
		return error_nomem(e);
	for (int i = 0; i < b.line_count; i++) {
		struct ledger_balance *nets;
		TRY(ledger_line_net(tx, BOOK_UNITS, b.lines[i].sku, order, b.lines[i].line, a, &nets, &units[i].count,
		                    e));
		units[i].nets = nets;
	}
	TRY(ledger_check_subject(tx, BOOK_MONEY, order, &money, detail, e));
	v.bad = money;
	order_invariants(&b, units, note, &v);
	*bad = v.bad;
	return OK;
}

/* ---- The room's check ------------------------------------------------------------------------------------------- */

#define BOOK_PAGE 50

struct page {
	room_finding_fn *finding;
	void *arg;
	int64_t rkey, order;
	int seen;
};

DB_STMT(order_book_page, "iii", "iiii",
        "SELECT b.rkey, b.order_id, b.state, (SELECT COUNT(*) FROM order_event v WHERE v.rkey = b.rkey AND "
        "v.order_id = b.order_id) - b.events FROM order_book b WHERE (b.rkey, b.order_id) > ($1, $2) "
        "ORDER BY b.rkey, b.order_id LIMIT $3")

static enum result check_one(struct db_tx *tx, struct page *p, int64_t order, bool gaps, struct error *e)
{
	char detail[256];
	int bad;
	TRY(order_check_book(tx, order, &bad, detail, e));
	if (bad)
		p->finding(p->arg, "orders", "a commanded order's books", detail);
	id_format(detail, ID_ORDER, order);
	if (gaps)
		p->finding(p->arg, "orders", "(7) an order's trail has as many events as were counted", detail);
	return OK;
}

static enum result check_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct page *p = arg;
	int64_t orders[BOOK_PAGE], rkey = p->rkey;
	bool gaps[BOOK_PAGE];
	int n = 0;
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query(tx, &order_book_page, &r, e, DB_INT(p->rkey), DB_INT(p->order), DB_INT(BOOK_PAGE)));
		enum db_step step;
		while ((step = db_next(r, e)) == DB_ROW) {
			rkey = db_int(r, 0);
			orders[n] = db_int(r, 1);
			gaps[n++] = db_int(r, 3) != 0;
		}
		if (step == DB_ERR)
			return e->result;
	}
	for (int i = 0; i < n; i++)
		TRY(check_one(tx, p, orders[i], gaps[i], e));
	p->seen = n;
	if (n) {
		p->rkey = rkey;
		p->order = orders[n - 1];
	}
	return OK;
}

enum result books_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct page p = { .finding = finding, .arg = arg, .rkey = -1 };
	do
		TRY(db_read(db, check_page, &p, e));
	while (p.seen == BOOK_PAGE);
	return OK;
}

/* The trail keeps what was done; what people wrote beside it goes: words, a payment's reference, a title of their own.
 */
DB_STMT(order_event_silence, "ii", "",
        "UPDATE order_event SET detail = '{}' WHERE rkey = $1 AND order_id IN "
        "(SELECT order_id FROM order_book WHERE rkey = $1 AND record = $2)")
DB_STMT(order_payment_silence, "ii", "",
        "UPDATE order_payment SET reference = NULL WHERE rkey = $1 AND order_id IN "
        "(SELECT order_id FROM order_book WHERE rkey = $1 AND record = $2)")
DB_STMT(order_item_silence, "ii", "",
        "UPDATE order_item SET title = NULL WHERE rkey = $1 AND order_id IN "
        "(SELECT order_id FROM order_book WHERE rkey = $1 AND record = $2)")
DB_STMT(order_book_unname, "ii", "", "UPDATE order_book SET record = NULL WHERE rkey = $1 AND record = $2")

enum result books_erase(struct db_tx *tx, int64_t record, struct error *e)
{
	const struct db_value rkey = DB_INT(id_bucket(record)), id = DB_INT(record);
	TRY(db_exec(tx, &order_event_silence, NULL, e, rkey, id));
	TRY(db_exec(tx, &order_payment_silence, NULL, e, rkey, id));
	TRY(db_exec(tx, &order_item_silence, NULL, e, rkey, id));
	return db_exec(tx, &order_book_unname, NULL, e, rkey, id);
}
