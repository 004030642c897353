/* One thread a server process: claims what is due, sends it, notes what came of it. */
#include "outbox/room.h"

#include "base/log.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define POLL_MS 1000            /* what other processes made, retries that have come due */
#define FAULT_MS 500            /* after the database failed */
#define STOP_WAIT_US (2 * USEC) /* for attempts to land, at the end */
#define LOG_EVERY_US (60 * USEC)

struct outbox_sender {
	struct db *db;
	struct flight *flight;
	pthread_t thread;
	atomic_bool stop, woken;
	int64_t logged_at;
	struct outcome done[OUTBOX_FLIGHT_MAX]; /* landed, not yet noted */
	int done_count;
	struct outbox_sender *next;
};

static pthread_mutex_t senders_lock = PTHREAD_MUTEX_INITIALIZER;
static struct outbox_sender *senders;
static atomic_llong delivered_total, failed_total;

void outbox_wake(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&senders_lock);
	for (struct outbox_sender *s = senders; s; s = s->next) {
		atomic_store(&s->woken, true);
		flight_poke(s->flight);
	}
	pthread_mutex_unlock(&senders_lock);
}

static atomic_int flying;

void sender_counts_get(struct sender_counts *out)
{
	*out = (struct sender_counts){ atomic_load(&delivered_total), atomic_load(&failed_total),
		                       atomic_load(&flying) };
}

static void say(struct outbox_sender *s, const struct error *e)
{
	int64_t now = clock_monotonic();
	if (s->logged_at && now - s->logged_at < LOG_EVERY_US)
		return;
	s->logged_at = now;
	log_error("outbox.sender", e);
}

/* ---- Noting -------------------------------------------------------------------------------------------------------
 */

/* Two processes that note outcomes write endpoints in one order. */
static int by_endpoint(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;
	if (x->endpoint != y->endpoint)
		return x->endpoint < y->endpoint ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void count(const struct outcome *o)
{
	if (o->given_back)
		return;
	if (o->fault[0])
		atomic_fetch_add(&failed_total, 1);
	else
		atomic_fetch_add(&delivered_total, 1);
}

/* What cannot be noted is kept and noted later; if that is never, the lease lapses and it is sent again. */
static bool note(struct outbox_sender *s)
{
	struct outcomes all = { s->done, s->done_count };
	struct error e = { 0 };
	if (!s->done_count)
		return true;
	qsort(s->done, (size_t)s->done_count, sizeof(s->done[0]), by_endpoint);
	if (db_transact(s->db, outcomes_run, &all, &e) != OK) {
		say(s, &e);
		return false;
	}
	for (int i = 0; i < s->done_count; i++)
		count(&s->done[i]);
	s->done_count = 0;
	return true;
}

/* ---- Claiming -----------------------------------------------------------------------------------------------------
 */

static enum result set_off(struct outbox_sender *s, struct claim *c, struct error *e)
{
	enum result r = OK;
	for (int i = 0; i < c->count; i++) {
		/* Without memory the lease lapses, and it is tried later. */
		if (r == OK)
			r = flight_begin(s->flight, &c->out[i], e);
		secret_forget(c->out[i].secrets, sizeof(c->out[i].secrets));
	}
	return r;
}

static enum result claim_some(struct outbox_sender *s, struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct busy busy[OUTBOX_FLIGHT_MAX];
	struct claim c = { .busy = busy, .a = a, .free = OUTBOX_FLIGHT_MAX - flight_count(s->flight) - s->done_count };
	bool work = false;
	if (!a || !(c.out = arena_array(a, OUTBOX_FLIGHT_MAX, sizeof(*c.out))))
		return error_nomem(e);
	flight_busy(s->flight, busy, OUTBOX_FLIGHT_MAX, &c.busy_count);
	if (c.free <= 0)
		return OK;
	TRY(claim_look(s->db, busy, c.busy_count, &work, e));
	if (!work)
		return OK;
	TRY(db_transact(s->db, claim_run, &c, e));
	return set_off(s, &c, e);
}

/* ---- The thread ---------------------------------------------------------------------------------------------------
 */

static void *run(void *arg)
{
	struct outbox_sender *s = arg;
	int64_t look_at = 0;
	(void)db_thread_limit(DB_LONG_MS);
	while (!atomic_load(&s->stop)) {
		struct error e = { 0 };
		int room = OUTBOX_FLIGHT_MAX - s->done_count, landed;
		landed = flight_wait(s->flight, POLL_MS, s->done + s->done_count, room);
		s->done_count += landed;
		bool noted = note(s);
		if (!noted) /* what has landed already would not let the next round wait */
			nanosleep(&(struct timespec){ .tv_nsec = FAULT_MS * 1000000L }, NULL);
		int64_t now = clock_monotonic();
		if (noted && (atomic_exchange(&s->woken, false) || landed || now >= look_at)) {
			look_at = now + POLL_MS * 1000;
			if (claim_some(s, &e) != OK) {
				say(s, &e);
				look_at = now + FAULT_MS * 1000;
			}
		}
		atomic_store(&flying, flight_count(s->flight));
	}
	return NULL;
}

enum result outbox_start(struct db *db, struct outbox_sender **out, struct error *e)
{
	struct outbox_sender *s = mem_calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(e);
	s->db = db;
	enum result r = flight_new(&s->flight, e);
	if (r == OK && pthread_create(&s->thread, NULL, run, s) != 0)
		r = error_set(e, ERR_BUSY, "outbox.thread", NULL, "The system gives no thread.");
	if (r != OK) {
		flight_free(s->flight);
		mem_free(s);
		return r;
	}
	pthread_mutex_lock(&senders_lock);
	s->next = senders;
	senders = s;
	pthread_mutex_unlock(&senders_lock);
	*out = s;
	return OK;
}

static void sender_unlist(struct outbox_sender *s)
{
	pthread_mutex_lock(&senders_lock);
	for (struct outbox_sender **p = &senders; *p; p = &(*p)->next)
		if (*p == s) {
			*p = s->next;
			break;
		}
	pthread_mutex_unlock(&senders_lock);
}

void outbox_stop(struct outbox_sender *s)
{
	if (!s)
		return;
	int64_t until = clock_monotonic() + STOP_WAIT_US;
	sender_unlist(s);
	atomic_store(&s->stop, true);
	flight_poke(s->flight);
	pthread_join(s->thread, NULL);
	while (flight_count(s->flight) && s->done_count < OUTBOX_FLIGHT_MAX && clock_monotonic() < until)
		s->done_count += flight_wait(s->flight, 50, s->done + s->done_count, OUTBOX_FLIGHT_MAX - s->done_count);
	s->done_count += flight_abandon(s->flight, s->done + s->done_count, OUTBOX_FLIGHT_MAX - s->done_count);
	(void)note(s);
	flight_free(s->flight);
	mem_free(s);
}
