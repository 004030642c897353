/* Stock as screens and the command line show it: the grid, holds, transfers, counts, who waits, what is low and what is
 * to come, the trail of a cell; and what to do for a customer whose size is not here (save.c). Answers are JSON; whose
 * hold or place in the line it is, is personal: audited with a purpose. */
#ifndef BYNAME_DESK_STOCK_H
#define BYNAME_DESK_STOCK_H

#include "desk/desk.h"
#include "orders/command.h"

/* SKUs × places. Of a product (its first GRID_SKUS_MAX SKUs by colour and size: "more" tells of further ones) or of
 * these SKUs; places: NULL for every one where they ever were or are coming. near: distances from there, nearest first.
 * ERR_NOT_FOUND "product.unknown", "sku.unknown", "store.unknown"; ERR_TOO_LARGE "stock.grid". */
#define GRID_SKUS_MAX 200
#define GRID_CELLS_MAX 20000
struct stock_look {
	int64_t product;
	const int64_t *skus;
	int sku_count;
	const int64_t *places;
	int place_count;
	int64_t near; /* 0: none */
};
MUST_CHECK enum result desk_grid(const struct desk *d, const struct principal *p, const struct stock_look *look,
                                 struct json_writer *w, struct error *e);
/* The moves of a SKU at a location (0: everywhere), newest first. */
MUST_CHECK enum result desk_moves(const struct desk *d, const struct principal *p, int64_t sku, int64_t location,
                                  int64_t before_act, int64_t before_n, int limit, struct json_writer *w,
                                  struct error *e);
/* What is at or below its level; what suppliers are to deliver of a SKU. */
MUST_CHECK enum result desk_low(const struct desk *d, const struct principal *p, int64_t location, int64_t after_sku,
                                int64_t after_location, int limit, struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_expected(const struct desk *d, const struct principal *p, int64_t sku, int limit,
                                     struct json_writer *w, struct error *e);

/* Open holds, those that lapse first before the others. customer 0: anybody's. At most DESK_HOLDS_MAX. */
#define DESK_HOLDS_MAX 50
MUST_CHECK enum result desk_holds(const struct desk *d, const struct principal *p, int64_t customer, int64_t location,
                                  int64_t after_until, int64_t after_id, int limit, const char *purpose,
                                  struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_hold(const struct desk *d, const struct principal *p, int64_t hold, const char *purpose,
                                 struct json_writer *w, struct error *e);
/* Who waits for a SKU, in order. */
MUST_CHECK enum result desk_waiting(const struct desk *d, const struct principal *p, int64_t sku, int64_t after,
                                    int limit, const char *purpose, struct json_writer *w, struct error *e);
/* Open ones of a location (0: all). */
#define DESK_TRANSFERS_MAX 100
MUST_CHECK enum result desk_transfers(const struct desk *d, const struct principal *p, int64_t location, int64_t after,
                                      int limit, struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_transfer(const struct desk *d, const struct principal *p, int64_t transfer,
                                     struct json_writer *w, struct error *e);
/* Tasks to count; blind: nothing says what the book expects. */
#define DESK_COUNTS_MAX 200
MUST_CHECK enum result desk_counts(const struct desk *d, const struct principal *p, int64_t location, int64_t after,
                                   int limit, struct json_writer *w, struct error *e);

/* Ranked ways to get a SKU to a customer who stands in a store (rank.h), each with the body of the one command that
 * does it and keeps the units for this customer: an order (paid by `tender` where they are taken along), a hold, a
 * place in the line. customer 0: nobody known; else sizes and dislikes count, and it is seen for the purpose.
 * ERR_NOT_FOUND "sku.unknown", "store.unknown", "customer.unknown". */
struct save_ask {
	int64_t sku, store, customer, qty;
	enum tender tender;
};
MUST_CHECK enum result desk_save(const struct desk *d, const struct principal *p, const struct save_ask *ask,
                                 const char *purpose, struct json_writer *w, struct error *e);

#endif
