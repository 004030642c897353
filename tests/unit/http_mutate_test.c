/* rooms: http base */
/* Randomly broken requests: the server answers what it can, never with a 5xx, and serves on. BYNAME_SEED repeats a run,
 * BYNAME_ROUNDS makes it longer. */
#include "unit/http_kit.h"

#define ROUNDS 12000
#define BATCH 600

static uint64_t seed_at;

static uint64_t next_random(void)
{
	uint64_t z = (seed_at += 0x9e3779b97f4a7c15ULL);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static size_t below(size_t n)
{
	return n ? (size_t)(next_random() % n) : 0;
}

#define H "Host: localhost\r\n"
static const char *const seeds[] = {
	"GET /v1/ok HTTP/1.1\r\n" H "\r\n",
	"GET /v1/slow?ms=1&x=%20 HTTP/1.1\r\n" H "Cookie: sid=1; b=2\r\n\r\n",
	"POST /v1/stores/abc/things?n=5 HTTP/1.1\r\n" H
	"Content-Type: application/json\r\nContent-Length: 36\r\n\r\n{\"name\":\"x\",\"count\":10,\"flag\":false}",
	"POST /v1/raw HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
	"POST /v1/optional HTTP/1.1\r\n" H
	"Content-Type: application/json;charset=utf-8\r\nContent-Length: 12\r\n\r\n{\"count\": 3}",
	"GET /v1/events?topics=a,b&owner=3 HTTP/1.1\r\n" H "Accept: text/event-stream\r\n\r\n",
	"OPTIONS /v1/raw HTTP/1.1\r\n" H "Origin: https://shop.example\r\n\r\n",
	"GET /app.js HTTP/1.1\r\n" H "Accept-Encoding: gzip, br;q=0.5\r\nIf-None-Match: \"abc\"\r\n\r\n",
	"HEAD /v1/who HTTP/1.0\r\n\r\n",
};
static const char *const tokens[] = {
	"\r\n",
	"\n",
	"\0x",
	"%",
	"%00",
	"%ff",
	"%c3%28",
	"../",
	"/",
	"?",
	"&",
	"=",
	"+",
	"Content-Length: 5\r\n",
	"Host: b\r\n",
	":",
	"chunked",
	"HTTP/1.1",
	"HTTP/2.0",
	"\xff\xfe",
	"99999999999999999999",
	"-1",
	"{",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	"\"",
	"\\u0000",
	"null",
	"1e999",
	"Transfer-Encoding: chunked\r\n",
	"Expect: 100-continue\r\n",
	"Connection: close\r\n",
	" ",
};

static size_t mutate(char *p, size_t n, size_t cap)
{
	for (size_t k = 1 + below(6); k; k--) {
		size_t at = below(n + 1), len;
		const char *token;
		switch (below(6)) {
		case 0: /* another byte */
			if (at < n)
				p[at] = (char)next_random();
			break;
		case 1: /* cut some */
			len = below(n - at + 1) % 20;
			memmove(p + at, p + at + len, n - at - len);
			n -= len;
			break;
		case 2: /* a token */
			token = tokens[below(sizeof(tokens) / sizeof(tokens[0]))];
			len = strlen(token) + (token[0] == 0) * 2;
			if (n + len > cap)
				break;
			memmove(p + at + len, p + at, n - at);
			memcpy(p + at, token, len);
			n += len;
			break;
		case 3: /* a piece doubled */
			len = below(n - at + 1) % 60;
			if (n + len > cap)
				break;
			memmove(p + at + len, p + at, n - at);
			n += len;
			break;
		case 4: /* one bit */
			if (at < n)
				p[at] ^= (char)(1 << below(8));
			break;
		default: /* cut off */
			if (below(8) == 0)
				n = at;
		}
	}
	return n;
}

/* One broken request sent; the answer is read later, so that many wait for their time-out together. */
static size_t send_broken(struct client *c, int port, uint64_t seed, char *text, size_t cap)
{
	seed_at = seed;
	const char *from = seeds[below(sizeof(seeds) / sizeof(seeds[0]))];
	size_t n = strlen(from);
	memcpy(text, from, n);
	n = mutate(text, n, cap);
	client_open(c, port);
	client_send(c, text, n);
	shutdown(c->fd, SHUT_WR);
	return n;
}

static void broken_requests(void **state)
{
	(void)state;
	const char *env = getenv("BYNAME_SEED"), *rounds_env = getenv("BYNAME_ROUNDS");
	uint64_t seed = env ? strtoull(env, NULL, 10) : 20261122;
	long rounds = rounds_env ? atol(rounds_env) : ROUNDS;
	struct http_config config = { .header_ms = 300, .body_ms = 300 };
	struct http_server *s = kit_start(&config);
	long by_class[6] = { 0 };
	static struct client c[BATCH];
	static char text[BATCH][4096];
	size_t n[BATCH];
	for (long i = 0; i < rounds; i += BATCH) {
		for (long k = 0; k < BATCH; k++)
			n[k] = send_broken(&c[k], http_port(s), seed + (uint64_t)(i + k) * 1000003, text[k],
			                   sizeof(text[k]));
		for (long k = 0; k < BATCH; k++) {
			struct answer a;
			client_answer_of(&c[k], &a, 3000, true);
			by_class[a.status / 100]++;
			if (a.status >= 500 && a.status != 505)
				fail_msg("BYNAME_SEED=%llu round %ld: %d %.*s", (unsigned long long)seed, i + k,
				         a.status, (int)n[k], text[k]);
			client_close(&c[k]);
		}
	}
	print_message("%ld requests: none %ld, 2xx %ld, 3xx %ld, 4xx %ld\n", rounds, by_class[0], by_class[2],
	              by_class[3], by_class[4]);
	assert_true(by_class[2] > rounds / 50 && by_class[4] > rounds / 20); /* it tested something */
	struct answer a;
	client_once(http_port(s), "GET /v1/ok HTTP/1.1\r\n" H "\r\n", 40, &a);
	assert_int_equal(a.status, 200);
	struct http_stats st;
	http_stats_get(s, &st);
	assert_int_equal(st.by_class[5], 0);
	http_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(broken_requests) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
