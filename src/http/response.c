/* The answer: written by handlers, handed to libmicrohttpd without a copy. */
#include "http/http_int.h"
#include <strings.h>

void response_init(struct http_response *rs, struct http_request *rq)
{
	rs->rq = rq;
	rs->status = 0;
	rs->type = NULL;
	rs->headers = NULL;
	rs->stream = NULL;
	rs->file_body = NULL;
	memset(&rs->file, 0, sizeof(rs->file));
}

void response_clear(struct http_response *rs)
{
	buf_clear(&rs->out);
	rs->type = NULL;
	rs->file_body = NULL;
	if (rs->stream)
		stream_abandon(rs->stream);
	rs->stream = NULL;
}

struct json_writer *http_json(struct http_response *rs)
{
	if (!rs->type) {
		buf_clear(&rs->out);
		jw_init(&rs->json, &rs->out);
		rs->type = "application/json";
	}
	return &rs->json;
}

void http_status(struct http_response *rs, int status)
{
	rs->status = status;
}

int http_status_of(const struct http_response *rs)
{
	if (rs->status)
		return rs->status;
	return rs->type || rs->stream || rs->file_body ? 200 : 204;
}

static const struct header *header_find(const struct http_response *rs, const char *name)
{
	for (const struct header *h = rs->headers; h; h = h->next)
		if (!strcasecmp(h->name, name))
			return h;
	return NULL;
}

/* A line break in a value would begin a header of its own. */
static bool header_clean(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 && *s != '\t')
			return false;
	return true;
}

void http_set_header(struct http_response *rs, const char *name, const char *value)
{
	struct arena *a = rs->rq->arena;
	struct header *h = arena_alloc(a, sizeof(*h));
	if (!h || !header_clean(value))
		return;
	h->name = arena_strdup(a, name);
	h->value = arena_strdup(a, value);
	if (!h->name || !h->value)
		return;
	h->next = rs->headers;
	rs->headers = h;
}

void http_set_body(struct http_response *rs, struct str body, const char *type)
{
	buf_clear(&rs->out);
	buf_add(&rs->out, body.p, body.n);
	rs->type = arena_strdup(rs->rq->arena, type);
}

struct str http_body_of(const struct http_response *rs)
{
	return buf_view(&rs->out);
}

/* Of several with one name the last one set counts, but for Set-Cookie. */
static bool header_is_last(const struct http_response *rs, const struct header *h)
{
	return !strcasecmp(h->name, "Set-Cookie") || header_find(rs, h->name) == h;
}

static void headers_add(struct MHD_Response *r, struct http_request *rq)
{
	const struct http_response *rs = &rq->rs;
	const struct http_config *config = &rq->server->config;
	for (const struct header *h = rs->headers; h; h = h->next)
		if (header_is_last(rs, h))
			MHD_add_response_header(r, h->name, h->value);
	for (const char *const *p = config->headers; p && p[0]; p += 2)
		if (!header_find(rs, p[0]))
			MHD_add_response_header(r, p[0], p[1]);
	if (rq->server->tls)
		MHD_add_response_header(r, "Strict-Transport-Security", "max-age=31536000");
	if (rq->cors)
		MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
	const char *type = rs->stream ? "text/event-stream" : rs->file_body ? rs->file.type : rs->type;
	if (type && http_status_of(rs) != 304)
		MHD_add_response_header(r, "Content-Type", type);
	if (rs->file_body) {
		MHD_add_response_header(r, "ETag", rs->file.etag);
		MHD_add_response_header(r, "Vary", "Accept-Encoding");
		MHD_add_response_header(r, "Cache-Control",
		                        rs->file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
		if (rs->file_body == &rs->file.gzip && http_status_of(rs) != 304)
			MHD_add_response_header(r, "Content-Encoding", "gzip");
	} else if (!header_find(rs, "Cache-Control")) {
		MHD_add_response_header(r, "Cache-Control", "no-store");
	}
}

enum MHD_Result response_send(struct http_request *rq)
{
	struct http_response *rs = &rq->rs;
	static const struct error full = { ERR_INTERNAL, "answer.too_large", "", "" },
	                          none = { ERR_NOMEM, "nomem", "", "" };
	if (rs->out.failed)
		response_problem(rs, 0, rs->out.n > rs->out.limit / 2 ? &full : &none);

	int status = http_status_of(rs);
	struct str body = rs->file_body ? *rs->file_body : buf_view(&rs->out);
	if (status == 204 || status == 304)
		body.n = 0;
	struct MHD_Response *r = NULL;
	if (rs->stream && !rq->is_head) {
		r = stream_response(rs->stream, rq);
	} else {
		r = MHD_create_response_from_buffer(body.n, (void *)body.p, MHD_RESPMEM_PERSISTENT);
	}
	if (!r)
		return MHD_NO;
	headers_add(r, rq);
	if (rs->stream && !rq->is_head)
		rs->stream = NULL; /* libmicrohttpd's answer owns it now */
	enum MHD_Result res = MHD_queue_response(rq->mhd, (unsigned)status, r);
	MHD_destroy_response(r);
	if (res == MHD_YES && status >= 100 && status < 600)
		atomic_fetch_add_explicit(&rq->server->by_class[status / 100], 1, memory_order_relaxed);
	rq->phase = PHASE_SENT;
	return res;
}
