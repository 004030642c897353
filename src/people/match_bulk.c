/* All records at once: pairs, components, groups. The result does not depend on the order of records nor on how many
 * threads there are. */
#include "people/match_pairs.h"

#define COMPONENT_PARTS 64
#define THREADS 2

struct resolving {
	const struct match_model *model;
	const struct match_bulk *in;
	struct link *links;
	size_t link_count;
	/* components: members one after the other, canonical order of no account */
	int *members, *from, component_count, *place, *group;
	int absurd[COMPONENT_PARTS];
};

enum result match_links(const struct match_model *m, const struct match_bulk *in, struct link **out, size_t *count,
                        struct match_bulk_result *result, struct error *e)
{
	struct match_roll roll = { .count = in->record_count,
		                   .records = (struct match_record **)in->records,
		                   .model = m };
	struct match_pairing how = {
		.holders_max = MATCH_KEY_HOLDERS_MAX, .threads = in->threads, .progress = in->progress, .arg = in->arg
	};
	struct match_pairs pairs;
	enum result r;

	TRY(match_pairs_make(&roll, &how, &pairs, e));
	r = match_pairs_links(&pairs, out, e);
	*count = (size_t)pairs.link_count;
	if (result) {
		result->keys = pairs.key_count;
		result->crowded_keys = pairs.crowded;
		result->pairs = pairs.scored;
		result->links = pairs.link_count;
	}
	match_pairs_free(&pairs);
	return r;
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
	for (size_t i = 0; i < r->link_count; i++)
		joined_unite(parent, r->links[i].a, r->links[i].b);
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
	size_t n = 0;
	struct link *own;
	enum result result;

	for (size_t i = 0; i < r->link_count; i++)
		n += r->place[r->links[i].a] >= from && r->place[r->links[i].a] < to;
	own = mem_alloc(n * sizeof(*own) + 1);
	if (!own)
		return error_nomem(e);
	n = 0;
	for (size_t i = 0; i < r->link_count; i++) {
		struct link l = r->links[i];

		l.a = r->place[l.a] - from;
		l.b = r->place[l.b] - from;
		if (l.a >= 0 && l.a < to - from)
			own[n++] = l;
	}
	result = match_cluster_linked(r->model, c, own, n, group, absurd, e);
	mem_free(own);
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

	TRY(match_links(r->model, r->in, &r->links, &r->link_count, result, e));
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
	mem_free(r->links);
	mem_free(r->members);
	mem_free(r->from);
	mem_free(r->place);
	mem_free(r->group);
	mem_free(r);
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
