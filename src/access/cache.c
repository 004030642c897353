/* Principals by the hash of their token, in a table of fixed size. */
#include "access/internal.h"
#include <pthread.h>

#define SETS 2048
#define WAYS 4
#define LOCKS 64
#define TTL_US (10 * USEC)

struct slot {
	unsigned char key[TOKEN_HASH_BYTES];
	uint64_t generation; /* 0: empty */
	int64_t at;
	struct principal principal;
};

static struct slot slots[SETS][WAYS];
static pthread_mutex_t locks[LOCKS] = { [0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };
static atomic_ullong generation = 1;

/* Keys are hashes: any of their bits will do. */
static unsigned set_of(const unsigned char *key)
{
	return ((unsigned)key[0] | (unsigned)key[1] << 8) % SETS;
}

uint64_t access_cache_generation(void)
{
	return atomic_load(&generation);
}

static bool live(const struct slot *s, int64_t now)
{
	return s->generation == access_cache_generation() && now >= s->at && now - s->at < TTL_US;
}

bool cache_get(const unsigned char key[TOKEN_HASH_BYTES], struct principal *out)
{
	unsigned set = set_of(key);
	int64_t now = clock_now();
	bool hit = false;
	pthread_mutex_lock(&locks[set % LOCKS]);
	for (int i = 0; i < WAYS && !hit; i++) {
		struct slot *s = &slots[set][i];
		if (live(s, now) && memcmp(s->key, key, TOKEN_HASH_BYTES) == 0) {
			*out = s->principal;
			hit = true;
		}
	}
	pthread_mutex_unlock(&locks[set % LOCKS]);
	return hit;
}

void cache_put(const unsigned char key[TOKEN_HASH_BYTES], uint64_t gen, const struct principal *p)
{
	unsigned set = set_of(key);
	int64_t now = clock_now();
	if (gen != access_cache_generation())
		return;
	pthread_mutex_lock(&locks[set % LOCKS]);
	struct slot *to = &slots[set][0];
	for (int i = 0; i < WAYS; i++) {
		struct slot *s = &slots[set][i];
		if (memcmp(s->key, key, TOKEN_HASH_BYTES) == 0) {
			to = s;
			break;
		}
		if (live(to, now) && (!live(s, now) || s->at < to->at))
			to = s;
	}
	to->generation = gen;
	to->at = now;
	to->principal = *p;
	memcpy(to->key, key, TOKEN_HASH_BYTES);
	pthread_mutex_unlock(&locks[set % LOCKS]);
}

void cache_remove(const unsigned char key[TOKEN_HASH_BYTES])
{
	unsigned set = set_of(key);
	pthread_mutex_lock(&locks[set % LOCKS]);
	for (int i = 0; i < WAYS; i++)
		if (memcmp(slots[set][i].key, key, TOKEN_HASH_BYTES) == 0)
			slots[set][i].generation = 0;
	pthread_mutex_unlock(&locks[set % LOCKS]);
}

void access_cache_drop(void)
{
	atomic_fetch_add(&generation, 1);
}

static void drop_after_commit(void *unused)
{
	(void)unused;
	access_cache_drop();
}

enum result access_changed(struct db_tx *tx, int64_t ref, struct error *e)
{
	TRY(db_after_commit(tx, drop_after_commit, NULL, e));
	return feed_append(tx, FEED_ACCESS, 0, ref, e);
}

static enum result feed_apply(void *ctx, struct db *db, const struct feed_event *events, size_t count, struct error *e)
{
	(void)ctx, (void)db, (void)events, (void)count, (void)e;
	access_cache_drop();
	return OK;
}

const struct feed_process access_feed = { .name = "access", .topics = 1u << FEED_ACCESS, .apply = feed_apply };
