/* rooms: db base */
#include "kit/powercut.h"
#include "db/sqlite.h"
#include "db/schema.h"
#include <string.h>

/* The disk fails for a moment, at every operation in turn: reads go on, what is acknowledged is there, what is refused
 * is not, and the next command succeeds without reopening. Then the power fails too, and it must still be so. */

#define COMMANDS 24
#define CHECKPOINT_PAGES 12

static const struct schema_file files[] = { { 1, "0001_test.sql",
	                                      "CREATE TABLE item (id {int} PRIMARY KEY, b {blob} NOT NULL) {rows};\n" },
	                                    { 0, NULL, NULL } };

DB_STMT(item_insert, "ib", "", "INSERT INTO item (id, b) VALUES ($1, $2)")
DB_STMT(item_list, "", "i", "SELECT id FROM item ORDER BY id")

static struct db *db;

static enum result insert(struct db_tx *tx, void *arg, struct error *e)
{
	char *p = arena_alloc(db_tx_arena(tx), 3000);
	if (!p)
		return error_nomem(e);
	return db_exec(tx, &item_insert, NULL, e, DB_INT(*(int64_t *)arg), DB_BLOB(((struct str){ p, 3000 })));
}

static enum result list(struct db_tx *tx, void *arg, struct error *e)
{
	bool *there = arg;
	memset(there, 0, COMMANDS + 2);
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &item_list, &rows, e, DB_NONE));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW)
		there[db_int(rows, 0)] = true;
	return step == DB_ERR ? e->result : OK;
}

static void open_here(const char *path)
{
	struct db_config config = {
		.url = path, .create = true, .vfs = POWERCUT_VFS, .readers = 1, .checkpoint_pages = CHECKPOINT_PAGES
	};
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
}

static enum result checkpoint(struct sqlite_conn *c, void *arg, struct error *e)
{
	(void)arg;
	(void)e;
	sqlite3_wal_checkpoint_v2(c->h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return OK;
}

/* Returns whether the failure came about. */
static bool scenario(int64_t nth, int64_t times, bool full)
{
	char path[256];
	bool acknowledged[COMMANDS + 2] = { 0 }, there[COMMANDS + 2];
	int refused = 0;
	powercut_reset((uint64_t)nth);
	snprintf(path, sizeof(path), "%s/disk.db", kit_dir());
	open_here(path);
	struct powercut_stats before, after;
	powercut_stats_get(&before);
	powercut_fail(nth, times, full);
	for (int64_t id = 1; id <= COMMANDS; id++) {
		enum result r = db_transact(db, insert, &id, &kit_err);
		if (r != OK &&
		    (r != ERR_IO || (strcmp(kit_err.code, "db.io") != 0 && strcmp(kit_err.code, "db.full") != 0)))
			fail_msg("a failing disk gave %s %s", kit_err.code, kit_err.detail);
		acknowledged[id] = r == OK;
		refused += r != OK;
		if (id % 6 == 0)
			assert_ok(writer_task(db, checkpoint, NULL, &kit_err));
		assert_ok(db_read(db, list, there, &kit_err));
		for (int64_t k = 1; k <= id; k++)
			assert_int_equal(there[k], acknowledged[k]);
	}
	powercut_stats_get(&after);
	powercut_fail(0, 0, false);
	int64_t last = COMMANDS + 1;
	assert_ok(db_transact(db, insert, &last, &kit_err)); /* without repair */
	powercut_arm(1);
	int64_t lost = 0;
	assert_result(ERR_IO, db_transact(db, insert, &lost, &kit_err));
	db_close(db);
	powercut_restore();
	open_here(path);
	assert_ok(db_read(db, list, there, &kit_err));
	for (int k = 1; k <= COMMANDS; k++)
		if (acknowledged[k] && !there[k])
			fail_msg("operation %d failing: %d was acknowledged and is gone", (int)nth, k);
	assert_true(there[COMMANDS + 1]);
	db_close(db);
	assert_true(refused <= times);
	return after.operations - before.operations >= nth;
}

static void every_disk_operation_fails_in_turn(void **state)
{
	(void)state;
	int n = 0;
	for (int kind = 0; kind < 2; kind++)
		for (int64_t times = 1; times <= 3; times += 2)
			for (int64_t nth = 1; scenario(nth, times, kind == 1); nth++)
				n++;
	print_message("%d failures\n", n);
	assert_true(n > 300);
}

int main(void)
{
	if (strcmp(kit_engine(), "sqlite") != 0) {
		printf("skipped: PostgreSQL's own files are its own business\n");
		return 0;
	}
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_disk_operation_fails_in_turn) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
