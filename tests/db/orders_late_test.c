/* rooms: orders stock ledger timeline people shop feed db text money base */
/* What happens to an order after it was placed and after it was sent: changed, on its way, arrived; and returns whose
 * sale a person finds. */
#include "kit/orders_kit.h"
#include "feed/room.h"

static struct shop shop;
static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	shop_open(&shop, kit_db());
	arena = arena_new(0);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	kit_db_close(shop.db);
	clock_set(0);
	return 0;
}

static struct order_unit_in unit(int line, int64_t qty, int store, enum order_method method)
{
	return (struct order_unit_in){ .line = line, .qty = qty, .location = shop.stores[store], .method = method };
}

static enum result try(enum order_command_kind kind, int64_t order, struct order_unit_in u, struct order_done *out)
{
	struct order_command c = { .kind = kind, .order = order, .units = &u, .unit_count = 1 };
	if (kind == COMMAND_RETURN)
		u.condition = CONDITION_GOOD;
	return shop_do(&shop, &c, out);
}

static struct order_done step(enum order_command_kind kind, int64_t order, struct order_unit_in u)
{
	struct order_done done = { 0 };
	assert_ok(try(kind, order, u, &done));
	shop_sound(&shop, order);
	return done;
}

/* Three of the first SKU, paid: two to be sent from store 1, one to be fetched in store 0. */
static int64_t placed(void)
{
	struct order_done done = { 0 };
	shop_fill(&shop, 0, 0, 2);
	shop_fill(&shop, 0, 1, 3);
	struct order_item_in item = shop_item(&shop, 0, 3, 1000);
	struct order_unit_in at[] = { unit(-1, 2, 1, METHOD_SHIP), unit(-1, 1, 0, METHOD_PICK_UP) };
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = at;
	c.unit_count = 2;
	c.shipping = money_of_minor(shop.eur, 500);
	c.pays = (struct order_pay_in[]){ { .tender = TENDER_CARD, .minor = 3500 } };
	c.pay_count = 1;
	assert_ok(shop_do(&shop, &c, &done));
	return done.order;
}

/* ---- On its way ------------------------------------------------------------------------------------------------- */

struct sent {
	int64_t store, after;
	struct order_queued q[4];
	int count;
	int64_t counts[QUEUE_STAGES];
};

static enum result sent_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct sent *s = arg;
	TRY(order_queue_sent(tx, s->store, s->after, NULL, 4, s->q, &s->count, e));
	return order_queue_counts(tx, s->store, s->after, s->counts, e);
}

static struct sent sent_of(int64_t store, int64_t after)
{
	struct sent s = { .store = store, .after = after };
	assert_ok(db_read(shop.db, sent_run, &s, &kit_err));
	assert_int_equal(s.count, s.counts[QUEUE_SHIPPED]);
	return s;
}

static void sent_until_it_has_arrived(void **state)
{
	(void)state;
	int64_t order = placed(), before = clock_now() - 1;
	struct order_done done;
	assert_result(ERR_CONFLICT, try(COMMAND_DELIVER, order, unit(1, 1, 1, METHOD_SHIP), &done));
	step(COMMAND_PICK, order, unit(1, 2, 1, METHOD_SHIP));
	assert_int_equal(sent_of(0, before).count, 0);
	step(COMMAND_SHIP, order, unit(1, 2, 1, METHOD_SHIP));
	struct sent s = sent_of(shop.stores[1], before);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.q[0].part.shipped, 2);
	assert_int_equal(queue_stage_of(&s.q[0]), QUEUE_SHIPPED);
	assert_int_equal(sent_of(0, before).count, 1);
	assert_int_equal(sent_of(shop.stores[0], before).count, 0);
	assert_int_equal(sent_of(shop.stores[1], clock_now() + DAY_US).count, 0); /* taken as arrived */

	int64_t out = shop_units(&shop, 0, 1, UNIT_CUSTOMER);
	done = step(COMMAND_DELIVER, order, unit(1, 1, 1, METHOD_SHIP));
	assert_int_equal(done.state, BOOK_PARTLY);
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_CUSTOMER), out); /* no shelf notices */
	s = sent_of(shop.stores[1], before);
	assert_int_equal(s.q[0].part.shipped, 1);
	assert_int_equal(s.q[0].part.handed, 1);
	assert_result(ERR_CONFLICT, try(COMMAND_DELIVER, order, unit(1, 2, 1, METHOD_SHIP), &done));
	struct order_command rest = { .kind = COMMAND_DELIVER, .order = order, .all = true };
	assert_ok(shop_do(&shop, &rest, &done));
	assert_int_equal(sent_of(shop.stores[1], before).count, 0);
	shop_sound(&shop, order);
	assert_false(book_can(&(struct order_book){ .state = BOOK_PARTLY }, COMMAND_DELIVER));
}

/* What the customer brings back is not on its way any more. */
static void brought_back_has_arrived(void **state)
{
	(void)state;
	int64_t order = placed(), before = clock_now() - 1;
	step(COMMAND_PICK, order, unit(1, 2, 1, METHOD_SHIP));
	step(COMMAND_SHIP, order, unit(1, 2, 1, METHOD_SHIP));
	step(COMMAND_RETURN, order, unit(1, 1, 2, 0));
	struct sent s = sent_of(shop.stores[1], before);
	assert_int_equal(s.q[0].part.shipped, 1);
	step(COMMAND_RETURN, order, unit(1, 1, 2, 0));
	assert_int_equal(sent_of(shop.stores[1], before).count, 0);
}

/* ---- Changed ---------------------------------------------------------------------------------------------------- */

struct look {
	const struct order_command *c;
	struct order_changed k;
};

static enum result look_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct look *l = arg;
	return order_change_price(tx, l->c, arena, &l->k, e);
}

/* Looked at first, then done: the same money; units come from elsewhere at the same stroke. */
static void changed_as_it_was_shown(void **state)
{
	(void)state;
	int64_t order = placed();
	struct order_book was = shop_book(&shop, order, arena), same;
	struct order_done done = { 0 };
	struct order_item_in now[] = { shop_item(&shop, 0, 2, 1000), shop_item(&shop, 1, 1, 700) };
	now[0].line = 1;
	/* one less; what was to be sent from store 1 is fetched in store 0 */
	struct order_unit_in at = unit(1, 1, 0, METHOD_PICK_UP);
	at.from = shop.stores[1];
	struct order_command c = shop_place(&shop, now, 2);
	c.kind = COMMAND_CHANGE;
	c.order = order;
	c.keep_shipping = c.may_wait = true;
	c.units = &at;
	c.unit_count = 1;
	struct look l = { .c = &c };
	assert_ok(db_read(shop.db, look_run, &l, &kit_err));
	assert_int_equal(l.k.was, 3500);
	assert_int_equal(l.k.total, 3200);
	assert_int_equal(l.k.shipping, 500);
	assert_int_equal(l.k.payable, 300);
	assert_int_equal(l.k.receivable, 0);
	assert_int_equal(l.k.line_count, 2);
	assert_int_equal(l.k.lines[1].net + l.k.lines[1].tax, 700);
	same = shop_book(&shop, order, arena);
	assert_int_equal(same.version, was.version); /* only looked at */

	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(done.payable, l.k.payable);
	assert_int_equal(done.amount, l.k.total - l.k.was);
	shop_sound(&shop, order);
	struct order_book b = shop_book(&shop, order, arena);
	assert_int_equal(b.lines[0].open, 2);
	assert_int_equal(b.lines[0].waiting, 0);
	assert_int_equal(b.lines[1].waiting, 1);
	assert_int_equal(b.shipping, 500);
	int64_t here = 0, there = 0;
	for (int i = 0; i < b.part_count; i++)
		*(b.parts[i].location == shop.stores[0] ? &here : &there) += b.parts[i].open;
	assert_int_equal(here + there, 2);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_COMMITTED), here);
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_COMMITTED), there);
	assert_true(here >= 1);

	/* where it is not to be had, nothing of the change stands */
	at = unit(1, 1, 2, METHOD_SHIP);
	now[1].line = 2;
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done));
	assert_string_equal(kit_err.code, "stock.short");
	b = shop_book(&shop, order, arena);
	assert_int_equal(b.lines[0].open, 2);
	/* the same place in another way: no shelf notices */
	at = unit(1, 1, 0, METHOD_SHIP);
	at.from = shop.stores[0];
	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_COMMITTED), here);
	shop_sound(&shop, order);
}

/* ---- A sale found by a person ------------------------------------------------------------------------------------ */

struct settle {
	int64_t id, order;
	unsigned char key[HASH128_BYTES];
	struct order_parked p[4];
	int count;
};

static enum result settle_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct settle *s = arg;
	return order_parked_settle(tx, s->key, 1, 0, s->id, s->order, e);
}

static enum result parked_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct settle *s = arg;
	return order_parked_returns(tx, 0, 0, 4, arena, s->p, &s->count, e);
}

static enum result report_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct settle *s = arg;
	struct order_returned_out out;
	struct order_returned_in in = { .number = STR("mistyped"),
		                        .sku = shop.skus[0],
		                        .qty = 1,
		                        .location = shop.stores[2],
		                        .condition = CONDITION_GOOD,
		                        .tender = TENDER_CARD,
		                        .refunded_minor = 1200 };
	return order_report_return(tx, s->key, &in, &out, e);
}

static int64_t parked_one(uint64_t n)
{
	struct settle s = { 0 };
	shop_key(n, s.key);
	assert_ok(db_transact(shop.db, report_run, &s, &kit_err));
	assert_ok(db_read(shop.db, parked_run, &s, &kit_err));
	assert_int_equal(s.count, 1);
	return s.p[0].id;
}

static void a_person_says_which_sale_it_was(void **state)
{
	(void)state;
	int64_t order = placed();
	struct settle s = { .id = parked_one(71), .order = order };
	shop_key(72, s.key);
	assert_result(ERR_CONFLICT, db_transact(shop.db, settle_run, &s, &kit_err)); /* nothing is with the customer */
	step(COMMAND_PICK, order, unit(1, 2, 1, METHOD_SHIP));
	step(COMMAND_SHIP, order, unit(1, 2, 1, METHOD_SHIP));
	int64_t shelf = shop_units(&shop, 0, 2, UNIT_AVAILABLE);
	assert_ok(db_transact(shop.db, settle_run, &s, &kit_err));
	struct order_book b = shop_book(&shop, order, arena);
	assert_int_equal(b.lines[0].returned, 1);
	assert_int_equal(b.return_lines[0].location, shop.stores[2]);
	assert_int_equal(book_captured(&b, TENDER_CARD), 2500);
	assert_int_equal(shop_units(&shop, 0, 2, UNIT_AVAILABLE), shelf); /* it had come in already */
	shop_sound(&shop, order);
	assert_ok(db_transact(shop.db, settle_run, &s, &kit_err)); /* a replay */
	b = shop_book(&shop, order, arena);
	assert_int_equal(b.lines[0].returned, 1);
	shop_key(73, s.key);
	assert_result(ERR_NOT_FOUND, db_transact(shop.db, settle_run, &s, &kit_err));

	s = (struct settle){ .id = parked_one(74) }; /* no sale will come */
	shop_key(75, s.key);
	assert_ok(db_transact(shop.db, settle_run, &s, &kit_err));
	assert_ok(db_read(shop.db, parked_run, &s, &kit_err));
	assert_int_equal(s.count, 0);
	shop_sound(&shop, order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sent_until_it_has_arrived, setup, teardown),
		cmocka_unit_test_setup_teardown(brought_back_has_arrived, setup, teardown),
		cmocka_unit_test_setup_teardown(changed_as_it_was_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(a_person_says_which_sale_it_was, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
