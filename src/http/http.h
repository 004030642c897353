/* HTTP/1.1 on libmicrohttpd: listener, limits, router, server-sent events. Knows nothing of rooms or roles.
 *
 * Threads: a few libmicrohttpd threads a core read requests and writes answers and never blocks. When a request is
 * complete its connection is suspended and a pool of workers runs the handler, which may block on the database; so many
 * writes are in flight at once and commit as groups. */
#ifndef BYNAME_HTTP_H
#define BYNAME_HTTP_H

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_METHODS };

struct http_request;
struct http_response;
struct http_server;
struct http_streams;

/* ---- Routes are data -------------------------------------------------------------------------------------------- */

struct http_param {
	const char *name;
	enum json_field_type type; /* JF_STR JF_I64 JF_BOOL JF_TIME JF_ID JF_ENUM */
	bool required;
	int64_t min, max;  /* as in struct json_field */
	const char *names; /* JF_ENUM */
	const char *doc;
};

struct http_route {
	enum http_method method;
	const char *path;                /* "/v1/customers/{customer}/notes": {name} takes one segment */
	const char *summary;             /* one line for the API description */
	unsigned roles;                  /* who may call it: bits that the authorise hook understands; 0: everybody */
	const char *purpose;             /* why personal data is read, for the audit trail; NULL: none is */
	unsigned flags;                  /* HTTP_… below */
	const struct http_param *params; /* each {name} of the path, and the query; ended by a NULL name; NULL: none */
	const struct json_field *body;   /* JSON body spec; NULL: no body is read */
	size_t body_size;                /* sizeof the struct that body fills */
	const char *answer;              /* name of the answer's schema in api/openapi.c; NULL: 204 */
	const char *errors;              /* "404 409": beyond 400 401 403 413 415 429 503 */
	enum result (*handle)(struct http_request *rq, struct http_response *rs, struct error *e);
};

#define HTTP_IDEMPOTENT 1u /* a write that takes Idempotency-Key; the authorise hook and api/ carry it out */
#define HTTP_RAW_BODY 2u   /* the handler reads http_body() itself (Segment: text/plain, gzip) */
#define HTTP_OPEN 4u       /* no sign-in needed */
#define HTTP_STREAM 8u     /* answers with server-sent events */
#define HTTP_BIG_BODY 16u  /* up to config.big_body_bytes */
#define HTTP_CORS 32u      /* any origin may call it (browser write keys) */
#define HTTP_INLINE 64u    /* runs on the io thread: never blocks; only with HTTP_OPEN; authorise, finish: not called */

/* ---- Server ----------------------------------------------------------------------------------------------------- */

/* A static file, in memory that outlives the server. */
struct http_file {
	struct str body, gzip; /* gzip: the same, compressed; empty where there is none */
	const char *type, *etag;
	bool immutable; /* its name carries a hash of its content: cache for ever */
};

struct http_config {
	const char *bind;                       /* "127.0.0.1"; plain HTTP is refused on anything but loopback */
	int port;                               /* 0: any free one */
	const char *unix_path;                  /* instead of bind and port: a local socket (mode 0600); NULL */
	const char *tls_cert, *tls_key;         /* PEM files; both or neither */
	int io_threads;                         /* 0: 8 a core (server.c says why), at most 64 */
	int workers;                            /* 0: 48 */
	int queue;                              /* requests that may wait for a worker before 429; 0: 4,096 */
	size_t body_bytes;                      /* 0: 256 KiB */
	size_t big_body_bytes;                  /* 0: 1 MiB */
	int max_connections;                    /* 0: 16,000 */
	int header_ms, body_ms;                 /* slow senders are cut off; 0: 10 s, 30 s */
	const struct http_route *const *routes; /* NULL-ended list of arrays, each ended by a NULL path */
	/* Called on the worker before the handler; fills rq's principal (http_set_principal) or raises
	 * ERR_UNAUTHORIZED, ERR_FORBIDDEN, ERR_LIMIT. May be NULL. */
	enum result (*authorise)(void *ctx, struct http_request *rq, struct http_response *rs, struct error *e);
	/* Called on the worker after the handler, whatever came out, before the answer is queued. May be NULL. */
	void (*finish)(void *ctx, struct http_request *rq, struct http_response *rs);
	/* GET of a path that no route has; path decoded, without leading slash. Runs on the io thread, never blocks.
	 * Fills out, or answers through rs itself and leaves out empty; false: 404. May be NULL. */
	bool (*static_file)(void *ctx, const char *path, struct http_response *rs, struct http_file *out);
	/* Name, value, name, value, …, NULL: set on every answer unless the answer itself has that header.
	 * Strict-Transport-Security is added under TLS. Borrowed. May be NULL. */
	const char *const *headers;
	void *ctx;
};

/* Starts listening. ERR_INVALID "http.plain_off_loopback", "http.tls", "http.route" (a bug in the table), ERR_IO
 * "http.bind". Raises the process's limit of open files as far as it needs and may. */
/* What http_start() refuses at once: address, plain off loopback, half a TLS pair. */
MUST_CHECK enum result http_check(const struct http_config *config, struct error *e);
MUST_CHECK enum result http_start(const struct http_config *config, struct http_server **out, struct error *e);
int http_port(const struct http_server *s);
/* Reads certificate and key again, for connections that begin from now on; ERR_INVALID "http.tls", and the old ones
 * stay, when they are broken or do not fit. All TLS listeners of a process show the certificate that was read last. */
MUST_CHECK enum result http_tls_reload(struct http_server *s, struct error *e);
/* No new requests, running ones finish (idle connections get ≤ 5 s), streams end. Until http_stop() others may still
 * publish. */
void http_quiesce(struct http_server *s);
void http_stop(struct http_server *s); /* quiesces, and frees; NULL allowed */

struct http_stats {
	int64_t requests, by_class[6]; /* answers by first digit of their status; [0]: none was sent */
	int64_t connections_now, streams_now, queue_now;
	int64_t rejected; /* queue full: 429 */
	int64_t reaped;   /* slow senders that were cut off */
};
void http_stats_get(struct http_server *s, struct http_stats *out);

/* ---- In a handler ----------------------------------------------------------------------------------------------- */

const struct http_route *http_route_of(const struct http_request *rq); /* NULL for static files */
enum http_method http_method_of(const struct http_request *rq);
const char *http_path(const struct http_request *rq); /* as sent, without the query */
/* In finish: the error that became a problem document; its result is OK when none did. */
const struct error *http_error_of(const struct http_request *rq);
struct http_server *http_server_of(const struct http_request *rq);
struct arena *http_arena(struct http_request *rq);                       /* lives until the answer is sent */
void *http_ctx(struct http_request *rq);                                 /* config.ctx */
struct str http_header(const struct http_request *rq, const char *name); /* empty view where absent */
struct str http_cookie(const struct http_request *rq, const char *name);
const char *http_remote(const struct http_request *rq); /* the peer's address as text; "local" on a local socket */
bool http_is_tls(const struct http_request *rq);
struct str http_body(const struct http_request *rq);
/* The struct filled by route->body; borrowed, NULL when the route has none. */
const void *http_body_struct(const struct http_request *rq);
const struct json *http_body_json(const struct http_request *rq);

/* Parameters were validated against route->params before the handler runs. has: whether it was given. */
struct str http_param_str(const struct http_request *rq, const char *name);
int64_t http_param_i64(const struct http_request *rq, const char *name,
                       int64_t otherwise); /* also TIME, ID, ENUM, BOOL */
bool http_has_param(const struct http_request *rq, const char *name);

/* Whatever the authorise hook found out about the caller; owned by the hook, in the request's arena. */
void http_set_principal(struct http_request *rq, void *principal);
void *http_principal(const struct http_request *rq);

/* The answer: write JSON to http_json(), or set a body of another type. The default status is 200, or 204 when nothing
 * was written. An error returned by the handler becomes application/problem+json (RFC 9457):
 * {"type":"about:blank","title","status","code","field","detail"}; 500s carry no detail. */
struct json_writer *http_json(struct http_response *rs);
void http_status(struct http_response *rs, int status);
int http_status_of(const struct http_response *rs);
void http_set_header(struct http_response *rs, const char *name, const char *value); /* copied */
void http_set_body(struct http_response *rs, struct str body, const char *type);     /* copied */
struct str http_body_of(const struct http_response *rs);                             /* what was written so far */
int http_status_of_result(enum result r); /* ERR_INVALID → 400, ERR_MISMATCH → 422, ERR_LIMIT → 429, … */

/* ---- Server-sent events ----------------------------------------------------------------------------------------- */

/* Turns this answer into an event stream that hears the topics (strings like "customer:12345", copied; ≤ 64). Its first
 * event is "hello".
 * owner: the user's id, for http_stream_drop(). The server sends a comment every 15 s. A stream whose client reads too
 * slowly (64 KiB pending) is closed; the browser connects again and reloads. */
MUST_CHECK enum result http_stream_open(struct http_request *rq, struct http_response *rs, const char *const *topics,
                                        size_t count, int64_t owner, struct error *e);
/* Sends an event to every stream that hears the topic. data: one line of JSON, never personal data: ids only.
 * Thread-safe, does not block. Returns the number of streams reached. */
int http_publish(struct http_server *s, const char *topic, const char *event, struct str data);
void http_stream_drop(struct http_server *s, int64_t owner); /* sign-out, rights taken away */

#endif
