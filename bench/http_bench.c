/* Small answers a second, through the workers and inline, beside a bare libmicrohttpd that answers a constant, in the
 * same run; and how long an event takes to 2,000 streams. Client and server share the machine, so the ratios are what
 * counts. */
#include "base/clock.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 64
#define RUN_US (2 * USEC)
#define STREAMS 2000
#define ROUNDS 20
#define ANSWER "{\"ok\":true}"

static void die(const char *what)
{
	fprintf(stderr, "http_bench: %s\n", what);
	exit(1);
}

/* ---- Servers ------------------------------------------------------------------------------------------------------
 */

static enum result say_ok(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)e;
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kbool(w, "ok", true);
	jw_end_object(w);
	return OK;
}

static enum result say_stream(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return http_stream_open(rq, rs, (const char *const[]){ "all" }, 1, 1, e);
}

static const struct http_route routes[] = {
	{ .method = HTTP_GET, .path = "/ok", .handle = say_ok },
	{ .method = HTTP_GET, .path = "/inline", .flags = HTTP_OPEN | HTTP_INLINE, .handle = say_ok },
	{ .method = HTTP_GET, .path = "/events", .flags = HTTP_STREAM, .handle = say_stream },
	{ 0 },
};
static const struct http_route *const all[] = { routes, NULL };

static enum MHD_Result bare(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                            const char *version, const char *data, size_t *size, void **con)
{
	(void)cls, (void)url, (void)method, (void)version, (void)data, (void)size;
	if (!*con) {
		*con = "";
		return MHD_YES;
	}
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(ANSWER), ANSWER, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(r, "Content-Type", "application/json");
	enum MHD_Result ok = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return ok;
}

/* ---- Client ---------------------------------------------------------------------------------------------------------
 */

static int dial(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const int on = 1;
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		die("cannot connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static size_t answer_size(int port, const char *request)
{
	char text[4096];
	int fd = dial(port);
	size_t n = 0;
	if (write(fd, request, strlen(request)) < 0)
		die("cannot send");
	while (!(n > strlen(ANSWER) && !memcmp(text + n - strlen(ANSWER), ANSWER, strlen(ANSWER)))) {
		ssize_t k = read(fd, text + n, sizeof(text) - n);
		if (k <= 0)
			die("no answer");
		n += (size_t)k;
	}
	close(fd);
	return n;
}

static double answers_per_second(int port, const char *path)
{
	char request[128], text[65536];
	size_t got[CONNECTIONS] = { 0 };
	int fds[CONNECTIONS], epoll = epoll_create1(0);
	int64_t answers = 0, began, now;
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	size_t size = answer_size(port, request), n = strlen(request);
	for (uint32_t i = 0; i < CONNECTIONS; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		fds[i] = dial(port);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &ev);
		if (write(fds[i], request, n) < 0)
			die("cannot send");
	}
	for (began = now = clock_monotonic(); now - began < RUN_US; now = clock_monotonic()) {
		struct epoll_event ev[CONNECTIONS];
		int count = epoll_wait(epoll, ev, CONNECTIONS, 1000);
		for (int k = 0; k < count; k++) {
			uint32_t i = ev[k].data.u32;
			ssize_t r = read(fds[i], text, sizeof(text));
			if (r <= 0)
				die("the connection was closed");
			got[i] += (size_t)r;
			if (got[i] < size)
				continue;
			got[i] -= size;
			answers++;
			if (write(fds[i], request, n) < 0)
				die("cannot send");
		}
	}
	for (int i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
	close(epoll);
	return (double)answers * USEC / (double)(now - began);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void stream_latency(struct http_server *s)
{
	static int64_t took[STREAMS * ROUNDS];
	static int fds[STREAMS];
	const char *request = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char text[4096];
	size_t count = 0;
	int64_t publish = 0;
	int epoll = epoll_create1(0);
	for (uint32_t i = 0; i < STREAMS; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		fds[i] = dial(http_port(s));
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		if (write(fds[i], request, strlen(request)) < 0)
			die("cannot send");
		epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &ev);
	}
	usleep(500000);
	for (int round = 0; round < ROUNDS; round++) {
		struct epoll_event ev[256];
		for (int i = 0; i < STREAMS; i++)
			while (read(fds[i], text, sizeof(text)) > 0)
				continue;
		int64_t at = clock_monotonic();
		if (http_publish(s, "all", "customer", STR("{\"customer\":\"cus_0000000000000\"}")) != STREAMS)
			die("a stream is missing");
		publish += clock_monotonic() - at;
		for (int heard = 0; heard < STREAMS;) {
			int k = epoll_wait(epoll, ev, 256, 5000);
			if (k <= 0)
				die("an event did not arrive");
			for (int j = 0; j < k; j++) {
				if (read(fds[ev[j].data.u32], text, sizeof(text)) <= 0)
					die("a stream was closed");
				took[count++] = clock_monotonic() - at;
				heard++;
			}
		}
	}
	qsort(took, count, sizeof(*took), by_value);
	printf("%-34s %10.1f ms to hand over, received p50 %.1f ms, p99 %.1f ms\n", "event to 2,000 streams",
	       (double)publish / ROUNDS / 1000, (double)took[count / 2] / 1000, (double)took[count * 99 / 100] / 1000);
}

int main(void)
{
	struct http_config c = { .bind = "127.0.0.1", .routes = all };
	struct http_server *s;
	struct error e;
	struct rlimit rl = { .rlim_cur = 0 };
	if (!getrlimit(RLIMIT_NOFILE, &rl)) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
	if (http_start(&c, &s, &e) != OK)
		die(e.detail);
	unsigned cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	struct MHD_Daemon *d =
	        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, NULL, NULL, bare, NULL,
	                         MHD_OPTION_THREAD_POOL_SIZE, cores > 1 ? cores : 2, MHD_OPTION_END);
	if (!d)
		die("no bare server");
	int bare_port = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port;
	double peer = answers_per_second(bare_port, "/"), in = answers_per_second(http_port(s), "/inline"),
	       through = answers_per_second(http_port(s), "/ok");
	printf("%-34s %10.0f /s\n", "bare libmicrohttpd, a constant", peer);
	printf("%-34s %10.0f /s  ratio %.2f (must: 0.4)\n", "inline route", in, in / peer);
	printf("%-34s %10.0f /s  ratio %.2f (must: 0.2)\n", "through the workers", through, through / peer);
	stream_latency(s);
	MHD_stop_daemon(d);
	http_stop(s);
	return in >= 0.4 * peer && through >= 0.2 * peer ? 0 : 1;
}
