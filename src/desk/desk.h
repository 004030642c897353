/* Joins rooms into one answer: find, greeting card, customer, top. Owns no table. Answers are written as JSON (the
 * shapes stand in docs/api.md); the command line prints the same answer as text. */
#ifndef BYNAME_DESK_H
#define BYNAME_DESK_H

#include "access/access.h"
#include "insight/insight.h"
#include "orders/command.h"
#include "people/search.h"

struct save_settings;
struct desk {
	struct db *db;
	struct search *search;
	struct feed *feed;                /* NULL: do not wait for views */
	const struct save_settings *save; /* rank.h; NULL: its defaults */
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

/* ---- Orders ----------------------------------------------------------------------------------------------------- */

/* With its lines and history; of a commanded one also its book. */
MUST_CHECK enum result desk_order(const struct desk *d, const struct principal *p, int64_t order, struct json_writer *w,
                                  struct error *e);
/* The book alone: nothing of the customer. */
MUST_CHECK enum result desk_order_book(const struct desk *d, const struct principal *p, int64_t order,
                                       struct json_writer *w, struct error *e);
/* The same of a command's own order, as the command left it (order_do_keep()). */
MUST_CHECK enum result desk_order_kept(const struct desk *d, const struct principal *p, struct order_kept *kept,
                                       struct json_writer *w, struct error *e);
/* Orders by what a customer can tell: the number of a receipt, or whole phone number or e-mail (the newest of everybody
 * who has it). Each with its customer, who is noted as seen. ERR_BUSY "search.building". */
enum desk_order_by { DESK_BY_NUMBER, DESK_BY_PHONE, DESK_BY_EMAIL };
MUST_CHECK enum result desk_orders_by(const struct desk *d, const struct principal *p, enum desk_order_by by,
                                      struct str text, int limit, struct json_writer *w, struct error *e);
/* What a location (0: all) has to do. after: the cursor of an earlier answer, or empty. */
#define DESK_QUEUE_MAX 100
MUST_CHECK enum result desk_queue(const struct desk *d, const struct principal *p, int64_t location, struct str after,
                                  int limit, struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_order_reviews(const struct desk *d, const struct principal *p, struct str after, int limit,
                                          struct json_writer *w, struct error *e);
MUST_CHECK enum result desk_parked_returns(const struct desk *d, const struct principal *p, struct str after, int limit,
                                           struct json_writer *w, struct error *e);
/* Values that need nothing read. */
void desk_price(struct json_writer *w, const struct order_command *c, const struct price *p);
void desk_changed(struct json_writer *w, const struct order_changed *k);
void desk_back(struct json_writer *w, const struct order_back *b);
/* The members of an open object. */
void desk_done(struct json_writer *w, const struct order_done *d);

/* ---- For writes -------------------------------------------------------------------------------------------------- */

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
