/* rooms: http base */
#include "unit/http_kit.h"
#include "base/clock.h"
#include <pthread.h>
#include <sys/resource.h>

#define MANY 2000

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

static int64_t streams_now(struct http_server *s)
{
	struct http_stats st;
	http_stats_get(s, &st);
	return st.streams_now;
}

static void wait_streams(struct http_server *s, int64_t want)
{
	int64_t until = clock_monotonic() + 10 * USEC;
	while (streams_now(s) != want) {
		if (clock_monotonic() > until)
			fail_msg("%lld streams, expected %lld", (long long)streams_now(s), (long long)want);
		struct timespec t = { .tv_nsec = 2000000 };
		nanosleep(&t, NULL);
	}
}

static void stream_ask(struct client *c, int at, const char *topics, int owner)
{
	char text[512];
	client_open(c, at);
	snprintf(text, sizeof(text), "GET /v1/events?topics=%s&owner=%d HTTP/1.1\r\nHost: a\r\n\r\n", topics, owner);
	client_text(c, text);
}

/* Reads until the text was seen; fails when it is not there in time. */
static void expect(struct client *c, const char *text)
{
	c->in[c->n] = 0;
	while (!strstr(c->in, text))
		if (client_more(c, 5000) != 1)
			fail_msg("no \"%s\" in \"%s\"", text, c->in);
}

static void expect_end(struct client *c)
{
	expect(c, "\r\n0\r\n\r\n");
}

static void events_arrive(void **state)
{
	(void)state;
	struct client a, b;
	stream_ask(&a, port, "customer:1,imports", 1);
	stream_ask(&b, port, "customer:2", 2);
	expect(&a, "retry: 2000");
	expect(&b, "retry: 2000");
	assert_non_null(strstr(a.in, "text/event-stream"));
	assert_int_equal(http_publish(server, "customer:1", "customer", STR("{\"n\":1}")), 1);
	assert_int_equal(http_publish(server, "customer:3", "customer", STR("{\"n\":2}")), 0);
	assert_int_equal(http_publish(server, "customer:2", "customer", STR("{\"n\":3}")), 1);
	assert_int_equal(http_publish(server, "imports", "import", STR("{\"n\":4}")), 1);
	expect(&a, "event: customer\ndata: {\"n\":1}\n\n");
	expect(&a, "event: import\ndata: {\"n\":4}\n\n");
	expect(&b, "event: customer\ndata: {\"n\":3}\n\n");
	assert_null(strstr(a.in, "{\"n\":3}"));
	/* dropped by owner: the answer ends properly, the other goes on */
	http_stream_drop(server, 1);
	expect_end(&a);
	assert_int_equal(http_publish(server, "customer:2", "customer", STR("{\"n\":5}")), 1);
	expect(&b, "{\"n\":5}");
	/* the same connection takes the next request */
	a.n = 0;
	client_text(&a, "GET /v1/ok HTTP/1.1\r\nHost: a\r\n\r\n");
	expect(&a, "{\"ok\":true}");
	client_close(&a);
	client_close(&b); /* it leaves while suspended: noticed */
	wait_streams(server, 0);
}

static void too_many_topics(void **state)
{
	(void)state;
	char topics[300] = "t";
	struct client c;
	struct answer a;
	for (int i = 0; i < 64; i++)
		strcat(topics, ",t");
	stream_ask(&c, port, topics, 1);
	client_answer(&c, &a);
	assert_problem(&a, 400, "stream.topics", "topics");
	client_close(&c);
	assert_int_equal(streams_now(server), 0);
}

static void a_slow_reader_is_closed(void **state)
{
	(void)state;
	struct client c;
	stream_ask(&c, port, "slow", 1);
	expect(&c, "retry");
	char *big = malloc(32 << 10);
	memset(big, 'x', 32 << 10);
	int sent = 0;
	while (http_publish(server, "slow", "x", (struct str){ big, 32 << 10 }) && ++sent < 10000)
		continue;
	assert_true(sent < 10000);
	wait_streams(server, 0);
	free(big);
	client_close(&c);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* 2,000 streams: one publish reaches all; prints how long it took. */
static void two_thousand(void **state)
{
	(void)state;
	struct client *c = calloc(MANY, sizeof(*c));
	int64_t *took = calloc(MANY, sizeof(*took));
	char text[64];
	for (int i = 0; i < MANY; i++) {
		stream_ask(&c[i], port, "all", i % 7);
		free(c[i].in);
		c[i].in = calloc(1, 8192);
	}
	wait_streams(server, MANY);
	for (int i = 0; i < MANY; i++)
		expect(&c[i], "retry");
	for (int round = 0; round < 5; round++) {
		snprintf(text, sizeof(text), "{\"round\":%d}", round);
		int64_t at = clock_monotonic();
		assert_int_equal(http_publish(server, "all", "x", str_c(text)), MANY);
		int64_t published = clock_monotonic() - at;
		for (int i = 0; i < MANY; i++) {
			expect(&c[i], text);
			took[i] = clock_monotonic() - at;
		}
		qsort(took, MANY, sizeof(*took), compare);
		if (round == 4)
			print_message("2,000 streams: publish %lld us, received p50 %lld us, p99 %lld us\n",
			              (long long)published, (long long)took[MANY / 2],
			              (long long)took[MANY * 99 / 100]);
	}
	for (int i = 0; i < MANY; i++) {
		close(c[i].fd);
		free(c[i].in);
	}
	wait_streams(server, 0);
	free(took);
	free(c);
}

static _Atomic bool churning;

static void *churn(void *arg)
{
	unsigned seed = (unsigned)(intptr_t)arg;
	while (atomic_load(&churning)) {
		struct client c;
		stream_ask(&c, port, "churn", (int)(rand_r(&seed) % 3));
		if (rand_r(&seed) % 2)
			client_more(&c, 50);
		client_close(&c);
	}
	return NULL;
}

/* Streams come and go while events are published and owners dropped: no crash, nothing left. */
static void churning_streams(void **state)
{
	(void)state;
	pthread_t threads[3];
	atomic_store(&churning, true);
	for (intptr_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
	int64_t until = clock_monotonic() + 2 * USEC;
	for (int i = 0; clock_monotonic() < until; i++) {
		http_publish(server, "churn", "x", STR("{}"));
		if (i % 10 == 0)
			http_stream_drop(server, i % 3);
		struct timespec t = { .tv_nsec = 1000000 };
		nanosleep(&t, NULL);
	}
	atomic_store(&churning, false);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	wait_streams(server, 0);
}

static void stops_with_open_streams(void **state)
{
	(void)state;
	struct http_server *s = kit_start(NULL);
	struct client c[50];
	for (int i = 0; i < 50; i++)
		stream_ask(&c[i], http_port(s), "all", 1);
	wait_streams(s, 50);
	for (int i = 0; i < 50; i++)
		expect(&c[i], "retry");
	http_stop(s);
	for (int i = 0; i < 50; i++) {
		expect_end(&c[i]);
		client_close(&c[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_arrive),           cmocka_unit_test(too_many_topics),
		cmocka_unit_test(a_slow_reader_is_closed), cmocka_unit_test(two_thousand),
		cmocka_unit_test(churning_streams),        cmocka_unit_test(stops_with_open_streams),
	};
	struct rlimit rl = { .rlim_cur = 0 };
	if (!getrlimit(RLIMIT_NOFILE, &rl) && rl.rlim_cur < 2 * MANY + 100) {
		rl.rlim_cur = rl.rlim_max < 16000 ? rl.rlim_max : 16000;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
	return cmocka_run_group_tests(tests, start, stop);
}
