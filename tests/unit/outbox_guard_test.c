/* rooms: outbox */
/* Where webhooks may go, how they are signed, when they are tried again: what is pure. */
#include "test.h"

#include "outbox/guard.h"
#include "outbox/room.h"
#include <arpa/inet.h>
#include <netinet/in.h>

/* ---- Addresses ----------------------------------------------------------------------------------------------------
 */

static const char *what4(uint32_t host)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(host) };
	return guard_address((struct sockaddr *)&a, sizeof(a));
}

static const char *what(const char *text)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return guard_address((struct sockaddr *)&four, sizeof(four));
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return guard_address((struct sockaddr *)&six, sizeof(six));
}

/* The registry once more, as ranges, by hand: first and last. */
static const char *const ranges[][2] = {
	{ "0.0.0.0", "0.255.255.255" },       { "10.0.0.0", "10.255.255.255" },
	{ "100.64.0.0", "100.127.255.255" },  { "127.0.0.0", "127.255.255.255" },
	{ "169.254.0.0", "169.254.255.255" }, { "172.16.0.0", "172.31.255.255" },
	{ "192.0.0.0", "192.0.0.255" },       { "192.0.2.0", "192.0.2.255" },
	{ "192.31.196.0", "192.31.196.255" }, { "192.52.193.0", "192.52.193.255" },
	{ "192.88.99.0", "192.88.99.255" },   { "192.168.0.0", "192.168.255.255" },
	{ "192.175.48.0", "192.175.48.255" }, { "198.18.0.0", "198.19.255.255" },
	{ "198.51.100.0", "198.51.100.255" }, { "203.0.113.0", "203.0.113.255" },
	{ "224.0.0.0", "255.255.255.255" },
};
#define RANGES (sizeof(ranges) / sizeof(ranges[0]))

static uint32_t host_of(const char *text)
{
	struct in_addr a;
	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return ntohl(a.s_addr);
}

/* Every network of 256, by its first, a middle and its last address. */
static void every_ipv4_network(void **state)
{
	uint32_t from[RANGES], to[RANGES];
	(void)state;
	for (size_t i = 0; i < RANGES; i++) {
		from[i] = host_of(ranges[i][0]);
		to[i] = host_of(ranges[i][1]);
	}
	for (uint32_t net = 0; net < 1u << 24; net++) {
		uint32_t a = net << 8;
		bool closed = false;
		for (size_t i = 0; i < RANGES && !closed; i++)
			closed = a >= from[i] && a <= to[i];
		if ((what4(a) != NULL) != closed || (what4(a | 99) != NULL) != closed ||
		    (what4(a | 255) != NULL) != closed)
			fail_msg("%u.%u.%u.0/24", net >> 16, net >> 8 & 255, net & 255);
	}
	assert_string_equal(what("168.63.129.16"), "metadata");
	assert_null(what("168.63.129.15"));
	assert_null(what("168.63.129.17"));
}

static void ipv4_inside_ipv6(void **state)
{
	static const char *const shells[] = { "::ffff:%s", "::%s", "::ffff:0:%s", "64:ff9b::%s", "64:ff9b:1::%s" };
	static const char *const inner[] = { "127.0.0.1", "10.1.2.3", "169.254.169.254", "8.8.8.8", "93.184.216.34" };
	char text[64];
	(void)state;
	/* Whatever is inside, public ones too: no receiver needs such a form. */
	for (size_t s = 0; s < 5; s++)
		for (size_t i = 0; i < 5; i++) {
			snprintf(text, sizeof(text), shells[s], inner[i]);
			assert_non_null(what(text));
		}
	assert_string_equal(what("2002:7f00:1::"), "6to4");
	assert_string_equal(what("2002:808:808::1"), "6to4");
	assert_string_equal(what("2001:0:53aa:64c::1"), "Teredo");
}

static void ipv6_addresses(void **state)
{
	static const char *const closed[] = { "::",
		                              "::1",
		                              "fe80::1",
		                              "febf:ffff::1",
		                              "fec0::1",
		                              "fc00::1",
		                              "fdff::1",
		                              "fd00:ec2::254",
		                              "ff02::1",
		                              "100::1",
		                              "2001:db8::1",
		                              "2001:2::1",
		                              "2001:20::1",
		                              "3fff::1",
		                              "3fff:fff::1",
		                              "5f00::1",
		                              "4000::1",
		                              "1fff::1",
		                              "2620:4f:8000::1",
		                              "e000::1",
		                              "64:ff9b::1",
		                              "2001:1ff:ffff::1",
		                              "fe80::ffff:ffff" };
	static const char *const open[] = { "2606:2800:220:1:248:1893:25c8:1946",
		                            "2a00:1450:4001::1",
		                            "2001:4860:4860::8888",
		                            "2001:200::1",
		                            "2003::1",
		                            "3ffe::1",
		                            "3fff:1000::1",
		                            "2620:4f:8001::1",
		                            "2001:db7:ffff::1",
		                            "2001:db9::1",
		                            "2400::1" };
	(void)state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (!what(closed[i]))
			fail_msg("%s is open", closed[i]);
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (what(open[i]))
			fail_msg("%s is %s", open[i], what(open[i]));
}

static void no_other_family(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808) };
	struct sockaddr u = { .sa_family = AF_UNIX };
	(void)state;
	assert_null(guard_address((struct sockaddr *)&a, sizeof(a)));
	assert_non_null(guard_address((struct sockaddr *)&a, sizeof(a) - 1));
	assert_non_null(guard_address(&u, sizeof(u)));
}

/* ---- URLs ---------------------------------------------------------------------------------------------------------
 */

static bool reads(const char *url, bool local, struct guard_url *u)
{
	struct error e = { 0 };
	enum result r = guard_url_read(str_c(url), local, u, &e);
	if (r != OK) {
		assert_int_equal(r, ERR_INVALID);
		assert_string_equal(e.code, "webhook.url");
		assert_string_equal(e.field, "url");
	}
	return r == OK;
}

static void urls_that_go(void **state)
{
	static const char *const good[][2] = {
		{ "https://example.com", "https://example.com:443/" },
		{ "HTTPS://Example.COM/Hook?x=1&y=%20", "https://example.com:443/Hook?x=1&y=%20" },
		{ "https://example.com:8443/", "https://example.com:8443/" },
		{ "https://example.com?a", "https://example.com:443/?a" },
		{ "https://8.8.8.8/x", "https://8.8.8.8:443/x" },
		{ "https://[2606:2800:220:1::1]:443/x", "https://[2606:2800:220:1::1]:443/x" },
		{ "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example:443/" },
		{ "https://a.b/@/x:y", "https://a.b:443/@/x:y" },
		{ "https://1.example.com", "https://1.example.com:443/" },
	};
	struct guard_url u;
	char text[256];
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!reads(good[i][0], false, &u))
			fail_msg("%s", good[i][0]);
		assert_true(guard_url_write(&u, text, sizeof(text)));
		assert_string_equal(text, good[i][1]);
		assert_true(reads(text, false, &u)); /* what is written is read again as the same */
	}
	assert_false(guard_url_write(&u, text, 10));
}

static void urls_that_do_not_go(void **state)
{
	static const char *const bad[] = {
		"",
		"https://",
		"https:///x",
		"http://example.com/",
		"ftp://example.com/",
		"file:///etc/passwd",
		"gopher://example.com/",
		"//example.com",
		"example.com",
		"https:/example.com",
		"https:example.com",
		" https://example.com",
		"https://example.com ",
		"https://example.com/\t",
		"https://example.com/\n",
		"https://user@example.com/",
		"https://user:pw@example.com/",
		"https://example.com@127.0.0.1/",
		"https://example.com#@127.0.0.1/",
		"https://example.com/#x",
		"https://example.com\\@127.0.0.1/",
		"https://example.com:80/",
		"https://example.com:22/",
		"https://example.com:0/",
		"https://example.com:/",
		"https://example.com:443x/",
		"https://example.com:+443/",
		"https://example.com:65979/",
		"https://example.com:4294967739/",
		"https://example.com:443:443/",
		"https://localhost/",
		"https://LOCALHOST/",
		"https://a.localhost/",
		"https://intranet/",
		"https://printer.local/",
		"https://metadata.google.internal/",
		"https://x.home.arpa/",
		"https://example.com./",
		"https://127.0.0.1/",
		"https://127.1/",
		"https://127.0.1/",
		"https://2130706433/",
		"https://0x7f000001/",
		"https://0x7f.0.0.1/",
		"https://0177.0.0.1/",
		"https://127.0.0.0x1/",
		"https://0/",
		"https://10.0.0.1/",
		"https://169.254.169.254/latest/meta-data",
		"https://192.168.1.1:8443/",
		"https://100.100.100.200/",
		"https://8.8.8.8.8/",
		"https://8.8.8/",
		"https://08.8.8.8/",
		"https://8.8.8.256/",
		"https://[::1]/",
		"https://[::ffff:127.0.0.1]/",
		"https://[::ffff:8.8.8.8]/",
		"https://[fe80::1%25eth0]/",
		"https://[fe80::1%eth0]/",
		"https://[fc00::1]/",
		"https://[64:ff9b::8.8.8.8]/",
		"https://[2002:808:808::1]/",
		"https://[2606:2800::1/",
		"https://[2606:2800::1]x/",
		"https://[2606:2800::1]:22/",
		"https://[example.com]/",
		"https://2606:2800::1/",
		"https://ex_ample.com/",
		"https://-example.com/",
		"https://example-.com/",
		"https://exa mple.com/",
		"https://example..com/",
		"https://.example.com/",
		"https://b\xc3\xbc"
		"cher.example/",
		"https://example.com/\x7f",
		"https://example.com/\xc3\xbc",
		"https://127.0.0.1%2eexample.com/",
		"https://%31%32%37.0.0.1/",
		"https://example.com%00.evil/",
		"https://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
	};
	struct guard_url u = { .port = 77 };
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (reads(bad[i], false, &u))
			fail_msg("%s is taken", bad[i]);
	assert_int_equal(u.port, 77); /* outputs are left alone */
}

static void lengths_of_urls(void **state)
{
	char url[GUARD_URL_MAX + 3];
	struct guard_url u;
	(void)state;
	memset(url, 'a', sizeof(url));
	memcpy(url, "https://example.com/", 20);
	url[GUARD_URL_MAX] = '\0';
	assert_true(reads(url, false, &u));
	url[GUARD_URL_MAX] = 'a';
	url[GUARD_URL_MAX + 1] = '\0';
	assert_false(reads(url, false, &u));
	/* a label of 63, one of 64; a host of 253 and more */
	snprintf(url, sizeof(url), "https://%063d.example/", 1);
	memset(url + 8, 'b', 63);
	assert_true(reads(url, false, &u));
	snprintf(url, sizeof(url), "https://%064d.example/", 1);
	memset(url + 8, 'b', 64);
	assert_false(reads(url, false, &u));
	char *at = url + sprintf(url, "https://");
	for (int i = 0; i < 126; i++)
		at += sprintf(at, "a.");
	sprintf(at, "c");
	assert_true(reads(url, false, &u));
	sprintf(at, "cc");
	assert_false(reads(url, false, &u));
}

static void local_ones_only_when_told(void **state)
{
	static const char *const urls[] = { "http://127.0.0.1:8080/x", "http://localhost/", "https://[::1]:4000/" };
	struct guard_url u;
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_false(reads(urls[i], false, &u));
		assert_true(reads(urls[i], true, &u));
	}
	assert_false(reads("http://user@localhost/", true, &u));
	assert_false(reads("file:///etc/passwd", true, &u));
}

/* ---- Signatures ---------------------------------------------------------------------------------------------------
 */

/* The specification's own example; the rest is HMAC-SHA256 as everybody has it (the API test has another one). */
static void signs_as_specified(void **state)
{
	/* whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw */
	static const unsigned char example[24] = { 0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a,
		                                   0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c,
		                                   0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0 };
	unsigned char key[OUTBOX_SECRET_BYTES] = { 0 }; /* HMAC fills a short key with zeroes: the same key */
	char signature[SIGNATURE_TEXT], id[WEBHOOK_ID_BYTES];
	(void)state;
	memcpy(key, example, sizeof(example));
	signature_make(signature, key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, STR("{\"test\": 2432232314}"));
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	message_id(id, STR("0123456789abcdef"));
	assert_string_equal(id, "msg_30313233343536373839616263646566");
}

static void secrets_are_sealed(void **state)
{
	unsigned char secret[OUTBOX_SECRET_BYTES], out[OUTBOX_SECRET_BYTES], a[SECRET_SEALED_BYTES],
	        b[SECRET_SEALED_BYTES];
	struct outbox_config plain = { 0 }, sealed = { .has_key = true, .key = { 7 } }, other = { .has_key = true };
	char text[OUTBOX_SECRET_TEXT];
	(void)state;
	secret_new(secret);
	secret_text(text, secret);
	assert_int_equal(strlen(text), 50);
	assert_memory_equal(text, "whsec_", 6);
	outbox_configure(&plain);
	struct str open = secret_seal(secret, 5, a);
	assert_true(secret_open(open, 5, out));
	assert_memory_equal(out, secret, sizeof(secret));
	outbox_configure(&sealed);
	assert_true(secret_open(open, 5, out)); /* from before there was a key */
	struct str closed = secret_seal(secret, 5, b);
	assert_null(memmem(closed.p, closed.n, secret, 8));
	memset(out, 0, sizeof(out));
	assert_true(secret_open(closed, 5, out));
	assert_memory_equal(out, secret, sizeof(secret));
	assert_false(secret_open(closed, 6, out)); /* another webhook's */
	b[40] ^= 1;
	assert_false(secret_open(closed, 5, out));
	b[40] ^= 1;
	assert_false(secret_open((struct str){ closed.p, closed.n - 1 }, 5, out));
	outbox_configure(&other);
	assert_false(secret_open(closed, 5, out));
	outbox_configure(&plain);
	assert_false(secret_open(closed, 5, out));
	assert_false(secret_open(STR(""), 5, out));
}

/* ---- Types, and when again ----------------------------------------------------------------------------------------
 */

static void patterns_name_types(void **state)
{
	(void)state;
	assert_true(outbox_wants(STR("*"), "order.placed"));
	assert_true(outbox_wants(STR("stock.*,order.placed"), "order.placed"));
	assert_true(outbox_wants(STR("order.*"), "order.refund_done"));
	assert_false(outbox_wants(STR("order.place"), "order.placed"));
	assert_false(outbox_wants(STR("order.p*"), "order.placed"));
	assert_false(outbox_wants(STR("stock.*"), "order.placed"));
	assert_false(outbox_wants(STR(""), "order.placed"));
	assert_false(outbox_wants(STR(".*"), "order.placed"));
	for (const char *const *t = outbox_types(); *t; t++)
		assert_true(strlen(*t) < OUTBOX_TYPE_BYTES && outbox_wants(str_c(*t), *t));
	for (int k = 1; k < 22; k++) { /* every command's is one of them */
		bool known = false;
		for (const char *const *t = outbox_types(); *t; t++)
			known = known || !strcmp(*t, type_of_command(k));
		assert_true(known);
	}
}

static void pauses_grow_to_three_days(void **state)
{
	int64_t sum = 0, least = 0, most = 0;
	int tries = 1;
	(void)state;
	outbox_configure(&(struct outbox_config){ 0 });
	for (; retry_pause(tries, 0) >= 0; tries++) {
		int64_t middle = retry_pause(tries, UINT32_MAX / 2);
		assert_true(retry_pause(tries, 0) >= middle * 79 / 100 &&
		            retry_pause(tries, UINT32_MAX) <= middle * 121 / 100);
		assert_true(retry_pause(tries, 0) < retry_pause(tries, UINT32_MAX));
		least += retry_pause(tries, 0);
		most += retry_pause(tries, UINT32_MAX);
		sum += middle;
	}
	assert_int_equal(tries, 10); /* attempts in all */
	assert_true(sum > 3 * DAY_US && sum < 3 * DAY_US + 4 * HOUR_US);
	assert_true(least > 2 * DAY_US && most < 4 * DAY_US);
	assert_int_equal(retry_pause(0, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_ipv4_network),  cmocka_unit_test(ipv4_inside_ipv6),
		cmocka_unit_test(ipv6_addresses),      cmocka_unit_test(no_other_family),
		cmocka_unit_test(urls_that_go),        cmocka_unit_test(urls_that_do_not_go),
		cmocka_unit_test(lengths_of_urls),     cmocka_unit_test(local_ones_only_when_told),
		cmocka_unit_test(signs_as_specified),  cmocka_unit_test(secrets_are_sealed),
		cmocka_unit_test(patterns_name_types), cmocka_unit_test(pauses_grow_to_three_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
