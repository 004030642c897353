/* The HTTP API: one file a resource, each exporting api_NAME_routes[], listed in routes.c. Handlers parse, call a room
 * or the desk, and write the answer; nothing else. docs/api.md shows the answers. */
#ifndef BYNAME_API_H
#define BYNAME_API_H

#include "access/access.h"
#include "base/hash.h"
#include "desk/desk.h"
#include "feed/room.h"
#include "http/http.h"
#include <stdatomic.h>

/* What the whole API works on: http_config.ctx. Made by app/. */
struct api {
	struct desk desk;                /* db, search, feed */
	struct http_server *http;        /* the one with sessions and event streams; NULL while there is none */
	struct http_server *local;       /* the command line's socket; NULL while there is none */
	const char *const *views;        /* names of feed views that a read may wait for, ended by NULL; may be NULL */
	const struct room *const *rooms; /* low to high, ended by NULL: for check and rebuild */
	int64_t started_at;
	_Atomic bool ready; /* /readyz */
	/* Static files of the app (http_config.static_file). */
	bool (*static_file)(void *ctx, const char *path, struct http_response *rs, struct http_file *out);
};

/* All routes: a NULL-ended list of arrays. */
const struct http_route *const *api_routes(void);
/* Fills routes, hooks, headers and ctx of config; whatever else it holds stays. */
void api_configure(struct http_config *config, struct api *api);

/* ---- For handlers ----------------------------------------------------------------------------------------------- */

struct api *api_of(struct http_request *rq);
const struct desk *api_desk(struct http_request *rq);
/* Who calls; never NULL but on open routes. */
const struct principal *api_principal(struct http_request *rq);
/* Whether this principal's browser gets the cookie with the __Host- prefix (TLS). */
const char *api_cookie_name(const struct http_request *rq);

/* The key of "Bearer KEY" or "Basic base64(KEY:)"; empty where there is none of the two. For open routes that take a
 * key in other places too; elsewhere api_principal() already is its owner. */
struct str api_header_key(struct http_request *rq);

/* The store that a write names: given, or (given 0) the caller's only one, else 0. ERR_FORBIDDEN "store.not_yours",
 * field "store", when the caller may not act there. */
MUST_CHECK enum result api_store_scope(struct http_request *rq, int64_t given, int64_t *store, struct error *e);

/* A write: runs fn in one transaction and answers with what it wrote to w (one JSON value; nothing: 204), under status.
 * fn may run again (see db_fn); w begins anew each time. With an Idempotency-Key the answer commits with the write and
 * is given again for 7 days: same key and payload, the same answer; other payload ERR_MISMATCH "idempotency.mismatch";
 * still running ERR_CONFLICT "idempotency.running". Answers X-Byname-Position when the write appended to the feed. */
typedef enum result api_write_fn(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e);
MUST_CHECK enum result api_write(struct http_request *rq, struct http_response *rs, int status, api_write_fn *fn,
                                 void *arg, struct error *e);
/* The same, and whether the answer is one that was given before: fn may have run all the same, in an attempt that was
 * rolled back. */
MUST_CHECK enum result api_write_told(struct http_request *rq, struct http_response *rs, int status, api_write_fn *fn,
                                      void *arg, bool *replayed, struct error *e);

/* The key of the act (ledger/) that this request asks for: of the caller and its Idempotency-Key, so that a repeat
 * finds what was done even when the stored answer has gone; without a key a random one. ERR_INVALID
 * "idempotency.malformed". */
MUST_CHECK enum result api_act_key(struct http_request *rq, unsigned char out[HASH128_BYTES], struct error *e);

/* ---- For app/ ------------------------------------------------------------------------------------------------------
 */

/* The feed's announcer (ctx: struct api *): publishes what was committed to the event streams of this process. */
extern const struct feed_process api_announcer;
/* Stored answers go with the record that they are about. */
extern const struct room api_room;
/* Deletes answers that are older than 7 days, a chunk; call until *more is false. */
MUST_CHECK enum result api_idem_prune(struct db *db, bool *more, struct error *e);
/* Ends the import that runs in this process, after its next commit; it can be gone on with. */
void api_imports_stop(void);
/* The same for resolving everybody; it begins anew when it is asked for again. */
void api_resolution_stop(void);
/* Writes the OpenAPI 3.1 description of these routes. */
void api_openapi_write(const struct http_route *const *routes, struct json_writer *w);

#endif
