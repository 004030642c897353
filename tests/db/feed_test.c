/* rooms: feed db base */
/* The feed: lossless below the horizon, once per stored view, whoever moves it. */
#include "kit/kit.h"
#include "feed/feed.h"
#include "base/clock.h"
#include "db/db.h"
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void nap(int64_t us)
{
	nanosleep(&(struct timespec){ us / USEC, us % USEC * 1000 }, NULL);
}

/* ---- A view that counts how often each event was applied --------------------------------------------------------- */

DB_STMT(seen_make, "", "",
        "CREATE TABLE seen (view_name TEXT NOT NULL, id BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (view_name, "
        "id))")
DB_STMT(seen_add, "ti", "",
        "INSERT INTO seen (view_name, id, n) VALUES ($1, $2, 1) ON CONFLICT (view_name, id) DO UPDATE SET n = seen.n + "
        "1")
DB_STMT(seen_sum, "t", "iii",
        "SELECT COUNT(*), CAST(COALESCE(SUM(n), 0) AS BIGINT), CAST(COALESCE(SUM(id), 0) AS BIGINT) FROM seen"
        " WHERE view_name = $1")

static enum result make_tx(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	return db_exec(tx, &seen_make, NULL, e, DB_NONE);
}

static enum result seen_apply(const char *name, struct db_tx *tx, const struct feed_event *events, size_t n,
                              struct error *e)
{
	assert(n > 0 && n <= 512);
	for (size_t i = 0; i < n; i++)
		TRY(db_exec(tx, &seen_add, NULL, e, DB_CSTR(name), DB_INT(events[i].id)));
	return OK;
}
static enum result apply_all(struct db_tx *tx, const struct feed_event *events, size_t n, struct error *e)
{
	return seen_apply("all", tx, events, n, e);
}
static enum result apply_notes(struct db_tx *tx, const struct feed_event *events, size_t n, struct error *e)
{
	for (size_t i = 0; i < n; i++)
		assert(events[i].topic == FEED_NOTE);
	return seen_apply("notes", tx, events, n, e);
}
static const struct feed_stored view_all = { .name = "all", .topics = ~0u, .apply = apply_all };
static const struct feed_stored view_notes = { .name = "notes", .topics = 1u << FEED_NOTE, .apply = apply_notes };
static const struct feed_stored *const both[] = { &view_all, &view_notes };

struct sum {
	const char *view;
	int64_t rows, applied, ids;
};
static enum result sum_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct sum *s = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &seen_sum, &rows, &found, e, DB_CSTR(s->view)));
	s->rows = db_int(rows, 0);
	s->applied = db_int(rows, 1);
	s->ids = db_int(rows, 2);
	return OK;
}
static struct sum seen(struct db *db, const char *view)
{
	struct sum s = { .view = view };
	assert_ok(db_read(db, sum_tx, &s, &kit_err));
	return s;
}

/* ---- Appending --------------------------------------------------------------------------------------------------- */

struct append {
	enum feed_topic topic;
	int count;
	int64_t slow_us; /* between appends */
	bool fail;
	struct feed_position position;
	int64_t ids, notes, note_ids; /* sums */
};
static enum result append_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct append *a = arg;
	a->ids = a->notes = a->note_ids = 0;
	for (int i = 0; i < a->count; i++) {
		enum feed_topic t = a->topic ? a->topic : i % 2 ? FEED_NOTE : FEED_ORDER;
		TRY(feed_append(tx, t, 7, i, e));
		a->position = feed_tx_position(tx);
		a->ids += a->position.id;
		if (t == FEED_NOTE) {
			a->notes++;
			a->note_ids += a->position.id;
		}
		if (a->slow_us)
			nap(a->slow_us);
	}
	return a->fail ? error_set(e, ERR_CONFLICT, "test.fail", NULL, "On purpose.") : OK;
}
static struct append append(struct db *db, enum feed_topic topic, int count)
{
	struct append a = { .topic = topic, .count = count };
	assert_ok(db_transact(db, append_tx, &a, &kit_err));
	return a;
}

static struct db *fresh(void)
{
	struct db *db = kit_db();
	assert_ok(db_transact(db, make_tx, NULL, &kit_err));
	return db;
}

static enum result position_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct feed_position *p = arg;
	p[0] = feed_tx_position(tx);
	TRY(feed_append(tx, FEED_NOTE, 1, 1, e));
	p[1] = feed_tx_position(tx);
	TRY(feed_append(tx, FEED_NOTE, 1, 2, e));
	p[2] = feed_tx_position(tx);
	return OK;
}
static enum result horizon_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return feed_horizon(tx, arg, e);
}

static void test_position(void **state)
{
	(void)state;
	struct db *db = fresh();
	struct feed_position p[3], q[3], h;
	assert_ok(db_read(db, horizon_tx, &h, &kit_err));
	assert_true(h.xid != 0 || h.id != 0);
	assert_ok(db_transact(db, position_tx, p, &kit_err));
	assert_ok(db_transact(db, position_tx, q, &kit_err));
	assert_int_equal(p[0].id, 0);
	assert_int_equal(q[0].id, 0); /* another transaction starts with none */
	assert_true(p[2].id > p[1].id && p[1].id > 0 && q[1].id > p[2].id);
	assert_int_equal(p[1].xid, p[2].xid);
	assert_ok(db_read(db, horizon_tx, &h, &kit_err));
	assert_true(h.xid > q[2].xid || (h.xid == q[2].xid && h.id >= q[2].id));
	kit_db_close(db);
}

static void test_drain_and_topics(void **state)
{
	(void)state;
	struct db *db = fresh();
	append(db, FEED_NOTE, 700);
	append(db, FEED_ORDER, 600);
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "all").rows, 1300);
	assert_int_equal(seen(db, "notes").rows, 700);
	append(db, FEED_NOTE, 3);
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "all").applied, 1303);
	assert_int_equal(seen(db, "notes").applied, 703);
	struct feed_lag lag;
	assert_ok(feed_lag_get(db, &lag, &kit_err));
	assert_int_equal(lag.rows, 0);
	append(db, FEED_NOTE, 5);
	assert_ok(feed_lag_get(db, &lag, &kit_err));
	assert_int_equal(lag.rows, 5);
	kit_db_close(db);
}

/* ---- The late committer ------------------------------------------------------------------------------------------ */

struct late {
	struct db *db;
	atomic_int appended, go;
	enum result result;
};
static enum result late_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct late *l = arg;
	TRY(feed_append(tx, FEED_NOTE, 1, 1, e));
	assert_true(feed_tx_position(tx).id > 0); /* appends are pipelined: now it has arrived */
	atomic_store(&l->appended, 1);
	while (!atomic_load(&l->go))
		nap(1000);
	return OK;
}
static void *late_main(void *arg)
{
	struct late *l = arg;
	struct error e = { 0 };
	l->result = db_transact(l->db, late_tx, l, &e);
	return NULL;
}

static void test_late_committer(void **state)
{
	(void)state;
	if (strcmp(kit_engine(), "postgresql") != 0) {
		print_message("one writer on SQLite: nobody can commit late\n");
		return;
	}
	struct db *db = fresh();
	append(db, FEED_NOTE, 1);
	struct late l = { .db = db };
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, late_main, &l), 0);
	while (!atomic_load(&l.appended))
		nap(1000);
	append(db, FEED_NOTE, 10);                                         /* later, but commits first */
	assert_result(ERR_BUSY, feed_drain(db, both, 2, 30000, &kit_err)); /* it says that this is not the end */
	assert_int_equal(seen(db, "all").rows, 1); /* nothing beyond the open writer is certain yet */
	struct feed_lag lag;
	nap(20000);
	assert_ok(feed_lag_get(db, &lag, &kit_err));
	assert_true(lag.horizon_us >= 20000);
	atomic_store(&l.go, 1);
	pthread_join(t, NULL);
	assert_int_equal(l.result, OK);
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "all").rows, 12);
	assert_int_equal(seen(db, "all").applied, 12);
	kit_db_close(db);
}

/* ---- Many writers, two processes --------------------------------------------------------------------------------- */

struct tally {
	_Atomic int64_t events, ids, calls;
	int fail_first; /* so many calls fail */
};
static enum result tally_apply(void *ctx, struct db *db, const struct feed_event *events, size_t n, struct error *e)
{
	struct tally *t = ctx;
	(void)db;
	if (atomic_fetch_add(&t->calls, 1) < t->fail_first)
		return error_set(e, ERR_IO, "test.fail", NULL, "On purpose.");
	for (size_t i = 0; i < n; i++)
		atomic_fetch_add(&t->ids, events[i].id);
	atomic_fetch_add(&t->events, (int64_t)n);
	return OK;
}

#define WRITERS 16
#define TXS 60

struct writer {
	struct db *db;
	uint64_t seed;
	int64_t events, ids, notes, note_ids;
};
static void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct kit_random r = { w->seed };
	bool slow = strcmp(kit_engine(), "postgresql") == 0;
	for (int i = 0; i < TXS; i++) {
		struct append a = { .count = 1 + (int)kit_random_below(&r, 4), .fail = kit_random_below(&r, 8) == 0 };
		uint64_t dice = kit_random_below(&r, 20);
		a.slow_us = !slow ? 0 : dice == 0 ? 30000 : dice < 8 ? (int64_t)kit_random_below(&r, 3000) : 0;
		struct error e = { 0 };
		enum result got = db_transact(w->db, append_tx, &a, &e);
		if (got != (a.fail ? ERR_CONFLICT : OK)) {
			fprintf(stderr, "writer: %s %s\n", e.code, e.detail);
			abort();
		}
		if (a.fail)
			continue;
		w->events += a.count;
		w->ids += a.ids;
		w->notes += a.notes;
		w->note_ids += a.note_ids;
	}
	return NULL;
}

static void expect_reached(struct feed *f, const char *view, struct feed_position p)
{
	bool reached = false;
	for (int i = 0; i < 40 && !reached; i++)
		assert_ok(feed_wait(f, view, p, 500000, &reached, &kit_err));
	assert_true(reached);
}

static void test_many_writers(void **state)
{
	(void)state;
	bool two = strcmp(kit_engine(), "postgresql") == 0;
	struct db *db[2] = { fresh(), NULL };
	struct db_config config = { .url = kit_db_url(), .readers = 12 };
	if (two)
		assert_ok(db_open(&config, &db[1], &kit_err));
	append(db[0], FEED_NOTE, 5); /* before the start: not the process views' business */
	struct tally tally[2][2] = { { { .fail_first = 3 } } };
	struct feed_process process[2][2];
	struct feed *feed[2] = { NULL, NULL };
	for (int i = 0; i < 1 + two; i++) {
		for (int j = 0; j < 2; j++)
			process[i][j] = (struct feed_process){ .name = j ? "screen" : "search",
				                               .topics = j ? 1u << FEED_NOTE : ~0u,
				                               .apply = tally_apply,
				                               .ctx = &tally[i][j] };
		assert_ok(
		        feed_start(db[i], both, 2, process[i], 2, (struct feed_position){ 0, 0 }, &feed[i], &kit_err));
	}
	struct kit_random r;
	kit_random_seed(&r, 1);
	pthread_t threads[WRITERS];
	struct writer writers[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .db = db[two ? i % 2 : 0], .seed = kit_random_next(&r) };
		assert_int_equal(pthread_create(&threads[i], NULL, writer_main, &writers[i]), 0);
	}
	int64_t events = 0, ids = 0, notes = 0, note_ids = 0;
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		events += writers[i].events;
		ids += writers[i].ids;
		notes += writers[i].notes;
		note_ids += writers[i].note_ids;
	}
	struct append last = append(db[0], FEED_NOTE, 1);
	for (int i = 0; i < 1 + two; i++) {
		static const char *const names[] = { "all", "notes", "search", "screen" };
		for (int j = 0; j < 4; j++)
			expect_reached(feed[i], names[j], last.position);
		/* Each process hears every event once, on each of its views. */
		assert_int_equal(tally[i][0].events, events + 1);
		assert_int_equal(tally[i][0].ids, ids + last.ids);
		assert_int_equal(tally[i][1].events, notes + 1);
		assert_int_equal(tally[i][1].ids, note_ids + last.ids);
	}
	assert_true(tally[0][0].calls > 3);
	struct sum all = seen(db[0], "all"), some = seen(db[0], "notes");
	assert_int_equal(all.rows, events + 1 + 5);
	assert_int_equal(all.applied, all.rows);
	assert_int_equal(some.rows, notes + 1 + 5);
	assert_int_equal(some.applied, some.rows);
	for (int i = 0; i < 1 + two; i++)
		feed_stop(feed[i]);
	if (two)
		db_close(db[1]);
	kit_db_close(db[0]);
}

/* ---- Waiting, failing -------------------------------------------------------------------------------------------- */

static enum result apply_wanted(struct db_tx *tx, const struct feed_event *events, size_t n, struct error *e)
{
	return seen_apply("wanted", tx, events, n, e);
}
static atomic_bool is_wanted;
static enum result wanted_now(struct db_tx *tx, bool *wanted, struct error *e)
{
	(void)tx, (void)e;
	*wanted = atomic_load(&is_wanted);
	return OK;
}
static const struct feed_stored view_wanted = {
	.name = "wanted", .topics = ~0u, .apply = apply_wanted, .wanted = wanted_now
};

/* What nobody wants to hear of is passed over, for good; what follows is told. */
static void test_unwanted(void **state)
{
	(void)state;
	struct db *db = fresh();
	static const struct feed_stored *const stored[] = { &view_wanted };
	atomic_store(&is_wanted, false);
	append(db, FEED_NOTE, 20);
	assert_ok(feed_drain(db, stored, 1, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "wanted").rows, 0);
	atomic_store(&is_wanted, true);
	assert_ok(feed_drain(db, stored, 1, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "wanted").rows, 0);
	append(db, FEED_NOTE, 3);
	assert_ok(feed_drain(db, stored, 1, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "wanted").rows, 3);
	kit_db_close(db);
}

static atomic_int fail_times;
static enum result apply_failing(struct db_tx *tx, const struct feed_event *events, size_t n, struct error *e)
{
	TRY(seen_apply("failing", tx, events, n, e)); /* rolled back with it */
	if (atomic_fetch_sub(&fail_times, 1) > 0)
		return error_set(e, ERR_CORRUPT, "test.fail", NULL, "On purpose.");
	return OK;
}
static const struct feed_stored view_failing = { .name = "failing", .topics = ~0u, .apply = apply_failing };

static void test_wait_and_failure(void **state)
{
	(void)state;
	struct db *db = fresh();
	static const struct feed_stored *const stored[] = { &view_failing, &view_all };
	struct feed *f;
	bool reached;
	atomic_store(&fail_times, 2);
	append(db, FEED_NOTE, 20);
	assert_ok(feed_start(db, stored, 2, NULL, 0, (struct feed_position){ 0, 0 }, &f, &kit_err));
	struct append a = append(db, FEED_NOTE, 1);
	assert_ok(feed_wait(f, "failing", a.position, 1000, &reached, &kit_err));
	assert_false(reached);
	expect_reached(f, "all", a.position); /* one view's trouble is not another's */
	expect_reached(f, "failing", a.position);
	struct sum s = seen(db, "failing");
	assert_int_equal(s.rows, 21);
	assert_int_equal(s.applied, 21);
	int64_t start = clock_monotonic();
	a.position.id += 1000000000;
	a.position.xid += 1000000000;
	assert_ok(feed_wait(f, "all", a.position, 30000, &reached, &kit_err));
	assert_false(reached);
	assert_true(clock_monotonic() - start >= 29000);
	assert_result(ERR_NOT_FOUND, feed_wait(f, "nobody", a.position, 1000, &reached, &kit_err));
	feed_stop(f);
	kit_db_close(db);
}

/* What no stored view is concerned with lags nowhere, at once, though their positions stay where they were; and whoever
 * waits for the views waits for the slowest of them, no longer. */
static const struct feed_stored view_slow;

static void test_settle(void **state)
{
	(void)state;
	struct db *db = fresh();
	static const struct feed_stored *const notes[] = { &view_notes }, *const slow[] = { &view_slow };
	struct tally t = { 0 };
	struct feed_process p = { .name = "screen", .topics = ~0u, .apply = tally_apply, .ctx = &t };
	struct feed *f;
	struct feed_lag lag;
	bool settled = false;
	append(db, FEED_ORDER, 1);
	assert_ok(feed_settle(db, 0, &settled, &kit_err));
	assert_true(settled); /* nobody follows it */
	assert_ok(feed_start(db, notes, 1, &p, 1, (struct feed_position){ 0, 0 }, &f, &kit_err));
	int64_t start = clock_monotonic();
	for (int i = 1; i <= 10; i++) {
		append(db, i % 2 ? FEED_ORDER : FEED_NOTE, 1);
		assert_ok(feed_settle(db, 5 * USEC, &settled, &kit_err));
		assert_true(settled);
		assert_int_equal(t.events, i);
		assert_int_equal(seen(db, "notes").rows, i / 2);
		assert_ok(feed_lag_get(db, &lag, &kit_err));
		assert_int_equal(lag.rows, 0);
	}
	assert_true(clock_monotonic() - start < 3 * USEC);
	feed_stop(f);

	atomic_store(&fail_times, 1000000);
	static const struct feed_stored *const stuck[] = { &view_failing };
	assert_ok(feed_start(db, stuck, 1, NULL, 0, (struct feed_position){ 0, 0 }, &f, &kit_err));
	append(db, FEED_NOTE, 1);
	assert_ok(feed_settle(db, 50000, &settled, &kit_err));
	assert_false(settled);
	assert_ok(feed_lag_get(db, &lag, &kit_err));
	assert_true(lag.rows >= 1);
	feed_stop(f);
	atomic_store(&fail_times, 0);

	assert_ok(feed_start(db, slow, 1, NULL, 0, (struct feed_position){ 0, 0 }, &f, &kit_err));
	append(db, FEED_NOTE, 1);
	assert_ok(feed_settle(db, 5 * USEC, &settled, &kit_err));
	assert_true(settled);
	assert_int_equal(seen(db, "slow").rows, 13);
	feed_stop(f);
	kit_db_close(db);
}

/* A process view that was built at a position hears all that came after it, also when it was built on nothing. */
static void test_process_from(void **state)
{
	(void)state;
	struct db *db = fresh();
	struct feed_position from;
	assert_ok(db_read(db, horizon_tx, &from, &kit_err));
	append(db, FEED_NOTE, 600);
	struct tally t = { 0 };
	struct feed_process p = { .name = "search", .topics = ~0u, .apply = tally_apply, .ctx = &t };
	struct feed *f;
	assert_ok(feed_start(db, NULL, 0, &p, 1, from, &f, &kit_err));
	struct append a = append(db, FEED_NOTE, 1);
	expect_reached(f, "search", a.position);
	assert_int_equal(t.events, 601);
	feed_stop(f);
	kit_db_close(db);
}

/* A screen is told after the stored views, but does not wait for ever for one that is stuck. */
static enum result apply_slow(struct db_tx *tx, const struct feed_event *events, size_t n, struct error *e)
{
	nap(60000);
	return seen_apply("slow", tx, events, n, e);
}
static const struct feed_stored view_slow = { .name = "slow", .topics = ~0u, .apply = apply_slow };

struct told {
	_Atomic int64_t told, in_view;
};
static enum result told_apply(void *ctx, struct db *db, const struct feed_event *events, size_t n, struct error *e)
{
	struct told *t = ctx;
	struct sum s = { .view = "slow" };
	(void)events;
	TRY(db_read(db, sum_tx, &s, e));
	atomic_store(&t->in_view, s.rows);
	atomic_fetch_add(&t->told, (int64_t)n);
	return OK;
}

static void test_after_stored(void **state)
{
	(void)state;
	struct db *db = fresh();
	static const struct feed_stored *const slow[] = { &view_slow }, *const stuck[] = { &view_failing };
	struct told t = { 0 };
	struct feed_process p = {
		.name = "screen", .topics = ~0u, .apply = told_apply, .ctx = &t, .after_stored = true
	};
	struct feed *f;
	assert_ok(feed_start(db, slow, 1, &p, 1, (struct feed_position){ 0, 0 }, &f, &kit_err));
	for (int i = 1; i <= 5; i++) {
		expect_reached(f, "screen", append(db, FEED_NOTE, 1).position);
		assert_int_equal(t.told, i);
		assert_int_equal(t.in_view, i);
	}
	feed_stop(f);
	atomic_store(&fail_times, 1000000);
	assert_ok(feed_start(db, stuck, 1, &p, 1, (struct feed_position){ 0, 0 }, &f, &kit_err));
	int64_t start = clock_monotonic();
	expect_reached(f, "screen", append(db, FEED_NOTE, 1).position);
	assert_in_range(clock_monotonic() - start, 250000, 2000000);
	feed_stop(f);
	atomic_store(&fail_times, 0);
	kit_db_close(db);
}

/* ---- Pruning ----------------------------------------------------------------------------------------------------- */

DB_STMT(feed_rows, "", "i", "SELECT COUNT(*) FROM feed")
static enum result rows_tx(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &feed_rows, &rows, &found, e, DB_NONE));
	*(int64_t *)arg = db_int(rows, 0);
	return OK;
}

static int64_t prune_all(struct db *db, int64_t keep_us)
{
	static struct feed_position low;
	bool more = true;
	int64_t left;
	while (more)
		assert_ok(feed_prune(db, keep_us, &low, &more, &kit_err));
	assert_ok(db_read(db, rows_tx, &left, &kit_err));
	return left;
}

static void test_prune(void **state)
{
	(void)state;
	struct db *db = fresh();
	static const struct feed_stored *const slow[] = { &view_notes };
	append(db, FEED_NOTE, 100);
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	append(db, FEED_NOTE, 2500);
	static const struct feed_stored *const fast[] = { &view_all };
	assert_ok(feed_drain(db, fast, 1, FEED_PATIENCE, &kit_err));
	nap(2000);
	assert_int_equal(prune_all(db, HOUR_US), 2600); /* too young */
	assert_int_equal(prune_all(db, 0), 2500);       /* the slow view needs them */
	assert_ok(feed_drain(db, slow, 1, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "notes").applied, 2600);
	assert_true(prune_all(db, 0) <= 1);
	struct append a = append(db, FEED_NOTE, 1); /* numbers are not given twice */
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	assert_int_equal(seen(db, "notes").rows, 2601);
	assert_int_equal(seen(db, "notes").applied, 2601);
	assert_true(a.position.id > 2600);
	kit_db_close(db);
}

/* ---- Kill and restore -------------------------------------------------------------------------------------------- */

/* A child process runs the views; it is killed in the midst; another carries on where it was. */
static int child_main(const char *url)
{
	struct error e = { 0 };
	struct db *db;
	struct feed *f;
	struct db_config config = { .url = url };
	if (db_open(&config, &db, &e) != OK ||
	    feed_start(db, both, 2, NULL, 0, (struct feed_position){ 0, 0 }, &f, &e) != OK) {
		fprintf(stderr, "child: %s %s\n", e.code, e.detail);
		return 1;
	}
	for (;;)
		pause();
}

static void test_kill(void **state)
{
	(void)state;
	struct db *db = fresh();
	char url[4096];
	snprintf(url, sizeof url, "%s", kit_db_url());
	for (int i = 0; i < 20; i++)
		append(db, 0, 500);
	db_close(db);
	struct kit_random r;
	kit_random_seed(&r, 2);
	struct db_config config = { .url = url };
	int64_t before = -1;
	int moved = 0;
	for (int round = 0; round < 6; round++) {
		pid_t pid;
		char *args[] = { "feed_test", "child", url, NULL };
		assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, args, environ), 0);
		nap(30000 + (int64_t)kit_random_below(&r, 120000));
		kill(pid, SIGKILL);
		int status;
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		assert_ok(db_open(&config, &db, &kit_err));
		struct sum s = seen(db, "all");
		assert_int_equal(s.rows, s.applied);
		moved += s.rows > before;
		before = s.rows;
		if (round < 5)
			db_close(db);
	}
	assert_true(moved >= 1);
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	struct sum s = seen(db, "all"), n = seen(db, "notes");
	assert_int_equal(s.rows, 10000);
	assert_int_equal(s.applied, 10000);
	assert_int_equal(n.rows, 5000);
	assert_int_equal(n.applied, 5000);
	kit_db_close(db);
}

DB_STMT(shift_feed, "", "", "UPDATE feed SET xid = xid + 1000000000")
DB_STMT(shift_views, "", "", "UPDATE feed_view SET xid = xid + 1000000000")
static enum result shift_tx(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	TRY(db_exec(tx, &shift_feed, NULL, e, DB_NONE));
	return db_exec(tx, &shift_views, NULL, e, DB_NONE);
}

/* A restored PostgreSQL database counts transactions from small numbers again. */
static void test_restored_cluster(void **state)
{
	(void)state;
	if (strcmp(kit_engine(), "postgresql") != 0) {
		print_message("SQLite has no transaction numbers\n");
		return;
	}
	struct db *db = fresh();
	append(db, FEED_NOTE, 10);
	assert_ok(feed_drain(db, both, 2, FEED_PATIENCE, &kit_err));
	append(db, FEED_NOTE, 4); /* not yet taken in */
	assert_ok(db_transact(db, shift_tx, NULL, &kit_err));
	struct feed *f;
	assert_ok(feed_start(db, both, 2, NULL, 0, (struct feed_position){ 0, 0 }, &f, &kit_err));
	struct append a = append(db, FEED_NOTE, 2);
	expect_reached(f, "all", a.position);
	expect_reached(f, "notes", a.position);
	assert_int_equal(seen(db, "all").rows, 16);
	assert_int_equal(seen(db, "notes").applied, 16);
	feed_stop(f);
	kit_db_close(db);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "child") == 0)
		return child_main(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_position),
		cmocka_unit_test(test_drain_and_topics),
		cmocka_unit_test(test_late_committer),
		cmocka_unit_test(test_many_writers),
		cmocka_unit_test(test_wait_and_failure),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_process_from),
		cmocka_unit_test(test_after_stored),
		cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_restored_cluster),
	};
	return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
