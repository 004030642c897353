/* rooms: people feed db text base */
#include "base/clock.h"
#include "feed/room.h"
#include "kit/people_kit.h"
#include "people/internal.h"
#include "people/match.h"
#include <string.h>

static struct db *db;

static int setup(void **state)
{
	(void)state;
	assert_ok(text_start(&kit_err));
	db = kit_db();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

/* ---- Short words ------------------------------------------------------------------------------------------------- */

struct doubting {
	int64_t a, b, stake, count;
	int score, limit, got;
	const struct doubt *after;
	struct doubt list[16];
};

static enum result put_doubt_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;
	struct doubt low = { .a = d->a < d->b ? d->a : d->b, .b = d->a < d->b ? d->b : d->a, .score = d->score };

	TRY(doubt_put(tx, d->a, d->b, d->score, e));
	return doubt_weigh(tx, &low, d->stake, 1, e);
}

static void doubt(int64_t a, int64_t b, int score, int64_t stake)
{
	struct doubting d = { .a = a, .b = b, .score = score, .stake = stake };

	assert_ok(db_transact(db, put_doubt_run, &d, &kit_err));
}

static enum result drop_doubt_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	return doubt_drop(tx, d->a, d->b, e);
}

static enum result list_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	TRY(doubt_list(tx, d->after, d->limit, d->list, &d->got, e));
	return doubt_count(tx, &d->count, e);
}

/* The pairs of the queue, "stake:score ". */
static const char *queue(int limit, const struct doubt *after, struct doubt *last)
{
	static char text[400];
	struct doubting d = { .limit = limit, .after = after };
	size_t n = 0;

	assert_ok(db_read(db, list_run, &d, &kit_err));
	text[0] = 0;
	for (int i = 0; i < d.got; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%lld:%d ", (long long)d.list[i].stake,
		                      d.list[i].score);
	if (last && d.got)
		*last = d.list[d.got - 1];
	return text;
}

static int64_t waiting(void)
{
	struct doubting d = { .limit = 1 };

	assert_ok(db_read(db, list_run, &d, &kit_err));
	return d.count;
}

static int64_t never(int64_t a, int64_t b)
{
	struct ids i = { .a = a, .b = b };

	assert_ok(db_transact(db, never_run, &i, &kit_err));
	return i.decision;
}

struct asking {
	int64_t a, b;
	bool masked;
	struct buf out;
};

static enum result name_run(struct db_tx *tx, int64_t user, const char **name, struct error *e)
{
	(void)e;
	*name = arena_printf(db_tx_arena(tx), "user %lld", (long long)user);
	return OK;
}

static enum result why_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct asking *q = arg;
	struct json_writer w;

	buf_clear(&q->out);
	jw_init(&w, &q->out);
	return match_why(tx, q->a, q->b,
	                 &(struct why_how){ .masked = q->masked, .whole = !q->masked, .name_of = name_run }, &w, e);
}

static struct json *why(int64_t a, int64_t b, bool masked)
{
	struct asking q = { .a = a, .b = b, .masked = masked };
	struct json *answer;

	buf_init(&q.out, 0);
	assert_ok(db_read(db, why_run, &q, &kit_err));
	assert_ok(json_parse(buf_view(&q.out), NULL, &answer, &kit_err));
	buf_free(&q.out);
	return answer;
}

static enum result estimate_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct asking *q = arg;
	struct json_writer w;

	buf_clear(&q->out);
	jw_init(&w, &q->out);
	return people_estimate(tx, &w, e);
}

static struct json *estimate(void)
{
	struct asking q = { 0 };
	struct json *answer;

	buf_init(&q.out, 0);
	assert_ok(db_read(db, estimate_run, &q, &kit_err));
	assert_ok(json_parse(buf_view(&q.out), NULL, &answer, &kit_err));
	buf_free(&q.out);
	return answer;
}

static int64_t number(const struct json *o, const char *key)
{
	int64_t n = -1;

	assert_true(json_i64(json_get(o, key), &n));
	return n;
}

static double real(const struct json *o, const char *key)
{
	double v = -1;

	assert_true(json_f64(json_get(o, key), &v));
	return v;
}

static bool yes(const struct json *o, const char *key)
{
	bool v = false;

	assert_true(json_bool(json_get(o, key), &v));
	return v;
}

static bool says(const struct json *o, const char *key, const char *text)
{
	return str_is(json_str(json_get(o, key)), text);
}

static enum result epoch_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct buf *text = arg;
	int64_t version;

	return epoch_activate(tx, buf_view(text), &version, e);
}

/* The built-in model. */
static void epoch(void)
{
	struct match_model *m;
	BUF_AUTO struct buf text;

	buf_init(&text, 0);
	assert_ok(match_model_default(&m, &kit_err));
	match_model_print(m, &text);
	match_model_free(m);
	assert_ok(db_transact(db, epoch_run, &text, &kit_err));
}

/* ---- The queue --------------------------------------------------------------------------------------------------- */

static void the_queue_gives_the_most_worth_first(void **state)
{
	(void)state;
	int64_t r[8];
	struct doubt last;

	for (int i = 0; i < 8; i++) {
		char key[8];

		snprintf(key, sizeof(key), "%d", i);
		r[i] = put(db, "till", key, "Ann Lee", NULL);
	}
	assert_string_equal(queue(5, NULL, NULL), "");
	assert_int_equal(waiting(), 0);
	doubt(r[0], r[1], 100, 5);
	doubt(r[3], r[2], 200, 9);
	doubt(r[4], r[5], 300, 7);
	doubt(r[6], r[7], 400, -2); /* taken for 1 */
	assert_string_equal(queue(9, NULL, NULL), "9:200 7:300 5:100 1:400 ");
	doubt(r[2], r[3], 250, 6); /* the other way round: the same row */
	assert_int_equal(waiting(), 4);
	assert_string_equal(queue(9, NULL, NULL), "7:300 6:250 5:100 1:400 ");
	assert_string_equal(queue(2, NULL, &last), "7:300 6:250 ");
	assert_string_equal(queue(2, &last, &last), "5:100 1:400 ");
	assert_string_equal(queue(2, &last, NULL), "");
	struct doubting d = { .a = r[5], .b = r[4] };
	assert_ok(db_transact(db, drop_doubt_run, &d, &kit_err));
	assert_string_equal(queue(9, NULL, NULL), "6:250 5:100 1:400 ");
}

static enum result put_again_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	return doubt_put(tx, d->a, d->b, d->score, e);
}

static enum result unweighed_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	return doubt_unweighed(tx, d->stake, d->limit, d->list, &d->got, e);
}

static enum result unweigh_run(struct db_tx *tx, void *arg, struct error *e)
{
	return doubt_unweigh(tx, *(int64_t *)arg, e);
}

static int unweighed(int64_t before)
{
	struct doubting d = { .limit = 9, .stake = before };

	assert_ok(db_read(db, unweighed_run, &d, &kit_err));
	return d.got;
}

static void worth_is_chance_times_stake(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Ann Lee", NULL), b = put(db, "web", "b", "Anne Lee", NULL);
	int64_t c = put(db, "till", "c", "Bob Lee", NULL), d = put(db, "web", "d", "Rob Lee", NULL);
	struct doubting again = { .a = b, .b = a, .score = 4000 };
	struct doubt first;

	doubt(a, b, 0, 5000); /* even odds */
	doubt(c, d, 3000, 3000);
	assert_string_equal(queue(9, NULL, &first), "3000:3000 5000:0 ");
	assert_int_equal(first.worth, 5000 * 500);
	assert_ok(db_transact(db, put_again_run, &again, &kit_err)); /* 16 to 1 now; what is at stake stays */
	assert_string_equal(queue(9, NULL, NULL), "5000:4000 3000:3000 ");

	assert_int_equal(unweighed(1), 0);
	assert_int_equal(unweighed(2), 2);
	assert_ok(db_transact(db, unweigh_run, &b, &kit_err));
	assert_int_equal(unweighed(1), 1);
	assert_ok(db_transact(db, unweigh_run, &c, &kit_err));
	assert_int_equal(unweighed(1), 2);
}

static void what_is_decided_leaves_the_queue_and_comes_back(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Ann Lee", NULL), b = put(db, "web", "b", "Anne Lee", NULL);
	int64_t c = put(db, "till", "c", "Bob Lee", NULL), d = put(db, "web", "d", "Rob Lee", NULL);
	int64_t merged, apart;

	doubt(a, b, 500, 2);
	doubt(c, d, 600, 1);
	merged = merge(db, a, b, false);
	assert_string_equal(queue(9, NULL, NULL), "1:600 ");
	apart = never(c, d);
	assert_string_equal(queue(9, NULL, NULL), "");
	assert_int_equal(waiting(), 0);
	undo(db, merged);
	assert_string_equal(queue(9, NULL, NULL), "2:500 ");
	undo(db, apart);
	assert_string_equal(queue(9, NULL, NULL), "2:500 1:600 ");
	/* told apart by a split, long before it was doubted */
	merge(db, a, c, false);
	split(db, &c, 1);
	doubt(a, c, 700, 3);
	assert_string_equal(queue(9, NULL, NULL), "2:500 1:600 ");
}

static void two_customers_are_asked_about_once(void **state)
{
	(void)state;
	int64_t a1 = put(db, "till", "a1", "Ann Lee", "e!:a@lee.org"),
	        a2 = put(db, "web", "a2", "Ann Lee", "e!:a@lee.org");
	int64_t b = put(db, "till", "b", "Anna Lee", NULL), decision;

	doubt(a1, b, 500, 2);
	doubt(a2, b, 900, 8);
	assert_string_equal(queue(9, NULL, NULL), "8:900 ");
	decision = never(b, a1); /* says the same of both */
	assert_string_equal(queue(9, NULL, NULL), "");
	undo(db, decision);
	assert_string_equal(queue(9, NULL, NULL), "8:900 ");
}

/* ---- Why --------------------------------------------------------------------------------------------------------- */

static void without_a_model_only_ties_are_told(void **state)
{
	(void)state;
	struct asking q = { 0 };
	int64_t a = put(db, "till", "a", "Ann Lee", "e!:a@lee.org p:+41443334455");
	int64_t b = put(db, "web", "b", "Ann Lee", "e!:a@lee.org");
	int64_t c = put(db, "web", "c", "Ann Lee", NULL);
	struct json *answer = why(a, b, false);
	const struct json *link = json_at(json_get(answer, "links"), 0);

	assert_true(yes(answer, "same"));
	assert_true(json_kind(json_get(answer, "score")) == JSON_NULL);
	assert_int_equal(json_count(json_get(answer, "links")), 1);
	assert_true(says(link, "kind", "email") && says(link, "value", "a@lee.org") && yes(link, "verified"));
	json_free(answer);

	buf_init(&q.out, 0);
	q.a = a;
	q.b = c;
	assert_result(ERR_CONFLICT, db_read(db, why_run, &q, &kit_err));
	assert_string_equal(kit_err.code, "epoch.none");
	never(a, c);
	answer = why(a, c, false);
	assert_true(says(json_at(json_get(answer, "decisions"), 0), "kind", "never"));
	json_free(answer);
	q.a = q.b = c;
	assert_result(ERR_INVALID, db_read(db, why_run, &q, &kit_err));
	q.a = q.b = b;
	assert_result(ERR_INVALID, db_read(db, why_run, &q, &kit_err));
	assert_string_equal(kit_err.code, "why.same");
	q.b = 4097;
	assert_result(ERR_NOT_FOUND, db_read(db, why_run, &q, &kit_err));
	buf_free(&q.out);
}

static const struct json *field(const struct json *answer, const char *comparison)
{
	const struct json *fields = json_get(answer, "fields");

	for (size_t i = 0; i < json_count(fields); i++)
		if (says(json_at(fields, i), "comparison", comparison))
			return json_at(fields, i);
	return NULL;
}

static void the_weights_make_the_score(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Hildegard Quist", "e:hilde@quist.se p:+41443334455");
	int64_t b = put(db, "web", "b", "Hildegard Quist", "e:hilde@quist.se p:+41443334456");
	int64_t sum, score;
	struct json *answer;

	epoch();
	answer = why(a, b, false);
	sum = number(answer, "prior");
	score = number(answer, "score");
	assert_true(json_count(json_get(answer, "fields")) >= 4);
	for (size_t i = 0; i < json_count(json_get(answer, "fields")); i++)
		sum += number(json_at(json_get(answer, "fields"), i), "weight");
	assert_int_equal(sum, score);
	assert_true(says(field(answer, "email"), "a", "hilde@quist.se"));
	json_free(answer);

	answer = why(b, a, true);
	assert_int_equal(number(answer, "score"), score);
	assert_true(says(field(answer, "email"), "a", "h…@quist.se"));
	assert_true(says(field(answer, "phone"), "a", "…4456"));
	assert_true(says(json_at(json_get(answer, "links"), 0), "value", "h…@quist.se"));
	json_free(answer);
}

static void of_two_customers_the_best_pair_is_shown(void **state)
{
	(void)state;
	int64_t a1 = put(db, "till", "a1", "Xaver Zbinden", "l!:9"), a2 = put(db, "web", "a2", "Quirin Moos", "l!:9");
	int64_t b = put(db, "till", "b", "Quirin Moos", "e:q@moos.ch");
	struct json *answer;
	char id[ID_TEXT_BYTES];

	epoch();
	answer = why(a1, b, false);
	id_format(id, ID_RECORD, a2);
	assert_true(says(answer, "a", id));
	assert_false(yes(answer, "same"));
	json_free(answer);
	/* a record and its customer: the other record */
	answer = why(a2, a1, false);
	assert_true(says(answer, "a", id) && yes(answer, "same"));
	json_free(answer);
	answer = why(a1, a1, false); /* also of the founding one */
	assert_true(says(answer, "b", id) && yes(answer, "same"));
	json_free(answer);
}

/* ---- What keeps them apart --------------------------------------------------------------------------------------- */

/* "never average " */
static const char *reasons(int64_t a, int64_t b, struct json **kept)
{
	static char text[200];
	struct json *answer = why(a, b, false);
	const struct json *apart = json_get(answer, "apart");
	size_t n = 0;

	text[0] = 0;
	for (size_t i = 0; i < json_count(apart); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s ",
		                      STR_ARG(json_str(json_get(json_at(apart, i), "reason"))));
	if (kept)
		*kept = answer;
	else
		json_free(answer);
	return text;
}

static const struct json *reason(const struct json *answer, size_t i)
{
	return json_at(json_get(answer, "apart"), i);
}

#define SAME_HOME "e:hilde@quist.se p:+41443334455"

static void people_decided_that_they_are_two(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Hildegard Quist", NULL), b = put(db, "web", "b", "Hildegard Quist", NULL), d;
	char id[ID_TEXT_BYTES];
	struct json *answer;

	epoch();
	d = never(a, b);
	put(db, "till", "a", "Hildegard Quist", SAME_HOME);
	put(db, "web", "b", "Hildegard Quist", SAME_HOME);
	assert_string_equal(reasons(a, b, &answer), "never ");
	id_format(id, ID_DECISION, d);
	assert_true(says(reason(answer, 0), "decision", id) && says(reason(answer, 0), "by", "user 7"));
	assert_true(says(reason(answer, 0), "why", "twins"));
	assert_true(json_str(json_get(reason(answer, 0), "at")).n > 0);
	assert_true(number(answer, "score") > number(answer, "link"));
	json_free(answer);

	undo(db, d);
	answer = why(a, b, false);
	assert_true(yes(answer, "same"));
	assert_true(json_kind(json_get(answer, "apart")) == JSON_NULL);
	json_free(answer);
	d = split(db, &b, 1);
	assert_string_equal(reasons(b, a, &answer), "split ");
	id_format(id, ID_DECISION, d);
	assert_true(says(reason(answer, 0), "decision", id) && says(reason(answer, 0), "why", "two people"));
	json_free(answer);
	answer = why(a, b, true); /* a list of many: not looked for */
	assert_true(json_kind(json_get(answer, "apart")) == JSON_NULL);
	json_free(answer);

	d = merge(db, a, b, false); /* who put them together, and when */
	answer = why(a, b, false);
	const struct json *last = json_get(answer, "decisions");
	last = json_at(last, json_count(last) - 1);
	id_format(id, ID_DECISION, d);
	assert_true(says(last, "decision", id) && says(last, "kind", "merge") && says(last, "by", "user 7"));
	assert_true(yes(last, "standing"));
	json_free(answer);
}

static enum result newest_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;
	struct decision list[50];
	int count;

	TRY(decision_list(tx, i->a, 50, db_tx_arena(tx), list, &count, e));
	i->decision = count ? list[0].id : 0;
	return OK;
}

static void an_automatic_merge_was_taken_back(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Ann Lee", "e!:a@lee.org"), b = put(db, "web", "b", "Ann Lee", "e!:a@lee.org");
	struct ids i = { .a = a };
	struct json *answer = why(a, b, false);
	const struct json *d = json_at(json_get(answer, "decisions"), 0);

	assert_true(says(d, "kind", "auto_merge") && json_kind(json_get(d, "by")) == JSON_NULL);
	json_free(answer);
	assert_ok(db_read(db, newest_run, &i, &kit_err));
	undo(db, i.decision);
	assert_string_equal(reasons(a, b, &answer), "taken_back ");
	assert_true(says(reason(answer, 0), "by", "user 7") && says(reason(answer, 0), "why", "a mistake"));
	json_free(answer);
}

static void different_accounts_are_two_people(void **state)
{
	(void)state;
	int64_t a, b;
	struct json *answer;

	epoch();
	a = put(db, "till", "a", "Hildegard Quist", SAME_HOME " a!:acc-1000001");
	b = put(db, "web", "b", "Hildegard Quist", SAME_HOME " a!:acc-2000002");
	assert_string_equal(reasons(a, b, &answer), "account ");
	assert_true(says(reason(answer, 0), "kind", "account") && says(reason(answer, 0), "a", "acc-1000001"));
	assert_true(says(reason(answer, 0), "b", "acc-2000002"));
	json_free(answer);
}

static void the_average_of_all_does_not_reach(void **state)
{
	(void)state;
	int64_t a, b;
	struct json *answer;

	epoch();
	put(db, "till", "a1", "Xaver Zbinden", "l!:9");
	put(db, "till", "a2", "Urs Abderhalden", "l!:9");
	put(db, "till", "a3", "Beat Oesch", "l!:9");
	a = put(db, "till", "a4", "Quirin Moos", "l!:9 e:q@moos.ch p:+41443334455");
	b = put(db, "web", "b", "Quirin Moos", "e:q@moos.ch p:+41443334455");
	assert_string_equal(reasons(a, b, &answer), "average ");
	assert_true(number(answer, "score") > number(answer, "link"));
	assert_true(number(reason(answer, 0), "number") <= number(answer, "link"));
	json_free(answer);
	/* somebody who only has the name in common */
	b = put(db, "web", "c", "Hildegard Moos", NULL);
	assert_string_equal(reasons(a, b, &answer), "score ");
	assert_int_equal(number(reason(answer, 0), "number"), number(answer, "score"));
	assert_int_equal(number(reason(answer, 0), "limit"), number(answer, "link"));
	json_free(answer);
}

DB_STMT(test_pair, "iiii", "", "INSERT INTO person_pair (rkey, a, b, score) VALUES ($1, $2, $3, $4)")
static enum result pair_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	TRY(db_exec(tx, &test_pair, NULL, e, DB_INT(id_bucket(d->a)), DB_INT(d->a), DB_INT(d->b), DB_INT(d->score)));
	return db_exec(tx, &test_pair, NULL, e, DB_INT(id_bucket(d->b)), DB_INT(d->b), DB_INT(d->a), DB_INT(d->score));
}

static enum result todo_run(struct db_tx *tx, void *arg, struct error *e)
{
	return todo_add(tx, *(int64_t *)arg, e);
}

static void nothing_brought_them_together_yet(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Hildegard Quist", SAME_HOME),
	        b = put(db, "web", "b", "Hildegard Quist", SAME_HOME);
	struct doubting d = { .a = a, .b = b, .score = 20000 };

	epoch(); /* of these records no key was made */
	assert_string_equal(reasons(a, b, NULL), "not_compared ");
	assert_ok(db_transact(db, pair_run, &d, &kit_err));
	assert_string_equal(reasons(a, b, NULL), "unsettled ");
	assert_ok(db_transact(db, todo_run, &b, &kit_err));
	assert_string_equal(reasons(a, b, NULL), "waiting ");
}

DB_STMT(test_member, "iii", "", "INSERT INTO person_member (rkey, customer, record) VALUES ($1, $2, $3)")
static enum result members_run(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t customer = *(int64_t *)arg;

	for (int i = 1; i < CUSTOMER_MEMBERS_MAX; i++)
		TRY(db_exec(tx, &test_member, NULL, e, DB_INT(id_bucket(customer)), DB_INT(customer),
		            DB_INT(customer + i)));
	return OK;
}

static void a_customer_has_only_so_many_records(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Hildegard Quist", SAME_HOME),
	        b = put(db, "web", "b", "Hildegard Quist", SAME_HOME);
	struct json *answer;

	epoch();
	assert_ok(db_transact(db, members_run, &a, &kit_err));
	assert_string_equal(reasons(a, b, &answer), "too_many_records ");
	assert_int_equal(number(reason(answer, 0), "number"), CUSTOMER_MEMBERS_MAX + 1);
	assert_int_equal(number(reason(answer, 0), "limit"), CUSTOMER_MEMBERS_MAX);
	json_free(answer);
}

/* A star of more pairs than a component may have. */
static enum result crowd_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	for (int i = 0; i < MATCH_COMPONENT_MAX; i++) {
		struct put p = { .source = "till", .name = "X" };
		char key[16];

		snprintf(key, sizeof(key), "c%d", i);
		p.key = key;
		TRY(put_run(tx, &p, e));
		struct doubting pair = { .a = d->a, .b = p.record, .score = d->score };
		TRY(pair_run(tx, &pair, e));
	}
	return OK;
}

static void who_knows_too_many_is_in_quarantine(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Hildegard Quist", SAME_HOME),
	        b = put(db, "web", "b", "Hildegard Quist", SAME_HOME);
	struct json *answer;

	epoch();
	answer = why(a, b, false);
	struct doubting d = { .a = a, .b = b, .score = (int)number(answer, "component") };
	json_free(answer);
	assert_ok(db_transact(db, pair_run, &d, &kit_err));
	assert_ok(db_transact(db, crowd_run, &d, &kit_err));
	assert_string_equal(reasons(a, b, &answer), "quarantine ");
	assert_true(number(reason(answer, 0), "number") >= MATCH_COMPONENT_MAX);
	assert_int_equal(number(reason(answer, 0), "limit"), MATCH_COMPONENT_MAX);
	json_free(answer);
}

/* ---- The estimate ------------------------------------------------------------------------------------------------ */

static void the_estimate_follows_decisions(void **state)
{
	(void)state;
	int64_t r[60], first = 0;
	struct json *answer;
	const struct json *band;

	for (int i = 0; i < 60; i++) {
		char key[8];

		snprintf(key, sizeof(key), "%d", i);
		r[i] = put(db, "till", key, "Ann Lee", NULL);
	}
	for (int i = 0; i < 60; i += 2)
		doubt(r[i], r[i + 1], 500, i);
	for (int i = 0; i < 38; i += 2)
		first = merge(db, r[i], r[i + 1], false);
	answer = estimate();
	assert_int_equal(number(answer, "looked"), 19);
	assert_false(yes(answer, "enough"));
	assert_true(json_kind(json_get(answer, "precision")) == JSON_NULL);
	json_free(answer);

	never(r[38], r[39]);
	answer = estimate();
	band = json_at(json_get(answer, "bands"), 0);
	assert_true(yes(answer, "enough"));
	assert_int_equal(json_count(json_get(answer, "bands")), 1);
	assert_int_equal(number(band, "from"), 0);
	assert_int_equal(number(band, "same"), 19);
	assert_int_equal(number(band, "joined"), 19);
	assert_int_equal(number(band, "apart"), 11);
	/* 19 of 20, Wilson: 0.7639 to 0.9911 */
	assert_float_equal(real(band, "share"), 0.95, 1e-9);
	assert_float_equal(real(band, "low"), 0.7639, 1e-4);
	assert_float_equal(real(band, "high"), 0.9911, 1e-4);
	assert_float_equal(real(json_get(answer, "precision"), "value"), 0.95, 1e-9);
	/* 19 joined of 30 in the band */
	assert_float_equal(real(json_get(answer, "recall"), "value"), 19.0 / 30, 1e-4);
	assert_true(real(json_get(answer, "recall"), "low") < 19.0 / 30);
	assert_float_equal(real(answer, "by_model"), 0, 1e-9);
	json_free(answer);

	undo(db, first); /* taken back: not said */
	answer = estimate();
	assert_int_equal(number(answer, "looked"), 19);
	json_free(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_queue_gives_the_most_worth_first, setup, teardown),
		cmocka_unit_test_setup_teardown(worth_is_chance_times_stake, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_decided_leaves_the_queue_and_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(two_customers_are_asked_about_once, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_model_only_ties_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(the_weights_make_the_score, setup, teardown),
		cmocka_unit_test_setup_teardown(of_two_customers_the_best_pair_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(people_decided_that_they_are_two, setup, teardown),
		cmocka_unit_test_setup_teardown(an_automatic_merge_was_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(different_accounts_are_two_people, setup, teardown),
		cmocka_unit_test_setup_teardown(the_average_of_all_does_not_reach, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_brought_them_together_yet, setup, teardown),
		cmocka_unit_test_setup_teardown(a_customer_has_only_so_many_records, setup, teardown),
		cmocka_unit_test_setup_teardown(who_knows_too_many_is_in_quarantine, setup, teardown),
		cmocka_unit_test_setup_teardown(the_estimate_follows_decisions, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
