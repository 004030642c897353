/* A clerical sample of what was joined: which pairs of one customer people look at, and what they say of them. */
#include "people/sample.h"
#include "base/hash.h"
#include "people/match.h"
#include <stdlib.h>

int stratum_of(int64_t score)
{
	int64_t i = score < BAND_FROM ? 0 : (score - BAND_FROM) / BAND_WIDTH;

	if (score == SCORE_NONE)
		return BANDS;
	return i < BANDS ? (int)i : BANDS - 1;
}

int stratum_score(int i)
{
	return BAND_FROM + i * BAND_WIDTH;
}

/* ---- The frame --------------------------------------------------------------------------------------------------- */

#define PAIRS_ENOUGH 20000
#define JOINED_ENOUGH 5000
#define PAGE_SMALL 500  /* pairs: the next page may be twice as wide */
#define PAGE_MOST 50000 /* rows of one page: customers with hundreds of records have very many pairs */

struct framing {
	struct db_tx *tx;
	int64_t seed, low, high; /* buckets */
	struct frame *frame;
};

static uint64_t pair_hash(int64_t seed, int64_t a, int64_t b)
{
	int64_t key[3] = { seed, a, b };

	return hash64(key, sizeof(key), 1);
}

/* The pairs of each customer; a founding record is the oldest, so a < b. */
DB_STMT(frame_joined, "iii", "iiII",
        "SELECT q.a, q.b, p.score, t.score FROM ("
        "SELECT m.customer AS a, m.record AS b FROM person_member m WHERE m.rkey >= $1 AND m.rkey < $2 UNION ALL "
        "SELECT m.record AS a, n.record AS b FROM person_member m JOIN person_member n ON n.rkey = m.rkey AND "
        "n.customer = m.customer AND n.record > m.record WHERE m.rkey >= $1 AND m.rkey < $2) AS q "
        "LEFT JOIN person_pair p ON p.rkey = (q.a & 4095) AND p.a = q.a AND p.b = q.b "
        "LEFT JOIN person_doubt t ON t.rkey = (q.a & 4095) AND t.a = q.a AND t.b = q.b LIMIT $3")
static enum result joined_page(struct framing *f, int *count, struct error *e)
{
	struct frame *out = f->frame;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(f->tx, &frame_joined, &rows, e, DB_INT(f->low), DB_INT(f->high), DB_INT(PAGE_MOST)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct frame_pair p = { .a = db_int(rows, 0), .b = db_int(rows, 1), .score = SCORE_NONE };

		if (!db_is_null(rows, 2))
			p.score = (int)db_int(rows, 2);
		else if (!db_is_null(rows, 3))
			p.score = (int)db_int(rows, 3);
		p.hash = pair_hash(f->seed, p.a, p.b);
		if (!arena_grow(db_tx_arena(f->tx), &out->pairs, out->count, &out->cap, sizeof(*out->pairs)))
			return error_nomem(e);
		out->pairs[out->count++] = p;
		out->joined[stratum_of(p.score)]++;
		++*count;
	}
	return rows_end(step, e);
}

/* Doubts below the component threshold are pairs too. */
DB_STMT(frame_apart, "ii", "ii",
        "SELECT q.score, COUNT(*) FROM (SELECT a, b, score FROM person_pair WHERE rkey >= $1 AND rkey < $2 AND a < b "
        "UNION ALL SELECT a, b, score FROM person_doubt t WHERE rkey >= $1 AND rkey < $2 AND NOT EXISTS "
        "(SELECT 1 FROM person_pair p WHERE p.rkey = t.rkey AND p.a = t.a AND p.b = t.b)) AS q "
        "JOIN person_record x ON x.rkey = (q.a & 4095) AND x.id = q.a "
        "JOIN person_record y ON y.rkey = (q.b & 4095) AND y.id = q.b WHERE x.customer <> y.customer GROUP BY q.score")
static enum result apart_page(struct framing *f, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(f->tx, &frame_apart, &rows, e, DB_INT(f->low), DB_INT(f->high)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		f->frame->apart[stratum_of(db_int(rows, 0))] += db_int(rows, 1);
		*count += (int)db_int(rows, 1);
	}
	return rows_end(step, e);
}

static int by_hash(const void *xv, const void *yv)
{
	const struct frame_pair *x = xv, *y = yv;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

enum result frame_read(struct db_tx *tx, int64_t seed, struct frame *out, struct error *e)
{
	int64_t start = (int64_t)(hash64(&seed, sizeof(seed), 2) % ID_BUCKETS), done = 0, width = 1;
	int total = 0;

	*out = (struct frame){ 0 };
	while (done < ID_BUCKETS && (total < PAIRS_ENOUGH || out->count < JOINED_ENOUGH)) {
		int64_t at = (start + done) % ID_BUCKETS;
		int page = 0;

		if (width > ID_BUCKETS - at)
			width = ID_BUCKETS - at;
		if (width > ID_BUCKETS - done)
			width = ID_BUCKETS - done;
		struct framing f = { .tx = tx, .seed = seed, .low = at, .high = at + width, .frame = out };
		TRY(joined_page(&f, &page, e));
		TRY(apart_page(&f, &page, e));
		done += width;
		total += page;
		if (page < PAGE_SMALL)
			width *= 2;
	}
	out->part = (double)done / ID_BUCKETS;
	if (out->count)
		qsort(out->pairs, (size_t)out->count, sizeof(*out->pairs), by_hash);
	return OK;
}

/* ---- What was said ----------------------------------------------------------------------------------------------- */

DB_STMT(verdict_looks, "", "iiiii",
        "SELECT MIN(v.a), MIN(v.b), MAX(v.score), MAX(v.same), MAX(v.drawn) FROM person_verdict v "
        "JOIN person_decision d ON d.rkey = (v.decision & 4095) AND d.id = v.decision WHERE d.standing = 1 "
        "GROUP BY v.decision")
enum result looks_read(struct db_tx *tx, struct look **out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0, cap = 0;

	*out = NULL;
	TRY(db_query(tx, &verdict_looks, &rows, e, DB_NONE));
	while ((step = db_next(rows, e)) == DB_ROW) {
		if (!arena_grow(db_tx_arena(tx), out, n, &cap, sizeof(**out)))
			return error_nomem(e);
		(*out)[n++] = (struct look){ .a = db_int(rows, 0),
			                     .b = db_int(rows, 1),
			                     .score = (int)db_int(rows, 2),
			                     .same = db_int(rows, 3) != 0,
			                     .drawn = db_int(rows, 4) != 0 };
	}
	*count = n;
	return rows_end(step, e);
}

/* ---- The draw ---------------------------------------------------------------------------------------------------- */

struct drawing {
	const struct frame *frame;
	const struct look *looks;
	int look_count;
	int wanted[STRATA], looked[STRATA];
	int64_t size[STRATA]; /* joined pairs, and those that were until somebody said so */
};

static bool looked_at(const struct drawing *d, const struct frame_pair *p)
{
	for (int i = 0; i < d->look_count; i++)
		if (d->looks[i].drawn && d->looks[i].a == p->a && d->looks[i].b == p->b)
			return true;
	return false;
}

/* One after another to the stratum that has least for its weight (d'Hondt); none gets more than it has. */
static void allocate(struct drawing *d, int size)
{
	int filled = 0;
	double all = 0;

	for (int i = 0; i < STRATA; i++) {
		filled += d->size[i] > 0;
		all += (double)d->size[i];
	}
	for (int n = 0; n < size; n++) {
		int best = -1;
		double most = 0;

		for (int i = 0; i < STRATA; i++) {
			double weight = filled ? 0.5 / filled + 0.5 * (double)d->size[i] / all : 0;

			if (d->wanted[i] < d->size[i] && weight / (d->wanted[i] + 1) > most) {
				most = weight / (d->wanted[i] + 1);
				best = i;
			}
		}
		if (best < 0)
			return;
		d->wanted[best]++;
	}
}

struct drawn {
	const struct frame_pair *pair;
	double turn; /* so that whoever stops early has looked at all strata alike */
};

static int by_turn(const void *xv, const void *yv)
{
	const struct drawn *x = xv, *y = yv;

	if (x->turn < y->turn || x->turn > y->turn)
		return x->turn < y->turn ? -1 : 1;
	return by_hash(x->pair, y->pair);
}

static int pick(const struct drawing *d, struct drawn *list)
{
	int n = 0, given[STRATA];

	memcpy(given, d->looked, sizeof(given));
	for (int i = 0; i < d->frame->count; i++) {
		const struct frame_pair *p = &d->frame->pairs[i];
		int s = stratum_of(p->score);

		if (given[s] >= d->wanted[s] || looked_at(d, p))
			continue;
		list[n++] = (struct drawn){ p, (given[s] + 0.5) / d->wanted[s] };
		given[s]++;
	}
	if (n)
		qsort(list, (size_t)n, sizeof(*list), by_turn);
	return n;
}

enum result sample_draw(struct db_tx *tx, int64_t seed, int size, int limit, struct sample_pair *out, int *count,
                        struct sample *about, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct frame frame;
	struct look *looks;
	struct drawing d = { .frame = &frame };
	struct drawn *list = arena_array(a, (size_t)size + 1, sizeof(*list));

	if (!list)
		return error_nomem(e);
	TRY(frame_read(tx, seed, &frame, e));
	TRY(looks_read(tx, &looks, &d.look_count, e));
	d.looks = looks;
	*about = (struct sample){ .seed = seed };
	memcpy(d.size, frame.joined, sizeof(d.size));
	for (int i = 0; i < d.look_count; i++)
		if (looks[i].drawn) {
			int at = stratum_of(looks[i].score);

			d.looked[at]++;
			d.size[at] += !looks[i].same;
			about->looked++;
			about->same += looks[i].same;
		}
	allocate(&d, size);
	about->left = pick(&d, list);
	*count = about->left < limit ? about->left : limit;
	for (int i = 0; i < *count; i++)
		out[i] = (struct sample_pair){ .a = list[i].pair->a,
			                       .b = list[i].pair->b,
			                       .score = list[i].pair->score,
			                       .scored = list[i].pair->score != SCORE_NONE };
	return OK;
}

/* ---- The answer -------------------------------------------------------------------------------------------------- */

DB_STMT(answer_score, "iii", "II",
        "SELECT p.score, t.score FROM (SELECT $1 AS rkey, $2 AS a, $3 AS b) AS q "
        "LEFT JOIN person_pair p ON p.rkey = q.rkey AND p.a = q.a AND p.b = q.b "
        "LEFT JOIN person_doubt t ON t.rkey = q.rkey AND t.a = q.a AND t.b = q.b")
static enum result score_read(struct db_tx *tx, struct doubt *pair, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &answer_score, &rows, &found, e, DB_INT(id_bucket(pair->a)), DB_INT(pair->a),
	                 DB_INT(pair->b)));
	pair->score = SCORE_NONE;
	if (found && !db_is_null(rows, 0))
		pair->score = (int)db_int(rows, 0);
	else if (found && !db_is_null(rows, 1))
		pair->score = (int)db_int(rows, 1);
	return OK;
}

DB_STMT(answer_known, "iii", "i",
        "SELECT v.decision FROM person_verdict v "
        "JOIN person_decision d ON d.rkey = (v.decision & 4095) AND d.id = v.decision "
        "WHERE v.rkey = $1 AND v.a = $2 AND v.b = $3 AND v.drawn = 1 AND d.standing = 1 LIMIT 1")
static enum result answered(struct db_tx *tx, const struct doubt *pair, bool *yes, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;

	return db_query_one(tx, &answer_known, &rows, yes, e, DB_INT(id_bucket(pair->a)), DB_INT(pair->a),
	                    DB_INT(pair->b));
}

/* Of the customer's records those that are rather b than a: they leave with it. Without a model b alone. */
static enum result side_of(struct db_tx *tx, int64_t customer, int64_t a, int64_t b, int64_t *out, int *count,
                           struct error *e)
{
	const struct epoch *epoch;
	int64_t members[CUSTOMER_MEMBERS_MAX];
	struct match_record **made = arena_array(db_tx_arena(tx), CUSTOMER_MEMBERS_MAX, sizeof(struct match_record *));
	const struct match_record *left = NULL, *right = NULL;
	int n;

	if (!made)
		return error_nomem(e);
	out[0] = b;
	*count = 1;
	TRY(customer_members(tx, customer, members, CUSTOMER_MEMBERS_MAX, &n, e));
	TRY(epoch_of(tx, &epoch, e));
	if (!epoch)
		return OK;
	TRY(matching_load(tx, epoch->model, members, n, db_tx_arena(tx), made, e));
	for (int i = 0; i < n; i++) {
		left = members[i] == a ? made[i] : left;
		right = members[i] == b ? made[i] : right;
	}
	for (int i = 0; i < n && left && right; i++)
		if (members[i] != a && members[i] != b && made[i] &&
		    match_score(epoch->model, made[i], right, NULL, NULL) >
		            match_score(epoch->model, made[i], left, NULL, NULL))
			out[(*count)++] = members[i];
	return OK;
}

enum result sample_answer(struct db_tx *tx, int64_t a, int64_t b, bool same, int64_t user, struct str reason,
                          int64_t *decision, int64_t *customer, struct error *e)
{
	struct doubt pair = { .a = a < b ? a : b, .b = a < b ? b : a };
	int64_t one, other, leaving[CUSTOMER_MEMBERS_MAX];
	bool known;
	int count = 0;

	if (a == b)
		return error_set(e, ERR_INVALID, "why.same", "b", "These are one record.");
	TRY(customer_of(tx, a, &one, e));
	TRY(customer_of(tx, b, &other, e));
	if (one != other)
		return error_set(e, ERR_CONFLICT, "sample.apart", "b", "These are not one customer any more.");
	TRY(answered(tx, &pair, &known, e));
	if (known)
		return error_set(e, ERR_CONFLICT, "sample.answered", "b", "Somebody answered this already.");
	TRY(score_read(tx, &pair, e));
	if (same) {
		TRY(customer_confirm(tx, pair.a, pair.b, user, reason, decision, e));
		*customer = one;
	} else {
		TRY(side_of(tx, one, a, b, leaving, &count, e));
		TRY(customer_split(tx, leaving, count, user, reason, decision, customer, e));
	}
	return verdicts_put(tx, &pair, 1, *decision, same, true, e);
}
