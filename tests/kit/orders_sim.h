/* Random commands on orders and stock, run: after each step the invariants of what it touched must hold. The same seed
 * does the same. */
#ifndef BYNAME_TESTS_ORDERS_SIM_H
#define BYNAME_TESTS_ORDERS_SIM_H

#include "kit/orders_make.h"

#define WHOLE_EVERY 20 /* commits between two looks at all SKUs, those too that nothing was done to */
#define ALL_SKUS ((1u << SHOP_SKUS) - 1)

static inline void sim_open(struct sim *s, struct shop *shop, uint64_t seed, struct sim_stats *stats, bool alone)
{
	*s = (struct sim){
		.shop = shop, .r = { seed }, .stats = stats, .alone = alone, .a = arena_new(0), .last_a = arena_new(0)
	};
	assert_true(s->a && s->last_a);
	for (int i = 0; i < SIM_ORDERS; i++)
		assert_non_null(s->book_a[i] = arena_new(0));
}

static inline void sim_close(struct sim *s)
{
	arena_free(s->a);
	arena_free(s->last_a);
	for (int i = 0; i < SIM_ORDERS; i++)
		arena_free(s->book_a[i]);
}

/* ---- Checking --------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static inline void sim_bad(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->bad)
		return;
	va_start(ap, fmt);
	vsnprintf(s->detail, sizeof(s->detail), fmt, ap);
	va_end(ap);
	s->bad = 1;
}

static inline unsigned sim_sku_bit(const struct sim *s, int64_t sku)
{
	for (int i = 0; i < SHOP_SKUS; i++)
		if (s->shop->skus[i] == sku)
			return 1u << i;
	return 0;
}

static inline bool sim_moves_units(enum order_command_kind k)
{
	return k != COMMAND_QUOTE && k != COMMAND_PAY && k != COMMAND_REFUND && k != COMMAND_REFUND_DONE &&
	       k != COMMAND_REFUND_FAILED && k != COMMAND_CLOSE && k != COMMAND_ARRIVE && k != COMMAND_READY;
}

/* What an order's command may move: its items, the lines that it names, or all lines. */
static inline unsigned sim_skus_of(const struct sim *s, const struct order_book *b, const struct order_command *c)
{
	bool named = c->unit_count && c->kind != COMMAND_CHANGE && c->kind != COMMAND_EXCHANGE;
	unsigned skus = 0;

	if (!sim_moves_units(c->kind))
		return 0;
	for (int i = 0; i < b->line_count && !named; i++)
		skus |= sim_sku_bit(s, b->lines[i].sku);
	for (int i = 0; i < c->unit_count && named; i++)
		if (c->units[i].line > 0 && c->units[i].line <= b->line_count)
			skus |= sim_sku_bit(s, b->lines[c->units[i].line - 1].sku);
	for (int i = 0; i < c->item_count; i++)
		skus |= sim_sku_bit(s, c->items[i].sku);
	return skus;
}

/* Alone: whether anything was written since it was last checked. */
static inline bool sim_written(struct sim *s)
{
	struct db_stats is;
	int64_t was = s->commits;

	if (!s->alone)
		return true;
	db_fault_nth(s->shop->db, 0, OK);
	db_stats_get(s->shop->db, &is);
	s->commits = is.commits;
	return is.commits != was;
}

/* The order (0: none) and these SKUs; now and then all SKUs. */
static inline void sim_check(struct sim *s, int64_t order, unsigned skus)
{
	struct check_run c = { .order = order };
	int slot = 0;

	if (!sim_written(s) || s->bad)
		return;
	if (++s->unchecked >= WHOLE_EVERY) {
		skus = ALL_SKUS;
		s->unchecked = 0;
	}
	for (int i = 0; i < SHOP_SKUS; i++)
		if (skus >> i & 1)
			c.skus[c.sku_count++] = s->shop->skus[i];
	while (slot < SIM_ORDERS && (!order || s->orders[slot] != order))
		slot++;
	if (slot < SIM_ORDERS)
		c.a = s->book_a[slot];
	struct error err = { 0 };
	if (db_read(s->shop->db, check_run, &c, &err) != OK) {
		enum result again = db_read(s->shop->db, check_run, &c, &kit_err);
		sim_bad(s, "checking order %lld of slot %d: %s %s; asked again: %s", (long long)order, slot, err.code,
		        err.detail, result_name(again));
		return;
	}
	if (slot < SIM_ORDERS)
		s->books[slot] = c.b;
	if (c.bad)
		sim_bad(s, "%s", c.detail);
}

/* All orders that are worked on, all SKUs. */
static inline void sim_check_all(struct sim *s)
{
	for (int i = 0; i <= SIM_ORDERS; i++) {
		s->commits = -1;
		s->unchecked = WHOLE_EVERY;
		if (i == SIM_ORDERS || s->orders[i])
			sim_check(s, i < SIM_ORDERS ? s->orders[i] : 0, ALL_SKUS);
	}
}

/* The order as it is now. */
static inline struct order_book sim_book(struct sim *s, int slot)
{
	return s->alone && s->books[slot].order == s->orders[slot] ? s->books[slot]
	                                                           : shop_book(s->shop, s->orders[slot], s->a);
}

/* ---- Running them ----------------------------------------------------------------------------------------------- */

static inline enum sim_outcome sim_judge(struct sim *s, enum result r, bool replayed, const struct error *err)
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
		sim_bad(s, "%s %s %s %s", result_name(r), err->code, err->field, err->detail);
		return SIM_CRASHED;
	}
}

/* Some statement of the next command fails: any, or one of the first, where it is soon refused. */
static inline void sim_trip(struct sim *s, bool soon)
{
	if (s->alone && sim_odds(s, soon ? 2 : 14))
		db_fault_nth(s->shop->db, 1 + sim_below(s, sim_odds(s, 2) ? (soon ? 4 : 12) : (soon ? 30 : 80)),
		             ERR_IO);
}

static inline enum result sim_transact(struct sim *s, db_fn *fn, void *arg, bool soon, struct error *err)
{
	sim_trip(s, soon);
	enum result r = db_transact(s->shop->db, fn, arg, err);
	if (s->alone)
		db_fault_nth(s->shop->db, 0, OK);
	return r;
}

/* soon: it is likely to be refused. */
static inline enum sim_outcome sim_run(struct sim *s, struct order_run *r, bool soon, struct error *err)
{
	enum result result = sim_transact(s, order_run, r, soon, err);

	return sim_judge(s, result, result == OK && r->out.replayed, err);
}

/* The last command's key with another command. */
static inline void sim_mismatch(struct sim *s)
{
	struct order_run other = s->last;
	struct error err = { 0 };

	other.c.store ^= INT64_C(1) << 30;
	enum result r = sim_transact(s, order_run, &other, false, &err);
	if (r == ERR_MISMATCH)
		s->stats->mismatched++;
	else if (r != ERR_IO)
		sim_bad(s, "(7) another command by a known key: %s", result_name(r));
	sim_check(s, s->last.out.order, 0);
}

static inline void sim_replay(struct sim *s)
{
	struct order_run again = s->last;
	struct error err = { 0 };

	if (!s->has_last)
		return;
	if (sim_odds(s, 16)) {
		sim_mismatch(s);
		return;
	}
	enum sim_outcome o = sim_run(s, &again, false, &err);
	if (o != SIM_REPLAYED && o != SIM_CRASHED)
		sim_bad(s, "(7) a replayed command was not known (%s)", err.code);
	again.out.replayed = false;
	if (o == SIM_REPLAYED && memcmp(&again.out, &s->last.out, sizeof(again.out)))
		sim_bad(s, "(7) a replay had another outcome");
	s->stats->order[s->last_state][s->last.c.kind][o]++;
	sim_check(s, s->last.out.order, 0);
}

/* A copy that outlives the step. */
static inline void sim_remember(struct sim *s, const struct order_run *r, enum book_state state)
{
	const struct order_command *c = &r->c;

	arena_reset(s->last_a);
	s->last = *r;
	s->last_state = state;
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
	int64_t waiting = 0, open = 0, picked = 0, ready = 0, pick_up = 0, carried = 0, out = 0, look = 0, pending = 0,
	        shipped = 0, fetch = 0;

	for (int i = 0; i < b->line_count; i++) {
		waiting += b->lines[i].waiting;
		out += b->lines[i].handed - b->lines[i].returned;
	}
	for (int i = 0; i < b->part_count; i++) {
		const struct book_part *p = &b->parts[i];
		open += p->open;
		picked += p->picked;
		ready += p->ready;
		shipped += p->shipped;
		pick_up += p->method == METHOD_PICK_UP ? p->picked : 0;
		fetch += p->method == METHOD_PICK_UP ? p->open + p->picked + p->ready : 0;
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
	case COMMAND_ARRIVE:
		return fetch && b->arrived_at == 0;
	case COMMAND_HAND_OVER:
		return (picked || ready) && (b->on_account || !book_receivable(b));
	case COMMAND_SHIP:
		return carried && (b->on_account || !book_receivable(b));
	case COMMAND_DELIVER:
		return shipped;
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
		enum order_command_kind k = 1 + (int)sim_below(s, COMMANDS - 1);
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

/* What was done, by what it did to the order. */
static inline void sim_tally(struct sim *s, int slot, enum order_command_kind k, enum book_state was,
                             const int64_t units[AT_COUNT])
{
	int64_t now[AT_COUNT];

	if (s->bad || !s->alone)
		return;
	s->stats->turn[was][s->books[slot].state]++;
	tally_units(&s->books[slot], now);
	tally_ways(s->stats, k, units, now);
}

/* A command made up: for a new order, for one that is worked on, for one that nobody has. */
static inline void sim_make(struct sim *s, struct order_command *c, const struct order_book *b)
{
	if (!b->order || sim_odds(s, 60)) {
		c->order = 0;
		c->kind = sim_odds(s, 30)  ? 1 + (int)sim_below(s, COMMANDS - 1)
		          : sim_odds(s, 3) ? COMMAND_QUOTE
		                           : COMMAND_PLACE;
		if (c->kind == COMMAND_QUOTE || c->kind == COMMAND_PLACE)
			sim_fill(s, c, NULL);
		return;
	}
	c->kind = sim_kind(s, b);
	if (sim_odds(s, 40)) {
		c->order ^= INT64_C(1) << 20;
		c->kind = 1 + (int)sim_below(s, COMMANDS - 1);
	}
	sim_fill(s, c, b);
}

static inline void sim_order(struct sim *s)
{
	int slot = (int)sim_below(s, SIM_ORDERS);
	int64_t known = s->orders[slot], units[AT_COUNT];
	struct order_book b = { 0 };
	struct error err = { 0 };
	ARENA_AUTO struct arena *kept = s->alone ? arena_new(0) : NULL;
	struct order_run r = { .c = { .order = known, .store = sim_store(s) }, .kept.a = kept };

	if (known)
		b = sim_book(s, slot);
	sim_make(s, &r.c, &b);
	enum order_command_kind kind = r.c.kind;
	if (r.c.order != known || !known)
		b = (struct order_book){ 0 };
	bool soon = !tally_allowed((int)b.state, (int)kind), spoilt = sim_odds(s, soon ? 3 : 20) && sim_spoil(s, &r.c);
	tally_units(&b, units);
	unsigned skus = sim_skus_of(s, &b, &r.c);
	shop_key(kit_random_next(&s->r), r.key);
	enum sim_outcome o = sim_run(s, &r, soon, &err);
	if (spoilt && o != SIM_INVALID && o != SIM_CRASHED)
		sim_bad(s, "%s was taken as it came (%s)", order_command_name(kind), err.code);
	s->stats->order[b.state][kind][o]++;
	if (o == SIM_DONE && r.out.transfer)
		sim_transfer_keep(s, r.out.transfer, r.out.order);
	if (o == SIM_DONE) {
		struct order_run last = r;
		last.kept = (struct order_kept){ 0 };
		sim_remember(s, &last, b.state);
		s->orders[slot] = r.out.order;
	}
	sim_check(s, o == SIM_DONE ? r.out.order : b.order, skus);
	if (o == SIM_DONE && r.kept.there && s->books[slot].order == r.out.order &&
	    s->books[slot].version == r.kept.book.version)
		book_same(&r.kept.book, &s->books[slot]);
	if (o == SIM_DONE)
		sim_tally(s, slot, kind, b.state, units);
	if (o == SIM_DONE && r.out.state == BOOK_CANCELLED && sim_odds(s, 6))
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

static inline unsigned sim_stock_skus(const struct sim *s, const struct stock_command *c,
                                      const struct transfer_line *line)
{
	if (c->kind == STOCK_HOLD_RELEASE)
		for (int i = 0; i < 4; i++)
			if (s->holds[i] == c->id)
				return sim_sku_bit(s, s->hold_skus[i]);
	if (c->kind == STOCK_TRANSFER_CANCEL || c->kind == STOCK_COUNT_ENTER)
		return ALL_SKUS;
	return sim_sku_bit(s, c->line_count ? line->sku : c->sku);
}

static inline void sim_stock(struct sim *s)
{
	struct stock_run r = { 0 };
	struct transfer_line line;

	if (sim_odds(s, 12)) {
		int swept = 0;
		assert_ok(db_transact(s->shop->db, sweep_run, &swept, &kit_err));
		s->stats->swept += swept;
		sim_check(s, 0, ALL_SKUS);
		return;
	}
	sim_stock_fill(s, &r.c, &line);
	shop_key(kit_random_next(&s->r), r.key);
	struct error err = { 0 };
	enum sim_outcome o = sim_judge(s, sim_transact(s, stock_run, &r, false, &err), false, &err);
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
	sim_check(s, r.c.line_count ? line.order : 0, sim_stock_skus(s, &r.c, &line));
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
	int slot = (int)sim_below(s, SIM_ORDERS);
	int64_t order = s->orders[slot];
	struct sim_returned r = { .in = { .sku = s->shop->skus[sim_below(s, SHOP_SKUS)],
		                          .qty = 1 + sim_below(s, 2),
		                          .location = sim_store(s),
		                          .condition = 1 + (int)sim_below(s, 3),
		                          .tender = 1 + (int)sim_below(s, TENDERS - 1),
		                          .refunded_minor = sim_below(s, 6000) - 1 } };
	if (order) {
		struct order_book b = sim_book(s, slot);
		r.in.number = str_c(b.number);
		for (int i = 0; i < b.line_count && !sim_odds(s, 4); i++)
			if (b.lines[i].handed > b.lines[i].returned)
				r.in.sku = b.lines[i].sku;
	}
	shop_key(kit_random_next(&s->r), r.key);
	struct error err = { 0 };
	enum sim_outcome o = sim_judge(s, sim_transact(s, sim_returned_run, &r, false, &err), false, &err);
	if (o == SIM_REFUSED || o == SIM_INVALID)
		sim_bad(s, "a report was refused: %s %s", err.code, err.detail);
	s->stats->reported[o]++;
	if (o == SIM_DONE) {
		s->stats->returned += r.out.taken;
		s->stats->parked += r.out.parked;
		s->stats->unmatched += r.out.unmatched_minor;
	}
	sim_check(s, order, ALL_SKUS);
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

/* The seed's end: nothing is left to lapse in the next one's, and all that was worked on is whole. */
static inline bool sim_end(struct sim *s)
{
	for (int swept = 1; swept && !s->bad;) {
		assert_ok(db_transact(s->shop->db, sweep_run, &swept, &kit_err));
		s->stats->swept += swept;
	}
	sim_check_all(s);
	return !s->bad;
}

/* A shop of its own in the database, with something on the shelves. */
static inline void sim_shop(struct shop *shop, struct db *db, uint64_t number)
{
	shop_open_as(shop, db, number);
	for (int i = 0; i < SHOP_SKUS; i++)
		for (int j = 0; j < SHOP_STORES; j++)
			shop_fill(shop, i, j, 6);
}

#endif
