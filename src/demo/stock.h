/* Stock of the made-up chain, and lines of CSV; inside src/demo only. */
#ifndef BYNAME_DEMO_STOCK_H
#define BYNAME_DEMO_STOCK_H

#include "demo/world.h"

/* ---- One line of a CSV file at a time (files.c); fields are quoted where they must be --------------------------- */

struct csv {
	struct buf line;
	const char *file;
	demo_emit_fn *emit;
	void *ctx;
};
void csv_field(struct csv *c, const char *s);
MUST_CHECK enum result csv_end(struct csv *c, struct error *e);
MUST_CHECK enum result csv_header(struct csv *c, const char *file, const char *text, struct error *e);

#define SKU_BYTES 40
/* The code of a product's i-th size. */
void sku_text(const struct product *p, int i, char out[SKU_BYTES]);

/* ---- stock.c ---------------------------------------------------------------------------------------------------- */

/* Behind the stores: a warehouse, which sells nothing. */
#define WAREHOUSE STORES
extern const struct place_at {
	const char *lat, *lon; /* degrees; "": nowhere */
} place_at[STORES + 1];
const char *place_code(int place);
/* Units of that size on the last day; -1: the place does not carry the product. */
int shelf_units(const struct world *w, int place, int n, int size);
MUST_CHECK enum result stock_emit(const struct world *w, struct csv *c, struct error *e);
MUST_CHECK enum result matters_emit(const struct world *w, struct csv *c, struct error *e);

#endif
