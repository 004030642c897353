/* The torture generator: people in households as five source systems would tell them, with dirt of named kinds and the
 * truth beside it; and the score of what a resolver made of them. bench/TORTURE.md says what each kind is. */
#ifndef BYNAME_BENCH_TORTURE_H
#define BYNAME_BENCH_TORTURE_H

#include "base/str.h"
#include <stdio.h>

enum kind {
	/* situations: nothing is wrong, and yet */
	TWINS,
	JR_SR,
	PARENT_CHILD,
	NAMESAKE,
	FLATMATES,
	NEIGHBOURS,
	CHANGED_SURNAME,
	MOVED,
	RECYCLED_PHONE,
	TWO_ACCOUNTS,
	ALL_BUT_GIVEN,
	FAMILY_EMAIL,
	FAMILY_LANDLINE,
	FAMILY_DEVICE,
	FAMILY_CARD,
	/* somebody else's value, or nobody's */
	CASHIER_EMAIL,
	CASHIER_PHONE,
	STORE_NUMBER,
	PLACEHOLDER_EMAIL,
	PLACEHOLDER_PHONE,
	PLACEHOLDER_BIRTH,
	PLACEHOLDER_NAME,
	/* slips */
	SCANNING,
	KEYBOARD,
	PHONETIC,
	NICKNAME,
	SWAPPED_NAMES,
	ONE_FIELD,
	SWAPPED_DAY_MONTH,
	WRONG_YEAR,
	TRUNCATED,
	INITIALS,
	NATIVE_SCRIPT,
	OTHER_ROMANIZATION,
	NO_DIACRITICS,
	UPPER_CASE,
	NATIONAL_PHONE,
	MISSING,
	BARE,
	LONE, /* found, not made: it has no rate */
	KINDS
};
struct kind_info {
	const char *name;
	double rate;
	const char *of, *what; /* rate of what; what it is */
};
extern const struct kind_info kind_table[KINDS];

struct torture_config {
	int64_t people, records; /* one of them; the other 0 */
	uint64_t seed;
	const char *data;        /* folder of the name and slip tables, or NULL: the small ones built in */
	size_t window;           /* records that are shuffled among each other; 1: household by household */
	int64_t cashier_records; /* no cashier's value is on more records */
	double rates[KINDS];
};
void torture_config_default(struct torture_config *c);
/* Lines "name rate", # begins a comment; also "cashier_records N". ERR_INVALID names the line. */
MUST_CHECK enum result torture_config_read(struct torture_config *c, struct str text, struct error *e);
void torture_config_print(const struct torture_config *c, FILE *out); /* in the form that is read */

struct torture_tally {
	int64_t asked[KINDS], hit[KINDS]; /* how often a kind could strike, and did */
	int64_t carried[KINDS];           /* records that carry it */
	int64_t households, people, records, clean, bytes;
	int64_t cashier_top; /* records of the cashier's value that has most */
	uint64_t digest;     /* of the bytes written */
};
#define TORTURE_HEADER                                                                                                 \
	"source,source_key,prefix,given,middle,family,suffix,gender,birth,street,city,region,postcode,country,email,"  \
	"phone,loyalty,account,device,truth,household,dirt\n"
/* Writes the header and the records. The same config (and tables) gives the same bytes. Memory: the tables and the
 * window. */
MUST_CHECK enum result torture_write(const struct torture_config *c, FILE *out, struct torture_tally *tally,
                                     struct error *e);

struct kind_score {
	int64_t records;
	int64_t pairs,
	        found; /* pairs of one person of which at least one record carries the kind; found: in one customer */
	int64_t wrong; /* pairs of two persons in one customer, likewise */
};
struct torture_score {
	int64_t records, persons, customers;
	int64_t missing,
	        unknown; /* records without a cluster (each a customer of its own); clusters' rows without a record */
	int64_t true_pairs, found, wrong;         /* pairs */
	int64_t reachable_pairs, reachable_found; /* of two records that are not alone */
	double precision, recall, reachable_recall, f1, b3_precision, b3_recall, b3_f1;
	int64_t merged, split; /* Σ over customers (persons − 1); Σ over persons (customers − 1) */
	double merged_per_10000_customers, split_per_10000_persons;
	int64_t largest, largest_persons, largest_person;
	int64_t cashier_values, cashier_records, cashier_top;
	int64_t cashier_joined,
	        cashier_strangers; /* persons in one customer who share a value; of several households */
	int64_t cashier_common, cashier_common_strangers; /* values on 20 records and more; such joins by them */
	struct kind_score kinds[KINDS + 1];               /* the last: pairs of two clean records */
};
/* records: what torture_write() wrote (a file, which is read twice); clusters: CSV with the columns source, source_key,
 * cluster. The report is for people; NULL for none. Memory: about 90 bytes a record. */
MUST_CHECK enum result torture_score(FILE *records, FILE *clusters, FILE *report, struct torture_score *out,
                                     struct error *e);

#endif
