/* Orders and returns as the sources report them: never refused, applied as differences when they come again, with
 * history. The unit and money ledgers of a later issue hang on these lines. */
#ifndef BYNAME_ORDERS_H
#define BYNAME_ORDERS_H

#include "money/money.h"
#include "timeline/timeline.h"

enum order_kind { ORDER_SALE = 1, ORDER_RETURN };
/* ORDER_SUPERSEDED: it turned out to be another record's, and a new order stands in its place. Never listed. */
enum order_state { ORDER_REPORTED = 1, ORDER_CANCELLED, ORDER_SUPERSEDED };

struct order_line_in {
	struct str line_key; /* the source's own line number; empty: matched by content and occurrence */
	int occurrence; /* without a key: the how manieth line of this content in the whole order; 0: counted here */
	int64_t sku;    /* 0: no product (shipping, fee) */
	struct str title;
	int64_t qty; /* > 0 */
	struct decimal unit_price;
	bool has_list_price;
	struct decimal list_price;
	struct money discount, tax; /* of the whole line; none: zero */
	/* For a return line: the sale's number and line, when the source knows them. */
	struct str original_number, original_line_key;
};
#define ORDER_LINES_MAX 2000
#define ORDER_NUMBER_MAX 80
#define ORDER_LINE_KEY_MAX 80
#define ORDER_TITLE_MAX 240

struct order_in {
	enum order_kind kind;
	struct str source, number; /* identity: (source, kind, number) */
	int64_t record;            /* 0: nobody is known (a walk-in) */
	int64_t store, associate;
	enum channel channel;
	int64_t placed_at;
	bool earliest; /* placed_at is the message's own time: a known order keeps its day unless this is earlier */
	int64_t at;    /* when the source said so; older than what was said before: only fills what is empty. 0: now */
	int16_t currency; /* 0 only for a report without lines (a cancellation) */
	bool cancelled;
	bool has_total;
	struct money total;                   /* what the source says was charged, tax included */
	struct money discount, tax, shipping; /* of the whole order beyond the lines'; none: zero */
	const struct order_line_in *lines;
	int line_count;
	bool more_lines; /* these are some of the lines: absent ones are not removed (order_keep_lines() may, at the
	                    end) */
	bool partial;    /* the report tells only some of it: as more_lines, and an amount of zero leaves what is there,
	                    a state other than cancelled and the date too */
};

struct order_outcome {
	int64_t order;
	enum { ORDER_NEW, ORDER_CHANGED, ORDER_SAME } what;
	int revision;      /* 1 for new */
	int64_t net_minor; /* what the order now counts for, sign by kind; cancelled: 0 */
	int absent;        /* stored lines that this report did not name (a whole report has removed them) */
};
/* Takes a report in: new, changed (the difference is kept as a revision) or the same (nothing is written). Appends
 * FEED_ORDER unless the same. A changed customer moves no row: the old order is superseded and a new one made (record 0
 * takes no customer away). Discounts beyond what they discount are capped; line amounts round half up at the currency's
 * scale; the order's own discount is shared among its lines by largest remainder. ERR_INVALID "order.…", "line.…". */
MUST_CHECK enum result order_report(struct db_tx *tx, const struct order_in *in, struct order_outcome *out,
                                    struct error *e);

/* Stock follows the reports: where a place's stock is kept here (stock_place.since), what is sold there or comes back
 * there from then on moves units in the same transaction, and a changed report moves the difference; nothing is refused
 * for it. Between these two the units of many reports are gathered and moved at the end, in one order for everybody:
 * for transactions of many reports, of which two would else wait for each other. */
MUST_CHECK enum result order_reports_begin(struct db_tx *tx, struct error *e);
MUST_CHECK enum result order_reports_end(struct db_tx *tx, struct error *e);

/* What order_report() would refuse, told before any transaction. */
MUST_CHECK enum result order_check(const struct order_in *in, struct error *e);

/* A line's mark: the same for the same key, or content and occurrence, on every machine for ever. */
uint64_t order_line_mark(const struct order_line_in *line, int occurrence);
/* After an order came in parts: removes the lines whose mark is not among these, as one revision. */
MUST_CHECK enum result order_keep_lines(struct db_tx *tx, int64_t order, const uint64_t *marks, size_t count,
                                        struct order_outcome *out, struct error *e);

struct order_line {
	const char *line_key, *title, *sku_code;
	int64_t sku, qty;
	struct decimal unit_price, list_price;
	bool has_list_price;
	int64_t net_minor, discount_minor, tax_minor; /* net: qty × unit price − discount, without tax */
	int64_t original_order;                       /* return lines: the sale, found at read; 0: unmatched */
	const char *original_line_key;
};
struct order {
	int64_t id, record, store, associate, placed_at, updated_at;
	int64_t superseded_by; /* ORDER_SUPERSEDED only: the order that stands in its place */
	const char *source, *number;
	enum order_kind kind;
	enum order_state state;
	enum channel channel;
	int16_t currency;
	int64_t net_minor, tax_minor, discount_minor, shipping_minor,
	        total_minor; /* all ≥ 0; the kind gives the sign */
	int64_t full_minor;  /* net of the lines sold at list price or above */
	int revision, line_count;
	const struct order_line *lines; /* filled by order_get() and, with_lines, by order_page() */
};
/* The order of that id, also a superseded one (then superseded_by names what stands in its place). ERR_NOT_FOUND. */
MUST_CHECK enum result order_get(struct db_tx *tx, int64_t id, struct arena *a, struct order *out, struct error *e);
/* The same in two steps, for whom the head may be enough: without its lines; and they. */
MUST_CHECK enum result order_get_head(struct db_tx *tx, int64_t id, struct arena *a, struct order *out,
                                      struct error *e);
MUST_CHECK enum result order_get_lines(struct db_tx *tx, struct arena *a, struct order *o, struct error *e);
/* Of these records, newest first before (placed_at, id). */
MUST_CHECK enum result order_page(struct db_tx *tx, const int64_t *records, int record_count, int64_t before_at,
                                  int64_t before_id, int limit, bool with_lines, struct arena *a, struct order *out,
                                  int *count, struct error *e);
/* Orders whose number is exactly this (folded, without blanks), of any source: at most limit. */
MUST_CHECK enum result order_by_number(struct db_tx *tx, struct str number, int limit, struct arena *a,
                                       struct order *out, int *count, struct error *e);
struct order_revision {
	int revision;
	int64_t at;
	const char *difference; /* JSON */
};
MUST_CHECK enum result order_history(struct db_tx *tx, int64_t id, struct arena *a, int limit,
                                     struct order_revision *out, int *count, struct error *e);

/* All order ids in (rkey, id) order after `after` (0: from the start), cancelled ones too: for views that are built
 * anew. */
MUST_CHECK enum result order_scan(struct db_tx *tx, int64_t after, int limit, int64_t *ids, int *count,
                                  struct error *e);

/* Totals of what stands (neither cancelled nor superseded), for reconciliation with the source files; units and
 * net_minor: sales less returns. source empty: all. */
struct order_totals {
	int64_t orders, returns, lines, units, net_minor, anonymous_lines;
};
MUST_CHECK enum result order_totals(struct db_tx *tx, struct str source, int16_t currency, struct order_totals *out,
                                    struct error *e);

struct room;
extern const struct room orders_room;

#endif
