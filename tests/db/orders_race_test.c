/* rooms: orders stock ledger timeline people shop feed db text money base */
/* 64 clients at once on the last unit, on the last refundable cent, on one hold: exactly one wins, and the others leave
 * nothing behind. BYNAME_ROUNDS makes it long (tests/soak/orders), BYNAME_TEST runs one of
 * them. PostgreSQL: through two servers' handles. */
#include "kit/orders_kit.h"
#include "kit/soak.h"
#include "feed/room.h"
#include <pthread.h>
#include <stdlib.h>

#define CLIENTS 64

static struct shop shop;
static struct db *second;

static int64_t rounds(void)
{
	return soak_setting("BYNAME_ROUNDS", strcmp(kit_engine(), "sqlite") ? 6 : 25);
}

/* ---- Clients ---------------------------------------------------------------------------------------------------- */

struct client {
	pthread_t thread;
	struct db *db;
	struct order_run run;
	enum result result;
	struct error err;
};

static struct client clients[CLIENTS];
static pthread_barrier_t begin, end;
static bool over;

static void *client_run(void *arg)
{
	struct client *c = arg;
	for (;;) {
		pthread_barrier_wait(&begin);
		if (over)
			return NULL;
		do
			c->result = db_transact(c->db, order_run, &c->run, &c->err);
		while (c->result == ERR_BUSY && strcmp(c->err.code, "db.pool") == 0); /* the machine stood still */
		pthread_barrier_wait(&end);
	}
}

static int clients_start(void **state)
{
	(void)state;
	pthread_barrier_init(&begin, NULL, CLIENTS + 1);
	pthread_barrier_init(&end, NULL, CLIENTS + 1);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
	return 0;
}

static int clients_stop(void **state)
{
	(void)state;
	over = true;
	pthread_barrier_wait(&begin);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	return 0;
}

/* All clients give the command at once: each with a key of its own, or all with the same. */
static void give(const struct order_command *c, bool one_key)
{
	for (int i = 0; i < CLIENTS; i++) {
		clients[i].db = i % 2 ? second : shop.db;
		clients[i].run = (struct order_run){ .c = *c };
		clients[i].err = (struct error){ 0 };
		shop_key(shop.keys += !one_key || !i, clients[i].run.key);
	}
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
}

/* How many of them succeeded; *order: one of theirs. The others are refused with one of these codes. */
static int race(const struct order_command *c, const char *code, const char *or_code, int64_t *order)
{
	int won = 0;
	give(c, false);
	for (int i = 0; i < CLIENTS; i++) {
		const struct client *k = &clients[i];
		if (k->result == OK) {
			won++;
			*order = k->run.out.order;
		} else if (k->result != ERR_CONFLICT || (strcmp(k->err.code, code) && strcmp(k->err.code, or_code))) {
			fail_msg("client %d: %s %s %s", i, result_name(k->result), k->err.code, k->err.detail);
		}
	}
	return won;
}

/* ---- The shop --------------------------------------------------------------------------------------------------- */

static void scene_open(void)
{
	shop_open(&shop, kit_db());
	second = shop.db;
	if (db_engine(shop.db) == DB_POSTGRES) {
		struct db_config config = { .url = kit_db_url(), .readers = 8, .limit_ms = kit_limit_ms() };
		assert_ok(db_open(&config, &second, &kit_err));
	}
}

static enum result totals_run(struct db_tx *tx, void *arg, struct error *e)
{
	return order_totals(tx, STR(ORDER_SOURCE), shop.eur, arg, e);
}

static int64_t orders_made(void)
{
	struct order_totals t;
	assert_ok(db_read(shop.db, totals_run, &t, &kit_err));
	return t.orders;
}

static void found(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg;
	fail_msg("%s: %s (%s)", room, invariant, detail);
}

static void everything_sound(void)
{
	assert_ok(ledger_room.check(shop.db, found, NULL, &kit_err));
	assert_ok(stock_room.check(shop.db, found, NULL, &kit_err));
	assert_ok(orders_room.check(shop.db, found, NULL, &kit_err));
}

static void scene_close(void)
{
	everything_sound();
	if (second != shop.db)
		db_close(second);
	kit_db_close(shop.db);
}

/* ---- Rounds ----------------------------------------------------------------------------------------------------- */

/* saleor #543: concurrent checkouts allocated more than there was. medusa #16569: and the reserved quantity drifted
 * away from the reservations. */
static void last_unit(int64_t n)
{
	struct order_item_in item = shop_item(&shop, 0, 1, 1000);
	struct order_unit_in at = {
		.line = -1, .qty = 1, .location = shop.stores[0], .method = n % 2 ? METHOD_PICK_UP : METHOD_TAKE
	};
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.unit_count = 1;
	c.on_account = true;
	shop_fill(&shop, 0, 0, 1);
	int64_t order = 0;
	assert_int_equal(race(&c, "stock.short", "stock.short", &order), 1);
	shop_sound(&shop, order);
	assert_int_equal(orders_made(), n + 1); /* no orphan */
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_AVAILABLE), 0);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_COMMITTED), (n + 1) / 2);
}

static void saleor_543_and_medusa_16569_the_last_unit(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "the_last_unit", scene_open, last_unit, scene_close }, rounds());
}

static void last_cent(int64_t n)
{
	struct order_done done = { 0 };
	struct order_item_in item = shop_item(&shop, 0, 1, 1000);
	struct order_unit_in at = { .line = -1, .qty = 1, .location = shop.stores[0], .method = METHOD_TAKE };
	struct order_pay_in pay = { .tender = TENDER_CARD, .minor = 1000 };
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.pays = &pay;
	c.unit_count = c.pay_count = 1;
	shop_fill(&shop, 0, 0, 1);
	assert_ok(shop_do(&shop, &c, &done));
	int64_t order = done.order;
	at = (struct order_unit_in){ .line = 1, .qty = 1, .location = shop.stores[1], .condition = CONDITION_GOOD };
	pay.minor = 999;
	c = (struct order_command){
		.kind = COMMAND_RETURN, .order = order, .units = &at, .pays = &pay, .unit_count = 1, .pay_count = 1
	};
	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(done.payable, 1);
	pay.minor = 1;
	pay.pending = n % 2;
	c = (struct order_command){ .kind = COMMAND_REFUND, .order = order, .pays = &pay, .pay_count = 1 };
	assert_int_equal(race(&c, "order.refund", "order.refund", &order), 1);
	shop_sound(&shop, order);
}

static void the_last_refundable_cent(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "the_last_refundable_cent", scene_open, last_cent, scene_close },
	                 rounds());
}

static void hold_once(int64_t n)
{
	(void)n;
	struct stock_run hold = { .c = { .kind = STOCK_HOLD_PLACE,
		                         .sku = shop.skus[1],
		                         .location = shop.stores[0],
		                         .qty = 1,
		                         .at = clock_now() + DAY_US } };
	shop_fill(&shop, 1, 0, 1);
	shop_key(++shop.keys, hold.key);
	assert_ok(db_transact(shop.db, stock_run, &hold, &kit_err));
	struct order_item_in item = shop_item(&shop, 1, 1, 1000);
	struct order_unit_in at = {
		.line = -1, .qty = 1, .location = shop.stores[0], .method = METHOD_SHIP, .hold = hold.out.id
	};
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.unit_count = 1;
	int64_t order = 0;
	assert_int_equal(race(&c, "stock.hold", "stock.short", &order), 1);
	shop_sound(&shop, order);
	assert_int_equal(shop_units(&shop, 1, 0, UNIT_HELD), 0);
}

static void one_hold(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "one_hold", scene_open, hold_once, scene_close }, rounds());
}

/* One command sent twice and more at the same time, as by an impatient client: it is done once, and all get its answer.
 */
static void one_key_many_times(void **state)
{
	(void)state;
	scene_open();
	shop_fill(&shop, 2, 0, CLIENTS);
	struct order_item_in item = shop_item(&shop, 2, 1, 1000);
	struct order_unit_in at = { .line = -1, .qty = 1, .location = shop.stores[0], .method = METHOD_SHIP };
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.unit_count = 1;
	int fresh = 0;
	give(&c, true);
	for (int i = 0; i < CLIENTS; i++) {
		assert_int_equal(clients[i].result, OK);
		assert_true(clients[i].run.out.order == clients[0].run.out.order);
		fresh += !clients[i].run.out.replayed;
	}
	assert_int_equal(fresh, 1);
	assert_int_equal(shop_units(&shop, 2, 0, UNIT_COMMITTED), 1);
	scene_close();
}

/* One that does one thing beside others. */
static void *single_run(void *arg)
{
	struct client *c = arg;
	c->result = db_transact(c->db, order_run, &c->run, &c->err);
	return NULL;
}

static void *adjuster_run(void *arg)
{
	struct stock_run *r = arg;
	struct error err;
	enum result result = db_transact(second, stock_run, r, &err);
	return (void *)(uintptr_t)(result == OK || result == ERR_CONFLICT);
}

/* Two orders of four units each, to be picked. */
static void picks_make(struct client picks[2], const struct order_unit_in *all)
{
	shop_fill(&shop, 3, 0, 10);
	for (int k = 0; k < 2; k++) {
		struct order_done done = { 0 };
		struct order_item_in item = shop_item(&shop, 3, 4, 1000);
		struct order_unit_in at = *all;
		struct order_command c = shop_place(&shop, &item, 1);
		at.line = -1;
		c.units = &at;
		c.unit_count = 1;
		assert_ok(shop_do(&shop, &c, &done));
		picks[k] = (struct client){ .db = k ? second : shop.db };
		picks[k].run.c = (struct order_command){
			.kind = COMMAND_PICK, .order = done.order, .units = all, .unit_count = 1
		};
		shop_key(++shop.keys, picks[k].run.key);
	}
}

static void pick_while_counting(int64_t n)
{
	struct client picks[2];
	struct order_unit_in all = { .line = 1, .qty = 4, .location = shop.stores[0], .method = METHOD_SHIP };
	struct stock_run less = { .c = { .kind = STOCK_ADJUST,
		                         .sku = shop.skus[3],
		                         .location = shop.stores[0],
		                         .qty = -2,
		                         .reason = REASON_LOST } };
	pthread_t adjuster;
	void *good;
	picks_make(picks, &all);
	shop_key(++shop.keys, less.key);
	for (int k = 0; k < 2; k++)
		assert_int_equal(pthread_create(&picks[k].thread, NULL, single_run, &picks[k]), 0);
	assert_int_equal(pthread_create(&adjuster, NULL, adjuster_run, &less), 0);
	pthread_join(adjuster, &good);
	assert_true((uintptr_t)good);
	for (int k = 0; k < 2; k++) {
		pthread_join(picks[k].thread, NULL);
		assert_int_equal(picks[k].result, OK); /* what is promised is not counted away */
		shop_sound(&shop, picks[k].run.c.order);
	}
	assert_int_equal(shop_units(&shop, 3, 0, UNIT_PICKED), 8 * (n + 1));
	assert_int_equal(shop_units(&shop, 3, 0, UNIT_AVAILABLE), 0);
}

/* odoo #62139: two pickings and an inventory adjustment at once left what was reserved and what was there apart. */
static void odoo_62139_picking_while_counting(void **state)
{
	(void)state;
	soak_rounds_play(
	        &(struct soak_rounds){ "picking_while_counting", scene_open, pick_while_counting, scene_close },
	        rounds());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saleor_543_and_medusa_16569_the_last_unit),
		cmocka_unit_test(the_last_refundable_cent),
		cmocka_unit_test(one_hold),
		cmocka_unit_test(one_key_many_times),
		cmocka_unit_test(odoo_62139_picking_while_counting),
	};
	cmocka_set_test_filter(getenv("BYNAME_TEST")); /* NULL: all */
	return cmocka_run_group_tests(tests, clients_start, clients_stop);
}
