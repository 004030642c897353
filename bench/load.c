/* clang-format off */
/* The load generator of bench/server: one thread, epoll, keep-alive.
 *	load batch PORT KEY CUSTOMERS CONNECTIONS SECONDS [RATE]
 *		touchpoints of known customers through POST /v1/batch, 500 a request; RATE a second, else as fast as it goes
 *	load cards PORT TOKENS IDS uniform|zipf CONNECTIONS SECONDS [RATE]
 *	load live PORT KEY TOKENS IDS STREAMS SECONDS
 *		from POST /v1/track to the event on another connection
 *	load file FILE CUSTOMERS COUNT
 *		writes touchpoints as JSON Lines
 * Prints one line: "rate p50_ms p99_ms answers failed own_cpu_share". With a RATE the time counts from when the request
 * was due, so that waiting counts too. */
/* clang-format on */
#include "base/clock.h"
#include "base/mem.h"
#include "random.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ITEMS 500
#define ITEM_MAX 420
#define IN_BYTES 65536
#define CONNECTIONS_MAX 2000
#define WARM_US 500000 /* not measured */
#define LIVE_EVERY_US 40000
#define LIVE_LATE_US (5 * USEC)

struct conn {
	int fd;
	size_t head_at; /* stream: bytes of the line so far */
	char *in, *out;
	size_t got, length, sent;
	int64_t due; /* when the running request was to go; 0: idle */
	size_t who;  /* live: index of the customer the stream is for */
	int64_t posted;
	bool stream;
};

static int port, epoll_fd;
static struct conn conns[CONNECTIONS_MAX];
static int64_t *times, answers, failed, units, begin, end;
static size_t times_count, times_room;
static uint64_t rnd, run, next_item;
static char **tokens, **ids;
static size_t token_count, id_count;
static const char *key;
static int64_t customers;
static bool zipf;

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void time_note(int64_t us)
{
	if (times_count == times_room) {
		times_room = times_room ? 2 * times_room : 65536;
		times = realloc(times, times_room * sizeof(*times));
		if (!times)
			die("memory");
	}
	times[times_count++] = us;
}

static char **lines_read(const char *path, size_t *count)
{
	FILE *f = fopen(path, "r");
	char **lines = NULL, line[128];
	size_t n = 0;
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if ((n & (n - 1)) == 0)
			lines = realloc(lines, (n ? 2 * n : 1) * sizeof(*lines));
		if (!lines || !(lines[n++] = strdup(line)))
			die(path);
	}
	if (!n)
		die(path);
	fclose(f);
	*count = n;
	return lines;
}

/* ---- Messages ---- */

static int item_write(char *out, size_t size)
{
	uint64_t n = next_item++;
	return snprintf(
	        out, size,
	        "{\"type\":\"track\",\"messageId\":\"m%012llx%08llx\",\"userId\":\"c%09llu\",\"event\":\"Product "
	        "Viewed\",\"timestamp\":\"2026-03-%02uT%02u:%02u:%02u.%03uZ\",\"channel\":\"web\",\"properties\":"
	        "{\"path\":\"/en/products/%08u\",\"sku\":\"SKU-%05u\",\"price\":129.9,\"campaign\":\"spring-12345\","
	        "\"device\":\"tablet\"}}",
	        (unsigned long long)run & 0xffffffffffff, (unsigned long long)n,
	        (unsigned long long)(random_next(&rnd) % (uint64_t)customers), (unsigned)(n % 28) + 1,
	        (unsigned)(n % 24), (unsigned)(n % 60), (unsigned)(n / 60 % 60), (unsigned)(n % 1000),
	        (unsigned)(n % 100000000), (unsigned)(n % 2000));
}

static void batch_write(struct conn *c)
{
	size_t head = 320, at = head;
	if (!c->out && !(c->out = malloc(head + ITEMS * ITEM_MAX + 64)))
		die("memory");
	at += (size_t)sprintf(c->out + at, "{\"batch\":[");
	for (int i = 0; i < ITEMS; i++) {
		at += (size_t)item_write(c->out + at, ITEM_MAX);
		c->out[at++] = i + 1 < ITEMS ? ',' : ']';
	}
	c->out[at++] = '}';
	char line[320];
	int n = snprintf(line, sizeof(line),
	                 "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
	                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	                 port, key, at - head);
	memmove(c->out + n, c->out + head, at - head);
	memcpy(c->out, line, (size_t)n);
	c->length = (size_t)n + at - head;
}

static void card_write(struct conn *c)
{
	static size_t turn;
	if (!c->out && !(c->out = malloc(1024)))
		die("memory");
	c->length = (size_t)snprintf(
	        c->out, 1024, "GET /v1/customers/%s/card HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: byname=%s\r\n\r\n",
	        ids[random_pick(&rnd, id_count, zipf)], port, tokens[turn++ % token_count]);
}

static void track_write(struct conn *c, size_t customer)
{
	uint64_t n = next_item++;
	char body[800];
	int m = snprintf(
	        body, sizeof(body),
	        "{\"messageId\":\"o%llx-%llu\",\"userId\":\"c%09zu\",\"event\":\"Order Completed\",\"properties\":"
	        "{\"order_id\":\"T%llx-%llu\",\"currency\":\"EUR\",\"total\":39.8,\"store\":\"S01\",\"products\":["
	        "{\"sku\":\"SKU-00001\",\"quantity\":1,\"price\":19.9},"
	        "{\"sku\":\"SKU-00002\",\"quantity\":1,\"price\":19.9}]}}",
	        (unsigned long long)run, (unsigned long long)n, customer, (unsigned long long)run,
	        (unsigned long long)n);
	if (!c->out && !(c->out = malloc(2048)))
		die("memory");
	c->length = (size_t)snprintf(c->out, 2048,
	                             "POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
	                             "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
	                             port, key, m, body);
}

/* ---- Connections ---- */

static void conn_open(struct conn *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) != 0)
		die("epoll");
	if (!c->in && !(c->in = malloc(IN_BYTES + 1)))
		die("memory");
}

static void conn_want(struct conn *c, bool out)
{
	struct epoll_event ev = { .events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c };
	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void conn_send(struct conn *c)
{
	while (c->sent < c->length) {
		ssize_t n = send(c->fd, c->out + c->sent, c->length - c->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			conn_want(c, true);
			return;
		}
		if (n < 0)
			die("send");
		c->sent += (size_t)n;
	}
	conn_want(c, false);
}

static void conn_begin(struct conn *c, int64_t due)
{
	c->due = due;
	c->sent = c->got = 0;
	conn_send(c);
}

/* The length of a whole answer in the buffer, or 0. */
static size_t answer_whole(const struct conn *c)
{
	char *head_end = memmem(c->in, c->got, "\r\n\r\n", 4);
	if (!head_end)
		return 0;
	size_t head = (size_t)(head_end - c->in) + 4;
	c->in[c->got] = 0;
	char *length = strcasestr(c->in, "\r\nContent-Length:");
	if (length && length < head_end) {
		size_t whole = head + strtoul(length + 17, NULL, 10);
		return c->got >= whole ? whole : 0;
	}
	return c->got >= head + 5 && !memcmp(c->in + c->got - 5, "0\r\n\r\n", 5) ? c->got : 0;
}

static bool conn_read(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->got, IN_BYTES - c->got, 0);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0 || c->got + (size_t)n == IN_BYTES)
		die("the server closed a connection");
	c->got += (size_t)n;
	return true;
}

/* True: an answer is whole, the connection is idle again. */
static bool conn_answer(struct conn *c, int per)
{
	if (!conn_read(c) || !answer_whole(c))
		return false;
	int64_t now = clock_monotonic();
	bool ok = !strncmp(c->in, "HTTP/1.1 200", 12);
	if (!ok && !failed++)
		fprintf(stderr, "load: %.*s\n", (int)(c->got < 900 ? c->got : 900), c->in);
	if (now > begin && ok && per) {
		answers++;
		units += per;
		time_note(now - c->due);
	}
	c->due = 0;
	return true;
}

/* ---- Loops ---- */

static int64_t wait_ms(int64_t until)
{
	int64_t us = until - clock_monotonic();
	return us < 0 ? 0 : us / 1000;
}

/* Each connection asks again as soon as it is answered; with a rate, when the next one is due. */
static void drive(int connections, int64_t rate, int per, void (*write_one)(struct conn *))
{
	int64_t every = rate ? (int64_t)per * USEC / rate : 0, due = clock_monotonic();
	int turn = 0;
	for (int i = 0; i < connections; i++)
		conn_open(&conns[i]);
	while (clock_monotonic() < end) {
		/* In turn: the server closes a connection that never asks. */
		for (int i = 0; i < connections; i++) {
			struct conn *c = &conns[turn % connections];
			int64_t now = clock_monotonic();
			if (every && due > now)
				break;
			turn++;
			if (c->due)
				continue;
			write_one(c);
			conn_begin(c, every ? due : clock_monotonic());
			due += every;
		}
		struct epoll_event ev[64];
		int n = epoll_wait(epoll_fd, ev, 64, every ? 1 : 50);
		for (int i = 0; i < n; i++) {
			struct conn *c = ev[i].data.ptr;
			if (ev[i].events & EPOLLOUT)
				conn_send(c);
			if (ev[i].events & ~EPOLLOUT)
				conn_answer(c, per);
		}
	}
}

static void stream_open(struct conn *c, size_t who)
{
	conn_open(c);
	c->stream = true;
	c->who = who;
	if (!(c->out = malloc(1024)))
		die("memory");
	c->length = (size_t)snprintf(c->out, 1024,
	                             "GET /v1/events?topics=customer:%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	                             "Cookie: byname=%s\r\nAccept: text/event-stream\r\n\r\n",
	                             ids[who], port, tokens[who % token_count]);
	conn_send(c);
}

/* The screen hears: the first event that tells of an order ends the wait. */
static void stream_read(struct conn *c)
{
	if (!conn_read(c))
		return;
	c->in[c->got] = 0;
	if (!c->head_at) {
		if (!strstr(c->in, "event: hello"))
			return;
		c->head_at = 1;
	}
	if (c->posted && strstr(c->in, "\"topic\":\"order\"")) {
		if (c->posted > begin) {
			time_note(clock_monotonic() - c->posted);
			answers++;
		}
		c->posted = 0;
	}
	char *last = strrchr(c->in, '\n');
	if (last) {
		c->got -= (size_t)(last + 1 - c->in);
		memmove(c->in, last + 1, c->got);
	}
}

static void live(int streams)
{
	struct conn *till = &conns[streams];
	for (int i = 0; i < streams; i++)
		stream_open(&conns[i], (size_t)i * (id_count / (size_t)streams));
	conn_open(till);
	int64_t due = clock_monotonic() + WARM_US / 2;
	while (clock_monotonic() < end) {
		struct conn *screen = &conns[random_next(&rnd) % (uint64_t)streams];
		int64_t now = clock_monotonic();
		if (!till->due && now >= due && !screen->posted && screen->head_at) {
			track_write(till, screen->who);
			screen->posted = clock_monotonic();
			conn_begin(till, screen->posted);
			due = now + LIVE_EVERY_US;
		}
		struct epoll_event ev[64];
		int n = epoll_wait(epoll_fd, ev, 64, till->due ? 20 : 1 + (int)wait_ms(due));
		for (int i = 0; i < n; i++) {
			struct conn *c = ev[i].data.ptr;
			if (c->stream)
				stream_read(c);
			else
				conn_answer(c, 0); /* only what screens hear is measured */
		}
	}
	for (int i = 0; i < streams; i++)
		failed += conns[i].posted && clock_monotonic() - conns[i].posted > LIVE_LATE_US;
}

/* ---- Report ---- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static double cpu_seconds(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void report(int64_t started)
{
	int64_t now = clock_monotonic();
	qsort(times, times_count, sizeof(*times), by_size);
	double p50 = times_count ? (double)times[times_count / 2] / 1000 : 0;
	double p99 = times_count ? (double)times[times_count * 99 / 100] / 1000 : 0;
	printf("%.0f %.2f %.2f %lld %lld %.2f\n", (double)units * USEC / (double)(now - begin), p50, p99,
	       (long long)answers, (long long)failed, cpu_seconds() * USEC / (double)(now - started));
}

static void file_write(const char *path, int64_t count)
{
	FILE *f = fopen(path, "w");
	char line[ITEM_MAX];
	for (int64_t i = 0; f && i < count; i++) {
		item_write(line, sizeof(line));
		fprintf(f, "%s\n", line);
	}
	if (!f || fclose(f) != 0)
		die(path);
}

static int bounded(const char *text)
{
	int n = atoi(text);
	return n < 1 ? 1 : n >= CONNECTIONS_MAX ? CONNECTIONS_MAX - 1 : n;
}

int main(int argc, char **argv)
{
	int64_t started = clock_monotonic();
	run = rnd = (uint64_t)clock_now();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	begin = started + WARM_US;
	port = argc > 2 ? atoi(argv[2]) : 0;
	if (argc >= 7 && !strcmp(argv[1], "batch")) {
		key = argv[3];
		customers = atoll(argv[4]);
		end = begin + (int64_t)(atof(argv[6]) * USEC);
		drive(bounded(argv[5]), argc > 7 ? atoll(argv[7]) : 0, ITEMS, batch_write);
	} else if (argc >= 8 && !strcmp(argv[1], "cards")) {
		tokens = lines_read(argv[3], &token_count);
		ids = lines_read(argv[4], &id_count);
		zipf = !strcmp(argv[5], "zipf");
		begin = clock_monotonic() + WARM_US;
		end = begin + (int64_t)(atof(argv[7]) * USEC);
		drive(bounded(argv[6]), argc > 8 ? atoll(argv[8]) : 0, 1, card_write);
	} else if (argc == 8 && !strcmp(argv[1], "live")) {
		key = argv[3];
		tokens = lines_read(argv[4], &token_count);
		ids = lines_read(argv[5], &id_count);
		begin = clock_monotonic() + WARM_US;
		end = begin + (int64_t)(atof(argv[7]) * USEC);
		live(bounded(argv[6]));
	} else if (argc == 5 && !strcmp(argv[1], "file")) {
		customers = atoll(argv[3]);
		file_write(argv[2], atoll(argv[4]));
		return 0;
	} else {
		fprintf(stderr, "usage: load batch|cards|live|file …\n");
		return 2;
	}
	report(started);
	return 0;
}
