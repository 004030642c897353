/* A request object: pooled, one arena each; and what handlers ask of it. */
#include "http/http_int.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define KEPT_BODY_BYTES (64 << 10) /* bigger buffers are given back between requests */

static struct http_request *pool_take(struct http_server *s)
{
	pthread_mutex_lock(&s->pool_lock);
	struct http_request *rq = s->pool;
	if (rq) {
		s->pool = rq->next;
		s->pooled--;
	}
	pthread_mutex_unlock(&s->pool_lock);
	return rq;
}

static void request_destroy(struct http_request *rq)
{
	arena_free(rq->arena);
	buf_free(&rq->body);
	buf_free(&rq->rs.out);
	mem_free(rq);
}

static struct http_request *request_make(void)
{
	struct http_request *rq = mem_calloc(1, sizeof(*rq));
	if (!rq)
		return NULL;
	rq->arena = arena_new(HTTP_ARENA_BYTES);
	if (!rq->arena) {
		mem_free(rq);
		return NULL;
	}
	buf_init(&rq->body, 0);
	buf_init(&rq->rs.out, 0);
	return rq;
}

struct http_request *request_new(struct http_server *s, struct MHD_Connection *mhd, const char *uri)
{
	struct http_request *rq = pool_take(s);
	if (!rq)
		rq = request_make();
	if (!rq)
		return NULL;
	rq->server = s;
	rq->mhd = mhd;
	rq->next = NULL;
	size_t n = strlen(uri);
	rq->raw = n <= HTTP_TARGET_BYTES ? arena_strndup(rq->arena, uri, n) : NULL;
	rq->entry = NULL;
	rq->target.path = (struct str){ "", 0 };
	rq->target.segment_count = rq->target.param_count = 0;
	rq->body_limit = rq->drained = 0;
	rq->json = NULL;
	rq->body_struct = rq->principal = NULL;
	rq->fail_status = 0;
	rq->error.result = OK;
	rq->phase = PHASE_HEAD;
	rq->method = HTTP_GET;
	rq->is_head = rq->is_options = rq->cors = rq->has_body = false;
	response_init(&rq->rs, rq);
	if (n <= HTTP_TARGET_BYTES && !rq->raw) {
		request_free(rq);
		return NULL;
	}
	return rq;
}

void request_free(struct http_request *rq)
{
	struct http_server *s = rq->server;
	json_free(rq->json);
	rq->json = NULL;
	if (rq->rs.stream)
		stream_abandon(rq->rs.stream);
	rq->rs.stream = NULL;
	if (rq->body.cap > KEPT_BODY_BYTES)
		buf_free(&rq->body);
	if (rq->rs.out.cap > KEPT_BODY_BYTES)
		buf_free(&rq->rs.out);
	buf_clear(&rq->body);
	buf_clear(&rq->rs.out);
	arena_reset(rq->arena);
	pthread_mutex_lock(&s->pool_lock);
	bool keep = s->pooled < HTTP_POOLED_REQUESTS;
	if (keep) {
		rq->next = s->pool;
		s->pool = rq;
		s->pooled++;
	}
	pthread_mutex_unlock(&s->pool_lock);
	if (!keep)
		request_destroy(rq);
}

void request_pool_free(struct http_server *s)
{
	while (s->pool) {
		struct http_request *rq = s->pool;
		s->pool = rq->next;
		request_destroy(rq);
	}
}

/* ---- What handlers ask --------------------------------------------------------------------------------------------
 */

const struct http_route *http_route_of(const struct http_request *rq)
{
	return rq->entry ? rq->entry->route : NULL;
}

enum http_method http_method_of(const struct http_request *rq)
{
	return rq->method;
}

const char *http_path(const struct http_request *rq)
{
	return rq->target.path.p;
}

const struct error *http_error_of(const struct http_request *rq)
{
	return &rq->error;
}

struct http_server *http_server_of(const struct http_request *rq)
{
	return rq->server;
}

struct arena *http_arena(struct http_request *rq)
{
	return rq->arena;
}

void *http_ctx(struct http_request *rq)
{
	return rq->server->config.ctx;
}

struct str http_header(const struct http_request *rq, const char *name)
{
	const char *v = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, name);
	return (struct str){ v ? v : "", v ? strlen(v) : 0 };
}

struct str http_cookie(const struct http_request *rq, const char *name)
{
	struct str rest = http_header(rq, "Cookie"), part;
	size_t n = strlen(name);
	while (str_split(&rest, ';', &part)) {
		part = str_trim(part);
		if (part.n > n && part.p[n] == '=' && !memcmp(part.p, name, n))
			return (struct str){ part.p + n + 1, part.n - n - 1 };
	}
	return (struct str){ "", 0 };
}

const char *http_remote(const struct http_request *rq)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info ? info->client_addr : NULL;
	char text[INET6_ADDRSTRLEN];
	if (sa && sa->sa_family == AF_INET &&
	    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, text, sizeof(text)))
		return arena_strdup(rq->arena, text);
	if (sa && sa->sa_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, text, sizeof(text)))
		return arena_strdup(rq->arena, text);
	return "local";
}

bool http_is_tls(const struct http_request *rq)
{
	return rq->server->tls;
}

struct str http_body(const struct http_request *rq)
{
	return buf_view(&rq->body);
}

const void *http_body_struct(const struct http_request *rq)
{
	return rq->body_struct;
}

const struct json *http_body_json(const struct http_request *rq)
{
	return rq->json;
}

void http_set_principal(struct http_request *rq, void *principal)
{
	rq->principal = principal;
}

void *http_principal(const struct http_request *rq)
{
	return rq->principal;
}
