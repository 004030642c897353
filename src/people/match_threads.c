/* Work on several threads whose result does not depend on how many there are; sorting by key. */
#include "people/match_inside.h"
#include <pthread.h>
#include <stdatomic.h>

#define THREADS_MAX 64
#define RADIX_BITS 11
#define RADIX (1u << RADIX_BITS)

struct crew {
	enum result (*work)(void *arg, int part, struct error *e);
	void *arg;
	int parts;
	atomic_int next;
	pthread_mutex_t lock;
	int failed_part;
	enum result failed;
	struct error error;
};

static void *crew_work(void *arg)
{
	struct crew *c = arg;

	for (int part = atomic_fetch_add(&c->next, 1); part < c->parts; part = atomic_fetch_add(&c->next, 1)) {
		struct error e;
		enum result r = c->work(c->arg, part, &e);

		if (r == OK)
			continue;
		pthread_mutex_lock(&c->lock);
		if (c->failed == OK || part < c->failed_part) {
			c->failed = r;
			c->failed_part = part;
			c->error = e;
		}
		pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

enum result match_parallel(int threads, int parts, enum result (*work)(void *arg, int part, struct error *e), void *arg,
                           struct error *e)
{
	struct crew c = { .work = work, .arg = arg, .parts = parts, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t t[THREADS_MAX];
	int started = 0;

	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	while (started < threads - 1 && pthread_create(&t[started], NULL, crew_work, &c) == 0)
		started++;
	crew_work(&c);
	for (int i = 0; i < started; i++)
		pthread_join(t[i], NULL);
	pthread_mutex_destroy(&c.lock);
	if (c.failed != OK && e)
		*e = c.error;
	return c.failed;
}

/* By the key's lowest bits first, stable: the values stay in order. */
enum result keyed_sort(struct keyed *p, size_t n, struct error *e)
{
	struct keyed *other = mem_alloc(n * sizeof(*p) + 1), *from = p, *to = other;

	if (!other)
		return error_nomem(e);
	for (unsigned shift = 0; shift < 64; shift += RADIX_BITS) {
		size_t at[RADIX] = { 0 }, sum = 0;
		struct keyed *spare = from;

		for (size_t i = 0; i < n; i++)
			at[from[i].key >> shift & (RADIX - 1)]++;
		for (size_t i = 0; i < RADIX; i++) {
			size_t count = at[i];

			at[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			to[at[from[i].key >> shift & (RADIX - 1)]++] = from[i];
		from = to;
		to = spare;
	}
	if (from != p)
		memcpy(p, from, n * sizeof(*p));
	mem_free(other);
	return OK;
}
