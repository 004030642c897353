/* What is where: SKUs × locations. */
#include "stock/room.h"

#include <stdlib.h>

#define SKUS_MAX 500

/* What is beside the units of a SKU: what suppliers will deliver to a location, and its level. */
struct beside {
	int64_t sku, location;
	int64_t coming, due_at; /* due_at: 0: not known */
	int64_t low;            /* -1: none */
};

struct cells {
	struct stock_cell *list;
	int count, cap, begin; /* begin: of the SKU that is being read */
	struct arena *a;
	/* what is wanted */
	const int64_t *skus;
	int64_t *wanted; /* locations, sorted; NULL: all */
	int wanted_count;
	bool levels; /* also those that have nothing but a level */
	stock_cells_fn *each;
	void *each_arg;
	/* what is beside the units, of all SKUs in their order, and how far it has been laid out */
	struct beside *beside;
	int besides, beside_cap, laid;
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

static bool among(const struct cells *c, int64_t location)
{
	return !c->wanted || bsearch(&location, c->wanted, (size_t)c->wanted_count, sizeof(*c->wanted), id_cmp);
}

DB_STMT(stock_beside, "ii", "iiii",
        "SELECT location, CAST(SUM(qty - received) AS BIGINT) AS coming, "
        "MIN(CASE WHEN due_at > 0 THEN due_at ELSE 9223372036854775807 END) AS due, -1 AS low FROM stock_expected "
        "WHERE rkey = $1 AND sku = $2 AND state = 1 GROUP BY location UNION ALL "
        "SELECT location, 0, 9223372036854775807, low FROM stock_level WHERE rkey = $1 AND sku = $2 AND low >= 0")

static enum result beside_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct cells *c = arg;
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t due = db_int(rows, 2);
		if (!arena_grow(c->a, &c->beside, c->besides, &c->beside_cap, sizeof(*c->beside)))
			return error_nomem(e);
		c->beside[c->besides++] = (struct beside){ .sku = c->skus[run],
			                                   .location = db_int(rows, 0),
			                                   .coming = db_int(rows, 1),
			                                   .due_at = due == INT64_MAX ? 0 : due,
			                                   .low = db_int(rows, 3) };
	}
	return step == DB_ERR ? e->result : OK;
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

static enum result sku_cells(void *arg, int i, const struct ledger_balance *list, int count, struct error *e)
{
	struct cells *c = arg;
	c->begin = c->count;
	for (int k = 0; k < count; k++)
		if (list[k].account < UNIT_STATES && among(c, list[k].place))
			TRY(balance_lay(c, &list[k], e));
	for (; c->laid < c->besides && c->beside[c->laid].sku == c->skus[i]; c->laid++) {
		const struct beside *x = &c->beside[c->laid];
		if ((c->levels || x->low < 0) && among(c, x->location))
			TRY(beside_lay(c, x, e));
	}
	if (c->count > c->begin)
		qsort(c->list + c->begin, (size_t)(c->count - c->begin), sizeof(*c->list), cell_cmp);
	if (c->each)
		c->each(c->each_arg, c->list + c->begin, c->count - c->begin);
	return OK;
}

/* Cells of the SKUs, each SKU's by location. */
static enum result cells_read(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                              int location_count, struct cells *c, struct error *e)
{
	if (sku_count > SKUS_MAX)
		return error_set(e, ERR_TOO_LARGE, "stock.skus", "sku", "at most %d SKUs", SKUS_MAX);
	c->skus = skus;
	if (locations) {
		c->wanted = arena_array(c->a, (size_t)location_count + 1, sizeof(*c->wanted));
		if (!c->wanted)
			return error_nomem(e);
		memcpy(c->wanted, locations, (size_t)location_count * sizeof(*c->wanted));
		c->wanted_count = location_count;
		qsort(c->wanted, (size_t)location_count, sizeof(*c->wanted), id_cmp);
	}
	TRY(db_each_id(tx, &stock_beside, skus, sku_count, beside_take, c, e, DB_NONE));
	return ledger_balances_each(tx, BOOK_UNITS, skus, sku_count, sku_cells, c, e);
}

enum result stock_grid_all(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                           int location_count, struct arena *a, stock_cells_fn *each, void *arg,
                           struct stock_cell **out, int *count, struct error *e)
{
	struct cells c = { .a = a, .levels = true, .each = each, .each_arg = arg };
	TRY(cells_read(tx, skus, sku_count, locations, location_count, &c, e));
	*out = c.list;
	*count = c.count;
	return OK;
}

enum result stock_grid(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                       int location_count, struct arena *a, struct stock_cell **out, int *count, struct error *e)
{
	struct cells c = { .a = a };
	int n = 0;
	TRY(cells_read(tx, skus, sku_count, locations, location_count, &c, e));
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
