/* The order as everybody reads it: what commands made is told like any report, by the source ORDER_SOURCE. */
#include "orders/book.h"
#include <stdio.h>

static int64_t line_discount(const struct price_line *l)
{
	int64_t sum = money_minor(l->own);
	for (int i = 0; i < PRICE_DISCOUNTS_MAX; i++)
		sum += money_minor(l->share[i]);
	return sum;
}

/* A reported line's price and discount are without tax: of n units that came to net, with what came off them. */
static enum result face_line(struct work *w, const struct book_line *l, int64_t n, int64_t net, int64_t tax,
                             struct order_line_in *out, struct error *e)
{
	int16_t currency = w->b.currency;
	int64_t whole = money_minor(l->price.net) + money_minor(l->price.tax);
	char *key = arena_printf(w->a, "%d", l->line);
	struct decimal unit = decimal_of_micro(l->unit_micro), list = decimal_of_micro(l->list_micro);
	struct money gross, off;
	if (!key)
		return error_nomem(e);
	if (l->price.tax_included) {
		int64_t rate = decimal_micro(l->price.tax_rate), full = 100 * INT64_C(1000000);
		unit = decimal_of_micro((int64_t)((__int128)l->unit_micro * full / (full + rate)));
		list = decimal_of_micro((int64_t)((__int128)l->list_micro * full / (full + rate)));
	}
	TRY(money_times(unit, n, currency, ROUND_HALF_UP, &gross, e));
	TRY(money_sub(gross, money_of_minor(currency, net), &off, e));
	if (!line_discount(&l->price) || money_sign(off) < 0 || !whole) { /* rounding is no discount */
		int64_t scale = 1000000;
		for (int i = currency_digits(currency); i > 0; i--)
			scale /= 10;
		if (money_sign(off)) {
			unit = decimal_of_micro((int64_t)(((__int128)net * scale + n / 2) / n));
			TRY(money_times(unit, n, currency, ROUND_HALF_UP, &gross, e));
			TRY(money_sub(gross, money_of_minor(currency, net), &off, e));
		}
		if (money_sign(off) < 0)
			off = money_of_minor(currency, 0);
		if (!line_discount(&l->price) && decimal_micro(list) && l->list_micro == l->unit_micro)
			list = unit;
	}
	*out = (struct order_line_in){ .line_key = str_c(key),
		                       .sku = l->sku,
		                       .title = str_c(l->title),
		                       .qty = n,
		                       .unit_price = unit,
		                       .has_list_price = l->list_micro >= 0,
		                       .list_price = list,
		                       .discount = off,
		                       .tax = money_of_minor(currency, tax) };
	return OK;
}

static struct order_in face_head(const struct work *w, enum order_kind kind, struct str number)
{
	const struct order_book *b = &w->b;
	return (struct order_in){ .kind = kind,
		                  .source = STR(ORDER_SOURCE),
		                  .number = number,
		                  .record = b->record,
		                  .store = kind == ORDER_RETURN ? w->c->store : b->store,
		                  .associate = kind == ORDER_RETURN ? w->act.associate : b->associate,
		                  .channel = b->channel,
		                  .placed_at = kind == ORDER_RETURN ? w->act.at : b->placed_at,
		                  .at = w->act.at,
		                  .currency = b->currency };
}

/* Only what a command did to lines shows in the sale. */
static bool sale_shows(enum order_command_kind k)
{
	return k == COMMAND_PLACE || k == COMMAND_CHANGE || k == COMMAND_CANCEL || k == COMMAND_NO_SHOW ||
	       k == COMMAND_EXCHANGE;
}

enum result face_sale(struct work *w, struct error *e)
{
	struct order_book *b = &w->b;
	struct order_outcome outcome;
	if (b->state == BOOK_DRAFT || !sale_shows(w->c->kind) ||
	    (b->state == BOOK_CANCELLED && w->was.state == BOOK_DRAFT))
		return feed_append(w->tx, FEED_ORDER, b->record, b->order, e);
	struct order_line_in *lines = arena_array(w->a, (size_t)b->line_count + 1, sizeof(*lines));
	if (!lines)
		return error_nomem(e);
	struct order_in in = face_head(w, ORDER_SALE, str_c(b->number));
	int64_t total = b->shipping + b->shipping_tax;
	in.lines = lines;
	in.cancelled = b->state == BOOK_CANCELLED;
	for (int i = 0; i < b->line_count; i++) {
		const struct book_line *l = &b->lines[i];
		int64_t n = l->price.qty - l->cancelled, net = money_minor(l->price.net) - l->cancelled_net;
		int64_t tax = money_minor(l->price.tax) - l->cancelled_tax;
		if (!n)
			continue;
		TRY(face_line(w, l, n, net, tax, &lines[in.line_count++], e));
		total += net + tax;
	}
	in.shipping = money_of_minor(b->currency, b->shipping);
	in.tax = money_of_minor(b->currency, b->shipping_tax);
	in.has_total = true;
	in.total = money_of_minor(b->currency, total);
	TRY(order_report_as(w->tx, &in, b->order, &outcome, e));
	if (outcome.what == ORDER_SAME)
		return feed_append(w->tx, FEED_ORDER, b->record, b->order, e);
	return OK;
}

/* A return is reported under the order's number with "-R" and its own. */
enum result face_return(struct work *w, struct error *e)
{
	struct order_book *b = &w->b;
	struct order_outcome outcome;
	if (!w->returned)
		return OK;
	struct order_line_in *lines = arena_array(w->a, (size_t)b->return_count + 1, sizeof(*lines));
	char *number = arena_printf(w->a, "%s-R%d", b->number, w->returned);
	int64_t net = 0;
	if (!lines || !number)
		return error_nomem(e);
	struct order_in in = face_head(w, ORDER_RETURN, str_c(number));
	in.lines = lines;
	for (int i = 0; i < b->line_count; i++)
		net += b->lines[i].returned_net - (i < w->was.line_count ? w->was.lines[i].returned_net : 0);
	for (int i = 0; i < b->return_count; i++) {
		const struct book_return *t = &b->return_lines[i];
		if (t->n != w->returned)
			continue;
		struct order_line_in *l = &lines[in.line_count++];
		TRY(face_line(w, &b->lines[t->line - 1], t->qty, t->net, t->tax > 0 ? t->tax : 0, l, e));
		l->original_number = str_c(b->number);
		l->original_line_key = l->line_key;
		l->line_key = str_c(arena_printf(w->a, "%d", t->seq));
		if (!l->line_key.n)
			return error_nomem(e);
		net -= t->net;
	}
	if (net < 0) /* charged back on what is kept */
		in.discount = money_of_minor(b->currency, -net);
	return order_report_as(w->tx, &in, id_new(id_bucket(b->order)), &outcome, e);
}

/* ---- The customer's timeline ------------------------------------------------------------------------------------ */

static const char *touch_kind(const struct work *w)
{
	static const char *const kinds[COMMANDS] = {
		[COMMAND_QUOTE] = "Order Quoted",          [COMMAND_PLACE] = "Order Placed",
		[COMMAND_CHANGE] = "Order Changed",        [COMMAND_CANCEL] = "Order Cancelled",
		[COMMAND_PROBLEM] = "Order Problem",       [COMMAND_READY] = "Order Ready",
		[COMMAND_HAND_OVER] = "Order Handed Over", [COMMAND_SHIP] = "Order Shipped",
		[COMMAND_NO_SHOW] = "Order Not Fetched",   [COMMAND_PAY] = "Order Paid",
		[COMMAND_RETURN] = "Order Returned",       [COMMAND_REFUND] = "Order Refunded",
		[COMMAND_EXCHANGE] = "Order Exchanged",    [COMMAND_ARRIVE] = "Order Being Fetched",
		[COMMAND_DELIVER] = "Order Delivered",
	};
	return kinds[w->c->kind];
}

/* What the customer noticed: not picking, allocating, inspecting. */
enum result face_touch(struct work *w, struct error *e)
{
	const struct order_book *b = &w->b;
	const char *kind = touch_kind(w);
	char amount[MONEY_TEXT_BYTES], title[TOUCHPOINT_TITLE_MAX];
	int64_t id;
	if (!kind || !b->record)
		return OK;
	money_display(amount, money_of_minor(b->currency, w->amount));
	int n = w->amount ? snprintf(title, sizeof(title), "%s %s: %s", kind, b->number, amount)
	                  : snprintf(title, sizeof(title), "%s %s", kind, b->number);
	struct touchpoint_in in = { .record = b->record,
		                    .at = w->act.at,
		                    .channel = w->c->channel ? w->c->channel : b->channel,
		                    .source = STR(ORDER_SOURCE),
		                    .kind = str_c(kind),
		                    .title = { title, (size_t)n < sizeof(title) ? (size_t)n : sizeof(title) - 1 },
		                    .store = w->c->store,
		                    .associate = w->act.associate,
		                    .ref = b->order };
	return touchpoint_append(w->tx, &in, &id, e);
}
