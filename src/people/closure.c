/* The component of a record: everything that links connect it with, loaded from the database. Links that the partition
 * may refuse count too: whether it does depends on both sides. */
#include "people/closure_read.h"
#include "people/match.h"

/* A value whose holders were asked for already. */
struct visited {
	int64_t vkey;
	enum identifier_kind kind;
	enum identifier_state state;
};

struct loader {
	struct db_tx *tx;
	struct arena *a;
	struct component *c;
	int limit, node_cap, link_cap, ban_cap, account_cap, visited_count, visited_cap;
	struct visited *visited;
	int64_t *decisions; /* seen: each is named by several records */
	int decision_count, decision_cap;
	struct decision_row **ban_rows; /* bans whose sides are still record ids */
	int ban_row_count, ban_row_cap, pair_cap;
	struct weak_pair *weak;
	int weak_count, weak_cap;
	int floor;  /* pairs that score less are not followed; below 0: none */
	int least;  /* less than this is no pair */
	bool pairs; /* some were followed */
};

static int node_find(const struct component *c, int64_t id)
{
	for (int i = 0; i < c->in.record_count; i++)
		if (c->nodes[i].id == id)
			return i;
	return -1;
}

/* Index of the record, adding it; -1 beyond the limit (then overflow is set). */
static enum result node_add(struct loader *l, const struct holder *h, int *index, struct error *e)
{
	struct component *c = l->c;
	int n = c->in.record_count, cap = l->node_cap;

	*index = node_find(c, h->record);
	if (*index >= 0)
		return OK;
	if (n >= l->limit) {
		c->overflow = true;
		return OK;
	}
	if (!arena_grow(l->a, &c->records, n, &cap, sizeof(*c->records)) ||
	    !arena_grow(l->a, &c->nodes, n, &l->node_cap, sizeof(*c->nodes)))
		return error_nomem(e);
	c->nodes[n] = (struct node){
		.id = h->record, .customer = h->customer, .flags = h->flags, .tie = h->tie, .version = h->version
	};
	c->records[n] = (struct part_record){ h->source, h->source_key };
	c->in.records = c->records;
	c->in.record_count = n + 1;
	*index = n;
	return OK;
}

/* Adds those that are there; what is erased has no links any more. */
static enum result nodes_load(struct loader *l, const int64_t *ids, int count, struct error *e)
{
	int64_t *unknown = arena_array(l->a, (size_t)count + 1, sizeof(*unknown));
	struct holder *nodes;
	int n = 0, index;

	if (!unknown)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		if (node_find(l->c, ids[i]) < 0)
			unknown[n++] = ids[i];
	TRY(closure_nodes(l->tx, unknown, n, &nodes, &n, e));
	for (int i = 0; i < n && !l->c->overflow; i++)
		TRY(node_add(l, &nodes[i], &index, e));
	return OK;
}

static enum result link_add(struct loader *l, const struct part_link *link, struct error *e)
{
	struct part_input *in = &l->c->in;

	if (!arena_grow(l->a, &in->links, in->link_count, &l->link_cap, sizeof(*in->links)))
		return error_nomem(e);
	in->links[in->link_count++] = *link;
	return OK;
}

static enum link_sort sort_of(enum identifier_kind kind)
{
	switch (kind) {
	case IDENT_ACCOUNT:
		return LINK_ACCOUNT;
	case IDENT_LOYALTY:
		return LINK_LOYALTY;
	case IDENT_EXTERNAL:
		return LINK_EXTERNAL;
	case IDENT_EMAIL:
		return LINK_EMAIL;
	default:
		return LINK_PHONE;
	}
}

/* The verified holders of a value, pair by pair: a chain would lose somebody when a link of it is refused. */
static enum result value_links(struct loader *l, enum identifier_kind kind, struct str value,
                               const struct value_holders *v, struct error *e)
{
	int index[IDENT_LIMIT_MANUAL + 1], n = 0;

	for (int i = 0; i < v->count; i++) {
		if (v->holders[i].grade != GRADE_VERIFIED)
			continue;
		TRY(node_add(l, &v->holders[i], &index[n], e));
		if (index[n] >= 0)
			n++;
	}
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++) {
			struct part_link link = { .a = index[i], .b = index[j], .sort = sort_of(kind), .value = value };

			TRY(link_add(l, &link, e));
		}
	return OK;
}

static enum result account_add(struct loader *l, int node, struct str value, struct error *e)
{
	struct part_account *accounts = (struct part_account *)(uintptr_t)l->c->in.accounts;

	if (!arena_grow(l->a, &accounts, l->c->in.account_count, &l->account_cap, sizeof(*accounts)))
		return error_nomem(e);
	accounts[l->c->in.account_count++] = (struct part_account){ node, value };
	l->c->in.accounts = accounts;
	return OK;
}

static struct visited *visited_find(struct loader *l, const struct value_named *v)
{
	for (int i = 0; i < l->visited_count; i++)
		if (l->visited[i].vkey == v->vkey && l->visited[i].kind == v->kind)
			return &l->visited[i];
	return NULL;
}

/* Values that no earlier level met: their states and their links. */
static enum result values_visit(struct loader *l, const struct own_value *values, int count, struct error *e)
{
	struct value_named *fresh = arena_array(l->a, (size_t)count + 1, sizeof(*fresh));
	struct value_holders *holders = arena_array(l->a, (size_t)count + 1, sizeof(*holders));
	int first = l->visited_count, n = 0;

	if (!fresh || !holders)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		const struct value_named *v = &values[i].named;

		if (visited_find(l, v))
			continue;
		if (!arena_grow(l->a, &l->visited, l->visited_count, &l->visited_cap, sizeof(*l->visited)))
			return error_nomem(e);
		l->visited[l->visited_count++] = (struct visited){ .vkey = v->vkey, .kind = v->kind };
		fresh[n++] = *v;
	}
	TRY(values_load(l->tx, fresh, n, holders, e));
	for (int i = 0; i < n; i++) {
		l->visited[first + i].state = holders[i].state;
		if (holders[i].state == IDENT_NORMAL)
			TRY(value_links(l, fresh[i].kind, fresh[i].text, &holders[i], e));
	}
	return OK;
}

/* Links by verified identifiers; accounts. */
static enum result links_by_values(struct loader *l, const int64_t *ids, int count, struct error *e)
{
	struct own_value *values;
	int n;

	TRY(closure_values(l->tx, ids, count, &values, &n, e));
	TRY(values_visit(l, values, n, e));
	for (int i = 0; i < n; i++) {
		const struct value_named *v = &values[i].named;

		if (v->kind == IDENT_ACCOUNT && visited_find(l, v)->state == IDENT_NORMAL)
			TRY(account_add(l, node_find(l->c, values[i].record), v->text, e));
	}
	return OK;
}

/* Between two that were looked for; where one is gone there is none. */
static enum result link_ids(struct loader *l, int64_t a, int64_t b, enum link_sort sort, const struct decision_row *d,
                            struct error *e)
{
	struct part_link link = { .sort = sort };

	if (d) {
		link.forced = d->forced;
		link.at = d->stand_at;
		link.decision = d->id;
	}
	link.a = node_find(l->c, a);
	link.b = node_find(l->c, b);
	return link.a >= 0 && link.b >= 0 && link.a != link.b ? link_add(l, &link, e) : OK;
}

DB_STMT(tie_list, "ii", "i", "SELECT device FROM person_tie WHERE rkey = $1 AND record = $2 ORDER BY device LIMIT 501")
static enum result links_by_ties(struct loader *l, int node, struct error *e)
{
	struct node n = l->c->nodes[node];
	int64_t devices[COMPONENT_MAX + 1];
	int count = 0;

	if (n.tie) {
		TRY(nodes_load(l, &n.tie, 1, e));
		TRY(link_ids(l, n.id, n.tie, LINK_TIE, NULL, e));
	}
	if (n.flags & RECORD_HAS_TIES) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(l->tx, &tie_list, &rows, e, DB_INT(id_bucket(n.id)), DB_INT(n.id)));
		while ((step = db_next(rows, e)) == DB_ROW)
			devices[count++] = db_int(rows, 0);
		TRY(rows_end(step, e));
	}
	return nodes_load(l, devices, count, e); /* each adds its link in its own turn */
}

#define PAIRWISE_MAX 32 /* of those taken out together: pairs, so that a later split among them keeps the others */

static enum result links_by_split(struct loader *l, const struct decision_row *d, struct error *e)
{
	int inner = d->left_count <= PAIRWISE_MAX ? d->left_count : 1;

	for (int i = 0; i < inner; i++)
		for (int j = i + 1; j < d->left_count; j++)
			TRY(link_ids(l, d->left[i], d->left[j], LINK_MANUAL, d, e));
	return OK;
}

static bool decision_seen(struct loader *l, int64_t id)
{
	for (int i = 0; i < l->decision_count; i++)
		if (l->decisions[i] == id)
			return true;
	return false;
}

static enum result decision_take(struct loader *l, struct decision_row *d, struct error *e)
{
	bool ban =
	        d->standing ? d->kind == DECISION_SPLIT || d->kind == DECISION_NEVER : d->kind == DECISION_AUTO_MERGE;

	if (!arena_grow(l->a, &l->decisions, l->decision_count, &l->decision_cap, sizeof(*l->decisions)) ||
	    !arena_grow(l->a, &l->ban_rows, l->ban_row_count, &l->ban_row_cap, sizeof(*l->ban_rows)))
		return error_nomem(e);
	l->decisions[l->decision_count++] = d->id;
	if (ban)
		l->ban_rows[l->ban_row_count++] = d;
	if (d->standing && d->kind == DECISION_SPLIT && d->left_count > 1) {
		TRY(nodes_load(l, d->left, d->left_count, e));
		TRY(links_by_split(l, d, e));
	}
	if (d->standing && d->kind == DECISION_MERGE) {
		TRY(nodes_load(l, (int64_t[]){ d->left[0], d->right[0] }, 2, e));
		TRY(link_ids(l, d->left[0], d->right[0], LINK_MANUAL, d, e));
	}
	return OK;
}

/* All whom these decisions bring in, at once. */
static enum result named_load(struct loader *l, const struct decision_row *rows, int count, struct error *e)
{
	int64_t *named = NULL;
	int n = 0, cap = 0;

	for (int i = 0; i < count; i++)
		for (int k = 0; k < rows[i].left_count + rows[i].right_count; k++) {
			bool left = k < rows[i].left_count;
			bool brings = rows[i].kind == DECISION_MERGE ||
			              (rows[i].kind == DECISION_SPLIT && left && rows[i].left_count > 1);

			if (!rows[i].standing || !brings || decision_seen(l, rows[i].id))
				continue;
			if (!arena_grow(l->a, &named, n, &cap, sizeof(*named)))
				return error_nomem(e);
			named[n++] = left ? rows[i].left[k] : rows[i].right[k - rows[i].left_count];
		}
	return nodes_load(l, named, n, e);
}

static enum result links_by_decisions(struct loader *l, int from, int to, struct error *e)
{
	int64_t *decided = arena_array(l->a, (size_t)(to - from) + 1, sizeof(*decided));
	struct decision_row *rows;
	int count, n = 0;

	if (!decided)
		return error_nomem(e);
	for (int i = from; i < to; i++)
		if (l->c->nodes[i].flags & RECORD_DECIDED)
			decided[n++] = l->c->nodes[i].id;
	TRY(decisions_of_many(l->tx, decided, n, &rows, &count, e));
	TRY(named_load(l, rows, count, e));
	for (int i = 0; i < count; i++)
		if (!decision_seen(l, rows[i].id))
			TRY(decision_take(l, &rows[i], e));
	return OK;
}

/* Those of the ids that are in the component, as indices. */
static const int *side_indices(struct loader *l, const int64_t *ids, int n, int *count)
{
	int *index = arena_array(l->a, (size_t)n + 1, sizeof(*index));

	*count = 0;
	for (int i = 0; index && i < n; i++) {
		int at = node_find(l->c, ids[i]);

		if (at >= 0)
			index[(*count)++] = at;
	}
	return index;
}

static enum result bans_make(struct loader *l, struct error *e)
{
	struct part_ban *bans = arena_array(l->a, (size_t)l->ban_row_count + 1, sizeof(*bans));

	if (!bans)
		return error_nomem(e);
	l->c->in.bans = bans;
	for (int i = 0; i < l->ban_row_count; i++) {
		const struct decision_row *d = l->ban_rows[i];
		struct part_ban *b = &bans[l->c->in.ban_count];

		b->at = d->stand_at;
		b->decision = d->id;
		b->left = side_indices(l, d->left, d->left_count, &b->left_count);
		b->right = side_indices(l, d->right, d->right_count, &b->right_count);
		if (!b->left || !b->right)
			return error_nomem(e);
		if (b->left_count && b->right_count)
			l->c->in.ban_count++;
	}
	return OK;
}

static enum result weak_add(struct loader *l, const struct record_pair *p, struct error *e)
{
	if (!arena_grow(l->a, &l->weak, l->weak_count, &l->weak_cap, sizeof(*l->weak)))
		return error_nomem(e);
	l->weak[l->weak_count++] = (struct weak_pair){ node_find(l->c, p->a), p->score, p->b };
	return OK;
}

static enum result scored_add(struct loader *l, int node, int other, int score, struct error *e)
{
	struct component *c = l->c;

	if (other <= node) /* the pair stood in its list already, or it is gone */
		return OK;
	if (!arena_grow(l->a, &c->pairs, c->pair_count, &l->pair_cap, sizeof(*c->pairs)))
		return error_nomem(e);
	c->pairs[c->pair_count++] = (struct scored_pair){ node, other, score };
	return OK;
}

/* Who scores: no link, but in the component, where the groups are found. */
static enum result nodes_by_pairs(struct loader *l, const int64_t *ids, int count, struct error *e)
{
	struct component *c = l->c;
	struct record_pair *pairs;
	int64_t *others;
	int n, strong = 0;

	TRY(closure_pairs(l->tx, ids, count, l->least, &pairs, &n, e));
	others = arena_array(l->a, (size_t)n + 1, sizeof(*others));
	if (!others)
		return error_nomem(e);
	for (int i = 0; i < n; i++)
		if (pairs[i].score >= l->floor)
			others[strong++] = pairs[i].b;
	l->pairs = l->pairs || strong;
	TRY(nodes_load(l, others, strong, e));
	for (int i = 0; i < n && !c->overflow; i++)
		if (pairs[i].score >= l->floor)
			TRY(scored_add(l, node_find(c, pairs[i].a), node_find(c, pairs[i].b), pairs[i].score, e));
		else
			TRY(weak_add(l, &pairs[i], e));
	return OK;
}

/* Pairs that were not followed: both may be in the component by others. */
static enum result weak_take(struct loader *l, struct error *e)
{
	for (int i = 0; i < l->weak_count; i++) {
		struct weak_pair w = l->weak[i];
		int other = node_find(l->c, w.other);

		if (other >= 0)
			TRY(scored_add(l, w.node, other, w.score, e));
		else
			l->weak[l->c->weak_count++] = w;
	}
	l->c->weak = l->weak;
	return OK;
}

/* What nodes from … to link to. */
static enum result level(struct loader *l, int from, int to, struct error *e)
{
	int64_t *ids = arena_array(l->a, (size_t)(to - from) + 1, sizeof(*ids));

	if (!ids)
		return error_nomem(e);
	for (int i = from; i < to; i++)
		ids[i - from] = l->c->nodes[i].id;
	TRY(links_by_values(l, ids, to - from, e));
	for (int i = from; i < to; i++)
		TRY(links_by_ties(l, i, e));
	TRY(links_by_decisions(l, from, to, e));
	return l->floor >= 0 ? nodes_by_pairs(l, ids, to - from, e) : OK;
}

/* Level by level: who is found first is asked first, all of a level at once. */
static enum result closure(struct loader *l, int64_t seed, struct error *e)
{
	struct component *c = l->c;

	TRY(nodes_load(l, &seed, 1, e));
	for (int from = 0; from < c->in.record_count && !c->overflow;) {
		int to = c->in.record_count;

		TRY(level(l, from, to, e));
		from = to;
	}
	TRY(weak_take(l, e));
	return bans_make(l, e);
}

int closure_floor(const struct match_model *model)
{
	int component = match_component_threshold(model), link = match_link_threshold(model);

	return component > link ? component : link;
}

/* Without pairs: what identifiers and decisions connect. With them: also who scores so high that it may make two one
 * (closure_floor()); and where that grows absurd, who scores higher, as match_cluster() cuts it. */
static enum result component_find(struct db_tx *tx, int64_t seed, int limit, const struct epoch *epoch,
                                  struct component *out, struct error *e)
{
	int least = epoch ? match_component_threshold(epoch->model) : -1;
	int floor = epoch ? closure_floor(epoch->model) : -1;
	const struct node *wide = NULL;
	int wide_count = 0;

	for (;;) {
		bool scored = floor >= 0;
		struct loader l = { .tx = tx,
			            .a = db_tx_arena(tx),
			            .c = out,
			            .limit = scored ? MATCH_COMPONENT_MAX : limit,
			            .floor = floor,
			            .least = least };

		*out = (struct component){ .in.group_max = CUSTOMER_MEMBERS_MAX,
			                   .scored = epoch != NULL,
			                   .wide = wide,
			                   .wide_count = wide_count };
		TRY(closure(&l, seed, e));
		if (!scored || !out->overflow)
			return OK;
		if (!wide && l.pairs) {
			wide = out->nodes;
			wide_count = out->in.record_count;
		}
		floor = l.pairs && floor < MATCH_CUT_MOST ? floor + MATCH_CUT_STEP : -1;
	}
}

enum result component_load(struct db_tx *tx, int64_t seed, int limit, struct component *out, struct error *e)
{
	const struct epoch *epoch;

	TRY(epoch_of(tx, &epoch, e));
	return component_find(tx, seed, limit, epoch, out, e);
}

enum result component_partition(struct db_tx *tx, int64_t seed, int limit, struct component *out, struct error *e)
{
	const struct epoch *epoch;

	TRY(epoch_of(tx, &epoch, e));
	TRY(component_find(tx, seed, limit, epoch, out, e));
	if (out->overflow || out->in.record_count == 0)
		return OK;
	out->group = arena_array(db_tx_arena(tx), (size_t)out->in.record_count, sizeof(*out->group));
	if (!out->group)
		return error_nomem(e);
	TRY(partition_component(&out->in, db_tx_arena(tx), out->group, e));
	return epoch ? component_match(tx, epoch->model, out, e) : OK;
}
