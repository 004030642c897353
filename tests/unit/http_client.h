/* A raw client for the http tests: it sends exactly what it is told, and reads answers strictly. */
#ifndef BYNAME_TESTS_HTTP_CLIENT_H
#define BYNAME_TESTS_HTTP_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json.h"
#include "http/http.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_BYTES (1 << 20)

struct client {
	int fd;
	char *in; /* what came and was not taken yet */
	size_t n;
};

struct answer {
	int status; /* 0: the connection was closed without one */
	char head[16384];
	char *body; /* of the client's own buffer: valid until the next answer; NUL-terminated */
	size_t body_n;
};

static inline int client_connect(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static inline void client_open(struct client *c, int port)
{
	c->fd = client_connect(port);
	c->in = malloc(CLIENT_BYTES + 1);
	c->n = 0;
	assert_non_null(c->in);
}

static inline void client_close(struct client *c)
{
	close(c->fd);
	free(c->in);
}

/* False when the server closed it. */
static inline bool client_send(struct client *c, const void *p, size_t n)
{
	const char *at = p;
	while (n) {
		ssize_t k = send(c->fd, at, n, MSG_NOSIGNAL);
		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static inline bool client_text(struct client *c, const char *s)
{
	return client_send(c, s, strlen(s));
}

/* Reads some more; 0 at the end, -1 when nothing comes in ms. */
static inline int client_more(struct client *c, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	if (poll(&p, 1, ms) != 1)
		return -1;
	if (c->n == CLIENT_BYTES)
		return 0;
	ssize_t k = recv(c->fd, c->in + c->n, CLIENT_BYTES - c->n, 0);
	if (k <= 0)
		return 0;
	c->n += (size_t)k;
	c->in[c->n] = 0;
	return 1;
}

static inline const char *answer_header(const struct answer *a, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, n) || line[n] != ':')
			continue;
		const char *v = line + n + 1 + strspn(line + n + 1, " "), *end = strstr(v, "\r\n");
		snprintf(out, size, "%.*s", (int)(end - v), v);
		return out;
	}
	return NULL;
}

static inline void answer_dechunk(struct answer *a)
{
	char *from = a->body, *to = a->body;
	while (true) {
		char *end;
		size_t n = strtoul(from, &end, 16);
		if (end == from || n == 0)
			break;
		from = end + 2;
		memmove(to, from, n);
		to += n;
		from += n + 2;
	}
	a->body_n = (size_t)(to - a->body);
	*to = 0;
}

/* Reads one answer. Pipelined ones stay in the buffer. head_only: the answer to a HEAD. */
static inline void client_answer_of(struct client *c, struct answer *a, int ms, bool head_only)
{
	static char body[CLIENT_BYTES + 1];
	char text[64], *end;
	a->status = 0;
	a->body = body;
	a->body_n = 0;
	body[0] = a->head[0] = 0;
	c->in[c->n] = 0;
	while (!(end = strstr(c->in, "\r\n\r\n")))
		if (client_more(c, ms) != 1)
			return;
	size_t head = (size_t)(end + 4 - c->in);
	assert_true(head < sizeof(a->head));
	memcpy(a->head, c->in, head);
	a->head[head] = 0;
	assert_int_equal(sscanf(a->head, "HTTP/1.%*d %d", &a->status), 1);
	const char *length = answer_header(a, "Content-Length", text, sizeof(text));
	size_t want = length && !head_only ? (size_t)atol(length) : 0;
	bool chunked = answer_header(a, "Transfer-Encoding", text, sizeof(text)) && !head_only;
	while (chunked ? !strstr(c->in + head, "0\r\n\r\n") : c->n < head + want)
		if (client_more(c, ms) != 1)
			break;
	if (chunked)
		want = (size_t)(strstr(c->in + head, "0\r\n\r\n") + 5 - (c->in + head));
	if (want > c->n - head)
		want = c->n - head;
	memcpy(body, c->in + head, want);
	body[want] = 0;
	a->body_n = want;
	memmove(c->in, c->in + head + want, c->n - head - want + 1);
	c->n -= head + want;
	if (chunked)
		answer_dechunk(a);
}

static inline void client_answer(struct client *c, struct answer *a)
{
	client_answer_of(c, a, 5000, false);
}

/* One request on a connection of its own. */
static inline void client_once(int port, const char *text, size_t n, struct answer *a)
{
	struct client c;
	client_open(&c, port);
	client_send(&c, text, n);
	client_answer(&c, a);
	client_close(&c);
}

/* A problem document must be whole and say what it is. */
static inline void assert_problem(const struct answer *a, int status, const char *code, const char *field)
{
	char text[128];
	if (a->status != status)
		fail_msg("status %d, expected %d: %s %s", a->status, status, a->head, a->body);
	assert_non_null(answer_header(a, "Content-Type", text, sizeof(text)));
	assert_string_equal(text, "application/problem+json");
	struct json *doc = NULL;
	struct error e;
	assert_int_equal(json_parse((struct str){ a->body, a->body_n }, NULL, &doc, &e), OK);
	int64_t said = 0;
	assert_true(json_i64(json_get(doc, "status"), &said));
	assert_int_equal(said, status);
	if (code && !str_is(json_str(json_get(doc, "code")), code))
		fail_msg("code expected %s: %s", code, a->body);
	if (field && !str_is(json_str(json_get(doc, "field")), field))
		fail_msg("field expected %s: %s", field, a->body);
	json_free(doc);
}

#endif
