/* Rows of a mapped file become items. */
#ifndef BYNAME_INGEST_ROWS_H
#define BYNAME_INGEST_ROWS_H

#include "ingest/item.h"
#include "ingest/mapping.h"

/* What a batch of rows is gathered into. The caller empties it between two batches (items and arena together), never
 * inside a group. */
struct rows {
	struct section *section;
	struct str format, header; /* for dead letters: how a row is read again */
	int columns;               /* of the header; 0: counted from it */
	int64_t said_at;           /* when a file without times of its own was made */
	struct arena *a;
	struct item *items;
	int count, capacity;
	int taken; /* rows since the batch began */
	/* The order whose rows are coming. */
	struct group {
		bool open;
		struct str number;
		struct str *first; /* the first row's fields */
		int first_count, row_count, line_capacity;
		int64_t line;
		struct item_order order;
		struct item *item;
		struct buf raw;
		bool bad; /* the order itself is no good: its rows go to the dead letters together */
		struct error why;
	} group;
};

/* One row of any section but orders and events. */
MUST_CHECK enum result rows_add(struct rows *r, const struct csv_row *row, struct error *e);
/* A row of an order file: *same says whether it belongs to the open group; if not, close that first and add it then. */
MUST_CHECK enum result group_same(struct rows *r, const struct csv_row *row, bool *same, struct error *e);
MUST_CHECK enum result group_add(struct rows *r, const struct csv_row *row, struct error *e);
/* The group's item is complete. more: rows of it may follow, it was only too long for one report. */
MUST_CHECK enum result group_close(struct rows *r, struct error *e);
void rows_free(struct rows *r); /* the group's buffer; not the arena */

/* ---- Between rows.c and order_rows.c --------------------------------------------------------------------------- */

struct row_view row_view_of(const struct rows *r, const struct str *fields, int count);
struct str row_value(const struct row_view *v, enum slot slot, bool *failed);
bool row_truth(struct str s);
/* The item that a row becomes, to be filled or killed. */
MUST_CHECK enum result row_item(struct rows *r, const struct csv_row *row, struct item **out, struct error *e);
MUST_CHECK enum result row_kill(struct rows *r, struct item *it, struct str raw, const struct error *why,
                                struct error *e);
/* Why a row is not taken in at all: it is broken, or the mapping sets it aside. columns: how many it should have, or 0.
 */
MUST_CHECK enum result row_refused(const struct rows *r, const struct csv_row *row, const struct row_view *v,
                                   int columns, struct error *e);
int row_columns(const struct rows *r); /* of the header */
/* The reader's views end with its row: what an item keeps is copied. NULL: memory. */
const struct str *row_fields(const struct csv_row *row, struct arena *a);
MUST_CHECK enum result row_person(const struct row_view *v, struct item *it, struct error *e);
void row_product(const struct row_view *v, struct sku *s, bool *failed);

/* Currency and prices of a product's row; -1: none. */
MUST_CHECK enum result row_prices(const struct row_view *v, int16_t *currency, int64_t *list, int64_t *cost,
                                  bool *failed, struct error *e);
/* shelves.c. said_at: when a file that does not say it counted. */
MUST_CHECK enum result stock_row(const struct row_view *v, int64_t said_at, struct item *it, struct error *e);
MUST_CHECK enum result price_row(const struct row_view *v, struct item *it, struct error *e);

/* A dead letter's rows again, by its job's mapping. */
MUST_CHECK enum result rows_item_again(struct str mapping, struct str format, struct str header, struct str raw,
                                       struct str source, struct arena *a, struct item *out, struct error *e);

#endif
