/* rooms: insight orders timeline people shop feed db text money base */
#include "kit/kit.h"

#include "base/clock.h"
#include "db/db.h"
#include "feed/room.h"
#include "insight/insight.h"
#include "people/internal.h"
#include "text/text.h"

#include <string.h>

#define NOW (INT64_C(1780000000) * USEC)

static struct db *db;
static int16_t eur;
static int64_t store_id, sku_ids[6];
static const struct feed_stored *views[1];

static enum result make_shop(struct db_tx *tx, void *arg, struct error *e)
{
	static const char *const codes[] = { "S1", "S2", "S3", "S4", "S5", "S6" };
	static const char *const sizes[] = { "42", "42", "43", "M", "M", "L" };
	struct store st = { .code = "ZRH", .name = "Zürich", .zone = "Europe/Zurich", .country = "CH" };
	bool changed;
	(void)arg;
	st.currency = eur;
	TRY(store_put(tx, &st, &store_id, &changed, e));
	for (int i = 0; i < 6; i++) {
		struct sku k = { .list_minor = 10000, .cost_minor = -1, .currency = eur };
		snprintf(k.code, sizeof(k.code), "%s", codes[i]);
		snprintf(k.product_code, sizeof(k.product_code), "P%d", i);
		snprintf(k.size, sizeof(k.size), "%s", sizes[i]);
		snprintf(k.category, sizeof(k.category), "%s", i < 3 ? "shoes" : "shirts");
		snprintf(k.brand, sizeof(k.brand), "%s", i % 2 ? "Acme" : "Byway");
		TRY(sku_put(tx, &k, &sku_ids[i], &changed, e));
	}
	return OK;
}

struct buy {
	const char *who, *number;
	int sku, qty;
	int64_t days_ago, unit_minor;
	bool is_return, cancelled;
	int64_t record, customer;
};

static enum result buy_fn(struct db_tx *tx, void *arg, struct error *e)
{
	struct buy *b = arg;
	struct record_in r = { .source = STR("till"),
		               .source_key = str_c(b->who),
		               .given = STR("Jane"),
		               .family = str_c(b->who),
		               .at = NOW };
	bool changed;
	struct order_outcome out;
	struct order_line_in line = { .line_key = STR("1"),
		                      .sku = sku_ids[b->sku],
		                      .qty = b->qty,
		                      .title = STR("thing"),
		                      .unit_price = decimal_of_micro(b->unit_minor * 10000),
		                      .has_list_price = true,
		                      .list_price = decimal_of_micro(INT64_C(100) * 1000000) };
	struct order_in o = { .kind = b->is_return ? ORDER_RETURN : ORDER_SALE,
		              .source = STR("till"),
		              .number = str_c(b->number),
		              .store = store_id,
		              .channel = CHANNEL_STORE,
		              .placed_at = NOW - b->days_ago * DAY_US,
		              .currency = eur,
		              .cancelled = b->cancelled,
		              .lines = &line,
		              .line_count = 1 };
	TRY(record_put(tx, &r, &b->record, &b->customer, &changed, NULL, e));
	o.record = b->record;
	return order_report(tx, &o, &out, e);
}

static struct buy buy(const char *who, const char *number, int sku, int qty, int64_t days_ago, int64_t unit_minor)
{
	struct buy b = {
		.who = who, .number = number, .sku = sku, .qty = qty, .days_ago = days_ago, .unit_minor = unit_minor
	};
	assert_ok(db_transact(db, buy_fn, &b, &kit_err));
	return b;
}

static int setup(void **state)
{
	(void)state;
	shop_cache_drop();
	db = kit_db();
	views[0] = insight_room.stored;
	assert_true(currency_find(STR("EUR"), &eur));
	assert_ok(db_transact(db, make_shop, NULL, &kit_err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------
 */

struct look {
	int64_t records[4];
	int record_count;
	struct spending spending;
	struct preference prefs[32];
	int pref_count;
	char size[32];
	int64_t size_n, size_of;
	struct top_query q;
	struct top_row top[10];
	int top_count;
	struct top_summary all;
};

static enum result look_fn(struct db_tx *tx, void *arg, struct error *e)
{
	struct look *l = arg;
	TRY(spending_of(tx, l->records, l->record_count, &l->spending, e));
	TRY(preference_list(tx, l->records, l->record_count, NOW, 3, db_tx_arena(tx), l->prefs, 32, &l->pref_count, e));
	l->size[0] = 0;
	for (int i = 0; i < l->pref_count; i++)
		if (!l->size[0] && strcmp(l->prefs[i].kind, "size") == 0 && strcmp(l->prefs[i].scope, "shoes") == 0) {
			snprintf(l->size, sizeof(l->size), "%s", l->prefs[i].value);
			l->size_n = l->prefs[i].n;
			l->size_of = l->prefs[i].of;
		}
	l->q.currency = eur;
	l->q.limit = 10;
	return top_customers(tx, &l->q, l->top, &l->top_count, &l->all, e);
}

static struct look look(int64_t record)
{
	struct look l = { .records = { record },
		          .record_count = record ? 1 : 0,
		          .q = { .from_day = 0, .to_day = 40000 } };
	assert_ok(feed_drain(db, views, 1, FEED_PATIENCE, &kit_err));
	assert_ok(db_read(db, look_fn, &l, &kit_err));
	return l;
}

static void sizes_spend_and_full_price(void **state)
{
	(void)state;
	struct buy a = buy("ann", "1", 0, 2, 30, 10000);
	buy("ann", "2", 1, 1, 20, 8000);
	buy("ann", "3", 2, 1, 10, 10000);
	struct look l = look(a.record);
	assert_string_equal(l.size, "42");
	assert_int_equal(l.size_n, 3);
	assert_int_equal(l.size_of, 4);
	assert_int_equal(l.spending.orders, 3);
	assert_int_equal(l.spending.net_minor, 38000);
	assert_int_equal(l.spending.full_minor, 30000);
	assert_int_equal(l.spending.store, store_id);
	assert_int_equal(l.spending.store_n, 3);
}

static void a_return_takes_away(void **state)
{
	(void)state;
	struct buy a = buy("bob", "10", 0, 2, 30, 10000);
	struct buy back = { .who = "bob",
		            .number = "10-R",
		            .sku = 0,
		            .qty = 1,
		            .days_ago = 5,
		            .unit_minor = 10000,
		            .is_return = true };
	assert_ok(db_transact(db, buy_fn, &back, &kit_err));
	struct look l = look(a.record);
	assert_int_equal(l.spending.net_minor, 10000);
	assert_int_equal(l.spending.returned_minor, 10000);
	assert_int_equal(l.spending.returns, 1);
	assert_int_equal(l.size_n, 1);
}

static void a_changed_order_counts_once(void **state)
{
	(void)state;
	struct buy a = buy("cy", "20", 0, 2, 30, 10000);
	look(a.record);
	buy("cy", "20", 3, 1, 30, 5000);
	struct look l = look(a.record);
	assert_int_equal(l.spending.orders, 1);
	assert_int_equal(l.spending.net_minor, 5000);
	assert_string_equal(l.size, "");
	struct buy gone = {
		.who = "cy", .number = "20", .sku = 3, .qty = 1, .days_ago = 30, .unit_minor = 5000, .cancelled = true
	};
	assert_ok(db_transact(db, buy_fn, &gone, &kit_err));
	l = look(a.record);
	assert_int_equal(l.spending.orders, 0);
	assert_int_equal(l.spending.net_minor, 0);
}

static void top_is_by_net_then_id(void **state)
{
	(void)state;
	struct buy a = buy("ann", "1", 0, 1, 30, 10000), b = buy("bob", "2", 0, 3, 30, 10000),
	           c = buy("cy", "3", 0, 1, 400, 10000);
	struct look l = look(0);
	assert_int_equal(l.top_count, 3);
	assert_int_equal(l.top[0].customer, b.customer);
	int64_t second = a.customer < c.customer ? a.customer : c.customer;
	assert_int_equal(l.top[1].customer, second);
	assert_int_equal(l.all.net_minor, 50000);
	l = (struct look){ .q = { .from_day = (NOW - 60 * DAY_US) / DAY_US, .to_day = NOW / DAY_US } };
	assert_ok(db_read(db, look_fn, &l, &kit_err));
	assert_int_equal(l.top_count, 2);
	assert_int_equal(l.all.net_minor, 40000);
}

/* ---- Incremental equals rebuild ------------------------------------------------------------------------------------
 */

static void incremental_equals_rebuild(void **state)
{
	(void)state;
	struct kit_random r;
	kit_random_seed(&r, 42);
	char who[16], number[16];
	for (int i = 0; i < 400; i++) {
		snprintf(who, sizeof(who), "p%d", (int)kit_random_below(&r, 12));
		snprintf(number, sizeof(number), "%d", (int)kit_random_below(&r, 150));
		struct buy b = { .who = who,
			         .number = number,
			         .sku = (int)kit_random_below(&r, 6),
			         .qty = 1 + (int)kit_random_below(&r, 3),
			         .days_ago = (int64_t)kit_random_below(&r, 900),
			         .unit_minor = 5000 + 1000 * (int64_t)kit_random_below(&r, 6),
			         .is_return = kit_random_below(&r, 5) == 0,
			         .cancelled = kit_random_below(&r, 11) == 0 };
		assert_ok(db_transact(db, buy_fn, &b, &kit_err));
		if (kit_random_below(&r, 7) == 0)
			assert_ok(feed_drain(db, views, 1, FEED_PATIENCE, &kit_err));
	}
	unsigned char kept[16], built[16], empty[16];
	memset(empty, 0, sizeof(empty));
	assert_ok(feed_drain(db, views, 1, FEED_PATIENCE, &kit_err));
	assert_ok(insight_room.digest(db, kept, &kit_err));
	assert_ok(insight_room.rebuild(db, NULL, NULL, &kit_err));
	assert_ok(insight_room.digest(db, built, &kit_err));
	assert_memory_equal(kept, built, sizeof(kept));
	assert_memory_not_equal(kept, empty, sizeof(kept));
	/* and the digest can tell a difference */
	struct buy b = { .who = "p1", .number = "new", .sku = 1, .qty = 1, .days_ago = 1, .unit_minor = 5000 };
	assert_ok(db_transact(db, buy_fn, &b, &kit_err));
	assert_ok(feed_drain(db, views, 1, FEED_PATIENCE, &kit_err));
	assert_ok(insight_room.digest(db, built, &kit_err));
	assert_memory_not_equal(kept, built, sizeof(kept));
}

/* ---- What is at stake in doubtful pairs ---------------------------------------------------------------------------
 */

static enum result doubts_put(struct db_tx *tx, void *arg, struct error *e)
{
	const int64_t *r = arg;
	for (int i = 0; i < 8; i += 2)
		TRY(doubt_put(tx, r[i], r[i + 1], 2000, e));
	return OK;
}

struct queue {
	struct doubt list[9];
	int count, unweighed;
};

static enum result queue_fn(struct db_tx *tx, void *arg, struct error *e)
{
	struct queue *q = arg;
	struct doubt some[9];
	TRY(doubt_list(tx, NULL, 9, q->list, &q->count, e));
	return doubt_unweighed(tx, 1, 9, some, &q->unweighed, e);
}

static struct queue queue(void)
{
	struct queue q = { 0 };
	assert_ok(db_read(db, queue_fn, &q, &kit_err));
	return q;
}

/* By which record a pair is listed: the smaller id, which of two made in one millisecond may be the later one's. */
static int64_t first_of(const int64_t *pair)
{
	return pair[0] < pair[1] ? pair[0] : pair[1];
}

/* Equal scores: first those who spend most, lately counting twice; a purchase changes that. */
static void doubts_rank_by_what_is_spent(void **state)
{
	(void)state;
	int64_t years = (NOW - clock_now()) / DAY_US + 800; /* days_ago counts from NOW, the year from today */
	int64_t r[] = { buy("little", "A1", 0, 1, years, 20000).record, buy("little2", "A2", 0, 1, years, 10000).record,
		        buy("much", "B1", 1, 2, years, 50000).record,   buy("much2", "B2", 2, 1, years, 1000).record,
		        buy("long", "C1", 3, 1, years, 70000).record,   buy("long2", "C2", 4, 1, years, 10000).record,
		        buy("new", "D1", 5, 1, 1, 70000).record,        buy("new2", "D2", 5, 1, 1, 10000).record };
	bool left = true;
	assert_ok(db_transact(db, doubts_put, r, &kit_err));
	struct queue q = queue();
	assert_int_equal(q.count, 4);
	assert_int_equal(q.unweighed, 4);
	assert_int_equal(q.list[0].worth, q.list[3].worth);
	assert_ok(feed_drain(db, views, 1, FEED_PATIENCE, &kit_err)); /* counts what was bought, and weighs */
	q = queue();
	assert_int_equal(q.unweighed, 0);
	assert_int_equal(q.list[0].a, first_of(r + 6)); /* 800 twice */
	assert_int_equal(q.list[1].a, first_of(r + 2)); /* 1,010 */
	assert_int_equal(q.list[2].a, first_of(r + 4)); /* 800 */
	assert_int_equal(q.list[3].a, first_of(r + 0)); /* 300 */
	assert_int_equal(q.list[0].score, q.list[3].score);
	assert_in_range(q.list[2].stake, 80000, 80000 + DOUBT_STAKE_LEAST);

	buy("little2", "A3", 0, 1, 2, 90000);
	assert_ok(feed_drain(db, views, 1, FEED_PATIENCE, &kit_err));
	assert_int_equal(queue().unweighed, 0);
	assert_int_equal(queue().list[0].a, first_of(r + 0)); /* 1,200, 900 of it twice */
	assert_ok(insight_room.work(db, &left, &kit_err));
	assert_false(left);
}

int main(void)
{
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes_spend_and_full_price, setup, teardown),
		cmocka_unit_test_setup_teardown(a_return_takes_away, setup, teardown),
		cmocka_unit_test_setup_teardown(a_changed_order_counts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(top_is_by_net_then_id, setup, teardown),
		cmocka_unit_test_setup_teardown(incremental_equals_rebuild, setup, teardown),
		cmocka_unit_test_setup_teardown(doubts_rank_by_what_is_spent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
