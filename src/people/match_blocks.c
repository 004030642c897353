/* Records by their keys. */
#include "people/match_inside.h"

#define PART 4096 /* records whose keys one thread makes at a time */

struct making {
	const struct match_model *model;
	struct match_record *const *records;
	int count;
	uint64_t **keys; /* of each part, one after the other */
	size_t *counts;  /* of each record */
};

static enum result make_part(void *arg, int part, struct error *e)
{
	struct making *mk = arg;
	int from = part * PART, to = from + PART < mk->count ? from + PART : mk->count;
	size_t n = 0, room = (size_t)(to - from) * 16;
	uint64_t *keys = mem_alloc(room * sizeof(*keys));

	if (!keys)
		return error_nomem(e);
	for (int i = from; i < to; i++) {
		if (n + MATCH_KEYS_MAX > room) {
			uint64_t *more = mem_realloc(keys, (room * 2 + MATCH_KEYS_MAX) * sizeof(*keys));

			if (!more) {
				mem_free(keys);
				return error_nomem(e);
			}
			keys = more;
			room = room * 2 + MATCH_KEYS_MAX;
		}
		mk->counts[i] = (size_t)match_keys(mk->model, mk->records[i], keys + n);
		n += mk->counts[i];
	}
	mk->keys[part] = keys;
	return OK;
}

static enum result collect(const struct making *mk, struct blocks *b, struct error *e)
{
	size_t n = 0;

	b->start = mem_alloc(((size_t)mk->count + 1) * sizeof(*b->start));
	if (!b->start)
		return error_nomem(e);
	for (int i = 0; i < mk->count; i++) {
		b->start[i] = n;
		n += mk->counts[i];
	}
	b->start[mk->count] = b->count = n;
	b->keys = mem_alloc(n * sizeof(*b->keys) + 1);
	b->by_key = mem_alloc(n * sizeof(*b->by_key) + 1);
	if (!b->keys || !b->by_key)
		return error_nomem(e);
	for (int i = 0; i < mk->count; i++) {
		const uint64_t *from = mk->keys[i / PART] + (b->start[i] - b->start[i / PART * PART]);

		for (size_t j = 0; j < mk->counts[i]; j++) {
			b->keys[b->start[i] + j] = from[j];
			b->by_key[b->start[i] + j] = (struct keyed){ .key = from[j], .value = (uint32_t)i };
		}
	}
	return keyed_sort(b->by_key, n, e);
}

enum result blocks_make(const struct match_model *m, struct match_record *const *records, int count, int threads,
                        struct blocks *b, struct error *e)
{
	int parts = (count + PART - 1) / PART;
	struct making mk = { .model = m, .records = records, .count = count };
	enum result r = OK;

	*b = (struct blocks){ 0 };
	mk.keys = mem_calloc((size_t)parts + 1, sizeof(*mk.keys));
	mk.counts = mem_calloc((size_t)count + 1, sizeof(*mk.counts));
	if (!mk.keys || !mk.counts)
		r = error_nomem(e);
	if (r == OK)
		r = match_parallel(threads, parts, make_part, &mk, e);
	if (r == OK)
		r = collect(&mk, b, e);
	for (int i = 0; i < parts && mk.keys; i++)
		mem_free(mk.keys[i]);
	mem_free(mk.keys);
	mem_free(mk.counts);
	if (r != OK)
		blocks_free(b);
	return r;
}

void blocks_free(struct blocks *b)
{
	mem_free(b->keys);
	mem_free(b->start);
	mem_free(b->by_key);
	*b = (struct blocks){ 0 };
}

bool blocks_first_shared(const struct blocks *b, uint32_t x, uint32_t y, uint64_t key)
{
	const uint64_t *p = b->keys + b->start[x], *q = b->keys + b->start[y];

	for (;;) { /* both have the key: the loop ends there at the latest */
		if (*p == *q)
			return *p == key;
		if (*p < *q)
			p++;
		else
			q++;
	}
}

size_t blocks_run(const struct blocks *b, size_t i)
{
	size_t end = i;

	while (end < b->count && b->by_key[end].key == b->by_key[i].key)
		end++;
	return end;
}

int joined_find(int *parent, int i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

bool joined_unite(int *parent, int a, int b)
{
	a = joined_find(parent, a);
	b = joined_find(parent, b);
	if (a == b)
		return false;
	if (a < b)
		parent[b] = a;
	else
		parent[a] = b;
	return true;
}
