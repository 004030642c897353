/* PostgreSQL: a pool of connections in pipeline mode. BEGIN and every statement whose answer nobody needs yet are sent
 * without waiting; the next query, count or COMMIT collects them all in one round trip. */
#include "db/internal.h"
#include <libpq-fe.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PG_PENDING_MAX 256 /* statements sent and not yet collected */
#define PG_POOL_WAIT_S 10

/* Types of pg_type.dat; stable by PostgreSQL's promise. */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_FLOAT8 = 701,
	OID_VARCHAR = 1043,
	OID_XID8 = 5069
};

enum prepared { P_NONE, P_SENT, P_READY };

/* What a pending answer belongs to. */
struct pg_pending {
	const struct db_stmt *stmt; /* NULL: BEGIN, COMMIT, ROLLBACK */
	bool prepare;
};

struct pg_conn {
	PGconn *pg;
	unsigned char *prepared; /* one a DB_STMT: enum prepared */
	unsigned generation;
	bool begun, broken;
	bool owing; /* the answer to a read's COMMIT is still to be collected */
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

/* ---- Errors ---- */

static enum result sqlstate_fail(const char *state, const char *msg, const char *what, struct error *e)
{
	if (!state)
		return error_set(e, ERR_RETRY, "db.connection_lost", NULL, "%s: the connection was lost", what);
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 || strcmp(state, "55P03") == 0)
		return error_set(e, ERR_RETRY, "db.race", NULL, "%s: %s", what, msg);
	if (strcmp(state, "23505") == 0)
		return error_set(e, ERR_CONFLICT, "db.unique", NULL, "%s: %s", what, msg);
	if (strncmp(state, "23", 2) == 0)
		return error_set(e, ERR_CONFLICT, "db.constraint", NULL, "%s: %s", what, msg);
	if (strcmp(state, "57014") == 0 || strcmp(state, "25P03") == 0 || strcmp(state, "25P04") == 0)
		return error_set(e, ERR_BUSY, "db.too_slow", NULL, "%s: stopped after its time limit", what);
	if (strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0)
		return error_set(e, ERR_RETRY, "db.connection_lost", NULL, "%s: %s", what, msg);
	if (strcmp(state, "53100") == 0)
		return error_set(e, ERR_IO, "db.full", NULL, "%s: the disk is full", what);
	if (strncmp(state, "53", 2) == 0)
		return error_set(e, ERR_BUSY, "db.resources", NULL, "%s: %s", what, msg);
	if (strncmp(state, "58", 2) == 0)
		return error_set(e, ERR_IO, "db.io", NULL, "%s: %s", what, msg);
	if (strncmp(state, "XX", 2) == 0)
		return error_set(e, ERR_CORRUPT, "db.corrupt", NULL, "%s: %s", what, msg);
	if (strncmp(state, "22", 2) == 0) /* the message may quote the value */
		return error_set(e, ERR_INVALID, "db.value", NULL, "%s: SQLSTATE %s", what, state);
	return error_set(e, ERR_INTERNAL, "db.sql", NULL, "%s: %s (%s)", what, msg, state);
}

static enum result result_fail(const PGresult *res, const char *what, struct error *e)
{
	const char *msg = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	return sqlstate_fail(PQresultErrorField(res, PG_DIAG_SQLSTATE), msg ? msg : "", what, e);
}

static enum result conn_lost(const char *what, struct error *e)
{
	return sqlstate_fail(NULL, NULL, what, e);
}

/* ---- Connections ---- */

static void no_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

static void conn_free(struct pg_conn *c)
{
	PQfinish(c->pg);
	mem_free(c->prepared);
	mem_free(c);
}

static enum result conn_settings(struct pg_conn *c, int64_t limit_us, struct error *e)
{
	char sql[400];
	snprintf(sql, sizeof(sql),
	         "SET statement_timeout=%lld; SET idle_in_transaction_session_timeout=%lld; SET synchronous_commit=on;"
	         "SET TimeZone='UTC'; SET standard_conforming_strings=on; SET jit=off;"
	         "SET default_transaction_isolation='read committed'",
	         (long long)(limit_us / 1000), (long long)(limit_us / 1000));
	PGresult *res = PQexec(c->pg, sql);
	enum result r = PQresultStatus(res) == PGRES_COMMAND_OK ? OK : result_fail(res, "connect", e);
	PQclear(res);
	if (r == OK && !PQenterPipelineMode(c->pg))
		r = conn_lost("connect", e);
	return r;
}

static enum result conn_new(struct pg_db *p, unsigned generation, struct pg_conn **out, struct error *e)
{
	size_t statements;
	(void)db_stmts(&statements);
	struct pg_conn *c = mem_calloc(1, sizeof(*c));
	unsigned char *prepared = mem_calloc(statements, 1);
	if (!c || !prepared) {
		mem_free(c);
		mem_free(prepared);
		return error_nomem(e);
	}
	c->prepared = prepared;
	c->generation = generation;
	/* The url stands last, so that it may overrule. */
	const char *keys[] = { "connect_timeout",  "tcp_user_timeout", "client_encoding",
		               "application_name", "dbname",           NULL };
	const char *values[] = { "5", "10000", "UTF8", "byname", p->db->url, NULL };
	c->pg = PQconnectdbParams(keys, values, 1);
	if (PQstatus(c->pg) != CONNECTION_OK) {
		/* libpq's message names host and user, never the password. */
		error_set(e, ERR_RETRY, "db.connect", NULL, "%.250s", PQerrorMessage(c->pg));
		conn_free(c);
		return ERR_RETRY;
	}
	PQsetNoticeReceiver(c->pg, no_notice, NULL);
	enum result r = conn_settings(c, p->db->limit_us, e);
	if (r != OK) {
		conn_free(c);
		return r;
	}
	*out = c;
	return OK;
}

/* ---- The pipeline ---- */

static enum result pending_add(struct pg_conn *c, const struct db_stmt *stmt, bool prepare)
{
	c->pending[c->pending_count++] = (struct pg_pending){ .stmt = stmt, .prepare = prepare };
	return OK;
}

/* The answer of pending[i] is there: a failure is kept (the first only), a preparation noted. */
static void pending_settle(struct pg_conn *c, int i, const PGresult *res, struct error *first)
{
	const struct pg_pending *p = &c->pending[i];
	ExecStatusType status = PQresultStatus(res);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
	if (p->prepare)
		c->prepared[stmt_index(p->stmt)] = good ? P_READY : P_NONE;
	if (!good && status != PGRES_PIPELINE_ABORTED && first->result == OK)
		result_fail(res, p->stmt ? p->stmt->name : "transaction", first);
}

/* Collects every pending answer up to the synchronisation that was sent. *last: the last one's result, when all went
 * well. */
static enum result pipeline_collect(struct pg_conn *c, const char *what, PGresult **last, struct error *e)
{
	struct error first = { 0 };
	PGresult *kept = NULL;
	bool answered = false;
	int i = 0, blanks = 0;
	for (;;) {
		PGresult *res = PQgetResult(c->pg);
		if (PQstatus(c->pg) == CONNECTION_BAD) {
			/* Say why, where the server said so (57P01) before it went. */
			if (res && first.result == OK && PQresultErrorField(res, PG_DIAG_SQLSTATE))
				result_fail(res, what, &first);
			PQclear(res);
			goto lost;
		}
		if (!res) { /* the end of one statement's results */
			if (++blanks > 1)
				goto lost;
			i += answered;
			answered = false;
			continue;
		}
		blanks = 0;
		if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
			PQclear(res);
			break;
		}
		if (i < c->pending_count) {
			pending_settle(c, i, res, &first);
			answered = true;
		}
		PQclear(kept);
		kept = res;
	}
	c->pending_count = 0;
	if (first.result != OK) {
		PQclear(kept);
		*e = first;
		return first.result;
	}
	if (last)
		*last = kept;
	else
		PQclear(kept);
	return OK;
lost:
	c->pending_count = 0;
	c->broken = true; /* it is not used again */
	PQclear(kept);
	if (first.result != OK) {
		*e = first;
		return first.result;
	}
	return conn_lost(what, e);
}

/* Sends what is still here and collects. */
static enum result pipeline_sync(struct pg_conn *c, const char *what, PGresult **last, struct error *e)
{
	if (!PQpipelineSync(c->pg)) {
		c->broken = true;
		return conn_lost(what, e);
	}
	return pipeline_collect(c, what, last, e);
}

static enum result send_plain(struct pg_conn *c, const char *sql, struct error *e)
{
	if (!PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return conn_lost(sql, e);
	return pending_add(c, NULL, false);
}

/* ---- The pool ---- */

/* An idle connection on which something came in (the server's farewell, an end of file) is not used again: a commit
 * sent down it would end in "unknown". */
static bool conn_fit(struct pg_conn *c, unsigned generation)
{
	if (c->generation != generation)
		return false;
	if (c->owing) {
		struct error ignored = { 0 };
		c->owing = false;
		if (pipeline_collect(c, "commit", NULL, &ignored) != OK || PQtransactionStatus(c->pg) != PQTRANS_IDLE)
			return false;
	}
	struct pollfd fd = { .fd = PQsocket(c->pg), .events = POLLIN };
	return fd.fd >= 0 && poll(&fd, 1, 0) == 0;
}

/* Gives up a place in the pool. */
static void place_give(struct pg_db *p)
{
	pthread_mutex_lock(&p->lock);
	p->open--;
	pthread_cond_signal(&p->cond);
	pthread_cond_signal(&p->all_idle);
	pthread_mutex_unlock(&p->lock);
}

static enum result conn_take(struct pg_db *p, struct pg_conn **out, struct error *e)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PG_POOL_WAIT_S;
	for (;;) {
		int rc = 0;
		pthread_mutex_lock(&p->lock);
		while (!p->idle && p->open == p->max && rc == 0)
			rc = pthread_cond_timedwait(&p->cond, &p->lock, &until);
		struct pg_conn *c = p->idle;
		bool room = c || p->open < p->max;
		if (c)
			p->idle = c->next_idle;
		else if (room)
			p->open++;
		unsigned generation = p->generation;
		pthread_mutex_unlock(&p->lock);
		if (!room)
			return error_set(e, ERR_BUSY, "db.pool", NULL, "No database connection came free in %d s.",
			                 PG_POOL_WAIT_S);
		if (c && !conn_fit(c, generation)) {
			conn_free(c);
			place_give(p);
			continue;
		}
		enum result r = c ? OK : conn_new(p, generation, &c, e);
		if (r == OK)
			*out = c;
		else
			place_give(p);
		return r;
	}
}

static void conn_give(struct pg_db *p, struct pg_conn *c)
{
	bool good = !c->broken && PQstatus(c->pg) == CONNECTION_OK &&
	            (c->owing || (PQtransactionStatus(c->pg) == PQTRANS_IDLE && !c->pending_count));
	pthread_mutex_lock(&p->lock);
	if (good) {
		c->next_idle = p->idle;
		p->idle = c;
		c = NULL;
	} else {
		p->open--;
		if ((c->broken || PQstatus(c->pg) != CONNECTION_OK) && c->generation == p->generation)
			p->generation++;
	}
	pthread_cond_signal(&p->cond);
	pthread_cond_signal(&p->all_idle);
	pthread_mutex_unlock(&p->lock);
	if (c)
		conn_free(c);
}

/* ---- Statements ---- */

static Oid oid_of(char letter)
{
	switch (letter | 0x20) {
	case 'i':
		return OID_INT8;
	case 'r':
		return OID_FLOAT8;
	case 'b':
		return OID_BYTEA;
	default:
		return OID_TEXT;
	}
}

static bool oid_fits(Oid oid, char letter)
{
	switch (letter | 0x20) {
	case 'i':
		return oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2 || oid == OID_BOOL || oid == OID_XID8;
	case 'r':
		return oid == OID_FLOAT8;
	case 'b':
		return oid == OID_BYTEA;
	default:
		return oid == OID_TEXT || oid == OID_VARCHAR;
	}
}

static void stmt_name(char out[32], const struct db_stmt *stmt)
{
	snprintf(out, 32, "s%zu", stmt_index(stmt));
}

static int stmt_oids(const struct db_stmt *stmt, Oid oids[DB_PARAMS_MAX])
{
	int n = 0;
	for (; stmt->params[n]; n++)
		oids[n] = oid_of(stmt->params[n]);
	return n;
}

static enum result send_prepare(struct pg_conn *c, const struct db_stmt *stmt, struct error *e)
{
	char name[32];
	Oid oids[DB_PARAMS_MAX];
	stmt_name(name, stmt);
	if (!PQsendPrepare(c->pg, name, stmt->sql, stmt_oids(stmt, oids), oids))
		return conn_lost(stmt->name, e);
	c->prepared[stmt_index(stmt)] = P_SENT;
	return pending_add(c, stmt, true);
}

static enum result send_values(struct pg_conn *c, const struct db_stmt *stmt, const struct db_value *values,
                               size_t count, struct error *e)
{
	char name[32];
	const char *ptrs[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];
	uint64_t numbers[DB_PARAMS_MAX];
	for (size_t i = 0; i < count; i++) {
		const struct db_value *v = &values[i];
		formats[i] = 1;
		ptrs[i] = (const char *)&numbers[i];
		lengths[i] = 8;
		if (v->type == 'i') {
			numbers[i] = htobe64((uint64_t)v->i);
		} else if (v->type == 'r') {
			memcpy(&numbers[i], &v->r, 8);
			numbers[i] = htobe64(numbers[i]);
		} else if (v->type == 0) {
			ptrs[i] = NULL;
		} else {
			if (v->s.n > INT32_MAX / 2)
				return error_set(e, ERR_TOO_LARGE, "db.too_large", NULL, "%s: a value is too large",
				                 stmt->name);
			ptrs[i] = v->s.n ? v->s.p : "";
			lengths[i] = (int)v->s.n;
		}
	}
	stmt_name(name, stmt);
	if (!PQsendQueryPrepared(c->pg, name, (int)count, ptrs, lengths, formats, 1))
		return conn_lost(stmt->name, e);
	return pending_add(c, stmt, false);
}

static enum result stmt_send(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
                             struct error *e)
{
	struct pg_conn *c = tx->conn;
	if (c->pending_count + 3 > PG_PENDING_MAX)
		TRY(pipeline_sync(c, stmt->name, NULL, e));
	if (!c->begun) {
		TRY(send_plain(c, tx->write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e));
		c->begun = true;
	}
	if (c->prepared[stmt_index(stmt)] == P_NONE)
		TRY(send_prepare(c, stmt, e));
	return send_values(c, stmt, values, count, e);
}

static enum result pg_exec(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
                           int64_t *changed, struct error *e)
{
	struct pg_conn *c = tx->conn;
	TRY(stmt_send(tx, stmt, values, count, e));
	if (!changed)
		return OK;
	PGresult *res = NULL;
	TRY(pipeline_sync(c, stmt->name, &res, e));
	*changed = PQresultStatus(res) == PGRES_COMMAND_OK ? strtoll(PQcmdTuples(res), NULL, 10) : 0;
	PQclear(res);
	return OK;
}

static enum result columns_check(const PGresult *res, const struct db_stmt *stmt, struct error *e)
{
	int n = (int)strlen(stmt->cols);
	if (PQresultStatus(res) != PGRES_TUPLES_OK || PQnfields(res) != n)
		return db_bug(e, stmt, "the text has another number of columns than the signature");
	for (int i = 0; i < n; i++)
		if (!oid_fits(PQftype(res, i), stmt->cols[i]))
			return db_bug(e, stmt, "a column of another type than the signature says");
	return OK;
}

static enum result pg_query(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
                            struct db_rows *rows, struct error *e)
{
	PGresult *res = NULL;
	TRY(stmt_send(tx, stmt, values, count, e));
	TRY(pipeline_sync(tx->conn, stmt->name, &res, e));
	enum result r = columns_check(res, stmt, e);
	if (r != OK) {
		PQclear(res);
		return r;
	}
	rows->handle = res;
	rows->row = -1;
	rows->count = PQntuples(res);
	return OK;
}

static enum db_step pg_next(struct db_rows *rows, struct error *e)
{
	(void)e;
	return ++rows->row < rows->count ? DB_ROW : DB_DONE;
}

static void pg_rows_close(struct db_rows *rows)
{
	PQclear(rows->handle);
}

static bool pg_is_null(const struct db_rows *rows, int col)
{
	return PQgetisnull(rows->handle, rows->row, col);
}

static int64_t pg_col_int(const struct db_rows *rows, int col)
{
	if (PQgetisnull(rows->handle, rows->row, col))
		return 0;
	const unsigned char *p = (const unsigned char *)PQgetvalue(rows->handle, rows->row, col);
	int n = PQgetlength(rows->handle, rows->row, col);
	uint64_t v = n && n > 1 && (p[0] & 0x80) ? UINT64_MAX : 0; /* the sign, but not a bool's */
	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

static double pg_col_real(const struct db_rows *rows, int col)
{
	if (PQgetisnull(rows->handle, rows->row, col))
		return 0;
	uint64_t bits;
	double v;
	memcpy(&bits, PQgetvalue(rows->handle, rows->row, col), 8);
	bits = be64toh(bits);
	memcpy(&v, &bits, 8);
	return v;
}

static struct str pg_col_bytes(const struct db_rows *rows, int col)
{
	return (struct str){ PQgetvalue(rows->handle, rows->row, col),
		             (size_t)PQgetlength(rows->handle, rows->row, col) };
}

static enum result pg_script(struct db_tx *tx, const char *sql, struct error *e)
{
	struct pg_conn *c = tx->conn;
	TRY(fault_step(tx->db, e));
	if (!c->begun) {
		TRY(send_plain(c, "BEGIN", e));
		c->begun = true;
	}
	/* Several statements at once exist in the simple protocol only. */
	TRY(pipeline_sync(c, "script", NULL, e));
	if (!PQexitPipelineMode(c->pg))
		return conn_lost("script", e);
	PGresult *res = PQexec(c->pg, sql);
	ExecStatusType status = PQresultStatus(res);
	enum result r = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? OK : result_fail(res, "script", e);
	PQclear(res);
	if (!PQenterPipelineMode(c->pg) && r == OK)
		r = conn_lost("script", e);
	return r;
}

/* ---- Transactions ---- */

static void pg_rollback(struct pg_conn *c)
{
	struct error ignored = { 0 };
	if (!c->begun || c->broken || PQstatus(c->pg) != CONNECTION_OK)
		return;
	if (c->pending_count)
		(void)!pipeline_sync(c, "rollback", NULL, &ignored);
	if (send_plain(c, "ROLLBACK", &ignored) == OK)
		(void)!pipeline_sync(c, "rollback", NULL, &ignored);
}

/* OK: committed. ERR_IO "db.commit_unknown": the connection went between COMMIT and its answer; it must not be run
 * again, for it may have been done. */
static enum result pg_commit(struct db_tx *tx, struct error *e)
{
	struct pg_conn *c = tx->conn;
	PGresult *res = NULL;
	if (!c->begun)
		return OK;
	TRY(fault_step(tx->db, e));
	if (c->pending_count + 1 > PG_PENDING_MAX)
		TRY(pipeline_sync(c, "commit", NULL, e));
	bool read_is_over = !tx->write && !c->pending_count;
	TRY(send_plain(c, "COMMIT", e));
	if (read_is_over) { /* nobody waits for the end of a read; who takes the connection next collects it */
		c->owing = PQpipelineSync(c->pg);
		return c->owing ? OK : conn_lost("commit", e);
	}
	enum result r = pipeline_sync(c, "commit", &res, e);
	if (r == ERR_RETRY && c->broken && tx->write)
		return error_set(e, ERR_IO, "db.commit_unknown", NULL,
		                 "The connection was lost during the commit: it may or may not have been done.");
	if (r == OK && strcmp(PQcmdStatus(res), "COMMIT") != 0)
		r = error_set(e, ERR_INTERNAL, "db.sql", NULL, "The commit was answered by %s.", PQcmdStatus(res));
	PQclear(res);
	return r;
}

static enum result pg_attempt(struct db *db, bool write, db_fn *fn, void *arg, struct error *e)
{
	struct pg_db *p = db->impl;
	struct pg_conn *c = NULL;
	TRY(conn_take(p, &c, e));
	struct db_tx tx;
	c->begun = false;
	int64_t start = clock_monotonic();
	enum result r = tx_begin(&tx, db, c, write, e);
	if (r == OK) {
		tx.deadline = start + db->limit_us;
		r = tx_call(&tx, fn, arg, e);
	}
	if (r == OK)
		r = pg_commit(&tx, e);
	if (r != OK)
		pg_rollback(c);
	conn_give(p, c);
	if (write) {
		atomic_fetch_add(r == OK ? &db->commits : &db->rollbacks, 1);
		atomic_fetch_add(&db->busy_us, clock_monotonic() - start);
	}
	if (r == OK)
		tx_run_hooks(&tx);
	tx_end(&tx);
	return r;
}

static enum result pg_transact(struct db *db, db_fn *fn, void *arg, struct error *e)
{
	for (int attempt = 1;; attempt++) {
		enum result r = pg_attempt(db, true, fn, arg, e);
		if (r != ERR_RETRY)
			return r;
		if (!tx_retry(db, attempt, e))
			return e->result;
	}
}

static enum result pg_read(struct db *db, db_fn *fn, void *arg, struct error *e)
{
	return pg_attempt(db, false, fn, arg, e);
}

/* ---- Checks of statements ---- */

static enum result describe_check(const PGresult *res, const struct db_stmt *stmt, struct error *e)
{
	int params = (int)strlen(stmt->params), cols = (int)strlen(stmt->cols);
	if (PQnparams(res) != params)
		return error_set(e, ERR_INVALID, "db.signature", NULL, "the text has %d parameters", PQnparams(res));
	/* A statement run for its effect alone (a lock) has a column nobody reads. */
	if (cols == 0 && stmt_foreign(stmt, DB_SQLITE))
		return OK;
	if (PQnfields(res) != cols)
		return error_set(e, ERR_INVALID, "db.signature", NULL, "the text has %d columns", PQnfields(res));
	for (int i = 0; i < cols; i++)
		if (!oid_fits(PQftype(res, i), stmt->cols[i]))
			return error_set(e, ERR_INVALID, "db.signature", NULL, "column %d is of type %u", i + 1,
			                 PQftype(res, i));
	return OK;
}

static enum result pg_check(struct db *db, const struct db_stmt *stmt, struct error *e)
{
	struct pg_db *p = db->impl;
	struct pg_conn *c = NULL;
	Oid oids[DB_PARAMS_MAX];
	char name[32];
	TRY(conn_take(p, &c, e));
	stmt_name(name, stmt);
	PGresult *res = NULL;
	enum result r = c->prepared[stmt_index(stmt)] == P_NONE ? send_prepare(c, stmt, e) : OK;
	if (r == OK && stmt_oids(stmt, oids) >= 0 && PQsendDescribePrepared(c->pg, name))
		r = pending_add(c, stmt, false);
	if (r == OK)
		r = pipeline_sync(c, stmt->name, &res, e);
	if (r == OK)
		r = describe_check(res, stmt, e);
	PQclear(res);
	conn_give(p, c);
	return r;
}

/* ---- Opening, closing ---- */

static void pg_free(struct pg_db *p)
{
	while (p->idle) {
		struct pg_conn *c = p->idle;
		p->idle = c->next_idle;
		conn_free(c);
	}
	pthread_cond_destroy(&p->cond);
	pthread_cond_destroy(&p->all_idle);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
}

static void pg_close(struct db *db)
{
	struct pg_db *p = db->impl;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		int idle = 0;
		for (struct pg_conn *c = p->idle; c; c = c->next_idle)
			idle++;
		if (idle == p->open)
			break;
		pthread_cond_wait(&p->all_idle, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	pg_free(p);
}

static void pg_stats(struct db *db, struct db_stats *out)
{
	struct pg_db *p = db->impl;
	pthread_mutex_lock(&p->lock);
	out->queue_now = p->open;
	for (struct pg_conn *c = p->idle; c; c = c->next_idle)
		out->queue_now--;
	pthread_mutex_unlock(&p->lock);
	out->groups = out->commits;
}

static const struct db_ops pg_ops = {
	.name = "postgresql",
	.close = pg_close,
	.transact = pg_transact,
	.read = pg_read,
	.exec = pg_exec,
	.query = pg_query,
	.next = pg_next,
	.rows_close = pg_rows_close,
	.is_null = pg_is_null,
	.col_int = pg_col_int,
	.col_real = pg_col_real,
	.col_bytes = pg_col_bytes,
	.script = pg_script,
	.check = pg_check,
	.backup = pg_backup,
	.stats = pg_stats,
};

enum result pg_open(struct db *db, const struct db_config *config, struct error *e)
{
	struct pg_db *p = mem_calloc(1, sizeof(*p));
	if (!p)
		return error_nomem(e);
	p->db = db;
	p->max = config->readers > 0 ? config->readers : DB_POOL_DEFAULT;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->cond, NULL);
	pthread_cond_init(&p->all_idle, NULL);
	db->impl = p;
	db->ops = &pg_ops;
	struct pg_conn *c = NULL;
	enum result r = conn_take(p, &c, e);
	if (r == OK) {
		conn_give(p, c);
		return OK;
	}
	pg_free(p);
	return r == ERR_RETRY ? error_set(e, ERR_IO, "db.open", NULL, "%.250s", e->detail) : r;
}
