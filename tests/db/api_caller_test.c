/* rooms: api desk ingest insight orders timeline people shop access feed http db text money base */
/* Who calls, and may they: sessions, API keys, roles, CSRF; live events through the feed; the server about itself. */
#include "kit/kit.h"
#include "unit/http_client.h"

#include "api/api.h"
#include "base/clock.h"
#include "people/people.h"
#include <sodium.h>

static struct db *db;
static struct api api;
static struct feed *feed;
static struct feed_process announcer[1];

struct account {
	int64_t user;
	char token[SESSION_TOKEN_BYTES];
	struct principal p;
};
static struct account admin, associate;
static char source_key[APIKEY_BYTES], browser_key[APIKEY_BYTES];
static int64_t source_key_id;

static enum result who_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)e;
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kcstr(w, "role", role_name(api_principal(rq)->role));
	jw_end_object(w);
	return OK;
}

static const struct http_route test_routes[] = {
	{ .method = HTTP_GET, .path = "/v1/who", .handle = who_handle },
	{ .method = HTTP_POST, .path = "/v1/who", .handle = who_handle },
	{ .method = HTTP_GET, .path = "/v1/admins", .roles = ROLE_ADMIN, .handle = who_handle },
	{ .method = HTTP_GET, .path = "/v1/sources", .roles = ROLE_SOURCE, .handle = who_handle },
	{ 0 },
};
static const struct http_route *all[64] = { test_routes }; /* the NULL at its end too */

struct make {
	const char *login;
	enum role role;
	int64_t user;
};

static enum result make_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct make *m = arg;
	const struct user_in in = { .login = str_c(m->login), .name = str_c(m->login), .role = m->role };
	return user_add(tx, &in, &m->user, e);
}

static enum result keys_tx(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t id;
	(void)arg;
	TRY(apikey_add(tx, STR("till"), STR("till"), ROLE_SOURCE, source_key, &source_key_id, e));
	return apikey_add(tx, STR("web"), STR("web"), ROLE_BROWSER, browser_key, &id, e);
}

static void account_make(struct account *a, const char *login, enum role role)
{
	struct make m = { .login = login, .role = role };
	assert_ok(db_transact(db, make_tx, &m, &kit_err));
	a->user = m.user;
	assert_ok(user_set_password(db, m.user, STR("correct horse battery"), &kit_err));
	assert_ok(session_open(db, str_c(login), STR("correct horse battery"), "127.0.0.1", a->token, &a->p, &kit_err));
}

static int start(void **state)
{
	struct http_config c = { .bind = "127.0.0.1" };
	size_t n = 1;
	(void)state;
	db = kit_db();
	api.desk.db = db;
	api.started_at = clock_now();
	atomic_store(&api.ready, true);
	api_configure(&c, &api);
	for (const struct http_route *const *r = c.routes; *r; r++) {
		assert_true(n + 1 < sizeof(all) / sizeof(*all));
		all[n++] = *r;
	}
	c.routes = all;
	account_make(&admin, "root", ROLE_ADMIN);
	account_make(&associate, "anna", ROLE_ASSOCIATE);
	assert_ok(db_transact(db, keys_tx, NULL, &kit_err));
	assert_ok(http_start(&c, &api.http, &kit_err));
	announcer[0] = api_announcer;
	announcer[0].ctx = &api;
	assert_ok(feed_start(db, NULL, 0, announcer, 1, (struct feed_position){ 0 }, &feed, &kit_err));
	api.desk.feed = feed;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	http_quiesce(api.http);
	feed_stop(feed);
	http_stop(api.http);
	kit_db_close(db);
	return 0;
}

static void ask(const char *line, const char *headers, struct answer *a)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: a\r\n%sContent-Length: 0\r\n\r\n", line, headers);
	client_once(http_port(api.http), text, (size_t)n, a);
}

static const char *cookie(const struct account *a, const char *csrf)
{
	static char text[256];
	snprintf(text, sizeof(text), "Cookie: byname=%s\r\n%s%s%s", a->token, csrf ? "X-Byname-CSRF: " : "",
	         csrf ? csrf : "", csrf ? "\r\n" : "");
	return text;
}

static void sessions(void **state)
{
	(void)state;
	struct answer a;
	ask("GET /v1/who", "", &a);
	assert_problem(&a, 401, "sign_in.needed", NULL);
	ask("GET /v1/who", "Cookie: byname=nonsense\r\n", &a);
	assert_int_equal(a.status, 401);
	ask("GET /v1/who", cookie(&admin, NULL), &a);
	assert_string_equal(a.body, "{\"role\":\"admin\"}");
	ask("GET /v1/admins", cookie(&associate, NULL), &a);
	assert_problem(&a, 403, "role.missing", NULL);
	ask("POST /v1/who", cookie(&admin, NULL), &a);
	assert_problem(&a, 403, "csrf.missing", "X-Byname-CSRF");
	ask("POST /v1/who", cookie(&admin, associate.p.csrf), &a);
	assert_problem(&a, 403, "csrf.missing", "X-Byname-CSRF");
	ask("POST /v1/who", cookie(&admin, admin.p.csrf), &a);
	assert_int_equal(a.status, 200);
}

static void api_keys(void **state)
{
	(void)state;
	struct answer a;
	char header[512], basic[256], pair[128];
	snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", source_key);
	ask("GET /v1/sources", header, &a);
	assert_string_equal(a.body, "{\"role\":\"source\"}");
	ask("POST /v1/who", header, &a); /* no cookie, no CSRF */
	assert_int_equal(a.status, 200);
	ask("GET /v1/admins", header, &a);
	assert_int_equal(a.status, 403);
	snprintf(pair, sizeof(pair), "%s:", source_key);
	sodium_bin2base64(basic, sizeof(basic), (unsigned char *)pair, strlen(pair), sodium_base64_VARIANT_ORIGINAL);
	snprintf(header, sizeof(header), "authorization: basic %s\r\n", basic);
	ask("GET /v1/sources", header, &a);
	assert_int_equal(a.status, 200);
	snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", browser_key);
	ask("GET /v1/sources", header, &a);
	assert_int_equal(a.status, 403);
	ask("GET /v1/sources", "Authorization: Bearer bn_sk_nonsense\r\n", &a);
	assert_int_equal(a.status, 401);
	ask("GET /v1/sources", "Authorization: Basic ????\r\n", &a);
	assert_int_equal(a.status, 401);
}

static void about_itself(void **state)
{
	(void)state;
	struct answer a;
	char text[128];
	ask("GET /healthz", "", &a);
	assert_string_equal(a.body, "{\"alive\":true}");
	assert_non_null(answer_header(&a, "Content-Security-Policy", text, sizeof(text)));
	assert_string_equal(answer_header(&a, "X-Content-Type-Options", text, sizeof(text)), "nosniff");
	assert_string_equal(answer_header(&a, "Referrer-Policy", text, sizeof(text)), "no-referrer");
	assert_null(answer_header(&a, "Strict-Transport-Security", text, sizeof(text)));
	ask("GET /readyz", "", &a);
	assert_int_equal(a.status, 200);
	atomic_store(&api.ready, false);
	ask("GET /readyz", "", &a);
	assert_int_equal(a.status, 503);
	atomic_store(&api.ready, true);
	ask("GET /metrics", "", &a);
	assert_int_equal(a.status, 401);
	ask("GET /metrics", cookie(&associate, NULL), &a);
	assert_int_equal(a.status, 403);
	ask("GET /metrics", cookie(&admin, NULL), &a);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.body, "byname_http_answers_total{class=\"2xx\"}"));
	assert_non_null(strstr(a.body, "byname_db_commits_total"));
	ask("GET /v1/openapi.json", "", &a);
	assert_int_equal(a.status, 200);
	ask("GET /v1/who", "Authorization: x\r\nX-Byname-Position: 1\r\n", &a);
	assert_int_equal(a.status, 401);
	snprintf(text, sizeof(text), "X-Byname-Position: zz\r\n%.100s", cookie(&admin, NULL));
	ask("GET /v1/who", text, &a);
	assert_problem(&a, 400, "header.position", "X-Byname-Position");
}

/* ---- Live ---------------------------------------------------------------------------------------------------------
 */

struct put {
	const char *key;
	int64_t record, customer;
};

static enum result put_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct put *p = arg;
	bool changed;
	const struct record_in in = { .source = STR("till"),
		                      .source_key = str_c(p->key),
		                      .given = STR("Jane"),
		                      .family = STR("Smith"),
		                      .at = clock_now() };
	return record_put(tx, &in, &p->record, &p->customer, &changed, NULL, e);
}

struct touch {
	int64_t record;
	enum feed_topic topic;
	int64_t ref;
};

static enum result touch_tx(struct db_tx *tx, void *arg, struct error *e)
{
	const struct touch *t = arg;
	return feed_append(tx, t->topic, t->record, t->ref, e);
}

struct merge {
	int64_t a, b, customer;
};

static enum result merge_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct merge *m = arg;
	int64_t decision;
	return customer_merge(tx, m->a, m->b, false, 0, STR("test"), &decision, &m->customer, e);
}

static void expect(struct client *c, const char *text)
{
	c->in[c->n] = 0;
	while (!strstr(c->in, text))
		if (client_more(c, 5000) != 1)
			fail_msg("no \"%s\" in \"%s\"", text, c->in);
}

static void listen_to(struct client *c, const char *topics, const struct account *who)
{
	char text[1024];
	client_open(c, http_port(api.http));
	snprintf(text, sizeof(text), "GET /v1/events?topics=%s HTTP/1.1\r\nHost: a\r\n%s\r\n", topics,
	         cookie(who, NULL));
	client_text(c, text);
	expect(c, "event: hello");
}

static void live_events(void **state)
{
	(void)state;
	struct put a = { .key = "1" }, b = { .key = "2" };
	struct client c, hers, imports;
	struct answer ans;
	char id_a[ID_TEXT_BYTES], id_b[ID_TEXT_BYTES], ref[ID_TEXT_BYTES], text[256];
	assert_ok(db_transact(db, put_tx, &a, &kit_err));
	assert_ok(db_transact(db, put_tx, &b, &kit_err));
	id_format(id_a, ID_CUSTOMER, a.customer);
	id_format(id_b, ID_CUSTOMER, b.customer);
	snprintf(text, sizeof(text), "customer:%s", id_a);
	listen_to(&c, text, &associate);
	listen_to(&imports, "imports", &admin);
	/* a touchpoint of hers */
	struct touch t = { a.record, FEED_ORDER, id_new(1) };
	id_format(ref, ID_ORDER, t.ref);
	assert_ok(db_transact(db, touch_tx, &t, &kit_err));
	feed_wake(feed);
	snprintf(text, sizeof(text), "data: {\"customer\":\"%s\",\"topic\":\"order\",\"ref\":\"%s\"}", id_a, ref);
	expect(&c, text);
	/* not of the other one (told before the merge, or it would be one person's); but after a merge it is hers too
	 */
	snprintf(text, sizeof(text), "customer:%s", id_b);
	listen_to(&hers, text, &associate);
	t = (struct touch){ b.record, FEED_NOTE, id_new(1) };
	assert_ok(db_transact(db, touch_tx, &t, &kit_err));
	feed_wake(feed);
	expect(&hers, "\"topic\":\"note\"");
	client_close(&hers);
	struct merge m = { .a = a.customer, .b = b.customer };
	assert_ok(db_transact(db, merge_tx, &m, &kit_err));
	feed_wake(feed);
	expect(&c, "\"topic\":\"membership\"");
	assert_null(strstr(c.in, "\"topic\":\"note\""));
	t.topic = FEED_FACT;
	assert_ok(db_transact(db, touch_tx, &t, &kit_err));
	feed_wake(feed);
	expect(&c, "\"topic\":\"fact\"");
	/* imports */
	t = (struct touch){ 0, FEED_IMPORT, id_new(1) };
	id_format(ref, ID_JOB, t.ref);
	assert_ok(db_transact(db, touch_tx, &t, &kit_err));
	feed_wake(feed);
	snprintf(text, sizeof(text), "event: import\ndata: {\"job\":\"%s\"}", ref);
	expect(&imports, text);
	/* whose rights change must ask again */
	t = (struct touch){ 0, FEED_ACCESS, associate.user };
	assert_ok(db_transact(db, touch_tx, &t, &kit_err));
	feed_wake(feed);
	expect(&c, "\r\n0\r\n\r\n");
	client_close(&c);
	client_close(&imports);
	ask("GET /v1/events?topics=imports", cookie(&associate, NULL), &ans);
	assert_problem(&ans, 403, "role.missing", "topics");
	ask("GET /v1/events?topics=customer:nobody", cookie(&associate, NULL), &ans);
	assert_problem(&ans, 400, "topic.unknown", "topics");
	ask("GET /v1/events?topics=", cookie(&associate, NULL), &ans);
	assert_problem(&ans, 400, "param.range", "topics");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions),
		cmocka_unit_test(api_keys),
		cmocka_unit_test(about_itself),
		cmocka_unit_test(live_events),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
