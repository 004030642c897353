/* Doubtful pairs, for people to look at, and what people said of them. */
#include "people/internal.h"
#include <math.h>

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

/* That they are one person, in thousandths: scores are thousandths of log2 of the odds. */
static int64_t chance(int score)
{
	int64_t p = lround(1000 / (1 + exp2(-score / 1000.0)));

	return p > 0 ? p : 1;
}

DB_STMT(doubt_upsert, "iiiiiii", "",
        "INSERT INTO person_doubt (rkey, a, b, score, stake, worth, at, weighed_at) "
        "VALUES ($1, $2, $3, $4, $5, $5 * $6, $7, 0) "
        "ON CONFLICT (rkey, a, b) DO UPDATE SET score = EXCLUDED.score, worth = person_doubt.stake * $6")
enum result doubt_put(struct db_tx *tx, int64_t a, int64_t b, int score, struct error *e)
{
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return db_exec(tx, &doubt_upsert, NULL, e, DB_INT(id_bucket(low)), DB_INT(low), DB_INT(high), DB_INT(score),
	               DB_INT(DOUBT_STAKE_LEAST), DB_INT(chance(score)), DB_INT(clock_now()));
}

DB_STMT(doubt_delete, "iii", "", "DELETE FROM person_doubt WHERE rkey = $1 AND a = $2 AND b = $3")
enum result doubt_drop(struct db_tx *tx, int64_t a, int64_t b, struct error *e)
{
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return db_exec(tx, &doubt_delete, NULL, e, DB_INT(id_bucket(low)), DB_INT(low), DB_INT(high));
}

/* ---- What is at stake -------------------------------------------------------------------------------------------- */

DB_STMT(doubts_unweighed, "ii", "iiiiii",
        "SELECT t.a, t.b, t.score, x.customer, y.customer, "
        "CASE WHEN x.updated_at > y.updated_at THEN x.updated_at ELSE y.updated_at END "
        "FROM person_doubt t JOIN person_record x ON x.rkey = t.rkey AND x.id = t.a "
        "JOIN person_record y ON y.rkey = (t.b & 4095) AND y.id = t.b "
        "WHERE t.weighed_at < $1 ORDER BY t.weighed_at LIMIT $2")
enum result doubt_unweighed(struct db_tx *tx, int64_t before, int limit, struct doubt *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &doubts_unweighed, &rows, e, DB_INT(before), DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW)
		out[n++] = (struct doubt){ .a = db_int(rows, 0),
			                   .b = db_int(rows, 1),
			                   .score = (int)db_int(rows, 2),
			                   .customer_a = db_int(rows, 3),
			                   .customer_b = db_int(rows, 4),
			                   .seen_at = db_int(rows, 5) };
	*count = n;
	return rows_end(step, e);
}

DB_STMT(doubt_set_stake, "iiiiiii", "",
        "UPDATE person_doubt SET stake = $4, worth = $4 * $5, weighed_at = $6 WHERE rkey = $1 AND a = $2 AND b = $3 "
        "AND score = $7")
enum result doubt_weigh(struct db_tx *tx, const struct doubt *d, int64_t stake, int64_t at, struct error *e)
{
	stake = stake < 1 ? 1 : stake > DOUBT_STAKE_MOST ? DOUBT_STAKE_MOST : stake;
	return db_exec(tx, &doubt_set_stake, NULL, e, DB_INT(id_bucket(d->a)), DB_INT(d->a), DB_INT(d->b),
	               DB_INT(stake), DB_INT(chance(d->score)), DB_INT(at), DB_INT(d->score));
}

DB_STMT(doubts_unweigh, "ii", "",
        "UPDATE person_doubt SET weighed_at = 0 WHERE ((rkey = $1 AND a = $2) OR b = $2) AND weighed_at > 0")
enum result doubt_unweigh(struct db_tx *tx, int64_t record, struct error *e)
{
	return db_exec(tx, &doubts_unweigh, NULL, e, DB_INT(id_bucket(record)), DB_INT(record));
}

/* ---- The queue --------------------------------------------------------------------------------------------------- */

/* Left out: what is one customer by now, the erased, and pairs of which a decision by hand still stands. */
#define DOUBT_FROM                                                                                                     \
	"FROM person_doubt t JOIN person_record x ON x.rkey = t.rkey AND x.id = t.a "                                  \
	"JOIN person_record y ON y.rkey = (t.b & 4095) AND y.id = t.b "                                                \
	"WHERE x.customer <> y.customer AND ((x.flags | y.flags) & 4) = 0 AND NOT EXISTS "                             \
	"(SELECT 1 FROM person_verdict v JOIN person_decision d ON d.rkey = (v.decision & 4095) AND d.id = "           \
	"v.decision WHERE v.rkey = t.rkey AND v.a = t.a AND v.b = t.b AND d.standing = 1) "
_Static_assert(RECORD_ERASED == 4, "written in DOUBT_FROM");

#define DOUBTS_COUNTED 10000

DB_STMT(doubt_number, "i", "i", "SELECT COUNT(*) FROM (SELECT t.a " DOUBT_FROM "LIMIT $1) AS q")
enum result doubt_count(struct db_tx *tx, int64_t *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &doubt_number, &rows, &found, e, DB_INT(DOUBTS_COUNTED)));
	*count = found ? db_int(rows, 0) : 0;
	return OK;
}

DB_STMT(doubt_page, "iiii", "iiiiiiii",
        "SELECT t.a, t.b, x.customer, y.customer, t.at, t.worth, t.score, t.stake " DOUBT_FROM
        "AND t.worth <= $1 AND (t.worth < $1 OR t.a > $2 OR (t.a = $2 AND t.b > $3)) "
        "ORDER BY t.worth DESC, t.a, t.b LIMIT $4")

static enum result page_read(struct db_tx *tx, const struct doubt *after, int limit, struct doubt *out, int *count,
                             struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &doubt_page, &rows, e, DB_INT(after->worth), DB_INT(after->a), DB_INT(after->b),
	             DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW)
		out[n++] = (struct doubt){ .a = db_int(rows, 0),
			                   .b = db_int(rows, 1),
			                   .customer_a = db_int(rows, 2),
			                   .customer_b = db_int(rows, 3),
			                   .at = db_int(rows, 4),
			                   .worth = db_int(rows, 5),
			                   .score = (int)db_int(rows, 6),
			                   .stake = db_int(rows, 7) };
	*count = n;
	return rows_end(step, e);
}

static bool same_customers(const struct doubt *x, const struct doubt *y)
{
	return (x->customer_a == y->customer_a && x->customer_b == y->customer_b) ||
	       (x->customer_a == y->customer_b && x->customer_b == y->customer_a);
}

enum result doubt_list(struct db_tx *tx, const struct doubt *after, int limit, struct doubt *out, int *count,
                       struct error *e)
{
	struct doubt at = after ? *after : (struct doubt){ .worth = INT64_MAX, .a = INT64_MAX, .b = INT64_MAX };
	struct doubt *page = arena_array(db_tx_arena(tx), (size_t)limit + 1, sizeof(*page));
	int n = 0, got = limit;

	if (!page)
		return error_nomem(e);
	while (n < limit && got == limit) {
		TRY(page_read(tx, &at, limit, page, &got, e));
		for (int i = 0; i < got && n < limit; i++) {
			bool settled = false;

			at = page[i];
			for (int k = 0; k < n && !settled; k++) /* several pairs of the same two: the best one */
				settled = same_customers(&out[k], &page[i]);
			if (!settled)
				TRY(customers_apart(tx, page[i].customer_a, page[i].customer_b, &settled, e));
			if (!settled)
				out[n++] = page[i];
		}
	}
	*count = n;
	return OK;
}

/* ---- Verdicts ---------------------------------------------------------------------------------------------------- */

DB_STMT(doubt_of_low, "ii", "ii", "SELECT b, score FROM person_doubt WHERE rkey = $1 AND a = $2")

static bool among(const int64_t *list, int count, int64_t id)
{
	for (int i = 0; i < count; i++)
		if (list[i] == id)
			return true;
	return false;
}

/* The doubts whose lower record is in one and whose higher one is in the other. */
static enum result between_add(struct db_tx *tx, const int64_t *one, int one_count, const int64_t *other,
                               int other_count, struct doubt *out, int *count, struct error *e)
{
	for (int i = 0; i < one_count; i++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &doubt_of_low, &rows, e, DB_INT(id_bucket(one[i])), DB_INT(one[i])));
		while ((step = db_next(rows, e)) == DB_ROW)
			if (*count < VERDICT_PAIRS_MAX && among(other, other_count, db_int(rows, 0)))
				out[(*count)++] = (struct doubt){ .a = one[i],
					                          .b = db_int(rows, 0),
					                          .score = (int)db_int(rows, 1) };
		TRY(rows_end(step, e));
	}
	return OK;
}

enum result doubts_between(struct db_tx *tx, int64_t a, int64_t b, struct doubt *out, int *count, struct error *e)
{
	int64_t *left = arena_array(db_tx_arena(tx), CUSTOMER_MEMBERS_MAX, sizeof(*left));
	int64_t *right = arena_array(db_tx_arena(tx), CUSTOMER_MEMBERS_MAX, sizeof(*right));
	int n, m;

	*count = 0;
	if (!left || !right)
		return error_nomem(e);
	TRY(customer_members(tx, a, left, CUSTOMER_MEMBERS_MAX, &n, e));
	TRY(customer_members(tx, b, right, CUSTOMER_MEMBERS_MAX, &m, e));
	TRY(between_add(tx, left, n, right, m, out, count, e));
	return between_add(tx, right, m, left, n, out, count, e);
}

DB_STMT(verdict_insert, "iiiiiii", "",
        "INSERT INTO person_verdict (rkey, a, b, decision, score, same, drawn) VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT DO NOTHING")
enum result verdicts_put(struct db_tx *tx, const struct doubt *doubts, int count, int64_t decision, bool same,
                         bool drawn, struct error *e)
{
	for (int i = 0; i < count; i++)
		TRY(db_exec(tx, &verdict_insert, NULL, e, DB_INT(id_bucket(doubts[i].a)), DB_INT(doubts[i].a),
		            DB_INT(doubts[i].b), DB_INT(decision), DB_INT(doubts[i].score), DB_INT(same),
		            DB_INT(drawn)));
	return OK;
}
