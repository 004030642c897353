/* One thing to take in, parsed and checked outside any transaction, whatever it came from. Everything lives in the
 * arena of its batch. */
#ifndef BYNAME_INGEST_ITEM_H
#define BYNAME_INGEST_ITEM_H

#include "ingest/ingest.h"

struct item_consent {
	struct str channel, purpose;
	enum consent_state state;
};
struct item_fact {
	struct str kind, value;
	bool sayable;
};
struct item_rate {
	int16_t currency;
	int64_t day;
	struct decimal per_usd;
};
/* What stands in a store, of an SKU by code or barcode. */
struct item_stock {
	struct str store, sku, barcode;
	int64_t qty, at;
};
struct item_price {
	struct str sku, barcode;
	int16_t currency;
	int64_t list_minor, cost_minor; /* -1: not said */
};
/* An order with what must be looked up inside the transaction: SKUs by code. */
struct item_order {
	struct order_in in;
	struct order_line_in *lines; /* in.lines */
	struct str *sku_codes;
	const struct sku **hints; /* may be NULL each */
	bool whole_refund;        /* a refund without lines: everything of the sale, or else its total as one line */
	bool in_parts;            /* rows of a file: marks are kept under the job until its end */
	bool incomplete;          /* a row of it went to the dead letters: what is missing is not removed */
};

enum item_way { ITEM_TAKE, ITEM_DEAD, ITEM_NOTHING };

struct item {
	enum item_way way;
	struct error why;               /* ITEM_DEAD */
	struct str raw, format, header; /* header: of a file with columns */
	int64_t line, lines;            /* first line of a file and how many rows it stands for; 0, 1 over HTTP */
	struct str source;

	struct str message_id; /* empty: no claim (what it does is idempotent by itself) */
	bool id_made;          /* made of content: occurrences in a file are numbered */
	int64_t at;

	const struct record_in *person; /* NULL: nobody */
	bool told;                      /* the message describes the person; else it is only found, or made */
	struct str device;              /* anonymous id that the message ties to the person */
	struct str previous;            /* alias: another key of the same person in this source */
	struct str household;
	const struct item_consent *consents;
	int consent_count;
	const struct item_fact *facts;
	int fact_count;

	struct str store, associate; /* codes */
	bool has_touch;
	bool touch_if_new; /* a file's order: only when the order is new or changed */
	struct touchpoint_in touch;
	struct item_order *orders;
	int order_count;

	const struct store *put_store;
	const struct associate *put_associate;
	struct str associate_store;
	const struct sku *put_sku;
	const struct item_rate *put_rate;
	const struct item_stock *put_stock;
	const struct item_price *put_price;
};

/* Marks an item as dead with the error's reason. */
void item_dead(struct item *it, const struct error *why);

/* Does what the item says, inside the transaction. job: whose parts of orders are numbered; 0 for none. */
MUST_CHECK enum result item_apply(struct db_tx *tx, const struct item *it, int64_t job, struct ingest_counts *counts,
                                  struct error *e);

/* Writes items (dead ones to the dead letters) in one transaction, with more() at its end. An item that fails inside is
 * made dead; then it and those before it are written by themselves, the rest after them: each item is tried at most
 * twice. *counts is added to after the commits. */
struct item_batch {
	struct item *items;
	int count;
	int64_t job;
	/* May be NULL. Items [from, to) are in. */
	enum result (*more)(struct db_tx *tx, void *arg, int from, int to, struct error *e);
	bool (*may_end)(void *arg, int at); /* may a transaction end before items[at]? NULL: anywhere */
	void *arg;
	struct ingest_counts now; /* for more(): what this transaction has counted */
};
#define ITEM_BATCH_MAX 500
void ingest_counts_add(struct ingest_counts *to, const struct ingest_counts *c);
MUST_CHECK enum result item_batch_write(struct db *db, struct item_batch *b, struct ingest_counts *counts,
                                        struct error *e);

#endif
