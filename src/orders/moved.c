/* Transfers for an order's line: asked for by the order, carried out by stock, and followed here. On the way the units
 * are at no location: they wait, and are coming. */
#include "orders/book.h"
#include <stdlib.h>

void coming_clamp(struct book_line *l)
{
	if (l->coming > l->waiting)
		l->coming = l->waiting;
}

/* ---- Asking ----------------------------------------------------------------------------------------------------- */

/* The part that the units stand in: named, or the line's first one elsewhere with so many. */
static const struct book_part *part_from(const struct work *w, const struct order_unit_in *u)
{
	for (int i = 0; i < w->b.part_count; i++) {
		const struct book_part *p = &w->b.parts[i];
		if (p->line == u->line && p->location != w->c->to && p->open >= u->qty &&
		    (!u->location || p->location == u->location))
			return p;
	}
	return NULL;
}

enum result transfer_ask(struct work *w, struct error *e)
{
	const struct order_command *c = w->c;
	struct stock_command ask = { .kind = STOCK_TRANSFER_REQUEST, .to = c->to };
	struct stock_outcome out;
	struct transfer_line *lines = arena_array(w->a, (size_t)c->unit_count + 1, sizeof(*lines));
	if (!lines)
		return error_nomem(e);
	if (!c->to)
		return error_set(e, ERR_INVALID, "order.to", "to", "where to?");
	if (!c->unit_count)
		return error_set(e, ERR_INVALID, "order.units", "units", "which units?");
	for (int i = 0; i < c->unit_count; i++) {
		const struct order_unit_in *u = &c->units[i];
		const struct book_line *l = work_line(w, u->line);
		if (!l)
			return error_set(e, ERR_INVALID, "unit.line", "units.line", "no such line");
		const struct book_part *p = part_from(w, u);
		if (!p)
			return error_set(e, ERR_CONFLICT, "order.units", "units",
			                 "line %d has not so many open units at one other location", l->line);
		if (ask.location && ask.location != p->location)
			return error_set(e, ERR_INVALID, "unit.location", "units.location",
			                 "a transfer leaves one location: ask twice");
		ask.location = p->location;
		lines[ask.line_count++] =
		        (struct transfer_line){ .sku = l->sku, .qty = u->qty, .order = w->b.order, .line = l->line };
		w->unit_total += u->qty;
	}
	ask.lines = lines;
	TRY(stock_apply(w->tx, &w->act, &ask, &out, e));
	w->transfer = out.id;
	return OK;
}

/* One transfer from this location to that one, of all the command's units that take this way. */
static enum result ask_way(struct work *w, int64_t from, int64_t to, struct error *e)
{
	const struct order_command *c = w->c;
	struct transfer_line *lines = arena_array(w->a, (size_t)c->unit_count, sizeof(*lines));
	struct stock_command ask = { .kind = STOCK_TRANSFER_REQUEST, .location = from, .to = to, .lines = lines };
	struct stock_outcome out;
	if (!lines)
		return error_nomem(e);
	for (int i = 0; i < c->unit_count; i++) {
		const struct order_unit_in *u = &c->units[i];
		int k = 0;
		if (u->location != from || u->to != to)
			continue;
		const struct book_line *l = work_line(w, u->line);
		while (k < ask.line_count && lines[k].line != l->line)
			k++;
		if (k == ask.line_count)
			lines[ask.line_count++] =
			        (struct transfer_line){ .sku = l->sku, .order = w->b.order, .line = l->line };
		lines[k].qty += u->qty;
	}
	TRY(stock_apply(w->tx, &w->act, &ask, &out, e));
	w->transfer = out.id;
	return OK;
}

/* The units are allocated already: every line is one of the order's. */
enum result transfer_ask_allocated(struct work *w, struct error *e)
{
	const struct order_command *c = w->c;
	for (int i = 0; i < c->unit_count; i++) {
		const struct order_unit_in *u = &c->units[i];
		bool asked = false;
		for (int k = 0; k < i; k++)
			asked |= c->units[k].location == u->location && c->units[k].to == u->to;
		if (u->to && !asked)
			TRY(ask_way(w, u->location, u->to, e));
	}
	return OK;
}

/* ---- Following -------------------------------------------------------------------------------------------------- */

struct following {
	const struct stock_command *c;
	struct stock_transfer was;
	int64_t orders[STOCK_TRANSFER_LINES_MAX]; /* whose units it has, ascending */
	int order_count;
};

/* They leave: the order must still have them there. */
static enum result leave(struct work *w, struct book_line *l, int64_t from, int64_t qty, struct error *e)
{
	int64_t left = qty;
	for (int i = 0; i < w->b.part_count && left; i++) {
		struct book_part *p = &w->b.parts[i];
		int64_t n = p->open < left ? p->open : left;
		if (p->line != l->line || p->location != from || !n)
			continue;
		p->open -= n;
		p->since = w->act.at;
		left -= n;
	}
	if (left)
		return error_set(e, ERR_CONFLICT, "order.units", "lines",
		                 "the order has %lld fewer units of line %d there", (long long)left, l->line);
	l->open -= qty;
	l->waiting += qty;
	l->coming += qty;
	return OK;
}

/* The way that the line's units went out of where they come from. */
static enum order_method method_of(const struct work *w, const struct book_line *l, int64_t from)
{
	for (int i = 0; i < w->b.part_count; i++)
		if (w->b.parts[i].line == l->line && w->b.parts[i].location == from)
			return w->b.parts[i].method;
	return METHOD_PICK_UP;
}

/* They are at a location again; what is not needed any more is put on the shelf there. */
static enum result come(struct work *w, struct book_line *l, int64_t from, int64_t location, int64_t qty,
                        struct error *e)
{
	struct book_part *p;
	int64_t n = qty < l->coming ? qty : l->coming;
	struct unit_line rest = {
		.sku = l->sku, .location = location, .qty = qty - n, .order = w->b.order, .line = l->line
	};
	if (n) {
		TRY(work_part(w, l, location, method_of(w, l, from), &p, e));
		p->open += n;
		p->since = w->act.at;
		l->open += n;
		l->waiting -= n;
		l->coming -= n;
	}
	return rest.qty ? work_step(w, STEP_UNCOMMIT, &rest, e) : OK;
}

static enum result follow_line(struct work *w, const struct following *f, const struct stock_transfer_line *was,
                               const struct stock_transfer_line *is, struct error *e)
{
	struct book_line *l = work_line(w, (int)is->line);
	int64_t sent = is->sent - was->sent, lost = is->lost - was->lost, back = is->returned - was->returned;
	int64_t came = is->received - is->over - (was->received - was->over);
	if (!l || l->sku != is->sku)
		return error_set(e, ERR_CONFLICT, "order.units", "lines", "the order has no such line");
	w->unit_total += sent + came + back + lost;
	if (sent)
		TRY(leave(w, l, f->was.from, sent, e));
	if (came)
		TRY(come(w, l, f->was.from, f->was.to, came, e));
	if (back)
		TRY(come(w, l, f->was.from, f->was.from, back, e));
	l->coming -= lost < l->coming ? lost : l->coming;
	return OK;
}

/* One order, as it is told: sent, received, or sent back. */
static enum result follow_order(struct db_tx *tx, struct act *act, const struct following *f,
                                const struct stock_transfer *is, int64_t order, struct error *e)
{
	bool sent = f->c->kind == STOCK_TRANSFER_DISPATCH, came = f->c->kind == STOCK_TRANSFER_RECEIVE;
	struct order_command c = { .kind = COMMAND_TRANSFER,
		                   .order = order,
		                   .store = came ? is->to : is->from,
		                   .detail = str_c(sent   ? "sent"
		                                   : came ? "received"
		                                          : "cancelled") };
	struct work w = { .tx = tx, .a = db_tx_arena(tx), .act = *act, .c = &c };
	TRY(work_read(&w, e));
	for (int i = 0; i < is->line_count; i++)
		if (is->lines[i].order == order)
			TRY(follow_line(&w, f, &f->was.lines[i], &is->lines[i], e));
	if (w.unit_total)
		TRY(work_finish(&w, e));
	*act = w.act;
	return OK;
}

static enum result follow(struct db_tx *tx, struct act *act, void *arg, struct error *e)
{
	const struct following *f = arg;
	struct stock_transfer is;
	TRY(transfer_get(tx, f->c->id, db_tx_arena(tx), &is, e));
	for (int i = 0; i < f->order_count; i++)
		TRY(follow_order(tx, act, f, &is, f->orders[i], e));
	return OK;
}

static int id_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int orders_of(const struct stock_transfer *t, int64_t *out)
{
	int n = 0, kept = 0;
	for (int i = 0; i < t->line_count; i++)
		if (t->lines[i].order)
			out[n++] = t->lines[i].order;
	qsort(out, (size_t)n, sizeof(*out), id_cmp);
	for (int i = 0; i < n; i++)
		if (!i || out[i] != out[i - 1])
			out[kept++] = out[i];
	return kept;
}

enum result order_stock_do(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user, int64_t associate,
                           const struct stock_command *c, struct stock_outcome *out, struct error *e)
{
	struct following *f = arena_alloc(db_tx_arena(tx), sizeof(*f));
	bool moves = c->kind == STOCK_TRANSFER_DISPATCH || c->kind == STOCK_TRANSFER_RECEIVE ||
	             c->kind == STOCK_TRANSFER_CANCEL;
	if (!f)
		return error_nomem(e);
	*f = (struct following){ .c = c };
	if (moves) {
		TRY(transfer_get(tx, c->id, db_tx_arena(tx), &f->was, e));
		f->order_count = orders_of(&f->was, f->orders);
	}
	if (!f->order_count)
		return stock_do(tx, key, user, associate, c, out, e);
	/* Orders before stock, as every command of an order has it; then nobody else moves this transfer. */
	for (int i = 0; i < f->order_count; i++) {
		bool found;
		TRY(book_lock(tx, f->orders[i], clock_now(), &found, e));
		if (!found)
			return error_set(e, ERR_CONFLICT, "order.not_found", "lines",
			                 "it is for an order that was not made here");
	}
	TRY(transfer_get(tx, c->id, db_tx_arena(tx), &f->was, e));
	return stock_do_followed(tx, key, user, associate, c, follow, f, out, e);
}
