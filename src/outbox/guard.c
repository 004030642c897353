/* URLs and addresses that a webhook may go to. */
#include "outbox/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#define LABEL_MAX 63

/* ---- Addresses ----------------------------------------------------------------------------------------------------
 */

/* What is not globally reachable by IANA's registry of special-purpose addresses (RFC 6890 and its updates), and what
 * is no single machine. 168.63.129.16 is Azure's own, in the middle of public space. */
static const struct {
	uint32_t net;
	int bits;
	const char *what;
} closed4[] = {
	{ 0x00000000, 8, "unspecified" },        { 0x0a000000, 8, "private" },
	{ 0x64400000, 10, "carrier-grade NAT" }, { 0x7f000000, 8, "loopback" },
	{ 0xa9fe0000, 16, "link-local" },        { 0xac100000, 12, "private" },
	{ 0xc0000000, 24, "reserved" },          { 0xc0000200, 24, "documentation" },
	{ 0xc01fc400, 24, "reserved" },          { 0xc034c100, 24, "reserved" },
	{ 0xc0586300, 24, "6to4 relay" },        { 0xc0a80000, 16, "private" },
	{ 0xc0af3000, 24, "reserved" },          { 0xc6120000, 15, "benchmarking" },
	{ 0xc6336400, 24, "documentation" },     { 0xcb007100, 24, "documentation" },
	{ 0xa83f8110, 32, "metadata" },          { 0xe0000000, 4, "multicast" },
	{ 0xf0000000, 4, "reserved" },
};

static const char *closed4_what(uint32_t a)
{
	for (size_t i = 0; i < sizeof(closed4) / sizeof(closed4[0]); i++)
		if ((a ^ closed4[i].net) >> (32 - closed4[i].bits) == 0)
			return closed4[i].what;
	return NULL;
}

/* Of IPv6 only 2000::/3 is given out for the public internet; the rest tells what it is, and some of 2000::/3 is kept
 * for other ends or carries an IPv4 address inside. The first that fits. */
static const struct {
	unsigned char net[16];
	int bits;
	const char *what;
} closed6[] = {
	{ { 0 }, 128, "unspecified" },
	{ { [15] = 1 }, 128, "loopback" },
	{ { [10] = 0xff, 0xff }, 96, "IPv4-mapped" },
	{ { 0 }, 96, "IPv4-compatible" },
	{ { [8] = 0xff, 0xff }, 96, "IPv4-translated" },
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, "NAT64" },
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, "NAT64" },
	{ { 0xfc }, 7, "private" },
	{ { 0xfe, 0x80 }, 10, "link-local" },
	{ { 0xfe, 0xc0 }, 10, "site-local" },
	{ { 0xff }, 8, "multicast" },
	{ { 0x20, 0x01 }, 32, "Teredo" },
	{ { 0x20, 0x01 }, 23, "reserved" },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "documentation" },
	{ { 0x20, 0x02 }, 16, "6to4" },
	{ { 0x26, 0x20, 0x00, 0x4f, 0x80 }, 48, "reserved" },
	{ { 0x3f, 0xff }, 20, "documentation" },
};

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;
	return memcmp(a, b, (size_t)whole) == 0 && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static const char *closed6_what(const unsigned char a[16])
{
	for (size_t i = 0; i < sizeof(closed6) / sizeof(closed6[0]); i++)
		if (same_bits(a, closed6[i].net, closed6[i].bits))
			return closed6[i].what;
	return a[0] >> 5 == 1 ? NULL : "reserved";
}

const char *guard_address(const struct sockaddr *address, socklen_t n)
{
	if (n >= (socklen_t)sizeof(struct sockaddr_in) && address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof(in));
		return closed4_what(ntohl(in.sin_addr.s_addr));
	}
	if (n >= (socklen_t)sizeof(struct sockaddr_in6) && address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, address, sizeof(in));
		return closed6_what(in.sin6_addr.s6_addr);
	}
	return "no internet address";
}

/* ---- Hosts --------------------------------------------------------------------------------------------------------
 */

static enum result refuse(struct error *e, const char *why)
{
	return error_set(e, ERR_INVALID, "webhook.url", "url", "%s", why);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Names that are of this machine or this network by agreement (RFC 6761, 6762, 8375, and customary ones). */
static bool name_is_inside(struct str host)
{
	static const char *const ends[] = { "localhost", "local", "localdomain", "internal",  "intranet", "lan",
		                            "home",      "corp",  "private",     "home.arpa", "onion" };
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct str end = str_c(ends[i]);
		if (host.n >= end.n && !memcmp(host.p + host.n - end.n, end.p, end.n) &&
		    (host.n == end.n || host.p[host.n - end.n - 1] == '.'))
			return true;
	}
	return false;
}

static bool name_is_well_formed(struct str host)
{
	struct str rest = host, label;
	if (!host.n || host.n > GUARD_HOST_MAX || host.p[host.n - 1] == '.')
		return false;
	while (str_split(&rest, '.', &label)) {
		if (!label.n || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!digit(label.p[i]) && label.p[i] != '-' && !(label.p[i] >= 'a' && label.p[i] <= 'z'))
				return false;
	}
	return true;
}

/* Whether resolvers may take it for a number: "127.1", "0x7f000001", "2130706433" are all 127.0.0.1 to some. */
static bool name_looks_numeric(struct str host)
{
	size_t from = host.n;
	while (from && host.p[from - 1] != '.')
		from--;
	struct str last = { host.p + from, host.n - from };
	if (last.n > 1 && last.p[0] == '0' && last.p[1] == 'x')
		return true;
	for (size_t i = 0; i < last.n; i++)
		if (!digit(last.p[i]))
			return false;
	return last.n > 0;
}

static enum result address_read(const char *host, int family, bool local, struct error *e)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const char *what;
	/* inet_pton() takes only four plain decimal numbers, and no zone. */
	if (inet_pton(family, host, family == AF_INET ? (void *)&in4.sin_addr : (void *)&in6.sin6_addr) != 1)
		return refuse(e, "The host is neither a name nor an address.");
	what = family == AF_INET ? guard_address((struct sockaddr *)&in4, sizeof(in4))
	                         : guard_address((struct sockaddr *)&in6, sizeof(in6));
	if (what && !local)
		return error_set(e, ERR_INVALID, "webhook.url", "url", "That address is not a public one (%s).", what);
	return OK;
}

static enum result host_read(struct str host, bool six, bool local, struct guard_url *out, struct error *e)
{
	if (!host.n || host.n > GUARD_HOST_MAX)
		return refuse(e, "The host is missing or too long.");
	for (size_t i = 0; i < host.n; i++)
		out->host[i] = lower(host.p[i]);
	out->host[host.n] = '\0';
	struct str name = { out->host, host.n };
	out->literal = six || name_looks_numeric(name);
	if (out->literal)
		return address_read(out->host, six ? AF_INET6 : AF_INET, local, e);
	if (!name_is_well_formed(name))
		return refuse(e, "The host is not a well-formed name (write an international one in its xn-- form).");
	if (!local && (!memchr(name.p, '.', name.n) || name_is_inside(name)))
		return refuse(e, "The host is a name of a local network.");
	return OK;
}

/* ---- URLs ---------------------------------------------------------------------------------------------------------
 */

static bool starts_folded(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);
	if (s.n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s.p[i]) != prefix[i])
			return false;
	return true;
}

static enum result port_read(struct str text, bool local, struct guard_url *out, struct error *e)
{
	int port = 0;
	if (!text.n || text.n > 5)
		return refuse(e, "The port is not a number.");
	for (size_t i = 0; i < text.n; i++) {
		if (!digit(text.p[i]))
			return refuse(e, "The port is not a number.");
		port = port * 10 + (text.p[i] - '0');
	}
	if (port < 1 || port > 65535 || (!local && port != 443 && port != 8443))
		return refuse(e, "The port may be 443 or 8443.");
	out->port = port;
	return OK;
}

/* host, host:port, [v6], [v6]:port */
static enum result authority_read(struct str a, bool local, struct guard_url *out, struct error *e)
{
	struct str host = a, port = { "", 0 };
	bool six = a.n && a.p[0] == '[', has_port = false;
	if (six) {
		const char *end = memchr(a.p, ']', a.n);
		if (!end)
			return refuse(e, "The host's bracket is not closed.");
		host = (struct str){ a.p + 1, (size_t)(end - a.p - 1) };
		size_t rest = a.n - host.n - 2;
		if (rest && end[1] != ':')
			return refuse(e, "Something stands between host and port.");
		has_port = rest > 0;
		port = (struct str){ rest ? end + 2 : "", rest ? rest - 1 : 0 };
	} else {
		const char *colon = memchr(a.p, ':', a.n);
		if (colon) {
			has_port = true;
			host.n = (size_t)(colon - a.p);
			port = (struct str){ colon + 1, a.n - host.n - 1 };
		}
	}
	if (has_port)
		TRY(port_read(port, local, out, e));
	return host_read(host, six, local, out, e);
}

enum result guard_url_read(struct str url, bool local, struct guard_url *out, struct error *e)
{
	struct guard_url u = { 0 };
	size_t end;
	if (url.n > GUARD_URL_MAX)
		return refuse(e, "The URL is too long.");
	for (size_t i = 0; i < url.n; i++) {
		unsigned char c = (unsigned char)url.p[i];
		if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}#", c))
			return refuse(e, "The URL has a character that no URL for a webhook has.");
	}
	u.tls = starts_folded(url, "https://");
	if (!u.tls && !(local && starts_folded(url, "http://")))
		return refuse(e, "The URL must begin with https://");
	url.p += u.tls ? 8 : 7;
	url.n -= u.tls ? 8 : 7;
	u.port = u.tls ? 443 : 80;
	for (end = 0; end < url.n && url.p[end] != '/' && url.p[end] != '?'; end++)
		if (url.p[end] == '@')
			return refuse(e, "The URL must not name a user.");
	TRY(authority_read((struct str){ url.p, end }, local, &u, e));
	u.path = url.p + end;
	u.path_n = url.n - end;
	*out = u;
	return OK;
}

bool guard_url_write(const struct guard_url *u, char *out, size_t size)
{
	bool six = strchr(u->host, ':') != NULL, slash = !u->path_n || u->path[0] != '/';
	int n = snprintf(out, size, "http%s://%s%s%s:%d%s%.*s", u->tls ? "s" : "", six ? "[" : "", u->host,
	                 six ? "]" : "", u->port, slash ? "/" : "", (int)u->path_n, u->path_n ? u->path : "");
	return n > 0 && (size_t)n < size;
}
