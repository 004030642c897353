/* rooms: ingest insight orders stock ledger timeline people shop feed db text money base */
/* Files of stock, prices and products; and reported sales through a batch and a file: the shelves follow. */
#include "kit/kit.h"
#include "ingest/ingest.h"
#include "stock/stock.h"
#include "base/clock.h"
#include "base/id.h"
#include "shop/shop.h"
#include "feed/room.h"
#include "text/text.h"
#include <stdlib.h>
#include <utime.h>

#define T0 INT64_C(1767261600000000) /* 2026-01-01 10:00 */

static struct db *db;
static struct import_progress p;

static int setup(void **state)
{
	(void)state;
	clock_set(T0);
	db = kit_db();
	shop_cache_drop();
	return 0;
}

static void found(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg;
	fail_msg("%s: %s (%s)", room, invariant, detail);
}

static int teardown(void **state)
{
	(void)state;
	assert_ok(ledger_room.check(db, found, NULL, &kit_err));
	assert_ok(stock_room.check(db, found, NULL, &kit_err));
	assert_ok(orders_room.check(db, found, NULL, &kit_err));
	kit_db_close(db);
	clock_set(0);
	return 0;
}

struct look {
	const char *sku, *store, *barcode;
	struct sku s;
	struct stock_cell cell;
	struct deadletter dead[8];
	int dead_count, tasks;
	struct arena *a;
};

static enum result look_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct look *l = arg;
	struct store store;
	struct stock_count counts[8];
	bool there;
	l->dead_count = 0;
	TRY(deadletter_list(tx, 0, 8, false, l->a, l->dead, &l->dead_count, e));
	TRY(count_tasks(tx, 0, 0, 8, counts, &l->tasks, e));
	if (!l->sku)
		return OK;
	TRY(sku_by_code(tx, str_c(l->sku), &l->s, &there, e));
	assert_true(there);
	if (!l->store)
		return OK;
	TRY(store_by_code(tx, str_c(l->store), &store, &there, e));
	assert_true(there);
	return stock_at(tx, l->s.id, store.id, &l->cell, e);
}

static struct look *look(const char *sku, const char *store)
{
	static struct look l;
	arena_free(l.a);
	l = (struct look){ .sku = sku, .store = store, .a = arena_new(0) };
	assert_ok(db_read(db, look_run, &l, &kit_err));
	return &l;
}

static int64_t shelf(const char *sku, const char *store)
{
	return look(sku, store)->cell.qty[UNIT_AVAILABLE];
}

/* A file made at that minute after T0. */
static void load(const char *name, const char *text, const char *format, int minute)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s", kit_dir(), name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	struct utimbuf made = { (T0 + minute * MINUTE_US) / USEC, (T0 + minute * MINUTE_US) / USEC };
	assert_int_equal(utime(path, &made), 0);
	struct import_config c = { .path = path, .format = format };
	assert_ok(import_run(db, &c, NULL, NULL, &p, &kit_err));
	assert_string_equal(p.phase, "done");
	struct look *l = look(NULL, NULL);
	for (int i = 0; i < l->dead_count && getenv("BYNAME_TEST_VERBOSE"); i++)
		printf("%s %s: %s\n", l->dead[i].code, l->dead[i].field, l->dead[i].detail);
}

static const char products[] = "code,barcode,title,brand,category,size,colour,list_price,currency\n"
                               "A-41,4006381333931,Runner,Byway,Shoes,41,navy,99.90,EUR\n"
                               "A-42,4006381333948,Runner,Byway,Shoes,42,navy,99.90,EUR\n";
static const char stores[] = "name = s\nsource = s\n[stores]\ncode = {code}\n";

static void products_and_stores(void)
{
	char map[400];
	load("products.csv", products, NULL, 0);
	assert_int_equal(p.counts.dead, 0);
	snprintf(map, sizeof(map), "%s/stores.map", kit_dir());
	FILE *f = fopen(map, "w");
	assert_non_null(f);
	fputs(stores, f);
	assert_int_equal(fclose(f), 0);
	load("stores.csv", "code\nZRH\nBER\n", map, 0);
}

static void sale(const char *number, const char *sku, int qty, int minute)
{
	struct ingest_from till = { .source = STR("till"), .received_at = T0 + minute * MINUTE_US };
	struct ingest_counts counts;
	char text[600];
	snprintf(text, sizeof(text),
	         "{\"messageId\":\"%s.%d.%d\",\"userId\":\"jane\",\"timestamp\":\"2026-01-01T10:%02d:00Z\",\"event\":"
	         "\"Order Updated\",\"properties\":{\"order_id\":\"%s\",\"currency\":\"EUR\",\"store\":\"ZRH\","
	         "\"products\":[{\"sku\":\"%s\",\"price\":\"99.90\",\"quantity\":%d}]}}",
	         number, qty, minute, minute, number, sku, qty);
	assert_ok(ingest_call(db, &till, INGEST_TRACK, str_c(text), &counts, &kit_err));
}

/* ---- Tests ------------------------------------------------------------------------------------------------------ */

static void a_file_says_what_stands_there(void **state)
{
	(void)state;
	products_and_stores();
	clock_set(T0 + 10 * MINUTE_US);
	load("stock1.csv", "store,sku,qty\nZRH,A-41,5\nZRH,A-42,0\nBER,A-42,2\n", NULL, 9);
	assert_string_equal(p.phase, "done");
	assert_int_equal(p.counts.taken, 3);
	assert_int_equal(shelf("A-41", "ZRH"), 5);
	assert_int_equal(shelf("A-42", "BER"), 2);
	clock_set(T0 + 20 * MINUTE_US);
	sale("1", "A-41", 2, 20);
	assert_int_equal(shelf("A-41", "ZRH"), 3);
	/* the same content as another file: nothing; by barcode, counted before the sale: what moved since is known */
	clock_set(T0 + 30 * MINUTE_US);
	load("stock2.csv", "store,sku,qty\nZRH,A-41,5\nZRH,A-42,0\nBER,A-42,2\n", NULL, 9);
	assert_int_equal(shelf("A-41", "ZRH"), 3);
	load("stock3.csv", "store,barcode,qty,counted_at\nZRH,4006381333931,6,2026-01-01 10:15\n", NULL, 29);
	assert_int_equal(shelf("A-41", "ZRH"), 4);
	load("stock4.csv", "store,sku,qty\nZRH,A-41,9\n", NULL, 12); /* old news */
	assert_int_equal(shelf("A-41", "ZRH"), 4);
	load("stock5.csv", "store,sku,qty\nZRH,A-41,1\n", NULL, 30);
	assert_int_equal(shelf("A-41", "ZRH"), 1);
	/* a sale from before that file, told after it */
	sale("late", "A-41", 1, 25);
	assert_int_equal(shelf("A-41", "ZRH"), 1);
	sale("1", "A-41", 1, 31); /* the first one was of one only: it was before the file, too */
	assert_int_equal(shelf("A-41", "ZRH"), 1);
	assert_int_equal(look(NULL, NULL)->tasks, 0);
}

static void bad_rows_name_their_field(void **state)
{
	(void)state;
	products_and_stores();
	load("bad.csv", "store,sku,qty\nNOWHERE,A-41,5\nZRH,A-99,1\nZRH,A-41,-1\nZRH,A-41,1.5\nZRH,,3\nZRH,A-41,4\n",
	     NULL, 1);
	assert_int_equal(p.counts.dead, 5);
	assert_int_equal(p.counts.taken, 1);
	struct look *l = look("A-41", "ZRH");
	static const char *const fields[] = { "store", "sku", "quantity", "quantity", "sku" };
	assert_int_equal(l->dead_count, 5);
	for (int i = 0; i < 5; i++) {
		bool named = false;
		for (int k = 0; k < 5; k++)
			named |= strcmp(l->dead[k].field, fields[i]) == 0;
		assert_true(named);
	}
	assert_int_equal(l->cell.qty[UNIT_AVAILABLE], 4);
}

static void prices_change_what_is_known(void **state)
{
	(void)state;
	products_and_stores();
	load("prices.csv", "sku,list_price,currency\nA-41,79.90,EUR\nB-1,5,EUR\n", NULL, 1);
	assert_int_equal(p.counts.dead, 1);
	struct look *l = look("A-41", NULL);
	assert_int_equal(l->s.list_minor, 7990);
	assert_string_equal(l->s.title, "Runner");
	assert_string_equal(l->dead[0].field, "sku");
	load("costs.csv", "barcode,list_price,cost,currency\n4006381333931,89.90,30,EUR\n", NULL, 1);
	l = look("A-41", NULL);
	assert_int_equal(l->s.list_minor, 8990);
	assert_int_equal(l->s.cost_minor, 3000);
}

static const char bons[] = "name = bons\nsource = bons\n[orders]\nnumber = {n}\nplaced_at = {at}\ncurrency = EUR\n"
                           "store = {store}\nsku = {sku}\nquantity = {qty}\nunit_price = 10\nchannel = store\n";

/* Orders whose rows stand far apart; and a later export in which a row is gone. */
static void a_file_of_sales_moves_the_shelves(void **state)
{
	(void)state;
	char map[400];
	products_and_stores();
	clock_set(T0 + 10 * MINUTE_US);
	load("stock.csv", "store,sku,qty\nZRH,A-41,5\nZRH,A-42,5\n", NULL, 9);
	snprintf(map, sizeof(map), "%s/bons.map", kit_dir());
	FILE *f = fopen(map, "w");
	assert_non_null(f);
	fputs(bons, f);
	assert_int_equal(fclose(f), 0);
	clock_set(T0 + 40 * MINUTE_US);
	load("bons1.csv",
	     "n,at,store,sku,qty\n1,2026-01-01 10:20:00,ZRH,A-41,1\n0,2020-01-01,ZRH,A-41,3\n"
	     "1,2026-01-01 10:20:00,ZRH,A-42,2\n2,2026-01-01 10:21:00,ZRH,A-42,1\n",
	     map, 40);
	assert_int_equal(p.counts.dead, 0);
	assert_int_equal(shelf("A-41", "ZRH"), 4); /* not those of 2020 */
	assert_int_equal(shelf("A-42", "ZRH"), 2);
	clock_set(T0 + 50 * MINUTE_US);
	load("bons2.csv", "n,at,store,sku,qty\n1,2026-01-01 10:20:00,ZRH,A-41,1\n2,2026-01-01 10:21:00,ZRH,A-42,1\n",
	     map, 50);
	assert_int_equal(shelf("A-42", "ZRH"), 4);
}

int main(void)
{
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_says_what_stands_there, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_rows_name_their_field, setup, teardown),
		cmocka_unit_test_setup_teardown(prices_change_what_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_of_sales_moves_the_shelves, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
