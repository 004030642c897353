/* What the environment sets of webhooks. */
#ifndef BYNAME_APP_WEBHOOKS_H
#define BYNAME_APP_WEBHOOKS_H

#include "base/result.h"

/* BYNAME_WEBHOOK_KEY: a file whose text seals secrets in the database; "none": they lie there as they are.
 * BYNAME_WEBHOOK_TIMEOUT: seconds of an attempt. BYNAME_WEBHOOK_RETRIES: seconds between attempts, with commas.
 * BYNAME_WEBHOOK_LOCAL=1: http and every address, for tests on one machine. ERR_INVALID "webhook.setting". */
MUST_CHECK enum result webhooks_configure(struct error *e);
/* Where nothing names a key: the one beside a SQLite file ("DB.key", mode 0600), made when there is none. To be called
 * when the database is open: nobody else makes one then. Beside a PostgreSQL database there is no place that all its
 * servers share: without a key it takes no webhook. */
MUST_CHECK enum result webhooks_key_beside(const char *db, struct error *e);

#endif
