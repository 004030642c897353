/* rooms: stock ledger shop feed db text money base */
#include <stdio.h>
#include <stdlib.h>
#include "kit/stock_kit.h"

/* Random commands over stock, against a model of it in a few arrays: after every step the result, what is where, and
 * every invariant. Some transactions fail at a random statement and are sent again; some keys come a second time. A
 * failure names its seed: BYNAME_SEED=… replays it. BYNAME_STOCK_STEPS: steps in all. */

#define SKUS 3
#define PLACES 3
#define ROWS 400 /* of each sort in one seed */
#define SEED_STEPS 250
#define T0 (1790000000 * USEC)

static struct stock_kit k;
static bool faults = true; /* transactions that fail on the way */

struct op {
	enum { OP_COMMAND, OP_STEP, OP_REPORT } sort;
	struct stock_command c;
	struct transfer_line lines[2];
	enum unit_step step;
	struct unit_line line;
	unsigned char key[HASH128_BYTES];
	struct stock_outcome out;
};

struct sim {
	struct kit_random rnd;
	uint64_t seed, serial;
	int64_t sku[SKUS], now, q[SKUS][PLACES][UNIT_STATES];
	struct {
		int64_t id, qty, until;
		int s, p, state, waiting; /* waiting: index + 1 */
	} hold[ROWS];
	struct {
		int64_t id, hint;
		int s, p, state;
	} count[ROWS];
	struct {
		int64_t id;
		int from, to, state, n;
		struct {
			int s;
			bool owned;
			int64_t asked, moving;
		} line[2];
	} tran[ROWS];
	struct {
		int64_t id, qty, received;
		int s, p, state;
	} expect[ROWS];
	struct {
		int64_t id, qty;
		int s, p, state, hold; /* p -1: anywhere; hold: index + 1 */
	} wait[ROWS];
	int holds, counts, trans, expects, waits;
	struct {
		int64_t at, by;
		int s, p;
	} moved[ROWS * 8]; /* on the shelf */
	int moves;
	struct op past[ROWS];
	int pasts;
	char wrong[600];
};

/* What was tried, and what came of it. */
enum { WAS_DONE, WAS_REFUSED, WAS_REPLAYED, WAS_CRASHED, OUTCOMES };
#define KINDS (STOCK_KINDS + 2 * UNIT_STEPS + 2)
enum { KIND_SWEEP = STOCK_KINDS + 2 * UNIT_STEPS, KIND_OFFER };
static int64_t tried[KINDS][OUTCOMES];

static int rnd(struct sim *m, int n)
{
	return (int)kit_random_below(&m->rnd, (uint64_t)n);
}

__attribute__((format(printf, 2, 3))) static void wrong(struct sim *m, const char *fmt, ...)
{
	va_list ap;
	if (m->wrong[0])
		return;
	va_start(ap, fmt);
	vsnprintf(m->wrong, sizeof(m->wrong), fmt, ap);
	va_end(ap);
}

/* ---- The model -------------------------------------------------------------------------------------------------- */

static bool on_shelf(int state)
{
	return state == UNIT_AVAILABLE || state == UNIT_HELD || state == UNIT_COMMITTED || state == UNIT_SAFETY;
}

static void put(struct sim *m, int s, int p, int state, int64_t by)
{
	if (state >= UNIT_STATES || !by)
		return;
	m->q[s][p][state] += by;
	if (on_shelf(state)) {
		if (m->moves == (int)(sizeof(m->moved) / sizeof(*m->moved)))
			abort();
		m->moved[m->moves].at = m->now;
		m->moved[m->moves].by = by;
		m->moved[m->moves].s = s;
		m->moved[m->moves++].p = p;
	}
}

static void move(struct sim *m, int s, int p, int from, int to, int64_t qty)
{
	put(m, s, p, from, -qty);
	put(m, s, p, to, qty);
}

static int64_t shelf_at(const struct sim *m, int s, int p, int64_t at)
{
	int64_t sum = 0;
	for (int i = 0; i < m->moves; i++)
		if (m->moved[i].s == s && m->moved[i].p == p && m->moved[i].at <= at)
			sum += m->moved[i].by;
	return sum;
}

static int task_of(const struct sim *m, int s, int p)
{
	for (int i = 0; i < m->counts; i++)
		if (m->count[i].s == s && m->count[i].p == p && m->count[i].state <= COUNT_SHORT)
			return i;
	return -1;
}

/* The task's id is learnt when somebody asks for it. */
static int task_need(struct sim *m, int s, int p, int64_t hint)
{
	int i = task_of(m, s, p);
	if (i < 0) {
		i = m->counts++;
		m->count[i].id = 0;
		m->count[i].hint = 0;
		m->count[i].s = s;
		m->count[i].p = p;
		m->count[i].state = COUNT_OPEN;
	}
	m->count[i].hint += hint;
	return i;
}

/* ---- Running ---------------------------------------------------------------------------------------------------- */

static enum result op_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct op *o = arg;
	if (o->sort == OP_COMMAND)
		return stock_do(tx, o->key, 7, 8, &o->c, &o->out, e);
	struct unit_line line = o->line;
	struct act_in in = { .what = STR("test.step") };
	struct act act;
	const int64_t payload[] = { o->sort, o->step, line.sku, line.location, line.qty, line.hold };
	in.payload = (struct str){ (const char *)payload, sizeof(payload) };
	memcpy(in.key, o->key, sizeof(in.key));
	TRY(act_begin(tx, &in, &act, e));
	o->out = (struct stock_outcome){ .qty = act.replayed ? act.value[0] : 0, .replayed = act.replayed };
	if (act.replayed)
		return OK;
	TRY((o->sort == OP_REPORT ? unit_report : unit_step)(tx, &act, o->step, &line, 1, e));
	o->out.qty = line.unrecorded;
	return act_end(tx, &act, &line.unrecorded, 1, e);
}

static int kind_of(const struct op *o)
{
	return o->sort == OP_COMMAND ? (int)o->c.kind
	                             : STOCK_KINDS + (o->sort == OP_REPORT ? UNIT_STEPS : 0) + (int)o->step;
}

static const char *kind_name(int kind)
{
	static char text[48];
	if (kind < STOCK_KINDS)
		return stock_kind_name((enum stock_kind)kind);
	if (kind >= KIND_SWEEP)
		return kind == KIND_SWEEP ? "sweep" : "offer";
	snprintf(text, sizeof(text), "%s.%s", kind < STOCK_KINDS + UNIT_STEPS ? "step" : "report",
	         unit_step_name((enum unit_step)((kind - STOCK_KINDS) % UNIT_STEPS)));
	return text;
}

/* As db_transact(); now and then it fails on the way first, and nothing has happened. */
static enum result transact(struct sim *m, db_fn *fn, void *arg, int kind)
{
	if (faults && rnd(m, 8) == 0) {
		int nth = 1 + rnd(m, 24);
		enum result with = rnd(m, 4) ? ERR_IO : ERR_RETRY;
		db_fault_nth(k.db, nth, with);
		enum result r = db_transact(k.db, fn, arg, &kit_err);
		bool reached = db_fault_count(k.db) >= nth;
		db_fault_nth(k.db, 0, OK);
		if (!reached || with == ERR_RETRY)
			return r;
		tried[kind][WAS_CRASHED]++;
		if (r != ERR_IO)
			wrong(m, "%s: a statement failed, and it says %s", kind_name(kind), result_name(r));
	}
	return db_transact(k.db, fn, arg, &kit_err);
}

static void replay(struct sim *m)
{
	if (!m->pasts)
		return;
	struct op o = m->past[rnd(m, m->pasts)], again = o;
	o.c.lines = o.lines;
	enum result r = db_transact(k.db, op_run, &o, &kit_err);
	tried[kind_of(&o)][WAS_REPLAYED]++;
	if (r != OK || !o.out.replayed)
		wrong(m, "%s: the same key again: %s%s", kind_name(kind_of(&o)), result_name(r),
		      r == OK ? ", done anew" : "");
	o.out.replayed = false;
	if (r == OK && memcmp(&o.out, &again.out, sizeof(o.out)) != 0)
		wrong(m, "%s: the same key again has another outcome", kind_name(kind_of(&o)));
}

/* True when it was done, as it should. code: why it must be refused; NULL when it must not. */
static bool run(struct sim *m, struct op *o, const char *code)
{
	int kind = kind_of(o);
	m->serial++;
	act_key(o->key, (struct str){ (const char *)&m->seed, sizeof(m->seed) },
	        (struct str){ (const char *)&m->serial, sizeof(m->serial) });
	o->c.lines = o->lines;
	enum result r = transact(m, op_run, o, kind);
	tried[kind][r == OK ? WAS_DONE : WAS_REFUSED]++;
	if (!code && r != OK)
		wrong(m, "%s is refused: %s %s", kind_name(kind), kit_err.code, kit_err.detail);
	else if (code && r == OK)
		wrong(m, "%s is not refused: %s", kind_name(kind), code);
	else if (code && strcmp(code, kit_err.code) != 0)
		wrong(m, "%s is refused for %s (%s), not %s", kind_name(kind), kit_err.code, kit_err.detail, code);
	if (r == OK && m->pasts < ROWS)
		m->past[m->pasts++] = *o;
	return r == OK && !m->wrong[0];
}

static struct op command(struct sim *m, enum stock_kind kind, int s, int p)
{
	struct op o = { .sort = OP_COMMAND,
		        .c = { .kind = kind, .sku = s < 0 ? 0 : m->sku[s], .location = p < 0 ? 0 : k.place[p] } };
	return o;
}

static void expect_out(struct sim *m, const struct op *o, int64_t qty, int64_t state, int64_t open)
{
	if (o->out.qty != qty || o->out.state != state || o->out.open != open)
		wrong(m, "%s says qty %lld state %lld open %lld, not %lld %lld %lld", kind_name(kind_of(o)),
		      (long long)o->out.qty, (long long)o->out.state, (long long)o->out.open, (long long)qty,
		      (long long)state, (long long)open);
}

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

/* ---- Comparing -------------------------------------------------------------------------------------------------- */

static enum result compare_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct sim *m = arg;
	struct stock_cell *cells;
	int count;
	for (int s = 0; s < SKUS; s++) {
		char detail[256];
		int bad;
		TRY(stock_check_sku(tx, m->sku[s], &bad, detail, e));
		if (bad)
			wrong(m, "%d findings: %s", bad, detail);
		TRY(stock_grid(tx, &m->sku[s], 1, k.place, PLACES, db_tx_arena(tx), &cells, &count, e));
		for (int p = 0; p < PLACES; p++) {
			const struct stock_cell none = { 0 }, *c = &none;
			for (int i = 0; i < count; i++)
				if (cells[i].location == k.place[p])
					c = &cells[i];
			for (int x = 1; x < UNIT_STATES; x++)
				if (c->qty[x] != m->q[s][p][x])
					wrong(m, "SKU %d at %d: %lld %s, not %lld", s, p, (long long)c->qty[x],
					      unit_state_name(x), (long long)m->q[s][p][x]);
		}
	}
	return OK;
}

/* All rows of the seed: what is said of them is what they are. */
static enum result rows_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct sim *m = arg;
	for (int i = 0; i < m->holds; i++) {
		struct stock_hold h;
		TRY(hold_get(tx, m->hold[i].id, &h, e));
		if ((int)h.state != m->hold[i].state || h.qty != m->hold[i].qty)
			wrong(m, "hold %d is in state %d with %lld", i, (int)h.state, (long long)h.qty);
	}
	for (int i = 0; i < m->counts; i++) {
		struct stock_count c;
		if (!m->count[i].id)
			continue;
		TRY(count_get(tx, m->count[i].id, &c, e));
		if ((int)c.state != m->count[i].state || c.hint != m->count[i].hint)
			wrong(m, "count %d is in state %d, hint %lld", i, (int)c.state, (long long)c.hint);
	}
	for (int i = 0; i < m->trans; i++) {
		struct stock_transfer t;
		TRY(transfer_get(tx, m->tran[i].id, db_tx_arena(tx), &t, e));
		if ((int)t.state != m->tran[i].state || t.line_count != m->tran[i].n)
			wrong(m, "transfer %d is in state %d", i, (int)t.state);
		for (int n = 0; n < t.line_count && n < m->tran[i].n; n++) {
			const struct stock_transfer_line *l = &t.lines[n];
			if (l->sent + l->over - l->received - l->lost - l->returned != m->tran[i].line[n].moving)
				wrong(m, "transfer %d line %d does not add up", i, n);
		}
	}
	for (int i = 0; i < m->expects; i++) {
		struct stock_expected x;
		TRY(expected_get(tx, m->expect[i].id, &x, e));
		if ((int)x.state != m->expect[i].state || x.received != m->expect[i].received)
			wrong(m, "delivery %d is in state %d", i, (int)x.state);
	}
	for (int i = 0; i < m->waits; i++) {
		struct stock_waiting w;
		TRY(waiting_get(tx, m->wait[i].id, &w, e));
		if ((int)w.state != m->wait[i].state)
			wrong(m, "waiting entry %d is in state %d", i, (int)w.state);
	}
	return OK;
}

static enum result tasks_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct sim *m = arg;
	static struct stock_count tasks[ROWS];
	int count, want = 0, got = 0;
	int64_t after = 0;
	do {
		TRY(count_tasks(tx, 0, after, ROWS, tasks, &count, e));
		for (int i = 0; i < count; i++)
			for (int s = 0; s < SKUS; s++)
				got += tasks[i].sku == m->sku[s];
		after = count ? tasks[count - 1].id : 0;
	} while (count == ROWS);
	for (int i = 0; i < m->counts; i++)
		want += m->count[i].state <= COUNT_SHORT;
	if (got != want)
		wrong(m, "%d count tasks are open, not %d", got, want);
	return OK;
}

/* ---- A seed ----------------------------------------------------------------------------------------------------- */

static enum result skus_make(struct db_tx *tx, void *arg, struct error *e)
{
	struct sim *m = arg;
	bool changed;
	for (int i = 0; i < SKUS; i++) {
		struct sku s = { .list_minor = -1, .cost_minor = -1 };
		static int64_t serial;
		snprintf(s.code, sizeof(s.code), "S%lld", (long long)++serial);
		TRY(sku_put(tx, &s, &m->sku[i], &changed, e));
	}
	return OK;
}

typedef void do_fn(struct sim *m);
static const struct {
	do_fn *fn;
	int weight;
} ops[] = {
	{ do_step, 40 },
	{ do_report, 8 },
	{ do_hold_place, 8 },
	{ do_hold_extend, 2 },
	{ do_hold_release, 3 },
	{ do_sweep, 3 },
	{ do_adjust, 10 },
	{ do_inspect, 3 },
	{ do_safety, 3 },
	{ do_expect, 3 },
	{ do_deliver, 6 },
	{ do_expect_cancel, 1 },
	{ do_level, 1 },
	{ do_count_open, 4 },
	{ do_count_enter, 6 },
	{ do_count_cancel, 1 },
	{ do_transfer_request, 4 },
	{ do_transfer_dispatch, 7 },
	{ do_transfer_receive, 7 },
	{ do_transfer_cancel, 2 },
	{ do_wait_join, 5 },
	{ do_wait_leave, 1 },
	{ do_offer, 6 },
	{ replay, 8 },
};

static void do_any(struct sim *m)
{
	int total = 0, at;
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		total += ops[i].weight;
	at = rnd(m, total);
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		at -= ops[i].weight;
		if (at < 0) {
			ops[i].fn(m);
			return;
		}
	}
}

/* Runs a seed; the first thing that is wrong is told in m->wrong. Returns the step. */
static int sim_run(struct sim *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->seed = seed;
	m->rnd.state = hash64(&seed, sizeof(seed), 1);
	m->now = clock_now();
	assert_ok(db_transact(k.db, skus_make, m, &kit_err));
	int step = 0;
	for (; step < SEED_STEPS && !m->wrong[0]; step++) {
		if (rnd(m, 3) == 0)
			m->now += rnd(m, 4) * MINUTE_US;
		clock_set(m->now);
		do_any(m);
		if (!m->wrong[0] && db_read(k.db, compare_run, m, &kit_err) != OK)
			wrong(m, "comparing: %s %s", kit_err.code, kit_err.detail);
	}
	m->now += 2 * DAY_US; /* nothing of this seed is left to lapse in the next one */
	clock_set(m->now);
	if (!m->wrong[0])
		do_sweep(m);
	if (!m->wrong[0] && (db_read(k.db, compare_run, m, &kit_err) != OK ||
	                     db_read(k.db, rows_run, m, &kit_err) != OK || db_read(k.db, tasks_run, m, &kit_err) != OK))
		wrong(m, "comparing: %s %s", kit_err.code, kit_err.detail);
	return step;
}

static int64_t from_env(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);
	return text && *text ? atoll(text) : otherwise;
}

static int place_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static int setup(void **state)
{
	(void)state;
	clock_set(T0);
	stock_kit_open(&k);
	qsort(k.place, STOCK_PLACES, sizeof(*k.place), place_cmp);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stock_kit_close(&k);
	return 0;
}

static void statistics(int64_t steps)
{
	printf("%-28s %10s %10s %10s %10s\n", "", "done", "refused", "replayed", "crashed");
	for (int i = 1; i < KINDS; i++) {
		const int64_t *t = tried[i];
		if (t[0] + t[1] + t[2] + t[3])
			printf("%-28s %10lld %10lld %10lld %10lld\n", kind_name(i), (long long)t[0], (long long)t[1],
			       (long long)t[2], (long long)t[3]);
		if (steps >= 200000 && i < STOCK_KINDS + UNIT_STEPS && i % STOCK_KINDS)
			assert_true(t[WAS_DONE] >= 100 && t[WAS_REPLAYED] >= 10);
	}
}

static void random_commands_agree_with_the_model(void **state)
{
	(void)state;
	static struct sim m;
	bool postgres = strcmp(kit_engine(), "postgresql") == 0;
	int64_t left = from_env("BYNAME_STOCK_STEPS", postgres ? 1000 : 3000), steps = left;
	uint64_t one = (uint64_t)from_env("BYNAME_SEED", 0), seed = one ? one : 1;
	memset(tried, 0, sizeof(tried));
	for (; left > 0; seed++) {
		int step = sim_run(&m, seed);
		if (m.wrong[0])
			fail_msg("BYNAME_SEED=%llu, step %d: %s", (unsigned long long)seed, step, m.wrong);
		left -= step;
		if (one)
			break;
	}
	statistics(steps);
	assert_ok(stock_room.check(k.db, stock_no_finding, NULL, &kit_err));
	assert_ok(ledger_room.check(k.db, stock_no_finding, NULL, &kit_err));
}

/* The test of the test: each deliberate fault is caught within some seeds. */
static void every_deliberate_fault_is_caught(void **state)
{
#ifdef NDEBUG
	(void)state;
	print_message("skipped: a release build has no deliberate faults\n");
#else
	static struct sim m;
	if (strcmp(kit_engine(), "sqlite") != 0) {
		print_message("skipped: the faults lie in code that is the same for all engines\n");
		return;
	}
	faults = false;
	for (int fault = MUTANT_NONE + 1; fault < MUTANT_STOCK_END; fault++) {
		int seeds = 0;
		m.wrong[0] = 0;
		teardown(state);
		setup(state);
		for (uint64_t seed = 1; seed <= 40 && !m.wrong[0]; seed++, seeds++) {
			mutant_on = (enum mutant)fault;
			(void)sim_run(&m, 1000 + seed);
			mutant_on = MUTANT_NONE;
		}
		if (!m.wrong[0])
			fail_msg("fault %d is not caught in %d seeds", fault, seeds);
		printf("fault %2d, caught in seed %d: %s\n", fault, seeds, m.wrong);
	}
	faults = true;
#endif
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(random_commands_agree_with_the_model),
		T(every_deliberate_fault_is_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
