/* rooms: desk insight orders stock ledger timeline people shop access feed db text money base */
/* The card's open matters: what somebody came for, in words that can be said, first; theirs only; and live. */
#include "kit/orders_kit.h"
#include "kit/people_kit.h"

#include "desk/desk.h"
#include "feed/room.h"

#define NOW (INT64_C(1780000000) * USEC) /* 2026-05-28T20:26:40Z */

static struct shop shop;
static struct desk desk;
static int64_t jane, john;
static bool opener; /* of the card that was read last */
static const struct principal clerk = { .role = ROLE_LOCAL, .login = "local" };

static enum result family(struct db_tx *tx, void *arg, struct error *e)
{
	const int64_t both[] = { jane, john };
	int64_t id;
	(void)arg;
	for (int i = 0; i < 2; i++)
		TRY(household_join(tx, STR("loyalty"), STR("smiths"), both[i], &id, e));
	return OK;
}

static int setup(void **state)
{
	(void)state;
	clock_set(NOW - 6 * DAY_US);
	shop_open(&shop, kit_db());
	desk = (struct desk){ .db = shop.db };
	jane = put(shop.db, "loyalty", "1", "Jane Smith", "e:jane@b.org");
	john = put(shop.db, "loyalty", "2", "John Smith", "e:john@b.org");
	assert_ok(db_transact(shop.db, family, NULL, &kit_err));
	for (int i = 0; i < SHOP_SKUS; i++)
		shop_fill(&shop, i, 0, 9);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(shop.db);
	clock_set(0);
	return 0;
}

/* The texts of the card's open matters, kind and text, one a line. */
static const char *open_of(int64_t customer, struct buf *lines, int *orders)
{
	BUF_AUTO struct buf text;
	JSON_AUTO struct json *doc = NULL;
	struct json_writer w;
	buf_init(&text, 0);
	jw_init(&w, &text);
	buf_clear(lines);
	*orders = 0;
	assert_ok(desk_card(&desk, &clerk, customer, false, "serve", &w, &kit_err));
	assert_ok(json_parse(buf_view(&text), NULL, &doc, &kit_err));
	opener = json_kind(json_get(doc, "opener")) == JSON_OBJECT;
	const struct json *open = json_get(doc, "open");
	for (size_t i = 0; i < json_count(open); i++) {
		const struct json *m = json_at(open, i);
		buf_printf(lines, "%.*s: %.*s\n", STR_ARG(json_str(json_get(m, "kind"))),
		           STR_ARG(json_str(json_get(m, "text"))));
		*orders += json_kind(json_get(m, "order")) == JSON_STRING;
	}
	buf_char(lines, '\0');
	return lines->p;
}

#define UNIT(line_, method_)                                                                                           \
	{                                                                                                              \
		.line = (line_), .qty = 1, .location = shop.stores[0], .method = (method_),                            \
		.condition = CONDITION_UNKNOWN                                                                         \
	}

static int64_t order(int64_t record, int sku, enum order_method method, bool paid, const char *number)
{
	struct order_item_in item = shop_item(&shop, sku, 1, 5000);
	struct order_unit_in at = UNIT(-1, method);
	struct order_pay_in pay = { .tender = TENDER_CARD, .minor = 5000 };
	struct order_command c = shop_place(&shop, &item, 1);
	struct order_done done = { 0 };
	c.record = record;
	c.number = str_c(number);
	c.units = &at;
	c.unit_count = 1;
	c.pays = &pay;
	c.pay_count = paid;
	c.on_account = !paid;
	assert_ok(shop_do(&shop, &c, &done));
	return done.order;
}

static void step(int64_t o, enum order_command_kind kind, enum order_method method)
{
	struct order_unit_in at = UNIT(1, method);
	struct order_command c = { .kind = kind, .order = o, .store = shop.stores[0], .units = &at, .unit_count = 1 };
	assert_ok(shop_do(&shop, &c, NULL));
}

static int64_t hold(int64_t record, int sku, int64_t until)
{
	struct stock_run r = { .c = { .kind = STOCK_HOLD_PLACE,
		                      .sku = shop.skus[sku],
		                      .location = shop.stores[0],
		                      .qty = 1,
		                      .record = record,
		                      .at = until } };
	shop_key(++shop.keys, r.key);
	assert_ok(db_transact(shop.db, stock_run, &r, &kit_err));
	return r.out.id;
}

#define HAS(text) assert_non_null(strstr(open_of(jane, &lines, &orders), text))
#define HAS_NOT(text) assert_null(strstr(open_of(jane, &lines, &orders), text))

static void what_they_came_for_stands_first(void **state)
{
	(void)state;
	BUF_AUTO struct buf lines;
	int orders;
	buf_init(&lines, 0);
	int64_t fetched = order(jane, 0, METHOD_PICK_UP, true, "A1");
	int64_t sent = order(jane, 1, METHOD_SHIP, false, "A2");
	HAS("preparing: Being prepared at L");
	assert_false(opener); /* nobody likes what they do not have */
	step(fetched, COMMAND_PICK, METHOD_PICK_UP);
	step(fetched, COMMAND_READY, METHOD_PICK_UP);
	step(sent, COMMAND_PICK, METHOD_SHIP);
	step(sent, COMMAND_SHIP, METHOD_SHIP);
	clock_set(NOW);
	hold(jane, 2, NOW + 3 * HOUR_US + 1);
	const char *open = open_of(jane, &lines, &orders);
	assert_int_equal(strncmp(open, "ready: Ready to fetch at L", 26), 0);
	assert_non_null(strstr(open, "since 22 May: S"));
	assert_non_null(strstr(open, "(order A1)"));
	assert_non_null(strstr(open, "owes: EUR 50.00 still to be paid (order A2)"));
	assert_non_null(strstr(open, "hold: Kept at L"));
	assert_non_null(strstr(open, "for another 3 hours: S"));
	assert_non_null(strstr(open, "sent: Sent from L"));
	assert_true(strstr(open, "owes:") < strstr(open, "hold:") && strstr(open, "hold:") < strstr(open, "sent:"));
	assert_null(strstr(open, "preparing"));
	assert_null(strstr(open, "has it arrived")); /* as reported: once is enough */
	assert_int_equal(orders, 3);
	step(fetched, COMMAND_HAND_OVER, METHOD_PICK_UP);

	HAS_NOT("ready:");
	assert_true(opener);
	clock_set(NOW + 9 * DAY_US);
	HAS_NOT("sent:"); /* it will have arrived */
}

static void what_came_back_and_what_is_owed(void **state)
{
	(void)state;
	BUF_AUTO struct buf lines;
	int orders;
	buf_init(&lines, 0);
	int64_t o = order(jane, 0, METHOD_TAKE, true, "B1");
	assert_string_equal(open_of(jane, &lines, &orders), "");
	step(o, COMMAND_RETURN, METHOD_TAKE);
	HAS("return: Brought back on 22 May, not looked at yet (order B1)");
	HAS("refund: EUR 50.00 to be given back (order B1)");
	struct order_command refund = { .kind = COMMAND_REFUND, .order = o, .refund_rest = true };
	assert_ok(shop_do(&shop, &refund, NULL));
	HAS_NOT("refund:");
	struct order_unit_in good = { .line = 1, .qty = 1, .location = shop.stores[0], .condition = CONDITION_GOOD };
	struct order_command inspect = { .kind = COMMAND_INSPECT, .order = o, .units = &good, .unit_count = 1 };
	assert_ok(shop_do(&shop, &inspect, NULL));
	assert_string_equal(open_of(jane, &lines, &orders), "");
	int64_t lost = order(jane, 1, METHOD_PICK_UP, true, "B2");
	step(lost, COMMAND_PROBLEM, METHOD_PICK_UP);
	HAS("problem: Order B2 of 22 May: 1 of it is still looked for");
}

static enum result offer_run(struct db_tx *tx, void *arg, struct error *e)
{
	int offered;
	TRY(waiting_offer(tx, *(int64_t *)arg, 0, &offered, e));
	assert_int_equal(offered, 1);
	return OK;
}

static void what_somebody_waited_for(void **state)
{
	(void)state;
	BUF_AUTO struct buf lines;
	int orders;
	buf_init(&lines, 0);
	struct stock_run wait = { .c = { .kind = STOCK_WAIT_JOIN, .sku = shop.skus[3], .qty = 1, .record = jane } };
	shop_key(++shop.keys, wait.key);
	assert_ok(db_transact(shop.db, stock_run, &wait, &kit_err));
	assert_ok(db_transact(shop.db, offer_run, &shop.skus[3], &kit_err));
	HAS("offer: Waited for and now at L");
	HAS("kept until 24 May");
}

/* A present for her is under way: her card knows nothing of it. */
static void nobody_hears_of_anothers(void **state)
{
	(void)state;
	BUF_AUTO struct buf lines;
	int orders;
	buf_init(&lines, 0);
	order(john, 0, METHOD_PICK_UP, true, "GIFT");
	hold(john, 1, NOW);
	assert_string_equal(open_of(jane, &lines, &orders), "");
	assert_non_null(strstr(open_of(john, &lines, &orders), "GIFT"));
}

DB_STMT(test_feed_of, "i", "ii",
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN topic = 4 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM feed "
        "WHERE record = $1")

static enum result heard_run(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &test_feed_of, &r, &found, e, DB_INT(jane)));
	*(int64_t *)arg = db_int(r, 0);
	return OK;
}

static int64_t heard(void)
{
	int64_t n;
	assert_ok(db_read(shop.db, heard_run, &n, &kit_err));
	return n;
}

/* Whatever changes what stands there is told to whoever looks at the card. */
static void every_change_is_heard(void **state)
{
	(void)state;
	int64_t was = heard();
#define HEARD() assert_true(heard() > was), was = heard()
	int64_t o = order(jane, 0, METHOD_PICK_UP, true, "C1");
	HEARD();
	step(o, COMMAND_PICK, METHOD_PICK_UP);
	HEARD();
	step(o, COMMAND_READY, METHOD_PICK_UP);
	HEARD();
	step(o, COMMAND_HAND_OVER, METHOD_PICK_UP);
	HEARD();
	step(o, COMMAND_RETURN, METHOD_PICK_UP);
	HEARD();
	struct order_command refund = { .kind = COMMAND_REFUND, .order = o, .refund_rest = true };
	assert_ok(shop_do(&shop, &refund, NULL));
	HEARD();
	int64_t h = hold(jane, 1, NOW);
	HEARD();
	struct stock_run release = { .c = { .kind = STOCK_HOLD_RELEASE, .id = h } };
	shop_key(++shop.keys, release.key);
	assert_ok(db_transact(shop.db, stock_run, &release, &kit_err));
	HEARD();
	hold(jane, 1, NOW - 5 * DAY_US);
	was = heard();
	clock_set(NOW);
	bool left;
	assert_ok(stock_room.work(shop.db, &left, &kit_err));
	HEARD(); /* it lapsed */
}

static int64_t trips(void)
{
	struct db_stats before, after;
	int64_t least = INT64_MAX;
	for (int turn = 0; turn < 3; turn++) {
		BUF_AUTO struct buf b;
		struct json_writer w;
		buf_init(&b, 1 << 20);
		jw_init(&w, &b);
		db_stats_get(shop.db, &before);
		assert_ok(desk_card(&desk, &clerk, jane, true, "serve", &w, &kit_err));
		db_stats_get(shop.db, &after);
		if (after.round_trips - before.round_trips < least)
			least = after.round_trips - before.round_trips;
	}
	return least;
}

static void many_matters_take_as_many_round_trips_as_one(void **state)
{
	(void)state;
	char number[16];
	order(jane, 0, METHOD_PICK_UP, true, "D");
	hold(jane, 3, NOW);
	clock_set(NOW - 5 * DAY_US); /* the shop's cache believes its rows by then */
	int64_t one = trips();
	for (int i = 0; i < 24; i++) {
		snprintf(number, sizeof(number), "D%d", i);
		order(jane, i % 3, METHOD_PICK_UP, i % 2, number);
	}
	int64_t many = trips();
	print_message("card: %d round trips with one order, %d with 25\n", (int)one, (int)many);
	assert_int_equal(one, many);
	assert_true(many < 14);
}

int main(void)
{
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_they_came_for_stands_first, setup, teardown),
		cmocka_unit_test_setup_teardown(what_came_back_and_what_is_owed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_somebody_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_hears_of_anothers, setup, teardown),
		cmocka_unit_test_setup_teardown(every_change_is_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(many_matters_take_as_many_round_trips_as_one, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
