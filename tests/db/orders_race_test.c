/* rooms: orders stock ledger timeline people shop feed db text money base */
/* 64 clients at once on the last unit, on the last refundable cent, on one hold: exactly one wins, and the others leave
 * nothing behind. BYNAME_ROUNDS makes it long (tests/soak/orders). PostgreSQL: through two servers' handles. */
#include "kit/orders_kit.h"
#include "feed/room.h"
#include <pthread.h>
#include <stdlib.h>

#define CLIENTS 64

static struct shop shop;
static struct db *second;

static int setup(void **state)
{
	(void)state;
	shop_open(&shop, kit_db());
	second = shop.db;
	if (db_engine(shop.db) == DB_POSTGRES) {
		struct db_config config = { .url = kit_db_url(), .readers = 8 };
		assert_ok(db_open(&config, &second, &kit_err));
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (second != shop.db)
		db_close(second);
	kit_db_close(shop.db);
	return 0;
}

static int64_t rounds(void)
{
	const char *text = getenv("BYNAME_ROUNDS");
	return text ? atoll(text) : strcmp(kit_engine(), "sqlite") ? 6 : 25;
}

struct client {
	pthread_t thread;
	struct db *db;
	struct order_run run;
	enum result result;
	struct error err;
};

static void *client_run(void *arg)
{
	struct client *c = arg;
	c->result = db_transact(c->db, order_run, &c->run, &c->err);
	return NULL;
}

/* All clients give the command at once, each with a key of its own. How many succeeded; *order: one of theirs. The
 * others are refused with this code. */
static int race(struct client *clients, const struct order_command *c, const char *code, const char *or_code,
                int64_t *order)
{
	int won = 0;
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){ .db = i % 2 ? second : shop.db, .run.c = *c };
		shop_key(++shop.keys, clients[i].run.key);
		assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
	}
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

/* saleor #543: concurrent checkouts allocated more than there was. medusa #16569: and the reserved quantity drifted
 * away from the reservations. */
static void saleor_543_and_medusa_16569_the_last_unit(void **state)
{
	(void)state;
	static struct client clients[CLIENTS];
	int64_t n = rounds();
	for (int64_t i = 0; i < n; i++) {
		struct order_item_in item = shop_item(&shop, 0, 1, 1000);
		struct order_unit_in at = {
			.line = -1, .qty = 1, .location = shop.stores[0], .method = i % 2 ? METHOD_PICK_UP : METHOD_TAKE
		};
		struct order_command c = shop_place(&shop, &item, 1);
		c.units = &at;
		c.unit_count = 1;
		c.on_account = true;
		shop_fill(&shop, 0, 0, 1);
		int64_t order = 0;
		assert_int_equal(race(clients, &c, "stock.short", "stock.short", &order), 1);
		shop_sound(&shop, order);
		assert_int_equal(orders_made(), i + 1); /* no orphan */
		assert_int_equal(shop_units(&shop, 0, 0, UNIT_AVAILABLE), 0);
		assert_int_equal(shop_units(&shop, 0, 0, UNIT_COMMITTED), (i + 1) / 2);
	}
	everything_sound();
}

static void the_last_refundable_cent(void **state)
{
	(void)state;
	static struct client clients[CLIENTS];
	int64_t n = rounds();
	for (int64_t i = 0; i < n; i++) {
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
		at = (struct order_unit_in){
			.line = 1, .qty = 1, .location = shop.stores[1], .condition = CONDITION_GOOD
		};
		pay.minor = 999;
		c = (struct order_command){ .kind = COMMAND_RETURN,
			                    .order = order,
			                    .units = &at,
			                    .pays = &pay,
			                    .unit_count = 1,
			                    .pay_count = 1 };
		assert_ok(shop_do(&shop, &c, &done));
		assert_int_equal(done.payable, 1);
		pay.minor = 1;
		pay.pending = i % 2;
		c = (struct order_command){ .kind = COMMAND_REFUND, .order = order, .pays = &pay, .pay_count = 1 };
		assert_int_equal(race(clients, &c, "order.refund", "order.refund", &order), 1);
		shop_sound(&shop, order);
	}
	everything_sound();
}

static void one_hold(void **state)
{
	(void)state;
	static struct client clients[CLIENTS];
	int64_t n = rounds();
	for (int64_t i = 0; i < n; i++) {
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
		assert_int_equal(race(clients, &c, "stock.hold", "stock.short", &order), 1);
		shop_sound(&shop, order);
		assert_int_equal(shop_units(&shop, 1, 0, UNIT_HELD), 0);
	}
	everything_sound();
}

/* One command sent twice and more at the same time, as by an impatient client: it is done once, and all get its answer.
 */
static void one_key_many_times(void **state)
{
	(void)state;
	static struct client clients[CLIENTS];
	shop_fill(&shop, 2, 0, CLIENTS);
	struct order_item_in item = shop_item(&shop, 2, 1, 1000);
	struct order_unit_in at = { .line = -1, .qty = 1, .location = shop.stores[0], .method = METHOD_SHIP };
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.unit_count = 1;
	shop.keys++;
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){ .db = i % 2 ? second : shop.db, .run.c = c };
		shop_key(shop.keys, clients[i].run.key);
		assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
	}
	int fresh = 0;
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	for (int i = 0; i < CLIENTS; i++) {
		assert_int_equal(clients[i].result, OK);
		assert_true(clients[i].run.out.order == clients[0].run.out.order);
		fresh += !clients[i].run.out.replayed;
	}
	assert_int_equal(fresh, 1);
	assert_int_equal(shop_units(&shop, 2, 0, UNIT_COMMITTED), 1);
	everything_sound();
}

static void *adjuster_run(void *arg)
{
	struct stock_run *r = arg;
	struct error err;
	enum result result = db_transact(second, stock_run, r, &err);
	return (void *)(uintptr_t)(result == OK || result == ERR_CONFLICT);
}

/* odoo #62139: two pickings and an inventory adjustment at once left what was reserved and what was there apart. */
static void odoo_62139_picking_while_counting(void **state)
{
	(void)state;
	for (int64_t i = 0; i < rounds(); i++) {
		struct client picks[2];
		shop_fill(&shop, 3, 0, 10);
		for (int k = 0; k < 2; k++) {
			struct order_done done = { 0 };
			struct order_item_in item = shop_item(&shop, 3, 4, 1000);
			struct order_unit_in at = {
				.line = -1, .qty = 4, .location = shop.stores[0], .method = METHOD_SHIP
			};
			struct order_command c = shop_place(&shop, &item, 1);
			c.units = &at;
			c.unit_count = 1;
			assert_ok(shop_do(&shop, &c, &done));
			picks[k] = (struct client){ .db = k ? second : shop.db };
			picks[k].run.c = (struct order_command){ .kind = COMMAND_PICK, .order = done.order };
			shop_key(++shop.keys, picks[k].run.key);
		}
		struct order_unit_in all = { .line = 1, .qty = 4, .location = shop.stores[0], .method = METHOD_SHIP };
		struct stock_run less = { .c = { .kind = STOCK_ADJUST,
			                         .sku = shop.skus[3],
			                         .location = shop.stores[0],
			                         .qty = -2,
			                         .reason = REASON_LOST } };
		shop_key(++shop.keys, less.key);
		pthread_t adjuster;
		void *good;
		for (int k = 0; k < 2; k++) {
			picks[k].run.c.units = &all;
			picks[k].run.c.unit_count = 1;
			assert_int_equal(pthread_create(&picks[k].thread, NULL, client_run, &picks[k]), 0);
		}
		assert_int_equal(pthread_create(&adjuster, NULL, adjuster_run, &less), 0);
		pthread_join(adjuster, &good);
		assert_true((uintptr_t)good);
		for (int k = 0; k < 2; k++) {
			pthread_join(picks[k].thread, NULL);
			assert_int_equal(picks[k].result, OK); /* what is promised is not counted away */
			shop_sound(&shop, picks[k].run.c.order);
		}
		assert_int_equal(shop_units(&shop, 3, 0, UNIT_PICKED), 8 * (i + 1));
		assert_int_equal(shop_units(&shop, 3, 0, UNIT_AVAILABLE), 0);
	}
	everything_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(saleor_543_and_medusa_16569_the_last_unit, setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_refundable_cent, setup, teardown),
		cmocka_unit_test_setup_teardown(one_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(one_key_many_times, setup, teardown),
		cmocka_unit_test_setup_teardown(odoo_62139_picking_while_counting, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
