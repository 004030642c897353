/* Touchpoints in: Segment's HTTP API, for its libraries as they are. A write key by Basic or Bearer, or in the body
 * (what browsers send, as text/plain, with one-letter paths); gzip; any origin. 200 only after the commit. */
#include "api/api.h"
#include "api/internal.h"

#include "base/clock.h"
#include "ingest/ingest.h"
#include <zlib.h>

#define BROWSER_PER_MINUTE 60000
#define BROWSER_BURST 10000
#define BATCH (-1)

static const struct path {
	const char *path;
	int type;
} paths[] = {
	{ "/v1/identify", INGEST_IDENTIFY },
	{ "/v1/i", INGEST_IDENTIFY },
	{ "/v1/track", INGEST_TRACK },
	{ "/v1/t", INGEST_TRACK },
	{ "/v1/page", INGEST_PAGE },
	{ "/v1/p", INGEST_PAGE },
	{ "/v1/screen", INGEST_SCREEN },
	{ "/v1/s", INGEST_SCREEN },
	{ "/v1/group", INGEST_GROUP },
	{ "/v1/g", INGEST_GROUP },
	{ "/v1/alias", INGEST_ALIAS },
	{ "/v1/a", INGEST_ALIAS },
	{ "/v1/batch", BATCH },
	{ "/v1/b", BATCH },
};

static int type_of(struct http_request *rq)
{
	const char *path = http_route_of(rq)->path;
	size_t i = 0;
	while (strcmp(paths[i].path, path) != 0)
		i++;
	return paths[i].type;
}

/* Inflates at most `most` bytes: a small body cannot become a large one. */
static enum result inflate_body(struct str in, size_t most, struct arena *a, struct str *out, struct error *e)
{
	z_stream z = { .next_in = (unsigned char *)in.p, .avail_in = (unsigned)in.n };
	char *text = arena_alloc(a, most + 1);
	if (!text || inflateInit2(&z, 15 + 32) != Z_OK)
		return error_nomem(e);
	z.next_out = (unsigned char *)text;
	z.avail_out = (unsigned)most + 1;
	int code = inflate(&z, Z_FINISH);
	size_t n = most + 1 - z.avail_out;
	inflateEnd(&z);
	if (n > most)
		return error_set(e, ERR_TOO_LARGE, "body.too_large", NULL, "At most %zu bytes", most);
	if (code != Z_STREAM_END)
		return error_set(e, ERR_INVALID, "body.gzip", NULL, "The body is not well-formed gzip");
	*out = (struct str){ text, n };
	return OK;
}

static enum result read_body(struct http_request *rq, size_t most, struct str *body, struct error *e)
{
	struct str encoding = http_header(rq, "Content-Encoding");
	*body = http_body(rq);
	if (!encoding.n || str_is(encoding, "identity"))
		return OK;
	if (!str_is(encoding, "gzip"))
		return error_set(e, ERR_INVALID, "body.encoding", "Content-Encoding", "gzip, or none");
	return inflate_body(*body, most, http_arena(rq), body, e);
}

/* The key that a browser writes into the body itself. */
static enum result body_key(struct http_request *rq, struct str body, struct str *key, struct error *e)
{
	JSON_AUTO struct json *doc = NULL;
	struct json_limits limits = { INGEST_BATCH_MAX, 0 };
	TRY(json_parse(body, &limits, &doc, e));
	struct str s = json_str(json_get(doc, "writeKey"));
	char *copy = arena_strndup(http_arena(rq), s.n ? s.p : "", s.n);
	if (!copy)
		return error_nomem(e);
	*key = (struct str){ copy, s.n };
	return OK;
}

static enum result who(struct http_request *rq, struct str body, struct principal *p, struct error *e)
{
	const struct api *api = api_of(rq);
	struct str key = api_header_key(rq);
	int wait;
	if (!key.n && http_server_of(rq) == api->local) {
		p->role = ROLE_LOCAL;
		strcpy(p->source, "local");
		return OK;
	}
	if (!key.n)
		TRY(body_key(rq, body, &key, e));
	if (!key.n)
		return error_set(e, ERR_UNAUTHORIZED, "key.missing", NULL, "A write key is needed");
	TRY(apikey_find(api->desk.db, key, p, e));
	if (p->role != ROLE_SOURCE && p->role != ROLE_BROWSER)
		return error_set(e, ERR_FORBIDDEN, "role.missing", NULL, "This key may not send");
	if (p->role == ROLE_BROWSER && !rate_allow("ingest", p->key, BROWSER_PER_MINUTE, BROWSER_BURST, &wait))
		return error_set(e, ERR_LIMIT, "rate.ingest", NULL, "Too many messages: try again in %d s", wait);
	return OK;
}

static enum result segment_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int type = type_of(rq);
	struct principal *p = arena_alloc(http_arena(rq), sizeof(*p));
	struct ingest_counts counts = { 0 };
	struct str body;
	if (!p)
		return error_nomem(e);
	TRY(read_body(rq, type == BATCH ? INGEST_BATCH_MAX : INGEST_CALL_MAX, &body, e));
	TRY(who(rq, body, p, e));
	struct ingest_from from = { .source = str_c(p->source),
		                    .browser = p->role == ROLE_BROWSER,
		                    .received_at = clock_now() };
	struct db *db = api_desk(rq)->db;
	if (type == BATCH)
		TRY(ingest_batch(db, &from, body, &counts, e));
	else
		TRY(ingest_call(db, &from, (enum ingest_type)type, body, &counts, e));
	if (api_desk(rq)->feed)
		feed_wake(api_desk(rq)->feed);
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kbool(w, "success", true);
	jw_ki64(w, "taken", counts.taken);
	jw_ki64(w, "duplicates", counts.duplicates);
	jw_ki64(w, "dead", counts.dead);
	jw_end_object(w);
	return OK;
}

#define SEGMENT_ROUTE(p, text)                                                                                         \
	{                                                                                                              \
		.method = HTTP_POST, .path = p, .summary = text,                                                       \
		.flags = HTTP_RAW_BODY | HTTP_OPEN | HTTP_CORS | HTTP_BIG_BODY, .answer = "Taken",                     \
		.handle = segment_handle                                                                               \
	}

const struct http_route api_segment_routes[] = {
	SEGMENT_ROUTE("/v1/identify", "Segment: who somebody is (write key)"),
	SEGMENT_ROUTE("/v1/track", "Segment: what somebody did (write key)"),
	SEGMENT_ROUTE("/v1/page", "Segment: a page was seen (write key)"),
	SEGMENT_ROUTE("/v1/screen", "Segment: a screen was seen (write key)"),
	SEGMENT_ROUTE("/v1/group", "Segment: a household (write key)"),
	SEGMENT_ROUTE("/v1/alias", "Segment: two keys are one person (write key)"),
	SEGMENT_ROUTE("/v1/batch", "Segment: many messages (write key)"),
	SEGMENT_ROUTE("/v1/i", "As /v1/identify"),
	SEGMENT_ROUTE("/v1/t", "As /v1/track"),
	SEGMENT_ROUTE("/v1/p", "As /v1/page"),
	SEGMENT_ROUTE("/v1/s", "As /v1/screen"),
	SEGMENT_ROUTE("/v1/g", "As /v1/group"),
	SEGMENT_ROUTE("/v1/a", "As /v1/alias"),
	SEGMENT_ROUTE("/v1/b", "As /v1/batch"),
	{ 0 },
};
