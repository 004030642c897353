/* One command on one order, from its key to its place in the trail. */
#include "orders/book.h"
#include <stdio.h>

/* ---- Opening ---------------------------------------------------------------------------------------------------- */

static void *copy(struct arena *a, const void *p, size_t count, size_t size)
{
	void *q = arena_array(a, count + 1, size);
	if (q && count)
		memcpy(q, p, count * size);
	return q;
}

/* The stored order, and copies of what may change. */
enum result work_read(struct work *w, struct error *e)
{
	TRY(book_get(w->tx, w->c->order, w->a, &w->b, e));
	w->was = w->b;
	struct order_book *b = &w->b;
	b->lines = copy(w->a, b->lines, (size_t)b->line_count, sizeof(*b->lines));
	b->parts = copy(w->a, b->parts, (size_t)b->part_count, sizeof(*b->parts));
	b->payments = copy(w->a, b->payments, (size_t)b->payment_count, sizeof(*b->payments));
	b->return_lines = copy(w->a, b->return_lines, (size_t)b->return_count, sizeof(*b->return_lines));
	b->batches = copy(w->a, b->batches, (size_t)b->batch_count, sizeof(*b->batches));
	if (!b->lines || !b->parts || !b->payments || !b->return_lines || !b->batches)
		return error_nomem(e);
	w->line_cap = b->line_count;
	w->part_cap = b->part_count;
	w->payment_cap = b->payment_count;
	w->return_cap = b->return_count;
	w->batch_cap = b->batch_count;
	w->back = arena_array(w->a, (size_t)b->line_count + ORDER_ITEMS_MAX, sizeof(*w->back));
	if (!w->back)
		return error_nomem(e);
	till_open(w);
	return OK;
}

enum result work_load(struct work *w, struct error *e)
{
	/* one that is not there is not found by the reading; both take one way to the server */
	TRY(book_lock(w->tx, w->c->order, w->act.at, NULL, e));
	return work_read(w, e);
}

/* Nine characters that people can read out, from the key: a replay of a lost transaction gets the same. */
static const char *number_make(struct work *w)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	char *text = arena_alloc(w->a, 10);
	if (!text)
		return NULL;
	for (int i = 0; i < 9; i++)
		text[i] = digits[w->act.key[i] & 31];
	return text;
}

static enum result work_new(struct work *w, struct error *e)
{
	const struct order_command *c = w->c;
	struct str number = c->number;
	w->fresh = true;
	w->b = (struct order_book){ .state = 0,
		                    .number = number.n ? arena_strndup(w->a, number.p, number.n) : number_make(w),
		                    .record = c->record,
		                    .store = c->store,
		                    .associate = w->act.associate,
		                    .channel = c->channel,
		                    .currency = c->currency,
		                    .policy = c->policy ? c->policy : PRICE_KEEP_SHARE,
		                    .on_account = c->on_account,
		                    .tax_included = c->tax_included,
		                    .placed_at = w->act.at,
		                    .updated_at = w->act.at,
		                    .version = 1 };
	if (!w->b.number)
		return error_nomem(e);
	unsigned bucket = c->record ? id_bucket(c->record) : bucket_of(STR(ORDER_SOURCE), str_c(w->b.number));
	w->b.order = id_new(bucket);
	w->back = arena_array(w->a, ORDER_ITEMS_MAX, sizeof(*w->back));
	return w->back ? OK : error_nomem(e);
}

/* ---- Doing ------------------------------------------------------------------------------------------------------ */

static enum result allocated(const struct work *w, struct error *e)
{
	for (int i = 0; i < w->b.line_count && !w->c->may_wait; i++)
		if (w->b.lines[i].waiting > w->b.lines[i].coming)
			return error_set(e, ERR_CONFLICT, "order.units", "units",
			                 "line %d: where do %lld units come from?", w->b.lines[i].line,
			                 (long long)(w->b.lines[i].waiting - w->b.lines[i].coming));
	return OK;
}

/* Waiting units come to their locations, and what is to be fetched elsewhere is asked for. */
static enum result do_allocate(struct work *w, struct error *e)
{
	TRY(units_do(w, COMMAND_ALLOCATE, e));
	return w->look ? OK : transfer_ask_allocated(w, e);
}

static enum result take_pays(struct work *w, struct error *e)
{
	for (int i = 0; i < w->c->pay_count; i++)
		TRY(till_take(w, &w->c->pays[i], e));
	return OK;
}

static enum result refund_pays(struct work *w, struct error *e)
{
	for (int i = 0; i < w->c->pay_count; i++)
		TRY(till_refund(w, &w->c->pays[i], e));
	return w->c->refund_rest ? till_refund_rest(w, e) : OK;
}

static enum result do_place(struct work *w, struct error *e)
{
	if (!w->fresh && w->act.at - w->b.placed_at > QUOTE_KEEP_US)
		return error_set(e, ERR_CONFLICT, "order.lapsed", NULL,
		                 "the quote's prices are too old: change it, or make a new one");
	if (w->fresh)
		TRY(basket_add(w, e));
	else
		TRY(basket_charge(w, e));
	w->b.on_account |= w->c->on_account;
	w->b.placed_at = w->act.at;
	TRY(do_allocate(w, e));
	TRY(allocated(w, e));
	return take_pays(w, e);
}

enum result work_change(struct work *w, struct error *e)
{
	if (w->c->currency != w->b.currency || w->c->tax_included != w->b.tax_included)
		return error_set(e, ERR_INVALID, "order.currency", "currency",
		                 "an order keeps its currency and its tax");
	TRY(basket_change(w, e));
	if (w->b.state == BOOK_DRAFT) {
		w->b.placed_at = w->act.at; /* its prices are of now */
		return OK;
	}
	TRY(do_allocate(w, e));
	TRY(allocated(w, e));
	TRY(till_settle(w, e));
	return take_pays(w, e);
}

/* When nothing of it is left, nothing is sent either. */
static enum result shipping_back(struct work *w, struct error *e)
{
	for (int i = 0; i < w->b.line_count; i++)
		if (w->b.lines[i].cancelled < w->b.lines[i].price.qty)
			return OK;
	if (MUTANT(MUTANT_CANCEL_SHIPPING)) {
		w->b.shipping = w->b.shipping_tax = 0;
		return OK;
	}
	w->amount += w->b.shipping + w->b.shipping_tax;
	TRY(till_reverse(w, 0, w->b.shipping, w->b.shipping_tax, 0, e));
	w->b.shipping = w->b.shipping_tax = 0;
	return OK;
}

static enum result cancel_draft(struct work *w, struct error *e)
{
	if (w->c->unit_count)
		return error_set(e, ERR_INVALID, "order.units", "units", "a quote is changed, or cancelled as a whole");
	for (int i = 0; i < w->b.line_count; i++) {
		struct book_line *l = &w->b.lines[i];
		l->waiting = 0;
		l->cancelled = l->price.qty;
		l->cancelled_net = money_minor(l->price.net);
		l->cancelled_tax = money_minor(l->price.tax);
	}
	w->b.shipping = w->b.shipping_tax = 0;
	return OK;
}

static enum result do_cancel(struct work *w, struct error *e)
{
	if (w->b.state == BOOK_DRAFT)
		return cancel_draft(w, e);
	if (w->c->unit_count || w->c->all)
		TRY(units_do(w, w->c->kind, e));
	else
		TRY(units_cancel_all(w, e));
	TRY(basket_back(w, true, e));
	TRY(shipping_back(w, e));
	return refund_pays(w, e);
}

static enum result do_exchange(struct work *w, struct error *e)
{
	if (w->c->currency != w->b.currency || w->c->tax_included != w->b.tax_included)
		return error_set(e, ERR_INVALID, "order.currency", "currency",
		                 "an order keeps its currency and its tax");
	TRY(units_return(w, e));
	int64_t worth = w->amount;
	w->amount = 0;
	TRY(basket_add(w, e));
	w->amount -= worth;
	TRY(do_allocate(w, e));
	TRY(allocated(w, e));
	TRY(till_settle(w, e));
	/* the customer pays the difference, or gets it */
	return w->receivable ? take_pays(w, e) : refund_pays(w, e);
}

/* Whether anything is still to be fetched. */
static bool to_be_fetched(const struct order_book *b)
{
	for (int i = 0; i < b->part_count; i++) {
		const struct book_part *p = &b->parts[i];
		if (p->method == METHOD_PICK_UP && p->open + p->picked + p->ready)
			return true;
	}
	return false;
}

static enum result do_arrive(struct work *w, struct error *e)
{
	if (!to_be_fetched(&w->b))
		return error_set(e, ERR_CONFLICT, "order.units", NULL, "there is nothing to be fetched");
	w->b.arrived_at = w->act.at;
	return OK;
}

static enum result do_close(struct work *w, struct error *e)
{
	char in[MONEY_TEXT_BYTES], out[MONEY_TEXT_BYTES];
	if (w->receivable || w->payable)
		return error_set(e, ERR_CONFLICT, "order.unpaid", NULL, "%s is to be paid, %s to be given back",
		                 till_text(w, w->receivable, in), till_text(w, w->payable, out));
	for (int i = 0; i < w->b.return_count; i++)
		if (w->b.return_lines[i].uninspected)
			return error_set(e, ERR_CONFLICT, "order.units", NULL, "what came back is to be inspected");
	return OK;
}

static enum result work_do(struct work *w, struct error *e)
{
	switch (w->c->kind) {
	case COMMAND_QUOTE:
		return basket_add(w, e);
	case COMMAND_PLACE:
		return do_place(w, e);
	case COMMAND_CHANGE:
		return work_change(w, e);
	case COMMAND_ALLOCATE:
		return do_allocate(w, e);
	case COMMAND_CANCEL:
	case COMMAND_NO_SHOW:
		return do_cancel(w, e);
	case COMMAND_PAY:
		TRY(take_pays(w, e));
		w->amount = w->was.balance_count ? book_receivable(&w->was) - w->receivable : 0;
		return OK;
	case COMMAND_RETURN:
		TRY(units_return(w, e));
		return refund_pays(w, e);
	case COMMAND_EXCHANGE:
		return do_exchange(w, e);
	case COMMAND_INSPECT:
		return units_inspect(w, e);
	case COMMAND_REFUND:
		TRY(refund_pays(w, e));
		w->amount = w->refunded;
		return OK;
	case COMMAND_REFUND_DONE:
	case COMMAND_REFUND_FAILED:
		return till_refund_end(w, w->c->payment, w->c->kind == COMMAND_REFUND_DONE, e);
	case COMMAND_CLOSE:
		return do_close(w, e);
	case COMMAND_ARRIVE:
		return do_arrive(w, e);
	case COMMAND_TRANSFER:
		return transfer_ask(w, e);
	default:
		return units_do(w, w->c->kind, e);
	}
}

/* ---- Finishing -------------------------------------------------------------------------------------------------- */

static enum book_turn turn_of(const struct work *w)
{
	int64_t open = 0, handed = 0;
	if (w->c->kind == COMMAND_CLOSE)
		return TURN_CLOSED;
	for (int i = 0; i < w->b.line_count; i++) {
		const struct book_line *l = &w->b.lines[i];
		open += l->waiting + l->open + l->picked;
		handed += l->handed;
	}
	if (open && (w->c->kind == COMMAND_QUOTE || (w->b.state == BOOK_DRAFT && w->c->kind != COMMAND_PLACE)))
		return TURN_DRAFTED;
	if (handed)
		return open ? TURN_SOME_HANDED : TURN_ALL_HANDED;
	return open ? TURN_NONE_HANDED : TURN_ALL_CANCELLED;
}

static enum result work_turn(struct work *w, struct error *e)
{
	if (w->c->kind == COMMAND_INSPECT || w->c->kind == COMMAND_TRANSFER || w->c->kind == COMMAND_DELIVER)
		return OK;
	enum book_state next = book_next(w->b.state, turn_of(w));
	if (!next)
		return error_set(e, ERR_CONFLICT, "order.state", NULL, "%s is not for an order that is %s",
		                 order_command_name(w->c->kind), book_state_name(w->b.state));
	w->b.state = next;
	return OK;
}

static enum result work_event(struct work *w, struct error *e)
{
	BUF_AUTO struct buf text;
	struct json_writer j;
	buf_init(&text, 0);
	jw_init(&j, &text);
	jw_object(&j);
	if (w->c->detail.n)
		jw_kstr(&j, "said", w->c->detail);
	if (w->returned)
		jw_ki64(&j, "return", w->returned);
	if (w->payment)
		jw_ki64(&j, "payment", w->payment);
	if (w->unit_count) {
		jw_key(&j, "units");
		jw_array(&j);
		for (int i = 0; i < w->unit_count; i++) {
			jw_object(&j);
			jw_ki64(&j, "line", w->units[i].line);
			jw_ki64(&j, "qty", w->units[i].qty);
			jw_kid(&j, "location", ID_STORE, w->units[i].location);
			jw_kcstr(&j, "step", unit_step_name(w->steps[i]));
			jw_end_object(&j);
		}
		jw_end_array(&j);
	}
	jw_end_object(&j);
	if (text.failed)
		return error_nomem(e);
	w->event = (struct order_event){ .n = ++w->b.events,
		                         .at = w->act.at,
		                         .kind = w->c->kind,
		                         .state = w->b.state,
		                         .store = w->c->store,
		                         .user = w->act.user,
		                         .associate = w->act.associate,
		                         .units = w->unit_total,
		                         .amount = w->amount,
		                         .detail = arena_strndup(w->a, text.p, text.n) };
	return w->event.detail ? event_insert(w, &w->event, e) : error_nomem(e);
}

static const struct ledger_book money_book = { .book = BOOK_MONEY,
	                                       .subject = ID_ORDER,
	                                       .place = ID_STORE,
	                                       .short_code = "order.money",
	                                       .account_name = money_account_name };

/* Everything the command came to, written. */
enum result work_finish(struct work *w, struct error *e)
{
	char text[MONEY_TEXT_BYTES];
	if (w->handed && w->receivable && !w->b.on_account)
		return error_set(e, ERR_CONFLICT, "order.unpaid", NULL, "%s is to be paid first",
		                 till_text(w, w->receivable, text));
	TRY(work_turn(w, e));
	w->b.unplaced = 0;
	for (int i = 0; i < w->b.line_count && w->b.state != BOOK_DRAFT; i++)
		w->b.unplaced += w->b.lines[i].waiting - w->b.lines[i].coming;
	if (w->b.arrived_at && (w->handed || !to_be_fetched(&w->b)))
		w->b.arrived_at = 0;
	if (w->unit_count)
		TRY(unit_steps(w->tx, &w->act, w->steps, w->units, w->unit_count, e));
	if (w->move_count)
		TRY(ledger_post(w->tx, &money_book, &w->act, w->moves, w->move_count, e));
	TRY(work_event(w, e));
	TRY(book_save(w, e));
	TRY(face_sale(w, e));
	TRY(face_return(w, e));
	return face_touch(w, e);
}

enum {
	DONE_ORDER,
	DONE_EVENT,
	DONE_STATE,
	DONE_AMOUNT,
	DONE_REFUNDED,
	DONE_RECEIVABLE,
	DONE_PAYABLE,
	DONE_RETURNED,
	DONE_PAYMENT,
	DONE_TRANSFER,
	DONE_VALUES
};

static void done_read(const struct act *act, struct order_done *out)
{
	const int64_t *v = act->value;
	*out = (struct order_done){ .order = v[DONE_ORDER],
		                    .event = (int)v[DONE_EVENT],
		                    .state = (enum book_state)v[DONE_STATE],
		                    .amount = v[DONE_AMOUNT],
		                    .refunded = v[DONE_REFUNDED],
		                    .receivable = v[DONE_RECEIVABLE],
		                    .payable = v[DONE_PAYABLE],
		                    .returned = (int)v[DONE_RETURNED],
		                    .payment = (int)v[DONE_PAYMENT],
		                    .transfer = v[DONE_TRANSFER],
		                    .replayed = act->replayed };
}

static enum result work_end(struct work *w, struct order_done *out, struct error *e)
{
	int64_t v[DONE_VALUES] = { [DONE_ORDER] = w->b.order,
		                   [DONE_EVENT] = w->b.events,
		                   [DONE_STATE] = w->b.state,
		                   [DONE_AMOUNT] = w->amount,
		                   [DONE_REFUNDED] = w->refunded,
		                   [DONE_RECEIVABLE] = w->receivable,
		                   [DONE_PAYABLE] = w->payable - w->refunding,
		                   [DONE_RETURNED] = w->returned,
		                   [DONE_PAYMENT] = w->payment,
		                   [DONE_TRANSFER] = w->transfer };
	TRY(act_end(w->tx, &w->act, v, DONE_VALUES, e));
	struct act shown = w->act;
	memcpy(shown.value, v, sizeof(v));
	shown.replayed = false;
	done_read(&shown, out);
	out->currency = w->b.currency;
	return OK;
}

enum result order_do_keep(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user, int64_t associate,
                          const struct order_command *c, struct order_kept *kept, struct order_done *out,
                          struct error *e)
{
	struct work w = { .tx = tx, .a = db_tx_arena(tx), .c = c };
	bool more = false; /* was done to the order after the command */
	BUF_AUTO struct buf payload = { 0 };
	if (kept)
		kept->there = false;
	TRY(command_check(c, e));
	buf_init(&payload, 0);
	command_bytes(c, &payload);
	if (payload.failed)
		return error_nomem(e);
	struct act_in in = { .what = str_c(order_command_name(c->kind)),
		             .payload = buf_view(&payload),
		             .user = user,
		             .associate = associate };
	memcpy(in.key, key, HASH128_BYTES);
	TRY(act_begin(tx, &in, &w.act, e));
	if (w.act.replayed) {
		done_read(&w.act, out);
		TRY(book_head(tx, out->order, w.a, &w.b, e));
		out->currency = w.b.currency;
		return OK;
	}
	if (c->order)
		TRY(work_load(&w, e));
	else
		TRY(work_new(&w, e));
	if (c->order && !book_allows(w.b.state, c->kind))
		return error_set(e, ERR_CONFLICT, "order.state", NULL, "%s is not for an order that is %s",
		                 order_command_name(c->kind), book_state_name(w.b.state));
	TRY(work_do(&w, e));
	TRY(work_finish(&w, e));
	if (w.handed)
		TRY(parked_find(&w, &more, e));
	if (kept && !more)
		TRY(book_keep(&w, kept, e));
	return work_end(&w, out, e);
}

enum result order_do(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user, int64_t associate,
                     const struct order_command *c, struct order_done *out, struct error *e)
{
	return order_do_keep(tx, key, user, associate, c, NULL, out, e);
}
