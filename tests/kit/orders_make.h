/* Random commands on orders, made up: what any member of staff, till or web shop might ask for next, sensible or not.
 * For orders_sim.h, which runs them. */
#ifndef BYNAME_TESTS_ORDERS_MAKE_H
#define BYNAME_TESTS_ORDERS_MAKE_H

#include "kit/orders_tally.h"
#include "db/db.h"
#include "ledger/mutant.h"

#define SIM_ORDERS 6

struct sim {
	struct shop *shop;
	struct kit_random r;
	struct sim_stats *stats;
	int64_t orders[SIM_ORDERS];
	struct order_book books[SIM_ORDERS]; /* as they were after the last step that touched them */
	struct arena *book_a[SIM_ORDERS];
	int64_t holds[4], hold_skus[4], hold_places[4], transfers[2], counts[2];
	struct transfer_line transfer_lines[2];
	int hold_count, transfer_count, count_count;
	bool alone;      /* nobody else works on this shop: crashes may be made, and what nobody wrote is as it was */
	int64_t commits; /* alone: of the database, when it was last checked */
	int unchecked;   /* commits since all SKUs were looked at */
	struct arena *a;
	struct order_run last; /* for replays; its arrays live in last_a */
	struct arena *last_a;
	enum book_state last_state; /* that the order was in */
	bool has_last;
	int bad;
	char detail[256];
};

static inline int64_t sim_below(struct sim *s, int64_t n)
{
	return (int64_t)kit_random_below(&s->r, (uint64_t)n);
}
static inline bool sim_odds(struct sim *s, int one_in)
{
	return !kit_random_below(&s->r, (uint64_t)one_in);
}

/* ---- Making commands up ----------------------------------------------------------------------------------------- */

static inline void sim_items(struct sim *s, struct order_command *c)
{
	int count = 1 + (int)sim_below(s, 3);
	struct order_item_in *items = arena_array(s->a, (size_t)count, sizeof(*items));

	for (int i = 0; i < count; i++) {
		items[i] = shop_item(s->shop, (int)sim_below(s, SHOP_SKUS), 1 + sim_below(s, 4), sim_below(s, 9999));
		items[i].price.tax_rate = decimal_of_micro(sim_below(s, 4) * 6500000);
		if (sim_odds(s, 4))
			items[i].price.own.rate = decimal_of_micro(sim_below(s, 50) * 1000000);
		else if (sim_odds(s, 4))
			items[i].price.own.amount = money_of_minor(s->shop->eur, sim_below(s, 500));
	}
	c->items = items;
	c->item_count = count;
	if (sim_odds(s, 2))
		c->discounts[c->discount_count++] = (struct price_discount){
			.rate = decimal_of_micro(sim_below(s, 40) * 1000000),
			.threshold = money_of_minor(s->shop->eur, sim_odds(s, 2) ? sim_below(s, 20000) : 0)
		};
	if (sim_odds(s, 4))
		c->discounts[c->discount_count++] =
		        (struct price_discount){ .amount = money_of_minor(s->shop->eur, sim_below(s, 900)) };
	if (sim_odds(s, 3) && c->kind != COMMAND_EXCHANGE)
		c->shipping = money_of_minor(s->shop->eur, sim_below(s, 900));
	c->shipping_tax_rate = decimal_of_micro(8100000);
}

static inline struct order_unit_in *sim_units(struct sim *s, struct order_command *c, int room)
{
	struct order_unit_in *u = arena_array(s->a, (size_t)room, sizeof(*u));

	c->units = u;
	return u;
}

static inline int64_t sim_store(struct sim *s)
{
	return s->shop->stores[sim_below(s, SHOP_STORES)];
}

/* Half of it is to be fetched: that has the longest way. */
static inline enum order_method sim_method(struct sim *s)
{
	return sim_odds(s, 3) ? METHOD_PICK_UP : 1 + (int)sim_below(s, METHODS - 1);
}

/* From any location, or from a hold of such units; some are to be brought to another first. */
static inline struct order_unit_in sim_from(struct sim *s, int item, int64_t sku, int64_t qty)
{
	struct order_unit_in u = { .line = -1 - item, .qty = qty, .location = sim_store(s), .method = sim_method(s) };

	for (int i = 0; i < 4; i++)
		if (s->holds[i] && s->hold_skus[i] == sku && sim_odds(s, 2)) {
			u.hold = s->holds[i];
			u.location = s->hold_places[i];
		}
	int64_t to = sim_odds(s, 8) ? sim_store(s) : u.location;
	if (to != u.location && u.method != METHOD_TAKE)
		u.to = to;
	return u;
}

/* Where the command's items come from: mostly all of them, sometimes some. */
static inline void sim_allocate(struct sim *s, struct order_command *c, int room)
{
	struct order_unit_in *u = sim_units(s, c, room + c->item_count * 2);

	for (int i = 0; i < c->item_count; i++) {
		int64_t qty = c->items[i].price.qty, first = sim_odds(s, 4) ? sim_below(s, qty) : qty;

		if (c->items[i].line)
			continue;
		for (int part = 0; part < 2; part++) {
			int64_t n = part ? qty - first : first;
			if (n && !(c->may_wait && sim_odds(s, 3)))
				u[c->unit_count++] = sim_from(s, i, c->items[i].sku, n);
		}
	}
}

static inline void sim_pay(struct sim *s, struct order_command *c, int64_t minor)
{
	struct order_pay_in *p = arena_array(s->a, 2, sizeof(*p));
	int64_t first = sim_odds(s, 3) && minor > 1 ? 1 + sim_below(s, minor - 1) : minor;

	if (minor <= 0)
		return;
	p[0] = (struct order_pay_in){ .tender = 1 + (int)sim_below(s, TENDERS - 1), .minor = first };
	p[1] = (struct order_pay_in){ .tender = 1 + (int)sim_below(s, TENDERS - 1), .minor = minor - first };
	c->pays = p;
	c->pay_count = 1 + (first < minor);
}

static inline void sim_place(struct sim *s, struct order_command *c)
{
	struct price p;

	c->channel = CHANNEL_STORE;
	c->currency = s->shop->eur;
	c->tax_included = sim_odds(s, 2);
	c->policy = sim_odds(s, 2) ? PRICE_REPRICE_KEPT : PRICE_KEEP_SHARE;
	c->on_account = sim_odds(s, 3);
	c->may_wait = sim_odds(s, 3);
	sim_items(s, c);
	if (c->kind == COMMAND_QUOTE)
		return;
	sim_allocate(s, c, 0);
	if (!sim_odds(s, 4) && order_price(c, s->a, &p, NULL) == OK)
		sim_pay(s, c, sim_odds(s, 4) ? 1 + sim_below(s, 5000) : money_minor(p.total));
}

/* Units that the command might be about: mostly where some are, sometimes anything. */
static inline void sim_some_units(struct sim *s, struct order_command *c, const struct order_book *b)
{
	struct order_unit_in *u = sim_units(s, c, 8);
	int count = 1 + (int)sim_below(s, 2);

	for (int i = 0; i < count; i++) {
		const struct book_line *l = &b->lines[sim_below(s, b->line_count)];
		u[i] = (struct order_unit_in){ .line = l->line,
			                       .qty = 1 + sim_below(s, 2),
			                       .location = sim_store(s),
			                       .method = sim_method(s),
			                       .condition = 1 + (int)sim_below(s, 3) };
		for (int k = 0; k < b->part_count && !sim_odds(s, 8); k++) {
			const struct book_part *p = &b->parts[sim_below(s, b->part_count)];
			int64_t there = c->kind == COMMAND_PICK || c->kind == COMMAND_RELEASE ? p->open
			                : c->kind == COMMAND_READY || c->kind == COMMAND_SHIP ? p->picked
			                : c->kind == COMMAND_NO_SHOW                          ? p->ready
			                : c->kind == COMMAND_DELIVER                          ? p->shipped
			                : c->kind == COMMAND_HAND_OVER || c->kind == COMMAND_UNPICK
			                        ? p->picked + p->ready
			                        : p->open + p->picked + p->ready;
			if (!there)
				continue;
			u[i].line = p->line;
			u[i].location = p->location;
			u[i].method = p->method;
			u[i].qty = sim_odds(s, 2) ? there : 1 + sim_below(s, there);
		}
	}
	c->unit_count = count;
}

static inline void sim_waiting(struct sim *s, struct order_command *c, const struct order_book *b)
{
	struct order_unit_in *u = sim_units(s, c, 1);

	c->unit_count = 1;
	u[0] = (struct order_unit_in){ .line = 1 + (int)sim_below(s, b->line_count),
		                       .qty = 1 + sim_below(s, 2),
		                       .location = sim_store(s),
		                       .method = sim_method(s) };
	for (int i = 0; i < b->line_count; i++)
		if (b->lines[i].waiting && !sim_odds(s, 4)) {
			u[0].line = b->lines[i].line;
			u[0].qty = 1 + sim_below(s, b->lines[i].waiting);
		}
}

/* A draft is placed: mostly all of it, with units from anywhere. */
static inline void sim_place_draft(struct sim *s, struct order_command *c, const struct order_book *b)
{
	struct order_unit_in *u = sim_units(s, c, b->line_count);

	c->on_account = sim_odds(s, 2);
	c->may_wait = sim_odds(s, 2);
	for (int i = 0; i < b->line_count; i++)
		if (b->lines[i].waiting && !sim_odds(s, 4))
			u[c->unit_count++] =
			        (struct order_unit_in){ .line = b->lines[i].line,
				                        .qty = sim_odds(s, 4) ? 1 + sim_below(s, b->lines[i].waiting)
				                                              : b->lines[i].waiting,
				                        .location = sim_store(s),
				                        .method = sim_odds(s, 2) ? METHOD_TAKE : sim_method(s) };
}

static inline void sim_back(struct sim *s, struct order_command *c, const struct order_book *b)
{
	struct order_unit_in *u = sim_units(s, c, b->line_count + 16);

	for (int i = 0; i < b->line_count; i++) {
		int64_t there = b->lines[i].handed - b->lines[i].returned;
		if (!there && !sim_odds(s, 8))
			continue;
		if (sim_odds(s, 2))
			continue;
		u[c->unit_count++] =
		        (struct order_unit_in){ .line = b->lines[i].line,
			                        .qty = sim_odds(s, 12) ? there + 1 : 1 + sim_below(s, there + !there),
			                        .location = sim_store(s),
			                        .condition = 1 + (int)sim_below(s, 3) };
	}
	if (sim_odds(s, 3))
		c->refund_rest = true;
}

static inline void sim_exchange(struct sim *s, struct order_command *c, const struct order_book *b)
{
	int back;

	sim_back(s, c, b);
	back = c->unit_count;
	const struct order_unit_in *was = c->units;
	c->currency = b->currency;
	c->tax_included = b->tax_included;
	c->may_wait = sim_odds(s, 3);
	c->unit_count = 0;
	sim_items(s, c);
	sim_allocate(s, c, back);
	memcpy((struct order_unit_in *)(uintptr_t)c->units + c->unit_count, was, (size_t)back * sizeof(*was));
	c->unit_count += back;
	if (sim_odds(s, 2))
		sim_pay(s, c, 1 + sim_below(s, 5000));
}

static inline void sim_change(struct sim *s, struct order_command *c, const struct order_book *b)
{
	c->currency = b->currency;
	c->tax_included = b->tax_included;
	c->may_wait = !sim_odds(s, 3);
	sim_items(s, c);
	for (int i = 0; i < c->item_count && i < b->line_count; i++)
		if (!b->lines[i].cancelled && !sim_odds(s, 3)) {
			struct order_item_in *item = (struct order_item_in *)(uintptr_t)&c->items[i];
			item->line = b->lines[i].line;
			item->sku = b->lines[i].sku;
		}
	if (b->state == BOOK_DRAFT)
		return;
	/* Some of what stands is to come from elsewhere. */
	sim_allocate(s, c, 2);
	struct order_unit_in *u = (struct order_unit_in *)(uintptr_t)c->units + c->unit_count;
	for (int i = 0, n = 0; i < c->item_count && n < 2; i++) {
		if (!c->items[i].line || sim_odds(s, 2))
			continue;
		u[n] = (struct order_unit_in){ .line = c->items[i].line,
			                       .qty = 1 + sim_below(s, c->items[i].price.qty),
			                       .location = sim_store(s),
			                       .method = 1 + (int)sim_below(s, METHODS - 1) };
		for (int k = 0; k < b->part_count && sim_odds(s, 2); k++)
			if (b->parts[k].line == u[n].line && b->parts[k].open)
				u[n].from = b->parts[k].location;
		n++;
		c->unit_count++;
	}
}

static inline void sim_refund(struct sim *s, struct order_command *c, const struct order_book *b)
{
	int64_t owed = book_payable(b);

	c->refund_rest = sim_odds(s, 6);
	if (c->refund_rest)
		return;
	sim_pay(s, c, sim_odds(s, 3) ? owed + 1 : owed > 0 ? 1 + sim_below(s, owed) : 1);
	struct order_pay_in *p = (struct order_pay_in *)(uintptr_t)c->pays;
	for (int i = 0; i < c->pay_count; i++) {
		p[i].pending = !sim_odds(s, 3);
		p[i].as_credit = sim_odds(s, 4);
		for (int t = 1; t < TENDERS && !sim_odds(s, 4); t++)
			if (book_captured(b, (enum tender)t) >= p[i].minor)
				p[i].tender = (enum tender)t;
	}
}

static inline void sim_inspect(struct sim *s, struct order_command *c, const struct order_book *b)
{
	struct order_unit_in *u = sim_units(s, c, 1);

	c->unit_count = 1;
	u[0] = (struct order_unit_in){ .line = 1, .qty = 1, .location = sim_store(s), .condition = CONDITION_GOOD };
	for (int i = 0; i < b->return_count; i++)
		if (b->return_lines[i].uninspected && !sim_odds(s, 4))
			u[0] = (struct order_unit_in){ .line = b->return_lines[i].line,
				                       .qty = 1 + sim_below(s, b->return_lines[i].uninspected),
				                       .location = b->return_lines[i].location };
	u[0].condition = sim_odds(s, 3) ? CONDITION_SCRAP : sim_odds(s, 2) ? CONDITION_DAMAGED : CONDITION_GOOD;
}

static inline void sim_fill(struct sim *s, struct order_command *c, const struct order_book *b)
{
	switch (c->kind) {
	case COMMAND_QUOTE:
		sim_place(s, c);
		return;
	case COMMAND_PLACE:
		if (b)
			sim_place_draft(s, c, b);
		else
			sim_place(s, c);
		return;
	case COMMAND_CHANGE:
		sim_change(s, c, b);
		return;
	case COMMAND_CANCEL:
		c->refund_rest = sim_odds(s, 2);
		if (!sim_odds(s, 4))
			sim_some_units(s, c, b);
		for (int i = 0; i < c->unit_count; i++)
			if (sim_odds(s, 2)) {
				((struct order_unit_in *)(uintptr_t)c->units)[i].location = 0;
				((struct order_unit_in *)(uintptr_t)c->units)[i].method = 0;
			}
		return;
	case COMMAND_ALLOCATE:
		sim_waiting(s, c, b);
		return;
	case COMMAND_PAY:
		sim_pay(s, c,
		        sim_odds(s, 4) ? 1 + sim_below(s, 9999) : book_receivable(b) + (book_receivable(b) ? 0 : 1));
		return;
	case COMMAND_RETURN:
		sim_back(s, c, b);
		return;
	case COMMAND_EXCHANGE:
		sim_exchange(s, c, b);
		return;
	case COMMAND_INSPECT:
		sim_inspect(s, c, b);
		return;
	case COMMAND_REFUND:
		sim_refund(s, c, b);
		return;
	case COMMAND_REFUND_DONE:
	case COMMAND_REFUND_FAILED:
		c->payment = 1 + (int)sim_below(s, b->payment_count + 1);
		for (int i = 0; i < b->payment_count; i++)
			if (b->payments[i].state == PAYMENT_PENDING && !sim_odds(s, 4))
				c->payment = b->payments[i].n;
		return;
	case COMMAND_CLOSE:
		return;
	case COMMAND_TRANSFER:
		sim_some_units(s, c, b);
		c->to = sim_store(s);
		return;
	default:
		sim_some_units(s, c, b);
	}
}

/* Something that no command of this sort takes. True: it must be refused as invalid, whatever the order's state. */
static inline bool sim_spoil(struct sim *s, struct order_command *c)
{
	static const char long_text[ORDER_NUMBER_MAX + 300] = { 'x' };
	struct order_item_in *items = (struct order_item_in *)(uintptr_t)c->items;
	struct order_unit_in *units = (struct order_unit_in *)(uintptr_t)c->units;
	struct order_pay_in *pays = (struct order_pay_in *)(uintptr_t)c->pays;

	switch (sim_below(s, 8)) {
	case 0:
		if (c->item_count) { /* of a product that nobody has */
			items[0].sku ^= INT64_C(1) << 40;
			return false;
		}
		c->policy = (enum price_policy)9;
		return true;
	case 1:
		c->detail = (struct str){ long_text, sizeof(long_text) };
		return true;
	case 2:
		c->discount_count = PRICE_DISCOUNTS_MAX + 1;
		return true;
	case 3:
		if (c->unit_count)
			units[c->unit_count - 1].qty = -sim_below(s, 2);
		else
			c->kind = COMMANDS;
		return true;
	case 4:
		if (c->unit_count)
			units[0].line = 0;
		else
			c->number = (struct str){ long_text, sizeof(long_text) };
		return true;
	case 5:
		if (c->pay_count)
			pays[0].minor = -sim_below(s, 2);
		else
			c->policy = (enum price_policy) - 1;
		return true;
	case 6:
		if (c->pay_count)
			pays[c->pay_count - 1].tender = sim_odds(s, 2) ? 0 : TENDERS;
		else
			c->policy = (enum price_policy)9;
		return true;
	default:
		if (c->item_count && c->kind != COMMAND_EXCHANGE) {
			c->item_count = 0;
			return true;
		}
		c->policy = (enum price_policy)9;
		return true;
	}
}

#endif
