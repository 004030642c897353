/* rooms: orders timeline people shop feed db money base */
#include "test.h"
#include "orders/price.h"
#include <stdlib.h>

static int16_t eur;
static struct error err;

#define assert_ok(expr)                                                                                                \
	do {                                                                                                           \
		if ((expr) != OK)                                                                                      \
			fail_msg("%s: %s %s", #expr, err.code, err.detail);                                            \
	} while (0)

static struct money cents(int64_t minor)
{
	return money_of_minor(eur, minor);
}

static struct decimal dec(const char *text)
{
	struct decimal d;
	assert_int_equal(decimal_parse(str_c(text), '.', &d, NULL), OK);
	return d;
}

static struct price_line_in line(int64_t qty, const char *unit, const char *tax)
{
	return (struct price_line_in){ .qty = qty, .unit_price = dec(unit), .tax_rate = dec(tax) };
}

static struct price_in basket(const struct price_line_in *lines, int count)
{
	return (struct price_in){ .currency = eur, .tax_included = true, .lines = lines, .line_count = count };
}

static int setup(void **state)
{
	assert_true(currency_find(STR("EUR"), &eur));
	*state = arena_new(0);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static void worked_example(void **state)
{
	struct price p;
	struct price_line_in lines[] = { line(3, "9.99", "8.1"), line(1, "100", "2.6"), line(2, "25", "0") };
	struct price_in in = basket(lines, 3);

	lines[0].own = (struct price_discount){ .amount = cents(97) };
	lines[2].never_discounted = true;
	in.discounts[in.discount_count++] = (struct price_discount){ .rate = dec("10") };
	in.shipping = cents(900);
	in.shipping_tax_rate = dec("8.1");
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_int_equal(money_minor(p.lines[0].gross), 2997);
	assert_int_equal(money_minor(p.lines[0].own), 97);
	assert_int_equal(money_minor(p.lines[0].share[0]), 290); /* a tenth of 129.00 by weight */
	assert_int_equal(money_minor(p.lines[1].share[0]), 1000);
	assert_int_equal(money_minor(p.lines[2].share[0]), 0);
	assert_int_equal(money_minor(p.lines[0].tax), 196); /* 26.10 × 8.1 / 108.1 = 1.9557 */
	assert_int_equal(money_minor(p.lines[0].net), 2610 - 196);
	assert_int_equal(money_minor(p.lines[1].tax), 228); /* 90 × 2.6 / 102.6 = 2.2807 */
	assert_int_equal(money_minor(p.shipping_tax), 67);
	assert_int_equal(money_minor(p.total), 2610 + 9000 + 5000 + 900);
	assert_int_equal(money_minor(p.discount), 97 + 1290);

	in.tax_included = false;
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_int_equal(money_minor(p.lines[0].net), 2610);
	assert_int_equal(money_minor(p.lines[0].tax), 211); /* 2.1141 */
	assert_int_equal(money_minor(p.total), 2610 + 211 + 9000 + 234 + 5000 + 900 + 73);
}

static void what_is_no_basket(void **state)
{
	struct price p;
	struct price_line_in l = line(1, "1", "0");
	struct price_in in = basket(&l, 1);

	l.qty = 0;
	assert_int_equal(price_basket(&in, *state, &p, &err), ERR_INVALID);
	assert_string_equal(err.code, "line.quantity");
	l = line(1, "1", "0");
	l.own = (struct price_discount){ .rate = dec("101") };
	assert_int_equal(price_basket(&in, *state, &p, &err), ERR_INVALID);
	l.own = (struct price_discount){ .rate = dec("1"), .amount = cents(1) };
	assert_int_equal(price_basket(&in, *state, &p, &err), ERR_INVALID);
	assert_string_equal(err.code, "discount.kind");
	l.own = (struct price_discount){ .amount = cents(-1) };
	assert_int_equal(price_basket(&in, *state, &p, &err), ERR_INVALID);
	l.own = (struct price_discount){ .amount = money_of_minor(eur == 1 ? 2 : 1, 5) };
	assert_int_equal(price_basket(&in, *state, &p, &err), ERR_INVALID);
	assert_string_equal(err.code, "money.currency");
	l.own = (struct price_discount){ .amount = cents(500) }; /* more than it costs: for nothing */
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_int_equal(money_minor(p.total), 0);
	in.line_count = 0;
	assert_int_equal(price_basket(&in, *state, &p, &err), ERR_INVALID);
}

static void a_threshold_counts_what_goods_cost(void **state)
{
	struct price p;
	struct price_line_in l = line(1, "100", "0");
	struct price_in in = basket(&l, 1);

	in.discounts[in.discount_count++] = (struct price_discount){ .amount = cents(2000), .threshold = cents(10000) };
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_true(p.given[0]);
	assert_int_equal(money_minor(p.total), 8000);
	l.own = (struct price_discount){ .amount = cents(1) };
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_false(p.given[0]);
	assert_int_equal(money_minor(p.total), 9999);
}

/* ---- Returns ---------------------------------------------------------------------------------------------------- */

static int64_t give_back(const struct price *p, const struct price_in *in, enum price_policy policy,
                         struct price_back *backs)
{
	struct money total;
	assert_ok(price_return(p, in->discounts, in->discount_count, policy, backs, &total, &err));
	for (int i = 0; i < p->line_count; i++) {
		backs[i].gone += backs[i].back;
		backs[i].back = 0;
	}
	return money_minor(total);
}

/* solidus #512: a tenth off a basket of 6 and 4; the one that cost 6 comes back and its share of the discount stays. */
static void solidus_512_a_refund_knows_the_order_s_discount(void **state)
{
	struct price p;
	struct price_line_in lines[] = { line(1, "6", "0"), line(1, "4", "0") };
	struct price_in in = basket(lines, 2);
	struct price_back backs[2] = { { .back = 1 }, { 0 } };

	in.discounts[in.discount_count++] = (struct price_discount){ .rate = dec("10") };
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_int_equal(give_back(&p, &in, PRICE_KEEP_SHARE, backs), 540);
	backs[1].back = 1;
	assert_int_equal(give_back(&p, &in, PRICE_KEEP_SHARE, backs), 360);
}

/* vendure #4811: the order's discount moved onto the lines that were left when one was cancelled. */
static void vendure_4811_what_is_left_does_not_get_cheaper(void **state)
{
	struct price p;
	struct price_line_in lines[] = { line(2, "50", "19"), line(1, "100", "19") };
	struct price_in in = basket(lines, 2);
	struct price_back backs[2] = { { .back = 2 }, { 0 } };

	in.discounts[in.discount_count++] = (struct price_discount){ .amount = cents(5000) };
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_int_equal(give_back(&p, &in, PRICE_KEEP_SHARE, backs), 7500); /* its half of the 50 goes with it */
	backs[1].back = 1;
	assert_int_equal(give_back(&p, &in, PRICE_KEEP_SHARE, backs), 7500);
}

static void a_promotion_that_is_no_longer_earned(void **state)
{
	struct price p;
	struct price_line_in lines[] = { line(1, "80", "0"), line(1, "40", "0") };
	struct price_in in = basket(lines, 2);
	struct price_back keep[2] = { { 0 }, { .back = 1 } }, again[2] = { { 0 }, { .back = 1 } };

	in.discounts[in.discount_count++] = (struct price_discount){ .amount = cents(3000), .threshold = cents(10000) };
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_int_equal(give_back(&p, &in, PRICE_KEEP_SHARE, keep), 3000);
	assert_int_equal(give_back(&p, &in, PRICE_REPRICE_KEPT, again), 1000); /* 90 paid, 80 kept */
	assert_int_equal(money_minor(again[0].claw), 2000);
	keep[0].back = again[0].back = 1;
	assert_int_equal(give_back(&p, &in, PRICE_KEEP_SHARE, keep), 6000);
	assert_int_equal(give_back(&p, &in, PRICE_REPRICE_KEPT, again), 8000);
	assert_int_equal(money_minor(again[0].claw), 0);
}

static void no_return_costs_anything(void **state)
{
	struct price p;
	struct price_line_in lines[] = { line(1, "95", "19"), line(1, "5", "19") };
	struct price_in in = basket(lines, 2);
	struct price_back backs[2] = { { 0 }, { .back = 1 } };

	in.discounts[in.discount_count++] = (struct price_discount){ .rate = dec("50"), .threshold = cents(10000) };
	assert_ok(price_basket(&in, *state, &p, &err));
	assert_int_equal(give_back(&p, &in, PRICE_REPRICE_KEPT, backs), 0); /* 47.50 would be due: the 2.50 are kept */
	assert_int_equal(money_minor(backs[0].claw), 250);
	backs[0].back = 1;
	assert_int_equal(give_back(&p, &in, PRICE_REPRICE_KEPT, backs), 5000);
	struct money total;
	backs[0].back = 1;
	assert_int_equal(price_return(&p, in.discounts, 1, PRICE_KEEP_SHARE, backs, &total, &err), ERR_INVALID);
	assert_string_equal(err.code, "line.quantity");
}

static void tenders_take_no_more_than_they_gave(void **state)
{
	struct money left[] = { cents(500), cents(3000), cents(1000) }, parts[3], missing;

	(void)state;
	assert_ok(price_tenders(cents(3200), left, 3, 2, parts, &missing, &err));
	assert_int_equal(money_minor(parts[2]), 1000);
	assert_int_equal(money_minor(parts[0]), 500);
	assert_int_equal(money_minor(parts[1]), 1700);
	assert_int_equal(money_minor(missing), 0);
	assert_ok(price_tenders(cents(4501), left, 3, -1, parts, &missing, &err));
	assert_int_equal(money_minor(missing), 1);
}

/* ---- Everything comes back -------------------------------------------------------------------------------------- */

#define RANDOM_LINES 60000

static struct decimal rate_of(uint64_t *rnd, int64_t most)
{
	return decimal_of_micro((int64_t)random_below(rnd, (uint64_t)most * 10 + 1) * 100000);
}

static struct price_discount random_discount(uint64_t *rnd, bool threshold)
{
	struct price_discount d = { 0 };
	switch (random_below(rnd, 3)) {
	case 0:
		d.rate = rate_of(rnd, 60);
		break;
	case 1:
		d.amount = cents((int64_t)random_below(rnd, 4000));
		break;
	default:
		break;
	}
	if (threshold && random_below(rnd, 2))
		d.threshold = cents((int64_t)random_below(rnd, 60000));
	return d;
}

static int random_basket(uint64_t *rnd, struct price_line_in *lines, struct price_in *in)
{
	static const char *const rates[] = { "0", "2.6", "8.1", "19", "7", "20.5" };
	int count = 1 + (int)random_below(rnd, 8);
	*in = basket(lines, count);
	in->tax_included = random_below(rnd, 2);
	for (int i = 0; i < count; i++) {
		lines[i] = line(1 + (int64_t)random_below(rnd, random_below(rnd, 8) ? 4 : 40), "0", "0");
		lines[i].unit_price = decimal_of_micro((int64_t)random_below(rnd, 300000) * 1000);
		lines[i].tax_rate = dec(rates[random_below(rnd, 6)]);
		lines[i].own = random_discount(rnd, false);
		lines[i].never_discounted = !random_below(rnd, 10);
	}
	while (in->discount_count < PRICE_DISCOUNTS_MAX && random_below(rnd, 2))
		in->discounts[in->discount_count++] = random_discount(rnd, true);
	return count;
}

static void lines_are_whole(const struct price_in *in, const struct price *p)
{
	int64_t total = money_minor(p->shipping) + money_minor(p->shipping_tax);
	for (int i = 0; i < p->line_count; i++) {
		const struct price_line *l = &p->lines[i];
		struct money discount;
		assert_ok(price_line_discount(l, &discount, &err));
		assert_int_equal(money_minor(l->gross) - money_minor(discount),
		                 money_minor(l->net) + (in->tax_included ? money_minor(l->tax) : 0));
		assert_true(money_sign(l->net) >= 0 && money_sign(l->tax) >= 0);
		total += money_minor(l->net) + money_minor(l->tax);
	}
	assert_int_equal(total, money_minor(p->total));
}

/* Returns some units of some lines until nothing is left; what each line gave, to the cent. */
static void everything_back(uint64_t *rnd, const struct price_in *in, const struct price *p, enum price_policy policy)
{
	struct price_back backs[8] = { { 0 } };
	int64_t net[8] = { 0 }, tax[8] = { 0 }, discount[8] = { 0 }, refunded = 0, left = 0;
	for (int i = 0; i < p->line_count; i++)
		left += p->lines[i].qty;
	while (left) {
		for (int i = 0; i < p->line_count; i++) {
			int64_t there = p->lines[i].qty - backs[i].gone;
			backs[i].back = random_below(rnd, 2) ? (int64_t)random_below(rnd, (uint64_t)there + 1) : 0;
			left -= backs[i].back;
		}
		struct money total;
		assert_ok(price_return(p, in->discounts, in->discount_count, policy, backs, &total, &err));
		assert_true(money_sign(total) >= 0);
		refunded += money_minor(total);
		for (int i = 0; i < p->line_count; i++) {
			net[i] += money_minor(backs[i].net);
			tax[i] += money_minor(backs[i].tax);
			discount[i] += money_minor(backs[i].discount);
			assert_true(policy == PRICE_REPRICE_KEPT || money_sign(backs[i].net) >= 0);
			backs[i].gone += backs[i].back;
		}
		int64_t rest = money_minor(p->net) + money_minor(p->tax) - refunded;
		assert_true(rest >= 0);
	}
	for (int i = 0; i < p->line_count; i++) {
		struct money all;
		assert_ok(price_line_discount(&p->lines[i], &all, &err));
		assert_int_equal(net[i], money_minor(p->lines[i].net));
		assert_int_equal(tax[i], money_minor(p->lines[i].tax));
		assert_int_equal(discount[i], money_minor(all));
	}
	assert_int_equal(refunded, money_minor(p->net) + money_minor(p->tax));
}

static void everything_returned_refunds_to_the_cent(void **state)
{
	uint64_t rnd = 20261122;
	int done = 0, earned = 0;
	struct price_line_in lines[8];
	struct price_in in;

	while (done < RANDOM_LINES) {
		struct price p;
		arena_reset(*state);
		done += random_basket(&rnd, lines, &in);
		in.shipping = cents((int64_t)random_below(&rnd, 1500));
		in.shipping_tax_rate = rate_of(&rnd, 20);
		assert_ok(price_basket(&in, *state, &p, &err));
		lines_are_whole(&in, &p);
		everything_back(&rnd, &in, &p, PRICE_KEEP_SHARE);
		everything_back(&rnd, &in, &p, PRICE_REPRICE_KEPT);
		for (int n = 0; n < in.discount_count; n++)
			earned += p.given[n] && !money_is_zero(in.discounts[n].threshold);
	}
	assert_true(earned > 1000); /* or re-pricing was hardly tried */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_example),
		cmocka_unit_test(what_is_no_basket),
		cmocka_unit_test(a_threshold_counts_what_goods_cost),
		cmocka_unit_test(solidus_512_a_refund_knows_the_order_s_discount),
		cmocka_unit_test(vendure_4811_what_is_left_does_not_get_cheaper),
		cmocka_unit_test(a_promotion_that_is_no_longer_earned),
		cmocka_unit_test(no_return_costs_anything),
		cmocka_unit_test(tenders_take_no_more_than_they_gave),
		cmocka_unit_test(everything_returned_refunds_to_the_cent),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
