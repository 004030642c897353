/* rooms: ingest insight orders timeline people shop feed db text money base */
/* Imports of small hand-made files: formats, parts, differences, dead letters, stopping and going on. */
#include "kit/kit.h"
#include "ingest/ingest.h"
#include "base/clock.h"
#include "base/id.h"
#include "feed/room.h"
#include "text/text.h"
#include <unistd.h>

#define DATA BYNAME_ROOT "/tests/data/"

static struct db *db;
static struct import_progress p;

static int setup(void **state)
{
	(void)state;
	db = kit_db();
	shop_cache_drop();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

static void run(const char *path, const char *format, bool restart)
{
	struct import_config c = { .path = path, .format = format, .restart = restart };
	assert_ok(import_run(db, &c, NULL, NULL, &p, &kit_err));
	assert_string_equal(p.phase, "done");
}

struct look {
	const char *source, *key, *number;
	int64_t record, customer;
	bool found;
	struct order o[8];
	int orders, touches;
	struct touchpoint t[8];
	struct person *person;
	struct deadletter d[8];
	int dead;
	struct consent consents[4];
	int consent_count;
	struct store store;
	struct associate associate;
	struct arena *a;
};
static struct look l;

static enum result look_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct look *w = arg;
	struct order numbered[4];
	bool found;
	w->orders = w->touches = w->dead = w->consent_count = 0;
	TRY(deadletter_list(tx, 0, 8, false, w->a, w->d, &w->dead, e));
	if (w->number) {
		TRY(order_by_number(tx, str_c(w->number), 4, w->a, numbered, &w->orders, e));
		for (int i = 0; i < w->orders; i++)
			TRY(order_get(tx, numbered[i].id, w->a, &w->o[i], e));
		if (w->orders) {
			TRY(store_get(tx, w->o[0].store, &w->store, &found, e));
			TRY(associate_get(tx, w->o[0].associate, &w->associate, &found, e));
		}
		return OK;
	}
	TRY(record_find(tx, str_c(w->source), str_c(w->key), &w->record, &w->customer, &w->found, e));
	if (!w->found)
		return OK;
	w->person = arena_alloc(w->a, sizeof(*w->person));
	TRY(person_load(tx, w->customer, w->a, w->person, e));
	TRY(consent_list(tx, w->person, w->consents, 4, &w->consent_count, e));
	TRY(timeline_page(tx, &w->record, 1, 0, 0, 0, 8, w->a, w->t, &w->touches, e));
	return order_page(tx, &w->record, 1, 0, 0, 8, true, w->a, w->o, &w->orders, e);
}

static void look(const char *source, const char *key, const char *number)
{
	arena_free(l.a);
	l = (struct look){ .source = source, .key = key, .number = number, .a = arena_new(0) };
	assert_ok(db_read(db, look_tx, &l, &kit_err));
}

static enum result sum_tx(struct db_tx *tx, void *arg, struct error *e)
{
	int16_t eur;
	currency_find(STR("EUR"), &eur);
	return order_totals(tx, STR("parts"), eur, arg, e);
}

static struct order_totals sum(void)
{
	struct order_totals t;
	assert_ok(db_read(db, sum_tx, &t, &kit_err));
	return t;
}

/* ---- Shopify ---------------------------------------------------------------------------------------------------- */

static void test_shopify(void **state)
{
	(void)state;
	run(DATA "shopify/customers.csv", NULL, false); /* recognised */
	assert_int_equal(p.counts.taken, 3);
	run(DATA "shopify/orders.csv", NULL, false);
	assert_int_equal(p.lines, 5);
	assert_int_equal(p.counts.taken, 4);
	assert_int_equal(p.counts.dead, 1);
	look("shopify", "jane.smith@shop.example.net", NULL);
	assert_true(l.found);
	assert_int_equal(l.person->record_count, 1); /* both files speak of one record */
	assert_string_equal(l.person->chosen.postcode, "02108");
	assert_string_equal(l.person->chosen.family, "Smith");
	assert_int_equal(l.orders, 2); /* the sale and the refund */
	assert_true(l.consent_count >= 1);
	const struct order *o = l.o[0].kind == ORDER_SALE ? &l.o[0] : &l.o[1];
	const struct order *back = o == &l.o[0] ? &l.o[1] : &l.o[0];
	assert_int_equal(o->net_minor, 10800);
	assert_int_equal(o->total_minor, 11970);
	assert_int_equal(o->discount_minor, 1200);
	assert_int_equal(o->full_minor, 0); /* a voucher came off */
	assert_int_equal(o->line_count, 2);
	assert_string_equal(o->lines[0].sku_code, "0042");
	assert_true(o->lines[0].has_list_price);
	assert_string_equal(o->lines[1].sku_code, "Socks");
	int64_t at;
	assert_true(time_parse(STR("2024-03-09T14:10:11Z"), &at));
	assert_int_equal(o->placed_at, at);
	assert_int_equal(back->net_minor, 4000);
	assert_true(back->lines[0].original_order == o->id);
	assert_int_equal(l.touches, 1);
	assert_string_equal(l.t[0].title, "Trainers - 42 / navy and 1 more");
	assert_non_null(strstr(l.t[0].body, "SPRING"));
	look(NULL, NULL, "#1002");
	assert_int_equal(l.o[0].record, 0);
	assert_int_equal(l.o[0].channel, CHANNEL_STORE);
	assert_string_equal(l.store.code, "Zürich");
	assert_string_equal(l.associate.code, "Anna Meier");
	look(NULL, NULL, "#1003");
	assert_int_equal(l.o[0].state, ORDER_CANCELLED);
	assert_int_equal(l.dead, 1);
	assert_string_equal(l.d[0].field, "placed_at");
	assert_int_equal(l.d[0].line, 7); /* two rows hold a line break */
	run(DATA "shopify/orders.csv", NULL, true);
	assert_int_equal(p.counts.orders_new + p.counts.orders_changed, 0);
}

/* ---- A mapping of one's own ------------------------------------------------------------------------------------- */

static void test_mapping(void **state)
{
	(void)state;
	run(DATA "laden", DATA "laden/laden.map", false);
	look("laden", "K1", NULL);
	assert_string_equal(l.person->chosen.given, "Jürgen-Ann");
	assert_string_equal(l.person->chosen.city, "Köln");
	assert_int_equal(l.person->chosen.birth_year, 1975);
	assert_int_equal(l.person->chosen.birth_day, 8);
	assert_true(l.consent_count > 0 && l.consents[0].state == CONSENT_YES);
	bool phone = false;
	for (int i = 0; i < l.person->identifier_count; i++)
		phone |= !strcmp(l.person->identifiers[i].value, "+492214700000");
	assert_true(phone);
	assert_int_equal(l.orders, 1);
	assert_int_equal(l.o[0].net_minor, 203970);
	int64_t at; /* the hour that comes twice: the first */
	assert_true(time_parse(STR("2023-10-29T00:30:00Z"), &at));
	assert_int_equal(l.o[0].placed_at, at);
	assert_string_equal(l.t[0].body, "{\"till\":\"1\"}");
	look("laden", "K2", NULL);
	assert_string_equal(l.person->chosen.given, "Otto; der Zweite");
	assert_int_equal(l.person->chosen.birth_year, 2001);
	look(NULL, NULL, "10-78");
	assert_int_equal(l.o[0].record, 0);
	assert_int_equal(l.o[0].lines[0].qty, 3);
	assert_string_equal(l.o[0].lines[0].title, "Socke");
	/* The bad date, the negative quantity, the price in words, the test till. */
	assert_int_equal(l.dead, 4);
	assert_int_equal(p.counts.dead, 4);
	bool aside = false, words = false;
	for (int i = 0; i < l.dead; i++) {
		aside |= !strcmp(l.d[i].code, "aside.test");
		words |= strstr(l.d[i].raw, "fünf") != NULL;
	}
	assert_true(aside && words);
	run(DATA "laden", DATA "laden/laden.map", true);
	look(NULL, NULL, "10-78");
	assert_int_equal(l.dead, 4);
	assert_int_equal(p.counts.orders_new + p.counts.orders_changed + p.counts.records_new, 0);
}

static void refused(const char *path, const char *format, const char *code)
{
	struct import_config c = { .path = path, .format = format };
	assert_true(import_run(db, &c, NULL, NULL, &p, &kit_err) != OK);
	assert_string_equal(kit_err.code, code);
}

static void test_refused(void **state)
{
	(void)state;
	refused(DATA "nosuch.csv", NULL, "import.path");
	refused(DATA "parts/first.csv", NULL, "import.format");
	refused(DATA "parts/first.csv", "nosuch", "mapping.open");
	refused(DATA "parts/first.csv", "shopify-orders", "mapping.column");
	refused(DATA "parts", DATA "laden/laden.map", "import.file");
	refused(DATA "parts", DATA "parts/parts.map", "import.folder");
	refused(DATA "parts/first.csv", DATA "parts/first.csv", "mapping.line");
}

/* ---- Orders in parts, and differences --------------------------------------------------------------------------- */

static void test_parts(void **state)
{
	(void)state;
	run(DATA "parts/first.csv", DATA "parts/parts.map", false);
	assert_int_equal(p.counts.taken, 7);
	assert_int_equal(p.counts.orders_new, 3);
	assert_int_equal(p.counts.orders_changed, 1); /* its second part */
	struct order_totals t = sum();
	assert_int_equal(t.lines, 7);
	assert_int_equal(t.net_minor, 3100 + 2000 + 300);
	assert_int_equal(t.anonymous_lines, 1);
	run(DATA "parts/first.csv", DATA "parts/parts.map", true);
	assert_int_equal(p.counts.orders_new + p.counts.orders_changed, 0);
	/* A later export: two socks fewer, two hats, the pins have an owner now. */
	run(DATA "parts/second.csv", DATA "parts/parts.map", false);
	t = sum();
	assert_int_equal(t.orders, 3);
	assert_int_equal(t.lines, 5);
	assert_int_equal(t.net_minor, 2700 + 4000 + 300);
	assert_int_equal(t.anonymous_lines, 0);
	look("parts", "c3", NULL);
	assert_int_equal(l.orders, 1);
	look(NULL, NULL, "a");
	assert_int_equal(l.o[0].line_count, 3);
	assert_int_equal(l.o[0].revision, 3);
	run(DATA "parts/second.csv", DATA "parts/parts.map", true);
	assert_int_equal(p.counts.orders_new + p.counts.orders_changed, 0);
}

static void test_lines(void **state)
{
	(void)state;
	struct import_config c = { .path = DATA "parts/events.jsonl", .source = "till" };
	assert_ok(import_run(db, &c, NULL, NULL, &p, &kit_err));
	assert_int_equal(p.lines, 6);
	assert_int_equal(p.counts.taken, 4); /* equal lines without an id are two */
	assert_int_equal(p.counts.duplicates, 1);
	assert_int_equal(p.counts.dead, 1);
	c.restart = true;
	assert_ok(import_run(db, &c, NULL, NULL, &p, &kit_err));
	assert_int_equal(p.counts.taken, 0);
	assert_int_equal(p.counts.duplicates, 5);
	look("till", "u1", NULL);
	assert_int_equal(l.touches, 3);
	assert_int_equal(l.dead, 1);
	assert_int_equal(l.d[0].line, 5);
	assert_ok(deadletter_retry(
	        db, l.d[0].id, STR("{\"type\":\"track\",\"messageId\":\"z\",\"userId\":\"u1\",\"event\":\"Visit\"}"),
	        &kit_err));
	look("till", "u1", NULL);
	assert_int_equal(l.touches, 4);
}

static enum result discard(struct db_tx *tx, void *arg, struct error *e)
{
	return deadletter_discard(tx, *(int64_t *)arg, e);
}

/* The open letter of that code; letters of one moment stand in no order. */
static int64_t letter(const char *code)
{
	for (int i = 0; i < l.dead; i++)
		if (!strcmp(l.d[i].code, code))
			return l.d[i].id;
	fail_msg("no letter says %s", code);
	return 0;
}

static void test_retry_row(void **state)
{
	(void)state;
	char path[300];
	snprintf(path, sizeof(path), "%s/bad.csv", kit_dir());
	FILE *f = fopen(path, "w");
	fputs("order,date,customer,item,quantity,price\nA,2024-01-01,c1,shirt,1,10.00\nA,2024-01-01,c1,sock,one,2.00\n"
	      "B,yesterday,c1,sock,1,2.00\nB,yesterday,c1,hat,1,9.00\n\"C,open\n",
	      f);
	fclose(f);
	run(path, DATA "parts/parts.map", false);
	assert_int_equal(p.counts.dead, 4);
	assert_int_equal(p.counts.taken, 1);
	look(NULL, NULL, "A");
	assert_int_equal(l.dead, 3); /* B is one letter of two rows */
	assert_result(ERR_INVALID, deadletter_retry(db, letter("line.quantity"), STR(""), &kit_err));
	assert_ok(deadletter_retry(db, letter("line.quantity"), STR("A,2024-01-01,c1,sock,1,2.00"), &kit_err));
	assert_ok(deadletter_retry(db, letter("date.malformed"),
	                           STR("B,2024-01-01,c1,sock,1,2.00\nB,2024-01-01,c1,hat,1,9.00"), &kit_err));
	int64_t id = letter("csv.broken");
	assert_ok(db_transact(db, discard, &id, &kit_err));
	assert_result(ERR_NOT_FOUND, db_transact(db, discard, &id, &kit_err));
	look(NULL, NULL, "A");
	assert_int_equal(l.dead, 0);
	assert_int_equal(l.o[0].line_count, 2);
	look(NULL, NULL, "B");
	assert_int_equal(l.o[0].line_count, 2);
	assert_int_equal(sum().net_minor, 1200 + 1100);
}

/* ---- Stopping --------------------------------------------------------------------------------------------------- */

static bool stop_after(void *arg, const struct import_progress *q)
{
	(void)q;
	return --*(int *)arg > 0;
}

static enum result jobs(struct db_tx *tx, void *arg, struct error *e)
{
	int n;
	struct import_job list[2];
	TRY(import_list(tx, 2, list, &n, e));
	assert_int_equal(n, 1);
	*(struct import_job *)arg = list[0];
	return import_get(tx, list[0].id, arg, e);
}

static void test_stop(void **state)
{
	(void)state;
	char path[300];
	snprintf(path, sizeof(path), "%s/many.csv", kit_dir());
	FILE *f = fopen(path, "w");
	fputs("order,date,customer,item,quantity,price\n", f);
	for (int i = 0; i < 3000; i++)
		fprintf(f, "%d,2024-01-01,c%d,item%d,1,1.00\n", i, i % 50, i % 7);
	fclose(f);
	struct import_config c = { .path = path, .format = DATA "parts/parts.map" };
	struct import_job j;
	int left = 3, rounds = 0;
	assert_ok(import_run(db, &c, stop_after, &left, &p, &kit_err));
	assert_string_equal(p.phase, "stopped");
	assert_true(p.lines > 0 && p.lines < 3000);
	assert_ok(db_read(db, jobs, &j, &kit_err));
	assert_int_equal(j.state, IMPORT_STOPPED);
	assert_int_equal(j.lines, p.lines);
	int64_t lines = p.lines;
	do {
		left = 2; /* "starting" is one */
		assert_ok(import_run(db, &c, stop_after, &left, &p, &kit_err));
		assert_true(p.lines > lines || !strcmp(p.phase, "done"));
		lines = p.lines;
		rounds++;
	} while (strcmp(p.phase, "done") != 0);
	assert_true(rounds > 2);
	assert_int_equal(p.lines, 3000);
	assert_int_equal(p.counts.orders_new, 3000);
	assert_ok(db_read(db, jobs, &j, &kit_err));
	assert_int_equal(j.state, IMPORT_DONE);
	assert_int_equal(j.counts.taken, 3000);
	assert_int_equal(sum().lines, 3000);
}

/* ---- Refused by what is there already ---------------------------------------------------------------------------- */

#define REFUSED_ORDERS 400

static void write_orders(const char *path, int every, int rows)
{
	FILE *f = fopen(path, "w");
	fputs("order,date,customer,item,quantity,price,key\n", f);
	for (int i = 0; i < REFUSED_ORDERS; i++)
		for (int row = 0; row < rows; row++)
			fprintf(f, "%d,2024-01-01,c%d,item%d,1,1.00,k%d\n", i, i % 50, row,
			        every && i % every == 0 ? 0 : row);
	fclose(f);
}

/* Of a file that wants to change orders each third is refused only by the database, in whose transactions all are; and
 * the import breaks off wherever it may. None is lost, none told twice, none drags its neighbours down. */
static void test_refused_amid(void **state)
{
	(void)state;
	char first[300], second[300], map[300];
	snprintf(first, sizeof(first), "%s/first.csv", kit_dir());
	snprintf(second, sizeof(second), "%s/second.csv", kit_dir());
	snprintf(map, sizeof(map), "%s/amid.map", kit_dir());
	FILE *f = fopen(map, "w");
	fputs("name = parts\nsource = parts\n[orders]\nnumber = {order}\nplaced_at = {date}\ncurrency = EUR\n"
	      "sku = {item}\ntitle = {item}\nquantity = {quantity}\nunit_price = {price}\ncustomer.key = "
	      "{customer}\nline = {key}\n",
	      f);
	fclose(f);
	write_orders(first, 0, 1);
	write_orders(second, 3, 2);
	run(first, map, false);
	assert_int_equal(p.counts.orders_new, REFUSED_ORDERS);

	struct import_config c = { .path = second, .format = map, .alone = true };
	int broken = 0;
	for (int64_t nth = 300;; nth += nth / 5) {
		db_fault_nth(db, nth, ERR_IO);
		enum result r = import_run(db, &c, NULL, NULL, &p, &kit_err);
		db_fault_nth(db, 0, OK);
		if (r == OK)
			break;
		assert_int_equal(r, ERR_IO);
		broken++;
	}
	assert_true(broken >= 3);
	const int refused = (REFUSED_ORDERS + 2) / 3;
	assert_int_equal(p.lines, 2 * REFUSED_ORDERS);
	assert_int_equal(p.counts.dead, 2 * refused);
	assert_int_equal(p.counts.taken, 2 * (REFUSED_ORDERS - refused));
	assert_int_equal(p.counts.orders_changed, REFUSED_ORDERS - refused);
	assert_int_equal(sum().lines, 2 * REFUSED_ORDERS - refused);
	look(NULL, NULL, "3");
	assert_int_equal(l.dead, 8); /* as many as it asks for */
	assert_string_equal(l.d[0].code, "line.duplicate_key");
	assert_int_equal(l.o[0].line_count, 1);
	look(NULL, NULL, "4");
	assert_int_equal(l.o[0].line_count, 2);
}

/* Where the database has no time for a whole batch, the import takes fewer at once and goes on. */
static void test_no_time(void **state)
{
	(void)state;
	char path[300], map[300];
	int fewer = 0;
	snprintf(path, sizeof(path), "%s/slow.csv", kit_dir());
	snprintf(map, sizeof(map), "%s/slow.map", kit_dir());
	write_orders(path, 0, 1);
	for (int round = 0; round < 6; round++) {
		FILE *f = fopen(map, "w");
		fprintf(f,
		        "name = slow\nsource = slow%d\n[orders]\nnumber = {order}\nplaced_at = {date}\ncurrency = EUR\n"
		        "sku = {item}\ntitle = {item}\nquantity = {quantity}\nunit_price = {price}\ncustomer.key = "
		        "{customer}\nline = {key}\n",
		        round);
		fclose(f);
		struct import_config c = { .path = path, .format = map, .alone = true };
		int64_t nth = 200 + 700 * round;
		db_fault_nth(db, nth, ERR_BUSY);
		enum result r = import_run(db, &c, NULL, NULL, &p, &kit_err);
		fewer += db_fault_count(db) >= nth;
		db_fault_nth(db, 0, OK);
		if (r == ERR_BUSY) /* not while it took in: where it began or ended */
			r = import_run(db, &c, NULL, NULL, &p, &kit_err);
		else
			assert_int_equal(p.counts.duplicates, 0);
		assert_ok(r);
		assert_int_equal(p.counts.taken, REFUSED_ORDERS);
		assert_int_equal(p.counts.dead, 0);
	}
	assert_true(fewer >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shopify, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mapping, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_retry_row, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_amid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_time, setup, teardown),
	};
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(l.a);
	text_stop();
	return failed;
}
