/* rooms: db base */
#include "kit/kit.h"
#include "db/internal.h"
#include "db/schema.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What only a server can do: end a connection, deadlock, serve two processes. */

static const struct schema_file files[] = {
	{ 1, "0001_test.sql",
	  "CREATE TABLE item (id {int} PRIMARY KEY, v {int} NOT NULL) {rows};\n"
	  "CREATE TABLE trap (id {int} PRIMARY KEY) {rows};\n"
	  "INSERT INTO item VALUES (1, 0);\n"
	  "{postgresql}CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
	  "pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;\n"
	  "{postgresql}CREATE CONSTRAINT TRIGGER die AFTER INSERT ON trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
	  "EXECUTE FUNCTION die();\n" },
	{ 0, NULL, NULL }
};

#define KILL_ALL                                                                                                       \
	"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"                                                 \
	" WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"

DB_STMT(item_add, "ii", "", "UPDATE item SET v = v + $2 WHERE id = $1")
DB_STMT(item_set, "ii", "", "UPDATE item SET v = $2 WHERE id = $1")
DB_STMT(item_get, "i", "i", "SELECT v FROM item WHERE id = $1")
DB_STMT(item_insert, "ii", "", "INSERT INTO item (id, v) VALUES ($1, $2)")
DB_STMT(item_late, "ii", "", "UPDATE item SET v = v + 10 * $2 WHERE id = $1")
DB_STMT(trap_insert, "i", "", "INSERT INTO trap (id) VALUES ($1)")
DB_STMT(sleep_pg, "r", "", "SELECT pg_sleep($1)")

static struct db *db;

static int open_with(int limit_ms)
{
	struct db_config config = { .url = kit_db_fresh(), .limit_ms = limit_ms };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return open_with(0);
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

static enum result get(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &item_get, &rows, &found, e, DB_INT(1)));
	*(int64_t *)arg = db_int(rows, 0);
	return OK;
}

static int64_t value(void)
{
	int64_t v = -1;
	assert_ok(db_read(db, get, &v, &kit_err));
	return v;
}

struct work {
	int calls;
	bool kill;
};

static enum result add_one(struct db_tx *tx, void *arg, struct error *e)
{
	struct work *w = arg;
	w->calls++;
	TRY(db_exec(tx, &item_add, NULL, e, DB_INT(1), DB_INT(1)));
	if (w->kill && w->calls == 1) {
		int64_t v; /* so that the server has it */
		TRY(get(tx, &v, e));
		kit_sql(KILL_ALL);
		TRY(get(tx, &v, e));
	}
	return OK;
}

static void a_connection_killed_in_a_transaction_is_replaced(void **state)
{
	(void)state;
	struct work w = { .kill = true };
	assert_ok(db_transact(db, add_one, &w, &kit_err));
	assert_int_equal(w.calls, 2);
	assert_int_equal(value(), 1);
}

static void connections_killed_while_idle_cost_nothing(void **state)
{
	(void)state;
	struct work w = { 0 };
	assert_ok(db_transact(db, add_one, &w, &kit_err));
	kit_sql(KILL_ALL);
	assert_ok(db_transact(db, add_one, &w, &kit_err));
	kit_sql(KILL_ALL);
	assert_int_equal(value(), 2);
	assert_int_equal(w.calls, 2);
}

static enum result spring_trap(struct db_tx *tx, void *arg, struct error *e)
{
	++*(int *)arg;
	return db_exec(tx, &trap_insert, NULL, e, DB_INT(1));
}

static void a_commit_without_an_answer_is_not_run_again(void **state)
{
	(void)state;
	int calls = 0;
	assert_result(ERR_IO, db_transact(db, spring_trap, &calls, &kit_err));
	assert_string_equal(kit_err.code, "db.commit_unknown");
	assert_int_equal(calls, 1);
	assert_int_equal(value(), 0); /* and life goes on */
}

static enum result fail_then_prepare(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	TRY(db_exec(tx, &item_insert, NULL, e, DB_INT(1), DB_INT(1))); /* a key that is there */
	return db_exec(tx, &item_late, NULL, e, DB_INT(1), DB_INT(1)); /* first use: its preparation is skipped too */
}

static enum result late(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	return db_exec(tx, &item_late, NULL, e, DB_INT(1), DB_INT(1));
}

static void a_preparation_lost_in_a_failed_pipeline_is_done_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_result(ERR_CONFLICT, db_transact(db, fail_then_prepare, NULL, &kit_err));
	assert_ok(db_transact(db, late, NULL, &kit_err));
	assert_int_equal(value(), 10);
}

static enum result sleep_long(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	return db_exec(tx, &sleep_pg, NULL, e, DB_REAL(30));
}

static enum result sleep_outside(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t v;
	TRY(get(tx, &v, e));
	usleep(900000); /* longer than the server waits for us */
	return get(tx, arg ? arg : &v, e);
}

static void a_slow_write_is_stopped(void **state)
{
	(void)state;
	open_with(300);
	assert_result(ERR_BUSY, db_transact(db, sleep_long, NULL, &kit_err));
	assert_string_equal(kit_err.code, "db.too_slow");
	assert_result(ERR_BUSY, db_transact(db, sleep_outside, NULL, &kit_err));
	assert_string_equal(kit_err.code, "db.too_slow");
	assert_int_equal(value(), 0);
	kit_db_close(db);
}

/* ---- Two processes' worth of handles ---- */

#define ROUNDS 150

struct adder {
	struct db *db;
	bool failed;
};

/* Reads, then writes what it read plus one: right only because of the lock. */
static enum result read_then_write(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t v;
	TRY(db_lock(tx, 42, e));
	TRY(get(tx, &v, e));
	return db_exec(tx, &item_set, NULL, e, DB_INT(1), DB_INT(v + 1));
}

static void *adder_main(void *arg)
{
	struct adder *a = arg;
	struct error e;
	for (int i = 0; i < ROUNDS; i++)
		a->failed |= db_transact(a->db, read_then_write, NULL, &e) != OK;
	return NULL;
}

static void a_lock_holds_between_processes(void **state)
{
	(void)state;
	struct db *second = NULL;
	struct db_config config = { .url = kit_db_url() };
	assert_ok(db_open(&config, &second, &kit_err));
	struct adder a[4] = { { .db = db }, { .db = second }, { .db = db }, { .db = second } };
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, adder_main, &a[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_false(a[i].failed);
	assert_int_equal(value(), 4 * ROUNDS);
	db_close(second);
}

static void an_unreachable_server_is_an_error_not_a_hang(void **state)
{
	(void)state;
	struct db_config config = { .url = "host=/nonexistent dbname=x" };
	struct db *none = NULL;
	assert_result(ERR_IO, db_open(&config, &none, &kit_err));
	assert_string_equal(kit_err.code, "db.open");
	assert_null(none);
}

int main(void)
{
	if (strcmp(kit_engine(), "postgresql") != 0) {
		printf("skipped: SQLite has no server\n");
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_connection_killed_in_a_transaction_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(connections_killed_while_idle_cost_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_commit_without_an_answer_is_not_run_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_preparation_lost_in_a_failed_pipeline_is_done_anew, setup, teardown),
		cmocka_unit_test(a_slow_write_is_stopped),
		cmocka_unit_test_setup_teardown(a_lock_holds_between_processes, setup, teardown),
		cmocka_unit_test(an_unreachable_server_is_an_error_not_a_hang),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
