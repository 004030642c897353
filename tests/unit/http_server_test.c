/* rooms: http base */
#include "unit/http_kit.h"
#include <sys/stat.h>
#include <sys/un.h>

static struct http_server *server;
static int port;

static int start(void **state)
{
	(void)state;
	server = kit_start(NULL);
	port = http_port(server);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	http_stop(server);
	return 0;
}

static void ask(const char *text, struct answer *a)
{
	client_once(port, text, strlen(text), a);
}

#define H "Host: localhost\r\n"
#define JSON_TYPE "Content-Type: application/json\r\n"

static void answers(void **state)
{
	(void)state;
	struct answer a;
	char text[128];
	ask("GET /v1/ok HTTP/1.1\r\n" H "\r\n", &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "{\"ok\":true}");
	assert_string_equal(answer_header(&a, "Content-Type", text, sizeof(text)), "application/json");
	assert_string_equal(answer_header(&a, "Cache-Control", text, sizeof(text)), "no-store");
	assert_string_equal(answer_header(&a, "X-Content-Type-Options", text, sizeof(text)), "nosniff");
	ask("GET /v1/inline HTTP/1.1\r\n" H "\r\n", &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "{\"ok\":true}");
	ask("POST /v1/stores/a%2Fb/things?n=7 HTTP/1.1\r\n" H JSON_TYPE "Content-Length: 24\r\n\r\n"
	    "{\"name\":\"x\",\"count\":100}",
	    &a);
	assert_int_equal(a.status, 201);
	assert_string_equal(a.body, "{\"name\":\"x\",\"count\":100,\"of\":\"a/b\",\"n\":7}");
	ask("DELETE /v1/none HTTP/1.1\r\n" H "\r\n", &a);
	assert_int_equal(a.status, 204);
	ask("POST /v1/optional HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	ask("POST /v1/none HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}", &a);
	assert_int_equal(a.status, 204);
	ask("GET http://localhost/v1/ok HTTP/1.1\r\n" H "\r\n", &a);
	assert_int_equal(a.status, 200);
	ask("GET /v1/ok HTTP/1.0\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	ask("GET /v1/who?  HTTP/1.1\r\n" H "\r\n", &a); /* a blank in the target */
	assert_int_equal(a.status, 400);
	ask("GET /v1/who? HTTP/1.1\r\n" H "Cookie: a=b; sid=S1 ; c=d\r\n\r\n", &a);
	assert_string_equal(a.body,
	                    "{\"who\":\"somebody\",\"cookie\":\"S1\",\"remote\":\"127.0.0.1\",\"path\":\"/v1/who\"}");
}

static void head_and_options(void **state)
{
	(void)state;
	struct answer a;
	struct client c;
	char text[128];
	client_open(&c, port);
	client_text(&c, "HEAD /v1/ok HTTP/1.1\r\n" H "\r\nGET /v1/ok HTTP/1.1\r\n" H "\r\n");
	client_answer_of(&c, &a, 5000, true);
	assert_int_equal(a.status, 200);
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "{\"ok\":true}");
	client_text(&c, "HEAD /v1/events?topics=a HTTP/1.1\r\n" H "\r\n");
	client_answer_of(&c, &a, 5000, true);
	assert_int_equal(a.status, 200);
	client_close(&c);
	ask("OPTIONS /v1/none HTTP/1.1\r\n" H "\r\n", &a);
	assert_int_equal(a.status, 204);
	assert_string_equal(answer_header(&a, "Allow", text, sizeof(text)), "OPTIONS, POST, DELETE");
	assert_null(answer_header(&a, "Access-Control-Allow-Origin", text, sizeof(text)));
	ask("OPTIONS /v1/raw HTTP/1.1\r\n" H "Origin: http://shop\r\n\r\n", &a);
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin", text, sizeof(text)), "*");
	assert_non_null(answer_header(&a, "Access-Control-Allow-Headers", text, sizeof(text)));
	ask("POST /v1/raw HTTP/1.1\r\n" H "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc", &a);
	assert_string_equal(a.body, "abc");
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin", text, sizeof(text)), "*");
}

struct bad {
	const char *text;
	int status;
	const char *code, *field;
};

static void bad_all(const struct bad *bad, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct answer a;
		ask(bad[i].text, &a);
		if (a.status != bad[i].status)
			print_error("%s\n", bad[i].text);
		assert_problem(&a, bad[i].status, bad[i].code, bad[i].field);
	}
	struct http_stats st;
	http_stats_get(server, &st);
	assert_int_equal(st.by_class[5], 0);
}

static void malformed_heads(void **state)
{
	(void)state;
	static const struct bad bad[] = {
		{ "GET /v1/ok HTTP/1.1\r\n\r\n", 400, "header.host", "Host" },
		{ "GET /v1/ok HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "header.host", "Host" },
		{ "GET /v1/ok HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "header.host", "Host" },
		{ "POST /v1/raw HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400,
		  "header.length", "Content-Length" },
		{ "POST /v1/raw HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400,
		  "header.length", "Content-Length" },
		{ "POST /v1/raw HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
		  "header.length", "Content-Length" },
		{ "GET /v1/ok HTTP/1.1\r\n" H "X-A: a\x01"
		  "b\r\n\r\n",
		  400, "header.malformed", NULL },
		{ "GET /v1/%ff HTTP/1.1\r\n" H "\r\n", 400, "target.encoding", "path" },
		{ "GET /v1/ok?%zz HTTP/1.1\r\n" H "\r\n", 400, "target.encoding", "query" },
		{ "GET /v1/ok?a=%c3%28 HTTP/1.1\r\n" H "\r\n", 400, "target.encoding", "query" },
		{ "GET /v1/ok?a=1 HTTP/1.1\r\n" H "\r\n", 400, "param.unknown", "a" },
		{ "GET /v1/slow?ms=x HTTP/1.1\r\n" H "\r\n", 400, "param.type", "ms" },
		{ "GET /v1/slow?ms=1&ms=1 HTTP/1.1\r\n" H "\r\n", 400, "param.duplicate", "ms" },
		{ "GET /v1/nothing HTTP/1.1\r\n" H "\r\n", 404, "path.unknown", "path" },
		{ "POST /v1/nothing HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 404, "path.unknown", "path" },
		{ "GET /v1/ok/ HTTP/1.1\r\n" H "\r\n", 404, "path.unknown", "path" },
		{ "PUT /v1/ok HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 405, "method.not_allowed", "method" },
		{ "BREW /v1/ok HTTP/1.1\r\n" H "\r\n", 405, "method.not_allowed", "method" },
		{ "get /v1/ok HTTP/1.1\r\n" H "\r\n", 405, "method.not_allowed", "method" },
		{ "TRACE / HTTP/1.1\r\n" H "\r\n", 405, "method.not_allowed", "method" },
		{ "GET /v1/who HTTP/1.1\r\n" H "X-Who: nobody\r\n\r\n", 401, "sign_in.needed", NULL },
	};
	bad_all(bad, sizeof(bad) / sizeof(bad[0]));
	struct answer a;
	char text[128];
	ask("PUT /v1/ok HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", &a);
	assert_string_equal(answer_header(&a, "Allow", text, sizeof(text)), "OPTIONS, GET, HEAD");
	/* libmicrohttpd itself answers these; whatever it says must not be a success or a 5xx. */
	static const char *const others[] = {
		"POST /v1/raw HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\nabc",
		"POST /v1/raw HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		"POST /v1/raw HTTP/1.1\r\n" H "Content-Length: x\r\n\r\nabc",
		"POST /v1/raw HTTP/1.1\r\n" H "Content-Length: -3\r\n\r\nabc",
		"POST /v1/raw HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\nabc",
		"POST /v1/raw HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
		"GET\r\n\r\n",
		"GET /v1/ok\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ask(others[i], &a);
		if (a.status && (a.status < 400 || a.status >= 500))
			fail_msg("%d %s", a.status, others[i]);
	}
	ask("GET /v1/ok HTTP/9.1\r\n" H "\r\n", &a);
	assert_int_equal(a.status, 505); /* as RFC 9110 has it; libmicrohttpd's own */
}

static void malformed_bodies(void **state)
{
	(void)state;
#define POST "POST /v1/stores/s/things HTTP/1.1\r\n" H
	static const struct bad bad[] = {
		{ POST JSON_TYPE "Content-Length: 0\r\n\r\n", 400, "body.missing", "body" },
		{ POST "Content-Length: 2\r\n\r\n{}", 415, "body.type", "Content-Type" },
		{ POST "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415, "body.type", "Content-Type" },
		{ POST "Content-Type: application/json; charset=latin1\r\nContent-Length: 2\r\n\r\n{}", 415,
		  "body.type", NULL },
		{ POST JSON_TYPE "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415, "body.encoding", NULL },
		{ POST JSON_TYPE "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 400, "header.type",
		  NULL },
		{ POST JSON_TYPE "Content-Length: 1\r\n\r\n{", 400, "json.malformed", NULL },
		{ POST JSON_TYPE "Content-Length: 2\r\n\r\n[]", 400, NULL, NULL },
		{ POST JSON_TYPE "Content-Length: 2\r\n\r\n{}", 400, "field.missing", "name" },
		{ POST JSON_TYPE "Content-Length: 10\r\n\r\n{\"name\":1}", 400, "field.type", "name" },
		{ POST JSON_TYPE "Content-Length: 11\r\n\r\n{\"name\":\"\"}", 400, "field.range", "name" },
		{ POST JSON_TYPE "Content-Length: 24\r\n\r\n{\"name\":\"x\",\"count\":101}", 400, "field.range",
		  "count" },
		{ POST JSON_TYPE "Content-Length: 18\r\n\r\n{\"name\":\"x\",\"z\":1}", 400, NULL, NULL },
		{ POST JSON_TYPE "Content-Length: 23\r\n\r\n{\"name\":\"x\",\"name\":\"y\"}", 400, "json.duplicate_key",
		  "name" },
		{ POST JSON_TYPE "Content-Length: 12\r\n\r\n{\"name\":\"\xff\"}", 400, NULL, NULL },
	};
	bad_all(bad, sizeof(bad) / sizeof(bad[0]));
}

static void too_large(void **state)
{
	(void)state;
	struct answer a;
	struct client c;
	size_t n = 300 << 10;
	char *big = calloc(1, n + 200), *p;
	assert_non_null(big);
	p = big + sprintf(big, "POST /v1/raw HTTP/1.1\r\n" H "Content-Length: %zu\r\n\r\n", n);
	memset(p, 'x', n);
	client_open(&c, port); /* drained, answered, and the connection goes on */
	client_send(&c, big, (size_t)(p - big) + n);
	client_answer(&c, &a);
	assert_problem(&a, 413, "body.too_large", "body");
	client_text(&c, "GET /v1/ok HTTP/1.1\r\n" H "\r\n");
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	client_close(&c);
	p = big + sprintf(big, "POST /v1/big HTTP/1.1\r\n" H "Content-Length: %zu\r\n\r\n", n);
	memset(p, 'x', n);
	client_once(port, big, (size_t)(p - big) + n, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_n, n);
	/* chunked: counted as it comes */
	client_open(&c, port);
	client_text(&c, "POST /v1/raw HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 75; i++) {
		client_text(&c, "1000\r\n");
		client_send(&c, p, 4096);
		client_text(&c, "\r\n");
	}
	client_text(&c, "0\r\n\r\n");
	client_answer(&c, &a);
	assert_problem(&a, 413, "body.too_large", "body");
	client_close(&c);
	/* a body that never ends is cut, not read for ever */
	client_open(&c, port);
	client_text(&c, "POST /v1/raw HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
	bool open = true;
	for (int i = 0; i < 10000 && open; i++)
		open = client_text(&c, "1000\r\n") && client_send(&c, p, 4096) && client_text(&c, "\r\n");
	assert_false(open);
	client_close(&c);
	/* Expect: refused before it is sent */
	ask("POST /v1/raw HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 300000\r\n\r\n", &a);
	assert_problem(&a, 413, "body.too_large", "body");
	ask("POST /v1/raw HTTP/1.1\r\n" H "Content-Length: 99999999999\r\n\r\n", &a);
	assert_problem(&a, 413, "body.too_large", "body");
	p = big + sprintf(big, "GET /v1/ok HTTP/1.1\r\n" H "X-Big: ");
	memset(p, 'x', 17000);
	strcpy(p + 17000, "\r\n\r\n");
	client_once(port, big, strlen(big), &a);
	assert_problem(&a, 431, "header.too_large", "headers");
	p = big + sprintf(big, "GET /v1/");
	memset(p, 'x', 9000);
	strcpy(p + 9000, " HTTP/1.1\r\n" H "\r\n");
	client_once(port, big, strlen(big), &a);
	assert_problem(&a, 414, "target.too_long", "path");
	p = big + sprintf(big, "GET /v1/ok HTTP/1.1\r\n" H "X-Big: ");
	memset(p, 'x', 100000); /* beyond libmicrohttpd's own memory: its own answer */
	strcpy(p + 100000, "\r\n\r\n");
	client_once(port, big, strlen(big), &a);
	assert_true(a.status == 431 || a.status == 0);
	free(big);
}

static void keep_alive_and_pipelining(void **state)
{
	(void)state;
	struct client c;
	struct answer a;
	client_open(&c, port);
	for (int i = 0; i < 50; i++) {
		client_text(&c, "GET /v1/ok HTTP/1.1\r\n" H "\r\n");
		client_answer(&c, &a);
		assert_int_equal(a.status, 200);
	}
	for (int i = 0; i < 50; i++) /* all at once; answers in order */
		client_text(&c, i % 3 == 0   ? "GET /v1/slow?ms=2 HTTP/1.1\r\n" H "\r\n"
		                : i % 3 == 1 ? "GET /v1/nothing HTTP/1.1\r\n" H "\r\n"
		                             : "POST /v1/raw HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nhi");
	for (int i = 0; i < 50; i++) {
		client_answer(&c, &a);
		assert_int_equal(a.status, i % 3 == 1 ? 404 : 200);
		if (i % 3 == 2)
			assert_string_equal(a.body, "hi");
	}
	/* a byte at a time, chunked */
	const char *slow =
	        "POST /v1/raw HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
	for (const char *p = slow; *p; p++)
		client_send(&c, p, 1);
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "abcde");
	client_close(&c);
}

static void faults_become_problems(void **state)
{
	(void)state;
	static const struct {
		enum result r;
		int status;
	} map[] = {
		{ ERR_INVALID, 400 },  { ERR_UNAUTHORIZED, 401 }, { ERR_FORBIDDEN, 403 }, { ERR_NOT_FOUND, 404 },
		{ ERR_CONFLICT, 409 }, { ERR_MISMATCH, 422 },     { ERR_TOO_LARGE, 413 }, { ERR_LIMIT, 429 },
		{ ERR_BUSY, 503 },     { ERR_RETRY, 503 },        { ERR_NOMEM, 503 },     { ERR_IO, 500 },
		{ ERR_CORRUPT, 500 },  { ERR_INTERNAL, 500 },
	};
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		struct answer a;
		char text[128];
		snprintf(text, sizeof(text), "GET /v1/fault?r=%d HTTP/1.1\r\n" H "\r\n", map[i].r);
		ask(text, &a);
		assert_problem(&a, map[i].status, "test.fault", map[i].status < 500 ? "here" : NULL);
		assert_int_equal(strstr(a.body, "secret") == NULL, map[i].status >= 500);
		bool again = map[i].status == 429 || map[i].status == 503;
		assert_int_equal(answer_header(&a, "Retry-After", text, sizeof(text)) != NULL, again);
	}
}

static void static_files(void **state)
{
	(void)state;
	struct answer a;
	char text[128];
	ask("GET /app.js HTTP/1.1\r\n" H "\r\n", &a);
	assert_string_equal(a.body, "plain text");
	assert_string_equal(answer_header(&a, "ETag", text, sizeof(text)), "\"abc\"");
	assert_non_null(strstr(answer_header(&a, "Cache-Control", text, sizeof(text)), "immutable"));
	ask("GET /app.js HTTP/1.1\r\n" H "Accept-Encoding: br, gzip\r\n\r\n", &a);
	assert_string_equal(a.body, "zip");
	assert_string_equal(answer_header(&a, "Content-Encoding", text, sizeof(text)), "gzip");
	ask("GET /app.js HTTP/1.1\r\n" H "Accept-Encoding: gzip;q=0\r\n\r\n", &a);
	assert_string_equal(a.body, "plain text");
	ask("GET /app.js HTTP/1.1\r\n" H "If-None-Match: \"x\", W/\"abc\"\r\n\r\n", &a);
	assert_int_equal(a.status, 304);
	ask("GET / HTTP/1.1\r\n" H "\r\n", &a);
	assert_string_equal(a.body, "<p>hello</p>");
	assert_string_equal(answer_header(&a, "Content-Security-Policy", text, sizeof(text)), "special");
	ask("GET /%2e%2e/app.js HTTP/1.1\r\n" H "\r\n", &a);
	assert_problem(&a, 404, "path.unknown", "path");
	ask("POST /app.js HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", &a);
	assert_int_equal(a.status, 404);
}

static void slow_senders_are_cut(void **state)
{
	(void)state;
	struct http_config config = { .header_ms = 400, .body_ms = 600, .workers = 2, .io_threads = 1 };
	struct http_server *s = kit_start(&config);
	struct client quiet, head, body, fine;
	struct answer a;
	client_open(&quiet, http_port(s));
	client_open(&head, http_port(s));
	client_open(&body, http_port(s));
	client_open(&fine, http_port(s));
	client_text(&head, "GET /v1/ok HTTP/1.1\r\nHost: a\r\n");
	client_text(&body, "POST /v1/raw HTTP/1.1\r\n" H "Content-Length: 1000\r\n\r\n");
	bool head_open = true, body_open = true;
	for (int i = 0; i < 30 && (head_open || body_open); i++) { /* never idle, never done */
		head_open = head_open && client_text(&head, "X: y\r\n") && client_more(&head, 1) != 0;
		body_open = body_open && client_text(&body, "z") && client_more(&body, 1) != 0;
		struct timespec t = { .tv_nsec = 50 * 1000000 };
		nanosleep(&t, NULL);
	}
	assert_false(head_open);
	assert_false(body_open);
	assert_int_equal(client_more(&quiet, 2000), 0);
	client_close(&fine);
	client_open(&fine, http_port(s));
	client_text(&fine, "GET /v1/slow?ms=900 HTTP/1.1\r\n" H "\r\n"); /* our own slowness is not theirs */
	client_answer(&fine, &a);
	assert_int_equal(a.status, 200);
	struct http_stats st;
	http_stats_get(s, &st);
	assert_true(st.reaped >= 3);
	client_close(&quiet);
	client_close(&head);
	client_close(&body);
	client_close(&fine);
	http_stop(s);
}

static void stops_after_what_runs(void **state)
{
	(void)state;
	struct http_server *s = kit_start(NULL);
	struct client c[8], idle;
	struct answer a;
	client_open(&idle, http_port(s));
	for (int i = 0; i < 8; i++) {
		client_open(&c[i], http_port(s));
		client_text(&c[i], "GET /v1/slow?ms=300 HTTP/1.1\r\n" H "\r\n");
	}
	struct http_stats st;
	do
		http_stats_get(s, &st);
	while (st.requests < 8);
	struct timespec t = { .tv_nsec = 50 * 1000000 };
	nanosleep(&t, NULL);
	http_stop(s);
	for (int i = 0; i < 8; i++) {
		client_answer(&c[i], &a);
		assert_int_equal(a.status, 200);
		client_close(&c[i]);
	}
	client_close(&idle);
}

static void overload_is_said(void **state)
{
	(void)state;
	struct http_config config = { .workers = 1, .queue = 3, .io_threads = 1 };
	struct http_server *s = kit_start(&config);
	struct client c[12];
	struct answer a;
	int good = 0, told = 0;
	for (int i = 0; i < 12; i++) {
		client_open(&c[i], http_port(s));
		client_text(&c[i], "GET /v1/slow?ms=100 HTTP/1.1\r\n" H "\r\n");
	}
	for (int i = 0; i < 12; i++) {
		client_answer(&c[i], &a);
		if (a.status == 200) {
			good++;
		} else {
			assert_problem(&a, 429, "server.overloaded", NULL);
			told++;
		}
		client_close(&c[i]);
	}
	struct http_stats st;
	http_stats_get(s, &st);
	assert_true(good >= 3 && told >= 1);
	assert_int_equal(st.rejected, told);
	http_stop(s);
}

/* Every allocation failing in turn: the request is refused or cut, the server serves on. */
static void out_of_memory(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"POST /v1/stores/a/things?n=7 HTTP/1.1\r\n" H JSON_TYPE "Content-Length: 24\r\n\r\n"
		"{\"name\":\"x\",\"count\":100}",
		"GET /v1/events?topics=a,b HTTP/1.1\r\n" H "Connection: close\r\n\r\n",
		"GET /app.js HTTP/1.1\r\n" H "\r\n",
		"POST /v1/nothing HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}",
	};
	struct http_config config = { .workers = 1, .io_threads = 1 };
	int refused = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (uint64_t n = 1; n < 30; n++) {
			struct http_server *s = kit_start(&config); /* nothing is pooled yet */
			struct client c;
			struct answer a;
			client_open(&c, http_port(s));
			mem_fail_nth(n);
			client_text(&c, texts[i]);
			client_answer_of(&c, &a, 2000, true);
			mem_fail_nth(0);
			if (a.status >= 500 && a.status != 503)
				fail_msg("%d at %d: %s", a.status, (int)n, texts[i]);
			refused += a.status == 503 || a.status == 0;
			client_close(&c);
			client_once(http_port(s), "GET /v1/ok HTTP/1.1\r\n" H "\r\n", 40, &a);
			assert_int_equal(a.status, 200);
			http_stop(s);
		}
	print_message("%d refused for want of memory\n", refused);
	assert_true(refused > 10);
}

static int unix_connect(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	strcpy(sa.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void local_sockets(void **state)
{
	(void)state;
	char path[64];
	struct http_server *s = NULL, *other = NULL;
	struct error e;
	struct stat st;
	struct answer a;
	snprintf(path, sizeof(path), "/tmp/byname-test-%ld.sock", (long)getpid());
	struct http_config config = { .unix_path = path, .routes = kit_all, .io_threads = 1, .workers = 1 };
	assert_int_equal(http_start(&config, &s, &e), OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	struct client c = { .fd = unix_connect(path), .in = calloc(1, CLIENT_BYTES + 1) };
	assert_true(c.fd >= 0);
	client_text(&c, "GET /v1/who HTTP/1.1\r\n" H "\r\n");
	client_answer(&c, &a);
	assert_non_null(strstr(a.body, "\"remote\":\"local\""));
	client_close(&c);
	assert_int_equal(http_start(&config, &other, &e), ERR_IO); /* somebody answers there */
	assert_string_equal(e.code, "http.bind");
	http_stop(s);
	assert_int_equal(stat(path, &st), -1);
	/* what a dead process left behind is taken over */
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	strcpy(sa.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
	assert_int_equal(http_start(&config, &s, &e), OK);
	http_stop(s);
}

static void start_refuses(void **state)
{
	(void)state;
	struct http_server *s = NULL;
	struct error e;
	struct http_config c = { .bind = "0.0.0.0", .routes = kit_all };
	assert_int_equal(http_start(&c, &s, &e), ERR_INVALID);
	assert_string_equal(e.code, "http.plain_off_loopback");
	c.bind = "::";
	assert_int_equal(http_start(&c, &s, &e), ERR_INVALID);
	assert_string_equal(e.code, "http.plain_off_loopback");
	c.bind = "example.org";
	assert_int_equal(http_start(&c, &s, &e), ERR_INVALID);
	c.bind = "127.0.0.1";
	c.port = port; /* taken */
	assert_int_equal(http_start(&c, &s, &e), ERR_IO);
	assert_string_equal(e.code, "http.bind");
	c.port = 0;
	c.tls_cert = "/nowhere";
	assert_int_equal(http_start(&c, &s, &e), ERR_INVALID);
	assert_string_equal(e.code, "http.tls");
	c.tls_key = "/nowhere";
	assert_int_equal(http_start(&c, &s, &e), ERR_INVALID);
	assert_string_equal(e.code, "http.tls");
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(head_and_options),
		cmocka_unit_test(malformed_heads),
		cmocka_unit_test(malformed_bodies),
		cmocka_unit_test(too_large),
		cmocka_unit_test(keep_alive_and_pipelining),
		cmocka_unit_test(faults_become_problems),
		cmocka_unit_test(static_files),
		cmocka_unit_test(slow_senders_are_cut),
		cmocka_unit_test(stops_after_what_runs),
		cmocka_unit_test(overload_is_said),
		cmocka_unit_test(local_sockets),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(start_refuses),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
