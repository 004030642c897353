/* Inside the SQLite driver: connections (sqlite.c), the writer and the checkpointer (sqlite_writer.c). */
#ifndef BYNAME_DB_SQLITE_H
#define BYNAME_DB_SQLITE_H

#include "db/internal.h"
#include <sqlite3.h>

#define SQLITE_GROUP_MAX 256  /* commands of one commit */
#define SQLITE_GROUP_US 20000 /* a group that took this long commits; the rest forms the next */
#define SQLITE_WRITER_CACHE_KIB 262144
#define SQLITE_READER_CACHE_KIB 16384
#define SQLITE_BUSY_MS 5000               /* nobody else writes: only recovery or a checkpoint can be in the way */
#define SQLITE_WAL_KEEP_BYTES (128 << 20) /* the WAL file shrinks to this when it starts anew */
#define SQLITE_BACKUP_PAGES 256           /* of one backup step, between two groups */

/* A cached statement; busy while a cursor or an execution holds it. */
struct sqlite_slot {
	sqlite3_stmt *st;
	unsigned short *map; /* $n to SQLite's own numbering */
	bool busy;
};

/* What begins and ends transactions. */
enum sqlite_control { C_BEGIN, C_BEGIN_WRITE, C_COMMIT, C_ROLLBACK, C_SAVEPOINT, C_ROLLBACK_TO, C_RELEASE, C_COUNT };

struct sqlite_conn {
	struct sqlite_db *s;
	sqlite3 *h;
	struct sqlite_slot *slots; /* one a DB_STMT */
	sqlite3_stmt *control[C_COUNT];
	int64_t deadline; /* clock_monotonic(); 0: none (the writer is never interrupted) */
	struct sqlite_conn *next_idle;
};

struct sqlite_writer;

struct sqlite_db {
	struct db *db;
	char *path;
	const char *vfs;
	int lock_fd;
	bool unsafe_no_sync;
	int checkpoint_pages;
	int64_t group_us; /* SQLITE_GROUP_US; tests that need one group raise it */

	pthread_mutex_t lock; /* of the readers */
	pthread_cond_t idle_cond;
	struct sqlite_conn *idle;
	int readers, readers_open;

	struct wal_vfs *wal_vfs; /* NULL: nothing is synchronised, so nothing may be held back */
	struct sqlite_writer *writer;
};

/* sqlite.c */
MUST_CHECK enum result sqlite_conn_new(struct sqlite_db *s, bool writer, struct sqlite_conn **out, struct error *e);
void sqlite_conn_free(struct sqlite_conn *c);
enum result sqlite_fail(sqlite3 *h, int rc, const char *what, struct error *e);
/* Runs SQL without parameters or rows. */
MUST_CHECK enum result sqlite_run(struct sqlite_conn *c, const char *sql, struct error *e);
MUST_CHECK enum result sqlite_control(struct sqlite_conn *c, enum sqlite_control what, struct error *e);
/* Before anything else of SQLite is called. */
void sqlite_ready(void);

/* sqlite_pages.c: before SQLite is first used. */
void sqlite_pages_prepare(void);

/* sqlite_check.c: a statement against its signature and its plan. */
MUST_CHECK enum result sqlite_stmt_check(struct sqlite_conn *c, sqlite3_stmt *st, const struct db_stmt *stmt,
                                         struct error *e);

/* sqlite_wal.c: a VFS over another (NULL: the default), for the connection that writes. Freed when that is closed. */
struct wal_vfs;
MUST_CHECK enum result wal_vfs_new(const char *host, struct wal_vfs **out, struct error *e);
const char *wal_vfs_name(const struct wal_vfs *v);
void wal_vfs_free(struct wal_vfs *v);

/* sqlite_writer.c */
MUST_CHECK enum result writer_start(struct sqlite_db *s, struct error *e);
void writer_stop(struct sqlite_db *s); /* after what is queued */
enum result writer_transact(struct db *db, db_fn *fn, void *arg, struct error *e);
/* Runs fn on the writer's connection between two groups; it must leave no transaction open. */
typedef enum result writer_task_fn(struct sqlite_conn *c, void *arg, struct error *e);
MUST_CHECK enum result writer_task(struct db *db, writer_task_fn *fn, void *arg, struct error *e);
void writer_stats(struct db *db, struct db_stats *out);

/* backup.c */
MUST_CHECK enum result sqlite_backup(struct db *db, const char *path, db_progress_fn *progress, void *arg,
                                     struct error *e);

#endif
