/* The feed's two threads: one moves stored views, one tells process views, so that a slow view delays no screen. */
#include "feed/internal.h"
#include "base/clock.h"
#include "base/log.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

#define IDLE_POLL_US (50 * 1000)    /* stands behind the wake-ups: other processes' commits */
#define BUSY_POLL_US (10 * 1000)    /* while events keep coming */
#define BUSY_US USEC                /* how long "recently" is */
#define BREATH_US (2 * 1000)        /* least time between two rounds, so that commits share one */
#define APPLY_TARGET_US (25 * 1000) /* a stored view's transaction should take about that */
#define APPLY_START 64              /* events of the first batch */
#define SETTLE_US (5 * USEC)        /* a view that skips events writes its position at least so often */
#define SETTLE_ROWS 4096
#define RETRY_MIN_US (100 * 1000)
#define RETRY_MAX_US (5 * USEC)
#define LOG_EVERY_US (60 * USEC)
#define WAIT_MAX_US (500 * 1000)
#define SETTLE_POLL_US (5 * 1000)
#define STORED_WAIT_US (300 * 1000) /* that a screen waits for stored views, counted from the write */

struct view {
	const char *name;
	const struct feed_stored *stored;
	const struct feed_process *process;
	struct feed_position reached; /* under feed.lock: what feed_wait() sees */

	/* the owning thread's alone */
	struct feed_position at; /* process views */
	struct stored_step *step;
	size_t skipped;
	int64_t settled_at;
	int failures;
	int64_t retry_at, logged_at;
	bool stepped; /* in this round */
};

struct feed {
	struct db *db;
	struct view *views;
	size_t stored_count, process_count;
	pthread_mutex_t lock;
	pthread_cond_t poked, moved;
	uint64_t pokes;
	bool stop;
	pthread_t stored_thread, process_thread;
	bool stored_runs, process_runs;
	struct feed_event events[FEED_BATCH_MAX], mine[FEED_BATCH_MAX]; /* the process thread's */
	struct feed *next;                                              /* of all feeds in this process */
};

static pthread_mutex_t feeds_lock = PTHREAD_MUTEX_INITIALIZER;
static struct feed *feeds;

/* ---- Waking and waiting ------------------------------------------------------------------------------------------ */

static void deadline_in(struct timespec *ts, int64_t us)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	int64_t ns = ts->tv_nsec + us % USEC * 1000;
	ts->tv_sec += us / USEC + ns / 1000000000;
	ts->tv_nsec = ns % 1000000000;
}

void feed_wake(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->pokes++;
	pthread_cond_broadcast(&f->poked);
	pthread_mutex_unlock(&f->lock);
}

void feeds_wake(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&feeds_lock);
	for (struct feed *f = feeds; f; f = f->next)
		feed_wake(f);
	pthread_mutex_unlock(&feeds_lock);
}

static void view_reached(struct feed *f, struct view *v, struct feed_position p)
{
	pthread_mutex_lock(&f->lock);
	if (position_cmp(p, v->reached) > 0) {
		v->reached = p;
		pthread_cond_broadcast(&f->moved);
	}
	pthread_mutex_unlock(&f->lock);
}

enum result feed_wait(struct feed *f, const char *view, struct feed_position position, int64_t timeout_us,
                      bool *reached, struct error *e)
{
	struct view *v = NULL;
	for (size_t i = 0; i < f->stored_count + f->process_count && !v; i++)
		if (strcmp(f->views[i].name, view) == 0)
			v = &f->views[i];
	if (!v)
		return error_set(e, ERR_NOT_FOUND, "feed.view", "view", "No view of that name follows the feed.");
	struct timespec until;
	deadline_in(&until, timeout_us < WAIT_MAX_US ? timeout_us : WAIT_MAX_US);
	pthread_mutex_lock(&f->lock);
	int rc = 0;
	if (position_cmp(v->reached, position) < 0) {
		f->pokes++;
		pthread_cond_broadcast(&f->poked);
	}
	while (position_cmp(v->reached, position) < 0 && !f->stop && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&f->moved, &f->lock, &until);
	*reached = position_cmp(v->reached, position) >= 0;
	pthread_mutex_unlock(&f->lock);
	return OK;
}

/* Whether every view has taken p in; those that have not are woken. */
static bool feed_passed(struct feed *f, struct feed_position p)
{
	bool passed = true;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->stored_count + f->process_count && passed; i++)
		passed = position_cmp(f->views[i].reached, p) >= 0;
	if (!passed) {
		f->pokes++;
		pthread_cond_broadcast(&f->poked);
	}
	pthread_mutex_unlock(&f->lock);
	return passed;
}

static bool feeds_passed(const struct db *db, struct feed_position p)
{
	bool passed = true;
	pthread_mutex_lock(&feeds_lock);
	for (struct feed *f = feeds; f; f = f->next)
		if (f->db == db)
			passed &= feed_passed(f, p);
	pthread_mutex_unlock(&feeds_lock);
	return passed;
}

static enum result newest_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return feed_newest(tx, arg, e);
}

enum result feed_settle(struct db *db, int64_t timeout_us, bool *settled, struct error *e)
{
	struct feed_position newest;
	int64_t until = clock_monotonic() + timeout_us;
	TRY(db_read(db, newest_tx, &newest, e));
	bool passed = feeds_passed(db, newest);
	while (!passed && clock_monotonic() < until) {
		nanosleep(&(struct timespec){ .tv_nsec = SETTLE_POLL_US * 1000 }, NULL);
		passed = feeds_passed(db, newest);
	}
	*settled = passed;
	return OK;
}

struct feed_position feeds_stored_reached(const struct db *db)
{
	struct feed_position least = { INT64_MAX, INT64_MAX };
	bool any = false;
	pthread_mutex_lock(&feeds_lock);
	for (struct feed *f = feeds; f; f = f->next) {
		pthread_mutex_lock(&f->lock);
		for (size_t i = 0; i < f->stored_count && f->db == db; i++, any = true)
			if (position_cmp(f->views[i].reached, least) < 0)
				least = f->views[i].reached;
		pthread_mutex_unlock(&f->lock);
	}
	pthread_mutex_unlock(&feeds_lock);
	return any ? least : (struct feed_position){ 0, 0 };
}

/* One thread's pace. */
struct pace {
	uint64_t pokes; /* seen */
	int64_t busy_until;
};

/* Sleeps until there may be something to do; false: the feed stops. */
static bool pace_wait(struct feed *f, struct pace *p, bool had_events, bool more)
{
	int64_t now = clock_monotonic();
	if (had_events)
		p->busy_until = now + BUSY_US;
	if (had_events && !more)
		nanosleep(&(struct timespec){ .tv_nsec = BREATH_US * 1000 }, NULL);
	struct timespec until;
	deadline_in(&until, now < p->busy_until ? BUSY_POLL_US : IDLE_POLL_US);
	pthread_mutex_lock(&f->lock);
	int rc = 0;
	while (!more && !f->stop && f->pokes == p->pokes && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&f->poked, &f->lock, &until);
	p->pokes = f->pokes;
	bool go = !f->stop;
	pthread_mutex_unlock(&f->lock);
	return go;
}

/* A handler or the database failed: the same events come again, later and later. Nothing is ever left out. */
static void view_failed(struct view *v, const struct error *e)
{
	int64_t now = clock_monotonic(), wait = RETRY_MIN_US;
	for (int i = 0; i < v->failures && wait < RETRY_MAX_US; i++)
		wait *= 2;
	v->failures++;
	v->retry_at = now + (wait < RETRY_MAX_US ? wait : RETRY_MAX_US);
	if (v->logged_at && now - v->logged_at < LOG_EVERY_US)
		return;
	v->logged_at = now;
	log_event(LOG_ERROR, "feed.view", "view=%s failures=%d", v->name, v->failures);
	log_error("feed.view", e);
}

static void view_worked(struct view *v)
{
	v->failures = 0;
	v->retry_at = 0;
}

/* ---- Stored views ------------------------------------------------------------------------------------------------ */

/* As many events as fit into the target time, next time. */
static void batch_adapt(struct stored_step *s)
{
	if (!s->applied)
		return;
	if (s->took_us > 2 * APPLY_TARGET_US && s->limit > 1)
		s->limit /= 2;
	else if (s->took_us < APPLY_TARGET_US / 2 && s->read == s->limit && s->limit < FEED_BATCH_MAX)
		s->limit *= 2;
}

/* Returns whether the batch was full: more is waiting. */
static bool stored_round(struct feed *f, struct view *v, bool *had_events)
{
	struct stored_step *s = v->step;
	struct error e = { 0 };
	int64_t now = clock_monotonic();
	if (now < v->retry_at)
		return false;
	s->settle = v->skipped && (v->skipped >= SETTLE_ROWS || now - v->settled_at > SETTLE_US);
	size_t limit = s->limit;
	if (stored_step_run(f->db, s, &e) != OK) {
		s->limit = s->limit > 1 ? s->limit / 2 : 1; /* fewer may pass; the bad one ends up alone */
		view_failed(v, &e);
		return false;
	}
	view_worked(v);
	if (s->applied || s->settle) {
		v->skipped = 0;
		v->settled_at = now;
	} else {
		v->skipped += s->read;
	}
	if (s->read)
		*had_events = true;
	batch_adapt(s);
	view_reached(f, v, s->seen);
	return s->read == limit;
}

static void *stored_main(void *arg)
{
	struct feed *f = arg;
	struct pace pace = { 0 };
	bool more = true, had = false;
	(void)db_thread_limit(DB_LONG_MS);
	while (pace_wait(f, &pace, had, more)) {
		more = had = false;
		for (size_t i = 0; i < f->stored_count; i++)
			more |= stored_round(f, &f->views[i], &had);
	}
	return NULL;
}

/* ---- Process views ----------------------------------------------------------------------------------------------- */

struct read_arg {
	struct feed *f;
	struct feed_position after, reached;
	size_t count;
};

static enum result read_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct read_arg *r = arg;
	return feed_read(tx, r->after, FEED_BATCH_MAX, r->f->events, &r->count, &r->reached, e);
}

static bool stored_passed(const struct feed *f, struct feed_position p)
{
	for (size_t i = 0; i < f->stored_count; i++)
		if (position_cmp(f->views[i].reached, p) < 0)
			return false;
	return true;
}

/* Waits for the stored views. Counted from the write, so that a feed that lags does not lag more and more. */
static void stored_await(struct feed *f, const struct feed_event *last)
{
	int64_t left = last->at + STORED_WAIT_US - clock_now();
	struct feed_position p = { last->xid, last->id };
	struct timespec until;
	int rc = 0;
	if (left <= 0)
		return;
	deadline_in(&until, left < STORED_WAIT_US ? left : STORED_WAIT_US);
	pthread_mutex_lock(&f->lock);
	if (!stored_passed(f, p)) {
		f->pokes++;
		pthread_cond_broadcast(&f->poked);
	}
	while (!stored_passed(f, p) && !f->stop && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&f->moved, &f->lock, &until);
	pthread_mutex_unlock(&f->lock);
}

static void process_tell(struct feed *f, struct view *v, const struct read_arg *r)
{
	struct error e = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++)
		if (v->process->topics & (1u << f->events[i].topic))
			f->mine[n++] = f->events[i];
	v->stepped = true;
	if (n && v->process->after_stored)
		stored_await(f, &f->mine[n - 1]);
	if (n && v->process->apply(v->process->ctx, f->db, f->mine, n, &e) != OK) {
		view_failed(v, &e);
		return;
	}
	view_worked(v);
	v->at = r->reached;
	view_reached(f, v, v->at);
}

/* Views at the same position share one reading; one that failed lags behind and catches up by itself. */
static bool process_round(struct feed *f, bool *had_events)
{
	struct view *views = f->views + f->stored_count;
	bool more = false;
	for (size_t i = 0; i < f->process_count; i++)
		views[i].stepped = clock_monotonic() < views[i].retry_at;
	for (size_t i = 0; i < f->process_count; i++) {
		if (views[i].stepped)
			continue;
		struct read_arg r = { .f = f, .after = views[i].at };
		struct error e = { 0 };
		if (db_read(f->db, read_tx, &r, &e) != OK) {
			views[i].stepped = true;
			view_failed(&views[i], &e);
			continue;
		}
		for (size_t j = i; j < f->process_count; j++)
			if (!views[j].stepped && position_cmp(views[j].at, r.after) == 0)
				process_tell(f, &views[j], &r);
		more |= r.count == FEED_BATCH_MAX;
		*had_events |= r.count > 0;
	}
	return more;
}

static void *process_main(void *arg)
{
	struct feed *f = arg;
	struct pace pace = { 0 };
	bool more = true, had = false;
	(void)db_thread_limit(DB_LONG_MS);
	while (pace_wait(f, &pace, had, more)) {
		had = false;
		more = process_round(f, &had);
	}
	return NULL;
}

/* ---- Start and stop ---------------------------------------------------------------------------------------------- */

static enum result now_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return feed_horizon(tx, arg, e);
}

static void feed_free(struct feed *f)
{
	for (size_t i = 0; f->views && i < f->stored_count; i++)
		mem_free(f->views[i].step);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->poked);
	pthread_cond_destroy(&f->moved);
	mem_free(f->views);
	mem_free(f);
}

static struct feed *feed_new(struct db *db, const struct feed_stored *const *stored, size_t stored_count,
                             const struct feed_process *process, size_t process_count)
{
	struct feed *f = mem_calloc(1, sizeof *f);
	if (!f)
		return NULL;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->poked, &attr);
	pthread_cond_init(&f->moved, &attr);
	pthread_condattr_destroy(&attr);
	f->db = db;
	f->stored_count = stored_count;
	f->process_count = process_count;
	f->views = mem_calloc(stored_count + process_count + 1, sizeof *f->views);
	for (size_t i = 0; f->views && i < stored_count + process_count; i++) {
		struct view *v = &f->views[i];
		v->stored = i < stored_count ? stored[i] : NULL;
		v->process = i < stored_count ? NULL : &process[i - stored_count];
		v->name = v->stored ? v->stored->name : v->process->name;
		v->settled_at = clock_monotonic();
		if (!v->stored)
			continue;
		v->step = mem_calloc(1, sizeof *v->step);
		if (!v->step) {
			feed_free(f);
			return NULL;
		}
		v->step->view = v->stored;
		v->step->limit = APPLY_START;
	}
	if (!f->views) {
		feed_free(f);
		return NULL;
	}
	return f;
}

enum result feed_start(struct db *db, const struct feed_stored *const *stored, size_t stored_count,
                       const struct feed_process *process, size_t process_count, struct feed_position from,
                       struct feed **out, struct error *e)
{
	TRY(positions_prepare(db, stored, stored_count, e));
	if (from.xid == 0 && from.id == 0)
		TRY(db_read(db, now_tx, &from, e));
	struct feed *f = feed_new(db, stored, stored_count, process, process_count);
	if (!f)
		return error_nomem(e);
	for (size_t i = stored_count; i < stored_count + process_count; i++)
		f->views[i].at = f->views[i].reached = from;
	f->stored_runs = stored_count && pthread_create(&f->stored_thread, NULL, stored_main, f) == 0;
	f->process_runs = process_count && pthread_create(&f->process_thread, NULL, process_main, f) == 0;
	pthread_mutex_lock(&feeds_lock);
	f->next = feeds;
	feeds = f;
	pthread_mutex_unlock(&feeds_lock);
	if (f->stored_runs != (stored_count > 0) || f->process_runs != (process_count > 0)) {
		feed_stop(f);
		return error_set(e, ERR_BUSY, "feed.thread", NULL, "The system gives no thread.");
	}
	*out = f;
	return OK;
}

void feed_stop(struct feed *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&feeds_lock);
	for (struct feed **p = &feeds; *p; p = &(*p)->next)
		if (*p == f) {
			*p = f->next;
			break;
		}
	pthread_mutex_unlock(&feeds_lock);
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->poked);
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	if (f->stored_runs)
		pthread_join(f->stored_thread, NULL);
	if (f->process_runs)
		pthread_join(f->process_thread, NULL);
	feed_free(f);
}
