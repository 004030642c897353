/* rooms: people feed db text base */
#include "kit/review_kit.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
