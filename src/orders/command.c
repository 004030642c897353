/* One command on one order, from its key to its place in the trail. */
#include "orders/book.h"
#include <stdio.h>

#define ORDER_DETAIL_MAX 240

/* ---- Checking --------------------------------------------------------------------------------------------------- */

static enum result text_check(struct str s, size_t max, const char *field, struct error *e)
{
	if (s.n > max || !str_utf8_valid(s))
		return error_set(e, ERR_INVALID, "order.text", field, "text of at most %zu bytes", max);
	return OK;
}

static enum result unit_check(const struct order_command *c, const struct order_unit_in *u, struct error *e)
{
	bool allocates =
	        u->line < 0 || c->kind == COMMAND_ALLOCATE || c->kind == COMMAND_PLACE || c->kind == COMMAND_CHANGE;
	if (!u->line)
		return error_set(e, ERR_INVALID, "unit.line", "units.line", "units are of a line");
	if (u->qty <= 0 || u->qty > ORDER_PART_MAX)
		return error_set(e, ERR_INVALID, "unit.quantity", "units.qty", "1 to %lld", (long long)ORDER_PART_MAX);
	if (u->method < 0 || u->method >= METHODS || (allocates && !u->method))
		return error_set(e, ERR_INVALID, "unit.method", "units.method", "take, pick_up, ship or deliver");
	if (allocates && !u->location)
		return error_set(e, ERR_INVALID, "unit.location", "units.location", "where do they come from?");
	if (u->to && (!allocates || u->method == METHOD_TAKE || u->to == u->location))
		return error_set(e, ERR_INVALID, "unit.to", "units.to",
		                 "only what is promised elsewhere, and is not taken along, is brought somewhere");
	if (u->from && c->kind != COMMAND_CHANGE)
		return error_set(e, ERR_INVALID, "unit.from", "units.from", "only a change takes them from elsewhere");
	if (!allocates && (c->kind == COMMAND_RETURN || c->kind == COMMAND_EXCHANGE || c->kind == COMMAND_INSPECT) &&
	    (u->condition <= 0 || u->condition >= CONDITIONS ||
	     (c->kind != COMMAND_INSPECT && u->condition == CONDITION_SCRAP)))
		return error_set(e, ERR_INVALID, "unit.condition", "units.condition", "in what condition is it?");
	return OK;
}

static enum result items_check(const struct order_command *c, struct error *e)
{
	bool wanted = c->kind == COMMAND_QUOTE || c->kind == COMMAND_CHANGE || c->kind == COMMAND_EXCHANGE ||
	              (c->kind == COMMAND_PLACE && !c->order);
	if (wanted != (c->item_count > 0))
		return error_set(e, ERR_INVALID, "order.items", "items",
		                 wanted ? "what is ordered?" : "this command takes no items");
	if (c->item_count > ORDER_ITEMS_MAX)
		return error_set(e, ERR_TOO_LARGE, "order.items", "items", "at most %d", ORDER_ITEMS_MAX);
	for (int i = 0; i < c->item_count; i++) {
		const struct order_item_in *it = &c->items[i];
		if (!it->sku)
			return error_set(e, ERR_INVALID, "line.sku", "items.sku", "an item is of a SKU");
		if (it->price.qty > ORDER_PART_MAX)
			return error_set(e, ERR_INVALID, "line.quantity", "items.qty", "at most %lld",
			                 (long long)ORDER_PART_MAX);
		TRY(text_check(it->title, ORDER_TITLE_MAX, "items.title", e));
	}
	return OK;
}

bool command_takes_all(enum order_command_kind k)
{
	return k == COMMAND_PICK || k == COMMAND_UNPICK || k == COMMAND_READY || k == COMMAND_HAND_OVER ||
	       k == COMMAND_SHIP || k == COMMAND_DELIVER || k == COMMAND_NO_SHOW || k == COMMAND_RELEASE;
}

enum result command_check(const struct order_command *c, struct error *e)
{
	bool fresh = c->kind == COMMAND_QUOTE || c->kind == COMMAND_PLACE;
	if (c->kind <= 0 || c->kind >= COMMANDS)
		return error_set(e, ERR_INVALID, "order.command", "kind", "no such command");
	if (!c->order && !fresh)
		return error_set(e, ERR_INVALID, "order.order", "order", "of which order?");
	if (!c->order && (c->channel <= 0 || c->channel >= CHANNELS))
		return error_set(e, ERR_INVALID, "order.channel", "channel", "no such channel");
	if (c->policy && c->policy != PRICE_KEEP_SHARE && c->policy != PRICE_REPRICE_KEPT)
		return error_set(e, ERR_INVALID, "order.policy", "policy", "keep_share or reprice_kept");
	if (c->discount_count < 0 || c->discount_count > PRICE_DISCOUNTS_MAX)
		return error_set(e, ERR_INVALID, "discount.count", "discounts", "at most %d", PRICE_DISCOUNTS_MAX);
	TRY(text_check(c->number, ORDER_NUMBER_MAX, "number", e));
	TRY(text_check(c->detail, ORDER_DETAIL_MAX, "detail", e));
	TRY(items_check(c, e));
	if (c->all && (c->unit_count || !command_takes_all(c->kind)))
		return error_set(e, ERR_INVALID, "order.units", "units", "this command does not take all there are");
	if (c->unit_count > ORDER_UNITS_MAX || c->pay_count > ORDER_PAYS_MAX)
		return error_set(e, ERR_TOO_LARGE, "order.size", NULL, "at most %d units entries and %d payments",
		                 ORDER_UNITS_MAX, ORDER_PAYS_MAX);
	for (int i = 0; i < c->unit_count; i++)
		TRY(unit_check(c, &c->units[i], e));
	for (int i = 0; i < c->pay_count; i++) {
		const struct order_pay_in *p = &c->pays[i];
		if (p->tender <= 0 || p->tender >= TENDERS)
			return error_set(e, ERR_INVALID, "pay.tender", "pays.tender", "no such tender");
		if (p->minor <= 0 || p->minor > LEDGER_QTY_MAX)
			return error_set(e, ERR_INVALID, "pay.amount", "pays.amount", "an amount above zero");
		TRY(text_check(p->reference, ORDER_NUMBER_MAX, "pays.reference", e));
	}
	return OK;
}

/* What must be the same when a key comes again. */
static void bytes_str(struct buf *out, struct str s)
{
	buf_printf(out, "%zu:", s.n);
	buf_add(out, s.p, s.n);
}

static void bytes_discount(struct buf *out, const struct price_discount *d)
{
	buf_printf(out, " %lld/%lld/%lld", (long long)decimal_micro(d->rate), (long long)money_minor(d->amount),
	           (long long)money_minor(d->threshold));
}

void command_bytes(const struct order_command *c, struct buf *out)
{
	buf_printf(out, "%d %lld %lld %lld %d %d %d %d %d", c->kind, (long long)c->order, (long long)c->record,
	           (long long)c->store, c->channel, c->currency, c->tax_included, c->on_account, c->policy);
	bytes_str(out, c->number);
	bytes_str(out, c->detail);
	buf_printf(out, " %lld %lld %d %d %d %d %lld", (long long)money_minor(c->shipping),
	           (long long)decimal_micro(c->shipping_tax_rate), c->refund_rest, c->may_wait, c->all, c->payment,
	           (long long)c->to);
	if (c->keep_shipping)
		buf_str(out, " keep");
	for (int i = 0; i < c->discount_count; i++)
		bytes_discount(out, &c->discounts[i]);
	for (int i = 0; i < c->item_count; i++) {
		const struct order_item_in *it = &c->items[i];
		buf_printf(out, "\ni%d %lld %lld %lld %lld %d %lld", it->line, (long long)it->sku,
		           (long long)it->price.qty, (long long)decimal_micro(it->price.unit_price),
		           (long long)decimal_micro(it->price.tax_rate), it->price.never_discounted,
		           it->has_list_price ? (long long)decimal_micro(it->list_price) : -1);
		bytes_discount(out, &it->price.own);
		bytes_str(out, it->title);
	}
	for (int i = 0; i < c->unit_count; i++) {
		const struct order_unit_in *u = &c->units[i];
		buf_printf(out, "\nu%d %lld %lld %d %lld %d", u->line, (long long)u->qty, (long long)u->location,
		           u->method, (long long)u->hold, u->condition);
		if (u->to)
			buf_printf(out, " to %lld", (long long)u->to);
		if (u->from)
			buf_printf(out, " %lld", (long long)u->from);
	}
	for (int i = 0; i < c->pay_count; i++) {
		const struct order_pay_in *p = &c->pays[i];
		buf_printf(out, "\np%d %lld %d %d", p->tender, (long long)p->minor, p->pending, p->as_credit);
		bytes_str(out, p->reference);
	}
}

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
		                    .placed_at = w->act.at };
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
	struct order_event ev = { .n = ++w->b.events,
		                  .at = w->act.at,
		                  .kind = w->c->kind,
		                  .state = w->b.state,
		                  .store = w->c->store,
		                  .user = w->act.user,
		                  .associate = w->act.associate,
		                  .units = w->unit_total,
		                  .amount = w->amount,
		                  .detail = text.p };
	return event_insert(w, &ev, e);
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

enum result order_do(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user, int64_t associate,
                     const struct order_command *c, struct order_done *out, struct error *e)
{
	struct work w = { .tx = tx, .a = db_tx_arena(tx), .c = c };
	BUF_AUTO struct buf payload = { 0 };
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
		TRY(parked_find(&w, e));
	return work_end(&w, out, e);
}
