/* Which records of one component are one person: average linkage over the scores of all pairs. Single linkage lets a
 * chain of doubtful pairs join strangers; the average asks what all members say. */
#include "people/match_inside.h"
#include <limits.h>
#include <stdlib.h>

#define VOTE_MOST 10000 /* more than this no pair may say for or against */

/* Groups in the making, in canonical order; a group has the number of its first record. */
struct forest {
	int n;
	struct match_record **records;
	int *score;   /* n × n: sums over the pairs between two groups */
	bool *banned; /* n × n */
	int *size;    /* 0: it became part of another */
	int *best;    /* the group that it fits best, or -1 */
	int *parent;
};

static int64_t sum_at(const struct forest *f, int a, int b)
{
	return f->score[(size_t)a * (size_t)f->n + (size_t)b];
}

static bool banned_at(const struct forest *f, int a, int b)
{
	return f->banned[(size_t)a * (size_t)f->n + (size_t)b];
}

/* Both have verified ids of a kind, and none in common. */
static bool verified_conflict(const struct match_record *a, const struct match_record *b)
{
	for (int i = 0; i < a->count[WORD_ID]; i++) {
		const struct match_word *x = &a->by_sort[WORD_ID][i];
		bool differs = false, agrees = false;

		for (int j = 0; j < b->count[WORD_ID] && x->verified; j++) {
			const struct match_word *y = &b->by_sort[WORD_ID][j];

			if (!y->verified || y->tag != x->tag)
				continue;
			agrees |= y->hash == x->hash;
			differs |= y->hash != x->hash;
		}
		if (differs && !agrees)
			return true;
	}
	return false;
}

/* Two records that have so little in common to compare that they could never be found to be one person are not against
 * it, but for what they contradict each other in. */
int match_vote(const struct match_model *m, const struct match_record *a, const struct match_record *b)
{
	struct match_sum s = match_sum(m, a, b);
	int v = s.tells || s.score > m->link ? s.score - m->link : s.against;

	return v > VOTE_MOST ? VOTE_MOST : v < -VOTE_MOST ? -VOTE_MOST : v;
}

static void fill(const struct match_model *m, struct forest *f)
{
	for (int i = 0; i < f->n; i++) {
		f->size[i] = 1;
		f->parent[i] = i;
		for (int j = 0; j < i; j++) {
			size_t ij = (size_t)i * (size_t)f->n + (size_t)j, ji = (size_t)j * (size_t)f->n + (size_t)i;

			f->score[ij] = f->score[ji] = match_vote(m, f->records[i], f->records[j]);
			f->banned[ij] = f->banned[ji] = verified_conflict(f->records[i], f->records[j]);
		}
	}
}

/* Whether the average between a and b is more than that between a and c; ties go to the first in canonical order. */
static bool better(const struct forest *f, int a, int b, int c)
{
	int64_t x = sum_at(f, a, b) * f->size[c], y = sum_at(f, a, c) * f->size[b];

	return x != y ? x > y : b < c;
}

static void find_best(struct forest *f, int a)
{
	f->best[a] = -1;
	for (int b = 0; b < f->n; b++)
		if (b != a && f->size[b] && !banned_at(f, a, b) && sum_at(f, a, b) > 0 &&
		    (f->best[a] < 0 || better(f, a, b, f->best[a])))
			f->best[a] = b;
}

/* b becomes part of a (a < b). */
static void unite(struct forest *f, int a, int b)
{
	size_t n = (size_t)f->n;

	for (int c = 0; c < f->n; c++) {
		size_t ac = (size_t)a * n + (size_t)c, ca = (size_t)c * n + (size_t)a;
		size_t bc = (size_t)b * n + (size_t)c;

		f->score[ac] = f->score[ca] = f->score[ac] + f->score[bc];
		f->banned[ac] = f->banned[ca] = f->banned[ac] || f->banned[bc];
	}
	f->size[a] += f->size[b];
	f->size[b] = 0;
	f->parent[b] = a;
}

/* The two groups that fit best; false when none do. */
static bool best_pair(const struct forest *f, int *a, int *b)
{
	int x = -1;

	for (int i = 0; i < f->n; i++) {
		int64_t now, best;

		if (!f->size[i] || f->best[i] < 0)
			continue;
		if (x >= 0) {
			now = sum_at(f, i, f->best[i]) * f->size[x] * f->size[f->best[x]];
			best = sum_at(f, x, f->best[x]) * f->size[i] * f->size[f->best[i]];
			if (now <= best)
				continue;
		}
		x = i;
	}
	if (x < 0)
		return false;
	*a = x < f->best[x] ? x : f->best[x];
	*b = x < f->best[x] ? f->best[x] : x;
	return true;
}

static void link_average(struct forest *f)
{
	int a, b;

	for (int i = 0; i < f->n; i++)
		if (f->size[i])
			find_best(f, i);
	while (best_pair(f, &a, &b)) {
		unite(f, a, b);
		f->best[b] = -1;
		for (int i = 0; i < f->n; i++) {
			if (!f->size[i])
				continue;
			if (i == a || f->best[i] == a || f->best[i] == b)
				find_best(f, i);
			else if (!banned_at(f, i, a) && sum_at(f, i, a) > 0 &&
			         (f->best[i] < 0 || better(f, i, a, f->best[i])))
				f->best[i] = a;
		}
	}
}

int joined_find(int *parent, int i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

bool joined_unite(int *parent, int a, int b)
{
	a = joined_find(parent, a);
	b = joined_find(parent, b);
	if (a == b)
		return false;
	if (a < b)
		parent[b] = a;
	else
		parent[a] = b;
	return true;
}

/* ---- Components -------------------------------------------------------------------------------------------------- */

struct sorted {
	const struct match_record *record;
	int index, member, at;
};

static int by_canon(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int c = match_record_cmp(x->record, y->record);

	return c ? c : x->index - y->index;
}

/* members: indices of records in canonical order; place[i]: where record i stands in members, or -1. */
struct part {
	const struct match_component *c;
	const int *members, *place;
	int n;
	const struct link *links; /* between the component's records; of interest when the part is too large */
	size_t link_count;
};

static void apply_musts(struct forest *f, const struct part *p)
{
	for (int i = 0; i < p->c->cannot_count; i++) {
		int a = p->place[p->c->cannot[i].a], b = p->place[p->c->cannot[i].b];

		if (a >= 0 && b >= 0 && a != b)
			f->banned[(size_t)a * (size_t)f->n + (size_t)b] =
			        f->banned[(size_t)b * (size_t)f->n + (size_t)a] = true;
	}
	for (int i = 0; i < p->c->must_count; i++) {
		int a = p->place[p->c->must[i].a], b = p->place[p->c->must[i].b];
		bool cannot = false;

		if (a < 0 || b < 0)
			continue;
		a = joined_find(f->parent, a);
		b = joined_find(f->parent, b);
		for (int k = 0; k < p->c->cannot_count && !cannot; k++) {
			int x = p->place[p->c->cannot[k].a], y = p->place[p->c->cannot[k].b];

			if (x < 0 || y < 0)
				continue;
			x = joined_find(f->parent, x);
			y = joined_find(f->parent, y);
			cannot = (x == a && y == b) || (x == b && y == a);
		}
		if (a != b && !cannot)
			unite(f, a < b ? a : b, a < b ? b : a);
	}
}

/* Average linkage of at most MATCH_COMPONENT_MAX records. */
static enum result cluster_part(const struct match_model *m, const struct part *p, int *group, struct error *e)
{
	size_t n = (size_t)p->n, square = n * n;
	char *space = mem_alloc(square * (sizeof(int) + sizeof(bool)) + n * (sizeof(void *) + 3 * sizeof(int)));
	struct forest f = { .n = p->n };

	if (!space)
		return error_nomem(e);
	f.records = (struct match_record **)space;
	f.score = (int *)(f.records + n);
	f.size = f.score + square;
	f.best = f.size + n;
	f.parent = f.best + n;
	f.banned = (bool *)(f.parent + n);
	for (int i = 0; i < p->n; i++) {
		f.records[i] = p->c->records[p->members[i]];
		f.banned[(size_t)i * n + (size_t)i] = false;
		f.score[(size_t)i * n + (size_t)i] = 0;
	}
	fill(m, &f);
	apply_musts(&f, p);
	link_average(&f);
	for (int i = 0; i < p->n; i++)
		group[p->members[i]] = p->members[joined_find(f.parent, i)];
	mem_free(space);
	return OK;
}

/* Joins the members whose links reach the threshold; must-links always do. */
static void join_at(const struct part *p, int threshold, bool with_links, int *parent)
{
	for (int i = 0; i < p->n; i++)
		parent[i] = i;
	for (int i = 0; i < p->c->must_count; i++) {
		int a = p->place[p->c->must[i].a], b = p->place[p->c->must[i].b];

		if (a >= 0 && b >= 0)
			joined_unite(parent, a, b);
	}
	for (size_t i = 0; i < p->link_count && with_links; i++)
		if (p->links[i].score >= threshold)
			joined_unite(parent, p->place[p->links[i].a], p->place[p->links[i].b]);
}

/* The links of a component, for who does not have them. */
static enum result find_links(const struct match_model *m, const struct match_component *c, struct link **out,
                              size_t *count, struct error *e)
{
	struct match_bulk bulk = { .records = c->records, .record_count = c->record_count, .threads = 1 };

	return match_links(m, &bulk, out, count, NULL, e);
}

static enum result cluster_any(const struct match_model *m, const struct part *p, int threshold, int *place, int *group,
                               struct error *e);

/* The pieces that the links leave at this threshold, one by one. */
static enum result cluster_pieces(const struct match_model *m, const struct part *p, const struct sorted *pieces,
                                  int threshold, int *place, int *group, struct error *e)
{
	int *members = mem_alloc((size_t)p->n * sizeof(*members));
	enum result r = OK;

	if (!members)
		return error_nomem(e);
	for (int i = 0; i < p->n; i++)
		place[p->members[i]] = -1;
	for (int i = 0; i < p->n && r == OK;) {
		struct part piece = { .c = p->c, .members = members, .place = place };
		int root = pieces[i].index;

		for (piece.n = 0; i < p->n && pieces[i].index == root; i++) {
			place[pieces[i].member] = piece.n;
			members[piece.n++] = pieces[i].member;
		}
		piece.links = p->links;
		piece.link_count = p->link_count;
		r = cluster_any(m, &piece, threshold, place, group, e);
		for (int k = 0; k < piece.n; k++)
			place[members[k]] = -1;
	}
	mem_free(members);
	return r;
}

/* Beyond the highest threshold nothing is believed: each for itself, but for what people decided. */
static enum result give_up(const struct part *p, int *group, struct error *e)
{
	int *parent = mem_alloc((size_t)p->n * sizeof(*parent));

	if (!parent)
		return error_nomem(e);
	join_at(p, 0, false, parent);
	for (int i = 0; i < p->n; i++)
		group[p->members[i]] = p->members[joined_find(parent, i)];
	mem_free(parent);
	return OK;
}

static int by_root(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	return x->index != y->index ? x->index - y->index : x->at - y->at;
}

static enum result cut(const struct match_model *m, const struct part *p, int threshold, int *place, int *group,
                       struct error *e)
{
	int *parent = mem_alloc((size_t)p->n * sizeof(*parent));
	struct sorted *pieces = mem_alloc((size_t)p->n * sizeof(*pieces));
	enum result r = parent && pieces ? OK : error_nomem(e);

	for (bool whole = true; whole && threshold <= MATCH_CUT_MOST && r == OK;) {
		threshold += MATCH_CUT_STEP;
		join_at(p, threshold, true, parent);
		whole = true;
		for (int i = 0; i < p->n && whole; i++)
			whole = joined_find(parent, i) == joined_find(parent, 0);
	}
	for (int i = 0; i < p->n && r == OK; i++)
		pieces[i] = (struct sorted){ .index = joined_find(parent, i), .member = p->members[i], .at = i };
	if (r == OK) {
		qsort(pieces, (size_t)p->n, sizeof(*pieces), by_root);
		r = cluster_pieces(m, p, pieces, threshold, place, group, e);
	}
	mem_free(parent);
	mem_free(pieces);
	return r;
}

/* The links among the members of one part. */
static enum result own_links(const struct part *p, struct link **out, size_t *count, struct error *e)
{
	size_t n = 0;
	struct link *own;

	for (size_t i = 0; i < p->link_count; i++)
		n += p->place[p->links[i].a] >= 0 && p->place[p->links[i].b] >= 0;
	own = mem_alloc(n * sizeof(*own) + 1);
	if (!own)
		return error_nomem(e);
	n = 0;
	for (size_t i = 0; i < p->link_count; i++)
		if (p->place[p->links[i].a] >= 0 && p->place[p->links[i].b] >= 0)
			own[n++] = p->links[i];
	*out = own;
	*count = n;
	return OK;
}

static enum result cluster_any(const struct match_model *m, const struct part *p, int threshold, int *place, int *group,
                               struct error *e)
{
	struct part own = *p;
	struct link *links = NULL;
	enum result r;

	if (p->n <= MATCH_COMPONENT_MAX)
		return cluster_part(m, p, group, e);
	if (threshold > MATCH_CUT_MOST)
		return give_up(p, group, e);
	TRY(own_links(p, &links, &own.link_count, e));
	own.links = links;
	/* the part's members are overwritten by those of its pieces */
	own.members = mem_alloc((size_t)p->n * sizeof(int));
	if (own.members) {
		memcpy((int *)own.members, p->members, (size_t)p->n * sizeof(int));
		r = cut(m, &own, threshold, place, group, e);
	} else {
		r = error_nomem(e);
	}
	mem_free((int *)own.members);
	mem_free(links);
	return r;
}

enum result match_cluster_linked(const struct match_model *m, const struct match_component *c, const struct link *links,
                                 size_t count, int *group, bool *absurd, struct error *e)
{
	size_t n = (size_t)c->record_count;
	struct sorted *sorted = mem_alloc(n * sizeof(*sorted) + 1);
	int *members = mem_alloc(n * sizeof(*members) + 1), *place = mem_alloc(n * sizeof(*place) + 1);
	struct part p = {
		.c = c, .members = members, .place = place, .n = c->record_count, .links = links, .link_count = count
	};
	enum result r = sorted && members && place ? OK : error_nomem(e);

	if (r == OK) {
		for (int i = 0; i < c->record_count; i++)
			sorted[i] = (struct sorted){ .record = c->records[i], .index = i };
		qsort(sorted, n, sizeof(*sorted), by_canon);
		for (int i = 0; i < c->record_count; i++) {
			members[i] = sorted[i].index;
			place[sorted[i].index] = i;
		}
		r = cluster_any(m, &p, m->component, place, group, e);
	}
	if (r == OK && absurd)
		*absurd = c->record_count > MATCH_COMPONENT_MAX;
	mem_free(sorted);
	mem_free(members);
	mem_free(place);
	return r;
}

enum result match_cluster(const struct match_model *m, const struct match_component *c, int *group, bool *absurd,
                          struct error *e)
{
	struct link *links = NULL;
	size_t count = 0;
	enum result r = OK;

	if (c->record_count > MATCH_COMPONENT_MAX)
		r = find_links(m, c, &links, &count, e);
	if (r == OK)
		r = match_cluster_linked(m, c, links, count, group, absurd, e);
	mem_free(links);
	return r;
}
