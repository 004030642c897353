/* Ids: 63-bit, time-ordered, made by the server; outside they are strings with a kind ("cus_…").
 *
 * Layout, high to low: 41 bits of milliseconds since 2020-01-01 | 3 bits of sequence | 7 bits of node | 12 bits of
 * bucket. The bucket is the shard key (rkey) of the person, order number or SKU that the row hangs on, so that a row's
 * shard is known from its id alone (docs/decisions/0002). Node numbers are leased in the database: db/node.h. */
#ifndef BYNAME_BASE_ID_H
#define BYNAME_BASE_ID_H

#include "base/str.h"

#define ID_BUCKETS 4096
#define ID_NODES 128
#define ID_TEXT_BYTES 24 /* "cus_" + 13 digits of Crockford base 32 + NUL, with room to spare */

enum id_kind {
	ID_CUSTOMER,   /* cus_: names its founding record */
	ID_RECORD,     /* rec_ */
	ID_HOUSEHOLD,  /* hsh_ */
	ID_TOUCHPOINT, /* tch_ */
	ID_FACT,       /* fct_ */
	ID_NOTE,       /* nte_ */
	ID_ORDER,      /* ord_ */
	ID_STORE,      /* sto_ */
	ID_ASSOCIATE,  /* asc_ */
	ID_PRODUCT,    /* prd_ */
	ID_SKU,        /* sku_ */
	ID_USER,       /* usr_ */
	ID_APIKEY,     /* key_ */
	ID_JOB,        /* job_ */
	ID_DEADLETTER, /* ded_ */
	ID_DECISION,   /* dec_ */
	ID_RECIPIENT,  /* rcp_ */
	ID_NOMINATION, /* nom_ */
	ID_HOLD,       /* hld_ */
	ID_TRANSFER,   /* trf_ */
	ID_COUNT,      /* cnt_ */
	ID_DELIVERY,   /* dlv_: expected of a supplier */
	ID_WAITING,    /* wtg_ */
	ID_REVIEW,     /* orv_: of an order's money */
	ID_PARKED,     /* prk_: a return whose sale is not known */
	ID_WEBHOOK,    /* whk_ */
	ID_SENDING,    /* whd_: what is sent to a webhook */
	ID_KINDS
};

/* Sets this process's node number (0 to 127) and the last millisecond the node's former holder may have used.
 * Before it is called ids carry node 0 (tests, one-shot commands that hold the database alone). */
void id_set_node(int node, int64_t not_before_us);

/* A fresh id in this bucket (0 to 4095). Thread-safe, strictly increasing per bucket, never blocks: when more than 8
 * ids of one bucket fall into a millisecond, or the clock stepped back, it runs ahead of the clock. */
int64_t id_new(unsigned bucket);
int64_t id_new_random(void); /* in a random bucket: for rows that hang on nobody (users, jobs) */

static inline unsigned id_bucket(int64_t id)
{
	return (unsigned)(id & (ID_BUCKETS - 1));
}
int64_t id_time_us(int64_t id);  /* when it was made, UTC microseconds, to the millisecond */
int64_t id_first_at(int64_t us); /* ids made before that moment are smaller (as far as the clock went forward) */

/* Bucket of a natural key: hash of the length-prefixed parts, the same on every machine for ever. */
unsigned bucket_of(struct str a, struct str b);

/* "cus_01h…": 13 digits of Crockford base 32, lower case. */
void id_format(char out[ID_TEXT_BYTES], enum id_kind kind, int64_t id);
/* Accepts exactly that text (upper or lower case digits); false for another kind or malformed text. */
bool id_parse(struct str s, enum id_kind kind, int64_t *id);
const char *id_prefix(enum id_kind kind); /* "cus" */

#endif
