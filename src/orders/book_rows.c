/* The rows of commanded orders. */
#include "orders/book.h"

DB_STMT(order_book_lock, "iii", "",
        "UPDATE order_book SET version = version + 1, updated_at = $3 WHERE rkey = $1 AND order_id = $2")

enum result book_lock(struct db_tx *tx, int64_t order, int64_t at, bool *found, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &order_book_lock, found ? &changed : NULL, e, DB_INT(id_bucket(order)), DB_INT(order),
	            DB_INT(at)));
	if (found)
		*found = changed == 1;
	return OK;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static const char *text_of(const struct db_rows *r, int col, struct arena *a, bool *failed)
{
	const char *p = db_text_dup(r, col, a);
	*failed |= !p;
	return p;
}

DB_STMT(order_book_select, "ii", "iitIIIitiiiiiiiiiiI",
        "SELECT version, state, number, record, store, associate, channel, currency, policy, on_account, tax_included, "
        "shipping_minor, shipping_tax_minor, placed_at, updated_at, events, returns, unplaced, arrived_at "
        "FROM order_book "
        "WHERE rkey = $1 AND order_id = $2")

enum result book_head(struct db_tx *tx, int64_t order, struct arena *a, struct order_book *b, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found, failed = false;
	TRY(db_query_one(tx, &order_book_select, &r, &found, e, DB_INT(id_bucket(order)), DB_INT(order)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "order.not_found", "order", "no such order was made here");
	*b = (struct order_book){ .order = order,
		                  .version = db_int(r, 0),
		                  .state = (enum book_state)db_int(r, 1),
		                  .number = text_of(r, 2, a, &failed),
		                  .record = db_int(r, 3),
		                  .store = db_int(r, 4),
		                  .associate = db_int(r, 5),
		                  .channel = (enum channel)db_int(r, 6),
		                  .policy = (enum price_policy)db_int(r, 8),
		                  .on_account = db_int(r, 9),
		                  .tax_included = db_int(r, 10),
		                  .shipping = db_int(r, 11),
		                  .shipping_tax = db_int(r, 12),
		                  .placed_at = db_int(r, 13),
		                  .updated_at = db_int(r, 14),
		                  .events = (int)db_int(r, 15),
		                  .returns = (int)db_int(r, 16),
		                  .unplaced = db_int(r, 17),
		                  .arrived_at = db_int(r, 18) };
	currency_find(db_text(r, 7), &b->currency);
	return failed ? error_nomem(e) : OK;
}

DB_STMT(order_item_select, "ii", "iiiTiiIiiiiiiiiiiiiiiiiiiiiiiii",
        "SELECT line, batch, sku, title, qty, unit_micro, list_micro, tax_micro, undiscounted, own_micro, own_minor, "
        "gross_minor, own_taken_minor, share1_minor, share2_minor, share3_minor, share4_minor, net_minor, tax_minor, "
        "claw_minor, cancelled_net_minor, cancelled_tax_minor, returned_net_minor, returned_tax_minor, waiting, open, "
        "picked, handed, cancelled, returned, coming FROM order_item WHERE rkey = $1 AND order_id = $2 ORDER BY line")

static void read_line(const struct db_rows *r, const struct order_book *b, struct book_line *l)
{
	struct price_line *p = &l->price;
	*l = (struct book_line){ .line = (int)db_int(r, 0), .batch = (int)db_int(r, 1), .sku = db_int(r, 2) };
	l->unit_micro = db_int(r, 5);
	l->list_micro = db_is_null(r, 6) ? -1 : db_int(r, 6);
	l->undiscounted = db_int(r, 8);
	l->own.rate = decimal_of_micro(db_int(r, 9));
	l->own.amount = money_of_minor(b->currency, db_int(r, 10));
	p->qty = db_int(r, 4);
	p->tax_rate = decimal_of_micro(db_int(r, 7));
	p->tax_included = b->tax_included;
	p->gross = money_of_minor(b->currency, db_int(r, 11));
	p->own = money_of_minor(b->currency, db_int(r, 12));
	for (int i = 0; i < PRICE_DISCOUNTS_MAX; i++)
		p->share[i] = money_of_minor(b->currency, db_int(r, 13 + i));
	p->net = money_of_minor(b->currency, db_int(r, 17));
	p->tax = money_of_minor(b->currency, db_int(r, 18));
	l->claw = db_int(r, 19);
	l->cancelled_net = db_int(r, 20);
	l->cancelled_tax = db_int(r, 21);
	l->returned_net = db_int(r, 22);
	l->returned_tax = db_int(r, 23);
	l->waiting = db_int(r, 24);
	l->open = db_int(r, 25);
	l->picked = db_int(r, 26);
	l->handed = db_int(r, 27);
	l->cancelled = db_int(r, 28);
	l->returned = db_int(r, 29);
	l->coming = db_int(r, 30);
}

static enum result load_lines(struct db_tx *tx, struct arena *a, struct order_book *b, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_item_select, &r, e, DB_INT(id_bucket(b->order)), DB_INT(b->order)));
	enum db_step step;
	bool failed = false;
	int cap = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &b->lines, b->line_count, &cap, sizeof(*b->lines)))
			return error_nomem(e);
		struct book_line *l = &b->lines[b->line_count++];
		read_line(r, b, l);
		l->title = text_of(r, 3, a, &failed);
	}
	if (step == DB_ERR)
		return e->result;
	return failed ? error_nomem(e) : OK;
}

DB_STMT(order_part_select, "ii", "iiiiiiiiiii",
        "SELECT line, location, method, sku, open, picked, ready, handed, shipped, since, n FROM order_part "
        "WHERE rkey = $1 AND order_id = $2 ORDER BY n")

static enum result load_parts(struct db_tx *tx, struct arena *a, struct order_book *b, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_part_select, &r, e, DB_INT(id_bucket(b->order)), DB_INT(b->order)));
	enum db_step step;
	int cap = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &b->parts, b->part_count, &cap, sizeof(*b->parts)))
			return error_nomem(e);
		b->parts[b->part_count++] = (struct book_part){ .line = (int)db_int(r, 0),
			                                        .location = db_int(r, 1),
			                                        .method = (enum order_method)db_int(r, 2),
			                                        .sku = db_int(r, 3),
			                                        .open = db_int(r, 4),
			                                        .picked = db_int(r, 5),
			                                        .ready = db_int(r, 6),
			                                        .handed = db_int(r, 7),
			                                        .shipped = db_int(r, 8),
			                                        .since = db_int(r, 9),
			                                        .n = (int)db_int(r, 10) };
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(order_discount_select, "ii", "iiiiii",
        "SELECT batch, n, rate_micro, amount_minor, threshold_minor, given FROM order_discount "
        "WHERE rkey = $1 AND order_id = $2 ORDER BY batch, n")

static enum result load_batches(struct db_tx *tx, struct arena *a, struct order_book *b, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_discount_select, &r, e, DB_INT(id_bucket(b->order)), DB_INT(b->order)));
	enum db_step step;
	int cap = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		int batch = (int)db_int(r, 0), n = (int)db_int(r, 1);
		if (!b->batch_count || b->batches[b->batch_count - 1].batch != batch) {
			if (!arena_grow(a, &b->batches, b->batch_count, &cap, sizeof(*b->batches)))
				return error_nomem(e);
			b->batches[b->batch_count++] = (struct book_batch){ .batch = batch };
		}
		struct book_batch *k = &b->batches[b->batch_count - 1];
		if (n < 0 || n >= PRICE_DISCOUNTS_MAX)
			return error_set(e, ERR_CORRUPT, "order.discount", NULL,
			                 "a discount beyond the most there may be");
		k->discounts[n] = (struct price_discount){ .rate = decimal_of_micro(db_int(r, 2)),
			                                   .amount = money_of_minor(b->currency, db_int(r, 3)),
			                                   .threshold = money_of_minor(b->currency, db_int(r, 4)) };
		k->given[n] = db_int(r, 5);
		k->discount_count = n + 1;
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(order_payment_select, "ii", "iiiiiiiT",
        "SELECT n, at, kind, tender, amount_minor, state, as_credit, reference FROM order_payment "
        "WHERE rkey = $1 AND order_id = $2 ORDER BY n")

static enum result load_payments(struct db_tx *tx, struct arena *a, struct order_book *b, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_payment_select, &r, e, DB_INT(id_bucket(b->order)), DB_INT(b->order)));
	enum db_step step;
	bool failed = false;
	int cap = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &b->payments, b->payment_count, &cap, sizeof(*b->payments)))
			return error_nomem(e);
		b->payments[b->payment_count++] = (struct book_payment){ .n = (int)db_int(r, 0),
			                                                 .at = db_int(r, 1),
			                                                 .refund = db_int(r, 2) == 2,
			                                                 .tender = (enum tender)db_int(r, 3),
			                                                 .minor = db_int(r, 4),
			                                                 .state = (int)db_int(r, 5),
			                                                 .as_credit = db_int(r, 6),
			                                                 .reference = text_of(r, 7, a, &failed) };
	}
	if (step == DB_ERR)
		return e->result;
	return failed ? error_nomem(e) : OK;
}

DB_STMT(order_return_select, "ii", "iiiiiiiiiii",
        "SELECT n, seq, line, at, location, sku, qty, condition, uninspected, net_minor, tax_minor FROM order_return "
        "WHERE rkey = $1 AND order_id = $2 ORDER BY n, seq")

static enum result load_returns(struct db_tx *tx, struct arena *a, struct order_book *b, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_return_select, &r, e, DB_INT(id_bucket(b->order)), DB_INT(b->order)));
	enum db_step step;
	int cap = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &b->return_lines, b->return_count, &cap, sizeof(*b->return_lines)))
			return error_nomem(e);
		b->return_lines[b->return_count++] = (struct book_return){ .n = (int)db_int(r, 0),
			                                                   .seq = (int)db_int(r, 1),
			                                                   .line = (int)db_int(r, 2),
			                                                   .at = db_int(r, 3),
			                                                   .location = db_int(r, 4),
			                                                   .sku = db_int(r, 5),
			                                                   .qty = db_int(r, 6),
			                                                   .condition = (int)db_int(r, 7),
			                                                   .uninspected = db_int(r, 8),
			                                                   .net = db_int(r, 9),
			                                                   .tax = db_int(r, 10) };
	}
	return step == DB_ERR ? e->result : OK;
}

struct reading {
	struct arena *a;
	struct order_book *b;
};

static enum result read_lines(struct db_tx *tx, void *arg, struct error *e)
{
	const struct reading *r = arg;
	return load_lines(tx, r->a, r->b, e);
}

static enum result read_parts(struct db_tx *tx, void *arg, struct error *e)
{
	const struct reading *r = arg;
	return load_parts(tx, r->a, r->b, e);
}

static enum result read_batches(struct db_tx *tx, void *arg, struct error *e)
{
	const struct reading *r = arg;
	return load_batches(tx, r->a, r->b, e);
}

static enum result read_payments(struct db_tx *tx, void *arg, struct error *e)
{
	const struct reading *r = arg;
	return load_payments(tx, r->a, r->b, e);
}

static enum result read_balances(struct db_tx *tx, void *arg, struct error *e)
{
	const struct reading *r = arg;
	return ledger_balances(tx, BOOK_MONEY, r->b->order, true, r->a, &r->b->balances, &r->b->balance_count, e);
}

static enum result read_returns(struct db_tx *tx, void *arg, struct error *e)
{
	const struct reading *r = arg;
	return load_returns(tx, r->a, r->b, e);
}

/* Its head, then the rest side by side. */
enum result book_get(struct db_tx *tx, int64_t order, struct arena *a, struct order_book *out, struct error *e)
{
	struct order_book b;
	struct reading r = { a, &b };
	const struct db_part parts[] = { { read_lines, &r },    { read_parts, &r },    { read_batches, &r },
		                         { read_payments, &r }, { read_balances, &r }, { read_returns, &r } };
	int count = sizeof(parts) / sizeof(*parts);
	TRY(book_head(tx, order, a, &b, e));
	TRY(db_together(tx, parts, b.returns ? count : count - 1, e));
	*out = b;
	return OK;
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

DB_STMT(order_book_insert, "iiitIIIitiiiiiiiiiiI", "",
        "INSERT INTO order_book (rkey, order_id, version, state, number, record, store, associate, channel, currency, "
        "policy, on_account, tax_included, shipping_minor, shipping_tax_minor, placed_at, updated_at, events, returns, "
        "unplaced, arrived_at) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
        "$18, $19, $20)")
DB_STMT(order_book_update, "iiitiiiiiiiIi", "",
        "UPDATE order_book SET state = $3, currency = $4, policy = $5, on_account = $6, shipping_minor = $7, "
        "shipping_tax_minor = $8, events = $9, returns = $10, unplaced = $11, arrived_at = $12, "
        "placed_at = $13 WHERE rkey = $1 AND order_id = $2")

static enum result save_head(struct work *w, struct error *e)
{
	const struct order_book *b = &w->b;
	unsigned rkey = id_bucket(b->order);
	if (w->fresh)
		return db_exec(w->tx, &order_book_insert, NULL, e, DB_INT(rkey), DB_INT(b->order), DB_INT(b->state),
		               DB_CSTR(b->number), DB_INT_OR_NULL(b->record), DB_INT_OR_NULL(b->store),
		               DB_INT_OR_NULL(b->associate), DB_INT(b->channel), DB_CSTR(currency_code(b->currency)),
		               DB_INT(b->policy), DB_INT(b->on_account), DB_INT(b->tax_included), DB_INT(b->shipping),
		               DB_INT(b->shipping_tax), DB_INT(b->placed_at), DB_INT(w->act.at), DB_INT(b->events),
		               DB_INT(b->returns), DB_INT(b->unplaced), DB_INT_OR_NULL(b->arrived_at));
	return db_exec(w->tx, &order_book_update, NULL, e, DB_INT(rkey), DB_INT(b->order), DB_INT(b->state),
	               DB_CSTR(currency_code(b->currency)), DB_INT(b->policy), DB_INT(b->on_account),
	               DB_INT(b->shipping), DB_INT(b->shipping_tax), DB_INT(b->events), DB_INT(b->returns),
	               DB_INT(b->unplaced), DB_INT_OR_NULL(b->arrived_at), DB_INT(b->placed_at));
}

DB_STMT(order_item_insert, "iiiiiTiiIiiiiiiiiiiiiiiiiiiiiiiii", "",
        "INSERT INTO order_item (rkey, order_id, line, batch, sku, title, qty, unit_micro, list_micro, tax_micro, "
        "undiscounted, own_micro, own_minor, gross_minor, own_taken_minor, share1_minor, share2_minor, share3_minor, "
        "share4_minor, net_minor, tax_minor, claw_minor, cancelled_net_minor, cancelled_tax_minor, returned_net_minor, "
        "returned_tax_minor, waiting, open, picked, handed, cancelled, returned, coming) VALUES ($1, $2, $3, $4, $5, "
        "$6, $7, "
        "$8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, "
        "$30, $31, $32, $33)")
DB_STMT(order_item_update, "iiiiiTiiIiiiiiiiiiiiiiiiiiiiiiiii", "",
        "UPDATE order_item SET batch = $4, sku = $5, title = $6, qty = $7, unit_micro = $8, list_micro = $9, "
        "tax_micro = $10, undiscounted = $11, own_micro = $12, own_minor = $13, gross_minor = $14, "
        "own_taken_minor = $15, share1_minor = $16, share2_minor = $17, share3_minor = $18, share4_minor = $19, "
        "net_minor = $20, tax_minor = $21, claw_minor = $22, cancelled_net_minor = $23, cancelled_tax_minor = $24, "
        "returned_net_minor = $25, returned_tax_minor = $26, waiting = $27, open = $28, picked = $29, handed = $30, "
        "cancelled = $31, returned = $32, coming = $33 WHERE rkey = $1 AND order_id = $2 AND line = $3")

static enum result save_line(struct work *w, const struct book_line *l, bool fresh, struct error *e)
{
	const struct price_line *p = &l->price;
	return db_exec(w->tx, fresh ? &order_item_insert : &order_item_update, NULL, e, DB_INT(id_bucket(w->b.order)),
	               DB_INT(w->b.order), DB_INT(l->line), DB_INT(l->batch), DB_INT(l->sku),
	               DB_TEXT_OR_NULL(str_c(l->title)), DB_INT(p->qty), DB_INT(l->unit_micro),
	               l->list_micro < 0 ? DB_NULL : DB_INT(l->list_micro), DB_INT(decimal_micro(p->tax_rate)),
	               DB_INT(l->undiscounted), DB_INT(decimal_micro(l->own.rate)), DB_INT(money_minor(l->own.amount)),
	               DB_INT(money_minor(p->gross)), DB_INT(money_minor(p->own)), DB_INT(money_minor(p->share[0])),
	               DB_INT(money_minor(p->share[1])), DB_INT(money_minor(p->share[2])),
	               DB_INT(money_minor(p->share[3])), DB_INT(money_minor(p->net)), DB_INT(money_minor(p->tax)),
	               DB_INT(l->claw), DB_INT(l->cancelled_net), DB_INT(l->cancelled_tax), DB_INT(l->returned_net),
	               DB_INT(l->returned_tax), DB_INT(l->waiting), DB_INT(l->open), DB_INT(l->picked),
	               DB_INT(l->handed), DB_INT(l->cancelled), DB_INT(l->returned), DB_INT(l->coming));
}

DB_STMT(order_part_insert, "iiiiiiiiiiiii", "",
        "INSERT INTO order_part (rkey, order_id, n, line, location, method, sku, open, picked, ready, handed, shipped, "
        "since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
DB_STMT(order_part_update, "iiiiiiiii", "",
        "UPDATE order_part SET open = $4, picked = $5, ready = $6, handed = $7, shipped = $8, since = $9 "
        "WHERE rkey = $1 AND order_id = $2 AND n = $3")

static enum result save_part(struct work *w, const struct book_part *p, bool fresh, struct error *e)
{
	unsigned rkey = id_bucket(w->b.order);
	if (!fresh)
		return db_exec(w->tx, &order_part_update, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(p->n),
		               DB_INT(p->open), DB_INT(p->picked), DB_INT(p->ready), DB_INT(p->handed),
		               DB_INT(p->shipped), DB_INT(p->since));
	return db_exec(w->tx, &order_part_insert, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(p->n),
	               DB_INT(p->line), DB_INT(p->location), DB_INT(p->method), DB_INT(p->sku), DB_INT(p->open),
	               DB_INT(p->picked), DB_INT(p->ready), DB_INT(p->handed), DB_INT(p->shipped), DB_INT(p->since));
}

DB_STMT(order_discount_put, "iiiiiiii", "",
        "INSERT INTO order_discount (rkey, order_id, batch, n, rate_micro, amount_minor, threshold_minor, given) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (rkey, order_id, batch, n) DO UPDATE SET "
        "rate_micro = $5, amount_minor = $6, threshold_minor = $7, given = $8")
DB_STMT(order_discount_cut, "iiii", "",
        "DELETE FROM order_discount WHERE rkey = $1 AND order_id = $2 AND batch = $3 AND n >= $4")

static enum result save_batch(struct work *w, const struct book_batch *k, bool fresh, struct error *e)
{
	unsigned rkey = id_bucket(w->b.order);
	for (int n = 0; n < k->discount_count; n++)
		TRY(db_exec(w->tx, &order_discount_put, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(k->batch),
		            DB_INT(n), DB_INT(decimal_micro(k->discounts[n].rate)),
		            DB_INT(money_minor(k->discounts[n].amount)), DB_INT(money_minor(k->discounts[n].threshold)),
		            DB_INT(k->given[n])));
	if (fresh)
		return OK;
	return db_exec(w->tx, &order_discount_cut, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(k->batch),
	               DB_INT(k->discount_count));
}

DB_STMT(order_payment_insert, "iiiiiiiiiiT", "",
        "INSERT INTO order_payment (rkey, order_id, n, at, act, kind, tender, amount_minor, state, as_credit, "
        "reference) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
DB_STMT(order_payment_update, "iiii", "",
        "UPDATE order_payment SET state = $4 WHERE rkey = $1 AND order_id = $2 AND n = $3")

static enum result save_payment(struct work *w, const struct book_payment *p, bool fresh, struct error *e)
{
	unsigned rkey = id_bucket(w->b.order);
	if (!fresh)
		return db_exec(w->tx, &order_payment_update, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(p->n),
		               DB_INT(p->state));
	return db_exec(w->tx, &order_payment_insert, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(p->n),
	               DB_INT(p->at), DB_INT(w->act.id), DB_INT(p->refund ? 2 : 1), DB_INT(p->tender), DB_INT(p->minor),
	               DB_INT(p->state), DB_INT(p->as_credit), DB_TEXT_OR_NULL(str_c(p->reference)));
}

DB_STMT(order_return_insert, "iiiiiiiiiiiiii", "",
        "INSERT INTO order_return (rkey, order_id, n, seq, line, at, act, location, sku, qty, condition, uninspected, "
        "net_minor, tax_minor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
DB_STMT(order_return_update, "iiiii", "",
        "UPDATE order_return SET uninspected = $5 WHERE rkey = $1 AND order_id = $2 AND n = $3 AND seq = $4")

static enum result save_return(struct work *w, const struct book_return *t, bool fresh, struct error *e)
{
	unsigned rkey = id_bucket(w->b.order);
	if (!fresh)
		return db_exec(w->tx, &order_return_update, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(t->n),
		               DB_INT(t->seq), DB_INT(t->uninspected));
	return db_exec(w->tx, &order_return_insert, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(t->n),
	               DB_INT(t->seq), DB_INT(t->line), DB_INT(t->at), DB_INT(w->act.id), DB_INT(t->location),
	               DB_INT(t->sku), DB_INT(t->qty), DB_INT(t->condition), DB_INT(t->uninspected), DB_INT(t->net),
	               DB_INT(t->tax));
}

/* Rows beyond those that were loaded are new; of the others, those that differ are written. */
enum result book_save(struct work *w, struct error *e)
{
	const struct order_book *is = &w->b, *was = &w->was;
	TRY(save_head(w, e));
	for (int i = 0; i < is->line_count; i++)
		if (i >= was->line_count || memcmp(&is->lines[i], &was->lines[i], sizeof(*is->lines)))
			TRY(save_line(w, &is->lines[i], i >= was->line_count, e));
	for (int i = 0; i < is->part_count; i++)
		if (i >= was->part_count || memcmp(&is->parts[i], &was->parts[i], sizeof(*is->parts)))
			TRY(save_part(w, &is->parts[i], i >= was->part_count, e));
	for (int i = 0; i < is->batch_count; i++)
		if (i >= was->batch_count || memcmp(&is->batches[i], &was->batches[i], sizeof(*is->batches)))
			TRY(save_batch(w, &is->batches[i], i >= was->batch_count, e));
	for (int i = 0; i < is->payment_count; i++)
		if (i >= was->payment_count || is->payments[i].state != was->payments[i].state)
			TRY(save_payment(w, &is->payments[i], i >= was->payment_count, e));
	for (int i = 0; i < is->return_count; i++)
		if (i >= was->return_count || is->return_lines[i].uninspected != was->return_lines[i].uninspected)
			TRY(save_return(w, &is->return_lines[i], i >= was->return_count, e));
	return OK;
}

/* ---- The trail -------------------------------------------------------------------------------------------------- */

DB_STMT(order_event_insert, "iiiiiiiIIIiit", "",
        "INSERT INTO order_event (rkey, order_id, n, act, at, kind, state, store, user_id, associate, units, "
        "amount_minor, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")

enum result event_insert(struct work *w, const struct order_event *ev, struct error *e)
{
	return db_exec(w->tx, &order_event_insert, NULL, e, DB_INT(id_bucket(w->b.order)), DB_INT(w->b.order),
	               DB_INT(ev->n), DB_INT(w->act.id), DB_INT(ev->at), DB_INT(ev->kind), DB_INT(ev->state),
	               DB_INT_OR_NULL(ev->store), DB_INT_OR_NULL(ev->user), DB_INT_OR_NULL(ev->associate),
	               DB_INT(ev->units), DB_INT(ev->amount), DB_CSTR(ev->detail));
}

DB_STMT(order_event_select, "iiii", "iiiiIIIiit",
        "SELECT n, at, kind, state, store, user_id, associate, units, amount_minor, detail FROM order_event "
        "WHERE rkey = $1 AND order_id = $2 AND n < $3 ORDER BY n DESC LIMIT $4")

enum result order_events(struct db_tx *tx, int64_t order, int before, int limit, struct arena *a,
                         struct order_event *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_event_select, &r, e, DB_INT(id_bucket(order)), DB_INT(order),
	             DB_INT(before ? before : INT32_MAX), DB_INT(limit)));
	enum db_step step;
	bool failed = false;
	int n = 0;
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct order_event){ .n = (int)db_int(r, 0),
			                         .at = db_int(r, 1),
			                         .kind = (enum order_command_kind)db_int(r, 2),
			                         .state = (enum book_state)db_int(r, 3),
			                         .store = db_int(r, 4),
			                         .user = db_int(r, 5),
			                         .associate = db_int(r, 6),
			                         .units = db_int(r, 7),
			                         .amount = db_int(r, 8),
			                         .detail = text_of(r, 9, a, &failed) };
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return failed ? error_nomem(e) : OK;
}
