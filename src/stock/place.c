/* How a location is run. */
#include "stock/room.h"

#define HOLD_US (48 * HOUR_US)

DB_STMT(stock_place_select, "i", "iii", "SELECT hold_us, return_to, elsewhere FROM stock_place WHERE location = $1")

enum result place_get(struct db_tx *tx, int64_t location, struct stock_place *out, struct error *e)
{
	return places_get(tx, &location, 1, out, e);
}

static enum result place_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct stock_place *out = (struct stock_place *)arg + run;
	enum db_step step = db_next(r, e);
	if (step == DB_ROW) {
		out->hold_us = db_int(r, 0);
		out->return_to = (enum unit_state)db_int(r, 1);
		out->elsewhere = db_int(r, 2) != 0;
		out->said = true;
	}
	return step == DB_ERR ? e->result : OK;
}

enum result places_get(struct db_tx *tx, const int64_t *locations, int count, struct stock_place *out, struct error *e)
{
	struct db_value *v = arena_array(db_tx_arena(tx), (size_t)count + 1, sizeof(*v));
	if (!v)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		v[i] = DB_INT(locations[i]);
		out[i] =
		        (struct stock_place){ .location = locations[i], .hold_us = HOLD_US, .return_to = UNIT_QUALITY };
	}
	return db_each(tx, &stock_place_select, v, count, place_take, out, e);
}

DB_STMT(stock_place_upsert, "iiii", "",
        "INSERT INTO stock_place (location, hold_us, return_to, elsewhere) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (location) DO UPDATE SET hold_us = excluded.hold_us, return_to = excluded.return_to, "
        "elsewhere = excluded.elsewhere")

enum result place_set(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                      struct error *e)
{
	(void)act;
	TRY(location_check(tx, c->location, "location", e));
	if (c->at < 0 || c->at > HOLD_LONGEST)
		return error_set(e, ERR_INVALID, "stock.until", "at", "a hold lasts at most %d days",
		                 (int)(HOLD_LONGEST / DAY_US));
	if (c->reason != UNIT_QUALITY && c->reason != UNIT_AVAILABLE)
		return error_set(e, ERR_INVALID, "stock.return_to", "reason", "quality or available");
	*out = (struct stock_outcome){ .id = c->location };
	return db_exec(tx, &stock_place_upsert, NULL, e, DB_INT(c->location), DB_INT(c->at ? c->at : HOLD_US),
	               DB_INT(c->reason), DB_INT(c->final));
}

enum result kept_here(struct db_tx *tx, int64_t location, struct error *e)
{
	struct stock_place p;
	TRY(place_get(tx, location, &p, e));
	if (p.elsewhere)
		return error_set(e, ERR_CONFLICT, "stock.elsewhere", "location",
		                 "another system keeps the stock of this location");
	return OK;
}
