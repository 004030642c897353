#include "base/id.h"
#include "base/clock.h"
#include "base/hash.h"
#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>

#define EPOCH_MS 1577836800000LL /* 2020-01-01 */
#define SEQUENCE_BITS 3
#define NODE_BITS 7
#define BUCKET_BITS 12
#define TICK_SHIFT (NODE_BITS + BUCKET_BITS)
#define MAX_TICK ((1LL << (63 - TICK_SHIFT)) - 1)
#define DIGITS 13

/* A tick is an eighth of a millisecond: time and sequence in one number. The last tick given out, for each bucket. */
static _Atomic int64_t last_tick[ID_BUCKETS];
static _Atomic int64_t least_tick = 1; /* id 0 means "none" */
static _Atomic int node_number;

static int64_t tick_of_us(int64_t us)
{
	int64_t ms = us / 1000 - EPOCH_MS;

	return ms < 0 ? 0 : ms << SEQUENCE_BITS;
}

void id_set_node(int node, int64_t not_before_us)
{
	int64_t least = tick_of_us(not_before_us) + (1 << SEQUENCE_BITS);

	assert(node >= 0 && node < ID_NODES);
	atomic_store(&node_number, node);
	atomic_store(&least_tick, least);
}

int64_t id_new(unsigned bucket)
{
	int64_t tick = tick_of_us(clock_now());
	int64_t least = atomic_load_explicit(&least_tick, memory_order_relaxed);
	int64_t last, next;

	assert(bucket < ID_BUCKETS);
	if (tick < least)
		tick = least;
	last = atomic_load_explicit(&last_tick[bucket], memory_order_relaxed);
	do
		next = tick > last ? tick : last + 1;
	while (!atomic_compare_exchange_weak(&last_tick[bucket], &last, next));
	assert(next <= MAX_TICK);
	return next << TICK_SHIFT | (int64_t)atomic_load_explicit(&node_number, memory_order_relaxed) << BUCKET_BITS |
	       (int64_t)bucket;
}

int64_t id_new_random(void)
{
	return id_new(randombytes_uniform(ID_BUCKETS));
}

int64_t id_time_us(int64_t id)
{
	return ((id >> (TICK_SHIFT + SEQUENCE_BITS)) + EPOCH_MS) * 1000;
}

int64_t id_first_at(int64_t us)
{
	return tick_of_us(us) << TICK_SHIFT;
}

unsigned bucket_of(struct str a, struct str b)
{
	/* hash64 begins with the length, so the chain tells ("ab", "c") from ("a", "bc") */
	return (unsigned)(hash64_str(b, hash64_str(a, 0)) % ID_BUCKETS);
}

static const char prefixes[ID_KINDS][4] = {
	[ID_CUSTOMER] = "cus",  [ID_RECORD] = "rec",     [ID_HOUSEHOLD] = "hsh",  [ID_TOUCHPOINT] = "tch",
	[ID_FACT] = "fct",      [ID_NOTE] = "nte",       [ID_ORDER] = "ord",      [ID_STORE] = "sto",
	[ID_ASSOCIATE] = "asc", [ID_PRODUCT] = "prd",    [ID_SKU] = "sku",        [ID_USER] = "usr",
	[ID_APIKEY] = "key",    [ID_JOB] = "job",        [ID_DEADLETTER] = "ded", [ID_DECISION] = "dec",
	[ID_RECIPIENT] = "rcp", [ID_NOMINATION] = "nom", [ID_HOLD] = "hld",       [ID_TRANSFER] = "trf",
	[ID_COUNT] = "cnt",     [ID_DELIVERY] = "dlv",   [ID_WAITING] = "wtg",    [ID_REVIEW] = "orv",
	[ID_PARKED] = "prk",    [ID_WEBHOOK] = "whk",    [ID_SENDING] = "whd",
};

const char *id_prefix(enum id_kind kind)
{
	assert((unsigned)kind < ID_KINDS);
	return prefixes[kind];
}

void id_format(char out[ID_TEXT_BYTES], enum id_kind kind, int64_t id)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* no i l o u */
	uint64_t v = (uint64_t)id;

	assert(id >= 0);
	memcpy(out, id_prefix(kind), 3);
	out[3] = '_';
	for (int i = DIGITS - 1; i >= 0; i--, v >>= 5)
		out[4 + i] = digits[v & 31];
	out[4 + DIGITS] = '\0';
}

static int digit_of(char c)
{
	static const signed char letters[26] = { 10, 11, 12, 13, 14, 15, 16, 17, -1, 18, 19, -1, 20,
		                                 21, -1, 22, 23, 24, 25, 26, -1, 27, 28, 29, 30, 31 };

	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return letters[c - 'a'];
	if (c >= 'A' && c <= 'Z')
		return letters[c - 'A'];
	return -1;
}

bool id_parse(struct str s, enum id_kind kind, int64_t *id)
{
	uint64_t v = 0;

	if (s.n != 4 + DIGITS || memcmp(s.p, id_prefix(kind), 3) != 0 || s.p[3] != '_')
		return false;
	if (digit_of(s.p[4]) > 7) /* 13 digits hold 65 bits, an id has 63 */
		return false;
	for (size_t i = 4; i < s.n; i++) {
		int digit = digit_of(s.p[i]);

		if (digit < 0)
			return false;
		v = v << 5 | (uint64_t)digit;
	}
	if (v == 0)
		return false;
	*id = (int64_t)v;
	return true;
}
