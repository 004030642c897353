/* Counting in memory, in tables of fixed size: failed sign-ins, and rate limits. Keys are hashed with a seed of this
 * process, so that nobody can aim at a set and push others out of it. */
#include "access/internal.h"
#include "base/hash.h"
#include <pthread.h>
#include <sodium.h>

#define WAYS 8

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void seed_make(void)
{
	crypt_ready();
	randombytes_buf(&seed, sizeof seed);
}

static uint64_t key_of(const char *what, const void *p, size_t n)
{
	pthread_once(&seed_once, seed_make);
	uint64_t k = hash64(p, n, hash64_str(str_c(what), seed));
	return k ? k : 1; /* 0 is an empty slot */
}

/* ---- Failed sign-ins --------------------------------------------------------------------------------------------- */

#define FAILURE_WINDOW_US (15 * MINUTE_US)
#define FAILURES_LOGIN 10
#define FAILURES_REMOTE 50
#define FAILURE_SETS 512

struct failures {
	uint64_t key;
	int count;
	int64_t at[FAILURES_REMOTE]; /* the newest failures, in no order */
};

static struct failures failures[FAILURE_SETS][WAYS];
static pthread_mutex_t failures_lock = PTHREAD_MUTEX_INITIALIZER;

static void failures_expire(struct failures *f, int64_t now)
{
	for (int i = 0; i < f->count;) {
		if (f->at[i] > now)
			f->at[i] = now; /* the clock stepped back */
		if (now - f->at[i] >= FAILURE_WINDOW_US)
			f->at[i] = f->at[--f->count];
		else
			i++;
	}
}

static struct failures *failures_find(uint64_t key, int64_t now)
{
	struct failures *set = failures[key % FAILURE_SETS], *to = &set[0];
	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == key) {
			failures_expire(&set[i], now);
			return &set[i];
		}
	}
	for (int i = 0; i < WAYS; i++) {
		failures_expire(&set[i], now);
		if (set[i].count < to->count)
			to = &set[i];
	}
	*to = (struct failures){ .key = key };
	return to;
}

enum result throttle_begin(struct str login, const char *remote, struct error *e)
{
	uint64_t who = key_of("login", login.p, login.n);
	uint64_t from = remote ? key_of("remote", remote, strlen(remote)) : 0;
	int64_t now = clock_now();
	bool full;
	pthread_mutex_lock(&failures_lock);
	struct failures *f = failures_find(who, now), *g = from ? failures_find(from, now) : NULL;
	if (g)
		f = failures_find(who, now); /* the second look-up may have taken the first one's slot */
	full = f->count >= FAILURES_LOGIN || (g && g->count >= FAILURES_REMOTE);
	if (!full) {
		f->at[f->count++] = now;
		if (g && g->key == from)
			g->at[g->count++] = now;
	}
	pthread_mutex_unlock(&failures_lock);
	if (full)
		return error_set(e, ERR_LIMIT, "sign_in.throttled", NULL,
		                 "Too many failed attempts; try again in a quarter of an hour.");
	return OK;
}

static void failures_drop(uint64_t key, bool all)
{
	struct failures *set = failures[key % FAILURE_SETS];
	for (int i = 0; i < WAYS; i++)
		if (set[i].key == key && set[i].count)
			set[i].count = all ? 0 : set[i].count - 1;
}

void throttle_forgive(struct str login, const char *remote)
{
	pthread_mutex_lock(&failures_lock);
	failures_drop(key_of("login", login.p, login.n), true);
	if (remote) /* only this attempt: one good account must not hide guesses at others */
		failures_drop(key_of("remote", remote, strlen(remote)), false);
	pthread_mutex_unlock(&failures_lock);
}

/* ---- Rate limits ------------------------------------------------------------------------------------------------- */

#define RATE_SETS 2048
#define RATE_LOCKS 64
#define TOKEN (60 * USEC) /* units of a token: per_minute of them come in each microsecond */

struct bucket {
	uint64_t key;
	int64_t level, at;
};

static struct bucket buckets[RATE_SETS][WAYS];
static pthread_mutex_t rate_locks[RATE_LOCKS] = { [0 ... RATE_LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

/* The key's bucket; a new one takes the place of the one that was used longest ago. */
static struct bucket *bucket_find(struct bucket *set, uint64_t key, int64_t level, int64_t now)
{
	struct bucket *to = &set[0];
	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].at < to->at)
			to = &set[i];
	}
	*to = (struct bucket){ key, level, now };
	return to;
}

bool rate_allow(const char *what, int64_t who, int per_minute, int burst, int *wait_s)
{
	uint64_t key = key_of(what, &who, sizeof who);
	size_t set = key % RATE_SETS;
	int64_t now = clock_monotonic(), most = burst * TOKEN;
	pthread_mutex_lock(&rate_locks[set % RATE_LOCKS]);
	struct bucket *b = bucket_find(buckets[set], key, most, now);
	int64_t since = now - b->at;
	/* longer than it takes to fill: full, and no overflow */
	b->level = since > most / (per_minute > 0 ? per_minute : 1) ? most : b->level + since * per_minute;
	if (b->level > most)
		b->level = most;
	b->at = now;
	bool ok = b->level >= TOKEN;
	if (ok)
		b->level -= TOKEN;
	else if (wait_s)
		*wait_s = 1 + (int)((TOKEN - b->level) / (per_minute > 0 ? per_minute : 1) / USEC);
	pthread_mutex_unlock(&rate_locks[set % RATE_LOCKS]);
	return ok;
}
