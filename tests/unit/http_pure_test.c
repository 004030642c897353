/* rooms: http base */
#include "unit/http_client.h"
#include "http/http_int.h"

static struct error err;

static enum result parse(struct arena *a, const char *raw, struct target *t)
{
	char *copy = arena_strdup(a, raw);
	return target_parse(a, str_c(copy), t, &err);
}

static void target_takes_paths_apart(void **state)
{
	(void)state;
	ARENA_AUTO struct arena *a = arena_new(0);
	struct target t;
	assert_int_equal(parse(a, "/", &t), OK);
	assert_int_equal(t.segment_count, 0);
	assert_int_equal(parse(a, "/v1/a%2Fb/%c3%a9?q=smith+j&x=%2B&empty&y=", &t), OK);
	assert_int_equal(t.segment_count, 3);
	assert_true(str_is(t.segments[1], "a/b"));
	assert_true(str_is(t.segments[2], "é"));
	assert_int_equal(t.param_count, 4);
	assert_true(str_is(t.values[0], "smith j"));
	assert_true(str_is(t.values[1], "+"));
	assert_true(str_is(t.names[2], "empty"));
	assert_true(str_is(t.path, "/v1/a%2Fb/%c3%a9"));
	assert_int_equal(parse(a, "http://example.org/v1/x?y=1", &t), OK);
	assert_true(str_is(t.path, "/v1/x"));
	assert_int_equal(parse(a, "/a/", &t), OK);
	assert_int_equal(t.segment_count, 2);
	assert_int_equal(t.segments[1].n, 0);
}

static void target_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *raw, *code, *field;
	} bad[] = {
		{ "", "target.malformed", "path" },          { "*", "target.malformed", "path" },
		{ "v1", "target.malformed", "path" },        { "http://x", "target.malformed", "path" },
		{ "/a b", "target.malformed", "path" },      { "/a#b", "target.malformed", "path" },
		{ "/\xc3\xa9", "target.malformed", "path" }, { "/%", "target.encoding", "path" },
		{ "/%4", "target.encoding", "path" },        { "/%zz", "target.encoding", "path" },
		{ "/%00", "target.encoding", "path" },       { "/%0a", "target.encoding", "path" },
		{ "/%ff", "target.encoding", "path" },       { "/%c3", "target.encoding", "path" },
		{ "/%c0%af", "target.encoding", "path" },    { "/%ed%a0%80", "target.encoding", "path" },
		{ "/a?b=%", "target.encoding", "query" },    { "/a?%ff=1", "target.encoding", "query" },
		{ "/a?b=%7f", "target.encoding", "query" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ARENA_AUTO struct arena *a = arena_new(0);
		struct target t;
		if (parse(a, bad[i].raw, &t) != ERR_INVALID)
			fail_msg("taken: %s", bad[i].raw);
		assert_string_equal(err.code, bad[i].code);
		assert_string_equal(err.field, bad[i].field);
	}
}

static void target_has_limits(void **state)
{
	(void)state;
	ARENA_AUTO struct arena *a = arena_new(0);
	struct target t;
	char text[HTTP_QUERY_PARAMS * 4 + 64] = "";
	for (int i = 0; i < HTTP_SEGMENTS; i++)
		strcat(text, "/a");
	assert_int_equal(parse(a, text, &t), OK);
	strcat(text, "/a");
	assert_int_equal(parse(a, text, &t), ERR_INVALID);
	strcpy(text, "/?");
	for (int i = 0; i < HTTP_QUERY_PARAMS; i++)
		strcat(text, "a=1&");
	assert_int_equal(parse(a, text, &t), OK);
	strcat(text, "a=1");
	assert_int_equal(parse(a, text, &t), ERR_INVALID);
}

static int check(struct head *h, const char *const *lines, bool http11)
{
	memset(h, 0, sizeof(*h));
	for (; lines[0]; lines += 2)
		head_add(h, str_c(lines[0]), str_c(lines[1]));
	return head_check(h, http11, &err);
}

static void heads_are_checked(void **state)
{
	(void)state;
	struct head h;
	assert_int_equal(check(&h, (const char *[]){ "host", "a.example:80", "CONTENT-LENGTH", "12", NULL }, true), 0);
	assert_int_equal(h.length, 12);
	assert_int_equal(
	        check(&h, (const char *[]){ "Host", "[::1]:8080", "Transfer-Encoding", "chunked", NULL }, true), 0);
	assert_int_equal(check(&h, (const char *[]){ NULL }, false), 0);
	assert_int_equal(check(&h, (const char *[]){ NULL }, true), 400);
	assert_string_equal(err.field, "Host");
	static const char *const bad[][5] = {
		{ "Host", "a", "Host", "a" },
		{ "Host", "", NULL },
		{ "Host", "a/b", NULL },
		{ "Host", "a", "Content-Length", "1x" },
		{ "Host", "a", "Content-Length", "-1" },
		{ "Host", "a", "Content-Length", "+1" },
		{ "Host", "a", "Content-Length", "1, 1" },
		{ "Host", "a", "Content-Length", "9999999999999999999" },
		{ "Host", "a", "Content-Length", "" },
		{ "Host", "a", "Transfer-Encoding", "gzip, chunked" },
		{ "Host", "a", "Transfer-Encoding", "identity" },
		{ "Host", "a", "Transfer-Encoding", "" },
		{ "Host", "a", "X", "a\x01" },
		{ "Host", "a", "X", "a\x7f" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (check(&h, bad[i], true) != 400)
			fail_msg("taken: %s %s %s", bad[i][1], bad[i][2], bad[i][3]);
	assert_int_equal(
	        check(&h, (const char *[]){ "Host", "a", "Content-Length", "1", "Transfer-Encoding", "chunked", NULL },
	              true),
	        400);
	assert_int_equal(
	        check(&h, (const char *[]){ "Host", "a", "Content-Length", "1", "Content-Length", "1", NULL }, true),
	        400);
	assert_int_equal(check(&h, (const char *[]){ "Transfer-Encoding", "chunked", NULL }, false), 400);
	memset(&h, 0, sizeof(h));
	head_add(&h, STR("Host"), STR("a"));
	for (int i = 0; i < HTTP_HEAD_LINES; i++)
		head_add(&h, STR("X"), STR("y"));
	assert_int_equal(head_check(&h, true, &err), 431);
}

static void json_types(void **state)
{
	(void)state;
	assert_true(head_type_is_json(STR("application/json")));
	assert_true(head_type_is_json(STR("Application/JSON ; charset=UTF-8")));
	assert_true(head_type_is_json(STR("application/merge-patch+json;charset=\"utf-8\"")));
	assert_false(head_type_is_json(STR("application/json;charset=latin1")));
	assert_false(head_type_is_json(STR("text/json")));
	assert_false(head_type_is_json(STR("application/jsonx")));
	assert_false(head_type_is_json(STR("+json")));
	assert_false(head_type_is_json(STR("")));
	assert_false(head_type_is_json((struct str){ NULL, 0 }));
}

static enum result nothing(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)rs, (void)e;
	return OK;
}

static const struct http_param p_x[] = { { .name = "x", .type = JF_STR }, { 0 } };
static const struct http_param p_xy[] = { { .name = "x", .type = JF_STR }, { .name = "y", .type = JF_I64 }, { 0 } };
static const struct http_route good[] = {
	{ .method = HTTP_GET, .path = "/", .handle = nothing },
	{ .method = HTTP_GET, .path = "/a/{x}", .params = p_x, .handle = nothing },
	{ .method = HTTP_POST, .path = "/a/{x}", .params = p_xy, .handle = nothing },
	{ .method = HTTP_GET, .path = "/a/b", .handle = nothing },
	{ .method = HTTP_GET, .path = "/a/{y}/c/{x}", .params = p_xy, .handle = nothing },
	{ 0 },
};

static const struct route_entry *find(const struct router *r, enum http_method m, const char *path)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct target t;
	assert_int_equal(parse(a, path, &t), OK);
	const struct route_entry *const *entries = router_find(r, t.segments, t.segment_count);
	return entries ? entries[m] : NULL;
}

static void router_finds(void **state)
{
	(void)state;
	struct router *r = NULL;
	assert_int_equal(router_new((const struct http_route *const[]){ good, NULL }, &r, &err), OK);
	assert_ptr_equal(find(r, HTTP_GET, "/")->route, &good[0]);
	assert_ptr_equal(find(r, HTTP_GET, "/a/z")->route, &good[1]);
	assert_ptr_equal(find(r, HTTP_POST, "/a/z")->route, &good[2]);
	assert_ptr_equal(find(r, HTTP_GET, "/a/b")->route, &good[3]);
	assert_null(find(r, HTTP_POST, "/a/b"));                        /* the literal path has no POST */
	const struct route_entry *deep = find(r, HTTP_GET, "/a/b/c/d"); /* back from the literal b */
	assert_ptr_equal(deep->route, &good[4]);
	assert_int_equal(deep->params[0].segment, 3);
	assert_int_equal(deep->params[1].segment, 1);
	assert_null(find(r, HTTP_GET, "/a"));
	assert_null(find(r, HTTP_GET, "/a/"));
	assert_null(find(r, HTTP_GET, "/a/b/"));
	assert_null(find(r, HTTP_GET, "/a/b/c"));
	router_free(r);
}

static const struct json_field no_fields[] = { JSON_END };

static void router_refuses_bugs(void **state)
{
	(void)state;
	static const struct http_route bad[][3] = {
		{ { .method = HTTP_GET, .path = "/a/{x}", .handle = nothing } },
		{ { .method = HTTP_GET, .path = "/a", .handle = NULL } },
		{ { .method = HTTP_GET, .path = "a", .handle = nothing } },
		{ { .method = HTTP_GET, .path = "/a", .handle = nothing },
		  { .method = HTTP_GET, .path = "/a", .handle = nothing } },
		{ { .method = HTTP_GET, .path = "/a", .flags = HTTP_INLINE, .handle = nothing } },
		{ { .method = HTTP_POST, .path = "/a", .body = no_fields, .handle = nothing } },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct router *r = NULL;
		assert_int_equal(router_new((const struct http_route *const[]){ bad[i], NULL }, &r, &err), ERR_INVALID);
		assert_string_equal(err.code, "http.route");
		assert_null(r);
	}
}

static const struct http_param typed[] = {
	{ .name = "id", .type = JF_ID, .min = ID_STORE },
	{ .name = "n", .type = JF_I64, .min = 1, .max = 100 },
	{ .name = "b", .type = JF_BOOL },
	{ .name = "t", .type = JF_TIME },
	{ .name = "e", .type = JF_ENUM, .names = "red|green|blue" },
	{ .name = "s", .type = JF_STR, .min = 2, .max = 5 },
	{ .name = "r", .type = JF_I64, .required = true },
	{ 0 },
};

static enum result params(const char *raw, struct param_value *v)
{
	static const struct http_route route = { .path = "/p", .params = typed };
	static struct route_entry entry = { .route = &route };
	ARENA_AUTO struct arena *a = arena_new(0);
	struct target t;
	entry.param_count = 7;
	for (int i = 0; i < 7; i++) {
		entry.params[i].spec = &typed[i];
		entry.params[i].segment = -1;
	}
	assert_int_equal(parse(a, raw, &t), OK);
	return params_read(&entry, &t, v, &err);
}

static void params_are_typed(void **state)
{
	(void)state;
	struct param_value v[HTTP_ROUTE_PARAMS];
	char id[ID_TEXT_BYTES], raw[256];
	id_format(id, ID_STORE, 123456789);
	snprintf(raw, sizeof(raw), "/p?id=%s&n=100&b=true&t=1970-01-01T00:00:01Z&e=blue&s=%%C3%%A9&r=-5", id);
	assert_int_equal(params(raw, v), OK);
	assert_int_equal(v[0].i, 123456789);
	assert_int_equal(v[1].i, 100);
	assert_int_equal(v[2].i, 1);
	assert_int_equal(v[3].i, 1000000);
	assert_int_equal(v[4].i, 2);
	assert_int_equal(v[6].i, -5);
	assert_int_equal(params("/p?r=1", v), OK);
	assert_false(v[1].has);
	static const struct {
		const char *raw, *code, *field;
	} bad[] = {
		{ "/p", "param.missing", "r" },
		{ "/p?r=", "param.type", "r" },
		{ "/p?r=1x", "param.type", "r" },
		{ "/p?r=9223372036854775808", "param.type", "r" },
		{ "/p?r=1&r=1", "param.duplicate", "r" },
		{ "/p?r=1&n=0", "param.range", "n" },
		{ "/p?r=1&n=101", "param.range", "n" },
		{ "/p?r=1&b=yes", "param.type", "b" },
		{ "/p?r=1&t=now", "param.type", "t" },
		{ "/p?r=1&e=re", "param.type", "e" },
		{ "/p?r=1&e=red%7Cgreen", "param.type", "e" },
		{ "/p?r=1&s=a", "param.range", "s" },
		{ "/p?r=1&s=abcdef", "param.range", "s" },
		{ "/p?r=1&zzz=1", "param.unknown", "zzz" },
		{ "/p?r=1&id=cus_0000000000000", "param.type", "id" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (params(bad[i].raw, v) != ERR_INVALID)
			fail_msg("taken: %s", bad[i].raw);
		assert_string_equal(err.code, bad[i].code);
		assert_string_equal(err.field, bad[i].field);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_takes_paths_apart),
		cmocka_unit_test(target_refuses),
		cmocka_unit_test(target_has_limits),
		cmocka_unit_test(heads_are_checked),
		cmocka_unit_test(json_types),
		cmocka_unit_test(router_finds),
		cmocka_unit_test(router_refuses_bugs),
		cmocka_unit_test(params_are_typed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
