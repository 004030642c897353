/* SQLite's one writer: a thread drains the queue of commands into one durable commit, each in its own savepoint;
 * another thread checkpoints. Nobody is answered before the commit of the group in which the command ran, also not
 * those who failed: their reason may lie in what others of the group wrote. */
#include "db/sqlite.h"
#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

#define PASSES_MAX 8
#define PASS_SMALL 500          /* pages that the writer may copy itself */
#define CHECKPOINT_PAUSE_MS 200 /* after one that a reader kept from finishing */
#define WARM_LEAST (64 << 20)   /* a smaller file is not read through at the start */
#define WARM_CHUNK (1 << 20)
#define RESTART_BUSY_MS 10 /* the writer's wait for readers of old snapshots, so that the WAL starts anew */
#define RESTART_FACTOR 3   /* a WAL this many times too long is worth a longer wait */
#define RESTART_LONG_BUSY_MS 100

struct job {
	db_fn *fn;
	writer_task_fn *task; /* instead of fn */
	void *arg;
	struct db_tx tx;
	int attempts;
	enum result result;
	struct error error;
	sem_t done;
	struct job *next;
};

enum checkpoint_state { CP_IDLE, CP_WANTED, CP_RUNNING, CP_NEARLY };

struct sqlite_writer {
	struct sqlite_db *s;
	struct sqlite_conn *c;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct job *head, **tail;
	atomic_int queued;
	bool stop;

	sqlite3 *cp; /* the checkpointer's connection */
	pthread_t cp_thread;
	pthread_cond_t cp_cond;
	enum checkpoint_state cp_state;
	int64_t warm_at, warm_end; /* what of the file is still to be read through; bytes */
	int64_t cp_again_at;       /* not before; clock_monotonic() */
	atomic_int wal_pages;
};

/* ---- One command ---- */

static void job_answer(struct job *j, enum result r, const struct error *e)
{
	j->result = r;
	if (r != OK)
		j->error = *e;
}

static void job_release(struct job *j)
{
	sem_post(&j->done); /* the job is gone with this */
}

static bool group_gone(const struct sqlite_writer *w)
{
	return sqlite3_get_autocommit(w->c->h);
}

static enum result writer_commit(struct sqlite_writer *w, struct error *e)
{
	TRY(fault_step(w->s->db, e));
	return sqlite_control(w->c, C_COMMIT, e);
}

static void writer_rollback(struct sqlite_writer *w)
{
	struct error ignored;
	if (!group_gone(w))
		(void)!sqlite_control(w->c, C_ROLLBACK, &ignored);
	atomic_fetch_add(&w->s->db->rollbacks, 1);
}

static enum result writer_begin(struct sqlite_writer *w, struct error *e)
{
	TRY(fault_step(w->s->db, e));
	return sqlite_control(w->c, C_BEGIN_WRITE, e);
}

/* A transaction of its own, until it is answered. */
static void job_alone(struct sqlite_writer *w, struct job *j)
{
	struct db *db = w->s->db;
	for (;;) {
		struct error e = { 0 };
		j->attempts++;
		tx_end(&j->tx);
		enum result r = tx_begin(&j->tx, db, w->c, true, &e);
		if (r == OK)
			r = writer_begin(w, &e);
		if (r == OK)
			r = tx_call(&j->tx, j->fn, j->arg, &e);
		if (r == OK)
			r = writer_commit(w, &e);
		if (r == OK) {
			atomic_fetch_add(&db->commits, 1);
			atomic_fetch_add(&db->groups, 1);
		} else {
			writer_rollback(w);
		}
		if (r == ERR_RETRY) {
			if (tx_retry(db, j->attempts, &e))
				continue;
			r = e.result;
		}
		job_answer(j, r, &e);
		return;
	}
}

/* A member of a group, in a savepoint. False when the group must be given up. */
static bool job_member(struct sqlite_writer *w, struct job *j)
{
	struct error e = { 0 }, ignored;
	j->attempts++;
	enum result r = tx_begin(&j->tx, w->s->db, w->c, true, &e);
	if (r == OK) {
		if (sqlite_control(w->c, C_SAVEPOINT, &ignored) != OK)
			return false;
		r = tx_call(&j->tx, j->fn, j->arg, &e);
		if (group_gone(w)) /* a full disk, an interrupt: SQLite rolled everything back */
			return false;
		if (r != OK && sqlite_control(w->c, C_ROLLBACK_TO, &ignored) != OK)
			return false;
		if (sqlite_control(w->c, C_RELEASE, &ignored) != OK)
			return false;
	}
	job_answer(j, r, &e);
	return true;
}

/* ---- Groups ---- */

/* Runs jobs[0 … n) in one commit; returns how many it took on (a slow group stops early). All of those are answered. */
static int group_run(struct sqlite_writer *w, struct job **jobs, int n)
{
	struct db *db = w->s->db;
	struct error e = { 0 };
	if (n == 1) {
		job_alone(w, jobs[0]);
		return 1;
	}
	int64_t start = clock_monotonic();
	bool good = writer_begin(w, &e) == OK;
	int ran = 0;
	while (good && ran < n && (ran == 0 || clock_monotonic() - start < w->s->group_us))
		good = job_member(w, jobs[ran++]);
	if (good && writer_commit(w, &e) == OK) {
		atomic_fetch_add(&db->groups, 1);
		for (int i = 0; i < ran; i++) {
			if (jobs[i]->result == OK) {
				atomic_fetch_add(&db->commits, 1);
				continue;
			}
			atomic_fetch_add(&db->rollbacks, 1);
			if (jobs[i]->result == ERR_RETRY)
				job_alone(w, jobs[i]);
		}
		return ran;
	}
	/* Nothing of the group was committed and nobody answered: each alone, so that the one who broke it breaks only
	 * his own. */
	writer_rollback(w);
	if (ran == 0)
		ran = 1;
	for (int i = 0; i < ran; i++) {
		jobs[i]->attempts = 0;
		job_alone(w, jobs[i]);
	}
	return ran;
}

static void task_run(struct sqlite_writer *w, struct job *j)
{
	struct error e = { 0 };
	job_answer(j, j->task(w->c, j->arg, &e), &e);
	if (!group_gone(w))
		writer_rollback(w);
}

/* Takes what is queued: one task, or commands up to the next task. */
static int queue_take(struct sqlite_writer *w, struct job **jobs)
{
	int n = 0;
	while (w->head && n < SQLITE_GROUP_MAX && !(n && w->head->task)) {
		struct job *j = w->head;
		w->head = j->next;
		if (!w->head)
			w->tail = &w->head;
		jobs[n++] = j;
		if (j->task)
			break;
	}
	return n;
}

static void queue_put_back(struct sqlite_writer *w, struct job **jobs, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		jobs[i]->next = w->head;
		if (!w->head)
			w->tail = &jobs[i]->next;
		w->head = jobs[i];
	}
}

static void checkpoint_between_groups(struct sqlite_writer *w);

static void *writer_main(void *arg)
{
	struct sqlite_writer *w = arg;
	struct job *jobs[SQLITE_GROUP_MAX];
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->head && !w->stop)
			pthread_cond_wait(&w->cond, &w->lock);
		int n = queue_take(w, jobs);
		if (n == 0)
			break;
		pthread_mutex_unlock(&w->lock);
		int64_t start = clock_monotonic();
		int ran = 1;
		if (jobs[0]->task)
			task_run(w, jobs[0]);
		else
			ran = group_run(w, jobs, n);
		atomic_fetch_sub(&w->queued, ran);
		for (int i = 0; i < ran; i++)
			job_release(jobs[i]);
		checkpoint_between_groups(w);
		atomic_fetch_add(&w->s->db->busy_us, clock_monotonic() - start);
		pthread_mutex_lock(&w->lock);
		queue_put_back(w, jobs + ran, n - ran);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- Callers ---- */

static enum result job_submit(struct sqlite_writer *w, struct job *j, struct error *e)
{
	sem_init(&j->done, 0, 0);
	pthread_mutex_lock(&w->lock);
	bool stopped = w->stop;
	if (!stopped) {
		*w->tail = j;
		w->tail = &j->next;
		atomic_fetch_add(&w->queued, 1);
		pthread_cond_signal(&w->cond);
	}
	pthread_mutex_unlock(&w->lock);
	if (!stopped)
		while (sem_wait(&j->done) != 0 && errno == EINTR)
			;
	sem_destroy(&j->done);
	if (stopped)
		return error_set(e, ERR_BUSY, "db.closing", NULL, "The database is being closed.");
	if (j->result != OK)
		*e = j->error;
	return j->result;
}

enum result writer_transact(struct db *db, db_fn *fn, void *arg, struct error *e)
{
	struct sqlite_db *s = db->impl;
	struct job j = { .fn = fn, .arg = arg };
	enum result r = job_submit(s->writer, &j, e);
	if (r == OK)
		tx_run_hooks(&j.tx);
	if (j.tx.db)
		tx_end(&j.tx);
	return r;
}

enum result writer_task(struct db *db, writer_task_fn *fn, void *arg, struct error *e)
{
	struct sqlite_db *s = db->impl;
	struct job j = { .task = fn, .arg = arg };
	return job_submit(s->writer, &j, e);
}

void writer_stats(struct db *db, struct db_stats *out)
{
	struct sqlite_db *s = db->impl;
	out->queue_now = atomic_load(&s->writer->queued);
	out->wal_pages = atomic_load(&s->writer->wal_pages);
}

/* ---- Checkpoints ---- */

static int wal_grew(void *arg, sqlite3 *h, const char *name, int pages)
{
	(void)h;
	(void)name;
	struct sqlite_writer *w = arg;
	atomic_store(&w->wal_pages, pages);
	return SQLITE_OK;
}

/* The checkpointer copies and syncs most pages while the writer goes on; the writer then does the small rest, which is
 * what lets the WAL start anew (RESTART: short reads that began before it are waited for). PASSIVE alone beside a busy
 * writer never gets there. */
static void checkpoint_between_groups(struct sqlite_writer *w)
{
	int limit = w->s->checkpoint_pages;
	int pages = atomic_load(&w->wal_pages);
	pthread_mutex_lock(&w->lock);
	bool nearly = w->cp_state == CP_NEARLY;
	if (pages < limit) {
		if (nearly)
			w->cp_state = CP_IDLE; /* it went by itself */
		pthread_mutex_unlock(&w->lock);
		return;
	}
	if (w->cp_state == CP_IDLE && clock_monotonic() >= w->cp_again_at) {
		w->cp_state = CP_WANTED;
		pthread_cond_signal(&w->cp_cond);
	}
	pthread_mutex_unlock(&w->lock);
	if (!nearly)
		return;
	sqlite3_busy_timeout(w->c->h, pages > RESTART_FACTOR * limit ? RESTART_LONG_BUSY_MS : RESTART_BUSY_MS);
	int rc = sqlite3_wal_checkpoint_v2(w->c->h, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	sqlite3_busy_timeout(w->c->h, SQLITE_BUSY_MS);
	pthread_mutex_lock(&w->lock);
	w->cp_state = CP_IDLE;
	/* Where somebody still reads an old snapshot the WAL cannot start anew; it will be tried again. */
	w->cp_again_at = clock_monotonic() + (rc == SQLITE_OK ? 0 : CHECKPOINT_PAUSE_MS * 1000);
	pthread_mutex_unlock(&w->lock);
}

static void checkpoint_sync(struct sqlite_writer *w)
{
	sqlite3_file *file = NULL;
	if (!w->s->unsafe_no_sync &&
	    sqlite3_file_control(w->cp, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file &&
	    file->pMethods)
		file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

/* A cold file of some gigabytes makes the first minutes slow (one random page after the other): reading it through
 * once, in order, is quicker. No more than half of the memory, and only while there is nothing better to do. */
static void warm_begin(struct sqlite_writer *w)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	int64_t most = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;
	if (sqlite3_file_control(w->cp, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file &&
	    file->pMethods && file->pMethods->xFileSize(file, &size) == SQLITE_OK && size >= WARM_LEAST)
		w->warm_end = size < most ? size : most;
}

static void warm_step(struct sqlite_writer *w)
{
	sqlite3_file *file = NULL;
	void *chunk = mem_alloc(WARM_CHUNK);
	int rc = chunk ? sqlite3_file_control(w->cp, "main", SQLITE_FCNTL_FILE_POINTER, &file) : SQLITE_NOMEM;
	if (rc == SQLITE_OK)
		rc = file->pMethods->xRead(file, chunk, WARM_CHUNK, w->warm_at);
	w->warm_at = rc == SQLITE_OK ? w->warm_at + WARM_CHUNK : w->warm_end;
	mem_free(chunk);
}

static void *checkpoint_main(void *arg)
{
	struct sqlite_writer *w = arg;
	warm_begin(w);
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->cp_state != CP_WANTED && !w->stop) {
			if (w->warm_at >= w->warm_end) {
				pthread_cond_wait(&w->cp_cond, &w->lock);
				continue;
			}
			pthread_mutex_unlock(&w->lock);
			warm_step(w);
			pthread_mutex_lock(&w->lock);
		}
		if (w->stop)
			break;
		w->cp_state = CP_RUNNING;
		pthread_mutex_unlock(&w->lock);
		/* Each finds what was written during the one before it, less each time: what is left is the writer's
		 * pause. */
		int before = 0, all = 0;
		for (int i = 0; i < PASSES_MAX && (i < 2 || all - before > PASS_SMALL); i++) {
			before = all;
			sqlite3_wal_checkpoint_v2(w->cp, NULL, SQLITE_CHECKPOINT_PASSIVE, &all, NULL);
			checkpoint_sync(w);
		}
		pthread_mutex_lock(&w->lock);
		w->cp_state = CP_NEARLY;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- Start, stop ---- */

static enum result checkpointer_open(struct sqlite_writer *w, struct error *e)
{
	int rc = sqlite3_open_v2(w->s->path, &w->cp, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, w->s->vfs);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(w->cp, SQLITE_BUSY_MS);
		sqlite3_wal_autocheckpoint(w->cp, 0);
		rc = sqlite3_exec(w->cp, w->s->unsafe_no_sync ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=FULL",
		                  NULL, NULL, NULL);
	}
	return rc == SQLITE_OK ? OK : sqlite_fail(w->cp, rc, "open", e);
}

static void writer_free(struct sqlite_writer *w)
{
	sqlite3_close(w->cp);
	sqlite_conn_free(w->c);
	pthread_cond_destroy(&w->cond);
	pthread_cond_destroy(&w->cp_cond);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}

enum result writer_start(struct sqlite_db *s, struct error *e)
{
	struct sqlite_writer *w = mem_calloc(1, sizeof(*w));
	if (!w)
		return error_nomem(e);
	w->s = s;
	w->tail = &w->head;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->cond, NULL);
	pthread_cond_init(&w->cp_cond, NULL);
	enum result r = sqlite_conn_new(s, true, &w->c, e);
	if (r == OK)
		r = checkpointer_open(w, e);
	if (r == OK) {
		sqlite3_wal_hook(w->c->h, wal_grew, w);
		if (pthread_create(&w->thread, NULL, writer_main, w) != 0)
			r = error_set(e, ERR_IO, "db.thread", NULL, "The writer thread cannot be started.");
	}
	if (r == OK && pthread_create(&w->cp_thread, NULL, checkpoint_main, w) != 0) {
		r = error_set(e, ERR_IO, "db.thread", NULL, "The checkpoint thread cannot be started.");
		w->stop = true;
		pthread_cond_signal(&w->cond);
		pthread_join(w->thread, NULL);
	}
	if (r != OK) {
		writer_free(w);
		return r;
	}
	s->writer = w;
	return OK;
}

void writer_stop(struct sqlite_db *s)
{
	struct sqlite_writer *w = s->writer;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->cond);
	pthread_cond_signal(&w->cp_cond);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_join(w->cp_thread, NULL);
	writer_free(w);
}
