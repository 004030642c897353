/* The shop: stores with time zones, associates, products and their SKUs. Small tables, cached in memory. */
#ifndef BYNAME_SHOP_H
#define BYNAME_SHOP_H

#include "feed/feed.h"
#include "money/money.h"

enum store_kind { STORE_SHOP, STORE_WEB, STORE_CALL_CENTRE, STORE_WAREHOUSE };

struct store {
	int64_t id;
	char code[40], name[120], zone[48], country[4], city[80], region[80];
	int16_t currency;
	enum store_kind kind;
	bool provisional; /* seen in a message before anybody described it */
};
struct associate {
	int64_t id, store;
	char code[40], name[120];
	bool provisional;
};
struct sku {
	int64_t id, product;
	char code[64], size[32], colour[48];
	char product_code[64], title[160], brand[80], category[80], subcategory[80];
	int64_t list_minor, cost_minor; /* -1: unknown */
	int16_t currency;
	bool provisional;
};

/* Put: makes or changes by code; empty strings and -1 leave what is there. *changed tells. */
MUST_CHECK enum result store_put(struct db_tx *tx, const struct store *in, int64_t *id, bool *changed, struct error *e);
MUST_CHECK enum result associate_put(struct db_tx *tx, const struct associate *in, int64_t *id, bool *changed,
                                     struct error *e);
MUST_CHECK enum result sku_put(struct db_tx *tx, const struct sku *in, int64_t *id, bool *changed, struct error *e);

/* By code, from the process's cache (filled on demand, dropped by FEED_SHOP). Unknown codes are made, provisional, so
 * that no report is refused for want of a store. code empty gives id 0. */
MUST_CHECK enum result store_need(struct db_tx *tx, struct str code, int64_t *id, struct error *e);
MUST_CHECK enum result associate_need(struct db_tx *tx, struct str code, int64_t store, int64_t *id, struct error *e);
/* hint: attributes the message itself carries (name, brand, category, …), used when the SKU is new or provisional. */
MUST_CHECK enum result sku_need(struct db_tx *tx, struct str code, const struct sku *hint, int64_t *id,
                                struct error *e);

/* Copies from the cache; false when there is no such id. Thread-safe; loads on a miss. */
MUST_CHECK enum result store_get(struct db_tx *tx, int64_t id, struct store *out, bool *found, struct error *e);
MUST_CHECK enum result associate_get(struct db_tx *tx, int64_t id, struct associate *out, bool *found, struct error *e);
MUST_CHECK enum result sku_get(struct db_tx *tx, int64_t id, struct sku *out, bool *found, struct error *e);
/* Says which SKUs sku_get() is about to be asked for (sorts them): on PostgreSQL what the cache lacks comes at once. */
MUST_CHECK enum result skus_expect(struct db_tx *tx, int64_t *ids, int count, struct error *e);
MUST_CHECK enum result store_by_code(struct db_tx *tx, struct str code, struct store *out, bool *found,
                                     struct error *e);

/* Paged by code. */
MUST_CHECK enum result store_list(struct db_tx *tx, struct str after, int limit, struct store *out, int *count,
                                  struct error *e);
MUST_CHECK enum result associate_list(struct db_tx *tx, int64_t store, struct str after, int limit,
                                      struct associate *out, int *count, struct error *e);
void shop_cache_drop(void);

struct room;
extern const struct room shop_room;

#endif
