/* What the files of http/ share. */
#ifndef BYNAME_HTTP_INT_H
#define BYNAME_HTTP_INT_H

#include "http/http.h"
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- Limits ----------------------------------------------------------------------------------------------------- */

#define HTTP_TARGET_BYTES 8192         /* request target as sent: 414 */
#define HTTP_HEAD_BYTES (16 * 1024)    /* names and values of all header lines: 431 */
#define HTTP_HEAD_LINES 100            /* 431 */
#define HTTP_POOL_BYTES (32 * 1024)    /* libmicrohttpd's memory a connection; beyond it answers 431 itself */
#define HTTP_SEGMENTS 24               /* of a path */
#define HTTP_QUERY_PARAMS 32           /* of a query */
#define HTTP_ROUTE_PARAMS 24           /* of a route's table */
#define HTTP_DRAIN_BYTES (8 << 20)     /* of a refused body read before the connection is cut */
#define HTTP_ARENA_BYTES (32 << 20)    /* a request's memory */
#define HTTP_IDLE_MS 75000             /* keep-alive: from one answer to the next request's headers */
#define HTTP_SEND_MS 120000            /* to take an answer */
#define HTTP_TICK_MS 200               /* how often the watcher looks */
#define HTTP_STOP_MS 5000              /* running requests get this long */
#define HTTP_STREAM_PENDING (64 << 10) /* bytes a slow stream may owe */
#define HTTP_STREAM_PING_MS 15000
#define HTTP_STREAM_TOPICS 64
#define HTTP_POOLED_REQUESTS 256 /* kept for re-use */

/* ---- Request target -----------------------------------------------------------------------------------------------
 */

/* A request target taken apart; everything percent-decoded into the arena and checked to be UTF-8 without controls. */
struct target {
	struct str path; /* as sent */
	struct str segments[HTTP_SEGMENTS];
	size_t segment_count;
	struct str names[HTTP_QUERY_PARAMS], values[HTTP_QUERY_PARAMS];
	size_t param_count;
};
/* ERR_INVALID "target.malformed", "target.encoding" (field "path" or "query"). */
MUST_CHECK enum result target_parse(struct arena *a, struct str raw, struct target *out, struct error *e);

/* ---- Router -------------------------------------------------------------------------------------------------------
 */

/* A route made ready: every parameter and where it is. A path name that the table does not describe is a bug. */
struct route_entry {
	const struct http_route *route;
	struct {
		const struct http_param *spec;
		int segment; /* in the path; -1: in the query */
	} params[HTTP_ROUTE_PARAMS];
	size_t param_count;
};
struct router;
MUST_CHECK enum result router_new(const struct http_route *const *routes, struct router **out, struct error *e);
void router_free(struct router *r);
/* The entries by method at this path, or NULL. */
const struct route_entry *const *router_find(const struct router *r, const struct str *segments, size_t count);

/* A parameter's value. */
struct param_value {
	struct str text;
	int64_t i;
	bool has;
};
/* Fills values (one for each of entry->params). ERR_INVALID "param.…", field: the parameter. */
MUST_CHECK enum result params_read(const struct route_entry *entry, const struct target *t, struct param_value *values,
                                   struct error *e);

/* ---- Headers ------------------------------------------------------------------------------------------------------
 */

/* What the header lines that concern the message itself said. */
struct head {
	int hosts, lengths, encodings, types, content_encodings;
	size_t bytes, lines;
	struct str host, length_text, encoding, type, content_encoding;
	int64_t length; /* -1: none */
	bool malformed; /* a control character in a value */
	bool expect;    /* Expect: is there */
};
void head_add(struct head *h, struct str name, struct str value);
/* 0, or the status of the refusal, with *e filled. http11: false for HTTP/1.0. */
int head_check(struct head *h, bool http11, struct error *e);
bool head_type_is_json(struct str content_type);

/* ---- Connections, requests ------------------------------------------------------------------------------------------
 */

struct conn {
	struct conn *prev, *next;
	struct http_request *rq;  /* the one under way */
	_Atomic int64_t deadline; /* ms of the watcher's clock; 0: none */
	int fd;
};

struct header {
	const char *name, *value;
	struct header *next;
};

struct stream;

struct http_response {
	struct http_request *rq;
	int status; /* 0: 200 or 204 */
	struct buf out;
	struct json_writer json;
	const char *type; /* NULL: nothing was written */
	struct header *headers;
	struct stream *stream;
	struct http_file file;
	const struct str *file_body; /* file.body or file.gzip; NULL: out */
};

enum phase { PHASE_HEAD, PHASE_BODY, PHASE_WORK, PHASE_SENT };

struct http_request {
	struct http_server *server;
	struct http_request *next; /* in the pool or the workers' queue */
	struct conn *conn;
	struct MHD_Connection *mhd;
	struct arena *arena;
	char *raw; /* target as sent, in the arena; NULL: too long */
	struct target target;
	const struct route_entry *entry;
	struct param_value params[HTTP_ROUTE_PARAMS];
	struct buf body;
	size_t body_limit, drained;
	struct json *json;
	void *body_struct, *principal;
	int fail_status; /* decided before the body came; the answer waits until it is drained */
	struct error error;
	struct http_response rs;
	enum phase phase;
	enum http_method method;
	bool is_head, is_options, cors, has_body;
};

struct http_request *request_new(struct http_server *s, struct MHD_Connection *mhd, const char *uri);
void request_free(struct http_request *rq);
void request_pool_free(struct http_server *s);

/* ---- The exchange: what libmicrohttpd calls --------------------------------------------------------------------- */

enum MHD_Result exchange_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *data, size_t *size, void **con_cls);
void *exchange_uri(void *cls, const char *uri, struct MHD_Connection *mhd);
void exchange_completed(void *cls, struct MHD_Connection *mhd, void **con_cls, enum MHD_RequestTerminationCode why);
void exchange_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                         enum MHD_ConnectionNotificationCode code);
/* Authorise, parameters, body, handler, finish. On a worker. */
void exchange_run(struct http_request *rq);

/* ---- Answers --------------------------------------------------------------------------------------------------------
 */

void response_init(struct http_response *rs, struct http_request *rq);
void response_clear(struct http_response *rs); /* body and stream away, headers stay */
/* status 0: from e->result. */
void response_problem(struct http_response *rs, int status, const struct error *e);
enum MHD_Result response_send(struct http_request *rq);
/* Answers a GET from the static files; false when there is none. */
bool static_answer(struct http_request *rq);

/* ---- Streams ------------------------------------------------------------------------------------------------------
 */

struct http_streams *streams_new(int epoll_fd);
void streams_free(struct http_streams *ss);
void streams_stop(struct http_streams *ss); /* closes all, refuses new ones */
int64_t streams_count(struct http_streams *ss);
void streams_ping(struct http_streams *ss, int64_t now_ms);
void streams_hangup(struct http_streams *ss, uint64_t key); /* the peer of that stream left */
struct MHD_Response *stream_response(struct stream *st, struct http_request *rq);
void stream_abandon(struct stream *st); /* opened, but never answered */

/* ---- Workers, watcher ---------------------------------------------------------------------------------------------
 */

struct workers;
struct workers *workers_new(int count, int queue_max);
/* Suspends the connection and queues the request; false when the queue is full. */
bool workers_push(struct workers *w, struct http_request *rq);
int64_t workers_queued(struct workers *w);
void workers_drain(struct workers *w); /* takes no more, waits until no request is queued or running */
void workers_free(struct workers *w);

struct watcher;
struct watcher *watcher_new(void);
MUST_CHECK bool watcher_start(struct watcher *w, struct http_streams *ss);
void watcher_free(struct watcher *w);
int watcher_epoll(const struct watcher *w);
void watcher_add(struct watcher *w, struct conn *c);
void watcher_remove(struct watcher *w, struct conn *c);
int64_t watcher_connections(struct watcher *w);
int64_t watcher_reaped(struct watcher *w);
/* The deadline of a connection: in ms from now; 0: none. */
void watcher_deadline(struct watcher *w, struct conn *c, int64_t in_ms);

/* ---- Server ---------------------------------------------------------------------------------------------------------
 */

struct http_server {
	struct http_config config;
	struct MHD_Daemon *daemon;
	struct router *router;
	struct workers *workers;
	struct watcher *watcher;
	struct http_streams *streams;
	int listen_fd, port;
	bool tls, quiet;
	_Atomic bool stopping;
	_Atomic int64_t requests, by_class[6], rejected, active;
	pthread_mutex_t pool_lock;
	struct http_request *pool;
	int pooled;
};

/* ---- TLS -------------------------------------------------------------------------------------------------------- */

/* Reads both files and shows that certificate from now on; nothing changes when they are broken: ERR_INVALID
 * "http.tls". */
MUST_CHECK enum result tls_read(const char *cert_path, const char *key_path, struct error *e);
/* The same for a listener that begins, until tls_close(). */
MUST_CHECK enum result tls_open(const char *cert_path, const char *key_path, struct error *e);
void tls_close(void);
/* GnuTLS' callback: what to show. */
int tls_identity(gnutls_session_t session, const gnutls_datum_t *req_ca_rdn, int nreqs,
                 const gnutls_pk_algorithm_t *pk_algos, int pk_algos_length, gnutls_pcert_st **chain, unsigned *count,
                 gnutls_privkey_t *key);

#endif
