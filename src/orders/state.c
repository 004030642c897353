#include "orders/book.h"

/* ---- Names ------------------------------------------------------------------------------------------------------ */

const char *book_state_name(enum book_state s)
{
	static const char *const names[BOOK_STATES] = { "",          "draft",     "placed", "partly",
		                                        "fulfilled", "cancelled", "closed" };
	return s > 0 && s < BOOK_STATES ? names[s] : "";
}

const char *order_command_name(enum order_command_kind k)
{
	static const char *const names[COMMANDS] = {
		[COMMAND_QUOTE] = "order.quote",
		[COMMAND_PLACE] = "order.place",
		[COMMAND_CHANGE] = "order.change",
		[COMMAND_CANCEL] = "order.cancel",
		[COMMAND_ALLOCATE] = "order.allocate",
		[COMMAND_RELEASE] = "order.release",
		[COMMAND_PICK] = "order.pick",
		[COMMAND_UNPICK] = "order.unpick",
		[COMMAND_PROBLEM] = "order.problem",
		[COMMAND_READY] = "order.ready",
		[COMMAND_HAND_OVER] = "order.hand_over",
		[COMMAND_SHIP] = "order.ship",
		[COMMAND_NO_SHOW] = "order.no_show",
		[COMMAND_PAY] = "order.pay",
		[COMMAND_RETURN] = "order.return",
		[COMMAND_INSPECT] = "order.inspect",
		[COMMAND_REFUND] = "order.refund",
		[COMMAND_REFUND_DONE] = "order.refund_done",
		[COMMAND_REFUND_FAILED] = "order.refund_failed",
		[COMMAND_EXCHANGE] = "order.exchange",
		[COMMAND_CLOSE] = "order.close",
		[COMMAND_ARRIVE] = "order.arrive",
		[COMMAND_TRANSFER] = "order.transfer",
		[COMMAND_DELIVER] = "order.deliver",
	};
	return k > 0 && k < COMMANDS ? names[k] : "";
}

const char *order_method_name(enum order_method m)
{
	static const char *const names[METHODS] = { "", "take", "pick_up", "ship", "deliver" };
	return m > 0 && m < METHODS ? names[m] : "";
}

const char *tender_name(enum tender t)
{
	static const char *const names[TENDERS] = { "",         "cash",   "card",        "gift_card",
		                                    "transfer", "wallet", "store_credit" };
	return t > 0 && t < TENDERS ? names[t] : "";
}

const char *unit_at_name(enum unit_at at)
{
	static const char *const names[AT_COUNT] = { "",      "waiting", "open",    "picked",
		                                     "ready", "handed",  "shipped", "cancelled" };
	return at > 0 && at < AT_COUNT ? names[at] : "";
}

const char *money_account_name(int account)
{
	static const char *const inside[] = { "", "receivable", "captured", "refunding" };
	static const char *const outside[] = { "sales",   "discount", "tax",      "shipping",
		                               "payable", "credit",   "retained", "unmatched" };
	if (account > 0 && account <= MONEY_REFUNDING)
		return inside[account];
	return account >= MONEY_SALES && account <= MONEY_UNMATCHED ? outside[account - MONEY_SALES] : "";
}

/* ---- Units ------------------------------------------------------------------------------------------------------ */

#define TAKE (1u << METHOD_TAKE)
#define PICK_UP (1u << METHOD_PICK_UP)
#define CARRY (1u << METHOD_SHIP | 1u << METHOD_DELIVER)
#define ANY (TAKE | PICK_UP | CARRY)

/* Every way of a unit through an order; what is not here is refused. Of one command, units are taken in this order. */
static const struct unit_way ways[] = {
	{ COMMAND_ALLOCATE, AT_WAITING, AT_OPEN, STEP_COMMIT, PICK_UP | CARRY },
	{ COMMAND_ALLOCATE, AT_WAITING, AT_HANDED, STEP_SELL, TAKE },
	{ COMMAND_RELEASE, AT_OPEN, AT_WAITING, STEP_UNCOMMIT, ANY },
	{ COMMAND_PICK, AT_OPEN, AT_PICKED, STEP_PICK, ANY },
	{ COMMAND_UNPICK, AT_PICKED, AT_OPEN, STEP_UNPICK, ANY },
	{ COMMAND_UNPICK, AT_READY, AT_OPEN, STEP_UNPICK, ANY },
	{ COMMAND_PROBLEM, AT_OPEN, AT_WAITING, STEP_MISSING, ANY },
	{ COMMAND_PROBLEM, AT_PICKED, AT_WAITING, STEP_MISSING_PICKED, ANY },
	{ COMMAND_PROBLEM, AT_READY, AT_WAITING, STEP_MISSING_PICKED, ANY },
	{ COMMAND_READY, AT_PICKED, AT_READY, 0, PICK_UP },
	{ COMMAND_HAND_OVER, AT_READY, AT_HANDED, STEP_HAND_OVER, PICK_UP },
	{ COMMAND_HAND_OVER, AT_PICKED, AT_HANDED, STEP_HAND_OVER, PICK_UP | 1u << METHOD_DELIVER },
	{ COMMAND_SHIP, AT_PICKED, AT_SHIPPED, STEP_SHIP, CARRY },
	{ COMMAND_DELIVER, AT_SHIPPED, AT_HANDED, 0, CARRY },
	{ COMMAND_NO_SHOW, AT_READY, AT_CANCELLED, STEP_PUT_BACK, ANY },
	{ COMMAND_CANCEL, AT_WAITING, AT_CANCELLED, 0, ANY },
	{ COMMAND_CANCEL, AT_OPEN, AT_CANCELLED, STEP_UNCOMMIT, ANY },
	{ COMMAND_CANCEL, AT_PICKED, AT_CANCELLED, STEP_PUT_BACK, ANY },
	{ COMMAND_CANCEL, AT_READY, AT_CANCELLED, STEP_PUT_BACK, ANY },
};

const struct unit_way *unit_way(enum order_command_kind kind, int n)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (ways[i].kind == kind && !n--)
			return &ways[i];
	return NULL;
}

/* ---- Orders ----------------------------------------------------------------------------------------------------- */

#define BIT(k) (1u << COMMAND_##k)
#define WORK                                                                                                           \
	(BIT(CANCEL) | BIT(ALLOCATE) | BIT(RELEASE) | BIT(PICK) | BIT(UNPICK) | BIT(PROBLEM) | BIT(READY) |            \
	 BIT(HAND_OVER) | BIT(SHIP) | BIT(NO_SHOW) | BIT(ARRIVE) | BIT(TRANSFER))
#define BACK (BIT(RETURN) | BIT(INSPECT) | BIT(EXCHANGE) | BIT(DELIVER))
#define REFUND (BIT(REFUND) | BIT(REFUND_DONE) | BIT(REFUND_FAILED))

bool book_allows(enum book_state s, enum order_command_kind k)
{
	static const unsigned allowed[BOOK_STATES] = {
		[BOOK_DRAFT] = BIT(PLACE) | BIT(CHANGE) | BIT(CANCEL),
		[BOOK_PLACED] = BIT(CHANGE) | WORK | BIT(PAY) | REFUND,
		[BOOK_PARTLY] = WORK | BACK | BIT(PAY) | REFUND,
		[BOOK_FULFILLED] = BACK | BIT(PAY) | REFUND | BIT(CLOSE),
		[BOOK_CANCELLED] = REFUND | BIT(CLOSE),
		[BOOK_CLOSED] = BACK,
	};
	return s > 0 && s < BOOK_STATES && k > 0 && k < COMMANDS && allowed[s] >> k & 1;
}

enum book_state book_next(enum book_state s, enum book_turn t)
{
	static const enum book_state next[BOOK_STATES][TURNS] = {
		[0] = { [TURN_DRAFTED] = BOOK_DRAFT,
		        [TURN_NONE_HANDED] = BOOK_PLACED,
		        [TURN_SOME_HANDED] = BOOK_PARTLY,
		        [TURN_ALL_HANDED] = BOOK_FULFILLED },
		[BOOK_DRAFT] = { [TURN_DRAFTED] = BOOK_DRAFT,
		                 [TURN_NONE_HANDED] = BOOK_PLACED,
		                 [TURN_SOME_HANDED] = BOOK_PARTLY,
		                 [TURN_ALL_HANDED] = BOOK_FULFILLED,
		                 [TURN_ALL_CANCELLED] = BOOK_CANCELLED },
		[BOOK_PLACED] = { [TURN_NONE_HANDED] = BOOK_PLACED,
		                  [TURN_SOME_HANDED] = BOOK_PARTLY,
		                  [TURN_ALL_HANDED] = BOOK_FULFILLED,
		                  [TURN_ALL_CANCELLED] = BOOK_CANCELLED },
		[BOOK_PARTLY] = { [TURN_SOME_HANDED] = BOOK_PARTLY, [TURN_ALL_HANDED] = BOOK_FULFILLED },
		[BOOK_FULFILLED] = { [TURN_SOME_HANDED] = BOOK_PARTLY,
		                     [TURN_ALL_HANDED] = BOOK_FULFILLED,
		                     [TURN_CLOSED] = BOOK_CLOSED },
		[BOOK_CANCELLED] = { [TURN_ALL_CANCELLED] = BOOK_CANCELLED, [TURN_CLOSED] = BOOK_CLOSED },
		[BOOK_CLOSED] = { [TURN_SOME_HANDED] = BOOK_PARTLY, [TURN_ALL_HANDED] = BOOK_FULFILLED },
	};
	return s >= 0 && s < BOOK_STATES && t > 0 && t < TURNS ? next[s][t] : 0;
}
