/* All records at once: blocks, scores on several threads, components, groups. The result does not depend on the order
 * of records nor on how many threads there are. */
#include "people/match_inside.h"

#define BLOCK_PARTS 256 /* pieces of work, of about as many pairs */
#define COMPONENT_PARTS 64
#define THREADS 2

struct resolving {
	const struct match_model *model;
	const struct match_bulk *in;
	struct blocks blocks;
	size_t part_from[BLOCK_PARTS + 1];
	struct links {
		struct link *list;
		size_t count, room;
		int64_t scored;
	} links[BLOCK_PARTS];
	/* components: members one after the other, canonical order of no account */
	int *members, *from, component_count, *place, *group;
	int absurd[COMPONENT_PARTS];
};

static enum result links_add(struct links *l, struct link link, struct error *e)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 4096;
		struct link *list = mem_realloc(l->list, room * sizeof(*list));

		if (!list)
			return error_nomem(e);
		l->list = list;
		l->room = room;
	}
	l->list[l->count++] = link;
	return OK;
}

static enum result score_run(struct resolving *r, struct links *l, size_t from, size_t to, struct error *e)
{
	const struct keyed *k = r->blocks.by_key;

	for (size_t x = from; x < to; x++)
		for (size_t y = x + 1; y < to; y++) {
			struct link link = { .a = (int)k[x].value, .b = (int)k[y].value };

			if (!blocks_first_shared(&r->blocks, k[x].value, k[y].value, k[from].key))
				continue;
			l->scored++;
			link.score = match_score(r->model, r->in->records[link.a], r->in->records[link.b], NULL, NULL);
			if (link.score >= r->model->component)
				TRY(links_add(l, link, e));
		}
	return OK;
}

static enum result score_part(void *arg, int part, struct error *e)
{
	struct resolving *r = arg;

	for (size_t i = r->part_from[part], end; i < r->part_from[part + 1]; i = end) {
		end = blocks_run(&r->blocks, i);
		if (end - i <= KEY_RUN_MAX)
			TRY(score_run(r, &r->links[part], i, end, e));
	}
	return OK;
}

/* Cuts the blocks into parts of about as many pairs. */
static void cut_parts(struct resolving *r, struct match_bulk_result *result)
{
	const struct blocks *b = &r->blocks;
	double all = 0, sum = 0;
	int part = 1;

	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0, end; i < b->count; i = end) {
			double pairs;

			end = blocks_run(b, i);
			pairs = end - i > KEY_RUN_MAX ? 0 : (double)(end - i) * (double)(end - i - 1) / 2;
			if (turn == 0) {
				all += pairs;
				result->crowded_keys += end - i > KEY_RUN_MAX;
				continue;
			}
			while (part < BLOCK_PARTS && sum >= all * part / BLOCK_PARTS)
				r->part_from[part++] = i;
			sum += pairs;
		}
	while (part <= BLOCK_PARTS)
		r->part_from[part++] = b->count;
}

/* Numbers the components of more than one record and lists their members. */
static enum result find_components(struct resolving *r, struct match_bulk_result *result, struct error *e)
{
	int n = r->in->record_count, at = 0;
	size_t bytes = (size_t)n * sizeof(int) + sizeof(int);
	int *parent = mem_alloc(bytes), *size = mem_calloc((size_t)n + 1, sizeof(int));

	r->members = mem_alloc(bytes);
	r->from = mem_alloc(bytes + sizeof(int));
	r->place = mem_alloc(bytes);
	if (!parent || !size || !r->members || !r->from || !r->place) {
		mem_free(parent);
		mem_free(size);
		return error_nomem(e);
	}
	for (int i = 0; i < n; i++)
		parent[i] = i;
	for (int p = 0; p < BLOCK_PARTS; p++) {
		for (size_t i = 0; i < r->links[p].count; i++)
			joined_unite(parent, r->links[p].list[i].a, r->links[p].list[i].b);
		result->links += (int64_t)r->links[p].count;
		result->pairs += r->links[p].scored;
	}
	for (int i = 0; i < r->in->must_count; i++)
		joined_unite(parent, r->in->must[i].a, r->in->must[i].b);
	for (int i = 0; i < n; i++)
		size[joined_find(parent, i)]++;
	for (int i = 0; i < n; i++) { /* place: of a root, where its next member goes; then the component's number */
		r->group[i] = i;
		if (parent[i] != i || size[i] < 2)
			continue;
		r->from[r->component_count++] = at;
		r->place[i] = at;
		at += size[i];
		result->largest_component = size[i] > result->largest_component ? size[i] : result->largest_component;
	}
	r->from[r->component_count] = at;
	for (int i = 0; i < n; i++) {
		int root = joined_find(parent, i);

		if (size[root] > 1)
			r->members[r->place[root]++] = i;
	}
	mem_free(parent);
	mem_free(size);
	return OK;
}

/* The decisions among a component's members, renumbered. */
static int pairs_within(const struct resolving *r, int component, const struct match_pair *all, int count,
                        struct match_pair *out)
{
	int n = 0;

	for (int i = 0; i < count; i++) {
		int a = r->place[all[i].a], b = r->place[all[i].b];
		int from = r->from[component], to = r->from[component + 1];

		if (a >= from && a < to && b >= from && b < to)
			out[n++] = (struct match_pair){ .a = a - from, .b = b - from };
	}
	return n;
}

/* A component too large to look at all pairs: its links are known already. */
static enum result cluster_large(struct resolving *r, int component, const struct match_component *c, int *group,
                                 bool *absurd, struct error *e)
{
	int from = r->from[component], to = r->from[component + 1];
	struct links own = { 0 };
	enum result result = OK;

	for (int p = 0; p < BLOCK_PARTS; p++)
		for (size_t i = 0; i < r->links[p].count && result == OK; i++) {
			struct link l = r->links[p].list[i];

			l.a = r->place[l.a] - from;
			l.b = r->place[l.b] - from;
			if (l.a >= 0 && l.a < to - from)
				result = links_add(&own, l, e);
		}
	if (result == OK)
		result = match_cluster_linked(r->model, c, own.list, own.count, group, absurd, e);
	mem_free(own.list);
	return result;
}

static enum result cluster_one(struct resolving *r, int component, struct match_record **records,
                               struct match_pair *pairs, int *group, bool *absurd, struct error *e)
{
	int from = r->from[component], n = r->from[component + 1] - from;
	struct match_component c = { .records = records, .record_count = n };

	for (int i = 0; i < n; i++)
		records[i] = r->in->records[r->members[from + i]];
	c.must = pairs;
	c.must_count = pairs_within(r, component, r->in->must, r->in->must_count, pairs);
	c.cannot = pairs + c.must_count;
	c.cannot_count = pairs_within(r, component, r->in->cannot, r->in->cannot_count, pairs + c.must_count);
	if (n > MATCH_COMPONENT_MAX)
		TRY(cluster_large(r, component, &c, group, absurd, e));
	else
		TRY(match_cluster(r->model, &c, group, absurd, e));
	for (int i = 0; i < n; i++)
		r->group[r->members[from + i]] = r->members[from + group[i]];
	return OK;
}

static enum result cluster_parts(void *arg, int part, struct error *e)
{
	struct resolving *r = arg;
	size_t most = 1;
	struct match_record **records;
	struct match_pair *pairs;
	enum result result = OK;
	int *group;

	for (int c = part; c < r->component_count; c += COMPONENT_PARTS)
		most = (size_t)(r->from[c + 1] - r->from[c]) > most ? (size_t)(r->from[c + 1] - r->from[c]) : most;
	records = mem_alloc(most * sizeof(*records));
	group = mem_alloc(most * sizeof(*group));
	pairs = mem_alloc(((size_t)r->in->must_count + (size_t)r->in->cannot_count) * sizeof(*pairs) + 1);
	if (!records || !group || !pairs)
		result = error_nomem(e);
	for (int c = part; c < r->component_count && result == OK; c += COMPONENT_PARTS) {
		bool absurd = false;

		result = cluster_one(r, c, records, pairs, group, &absurd, e);
		r->absurd[part] += absurd;
	}
	mem_free(records);
	mem_free(group);
	mem_free(pairs);
	return result;
}

static void tell(const struct match_bulk *in, const char *phase, int64_t done, int64_t of)
{
	if (in->progress)
		in->progress(in->arg, phase, done, of);
}

static enum result resolve(struct resolving *r, struct match_bulk_result *result, struct error *e)
{
	int threads = r->in->threads > 0 ? r->in->threads : THREADS;

	tell(r->in, "keys", 0, r->in->record_count);
	TRY(blocks_make(r->model, r->in->records, r->in->record_count, threads, &r->blocks, e));
	result->keys = (int64_t)r->blocks.count;
	cut_parts(r, result);
	tell(r->in, "scores", 0, result->keys);
	TRY(match_parallel(threads, BLOCK_PARTS, score_part, r, e));
	blocks_free(&r->blocks);
	TRY(find_components(r, result, e));
	for (int i = 0; i < r->in->record_count; i++)
		r->place[i] = -1;
	for (int i = 0; i < r->from[r->component_count]; i++)
		r->place[r->members[i]] = i;
	tell(r->in, "groups", 0, r->component_count);
	return match_parallel(threads, COMPONENT_PARTS, cluster_parts, r, e);
}

static void resolving_free(struct resolving *r)
{
	blocks_free(&r->blocks);
	for (int i = 0; i < BLOCK_PARTS; i++)
		mem_free(r->links[i].list);
	mem_free(r->members);
	mem_free(r->from);
	mem_free(r->place);
	mem_free(r->group);
	mem_free(r);
}

enum result links_find(const struct match_model *m, const struct match_bulk *in, struct link **out, size_t *count,
                       struct error *e)
{
	struct match_bulk_result unused = { 0 };
	struct resolving *r = mem_calloc(1, sizeof(*r));
	struct links all = { 0 };
	enum result res;

	if (!r)
		return error_nomem(e);
	r->model = m;
	r->in = in;
	res = blocks_make(m, in->records, in->record_count, in->threads, &r->blocks, e);
	if (res == OK) {
		cut_parts(r, &unused);
		res = match_parallel(in->threads, BLOCK_PARTS, score_part, r, e);
	}
	for (int p = 0; p < BLOCK_PARTS; p++)
		for (size_t i = 0; i < r->links[p].count && res == OK; i++)
			res = links_add(&all, r->links[p].list[i], e);
	resolving_free(r);
	if (res != OK) {
		mem_free(all.list);
		return res;
	}
	*out = all.list;
	*count = all.count;
	return OK;
}

static enum result tell_groups(const struct resolving *r, struct match_bulk_result *result, struct error *e)
{
	int *size = mem_calloc((size_t)r->in->record_count + 1, sizeof(int));

	if (!size)
		return error_nomem(e);
	for (int i = 0; i < r->in->record_count; i++)
		size[r->group[i]]++;
	for (int i = 0; i < r->in->record_count; i++) {
		result->groups += size[i] > 0;
		result->largest_group = size[i] > result->largest_group ? size[i] : result->largest_group;
	}
	for (int i = 0; i < COMPONENT_PARTS; i++)
		result->absurd_components += r->absurd[i];
	mem_free(size);
	return OK;
}

enum result match_resolve(const struct match_model *m, const struct match_bulk *in, int *group,
                          struct match_bulk_result *result, struct error *e)
{
	struct match_bulk_result here = { 0 };
	struct resolving *r = mem_calloc(1, sizeof(*r));
	enum result res;

	if (!r)
		return error_nomem(e);
	r->model = m;
	r->in = in;
	r->group = mem_alloc((size_t)in->record_count * sizeof(*r->group) + 1);
	res = r->group ? resolve(r, &here, e) : error_nomem(e);
	if (res == OK)
		res = tell_groups(r, &here, e);
	if (res == OK) {
		memcpy(group, r->group, (size_t)in->record_count * sizeof(*group));
		*result = here;
	}
	resolving_free(r);
	return res;
}
