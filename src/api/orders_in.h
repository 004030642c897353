/* Bodies of order commands: read before the transaction, and given their prices and currency inside it. */
#ifndef BYNAME_API_ORDERS_IN_H
#define BYNAME_API_ORDERS_IN_H

#include "api/api.h"
#include "api/internal.h"

/* What the bodies of all order routes fill; each route's spec names those members that it takes. */
struct order_body {
	int64_t customer, record, store, to, payment;
	struct str number, channel, currency, shipping, shipping_tax_rate, detail;
	int policy;
	bool tax_included, on_account, may_wait, quote, refund_rest, keep_terms;
	const struct json *items, *units, *pays, *discounts;
};

struct order_in_item; /* orders_in.c */
struct order_in_money;

struct order_asked {
	const struct principal *principal;
	struct order_command c; /* complete after order_fill() */
	bool bound;             /* the caller works in stores of their own */
	/* orders_in.c's own: what is worked out when the currency and the catalogue are known */
	const struct order_body *body;
	struct arena *a;
	int unit_cap, field_cap;
	struct order_item_in *items;
	struct order_in_item *raw_items;
	struct order_unit_in *units;
	char (*unit_fields)[80]; /* where the client named each of them */
	struct order_pay_in *pays;
	struct str *pay_amounts;
	struct order_in_money *discounts;
};

/* Reads the request's body as that command. Whatever is wrong is named: "items[1].qty". order: 0 for a new one. */
MUST_CHECK enum result order_ask(struct http_request *rq, enum order_command_kind kind, int64_t order,
                                 struct order_asked *out, struct error *e);
/* What the database must know of it: stores, SKUs, list prices, currency, whose it is. May run again. */
MUST_CHECK enum result order_fill(struct db_tx *tx, struct order_asked *ask, struct error *e);

/* POST /v1/returns */
struct returned_body {
	struct str number, amount, currency;
	int64_t sku, qty, location;
	int condition, tender;
};
MUST_CHECK enum result returned_fill(struct db_tx *tx, const struct returned_body *b, struct order_returned_in *out,
                                     struct error *e);

#define ORDER_METHODS "take|pick_up|ship|deliver"
#define ORDER_CONDITIONS "good|unknown|damaged|scrap"
#define ORDER_TENDERS "cash|card|gift_card|transfer|wallet|store_credit"
#define ORDER_DETAIL_BYTES 240
#define ORDER_AMOUNT_BYTES 24

#endif
