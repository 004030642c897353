/* A model of stock in a few arrays, and how a command is run against both: for stock_acts.h. */
#ifndef BYNAME_TESTS_STOCK_MODEL_H
#define BYNAME_TESTS_STOCK_MODEL_H

#include "kit/stock_kit.h"
#include <stdio.h>
#include <stdlib.h>

#define SKUS 3
#define PLACES 3
#define ROWS 400 /* of each sort in one seed */
#define SEED_STEPS 250

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

/* How many transactions the database has ended. */
static int64_t transactions_ended(void)
{
	struct db_stats is;
	db_stats_get(k.db, &is);
	return is.commits + is.rollbacks;
}

/* As db_transact(); now and then it fails on the way first, and nothing has happened. The thread that renews the node's
 * lease may have met the fault instead, which shows by its own transaction. */
static enum result transact(struct sim *m, db_fn *fn, void *arg, int kind)
{
	if (faults && rnd(m, 8) == 0) {
		int nth = 1 + rnd(m, 24);
		enum result with = rnd(m, 4) ? ERR_IO : ERR_RETRY;
		int64_t before = transactions_ended();
		db_fault_nth(k.db, nth, with);
		enum result r = db_transact(k.db, fn, arg, &kit_err);
		bool reached = db_fault_count(k.db) >= nth;
		db_fault_nth(k.db, 0, OK);
		if (!reached || with == ERR_RETRY || (r != ERR_IO && transactions_ended() > before + 1))
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

#endif
