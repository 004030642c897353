/* What reports do to the shelves: an order that stands for units, at a place whose stock is kept here, has moved them;
 * when it is told anew the difference moves. What it has moved is written beside it (order_moved), so that no report
 * counts twice, whichever way it came. */
#include "orders/book.h"

#include <stdio.h>
#include <stdlib.h>

/* What a transaction remembers. */
struct shelf {
	struct stock_place *places;
	int place_count;
	bool loaded, gathering;
	struct unit_told *told;
	int count, cap;
};

static enum result shelf_of(struct db_tx *tx, bool load, struct shelf **out, struct error *e)
{
	void **slot = db_tx_slot(tx, DB_SLOT_ORDERS);
	struct shelf *s = *slot;
	if (!s) {
		s = arena_alloc(db_tx_arena(tx), sizeof(*s));
		if (!s)
			return error_nomem(e);
		*s = (struct shelf){ 0 };
		*slot = s;
	}
	if (load && !s->loaded) {
		TRY(places_kept(tx, db_tx_arena(tx), &s->places, &s->place_count, e));
		s->loaded = true;
	}
	*out = s;
	return OK;
}

static int place_cmp(const void *key, const void *entry)
{
	int64_t location = *(const int64_t *)key;
	const struct stock_place *p = entry;
	return (location > p->location) - (location < p->location);
}

static int moved_cmp(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;
	if (x->sku != y->sku)
		return x->sku < y->sku ? -1 : 1;
	return (x->location > y->location) - (x->location < y->location);
}

bool moves_here(const struct head *h, const struct stock_place *places, int count)
{
	if (!h->store || !count || str_is(h->source, ORDER_SOURCE))
		return false;
	const struct stock_place *p = bsearch(&h->store, places, (size_t)count, sizeof(*places), place_cmp);
	return p && h->placed_at >= p->since;
}

enum result moved_wanted(const struct head *h, const struct line *lines, int count, struct arena *a, struct moved **out,
                         int *n, struct error *e)
{
	struct moved *list = arena_array(a, (size_t)count + 1, sizeof(*list));
	int got = 0, kept = 0;
	if (!list)
		return error_nomem(e);
	for (int i = 0; i < count && h->state == ORDER_REPORTED; i++) {
		int64_t qty = lines[i].qty < LEDGER_QTY_MAX ? lines[i].qty : LEDGER_QTY_MAX;
		if (lines[i].sku && lines[i].fate != LINE_REMOVED)
			list[got++] = (struct moved){ lines[i].sku, h->store, h->kind == ORDER_RETURN ? -qty : qty };
	}
	qsort(list, (size_t)got, sizeof(*list), moved_cmp);
	for (int i = 0; i < got; i++) {
		if (!kept || moved_cmp(&list[kept - 1], &list[i])) {
			list[kept++] = list[i];
			continue;
		}
		int64_t sum = list[kept - 1].qty + list[i].qty;
		list[kept - 1].qty = sum > LEDGER_QTY_MAX    ? LEDGER_QTY_MAX
		                     : sum < -LEDGER_QTY_MAX ? -LEDGER_QTY_MAX
		                                             : sum;
	}
	*out = list;
	*n = kept;
	return OK;
}

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

DB_STMT(order_moved_select, "ii", "iii",
        "SELECT sku, location, qty FROM order_moved WHERE rkey = $1 AND order_id = $2 ORDER BY sku, location")

enum result moved_load(struct db_tx *tx, int64_t order, struct arena *a, struct moved **out, int *n, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	struct moved *list = NULL;
	enum db_step step;
	int got = 0, cap = 0;
	TRY(db_query(tx, &order_moved_select, &r, e, DB_INT(id_bucket(order)), DB_INT(order)));
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &list, got, &cap, sizeof(*list)))
			return error_nomem(e);
		list[got++] = (struct moved){ db_int(r, 0), db_int(r, 1), db_int(r, 2) };
	}
	*out = list;
	*n = got;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(order_moved_insert, "iiiii", "",
        "INSERT INTO order_moved (rkey, order_id, sku, location, qty) VALUES ($1, $2, $3, $4, $5)")
DB_STMT(order_moved_update, "iiiii", "",
        "UPDATE order_moved SET qty = $5 WHERE rkey = $1 AND order_id = $2 AND sku = $3 AND location = $4")
DB_STMT(order_moved_delete, "iiii", "",
        "DELETE FROM order_moved WHERE rkey = $1 AND order_id = $2 AND sku = $3 AND location = $4")

static enum result moved_write(struct db_tx *tx, int64_t order, const struct moved *m, int64_t was, struct error *e)
{
	if (!m->qty)
		return db_exec(tx, &order_moved_delete, NULL, e, DB_INT(id_bucket(order)), DB_INT(order),
		               DB_INT(m->sku), DB_INT(m->location));
	return db_exec(tx, was ? &order_moved_update : &order_moved_insert, NULL, e, DB_INT(id_bucket(order)),
	               DB_INT(order), DB_INT(m->sku), DB_INT(m->location), DB_INT(m->qty));
}

/* ---- Telling ---------------------------------------------------------------------------------------------------- */

static enum result tell(struct db_tx *tx, struct shelf *s, const struct unit_told *t, struct error *e)
{
	if (!arena_grow(db_tx_arena(tx), &s->told, s->count, &s->cap, sizeof(*s->told)))
		return error_nomem(e);
	s->told[s->count++] = *t;
	return OK;
}

/* One SKU at one place: it had moved `was`, now it stands for `is`. */
static enum result change(struct db_tx *tx, struct shelf *s, const struct plan *p, const struct moved *cell,
                          int64_t was, int64_t is, struct error *e)
{
	struct unit_told t = { .sku = cell->sku,
		               .location = cell->location,
		               .shipped = p->is.channel != CHANNEL_STORE,
		               .returned = p->is.kind == ORDER_RETURN };
	bool anew = p->exists && p->is.id != p->was.id;
	int64_t more = is - was;
	if (anew) { /* what both stand for goes from one to the other */
		int64_t same = was > 0 && is > 0   ? (was < is ? was : is)
		               : was < 0 && is < 0 ? (was > is ? was : is)
		                                   : 0;
		t.at = p->was.placed_at;
		t.order = p->was.id;
		t.passed_on = true;
		t.qty = -same;
		if (same)
			TRY(tell(tx, s, &t, e));
		t.order = p->is.id;
		t.qty = same;
		if (same)
			TRY(tell(tx, s, &t, e));
		t.passed_on = false;
		t.order = p->was.id;
		t.qty = same - was;
		if (t.qty)
			TRY(tell(tx, s, &t, e));
		more = is - same;
	}
	t.order = p->is.id;
	t.at = (more > 0) == (p->is.kind == ORDER_SALE) || !p->exists ? p->is.placed_at : p->was.placed_at;
	t.qty = more;
	if (more)
		TRY(tell(tx, s, &t, e));
	struct moved now = { cell->sku, cell->location, is }, gone = { cell->sku, cell->location, 0 };
	if (!anew)
		return is == was ? OK : moved_write(tx, p->is.id, &now, was, e);
	if (was)
		TRY(moved_write(tx, p->was.id, &gone, was, e));
	return is ? moved_write(tx, p->is.id, &now, 0, e) : OK;
}

static enum result flush(struct db_tx *tx, struct shelf *s, struct error *e)
{
	int count = s->count;
	s->count = 0;
	return units_told(tx, s->told, count, e);
}

enum result plan_moves(struct db_tx *tx, const struct plan *p, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct shelf *s;
	struct moved *was = NULL, *is = NULL;
	int had = 0, wanted = 0;
	if (str_is(p->is.source, ORDER_SOURCE))
		return OK;
	TRY(shelf_of(tx, true, &s, e));
	if (!s->place_count)
		return OK;
	if (p->exists)
		TRY(moved_load(tx, p->was.id, a, &was, &had, e));
	if (moves_here(&p->is, s->places, s->place_count))
		TRY(moved_wanted(&p->is, p->lines, p->count, a, &is, &wanted, e));
	for (int i = 0, k = 0; i < had || k < wanted;) {
		int c = i == had ? 1 : k == wanted ? -1 : moved_cmp(&was[i], &is[k]);
		TRY(change(tx, s, p, c <= 0 ? &was[i] : &is[k], c <= 0 ? was[i].qty : 0, c >= 0 ? is[k].qty : 0, e));
		i += c <= 0;
		k += c >= 0;
	}
	return s->gathering ? OK : flush(tx, s, e);
}

enum result order_reports_begin(struct db_tx *tx, struct error *e)
{
	struct shelf *s;
	TRY(shelf_of(tx, false, &s, e));
	s->gathering = true;
	return OK;
}

enum result order_reports_end(struct db_tx *tx, struct error *e)
{
	struct shelf *s;
	TRY(shelf_of(tx, false, &s, e));
	s->gathering = false;
	return flush(tx, s, e);
}

/* ---- Checking --------------------------------------------------------------------------------------------------- */

#define SHELF_PAGE 200

struct shelf_page {
	room_finding_fn *finding;
	void *arg;
	int64_t rkey, id;
	int seen;
	bool any;
};

static int64_t moved_at(const struct moved *m, int count, int64_t sku, int64_t location)
{
	for (int i = 0; i < count; i++)
		if (m[i].sku == sku && m[i].location == location)
			return m[i].qty;
	return 0;
}

static void found(const struct shelf_page *c, const char *invariant, int64_t order, int64_t sku, int64_t says,
                  int64_t is)
{
	char detail[160], order_text[ID_TEXT_BYTES], sku_text[ID_TEXT_BYTES];
	id_format(order_text, ID_ORDER, order);
	id_format(sku_text, ID_SKU, sku);
	snprintf(detail, sizeof(detail), "%s, %s: %lld, moved are %lld", order_text, sku_text, (long long)says,
	         (long long)is);
	c->finding(c->arg, "orders", invariant, detail);
}

/* What the book of units says that the order's reports moved of a SKU. */
static enum result book_compare(struct db_tx *tx, const struct shelf_page *c, int64_t order, int64_t sku,
                                const struct moved *moved, int count, struct error *e)
{
	struct ledger_balance *nets;
	int n;
	int64_t left = 0, net = 0;
	TRY(ledger_line_net(tx, BOOK_UNITS, sku, order, 0, db_tx_arena(tx), &nets, &n, e));
	for (int i = 0; i < count; i++)
		left += moved[i].sku == sku ? moved[i].qty : 0;
	for (int i = 0; i < n; i++) {
		if (nets[i].account != UNIT_CUSTOMER)
			continue;
		net += nets[i].qty;
		if (nets[i].qty != moved_at(moved, count, sku, nets[i].place))
			found(c, "units that reports moved are in the book", order, sku,
			      moved_at(moved, count, sku, nets[i].place), nets[i].qty);
	}
	if (net != left)
		found(c, "units that reports moved are in the book", order, sku, left, net);
	return OK;
}

static enum result order_compare(struct db_tx *tx, const struct shelf_page *c, const struct shelf *s, int64_t order,
                                 struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct head h;
	struct line *lines;
	struct moved *was, *is = NULL;
	int count, had, wanted = 0;
	bool there;
	if (!a)
		return error_nomem(e);
	TRY(head_load(tx, order, a, &h, &there, e));
	if (!there)
		return OK;
	TRY(lines_load(tx, order, h.line_count, a, &lines, &count, e));
	TRY(moved_load(tx, order, a, &was, &had, e));
	if (moves_here(&h, s->places, s->place_count))
		TRY(moved_wanted(&h, lines, count, a, &is, &wanted, e));
	for (int i = 0, k = 0; i < had || k < wanted;) {
		int d = i == had ? 1 : k == wanted ? -1 : moved_cmp(&was[i], &is[k]);
		int64_t says = d >= 0 ? is[k].qty : 0, moved = d <= 0 ? was[i].qty : 0;
		if (says != moved)
			found(c, "units that reports moved are what the reports stand for", order,
			      d <= 0 ? was[i].sku : is[k].sku, says, moved);
		i += d <= 0;
		k += d >= 0;
	}
	for (int i = 0; i < count; i++) {
		bool before = !lines[i].sku;
		for (int k = 0; k < i && !before; k++)
			before = lines[k].sku == lines[i].sku;
		if (!before)
			TRY(book_compare(tx, c, order, lines[i].sku, was, had, e));
	}
	return OK;
}

DB_STMT(order_moving_page, "iii", "iiiitIii",
        "SELECT rkey, id, kind, state, source, store, placed_at, CASE WHEN EXISTS (SELECT 1 FROM order_moved m "
        "WHERE m.rkey = orders.rkey AND m.order_id = orders.id) THEN 1 ELSE 0 END FROM orders "
        "WHERE (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT $3")
DB_STMT(order_moved_any, "", "i", "SELECT order_id FROM order_moved LIMIT 1")

static enum result shelf_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct shelf_page *c = arg;
	struct shelf *s;
	int64_t orders[SHELF_PAGE], rkey = c->rkey, id = c->id;
	int n = 0, seen = 0;
	TRY(shelf_of(tx, true, &s, e));
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query_one(tx, &order_moved_any, &r, &c->any, e, DB_NONE));
	}
	c->seen = 0;
	if (!s->place_count && !c->any)
		return OK;
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		enum db_step step;
		TRY(db_query(tx, &order_moving_page, &r, e, DB_INT(rkey), DB_INT(id), DB_INT(SHELF_PAGE)));
		while ((step = db_next(r, e)) == DB_ROW) {
			struct head h = { .kind = (enum order_kind)db_int(r, 2),
				          .state = (enum order_state)db_int(r, 3),
				          .source = db_text(r, 4),
				          .store = db_int(r, 5),
				          .placed_at = db_int(r, 6) };
			rkey = db_int(r, 0);
			id = db_int(r, 1);
			seen++;
			if (db_int(r, 7) || moves_here(&h, s->places, s->place_count))
				orders[n++] = id;
		}
		if (step == DB_ERR)
			return e->result;
	}
	for (int i = 0; i < n; i++)
		TRY(order_compare(tx, c, s, orders[i], e));
	c->rkey = rkey;
	c->id = id;
	c->seen = seen;
	return OK;
}

enum result shelf_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct shelf_page p = { .finding = finding, .arg = arg, .rkey = -1 };
	do
		TRY(db_read(db, shelf_page, &p, e));
	while (p.seen == SHELF_PAGE);
	return OK;
}
