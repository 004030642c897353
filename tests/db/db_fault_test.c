/* rooms: db base */
#include "kit/kit.h"
#include "db/internal.h"
#include "db/schema.h"

/* Every SQL step of a transaction fails in turn: the state is as before or as after, and the answer says which. */

static const struct schema_file files[] = {
	{ 1, "0001_test.sql",
	  "CREATE TABLE account (id {int} PRIMARY KEY, amount {int} NOT NULL CHECK (amount >= 0)) {rows};\n"
	  "CREATE TABLE move (id {int} PRIMARY KEY, n {int} NOT NULL) {rows};\n"
	  "INSERT INTO account VALUES (1, 1000), (2, 0);\n" },
	{ 0, NULL, NULL }
};

DB_STMT(account_add, "ii", "", "UPDATE account SET amount = amount + $2 WHERE id = $1 AND amount + $2 >= 0")
DB_STMT(account_list, "", "ii", "SELECT id, amount FROM account ORDER BY id")
DB_STMT(move_insert, "ii", "", "INSERT INTO move (id, n) VALUES ($1, $2) ON CONFLICT DO NOTHING")
DB_STMT(move_sum, "", "iI", "SELECT COUNT(*), CAST(SUM(n) AS BIGINT) FROM move")

struct move {
	int64_t id, n;
	int hooks;
};

static void moved(void *arg)
{
	((struct move *)arg)->hooks++;
}

static enum result accounts_read(struct db_tx *tx, int64_t amount[2], struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &account_list, &rows, e, DB_NONE));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW)
		amount[db_int(rows, 0) - 1] = db_int(rows, 1);
	return step == DB_ERR ? e->result : OK;
}

static enum result move_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct move *m = arg;
	int64_t amount[2], fresh, changed;
	TRY(db_lock(tx, 7, e));
	TRY(accounts_read(tx, amount, e));
	TRY(db_exec(tx, &move_insert, &fresh, e, DB_INT(m->id), DB_INT(m->n)));
	if (!fresh)
		return error_set(e, ERR_CONFLICT, "move.done", NULL, "Done before.");
	TRY(db_exec(tx, &account_add, &changed, e, DB_INT(1), DB_INT(-m->n)));
	if (!changed)
		return error_set(e, ERR_CONFLICT, "move.short", NULL, "Too little.");
	TRY(db_exec(tx, &account_add, NULL, e, DB_INT(2), DB_INT(m->n)));
	return db_after_commit(tx, moved, m, e);
}

struct totals {
	int64_t amount[2], moves, sum;
};

static enum result totals_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct totals *t = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(accounts_read(tx, t->amount, e));
	TRY(db_query_one(tx, &move_sum, &rows, &found, e, DB_NONE));
	t->moves = db_int(rows, 0);
	t->sum = db_int(rows, 1);
	return OK;
}

static void assert_moved(struct db *db, int64_t moves)
{
	struct totals t = { 0 };
	assert_ok(db_read(db, totals_read, &t, &kit_err));
	assert_int_equal(t.moves, moves);
	assert_int_equal(t.sum, moves * 3);
	assert_int_equal(t.amount[0], 1000 - moves * 3);
	assert_int_equal(t.amount[1], moves * 3);
}

static void every_step_fails_in_turn(void **state)
{
	(void)state;
	static const enum result kinds[] = { ERR_IO, ERR_BUSY, ERR_RETRY, ERR_NOMEM };
	struct db *db = NULL;
	struct db_config config = { .url = kit_db_fresh(), .create = true };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
	int64_t done = 0, next = 1;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		int failures = 0;
		for (int nth = 1;; nth++) {
			struct move m = { .id = next++, .n = 3 };
			db_fault_nth(db, nth, kinds[k]);
			enum result r = db_transact(db, move_run, &m, &kit_err);
			bool reached = db_fault_count(db) >= nth;
			db_fault_nth(db, 0, OK);
			if (reached && kinds[k] != ERR_RETRY) {
				assert_result(kinds[k], r);
				assert_string_equal(kit_err.code, "db.fault");
				failures++;
			} else {
				assert_ok(r);
				done++;
			}
			assert_int_equal(m.hooks, r == OK);
			assert_moved(db, done);
			if (!reached)
				break;
		}
		assert_true(kinds[k] == ERR_RETRY || failures >= 8);
	}
	for (int nth = 1; nth <= 3; nth++) { /* reads fail and recover */
		struct totals t;
		db_fault_nth(db, nth, ERR_IO);
		assert_result(ERR_IO, db_read(db, totals_read, &t, &kit_err));
		db_fault_nth(db, nth, ERR_RETRY);
		assert_ok(db_read(db, totals_read, &t, &kit_err));
	}
	db_fault_nth(db, 0, OK);
	assert_moved(db, done);
	kit_db_close(db);
}

static void memory_runs_out_at_every_allocation(void **state)
{
	(void)state;
	struct db *db = NULL;
	struct db_config config = { .url = kit_db_fresh(), .create = true };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
	int64_t done = 0;
	for (uint64_t nth = 1;; nth++) {
		struct move m = { .id = (int64_t)nth, .n = 3 };
		mem_fail_nth(nth);
		enum result r = db_transact(db, move_run, &m, &kit_err);
		bool reached = mem_fail_count() >= nth;
		mem_fail_nth(0);
		if (r != OK)
			assert_result(ERR_NOMEM, r);
		done += r == OK;
		assert_int_equal(m.hooks, r == OK);
		assert_moved(db, done);
		if (!reached)
			break;
	}
	assert_true(done >= 1);
	kit_db_close(db);
}

static void opening_survives_every_failed_allocation(void **state)
{
	(void)state;
	for (uint64_t nth = 1;; nth++) {
		struct db *db = NULL;
		struct db_config config = { .url = nth == 1 ? kit_db_fresh() : kit_db_url(), .create = true };
		mem_fail_nth(nth);
		enum result r = db_open(&config, &db, &kit_err);
		if (r == OK)
			r = migrate_files(db, files, &kit_err);
		bool reached = mem_fail_count() >= nth;
		mem_fail_nth(0);
		if (r != OK)
			assert_result(ERR_NOMEM, r);
		if (reached)
			db_close(db);
		else
			kit_db_close(db);
		if (!reached)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_fails_in_turn),
		cmocka_unit_test(memory_runs_out_at_every_allocation),
		cmocka_unit_test(opening_survives_every_failed_allocation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
