/* Orders that are commanded here: quoted, placed, changed, picked, handed over, brought back, paid and refunded.
 *
 * One door: order_do() runs a command in one transaction: it moves units (stock/), money (ledger/), the order's lines,
 * appends an event to its trail, a touchpoint to the customer's timeline and the feed, and renews the order as
 * everybody reads it (orders.h), whose source is ORDER_SOURCE. Commands are guarded (ERR_CONFLICT says what stands in
 * the way) and idempotent by their key: a replay gets the stored outcome and moves nothing. The commands of one order
 * run one after the other. */
#ifndef BYNAME_ORDERS_COMMAND_H
#define BYNAME_ORDERS_COMMAND_H

#include "orders/orders.h"
#include "orders/price.h"
#include "stock/stock.h"

#define ORDER_SOURCE "byname" /* nobody else's reports may name it */

/* ---- Words ------------------------------------------------------------------------------------------------------ */

enum book_state {
	BOOK_DRAFT = 1, /* a quote: nothing is promised, nothing charged */
	BOOK_PLACED,
	BOOK_PARTLY,    /* some of it is with the customer */
	BOOK_FULFILLED, /* all that was not cancelled */
	BOOK_CANCELLED, /* nothing of it */
	BOOK_CLOSED,
	BOOK_STATES
};
const char *book_state_name(enum book_state s);

enum order_command_kind {
	COMMAND_QUOTE = 1,     /* items, terms: a draft */
	COMMAND_PLACE,         /* items, terms, units, pays; or order: a draft becomes an order, with units, pays */
	COMMAND_CHANGE,        /* items (line: which stands already), terms, units, pays: before anything was picked */
	COMMAND_CANCEL,        /* units: line, qty [, location, method]; no units: all that can be */
	COMMAND_ALLOCATE,      /* units: waiting ones get a location and a method */
	COMMAND_RELEASE,       /* units: open ones wait again */
	COMMAND_PICK,          /* units */
	COMMAND_UNPICK,        /* units: back from picked to open */
	COMMAND_PROBLEM,       /* units: they are not to be found; they wait for another location; a count task */
	COMMAND_READY,         /* units: put aside for the customer to fetch */
	COMMAND_HAND_OVER,     /* units: picked or ready; paid, unless on account */
	COMMAND_SHIP,          /* units: they are on their way to the customer */
	COMMAND_NO_SHOW,       /* units: ready ones that nobody fetched are cancelled */
	COMMAND_PAY,           /* pays */
	COMMAND_RETURN,        /* units: line, qty, location: where it is received, condition; pays or refund_rest */
	COMMAND_INSPECT,       /* units: line, qty, location, condition: what was received and is looked at now */
	COMMAND_REFUND,        /* pays, or refund_rest: what is owed */
	COMMAND_REFUND_DONE,   /* payment: a pending refund went out */
	COMMAND_REFUND_FAILED, /* payment: it did not */
	COMMAND_EXCHANGE,      /* as RETURN, with items and the units that allocate them: line -1 is the first item */
	COMMAND_CLOSE,
	COMMAND_ARRIVE,   /* the customer is there to fetch what is to be picked up */
	COMMAND_TRANSFER, /* units, to: open ones are asked to be sent to another location (order_stock_do() follows) */
	COMMAND_DELIVER,  /* units: sent ones have reached the customer */
	COMMANDS
};
const char *order_command_name(enum order_command_kind k); /* "order.place" */
bool command_takes_all(enum order_command_kind k);         /* see struct order_command */

enum order_method {
	METHOD_TAKE = 1, /* over the counter, at once */
	METHOD_PICK_UP,
	METHOD_SHIP,
	METHOD_DELIVER, /* on the way home */
	METHODS
};
const char *order_method_name(enum order_method m);

enum tender {
	TENDER_CASH = 1,
	TENDER_CARD,
	TENDER_GIFT_CARD,
	TENDER_TRANSFER,
	TENDER_WALLET,
	TENDER_STORE_CREDIT,
	TENDERS
};
const char *tender_name(enum tender t);

enum unit_condition {
	CONDITION_GOOD = 1, /* onto the shelf of where it is received */
	CONDITION_UNKNOWN,  /* RETURN: to be inspected */
	CONDITION_DAMAGED,
	CONDITION_SCRAP, /* INSPECT only */
	CONDITIONS
};

/* The book of money of an order. place: the tender of captured and refunding, else 0. */
enum money_account {
	MONEY_RECEIVABLE = 1, /* what the customer owes */
	MONEY_CAPTURED,       /* taken and not given back */
	MONEY_REFUNDING,      /* on its way back */
	MONEY_SALES = LEDGER_COUNTER,
	MONEY_DISCOUNT,
	MONEY_TAX,
	MONEY_SHIPPING,
	MONEY_PAYABLE,  /* what the shop owes the customer: below zero */
	MONEY_CREDIT,   /* given as store credit */
	MONEY_RETAINED, /* taken, given back as store credit */
	MONEY_UNMATCHED /* given back beyond what was taken, as reported */
};
const char *money_account_name(int account);

enum money_reason { MONEY_CHARGE = 1, MONEY_REVERSE, MONEY_CAPTURE, MONEY_REFUND, MONEY_SETTLE };

/* ---- Commands --------------------------------------------------------------------------------------------------- */

struct order_item_in {
	int line; /* CHANGE: the line that it is; else 0 */
	int64_t sku;
	struct str title; /* empty: the catalogue's */
	struct price_line_in price;
	bool has_list_price;
	struct decimal list_price;
};
struct order_unit_in {
	int line; /* 1…; PLACE, CHANGE, EXCHANGE: -1, -2, … the first, second item of this command */
	int64_t qty, location;
	enum order_method method;
	int64_t hold; /* allocation: takes them from this hold */
	int64_t to;   /* allocation, not TAKE: they are promised there and a transfer brings them here first; 0: given
	               * out where they are */
	int64_t from; /* CHANGE: open units that another location has are taken there; 0: waiting ones, then any */
	enum unit_condition condition;
};
struct order_pay_in {
	enum tender tender;
	int64_t minor;  /* > 0, in the order's currency */
	bool pending;   /* refunds: at the provider; COMMAND_REFUND_DONE or _FAILED follows */
	bool as_credit; /* refunds: given as store credit instead */
	struct str reference;
};
#define ORDER_ITEMS_MAX 200
#define ORDER_UNITS_MAX 400
#define ORDER_PAYS_MAX 8
#define ORDER_PART_MAX INT64_C(100000) /* units of a line */
#define QUOTE_KEEP_US (30 * DAY_US)    /* a quote's prices, since it was made or changed last */

struct order_command {
	enum order_command_kind kind;
	int64_t order;     /* 0: QUOTE, PLACE of a new one */
	struct str number; /* a new one: the till's own; empty: made here */
	int64_t record;    /* a new one: 0: nobody known */
	int64_t store;     /* where the command is given; a new order's store */
	enum channel channel;
	/* terms: QUOTE, PLACE, CHANGE, EXCHANGE (discounts only) */
	int16_t currency;
	bool tax_included, on_account;
	enum price_policy policy; /* 0: PRICE_KEEP_SHARE */
	struct price_discount discounts[PRICE_DISCOUNTS_MAX];
	int discount_count;
	struct money shipping;
	struct decimal shipping_tax_rate;

	const struct order_item_in *items;
	int item_count;
	const struct order_unit_in *units;
	int unit_count;
	const struct order_pay_in *pays;
	int pay_count;
	bool keep_shipping; /* CHANGE: shipping stays as it was */
	bool refund_rest;   /* RETURN, EXCHANGE, REFUND: what is owed, to the tenders it came from */
	bool all;           /* RELEASE, PICK, UNPICK, READY, HAND_OVER, SHIP, DELIVER, NO_SHOW, no units: all that can
	                     * be, at the store (0: anywhere) */
	bool may_wait;      /* PLACE, CHANGE, EXCHANGE: units without a location wait; else all must have one */
	int payment;        /* REFUND_DONE, REFUND_FAILED: its number */
	int64_t to;         /* TRANSFER */
	struct str detail;  /* a person's words, ≤ 240 bytes: kept in the trail */
};

struct order_done {
	int64_t order;
	int event; /* its number in the trail */
	enum book_state state;
	int64_t amount;     /* charged, taken or worth, by the command; an exchange's difference, signed */
	int64_t refunded;   /* given back by this command, pending ones too */
	int64_t receivable; /* what the customer owes after it */
	int64_t payable;    /* what the shop owes and has not sent */
	int returned;       /* the number of the return */
	int payment;        /* of the last payment it made */
	int64_t transfer;   /* that it asked for; of several the last one */
	int16_t currency;   /* of the amounts */
	bool replayed;
};
/* ERR_INVALID "order.…", "line.…", "unit.…", "pay.…"; ERR_NOT_FOUND "order.not_found"; ERR_CONFLICT "order.state"
 * (detail: the state), "order.units" (not so many units there), "order.unpaid", "order.paid" (more than is owed),
 * "order.refund" (more than is due or was taken by the tender), "order.number", "order.lapsed" (a quote that is too
 * old), and those of stock.h; ERR_MISMATCH "act.mismatch". After an error the transaction must be rolled back. */
MUST_CHECK enum result order_do(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user,
                                int64_t associate, const struct order_command *c, struct order_done *out,
                                struct error *e);
/* stock_do(), and an order whose units a transfer takes along is told: what is sent is at no location until it is
 * received (or sent back), then open there; what is lost needs another location; what the order does not need any more
 * is anybody's. Whoever dispatches, receives or cancels transfers comes through here. ERR_CONFLICT "order.units" when
 * the order has not so many units there. */
MUST_CHECK enum result order_stock_do(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user,
                                      int64_t associate, const struct stock_command *c, struct stock_outcome *out,
                                      struct error *e);
/* What COMMAND_QUOTE would charge, without keeping anything. */
MUST_CHECK enum result order_price(const struct order_command *c, struct arena *a, struct price *out, struct error *e);

/* What COMMAND_CHANGE would make of it, without keeping anything: errors as of the command, other than of stock. */
struct order_changed_line {
	int line; /* a new one: the number it would get */
	int64_t sku, qty, discount, net, tax;
};
struct order_changed {
	int16_t currency;
	struct order_changed_line *lines; /* those that stand, by number */
	int line_count;
	int64_t was, total; /* of the order, tax included */
	int64_t shipping, tax, discount;
	int64_t was_receivable, receivable, was_payable, payable; /* as of struct order_done */
};
MUST_CHECK enum result order_change_price(struct db_tx *tx, const struct order_command *c, struct arena *a,
                                          struct order_changed *out, struct error *e);

/* What COMMAND_RETURN would give, without keeping anything: errors as of the command. Without pays, what is owed goes
 * back to the tenders it came from. */
struct order_back_line {
	int line;
	int64_t qty, net, tax;
};
struct order_back {
	int16_t currency;
	struct order_back_line *lines; /* those of which units come back */
	int line_count;
	int64_t clawed;         /* charged back on what is kept, ≥ 0 */
	int64_t total;          /* what it is worth: Σ of the lines less what is charged back */
	int64_t off_receivable; /* of it, taken off what was still to be paid */
	int64_t tenders[TENDERS];
};
MUST_CHECK enum result order_return_price(struct db_tx *tx, const struct order_command *c, struct arena *a,
                                          struct order_back *out, struct error *e);

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

struct book_part {
	int n, line;
	int64_t sku, location;
	enum order_method method;
	int64_t open, picked, ready, handed, shipped; /* shipped: not known to have arrived, else they are handed */
	int64_t since;
};
struct book_line {
	int line, batch;
	int64_t sku;
	const char *title;
	int64_t unit_micro, list_micro; /* list -1: unknown */
	bool undiscounted;
	struct price_discount own;
	struct price_line price; /* frozen; price.qty is what was ordered */
	int64_t claw;            /* charged back, as a promotion is no longer earned */
	int64_t cancelled_net, cancelled_tax, returned_net, returned_tax;
	int64_t waiting, open, picked, handed, cancelled, returned;
	int64_t coming; /* waiting ones that a transfer has on its way */
};
struct book_payment {
	int n;
	int64_t at;
	bool refund;
	enum tender tender;
	int64_t minor;
	enum { PAYMENT_DONE = 1, PAYMENT_PENDING, PAYMENT_FAILED } state;
	bool as_credit;
	const char *reference;
};
struct book_return {
	int n, seq, line; /* the return, and which of its entries */
	int64_t at, location, sku, qty, uninspected, net, tax;
	enum unit_condition condition;
};
#define BOOK_BATCH_MAX 64
struct book_batch {
	int batch, discount_count;
	struct price_discount discounts[PRICE_DISCOUNTS_MAX];
	bool given[PRICE_DISCOUNTS_MAX];
};
struct order_book {
	int64_t order, version;
	enum book_state state;
	const char *number;
	int64_t record, store, associate;
	enum channel channel;
	int16_t currency;
	enum price_policy policy;
	bool on_account, tax_included;
	int64_t shipping, shipping_tax;
	int64_t placed_at, updated_at; /* of a quote placed_at is when it was made or changed last */
	int64_t arrived_at;            /* since when the customer is there to fetch it; 0: is not */
	int64_t unplaced;              /* the lines' waiting units that are not coming, unless it is a quote */
	int events, returns, line_count, part_count, payment_count, return_count, batch_count, balance_count;
	struct book_line *lines;
	struct book_part *parts;
	struct book_payment *payments;
	struct book_return *return_lines;
	struct book_batch *batches;
	struct ledger_balance *balances; /* of its money */
};
/* A commanded order, all of it. ERR_NOT_FOUND "order.not_found" (also for a reported one). */
MUST_CHECK enum result book_get(struct db_tx *tx, int64_t order, struct arena *a, struct order_book *out,
                                struct error *e);
/* Its head alone: no arrays. */
MUST_CHECK enum result book_head(struct db_tx *tx, int64_t order, struct arena *a, struct order_book *out,
                                 struct error *e);
/* From its book of money: what the customer owes; what the shop owes less what is on its way. */
int64_t book_receivable(const struct order_book *b);
int64_t book_payable(const struct order_book *b);
int64_t book_captured(const struct order_book *b, enum tender t);

/* What is open between us and whoever these records are, newest order first: of at most ORDER_OPEN_MAX commanded orders
 * that are neither drafts nor closed. In as many ways to the server as for one record. */
#define ORDER_OPEN_MAX 20
struct order_open {
	int64_t order, placed_at;
	const char *number;
	int64_t store;
	int16_t currency;
	enum book_state state;
	int64_t receivable, payable; /* as book_receivable(), book_payable() */
	int64_t unplaced;            /* units that wait for a location */
	int64_t quality, quality_at; /* units that came back and are not looked at; since when */
	int part_count;
	struct book_part *parts; /* with units open, picked, ready or shipped */
};
MUST_CHECK enum result order_open_list(struct db_tx *tx, const int64_t *records, int record_count, struct arena *a,
                                       struct order_open *out, int *count, struct error *e);

struct order_event {
	int n;
	int64_t at, store, user, associate, units, amount;
	enum order_command_kind kind;
	enum book_state state; /* afterwards */
	const char *detail;    /* JSON */
};
/* The trail, newest first before n (0: from the newest). */
MUST_CHECK enum result order_events(struct db_tx *tx, int64_t order, int before, int limit, struct arena *a,
                                    struct order_event *out, int *count, struct error *e);
/* order_do(), and the book as it stands then, with the command's entry in the trail, is kept in an arena of the
 * caller's: nothing is read again. there: false where it is to be read: of a replay, and where more than the command
 * was done to the order. */
struct order_kept {
	struct arena *a;
	bool there;
	struct order_book book;
	struct order_event event;
};
MUST_CHECK enum result order_do_keep(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user,
                                     int64_t associate, const struct order_command *c, struct order_kept *kept,
                                     struct order_done *out, struct error *e);
/* What a location has to do (0: all of them), oldest first after that one (NULL: from the oldest). */
struct order_queued {
	int64_t order, record, store;
	char number[ORDER_NUMBER_MAX + 1];
	int64_t arrived_at; /* pick-ups: since when the customer waits; else 0 */
	int n;              /* which of the order's parts; 0: units that are at no location */
	bool sent;          /* it stands for the part's shipped units, not for those that are still here */
	struct book_part part;
};
MUST_CHECK enum result order_queue(struct db_tx *tx, int64_t location, const struct order_queued *after, int limit,
                                   struct order_queued *out, int *count, struct error *e);
/* Units that are to be given a location (part.open of them, part.line), by order and line after that one (its order and
 * part.line). part.location: where they were last, and since when they are not; 0: nowhere yet, since the order was
 * placed. store: only orders of that one; 0: all. */
MUST_CHECK enum result order_unplaced(struct db_tx *tx, int64_t store, const struct order_queued *after, int limit,
                                      struct order_queued *out, int *count, struct error *e);
/* Parts of which units were sent after that time and are not known to have arrived; otherwise as order_queue(). */
#define ORDER_SENT_DAYS 14 /* so long after it was sent somebody may ask where it is */
MUST_CHECK enum result order_queue_sent(struct db_tx *tx, int64_t location, int64_t sent_after,
                                        const struct order_queued *after, int limit, struct order_queued *out,
                                        int *count, struct error *e);
/* How many entries the three lists have, by stage. */
enum queue_stage {
	QUEUE_NEW = 1,
	QUEUE_PICKING,
	QUEUE_PROBLEM,
	QUEUE_READY,
	QUEUE_WAITING,
	QUEUE_SHIPPED,
	QUEUE_STAGES
};
const char *queue_stage_name(enum queue_stage s);
/* PROBLEM: no location; WAITING: the customer stands there; PICKING: begun; READY: put aside, NEW: not begun. An entry
 * of order_queue_sent() is SHIPPED (sent is set). */
enum queue_stage queue_stage_of(const struct order_queued *q);
MUST_CHECK enum result order_queue_counts(struct db_tx *tx, int64_t location, int64_t sent_after,
                                          int64_t counts[QUEUE_STAGES], struct error *e);

/* The stores that have to do with a commanded order: its own, and where its units are or were; at most limit. */
MUST_CHECK enum result order_places(struct db_tx *tx, int64_t order, int limit, int64_t *out, int *count,
                                    struct error *e);

/* Whether the kind of command is allowed in that state; and for a unit: where the command takes it from and to. */
bool book_allows(enum book_state s, enum order_command_kind k);
/* Whether it is, and the order has something that it could be done to. */
bool book_can(const struct order_book *b, enum order_command_kind k);

/* ---- Reports ---------------------------------------------------------------------------------------------------- */

/* A till's return that happened. The sale is found by its number (and SKU); where it is not known, or had fewer units,
 * the units come in all the same and the return is parked until the sale comes; money beyond what was taken goes to
 * *unmatched* and opens a review. Never ERR_CONFLICT. */
struct order_returned_in {
	struct str number; /* of the sale; may be empty: without receipt */
	int64_t sku, qty, location;
	enum unit_condition condition;
	enum tender tender;
	int64_t refunded_minor; /* what the customer got; -1: what it was worth */
};
struct order_returned_out {
	int64_t order; /* 0: parked */
	int64_t taken; /* units booked on the order */
	int64_t parked, unmatched_minor;
};
MUST_CHECK enum result order_report_return(struct db_tx *tx, const unsigned char key[HASH128_BYTES],
                                           const struct order_returned_in *in, struct order_returned_out *out,
                                           struct error *e);

/* What was given back beyond what was due or taken: open ones, oldest first after (at, id). */
struct order_review {
	int64_t order, id, at, unmatched_minor;
};
MUST_CHECK enum result order_reviews(struct db_tx *tx, int64_t after_at, int64_t after_id, int limit,
                                     struct order_review *out, int *count, struct error *e);
/* ERR_NOT_FOUND "order.review" when it is not open. */
MUST_CHECK enum result order_review_close(struct db_tx *tx, int64_t id, struct error *e);
/* Returns that still wait for their sale, oldest first after (at, id). number: folded, "" without receipt. */
struct order_parked {
	const char *number;
	int64_t id, at, sku, qty, location, refunded_minor;
	enum tender tender;
};
/* A person settles one of them: it is of that order (of which the customer must have as many: else ERR_CONFLICT
 * "order.units"), or, order 0, no sale will come. ERR_NOT_FOUND "order.parked" when it does not wait any more. */
MUST_CHECK enum result order_parked_settle(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user,
                                           int64_t associate, int64_t id, int64_t order, struct error *e);
MUST_CHECK enum result order_parked_returns(struct db_tx *tx, int64_t after_at, int64_t after_id, int limit,
                                            struct arena *a, struct order_parked *out, int *count, struct error *e);

/* ---- Upkeep ----------------------------------------------------------------------------------------------------- */

/* The invariants of one order. *bad: how many are broken; detail: the first one. */
MUST_CHECK enum result order_check_book(struct db_tx *tx, int64_t order, int *bad, char detail[256], struct error *e);

#endif
