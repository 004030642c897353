#include "people/match_pairs.h"
#include <endian.h>
#include <stdlib.h>

#define ROUND 8 /* parts between two words of progress */
#define THREADS 2
#define SIGN ((uint64_t)1 << 63)
/* Of the memory allowed: the keys by record, and by key, and the pairs. */
#define KEYS_SHARE 4
#define HOLDERS_SHARE 2
#define SIDES_SHARE 4

/* As they are sorted: numbers with the highest byte first. */
struct holder_bytes {
	uint64_t key; /* with the sign turned over */
	uint32_t record;
} __attribute__((packed, aligned(4)));
struct side_bytes {
	uint32_t a, b, score;
};
_Static_assert(sizeof(struct holder_bytes) == sizeof(struct keyed), "they take each other's place");
_Static_assert(sizeof(struct side_bytes) == sizeof(struct link), "they take each other's place");

struct pairing {
	const struct match_roll *roll;
	const struct match_pairing *how;
	struct match_pairs *out;
	int threads, first_part;
	uint64_t *crowded; /* ascending, as signed numbers */
	size_t crowded_count;
	struct part {
		uint64_t *crowded;
		size_t crowded_count;
		struct link *links;
		size_t link_count, link_room;
		int64_t scored;
	} parts[EXTSORT_PARTS];
};

static void tell(const struct pairing *p, const char *phase, int64_t done, int64_t of)
{
	if (p->how->progress)
		p->how->progress(p->how->arg, phase, done, of);
}

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

struct key_writers {
	struct spool_writer keys;
	struct extsort_writer holders;
};

static enum result keys_write(const struct roll_part *p, struct key_writers *w, struct arena *a, struct error *e)
{
	const struct pairing *pairing = p->arg;

	for (int i = p->from; i < p->to; i++) {
		uint64_t keys[MATCH_KEYS_MAX];
		struct match_record *r;
		int n;

		arena_reset(a);
		TRY(match_roll_get(p->roll, i, a, &r, e));
		n = match_keys(p->roll->model, r, keys);
		TRY(spool_write(&w->keys, (struct str){ (const char *)keys, (size_t)n * sizeof(keys[0]) },
		                &pairing->out->keys_at[i], e));
		for (int k = 0; k < n; k++)
			TRY(extsort_add(&w->holders,
			                &(struct holder_bytes){ htobe64(keys[k] ^ SIGN), htobe32((uint32_t)i) }, e));
	}
	TRY(spool_done(&w->keys, e));
	return extsort_done(&w->holders, e);
}

static enum result keys_part(const struct roll_part *p, struct error *e)
{
	const struct pairing *pairing = p->arg;
	ARENA_AUTO struct arena *a = arena_new(0);
	struct key_writers *w = mem_calloc(1, sizeof(*w));
	enum result r;

	if (!a || !w) {
		mem_free(w);
		return error_nomem(e);
	}
	w->keys.spool = pairing->out->keys;
	w->holders.sort = pairing->out->by_key;
	r = keys_write(p, w, a, e);
	spool_drop(&w->keys);
	extsort_drop(&w->holders);
	mem_free(w);
	return r;
}

enum result match_pairs_keys(const struct match_pairs *p, int i, struct arena *a, const uint64_t **keys, int *count,
                             struct error *e)
{
	struct str blob;

	TRY(spool_read(p->keys, p->keys_at[i], a, &blob, e));
	*keys = (const uint64_t *)(const void *)blob.p;
	*count = (int)(blob.n / sizeof(**keys));
	return OK;
}

enum result match_pairs_holders(const struct match_pairs *p, int part, struct keyed **out, size_t *count,
                                struct error *e)
{
	void *elements;
	struct keyed *k;

	TRY(extsort_part(p->by_key, part, &elements, count, e));
	k = *out = elements;
	for (size_t i = 0; i < *count; i++) {
		k[i].key = be64toh(k[i].key) ^ SIGN;
		k[i].value = be32toh(k[i].value);
	}
	return OK;
}

static size_t run_end(const struct keyed *k, size_t n, size_t i)
{
	size_t end = i;

	while (end < n && k[end].key == k[i].key)
		end++;
	return end;
}

/* ---- Crowded keys ------------------------------------------------------------------------------------------------ */

static enum result crowded_part(void *arg, int index, struct error *e)
{
	struct pairing *p = arg;
	struct part *part = &p->parts[index];
	struct keyed *k;
	size_t n, found = 0, most = (size_t)p->how->holders_max;

	TRY(match_pairs_holders(p->out, index, &k, &n, e));
	for (size_t i = 0, end; i < n; i = end) {
		end = run_end(k, n, i);
		if (end - i > most)
			k[found++] = k[i]; /* what lies there was looked at */
	}
	part->crowded = found ? mem_alloc(found * sizeof(*part->crowded)) : NULL;
	for (size_t i = 0; i < found && part->crowded; i++)
		part->crowded[i] = k[i].key;
	part->crowded_count = part->crowded ? found : 0;
	mem_free(k);
	return found && !part->crowded ? error_nomem(e) : OK;
}

static enum result crowded_find(struct pairing *p, struct error *e)
{
	size_t n = 0;

	TRY(match_parallel(p->threads, EXTSORT_PARTS, crowded_part, p, e));
	for (int i = 0; i < EXTSORT_PARTS; i++)
		n += p->parts[i].crowded_count;
	p->crowded = mem_alloc(n * sizeof(*p->crowded) + 1);
	if (!p->crowded)
		return error_nomem(e);
	for (int i = 0; i < EXTSORT_PARTS; i++)
		for (size_t k = 0; k < p->parts[i].crowded_count; k++)
			p->crowded[p->crowded_count++] = p->parts[i].crowded[k];
	p->out->crowded = (int64_t)n;
	return OK;
}

static bool is_crowded(const struct pairing *p, uint64_t key)
{
	size_t low = 0, high = p->crowded_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((int64_t)p->crowded[mid] < (int64_t)key)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->crowded_count && p->crowded[low] == key;
}

/* ---- Scores ------------------------------------------------------------------------------------------------------ */

struct holder {
	struct match_record *record;
	const uint64_t *keys;
	int index, key_count;
};

/* Whether this is the first key that brings both together: a pair is scored once. */
static bool first_shared(const struct pairing *p, const struct holder *x, const struct holder *y, uint64_t key)
{
	const uint64_t *k = x->keys, *l = y->keys;

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

static enum result found_add(struct part *f, struct link link, struct error *e)
{
	if (f->link_count == f->link_room) {
		size_t room = f->link_room ? 2 * f->link_room : 1024;
		struct link *list = mem_realloc(f->links, room * sizeof(*list));

		if (!list)
			return error_nomem(e);
		f->links = list;
		f->link_room = room;
	}
	f->links[f->link_count++] = link;
	return OK;
}

static enum result run_score(const struct pairing *p, struct part *f, const struct holder *h, int n, uint64_t key,
                             struct error *e)
{
	const struct match_model *m = p->roll->model;
	int threshold = match_component_threshold(m);

	for (int x = 0; x < n; x++)
		for (int y = x + 1; y < n; y++) { /* records ascend within a key */
			struct link link = { .a = h[x].index, .b = h[y].index };

			if (!first_shared(p, &h[x], &h[y], key))
				continue;
			if (y + 2 < n)
				match_record_fetch(h[y + 2].record);
			f->scored++;
			link.score = match_score(m, h[x].record, h[y].record, NULL, NULL);
			if (link.score >= threshold)
				TRY(found_add(f, link, e));
		}
	return OK;
}

static enum result runs_score(const struct pairing *p, struct part *f, const struct keyed *k, size_t n,
                              struct holder *h, struct arena *a, struct error *e)
{
	for (size_t i = 0, end; i < n; i = end) {
		end = run_end(k, n, i);
		if (end - i < 2 || end - i > (size_t)p->how->holders_max)
			continue;
		arena_reset(a);
		for (size_t x = i; x < end; x++) {
			struct holder *to = &h[x - i];

			to->index = (int)k[x].value;
			TRY(match_roll_get(p->roll, to->index, a, &to->record, e));
			TRY(match_pairs_keys(p->out, to->index, a, &to->keys, &to->key_count, e));
		}
		TRY(run_score(p, f, h, (int)(end - i), k[i].key, e));
	}
	return OK;
}

static enum result part_score(void *arg, int index, struct error *e)
{
	struct pairing *p = arg;
	ARENA_AUTO struct arena *a = arena_new(0);
	struct holder *h = mem_alloc((size_t)p->how->holders_max * sizeof(*h) + 1);
	struct keyed *k = NULL;
	enum result r = a && h ? OK : error_nomem(e);
	size_t n;

	if (r == OK)
		r = match_pairs_holders(p->out, p->first_part + index, &k, &n, e);
	if (r == OK)
		r = runs_score(p, &p->parts[p->first_part + index], k, n, h, a, e);
	mem_free(k);
	mem_free(h);
	return r;
}

static enum result sides_write(struct extsort_writer *w, struct part *f, struct error *e)
{
	for (size_t i = 0; i < f->link_count; i++) {
		uint32_t a = htobe32((uint32_t)f->links[i].a), b = htobe32((uint32_t)f->links[i].b);
		uint32_t score = htobe32((uint32_t)f->links[i].score);

		TRY(extsort_add(w, &(struct side_bytes){ a, b, score }, e));
		TRY(extsort_add(w, &(struct side_bytes){ b, a, score }, e));
	}
	mem_free(f->links);
	f->links = NULL;
	return OK;
}

static enum result scores_make(struct pairing *p, struct extsort_writer *w, struct error *e)
{
	for (; p->first_part < EXTSORT_PARTS; p->first_part += ROUND) {
		tell(p, "scores", p->first_part, EXTSORT_PARTS);
		TRY(match_parallel(p->threads, ROUND, part_score, p, e));
		for (int i = p->first_part; i < p->first_part + ROUND; i++) {
			p->out->scored += p->parts[i].scored;
			p->out->link_count += (int64_t)p->parts[i].link_count;
			TRY(sides_write(w, &p->parts[i], e));
		}
	}
	tell(p, "scores", EXTSORT_PARTS, EXTSORT_PARTS);
	return extsort_done(w, e);
}

enum result match_pairs_sides(const struct match_pairs *p, int part, struct link **out, size_t *count, struct error *e)
{
	void *elements;
	struct link *l;

	TRY(extsort_part(p->sides, part, &elements, count, e));
	l = *out = elements;
	for (size_t i = 0; i < *count; i++) {
		l[i].a = (int)be32toh((uint32_t)l[i].a);
		l[i].b = (int)be32toh((uint32_t)l[i].b);
		l[i].score = (int)be32toh((uint32_t)l[i].score);
	}
	return OK;
}

enum result match_pairs_links(const struct match_pairs *p, struct link **out, struct error *e)
{
	struct link *all = mem_alloc((size_t)p->link_count * sizeof(*all) + 1);
	size_t n = 0;

	if (!all)
		return error_nomem(e);
	for (int part = 0; part < EXTSORT_PARTS; part++) {
		struct link *sides;
		size_t count;
		enum result r = match_pairs_sides(p, part, &sides, &count, e);

		if (r != OK) {
			mem_free(all);
			return r;
		}
		for (size_t i = 0; i < count; i++)
			if (sides[i].a < sides[i].b)
				all[n++] = sides[i];
		mem_free(sides);
	}
	*out = all;
	return OK;
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

static enum result pairs_find(struct pairing *p, struct extsort_writer *w, struct error *e)
{
	struct match_pairs *out = p->out;
	size_t memory = p->how->memory ? p->how->memory : SIZE_MAX;
	const char *folder = p->how->folder;
	int n = p->roll->count;

	out->keys_at = mem_alloc((size_t)n * sizeof(*out->keys_at) + 1);
	if (!out->keys_at)
		return error_nomem(e);
	TRY(spool_new(folder, memory / KEYS_SHARE, &out->keys, e));
	TRY(extsort_new(sizeof(struct holder_bytes), 0, memory / HOLDERS_SHARE, folder, &out->by_key, e));
	TRY(extsort_new(sizeof(struct side_bytes), (uint32_t)n, memory / SIDES_SHARE, folder, &out->sides, e));
	tell(p, "keys", 0, n);
	TRY(match_roll_each(p->roll, p->threads, keys_part, p, e));
	out->key_count = (int64_t)extsort_count(out->by_key);
	TRY(crowded_find(p, e));
	w->sort = out->sides;
	return scores_make(p, w, e);
}

enum result match_pairs_make(const struct match_roll *roll, const struct match_pairing *how, struct match_pairs *out,
                             struct error *e)
{
	struct match_pairs made = { 0 };
	struct pairing *p = mem_calloc(1, sizeof(*p));
	struct extsort_writer *w = mem_calloc(1, sizeof(*w));
	enum result r = p && w ? OK : error_nomem(e);

	if (r == OK) {
		p->roll = roll;
		p->how = how;
		p->out = &made;
		p->threads = how->threads > 0 ? how->threads : THREADS;
		r = pairs_find(p, w, e);
		extsort_drop(w);
		for (int i = 0; i < EXTSORT_PARTS; i++) {
			mem_free(p->parts[i].links);
			mem_free(p->parts[i].crowded);
		}
		mem_free(p->crowded);
	}
	mem_free(w);
	mem_free(p);
	if (r == OK)
		*out = made;
	else
		match_pairs_free(&made);
	return r;
}

void match_pairs_free(struct match_pairs *p)
{
	spool_free(p->keys);
	extsort_free(p->by_key);
	extsort_free(p->sides);
	mem_free(p->keys_at);
	*p = (struct match_pairs){ 0 };
}
