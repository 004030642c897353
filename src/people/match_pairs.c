#include "people/match_pairs.h"
#include <stdlib.h>

#define PARTS 256 /* pieces of work, of about as many pairs */
#define ROUNDS 32 /* between two of them progress is told */
#define THREADS 2

struct pairing {
	const struct match_model *model;
	const struct match_bulk *in;
	struct blocks *blocks;
	size_t holders_max;
	uint64_t *crowded; /* ascending */
	size_t crowded_count;
	size_t part_from[PARTS + 1];
	int first_part;
	struct found {
		struct link *list;
		size_t count, room;
		int64_t scored;
	} found[PARTS];
};

static bool is_crowded(const struct pairing *p, uint64_t key)
{
	size_t low = 0, high = p->crowded_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->crowded[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->crowded_count && p->crowded[low] == key;
}

/* Whether this is the first key that brings both together: a pair is scored once. */
static bool first_shared(const struct pairing *p, uint32_t x, uint32_t y, uint64_t key)
{
	const uint64_t *k = p->blocks->keys + p->blocks->start[x], *l = p->blocks->keys + p->blocks->start[y];

	for (;;) { /* both have the key: the loop ends there at the latest */
		if (*k < *l) {
			k++;
		} else if (*k > *l) {
			l++;
		} else if (*k == key) {
			return true;
		} else if (!is_crowded(p, *k)) {
			return false;
		} else {
			k++;
			l++;
		}
	}
}

static enum result found_add(struct found *f, struct link link, struct error *e)
{
	if (f->count == f->room) {
		size_t room = f->room ? 2 * f->room : 1024;
		struct link *list = mem_realloc(f->list, room * sizeof(*list));

		if (!list)
			return error_nomem(e);
		f->list = list;
		f->room = room;
	}
	f->list[f->count++] = link;
	return OK;
}

static enum result run_score(struct pairing *p, struct found *f, size_t from, size_t to, struct error *e)
{
	const struct keyed *k = p->blocks->by_key;
	int threshold = match_component_threshold(p->model);

	for (size_t x = from; x < to; x++)
		for (size_t y = x + 1; y < to; y++) { /* values ascend within a key */
			struct link link = { .a = (int)k[x].value, .b = (int)k[y].value };

			if (!first_shared(p, k[x].value, k[y].value, k[from].key))
				continue;
			f->scored++;
			link.score = match_score(p->model, p->in->records[link.a], p->in->records[link.b], NULL, NULL);
			if (link.score >= threshold)
				TRY(found_add(f, link, e));
		}
	return OK;
}

static enum result part_score(void *arg, int index, struct error *e)
{
	struct pairing *p = arg;
	int part = p->first_part + index;

	for (size_t i = p->part_from[part], end; i < p->part_from[part + 1]; i = end) {
		end = blocks_run(p->blocks, i);
		if (end - i <= p->holders_max)
			TRY(run_score(p, &p->found[part], i, end, e));
	}
	return OK;
}

/* Cuts the keys into parts of about as many pairs; lists those that are crowded. */
static enum result parts_cut(struct pairing *p, struct error *e)
{
	const struct blocks *b = p->blocks;
	double all = 0, sum = 0;
	int part = 1;

	for (size_t i = 0, end; i < b->count; i = end) {
		end = blocks_run(b, i);
		p->crowded_count += end - i > p->holders_max;
		all += end - i > p->holders_max ? 0 : (double)(end - i) * (double)(end - i - 1) / 2;
	}
	p->crowded = mem_alloc((p->crowded_count + 1) * sizeof(*p->crowded));
	if (!p->crowded)
		return error_nomem(e);
	p->crowded_count = 0;
	for (size_t i = 0, end; i < b->count; i = end) {
		end = blocks_run(b, i);
		while (part < PARTS && sum >= all * part / PARTS)
			p->part_from[part++] = i;
		if (end - i > p->holders_max)
			p->crowded[p->crowded_count++] = b->by_key[i].key;
		else
			sum += (double)(end - i) * (double)(end - i - 1) / 2;
	}
	while (part <= PARTS)
		p->part_from[part++] = b->count;
	return OK;
}

static int by_sides(const void *x, const void *y)
{
	const struct link *a = x, *b = y;

	return a->a != b->a ? (a->a > b->a) - (a->a < b->a) : (a->b > b->b) - (a->b < b->b);
}

static enum result found_join(struct pairing *p, struct match_pairs *out, struct error *e)
{
	size_t n = 0;

	for (int i = 0; i < PARTS; i++)
		n += p->found[i].count;
	out->links = mem_alloc(n * sizeof(*out->links) + 1);
	if (!out->links)
		return error_nomem(e);
	for (int i = 0; i < PARTS; i++) {
		if (p->found[i].count)
			memcpy(out->links + out->link_count, p->found[i].list, p->found[i].count * sizeof(*out->links));
		out->link_count += p->found[i].count;
		out->scored += p->found[i].scored;
		mem_free(p->found[i].list);
		p->found[i].list = NULL;
	}
	qsort(out->links, n, sizeof(*out->links), by_sides);
	return OK;
}

static void tell(const struct match_bulk *in, const char *phase, int64_t done, int64_t of)
{
	if (in->progress)
		in->progress(in->arg, phase, done, of);
}

static enum result pairs_find(struct pairing *p, struct match_pairs *out, struct error *e)
{
	int threads = p->in->threads > 0 ? p->in->threads : THREADS;

	tell(p->in, "keys", 0, p->in->record_count);
	TRY(blocks_make(p->model, p->in->records, p->in->record_count, threads, p->blocks, e));
	TRY(parts_cut(p, e));
	for (; p->first_part < PARTS; p->first_part += PARTS / ROUNDS) {
		tell(p->in, "scores", p->first_part, PARTS);
		TRY(match_parallel(threads, PARTS / ROUNDS, part_score, p, e));
	}
	tell(p->in, "scores", PARTS, PARTS);
	out->crowded = (int64_t)p->crowded_count;
	return found_join(p, out, e);
}

enum result match_pairs_make(const struct match_model *m, const struct match_bulk *in, int holders_max,
                             struct match_pairs *out, struct error *e)
{
	struct match_pairs made = { 0 };
	struct pairing *p = mem_calloc(1, sizeof(*p));
	enum result r;

	if (!p)
		return error_nomem(e);
	p->model = m;
	p->in = in;
	p->blocks = &made.blocks;
	p->holders_max = (size_t)holders_max;
	r = pairs_find(p, &made, e);
	for (int i = 0; i < PARTS; i++)
		mem_free(p->found[i].list);
	mem_free(p->crowded);
	mem_free(p);
	if (r == OK)
		*out = made;
	else
		match_pairs_free(&made);
	return r;
}

void match_pairs_free(struct match_pairs *p)
{
	blocks_free(&p->blocks);
	mem_free(p->links);
	*p = (struct match_pairs){ 0 };
}
