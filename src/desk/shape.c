#include "desk/shape.h"

#include "base/clock.h"
#include "base/cursor.h"

#include <math.h>

#define ANSWER_MAX (8u << 20)

/* ---- The frame of an answer -------------------------------------------------------------------------------------- */

/* Noted while the rest is read: the appender's list goes through it, so it stays where it is. */
struct seen {
	struct audit_viewing viewing;
	struct seen *next;
};

struct answer {
	const struct desk *desk;
	const struct principal *principal;
	shape_fn *fn;
	void *arg;
	const char *purpose;
	struct seen *seen, first; /* first: most answers show one customer */
	int seen_count;
	struct buf out;
};

static enum result answer_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct answer *an = arg;
	struct json_writer w;
	buf_clear(&an->out);
	jw_init(&w, &an->out);
	struct shape s = { .answer = an, .tx = tx, .a = db_tx_arena(tx), .w = &w, .now = clock_now() };
	return an->fn(&s, an->arg, e);
}

/* Waits for every note, also after a failure: the queue holds them. The first error counts. */
static enum result answer_noted(struct answer *an, struct error *e)
{
	enum result r = OK;
	for (struct seen *x = an->seen, *next; x; x = next) {
		enum result noted = audit_view_end(&x->viewing, r == OK ? e : NULL);
		r = r == OK ? noted : r;
		next = x->next;
		if (x != &an->first)
			mem_free(x);
	}
	an->seen = NULL;
	an->seen_count = 0;
	return r;
}

enum result shape_sees(struct shape *s, int64_t customer, struct error *e)
{
	struct answer *an = s->answer;
	struct seen *x = &an->first;
	for (const struct seen *k = an->seen; k; k = k->next)
		if (k->viewing.customer == customer) /* read again */
			return OK;
	if (an->seen_count == SHAPE_SEES_MAX)
		return error_set(e, ERR_LIMIT, "answer.too_many", NULL, "This shows too many customers at once.");
	if (an->seen_count)
		x = mem_calloc(1, sizeof(*x));
	if (!x)
		return error_nomem(e);
	enum result r = audit_view_begin(&x->viewing, an->desk->db, an->principal, customer, an->purpose, e);
	if (r != OK) {
		if (x != &an->first)
			mem_free(x);
		return r;
	}
	x->next = an->seen;
	an->seen = x;
	an->seen_count++;
	return OK;
}

enum result shape_answer(const struct desk *d, const struct principal *p, shape_fn *fn, void *arg, const char *purpose,
                         struct json_writer *w, struct error *e)
{
	struct answer an = { .desk = d, .principal = p, .fn = fn, .arg = arg, .purpose = purpose };
	buf_init(&an.out, ANSWER_MAX);
	enum result r = db_read(d->db, answer_read, &an, e);
	if (r == OK && an.out.failed)
		r = error_nomem(e);
	enum result noted = answer_noted(&an, r == OK ? e : NULL);
	if (r == OK)
		r = noted;
	if (r == OK)
		jw_raw(w, buf_view(&an.out));
	buf_free(&an.out);
	return r;
}

/* ---- Small shapes -------------------------------------------------------------------------------------------------
 */

void shape_money(struct shape *s, const char *key, int16_t currency, int64_t minor)
{
	char text[MONEY_TEXT_BYTES];
	money_format(text, money_of_minor(currency, minor));
	jw_key(s->w, key);
	jw_object(s->w);
	jw_kcstr(s->w, "currency", currency_code(currency));
	jw_kcstr(s->w, "amount", text);
	jw_end_object(s->w);
}

void shape_time_or_null(struct shape *s, const char *key, int64_t at)
{
	jw_key(s->w, key);
	if (at)
		jw_time(s->w, at);
	else
		jw_null(s->w);
}

void shape_how(struct shape *s, const struct how *how)
{
	jw_key(s->w, "how");
	jw_object(s->w);
	jw_kcstr(s->w, "provenance", provenance_name(how->provenance));
	jw_kcstr(s->w, "text", how->text);
	shape_time_or_null(s, "at", how->at);
	jw_kcstr(s->w, "source", how->source);
	jw_end_object(s->w);
}

static void shape_ref(struct shape *s, const char *key, enum id_kind kind, int64_t id, const char *name)
{
	jw_key(s->w, key);
	if (!id) {
		jw_null(s->w);
		return;
	}
	jw_object(s->w);
	jw_kid(s->w, "id", kind, id);
	jw_kcstr(s->w, "name", name);
	jw_end_object(s->w);
}

enum result shape_store(struct shape *s, const char *key, int64_t id, struct error *e)
{
	struct store store = { 0 };
	bool found = false;
	if (id)
		TRY(store_get(s->tx, id, &store, &found, e));
	shape_ref(s, key, ID_STORE, found ? id : 0, store.name[0] ? store.name : store.code);
	return OK;
}

enum result shape_associate(struct shape *s, const char *key, int64_t id, struct error *e)
{
	struct associate who = { 0 };
	bool found = false;
	if (id)
		TRY(associate_get(s->tx, id, &who, &found, e));
	shape_ref(s, key, ID_ASSOCIATE, found ? id : 0, who.name[0] ? who.name : who.code);
	return OK;
}

void shape_km(struct shape *s, const char *key, double km)
{
	jw_key(s->w, key);
	if (km < 0)
		jw_null(s->w);
	else
		jw_f64(s->w, round(km * 10) / 10);
}

void shape_sku_of(struct shape *s, const char *key, const struct sku *sku)
{
	if (key)
		jw_key(s->w, key);
	jw_object(s->w);
	jw_kid(s->w, "id", ID_SKU, sku->id);
	jw_kcstr(s->w, "code", sku->code);
	jw_kcstr(s->w, "barcode", sku->barcode[0] ? sku->barcode : NULL);
	jw_kcstr(s->w, "title", sku->title[0] ? sku->title : sku->code);
	jw_kcstr(s->w, "brand", sku->brand);
	jw_kcstr(s->w, "category", sku->category);
	jw_kcstr(s->w, "size", sku->size);
	jw_kcstr(s->w, "colour", sku->colour);
	jw_kid(s->w, "product", ID_PRODUCT, sku->product);
	if (sku->list_minor >= 0 && sku->currency) {
		shape_money(s, "list_price", sku->currency, sku->list_minor);
	} else {
		jw_key(s->w, "list_price");
		jw_null(s->w);
	}
	jw_end_object(s->w);
}

enum result shape_sku(struct shape *s, const char *key, int64_t id, struct error *e)
{
	struct sku sku;
	bool found = false;
	if (id)
		TRY(sku_get(s->tx, id, &sku, &found, e));
	if (found) {
		shape_sku_of(s, key, &sku);
		return OK;
	}
	if (key)
		jw_key(s->w, key);
	jw_null(s->w);
	return OK;
}

void shape_fact(struct shape *s, const char *kind, const char *value, const char *label, bool say,
                const struct how *how, int64_t id)
{
	jw_object(s->w);
	jw_kcstr(s->w, "kind", kind);
	jw_kcstr(s->w, "value", value);
	jw_kcstr(s->w, "label", label);
	jw_kbool(s->w, "say", say);
	shape_how(s, how);
	jw_kid(s->w, "fact", ID_FACT, id);
	jw_end_object(s->w);
}

enum result shape_note(struct shape *s, const struct note *n, struct error *e)
{
	struct user by = { 0 };
	if (n->user) {
		enum result r = user_get(s->tx, n->user, &by, e);
		if (r != OK && r != ERR_NOT_FOUND)
			return r;
	}
	jw_object(s->w);
	jw_kid(s->w, "id", ID_NOTE, n->id);
	jw_kid(s->w, "record", ID_RECORD, n->record);
	jw_kcstr(s->w, "text", n->text);
	jw_ktime(s->w, "at", n->at);
	shape_ref(s, "by", ID_USER, by.id, by.name);
	TRY(shape_store(s, "store", n->store, e));
	jw_end_object(s->w);
	return OK;
}

const char *shape_date(struct shape *s, int64_t at)
{
	static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
		                              "July",    "August",   "September", "October", "November", "December" };
	int year = 0, month = 1, day = 1, this_year = 0, m = 0, d = 0;
	date_from_days(at / DAY_US, &year, &month, &day);
	date_from_days(s->now / DAY_US, &this_year, &m, &d);
	const char *text = year == this_year ? arena_printf(s->a, "%d %s", day, months[month - 1])
	                                     : arena_printf(s->a, "%d %s %d", day, months[month - 1], year);
	return text ? text : "";
}

/* ---- Orders -------------------------------------------------------------------------------------------------------
 */

static enum result shape_line(struct shape *s, const struct order *o, const struct order_line *l, struct error *e)
{
	struct sku k = { 0 };
	bool found = false;
	char text[MONEY_TEXT_BYTES];
	if (l->sku)
		TRY(sku_get(s->tx, l->sku, &k, &found, e));
	jw_object(s->w);
	jw_kcstr(s->w, "title", l->title && l->title[0] ? l->title : k.title);
	jw_kcstr(s->w, "sku", l->sku_code);
	jw_kcstr(s->w, "size", k.size);
	jw_kcstr(s->w, "colour", k.colour);
	jw_kcstr(s->w, "brand", k.brand);
	jw_ki64(s->w, "qty", l->qty);
	decimal_format(text, l->unit_price);
	jw_kcstr(s->w, "unit_price", text);
	decimal_format(text, l->list_price);
	jw_kcstr(s->w, "list_price", l->has_list_price ? text : NULL);
	shape_money(s, "net", o->currency, l->net_minor);
	jw_kbool(s->w, "full_price",
	         l->has_list_price && decimal_micro(l->unit_price) >= decimal_micro(l->list_price) &&
	                 l->discount_minor == 0);
	jw_end_object(s->w);
	return OK;
}

enum result shape_order(struct shape *s, const struct order *o, bool with_lines, struct error *e)
{
	jw_kid(s->w, "id", ID_ORDER, o->id);
	jw_kcstr(s->w, "number", o->number);
	jw_kcstr(s->w, "source", o->source);
	jw_kcstr(s->w, "kind", o->kind == ORDER_SALE ? "sale" : "return");
	jw_kcstr(s->w, "state", !o->state ? "draft" : o->state == ORDER_REPORTED ? "reported" : "cancelled");
	jw_kcstr(s->w, "channel", channel_name(o->channel));
	TRY(shape_store(s, "store", o->store, e));
	TRY(shape_associate(s, "associate", o->associate, e));
	jw_ktime(s->w, "placed_at", o->placed_at);
	jw_kcstr(s->w, "currency", currency_code(o->currency));
	shape_money(s, "total", o->currency, o->total_minor);
	shape_money(s, "net", o->currency, o->net_minor);
	shape_money(s, "tax", o->currency, o->tax_minor);
	shape_money(s, "discount", o->currency, o->discount_minor);
	shape_money(s, "shipping", o->currency, o->shipping_minor);
	jw_ki64(s->w, "revision", o->revision);
	jw_ki64(s->w, "line_count", o->line_count);
	if (!with_lines)
		return OK;
	jw_key(s->w, "lines");
	jw_array(s->w);
	for (int i = 0; i < o->line_count; i++)
		TRY(shape_line(s, o, &o->lines[i], e));
	jw_end_array(s->w);
	return OK;
}

/* ---- People -------------------------------------------------------------------------------------------------------
 */

const char *shape_phone_hint(struct shape *s, const char *value)
{
	size_t n = strlen(value);
	return n < 4 ? "" : arena_printf(s->a, "… %.2s %s", value + n - 4, value + n - 2);
}

const char *shape_email_hint(struct shape *s, const char *value)
{
	const char *at = strchr(value, '@');
	return at ? arena_printf(s->a, "%.1s…%s", value, at) : "";
}

const char *shape_birthday(struct shape *s, int year, int month, int day)
{
	if (!month || !day)
		return year ? arena_printf(s->a, "%04d", year) : NULL;
	return year ? arena_printf(s->a, "%04d-%02d-%02d", year, month, day)
	            : arena_printf(s->a, "--%02d-%02d", month, day);
}

void shape_address(struct shape *s, const struct record *r)
{
	jw_key(s->w, "address");
	if (!r->street[0] && !r->city[0] && !r->postcode[0] && !r->country[0]) {
		jw_null(s->w);
		return;
	}
	jw_object(s->w);
	jw_kcstr(s->w, "street", r->street);
	jw_kcstr(s->w, "city", r->city);
	jw_kcstr(s->w, "region", r->region);
	jw_kcstr(s->w, "postcode", r->postcode);
	jw_kcstr(s->w, "country", r->country);
	jw_end_object(s->w);
}

void shape_person_name(struct shape *s, const char *key, const struct person *p)
{
	const struct record *r = &p->chosen;
	const char *how = arena_printf(s->a, "As %s has it", r->source);
	jw_key(s->w, key);
	jw_object(s->w);
	jw_kcstr(s->w, "display", person_name(p, s->a));
	jw_kcstr(s->w, "given", r->given);
	jw_kcstr(s->w, "family", r->family);
	jw_kcstr(s->w, "prefix", r->prefix);
	jw_kcstr(s->w, "pronounce", r->pronounce);
	shape_how(s, &(struct how){ FACT_TOLD, how ? how : "", r->updated_at, r->source });
	jw_end_object(s->w);
}

/* A member: the name and why, and nothing of what he buys: gifts are to stay a surprise. */
static void shape_housemate(struct shape *s, int64_t customer, const char *name, const struct how *how)
{
	jw_object(s->w);
	jw_kid(s->w, "customer", ID_CUSTOMER, customer);
	jw_kcstr(s->w, "name", name);
	shape_how(s, how);
	jw_end_object(s->w);
}

void shape_household(struct shape *s, const struct person *p, const struct household *h)
{
	static const struct how told = { FACT_TOLD, "A source says so", 0, NULL };
	jw_key(s->w, "household");
	if (!p->household && !h->mate_count) {
		jw_null(s->w);
		return;
	}
	jw_object(s->w);
	jw_kid(s->w, "id", ID_HOUSEHOLD, p->household);
	jw_key(s->w, "members");
	jw_array(s->w);
	for (int i = 0; i < h->count; i++)
		if (h->members[i] != p->customer)
			shape_housemate(s, h->members[i], h->member_names[i], &told);
	for (int i = 0; i < h->mate_count; i++) {
		bool known = false;
		for (int k = 0; k < h->count; k++)
			known = known || h->members[k] == h->mates[i].customer;
		const struct how how = { FACT_INFERRED, home_kind_text(h->mates[i].kind), 0, NULL };
		if (!known)
			shape_housemate(s, h->mates[i].customer, h->mate_names[i], &how);
	}
	jw_end_array(s->w);
	jw_end_object(s->w);
}

void shape_consents(struct shape *s, const struct consent *c, int count)
{
	static const char *const states[] = { "never_asked", "yes", "no" };
	jw_key(s->w, "contact");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		jw_kcstr(s->w, "channel", c[i].channel);
		jw_kcstr(s->w, "purpose", c[i].purpose);
		jw_kcstr(s->w, "state", states[c[i].state]);
		shape_time_or_null(s, "at", c[i].at);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
}
