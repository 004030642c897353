#include "base/mem.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* 0: the hook is off, and allocations are not counted (a shared counter would be a hot cache line). */
static _Atomic uint64_t fail_at;
static _Atomic uint64_t fail_count;

static bool must_fail(void)
{
	uint64_t at = atomic_load_explicit(&fail_at, memory_order_relaxed);

	if (__builtin_expect(at == 0, 1))
		return false;
	return atomic_fetch_add(&fail_count, 1) + 1 == at;
}

void mem_fail_nth(uint64_t nth)
{
	if (nth)
		atomic_store(&fail_count, 0);
	atomic_store(&fail_at, nth);
}

uint64_t mem_fail_count(void)
{
	return atomic_load(&fail_count);
}

void *mem_alloc(size_t size)
{
	if (must_fail())
		return NULL;
	return malloc(size ? size : 1);
}

void *mem_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (must_fail() || __builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return calloc(1, bytes ? bytes : 1);
}

void *mem_realloc(void *p, size_t size)
{
	if (must_fail())
		return NULL;
	return realloc(p, size ? size : 1);
}

char *mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = mem_alloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}

void mem_free(void *p)
{
	free(p);
}
