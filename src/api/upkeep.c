/* Upkeep for the operator: status, check, rebuild, backup. */
#include "api/api.h"

#include "base/clock.h"
#include "base/hash.h"
#include "ingest/ingest.h"
#include "outbox/outbox.h"

#define ROLES_UPKEEP (ROLE_OPERATOR | ROLE_ADMIN | ROLE_LOCAL)
#define FINDINGS_MAX 1000
#define DIGEST_BYTES 16

/* ---- Status -------------------------------------------------------------------------------------------------------
 */

struct status {
	int64_t deadletters;
	struct outbox_stats webhooks;
};

static enum result status_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct status *s = arg;
	TRY(deadletter_count(tx, &s->deadletters, e));
	return outbox_stats_get(tx, &s->webhooks, e);
}

static void webhooks_write(struct json_writer *w, const struct outbox_stats *s)
{
	jw_key(w, "webhooks");
	jw_object(w);
	jw_ki64(w, "endpoints", s->endpoints);
	jw_ki64(w, "disabled", s->disabled);
	jw_ki64(w, "waiting", s->waiting);
	jw_key(w, "oldest_waiting_at");
	if (s->oldest_waiting_at)
		jw_time(w, s->oldest_waiting_at);
	else
		jw_null(w);
	jw_ki64(w, "given_up", s->given_up);
	jw_end_object(w);
}

/* Counts that are known without reading whole tables. */
static enum result status_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct desk *d = api_desk(rq);
	struct search_stats search = { 0 };
	struct feed_lag lag = { 0 };
	struct status status = { 0 };
	TRY(db_read(d->db, status_read, &status, e));
	TRY(feed_lag_get(d->db, &lag, e));
	search_stats_get(d->search, &search);
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kcstr(w, "version", BYNAME_VERSION);
	jw_kcstr(w, "engine", db_engine_name(d->db));
	jw_key(w, "search");
	jw_object(w);
	jw_kbool(w, "ready", search_ready(d->search));
	jw_ki64(w, "customers", search.customers);
	jw_ki64(w, "bytes", search.bytes);
	jw_end_object(w);
	jw_key(w, "feed");
	jw_object(w);
	jw_ki64(w, "rows", lag.rows);
	jw_end_object(w);
	jw_ki64(w, "deadletters", status.deadletters);
	webhooks_write(w, &status.webhooks);
	jw_end_object(w);
	return OK;
}

/* ---- Check --------------------------------------------------------------------------------------------------------
 */

struct findings {
	struct json_writer *w;
	int64_t count;
};

static void finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	struct findings *f = arg;
	if (f->count++ >= FINDINGS_MAX)
		return;
	jw_object(f->w);
	jw_kcstr(f->w, "room", room);
	jw_kcstr(f->w, "invariant", invariant);
	jw_kcstr(f->w, "detail", detail);
	jw_end_object(f->w);
}

static enum result check_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	DB_LIMIT_AUTO int was = db_thread_limit(DB_LONG_MS);
	const struct api *api = api_of(rq);
	struct findings f = { .w = http_json(rs) };
	jw_object(f.w);
	jw_key(f.w, "findings");
	jw_array(f.w);
	for (size_t i = 0; api->rooms[i]; i++)
		if (api->rooms[i]->check)
			TRY(api->rooms[i]->check(api->desk.db, finding, &f, e));
	jw_end_array(f.w);
	jw_ki64(f.w, "count", f.count);
	jw_end_object(f.w);
	return OK;
}

/* ---- Rebuild ------------------------------------------------------------------------------------------------------
 */

/* Views must have taken in everything before two digests can be compared. */
#define SETTLE_US (60 * USEC)

static enum result settle(const struct desk *d, struct error *e)
{
	struct feed_lag lag = { 0 };
	bool settled = false;
	TRY(feed_settle(d->db, SETTLE_US, &settled, e));
	if (settled)
		return OK;
	TRY(feed_lag_get(d->db, &lag, e));
	return error_set(e, ERR_BUSY, "feed.behind", NULL, "The views are %lld events behind: try again later",
	                 (long long)lag.rows);
}

static void write_digest(struct json_writer *w, const char *key, const unsigned char digest[DIGEST_BYTES])
{
	char hex[2 * DIGEST_BYTES + 1];
	hex_encode(hex, digest, DIGEST_BYTES);
	jw_kcstr(w, key, hex);
}

static enum result rebuild_room(const struct desk *d, const struct room *room, struct json_writer *w, struct error *e)
{
	unsigned char before[DIGEST_BYTES], after[DIGEST_BYTES];
	TRY(room->digest(d->db, before, e));
	TRY(room->rebuild(d->db, NULL, NULL, e));
	TRY(settle(d, e));
	TRY(room->digest(d->db, after, e));
	jw_object(w);
	jw_kcstr(w, "view", room->name);
	write_digest(w, "kept", before);
	write_digest(w, "built", after);
	jw_kbool(w, "equal", memcmp(before, after, DIGEST_BYTES) == 0);
	jw_end_object(w);
	return OK;
}

/* The search view of this process: kept by the feed against one that is built now. */
static enum result rebuild_search(const struct desk *d, struct json_writer *w, struct error *e)
{
	unsigned char kept[DIGEST_BYTES], built[DIGEST_BYTES];
	struct search *fresh = NULL;
	struct feed_position from;
	TRY(search_digest(d->search, kept, e));
	TRY(search_new(d->db, insight_standing, &fresh, e));
	enum result r = search_build(fresh, NULL, NULL, &from, e);
	if (r == OK)
		r = search_digest(fresh, built, e);
	search_free(fresh);
	TRY(r);
	jw_object(w);
	jw_kcstr(w, "view", "search");
	write_digest(w, "kept", kept);
	write_digest(w, "built", built);
	jw_kbool(w, "equal", memcmp(kept, built, DIGEST_BYTES) == 0);
	jw_end_object(w);
	return OK;
}

static enum result rebuild_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	DB_LIMIT_AUTO int was = db_thread_limit(DB_LONG_MS);
	const struct api *api = api_of(rq);
	struct json_writer *w = http_json(rs);
	TRY(settle(&api->desk, e));
	jw_object(w);
	jw_key(w, "views");
	jw_array(w);
	for (size_t i = 0; api->rooms[i]; i++)
		if (api->rooms[i]->rebuild && api->rooms[i]->digest)
			TRY(rebuild_room(&api->desk, api->rooms[i], w, e));
	TRY(rebuild_search(&api->desk, w, e));
	jw_end_array(w);
	jw_end_object(w);
	return OK;
}

/* ---- Backup -------------------------------------------------------------------------------------------------------
 */

struct backup_body {
	struct str path;
};
static const struct json_field backup_fields[] = {
	JSON_FIELD_STR(struct backup_body, path, "path", JSON_REQUIRED, 1, 4000),
	JSON_END,
};

static enum result backup_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	DB_LIMIT_AUTO int was = db_thread_limit(DB_LONG_MS);
	const struct backup_body *in = http_body_struct(rq);
	const char *path = str_dup(http_arena(rq), in->path);
	if (!path)
		return error_nomem(e);
	if (path[0] != '/')
		return error_set(e, ERR_INVALID, "backup.path", "path", "A backup goes to an absolute path");
	TRY(db_backup(api_desk(rq)->db, path, NULL, NULL, e));
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kstr(w, "path", in->path);
	jw_end_object(w);
	return OK;
}

const struct http_route api_upkeep_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/status",
	  .summary = "How much is held, how current the views are",
	  .roles = ROLES_STAFF | ROLE_LOCAL,
	  .answer = "Status",
	  .handle = status_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/check",
	  .summary = "Look for broken invariants",
	  .roles = ROLES_UPKEEP,
	  .answer = "Findings",
	  .handle = check_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/rebuild",
	  .summary = "Build the derived views anew and compare",
	  .roles = ROLES_UPKEEP,
	  .answer = "Rebuilt",
	  .handle = rebuild_handle },
	/* A path on the server's own machine: only for whoever sits there. */
	{ .method = HTTP_POST,
	  .path = "/v1/backup",
	  .summary = "Write a backup on the server's machine",
	  .roles = ROLE_LOCAL,
	  .body = backup_fields,
	  .body_size = sizeof(struct backup_body),
	  .answer = "Backup",
	  .handle = backup_handle },
	{ 0 },
};
