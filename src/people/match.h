/* Who is this? The engine that finds out which records are one person: Fellegi and Sunter's sums of evidence ("A theory
 * for record linkage", 1969), weights in thousandths of log2. Pure: no database, no clock, no chance; the same records
 * and the same model give the same scores, keys and groups, in whatever order they come. */
#ifndef BYNAME_PEOPLE_MATCH_H
#define BYNAME_PEOPLE_MATCH_H

#include "base/str.h"

/* ---- Records ----------------------------------------------------------------------------------------------------- */

#define MATCH_VALUES_MAX 16 /* of each sort; more are not looked at */

struct match_value {
	struct str kind, value; /* kind: of ids and extras ("ssn", "occupation") */
	bool verified;          /* ids: the source vouches */
};

/* What one record says; empty views and zeros say nothing. */
struct match_in {
	struct str source, source_key; /* together unique: the canonical order */
	struct str full_name, prefix, given, middle, family, suffix, organisation;
	struct str gender;
	int birth_year, birth_month, birth_day;
	bool birth_unsure; /* whether day or month comes first is not known */
	struct str street, city, region, postcode, country;
	struct match_value emails[MATCH_VALUES_MAX], phones[MATCH_VALUES_MAX], ids[MATCH_VALUES_MAX],
	        extras[MATCH_VALUES_MAX];
	int email_count, phone_count, id_count, extra_count;
};

/* What scoring needs of a record, and nothing else. Lives in the arena it was made in. */
struct match_record;
struct match_model;
MUST_CHECK enum result match_record_make(const struct match_in *in, struct arena *a, struct match_record **out,
                                         struct error *e);
/* Looks up how frequent the record's values are in this model; must come before keys and scores with it. */
void match_record_bind(const struct match_model *m, struct match_record *r);
/* The record as bytes, without what depends on a model (bind it after reading). What was packed and read again is the
 * same to the last bit. ERR_CORRUPT "match.features": these bytes no record ever gave, or another format. out: check
 * ->failed. */
void match_record_pack(const struct match_record *r, struct buf *out);
MUST_CHECK enum result match_record_unpack(struct str bytes, struct arena *a, struct match_record **out,
                                           struct error *e);
/* Whether they were packed by this program's format; older ones are made again from what the source said. */
bool match_record_readable(struct str bytes);
struct str match_record_source(const struct match_record *r);
struct str match_record_source_key(const struct match_record *r);
/* Canonical order: by (source, source key). */
int match_record_cmp(const struct match_record *a, const struct match_record *b);

/* ---- Model: an epoch --------------------------------------------------------------------------------------------- */

/* The built-in one, of a database that was never trained. */
MUST_CHECK enum result match_model_default(struct match_model **out, struct error *e);
void match_model_free(struct match_model *m); /* NULL allowed */
/* Text that a person can read and edit; reading what was printed gives a model that prints the same bytes.
 * ERR_INVALID "model.malformed" with the line. */
void match_model_print(const struct match_model *m, struct buf *out);
MUST_CHECK enum result match_model_read(struct str text, struct match_model **out, struct error *e);
int64_t match_model_version(const struct match_model *m);
void match_model_set_version(struct match_model *m, int64_t version);

/* ---- Scores ------------------------------------------------------------------------------------------------------ */

#define MATCH_COMPARISONS_MAX 32
#define MATCH_EVIDENCE_MAX (MATCH_COMPARISONS_MAX + 1)

/* One field of the evidence. */
struct match_evidence {
	const char *comparison, *kind, *level; /* "id", "ssn", "typed wrong"; the model's; kind may be empty */
	struct str a, b;                       /* what was compared, folded; the records' */
	int weight;
};

/* Thousandths of log2 of the odds that a and b are one person, the prior included. Symmetric. evidence (may be NULL)
 * takes up to MATCH_EVIDENCE_MAX entries, *count (may be NULL then) tells how many. Both records must be bound. */
int match_score(const struct match_model *m, const struct match_record *a, const struct match_record *b,
                struct match_evidence *evidence, int *count);
/* Tells memory that a record will be scored soon, two or three from now: candidates come from all over it. */
void match_record_fetch(const struct match_record *r);
/* Above this score a pair brings two records into one component, above the other two groups become one. */
int match_component_threshold(const struct match_model *m);
int match_link_threshold(const struct match_model *m);
/* Trained models believe even odds (0). Who acts on it without asking anybody may want to be surer. */
void match_model_set_link(struct match_model *m, int threshold);

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

#define MATCH_KEYS_MAX 48
/* A key that more records have, and that no epoch knows as crowded yet, brings nobody together. */
#define MATCH_KEY_HOLDERS_MAX 200

/* Two records are compared when they share a key. Sorted, without repetitions. Values that name nobody (generic) give
 * none; a key that the epoch knows as crowded is replaced by narrower ones. */
int match_keys(const struct match_model *m, const struct match_record *r, uint64_t keys[MATCH_KEYS_MAX]);

/* ---- Training ---------------------------------------------------------------------------------------------------- */

struct match_label { /* optional: what people have decided */
	int a, b;    /* indices of records */
	bool same;
};
struct match_training {
	const struct match_label *labels;
	int label_count;
	int threads; /* 0: two */
	int sample;  /* frequencies and m are learned from about so many records; 0: half a million */
};
/* Unsupervised: u by counting, m by expectation maximisation over the patterns of pairs that blocking brings together.
 * The model does not depend on the order of records. Binds the records to the new model. t may be NULL. */
MUST_CHECK enum result match_train(struct match_record **records, int count, const struct match_training *t,
                                   struct match_model **out, struct error *e);

/* ---- Groups ------------------------------------------------------------------------------------------------------ */

struct match_pair {
	int a, b; /* indices of records */
};
#define MATCH_COMPONENT_MAX 500
/* An absurd component is cut at thresholds that rise by this, up to this. */
#define MATCH_CUT_STEP 2000
#define MATCH_CUT_MOST 60000

/* What a pair says in the average for (above 0) or against its groups being one: how far its score is from the link
 * threshold, ten bits at most; nothing when the two have too little in common to compare. Symmetric. */
int match_vote(const struct match_model *m, const struct match_record *a, const struct match_record *b);
/* One component: its records (bound, canonical order not needed), what must and must not be together. group[i] is the
 * index of the canonically first record of i's group. Average linkage over the scores of all pairs; groups with
 * different verified ids of one kind never join, nor do those that a cannot-link divides; must-links win over scores
 * and limits, not over cannot-links. *absurd (may be NULL): the component was larger than MATCH_COMPONENT_MAX and was
 * cut at higher thresholds first. */
struct match_component {
	struct match_record *const *records;
	int record_count;
	const struct match_pair *must, *cannot;
	int must_count, cannot_count;
};
MUST_CHECK enum result match_cluster(const struct match_model *m, const struct match_component *c, int *group,
                                     bool *absurd, struct error *e);

/* ---- Bulk -------------------------------------------------------------------------------------------------------- */

struct match_bulk {
	struct match_record *const *records; /* bound */
	int record_count;
	const struct match_pair *must, *cannot;
	int must_count, cannot_count;
	int threads; /* 0: two; the result does not depend on it */
	void (*progress)(void *arg, const char *phase, int64_t done, int64_t of); /* NULL allowed; from one thread */
	void *arg;
};
struct match_bulk_result {
	int64_t keys, crowded_keys, pairs, links; /* pairs scored; those above the component threshold */
	int groups, largest_group, absurd_components, largest_component;
};
/* group[i] as above, over all records: what match_cluster() says of each component. */
MUST_CHECK enum result match_resolve(const struct match_model *m, const struct match_bulk *b, int *group,
                                     struct match_bulk_result *result, struct error *e);

#endif
