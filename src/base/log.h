/* The log: one line an event, key=value, to standard error. Only app/, api/ and long-running threads log; library rooms
 * return errors. Never a name, an address, a body or a secret: ids and codes only. */
#ifndef BYNAME_BASE_LOG_H
#define BYNAME_BASE_LOG_H

#include "base/result.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level least);
/* event: "http.listen"; fmt: "port=%d". */
void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);
void log_error(const char *event, const struct error *e);

#endif
