/* Balances against the replay of the moves: to find what differs, and to mend it. By bucket: one shard, one snapshot.
 */
#include "ledger/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define REBUILD_LOCK 0x6c65646765720000LL /* "ledger": two rebuilds would add what is missing twice */

struct difference {
	int64_t book, subject, place, account, by; /* moves − balance */
	int64_t at;                                /* of the last move */
};

DB_STMT(ledger_difference, "i", "iiiiii",
        "SELECT book, subject, place, account, CAST(SUM(d) AS BIGINT), MAX(at) FROM ("
        "SELECT book, subject, to_place AS place, to_account AS account, qty AS d, at FROM ledger_move "
        "WHERE rkey = $1 UNION ALL "
        "SELECT book, subject, from_place, from_account, -qty, at FROM ledger_move WHERE rkey = $1 UNION ALL "
        "SELECT book, subject, place, account, -qty, moved_at FROM ledger_balance WHERE rkey = $1) AS all_sides "
        "GROUP BY book, subject, place, account HAVING CAST(SUM(d) AS BIGINT) <> 0 ORDER BY book, subject, place, "
        "account")

static enum result differences(struct db_tx *tx, int64_t rkey, struct difference **out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	int n = 0, cap = 0;
	enum db_step step;
	TRY(db_query(tx, &ledger_difference, &r, e, DB_INT(rkey)));
	*out = NULL;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(db_tx_arena(tx), out, n, &cap, sizeof(**out)))
			return error_nomem(e);
		(*out)[n++] = (struct difference){ db_int(r, 0), db_int(r, 1), db_int(r, 2),
			                           db_int(r, 3), db_int(r, 4), db_int(r, 5) };
	}
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

/* ---- Check ------------------------------------------------------------------------------------------------------ */

DB_STMT(ledger_wrong, "i", "iiiiI",
        "SELECT book, subject, place, account, qty FROM ledger_balance WHERE rkey = $1 AND account < 100 AND qty < 0 "
        "UNION ALL SELECT book, subject, 0, 0, CAST(SUM(qty) AS BIGINT) FROM ledger_balance WHERE rkey = $1 "
        "GROUP BY book, subject HAVING CAST(SUM(qty) AS BIGINT) <> 0")

typedef void finding_fn(void *arg, const char *invariant, const char *detail);

#define REPLAY "balances equal the replay of the moves"
#define BELOW "no internal account is below zero"
#define ZERO_SUM "the accounts of a subject sum to zero"

static void difference_found(const struct difference *d, finding_fn *finding, void *arg)
{
	char detail[160];
	snprintf(detail, sizeof(detail),
	         "book %" PRId64 " subject %" PRId64 " place %" PRId64 " account %" PRId64 ": moves say %+" PRId64,
	         d->book, d->subject, d->place, d->account, d->by);
	finding(arg, REPLAY, detail);
}

/* account 0: all of them */
static void wrong_found(int64_t book, int64_t subject, int64_t place, int64_t account, int64_t qty, finding_fn *finding,
                        void *arg)
{
	char detail[160];
	snprintf(detail, sizeof(detail),
	         "book %" PRId64 " subject %" PRId64 " place %" PRId64 " account %" PRId64 ": %" PRId64, book, subject,
	         place, account, qty);
	finding(arg, account ? BELOW : ZERO_SUM, detail);
}

static enum result bucket_check(struct db_tx *tx, int64_t rkey, finding_fn *finding, void *arg, struct error *e)
{
	struct difference *d;
	int count;
	TRY(differences(tx, rkey, &d, &count, e));
	for (int i = 0; i < count; i++)
		difference_found(&d[i], finding, arg);
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &ledger_wrong, &r, e, DB_INT(rkey)));
	while ((step = db_next(r, e)) == DB_ROW)
		wrong_found(db_int(r, 0), db_int(r, 1), db_int(r, 2), db_int(r, 3), db_int(r, 4), finding, arg);
	return step == DB_ERR ? e->result : OK;
}

/* ---- One subject ------------------------------------------------------------------------------------------------ */

/* What a move or a balance says of an account. */
struct side {
	int64_t place, account, by;
};
struct sides {
	struct side *list;
	int count, cap;
	struct arena *a;
};

static enum result side_add(struct sides *s, int64_t place, int64_t account, int64_t by, struct error *e)
{
	if (!arena_grow(s->a, &s->list, s->count, &s->cap, sizeof(*s->list)))
		return error_nomem(e);
	s->list[s->count++] = (struct side){ place, account, by };
	return OK;
}

static int side_cmp(const void *a, const void *b)
{
	const struct side *x = a, *y = b;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return (x->account > y->account) - (x->account < y->account);
}

/* Added up here: the engines would sort each move twice to group it. */
DB_STMT(ledger_subject_moves, "iii", "iiiii",
        "SELECT from_place, from_account, to_place, to_account, qty FROM ledger_move "
        "WHERE rkey = $1 AND book = $2 AND subject = $3")

static enum result moves_load(struct db_tx *tx, enum book book, int64_t subject, struct sides *s, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &ledger_subject_moves, &r, e, DB_INT(id_bucket(subject)), DB_INT(book), DB_INT(subject)));
	while ((step = db_next(r, e)) == DB_ROW) {
		TRY(side_add(s, db_int(r, 0), db_int(r, 1), -db_int(r, 4), e));
		TRY(side_add(s, db_int(r, 2), db_int(r, 3), db_int(r, 4), e));
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(ledger_subject_balances, "iii", "iii",
        "SELECT place, account, qty FROM ledger_balance WHERE rkey = $1 AND book = $2 AND subject = $3")

static enum result subject_check(struct db_tx *tx, enum book book, int64_t subject, finding_fn *finding, void *arg,
                                 struct error *e)
{
	struct sides s = { .a = db_tx_arena(tx) };
	int64_t sum = 0;
	TRY(moves_load(tx, book, subject, &s, e));
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		enum db_step step;
		TRY(db_query(tx, &ledger_subject_balances, &r, e, DB_INT(id_bucket(subject)), DB_INT(book),
		             DB_INT(subject)));
		while ((step = db_next(r, e)) == DB_ROW) {
			int64_t place = db_int(r, 0), account = db_int(r, 1), qty = db_int(r, 2);
			sum += qty;
			if (account < LEDGER_COUNTER && qty < 0)
				wrong_found(book, subject, place, account, qty, finding, arg);
			TRY(side_add(&s, place, account, -qty, e));
		}
		if (step == DB_ERR)
			return e->result;
	}
	if (sum)
		wrong_found(book, subject, 0, 0, sum, finding, arg);
	if (s.count)
		qsort(s.list, (size_t)s.count, sizeof(*s.list), side_cmp);
	for (int i = 0, end; i < s.count; i = end) {
		struct difference d = {
			.book = book, .subject = subject, .place = s.list[i].place, .account = s.list[i].account
		};
		for (end = i; end < s.count && side_cmp(&s.list[i], &s.list[end]) == 0; end++)
			d.by += s.list[end].by;
		if (d.by)
			difference_found(&d, finding, arg);
	}
	return OK;
}

struct subject_finding {
	int bad;
	char *detail;
};

static void subject_found(void *arg, const char *invariant, const char *detail)
{
	struct subject_finding *f = arg;
	if (!f->bad++)
		snprintf(f->detail, 256, "%s: %s", invariant, detail);
}

enum result ledger_check_subject(struct db_tx *tx, enum book book, int64_t subject, int *bad, char detail[256],
                                 struct error *e)
{
	struct subject_finding f = { .detail = detail };
	TRY(subject_check(tx, book, subject, subject_found, &f, e));
	*bad = f.bad;
	return OK;
}

/* ---- By bucket -------------------------------------------------------------------------------------------------- */

DB_STMT(ledger_buckets, "i", "I",
        "SELECT MIN(rkey) FROM (SELECT MIN(rkey) AS rkey FROM ledger_balance WHERE rkey > $1 UNION ALL "
        "SELECT MIN(rkey) FROM ledger_move WHERE rkey > $1) AS buckets")

enum result ledger_next_bucket(struct db_tx *tx, int64_t after, int64_t *next, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &ledger_buckets, &r, &found, e, DB_INT(after)));
	*next = db_is_null(r, 0) ? ID_BUCKETS : db_int(r, 0);
	return OK;
}

struct walk {
	int64_t bucket; /* the last one seen, -1 at first */
	bool done;
	room_finding_fn *finding;
	void *arg;
	uint64_t sum[2];
};

static enum result walk_next(struct db_tx *tx, struct walk *w, struct error *e)
{
	TRY(ledger_next_bucket(tx, w->bucket, &w->bucket, e));
	w->done = w->bucket == ID_BUCKETS;
	return OK;
}

/* fn runs once more after a lost connection: it works on a copy. */
static enum result walk_all(struct db *db, bool write, db_fn *fn, struct walk *w, struct error *e)
{
	w->bucket = -1;
	while (!w->done)
		TRY((write ? db_transact : db_read)(db, fn, w, e));
	return OK;
}

static void walk_found(void *arg, const char *invariant, const char *detail)
{
	const struct walk *w = arg;
	w->finding(w->arg, "ledger", invariant, detail);
}

static enum result check_bucket(struct db_tx *tx, void *arg, struct error *e)
{
	struct walk *w = arg, next = *w;
	TRY(walk_next(tx, &next, e));
	if (!next.done)
		TRY(bucket_check(tx, next.bucket, walk_found, &next, e));
	*w = next;
	return OK;
}

static enum result check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct walk w = { .finding = finding, .arg = arg };
	return walk_all(db, false, check_bucket, &w, e);
}

DB_STMT(ledger_balance_all, "i", "iiiii",
        "SELECT book, subject, place, account, qty FROM ledger_balance WHERE rkey = $1 AND qty <> 0")

static enum result digest_bucket(struct db_tx *tx, void *arg, struct error *e)
{
	struct walk *w = arg, next = *w;
	TRY(walk_next(tx, &next, e));
	if (!next.done) {
		DB_ROWS_AUTO struct db_rows *r = NULL;
		enum db_step step;
		TRY(db_query(tx, &ledger_balance_all, &r, e, DB_INT(next.bucket)));
		while ((step = db_next(r, e)) == DB_ROW) {
			int64_t v[5];
			for (int i = 0; i < 5; i++)
				v[i] = db_int(r, i);
			uint64_t h = hash64(v, sizeof(v), 1);
			next.sum[0] += h;
			next.sum[1] += hash64(&h, sizeof(h), 2);
		}
		if (step == DB_ERR)
			return e->result;
	}
	*w = next;
	return OK;
}

static enum result digest(struct db *db, unsigned char out[16], struct error *e)
{
	struct walk w = { 0 };
	TRY(walk_all(db, false, digest_bucket, &w, e));
	memcpy(out, w.sum, sizeof(w.sum));
	return OK;
}

DB_STMT(ledger_balance_mend, "iiiiii", "",
        "UPDATE ledger_balance SET qty = qty + $6 WHERE rkey = $1 AND book = $2 AND subject = $3 AND place = $4 "
        "AND account = $5")

static enum result balance_mend(struct db_tx *tx, const struct difference *d, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &ledger_balance_mend, &changed, e, DB_INT(id_bucket(d->subject)), DB_INT(d->book),
	            DB_INT(d->subject), DB_INT(d->place), DB_INT(d->account), DB_INT(d->by)));
	return changed ? OK
	               : balance_add(tx, (enum book)d->book, d->subject, d->place, (int)d->account, d->by, d->at, e);
}

/* Differences are those of one statement's snapshot and are added, so that posts which commit meanwhile keep theirs. */
static enum result rebuild_bucket(struct db_tx *tx, void *arg, struct error *e)
{
	struct walk *w = arg, next = *w;
	TRY(walk_next(tx, &next, e));
	if (!next.done) {
		struct difference *d;
		int count;
		TRY(db_lock(tx, REBUILD_LOCK + next.bucket, e));
		TRY(differences(tx, next.bucket, &d, &count, e));
		for (int i = 0; i < count; i++)
			TRY(balance_mend(tx, &d[i], e));
	}
	*w = next;
	return OK;
}

static enum result rebuild(struct db *db, db_progress_fn *progress, void *arg, struct error *e)
{
	struct walk w = { .bucket = -1 };
	while (!w.done) {
		TRY(db_transact(db, rebuild_bucket, &w, e));
		if (progress)
			progress(arg, w.done ? ID_BUCKETS : w.bucket + 1, ID_BUCKETS);
	}
	return OK;
}

const struct room ledger_room = { .name = "ledger", .check = check, .digest = digest, .rebuild = rebuild };
