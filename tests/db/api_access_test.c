/* rooms: api desk ingest insight orders timeline people shop access feed http db text money base */
/* Signing in, users, keys and the trail by HTTP: who may, what comes back, and that no secret stays behind. */
#include "unit/http_client.h"
#include "kit/kit.h"

#include "api/api.h"
#include "base/clock.h"
#include <time.h>

#define PASSWORD "correct horse battery"

static struct db *db;
static struct api api;
static struct http_server *server;
static struct feed *feed;
static struct feed_process announcer[1];

/* Whoever calls: a cookie and its CSRF token, or a key. */
struct caller {
	char cookie[64], csrf[64], key[80];
	const char *once; /* Idempotency-Key */
};
static struct caller admin;

/* ---- One call ---------------------------------------------------------------------------------------------------- */

static struct answer *call(const struct caller *who, const char *method, const char *path, const char *body)
{
	static struct answer a;
	char text[8192];
	int n = snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", method,
	                 path);
	if (who && who->cookie[0])
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Cookie: byname=%s\r\n", who->cookie);
	if (who && who->csrf[0])
		n += snprintf(text + n, sizeof(text) - (size_t)n, "X-Byname-CSRF: %s\r\n", who->csrf);
	if (who && who->once)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Idempotency-Key: %s\r\n", who->once);
	if (who && who->key[0])
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Authorization: Bearer %s\r\n", who->key);
	if (body)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		              "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
	else if (strcmp(method, "GET") != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Content-Length: 0\r\n");
	n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n%s", body ? body : "");
	client_once(http_port(server), text, (size_t)n, &a);
	return &a;
}

static struct answer *expect(int status, const struct caller *who, const char *method, const char *path,
                             const char *body)
{
	struct answer *a = call(who, method, path, body);
	if (a->status != status)
		fail_msg("%s %s: %d, expected %d: %s", method, path, a->status, status, a->body);
	return a;
}

/* The text of a member ("user.id") of the answer; static. */
static const char *text_of(const struct answer *a, const char *path)
{
	static char out[256];
	struct json *doc = NULL;
	struct str rest = str_c(path), part;
	assert_ok(json_parse((struct str){ a->body, a->body_n }, NULL, &doc, &kit_err));
	const struct json *v = doc;
	while (v && str_split(&rest, '.', &part)) {
		char key[64];
		snprintf(key, sizeof(key), "%.*s", STR_ARG(part));
		v = json_kind(v) == JSON_ARRAY ? json_at(v, (size_t)atoi(key)) : json_get(v, key);
	}
	bool b = false;
	if (v && json_kind(v) == JSON_BOOL && json_bool(v, &b))
		snprintf(out, sizeof(out), b ? "true" : "false");
	else
		snprintf(out, sizeof(out), "%.*s", STR_ARG(json_str(v)));
	json_free(doc);
	return out;
}

static void take_session(const struct answer *a, struct caller *who)
{
	char header[256];
	assert_non_null(answer_header(a, "Set-Cookie", header, sizeof(header)));
	assert_non_null(strstr(header, "HttpOnly"));
	assert_non_null(strstr(header, "SameSite=Strict"));
	assert_non_null(strstr(header, "Path=/"));
	assert_int_equal(sscanf(header, "byname=%43[^;];", who->cookie), 1);
	snprintf(who->csrf, sizeof(who->csrf), "%s", text_of(a, "csrf"));
	assert_int_equal(strlen(who->csrf), 43);
}

static struct caller sign_in(const char *login)
{
	struct caller who = { 0 };
	char body[256];
	snprintf(body, sizeof(body), "{\"login\":\"%s\",\"password\":\"%s\"}", login, PASSWORD);
	take_session(expect(200, NULL, "POST", "/v1/sign-in", body), &who);
	return who;
}

/* ---- Around all tests: a server, and its first administrator by the link -------------------------------------------
 */

static enum result link_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return link_new(tx, 0, arg, e);
}

static int start(void **state)
{
	(void)state;
	char token[LINK_TOKEN_BYTES], path[128];
	struct http_config config = { .bind = "127.0.0.1", .workers = 8, .io_threads = 1 };
	db = kit_db();
	api.desk.db = db;
	api.started_at = clock_now();
	announcer[0] = api_announcer;
	announcer[0].ctx = &api;
	assert_ok(audit_start(db, &kit_err));
	assert_ok(feed_start(db, NULL, 0, announcer, 1, (struct feed_position){ 0, 0 }, &feed, &kit_err));
	api.desk.feed = feed;
	api_configure(&config, &api);
	assert_ok(http_start(&config, &server, &kit_err));
	api.http = server;
	assert_ok(db_transact(db, link_tx, token, &kit_err));
	snprintf(path, sizeof(path), "/v1/links/%s", token);
	struct answer *a = expect(200, NULL, "GET", path, NULL);
	assert_string_equal(text_of(a, "first_admin"), "true");
	assert_problem(call(NULL, "POST", path, "{\"login\":\"chief\",\"name\":\"C\",\"password\":\"short\"}"), 400,
	               "password.short", "password");
	assert_problem(call(NULL, "POST", path, "{\"login\":\"chief\"}"), 400, "field.missing", "password");
	a = expect(200, NULL, "POST", path,
	           "{\"login\":\"Chief\",\"name\":\"The Chief\",\"password\":\"" PASSWORD "\"}");
	assert_string_equal(text_of(a, "user.role"), "admin");
	take_session(a, &admin);
	assert_problem(call(NULL, "GET", path, NULL), 404, "link.unknown", NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	http_quiesce(server);
	feed_stop(feed);
	http_stop(server);
	audit_stop();
	kit_db_close(db);
	return 0;
}

/* Makes a user with that password by the link; returns the id, static. */
static const char *make_user(const char *login, const char *role)
{
	static char id[ID_TEXT_BYTES];
	char body[256], path[128];
	snprintf(body, sizeof(body), "{\"login\":\"%s\",\"name\":\"N\",\"role\":\"%s\"}", login, role);
	struct answer *a = expect(201, &admin, "POST", "/v1/users", body);
	snprintf(id, sizeof(id), "%s", text_of(a, "user.id"));
	snprintf(path, sizeof(path), "/v1/links%s", text_of(a, "link") + strlen("/link"));
	expect(200, NULL, "POST", path, "{\"password\":\"" PASSWORD "\"}");
	return id;
}

/* ---- Tests ------------------------------------------------------------------------------------------------------- */

static void test_session(void **state)
{
	(void)state;
	struct caller c = sign_in("chief");
	struct answer *a = expect(200, &c, "GET", "/v1/me", NULL);
	assert_string_equal(text_of(a, "user.login"), "chief");
	assert_string_equal(text_of(a, "csrf"), c.csrf);
	/* a write needs the session's own token */
	struct caller without = c, others = c;
	without.csrf[0] = '\0';
	memcpy(others.csrf, admin.csrf, sizeof(others.csrf));
	assert_problem(call(&without, "POST", "/v1/sign-out", NULL), 403, "csrf.missing", NULL);
	assert_problem(call(&others, "POST", "/v1/sign-out", NULL), 403, "csrf.missing", NULL);
	expect(200, &c, "GET", "/v1/me", NULL);
	a = expect(204, &c, "POST", "/v1/sign-out", NULL);
	char header[256];
	assert_non_null(answer_header(a, "Set-Cookie", header, sizeof(header)));
	assert_non_null(strstr(header, "Max-Age=0"));
	assert_problem(call(&c, "GET", "/v1/me", NULL), 401, NULL, NULL);
	assert_problem(call(NULL, "GET", "/v1/me", NULL), 401, NULL, NULL);
	expect(200, &admin, "GET", "/v1/me", NULL); /* another session of the same user goes on */
}

static void test_wrong_password(void **state)
{
	(void)state;
	struct answer *a = call(NULL, "POST", "/v1/sign-in", "{\"login\":\"zoe\",\"password\":\"hunter2-secret\"}");
	assert_problem(a, 401, "sign_in.wrong", NULL);
	assert_null(strstr(a->body, "hunter2"));
	a = call(NULL, "POST", "/v1/sign-in", "{\"login\":\"zoe\",\"password\":[\"hunter2-secret\"]}");
	assert_problem(a, 400, NULL, "password");
	assert_null(strstr(a->body, "hunter2"));
	for (int i = 0; i < 9; i++)
		expect(401, NULL, "POST", "/v1/sign-in", "{\"login\":\"zoe\",\"password\":\"x\"}");
	assert_problem(call(NULL, "POST", "/v1/sign-in", "{\"login\":\"zoe\",\"password\":\"x\"}"), 429,
	               "sign_in.throttled", NULL);
}

static void test_roles(void **state)
{
	(void)state;
	static const char *const roles[] = { "associate",  "agent",  "manager",   "marketer", "buyer",   "analyst",
		                             "fulfilment", "credit", "moderator", "privacy",  "operator" };
	static const struct {
		const char *method, *path, *body, *roles;
	} routes[] = {
		{ "GET", "/v1/users", NULL, "" },
		{ "POST", "/v1/users", "{\"login\":\"q\",\"name\":\"q\",\"role\":\"agent\"}", "" },
		{ "PATCH", "/v1/users/usr_0000000000001", "{\"disabled\":true}", "" },
		{ "POST", "/v1/users/usr_0000000000001/link", NULL, "" },
		{ "GET", "/v1/keys", NULL, "" },
		{ "POST", "/v1/keys", "{\"name\":\"q\",\"source\":\"q\",\"role\":\"source\"}", "" },
		{ "DELETE", "/v1/keys/key_0000000000001", NULL, "" },
		{ "GET", "/v1/audit", NULL, "privacy" },
		{ "GET", "/v1/me", NULL,
		  "associate agent manager marketer buyer analyst fulfilment credit moderator privacy operator" },
	};
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		char login[32];
		snprintf(login, sizeof(login), "role-%s", roles[i]);
		make_user(login, roles[i]);
		struct caller c = sign_in(login);
		for (size_t j = 0; j < sizeof(routes) / sizeof(routes[0]); j++) {
			int status = strstr(routes[j].roles, roles[i]) ? 200 : 403;
			struct answer *a = call(&c, routes[j].method, routes[j].path, routes[j].body);
			if (a->status != status)
				fail_msg("%s: %s %s: %d %s", roles[i], routes[j].method, routes[j].path, a->status,
				         a->body);
		}
	}
	for (size_t j = 0; j < sizeof(routes) / sizeof(routes[0]); j++)
		expect(401, NULL, routes[j].method, routes[j].path, routes[j].body);
}

static void test_users(void **state)
{
	(void)state;
	char id[ID_TEXT_BYTES], path[64];
	snprintf(id, sizeof(id), "%s", make_user("paula", "associate"));
	snprintf(path, sizeof(path), "/v1/users/%s", id);
	struct caller paula = sign_in("paula");
	expect(200, &paula, "GET", "/v1/me", NULL);
	struct answer *a = expect(200, &admin, "PATCH", path, "{\"name\":\"Paula P.\",\"role\":\"agent\"}");
	assert_string_equal(text_of(a, "name"), "Paula P.");
	assert_string_equal(text_of(a, "login"), "paula");
	assert_string_equal(text_of(expect(200, &paula, "GET", "/v1/me", NULL), "user.role"), "agent"); /* at once */
	a = expect(200, &admin, "PATCH", path, "{\"disabled\":true}");
	assert_string_equal(text_of(a, "disabled"), "true");
	assert_string_equal(text_of(a, "role"), "agent");
	expect(401, &paula, "GET", "/v1/me", NULL);
	expect(401, NULL, "POST", "/v1/sign-in", "{\"login\":\"paula\",\"password\":\"" PASSWORD "\"}");
	char link[64];
	snprintf(link, sizeof(link), "/v1/users/%s/link", id);
	assert_problem(call(&admin, "POST", link, NULL), 409, "user.disabled", NULL);
	expect(200, &admin, "PATCH", path, "{\"disabled\":false}");
	expect(200, &admin, "POST", link, NULL);
	/* the last administrator */
	snprintf(path, sizeof(path), "/v1/users/%s", text_of(expect(200, &admin, "GET", "/v1/me", NULL), "user.id"));
	assert_problem(call(&admin, "PATCH", path, "{\"role\":\"agent\"}"), 409, "user.last_admin", NULL);
	/* what is asked is checked, and the field named */
	static const struct {
		const char *body, *field;
	} bad[] = {
		{ "{\"login\":\"a\",\"name\":\"b\"}", "role" },
		{ "{\"login\":\"a\",\"name\":\"b\",\"role\":\"king\"}", "role" },
		{ "{\"login\":\"a b\",\"name\":\"b\",\"role\":\"agent\"}", "login" },
		{ "{\"login\":\"a\",\"name\":\"\",\"role\":\"agent\"}", "name" },
		{ "{\"login\":\"a\",\"name\":\"b\",\"role\":\"agent\",\"stores\":[\"sto_x\"]}", "stores" },
		{ "{\"login\":\"a\",\"name\":\"b\",\"role\":\"agent\",\"stores\":[\"sto_0000000000001\"]}", "stores" },
		{ "{\"login\":\"a\",\"name\":\"b\",\"role\":\"agent\",\"stores\":{}}", "stores" },
		{ "{\"login\":\"a\",\"name\":\"b\",\"role\":\"agent\",\"associate\":7}", "associate" },
		{ "{\"login\":\"a\",\"name\":\"b\",\"role\":\"agent\",\"extra\":7}", "extra" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_problem(call(&admin, "POST", "/v1/users", bad[i].body), 400, NULL, bad[i].field);
	assert_problem(call(&admin, "POST", "/v1/users", "{\"login\":\"PAULA\",\"name\":\"b\",\"role\":\"agent\"}"),
	               409, "user.login_taken", "login");
	expect(404, &admin, "PATCH", "/v1/users/usr_0000000000001", "{\"disabled\":true}");
	expect(404, &admin, "POST", "/v1/users/usr_0000000000001/link", NULL);
	/* pages */
	a = expect(200, &admin, "GET", "/v1/users?limit=1", NULL);
	assert_string_equal(text_of(a, "items.0.login"), "chief");
	assert_string_equal(text_of(a, "next"), "chief");
	a = expect(200, &admin, "GET", "/v1/users?limit=1&before=chief", NULL);
	assert_string_equal(text_of(a, "items.0.login"), "paula");
}

DB_STMT(idem_keys, "", "i", "SELECT COUNT(*) FROM idem WHERE answer <> ''")
static enum result idem_tx(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &idem_keys, &rows, &found, e, DB_NONE));
	*(int64_t *)arg = db_int(rows, 0);
	return OK;
}

static void test_keys(void **state)
{
	(void)state;
	struct caller till = { 0 };
	char id[ID_TEXT_BYTES], path[64];
	int64_t kept = -1;
	const char *body = "{\"name\":\"Till 1\",\"source\":\"till\",\"role\":\"source\"}";
	struct caller once = admin;
	once.once = "only-once"; /* must not make the server keep the answer */
	struct answer *a = expect(201, &once, "POST", "/v1/keys", body);
	snprintf(till.key, sizeof(till.key), "%s", text_of(a, "key"));
	snprintf(id, sizeof(id), "%s", text_of(a, "id"));
	assert_ok(db_read(db, idem_tx, &kept, &kit_err));
	assert_int_equal(kept, 0);
	a = expect(200, &admin, "GET", "/v1/keys", NULL);
	assert_string_equal(text_of(a, "items.0.source"), "till");
	assert_null(strstr(a->body, till.key));
	assert_problem(call(&till, "GET", "/v1/me", NULL), 403, "role.missing", NULL); /* known, but no person */
	snprintf(path, sizeof(path), "/v1/keys/%s", id);
	expect(204, &admin, "DELETE", path, NULL);
	assert_problem(call(&till, "GET", "/v1/me", NULL), 401, "apikey.unknown", NULL);
	expect(404, &admin, "DELETE", "/v1/keys/key_0000000000001", NULL);
	assert_problem(call(&admin, "POST", "/v1/keys", "{\"name\":\"x\",\"source\":\"A B\",\"role\":\"source\"}"), 400,
	               "apikey.source", "source");
	assert_problem(call(&admin, "POST", "/v1/keys", "{\"name\":\"x\",\"source\":\"a\",\"role\":\"admin\"}"), 400,
	               NULL, "role");
}

static void test_audit(void **state)
{
	(void)state;
	struct principal p = { .role = ROLE_AGENT, .user = 31337 };
	for (int i = 0; i < 12; i++)
		assert_ok(audit_view(db, &p, 4096 + i, "serve", &kit_err));
	struct answer *a = expect(200, &admin, "GET", "/v1/audit?limit=5", NULL);
	assert_string_equal(text_of(a, "items.0.action"), "view");
	assert_string_equal(text_of(a, "items.0.purpose"), "serve");
	char id[ID_TEXT_BYTES], path[128];
	int seen = 0;
	id_format(id, ID_USER, 31337);
	snprintf(path, sizeof(path), "/v1/audit?user=%s&limit=5", id);
	for (;;) {
		a = expect(200, &admin, "GET", path, NULL);
		for (const char *at = a->body; (at = strstr(at, "\"action\":\"view\"")); at++)
			seen++;
		const char *next = text_of(a, "next");
		if (!next[0])
			break;
		snprintf(path, sizeof(path), "/v1/audit?user=%s&limit=5&before=%s", id, next);
	}
	assert_int_equal(seen, 12);
	id_format(id, ID_CUSTOMER, 4096 + 3); /* of whom no record is left */
	snprintf(path, sizeof(path), "/v1/audit?customer=%s", id);
	a = expect(200, &admin, "GET", path, NULL);
	assert_string_equal(text_of(a, "items.0.subject"), id);
	a = expect(200, &admin, "GET", "/v1/audit?limit=500", NULL);
	assert_non_null(strstr(a->body, "\"sign_in\""));
	assert_non_null(strstr(a->body, "\"user.add\""));
	assert_non_null(strstr(a->body, "\"The Chief\""));
	assert_problem(call(&admin, "GET", "/v1/audit?before=x", NULL), 400, "cursor.malformed", "before");
	assert_problem(call(&admin, "GET", "/v1/audit?limit=501", NULL), 400, NULL, "limit");
	assert_problem(call(&admin, "GET", "/v1/audit?customer=usr_0000000000001", NULL), 400, NULL, "customer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session), cmocka_unit_test(test_users), cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_roles),   cmocka_unit_test(test_keys),  cmocka_unit_test(test_audit),
	};
	return cmocka_run_group_tests_name("api access", tests, start, stop);
}
