/* Stock: what is where, in which state, for whom. The book of units over ledger/.
 *
 * Every change happens inside an act (ledger/ledger.h): orders/ opens its own and calls what stands here with it; a
 * command of stock alone goes through stock_do(), which opens one. *Commands* are guarded and may be refused
 * (ERR_CONFLICT: roll the transaction back); *reports* (unit_report) never are: what was not there comes from `adjust`,
 * reason unrecorded, and opens a count task.
 *
 * Quantities are whole units. Locations are stores (shop/) of any kind. Ids of holds, counts, expectations and waiting
 * entries lie in the SKU's bucket; a transfer, which is of many SKUs, in a bucket of its own. Every change appends
 * FEED_STOCK (ref: the SKU). */
#ifndef BYNAME_STOCK_H
#define BYNAME_STOCK_H

#include "ledger/ledger.h"

/* ---- States, reasons, steps ------------------------------------------------------------------------------------- */

enum unit_state {
	UNIT_AVAILABLE = 1, /* may be promised to anybody */
	UNIT_HELD,          /* set aside by a hold */
	UNIT_COMMITTED,     /* promised to an order's line */
	UNIT_PICKED,        /* taken off the shelf for it */
	UNIT_QUALITY,       /* came back, not looked at yet */
	UNIT_DAMAGED,
	UNIT_SAFETY,  /* kept back */
	UNIT_TRANSIT, /* on the way to this location */
	UNIT_STATES,
	/* counter-accounts */
	UNIT_SUPPLIER = LEDGER_COUNTER,
	UNIT_CUSTOMER,
	UNIT_ADJUST,
	UNIT_SCRAP
};
const char *unit_state_name(int state);

enum unit_reason {
	REASON_NONE,
	/* with an order */
	REASON_COMMIT,
	REASON_UNCOMMIT,
	REASON_PICK,
	REASON_UNPICK,
	REASON_HAND_OVER,
	REASON_SHIP,
	REASON_SALE,
	REASON_RETURN,
	REASON_MISSING,
	REASON_UNRECORDED, /* a report took what was not there */
	/* without */
	REASON_HOLD,
	REASON_RELEASE,
	REASON_EXPIRE,
	REASON_INSPECT,
	REASON_DELIVERY,
	REASON_SAFETY,
	REASON_TRANSFER,
	REASON_TRANSFER_SHORT,
	REASON_TRANSFER_OVER,
	REASON_COUNT,
	/* reasons of adjustments, given by a person */
	REASON_FOUND,
	REASON_LOST,
	REASON_STOLEN,
	REASON_BROKEN,
	REASON_OWN_USE,
	REASON_OPENING, /* the first stock of a location */
	REASON_OTHER,
	/* what channels and files tell */
	REASON_LATE,      /* it happened before the shelf was last counted and is told after: the shelf knows it */
	REASON_PASSED_ON, /* from an order to the one that took its place */
	REASON_FILE,      /* a file of stock says how many there are */
	UNIT_REASONS
};
const char *unit_reason_name(int reason);

/* The way of a unit through an order, one table. Without a hold "shelf" is available; with one it is held, and the hold
 * is consumed by as much. */
enum unit_step {
	STEP_COMMIT = 1,      /* shelf → committed */
	STEP_UNCOMMIT,        /* committed → available */
	STEP_PICK,            /* committed → picked */
	STEP_UNPICK,          /* picked → committed */
	STEP_PUT_BACK,        /* picked → available: cancelled or not fetched after it was picked */
	STEP_HAND_OVER,       /* picked → customer */
	STEP_SHIP,            /* picked → customer, by carrier */
	STEP_SELL,            /* shelf → customer: over the counter */
	STEP_MISSING,         /* committed → adjust: it is not to be found; opens a count task */
	STEP_MISSING_PICKED,  /* picked → adjust, the same */
	STEP_RETURN,          /* customer → quality, at the location that receives it */
	STEP_RETURN_SHELF,    /* customer → available */
	STEP_RETURN_DAMAGED,  /* customer → damaged */
	STEP_INSPECT_GOOD,    /* quality → available */
	STEP_INSPECT_DAMAGED, /* quality → damaged */
	STEP_INSPECT_SCRAP,   /* quality → scrap */
	STEP_REPAIR,          /* damaged → available */
	STEP_SCRAP,           /* damaged → scrap */
	UNIT_STEPS
};
const char *unit_step_name(enum unit_step step);

struct unit_line {
	int64_t sku, location, qty; /* qty > 0 */
	int64_t order, line;        /* 0: none */
	int64_t hold;               /* STEP_COMMIT, STEP_SELL: consumes it; else 0 */
	int64_t unrecorded;         /* out, unit_report(): how much of it was not there */
};
/* All lines take the step, together or not at all. ERR_CONFLICT "stock.short" naming SKU, location and state;
 * "stock.hold" when a hold is not open or holds less; ERR_INVALID "stock.…". lines: only unrecorded is written. */
MUST_CHECK enum result unit_step(struct db_tx *tx, struct act *act, enum unit_step step, struct unit_line *lines,
                                 int count, struct error *e);
/* Several steps at once, in one post (an exchange; a change of an order): step[i] of lines[i]. */
MUST_CHECK enum result unit_steps(struct db_tx *tx, struct act *act, const enum unit_step *step,
                                  struct unit_line *lines, int count, struct error *e);
/* What a till or a web shop says has happened: STEP_SELL, STEP_SHIP, STEP_HAND_OVER (all from available here: a report
 * knows no commitment) or a STEP_RETURN…. Never ERR_CONFLICT. */
MUST_CHECK enum result unit_report(struct db_tx *tx, struct act *act, enum unit_step step, struct unit_line *lines,
                                   int count, struct error *e);

/* What reported orders come to on the shelves (orders/ says what has changed). An act of its own. A sale takes from
 * available what is there, the rest from adjust, unrecorded, with a count task (none where another system keeps the
 * stock). What happened before the shelf was last counted moves no shelf: it is between the customer and adjust. Lines
 * may be of many SKUs; sorted in place. */
struct unit_told {
	int64_t order, sku, location;
	int64_t qty;    /* > 0: to the customer; < 0: from there */
	int64_t at;     /* when it happened, as told */
	bool shipped;   /* not over the counter */
	bool returned;  /* a return, or what is left of one: it stands where the place has what comes back */
	bool passed_on; /* from one order to another: no shelf notices */
};
MUST_CHECK enum result units_told(struct db_tx *tx, struct unit_told *told, int count, struct error *e);

/* What a file of stock says: so many stand at the place (as in a count: available, held, committed and safety) at that
 * time. The difference is moved with reason REASON_FILE and that time, what moved since then is accounted for; a
 * shortage comes off available, then safety; what holds and orders own stays, with a count task (none where another
 * system keeps the stock). What is older than what was said last of the place is old news. The same again moves
 * nothing. An act of its own for all of them; sorted in place. */
struct stock_say {
	int64_t sku, location, qty, at;
};
MUST_CHECK enum result stock_says(struct db_tx *tx, struct stock_say *says, int count, struct error *e);

/* Bare moves of the book of units, for what no step names (reason, states as above). Appends the feed. */
MUST_CHECK enum result unit_post(struct db_tx *tx, struct act *act, struct ledger_move *moves, int count,
                                 struct error *e);

/* ---- What is where ---------------------------------------------------------------------------------------------- */

struct stock_cell {
	int64_t sku, location;
	int64_t qty[UNIT_STATES]; /* by enum unit_state */
	int64_t incoming;         /* on the way: transit here, and what suppliers are expected to deliver */
	int64_t incoming_at;      /* the first day of it that is known; 0: none */
	int64_t moved_at;         /* when units last moved here; 0: never, or longer ago than is known */
	int64_t level;            /* stock_grid_all(): it is low when available falls to this; -1: never */
};
/* Cells that are not all zero, by (SKU as given, each once; location). locations NULL: every one. In the arena. ≤ 500
 * SKUs. */
MUST_CHECK enum result stock_grid(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                                  int location_count, struct arena *a, struct stock_cell **out, int *count,
                                  struct error *e);
/* The same with those that are empty: where units ever moved, or a level is set. each: called with one SKU's cells
 * after the other, in their order, while the next one's are still being read. */
typedef void stock_cells_fn(void *arg, const struct stock_cell *cells, int count);
MUST_CHECK enum result stock_grid_all(struct db_tx *tx, const int64_t *skus, int sku_count, const int64_t *locations,
                                      int location_count, struct arena *a, stock_cells_fn *each, void *arg,
                                      struct stock_cell **out, int *count, struct error *e);
bool stock_cell_empty(const struct stock_cell *c);
bool stock_cell_low(const struct stock_cell *c); /* by its level */
MUST_CHECK enum result stock_at(struct db_tx *tx, int64_t sku, int64_t location, struct stock_cell *out,
                                struct error *e);

/* ---- Commands of stock alone ------------------------------------------------------------------------------------ */

enum stock_kind {
	STOCK_HOLD_PLACE = 1,
	STOCK_HOLD_EXTEND,
	STOCK_HOLD_RELEASE,
	STOCK_STEP, /* STEP_INSPECT_…, STEP_REPAIR, STEP_SCRAP of one SKU */
	STOCK_ADJUST,
	STOCK_SAFETY,
	STOCK_LEVEL,
	STOCK_EXPECT,
	STOCK_EXPECT_CANCEL,
	STOCK_DELIVER,
	STOCK_COUNT_OPEN,
	STOCK_COUNT_ENTER,
	STOCK_COUNT_CANCEL,
	STOCK_TRANSFER_REQUEST,
	STOCK_TRANSFER_DISPATCH,
	STOCK_TRANSFER_RECEIVE,
	STOCK_TRANSFER_CANCEL,
	STOCK_WAIT_JOIN,
	STOCK_WAIT_LEAVE,
	STOCK_PLACE,
	STOCK_KINDS
};
const char *stock_kind_name(enum stock_kind kind); /* "stock.hold_place" */
/* The state of what such a command is about, as struct stock_outcome has it: "open", …; NULL: it has none. */
const char *stock_state_name(enum stock_kind kind, int64_t state);

#define STOCK_TRANSFER_LINES_MAX 200
struct transfer_line {
	int64_t sku, qty;    /* request: asked for; dispatch: sent; receive: found in the box */
	int64_t order, line; /* request: for this order's line, whose units are committed at the sender; else 0 */
};
/* Fields by kind; what is not named is 0. */
struct stock_command {
	enum stock_kind kind;
	int64_t id; /* of the hold, count, transfer, expectation, waiting entry that it is about */
	int64_t sku, location;
	int64_t qty;
	int64_t to;     /* TRANSFER_REQUEST: where it goes to (location: where from) */
	int64_t record; /* HOLD_PLACE, WAIT_JOIN: for whom; 0: nobody known */
	int64_t at;     /* HOLD_…: until when; EXPECT: when due; COUNT_ENTER: when it was counted, 0: now */
	int64_t reason; /* ADJUST: REASON_FOUND … REASON_OTHER; STEP: enum unit_step */
	bool final;     /* TRANSFER_RECEIVE: what has not come is lost; DELIVER: no more will come */
	const struct transfer_line *lines;
	int line_count;
};
struct stock_outcome {
	int64_t id;       /* of what was made or changed */
	int64_t qty;      /* moved, or by which it differs (COUNT_ENTER: counted − expected) */
	int64_t state;    /* of what it is about, afterwards: enum hold_state, … */
	int64_t expected; /* COUNT_ENTER: what the book said */
	int64_t open;     /* COUNT_ENTER: units short that nothing could be taken from: release, cancel, count again */
	bool replayed;
};
/* clang-format off */
/*
 * kind               fields                           what it does
 *
 * HOLD_PLACE         sku, location, qty, record, at   available → held until `at` (0: as the place has it). What lapsed
 *                                                     is given back by hold_sweep()
 * HOLD_EXTEND        id, at                           later only
 * HOLD_RELEASE       id                               held → available
 * STEP               sku, location, qty, reason       reason is the step: STEP_INSPECT_…, STEP_REPAIR, STEP_SCRAP
 * ADJUST             sku, location, qty (signed),     adjust ↔ available; REASON_BROKEN: available → damaged
 *                    reason
 * SAFETY             sku, location, qty ≥ 0           keeps so many back: available ↔ safety
 * LEVEL              sku, location, qty               low when available falls to this; -1: never low
 * EXPECT             sku, location, qty, at           a supplier will deliver
 * EXPECT_CANCEL      id
 * DELIVER            id, qty, final; or without id    supplier → available; more than expected is taken in
 *                    sku, location, qty
 * COUNT_OPEN         sku, location                    the open task of the place, made when there is none
 * COUNT_ENTER        id, qty, at                      blind: counted of available + held + committed + safety. What moved
 *                                                     since `at` is accounted for. A shortage comes off available, then
 *                                                     safety; what is left stays open
 * COUNT_CANCEL       id
 * TRANSFER_REQUEST   location, to, lines
 * TRANSFER_DISPATCH  id, lines (every SKU once; fewer available or committed → transit at `to`
 *                    or more than asked is allowed)
 * TRANSFER_RECEIVE   id, lines, final                 transit → available or committed; more than sent: from adjust, with a
 *                                                     count task at the sender; final: the rest is lost, likewise
 * TRANSFER_CANCEL    id                               before dispatch: nothing moved; after: what is in transit goes back
 * WAIT_JOIN          sku, location (0: any), qty,     waits in line
 *                    record
 * WAIT_LEAVE         id                               an offer that stands is released
 * PLACE              location, at, reason, final      how it is run: a hold lasts `at` (a span; 0: 48 hours), reason: where
 *                                                     returns stand (UNIT_QUALITY, UNIT_AVAILABLE), final: another system
 *                                                     keeps its stock
 */
/* clang-format on */
/* PLACE sets since to now where it was not set, and so do the first ADJUST, DELIVER, COUNT_ENTER and
 * TRANSFER_RECEIVE of a location.
 * ADJUST, DELIVER and COUNT_ENTER are refused ("stock.elsewhere") where another system keeps the stock.
 *
 * Idempotent by key. ERR_INVALID, ERR_NOT_FOUND, ERR_CONFLICT "stock.short", "stock.state" (detail: the state),
 * "stock.hold"; ERR_MISMATCH "act.mismatch". */
MUST_CHECK enum result stock_do(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user,
                                int64_t associate, const struct stock_command *c, struct stock_outcome *out,
                                struct error *e);
/* The same, with something of the caller's that follows it in the same act, unless it is a replay: follow is called
 * when the command has done its work. */
typedef enum result stock_follow_fn(struct db_tx *tx, struct act *act, void *arg, struct error *e);
MUST_CHECK enum result stock_do_followed(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user,
                                         int64_t associate, const struct stock_command *c, stock_follow_fn *follow,
                                         void *arg, struct stock_outcome *out, struct error *e);
/* The same inside an act of the caller's (an order that places a hold or asks for a transfer). */
MUST_CHECK enum result stock_apply(struct db_tx *tx, struct act *act, const struct stock_command *c,
                                   struct stock_outcome *out, struct error *e);

/* ---- Holds ------------------------------------------------------------------------------------------------------ */

enum hold_state { HOLD_OPEN = 1, HOLD_RELEASED, HOLD_EXPIRED, HOLD_CONSUMED };
#define HOLD_LONGEST (60 * DAY_US)
struct stock_hold {
	int64_t id, sku, location, record, associate;
	int64_t qty, placed; /* still held; when it was placed */
	int64_t placed_at, until, updated_at;
	enum hold_state state;
	int64_t waiting; /* the waiting entry that it is the offer of; 0 */
};
MUST_CHECK enum result hold_get(struct db_tx *tx, int64_t id, struct stock_hold *out, struct error *e);
/* Open ones of these records, or at a location (records NULL; 0: all), by until, after (until, id). */
MUST_CHECK enum result hold_list(struct db_tx *tx, const int64_t *records, int record_count, int64_t location,
                                 int64_t after_until, int64_t after_id, int limit, struct stock_hold *out, int *count,
                                 struct error *e);
/* Gives back what lapsed before now, at most limit holds, each an act of its own. A hold is good until this has taken
 * it. */
MUST_CHECK enum result hold_sweep(struct db_tx *tx, int64_t now, int limit, int *swept, struct error *e);

/* ---- Counts, transfers, expectations, waiting ------------------------------------------------------------------- */

/* COUNT_SHORT: entered, but units are missing that holds and orders still own. Both COUNT_OPEN and COUNT_SHORT are
 * tasks. */
enum count_state { COUNT_OPEN = 1, COUNT_SHORT, COUNT_DONE, COUNT_CANCELLED };
struct stock_count {
	int64_t id, sku, location, opened_at, closed_at;
	enum unit_reason
	        reason; /* why it was opened: REASON_COUNT, REASON_UNRECORDED, REASON_MISSING, REASON_TRANSFER_… */
	enum count_state state;
	int64_t counted, expected, difference, short_qty; /* once entered */
	int64_t hint;                                     /* units that reports took unrecorded since it was opened */
};
MUST_CHECK enum result count_get(struct db_tx *tx, int64_t id, struct stock_count *out, struct error *e);
/* Open tasks (of a location; 0: all), oldest first after id. What the book expects is not among what the counter sees.
 */
MUST_CHECK enum result count_tasks(struct db_tx *tx, int64_t location, int64_t after, int limit,
                                   struct stock_count *out, int *count, struct error *e);

enum transfer_state { TRANSFER_REQUESTED = 1, TRANSFER_DISPATCHED, TRANSFER_RECEIVED, TRANSFER_CANCELLED };
struct stock_transfer_line {
	int64_t sku, order, line;
	int64_t asked, sent, received, lost, returned; /* in transit: sent + over − received − lost − returned */
	int64_t over;                                  /* received beyond what was sent */
};
struct stock_transfer {
	int64_t id, from, to, requested_at, dispatched_at, closed_at;
	enum transfer_state state;
	int line_count;
	const struct stock_transfer_line *lines; /* transfer_get() only */
};
MUST_CHECK enum result transfer_get(struct db_tx *tx, int64_t id, struct arena *a, struct stock_transfer *out,
                                    struct error *e);
/* Open ones to or from the location (0: all), oldest first after id. */
MUST_CHECK enum result transfer_list(struct db_tx *tx, int64_t location, int64_t after, int limit,
                                     struct stock_transfer *out, int *count, struct error *e);

enum expect_state { EXPECT_OPEN = 1, EXPECT_CLOSED, EXPECT_CANCELLED };
struct stock_expected {
	int64_t id, sku, location, qty, received, due_at;
	enum expect_state state;
};
MUST_CHECK enum result expected_get(struct db_tx *tx, int64_t id, struct stock_expected *out, struct error *e);
/* Open ones of the SKU, soonest first. */
MUST_CHECK enum result expected_list(struct db_tx *tx, int64_t sku, int limit, struct stock_expected *out, int *count,
                                     struct error *e);

/* First come, first served: whoever joined first is offered first, in full or not at all, and nobody is passed over; an
 * offer is a hold with a time limit; when it lapses the next in line gets it. */
enum waiting_state { WAITING = 1, WAITING_OFFERED, WAITING_TAKEN, WAITING_LAPSED, WAITING_LEFT };
struct stock_waiting {
	int64_t id, sku, location, record, qty, joined_at, offered_at, hold;
	enum waiting_state state;
};
MUST_CHECK enum result waiting_get(struct db_tx *tx, int64_t id, struct stock_waiting *out, struct error *e);
/* Who waits or has an offer for a SKU, in order. */
MUST_CHECK enum result waiting_list(struct db_tx *tx, int64_t sku, int64_t after, int limit, struct stock_waiting *out,
                                    int *count, struct error *e);
/* Offers what has become available of one SKU; each offer is good for offer_us (0: 48 hours). */
MUST_CHECK enum result waiting_offer(struct db_tx *tx, int64_t sku, int64_t offer_us, int *offered, struct error *e);
/* SKUs somebody waits for, after `after`. */
MUST_CHECK enum result waiting_skus(struct db_tx *tx, int64_t after, int limit, int64_t *out, int *count,
                                    struct error *e);

struct stock_place {
	int64_t location, hold_us;
	enum unit_state return_to;
	bool elsewhere;
	int64_t since; /* when its stock began to be kept here; 0: it is not */
};
/* How a location is run; where nobody said, 48 hours, UNIT_QUALITY, here. */
MUST_CHECK enum result place_get(struct db_tx *tx, int64_t location, struct stock_place *out, struct error *e);
MUST_CHECK enum result places_get(struct db_tx *tx, const int64_t *locations, int count, struct stock_place *out,
                                  struct error *e);
/* All whose stock is kept here (or told here by another system), by location. In the arena. */
MUST_CHECK enum result places_kept(struct db_tx *tx, struct arena *a, struct stock_place **out, int *count,
                                   struct error *e);

struct stock_low {
	int64_t sku, location, level, available, incoming;
};
/* Places at or below their level, by (bucket, sku, location) after the last one. Reads at most `scan` levels: *more
 * says whether there are further ones, from (after_sku, after_location) as updated. */
MUST_CHECK enum result stock_low_list(struct db_tx *tx, int64_t location, int64_t *after_sku, int64_t *after_location,
                                      int limit, struct stock_low *out, int *count, bool *more, struct error *e);

/* ---- Upkeep ----------------------------------------------------------------------------------------------------- */

/* Invariants of one SKU: those of its book, open holds equal held, transit equals what transfers have under way. */
MUST_CHECK enum result stock_check_sku(struct db_tx *tx, int64_t sku, int *bad, char detail[256], struct error *e);

struct room;
extern const struct room stock_room;

#endif
