/* What is where: SKUs × locations. */
#include "stock/room.h"

#include <stdlib.h>

#define SKUS_MAX 500

struct cells {
	struct stock_cell *list;
	int count, cap, begin; /* begin: of the SKU that is being read */
	struct arena *a;
};

/* The cell of the SKU being read; NULL when memory is out. */
static struct stock_cell *cell_of(struct cells *c, int64_t sku, int64_t location)
{
	/* balances come ordered by place, so it is nearly always the last one */
	for (int i = c->count; i-- > c->begin;)
		if (c->list[i].location == location)
			return &c->list[i];
	if (!arena_grow(c->a, &c->list, c->count, &c->cap, sizeof(*c->list)))
		return NULL;
	struct stock_cell *cell = &c->list[c->count++];
	*cell = (struct stock_cell){ .sku = sku, .location = location, .level = -1 };
	return cell;
}

bool stock_cell_empty(const struct stock_cell *c)
{
	int64_t any = c->incoming;
	for (int i = 0; i < UNIT_STATES; i++)
		any |= c->qty[i];
	return !any;
}

bool stock_cell_low(const struct stock_cell *c)
{
	return c->level >= 0 && c->qty[UNIT_AVAILABLE] <= c->level;
}

static int id_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static int cell_cmp(const void *a, const void *b)
{
	return id_cmp(&((const struct stock_cell *)a)->location, &((const struct stock_cell *)b)->location);
}

/* wanted: sorted; NULL: all */
static bool among(const int64_t *wanted, int count, int64_t location)
{
	return !wanted || bsearch(&location, wanted, (size_t)count, sizeof(*wanted), id_cmp);
}

/* What is beside the units of a SKU: what suppliers will deliver to a location, and its level. */
struct beside {
	int64_t sku, location;
	int64_t coming, due_at; /* due_at: 0: not known */
	int64_t low;            /* -1: none */
};

/* What was read of all SKUs, and how far it has been laid out. */
struct readings {
	const int64_t *skus;
	int sku_count;
	struct arena *a;
	struct ledger_balance *balance;
	struct beside *beside;
	int balances, besides, beside_cap, b, x;
};

static enum result balances_part(struct db_tx *tx, void *arg, struct error *e)
{
	struct readings *r = arg;
	return ledger_balances_many(tx, BOOK_UNITS, r->skus, r->sku_count, r->a, &r->balance, &r->balances, e);
}

DB_STMT(stock_beside, "ii", "iiii",
        "SELECT location, CAST(SUM(qty - received) AS BIGINT) AS coming, "
        "MIN(CASE WHEN due_at > 0 THEN due_at ELSE 9223372036854775807 END) AS due, -1 AS low FROM stock_expected "
        "WHERE rkey = $1 AND sku = $2 AND state = 1 GROUP BY location UNION ALL "
        "SELECT location, 0, 9223372036854775807, low FROM stock_level WHERE rkey = $1 AND sku = $2 AND low >= 0")

static enum result beside_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct readings *r = arg;
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t due = db_int(rows, 2);
		if (!arena_grow(r->a, &r->beside, r->besides, &r->beside_cap, sizeof(*r->beside)))
			return error_nomem(e);
		r->beside[r->besides++] = (struct beside){ .sku = r->skus[run],
			                                   .location = db_int(rows, 0),
			                                   .coming = db_int(rows, 1),
			                                   .due_at = due == INT64_MAX ? 0 : due,
			                                   .low = db_int(rows, 3) };
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result beside_part(struct db_tx *tx, void *arg, struct error *e)
{
	struct readings *r = arg;
	return db_each_id(tx, &stock_beside, r->skus, r->sku_count, beside_take, r, e, DB_NONE);
}

static enum result balance_lay(struct cells *c, const struct ledger_balance *b, struct error *e)
{
	struct stock_cell *cell = cell_of(c, b->subject, b->place);
	if (!cell)
		return error_nomem(e);
	cell->qty[b->account] = b->qty;
	if (b->account == UNIT_TRANSIT)
		cell->incoming += b->qty;
	if (cell->moved_at < b->moved_at)
		cell->moved_at = b->moved_at;
	return OK;
}

static enum result beside_lay(struct cells *c, const struct beside *x, struct error *e)
{
	struct stock_cell *cell = cell_of(c, x->sku, x->location);
	if (!cell)
		return error_nomem(e);
	cell->incoming += x->coming;
	if (x->due_at)
		cell->incoming_at = x->due_at;
	if (x->low >= 0)
		cell->level = x->low;
	return OK;
}

/* levels: cells also for what has nothing but a level. */
static enum result sku_cells(int64_t sku, struct readings *r, const int64_t *wanted, int wanted_count, bool levels,
                             struct cells *c, struct error *e)
{
	c->begin = c->count;
	for (; r->b < r->balances && r->balance[r->b].subject == sku; r->b++) {
		const struct ledger_balance *b = &r->balance[r->b];
		if (b->account < UNIT_STATES && among(wanted, wanted_count, b->place))
			TRY(balance_lay(c, b, e));
	}
	for (; r->x < r->besides && r->beside[r->x].sku == sku; r->x++) {
		const struct beside *x = &r->beside[r->x];
		if ((levels || x->low < 0) && among(wanted, wanted_count, x->location))
			TRY(beside_lay(c, x, e));
	}
	if (c->count > c->begin)
		qsort(c->list + c->begin, (size_t)(c->count - c->begin), sizeof(*c->list), cell_cmp);
	return OK;
}

/* Cells of the SKUs, each SKU's by location; levels: also those that have nothing but a level. */
static enum result cells_read(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                              int location_count, bool levels, struct cells *c, struct error *e)
{
	struct readings r = { .skus = skus, .sku_count = sku_count, .a = db_tx_arena(tx) };
	const struct db_part parts[] = { { balances_part, &r }, { beside_part, &r } };
	int64_t *wanted = NULL;
	if (sku_count > SKUS_MAX)
		return error_set(e, ERR_TOO_LARGE, "stock.skus", "sku", "at most %d SKUs", SKUS_MAX);
	if (locations) {
		wanted = arena_array(db_tx_arena(tx), (size_t)location_count + 1, sizeof(*wanted));
		if (!wanted)
			return error_nomem(e);
		memcpy(wanted, locations, (size_t)location_count * sizeof(*wanted));
		qsort(wanted, (size_t)location_count, sizeof(*wanted), id_cmp);
	}
	TRY(db_together(tx, parts, 2, e));
	for (int i = 0; i < sku_count; i++)
		TRY(sku_cells(skus[i], &r, wanted, location_count, levels, c, e));
	return OK;
}

enum result stock_grid_all(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                           int location_count, struct arena *a, struct stock_cell **out, int *count, struct error *e)
{
	struct cells c = { .a = a };
	TRY(cells_read(tx, skus, sku_count, locations, location_count, true, &c, e));
	*out = c.list;
	*count = c.count;
	return OK;
}

enum result stock_grid(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                       int location_count, struct arena *a, struct stock_cell **out, int *count, struct error *e)
{
	struct cells c = { .a = a };
	int n = 0;
	TRY(cells_read(tx, skus, sku_count, locations, location_count, false, &c, e));
	for (int i = 0; i < c.count; i++)
		if (!stock_cell_empty(&c.list[i]))
			c.list[n++] = c.list[i];
	*out = c.list;
	*count = n;
	return OK;
}

enum result stock_at(struct db_tx *tx, int64_t sku, int64_t location, struct stock_cell *out, struct error *e)
{
	struct stock_cell *list;
	int count;
	TRY(stock_grid(tx, &sku, 1, &location, 1, db_tx_arena(tx), &list, &count, e));
	*out = count ? list[0] : (struct stock_cell){ .sku = sku, .location = location, .level = -1 };
	return OK;
}
