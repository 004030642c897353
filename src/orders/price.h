/* What a basket costs and what comes back for any part of it: pure, no database.
 *
 * A price is worked out once, when the order is placed, and frozen: each line's discounts and tax are fixed then, and a
 * unit's slice of them by its place in the line. What is returned or cancelled later takes the next slices, in whatever
 * order and portions, so that a line of which everything came back has been refunded to the cent. Nothing is ever
 * worked out again from what is left. Byname computes no tax rates: the caller gives them. */
#ifndef BYNAME_ORDERS_PRICE_H
#define BYNAME_ORDERS_PRICE_H

#include "money/money.h"

#define PRICE_DISCOUNTS_MAX 4

/* Percent of a base, or an amount (then rate is 0). With a threshold (orders only) it is given when the goods, less the
 * lines' own discounts, come to at least that. */
struct price_discount {
	struct decimal rate; /* 12.5 for 12.5 %; at most 100 */
	struct money amount, threshold;
};

struct price_line_in {
	int64_t qty; /* > 0 */
	struct decimal unit_price;
	struct price_discount own;
	struct decimal tax_rate; /* percent: 8.1 */
	bool never_discounted;   /* the order's discounts do not touch it (a gift card) */
};

struct price_in {
	int16_t currency;
	bool tax_included; /* in unit prices, discounts and shipping */
	const struct price_line_in *lines;
	int line_count;
	struct price_discount discounts[PRICE_DISCOUNTS_MAX]; /* of the order, one after the other */
	int discount_count;
	struct money shipping;
	struct decimal shipping_tax_rate;
};

/* gross - own - Σ share = net, or net + tax where tax is included. All ≥ 0. */
struct price_line {
	int64_t qty;
	struct decimal tax_rate;
	bool tax_included;
	struct money gross, own, share[PRICE_DISCOUNTS_MAX], net, tax;
};

struct price {
	struct price_line *lines;
	int line_count;
	bool given[PRICE_DISCOUNTS_MAX];            /* whether the order's discount was earned */
	struct money discount, net, tax;            /* Σ of the lines */
	struct money shipping, shipping_tax, total; /* shipping without tax; total: what is charged */
};

/* Unit price × quantity rounds half up, as do percentages and tax, each line by itself; the order's discounts are
 * shared by largest remainder and capped at what they discount. ERR_INVALID "line.…", "discount.…", "order.…". */
MUST_CHECK enum result price_basket(const struct price_in *in, struct arena *a, struct price *out, struct error *e);

/* What a line has in discounts: own and shared, in the terms of its price. */
MUST_CHECK enum result price_line_discount(const struct price_line *l, struct money *out, struct error *e);

/* The next n units of a line of which `gone` have gone already. What the first k units cost, tax included, is
 * floor(line·k/qty), so a line of three at 10.00 gives 10.00 each; of that, tax is floor(cost·tax/line). A slice is the
 * difference between two k. */
struct price_slice {
	struct money net, tax, discount;
};
MUST_CHECK enum result price_slice(const struct price_line *l, int64_t gone, int64_t n, struct price_slice *out,
                                   struct error *e);

/* When what is kept no longer earns a promotion with a threshold. */
enum price_policy {
	PRICE_KEEP_SHARE = 1, /* what is kept keeps its share */
	PRICE_REPRICE_KEPT /* the share of what is kept is charged ("clawed back"), at most what the return is worth */
};

/* One line of a return, in and out. */
struct price_back {
	int64_t gone, back; /* units returned or cancelled before, and now */
	struct money claw;  /* charged back on this line so far, tax included; afterwards: now */
	/* Out: what this return gives for the line. A line that is kept and clawed back has less than nothing. */
	struct money net, tax, discount;
};
/* backs: one for each line of p, in order. discounts: the order's, as priced. *total (≥ 0): Σ net + tax. When the last
 * unit comes back, what was clawed back is given back with it. ERR_INVALID "line.quantity" beyond what there is. */
MUST_CHECK enum result price_return(const struct price *p, const struct price_discount *discounts, int discount_count,
                                    enum price_policy policy, struct price_back *backs, struct money *total,
                                    struct error *e);

/* A clawed back amount's tax. */
MUST_CHECK enum result price_claw_tax(const struct price_line *l, struct money claw, struct money *tax,
                                      struct error *e);

/* Which tender gets back how much: the preferred one (-1: none) first, then in the order given, never more than is left
 * of what was captured by each. *missing: what no tender can take; a command refuses that, a report books it as
 * unmatched. */
MUST_CHECK enum result price_tenders(struct money amount, const struct money *left, int count, int preferred,
                                     struct money *parts, struct money *missing, struct error *e);

#endif
