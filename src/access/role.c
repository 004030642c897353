/* Roles, and what a principal may do. */
#include "access/internal.h"
#include <sodium.h>

static const char *const names[ROLE_COUNT] = { "associate", "agent",      "manager", "marketer",  "buyer",
	                                       "analyst",   "fulfilment", "credit",  "moderator", "privacy",
	                                       "operator",  "admin",      "source",  "browser",   "local" };

const char *role_name(enum role r)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (r == 1u << i)
			return names[i];
	return "";
}

bool role_find(struct str name, enum role *r)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (str_is(name, names[i])) {
			*r = (enum role)(1u << i);
			return true;
		}
	return false;
}

bool principal_in_store(const struct principal *p, int64_t store)
{
	if (p->store_count == 0)
		return !(p->role & (ROLE_ASSOCIATE | ROLE_BROWSER));
	for (int i = 0; i < p->store_count; i++)
		if (p->stores[i] == store)
			return true;
	return false;
}

bool principal_csrf_ok(const struct principal *p, struct str header)
{
	size_t n = strlen(p->csrf);
	return n && header.n == n && sodium_memcmp(p->csrf, header.p, n) == 0;
}
