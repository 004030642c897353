/* One door to SQL: SQLite (one file, one writer thread, grouped commits) and PostgreSQL (a pool). One SQL text for
 * both, parameters $1…$n. Nothing outside db/ sees sqlite3 or libpq.
 *
 * A statement stands directly above the function that uses it:
 *
 *	DB_STMT(note_insert, "iiit", "", "INSERT INTO note (rkey, record, id, text) VALUES ($1, $2, $3, $4)")
 *	...
 *	TRY(db_exec(tx, &note_insert, NULL, e, DB_INT(rkey), DB_INT(record), DB_INT(id), DB_TEXT(text)));
 *
 *	DB_STMT(note_list, "ii", "itI", "SELECT id, text, hidden_at FROM note WHERE rkey = $1 AND record = $2")
 *	...
 *	DB_ROWS_AUTO struct db_rows *rows = NULL;
 *	TRY(db_query(tx, &note_list, &rows, e, DB_INT(rkey), DB_INT(record)));
 *	enum db_step step;
 *	while ((step = db_next(rows, e)) == DB_ROW)
 *		use(db_int(rows, 0), db_text(rows, 1));
 *	if (step == DB_ERR)
 *		return e->result;
 *
 * Signature letters, parameters and columns: i int64, t text, b blob, r real; upper case: may be NULL. Arity, types and
 * unexpected NULLs are checked on every call (abort in debug builds, ERR_INTERNAL otherwise). Statements live in a
 * linker section, so a check can prepare every one on both engines, and each connection caches them by position. */
#ifndef BYNAME_DB_H
#define BYNAME_DB_H

#include "base/mem.h"
#include "base/str.h"

enum db_engine { DB_SQLITE, DB_POSTGRES };

struct db;
struct db_tx;
struct db_rows;

struct db_stmt {
	const char *name, *params, *cols, *sql, *file;
	int line;
};
/* All DB_STMTs of the program. */
const struct db_stmt *db_stmts(size_t *count);

#define DB_STMT(ident, params_, cols_, sql_)                                                                           \
	static const struct db_stmt ident                                                                              \
	        __attribute__((section("byname_stmt"), used, aligned(8))) = { .name = #ident,                          \
		                                                              .params = (params_),                     \
		                                                              .cols = (cols_),                         \
		                                                              .sql = (sql_),                           \
		                                                              .file = __FILE__,                        \
		                                                              .line = __LINE__ };

/* ---- Values ----------------------------------------------------------------------------------------------------- */

struct db_value {
	char type; /* i t b r, or 0 for NULL */
	int64_t i;
	double r;
	struct str s;
};
#define DB_INT(v) ((struct db_value){ .type = 'i', .i = (v) })
#define DB_REAL(v) ((struct db_value){ .type = 'r', .r = (v) })
#define DB_TEXT(v) ((struct db_value){ .type = 't', .s = (v) })      /* struct str */
#define DB_CSTR(v) ((struct db_value){ .type = 't', .s = str_c(v) }) /* NUL-terminated */
#define DB_BLOB(v) ((struct db_value){ .type = 'b', .s = (v) })      /* struct str */
#define DB_NULL ((struct db_value){ .type = 0 })
#define DB_INT_OR_NULL(v) ((v) ? DB_INT(v) : DB_NULL)     /* 0 is NULL */
#define DB_TEXT_OR_NULL(v) ((v).n ? DB_TEXT(v) : DB_NULL) /* empty is NULL */

/* ---- Opening ---------------------------------------------------------------------------------------------------- */

struct db_config {
	const char *url; /* "postgresql://…" / "host=…", or a path of a SQLite file ("" : in memory is not offered) */
	int readers;     /* reader connections (SQLite) or pool size (PostgreSQL); 0: 8 */
	bool create;     /* make the SQLite file where there is none */
	const char *vfs;     /* SQLite VFS by name, for tests; NULL: default */
	bool unsafe_no_sync; /* test mutant: synchronous=OFF. Never outside tests. */
	int limit_ms; /* a read, or a PostgreSQL write, is stopped after this: ERR_BUSY "db.too_slow"; 0: DB_LONG_MS */
	int checkpoint_pages; /* SQLite: WAL pages that set the checkpointer going; 0: 16,000 */
};

/* Opens; the schema is not touched. Errors: ERR_IO "db.open", ERR_BUSY "db.locked" (another process has the file). */
MUST_CHECK enum result db_open(const struct db_config *config, struct db **out, struct error *e);
void db_close(struct db *db); /* waits for running transactions; NULL allowed */
enum db_engine db_engine(const struct db *db);
const char *db_engine_name(const struct db *db); /* "sqlite", "postgresql" */

/* Applies the embedded files of schema/ that are not applied yet, each in a transaction; then leases a node number.
 * Two processes may do so at once. ERR_CORRUPT "schema.newer" when the database is newer than the program. */
MUST_CHECK enum result db_migrate(struct db *db, struct error *e);
/* Tokens in schema files that the driver expands: {int} {text} {blob} {real} (types), {clustered} (WITHOUT ROWID or
 * nothing), {autoid} (an int64 primary key the engine assigns in increasing order), {xid} (a column definition
 * "xid … NOT NULL DEFAULT …" holding the writing transaction; 0 on SQLite). */
int db_schema_version(void); /* the newest this program knows */

/* Leases a node number for ids (id_set_node) and keeps it alive from a thread until db_close(). */
MUST_CHECK enum result db_node_lease(struct db *db, struct error *e);

/* ---- Transactions ----------------------------------------------------------------------------------------------- */

/* Runs inside a transaction. Touches nothing outside the database but *arg, and must set all of *arg's outputs anew on
 * each call: it runs again after a lost race. Not OK rolls back everything it did. */
typedef enum result db_fn(struct db_tx *tx, void *arg, struct error *e);

/* Write transaction: when this returns OK the work is committed and durable. Retries ERR_RETRY up to 10 times, then
 * ERR_BUSY "db.contention". SQLite: fn runs on the one writer thread, in a savepoint of a group of at most 256 that
 * commits together; it must be short (≤ 50 ms) and must not call db_transact() or db_read(). Thread-safe; blocks. */
MUST_CHECK enum result db_transact(struct db *db, db_fn *fn, void *arg, struct error *e);

/* Read-only transaction on one snapshot, ≤ 1 s: page longer work (it is stopped after limit_ms). May nest inside
 * nothing; runs again when the connection is lost. Thread-safe. */
MUST_CHECK enum result db_read(struct db *db, db_fn *fn, void *arg, struct error *e);

/* Longest transaction of what nobody waits for, and of a report over everything. */
#define DB_LONG_MS 5000
/* The limit of what this thread begins from now on, whatever the database was opened with; 0: as it was opened. Returns
 * what was set before. */
int db_thread_limit(int limit_ms);
/* DB_LIMIT_AUTO int was = db_thread_limit(DB_LONG_MS): until the end of the block. */
static inline void db_thread_limit_back(const int *was)
{
	(void)db_thread_limit(*was);
}
#define DB_LIMIT_AUTO __attribute__((cleanup(db_thread_limit_back)))

/* The engine of a running transaction, for the few places where a plan differs. */
enum db_engine db_tx_engine(const struct db_tx *tx);
/* False: what it sees is committed. */
bool db_tx_writes(const struct db_tx *tx);
/* An arena that lives until this attempt ends. */
struct arena *db_tx_arena(struct db_tx *tx);
/* A pointer of this attempt's, NULL at its start: a room remembers there what it did or found. */
enum db_slot { DB_SLOT_FEED, DB_SLOT_PEOPLE, DB_SLOT_ORDERS, DB_SLOTS };
void **db_tx_slot(struct db_tx *tx, enum db_slot slot);
/* Registers fn(arg) to be called once, after the commit is durable, on the thread that called db_transact(), before it
 * returns; not on roll-back. What arg points to may lie in db_tx_arena(). */
MUST_CHECK enum result db_after_commit(struct db_tx *tx, void (*fn)(void *arg), void *arg, struct error *e);
/* Registers fn(arg) to be called when this attempt has ended, whatever came of it: for what is held outside the
 * database. What arg points to may lie in db_tx_arena(). */
MUST_CHECK enum result db_at_end(struct db_tx *tx, void (*fn)(void *arg), void *arg, struct error *e);
/* PostgreSQL: takes a transaction-scoped advisory lock on the key; SQLite: nothing to do (one writer). Take locks in
 * ascending order of key. */
MUST_CHECK enum result db_lock(struct db_tx *tx, int64_t key, struct error *e);

/* ---- Statements ------------------------------------------------------------------------------------------------- */

/* Runs a statement without rows. *changed (may be NULL) is the count of rows written. A unique key violated is
 * ERR_CONFLICT "db.unique": prefer ON CONFLICT DO NOTHING and the count. On both engines a transaction in which a
 * statement failed is lost: every later statement gives the same error, and so does db_transact(), even if fn returns
 * OK. With changed == NULL PostgreSQL does not wait for the answer (pipelining): an error may then come out of a later
 * statement or of db_transact(). So pass NULL wherever the count does not matter. */
#define db_exec(tx, stmt, changed, e, ...)                                                                             \
	db_exec_values(tx, stmt, changed, e, (const struct db_value[]){ __VA_ARGS__ }, DB_COUNT_(__VA_ARGS__))
/* Opens a cursor. Several may be open at once, also of the same statement. Do not write to the tables that an open
 * cursor reads: SQLite may show the change to it. Values may be temporary. */
#define db_query(tx, stmt, rows, e, ...)                                                                               \
	db_query_values(tx, stmt, rows, e, (const struct db_value[]){ __VA_ARGS__ }, DB_COUNT_(__VA_ARGS__))
/* For statements without parameters. */
#define DB_NONE                                                                                                        \
	(struct db_value)                                                                                              \
	{                                                                                                              \
		.type = '-'                                                                                            \
	}
#define DB_COUNT_(...) (sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))

MUST_CHECK enum result db_exec_values(struct db_tx *tx, const struct db_stmt *stmt, int64_t *changed, struct error *e,
                                      const struct db_value *values, size_t count);
/* The same where the count is looked at later: *changed, which lies in db_tx_arena(), is there after db_wait(). So
 * several guarded updates take one way to the server and back. */
#define db_exec_later(tx, stmt, changed, e, ...)                                                                       \
	db_exec_later_values(tx, stmt, changed, e, (const struct db_value[]){ __VA_ARGS__ }, DB_COUNT_(__VA_ARGS__))
MUST_CHECK enum result db_exec_later_values(struct db_tx *tx, const struct db_stmt *stmt, int64_t *changed,
                                            struct error *e, const struct db_value *values, size_t count);
MUST_CHECK enum result db_wait(struct db_tx *tx, struct error *e);
MUST_CHECK enum result db_query_values(struct db_tx *tx, const struct db_stmt *stmt, struct db_rows **rows,
                                       struct error *e, const struct db_value *values, size_t count);

enum db_step { DB_ROW, DB_DONE, DB_ERR };
enum db_step db_next(struct db_rows *rows, struct error *e);
void db_rows_free(struct db_rows *rows); /* NULL allowed; frees the statement for others at once */
static inline void db_rows_cleanup_(struct db_rows **r)
{
	db_rows_free(*r);
}
#define DB_ROWS_AUTO __attribute__((cleanup(db_rows_cleanup_)))

/* The current row. Text and blobs are valid until the next db_next(); NULL reads as 0 or the empty view. */
bool db_is_null(const struct db_rows *rows, int col);
int64_t db_int(const struct db_rows *rows, int col);
double db_real(const struct db_rows *rows, int col);
struct str db_text(const struct db_rows *rows, int col);
struct str db_blob(const struct db_rows *rows, int col);
/* A copy in the arena, NUL-terminated; "" for NULL; NULL when memory is out. */
char *db_text_dup(const struct db_rows *rows, int col, struct arena *a);

/* One row or none: opens, steps once. *found says which; the row stays readable until db_rows_free(). */
#define db_query_one(tx, stmt, rows, found, e, ...)                                                                    \
	db_query_one_values(tx, stmt, rows, found, e, (const struct db_value[]){ __VA_ARGS__ }, DB_COUNT_(__VA_ARGS__))
MUST_CHECK enum result db_query_one_values(struct db_tx *tx, const struct db_stmt *stmt, struct db_rows **rows,
                                           bool *found, struct error *e, const struct db_value *values, size_t count);

/* The same statement for `runs` sets of values, which stand one after the other (as many a run as the statement has
 * parameters): fn is called for each, in order, with a cursor before its first row; on PostgreSQL all of them take one
 * way to the server and back. fn may run statements, but not write what these read. Stops at the first that is not OK.
 */
typedef enum result db_each_fn(struct db_rows *rows, int run, void *arg, struct error *e);
MUST_CHECK enum result db_each(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, int runs,
                               db_each_fn *fn, void *arg, struct error *e);
/* The same for rows that hang on ids: $1 and $2 are (bucket, id) of each, the statement's further values are the same
 * for all, or DB_NONE. */
#define db_each_id(tx, stmt, ids, count, fn, arg, e, ...)                                                              \
	db_each_id_values(tx, stmt, ids, count, fn, arg, e, (const struct db_value[]){ __VA_ARGS__ })
MUST_CHECK enum result db_each_id_values(struct db_tx *tx, const struct db_stmt *stmt, const int64_t *ids, int count,
                                         db_each_fn *fn, void *arg, struct error *e, const struct db_value *further);

/* Reads that do not need each other's answers: as if each fn ran alone, one after the other, and the first that is not
 * OK tells. On PostgreSQL they take turns on one connection: where one would wait for an answer
 * the next one asks, so that all of them take as many ways to the server as the longest. Each has 250 KB of stack. */
struct db_part {
	db_fn *fn;
	void *arg;
};
MUST_CHECK enum result db_together(struct db_tx *tx, const struct db_part *parts, int count, struct error *e);

/* ---- Upkeep ----------------------------------------------------------------------------------------------------- */

/* Prepares every DB_STMT on this database; prints each failure to out (a FILE *). Number of failures in *bad. */
MUST_CHECK enum result db_lint(struct db *db, void *out_file, int *bad, struct error *e);

/* SQLite: a consistent copy by the backup API while serving, fsynced, then renamed into place. PostgreSQL: pg_dump -Fc.
 * progress (may be NULL) is called with done and total units. */
typedef void db_progress_fn(void *arg, int64_t done, int64_t total);
MUST_CHECK enum result db_backup(struct db *db, const char *path, db_progress_fn *progress, void *arg, struct error *e);
/* Into a database that must be empty. */
MUST_CHECK enum result db_restore(const struct db_config *config, const char *path, struct error *e);

struct db_stats {
	int64_t commits, groups, retries, rollbacks, busy_us;
	int64_t queue_now, wal_pages;
	int64_t round_trips; /* PostgreSQL: ways to the server and back that somebody waited for */
};
void db_stats_get(struct db *db, struct db_stats *out);

/* ---- Faults (tests only) ---------------------------------------------------------------------------------------- */

/* The nth SQL step from now on fails with this result (ERR_IO, ERR_RETRY, ERR_BUSY); 0 switches it off. */
void db_fault_nth(struct db *db, int64_t nth, enum result with);
int64_t db_fault_count(struct db *db); /* steps since db_fault_nth() */

#endif
