/* Joins rooms into one answer: find, greeting card, customer, top. Owns no table. Answers are written as JSON (the
 * shapes stand in docs/api.md); the command line prints the same answer as text. */
#ifndef BYNAME_DESK_H
#define BYNAME_DESK_H

#include "access/access.h"
#include "insight/insight.h"
#include "people/search.h"

struct desk {
	struct db *db;
	struct search *search;
	struct feed *feed; /* NULL: do not wait for views */
};

/* Each audits what must be audited (durable before it returns) and appends one JSON value to w. */
MUST_CHECK enum result desk_find(const struct desk *d, const struct principal *p, struct str text, int limit,
                                 struct json_writer *w, struct error *e);
/* full: also what may not be said aloud (spend, notes, facts not to be mentioned). */
MUST_CHECK enum result desk_card(const struct desk *d, const struct principal *p, int64_t customer, bool full,
                                 const char *purpose, struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_customer(const struct desk *d, const struct principal *p, int64_t customer,
                                     const char *purpose, struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_timeline(const struct desk *d, const struct principal *p, int64_t customer,
                                     enum channel channel, int64_t before_at, int64_t before_id, int limit,
                                     struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_orders(const struct desk *d, const struct principal *p, int64_t customer, int64_t before_at,
                                   int64_t before_id, int limit, struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_top(const struct desk *d, const struct principal *p, const struct top_query *q,
                                struct json_writer *w, struct error *e);
/* Why two records or customers are one, or are not; both are noted as seen. */
MUST_CHECK enum result desk_why(const struct desk *d, const struct principal *p, int64_t a, int64_t b,
                                const char *purpose, struct json_writer *w, struct error *e);
/* The queue of doubtful pairs, side by side with masked identifiers. before: the cursor of an earlier answer, or empty;
 * ERR_INVALID "cursor.malformed". */
#define DESK_REVIEW_MAX 50
MUST_CHECK enum result desk_review(const struct desk *d, const struct principal *p, struct str before, int limit,
                                   const char *purpose, struct json_writer *w, struct error *e);
/* What is left of the sample of joined pairs (people.h: sample_draw), likewise masked. seed 0: the model's version. */
#define DESK_SAMPLE_SIZE 100
MUST_CHECK enum result desk_sample(const struct desk *d, const struct principal *p, int64_t seed, int size, int limit,
                                   const char *purpose, struct json_writer *w, struct error *e);
/* How good the matching is, by what people said of doubtful pairs and of the sample. */
MUST_CHECK enum result desk_estimate(const struct desk *d, const struct principal *p, struct json_writer *w,
                                     struct error *e);
MUST_CHECK enum result desk_order(const struct desk *d, const struct principal *p, int64_t order, struct json_writer *w,
                                  struct error *e);

/* The catalogue: SKUs as somebody types or scans, one SKU, a product with its SKUs. ERR_NOT_FOUND "sku.unknown",
 * "product.unknown". */
MUST_CHECK enum result desk_skus(const struct desk *d, const struct principal *p, struct str text, int limit,
                                 struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_sku(const struct desk *d, const struct principal *p, int64_t sku, struct json_writer *w,
                                struct error *e);
MUST_CHECK enum result desk_product(const struct desk *d, const struct principal *p, int64_t product,
                                    struct json_writer *w, struct error *e);

/* For writes, inside their transaction: the answer's value, and acts that must first find the row among the customer's
 * records. Only whoever wrote a note (or a manager, an admin) may take it back: ERR_FORBIDDEN "note.not_yours". */
MUST_CHECK enum result desk_note(struct db_tx *tx, struct json_writer *w, int64_t record, int64_t note,
                                 struct error *e);
MUST_CHECK enum result desk_note_remove(struct db_tx *tx, const struct principal *p, int64_t customer, int64_t note,
                                        struct error *e);
MUST_CHECK enum result desk_fact(struct db_tx *tx, struct json_writer *w, const struct fact_in *in, int64_t fact,
                                 struct error *e);
MUST_CHECK enum result desk_fact_withdraw(struct db_tx *tx, const struct principal *p, int64_t customer, int64_t fact,
                                          struct error *e);

#endif
