/* One request from its first line to its answer: what libmicrohttpd calls, in this order: exchange_uri (request line
 * read), exchange_access with the headers, with each piece of the body, at its end, and once more after a worker is
 * done. */
#include "http/http_int.h"

/* ---- The headers are there ----------------------------------------------------------------------------------------
 */

static enum MHD_Result head_visit(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	head_add(cls, str_c(name), str_c(value));
	return MHD_YES;
}

/* The refusal stands; it is sent when the body has been drained. */
static void refuse(struct http_request *rq, int status, enum result result, const char *code, const char *field,
                   const char *detail)
{
	rq->fail_status = status;
	error_set(&rq->error, result, code, field, "%s", detail);
}

static const char *const method_names[HTTP_METHODS] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

static bool method_parse(struct http_request *rq, const char *name)
{
	rq->is_head = !strcmp(name, "HEAD");
	rq->is_options = !strcmp(name, "OPTIONS");
	if (rq->is_head)
		name = "GET";
	for (int m = 0; m < HTTP_METHODS; m++)
		if (!strcmp(name, method_names[m])) {
			rq->method = (enum http_method)m;
			return true;
		}
	return rq->is_options;
}

static void allow_set(struct http_request *rq, const struct route_entry *const *entries)
{
	char allow[64] = "OPTIONS";
	for (int m = 0; m < HTTP_METHODS; m++)
		if (entries ? entries[m] != NULL : m == HTTP_GET) {
			strcat(strcat(allow, ", "), method_names[m]);
			if (m == HTTP_GET)
				strcat(allow, ", HEAD");
		}
	http_set_header(&rq->rs, "Allow", allow);
}

static void options_answer(struct http_request *rq, const struct route_entry *const *entries)
{
	allow_set(rq, entries);
	for (int m = 0; entries && m < HTTP_METHODS; m++)
		if (entries[m] && (entries[m]->route->flags & HTTP_CORS))
			rq->cors = true;
	if (!rq->cors)
		return;
	http_set_header(&rq->rs, "Access-Control-Allow-Methods", "GET, POST");
	http_set_header(&rq->rs, "Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding");
	http_set_header(&rq->rs, "Access-Control-Max-Age", "86400");
}

static void route_find(struct http_request *rq, const char *method)
{
	bool known = method_parse(rq, method);
	const struct route_entry *const *entries =
	        router_find(rq->server->router, rq->target.segments, rq->target.segment_count);
	if (known && rq->is_options) {
		options_answer(rq, entries);
		return;
	}
	rq->entry = known && entries ? entries[rq->method] : NULL;
	if (rq->entry) {
		rq->cors = rq->entry->route->flags & HTTP_CORS;
		return;
	}
	if (!entries && known && rq->method == HTTP_GET && static_answer(rq))
		return;
	if (entries || !known) {
		allow_set(rq, entries);
		refuse(rq, 405, ERR_INVALID, "method.not_allowed", "method", "The method is not allowed here.");
		return;
	}
	refuse(rq, 404, ERR_NOT_FOUND, "path.unknown", "path", "There is nothing at this path.");
}

static void body_expect(struct http_request *rq, const struct head *h)
{
	const struct http_route *route = http_route_of(rq);
	const struct http_config *config = &rq->server->config;
	rq->has_body = h->encodings || h->length > 0;
	rq->body_limit = route && (route->flags & HTTP_BIG_BODY) ? config->big_body_bytes : config->body_bytes;
	if (h->length > (int64_t)rq->body_limit) {
		refuse(rq, 413, ERR_TOO_LARGE, "body.too_large", "body", "The body is too large.");
		return;
	}
	if (!route || !route->body || (route->flags & HTTP_RAW_BODY) || !rq->has_body)
		return;
	if (!head_type_is_json(h->type))
		refuse(rq, 415, ERR_INVALID, "body.type", "Content-Type",
		       "The body must be application/json in UTF-8.");
	else if (h->content_encodings && !str_is(h->content_encoding, "identity"))
		refuse(rq, 415, ERR_INVALID, "body.encoding", "Content-Encoding", "The body must not be compressed.");
}

static void exchange_begin(struct http_request *rq, const char *method, const char *version, struct head *h)
{
	MHD_get_connection_values(rq->mhd, MHD_HEADER_KIND, head_visit, h);
	bool http11 = strcmp(version, "HTTP/1.0") != 0;
	rq->fail_status = head_check(h, http11, &rq->error);
	if (rq->fail_status)
		return;
	if (strncmp(version, "HTTP/1.", 7)) {
		refuse(rq, 400, ERR_INVALID, "request.version", "version", "Only HTTP/1.1 is spoken here.");
		return;
	}
	if (!rq->raw) {
		refuse(rq, 414, ERR_TOO_LARGE, "target.too_long", "path", "The address is too long.");
		return;
	}
	if (target_parse(rq->arena, str_c(rq->raw), &rq->target, &rq->error) != OK) {
		rq->fail_status = http_status_of_result(rq->error.result);
		return;
	}
	((char *)rq->target.path.p)[rq->target.path.n] = 0; /* the query was copied out of the arena's string */
	if (atomic_load(&rq->server->stopping)) {
		refuse(rq, 503, ERR_BUSY, "server.stopping", "", "The server is stopping.");
		return;
	}
	route_find(rq, method);
	if (!rq->fail_status)
		body_expect(rq, h);
}

/* ---- The whole request is there -----------------------------------------------------------------------------------
 */

static enum result body_read(struct http_request *rq)
{
	const struct http_route *route = rq->entry->route;
	if (!route->body || (route->flags & HTTP_RAW_BODY))
		return OK;
	rq->body_struct = arena_alloc(rq->arena, route->body_size);
	if (!rq->body_struct)
		return error_nomem(&rq->error);
	if (rq->body.n == 0) {
		for (const struct json_field *f = route->body; f->name; f++)
			if (f->flags & JSON_REQUIRED)
				return error_set(&rq->error, ERR_INVALID, "body.missing", "body",
				                 "A JSON body is needed here.");
		return OK;
	}
	const struct json_limits limits = { .bytes = rq->body_limit, .depth = 0 };
	TRY(json_parse(buf_view(&rq->body), &limits, &rq->json, &rq->error));
	return json_read(rq->json, route->body, true, "", rq->body_struct, &rq->error);
}

static enum result handle(struct http_request *rq, bool inline_)
{
	const struct http_config *config = &rq->server->config;
	struct error *e = &rq->error;
	if (config->authorise && !inline_)
		TRY(config->authorise(config->ctx, rq, &rq->rs, e));
	TRY(params_read(rq->entry, &rq->target, rq->params, e));
	TRY(body_read(rq));
	return rq->entry->route->handle(rq, &rq->rs, e);
}

static void run(struct http_request *rq, bool inline_)
{
	enum result r = handle(rq, inline_);
	if (r != OK && rq->error.result != r)
		error_set(&rq->error, r, result_name(r), NULL, "%s", "");
	if (r != OK)
		response_problem(&rq->rs, 0, &rq->error);
	else
		rq->error.result = OK;
	const struct http_config *config = &rq->server->config;
	if (config->finish && !inline_)
		config->finish(config->ctx, rq, &rq->rs);
}

void exchange_run(struct http_request *rq)
{
	run(rq, false);
}

static enum MHD_Result answer(struct http_request *rq)
{
	if (rq->fail_status) {
		response_problem(&rq->rs, rq->fail_status, &rq->error);
		rq->fail_status = 0;
	}
	watcher_deadline(rq->server->watcher, rq->conn, rq->rs.stream ? 0 : HTTP_SEND_MS);
	return response_send(rq);
}

static enum MHD_Result exchange_complete(struct http_request *rq)
{
	watcher_deadline(rq->server->watcher, rq->conn, 0);
	if (rq->fail_status || !rq->entry)
		return answer(rq); /* refused, OPTIONS, static */
	if (rq->entry->route->flags & HTTP_INLINE) {
		run(rq, true);
		return answer(rq);
	}
	rq->phase = PHASE_WORK;
	if (workers_push(rq->server->workers, rq))
		return MHD_YES;
	atomic_fetch_add(&rq->server->rejected, 1);
	refuse(rq, 429, ERR_LIMIT, "server.overloaded", "", "Too many requests are waiting.");
	return answer(rq);
}

/* ---- Called by libmicrohttpd --------------------------------------------------------------------------------------
 */

static enum MHD_Result exchange_head(struct http_request *rq, const char *method, const char *version)
{
	struct head h = { 0 };
	rq->phase = PHASE_BODY;
	exchange_begin(rq, method, version, &h);
	watcher_deadline(rq->server->watcher, rq->conn, rq->server->config.body_ms);
	/* Nothing of the body is under way yet, or too much to wait for: answer now, the connection closes. */
	if (rq->fail_status && (h.expect || h.length > HTTP_DRAIN_BYTES))
		return answer(rq);
	return MHD_YES;
}

static enum MHD_Result exchange_take(struct http_request *rq, const char *data, size_t size)
{
	const struct http_route *route = http_route_of(rq);
	rq->drained += size;
	if (rq->drained > HTTP_DRAIN_BYTES)
		return MHD_NO;
	if (rq->fail_status)
		return MHD_YES;
	if (rq->drained > rq->body_limit) {
		refuse(rq, 413, ERR_TOO_LARGE, "body.too_large", "body", "The body is too large.");
		return MHD_YES;
	}
	if (route && (route->body || (route->flags & HTTP_RAW_BODY)))
		buf_add(&rq->body, data, size);
	if (rq->body.failed)
		refuse(rq, 503, ERR_NOMEM, "nomem", "", "Out of memory.");
	return MHD_YES;
}

enum MHD_Result exchange_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *data, size_t *size, void **con_cls)
{
	struct http_request *rq = *con_cls;
	(void)cls, (void)mhd, (void)url;
	if (!rq)
		return MHD_NO; /* out of memory at its first line */
	switch (rq->phase) {
	case PHASE_HEAD:
		return exchange_head(rq, method, version);
	case PHASE_BODY:
		if (*size) {
			enum MHD_Result r = exchange_take(rq, data, *size);
			*size = 0;
			return r;
		}
		return exchange_complete(rq);
	case PHASE_WORK:
		return answer(rq);
	default:
		return MHD_NO;
	}
}

static struct conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static void request_done(struct http_server *s, struct conn *c)
{
	if (!c->rq)
		return;
	if (c->rq->phase != PHASE_SENT)
		atomic_fetch_add_explicit(&s->by_class[0], 1, memory_order_relaxed);
	request_free(c->rq);
	c->rq = NULL;
	atomic_fetch_sub(&s->active, 1);
}

void *exchange_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct http_server *s = cls;
	struct conn *c = conn_of(mhd);
	if (!c)
		return NULL;
	request_done(s, c);
	c->rq = request_new(s, mhd, uri);
	if (!c->rq)
		return NULL;
	c->rq->conn = c;
	atomic_fetch_add_explicit(&s->requests, 1, memory_order_relaxed);
	atomic_fetch_add(&s->active, 1);
	watcher_deadline(s->watcher, c, s->config.header_ms);
	return c->rq;
}

void exchange_completed(void *cls, struct MHD_Connection *mhd, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct http_server *s = cls;
	struct conn *c = conn_of(mhd);
	(void)why;
	*con_cls = NULL;
	if (!c)
		return;
	request_done(s, c);
	watcher_deadline(s->watcher, c, HTTP_IDLE_MS);
}

void exchange_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                         enum MHD_ConnectionNotificationCode code)
{
	struct http_server *s = cls;
	struct conn *c = *socket_context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = c = info ? mem_calloc(1, sizeof(*c)) : NULL;
		if (!c)
			return;
		c->fd = info->connect_fd;
		watcher_deadline(s->watcher, c, s->config.header_ms);
		watcher_add(s->watcher, c);
	} else if (c) {
		request_done(s, c);
		watcher_remove(s->watcher, c);
		mem_free(c);
		*socket_context = NULL;
	}
}
