#include "shop/cache.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "shop/shop.h"
#include <pthread.h>

/* A row that was made this short a time ago may belong to the transaction that reads it, which is yet to roll back: it
 * is not kept. Write transactions last a second at most. */
#define SETTLED_US (10 * USEC)
/* A reader on an older snapshot may keep a row that another process has just changed: it lives no longer than this. */
#define ROW_LIFE_US (30 * USEC)
#define CODE_BYTES 64

struct code_slot {
	char code[CODE_BYTES];
	int64_t id;
	uint64_t generation;
	unsigned code_bytes, blanks;
};
struct row_head {
	int64_t id, kept_at;
	uint64_t generation;
};
static struct cache {
	size_t code_slots, row_slots, row_bytes;
	struct code_slot *codes;
	char *rows; /* row_slots × (row_head, row) */
} caches[SHOP_KINDS] = {
	[SHOP_STORE] = { 4096, 1024, sizeof(struct store), NULL, NULL },
	[SHOP_ASSOCIATE] = { 16384, 4096, sizeof(struct associate), NULL, NULL },
	[SHOP_SKU] = { 65536, 16384, sizeof(struct sku), NULL, NULL },
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t generation_now = 1;

uint64_t shop_cache_generation(void)
{
	pthread_mutex_lock(&lock);
	uint64_t g = generation_now;
	pthread_mutex_unlock(&lock);
	return g;
}

void shop_cache_drop(void)
{
	pthread_mutex_lock(&lock);
	generation_now++;
	pthread_mutex_unlock(&lock);
}

static struct code_slot *code_slot(struct cache *c, struct str code)
{
	if (!c->codes)
		c->codes = mem_calloc(c->code_slots, sizeof(*c->codes));
	return c->codes ? &c->codes[hash64_str(code, 0) % c->code_slots] : NULL;
}

bool cache_code_find(enum shop_kind kind, struct str code, int64_t *id, unsigned *blanks)
{
	if (code.n > CODE_BYTES)
		return false;
	pthread_mutex_lock(&lock);
	struct code_slot *s = code_slot(&caches[kind], code);
	bool hit = s && s->generation == generation_now && s->code_bytes == code.n && !memcmp(s->code, code.p, code.n);
	if (hit) {
		*id = s->id;
		*blanks = s->blanks;
	}
	pthread_mutex_unlock(&lock);
	return hit;
}

void cache_code_keep(enum shop_kind kind, struct str code, int64_t id, unsigned blanks, uint64_t generation)
{
	if (code.n > CODE_BYTES || clock_now() - id_time_us(id) < SETTLED_US)
		return;
	pthread_mutex_lock(&lock);
	struct code_slot *s = code_slot(&caches[kind], code);
	if (s && generation == generation_now) {
		memcpy(s->code, code.p, code.n);
		s->code_bytes = (unsigned)code.n;
		s->id = id;
		s->blanks = blanks;
		s->generation = generation;
	}
	pthread_mutex_unlock(&lock);
}

static struct row_head *row_slot(struct cache *c, int64_t id)
{
	size_t stride = sizeof(struct row_head) + (c->row_bytes + 7) / 8 * 8;
	if (!c->rows)
		c->rows = mem_calloc(c->row_slots, stride);
	return c->rows ? (struct row_head *)(c->rows + (hash64(&id, sizeof(id), 0) % c->row_slots) * stride) : NULL;
}

bool cache_row_find(enum shop_kind kind, int64_t id, void *out)
{
	int64_t now = clock_monotonic();
	pthread_mutex_lock(&lock);
	struct row_head *h = row_slot(&caches[kind], id);
	bool hit = h && h->id == id && h->generation == generation_now && now - h->kept_at < ROW_LIFE_US;
	if (hit)
		memcpy(out, h + 1, caches[kind].row_bytes);
	pthread_mutex_unlock(&lock);
	return hit;
}

void cache_row_keep(enum shop_kind kind, int64_t id, const void *row, struct cache_look look)
{
	if (!look.committed && clock_now() - id_time_us(id) < SETTLED_US)
		return;
	int64_t now = clock_monotonic();
	pthread_mutex_lock(&lock);
	struct row_head *h = row_slot(&caches[kind], id);
	if (h && look.generation == generation_now) {
		h->id = id;
		h->kept_at = now;
		h->generation = look.generation;
		memcpy(h + 1, row, caches[kind].row_bytes);
	}
	pthread_mutex_unlock(&lock);
}
