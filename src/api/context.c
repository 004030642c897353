/* Who calls, and may they: the hooks around every handler; and what handlers ask. */
#include "api/api.h"
#include "api/internal.h"

#include "base/log.h"
#include <sodium.h>

#define POSITION_WAIT_US 500000
#define KEY_HEADER_BYTES 256

/* The app's own files only, no frames, no plug-ins. index.html carries its own with a nonce for its styles (app/). */
static const char *const headers[] = {
	"Content-Security-Policy",
	"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
	"frame-ancestors 'none'",
	"X-Content-Type-Options",
	"nosniff",
	"Referrer-Policy",
	"no-referrer",
	"X-Frame-Options",
	"DENY",
	"Cross-Origin-Opener-Policy",
	"same-origin",
	"Permissions-Policy",
	"camera=(self), microphone=(), geolocation=()",
	NULL,
};

struct api *api_of(struct http_request *rq)
{
	return http_ctx(rq);
}

const struct desk *api_desk(struct http_request *rq)
{
	return &api_of(rq)->desk;
}

const struct principal *api_principal(struct http_request *rq)
{
	return http_principal(rq);
}

const char *api_cookie_name(const struct http_request *rq)
{
	return http_is_tls(rq) ? "__Host-byname" : "byname";
}

enum result api_store_scope(struct http_request *rq, int64_t given, int64_t *store, struct error *e)
{
	const struct principal *p = api_principal(rq);
	if (!given) {
		*store = p->store_count == 1 ? p->stores[0] : 0;
		return OK;
	}
	if (!principal_in_store(p, given))
		return error_set(e, ERR_FORBIDDEN, "store.not_yours", "store", "That is another store's.");
	*store = given;
	return OK;
}

/* ---- Who ------------------------------------------------------------------------------------------------------------
 */

static enum result nobody(struct error *e)
{
	return error_set(e, ERR_UNAUTHORIZED, "sign_in.needed", NULL, "Sign in, or give an API key.");
}

struct str api_header_key(struct http_request *rq)
{
	struct str h = http_header(rq, "Authorization");
	if (h.n > 7 && !strncasecmp(h.p, "Bearer ", 7))
		return str_trim((struct str){ h.p + 7, h.n - 7 });
	if (h.n <= 6 || h.n > KEY_HEADER_BYTES || strncasecmp(h.p, "Basic ", 6))
		return (struct str){ "", 0 };
	struct str text = str_trim((struct str){ h.p + 6, h.n - 6 });
	char *key = arena_alloc(http_arena(rq), KEY_HEADER_BYTES);
	size_t n = 0;
	if (!key || sodium_base642bin((unsigned char *)key, KEY_HEADER_BYTES, text.p, text.n, NULL, &n, NULL,
	                              sodium_base64_VARIANT_ORIGINAL))
		return (struct str){ "", 0 };
	const char *colon = memchr(key, ':', n);
	return (struct str){ key, colon ? (size_t)(colon - key) : n };
}

static enum result csrf_check(struct http_request *rq, const struct principal *p, struct error *e)
{
	struct str given = http_header(rq, "X-Byname-CSRF");
	size_t n = strlen(p->csrf);
	if (http_method_of(rq) == HTTP_GET || (n && given.n == n && !sodium_memcmp(given.p, p->csrf, n)))
		return OK;
	return error_set(e, ERR_FORBIDDEN, "csrf.missing", "X-Byname-CSRF",
	                 "A write needs the session's token in the header X-Byname-CSRF.");
}

static enum result caller_find(struct http_request *rq, struct principal *p, struct error *e)
{
	struct api *api = api_of(rq);
	if (http_server_of(rq) == api->local) {
		p->role = ROLE_LOCAL;
		strcpy(p->login, "local");
		strcpy(p->name, "Command line");
		return OK;
	}
	struct str key = api_header_key(rq), cookie = http_cookie(rq, api_cookie_name(rq));
	if (key.n)
		return apikey_find(api->desk.db, key, p, e);
	if (!cookie.n)
		return nobody(e);
	TRY(session_find(api->desk.db, cookie, p, e));
	return csrf_check(rq, p, e);
}

/* ---- Hooks ----------------------------------------------------------------------------------------------------------
 */

/* X-Byname-Position of an earlier write: wait until the views have taken it in. */
static enum result position_wait(struct http_request *rq, struct error *e)
{
	struct api *api = api_of(rq);
	struct str text = http_header(rq, API_POSITION_HEADER), xid;
	struct feed_position at = { 0 };
	if (!text.n || http_method_of(rq) != HTTP_GET)
		return OK;
	if (!str_split(&text, '-', &xid) || !str_to_i64(xid, &at.xid) || !str_to_i64(text, &at.id) || at.xid < 0 ||
	    at.id < 0)
		return error_set(e, ERR_INVALID, "header.position", API_POSITION_HEADER, "That is not a position.");
	for (size_t i = 0; api->desk.feed && api->views && api->views[i]; i++) {
		bool reached;
		TRY(feed_wait(api->desk.feed, api->views[i], at, POSITION_WAIT_US, &reached, e));
	}
	return OK;
}

static enum result authorise(void *ctx, struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct http_route *route = http_route_of(rq);
	(void)ctx, (void)rs;
	if (route->flags & HTTP_OPEN)
		return OK;
	struct principal *p = arena_alloc(http_arena(rq), sizeof(*p));
	if (!p)
		return error_nomem(e);
	TRY(caller_find(rq, p, e));
	http_set_principal(rq, p);
	if (route->roles && !(route->roles & p->role))
		return error_set(e, ERR_FORBIDDEN, "role.missing", NULL, "Your role may not do this.");
	return position_wait(rq, e);
}

static void finish(void *ctx, struct http_request *rq, struct http_response *rs)
{
	const struct error *fault = http_error_of(rq);
	(void)ctx;
	if (fault->result != OK && http_status_of(rs) == 500)
		log_event(LOG_ERROR, "api.fault", "route=\"%s\" code=%s detail=\"%s\"", http_route_of(rq)->path,
		          fault->code, fault->detail);
}

static bool static_file(void *ctx, const char *path, struct http_response *rs, struct http_file *out)
{
	struct api *api = ctx;
	return api->static_file && api->static_file(ctx, path, rs, out);
}

void api_configure(struct http_config *config, struct api *api)
{
	config->routes = api_routes();
	config->authorise = authorise;
	config->finish = finish;
	config->static_file = static_file;
	config->headers = headers;
	config->ctx = api;
	config->big_body_bytes = config->big_body_bytes ? config->big_body_bytes : API_BIG_BODY_BYTES;
}
