/* rooms: people feed db text base */
#include "kit/review_kit.h"

/* ---- The sample -------------------------------------------------------------------------------------------------- */

struct sampling {
	int64_t seed, decision, customer;
	int size, limit, count;
	struct sample_pair list[100];
	struct sample about;
	bool same;
};

static enum result draw_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct sampling *s = arg;

	return sample_draw(tx, s->seed, s->size, s->limit, s->list, &s->count, &s->about, e);
}

static struct sampling draw(int64_t seed, int size, int limit)
{
	struct sampling s = { .seed = seed, .size = size, .limit = limit };

	assert_ok(db_read(db, draw_run, &s, &kit_err));
	return s;
}

static enum result answer_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct sampling *s = arg;

	return sample_answer(tx, s->list[0].a, s->list[0].b, s->same, 7, STR("looked"), &s->decision, &s->customer, e);
}

static int64_t say(const struct sample_pair *p, bool same)
{
	struct sampling s = { .same = same, .list = { *p } };

	assert_ok(db_transact(db, answer_run, &s, &kit_err));
	return s.decision;
}

/* Customers of two records, joined with no verdict: so many that score 500, 5000 and nothing at all. */
static void couples(int low, int high, int unscored)
{
	for (int i = 0; i < low + high + unscored; i++) {
		char key[16], other[16];
		int64_t a, b;

		snprintf(key, sizeof(key), "a%d", i);
		snprintf(other, sizeof(other), "b%d", i);
		a = put(db, "till", key, "Ann Lee", NULL);
		b = put(db, "web", other, "Ann Lee", NULL);
		merge(db, a, b, false);
		if (i < low + high)
			doubt(a, b, i < low ? 500 : 5000, 1);
	}
}

static int drawn_at(const struct sampling *s, int from, int to, int score)
{
	int n = 0;

	for (int i = from; i < to; i++)
		n += s->list[i].scored ? s->list[i].score == score : score == 0;
	return n;
}

static bool same_draw(const struct sampling *x, const struct sampling *y)
{
	for (int i = 0; i < x->count; i++)
		if (x->list[i].a != y->list[i].a || x->list[i].b != y->list[i].b)
			return false;
	return x->count == y->count;
}

static void the_draw_is_the_seeds(void **state)
{
	(void)state;
	struct sampling s, again;

	s = draw(1, 30, 100);
	assert_int_equal(s.count, 0);
	couples(10, 60, 10);
	s = draw(1, 30, 100);
	assert_int_equal(s.count, 30);
	assert_int_equal(s.about.left, 30);
	/* half evenly: 5 each; half by size: 15 × 1/8, 6/8, 1/8 */
	assert_in_range(drawn_at(&s, 0, 30, 500), 6, 7);
	assert_in_range(drawn_at(&s, 0, 30, 5000), 16, 17);
	assert_in_range(drawn_at(&s, 0, 30, 0), 6, 7);
	/* whoever stops after ten has seen all strata */
	assert_in_range(drawn_at(&s, 0, 10, 500), 2, 3);
	assert_in_range(drawn_at(&s, 0, 10, 0), 2, 3);
	again = draw(1, 30, 100);
	assert_true(same_draw(&s, &again));
	again = draw(2, 30, 100);
	assert_false(same_draw(&s, &again));
	again = draw(1, 30, 7);
	assert_int_equal(again.count, 7);
	assert_int_equal(again.about.left, 30);
	assert_int_equal(draw(1, 100, 100).count, 80); /* all there are */
}

static void answers_leave_the_sample_and_come_back(void **state)
{
	(void)state;
	struct sampling s, then, wrong = { 0 };
	int64_t one, two;

	couples(6, 6, 0);
	s = draw(3, 8, 100);
	one = say(&s.list[0], true);
	two = say(&s.list[1], false);
	assert_int_equal(holder(db, s.list[0].a), holder(db, s.list[0].b));
	assert_int_not_equal(holder(db, s.list[1].a), holder(db, s.list[1].b));
	then = draw(3, 8, 100);
	assert_int_equal(then.about.looked, 2);
	assert_int_equal(then.about.same, 1);
	assert_int_equal(then.about.left, 6);
	for (int i = 0; i < then.count; i++)
		for (int k = 0; k < 2; k++)
			assert_true(then.list[i].a != s.list[k].a);
	assert_int_equal(draw(3, 12, 100).about.left, 10); /* more of it */

	wrong.list[0] = s.list[0];
	assert_result(ERR_CONFLICT, db_transact(db, answer_run, &wrong, &kit_err));
	assert_string_equal(kit_err.code, "sample.answered");
	wrong.list[0] = s.list[1];
	assert_result(ERR_CONFLICT, db_transact(db, answer_run, &wrong, &kit_err));
	assert_string_equal(kit_err.code, "sample.apart");
	wrong.list[0].b = wrong.list[0].a;
	assert_result(ERR_INVALID, db_transact(db, answer_run, &wrong, &kit_err));

	undo(db, two);
	undo(db, one);
	assert_int_equal(holder(db, s.list[1].a), holder(db, s.list[1].b));
	then = draw(3, 8, 100);
	assert_true(same_draw(&s, &then));
	assert_int_equal(then.about.looked, 0);
}

/* Who is confirmed stays together though what joined them is gone. */
static void a_confirmed_pair_stays(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Ann Lee", "e!:a@lee.org"), b = put(db, "web", "b", "Ann Lee", "e!:a@lee.org");
	struct sample_pair p = { .a = b, .b = a };
	struct sampling s = draw(1, 10, 10);

	assert_int_equal(s.count, 1);
	assert_false(s.list[0].scored);
	say(&p, true);
	policy(db, IDENT_EMAIL, "a@lee.org", IDENT_BLOCKED);
	assert_int_equal(holder(db, a), holder(db, b));
}

/* The other records go with the one that they are like. */
static void who_is_like_it_leaves_with_it(void **state)
{
	(void)state;
	int64_t a1, a2, b1, b2;

	epoch();
	a1 = put(db, "till", "a1", "Hildegard Quist", "l!:9 e:hilde@quist.se");
	b1 = put(db, "till", "b1", "Beat Oesch", "l!:9 e:beat@oesch.ch");
	a2 = put(db, "web", "a2", "Hildegard Quist", "l!:9 e:hilde@quist.se");
	b2 = put(db, "web", "b2", "Beat Oesch", "l!:9 e:beat@oesch.ch");
	assert_int_equal(holder(db, a1), holder(db, b2));
	say(&(struct sample_pair){ .a = a1, .b = b1 }, false);
	assert_int_equal(holder(db, a2), holder(db, a1));
	assert_int_equal(holder(db, b2), holder(db, b1));
	assert_int_not_equal(holder(db, a1), holder(db, b1));
}

static void precision_is_the_strata_weighted(void **state)
{
	(void)state;
	struct sampling s;
	int wrong = 2, high = 20, said = 0;
	const struct json *precision, *band;
	struct json *answer;

	couples(10, 30, 0);
	s = draw(1, 100, 100);
	assert_int_equal(s.count, 40);
	for (int i = 0; i < s.count; i++) {
		if (s.list[i].score == 500)
			say(&s.list[i], wrong-- <= 0), said++;
		else if (high-- > 0)
			say(&s.list[i], true), said++;
	}
	assert_int_equal(said, 30);
	answer = estimate();
	assert_int_equal(number(answer, "looked"), 30);
	assert_int_equal(number(answer, "drawn"), 30);
	assert_int_equal(number(answer, "drawn_same"), 28);
	precision = json_get(answer, "precision");
	/* 8 of 10 and 20 of 20, weighted 10 to 30; the interval by a calculation of its own */
	assert_float_equal(real(precision, "value"), 0.95, 1e-9);
	assert_float_equal(real(precision, "low"), 0.8289, 1e-4);
	assert_float_equal(real(precision, "high"), 0.9800, 1e-4);
	assert_float_equal(real(answer, "by_model"), 0, 1e-9);
	band = json_at(json_get(answer, "bands"), 1);
	assert_int_equal(number(band, "joined"), 10); /* two of them are parted */
	assert_int_equal(number(band, "drawn_same"), 8);
	json_free(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_draw_is_the_seeds, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_leave_the_sample_and_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_confirmed_pair_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_like_it_leaves_with_it, setup, teardown),
		cmocka_unit_test_setup_teardown(precision_is_the_strata_weighted, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
