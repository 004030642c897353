/* What the files of the matching engine share. */
#ifndef BYNAME_PEOPLE_MATCH_INSIDE_H
#define BYNAME_PEOPLE_MATCH_INSIDE_H

#include "base/hash.h"
#include "base/map.h"
#include "people/match.h"
#include <stdlib.h>

/* ---- Records ----------------------------------------------------------------------------------------------------- */

enum word_sort {              /* the sections of a record's words, in this order */
	         WORD_GIVEN,  /* [0]: the first name; [1], if there are more: all of them in one */
	         WORD_FAMILY, /* [0]: the family name in one; then its parts, if there are several */
	         WORD_OTHER,  /* middle names and what else the full name holds */
	         WORD_ORG,
	         WORD_STREET, /* all words of the street, as written: a whole address may stand there */
	         WORD_CITY,   /* and region */
	         WORD_POSTCODE,
	         WORD_ADDRESS, /* one: street and house number, whatever their order */
	         WORD_EMAIL,   /* tag: hash of the part before the @ */
	         WORD_PHONE,   /* digits; tag: the last seven */
	         WORD_ID,      /* tag: hash of the kind */
	         WORD_EXTRA,   /* the same */
	         WORD_BIRTH,   /* the date as text; a year alone: "1855" */
	         WORD_NAME,    /* first and family name in one */
	         WORD_SORTS
};

#define WORD_NICKNAMES 4
#define WORD_BYTES 120    /* longer words are cut */
#define WORDS_MAX 160     /* of a record */
#define SORT_WORDS_MAX 24 /* of one sort */

enum word_state { WORD_NORMAL, WORD_HOUSEHOLD, WORD_GENERIC };

struct match_word {
	const char *p;
	uint64_t hash;    /* of the text */
	uint64_t tag;     /* of names: the phonetic key, eight letters; else see word_sort */
	int32_t rarity;   /* thousandths of -log2 of its frequency; match_record_bind() */
	uint32_t letters; /* which letters it has */
	uint16_t n, nickname[WORD_NICKNAMES];
	uint16_t kind_n;        /* ids, extras: the kind's text stands behind the word's */
	bool foreign, verified; /* not in Latin letters; ids: the source vouches */
	bool nobody;            /* e-mails, phones: names nobody in any model */
	bool mobile;            /* phones */
	char first;             /* the text's first byte */
	uint8_t state;          /* enum word_state, of e-mails and phones */
	uint8_t letter_n;       /* how many letters it has */
};

struct match_record {
	struct str source, source_key;
	uint64_t order; /* hash of both: what is drawn from the records is drawn by it */
	const struct match_word *by_sort[WORD_SORTS];
	uint8_t count[WORD_SORTS];
	uint16_t says; /* bits of the fields (enum match_field) of which it says anything */
	struct match_word *words;
	int word_count;
	uint32_t date; /* its eight digits, four bits each */
	int16_t year;
	int8_t month, day;
	bool birth_unsure;
	char gender;       /* m, f, x or 0 */
	int8_t generation; /* 1: the elder (senior, I), 2: the younger, 3 …; 0 unknown */
};

/* What follows from the text alone: hash, letters and their number, foreign, first. */
void word_look(struct match_word *w);
void email_tag(struct match_word *w);
void phone_tag(struct match_word *w);
/* What follows from a record's other fields: order, date, says. */
void record_look(struct match_record *r);

static inline struct str word_str(const struct match_word *w)
{
	return (struct str){ w->p, w->n };
}

static inline struct str word_kind(const struct match_word *w)
{
	return (struct str){ w->p + w->n, w->kind_n };
}

/* How many letters a set has. */
static inline int letter_count(uint32_t set)
{
	set -= set >> 1 & 0x55555555u;
	set = (set & 0x33333333u) + (set >> 2 & 0x33333333u);
	return (int)(((set + (set >> 4)) & 0x0F0F0F0Fu) * 0x01010101u >> 24);
}

static inline int letters_common(const struct match_word *a, const struct match_word *b)
{
	return letter_count(a->letters & b->letters);
}

/* How many letters one of the two has and the other has not, by those they have in common. */
static inline int letters_apart(const struct match_word *a, const struct match_word *b, int common)
{
	return a->letter_n + b->letter_n - 2 * common;
}

/* False when it is certain that more than so many edits lie between the two: each edit changes the set of letters by
 * two at most. */
static inline bool edits_possible(const struct match_word *a, const struct match_word *b, int edits, int common)
{
	return abs((int)a->n - (int)b->n) <= edits && letters_apart(a, b, common) <= 2 * edits;
}

/* How alike two words are, best first. */
enum likeness { LIKE_SAME, LIKE_NICKNAME, LIKE_TYPO, LIKE_SOUND, LIKE_SHORT, LIKE_CLOSE, LIKE_NOT };
/* written: as it came; digits: its own, with all zeros; country: two letters or nothing. */
bool phone_is_mobile(struct str written, struct str digits, struct str country);
bool one_edit(const struct match_word *a, const struct match_word *b);          /* at most one lies between them */
double word_similarity(const struct match_word *a, const struct match_word *b); /* Jaro–Winkler, symmetric */
enum likeness word_likeness(const struct match_word *a, const struct match_word *b);

/* ---- Comparisons ------------------------------------------------------------------------------------------------- */

enum match_field {
	FIELD_GIVEN,
	FIELD_FAMILY,
	FIELD_OTHER,
	FIELD_ORG,
	FIELD_GENDER,
	FIELD_GENERATION,
	FIELD_BIRTH,
	FIELD_PLACE,
	FIELD_EMAIL,
	FIELD_PHONE,
	FIELD_ID,    /* one comparison a kind */
	FIELD_EXTRA, /* the same */
	FIELDS
};

enum {
	GIVEN_SAME,
	GIVEN_NICKNAME,
	GIVEN_TYPO,
	GIVEN_SOUND,
	GIVEN_SHORT,
	GIVEN_CLOSE,
	GIVEN_MIDDLE,
	GIVEN_SWAPPED,
	GIVEN_DIFFERENT
};
enum { FAMILY_SAME, FAMILY_TYPO, FAMILY_SOUND, FAMILY_CLOSE, FAMILY_PART, FAMILY_SWAPPED, FAMILY_DIFFERENT };
enum { OTHER_SAME, OTHER_ALIKE, OTHER_DIFFERENT };
enum { ORG_SAME, ORG_ALIKE, ORG_PART, ORG_DIFFERENT };
enum { TWO_SAME, TWO_DIFFERENT };
enum {
	BIRTH_SAME,
	BIRTH_SWAPPED, /* day and month */
	BIRTH_TYPO,    /* one digit, or two neighbours in the wrong order */
	BIRTH_PARTS,   /* two of year, month and day */
	BIRTH_YEAR,    /* the year alone */
	BIRTH_NEAR,    /* the year is one off, or typed wrong */
	BIRTH_FAR,     /* less than a generation */
	BIRTH_AGES     /* a generation apart */
};
enum { PLACE_ADDRESS, PLACE_ALIKE, PLACE_POSTCODE, PLACE_NEAR, PLACE_DIFFERENT };
enum { EMAIL_SAME, EMAIL_HOUSEHOLD, EMAIL_LOCAL, EMAIL_TYPO, EMAIL_DIFFERENT };
enum { PHONE_MOBILE, PHONE_SAME, PHONE_HOUSEHOLD, PHONE_TYPO, PHONE_DIFFERENT };
enum { ID_SAME, ID_SHARED, ID_TYPO, ID_DIFFERENT };
enum { EXTRA_SAME, EXTRA_ALIKE, EXTRA_DIFFERENT };

#define LEVELS_MAX 9
#define LEVEL_NULL 0xFF

/* What one comparison found: the level, the words that decided, and the rarity that goes into the weight (the commoner
 * of the two values), or -1. */
struct match_found {
	uint8_t level;
	int32_t rarity;
	const struct match_word *a, *b;
};

/* Whether counting finds out if households share its values. */
static inline bool field_is_contact(enum match_field f)
{
	return f == FIELD_EMAIL || f == FIELD_PHONE || f == FIELD_ID;
}

/* How many levels say "the same"; of e-mails, phones and ids the next one says "the same, a household's". */
static inline int same_levels(enum match_field f)
{
	return f == FIELD_PHONE ? PHONE_HOUSEHOLD : 1;
}

struct match_pattern { /* a level for each comparison of the model */
	uint8_t level[MATCH_COMPARISONS_MAX];
};

/* Of records that both say something of the field (match_record.says); names: a given or a family name. */
void compare_names(const struct match_record *a, const struct match_record *b, struct match_found *given,
                   struct match_found *family, struct match_found *other);
struct match_found compare_org(const struct match_record *a, const struct match_record *b);
struct match_found compare_birth(const struct match_record *a, const struct match_record *b);
struct match_found compare_place(const struct match_record *a, const struct match_record *b);
struct match_found compare_emails(const struct match_record *a, const struct match_record *b);
struct match_found compare_phones(const struct match_record *a, const struct match_record *b);
struct match_found compare_ids(const struct match_record *a, const struct match_record *b, uint64_t kind);
struct match_found compare_extras(const struct match_record *a, const struct match_record *b, uint64_t kind);
/* All comparisons of the model; found has comparison_count entries. */
void match_compare(const struct match_model *m, const struct match_record *a, const struct match_record *b,
                   struct match_found *found);

/* ---- Model ------------------------------------------------------------------------------------------------------- */

/* One setting for all data: the posterior odds, in thousandths of log2, that bring two records into one component, and
 * that make two groups one. */
#define MATCH_COMPONENT_DEFAULT 0
#define MATCH_LINK_DEFAULT 0
/* Of the built-in model: a hundred thousand records with a pair each two. */
#define MATCH_PRIOR_DEFAULT (-16610)
/* And as many of one household. */
#define MATCH_HOUSEMATES_DEFAULT 0

struct match_level {
	const char *name;
	double m, u,
	        h;  /* how probable among pairs of one person, of two strangers, of two of one household; six digits */
	int weight; /* 1000 log2(m / u), or what a person wrote there */
	int home;   /* 1000 log2(m / h), or what a person wrote there */
	int share;  /* percent of how much rarer than the mean the value is that the weight takes */
};

struct match_comparison {
	enum match_field field;
	uint64_t tag;     /* ids, extras: hash of the kind */
	const char *kind; /* ids, extras; else "" */
	const char *name; /* "family", "id" */
	int mean;         /* 1000 -log2 of the mean probability that two people share the value */
	int household;    /* contacts: 1 where households share such values */
	int level_count;
	struct match_level levels[LEVELS_MAX];
};

/* What two of one household may have in common. */
static inline bool comparison_of_household(const struct match_comparison *c)
{
	return c->field == FIELD_FAMILY || c->field == FIELD_PLACE || c->field == FIELD_EMAIL ||
	       c->field == FIELD_PHONE || (c->field == FIELD_ID && c->household);
}

struct match_term {
	enum word_sort sort;
	uint64_t tag;     /* extras: hash of the kind */
	const char *kind; /* extras; else "" */
	const char *text;
	int rarity;
};
struct match_shared {
	enum word_sort sort; /* WORD_EMAIL, WORD_PHONE, WORD_ID; WORD_BIRTH */
	uint64_t tag;        /* ids: hash of the kind */
	const char *kind;    /* ids; else "" */
	enum word_state state;
	const char *text;
};

struct match_model {
	struct arena *arena;
	int64_t version, records; /* records: how many it was trained on */
	int prior, component, link;
	int housemates; /* 1000 log2 of how many pairs of one person there are to a pair of two of one household */
	int together; /* how much less rare two names are together than apart: 1000 log2; families keep to some names */
	int comparison_count;
	struct match_comparison comparisons[MATCH_COMPARISONS_MAX];
	int unseen[WORD_SORTS]; /* rarity of a value that has no term */
	struct match_term *terms;
	int term_count;
	struct match_shared *shared;
	int shared_count;
	uint64_t *crowded; /* sorted */
	int crowded_count;
	struct map term_map, shared_map;
};

#define NAME_UNSEEN 40000 /* of two names together: as rare as apart */

const char *word_sort_name(enum word_sort s);
bool word_sort_find(struct str name, enum word_sort *s);
/* Where terms and shared values stand in the model's maps. */
int64_t term_key(enum word_sort sort, uint64_t tag, uint64_t hash);
/* An empty model with the comparisons that every model has, at their built-in probabilities. */
MUST_CHECK enum result model_new(struct match_model **out, struct error *e);
/* One more comparison, of a kind of ids or extras. ERR_LIMIT when there are too many. */
MUST_CHECK enum result model_add_kind(struct match_model *m, enum match_field field, struct str kind, struct error *e);
void model_weigh(struct match_model *m);                                    /* weights and means from m and u */
MUST_CHECK enum result model_index(struct match_model *m, struct error *e); /* the maps, from terms and shared */
int log2_milli(double x);
double round6(double x);
bool model_crowded(const struct match_model *m, uint64_t key);
/* The same with what the groups of a component need to know. */
struct match_sum {
	int score;
	int against; /* at most 0: what the fields say by themselves, the prior left out, when it is against */
	bool tells;  /* the fields that both have could bring the score above the link threshold */
};
struct match_sum match_sum(const struct match_model *m, const struct match_record *a, const struct match_record *b);

/* The text of a hashed kind: of ids and extras. */
uint64_t kind_hash(struct str kind);

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

/* Runs work(arg, part) for parts 0 to parts-1 on so many threads; the first error by part number. */
MUST_CHECK enum result match_parallel(int threads, int parts, enum result (*work)(void *arg, int part, struct error *e),
                                      void *arg, struct error *e);
/* Sorts by key, then value. ERR_NOMEM. */
struct keyed {
	uint64_t key;
	uint32_t value;
} __attribute__((packed, aligned(4)));
MUST_CHECK enum result keyed_sort(struct keyed *p, size_t n, struct error *e);

/* ---- Links ---------------------------------------------------------------------------------------------------------
 */

struct link {
	int a, b, score;
};
/* All pairs of bound records that share a key and reach the component threshold, each once: a < b, ascending. The
 * caller frees them. result (may be NULL) is told of keys and pairs. */
MUST_CHECK enum result match_links(const struct match_model *m, const struct match_bulk *in, struct link **out,
                                   size_t *count, struct match_bulk_result *result, struct error *e);
/* match_cluster() for who has the links already: all those of the component's records that share a key, by index. */
MUST_CHECK enum result match_cluster_linked(const struct match_model *m, const struct match_component *c,
                                            const struct link *links, size_t count, int *group, bool *absurd,
                                            struct error *e);
/* Groups by links: find with path halving, the smaller number is the root. */
int joined_find(int *parent, int i);
bool joined_unite(int *parent, int a, int b);

/* ---- Training's parts -------------------------------------------------------------------------------------------- */

/* How often two records with one first name have the same family name, too: a people's first names go with its family
 * names. */
struct match_company {
	double records, pairs, same; /* records that have both names; of their pairs, those with one family name */
};
/* The term that says it, of sort given: thousandths of log2 of how much oftener than any two. */
#define COMPANY_KIND "families"

/* What counting found out about the whole of the data. */
struct match_counts {
	double share[MATCH_COMPARISONS_MAX];   /* probability that two records with a value have the same, by comparison
	                                        */
	double filled[MATCH_COMPARISONS_MAX];  /* share of records that have a value */
	double unnamed[MATCH_COMPARISONS_MAX]; /* of pairs of two people who share a value that is known to be shared:
	                                        * those where it would not be, were one of the two without a first name
	                                        */
	struct match_company *companies;       /* of the terms from first_company on; in the model's arena */
	int first_company, company_count;
	double name_share; /* probability that two records have the same first and family name */
};

struct em_pattern {
	struct match_pattern levels;
	double count;
	double fixed; /* labelled: 1 or 0; else -1 */
};
struct em_pass {
	const char *name;
	uint32_t excluded; /* bits of comparisons that the pass's key decides */
	int same;          /* the comparison whose first level is to have one key; -1: none */
	struct em_pattern *patterns;
	int count;
	double scale;            /* pairs that the pass has in all to pairs drawn */
	double lambda, expected; /* share of pairs of one person; how many in all */
	double home, housemates; /* the same of two of one household */
};
struct em {
	struct match_model *model;
	const struct match_counts *counts;
	struct em_pass *passes;
	int pass_count;
	double (*seen)[LEVELS_MAX]; /* of random pairs: how many have the level */
	double *seen_all;           /* by comparison, those that have any */
	double pairs;               /* of all records */
	int records;
};
/* Fits m, u and the prior. */
void em_run(struct em *em);

#endif
