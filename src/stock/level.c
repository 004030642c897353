/* What is kept back, and when it is too little. */
#include "stock/room.h"

#define SCAN_MAX 500 /* levels looked at in one call */

/* Made or touched first: two who set the same safety stock come one after the other. */
DB_STMT(stock_level_safety, "iiii", "",
        "INSERT INTO stock_level (rkey, sku, location, low, safety) VALUES ($1, $2, $3, -1, $4) "
        "ON CONFLICT (rkey, sku, location) DO UPDATE SET safety = excluded.safety")
DB_STMT(stock_level_low, "iiii", "",
        "INSERT INTO stock_level (rkey, sku, location, low, safety) VALUES ($1, $2, $3, $4, 0) "
        "ON CONFLICT (rkey, sku, location) DO UPDATE SET low = excluded.low")

enum result safety_set(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                       struct error *e)
{
	int64_t there;
	TRY(place_check(tx, c->sku, c->location, e));
	TRY(qty_check(c->qty, 0, e));
	TRY(db_exec(tx, &stock_level_safety, NULL, e, DB_INT(id_bucket(c->sku)), DB_INT(c->sku), DB_INT(c->location),
	            DB_INT(c->qty)));
	TRY(ledger_balance(tx, BOOK_UNITS, c->sku, c->location, UNIT_SAFETY, &there, e));
	*out = (struct stock_outcome){ .qty = c->qty - there };
	if (!out->qty)
		return OK;
	struct ledger_move m =
	        out->qty > 0 ? unit_move(c->sku, c->location, UNIT_AVAILABLE, UNIT_SAFETY, out->qty, REASON_SAFETY)
	                     : unit_move(c->sku, c->location, UNIT_SAFETY, UNIT_AVAILABLE, -out->qty, REASON_SAFETY);
	return unit_post(tx, act, &m, 1, e);
}

enum result level_set(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                      struct error *e)
{
	(void)act;
	TRY(place_check(tx, c->sku, c->location, e));
	TRY(qty_check(c->qty, -1, e));
	*out = (struct stock_outcome){ .qty = c->qty };
	TRY(db_exec(tx, &stock_level_low, NULL, e, DB_INT(id_bucket(c->sku)), DB_INT(c->sku), DB_INT(c->location),
	            DB_INT(c->qty)));
	return feed_append_at(tx, FEED_STOCK, 0, c->sku, c->location, e);
}

DB_STMT(stock_level_page, "iiiii", "iii",
        "SELECT sku, location, low FROM stock_level WHERE (rkey, sku, location) > ($1, $2, $3) AND low >= 0 "
        "AND ($4 = 0 OR location = $4) ORDER BY rkey, sku, location LIMIT $5")

static enum result levels_load(struct db_tx *tx, int64_t location, int64_t after_sku, int64_t after_location,
                               struct stock_low *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_level_page, &r, e, DB_INT(after_sku ? (int64_t)id_bucket(after_sku) : -1),
	             DB_INT(after_sku), DB_INT(after_location), DB_INT(location), DB_INT(SCAN_MAX)));
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct stock_low){ .sku = db_int(r, 0), .location = db_int(r, 1), .level = db_int(r, 2) };
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

enum result stock_low_list(struct db_tx *tx, int64_t location, int64_t *after_sku, int64_t *after_location, int limit,
                           struct stock_low *out, int *count, bool *more, struct error *e)
{
	struct stock_low *levels = arena_array(db_tx_arena(tx), SCAN_MAX, sizeof(*levels));
	int found, n = 0, i;
	if (!levels)
		return error_nomem(e);
	TRY(levels_load(tx, location, *after_sku, *after_location, levels, &found, e));
	for (i = 0; i < found && n < limit; i++) {
		struct stock_low *l = &levels[i];
		TRY(ledger_balance(tx, BOOK_UNITS, l->sku, l->location, UNIT_AVAILABLE, &l->available, e));
		if (l->available > l->level)
			continue;
		struct stock_cell cell;
		TRY(stock_at(tx, l->sku, l->location, &cell, e));
		l->incoming = cell.incoming;
		out[n++] = *l;
	}
	if (i) {
		*after_sku = levels[i - 1].sku;
		*after_location = levels[i - 1].location;
	}
	*count = n;
	*more = i < found || found == SCAN_MAX;
	return OK;
}
