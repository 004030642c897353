/* Writes what the partition says: who belongs to which customer. Only membership changes; nothing else moves.
 *
 * Two servers: every customer that a component touches has a version, read before its links were; whoever changes a
 * component counts it up, guarded. The one who comes second finds its guard stale and runs again. */
#include "people/closure_read.h"
#include <stdlib.h>

struct change {
	struct db_tx *tx;
	struct component *c;
	int64_t *target; /* per node: its customer from now on */
	int64_t decision, *told;
	int told_count;
};

DB_STMT(version_bump, "iii", "",
        "UPDATE person_record SET version = version + 1 WHERE rkey = $1 AND id = $2 AND version = $3")
static enum result version_guard(struct db_tx *tx, int64_t customer, int64_t version, struct error *e)
{
	int64_t changed;

	TRY(db_exec(tx, &version_bump, &changed, e, DB_INT(id_bucket(customer)), DB_INT(customer), DB_INT(version)));
	if (changed == 1)
		return OK;
	return error_set(e, ERR_RETRY, "people.race", NULL, "Somebody else changed this customer meanwhile.");
}

static int by_customer(const void *x, const void *y)
{
	const struct node *a = x, *b = y;

	return (a->customer > b->customer) - (a->customer < b->customer);
}

/* In ascending order, so that two who touch the same customers wait instead of locking each other out. */
static enum result versions_guard(struct change *ch, int64_t fresh, struct error *e)
{
	int n = ch->c->in.record_count;
	struct node *sorted = arena_array(db_tx_arena(ch->tx), (size_t)n, sizeof(*sorted));

	if (!sorted)
		return error_nomem(e);
	memcpy(sorted, ch->c->nodes, (size_t)n * sizeof(*sorted));
	qsort(sorted, (size_t)n, sizeof(*sorted), by_customer);
	for (int i = 0; i < n; i++)
		if ((i == 0 || sorted[i].customer != sorted[i - 1].customer) && sorted[i].customer != fresh)
			TRY(version_guard(ch->tx, sorted[i].customer, sorted[i].version, e));
	return OK;
}

static enum result feed_tell(struct change *ch, int64_t record, int64_t ref, struct error *e)
{
	for (int i = 0; i < ch->told_count; i++)
		if (ch->told[i] == record)
			return OK;
	ch->told[ch->told_count++] = record;
	return feed_append(ch->tx, FEED_MEMBERSHIP, record, ref, e);
}

DB_STMT(customer_set, "iii", "", "UPDATE person_record SET customer = $3 WHERE rkey = $1 AND id = $2")
DB_STMT(member_drop, "iii", "", "DELETE FROM person_member WHERE rkey = $1 AND customer = $2 AND record = $3")
DB_STMT(member_add, "iii", "",
        "INSERT INTO person_member (rkey, customer, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
static enum result record_move(struct db_tx *tx, int64_t record, int64_t from, int64_t to, struct error *e)
{
	TRY(db_exec(tx, &customer_set, NULL, e, DB_INT(id_bucket(record)), DB_INT(record), DB_INT(to)));
	if (from != record)
		TRY(db_exec(tx, &member_drop, NULL, e, DB_INT(id_bucket(from)), DB_INT(from), DB_INT(record)));
	if (to != record)
		TRY(db_exec(tx, &member_add, NULL, e, DB_INT(id_bucket(to)), DB_INT(to), DB_INT(record)));
	return OK;
}

static void evidence_write(struct buf *b, const struct component *c, const struct part_link *l)
{
	static const char *const names[LINK_SORTS] = { "manual", "account", "loyalty", "external",
		                                       "email",  "phone",   "device" };
	struct json_writer w;

	jw_init(&w, b);
	jw_object(&w);
	jw_kcstr(&w, "kind", names[l->sort]);
	jw_kstr(&w, "value", l->value);
	jw_kid(&w, "a", ID_RECORD, c->nodes[l->a].id);
	jw_kid(&w, "b", ID_RECORD, c->nodes[l->b].id);
	jw_end_object(&w);
}

static void score_write(struct buf *b, const struct component *c, const struct scored_pair *p)
{
	struct json_writer w;

	jw_init(&w, b);
	jw_object(&w);
	jw_kcstr(&w, "kind", "score");
	jw_ki64(&w, "score", p->score);
	jw_kid(&w, "a", ID_RECORD, c->nodes[p->a].id);
	jw_kid(&w, "b", ID_RECORD, c->nodes[p->b].id);
	jw_end_object(&w);
}

/* Of the pairs that brought `customer` into the group of node `from`, the best. */
static const struct scored_pair *best_pair(const struct component *c, int from, int64_t customer)
{
	const struct scored_pair *best = NULL;

	for (int i = 0; i < c->pair_count; i++) {
		const struct scored_pair *p = &c->pairs[i];

		if (c->group[p->a] == c->group[from] && c->group[p->b] == c->group[from] &&
		    (c->nodes[p->a].customer == customer) != (c->nodes[p->b].customer == customer) &&
		    (!best || p->score > best->score))
			best = p;
	}
	return best;
}

/* Appends the decision that brought the nodes of `customer` into the group: with the link that did it. */
static enum result auto_decide(struct change *ch, int from, int founding, int64_t *id, struct error *e)
{
	struct component *c = ch->c;
	int64_t customer = c->nodes[from].customer, a = c->nodes[from].id, b = c->nodes[founding].id;
	struct decision_row d = { .id = id_new(id_bucket(a)),
		                  .kind = DECISION_AUTO_MERGE,
		                  .at = clock_now(),
		                  .a = a,
		                  .b = b,
		                  .standing = true,
		                  .left = &a,
		                  .left_count = 1,
		                  .right = &b,
		                  .right_count = 1 };
	BUF_AUTO struct buf evidence = { 0 };

	buf_init(&evidence, 0);
	d.stand_at = d.at;
	for (int i = 0; i < c->in.link_count; i++) {
		const struct part_link *l = &c->in.links[i];

		if (l->taken && c->group[l->a] == c->group[from] &&
		    (c->nodes[l->a].customer == customer) != (c->nodes[l->b].customer == customer)) {
			evidence_write(&evidence, c, l);
			break;
		}
	}
	if (evidence.n == 0) {
		const struct scored_pair *best = best_pair(c, from, customer);

		if (best)
			score_write(&evidence, c, best);
	}
	if (evidence.failed)
		return error_nomem(e);
	d.evidence = evidence.n ? buf_view(&evidence) : STR("{}");
	*id = d.id;
	return decision_append(ch->tx, &d, e);
}

/* One automatic decision for each customer that came in from elsewhere; others of it get the same. */
static enum result decide_for(struct change *ch, int node, int64_t *decided, struct error *e)
{
	struct component *c = ch->c;
	int founding = node;

	if (ch->decision) {
		*decided = ch->decision;
		return OK;
	}
	for (int i = 0; i < c->in.record_count; i++)
		if (c->nodes[i].id == ch->target[node])
			founding = i;
	if (c->nodes[founding].customer == c->nodes[node].customer) {
		*decided = 0; /* it came apart, or got another founding record */
		return OK;
	}
	for (int i = 0; i < node; i++)
		if (c->nodes[i].customer == c->nodes[node].customer && c->group[i] == c->group[node] &&
		    ch->target[i] != c->nodes[i].customer) {
			*decided = -1; /* an earlier one of them */
			return OK;
		}
	return auto_decide(ch, node, founding, decided, e);
}

DB_STMT(left_behind, "ii", "i",
        "SELECT record FROM person_member WHERE rkey = $1 AND customer = $2 ORDER BY record LIMIT 501")
/* A founding record went elsewhere; members that this component does not show stay together under the oldest of them.
 */
static enum result stragglers_move(struct change *ch, int64_t customer, struct error *e)
{
	int64_t members[CUSTOMER_MEMBERS_MAX + 1];
	int count = 0;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(ch->tx, &left_behind, &rows, e, DB_INT(id_bucket(customer)), DB_INT(customer)));
		while ((step = db_next(rows, e)) == DB_ROW)
			members[count++] = db_int(rows, 0);
		TRY(rows_end(step, e));
	}
	for (int i = 0; i < count; i++) {
		TRY(record_move(ch->tx, members[i], customer, members[0], e));
		TRY(feed_append(ch->tx, FEED_MEMBERSHIP, members[i], ch->decision, e));
	}
	return OK;
}

static enum result moves_write(struct change *ch, struct error *e)
{
	struct component *c = ch->c;
	int n = c->in.record_count;
	int64_t decided = 0, last = 0;

	for (int i = 0; i < n; i++) {
		struct node *node = &c->nodes[i];

		if (ch->target[i] == node->customer)
			continue;
		TRY(decide_for(ch, i, &decided, e));
		if (decided >= 0)
			last = decided;
		TRY(record_move(ch->tx, node->id, node->customer, ch->target[i], e));
		TRY(feed_tell(ch, node->id, last, e));
		TRY(feed_tell(ch, node->customer, last, e));
	}
	for (int i = 0; i < n; i++)
		if (c->nodes[i].id == c->nodes[i].customer && ch->target[i] != c->nodes[i].id)
			TRY(stragglers_move(ch, c->nodes[i].id, e));
	return OK;
}

/* What the partition refused, of verified identifiers (conflicting accounts, bans), somebody should look at. */
static enum result refused_nominate(struct change *ch, struct error *e)
{
	static const enum identifier_kind kinds[LINK_SORTS] = { [LINK_ACCOUNT] = IDENT_ACCOUNT,
		                                                [LINK_LOYALTY] = IDENT_LOYALTY,
		                                                [LINK_EXTERNAL] = IDENT_EXTERNAL,
		                                                [LINK_EMAIL] = IDENT_EMAIL,
		                                                [LINK_PHONE] = IDENT_PHONE };
	struct component *c = ch->c;
	int count = 0;

	for (int i = 0; i < c->in.link_count && count < NOMINATIONS_PER_VALUE; i++) {
		const struct part_link *l = &c->in.links[i];
		enum identifier_kind kind = kinds[l->sort];

		if (l->taken || !kind || c->group[l->a] == c->group[l->b])
			continue;
		count++;
		TRY(nomination_add(ch->tx, c->nodes[l->a].id, c->nodes[l->b].id, kind, value_key(kind, l->value), e));
	}
	return OK;
}

#define DOUBTS_MAX 50 /* of one component */

/* Two groups that score, and yet are two: the best pair between them is for people to look at. */
static enum result doubts_write(struct change *ch, struct error *e)
{
	struct component *c = ch->c;
	int put = 0;

	for (int i = 0; i < c->pair_count && put < DOUBTS_MAX; i++) {
		const struct scored_pair *p = &c->pairs[i];
		bool best = c->group[p->a] != c->group[p->b];

		for (int k = 0; k < c->pair_count && best; k++) {
			const struct scored_pair *q = &c->pairs[k];
			int ga = c->group[q->a], gb = c->group[q->b];
			bool same = (ga == c->group[p->a] && gb == c->group[p->b]) ||
			            (ga == c->group[p->b] && gb == c->group[p->a]);

			best = !same || p->score > q->score || (p->score == q->score && i <= k);
		}
		if (!best)
			continue;
		put++;
		TRY(doubt_put(ch->tx, c->nodes[p->a].id, c->nodes[p->b].id, p->score, e));
	}
	return OK;
}

#define WEAK_MAX 100 /* of one component that are looked at, the best first */

static int by_weak_score(const void *x, const void *y)
{
	const struct weak_pair *a = x, *b = y;

	if (a->score != b->score)
		return (a->score < b->score) - (a->score > b->score);
	return a->node != b->node ? a->node - b->node : (a->other > b->other) - (a->other < b->other);
}

/* The same of a group and another customer, of whom nothing else is known here. */
static enum result weak_doubts_write(struct change *ch, struct error *e)
{
	struct component *c = ch->c;
	int n = c->weak_count < WEAK_MAX ? c->weak_count : WEAK_MAX, count, put = 0;
	int64_t others[WEAK_MAX], customers[WEAK_MAX] = { 0 };
	struct holder *holders;

	if (!n)
		return OK;
	qsort(c->weak, (size_t)c->weak_count, sizeof(*c->weak), by_weak_score);
	for (int i = 0; i < n; i++)
		others[i] = c->weak[i].other;
	TRY(closure_nodes(ch->tx, others, n, &holders, &count, e));
	for (int i = 0; i < n && put < DOUBTS_MAX; i++) {
		const struct weak_pair *w = &c->weak[i];
		bool best = true;

		for (int k = 0; k < count; k++)
			if (holders[k].record == w->other)
				customers[i] = holders[k].customer;
		for (int k = 0; k < i && best; k++)
			best = c->group[c->weak[k].node] != c->group[w->node] || customers[k] != customers[i];
		if (!best || !customers[i])
			continue;
		put++;
		TRY(doubt_put(ch->tx, c->nodes[w->node].id, w->other, w->score, e));
	}
	return OK;
}

static enum result component_write(struct db_tx *tx, struct component *c, int64_t decision, int64_t fresh,
                                   struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	int n = c->in.record_count;
	struct change ch = { .tx = tx, .c = c, .decision = decision };

	if (n == 0)
		return OK;
	if (n == 1 && c->nodes[0].customer == c->nodes[0].id)
		return weak_doubts_write(&ch, e);
	ch.target = arena_array(a, (size_t)n, sizeof(int64_t));
	ch.told = arena_array(a, (size_t)n * 2, sizeof(int64_t));
	if (!ch.target || !ch.told)
		return error_nomem(e);
	for (int i = 0; i < n; i++) /* the oldest of the group, kept at its root for now */
		if (!ch.target[c->group[i]] || c->nodes[i].id < ch.target[c->group[i]])
			ch.target[c->group[i]] = c->nodes[i].id;
	for (int i = n - 1; i >= 0; i--)
		if (c->group[i] != i)
			ch.target[i] = ch.target[c->group[i]];
	TRY(versions_guard(&ch, fresh, e));
	TRY(moves_write(&ch, e));
	TRY(doubts_write(&ch, e));
	TRY(weak_doubts_write(&ch, e));
	return refused_nominate(&ch, e);
}

static int component_max = COMPONENT_MAX;

void people_component_limit(int limit)
{
	component_max = limit ? limit : COMPONENT_MAX;
}

/* waited: somebody waits for it; then the others of a component that has grown absurd come later. */
static enum result seeds_resolve(struct db_tx *tx, const int64_t *seeds, int count, int64_t decision, int64_t fresh,
                                 bool waited, struct error *e)
{
	int64_t *done = NULL;
	int done_count = 0;
	struct component c;

	for (int s = 0; s < count; s++) {
		bool seen = false;

		for (int i = 0; i < done_count && !seen; i++)
			seen = done[i] == seeds[s];
		if (seen)
			continue;
		TRY(component_partition(tx, seeds[s], component_max, &c, e));
		for (int i = 0; i < c.wide_count && waited; i++) /* they were one component before, perhaps */
			TRY(todo_add(tx, c.wide[i].id, e));
		if (c.overflow) {
			TRY(todo_add(tx, seeds[s], e));
			continue;
		}
		TRY(component_write(tx, &c, decision, fresh, e));
		if (s + 1 < count && c.in.record_count) {
			int64_t *more =
			        arena_array(db_tx_arena(tx), (size_t)(done_count + c.in.record_count), sizeof(*more));

			if (!more)
				return error_nomem(e);
			if (done_count)
				memcpy(more, done, (size_t)done_count * sizeof(*more));
			for (int i = 0; i < c.in.record_count; i++)
				more[done_count++] = c.nodes[i].id;
			done = more;
		}
	}
	return OK;
}

enum result people_resolve(struct db_tx *tx, const int64_t *seeds, int count, int64_t decision, int64_t fresh,
                           struct error *e)
{
	return seeds_resolve(tx, seeds, count, decision, fresh, true, e);
}

enum result people_settle(struct db_tx *tx, int64_t record, struct error *e)
{
	struct component c;

	TRY(component_partition(tx, record, component_max, &c, e));
	if (c.overflow)
		return todo_add(tx, record, e);
	for (int i = 0; i < c.in.record_count; i++) {
		int64_t oldest = c.nodes[i].id;

		for (int k = 0; k < c.in.record_count; k++)
			if (c.group[k] == c.group[i] && c.nodes[k].id < oldest)
				oldest = c.nodes[k].id;
		if (c.nodes[i].customer != oldest)
			return component_write(tx, &c, 0, 0, e);
	}
	return OK;
}

/* Its keys and pairs, without the limits of those who are waited for; others whose pairs go are resolved here too. */
static enum result refresh_whole(struct db_tx *tx, int64_t record, struct error *e)
{
	int64_t seeds[COMPONENT_MAX];
	int count = 0, others = 0;

	TRY(matching_refresh_whole(tx, record, seeds, COMPONENT_MAX, &count, e));
	for (int i = 0; i < count; i++)
		if (seeds[i] != record)
			seeds[others++] = seeds[i];
	return seeds_resolve(tx, seeds, others, 0, 0, false, e);
}

DB_STMT(todo_list, "i", "i", "SELECT record FROM person_todo ORDER BY rkey, record LIMIT $1")
DB_STMT(todo_drop, "ii", "", "DELETE FROM person_todo WHERE rkey = $1 AND record = $2")
enum result people_drain(struct db_tx *tx, int max, bool *left, struct error *e)
{
	int64_t record = 0;
	struct component c;

	*left = true;
	for (int i = 0; i < max; i++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		bool found;

		TRY(db_query_one(tx, &todo_list, &rows, &found, e, DB_INT(1)));
		if (!found) {
			*left = false;
			return OK;
		}
		record = db_int(rows, 0);
		db_rows_free(rows);
		rows = NULL;
		TRY(refresh_whole(tx, record, e));
		TRY(component_partition(tx, record, COMPONENT_DRAIN, &c, e));
		if (!c.overflow && c.in.record_count) /* larger still: they stay as they are; check() says so */
			TRY(component_write(tx, &c, 0, 0, e));
		TRY(db_exec(tx, &todo_drop, NULL, e, DB_INT(id_bucket(record)), DB_INT(record)));
		/* Where scores count each has keys of its own to bring up to date. */
		for (int k = 0; k < c.in.record_count && !c.overflow && !c.scored; k++)
			TRY(db_exec(tx, &todo_drop, NULL, e, DB_INT(id_bucket(c.nodes[k].id)), DB_INT(c.nodes[k].id)));
	}
	return OK;
}
