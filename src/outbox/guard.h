/* Where a webhook may be sent: pure. The URL is taken apart by a strict reader of our own, and what libcurl is given is
 * put together anew from the parts, so that no two readers disagree; the address is checked when the socket to exactly
 * that address is opened, so that no second look-up comes between. */
#ifndef BYNAME_OUTBOX_GUARD_H
#define BYNAME_OUTBOX_GUARD_H

#include "base/str.h"
#include <sys/socket.h>

#define GUARD_URL_MAX 2000
#define GUARD_HOST_MAX 253

struct guard_url {
	bool tls;
	bool literal;                  /* the host is an address */
	char host[GUARD_HOST_MAX + 1]; /* lower case; an IPv6 address without brackets */
	int port;
	const char *path; /* of what was given: "/…", perhaps with a query, or "" ; length path_n */
	size_t path_n;
};
/* https with a host by name or address, port 443 or 8443, no user, no fragment. local: http, every host and port.
 * ERR_INVALID "webhook.url", field "url". */
MUST_CHECK enum result guard_url_read(struct str url, bool local, struct guard_url *out, struct error *e);
/* Writes it anew; false when it does not fit. */
bool guard_url_write(const struct guard_url *u, char *out, size_t size);

/* NULL when the address is one of the public internet; else what it is ("loopback", "private", …). */
const char *guard_address(const struct sockaddr *address, socklen_t n);

#endif
