/* rooms: orders stock ledger timeline people shop feed db text money base */
/* What random commands found (orders_random_test.c), each made small. */
#include "kit/orders_kit.h"

static struct shop shop;

static int setup(void **state)
{
	(void)state;
	shop_open(&shop, kit_db());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(shop.db);
	return 0;
}

static struct order_done run(const struct order_command *c)
{
	struct order_done done = { 0 };
	assert_ok(shop_do(&shop, c, &done));
	shop_sound(&shop, done.order);
	return done;
}

static struct order_unit_in to_fetch(int line)
{
	return (struct order_unit_in){ .line = line, .qty = 1, .location = shop.stores[0], .method = METHOD_PICK_UP };
}

/* Seed 14288: what was cancelled came off what was still to be paid, and what was charged back with it, as a promotion
 * was no longer earned, was taken from a refund that was on its way already: more was given back than was owed. */
static void a_charge_back_leaves_pending_refunds_alone(void **state)
{
	(void)state;
	struct order_item_in items[] = { shop_item(&shop, 0, 1, 6000), shop_item(&shop, 1, 1, 100),
		                         shop_item(&shop, 2, 1, 500) };
	struct order_unit_in at[] = { to_fetch(-1), to_fetch(-2), to_fetch(-3) };
	struct order_pay_in pay = { .tender = TENDER_CARD, .minor = 5600 };
	struct order_command c = shop_place(&shop, items, 3);
	for (int i = 0; i < SHOP_SKUS; i++)
		shop_fill(&shop, i, 0, 1);
	c.units = at;
	c.pays = &pay;
	c.unit_count = 3;
	c.pay_count = 1;
	c.policy = PRICE_REPRICE_KEPT;
	c.discounts[c.discount_count++] = (struct price_discount){ .amount = money_of_minor(shop.eur, 1000),
		                                                   .threshold = money_of_minor(shop.eur, 6100) };
	int64_t order = run(&c).order;
	at[0] = to_fetch(3);
	struct order_command less = { .kind = COMMAND_CANCEL, .order = order, .units = at, .unit_count = 1 };
	pay = (struct order_pay_in){ .tender = TENDER_CARD, .minor = run(&less).payable, .pending = true };
	int64_t sent = pay.minor;
	assert_true(sent > 0);
	(void)run(&(struct order_command){ .kind = COMMAND_REFUND, .order = order, .pays = &pay, .pay_count = 1 });

	items[0].line = 1;
	items[1].line = 2;
	items[2] = shop_item(&shop, 3, 1, 1000);
	at[0] = to_fetch(-3);
	c.kind = COMMAND_CHANGE;
	c.order = order;
	c.unit_count = 1;
	c.pay_count = 0;
	assert_true(run(&c).receivable > 0);
	at[0] = to_fetch(2);
	at[1] = to_fetch(4);
	less.unit_count = 2;
	struct order_done done = run(&less);
	assert_int_equal(done.payable, 0);
	assert_int_equal(done.receivable, 6000 - (5600 - sent)); /* the first item, at its full price */
	done = run(&(struct order_command){ .kind = COMMAND_REFUND_DONE, .order = order, .payment = 2 });
	assert_int_equal(done.receivable, 6000 - (5600 - sent));
}

/* A change names the lines that stand and adds others: units of its third item are of its third item, also where the
 * first two stand already. They were taken for those of the third new one, or of none. */
static void units_of_a_change_are_of_the_item_that_they_name(void **state)
{
	(void)state;
	struct order_item_in items[] = { shop_item(&shop, 0, 1, 1000), shop_item(&shop, 1, 1, 2000),
		                         shop_item(&shop, 2, 1, 3000) };
	struct order_unit_in at[] = { to_fetch(-1), to_fetch(-2) };
	struct order_command c = shop_place(&shop, items, 1);
	for (int i = 0; i < SHOP_SKUS; i++)
		shop_fill(&shop, i, 0, 2);
	c.units = at;
	c.unit_count = 1;
	c.on_account = true;
	int64_t order = run(&c).order;
	items[0].line = 1;
	items[0].price.qty = 2;
	c.kind = COMMAND_CHANGE;
	c.order = order;
	c.item_count = 3;
	c.unit_count = 2;
	c.may_wait = true;
	(void)run(&c); /* one more of the first, the second; the third waits */
	struct arena *a = arena_new(0);
	struct order_book b = shop_book(&shop, order, a);
	assert_int_equal(b.line_count, 3);
	assert_int_equal(b.lines[0].open, 2);
	assert_int_equal(b.lines[1].open, 1);
	assert_int_equal(b.lines[2].waiting, 1);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_charge_back_leaves_pending_refunds_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(units_of_a_change_are_of_the_item_that_they_name, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
