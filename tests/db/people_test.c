/* rooms: people feed db text base */
#include "kit/people_kit.h"
#include "base/clock.h"

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

#define same(x, y) assert_int_equal(holder(db, x), holder(db, y))
#define apart(x, y) assert_int_not_equal(holder(db, x), holder(db, y))

/* ---- Records ----------------------------------------------------------------------------------------------------- */

struct loaded {
	int64_t id;
	struct arena *arena;
	struct person p;
};

static enum result load_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct loaded *l = arg;

	return person_load(tx, l->id, l->arena, &l->p, e);
}

#define FOUND_MANY 300
static int64_t made_ids[FOUND_MANY];

/* Every second key is there, each is asked for twice; one is no plain text, one is another source's. */
static enum result find_many(struct db_tx *tx, void *arg, struct error *e)
{
	static struct record_key k[2 * FOUND_MANY + 2];
	static char keys[FOUND_MANY][24];
	int n = 0;

	(void)arg;
	for (int i = 0; i < FOUND_MANY; i++) {
		struct record_in in = { .source = STR("till"), .source_key = str_c(keys[i]), .at = 1 };
		int64_t customer;
		bool changed;

		snprintf(keys[i], sizeof(keys[i]), "k\"\\%d", i);
		in.source_key = str_c(keys[i]);
		if (i % 2)
			TRY(record_put(tx, &in, &made_ids[i], &customer, &changed, NULL, e));
		k[n++] = (struct record_key){ .source = STR("till"), .source_key = str_c(keys[i]), .record = 9 };
		k[n] = k[n - 1];
		n++;
	}
	k[n++] = (struct record_key){ .source = STR("web"), .source_key = str_c(keys[1]), .record = 9 };
	k[n++] = (struct record_key){ .source = STR("till"), .source_key = STR("\x01"), .record = 9 };
	TRY(record_find_many(tx, k, n, e));
	for (int i = 0; i < n - 2; i++)
		assert_int_equal(k[i].record, made_ids[i / 2]);
	assert_int_equal(k[n - 2].record, 0);
	assert_int_equal(k[n - 1].record, 0);
	return record_find_many(tx, k, 0, e);
}

static void many_are_found_at_once(void **state)
{
	(void)state;
	assert_ok(db_transact(db, find_many, NULL, &kit_err));
}

static void records_are_laid_over(void **state)
{
	(void)state;
	struct put p = { .source = "till",
		         .key = "1",
		         .name = "Dr Jane van der Berg",
		         .ids = "e:Jane@X.org p:123 l!:ab-1",
		         .at = 10 };
	ARENA_AUTO struct arena *a = arena_new(0);
	struct loaded l = { .arena = a };

	assert_ok(db_transact(db, put_run, &p, &kit_err));
	assert_true(p.changed);
	assert_int_equal(p.record, p.customer);
	assert_string_equal(p.warning, "phone"); /* 123 is no number; the record is taken all the same */
	p.at = 11;
	assert_ok(db_transact(db, put_run, &p, &kit_err));
	assert_false(p.changed);
	p.name = "Jane Berg"; /* older: fills nothing that is there */
	p.at = 5;
	p.ids = NULL;
	assert_ok(db_transact(db, put_run, &p, &kit_err));
	assert_false(p.changed);
	l.id = p.record;
	assert_ok(db_read(db, load_run, &l, &kit_err));
	assert_string_equal(l.p.chosen.family, "van der Berg");
	assert_int_equal(l.p.identifier_count, 3);
	assert_string_equal(l.p.identifiers[0].value, "jane@x.org");
	assert_int_equal(l.p.identifiers[1].state, IDENT_RAW);
	assert_string_equal(l.p.identifiers[2].value, "AB1");
	assert_true(l.p.identifiers[2].verified);
	p.at = 12;
	assert_ok(db_transact(db, put_run, &p, &kit_err));
	assert_true(p.changed);
	assert_ok(db_read(db, load_run, &l, &kit_err));
	assert_string_equal(person_name(&l.p, a), "Jane Berg");
}

static void a_known_report_costs_one_statement(void **state)
{
	(void)state;
	struct put p = { .source = "till", .key = "1", .name = "Jane Berg", .ids = "e!:j@x.ch", .at = 10 };
	int64_t before;

	assert_ok(db_transact(db, put_run, &p, &kit_err));
	p.at = 11;
	db_fault_nth(db, 0, OK);
	before = db_fault_count(db);
	assert_ok(db_transact(db, put_run, &p, &kit_err));
	assert_false(p.changed);
	assert_true(db_fault_count(db) - before <= 4); /* begin, commit and savepoint count too */
	p.at = 10 + 3 * DAY_US;                        /* a new day: said_at moves on, nothing else */
	assert_ok(db_transact(db, put_run, &p, &kit_err));
	assert_false(p.changed);
}

static void faulty_records_are_refused(void **state)
{
	(void)state;
	struct put p = { .source = "", .key = "1" };

	assert_result(ERR_INVALID, db_transact(db, put_run, &p, &kit_err));
	p.source = "till";
	p.key = "";
	assert_result(ERR_INVALID, db_transact(db, put_run, &p, &kit_err));
	p.key = "1";
	p.name = "\xff\xfe";
	assert_result(ERR_INVALID, db_transact(db, put_run, &p, &kit_err));
	assert_string_equal(kit_err.code, "record.utf8");
}

/* ---- Resolution -------------------------------------------------------------------------------------------------- */

struct nominated {
	int64_t id;
	struct arena *arena;
	struct nomination list[100];
	int count;
};

static enum result nominated_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct nominated *n = arg;

	return nomination_list(tx, n->id, 100, n->arena, n->list, &n->count, e);
}

static int nominations(int64_t id)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct nominated n = { .id = id, .arena = a };

	assert_ok(db_read(db, nominated_run, &n, &kit_err));
	return n.count;
}

static void only_what_both_verify_merges(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Ann Lee", "e!:ann@lee.org");
	int64_t b = put(db, "web", "1", "Ann Lee", "e!:Ann@Lee.org");
	int64_t c = put(db, "chat", "1", "Ann L", "e:ann@lee.org");
	int64_t d = put(db, "call", "1", "Ann L", "p:+41443334455");
	int64_t f = put(db, "till", "2", "Ann L", "p!:+41-44-333-44-55");

	same(a, b);
	assert_int_equal(holder(db, b), a);
	apart(a, c);
	apart(d, f);
	assert_int_equal(nominations(c), 2);
	assert_int_equal(nominations(a), 2);
	assert_int_equal(nominations(d), 1);
	put(db, "chat", "1", "Ann L", "e!:ann@lee.org"); /* she signs in */
	same(a, c);
	assert_int_equal(nominations(a), 0);
	put(db, "call", "1", NULL, "p!:+41443334455 e!:ann@lee.org");
	same(d, a);
	same(f, a);
}

static void accounts_that_differ_never_merge(void **state)
{
	(void)state;
	int64_t a = put(db, "web", "1", "Ann", "a!:ann e!:fam@lee.org");
	int64_t b = put(db, "web", "2", "Bob", "a!:bob e!:fam@lee.org");
	struct ids i = { .a = a, .b = b };

	apart(a, b);
	assert_int_equal(nominations(a), 1);
	assert_result(ERR_CONFLICT, db_transact(db, merge_run, &i, &kit_err));
	assert_string_equal(kit_err.code, "merge.verified_conflict");
	apart(a, b);
	merge(db, a, b, true);
	same(a, b);
	i.a = b;
	i.b = a;
	assert_result(ERR_CONFLICT, db_transact(db, merge_run, &i, &kit_err));
	assert_string_equal(kit_err.code, "merge.same");
}

static void a_value_of_too_many_comes_apart(void **state)
{
	(void)state;
	int64_t r[IDENT_LIMIT_EMAIL + 3];
	char key[16];

	for (int i = 0; i < IDENT_LIMIT_EMAIL + 3; i++) {
		snprintf(key, sizeof(key), "%d", i);
		r[i] = put(db, "till", key, "X Y", i == 1 ? "e!:many@lee.org l!:77" : "e!:many@lee.org");
		if (i == IDENT_LIMIT_EMAIL - 1)
			same(r[0], r[i]);
		if (i == 5)
			put(db, "card", "77", "X Y", "l!:77");
	}
	for (int i = 1; i < IDENT_LIMIT_EMAIL + 3; i++)
		apart(r[0], r[i]);
	same(r[1], put(db, "card", "77", "X Y", "l!:77")); /* what else links still does */
	assert_int_equal(nominations(r[0]), 0);
	policy(db, IDENT_EMAIL, "many@lee.org", IDENT_NORMAL); /* somebody knows better */
	same(r[0], r[IDENT_LIMIT_EMAIL + 2]);
}

static void policy_takes_apart_and_undo_joins(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Ann", "p!:+41443334455");
	int64_t b = put(db, "web", "1", "Ann", "p!:+41443334455");
	ARENA_AUTO struct arena *arena = arena_new(0);
	struct loaded l = { .id = b, .arena = arena };

	same(a, b);
	policy(db, IDENT_PHONE, "+41443334455", IDENT_BLOCKED);
	apart(a, b);
	assert_ok(db_read(db, load_run, &l, &kit_err));
	assert_int_equal(l.p.identifiers[0].state, IDENT_BLOCKED);
	apart(a, put(db, "chat", "1", "Ann", "p!:+41443334455"));
	policy(db, IDENT_PHONE, "+41443334455", IDENT_NORMAL);
	same(a, b);
	same(a, put(db, "chat", "1", "Ann", "p!:+41443334455"));
	policy(db, IDENT_PHONE, "+41443334455", IDENT_HOUSEHOLD);
	apart(a, b);
}

static void generic_texts_never_link(void **state)
{
	(void)state;
	apart(put(db, "till", "1", "A", "e!:test@test.com"), put(db, "till", "2", "B", "e!:test@test.com"));
}

static void a_device_has_one_owner(void **state)
{
	(void)state;
	int64_t a = put(db, "web", "ann", "Ann", "a!:ann"), b = put(db, "web", "bob", "Bob", "a!:bob"), d;

	assert_true(tie(db, "web", "anon-1", a));
	assert_true(tie(db, "web", "anon-1", a));
	d = put(db, "web", "anon-1", NULL, NULL);
	same(a, d);
	assert_false(tie(db, "web", "anon-1", b));
	same(a, d);
	apart(a, b);
	assert_true(tie(db, "web", "anon-2", a));
	same(a, put(db, "web", "anon-2", NULL, NULL));
	/* what verified identifiers say of the device is stronger than its tie, and still fuses nobody */
	put(db, "web", "anon-1", NULL, "a!:bob");
	same(b, d);
	apart(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_are_laid_over, setup, teardown),
		cmocka_unit_test_setup_teardown(many_are_found_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_known_report_costs_one_statement, setup, teardown),
		cmocka_unit_test_setup_teardown(faulty_records_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_both_verify_merges, setup, teardown),
		cmocka_unit_test_setup_teardown(accounts_that_differ_never_merge, setup, teardown),
		cmocka_unit_test_setup_teardown(a_value_of_too_many_comes_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(policy_takes_apart_and_undo_joins, setup, teardown),
		cmocka_unit_test_setup_teardown(generic_texts_never_link, setup, teardown),
		cmocka_unit_test_setup_teardown(a_device_has_one_owner, setup, teardown),
	};

	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
