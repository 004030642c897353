/* What the files of stock share. */
#ifndef BYNAME_STOCK_ROOM_H
#define BYNAME_STOCK_ROOM_H

#include "stock/stock.h"
#include "ledger/mutant.h"
#include "feed/room.h"
#include "shop/shop.h"

#include <stdbool.h>

#define UNITS_MAX 1000000 /* of one command */

extern const struct ledger_book unit_book;

/* ---- state.c: the one transition function ----------------------------------------------------------------------- */

enum thing { THING_HOLD, THING_COUNT, THING_TRANSFER, THING_EXPECTED, THING_WAITING, THINGS };
enum event {
	EVENT_TAKE, /* some of it */
	EVENT_USE_UP,
	EVENT_EXTEND,
	EVENT_RELEASE,
	EVENT_EXPIRE,
	EVENT_ENTER,
	EVENT_ENTER_SHORT,
	EVENT_DISPATCH,
	EVENT_RECEIVE,
	EVENT_CLOSE,
	EVENT_OFFER,
	EVENT_CANCEL, /* also: leaves the line */
	EVENTS
};
/* ERR_CONFLICT "stock.state" where the table has nothing; the detail says what state it is in. */
MUST_CHECK enum result state_next(enum thing thing, int64_t state, enum event event, int64_t *next, struct error *e);
const char *state_name(enum thing thing, int64_t state);

/* ---- Shared checks ---------------------------------------------------------------------------------------------- */

MUST_CHECK enum result location_check(struct db_tx *tx, int64_t location, const char *field, struct error *e);
MUST_CHECK enum result place_check(struct db_tx *tx, int64_t sku, int64_t location, struct error *e);
MUST_CHECK enum result qty_check(int64_t qty, int64_t least, struct error *e);
/* Another's update came between reading and writing. */
MUST_CHECK enum result lost_race(struct error *e);
/* An act of the house's own: of a sweep. */
MUST_CHECK enum result act_own(struct db_tx *tx, const char *what, struct act *out, struct error *e);
/* One move, from and to at the same place. */
struct ledger_move unit_move(int64_t sku, int64_t location, int from, int to, int64_t qty, enum unit_reason reason);

/* ---- hold.c ----------------------------------------------------------------------------------------------------- */

MUST_CHECK enum result hold_place(struct db_tx *tx, struct act *act, const struct stock_command *c, int64_t waiting,
                                  struct stock_outcome *out, struct error *e);
MUST_CHECK enum result hold_extend(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                   struct stock_outcome *out, struct error *e);
MUST_CHECK enum result hold_release(struct db_tx *tx, struct act *act, int64_t id, struct stock_outcome *out,
                                    struct error *e);
/* Takes qty units off the hold's row (their move is the caller's). ERR_CONFLICT "stock.hold". */
MUST_CHECK enum result hold_take(struct db_tx *tx, struct act *act, const struct unit_line *line, struct error *e);

/* ---- count.c ---------------------------------------------------------------------------------------------------- */

/* The open task of a place, made when there is none; hint is added to it. id may be NULL. */
MUST_CHECK enum result count_need(struct db_tx *tx, const struct act *act, int64_t sku, int64_t location,
                                  enum unit_reason reason, int64_t hint, int64_t *id, struct error *e);
MUST_CHECK enum result count_open(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                  struct stock_outcome *out, struct error *e);
MUST_CHECK enum result count_enter(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                   struct stock_outcome *out, struct error *e);
MUST_CHECK enum result count_cancel(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                    struct stock_outcome *out, struct error *e);

/* What a count is of. */
#define ON_SHELF (1u << UNIT_AVAILABLE | 1u << UNIT_HELD | 1u << UNIT_COMMITTED | 1u << UNIT_SAFETY)
/* Books a shortage off what nobody owns; *left is what holds and orders would have to give. at: of the moves; 0: now.
 */
MUST_CHECK enum result shelf_short(struct db_tx *tx, struct act *act, int64_t sku, int64_t location, int64_t missing,
                                   enum unit_reason reason, int64_t at, int64_t *left, struct error *e);

/* ---- transfer.c, expected.c, level.c ---------------------------------------------------------------------------- */

MUST_CHECK enum result transfer_request(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                        struct stock_outcome *out, struct error *e);
MUST_CHECK enum result transfer_dispatch(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                         struct stock_outcome *out, struct error *e);
MUST_CHECK enum result transfer_receive(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                        struct stock_outcome *out, struct error *e);
MUST_CHECK enum result transfer_cancel(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                       struct stock_outcome *out, struct error *e);
/* Units that transfers have under way to a place; and such places by (sku, location) after the last one. */
struct moving {
	int64_t sku, location, qty;
};
MUST_CHECK enum result transfer_moving(struct db_tx *tx, int64_t sku, int64_t location, int64_t *qty, struct error *e);
MUST_CHECK enum result transfer_moving_page(struct db_tx *tx, int64_t after_sku, int64_t after_location, int limit,
                                            struct moving *out, int *count, struct error *e);

MUST_CHECK enum result expected_add(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                    struct stock_outcome *out, struct error *e);
MUST_CHECK enum result expected_cancel(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                       struct stock_outcome *out, struct error *e);
MUST_CHECK enum result deliver(struct db_tx *tx, struct act *act, const struct stock_command *c,
                               struct stock_outcome *out, struct error *e);

MUST_CHECK enum result safety_set(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                  struct stock_outcome *out, struct error *e);
MUST_CHECK enum result level_set(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                 struct stock_outcome *out, struct error *e);

/* ---- place.c ---------------------------------------------------------------------------------------------------- */

MUST_CHECK enum result place_set(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                 struct stock_outcome *out, struct error *e);
/* The stock of the place is kept here from now on, if it was not. */
MUST_CHECK enum result place_begin(struct db_tx *tx, const struct act *act, const struct stock_place *p,
                                   struct error *e);
/* The same; ERR_CONFLICT "stock.elsewhere" where another system keeps the stock. */
MUST_CHECK enum result kept_here(struct db_tx *tx, const struct act *act, int64_t location, struct error *e);

/* ---- told.c ----------------------------------------------------------------------------------------------------- */

/* At that time somebody said how many there were. */
MUST_CHECK enum result told_set(struct db_tx *tx, int64_t sku, int64_t location, int64_t at, struct error *e);

/* ---- waiting.c -------------------------------------------------------------------------------------------------- */

MUST_CHECK enum result waiting_join(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                    struct stock_outcome *out, struct error *e);
MUST_CHECK enum result waiting_leave(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                     struct stock_outcome *out, struct error *e);
/* The hold that was its offer is gone: EVENT_USE_UP, EVENT_EXPIRE, EVENT_CANCEL. */
MUST_CHECK enum result waiting_close(struct db_tx *tx, int64_t id, enum event event, struct error *e);

/* ---- check.c ---------------------------------------------------------------------------------------------------- */

enum result stock_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e);

#endif
