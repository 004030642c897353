/* The demo chain's files and their way into the database: what `byname demo` does before it serves. */
#ifndef BYNAME_APP_DEMO_LOAD_H
#define BYNAME_APP_DEMO_LOAD_H

#include "demo/demo.h"
#include "db/db.h"

/* Writes the chain's files into dir/chain, unless those of the same seed, people and years are there already; a
 * database dir/byname.db of another chain is removed. */
MUST_CHECK enum result demo_files_write(const struct demo_config *config, const char *dir, struct error *e);
/* Imports dir/chain into the database through the same door as anyone's files; goes on where an earlier run stopped.
 * Says how far it is on standard error. ERR_BUSY "demo.interrupted" when *stop became true. */
MUST_CHECK enum result demo_files_import(struct db *db, const char *dir, volatile const bool *stop, struct error *e);
/* Finds out who is one person, unless that was done; says how good it is against dir/chain/truth.csv. */
MUST_CHECK enum result demo_people_resolve(struct db *db, const char *dir, volatile const bool *stop, struct error *e);
/* Brings the stored views up to date. */
MUST_CHECK enum result demo_views_drain(struct db *db, struct error *e);

#endif
