/* What the files of outbox/ share. */
#ifndef BYNAME_OUTBOX_ROOM_H
#define BYNAME_OUTBOX_ROOM_H

#include "outbox/outbox.h"
#include "feed/room.h"

#define EVENT_BYTES HASH128_BYTES
#define COUNTED_MAX 10000 /* counts that are shown stop there */

/* ---- sign.c: pure but for randomness ---- */

#define SECRET_SEALED_BYTES 128 /* at most, as stored */
#define SIGNATURE_TEXT 48       /* "v1," + base64 of 32 bytes + NUL */
void secret_new(unsigned char secret[OUTBOX_SECRET_BYTES]);
void secret_text(char out[OUTBOX_SECRET_TEXT], const unsigned char secret[OUTBOX_SECRET_BYTES]);
/* As it is stored: sealed by the configured key, bound to the endpoint, where there is one. */
struct str secret_seal(const unsigned char secret[OUTBOX_SECRET_BYTES], int64_t endpoint,
                       unsigned char out[SECRET_SEALED_BYTES]);
/* False when it was sealed by another key, or for another endpoint. */
bool secret_open(struct str stored, int64_t endpoint, unsigned char out[OUTBOX_SECRET_BYTES]);
void secret_forget(void *p, size_t n);
/* "v1,…" over id.timestamp.body. */
void signature_make(char out[SIGNATURE_TEXT], const unsigned char secret[OUTBOX_SECRET_BYTES], const char *id,
                    int64_t timestamp_s, struct str body);
/* The event's webhook-id. */
void message_id(char out[WEBHOOK_ID_BYTES], struct str event);

/* ---- types.c ---- */

const char *type_of_command(int order_command_kind); /* "order.placed" */
#define TYPE_REPORTED "order.reported"
#define TYPE_REVISED "order.revised"
#define TYPE_WITHDRAWN "order.cancelled"
#define TYPE_STOCK "stock.changed"
#define TYPE_TEST "webhook.test"
/* Checks and joins patterns; *out lives in a. ERR_INVALID "webhook.events". */
MUST_CHECK enum result patterns_join(const struct str *patterns, int count, struct arena *a, struct str *out,
                                     struct error *e);

/* ---- delivery.c ---- */

struct delivery_in {
	int64_t endpoint;
	struct str event; /* EVENT_BYTES */
	const char *type;
	int64_t subject, record;
	struct str body;
	int64_t due_at;
	bool coalesce; /* nothing is made where one of the same subject and type waits that nobody has tried */
};
/* *made is 0 when the endpoint has this event, or one that will tell it. */
MUST_CHECK enum result delivery_add(struct db_tx *tx, const struct delivery_in *in, int64_t *made, struct error *e);
/* Deletes what is old, and removed endpoints with all of theirs; a chunk. */
MUST_CHECK enum result deliveries_prune(struct db *db, bool *more, struct error *e);

/* ---- endpoint.c ---- */

/* Those that events are made for. */
struct listener {
	int64_t id, since;
	struct str patterns;
};
MUST_CHECK enum result listeners_get(struct db_tx *tx, struct arena *a, struct listener *out, int *count,
                                     struct error *e);
MUST_CHECK enum result endpoint_find(struct db_tx *tx, int64_t id, bool *disabled, struct error *e);

/* ---- derive.c ---- */

extern const struct feed_stored outbox_view;

/* ---- claim.c: who sends what when ---- */

/* An attempt that this process is to make. */
struct shipment {
	int64_t endpoint, id, lease;
	int tries; /* before this one */
	char message[WEBHOOK_ID_BYTES];
	const char *url, *body;
	size_t body_n;
	int secret_count; /* 0: none can be opened */
	unsigned char secrets[2][OUTBOX_SECRET_BYTES];
};
/* Attempts that run already in this process, by endpoint. */
struct busy {
	int64_t endpoint;
	int running;
};
struct claim {
	const struct busy *busy;
	int busy_count, free; /* how many attempts more may be made at once */
	struct arena *a;      /* what is claimed lives there */
	struct shipment *out; /* room for free */
	int count;
};
/* A db_fn over struct claim: takes leases. Run claim_look() first: it only reads, and *work says whether it is worth
 * it. */
MUST_CHECK enum result claim_look(struct db *db, const struct busy *busy, int busy_count, bool *work, struct error *e);
MUST_CHECK enum result claim_run(struct db_tx *tx, void *claim, struct error *e);

struct outcome {
	int64_t endpoint, id, lease;
	int tries;       /* before this attempt */
	bool given_back; /* nobody tried it after all: the rest means nothing */
	int status;      /* HTTP; 0: there was none */
	int64_t retry_after_us;
	char fault[64]; /* "" : delivered */
	char answer[OUTBOX_ANSWER_KEPT + 1];
	int64_t tried_at;
};
struct outcomes {
	const struct outcome *list;
	int count;
};
/* A db_fn over struct outcomes: notes what came of attempts, where the lease still is ours. */
MUST_CHECK enum result outcomes_run(struct db_tx *tx, void *outcomes, struct error *e);
/* Pause before the next attempt after that many; -1: there is none. random: 0 to 2^32-1. */
int64_t retry_pause(int tries, uint32_t random);
int64_t lease_us(void);

/* ---- send.c: attempts, over libcurl ---- */

struct flight; /* attempts that are on their way */
MUST_CHECK enum result flight_new(struct flight **out, struct error *e);
void flight_free(struct flight *f); /* gives up what is on its way; NULL allowed */
int flight_count(const struct flight *f);
/* At most max endpoints. */
void flight_busy(const struct flight *f, struct busy *busy, int max, int *count);
/* Sets off; an attempt that cannot even begin lands at once. s is copied. */
MUST_CHECK enum result flight_begin(struct flight *f, const struct shipment *s, struct error *e);
/* Waits until something happens, at most so long, or until flight_poke() (from any thread). What has landed goes into
 * out, at most max. */
int flight_wait(struct flight *f, int wait_ms, struct outcome *out, int max);
void flight_poke(struct flight *f);
/* Gives up what is on its way: as outcomes that are given back. */
int flight_abandon(struct flight *f, struct outcome *out, int max);

/* ---- sender.c ---- */

struct sender_counts {
	int64_t delivered, failed, flying;
};
void sender_counts_get(struct sender_counts *out); /* of this process */

void outbox_wake(void *unused); /* something may be due */

#endif
