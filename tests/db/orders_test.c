/* rooms: orders timeline people shop feed db text money base */
#include "kit/kit.h"
#include "orders/orders.h"
#include "base/clock.h"
#include "base/id.h"
#include "feed/room.h"
#include "shop/shop.h"
#include "text/text.h"

static struct db *db;
static int16_t eur;

static int setup(void **state)
{
	(void)state;
	db = kit_db();
	shop_cache_drop();
	assert_true(currency_find(STR("EUR"), &eur));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	clock_set(0);
	return 0;
}

static struct decimal dec(const char *text)
{
	struct decimal d;
	assert_int_equal(decimal_parse(str_c(text), '.', &d, NULL), OK);
	return d;
}

static struct money money(int64_t minor)
{
	return money_of_minor(eur, minor);
}

static struct order_in sale(const char *number, const struct order_line_in *lines, int count)
{
	return (struct order_in){ .kind = ORDER_SALE,
		                  .source = STR("till"),
		                  .number = str_c(number),
		                  .channel = CHANNEL_STORE,
		                  .placed_at = 1000,
		                  .currency = eur,
		                  .lines = lines,
		                  .line_count = count };
}

#define RUN(fn) assert_ok(db_transact(db, fn, NULL, &kit_err))

static struct order *get(struct db_tx *tx, int64_t id)
{
	struct order *o = arena_alloc(db_tx_arena(tx), sizeof(*o));
	assert_ok(order_get(tx, id, db_tx_arena(tx), o, &kit_err));
	return o;
}

static enum result again(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct order_outcome out;
	struct order_line_in lines[] = {
		{ .title = STR("Shirt"),
		  .qty = 2,
		  .unit_price = dec("19.90"),
		  .has_list_price = true,
		  .list_price = dec("19.90") },
		{ .title = STR("Sock"), .qty = 1, .unit_price = dec("5.00"), .discount = money(100) },
		{ .title = STR("Sock"),
		  .qty = 1,
		  .unit_price = dec("5.00"),
		  .discount = money(100) }, /* twice the same */
	};
	struct order_in in = sale("A 1", lines, 3);
	in.shipping = money(495);
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(out.what, ORDER_NEW);
	assert_int_equal(out.net_minor, 3980 + 400 + 400);
	struct order *o = get(tx, out.order);
	assert_int_equal(o->line_count, 3);
	assert_int_equal(o->total_minor, 4780 + 495);
	assert_int_equal(o->full_minor, 3980);
	assert_int_equal(o->discount_minor, 200);
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(out.what, ORDER_SAME);
	assert_int_equal(out.revision, 1);

	lines[0].qty = 3; /* changed: without a key it is another line */
	in.line_count = 2;
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(out.what, ORDER_CHANGED);
	assert_int_equal(out.revision, 2);
	o = get(tx, out.order);
	assert_int_equal(o->line_count, 2);
	assert_int_equal(o->net_minor, 5970 + 400);
	struct order_revision r[4];
	int n;
	TRY(order_history(tx, out.order, db_tx_arena(tx), 4, r, &n, e));
	assert_int_equal(n, 1);
	assert_non_null(strstr(r[0].difference, "\"net\":[4780,6370]"));
	assert_non_null(strstr(r[0].difference, "\"removed\""));
	in.lines = lines;
	in.cancelled = true;
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(out.net_minor, 0);
	assert_int_equal(get(tx, out.order)->state, ORDER_CANCELLED);

	struct order found[2];
	TRY(order_by_number(tx, STR("a1"), 2, db_tx_arena(tx), found, &n, e));
	assert_int_equal(n, 1);
	assert_true(found[0].id == out.order);
	return OK;
}

static void test_again(void **state)
{
	(void)state;
	RUN(again);
}

static enum result keyed(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct order_outcome out;
	struct order_line_in lines[] = {
		{ .line_key = STR("1"), .title = STR("Shirt"), .qty = 1, .unit_price = dec("10") },
		{ .line_key = STR("2"), .title = STR("Sock"), .qty = 1, .unit_price = dec("0.005") },
	};
	struct order_in in = sale("K", lines, 2);
	in.discount = money(501); /* 1001 gross: shares by largest remainder */
	TRY(order_report(tx, &in, &out, e));
	struct order *o = get(tx, out.order);
	assert_int_equal(o->net_minor, 500);
	assert_int_equal(o->lines[0].net_minor + o->lines[1].net_minor, 500);
	assert_int_equal(o->full_minor, 0);
	lines[1].unit_price = dec("2.50");
	in.partial = true;
	in.lines = lines + 1;
	in.line_count = 1;
	in.discount = money_none();
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(out.what, ORDER_CHANGED);
	assert_int_equal(out.absent, 1);
	o = get(tx, out.order);
	assert_int_equal(o->line_count, 2);
	assert_int_equal(o->net_minor, 1250 - 501); /* the discount stayed */
	uint64_t mark = order_line_mark(&lines[1], 1);
	TRY(order_keep_lines(tx, out.order, &mark, 1, &out, e));
	assert_int_equal(out.what, ORDER_CHANGED);
	assert_int_equal(get(tx, out.order)->line_count, 1);
	in.discount = money(99999); /* capped at what there is */
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(get(tx, out.order)->net_minor, 0);
	lines[0].line_key = STR("2");
	in.lines = lines;
	in.line_count = 2;
	assert_result(ERR_INVALID, order_report(tx, &in, &out, e));
	return OK;
}

static void test_keyed_partial(void **state)
{
	(void)state;
	RUN(keyed);
}

static enum result refused(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct order_outcome out;
	struct order_line_in l = { .title = STR("x"), .qty = 0, .unit_price = dec("1") };
	struct order_in in = sale("R", &l, 1);
	assert_result(ERR_INVALID, order_report(tx, &in, &out, e));
	assert_string_equal(e->code, "line.quantity");
	l.qty = 1;
	l.unit_price = dec("-1");
	assert_result(ERR_INVALID, order_report(tx, &in, &out, e));
	l.unit_price = dec("1");
	l.title = STR("");
	assert_result(ERR_INVALID, order_report(tx, &in, &out, e));
	l.title = STR("x");
	in.currency = 0;
	assert_result(ERR_INVALID, order_report(tx, &in, &out, e));
	in.currency = eur;
	in.number = STR("");
	assert_result(ERR_INVALID, order_report(tx, &in, &out, e));
	in.number = STR("R");
	l.unit_price = dec("9000000000000");
	l.qty = INT64_MAX;
	assert_result(ERR_INVALID, order_report(tx, &in, &out, e));
	return OK;
}

static void test_refused(void **state)
{
	(void)state;
	RUN(refused);
}

/* A cancellation that overtakes its order, an update that overtakes the completion. */
static enum result out_of_order(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct order_outcome out;
	struct order_line_in l = { .title = STR("x"), .qty = 1, .unit_price = dec("1") };
	struct order_in cancel = sale("O", NULL, 0), in = sale("O", &l, 1);
	cancel.currency = 0;
	cancel.partial = cancel.cancelled = true;
	cancel.at = cancel.placed_at = 2000;
	in.at = 1000;
	TRY(order_report(tx, &cancel, &out, e));
	TRY(order_report(tx, &in, &out, e));
	struct order *o = get(tx, out.order);
	assert_int_equal(o->state, ORDER_CANCELLED);
	assert_int_equal(o->line_count, 1);
	assert_int_equal(o->placed_at, 1000);
	assert_int_equal(o->currency, eur);
	struct order_line_in newer = { .title = STR("x"), .qty = 5, .unit_price = dec("1") };
	struct order_in update = sale("P", &newer, 1), first = sale("P", &l, 1);
	update.at = 2000;
	first.at = 1000;
	TRY(order_report(tx, &update, &out, e));
	TRY(order_report(tx, &first, &out, e));
	assert_int_equal(out.what, ORDER_SAME);
	assert_int_equal(out.net_minor, 500);
	return OK;
}

static void test_out_of_order(void **state)
{
	(void)state;
	RUN(out_of_order);
}

static enum result put(struct db_tx *tx, const char *key, int64_t *record, struct error *e)
{
	struct record_in r = { .source = STR("till"), .source_key = str_c(key), .at = 1 };
	int64_t customer;
	bool changed;
	return record_put(tx, &r, record, &customer, &changed, NULL, e);
}

static enum result whose(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct order_outcome out, moved;
	int64_t jane, otto;
	struct order page[4];
	int n;
	TRY(put(tx, "jane", &jane, e));
	TRY(put(tx, "otto", &otto, e));
	struct order_line_in l = { .title = STR("x"), .qty = 1, .unit_price = dec("1") };
	struct order_in in = sale("W", &l, 1);
	TRY(order_report(tx, &in, &out, e)); /* nobody's */
	in.record = jane;
	TRY(order_report(tx, &in, &moved, e));
	assert_int_equal(moved.what, ORDER_CHANGED);
	assert_int_equal(id_bucket(moved.order), id_bucket(jane));
	struct order *old = get(tx, out.order);
	assert_int_equal(old->state, ORDER_SUPERSEDED);
	assert_true(old->superseded_by == moved.order);
	in.record = 0; /* takes nobody away */
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(out.what, ORDER_SAME);
	in.record = otto;
	TRY(order_report(tx, &in, &out, e));
	TRY(order_page(tx, &jane, 1, 0, 0, 4, true, db_tx_arena(tx), page, &n, e));
	assert_int_equal(n, 0);
	TRY(order_page(tx, &otto, 1, 0, 0, 4, true, db_tx_arena(tx), page, &n, e));
	assert_int_equal(n, 1);
	assert_int_equal(page[0].line_count, 1);
	assert_int_equal(page[0].revision, 3);
	struct order_totals t;
	TRY(order_totals(tx, STR("till"), eur, &t, e));
	assert_int_equal(t.orders, 1);
	assert_int_equal(t.lines, 1);
	assert_int_equal(t.anonymous_lines, 0);
	/* Both are one: it stays where it is. */
	int64_t decision, customer;
	TRY(customer_merge(tx, jane, otto, false, 0, STR("test"), &decision, &customer, e));
	in.record = jane;
	TRY(order_report(tx, &in, &out, e));
	assert_int_equal(out.what, ORDER_SAME);
	return OK;
}

static void test_whose(void **state)
{
	(void)state;
	RUN(whose);
}

/* A return that comes before its sale finds it later. */
static enum result returns(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct order_outcome back, out;
	struct order_line_in l = { .title = STR("x"),
		                   .qty = 1,
		                   .unit_price = dec("7"),
		                   .original_number = STR("S1"),
		                   .original_line_key = STR("1") };
	struct order_in in = sale("R1", &l, 1);
	in.kind = ORDER_RETURN;
	TRY(order_report(tx, &in, &back, e));
	assert_int_equal(back.net_minor, -700);
	assert_int_equal(get(tx, back.order)->lines[0].original_order, 0);
	struct order_line_in s = { .line_key = STR("1"), .title = STR("x"), .qty = 1, .unit_price = dec("7") };
	in = sale("S1", &s, 1);
	TRY(order_report(tx, &in, &out, e));
	assert_true(get(tx, back.order)->lines[0].original_order == out.order);
	struct order_totals t;
	TRY(order_totals(tx, STR(""), eur, &t, e));
	assert_int_equal(t.net_minor, 0);
	assert_int_equal(t.units, 0);
	assert_int_equal(t.returns, 1);
	return OK;
}

static void test_returns(void **state)
{
	(void)state;
	RUN(returns);
}

static void found(void *arg, const char *room, const char *invariant, const char *detail)
{
	printf("%s: %s: %s\n", room, invariant, detail);
	++*(int *)arg;
}

struct random_run {
	struct kit_random r;
	int round;
};

/* Reports of a few orders in random shapes: whatever came, sums hold and the last whole report stands. */
static enum result random_report(struct db_tx *tx, void *arg, struct error *e)
{
	struct random_run *run = arg;
	struct kit_random r = run->r;
	struct order_line_in l[6];
	struct order_outcome out;
	char number[8], keys[6][4];
	snprintf(number, sizeof(number), "%d", (int)kit_random_below(&r, 5));
	int n = (int)kit_random_below(&r, 6);
	for (int i = 0; i < n; i++) {
		l[i] = (struct order_line_in){ .title = kit_random_below(&r, 2) ? STR("a") : STR("b"),
			                       .qty = 1 + (int64_t)kit_random_below(&r, 3),
			                       .unit_price =
			                               decimal_of_micro((int64_t)kit_random_below(&r, 5) * 1234567),
			                       .discount = money((int64_t)kit_random_below(&r, 3) * 50) };
		if (kit_random_below(&r, 2)) {
			snprintf(keys[i], 4, "%d", i);
			l[i].line_key = str_c(keys[i]);
		}
	}
	struct order_in in = sale(number, l, n);
	in.discount = money((int64_t)kit_random_below(&r, 3) * 77);
	in.partial = kit_random_below(&r, 3) == 0;
	TRY(order_report(tx, &in, &out, e));
	if (!in.partial) {
		assert_int_equal(get(tx, out.order)->line_count, n);
		TRY(order_report(tx, &in, &out, e));
		assert_int_equal(out.what, ORDER_SAME);
	}
	return OK;
}

static void test_random(void **state)
{
	(void)state;
	struct random_run run;
	int findings = 0;
	kit_random_seed(&run.r, 42);
	for (run.round = 0; run.round < 300; run.round++) {
		assert_ok(db_transact(db, random_report, &run, &kit_err));
		kit_random_next(&run.r);
	}
	assert_ok(orders_room.check(db, found, &findings, &kit_err));
	assert_int_equal(findings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keyed_partial, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whose, setup, teardown),
		cmocka_unit_test_setup_teardown(test_returns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	text_stop();
	return failed;
}
