/* What the files of ledger share. */
#ifndef BYNAME_LEDGER_ROOM_H
#define BYNAME_LEDGER_ROOM_H

#include "ledger/ledger.h"
#include "ledger/mutant.h"
#include "feed/room.h"

/* Adds to a balance, made where there is none; never makes an internal account smaller. */
MUST_CHECK enum result balance_add(struct db_tx *tx, enum book book, int64_t subject, int64_t place, int account,
                                   int64_t qty, int64_t at, struct error *e);

#endif
