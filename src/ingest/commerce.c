/* Segment's e-commerce events, version 2: Order Completed, Order Updated, Order Cancelled, Order Refunded. */
#include "ingest/room.h"

struct seller {
	const struct json *p;
	struct arena *a;
	struct item *it;
	struct item_order *sale, *back; /* back: lines with a negative quantity, and refunds */
	struct error *e;
};

static enum result amount(struct seller *s, const struct json *o, const char *name, const char *field, int16_t currency,
                          struct money *out, bool *has)
{
	struct str text = json_text(o, name, NULL, s->a);
	*out = money_none();
	if (has)
		*has = text.n > 0;
	if (!text.n) {
		const struct json *v = json_get(o, name);
		if (v && json_kind(v) != JSON_NULL && json_kind(v) != JSON_STRING)
			return error_set(s->e, ERR_INVALID, "field.type", field, "an amount");
		return OK;
	}
	enum result r = money_parse(text, currency, '.', true, out, s->e);
	if (r == ERR_INVALID)
		return error_set(s->e, ERR_INVALID, "order.amount", field, "not an amount");
	return r;
}

static enum result price(struct seller *s, const struct json *o, const char *name, const char *other, const char *field,
                         struct decimal *out, bool *has)
{
	struct str text = json_text(o, name, other, s->a);
	*has = text.n > 0;
	*out = decimal_of_micro(0);
	if (!text.n)
		return OK;
	enum result r = decimal_parse(text, '.', out, s->e);
	if (r == ERR_INVALID)
		return error_set(s->e, ERR_INVALID, "line.price", field, "not a price");
	return r;
}

void text_copy(char *out, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(out, s.p, n);
	out[n] = 0;
}

/* What the message says of the product, for an SKU that nobody has described. */
static const struct sku *product_hint(struct seller *s, const struct json *o, bool list, struct decimal list_price,
                                      int16_t currency)
{
	struct sku *h = arena_alloc(s->a, sizeof(*h));
	if (!h)
		return NULL;
	h->list_minor = h->cost_minor = -1;
	text_copy(h->title, sizeof(h->title), json_text(o, "name", "title", s->a));
	text_copy(h->brand, sizeof(h->brand), json_text(o, "brand", NULL, s->a));
	text_copy(h->category, sizeof(h->category), json_text(o, "category", NULL, s->a));
	text_copy(h->size, sizeof(h->size), json_text(o, "size", NULL, s->a));
	text_copy(h->colour, sizeof(h->colour), json_text(o, "colour", "color", s->a));
	if (!h->colour[0])
		text_copy(h->colour, sizeof(h->colour), json_text(o, "variant", NULL, s->a));
	if (json_text(o, "sku", NULL, s->a).n)
		text_copy(h->product_code, sizeof(h->product_code), json_text(o, "product_id", "productId", s->a));
	struct money m;
	if (list && money_times(list_price, 1, currency, ROUND_HALF_UP, &m, s->e) == OK) {
		h->list_minor = money_minor(m);
		h->currency = currency;
	}
	return h;
}

static enum result order_room(struct seller *s, struct item_order *o, size_t count)
{
	o->lines = arena_array(s->a, count + 1, sizeof(*o->lines));
	o->sku_codes = arena_array(s->a, count + 1, sizeof(*o->sku_codes));
	o->hints = arena_array(s->a, count + 1, sizeof(*o->hints));
	o->in.lines = o->lines;
	return o->lines && o->sku_codes && o->hints ? OK : error_nomem(s->e);
}

static enum result line_quantity(struct seller *s, const struct json *o, const char *field, int64_t *qty)
{
	struct str text = json_text(o, "quantity", NULL, s->a);
	*qty = 1;
	if (!text.n && !json_get(o, "quantity"))
		return OK;
	struct decimal d;
	if (decimal_parse(text, '.', &d, s->e) != OK || decimal_micro(d) % 1000000 || !decimal_micro(d))
		return error_set(s->e, ERR_INVALID, "line.quantity", field, "not a whole quantity");
	*qty = decimal_micro(d) / 1000000;
	return OK;
}

static enum result take_line(struct seller *s, const struct json *o, size_t i, bool refund)
{
	char field[64], sub[96];
	int64_t qty;
	bool has;
	snprintf(field, sizeof(field), "properties.products[%zu]", i);
	if (!o || json_kind(o) != JSON_OBJECT)
		return error_set(s->e, ERR_INVALID, "field.type", field, "a product is an object");
	snprintf(sub, sizeof(sub), "%s.quantity", field);
	TRY(line_quantity(s, o, sub, &qty));
	struct item_order *to = refund || qty < 0 ? s->back : s->sale;
	int at = to->in.line_count;
	struct order_line_in l = { .qty = qty < 0 ? -qty : qty };
	snprintf(sub, sizeof(sub), "%s.price", field);
	TRY(price(s, o, "price", "unit_price", sub, &l.unit_price, &has));
	if (!has)
		return error_set(s->e, ERR_INVALID, "line.price", sub, "a line has a price");
	snprintf(sub, sizeof(sub), "%s.list_price", field);
	TRY(price(s, o, "list_price", "compare_at_price", sub, &l.list_price, &l.has_list_price));
	snprintf(sub, sizeof(sub), "%s.discount", field);
	TRY(amount(s, o, "discount", sub, to->in.currency, &l.discount, NULL));
	snprintf(sub, sizeof(sub), "%s.tax", field);
	TRY(amount(s, o, "tax", sub, to->in.currency, &l.tax, NULL));
	l.line_key = json_text(o, "line_id", "lineId", s->a);
	l.title = json_text(o, "name", "title", s->a);
	if (refund) {
		l.original_number = json_text(s->p, "order_id", "orderId", s->a);
		l.original_line_key = json_text(o, "original_line_id", NULL, s->a);
	}
	struct str code = json_text(o, "sku", "product_id", s->a);
	if (!code.n)
		code = json_text(o, "productId", "id", s->a);
	if (code.n > 63)
		return error_set(s->e, ERR_INVALID, "code.too_long", field, "an SKU has at most 63 bytes");
	to->sku_codes[at] = code;
	to->hints[at] = product_hint(s, o, l.has_list_price, l.list_price, to->in.currency);
	to->lines[at] = l;
	to->in.line_count++;
	return to->hints[at] ? OK : error_nomem(s->e);
}

static enum result read_currency(struct seller *s, bool needed, int16_t *currency)
{
	struct str code = json_text(s->p, "currency", NULL, s->a);
	*currency = 0;
	if (!code.n && !needed)
		return OK;
	if (!code.n)
		return error_set(s->e, ERR_INVALID, "order.currency", "properties.currency", "an order has a currency");
	if (!currency_find(code, currency))
		return error_set(s->e, ERR_INVALID, "order.currency", "properties.currency", "no such currency");
	return OK;
}

static void start_order(struct seller *s, struct item_order *o, enum order_kind kind, struct str number,
                        int16_t currency)
{
	o->in.kind = kind;
	o->in.source = s->it->source;
	o->in.number = number;
	o->in.channel = s->it->touch.channel;
	o->in.placed_at = o->in.at = s->it->at;
	o->in.earliest = true; /* an update of an order comes later than the order */
	o->in.currency = currency;
}

/* The order's own discount: what is said of the whole beyond what the lines say. */
static enum result order_amounts(struct seller *s, struct item_order *o)
{
	struct order_in *in = &o->in;
	struct money said;
	int64_t lines = 0;
	TRY(amount(s, s->p, "discount", "properties.discount", in->currency, &said, NULL));
	for (int i = 0; i < in->line_count; i++)
		lines += money_minor(o->lines[i].discount);
	if (money_minor(said) > lines)
		in->discount = money_of_minor(in->currency, money_minor(said) - lines);
	TRY(amount(s, s->p, "tax", "properties.tax", in->currency, &in->tax, NULL));
	lines = 0;
	for (int i = 0; i < in->line_count; i++)
		lines += money_minor(o->lines[i].tax);
	if (lines > 0 && money_minor(in->tax) >= lines)
		in->tax = money_of_minor(in->currency, money_minor(in->tax) - lines);
	TRY(amount(s, s->p, "shipping", "properties.shipping", in->currency, &in->shipping, NULL));
	return amount(s, s->p, "total", "properties.total", in->currency, &in->total, &in->has_total);
}

static enum result take_lines(struct seller *s, const struct json *products, bool refund)
{
	size_t n = json_count(products);
	if (products && json_kind(products) != JSON_ARRAY)
		return error_set(s->e, ERR_INVALID, "field.type", "properties.products", "an array");
	if (n > ORDER_LINES_MAX)
		return error_set(s->e, ERR_TOO_LARGE, "order.lines", "properties.products", "at most %d",
		                 ORDER_LINES_MAX);
	TRY(order_room(s, s->sale, n));
	TRY(order_room(s, s->back, n + 1));
	for (size_t i = 0; i < n; i++)
		TRY(take_line(s, json_at(products, i), i, refund));
	return OK;
}

static enum result sale_event(struct seller *s, struct str number, bool cancelled)
{
	const struct json *products = json_get(s->p, "products");
	bool has = products && json_kind(products) == JSON_ARRAY && json_count(products) > 0;
	int16_t currency;
	TRY(read_currency(s, has || !cancelled, &currency));
	start_order(s, s->sale, ORDER_SALE, number, currency);
	start_order(s, s->back, ORDER_RETURN, number, currency);
	s->sale->in.cancelled = cancelled;
	s->sale->in.partial = !has;
	TRY(take_lines(s, products, false));
	if (currency)
		TRY(order_amounts(s, s->sale));
	s->it->order_count = s->sale->in.line_count || !s->back->in.line_count ? 1 : 0;
	if (!s->it->order_count) /* an exchange of which only the return is left */
		*s->sale = *s->back;
	s->it->order_count = s->back->in.line_count && s->it->order_count ? 2 : 1;
	return OK;
}

static enum result refund_event(struct seller *s, struct str order)
{
	const struct json *products = json_get(s->p, "products");
	bool has = json_count(products) > 0;
	int16_t currency;
	TRY(read_currency(s, has, &currency));
	struct str number = json_text(s->p, "return_id", "refund_id", s->a);
	if (!number.n)
		number = json_text(s->p, "returnId", "refundId", s->a);
	if (!number.n && has) { /* several partial refunds of one order: each message its own */
		char *made = arena_printf(s->a, "%.*s/%016llx", STR_ARG(order),
		                          (unsigned long long)hash64_str(s->it->message_id, 0));
		number = str_c(made);
		if (!made)
			return error_nomem(s->e);
	}
	start_order(s, s->back, ORDER_RETURN, number.n ? number : order, currency);
	start_order(s, s->sale, ORDER_SALE, order, currency);
	TRY(take_lines(s, products, true));
	if (currency)
		TRY(order_amounts(s, s->back));
	if (!has) {
		struct order_in *in = &s->back->in;
		s->back->whole_refund = true;
		s->back->lines[0] =
		        (struct order_line_in){ .title = STR("Refund"), .qty = 1, .original_number = order };
		s->back->lines[0].unit_price = decimal_of_micro(0);
		if (currency && in->has_total) {
			char text[MONEY_TEXT_BYTES];
			money_format(text, in->total);
			TRY(decimal_parse(str_c(text), '.', &s->back->lines[0].unit_price, s->e));
			in->discount = in->tax = in->shipping = money_none();
		}
		in->line_count = 1;
	}
	*s->sale = *s->back;
	s->it->order_count = 1;
	return OK;
}

/* What stands on the timeline: the first line and how many more. */
static enum result order_title(struct seller *s, const struct item_order *o)
{
	if (!o->in.line_count || !o->lines[0].title.n)
		return OK;
	struct str first = o->lines[0].title;
	char *t = o->in.line_count == 1 ? arena_printf(s->a, "%.*s", (int)(first.n < 200 ? first.n : 200), first.p)
	                                : arena_printf(s->a, "%.*s and %d more", (int)(first.n < 200 ? first.n : 200),
	                                               first.p, o->in.line_count - 1);
	if (!t)
		return error_nomem(s->e);
	if (str_utf8_valid(str_c(t)))
		s->it->touch.title = str_c(t);
	return OK;
}

enum result commerce_orders(struct str event, const struct json *properties, struct arena *a, struct item *it, bool *is,
                            struct error *e)
{
	bool refund = str_is(event, "Order Refunded"), cancelled = str_is(event, "Order Cancelled");
	*is = refund || cancelled || str_is(event, "Order Completed") || str_is(event, "Order Updated");
	if (!*is)
		return OK;
	struct seller s = { .p = properties, .a = a, .it = it, .e = e };
	struct str number = json_text(properties, "order_id", "orderId", a);
	if (!number.n || number.n > ORDER_NUMBER_MAX)
		return error_set(e, ERR_INVALID, "order.number", "properties.order_id", "1 to %d bytes",
		                 ORDER_NUMBER_MAX);
	it->orders = arena_array(a, 2, sizeof(*it->orders));
	if (!it->orders)
		return error_nomem(e);
	s.sale = &it->orders[0];
	s.back = &it->orders[1];
	TRY(refund ? refund_event(&s, number) : sale_event(&s, number, cancelled));
	for (int i = 0; i < it->order_count; i++) {
		struct item_order *o = &it->orders[i];
		/* SKUs are looked up later: for the check a line with a code has a product. */
		for (int k = 0; k < o->in.line_count; k++)
			o->lines[k].sku = o->sku_codes[k].n ? 1 : 0;
		if (!o->whole_refund || o->in.currency) /* else the sale will tell */
			TRY(order_check(&o->in, e));
	}
	return order_title(&s, &it->orders[0]);
}
