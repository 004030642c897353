/* What the files of orders share: a report and what is stored, side by side. */
#ifndef BYNAME_ORDERS_ROOM_H
#define BYNAME_ORDERS_ROOM_H

#include "orders/orders.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "feed/room.h"
#include "shop/shop.h"

enum line_fate { LINE_STAYS, LINE_ADDED, LINE_CHANGED, LINE_REMOVED };

struct line {
	int64_t no; /* 1…; 0: not numbered yet */
	struct str key, title, original_number, original_key;
	int64_t sku, qty, unit, list; /* micro; list -1: unknown */
	int64_t discount, share, tax, net;
	enum line_fate fate;
	bool touched; /* named by the report */
	bool moved;   /* share or net differ from what is stored */
	const struct line *was;
};

struct head {
	int64_t id, record, store, associate, placed_at, said_at, updated_at, superseded_by;
	struct str source, number;
	enum order_kind kind;
	enum order_state state;
	enum channel channel;
	int16_t currency;
	int64_t net, tax, extra_tax, discount, extra_discount, shipping, total, full;
	bool total_told;
	int64_t revision, line_count;
};

/* ---- rows.c ----------------------------------------------------------------------------------------------------- */

#define FOLDED_MAX (ORDER_NUMBER_MAX + 1)
struct order_key {
	unsigned rkey;
	char folded[FOLDED_MAX];
	unsigned char hash[HASH128_BYTES];
};
/* The number as it is looked up: lower case, without blanks. Returns its length. */
size_t number_fold(struct str number, char out[FOLDED_MAX]);
void order_key_make(struct str source, enum order_kind kind, struct str number, struct order_key *out);

/* Claims the identity for id; where it is taken, *holder is who holds it. */
MUST_CHECK enum result ref_claim(struct db_tx *tx, const struct order_key *k, int64_t id, bool *fresh, int64_t *holder,
                                 struct error *e);
MUST_CHECK enum result ref_find(struct db_tx *tx, const struct order_key *k, int64_t *order, bool *found,
                                struct error *e);
/* Of many; orders[i] 0: there is none. */
MUST_CHECK enum result refs_find(struct db_tx *tx, const struct order_key *keys, int count, int64_t *orders,
                                 struct error *e);
/* Hands the identity on. ERR_RETRY when someone else did. */
MUST_CHECK enum result ref_move(struct db_tx *tx, const struct order_key *k, int64_t from, int64_t to, struct error *e);

MUST_CHECK enum result head_load(struct db_tx *tx, int64_t id, struct arena *a, struct head *out, bool *found,
                                 struct error *e);
/* Of many; out[i].id 0: there is none. */
MUST_CHECK enum result heads_load(struct db_tx *tx, const int64_t *ids, int count, struct arena *a, struct head *out,
                                  struct error *e);
MUST_CHECK enum result head_insert(struct db_tx *tx, const struct head *h, struct error *e);
/* Writes h as revision h->revision, which must follow the stored one: else ERR_RETRY. */
MUST_CHECK enum result head_update(struct db_tx *tx, const struct head *h, struct error *e);

MUST_CHECK enum result lines_load(struct db_tx *tx, int64_t order, int64_t count, struct arena *a, struct line **out,
                                  int *got, struct error *e);
struct line_list {
	struct line *lines;
	int count; /* what the head says, then what is there */
};
MUST_CHECK enum result lines_of(struct db_tx *tx, const int64_t *orders, int count, struct arena *a,
                                struct line_list *lists, struct error *e);
MUST_CHECK enum result line_insert(struct db_tx *tx, int64_t order, const struct line *l, struct error *e);
MUST_CHECK enum result line_update(struct db_tx *tx, int64_t order, const struct line *l, struct error *e);
MUST_CHECK enum result line_delete(struct db_tx *tx, int64_t order, int64_t no, struct error *e);
MUST_CHECK enum result revision_insert(struct db_tx *tx, int64_t order, int64_t revision, struct str difference,
                                       struct error *e);

/* ---- plan.c ----------------------------------------------------------------------------------------------------- */

/* What an order is to become: its head, and stored and reported lines with their fates. */
struct plan {
	struct head was, is;
	bool exists;
	struct line *lines;
	int count, capacity, absent;
};
void line_from_report(const struct order_line_in *in, struct line *out);
uint64_t line_content(const struct line *l);
/* Matches reported lines to the stored ones. remove: stored lines that are not named go. */
MUST_CHECK enum result plan_lines(struct plan *p, const struct order_line_in *in, int count, bool remove,
                                  struct arena *a, struct error *e);
/* Amounts of the lines that stay, and the head's sums. */
MUST_CHECK enum result plan_amounts(struct plan *p, struct arena *a, struct error *e);
bool plan_differs(const struct plan *p);
/* {"order":{name:[was,is]},"added":[…],"removed":[…],"changed":[{"was","is"}]} */
void plan_difference(const struct plan *p, struct json_writer *w);
/* Writes the plan over what is stored, or in place of it when the record differs. */
MUST_CHECK enum result plan_write(struct db_tx *tx, struct plan *p, const struct order_key *k,
                                  struct order_outcome *out, struct error *e);
int64_t head_counts_for(const struct head *h);

/* ---- shelf.c ---------------------------------------------------------------------------------------------------- */

/* Units that an order has moved: to the customer; below zero from there. By (sku, location). */
struct moved {
	int64_t sku, location, qty;
};
struct stock_place;
/* Whether what the order stands for moves stock: reported, at one of these places, not before its stock was kept. */
bool moves_here(const struct head *h, const struct stock_place *places, int count);
/* What it stands for. */
MUST_CHECK enum result moved_wanted(const struct head *h, const struct line *lines, int count, struct arena *a,
                                    struct moved **out, int *n, struct error *e);
/* What it has moved. */
MUST_CHECK enum result moved_load(struct db_tx *tx, int64_t order, struct arena *a, struct moved **out, int *n,
                                  struct error *e);
/* The difference, when the plan is written: at once, or at order_reports_end(). No statement of its own where no stock
 * is kept, but one a transaction that asks. */
MUST_CHECK enum result plan_moves(struct db_tx *tx, const struct plan *p, struct error *e);
MUST_CHECK enum result shelf_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e);

#endif
