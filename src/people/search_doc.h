/* What of a customer is searched. */
#ifndef BYNAME_PEOPLE_SEARCH_DOC_H
#define BYNAME_PEOPLE_SEARCH_DOC_H

#include "people/search_segment.h"

void doc_start(struct doc *d, int64_t customer);
void doc_name(struct doc *d, struct str given, struct str middle, struct str family);
void doc_postcode(struct doc *d, struct str postcode);
/* value must live as long as d is used. */
void doc_identifier(struct doc *d, enum identifier_kind kind, const char *value);
static inline bool doc_empty(const struct doc *d)
{
	return d->token_count + d->phone_count + d->email_count + d->loyalty_count == 0;
}
void doc_person(struct doc *d, const struct person *p); /* borrows its texts */
/* The digits of a text as a number; 0 when there are none or more than 15. */
uint64_t digits_number(struct str s, int *digits);

/* Reads customers in ascending order from the database, a page a call. */
struct doc_reader {
	int64_t rkey, id; /* where the next page starts: -1, 0 */
	bool more;
	struct segment_builder *builder;
	int64_t records; /* read so far */
	uint64_t added;  /* customer_order() of the last one: a page may be read twice */
};
MUST_CHECK enum result doc_page(struct db_tx *tx, void *reader, struct error *e);

#endif
