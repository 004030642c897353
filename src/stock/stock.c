/* The room: what it holds about a person, and the work that nobody waits for. */
#include "stock/room.h"

#include <stdatomic.h>

#define SWEEP 100     /* holds given back in one transaction */
#define OFFER_SKUS 50 /* SKUs looked at for whoever waits, in one go */

/* ---- A person --------------------------------------------------------------------------------------------------- */

DB_STMT(stock_hold_export, "i", "iiiiiii",
        "SELECT id, sku, location, placed, placed_at, until, state FROM stock_hold WHERE record = $1 ORDER BY id")
DB_STMT(stock_waiting_export, "i", "iiiiii",
        "SELECT id, sku, location, qty, joined_at, state FROM stock_waiting WHERE record = $1 ORDER BY id")

static enum result export_holds(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &stock_hold_export, &r, e, DB_INT(record)));
	jw_key(w, "holds");
	jw_array(w);
	while ((step = db_next(r, e)) == DB_ROW) {
		jw_object(w);
		jw_kid(w, "sku", ID_SKU, db_int(r, 1));
		jw_kid(w, "location", ID_STORE, db_int(r, 2));
		jw_ki64(w, "quantity", db_int(r, 3));
		jw_ktime(w, "placed_at", db_int(r, 4));
		jw_ktime(w, "until", db_int(r, 5));
		jw_kcstr(w, "state", state_name(THING_HOLD, db_int(r, 6)));
		jw_end_object(w);
	}
	jw_end_array(w);
	return step == DB_ERR ? e->result : OK;
}

static enum result export_record(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	TRY(export_holds(tx, record, w, e));
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &stock_waiting_export, &r, e, DB_INT(record)));
	jw_key(w, "waiting_for");
	jw_array(w);
	while ((step = db_next(r, e)) == DB_ROW) {
		jw_object(w);
		jw_kid(w, "sku", ID_SKU, db_int(r, 1));
		jw_ki64(w, "quantity", db_int(r, 3));
		jw_ktime(w, "joined_at", db_int(r, 4));
		jw_kcstr(w, "state", state_name(THING_WAITING, db_int(r, 5)));
		jw_end_object(w);
	}
	jw_end_array(w);
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(stock_hold_forget, "i", "", "UPDATE stock_hold SET record = NULL WHERE record = $1")
DB_STMT(stock_waiting_stop, "iii", "", "UPDATE stock_waiting SET state = $2 WHERE record = $1 AND state = $3")
DB_STMT(stock_waiting_forget, "i", "", "UPDATE stock_waiting SET record = NULL WHERE record = $1")

/* Units stay held until they lapse: nobody's, but counted. */
static enum result erase_record(struct db_tx *tx, int64_t record, struct error *e)
{
	int64_t left;
	TRY(state_next(THING_WAITING, WAITING, EVENT_CANCEL, &left, e));
	TRY(db_exec(tx, &stock_hold_forget, NULL, e, DB_INT(record)));
	TRY(db_exec(tx, &stock_waiting_stop, NULL, e, DB_INT(record), DB_INT(left), DB_INT(WAITING)));
	return db_exec(tx, &stock_waiting_forget, NULL, e, DB_INT(record));
}

/* ---- Work ------------------------------------------------------------------------------------------------------- */

DB_STMT(stock_hold_due, "i", "i", "SELECT id FROM stock_hold WHERE state = 1 AND until <= $1 LIMIT 1")

static enum result any_lapsed(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	return db_query_one(tx, &stock_hold_due, &r, arg, e, DB_INT(clock_now()));
}

static enum result sweep(struct db_tx *tx, void *arg, struct error *e)
{
	return hold_sweep(tx, clock_now(), SWEEP, arg, e);
}

struct offers {
	int64_t after, skus[OFFER_SKUS], sku;
	bool possible[OFFER_SKUS];
	int count, offered;
};

static enum result offers_find(struct db_tx *tx, void *arg, struct error *e)
{
	struct offers *o = arg;
	TRY(waiting_skus(tx, o->after, OFFER_SKUS, o->skus, &o->count, e));
	for (int i = 0; i < o->count; i++) {
		struct ledger_balance *b;
		int count;
		TRY(ledger_balances(tx, BOOK_UNITS, o->skus[i], false, db_tx_arena(tx), &b, &count, e));
		o->possible[i] = false;
		for (int k = 0; k < count; k++)
			o->possible[i] |= b[k].account == UNIT_AVAILABLE;
	}
	return OK;
}

static enum result offers_make(struct db_tx *tx, void *arg, struct error *e)
{
	struct offers *o = arg;
	return waiting_offer(tx, o->sku, 0, &o->offered, e);
}

/* Goes round the SKUs that somebody waits for, some at a time. */
static enum result offer_some(struct db *db, bool *left, struct error *e)
{
	static _Atomic int64_t cursor; /* a process goes round for itself; a start anywhere is as good */
	struct offers o = { .after = atomic_load(&cursor) };
	TRY(db_read(db, offers_find, &o, e));
	for (int i = 0; i < o.count; i++) {
		o.sku = o.skus[i];
		if (o.possible[i])
			TRY(db_transact(db, offers_make, &o, e));
	}
	*left |= o.count == OFFER_SKUS;
	atomic_store(&cursor, o.count == OFFER_SKUS ? o.skus[o.count - 1] : 0);
	return OK;
}

static enum result work(struct db *db, bool *left, struct error *e)
{
	bool lapsed;
	int swept = 0;
	TRY(db_read(db, any_lapsed, &lapsed, e));
	if (lapsed)
		TRY(db_transact(db, sweep, &swept, e));
	*left = swept == SWEEP;
	return offer_some(db, left, e);
}

const struct room stock_room = { .name = "stock",
	                         .check = stock_check,
	                         .export_record = export_record,
	                         .erase_record = erase_record,
	                         .work = work };
