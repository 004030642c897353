/* rooms: stock ledger shop feed db text money base */
#include "kit/stock_acts.h"

/* Random commands over stock, against a model of it in a few arrays: after every step the result, what is where, and
 * every invariant. Some transactions fail at a random statement and are sent again; some keys come a second time. A
 * failure names its seed: BYNAME_SEED=… replays it. BYNAME_STOCK_STEPS: steps in all. */

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
		/* the model's places keep their stock from the start (STOCK_PLACE: stock_test) */
		if (steps >= 200000 && i < STOCK_KINDS + UNIT_STEPS && i % STOCK_KINDS && i != STOCK_PLACE)
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
