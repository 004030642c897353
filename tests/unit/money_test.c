/* rooms: money base */
#include "test.h"
#include "money/money.h"
#include <math.h>
#include <stdlib.h>

static int16_t currency(const char *code)
{
	int16_t c;

	assert_true(currency_find(str_c(code), &c));
	return c;
}

static void currencies_are_found(void **state)
{
	int16_t c = 7;

	(void)state;
	assert_string_equal(currency_code(currency("EUR")), "EUR");
	assert_string_equal(currency_code(currency("chf")), "CHF");
	assert_int_equal(currency_digits(currency("EUR")), 2);
	assert_int_equal(currency_digits(currency("JPY")), 0);
	assert_int_equal(currency_digits(currency("KWD")), 3);
	assert_int_equal(currency_digits(currency("CLF")), 4);
	assert_int_equal(currency_digits(currency("ZWL")), 2);
	assert_int_equal(currency_digits(currency("AED")), 2);
	assert_false(currency_find(STR("XXX"), &c) || currency_find(STR(""), &c) || currency_find(STR("EURO"), &c) ||
	             currency_find(STR("EU"), &c) || currency_find(STR("\0\0\0"), &c));
	assert_int_equal(c, 7);
	assert_string_equal(currency_code(0), "");
	assert_string_equal(currency_code(-1), "");
	assert_string_equal(currency_code(30000), "");
	/* sorted, or the search would miss some */
	for (int16_t i = 1; *currency_code(i); i++)
		assert_int_equal(currency(currency_code(i)), i);
}

/* The textbook: what value a/b rounds to, by looking at the neighbours. */
static bool plain_round(__int128 a, __int128 b, enum rounding how, int64_t *out)
{
	__int128 down, rest, up;

	if (b < 0)
		a = -a, b = -b;
	down = a / b; /* towards zero */
	rest = a % b;
	up = down + (a < 0 ? -1 : 1);
	if (rest < 0)
		rest = -rest;
	if (how != ROUND_DOWN && (2 * rest > b || (2 * rest == b && (how == ROUND_HALF_UP || down % 2 != 0))))
		down = up;
	if (down > INT64_MAX || down < INT64_MIN)
		return false;
	*out = (int64_t)down;
	return true;
}

static int64_t random_amount(uint64_t *rnd)
{
	switch (random_below(rnd, 8)) {
	case 0:
		return INT64_MIN + (int64_t)random_below(rnd, 3);
	case 1:
		return INT64_MAX - (int64_t)random_below(rnd, 3);
	case 2:
		return (int64_t)random_below(rnd, 5) - 2;
	default:
		return (int64_t)random_next(rnd) >> random_below(rnd, 63);
	}
}

static void arithmetic_equals_128_bits(void **state)
{
	int16_t codes[] = { currency("EUR"), currency("JPY"), currency("KWD"), currency("CLF") };
	uint64_t rnd = 17;

	(void)state;
	for (int round = 0; round < 500000; round++) {
		int64_t a = random_amount(&rnd), b = random_amount(&rnd), den = random_amount(&rnd), expected;
		int16_t c = codes[round % 4];
		enum rounding how = (enum rounding)random_below(&rnd, 3);
		struct money got = money_of_minor(c, 4711), ma = money_of_minor(c, a), mb = money_of_minor(c, b);
		static const int64_t units[] = { 10000, 1000000, 1000, 100 };
		__int128 sum = (__int128)a + b, difference = (__int128)a - b;
		bool fits;

		fits = sum >= INT64_MIN && sum <= INT64_MAX;
		assert_int_equal(money_add(ma, mb, &got, NULL) == OK, fits);
		assert_int_equal(money_minor(got), fits ? (int64_t)sum : 4711);
		got = money_of_minor(c, 4711);
		fits = difference >= INT64_MIN && difference <= INT64_MAX;
		assert_int_equal(money_sub(ma, mb, &got, NULL) == OK, fits);
		assert_int_equal(money_minor(got), fits ? (int64_t)difference : 4711);
		assert_int_equal(money_cmp(ma, mb), (a > b) - (a < b));

		expected = 4711;
		got = money_of_minor(c, 4711);
		fits = plain_round((__int128)a * b, units[round % 4], how, &expected);
		assert_int_equal(money_times(decimal_of_micro(a), b, c, how, &got, NULL) == OK, fits);
		assert_int_equal(money_minor(got), expected);
		if (den == 0)
			den = 1;
		expected = 4711;
		got = money_of_minor(c, 4711);
		fits = plain_round((__int128)a * b, den, how, &expected);
		assert_int_equal(money_scale(ma, b, den, how, &got, NULL) == OK, fits);
		assert_int_equal(money_minor(got), expected);
	}
}

static void currencies_do_not_mix(void **state)
{
	struct money eur = money_of_minor(currency("EUR"), 100), chf = money_of_minor(currency("CHF"), 100), out = eur;
	struct error e;

	(void)state;
	assert_int_equal(money_add(eur, chf, &out, &e), ERR_INVALID);
	assert_string_equal(e.code, "money.currency");
	assert_int_equal(money_sub(eur, chf, &out, &e), ERR_INVALID);
	assert_int_equal(money_add(money_none(), chf, &out, &e), OK);
	assert_int_equal(out.currency_, chf.currency_);
	assert_int_equal(money_sub(money_none(), chf, &out, &e), OK);
	assert_int_equal(money_minor(out), -100);
	assert_int_equal(money_add(money_of_minor(0, 5), chf, &out, &e), ERR_INVALID);
	assert_int_equal(money_scale(eur, 1, 0, ROUND_DOWN, &out, &e), ERR_INVALID);
	assert_true(money_is_zero(money_none()) && !money_is_zero(eur));
	assert_int_equal(money_sign(money_neg(eur)), -1);
}

static void rounding_of_known_amounts(void **state)
{
	int16_t eur = currency("EUR");
	static const struct {
		int64_t micro, qty;
		int64_t even, up, down;
	} known[] = {
		{ 5000, 1, 0, 1, 0 },
		{ 15000, 1, 2, 2, 1 },
		{ 25000, 1, 2, 3, 2 },
		{ -5000, 1, 0, -1, 0 },
		{ -25000, 1, -2, -3, -2 },
		{ 1000, 3, 0, 0, 0 },
		{ 2550000, 10, 2550, 2550, 2550 },
	};
	struct money m;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct decimal d = decimal_of_micro(known[i].micro);

		assert_int_equal(money_times(d, known[i].qty, eur, ROUND_HALF_EVEN, &m, NULL), OK);
		assert_int_equal(money_minor(m), known[i].even);
		assert_int_equal(money_times(d, known[i].qty, eur, ROUND_HALF_UP, &m, NULL), OK);
		assert_int_equal(money_minor(m), known[i].up);
		assert_int_equal(money_times(d, known[i].qty, eur, ROUND_DOWN, &m, NULL), OK);
		assert_int_equal(money_minor(m), known[i].down);
	}
}

#define MOST_PARTS 100

/* Sum exact; each part within one unit of its share and of its sign; who got a unit more had a rest at least as large.
 */
static void check_allocation(int64_t total, const int64_t *weights, size_t count, const struct money *parts)
{
	__int128 sum = 0, all = 0, worst_up = -1, best_down = -1;
	bool equal = true;

	for (size_t i = 0; i < count; i++)
		all += weights[i];
	for (size_t i = 0; i < count; i++)
		equal &= weights[i] >= 0;
	equal = !equal || all == 0;
	if (equal)
		all = (__int128)count;
	for (size_t i = 0; i < count; i++) {
		__int128 product = (__int128)total * (equal ? 1 : weights[i]);
		__int128 part = money_minor(parts[i]), share = product / all, rest = product % all, more = part - share;

		sum += part;
		if (total < 0)
			more = -more, rest = -rest;
		assert_true(more == 0 || more == 1);
		if (more == 1) {
			assert_true(rest > 0);
			if (worst_up < 0 || rest < worst_up)
				worst_up = rest;
		} else if (rest > best_down) {
			best_down = rest;
		}
	}
	assert_true(sum == total);
	assert_true(worst_up < 0 || worst_up >= best_down);
}

static void allocation_is_exact(void **state)
{
	int64_t weights[MOST_PARTS];
	struct money parts[MOST_PARTS];
	uint64_t rnd = 23;
	int16_t eur = currency("EUR");

	(void)state;
	for (int round = 0; round < 100000; round++) {
		size_t count = 1 + random_below(&rnd, round % 20 ? 8 : MOST_PARTS);
		int64_t total = random_amount(&rnd);
		uint64_t size = 1 + random_below(&rnd, 62);

		for (size_t i = 0; i < count; i++)
			weights[i] = random_below(&rnd, 6) ? (int64_t)(random_next(&rnd) >> (64 - size)) : 0;
		if (random_below(&rnd, 50) == 0)
			weights[0] = -1;
		assert_int_equal(money_allocate(money_of_minor(eur, total), weights, count, parts, NULL), OK);
		check_allocation(total, weights, count, parts);
		assert_int_equal(parts[0].currency_, eur);
	}
}

static void allocation_of_known_amounts(void **state)
{
	struct money parts[3];
	int16_t eur = currency("EUR");
	struct error e;

	(void)state;
	assert_int_equal(money_allocate(money_of_minor(eur, 100), NULL, 3, parts, &e), OK);
	assert_true(money_minor(parts[0]) == 34 && money_minor(parts[1]) == 33 && money_minor(parts[2]) == 33);
	assert_int_equal(money_allocate(money_of_minor(eur, -100), (int64_t[]){ 0, 1, 2 }, 3, parts, &e), OK);
	assert_true(money_minor(parts[0]) == 0 && money_minor(parts[1]) == -33 && money_minor(parts[2]) == -67);
	assert_int_equal(money_allocate(money_of_minor(eur, 5), (int64_t[]){ 3, 7 }, 2, parts, &e), OK);
	assert_true(money_minor(parts[0]) == 2 && money_minor(parts[1]) == 3); /* 1.5 and 3.5: the tie to the first */
	assert_int_equal(money_allocate(money_of_minor(eur, 5), NULL, 0, parts, &e), ERR_INVALID);
	assert_int_equal(money_allocate(money_of_minor(eur, 0), NULL, 0, parts, &e), OK);
	mem_fail_nth(1);
	assert_int_equal(money_allocate(money_of_minor(eur, 5), NULL, 100, parts, &e), ERR_NOMEM);
	mem_fail_nth(0);
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

static void amounts_are_read(void **state)
{
	static const struct {
		const char *text, *currency;
		char mark;
		int64_t minor;
	} known[] = {
		{ "1234.50", "EUR", '.', 123450 },
		{ "-0.05", "EUR", '.', -5 },
		{ "$6.62 ", "USD", '.', 662 },
		{ " $ 6.62", "USD", '.', 662 },
		{ "-$6.62", "USD", '.', -662 },
		{ "$-6.62", "USD", '.', -662 },
		{ "€ 1.234,50", "EUR", ',', 123450 },
		{ "1.234.567,5 €", "EUR", ',', 123456750 },
		{ "1,234,567.8", "USD", '.', 123456780 },
		{ "1'234.50", "CHF", '.', 123450 },
		{ "CHF 1’234.50", "CHF", '.', 123450 },
		{ "12.50 chf", "CHF", '.', 1250 },
		{ "12.50CHF", "CHF", '.', 1250 },
		{ "1 234 567,89", "EUR", ',', 123456789 },
		{ "1\xC2\xA0"
		  "234,89",
		  "EUR", ',', 123489 },
		{ "1\xE2\x80\xAF"
		  "234,89",
		  "EUR", ',', 123489 },
		{ "−5", "EUR", '.', -500 },
		{ "+5", "EUR", '.', 500 },
		{ "5", "JPY", '.', 5 },
		{ "5.00", "JPY", '.', 5 },
		{ "1.500", "EUR", '.', 150 },
		{ "0.001", "KWD", '.', 1 },
		{ ".5", "EUR", '.', 50 },
		{ "007", "EUR", '.', 700 },
		{ "1e3", "EUR", '.', 100000 },
		{ "1.0E7", "EUR", '.', 1000000000 },
		{ "125e-2", "EUR", '.', 125 },
		{ "12 EUR", "EUR", '.', 1200 },
		{ "0e400", "EUR", '.', 0 },
		{ "0.00000000000000000000000000000000000000000000000000000e3", "EUR", '.', 0 },
		{ "92233720368547758.07", "EUR", '.', INT64_MAX },
		{ "-92233720368547758.07", "EUR", '.', -INT64_MAX },
		{ "100000000000000000000000000000000e-30", "EUR", '.', 10000 },
	};
	struct money m;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (money_parse(str_c(known[i].text), currency(known[i].currency), known[i].mark, false, &m, &e) != OK)
			fail_msg("%s: %s", known[i].text, e.code);
		if (money_minor(m) != known[i].minor)
			fail_msg("%s: %lld", known[i].text, (long long)money_minor(m));
	}
}

static void amounts_are_refused(void **state)
{
	static const struct {
		const char *text, *currency;
		char mark;
		const char *code;
	} known[] = {
		{ "", "EUR", '.', "money.malformed" },
		{ " ", "EUR", '.', "money.malformed" },
		{ "$", "USD", '.', "money.malformed" },
		{ "-", "USD", '.', "money.malformed" },
		{ "5.", "EUR", '.', "money.malformed" },
		{ ".", "EUR", '.', "money.malformed" },
		{ "--5", "EUR", '.', "money.malformed" },
		{ "-$-5", "USD", '.', "money.malformed" },
		{ "1,23", "EUR", '.', "money.malformed" },
		{ "1,2345", "EUR", '.', "money.malformed" },
		{ "12,34,567", "EUR", '.', "money.malformed" },
		{ "1234,567", "EUR", '.', "money.malformed" },
		{ "1,234'567", "EUR", '.', "money.malformed" },
		{ ",234", "EUR", '.', "money.malformed" },
		{ "1.234.50", "EUR", '.', "money.malformed" },
		{ "1.5.5", "EUR", ',', "money.malformed" },
		{ "1,5", "EUR", '.', "money.malformed" },
		{ "1.5 x", "EUR", '.', "money.malformed" },
		{ "$5 USD", "USD", '.', "money.malformed" },
		{ "0x10", "EUR", '.', "money.malformed" },
		{ "nan", "EUR", '.', "money.malformed" },
		{ "1e", "EUR", '.', "money.malformed" },
		{ "1e+", "EUR", '.', "money.malformed" },
		{ "1e4000", "EUR", '.', "money.malformed" },
		{ "5 USD", "EUR", '.', "money.currency" },
		{ "€5", "USD", '.', "money.currency" },
		{ "1.005", "EUR", '.', "money.digits" },
		{ "0.1", "JPY", '.', "money.digits" },
		{ "1e-3", "EUR", '.', "money.digits" },
		{ "1e-40", "EUR", '.', "money.digits" },
		{ "1.00000000000000000000000000000000000000000000000000001", "EUR", '.', "money.digits" },
		{ "92233720368547758.08", "EUR", '.', "money.overflow" },
		{ "100000000000000000000000000000000000000000000000", "EUR", '.', "money.overflow" },
		{ "1e300", "EUR", '.', "money.overflow" },
	};
	struct money m = money_of_minor(1, 99);
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (money_parse(str_c(known[i].text), currency(known[i].currency), known[i].mark, false, &m, &e) == OK)
			fail_msg("accepted: %s", known[i].text);
		if (strcmp(e.code, known[i].code) != 0)
			fail_msg("%s: %s", known[i].text, e.code);
	}
	assert_int_equal(money_minor(m), 99);
}

static void amounts_are_rounded_where_asked(void **state)
{
	static const struct {
		const char *text;
		int64_t minor;
	} known[] = {
		{ "1.005", 101 },
		{ "1.0049999999999999999999999999999999999999999999999", 100 },
		{ "0.285e2", 2850 },
		{ "-1.005", -101 },
		{ "0.30000000000000004", 30 },
		{ "19.989999999999998436805981327779591083526611328125", 1999 },
		{ "0.005", 1 },
		{ "0.0049", 0 },
		{ "0.5e-2", 1 },
		{ "9e-3", 1 },
		{ "9e-4", 0 },
		{ "9e-300", 0 },
	};
	int16_t eur = currency("EUR");
	struct money m;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(money_parse(str_c(known[i].text), eur, '.', true, &m, NULL), OK);
		if (money_minor(m) != known[i].minor)
			fail_msg("%s: %lld", known[i].text, (long long)money_minor(m));
	}
}

static void amounts_come_back(void **state)
{
	int16_t codes[] = { currency("EUR"), currency("JPY"), currency("KWD"), currency("CLF") };
	uint64_t rnd = 41;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		int64_t v = random_amount(&rnd);
		struct money m, in;
		struct decimal d;
		char text[MONEY_TEXT_BYTES];

		if (v == INT64_MIN)
			continue;
		in = money_of_minor(codes[round % 4], v);
		money_format(text, in);
		assert_int_equal(money_parse(str_c(text), in.currency_, '.', false, &m, NULL), OK);
		assert_int_equal(money_minor(m), v);
		money_display(text, in);
		assert_int_equal(money_parse(str_c(text), in.currency_, '.', false, &m, NULL), OK);
		assert_int_equal(money_minor(m), v);
		decimal_format(text, decimal_of_micro(v));
		assert_int_equal(decimal_parse(str_c(text), '.', &d, NULL), OK);
		assert_int_equal(decimal_micro(d), v);
	}
}

static void amounts_are_written(void **state)
{
	char text[MONEY_TEXT_BYTES];
	struct decimal d;
	struct error e;

	(void)state;
	money_format(text, money_of_minor(currency("EUR"), -5));
	assert_string_equal(text, "-0.05");
	money_format(text, money_of_minor(currency("JPY"), 1234));
	assert_string_equal(text, "1234");
	money_format(text, money_none());
	assert_string_equal(text, "0");
	money_display(text, money_of_minor(currency("EUR"), 123450));
	assert_string_equal(text, "EUR 1,234.50");
	money_display(text, money_of_minor(currency("EUR"), INT64_MIN));
	assert_string_equal(text, "EUR -92,233,720,368,547,758.08");
	money_display(text, money_of_minor(currency("JPY"), INT64_MIN));
	assert_string_equal(text, "JPY -9,223,372,036,854,775,808");
	money_display(text, money_of_minor(currency("USD"), 99999));
	assert_string_equal(text, "USD 999.99");
	decimal_format(text, decimal_of_micro(2550000));
	assert_string_equal(text, "2.55");
	decimal_format(text, decimal_of_micro(1000));
	assert_string_equal(text, "0.001");
	decimal_format(text, decimal_of_micro(-3000000));
	assert_string_equal(text, "-3.00");
	assert_int_equal(decimal_parse(STR(" 1,5 "), ',', &d, &e), OK);
	assert_int_equal(decimal_micro(d), 1500000);
	assert_int_equal(decimal_parse(STR("8.3333335"), '.', &d, &e), OK);
	assert_int_equal(decimal_micro(d), 8333334);
	assert_int_equal(decimal_parse(STR("$5"), '.', &d, &e), ERR_INVALID);
	assert_string_equal(e.code, "decimal.malformed");
	assert_int_equal(decimal_parse(STR("9223372036854.775808"), '.', &d, &e), ERR_INVALID);
	assert_string_equal(e.code, "decimal.overflow");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(currencies_are_found),
		cmocka_unit_test(arithmetic_equals_128_bits),
		cmocka_unit_test(currencies_do_not_mix),
		cmocka_unit_test(rounding_of_known_amounts),
		cmocka_unit_test(allocation_is_exact),
		cmocka_unit_test(allocation_of_known_amounts),
		cmocka_unit_test(amounts_are_read),
		cmocka_unit_test(amounts_are_refused),
		cmocka_unit_test(amounts_are_rounded_where_asked),
		cmocka_unit_test(amounts_come_back),
		cmocka_unit_test(amounts_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
