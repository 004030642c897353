/* The command line's way to the API: over the local socket of a running server, else of one started inside this process
 * for as long as the command lasts. So every command goes the way that every other client goes. */
#ifndef BYNAME_APP_CLIENT_H
#define BYNAME_APP_CLIENT_H

#include "base/json.h"

struct client;

/* db: path of a SQLite file or a PostgreSQL url. */
MUST_CHECK enum result client_open(const char *db, struct client **out, struct error *e);
/* Whether a server of another process answers for this database: client_open() would start none. */
bool client_server_runs(const char *db);
void client_close(struct client *c); /* NULL allowed */
bool client_is_remote(const struct client *c);

/* One call. path with query, body NULL or JSON. On an error answer fills *e from its problem. *answer (freed with
 * json_free) is NULL for 204. raw (may be NULL) receives the answer's text. */
MUST_CHECK enum result client_call(struct client *c, const char *method, const char *path, const char *body,
                                   struct json **answer, struct buf *raw, struct error *e);
/* Appends s to out, percent-encoded. */
void client_escape(struct buf *out, struct str s);

#endif
