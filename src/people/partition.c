/* Links are taken one after another, strongest first, in an order that depends on their content alone; one that would
 * break a ban, join different verified accounts or make too large a group is refused. Ties of devices come last: a
 * device that verified identifiers already place somewhere else is not moved by its tie, so that a shared device never
 * fuses two people. */
#include "people/partition.h"
#include <stdlib.h>

struct state {
	const struct part_input *in;
	int *parent, *size, *rank;        /* rank: place in the canonical order */
	int *auto_parent;                 /* joined by verified identifiers alone */
	int *next, *last;                 /* the members of a group as a list */
	int *account_head, *account_next; /* accounts of a record */
	bool *lifted;                     /* bans that a newer manual link overrode */
};

static int root_of(int *parent, int i)
{
	while (parent[i] != i) {
		parent[i] = parent[parent[i]];
		i = parent[i];
	}
	return i;
}

static int record_cmp(const struct part_record *x, const struct part_record *y)
{
	int c = str_cmp(x->source, y->source);

	return c ? c : str_cmp(x->source_key, y->source_key);
}

static int by_canon(const void *x, const void *y, void *arg)
{
	const struct part_record *r = arg;

	return record_cmp(&r[*(const int *)x], &r[*(const int *)y]);
}

static int cmp_i64(int64_t x, int64_t y)
{
	return (x > y) - (x < y);
}

/* Manual links: newest first. Others by what is shared, then by their ends. */
static int by_strength(const void *xv, const void *yv, void *arg)
{
	const struct part_link *x = xv, *y = yv;
	const int *rank = arg;
	int c = (int)x->sort - (int)y->sort;

	if (c == 0)
		c = cmp_i64(y->at, x->at);
	if (c == 0)
		c = cmp_i64(y->decision, x->decision);
	if (c == 0)
		c = str_cmp(x->value, y->value);
	if (c == 0)
		c = rank[x->a] - rank[y->a];
	return c ? c : rank[x->b] - rank[y->b];
}

static enum result state_init(struct state *s, struct part_input *in, struct arena *a, struct error *e)
{
	int n = in->record_count, m = in->account_count;
	size_t ints = (size_t)n * 8 + (size_t)m;
	int *p = arena_array(a, ints ? ints : 1, sizeof(*p));
	int *order;

	if (!p)
		return error_nomem(e);
	*s = (struct state){ .in = in,
		             .parent = p,
		             .size = p + n,
		             .rank = p + 2 * n,
		             .auto_parent = p + 3 * n,
		             .next = p + 4 * n,
		             .last = p + 5 * n,
		             .account_head = p + 6 * n,
		             .account_next = p + 8 * n };
	s->lifted = arena_array(a, (size_t)in->ban_count + 1, sizeof(bool));
	if (!s->lifted)
		return error_nomem(e);
	order = p + 7 * n;
	for (int i = 0; i < n; i++) {
		order[i] = s->parent[i] = s->auto_parent[i] = s->last[i] = i;
		s->size[i] = 1;
		s->next[i] = s->account_head[i] = -1;
	}
	if (n)
		qsort_r(order, (size_t)n, sizeof(*order), by_canon, (void *)(uintptr_t)in->records);
	for (int i = 0; i < n; i++)
		s->rank[order[i]] = i;
	for (int i = 0; i < m; i++) {
		s->account_next[i] = s->account_head[in->accounts[i].record];
		s->account_head[in->accounts[i].record] = i;
	}
	return OK;
}

/* Does group x hold every account of group y? *any: y has one. */
static bool accounts_within(const struct state *s, int x, int y, bool *any)
{
	*any = false;
	for (int r = y; r >= 0; r = s->next[r]) {
		for (int i = s->account_head[r]; i >= 0; i = s->account_next[i]) {
			bool found = false;

			*any = true;
			for (int q = x; q >= 0 && !found; q = s->next[q])
				for (int j = s->account_head[q]; j >= 0 && !found; j = s->account_next[j])
					found = str_eq(s->in->accounts[i].value, s->in->accounts[j].value);
			if (!found)
				return false;
		}
	}
	return true;
}

static bool accounts_conflict(const struct state *s, int x, int y)
{
	bool x_any, y_any;
	bool y_within = accounts_within(s, x, y, &y_any);
	bool x_within = accounts_within(s, y, x, &x_any);

	return x_any && y_any && !y_within && !x_within;
}

static bool side_has(const struct state *s, const int *side, int count, int group)
{
	for (int i = 0; i < count; i++)
		if (root_of(s->parent, side[i]) == group)
			return true;
	return false;
}

static bool banned(const struct state *s, int x, int y, const struct part_link *l)
{
	for (int i = 0; i < s->in->ban_count; i++) {
		const struct part_ban *b = &s->in->bans[i];

		if (s->lifted[i] ||
		    (l->sort == LINK_MANUAL && (cmp_i64(b->at, l->at) ? b->at < l->at : b->decision <= l->decision)))
			continue;
		if ((side_has(s, b->left, b->left_count, x) && side_has(s, b->right, b->right_count, y)) ||
		    (side_has(s, b->left, b->left_count, y) && side_has(s, b->right, b->right_count, x)))
			return true;
	}
	return false;
}

/* A device that verified identifiers joined with anybody is placed already. */
static bool device_is_placed(const struct state *s, int device)
{
	int root = root_of(s->auto_parent, device);

	if (root != device)
		return true;
	for (int i = 0; i < s->in->record_count; i++)
		if (i != device && root_of(s->auto_parent, i) == root)
			return true;
	return false;
}

static void join(struct state *s, int x, int y)
{
	if (s->rank[y] < s->rank[x]) { /* roots are canonically first */
		int t = x;

		x = y;
		y = t;
	}
	s->parent[y] = x;
	s->size[x] += s->size[y];
	s->next[s->last[x]] = y;
	s->last[x] = s->last[y];
}

/* Whoever put two sides together after they were told apart meant all of them. */
static void bans_lift(struct state *s, int group)
{
	for (int i = 0; i < s->in->ban_count; i++) {
		const struct part_ban *b = &s->in->bans[i];

		if (!s->lifted[i])
			s->lifted[i] = side_has(s, b->left, b->left_count, group) &&
			               side_has(s, b->right, b->right_count, group);
	}
}

static void link_try(struct state *s, struct part_link *l)
{
	int x = root_of(s->parent, l->a), y = root_of(s->parent, l->b);

	l->taken = false;
	if (x != y) {
		if (l->sort == LINK_TIE && device_is_placed(s, l->a))
			return;
		if (s->size[x] + s->size[y] > s->in->group_max || banned(s, x, y, l))
			return;
		if (!(l->sort == LINK_MANUAL && l->forced) && accounts_conflict(s, x, y))
			return;
		join(s, x, y);
		if (l->sort == LINK_MANUAL)
			bans_lift(s, root_of(s->parent, x));
	}
	l->taken = true;
	if (l->sort != LINK_MANUAL && l->sort != LINK_TIE) {
		int p = root_of(s->auto_parent, l->a), q = root_of(s->auto_parent, l->b);

		if (p != q)
			s->auto_parent[q] = p;
	}
}

enum result partition_component(struct part_input *in, struct arena *a, int *group, struct error *e)
{
	struct state s;

	TRY(state_init(&s, in, a, e));
	for (int i = 0; i < in->link_count; i++) {
		struct part_link *l = &in->links[i];

		if (l->sort != LINK_TIE && s.rank[l->b] < s.rank[l->a]) {
			int t = l->a;

			l->a = l->b;
			l->b = t;
		}
	}
	if (in->link_count)
		qsort_r(in->links, (size_t)in->link_count, sizeof(*in->links), by_strength, s.rank);
	for (int i = 0; i < in->link_count; i++)
		link_try(&s, &in->links[i]);
	for (int i = 0; i < in->record_count; i++)
		group[i] = root_of(s.parent, i);
	return OK;
}
