/* A hash map from int64 keys to int64 values: open addressing, grows by doubling, on the heap. Key 0 is allowed. */
#ifndef BYNAME_BASE_MAP_H
#define BYNAME_BASE_MAP_H

#include "base/mem.h"

struct map {
	struct map_slot *slots;
	size_t count, capacity; /* capacity: a power of two, or 0 before the first map_put() */
};

void map_init(struct map *m);
void map_free(struct map *m);
bool map_get(const struct map *m, int64_t key, int64_t *value);
/* ERR_NOMEM leaves the map as it was. */
MUST_CHECK enum result map_put(struct map *m, int64_t key, int64_t value, struct error *e);
/* Visits in no particular order: start with *at = 0; false at the end. */
bool map_next(const struct map *m, size_t *at, int64_t *key, int64_t *value);
#define MAP_AUTO __attribute__((cleanup(map_free)))

#endif
