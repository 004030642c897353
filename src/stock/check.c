/* Invariants between the book of units and what says for whom and why. */
#include "stock/room.h"

#include <inttypes.h>
#include <stdio.h>

#define MOVING_PAGE 500

typedef void finding_fn(void *arg, const char *invariant, const char *detail);
struct findings {
	finding_fn *found;
	void *arg;
};

static void found(const struct findings *f, const char *invariant, int64_t sku, int64_t location, int64_t says,
                  int64_t book)
{
	char detail[160], sku_text[ID_TEXT_BYTES], place_text[ID_TEXT_BYTES];
	id_format(sku_text, ID_SKU, sku);
	id_format(place_text, ID_STORE, location);
	snprintf(detail, sizeof(detail), "%s at %s: %" PRId64 ", the book says %" PRId64, sku_text, place_text, says,
	         book);
	f->found(f->arg, invariant, detail);
}

/* ---- Holds ------------------------------------------------------------------------------------------------------ */

#define HELD "open holds equal the held units"

DB_STMT(stock_hold_sums, "ii", "iii",
        "SELECT sku, location, CAST(SUM(qty) AS BIGINT) FROM stock_hold WHERE rkey = $1 AND state = 1 "
        "AND ($2 = 0 OR sku = $2) GROUP BY sku, location ORDER BY sku, location")

static enum result holds_load(struct db_tx *tx, int64_t bucket, int64_t sku, struct moving **out, int *count,
                              struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0, cap = 0;
	*out = NULL;
	TRY(db_query(tx, &stock_hold_sums, &r, e, DB_INT(bucket), DB_INT(sku)));
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(db_tx_arena(tx), out, n, &cap, sizeof(**out)))
			return error_nomem(e);
		(*out)[n++] = (struct moving){ db_int(r, 0), db_int(r, 1), db_int(r, 2) };
	}
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

static int place_cmp(int64_t sku_a, int64_t location_a, int64_t sku_b, int64_t location_b)
{
	if (sku_a != sku_b)
		return sku_a < sku_b ? -1 : 1;
	return location_a < location_b ? -1 : location_a > location_b;
}

/* Both are ordered by (SKU, location). */
static void held_compare(const struct findings *f, const struct moving *h, int holds, const struct ledger_balance *b,
                         int balances, int64_t only)
{
	int i = 0, k = 0;
	while (i < holds || k < balances) {
		int c = i == holds      ? 1
		        : k == balances ? -1
		                        : place_cmp(h[i].sku, h[i].location, b[k].subject, b[k].place);
		if (c < 0) {
			found(f, HELD, h[i].sku, h[i].location, h[i].qty, 0);
		} else if (c > 0) {
			if (!only || b[k].subject == only)
				found(f, HELD, b[k].subject, b[k].place, 0, b[k].qty);
		} else if (h[i].qty != b[k].qty) {
			found(f, HELD, h[i].sku, h[i].location, h[i].qty, b[k].qty);
		}
		i += c <= 0;
		k += c >= 0;
	}
}

DB_STMT(stock_hold_closed, "ii", "i",
        "SELECT id FROM stock_hold WHERE rkey = $1 AND ($2 = 0 OR sku = $2) AND ((state = 1) <> (qty > 0))")
DB_STMT(stock_offer_lost, "ii", "i",
        "SELECT w.id FROM stock_waiting w LEFT JOIN stock_hold h ON h.rkey = w.rkey AND h.id = w.hold "
        "WHERE w.rkey = $1 AND ($2 = 0 OR w.sku = $2) AND w.state = 2 AND (h.id IS NULL OR h.state <> 1)")

static enum result rows_found(struct db_tx *tx, const struct db_stmt *stmt, int64_t bucket, int64_t sku,
                              enum id_kind kind, const char *invariant, const struct findings *f, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, stmt, &r, e, DB_INT(bucket), DB_INT(sku)));
	while ((step = db_next(r, e)) == DB_ROW) {
		char text[ID_TEXT_BYTES];
		id_format(text, kind, db_int(r, 0));
		f->found(f->arg, invariant, text);
	}
	return step == DB_ERR ? e->result : OK;
}

/* sku 0: all of the bucket */
static enum result bucket_check(struct db_tx *tx, int64_t bucket, int64_t sku, const struct findings *f,
                                struct error *e)
{
	struct moving *holds;
	struct ledger_balance *held, *transit;
	int hold_count = 0, held_count, transit_count;
	TRY(holds_load(tx, bucket, sku, &holds, &hold_count, e));
	TRY(ledger_balances_of(tx, BOOK_UNITS, (unsigned)bucket, UNIT_HELD, db_tx_arena(tx), &held, &held_count, e));
	held_compare(f, holds, hold_count, held, held_count, sku);
	TRY(rows_found(tx, &stock_hold_closed, bucket, sku, ID_HOLD, "a hold holds units exactly while it is open", f,
	               e));
	TRY(rows_found(tx, &stock_offer_lost, bucket, sku, ID_WAITING, "an offer that stands has an open hold", f, e));
	TRY(ledger_balances_of(tx, BOOK_UNITS, (unsigned)bucket, UNIT_TRANSIT, db_tx_arena(tx), &transit,
	                       &transit_count, e));
	for (int i = 0; i < transit_count; i++) {
		int64_t moving;
		if (sku && transit[i].subject != sku)
			continue;
		TRY(transfer_moving(tx, transit[i].subject, transit[i].place, &moving, e));
		if (moving != transit[i].qty)
			found(f, "transit equals what transfers have under way", transit[i].subject, transit[i].place,
			      moving, transit[i].qty);
	}
	return OK;
}

/* ---- One SKU, all ----------------------------------------------------------------------------------------------- */

struct first_finding {
	int bad;
	char *detail;
};

static void first_found(void *arg, const char *invariant, const char *detail)
{
	struct first_finding *f = arg;
	if (!f->bad++)
		snprintf(f->detail, 256, "%s: %s", invariant, detail);
}

enum result stock_check_sku(struct db_tx *tx, int64_t sku, int *bad, char detail[256], struct error *e)
{
	struct first_finding f = { .detail = detail };
	struct findings to = { first_found, &f };
	int book_bad;
	char book_detail[256];
	TRY(bucket_check(tx, id_bucket(sku), sku, &to, e));
	TRY(ledger_check_subject(tx, BOOK_UNITS, sku, &book_bad, book_detail, e));
	if (book_bad && !f.bad)
		memcpy(detail, book_detail, 256);
	*bad = f.bad + book_bad;
	return OK;
}

struct check {
	room_finding_fn *finding;
	void *arg;
	int64_t bucket, sku, location;
	bool done;
};

static void room_found(void *arg, const char *invariant, const char *detail)
{
	const struct check *c = arg;
	c->finding(c->arg, "stock", invariant, detail);
}

DB_STMT(stock_next_bucket, "i", "I",
        "SELECT MIN(rkey) FROM (SELECT MIN(rkey) AS rkey FROM stock_hold WHERE rkey > $1 UNION ALL "
        "SELECT MIN(rkey) FROM stock_waiting WHERE rkey > $1) AS buckets")

/* Buckets with holds; and those in which the book alone says that something is held or under way. */
static enum result check_bucket(struct db_tx *tx, void *arg, struct error *e)
{
	struct check *c = arg;
	struct findings f = { room_found, c };
	int64_t next, book_next;
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		bool some;
		TRY(db_query_one(tx, &stock_next_bucket, &r, &some, e, DB_INT(c->bucket)));
		next = db_is_null(r, 0) ? ID_BUCKETS : db_int(r, 0);
	}
	TRY(ledger_next_bucket(tx, c->bucket, &book_next, e));
	if (book_next < next)
		next = book_next;
	if (next < ID_BUCKETS)
		TRY(bucket_check(tx, next, 0, &f, e));
	c->bucket = next;
	return OK;
}

/* What transfers have under way where the book has nothing. */
static enum result check_moving(struct db_tx *tx, void *arg, struct error *e)
{
	struct check *c = arg;
	struct findings f = { room_found, c };
	struct moving page[MOVING_PAGE];
	int count;
	TRY(transfer_moving_page(tx, c->sku, c->location, MOVING_PAGE, page, &count, e));
	for (int i = 0; i < count; i++) {
		int64_t there;
		TRY(ledger_balance(tx, BOOK_UNITS, page[i].sku, page[i].location, UNIT_TRANSIT, &there, e));
		if (!there)
			found(&f, "transit equals what transfers have under way", page[i].sku, page[i].location,
			      page[i].qty, 0);
	}
	if (count) {
		c->sku = page[count - 1].sku;
		c->location = page[count - 1].location;
	}
	c->done = count < MOVING_PAGE;
	return OK;
}

enum result stock_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct check c = { .finding = finding, .arg = arg, .bucket = -1 };
	while (c.bucket < ID_BUCKETS)
		TRY(db_read(db, check_bucket, &c, e));
	while (!c.done)
		TRY(db_read(db, check_moving, &c, e));
	return OK;
}
