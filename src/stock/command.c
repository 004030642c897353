/* Commands of stock alone: one door, idempotent by key. */
#include "stock/room.h"

typedef enum result command_fn(struct db_tx *tx, struct act *act, const struct stock_command *c,
                               struct stock_outcome *out, struct error *e);

static enum result run_hold_place(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                  struct stock_outcome *out, struct error *e)
{
	return hold_place(tx, act, c, 0, out, e);
}

static enum result run_hold_release(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                    struct stock_outcome *out, struct error *e)
{
	return hold_release(tx, act, c->id, out, e);
}

static enum result run_step(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                            struct error *e)
{
	struct unit_line l = { .sku = c->sku, .location = c->location, .qty = c->qty };
	if (c->reason < STEP_INSPECT_GOOD || c->reason > STEP_SCRAP)
		return error_set(e, ERR_INVALID, "stock.step", "reason", "only what came back is looked at like this");
	TRY(place_check(tx, c->sku, c->location, e));
	*out = (struct stock_outcome){ .qty = c->qty };
	return unit_step(tx, act, (enum unit_step)c->reason, &l, 1, e);
}

static enum result run_adjust(struct db_tx *tx, struct act *act, const struct stock_command *c,
                              struct stock_outcome *out, struct error *e)
{
	if (c->reason < REASON_FOUND || c->reason > REASON_OTHER)
		return error_set(e, ERR_INVALID, "stock.reason", "reason", "an adjustment has a reason");
	TRY(place_check(tx, c->sku, c->location, e));
	TRY(kept_here(tx, act, c->location, e));
	if (c->reason == REASON_OPENING)
		TRY(told_set(tx, c->sku, c->location, act->at, e));
	if (c->qty < -UNITS_MAX || c->qty > UNITS_MAX || !c->qty)
		return error_set(e, ERR_INVALID, "stock.qty", "qty", "at most %d, and not none", UNITS_MAX);
	if (c->qty > 0 && (c->reason == REASON_LOST || c->reason == REASON_STOLEN || c->reason == REASON_BROKEN))
		return error_set(e, ERR_INVALID, "stock.reason", "reason", "nothing is added for that reason");
	struct ledger_move m;
	enum unit_reason reason = (enum unit_reason)c->reason;
	if (c->qty > 0)
		m = unit_move(c->sku, c->location, UNIT_ADJUST, UNIT_AVAILABLE, c->qty, reason);
	else
		m = unit_move(c->sku, c->location, UNIT_AVAILABLE, reason == REASON_BROKEN ? UNIT_DAMAGED : UNIT_ADJUST,
		              -c->qty, reason);
	*out = (struct stock_outcome){ .qty = c->qty };
	return unit_post(tx, act, &m, 1, e);
}

static const struct {
	const char *name;
	command_fn *run;
} kinds[STOCK_KINDS] = {
	[STOCK_HOLD_PLACE] = { "stock.hold_place", run_hold_place },
	[STOCK_HOLD_EXTEND] = { "stock.hold_extend", hold_extend },
	[STOCK_HOLD_RELEASE] = { "stock.hold_release", run_hold_release },
	[STOCK_STEP] = { "stock.step", run_step },
	[STOCK_ADJUST] = { "stock.adjust", run_adjust },
	[STOCK_SAFETY] = { "stock.safety", safety_set },
	[STOCK_LEVEL] = { "stock.level", level_set },
	[STOCK_EXPECT] = { "stock.expect", expected_add },
	[STOCK_EXPECT_CANCEL] = { "stock.expect_cancel", expected_cancel },
	[STOCK_DELIVER] = { "stock.deliver", deliver },
	[STOCK_COUNT_OPEN] = { "stock.count_open", count_open },
	[STOCK_COUNT_ENTER] = { "stock.count_enter", count_enter },
	[STOCK_COUNT_CANCEL] = { "stock.count_cancel", count_cancel },
	[STOCK_TRANSFER_REQUEST] = { "stock.transfer_request", transfer_request },
	[STOCK_TRANSFER_DISPATCH] = { "stock.transfer_dispatch", transfer_dispatch },
	[STOCK_TRANSFER_RECEIVE] = { "stock.transfer_receive", transfer_receive },
	[STOCK_TRANSFER_CANCEL] = { "stock.transfer_cancel", transfer_cancel },
	[STOCK_WAIT_JOIN] = { "stock.wait_join", waiting_join },
	[STOCK_WAIT_LEAVE] = { "stock.wait_leave", waiting_leave },
	[STOCK_PLACE] = { "stock.place", place_set },
};

const char *stock_kind_name(enum stock_kind kind)
{
	return kind > 0 && kind < STOCK_KINDS ? kinds[kind].name : "stock.unknown";
}

enum result stock_apply(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                        struct error *e)
{
	struct stock_outcome o = { 0 };
	if (c->kind <= 0 || c->kind >= STOCK_KINDS)
		return error_set(e, ERR_INVALID, "stock.kind", "kind", "no such command");
	TRY(kinds[c->kind].run(tx, act, c, &o, e));
	*out = o;
	return OK;
}

/* Everything of the command, for "the same key with another command". */
static enum result payload_make(const struct stock_command *c, struct arena *a, struct str *out, struct error *e)
{
	enum { HEAD = 10, LINE = 4 };
	int64_t *v = arena_array(a, HEAD + (size_t)c->line_count * LINE, sizeof(*v));
	if (!v)
		return error_nomem(e);
	const int64_t head[HEAD] = { c->id,     c->sku, c->location, c->qty,   c->to,
		                     c->record, c->at,  c->reason,   c->final, c->line_count };
	memcpy(v, head, sizeof(head));
	for (int i = 0; i < c->line_count; i++) {
		const int64_t line[LINE] = { c->lines[i].sku, c->lines[i].qty, c->lines[i].order, c->lines[i].line };
		memcpy(v + HEAD + (size_t)i * LINE, line, sizeof(line));
	}
	*out = (struct str){ (const char *)v, (HEAD + (size_t)c->line_count * LINE) * sizeof(*v) };
	return OK;
}

enum result stock_do(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user, int64_t associate,
                     const struct stock_command *c, struct stock_outcome *out, struct error *e)
{
	return stock_do_followed(tx, key, user, associate, c, NULL, NULL, out, e);
}

enum result stock_do_followed(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user, int64_t associate,
                              const struct stock_command *c, stock_follow_fn *follow, void *arg,
                              struct stock_outcome *out, struct error *e)
{
	enum { VALUES = 5 };
	struct act_in in = { .what = str_c(stock_kind_name(c->kind)), .user = user, .associate = associate };
	struct act act;
	struct stock_outcome o;
	if (c->line_count < 0 || c->line_count > STOCK_TRANSFER_LINES_MAX || (c->line_count && !c->lines))
		return error_set(e, ERR_TOO_LARGE, "stock.lines", "lines", "at most %d lines",
		                 STOCK_TRANSFER_LINES_MAX);
	memcpy(in.key, key, sizeof(in.key));
	TRY(payload_make(c, db_tx_arena(tx), &in.payload, e));
	TRY(act_begin(tx, &in, &act, e));
	if (act.replayed) {
		if (act.value_count != VALUES)
			return error_set(e, ERR_CORRUPT, "act.outcome", NULL, "a stored outcome cannot be read");
		*out = (struct stock_outcome){ .id = act.value[0],
			                       .qty = act.value[1],
			                       .state = act.value[2],
			                       .expected = act.value[3],
			                       .open = act.value[4],
			                       .replayed = true };
		return OK;
	}
	TRY(stock_apply(tx, &act, c, &o, e));
	if (follow)
		TRY(follow(tx, &act, arg, e));
	const int64_t values[VALUES] = { o.id, o.qty, o.state, o.expected, o.open };
	TRY(act_end(tx, &act, values, VALUES, e));
	*out = o;
	return OK;
}
