/* Rows of order files, gathered into orders. */
#include "ingest/rows.h"
#include "ingest/room.h"

enum result group_same(struct rows *r, const struct csv_row *row, bool *same, struct error *e)
{
	struct row_view v = row_view_of(r, row->fields, row->count);
	bool failed = false;
	*same = false;
	if (!r->group.open)
		return OK;
	/* A row that cannot be read interrupts nothing. */
	if (row->broken || row->count != row_columns(r)) {
		*same = true;
		return OK;
	}
	struct str number = row_value(&v, SLOT_NUMBER, &failed);
	*same = number.n ? str_eq(number, r->group.number) : r->section->inherit;
	return failed ? error_nomem(e) : OK;
}

static enum result amount(const struct row_view *v, enum slot slot, const char *field, int16_t currency,
                          struct money *out, bool *has, struct error *e)
{
	bool failed = false;
	struct str s = row_value(v, slot, &failed);
	*out = money_none();
	if (has)
		*has = s.n > 0;
	if (failed)
		return error_nomem(e);
	if (!s.n)
		return OK;
	if (money_parse(s, currency, v->section->decimal, true, out, e) != OK)
		return error_set(e, ERR_INVALID, "order.amount", field, "not an amount");
	return OK;
}

static enum result order_head(struct rows *r, const struct row_view *v, struct item *it, struct order_in *in,
                              struct error *e)
{
	bool failed = false;
	struct when w;
	in->source = it->source;
	in->number = row_value(v, SLOT_NUMBER, &failed);
	in->kind = row_truth(row_value(v, SLOT_RETURN, &failed)) ? ORDER_RETURN : ORDER_SALE;
	if (!in->number.n)
		return error_set(e, ERR_INVALID, "order.number", "number", "the row has no order number");
	struct str placed = row_value(v, SLOT_PLACED_AT, &failed), code = row_value(v, SLOT_CURRENCY, &failed);
	if (!when_parse(v->section, placed, &w))
		return error_set(e, ERR_INVALID, "date.malformed", "placed_at", "no date pattern of the mapping fits");
	TRY(when_us(v->section, &w, &in->placed_at, e));
	it->at = in->placed_at;
	if (!code.n || !currency_find(code, &in->currency))
		return error_set(e, ERR_INVALID, "order.currency", "currency", "no such currency");
	it->store = row_value(v, SLOT_STORE, &failed);
	it->associate = row_value(v, SLOT_ASSOCIATE, &failed);
	if (it->store.n > 39 || it->associate.n > 39)
		return error_set(e, ERR_INVALID, "code.too_long", "store", "at most 39 bytes");
	struct str channel = row_value(v, SLOT_CHANNEL, &failed);
	if (!channel_read(channel, &in->channel))
		in->channel = it->store.n ? CHANNEL_STORE : CHANNEL_WEB;
	in->cancelled = row_truth(row_value(v, SLOT_CANCELLED, &failed));
	TRY(amount(v, SLOT_DISCOUNT, "discount", in->currency, &in->discount, NULL, e));
	TRY(amount(v, SLOT_TAX, "tax", in->currency, &in->tax, NULL, e));
	TRY(amount(v, SLOT_SHIPPING, "shipping", in->currency, &in->shipping, NULL, e));
	TRY(amount(v, SLOT_TOTAL, "total", in->currency, &in->total, &in->has_total, e));
	TRY(row_person(v, it, e));
	(void)r;
	return failed ? error_nomem(e) : order_check(in, e);
}

static enum result group_begin(struct rows *r, const struct csv_row *row, const struct str *fields, struct error *e)
{
	struct group *g = &r->group;
	struct buf raw = g->raw;
	*g = (struct group){ .open = true, .line = row->line, .raw = raw };
	buf_clear(&g->raw);
	TRY(row_item(r, row, &g->item, e));
	struct row_view v = row_view_of(r, fields, row->count);
	bool failed = false;
	g->number = row_value(&v, SLOT_NUMBER, &failed);
	g->first = (struct str *)fields;
	g->first_count = row->count;
	if (failed)
		return error_nomem(e);
	enum result result = order_head(r, &v, g->item, &g->order.in, e);
	if (result == ERR_NOMEM)
		return result;
	g->bad = result != OK;
	if (g->bad)
		g->why = *e;
	return OK;
}

static enum result room_for_line(struct group *g, struct arena *a, struct error *e)
{
	struct item_order *o = &g->order;
	int n = o->in.line_count;
	if (n < g->line_capacity)
		return OK;
	int capacity = n ? 2 * n : 8;
	struct order_line_in *lines = arena_array(a, (size_t)capacity, sizeof(*lines));
	struct str *codes = arena_array(a, (size_t)capacity, sizeof(*codes));
	const struct sku **hints = arena_array(a, (size_t)capacity, sizeof(*hints));
	if (!lines || !codes || !hints)
		return error_nomem(e);
	if (n) {
		memcpy(lines, o->lines, (size_t)n * sizeof(*lines));
		memcpy(codes, o->sku_codes, (size_t)n * sizeof(*codes));
		memcpy(hints, o->hints, (size_t)n * sizeof(*hints));
	}
	o->lines = lines;
	o->in.lines = lines;
	o->sku_codes = codes;
	o->hints = hints;
	g->line_capacity = capacity;
	return OK;
}

/* "12.34", also with a sign of its currency: "$1,234.50 ". */
static enum result price_parse(const struct row_view *v, struct str text, int16_t currency, struct decimal *out,
                               struct error *e)
{
	struct money m;
	char exact[MONEY_TEXT_BYTES];
	if (decimal_parse(text, v->section->decimal, out, e) == OK)
		return OK;
	TRY(money_parse(text, currency, v->section->decimal, false, &m, e));
	money_format(exact, m);
	return decimal_parse(str_c(exact), '.', out, e);
}

static enum result line_prices(const struct row_view *v, struct order_line_in *l, int16_t currency, struct error *e)
{
	bool failed = false;
	struct str price = row_value(v, SLOT_UNIT_PRICE, &failed), list = row_value(v, SLOT_LIST_PRICE, &failed);
	if (price_parse(v, price, currency, &l->unit_price, e) != OK)
		return error_set(e, ERR_INVALID, "line.price", "unit_price", "not a price");
	if (list.n && price_parse(v, list, currency, &l->list_price, e) != OK)
		return error_set(e, ERR_INVALID, "line.price", "list_price", "not a price");
	l->has_list_price = list.n && decimal_micro(l->list_price) > 0;
	TRY(amount(v, SLOT_LINE_DISCOUNT, "line_discount", currency, &l->discount, NULL, e));
	TRY(amount(v, SLOT_LINE_TAX, "line_tax", currency, &l->tax, NULL, e));
	return failed ? error_nomem(e) : OK;
}

static enum result line_read(const struct row_view *v, const struct order_in *order, struct order_line_in *l,
                             struct str *code, const struct sku **hint, struct error *e)
{
	bool failed = false;
	struct decimal qty;
	*l = (struct order_line_in){ .line_key = row_value(v, SLOT_LINE, &failed) };
	struct str quantity = row_value(v, SLOT_QUANTITY, &failed);
	if (!v->section->slots[SLOT_QUANTITY])
		quantity = STR("1");
	if (decimal_parse(quantity, v->section->decimal, &qty, e) != OK || decimal_micro(qty) % 1000000)
		return error_set(e, ERR_INVALID, "line.quantity", "quantity", "not a whole quantity");
	l->qty = decimal_micro(qty) / 1000000;
	TRY(line_prices(v, l, order->currency, e));
	l->original_number = row_value(v, SLOT_ORIGINAL, &failed);
	*code = row_value(v, SLOT_SKU, &failed);
	if (code->n > 63)
		return error_set(e, ERR_INVALID, "code.length", "sku", "an SKU has at most 63 bytes");
	struct sku *h = arena_alloc(v->a, sizeof(*h));
	if (!h)
		return error_nomem(e);
	h->list_minor = h->cost_minor = -1;
	row_product(v, h, &failed);
	l->title = row_value(v, SLOT_TITLE, &failed);
	if (l->title.n > ORDER_TITLE_MAX)
		l->title = str_c(h->title);
	*hint = h;
	if (failed)
		return error_nomem(e);
	/* Alone in an order, so that a bad line does not spoil the good ones; with an SKU still to be looked up. */
	l->sku = code->n ? 1 : 0;
	struct order_in alone = *order;
	alone.lines = l;
	alone.line_count = 1;
	TRY(order_check(&alone, e));
	return OK;
}

static enum result line_add(struct rows *r, const struct csv_row *row, const struct row_view *v, struct error *e)
{
	struct group *g = &r->group;
	struct order_in *in = &g->order.in;
	TRY(room_for_line(g, r->a, e));
	int n = in->line_count;
	enum result result = row_refused(r, row, v, row_columns(r), e);
	if (result == OK)
		result = line_read(v, in, &g->order.lines[n], &g->order.sku_codes[n], &g->order.hints[n], e);
	if (result == OK)
		in->line_count++;
	if (result == OK || result == ERR_NOMEM)
		return result;
	struct error why = *e;
	struct item *it;
	TRY(row_item(r, row, &it, e));
	g->order.incomplete = true;
	g->item->lines--;
	return row_kill(r, it, row->raw, &why, e);
}

enum result group_add(struct rows *r, const struct csv_row *row, struct error *e)
{
	struct group *g = &r->group;
	const struct str *fields = row_fields(row, r->a);
	if (!fields)
		return error_nomem(e);
	struct row_view v = row_view_of(r, fields, row->count);
	r->taken++;
	enum result refused = row_refused(r, row, &v, row_columns(r), e);
	if (refused == ERR_NOMEM)
		return refused;
	if (refused != OK) { /* set aside, or broken: by itself, in a group or not */
		struct error why = *e;
		struct item *it;
		TRY(row_item(r, row, &it, e));
		g->order.incomplete |= g->open;
		return row_kill(r, it, row->raw, &why, e);
	}
	bool begins = !g->open;
	if (begins)
		TRY(group_begin(r, row, fields, e));
	else
		g->item->lines++;
	g->row_count++;
	if (g->bad) {
		if (!begins)
			buf_char(&g->raw, '\n');
		buf_add(&g->raw, row->raw.p, row->raw.n);
		return g->raw.failed ? error_nomem(e) : OK;
	}
	return line_add(r, row, &v, e);
}

/* What came off the whole order beyond its lines, where the file states the sum after discounts. */
static enum result subtotal(const struct row_view *v, struct item_order *o, struct error *e)
{
	struct money said, gross, off;
	bool has;
	int64_t sum = 0;
	TRY(amount(v, SLOT_SUBTOTAL, "subtotal", o->in.currency, &said, &has, e));
	if (!has)
		return OK;
	for (int i = 0; i < o->in.line_count; i++) {
		TRY(money_times(o->lines[i].unit_price, o->lines[i].qty, o->in.currency, ROUND_HALF_UP, &gross, e));
		sum += money_minor(gross) - money_minor(o->lines[i].discount);
	}
	off = money_of_minor(o->in.currency, sum);
	TRY(money_sub(off, said, &off, e));
	o->in.discount = money_sign(off) > 0 ? off : money_none();
	return OK;
}

/* A refund that the file only states as an amount: a return of one line. */
static enum result refund(const struct rows *r, const struct row_view *v, struct item *it, struct error *e)
{
	const struct order_in *sale = &it->orders[0].in;
	struct item_order *o = &it->orders[1];
	struct money back;
	bool has;
	TRY(amount(v, SLOT_REFUND, "refund", sale->currency, &back, &has, e));
	if (!has || money_sign(back) <= 0)
		return OK;
	char text[MONEY_TEXT_BYTES];
	o->lines = arena_array(r->a, 1, sizeof(*o->lines));
	o->sku_codes = arena_array(r->a, 1, sizeof(*o->sku_codes));
	if (!o->lines || !o->sku_codes)
		return error_nomem(e);
	o->in = (struct order_in){ .kind = ORDER_RETURN,
		                   .source = sale->source,
		                   .number = sale->number,
		                   .channel = sale->channel,
		                   .placed_at = sale->placed_at,
		                   .currency = sale->currency,
		                   .lines = o->lines,
		                   .line_count = 1 };
	o->lines[0] = (struct order_line_in){ .title = STR("Refund"), .qty = 1, .original_number = sale->number };
	money_format(text, back);
	TRY(decimal_parse(str_c(text), '.', &o->lines[0].unit_price, e));
	it->order_count = 2;
	return OK;
}

static enum result properties(const struct row_view *v, struct str *out, struct error *e)
{
	BUF_AUTO struct buf b;
	struct json_writer w;
	bool failed = false, any = false;
	buf_init(&b, TOUCHPOINT_BODY_MAX);
	jw_init(&w, &b);
	jw_object(&w);
	for (const struct named *n = v->section->properties; n; n = n->next) {
		struct str s = template_value(n->value, v, &failed);
		char name[64];
		if (!s.n)
			continue;
		text_copy(name, sizeof(name), n->name);
		jw_kstr(&w, name, s);
		any = true;
	}
	jw_end_object(&w);
	*out = STR("");
	if (!any)
		return failed ? error_nomem(e) : OK;
	char *copy = failed || b.failed ? NULL : arena_strndup(v->a, b.p, b.n);
	if (!copy)
		return error_nomem(e);
	*out = (struct str){ copy, b.n };
	return OK;
}

static enum result group_touch(const struct rows *r, const struct row_view *v, struct item *it, struct error *e)
{
	const struct item_order *o = &it->orders[0];
	struct touchpoint_in *t = &it->touch;
	it->has_touch = it->touch_if_new = true;
	t->at = it->at;
	t->channel = o->in.channel;
	t->source = it->source;
	t->kind = o->in.kind == ORDER_RETURN ? STR("Order Refunded") : STR("Order Completed");
	TRY(properties(v, &t->body, e));
	struct str first = o->in.line_count ? o->lines[0].title : STR("");
	if (!first.n || first.n > 200)
		return OK;
	char *title = o->in.line_count == 1
	                      ? arena_strndup(r->a, first.p, first.n)
	                      : arena_printf(r->a, "%.*s and %d more", STR_ARG(first), o->in.line_count - 1);
	if (!title)
		return error_nomem(e);
	t->title = str_c(title);
	return OK;
}

enum result group_close(struct rows *r, struct error *e)
{
	struct group *g = &r->group;
	if (!g->open)
		return OK;
	g->open = false;
	struct item *it = g->item;
	if (g->bad) {
		it->lines = g->row_count;
		return row_kill(r, it, buf_view(&g->raw), &g->why, e);
	}
	struct row_view v = row_view_of(r, g->first, g->first_count);
	it->orders = arena_array(r->a, 2, sizeof(*it->orders));
	if (!it->orders)
		return error_nomem(e);
	g->order.in_parts = true;
	it->orders[0] = g->order;
	it->order_count = g->order.in.line_count ? 1 : 0;
	if (!it->order_count) {
		it->way = ITEM_NOTHING; /* all of its rows are dead letters */
		return OK;
	}
	enum result result = subtotal(&v, &it->orders[0], e);
	if (result == OK)
		result = refund(r, &v, it, e);
	if (result == OK)
		result = order_check(&it->orders[0].in, e);
	if (result == OK)
		return group_touch(r, &v, it, e);
	struct error why = *e;
	return result == ERR_NOMEM ? result : row_kill(r, it, g->number, &why, e);
}
