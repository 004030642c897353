/* What people decided about who is who: appended, never changed but for "does it still stand". */
#include "people/internal.h"
#include <stdlib.h>
#include <endian.h>

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

static struct str side_pack(struct arena *a, const int64_t *ids, int count)
{
	uint64_t *p = arena_array(a, (size_t)count + 1, sizeof(*p));

	for (int i = 0; p && i < count; i++)
		p[i] = htobe64((uint64_t)ids[i]);
	return (struct str){ (const char *)p, p ? (size_t)count * 8 : 0 };
}

static const int64_t *side_unpack(struct arena *a, struct str blob, int *count)
{
	int n = (int)(blob.n / 8);
	int64_t *ids = arena_array(a, (size_t)n + 1, sizeof(*ids));

	for (int i = 0; ids && i < n; i++) {
		uint64_t v;

		memcpy(&v, blob.p + (size_t)i * 8, 8);
		ids[i] = (int64_t)be64toh(v);
	}
	*count = n;
	return ids;
}

DB_STMT(decision_insert, "iiiiiiiiiiIIIbbtt", "",
        "INSERT INTO person_decision (rkey, id, kind, at, user_id, a, b, forced, standing, stand_at, undoes, state, "
        "value_kind, left_side, right_side, reason, evidence) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)")
DB_STMT(decision_name, "iii", "",
        "INSERT INTO person_decision_record (rkey, record, decision) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
enum result decision_append(struct db_tx *tx, const struct decision_row *d, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct str left = side_pack(a, d->left, d->left_count), right = side_pack(a, d->right, d->right_count);
	int64_t rkey = id_bucket(d->id);

	if (!left.p || !right.p)
		return error_nomem(e);
	TRY(db_exec(tx, &decision_insert, NULL, e, DB_INT(rkey), DB_INT(d->id), DB_INT(d->kind), DB_INT(d->at),
	            DB_INT(d->user), DB_INT(d->a), DB_INT(d->b), DB_INT(d->forced), DB_INT(d->standing),
	            DB_INT(d->stand_at), DB_INT_OR_NULL(d->undoes),
	            d->kind == DECISION_POLICY ? DB_INT(d->state) : DB_NULL, DB_INT_OR_NULL(d->value_kind),
	            DB_BLOB(left), DB_BLOB(right), DB_TEXT(d->reason), DB_TEXT(d->evidence)));
	for (int i = 0; i < d->left_count; i++)
		TRY(db_exec(tx, &decision_name, NULL, e, DB_INT(id_bucket(d->left[i])), DB_INT(d->left[i]),
		            DB_INT(d->id)));
	for (int i = 0; i < d->right_count && d->kind != DECISION_AUTO_MERGE; i++)
		TRY(db_exec(tx, &decision_name, NULL, e, DB_INT(id_bucket(d->right[i])), DB_INT(d->right[i]),
		            DB_INT(d->id)));
	return OK;
}

#define DECISION_COLS                                                                                                  \
	"d.id, d.kind, d.at, d.user_id, d.a, d.b, d.forced, d.standing, d.stand_at, d.undone_by, d.undoes, d.state, "  \
	"d.value_kind, d.left_side, d.right_side, d.reason, d.evidence"
#define DECISION_TYPES "iiiiiiiiiIIIIbbtt"

static enum result decision_read(const struct db_rows *rows, struct arena *a, struct decision_row *d, struct error *e)
{
	*d = (struct decision_row){ .id = db_int(rows, 0),
		                    .kind = (enum decision_kind)db_int(rows, 1),
		                    .at = db_int(rows, 2),
		                    .user = db_int(rows, 3),
		                    .a = db_int(rows, 4),
		                    .b = db_int(rows, 5),
		                    .forced = db_int(rows, 6) != 0,
		                    .standing = db_int(rows, 7) != 0,
		                    .stand_at = db_int(rows, 8),
		                    .undone_by = db_int(rows, 9),
		                    .undoes = db_int(rows, 10),
		                    .state = (enum identifier_state)db_int(rows, 11),
		                    .value_kind = (enum identifier_kind)db_int(rows, 12) };
	d->left = side_unpack(a, db_blob(rows, 13), &d->left_count);
	d->right = side_unpack(a, db_blob(rows, 14), &d->right_count);
	d->reason = str_c(db_text_dup(rows, 15, a));
	d->evidence = str_c(db_text_dup(rows, 16, a));
	return d->left && d->right && d->reason.p && d->evidence.p ? OK : error_nomem(e);
}

#define DECISIONS_READ_MAX 1000 /* of one record, oldest first: more than people make */

struct decisions {
	struct arena *a;
	struct decision_row *list;
	int count, cap;
};

static enum result decisions_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct decisions *d = arg;
	enum db_step step;

	(void)run;
	while ((step = db_next(rows, e)) == DB_ROW) {
		if (!arena_grow(d->a, &d->list, d->count, &d->cap, sizeof(*d->list)))
			return error_nomem(e);
		TRY(decision_read(rows, d->a, &d->list[d->count++], e));
	}
	return rows_end(step, e);
}

static int by_decision(const void *x, const void *y)
{
	const struct decision_row *a = x, *b = y;

	return (a->id > b->id) - (a->id < b->id);
}

DB_STMT(decision_by_record, "iii", DECISION_TYPES,
        "SELECT " DECISION_COLS " FROM person_decision_record x "
        "JOIN person_decision d ON d.rkey = (x.decision & 4095) AND d.id = x.decision "
        "WHERE x.rkey = $1 AND x.record = $2 ORDER BY x.decision LIMIT $3")
enum result decisions_of_many(struct db_tx *tx, const int64_t *records, int n, struct decision_row **out, int *count,
                              struct error *e)
{
	struct decisions d = { .a = db_tx_arena(tx) };
	int kept = 0;

	TRY(db_each_id(tx, &decision_by_record, records, n, decisions_take, &d, e, DB_INT(DECISIONS_READ_MAX)));
	if (d.count)
		qsort(d.list, (size_t)d.count, sizeof(*d.list), by_decision);
	for (int i = 0; i < d.count; i++)
		if (kept == 0 || d.list[kept - 1].id != d.list[i].id)
			d.list[kept++] = d.list[i];
	*out = d.list;
	*count = kept;
	return OK;
}

enum result decisions_of(struct db_tx *tx, int64_t record, struct decision_row **out, int *count, struct error *e)
{
	return decisions_of_many(tx, &record, 1, out, count, e);
}

DB_STMT(decision_get, "ii", DECISION_TYPES,
        "SELECT " DECISION_COLS " FROM person_decision d WHERE d.rkey = $1 AND d.id = $2")
static enum result decision_load(struct db_tx *tx, int64_t id, struct decision_row *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &decision_get, &rows, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "decision.unknown", "decision", "There is no such decision.");
	return decision_read(rows, db_tx_arena(tx), out, e);
}

/* ---- Making one -------------------------------------------------------------------------------------------------- */

/* Later than every decision that names one of these records: their order decides which one wins. */
static enum result decision_moment(struct db_tx *tx, const struct decision_row *d, int64_t *at, struct error *e)
{
	*at = clock_now();
	for (int i = 0; i < d->left_count + d->right_count; i++) {
		struct decision_row *rows;
		int count;

		TRY(decisions_of(tx, i < d->left_count ? d->left[i] : d->right[i - d->left_count], &rows, &count, e));
		for (int k = 0; k < count; k++)
			if (rows[k].kind != DECISION_AUTO_MERGE || !rows[k].standing)
				*at = rows[k].stand_at >= *at ? rows[k].stand_at + 1 : *at;
	}
	return OK;
}

static enum result flag_sides(struct db_tx *tx, const struct decision_row *d, struct error *e)
{
	for (int i = 0; i < d->left_count; i++)
		TRY(record_flag(tx, d->left[i], RECORD_DECIDED, e));
	for (int i = 0; i < d->right_count; i++)
		TRY(record_flag(tx, d->right[i], RECORD_DECIDED, e));
	return OK;
}

static enum result resolve_sides(struct db_tx *tx, const struct decision_row *d, int64_t cause, struct error *e)
{
	int n = d->left_count + d->right_count;
	int64_t *seeds = arena_array(db_tx_arena(tx), (size_t)n + 1, sizeof(*seeds));

	if (!seeds)
		return error_nomem(e);
	if (d->left_count)
		memcpy(seeds, d->left, (size_t)d->left_count * sizeof(*seeds));
	if (d->right_count)
		memcpy(seeds + d->left_count, d->right, (size_t)d->right_count * sizeof(*seeds));
	return people_resolve(tx, seeds, n, cause, 0, e);
}

#define REASON_MAX 500

static enum result decision_make(struct db_tx *tx, struct decision_row *d, struct error *e)
{
	if (d->reason.n > REASON_MAX || !str_utf8_valid(d->reason))
		return error_set(e, ERR_INVALID, "field.range", "reason", "A reason has at most %d bytes of UTF-8.",
		                 REASON_MAX);
	if (!d->reason.p)
		d->reason = STR("");
	TRY(decision_moment(tx, d, &d->at, e));
	d->stand_at = d->at;
	d->standing = true;
	d->id = id_new(id_bucket(d->a));
	if (!d->evidence.p)
		d->evidence = STR("{}");
	TRY(decision_append(tx, d, e));
	TRY(flag_sides(tx, d, e));
	return resolve_sides(tx, d, d->id, e);
}

/* Does a "never" stand between these two customers? *members: of both together. */
static enum result never_between(struct db_tx *tx, int64_t a, int64_t b, bool *never, int *members, struct error *e)
{
	int64_t left[CUSTOMER_MEMBERS_MAX], right[CUSTOMER_MEMBERS_MAX];
	struct decision_row *rows;
	int n, m, count;

	*never = false;
	TRY(customer_members(tx, a, left, CUSTOMER_MEMBERS_MAX, &n, e));
	TRY(customer_members(tx, b, right, CUSTOMER_MEMBERS_MAX, &m, e));
	*members = n + m;
	TRY(decisions_of_many(tx, left, n, &rows, &count, e));
	for (int k = 0; k < count; k++)
		for (int j = 0; rows[k].kind == DECISION_NEVER && rows[k].standing && j < m; j++)
			if (rows[k].left[0] == right[j] || rows[k].right[0] == right[j])
				*never = true;
	return OK;
}

static bool names_any(const int64_t *side, int side_count, const int64_t *records, int count)
{
	for (int i = 0; i < side_count; i++)
		for (int k = 0; k < count; k++)
			if (side[i] == records[k])
				return true;
	return false;
}

/* Whether the decision has someone of one on one side and someone of the other on the other. */
static bool divides(const struct decision_row *d, const int64_t *one, int n, const int64_t *other, int m)
{
	bool bans =
	        d->standing ? d->kind == DECISION_NEVER || d->kind == DECISION_SPLIT : d->kind == DECISION_AUTO_MERGE;

	return bans && ((names_any(d->left, d->left_count, one, n) && names_any(d->right, d->right_count, other, m)) ||
	                (names_any(d->left, d->left_count, other, m) && names_any(d->right, d->right_count, one, n)));
}

enum result customers_apart(struct db_tx *tx, int64_t a, int64_t b, bool *apart, struct error *e)
{
	int64_t left[2 * CUSTOMER_MEMBERS_MAX], *right;
	struct decision_row *rows;
	int n, m, count;

	*apart = false;
	TRY(customer_members(tx, a, left, CUSTOMER_MEMBERS_MAX, &n, e));
	right = left + n;
	TRY(customer_members(tx, b, right, CUSTOMER_MEMBERS_MAX, &m, e));
	/* of both: an automatic merge is listed under its left side only */
	TRY(decisions_of_many(tx, left, n + m, &rows, &count, e));
	for (int k = 0; k < count && !*apart; k++)
		*apart = divides(&rows[k], left, n, right, m);
	return OK;
}

enum result customer_merge(struct db_tx *tx, int64_t a, int64_t b, bool force, int64_t user, struct str reason,
                           int64_t *decision, int64_t *customer, struct error *e)
{
	struct decision_row d = { .kind = DECISION_MERGE, .user = user, .forced = force, .reason = reason };
	struct doubt doubts[VERDICT_PAIRS_MAX];
	int64_t one, other;
	int members, pairs;
	bool never;

	TRY(customer_of(tx, a, &d.a, e));
	TRY(customer_of(tx, b, &d.b, e));
	if (d.a == d.b)
		return error_set(e, ERR_CONFLICT, "merge.same", "b", "These are one customer already.");
	TRY(never_between(tx, d.a, d.b, &never, &members, e));
	if (members > CUSTOMER_MEMBERS_MAX)
		return error_set(e, ERR_CONFLICT, "merge.too_large", "b", "A customer has at most %d records.",
		                 CUSTOMER_MEMBERS_MAX);
	if (never && !force)
		return error_set(e, ERR_CONFLICT, "merge.never", "b",
		                 "Somebody decided that these are never one person.");
	d.left = &d.a;
	d.right = &d.b;
	d.left_count = d.right_count = 1;
	TRY(doubts_between(tx, d.a, d.b, doubts, &pairs, e));
	TRY(decision_make(tx, &d, e));
	TRY(verdicts_put(tx, doubts, pairs, d.id, true, false, e));
	TRY(customer_of(tx, d.a, &one, e));
	TRY(customer_of(tx, d.b, &other, e));
	if (one != other)
		return error_set(e, ERR_CONFLICT, "merge.verified_conflict", "b",
		                 "Both have a verified account, and not the same.");
	*decision = d.id;
	*customer = one;
	return OK;
}

enum result customer_confirm(struct db_tx *tx, int64_t a, int64_t b, int64_t user, struct str reason, int64_t *decision,
                             struct error *e)
{
	struct decision_row d = { .kind = DECISION_MERGE,
		                  .user = user,
		                  .a = a,
		                  .b = b,
		                  .reason = reason,
		                  .left_count = 1,
		                  .right_count = 1 };
	int64_t one, other;

	d.left = &d.a;
	d.right = &d.b;
	d.evidence = STR("{\"sample\":true}");
	TRY(decision_make(tx, &d, e));
	TRY(customer_of(tx, a, &one, e));
	TRY(customer_of(tx, b, &other, e));
	if (one != other) /* they were on the way apart */
		return error_set(e, ERR_CONFLICT, "sample.apart", "b", "These are not one customer any more.");
	*decision = d.id;
	return OK;
}

static bool among(const int64_t *ids, int count, int64_t id)
{
	for (int i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

enum result customer_split(struct db_tx *tx, const int64_t *records, int count, int64_t user, struct str reason,
                           int64_t *decision, int64_t *customer, struct error *e)
{
	int64_t from, other, members[CUSTOMER_MEMBERS_MAX], left[CUSTOMER_MEMBERS_MAX], right[CUSTOMER_MEMBERS_MAX];
	struct decision_row d = {
		.kind = DECISION_SPLIT, .user = user, .reason = reason, .left = left, .right = right
	};
	int n;

	if (count < 1 || count > CUSTOMER_MEMBERS_MAX)
		return error_set(e, ERR_INVALID, "field.range", "records", "Name 1 to %d records.",
		                 CUSTOMER_MEMBERS_MAX);
	TRY(customer_of(tx, records[0], &from, e));
	for (int i = 0; i < count; i++) {
		TRY(customer_of(tx, records[i], &other, e));
		if (other != from)
			return error_set(e, ERR_CONFLICT, "split.several", "records",
			                 "These records are not of one customer.");
		if (!among(left, d.left_count, records[i]))
			left[d.left_count++] = records[i];
	}
	TRY(customer_members(tx, from, members, CUSTOMER_MEMBERS_MAX, &n, e));
	for (int i = 0; i < n; i++)
		if (!among(left, d.left_count, members[i]))
			right[d.right_count++] = members[i];
	if (d.right_count == 0)
		return error_set(e, ERR_CONFLICT, "split.all", "records", "At least one record must stay.");
	d.a = left[0];
	d.b = right[0];
	TRY(decision_make(tx, &d, e));
	*decision = d.id;
	return customer_of(tx, d.a, customer, e);
}

enum result customer_never(struct db_tx *tx, int64_t a, int64_t b, int64_t user, struct str reason, int64_t *decision,
                           struct error *e)
{
	struct decision_row d = { .kind = DECISION_NEVER, .user = user, .reason = reason };
	struct doubt doubts[VERDICT_PAIRS_MAX];
	int count;

	TRY(customer_of(tx, a, &d.a, e));
	TRY(customer_of(tx, b, &d.b, e));
	if (d.a == d.b)
		return error_set(e, ERR_CONFLICT, "never.same", "b", "These are one customer: split them first.");
	d.left = &d.a;
	d.right = &d.b;
	d.left_count = d.right_count = 1;
	TRY(doubts_between(tx, d.a, d.b, doubts, &count, e));
	TRY(decision_make(tx, &d, e));
	TRY(verdicts_put(tx, doubts, count, d.id, false, false, e));
	*decision = d.id;
	return OK;
}

/* ---- Undo -------------------------------------------------------------------------------------------------------- */

DB_STMT(decision_stand, "iiiiIi", "",
        "UPDATE person_decision SET standing = $3, stand_at = $4, undone_by = $5 WHERE rkey = $1 AND id = $2 AND "
        "standing = $6")
static enum result stand_set(struct db_tx *tx, const struct decision_row *d, bool standing, int64_t undone_by,
                             int64_t stand_at, struct error *e)
{
	int64_t changed;

	TRY(db_exec(tx, &decision_stand, &changed, e, DB_INT(id_bucket(d->id)), DB_INT(d->id), DB_INT(standing),
	            DB_INT(stand_at), DB_INT_OR_NULL(undone_by), DB_INT(!standing)));
	if (changed == 1)
		return OK;
	return error_set(e, ERR_CONFLICT, "decision.undone", "decision", "Somebody else undid this meanwhile.");
}

/* The newest policy on this value that still stands. */
static enum result policy_restore(struct db_tx *tx, const struct decision_row *root, int64_t cause, struct error *e)
{
	struct decision_row *rows, *best = NULL;
	int count;

	TRY(decisions_of(tx, root->left[0], &rows, &count, e));
	for (int i = 0; i < count; i++)
		if (rows[i].kind == DECISION_POLICY && rows[i].standing && rows[i].value_kind == root->value_kind &&
		    str_eq(rows[i].evidence, root->evidence) &&
		    (!best || rows[i].at > best->at || (rows[i].at == best->at && rows[i].id > best->id)))
			best = &rows[i];
	return value_policy_apply(tx, root->value_kind, root->evidence.p, best ? best->state : IDENT_NORMAL,
	                          best != NULL, cause, e);
}

/* Undoing an undo lets what it undid stand again, and so on down the chain. *root: the decision at its end. */
static enum result chain_flip(struct db_tx *tx, struct decision_row *d, int64_t undo, int64_t at,
                              struct decision_row *root, struct error *e)
{
	bool standing = false;
	int64_t by = undo;

	for (;;) {
		/* an automatic merge that no longer stands keeps its two sides apart from now on */
		int64_t stand_at = d->kind == DECISION_AUTO_MERGE && !standing ? at : d->at;

		TRY(stand_set(tx, d, standing, standing ? 0 : by, stand_at, e));
		if (!d->undoes) {
			*root = *d;
			return OK;
		}
		by = d->id;
		standing = !standing;
		TRY(decision_load(tx, d->undoes, d, e));
	}
}

enum result decision_undo(struct db_tx *tx, int64_t decision, int64_t user, struct str reason, struct error *e)
{
	struct decision_row target, root;
	struct decision_row d = {
		.kind = DECISION_UNDO, .user = user, .undoes = decision, .standing = true, .reason = reason
	};
	unsigned bucket;

	if (reason.n > REASON_MAX || !str_utf8_valid(reason))
		return error_set(e, ERR_INVALID, "field.range", "reason", "A reason has at most %d bytes of UTF-8.",
		                 REASON_MAX);
	TRY(decision_load(tx, decision, &target, e));
	if (!target.standing)
		return error_set(e, ERR_CONFLICT, "decision.undone", "decision", "This is undone already.");
	d.a = target.a;
	d.b = target.b;
	d.left = target.left;
	d.left_count = target.left_count;
	d.right = target.right;
	d.right_count = target.right_count;
	d.value_kind = target.value_kind;
	if (target.value_kind) { /* a policy: its side is a value */
		bucket = value_bucket(target.left[0]);
		TRY(people_lock(tx, &bucket, 1, e));
	}
	TRY(decision_moment(tx, &d, &d.at, e));
	d.stand_at = d.at;
	d.id = id_new(id_bucket(target.id));
	d.evidence = STR("{}");
	if (!d.reason.p)
		d.reason = STR("");
	TRY(decision_append(tx, &d, e));
	TRY(chain_flip(tx, &target, d.id, d.at, &root, e));
	if (root.kind == DECISION_POLICY)
		return policy_restore(tx, &root, d.id, e);
	TRY(flag_sides(tx, &root, e));
	return resolve_sides(tx, &root, d.id, e);
}

/* ---- Listing ----------------------------------------------------------------------------------------------------- */

static int decision_before(const struct decision *x, const struct decision *y)
{
	return x->at != y->at ? x->at > y->at : x->id > y->id;
}

/* Keeps out sorted, newest first, without doubles and at most limit. */
static void decision_insert_sorted(struct decision *out, int *count, int limit, const struct decision *d)
{
	int at = 0;

	while (at < *count && decision_before(&out[at], d))
		at++;
	if (at >= limit || (at < *count && out[at].id == d->id))
		return;
	if (*count < limit)
		++*count;
	memmove(&out[at + 1], &out[at], (size_t)(*count - 1 - at) * sizeof(*out));
	out[at] = *d;
}

enum result decision_list(struct db_tx *tx, int64_t customer, int limit, struct arena *a, struct decision *out,
                          int *count, struct error *e)
{
	int64_t records[CUSTOMER_MEMBERS_MAX];
	struct decision_row *rows;
	int members, found, n = 0;

	TRY(customer_of(tx, customer, &customer, e));
	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &members, e));
	TRY(decisions_of_many(tx, records, members, &rows, &found, e));
	for (int k = 0; k < found; k++) {
		struct decision d = { .id = rows[k].id,
			              .at = rows[k].at,
			              .user = rows[k].user,
			              .a = rows[k].a,
			              .b = rows[k].b,
			              .undone_by = rows[k].undone_by,
			              .kind = rows[k].kind,
			              .reason = str_dup(a, rows[k].reason),
			              .evidence = str_dup(a, rows[k].evidence) };

		if (!d.reason || !d.evidence)
			return error_nomem(e);
		decision_insert_sorted(out, &n, limit, &d);
	}
	*count = n;
	return OK;
}
