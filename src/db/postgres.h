/* Inside the PostgreSQL driver: connections, their pipeline and pool (postgres_conn.c), statements and transactions
 * (postgres.c). */
#ifndef BYNAME_DB_POSTGRES_H
#define BYNAME_DB_POSTGRES_H

#include "db/internal.h"
#include <libpq-fe.h>

#define PG_PENDING_MAX 1024 /* statements sent and not yet collected */

enum prepared { P_NONE, P_SENT, P_READY };

/* What a pending answer belongs to. */
struct pg_pending {
	const struct db_stmt *stmt; /* NULL: BEGIN, COMMIT, ROLLBACK */
	bool prepare;
	struct db_rows *rows; /* waits for its answer */
	int64_t *changed;     /* for its count of rows, or NULL */
};

struct pg_conn {
	PGconn *pg;
	struct db *db;
	unsigned char *prepared; /* one a DB_STMT: enum prepared */
	unsigned generation;
	bool begun, broken;
	void *stacks[TOGETHER_MAX]; /* together.c: those of parts */
	bool owing;                 /* the answer to a read's COMMIT is still to be collected */
	struct pg_pending pending[PG_PENDING_MAX];
	int pending_count;
	struct pg_conn *next_idle;
};

struct pg_db {
	struct db *db;
	pthread_mutex_t lock;
	pthread_cond_t cond, all_idle;
	struct pg_conn *idle;
	int open, max;
	unsigned generation; /* rises when a connection is lost: the idle ones are then suspect too */
};

enum result pg_result_fail(const PGresult *res, const char *what, struct error *e);
enum result pg_conn_lost(const char *what, struct error *e);

/* Notes that an answer is due for what was just sent. */
enum result pg_pending_add(struct pg_conn *c, const struct db_stmt *stmt, bool prepare);
/* The answer to what was sent last goes to this cursor (rows->handle), unless it is forgotten. */
void pg_pending_for(struct pg_conn *c, struct db_rows *rows);
void pg_pending_forget(struct pg_conn *c, const struct db_rows *rows);
/* The count of rows that what was sent last writes goes there. */
void pg_pending_count_to(struct pg_conn *c, int64_t *changed);
/* Sends SQL without parameters (BEGIN …) down the pipeline. */
MUST_CHECK enum result pg_send_plain(struct pg_conn *c, const char *sql, struct error *e);
/* Sends what is still here and collects every pending answer. *last: the last one's result, when all went well. */
MUST_CHECK enum result pg_pipeline_sync(struct pg_conn *c, const char *what, PGresult **last, struct error *e);

void together_stacks_free(struct pg_conn *c);

/* The pool. A connection that is given back in no fit state is closed. */
MUST_CHECK enum result pg_conn_take(struct pg_db *p, struct pg_conn **out, struct error *e);
void pg_conn_give(struct pg_db *p, struct pg_conn *c);
void pg_pool_free(struct pg_db *p); /* all connections being idle */

#endif
