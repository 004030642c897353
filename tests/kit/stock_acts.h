/* Random commands, each run against stock and the model: for stock_random_test.c, which alone includes this. */
#ifndef BYNAME_TESTS_STOCK_ACTS_H
#define BYNAME_TESTS_STOCK_ACTS_H

#include "kit/stock_model.h"

/* ---- Steps and reports ------------------------------------------------------------------------------------------ */

static const struct {
	int from, to;
} way[UNIT_STEPS] = {
	[STEP_COMMIT] = { UNIT_AVAILABLE, UNIT_COMMITTED },
	[STEP_UNCOMMIT] = { UNIT_COMMITTED, UNIT_AVAILABLE },
	[STEP_PICK] = { UNIT_COMMITTED, UNIT_PICKED },
	[STEP_UNPICK] = { UNIT_PICKED, UNIT_COMMITTED },
	[STEP_PUT_BACK] = { UNIT_PICKED, UNIT_AVAILABLE },
	[STEP_HAND_OVER] = { UNIT_PICKED, UNIT_CUSTOMER },
	[STEP_SHIP] = { UNIT_PICKED, UNIT_CUSTOMER },
	[STEP_SELL] = { UNIT_AVAILABLE, UNIT_CUSTOMER },
	[STEP_MISSING] = { UNIT_COMMITTED, UNIT_ADJUST },
	[STEP_MISSING_PICKED] = { UNIT_PICKED, UNIT_ADJUST },
	[STEP_RETURN] = { UNIT_CUSTOMER, UNIT_QUALITY },
	[STEP_RETURN_SHELF] = { UNIT_CUSTOMER, UNIT_AVAILABLE },
	[STEP_RETURN_DAMAGED] = { UNIT_CUSTOMER, UNIT_DAMAGED },
	[STEP_INSPECT_GOOD] = { UNIT_QUALITY, UNIT_AVAILABLE },
	[STEP_INSPECT_DAMAGED] = { UNIT_QUALITY, UNIT_DAMAGED },
	[STEP_INSPECT_SCRAP] = { UNIT_QUALITY, UNIT_SCRAP },
	[STEP_REPAIR] = { UNIT_DAMAGED, UNIT_AVAILABLE },
	[STEP_SCRAP] = { UNIT_DAMAGED, UNIT_SCRAP },
};

static void hold_close(struct sim *m, int h, int state, int waiting)
{
	m->hold[h].state = state;
	m->hold[h].qty = 0;
	if (m->hold[h].waiting)
		m->wait[m->hold[h].waiting - 1].state = waiting;
}

/* A place: mostly one where there is enough in that state, if there is one. */
static void choose(struct sim *m, int state, int64_t qty, int *s, int *p)
{
	*s = rnd(m, SKUS);
	*p = rnd(m, PLACES);
	if (state >= UNIT_STATES || rnd(m, 4) == 0)
		return;
	for (int i = 0, first = rnd(m, SKUS * PLACES); i < SKUS * PLACES; i++) {
		int at = (first + i) % (SKUS * PLACES);
		if (m->q[at / PLACES][at % PLACES][state] >= qty) {
			*s = at / PLACES;
			*p = at % PLACES;
			return;
		}
	}
}

static void do_step(struct sim *m)
{
	struct op o = { .sort = OP_STEP, .step = (enum unit_step)(1 + rnd(m, UNIT_STEPS - 1)) };
	int often = rnd(m, 8);
	if (often < 3)
		o.step = often ? STEP_COMMIT : STEP_PICK;
	int s, p, h = -1, from = way[o.step].from;
	int64_t qty = 1 + rnd(m, 3);
	const char *code = NULL;
	choose(m, from, qty, &s, &p);
	if (from == UNIT_AVAILABLE && m->holds && rnd(m, 2)) {
		h = rnd(m, m->holds);
		if (rnd(m, 4)) { /* nearly always its own place */
			s = m->hold[h].s;
			p = m->hold[h].p;
		}
		from = UNIT_HELD;
		if (m->hold[h].s != s || m->hold[h].p != p || m->hold[h].state != HOLD_OPEN || m->hold[h].qty < qty)
			code = "stock.hold";
	} else if (from < UNIT_STATES && m->q[s][p][from] < qty) {
		code = "stock.short";
	}
	o.line = (struct unit_line){ .sku = m->sku[s],
		                     .location = k.place[p],
		                     .qty = qty,
		                     .order = 90,
		                     .line = 1,
		                     .hold = h < 0 ? 0 : m->hold[h].id };
	if (!run(m, &o, code))
		return;
	move(m, s, p, from, way[o.step].to, qty);
	if (o.step == STEP_MISSING || o.step == STEP_MISSING_PICKED)
		task_need(m, s, p, qty);
	if (h < 0)
		return;
	m->hold[h].qty -= qty;
	if (!m->hold[h].qty)
		hold_close(m, h, HOLD_CONSUMED, WAITING_TAKEN);
}

static void do_report(struct sim *m)
{
	static const enum unit_step steps[] = { STEP_SELL, STEP_SHIP, STEP_HAND_OVER, STEP_RETURN, STEP_RETURN_SHELF };
	struct op o = { .sort = OP_REPORT, .step = steps[rnd(m, 5)] };
	int s = rnd(m, SKUS), p = rnd(m, PLACES);
	int64_t qty = 1 + rnd(m, 4), there = m->q[s][p][UNIT_AVAILABLE], unrecorded;
	bool sale = way[o.step].to == UNIT_CUSTOMER;
	o.line = (struct unit_line){ .sku = m->sku[s], .location = k.place[p], .qty = qty, .order = 91, .line = 1 };
	if (!run(m, &o, NULL))
		return;
	unrecorded = sale && qty > there ? qty - there : 0;
	move(m, s, p, sale ? UNIT_AVAILABLE : UNIT_CUSTOMER, way[o.step].to, qty - unrecorded);
	if (unrecorded)
		task_need(m, s, p, unrecorded);
	expect_out(m, &o, unrecorded, 0, 0);
}

/* ---- Holds ------------------------------------------------------------------------------------------------------ */

static void do_hold_place(struct sim *m)
{
	int s, p, h = m->holds;
	int64_t qty = 1 + rnd(m, 3);
	if (h == ROWS)
		return;
	choose(m, UNIT_AVAILABLE, qty, &s, &p);
	struct op o = command(m, STOCK_HOLD_PLACE, s, p);
	o.c.qty = qty;
	o.c.at = m->now + 1 + rnd(m, 20) * MINUTE_US;
	o.c.record = rnd(m, 3);
	if (!run(m, &o, m->q[s][p][UNIT_AVAILABLE] < o.c.qty ? "stock.short" : NULL))
		return;
	move(m, s, p, UNIT_AVAILABLE, UNIT_HELD, o.c.qty);
	m->hold[h].id = o.out.id;
	m->hold[h].qty = o.c.qty;
	m->hold[h].until = o.c.at;
	m->hold[h].s = s;
	m->hold[h].p = p;
	m->hold[h].state = HOLD_OPEN;
	m->hold[h].waiting = 0;
	m->holds++;
}

static void do_hold_extend(struct sim *m)
{
	if (!m->holds)
		return;
	int h = rnd(m, m->holds);
	struct op o = command(m, STOCK_HOLD_EXTEND, -1, -1);
	o.c.id = m->hold[h].id;
	o.c.at = (m->hold[h].until > m->now ? m->hold[h].until : m->now) + MINUTE_US;
	if (run(m, &o, m->hold[h].state == HOLD_OPEN ? NULL : "stock.state"))
		m->hold[h].until = o.c.at;
}

static void do_hold_release(struct sim *m)
{
	if (!m->holds)
		return;
	int h = rnd(m, m->holds);
	struct op o = command(m, STOCK_HOLD_RELEASE, -1, -1);
	int64_t qty = m->hold[h].qty;
	o.c.id = m->hold[h].id;
	if (!run(m, &o, m->hold[h].state == HOLD_OPEN ? NULL : "stock.state"))
		return;
	move(m, m->hold[h].s, m->hold[h].p, UNIT_HELD, UNIT_AVAILABLE, qty);
	hold_close(m, h, HOLD_RELEASED, WAITING_LEFT);
	expect_out(m, &o, qty, HOLD_RELEASED, 0);
}

static enum result sweep_run(struct db_tx *tx, void *arg, struct error *e)
{
	return hold_sweep(tx, clock_now(), ROWS, arg, e);
}

static void do_sweep(struct sim *m)
{
	int swept = 0, want = 0;
	enum result r = transact(m, sweep_run, &swept, KIND_SWEEP);
	tried[KIND_SWEEP][r == OK ? WAS_DONE : WAS_REFUSED]++;
	for (int h = 0; h < m->holds; h++)
		if (m->hold[h].state == HOLD_OPEN && m->hold[h].until <= m->now) {
			want++;
			move(m, m->hold[h].s, m->hold[h].p, UNIT_HELD, UNIT_AVAILABLE, m->hold[h].qty);
			hold_close(m, h, HOLD_EXPIRED, WAITING_LAPSED);
		}
	if (r != OK || swept != want)
		wrong(m, "sweep: %s, %d swept, not %d", result_name(r), swept, want);
}

/* ---- Adjusting, safety, deliveries ------------------------------------------------------------------------------ */

static void do_adjust(struct sim *m)
{
	int s = rnd(m, SKUS), p = rnd(m, PLACES);
	struct op o = command(m, STOCK_ADJUST, s, p);
	o.c.qty = rnd(m, 10) ? 1 + rnd(m, 4) : -1 - rnd(m, 4);
	if (rnd(m, 3) == 0)
		o.c.qty = -o.c.qty;
	o.c.reason = o.c.qty > 0 ? REASON_FOUND : rnd(m, 2) ? REASON_BROKEN : REASON_LOST;
	if (!run(m, &o, o.c.qty < 0 && m->q[s][p][UNIT_AVAILABLE] < -o.c.qty ? "stock.short" : NULL))
		return;
	put(m, s, p, UNIT_AVAILABLE, o.c.qty);
	if (o.c.reason == REASON_BROKEN)
		put(m, s, p, UNIT_DAMAGED, -o.c.qty);
}

static void do_inspect(struct sim *m)
{
	int s, p, reason = STEP_INSPECT_GOOD + rnd(m, STEP_SCRAP - STEP_INSPECT_GOOD + 1);
	choose(m, way[reason].from, 1, &s, &p);
	struct op o = command(m, STOCK_STEP, s, p);
	o.c.qty = 1;
	o.c.reason = reason;
	if (run(m, &o, m->q[s][p][way[o.c.reason].from] < 1 ? "stock.short" : NULL))
		move(m, s, p, way[o.c.reason].from, way[o.c.reason].to, 1);
}

static void do_safety(struct sim *m)
{
	int s = rnd(m, SKUS), p = rnd(m, PLACES);
	struct op o = command(m, STOCK_SAFETY, s, p);
	o.c.qty = rnd(m, 4);
	int64_t by = o.c.qty - m->q[s][p][UNIT_SAFETY];
	if (run(m, &o, m->q[s][p][UNIT_AVAILABLE] < by ? "stock.short" : NULL))
		move(m, s, p, UNIT_AVAILABLE, UNIT_SAFETY, by);
}

static void do_expect(struct sim *m)
{
	int s = rnd(m, SKUS), p = rnd(m, PLACES), x = m->expects;
	struct op o = command(m, STOCK_EXPECT, s, p);
	if (x == ROWS)
		return;
	o.c.qty = 1 + rnd(m, 5);
	o.c.at = m->now + DAY_US;
	if (!run(m, &o, NULL))
		return;
	m->expect[x].id = o.out.id;
	m->expect[x].qty = o.c.qty;
	m->expect[x].received = 0;
	m->expect[x].s = s;
	m->expect[x].p = p;
	m->expect[x].state = EXPECT_OPEN;
	m->expects++;
}

static void do_deliver(struct sim *m)
{
	int x = m->expects && rnd(m, 4) ? rnd(m, m->expects) : -1;
	int s = x < 0 ? rnd(m, SKUS) : m->expect[x].s, p = x < 0 ? rnd(m, PLACES) : m->expect[x].p;
	struct op o = command(m, STOCK_DELIVER, x < 0 ? s : -1, x < 0 ? p : -1);
	o.c.qty = 1 + rnd(m, 4);
	o.c.id = x < 0 ? 0 : m->expect[x].id;
	o.c.final = x >= 0 && rnd(m, 4) == 0;
	if (!run(m, &o, x < 0 || m->expect[x].state == EXPECT_OPEN ? NULL : "stock.state"))
		return;
	put(m, s, p, UNIT_AVAILABLE, o.c.qty);
	if (x < 0)
		return;
	m->expect[x].received += o.c.qty;
	if (o.c.final || m->expect[x].received >= m->expect[x].qty)
		m->expect[x].state = EXPECT_CLOSED;
}

static void do_expect_cancel(struct sim *m)
{
	if (!m->expects)
		return;
	int x = rnd(m, m->expects);
	struct op o = command(m, STOCK_EXPECT_CANCEL, -1, -1);
	o.c.id = m->expect[x].id;
	if (run(m, &o, m->expect[x].state == EXPECT_OPEN ? NULL : "stock.state"))
		m->expect[x].state = EXPECT_CANCELLED;
}

static void do_level(struct sim *m)
{
	struct op o = command(m, STOCK_LEVEL, rnd(m, SKUS), rnd(m, PLACES));
	o.c.qty = rnd(m, 5) - 1;
	(void)run(m, &o, NULL);
}

/* ---- Counts ----------------------------------------------------------------------------------------------------- */

static void do_count_open(struct sim *m)
{
	int s = rnd(m, SKUS), p = rnd(m, PLACES);
	struct op o = command(m, STOCK_COUNT_OPEN, s, p);
	if (m->counts == ROWS || !run(m, &o, NULL))
		return;
	int i = task_need(m, s, p, 0);
	if (m->count[i].id && m->count[i].id != o.out.id)
		wrong(m, "a second task for the same place");
	m->count[i].id = o.out.id;
}

static int count_any(struct sim *m)
{
	if (!m->counts)
		return -1;
	int i = rnd(m, m->counts);
	return m->count[i].id ? i : -1;
}

static void do_count_enter(struct sim *m)
{
	int i = count_any(m);
	if (i < 0)
		return;
	struct op o = command(m, STOCK_COUNT_ENTER, -1, -1);
	int s = m->count[i].s, p = m->count[i].p;
	int64_t at = rnd(m, 2) ? 0 : m->now - rnd(m, 30) * MINUTE_US, expected, diff;
	expected = shelf_at(m, s, p, at ? at : m->now);
	o.c.id = m->count[i].id;
	o.c.at = at;
	o.c.qty = expected + rnd(m, 7) - 3;
	if (o.c.qty < 0)
		o.c.qty = 0;
	diff = o.c.qty - expected;
	if (!run(m, &o, m->count[i].state <= COUNT_SHORT ? NULL : "stock.state"))
		return;
	int64_t open = 0;
	if (diff > 0)
		put(m, s, p, UNIT_AVAILABLE, diff);
	if (diff < 0) {
		int64_t first = m->q[s][p][UNIT_AVAILABLE] < -diff ? m->q[s][p][UNIT_AVAILABLE] : -diff;
		int64_t then = m->q[s][p][UNIT_SAFETY] < -diff - first ? m->q[s][p][UNIT_SAFETY] : -diff - first;
		put(m, s, p, UNIT_AVAILABLE, -first);
		put(m, s, p, UNIT_SAFETY, -then);
		open = -diff - first - then;
	}
	m->count[i].state = open ? COUNT_SHORT : COUNT_DONE;
	if (o.out.expected != expected)
		wrong(m, "a count expected %lld, not %lld", (long long)o.out.expected, (long long)expected);
	expect_out(m, &o, diff, m->count[i].state, open);
}

static void do_count_cancel(struct sim *m)
{
	int i = count_any(m);
	if (i < 0)
		return;
	struct op o = command(m, STOCK_COUNT_CANCEL, -1, -1);
	o.c.id = m->count[i].id;
	if (run(m, &o, m->count[i].state <= COUNT_SHORT ? NULL : "stock.state"))
		m->count[i].state = COUNT_CANCELLED;
}

/* A transfer: mostly the last one in that state. */
static int transfer_any(struct sim *m, int state)
{
	for (int t = m->trans; t-- && rnd(m, 8);)
		if (m->tran[t].state == state)
			return t;
	return rnd(m, m->trans);
}

/* ---- Transfers -------------------------------------------------------------------------------------------------- */

static void do_transfer_request(struct sim *m)
{
	int from = rnd(m, PLACES), to = (from + 1 + rnd(m, PLACES - 1)) % PLACES, t = m->trans;
	struct op o = command(m, STOCK_TRANSFER_REQUEST, -1, from);
	if (t == ROWS)
		return;
	int n = 1 + rnd(m, 2);
	for (int i = 0; i < n; i++) {
		bool owned = rnd(m, 3) == 0;
		int s = i ? (m->tran[t].line[0].s + 1) % SKUS : rnd(m, SKUS);
		m->tran[t].line[i].s = s;
		m->tran[t].line[i].owned = owned;
		m->tran[t].line[i].asked = 1 + rnd(m, 4);
		m->tran[t].line[i].moving = 0;
		o.lines[i] = (struct transfer_line){
			.sku = m->sku[s], .qty = m->tran[t].line[i].asked, .order = owned ? 90 : 0, .line = owned
		};
	}
	o.c.to = k.place[to];
	o.c.line_count = n;
	if (!run(m, &o, NULL))
		return;
	m->tran[t].id = o.out.id;
	m->tran[t].from = from;
	m->tran[t].to = to;
	m->tran[t].n = n;
	m->tran[t].state = TRANSFER_REQUESTED;
	m->trans++;
}

static void tran_lines(struct sim *m, int t, struct op *o)
{
	o->c.line_count = m->tran[t].n;
	for (int i = 0; i < m->tran[t].n; i++) {
		bool owned = m->tran[t].line[i].owned;
		o->lines[i] = (struct transfer_line){ .sku = m->sku[m->tran[t].line[i].s],
			                              .order = owned ? 90 : 0,
			                              .line = owned };
	}
}

static int owned_state(const struct sim *m, int t, int i)
{
	return m->tran[t].line[i].owned ? UNIT_COMMITTED : UNIT_AVAILABLE;
}

static void do_transfer_dispatch(struct sim *m)
{
	if (!m->trans)
		return;
	int t = transfer_any(m, TRANSFER_REQUESTED), from = m->tran[t].from, to = m->tran[t].to;
	struct op o = command(m, STOCK_TRANSFER_DISPATCH, -1, -1);
	const char *code = m->tran[t].state == TRANSFER_REQUESTED ? NULL : "stock.state";
	o.c.id = m->tran[t].id;
	tran_lines(m, t, &o);
	int64_t sent = 0;
	for (int i = 0; i < m->tran[t].n; i++) {
		int64_t asked = m->tran[t].line[i].asked;
		o.lines[i].qty = m->tran[t].line[i].owned ? 1 + rnd(m, (int)asked) : 1 + rnd(m, 5);
		int64_t there = m->q[m->tran[t].line[i].s][from][owned_state(m, t, i)];
		if (there < o.lines[i].qty && rnd(m, 8)) /* rather what there is */
			o.lines[i].qty = there;
		sent += o.lines[i].qty;
		if (!code && m->q[m->tran[t].line[i].s][from][owned_state(m, t, i)] < o.lines[i].qty)
			code = "stock.short";
	}
	if (!sent && !code)
		code = "stock.lines";
	if (!run(m, &o, code))
		return;
	m->tran[t].state = TRANSFER_DISPATCHED;
	for (int i = 0; i < m->tran[t].n; i++) {
		m->tran[t].line[i].moving = o.lines[i].qty;
		put(m, m->tran[t].line[i].s, from, owned_state(m, t, i), -o.lines[i].qty);
		put(m, m->tran[t].line[i].s, to, UNIT_TRANSIT, o.lines[i].qty);
	}
}

static void do_transfer_receive(struct sim *m)
{
	if (!m->trans)
		return;
	int t = transfer_any(m, TRANSFER_DISPATCHED), to = m->tran[t].to;
	struct op o = command(m, STOCK_TRANSFER_RECEIVE, -1, -1);
	o.c.id = m->tran[t].id;
	o.c.final = rnd(m, 2) != 0;
	tran_lines(m, t, &o);
	for (int i = 0; i < m->tran[t].n; i++)
		o.lines[i].qty = rnd(m, (int)m->tran[t].line[i].moving + 2);
	if (!run(m, &o, m->tran[t].state == TRANSFER_DISPATCHED ? NULL : "stock.state"))
		return;
	int64_t left = 0, came = 0, lost = 0;
	for (int i = 0; i < m->tran[t].n; i++) {
		int s = m->tran[t].line[i].s;
		int64_t qty = o.lines[i].qty, moving = m->tran[t].line[i].moving;
		int64_t in_time = qty < moving ? qty : moving;
		put(m, s, to, UNIT_TRANSIT, -in_time);
		put(m, s, to, owned_state(m, t, i), in_time);
		put(m, s, to, UNIT_AVAILABLE, qty - in_time);
		moving -= in_time;
		came += qty;
		if (o.c.final && moving) {
			put(m, s, to, UNIT_TRANSIT, -moving);
			lost += moving;
		}
		if (qty > in_time || (o.c.final && moving))
			task_need(m, s, m->tran[t].from, 0);
		m->tran[t].line[i].moving = o.c.final ? 0 : moving;
		left += m->tran[t].line[i].moving;
	}
	if (!left)
		m->tran[t].state = TRANSFER_RECEIVED;
	expect_out(m, &o, came, m->tran[t].state, lost);
}

static void do_transfer_cancel(struct sim *m)
{
	if (!m->trans)
		return;
	int t = transfer_any(m, TRANSFER_DISPATCHED);
	struct op o = command(m, STOCK_TRANSFER_CANCEL, -1, -1);
	o.c.id = m->tran[t].id;
	if (!run(m, &o, m->tran[t].state <= TRANSFER_DISPATCHED ? NULL : "stock.state"))
		return;
	for (int i = 0; i < m->tran[t].n; i++) {
		put(m, m->tran[t].line[i].s, m->tran[t].to, UNIT_TRANSIT, -m->tran[t].line[i].moving);
		put(m, m->tran[t].line[i].s, m->tran[t].from, owned_state(m, t, i), m->tran[t].line[i].moving);
		m->tran[t].line[i].moving = 0;
	}
	m->tran[t].state = TRANSFER_CANCELLED;
}

/* ---- Waiting ---------------------------------------------------------------------------------------------------- */

static void do_wait_join(struct sim *m)
{
	int s = rnd(m, SKUS), p = rnd(m, PLACES + 1) - 1, w = m->waits;
	struct op o = command(m, STOCK_WAIT_JOIN, s, p);
	if (w == ROWS)
		return;
	o.c.qty = 1 + rnd(m, 2);
	o.c.record = 5;
	if (!run(m, &o, NULL))
		return;
	m->wait[w].id = o.out.id;
	m->wait[w].qty = o.c.qty;
	m->wait[w].s = s;
	m->wait[w].p = p;
	m->wait[w].state = WAITING;
	m->wait[w].hold = 0;
	m->waits++;
}

static void do_wait_leave(struct sim *m)
{
	if (!m->waits)
		return;
	int w = rnd(m, m->waits);
	struct op o = command(m, STOCK_WAIT_LEAVE, -1, -1);
	o.c.id = m->wait[w].id;
	if (!run(m, &o, m->wait[w].state <= WAITING_OFFERED ? NULL : "stock.state"))
		return;
	if (m->wait[w].state == WAITING_OFFERED) {
		int h = m->wait[w].hold - 1;
		move(m, m->wait[w].s, m->hold[h].p, UNIT_HELD, UNIT_AVAILABLE, m->hold[h].qty);
		hold_close(m, h, HOLD_RELEASED, WAITING_LEFT);
	}
	m->wait[w].state = WAITING_LEFT;
}

struct offer {
	int64_t sku;
	int offered, count;
	struct stock_waiting list[ROWS];
};

static enum result offer_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct offer *o = arg;
	TRY(waiting_offer(tx, o->sku, HOUR_US, &o->offered, e));
	return waiting_list(tx, o->sku, 0, ROWS, o->list, &o->count, e);
}

/* Where the model would set it aside: the fullest place; none: whoever comes later waits for these places, too. */
static int offer_place(struct sim *m, int w, bool *spoken_for)
{
	int best = -1;
	int64_t(*q)[UNIT_STATES] = m->q[m->wait[w].s];
	for (int p = 0; p < PLACES; p++)
		if ((m->wait[w].p < 0 || m->wait[w].p == p) && !spoken_for[p] &&
		    q[p][UNIT_AVAILABLE] >= m->wait[w].qty &&
		    (best < 0 || q[p][UNIT_AVAILABLE] > q[best][UNIT_AVAILABLE]))
			best = p;
	for (int p = 0; p < PLACES && best < 0; p++)
		spoken_for[p] |= m->wait[w].p < 0 || m->wait[w].p == p;
	return best;
}

static void do_offer(struct sim *m)
{
	static struct offer o;
	int s = rnd(m, SKUS), want = 0;
	bool spoken_for[PLACES] = { false };
	if (m->holds + 100 > ROWS)
		return;
	o.sku = m->sku[s];
	enum result r = transact(m, offer_run, &o, KIND_OFFER);
	tried[KIND_OFFER][r == OK ? WAS_DONE : WAS_REFUSED]++;
	for (int w = 0; w < m->waits && r == OK; w++) {
		if (m->wait[w].s != s || m->wait[w].state != WAITING)
			continue;
		int p = offer_place(m, w, spoken_for), h = m->holds;
		if (p < 0)
			continue;
		want++;
		move(m, s, p, UNIT_AVAILABLE, UNIT_HELD, m->wait[w].qty);
		m->wait[w].state = WAITING_OFFERED;
		m->wait[w].hold = h + 1;
		m->hold[h].id = 0;
		for (int i = 0; i < o.count; i++)
			if (o.list[i].id == m->wait[w].id)
				m->hold[h].id = o.list[i].hold;
		m->hold[h].qty = m->wait[w].qty;
		m->hold[h].until = m->now + HOUR_US;
		m->hold[h].s = s;
		m->hold[h].p = p;
		m->hold[h].state = HOLD_OPEN;
		m->hold[h].waiting = w + 1;
		m->holds++;
		if (!m->hold[h].id)
			wrong(m, "somebody in line was passed over");
	}
	if (r != OK || o.offered != want)
		wrong(m, "offer: %s, %d offered, not %d", result_name(r), o.offered, want);
}

#endif
