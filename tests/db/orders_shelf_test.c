/* rooms: orders stock ledger timeline people shop feed db text money base */
/* What channels tell moves the shelves: once, whichever way and however often it is told. */
#include "kit/orders_kit.h"
#include "kit/people_kit.h"
#include "feed/room.h"
#include <pthread.h>

#define T0 INT64_C(1767261600000000)

static struct shop shop;
static struct db *second;
static int64_t task, noon; /* the clock runs only when a test says so */

static int setup(void **state)
{
	(void)state;
	noon = T0;
	clock_set(noon);
	shop_open(&shop, kit_db());
	second = shop.db;
	if (db_engine(shop.db) == DB_POSTGRES) {
		struct db_config config = { .url = kit_db_url(), .readers = 8 };
		assert_ok(db_open(&config, &second, &kit_err));
	}
	return 0;
}

struct finds {
	int count;
	char first[256];
};

static void found(void *arg, const char *room, const char *invariant, const char *detail)
{
	struct finds *f = arg;
	if (!f->count++)
		snprintf(f->first, sizeof(f->first), "%s: %s (%s)", room, invariant, detail);
}

static struct finds findings(void)
{
	struct finds f = { 0 };
	assert_ok(ledger_room.check(shop.db, found, &f, &kit_err));
	assert_ok(stock_room.check(shop.db, found, &f, &kit_err));
	assert_ok(orders_room.check(shop.db, found, &f, &kit_err));
	return f;
}

static int teardown(void **state)
{
	(void)state;
	struct finds f = findings();
	if (f.count)
		fail_msg("%d findings: %s", f.count, f.first);
	if (second != shop.db)
		db_close(second);
	kit_db_close(shop.db);
	clock_set(0);
	return 0;
}

static void later(int64_t minutes)
{
	noon += minutes * MINUTE_US;
	clock_set(noon);
}

/* ---- Short words ------------------------------------------------------------------------------------------------ */

struct told {
	struct db *db;
	enum order_kind kind;
	const char *number;
	int store; /* -1: none */
	int64_t record, at, said;
	int sku[2];
	int64_t qty[2]; /* 0: no such line */
	bool cancelled, gathered;
	struct order_outcome out;
};

static enum result tell_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct told *t = arg;
	struct order_line_in lines[2];
	struct order_in in = { .kind = t->kind ? t->kind : ORDER_SALE,
		               .source = STR("till"),
		               .number = str_c(t->number),
		               .record = t->record,
		               .store = t->store < 0 ? 0 : shop.stores[t->store],
		               .channel = CHANNEL_STORE,
		               .placed_at = t->at ? t->at : noon,
		               .at = t->said,
		               .currency = shop.eur,
		               .cancelled = t->cancelled,
		               .lines = lines };
	for (int i = 0; i < 2; i++)
		if (t->qty[i])
			lines[in.line_count++] =
			        (struct order_line_in){ .line_key = i ? STR("2") : STR("1"),
				                        .sku = t->sku[i] < 0 ? 0 : shop.skus[t->sku[i]],
				                        .title = STR("thing"),
				                        .qty = t->qty[i],
				                        .unit_price = decimal_of_micro(10000000) };
	if (t->gathered)
		TRY(order_reports_begin(tx, e));
	TRY(order_report(tx, &in, &t->out, e));
	return t->gathered ? order_reports_end(tx, e) : OK;
}

static int64_t tell(struct told t)
{
	assert_ok(db_transact(t.db ? t.db : shop.db, tell_run, &t, &kit_err));
	return t.out.order;
}
#define TELL(...) tell((struct told){ __VA_ARGS__ })

static struct stock_outcome stock(struct stock_command c)
{
	struct stock_run r = { .c = c };
	shop_key(++shop.keys, r.key);
	assert_ok(db_transact(shop.db, stock_run, &r, &kit_err));
	return r.out;
}
#define STOCK(kind_, ...) stock((struct stock_command){ .kind = STOCK_##kind_, __VA_ARGS__ })
#define AT(sku_, store_) .sku = shop.skus[sku_], .location = shop.stores[store_]

static int64_t shelf(int sku, int store)
{
	return shop_units(&shop, sku, store, UNIT_AVAILABLE);
}

static int64_t quality(int sku, int store)
{
	return shop_units(&shop, sku, store, UNIT_QUALITY);
}

static enum result task_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct stock_count list[8];
	int n, *count = arg;
	TRY(count_tasks(tx, 0, 0, 8, list, &n, e));
	task = n ? list[0].id : 0;
	*count = n;
	return OK;
}

static int tasks(void)
{
	int n;
	assert_ok(db_read(shop.db, task_run, &n, &kit_err));
	return n;
}

static void opening(int sku, int store, int64_t qty)
{
	STOCK(ADJUST, AT(sku, store), .qty = qty, .reason = REASON_OPENING);
	later(1);
}

/* ---- Tests ------------------------------------------------------------------------------------------------------ */

static void a_sale_moves_its_units_once(void **state)
{
	(void)state;
	TELL(.number = "before", .qty = { 1 }); /* no stock is kept yet: nobody's unit */
	later(1);
	opening(0, 0, 5);
	opening(1, 0, 5);
	TELL(.number = "1", .sku = { 0, 1 }, .qty = { 2, 1 });
	assert_int_equal(shelf(0, 0), 3);
	assert_int_equal(shelf(1, 0), 4);
	TELL(.number = "1", .sku = { 0, 1 }, .qty = { 2, 1 }, .at = noon);
	later(1);
	TELL(.number = "1", .sku = { 0, 1 }, .qty = { 2, 1 }, .at = noon - MINUTE_US, .gathered = true);
	assert_int_equal(shelf(0, 0), 3);
	TELL(.number = "1", .sku = { 0, 1 }, .qty = { 1, 3 }, .at = noon - MINUTE_US); /* changed */
	assert_int_equal(shelf(0, 0), 4);
	assert_int_equal(shelf(1, 0), 2);
	TELL(.number = "1", .sku = { 0 }, .qty = { 1 }, .at = noon - MINUTE_US); /* a line less */
	assert_int_equal(shelf(1, 0), 5);
	TELL(.number = "1", .store = 1, .sku = { 0 }, .qty = { 1 },
	     .at = noon - MINUTE_US);     /* it was in another shop */
	assert_int_equal(shelf(0, 0), 5); /* where nobody keeps stock */
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_CUSTOMER), 0);
	TELL(.number = "1", .sku = { 0 }, .qty = { 4 }, .at = noon - MINUTE_US);
	assert_int_equal(shelf(0, 0), 1);
	TELL(.number = "1", .sku = { 0 }, .qty = { 4 }, .at = noon - MINUTE_US, .cancelled = true);
	assert_int_equal(shelf(0, 0), 5);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_CUSTOMER), 0);
	TELL(.number = "2", .sku = { -1 }, .qty = { 3 }); /* a fee */
	TELL(.number = "3", .store = -1, .qty = { 3 });
	assert_int_equal(shelf(0, 0), 5);
	assert_int_equal(tasks(), 0);
}

static void history_moves_nothing(void **state)
{
	(void)state;
	later(60);
	opening(0, 0, 5);
	TELL(.number = "old", .qty = { 2 }, .at = T0 - DAY_US);
	TELL(.number = "old", .qty = { 3 }, .at = T0 - DAY_US);
	TELL(.number = "older", .kind = ORDER_RETURN, .qty = { 2 }, .at = T0 - DAY_US);
	assert_int_equal(shelf(0, 0), 5);
	assert_int_equal(quality(0, 0), 0);
	TELL(.number = "old", .qty = { 3 }, .at = noon); /* a wrong day put right */
	assert_int_equal(shelf(0, 0), 2);
	TELL(.number = "old", .qty = { 3 }, .at = T0 - DAY_US);
	assert_int_equal(shelf(0, 0), 5);
}

static void what_is_not_there_is_never_refused(void **state)
{
	(void)state;
	opening(0, 0, 1);
	TELL(.number = "1", .sku = { 0, 1 }, .qty = { 3, 2 });
	assert_int_equal(shelf(0, 0), 0);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_CUSTOMER), 3);
	assert_int_equal(tasks(), 2); /* of both SKUs */
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_ADJUST), -3);
	TELL(.number = "1", .sku = { 0, 1 }, .qty = { 3, 2 }, .cancelled = true);
	assert_int_equal(shelf(0, 0), 3);
	/* another system keeps the stock: no count here, its next file says */
	STOCK(PLACE, .location = shop.stores[1], .reason = UNIT_AVAILABLE, .final = true);
	later(1);
	TELL(.number = "2", .store = 1, .qty = { 2 });
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_CUSTOMER), 2);
	assert_int_equal(tasks(), 2);
}

static void returns_come_in_where_they_are_told(void **state)
{
	(void)state;
	opening(0, 0, 5);
	STOCK(PLACE, .location = shop.stores[1], .reason = UNIT_AVAILABLE);
	later(1);
	TELL(.number = "R1", .kind = ORDER_RETURN, .qty = { 1 }); /* before its sale */
	assert_int_equal(quality(0, 0), 1);
	TELL(.number = "1", .qty = { 1 });
	assert_int_equal(shelf(0, 0), 4);
	TELL(.number = "R2", .kind = ORDER_RETURN, .store = 1, .qty = { 2 });
	assert_int_equal(shelf(0, 1), 2);
	TELL(.number = "R2", .kind = ORDER_RETURN, .store = 1, .qty = { 1 });
	assert_int_equal(shelf(0, 1), 1);
	/* looked at and back on the shelf; then it is told that it never came back: somebody must count */
	STOCK(STEP, AT(0, 0), .qty = 1, .reason = STEP_INSPECT_GOOD);
	TELL(.number = "R1", .kind = ORDER_RETURN, .qty = { 1 }, .cancelled = true);
	assert_int_equal(quality(0, 0), 0);
	assert_int_equal(shelf(0, 0), 5);
	assert_int_equal(tasks(), 1);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_CUSTOMER), 1);
}

static void late_news_that_a_count_knew(void **state)
{
	(void)state;
	opening(0, 0, 5);
	later(10);
	int64_t sold = noon;
	later(10);
	struct stock_outcome o = STOCK(COUNT_OPEN, AT(0, 0));
	o = STOCK(COUNT_ENTER, .id = o.id, .qty = 4); /* the till has not told yet */
	assert_int_equal(o.qty, -1);
	later(10);
	TELL(.number = "late", .qty = { 1 }, .at = sold);
	assert_int_equal(shelf(0, 0), 4);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_CUSTOMER), 1);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_ADJUST), -5); /* and nothing is missing any more */
	TELL(.number = "late", .qty = { 1 }, .at = sold, .cancelled = true);
	assert_int_equal(shelf(0, 0), 4);
	TELL(.number = "now", .qty = { 1 });
	assert_int_equal(shelf(0, 0), 3);
	/* told between the count and its being entered */
	later(10);
	sold = noon;
	later(10);
	int64_t counted = noon;
	later(10);
	TELL(.number = "between", .qty = { 1 }, .at = sold);
	o = STOCK(COUNT_OPEN, AT(0, 0));
	o = STOCK(COUNT_ENTER, .id = o.id, .qty = 2, .at = counted);
	assert_int_equal(o.expected, 2);
	assert_int_equal(shelf(0, 0), 2);
}

static void another_customer_takes_the_order_over(void **state)
{
	(void)state;
	int64_t ada = put(shop.db, "till", "ada", "Ada Byron", "e:ada@b.org");
	int64_t bob = put(shop.db, "till", "bob", "Bob Bell", "e:bob@b.org");
	opening(0, 0, 2);
	int64_t nobody = TELL(.number = "1", .qty = { 2 });
	int64_t hers = TELL(.number = "1", .qty = { 2 }, .record = ada, .gathered = true);
	assert_true(hers != nobody);
	assert_int_equal(shelf(0, 0), 0);
	assert_int_equal(tasks(), 0); /* nothing left the shelf twice */
	int64_t his = TELL(.number = "1", .qty = { 1 }, .record = bob);
	assert_true(his != hers);
	assert_int_equal(shelf(0, 0), 1);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_CUSTOMER), 1);
	struct finds f = findings();
	assert_int_equal(f.count, 0);
}

/* ---- Two processes ---------------------------------------------------------------------------------------------- */

#define TELLERS 8
#define EACH 12

struct teller {
	pthread_t thread;
	struct db *db;
	int n;
	enum result result;
	struct error err;
};

/* Half of the numbers are everybody's; the SKUs of two lines come in either order. */
static void *teller_run(void *arg)
{
	struct teller *me = arg;
	for (int i = 0; i < EACH && me->result == OK; i++) {
		char number[32];
		snprintf(number, sizeof(number), i % 2 ? "all-%d" : "own-%d-%d", i, me->n);
		struct told t = { .number = number, .sku = { (i + me->n) % 2, (i + me->n + 1) % 2 }, .qty = { 1, 1 } };
		if (i % 2) {
			t.sku[0] = 0;
			t.sku[1] = 1;
		}
		t.at = T0 + HOUR_US;
		t.gathered = me->n % 2;
		me->result = db_transact(me->db, tell_run, &t, &me->err);
	}
	return NULL;
}

static void two_processes_tell_at_once(void **state)
{
	(void)state;
	struct teller t[TELLERS];
	opening(0, 0, 100);
	opening(1, 0, 10);
	later(120);
	for (int i = 0; i < TELLERS; i++) {
		t[i] = (struct teller){ .db = i % 2 ? second : shop.db, .n = i };
		assert_int_equal(pthread_create(&t[i].thread, NULL, teller_run, &t[i]), 0);
	}
	for (int i = 0; i < TELLERS; i++)
		pthread_join(t[i].thread, NULL);
	for (int i = 0; i < TELLERS; i++)
		if (t[i].result != OK)
			fail_msg("%s %s", t[i].err.code, t[i].err.detail);
	int sold = TELLERS * EACH / 2 + EACH / 2;
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_CUSTOMER), sold);
	assert_int_equal(shelf(0, 0), 100 - sold);
	assert_int_equal(shop_units(&shop, 1, 0, UNIT_CUSTOMER), sold);
	assert_int_equal(shelf(1, 0), 0);
	assert_int_equal(tasks(), 1);
}

/* ---- At random, and a check that can fail ----------------------------------------------------------------------- */

DB_STMT(test_moved_more, "", "", "UPDATE order_moved SET qty = qty + 1")
DB_STMT(test_moved_less, "", "", "UPDATE order_moved SET qty = qty - 1")
DB_STMT(test_lines_more, "", "", "UPDATE order_line SET qty = qty + 1 WHERE line = 1")
DB_STMT(test_lines_less, "", "", "UPDATE order_line SET qty = qty - 1 WHERE line = 1")

static enum result spoil_run(struct db_tx *tx, void *arg, struct error *e)
{
	return db_exec(tx, arg, NULL, e, DB_NONE);
}

static void spoil(const struct db_stmt *with, const struct db_stmt *mend)
{
	assert_ok(db_transact(shop.db, spoil_run, (void *)with, &kit_err));
	assert_true(findings().count > 0);
	assert_ok(db_transact(shop.db, spoil_run, (void *)mend, &kit_err));
	assert_int_equal(findings().count, 0);
}

static void at_random(void **state)
{
	(void)state;
	struct kit_random r;
	int64_t people[3] = { 0 };
	kit_random_seed(&r, 18);
	people[1] = put(shop.db, "till", "ada", "Ada Byron", "e:ada@b.org");
	people[2] = put(shop.db, "till", "bob", "Bob Bell", "e:bob@b.org");
	opening(0, 0, 9);
	opening(1, 1, 9);
	for (int i = 0; i < 250; i++) {
		char number[8];
		int n = (int)kit_random_below(&r, 9);
		snprintf(number, sizeof(number), "%d", n);
		struct told t = { .number = number,
			          .kind = n < 3 ? ORDER_RETURN : ORDER_SALE,
			          .store = (int)kit_random_below(&r, 3),
			          .record = people[kit_random_below(&r, 3)],
			          .at = noon - (int64_t)kit_random_below(&r, 30) * MINUTE_US,
			          .sku = { (int)kit_random_below(&r, 2), (int)kit_random_below(&r, 2) },
			          .qty = { 1 + (int64_t)kit_random_below(&r, 3), (int64_t)kit_random_below(&r, 3) },
			          .cancelled = kit_random_below(&r, 8) == 0,
			          .gathered = kit_random_below(&r, 2) };
		t.said = kit_random_below(&r, 6) ? 0 : t.at;
		tell(t);
		if (kit_random_below(&r, 10) == 0) {
			struct stock_outcome o = STOCK(COUNT_OPEN, AT(kit_random_below(&r, 2), t.store));
			STOCK(COUNT_ENTER, .id = o.id, .qty = (int64_t)kit_random_below(&r, 9));
		}
		later((int64_t)kit_random_below(&r, 5));
	}
	struct finds f = findings();
	if (f.count)
		fail_msg("seed %llu: %d: %s", (unsigned long long)r.state, f.count, f.first);
	TELL(.number = "last", .qty = { 1 });
	spoil(&test_moved_more, &test_moved_less);
	spoil(&test_lines_more, &test_lines_less);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sale_moves_its_units_once, setup, teardown),
		cmocka_unit_test_setup_teardown(history_moves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_never_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(returns_come_in_where_they_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(late_news_that_a_count_knew, setup, teardown),
		cmocka_unit_test_setup_teardown(another_customer_takes_the_order_over, setup, teardown),
		cmocka_unit_test_setup_teardown(two_processes_tell_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(at_random, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
