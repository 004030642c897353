/* rooms: outbox orders stock ledger timeline people shop feed db text money base */
/* Webhooks: endpoints, and what is made for them of what was committed. */
#include "kit/outbox_kit.h"

/* ---- Endpoints ----------------------------------------------------------------------------------------------------
 */

static void endpoints_are_kept(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	(void)state;
	struct run r = { .fn = add, .patterns = { "order.*", "stock.changed" } };
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_int_equal(strncmp(r.secret, "whsec_", 6), 0);
	struct endpoint p = shown(r.endpoint, a);
	assert_string_equal(p.url, "https://example.com/hook");
	assert_string_equal(p.patterns, "order.*,stock.changed");
	assert_true(!p.disabled_at && !p.waiting && !p.succeeded_at && p.created_at == now);
	r.fn = change;
	r.patterns[1] = NULL;
	r.url = "https://other.example.com/";
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_string_equal(shown(r.endpoint, a).patterns, "order.*");
	set_disabled(r.endpoint, true);
	assert_string_equal(shown(r.endpoint, a).disabled_why, "person");
	set_disabled(r.endpoint, false);
	assert_int_equal(shown(r.endpoint, a).disabled_at, 0);
	assert_string_equal(shown(r.endpoint, a).disabled_why, "");
}

static void endpoints_are_refused(void **state)
{
	static const struct {
		const char *url, *pattern, *code;
	} bad[] = { { "http://example.com/", "*", "webhook.url" },
		    { "https://127.0.0.1/", "*", "webhook.url" },
		    { NULL, NULL, "webhook.events" },
		    { NULL, "orders.*", "webhook.events" },
		    { NULL, "order.*,stock.*", "webhook.events" },
		    { NULL, "", "webhook.events" } };
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct run r = { .fn = add, .url = bad[i].url, .patterns = { bad[i].pattern } };
		assert_result(ERR_INVALID, db_transact(shop.db, run_tx, &r, &kit_err));
		assert_string_equal(kit_err.code, bad[i].code);
	}
	struct run r = { .fn = get, .endpoint = 77 };
	assert_result(ERR_NOT_FOUND, db_read(shop.db, run_tx, &r, &kit_err));
	for (int i = 0; i < OUTBOX_ENDPOINTS_MAX; i++)
		(void)endpoint("*");
	r = (struct run){ .fn = add, .patterns = { "*" } };
	assert_result(ERR_LIMIT, db_transact(shop.db, run_tx, &r, &kit_err));
}

static enum result rotate(struct db_tx *tx, struct run *r, struct error *e)
{
	return endpoint_rotate(tx, r->endpoint, r->secret, &r->other, e);
}

static void rotation_signs_twice_for_a_day(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s;
	unsigned char first[OUTBOX_SECRET_BYTES];
	(void)state;
	struct run r = { .fn = rotate, .endpoint = endpoint("order.*") };
	(void)place();
	drain();
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	assert_int_equal(s.secret_count, 1);
	memcpy(first, s.secrets[0], sizeof(first));
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_int_equal(r.other, now + DAY_US);
	tick(lease_us());
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	assert_int_equal(s.secret_count, 2);
	assert_memory_equal(s.secrets[1], first, sizeof(first));
	assert_memory_not_equal(s.secrets[0], first, sizeof(first));
	tick(DAY_US);
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	assert_int_equal(s.secret_count, 1);
	assert_memory_not_equal(s.secrets[0], first, sizeof(first));
}

static enum result remove_it(struct db_tx *tx, struct run *r, struct error *e)
{
	return endpoint_remove(tx, r->endpoint, e);
}

static void removed_ones_take_theirs_along(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s;
	bool more = true;
	(void)state;
	struct run r = { .fn = remove_it, .endpoint = endpoint("order.*") };
	int64_t stays = endpoint("order.*");
	(void)place();
	drain();
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_result(ERR_NOT_FOUND, db_transact(shop.db, run_tx, &r, &kit_err));
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	assert_int_equal(s.endpoint, stays);
	tick(2 * MINUTE_US);
	for (int i = 0; i < 3 && more; i++)
		assert_ok(deliveries_prune(shop.db, &more, &kit_err));
	assert_ok(deliveries_prune(shop.db, &more, &kit_err));
	sound();
	assert_int_equal(waiting(stays), 1);
	r = (struct run){ .fn = list, .endpoint = r.endpoint, .a = a };
	assert_result(ERR_NOT_FOUND, db_read(shop.db, run_tx, &r, &kit_err));
}

/* ---- What is made -------------------------------------------------------------------------------------------------
 */

static void each_step_of_an_order_once(void **state)
{
	static const char *const types[] = { "order.ready", "order.picked", "order.placed" };
	ARENA_AUTO struct arena *a = arena_new(0);
	char id[ID_TEXT_BYTES], store[ID_TEXT_BYTES], expect[256], at[TIME_TEXT_BYTES];
	(void)state;
	int64_t early = place(); /* before anybody listens */
	step(early, COMMAND_PICK);
	int64_t all = endpoint("*"), placed = endpoint("order.placed"), nobody = endpoint("order.closed");
	int64_t began = now, order = place();
	drain();
	step(order, COMMAND_PICK);
	step(order, COMMAND_READY);
	struct run *r = deliveries(all, 0, a);
	r = deliveries(all, 0, a); /* nothing is taken in twice */
	int orders = 0;
	for (int i = 0; i < r->count; i++)
		if (!strncmp(r->deliveries[i].type, "order.", 6))
			assert_string_equal(r->deliveries[i].type, types[orders++]);
	assert_int_equal(orders, 3);
	assert_int_equal(waiting(nobody), 0);
	r = deliveries(placed, 0, a);
	assert_int_equal(r->count, 1);
	id_format(id, ID_ORDER, order);
	id_format(store, ID_STORE, shop.stores[0]);
	time_format(at, began);
	const char *number = strstr(r->deliveries[0].body, "\"number\":\"");
	assert_non_null(number);
	number += 10;
	snprintf(expect, sizeof(expect),
	         "{\"type\":\"order.placed\",\"timestamp\":\"%s\",\"data\":{\"order\":\"%s\",\"number\":\"%.*s\","
	         "\"kind\":"
	         "\"sale\",\"state\":\"placed\",\"n\":1,\"store\":\"%s\",\"customer\":null}}",
	         at, id, (int)strcspn(number, "\""), number, store);
	assert_string_equal(r->deliveries[0].body, expect);
	sound();
}

struct again {
	struct feed_event events[2];
};

static enum result apply_again(struct db_tx *tx, void *arg, struct error *e)
{
	struct again *again = arg;
	return outbox_view.apply(tx, again->events, 2, e);
}

/* The view's position is behind what it made: after a restore, say. */
static void heard_again_makes_nothing_anew(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	(void)state;
	int64_t all = endpoint("order.*"), order = place();
	step(order, COMMAND_PICK);
	int before = deliveries(all, 0, a)->count;
	struct feed_event ev = { .topic = FEED_ORDER, .ref = order, .at = now };
	struct again again = { { ev, ev } };
	assert_ok(db_transact(shop.db, apply_again, &again, &kit_err));
	assert_int_equal(before, 2);
	assert_int_equal(deliveries(all, 0, a)->count, 2);
}

struct report {
	struct order_in in;
	struct order_outcome out;
};

static enum result report(struct db_tx *tx, void *arg, struct error *e)
{
	struct report *r = arg;
	return order_report(tx, &r->in, &r->out, e);
}

static void reported_orders_by_revision(void **state)
{
	static const char *const types[] = { "order.cancelled", "order.revised", "order.reported" };
	ARENA_AUTO struct arena *a = arena_new(0);
	struct order_line_in line = { .sku = shop.skus[0],
		                      .qty = 1,
		                      .unit_price = decimal_of_micro(5000000),
		                      .discount = money_of_minor(shop.eur, 0),
		                      .tax = money_of_minor(shop.eur, 0) };
	struct report r = { .in = { .kind = ORDER_SALE,
		                    .source = STR("till"),
		                    .number = STR("T-1"),
		                    .channel = CHANNEL_STORE,
		                    .placed_at = now,
		                    .currency = shop.eur,
		                    .lines = &line,
		                    .line_count = 1 } };
	(void)state;
	int64_t id = endpoint("order.*");
	for (int i = 0; i < 4; i++) {
		line.qty = i < 2 ? 1 : 2; /* new, the same, changed, cancelled */
		r.in.cancelled = i == 3;
		assert_ok(db_transact(shop.db, report, &r, &kit_err));
		tick(1000);
		drain();
	}
	struct run *got = deliveries(id, 0, a);
	assert_int_equal(got->count, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(got->deliveries[i].type, types[i]);
	assert_non_null(strstr(got->deliveries[0].body,
	                       "\"number\":\"T-1\",\"kind\":\"sale\",\"state\":\"cancelled\",\"n\":3"));
}

/* A file with many rows of few SKUs: one delivery a SKU for as long as nobody has taken it. */
static void stock_is_told_once_a_sku(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s[8];
	(void)state;
	int64_t stock = endpoint("stock.*"), orders = endpoint("order.*");
	for (int i = 0; i < 60; i++) {
		shop_fill(&shop, i % 2, i % SHOP_STORES, 1);
		tick(1000);
		if (i % 16 == 0)
			drain();
	}
	assert_int_equal(waiting(stock), 2);
	assert_int_equal(waiting(orders), 0);
	assert_int_equal(claim(shop.db, 8, s, a), 0); /* what follows at once is told with it */
	tick(OUTBOX_COALESCE_US);
	assert_int_equal(claim(shop.db, 8, s, a), 2);
	shop_fill(&shop, 0, 0, 1); /* while it is being sent: it may have been read before */
	tick(1000);
	assert_int_equal(waiting(stock), 3);
	shop_fill(&shop, 0, 0, 1);
	tick(1000);
	assert_int_equal(waiting(stock), 3);
	land(&s[0], 200, "", 0);
	land(&s[1], 500, "status 500", 0); /* tried: the receiver may know it */
	shop_fill(&shop, 1, 0, 1);
	tick(1000);
	assert_int_equal(waiting(stock), 3);
	sound();
}

static void nobody_wants_it(void **state)
{
	(void)state;
	int64_t id = endpoint("stock.*");
	set_disabled(id, true);
	shop_fill(&shop, 0, 0, 1);
	assert_int_equal(waiting(id), 0);
	tick(1000);
	set_disabled(id, false);
	assert_int_equal(waiting(id), 0);
	shop_fill(&shop, 0, 0, 1);
	assert_int_equal(waiting(id), 1);
}

static void too_much_waits(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	(void)state;
	outbox_configure(&(struct outbox_config){ .waiting_max = 3 });
	int64_t id = endpoint("order.*"), other = endpoint("order.shipped");
	for (int i = 0; i < 5; i++)
		(void)place();
	drain();
	assert_int_equal(shown(id, a).disabled_at, 0); /* counted before anything was there, and not again so soon */
	for (int i = 0; i < 5; i++)
		(void)place();
	tick(MINUTE_US);
	drain();
	assert_string_equal(shown(id, a).disabled_why, "full");
	assert_int_equal(shown(other, a).disabled_at, 0);
}

static enum result erase(struct db_tx *tx, struct run *r, struct error *e)
{
	return outbox_room.erase_record(tx, r->other, e);
}

static enum result make_record(struct db_tx *tx, struct run *r, struct error *e)
{
	struct record_in in = { .source = STR("crm"), .source_key = STR("1"), .at = now };
	int64_t customer;
	bool changed;
	return record_put(tx, &in, &r->other, &customer, &changed, NULL, e);
}

static void a_person_is_forgotten(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	char customer[ID_TEXT_BYTES];
	struct run r = { .fn = make_record };
	struct order_done done = { 0 };
	(void)state;
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	int64_t id = endpoint("order.*");
	struct order_item_in item = shop_item(&shop, 0, 1, 1000);
	struct order_command c = shop_place(&shop, &item, 1);
	c.record = r.other;
	c.may_wait = true;
	assert_ok(shop_do(&shop, &c, &done));
	id_format(customer, ID_CUSTOMER, r.other);
	struct run *got = deliveries(id, 0, a);
	assert_int_equal(got->count, 1);
	assert_non_null(strstr(got->deliveries[0].body, customer));
	r.fn = erase;
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_int_equal(waiting(id), 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(endpoints_are_kept),
		T(endpoints_are_refused),
		T(rotation_signs_twice_for_a_day),
		T(removed_ones_take_theirs_along),
		T(each_step_of_an_order_once),
		T(heard_again_makes_nothing_anew),
		T(reported_orders_by_revision),
		T(stock_is_told_once_a_sku),
		T(nobody_wants_it),
		T(too_much_waits),
		T(a_person_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
