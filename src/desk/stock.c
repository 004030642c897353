/* What is where: the grid and the trail of its cells, what is low, what is to come. Nothing personal. */
#include "desk/stock.h"
#include "desk/shape.h"

#include "base/cursor.h"
#include "stock/stock.h"

#include <stdlib.h>

/* ---- The grid ---------------------------------------------------------------------------------------------------- */

struct grid_place {
	struct store store;
	double km; /* negative: unknown */
	int64_t moved_at;
};

struct grid {
	const struct stock_look *look;
	struct sku *skus;
	int sku_count;
	bool more; /* the product has further SKUs */
	struct stock_cell *cells;
	int cell_count;
	struct grid_place *places;
	int place_count;
	struct store near;
};

static enum result store_known(struct shape *s, int64_t id, const char *field, struct store *out, struct error *e)
{
	bool found = false;
	TRY(store_get(s->tx, id, out, &found, e));
	return found ? OK : error_set(e, ERR_NOT_FOUND, "store.unknown", field, "There is no such store");
}

static enum result sku_known(struct shape *s, int64_t id, struct sku *out, struct error *e)
{
	bool found = false;
	TRY(sku_get(s->tx, id, out, &found, e));
	return found ? OK : error_set(e, ERR_NOT_FOUND, "sku.unknown", "sku", "There is no such SKU");
}

static enum result grid_product(struct shape *s, struct grid *g, struct error *e)
{
	struct product p;
	bool found;
	TRY(product_get(s->tx, g->look->product, &p, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "product.unknown", "product", "There is no such product");
	TRY(product_skus(s->tx, p.id, PRODUCT_SKUS_MAX, s->a, &g->skus, &g->sku_count, e));
	g->more = g->sku_count > GRID_SKUS_MAX;
	g->sku_count = g->more ? GRID_SKUS_MAX : g->sku_count;
	return OK;
}

/* As they were named, each once. */
static enum result grid_listed(struct shape *s, struct grid *g, struct error *e)
{
	const struct stock_look *look = g->look;
	int64_t *ids = arena_array(s->a, (size_t)look->sku_count + 1, sizeof(*ids));
	g->skus = arena_array(s->a, (size_t)look->sku_count + 1, sizeof(*g->skus));
	if (!ids || !g->skus)
		return error_nomem(e);
	memcpy(ids, look->skus, (size_t)look->sku_count * sizeof(*ids));
	TRY(skus_expect(s->tx, ids, look->sku_count, e));
	for (int i = 0; i < look->sku_count; i++) {
		bool named = false;
		for (int k = 0; k < i && !named; k++)
			named = look->skus[k] == look->skus[i];
		if (!named)
			TRY(sku_known(s, look->skus[i], &g->skus[g->sku_count++], e));
	}
	return OK;
}

static enum result grid_skus(struct shape *s, struct grid *g, struct error *e)
{
	if (g->look->sku_count > GRID_SKUS_MAX)
		return error_set(e, ERR_TOO_LARGE, "stock.grid", "sku", "At most %d SKUs", GRID_SKUS_MAX);
	return g->look->product ? grid_product(s, g, e) : grid_listed(s, g, e);
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Nearest first, who stands nowhere after them, warehouses last; without a place to measure from by name. */
static int by_nearness(const void *va, const void *vb)
{
	const struct grid_place *a = va, *b = vb;
	bool last_a = a->store.kind == STORE_WAREHOUSE, last_b = b->store.kind == STORE_WAREHOUSE;
	if (last_a != last_b)
		return last_a ? 1 : -1;
	if ((a->km < 0) != (b->km < 0))
		return a->km < 0 ? 1 : -1;
	if (a->km != b->km)
		return a->km < b->km ? -1 : 1;
	int by = strcmp(a->store.name, b->store.name);
	return by ? by : strcmp(a->store.code, b->store.code);
}

/* Every place of a cell, what was asked for and where one stands; each once. */
static enum result place_ids(struct shape *s, const struct grid *g, int64_t **out, int *count, struct error *e)
{
	const struct stock_look *look = g->look;
	int64_t *ids = arena_array(s->a, (size_t)g->cell_count + (size_t)look->place_count + 2, sizeof(*ids));
	int n = 0, kept = 0;
	if (!ids)
		return error_nomem(e);
	for (int i = 0; i < g->cell_count; i++)
		ids[n++] = g->cells[i].location;
	for (int i = 0; i < look->place_count; i++)
		ids[n++] = look->places[i];
	if (look->near)
		ids[n++] = look->near;
	qsort(ids, (size_t)n, sizeof(*ids), by_id);
	for (int i = 0; i < n; i++)
		if (!kept || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	*out = ids;
	*count = kept;
	return OK;
}

static enum result grid_places(struct shape *s, struct grid *g, struct error *e)
{
	int64_t *ids = NULL;
	TRY(place_ids(s, g, &ids, &g->place_count, e));
	g->places = arena_array(s->a, (size_t)g->place_count + 1, sizeof(*g->places));
	if (!g->places)
		return error_nomem(e);
	TRY(stores_expect(s->tx, ids, g->place_count, e));
	if (g->look->near)
		TRY(store_known(s, g->look->near, "near", &g->near, e));
	for (int i = 0; i < g->place_count; i++) {
		struct grid_place *p = &g->places[i];
		TRY(store_known(s, ids[i], "location", &p->store, e));
		p->km = g->look->near == ids[i] ? 0 : store_km(&g->near, &p->store);
	}
	/* still by id */
	for (int i = 0; i < g->cell_count; i++) {
		const int64_t *at = bsearch(&g->cells[i].location, ids, (size_t)g->place_count, sizeof(*ids), by_id);
		struct grid_place *p = &g->places[at - ids];
		if (p->moved_at < g->cells[i].moved_at)
			p->moved_at = g->cells[i].moved_at;
	}
	qsort(g->places, (size_t)g->place_count, sizeof(*g->places), by_nearness);
	return OK;
}

static const char *store_kind_text(enum store_kind kind)
{
	static const char *const kinds[] = { "shop", "web", "call_centre", "warehouse" };
	return kinds[kind];
}

static void place_write(struct shape *s, const struct grid_place *p)
{
	jw_object(s->w);
	jw_kid(s->w, "id", ID_STORE, p->store.id);
	jw_kcstr(s->w, "name", p->store.name[0] ? p->store.name : p->store.code);
	jw_kcstr(s->w, "kind", store_kind_text(p->store.kind));
	shape_km(s, "km", p->km);
	shape_time_or_null(s, "updated_at", p->moved_at);
	jw_end_object(s->w);
}

static void cell_write(struct shape *s, const struct stock_cell *c)
{
	jw_object(s->w);
	jw_kid(s->w, "sku", ID_SKU, c->sku);
	jw_kid(s->w, "location", ID_STORE, c->location);
	for (int i = UNIT_AVAILABLE; i < UNIT_STATES; i++)
		jw_ki64(s->w, unit_state_name(i), c->qty[i]);
	jw_ki64(s->w, "incoming", c->incoming);
	shape_time_or_null(s, "incoming_at", c->incoming_at);
	jw_kbool(s->w, "low", stock_cell_low(c));
	jw_key(s->w, "level");
	if (c->level < 0)
		jw_null(s->w);
	else
		jw_i64(s->w, c->level);
	jw_end_object(s->w);
}

static void cells_write(void *arg, const struct stock_cell *cells, int count)
{
	struct shape *s = arg;
	for (int i = 0; i < count; i++)
		if (!stock_cell_empty(&cells[i]) || stock_cell_low(&cells[i]))
			cell_write(s, &cells[i]);
}

/* Written while the next SKU's are read. */
static enum result grid_cells(struct shape *s, struct grid *g, struct error *e)
{
	int64_t *ids = arena_array(s->a, (size_t)g->sku_count + 1, sizeof(*ids));
	if (!ids)
		return error_nomem(e);
	for (int i = 0; i < g->sku_count; i++)
		ids[i] = g->skus[i].id;
	jw_key(s->w, "cells");
	jw_array(s->w);
	TRY(stock_grid_all(s->tx, ids, g->sku_count, g->look->places, g->look->place_count, s->a, cells_write, s,
	                   &g->cells, &g->cell_count, e));
	jw_end_array(s->w);
	if (g->cell_count > GRID_CELLS_MAX)
		return error_set(e, ERR_TOO_LARGE, "stock.grid", "location", "Name locations or fewer SKUs");
	return OK;
}

static enum result grid_write(struct shape *s, void *arg, struct error *e)
{
	struct grid g = { .look = arg };
	TRY(grid_skus(s, &g, e));
	jw_object(s->w);
	jw_ktime(s->w, "as_of", s->now);
	jw_kbool(s->w, "more", g.more);
	jw_key(s->w, "skus");
	jw_array(s->w);
	for (int i = 0; i < g.sku_count; i++)
		shape_sku_of(s, NULL, &g.skus[i]);
	jw_end_array(s->w);
	TRY(grid_cells(s, &g, e));
	TRY(grid_places(s, &g, e));
	jw_key(s->w, "places");
	jw_array(s->w);
	for (int i = 0; i < g.place_count; i++)
		place_write(s, &g.places[i]);
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

enum result desk_grid(const struct desk *d, const struct principal *p, const struct stock_look *look,
                      struct json_writer *w, struct error *e)
{
	struct stock_look copy = *look;
	return shape_answer(d, p, grid_write, &copy, NULL, w, e);
}

/* ---- The trail --------------------------------------------------------------------------------------------------- */

struct trail_ask {
	int64_t sku, location, act, n;
	int limit;
	/* who did the last ones: mostly the same few */
	struct {
		int64_t user, associate;
		const char *name;
	} who[8];
	int who_next;
};

static enum result who_name(struct shape *s, struct trail_ask *ask, int64_t user, int64_t associate, const char **name,
                            struct error *e)
{
	*name = NULL;
	if (!user && !associate)
		return OK;
	for (size_t i = 0; i < sizeof(ask->who) / sizeof(*ask->who); i++)
		if (ask->who[i].name && ask->who[i].user == user && ask->who[i].associate == associate) {
			*name = ask->who[i].name;
			return OK;
		}
	struct user by;
	struct associate at;
	bool found = false;
	enum result r = user ? user_get(s->tx, user, &by, e) : ERR_NOT_FOUND;
	if (r == OK) {
		*name = arena_strdup(s->a, by.name);
	} else if (r == ERR_NOT_FOUND) {
		if (associate)
			TRY(associate_get(s->tx, associate, &at, &found, e));
		*name = arena_strdup(s->a, !found ? "" : at.name[0] ? at.name : at.code);
	} else {
		return r;
	}
	if (!*name)
		return error_nomem(e);
	ask->who[ask->who_next].user = user;
	ask->who[ask->who_next].associate = associate;
	ask->who[ask->who_next].name = *name;
	ask->who_next = (ask->who_next + 1) % (int)(sizeof(ask->who) / sizeof(*ask->who));
	return OK;
}

static enum result side_write(struct shape *s, const char *key, int state, int64_t location, struct error *e)
{
	jw_key(s->w, key);
	jw_object(s->w);
	jw_kcstr(s->w, "state", unit_state_name(state));
	TRY(shape_store(s, "location", location, e));
	jw_end_object(s->w);
	return OK;
}

static enum result move_write(struct shape *s, struct trail_ask *ask, const struct ledger_entry *m, struct error *e)
{
	const char *by;
	TRY(who_name(s, ask, m->user, m->associate, &by, e));
	jw_object(s->w);
	jw_ktime(s->w, "at", m->at);
	jw_ki64(s->w, "qty", m->move.qty);
	TRY(side_write(s, "from", m->move.from, m->move.from_place, e));
	TRY(side_write(s, "to", m->move.to, m->move.to_place, e));
	jw_kcstr(s->w, "reason", unit_reason_name(m->move.reason));
	jw_kid(s->w, "order", ID_ORDER, m->move.order);
	jw_kid(s->w, "hold", ID_HOLD, m->move.hold);
	jw_kcstr(s->w, "by", by && *by ? by : NULL);
	jw_end_object(s->w);
	return OK;
}

static enum result trail_write(struct shape *s, void *arg, struct error *e)
{
	struct trail_ask *ask = arg;
	struct ledger_entry *moves = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*moves));
	struct sku k;
	int count = 0;
	if (!moves)
		return error_nomem(e);
	memset(ask->who, 0, sizeof(ask->who));
	ask->who_next = 0;
	TRY(sku_known(s, ask->sku, &k, e));
	TRY(ledger_history(s->tx, BOOK_UNITS, ask->sku, ask->location, ask->act, (int)ask->n, ask->limit + 1, moves,
	                   &count, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++)
		TRY(move_write(s, ask, &moves[i], e));
	jw_end_array(s->w);
	cursor_next(s->w, more, more ? moves[count - 1].act : 0, more ? moves[count - 1].n : 0);
	jw_end_object(s->w);
	return OK;
}

enum result desk_moves(const struct desk *d, const struct principal *p, int64_t sku, int64_t location,
                       int64_t before_act, int64_t before_n, int limit, struct json_writer *w, struct error *e)
{
	struct trail_ask ask = { .sku = sku, .location = location, .act = before_act, .n = before_n, .limit = limit };
	return shape_answer(d, p, trail_write, &ask, NULL, w, e);
}

/* ---- What is low, what is to come ---------------------------------------------------------------------------------
 */

struct list_ask {
	int64_t sku, location, after_sku, after_location;
	int limit;
};

static enum result low_write(struct shape *s, void *arg, struct error *e)
{
	const struct list_ask *ask = arg;
	struct stock_low *list = arena_array(s->a, (size_t)ask->limit, sizeof(*list));
	int64_t sku = ask->after_sku, location = ask->after_location;
	int count = 0;
	bool more = false;
	if (!list)
		return error_nomem(e);
	TRY(stock_low_list(s->tx, ask->location, &sku, &location, ask->limit, list, &count, &more, e));
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		TRY(shape_sku(s, "sku", list[i].sku, e));
		TRY(shape_store(s, "location", list[i].location, e));
		jw_ki64(s->w, "level", list[i].level);
		jw_ki64(s->w, "available", list[i].available);
		jw_ki64(s->w, "incoming", list[i].incoming);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	cursor_next(s->w, more, sku, location);
	jw_end_object(s->w);
	return OK;
}

enum result desk_low(const struct desk *d, const struct principal *p, int64_t location, int64_t after_sku,
                     int64_t after_location, int limit, struct json_writer *w, struct error *e)
{
	struct list_ask ask = {
		.location = location, .after_sku = after_sku, .after_location = after_location, .limit = limit
	};
	return shape_answer(d, p, low_write, &ask, NULL, w, e);
}

static enum result expected_write(struct shape *s, void *arg, struct error *e)
{
	const struct list_ask *ask = arg;
	struct stock_expected *list = arena_array(s->a, (size_t)ask->limit, sizeof(*list));
	struct sku k;
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(sku_known(s, ask->sku, &k, e));
	TRY(expected_list(s->tx, ask->sku, ask->limit, list, &count, e));
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		jw_kid(s->w, "id", ID_DELIVERY, list[i].id);
		shape_sku_of(s, "sku", &k);
		TRY(shape_store(s, "location", list[i].location, e));
		jw_ki64(s->w, "qty", list[i].qty);
		jw_ki64(s->w, "received", list[i].received);
		shape_time_or_null(s, "due_at", list[i].due_at);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

enum result desk_expected(const struct desk *d, const struct principal *p, int64_t sku, int limit,
                          struct json_writer *w, struct error *e)
{
	struct list_ask ask = { .sku = sku, .limit = limit };
	return shape_answer(d, p, expected_write, &ask, NULL, w, e);
}
