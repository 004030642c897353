/* rooms: orders stock ledger timeline people shop feed db text money base */
#include "kit/orders_kit.h"
#include "kit/people_kit.h"
#include "feed/room.h"
#include "timeline/timeline.h"
#include "text/text.h"

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

#define UNIT(line_, qty_, store_, method_)                                                                             \
	{                                                                                                              \
		.line = (line_), .qty = (qty_), .location = shop.stores[store_], .method = (method_)                   \
	}
#define ONE(...) .units = (const struct order_unit_in[]){ __VA_ARGS__ }, .unit_count = 1
#define PAID(tender_, minor_)                                                                                          \
	.pays = (const struct order_pay_in[]){ { .tender = (tender_), .minor = (minor_) } }, .pay_count = 1

static void count(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)detail;
	++*(int *)arg;
	print_message("%s: %s: %s\n", room, invariant, detail);
	(void)room;
	(void)invariant;
}

static void everything_sound(void)
{
	int found = 0;
	assert_ok(orders_room.check(shop.db, count, &found, &kit_err));
	assert_ok(ledger_room.check(shop.db, count, &found, &kit_err));
	assert_int_equal(found, 0);
}

static struct order_done step(enum order_command_kind kind, int64_t order, struct order_unit_in unit)
{
	struct order_command c = { .kind = kind, .order = order, .store = shop.stores[0], ONE(unit) };
	struct order_done done = { 0 };
	assert_ok(shop_do(&shop, &c, &done));
	shop_sound(&shop, order);
	return done;
}

static struct order_unit_in unit(int line, int64_t qty, int store, enum order_method method)
{
	return (struct order_unit_in){ .line = line, .qty = qty, .location = shop.stores[store], .method = method };
}

struct read {
	int64_t order, record;
	struct order o[4];
	struct touchpoint t[20];
	int count, touched;
};

static enum result read_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct read *r = arg;
	if (r->order)
		return order_get(tx, r->order, arena, &r->o[0], e);
	TRY(order_page(tx, &r->record, 1, 0, 0, 4, true, arena, r->o, &r->count, e));
	return timeline_page(tx, &r->record, 1, 0, 0, 0, 20, arena, r->t, &r->touched, e);
}

struct queue_read {
	int64_t order;
	struct order_queued q[4];
	struct order_event ev[8];
	int queued, events, before;
	const struct order_queued *after;
};

static enum result queue_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct queue_read *r = arg;
	TRY(order_queue(tx, shop.stores[1], r->after, 1, r->q, &r->queued, e));
	return order_events(tx, r->order, r->before, 2, arena, r->ev, &r->events, e);
}

/* A place's work, page by page, loses none of an order's parts; the trail, page by page, none of its events. */
static void work_and_trail_in_pages(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	shop_fill(&shop, 0, 1, 5);
	shop_fill(&shop, 1, 1, 5);
	struct order_item_in items[] = { shop_item(&shop, 0, 3, 9990), shop_item(&shop, 1, 1, 500) };
	struct order_unit_in at[] = { UNIT(-1, 1, 1, METHOD_PICK_UP), UNIT(-1, 2, 1, METHOD_SHIP),
		                      UNIT(-2, 1, 1, METHOD_PICK_UP) };
	struct order_command c = shop_place(&shop, items, 2);
	c.units = at;
	c.unit_count = 3;
	assert_ok(shop_do(&shop, &c, &done));
	step(COMMAND_PICK, done.order, unit(1, 1, 1, METHOD_PICK_UP));
	step(COMMAND_READY, done.order, unit(1, 1, 1, METHOD_PICK_UP));

	struct queue_read r = { .order = done.order };
	int64_t units = 0;
	struct order_queued last; /* r.after points at it */
	int parts = 0;
	for (;; r.after = &last, parts++) {
		assert_ok(db_read(shop.db, queue_run, &r, &kit_err));
		if (!r.queued)
			break;
		last = r.q[0];
		assert_int_equal(last.order, done.order);
		units += last.part.open + last.part.picked + last.part.ready;
		assert_true(parts < 3);
	}
	assert_int_equal(parts, 3);
	assert_int_equal(units, 4);
	assert_int_equal(r.events, 2);
	assert_int_equal(r.ev[0].kind, COMMAND_READY);
	assert_int_equal(r.ev[1].kind, COMMAND_PICK);
	r.before = r.ev[1].n;
	assert_ok(db_read(shop.db, queue_run, &r, &kit_err));
	assert_int_equal(r.events, 1);
	assert_int_equal(r.ev[0].kind, COMMAND_PLACE);
	assert_int_equal(r.ev[0].state, BOOK_PLACED);
}

/* Ordered by phone, picked up in one store, one pair of three brought back to another. */
static void one_order_every_channel(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	int64_t record = put(shop.db, "till", "ada", "Ada Byron", "e:ada@b.org");
	shop_fill(&shop, 0, 1, 3);
	struct order_item_in item = shop_item(&shop, 0, 3, 9990);
	struct order_unit_in at = UNIT(-1, 3, 1, METHOD_PICK_UP);
	struct order_command c = shop_place(&shop, &item, 1);
	c.record = record;
	c.channel = CHANNEL_PHONE;
	c.units = &at;
	c.unit_count = 1;
	assert_ok(shop_do(&shop, &c, &done));
	int64_t order = done.order;
	assert_int_equal(done.state, BOOK_PLACED);
	assert_int_equal(done.amount, 29970);
	assert_int_equal(done.receivable, 29970);
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_AVAILABLE), 0);
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_COMMITTED), 3);
	shop_sound(&shop, order);

	step(COMMAND_PICK, order, unit(1, 3, 1, METHOD_PICK_UP));
	step(COMMAND_READY, order, unit(1, 3, 1, METHOD_PICK_UP));
	struct order_command hand = { .kind = COMMAND_HAND_OVER, .order = order, ONE(UNIT(1, 3, 1, METHOD_PICK_UP)) };
	assert_result(ERR_CONFLICT, shop_do(&shop, &hand, &done));
	assert_string_equal(kit_err.code, "order.unpaid");
	struct order_command pay = { .kind = COMMAND_PAY, .order = order, PAID(TENDER_CARD, 30000) };
	assert_result(ERR_CONFLICT, shop_do(&shop, &pay, &done));
	assert_string_equal(kit_err.code, "order.paid");
	pay = (struct order_command){ .kind = COMMAND_PAY, .order = order, PAID(TENDER_CARD, 29970) };
	assert_ok(shop_do(&shop, &pay, &done));
	assert_int_equal(done.receivable, 0);
	assert_int_equal(step(COMMAND_HAND_OVER, order, unit(1, 3, 1, METHOD_PICK_UP)).state, BOOK_FULFILLED);
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_CUSTOMER), 3);

	struct order_unit_in back = unit(1, 1, 2, 0);
	back.condition = CONDITION_GOOD;
	struct order_command ret = {
		.kind = COMMAND_RETURN, .order = order, .store = shop.stores[2], ONE(back), .refund_rest = true
	};
	assert_ok(shop_do(&shop, &ret, &done));
	assert_int_equal(done.amount, 9990);
	assert_int_equal(done.refunded, 9990);
	assert_int_equal(done.payable, 0);
	assert_int_equal(done.returned, 1);
	assert_int_equal(shop_units(&shop, 0, 2, UNIT_AVAILABLE), 1); /* where it was received */
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_AVAILABLE), 0);
	everything_sound();

	struct read r = { .record = record };
	assert_ok(db_read(shop.db, read_run, &r, &kit_err));
	assert_int_equal(r.count, 2);
	assert_int_equal(r.o[0].kind, ORDER_RETURN);
	assert_int_equal(r.o[0].total_minor, 9990);
	assert_int_equal(r.o[0].lines[0].original_order, order);
	assert_int_equal(r.o[1].kind, ORDER_SALE);
	assert_int_equal(r.o[1].total_minor, 29970);
	assert_int_equal(r.o[1].net_minor + r.o[1].tax_minor, 29970);
	assert_int_equal(r.o[1].full_minor, r.o[1].net_minor);
	assert_int_equal(r.o[1].discount_minor, 0);
	assert_int_equal(r.touched, 5); /* placed, ready, paid, handed over, returned */
	assert_string_equal(r.t[4].kind, "Order Placed");
	assert_true(r.t[4].ref == order);
}

static void a_replay_moves_nothing(void **state)
{
	(void)state;
	shop_fill(&shop, 0, 0, 5);
	struct order_item_in item = shop_item(&shop, 0, 2, 500);
	struct order_unit_in at = UNIT(-1, 2, 0, METHOD_TAKE);
	struct order_run r = { .c = shop_place(&shop, &item, 1) }, again;
	r.c.units = &at;
	r.c.unit_count = 1;
	r.c.pays = (struct order_pay_in[]){ { .tender = TENDER_CASH, .minor = 1000 } };
	r.c.pay_count = 1;
	shop_key(++shop.keys, r.key);
	again = r;
	assert_ok(db_transact(shop.db, order_run, &r, &kit_err));
	assert_int_equal(r.out.state, BOOK_FULFILLED);
	assert_false(r.out.replayed);
	assert_ok(db_transact(shop.db, order_run, &again, &kit_err));
	assert_true(again.out.replayed);
	again.out.replayed = false;
	assert_memory_equal(&r.out, &again.out, sizeof(r.out));
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_AVAILABLE), 3);
	item.price.qty = 1;
	assert_result(ERR_MISMATCH, db_transact(shop.db, order_run, &again, &kit_err));
	shop_sound(&shop, r.out.order);
	everything_sound();
}

/* medusa #16502: two lines of one basket for the same SKU were each compared with all that was there. */
static void medusa_16502_two_lines_of_one_sku(void **state)
{
	(void)state;
	shop_fill(&shop, 0, 0, 3);
	struct order_item_in items[] = { shop_item(&shop, 0, 2, 500), shop_item(&shop, 0, 2, 500) };
	struct order_unit_in at[] = { UNIT(-1, 2, 0, METHOD_SHIP), UNIT(-2, 2, 0, METHOD_SHIP) };
	struct order_command c = shop_place(&shop, items, 2);
	c.units = at;
	c.unit_count = 2;
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, NULL));
	assert_string_equal(kit_err.code, "stock.short");
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_AVAILABLE), 3);
	everything_sound();
}

/* spree #4324: a return was put on the shelf of the location that had sent it. erpnext #54528: a cancelled document
 * left its units in the cached balance. */
static void spree_4324_and_erpnext_54528(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	shop_fill(&shop, 0, 0, 2);
	struct order_item_in item = shop_item(&shop, 0, 2, 700);
	struct order_unit_in at = UNIT(-1, 2, 0, METHOD_SHIP);
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.unit_count = 1;
	c.on_account = true;
	c.shipping = money_of_minor(shop.eur, 490);
	assert_ok(shop_do(&shop, &c, &done));
	int64_t order = done.order;
	step(COMMAND_PICK, order, unit(1, 1, 0, METHOD_SHIP));
	assert_int_equal(step(COMMAND_SHIP, order, unit(1, 1, 0, METHOD_SHIP)).state, BOOK_PARTLY);
	struct order_unit_in back = unit(1, 1, 2, 0);
	back.condition = CONDITION_UNKNOWN;
	struct order_done ret = step(COMMAND_RETURN, order, back);
	assert_int_equal(ret.receivable, 700 + 490);
	assert_int_equal(ret.payable, 0);
	assert_int_equal(shop_units(&shop, 0, 2, UNIT_QUALITY), 1);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_QUALITY), 0);
	back.condition = CONDITION_DAMAGED;
	step(COMMAND_INSPECT, order, back);
	assert_int_equal(shop_units(&shop, 0, 2, UNIT_DAMAGED), 1);

	struct order_command cancel = { .kind = COMMAND_CANCEL, .order = order };
	assert_ok(shop_do(&shop, &cancel, &done));
	assert_int_equal(done.state, BOOK_FULFILLED);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_COMMITTED), 0);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_AVAILABLE), 1);
	assert_int_equal(done.receivable, 490);
	everything_sound();
}

static void quoted_changed_split(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	shop_fill(&shop, 0, 0, 2);
	shop_fill(&shop, 0, 1, 2);
	shop_fill(&shop, 1, 1, 1);
	struct order_item_in items[] = { shop_item(&shop, 0, 3, 10000), shop_item(&shop, 1, 1, 5000) };
	struct order_command c = shop_place(&shop, items, 2);
	c.kind = COMMAND_QUOTE;
	c.discounts[0] = (struct price_discount){ .rate = decimal_of_micro(10000000),
		                                  .threshold = money_of_minor(shop.eur, 30000) };
	c.discount_count = 1;
	assert_ok(shop_do(&shop, &c, &done));
	int64_t order = done.order;
	assert_int_equal(done.state, BOOK_DRAFT);
	assert_int_equal(done.amount, 31500);
	shop_sound(&shop, order);

	struct order_unit_in at[] = { UNIT(1, 2, 0, METHOD_PICK_UP), UNIT(1, 1, 1, METHOD_SHIP),
		                      UNIT(2, 1, 1, METHOD_SHIP) };
	struct order_command place = { .kind = COMMAND_PLACE, .order = order, .units = at, .unit_count = 3 };
	int64_t made = shop_book(&shop, order, arena).placed_at;
	clock_set(made + QUOTE_KEEP_US + 1);
	assert_result(ERR_CONFLICT, shop_do(&shop, &place, NULL));
	assert_string_equal(kit_err.code, "order.lapsed");
	clock_set(made + QUOTE_KEEP_US); /* the last moment */
	place.pays = (struct order_pay_in[]){ { .tender = TENDER_GIFT_CARD, .minor = 5000 } };
	place.pay_count = 1;
	assert_ok(shop_do(&shop, &place, &done));
	assert_int_equal(done.state, BOOK_PLACED);
	assert_int_equal(done.receivable, 26500);
	shop_sound(&shop, order);

	/* two instead of three, nothing of the other, one of a third: the discount is lost */
	struct order_item_in now[] = { shop_item(&shop, 0, 2, 10000), shop_item(&shop, 2, 1, 1000) };
	now[0].line = 1;
	c.kind = COMMAND_CHANGE;
	c.order = order;
	c.items = now;
	c.units = NULL;
	c.unit_count = 0;
	c.may_wait = true;
	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(done.amount, 21000 - 31500);
	assert_int_equal(done.receivable, 16000);
	shop_sound(&shop, order);
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_AVAILABLE), 2); /* from the last location first */
	struct order_book b = shop_book(&shop, order, arena);
	assert_int_equal(b.line_count, 3);
	assert_int_equal(b.lines[1].cancelled, 1);
	assert_int_equal(b.lines[2].waiting, 1);

	struct read r = { .order = order };
	assert_ok(db_read(shop.db, read_run, &r, &kit_err));
	assert_int_equal(r.o[0].total_minor, 21000);
	assert_int_equal(r.o[0].line_count, 2);

	/* the third is not to be had: cancelled; one is not found: it comes from elsewhere */
	struct order_command cancel = { .kind = COMMAND_CANCEL, .order = order, ONE({ .line = 3, .qty = 1 }) };
	assert_ok(shop_do(&shop, &cancel, &done));
	step(COMMAND_PROBLEM, order, unit(1, 1, 0, METHOD_PICK_UP));
	step(COMMAND_ALLOCATE, order, unit(1, 1, 1, METHOD_PICK_UP));
	struct order_command change = c;
	assert_ok(shop_do(&shop,
	                  &(struct order_command){ .kind = COMMAND_PAY, .order = order, PAID(TENDER_CARD, 15000) },
	                  &done));
	step(COMMAND_PICK, order, unit(1, 1, 1, METHOD_PICK_UP));
	assert_result(ERR_CONFLICT, shop_do(&shop, &change, &done));
	step(COMMAND_READY, order, unit(1, 1, 1, METHOD_PICK_UP));
	struct order_command gone = {
		.kind = COMMAND_NO_SHOW, .order = order, .refund_rest = true, ONE(UNIT(1, 1, 1, METHOD_PICK_UP))
	};
	assert_ok(shop_do(&shop, &gone, &done));
	assert_int_equal(done.refunded, 10000); /* to the card; the rest stays paid */
	assert_int_equal(done.state, BOOK_PLACED);
	assert_ok(shop_do(&shop, &(struct order_command){ .kind = COMMAND_CANCEL, .order = order, .refund_rest = true },
	                  &done));
	assert_int_equal(done.state, BOOK_CANCELLED);
	assert_int_equal(done.refunded, 10000);
	assert_ok(shop_do(&shop, &(struct order_command){ .kind = COMMAND_CLOSE, .order = order }, &done));
	everything_sound();
}

static int64_t sold(int sku, int64_t qty, int64_t minor, enum tender tender, enum price_policy policy)
{
	struct order_done done = { 0 };
	struct order_item_in item = shop_item(&shop, sku, qty, minor);
	struct order_unit_in at = UNIT(-1, qty, 0, METHOD_TAKE);
	struct order_pay_in pay = { .tender = tender, .minor = qty * minor };
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.pays = &pay;
	c.unit_count = c.pay_count = 1;
	c.policy = policy;
	shop_fill(&shop, sku, 0, qty);
	assert_ok(shop_do(&shop, &c, &done));
	return done.order;
}

static void exchanged_with_a_difference(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	int64_t order = sold(0, 2, 8000, TENDER_CARD, 0);
	shop_fill(&shop, 1, 0, 2);
	struct order_item_in item = shop_item(&shop, 1, 1, 9500);
	struct order_unit_in units[] = { UNIT(1, 1, 0, 0), UNIT(-1, 1, 0, METHOD_TAKE) };
	units[0].condition = CONDITION_GOOD;
	struct order_command c = shop_place(&shop, &item, 1);
	c.kind = COMMAND_EXCHANGE;
	c.order = order;
	c.units = units;
	c.unit_count = 2;
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done)); /* 15 more are to be paid */
	assert_string_equal(kit_err.code, "order.unpaid");
	c.pays = (struct order_pay_in[]){ { .tender = TENDER_CASH, .minor = 1500 } };
	c.pay_count = 1;
	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(done.amount, 1500);
	assert_int_equal(done.state, BOOK_FULFILLED);
	shop_sound(&shop, order);

	/* and back to something cheaper: what is due comes back */
	item = shop_item(&shop, 1, 1, 500);
	units[0].line = 2;
	c.pay_count = 0;
	c.refund_rest = true;
	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(done.amount, -9000);
	assert_int_equal(done.refunded, 9000);
	everything_sound();
}

static void refunds_of_several_tenders(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	struct order_item_in item = shop_item(&shop, 0, 3, 1000);
	struct order_unit_in at = UNIT(-1, 3, 0, METHOD_TAKE);
	struct order_command c = shop_place(&shop, &item, 1);
	shop_fill(&shop, 0, 0, 3);
	c.units = &at;
	c.unit_count = 1;
	c.pays = (struct order_pay_in[]){ { .tender = TENDER_CARD, .minor = 2000 },
		                          { .tender = TENDER_GIFT_CARD, .minor = 1000 } };
	c.pay_count = 2;
	assert_ok(shop_do(&shop, &c, &done));
	int64_t order = done.order;
	struct order_unit_in back = unit(1, 2, 0, 0);
	back.condition = CONDITION_GOOD;
	assert_int_equal(step(COMMAND_RETURN, order, back).payable, 2000);

	struct order_command refund = { .kind = COMMAND_REFUND, .order = order, PAID(TENDER_GIFT_CARD, 1001) };
	assert_result(ERR_CONFLICT, shop_do(&shop, &refund, &done));
	assert_string_equal(kit_err.code, "order.refund");
	struct order_pay_in pending = { .tender = TENDER_CARD, .minor = 1500, .pending = true };
	refund.pays = &pending;
	assert_ok(shop_do(&shop, &refund, &done));
	assert_int_equal(done.payable, 500);
	int payment = done.payment;
	assert_result(ERR_CONFLICT, shop_do(&shop, &refund, &done)); /* 500 are left */
	refund.pays = &(struct order_pay_in){ .tender = TENDER_GIFT_CARD, .minor = 500, .as_credit = true };
	assert_ok(shop_do(&shop, &refund, &done));
	assert_int_equal(done.payable, 0);
	struct order_command end = { .kind = COMMAND_REFUND_FAILED, .order = order, .payment = payment };
	assert_ok(shop_do(&shop, &end, &done));
	assert_int_equal(done.payable, 1500);
	assert_result(ERR_CONFLICT, shop_do(&shop, &end, &done));
	shop_sound(&shop, order);
	refund.pays = &pending;
	assert_ok(shop_do(&shop, &refund, &done));
	end = (struct order_command){ .kind = COMMAND_REFUND_DONE, .order = order, .payment = done.payment };
	assert_ok(shop_do(&shop, &end, &done));
	assert_int_equal(done.payable, 0);
	everything_sound();
}

static void what_is_refused(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	int64_t order = sold(0, 1, 1000, TENDER_CASH, 0);
	struct order_unit_in back = unit(1, 2, 0, 0);
	back.condition = CONDITION_GOOD;
	struct order_command c = { .kind = COMMAND_RETURN, .order = order, ONE(back) };
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done));
	assert_string_equal(kit_err.code, "order.units");
	c.kind = COMMAND_PICK;
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done));
	assert_string_equal(kit_err.code, "order.state");
	c.order = id_new(7);
	assert_result(ERR_NOT_FOUND, shop_do(&shop, &c, &done));
	struct order_item_in item = shop_item(&shop, 0, 1, 1000);
	c = shop_place(&shop, &item, 1);
	c.number = STR("T-1");
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done)); /* no location */
	c.may_wait = true;
	assert_ok(shop_do(&shop, &c, &done));
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done));
	assert_string_equal(kit_err.code, "order.number");
	c.currency = 0;
	c.number = STR("T-2");
	assert_result(ERR_INVALID, shop_do(&shop, &c, &done));
	everything_sound();
}

struct returned_run {
	unsigned char key[HASH128_BYTES];
	struct order_returned_in in;
	struct order_returned_out out;
};

static enum result returned_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct returned_run *r = arg;
	return order_report_return(tx, r->key, &r->in, &r->out, e);
}

static struct order_returned_out returned(const char *number, int sku, int64_t qty, int store, int64_t refunded)
{
	struct returned_run r = { .in = { .number = str_c(number),
		                          .sku = shop.skus[sku],
		                          .qty = qty,
		                          .location = shop.stores[store],
		                          .condition = CONDITION_GOOD,
		                          .tender = TENDER_CASH,
		                          .refunded_minor = refunded } };
	shop_key(++shop.keys, r.key);
	assert_ok(db_transact(shop.db, returned_run, &r, &kit_err));
	struct order_returned_out first = r.out;
	assert_ok(db_transact(shop.db, returned_run, &r, &kit_err)); /* a replay */
	assert_memory_equal(&first, &r.out, sizeof(first));
	return r.out;
}

struct lists {
	struct order_review review[4];
	struct order_parked parked[4];
	int reviews, parked_count;
};

static enum result lists_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct lists *l = arg;
	TRY(order_reviews(tx, 0, 0, 4, l->review, &l->reviews, e));
	return order_parked_returns(tx, 0, 0, 4, arena, l->parked, &l->parked_count, e);
}

static enum result close_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct lists *l = arg;
	return order_review_close(tx, l->review[0].id, e);
}

/* What a till says has happened is never refused: before its sale, of more than was sold, for more than was paid. */
static void returns_as_reported(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	struct order_returned_out out = returned("T-9", 0, 1, 2, 800);
	assert_int_equal(out.order, 0);
	assert_int_equal(out.parked, 1);
	assert_int_equal(shop_units(&shop, 0, 2, UNIT_AVAILABLE), 1);
	everything_sound();

	struct order_item_in item = shop_item(&shop, 0, 2, 800);
	struct order_unit_in at = UNIT(-1, 2, 0, METHOD_TAKE);
	struct order_command c = shop_place(&shop, &item, 1);
	shop_fill(&shop, 0, 0, 2);
	c.number = STR("T-9");
	c.units = &at;
	c.unit_count = 1;
	c.pays = (struct order_pay_in[]){ { .tender = TENDER_CASH, .minor = 1600 } };
	c.pay_count = 1;
	assert_ok(shop_do(&shop, &c, &done));
	int64_t order = done.order;
	struct order_book b = shop_book(&shop, order, arena);
	assert_int_equal(b.lines[0].returned, 1);
	assert_int_equal(b.return_lines[0].location, shop.stores[2]);
	assert_int_equal(book_captured(&b, TENDER_CASH), 800);
	assert_int_equal(book_payable(&b), 0);
	assert_int_equal(shop_units(&shop, 0, 2, UNIT_AVAILABLE), 1); /* once */
	shop_sound(&shop, order);

	out = returned("T-9", 0, 3, 1, 3000); /* one of them is this order's, and 1000 of the money */
	assert_int_equal(out.order, order);
	assert_int_equal(out.taken, 1);
	assert_int_equal(out.parked, 2);
	assert_int_equal(out.unmatched_minor, 200);
	struct lists l;
	assert_ok(db_read(shop.db, lists_run, &l, &kit_err));
	assert_int_equal(l.reviews, 1);
	assert_int_equal(l.review[0].unmatched_minor, 200);
	assert_int_equal(l.parked_count, 1); /* the first was found */
	assert_int_equal(l.parked[0].qty, 2);
	assert_int_equal(l.parked[0].refunded_minor, 2000);
	assert_string_equal(l.parked[0].number, "t-9");
	assert_ok(db_transact(shop.db, close_run, &l, &kit_err));
	assert_result(ERR_NOT_FOUND, db_transact(shop.db, close_run, &l, &kit_err));
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_AVAILABLE), 3);
	shop_sound(&shop, order);
	everything_sound();
}

static void a_hold_becomes_an_order(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	shop_fill(&shop, 0, 0, 1);
	struct stock_run hold = { .c = { .kind = STOCK_HOLD_PLACE,
		                         .sku = shop.skus[0],
		                         .location = shop.stores[0],
		                         .qty = 1,
		                         .at = clock_now() + DAY_US } };
	shop_key(++shop.keys, hold.key);
	assert_ok(db_transact(shop.db, stock_run, &hold, &kit_err));
	struct order_item_in item = shop_item(&shop, 0, 1, 800);
	struct order_unit_in at = UNIT(-1, 1, 0, METHOD_PICK_UP);
	struct order_command c = shop_place(&shop, &item, 1);
	c.units = &at;
	c.unit_count = 1;
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done)); /* it is held */
	at.hold = hold.out.id;
	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_HELD), 0);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_COMMITTED), 1);
	shop_sound(&shop, done.order);
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done));
	assert_string_equal(kit_err.code, "stock.hold");
	everything_sound();
}

static void moved(enum stock_kind kind, int64_t transfer, struct transfer_line *lines, int count)
{
	struct stock_run r = { .c = { .kind = kind, .id = transfer, .lines = lines, .line_count = count } };
	shop_key(++shop.keys, r.key);
	assert_ok(db_transact(shop.db, stock_run, &r, &kit_err));
}

/* Two lines from one store and one from another are brought here: one command promises them and asks for both ways. */
static void fetched_where_it_is_not_yet(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	struct order_item_in items[] = { shop_item(&shop, 0, 3, 1000), shop_item(&shop, 1, 1, 500) };
	struct order_unit_in from[] = { UNIT(-1, 1, 1, METHOD_PICK_UP), UNIT(-1, 1, 1, METHOD_PICK_UP),
		                        UNIT(-2, 1, 1, METHOD_PICK_UP), UNIT(-1, 1, 2, METHOD_PICK_UP) };
	struct order_command c = shop_place(&shop, items, 2);
	c.units = from;
	c.unit_count = 4;
	shop_fill(&shop, 0, 1, 2);
	shop_fill(&shop, 0, 2, 1);
	for (int i = 0; i < 4; i++)
		from[i].to = shop.stores[0];
	assert_result(ERR_CONFLICT, shop_do(&shop, &c, &done)); /* one is nowhere: nothing is asked for either */
	shop_fill(&shop, 1, 1, 1);
	assert_ok(shop_do(&shop, &c, &done));
	shop_sound(&shop, done.order);
	assert_int_equal(shop_units(&shop, 0, 1, UNIT_COMMITTED), 2);
	assert_int_equal(shop_units(&shop, 1, 1, UNIT_COMMITTED), 1);
	struct transfer_line far = { shop.skus[0], 1, done.order, 1 };
	moved(STOCK_TRANSFER_DISPATCH, done.transfer, &far, 1);
	struct order_book b = shop_book(&shop, done.order, arena);
	assert_int_equal(b.lines[0].coming, 1);
	moved(STOCK_TRANSFER_RECEIVE, done.transfer, &far, 1);
	assert_int_equal(shop_units(&shop, 0, 0, UNIT_COMMITTED), 1);
	struct order_unit_in here = UNIT(1, 1, 0, METHOD_PICK_UP);
	step(COMMAND_PICK, done.order, here);

	/* not along over the counter, not to where it is, not of what nobody promises */
	struct order_command wrong = { .kind = COMMAND_PICK, .order = done.order, .units = from, .unit_count = 1 };
	from[0] = here;
	from[0].to = shop.stores[1];
	assert_result(ERR_INVALID, shop_do(&shop, &wrong, NULL));
	wrong.kind = COMMAND_ALLOCATE;
	from[0].method = METHOD_TAKE;
	assert_result(ERR_INVALID, shop_do(&shop, &wrong, NULL));
	from[0].method = METHOD_SHIP;
	from[0].to = from[0].location;
	assert_result(ERR_INVALID, shop_do(&shop, &wrong, NULL));
	assert_string_equal(kit_err.code, "unit.to");
	everything_sound();
}

static enum result erase_run(struct db_tx *tx, void *arg, struct error *e)
{
	return orders_room.erase_record(tx, *(int64_t *)arg, e);
}

static enum result foreign_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct order_outcome out;
	struct order_in in = {
		.kind = ORDER_SALE, .source = STR(ORDER_SOURCE), .number = STR("x"), .channel = CHANNEL_WEB
	};
	(void)arg;
	return order_report(tx, &in, &out, e);
}

static void nobody_s_order(void **state)
{
	(void)state;
	struct order_done done = { 0 };
	int64_t record = put(shop.db, "till", "ada", "Ada Byron", "e:ada@b.org");
	struct order_item_in item = shop_item(&shop, 0, 1, 800);
	struct order_command c = shop_place(&shop, &item, 1);
	c.record = record;
	c.may_wait = true;
	c.detail = STR("for her nephew");
	assert_ok(shop_do(&shop, &c, &done));
	assert_int_equal(id_bucket(done.order), id_bucket(record));
	assert_ok(db_transact(shop.db, erase_run, &record, &kit_err));
	assert_int_equal(shop_book(&shop, done.order, arena).record, 0);
	struct order_command cancel = { .kind = COMMAND_CANCEL, .order = done.order };
	assert_ok(shop_do(&shop, &cancel, &done));
	everything_sound();
	assert_result(ERR_INVALID, db_transact(shop.db, foreign_run, NULL, &kit_err));
	assert_string_equal(kit_err.code, "order.source");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_order_every_channel, setup, teardown),
		cmocka_unit_test_setup_teardown(a_replay_moves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(medusa_16502_two_lines_of_one_sku, setup, teardown),
		cmocka_unit_test_setup_teardown(spree_4324_and_erpnext_54528, setup, teardown),
		cmocka_unit_test_setup_teardown(quoted_changed_split, setup, teardown),
		cmocka_unit_test_setup_teardown(exchanged_with_a_difference, setup, teardown),
		cmocka_unit_test_setup_teardown(refunds_of_several_tenders, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(returns_as_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hold_becomes_an_order, setup, teardown),
		cmocka_unit_test_setup_teardown(fetched_where_it_is_not_yet, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_s_order, setup, teardown),
		cmocka_unit_test_setup_teardown(work_and_trail_in_pages, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
