/* What the files of people/ share. */
#ifndef BYNAME_PEOPLE_INTERNAL_H
#define BYNAME_PEOPLE_INTERNAL_H

#include "base/clock.h"
#include "people/partition.h"
#include "people/people.h"

/* ---- Records ----------------------------------------------------------------------------------------------------- */

#define RECORD_DECIDED 1  /* a decision by hand names it */
#define RECORD_HAS_TIES 2 /* devices are tied to it */
#define RECORD_ERASED 4

/* The customer who holds this record, also one that was erased. ERR_NOT_FOUND. */
MUST_CHECK enum result record_holder(struct db_tx *tx, int64_t record, int64_t *customer, bool *erased,
                                     struct error *e);

#define FIELD_MAX 200 /* bytes of a name or address part */
#define SOURCE_MAX 40
#define SOURCE_KEY_MAX 200
#define VALUE_MAX 254         /* bytes of an identifier */
#define RECORD_VALUES_MAX 100 /* identifiers of one record; further ones are left out with a warning */

/* The text fields of a record, in this order in statements, hashes and structs. */
enum record_field {
	RF_PREFIX,
	RF_GIVEN,
	RF_MIDDLE,
	RF_FAMILY,
	RF_SUFFIX,
	RF_PRONOUNCE,
	RF_GENDER,
	RF_LANGUAGE,
	RF_STREET,
	RF_CITY,
	RF_REGION,
	RF_POSTCODE,
	RF_COUNTRY,
	RF_COUNT
};
#define RECORD_FIELDS                                                                                                  \
	"prefix, given, middle, family, suffix, pronounce, gender, language, street, city, region, postcode, country"
#define RECORD_FIELDS_R                                                                                                \
	"r.prefix, r.given, r.middle, r.family, r.suffix, r.pronounce, r.gender, r.language, r.street, r.city, "       \
	"r.region, "                                                                                                   \
	"r.postcode, r.country"
#define RECORD_FIELD_TYPES "ttttttttttttt"

const char **record_field_of(struct record *r, enum record_field f);

static inline int birth_pack(int y, int m, int d)
{
	return y * 10000 + m * 100 + d;
}

/* A record with nothing but its key, if there is none yet. Takes the lock of the key. */
MUST_CHECK enum result record_need(struct db_tx *tx, struct str source, struct str source_key, int64_t *record,
                                   int64_t *customer, int64_t *flags, int64_t *tie, bool *made, struct error *e);
MUST_CHECK enum result record_flag(struct db_tx *tx, int64_t record, int flag, struct error *e);

/* ISO 3166 alpha-2 of a code or an English name ("" when unknown). */
void country_code(struct str country, char out[3]);

/* ---- Identifiers ------------------------------------------------------------------------------------------------- */

enum grade { GRADE_SHARED, GRADE_VERIFIED, GRADE_RAW };

int64_t value_key(enum identifier_kind kind, struct str value);
bool kind_links(enum identifier_kind kind); /* may link records; others only hang on theirs */
int kind_limit(enum identifier_kind kind);
#define IDENT_LIMIT_MANUAL 100 /* a value set to normal by hand */
#define NOMINATIONS_PER_VALUE 50

/* Normalises; a value that cannot be read keeps its text and gets *raw. out: VALUE_MAX + 2 bytes. */
MUST_CHECK enum result value_normalise(enum identifier_kind kind, struct str in, const char *country, char *out,
                                       bool *raw, struct error *e);
/* The state that follows from policy (row), text and holders. */
enum identifier_state value_state(enum identifier_kind kind, const char *value, bool has_row, bool manual,
                                  int row_state, int holders);

/* The state of a record's own identifier, from its row of person_value (if any). */
static inline enum identifier_state identifier_state_of(enum identifier_kind kind, const char *value, bool raw,
                                                        bool has_row, bool manual, int row_state)
{
	if (raw)
		return IDENT_RAW;
	if (has_row && !manual)
		return (enum identifier_state)row_state;
	return value_state(kind, value, has_row, true, row_state, 0);
}

struct holder {
	int64_t record, customer, flags, tie, version; /* version: of the customer */
	enum grade grade;
	struct str source, source_key;
};
struct value_holders {
	struct holder *holders;
	int count; /* limit + 1 means: more than the limit */
	enum identifier_state state;
	bool has_row, manual;
};
MUST_CHECK enum result value_load(struct db_tx *tx, enum identifier_kind kind, int64_t vkey, const char *value,
                                  struct value_holders *out, struct error *e);
struct value_named {
	enum identifier_kind kind;
	int64_t vkey;
	struct str text; /* NUL-terminated */
};
/* The same of many; on PostgreSQL with one way to the server and back. */
MUST_CHECK enum result values_load(struct db_tx *tx, const struct value_named *values, int count,
                                   struct value_holders *out, struct error *e);
/* Writes (state generic) or removes the row that a limit makes. */
MUST_CHECK enum result value_auto_state(struct db_tx *tx, enum identifier_kind kind, int64_t vkey, const char *value,
                                        bool over, struct error *e);
MUST_CHECK enum result value_policy_write(struct db_tx *tx, enum identifier_kind kind, int64_t vkey, const char *value,
                                          enum identifier_state state, bool manual, struct error *e);
/* Sets (manual) or takes back the policy and resolves whom it concerns. */
MUST_CHECK enum result value_policy_apply(struct db_tx *tx, enum identifier_kind kind, const char *value,
                                          enum identifier_state state, bool manual, int64_t decision, struct error *e);

/* ---- Locks ------------------------------------------------------------------------------------------------------- */

/* Takes the locks of these hash buckets (0 to 4095, any order, doubles allowed; sorted in place). */
MUST_CHECK enum result people_lock(struct db_tx *tx, unsigned *buckets, int count, struct error *e);
static inline unsigned value_bucket(int64_t vkey)
{
	return (unsigned)(vkey & (ID_BUCKETS - 1));
}

/* ---- Resolution -------------------------------------------------------------------------------------------------- */

/* Test hook: another COMPONENT_MAX (0: the real one). */
void people_component_limit(int limit);
#define COMPONENT_MAX 500       /* records looked at while somebody waits; beyond: provisional */
#define PAGE_MEMORY (16u << 20) /* bytes of the transaction's arena after which a page of components ends */
#define COMPONENT_DRAIN 10000   /* the same, from the worklist */

struct node {
	int64_t id, customer, flags, tie, version;
	bool linked; /* its links are loaded */
};
struct scored_pair {
	int a, b, score; /* indices of nodes */
};
struct weak_pair {
	int node, score;
	int64_t other; /* record */
};
/* Records that links (also refused ones) connect, and all that decides about them. */
struct component {
	struct node *nodes;
	struct part_record *records;
	int *group;
	struct part_input in;
	struct scored_pair *pairs; /* between nodes; only those that were followed */
	int pair_count;
	struct weak_pair *weak; /* with records that are not in it: too low to make two one, not too low to ask */
	int weak_count;
	bool overflow;           /* more than the limit: incomplete */
	bool scored;             /* an epoch is active */
	const struct node *wide; /* some of those with whom it was too large before weaker pairs were left out */
	int wide_count;
};
/* The closure of one record. Strings and arrays live in the transaction's arena. */
MUST_CHECK enum result component_load(struct db_tx *tx, int64_t seed, int limit, struct component *out,
                                      struct error *e);
/* The same and group[] filled. */
MUST_CHECK enum result component_partition(struct db_tx *tx, int64_t seed, int limit, struct component *out,
                                           struct error *e);

/* Computes the customers of the seeds' components anew and writes what changed, with FEED_MEMBERSHIP. decision: what
 * caused it (0: automatic, then each merge appends its own). fresh: a seed made in this transaction, or 0. */
MUST_CHECK enum result people_resolve(struct db_tx *tx, const int64_t *seeds, int count, int64_t decision,
                                      int64_t fresh, struct error *e);
/* The same for one record, writing only where something is wrong (rebuild). */
MUST_CHECK enum result people_settle(struct db_tx *tx, int64_t record, struct error *e);
/* Works off at most max records of the worklist. *left: there are more. */
MUST_CHECK enum result people_drain(struct db_tx *tx, int max, bool *left, struct error *e);

/* ---- Decisions --------------------------------------------------------------------------------------------------- */

struct decision_row {
	int64_t id, at, user, a, b, stand_at, undone_by, undoes;
	enum decision_kind kind;
	bool forced, standing;
	enum identifier_state state;
	enum identifier_kind value_kind;
	const int64_t *left, *right;
	int left_count, right_count;
	struct str reason, evidence;
};
/* Appends; id must be given (id_new), indexed under left, and under right unless it is an automatic merge. */
MUST_CHECK enum result decision_append(struct db_tx *tx, const struct decision_row *d, struct error *e);
/* Those that name this record (or this vkey). In the transaction's arena. */
MUST_CHECK enum result decisions_of(struct db_tx *tx, int64_t record, struct decision_row **out, int *count,
                                    struct error *e);
/* Those that name any of these records, each once. */
MUST_CHECK enum result decisions_of_many(struct db_tx *tx, const int64_t *records, int n, struct decision_row **out,
                                         int *count, struct error *e);

/* ---- Nominations ------------------------------------------------------------------------------------------------- */

MUST_CHECK enum result nomination_add(struct db_tx *tx, int64_t a, int64_t b, enum identifier_kind kind, int64_t vkey,
                                      struct error *e);
MUST_CHECK enum result nomination_clear(struct db_tx *tx, const struct value_holders *h, enum identifier_kind kind,
                                        int64_t vkey, struct error *e);

/* ---- Matching ---------------------------------------------------------------------------------------------------- */

struct match_model;
struct match_record;

/* The active epoch's model, parsed once a process; NULL: none. Valid until the transaction ends. */
struct epoch {
	int64_t version;
	const struct match_model *model;
};
MUST_CHECK enum result epoch_of(struct db_tx *tx, const struct epoch **out, struct error *e);
/* What a transaction remembers of matching. */
struct matching_memory {
	const struct epoch *epoch;
	struct arena *scratch;    /* of the last refresh, what is known included; NULL: none yet */
	const int64_t *known_ids; /* whose features it has, ascending */
	struct match_record *const *known;
	int known_count;
};
MUST_CHECK enum result matching_memory(struct db_tx *tx, struct matching_memory **out, struct error *e);
/* Makes this model's text the active epoch; *version is a new one, also written into the text. */
MUST_CHECK enum result epoch_activate(struct db_tx *tx, struct str model, int64_t *version, struct error *e);

/* These records as the engine sees them, bound to the active epoch's model, in a (or as the last refresh of this
 * transaction left them: valid until the next); out[i] NULL: gone or erased. From person_features where it has them,
 * which is what they were when matching_refresh() last saw the record; else from the tables. */
MUST_CHECK enum result matching_load(struct db_tx *tx, const struct match_model *model, const int64_t *records,
                                     int count, struct arena *a, struct match_record **out, struct error *e);
/* One record from the tables, whatever person_features says. model NULL: not bound. */
MUST_CHECK enum result matching_read(struct db_tx *tx, const struct match_model *model, int64_t record, struct arena *a,
                                     struct match_record **out, struct error *e);
/* The same from what the tables say of it. */
struct matching_row {
	struct record record;                 /* fields */
	const struct identifier *identifiers; /* by kind and value */
	int identifier_count;
};
MUST_CHECK enum result matching_row_load(struct db_tx *tx, int64_t record, struct arena *a, struct matching_row *row,
                                         struct error *e); /* record.id 0: gone or erased */
MUST_CHECK enum result matching_make(const struct matching_row *row, struct arena *a, struct match_record **out,
                                     struct error *e);

/* Of a component whose group[] says what identifiers and decisions say: who else is one, by scores. group[] is changed
 * to that; what was together stays together. */
MUST_CHECK enum result component_match(struct db_tx *tx, const struct match_model *model, struct component *c,
                                       struct error *e);

/* Pairs from here on make a component. Average linkage never joins two groups of which no pair scores more than the
 * link threshold: those that only pairs below it connect can be looked at one by one. */
int closure_floor(const struct match_model *model);

#define KEY_HOLDERS_MAX MATCH_KEY_HOLDERS_MAX /* records under one key; a key with more brings nobody together */

/* Brings keys and pairs of a record (new, changed, erased) to what it says now. The records whose pairs changed are
 * appended to seeds (ids, at most max; *count is moved on): their components are to be resolved. */
MUST_CHECK enum result matching_refresh(struct db_tx *tx, int64_t record, int64_t *seeds, int max, int *count,
                                        struct error *e);

/* The same of the record that this transaction puts, and has locked, from what the tables say of it. made: in this
 * transaction. */
MUST_CHECK enum result matching_refresh_put(struct db_tx *tx, int64_t record, const struct matching_row *row, bool made,
                                            int64_t *seeds, int max, int *count, struct error *e);
/* Of those in records[0 … *count), whose identifiers mean something else now; more seeds are appended. */
MUST_CHECK enum result matching_refresh_many(struct db_tx *tx, int64_t *records, int max, int *count, struct error *e);
/* The same, however many candidates there are: from the worklist. */
MUST_CHECK enum result matching_refresh_whole(struct db_tx *tx, int64_t record, int64_t *seeds, int max, int *count,
                                              struct error *e);
MUST_CHECK enum result todo_add(struct db_tx *tx, int64_t record, struct error *e);
/* person_features.keys; room for MATCH_KEYS_MAX. Returns how many. */
int keys_unpack(struct str blob, uint64_t keys[]);
/* [1,2,3] */
MUST_CHECK enum result ids_as_json(const int64_t *ids, int count, struct buf *out, struct error *e);

/* home.c: what the record shares with its home, after it was told, changed or erased. */
MUST_CHECK enum result home_refresh(struct db_tx *tx, int64_t record, struct error *e);
MUST_CHECK enum result home_put(struct db_tx *tx, int64_t record, const struct matching_row *row, bool made,
                                struct error *e);

/* doubt.c: one pair, in any order; a row that is there gets the new score and keeps its stake. */
MUST_CHECK enum result doubt_put(struct db_tx *tx, int64_t a, int64_t b, int score, struct error *e);
MUST_CHECK enum result doubt_drop(struct db_tx *tx, int64_t a, int64_t b, struct error *e);
/* The doubtful pairs between two customers: a, b and score are filled; at most VERDICT_PAIRS_MAX. */
#define VERDICT_PAIRS_MAX 100
MUST_CHECK enum result doubts_between(struct db_tx *tx, int64_t a, int64_t b, struct doubt *out, int *count,
                                      struct error *e);
/* What this decision by hand says of them: for people_estimate(). drawn: of a pair of the sample. */
MUST_CHECK enum result verdicts_put(struct db_tx *tx, const struct doubt *doubts, int count, int64_t decision,
                                    bool same, bool drawn, struct error *e);
/* decision.c: two records of one customer are one person indeed: a merge by hand between them, which holds whatever a
 * later model says. */
MUST_CHECK enum result customer_confirm(struct db_tx *tx, int64_t a, int64_t b, int64_t user, struct str reason,
                                        int64_t *decision, struct error *e);
/* decision.c: whether a decision by hand (never, split, an automatic merge taken back) stands between two customers. */
MUST_CHECK enum result customers_apart(struct db_tx *tx, int64_t a, int64_t b, bool *apart, struct error *e);

/* DB_ERR of db_next() as a result. */
static inline enum result rows_end(enum db_step step, struct error *e)
{
	return step == DB_ERR ? e->result : OK;
}

#endif
