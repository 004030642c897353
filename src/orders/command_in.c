/* A command as it is asked for: what is wrong with it whatever the order, and what of it is known again. */
#include "orders/book.h"

#define ORDER_DETAIL_MAX 240

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

/* What must be the same when a key comes again. Only hashes of it are stored, for good: its form stays as it is. */
static void ints(struct buf *out, const int64_t *v, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_char(out, ' ');
		buf_i64(out, v[i]);
	}
}
#define INTS(out, ...) ints(out, (int64_t[]){ __VA_ARGS__ }, sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

static void bytes_str(struct buf *out, struct str s)
{
	buf_i64(out, (int64_t)s.n);
	buf_char(out, ':');
	buf_add(out, s.p, s.n);
}

static void bytes_discount(struct buf *out, const struct price_discount *d)
{
	buf_char(out, ' ');
	buf_i64(out, decimal_micro(d->rate));
	buf_char(out, '/');
	buf_i64(out, money_minor(d->amount));
	buf_char(out, '/');
	buf_i64(out, money_minor(d->threshold));
}

static void bytes_item(struct buf *out, const struct order_item_in *it)
{
	buf_str(out, "\ni");
	INTS(out, it->line, it->sku, it->price.qty, decimal_micro(it->price.unit_price),
	     decimal_micro(it->price.tax_rate), it->price.never_discounted,
	     it->has_list_price ? decimal_micro(it->list_price) : -1);
	bytes_discount(out, &it->price.own);
	bytes_str(out, it->title);
}

static void bytes_unit(struct buf *out, const struct order_unit_in *u)
{
	buf_str(out, "\nu");
	INTS(out, u->line, u->qty, u->location, u->method, u->hold, u->condition);
	if (u->to) {
		buf_str(out, " to ");
		buf_i64(out, u->to);
	}
	if (u->from) {
		buf_char(out, ' ');
		buf_i64(out, u->from);
	}
}

void command_bytes(const struct order_command *c, struct buf *out)
{
	INTS(out, c->kind, c->order, c->record, c->store, c->channel, c->currency, c->tax_included, c->on_account,
	     c->policy);
	bytes_str(out, c->number);
	bytes_str(out, c->detail);
	buf_char(out, ' ');
	INTS(out, money_minor(c->shipping), decimal_micro(c->shipping_tax_rate), c->refund_rest, c->may_wait, c->all,
	     c->payment, c->to);
	if (c->keep_shipping)
		buf_str(out, " keep");
	for (int i = 0; i < c->discount_count; i++)
		bytes_discount(out, &c->discounts[i]);
	for (int i = 0; i < c->item_count; i++)
		bytes_item(out, &c->items[i]);
	for (int i = 0; i < c->unit_count; i++)
		bytes_unit(out, &c->units[i]);
	for (int i = 0; i < c->pay_count; i++) {
		const struct order_pay_in *p = &c->pays[i];
		buf_str(out, "\np");
		INTS(out, p->tender, p->minor, p->pending, p->as_credit);
		bytes_str(out, p->reference);
	}
}
