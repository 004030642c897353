/* Views of customers: one thread writes those of many callers in one commit, as a block of this process's chain. */
#include "access/internal.h"
#include "base/hash.h"
#include "base/log.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KEEP_US MINUTE_US         /* between looks for acts that a process left unsealed when it ended */
#define ANCHOR_US (5 * MINUTE_US) /* between anchors of other chains' heads */
#define SEEN_SETS 8192            /* views lately noted, in front of the database's unique key */
#define SEEN_WAYS 4
#define SEEN_LOCKS 64

/* ---- Views lately noted ------------------------------------------------------------------------------------------ */

struct seen {
	int64_t account, apikey, customer;
	uint64_t purpose;
	int64_t win;
};

static struct seen seen[SEEN_SETS][SEEN_WAYS];
static pthread_mutex_t seen_locks[SEEN_LOCKS] = { [0 ... SEEN_LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

static struct seen seen_key(const struct audit_viewing *v)
{
	return (struct seen){ v->account, v->apikey, v->customer, hash64(v->purpose, strlen(v->purpose), 0), v->win };
}

static size_t seen_set(const struct seen *k)
{
	const int64_t who[] = { k->account, k->apikey, k->customer };
	return hash64(who, sizeof who, k->purpose) % SEEN_SETS;
}

static bool seen_same(const struct seen *a, const struct seen *b)
{
	return a->customer == b->customer && a->account == b->account && a->apikey == b->apikey &&
	       a->purpose == b->purpose;
}

static bool seen_get(const struct audit_viewing *v)
{
	struct seen k = seen_key(v);
	size_t set = seen_set(&k);
	bool hit = false;
	pthread_mutex_lock(&seen_locks[set % SEEN_LOCKS]);
	for (int i = 0; i < SEEN_WAYS; i++)
		hit |= seen_same(&seen[set][i], &k) && seen[set][i].win == k.win;
	pthread_mutex_unlock(&seen_locks[set % SEEN_LOCKS]);
	return hit;
}

static void seen_put(const struct audit_viewing *v)
{
	struct seen k = seen_key(v);
	size_t set = seen_set(&k);
	pthread_mutex_lock(&seen_locks[set % SEEN_LOCKS]);
	struct seen *to = &seen[set][0];
	for (int i = 0; i < SEEN_WAYS; i++) {
		if (seen_same(&seen[set][i], &k)) {
			to = &seen[set][i];
			break;
		}
		if (seen[set][i].win < to->win)
			to = &seen[set][i];
	}
	*to = k;
	pthread_mutex_unlock(&seen_locks[set % SEEN_LOCKS]);
}

static void seen_clear(void)
{
	for (size_t set = 0; set < SEEN_SETS; set++) {
		pthread_mutex_lock(&seen_locks[set % SEEN_LOCKS]);
		memset(seen[set], 0, sizeof seen[set]);
		pthread_mutex_unlock(&seen_locks[set % SEEN_LOCKS]);
	}
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

struct batch {
	struct audit_viewing *views;
	struct audit_head head; /* where the chain ended; moved on by success only */
	bool know_head;
	struct audit_head after; /* out */
	size_t sealed;           /* out: acts */
};

static enum result batch_head(struct db_tx *tx, struct batch *b, struct error *e)
{
	b->after = b->head;
	if (b->know_head)
		return OK;
	TRY(audit_chain_lock(tx, b->head.node, e));
	return audit_head_get(tx, b->head.node, &b->after, e);
}

/* A head that is no longer the end of the chain is read anew by the next attempt. */
static enum result batch_seal(struct db_tx *tx, struct batch *b, struct audit_entry *entries, size_t n, struct error *e)
{
	enum result r = n ? audit_seal(tx, &b->after, entries, n, NULL, 0, e) : OK;
	if (r == ERR_RETRY)
		b->know_head = false;
	return r;
}

static int by_key(const void *a, const void *b)
{
	const struct audit_viewing *x = *(struct audit_viewing *const *)a, *y = *(struct audit_viewing *const *)b;
	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	if (x->apikey != y->apikey)
		return x->apikey < y->apikey ? -1 : 1;
	return strcmp(x->purpose, y->purpose);
}

static enum result views_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;
	struct audit_entry *entries = arena_array(db_tx_arena(tx), AUDIT_BATCH, sizeof *entries);
	struct audit_viewing *views[AUDIT_BATCH];
	size_t n = 0, count = 0;
	if (!entries)
		return error_nomem(e);
	for (struct audit_viewing *v = b->views; v; v = v->next)
		views[count++] = v;
	/* In order of the unique key, so that two processes never wait for each other crosswise. */
	qsort(views, count, sizeof *views, by_key);
	TRY(batch_head(tx, b, e));
	for (size_t i = 0; i < count; i++) {
		struct audit_viewing *v = views[i];
		struct audit_entry *t = &entries[n];
		bool added;
		*t = (struct audit_entry){ .id = id_new(id_bucket(v->customer)),
			                   .account = v->account,
			                   .apikey = v->apikey,
			                   .subject = v->customer,
			                   .action = "view" };
		snprintf(t->purpose, sizeof t->purpose, "%s", v->purpose);
		t->win = v->win = id_time_us(t->id) / AUDIT_WINDOW_US;
		TRY(audit_entry_insert(tx, b->after.node, b->after.seq + 1, t, &added, e));
		n += added;
	}
	return batch_seal(tx, b, entries, n, e);
}

static enum result acts_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct batch *b = arg;
	TRY(batch_head(tx, b, e));
	enum result r = audit_seal_pending(tx, &b->after, &b->sealed, e);
	if (r == ERR_RETRY)
		b->know_head = false;
	return r;
}

/* ---- The thread -------------------------------------------------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct audit_viewing *first, **last;
	bool acts, stop;
	atomic_bool runs;
	struct db *db;
	pthread_t thread;
} appender = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };

bool audit_appender_runs(void)
{
	return atomic_load(&appender.runs);
}

void audit_appender_poke(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&appender.lock);
	appender.acts = true;
	pthread_cond_signal(&appender.work);
	pthread_mutex_unlock(&appender.lock);
}

static enum result run(struct batch *b, db_fn *fn, struct error *e)
{
	enum result r = db_transact(appender.db, fn, b, e);
	b->know_head = r == OK;
	if (r == OK)
		b->head = b->after;
	return r;
}

/* Cuts at most a block's worth off the queue. */
static struct audit_viewing *queue_take(void)
{
	struct audit_viewing *first = appender.first, **end = &appender.first;
	size_t n = 0;
	while (*end && n < AUDIT_BATCH) {
		end = &(*end)->next;
		n++;
	}
	struct audit_viewing *rest = *end;
	*end = NULL;
	appender.first = rest;
	if (!rest)
		appender.last = &appender.first;
	return first;
}

static void views_append(struct batch *b, struct audit_viewing *views)
{
	struct error e = { 0 };
	b->views = views;
	enum result r = run(b, views_tx, &e);
	pthread_mutex_lock(&appender.lock);
	for (struct audit_viewing *v = views, *next; v; v = next) {
		next = v->next; /* v is its caller's again as soon as it is done */
		if (r != OK)
			v->error = e;
		v->done = true;
	}
	pthread_cond_broadcast(&appender.done);
	pthread_mutex_unlock(&appender.lock);
}

static void acts_seal(struct batch *b)
{
	struct error e = { 0 };
	do {
		b->sealed = 0;
		if (run(b, acts_tx, &e) != OK) {
			log_error("audit.seal", &e); /* they are durable; the next round seals them */
			return;
		}
	} while (b->sealed == AUDIT_BATCH);
}

/* ---- Anchors ----------------------------------------------------------------------------------------------------- */

struct anchoring {
	struct batch *b;
	int64_t known[ID_NODES]; /* heads anchored before */
	struct audit_anchor anchors[ID_NODES];
	size_t count;
};

static enum result anchor_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct anchoring *a = arg;
	a->count = 0;
	TRY(batch_head(tx, a->b, e));
	for (int64_t node = 0; node < ID_NODES; node++) {
		struct audit_head head;
		if (node == a->b->head.node)
			continue;
		TRY(audit_head_get(tx, node, &head, e));
		if (head.seq <= a->known[node])
			continue;
		struct audit_anchor *to = &a->anchors[a->count++];
		*to = (struct audit_anchor){ .node = node, .seq = head.seq };
		memcpy(to->hash, head.hash, sizeof to->hash);
	}
	enum result r = a->count ? audit_seal(tx, &a->b->after, NULL, 0, a->anchors, a->count, e) : OK;
	if (r == ERR_RETRY)
		a->b->know_head = false;
	return r;
}

static void anchor(struct batch *b, struct anchoring *a)
{
	struct error e = { 0 };
	a->b = b;
	enum result r = db_transact(appender.db, anchor_tx, a, &e);
	b->know_head = r == OK;
	if (r != OK) {
		log_error("audit.anchor", &e);
		return;
	}
	b->head = b->after;
	for (size_t i = 0; i < a->count; i++)
		a->known[a->anchors[i].node] = a->anchors[i].seq;
	char hex[2 * AUDIT_HASH_BYTES + 1];
	hex_encode(hex, b->head.hash, AUDIT_HASH_BYTES);
	if (b->head.seq) /* outside of the database too: who keeps the log can show what was cut off */
		log_event(LOG_INFO, "audit.head", "node=%d seq=%lld hash=%s", (int)b->head.node, (long long)b->head.seq,
		          hex);
}

static void wait_for_work(int64_t until)
{
	struct timespec ts = { until / USEC, until % USEC * 1000 };
	int rc = 0;
	while (!appender.first && !appender.acts && !appender.stop && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&appender.work, &appender.lock, &ts);
}

static void *appender_main(void *arg)
{
	struct batch *b = arg;
	struct anchoring *a = mem_calloc(1, sizeof *a);
	int64_t keep_at = clock_monotonic(), anchor_at = keep_at;
	bool stop = false;
	(void)db_thread_limit(DB_LONG_MS); /* one transaction for many requests */
	while (!stop) {
		pthread_mutex_lock(&appender.lock);
		wait_for_work(keep_at);
		struct audit_viewing *views = appender.first ? queue_take() : NULL;
		bool acts = appender.acts;
		appender.acts = false;
		stop = appender.stop && !views && !acts;
		pthread_mutex_unlock(&appender.lock);
		int64_t now = clock_monotonic();
		if (views)
			views_append(b, views);
		if (acts || now >= keep_at || stop)
			acts_seal(b);
		if (now >= keep_at)
			keep_at = now + KEEP_US;
		if (a && (now >= anchor_at || stop)) {
			anchor(b, a);
			anchor_at = now + ANCHOR_US;
		}
	}
	mem_free(a);
	mem_free(b);
	return NULL;
}

static pthread_once_t work_once = PTHREAD_ONCE_INIT;

static void work_make(void)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&appender.work, &attr);
	pthread_condattr_destroy(&attr);
}

enum result audit_start(struct db *db, struct error *e)
{
	if (audit_appender_runs())
		return error_set(e, ERR_CONFLICT, "audit.runs", NULL, "The appender runs already.");
	struct batch *b = mem_calloc(1, sizeof *b);
	if (!b)
		return error_nomem(e);
	pthread_once(&work_once, work_make);
	b->head.node = audit_node();
	seen_clear(); /* it may have been another database */
	appender.db = db;
	appender.first = NULL;
	appender.last = &appender.first;
	appender.acts = appender.stop = false;
	atomic_store(&appender.runs, true);
	if (pthread_create(&appender.thread, NULL, appender_main, b) != 0) {
		atomic_store(&appender.runs, false);
		mem_free(b);
		return error_set(e, ERR_BUSY, "audit.thread", NULL, "The system gives no thread.");
	}
	return OK;
}

void audit_stop(void)
{
	if (!audit_appender_runs())
		return;
	pthread_mutex_lock(&appender.lock);
	appender.stop = true;
	pthread_cond_signal(&appender.work);
	pthread_mutex_unlock(&appender.lock);
	pthread_join(appender.thread, NULL);
	atomic_store(&appender.runs, false);
}

/* ---- The door ---------------------------------------------------------------------------------------------------- */

/* False when the appender does not run for this database, or stops: the caller writes by itself. */
static bool queue_put(struct audit_viewing *v)
{
	pthread_mutex_lock(&appender.lock);
	bool queued = audit_appender_runs() && appender.db == v->db && !appender.stop;
	if (queued) {
		*appender.last = v;
		appender.last = &v->next;
		pthread_cond_signal(&appender.work);
	}
	pthread_mutex_unlock(&appender.lock);
	return queued;
}

static void queue_wait(struct audit_viewing *v)
{
	pthread_mutex_lock(&appender.lock);
	while (!v->done)
		pthread_cond_wait(&appender.done, &appender.lock);
	pthread_mutex_unlock(&appender.lock);
}

/* One view in a commit of its own: before the start, and on the command line. */
static enum result view_alone(struct audit_viewing *v, struct error *e)
{
	struct batch b = { .views = v, .head.node = audit_node() };
	return db_transact(v->db, views_tx, &b, e);
}

enum result audit_view_begin(struct audit_viewing *v, struct db *db, const struct principal *p, int64_t customer,
                             const char *purpose, struct error *e)
{
	if (strlen(purpose) >= sizeof(((struct audit_entry *)0)->purpose))
		return error_set(e, ERR_INVALID, "audit.purpose", NULL, "The purpose is too long.");
	*v = (struct audit_viewing){
		.db = db, .account = p->user, .apikey = p->key, .customer = customer, .purpose = purpose
	};
	v->win = clock_now() / AUDIT_WINDOW_US;
	if (audit_appender_runs() && appender.db == db && seen_get(v))
		v->done = true;
	else
		v->queued = queue_put(v);
	return OK;
}

enum result audit_view_end(struct audit_viewing *v, struct error *e)
{
	if (v->queued) {
		queue_wait(v);
		if (v->error.result == OK)
			seen_put(v);
		else if (e)
			*e = v->error;
		return v->error.result;
	}
	return v->done ? OK : view_alone(v, e);
}

enum result audit_view(struct db *db, const struct principal *p, int64_t customer, const char *purpose, struct error *e)
{
	struct audit_viewing v;
	TRY(audit_view_begin(&v, db, p, customer, purpose, e));
	return audit_view_end(&v, e);
}
