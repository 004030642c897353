#include "base/map.h"

#define MAP_FIRST_CAPACITY 64

struct map_slot {
	int64_t key, value;
	bool used;
};

void map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

void map_free(struct map *m)
{
	mem_free(m->slots);
	map_init(m);
}

/* Ids differ in their high bits (time) and share low ones: mix before masking (Fibonacci hashing). */
static size_t map_slot_of(const struct map *m, int64_t key)
{
	uint64_t h = (uint64_t)key * 0x9e3779b97f4a7c15u;
	h ^= h >> 32;
	size_t i = (size_t)h & (m->capacity - 1);
	while (m->slots[i].used && m->slots[i].key != key)
		i = (i + 1) & (m->capacity - 1);
	return i;
}

bool map_get(const struct map *m, int64_t key, int64_t *value)
{
	if (m->capacity == 0)
		return false;
	const struct map_slot *s = &m->slots[map_slot_of(m, key)];
	if (s->used)
		*value = s->value;
	return s->used;
}

static enum result map_grow(struct map *m, struct error *e)
{
	struct map bigger = { .capacity = m->capacity ? m->capacity * 2 : MAP_FIRST_CAPACITY, .count = m->count };
	bigger.slots = mem_calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return error_nomem(e);
	for (size_t i = 0; i < m->capacity; i++)
		if (m->slots[i].used)
			bigger.slots[map_slot_of(&bigger, m->slots[i].key)] = m->slots[i];
	mem_free(m->slots);
	*m = bigger;
	return OK;
}

enum result map_put(struct map *m, int64_t key, int64_t value, struct error *e)
{
	if ((m->count + 1) * 4 > m->capacity * 3)
		TRY(map_grow(m, e));
	struct map_slot *s = &m->slots[map_slot_of(m, key)];
	if (!s->used)
		m->count++;
	*s = (struct map_slot){ .key = key, .value = value, .used = true };
	return OK;
}

bool map_next(const struct map *m, size_t *at, int64_t *key, int64_t *value)
{
	for (; *at < m->capacity; (*at)++)
		if (m->slots[*at].used) {
			*key = m->slots[*at].key;
			*value = m->slots[*at].value;
			(*at)++;
			return true;
		}
	return false;
}
