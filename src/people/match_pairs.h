/* Who shares a key with whom, and which of these pairs score: what resolving in bulk writes down. */
#ifndef BYNAME_PEOPLE_MATCH_PAIRS_H
#define BYNAME_PEOPLE_MATCH_PAIRS_H

#include "people/match_inside.h"

struct match_pairs {
	struct blocks blocks; /* all keys of all records, those of crowded blocks too */
	struct link *links;   /* pairs that reach the component threshold, a < b, ascending; each once */
	size_t link_count;
	int64_t scored, crowded; /* pairs that were looked at; keys that have more than the limit's holders */
};
/* A key with more holders than holders_max brings nobody together; pairs that have another key in common are found by
 * that. The result depends neither on threads (0: two) nor on chance. progress (may be NULL) is told from one thread.
 * in's musts and cannots are of no account. */
MUST_CHECK enum result match_pairs_make(const struct match_model *m, const struct match_bulk *in, int holders_max,
                                        struct match_pairs *out, struct error *e);
void match_pairs_free(struct match_pairs *p);

#endif
