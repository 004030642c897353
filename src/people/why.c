/* Why two records are one person, or are not: the evidence of the scores, what both verified, what people decided. */
#include "people/why.h"
#include <stdio.h>
#include <stdlib.h>

#define WHY_SIDE_MAX 100 /* records of a customer that are looked at */
#define WHY_LINKS_MAX 50

/* ---- Which two records ------------------------------------------------------------------------------------------- */

static enum result side_load(struct why *y, struct side *s, struct error *e)
{
	TRY(customer_members(y->tx, s->customer, s->records, CUSTOMER_MEMBERS_MAX, &s->total, e));
	s->count = s->total < WHY_SIDE_MAX ? s->total : WHY_SIDE_MAX;
	return OK;
}

static void side_leave(struct side *s, int64_t record)
{
	int n = 0;

	for (int i = 0; i < s->count; i++)
		if (s->records[i] != record)
			s->records[n++] = s->records[i];
	s->count = s->total = n;
}

static void side_only(struct side *s)
{
	s->records[0] = s->asked;
	s->count = s->total = 1;
}

/* Of two customers all their records. Within one customer exactly the two; but of a record and the customer who holds
 * it, that record and the others. */
static enum result sides_choose(struct why *y, struct error *e)
{
	struct side *a = &y->a, *b = &y->b;

	TRY(customer_of(y->tx, a->asked, &a->customer, e));
	TRY(customer_of(y->tx, b->asked, &b->customer, e));
	if (a->customer != b->customer) {
		TRY(side_load(y, a, e));
		return side_load(y, b, e);
	}
	side_only(a);
	side_only(b);
	if (b->asked == b->customer) {
		TRY(side_load(y, b, e));
		side_leave(b, a->asked);
	} else if (a->asked == a->customer) {
		TRY(side_load(y, a, e));
		side_leave(a, b->asked);
	}
	if (a->count == 0 || b->count == 0 || (a->count + b->count == 2 && a->records[0] == b->records[0]))
		return error_set(e, ERR_INVALID, "why.same", "b", "These are one record.");
	return OK;
}

static enum result side_make(struct why *y, struct side *s, struct error *e)
{
	s->made = arena_array(db_tx_arena(y->tx), (size_t)s->count + 1, sizeof(struct match_record *));
	if (!s->made)
		return error_nomem(e);
	return matching_load(y->tx, y->epoch->model, s->records, s->count, db_tx_arena(y->tx), s->made, e);
}

/* The pair that scores best, ties by the older records; and the average of all pairs, as match_cluster() has it. */
static enum result pair_choose(struct why *y, struct error *e)
{
	const struct match_record *left = NULL, *right = NULL;
	int64_t sum = 0, pairs = 0;

	y->left = y->a.records[0];
	y->right = y->b.records[0];
	if (!y->epoch)
		return OK;
	TRY(side_make(y, &y->a, e));
	TRY(side_make(y, &y->b, e));
	for (int i = 0; i < y->a.count; i++)
		for (int k = 0; k < y->b.count; k++) {
			const struct match_record *l = y->a.made[i], *r = y->b.made[k];
			int score = l && r ? match_score(y->epoch->model, l, r, NULL, NULL) : 0;

			sum += l && r ? match_vote(y->epoch->model, l, r) + match_link_threshold(y->epoch->model) : 0;
			pairs += l && r;
			if (!l || !r || (left && score <= y->score))
				continue;
			left = l;
			right = r;
			y->score = score;
			y->left = y->a.records[i];
			y->right = y->b.records[k];
		}
	if (!left)
		return error_set(e, ERR_NOT_FOUND, "customer.unknown", "a", "There is no such customer.");
	y->average = (int)(sum > 0 ? (sum + pairs - 1) / pairs : sum / pairs);
	y->score = match_score(y->epoch->model, left, right, y->evidence, &y->evidence_count);
	return OK;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* Values that reach somebody: only so much of them that one sees which they are. */
static bool reaches(const char *comparison)
{
	return !strcmp(comparison, "email") || !strcmp(comparison, "phone") || !strcmp(comparison, "id") ||
	       !strcmp(comparison, "account") || !strcmp(comparison, "loyalty") || !strcmp(comparison, "external") ||
	       !strcmp(comparison, "device");
}

#define MASK_TAIL 4

/* "j…@example.org", "…6655". */
enum result why_value(struct why *y, struct json_writer *w, const char *key, const char *comparison, struct str v,
                      struct error *e)
{
	const char *at = v.n ? memchr(v.p, '@', v.n) : NULL;
	const char *text;

	if (!y->how->masked || !reaches(comparison) || v.n == 0) {
		jw_kstr(w, key, v);
		return OK;
	}
	if (at)
		text = arena_printf(db_tx_arena(y->tx), "%.1s…%.*s", v.p, (int)(v.p + v.n - at), at);
	else if (v.n > MASK_TAIL)
		text = arena_printf(db_tx_arena(y->tx), "…%.*s", MASK_TAIL, v.p + v.n - MASK_TAIL);
	else
		text = "…";
	jw_kcstr(w, key, text);
	return text ? OK : error_nomem(e);
}

static enum result fields_write(struct why *y, struct json_writer *w, struct error *e)
{
	jw_key(w, "fields");
	jw_array(w);
	for (int i = 0; i < y->evidence_count; i++) {
		const struct match_evidence *v = &y->evidence[i];

		jw_object(w);
		jw_kcstr(w, "comparison", v->comparison);
		jw_kcstr(w, "kind", v->kind);
		jw_kcstr(w, "level", v->level);
		TRY(why_value(y, w, "a", v->comparison, v->a, e));
		TRY(why_value(y, w, "b", v->comparison, v->b, e));
		jw_ki64(w, "weight", v->weight);
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

DB_STMT(why_shared, "iiiii", "itiiII",
        "SELECT x.kind, x.value, x.grade, y.grade, v.state, v.manual FROM person_identifier x "
        "JOIN person_identifier y ON y.rkey = $3 AND y.record = $4 AND y.kind = x.kind AND y.vkey = x.vkey AND "
        "y.value = x.value "
        "LEFT JOIN person_value v ON v.vkey = x.vkey AND v.kind = x.kind AND v.value = x.value "
        "WHERE x.rkey = $1 AND x.record = $2 ORDER BY x.kind, x.value LIMIT $5")
/* Identifiers that both have. *tied: one of them makes customers by itself. */
static enum result links_write(struct why *y, struct json_writer *w, bool *tied, struct error *e)
{
	static const char *const states[] = { "normal", "household", "generic", "blocked", "raw" };
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	jw_key(w, "links");
	jw_array(w);
	TRY(db_query(y->tx, &why_shared, &rows, e, DB_INT(id_bucket(y->left)), DB_INT(y->left),
	             DB_INT(id_bucket(y->right)), DB_INT(y->right), DB_INT(WHY_LINKS_MAX)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		enum identifier_kind kind = (enum identifier_kind)db_int(rows, 0);
		bool raw = db_int(rows, 2) == GRADE_RAW, row = !db_is_null(rows, 4);
		bool verified = db_int(rows, 2) == GRADE_VERIFIED && db_int(rows, 3) == GRADE_VERIFIED;
		char value[VALUE_MAX + 2];
		enum identifier_state state;

		snprintf(value, sizeof(value), "%.*s", STR_ARG(db_text(rows, 1)));
		state = identifier_state_of(kind, value, raw, row, db_int(rows, 5) != 0, (int)db_int(rows, 4));
		jw_object(w);
		jw_kcstr(w, "kind", identifier_kind_name(kind));
		TRY(why_value(y, w, "value", identifier_kind_name(kind), str_c(value), e));
		jw_kbool(w, "verified", verified);
		jw_kcstr(w, "state", states[state]);
		jw_end_object(w);
		*tied |= verified && state == IDENT_NORMAL && kind_links(kind);
	}
	jw_end_array(w);
	return rows_end(step, e);
}

static bool side_has(const int64_t *side, int count, const struct side *of)
{
	for (int i = 0; i < count; i++)
		for (int k = 0; k < of->total; k++)
			if (side[i] == of->records[k])
				return true;
	return false;
}

bool decision_between(const struct decision_row *d, const struct side *a, const struct side *b)
{
	return (side_has(d->left, d->left_count, a) && side_has(d->right, d->right_count, b)) ||
	       (side_has(d->left, d->left_count, b) && side_has(d->right, d->right_count, a));
}

enum result why_by(struct why *y, struct json_writer *w, int64_t user, struct error *e)
{
	const char *name = NULL;

	if (user && y->how->name_of)
		TRY(y->how->name_of(y->tx, user, &name, e));
	jw_kcstr(w, "by", name);
	return OK;
}

/* Of automatic merges those that still hold, or that somebody took back: others a later model does not see. */
static bool decision_shows(const struct why *y, const struct decision_row *d)
{
	if (d->kind == DECISION_UNDO || d->kind == DECISION_POLICY)
		return false;
	return d->kind != DECISION_AUTO_MERGE || !d->standing || y->a.customer == y->b.customer;
}

static int by_age(const void *xv, const void *yv)
{
	const struct decision_row *x = *(const struct decision_row *const *)xv;
	const struct decision_row *y = *(const struct decision_row *const *)yv;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static enum result decisions_find(struct why *y, const struct decision_row **out, int *found, struct error *e)
{
	int n = 0;

	for (int i = 0; i < y->a.count + y->b.count; i++) {
		struct decision_row *rows;
		int count;

		TRY(decisions_of(y->tx, i < y->a.count ? y->a.records[i] : y->b.records[i - y->a.count], &rows, &count,
		                 e));
		for (int k = 0; k < count && n < WHY_LINKS_MAX; k++) {
			bool known = false;

			for (int t = 0; t < n; t++)
				known |= out[t]->id == rows[k].id;
			if (!known && decision_shows(y, &rows[k]) && decision_between(&rows[k], &y->a, &y->b))
				out[n++] = &rows[k];
		}
	}
	qsort(out, (size_t)n, sizeof(*out), by_age);
	*found = n;
	return OK;
}

/* What was decided about the two, oldest first; by itself the merges that these very records made. */
static enum result decisions_write(struct why *y, struct json_writer *w, bool *tied, struct error *e)
{
	static const char *const kinds[] = { "", "auto_merge", "merge", "split", "never", "undo", "policy" };
	const struct decision_row *list[WHY_LINKS_MAX];
	int count;

	TRY(decisions_find(y, list, &count, e));
	jw_key(w, "decisions");
	jw_array(w);
	for (int i = 0; i < count; i++) {
		const struct decision_row *d = list[i];

		jw_object(w);
		jw_kid(w, "decision", ID_DECISION, d->id);
		jw_kcstr(w, "kind", kinds[d->kind]);
		jw_ktime(w, "at", d->at);
		TRY(why_by(y, w, d->user, e));
		jw_kstr(w, "reason", d->reason);
		jw_kbool(w, "standing", d->standing);
		jw_end_object(w);
		*tied |= d->standing || d->kind == DECISION_AUTO_MERGE;
	}
	jw_end_array(w);
	return OK;
}

static void number_or_null(struct json_writer *w, const char *key, bool there, int64_t n)
{
	jw_key(w, key);
	if (there)
		jw_i64(w, n);
	else
		jw_null(w);
}

static enum result why_write(struct why *y, struct json_writer *w, struct error *e)
{
	const struct match_model *m = y->epoch ? y->epoch->model : NULL;
	int prior = y->score;
	bool tied = false;

	for (int i = 0; i < y->evidence_count; i++)
		prior -= y->evidence[i].weight;
	jw_object(w);
	jw_kid(w, "a", ID_RECORD, y->left);
	jw_kid(w, "b", ID_RECORD, y->right);
	jw_kbool(w, "same", y->a.customer == y->b.customer);
	number_or_null(w, "epoch", m, m ? y->epoch->version : 0);
	number_or_null(w, "score", m, y->score);
	number_or_null(w, "prior", m, prior);
	number_or_null(w, "link", m, m ? match_link_threshold(m) : 0);
	number_or_null(w, "component", m, m ? match_component_threshold(m) : 0);
	TRY(fields_write(y, w, e));
	TRY(links_write(y, w, &tied, e));
	TRY(decisions_write(y, w, &tied, e));
	jw_key(w, "apart");
	if (y->a.customer != y->b.customer && y->how->whole)
		TRY(apart_write(y, w, e));
	else
		jw_null(w);
	jw_end_object(w);
	if (!m && !tied)
		return error_set(e, ERR_CONFLICT, "epoch.none", NULL,
		                 "There is no model to score by yet, and nothing verified or decided ties these two.");
	return OK;
}

enum result match_why(struct db_tx *tx, int64_t a, int64_t b, const struct why_how *how, struct json_writer *w,
                      struct error *e)
{
	const struct epoch *epoch;
	struct why *y = arena_alloc(db_tx_arena(tx), sizeof(*y));

	if (!y)
		return error_nomem(e);
	*y = (struct why){ .tx = tx, .a.asked = a, .b.asked = b, .how = how };
	TRY(sides_choose(y, e));
	TRY(epoch_of(tx, &epoch, e));
	y->epoch = epoch;
	TRY(pair_choose(y, e));
	return why_write(y, w, e);
}
