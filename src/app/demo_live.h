/* What is under way in the made-up chain: orders in every state, holds, transfers, counts, people who wait. */
#ifndef BYNAME_APP_DEMO_LIVE_H
#define BYNAME_APP_DEMO_LIVE_H

#include "db/db.h"

/* Gives the commands that dir/chain/matters.csv tells of, each at its time in the last days before now, unless that was
 * done (dir/lived). Started again after an interruption it goes on. */
MUST_CHECK enum result demo_live(struct db *db, const char *dir, volatile const bool *stop, struct error *e);

#endif
