/* Touchpoints coming in: Segment's HTTP API, JSON Lines, Shopify exports, any CSV by a mapping; each mapped to the
 * rooms' commands. Exactly-once effect; what cannot be taken in is a dead letter with its reason, never skipped
 * silently. */
#ifndef BYNAME_INGEST_H
#define BYNAME_INGEST_H

#include "orders/orders.h"
#include "shop/shop.h"

/* Who sends. */
struct ingest_from {
	struct str source; /* of the API key or --source */
	bool browser;      /* a public key: verifies nothing */
	bool anonymous_key_in_body;
	int64_t received_at;
	int64_t job; /* import job, or 0 */
};

enum ingest_type { INGEST_IDENTIFY, INGEST_TRACK, INGEST_PAGE, INGEST_SCREEN, INGEST_GROUP, INGEST_ALIAS };

struct ingest_counts {
	int64_t taken, duplicates, dead, orders_new, orders_changed, orders_same, records_new;
};

/* Parses and takes in one call (type by route) or a batch ({"batch":[…],"sentAt"}): items are checked outside the
 * transaction, then written ≤ 500 a transaction. A bad item becomes a dead letter and does not stop the others. A body
 * that is no JSON, or too large, is ERR_INVALID / ERR_TOO_LARGE. OK only after commit. One call alone hears what is
 * wrong with its message as an error; what only the database refuses (a refund of an order that is not there yet) is a
 * dead letter too. */
#define INGEST_CALL_MAX 32768
#define INGEST_BATCH_MAX 512000
MUST_CHECK enum result ingest_call(struct db *db, const struct ingest_from *from, enum ingest_type type,
                                   struct str body, struct ingest_counts *counts, struct error *e);
MUST_CHECK enum result ingest_batch(struct db *db, const struct ingest_from *from, struct str body,
                                    struct ingest_counts *counts, struct error *e);

/* ---- Import -------------------------------------------------------------------------------------------------------
 */

struct import_config {
	const char *path; /* a file (.gz is read through zlib) or a folder that the mapping expects */
	const char
	        *format; /* "jsonl", "shopify-customers", "shopify-orders", or a mapping file's path; NULL: guessed */
	const char *source; /* NULL: the mapping's */
	const char *zone;   /* default time zone of local times; NULL: the mapping's or UTC */
	bool restart;       /* forget where an earlier run of the same file stood */
	bool alone;         /* nobody else waits for the database: larger transactions */
};
struct import_progress {
	int64_t job, bytes_done, bytes_total, lines, started_at;
	struct ingest_counts counts;
	const char *phase;
};
/* false stops the import after the next commit: resumable. */
typedef bool import_progress_fn(void *arg, const struct import_progress *p);

/* Runs to the end or until stopped. The position commits with the rows, so a killed import started again (same path,
 * content and format) goes on where it was and ends with the same content. Importing a finished file again changes
 * nothing. ERR_INVALID names mapping and field. */
MUST_CHECK enum result import_run(struct db *db, const struct import_config *config, import_progress_fn *progress,
                                  void *arg, struct import_progress *out, struct error *e);
enum import_state { IMPORT_RUNNING = 1, IMPORT_STOPPED, IMPORT_DONE, IMPORT_FAILED };
struct import_job {
	int64_t id, started_at, updated_at, bytes_done, bytes_total, lines;
	struct ingest_counts counts;
	char path[256], format[80], source[40], problem[320];
	enum import_state state;
};
MUST_CHECK enum result import_list(struct db_tx *tx, int limit, struct import_job *out, int *count, struct error *e);
MUST_CHECK enum result import_get(struct db_tx *tx, int64_t id, struct import_job *out, struct error *e);

/* ---- Dead letters --------------------------------------------------------------------------------------------------
 */

struct deadletter {
	int64_t id, job, line, at, retried_at;
	char source[40], code[48], field[96], detail[320];
	const char *raw; /* in the arena */
	bool resolved;
};
MUST_CHECK enum result deadletter_list(struct db_tx *tx, int64_t before_id, int limit, bool with_resolved,
                                       struct arena *a, struct deadletter *out, int *count, struct error *e);
/* Tries again, with raw replaced where given. OK: taken in and resolved; else the new reason stands on it. */
MUST_CHECK enum result deadletter_retry(struct db *db, int64_t id, struct str raw, struct error *e);
MUST_CHECK enum result deadletter_discard(struct db_tx *tx, int64_t id, struct error *e);
MUST_CHECK enum result deadletter_count(struct db_tx *tx, int64_t *open, struct error *e);

struct room;
extern const struct room ingest_room;

#endif
