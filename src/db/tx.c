/* One transaction attempt, whatever the engine: its arena, its cursors, its hooks, its failure. */
#include "db/internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BACKOFF_US 1000 /* first mean wait after a lost race; doubles */
#define BACKOFF_MAX_US 200000

/* A transaction may not start another: on SQLite it would wait for itself. */
static _Thread_local struct db_tx *current;

static struct arena *arena_take(struct db *db)
{
	struct arena *a = NULL;
	pthread_mutex_lock(&db->arena_lock);
	if (db->arena_count)
		a = db->arenas[--db->arena_count];
	pthread_mutex_unlock(&db->arena_lock);
	return a ? a : arena_new(0);
}

static void arena_give(struct db *db, struct arena *a)
{
	arena_reset(a);
	pthread_mutex_lock(&db->arena_lock);
	if (db->arena_count < DB_ARENAS_KEPT) {
		db->arenas[db->arena_count++] = a;
		a = NULL;
	}
	pthread_mutex_unlock(&db->arena_lock);
	arena_free(a);
}

enum result tx_begin(struct db_tx *tx, struct db *db, void *conn, bool write, struct error *e)
{
	*tx = (struct db_tx){ .db = db, .conn = conn, .write = write, .arena = arena_take(db) };
	tx->hooks_end = &tx->hooks;
	return tx->arena ? OK : error_nomem(e);
}

enum result tx_call(struct db_tx *tx, db_fn *fn, void *arg, struct error *e)
{
	if (current) {
		fprintf(stderr, "db: a transaction inside a transaction\n");
		abort();
	}
	struct error local = { 0 };
	current = tx;
	enum result r = fn(tx, arg, &local);
	current = NULL;
	if (tx->open) {
		struct error bug = { 0 };
		enum result b = db_bug(&bug, tx->open->stmt, "a cursor outlives its transaction");
		while (tx->open) { /* releases what the next transaction needs; the rows themselves leak */
			struct db_rows *rows = tx->open;
			tx->db->ops->rows_close(rows);
			tx->open = rows->next;
		}
		if (r == OK) {
			r = b;
			local = bug;
		}
	}
	/* A function that swallowed an error must not commit half its work. */
	if (r == OK && tx->failure.result != OK) {
		r = tx->failure.result;
		local = tx->failure;
	}
	if (r != OK && e) {
		if (local.result == OK && tx->failure.result == r)
			local = tx->failure;
		if (local.result == OK)
			error_set(&local, r, "db.function", NULL,
			          "The transaction's function failed without a reason.");
		*e = local;
	}
	return r;
}

enum result tx_fail(struct db_tx *tx, const struct error *e)
{
	if (tx->failure.result == OK)
		tx->failure = *e;
	return e->result;
}

void tx_run_hooks(struct db_tx *tx)
{
	for (struct tx_hook *h = tx->hooks; h; h = h->next)
		h->fn(h->arg);
}

void tx_end(struct db_tx *tx)
{
	for (struct tx_hook *h = tx->ends; h; h = h->next)
		h->fn(h->arg);
	tx->ends = NULL;
	if (tx->arena)
		arena_give(tx->db, tx->arena);
	tx->arena = NULL;
	tx->hooks = NULL;
}

bool tx_retry(struct db *db, int attempt, struct error *e)
{
	atomic_fetch_add(&db->retries, 1);
	if (attempt >= DB_RETRIES_MAX) {
		if (strcmp(e->code, "db.connect") == 0)
			e->result = ERR_BUSY;
		else
			error_set(e, ERR_BUSY, "db.contention", NULL, "The work lost a race %d times.", attempt);
		return false;
	}
	/* Random waits part those that collided. */
	static _Thread_local unsigned seed;
	if (!seed)
		seed = (unsigned)clock_monotonic() ^ (unsigned)(uintptr_t)&seed;
	int64_t most = (int64_t)BACKOFF_US << (attempt - 1);
	if (most > BACKOFF_MAX_US)
		most = BACKOFF_MAX_US;
	int64_t us = (int64_t)rand_r(&seed) % most;
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
	return true;
}

enum result db_transact(struct db *db, db_fn *fn, void *arg, struct error *e)
{
	struct error local = { 0 };
	if (current) {
		fprintf(stderr, "db: a transaction inside a transaction\n");
		abort();
	}
	enum result r = db->ops->transact(db, fn, arg, &local);
	if (r != OK && e)
		*e = local;
	return r;
}

enum result db_read(struct db *db, db_fn *fn, void *arg, struct error *e)
{
	struct error local = { 0 };
	if (current) {
		fprintf(stderr, "db: a transaction inside a transaction\n");
		abort();
	}
	for (int attempt = 1;; attempt++) {
		enum result r = db->ops->read(db, fn, arg, &local);
		if (r == ERR_RETRY) {
			if (tx_retry(db, attempt, &local))
				continue;
			r = local.result;
		}
		if (r != OK && e)
			*e = local;
		return r;
	}
}

enum db_engine db_tx_engine(const struct db_tx *tx)
{
	return tx->db->engine;
}

bool db_tx_writes(const struct db_tx *tx)
{
	return tx->write;
}

struct arena *db_tx_arena(struct db_tx *tx)
{
	return tx->arena;
}

void **db_tx_slot(struct db_tx *tx, enum db_slot slot)
{
	return &tx->slot[slot];
}

enum result db_at_end(struct db_tx *tx, void (*fn)(void *arg), void *arg, struct error *e)
{
	struct tx_hook *h = arena_alloc(tx->arena, sizeof(*h));

	if (!h)
		return error_nomem(e);
	*h = (struct tx_hook){ fn, arg, tx->ends };
	tx->ends = h;
	return OK;
}

enum result db_after_commit(struct db_tx *tx, void (*fn)(void *arg), void *arg, struct error *e)
{
	struct tx_hook *h = arena_alloc(tx->arena, sizeof(*h));
	if (!h)
		return error_nomem(e);
	h->fn = fn;
	h->arg = arg;
	*tx->hooks_end = h;
	tx->hooks_end = &h->next;
	return OK;
}

/* The lock is the transaction's: it goes with COMMIT or ROLLBACK. */
DB_STMT(tx_lock_pg, "i", "", "SELECT pg_advisory_xact_lock($1)")

enum result db_lock(struct db_tx *tx, int64_t key, struct error *e)
{
	if (tx->db->engine == DB_SQLITE)
		return OK;
	return db_exec(tx, &tx_lock_pg, NULL, e, DB_INT(key));
}
