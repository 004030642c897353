/* rooms: db base */
#include "kit/kit.h"
#include "db/internal.h"
#include "db/schema.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Time limits, the pool of readers, the bound of the WAL, backups taken while others write. */

static const struct schema_file files[] = {
	{ 1, "0001_test.sql", "CREATE TABLE item (id {int} PRIMARY KEY, v {int} NOT NULL, b {blob}) {rows};\n" },
	{ 0, NULL, NULL }
};

DB_STMT(item_put, "iiB", "",
        "INSERT INTO item (id, v, b) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET v = item.v + $2, b = $3")
DB_STMT(item_totals, "", "iI", "SELECT COUNT(*), CAST(SUM(v) AS BIGINT) FROM item")
DB_STMT(long_count, "i", "i",
        "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $1) SELECT COUNT(*) FROM c")

static struct db *db;

static void open_with(int readers, int limit_ms, int checkpoint_pages)
{
	struct db_config config = { .url = kit_db_fresh(),
		                    .create = true,
		                    .readers = readers,
		                    .limit_ms = limit_ms,
		                    .checkpoint_pages = checkpoint_pages };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(migrate_files(db, files, &kit_err));
}

static enum result count_long(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	return db_query_one(tx, &long_count, &rows, &found, e, DB_INT(*(int64_t *)arg));
}

static enum result dawdle(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t n = 10;
	TRY(count_long(tx, &n, e));
	usleep(400000);
	return count_long(tx, &n, e);
}

static void a_slow_read_is_stopped(void **state)
{
	(void)state;
	open_with(1, 200, 0);
	int64_t n = 1000000000, small = 10;
	int64_t start = clock_monotonic();
	assert_result(ERR_BUSY, db_read(db, count_long, &n, &kit_err));
	assert_string_equal(kit_err.code, "db.too_slow");
	assert_true(clock_monotonic() - start < 5 * USEC);
	assert_result(ERR_BUSY, db_read(db, dawdle, NULL, &kit_err));
	assert_string_equal(kit_err.code, "db.too_slow");
	assert_ok(db_read(db, count_long, &small, &kit_err)); /* the only reader is well again */
	kit_db_close(db);
}

static void a_thread_has_its_own_limit(void **state)
{
	(void)state;
	open_with(1, 200, 0);
	{
		DB_LIMIT_AUTO int was = db_thread_limit(DB_LONG_MS);
		assert_int_equal(was, 0);
		assert_ok(db_read(db, dawdle, NULL, &kit_err));
		assert_ok(db_transact(db, dawdle, NULL, &kit_err));
	}
	for (int i = 0; i < 2; i++) { /* also on the connection that had the other limit */
		assert_result(ERR_BUSY, db_read(db, dawdle, NULL, &kit_err));
		assert_string_equal(kit_err.code, "db.too_slow");
	}
	kit_db_close(db);
	open_with(1, 0, 0);
	int64_t n = 1000000000;
	int64_t start = clock_monotonic();
	{
		DB_LIMIT_AUTO int was = db_thread_limit(200);
		assert_result(ERR_BUSY, db_read(db, count_long, &n, &kit_err));
		assert_string_equal(kit_err.code, "db.too_slow");
		(void)was;
	}
	assert_true(clock_monotonic() - start < 4 * USEC); /* the statement itself was stopped */
	assert_ok(db_read(db, dawdle, NULL, &kit_err));
	kit_db_close(db);
}

/* ---- The pool ---- */

static atomic_int inside, most_inside;

static enum result linger(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t n = 10;
	TRY(count_long(tx, &n, e));
	int now = atomic_fetch_add(&inside, 1) + 1, most = atomic_load(&most_inside);
	while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now))
		;
	usleep(3000);
	atomic_fetch_sub(&inside, 1);
	return OK;
}

static void *linger_main(void *arg)
{
	struct error e;
	for (int i = 0; i < 10; i++)
		if (db_read(db, linger, NULL, &e) != OK)
			return &inside;
	return arg;
}

static void readers_share_the_pool(void **state)
{
	(void)state;
	open_with(3, 0, 0);
	pthread_t t[12];
	for (int i = 0; i < 12; i++)
		assert_int_equal(pthread_create(&t[i], NULL, linger_main, NULL), 0);
	for (int i = 0; i < 12; i++) {
		void *failed;
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(most_inside, 3);
	kit_db_close(db);
}

/* ---- The WAL ---- */

static enum result put(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t id = *(int64_t *)arg;
	char *p = arena_alloc(db_tx_arena(tx), 6000);
	if (!p)
		return error_nomem(e);
	return db_exec(tx, &item_put, NULL, e, DB_INT(id), DB_INT(1), DB_BLOB(((struct str){ p, 6000 })));
}

static enum result totals(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t *out = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &item_totals, &rows, &found, e, DB_NONE));
	out[0] = db_int(rows, 0);
	out[1] = db_int(rows, 1);
	return OK;
}

static atomic_bool stop;
static atomic_int written;

static void *put_main(void *arg)
{
	struct error e;
	int64_t base = *(int *)arg;
	for (int i = 0; !atomic_load(&stop); i++) {
		int64_t id = base * 100 + i % 100;
		if (db_transact(db, put, &id, &e) != OK)
			return arg;
		atomic_fetch_add(&written, 1);
	}
	return NULL;
}

static void *totals_main(void *arg)
{
	struct error e;
	int64_t t[2];
	while (!atomic_load(&stop))
		if (db_read(db, totals, t, &e) != OK)
			return &written;
	return arg;
}

/* Four writers and three readers while body() runs. */
static void under_load(void (*body)(void))
{
	pthread_t t[7];
	int n[4];
	atomic_store(&stop, false);
	atomic_store(&written, 0);
	for (int i = 0; i < 4; i++) {
		n[i] = i;
		assert_int_equal(pthread_create(&t[i], NULL, put_main, &n[i]), 0);
	}
	for (int i = 4; i < 7; i++)
		assert_int_equal(pthread_create(&t[i], NULL, totals_main, NULL), 0);
	body();
	atomic_store(&stop, true);
	for (int i = 0; i < 7; i++) {
		void *failed;
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	int64_t out[2];
	assert_ok(db_read(db, totals, out, &kit_err));
	assert_int_equal(out[1], written);
}

#define WAL_TEST_PAGES 400

static void watch_wal(void)
{
	int64_t most = 0, resets = 0, last = 0;
	int64_t end = clock_monotonic() + 3 * USEC;
	while (clock_monotonic() < end) {
		struct db_stats stats;
		db_stats_get(db, &stats);
		most = stats.wal_pages > most ? stats.wal_pages : most;
		resets += stats.wal_pages < last;
		last = stats.wal_pages;
		usleep(500);
	}
	print_message("WAL: at most %lld pages (checkpoint at %d), %lld restarts, %d commands\n", (long long)most,
	              WAL_TEST_PAGES, (long long)resets, (int)written);
	assert_true(resets > 0);
	assert_true(most < 24 * WAL_TEST_PAGES);
}

static void the_wal_stays_bounded_under_readers_and_writers(void **state)
{
	(void)state;
	open_with(4, 0, WAL_TEST_PAGES);
	if (db_engine(db) == DB_SQLITE)
		under_load(watch_wal);
	else
		print_message("skipped: PostgreSQL bounds its own WAL\n");
	kit_db_close(db);
}

/* ---- Backup ---- */

static char backup_path[256];
static int64_t units_done, units_total;

static void count_units(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	assert_true(done >= units_done || db_engine(db) == DB_SQLITE);
	units_done = done;
	units_total = total;
}

static void take_backup(void)
{
	while (atomic_load(&written) < 300)
		usleep(1000);
	assert_ok(db_backup(db, backup_path, count_units, NULL, &kit_err));
	assert_true(units_total > 0);
	assert_int_equal(units_done, units_total);
}

static void a_backup_taken_under_load_is_consistent(void **state)
{
	(void)state;
	snprintf(backup_path, sizeof(backup_path), "%s/backup", kit_dir());
	open_with(4, 0, WAL_TEST_PAGES);
	under_load(take_backup);
	kit_db_close(db);
	/* Each command added one: the copy holds a moment of which every row is whole. */
	struct db_config config = { .url = kit_db_fresh(), .create = true };
	int64_t out[2];
	assert_ok(db_restore(&config, backup_path, &kit_err));
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(db_read(db, totals, out, &kit_err));
	assert_true(out[1] >= 300 && out[1] <= written);
	kit_db_close(db);
}

static void a_backup_restores_into_an_empty_database_only(void **state)
{
	(void)state;
	snprintf(backup_path, sizeof(backup_path), "%s/backup2", kit_dir());
	open_with(4, 0, 0);
	int64_t before[2], after[2];
	for (int64_t id = 0; id < 500; id++)
		assert_ok(db_transact(db, put, &id, &kit_err));
	assert_ok(db_read(db, totals, before, &kit_err));
	assert_ok(db_backup(db, backup_path, NULL, NULL, &kit_err));
	kit_db_close(db);

	struct db_config config = { .url = kit_db_fresh(), .create = true };
	assert_ok(db_restore(&config, backup_path, &kit_err));
	assert_result(ERR_CONFLICT, db_restore(&config, backup_path, &kit_err));
	assert_string_equal(kit_err.code, "restore.not_empty");
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(db_read(db, totals, after, &kit_err));
	assert_memory_equal(before, after, sizeof(before));
	assert_ok(migrate_files(db, files, &kit_err)); /* nothing is missing */
	kit_db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_read_is_stopped),
		cmocka_unit_test(a_thread_has_its_own_limit),
		cmocka_unit_test(readers_share_the_pool),
		cmocka_unit_test(the_wal_stays_bounded_under_readers_and_writers),
		cmocka_unit_test(a_backup_taken_under_load_is_consistent),
		cmocka_unit_test(a_backup_restores_into_an_empty_database_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
