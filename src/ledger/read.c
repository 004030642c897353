/* Reading balances and moves. */
#include "ledger/room.h"

DB_STMT(ledger_balance_select, "iiiii", "i",
        "SELECT qty FROM ledger_balance WHERE rkey = $1 AND book = $2 AND subject = $3 AND place = $4 AND account = $5")

enum result ledger_balance(struct db_tx *tx, enum book book, int64_t subject, int64_t place, int account, int64_t *qty,
                           struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &ledger_balance_select, &r, &found, e, DB_INT(id_bucket(subject)), DB_INT(book),
	                 DB_INT(subject), DB_INT(place), DB_INT(account)));
	*qty = found ? db_int(r, 0) : 0;
	return OK;
}

struct balances {
	struct ledger_balance *list;
	int count, cap;
	struct arena *a;
};

/* Rows of (subject, place, account, qty, moved_at). */
static enum result balances_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct balances *b = arg;
	enum db_step step;
	(void)run;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(b->a, &b->list, b->count, &b->cap, sizeof(*b->list)))
			return error_nomem(e);
		b->list[b->count++] = (struct ledger_balance){ db_int(r, 0), db_int(r, 1), (int)db_int(r, 2),
			                                       db_int(r, 3), db_int(r, 4) };
	}
	return step == DB_ERR ? e->result : OK;
}

/* What is in every row the same is not read: a grid of a product is some thousand rows. */
DB_STMT(ledger_balance_grid, "iiii", "iiii",
        "SELECT place, account, qty, moved_at FROM ledger_balance WHERE rkey = $1 AND book = $2 AND subject = $3 "
        "AND account < $4 ORDER BY place, account")

struct grid_balances {
	struct balances of; /* the one being read */
	const int64_t *subjects;
	ledger_balances_fn *fn;
	void *arg;
};

static enum result grid_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct grid_balances *g = arg;
	struct balances *b = &g->of;
	enum db_step step;
	b->count = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(b->a, &b->list, b->count, &b->cap, sizeof(*b->list)))
			return error_nomem(e);
		b->list[b->count++] = (struct ledger_balance){ g->subjects[run], db_int(r, 0), (int)db_int(r, 1),
			                                       db_int(r, 2), db_int(r, 3) };
	}
	return step == DB_ERR ? e->result : g->fn(g->arg, run, b->list, b->count, e);
}

enum result ledger_balances_each(struct db_tx *tx, enum book book, const int64_t *subjects, int subject_count,
                                 ledger_balances_fn *fn, void *arg, struct error *e)
{
	enum { PARAMS = 4 };
	struct grid_balances g = { .of = { .a = db_tx_arena(tx) }, .subjects = subjects, .fn = fn, .arg = arg };
	struct db_value *v = arena_array(db_tx_arena(tx), (size_t)subject_count * PARAMS + 1, sizeof(*v));
	if (!v)
		return error_nomem(e);
	for (int i = 0; i < subject_count; i++) {
		v[i * PARAMS] = DB_INT(id_bucket(subjects[i]));
		v[i * PARAMS + 1] = DB_INT(book);
		v[i * PARAMS + 2] = DB_INT(subjects[i]);
		v[i * PARAMS + 3] = DB_INT(LEDGER_COUNTER);
	}
	return db_each(tx, &ledger_balance_grid, v, subject_count, grid_take, &g, e);
}

DB_STMT(ledger_balance_list, "iiii", "iiiii",
        "SELECT subject, place, account, qty, moved_at FROM ledger_balance WHERE rkey = $1 AND book = $2 "
        "AND subject = $3 AND account < $4 AND qty <> 0 ORDER BY subject, place, account")

enum result ledger_accounts_many(struct db_tx *tx, enum book book, const int64_t *subjects, int subject_count,
                                 struct arena *a, struct ledger_balance **out, int *count, struct error *e)
{
	enum { PARAMS = 4 };
	struct balances b = { .a = a };
	struct db_value *v = arena_array(db_tx_arena(tx), (size_t)subject_count * PARAMS + 1, sizeof(*v));
	if (!v)
		return error_nomem(e);
	for (int i = 0; i < subject_count; i++) {
		v[i * PARAMS] = DB_INT(id_bucket(subjects[i]));
		v[i * PARAMS + 1] = DB_INT(book);
		v[i * PARAMS + 2] = DB_INT(subjects[i]);
		v[i * PARAMS + 3] = DB_INT(LEDGER_ACCOUNTS);
	}
	TRY(db_each(tx, &ledger_balance_list, v, subject_count, balances_take, &b, e));
	*out = b.list;
	*count = b.count;
	return OK;
}

enum result ledger_balances(struct db_tx *tx, enum book book, int64_t subject, bool counters, struct arena *a,
                            struct ledger_balance **out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	struct balances b = { .a = a };
	TRY(db_query(tx, &ledger_balance_list, &r, e, DB_INT(id_bucket(subject)), DB_INT(book), DB_INT(subject),
	             DB_INT(counters ? LEDGER_ACCOUNTS : LEDGER_COUNTER)));
	TRY(balances_take(r, 0, &b, e));
	*out = b.list;
	*count = b.count;
	return OK;
}

DB_STMT(ledger_balance_account, "iii", "iiiii",
        "SELECT subject, place, account, qty, moved_at FROM ledger_balance WHERE rkey = $1 AND book = $2 AND account = "
        "$3 "
        "AND qty <> 0 ORDER BY subject, place")

enum result ledger_balances_of(struct db_tx *tx, enum book book, unsigned bucket, int account, struct arena *a,
                               struct ledger_balance **out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	struct balances b = { .a = a };
	TRY(db_query(tx, &ledger_balance_account, &r, e, DB_INT(bucket), DB_INT(book), DB_INT(account)));
	TRY(balances_take(r, 0, &b, e));
	*out = b.list;
	*count = b.count;
	return OK;
}

/* An act's id may lie this far from its time: the clock of another server, or one that ran ahead. */
#define ID_SLACK HOUR_US

/* One statement, so that balances and moves are those of one moment. */
DB_STMT(ledger_sum_at, "iiiiiii", "i",
        "SELECT COALESCE((SELECT CAST(SUM(qty) AS BIGINT) FROM ledger_balance WHERE rkey = $1 AND book = $2 "
        "AND subject = $3 AND place = $4 AND account < 32 AND (($5 >> CAST(account AS INTEGER)) & 1) = 1), 0) - "
        "COALESCE((SELECT CAST(SUM(CASE WHEN to_place = $4 AND to_account < 32 "
        "AND (($5 >> CAST(to_account AS INTEGER)) & 1) = 1 THEN qty ELSE 0 END - "
        "CASE WHEN from_place = $4 AND from_account < 32 "
        "AND (($5 >> CAST(from_account AS INTEGER)) & 1) = 1 THEN qty ELSE 0 END) AS BIGINT) FROM ledger_move "
        "WHERE rkey = $1 AND book = $2 AND subject = $3 AND act >= $6 AND at > $7), 0)")

enum result ledger_held_at(struct db_tx *tx, enum book book, int64_t subject, int64_t place, uint32_t accounts,
                           int64_t at, int64_t *qty, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &ledger_sum_at, &r, &found, e, DB_INT(id_bucket(subject)), DB_INT(book), DB_INT(subject),
	                 DB_INT(place), DB_INT(accounts), DB_INT(id_first_at(at - ID_SLACK)), DB_INT(at)));
	*qty = db_int(r, 0);
	return OK;
}

DB_STMT(ledger_line_moves, "iiiii", "iii",
        "SELECT place, account, CAST(SUM(d) AS BIGINT) FROM ("
        "SELECT to_place AS place, to_account AS account, qty AS d FROM ledger_move "
        "WHERE rkey = $1 AND book = $2 AND subject = $3 AND order_id = $4 AND ($5 = 0 OR line = $5) UNION ALL "
        "SELECT from_place, from_account, -qty FROM ledger_move "
        "WHERE rkey = $1 AND book = $2 AND subject = $3 AND order_id = $4 AND ($5 = 0 OR line = $5)) AS both_sides "
        "GROUP BY place, account HAVING CAST(SUM(d) AS BIGINT) <> 0 ORDER BY place, account")

enum result ledger_line_net(struct db_tx *tx, enum book book, int64_t subject, int64_t order, int64_t line,
                            struct arena *a, struct ledger_balance **out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	struct ledger_balance *list = NULL;
	int n = 0, cap = 0;
	enum db_step step;
	TRY(db_query(tx, &ledger_line_moves, &r, e, DB_INT(id_bucket(subject)), DB_INT(book), DB_INT(subject),
	             DB_INT(order), DB_INT(line)));
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &list, n, &cap, sizeof(*list)))
			return error_nomem(e);
		list[n++] = (struct ledger_balance){ subject, db_int(r, 0), (int)db_int(r, 1), db_int(r, 2), 0 };
	}
	if (step == DB_ERR)
		return e->result;
	*out = list;
	*count = n;
	return OK;
}

DB_STMT(ledger_move_page, "iiiiiii", "iiiiiiiiiIIIII",
        "SELECT act, n, at, from_place, from_account, to_place, to_account, qty, reason, order_id, line, hold, "
        "user_id, "
        "associate FROM ledger_move WHERE rkey = $1 AND book = $2 AND subject = $3 AND (act, n) < ($4, $5) "
        "AND ($7 = 0 OR from_place = $7 OR to_place = $7) ORDER BY act DESC, n DESC LIMIT $6")

enum result ledger_history(struct db_tx *tx, enum book book, int64_t subject, int64_t place, int64_t before_act,
                           int before_n, int limit, struct ledger_entry *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &ledger_move_page, &r, e, DB_INT(id_bucket(subject)), DB_INT(book), DB_INT(subject),
	             DB_INT(before_act ? before_act : INT64_MAX), DB_INT(before_act ? before_n : 0), DB_INT(limit),
	             DB_INT(place)));
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct ledger_entry){ .act = db_int(r, 0),
			                          .n = (int)db_int(r, 1),
			                          .at = db_int(r, 2),
			                          .user = db_int(r, 12),
			                          .associate = db_int(r, 13),
			                          .move = { .subject = subject,
			                                    .from_place = db_int(r, 3),
			                                    .from = (int)db_int(r, 4),
			                                    .to_place = db_int(r, 5),
			                                    .to = (int)db_int(r, 6),
			                                    .qty = db_int(r, 7),
			                                    .reason = (int)db_int(r, 8),
			                                    .order = db_int(r, 9),
			                                    .line = db_int(r, 10),
			                                    .hold = db_int(r, 11) } };
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return OK;
}
