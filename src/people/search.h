/* Search as you type: a process view in memory over names, phones, e-mails, loyalty numbers. Prefixes, typos, accents,
 * word order, initials ("smith j"), the last four digits of a phone. Built from the database, kept current by the feed.
 */
#ifndef BYNAME_PEOPLE_SEARCH_H
#define BYNAME_PEOPLE_SEARCH_H

#include "people/people.h"

struct search;

/* What ranks equal fits; asked of a higher room per customer's records, so that people/ need not know orders/. */
struct search_standing {
	int64_t store, associate; /* where and by whom most often served */
	int64_t last_at, spend_minor;
};
/* records: the members of one customer. May be NULL (no standings). */
typedef enum result search_standing_fn(struct db_tx *tx, const int64_t *records, int count, struct search_standing *out,
                                       struct error *e);

MUST_CHECK enum result search_new(struct db *db, search_standing_fn *standing, struct search **out, struct error *e);
void search_free(struct search *s);
/* Builds from the database in pages; *from is the feed position it is built at. Answers "not ready" meanwhile. */
MUST_CHECK enum result search_build(struct search *s, db_progress_fn *progress, void *arg, struct feed_position *from,
                                    struct error *e);
bool search_ready(const struct search *s);
/* The feed handler (struct feed_process.apply with ctx = s); topics FEED_RECORD, FEED_MEMBERSHIP, FEED_ORDER. */
enum result search_apply(void *s, struct db *db, const struct feed_event *events, size_t count, struct error *e);

enum search_field { SEARCH_NAME = 1, SEARCH_PHONE, SEARCH_EMAIL, SEARCH_LOYALTY, SEARCH_POSTCODE };

struct search_query {
	struct str text;          /* ≤ 100 bytes, as typed */
	int limit;                /* ≤ 50 */
	int64_t associate, store; /* who asks, where: ranks ties */
};
struct search_hit {
	int64_t customer;
	int score; /* higher is better, 0 to 1,000,000 */
	enum search_field field;
};
/* Thread-safe, lock-free for readers or nearly so; p99 ≤ 5 ms at 5 M customers. ERR_BUSY "search.building". */
MUST_CHECK enum result search_find(struct search *s, const struct search_query *q, struct search_hit *hits, int *count,
                                   struct error *e);
/* Canonical digest of the content: equal to that of a fresh build. */
MUST_CHECK enum result search_digest(struct search *s, unsigned char out[16], struct error *e);
struct search_stats {
	int64_t customers, tokens, bytes;
};
void search_stats_get(const struct search *s, struct search_stats *out);

#endif
