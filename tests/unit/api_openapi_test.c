/* rooms: api desk ingest insight orders timeline people shop access feed http db text money base */
/* The description is whole: every answer has a shape, every reference an end, every operation its own id. */
#include "kit/kit.h"

#include "api/api.h"
#include "api/internal.h"

static struct json *doc;

static int make(void **state)
{
	(void)state;
	BUF_AUTO struct buf out;
	struct json_writer w;
	buf_init(&out, 0);
	jw_init(&w, &out);
	api_openapi_write(api_routes(), &w);
	assert_false(out.failed);
	const struct json_limits limits = { .bytes = 4 << 20, .depth = 64 };
	assert_ok(json_parse(buf_view(&out), &limits, &doc, &kit_err));
	return 0;
}

static int end(void **state)
{
	(void)state;
	json_free(doc);
	return 0;
}

static void every_answer_has_a_shape(void **state)
{
	(void)state;
	for (const struct http_route *const *list = api_routes(); *list; list++)
		for (const struct http_route *r = *list; r->path; r++) {
			if (r->answer && !api_shape_known(r->answer))
				fail_msg("%s: no shape %s in api/shapes.c", r->path, r->answer);
			if (!r->summary || !r->summary[0])
				fail_msg("%s: no summary", r->path);
			if (!(r->flags & HTTP_OPEN) && !r->roles)
				print_message("%s: open to everybody who is signed in\n", r->path);
		}
}

static void walk(const struct json *v)
{
	struct str ref = json_str(json_get(v, "$ref"));
	if (ref.n) {
		const struct json *at = doc;
		struct str rest = ref, part;
		assert_true(str_split(&rest, '/', &part));
		while (str_split(&rest, '/', &part)) {
			char key[96];
			snprintf(key, sizeof(key), "%.*s", STR_ARG(part));
			at = json_get(at, key);
		}
		if (!at)
			fail_msg("%.*s leads nowhere", STR_ARG(ref));
	}
	for (size_t i = 0; i < json_count(v); i++) {
		struct str key;
		walk(json_kind(v) == JSON_ARRAY ? json_at(v, i) : json_member(v, i, &key));
	}
}

static void every_reference_has_an_end(void **state)
{
	(void)state;
	walk(doc);
}

static void operations_are_named_once(void **state)
{
	(void)state;
	const struct json *paths = json_get(doc, "paths");
	struct str seen[512], key, method;
	size_t count = 0, routes = 0;
	for (size_t i = 0; i < json_count(paths); i++) {
		const struct json *path = json_member(paths, i, &key);
		for (size_t k = 0; k < json_count(path); k++) {
			struct str id = json_str(json_get(json_member(path, k, &method), "operationId"));
			assert_true(id.n && count < 512);
			for (size_t j = 0; j < count; j++)
				assert_false(str_eq(seen[j], id));
			seen[count++] = id;
		}
	}
	for (const struct http_route *const *list = api_routes(); *list; list++)
		for (const struct http_route *r = *list; r->path; r++)
			routes++;
	assert_int_equal(count, routes);
}

/* The table itself is one that http_start() takes. */
static void the_table_is_sound(void **state)
{
	(void)state;
	struct http_server *s = NULL;
	struct api api = { .started_at = 1 };
	struct http_config c = { .bind = "127.0.0.1", .workers = 1, .io_threads = 1 };
	api_configure(&c, &api);
	assert_ok(http_start(&c, &s, &kit_err));
	http_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_has_a_shape),
		cmocka_unit_test(every_reference_has_an_end),
		cmocka_unit_test(operations_are_named_once),
		cmocka_unit_test(the_table_is_sound),
	};
	return cmocka_run_group_tests(tests, make, end);
}
