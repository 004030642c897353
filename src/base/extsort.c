#include "base/extsort.h"
#include "base/hash.h"
#include "base/tempfile.h"
#include <pthread.h>

#define BLOCK_BYTES ((size_t)16 << 10)
#define PART_BITS 8

struct block {
	char *memory;  /* NULL: in the file */
	uint64_t from; /* there */
	uint64_t check;
	size_t count;
};

struct part {
	struct block *blocks;
	size_t count, room, elements;
};

struct extsort {
	size_t size, memory, used, per_block; /* elements a block */
	int shift;                            /* from the first four bytes to the part */
	uint64_t count;
	struct tempfile *file;
	pthread_mutex_t lock;
	struct part parts[EXTSORT_PARTS];
};

enum result extsort_new(size_t size, uint32_t below, size_t memory, const char *folder, struct extsort **out,
                        struct error *e)
{
	struct extsort *x = mem_calloc(1, sizeof(*x));
	enum result r;

	if (!x)
		return error_nomem(e);
	x->size = size;
	x->memory = memory;
	x->per_block = BLOCK_BYTES / size;
	x->shift = 32 - PART_BITS;
	while (x->shift > 0 && below && (below - 1) >> (x->shift - 1) < EXTSORT_PARTS)
		x->shift--;
	r = tempfile_new(folder, &x->file, e);
	if (r != OK) {
		mem_free(x);
		return r;
	}
	pthread_mutex_init(&x->lock, NULL);
	*out = x;
	return OK;
}

void extsort_free(struct extsort *x)
{
	if (!x)
		return;
	for (int i = 0; i < EXTSORT_PARTS; i++) {
		for (size_t k = 0; k < x->parts[i].count; k++)
			mem_free(x->parts[i].blocks[k].memory);
		mem_free(x->parts[i].blocks);
	}
	tempfile_free(x->file);
	pthread_mutex_destroy(&x->lock);
	mem_free(x);
}

uint64_t extsort_count(const struct extsort *x)
{
	return x->count;
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

static uint64_t check_of(const void *p, size_t n)
{
	return hash64(p, n, n);
}

static enum result block_list(struct extsort *x, int part, struct block b, struct error *e)
{
	struct part *p = &x->parts[part];
	enum result r = OK;

	pthread_mutex_lock(&x->lock);
	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 8;
		struct block *blocks = mem_realloc(p->blocks, room * sizeof(*blocks));

		if (blocks) {
			p->blocks = blocks;
			p->room = room;
		} else {
			r = error_nomem(e);
		}
	}
	if (r == OK) {
		p->blocks[p->count++] = b;
		p->elements += b.count;
		x->count += b.count;
	}
	pthread_mutex_unlock(&x->lock);
	return r;
}

static enum result block_end(struct extsort_writer *w, int part, struct error *e)
{
	struct extsort *x = w->sort;
	size_t bytes = w->used[part] * x->size;
	struct block b = { .count = w->used[part] };
	bool memory;

	pthread_mutex_lock(&x->lock);
	memory = x->used + bytes <= x->memory;
	x->used += memory ? bytes : 0;
	pthread_mutex_unlock(&x->lock);
	if (memory) {
		b.memory = mem_realloc(w->blocks[part], bytes);
		if (!b.memory)
			return error_nomem(e);
		w->blocks[part] = b.memory;
	} else {
		b.check = check_of(w->blocks[part], bytes);
		TRY(tempfile_write(x->file, w->blocks[part], bytes, &b.from, e));
	}
	TRY(block_list(x, part, b, e));
	if (memory)
		w->blocks[part] = NULL;
	w->used[part] = 0;
	return OK;
}

static int part_of(const struct extsort *x, const unsigned char *p)
{
	uint32_t first = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	return (int)(first >> x->shift);
}

enum result extsort_add(struct extsort_writer *w, const void *element, struct error *e)
{
	struct extsort *x = w->sort;
	int part = part_of(x, element);

	if (!w->blocks[part]) {
		w->blocks[part] = mem_alloc(x->per_block * x->size);
		if (!w->blocks[part])
			return error_nomem(e);
	}
	memcpy(w->blocks[part] + w->used[part] * x->size, element, x->size);
	return ++w->used[part] == x->per_block ? block_end(w, part, e) : OK;
}

enum result extsort_done(struct extsort_writer *w, struct error *e)
{
	enum result r = OK;

	for (int i = 0; i < EXTSORT_PARTS && r == OK; i++)
		if (w->used[i])
			r = block_end(w, i, e);
	extsort_drop(w);
	return r;
}

void extsort_drop(struct extsort_writer *w)
{
	for (int i = 0; i < EXTSORT_PARTS; i++) {
		mem_free(w->blocks[i]);
		w->blocks[i] = NULL;
		w->used[i] = 0;
	}
}

/* ---- Sorting a part ---------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void radix(const char *from, char *to, size_t count, size_t size,
                                                        size_t byte, const size_t counts[256])
{
	size_t at[256], sum = 0;

	for (int i = 0; i < 256; i++) {
		at[i] = sum;
		sum += counts[i];
	}
	for (size_t i = 0; i < count; i++)
		memcpy(to + at[(unsigned char)from[i * size + byte]]++ * size, from + i * size, size);
}

/* The lowest byte first, stable; where all have the same byte there is nothing to do. */
static enum result part_sort(char **p, size_t count, size_t size, struct error *e)
{
	size_t(*counts)[256] = mem_calloc(size, sizeof(*counts));
	char *to = mem_alloc(count * size), *from = *p;

	if (!counts || !to) {
		mem_free(counts);
		mem_free(to);
		return error_nomem(e);
	}
	for (size_t i = 0; i < count; i++)
		for (size_t b = 0; b < size; b++)
			counts[b][(unsigned char)from[i * size + b]]++;
	for (size_t b = size; b-- > 0;) {
		char *spare = from;

		if (counts[b][(unsigned char)from[b]] == count)
			continue;
		if (size == 8) /* the compiler knows how to copy these */
			radix(from, to, count, 8, b, counts[b]);
		else if (size == 12)
			radix(from, to, count, 12, b, counts[b]);
		else
			radix(from, to, count, size, b, counts[b]);
		from = to;
		to = spare;
	}
	*p = from;
	mem_free(to);
	mem_free(counts);
	return OK;
}

static enum result part_read(const struct extsort *x, const struct part *p, char *to, struct error *e)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct block *b = &p->blocks[i];
		size_t bytes = b->count * x->size;

		if (b->memory) {
			memcpy(to, b->memory, bytes);
		} else {
			TRY(tempfile_read(x->file, b->from, to, bytes, e));
			if (check_of(to, bytes) != b->check)
				return tempfile_damaged(e);
		}
		to += bytes;
	}
	return OK;
}

enum result extsort_part(const struct extsort *x, int part, void **elements, size_t *count, struct error *e)
{
	const struct part *p = &x->parts[part];
	char *all;
	enum result r;

	*count = 0;
	*elements = NULL;
	if (!p->elements)
		return OK;
	all = mem_alloc(p->elements * x->size);
	if (!all)
		return error_nomem(e);
	r = part_read(x, p, all, e);
	if (r == OK)
		r = part_sort(&all, p->elements, x->size, e);
	if (r != OK) {
		mem_free(all);
		return r;
	}
	*elements = all;
	*count = p->elements;
	return OK;
}
