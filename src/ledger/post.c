/* Posting: the net of each account by a guarded update, in one order for everybody; then the moves. */
#include "ledger/room.h"

#include <stdlib.h>

#ifndef NDEBUG
enum mutant mutant_on;
#endif

#define TAKE_TRIES 8 /* of taking what there is from an account that others take from, too */

struct net {
	int64_t subject, place;
	int account;
	int64_t delta;
	int64_t taken; /* rows: 1 when what was to be taken was there */
};

/* ---- Balances --------------------------------------------------------------------------------------------------- */

DB_STMT(ledger_balance_add, "iiiiiii", "",
        "INSERT INTO ledger_balance (rkey, book, subject, place, account, qty, moved_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (rkey, book, subject, place, account) "
        "DO UPDATE SET qty = ledger_balance.qty + excluded.qty, moved_at = excluded.moved_at")

enum result balance_add(struct db_tx *tx, enum book book, int64_t subject, int64_t place, int account, int64_t qty,
                        int64_t at, struct error *e)
{
	return db_exec(tx, &ledger_balance_add, NULL, e, DB_INT(id_bucket(subject)), DB_INT(book), DB_INT(subject),
	               DB_INT(place), DB_INT(account), DB_INT(qty), DB_INT(at));
}

DB_STMT(ledger_balance_take, "iiiiiii", "",
        "UPDATE ledger_balance SET qty = qty - $6, moved_at = $7 WHERE rkey = $1 AND book = $2 AND subject = $3 AND "
        "place = $4 "
        "AND account = $5 AND qty >= $6")
DB_STMT(ledger_balance_take_unguarded, "iiiiiii", "",
        "UPDATE ledger_balance SET qty = qty - $6, moved_at = $7 WHERE rkey = $1 AND book = $2 AND subject = $3 AND "
        "place = $4 "
        "AND account = $5")

/* n->taken is there after db_wait(). */
static enum result balance_take_later(struct db_tx *tx, enum book book, struct net *n, int64_t qty, int64_t at,
                                      struct error *e)
{
	const struct db_stmt *stmt = MUTANT(MUTANT_NO_GUARD) ? &ledger_balance_take_unguarded : &ledger_balance_take;
	return db_exec_later(tx, stmt, &n->taken, e, DB_INT(id_bucket(n->subject)), DB_INT(book), DB_INT(n->subject),
	                     DB_INT(n->place), DB_INT(n->account), DB_INT(qty), DB_INT(at));
}

static enum result balance_take(struct db_tx *tx, enum book book, struct net *n, int64_t qty, int64_t at, bool *taken,
                                struct error *e)
{
	TRY(balance_take_later(tx, book, n, qty, at, e));
	TRY(db_wait(tx, e));
	*taken = n->taken == 1;
	return OK;
}

static enum result refuse(const struct ledger_book *book, struct act *act, const struct net *n, int64_t wanted,
                          int64_t there, struct error *e)
{
	char subject[ID_TEXT_BYTES], place[ID_TEXT_BYTES] = "";
	act->broken = true;
	id_format(subject, book->subject, n->subject);
	if (n->place && book->place < ID_KINDS)
		id_format(place, book->place, n->place);
	return error_set(e, ERR_CONFLICT, book->short_code, book->account_name(n->account),
	                 "%s%s%s: %s holds %lld, wanted %lld", subject, n->place ? " at " : "", place,
	                 book->account_name(n->account), (long long)there, (long long)wanted);
}

/* Takes qty or what there is of it. */
static enum result take_up_to(struct db_tx *tx, enum book book, struct net *n, int64_t qty, int64_t at, int64_t *got,
                              struct error *e)
{
	for (int i = 0; i < TAKE_TRIES; i++) {
		int64_t there;
		bool taken;
		TRY(balance_take(tx, book, n, qty, at, &taken, e));
		if (taken) {
			*got = qty;
			return OK;
		}
		TRY(ledger_balance(tx, book, n->subject, n->place, n->account, &there, e));
		if (there <= 0) {
			*got = 0;
			return OK;
		}
		if (there < qty) {
			TRY(balance_take(tx, book, n, there, at, &taken, e));
			if (taken) {
				*got = there;
				return OK;
			}
		}
	}
	return error_set(e, ERR_RETRY, "ledger.race", NULL, "others take from the account at the same time");
}

/* ---- Netting ---------------------------------------------------------------------------------------------------- */

static int net_cmp(const void *a, const void *b)
{
	const struct net *x = a, *y = b;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->account - y->account;
}

static int net_merge(struct net *nets, int count)
{
	int out = 0;
	qsort(nets, (size_t)count, sizeof(*nets), net_cmp);
	for (int i = 0; i < count; i++)
		if (out && net_cmp(&nets[out - 1], &nets[i]) == 0)
			nets[out - 1].delta += nets[i].delta;
		else
			nets[out++] = nets[i];
	return out;
}

static enum result moves_valid(const struct ledger_move *moves, int count, struct error *e)
{
	if (count < 0 || count > LEDGER_MOVES_MAX)
		return error_set(e, ERR_TOO_LARGE, "ledger.moves", NULL, "at most %d moves at once", LEDGER_MOVES_MAX);
	for (int i = 0; i < count; i++) {
		const struct ledger_move *m = &moves[i];
		if (m->qty <= 0 || m->qty > LEDGER_QTY_MAX)
			return error_set(e, ERR_INVALID, "ledger.qty", "qty", "a move is of at least 1");
		if (m->from <= 0 || m->from >= LEDGER_ACCOUNTS || m->to <= 0 || m->to >= LEDGER_ACCOUNTS ||
		    (m->from == m->to && m->from_place == m->to_place) || !m->subject)
			return error_set(e, ERR_INVALID, "ledger.account", NULL,
			                 "a move goes from an account to another");
		if (m->spill && m->spill < LEDGER_COUNTER)
			return error_set(e, ERR_INVALID, "ledger.spill", NULL,
			                 "only a counter-account may give the rest");
	}
	return OK;
}

/* What reports take: from the account what there is, the rest from the counter-account. */
static enum result spill(struct db_tx *tx, enum book book, struct ledger_move *moves, int count, int64_t at,
                         struct error *e)
{
	struct ledger_move **order = arena_array(db_tx_arena(tx), (size_t)count + 1, sizeof(*order));
	int n = 0;
	if (!order)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		moves[i].spilled = 0;
		if (moves[i].spill)
			order[n++] = &moves[i];
	}
	for (int i = 1; i < n; i++) { /* few; insertion keeps the order of posts */
		struct ledger_move *m = order[i];
		struct net key = { m->subject, m->from_place, m->from, 0, 0 };
		int k = i;
		for (; k; k--) {
			struct net other = { order[k - 1]->subject, order[k - 1]->from_place, order[k - 1]->from, 0,
				             0 };
			if (net_cmp(&other, &key) <= 0)
				break;
			order[k] = order[k - 1];
		}
		order[k] = m;
	}
	struct net *from = arena_alloc(db_tx_arena(tx), sizeof(*from));
	if (!from)
		return error_nomem(e);
	for (int i = 0; i < n; i++) {
		int64_t got = 0;
		*from = (struct net){ order[i]->subject, order[i]->from_place, order[i]->from, 0, 0 };
		TRY(take_up_to(tx, book, from, order[i]->qty, at, &got, e));
		order[i]->spilled = order[i]->qty - got;
	}
	return OK;
}

static int nets_of(const struct ledger_move *moves, int count, struct net *nets)
{
	int n = 0;
	for (int i = 0; i < count; i++) {
		const struct ledger_move *m = &moves[i];
		if (!m->spill)
			nets[n++] = (struct net){ m->subject, m->from_place, m->from, -m->qty, 0 };
		else if (m->spilled)
			nets[n++] = (struct net){ m->subject, m->from_place, m->spill, -m->spilled, 0 };
		if (!MUTANT(MUTANT_NO_TO_SIDE))
			nets[n++] = (struct net){ m->subject, m->to_place, m->to, m->qty, 0 };
	}
	return net_merge(nets, n);
}

/* ---- The moves -------------------------------------------------------------------------------------------------- */

DB_STMT(ledger_move_insert, "iiiiiiiiiiiiIIIII", "",
        "INSERT INTO ledger_move (rkey, book, subject, act, n, at, from_place, from_account, to_place, to_account, "
        "qty, "
        "reason, order_id, line, hold, user_id, associate) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)")

static enum result append(struct db_tx *tx, enum book book, struct act *act, const struct ledger_move *m, int from,
                          int64_t qty, int reason, struct error *e)
{
	int times = MUTANT(MUTANT_NO_APPEND) ? 0 : MUTANT(MUTANT_TWICE) ? 2 : 1;
	for (int i = 0; i < times; i++)
		TRY(db_exec(tx, &ledger_move_insert, NULL, e, DB_INT(id_bucket(m->subject)), DB_INT(book),
		            DB_INT(m->subject), DB_INT(act->id), DB_INT(act->moves++), DB_INT(m->at ? m->at : act->at),
		            DB_INT(m->from_place), DB_INT(from), DB_INT(m->to_place), DB_INT(m->to), DB_INT(qty),
		            DB_INT(reason), DB_INT_OR_NULL(m->order), DB_INT_OR_NULL(m->line), DB_INT_OR_NULL(m->hold),
		            DB_INT_OR_NULL(act->user), DB_INT_OR_NULL(act->associate)));
	return OK;
}

static bool is_guarded(const struct net *n)
{
	return n->delta < 0 && n->account < LEDGER_COUNTER;
}

/* All are asked for, in their order, before the first answer is looked at: one that was refused rolls all back. */
static enum result nets_apply(struct db_tx *tx, const struct ledger_book *book, struct act *act, struct net *nets,
                              int count, struct error *e)
{
	bool guarded = false;
	for (int i = 0; i < count; i++) {
		struct net *n = &nets[i];
		guarded |= is_guarded(n);
		if (is_guarded(n))
			TRY(balance_take_later(tx, book->book, n, -n->delta, act->at, e));
		else if (n->delta)
			TRY(balance_add(tx, book->book, n->subject, n->place, n->account, n->delta, act->at, e));
	}
	if (guarded)
		TRY(db_wait(tx, e));
	for (int i = 0; i < count; i++) {
		const struct net *n = &nets[i];
		int64_t there;
		if (!is_guarded(n) || n->taken == 1)
			continue;
		TRY(ledger_balance(tx, book->book, n->subject, n->place, n->account, &there, e));
		return refuse(book, act, n, -n->delta, there, e);
	}
	return OK;
}

enum result ledger_post(struct db_tx *tx, const struct ledger_book *book, struct act *act, struct ledger_move *moves,
                        int count, struct error *e)
{
	if (act->replayed || act->broken)
		return error_set(e, ERR_INTERNAL, "ledger.act", NULL, "nothing moves in a replay, or after a refusal");
	TRY(moves_valid(moves, count, e));
	struct net *nets = arena_array(db_tx_arena(tx), (size_t)count * 2 + 1, sizeof(*nets));
	if (!nets)
		return error_nomem(e);
	TRY(spill(tx, book->book, moves, count, act->at, e));
	TRY(nets_apply(tx, book, act, nets, nets_of(moves, count, nets), e));
	for (int i = 0; i < count; i++) {
		struct ledger_move *m = &moves[i];
		if (m->qty > m->spilled)
			TRY(append(tx, book->book, act, m, m->from, m->qty - m->spilled, m->reason, e));
		if (m->spilled)
			TRY(append(tx, book->book, act, m, m->spill, m->spilled, m->spill_reason, e));
	}
	return OK;
}
