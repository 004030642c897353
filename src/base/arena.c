/* Arenas: a chain of blocks, each twice its predecessor up to a bound; an allocation moves a mark. */
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#define REDZONE 16 /* bytes between allocations, so that overruns inside a block are seen */
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define REDZONE 0
#endif

#define ALIGN 16
#define FIRST_BLOCK 4096
#define LARGEST_BLOCK (256 * 1024)
#define DEFAULT_LIMIT (64u * 1024 * 1024)
#define GROW_FIRST 16      /* elements of a list that grows */
#define GROW_FIRST_LARGE 4 /* of large ones: most lists of them stay short */
#define GROW_LARGE 128     /* bytes */

struct block {
	struct block *next; /* the older one */
	size_t size, mark;  /* bytes of data, bytes taken */
	_Alignas(ALIGN) char data[];
};

struct arena {
	struct block *newest, *first;
	size_t used, limit, grow;
};

static struct block *block_new(size_t size)
{
	struct block *b = mem_alloc(sizeof(*b) + size);

	if (!b)
		return NULL;
	b->next = NULL;
	b->size = size;
	b->mark = 0;
	POISON(b->data, size);
	return b;
}

static void block_free(struct block *b)
{
	UNPOISON(b->data, b->size);
	mem_free(b);
}

/* The arena itself lives at the start of its first block: one allocation for a small request. */
struct arena *arena_new(size_t limit)
{
	struct block *b = block_new(FIRST_BLOCK - sizeof(struct block));
	struct arena *a;

	if (!b)
		return NULL;
	UNPOISON(b->data, sizeof(struct arena));
	a = (struct arena *)b->data;
	b->mark = (sizeof(*a) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	*a = (struct arena){ .newest = b, .first = b, .limit = limit ? limit : DEFAULT_LIMIT, .grow = 2 * FIRST_BLOCK };
	return a;
}

static void free_newer(struct arena *a)
{
	struct block *b = a->newest, *first = a->first;

	while (b != first) {
		struct block *next = b->next;

		block_free(b);
		b = next;
	}
	a->newest = first;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_newer(a);
	block_free(a->first);
}

void arena_reset(struct arena *a)
{
	struct block *b = a->first;

	free_newer(a);
	b->mark = (sizeof(*a) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	POISON(b->data + b->mark, b->size - b->mark);
	a->used = 0;
	a->grow = 2 * FIRST_BLOCK;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

static struct block *block_for(struct arena *a, size_t need)
{
	struct block *b = a->newest;
	size_t size = a->grow - sizeof(*b);

	if (b->size - b->mark >= need)
		return b;
	b = block_new(need > size ? need : size);
	if (!b)
		return NULL;
	if (a->grow < LARGEST_BLOCK)
		a->grow *= 2;
	b->next = a->newest;
	a->newest = b;
	return b;
}

static void *take(struct arena *a, size_t size)
{
	size_t need;
	struct block *b;
	void *p;

	if (size > a->limit - a->used)
		return NULL;
	need = (size + REDZONE + (size == 0) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (need < size)
		return NULL;
	b = block_for(a, need);
	if (!b)
		return NULL;
	p = b->data + b->mark;
	b->mark += need;
	a->used += size;
	UNPOISON(p, size);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = take(a, size);

	return p ? memset(p, 0, size) : NULL;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(a, bytes);
}

bool arena_grow(struct arena *a, void *array, int count, int *cap, size_t size)
{
	void **p = array;
	size_t had = (size_t)count * size, bytes;
	char *more;

	if (count < *cap)
		return true;
	*cap = *cap ? *cap * 2 : size < GROW_LARGE ? GROW_FIRST : GROW_FIRST_LARGE;
	if (__builtin_mul_overflow((size_t)*cap, size, &bytes))
		return false;
	more = take(a, bytes);
	if (!more)
		return false;
	if (count)
		memcpy(more, *p, had);
	memset(more + had, 0, bytes - had);
	*p = more;
	return true;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = n < SIZE_MAX ? take(a, n + 1) : NULL;

	if (!copy)
		return NULL;
	if (n > 0)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	int n;
	char *p;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		return NULL;
	p = take(a, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(args, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	return p;
}
