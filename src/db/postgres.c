/* PostgreSQL: statements and transactions. BEGIN and every statement whose answer nobody needs yet are sent without
 * waiting; the next query, count or COMMIT collects them all in one round trip. */
#include "db/postgres.h"
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

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
		return pg_conn_lost(stmt->name, e);
	c->prepared[stmt_index(stmt)] = P_SENT;
	return pg_pending_add(c, stmt, true);
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
		return pg_conn_lost(stmt->name, e);
	return pg_pending_add(c, stmt, false);
}

/* Where the thread's limit is not the connection's: for this transaction alone. */
static enum result limit_send(struct pg_conn *c, const struct db *db, struct error *e)
{
	static const char *const settings[] = { "statement_timeout", "idle_in_transaction_session_timeout" };
	int64_t limit = db_limit_us(db);
	char sql[100];
	for (size_t i = 0; limit != db->limit_us && i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(sql, sizeof(sql), "SET LOCAL %s=%lld", settings[i], (long long)(limit / 1000));
		TRY(pg_send_plain(c, sql, e));
	}
	return OK;
}

static enum result stmt_send(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
                             struct error *e)
{
	struct pg_conn *c = tx->conn;
	if (c->pending_count + 5 > PG_PENDING_MAX)
		TRY(pg_pipeline_sync(c, stmt->name, NULL, e));
	if (!c->begun) {
		TRY(pg_send_plain(c, tx->write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e));
		c->begun = true;
		TRY(limit_send(c, tx->db, e));
	}
	if (c->prepared[stmt_index(stmt)] == P_NONE)
		TRY(send_prepare(c, stmt, e));
	return send_values(c, stmt, values, count, e);
}

static enum result pg_exec(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
                           int64_t *changed, bool later, struct error *e)
{
	struct pg_conn *c = tx->conn;
	TRY(stmt_send(tx, stmt, values, count, e));
	if (later)
		pg_pending_count_to(c, changed);
	if (later || !changed)
		return OK;
	PGresult *res = NULL;
	TRY(pg_pipeline_sync(c, stmt->name, &res, e));
	*changed = PQresultStatus(res) == PGRES_COMMAND_OK ? strtoll(PQcmdTuples(res), NULL, 10) : 0;
	PQclear(res);
	return OK;
}

static enum result pg_wait(struct db_tx *tx, struct error *e)
{
	struct pg_conn *c = tx->conn;
	return c->pending_count ? pg_pipeline_sync(c, "wait", NULL, e) : OK;
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

static enum result rows_begin(struct db_rows *rows, PGresult *res, struct error *e)
{
	enum result r = columns_check(res, rows->stmt, e);
	if (r != OK) {
		PQclear(res);
		rows->handle = NULL;
		return r;
	}
	rows->handle = res;
	rows->row = -1;
	rows->count = PQntuples(res);
	return OK;
}

static enum result pg_query(struct db_tx *tx, const struct db_stmt *stmt, const struct db_value *values, size_t count,
                            struct db_rows *rows, struct error *e)
{
	PGresult *res = NULL;
	TRY(stmt_send(tx, stmt, values, count, e));
	if (rows->later) {
		pg_pending_for(tx->conn, rows);
		return OK;
	}
	TRY(pg_pipeline_sync(tx->conn, stmt->name, &res, e));
	return rows_begin(rows, res, e);
}

/* The answers to all that were sent come together; another statement may have fetched this one already. */
static enum result rows_fetch(struct db_rows *rows, struct error *e)
{
	rows->later = false;
	if (!rows->handle && rows->tx->together)
		TRY(together_wait(rows->tx, e));
	else if (!rows->handle)
		TRY(pg_pipeline_sync(rows->tx->conn, rows->stmt->name, NULL, e));
	if (!rows->handle)
		return pg_conn_lost(rows->stmt->name, e);
	return rows_begin(rows, rows->handle, e);
}

static enum db_step pg_next(struct db_rows *rows, struct error *e)
{
	if (rows->later && rows_fetch(rows, e) != OK)
		return DB_ERR;
	if (++rows->row >= rows->count)
		return DB_DONE;
	for (int i = 0; i < rows->cols; i++)
		if (rows->stmt->cols[i] & 0x20 && PQgetisnull(rows->handle, rows->row, i))
			return db_null_bug(e, rows->stmt), DB_ERR;
	return DB_ROW;
}

static void pg_rows_close(struct db_rows *rows)
{
	if (rows->later)
		pg_pending_forget(rows->tx->conn, rows);
	PQclear(rows->handle);
}

static bool pg_is_null(const struct db_rows *rows, int col)
{
	return PQgetisnull(rows->handle, rows->row, col);
}

static int64_t pg_col_int(const struct db_rows *rows, int col)
{
	const unsigned char *p = (const unsigned char *)PQgetvalue(rows->handle, rows->row, col);
	int n = PQgetlength(rows->handle, rows->row, col); /* 0: NULL */
	uint64_t v;
	if (n == sizeof(v)) { /* nearly all are */
		memcpy(&v, p, sizeof(v));
		return (int64_t)be64toh(v);
	}
	v = n > 1 && (p[0] & 0x80) ? UINT64_MAX : 0; /* the sign, but not a bool's */
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
		TRY(pg_send_plain(c, "BEGIN", e));
		c->begun = true;
	}
	/* Several statements at once exist in the simple protocol only. */
	TRY(pg_pipeline_sync(c, "script", NULL, e));
	if (!PQexitPipelineMode(c->pg))
		return pg_conn_lost("script", e);
	PGresult *res = PQexec(c->pg, sql);
	ExecStatusType status = PQresultStatus(res);
	enum result r = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? OK : pg_result_fail(res, "script", e);
	PQclear(res);
	if (!PQenterPipelineMode(c->pg) && r == OK)
		r = pg_conn_lost("script", e);
	return r;
}

/* ---- Transactions ---- */

static void pg_rollback(struct pg_conn *c)
{
	struct error ignored = { 0 };
	if (!c->begun || c->broken || PQstatus(c->pg) != CONNECTION_OK)
		return;
	if (c->pending_count)
		(void)!pg_pipeline_sync(c, "rollback", NULL, &ignored);
	if (pg_send_plain(c, "ROLLBACK", &ignored) == OK)
		(void)!pg_pipeline_sync(c, "rollback", NULL, &ignored);
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
		TRY(pg_pipeline_sync(c, "commit", NULL, e));
	bool read_is_over = !tx->write && !c->pending_count;
	TRY(pg_send_plain(c, "COMMIT", e));
	if (read_is_over) { /* nobody waits for the end of a read; who takes the connection next collects it */
		c->owing = PQpipelineSync(c->pg);
		return c->owing ? OK : pg_conn_lost("commit", e);
	}
	enum result r = pg_pipeline_sync(c, "commit", &res, e);
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
	TRY(pg_conn_take(p, &c, e));
	struct db_tx tx;
	c->begun = false;
	int64_t start = clock_monotonic();
	enum result r = tx_begin(&tx, db, c, write, e);
	if (r == OK) {
		tx.deadline = start + db_limit_us(db);
		r = tx_call(&tx, fn, arg, e);
	}
	if (r == OK)
		r = pg_commit(&tx, e);
	if (r != OK)
		pg_rollback(c);
	pg_conn_give(p, c);
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
	TRY(pg_conn_take(p, &c, e));
	stmt_name(name, stmt);
	PGresult *res = NULL;
	enum result r = c->prepared[stmt_index(stmt)] == P_NONE ? send_prepare(c, stmt, e) : OK;
	if (r == OK && stmt_oids(stmt, oids) >= 0 && PQsendDescribePrepared(c->pg, name))
		r = pg_pending_add(c, stmt, false);
	if (r == OK)
		r = pg_pipeline_sync(c, stmt->name, &res, e);
	if (r == OK)
		r = describe_check(res, stmt, e);
	PQclear(res);
	pg_conn_give(p, c);
	return r;
}

/* ---- Opening, closing ---- */

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
	pg_pool_free(p);
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
	.wait = pg_wait,
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
	enum result r = pg_conn_take(p, &c, e);
	if (r == OK) {
		pg_conn_give(p, c);
		return OK;
	}
	pg_pool_free(p);
	return r == ERR_RETRY ? error_set(e, ERR_IO, "db.open", NULL, "%.250s", e->detail) : r;
}
