/* What suppliers will deliver, and what they did. */
#include "stock/room.h"

DB_STMT(stock_expected_select, "ii", "iiiiii",
        "SELECT sku, location, qty, received, due_at, state FROM stock_expected WHERE rkey = $1 AND id = $2")

enum result expected_get(struct db_tx *tx, int64_t id, struct stock_expected *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &stock_expected_select, &r, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "stock.not_found", "delivery", "no such delivery");
	*out = (struct stock_expected){ .id = id,
		                        .sku = db_int(r, 0),
		                        .location = db_int(r, 1),
		                        .qty = db_int(r, 2),
		                        .received = db_int(r, 3),
		                        .due_at = db_int(r, 4),
		                        .state = (enum expect_state)db_int(r, 5) };
	return OK;
}

/* As hold_lock(). */
DB_STMT(stock_expected_touch, "ii", "", "UPDATE stock_expected SET qty = qty WHERE rkey = $1 AND id = $2")
DB_STMT(stock_expected_update, "iiii", "",
        "UPDATE stock_expected SET received = $3, state = $4 WHERE rkey = $1 AND id = $2")

static enum result expected_lock(struct db_tx *tx, int64_t id, struct stock_expected *out, struct error *e)
{
	TRY(db_exec(tx, &stock_expected_touch, NULL, e, DB_INT(id_bucket(id)), DB_INT(id)));
	return expected_get(tx, id, out, e);
}

static enum result expected_write(struct db_tx *tx, const struct stock_expected *x, struct error *e)
{
	return db_exec(tx, &stock_expected_update, NULL, e, DB_INT(id_bucket(x->id)), DB_INT(x->id),
	               DB_INT(x->received), DB_INT(x->state));
}

DB_STMT(stock_expected_insert, "iiiiii", "",
        "INSERT INTO stock_expected (rkey, id, sku, location, qty, received, due_at, state) "
        "VALUES ($1, $2, $3, $4, $5, 0, $6, 1)")

enum result expected_add(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                         struct error *e)
{
	(void)act;
	int64_t id = id_new(id_bucket(c->sku));
	TRY(place_check(tx, c->sku, c->location, e));
	TRY(qty_check(c->qty, 1, e));
	TRY(db_exec(tx, &stock_expected_insert, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(c->sku),
	            DB_INT(c->location), DB_INT(c->qty), DB_INT(c->at)));
	*out = (struct stock_outcome){ .id = id, .qty = c->qty, .state = EXPECT_OPEN };
	return feed_append_at(tx, FEED_STOCK, 0, c->sku, c->location, e);
}

enum result expected_cancel(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                            struct error *e)
{
	(void)act;
	struct stock_expected x;
	int64_t next;
	TRY(expected_lock(tx, c->id, &x, e));
	TRY(state_next(THING_EXPECTED, x.state, EVENT_CANCEL, &next, e));
	x.state = (enum expect_state)next;
	TRY(expected_write(tx, &x, e));
	*out = (struct stock_outcome){ .id = x.id, .qty = x.qty - x.received, .state = next };
	return feed_append_at(tx, FEED_STOCK, 0, x.sku, x.location, e);
}

enum result deliver(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                    struct error *e)
{
	struct stock_expected x = { .sku = c->sku, .location = c->location };
	int64_t next = EXPECT_CLOSED;
	/* "no more will come" may be said of nothing */
	TRY(qty_check(c->qty, c->id && c->final ? 0 : 1, e));
	if (c->id) {
		TRY(expected_lock(tx, c->id, &x, e));
		TRY(state_next(THING_EXPECTED, x.state, EVENT_RECEIVE, &next, e));
		if (c->final || x.received + c->qty >= x.qty)
			TRY(state_next(THING_EXPECTED, x.state, EVENT_CLOSE, &next, e));
		x.received += c->qty;
		x.state = (enum expect_state)next;
		TRY(expected_write(tx, &x, e));
	} else {
		TRY(place_check(tx, c->sku, c->location, e));
	}
	TRY(kept_here(tx, act, x.location, e));
	struct ledger_move m = unit_move(x.sku, x.location, UNIT_SUPPLIER, UNIT_AVAILABLE, c->qty, REASON_DELIVERY);
	*out = (struct stock_outcome){ .id = c->id, .qty = c->qty, .state = next };
	if (!c->qty)
		return feed_append_at(tx, FEED_STOCK, 0, x.sku, x.location, e);
	return unit_post(tx, act, &m, 1, e);
}

DB_STMT(stock_expected_page, "iii", "iiiii",
        "SELECT id, location, qty, received, due_at FROM stock_expected WHERE rkey = $1 AND sku = $2 AND state = 1 "
        "ORDER BY due_at, id LIMIT $3")

enum result expected_list(struct db_tx *tx, int64_t sku, int limit, struct stock_expected *out, int *count,
                          struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_expected_page, &r, e, DB_INT(id_bucket(sku)), DB_INT(sku), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct stock_expected){ .id = db_int(r, 0),
			                            .sku = sku,
			                            .location = db_int(r, 1),
			                            .qty = db_int(r, 2),
			                            .received = db_int(r, 3),
			                            .due_at = db_int(r, 4),
			                            .state = EXPECT_OPEN };
	*count = n;
	return step == DB_ERR ? e->result : OK;
}
