/* Starting and stopping: the listening socket, libmicrohttpd, workers, watcher. */
#include "http/http_int.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_BACKLOG 1024
#define INACTIVE_S 60 /* libmicrohttpd's own time-out: nothing read or written */
#define SPARE_FILES 512
/* libmicrohttpd walks a thread's whole list of suspended connections for each one that is resumed; every event stream
 * stands in such a list. With 9,500 streams a request through the workers cost 121 us of CPU on 2 threads, 38 on 16 (28
 * with no stream, on either). */
#define IO_THREADS_A_CORE 8
#define IO_THREADS_MAX 64

/* ---- Listening ----------------------------------------------------------------------------------------------------
 */

static enum result bind_fault(const char *where, struct error *e)
{
	return error_set(e, ERR_IO, "http.bind", NULL, "Cannot listen on %s: %s.", where, strerror(errno));
}

static enum result listen_on(int fd, const struct sockaddr *sa, socklen_t n, const char *where, struct error *e)
{
	if (bind(fd, sa, n) || listen(fd, LISTEN_BACKLOG))
		return bind_fault(where, e);
	return OK;
}

/* A socket left by a process that is gone is removed; one that answers is not ours. */
static enum result unix_clear(const char *path, const struct sockaddr_un *sa, struct error *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0;
	if (fd >= 0)
		close(fd);
	struct stat st;
	if (alive) {
		errno = EADDRINUSE;
		return bind_fault(path, e);
	}
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	return OK;
}

static enum result listen_unix(const char *path, int fd, struct error *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sa.sun_path))
		return error_set(e, ERR_INVALID, "http.bind", NULL, "The socket's path is longer than %zu bytes.",
		                 sizeof(sa.sun_path) - 1);
	strcpy(sa.sun_path, path);
	TRY(unix_clear(path, &sa, e));
	fchmod(fd, 0600); /* before bind: the file never exists with more */
	TRY(listen_on(fd, (const struct sockaddr *)&sa, sizeof(sa), path, e));
	if (chmod(path, 0600))
		return bind_fault(path, e);
	return OK;
}

struct address {
	struct sockaddr_storage sa;
	socklen_t n;
	bool loopback;
};

static bool address_parse(const char *bind_to, int port, struct address *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->sa;
	memset(out, 0, sizeof(*out));
	if (!bind_to || !strcmp(bind_to, "localhost"))
		bind_to = "127.0.0.1";
	if (inet_pton(AF_INET, bind_to, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		out->n = sizeof(*v4);
		out->loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
		return true;
	}
	if (inet_pton(AF_INET6, bind_to, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		out->n = sizeof(*v6);
		out->loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return true;
	}
	return false;
}

enum result http_check(const struct http_config *c, struct error *e)
{
	struct address a = { .n = 0 };
	if (c->unix_path)
		return OK;
	if (!address_parse(c->bind, c->port, &a))
		return error_set(e, ERR_INVALID, "http.bind", "bind", "\"%s\" is not an IP address.", c->bind);
	if (!a.loopback && !c->tls_cert && !c->tls_key)
		return error_set(e, ERR_INVALID, "http.plain_off_loopback", "bind",
		                 "Plain HTTP is refused on %s: give a certificate and its key, or listen on 127.0.0.1.",
		                 c->bind);
	if (!c->tls_cert != !c->tls_key)
		return error_set(e, ERR_INVALID, "http.tls", NULL, "TLS needs both a certificate and its key.");
	return OK;
}

static enum result socket_open(struct http_server *s, struct error *e)
{
	const struct http_config *c = &s->config;
	struct address a = { .n = 0 };
	const int on = 1;
	if (!c->unix_path && !address_parse(c->bind, c->port, &a))
		return error_set(e, ERR_INVALID, "http.bind", "bind", "\"%s\" is not an IP address.", c->bind);

	s->listen_fd = socket(c->unix_path ? AF_UNIX : a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return bind_fault("a socket", e);
	if (c->unix_path)
		return listen_unix(c->unix_path, s->listen_fd, e);
	setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(s->listen_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* accepted sockets inherit it */
	char where[96];
	snprintf(where, sizeof(where), "%s port %d", c->bind ? c->bind : "127.0.0.1", c->port);
	TRY(listen_on(s->listen_fd, (const struct sockaddr *)&a.sa, a.n, where, e));
	if (getsockname(s->listen_fd, (struct sockaddr *)&a.sa, &a.n))
		return bind_fault(where, e);
	s->port = ntohs(a.sa.ss_family == AF_INET ? ((struct sockaddr_in *)&a.sa)->sin_port
	                                          : ((struct sockaddr_in6 *)&a.sa)->sin6_port);
	return OK;
}

/* ---- Start ----------------------------------------------------------------------------------------------------------
 */

static void config_defaults(struct http_config *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (!c->io_threads)
		c->io_threads = IO_THREADS_A_CORE * (cores > 0 ? (int)cores : 1);
	if (c->io_threads > IO_THREADS_MAX)
		c->io_threads = IO_THREADS_MAX;
	c->workers = c->workers ? c->workers : 48;
	c->queue = c->queue ? c->queue : 4096;
	c->body_bytes = c->body_bytes ? c->body_bytes : 256 << 10;
	c->big_body_bytes = c->big_body_bytes ? c->big_body_bytes : 1 << 20;
	c->max_connections = c->max_connections ? c->max_connections : 16000;
	c->header_ms = c->header_ms ? c->header_ms : 10000;
	c->body_ms = c->body_ms ? c->body_ms : 30000;
}

static void files_raise(int connections)
{
	struct rlimit rl;
	rlim_t want = (rlim_t)connections + SPARE_FILES;
	if (getrlimit(RLIMIT_NOFILE, &rl) || rl.rlim_cur >= want)
		return;
	rl.rlim_cur = rl.rlim_max < want ? rl.rlim_max : want;
	setrlimit(RLIMIT_NOFILE, &rl);
}

/* Percent-decoding is ours (target.c): libmicrohttpd's takes what is malformed. */
static size_t unescape_not(void *cls, struct MHD_Connection *mhd, char *s)
{
	(void)cls, (void)mhd;
	return strlen(s);
}

static enum result daemon_start(struct http_server *s, struct error *e)
{
	const struct http_config *c = &s->config;
	struct MHD_OptionItem options[16] = {
		{ MHD_OPTION_LISTEN_SOCKET, s->listen_fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, c->max_connections, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_POOL_BYTES, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, INACTIVE_S, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_uri, s },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_completed, s },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)exchange_connection, s },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)unescape_not, NULL },
	};
	int n = 9;
	if (c->io_threads > 1)
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, c->io_threads, NULL };
	if (s->tls) {
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)tls_identity };
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
			                                "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" };
	}
	options[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	unsigned flags =
	        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (s->tls ? MHD_USE_TLS : MHD_USE_TURBO);
	s->daemon =
	        MHD_start_daemon(flags, 0, NULL, NULL, exchange_access, s, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (s->daemon)
		return OK;
	if (s->tls)
		return error_set(e, ERR_IO, "http.bind", NULL, "The HTTPS listener did not start.");
	return error_set(e, ERR_IO, "http.bind", NULL, "The HTTP listener did not start.");
}

static enum result parts_start(struct http_server *s, struct error *e)
{
	TRY(http_check(&s->config, e));
	TRY(router_new(s->config.routes, &s->router, e));

	if (s->config.tls_cert) {
		TRY(tls_open(s->config.tls_cert, s->config.tls_key, e));
		s->tls = true;
	}
	TRY(socket_open(s, e));
	files_raise(s->config.max_connections);
	s->watcher = watcher_new();
	s->streams = s->watcher ? streams_new(watcher_epoll(s->watcher)) : NULL;
	s->workers = s->streams ? workers_new(s->config.workers, s->config.queue) : NULL;
	if (!s->workers || !watcher_start(s->watcher, s->streams))
		return error_nomem(e);
	return daemon_start(s, e);
}

static void server_free(struct http_server *s)
{
	workers_free(s->workers);
	watcher_free(s->watcher);
	streams_free(s->streams);
	router_free(s->router);
	request_pool_free(s);
	if (s->listen_fd >= 0) {
		close(s->listen_fd);
		if (s->config.unix_path && s->daemon)
			unlink(s->config.unix_path);
	}
	if (s->tls)
		tls_close();
	pthread_mutex_destroy(&s->pool_lock);
	mem_free(s);
}

enum result http_start(const struct http_config *config, struct http_server **out, struct error *e)
{
	struct http_server *s = mem_calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(e);
	s->config = *config;
	s->listen_fd = -1;
	pthread_mutex_init(&s->pool_lock, NULL);
	config_defaults(&s->config);
	enum result r = parts_start(s, e);
	if (r != OK) {
		server_free(s);
		return r;
	}
	*out = s;
	return OK;
}

enum result http_tls_reload(struct http_server *s, struct error *e)
{
	if (!s->tls)
		return error_set(e, ERR_INVALID, "http.tls", NULL, "This listener has no certificate.");
	return tls_read(s->config.tls_cert, s->config.tls_key, e);
}

int http_port(const struct http_server *s)
{
	return s->port;
}

/* ---- Stop
 * ------------------------------------------------------------------------------------------------------------- */

static void pause_ms(long ms)
{
	struct timespec t = { .tv_sec = 0, .tv_nsec = ms * 1000000 };
	nanosleep(&t, NULL);
}

void http_quiesce(struct http_server *s)
{
	if (!s || s->quiet)
		return;
	s->quiet = true;
	atomic_store(&s->stopping, true);
	MHD_quiesce_daemon(s->daemon);
	streams_stop(s->streams);
	for (int ms = 0; atomic_load(&s->active) && ms < HTTP_STOP_MS; ms += 5)
		pause_ms(5);
	/* libmicrohttpd aborts when it is stopped with a suspended connection: whatever still runs must end first. */
	workers_drain(s->workers);
	MHD_stop_daemon(s->daemon);
}

void http_stop(struct http_server *s)
{
	if (!s)
		return;
	http_quiesce(s);
	server_free(s);
}

void http_stats_get(struct http_server *s, struct http_stats *out)
{
	out->requests = atomic_load(&s->requests);
	for (int i = 0; i < 6; i++)
		out->by_class[i] = atomic_load(&s->by_class[i]);
	out->connections_now = watcher_connections(s->watcher);
	out->streams_now = streams_count(s->streams);
	out->queue_now = workers_queued(s->workers);
	out->rejected = atomic_load(&s->rejected);
	out->reaped = watcher_reaped(s->watcher);
}
