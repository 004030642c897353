/* rooms: shop feed db text money base */
/* The catalogue: found as somebody types, by code and by barcode, and current after every change. */
#include "kit/kit.h"
#include "shop/shop.h"

#include <string.h>

static struct db *db;
static int16_t eur;

static int setup(void **state)
{
	(void)state;
	db = kit_db();
	shop_cache_drop();
	catalogue_drop();
	assert_true(currency_find(STR("EUR"), &eur));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

struct put {
	struct sku sku;
	int64_t id;
};

static enum result put_fn(struct db_tx *tx, void *arg, struct error *e)
{
	struct put *p = arg;
	bool changed;
	return sku_put(tx, &p->sku, &p->id, &changed, e);
}

static int64_t put(const char *code, const char *product, const char *title, const char *colour, const char *size,
                   const char *barcode)
{
	struct put p = { .sku = { .list_minor = 4990, .cost_minor = -1, .currency = eur } };
	snprintf(p.sku.code, sizeof(p.sku.code), "%s", code);
	snprintf(p.sku.product_code, sizeof(p.sku.product_code), "%s", product);
	snprintf(p.sku.title, sizeof(p.sku.title), "%s", title);
	snprintf(p.sku.brand, sizeof(p.sku.brand), "Nørd");
	snprintf(p.sku.colour, sizeof(p.sku.colour), "%s", colour);
	snprintf(p.sku.size, sizeof(p.sku.size), "%s", size);
	snprintf(p.sku.barcode, sizeof(p.sku.barcode), "%s", barcode);
	assert_ok(db_transact(db, put_fn, &p, &kit_err));
	return p.id;
}

/* What is found, as codes with blanks between. */
struct codes {
	const int64_t *ids;
	int count;
	char text[512];
};

static enum result codes_fn(struct db_tx *tx, void *arg, struct error *e)
{
	struct codes *c = arg;
	c->text[0] = 0;
	for (int i = 0; i < c->count; i++) {
		struct sku k;
		bool found;
		TRY(sku_get(tx, c->ids[i], &k, &found, e));
		assert_true(found);
		snprintf(c->text + strlen(c->text), sizeof(c->text) - strlen(c->text), "%s%s", i ? " " : "", k.code);
	}
	return OK;
}

static void finds(const char *text, const char *codes)
{
	int64_t ids[SKU_FIND_MAX];
	struct codes c = { .ids = ids };
	assert_ok(sku_find(db, str_c(text), SKU_FIND_MAX, ids, &c.count, &kit_err));
	assert_ok(db_read(db, codes_fn, &c, &kit_err));
	if (strcmp(c.text, codes))
		fail_msg("\"%s\" finds \"%s\", expected \"%s\"", text, c.text, codes);
}

static void test_find(void **state)
{
	(void)state;
	put("SH-N-M", "SH", "Oxford shirt", "navy", "M", "");
	put("SH-N-S", "SH", "Oxford shirt", "navy", "S", "");
	put("SH-N-XL", "SH", "Oxford shirt", "navy", "XL", "");
	put("SH-W-S", "SH", "Oxford shirt", "white", "S", "");
	put("BO-42", "BO", "Oxford shoe", "brown", "42", "");
	put("BO-9", "BO", "Oxford shoe", "brown", "9", "");
	put("SHIRT-1", "X", "Pouch", "navy", "", "");
	finds("oxford shirt", "SH-N-S SH-N-M SH-N-XL SH-W-S");
	finds("OXFORD  shi navy", "SH-N-S SH-N-M SH-N-XL");
	finds("oxf", "SH-N-S SH-N-M SH-N-XL SH-W-S BO-9 BO-42");
	/* a word of the description before a word of a code */
	finds("shirt", "SH-N-S SH-N-M SH-N-XL SH-W-S SHIRT-1");
	finds("oxford 42", "BO-42");
	finds("sh-n-xl", "SH-N-XL");
	finds("nord pouch", "SHIRT-1");
	finds("xford", "");
	finds("oxford trousers", "");
	finds(" - ", "");
	int64_t two[2];
	int count;
	assert_ok(sku_find(db, STR("oxford"), 2, two, &count, &kit_err));
	assert_int_equal(count, 2);
}

/* What is put after the first search is found by the next one; a product's new title by all of its SKUs. */
static void test_current(void **state)
{
	(void)state;
	put("A-1", "A", "Scarf", "red", "", "");
	put("A-2", "A", "", "blue", "", "");
	finds("scarf", "A-2 A-1");
	put("A-3", "A", "", "green", "", "");
	finds("scarf", "A-2 A-3 A-1");
	put("A-3", "A", "Silk shawl", "green", "", "");
	finds("scarf", "");
	finds("shawl", "A-2 A-3 A-1");
	put("A-1", "B", "Belt", "red", "", "");
	finds("shawl", "A-2 A-3");
	finds("belt", "A-1");
	catalogue_drop();
	finds("shawl", "A-2 A-3");
	finds("belt", "A-1");
}

static enum result barcode_fn(struct db_tx *tx, void *arg, struct error *e)
{
	const int64_t *id = arg;
	struct sku k;
	bool found, changed;
	TRY(sku_by_barcode(tx, STR("4006381333931"), &k, &found, e));
	assert_true(found && k.id == id[0]);
	assert_string_equal(k.barcode, "4006381333931");
	TRY(sku_by_barcode(tx, STR("0 36000-29145 2"), &k, &found, e));
	assert_true(found && k.id == id[1]);
	TRY(sku_by_barcode(tx, STR("999"), &k, &found, e));
	assert_false(found);
	/* a second one; and one that moves to another SKU */
	TRY(barcode_put(tx, STR("0000000000017"), id[0], &changed, e));
	assert_true(changed);
	TRY(barcode_put(tx, STR("17"), id[0], &changed, e));
	assert_false(changed);
	TRY(sku_by_barcode(tx, STR("17"), &k, &found, e));
	assert_true(found && k.id == id[0]);
	TRY(barcode_put(tx, STR("4006381333931"), id[1], &changed, e));
	TRY(sku_by_barcode(tx, STR("4006381333931"), &k, &found, e));
	assert_true(found && changed && k.id == id[1]);
	assert_result(ERR_INVALID, barcode_put(tx, STR("12;3"), id[0], &changed, &kit_err));
	TRY(sku_by_code(tx, STR("P-1"), &k, &found, e));
	assert_true(found && k.id == id[0]);
	return OK;
}

static enum result product_fn(struct db_tx *tx, void *arg, struct error *e)
{
	static const char *const order[] = { "P-1", "P-3", "P-2" };
	struct sku *skus, k;
	struct product p;
	bool found;
	int count;
	TRY(sku_get(tx, *(int64_t *)arg, &k, &found, e));
	TRY(product_get(tx, k.product, &p, &found, e));
	assert_true(found);
	assert_string_equal(p.title, "Pullover");
	TRY(product_skus(tx, p.id, 8, db_tx_arena(tx), &skus, &count, e));
	assert_int_equal(count, 3);
	for (int i = 0; i < count; i++)
		assert_string_equal(skus[i].code, order[i]);
	TRY(product_get(tx, p.id + 1, &p, &found, e));
	assert_false(found);
	return OK;
}

static void test_barcodes(void **state)
{
	int64_t id[3];
	(void)state;
	id[0] = put("P-1", "P", "Pullover", "black", "S", "4006381333931");
	id[1] = put("P-2", "P", "", "black", "XL", "036000291452");
	id[2] = put("P-3", "P", "", "black", "M", "");
	assert_ok(db_transact(db, barcode_fn, id, &kit_err));
	assert_ok(db_read(db, product_fn, id, &kit_err));
}

static enum result places_fn(struct db_tx *tx, void *arg, struct error *e)
{
	struct store s = { .code = "BER", .placed = true, .lat = 52520000, .lon = 13405000 }, got;
	int64_t id;
	bool changed, found;
	(void)arg;
	TRY(store_put(tx, &s, &id, &changed, e));
	TRY(store_put(tx, &s, &id, &changed, e));
	assert_false(changed);
	struct store name = { .code = "BER", .name = "Berlin" };
	TRY(store_put(tx, &name, &id, &changed, e));
	TRY(store_by_code(tx, STR("BER"), &got, &found, e));
	assert_true(found && got.placed && got.lat == 52520000 && got.lon == 13405000);
	s.lat = 91000000;
	assert_result(ERR_INVALID, store_put(tx, &s, &id, &changed, &kit_err));
	assert_string_equal(kit_err.field, "lat");
	return OK;
}

static void test_places(void **state)
{
	(void)state;
	assert_ok(db_transact(db, places_fn, NULL, &kit_err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(test_current, setup, teardown),
		cmocka_unit_test_setup_teardown(test_barcodes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
