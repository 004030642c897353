/* The way of units through an order, and bare moves. */
#include "stock/room.h"

static const struct {
	const char *name;
	short from, to, reason;
	bool shelf; /* comes off the shelf: a hold may give it */
	bool missing;
} steps[UNIT_STEPS] = {
	[STEP_COMMIT] = { "commit", UNIT_AVAILABLE, UNIT_COMMITTED, REASON_COMMIT, true, false },
	[STEP_UNCOMMIT] = { "uncommit", UNIT_COMMITTED, UNIT_AVAILABLE, REASON_UNCOMMIT, false, false },
	[STEP_PICK] = { "pick", UNIT_COMMITTED, UNIT_PICKED, REASON_PICK, false, false },
	[STEP_UNPICK] = { "unpick", UNIT_PICKED, UNIT_COMMITTED, REASON_UNPICK, false, false },
	[STEP_PUT_BACK] = { "put_back", UNIT_PICKED, UNIT_AVAILABLE, REASON_UNCOMMIT, false, false },
	[STEP_HAND_OVER] = { "hand_over", UNIT_PICKED, UNIT_CUSTOMER, REASON_HAND_OVER, false, false },
	[STEP_SHIP] = { "ship", UNIT_PICKED, UNIT_CUSTOMER, REASON_SHIP, false, false },
	[STEP_SELL] = { "sell", UNIT_AVAILABLE, UNIT_CUSTOMER, REASON_SALE, true, false },
	[STEP_MISSING] = { "missing", UNIT_COMMITTED, UNIT_ADJUST, REASON_MISSING, false, true },
	[STEP_MISSING_PICKED] = { "missing_picked", UNIT_PICKED, UNIT_ADJUST, REASON_MISSING, false, true },
	[STEP_RETURN] = { "return", UNIT_CUSTOMER, UNIT_QUALITY, REASON_RETURN, false, false },
	[STEP_RETURN_SHELF] = { "return_shelf", UNIT_CUSTOMER, UNIT_AVAILABLE, REASON_RETURN, false, false },
	[STEP_RETURN_DAMAGED] = { "return_damaged", UNIT_CUSTOMER, UNIT_DAMAGED, REASON_RETURN, false, false },
	[STEP_INSPECT_GOOD] = { "inspect_good", UNIT_QUALITY, UNIT_AVAILABLE, REASON_INSPECT, false, false },
	[STEP_INSPECT_DAMAGED] = { "inspect_damaged", UNIT_QUALITY, UNIT_DAMAGED, REASON_INSPECT, false, false },
	[STEP_INSPECT_SCRAP] = { "inspect_scrap", UNIT_QUALITY, UNIT_SCRAP, REASON_INSPECT, false, false },
	[STEP_REPAIR] = { "repair", UNIT_DAMAGED, UNIT_AVAILABLE, REASON_INSPECT, false, false },
	[STEP_SCRAP] = { "scrap", UNIT_DAMAGED, UNIT_SCRAP, REASON_INSPECT, false, false },
};

const char *unit_step_name(enum unit_step step)
{
	return step > 0 && step < UNIT_STEPS ? steps[step].name : "unknown";
}

static bool is_return(enum unit_step step)
{
	return steps[step].from == UNIT_CUSTOMER;
}

/* Whether one of the first n moves touched that cell. */
static bool cell_before(const struct ledger_move *moves, int n, int64_t sku, int64_t place)
{
	for (int i = 0; i < n; i++)
		if (moves[i].subject == sku && (moves[i].from_place == place || moves[i].to_place == place))
			return true;
	return false;
}

enum result unit_post(struct db_tx *tx, struct act *act, struct ledger_move *moves, int count, struct error *e)
{
	TRY(ledger_post(tx, &unit_book, act, moves, count, e));
	for (int i = 0; i < count; i++) {
		const struct ledger_move *m = &moves[i];
		if (!cell_before(moves, i, m->subject, m->to_place))
			TRY(feed_append_at(tx, FEED_STOCK, 0, m->subject, m->to_place, e));
		if (m->from_place != m->to_place && !cell_before(moves, i, m->subject, m->from_place))
			TRY(feed_append_at(tx, FEED_STOCK, 0, m->subject, m->from_place, e));
	}
	return OK;
}

static enum result line_check(struct db_tx *tx, enum unit_step step, const struct unit_line *l, struct error *e)
{
	if (step <= 0 || step >= UNIT_STEPS)
		return error_set(e, ERR_INVALID, "stock.step", "step", "no such step");
	if (!l->sku)
		return error_set(e, ERR_INVALID, "stock.sku", "sku", "a step is of a SKU");
	TRY(qty_check(l->qty, 1, e));
	if (l->hold && !steps[step].shelf)
		return error_set(e, ERR_INVALID, "stock.hold", "hold", "%s takes nothing from a hold",
		                 steps[step].name);
	return location_check(tx, l->location, "location", e);
}

static struct ledger_move line_move(enum unit_step step, const struct unit_line *l)
{
	struct ledger_move m = unit_move(l->sku, l->location, l->hold ? UNIT_HELD : steps[step].from, steps[step].to,
	                                 l->qty, (enum unit_reason)steps[step].reason);
	m.order = l->order;
	m.line = l->line;
	m.hold = l->hold;
	if (MUTANT(MUTANT_RETURN_PLACE) && is_return(step))
		m.from_place = m.to_place = 1;
	return m;
}

enum result unit_steps(struct db_tx *tx, struct act *act, const enum unit_step *step, struct unit_line *lines,
                       int count, struct error *e)
{
	struct ledger_move *moves = arena_array(db_tx_arena(tx), (size_t)count + 1, sizeof(*moves));
	if (!moves)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		TRY(line_check(tx, step[i], &lines[i], e));
		moves[i] = line_move(step[i], &lines[i]);
		lines[i].unrecorded = 0;
	}
	for (int i = 0; i < count; i++)
		if (lines[i].hold)
			TRY(hold_take(tx, act, &lines[i], e));
	/* tasks before balances, as whoever enters a count has them */
	for (int i = 0; i < count; i++)
		if (steps[step[i]].missing)
			TRY(count_need(tx, act, lines[i].sku, lines[i].location, REASON_MISSING, lines[i].qty, NULL,
			               e));
	return unit_post(tx, act, moves, count, e);
}

enum result unit_step(struct db_tx *tx, struct act *act, enum unit_step step, struct unit_line *lines, int count,
                      struct error *e)
{
	enum unit_step *each = arena_array(db_tx_arena(tx), (size_t)count + 1, sizeof(*each));
	if (!each)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		each[i] = step;
	return unit_steps(tx, act, each, lines, count, e);
}

enum result unit_report(struct db_tx *tx, struct act *act, enum unit_step step, struct unit_line *lines, int count,
                        struct error *e)
{
	if (step != STEP_SELL && step != STEP_SHIP && step != STEP_HAND_OVER &&
	    (step <= 0 || step >= UNIT_STEPS || !is_return(step)))
		return error_set(e, ERR_INVALID, "stock.step", "step", "a report sells or returns");
	struct ledger_move *moves = arena_array(db_tx_arena(tx), (size_t)count + 1, sizeof(*moves));
	if (!moves)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		TRY(line_check(tx, step, &lines[i], e));
		if (lines[i].hold)
			return error_set(e, ERR_INVALID, "stock.hold", "hold", "a report knows no hold");
		moves[i] = line_move(step, &lines[i]);
		if (is_return(step))
			continue;
		moves[i].from = UNIT_AVAILABLE;
		moves[i].spill = UNIT_ADJUST;
		moves[i].spill_reason = REASON_UNRECORDED;
	}
	TRY(unit_post(tx, act, moves, count, e));
	for (int i = 0; i < count; i++) {
		lines[i].unrecorded = moves[i].spilled;
		if (moves[i].spilled)
			TRY(count_need(tx, act, lines[i].sku, lines[i].location, REASON_UNRECORDED, moves[i].spilled,
			               NULL, e));
	}
	return OK;
}
