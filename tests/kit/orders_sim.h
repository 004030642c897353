/* Random commands on orders and stock: what any member of staff, till or web shop might ask for next, sensible or not.
 * After each the invariants of what it touched must hold. The same seed does the same. */
#ifndef BYNAME_TESTS_ORDERS_SIM_H
#define BYNAME_TESTS_ORDERS_SIM_H

#include "kit/orders_kit.h"
#include "db/db.h"
#include "ledger/mutant.h"

#define SIM_ORDERS 6

enum sim_outcome { SIM_DONE, SIM_REPLAYED, SIM_REFUSED, SIM_INVALID, SIM_CRASHED, SIM_OUTCOMES };

struct sim_stats {
	int64_t order[BOOK_STATES][COMMANDS][SIM_OUTCOMES]; /* by the state that the order was in */
	int64_t stock[STOCK_KINDS][SIM_OUTCOMES];
	int64_t reported[SIM_OUTCOMES], returned, parked, unmatched;
	int64_t swept, steps;
};

struct sim {
	struct shop *shop;
	struct kit_random r;
	struct sim_stats *stats;
	int64_t orders[SIM_ORDERS];
	int64_t holds[4], hold_skus[4], hold_places[4], transfers[2], counts[2];
	struct transfer_line transfer_lines[2];
	int hold_count, transfer_count, count_count;
	bool alone; /* nobody else works on this shop: crashes may be made, replays be compared */
	struct arena *a;
	struct order_run last; /* for replays; its arrays live in last_a */
	struct arena *last_a;
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

static inline void sim_open(struct sim *s, struct shop *shop, uint64_t seed, struct sim_stats *stats, bool alone)
{
	*s = (struct sim){
		.shop = shop, .r = { seed }, .stats = stats, .alone = alone, .a = arena_new(0), .last_a = arena_new(0)
	};
	assert_true(s->a && s->last_a);
}

static inline void sim_close(struct sim *s)
{
	arena_free(s->a);
	arena_free(s->last_a);
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

/* From any location, or from a hold of such units; some are to be brought to another first. */
static inline struct order_unit_in sim_from(struct sim *s, int item, int64_t sku, int64_t qty)
{
	struct order_unit_in u = {
		.line = -1 - item, .qty = qty, .location = sim_store(s), .method = 1 + (int)sim_below(s, METHODS - 1)
	};

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
			                       .method = 1 + (int)sim_below(s, METHODS - 1),
			                       .condition = 1 + (int)sim_below(s, 3) };
		for (int k = 0; k < b->part_count && !sim_odds(s, 8); k++) {
			const struct book_part *p = &b->parts[sim_below(s, b->part_count)];
			int64_t there =
			        c->kind == COMMAND_PICK || c->kind == COMMAND_RELEASE ? p->open
			        : c->kind == COMMAND_READY || c->kind == COMMAND_SHIP || c->kind == COMMAND_UNPICK
			                ? p->picked
			        : c->kind == COMMAND_NO_SHOW   ? p->ready
			        : c->kind == COMMAND_HAND_OVER ? p->picked + p->ready
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
		                       .method = 1 + (int)sim_below(s, METHODS - 1) };
	for (int i = 0; i < b->line_count; i++)
		if (b->lines[i].waiting && !sim_odds(s, 4)) {
			u[0].line = b->lines[i].line;
			u[0].qty = 1 + sim_below(s, b->lines[i].waiting);
		}
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
	if (b->state != BOOK_DRAFT)
		sim_allocate(s, c, 0);
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
	case COMMAND_PLACE:
		if (!b) {
			sim_place(s, c);
			return;
		}
		c->may_wait = true;
		sim_waiting(s, c, b);
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

/* ---- Running them ----------------------------------------------------------------------------------------------- */

static inline enum sim_outcome sim_judge(enum result r, bool replayed)
{
	switch (r) {
	case OK:
		return replayed ? SIM_REPLAYED : SIM_DONE;
	case ERR_CONFLICT:
	case ERR_NOT_FOUND:
	case ERR_TOO_LARGE:
		return SIM_REFUSED;
	case ERR_INVALID:
		return SIM_INVALID;
	case ERR_IO: /* the fault that was made */
	case ERR_BUSY:
		return SIM_CRASHED;
	default:
		fail_msg("%s %s %s %s", result_name(r), kit_err.code, kit_err.field, kit_err.detail);
		return SIM_CRASHED;
	}
}

/* Some statement of the next command fails. */
static inline void sim_trip(struct sim *s)
{
	if (s->alone && sim_odds(s, 24))
		db_fault_nth(s->shop->db, 1 + sim_below(s, 60), ERR_IO);
}

static inline void sim_check(struct sim *s, int64_t order)
{
	if (s->alone)
		db_fault_nth(s->shop->db, 0, OK);
	if (!s->bad)
		s->bad = shop_broken(s->shop, order, s->detail);
}

static inline enum sim_outcome sim_run(struct sim *s, struct order_run *r, struct error *err)
{
	sim_trip(s);
	enum result result = db_transact(s->shop->db, order_run, r, err);
	if (s->alone)
		db_fault_nth(s->shop->db, 0, OK);
	kit_err = *err;
	return sim_judge(result, result == OK && r->out.replayed);
}

static inline void sim_replay(struct sim *s)
{
	struct order_run again = s->last;
	struct error err = { 0 };

	if (!s->has_last)
		return;
	enum sim_outcome o = sim_run(s, &again, &err);
	if (o != SIM_REPLAYED && o != SIM_CRASHED && !s->bad) {
		s->bad = 1;
		snprintf(s->detail, sizeof(s->detail), "(7) a replayed command was not known (%s)", err.code);
	}
	again.out.replayed = false;
	if (o == SIM_REPLAYED && memcmp(&again.out, &s->last.out, sizeof(again.out)) && !s->bad) {
		s->bad = 1;
		snprintf(s->detail, sizeof(s->detail), "(7) a replay had another outcome");
	}
	s->stats->order[0][s->last.c.kind][o]++;
	sim_check(s, s->last.out.order);
}

/* A copy that outlives the step. */
static inline void sim_remember(struct sim *s, const struct order_run *r)
{
	const struct order_command *c = &r->c;

	arena_reset(s->last_a);
	s->last = *r;
	s->has_last = true;
	struct order_item_in *items = arena_array(s->last_a, (size_t)c->item_count + 1, sizeof(*items));
	struct order_unit_in *units = arena_array(s->last_a, (size_t)c->unit_count + 1, sizeof(*units));
	struct order_pay_in *pays = arena_array(s->last_a, (size_t)c->pay_count + 1, sizeof(*pays));
	for (int i = 0; i < c->item_count; i++)
		items[i] = c->items[i];
	for (int i = 0; i < c->unit_count; i++)
		units[i] = c->units[i];
	for (int i = 0; i < c->pay_count; i++)
		pays[i] = c->pays[i];
	s->last.c.items = items;
	s->last.c.units = units;
	s->last.c.pays = pays;
}

/* Whether there is something for the command to do. */
static inline bool sim_fits(const struct order_book *b, enum order_command_kind k)
{
	int64_t waiting = 0, open = 0, picked = 0, ready = 0, pick_up = 0, carried = 0, out = 0, look = 0, pending = 0;

	for (int i = 0; i < b->line_count; i++) {
		waiting += b->lines[i].waiting;
		out += b->lines[i].handed - b->lines[i].returned;
	}
	for (int i = 0; i < b->part_count; i++) {
		const struct book_part *p = &b->parts[i];
		open += p->open;
		picked += p->picked;
		ready += p->ready;
		pick_up += p->method == METHOD_PICK_UP ? p->picked : 0;
		carried += p->method == METHOD_SHIP || p->method == METHOD_DELIVER ? p->picked : 0;
	}
	for (int i = 0; i < b->return_count; i++)
		look += b->return_lines[i].uninspected;
	for (int i = 0; i < b->payment_count; i++)
		pending += b->payments[i].state == PAYMENT_PENDING;
	switch (k) {
	case COMMAND_ALLOCATE:
		return waiting;
	case COMMAND_RELEASE:
	case COMMAND_TRANSFER:
	case COMMAND_PICK:
		return open;
	case COMMAND_UNPICK:
		return picked + ready;
	case COMMAND_PROBLEM:
		return open + picked + ready;
	case COMMAND_READY:
		return pick_up;
	case COMMAND_HAND_OVER:
		return (picked || ready) && (b->on_account || !book_receivable(b));
	case COMMAND_SHIP:
		return carried && (b->on_account || !book_receivable(b));
	case COMMAND_NO_SHOW:
		return ready;
	case COMMAND_PAY:
		return book_receivable(b) > 0;
	case COMMAND_REFUND:
		return book_payable(b) > 0;
	case COMMAND_REFUND_DONE:
	case COMMAND_REFUND_FAILED:
		return pending;
	case COMMAND_RETURN:
	case COMMAND_EXCHANGE:
		return out;
	case COMMAND_INSPECT:
		return look;
	default:
		return true;
	}
}

static inline enum order_command_kind sim_kind(struct sim *s, const struct order_book *b)
{
	for (;;) {
		enum order_command_kind k = 2 + (int)sim_below(s, COMMANDS - 2);
		bool rare = k == COMMAND_CANCEL || k == COMMAND_PROBLEM || k == COMMAND_RELEASE || k == COMMAND_UNPICK;

		if (sim_odds(s, 40) ||
		    (book_allows(b->state, k) && (sim_fits(b, k) || sim_odds(s, 12)) && (!rare || sim_odds(s, 3))))
			return k;
	}
}

struct sim_transfer {
	int64_t id;
	struct transfer_line line;
};

static inline enum result sim_transfer_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct sim_transfer *t = arg;
	struct stock_transfer is;

	TRY(transfer_get(tx, t->id, db_tx_arena(tx), &is, e));
	t->line = (struct transfer_line){ is.lines[0].sku, is.lines[0].asked, is.lines[0].order, is.lines[0].line };
	return OK;
}

/* A transfer that an order asked for: its first line is sent and received like any other's. */
static inline void sim_transfer_keep(struct sim *s, int64_t id, int64_t order)
{
	struct sim_transfer t = { .id = id };

	assert_ok(db_read(s->shop->db, sim_transfer_read, &t, &kit_err));
	assert_true(t.line.order == order);
	s->transfer_lines[s->transfer_count % 2] = t.line;
	s->transfers[s->transfer_count++ % 2] = id;
}

static inline void sim_order(struct sim *s)
{
	int slot = (int)sim_below(s, SIM_ORDERS);
	int64_t order = s->orders[slot];
	struct order_book b = { 0 };
	struct error err = { 0 };
	struct order_run r = { .c = { .order = order, .store = sim_store(s) } };

	if (!order || sim_odds(s, 60)) {
		r.c.order = order = 0;
		r.c.kind = sim_odds(s, 6) ? COMMAND_QUOTE : COMMAND_PLACE;
		sim_fill(s, &r.c, NULL);
	} else {
		b = shop_book(s->shop, order, s->a);
		r.c.kind = sim_kind(s, &b);
		sim_fill(s, &r.c, &b);
	}
	shop_key(kit_random_next(&s->r), r.key);
	enum sim_outcome o = sim_run(s, &r, &err);
	s->stats->order[b.state][r.c.kind][o]++;
	if (o == SIM_DONE && r.out.transfer)
		sim_transfer_keep(s, r.out.transfer, r.out.order);
	if (o == SIM_DONE) {
		sim_remember(s, &r);
		if (!order)
			s->orders[slot] = order = r.out.order;
	}
	sim_check(s, order);
	if (o == SIM_DONE && (r.out.state == BOOK_CLOSED || (r.out.state == BOOK_CANCELLED && sim_odds(s, 2))) &&
	    sim_odds(s, 2))
		s->orders[slot] = 0;
}

/* ---- Stock beside it -------------------------------------------------------------------------------------------- */

static inline enum result sweep_run(struct db_tx *tx, void *arg, struct error *e)
{
	int *swept = arg;

	return hold_sweep(tx, clock_now() + 2 * DAY_US, 10, swept, e);
}

static inline void sim_stock_fill(struct sim *s, struct stock_command *c, struct transfer_line *line)
{
	int64_t *hold = &s->holds[sim_below(s, 4)], i;

	*c = (struct stock_command){ .sku = s->shop->skus[sim_below(s, SHOP_SKUS)],
		                     .location = sim_store(s),
		                     .qty = 1 + sim_below(s, 3) };
	*line = (struct transfer_line){ .sku = c->sku, .qty = c->qty };
	switch (sim_below(s, 12)) {
	case 0:
	case 1:
		c->kind = STOCK_HOLD_PLACE;
		c->at = clock_now() + DAY_US;
		break;
	case 2:
		c->kind = STOCK_HOLD_RELEASE;
		c->id = *hold;
		break;
	case 3:
		c->kind = STOCK_TRANSFER_REQUEST;
		c->to = s->shop->stores[0] == c->location ? s->shop->stores[1] : s->shop->stores[0];
		break;
	case 4:
	case 5:
		i = sim_below(s, 2);
		c->kind = sim_odds(s, 8)   ? STOCK_TRANSFER_CANCEL
		          : sim_odds(s, 2) ? STOCK_TRANSFER_DISPATCH
		                           : STOCK_TRANSFER_RECEIVE;
		c->id = s->transfers[i];
		*line = s->transfer_lines[i];
		line->qty = line->order ? 1 + sim_below(s, line->qty) : c->qty;
		c->final = c->kind == STOCK_TRANSFER_RECEIVE && sim_odds(s, 2);
		break;
	case 6:
		c->kind = STOCK_COUNT_OPEN;
		break;
	case 7:
		c->kind = STOCK_COUNT_ENTER;
		c->id = s->counts[sim_below(s, 2)];
		c->qty = sim_below(s, 8);
		break;
	case 8:
		c->kind = STOCK_SAFETY;
		c->qty = sim_below(s, 2);
		break;
	default:
		c->kind = STOCK_ADJUST;
		c->reason = sim_odds(s, 5) ? REASON_LOST : REASON_FOUND;
		c->qty = c->reason == REASON_LOST ? -1 : 1 + sim_below(s, 4);
	}
	if (c->kind == STOCK_TRANSFER_REQUEST || c->kind == STOCK_TRANSFER_DISPATCH ||
	    c->kind == STOCK_TRANSFER_RECEIVE) {
		c->lines = line;
		c->line_count = 1;
	}
}

static inline void sim_stock(struct sim *s)
{
	struct stock_run r = { 0 };
	struct transfer_line line;

	if (sim_odds(s, 12)) {
		int swept = 0;
		assert_ok(db_transact(s->shop->db, sweep_run, &swept, &kit_err));
		s->stats->swept += swept;
		sim_check(s, 0);
		return;
	}
	sim_stock_fill(s, &r.c, &line);
	shop_key(kit_random_next(&s->r), r.key);
	sim_trip(s);
	struct error err = { 0 };
	enum result result = db_transact(s->shop->db, stock_run, &r, &err);
	if (s->alone)
		db_fault_nth(s->shop->db, 0, OK);
	kit_err = err;
	enum sim_outcome o = sim_judge(result, false);
	s->stats->stock[r.c.kind][o]++;
	if (o == SIM_DONE && r.c.kind == STOCK_HOLD_PLACE) {
		s->hold_skus[s->hold_count % 4] = r.c.sku;
		s->hold_places[s->hold_count % 4] = r.c.location;
		s->holds[s->hold_count++ % 4] = r.out.id;
	}
	if (o == SIM_DONE && r.c.kind == STOCK_TRANSFER_REQUEST) {
		s->transfer_lines[s->transfer_count % 2] = line;
		s->transfers[s->transfer_count++ % 2] = r.out.id;
	}
	if (o == SIM_DONE && r.c.kind == STOCK_COUNT_OPEN)
		s->counts[s->count_count++ % 2] = r.out.id;
	sim_check(s, r.c.line_count ? line.order : 0);
}

/* ---- Reports ---------------------------------------------------------------------------------------------------- */

struct sim_returned {
	unsigned char key[HASH128_BYTES];
	struct order_returned_in in;
	struct order_returned_out out;
};

static inline enum result sim_returned_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct sim_returned *r = arg;

	return order_report_return(tx, r->key, &r->in, &r->out, e);
}

/* A till says that something came back: of an order, of none, more than there was, for more than it cost. */
static inline void sim_report(struct sim *s)
{
	int64_t order = s->orders[sim_below(s, SIM_ORDERS)];
	struct sim_returned r = { .in = { .sku = s->shop->skus[sim_below(s, SHOP_SKUS)],
		                          .qty = 1 + sim_below(s, 2),
		                          .location = sim_store(s),
		                          .condition = 1 + (int)sim_below(s, 3),
		                          .tender = 1 + (int)sim_below(s, TENDERS - 1),
		                          .refunded_minor = sim_below(s, 6000) - 1 } };
	if (order) {
		struct order_book b = shop_book(s->shop, order, s->a);
		r.in.number = str_c(b.number);
		for (int i = 0; i < b.line_count && !sim_odds(s, 4); i++)
			if (b.lines[i].handed > b.lines[i].returned)
				r.in.sku = b.lines[i].sku;
	}
	shop_key(kit_random_next(&s->r), r.key);
	sim_trip(s);
	struct error err = { 0 };
	enum result result = db_transact(s->shop->db, sim_returned_run, &r, &err);
	if (s->alone)
		db_fault_nth(s->shop->db, 0, OK);
	kit_err = err;
	enum sim_outcome o = sim_judge(result, false);
	if (o == SIM_REFUSED || o == SIM_INVALID)
		fail_msg("a report was refused: %s %s", err.code, err.detail);
	s->stats->reported[o]++;
	if (o == SIM_DONE) {
		s->stats->returned += r.out.taken;
		s->stats->parked += r.out.parked;
		s->stats->unmatched += r.out.unmatched_minor;
	}
	sim_check(s, order);
}

/* One step; false when an invariant is broken: detail says which. */
static inline bool sim_step(struct sim *s)
{
	arena_reset(s->a);
	s->stats->steps++;
	if (sim_odds(s, 5))
		sim_stock(s);
	else if (sim_odds(s, 12))
		sim_replay(s);
	else if (sim_odds(s, 30))
		sim_report(s);
	else
		sim_order(s);
	return !s->bad;
}

/* A shop of its own in the database, with something on the shelves. */
static inline void sim_shop(struct shop *shop, struct db *db)
{
	shop_open(shop, db);
	for (int i = 0; i < SHOP_SKUS; i++)
		for (int j = 0; j < SHOP_STORES; j++)
			shop_fill(shop, i, j, 6);
}

#endif
