/* rooms: stock ledger shop feed db text money base */
#include <stdio.h>
#include "kit/stock_scene.h"

/* Every command of stock once and more, as a shop would use them. Each look at a place also checks the SKU's
 * invariants. */

static enum result step(enum unit_step s, int place, int64_t qty, int64_t hold)
{
	struct unit_line l = {
		.sku = k.sku[0], .location = k.place[place], .qty = qty, .order = 9001, .line = 1, .hold = hold
	};
	return step_call_do(k.db, s, false, &l);
}

static int64_t report(enum unit_step s, int place, int64_t qty)
{
	struct unit_line l = { .sku = k.sku[0], .location = k.place[place], .qty = qty, .order = 9002, .line = 1 };
	assert_ok(step_call_do(k.db, s, true, &l));
	return l.unrecorded;
}

/* ---- Steps ------------------------------------------------------------------------------------------------------ */

static void the_way_of_an_order(void **state)
{
	(void)state;
	opening(5);
	assert_ok(step(STEP_COMMIT, A, 3, 0));
	IS(A, "av2 co3");
	assert_ok(step(STEP_PICK, A, 2, 0));
	IS(A, "av2 co1 pi2");
	assert_ok(step(STEP_UNPICK, A, 1, 0));
	assert_ok(step(STEP_HAND_OVER, A, 1, 0));
	IS(A, "av2 co2");
	assert_ok(step(STEP_UNCOMMIT, A, 1, 0));
	assert_ok(step(STEP_PICK, A, 1, 0));
	assert_ok(step(STEP_PUT_BACK, A, 1, 0));
	IS(A, "av4");
	/* returned elsewhere: it is there, not here */
	assert_ok(step(STEP_RETURN, B, 1, 0));
	IS(B, "qu1");
	IS(A, "av4");
	REFUSED(ERR_CONFLICT, "stock.short", STEP, HERE, .qty = 1, .reason = STEP_INSPECT_GOOD);
	DO(NULL, STEP, .sku = k.sku[0], .location = k.place[B], .qty = 1, .reason = STEP_INSPECT_DAMAGED);
	IS(B, "da1");
	DO(NULL, STEP, .sku = k.sku[0], .location = k.place[B], .qty = 1, .reason = STEP_REPAIR);
	IS(B, "av1");
	REFUSED(ERR_INVALID, "stock.step", STEP, HERE, .qty = 1, .reason = STEP_SELL);
	assert_ok(step(STEP_SELL, A, 4, 0));
	assert_result(ERR_CONFLICT, step(STEP_SELL, A, 1, 0));
	assert_non_null(strstr(kit_err.detail, "available"));
	IS(A, "");
}

static void what_cannot_be_found_opens_a_count(void **state)
{
	(void)state;
	opening(2);
	assert_ok(step(STEP_COMMIT, A, 2, 0));
	assert_ok(step(STEP_MISSING, A, 1, 0));
	IS(A, "co1");
	struct stock_outcome o;
	DO(&o, COUNT_OPEN, HERE); /* the task that is there */
	int64_t task = o.id;
	assert_ok(step(STEP_PICK, A, 1, 0));
	assert_ok(step(STEP_MISSING_PICKED, A, 1, 0));
	IS(A, "");
	DO(&o, COUNT_ENTER, .id = task, .qty = 1); /* there it is */
	assert_int_equal(o.qty, 1);
	assert_int_equal(o.state, COUNT_DONE);
	IS(A, "av1");
}

static void reports_are_never_refused(void **state)
{
	(void)state;
	opening(2);
	assert_int_equal(report(STEP_SELL, A, 3), 1);
	IS(A, "");
	assert_int_equal(report(STEP_SHIP, A, 2), 2);
	assert_int_equal(report(STEP_RETURN_SHELF, B, 7), 0); /* more than was ever sold */
	IS(B, "av7");
	struct stock_outcome o;
	DO(&o, COUNT_OPEN, HERE);
	DO(&o, COUNT_ENTER, .id = o.id, .qty = 4);
	assert_int_equal(o.expected, 0);
	IS(A, "av4");
	struct unit_line l = { .sku = k.sku[0], .location = k.place[A], .qty = 1 };
	assert_result(ERR_INVALID, step_call_do(k.db, STEP_PICK, true, &l));
}

/* ---- Holds ------------------------------------------------------------------------------------------------------ */

static void holds_are_used_in_part_and_whole(void **state)
{
	(void)state;
	struct stock_outcome o;
	opening(5);
	DO(&o, HOLD_PLACE, HERE, .qty = 3, .record = 4242, .at = T0 + DAY_US);
	int64_t hold = o.id;
	IS(A, "av2 he3");
	assert_ok(step(STEP_COMMIT, A, 2, hold));
	IS(A, "av2 he1 co2");
	assert_result(ERR_CONFLICT, step(STEP_SELL, A, 2, hold));
	assert_string_equal(kit_err.code, "stock.hold");
	assert_result(ERR_CONFLICT, step(STEP_SELL, B, 1, hold));
	assert_ok(step(STEP_SELL, A, 1, hold));
	IS(A, "av2 co2");
	assert_result(ERR_CONFLICT, step(STEP_SELL, A, 1, hold));
	REFUSED(ERR_CONFLICT, "stock.state", HOLD_RELEASE, .id = hold);
	assert_non_null(strstr(kit_err.detail, "consumed"));
	REFUSED(ERR_CONFLICT, "stock.state", HOLD_EXTEND, .id = hold, .at = T0 + 2 * DAY_US);
	assert_result(ERR_INVALID, step(STEP_PICK, A, 1, hold)); /* only what comes off the shelf */
}

static void holds_are_released_and_extended(void **state)
{
	(void)state;
	struct stock_outcome o;
	opening(2);
	REFUSED(ERR_CONFLICT, "stock.short", HOLD_PLACE, HERE, .qty = 3, .at = T0 + DAY_US);
	REFUSED(ERR_INVALID, "stock.until", HOLD_PLACE, HERE, .qty = 1, .at = T0);
	REFUSED(ERR_INVALID, "stock.until", HOLD_PLACE, HERE, .qty = 1, .at = T0 + 61 * DAY_US);
	REFUSED(ERR_INVALID, "stock.location", HOLD_PLACE, .sku = k.sku[0], .location = 5, .qty = 1, .at = T0 + 1);
	REFUSED(ERR_INVALID, "stock.sku", HOLD_PLACE, .sku = 5, .location = k.place[A], .qty = 1, .at = T0 + 1);
	REFUSED(ERR_NOT_FOUND, "stock.not_found", HOLD_RELEASE, .id = id_new(5));
	DO(&o, HOLD_PLACE, HERE, .qty = 2, .at = T0 + DAY_US);
	REFUSED(ERR_INVALID, "stock.until", HOLD_EXTEND, .id = o.id, .at = T0 + HOUR_US);
	DO(NULL, HOLD_EXTEND, .id = o.id, .at = T0 + 2 * DAY_US);
	DO(&o, HOLD_RELEASE, .id = o.id);
	assert_int_equal(o.qty, 2);
	assert_int_equal(o.state, HOLD_RELEASED);
	IS(A, "av2");
}

static enum result sweep(struct db_tx *tx, void *arg, struct error *e)
{
	return hold_sweep(tx, clock_now(), 10, arg, e);
}

static void lapsed_holds_are_given_back(void **state)
{
	(void)state;
	struct stock_outcome o;
	int swept;
	opening(5);
	DO(&o, HOLD_PLACE, HERE, .qty = 1, .at = T0 + HOUR_US);
	DO(NULL, HOLD_PLACE, HERE, .qty = 2, .at = T0 + 2 * HOUR_US);
	assert_ok(db_transact(k.db, sweep, &swept, &kit_err));
	assert_int_equal(swept, 0);
	clock_set(T0 + HOUR_US);
	assert_ok(db_transact(k.db, sweep, &swept, &kit_err));
	assert_int_equal(swept, 1);
	IS(A, "av3 he2");
	assert_ok(db_transact(k.db, sweep, &swept, &kit_err));
	assert_int_equal(swept, 0);
	REFUSED(ERR_CONFLICT, "stock.state", HOLD_RELEASE, .id = o.id);
	assert_non_null(strstr(kit_err.detail, "expired"));
	clock_set(T0 + DAY_US);
	bool left = true;
	assert_ok(stock_room.work(k.db, &left, &kit_err)); /* the house does it by itself */
	assert_false(left);
	IS(A, "av5");
}

struct page {
	int64_t records[2], location, until, id;
	int record_count, limit, count;
	struct stock_hold hold[8];
};

static enum result page(struct db_tx *tx, void *arg, struct error *e)
{
	struct page *p = arg;
	return hold_list(tx, p->record_count ? p->records : NULL, p->record_count, p->location, p->until, p->id,
	                 p->limit, p->hold, &p->count, e);
}

static void holds_are_listed(void **state)
{
	(void)state;
	opening(21);
	for (int i = 0; i < 6; i++)
		DO(NULL, HOLD_PLACE, HERE, .qty = 1 + i, .record = 100 + i % 3, .at = T0 + (6 - i) * HOUR_US);
	struct page p = { .records = { 100, 102 }, .record_count = 2, .limit = 3 };
	assert_ok(db_read(k.db, page, &p, &kit_err));
	assert_int_equal(p.count, 3); /* by until: of 102 (6 units), 100 (4), 102 (3); then 100 (1) */
	assert_int_equal(p.hold[0].qty, 6);
	assert_int_equal(p.hold[1].qty, 4);
	assert_int_equal(p.hold[2].qty, 3);
	p.until = p.hold[2].until;
	p.id = p.hold[2].id;
	assert_ok(db_read(k.db, page, &p, &kit_err));
	assert_int_equal(p.count, 1);
	assert_int_equal(p.hold[0].qty, 1);
	p = (struct page){ .location = k.place[A], .limit = 8 };
	assert_ok(db_read(k.db, page, &p, &kit_err));
	assert_int_equal(p.count, 6);
	p.location = k.place[B];
	assert_ok(db_read(k.db, page, &p, &kit_err));
	assert_int_equal(p.count, 0);
}

/* ---- Adjusting, safety, levels ---------------------------------------------------------------------------------- */

static void adjustments_have_reasons(void **state)
{
	(void)state;
	opening(5);
	DO(NULL, ADJUST, HERE, .qty = -1, .reason = REASON_STOLEN);
	DO(NULL, ADJUST, HERE, .qty = -1, .reason = REASON_BROKEN);
	IS(A, "av3 da1");
	DO(NULL, ADJUST, HERE, .qty = 2, .reason = REASON_FOUND);
	IS(A, "av5 da1");
	REFUSED(ERR_CONFLICT, "stock.short", ADJUST, HERE, .qty = -6, .reason = REASON_LOST);
	REFUSED(ERR_INVALID, "stock.reason", ADJUST, HERE, .qty = 1, .reason = REASON_STOLEN);
	REFUSED(ERR_INVALID, "stock.reason", ADJUST, HERE, .qty = 1, .reason = REASON_SALE);
	REFUSED(ERR_INVALID, "stock.qty", ADJUST, HERE, .qty = 0, .reason = REASON_FOUND);
	DO(NULL, STEP, HERE, .qty = 1, .reason = STEP_SCRAP);
	IS(A, "av5");
}

static enum result low(struct db_tx *tx, void *arg, struct error *e)
{
	struct stock_low *out = arg;
	int64_t sku = 0, location = 0;
	int count;
	bool more;
	TRY(stock_low_list(tx, 0, &sku, &location, 4, out, &count, &more, e));
	assert_false(more);
	out[count].sku = 0;
	return OK;
}

static void safety_and_low_stock(void **state)
{
	(void)state;
	struct stock_low lows[5];
	opening(5);
	DO(NULL, SAFETY, HERE, .qty = 2);
	IS(A, "av3 sa2");
	DO(NULL, SAFETY, HERE, .qty = 2);
	DO(NULL, SAFETY, HERE, .qty = 1);
	IS(A, "av4 sa1");
	REFUSED(ERR_CONFLICT, "stock.short", SAFETY, HERE, .qty = 6);
	DO(NULL, LEVEL, HERE, .qty = 3);
	DO(NULL, LEVEL, .sku = k.sku[1], .location = k.place[A], .qty = 0);
	DO(NULL, LEVEL, .sku = k.sku[2], .location = k.place[A], .qty = -1);
	assert_ok(db_read(k.db, low, lows, &kit_err));
	assert_int_equal(lows[0].sku, k.sku[1]); /* nothing there, nothing wanted below */
	assert_int_equal(lows[1].sku, 0);
	assert_ok(step(STEP_SELL, A, 1, 0));
	DO(NULL, EXPECT, HERE, .qty = 9, .at = T0 + DAY_US);
	assert_ok(db_read(k.db, low, lows, &kit_err));
	int i = lows[0].sku == k.sku[0] ? 0 : 1;
	assert_int_equal(lows[i].sku, k.sku[0]);
	assert_int_equal(lows[i].available, 3);
	assert_int_equal(lows[i].level, 3);
	assert_int_equal(lows[i].incoming, 9);
}

struct expected_read {
	struct stock_expected list[4];
	int count;
};

static enum result expected_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct expected_read *x = arg;
	return expected_list(tx, k.sku[0], 4, x->list, &x->count, e);
}

static void deliveries(void **state)
{
	(void)state;
	struct stock_outcome o;
	struct expected_read x;
	DO(&o, EXPECT, HERE, .qty = 10, .at = T0 + DAY_US);
	IS(A, "in10");
	DO(NULL, DELIVER, .id = o.id, .qty = 4);
	IS(A, "av4 in6");
	assert_ok(db_read(k.db, expected_run, &x, &kit_err));
	assert_int_equal(x.count, 1);
	assert_int_equal(x.list[0].qty, 10);
	assert_int_equal(x.list[0].received, 4);
	DO(NULL, DELIVER, .id = o.id, .qty = 7); /* one too many is one too many here */
	IS(A, "av11");
	REFUSED(ERR_CONFLICT, "stock.state", DELIVER, .id = o.id, .qty = 1);
	DO(&o, EXPECT, HERE, .qty = 5, .at = 0);
	DO(NULL, DELIVER, .id = o.id, .qty = 0, .final = true);
	IS(A, "av11");
	DO(&o, EXPECT, HERE, .qty = 5, .at = 0);
	DO(NULL, EXPECT_CANCEL, .id = o.id);
	REFUSED(ERR_CONFLICT, "stock.state", EXPECT_CANCEL, .id = o.id);
	assert_ok(db_read(k.db, expected_run, &x, &kit_err));
	assert_int_equal(x.count, 0); /* open ones only */
	DO(NULL, DELIVER, HERE, .qty = 1);
	REFUSED(ERR_INVALID, "stock.qty", DELIVER, HERE, .qty = 0);
	IS(A, "av12");
}

/* ---- Counts ----------------------------------------------------------------------------------------------------- */

static void counts_account_for_what_moved_since(void **state)
{
	(void)state;
	struct stock_outcome o;
	opening(10);
	assert_ok(step(STEP_COMMIT, A, 2, 0));
	clock_set(T0 + HOUR_US);
	DO(&o, COUNT_OPEN, HERE);
	int64_t task = o.id;
	/* at 2 somebody counts 9 of 10; at 3 four are sold; at 4 the sheet is entered */
	clock_set(T0 + 3 * HOUR_US);
	assert_ok(step(STEP_SELL, A, 4, 0));
	clock_set(T0 + 4 * HOUR_US);
	REFUSED(ERR_INVALID, "stock.counted_at", COUNT_ENTER, .id = task, .qty = 9, .at = T0 + 5 * HOUR_US);
	DO(&o, COUNT_ENTER, .id = task, .qty = 9, .at = T0 + 2 * HOUR_US);
	assert_int_equal(o.expected, 10);
	assert_int_equal(o.qty, -1);
	assert_int_equal(o.state, COUNT_DONE);
	IS(A, "av3 co2");
	REFUSED(ERR_CONFLICT, "stock.state", COUNT_ENTER, .id = task, .qty = 9);
	DO(&o, COUNT_OPEN, HERE);
	assert_true(o.id != task);
	DO(NULL, COUNT_CANCEL, .id = o.id);
	REFUSED(ERR_CONFLICT, "stock.state", COUNT_CANCEL, .id = o.id);
}

static void what_others_own_is_not_taken_by_a_count(void **state)
{
	(void)state;
	struct stock_outcome o, hold;
	opening(6);
	DO(NULL, SAFETY, HERE, .qty = 1);
	DO(&hold, HOLD_PLACE, HERE, .qty = 2, .at = T0 + DAY_US);
	assert_ok(step(STEP_COMMIT, A, 2, 0));
	IS(A, "av1 he2 co2 sa1");
	DO(&o, COUNT_OPEN, HERE);
	int64_t task = o.id;
	DO(&o, COUNT_ENTER, .id = task, .qty = 3); /* three are missing; two of them nobody owns */
	assert_int_equal(o.qty, -3);
	assert_int_equal(o.open, 1);
	assert_int_equal(o.state, COUNT_SHORT);
	IS(A, "he2 co2");
	DO(NULL, HOLD_RELEASE, .id = hold.id);
	DO(&o, COUNT_ENTER, .id = task, .qty = 3);
	assert_int_equal(o.qty, -1);
	assert_int_equal(o.state, COUNT_DONE);
	IS(A, "av1 co2");
}

struct tasks {
	int count;
	struct stock_count task[8];
};

static enum result tasks(struct db_tx *tx, void *arg, struct error *e)
{
	struct tasks *t = arg;
	return count_tasks(tx, 0, 0, 8, t->task, &t->count, e);
}

/* ---- Transfers -------------------------------------------------------------------------------------------------- */

static void transfers_arrive(void **state)
{
	(void)state;
	struct stock_outcome o;
	opening(10);
	assert_ok(step(STEP_COMMIT, A, 2, 0));
	struct transfer_line lines[2] = { { .sku = k.sku[0], .qty = 3 },
		                          { .sku = k.sku[0], .qty = 2, .order = 9001, .line = 1 } };
	DO(&o, TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = lines, .line_count = 2);
	int64_t id = o.id;
	IS(A, "av8 co2");
	REFUSED(ERR_CONFLICT, "stock.state", TRANSFER_RECEIVE, .id = id, .lines = lines, .line_count = 2);
	lines[0].qty = 4; /* one more than asked */
	DO(NULL, TRANSFER_DISPATCH, .id = id, .lines = lines, .line_count = 2);
	IS(A, "av4");
	IS(B, "tr6 in6");
	REFUSED(ERR_CONFLICT, "stock.state", TRANSFER_DISPATCH, .id = id, .lines = lines, .line_count = 2);
	lines[0].qty = 1;
	DO(&o, TRANSFER_RECEIVE, .id = id, .lines = lines, .line_count = 1);
	assert_int_equal(o.state, TRANSFER_DISPATCHED);
	IS(B, "av1 tr5 in5");
	lines[0].qty = 3;
	DO(&o, TRANSFER_RECEIVE, .id = id, .lines = lines, .line_count = 2);
	assert_int_equal(o.state, TRANSFER_RECEIVED);
	IS(B, "av4 co2");
	REFUSED(ERR_CONFLICT, "stock.state", TRANSFER_CANCEL, .id = id);
}

static void transfers_with_too_little_and_too_much(void **state)
{
	(void)state;
	struct stock_outcome o;
	opening(10);
	DO(NULL, ADJUST, .sku = k.sku[1], .location = k.place[A], .qty = 10, .reason = REASON_OPENING);
	struct transfer_line lines[2] = { { .sku = k.sku[0], .qty = 5 }, { .sku = k.sku[1], .qty = 5 } };
	DO(&o, TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = lines, .line_count = 2);
	DO(NULL, TRANSFER_DISPATCH, .id = o.id, .lines = lines, .line_count = 2);
	lines[0].qty = 4;
	lines[1].qty = 7;
	DO(&o, TRANSFER_RECEIVE, .id = o.id, .lines = lines, .line_count = 2, .final = true);
	assert_int_equal(o.state, TRANSFER_RECEIVED);
	assert_int_equal(o.open, 1);
	IS(B, "av4");
	assert_string_equal(stock_text(&k, 1, B), "av7");
	struct tasks t;
	assert_ok(db_read(k.db, tasks, &t, &kit_err)); /* the sender counts both */
	assert_int_equal(t.count, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(t.task[i].location, k.place[A]);
		assert_int_equal(t.task[i].reason,
		                 t.task[i].sku == k.sku[0] ? REASON_TRANSFER_SHORT : REASON_TRANSFER_OVER);
	}
}

struct transfers_read {
	struct stock_transfer list[4];
	int count;
	int64_t after;
};

static enum result transfers_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct transfers_read *t = arg;
	return transfer_list(tx, k.place[B], t->after, 4, t->list, &t->count, e);
}

static void transfers_are_called_off(void **state)
{
	(void)state;
	struct stock_outcome o;
	struct transfers_read t = { 0 };
	opening(5);
	struct transfer_line line = { .sku = k.sku[0], .qty = 3 };
	REFUSED(ERR_INVALID, "stock.transfer", TRANSFER_REQUEST, .location = k.place[A], .to = k.place[A],
	        .lines = &line, .line_count = 1);
	DO(&o, TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = &line, .line_count = 1);
	DO(NULL, TRANSFER_CANCEL, .id = o.id);
	DO(&o, TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = &line, .line_count = 1);
	DO(NULL, TRANSFER_DISPATCH, .id = o.id, .lines = &line, .line_count = 1);
	assert_ok(db_read(k.db, transfers_run, &t, &kit_err)); /* not the one that was cancelled */
	assert_int_equal(t.count, 1);
	assert_int_equal(t.list[0].id, o.id);
	assert_int_equal(t.list[0].state, TRANSFER_DISPATCHED);
	t.after = o.id;
	assert_ok(db_read(k.db, transfers_run, &t, &kit_err));
	assert_int_equal(t.count, 0);
	line.qty = 1;
	DO(NULL, TRANSFER_RECEIVE, .id = o.id, .lines = &line, .line_count = 1);
	DO(&o, TRANSFER_CANCEL, .id = o.id);
	assert_int_equal(o.qty, 2);
	IS(A, "av4");
	IS(B, "av1");
	line.qty = 9;
	DO(&o, TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = &line, .line_count = 1);
	REFUSED(ERR_CONFLICT, "stock.short", TRANSFER_DISPATCH, .id = o.id, .lines = &line, .line_count = 1);
	line.sku = k.sku[1];
	REFUSED(ERR_INVALID, "stock.lines", TRANSFER_DISPATCH, .id = o.id, .lines = &line, .line_count = 1);
	IS(A, "av4");
}

/* ---- Places ----------------------------------------------------------------------------------------------------- */

struct place_look {
	struct stock_place p;
};

static enum result place_look(struct db_tx *tx, void *arg, struct error *e)
{
	return place_get(tx, k.place[A], arg, e);
}

static void places_are_run_as_they_say(void **state)
{
	(void)state;
	struct stock_outcome o;
	struct stock_place p;
	opening(2);
	assert_ok(db_read(k.db, place_look, &p, &kit_err));
	assert_int_equal(p.return_to, UNIT_QUALITY);
	DO(&o, COUNT_OPEN, HERE);
	DO(NULL, PLACE, .location = k.place[A], .at = 3 * HOUR_US, .reason = UNIT_AVAILABLE, .final = true);
	assert_ok(db_read(k.db, place_look, &p, &kit_err));
	assert_int_equal(p.return_to, UNIT_AVAILABLE);
	REFUSED(ERR_CONFLICT, "stock.elsewhere", ADJUST, HERE, .qty = 1, .reason = REASON_FOUND);
	REFUSED(ERR_CONFLICT, "stock.elsewhere", DELIVER, HERE, .qty = 1);
	REFUSED(ERR_CONFLICT, "stock.elsewhere", COUNT_ENTER, .id = o.id, .qty = 1);
	assert_int_equal(report(STEP_SELL, A, 1), 0); /* what has happened, has */
	DO(NULL, HOLD_PLACE, HERE, .qty = 1);
	clock_set(T0 + 3 * HOUR_US - 1);
	bool left;
	assert_ok(stock_room.work(k.db, &left, &kit_err));
	IS(A, "he1");
	clock_set(T0 + 3 * HOUR_US);
	assert_ok(stock_room.work(k.db, &left, &kit_err));
	IS(A, "av1");
	REFUSED(ERR_INVALID, "stock.return_to", PLACE, .location = k.place[A], .reason = UNIT_HELD);
	REFUSED(ERR_INVALID, "stock.qty", ADJUST, .sku = k.sku[0], .location = k.place[B], .qty = INT64_MIN,
	        .reason = REASON_LOST);
}

/* ---- Waiting ---------------------------------------------------------------------------------------------------- */

static int64_t join(int place, int64_t qty, int64_t record)
{
	struct stock_outcome o;
	DO(&o, WAIT_JOIN, .sku = k.sku[0], .location = place < 0 ? 0 : k.place[place], .qty = qty, .record = record);
	return o.id;
}

struct entry {
	int64_t id;
	struct stock_waiting w;
	int offered;
};

static enum result entry_get(struct db_tx *tx, void *arg, struct error *e)
{
	struct entry *x = arg;
	return waiting_get(tx, x->id, &x->w, e);
}

static struct stock_waiting entry(int64_t id)
{
	struct entry x = { .id = id };
	assert_ok(db_read(k.db, entry_get, &x, &kit_err));
	return x.w;
}

static enum result offers(struct db_tx *tx, void *arg, struct error *e)
{
	return waiting_offer(tx, k.sku[0], DAY_US, arg, e);
}

static int offer(void)
{
	int n;
	assert_ok(db_transact(k.db, offers, &n, &kit_err));
	return n;
}

static void first_come_first_served(void **state)
{
	(void)state;
	int64_t two = join(A, 2, 31), one = join(A, 1, 32), anywhere = join(-1, 1, 33), there = join(B, 1, 34);
	assert_int_equal(offer(), 0);
	opening(1);
	assert_int_equal(offer(), 0); /* the first one waits for two: nobody is passed over */
	DO(NULL, ADJUST, .sku = k.sku[0], .location = k.place[B], .qty = 1, .reason = REASON_FOUND);
	assert_int_equal(offer(), 1); /* elsewhere it is the third one's turn */
	assert_int_equal(entry(anywhere).state, WAITING_OFFERED);
	assert_int_equal(entry(there).state, WAITING);
	IS(B, "he1");
	opening(2);
	assert_int_equal(offer(), 2);
	IS(A, "he3");
	assert_int_equal(entry(two).state, WAITING_OFFERED);
	assert_ok(step(STEP_SELL, A, 1, entry(two).hold));
	assert_int_equal(entry(two).state, WAITING_OFFERED);
	assert_ok(step(STEP_SELL, A, 1, entry(two).hold));
	assert_int_equal(entry(two).state, WAITING_TAKEN);
	DO(NULL, WAIT_LEAVE, .id = one);
	assert_int_equal(entry(one).state, WAITING_LEFT);
	IS(A, "av1");
	REFUSED(ERR_CONFLICT, "stock.state", WAIT_LEAVE, .id = two);
}

static void offers_lapse_and_move_on(void **state)
{
	(void)state;
	int64_t first = join(A, 1, 31), second = join(A, 1, 32);
	opening(1);
	bool left;
	assert_ok(stock_room.work(k.db, &left, &kit_err));
	assert_int_equal(entry(first).state, WAITING_OFFERED);
	IS(A, "he1");
	assert_int_equal(entry(second).state, WAITING);
	clock_set(T0 + 3 * DAY_US);
	assert_ok(stock_room.work(k.db, &left, &kit_err));
	assert_int_equal(entry(first).state, WAITING_LAPSED);
	assert_int_equal(entry(second).state, WAITING_OFFERED);
	DO(NULL, HOLD_RELEASE, .id = entry(second).hold); /* no, thank you */
	assert_int_equal(entry(second).state, WAITING_LEFT);
	IS(A, "av1");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_way_of_an_order),
		T(what_cannot_be_found_opens_a_count),
		T(reports_are_never_refused),
		T(holds_are_used_in_part_and_whole),
		T(holds_are_released_and_extended),
		T(lapsed_holds_are_given_back),
		T(holds_are_listed),
		T(adjustments_have_reasons),
		T(safety_and_low_stock),
		T(deliveries),
		T(counts_account_for_what_moved_since),
		T(what_others_own_is_not_taken_by_a_count),
		T(transfers_arrive),
		T(transfers_with_too_little_and_too_much),
		T(transfers_are_called_off),
		T(places_are_run_as_they_say),
		T(first_come_first_served),
		T(offers_lapse_and_move_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
