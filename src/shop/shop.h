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
	bool provisional;         /* seen in a message before anybody described it */
	bool placed;              /* lat and lon are known */
	int32_t lat, lon;         /* millionths of a degree, north and east */
	bool closed, closed_said; /* nobody can fetch or buy there. Put: only when it is said */
};
struct associate {
	int64_t id, store;
	char code[40], name[120];
	bool provisional;
};
#define BARCODE_BYTES 40
struct sku {
	int64_t id, product;
	char code[64], size[32], colour[48];
	char barcode[BARCODE_BYTES]; /* one of them, as given; "": none. Put: a further one */
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
MUST_CHECK enum result stores_expect(struct db_tx *tx, const int64_t *ids, int count, struct error *e);
MUST_CHECK enum result store_by_code(struct db_tx *tx, struct str code, struct store *out, bool *found,
                                     struct error *e);
/* Great-circle distance between two placed stores in km (haversine, a sphere of 6,371 km); negative: one is not placed.
 */
double store_km(const struct store *a, const struct store *b);

/* Paged by code. */
MUST_CHECK enum result store_list(struct db_tx *tx, struct str after, int limit, struct store *out, int *count,
                                  struct error *e);
MUST_CHECK enum result associate_list(struct db_tx *tx, int64_t store, struct str after, int limit,
                                      struct associate *out, int *count, struct error *e);
void shop_cache_drop(void);

/* ---- The catalogue (catalogue.c, barcode.c, size.c) ------------------------------------------------------------- */

/* How barcodes are compared: letters large, blanks and hyphens gone, digits without leading zeros (a UPC-A is an
 * EAN-13 that begins with 0). False: empty, longer than BARCODE_BYTES - 1, or neither letters nor digits. */
bool barcode_fold(struct str in, char out[BARCODE_BYTES]);
/* Several an SKU, each of one SKU only: the one said last. ERR_INVALID "barcode.malformed". */
MUST_CHECK enum result barcode_put(struct db_tx *tx, struct str code, int64_t sku, bool *changed, struct error *e);
MUST_CHECK enum result sku_by_code(struct db_tx *tx, struct str code, struct sku *out, bool *found, struct error *e);
MUST_CHECK enum result sku_by_barcode(struct db_tx *tx, struct str code, struct sku *out, bool *found, struct error *e);
/* SKUs as somebody types: words (or their beginnings) of title, brand, category, colour, size and codes; each word must
 * be there; best first, whole words and words before codes. From a view in memory that follows changes within moments.
 * Not inside a transaction. */
#define SKU_FIND_MAX 100
MUST_CHECK enum result sku_find(struct db *db, struct str text, int limit, int64_t *out, int *count, struct error *e);
void catalogue_drop(void);                  /* it is read anew by the next search */
extern const struct feed_process shop_feed; /* keeps cache and catalogue current: list it in feed_start() */

/* As a person sorts sizes: XXS < XS < S < M < L < XL < XXL = 2XL < 3XL, then numbers by value ("9", "10½", "32/34"),
 * then words; what has no size first. */
int size_compare(const char *a, const char *b);
struct product {
	int64_t id;
	char code[64], title[160], brand[80], category[80], subcategory[80];
};
MUST_CHECK enum result product_get(struct db_tx *tx, int64_t id, struct product *out, bool *found, struct error *e);
/* The SKUs of a product by colour and size, in the arena. */
#define PRODUCT_SKUS_MAX 500
MUST_CHECK enum result product_skus(struct db_tx *tx, int64_t product, int limit, struct arena *a, struct sku **out,
                                    int *count, struct error *e);

struct room;
extern const struct room shop_room;

#endif
