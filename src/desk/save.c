/* Save the sale: what is not here gets to this customer some other way. What is where, and what is like it, is read;
 * rank.c ranks; each way is written with the body of the command that does it. */
#include "desk/rank.h"
#include "desk/shape.h"
#include "desk/stock.h"

#include "stock/stock.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

#define CANDIDATES_MAX 120 /* SKUs that are looked at as substitutes */
#define SUBSTITUTES_MAX 6
#define WAYS_MAX 24
#define FACTS_MAX 200
#define PREFERENCES_MAX 64
#define SIZE_UNITS 2   /* as the card believes a size: bought so often … */
#define SIZE_SHARE 0.4 /* … and this share of its category */
#define LIKE_UNITS 3
#define LIKE_SHARE 0.15

struct save {
	const struct save_ask *ask;
	const struct save_settings *settings;
	/* from before the transaction: the catalogue is no part of it */
	int64_t hits[2 * SKU_FIND_MAX];
	int hit_count;
	/* in it */
	struct sku wanted;
	struct store here;
	int64_t customer; /* who holds the record now; 0: nobody known */
	struct taste taste;
	struct sku *others; /* like it, so much: */
	int *likeness;
	int other_count;
	struct stock_cell *cells;
	int cell_count;
	struct store *stores; /* by id */
	bool *elsewhere;
	int store_count;
	struct way ways[WAYS_MAX + SUBSTITUTES_MAX];
	int way_count;
};

static enum result sku_unknown(struct error *e)
{
	return error_set(e, ERR_NOT_FOUND, "sku.unknown", "sku", "There is no such SKU");
}

/* ---- What is like it: by words of the catalogue --------------------------------------------------------------------
 */

static enum result wanted_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct save *v = arg;
	bool found;
	TRY(sku_get(tx, v->ask->sku, &v->wanted, &found, e));
	return found ? OK : sku_unknown(e);
}

static enum result hits_read(struct db *db, struct save *v, struct error *e)
{
	const struct sku *k = &v->wanted;
	char text[256];
	int n = 0, more = 0;
	if (!k->category[0])
		return OK;
	snprintf(text, sizeof(text), "%s %s %s", k->category, k->brand, k->size);
	TRY(sku_find(db, str_c(text), SKU_FIND_MAX, v->hits, &n, e));
	if (n < SKU_FIND_MAX / 2 && k->brand[0]) {
		snprintf(text, sizeof(text), "%s %s", k->category, k->size);
		TRY(sku_find(db, str_c(text), SKU_FIND_MAX, v->hits + n, &more, e));
	}
	v->hit_count = n + more;
	return OK;
}

/* ---- The customer ------------------------------------------------------------------------------------------------ */

static const char *folded(struct shape *s, const char *text)
{
	char out[TEXT_FOLD_BYTES];
	size_t n = text_fold(str_c(text), out);
	return arena_strndup(s->a, out, n);
}

static bool same_words(const char *a, const char *b)
{
	char x[TEXT_FOLD_BYTES], y[TEXT_FOLD_BYTES];
	text_fold(str_c(a), x);
	text_fold(str_c(b), y);
	return x[0] && !strcmp(x, y);
}

struct tastes {
	const char *dislikes[FACTS_MAX], *likes[FACTS_MAX + PREFERENCES_MAX];
	struct fact facts[FACTS_MAX];
	struct preference preferences[PREFERENCES_MAX];
	int fact_count, preference_count;
};

/* What somebody marked as wrong does not come back by computation. */
static bool marked_wrong(const struct tastes *t, const char *kind, const char *value)
{
	for (int i = 0; i < t->fact_count; i++)
		if (t->facts[i].state == FACT_WRONG && !strcmp(t->facts[i].kind, kind) &&
		    !strcmp(t->facts[i].value, value))
			return true;
	return false;
}

static void told_read(struct shape *s, struct save *v, struct tastes *t)
{
	static const char size[] = "size.";
	for (int i = 0; i < t->fact_count; i++) {
		const struct fact *f = &t->facts[i];
		const char *words = f->state == FACT_ACTIVE ? folded(s, f->value) : NULL;
		if (!words)
			continue;
		if (!strcmp(f->kind, "dislikes"))
			t->dislikes[v->taste.dislike_count++] = words;
		else if (!strcmp(f->kind, "likes") || !strcmp(f->kind, "brand") || !strcmp(f->kind, "colour"))
			t->likes[v->taste.like_count++] = words;
		else if (!strncmp(f->kind, size, strlen(size)) &&
		         same_words(f->kind + strlen(size), v->wanted.category))
			v->taste.size = f->value;
	}
}

static void bought_read(struct shape *s, struct save *v, struct tastes *t)
{
	bool told = v->taste.size;
	int64_t most = 0;
	for (int i = 0; i < t->preference_count; i++) {
		const struct preference *p = &t->preferences[i];
		char kind[128];
		if (!strcmp(p->kind, "size")) {
			snprintf(kind, sizeof(kind), "size.%s", p->scope);
			if (told || p->n < SIZE_UNITS || p->weight < SIZE_SHARE || p->n <= most ||
			    !same_words(p->scope, v->wanted.category) || marked_wrong(t, kind, p->value))
				continue;
			v->taste.size = p->value;
			most = p->n;
		} else if ((!strcmp(p->kind, "brand") || !strcmp(p->kind, "colour")) && p->n >= LIKE_UNITS &&
		           p->weight >= LIKE_SHARE && !marked_wrong(t, p->kind, p->value)) {
			const char *words = folded(s, p->value);
			if (words)
				t->likes[v->taste.like_count++] = words;
		}
	}
}

static enum result taste_read(struct shape *s, struct save *v, struct error *e)
{
	struct tastes *t = arena_alloc(s->a, sizeof(*t));
	int64_t *records = arena_array(s->a, CUSTOMER_MEMBERS_MAX, sizeof(*records));
	int count = 0;
	v->taste = (struct taste){ 0 };
	v->customer = 0;
	if (!t || !records)
		return error_nomem(e);
	if (!v->ask->customer)
		return OK;
	TRY(customer_of(s->tx, v->ask->customer, &v->customer, e));
	TRY(shape_sees(s, v->customer, e));
	TRY(customer_members(s->tx, v->customer, records, CUSTOMER_MEMBERS_MAX, &count, e));
	TRY(fact_list(s->tx, records, count, FACTS_MAX, s->a, t->facts, &t->fact_count, e));
	TRY(preference_list(s->tx, records, count, s->now, PREFERENCES_MAX / 8, s->a, t->preferences, PREFERENCES_MAX,
	                    &t->preference_count, e));
	v->taste.dislikes = t->dislikes;
	v->taste.likes = t->likes;
	told_read(s, v, t);
	bought_read(s, v, t);
	return OK;
}

/* ---- What is like it --------------------------------------------------------------------------------------------- */

static void other_add(struct save *v, const struct sku *other, int steps)
{
	int points = likeness(&v->wanted, other, steps, v->settings->price_band, &v->taste);
	if (points < 0 || v->other_count == CANDIDATES_MAX)
		return;
	for (int i = 0; i < v->other_count; i++)
		if (v->others[i].id == other->id)
			return;
	v->likeness[v->other_count] = points;
	v->others[v->other_count++] = *other;
}

/* How many sizes lie between two SKUs of a product, among those of one colour: they come sorted. */
static int size_steps(const struct sku *skus, int count, const struct sku *wanted, const struct sku *other)
{
	int low = size_compare(wanted->size, other->size), steps = 0;
	const struct sku *from = low < 0 ? wanted : other, *to = low < 0 ? other : wanted;
	if (!low)
		return 0;
	for (int i = 0; i < count; i++)
		if (!strcmp(skus[i].colour, wanted->colour) && size_compare(skus[i].size, from->size) > 0 &&
		    size_compare(skus[i].size, to->size) < 0)
			steps++;
	return steps + 1;
}

static enum result others_read(struct shape *s, struct save *v, struct error *e)
{
	struct sku *family, k;
	int64_t *ids = arena_array(s->a, (size_t)v->hit_count + 1, sizeof(*ids));
	int count;
	bool found;
	v->others = arena_array(s->a, CANDIDATES_MAX, sizeof(*v->others));
	v->likeness = arena_array(s->a, CANDIDATES_MAX, sizeof(*v->likeness));
	v->other_count = 0;
	if (!ids || !v->others || !v->likeness)
		return error_nomem(e);
	TRY(product_skus(s->tx, v->wanted.product, PRODUCT_SKUS_MAX, s->a, &family, &count, e));
	for (int i = 0; i < count; i++)
		other_add(v, &family[i], size_steps(family, count, &v->wanted, &family[i]));
	memcpy(ids, v->hits, (size_t)v->hit_count * sizeof(*ids));
	TRY(skus_expect(s->tx, ids, v->hit_count, e));
	for (int i = 0; i < v->hit_count; i++) {
		TRY(sku_get(s->tx, v->hits[i], &k, &found, e));
		if (found && k.product != v->wanted.product)
			other_add(v, &k, -1);
	}
	return OK;
}

/* ---- What is where ----------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static enum result places_read(struct shape *s, struct save *v, struct error *e)
{
	int64_t *ids = arena_array(s->a, (size_t)v->cell_count + 1, sizeof(*ids));
	int n = 0;
	bool found;
	if (!ids)
		return error_nomem(e);
	for (int i = 0; i < v->cell_count; i++)
		ids[i] = v->cells[i].location;
	qsort(ids, (size_t)v->cell_count, sizeof(*ids), by_id);
	for (int i = 0; i < v->cell_count; i++)
		if (!n || ids[n - 1] != ids[i])
			ids[n++] = ids[i];
	struct stock_place *how = arena_array(s->a, (size_t)n + 1, sizeof(*how));
	v->stores = arena_array(s->a, (size_t)n + 1, sizeof(*v->stores));
	v->elsewhere = arena_array(s->a, (size_t)n + 1, sizeof(*v->elsewhere));
	if (!how || !v->stores || !v->elsewhere)
		return error_nomem(e);
	TRY(stores_expect(s->tx, ids, n, e));
	TRY(places_get(s->tx, ids, n, how, e));
	v->store_count = 0;
	for (int i = 0; i < n; i++) {
		TRY(store_get(s->tx, ids[i], &v->stores[v->store_count], &found, e));
		v->elsewhere[v->store_count] = how[i].elsewhere;
		v->store_count += found;
	}
	return OK;
}

static const struct store *store_of(const struct save *v, int64_t id, bool *elsewhere)
{
	for (int i = 0; i < v->store_count; i++)
		if (v->stores[i].id == id) {
			*elsewhere = v->elsewhere[i];
			return &v->stores[i];
		}
	return NULL;
}

/* The places of one SKU as rank.c wants them. */
static int places_of(const struct save *v, int64_t sku, struct rank_place *out)
{
	int n = 0;
	for (int i = 0; i < v->cell_count; i++) {
		const struct stock_cell *c = &v->cells[i];
		bool elsewhere;
		const struct store *at = c->sku == sku ? store_of(v, c->location, &elsewhere) : NULL;
		if (!at)
			continue;
		out[n++] = (struct rank_place){ .location = c->location,
			                        .kind = at->kind,
			                        .km = c->location == v->here.id ? 0 : store_km(&v->here, at),
			                        .available = c->qty[UNIT_AVAILABLE],
			                        .incoming = c->incoming,
			                        .incoming_at = c->incoming_at,
			                        .closed = at->closed,
			                        .elsewhere = elsewhere };
	}
	return n;
}

static enum result rank_all(struct shape *s, struct save *v, struct error *e)
{
	struct rank_place *places = arena_array(s->a, (size_t)v->cell_count + 1, sizeof(*places));
	struct way *like = arena_array(s->a, CANDIDATES_MAX, sizeof(*like)), one;
	struct rank_ask ask = {
		.sku = v->wanted.id, .store = v->here.id, .qty = v->ask->qty, .now = s->now, .settings = v->settings
	};
	int n = 0;
	if (!places || !like)
		return error_nomem(e);
	v->way_count = rank_ways(&ask, places, places_of(v, v->wanted.id, places), v->ways, WAYS_MAX);
	for (int i = 0; i < v->other_count; i++) {
		ask.sku = v->others[i].id;
		/* here, or fetched close by: what must be sent is no substitute for what can be sent */
		if (!rank_ways(&ask, places, places_of(v, ask.sku, places), &one, 1) || one.kind > WAY_PICK_UP)
			continue;
		one.kind = WAY_SUBSTITUTE;
		one.likeness = v->likeness[i];
		like[n++] = one;
	}
	rank_substitutes(like, n);
	for (int i = 0; i < n && i < SUBSTITUTES_MAX; i++)
		v->ways[v->way_count++] = like[i];
	return OK;
}

static enum result stock_read(struct shape *s, struct save *v, struct error *e)
{
	int64_t *ids = arena_array(s->a, (size_t)v->other_count + 1, sizeof(*ids));
	if (!ids)
		return error_nomem(e);
	ids[0] = v->wanted.id;
	for (int i = 0; i < v->other_count; i++)
		ids[i + 1] = v->others[i].id;
	TRY(stock_grid(s->tx, ids, v->other_count + 1, NULL, 0, s->a, &v->cells, &v->cell_count, e));
	return places_read(s, v, e);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static const struct sku *sku_of(const struct save *v, int64_t id)
{
	for (int i = 0; i < v->other_count; i++)
		if (v->others[i].id == id)
			return &v->others[i];
	return &v->wanted;
}

static void who_write(struct shape *s, const struct save *v)
{
	if (v->ask->customer)
		jw_kid(s->w, "customer", ID_CUSTOMER, v->ask->customer);
}

/* How its units go to the customer. */
static enum order_method method_of(const struct save *v, const struct way *w)
{
	if (w->kind == WAY_HERE || (w->kind == WAY_SUBSTITUTE && w->location == v->here.id))
		return METHOD_TAKE;
	return w->kind == WAY_SHIP ? METHOD_SHIP : METHOD_PICK_UP;
}

static void units_write(struct shape *s, const struct save *v, const struct way *w)
{
	jw_key(s->w, "units");
	jw_array(s->w);
	jw_object(s->w);
	jw_ki64(s->w, "qty", v->ask->qty);
	jw_kid(s->w, "location", ID_STORE, w->location);
	jw_kcstr(s->w, "method", order_method_name(method_of(v, w)));
	if (w->kind == WAY_TRANSFER)
		jw_kid(s->w, "to", ID_STORE, v->here.id);
	jw_end_object(s->w);
	jw_end_array(s->w);
}

/* What is taken along is paid at once. */
static void pays_write(struct shape *s, const struct save *v, struct money due)
{
	char text[MONEY_TEXT_BYTES];
	money_format(text, due);
	jw_key(s->w, "pays");
	jw_array(s->w);
	jw_object(s->w);
	jw_kcstr(s->w, "tender", tender_name(v->ask->tender));
	jw_kcstr(s->w, "amount", text);
	jw_end_object(s->w);
	jw_end_array(s->w);
}

/* The body of POST /v1/orders. None where the order must name a price, as the catalogue has none in the money of this
 * store; none for what is still to come: an order of it would wait without a place in the line. */
static void order_write(struct shape *s, const struct save *v, const struct way *w, int64_t shipping)
{
	const struct sku *k = sku_of(v, w->sku);
	char text[MONEY_TEXT_BYTES];
	int64_t due;
	if (k->list_minor < 0 || !k->currency || (v->here.currency && v->here.currency != k->currency) ||
	    w->kind == WAY_INCOMING || __builtin_mul_overflow(k->list_minor, v->ask->qty, &due))
		return;
	jw_key(s->w, "order");
	jw_object(s->w);
	who_write(s, v);
	jw_kid(s->w, "store", ID_STORE, v->here.id);
	if (w->kind == WAY_SHIP && shipping > 0) {
		money_format(text, money_of_minor(k->currency, shipping));
		jw_kcstr(s->w, "shipping", text);
	}
	jw_key(s->w, "items");
	jw_array(s->w);
	jw_object(s->w);
	jw_kid(s->w, "sku", ID_SKU, w->sku);
	jw_ki64(s->w, "qty", v->ask->qty);
	units_write(s, v, w);
	jw_end_object(s->w);
	jw_end_array(s->w);
	if (method_of(v, w) == METHOD_TAKE && due)
		pays_write(s, v, money_of_minor(k->currency, due));
	jw_end_object(s->w);
}

/* The body of POST /v1/stock/hold: set aside where they are; of POST /v1/stock/wait: what comes there is offered. */
static void keep_write(struct shape *s, const struct save *v, const struct way *w, const char *key)
{
	jw_key(s->w, key);
	jw_object(s->w);
	jw_kid(s->w, "sku", ID_SKU, w->sku);
	jw_kid(s->w, "location", ID_STORE, w->location);
	jw_ki64(s->w, "qty", v->ask->qty);
	who_write(s, v);
	jw_end_object(s->w);
}

static const char *km_text(struct shape *s, double km)
{
	const char *text = km < 0    ? ""
	                   : km < 10 ? arena_printf(s->a, ", %.1f km", km)
	                             : arena_printf(s->a, ", %.0f km", km);
	return text ? text : "";
}

/* In what a substitute differs. */
static const char *differs(struct shape *s, const struct save *v, const struct sku *k)
{
	const struct sku *x = &v->wanted;
	const char *text = k->product != x->product       ? k->title[0] ? k->title : k->code
	                   : strcmp(k->colour, x->colour) ? arena_printf(s->a, "In %s", k->colour)
	                                                  : arena_printf(s->a, "Size %s", k->size);
	return text ? text : "";
}

static const char *way_text(struct shape *s, const struct save *v, const struct way *w, const struct store *at)
{
	const char *name = at->name[0] ? at->name : at->code, *text = NULL, *km = km_text(s, w->km);
	long long there = w->available;
	switch (w->kind) {
	case WAY_HERE:
		text = arena_printf(s->a, "Here: %lld", there);
		break;
	case WAY_PICK_UP:
		text = arena_printf(s->a, "Fetched at %s%s: %lld there", name, km, there);
		break;
	case WAY_SHIP:
		text = arena_printf(s->a, "Sent from %s: %lld there", name, there);
		break;
	case WAY_TRANSFER:
		text = arena_printf(s->a, "Brought here from %s%s: %lld there", name, km, there);
		break;
	case WAY_INCOMING:
		text = arena_printf(s->a, "%s: %lld on the way%s%s", w->location == v->here.id ? "Here" : name, there,
		                    w->ready_at ? ", ready " : ", nobody knows when",
		                    w->ready_at ? shape_date(s, w->ready_at) : "");
		break;
	case WAY_SUBSTITUTE:
		text = w->location == v->here.id
		               ? arena_printf(s->a, "%s, here: %lld", differs(s, v, sku_of(v, w->sku)), there)
		               : arena_printf(s->a, "%s, at %s%s: %lld there", differs(s, v, sku_of(v, w->sku)), name,
		                              km, there);
		break;
	case WAYS:
		break;
	}
	return text ? text : "";
}

static void way_write(struct shape *s, const struct save *v, const struct way *w)
{
	const struct sku *k = sku_of(v, w->sku);
	bool unsure;
	const struct store *at = store_of(v, w->location, &unsure);
	int64_t shipping = w->kind == WAY_SHIP ? save_shipping(v->settings, k->currency) : -1;
	jw_object(s->w);
	jw_kcstr(s->w, "way", way_name(w->kind));
	jw_key(s->w, "location");
	jw_object(s->w);
	jw_kid(s->w, "id", ID_STORE, at->id);
	jw_kcstr(s->w, "name", at->name[0] ? at->name : at->code);
	jw_end_object(s->w);
	shape_sku_of(s, "sku", k);
	jw_ki64(s->w, "available", w->available);
	shape_km(s, "km", w->km);
	shape_time_or_null(s, "ready_at", w->ready_at);
	if (shipping >= 0) {
		shape_money(s, "cost", k->currency, shipping);
	} else {
		jw_key(s->w, "cost");
		jw_null(s->w);
	}
	jw_kbool(s->w, "closed", w->closed);
	jw_kbool(s->w, "elsewhere", w->elsewhere);
	jw_kcstr(s->w, "text", way_text(s, v, w, at));
	order_write(s, v, w, shipping);
	keep_write(s, v, w, w->kind == WAY_INCOMING ? "wait" : "hold");
	jw_end_object(s->w);
}

static int64_t available_here(const struct save *v)
{
	for (int i = 0; i < v->cell_count; i++)
		if (v->cells[i].sku == v->wanted.id && v->cells[i].location == v->here.id)
			return v->cells[i].qty[UNIT_AVAILABLE];
	return 0;
}

static enum result save_write(struct shape *s, void *arg, struct error *e)
{
	struct save *v = arg;
	bool found;
	TRY(wanted_read(s->tx, v, e));
	TRY(store_get(s->tx, v->ask->store, &v->here, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "store.unknown", "store", "There is no such store");
	TRY(taste_read(s, v, e));
	TRY(others_read(s, v, e));
	TRY(stock_read(s, v, e));
	TRY(rank_all(s, v, e));
	jw_object(s->w);
	shape_sku_of(s, "sku", &v->wanted);
	jw_ki64(s->w, "here", available_here(v));
	jw_kcstr(s->w, "usual_size", v->taste.size);
	jw_key(s->w, "ways");
	jw_array(s->w);
	for (int i = 0; i < v->way_count; i++)
		way_write(s, v, &v->ways[i]);
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

enum result desk_save(const struct desk *d, const struct principal *p, const struct save_ask *ask, const char *purpose,
                      struct json_writer *w, struct error *e)
{
	struct save *v = mem_calloc(1, sizeof(*v));
	if (!v)
		return error_nomem(e);
	v->ask = ask;
	v->settings = d->save ? d->save : &save_defaults;
	enum result r = db_read(d->db, wanted_read, v, e);
	if (r == OK)
		r = hits_read(d->db, v, e);
	if (r == OK)
		r = shape_answer(d, p, save_write, v, purpose, w, e);
	mem_free(v);
	return r;
}
