/* What the environment sets of webhooks. */
#ifndef BYNAME_APP_WEBHOOKS_H
#define BYNAME_APP_WEBHOOKS_H

#include "base/result.h"

/* BYNAME_WEBHOOK_KEY: a file whose text seals secrets in the database. BYNAME_WEBHOOK_TIMEOUT: seconds of an attempt.
 * BYNAME_WEBHOOK_RETRIES: seconds between attempts, with commas. BYNAME_WEBHOOK_LOCAL=1: http and every address, for
 * tests on one machine. ERR_INVALID "webhook.setting". */
MUST_CHECK enum result webhooks_configure(struct error *e);

#endif
