/* Who is one person in a component, by scores: the groups that identifiers and decisions made are kept together, those
 * that decisions or different accounts divide stay apart, and the engine says which of them are one. */
#include "people/internal.h"
#include "people/match.h"

struct apart {
	struct match_pair *pairs;
	int count, cap;
};

static enum result pair_add(struct arena *a, struct apart *list, int x, int y, struct error *e)
{
	if (!arena_grow(a, &list->pairs, list->count, &list->cap, sizeof(*list->pairs)))
		return error_nomem(e);
	list->pairs[list->count++] = (struct match_pair){ x, y };
	return OK;
}

/* A ban that a newer merge by hand overrode divides nobody any more: those are in one group already. */
static enum result bans_add(const struct component *c, struct arena *a, struct apart *cannot, struct error *e)
{
	for (int i = 0; i < c->in.ban_count; i++) {
		const struct part_ban *b = &c->in.bans[i];

		for (int l = 0; l < b->left_count; l++)
			for (int r = 0; r < b->right_count; r++)
				if (c->group[b->left[l]] != c->group[b->right[r]])
					TRY(pair_add(a, cannot, b->left[l], b->right[r], e));
	}
	return OK;
}

enum result component_match(struct db_tx *tx, const struct match_model *model, struct component *c, struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	int n = c->in.record_count, found = 0;
	struct match_record **all, **records;
	int *at, *place, *group;
	int64_t *ids;
	struct apart must = { 0 }, cannot = { 0 };

	if (n < 2)
		return OK;
	if (!a)
		return error_nomem(e);
	all = arena_array(a, (size_t)n, sizeof(*all));
	records = arena_array(a, (size_t)n, sizeof(*records));
	at = arena_array(a, (size_t)n, sizeof(*at));
	place = arena_array(a, (size_t)n, sizeof(*place));
	group = arena_array(a, (size_t)n, sizeof(*group));
	ids = arena_array(a, (size_t)n, sizeof(*ids));
	if (!all || !records || !at || !place || !group || !ids)
		return error_nomem(e);
	for (int i = 0; i < n; i++)
		ids[i] = c->nodes[i].id;
	TRY(matching_load(tx, model, ids, n, a, all, e));
	for (int i = 0; i < n; i++) {
		place[i] = -1;
		if (!all[i])
			continue;
		place[i] = found;
		at[found] = i;
		records[found++] = all[i];
	}
	for (int i = 0; i < n; i++)
		if (c->group[i] != i)
			TRY(pair_add(a, &must, i, c->group[i], e));
	TRY(bans_add(c, a, &cannot, e));
	for (int i = 0; i < must.count; i++)
		must.pairs[i] = (struct match_pair){ place[must.pairs[i].a], place[must.pairs[i].b] };
	for (int i = 0; i < cannot.count; i++)
		cannot.pairs[i] = (struct match_pair){ place[cannot.pairs[i].a], place[cannot.pairs[i].b] };
	struct match_component in = { .records = records,
		                      .record_count = found,
		                      .must = must.pairs,
		                      .must_count = must.count,
		                      .cannot = cannot.pairs,
		                      .cannot_count = cannot.count };
	TRY(match_cluster(model, &in, group, NULL, e));
	for (int i = 0; i < found; i++)
		c->group[at[i]] = at[group[i]];
	return OK;
}
