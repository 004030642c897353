/* The node number of this process, leased in the database: two processes never make the same id. */
#include "db/internal.h"
#include "base/hash.h"
#include "base/id.h"
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#define LEASE_US (120 * USEC)
#define RENEW_S 20
#define RELEASE_US (2 * USEC) /* ids may run a little ahead of the clock */
#define RETAKE_US (60 * USEC) /* a number that was free for so long is taken before a fresh one */
#define HOLDER_BYTES 16

struct node_lease {
	struct db *db;
	char holder[2 * HOLDER_BYTES + 1];
	int node;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool stop;
};

DB_STMT(node_list, "", "ii", "SELECT node, until FROM node")
DB_STMT(node_take, "itii", "",
        "INSERT INTO node (node, holder, until) VALUES ($1, $2, $3)"
        " ON CONFLICT (node) DO UPDATE SET holder = $2, until = $3 WHERE node.until <= $4")
DB_STMT(node_renew, "iti", "", "UPDATE node SET until = $3 WHERE node = $1 AND holder = $2")

struct lease_try {
	const char *holder;
	int node;
	int64_t not_before; /* for ids */
	int64_t until;      /* the lease may be taken when it runs no longer than this */
};

static enum result node_choose(struct db_tx *tx, int64_t now, struct lease_try *t, struct error *e)
{
	int64_t until[ID_NODES];
	for (int i = 0; i < ID_NODES; i++)
		until[i] = INT64_MIN; /* never used */
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &node_list, &rows, e, DB_NONE));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t node = db_int(rows, 0);
		if (node >= 0 && node < ID_NODES)
			until[node] = db_int(rows, 1);
	}
	if (step == DB_ERR)
		return tx->failure.result;
	/* Longest expired, else never used, else just expired. A SQLite file has one process, the others are dead:
	 * there the oldest is taken at last (a server that is killed again and again). */
	int best = -1, rank = tx->db->engine == DB_SQLITE ? 4 : 3;
	for (int i = 0; i < ID_NODES; i++) {
		int mine = until[i] == INT64_MIN ? 1 : until[i] <= now - RETAKE_US ? 0 : until[i] <= now ? 2 : 3;
		if (mine < rank || (best >= 0 && mine == rank && until[i] < until[best])) {
			best = i;
			rank = mine;
		}
	}
	if (best < 0)
		return error_set(e, ERR_LIMIT, "node.none_free", NULL, "All %d node numbers are in use.", ID_NODES);
	t->node = best;
	t->until = until[best] > now ? until[best] : now;
	/* A dead one's ids reach no further than its release would have said. */
	t->not_before = until[best] == INT64_MIN ? 0 : until[best] > now ? now + RELEASE_US : until[best];
	return OK;
}

static enum result lease_take(struct db_tx *tx, void *arg, struct error *e)
{
	struct lease_try *t = arg;
	int64_t now = clock_now(), changed;
	TRY(node_choose(tx, now, t, e));
	TRY(db_exec(tx, &node_take, &changed, e, DB_INT(t->node), DB_CSTR(t->holder), DB_INT(now + LEASE_US),
	            DB_INT(t->until)));
	return changed ? OK : error_set(e, ERR_RETRY, "node.race", NULL, "Another process took the node number.");
}

struct lease_renewal {
	const char *holder;
	int node;
	int64_t until;
	bool held;
};

static enum result lease_renew(struct db_tx *tx, void *arg, struct error *e)
{
	struct lease_renewal *r = arg;
	int64_t changed;
	TRY(db_exec(tx, &node_renew, &changed, e, DB_INT(r->node), DB_CSTR(r->holder), DB_INT(r->until)));
	r->held = changed > 0;
	return OK;
}

static enum result node_acquire(struct node_lease *l, struct error *e)
{
	struct lease_try t = { .holder = l->holder };
	TRY(db_transact(l->db, lease_take, &t, e));
	l->node = t.node;
	id_set_node(t.node, t.not_before);
	return OK;
}

static void *node_main(void *arg)
{
	struct node_lease *l = arg;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += RENEW_S;
		while (!l->stop && pthread_cond_timedwait(&l->cond, &l->lock, &until) != ETIMEDOUT)
			;
		if (l->stop)
			break;
		pthread_mutex_unlock(&l->lock);
		struct lease_renewal r = { .holder = l->holder, .node = l->node, .until = clock_now() + LEASE_US };
		struct error ignored;
		/* While the database is away nothing can be written either; afterwards the number may be another's. */
		if (db_transact(l->db, lease_renew, &r, &ignored) == OK && !r.held)
			(void)!node_acquire(l, &ignored);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

enum result db_node_lease(struct db *db, struct error *e)
{
	if (db->lease)
		return OK;
	struct node_lease *l = mem_calloc(1, sizeof(*l));
	if (!l)
		return error_nomem(e);
	l->db = db;
	unsigned char token[HOLDER_BYTES];
	enum result r = OK;
	if (getrandom(token, sizeof(token), 0) != (ssize_t)sizeof(token))
		r = error_set(e, ERR_IO, "node.random", NULL, "No random numbers.");
	if (r == OK) {
		hex_encode(l->holder, token, sizeof(token));
		r = node_acquire(l, e);
	}
	if (r != OK) {
		mem_free(l);
		return r;
	}
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->cond, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&l->lock, NULL);
	if (pthread_create(&l->thread, NULL, node_main, l) != 0) {
		pthread_cond_destroy(&l->cond);
		pthread_mutex_destroy(&l->lock);
		mem_free(l);
		return error_set(e, ERR_IO, "db.thread", NULL, "The thread of the node lease cannot be started.");
	}
	db->lease = l;
	return OK;
}

void node_release(struct db *db)
{
	struct node_lease *l = db->lease;
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->cond);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	struct lease_renewal r = { .holder = l->holder, .node = l->node, .until = clock_now() + RELEASE_US };
	struct error ignored;
	(void)!db_transact(db, lease_renew, &r, &ignored); /* else it expires by itself */
	pthread_cond_destroy(&l->cond);
	pthread_mutex_destroy(&l->lock);
	mem_free(l);
	db->lease = NULL;
}
