/* rooms: db base */
#include "kit/kit.h"
#include "db/sqlite.h"
#include "db/schema.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Many writers at once; on SQLite they form groups, and what breaks one member must not touch the others. */

#define MEMBERS 40

static const struct schema_file files[] = {
	{ 1, "0001_test.sql",
	  "CREATE TABLE item (id {int} PRIMARY KEY, v {int} NOT NULL, b {blob}) {rows};\n"
	  "INSERT INTO item VALUES (0, 0, NULL);\n" },
	{ 0, NULL, NULL }
};

static struct db *db;

static int setup(void **state)
{
	(void)state;
	struct db_config config = { .url = kit_db_fresh(), .create = true };
	if (strcmp(kit_engine(), "postgresql") == 0) /* the default makes each deadlock last a second */
		kit_sql("DO $$BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET deadlock_timeout = 20'; "
		        "END$$");
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
	if (db_engine(db) == DB_SQLITE)
		((struct sqlite_db *)db->impl)->group_us = MINUTE_US; /* also on a slow machine one group */
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

DB_STMT(item_insert, "iiB", "", "INSERT INTO item (id, v, b) VALUES ($1, $2, $3)")
DB_STMT(item_bump, "i", "", "UPDATE item SET v = v + 1 WHERE id = $1")
DB_STMT(item_count, "", "iI", "SELECT COUNT(*), CAST(SUM(v) AS BIGINT) FROM item WHERE id > 0")
DB_STMT(item_all, "", "i", "SELECT id FROM item ORDER BY id")

enum role { GOOD, CONFLICT, FULL, INTERRUPT };

struct member {
	pthread_t thread;
	int64_t id;
	enum role role;
	int calls, hooks;
	enum result result;
	struct error error;
};

static void hooked(void *arg)
{
	struct member *m = arg;
	m->hooks++;
}

static enum result interrupt_self(struct db_tx *tx, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &item_all, &rows, &found, e, DB_NONE));
	struct sqlite_conn *c = tx->conn;
	TRY(db_exec(tx, &item_bump, NULL, e, DB_INT(-1))); /* prepared before: a step must be interrupted */
	sqlite3_interrupt(c->h);                           /* holds for whatever starts while the cursor is open */
	return db_exec(tx, &item_bump, NULL, e, DB_INT(0));
}

static enum result member_work(struct db_tx *tx, void *arg, struct error *e)
{
	struct member *m = arg;
	m->calls++;
	TRY(db_after_commit(tx, hooked, m, e));
	TRY(db_exec(tx, &item_insert, NULL, e, DB_INT(m->id), DB_INT(1), DB_NULL));
	if (m->role == CONFLICT)
		return db_exec(tx, &item_insert, NULL, e, DB_INT(m->id), DB_INT(1), DB_NULL);
	if (m->role == INTERRUPT && m->calls == 1)
		return interrupt_self(tx, e);
	if (m->role == FULL) {
		struct str big = { arena_alloc(db_tx_arena(tx), 8 << 20), 8 << 20 };
		return db_exec(tx, &item_insert, NULL, e, DB_INT(m->id + 1000), DB_INT(1), DB_BLOB(big));
	}
	return OK;
}

static void *member_main(void *arg)
{
	struct member *m = arg;
	m->result = db_transact(db, member_work, m, &m->error);
	return NULL;
}

struct gate {
	int wait_for;
	atomic_bool entered;
};

static enum result hold_the_writer(struct db_tx *tx, void *arg, struct error *e)
{
	(void)tx;
	(void)e;
	struct gate *g = arg;
	struct db_stats stats = { 0 };
	atomic_store(&g->entered, true);
	for (int i = 0; i < 30000 && stats.queue_now < g->wait_for; i++) {
		usleep(1000);
		db_stats_get(db, &stats);
	}
	return OK;
}

static void *gate_main(void *arg)
{
	struct error e;
	return db_transact(db, hold_the_writer, arg, &e) == OK ? NULL : arg;
}

/* Queues all members behind one that waits for them, so that they form one group. */
static void group_run_members(struct member *m, int n, int64_t fault_at)
{
	struct gate g = { .wait_for = n + 1 };
	pthread_t gate;
	assert_int_equal(pthread_create(&gate, NULL, gate_main, &g), 0);
	while (!atomic_load(&g.entered))
		usleep(100);
	if (fault_at)
		db_fault_nth(db, fault_at, ERR_IO);
	for (int i = 0; i < n; i++) {
		m[i].id = i + 1;
		assert_int_equal(pthread_create(&m[i].thread, NULL, member_main, &m[i]), 0);
	}
	pthread_join(gate, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(m[i].thread, NULL);
}

static int64_t count_now, sum_now;

static enum result count_items(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &item_count, &rows, &found, e, DB_NONE));
	count_now = db_int(rows, 0);
	sum_now = db_int(rows, 1);
	return OK;
}

static void assert_items(int64_t count)
{
	assert_ok(db_read(db, count_items, NULL, &kit_err));
	assert_int_equal(count_now, count);
	assert_int_equal(sum_now, count);
}

static bool not_sqlite(void)
{
	if (db_engine(db) == DB_SQLITE)
		return false;
	print_message("skipped: PostgreSQL has no groups\n");
	return true;
}

static void one_fails_and_the_others_commit_together(void **state)
{
	(void)state;
	if (not_sqlite())
		return;
	struct member m[MEMBERS] = { 0 };
	for (int i = 0; i < MEMBERS; i += 4)
		m[i].role = CONFLICT;
	struct db_stats before, after;
	db_stats_get(db, &before);
	group_run_members(m, MEMBERS, 0);
	db_stats_get(db, &after);
	assert_int_equal(after.groups - before.groups, 2); /* the gate's own, and one for all */
	for (int i = 0; i < MEMBERS; i++) {
		assert_int_equal(m[i].result, m[i].role == CONFLICT ? ERR_CONFLICT : OK);
		assert_int_equal(m[i].hooks, m[i].role == CONFLICT ? 0 : 1);
		assert_int_equal(m[i].calls, 1);
	}
	assert_string_equal(m[0].error.code, "db.unique");
	assert_items(MEMBERS - MEMBERS / 4);
}

static enum result limit_pages(struct sqlite_conn *c, void *arg, struct error *e)
{
	(void)arg;
	return sqlite_run(c, "PRAGMA max_page_count=100", e);
}

static void a_full_disk_breaks_only_the_one_who_fills_it(void **state)
{
	(void)state;
	if (not_sqlite())
		return;
	assert_ok(writer_task(db, limit_pages, NULL, &kit_err));
	struct member m[MEMBERS] = { 0 };
	m[MEMBERS / 2].role = FULL;
	group_run_members(m, MEMBERS, 0);
	int again = 0;
	for (int i = 0; i < MEMBERS; i++) {
		assert_int_equal(m[i].result, m[i].role == FULL ? ERR_IO : OK);
		assert_int_equal(m[i].hooks, m[i].role == FULL ? 0 : 1);
		again += m[i].calls == 2;
	}
	assert_string_equal(m[MEMBERS / 2].error.code, "db.full");
	assert_true(again > 1); /* the group was gone and its members ran again */
	assert_items(MEMBERS - 1);
}

static void an_interrupted_group_runs_again(void **state)
{
	(void)state;
	if (not_sqlite())
		return;
	struct member m[MEMBERS] = { 0 };
	m[MEMBERS / 2].role = INTERRUPT;
	group_run_members(m, MEMBERS, 0);
	int again = 0;
	for (int i = 0; i < MEMBERS; i++) {
		if (m[i].result != OK)
			fail_msg("member %d, calls %d: %s %s", i, m[i].calls, m[i].error.code, m[i].error.detail);
		assert_int_equal(m[i].hooks, 1);
		again += m[i].calls == 2;
	}
	assert_true(again > 1);
	assert_items(MEMBERS);
}

static void a_failed_commit_answers_nobody_wrongly(void **state)
{
	(void)state;
	if (not_sqlite())
		return;
	/* the gate's COMMIT, the group's BEGIN, a statement each, COMMIT */
	struct member m[MEMBERS] = { 0 };
	for (int i = 0; i < 4; i++) {
		struct db_stats before, after;
		db_stats_get(db, &before);
		memset(m, 0, sizeof(m));
		group_run_members(m, MEMBERS, MEMBERS + 3);
		db_stats_get(db, &after);
		for (int k = 0; k < MEMBERS; k++) {
			assert_int_equal(m[k].result, OK);
			assert_int_equal(m[k].calls, 2);
			assert_int_equal(m[k].hooks, 1);
		}
		assert_items(MEMBERS);
		assert_true(after.rollbacks > before.rollbacks);
		teardown(NULL);
		setup(NULL);
	}
}

/* ---- Both engines ---- */

#define WRITERS 12
#define ROUNDS 50

static enum result bump_both(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t *ids = arg; /* in any order: on PostgreSQL some deadlock and run again */
	TRY(db_exec(tx, &item_bump, NULL, e, DB_INT(ids[0])));
	return db_exec(tx, &item_bump, NULL, e, DB_INT(ids[1]));
}

static void *bump_main(void *arg)
{
	bool reversed = *(int *)arg < 2;
	int64_t ids[2] = { 1 + reversed, 2 - reversed };
	struct error e;
	enum result r = OK;
	for (int i = 0; i < ROUNDS && (r == OK || r == ERR_BUSY);) { /* busy: refused, nothing done */
		r = db_transact(db, bump_both, ids, &e);
		i += r == OK;
	}
	return r == OK ? NULL : arg;
}

static void no_update_is_lost_and_none_doubled(void **state)
{
	(void)state;
	struct member seed[2] = { { .id = 1 }, { .id = 2 } };
	for (int i = 0; i < 2; i++)
		assert_ok(db_transact(db, member_work, &seed[i], &kit_err));
	pthread_t t[WRITERS];
	int n[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		n[i] = i;
		assert_int_equal(pthread_create(&t[i], NULL, bump_main, &n[i]), 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		void *failed;
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	assert_ok(db_read(db, count_items, NULL, &kit_err));
	assert_int_equal(sum_now, 2 + 2 * WRITERS * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_fails_and_the_others_commit_together, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_breaks_only_the_one_who_fills_it, setup, teardown),
		cmocka_unit_test_setup_teardown(an_interrupted_group_runs_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_commit_answers_nobody_wrongly, setup, teardown),
		cmocka_unit_test_setup_teardown(no_update_is_lost_and_none_doubled, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
