/* rooms: desk insight orders stock ledger timeline people shop access feed db text money base */
/* Save the sale: the order of the ways, and what counts as like it. */
#include "test.h"
#include "base/clock.h"
#include "desk/rank.h"
#include "text/text.h"

#include <stdlib.h>

#define NOW (INT64_C(1780000000) * USEC)
enum { STORE = 1, SKU = 100 };

static struct rank_ask ask;
static struct way ways[64];

static int setup(void **state)
{
	struct error e;
	(void)state;
	assert_int_equal(text_start(&e), OK);
	return 0;
}

static int rank(const struct rank_place *places, int count, int64_t qty)
{
	ask = (struct rank_ask){ .sku = SKU, .store = STORE, .qty = qty, .now = NOW, .settings = &save_defaults };
	return rank_ways(&ask, places, count, ways, 64);
}
#define RANK(qty, ...)                                                                                                 \
	rank((const struct rank_place[]){ __VA_ARGS__ },                                                               \
	     sizeof((const struct rank_place[]){ __VA_ARGS__ }) / sizeof(struct rank_place), qty)

/* "here 1, pick_up 2": ways by name and location. */
static void says(int count, const char *want)
{
	char text[512] = "";
	for (int i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %d", i ? ", " : "",
		         way_name(ways[i].kind), (int)ways[i].location);
	assert_string_equal(text, want);
}

#define SHOP(id, far, has)                                                                                             \
	{                                                                                                              \
		.location = id, .kind = STORE_SHOP, .km = far, .available = has                                        \
	}
#define WAREHOUSE(id, far, has)                                                                                        \
	{                                                                                                              \
		.location = id, .kind = STORE_WAREHOUSE, .km = far, .available = has                                   \
	}

static void test_order(void **state)
{
	(void)state;
	says(RANK(1, WAREHOUSE(9, 400, 50), SHOP(2, 20, 3), SHOP(STORE, 0, 2), SHOP(3, 10, 3)),
	     "here 1, pick_up 3, pick_up 2, ship 9, ship 3, transfer 3, transfer 2, transfer 9");
	assert_int_equal(ways[0].ready_at, NOW);
	assert_int_equal(ways[1].ready_at, NOW + 2 * HOUR_US);
	assert_int_equal(ways[3].ready_at, NOW + 3 * DAY_US);
	says(RANK(1, SHOP(STORE, 0, 0)), "");
	/* not as many as are wanted */
	says(RANK(3, SHOP(STORE, 0, 2), SHOP(2, 5, 3), SHOP(3, 1, 2)), "pick_up 2, ship 2, transfer 2");
	/* nobody is sent that far; what nobody placed comes last */
	says(RANK(1, SHOP(2, 600, 3), SHOP(3, -1, 3), SHOP(4, 59, 3)),
	     "pick_up 4, pick_up 3, ship 4, ship 2, transfer 4, transfer 2, transfer 3");
}

static void test_last_unit(void **state)
{
	(void)state;
	/* a store's last one is left to it, when hardly any farther there are more */
	says(RANK(1, SHOP(2, 5, 1), SHOP(3, 12, 4)), "pick_up 3, pick_up 2, ship 3, ship 2, transfer 3, transfer 2");
	/* … but nobody is sent far for that */
	says(RANK(1, SHOP(2, 5, 1), SHOP(3, 40, 4)), "pick_up 2, pick_up 3, ship 2, ship 3, transfer 2, transfer 3");
	/* at one distance the deeper; a warehouse has no window */
	says(RANK(1, SHOP(2, 5, 2), SHOP(3, 5, 8)), "pick_up 3, pick_up 2, ship 3, ship 2, transfer 3, transfer 2");
	says(RANK(1, WAREHOUSE(8, 30, 1), WAREHOUSE(9, 35, 9)), "ship 8, ship 9, transfer 8, transfer 9");
}

static void test_flags(void **state)
{
	(void)state;
	struct rank_place closed = SHOP(2, 1, 9), elsewhere = SHOP(3, 2, 9), sure = SHOP(4, 30, 9);
	closed.closed = true;
	elsewhere.elsewhere = true;
	says(RANK(1, closed, elsewhere, sure),
	     "pick_up 4, pick_up 3, ship 4, ship 3, transfer 4, transfer 3, transfer 2");
	assert_true(ways[1].elsewhere && !ways[1].closed && !ways[0].elsewhere);
	assert_true(ways[6].closed);
	closed.location = STORE;
	says(RANK(1, closed), "");
}

static void test_incoming(void **state)
{
	(void)state;
	struct rank_place here = SHOP(STORE, 0, 0), depot = WAREHOUSE(9, 100, 0), some_day = SHOP(2, 3, 0);
	here.incoming = 4;
	here.incoming_at = NOW + 9 * DAY_US;
	depot.incoming = 40;
	depot.incoming_at = NOW + 2 * DAY_US;
	some_day.incoming = 5;
	says(RANK(1, depot, some_day, here), "incoming 1, incoming 9");
	assert_int_equal(ways[0].ready_at, NOW + 10 * DAY_US);
	assert_int_equal(ways[0].available, 4);
	says(RANK(1, some_day), "incoming 2");
	assert_int_equal(ways[0].ready_at, 0);
	says(RANK(6, here), "");
	here.incoming_at = NOW - DAY_US; /* late */
	says(RANK(1, here), "incoming 1");
	assert_int_equal(ways[0].ready_at, NOW + DAY_US);
}

/* Whatever there is and in whatever order it is named: the rules hold, and the order is one. */
static void test_rules(void **state)
{
	uint64_t r = 5;
	(void)state;
	for (int round = 0; round < 4000; round++) {
		struct rank_place p[12];
		struct way first[64];
		int count = (int)random_below(&r, 12) + 1;
		for (int i = 0; i < count; i++)
			p[i] = (struct rank_place){ .location = i + 1,
				                    .kind = random_below(&r, 4) ? STORE_SHOP : STORE_WAREHOUSE,
				                    .km = i ? (double)random_below(&r, 80) : 0,
				                    .available = (int64_t)random_below(&r, 4),
				                    .closed = !random_below(&r, 8),
				                    .elsewhere = !random_below(&r, 8) };
		int n = rank(p, count, 1);
		memcpy(first, ways, sizeof(first));
		for (int i = count; i > 1; i--) {
			int k = (int)random_below(&r, (uint64_t)i);
			struct rank_place t = p[i - 1];
			p[i - 1] = p[k];
			p[k] = t;
		}
		assert_int_equal(rank(p, count, 1), n);
		for (int i = 0; i < n; i++) {
			const struct way *a = &ways[i];
			assert_true(a->kind == first[i].kind && a->location == first[i].location);
			assert_true(a->available >= 1 && (a->kind == WAY_HERE) == (a->location == STORE));
			assert_false(a->closed && (a->kind == WAY_HERE || a->kind == WAY_PICK_UP));
			if (!i)
				continue;
			const struct way *b = &ways[i - 1];
			assert_true(b->kind <= a->kind);
			if (b->kind == a->kind && a->kind == WAY_PICK_UP && a->elsewhere == b->elsewhere) {
				/* nearer before farther at like depth; the last one not before a deeper one close by */
				if ((a->available == 1) == (b->available == 1))
					assert_true(b->km <= a->km);
				if (b->available == 1 && a->available > 1)
					assert_true(a->km >= b->km + LAST_UNIT_KM);
			}
		}
	}
}

/* ---- Substitutes ------------------------------------------------------------------------------------------------- */

static struct sku sku(int64_t id, int64_t product, const char *size, const char *colour, int64_t price)
{
	struct sku s = { .id = id, .product = product, .list_minor = price, .currency = 1 };
	snprintf(s.size, sizeof(s.size), "%s", size);
	snprintf(s.colour, sizeof(s.colour), "%s", colour);
	snprintf(s.brand, sizeof(s.brand), "Noorwind");
	snprintf(s.category, sizeof(s.category), "Shoes");
	snprintf(s.title, sizeof(s.title), "Oxford shoe");
	return s;
}

static void test_likeness(void **state)
{
	const struct sku wanted = sku(1, 1, "42", "brown", 12900);
	const struct taste nobody = { 0 }, wears_43 = { .size = "43" }, wears_42 = { .size = "42" };
	struct sku colour = sku(2, 1, "42", "black", 12900), next = sku(3, 1, "43", "brown", 12900),
	           far = sku(4, 1, "44", "brown", 12900), both = sku(5, 1, "43", "black", 12900),
	           derby = sku(6, 2, "42", "brown", 13500), dear = sku(7, 2, "42", "brown", 25000),
	           derby_43 = sku(8, 2, "43", "brown", 13500), shirt = sku(9, 3, "42", "brown", 12900);
	(void)state;
	snprintf(shirt.category, sizeof(shirt.category), "Shirts");
	int c = likeness(&wanted, &colour, 0, 25, &nobody), n = likeness(&wanted, &next, 1, 25, &nobody),
	    d = likeness(&wanted, &derby, -1, 25, &nobody);
	assert_true(c > n && n > d && d > 0);
	assert_int_equal(likeness(&wanted, &wanted, 0, 25, &nobody), -1);
	assert_int_equal(likeness(&wanted, &far, 2, 25, &nobody), -1);
	assert_int_equal(likeness(&wanted, &both, 1, 25, &nobody), -1);
	assert_int_equal(likeness(&wanted, &dear, -1, 25, &nobody), -1);
	assert_true(likeness(&wanted, &dear, -1, 100, &nobody) > 0);
	assert_int_equal(likeness(&wanted, &derby_43, -1, 25, &nobody), -1);
	assert_int_equal(likeness(&wanted, &shirt, -1, 25, &nobody), -1);
	/* a size that is known to be worn comes first; one who wears what was wanted hardly takes the next */
	assert_true(likeness(&wanted, &next, 1, 25, &wears_43) > c);
	assert_true(likeness(&wanted, &derby_43, -1, 25, &wears_43) > 0);
	assert_true(likeness(&wanted, &next, 1, 25, &wears_42) < n);
}

static void test_taste(void **state)
{
	static const char *const black[] = { "black" }, *const oxford[] = { "oxford" },
	                         *const noorwind[] = { "noorwind" };
	const struct sku wanted = sku(1, 1, "42", "brown", 12900);
	struct sku black_one = sku(2, 1, "42", "Black", 12900), blackish = sku(3, 1, "42", "blackberry", 12900);
	const struct taste no_black = { .dislikes = black, .dislike_count = 1 },
	                   no_oxford = { .dislikes = oxford, .dislike_count = 1 },
	                   likes = { .likes = noorwind, .like_count = 1 }, nobody = { 0 };
	(void)state;
	assert_int_equal(likeness(&wanted, &black_one, 0, 25, &no_black), -1);
	assert_true(likeness(&wanted, &blackish, 0, 25, &no_black) > 0);
	assert_int_equal(likeness(&wanted, &black_one, 0, 25, &no_oxford), -1);
	assert_true(likeness(&wanted, &black_one, 0, 25, &likes) > likeness(&wanted, &black_one, 0, 25, &nobody));
}

static void test_substitutes(void **state)
{
	struct way w[] = { { .sku = 1, .likeness = 500, .km = 30 },
		           { .sku = 2, .likeness = 450, .km = 0 },
		           { .sku = 3, .likeness = 600, .km = 2 },
		           { .sku = 4, .likeness = 450, .km = 0 } };
	(void)state;
	rank_substitutes(w, 4);
	assert_int_equal(w[0].sku, 3);
	assert_int_equal(w[1].sku, 2);
	assert_int_equal(w[2].sku, 4);
	assert_int_equal(w[3].sku, 1);
}

static void test_settings(void **state)
{
	struct save_settings s;
	struct error e;
	int16_t eur, chf;
	(void)state;
	assert_true(currency_find(STR("EUR"), &eur) && currency_find(STR("CHF"), &chf));
	assert_int_equal(save_settings_read(STR(""), &s, &e), OK);
	assert_int_equal(s.ready_us[WAY_SHIP], 3 * DAY_US);
	assert_int_equal(save_shipping(&s, eur), -1);
	assert_int_equal(
	        save_settings_read(STR("ship=2d pick_up=4h  reach=80km band=10% shipping=EUR4.90,CHF9"), &s, &e), OK);
	assert_int_equal(s.ready_us[WAY_SHIP], 2 * DAY_US);
	assert_int_equal(s.ready_us[WAY_PICK_UP], 4 * HOUR_US);
	assert_int_equal(s.ready_us[WAY_TRANSFER], 3 * DAY_US);
	assert_true(s.reach_km == 80 && s.price_band == 10);
	assert_int_equal(save_shipping(&s, eur), 490);
	assert_int_equal(save_shipping(&s, chf), 900);
	static const char *const bad[] = { "ship",     "ship=2",        "ship=2w",        "here=1h",
		                           "reach=80", "shipping=4.90", "shipping=EUR-1", "shipping=EUR1.234",
		                           "band=x%",  "walk=2h" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (save_settings_read(str_c(bad[i]), &s, &e) != ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		assert_string_equal(e.code, "save.settings");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),    cmocka_unit_test(test_last_unit),   cmocka_unit_test(test_flags),
		cmocka_unit_test(test_incoming), cmocka_unit_test(test_rules),       cmocka_unit_test(test_likeness),
		cmocka_unit_test(test_taste),    cmocka_unit_test(test_substitutes), cmocka_unit_test(test_settings),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
