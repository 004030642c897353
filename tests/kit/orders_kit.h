/* Short words for tests of commanded orders: a small shop, commands with keys of their own. */
#ifndef BYNAME_TESTS_ORDERS_KIT_H
#define BYNAME_TESTS_ORDERS_KIT_H

#include "kit/kit.h"
#include "orders/command.h"
#include "base/clock.h"
#include "base/id.h"
#include "people/people.h"
#include "shop/shop.h"

#define SHOP_SKUS 4
#define SHOP_STORES 3

struct shop {
	struct db *db;
	int64_t skus[SHOP_SKUS], stores[SHOP_STORES];
	int16_t eur;
	uint64_t number; /* shops of other numbers share no SKU with it */
	uint64_t keys;   /* numbers of the keys given so far */
};

static inline enum result shop_make_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct shop *s = arg;
	char code[32];

	for (int i = 0; i < SHOP_SKUS; i++) {
		snprintf(code, sizeof(code), "S%llu.%d", (unsigned long long)s->number, i + 1);
		TRY(sku_need(tx, str_c(code), NULL, &s->skus[i], e));
	}
	for (int i = 0; i < SHOP_STORES; i++) {
		snprintf(code, sizeof(code), "L%llu.%d", (unsigned long long)s->number, i + 1);
		TRY(store_need(tx, str_c(code), &s->stores[i], e));
	}
	return OK;
}

static inline void shop_open_as(struct shop *s, struct db *db, uint64_t number)
{
	*s = (struct shop){ .db = db, .number = number, .keys = number << 32 };
	shop_cache_drop();
	assert_true(currency_find(STR("EUR"), &s->eur));
	assert_ok(db_transact(db, shop_make_run, s, &kit_err));
}

static inline void shop_open(struct shop *s, struct db *db)
{
	static uint64_t made;

	shop_open_as(s, db, ++made);
}

static inline void shop_key(uint64_t n, unsigned char key[HASH128_BYTES])
{
	act_key(key, STR("test"), (struct str){ (const char *)&n, sizeof(n) });
}

struct stock_run {
	unsigned char key[HASH128_BYTES];
	struct stock_command c;
	struct stock_outcome out;
};

static inline enum result stock_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct stock_run *r = arg;

	return order_stock_do(tx, r->key, 0, 0, &r->c, &r->out, e);
}

/* So many units more on the shelf. */
static inline void shop_fill(struct shop *s, int sku, int store, int64_t qty)
{
	struct stock_run r = { .c = { .kind = STOCK_ADJUST,
		                      .sku = s->skus[sku],
		                      .location = s->stores[store],
		                      .qty = qty,
		                      .reason = REASON_FOUND } };

	shop_key(++s->keys, r.key);
	assert_ok(db_transact(s->db, stock_run, &r, &kit_err));
}

struct order_run {
	unsigned char key[HASH128_BYTES];
	struct order_command c;
	struct order_done out;
	struct order_kept kept; /* .a: the book is kept there; NULL: it is not */
};

#define SAME(x) assert_int_equal(kept->x, read->x)
#define SAME_MONEY(x) assert_int_equal(money_minor(kept->x), money_minor(read->x))
#define SAME_RATE(x) assert_int_equal(decimal_micro(kept->x), decimal_micro(read->x))
static inline void line_same(const struct book_line *kept, const struct book_line *read)
{
	SAME(line), SAME(batch), SAME(sku), SAME(unit_micro), SAME(list_micro), SAME(undiscounted), SAME(claw);
	SAME(cancelled_net), SAME(cancelled_tax), SAME(returned_net), SAME(returned_tax);
	SAME(waiting), SAME(open), SAME(picked), SAME(handed), SAME(cancelled), SAME(returned), SAME(coming);
	SAME(price.qty), SAME(price.tax_included), SAME_RATE(price.tax_rate), SAME_RATE(own.rate);
	SAME_MONEY(price.net), SAME_MONEY(price.tax), SAME_MONEY(price.gross), SAME_MONEY(price.own);
	SAME_MONEY(own.amount);
	assert_string_equal(kept->title, read->title);
	for (int n = 0; n < PRICE_DISCOUNTS_MAX; n++)
		SAME_MONEY(price.share[n]);
}

static inline void part_same(const struct book_part *kept, const struct book_part *read)
{
	SAME(n), SAME(line), SAME(sku), SAME(location), SAME(method), SAME(open);
	SAME(picked), SAME(ready), SAME(handed), SAME(shipped), SAME(since);
}

static inline void payment_same(const struct book_payment *kept, const struct book_payment *read)
{
	SAME(n), SAME(at), SAME(refund), SAME(tender), SAME(minor), SAME(state), SAME(as_credit);
	assert_string_equal(kept->reference, read->reference);
}

static inline void return_same(const struct book_return *kept, const struct book_return *read)
{
	SAME(n), SAME(seq), SAME(line), SAME(at), SAME(location), SAME(sku);
	SAME(qty), SAME(uninspected), SAME(net), SAME(tax), SAME(condition);
}

static inline void book_same_rows(const struct order_book *kept, const struct order_book *read)
{
	for (int i = 0; i < read->line_count; i++)
		line_same(&kept->lines[i], &read->lines[i]);
	for (int i = 0; i < read->part_count; i++)
		part_same(&kept->parts[i], &read->parts[i]);
	for (int i = 0; i < read->payment_count; i++)
		payment_same(&kept->payments[i], &read->payments[i]);
	for (int i = 0; i < read->return_count; i++)
		return_same(&kept->return_lines[i], &read->return_lines[i]);
}

static inline int64_t book_money(const struct order_book *b, int account, int64_t place)
{
	for (int i = 0; i < b->balance_count; i++)
		if (b->balances[i].account == account && b->balances[i].place == place)
			return b->balances[i].qty;
	return 0;
}

/* What a command holds of its order is what is stored. */
static inline void book_same(const struct order_book *kept, const struct order_book *read)
{
	SAME(order), SAME(version), SAME(state), SAME(record), SAME(store), SAME(associate), SAME(channel);
	SAME(currency), SAME(policy), SAME(on_account), SAME(tax_included), SAME(shipping), SAME(shipping_tax);
	SAME(placed_at), SAME(updated_at), SAME(arrived_at), SAME(unplaced), SAME(events), SAME(returns);
	SAME(line_count), SAME(part_count), SAME(payment_count), SAME(return_count);
	assert_string_equal(kept->number, read->number);
	book_same_rows(kept, read);
	for (int i = 0; i < read->balance_count; i++)
		assert_int_equal(read->balances[i].qty,
		                 book_money(kept, read->balances[i].account, read->balances[i].place));
	for (int i = 0; i < kept->balance_count; i++)
		assert_int_equal(kept->balances[i].qty,
		                 book_money(read, kept->balances[i].account, kept->balances[i].place));
	int taken = 0; /* discounts that were taken off again leave an empty batch behind until it is read */
	for (int i = 0; i < kept->batch_count; i++) {
		const struct book_batch *k = &kept->batches[i], *r = &read->batches[taken];
		if (!k->discount_count)
			continue;
		assert_true(taken++ < read->batch_count);
		assert_int_equal(k->batch, r->batch);
		assert_int_equal(k->discount_count, r->discount_count);
		for (int n = 0; n < k->discount_count; n++)
			assert_true(k->given[n] == r->given[n] &&
			            decimal_micro(k->discounts[n].rate) == decimal_micro(r->discounts[n].rate));
	}
	assert_int_equal(taken, read->batch_count);
}
#undef SAME
#undef SAME_MONEY
#undef SAME_RATE

static inline enum result order_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct order_run *r = arg;

	if (!r->kept.a)
		return order_do(tx, r->key, 0, 0, &r->c, &r->out, e);
	return order_do_keep(tx, r->key, 0, 0, &r->c, &r->kept, &r->out, e);
}

struct check_run {
	int64_t order; /* 0: none */
	int64_t skus[SHOP_SKUS];
	int sku_count;
	struct arena *a; /* its book is kept here; NULL: it is not */
	struct order_book b;
	int bad;
	char detail[256];
};

static inline enum result check_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct check_run *c = arg;

	c->bad = 0;
	if (c->order)
		TRY(order_check_book(tx, c->order, &c->bad, c->detail, e));
	for (int i = 0; i < c->sku_count && !c->bad; i++)
		TRY(stock_check_sku(tx, c->skus[i], &c->bad, c->detail, e));
	if (!c->order || !c->a)
		return OK;
	arena_reset(c->a);
	return book_get(tx, c->order, c->a, &c->b, e);
}

/* How many invariants of the order (0: none) and of all SKUs are broken; the first one's text. */
static inline int shop_broken(struct shop *s, int64_t order, char detail[256])
{
	struct check_run c = { .order = order, .sku_count = SHOP_SKUS };

	memcpy(c.skus, s->skus, sizeof(c.skus));
	assert_ok(db_read(s->db, check_run, &c, &kit_err));
	memcpy(detail, c.detail, sizeof(c.detail));
	return c.bad;
}

static inline void shop_sound(struct shop *s, int64_t order)
{
	char detail[256];

	if (shop_broken(s, order, detail))
		fail_msg("%s", detail);
}

struct book_run {
	int64_t order;
	struct arena *a;
	struct order_book b;
};

static inline enum result book_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct book_run *r = arg;

	return book_get(tx, r->order, r->a, &r->b, e);
}

static inline struct order_book shop_book(struct shop *s, int64_t order, struct arena *a)
{
	struct book_run r = { .order = order, .a = a };

	assert_ok(db_read(s->db, book_run, &r, &kit_err));
	return r.b;
}

/* With a fresh key; kit_err says why not. */
static inline enum result shop_do(struct shop *s, const struct order_command *c, struct order_done *out)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct order_run r = { .c = *c, .kept.a = a };

	assert_non_null(a);
	shop_key(++s->keys, r.key);
	enum result result = db_transact(s->db, order_run, &r, &kit_err);
	if (result == OK && r.kept.there) {
		struct order_book read = shop_book(s, r.out.order, a);
		book_same(&r.kept.book, &read);
	}
	if (result == OK && out)
		*out = r.out;
	return result;
}

struct units_run {
	int64_t sku, location, qty;
	int account;
};

static inline enum result units_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct units_run *u = arg;

	return ledger_balance(tx, BOOK_UNITS, u->sku, u->location, u->account, &u->qty, e);
}

static inline int64_t shop_units(struct shop *s, int sku, int store, int account)
{
	struct units_run u = { .sku = s->skus[sku], .location = s->stores[store], .account = account };

	assert_ok(db_read(s->db, units_run, &u, &kit_err));
	return u.qty;
}

static inline struct order_item_in shop_item(const struct shop *s, int sku, int64_t qty, int64_t minor)
{
	return (struct order_item_in){ .sku = s->skus[sku],
		                       .price = { .qty = qty,
		                                  .unit_price = decimal_of_micro(minor * 10000),
		                                  .tax_rate = decimal_of_micro(19000000) } };
}

static inline struct order_command shop_place(const struct shop *s, const struct order_item_in *items, int count)
{
	return (struct order_command){ .kind = COMMAND_PLACE,
		                       .store = s->stores[0],
		                       .channel = CHANNEL_STORE,
		                       .currency = s->eur,
		                       .tax_included = true,
		                       .items = items,
		                       .item_count = count };
}

#endif
