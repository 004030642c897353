/* Signing in and out, who am I, and the links by which passwords come into being. */
#include "api/api.h"

#include <stdio.h>

#define COOKIE_BYTES 256
#define SESSION_S (7 * 24 * 3600) /* access/ ends it earlier when it is idle */

/* ---- Me ---------------------------------------------------------------------------------------------------------- */

static void me_write(struct json_writer *w, const struct principal *p)
{
	jw_object(w);
	jw_key(w, "user");
	jw_object(w);
	jw_kid(w, "id", ID_USER, p->user);
	jw_kcstr(w, "login", p->login);
	jw_kcstr(w, "name", p->name);
	jw_kcstr(w, "role", role_name(p->role));
	jw_kid(w, "associate", ID_ASSOCIATE, p->associate);
	jw_key(w, "stores");
	jw_array(w);
	for (int i = 0; i < p->store_count; i++) {
		char id[ID_TEXT_BYTES];
		id_format(id, ID_STORE, p->stores[i]);
		jw_cstr(w, id);
	}
	jw_end_array(w);
	jw_end_object(w);
	jw_kcstr(w, "csrf", p->csrf);
	jw_kcstr(w, "version", BYNAME_VERSION);
	jw_kid(w, "home_store", ID_STORE, p->store_count ? p->stores[0] : 0);
	jw_end_object(w);
}

static enum result me_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)e;
	me_write(http_json(rs), api_principal(rq));
	return OK;
}

/* ---- In and out -------------------------------------------------------------------------------------------------- */

static void cookie_set(struct http_request *rq, struct http_response *rs, const char *token, int max_age)
{
	char cookie[COOKIE_BYTES];
	snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", api_cookie_name(rq),
	         token, max_age, http_is_tls(rq) ? "; Secure" : "");
	http_set_header(rs, "Set-Cookie", cookie);
	http_set_header(rs, "Cache-Control", "no-store");
}

static enum result begin(struct http_request *rq, struct http_response *rs, struct str login, struct str password,
                         struct error *e)
{
	char token[SESSION_TOKEN_BYTES];
	struct principal p;
	TRY(session_open(api_desk(rq)->db, login, password, http_remote(rq), token, &p, e));
	cookie_set(rq, rs, token, SESSION_S);
	me_write(http_json(rs), &p);
	return OK;
}

struct sign_in_body {
	struct str login, password;
};
static const struct json_field sign_in_fields[] = {
	JSON_FIELD_STR(struct sign_in_body, login, "login", JSON_REQUIRED, 1, 200),
	JSON_FIELD_STR(struct sign_in_body, password, "password", JSON_REQUIRED | JSON_SECRET, 1, 1024),
	JSON_END,
};

static enum result sign_in_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct sign_in_body *in = http_body_struct(rq);
	return begin(rq, rs, in->login, in->password, e);
}

static enum result sign_out_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	TRY(session_close(api_desk(rq)->db, http_cookie(rq, api_cookie_name(rq)), e));
	cookie_set(rq, rs, "", 0);
	return OK;
}

/* ---- Links ------------------------------------------------------------------------------------------------------- */

struct link_ask {
	struct str token;
	struct link_info info;
};

static enum result link_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct link_ask *ask = arg;
	return link_show(tx, ask->token, &ask->info, e);
}

static enum result link_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct link_ask ask = { .token = http_param_str(rq, "token") };
	TRY(db_read(api_desk(rq)->db, link_read, &ask, e));
	struct json_writer *w = http_json(rs);
	http_set_header(rs, "Cache-Control", "no-store");
	jw_object(w);
	jw_kbool(w, "first_admin", ask.info.first_admin);
	jw_kcstr(w, "login", ask.info.login);
	jw_kcstr(w, "name", ask.info.name);
	jw_end_object(w);
	return OK;
}

struct link_body {
	struct str login, name, password;
};
static const struct json_field link_fields[] = {
	JSON_FIELD_STR(struct link_body, login, "login", JSON_NULLABLE, 0, 63),
	JSON_FIELD_STR(struct link_body, name, "name", JSON_NULLABLE, 0, ACCESS_NAME_MAX - 1),
	JSON_FIELD_STR(struct link_body, password, "password", JSON_REQUIRED | JSON_SECRET, 1, 1024),
	JSON_END,
};

static enum result link_use_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct link_body *in = http_body_struct(rq);
	struct link_ask ask = { .token = http_param_str(rq, "token") };
	struct db *db = api_desk(rq)->db;
	int64_t user;
	TRY(db_read(db, link_read, &ask, e));
	struct str login = ask.info.first_admin ? in->login : str_c(ask.info.login);
	TRY(link_use(db, ask.token, login, in->name, in->password, &user, e));
	return begin(rq, rs, login, in->password, e);
}

static const struct http_param link_params[] = {
	{ "token", JF_STR, true, 1, 64, NULL, "The link's token" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_sign_in_routes[] = {
	{ .method = HTTP_POST,
	  .path = "/v1/sign-in",
	  .summary = "Sign in: sets the session's cookie",
	  .flags = HTTP_OPEN,
	  .body = sign_in_fields,
	  .body_size = sizeof(struct sign_in_body),
	  .answer = "Me",
	  .errors = "401",
	  .handle = sign_in_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/sign-out",
	  .summary = "End this session",
	  .roles = ROLES_STAFF,
	  .handle = sign_out_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/me",
	  .summary = "Who is signed in",
	  .roles = ROLES_STAFF,
	  .answer = "Me",
	  .handle = me_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/links/{token}",
	  .summary = "What a one-time link is for",
	  .flags = HTTP_OPEN,
	  .params = link_params,
	  .answer = "Link",
	  .errors = "404 409",
	  .handle = link_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/links/{token}",
	  .summary = "Use a one-time link: sets the password and signs in",
	  .flags = HTTP_OPEN,
	  .params = link_params,
	  .body = link_fields,
	  .body_size = sizeof(struct link_body),
	  .answer = "Me",
	  .errors = "404 409",
	  .handle = link_use_handle },
	{ 0 },
};
