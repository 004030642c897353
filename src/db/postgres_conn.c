/* PostgreSQL: connections in pipeline mode and their pool. What is sent is collected later, all in one round trip. */
#include "db/postgres.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PG_POOL_WAIT_S 10

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

enum result pg_result_fail(const PGresult *res, const char *what, struct error *e)
{
	const char *msg = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	return sqlstate_fail(PQresultErrorField(res, PG_DIAG_SQLSTATE), msg ? msg : "", what, e);
}

enum result pg_conn_lost(const char *what, struct error *e)
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
	together_stacks_free(c);
	mem_free(c->prepared);
	mem_free(c);
}

/* No sequential scan where an index will do: a statement that was planned while its table was new and empty would keep
 * reading all of it until autovacuum has looked at the table again, a minute later or more. */
static enum result conn_settings(struct pg_conn *c, int64_t limit_us, struct error *e)
{
	char sql[400];
	snprintf(sql, sizeof(sql),
	         "SET statement_timeout=%lld; SET idle_in_transaction_session_timeout=%lld; SET synchronous_commit=on;"
	         "SET TimeZone='UTC'; SET standard_conforming_strings=on; SET jit=off; SET enable_seqscan=off;"
	         "SET default_transaction_isolation='read committed'",
	         (long long)(limit_us / 1000), (long long)(limit_us / 1000));
	PGresult *res = PQexec(c->pg, sql);
	enum result r = PQresultStatus(res) == PGRES_COMMAND_OK ? OK : pg_result_fail(res, "connect", e);
	PQclear(res);
	if (r == OK && !PQenterPipelineMode(c->pg))
		r = pg_conn_lost("connect", e);
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
	c->db = p->db;
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

enum result pg_pending_add(struct pg_conn *c, const struct db_stmt *stmt, bool prepare)
{
	c->pending[c->pending_count++] = (struct pg_pending){ .stmt = stmt, .prepare = prepare };
	return OK;
}

void pg_pending_for(struct pg_conn *c, struct db_rows *rows)
{
	c->pending[c->pending_count - 1].rows = rows;
}

void pg_pending_count_to(struct pg_conn *c, int64_t *changed)
{
	c->pending[c->pending_count - 1].changed = changed;
}

void pg_pending_forget(struct pg_conn *c, const struct db_rows *rows)
{
	for (int i = 0; i < c->pending_count; i++)
		if (c->pending[i].rows == rows)
			c->pending[i].rows = NULL;
}

/* The answer of pending[i] is there: a failure is kept (the first only), a preparation noted. */
static void pending_settle(struct pg_conn *c, int i, PGresult *res, struct error *first)
{
	const struct pg_pending *p = &c->pending[i];
	ExecStatusType status = PQresultStatus(res);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
	if (p->changed && good)
		*p->changed = strtoll(PQcmdTuples(res), NULL, 10);
	if (p->prepare)
		c->prepared[stmt_index(p->stmt)] = good ? P_READY : P_NONE;
	if (!good && status != PGRES_PIPELINE_ABORTED && first->result == OK)
		pg_result_fail(res, p->stmt ? p->stmt->name : "transaction", first);
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
				pg_result_fail(res, what, &first);
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
			if (c->pending[i].rows && PQresultStatus(res) == PGRES_TUPLES_OK) {
				c->pending[i].rows->handle = res;
				continue;
			}
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
	return pg_conn_lost(what, e);
}

/* Sends what is still here and collects. */
enum result pg_pipeline_sync(struct pg_conn *c, const char *what, PGresult **last, struct error *e)
{
	if (!PQpipelineSync(c->pg)) {
		c->broken = true;
		return pg_conn_lost(what, e);
	}
	atomic_fetch_add(&c->db->round_trips, 1);
	return pipeline_collect(c, what, last, e);
}

enum result pg_send_plain(struct pg_conn *c, const char *sql, struct error *e)
{
	if (!PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return pg_conn_lost(sql, e);
	return pg_pending_add(c, NULL, false);
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

enum result pg_conn_take(struct pg_db *p, struct pg_conn **out, struct error *e)
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

void pg_conn_give(struct pg_db *p, struct pg_conn *c)
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

void pg_pool_free(struct pg_db *p)
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
