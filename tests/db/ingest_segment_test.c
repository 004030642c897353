/* rooms: ingest insight orders timeline people shop feed db text money base */
#include "kit/kit.h"
#include "ingest/ingest.h"
#include "base/clock.h"
#include "base/id.h"
#include "feed/room.h"
#include "text/text.h"

static struct db *db;
static struct ingest_from till;
static struct ingest_counts counts;

static int setup(void **state)
{
	(void)state;
	db = kit_db();
	shop_cache_drop();
	till = (struct ingest_from){ .source = STR("till"), .received_at = 1000 * DAY_US };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

static enum result call(enum ingest_type type, const char *body)
{
	return ingest_call(db, &till, type, str_c(body), &counts, &kit_err);
}

#define TRACK(body) assert_ok(call(INGEST_TRACK, body))

/* What stands in the database, looked up by key. */
struct look {
	const char *source, *key, *number;
	int64_t record, customer;
	bool found;
	struct touchpoint t[8];
	int touch_count;
	struct order o[8];
	int order_count;
	struct person p;
	struct arena *a;
};

static enum result look_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct look *l = arg;
	l->touch_count = l->order_count = 0;
	TRY(record_find(tx, str_c(l->source), str_c(l->key), &l->record, &l->customer, &l->found, e));
	if (!l->found)
		return OK;
	TRY(person_load(tx, l->customer, l->a, &l->p, e));
	TRY(timeline_page(tx, &l->record, 1, 0, 0, 0, 8, l->a, l->t, &l->touch_count, e));
	return order_page(tx, &l->record, 1, 0, 0, 8, true, l->a, l->o, &l->order_count, e);
}

static struct look *look(const char *key)
{
	static struct look l;
	arena_free(l.a);
	l = (struct look){ .source = "till", .key = key, .a = arena_new(0) };
	assert_ok(db_read(db, look_tx, &l, &kit_err));
	return &l;
}

static const char order_1[] = "{\"messageId\":\"m1\",\"userId\":\"jane\",\"timestamp\":\"1972-01-01T10:00:00Z\","
                              "\"event\":\"Order Completed\",\"properties\":{"
                              "\"order_id\":\"1001\",\"currency\":\"EUR\",\"store\":\"10\",\"associate\":\"a7\","
                              "\"total\":44.80,\"shipping\":4.95,\"discount\":\"2.00\","
                              "\"products\":[{\"sku\":\"T-42\",\"product_id\":\"T\",\"name\":\"Trainers\",\"price\":19."
                              "925,\"quantity\":2,\"size\":\"42\",\"variant\":\"navy\","
                              "\"list_price\":\"24.90\"},{\"sku\":\"S\",\"name\":\"Socks\",\"price\":\"2\"}],"
                              "\"payment\":\"card 4111 1111 1111 1111\"}}";

static void test_order(void **state)
{
	(void)state;
	TRACK(order_1);
	assert_int_equal(counts.taken, 1);
	assert_int_equal(counts.orders_new, 1);
	assert_int_equal(counts.records_new, 1);
	TRACK(order_1);
	assert_int_equal(counts.taken, 0);
	assert_int_equal(counts.duplicates, 1);
	struct look *l = look("jane");
	assert_int_equal(l->order_count, 1);
	const struct order *o = &l->o[0];
	assert_string_equal(o->number, "1001");
	assert_int_equal(o->net_minor, 3985 + 200 - 200);
	assert_int_equal(o->total_minor, 4480);
	assert_int_equal(o->shipping_minor, 495);
	assert_int_equal(o->channel, CHANNEL_STORE);
	assert_true(o->store != 0 && o->associate != 0);
	assert_int_equal(o->line_count, 2);
	assert_string_equal(o->lines[0].sku_code, "T-42");
	assert_string_equal(o->lines[0].title, "Trainers");
	assert_int_equal(l->touch_count, 1);
	assert_true(l->t[0].ref == o->id);
	assert_string_equal(l->t[0].title, "Trainers and 1 more");
	assert_null(strstr(l->t[0].body, "products"));
	assert_null(strstr(l->t[0].body, "4111"));
	assert_non_null(strstr(l->t[0].body, "**** **** **** 1111"));
	int64_t at;
	assert_true(time_parse(STR("1972-01-01T10:00:00Z"), &at));
	assert_int_equal(o->placed_at, at);
}

static void test_refunds(void **state)
{
	(void)state;
	TRACK(order_1);
	TRACK("{\"messageId\":\"r1\",\"userId\":\"jane\",\"event\":\"Order "
	      "Refunded\",\"properties\":{\"order_id\":\"1001\",\"return_id\":"
	      "\"R1\",\"currency\":\"EUR\",\"products\":[{\"sku\":\"T-42\",\"price\":19.925,\"quantity\":1}]}}");
	struct look *l = look("jane");
	assert_int_equal(l->order_count, 2);
	assert_int_equal(l->o[0].kind, ORDER_RETURN);
	assert_int_equal(l->o[0].net_minor, 1993);
	assert_true(l->o[0].lines[0].original_order == l->o[1].id);
	/* Everything of it, without saying what. */
	TRACK("{\"messageId\":\"r2\",\"userId\":\"jane\",\"event\":\"Order "
	      "Refunded\",\"properties\":{\"order_id\":\"1001\"}}");
	l = look("jane");
	assert_int_equal(l->order_count, 3);
	int64_t sale = 0, back = 0;
	for (int i = 0; i < 3; i++) {
		if (l->o[i].kind == ORDER_SALE)
			sale = l->o[i].net_minor;
		else if (strcmp(l->o[i].number, "1001") == 0)
			back = l->o[i].net_minor;
	}
	assert_int_equal(sale, back);
	/* Well-formed, but not yet to be taken in: a dead letter, to be tried again when the order is there. */
	TRACK("{\"messageId\":\"r3\",\"userId\":\"jane\",\"event\":\"Order "
	      "Refunded\",\"properties\":{\"order_id\":\"nope\"}}");
	assert_int_equal(counts.dead, 1);
	TRACK("{\"messageId\":\"c1\",\"userId\":\"jane\",\"event\":\"Order "
	      "Cancelled\",\"properties\":{\"order_id\":\"1001\"}}");
	l = look("jane");
	for (int i = 0; i < 3; i++)
		if (l->o[i].kind == ORDER_SALE)
			assert_int_equal(l->o[i].state, ORDER_CANCELLED);
	/* An exchange at the till: what comes back is a return of the same number. */
	TRACK("{\"messageId\":\"x1\",\"userId\":\"jane\",\"event\":\"Order "
	      "Completed\",\"properties\":{\"order_id\":\"1002\",\"currency\":\"EUR\","
	      "\"products\":[{\"sku\":\"T-43\",\"price\":20},{\"sku\":\"T-42\",\"price\":20,\"quantity\":-1}]}}");
	assert_int_equal(counts.orders_new, 2);
}

static void test_people(void **state)
{
	(void)state;
	assert_ok(call(INGEST_TRACK, "{\"messageId\":\"v1\",\"anonymousId\":\"dev1\",\"event\":\"Product "
	                             "Viewed\",\"properties\":{\"name\":\"Hat\"}}"));
	assert_ok(call(INGEST_IDENTIFY, "{\"messageId\":\"i1\",\"userId\":\"7\",\"anonymousId\":\"dev1\",\"traits\":{"
	                                "\"first_name\":\"Jane\",\"lastName\":\"Smith\","
	                                "\"email\":\"Jane@Shop.example.net\",\"emailVerified\":true,\"birthday\":"
	                                "\"1975-05-08\",\"address\":{\"postal_code\":"
	                                "\"8001\",\"city\":\"Zürich\"},\"loyaltyNumber\":\"L1\",\"consent\":{\"email\":"
	                                "true,\"phone.service\":false},"
	                                "\"facts\":{\"size.shoes\":\"38\",\"likes\":[\"navy\",\"wool\"]}}}"));
	assert_ok(call(INGEST_GROUP, "{\"messageId\":\"g1\",\"userId\":\"7\",\"groupId\":\"h1\"}"));
	struct look *l = look("7");
	assert_string_equal(l->p.chosen.given, "Jane");
	assert_string_equal(l->p.chosen.family, "Smith");
	assert_string_equal(l->p.chosen.city, "Zürich");
	assert_int_equal(l->p.chosen.birth_year, 1975);
	assert_true(l->p.household != 0);
	assert_int_equal(l->p.record_count, 2); /* the device came with her */
	bool verified = false;
	for (int i = 0; i < l->p.identifier_count; i++)
		if (l->p.identifiers[i].kind == IDENT_EMAIL)
			verified = l->p.identifiers[i].verified;
	assert_true(verified);
	/* A browser's key verifies nothing and tells no facts. */
	till.browser = true;
	assert_ok(call(INGEST_IDENTIFY, "{\"messageId\":\"i2\",\"userId\":\"8\",\"traits\":{\"email\":\"otto@shop."
	                                "example.net\",\"emailVerified\":"
	                                "true,\"loyaltyNumber\":\"L1\",\"facts\":{\"likes\":\"red\"}}}"));
	l = look("8");
	assert_int_equal(l->p.record_count, 1);
	for (int i = 0; i < l->p.identifier_count; i++)
		assert_false(l->p.identifiers[i].verified);
	till.browser = false;
	/* Two keys of the source are one person: the source says so. */
	assert_ok(call(INGEST_ALIAS, "{\"messageId\":\"a1\",\"userId\":\"8\",\"previousId\":\"7\"}"));
	l = look("8");
	assert_int_equal(l->p.record_count, 3);
	assert_result(ERR_INVALID, call(INGEST_PAGE, "{\"messageId\":\"p1\"}"));
	assert_string_equal(kit_err.field, "userId");
}

static void test_times(void **state)
{
	(void)state;
	/* The device's clock is an hour late: sent at 09:00 its time, received at midnight of day 1000. */
	TRACK("{\"messageId\":\"t1\",\"userId\":\"u\",\"event\":\"Call\",\"originalTimestamp\":\"1970-01-05T08:59:"
	      "00Z\",\"sentAt\":"
	      "\"1970-01-05T09:00:00Z\",\"properties\":{\"channel\":\"phone\"}}");
	struct look *l = look("u");
	assert_int_equal(l->t[0].at, 1000 * DAY_US - MINUTE_US);
	assert_int_equal(l->t[0].channel, CHANNEL_PHONE);
	/* No message id: the same again is the same; another time is another. */
	const char *visit = "{\"userId\":\"u\",\"event\":\"Visit\",\"timestamp\":\"1970-02-01T00:00:00Z\"}";
	TRACK(visit);
	TRACK(visit);
	assert_int_equal(counts.duplicates, 1);
	TRACK("{\"userId\":\"u\",\"event\":\"Visit\",\"timestamp\":\"1970-02-01T00:00:01Z\"}");
	assert_int_equal(counts.taken, 1);
	assert_result(ERR_INVALID,
	              call(INGEST_TRACK, "{\"userId\":\"u\",\"event\":\"Visit\",\"timestamp\":\"yesterday\"}"));
	assert_string_equal(kit_err.code, "time.malformed");
}

static enum result letters(struct db_tx *tx, void *arg, struct error *e)
{
	struct look *l = arg;
	struct deadletter d[8];
	int n;
	TRY(deadletter_list(tx, 0, 8, false, l->a, d, &n, e));
	l->touch_count = n;
	l->record = n ? d[0].id : 0;
	l->number = n ? arena_printf(l->a, "%s %s", d[0].code, d[0].raw) : "";
	int64_t open;
	TRY(deadletter_count(tx, &open, e));
	assert_int_equal(open, n);
	return OK;
}

static void test_batch(void **state)
{
	(void)state;
	struct look l = { .a = arena_new(0) };
	const char *body = "{\"batch\":[{\"type\":\"track\",\"messageId\":\"1\",\"userId\":\"u\",\"event\":\"Visit\"},"
	                   "{\"type\":\"track\",\"messageId\":\"2\",\"userId\":\"u\",\"event\":\"Order "
	                   "Completed\",\"properties\":{\"order_id\":"
	                   "\"9\",\"currency\":\"EURO\",\"products\":[{\"sku\":\"a\",\"price\":1}],\"card\":"
	                   "\"4111111111111111\"}},"
	                   "{\"type\":\"page\",\"userId\":\"u\",\"name\":\"Home\"},{\"type\":\"page\",\"userId\":\"u\","
	                   "\"name\":\"Home\"},"
	                   "{\"type\":\"dance\",\"userId\":\"u\"}]}";
	assert_ok(ingest_batch(db, &till, str_c(body), &counts, &kit_err));
	assert_int_equal(counts.taken, 3);
	assert_int_equal(counts.dead, 2);
	assert_ok(ingest_batch(db, &till, str_c(body), &counts, &kit_err));
	assert_int_equal(counts.taken, 0);
	assert_int_equal(counts.duplicates, 3);
	assert_ok(db_read(db, letters, &l, &kit_err));
	assert_int_equal(l.touch_count, 2); /* each letter once */
	assert_int_equal(look("u")->touch_count, 3);
	/* One of them is mended. */
	int64_t id = l.record;
	assert_result(ERR_INVALID, deadletter_retry(db, id, STR(""), &kit_err));
	assert_ok(deadletter_retry(
	        db, id, STR("{\"type\":\"page\",\"messageId\":\"5\",\"userId\":\"u\",\"name\":\"Mended\"}"), &kit_err));
	assert_result(ERR_CONFLICT, deadletter_retry(db, id, STR(""), &kit_err));
	assert_ok(db_read(db, letters, &l, &kit_err));
	assert_int_equal(l.touch_count, 1);
	assert_null(strstr(l.number, "411111"));
	assert_int_equal(look("u")->touch_count, 4);
	arena_free(l.a);
	assert_result(ERR_INVALID, ingest_batch(db, &till, STR("[]"), &counts, &kit_err));
	assert_result(ERR_INVALID, ingest_batch(db, &till, STR("{\"batch\":{}}"), &counts, &kit_err));
	assert_result(ERR_INVALID, ingest_batch(db, &till, STR("{\"batch\":["), &counts, &kit_err));
	static char large[INGEST_BATCH_MAX + 1];
	memset(large, ' ', sizeof(large));
	assert_result(ERR_TOO_LARGE, ingest_batch(db, &till, (struct str){ large, sizeof(large) }, &counts, &kit_err));
}

/* A message that fails only inside the transaction spoils none of its batch. */
static void test_fails_inside(void **state)
{
	(void)state;
	TRACK(order_1);
	const char *body =
	        "{\"batch\":[{\"type\":\"track\",\"messageId\":\"b1\",\"userId\":\"u\",\"event\":\"Visit\"},"
	        "{\"type\":\"track\",\"messageId\":\"b2\",\"userId\":\"u\",\"event\":\"Order "
	        "Refunded\",\"properties\":{\"order_id\":"
	        "\"unknown\"}},{\"type\":\"track\",\"messageId\":\"b3\",\"userId\":\"u\",\"event\":\"Visit\"}]}";
	assert_ok(ingest_batch(db, &till, str_c(body), &counts, &kit_err));
	assert_int_equal(counts.taken, 2);
	assert_int_equal(counts.dead, 1);
	assert_int_equal(look("u")->touch_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refunds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_people, setup, teardown),
		cmocka_unit_test_setup_teardown(test_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fails_inside, setup, teardown),
	};
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	text_stop();
	return failed;
}
