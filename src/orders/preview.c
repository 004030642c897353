/* What could be done to an order, and what a return would come to: looked at, nothing kept. */
#include "orders/book.h"

/* ---- What may be done ------------------------------------------------------------------------------------------- */

struct tally {
	int64_t waiting, unplaced, open, picked, handed, returned, uninspected, shipped;
	int64_t ready, to_fetch, to_carry, to_put_aside, to_hand_over; /* of the parts, by how they go out */
	bool partly_cancelled, pending;
};

static struct tally tally_of(const struct order_book *b)
{
	struct tally t = { 0 };
	for (int i = 0; i < b->line_count; i++) {
		const struct book_line *l = &b->lines[i];
		t.waiting += l->waiting;
		t.unplaced += l->waiting - l->coming;
		t.open += l->open;
		t.picked += l->picked;
		t.handed += l->handed;
		t.returned += l->returned;
		t.partly_cancelled |= l->cancelled && l->cancelled != l->price.qty;
	}
	for (int i = 0; i < b->part_count; i++) {
		const struct book_part *p = &b->parts[i];
		bool fetched = p->method == METHOD_PICK_UP;
		t.ready += p->ready;
		t.shipped += p->shipped;
		t.to_put_aside += fetched ? p->picked : 0;
		t.to_fetch += fetched ? p->open + p->picked + p->ready : 0;
		t.to_hand_over += fetched || p->method == METHOD_DELIVER ? p->picked + p->ready : 0;
		t.to_carry += p->method == METHOD_SHIP || p->method == METHOD_DELIVER ? p->picked : 0;
	}
	for (int i = 0; i < b->return_count; i++)
		t.uninspected += b->return_lines[i].uninspected;
	for (int i = 0; i < b->payment_count; i++)
		t.pending |= b->payments[i].refund && b->payments[i].state == PAYMENT_PENDING;
	return t;
}

bool book_can(const struct order_book *b, enum order_command_kind k)
{
	const struct tally t = tally_of(b);
	const bool can[COMMANDS] = {
		[COMMAND_PLACE] = true,
		[COMMAND_CHANGE] = !t.picked && !t.handed && !t.partly_cancelled,
		[COMMAND_CANCEL] = t.waiting + t.open + t.picked > 0,
		[COMMAND_ALLOCATE] = t.unplaced > 0,
		[COMMAND_RELEASE] = t.open > 0,
		[COMMAND_PICK] = t.open > 0,
		[COMMAND_UNPICK] = t.picked > 0,
		[COMMAND_PROBLEM] = t.open + t.picked > 0,
		[COMMAND_READY] = t.to_put_aside > 0,
		[COMMAND_HAND_OVER] = t.to_hand_over > 0,
		[COMMAND_SHIP] = t.to_carry > 0,
		[COMMAND_DELIVER] = t.shipped > 0,
		[COMMAND_NO_SHOW] = t.ready > 0,
		[COMMAND_PAY] = book_receivable(b) > 0,
		[COMMAND_RETURN] = t.handed > t.returned,
		[COMMAND_INSPECT] = t.uninspected > 0,
		[COMMAND_REFUND] = book_payable(b) > 0,
		[COMMAND_REFUND_DONE] = t.pending,
		[COMMAND_REFUND_FAILED] = t.pending,
		[COMMAND_EXCHANGE] = t.handed > t.returned,
		[COMMAND_CLOSE] = !book_receivable(b) && !book_payable(b) && !t.pending && !t.uninspected,
		[COMMAND_ARRIVE] = t.to_fetch > 0 && !b->arrived_at,
		[COMMAND_TRANSFER] = t.open > 0,
	};
	return book_allows(b->state, k) && can[k];
}

/* ---- What a change would make of it ----------------------------------------------------------------------------- */

static int64_t book_total(const struct order_book *b)
{
	int64_t sum = b->shipping + b->shipping_tax;
	for (int i = 0; i < b->line_count; i++) {
		const struct book_line *l = &b->lines[i];
		sum += money_minor(l->price.net) + money_minor(l->price.tax) - l->cancelled_net - l->cancelled_tax;
	}
	return sum;
}

static enum result changed_lines(const struct order_book *b, struct arena *a, struct order_changed *out,
                                 struct error *e)
{
	out->lines = arena_array(a, (size_t)b->line_count + 1, sizeof(*out->lines));
	if (!out->lines)
		return error_nomem(e);
	for (int i = 0; i < b->line_count; i++) {
		const struct book_line *l = &b->lines[i];
		struct money off;
		if (l->cancelled == l->price.qty)
			continue;
		TRY(price_line_discount(&l->price, &off, e));
		out->lines[out->line_count++] = (struct order_changed_line){ .line = l->line,
			                                                     .sku = l->sku,
			                                                     .qty = l->price.qty,
			                                                     .discount = money_minor(off),
			                                                     .net = money_minor(l->price.net),
			                                                     .tax = money_minor(l->price.tax) };
		out->discount += money_minor(off);
		out->tax += money_minor(l->price.tax);
	}
	return OK;
}

enum result order_change_price(struct db_tx *tx, const struct order_command *c, struct arena *a,
                               struct order_changed *out, struct error *e)
{
	struct work w = { .tx = tx, .a = a, .c = c, .look = true, .act = { .at = clock_now() } };
	TRY(command_check(c, e));
	TRY(work_read(&w, e));
	if (!book_allows(w.b.state, COMMAND_CHANGE))
		return error_set(e, ERR_CONFLICT, "order.state", NULL, "%s is not for an order that is %s",
		                 order_command_name(c->kind), book_state_name(w.b.state));
	*out = (struct order_changed){ .currency = w.b.currency,
		                       .was = book_total(&w.was),
		                       .was_receivable = w.receivable,
		                       .was_payable = w.payable - w.refunding };
	TRY(work_change(&w, e));
	out->total = book_total(&w.b);
	out->shipping = w.b.shipping;
	out->tax = w.b.shipping_tax;
	out->receivable = w.receivable;
	out->payable = w.payable - w.refunding;
	return changed_lines(&w.b, a, out, e);
}

/* ---- What a return would give ----------------------------------------------------------------------------------- */

static enum result note_lines(const struct work *w, struct arena *a, struct order_back *out, struct error *e)
{
	out->lines = arena_array(a, (size_t)w->was.line_count + 1, sizeof(*out->lines));
	if (!out->lines)
		return error_nomem(e);
	for (int i = 0; i < w->was.line_count; i++) {
		const struct book_line *is = &w->b.lines[i], *was = &w->was.lines[i];
		int64_t net = is->returned_net - was->returned_net, tax = is->returned_tax - was->returned_tax;
		if (is->returned > was->returned)
			out->lines[out->line_count++] = (struct order_back_line){
				.line = is->line, .qty = is->returned - was->returned, .net = net, .tax = tax
			};
		else
			out->clawed -= net + tax;
	}
	return OK;
}

enum result order_return_price(struct db_tx *tx, const struct order_command *c, struct arena *a, struct order_back *out,
                               struct error *e)
{
	struct work w = { .tx = tx, .a = a, .c = c, .look = true, .act = { .at = clock_now() } };
	TRY(command_check(c, e));
	TRY(work_read(&w, e));
	if (!book_allows(w.b.state, COMMAND_RETURN))
		return error_set(e, ERR_CONFLICT, "order.state", NULL, "%s is not for an order that is %s",
		                 order_command_name(c->kind), book_state_name(w.b.state));
	int64_t to_be_paid = w.receivable;
	TRY(units_return(&w, e));
	*out = (struct order_back){ .currency = w.b.currency,
		                    .total = w.amount,
		                    .off_receivable = to_be_paid - w.receivable };
	TRY(note_lines(&w, a, out, e));
	for (int i = 0; i < c->pay_count; i++)
		TRY(till_refund(&w, &c->pays[i], e));
	if (!c->pay_count)
		TRY(till_refund_rest(&w, e));
	for (int i = w.was.payment_count; i < w.b.payment_count; i++)
		out->tenders[w.b.payments[i].tender] += w.b.payments[i].minor;
	return OK;
}
