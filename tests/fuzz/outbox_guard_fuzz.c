/* rooms: outbox */
/* Where webhooks may go: what our reader takes, libcurl reads as the same host and port, without a user; what is
 * written anew is read as the same; no address that the system's own macros call inside is called open. */
#include "fuzz/fuzz.h"
#include "outbox/guard.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

static void same_to_curl(const char *written, const struct guard_url *u)
{
	CURLU *c = curl_url();
	char *host = NULL, *port = NULL, *user = NULL, *scheme = NULL, bracketed[GUARD_HOST_MAX + 3];
	HOLD(c);
	HOLD(curl_url_set(c, CURLUPART_URL, written, 0) == CURLUE_OK);
	HOLD(curl_url_get(c, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	HOLD(curl_url_get(c, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
	HOLD(curl_url_get(c, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
	HOLD(curl_url_get(c, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
	HOLD(atoi(port) == u->port && !strcmp(scheme, u->tls ? "https" : "http"));
	snprintf(bracketed, sizeof(bracketed), "[%s]", u->host);
	if (strchr(u->host, ':')) { /* libcurl may write an address shorter */
		struct in6_addr a, b;
		host[strlen(host) - 1] = '\0';
		HOLD(inet_pton(AF_INET6, host + 1, &a) == 1 && inet_pton(AF_INET6, u->host, &b) == 1);
		HOLD(!memcmp(&a, &b, sizeof(a)));
	} else {
		HOLD(!strcmp(host, u->host));
	}
	curl_free(host);
	curl_free(port);
	curl_free(scheme);
	curl_url_cleanup(c);
}

static void host_is_open(const struct guard_url *u)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	HOLD(u->tls && (u->port == 443 || u->port == 8443));
	if (inet_pton(AF_INET, u->host, &four.sin_addr) == 1)
		HOLD(u->literal && !guard_address((struct sockaddr *)&four, sizeof(four)));
	else if (inet_pton(AF_INET6, u->host, &six.sin6_addr) == 1)
		HOLD(u->literal && !guard_address((struct sockaddr *)&six, sizeof(six)));
	else
		HOLD(!u->literal && strchr(u->host, '.'));
	/* What old resolvers take for a number, is none. */
	struct in_addr old;
	HOLD(u->literal || !inet_aton(u->host, &old));
}

static void url(struct str s, bool local)
{
	struct guard_url u, again;
	struct error e = { 0 };
	char text[GUARD_URL_MAX + 64];
	if (guard_url_read(s, local, &u, &e) != OK) {
		HOLD(e.result == ERR_INVALID && !strcmp(e.code, "webhook.url") && e.detail[0]);
		return;
	}
	HOLD(guard_url_write(&u, text, sizeof(text)));
	if (strlen(text) <= GUARD_URL_MAX) {
		HOLD(guard_url_read(str_c(text), local, &again, &e) == OK);
		HOLD(again.tls == u.tls && again.port == u.port && !strcmp(again.host, u.host));
		HOLD(again.literal == u.literal);
	}
	if (!local)
		host_is_open(&u);
	same_to_curl(text, &u);
}

static void address(const unsigned char *p)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	memcpy(&six.sin6_addr, p, 16);
	memcpy(&four.sin_addr, p, 4);
	const struct in6_addr *a = &six.sin6_addr;
	bool inside = IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_MULTICAST(a) ||
	              IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_SITELOCAL(a) || IN6_IS_ADDR_V4MAPPED(a) ||
	              IN6_IS_ADDR_V4COMPAT(a) || (p[0] & 0xfe) == 0xfc || (p[0] == 0x20 && p[1] == 2);
	if (inside)
		HOLD(guard_address((struct sockaddr *)&six, sizeof(six)));
	bool inside4 = p[0] == 0 || p[0] == 10 || p[0] == 127 || p[0] >= 224 || (p[0] == 192 && p[1] == 168) ||
	               (p[0] == 172 && p[1] >> 4 == 1) || (p[0] == 169 && p[1] == 254) ||
	               (p[0] == 100 && p[1] >> 6 == 1);
	if (inside4)
		HOLD(guard_address((struct sockaddr *)&four, sizeof(four)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 17)
		return 0;
	address(data + 1);
	url((struct str){ (const char *)data + 17, size - 17 }, data[0] & 1);
	return 0;
}
