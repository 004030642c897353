/* rooms: db base */
#include "kit/kit.h"
#include "db/internal.h"
#include "db/schema.h"
#include <fcntl.h>
#include <float.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct schema_file files[] = {
	{ 1, "0001_test.sql",
	  "CREATE TABLE kinds (id {int} PRIMARY KEY, t {text} NOT NULL, b {blob} NOT NULL, r {real} NOT NULL,\n"
	  "  i2 {int}, t2 {text}, b2 {blob}, r2 {real}) {rows};\n"
	  "CREATE TABLE line (id {autoid}, {xid}, v {int} NOT NULL) {rows};\n"
	  "CREATE TABLE pair (a {int} NOT NULL, b {text} NOT NULL, n {int} NOT NULL, PRIMARY KEY (a, b)) {clustered};\n"
	  "{postgresql}INSERT INTO pair VALUES (0, 'engine', 2);\n"
	  "{sqlite}INSERT INTO pair VALUES (0, 'engine', 1);\n" },
	{ 0, NULL, NULL }
};

static struct db *db;

static int setup(void **state)
{
	(void)state;
	struct db_config config = { .url = kit_db_fresh(), .create = true };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

/* ---- Values ---- */

DB_STMT(kinds_insert, "itbrITBR", "",
        "INSERT INTO kinds (id, t, b, r, i2, t2, b2, r2) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
DB_STMT(kinds_get, "i", "itbrITBR", "SELECT id, t, b, r, i2, t2, b2, r2 FROM kinds WHERE id = $1")

static enum result kinds_write(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct str blob = { "\0\1\2\xff", 4 };
	TRY(db_exec(tx, &kinds_insert, NULL, e, DB_INT(INT64_MIN), DB_CSTR("Łódź 🛍"), DB_BLOB(blob),
	            DB_REAL(DBL_MAX), DB_NULL, DB_NULL, DB_NULL, DB_NULL));
	int64_t changed = -1;
	TRY(db_exec(tx, &kinds_insert, &changed, e, DB_INT(INT64_MAX), DB_TEXT(STR("")), DB_BLOB(STR("")),
	            DB_REAL(-0.5), DB_INT(-1), DB_CSTR("x"), DB_BLOB(blob), DB_REAL(0)));
	assert_int_equal(changed, 1);
	return OK;
}

static enum result kinds_read(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	DB_ROWS_AUTO struct db_rows *a = NULL, *b = NULL, *none = NULL;
	bool found = false;
	TRY(db_query_one(tx, &kinds_get, &a, &found, e, DB_INT(INT64_MIN)));
	assert_true(found);
	TRY(db_query_one(tx, &kinds_get, &b, &found, e, DB_INT(INT64_MAX)));
	assert_true(found);
	TRY(db_query_one(tx, &kinds_get, &none, &found, e, DB_INT(5)));
	assert_false(found);
	assert_true(db_int(a, 0) == INT64_MIN);
	assert_true(str_is(db_text(a, 1), "Łódź 🛍"));
	assert_int_equal(db_blob(a, 2).n, 4);
	assert_memory_equal(db_blob(a, 2).p, "\0\1\2\xff", 4);
	assert_true(db_real(a, 3) == DBL_MAX);
	for (int i = 4; i < 8; i++)
		assert_true(db_is_null(a, i));
	assert_int_equal(db_int(a, 4), 0);
	assert_int_equal(db_text(a, 5).n, 0);
	assert_int_equal(db_blob(a, 6).n, 0);
	assert_true(db_real(a, 7) == 0);
	assert_true(db_int(b, 0) == INT64_MAX);
	assert_int_equal(db_text(b, 1).n, 0);
	assert_int_equal(db_blob(b, 2).n, 0);
	assert_true(db_real(b, 3) == -0.5);
	assert_int_equal(db_int(b, 4), -1);
	assert_string_equal(db_text_dup(b, 5, db_tx_arena(tx)), "x");
	return OK;
}

static void values_of_every_kind_come_back(void **state)
{
	(void)state;
	assert_ok(db_transact(db, kinds_write, NULL, &kit_err));
	assert_ok(db_read(db, kinds_read, NULL, &kit_err));
}

static enum result text_write(struct db_tx *tx, void *arg, struct error *e)
{
	return db_exec(tx, &kinds_insert, NULL, e, DB_INT(1), DB_TEXT(*(struct str *)arg), DB_BLOB(STR("")), DB_REAL(0),
	               DB_NULL, DB_NULL, DB_NULL, DB_NULL);
}

static void text_that_one_engine_refuses_both_refuse(void **state)
{
	(void)state;
	struct str nul = { "a\0b", 3 }, broken = { "\xc3(", 2 };
	assert_result(ERR_INVALID, db_transact(db, text_write, &nul, &kit_err));
	assert_string_equal(kit_err.code, "db.text");
	assert_result(ERR_INVALID, db_transact(db, text_write, &broken, &kit_err));
}

/* ---- Rows, counts, cursors ---- */

DB_STMT(pair_insert, "iti", "", "INSERT INTO pair (a, b, n) VALUES ($1, $2, $3)")
DB_STMT(pair_once, "iti", "", "INSERT INTO pair (a, b, n) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
DB_STMT(pair_add, "iti", "", "UPDATE pair SET n = n + $3 WHERE b = $2 AND a = $1") /* $2 and $1 out of order */
DB_STMT(pair_list, "i", "ti", "SELECT b, n FROM pair WHERE a = $1 ORDER BY b")
DB_STMT(pair_sum, "i", "I", "SELECT CAST(SUM(n) AS BIGINT) FROM pair WHERE a = $1")
DB_STMT(line_insert, "i", "i", "INSERT INTO line (v) VALUES ($1) RETURNING id")
DB_STMT(line_clear, "", "", "DELETE FROM line")

static enum result counts(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t n = -1;
	TRY(db_exec(tx, &pair_once, &n, e, DB_INT(1), DB_CSTR("a"), DB_INT(10)));
	assert_int_equal(n, 1);
	TRY(db_exec(tx, &pair_once, &n, e, DB_INT(1), DB_CSTR("a"), DB_INT(11)));
	assert_int_equal(n, 0);
	TRY(db_exec(tx, &pair_add, &n, e, DB_INT(1), DB_CSTR("a"), DB_INT(5)));
	assert_int_equal(n, 1);
	TRY(db_exec(tx, &pair_add, &n, e, DB_INT(1), DB_CSTR("z"), DB_INT(5)));
	assert_int_equal(n, 0);
	for (int i = 0; i < 700; i++) { /* more than the pipeline holds */
		char b[16];
		snprintf(b, sizeof(b), "k%03d", i);
		TRY(db_exec(tx, &pair_insert, NULL, e, DB_INT(1), DB_CSTR(b), DB_INT(1)));
	}
	DB_ROWS_AUTO struct db_rows *sum = NULL;
	bool found;
	TRY(db_query_one(tx, &pair_sum, &sum, &found, e, DB_INT(1)));
	assert_int_equal(db_int(sum, 0), 715);
	DB_ROWS_AUTO struct db_rows *x = NULL, *y = NULL;
	TRY(db_query(tx, &pair_list, &x, e, DB_INT(1)));
	TRY(db_query(tx, &pair_list, &y, e, DB_INT(0)));
	assert_int_equal(db_next(x, e), DB_ROW);
	assert_int_equal(db_next(y, e), DB_ROW);
	assert_true(str_is(db_text(x, 0), "a"));
	assert_true(str_is(db_text(y, 0), "engine"));
	assert_int_equal(db_int(y, 1), db_tx_engine(tx) == DB_POSTGRES ? 2 : 1);
	assert_int_equal(db_next(y, e), DB_DONE);
	assert_int_equal(db_next(y, e), DB_DONE);
	int rest = 0;
	while (db_next(x, e) == DB_ROW)
		rest++;
	assert_int_equal(rest, 700);
	return OK;
}

static void counts_and_cursors(void **state)
{
	(void)state;
	assert_ok(db_transact(db, counts, NULL, &kit_err));
}

static enum result line_add(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &line_insert, &rows, &found, e, DB_INT(1)));
	*(int64_t *)arg = db_int(rows, 0);
	return OK;
}

static enum result lines_clear(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	return db_exec(tx, &line_clear, NULL, e, DB_NONE);
}

static void numbers_rise_also_after_a_prune(void **state)
{
	(void)state;
	int64_t first = 0, second = 0, third = 0;
	assert_ok(db_transact(db, line_add, &first, &kit_err));
	assert_ok(db_transact(db, line_add, &second, &kit_err));
	assert_ok(db_transact(db, lines_clear, NULL, &kit_err));
	assert_ok(db_transact(db, line_add, &third, &kit_err));
	assert_true(first < second && second < third);
}

/* ---- Failure ---- */

static enum result insert_twice(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t n;
	TRY(db_exec(tx, &pair_insert, &n, e, DB_INT(2), DB_CSTR("a"), DB_INT(1)));
	struct error why;
	enum result r = db_exec(tx, &pair_insert, &n, &why, DB_INT(2), DB_CSTR("a"), DB_INT(1));
	assert_int_equal(r, ERR_CONFLICT);
	assert_string_equal(why.code, "db.unique");
	/* The transaction is lost on both engines, whatever the function says. */
	assert_int_equal(db_exec(tx, &pair_insert, &n, &why, DB_INT(2), DB_CSTR("b"), DB_INT(1)), ERR_CONFLICT);
	return *(bool *)arg ? OK : r;
}

static enum result sum_of(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t *io = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &pair_sum, &rows, &found, e, DB_INT(*io)));
	*io = db_is_null(rows, 0) ? -1 : db_int(rows, 0);
	return OK;
}

static void a_failed_statement_loses_the_transaction(void **state)
{
	(void)state;
	for (int swallow = 0; swallow < 2; swallow++) {
		bool s = swallow;
		assert_result(ERR_CONFLICT, db_transact(db, insert_twice, &s, &kit_err));
		assert_string_equal(kit_err.code, "db.unique");
		int64_t sum = 2;
		assert_ok(db_read(db, sum_of, &sum, &kit_err));
		assert_int_equal(sum, -1);
	}
}

static enum result insert_deferred(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	TRY(db_exec(tx, &pair_insert, NULL, e, DB_INT(3), DB_CSTR("a"), DB_INT(1)));
	return db_exec(tx, &pair_insert, NULL, e, DB_INT(3), DB_CSTR("a"), DB_INT(1));
}

static void a_pipelined_failure_comes_out_of_the_commit(void **state)
{
	(void)state;
	assert_result(ERR_CONFLICT, db_transact(db, insert_deferred, NULL, &kit_err));
	assert_string_equal(kit_err.code, "db.unique");
	int64_t sum = 3;
	assert_ok(db_read(db, sum_of, &sum, &kit_err));
	assert_int_equal(sum, -1);
}

static void hook(void *arg)
{
	++*(int *)arg;
}

struct hooked {
	int ran;
	enum result give;
	int calls;
};

static enum result with_hook(struct db_tx *tx, void *arg, struct error *e)
{
	struct hooked *h = arg;
	h->calls++;
	TRY(db_exec(tx, &pair_insert, NULL, e, DB_INT(4), DB_CSTR("h"), DB_INT(1)));
	TRY(db_after_commit(tx, hook, &h->ran, e));
	assert_int_equal(h->ran, 0);
	if (h->give == ERR_RETRY && h->calls >= 3)
		return OK;
	return h->give == OK ? OK : error_set(e, h->give, "test.refused", NULL, "No.");
}

static void hooks_run_once_after_the_commit_only(void **state)
{
	(void)state;
	struct hooked refused = { .give = ERR_CONFLICT }, retried = { .give = ERR_RETRY };
	assert_result(ERR_CONFLICT, db_transact(db, with_hook, &refused, &kit_err));
	assert_string_equal(kit_err.code, "test.refused");
	assert_int_equal(refused.ran, 0);
	assert_ok(db_transact(db, with_hook, &retried, &kit_err));
	assert_int_equal(retried.calls, 3);
	assert_int_equal(retried.ran, 1);
}

static enum result always_races(struct db_tx *tx, void *arg, struct error *e)
{
	(void)tx;
	++*(int *)arg;
	return error_set(e, ERR_RETRY, "test.race", NULL, "Again.");
}

static void retries_are_bounded(void **state)
{
	(void)state;
	int calls = 0;
	assert_result(ERR_BUSY, db_transact(db, always_races, &calls, &kit_err));
	assert_string_equal(kit_err.code, "db.contention");
	assert_int_equal(calls, DB_RETRIES_MAX);
	calls = 0;
	assert_result(ERR_BUSY, db_read(db, always_races, &calls, &kit_err));
	assert_int_equal(calls, DB_RETRIES_MAX);
}

static enum result write_in_read(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t n;
	return db_exec(tx, &pair_insert, &n, e, DB_INT(5), DB_CSTR("a"), DB_INT(1));
}

static void a_read_cannot_write(void **state)
{
	(void)state;
	assert_int_not_equal(db_read(db, write_in_read, NULL, &kit_err), OK);
	int64_t sum = 5;
	assert_ok(db_read(db, sum_of, &sum, &kit_err));
	assert_int_equal(sum, -1);
}

static enum result bump(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	return db_exec(tx, &pair_add, NULL, e, DB_INT(0), DB_CSTR("engine"), DB_INT(100));
}

static void *bump_thread(void *arg)
{
	(void)arg;
	struct error e;
	return db_transact(db, bump, NULL, &e) == OK ? NULL : db;
}

static enum result two_looks(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t before = 0, after = 0;
	TRY(sum_of(tx, &before, e));
	pthread_t t;
	void *failed = NULL;
	assert_int_equal(pthread_create(&t, NULL, bump_thread, NULL), 0);
	pthread_join(t, &failed);
	assert_null(failed);
	TRY(sum_of(tx, &after, e));
	assert_int_equal(before, after);
	return OK;
}

static void a_read_sees_one_snapshot_and_the_next_read_the_commit(void **state)
{
	(void)state;
	int64_t before = 0, after = 0;
	assert_ok(db_read(db, sum_of, &before, &kit_err));
	assert_ok(db_read(db, two_looks, NULL, &kit_err));
	assert_ok(db_read(db, sum_of, &after, &kit_err));
	assert_int_equal(after, before + 100);
}

/* ---- Breaches of the contract ---- */

DB_STMT(wrong_column_type, "", "t", "SELECT n FROM pair")
DB_STMT(wrong_column_count, "", "i", "SELECT n, n FROM pair")
DB_STMT(wrong_null, "i", "i", "SELECT CAST(SUM(n) AS BIGINT) FROM pair WHERE a = $1")

static enum result breach(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	switch (*(int *)arg) {
	case 0:
		return db_exec(tx, &pair_insert, NULL, e, DB_INT(1), DB_CSTR("a"));
	case 1:
		return db_exec(tx, &pair_insert, NULL, e, DB_CSTR("a"), DB_CSTR("a"), DB_INT(1));
	case 2:
		return db_exec(tx, &pair_insert, NULL, e, DB_INT(1), DB_NULL, DB_INT(1));
	case 3:
		return db_query_one(tx, &wrong_column_type, &rows, &found, e, DB_NONE);
	case 4:
		return db_query_one(tx, &wrong_column_count, &rows, &found, e, DB_NONE);
	case 5:
		return db_query_one(tx, &wrong_null, &rows, &found, e, DB_INT(777));
	case 6:
		TRY(db_query_one(tx, &pair_list, &rows, &found, e, DB_INT(0)));
		(void)db_int(rows, 0);
		return error_set(e, ERR_INTERNAL, "test", NULL, "read as another type");
	case 7:
		TRY(db_query(tx, &pair_list, &rows, e, DB_INT(0)));
		(void)db_text(rows, 0);
		return error_set(e, ERR_INTERNAL, "test", NULL, "read before a row");
	case 8:
		TRY(db_query(tx, &pair_list, &rows, e, DB_INT(0)));
		rows = NULL; /* not freed */
		return OK;
	case 9:
		return db_exec(tx, &pair_list, NULL, e, DB_INT(0));
	default:
		return db_query(tx, &pair_insert, &rows, e, DB_INT(1), DB_CSTR("a"), DB_INT(1));
	}
}

/* Debug builds abort, so each in a process of its own, on a database of its own (threads do not survive a fork). */
static void a_wrong_signature_is_caught(void **state)
{
	(void)state;
	for (int i = 0; i <= 10; i++) {
		const char *url = kit_db_fresh();
		fflush(NULL);
		pid_t pid = fork();
		if (pid == 0) {
			int null = open("/dev/null", O_WRONLY);
			dup2(null, 2);
			struct db_config config = { .url = url, .create = true };
			struct db *mine = NULL;
			if (db_open(&config, &mine, &kit_err) != OK || migrate_files(mine, files, &kit_err) != OK)
				_exit(3);
			enum result r = db_transact(mine, breach, &i, &kit_err);
			_exit(r == ERR_INTERNAL ? 4 : 5);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
		bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 4;
#ifndef NDEBUG
		refused = false;
#endif
		if (!aborted && !refused)
			fail_msg("breach %d was not caught: status %x", i, (unsigned)status);
	}
}

/* ---- Many at once ---- */

#define RUNS 257 /* more than two windows */

struct each {
	struct db_tx *tx;
	int seen, stop_at;
};

static enum result each_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct each *x = arg;
	enum db_step step;
	int n = 0;
	bool found;
	assert_int_equal(run, x->seen);
	if (run == x->stop_at)
		return error_set(e, ERR_CONFLICT, "stopped", NULL, "Enough.");
	if (run % 50 == 7) { /* before its own answer is fetched */
		DB_ROWS_AUTO struct db_rows *sum = NULL;
		TRY(db_query_one(x->tx, &pair_sum, &sum, &found, e, DB_INT(2)));
		assert_int_equal(db_int(sum, 0), 1);
	}
	while ((step = db_next(rows, e)) == DB_ROW) {
		assert_int_equal(db_int(rows, 1), 10 * run + n);
		n++;
	}
	assert_int_equal(n, run % 3);
	x->seen++;
	return step == DB_ERR ? e->result : OK;
}

static enum result each_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct each *x = arg;
	struct db_value keys[RUNS];
	*x = (struct each){ .tx = tx, .stop_at = x->stop_at };
	TRY(db_exec(tx, &pair_once, NULL, e, DB_INT(2), DB_CSTR("one"), DB_INT(1)));
	for (int i = 0; i < RUNS; i++) {
		keys[i] = DB_INT(1000 + i);
		for (int k = 0; k < i % 3; k++)
			TRY(db_exec(tx, &pair_once, NULL, e, DB_INT(1000 + i), DB_CSTR(k ? "b" : "a"),
			            DB_INT(10 * i + k)));
	}
	enum result r = db_each(tx, &pair_list, keys, RUNS, each_take, x, e);
	if (x->stop_at < 0)
		return r;
	/* What nobody wanted any more is gone, and the transaction goes on. */
	assert_int_equal(r, ERR_CONFLICT);
	assert_string_equal(e->code, "stopped");
	x->seen = x->stop_at = 0;
	return db_each(tx, &pair_list, (const struct db_value[]){ DB_INT(1000) }, 1, each_take,
	               &(struct each){ .tx = tx, .stop_at = -1 }, e);
}

static void one_statement_for_many_values(void **state)
{
	(void)state;
	struct each x = { .stop_at = -1 };
	assert_ok(db_transact(db, each_run, &x, &kit_err));
	assert_int_equal(x.seen, RUNS);
	x.stop_at = 120;
	assert_ok(db_transact(db, each_run, &x, &kit_err));
}

DB_STMT(pair_ratio, "ii", "ti", "SELECT b, 1 / (n - $2) FROM pair WHERE a = $1")

static enum result each_ratio(struct db_rows *rows, int run, void *arg, struct error *e)
{
	enum db_step step;
	(void)run;
	(void)arg;
	while ((step = db_next(rows, e)) == DB_ROW)
		;
	return step == DB_ERR ? e->result : OK;
}

static enum result each_broken(struct db_tx *tx, void *arg, struct error *e)
{
	struct db_value keys[6];
	(void)arg;
	TRY(db_exec(tx, &pair_once, NULL, e, DB_INT(3), DB_CSTR("a"), DB_INT(7)));
	for (int i = 0; i < 3; i++) {
		keys[2 * i] = DB_INT(3);
		keys[2 * i + 1] = DB_INT(i == 1 ? 7 : 0); /* the second divides by zero */
	}
	return db_each(tx, &pair_ratio, keys, 3, each_ratio, &(int){ 0 }, e);
}

static void one_of_many_that_fails_loses_the_transaction(void **state)
{
	(void)state;
	if (db_engine(db) == DB_SQLITE) {
		print_message("skipped: SQLite answers NULL to a division by zero\n");
		return;
	}
	assert_result(ERR_INVALID, db_transact(db, each_broken, NULL, &kit_err));
	struct each x = { .stop_at = -1 };
	assert_ok(db_transact(db, each_run, &x, &kit_err));
}

/* ---- Parts that take turns ---- */

#define PARTS 20       /* more than take turns at once */
#define PART_RUNS 100  /* together more than the pipeline holds */
#define PART_KEY 50000 /* of part 0 */

struct turn {
	int part, fail_at, rows;
	bool over;
};

static enum result turn_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct turn *t = arg;
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW)
		t->rows += db_int(rows, 1) == t->part && run == t->part;
	return step == DB_ERR ? e->result : OK;
}

/* Two questions, the second of which hangs on the answer to the first. */
static enum result turn_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct turn *t = arg;
	struct db_value keys[PART_RUNS];
	{
		DB_ROWS_AUTO struct db_rows *sum = NULL;
		bool found;
		TRY(db_query_one(tx, &pair_sum, &sum, &found, e, DB_INT(PART_KEY + t->part)));
		if (!found || db_int(sum, 0) != t->part)
			return error_set(e, ERR_CORRUPT, "another's", NULL, "The answer is another part's.");
	}
	for (int i = 0; i < PART_RUNS; i++)
		keys[i] = DB_INT(PART_KEY + i);
	TRY(db_each(tx, &pair_list, keys, PART_RUNS, turn_take, t, e));
	t->over = true;
	return t->part == t->fail_at ? error_set(e, ERR_CONFLICT, "stopped", NULL, "Enough.") : OK;
}

static enum result turns_nested(struct db_tx *tx, void *arg, struct error *e)
{
	struct turn *t = arg;
	return db_together(tx, (struct db_part[]){ { turn_run, t }, { turn_run, t + 1 } }, 2, e);
}

struct turns {
	struct turn turns[PARTS];
	int fail_at;
	bool nested;
};

static enum result turns_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct turns *x = arg;
	struct db_part parts[PARTS];
	int count = 0, step = x->nested ? 2 : 1;
	for (int i = 0; i < PARTS; i++)
		x->turns[i] = (struct turn){ .part = i, .fail_at = x->fail_at };
	for (int i = 0; i < PARTS; i += step)
		parts[count++] = (struct db_part){ x->nested ? turns_nested : turn_run, &x->turns[i] };
	return db_together(tx, parts, count, e);
}

static enum result turns_write(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	for (int i = 0; i < PARTS; i++)
		TRY(db_exec(tx, &pair_once, NULL, e, DB_INT(PART_KEY + i), DB_CSTR("a"), DB_INT(i)));
	return OK;
}

static void parts_take_turns(void **state)
{
	struct turns x = { .fail_at = -1 };
	struct db_stats before, after;
	(void)state;
	assert_ok(db_transact(db, turns_write, NULL, &kit_err));
	for (int nested = 0; nested < 2; nested++) {
		x.nested = nested;
		db_stats_get(db, &before);
		assert_ok(db_read(db, turns_run, &x, &kit_err));
		db_stats_get(db, &after);
		for (int i = 0; i < PARTS; i++)
			assert_int_equal(x.turns[i].rows, 1);
		/* two lots, or two turns, of two questions; the pipeline's end on the way */
		assert_true(after.round_trips - before.round_trips <= 8);
	}
	x = (struct turns){ .fail_at = 3 };
	assert_result(ERR_CONFLICT, db_read(db, turns_run, &x, &kit_err));
	assert_string_equal(kit_err.code, "stopped");
	assert_true(x.turns[3].over && !x.turns[PARTS - 1].over);
	assert_ok(db_transact(db, turns_run, &(struct turns){ .fail_at = -1 }, &kit_err)); /* one after the other */
}

static enum result ratio_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct db_value keys[2] = { DB_INT(PART_KEY + 1), DB_INT(*(int *)arg) };
	return db_each(tx, &pair_ratio, keys, 1, each_ratio, NULL, e);
}

static enum result turns_broken(struct db_tx *tx, void *arg, struct error *e)
{
	struct turn t = { .part = 2, .fail_at = -1 };
	(void)arg;
	return db_together(
	        tx, (struct db_part[]){ { turn_run, &t }, { ratio_run, &(int){ 1 } }, { ratio_run, &(int){ 9 } } }, 3,
	        e);
}

static void one_part_that_fails_loses_the_transaction(void **state)
{
	struct turns x = { .fail_at = -1 };
	(void)state;
	if (db_engine(db) == DB_SQLITE) {
		print_message("skipped: SQLite answers NULL to a division by zero\n");
		return;
	}
	assert_ok(db_transact(db, turns_write, NULL, &kit_err));
	assert_result(ERR_INVALID, db_read(db, turns_broken, NULL, &kit_err));
	assert_ok(db_read(db, turns_run, &x, &kit_err));
}

/* ---- One process a file ---- */

static void a_second_opening_is_refused(void **state)
{
	(void)state;
	if (db_engine(db) != DB_SQLITE) {
		print_message("skipped: PostgreSQL takes many processes\n");
		return;
	}
	struct db_config config = { .url = kit_db_url() };
	struct db *second = NULL;
	assert_result(ERR_BUSY, db_open(&config, &second, &kit_err));
	assert_string_equal(kit_err.code, "db.locked");
	assert_null(second);
	config.url = "/nonexistent/x.db";
	assert_result(ERR_IO, db_open(&config, &second, &kit_err));
	config.create = true;
	assert_result(ERR_IO, db_open(&config, &second, &kit_err));
}

static void what_is_committed_is_there_after_reopening(void **state)
{
	(void)state;
	assert_ok(db_transact(db, kinds_write, NULL, &kit_err));
	db_close(db);
	struct db_config config = { .url = kit_db_url() };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
	assert_ok(db_read(db, kinds_read, NULL, &kit_err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_of_every_kind_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(text_that_one_engine_refuses_both_refuse, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_and_cursors, setup, teardown),
		cmocka_unit_test_setup_teardown(one_statement_for_many_values, setup, teardown),
		cmocka_unit_test_setup_teardown(one_of_many_that_fails_loses_the_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_take_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(one_part_that_fails_loses_the_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_rise_also_after_a_prune, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_statement_loses_the_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pipelined_failure_comes_out_of_the_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(hooks_run_once_after_the_commit_only, setup, teardown),
		cmocka_unit_test_setup_teardown(retries_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_read_cannot_write, setup, teardown),
		cmocka_unit_test_setup_teardown(a_read_sees_one_snapshot_and_the_next_read_the_commit, setup, teardown),
		cmocka_unit_test(a_wrong_signature_is_caught),
		cmocka_unit_test_setup_teardown(a_second_opening_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_committed_is_there_after_reopening, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
