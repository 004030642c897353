/* People: records from source systems, their identifiers, and the customers they resolve to. */
#ifndef BYNAME_PEOPLE_H
#define BYNAME_PEOPLE_H

#include "base/json.h"
#include "feed/feed.h"

/* ---- Records ----------------------------------------------------------------------------------------------------- */

enum identifier_kind {
	IDENT_EMAIL = 1,
	IDENT_PHONE,
	IDENT_LOYALTY,  /* number of the loyalty scheme */
	IDENT_ACCOUNT,  /* a login of the retailer's own account system */
	IDENT_DEVICE,   /* anonymous id of a browser or an app */
	IDENT_EXTERNAL, /* another system's customer number: value "system:number" */
	IDENT_KINDS
};
const char *identifier_kind_name(enum identifier_kind k); /* "email" */
bool identifier_kind_find(struct str name, enum identifier_kind *k);

struct identifier_in {
	enum identifier_kind kind;
	struct str value; /* as given; normalised inside. country of the record serves for phones */
	bool verified; /* the source vouches: a login, a loyalty card presented. Never from a browser's public key. */
};

#define RECORD_IDENTIFIERS_MAX 16

/* What a source says of one person. Empty views (year 0) leave what is there: reports are partial. */
struct record_in {
	struct str source, source_key; /* required: the source's own key of the person, ≤ 40 and ≤ 200 bytes */
	struct str prefix, given, middle, family, suffix, full_name; /* full_name is split when the parts are empty */
	struct str pronounce;                                        /* how to say the name */
	struct str gender, language;
	int birth_year, birth_month, birth_day;             /* each may be 0: unknown */
	struct str street, city, region, postcode, country; /* country: ISO alpha-2 or a name */
	struct identifier_in identifiers[RECORD_IDENTIFIERS_MAX];
	int identifier_count;
	int64_t at; /* when the source said so */
};

/* Finds or makes the record and resolves it to a customer, all within tx. *changed: anything was written. A malformed
 * e-mail or phone does not lose the record: it is kept as raw text on the record, unmatched, and *warning (may be NULL)
 * names the field. Appends FEED_RECORD, and FEED_MEMBERSHIP when the customer changed. */
MUST_CHECK enum result record_put(struct db_tx *tx, const struct record_in *in, int64_t *record, int64_t *customer,
                                  bool *changed, const char **warning, struct error *e);
/* Before a batch of record_put() in one transaction: takes all their locks at once, in order, so that two servers
 * importing at the same time wait for each other instead of losing whole batches to deadlocks. Optional; nothing on
 * SQLite. */
MUST_CHECK enum result record_lock(struct db_tx *tx, const struct record_in *in, int count, struct error *e);
/* Only finds. With customer NULL an index alone answers: the quick way for a touchpoint of a known person. */
MUST_CHECK enum result record_find(struct db_tx *tx, struct str source, struct str source_key, int64_t *record,
                                   int64_t *customer, bool *found, struct error *e);
/* The same for many in one statement where that is quicker. */
struct record_key {
	struct str source, source_key;
	int64_t record; /* out; 0: not found, or to be looked for alone */
};
MUST_CHECK enum result record_find_many(struct db_tx *tx, struct record_key *keys, int count, struct error *e);
/* Segment's alias and identify(anonymousId): ties the device record to the person's record, unless the device already
 * belongs to another person (a shared till tablet): then nothing. */
MUST_CHECK enum result record_tie_device(struct db_tx *tx, struct str source, struct str anonymous_key, int64_t record,
                                         bool *tied, struct error *e);

struct record {
	int64_t id, customer, created_at, updated_at;
	const char *source, *source_key;
	const char *prefix, *given, *middle, *family, *suffix, *pronounce, *gender, *language;
	int birth_year, birth_month, birth_day;
	const char *street, *city, *region, *postcode, *country;
};
struct identifier {
	enum identifier_kind kind;
	const char *value; /* normalised */
	bool verified;
	enum identifier_state { IDENT_NORMAL, IDENT_HOUSEHOLD, IDENT_GENERIC, IDENT_BLOCKED, IDENT_RAW } state;
	int64_t record, first_seen, last_seen;
};

/* The customer who holds this record now. id: any record or former customer id. ERR_NOT_FOUND, also for who was erased.
 */
MUST_CHECK enum result customer_of(struct db_tx *tx, int64_t id, int64_t *customer, struct error *e);
/* Its member records, oldest first, at most limit. */
MUST_CHECK enum result customer_members(struct db_tx *tx, int64_t customer, int64_t *records, int limit, int *count,
                                        struct error *e);
#define CUSTOMER_MEMBERS_MAX 500

/* Records that are held by another record's customer (record ≠ customer), by (rkey, record) after `after` (0: from the
 * start): with it a caller maps many records at once. */
struct membership {
	int64_t record, customer;
};
MUST_CHECK enum result membership_scan(struct db_tx *tx, int64_t after, int limit, struct membership *out, int *count,
                                       struct error *e);

/* The person as one: members, and the attributes chosen (newest that is not empty, told over inferred; ties by source,
 * source key). Strings live in the arena. */
struct person {
	int64_t customer;
	int64_t records[CUSTOMER_MEMBERS_MAX];
	int record_count;
	struct record chosen; /* the merged view; id = customer */
	const struct record *members;
	const struct identifier *identifiers;
	int identifier_count;
	int64_t household; /* 0: none known */
};
MUST_CHECK enum result person_load(struct db_tx *tx, int64_t id, struct arena *a, struct person *out, struct error *e);
/* "Jane Smith"; for display, never empty ("Unknown visitor"). */
const char *person_name(const struct person *p, struct arena *a);
/* The same of many customers, of whom nothing else is needed. ERR_NOT_FOUND when one is none. */
MUST_CHECK enum result customer_names(struct db_tx *tx, const int64_t *customers, int count, struct arena *a,
                                      const char **names, struct error *e);

/* ---- Identifiers and policy -------------------------------------------------------------------------------------- */

/* Limits: more records than this on one identifier and it turns generic by itself; its merges come apart again. */
#define IDENT_LIMIT_EMAIL 12
#define IDENT_LIMIT_PHONE 12
/* Sets a value's state by hand (the store's own number is blocked). Re-evaluates what it had merged. */
MUST_CHECK enum result identifier_policy_set(struct db_tx *tx, enum identifier_kind kind, struct str value,
                                             enum identifier_state state, int64_t user, struct error *e);

/* ---- Merge, split, undo ------------------------------------------------------------------------------------------ */

enum decision_kind {
	DECISION_AUTO_MERGE = 1,
	DECISION_MERGE,
	DECISION_SPLIT,
	DECISION_NEVER,
	DECISION_UNDO,
	DECISION_POLICY
};

/* By hand, appended with evidence. user 0: the command line. *decision names it for undo. Merging one customer with
 * itself is ERR_CONFLICT "merge.same". Conflicting verified accounts: ERR_CONFLICT "merge.verified_conflict" unless
 * force. */
MUST_CHECK enum result customer_merge(struct db_tx *tx, int64_t a, int64_t b, bool force, int64_t user,
                                      struct str reason, int64_t *decision, int64_t *customer, struct error *e);
/* Takes these records out of their customer into one of their own (must-not-link to what stays). */
MUST_CHECK enum result customer_split(struct db_tx *tx, const int64_t *records, int count, int64_t user,
                                      struct str reason, int64_t *decision, int64_t *customer, struct error *e);
MUST_CHECK enum result customer_never(struct db_tx *tx, int64_t a, int64_t b, int64_t user, struct str reason,
                                      int64_t *decision, struct error *e);
/* Undoes a decision: membership is computed anew from the records, policy and the decisions that still stand, so that
 * both customers are exactly what they would be had it never been made. ERR_CONFLICT "decision.undone". */
MUST_CHECK enum result decision_undo(struct db_tx *tx, int64_t decision, int64_t user, struct str reason,
                                     struct error *e);

struct decision {
	int64_t id, at, user, a, b, undone_by;
	enum decision_kind kind;
	const char *reason, *evidence; /* evidence: JSON */
};
/* Newest first, of the records of this customer. */
MUST_CHECK enum result decision_list(struct db_tx *tx, int64_t customer, int limit, struct arena *a,
                                     struct decision *out, int *count, struct error *e);
/* Why these are one: JSON object {members, links:[{a,b,kind,value,state,decision}]} written as the value. */
MUST_CHECK enum result customer_evidence(struct db_tx *tx, int64_t customer, struct json_writer *w, struct error *e);

/* ---- Households -------------------------------------------------------------------------------------------------- */

/* Segment's group: the record belongs to this household (source's own key). */
MUST_CHECK enum result household_join(struct db_tx *tx, struct str source, struct str key, int64_t record,
                                      int64_t *household, struct error *e);
/* Customers of a household, founding records, at most limit. */
MUST_CHECK enum result household_members(struct db_tx *tx, int64_t household, int64_t *customers, int limit, int *count,
                                         struct error *e);

/* Who seems to live with this person though no source says so: customers (never p's own) and why, the best reason
 * first. Whatever more than 40 records share counts for nothing. */
enum home_kind { HOME_ADDRESS = 1, HOME_PHONE, HOME_EMAIL, HOME_CARD };
struct housemate {
	int64_t customer;
	enum home_kind kind;
};
MUST_CHECK enum result household_inferred(struct db_tx *tx, const struct person *p, struct housemate *out, int limit,
                                          int *count, struct error *e);
const char *home_kind_text(enum home_kind kind); /* "Same family name and address" */

/* ---- Consent, recipients ----------------------------------------------------------------------------------------- */

enum consent_state { CONSENT_NEVER_ASKED, CONSENT_YES, CONSENT_NO };
/* Per channel ("email","phone","sms","post","chat") and purpose ("marketing","service"), newest wins within a record,
 * the strictest across records. */
MUST_CHECK enum result consent_put(struct db_tx *tx, int64_t record, struct str channel, struct str purpose,
                                   enum consent_state state, int64_t at, struct error *e);
struct consent {
	char channel[16], purpose[24];
	enum consent_state state;
	int64_t at;
};
MUST_CHECK enum result consent_list(struct db_tx *tx, const struct person *p, struct consent *out, int limit,
                                    int *count, struct error *e);
/* People she buys for: never resolved, contacted or searched. */
struct recipient {
	int64_t id, record;
	char name[120], relation[40], note[240];
	int birth_year, birth_month, birth_day;
};
MUST_CHECK enum result recipient_put(struct db_tx *tx, const struct recipient *in, int64_t *id, struct error *e);
MUST_CHECK enum result recipient_list(struct db_tx *tx, const struct person *p, struct recipient *out, int limit,
                                      int *count, struct error *e);

/* ---- Matching ---------------------------------------------------------------------------------------------------- */

/* A shared, unverified identifier nominates a pair for people to look at. */
struct nomination {
	int64_t id, a, b, at;
	int64_t other; /* who holds b; the customer holds a */
	enum identifier_kind kind;
	const char *value;
};
MUST_CHECK enum result nomination_list(struct db_tx *tx, int64_t customer, int limit, struct arena *a,
                                       struct nomination *out, int *count, struct error *e);

/* The active epoch: the model by which records are scored (people/match.h). version 0: none; then only verified
 * identifiers make customers. model (may be NULL) gets its text, in a. */
MUST_CHECK enum result epoch_get(struct db_tx *tx, int64_t *version, int64_t *at, struct arena *a, struct str *model,
                                 struct error *e);

/* Resolves everybody anew, in bulk: trains an epoch from all records (or takes the model's text, when there is one),
 * makes it the active one, and brings keys, pairs, doubts and customers to what record_put() would have made of the
 * same records. Servers may go on; whoever comes in meanwhile is matched by the new epoch. Interrupted, it is called
 * again. */
#define PEOPLE_CAUTION 4000 /* thousandths of log2 of the odds: a false merge costs as much as 16 false splits */
#define PEOPLE_MEMORY ((size_t)3 << 30)
struct people_resolving {
	struct str model;   /* empty: train one */
	int threads;        /* 0: two */
	size_t memory;      /* bytes, about; 0: PEOPLE_MEMORY */
	const char *folder; /* of temporary files, for what does not fit; NULL: the database's, PostgreSQL: $TMPDIR */
	void (*progress)(void *arg, const char *phase, int64_t done, int64_t of); /* may be NULL */
	void *arg;
	const _Atomic bool *stop; /* true: ends soon with ERR_BUSY "resolve.stopped"; may be NULL */
};
struct people_resolved {
	int64_t version, records, keys, pairs, customers, moved, doubts;
};
MUST_CHECK enum result people_resolve_all(struct db *db, const struct people_resolving *how,
                                          struct people_resolved *out, struct error *e);

/* Why a and b (records or customers) are one, or are not: writes a JSON object as the value: {a, b (the two records
 * compared), same, epoch, score, prior, link and component (thresholds; without an active epoch these five are null),
 * fields: [{comparison, kind, level, a, b, weight}], links: [identifiers that both have: {kind, value, verified (by
 * both), state}], decisions: [{decision, kind, at, by, reason, standing}], apart}. The weights and the prior sum up to
 * the score. Of two customers the pair of their records that scores best; of a record and the customer who holds it the
 * best among the customer's other records.
 *
 * apart: null for one customer, else what keeps the two from being one, the strongest first: [{reason, decision, at,
 * by, why, kind, a, b, number, limit}], each with what its reason has, the rest null. Reasons: "never", "split",
 * "taken_back" (an automatic merge) by hand (decision, at, by, why); "account": different verified accounts (kind, a,
 * b); "too_many_records" together (number, limit); "waiting": on the worklist; "quarantine": the component grew to
 * number records, limit is allowed, and weaker pairs were left out; "score": it does not reach the threshold (number,
 * limit); "average": the best pair would, the average of all pairs between the two does not; "not_compared": no key of
 * theirs brought them together; "unsettled": nothing does, it is still to be found out.
 *
 * ERR_NOT_FOUND; ERR_INVALID "why.same"; ERR_CONFLICT "epoch.none" when there is no active epoch and nothing links
 * them. */
struct why_how {
	bool masked; /* e-mails, phones and numbers only so far that one can tell them apart */
	bool whole;  /* also apart, which reads all that is connected with them; else it is null */
	enum result (*name_of)(struct db_tx *tx, int64_t user, const char **name, struct error *e); /* NULL: no names */
};
MUST_CHECK enum result match_why(struct db_tx *tx, int64_t a, int64_t b, const struct why_how *how,
                                 struct json_writer *w, struct error *e);

/* The review queue: doubtful pairs, those most worth looking at first. Pairs that are one customer by now, or that
 * somebody told apart, are left out. Customers are those who hold the records now. worth is the chance that the two are
 * one person (in thousandths, by the score) × the stake. */
struct doubt {
	int64_t a, b, customer_a, customer_b, at, worth, stake;
	int64_t seen_at; /* the newer of what their sources said; only from doubt_unweighed() */
	int score;
};
/* after: the last one of the page before, NULL for the first. */
MUST_CHECK enum result doubt_list(struct db_tx *tx, const struct doubt *after, int limit, struct doubt *out, int *count,
                                  struct error *e);
/* How many there are, about: pairs, not customers, and at most 10,000. */
MUST_CHECK enum result doubt_count(struct db_tx *tx, int64_t *count, struct error *e);

/* What is at stake with a doubt a higher room knows (insight: what the two spend). Those that were weighed before
 * `before`, the longest ago first; new ones never were: 1 finds exactly them. */
#define DOUBT_STAKE_LEAST 1000 /* what a doubt begins with, and who spends nothing has at most */
#define DOUBT_STAKE_MOST INT64_C(1000000000000)
MUST_CHECK enum result doubt_unweighed(struct db_tx *tx, int64_t before, int limit, struct doubt *out, int *count,
                                       struct error *e);
/* stake is taken to lie within 1 and DOUBT_STAKE_MOST. */
MUST_CHECK enum result doubt_weigh(struct db_tx *tx, const struct doubt *d, int64_t stake, int64_t at, struct error *e);
/* Something happened with this record: its doubts are to be weighed anew. */
MUST_CHECK enum result doubt_unweigh(struct db_tx *tx, int64_t record, struct error *e);

/* A clerical sample of pairs that are one customer, for people to check: what was joined wrongly nobody ever doubts.
 *
 * Strata are bands of scores of 2 bits, and one of pairs that have no score (joined by what both verified, or through
 * others). Of the size half is spread evenly over the strata and half by how many pairs they have (a stratum cannot
 * give more than that). Within a stratum those pairs are drawn whose hash with the seed is least: simple random
 * sampling without replacement, the same for the same seed and the same customers. Pairs that were answered stay in the
 * sample and are not given again; a larger size gives further ones. In large databases the pairs are those of some
 * thousand customers whom the seed chooses. The order is such that whoever stops early has seen all strata alike. */
#define SAMPLE_SIZE_MAX 2000
struct sample_pair {
	int64_t a, b; /* records of one customer */
	int score;
	bool scored;
};
struct sample {
	int64_t seed;
	int looked, same, left; /* answered, whatever the seed; of these one person; still to answer */
};
MUST_CHECK enum result sample_draw(struct db_tx *tx, int64_t seed, int size, int limit, struct sample_pair *out,
                                   int *count, struct sample *about, struct error *e);
/* What somebody says of a pair of it. same: a merge by hand that keeps the two together from now on. Otherwise the
 * customer is split: b leaves, with those records that score higher with b than with a; *customer is theirs.
 * *decision can be undone, then it counts no more. ERR_CONFLICT "sample.apart": not one customer any more;
 * "sample.answered". */
MUST_CHECK enum result sample_answer(struct db_tx *tx, int64_t a, int64_t b, bool same, int64_t user, struct str reason,
                                     int64_t *decision, int64_t *customer, struct error *e);

/* How good the matching is, from what people said of doubtful pairs and of the sample: writes a JSON object as the
 * value: {looked, same, drawn, drawn_same (of these, those of the sample), enough, precision: {value, low, high} or
 * null, recall: the same, by_model, bands: [{from, to (of scores; null: pairs without one), looked, same, drawn,
 * drawn_same, share, low, high, joined, apart}]}.
 *
 * Precision is the stratified estimate sum(W p): W a stratum's part of the joined pairs, p the share of its drawn pairs
 * that people called one person (W. G. Cochran, "Sampling Techniques", 3rd edition, 1977, chapter 5). Where nothing was
 * drawn the verdicts on doubts of such scores stand for it, else what the model says of the score; by_model is the part
 * of the joined pairs of which that is so (those without a score are then taken to be right). Pairs that the sample
 * parted count as joined: it is about what was joined without asking. Of pairs that are apart
 * the verdicts on doubts tell how many are one person all the same: hence recall, of the pairs that blocking brought
 * together.
 *
 * Intervals are the stratified Wilson interval at 95 % (X. Yan and X. G. Su, "Stratified Wilson and Newcombe confidence
 * intervals for multiple binomial proportions", Statistics in Biopharmaceutical Research 2 (3), 2010, pages 329 to
 * 335): in each stratum Wilson's limits with the quantile z sqrt(sum(W^2 v)) / sum(W sqrt(v)), weighted by W. v, the
 * variance of p, is taken at Wilson's midpoint, so that it is not zero where all were alike. Recall's limits combine
 * those of its two sums. null below 20 decisions (enough: false). Pairs are counted in a part of the database where
 * that is enough. */
#define ESTIMATE_LEAST 20
MUST_CHECK enum result people_estimate(struct db_tx *tx, struct json_writer *w, struct error *e);

struct room;
extern const struct room people_room;

#endif
