/* Names, and the one transition function of everything in stock that has a state. */
#include "stock/room.h"

static const char *const states[UNIT_STATES] = { "none",    "available", "held",   "committed", "picked",
	                                         "quality", "damaged",   "safety", "transit" };
static const char *const counters[] = { "supplier", "customer", "adjust", "scrap" };

const char *unit_state_name(int state)
{
	if (state > 0 && state < UNIT_STATES)
		return states[state];
	return state >= UNIT_SUPPLIER && state <= UNIT_SCRAP ? counters[state - UNIT_SUPPLIER] : "unknown";
}

const struct ledger_book unit_book = { .book = BOOK_UNITS,
	                               .subject = ID_SKU,
	                               .place = ID_STORE,
	                               .short_code = "stock.short",
	                               .account_name = unit_state_name };

const char *unit_reason_name(int reason)
{
	static const char *const names[UNIT_REASONS] = { [REASON_NONE] = "none",
		                                         [REASON_COMMIT] = "commit",
		                                         [REASON_UNCOMMIT] = "uncommit",
		                                         [REASON_PICK] = "pick",
		                                         [REASON_UNPICK] = "unpick",
		                                         [REASON_HAND_OVER] = "hand_over",
		                                         [REASON_SHIP] = "ship",
		                                         [REASON_SALE] = "sale",
		                                         [REASON_RETURN] = "return",
		                                         [REASON_MISSING] = "missing",
		                                         [REASON_UNRECORDED] = "unrecorded",
		                                         [REASON_HOLD] = "hold",
		                                         [REASON_RELEASE] = "release",
		                                         [REASON_EXPIRE] = "expire",
		                                         [REASON_INSPECT] = "inspect",
		                                         [REASON_DELIVERY] = "delivery",
		                                         [REASON_SAFETY] = "safety",
		                                         [REASON_TRANSFER] = "transfer",
		                                         [REASON_TRANSFER_SHORT] = "transfer_short",
		                                         [REASON_TRANSFER_OVER] = "transfer_over",
		                                         [REASON_COUNT] = "count",
		                                         [REASON_FOUND] = "found",
		                                         [REASON_LOST] = "lost",
		                                         [REASON_STOLEN] = "stolen",
		                                         [REASON_BROKEN] = "broken",
		                                         [REASON_OWN_USE] = "own_use",
		                                         [REASON_OPENING] = "opening",
		                                         [REASON_OTHER] = "other",
		                                         [REASON_LATE] = "late",
		                                         [REASON_PASSED_ON] = "passed_on",
		                                         [REASON_FILE] = "file" };
	return reason >= 0 && reason < UNIT_REASONS ? names[reason] : "unknown";
}

/* ---- Transitions ------------------------------------------------------------------------------------------------ */

#define STATES_MAX 6
static const struct {
	const char *name;
	const char *state[STATES_MAX];
	unsigned char next[STATES_MAX][EVENTS]; /* 0: not allowed */
} things[THINGS] = {
	[THING_HOLD] = { .name = "hold",
	                 .state = { "", "open", "released", "expired", "consumed" },
	                 .next = { [HOLD_OPEN] = { [EVENT_TAKE] = HOLD_OPEN,
	                                           [EVENT_USE_UP] = HOLD_CONSUMED,
	                                           [EVENT_EXTEND] = HOLD_OPEN,
	                                           [EVENT_RELEASE] = HOLD_RELEASED,
	                                           [EVENT_EXPIRE] = HOLD_EXPIRED } } },
	[THING_COUNT] = { .name = "count",
	                  .state = { "", "open", "short", "done", "cancelled" },
	                  .next = { [COUNT_OPEN] = { [EVENT_ENTER] = COUNT_DONE,
	                                             [EVENT_ENTER_SHORT] = COUNT_SHORT,
	                                             [EVENT_CANCEL] = COUNT_CANCELLED },
	                            [COUNT_SHORT] = { [EVENT_ENTER] = COUNT_DONE,
	                                              [EVENT_ENTER_SHORT] = COUNT_SHORT,
	                                              [EVENT_CANCEL] = COUNT_CANCELLED } } },
	[THING_TRANSFER] = { .name = "transfer",
	                     .state = { "", "requested", "dispatched", "received", "cancelled" },
	                     .next = { [TRANSFER_REQUESTED] = { [EVENT_DISPATCH] = TRANSFER_DISPATCHED,
	                                                        [EVENT_CANCEL] = TRANSFER_CANCELLED },
	                               [TRANSFER_DISPATCHED] = { [EVENT_RECEIVE] = TRANSFER_DISPATCHED,
	                                                         [EVENT_CLOSE] = TRANSFER_RECEIVED,
	                                                         [EVENT_CANCEL] = TRANSFER_CANCELLED } } },
	[THING_EXPECTED] = { .name = "delivery",
	                     .state = { "", "open", "closed", "cancelled" },
	                     .next = { [EXPECT_OPEN] = { [EVENT_RECEIVE] = EXPECT_OPEN,
	                                                 [EVENT_CLOSE] = EXPECT_CLOSED,
	                                                 [EVENT_CANCEL] = EXPECT_CANCELLED } } },
	[THING_WAITING] = { .name = "waiting entry",
	                    .state = { "", "waiting", "offered", "taken", "lapsed", "left" },
	                    .next = { [WAITING] = { [EVENT_OFFER] = WAITING_OFFERED, [EVENT_CANCEL] = WAITING_LEFT },
	                              [WAITING_OFFERED] = { [EVENT_USE_UP] = WAITING_TAKEN,
	                                                    [EVENT_EXPIRE] = WAITING_LAPSED,
	                                                    [EVENT_CANCEL] = WAITING_LEFT } } },
};

const char *state_name(enum thing thing, int64_t state)
{
	const char *name = state > 0 && state < STATES_MAX ? things[thing].state[state] : NULL;
	return name ? name : "unknown";
}

const char *stock_state_name(enum stock_kind kind, int64_t state)
{
	static const signed char about[STOCK_KINDS] = {
		[STOCK_HOLD_PLACE] = THING_HOLD + 1,
		[STOCK_HOLD_EXTEND] = THING_HOLD + 1,
		[STOCK_HOLD_RELEASE] = THING_HOLD + 1,
		[STOCK_EXPECT] = THING_EXPECTED + 1,
		[STOCK_EXPECT_CANCEL] = THING_EXPECTED + 1,
		[STOCK_DELIVER] = THING_EXPECTED + 1,
		[STOCK_COUNT_OPEN] = THING_COUNT + 1,
		[STOCK_COUNT_ENTER] = THING_COUNT + 1,
		[STOCK_COUNT_CANCEL] = THING_COUNT + 1,
		[STOCK_TRANSFER_REQUEST] = THING_TRANSFER + 1,
		[STOCK_TRANSFER_DISPATCH] = THING_TRANSFER + 1,
		[STOCK_TRANSFER_RECEIVE] = THING_TRANSFER + 1,
		[STOCK_TRANSFER_CANCEL] = THING_TRANSFER + 1,
		[STOCK_WAIT_JOIN] = THING_WAITING + 1,
		[STOCK_WAIT_LEAVE] = THING_WAITING + 1,
	};
	return kind > 0 && kind < STOCK_KINDS && about[kind] && state ? state_name((enum thing)(about[kind] - 1), state)
	                                                              : NULL;
}

enum result state_next(enum thing thing, int64_t state, enum event event, int64_t *next, struct error *e)
{
	int64_t to = state > 0 && state < STATES_MAX ? things[thing].next[state][event] : 0;
	if (!to)
		return error_set(e, ERR_CONFLICT, "stock.state", NULL, "the %s is %s", things[thing].name,
		                 state_name(thing, state));
	*next = to;
	return OK;
}

/* ---- Shared checks ---------------------------------------------------------------------------------------------- */

enum result location_check(struct db_tx *tx, int64_t location, const char *field, struct error *e)
{
	struct store s;
	bool found = false;
	if (location)
		TRY(store_get(tx, location, &s, &found, e));
	return found ? OK : error_set(e, ERR_INVALID, "stock.location", field, "no such location");
}

enum result place_check(struct db_tx *tx, int64_t sku, int64_t location, struct error *e)
{
	struct sku s;
	bool found = false;
	if (sku)
		TRY(sku_get(tx, sku, &s, &found, e));
	if (!found)
		return error_set(e, ERR_INVALID, "stock.sku", "sku", "no such SKU");
	return location_check(tx, location, "location", e);
}

enum result qty_check(int64_t qty, int64_t least, struct error *e)
{
	if (qty < least || qty > UNITS_MAX)
		return error_set(e, ERR_INVALID, "stock.qty", "qty", "between %lld and %d", (long long)least,
		                 UNITS_MAX);
	return OK;
}

enum result lost_race(struct error *e)
{
	return error_set(e, ERR_RETRY, "stock.race", NULL, "it changed meanwhile");
}

struct ledger_move unit_move(int64_t sku, int64_t location, int from, int to, int64_t qty, enum unit_reason reason)
{
	return (struct ledger_move){ .subject = sku,
		                     .from_place = location,
		                     .to_place = location,
		                     .from = from,
		                     .to = to,
		                     .qty = qty,
		                     .reason = (int)reason };
}

enum result act_own(struct db_tx *tx, const char *what, struct act *out, struct error *e)
{
	struct act_in in = { .what = str_c(what) };
	int64_t id = id_new_random();
	act_key(in.key, STR("stock"), (struct str){ (const char *)&id, sizeof(id) });
	return act_begin(tx, &in, out, e);
}
