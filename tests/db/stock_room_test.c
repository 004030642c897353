/* rooms: stock ledger shop feed db text money base */
#include <stdio.h>
#include "kit/stock_scene.h"

/* What holds for all commands of stock, the grid, a person's part, and that the check can fail. */

/* ---- All of them ------------------------------------------------------------------------------------------------ */

static void every_command_is_idempotent(void **state)
{
	(void)state;
	struct stock_outcome first, again;
	struct transfer_line line = { .sku = k.sku[0], .qty = 1 };
	struct {
		struct stock_command c;
		int from; /* the command (by index) whose id it takes */
	} list[] = {
		{ CMD(ADJUST, HERE, .qty = 9, .reason = REASON_OPENING), -1 },
		{ CMD(HOLD_PLACE, HERE, .qty = 1, .at = T0 + DAY_US), -1 },
		{ CMD(HOLD_EXTEND, .at = T0 + 2 * DAY_US), 1 },
		{ CMD(HOLD_RELEASE, .id = 0), 1 },
		{ CMD(SAFETY, HERE, .qty = 2), -1 },
		{ CMD(LEVEL, HERE, .qty = 2), -1 },
		{ CMD(EXPECT, HERE, .qty = 4), -1 },
		{ CMD(DELIVER, .qty = 2), 6 },
		{ CMD(EXPECT_CANCEL, .id = 0), 6 },
		{ CMD(COUNT_OPEN, HERE), -1 },
		{ CMD(COUNT_ENTER, .qty = 20), 9 },
		{ CMD(COUNT_OPEN, HERE), -1 },
		{ CMD(COUNT_CANCEL, .id = 0), 11 },
		{ CMD(TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = &line, .line_count = 1),
		  -1 },
		{ CMD(TRANSFER_DISPATCH, .lines = &line, .line_count = 1), 13 },
		{ CMD(TRANSFER_RECEIVE, .lines = &line, .line_count = 1), 13 },
		{ CMD(TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = &line, .line_count = 1),
		  -1 },
		{ CMD(TRANSFER_CANCEL, .id = 0), 16 },
		{ CMD(WAIT_JOIN, .sku = k.sku[0], .qty = 1), -1 },
		{ CMD(WAIT_LEAVE, .id = 0), 18 },
		{ CMD(ADJUST, HERE, .qty = -1, .reason = REASON_BROKEN), -1 },
		{ CMD(STEP, HERE, .qty = 1, .reason = STEP_REPAIR), -1 },
		{ CMD(PLACE, .location = k.place[A], .reason = UNIT_QUALITY), -1 },
	};
	enum { N = sizeof(list) / sizeof(*list) };
	int64_t ids[N];
	bool seen[STOCK_KINDS] = { false };
	for (int i = 0; i < N; i++) {
		char key[24];
		snprintf(key, sizeof(key), "idem-%d", i);
		struct stock_command c = list[i].c;
		if (list[i].from >= 0)
			c.id = ids[list[i].from];
		assert_ok(stock_call_do(k.db, key, c, &first));
		assert_false(first.replayed);
		ids[i] = first.id;
		seen[c.kind] = true;
		char before[160];
		snprintf(before, sizeof(before), "%s", stock_text(&k, 0, A));
		for (int n = 0; n < 2; n++) {
			assert_ok(stock_call_do(k.db, key, c, &again));
			assert_true(again.replayed);
			again.replayed = false;
			assert_memory_equal(&first, &again, sizeof(first));
		}
		IS(A, before);
		c.qty++;
		assert_result(ERR_MISMATCH, stock_call_do(k.db, key, c, NULL));
	}
	for (int i = 1; i < STOCK_KINDS; i++)
		if (!seen[i])
			fail_msg("%s is not tried", stock_kind_name((enum stock_kind)i));
	REFUSED(ERR_INVALID, "stock.kind", KINDS, .qty = 1);
}

struct grid {
	int64_t place;
	int count;
	struct stock_cell cell[8];
};

static enum result grid(struct db_tx *tx, void *arg, struct error *e)
{
	struct grid *g = arg;
	struct stock_cell *list;
	TRY(stock_grid(tx, k.sku, STOCK_SKUS, g->place ? &g->place : NULL, g->place ? 1 : 0, db_tx_arena(tx), &list,
	               &g->count, e));
	assert_true(g->count <= 8);
	memcpy(g->cell, list, (size_t)g->count * sizeof(*list));
	return OK;
}

static void the_grid(void **state)
{
	(void)state;
	opening(5);
	DO(NULL, ADJUST, .sku = k.sku[2], .location = k.place[B], .qty = 3, .reason = REASON_OPENING);
	DO(NULL, EXPECT, .sku = k.sku[2], .location = k.place[A], .qty = 6, .at = T0 + 3 * DAY_US);
	DO(NULL, EXPECT, .sku = k.sku[2], .location = k.place[A], .qty = 4, .at = T0 + 2 * DAY_US);
	struct grid g = { 0 };
	assert_ok(db_read(k.db, grid, &g, &kit_err));
	assert_int_equal(g.count, 3);
	assert_int_equal(g.cell[0].sku, k.sku[0]);
	assert_int_equal(g.cell[0].qty[UNIT_AVAILABLE], 5);
	assert_int_equal(g.cell[1].sku, k.sku[2]);
	const struct stock_cell *coming = &g.cell[g.cell[1].location == k.place[A] ? 1 : 2];
	assert_int_equal(coming->incoming, 10);
	assert_int_equal(coming->incoming_at, T0 + 2 * DAY_US);
	g.place = k.place[B];
	assert_ok(db_read(k.db, grid, &g, &kit_err));
	assert_int_equal(g.count, 1);
	assert_int_equal(g.cell[0].qty[UNIT_AVAILABLE], 3);
}

static enum result forget(struct db_tx *tx, void *arg, struct error *e)
{
	return stock_room.erase_record(tx, *(int64_t *)arg, e);
}

static enum result export(struct db_tx *tx, void *arg, struct error *e) {
	struct json_writer w; jw_init(&w, arg); jw_object(&w); TRY(stock_room.export_record(tx, 77, &w, e));
	jw_end_object(&w);
	return OK;
}

struct waiting_look {
	int64_t id;
	struct stock_waiting w;
};

static enum result waiting_look(struct db_tx *tx, void *arg, struct error *e)
{
	struct waiting_look *l = arg;
	return waiting_get(tx, l->id, &l->w, e);
}

static void a_person_is_exported_and_forgotten(void **state)
{
	(void)state;
	struct stock_outcome o;
	int64_t who = 77;
	opening(5);
	DO(&o, HOLD_PLACE, HERE, .qty = 2, .record = who, .at = T0 + DAY_US);
	struct waiting_look waits = { 0 };
	DO(&o, WAIT_JOIN, .sku = k.sku[0], .location = k.place[B], .qty = 1, .record = who);
	waits.id = o.id;
	struct buf b;
	buf_init(&b, 0);
	assert_ok(db_read(k.db, export, &b, &kit_err));
	assert_non_null(strstr(b.p, "\"quantity\":2"));
	assert_non_null(strstr(b.p, "\"state\":\"waiting\""));
	assert_ok(db_transact(k.db, forget, &who, &kit_err));
	buf_clear(&b);
	assert_ok(db_read(k.db, export, &b, &kit_err));
	assert_null(strstr(b.p, "quantity"));
	buf_free(&b);
	assert_ok(db_read(k.db, waiting_look, &waits, &kit_err));
	assert_int_equal(waits.w.state, WAITING_LEFT);
	assert_int_equal(waits.w.record, 0);
	IS(A, "av3 he2");
}

/* ---- The checker can fail --------------------------------------------------------------------------------------- */

DB_STMT(test_hold_more, "ii", "", "UPDATE stock_hold SET qty = qty + $2 WHERE id = $1")
DB_STMT(test_hold_close, "i", "", "UPDATE stock_hold SET state = 2 WHERE id = $1")
DB_STMT(test_moving, "i", "", "UPDATE stock_transfer_line SET moving = moving + 1 WHERE transfer = $1")

static int64_t victim;
static enum result spoil(struct db_tx *tx, void *arg, struct error *e)
{
	int n = *(int *)arg;
	if (n <= 1)
		return db_exec(tx, &test_hold_more, NULL, e, DB_INT(victim), DB_INT(n ? -1 : 1));
	return n == 2 ? db_exec(tx, &test_hold_close, NULL, e, DB_INT(victim))
	              : db_exec(tx, &test_moving, NULL, e, DB_INT(victim));
}

static int findings(void)
{
	int n = 0;
	struct stock_look l = { .sku = k.sku[0], .location = k.place[A] };
	assert_ok(stock_room.check(k.db, stock_count_finding, &n, &kit_err));
	assert_ok(db_read(k.db, stock_look_run, &l, &kit_err));
	assert_int_equal(n > 0, l.bad > 0);
	return n;
}

static int teardown_spoilt(void **state)
{
	(void)state;
	stock_kit_close(&k);
	return 0;
}

static void the_check_finds_what_is_wrong(void **state)
{
	(void)state;
	struct stock_outcome o;
	struct transfer_line line = { .sku = k.sku[0], .qty = 1 };
	opening(5);
	DO(&o, HOLD_PLACE, HERE, .qty = 2, .at = T0 + DAY_US);
	victim = o.id;
	assert_int_equal(findings(), 0);
	for (int n = 0; n < 2; n++) {
		assert_ok(db_transact(k.db, spoil, &n, &kit_err));
		assert_int_equal(findings(), n == 0);
	}
	DO(&o, TRANSFER_REQUEST, .location = k.place[A], .to = k.place[B], .lines = &line, .line_count = 1);
	int64_t hold = victim;
	victim = o.id;
	int n = 3; /* under way without a move */
	assert_ok(db_transact(k.db, spoil, &n, &kit_err));
	int count = 0;
	assert_ok(stock_room.check(k.db, stock_count_finding, &count, &kit_err));
	assert_int_equal(count, 1);
	victim = hold;
	n = 2; /* closed, and still holds units */
	assert_ok(db_transact(k.db, spoil, &n, &kit_err));
	assert_int_equal(findings(), 3);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_command_is_idempotent),
		T(the_grid),
		T(a_person_is_exported_and_forgotten),
		cmocka_unit_test_setup_teardown(the_check_finds_what_is_wrong, setup, teardown_spoilt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
