/* What the files of commanded orders share: an order while a command works on it. Private to orders/. */
#ifndef BYNAME_ORDERS_BOOK_H
#define BYNAME_ORDERS_BOOK_H

#include "orders/command.h"
#include "orders/room.h"
#include "ledger/mutant.h"

/* Deliberate faults of this room (ledger/mutant.h). */
#define MUTANT_REFUND_PENDING (MUTANT_ORDERS + 0) /* a pending refund is forgotten when the next one is given */
#define MUTANT_REFUND_TENDER (MUTANT_ORDERS + 1)  /* a refund is noted for another tender than it came from */
#define MUTANT_SLICE_ROUNDS (MUTANT_ORDERS + 2)   /* a return is worth its share rounded, not the next slice */
#define MUTANT_TAX_STAYS (MUTANT_ORDERS + 3)      /* a return reverses no tax */
#define MUTANT_CANCEL_KEEPS (MUTANT_ORDERS + 4)   /* cancelled units stay committed */
#define MUTANT_CANCEL_SHIPPING                                                                                         \
	(MUTANT_ORDERS + 5)                          /* an order of which nothing is left keeps what its shipping cost \
	                                              */
#define MUTANT_PART_STALE (MUTANT_ORDERS + 6)        /* what a location still has to do is not counted down */
#define MUTANT_HAND_OVER_STAYS (MUTANT_ORDERS + 7)   /* handed over units stay picked in stock */
#define MUTANT_READY_TWICE (MUTANT_ORDERS + 8)       /* ready units are still picked */
#define MUTANT_RETURN_UNCOUNTED (MUTANT_ORDERS + 9)  /* a returned unit can be returned again */
#define MUTANT_EXCHANGE_FREE (MUTANT_ORDERS + 10)    /* what an exchange brings is not charged */
#define MUTANT_CHANGE_OLD_PRICE (MUTANT_ORDERS + 11) /* a changed line is charged as before */
#define MUTANT_ORDERS_END (MUTANT_ORDERS + 12)

/* ---- state.c: the one transition function ----------------------------------------------------------------------- */

/* Where a unit of a line is. Returned ones stay counted as handed, too. */
enum unit_at { AT_WAITING = 1, AT_OPEN, AT_PICKED, AT_READY, AT_HANDED, AT_SHIPPED, AT_CANCELLED, AT_COUNT };
const char *unit_at_name(enum unit_at at);
/* One way that a command takes units; step 0: stock does not notice. */
struct unit_way {
	enum order_command_kind kind;
	enum unit_at from, to;
	enum unit_step step;
	unsigned methods; /* 1 << enum order_method */
};
/* The n-th way (from 0) of this command, in the order in which units are taken; NULL: no more. */
const struct unit_way *unit_way(enum order_command_kind kind, int n);

/* What a command has made of an order's units. */
enum book_turn {
	TURN_DRAFTED = 1,
	TURN_NONE_HANDED, /* something is still to be done, nothing handed over */
	TURN_SOME_HANDED,
	TURN_ALL_HANDED,
	TURN_ALL_CANCELLED,
	TURN_CLOSED,
	TURNS
};
/* 0: there is no such way. */
enum book_state book_next(enum book_state s, enum book_turn t);

/* ---- An order being worked on ----------------------------------------------------------------------------------- */

struct work {
	struct db_tx *tx;
	struct arena *a;
	struct act act;
	const struct order_command *c;
	struct order_book b, was; /* was: as stored; arrays are copies */
	bool fresh;               /* not stored yet */
	bool look;                /* a preview: nothing may be written */

	struct ledger_move *moves; /* of money */
	int move_count, move_cap;
	struct unit_line *units;
	enum unit_step *steps;
	int unit_count, unit_cap, step_cap;
	int line_cap, part_cap, payment_cap, return_cap, batch_cap;
	int64_t *back; /* by line: units cancelled or returned by this command */

	int64_t receivable, payable, refunding, captured[TENDERS]; /* as they will be; payable ≥ 0 */
	int64_t amount, refunded, unit_total;
	int64_t transfer;
	int returned, payment, first_item; /* first_item: index of the line that the command's first new item became */
	bool handed;                       /* units left the shop */
	struct order_event event;          /* as it stands in the trail */
};

/* work.c */
struct book_line *work_line(struct work *w, int line);
MUST_CHECK enum result work_line_add(struct work *w, struct book_line **out, struct error *e);
MUST_CHECK enum result work_part(struct work *w, const struct book_line *l, int64_t location, enum order_method method,
                                 struct book_part **out, struct error *e);
MUST_CHECK enum result work_payment_add(struct work *w, struct book_payment **out, struct error *e);
MUST_CHECK enum result work_return_add(struct work *w, struct book_return **out, struct error *e);
MUST_CHECK enum result work_batch_add(struct work *w, struct book_batch **out, struct error *e);
MUST_CHECK enum result work_step(struct work *w, enum unit_step step, const struct unit_line *unit, struct error *e);

/* till.c: money. line 0: the order's (shipping). Amounts may be below zero: then it is the other way round. */
void till_open(struct work *w);
char *till_text(const struct work *w, int64_t minor, char out[MONEY_TEXT_BYTES]); /* for a person */
MUST_CHECK enum result till_charge(struct work *w, int line, int64_t net, int64_t tax, int64_t discount,
                                   struct error *e);
MUST_CHECK enum result till_reverse(struct work *w, int line, int64_t net, int64_t tax, int64_t discount,
                                    struct error *e);
MUST_CHECK enum result till_settle(struct work *w, struct error *e); /* what is owed both ways */
MUST_CHECK enum result till_take(struct work *w, const struct order_pay_in *p, struct error *e);
MUST_CHECK enum result till_refund(struct work *w, const struct order_pay_in *p, struct error *e);
MUST_CHECK enum result till_refund_rest(struct work *w, struct error *e);
MUST_CHECK enum result till_refund_end(struct work *w, int payment, bool went_out, struct error *e);
MUST_CHECK enum result till_unmatched(struct work *w, enum tender t, int64_t minor, struct error *e);

/* basket.c: items, discounts, what comes back */
MUST_CHECK enum result basket_add(struct work *w, struct error *e);    /* the command's items as a new batch, charged */
MUST_CHECK enum result basket_change(struct work *w, struct error *e); /* the command's items are what there is now */
MUST_CHECK enum result basket_back(struct work *w, bool cancelled, struct error *e); /* w->back, by line */
MUST_CHECK enum result basket_charge(struct work *w, struct error *e);               /* a draft is placed */

/* moved.c */
MUST_CHECK enum result transfer_ask(struct work *w, struct error *e);
MUST_CHECK enum result transfer_ask_allocated(struct work *w, struct error *e); /* of the units that say where to */
/* Waiting units were taken away: no more can be coming. */
void coming_clamp(struct book_line *l);

/* units.c */
MUST_CHECK enum result units_do(struct work *w, enum order_command_kind kind, struct error *e);
MUST_CHECK enum result units_cancel_all(struct work *w, struct error *e);
MUST_CHECK enum result units_return(struct work *w, struct error *e);
MUST_CHECK enum result units_inspect(struct work *w, struct error *e);
enum unit_step unit_return_step(enum unit_condition c);

/* returned.c: after units were handed over: returns of them that were reported before */
MUST_CHECK enum result parked_find(struct work *w, bool *any, struct error *e);

/* kept.c: what the command holds, as it was written */
MUST_CHECK enum result book_keep(const struct work *w, struct order_kept *out, struct error *e);

/* book_rows.c */
MUST_CHECK enum result book_lock(struct db_tx *tx, int64_t order, int64_t at, bool *found, struct error *e);
MUST_CHECK enum result book_save(struct work *w, struct error *e);
MUST_CHECK enum result event_insert(struct work *w, const struct order_event *ev, struct error *e);

/* face.c: the order as everybody reads it */
MUST_CHECK enum result face_sale(struct work *w, struct error *e);
MUST_CHECK enum result face_return(struct work *w, struct error *e);
MUST_CHECK enum result face_touch(struct work *w, struct error *e);

/* command.c */
/* Locks and reads the command's order; only reads it. */
MUST_CHECK enum result work_load(struct work *w, struct error *e);
MUST_CHECK enum result work_read(struct work *w, struct error *e);
MUST_CHECK enum result command_check(const struct order_command *c, struct error *e);
void command_bytes(const struct order_command *c, struct buf *out);
MUST_CHECK enum result work_change(struct work *w, struct error *e); /* COMMAND_CHANGE, in memory */
MUST_CHECK enum result work_finish(struct work *w, struct error *e);

/* book_check.c: parts of the room */
MUST_CHECK enum result books_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e);
MUST_CHECK enum result books_erase(struct db_tx *tx, int64_t record, struct error *e);

/* report.c: takes a report in under this id, which holds the number or takes it now. ERR_CONFLICT "order.number" where
 * another order has it. */
MUST_CHECK enum result order_report_as(struct db_tx *tx, const struct order_in *in, int64_t id,
                                       struct order_outcome *out, struct error *e);

#endif
