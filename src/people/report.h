/* A report of a source, read: record.c lays it over what is stored. */
#ifndef BYNAME_PEOPLE_REPORT_H
#define BYNAME_PEOPLE_REPORT_H

#include "people/internal.h"

struct value {
	enum identifier_kind kind;
	enum grade grade;
	int64_t vkey;
	const char *text;
	bool fresh, upgraded; /* not on the record before; verified now and shared before */
};
struct report {
	const struct record_in *in;
	uint64_t hash;
	unsigned rkey;
	int birth;
	const char *fields[RF_COUNT];
	struct value values[RECORD_IDENTIFIERS_MAX];
	int value_count;
	const char *warning;
	bool outdated; /* something in it was older than what is stored: must not be remembered as "changes nothing" */
};

enum result key_check(struct str source, struct str source_key, struct error *e);
bool birth_ok(const struct record_in *in);
uint64_t report_hash(const struct record_in *in); /* of all it says but when */
enum result report_fields(struct db_tx *tx, struct report *r, struct error *e);
enum result report_values(struct db_tx *tx, struct report *r, const char *country, struct error *e);
/* The locks of its key and its identifiers. */
enum result report_lock(struct db_tx *tx, const struct report *r, struct error *e);

#endif
