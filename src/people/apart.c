/* What keeps two customers apart: what people decided, accounts, limits, and else what the scores say. In the order of
 * their force; the rules themselves are those of partition.c, closure.c and match_cluster.c. */
#include "people/why.h"

#define REASONS_MAX 20

static void reason_begin(struct json_writer *w, const char *reason)
{
	jw_object(w);
	jw_kcstr(w, "reason", reason);
}

/* Each reason has all members, so that an answer has one shape. */
static void reason_end(struct json_writer *w, const char *const *missing)
{
	for (; *missing; missing++)
		jw_kcstr(w, *missing, NULL);
	jw_end_object(w);
}

static void reason_number(struct json_writer *w, const char *reason, int64_t number, int64_t limit)
{
	static const char *const missing[] = { "decision", "at", "by", "why", "kind", "a", "b", NULL };

	reason_begin(w, reason);
	jw_ki64(w, "number", number);
	jw_ki64(w, "limit", limit);
	reason_end(w, missing);
}

static void reason_plain(struct json_writer *w, const char *reason)
{
	static const char *const missing[] = {
		"decision", "at", "by", "why", "kind", "a", "b", "number", "limit", NULL
	};

	reason_begin(w, reason);
	reason_end(w, missing);
}

/* ---- By hand ----------------------------------------------------------------------------------------------------- */

/* Who took back an automatic merge: the undo names the same records. */
static const struct decision_row *undo_of(const struct decision_row *rows, int count, const struct decision_row *d)
{
	for (int i = 0; i < count; i++)
		if (rows[i].id == d->undone_by)
			return &rows[i];
	return d;
}

static enum result decision_reason(struct why *y, struct json_writer *w, const char *reason,
                                   const struct decision_row *d, struct error *e)
{
	static const char *const missing[] = { "kind", "a", "b", "number", "limit", NULL };

	reason_begin(w, reason);
	jw_kid(w, "decision", ID_DECISION, d->id);
	jw_ktime(w, "at", d->at);
	TRY(why_by(y, w, d->user, e));
	jw_kstr(w, "why", d->reason);
	reason_end(w, missing);
	return OK;
}

/* An automatic merge is named by its left side only, everything else by both. */
static enum result decisions_reasons(struct why *y, struct json_writer *w, int *count, struct error *e)
{
	int64_t told[REASONS_MAX];

	for (int i = 0; i < y->a.total + y->b.total; i++) {
		struct decision_row *rows;
		int n;

		TRY(decisions_of(y->tx, i < y->a.total ? y->a.records[i] : y->b.records[i - y->a.total], &rows, &n, e));
		for (int k = 0; k < n && *count < REASONS_MAX; k++) {
			const struct decision_row *d = &rows[k];
			const char *reason = NULL;
			bool known = false;

			if (d->standing && d->kind == DECISION_NEVER)
				reason = "never";
			else if (d->standing && d->kind == DECISION_SPLIT)
				reason = "split";
			else if (!d->standing && d->kind == DECISION_AUTO_MERGE)
				reason = "taken_back";
			for (int t = 0; t < *count; t++)
				known |= told[t] == d->id;
			if (!reason || known || !decision_between(d, &y->a, &y->b))
				continue;
			told[(*count)++] = d->id;
			TRY(decision_reason(y, w, reason, d->standing ? d : undo_of(rows, n, d), e));
		}
	}
	return OK;
}

/* ---- Accounts ---------------------------------------------------------------------------------------------------- */

struct accounts {
	struct str *list;
	int count, cap;
};

DB_STMT(apart_accounts, "iii", "tII",
        "SELECT i.value, v.state, v.manual FROM person_identifier i "
        "LEFT JOIN person_value v ON v.vkey = i.vkey AND v.kind = i.kind AND v.value = i.value "
        "WHERE i.rkey = $1 AND i.record = $2 AND i.kind = $3 AND i.grade = 1 ORDER BY i.value")
_Static_assert(GRADE_VERIFIED == 1, "written in apart_accounts");
static enum result accounts_read(struct why *y, const struct side *s, struct accounts *out, struct error *e)
{
	struct arena *a = db_tx_arena(y->tx);

	for (int i = 0; i < s->total; i++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(y->tx, &apart_accounts, &rows, e, DB_INT(id_bucket(s->records[i])), DB_INT(s->records[i]),
		             DB_INT(IDENT_ACCOUNT)));
		while ((step = db_next(rows, e)) == DB_ROW) {
			const char *value = db_text_dup(rows, 0, a);

			if (!value || !arena_grow(a, &out->list, out->count, &out->cap, sizeof(*out->list)))
				return error_nomem(e);
			if (identifier_state_of(IDENT_ACCOUNT, value, false, !db_is_null(rows, 1), db_int(rows, 2) != 0,
			                        (int)db_int(rows, 1)) == IDENT_NORMAL)
				out->list[out->count++] = str_c(value);
		}
		TRY(rows_end(step, e));
	}
	return OK;
}

/* One that the other has not. */
static const struct str *foreign(const struct accounts *of, const struct accounts *other)
{
	for (int i = 0; i < of->count; i++) {
		bool shared = false;

		for (int k = 0; k < other->count && !shared; k++)
			shared = str_eq(of->list[i], other->list[k]);
		if (!shared)
			return &of->list[i];
	}
	return NULL;
}

static enum result account_reason(struct why *y, struct json_writer *w, int *count, struct error *e)
{
	static const char *const missing[] = { "decision", "at", "by", "why", "number", "limit", NULL };
	struct accounts left = { 0 }, right = { 0 };
	const struct str *a, *b;

	TRY(accounts_read(y, &y->a, &left, e));
	TRY(accounts_read(y, &y->b, &right, e));
	a = foreign(&left, &right);
	b = foreign(&right, &left);
	if (!a || !b)
		return OK;
	++*count;
	reason_begin(w, "account");
	jw_kcstr(w, "kind", "account");
	TRY(why_value(y, w, "a", "account", *a, e));
	TRY(why_value(y, w, "b", "account", *b, e));
	reason_end(w, missing);
	return OK;
}

/* ---- Limits ------------------------------------------------------------------------------------------------------ */

DB_STMT(apart_todo, "ii", "i", "SELECT record FROM person_todo WHERE rkey = $1 AND record = $2")
static enum result waits(struct why *y, bool *yes, struct error *e)
{
	int64_t pair[2] = { y->left, y->right };

	*yes = false;
	for (int i = 0; i < 2 && !*yes; i++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;

		TRY(db_query_one(y->tx, &apart_todo, &rows, yes, e, DB_INT(id_bucket(pair[i])), DB_INT(pair[i])));
	}
	return OK;
}

static bool in_component(const struct component *c, int64_t record)
{
	for (int i = 0; i < c->in.record_count; i++)
		if (c->nodes[i].id == record)
			return true;
	return false;
}

/* *count > 0: something else than scores keeps them apart. */
static enum result limit_reasons(struct why *y, struct json_writer *w, const struct component *c, int *count,
                                 struct error *e)
{
	int members = y->a.total + y->b.total;
	bool waiting;

	if (members > CUSTOMER_MEMBERS_MAX) {
		++*count;
		reason_number(w, "too_many_records", members, CUSTOMER_MEMBERS_MAX);
	}
	TRY(waits(y, &waiting, e));
	if (waiting) {
		++*count;
		reason_plain(w, "waiting");
	}
	if (c->overflow || (c->wide_count && !in_component(c, y->right))) {
		++*count;
		reason_number(w, "quarantine", c->overflow ? c->in.record_count : c->wide_count, MATCH_COMPONENT_MAX);
	}
	return OK;
}

/* ---- Scores ------------------------------------------------------------------------------------------------------ */

static void score_reasons(struct why *y, struct json_writer *w, const struct component *c, bool hindered)
{
	int link = match_link_threshold(y->epoch->model);

	if (y->score <= link)
		reason_number(w, "score", y->score, link);
	else if (y->average <= link)
		reason_number(w, "average", y->average, link);
	else if (!hindered && !in_component(c, y->right))
		reason_plain(w, "not_compared");
	else if (!hindered)
		reason_plain(w, "unsettled");
}

enum result apart_write(struct why *y, struct json_writer *w, struct error *e)
{
	struct component c;
	int count = 0;

	jw_array(w);
	TRY(decisions_reasons(y, w, &count, e));
	TRY(component_load(y->tx, y->left, COMPONENT_MAX, &c, e));
	TRY(account_reason(y, w, &count, e));
	TRY(limit_reasons(y, w, &c, &count, e));
	if (y->epoch)
		score_reasons(y, w, &c, count > 0);
	else if (!count)
		reason_plain(w, "unsettled");
	jw_end_array(w);
	return OK;
}
