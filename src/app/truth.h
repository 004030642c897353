/* How good the customers of a database are, where the truth of its records is known. */
#ifndef BYNAME_APP_TRUTH_H
#define BYNAME_APP_TRUTH_H

#include "db/db.h"
#include "people/evaluate.h"

/* path: CSV with the columns source, key (or source_key) and person (or truth). Records that the database does not know
 * are left out: *unknown. */
MUST_CHECK enum result truth_compare(struct db *db, const char *path, struct evaluate_figures *out, int *unknown,
                                     struct error *e);

#endif
