/* Find: the search view's hits, and orders by their number, each with just enough to tell two people apart. */
#include "desk/shape.h"

#include "base/clock.h"

#define FIND_LIMIT_MAX 50
#define FIND_ORDERS 5
#define ORDER_NUMBER_LEAST 3 /* characters, one of them a digit */

struct find_ask {
	const struct desk *desk;
	struct str text;
	int limit;
	struct search_hit hits[FIND_LIMIT_MAX];
	int hit_count;
	int64_t started;
	bool ready;
};

static void find_hints(struct shape *s, const struct person *p)
{
	const char *phone = "", *email = "", *loyalty = "";
	for (int i = 0; i < p->identifier_count; i++) {
		const struct identifier *id = &p->identifiers[i];
		if (id->state == IDENT_BLOCKED || id->state == IDENT_GENERIC || id->state == IDENT_RAW)
			continue;
		if (id->kind == IDENT_PHONE && !phone[0])
			phone = shape_phone_hint(s, id->value);
		else if (id->kind == IDENT_EMAIL && !email[0])
			email = shape_email_hint(s, id->value);
		else if (id->kind == IDENT_LOYALTY && !loyalty[0])
			loyalty = id->value;
	}
	jw_kcstr(s->w, "phone_hint", phone);
	jw_kcstr(s->w, "email_hint", email);
	jw_kcstr(s->w, "loyalty", loyalty);
}

struct found {
	int64_t customer;
	const char *matched;
	const struct order *order; /* NULL: not by its number */
	struct arena *a;
	struct person *person; /* NULL: erased since the view was built */
	struct spending spending;
};

static enum result found_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct found *f = arg;
	struct person *p = arena_alloc(f->a, sizeof(*p));
	if (!p)
		return error_nomem(e);
	enum result r = person_load(tx, f->customer, f->a, p, e);
	if (r == ERR_NOT_FOUND)
		return OK;
	TRY(r);
	f->person = p;
	return spending_of(tx, p->records, p->record_count, &f->spending, e);
}

static enum result found_write(struct shape *s, const struct found *f, struct error *e)
{
	const struct person *p = f->person;
	const struct spending *sp = &f->spending;
	const struct order *o = f->order;
	if (!p)
		return OK;
	jw_object(s->w);
	jw_kid(s->w, "customer", ID_CUSTOMER, p->customer);
	jw_kcstr(s->w, "name", person_name(p, s->a));
	jw_kcstr(s->w, "city", p->chosen.city);
	jw_kcstr(s->w, "postcode", p->chosen.postcode);
	find_hints(s, p);
	TRY(shape_store(s, "store", sp->store, e));
	shape_time_or_null(s, "last_purchase_at", sp->last_at);
	if (sp->orders + sp->returns) {
		shape_money(s, "spend", sp->currency, sp->net_minor);
	} else {
		jw_key(s->w, "spend");
		jw_null(s->w);
	}
	jw_kcstr(s->w, "matched", f->matched);
	jw_key(s->w, "order");
	if (o) {
		jw_object(s->w);
		jw_kid(s->w, "id", ID_ORDER, o->id);
		jw_kcstr(s->w, "number", o->number);
		jw_end_object(s->w);
	} else {
		jw_null(s->w);
	}
	jw_end_object(s->w);
	return OK;
}

static bool like_order_number(struct str text)
{
	bool digit = false;
	for (size_t i = 0; i < text.n; i++)
		digit |= text.p[i] >= '0' && text.p[i] <= '9';
	return digit && text.n >= ORDER_NUMBER_LEAST;
}

/* Customers by order numbers, then the view's hits. */
static enum result find_all(struct shape *s, const struct find_ask *ask, struct found *all, int *count, struct error *e)
{
	static const char *const fields[] = { "", "name", "phone", "email", "loyalty", "postcode" };
	struct order *orders = arena_array(s->a, FIND_ORDERS, sizeof(*orders));
	int order_count = 0, n = 0;
	if (!orders)
		return error_nomem(e);
	if (like_order_number(ask->text))
		TRY(order_by_number(s->tx, ask->text, FIND_ORDERS, s->a, orders, &order_count, e));
	for (int i = 0; i < order_count; i++)
		if (orders[i].record)
			all[n++] = (struct found){ orders[i].record, "order", &orders[i], s->a, NULL, { 0 } };
	for (int i = 0; i < ask->hit_count; i++)
		all[n++] = (struct found){ ask->hits[i].customer, fields[ask->hits[i].field], NULL, s->a, NULL, { 0 } };
	*count = n;
	return OK;
}

static enum result find_answer(struct shape *s, void *arg, struct error *e)
{
	struct find_ask *ask = arg;
	struct found *all = arena_array(s->a, FIND_ORDERS + FIND_LIMIT_MAX, sizeof(*all));
	struct db_part parts[FIND_ORDERS + FIND_LIMIT_MAX];
	int n = 0;
	if (!all)
		return error_nomem(e);
	TRY(find_all(s, ask, all, &n, e));
	for (int i = 0; i < n; i++)
		parts[i] = (struct db_part){ found_read, &all[i] };
	TRY(db_together(s->tx, parts, n, e));
	jw_object(s->w);
	jw_key(s->w, "results");
	jw_array(s->w);
	for (int i = 0; i < n; i++)
		TRY(found_write(s, &all[i], e));
	jw_end_array(s->w);
	jw_ki64(s->w, "took_us", clock_monotonic() - ask->started);
	jw_kbool(s->w, "ready", ask->ready);
	jw_end_object(s->w);
	return OK;
}

enum result desk_find(const struct desk *d, const struct principal *p, struct str text, int limit,
                      struct json_writer *w, struct error *e)
{
	struct find_ask ask = { .desk = d, .text = str_trim(text), .started = clock_monotonic(), .ready = true };
	ask.limit = limit < 1 ? 1 : limit > FIND_LIMIT_MAX ? FIND_LIMIT_MAX : limit;
	struct search_query q = { .text = ask.text,
		                  .limit = ask.limit,
		                  .associate = p->associate,
		                  .store = p->store_count ? p->stores[0] : 0 };
	ask.hit_count = ask.limit;
	if (ask.text.n == 0)
		ask.hit_count = 0;
	else if (search_ready(d->search))
		TRY(search_find(d->search, &q, ask.hits, &ask.hit_count, e));
	else
		ask.ready = false, ask.hit_count = 0;
	return shape_answer(d, p, find_answer, &ask, NULL, w, e);
}
