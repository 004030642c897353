/* rooms: shop feed db money text base */
#include "kit/kit.h"
#include "shop/shop.h"
#include "base/clock.h"

static struct db *db;

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
	clock_set(0);
	return 0;
}

static enum result stores(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t id, again;
	bool changed, found;
	struct store s = { .code = "10", .name = "Zürich", .zone = "Europe/Zurich", .country = "CH" }, got;
	TRY(store_need(tx, STR("10"), &id, e));
	TRY(store_get(tx, id, &got, &found, e));
	assert_true(found && got.provisional);
	assert_string_equal(got.zone, "UTC");
	assert_true(currency_find(STR("CHF"), &s.currency));
	TRY(store_put(tx, &s, &again, &changed, e));
	assert_true(changed && id == again);
	TRY(store_put(tx, &s, &again, &changed, e));
	assert_false(changed);
	TRY(store_by_code(tx, STR("10"), &got, &found, e));
	assert_true(found && !got.provisional && got.currency == s.currency);
	assert_string_equal(got.zone, "Europe/Zurich");
	struct store partial = { .code = "10", .city = "Zürich", .provisional = true };
	TRY(store_put(tx, &partial, &again, &changed, e));
	TRY(store_by_code(tx, STR("10"), &got, &found, e));
	assert_string_equal(got.name, "Zürich");
	assert_string_equal(got.city, "Zürich");
	assert_false(got.provisional);
	TRY(store_need(tx, STR(""), &id, e));
	assert_int_equal(id, 0);
	TRY(store_need(tx, STR("02"), &id, e));
	struct store list[3];
	int n;
	TRY(store_list(tx, STR(""), 3, list, &n, e));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].code, "02");
	TRY(store_list(tx, STR("02"), 3, list, &n, e));
	assert_int_equal(n, 1);
	return OK;
}

static void test_stores(void **state)
{
	(void)state;
	assert_ok(db_transact(db, stores, NULL, &kit_err));
}

static enum result associates(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t store, id;
	bool changed, found;
	struct associate got, list[2];
	TRY(store_need(tx, STR("1"), &store, e));
	TRY(associate_need(tx, STR("a1"), store, &id, e));
	TRY(associate_get(tx, id, &got, &found, e));
	assert_true(found && got.provisional && got.store == store);
	struct associate in = { .code = "a1", .name = "Anna Meier" };
	TRY(associate_put(tx, &in, &id, &changed, e));
	int n;
	TRY(associate_list(tx, store, STR(""), 2, list, &n, e));
	assert_int_equal(n, 1);
	assert_string_equal(list[0].name, "Anna Meier");
	assert_false(list[0].provisional);
	TRY(associate_list(tx, store + 4096, STR(""), 2, list, &n, e));
	assert_int_equal(n, 0);
	return OK;
}

static void test_associates(void **state)
{
	(void)state;
	assert_ok(db_transact(db, associates, NULL, &kit_err));
}

static enum result skus(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t id, again;
	bool changed, found;
	struct sku got, hint = { .title = "Trainers", .size = "42", .list_minor = -1, .cost_minor = -1 };
	TRY(sku_need(tx, STR("T-42"), NULL, &id, e));
	TRY(sku_need(tx, STR("T-42"), &hint, &again, e));
	assert_true(id == again);
	TRY(sku_get(tx, id, &got, &found, e));
	assert_string_equal(got.title, "Trainers");
	assert_string_equal(got.product_code, "T-42");
	assert_true(got.provisional && got.list_minor == -1);
	struct sku other = { .title = "Shoes", .colour = "navy", .list_minor = 9990, .cost_minor = -1 };
	TRY(sku_need(tx, STR("T-42"), &other, &again, e));
	TRY(sku_get(tx, id, &got, &found, e));
	assert_string_equal(got.title, "Trainers"); /* a hint overwrites nothing */
	assert_string_equal(got.colour, "navy");
	assert_int_equal(got.list_minor, 9990);
	struct sku put = { .code = "T-42",
		           .product_code = "T",
		           .title = "Trainer low",
		           .brand = "Nord",
		           .list_minor = 8990,
		           .cost_minor = 4000 };
	TRY(sku_put(tx, &put, &again, &changed, e));
	assert_true(changed && again == id);
	TRY(sku_put(tx, &put, &again, &changed, e));
	assert_false(changed);
	TRY(sku_need(tx, STR("T-42"), &other, &again, e));
	TRY(sku_get(tx, id, &got, &found, e));
	assert_string_equal(got.product_code, "T");
	assert_string_equal(got.title, "Trainer low");
	assert_string_equal(got.size, "42");
	assert_int_equal(got.list_minor, 8990);
	assert_false(got.provisional);
	struct sku second = { .code = "T-43", .product_code = "T", .size = "43", .list_minor = -1, .cost_minor = -1 };
	TRY(sku_put(tx, &second, &again, &changed, e));
	TRY(sku_get(tx, again, &got, &found, e));
	assert_string_equal(got.title, "Trainer low");
	return OK;
}

static void test_skus(void **state)
{
	(void)state;
	assert_ok(db_transact(db, skus, NULL, &kit_err));
}

struct need {
	int64_t id;
	bool fail;
};

static enum result need_sku(struct db_tx *tx, void *arg, struct error *e)
{
	struct need *n = arg;
	TRY(sku_need(tx, STR("GONE"), NULL, &n->id, e));
	return n->fail ? error_set(e, ERR_INVALID, "test.rollback", NULL, "rolled back") : OK;
}

static enum result has_sku(struct db_tx *tx, void *arg, struct error *e)
{
	struct sku s;
	bool found;
	TRY(sku_get(tx, ((struct need *)arg)->id, &s, &found, e));
	return found ? OK : error_set(e, ERR_NOT_FOUND, "test.gone", NULL, "no such SKU");
}

/* What a rolled back transaction made never comes out of the cache. */
static void test_rolled_back(void **state)
{
	(void)state;
	struct need lost = { .fail = true }, kept = { .fail = false };
	assert_result(ERR_INVALID, db_transact(db, need_sku, &lost, &kit_err));
	assert_result(ERR_NOT_FOUND, db_read(db, has_sku, &lost, &kit_err));
	assert_ok(db_transact(db, need_sku, &kept, &kit_err));
	assert_ok(db_read(db, has_sku, &kept, &kit_err));
	assert_true(lost.id != kept.id);
	clock_set(clock_now() + MINUTE_US); /* settled: now from the cache */
	for (int i = 0; i < 2; i++) {
		struct need again = { .fail = true };
		assert_result(ERR_INVALID, db_transact(db, need_sku, &again, &kit_err));
		assert_true(again.id == kept.id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(test_associates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_skus, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rolled_back, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
