/* How good is the resolving? Tables of people with the truth known, and the figures over the groups found. Pure. */
#ifndef BYNAME_PEOPLE_EVALUATE_H
#define BYNAME_PEOPLE_EVALUATE_H

#include "people/match.h"

/* ---- From columns to fields -------------------------------------------------------------------------------------- */

#define EVALUATE_COLUMNS_MAX 128

/* What each column of a table means, by its heading ("given_name", "surname", "dob", "soc_sec_id", "ADDR_CITY" …). What
 * is not known is an attribute compared as it is; what describes the row and not the person is left out. */
struct evaluate_map {
	int count;
	struct {
		int field;       /* private */
		struct str kind; /* ids and attributes */
	} columns[EVALUATE_COLUMNS_MAX];
};
/* The headings must outlive the map. left_out: columns that are not to be looked
 * at (the truth), with commas between, or empty. */
void evaluate_map_make(struct evaluate_map *map, const struct str *headings, int count, struct str left_out);
/* One row. Views into the fields and, where columns are joined, into the arena. */
MUST_CHECK enum result evaluate_row(const struct evaluate_map *map, const struct str *fields, int count,
                                    struct arena *a, struct match_in *out, struct error *e);
/* "1978-11-12", "19781112", "12/11/1978", "Mar 1 1970", "24-May-11", "1978"; unsure: day and month may be the other
 * way round. False for anything else. */
bool evaluate_date(struct str s, int *year, int *month, int *day, bool *unsure);

/* ---- Figures ----------------------------------------------------------------------------------------------------- */

struct evaluate_figures {
	int records, groups, people;
	int64_t true_pairs, found_pairs, right_pairs;
	double precision, recall, f1; /* over pairs */
	double b3_precision, b3_recall, b3_f1;
	int false_merges;          /* people too many in one group, over all groups */
	double false_merges_10000; /* of 10,000 groups */
	int false_splits;          /* groups too many of one person */
	int largest_group, largest_person;
};
/* group[i], truth[i]: any numbers that say who belongs together, from 0 to count - 1. */
MUST_CHECK enum result evaluate_groups(const int *group, const int *truth, int count, struct evaluate_figures *out,
                                       struct error *e);

/* A pair that went wrong. */
struct evaluate_wrong {
	int a, b; /* indices of records */
	int score;
	bool merged; /* one group, two people; else the other way round */
};
/* The worst: false merges with the highest scores, false splits with the lowest of those above nothing at all. At most
 * limit of each; *count is how many came. Looks at no more than a bounded number of pairs. */
MUST_CHECK enum result evaluate_worst(const struct match_model *m, struct match_record *const *records,
                                      const int *group, const int *truth, int count, int limit,
                                      struct evaluate_wrong *out, int *found, struct error *e);

#endif
