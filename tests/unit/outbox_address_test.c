/* rooms: outbox */
/* A name server that lies: the name of the webhook is fine, and its address is one of ours, at once or from the second
 * look-up on. libcurl asks this file instead of the system. */
#include "test.h"

#include "base/clock.h"
#include "outbox/room.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static const char *answers[4]; /* addresses that the next look-up gets */
static _Atomic int asked;

static struct addrinfo *one(const char *text, int port)
{
	struct addrinfo *a = calloc(1, sizeof(*a) + sizeof(struct sockaddr_in6));
	assert_non_null(a);
	a->ai_addr = (struct sockaddr *)(a + 1);
	a->ai_socktype = SOCK_STREAM;
	a->ai_protocol = IPPROTO_TCP;
	if (strchr(text, ':')) {
		struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
		assert_int_equal(inet_pton(AF_INET6, text, &in.sin6_addr), 1);
		a->ai_family = AF_INET6;
		a->ai_addrlen = sizeof(in);
		memcpy(a->ai_addr, &in, sizeof(in));
	} else {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
		assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
		a->ai_family = AF_INET;
		a->ai_addrlen = sizeof(in);
		memcpy(a->ai_addr, &in, sizeof(in));
	}
	return a;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo **at = out;
	(void)node;
	atomic_fetch_add(&asked, 1);
	*out = NULL;
	for (int i = 0; i < 4 && answers[i]; i++) {
		int family = strchr(answers[i], ':') ? AF_INET6 : AF_INET;
		if (hints && hints->ai_family != AF_UNSPEC && hints->ai_family != family)
			continue;
		*at = one(answers[i], service ? atoi(service) : 0);
		at = &(*at)->ai_next;
	}
	return *out ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *a)
{
	while (a) {
		struct addrinfo *next = a->ai_next;
		free(a);
		a = next;
	}
}

static struct outcome fly(const char *url)
{
	struct flight *f = NULL;
	struct error e = { 0 };
	struct outcome out = { 0 };
	struct shipment s = { .endpoint = 1,
		              .id = 2,
		              .lease = 3,
		              .message = "msg_1",
		              .url = url,
		              .body = "{}",
		              .body_n = 2,
		              .secret_count = 1 };
	assert_int_equal(flight_new(&f, &e), OK);
	assert_int_equal(flight_begin(f, &s, &e), OK);
	int64_t until = clock_monotonic() + 20 * USEC;
	int n = 0;
	while (!n && clock_monotonic() < until)
		n = flight_wait(f, 100, &out, 1);
	assert_int_equal(n, 1);
	assert_int_equal(flight_count(f), 0);
	flight_free(f);
	return out;
}

static void inside_addresses_are_not_connected_to(void **state)
{
	static const char *const inside[] = { "127.0.0.1",        "10.0.0.1",       "169.254.169.254",
		                              "100.100.100.200",  "0.0.0.0",        "::1",
		                              "::ffff:127.0.0.1", "fd00:ec2::254",  "fe80::1",
		                              "64:ff9b::7f00:1",  "2002:7f00:1::1", "192.168.0.1",
		                              "255.255.255.255" };
	(void)state;
	outbox_configure(&(struct outbox_config){ .timeout_ms = 2000 });
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		int before = asked;
		answers[0] = inside[i];
		answers[1] = NULL;
		struct outcome o = fly("https://rebind.example.com/");
		assert_true(asked > before); /* else this test tests nothing */
		assert_int_equal(o.status, 0);
		if (!strstr(o.fault, "not a public one"))
			fail_msg("%s: %s", inside[i], o.fault);
	}
	answers[0] = "127.0.0.1";
	answers[1] = "::1";
	answers[2] = "10.1.1.1";
	answers[3] = NULL;
	assert_non_null(strstr(fly("https://rebind.example.com:8443/x").fault, "not a public one"));
}

/* The same with the setting for tests: a listener here does get the connection. */
static void the_way_is_open_when_told(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(in);
	char url[64];
	int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	(void)state;
	assert_true(s >= 0 && bind(s, (struct sockaddr *)&in, n) == 0 && listen(s, 4) == 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&in, &n), 0);
	snprintf(url, sizeof(url), "http://rebind.example.com:%d/", ntohs(in.sin_port));
	answers[0] = "127.0.0.1";
	answers[1] = NULL;
	outbox_configure(&(struct outbox_config){ .timeout_ms = 300, .local = true });
	struct outcome o = fly(url); /* it connects, and nobody answers */
	assert_non_null(strstr(o.fault, "imeout"));
	int c = accept(s, NULL, NULL);
	assert_true(c >= 0);
	close(c);
	/* Settings that are stricter by now: what was added before is not sent. */
	outbox_configure(&(struct outbox_config){ .timeout_ms = 300 });
	assert_string_equal(fly(url).fault, "the URL is not allowed");
	assert_true(accept(s, NULL, NULL) < 0);
	close(s);
}

/* The environment does not lead elsewhere. */
static void no_proxy_of_the_environment(void **state)
{
	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "socks5://127.0.0.1:1", 1);
	answers[0] = "10.9.9.9";
	answers[1] = NULL;
	outbox_configure(&(struct outbox_config){ .timeout_ms = 2000 });
	assert_string_equal(fly("https://rebind.example.com/").fault, "the address is not a public one (private)");
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inside_addresses_are_not_connected_to),
		cmocka_unit_test(the_way_is_open_when_told),
		cmocka_unit_test(no_proxy_of_the_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
