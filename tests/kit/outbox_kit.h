/* Short words for the tests of webhooks: a shop, endpoints, what waits for them, attempts without a network. Each test
 * file has its own copies. */
#ifndef BYNAME_TESTS_OUTBOX_KIT_H
#define BYNAME_TESTS_OUTBOX_KIT_H

#include "kit/orders_kit.h"
#include "outbox/room.h"

#define T0 (INT64_C(1780000000) * USEC)

static struct shop shop;
static struct db *second; /* another server process, where there can be one */
static int64_t now;

static inline void tick(int64_t us)
{
	now += us;
	clock_set(now);
}

static inline int setup(void **state)
{
	(void)state;
	now = T0;
	clock_set(now);
	outbox_configure(&(struct outbox_config){ 0 });
	shop_open(&shop, kit_db());
	shop_fill(&shop, 0, 0, 1000);
	tick(1000);
	second = shop.db;
	if (db_engine(shop.db) == DB_POSTGRES) {
		struct db_config config = { .url = kit_db_url(), .readers = 4 };
		assert_ok(db_open(&config, &second, &kit_err));
	}
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	if (second != shop.db)
		db_close(second);
	kit_db_close(shop.db);
	clock_set(0);
	return 0;
}

/* ---- Short words --------------------------------------------------------------------------------------------------
 */

struct run {
	enum result (*fn)(struct db_tx *tx, struct run *r, struct error *e);
	int64_t endpoint, id, other;
	const char *url, *text, *patterns[OUTBOX_PATTERNS_MAX + 1];
	char secret[OUTBOX_SECRET_TEXT];
	struct arena *a;
	struct endpoint shown, list[OUTBOX_ENDPOINTS_MAX];
	struct delivery deliveries[400];
	enum delivery_state state;
	int count;
	bool flag;
};

static inline enum result run_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct run *r = arg;
	return r->fn(tx, r, e);
}

static inline enum result in_of(const struct run *r, struct str list[OUTBOX_PATTERNS_MAX + 1], struct endpoint_in *in)
{
	*in = (struct endpoint_in){ .url = str_c(r->url ? r->url : "https://example.com/hook"),
		                    .description = str_c(r->text ? r->text : "ERP"),
		                    .patterns = list };
	while (r->patterns[in->pattern_count]) {
		list[in->pattern_count] = str_c(r->patterns[in->pattern_count]);
		in->pattern_count++;
	}
	return OK;
}

static inline enum result add(struct db_tx *tx, struct run *r, struct error *e)
{
	struct str list[OUTBOX_PATTERNS_MAX + 1];
	struct endpoint_in in;
	TRY(in_of(r, list, &in));
	return endpoint_add(tx, &in, r->secret, &r->endpoint, e);
}

static inline enum result change(struct db_tx *tx, struct run *r, struct error *e)
{
	struct str list[OUTBOX_PATTERNS_MAX + 1];
	struct endpoint_in in;
	TRY(in_of(r, list, &in));
	return endpoint_change(tx, r->endpoint, &in, e);
}

static inline int64_t endpoint(const char *pattern)
{
	struct run r = { .fn = add, .patterns = { pattern } };
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	tick(1000);
	return r.endpoint;
}

static inline enum result get(struct db_tx *tx, struct run *r, struct error *e)
{
	return endpoint_get(tx, r->endpoint, r->a, &r->shown, e);
}

static inline struct endpoint shown(int64_t id, struct arena *a)
{
	struct run r = { .fn = get, .endpoint = id, .a = a };
	assert_ok(db_read(shop.db, run_tx, &r, &kit_err));
	return r.shown;
}

static inline enum result disable(struct db_tx *tx, struct run *r, struct error *e)
{
	return r->flag ? endpoint_disable(tx, r->endpoint, "person", e) : endpoint_enable(tx, r->endpoint, e);
}

static inline void set_disabled(int64_t id, bool disabled)
{
	struct run r = { .fn = disable, .endpoint = id, .flag = disabled };
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
}

static inline void drain(void)
{
	static const struct feed_stored *const views[] = { &outbox_view };
	assert_ok(feed_drain(shop.db, views, 1, FEED_PATIENCE, &kit_err));
}

static inline enum result list(struct db_tx *tx, struct run *r, struct error *e)
{
	return delivery_list(tx, r->endpoint, r->state, 0, 400, r->a, r->deliveries, &r->count, e);
}

/* Newest first. */
static inline struct run *deliveries(int64_t id, enum delivery_state state, struct arena *a)
{
	struct run *r = arena_alloc(a, sizeof(*r));
	*r = (struct run){ .fn = list, .endpoint = id, .state = state, .a = a };
	drain();
	assert_ok(db_read(shop.db, run_tx, r, &kit_err));
	return r;
}

static inline int waiting(int64_t id)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	return deliveries(id, DELIVERY_WAITING, a)->count;
}

static inline int64_t place(void)
{
	struct order_item_in item = shop_item(&shop, 0, 1, 1000);
	struct order_unit_in unit = { .line = -1, .qty = 1, .location = shop.stores[0], .method = METHOD_PICK_UP };
	struct order_command c = shop_place(&shop, &item, 1);
	struct order_done done = { 0 };
	c.units = &unit;
	c.unit_count = 1;
	assert_ok(shop_do(&shop, &c, &done));
	tick(1000);
	return done.order;
}

static inline void step(int64_t order, enum order_command_kind kind)
{
	struct order_unit_in unit = { .line = 1, .qty = 1, .location = shop.stores[0], .method = METHOD_PICK_UP };
	struct order_command c = {
		.kind = kind, .order = order, .store = shop.stores[0], .units = &unit, .unit_count = 1
	};
	assert_ok(shop_do(&shop, &c, NULL));
	tick(1000);
}

/* Claims at most n and gives them to out, as one process with nothing on its way. */
static inline int claim(struct db *db, int n, struct shipment *out, struct arena *a)
{
	struct claim c = { .free = n, .a = a, .out = out };
	assert_ok(db_transact(db, claim_run, &c, &kit_err));
	return c.count;
}

static inline void land(const struct shipment *s, int status, const char *fault, int64_t retry_after)
{
	struct outcome o = { .endpoint = s->endpoint,
		             .id = s->id,
		             .lease = s->lease,
		             .tries = s->tries,
		             .status = status,
		             .retry_after_us = retry_after,
		             .tried_at = now };
	struct outcomes all = { &o, 1 };
	snprintf(o.fault, sizeof(o.fault), "%s", fault);
	snprintf(o.answer, sizeof(o.answer), "thanks");
	assert_ok(db_transact(shop.db, outcomes_run, &all, &kit_err));
}

static int finds;
static inline void count_finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg;
	print_message("%s: %s: %s\n", room, invariant, detail);
	finds++;
}

static inline void sound(void)
{
	finds = 0;
	assert_ok(outbox_room.check(shop.db, count_finding, NULL, &kit_err));
	assert_int_equal(finds, 0);
}

#endif
