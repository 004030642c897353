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

/* What was read of all SKUs, and how far it has been laid out. */
struct readings {
	const int64_t *skus;
	int sku_count;
	struct ledger_balance *balance;
	struct to_come *coming;
	struct level *level;
	int balances, comings, levels, b, x, l;
};

static enum result balances_part(struct db_tx *tx, void *arg, struct error *e)
{
	struct readings *r = arg;
	return ledger_balances_many(tx, BOOK_UNITS, r->skus, r->sku_count, db_tx_arena(tx), &r->balance, &r->balances,
	                            e);
}

static enum result coming_part(struct db_tx *tx, void *arg, struct error *e)
{
	struct readings *r = arg;
	return expected_sums(tx, r->skus, r->sku_count, db_tx_arena(tx), &r->coming, &r->comings, e);
}

static enum result levels_part(struct db_tx *tx, void *arg, struct error *e)
{
	struct readings *r = arg;
	return levels_of(tx, r->skus, r->sku_count, db_tx_arena(tx), &r->level, &r->levels, e);
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

static enum result sku_cells(int64_t sku, struct readings *r, const int64_t *wanted, int wanted_count, struct cells *c,
                             struct error *e)
{
	c->begin = c->count;
	for (; r->b < r->balances && r->balance[r->b].subject == sku; r->b++) {
		const struct ledger_balance *b = &r->balance[r->b];
		if (!among(wanted, wanted_count, b->place) || b->account >= UNIT_STATES)
			continue;
		TRY(balance_lay(c, b, e));
	}
	for (; r->x < r->comings && r->coming[r->x].sku == sku; r->x++) {
		const struct to_come *x = &r->coming[r->x];
		if (!among(wanted, wanted_count, x->location))
			continue;
		struct stock_cell *cell = cell_of(c, sku, x->location);
		if (!cell)
			return error_nomem(e);
		cell->incoming += x->qty;
		cell->incoming_at = x->due_at;
	}
	for (; r->l < r->levels && r->level[r->l].sku == sku; r->l++) {
		const struct level *l = &r->level[r->l];
		if (!among(wanted, wanted_count, l->location))
			continue;
		struct stock_cell *cell = cell_of(c, sku, l->location);
		if (!cell)
			return error_nomem(e);
		cell->level = l->low;
	}
	if (c->count > c->begin)
		qsort(c->list + c->begin, (size_t)(c->count - c->begin), sizeof(*c->list), cell_cmp);
	return OK;
}

/* Cells of the SKUs, each SKU's by location; levels: also those that have nothing but a level. */
static enum result cells_read(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                              int location_count, bool levels, struct cells *c, struct error *e)
{
	struct readings r = { .skus = skus, .sku_count = sku_count };
	const struct db_part parts[] = { { balances_part, &r }, { coming_part, &r }, { levels_part, &r } };
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
	TRY(db_together(tx, parts, levels ? 3 : 2, e));
	for (int i = 0; i < sku_count; i++)
		TRY(sku_cells(skus[i], &r, wanted, location_count, c, e));
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
