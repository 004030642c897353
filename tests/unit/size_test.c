/* rooms: shop feed db text money base */
#include "test.h"
#include "shop/shop.h"

#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
	return size_compare(*(const char *const *)a, *(const char *const *)b);
}

/* Shuffled in many ways, they come back as they stand here. */
static void ordered(const char *const *want, size_t count)
{
	const char *list[40];
	uint64_t state = 7;
	assert_true(count <= 40);
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < count; i++)
			list[i] = want[i];
		for (size_t i = count; i > 1; i--) {
			size_t k = random_below(&state, i);
			const char *t = list[i - 1];
			list[i - 1] = list[k];
			list[k] = t;
		}
		qsort(list, count, sizeof(*list), by_size);
		for (size_t i = 0; i < count; i++)
			if (strcmp(list[i], want[i]))
				fail_msg("%zu: %s, expected %s", i, list[i], want[i]);
	}
}
#define ORDERED(...)                                                                                                   \
	do {                                                                                                           \
		static const char *const want_[] = { __VA_ARGS__ };                                                    \
		ordered(want_, sizeof(want_) / sizeof(*want_));                                                        \
	} while (0)

static void test_letters(void **state)
{
	(void)state;
	ORDERED("XXXS", "2XS", "XS", "S", "M", "L", "XL", "XXL", "3XL", "4XL");
	ORDERED("xs", "s", "M", "l", "xl");
	ORDERED("S", "S/M", "M", "M/L", "L");
	assert_int_equal(size_compare("XXL", "2XL"), 0);
	assert_int_equal(size_compare("xxs", "2XS"), 0);
	/* words are not letters */
	assert_true(size_compare("Small", "XL") > 0);
	assert_true(size_compare("X", "XL") > 0);
}

static void test_numbers(void **state)
{
	(void)state;
	ORDERED("4", "6", "8", "9", "9.5", "10", "10½", "11", "42", "42,5", "43", "100");
	ORDERED("28/30", "28/32", "30/30", "30/34", "32/32");
	ORDERED("W28 L30", "W28 L32", "W30 L30", "W32 L34");
	ORDERED("50/56", "62/68", "92/98", "104", "110/116");
	ORDERED("70B", "75AA", "75A", "75B", "75C", "80A");
	assert_int_equal(size_compare("42.5", "42,5"), 0);
	assert_int_equal(size_compare("42 1/2", "42½"), 0);
}

static void test_mixed(void **state)
{
	(void)state;
	ORDERED("", "S", "M", "36", "38", "long", "short");
	assert_int_equal(size_compare("", "One Size"), 0);
	assert_true(size_compare("one size", "S") < 0);
}

/* Any three texts: no circle, and both ways the same. */
static void test_order(void **state)
{
	static const char letters[] = "xXsSmMlLaAbB0123456789/.½ wW";
	char text[3][8];
	uint64_t r = 11;
	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (int i = 0; i < 3; i++) {
			size_t n = random_below(&r, 7);
			for (size_t k = 0; k < n; k++)
				text[i][k] = letters[random_below(&r, sizeof(letters) - 1)];
			text[i][n] = 0;
		}
		int ab = size_compare(text[0], text[1]), bc = size_compare(text[1], text[2]),
		    ac = size_compare(text[0], text[2]), ba = size_compare(text[1], text[0]);
		if ((ab > 0) != (ba < 0) || (ab < 0) != (ba > 0) || (ab <= 0 && bc <= 0 && ac > 0) ||
		    (ab == 0 && bc == 0 && ac != 0))
			fail_msg("\"%s\" \"%s\" \"%s\": %d %d %d", text[0], text[1], text[2], ab, bc, ac);
	}
}

static void test_barcodes(void **state)
{
	char a[BARCODE_BYTES], b[BARCODE_BYTES];
	(void)state;
	assert_true(barcode_fold(STR("0 12345-67890 5"), a) && barcode_fold(STR("0012345678905"), b));
	assert_string_equal(a, b);
	assert_string_equal(a, "12345678905");
	assert_true(barcode_fold(STR("ab-01"), a));
	assert_string_equal(a, "AB01");
	assert_true(barcode_fold(STR("000"), a));
	assert_string_equal(a, "0");
	assert_false(barcode_fold(STR(""), a));
	assert_false(barcode_fold(STR(" - "), a));
	assert_false(barcode_fold(STR("12;34"), a));
	assert_false(barcode_fold(STR("1234567890123456789012345678901234567890"), a));
}

static void test_distance(void **state)
{
	struct store berlin = { .placed = true, .lat = 52520000, .lon = 13405000 },
	             munich = { .placed = true, .lat = 48137000, .lon = 11575000 },
	             fiji = { .placed = true, .lat = -17713000, .lon = 178065000 },
	             samoa = { .placed = true, .lat = -13759000, .lon = -172105000 }, nowhere = { .lat = 1 };
	(void)state;
	assert_true(store_km(&berlin, &munich) > 503 && store_km(&berlin, &munich) < 506);
	assert_true(store_km(&munich, &berlin) == store_km(&berlin, &munich));
	assert_true(store_km(&fiji, &samoa) > 1100 && store_km(&fiji, &samoa) < 1200); /* across the date line */
	assert_true(store_km(&berlin, &berlin) == 0);
	assert_true(store_km(&berlin, &nowhere) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters), cmocka_unit_test(test_numbers),  cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_order),   cmocka_unit_test(test_barcodes), cmocka_unit_test(test_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
