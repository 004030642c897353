/* Memory: one allocation door, and arenas for what lives as long as one request or one transaction attempt. */
#ifndef BYNAME_BASE_MEM_H
#define BYNAME_BASE_MEM_H

#include "base/result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The door. NULL when memory is out (or a test says so). mem_free(NULL) is allowed. */
void *mem_alloc(size_t size) __attribute__((malloc));
void *mem_calloc(size_t count, size_t size) __attribute__((malloc)); /* overflow-checked, zeroed */
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);
void mem_free(void *p);

/* Test hook: the nth allocation of this process from now on fails (1 = the next one); 0 switches it off.
 * mem_fail_count() tells how many allocations were made while the hook was set; UINT64_MAX sets it only to count. */
void mem_fail_nth(uint64_t nth);
uint64_t mem_fail_count(void);

/* An arena hands out memory that is freed together. Not thread-safe; one owner at a time. */
struct arena;

/* limit: bytes that may be handed out in all (0: 64 MiB). NULL when memory is out. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *a);  /* NULL allowed */
void arena_reset(struct arena *a); /* gives everything back, keeps the first block */
size_t arena_used(const struct arena *a);

/* Zeroed, aligned for any type. NULL when memory or the arena's limit is out: the caller raises ERR_NOMEM. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size); /* overflow-checked */
/* Room for one more in *array (a pointer to elements; NULL at first), which has count and room for *cap: they double,
 * and old copies are left behind. False when memory is out. */
bool arena_grow(struct arena *a, void *array, int count, int *cap, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n); /* adds the final NUL */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* error_set() for "out of memory". */
enum result error_nomem(struct error *e);

/* Scope cleanup: `ARENA_AUTO struct arena *a = arena_new(0);` */
static inline void arena_cleanup_(struct arena **a)
{
	arena_free(*a);
}
#define ARENA_AUTO __attribute__((cleanup(arena_cleanup_)))

#endif
