/* From the feed to deliveries: a stored view, so that each event is taken in once, in the transaction in which the
 * view's position moves. Events are known by what happened (an order's entry in its trail, a report's revision), not by
 * the feed's row: to hear of them twice makes nothing twice. */
#include "outbox/room.h"

#include "base/json.h"
#include "base/map.h"
#include "orders/command.h"
#include "people/people.h"
#include "shop/shop.h"
#include <pthread.h>

#define TRAIL_PAGE 20
#define TRAIL_US (10 * MINUTE_US)  /* a trail's entry is at most so much older than the feed's row beside it */
#define COUNT_EVERY_US (30 * USEC) /* how often what waits for an endpoint is counted */

struct derive {
	struct db_tx *tx;
	struct listener listeners[OUTBOX_ENDPOINTS_MAX];
	int count;
	bool made;
	struct buf body;
};

/* ---- For whom -----------------------------------------------------------------------------------------------------
 */

static bool wanted_of_topic(const struct derive *d, const char *prefix)
{
	for (int i = 0; i < d->count; i++)
		for (const char *const *t = outbox_types(); *t; t++)
			if (!strncmp(*t, prefix, strlen(prefix)) && outbox_wants(d->listeners[i].patterns, *t))
				return true;
	return false;
}

/* One delivery for each endpoint that wants the type and was there when it happened. */
static enum result tell(struct derive *d, const struct delivery_in *what, int64_t at, struct error *e)
{
	for (int i = 0; i < d->count; i++) {
		const struct listener *l = &d->listeners[i];
		struct delivery_in in = *what;
		int64_t made = 0;
		if (at < l->since || !outbox_wants(l->patterns, what->type))
			continue;
		in.endpoint = l->id;
		in.body = buf_view(&d->body);
		TRY(delivery_add(d->tx, &in, &made, e));
		d->made = d->made || made;
	}
	return OK;
}

static void event_key(unsigned char out[EVENT_BYTES], const char *what, int64_t a, int64_t b)
{
	int64_t v[2] = { a, b };
	hash128(out, (struct str[]){ str_c(what), { (const char *)v, sizeof(v) } }, 2);
}

/* ---- Orders -------------------------------------------------------------------------------------------------------
 */

/* What a body says of an order. */
struct told {
	int64_t order, record, customer, store, at;
	const char *number, *kind, *state, *type;
	int n;
};

static enum result body_order(struct derive *d, const struct told *t, struct error *e)
{
	struct json_writer w;
	buf_clear(&d->body);
	jw_init(&w, &d->body);
	jw_object(&w);
	jw_kcstr(&w, "type", t->type);
	jw_ktime(&w, "timestamp", t->at);
	jw_key(&w, "data");
	jw_object(&w);
	jw_kid(&w, "order", ID_ORDER, t->order);
	jw_kcstr(&w, "number", t->number);
	jw_kcstr(&w, "kind", t->kind);
	jw_kcstr(&w, "state", t->state);
	jw_ki64(&w, "n", t->n);
	jw_kid(&w, "store", ID_STORE, t->store);
	jw_kid(&w, "customer", ID_CUSTOMER, t->customer);
	jw_end_object(&w);
	jw_end_object(&w);
	return d->body.failed ? error_nomem(e) : OK;
}

static enum result tell_order(struct derive *d, const char *what, const struct told *t, struct error *e)
{
	unsigned char key[EVENT_BYTES];
	event_key(key, what, t->order, t->n);
	const struct delivery_in in = { .event = { (const char *)key, sizeof(key) },
		                        .type = t->type,
		                        .subject = t->order,
		                        .record = t->record,
		                        .due_at = clock_now() };
	TRY(body_order(d, t, e));
	return tell(d, &in, t->at, e);
}

/* The record's customer; a record that was erased meanwhile is nobody's. */
static enum result customer_fill(struct derive *d, struct told *t, struct error *e)
{
	if (!t->record)
		return OK;
	enum result r = customer_of(d->tx, t->record, &t->customer, e);
	if (r == ERR_NOT_FOUND)
		t->record = t->customer = 0;
	return r == ERR_NOT_FOUND ? OK : r;
}

static enum result reported(struct derive *d, const struct order *o, int64_t at, struct error *e)
{
	struct told t = { .order = o->id,
		          .record = o->record,
		          .store = o->store,
		          .at = at,
		          .number = o->number,
		          .kind = o->kind == ORDER_RETURN ? "return" : "sale",
		          .state = o->state == ORDER_CANCELLED ? "cancelled" : "reported",
		          .n = o->revision };
	t.type = o->revision <= 1 ? TYPE_REPORTED : o->state == ORDER_CANCELLED ? TYPE_WITHDRAWN : TYPE_REVISED;
	/* Made here as well by a command: its trail tells it. What stands under another id tells it itself. */
	if (str_is(str_c(o->source), ORDER_SOURCE) || o->state == ORDER_SUPERSEDED)
		return OK;
	TRY(customer_fill(d, &t, e));
	return tell_order(d, "report", &t, e);
}

/* Number and record of an order that was commanded; a draft is in its book alone. */
static enum result head_read(struct derive *d, int64_t order, struct arena *a, struct told *t, struct error *e)
{
	struct order o;
	struct order_book b;
	enum result r = order_get(d->tx, order, a, &o, e);
	t->order = order;
	t->kind = "sale";
	if (r == OK) {
		t->number = o.number;
		t->record = o.record;
		return OK;
	}
	if (r != ERR_NOT_FOUND)
		return r;
	TRY(book_get(d->tx, order, a, &b, e));
	t->number = b.number;
	t->record = b.record;
	return OK;
}

/* The trail's entries of that moment and after it, newest first. */
static enum result trail_read(struct derive *d, int64_t order, int64_t at, struct arena *a, struct order_event **out,
                              int *total, struct error *e)
{
	struct order_event *list = NULL, *page = arena_array(a, TRAIL_PAGE, sizeof(*page));
	int count = TRAIL_PAGE, n = 0, cap = 0;
	bool older = false;
	if (!page)
		return error_nomem(e);
	while (count == TRAIL_PAGE && !older) {
		TRY(order_events(d->tx, order, n ? list[n - 1].n : 0, TRAIL_PAGE, a, page, &count, e));
		for (int i = 0; i < count && !older; i++) {
			older = page[i].at < at - TRAIL_US;
			if (older)
				break;
			if (!arena_grow(a, &list, n, &cap, sizeof(*list)))
				return error_nomem(e);
			list[n++] = page[i];
		}
	}
	*out = list;
	*total = n;
	return OK;
}

static enum result trail(struct derive *d, int64_t order, int64_t at, struct arena *a, int *count, struct error *e)
{
	struct order_event *list = NULL;
	struct told t = { 0 };
	TRY(trail_read(d, order, at, a, &list, count, e));
	if (!*count)
		return OK;
	TRY(head_read(d, order, a, &t, e));
	TRY(customer_fill(d, &t, e));
	for (int i = *count - 1; i >= 0; i--) {
		t.n = list[i].n;
		t.at = list[i].at;
		t.store = list[i].store;
		t.state = book_state_name(list[i].state);
		t.type = type_of_command(list[i].kind);
		TRY(tell_order(d, "trail", &t, e));
	}
	return OK;
}

static enum result order_heard(struct derive *d, const struct feed_event *ev, struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct order o;
	int told = 0;
	if (!a)
		return error_nomem(e);
	TRY(trail(d, ev->ref, ev->at, a, &told, e));
	if (told)
		return OK;
	enum result r = order_get(d->tx, ev->ref, a, &o, e);
	if (r == ERR_NOT_FOUND)
		return OK; /* erased since */
	return r == OK ? reported(d, &o, ev->at, e) : r;
}

/* ---- Stock --------------------------------------------------------------------------------------------------------
 */

static enum result stock_heard(struct derive *d, const struct feed_event *ev, struct error *e)
{
	unsigned char key[EVENT_BYTES];
	struct json_writer w;
	struct sku sku;
	bool found = false;
	event_key(key, "stock", ev->ref, ev->id);
	TRY(sku_get(d->tx, ev->ref, &sku, &found, e));
	buf_clear(&d->body);
	jw_init(&w, &d->body);
	jw_object(&w);
	jw_kcstr(&w, "type", TYPE_STOCK);
	jw_ktime(&w, "timestamp", ev->at);
	jw_key(&w, "data");
	jw_object(&w);
	jw_kid(&w, "sku", ID_SKU, ev->ref);
	jw_kcstr(&w, "code", found ? sku.code : NULL);
	jw_end_object(&w);
	jw_end_object(&w);
	if (d->body.failed)
		return error_nomem(e);
	const struct delivery_in in = { .event = { (const char *)key, sizeof(key) },
		                        .type = TYPE_STOCK,
		                        .subject = ev->ref,
		                        .due_at = clock_now() + OUTBOX_COALESCE_US,
		                        .coalesce = true };
	return tell(d, &in, ev->at, e);
}

/* ---- Too much waits -----------------------------------------------------------------------------------------------
 */

/* When each endpoint was counted last, in this process. */
static struct counted {
	int64_t endpoint, at;
} counted[OUTBOX_ENDPOINTS_MAX];
static pthread_mutex_t counted_lock = PTHREAD_MUTEX_INITIALIZER;

static bool count_is_due(int64_t endpoint)
{
	int64_t now = clock_now();
	struct counted *mine = &counted[0];
	bool due = true;
	pthread_mutex_lock(&counted_lock);
	for (int i = 0; i < OUTBOX_ENDPOINTS_MAX && mine->endpoint != endpoint; i++)
		if (counted[i].endpoint == endpoint || counted[i].at < mine->at)
			mine = &counted[i];
	due = mine->endpoint != endpoint || now < mine->at || now - mine->at > COUNT_EVERY_US;
	if (due)
		*mine = (struct counted){ endpoint, now };
	pthread_mutex_unlock(&counted_lock);
	return due;
}

DB_STMT(delivery_beyond, "iii", "i",
        "SELECT id FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND state = 1 ORDER BY id LIMIT 1 OFFSET $3")

static int64_t waiting_max(void)
{
	int64_t set = outbox_configured()->waiting_max;
	return set ? set : OUTBOX_WAITING_MAX;
}

/* Who does not take what it asked for is not listened for any more; what waits stays. */
static enum result full_check(struct derive *d, struct error *e)
{
	int kept = 0;
	for (int i = 0; i < d->count; i++) {
		DB_ROWS_AUTO struct db_rows *r = NULL;
		bool full = false;
		int64_t id = d->listeners[i].id;
		if (count_is_due(id))
			TRY(db_query_one(d->tx, &delivery_beyond, &r, &full, e, DB_INT(id_bucket(id)), DB_INT(id),
			                 DB_INT(waiting_max())));
		db_rows_free(r);
		r = NULL;
		if (full)
			TRY(endpoint_disable(d->tx, id, "full", e));
		else
			d->listeners[kept++] = d->listeners[i];
	}
	d->count = kept;
	return OK;
}

/* ---- The view -----------------------------------------------------------------------------------------------------
 */

static enum result derive_run(struct derive *d, const struct feed_event *events, size_t count, struct error *e)
{
	__attribute__((cleanup(map_free))) struct map heard;
	bool orders = wanted_of_topic(d, "order."), stock = wanted_of_topic(d, "stock.");
	enum result r = OK;
	map_init(&heard);
	/* What a batch names twice is read once: all of it is committed. */
	for (size_t i = 0; i < count && r == OK; i++) {
		int64_t key = (int64_t)((uint64_t)events[i].ref * 31 + events[i].topic), seen;
		bool order = events[i].topic == FEED_ORDER;
		if (!(order ? orders : stock) || map_get(&heard, key, &seen))
			continue;
		r = order ? order_heard(d, &events[i], e) : stock_heard(d, &events[i], e);
		if (r == OK)
			r = map_put(&heard, key, 1, e);
	}
	return r;
}

static enum result apply(struct db_tx *tx, const struct feed_event *events, size_t count, struct error *e)
{
	struct derive *d = arena_alloc(db_tx_arena(tx), sizeof(*d));
	if (!d)
		return error_nomem(e);
	d->tx = tx;
	TRY(listeners_get(tx, db_tx_arena(tx), d->listeners, &d->count, e));
	if (!d->count)
		return OK;
	TRY(full_check(d, e));
	buf_init(&d->body, OUTBOX_BODY_MAX);
	enum result r = derive_run(d, events, count, e);
	buf_free(&d->body);
	if (r == OK && d->made)
		r = db_after_commit(tx, outbox_wake, NULL, e);
	return r;
}

DB_STMT(listener_any, "", "i",
        "SELECT id FROM outbox_endpoint WHERE disabled_at IS NULL AND removed_at IS NULL LIMIT 1")

/* Whoever is added after this snapshot hears only of what comes after it. */
static enum result wanted(struct db_tx *tx, bool *any, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	return db_query_one(tx, &listener_any, &r, any, e, DB_NONE);
}

const struct feed_stored outbox_view = {
	.name = "outbox", .topics = 1u << FEED_ORDER | 1u << FEED_STOCK, .apply = apply, .wanted = wanted
};
