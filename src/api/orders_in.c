#include "api/orders_in.h"

/* A unit price or an amount; more is a slip of the finger, and would overflow what it is multiplied by. */
#define AMOUNT_MOST INT64_C(1000000000)
#define TAX_MOST 1000  /* percent */
#define FIELD_BYTES 32 /* "discounts[0]" */
#define PATH_BYTES 80  /* "items[0].units[0].location" */
#define MICRO INT64_C(1000000)

/* ---- Members ---------------------------------------------------------------------------------------------------- */

struct order_in_discount {
	struct str rate, amount, threshold;
};
struct order_in_money { /* a discount, and where it was named */
	struct order_in_discount raw;
	char field[PATH_BYTES];
};
struct order_in_item {
	int64_t line, sku, qty;
	struct str unit_price, list_price, tax_rate, title;
	const struct json *discount, *units;
	bool never_discounted;
	char field[FIELD_BYTES];
	struct order_in_money own;
};
struct unit_raw {
	int64_t line, qty, location, hold, from, to;
	int method, condition;
};
struct pay_raw {
	int tender;
	struct str amount, reference;
	bool pending, as_credit;
};

static const struct json_field item_fields[] = {
	JSON_FIELD_I64(struct order_in_item, line, "line", JSON_NULLABLE, 1, ORDER_LINES_MAX),
	JSON_FIELD_ID(struct order_in_item, sku, "sku", ID_SKU, JSON_REQUIRED),
	JSON_FIELD_I64(struct order_in_item, qty, "qty", JSON_REQUIRED, 1, ORDER_PART_MAX),
	JSON_FIELD_STR(struct order_in_item, unit_price, "unit_price", JSON_NULLABLE, 1, ORDER_AMOUNT_BYTES),
	JSON_FIELD_STR(struct order_in_item, list_price, "list_price", JSON_NULLABLE, 1, ORDER_AMOUNT_BYTES),
	JSON_FIELD_STR(struct order_in_item, tax_rate, "tax_rate", JSON_NULLABLE, 1, ORDER_AMOUNT_BYTES),
	JSON_FIELD_STR(struct order_in_item, title, "title", JSON_NULLABLE, 0, ORDER_TITLE_MAX),
	JSON_FIELD_OBJECT(struct order_in_item, discount, "discount", JSON_NULLABLE),
	JSON_FIELD_BOOL(struct order_in_item, never_discounted, "never_discounted", 0),
	JSON_FIELD_ARRAY(struct order_in_item, units, "units", JSON_NULLABLE, 0, ORDER_UNITS_MAX),
	JSON_END,
};
static const struct json_field unit_fields[] = {
	JSON_FIELD_I64(struct unit_raw, line, "line", 0, 1, ORDER_LINES_MAX),
	JSON_FIELD_I64(struct unit_raw, qty, "qty", JSON_REQUIRED, 1, ORDER_PART_MAX),
	JSON_FIELD_ID(struct unit_raw, location, "location", ID_STORE, JSON_NULLABLE),
	JSON_FIELD_ENUM(struct unit_raw, method, "method", ORDER_METHODS, JSON_NULLABLE),
	JSON_FIELD_ENUM(struct unit_raw, condition, "condition", ORDER_CONDITIONS, JSON_NULLABLE),
	JSON_FIELD_ID(struct unit_raw, hold, "hold", ID_HOLD, JSON_NULLABLE),
	JSON_FIELD_ID(struct unit_raw, to, "to", ID_STORE, JSON_NULLABLE),
	JSON_FIELD_ID(struct unit_raw, from, "from", ID_STORE, JSON_NULLABLE),
	JSON_END,
};
static const struct json_field pay_fields[] = {
	JSON_FIELD_ENUM(struct pay_raw, tender, "tender", ORDER_TENDERS, JSON_REQUIRED),
	JSON_FIELD_STR(struct pay_raw, amount, "amount", JSON_REQUIRED, 1, ORDER_AMOUNT_BYTES),
	JSON_FIELD_STR(struct pay_raw, reference, "reference", JSON_NULLABLE, 0, ORDER_NUMBER_MAX),
	JSON_FIELD_BOOL(struct pay_raw, pending, "pending", 0),
	JSON_FIELD_BOOL(struct pay_raw, as_credit, "as_credit", 0),
	JSON_END,
};
static const struct json_field discount_fields[] = {
	JSON_FIELD_STR(struct order_in_discount, rate, "rate", JSON_NULLABLE, 1, ORDER_AMOUNT_BYTES),
	JSON_FIELD_STR(struct order_in_discount, amount, "amount", JSON_NULLABLE, 1, ORDER_AMOUNT_BYTES),
	JSON_FIELD_STR(struct order_in_discount, threshold, "threshold", JSON_NULLABLE, 1, ORDER_AMOUNT_BYTES),
	JSON_END,
};

/* ---- Texts that are numbers ------------------------------------------------------------------------------------- */

static enum result at_field(struct error *e, const char *code, const char *field, const char *member, const char *what)
{
	char path[96];
	snprintf(path, sizeof(path), "%s%s%s", field, field[0] && member[0] ? "." : "", member);
	return error_set(e, ERR_INVALID, code, path, "%s", what);
}

static enum result decimal_in(struct str text, int64_t most, const char *field, const char *member, struct decimal *out,
                              struct error *e)
{
	struct error inner = { 0 };
	if (decimal_parse(text, '.', out, &inner) != OK)
		return at_field(e, "decimal.malformed", field, member, "a number as in \"12.50\" expected");
	if (decimal_micro(*out) < 0 || decimal_micro(*out) > most * MICRO)
		return at_field(e, "field.range", field, member, "it is below zero, or too much");
	return OK;
}

static enum result amount_in(struct str text, int16_t currency, const char *field, const char *member,
                             struct money *out, struct error *e)
{
	struct error inner = { 0 };
	struct decimal whole;
	TRY(decimal_in(text, AMOUNT_MOST, field, member, &whole, e));
	if (money_parse(text, currency, '.', false, out, &inner) != OK)
		return at_field(e, "money.malformed", field, member, inner.detail[0] ? inner.detail : "no amount");
	return OK;
}

static enum result discount_in(const struct order_in_money *raw, int16_t currency, bool threshold,
                               struct price_discount *out, struct error *e)
{
	const struct order_in_discount *d = &raw->raw;
	*out = (struct price_discount){ .amount = money_of_minor(currency, 0),
		                        .threshold = money_of_minor(currency, 0) };
	if (!d->rate.n == !d->amount.n)
		return at_field(e, "discount.kind", raw->field, "", "a rate (percent) or an amount, one of the two");
	if (d->threshold.n && !threshold)
		return at_field(e, "field.unknown", raw->field, "threshold", "only an order's discount has one");
	if (d->rate.n)
		TRY(decimal_in(d->rate, 100, raw->field, "rate", &out->rate, e));
	else
		TRY(amount_in(d->amount, currency, raw->field, "amount", &out->amount, e));
	return d->threshold.n ? amount_in(d->threshold, currency, raw->field, "threshold", &out->threshold, e) : OK;
}

/* ---- Reading the body ------------------------------------------------------------------------------------------- */

/* Element i of an array that the client calls name. */
static enum result element(const struct json *array, const char *name, size_t i, const struct json_field *fields,
                           void *out, char field[FIELD_BYTES], struct error *e)
{
	const struct json *v = json_at(array, i);
	snprintf(field, FIELD_BYTES, "%s[%zu]", name, i);
	if (json_kind(v) != JSON_OBJECT)
		return at_field(e, "field.type", field, "", "an object expected");
	return json_read(v, fields, true, field, out, e);
}

/* Goods are touched where the caller works; what is promised may come from anywhere. */
static bool touches(enum order_command_kind k, enum order_method m)
{
	switch (k) {
	case COMMAND_PICK:
	case COMMAND_UNPICK:
	case COMMAND_PROBLEM:
	case COMMAND_READY:
	case COMMAND_HAND_OVER:
	case COMMAND_SHIP:
	case COMMAND_NO_SHOW:
	case COMMAND_RETURN:
	case COMMAND_INSPECT:
		return true;
	default:
		return m == METHOD_TAKE;
	}
}

static enum result unit_take(struct order_asked *ask, const struct unit_raw *raw, int line, const char *field,
                             struct error *e)
{
	struct order_command *c = &ask->c;
	bool back = c->kind == COMMAND_RETURN || c->kind == COMMAND_EXCHANGE || c->kind == COMMAND_INSPECT;
	if (c->unit_count == ORDER_UNITS_MAX)
		return error_set(e, ERR_TOO_LARGE, "order.size", field, "at most %d entries", ORDER_UNITS_MAX);
	if (raw->from && c->kind != COMMAND_CHANGE)
		return at_field(e, "field.unknown", field, "from", "only a change takes them from elsewhere");
	struct order_unit_in u = { .line = line,
		                   .qty = raw->qty,
		                   .location = raw->location,
		                   .method = (enum order_method)(raw->method + 1),
		                   .hold = raw->hold,
		                   .to = raw->to,
		                   .from = raw->from,
		                   .condition = (enum unit_condition)(raw->condition + 1) };
	bool touched = touches(c->kind, u.method) || (back && line > 0);
	if (back && line > 0 && !u.condition)
		u.condition = c->kind == COMMAND_INSPECT ? 0 : CONDITION_UNKNOWN;
	if (back && line > 0 && !u.condition)
		return at_field(e, "field.missing", field, "condition", "in what condition is it?");
	if (touched && !u.location)
		u.location = c->store;
	if (touched && ask->bound && u.location && !principal_in_store(ask->principal, u.location)) {
		char path[96];
		snprintf(path, sizeof(path), "%s.location", field);
		return error_set(e, ERR_FORBIDDEN, "store.not_yours", path, "That is another store's.");
	}
	if (!arena_grow(ask->a, &ask->units, c->unit_count, &ask->unit_cap, sizeof(*ask->units)) ||
	    !arena_grow(ask->a, &ask->unit_fields, c->unit_count, &ask->field_cap, sizeof(*ask->unit_fields)))
		return error_nomem(e);
	snprintf(ask->unit_fields[c->unit_count], sizeof(*ask->unit_fields), "%s", field);
	ask->units[c->unit_count++] = u;
	return OK;
}

static enum result units_in(struct order_asked *ask, const struct json *units, struct error *e)
{
	for (size_t i = 0; i < json_count(units); i++) {
		struct unit_raw raw = { .method = -1, .condition = -1 };
		char field[FIELD_BYTES];
		TRY(element(units, "units", i, unit_fields, &raw, field, e));
		if (!raw.line)
			return at_field(e, "field.missing", field, "line", "of which line?");
		TRY(unit_take(ask, &raw, (int)raw.line, field, e));
	}
	return OK;
}

/* Where an item's units are to come from. line: the item's, as struct order_unit_in has it. */
static enum result item_units(struct order_asked *ask, const struct order_in_item *item, int line, struct error *e)
{
	for (size_t i = 0; i < json_count(item->units); i++) {
		struct unit_raw raw = { .method = -1, .condition = -1 };
		char field[FIELD_BYTES], path[PATH_BYTES];
		const struct json *v = json_at(item->units, i);
		snprintf(field, sizeof(field), "units[%zu]", i);
		snprintf(path, sizeof(path), "%s.%s", item->field, field);
		if (json_kind(v) != JSON_OBJECT)
			return at_field(e, "field.type", path, "", "an object expected");
		TRY(json_read(v, unit_fields, true, path, &raw, e));
		if (raw.line)
			return at_field(e, "field.unknown", path, "line", "units of an item are of its line");
		if (!raw.location)
			return at_field(e, "field.missing", path, "location", "where do they come from?");
		if (raw.method < 0)
			return at_field(e, "field.missing", path, "method", "take, pick_up, ship or deliver");
		TRY(unit_take(ask, &raw, line, path, e));
	}
	return OK;
}

static enum result discount_read(const struct json *v, const char *field, struct order_in_money *out, struct error *e)
{
	snprintf(out->field, sizeof(out->field), "%s", field);
	if (json_kind(v) != JSON_OBJECT)
		return at_field(e, "field.type", field, "", "an object expected");
	return json_read(v, discount_fields, true, field, &out->raw, e);
}

static enum result items_in(struct order_asked *ask, struct error *e)
{
	struct order_command *c = &ask->c;
	const struct order_body *b = ask->body;
	for (size_t i = 0; i < json_count(b->items); i++) {
		struct order_in_item *it = &ask->raw_items[i];
		char path[PATH_BYTES];
		TRY(element(b->items, "items", i, item_fields, it, it->field, e));
		if (it->line && c->kind != COMMAND_CHANGE)
			return at_field(e, "field.unknown", it->field, "line", "only a change names lines");
		if (c->kind == COMMAND_QUOTE && json_count(it->units))
			return at_field(e, "order.units", it->field, "units", "a quote promises no units");
		snprintf(path, sizeof(path), "%s.discount", it->field);
		if (it->discount)
			TRY(discount_read(it->discount, path, &it->own, e));
		TRY(item_units(ask, it, -1 - (int)i, e));
		c->item_count++;
	}
	return OK;
}

static enum result pays_in(struct order_asked *ask, struct error *e)
{
	for (size_t i = 0; i < json_count(ask->body->pays); i++) {
		struct pay_raw raw = { 0 };
		char field[FIELD_BYTES];
		TRY(element(ask->body->pays, "pays", i, pay_fields, &raw, field, e));
		ask->pay_amounts[i] = raw.amount;
		ask->pays[i] = (struct order_pay_in){ .tender = (enum tender)(raw.tender + 1),
			                              .pending = raw.pending,
			                              .as_credit = raw.as_credit,
			                              .reference = raw.reference };
		ask->c.pay_count++;
	}
	return OK;
}

/* Where it is done: where the caller says, or works. */
static enum result store_in(struct http_request *rq, struct order_asked *ask, bool needed, struct error *e)
{
	const struct principal *p = ask->principal;
	ask->bound = p->store_count || p->role == ROLE_ASSOCIATE;
	TRY(api_store_scope(rq, ask->body->store, &ask->c.store, e));
	if (ask->c.store || !(needed || ask->bound))
		return OK;
	if (ask->bound && !p->store_count)
		return error_set(e, ERR_FORBIDDEN, "store.not_yours", "store", "You belong to no store.");
	return error_set(e, ERR_INVALID, "field.missing", "store", "In which store?");
}

static enum result head_in(struct http_request *rq, struct order_asked *ask, struct error *e)
{
	const struct order_body *b = ask->body;
	struct order_command *c = &ask->c;
	TRY(store_in(rq, ask, !c->order, e));
	if (b->customer && b->record)
		return error_set(e, ERR_INVALID, "order.record", "record", "a customer or a record, not both");
	c->record = b->record ? b->record : b->customer;
	c->number = b->number;
	c->detail = b->detail;
	c->tax_included = b->tax_included;
	c->on_account = b->on_account;
	c->may_wait = b->may_wait;
	c->refund_rest = b->refund_rest;
	c->payment = (int)b->payment;
	c->to = b->to;
	if (json_get(http_body_json(rq), "policy") && json_kind(json_get(http_body_json(rq), "policy")) != JSON_NULL)
		c->policy = b->policy ? PRICE_REPRICE_KEPT : PRICE_KEEP_SHARE;
	if (b->channel.n && !channel_find(b->channel, &c->channel))
		return error_set(e, ERR_INVALID, "channel.unknown", "channel", "There is no such channel");
	if (b->currency.n && !currency_find(b->currency, &c->currency))
		return error_set(e, ERR_INVALID, "currency.unknown", "currency", "There is no such currency");
	if (c->kind == COMMAND_QUOTE && json_count(b->pays))
		return error_set(e, ERR_INVALID, "order.pays", "pays", "nothing is paid for a quote");
	return OK;
}

enum result order_ask(struct http_request *rq, enum order_command_kind kind, int64_t order, struct order_asked *out,
                      struct error *e)
{
	const struct order_body *b = http_body_struct(rq);
	struct arena *a = http_arena(rq);
	size_t items = json_count(b->items), pays = json_count(b->pays), discounts = json_count(b->discounts);
	*out = (struct order_asked){ .principal = api_principal(rq), .body = b, .a = a };
	out->c = (struct order_command){ .kind = kind, .order = order };
	out->items = arena_array(a, items + 1, sizeof(*out->items));
	out->raw_items = arena_array(a, items + 1, sizeof(*out->raw_items));
	out->pays = arena_array(a, pays + 1, sizeof(*out->pays));
	out->pay_amounts = arena_array(a, pays + 1, sizeof(*out->pay_amounts));
	out->discounts = arena_array(a, discounts + 1, sizeof(*out->discounts));
	if (!out->items || !out->raw_items || !out->pays || !out->pay_amounts || !out->discounts)
		return error_nomem(e);
	TRY(head_in(rq, out, e));
	TRY(items_in(out, e));
	TRY(units_in(out, b->units, e));
	TRY(pays_in(out, e));
	for (size_t i = 0; i < discounts; i++) {
		char field[FIELD_BYTES];
		snprintf(field, sizeof(field), "discounts[%zu]", i);
		TRY(discount_read(json_at(b->discounts, i), field, &out->discounts[i], e));
	}
	out->c.all = !out->c.unit_count && command_takes_all(kind);
	out->c.discount_count = (int)discounts;
	out->c.items = out->items;
	out->c.units = out->units;
	out->c.pays = out->pays;
	return OK;
}

/* ---- Inside the transaction ------------------------------------------------------------------------------------- */

static enum result store_known(struct db_tx *tx, int64_t store, const char *field, struct store *out, struct error *e)
{
	bool found = false;
	*out = (struct store){ 0 };
	if (store)
		TRY(store_get(tx, store, out, &found, e));
	if (store && !found)
		return error_set(e, ERR_NOT_FOUND, "store.unknown", field, "There is no such store");
	return OK;
}

static enum channel channel_of(const struct principal *p, const struct store *s)
{
	if (p->role == ROLE_AGENT || s->kind == STORE_CALL_CENTRE)
		return CHANNEL_PHONE;
	return s->kind == STORE_WEB ? CHANNEL_WEB : CHANNEL_STORE;
}

/* Whose it is, where it is made, in which money. */
static enum result fill_head(struct db_tx *tx, struct order_asked *ask, struct error *e)
{
	const struct order_body *b = ask->body;
	struct order_command *c = &ask->c;
	struct store s;
	int64_t customer;
	TRY(store_known(tx, c->to, "to", &s, e));
	TRY(store_known(tx, c->store, "store", &s, e));
	if (c->record && customer_of(tx, c->record, &customer, e) != OK)
		return e->result == ERR_NOT_FOUND
		               ? error_set(e, ERR_NOT_FOUND, "customer.unknown", b->record ? "record" : "customer",
		                           "There is no such %s", b->record ? "record" : "customer")
		               : e->result;
	if (c->order) {
		struct order_book head;
		if (!c->item_count && !c->pay_count && !c->discount_count && !b->shipping.n)
			return OK; /* no amounts */
		TRY(book_head(tx, c->order, db_tx_arena(tx), &head, e));
		c->currency = head.currency;
		c->tax_included = head.tax_included;
		return OK;
	}
	if (!b->channel.n)
		c->channel = channel_of(ask->principal, &s);
	if (!b->currency.n)
		c->currency = s.currency;
	if (!c->currency) {
		struct sku k = { 0 };
		bool found = false;
		TRY(sku_get(tx, ask->raw_items[0].sku, &k, &found, e));
		c->currency = k.currency;
	}
	if (!c->currency)
		return error_set(e, ERR_INVALID, "field.missing", "currency",
		                 "Neither store nor product has one: which?");
	return OK;
}

static struct decimal list_price(const struct sku *k)
{
	int64_t micro = k->list_minor * MICRO;
	for (int i = currency_digits(k->currency); i > 0; i--)
		micro /= 10;
	return decimal_of_micro(micro);
}

/* What was agreed for a line stays as far as nothing else is said. */
static void keep_item(const struct order_in_item *raw, const struct book_line *was, struct order_item_in *it)
{
	it->title = raw->title.n ? raw->title : str_c(was->title ? was->title : "");
	it->has_list_price = was->list_micro >= 0;
	it->list_price = decimal_of_micro(was->list_micro);
	it->price.unit_price = decimal_of_micro(was->unit_micro);
	it->price.tax_rate = was->price.tax_rate;
	it->price.own = was->own;
	it->price.never_discounted |= was->undiscounted;
}

/* was: the line that it is and whose terms are kept; else NULL. */
static enum result fill_item(struct db_tx *tx, const struct order_in_item *raw, const struct book_line *was,
                             int16_t currency, struct order_item_in *it, struct error *e)
{
	struct sku k = { 0 };
	bool found;
	TRY(sku_get(tx, raw->sku, &k, &found, e));
	if (!found) {
		char path[96];
		snprintf(path, sizeof(path), "%s.sku", raw->field);
		return error_set(e, ERR_NOT_FOUND, "sku.unknown", path, "There is no such SKU");
	}
	bool listed = k.list_minor >= 0 && k.currency == currency;
	*it = (struct order_item_in){ .line = (int)raw->line, .sku = raw->sku, .title = raw->title };
	if (listed)
		it->list_price = list_price(&k);
	it->has_list_price = listed;
	it->price.qty = raw->qty;
	it->price.never_discounted = raw->never_discounted;
	it->price.own.amount = it->price.own.threshold = money_of_minor(currency, 0);
	if (was)
		keep_item(raw, was, it);
	if (raw->unit_price.n)
		TRY(decimal_in(raw->unit_price, AMOUNT_MOST, raw->field, "unit_price", &it->price.unit_price, e));
	else if (listed && !was)
		it->price.unit_price = list_price(&k);
	else if (!was)
		return at_field(e, "field.missing", raw->field, "unit_price", "the catalogue has no price of it");
	if (raw->list_price.n) {
		it->has_list_price = true;
		TRY(decimal_in(raw->list_price, AMOUNT_MOST, raw->field, "list_price", &it->list_price, e));
	}
	if (raw->tax_rate.n)
		TRY(decimal_in(raw->tax_rate, TAX_MOST, raw->field, "tax_rate", &it->price.tax_rate, e));
	return raw->discount ? discount_in(&raw->own, currency, false, &it->price.own, e) : OK;
}

/* The order's own discounts and shipping, where the change does not name its own. */
static void keep_terms(struct order_asked *ask, const struct order_book *b)
{
	struct order_command *c = &ask->c;
	c->keep_shipping = !ask->body->shipping.n;
	for (int i = 0; i < b->batch_count && !ask->body->discounts; i++) {
		if (b->batches[i].batch != 1)
			continue;
		c->discount_count = b->batches[i].discount_count;
		memcpy(c->discounts, b->batches[i].discounts, sizeof(c->discounts));
	}
}

static enum result fill_items(struct db_tx *tx, struct order_asked *ask, struct error *e)
{
	struct order_command *c = &ask->c;
	struct order_book b = { 0 };
	bool keep = c->kind == COMMAND_CHANGE && ask->body->keep_terms;
	if (keep)
		TRY(book_get(tx, c->order, db_tx_arena(tx), &b, e));
	for (int i = 0; i < c->item_count; i++) {
		int64_t line = ask->raw_items[i].line;
		const struct book_line *was = line > 0 && line <= b.line_count ? &b.lines[line - 1] : NULL;
		TRY(fill_item(tx, &ask->raw_items[i], was, c->currency, &ask->items[i], e));
	}
	if (keep)
		keep_terms(ask, &b);
	return OK;
}

static enum result fill_terms(struct order_asked *ask, struct error *e)
{
	struct order_command *c = &ask->c;
	const struct order_body *b = ask->body;
	c->discount_count = (int)json_count(b->discounts);
	for (int i = 0; i < c->discount_count; i++)
		TRY(discount_in(&ask->discounts[i], c->currency, true, &c->discounts[i], e));
	c->shipping = money_of_minor(c->currency, 0);
	if (b->shipping.n)
		TRY(amount_in(b->shipping, c->currency, "shipping", "", &c->shipping, e));
	if (b->shipping_tax_rate.n)
		TRY(decimal_in(b->shipping_tax_rate, TAX_MOST, "shipping_tax_rate", "", &c->shipping_tax_rate, e));
	for (int i = 0; i < c->pay_count; i++) {
		struct money m;
		char field[FIELD_BYTES];
		snprintf(field, sizeof(field), "pays[%d]", i);
		TRY(amount_in(ask->pay_amounts[i], c->currency, field, "amount", &m, e));
		if (money_sign(m) <= 0)
			return at_field(e, "field.range", field, "amount", "an amount above zero expected");
		ask->pays[i].minor = money_minor(m);
	}
	return OK;
}

enum result order_fill(struct db_tx *tx, struct order_asked *ask, struct error *e)
{
	struct order_command *c = &ask->c;
	struct store s;
	TRY(fill_head(tx, ask, e));
	TRY(fill_terms(ask, e));
	TRY(fill_items(tx, ask, e));
	for (int i = 0; i < c->unit_count; i++) {
		char path[96];
		snprintf(path, sizeof(path), "%s.location", ask->unit_fields[i]);
		TRY(store_known(tx, ask->units[i].location, path, &s, e));
		snprintf(path, sizeof(path), "%s.to", ask->unit_fields[i]);
		TRY(store_known(tx, ask->units[i].to, path, &s, e));
	}
	return OK;
}

/* ---- Reported returns ------------------------------------------------------------------------------------------- */

/* The money of the sale, where it was made here. */
static enum result sale_currency(struct db_tx *tx, struct str number, int16_t *currency, struct error *e)
{
	struct order o[5];
	int count = 0;
	if (number.n)
		TRY(order_by_number(tx, number, 5, db_tx_arena(tx), o, &count, e));
	for (int i = 0; i < count; i++)
		if (!strcmp(o[i].source, ORDER_SOURCE) && o[i].kind == ORDER_SALE)
			*currency = o[i].currency;
	return OK;
}

enum result returned_fill(struct db_tx *tx, const struct returned_body *b, struct order_returned_in *out,
                          struct error *e)
{
	struct store s;
	struct sku k;
	bool found;
	*out = (struct order_returned_in){ .number = b->number,
		                           .sku = b->sku,
		                           .qty = b->qty,
		                           .location = b->location,
		                           .condition = (enum unit_condition)(b->condition + 1),
		                           .tender = (enum tender)(b->tender + 1),
		                           .refunded_minor = -1 };
	TRY(store_known(tx, b->location, "location", &s, e));
	TRY(sku_get(tx, b->sku, &k, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "sku.unknown", "sku", "There is no such SKU");
	if (b->amount.n) {
		struct money m;
		int16_t currency = s.currency ? s.currency : k.currency;
		TRY(sale_currency(tx, b->number, &currency, e));
		if (b->currency.n && !currency_find(b->currency, &currency))
			return error_set(e, ERR_INVALID, "currency.unknown", "currency", "There is no such currency");
		if (!currency)
			return error_set(e, ERR_INVALID, "field.missing", "currency",
			                 "Neither sale, store nor product has one: which?");
		TRY(amount_in(b->amount, currency, "amount", "", &m, e));
		out->refunded_minor = money_minor(m);
	}
	return OK;
}
