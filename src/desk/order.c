/* One order with its history and book; orders found by what a customer can tell. */
#include "desk/shape.h"

#define REVISIONS_SHOWN 50
#define ORDERS_BY_MAX 50
#define PEOPLE_BY_MAX 10

/* ---- One order -------------------------------------------------------------------------------------------------- */

struct order_ask {
	int64_t order;
};

static enum result write_history(struct shape *s, int64_t order, struct error *e)
{
	struct order_revision *r = arena_array(s->a, REVISIONS_SHOWN, sizeof(*r));
	int count = 0;
	if (!r)
		return error_nomem(e);
	TRY(order_history(s->tx, order, s->a, REVISIONS_SHOWN, r, &count, e));
	jw_key(s->w, "history");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		jw_ki64(s->w, "revision", r[i].revision);
		jw_ktime(s->w, "at", r[i].at);
		jw_key(s->w, "difference");
		if (r[i].difference && r[i].difference[0])
			jw_raw(s->w, str_c(r[i].difference));
		else
			jw_null(s->w);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

static enum result write_customer(struct shape *s, int64_t record, struct error *e)
{
	jw_key(s->w, "customer");
	if (!record) {
		jw_null(s->w);
		return OK;
	}
	struct person *p = arena_alloc(s->a, sizeof(*p));
	if (!p)
		return error_nomem(e);
	TRY(person_load(s->tx, record, s->a, p, e));
	TRY(shape_sees(s, p->customer, e));
	jw_object(s->w);
	jw_kid(s->w, "id", ID_CUSTOMER, p->customer);
	jw_kcstr(s->w, "name", person_name(p, s->a));
	jw_end_object(s->w);
	return OK;
}

/* A quote is no order yet that anybody reports: its head is made from its book. */
static enum result quote_head(struct shape *s, const struct order_book *b, struct order *out, struct error *e)
{
	struct order_line *lines = arena_array(s->a, (size_t)b->line_count + 1, sizeof(*lines));
	if (!lines)
		return error_nomem(e);
	*out = (struct order){ .id = b->order,
		               .record = b->record,
		               .store = b->store,
		               .associate = b->associate,
		               .placed_at = b->placed_at,
		               .source = ORDER_SOURCE,
		               .number = b->number,
		               .kind = ORDER_SALE,
		               .state = b->state == BOOK_DRAFT ? 0 : ORDER_CANCELLED,
		               .channel = b->channel,
		               .currency = b->currency,
		               .shipping_minor = b->shipping,
		               .tax_minor = b->shipping_tax,
		               .line_count = b->line_count,
		               .lines = lines };
	for (int i = 0; i < b->line_count; i++) {
		const struct book_line *l = &b->lines[i];
		struct money off;
		struct sku k = { 0 };
		bool found;
		TRY(price_line_discount(&l->price, &off, e));
		TRY(sku_get(s->tx, l->sku, &k, &found, e));
		lines[i] = (struct order_line){ .sku = l->sku,
			                        .sku_code = arena_strndup(s->a, k.code, strlen(k.code)),
			                        .title = l->title,
			                        .qty = l->price.qty,
			                        .unit_price = decimal_of_micro(l->unit_micro),
			                        .list_price = decimal_of_micro(l->list_micro),
			                        .has_list_price = l->list_micro >= 0,
			                        .net_minor = money_minor(l->price.net) - l->cancelled_net,
			                        .tax_minor = money_minor(l->price.tax) - l->cancelled_tax,
			                        .discount_minor = money_minor(off) };
		if (!lines[i].sku_code)
			return error_nomem(e);
		out->net_minor += lines[i].net_minor;
		out->tax_minor += lines[i].tax_minor;
		out->discount_minor += lines[i].discount_minor;
	}
	out->total_minor = out->net_minor + out->tax_minor + out->shipping_minor;
	return OK;
}

static enum result order_answer(struct shape *s, void *arg, struct error *e)
{
	struct order_ask *ask = arg;
	struct order o;
	struct order_book b;
	struct error none = { 0 };
	enum result told = order_get(s->tx, ask->order, s->a, &o, &none);
	if (told != OK && told != ERR_NOT_FOUND)
		return *e = none, told;
	enum result commanded = book_get(s->tx, ask->order, s->a, &b, &none);
	if (commanded != OK && commanded != ERR_NOT_FOUND)
		return *e = none, commanded;
	if (told != OK && commanded != OK)
		return error_set(e, ERR_NOT_FOUND, "order.unknown", "order", "There is no such order");
	if (told != OK)
		TRY(quote_head(s, &b, &o, e));
	jw_object(s->w);
	TRY(shape_order(s, &o, true, e));
	TRY(write_history(s, o.id, e));
	TRY(write_customer(s, o.record, e));
	jw_key(s->w, "book");
	if (commanded == OK)
		TRY(shape_book(s, &b, NULL, e));
	else
		jw_null(s->w);
	jw_end_object(s->w);
	return OK;
}

enum result desk_order(const struct desk *d, const struct principal *p, int64_t order, struct json_writer *w,
                       struct error *e)
{
	struct order_ask ask = { .order = order };
	return shape_answer(d, p, order_answer, &ask, "serve", w, e);
}

static enum result book_answer(struct shape *s, void *arg, struct error *e)
{
	struct order_ask *ask = arg;
	struct order_book b;
	TRY(book_get(s->tx, ask->order, s->a, &b, e));
	return shape_book(s, &b, NULL, e);
}

enum result desk_order_book(const struct desk *d, const struct principal *p, int64_t order, struct json_writer *w,
                            struct error *e)
{
	struct order_ask ask = { .order = order };
	return shape_answer(d, p, book_answer, &ask, NULL, w, e);
}

static enum result kept_answer(struct shape *s, void *arg, struct error *e)
{
	const struct order_kept *kept = arg;
	return shape_book(s, &kept->book, &kept->event, e);
}

enum result desk_order_kept(const struct desk *d, const struct principal *p, struct order_kept *kept,
                            struct json_writer *w, struct error *e)
{
	return shape_answer(d, p, kept_answer, kept, NULL, w, e);
}

/* ---- Orders by what is told ------------------------------------------------------------------------------------- */

struct by_ask {
	enum desk_order_by by;
	struct str text;
	int limit;
	struct search_hit hits[PEOPLE_BY_MAX];
	int hit_count;
};

/* The newest of all these people together. */
static enum result orders_of_hits(struct shape *s, const struct by_ask *ask, struct order *out, int *count,
                                  struct error *e)
{
	int64_t *records = arena_array(s->a, PEOPLE_BY_MAX * CUSTOMER_MEMBERS_MAX, sizeof(*records)), customer;
	int all = 0;
	if (!records)
		return error_nomem(e);
	for (int i = 0; i < ask->hit_count; i++) {
		int n = 0;
		enum result r = customer_of(s->tx, ask->hits[i].customer, &customer, e);
		if (r == ERR_NOT_FOUND)
			continue; /* erased since the view was built */
		TRY(r);
		TRY(customer_members(s->tx, customer, records + all, CUSTOMER_MEMBERS_MAX, &n, e));
		all += n;
	}
	*count = 0;
	return all ? order_page(s->tx, records, all, 0, 0, ask->limit, false, s->a, out, count, e) : OK;
}

static enum result by_answer(struct shape *s, void *arg, struct error *e)
{
	struct by_ask *ask = arg;
	struct order *o = arena_array(s->a, (size_t)ask->limit, sizeof(*o));
	int count = 0;
	if (!o)
		return error_nomem(e);
	if (ask->by == DESK_BY_NUMBER)
		TRY(order_by_number(s->tx, ask->text, ask->limit, s->a, o, &count, e));
	else
		TRY(orders_of_hits(s, ask, o, &count, e));
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		TRY(shape_order(s, &o[i], false, e));
		TRY(write_customer(s, o[i].record, e));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	jw_kcstr(s->w, "next", NULL);
	jw_end_object(s->w);
	return OK;
}

enum result desk_orders_by(const struct desk *d, const struct principal *p, enum desk_order_by by, struct str text,
                           int limit, struct json_writer *w, struct error *e)
{
	struct by_ask ask = { .by = by,
		              .text = str_trim(text),
		              .limit = limit < 1               ? 1
		                       : limit > ORDERS_BY_MAX ? ORDERS_BY_MAX
		                                               : limit };
	enum search_field field = by == DESK_BY_PHONE ? SEARCH_PHONE : SEARCH_EMAIL;
	struct search_query q = { .text = ask.text, .limit = PEOPLE_BY_MAX, .associate = p->associate };
	int count = PEOPLE_BY_MAX;
	if (by != DESK_BY_NUMBER) {
		TRY(search_find(d->search, &q, ask.hits, &count, e));
		for (int i = 0; i < count; i++)
			if (ask.hits[i].field == field)
				ask.hits[ask.hit_count++] = ask.hits[i];
	}
	return shape_answer(d, p, by_answer, &ask, "serve", w, e);
}

/* ---- Values ----------------------------------------------------------------------------------------------------- */

static void money_member(struct json_writer *w, const char *key, int16_t currency, int64_t minor)
{
	struct shape s = { .w = w };
	shape_money(&s, key, currency, minor);
}

void desk_price(struct json_writer *w, const struct order_command *c, const struct price *p)
{
	jw_object(w);
	jw_kcstr(w, "currency", currency_code(c->currency));
	jw_key(w, "lines");
	jw_array(w);
	for (int i = 0; i < p->line_count; i++) {
		const struct price_line *l = &p->lines[i];
		int64_t off = money_minor(l->own);
		for (int k = 0; k < PRICE_DISCOUNTS_MAX; k++)
			off += money_minor(l->share[k]);
		jw_object(w);
		jw_kid(w, "sku", ID_SKU, c->items[i].sku);
		jw_ki64(w, "qty", l->qty);
		money_member(w, "gross", c->currency, money_minor(l->gross));
		money_member(w, "discount", c->currency, off);
		money_member(w, "net", c->currency, money_minor(l->net));
		money_member(w, "tax", c->currency, money_minor(l->tax));
		jw_end_object(w);
	}
	jw_end_array(w);
	money_member(w, "discount", c->currency, money_minor(p->discount));
	money_member(w, "shipping", c->currency, money_minor(p->shipping));
	money_member(w, "tax", c->currency, money_minor(p->tax) + money_minor(p->shipping_tax));
	money_member(w, "total", c->currency, money_minor(p->total));
	jw_key(w, "given");
	jw_array(w);
	for (int i = 0; i < c->discount_count; i++)
		jw_bool(w, p->given[i]);
	jw_end_array(w);
	jw_end_object(w);
}

void desk_changed(struct json_writer *w, const struct order_changed *k)
{
	jw_object(w);
	jw_key(w, "lines");
	jw_array(w);
	for (int i = 0; i < k->line_count; i++) {
		const struct order_changed_line *l = &k->lines[i];
		jw_object(w);
		jw_ki64(w, "line", l->line);
		jw_kid(w, "sku", ID_SKU, l->sku);
		jw_ki64(w, "qty", l->qty);
		money_member(w, "discount", k->currency, l->discount);
		money_member(w, "net", k->currency, l->net);
		money_member(w, "tax", k->currency, l->tax);
		jw_end_object(w);
	}
	jw_end_array(w);
	money_member(w, "was", k->currency, k->was);
	money_member(w, "total", k->currency, k->total);
	money_member(w, "discount", k->currency, k->discount);
	money_member(w, "shipping", k->currency, k->shipping);
	money_member(w, "tax", k->currency, k->tax);
	money_member(w, "was_receivable", k->currency, k->was_receivable);
	money_member(w, "receivable", k->currency, k->receivable);
	money_member(w, "was_payable", k->currency, k->was_payable);
	money_member(w, "payable", k->currency, k->payable);
	jw_end_object(w);
}

void desk_back(struct json_writer *w, const struct order_back *b)
{
	jw_object(w);
	jw_key(w, "lines");
	jw_array(w);
	for (int i = 0; i < b->line_count; i++) {
		jw_object(w);
		jw_ki64(w, "line", b->lines[i].line);
		jw_ki64(w, "qty", b->lines[i].qty);
		money_member(w, "net", b->currency, b->lines[i].net);
		money_member(w, "tax", b->currency, b->lines[i].tax);
		jw_end_object(w);
	}
	jw_end_array(w);
	money_member(w, "clawed", b->currency, b->clawed);
	money_member(w, "total", b->currency, b->total);
	money_member(w, "off_receivable", b->currency, b->off_receivable);
	jw_key(w, "tenders");
	jw_array(w);
	for (int t = 1; t < TENDERS; t++) {
		if (!b->tenders[t])
			continue;
		jw_object(w);
		jw_kcstr(w, "tender", tender_name((enum tender)t));
		money_member(w, "amount", b->currency, b->tenders[t]);
		jw_end_object(w);
	}
	jw_end_array(w);
	jw_end_object(w);
}

void desk_done(struct json_writer *w, const struct order_done *d)
{
	jw_kid(w, "order", ID_ORDER, d->order);
	jw_ki64(w, "event", d->event);
	jw_kcstr(w, "state", book_state_name(d->state));
	money_member(w, "amount", d->currency, d->amount);
	money_member(w, "refunded", d->currency, d->refunded);
	money_member(w, "receivable", d->currency, d->receivable);
	money_member(w, "payable", d->currency, d->payable);
	jw_key(w, "return");
	if (d->returned)
		jw_i64(w, d->returned);
	else
		jw_null(w);
	jw_key(w, "payment");
	if (d->payment)
		jw_i64(w, d->payment);
	else
		jw_null(w);
	jw_kid(w, "transfer", ID_TRANSFER, d->transfer);
}
