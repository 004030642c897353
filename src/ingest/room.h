/* What the files of ingest share. */
#ifndef BYNAME_INGEST_ROOM_H
#define BYNAME_INGEST_ROOM_H

#include "ingest/ingest.h"
#include "ingest/item.h"
#include "ingest/mask.h"
#include "stock/stock.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "feed/room.h"
#include <stdio.h>

/* ---- segment.c, commerce.c -------------------------------------------------------------------------------------- */

struct segment_from {
	struct ingest_from from;
	int64_t sent_at; /* of the batch; 0: not said */
	bool file;       /* from a file: no clock to compare with */
};
/* Fills it from one message. type: by route, or -1: the message says so itself. On failure *it is dead, with its
 * reason; only ERR_NOMEM is returned. doc must outlive the item. */
MUST_CHECK enum result segment_item(const struct segment_from *f, int type, const struct json *doc, struct arena *a,
                                    struct item *it, struct error *e);
/* For the parser's parts: values of an object by their names in camelCase or snake_case. Not there: false or empty. */
struct str json_text(const struct json *o, const char *name, const char *other, struct arena *a);
/* A channel by its name or one of the other names in use ("pos", "call", …). */
bool channel_read(struct str name, enum channel *c);
/* Copies at most size - 1 bytes, whole characters, and a NUL. */
void text_copy(char *out, size_t size, struct str s);
/* The properties of an e-commerce event; item->person and at stand already. *is tells whether it is one. */
MUST_CHECK enum result commerce_orders(struct str event, const struct json *properties, struct arena *a,
                                       struct item *it, bool *is, struct error *e);

/* ---- shelves.c -------------------------------------------------------------------------------------------------- */

/* ERR_NOT_FOUND "store.unknown", "sku.unknown", "barcode.unknown", naming the field. */
MUST_CHECK enum result shelf_find(struct db_tx *tx, const struct item_stock *in, struct stock_say *out,
                                  struct error *e);
MUST_CHECK enum result price_put(struct db_tx *tx, const struct item_price *in, struct error *e);

/* ---- deadletter.c ----------------------------------------------------------------------------------------------- */

MUST_CHECK enum result deadletter_put(struct db_tx *tx, const struct item *it, int64_t job, struct error *e);
/* The room's work: those that lie here for 30 days go, some at a time. */
MUST_CHECK enum result deadletters_prune(struct db *db, bool *left, struct error *e);

/* ---- parts.c: orders whose rows stand in a file ----------------------------------------------------------------- */

/* Numbers the lines of a part by what earlier parts of this job held. *first: no part came before. Marks are kept by
 * parts_note(). */
struct part {
	unsigned char key[HASH128_BYTES];
	uint64_t *marks;
	size_t count, had;
	bool first, absent, incomplete;
};
MUST_CHECK enum result part_begin(struct db_tx *tx, int64_t job, const struct order_in *in, struct order_line_in *lines,
                                  struct part *out, struct error *e);
MUST_CHECK enum result part_end(struct db_tx *tx, int64_t job, const struct part *p, int64_t order, bool absent,
                                bool incomplete, struct error *e);
/* At the end of a job: removes lines that no part named, a page at a time; then forgets the marks. */
MUST_CHECK enum result parts_settle(struct db *db, int64_t job, struct ingest_counts *counts, struct error *e);
/* How many equal lines without a message id came before this one in the job's file, itself included. */
MUST_CHECK enum result occurrence_next(struct db_tx *tx, int64_t job, struct str message_id, int64_t *n,
                                       struct error *e);

#endif
