/* How a location is run. */
#include "stock/room.h"

#define HOLD_US (48 * HOUR_US)

DB_STMT(stock_place_select, "i", "iiiI",
        "SELECT hold_us, return_to, elsewhere, since FROM stock_place WHERE location = $1")

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
		out->since = db_int(r, 3);
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

DB_STMT(stock_places_kept, "", "iiiii",
        "SELECT location, hold_us, return_to, elsewhere, since FROM stock_place WHERE since IS NOT NULL "
        "ORDER BY location")

enum result places_kept(struct db_tx *tx, struct arena *a, struct stock_place **out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	struct stock_place *list = NULL;
	enum db_step step;
	int n = 0, cap = 0;
	TRY(db_query(tx, &stock_places_kept, &r, e, DB_NONE));
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &list, n, &cap, sizeof(*list)))
			return error_nomem(e);
		list[n++] = (struct stock_place){ .location = db_int(r, 0),
			                          .hold_us = db_int(r, 1),
			                          .return_to = (enum unit_state)db_int(r, 2),
			                          .elsewhere = db_int(r, 3) != 0,
			                          .since = db_int(r, 4) };
	}
	if (step == DB_ERR)
		return e->result;
	*out = list;
	*count = n;
	return OK;
}

DB_STMT(stock_place_upsert, "iiiii", "",
        "INSERT INTO stock_place (location, hold_us, return_to, elsewhere, since) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (location) DO UPDATE SET hold_us = excluded.hold_us, return_to = excluded.return_to, "
        "elsewhere = excluded.elsewhere, since = COALESCE(stock_place.since, excluded.since)")

enum result place_set(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                      struct error *e)
{
	TRY(location_check(tx, c->location, "location", e));
	if (c->at < 0 || c->at > HOLD_LONGEST)
		return error_set(e, ERR_INVALID, "stock.until", "at", "a hold lasts at most %d days",
		                 (int)(HOLD_LONGEST / DAY_US));
	if (c->reason != UNIT_QUALITY && c->reason != UNIT_AVAILABLE)
		return error_set(e, ERR_INVALID, "stock.return_to", "reason", "quality or available");
	*out = (struct stock_outcome){ .id = c->location };
	return db_exec(tx, &stock_place_upsert, NULL, e, DB_INT(c->location), DB_INT(c->at ? c->at : HOLD_US),
	               DB_INT(c->reason), DB_INT(c->final), DB_INT(act->at));
}

enum result place_begin(struct db_tx *tx, const struct act *act, const struct stock_place *p, struct error *e)
{
	if (p->since)
		return OK;
	return db_exec(tx, &stock_place_upsert, NULL, e, DB_INT(p->location), DB_INT(p->hold_us), DB_INT(p->return_to),
	               DB_INT(p->elsewhere), DB_INT(act->at));
}

enum result kept_here(struct db_tx *tx, const struct act *act, int64_t location, struct error *e)
{
	struct stock_place p;
	TRY(place_get(tx, location, &p, e));
	if (p.elsewhere)
		return error_set(e, ERR_CONFLICT, "stock.elsewhere", "location",
		                 "another system keeps the stock of this location");
	return place_begin(tx, act, &p, e);
}
