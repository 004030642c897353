/* Makes a segment: of documents as they come, or of segments that are to be one. */
#include "people/search_segment.h"
#include "base/hash.h"
#include <stdlib.h>

#define LETTERS_FROM 20000 /* customers from which on bitmaps of first letters pay */

struct phone_entry {
	uint64_t number;
	uint32_t slot;
};
struct key_entry {
	uint32_t at, slot;
};
struct key_list {
	char *blob;
	struct key_entry *entries;
	size_t blob_size, blob_cap, count, cap;
};

/* Growing arrays; failed stays set. */
struct segment_builder {
	bool failed;
	int64_t *customer;
	uint64_t *standing;
	uint32_t *token_at; /* by slot, into tokens */
	uint32_t *tokens;   /* numbers in order of appearance */
	struct phone_entry *phones;
	struct key_list emails, loyalties;
	char *words; /* the distinct tokens, NUL-terminated */
	uint32_t *word_at, *table;
	size_t count, cap, token_count, token_cap, phone_count, phone_cap, word_count, word_cap, words_size, words_cap,
	        table_size;
};

static bool room_for(struct segment_builder *b, void *array, size_t count, size_t *cap, size_t size)
{
	void **p = array;
	void *more;
	size_t next = *cap ? *cap + *cap / 2 + 64 : 256;

	if (count < *cap)
		return true;
	while (next <= count)
		next += next / 2;
	more = b->failed ? NULL : mem_realloc(*p, next * size);
	if (!more) {
		b->failed = true;
		return false;
	}
	*p = more;
	*cap = next;
	return true;
}

struct segment_builder *builder_new(void)
{
	return mem_calloc(1, sizeof(struct segment_builder));
}

static void lists_free(struct key_list *l)
{
	mem_free(l->blob);
	mem_free(l->entries);
}

void builder_free(struct segment_builder *b)
{
	if (!b)
		return;
	mem_free(b->customer);
	mem_free(b->standing);
	mem_free(b->token_at);
	mem_free(b->tokens);
	mem_free(b->phones);
	lists_free(&b->emails);
	lists_free(&b->loyalties);
	mem_free(b->words);
	mem_free(b->word_at);
	mem_free(b->table);
	mem_free(b);
}

/* ---- Distinct words ---------------------------------------------------------------------------------------------- */

static bool table_grow(struct segment_builder *b)
{
	size_t size = b->table_size ? b->table_size * 2 : 1024;
	uint32_t *table = b->failed ? NULL : mem_calloc(size, sizeof(*table));

	if (!table) {
		b->failed = true;
		return false;
	}
	for (size_t w = 0; w < b->word_count; w++) {
		const char *s = b->words + b->word_at[w];
		size_t at = hash64(s, strlen(s), 0) & (size - 1);

		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = (uint32_t)w + 1;
	}
	mem_free(b->table);
	b->table = table;
	b->table_size = size;
	return true;
}

static uint32_t word_number(struct segment_builder *b, const char *s, size_t n)
{
	size_t at;

	if (b->word_count * 2 >= b->table_size && !table_grow(b))
		return 0;
	for (at = hash64(s, n, 0) & (b->table_size - 1); b->table[at]; at = (at + 1) & (b->table_size - 1)) {
		const char *w = b->words + b->word_at[b->table[at] - 1];

		if (strncmp(w, s, n) == 0 && w[n] == '\0')
			return b->table[at] - 1;
	}
	if (!room_for(b, &b->words, b->words_size + n + 1, &b->words_cap, 1) ||
	    !room_for(b, &b->word_at, b->word_count, &b->word_cap, sizeof(*b->word_at)))
		return 0;
	memcpy(b->words + b->words_size, s, n);
	b->words[b->words_size + n] = '\0';
	b->word_at[b->word_count] = (uint32_t)b->words_size;
	b->words_size += n + 1;
	b->table[at] = (uint32_t)++b->word_count;
	return (uint32_t)b->word_count - 1;
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

static bool slot_add(struct segment_builder *b, int64_t customer, uint64_t standing)
{
	size_t cap = b->cap;
	bool ok = true;

	/* one capacity for all: each grows from the same old one */
	ok = ok && room_for(b, &b->standing, b->count + 1, &(size_t){ cap }, sizeof(*b->standing));
	ok = ok && room_for(b, &b->token_at, b->count + 1, &(size_t){ cap }, sizeof(*b->token_at));
	ok = ok && room_for(b, &b->customer, b->count + 1, &b->cap, sizeof(*b->customer));
	if (!ok)
		return false;
	b->customer[b->count] = customer;
	b->standing[b->count] = standing;
	b->token_at[b->count++] = (uint32_t)b->token_count;
	b->token_at[b->count] = (uint32_t)b->token_count;
	return true;
}

static void token_add(struct segment_builder *b, uint32_t word)
{
	for (size_t i = b->token_at[b->count - 1]; i < b->token_count; i++)
		if (b->tokens[i] == word)
			return;
	if (!room_for(b, &b->tokens, b->token_count, &b->token_cap, sizeof(*b->tokens)))
		return;
	b->tokens[b->token_count++] = word;
	b->token_at[b->count] = (uint32_t)b->token_count;
}

static void phone_add(struct segment_builder *b, uint64_t number, uint32_t slot)
{
	if (room_for(b, &b->phones, b->phone_count, &b->phone_cap, sizeof(*b->phones)))
		b->phones[b->phone_count++] = (struct phone_entry){ number, slot };
}

static void key_add(struct segment_builder *b, struct key_list *l, const char *text, uint32_t slot)
{
	size_t n = strlen(text) + 1;

	if (!room_for(b, &l->blob, l->blob_size + n, &l->blob_cap, 1) ||
	    !room_for(b, &l->entries, l->count, &l->cap, sizeof(*l->entries)))
		return;
	memcpy(l->blob + l->blob_size, text, n);
	l->entries[l->count++] = (struct key_entry){ (uint32_t)l->blob_size, slot };
	l->blob_size += n;
}

bool builder_add(struct segment_builder *b, const struct doc *d)
{
	uint32_t slot = (uint32_t)b->count;

	if (!slot_add(b, d->customer, 0))
		return false;
	for (int i = 0; i < d->token_count; i++)
		token_add(b, word_number(b, d->tokens[i], strlen(d->tokens[i])));
	for (int i = 0; i < d->phone_count; i++)
		phone_add(b, d->phones[i], slot);
	for (int i = 0; i < d->email_count; i++)
		key_add(b, &b->emails, d->emails[i], slot);
	for (int i = 0; i < d->loyalty_count; i++)
		key_add(b, &b->loyalties, d->loyalties[i], slot);
	return !b->failed;
}

static void keyset_merge(struct segment_builder *b, struct key_list *l, const struct keyset *k, const uint32_t *remap)
{
	for (uint32_t i = 0; i < k->count; i++)
		if (remap[k->slot[i]] != UINT32_MAX)
			key_add(b, l, k->blob + k->at[i], remap[k->slot[i]]);
}

#define MERGE_MAX 64

/* The segment whose next living customer comes first; -1: all are done. */
static int merge_next(struct segment *const *segments, int count, uint32_t *at, uint32_t **remap)
{
	int first = -1;

	for (int i = 0; i < count; i++) {
		while (at[i] < segments[i]->count && slot_dead(segments[i], at[i]))
			remap[i][at[i]++] = UINT32_MAX;
		if (at[i] < segments[i]->count &&
		    (first < 0 || customer_order(segments[i]->customer[at[i]]) <
		                          customer_order(segments[first]->customer[at[first]])))
			first = i;
	}
	return first;
}

bool builder_merge(struct segment_builder *b, struct segment *const *segments, int count, uint32_t **remap)
{
	uint32_t at[MERGE_MAX] = { 0 }, *number[MERGE_MAX] = { NULL }, tokens[DOC_TOKENS_MAX];
	int i;

	if (count > MERGE_MAX)
		return false;
	for (i = 0; i < count; i++) { /* the words' new numbers + 1, found when first needed */
		number[i] = mem_calloc((size_t)segments[i]->dict.count + 1, sizeof(uint32_t));
		b->failed = b->failed || !number[i];
	}
	while (!b->failed && (i = merge_next(segments, count, at, remap)) >= 0) {
		struct segment *s = segments[i];
		int n = segment_tokens(s, at[i], tokens);

		if (!slot_add(b, s->customer[at[i]], s->standing[at[i]]))
			break;
		for (int t = 0; t < n; t++) {
			uint32_t *known = &number[i][tokens[t]];
			size_t length;

			if (!*known) {
				const char *text = dict_token(&s->dict, tokens[t], &length);

				*known = word_number(b, text, length) + 1;
			}
			token_add(b, *known - 1);
		}
		remap[i][at[i]++] = (uint32_t)b->count - 1;
	}
	for (i = 0; i < count; i++) {
		const struct segment *s = segments[i];

		mem_free(number[i]);
		if (b->failed)
			continue;
		for (uint32_t p = 0; p < s->phone_count; p++)
			if (remap[i][s->phone_slot[p]] != UINT32_MAX)
				phone_add(b, phone_number(s->phone[p]), remap[i][s->phone_slot[p]]);
		keyset_merge(b, &b->emails, &s->emails, remap[i]);
		keyset_merge(b, &b->loyalties, &s->loyalties, remap[i]);
	}
	return !b->failed;
}

/* ---- Finishing --------------------------------------------------------------------------------------------------- */

static void *take(struct segment_builder *b, size_t count, size_t size)
{
	void *p = b->failed ? NULL : mem_calloc(count ? count : 1, size);

	b->failed = b->failed || !p;
	return p;
}

static int by_word(const void *x, const void *y, void *arg)
{
	const struct segment_builder *b = arg;

	return strcmp(b->words + b->word_at[*(const uint32_t *)x], b->words + b->word_at[*(const uint32_t *)y]);
}

/* Sorts the words; rank[number] is the token. */
static void dict_make(struct segment_builder *b, struct dict *d, uint32_t *rank)
{
	uint32_t *order = take(b, b->word_count, sizeof(*order));
	size_t n = 0;

	d->at = take(b, b->word_count + 1, sizeof(*d->at));
	d->blob = take(b, b->words_size + 1, 1);
	if (b->failed) {
		mem_free(order);
		return;
	}
	for (size_t i = 0; i < b->word_count; i++)
		order[i] = (uint32_t)i;
	if (b->word_count)
		qsort_r(order, b->word_count, sizeof(*order), by_word, b);
	for (size_t i = 0; i < b->word_count; i++) {
		const char *s = b->words + b->word_at[order[i]];
		size_t length = strlen(s);

		rank[order[i]] = (uint32_t)i;
		d->at[i] = (uint32_t)n;
		memcpy(d->blob + n, s, length);
		n += length;
	}
	d->at[b->word_count] = (uint32_t)n;
	d->count = (uint32_t)b->word_count;
	mem_free(order);
	b->failed = !dict_build(d);
}

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static void forward_write(struct segment *s, const uint32_t *tokens, uint32_t n, uint32_t *at)
{
	uint32_t was = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = tokens[i] - was;

		was = tokens[i];
		for (; v >= 0x80; v >>= 7)
			s->forward[(*at)++] = (uint8_t)(v | 0x80);
		s->forward[(*at)++] = (uint8_t)v;
	}
}

static void tokens_make(struct segment_builder *b, struct segment *s)
{
	uint32_t *rank = take(b, b->word_count, sizeof(*rank)), at = 0, bytes = 0;

	if (rank)
		dict_make(b, &s->dict, rank);
	s->posting_at = take(b, b->word_count + 2, sizeof(*s->posting_at));
	s->posting = take(b, b->token_count, sizeof(*s->posting));
	s->forward_at = take(b, b->count + 1, sizeof(*s->forward_at));
	if (b->failed) {
		mem_free(rank);
		return;
	}
	for (size_t i = 0; i < b->token_count; i++) {
		b->tokens[i] = rank[b->tokens[i]];
		s->posting_at[b->tokens[i] + 2]++;
	}
	mem_free(rank);
	for (size_t i = 2; i < b->word_count + 2; i++)
		s->posting_at[i] += s->posting_at[i - 1];
	for (size_t slot = 0; slot < b->count; slot++) {
		uint32_t *t = b->tokens + b->token_at[slot], n = b->token_at[slot + 1] - b->token_at[slot];

		if (n)
			qsort(t, n, sizeof(*t), by_number);
		for (uint32_t i = 0, was = 0; i < n; was = t[i++]) {
			uint32_t v = t[i] - was;

			s->posting[s->posting_at[t[i] + 1]++] = (uint32_t)slot;
			bytes += v < 1u << 7 ? 1 : v < 1u << 14 ? 2 : v < 1u << 21 ? 3 : v < 1u << 28 ? 4 : 5;
		}
	}
	s->forward = take(b, bytes, 1);
	if (b->failed)
		return;
	for (size_t slot = 0; slot < b->count; slot++) {
		s->forward_at[slot] = at;
		forward_write(s, b->tokens + b->token_at[slot], b->token_at[slot + 1] - b->token_at[slot], &at);
	}
	s->forward_at[b->count] = at;
	s->bytes += dict_bytes(&s->dict) + b->token_count * 4 + b->word_count * 4 + b->count * 4 + bytes;
}

static int by_phone(const void *x, const void *y)
{
	const struct phone_entry *a = x, *b = y;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->slot > b->slot) - (a->slot < b->slot);
}

static void phones_sorted(struct segment_builder *b, uint64_t *number, uint32_t *slot)
{
	if (b->phone_count)
		qsort(b->phones, b->phone_count, sizeof(*b->phones), by_phone);
	for (size_t i = 0; i < b->phone_count; i++) {
		number[i] = b->phones[i].number;
		slot[i] = b->phones[i].slot;
	}
}

static void phones_make(struct segment_builder *b, struct segment *s)
{
	s->phone_count = (uint32_t)b->phone_count;
	s->phone = take(b, b->phone_count, sizeof(*s->phone));
	s->phone_back = take(b, b->phone_count, sizeof(*s->phone_back));
	s->phone_slot = take(b, b->phone_count, sizeof(*s->phone_slot));
	s->phone_back_slot = take(b, b->phone_count, sizeof(*s->phone_back_slot));
	if (b->failed)
		return;
	for (size_t i = 0; i < b->phone_count; i++)
		b->phones[i].number = phone_front(b->phones[i].number);
	phones_sorted(b, s->phone, s->phone_slot);
	for (size_t i = 0; i < b->phone_count; i++)
		b->phones[i].number = phone_back(phone_number(b->phones[i].number));
	phones_sorted(b, s->phone_back, s->phone_back_slot);
	s->bytes += b->phone_count * 24;
}

static int by_key(const void *x, const void *y, void *arg)
{
	const struct key_entry *a = x, *b = y;
	const char *blob = arg;
	int c = strcmp(blob + a->at, blob + b->at);

	return c ? c : (a->slot > b->slot) - (a->slot < b->slot);
}

static void keyset_make(struct segment_builder *b, struct key_list *l, struct keyset *k, size_t *bytes)
{
	size_t n = 0;

	k->count = (uint32_t)l->count;
	k->blob_size = l->blob_size;
	k->blob = take(b, l->blob_size, 1);
	k->at = take(b, l->count, sizeof(*k->at));
	k->slot = take(b, l->count, sizeof(*k->slot));
	if (b->failed)
		return;
	if (l->count)
		qsort_r(l->entries, l->count, sizeof(*l->entries), by_key, l->blob);
	for (size_t i = 0; i < l->count; i++) { /* the texts in their order too: neighbours share a cache line */
		size_t length = strlen(l->blob + l->entries[i].at) + 1;

		memcpy(k->blob + n, l->blob + l->entries[i].at, length);
		k->at[i] = (uint32_t)n;
		k->slot[i] = l->entries[i].slot;
		n += length;
	}
	*bytes += l->count * 8 + l->blob_size;
}

static void letters_make(struct segment_builder *b, struct segment *s)
{
	size_t words = words_of(s->count);

	if (s->count < LETTERS_FROM)
		return;
	s->letters = take(b, 26 * words, sizeof(*s->letters));
	if (b->failed)
		return;
	for (uint32_t t = s->dict.name_token; t < s->dict.count; t++) {
		unsigned letter = (unsigned char)s->dict.blob[s->dict.at[t]] - (unsigned)'a';

		for (uint32_t i = s->posting_at[t]; letter < 26 && i < s->posting_at[t + 1]; i++)
			s->letters[letter * words + s->posting[i] / 64] |= 1ull << (s->posting[i] % 64);
	}
	s->bytes += 26 * words * 8;
}

static void standings_make(struct segment_builder *b, struct segment *s)
{
	s->customer = b->customer;
	s->standing = (_Atomic uint64_t *)b->standing;
	b->customer = NULL;
	b->standing = NULL;
	s->dead = take(b, words_of(s->count) + 1, sizeof(*s->dead));
	s->bytes += (size_t)s->count * 16 + words_of(s->count) * 8;
}

struct segment *builder_finish(struct segment_builder *b)
{
	struct segment *s = mem_calloc(1, sizeof(*s));

	if (!s || b->failed) {
		mem_free(s);
		builder_free(b);
		return NULL;
	}
	atomic_init(&s->refs, 1);
	s->count = (uint32_t)b->count;
	tokens_make(b, s);
	if (!b->failed)
		phones_make(b, s);
	if (!b->failed)
		keyset_make(b, &b->emails, &s->emails, &s->bytes);
	if (!b->failed)
		keyset_make(b, &b->loyalties, &s->loyalties, &s->bytes);
	if (!b->failed)
		letters_make(b, s);
	if (!b->failed)
		standings_make(b, s);
	if (b->failed) {
		segment_unref(s);
		s = NULL;
	}
	builder_free(b);
	return s;
}
