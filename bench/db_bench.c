/* What the db room costs: rows a second through db_transact() and db_read(), beside bare prepared loops on the same
 * engine, same rows, same run. bench/db runs it. Rows of ~300 bytes with 3 indexes. Bare loops use sqlite3 and libpq
 * themselves: they are the peers. */
#include "kit/kit.h"
#include "db/internal.h"
#include "db/schema.h"
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS 2.0
#define THREADS_MOST 64
#define FILL 220 /* bytes of text a row */

static const struct schema_file files[] = {
	{ 1, "0001_bench.sql",
	  "CREATE TABLE touch (id {int} PRIMARY KEY, rkey {int} NOT NULL, record {int} NOT NULL, kind {int} NOT NULL, "
	  "at {int} "
	  "NOT NULL, body {text} NOT NULL) {rows};\n"
	  "CREATE INDEX touch_record ON touch (rkey, record, at);\nCREATE INDEX touch_at ON touch (at);\n"
	  "CREATE INDEX touch_kind ON touch (kind, at);\n" },
	{ 0, NULL, NULL }
};

#define INSERT_SQL "INSERT INTO touch (id, rkey, record, kind, at, body) VALUES ($1, $2, $3, $4, $5, $6)"
#define SELECT_SQL "SELECT id, at, body FROM touch WHERE rkey = $1 AND record = $2 ORDER BY at DESC LIMIT 20"
DB_STMT(touch_insert, "iiiiit", "", INSERT_SQL)
DB_STMT(touch_list, "ii", "iit", SELECT_SQL)

static struct db *db;
static char body[FILL + 1];
static _Atomic int64_t next_id = 1;

static int64_t record_of(int64_t id)
{
	return (int64_t)((uint64_t)id * 2654435761u % 20000);
}

/* ---- Through the room ---- */

struct load {
	pthread_t thread;
	int batch;
	int64_t rows, first;
	int64_t end, slowest;
	bool read;
};

static enum result rows_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct load *l = arg;
	for (int i = 0; i < l->batch; i++) {
		int64_t id = l->first + i, record = record_of(id);
		TRY(db_exec(tx, &touch_insert, NULL, e, DB_INT(id), DB_INT(record % 4096), DB_INT(record),
		            DB_INT(id % 7), DB_INT(id), DB_CSTR(body)));
	}
	return OK;
}

static enum result rows_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct load *l = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	int64_t record = record_of(l->first);
	TRY(db_query(tx, &touch_list, &rows, e, DB_INT(record % 4096), DB_INT(record)));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW)
		l->rows += db_text(rows, 2).n > 0;
	return step == DB_ERR ? e->result : OK;
}

static void *load_run(void *arg)
{
	struct load *l = arg;
	struct error e;
	while (clock_monotonic() < l->end) {
		int64_t start = clock_monotonic();
		if (l->read)
			l->first = rand() % atomic_load(&next_id);
		else
			l->first = atomic_fetch_add(&next_id, l->batch);
		if ((l->read ? db_read(db, rows_read, l, &e) : db_transact(db, rows_write, l, &e)) != OK) {
			fprintf(stderr, "%s: %s\n", e.code, e.detail);
			exit(1);
		}
		if (!l->read)
			l->rows += l->batch;
		if (clock_monotonic() - start > l->slowest)
			l->slowest = clock_monotonic() - start;
	}
	return NULL;
}

static void report(const char *engine, const char *what, double rate, double base, double slowest_ms)
{
	printf("%-11s %-44s %9.0f rows/s", engine, what, rate);
	if (base > 0)
		printf("  %5.2f x", rate / base);
	if (slowest_ms > 0)
		printf("  slowest %.0f ms", slowest_ms);
	printf("\n");
	fflush(stdout);
}

static double room(const char *what, int threads, int batch, bool read, double base)
{
	struct load load[THREADS_MOST] = { 0 };
	int64_t start = clock_monotonic(), slowest = 0, rows = 0, wal = 0;
	for (int i = 0; i < threads; i++) {
		load[i] = (struct load){ .batch = batch, .read = read, .end = start + (int64_t)(SECONDS * USEC) };
		if (pthread_create(&load[i].thread, NULL, load_run, &load[i]) != 0)
			exit(1);
	}
	while (clock_monotonic() < start + (int64_t)(SECONDS * USEC)) {
		struct db_stats stats;
		db_stats_get(db, &stats);
		wal = stats.wal_pages > wal ? stats.wal_pages : wal;
		usleep(20000);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(load[i].thread, NULL);
		rows += load[i].rows;
		slowest = load[i].slowest > slowest ? load[i].slowest : slowest;
	}
	double rate = (double)rows * USEC / (double)(clock_monotonic() - start);
	report(db_engine_name(db), what, rate, base, (double)slowest / 1000);
	if (wal)
		printf("%-11s %-44s %9lld pages\n", "", "  longest WAL", (long long)wal);
	return rate;
}

static void database_make(void)
{
	struct db_config config = { .url = kit_db_fresh(), .create = true, .limit_ms = 60000 };
	struct error e;
	if (db_open(&config, &db, &e) != OK || migrate_files(db, files, &e) != OK) {
		fprintf(stderr, "%s: %s\n", e.code, e.detail);
		exit(1);
	}
	atomic_store(&next_id, 1);
}

/* ---- Bare SQLite ---- */

static sqlite3 *bare_open(void)
{
	char path[600];
	snprintf(path, sizeof(path), "%s", kit_db_fresh());
	sqlite3 *h = NULL;
	struct error e;
	BUF_AUTO struct buf sql;
	buf_init(&sql, 0);
	if (schema_expand(DB_SQLITE, files[0].sql, &sql, &e) != OK || sqlite3_open(path, &h) != SQLITE_OK ||
	    sqlite3_exec(h, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536", NULL, NULL,
	                 NULL) ||
	    sqlite3_exec(h, sql.p, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "bare SQLite: %s\n", sqlite3_errmsg(h));
		exit(1);
	}
	return h;
}

static void bare_insert(sqlite3_stmt *st, int64_t id)
{
	int64_t record = record_of(id);
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, record % 4096);
	sqlite3_bind_int64(st, 3, record);
	sqlite3_bind_int64(st, 4, id % 7);
	sqlite3_bind_int64(st, 5, id);
	sqlite3_bind_text(st, 6, body, FILL, SQLITE_STATIC);
	if (sqlite3_step(st) != SQLITE_DONE)
		exit(1);
	sqlite3_reset(st);
}

static double bare_sqlite_write(const char *what, int batch)
{
	sqlite3 *h = bare_open();
	sqlite3_stmt *st = NULL;
	sqlite3_prepare_v2(h, INSERT_SQL, -1, &st, NULL);
	int64_t start = clock_monotonic(), id = 1;
	while (clock_monotonic() - start < (int64_t)(SECONDS * USEC)) {
		sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL);
		for (int i = 0; i < batch; i++)
			bare_insert(st, id++);
		sqlite3_exec(h, "COMMIT", NULL, NULL, NULL);
	}
	double rate = (double)(id - 1) * USEC / (double)(clock_monotonic() - start);
	sqlite3_finalize(st);
	sqlite3_close(h);
	report("bare SQLite", what, rate, 0, 0);
	return rate;
}

static double bare_sqlite_read(const char *path)
{
	sqlite3 *h = NULL;
	sqlite3_stmt *st = NULL;
	if (sqlite3_open(path, &h) != SQLITE_OK || sqlite3_prepare_v2(h, SELECT_SQL, -1, &st, NULL) != SQLITE_OK)
		exit(1);
	int64_t start = clock_monotonic(), rows = 0;
	while (clock_monotonic() - start < (int64_t)(SECONDS * USEC)) {
		int64_t record = record_of(rand() % atomic_load(&next_id));
		sqlite3_bind_int64(st, 1, record % 4096);
		sqlite3_bind_int64(st, 2, record);
		while (sqlite3_step(st) == SQLITE_ROW)
			rows += sqlite3_column_bytes(st, 2) > 0;
		sqlite3_reset(st);
	}
	double rate = (double)rows * USEC / (double)(clock_monotonic() - start);
	sqlite3_finalize(st);
	sqlite3_close(h);
	report("bare SQLite", "read 20 rows, 1 thread", rate, 0, 0);
	return rate;
}

/* ---- Bare PostgreSQL ---- */

static PGconn *bare_connect(const char *url, const char *sql)
{
	PGconn *c = PQconnectdb(url);
	PGresult *res = PQprepare(c, "s", sql, 0, NULL);
	if (PQresultStatus(res) != PGRES_COMMAND_OK) {
		fprintf(stderr, "bare PostgreSQL: %s\n", PQerrorMessage(c));
		exit(1);
	}
	PQclear(res);
	return c;
}

static double bare_pg_write(const char *what, int batch)
{
	PGconn *c = bare_connect(kit_db_url(), INSERT_SQL);
	int64_t start = clock_monotonic(), rows = 0;
	while (clock_monotonic() - start < (int64_t)(SECONDS * USEC)) {
		PQclear(PQexec(c, "BEGIN"));
		for (int i = 0; i < batch; i++, rows++) {
			int64_t id = atomic_fetch_add(&next_id, 1);
			char text[5][24];
			int64_t n[5] = { id, record_of(id) % 4096, record_of(id), id % 7, id };
			for (int k = 0; k < 5; k++)
				snprintf(text[k], sizeof(text[k]), "%lld", (long long)n[k]);
			const char *values[] = { text[0], text[1], text[2], text[3], text[4], body };
			PGresult *res = PQexecPrepared(c, "s", 6, values, NULL, NULL, 0);
			if (PQresultStatus(res) != PGRES_COMMAND_OK)
				exit(1);
			PQclear(res);
		}
		PQclear(PQexec(c, "COMMIT"));
	}
	double rate = (double)rows * USEC / (double)(clock_monotonic() - start);
	PQfinish(c);
	report("bare libpq", what, rate, 0, 0);
	return rate;
}

static double bare_pg_read(void)
{
	PGconn *c = bare_connect(kit_db_url(), SELECT_SQL);
	int64_t start = clock_monotonic(), rows = 0;
	while (clock_monotonic() - start < (int64_t)(SECONDS * USEC)) {
		int64_t record = record_of(rand() % atomic_load(&next_id));
		char a[24], b[24];
		snprintf(a, sizeof(a), "%lld", (long long)(record % 4096));
		snprintf(b, sizeof(b), "%lld", (long long)record);
		const char *values[] = { a, b };
		PGresult *res = PQexecPrepared(c, "s", 2, values, NULL, NULL, 1);
		rows += PQntuples(res);
		PQclear(res);
	}
	double rate = (double)rows * USEC / (double)(clock_monotonic() - start);
	PQfinish(c);
	report("bare libpq", "read 20 rows, 1 thread", rate, 0, 0);
	return rate;
}

int main(void)
{
	memset(body, 'x', FILL);
	bool postgres = strcmp(kit_engine(), "postgresql") == 0;
	double one, many, read;
	if (!postgres) {
		one = bare_sqlite_write("1 row a commit, 1 thread", 1);
		bare_sqlite_write("100 rows a commit, 1 thread", 100);
		many = bare_sqlite_write("10,000 rows a commit, 1 thread", 10000);
		database_make();
	} else {
		database_make();
		one = bare_pg_write("1 row a commit, 1 thread", 1);
		many = bare_pg_write("100 rows a commit, 1 thread", 100);
	}
	room("1 row a command, 1 thread", 1, 1, false, one);
	room("1 row a command, 8 threads", 8, 1, false, one);
	room("1 row a command, 48 threads", 48, 1, false, one);
	room("100 rows a command, 1 thread", 1, 100, false, many);
	room("100 rows a command, 8 threads", 8, 100, false, many);
	room("500 rows a command, 2 threads", 2, 500, false, many);
	read = postgres ? bare_pg_read() : bare_sqlite_read(kit_db_url());
	room("read 20 rows, 1 thread", 1, 1, true, read);
	room("read 20 rows, 8 threads", 8, 1, true, read);
	kit_db_close(db);
	return 0;
}
