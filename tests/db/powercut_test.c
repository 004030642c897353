/* rooms: db base */
#include "kit/powercut.h"
#include "db/sqlite.h"
#include "db/schema.h"
#include <stdlib.h>
#include <string.h>

/* The power fails while four threads write: after each cut everything acknowledged is there, once, and whole.
 * BYNAME_CUTS: how many (40; the long run takes 500). */

#define THREADS 4
#define CUTS_DEFAULT 40
#define OPS_MOST 500   /* disk operations until the cut */
#define CUTS_A_FILE 20 /* then a new file, so that its making is cut too */
#define MUTANT_CUTS 20 /* the mutant must be caught within these */
#define CHECKPOINT_PAGES 60

static const struct schema_file files[] = {
	{ 1, "0001_test.sql",
	  "CREATE TABLE entry (id {autoid}, thread {int} NOT NULL, seq {int} NOT NULL, b {blob} NOT NULL) {rows};\n"
	  "CREATE INDEX entry_thread ON entry (thread, seq);\n"
	  "CREATE TABLE total (thread {int} PRIMARY KEY, n {int} NOT NULL) {rows};\n" },
	{ 2, "0002_test.sql", "INSERT INTO total VALUES (0, 0), (1, 0), (2, 0), (3, 0);\n" },
	{ 0, NULL, NULL }
};

DB_STMT(entry_insert, "iib", "", "INSERT INTO entry (thread, seq, b) VALUES ($1, $2, $3)")
DB_STMT(total_add, "i", "", "UPDATE total SET n = n + 1 WHERE thread = $1")
DB_STMT(entry_check, "i", "iiII",
        "SELECT COUNT(*), COUNT(DISTINCT seq), MIN(seq), MAX(seq) FROM entry WHERE thread = $1")
DB_STMT(entry_bytes, "i", "ib", "SELECT seq, b FROM entry WHERE thread = $1")
DB_STMT(total_get, "i", "i", "SELECT n FROM total WHERE thread = $1")

struct writer {
	pthread_t thread;
	int number;
	int64_t acknowledged, tried;
	struct kit_random rnd;
};

static struct db *db;
static struct writer writers[THREADS];

static unsigned char pattern(int thread, int64_t seq)
{
	return (unsigned char)(thread * 59 + seq * 31 + 7);
}

static enum result entry_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct writer *w = arg;
	size_t n = 1 + kit_random_below(&w->rnd, 3000);
	char *p = arena_alloc(db_tx_arena(tx), n);
	if (!p)
		return error_nomem(e);
	memset(p, pattern(w->number, w->tried), n);
	TRY(db_exec(tx, &entry_insert, NULL, e, DB_INT(w->number), DB_INT(w->tried), DB_BLOB(((struct str){ p, n }))));
	return db_exec(tx, &total_add, NULL, e, DB_INT(w->number));
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	struct error e;
	for (;;) {
		w->tried = w->acknowledged + 1;
		if (db_transact(db, entry_write, w, &e) != OK)
			return NULL;
		w->acknowledged = w->tried;
	}
}

/* What is wrong after a cut; empty: nothing. */
static char wrong[256];

static enum result writer_check(struct db_tx *tx, void *arg, struct error *e)
{
	struct writer *w = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL, *total = NULL, *bytes = NULL;
	bool found;
	TRY(db_query_one(tx, &entry_check, &rows, &found, e, DB_INT(w->number)));
	int64_t count = db_int(rows, 0), last = db_is_null(rows, 3) ? 0 : db_int(rows, 3);
	TRY(db_query_one(tx, &total_get, &total, &found, e, DB_INT(w->number)));
	int64_t n = found ? db_int(total, 0) : -1;
	if (last < w->acknowledged)
		snprintf(wrong, sizeof(wrong), "acknowledged up to %lld, there up to %lld", (long long)w->acknowledged,
		         (long long)last);
	else if (last > w->tried || count != db_int(rows, 1) || count != last || n != count)
		snprintf(wrong, sizeof(wrong), "tried %lld, last %lld, rows %lld, total %lld", (long long)w->tried,
		         (long long)last, (long long)count, (long long)n);
	TRY(db_query(tx, &entry_bytes, &bytes, e, DB_INT(w->number)));
	enum db_step step;
	while ((step = db_next(bytes, e)) == DB_ROW) {
		struct str b = db_blob(bytes, 1);
		for (size_t i = 0; i < b.n; i++)
			if ((unsigned char)b.p[i] != pattern(w->number, db_int(bytes, 0)))
				snprintf(wrong, sizeof(wrong), "row %lld is torn", (long long)db_int(bytes, 0));
	}
	if (step == DB_ERR)
		return e->result;
	w->acknowledged = w->tried = last;
	return OK;
}

static enum result file_sound(struct sqlite_conn *c, void *arg, struct error *e)
{
	(void)arg;
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(c->h, "PRAGMA integrity_check", -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		return sqlite_fail(c->h, sqlite3_errcode(c->h), "integrity_check", e);
	if (strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
		snprintf(wrong, sizeof(wrong), "integrity: %.200s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return OK;
}

/* A store that is right, one that never syncs, and one that syncs at checkpoints only. */
enum mutant { RIGHT, NO_SYNC, LATE_SYNC };

static enum result sync_late(struct sqlite_conn *c, void *arg, struct error *e)
{
	(void)arg;
	return sqlite_run(c, "PRAGMA synchronous=NORMAL", e);
}

static enum result database_open(const char *path, enum mutant mutant, struct error *e)
{
	struct db_config config = { .url = path,
		                    .create = true,
		                    .vfs = POWERCUT_VFS,
		                    .unsafe_no_sync = mutant == NO_SYNC,
		                    .readers = 2,
		                    .checkpoint_pages = CHECKPOINT_PAGES };
	TRY(db_open(&config, &db, e));
	enum result r = migrate_files(db, files, e);
	if (r == OK && mutant == LATE_SYNC)
		r = writer_task(db, sync_late, NULL, e);
	if (r != OK) {
		db_close(db);
		db = NULL;
	}
	return r;
}

/* One life: opens (perhaps not to the end), checks, writes until the power goes. */
static void life(const char *path, enum mutant mutant, struct kit_random *rnd)
{
	bool early = kit_random_below(rnd, 4) == 0; /* already while it opens, and recovers */
	if (early)
		powercut_arm(1 + (int64_t)kit_random_below(rnd, 60));
	enum result r = database_open(path, mutant, &kit_err);
	if (r != OK) {
		if (!powercut_dead())
			snprintf(wrong, sizeof(wrong), "it does not open: %s %.150s", kit_err.code, kit_err.detail);
		return;
	}
	/* What was not acknowledged may be there: only who has looked knows where to go on. */
	bool looked = true;
	for (int i = 0; i < THREADS && looked && !*wrong; i++)
		looked = db_read(db, writer_check, &writers[i], &kit_err) == OK;
	looked = looked && (*wrong || writer_task(db, file_sound, NULL, &kit_err) == OK);
	if (!looked && !powercut_dead())
		snprintf(wrong, sizeof(wrong), "%s %.200s", kit_err.code, kit_err.detail);
	if (!early)
		powercut_arm(1 + (int64_t)kit_random_below(rnd, OPS_MOST));
	if (looked && !*wrong) {
		for (int i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&writers[i].thread, NULL, writer_run, &writers[i]), 0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(writers[i].thread, NULL);
	}
	db_close(db);
	db = NULL;
}

/* Returns how many cuts went well before something was wrong. */
static int cuts_survived(int cuts, enum mutant mutant, uint64_t seed)
{
	struct kit_random rnd;
	kit_random_seed(&rnd, seed);
	powercut_reset(kit_random_next(&rnd));
	*wrong = '\0';
	int64_t acknowledged = 0;
	int i = 0;
	for (; i < cuts && !*wrong; i++) {
		char path[256];
		snprintf(path, sizeof(path), "%s/cut%d-%d.db", kit_dir(), (int)mutant, i / CUTS_A_FILE);
		if (i % CUTS_A_FILE == 0) {
			memset(writers, 0, sizeof(writers));
			for (int k = 0; k < THREADS; k++)
				writers[k] = (struct writer){ .number = k, .rnd = { kit_random_next(&rnd) } };
		}
		life(path, mutant, &rnd);
		for (int k = 0; k < THREADS; k++)
			acknowledged += writers[k].acknowledged;
		powercut_restore();
	}
	struct powercut_stats s;
	powercut_stats_get(&s);
	print_message("%d cuts, %lld disk operations; sectors dropped %lld, kept %lld, torn %lld%s%s\n", i,
	              (long long)s.operations, (long long)s.dropped, (long long)s.kept, (long long)s.torn,
	              *wrong ? "; wrong: " : "", wrong);
	assert_true(acknowledged > 0);
	return *wrong ? i - 1 : i;
}

static int cuts_wanted(void)
{
	const char *given = getenv("BYNAME_CUTS");
	return given && atoi(given) > 0 ? atoi(given) : CUTS_DEFAULT;
}

static void nothing_acknowledged_is_lost_or_doubled(void **state)
{
	(void)state;
	int cuts = cuts_wanted();
	assert_int_equal(cuts_survived(cuts, RIGHT, 20261122), cuts);
}

static void a_store_that_does_not_sync_is_caught(void **state)
{
	(void)state;
	assert_true(cuts_survived(MUTANT_CUTS, NO_SYNC, 4711) < MUTANT_CUTS);
	assert_true(cuts_survived(MUTANT_CUTS, LATE_SYNC, 4712) < MUTANT_CUTS);
}

int main(void)
{
	if (strcmp(kit_engine(), "sqlite") != 0) {
		printf("skipped: PostgreSQL's own files are its own business\n");
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_acknowledged_is_lost_or_doubled),
		cmocka_unit_test(a_store_that_does_not_sync_is_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
