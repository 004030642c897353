/* A segment of the search index: customers, immutable but for who is dead and for standings. search_*.c only.
 *
 * Customers are numbered by slots, in the order of (bucket of id, id). Names and postcodes are tokens of one
 * dictionary, a trie in preorder; postings of tokens stand in token order, so that a prefix is one slice. Phones are
 * two sorted arrays (from the front, from the back); e-mails and loyalty numbers are sorted texts. */
#ifndef BYNAME_PEOPLE_SEARCH_SEGMENT_H
#define BYNAME_PEOPLE_SEARCH_SEGMENT_H

#include "people/search.h"
#include <stdatomic.h>

#define TOKEN_MAX 40       /* bytes of a token */
#define DOC_TOKENS_MAX 64  /* of one customer */
#define DOC_KEYS_MAX 64    /* phones, e-mails, loyalty numbers of one customer, each */
#define POSTCODE_MARK '\1' /* first byte of a token that is a postcode: before all letters */
#define PHONE_DIGITS 15    /* of E.164; keys are padded with zeros on the right */

/* One customer as the index sees it. */
struct doc {
	int64_t customer;
	int token_count, phone_count, email_count, loyalty_count;
	char tokens[DOC_TOKENS_MAX][TOKEN_MAX + 1];
	uint64_t phones[DOC_KEYS_MAX];                              /* digits of E.164 as a number */
	const char *emails[DOC_KEYS_MAX], *loyalties[DOC_KEYS_MAX]; /* borrowed */
};

/* What breaks ties, in one word: associate and store as numbers of the search's tables (0: none), the day, and spend as
 * 8 · log2 of major units. */
static inline uint64_t standing_pack(uint16_t associate, uint16_t store, uint16_t day, uint8_t spend)
{
	return (uint64_t)associate << 48 | (uint64_t)store << 32 | (uint64_t)day << 16 | spend;
}
static inline uint16_t standing_associate(uint64_t standing)
{
	return (uint16_t)(standing >> 48);
}
static inline uint16_t standing_store(uint64_t standing)
{
	return (uint16_t)(standing >> 32);
}
static inline uint16_t standing_day(uint64_t standing)
{
	return (uint16_t)(standing >> 16);
}
static inline uint8_t standing_spend(uint64_t standing)
{
	return (uint8_t)standing;
}

/* Sorted texts, each with its slot. */
struct keyset {
	char *blob; /* NUL-terminated one after another */
	uint32_t *at, *slot;
	uint32_t count;
	size_t blob_size;
};

struct dict {
	uint32_t count, nodes, name_token,
	        name_node; /* tokens and nodes from here on are names, before them postcodes */
	char *blob;
	uint32_t *at; /* count + 1 */
	uint8_t *label, *depth;
	uint32_t *end, *token; /* the node after the subtree; the first token in it */
};

struct segment {
	atomic_int refs;
	uint32_t count;
	atomic_uint dead_count;
	int64_t *customer;
	_Atomic uint64_t *standing;
	_Atomic uint64_t *dead; /* a bit a slot */
	struct dict dict;
	uint32_t *posting_at, *posting; /* by token; slots ascending */
	uint32_t *forward_at;           /* by slot; token ids ascending, as varint differences */
	uint8_t *forward;
	uint64_t *phone, *phone_back;
	uint32_t *phone_slot, *phone_back_slot, phone_count;
	struct keyset emails, loyalties;
	uint64_t *letters; /* 26 bitmaps of slots with a token of that first letter; NULL in a small segment */
	size_t bytes;
};

static inline size_t words_of(uint32_t slots)
{
	return ((size_t)slots + 63) / 64;
}
static inline bool slot_dead(const struct segment *s, uint32_t slot)
{
	return atomic_load_explicit(&s->dead[slot / 64], memory_order_relaxed) >> (slot % 64) & 1;
}
static inline const char *dict_token(const struct dict *d, uint32_t token, size_t *n)
{
	*n = d->at[token + 1] - d->at[token];
	return d->blob + d->at[token];
}
static inline uint64_t customer_order(int64_t id) /* (bucket, id) as one number */
{
	return (uint64_t)id_bucket(id) << 52 | (uint64_t)id >> 12;
}

/* Keys of phones: as 15 digits from the front (times 16, plus the length), or from the back. */
static inline uint64_t phone_front(uint64_t number)
{
	uint64_t left = number;
	int length = PHONE_DIGITS;

	for (; left && left < 100000000000000ull; length--)
		left *= 10;
	return left * 16 + (uint64_t)length;
}
static inline uint64_t phone_number(uint64_t front)
{
	uint64_t number = front / 16;

	for (uint64_t length = front % 16; length < PHONE_DIGITS; length++)
		number /= 10;
	return number;
}
static inline uint64_t phone_back(uint64_t number)
{
	uint64_t back = 0;

	for (int i = 0; i < PHONE_DIGITS; i++, number /= 10)
		back = back * 10 + number % 10;
	return back;
}

struct segment_builder;
struct segment_builder *builder_new(void); /* NULL: memory */
void builder_free(struct segment_builder *b);
/* In ascending customer_order(). false: memory. */
bool builder_add(struct segment_builder *b, const struct doc *d);
/* All that live in these segments, in one; remap[i] (segment i's count long) gets the new slots, UINT32_MAX: dead. */
bool builder_merge(struct segment_builder *b, struct segment *const *segments, int count, uint32_t **remap);
/* Frees the builder. NULL: memory. One reference. */
struct segment *builder_finish(struct segment_builder *b);

struct segment *segment_ref(struct segment *s);
void segment_unref(struct segment *s);                                        /* NULL allowed */
bool segment_find(const struct segment *s, int64_t customer, uint32_t *slot); /* also dead ones */
void segment_kill(struct segment *s, uint32_t slot);
/* Token ids of a slot; at most DOC_TOKENS_MAX. */
int segment_tokens(const struct segment *s, uint32_t slot, uint32_t out[DOC_TOKENS_MAX]);
void segment_digest(const struct segment *s, uint64_t sum[2]);

/* The trie of sorted, distinct tokens already in d->blob, d->at, d->count. false: memory. */
bool dict_build(struct dict *d);
void dict_free(struct dict *d);
size_t dict_bytes(const struct dict *d);

/* Tokens [lo, hi) are within k edits (of the word, or with prefix of its beginning). Sorted, disjoint. */
struct token_range {
	uint32_t lo, hi;
	uint8_t k;
};
#define RANGES_MAX 8192
/* All tokens within k (≤ 3) edits of the word (optimal string alignment); with prefix also those that begin so. */
int dict_fuzzy(const struct dict *d, struct str word, int k, bool prefix, struct token_range *out, int max);
/* Tokens beginning with these bytes, whatever they are. */
struct token_range dict_prefix(const struct dict *d, struct str bytes);

#endif
