/* What is open between us and a customer: of their commanded orders, in a few ways to the server. */
#include "orders/book.h"

struct open_list {
	struct arena *a;
	struct order_open *list;
	int count;
};

/* Newest first; ids are in order of time within a bucket only, so the time decides. */
static void open_add(struct open_list *all, const struct order_open *o)
{
	int i = all->count;
	if (i == ORDER_OPEN_MAX) {
		if (all->list[--i].placed_at >= o->placed_at)
			return;
	} else {
		all->count++;
	}
	for (; i && all->list[i - 1].placed_at < o->placed_at; i--)
		all->list[i] = all->list[i - 1];
	all->list[i] = *o;
}

static enum result heads_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct open_list *all = arg;
	enum db_step step;
	(void)run;
	while ((step = db_next(r, e)) == DB_ROW) {
		struct order_open o = { .order = db_int(r, 0),
			                .placed_at = db_int(r, 1),
			                .number = db_text_dup(r, 2, all->a),
			                .store = db_int(r, 3),
			                .state = (enum book_state)db_int(r, 5),
			                .unplaced = db_int(r, 6) };
		if (!o.number)
			return error_nomem(e);
		currency_find(db_text(r, 4), &o.currency);
		open_add(all, &o);
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result parts_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct open_list *all = arg;
	struct order_open *o = &all->list[run];
	enum db_step step;
	int cap = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(all->a, &o->parts, o->part_count, &cap, sizeof(*o->parts)))
			return error_nomem(e);
		o->parts[o->part_count++] = (struct book_part){ .n = (int)db_int(r, 0),
			                                        .line = (int)db_int(r, 1),
			                                        .location = db_int(r, 2),
			                                        .method = (enum order_method)db_int(r, 3),
			                                        .sku = db_int(r, 4),
			                                        .open = db_int(r, 5),
			                                        .picked = db_int(r, 6),
			                                        .ready = db_int(r, 7),
			                                        .shipped = db_int(r, 8),
			                                        .since = db_int(r, 9) };
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result quality_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct order_open *o = &((struct open_list *)arg)->list[run];
	enum db_step step = db_next(r, e);
	if (step == DB_ROW) {
		o->quality = db_int(r, 0);
		o->quality_at = db_int(r, 1);
	}
	return step == DB_ERR ? e->result : OK;
}

/* As the till reckons: what is on its way back is not owed again. */
static void money_take(struct open_list *all, const struct ledger_balance *b, int count)
{
	for (int i = 0; i < count; i++)
		for (int k = 0; k < all->count; k++) {
			struct order_open *o = &all->list[k];
			if (o->order != b[i].subject)
				continue;
			if (b[i].account == MONEY_RECEIVABLE)
				o->receivable += b[i].qty;
			else if (b[i].account == MONEY_PAYABLE || b[i].account == MONEY_REFUNDING)
				o->payable -= b[i].qty;
		}
}

DB_STMT(order_open_heads, "iiiii", "iitItii",
        "SELECT order_id, placed_at, number, store, currency, state, unplaced FROM order_book "
        "WHERE rkey = $1 AND record = $2 AND state <> $3 AND state <> $4 ORDER BY placed_at DESC LIMIT $5")
DB_STMT(order_open_parts, "ii", "iiiiiiiiii",
        "SELECT n, line, location, method, sku, open, picked, ready, shipped, since FROM order_part "
        "WHERE rkey = $1 AND order_id = $2 AND open + picked + ready + shipped > 0 ORDER BY n")
DB_STMT(order_open_quality, "ii", "iI",
        "SELECT CAST(COALESCE(SUM(uninspected), 0) AS BIGINT), MIN(at) FROM order_return "
        "WHERE rkey = $1 AND order_id = $2 AND uninspected > 0")

enum result order_open_list(struct db_tx *tx, const int64_t *records, int record_count, struct arena *a,
                            struct order_open *out, int *count, struct error *e)
{
	struct open_list all = { .a = a, .list = out };
	struct ledger_balance *balances;
	int64_t ids[ORDER_OPEN_MAX];
	int balance_count;
	*count = 0;
	TRY(db_each_id(tx, &order_open_heads, records, record_count, heads_take, &all, e, DB_INT(BOOK_DRAFT),
	               DB_INT(BOOK_CLOSED), DB_INT(ORDER_OPEN_MAX)));
	if (!all.count)
		return OK;
	for (int i = 0; i < all.count; i++)
		ids[i] = out[i].order;
	TRY(db_each_id(tx, &order_open_parts, ids, all.count, parts_take, &all, e, DB_NONE));
	TRY(db_each_id(tx, &order_open_quality, ids, all.count, quality_take, &all, e, DB_NONE));
	TRY(ledger_accounts_many(tx, BOOK_MONEY, ids, all.count, db_tx_arena(tx), &balances, &balance_count, e));
	money_take(&all, balances, balance_count);
	*count = all.count;
	return OK;
}
