/* rooms: api desk ingest insight orders timeline people shop access feed http db text money base */
/* Writes through the API: the same key changes nothing twice, whatever comes between. */
#include "kit/kit.h"
#include "unit/http_client.h"

#include "api/api.h"
#include "base/clock.h"
#include <pthread.h>
#include <time.h>

static struct db *db;
static struct api api;
static struct http_server *server;
static _Atomic int64_t runs;
static _Atomic int slow_ms, fail_next;

struct put_in {
	int64_t n;
};
static const struct json_field put_fields[] = {
	JSON_FIELD_I64(struct put_in, n, "n", JSON_REQUIRED, 0, 1000),
	JSON_END,
};

DB_STMT(feed_rows, "", "i", "SELECT COUNT(*) FROM feed")
static enum result rows_tx(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &feed_rows, &rows, &found, e, DB_NONE));
	*(int64_t *)arg = db_int(rows, 0);
	return OK;
}

static int64_t effects(void)
{
	int64_t n = 0;
	assert_ok(db_read(db, rows_tx, &n, &kit_err));
	return n;
}

static enum result put_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct put_in *in = arg;
	int64_t run = atomic_fetch_add(&runs, 1);
	struct timespec t = { .tv_nsec = atomic_load(&slow_ms) * 1000000L };
	TRY(feed_append(tx, FEED_SHOP, 0, in->n, e));
	nanosleep(&t, NULL);
	if (atomic_exchange(&fail_next, 0))
		return error_set(e, ERR_CONFLICT, "test.refused", "n", "Not now.");
	jw_object(w);
	jw_ki64(w, "n", in->n);
	jw_ki64(w, "run", run);
	jw_end_object(w);
	return OK;
}

static enum result put_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct put_in in = *(const struct put_in *)http_body_struct(rq);
	return api_write(rq, rs, 201, put_write, &in, e);
}

static enum result quiet_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	(void)w, (void)arg;
	return feed_append(tx, FEED_SHOP, 0, 1, e);
}

static enum result quiet_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return api_write(rq, rs, 201, quiet_write, NULL, e);
}

/* What is written about somebody: the answer says it again. */
struct say_in {
	struct str text;
};
static const struct json_field say_fields[] = {
	JSON_FIELD_STR(struct say_in, text, "text", JSON_REQUIRED, 1, 100),
	JSON_END,
};
static const struct http_param say_params[] = {
	{ .name = "customer", .type = JF_ID, .required = true, .min = ID_CUSTOMER, .doc = "The customer" },
	{ 0 },
};

static enum result say_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct say_in *in = arg;
	TRY(feed_append(tx, FEED_SHOP, 0, 1, e));
	jw_object(w);
	jw_kstr(w, "text", in->text);
	jw_end_object(w);
	return OK;
}

static enum result say_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct say_in in = *(const struct say_in *)http_body_struct(rq);
	return api_write(rq, rs, 201, say_write, &in, e);
}

static const struct http_route routes[] = {
	{ .method = HTTP_POST,
	  .path = "/v1/customers/{customer}/says",
	  .flags = HTTP_IDEMPOTENT,
	  .params = say_params,
	  .body = say_fields,
	  .body_size = sizeof(struct say_in),
	  .answer = "Id",
	  .handle = say_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/put",
	  .flags = HTTP_IDEMPOTENT,
	  .body = put_fields,
	  .body_size = sizeof(struct put_in),
	  .answer = "Id",
	  .handle = put_handle },
	{ .method = HTTP_POST, .path = "/v1/quiet", .flags = HTTP_IDEMPOTENT, .handle = quiet_handle },
	{ 0 },
};
static const struct http_route *const all[] = { routes, NULL };

/* Who calls is what the header says: the real hook is tested elsewhere. */
static enum result authorise(void *ctx, struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct principal *p = arena_alloc(http_arena(rq), sizeof(*p));
	int64_t user = 1;
	(void)ctx, (void)rs;
	if (!p)
		return error_nomem(e);
	str_to_i64(http_header(rq, "X-User"), &user);
	p->user = user;
	p->role = ROLE_ADMIN;
	http_set_principal(rq, p);
	return OK;
}

static int start(void **state)
{
	struct http_config c = { .bind = "127.0.0.1" };
	(void)state;
	db = kit_db();
	api.desk.db = db;
	api_configure(&c, &api);
	c.routes = all;
	c.authorise = authorise;
	assert_ok(http_start(&c, &server, &kit_err));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	http_stop(server);
	kit_db_close(db);
	return 0;
}

static void post(const char *path, const char *key, const char *user, const char *body, struct answer *a)
{
	char text[1024];
	int n = snprintf(text, sizeof(text),
	                 "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-User: %s\r\n%s%s%s"
	                 "Content-Length: %zu\r\n\r\n%s",
	                 path, user, key ? "Idempotency-Key: " : "", key ? key : "", key ? "\r\n" : "", strlen(body),
	                 body);
	client_once(http_port(server), text, (size_t)n, a);
}

static void a_repeat_changes_nothing(void **state)
{
	(void)state;
	struct answer a, b;
	char text[64], first[256];
	int64_t before = effects();
	post("/v1/put", "k1", "1", "{\"n\":5}", &a);
	assert_int_equal(a.status, 201);
	assert_null(answer_header(&a, "Idempotency-Replayed", text, sizeof(text)));
	assert_non_null(answer_header(&a, "X-Byname-Position", text, sizeof(text)));
	snprintf(first, sizeof(first), "%s", a.body);
	post("/v1/put", "k1", "1", "{\"n\":5}", &b);
	assert_int_equal(b.status, 201);
	assert_string_equal(b.body, first);
	assert_string_equal(answer_header(&b, "Idempotency-Replayed", text, sizeof(text)), "true");
	assert_int_equal(effects(), before + 1);
	/* another payload, another path, another caller */
	post("/v1/put", "k1", "1", "{\"n\":6}", &b);
	assert_problem(&b, 422, "idempotency.mismatch", "Idempotency-Key");
	post("/v1/quiet", "k1", "1", "", &b);
	assert_problem(&b, 422, "idempotency.mismatch", "Idempotency-Key");
	assert_int_equal(effects(), before + 1);
	post("/v1/put", "k1", "2", "{\"n\":5}", &b);
	assert_int_equal(b.status, 201);
	assert_string_not_equal(b.body, first);
	/* no key: as often as it is said */
	post("/v1/put", NULL, "1", "{\"n\":5}", &b);
	post("/v1/put", NULL, "1", "{\"n\":5}", &b);
	assert_int_equal(effects(), before + 4);
	/* nothing to answer */
	post("/v1/quiet", "k2", "1", "", &b);
	assert_int_equal(b.status, 204);
	post("/v1/quiet", "k2", "1", "", &b);
	assert_int_equal(b.status, 204);
	assert_int_equal(effects(), before + 5);
}

static void a_refused_write_leaves_the_key_free(void **state)
{
	(void)state;
	struct answer a;
	int64_t before = effects();
	atomic_store(&fail_next, 1);
	post("/v1/put", "k3", "1", "{\"n\":1}", &a);
	assert_problem(&a, 409, "test.refused", "n");
	assert_int_equal(effects(), before);
	post("/v1/put", "k3", "1", "{\"n\":2}", &a);
	assert_int_equal(a.status, 201);
	assert_int_equal(effects(), before + 1);
}

static void keys_have_a_form(void **state)
{
	(void)state;
	struct answer a;
	char key[140];
	memset(key, 'x', sizeof(key));
	key[129] = 0;
	post("/v1/put", key, "1", "{\"n\":1}", &a);
	assert_problem(&a, 400, "idempotency.malformed", "Idempotency-Key");
	post("/v1/put", "a b", "1", "{\"n\":1}", &a);
	assert_problem(&a, 400, "idempotency.malformed", "Idempotency-Key");
	key[128] = 0;
	post("/v1/put", key, "1", "{\"n\":1}", &a);
	assert_int_equal(a.status, 201);
}

#define TWINS 12

static void *twin(void *arg)
{
	static __thread char text[512];
	struct client c;
	int *status = arg;
	int n = snprintf(text, sizeof(text),
	                 "POST /v1/put HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
	                 "Idempotency-Key: twins%d\r\nContent-Length: 7\r\n\r\n{\"n\":9}",
	                 *status);
	client_open(&c, http_port(server));
	client_send(&c, text, (size_t)n);
	while (!c.n && client_more(&c, 5000) == 1)
		continue;
	sscanf(c.in, "HTTP/1.1 %d", status);
	client_close(&c);
	return NULL;
}

static void twins_do_it_once(void **state)
{
	(void)state;
	atomic_store(&slow_ms, 20);
	for (int round = 0; round < 5; round++) {
		pthread_t threads[TWINS];
		int status[TWINS];
		int64_t before = effects();
		for (int i = 0; i < TWINS; i++) {
			status[i] = round;
			assert_int_equal(pthread_create(&threads[i], NULL, twin, &status[i]), 0);
		}
		int made = 0;
		for (int i = 0; i < TWINS; i++) {
			pthread_join(threads[i], NULL);
			if (status[i] != 201 && status[i] != 409)
				fail_msg("status %d", status[i]);
			made += status[i] == 201;
		}
		assert_true(made >= 1);
		assert_int_equal(effects(), before + 1);
	}
	atomic_store(&slow_ms, 0);
}

static void old_answers_go(void **state)
{
	(void)state;
	struct answer a;
	bool more = true;
	post("/v1/put", "old", "1", "{\"n\":1}", &a);
	assert_int_equal(a.status, 201);
	clock_set(clock_now() + 6 * DAY_US);
	while (more)
		assert_ok(api_idem_prune(db, &more, &kit_err));
	post("/v1/put", "old", "1", "{\"n\":2}", &a);
	assert_int_equal(a.status, 422);
	clock_set(clock_now() + 2 * DAY_US);
	for (more = true; more;)
		assert_ok(api_idem_prune(db, &more, &kit_err));
	post("/v1/put", "old", "1", "{\"n\":2}", &a);
	assert_int_equal(a.status, 201);
	clock_set(0);
}

DB_STMT(kept_rows, "", "tbi", "SELECT answer, payload, status FROM idem")
static enum result kept_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct kept {
		int about_ann, blank;
	} *k = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	*k = (struct kept){ 0 };
	TRY(db_query(tx, &kept_rows, &rows, e, DB_NONE));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct str answer = db_text(rows, 0);
		k->about_ann += memmem(answer.p, answer.n, "Ann", 3) != NULL;
		k->blank += !answer.n && !db_blob(rows, 1).n;
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result erase_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return api_room.erase_record(tx, *(int64_t *)arg, e);
}

static void stored_answers_go_with_the_person(void **state)
{
	(void)state;
	struct answer a;
	char ann[96], bob[96], id[ID_TEXT_BYTES];
	int64_t records[2] = { INT64_C(4096) * 1000 + 1, INT64_C(4096) * 1001 + 2 }, before = effects();
	struct {
		int about_ann, blank;
	} kept;
	id_format(id, ID_CUSTOMER, records[0]);
	snprintf(ann, sizeof(ann), "/v1/customers/%s/says", id);
	id_format(id, ID_CUSTOMER, records[1]);
	snprintf(bob, sizeof(bob), "/v1/customers/%s/says", id);
	post(ann, "about", "1", "{\"text\":\"Ann likes navy\"}", &a);
	assert_int_equal(a.status, 201);
	post(bob, "about-bob", "1", "{\"text\":\"Bob likes wool\"}", &a);
	assert_int_equal(a.status, 201);
	assert_ok(db_read(db, kept_tx, &kept, &kit_err));
	assert_int_equal(kept.about_ann, 1);
	assert_int_equal(kept.blank, 0);
	assert_ok(db_transact(db, erase_tx, &records[0], &kit_err));
	assert_ok(db_read(db, kept_tx, &kept, &kit_err));
	assert_int_equal(kept.about_ann, 0);
	assert_int_equal(kept.blank, 1);
	/* A repeat writes nothing anew, whatever it says; the other's answer is there. */
	post(ann, "about", "1", "{\"text\":\"Ann likes navy\"}", &a);
	assert_problem(&a, 404, "idempotency.erased", "Idempotency-Key");
	post(bob, "about-bob", "1", "{\"text\":\"Bob likes wool\"}", &a);
	assert_int_equal(a.status, 201);
	assert_int_equal(effects(), before + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_repeat_changes_nothing), cmocka_unit_test(a_refused_write_leaves_the_key_free),
		cmocka_unit_test(keys_have_a_form),         cmocka_unit_test(twins_do_it_once),
		cmocka_unit_test(old_answers_go),           cmocka_unit_test(stored_answers_go_with_the_person),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
