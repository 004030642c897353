/* What matters to them: preferences, top customers, full-price share. Stored views keep integer counts per record, day,
 * SKU; product attributes are joined and decay is applied at read. Equal to a rebuild by digest. */
#ifndef BYNAME_INSIGHT_H
#define BYNAME_INSIGHT_H

#include "orders/orders.h"
#include "people/search.h"
#include "shop/shop.h"

struct preference {
	const char *kind;  /* "size", "brand", "category", "colour", "channel", "store" */
	const char *scope; /* for sizes the category ("shoes"), else "" */
	const char *value; /* "42", "Acme", … ; for stores the id's text */
	int64_t ref;       /* store id */
	int64_t n, of;     /* bought n times out of of units in that kind and scope: the evidence in words */
	int64_t last_at;
	double weight; /* share decayed by recency at as_of: half-life 540 days */
};
/* The strongest preferences of each kind of these records together (≤ per_kind each), returns subtracted. */
MUST_CHECK enum result preference_list(struct db_tx *tx, const int64_t *records, int record_count, int64_t as_of,
                                       int per_kind, struct arena *a, struct preference *out, int limit, int *count,
                                       struct error *e);

struct spending {
	int64_t orders, returns, units, net_minor, returned_minor, full_minor, first_at, last_at;
	int16_t currency; /* the one most used; others are in other_currencies */
	int other_currencies;
	int64_t store, associate;     /* most frequent; ties: most recent */
	int64_t store_n, associate_n; /* sales there, by them, in all currencies */
};
MUST_CHECK enum result spending_of(struct db_tx *tx, const int64_t *records, int record_count, struct spending *out,
                                   struct error *e);
/* Net spend since a moment in one currency. */
MUST_CHECK enum result spending_since(struct db_tx *tx, const int64_t *records, int record_count, int16_t currency,
                                      int64_t since, int64_t *net_minor, struct error *e);
/* For people/search. */
enum result insight_standing(struct db_tx *tx, const int64_t *records, int count, struct search_standing *out,
                             struct error *e);

struct top_query {
	int64_t from_day, to_day; /* local store days since 1970, both inclusive */
	int64_t store;            /* 0: all */
	enum channel channel;     /* 0: all */
	int16_t currency; /* required: amounts of other currencies are converted by rate_put()'s rates or left out */
	int limit;        /* ≤ 1000 */
};
struct top_row {
	int64_t customer, net_minor, full_minor, units, orders, last_at;
};
struct top_summary {
	int64_t customers, net_minor, full_minor, anonymous_minor,
	        unconverted_orders; /* orders in a currency without a rate: left out of the sums */
};
/* By net spend (returns subtracted), ties by customer id. full_minor / net gives the full-price share. */
MUST_CHECK enum result top_customers(struct db_tx *tx, const struct top_query *q, struct top_row *out, int *count,
                                     struct top_summary *all, struct error *e);

/* Exchange rates: units of `currency` for one USD on a day; the last rate on or before a day serves. */
MUST_CHECK enum result rate_put(struct db_tx *tx, int16_t currency, int64_t day, struct decimal per_usd,
                                struct error *e);

/* The rates that one answer needs, each currency read once; lives as long as the transaction. */
struct rate_book;
MUST_CHECK enum result rate_book_new(struct db_tx *tx, struct rate_book **out, struct error *e);
/* Through USD at the day's rates, rounded half even; *known is false when a rate is missing. */
MUST_CHECK enum result rate_convert(struct rate_book *b, struct money amount, int16_t to, int64_t day,
                                    struct money *out, bool *known, struct error *e);

struct room;
extern const struct room insight_room;

#endif
