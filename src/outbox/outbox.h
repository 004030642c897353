/* Webhooks: who wants to hear of orders and stock gets a signed POST, by the Standard Webhooks specification
 * (standardwebhooks.com).
 *
 * An *endpoint* is a URL with patterns of event types and a secret. A stored view of the feed turns what was committed
 * into *deliveries*, one an event and endpoint, in the transaction that moves its position: nothing is sent that was
 * not committed, nothing that was committed is left out. Senders, one a server process, claim deliveries under a lease,
 * and try again for three days. A receiver may hear an event more than once (then with the same webhook-id), and in any
 * order. Bodies name ids and states only.
 *
 * Where it may be sent to is guarded by guard.h. */
#ifndef BYNAME_OUTBOX_H
#define BYNAME_OUTBOX_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "feed/feed.h"

/* ---- Limits ------------------------------------------------------------------------------------------------------ */

#define OUTBOX_ENDPOINTS_MAX 64       /* that are not removed */
#define OUTBOX_URL_MAX 2000           /* bytes */
#define OUTBOX_DESCRIPTION_MAX 240    /* bytes */
#define OUTBOX_PATTERNS_MAX 32        /* of an endpoint */
#define OUTBOX_TYPE_BYTES 40          /* "order.refund_failed" with its NUL */
#define OUTBOX_BODY_MAX 20000         /* bytes of a body */
#define OUTBOX_WAITING_MAX 500000     /* deliveries that may wait for an endpoint: beyond, it is disabled ("full") */
#define OUTBOX_COALESCE_US (2 * USEC) /* stock.changed of one SKU: what changes meanwhile is the same delivery */
#define OUTBOX_PER_ENDPOINT 4         /* attempts at once for one endpoint, by one process */
#define OUTBOX_FLIGHT_MAX (OUTBOX_ENDPOINTS_MAX * OUTBOX_PER_ENDPOINT) /* by one process: nobody waits for another */
#define OUTBOX_CONNECT_MS 5000                                         /* until connected */
#define OUTBOX_TIMEOUT_MS 15000                                        /* of an attempt in all, unless set */
#define OUTBOX_LEASE_SPARE_US (5 * USEC)                               /* a lease is an attempt's time-out and this */
#define OUTBOX_ANSWER_READ (64 << 10)                                  /* bytes of an answer that are read */
#define OUTBOX_ANSWER_KEPT 1024                                        /* bytes of it that are kept */
#define OUTBOX_ROTATE_US DAY_US             /* how long the secret before signs beside the new one */
#define OUTBOX_FAILING_US (5 * DAY_US)      /* of failures only: the endpoint is disabled ("failing") */
#define OUTBOX_PAUSE_MAX_US DAY_US          /* longest Retry-After that is heeded */
#define OUTBOX_PAUSE_US (30 * USEC)         /* after a 429 that names no time */
#define OUTBOX_KEEP_US (7 * DAY_US)         /* delivered ones, for replay */
#define OUTBOX_KEEP_FAILED_US (30 * DAY_US) /* those given up */
#define OUTBOX_RETRIES_MAX 16

/* ---- Settings ---------------------------------------------------------------------------------------------------- */

struct outbox_config {
	bool local;   /* tests on one machine only: http, every address, every port */
	bool has_key; /* secrets are sealed by key in the database */
	bool plain;   /* without a key they may lie there as they are: somebody said so */
	unsigned char key[32];
	int timeout_ms;                       /* of an attempt; 0: OUTBOX_TIMEOUT_MS */
	int64_t waiting_max;                  /* 0: OUTBOX_WAITING_MAX */
	int64_t retry_us[OUTBOX_RETRIES_MAX]; /* pauses between attempts, each ± 20 % */
	int retry_count;                      /* 0: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h */
};
/* Of this process, before anything else here is called. */
void outbox_configure(const struct outbox_config *config);
const struct outbox_config *outbox_configured(void);
/* The key that a file's text makes (BLAKE2b). */
void outbox_key_derive(unsigned char key[32], struct str text);

/* ---- Types of events ----------------------------------------------------------------------------------------------
 */

/* All of them, ended by NULL: "order.placed", …, "stock.changed". */
const char *const *outbox_types(void);
/* Whether a comma-separated list of patterns ("*", "order.*", "order.placed") names the type. */
bool outbox_wants(struct str patterns, const char *type);

/* ---- Endpoints ----------------------------------------------------------------------------------------------------
 */

#define OUTBOX_SECRET_BYTES 32
#define OUTBOX_SECRET_TEXT 52 /* "whsec_" + base64 + NUL */

struct endpoint {
	int64_t id;
	const char *url, *patterns, *description;
	int64_t created_at, created_by; /* user, or 0 */
	int64_t disabled_at;            /* 0: it is not */
	const char *disabled_why;       /* "person" "gone" "failing" "full" "" */
	int64_t old_until;              /* the secret before the last rotation signs until then; 0 */
	int64_t paused_until, failing_since, succeeded_at, failed_at; /* 0: never */
	int64_t waiting, oldest_waiting_at, given_up;                 /* counts, up to 10,000; when made */
};
struct endpoint_in {
	struct str url, description;
	const struct str *patterns;
	int pattern_count;
	int64_t created_by;
};
/* secret is shown once. ERR_INVALID "webhook.url" (detail: why), "webhook.events"; ERR_LIMIT "webhook.too_many". */
MUST_CHECK enum result endpoint_add(struct db_tx *tx, const struct endpoint_in *in, char secret[OUTBOX_SECRET_TEXT],
                                    int64_t *id, struct error *e);
/* ERR_NOT_FOUND "webhook.not_found". */
MUST_CHECK enum result endpoint_get(struct db_tx *tx, int64_t id, struct arena *a, struct endpoint *out,
                                    struct error *e);
/* Oldest first; out has room for OUTBOX_ENDPOINTS_MAX. */
MUST_CHECK enum result endpoint_list(struct db_tx *tx, struct arena *a, struct endpoint *out, int *count,
                                     struct error *e);
/* All of in but created_by, which stays. */
MUST_CHECK enum result endpoint_change(struct db_tx *tx, int64_t id, const struct endpoint_in *in, struct error *e);
/* Disabled, nothing is made for it or sent to it; what waits stays, and goes out once it is enabled. */
MUST_CHECK enum result endpoint_disable(struct db_tx *tx, int64_t id, const char *why, struct error *e);
MUST_CHECK enum result endpoint_enable(struct db_tx *tx, int64_t id, struct error *e);
MUST_CHECK enum result endpoint_remove(struct db_tx *tx, int64_t id, struct error *e);
/* A new secret; the one before signs too for OUTBOX_ROTATE_US. */
MUST_CHECK enum result endpoint_rotate(struct db_tx *tx, int64_t id, char secret[OUTBOX_SECRET_TEXT],
                                       int64_t *old_until, struct error *e);

/* ---- Deliveries ---------------------------------------------------------------------------------------------------
 */

enum delivery_state { DELIVERY_WAITING = 1, DELIVERY_DELIVERED, DELIVERY_GIVEN_UP, DELIVERY_STATES };
const char *delivery_state_name(enum delivery_state s); /* "waiting" "delivered" "given_up" */

#define WEBHOOK_ID_BYTES 40 /* "msg_" + 32 digits + NUL */
struct delivery {
	int64_t id, endpoint, made_at, due_at, tried_at, done_at; /* 0: not yet */
	char message[WEBHOOK_ID_BYTES];                           /* the header webhook-id */
	const char *type, *body, *fault, *answer;
	enum delivery_state state;
	int attempts, status;
	bool sending;
};
/* Newest first before id (0: from the newest); state 0: any. */
MUST_CHECK enum result delivery_list(struct db_tx *tx, int64_t endpoint, enum delivery_state state, int64_t before,
                                     int limit, struct arena *a, struct delivery *out, int *count, struct error *e);
/* Makes a delivery of type webhook.test, whatever the patterns say. ERR_CONFLICT "webhook.disabled". */
MUST_CHECK enum result delivery_test(struct db_tx *tx, int64_t endpoint, int64_t *id, struct error *e);
/* Sends one that is done again, under its webhook-id. *changed is false when it waits anyway. ERR_NOT_FOUND
 * "webhook.delivery". */
MUST_CHECK enum result delivery_replay(struct db_tx *tx, int64_t endpoint, int64_t id, bool *changed, struct error *e);
/* The same for all made at or after from_at, a chunk after *after (0 at first); call until *more is false. */
MUST_CHECK enum result delivery_replay_from(struct db_tx *tx, int64_t endpoint, int64_t from_at, int64_t *after,
                                            int64_t *changed, bool *more, struct error *e);

struct outbox_stats {
	int64_t endpoints, disabled;
	int64_t waiting;           /* of endpoints that are not disabled, up to 10,000 each */
	int64_t oldest_waiting_at; /* 0: none waits */
	int64_t given_up;
	int64_t delivered_total, failed_total; /* attempts by this process */
	int64_t flying;                        /* attempts of this process that are on their way */
};
MUST_CHECK enum result outbox_stats_get(struct db_tx *tx, struct outbox_stats *out, struct error *e);

/* ---- Running ------------------------------------------------------------------------------------------------------
 */

/* This process's sender. */
struct outbox_sender;
MUST_CHECK enum result outbox_start(struct db *db, struct outbox_sender **out, struct error *e);
void outbox_stop(
        struct outbox_sender *s); /* attempts that are on their way are given up and made again; NULL allowed */

struct room;
extern const struct room outbox_room; /* stored: the view that makes deliveries; work: pruning; export, erase */

#endif
