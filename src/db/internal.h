/* Inside db/ only (and its own tests): what the dispatcher, the transaction runner and the two engines share. */
#ifndef BYNAME_DB_INTERNAL_H
#define BYNAME_DB_INTERNAL_H

#include "db/db.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdatomic.h>

#define DB_PARAMS_MAX 100         /* parameters of one statement */
#define DB_RETRIES_MAX 10         /* runs of one transaction before ERR_BUSY "db.contention" */
#define DB_READERS_DEFAULT 8      /* SQLite's reader connections */
#define DB_POOL_DEFAULT 16        /* PostgreSQL connections */
#define DB_CHECKPOINT_PAGES 32000 /* WAL pages (of 4 KiB) that set the checkpointer going */
#define EACH_MAX 100              /* statements of one db_each() that are asked for at once */
#define TOGETHER_MAX 16           /* parts of one db_together() that take turns */
#define DB_ARENAS_KEPT 64         /* idle arenas */

struct node_lease;

/* What an engine does. All run with checked arguments (db.c). */
struct db_ops {
	const char *name;
	void (*close)(struct db *db);
	enum result (*transact)(struct db *db, db_fn *fn, void *arg, struct error *e);
	enum result (*read)(struct db *db, db_fn *fn, void *arg, struct error *e);
	/* changed may be NULL; later: it is filled by wait() at the latest. */
	enum result (*exec)(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
	                    int64_t *changed, bool later, struct error *e);
	enum result (*wait)(struct db_tx *tx, struct error *e); /* NULL: nothing is ever late */
	/* Fills rows->handle (and what else it needs). rows->later: the first next() may do so. */
	enum result (*query)(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
	                     struct db_rows *rows, struct error *e);
	/* A row is checked against the signature: types, and NULL where it may not be. */
	enum db_step (*next)(struct db_rows *rows, struct error *e);
	void (*rows_close)(struct db_rows *rows);
	bool (*is_null)(const struct db_rows *rows, int col);
	int64_t (*col_int)(const struct db_rows *rows, int col);
	double (*col_real)(const struct db_rows *rows, int col);
	struct str (*col_bytes)(const struct db_rows *rows, int col);
	/* Several statements without parameters (migrations only). */
	enum result (*script)(struct db_tx *tx, const char *sql, struct error *e);
	/* Prepares on a connection of its own choice; a failure is in *e. */
	enum result (*check)(struct db *db, const struct db_stmt *stmt, struct error *e);
	enum result (*backup)(struct db *db, const char *path, db_progress_fn *progress, void *arg, struct error *e);
	void (*stats)(struct db *db, struct db_stats *out);
};

struct db {
	enum db_engine engine;
	const struct db_ops *ops;
	void *impl; /* struct sqlite_db, struct pg_db */
	char *url;
	int64_t limit_us; /* as it was opened: see db_limit_us() */

	pthread_mutex_t arena_lock;
	struct arena *arenas[DB_ARENAS_KEPT];
	int arena_count;

	atomic_llong commits, groups, retries, rollbacks, busy_us, round_trips;
	atomic_llong fault_left, fault_count;
	atomic_int fault_with;
	atomic_bool faults; /* db_fault_nth() was called */

	struct node_lease *lease;
};

struct tx_hook {
	void (*fn)(void *arg);
	void *arg;
	struct tx_hook *next;
};

struct db_tx {
	struct db *db;
	void *conn; /* struct sqlite_conn, struct pg_conn */
	struct arena *arena;
	bool write;
	int64_t deadline;     /* clock_monotonic(); 0: none */
	struct db_rows *open; /* cursors not yet freed */
	struct error failure; /* the first failed statement: nothing runs after it */
	struct tx_hook *hooks, **hooks_end;
	struct tx_hook *ends;      /* db_at_end() */
	void *slot[DB_SLOTS];      /* db_tx_slot() */
	struct together *together; /* a part of db_together() runs */
};

struct db_rows {
	struct db_tx *tx;
	const struct db_stmt *stmt;
	struct db_rows *next, **link;
	int cols; /* of the signature */
	bool on_row, done;
	bool later;     /* several of them are asked for at once */
	void *handle;   /* sqlite3_stmt, PGresult */
	void *slot;     /* SQLite: the cache slot that lent it; NULL: its own */
	int row, count; /* PostgreSQL */
};

/* ---- db.c ---- */

/* Position of a statement in the section, hence in each connection's cache. */
size_t stmt_index(const struct db_stmt *stmt);
/* True when the name says that the statement is the other engine's (…_sqlite, …_pg). */
bool stmt_foreign(const struct db_stmt *stmt, enum db_engine engine);
bool url_is_postgres(const char *url);
/* NULL in a column that may not be. */
enum result db_null_bug(struct error *e, const struct db_stmt *stmt);
/* A breach of the contract by the program: abort in debug builds, ERR_INTERNAL otherwise. */
enum result db_bug(struct error *e, const struct db_stmt *stmt, const char *what);

/* ---- tx.c ---- */

MUST_CHECK enum result tx_begin(struct db_tx *tx, struct db *db, void *conn, bool write, struct error *e);
/* Runs fn; a swallowed statement error comes out here. */
MUST_CHECK enum result tx_call(struct db_tx *tx, db_fn *fn, void *arg, struct error *e);
void tx_run_hooks(struct db_tx *tx);
void tx_end(struct db_tx *tx);
/* Keeps the first failure of a statement; returns e->result. */
enum result tx_fail(struct db_tx *tx, const struct error *e);
/* Waits a little before run number attempt; counts. False when attempts are used up (and *e is set). */
bool tx_retry(struct db *db, int attempt, struct error *e);

/* ---- together.c ---- */

/* Lets the other parts ask, and comes back when the answers are there; fails when they are not. */
MUST_CHECK enum result together_wait(struct db_tx *tx, struct error *e);

/* ---- fault.c ---- */

/* One SQL step passes; OK unless it is the one that must fail. */
enum result fault_step(struct db *db, struct error *e);

/* ---- migrate.c ---- */

struct schema_file;
/* Expands the tokens of a schema file for an engine. */
MUST_CHECK enum result schema_expand(enum db_engine engine, const char *sql, struct buf *out, struct error *e);
/* db_migrate() with another list of files, for tests; takes no node number. */
MUST_CHECK enum result migrate_files(struct db *db, const struct schema_file *files, struct error *e);

/* ---- node.c ---- */
void node_release(struct db *db);

/* ---- engines ---- */
MUST_CHECK enum result sqlite_open(struct db *db, const struct db_config *config, struct error *e);
MUST_CHECK enum result pg_open(struct db *db, const struct db_config *config, struct error *e);

/* ---- backup.c ---- */
MUST_CHECK enum result pg_backup(struct db *db, const char *path, db_progress_fn *progress, void *arg, struct error *e);

/* The limit of a transaction that this thread begins now. */
int64_t db_limit_us(const struct db *db);

#endif
