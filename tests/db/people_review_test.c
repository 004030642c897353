/* rooms: people feed db text base */
#include "kit/review_kit.h"

/* ---- The queue --------------------------------------------------------------------------------------------------- */

static void the_queue_gives_the_most_worth_first(void **state)
{
	(void)state;
	int64_t r[8];
	struct doubt last;

	for (int i = 0; i < 8; i++) {
		char key[16];

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

/* ---- The estimate ------------------------------------------------------------------------------------------------ */

static void the_estimate_follows_decisions(void **state)
{
	(void)state;
	int64_t r[60], first = 0;
	struct json *answer;
	const struct json *band;

	for (int i = 0; i < 60; i++) {
		char key[16];

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
		cmocka_unit_test_setup_teardown(the_estimate_follows_decisions, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
