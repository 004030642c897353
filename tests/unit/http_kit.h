/* The server under test: routes of every sort. */
#ifndef BYNAME_TESTS_HTTP_KIT_H
#define BYNAME_TESTS_HTTP_KIT_H

#include "unit/http_client.h"
#include <stdatomic.h>
#include <time.h>

struct thing {
	struct str name;
	int64_t count;
	bool flag;
};
static const struct json_field thing_fields[] = {
	JSON_FIELD_STR(struct thing, name, "name", JSON_REQUIRED, 1, 20),
	JSON_FIELD_I64(struct thing, count, "count", 0, 0, 100),
	JSON_FIELD_BOOL(struct thing, flag, "flag", 0),
	JSON_END,
};
static const struct json_field optional_fields[] = {
	JSON_FIELD_I64(struct thing, count, "count", 0, 0, 100),
	JSON_END,
};

static enum result say_ok(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)e;
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kbool(w, "ok", true);
	jw_end_object(w);
	return OK;
}

static enum result say_thing(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)e;
	const struct thing *t = http_body_struct(rq);
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kstr(w, "name", t->name);
	jw_ki64(w, "count", t->count);
	jw_kstr(w, "of", http_param_str(rq, "store"));
	jw_ki64(w, "n", http_param_i64(rq, "n", -1));
	jw_end_object(w);
	http_status(rs, 201);
	return OK;
}

static enum result say_body(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)e;
	http_set_body(rs, http_body(rq), "text/plain");
	return OK;
}

static enum result say_fault(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rs;
	return error_set(e, (enum result)http_param_i64(rq, "r", ERR_INTERNAL), "test.fault", "here",
	                 "A secret detail.");
}

static enum result say_nothing(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)rs, (void)e;
	return OK;
}

static enum result say_slowly(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct timespec t = { .tv_nsec = http_param_i64(rq, "ms", 0) * 1000000 };
	nanosleep(&t, NULL);
	return say_ok(rq, rs, e);
}

static enum result say_who(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)e;
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kcstr(w, "who", http_principal(rq));
	jw_kstr(w, "cookie", http_cookie(rq, "sid"));
	jw_kcstr(w, "remote", http_remote(rq));
	jw_kcstr(w, "path", http_path(rq));
	jw_end_object(w);
	return OK;
}

static enum result say_stream(struct http_request *rq, struct http_response *rs, struct error *e)
{
	char *topics[65];
	size_t n = 0;
	struct str rest = http_param_str(rq, "topics"), part;
	while (n < 65 && str_split(&rest, ',', &part))
		topics[n++] = str_dup(http_arena(rq), part);
	return http_stream_open(rq, rs, (const char *const *)topics, n, http_param_i64(rq, "owner", 1), e);
}

static const struct http_param p_fault[] = { { .name = "r", .type = JF_I64, .min = 1, .max = ERR_INTERNAL }, { 0 } };
static const struct http_param p_ms[] = { { .name = "ms", .type = JF_I64, .min = 0, .max = 900 }, { 0 } };
static const struct http_param p_thing[] = { { .name = "store", .type = JF_STR, .min = 1, .max = 30 },
	                                     { .name = "n", .type = JF_I64 },
	                                     { 0 } };
static const struct http_param p_topics[] = { { .name = "topics", .type = JF_STR, .required = true },
	                                      { .name = "owner", .type = JF_I64 },
	                                      { 0 } };
static const struct http_route kit_routes[] = {
	{ .method = HTTP_GET, .path = "/v1/ok", .handle = say_ok },
	{ .method = HTTP_GET, .path = "/v1/inline", .flags = HTTP_INLINE | HTTP_OPEN, .handle = say_ok },
	{ .method = HTTP_POST,
	  .path = "/v1/stores/{store}/things",
	  .params = p_thing,
	  .body = thing_fields,
	  .body_size = sizeof(struct thing),
	  .handle = say_thing },
	{ .method = HTTP_POST,
	  .path = "/v1/optional",
	  .body = optional_fields,
	  .body_size = sizeof(struct thing),
	  .handle = say_ok },
	{ .method = HTTP_POST, .path = "/v1/raw", .flags = HTTP_RAW_BODY | HTTP_CORS, .handle = say_body },
	{ .method = HTTP_POST, .path = "/v1/big", .flags = HTTP_RAW_BODY | HTTP_BIG_BODY, .handle = say_body },
	{ .method = HTTP_POST, .path = "/v1/none", .handle = say_nothing },
	{ .method = HTTP_DELETE, .path = "/v1/none", .handle = say_nothing },
	{ .method = HTTP_GET, .path = "/v1/fault", .params = p_fault, .handle = say_fault },
	{ .method = HTTP_GET, .path = "/v1/slow", .params = p_ms, .handle = say_slowly },
	{ .method = HTTP_GET, .path = "/v1/who", .handle = say_who },
	{ .method = HTTP_GET, .path = "/v1/events", .flags = HTTP_STREAM, .params = p_topics, .handle = say_stream },
	{ 0 },
};
static const struct http_route *const kit_all[] = { kit_routes, NULL };

static _Atomic int kit_finished;

static enum result kit_authorise(void *ctx, struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)ctx, (void)rs;
	if (str_is(http_header(rq, "X-Who"), "nobody"))
		return error_set(e, ERR_UNAUTHORIZED, "sign_in.needed", NULL, "Sign in first.");
	http_set_principal(rq, "somebody");
	return OK;
}

static void kit_finish(void *ctx, struct http_request *rq, struct http_response *rs)
{
	(void)ctx, (void)rq, (void)rs;
	atomic_fetch_add(&kit_finished, 1);
}

static bool kit_static(void *ctx, const char *path, struct http_response *rs, struct http_file *out)
{
	(void)ctx;
	if (!strcmp(path, "app.js")) {
		*out = (struct http_file){ .body = STR("plain text"),
			                   .gzip = STR("zip"),
			                   .type = "text/javascript",
			                   .etag = "\"abc\"",
			                   .immutable = true };
		return true;
	}
	if (!strcmp(path, "")) {
		http_set_header(rs, "Content-Security-Policy", "special");
		http_set_body(rs, STR("<p>hello</p>"), "text/html");
		return true;
	}
	return false;
}

static const char *const kit_headers[] = { "X-Content-Type-Options", "nosniff", "Content-Security-Policy", "general",
	                                   NULL };

static inline struct http_server *kit_start(struct http_config *config)
{
	struct http_config c = config ? *config : (struct http_config){ 0 };
	struct http_server *s = NULL;
	struct error e = { 0 };
	c.bind = "127.0.0.1";
	c.routes = kit_all;
	c.authorise = kit_authorise;
	c.finish = kit_finish;
	c.static_file = kit_static;
	c.headers = kit_headers;
	if (http_start(&c, &s, &e) != OK)
		fail_msg("%s %s", e.code, e.detail);
	return s;
}

#endif
