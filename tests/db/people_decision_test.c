/* rooms: people feed db text base */
#include "kit/people_kit.h"
#include "base/clock.h"
#include "feed/room.h"
#include <pthread.h>
#include <stdlib.h>

static struct db *db;

static int setup(void **state)
{
	(void)state;
	assert_ok(text_start(&kit_err));
	db = kit_db();
	return 0;
}

/* Every test ends with what must hold. */
static int teardown(void **state)
{
	unsigned char before[16], after[16];

	(void)state;
	assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
	assert_ok(people_room.digest(db, before, &kit_err));
	assert_ok(people_room.rebuild(db, NULL, NULL, &kit_err));
	assert_ok(people_room.digest(db, after, &kit_err));
	assert_memory_equal(before, after, 16);
	kit_db_close(db);
	return 0;
}

#define same(x, y) assert_int_equal(holder(db, x), holder(db, y))
#define apart(x, y) assert_int_not_equal(holder(db, x), holder(db, y))

/* ---- Merge, split, undo ------------------------------------------------------------------------------------------ */

static void a_merge_is_undone_exactly(void **state)
{
	(void)state;
	int64_t a1 = put(db, "till", "a1", "Ann", "e!:a@lee.org"), a2 = put(db, "web", "a2", "Ann", "e!:a@lee.org");
	int64_t b1 = put(db, "till", "b1", "Bea", "e!:b@lee.org"), c, d, decision;
	struct ids i = { 0 };

	decision = merge(db, b1, a2, false);
	same(a1, b1);
	same(a1, a2);
	/* what comes in between belongs to its side */
	c = put(db, "web", "c", "Bea", "e!:b@lee.org");
	d = put(db, "web", "d", "Ann", "e!:a@lee.org");
	same(c, d);
	undo(db, decision);
	same(a1, a2);
	same(a1, d);
	same(b1, c);
	apart(a1, b1);
	assert_int_equal(holder(db, d), a1);
	assert_int_equal(holder(db, c), b1);
	i.a = decision;
	assert_result(ERR_CONFLICT, db_transact(db, undo_run, &i, &kit_err));
	assert_string_equal(kit_err.code, "decision.undone");
	i.a = 12345;
	assert_result(ERR_NOT_FOUND, db_transact(db, undo_run, &i, &kit_err));
}

static void a_split_after_a_merge_restores_both(void **state)
{
	(void)state;
	int64_t a1 = put(db, "till", "a1", "Ann", "e!:a@lee.org"), a2 = put(db, "web", "a2", "Ann", "e!:a@lee.org");
	int64_t b1 = put(db, "till", "b1", "Bea", "e!:b@lee.org"), b2, a3;
	int64_t out[2];

	merge(db, a1, b1, false);
	b2 = put(db, "web", "b2", "Bea", "e!:b@lee.org");
	a3 = put(db, "chat", "a3", "Ann", "e!:a@lee.org");
	out[0] = b1;
	out[1] = b2;
	split(db, out, 2);
	same(a1, a2);
	same(a1, a3);
	same(b1, b2);
	apart(a1, b1);
	same(b1, put(db, "card", "b3", "Bea", "e!:b@lee.org"));
	same(a1, put(db, "card", "a4", "Ann", "e!:a@lee.org"));
	/* somebody who verified both would tie them: the split forbids it */
	same(a1, put(db, "card", "ab", "Ann Bea", "e!:a@lee.org e!:b@lee.org"));
	apart(a1, b1);
	/* a newer merge by hand means all of them */
	merge(db, b2, a3, false);
	same(a1, b1);
	same(a2, b2);
	same(a3, b1);
}

static void a_split_breaks_what_identifiers_say(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Ann", "e!:fam@lee.org"), b = put(db, "till", "2", "Bob", "e!:fam@lee.org");
	int64_t c = put(db, "till", "3", "Cas", "e!:fam@lee.org"), out[2] = { b, c }, s1, s2;

	same(a, b);
	s1 = split(db, out, 2);
	same(b, c);
	apart(a, b);
	s2 = split(db, &c, 1); /* among those split off before */
	apart(b, c);
	apart(a, c);
	undo(db, s2);
	same(b, c);
	undo(db, s1);
	same(a, c);
	same(a, b);
}

static void never_holds_until_forced(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Jo Senior", "l!:1"), b = put(db, "till", "2", "Jo Junior", "l!:2"), never;
	struct ids i = { .a = a, .b = b };

	assert_ok(db_transact(db, never_run, &i, &kit_err));
	never = i.decision;
	put(db, "till", "2", NULL, "l!:1");
	apart(a, b);
	i.flag = false;
	assert_result(ERR_CONFLICT, db_transact(db, merge_run, &i, &kit_err));
	assert_string_equal(kit_err.code, "merge.never");
	undo(db, never);
	same(a, b);
}

struct listing {
	int64_t customer, newest;
	enum decision_kind kind;
	int count;
};

static enum result list_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct listing *l = arg;
	struct decision list[50];

	TRY(decision_list(tx, l->customer, 50, db_tx_arena(tx), list, &l->count, e));
	l->newest = l->count ? list[0].id : 0;
	l->kind = l->count ? list[0].kind : 0;
	return OK;
}

static int64_t newest_decision(struct db *d, int64_t customer)
{
	struct listing l = { .customer = customer };

	assert_ok(db_read(d, list_run, &l, &kit_err));
	return l.newest;
}

static void undo_of_undo(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Ann", NULL), b = put(db, "till", "2", "Ann", NULL);

	undo(db, merge(db, a, b, false));
	apart(a, b);
	for (int turn = 0; turn < 4; turn++) {
		undo(db, newest_decision(db, a)); /* the last undo */
		if (turn % 2 == 0)
			same(a, b);
		else
			apart(a, b);
	}
}

static void an_automatic_merge_is_undone_and_stays_so(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Ann", "e!:a@lee.org"), b = put(db, "web", "1", "Bob", "e!:a@lee.org");
	struct listing l = { .customer = a };

	assert_ok(db_read(db, list_run, &l, &kit_err));
	assert_int_equal(l.count, 1);
	assert_int_equal(l.kind, DECISION_AUTO_MERGE);
	undo(db, l.newest);
	apart(a, b);
	put(db, "web", "1", "Bob", "l!:9");
	apart(a, b);
	undo(db, newest_decision(db, b));
	same(a, b);
}

static void forced_over_accounts_and_back(void **state)
{
	(void)state;
	int64_t a = put(db, "web", "1", "Ann", "a!:x e!:f@lee.org"),
	        b = put(db, "web", "2", "Ann", "a!:y e!:f@lee.org"), m;

	apart(a, b);
	m = merge(db, a, b, true);
	same(a, b);
	same(a, put(db, "chat", "3", "Ann", "a!:y"));
	same(a, put(db, "till", "4", "Ann", "e!:f@lee.org"));
	undo(db, m);
	apart(a, b);
	same(b, put(db, "chat", "3", "Ann", "a!:y"));
}

/* ---- Order of arrival -------------------------------------------------------------------------------------------- */

#define ARRIVALS 60

static void shuffle(struct kit_random *r, int *order, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int j = (int)kit_random_below(r, (uint64_t)i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
}

/* Made-up people with everything that goes wrong: shared e-mails, conflicting accounts, a value of too many. */
static void arrival_make(struct kit_random *r, int i, char *key, char *ids, size_t size)
{
	int n = 0;

	snprintf(key, 16, "k%d", i);
	ids[0] = '\0';
	for (int v = 0; v < 3; v++) {
		static const char *const letters[] = { "e!", "e", "p!", "l!", "a!", "x!" };
		int kind = (int)kit_random_below(r, 6), value = (int)kit_random_below(r, kind == 4 ? 40 : 25);

		if (kind == 2)
			n += snprintf(ids + n, size - (size_t)n, "%sp!:+414433300%02d", n ? " " : "", value);
		else if (kind < 2)
			n += snprintf(ids + n, size - (size_t)n, "%s%s:u%d@lee.org", n ? " " : "", letters[kind],
			              value < 6 ? 0 : value);
		else
			n += snprintf(ids + n, size - (size_t)n, "%s%s:v%d", n ? " " : "", letters[kind], value);
	}
}

static void any_order_gives_the_same_customers(void **state)
{
	(void)state;
	char keys[ARRIVALS][16], ids[ARRIVALS][120];
	int order[ARRIVALS], customers = 0;
	unsigned char first[16], digest[16];
	struct kit_random r;

	kit_random_seed(&r, 20);
	for (int i = 0; i < ARRIVALS; i++) {
		arrival_make(&r, i, keys[i], ids[i], sizeof(ids[i]));
		order[i] = i;
	}
	for (int turn = 0; turn < 20; turn++) {
		int64_t record[ARRIVALS];

		if (turn) {
			kit_db_close(db);
			db = kit_db();
			shuffle(&r, order, ARRIVALS);
		}
		for (int i = 0; i < ARRIVALS; i++)
			record[order[i]] = put(db, "till", keys[order[i]], "A B", ids[order[i]]);
		customers = 0;
		for (int i = 0; i < ARRIVALS; i++)
			customers += holder(db, record[i]) == record[i];
		assert_ok(people_room.digest(db, digest, &kit_err));
		if (turn == 0)
			memcpy(first, digest, 16);
		assert_memory_equal(first, digest, 16);
	}
	assert_in_range(customers, ARRIVALS / 10, ARRIVALS * 9 / 10); /* else the test says nothing */
}

/* Random puts, merges, splits, nevers, policies, undos; then check() compares with scratch, and the same records with
 * the decisions undone one after another end as if there had been none. */
static void random_life(void **state)
{
	(void)state;
	struct kit_random r;
	int64_t record[40], decision[60];
	int decisions = 0;
	unsigned char without[16], back[16];
	char key[16], ids[120];

	kit_random_seed(&r, 21);
	for (int i = 0; i < 40; i++) {
		arrival_make(&r, i, key, ids, sizeof(ids));
		record[i] = put(db, "till", key, "A B", ids);
	}
	assert_ok(people_room.digest(db, without, &kit_err));
	for (int step = 0; step < 60; step++) {
		struct ids i = { .a = record[kit_random_below(&r, 40)], .b = record[kit_random_below(&r, 40)] };
		int64_t list[1] = { i.a };
		enum result result = OK;

		i.list = list;
		i.count = 1;
		switch (kit_random_below(&r, 4)) {
		case 0:
			result = db_transact(db, merge_run, &i, &kit_err);
			break;
		case 1:
			result = db_transact(db, split_run, &i, &kit_err);
			break;
		case 2:
			result = db_transact(db, never_run, &i, &kit_err);
			break;
		default:
			i.flag = true;
			result = db_transact(db, merge_run, &i, &kit_err);
		}
		if (result == OK)
			decision[decisions++] = i.decision;
		else
			assert_int_equal(result, ERR_CONFLICT);
		if (step % 10 == 0)
			assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
	}
	assert_true(decisions > 20);
	assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
	while (decisions > 0) {
		int k = (int)kit_random_below(&r, (uint64_t)decisions);

		undo(db, decision[k]);
		decision[k] = decision[--decisions];
	}
	assert_ok(people_room.digest(db, back, &kit_err));
	assert_memory_equal(without, back, 16);
}

/* ---- Two servers ------------------------------------------------------------------------------------------------- */

#define ROUNDS 80

struct half {
	struct db *db;
	const char *source;
	pthread_barrier_t *start;
};

static void *half_main(void *arg)
{
	struct half *h = arg;

	for (int i = 0; i < ROUNDS; i++) {
		char key[16], ids[64];
		struct error e = { 0 };
		struct put p = { .source = h->source, .key = key, .name = "Ann Lee", .ids = ids };

		snprintf(key, sizeof(key), "%d", i);
		snprintf(ids, sizeof(ids), "e!:u%d@lee.org p!:+4144333%04d", i, i);
		pthread_barrier_wait(h->start);
		if (db_transact(h->db, put_run, &p, &e) != OK) {
			fprintf(stderr, "%s %s\n", e.code, e.detail);
			abort();
		}
	}
	return NULL;
}

struct key_find {
	const char *source, *key;
	int64_t record, customer;
	bool found;
};

static enum result find_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct key_find *k = arg;

	return record_find(tx, str_c(k->source), str_c(k->key), &k->record, &k->customer, &k->found, e);
}

static void two_halves_at_once_are_one(void **state)
{
	(void)state;
	struct db *other = db;
	pthread_t thread[2];
	pthread_barrier_t start;
	struct db_config config = { .url = kit_db_url() };

	if (db_engine(db) == DB_POSTGRES)
		assert_ok(db_open(&config, &other, &kit_err));
	pthread_barrier_init(&start, NULL, 2);
	struct half halves[2] = { { db, "till", &start }, { other, "web", &start } };
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, half_main, &halves[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < ROUNDS; i++) {
		char key[16];
		struct key_find a = { .source = "till", .key = key }, b = { .source = "web", .key = key };

		snprintf(key, sizeof(key), "%d", i);
		assert_ok(db_read(db, find_run, &a, &kit_err));
		assert_ok(db_read(db, find_run, &b, &kit_err));
		assert_true(a.found && b.found);
		assert_int_equal(a.customer, b.customer);
	}
	pthread_barrier_destroy(&start);
	if (other != db)
		db_close(other);
}

/* Two servers write into one component from its two ends, through records that do not share a value. */
static void *end_main(void *arg)
{
	struct half *h = arg;

	for (int i = 0; i < ROUNDS / 4; i++) {
		char key[16], ids[64];
		struct error e = { 0 };
		struct put p = { .source = h->source, .key = key, .name = "Ann Lee", .ids = ids };

		snprintf(key, sizeof(key), "e%d", i);
		snprintf(ids, sizeof(ids), *h->source == 't' ? "l!:L%d" : "x!:X%d", i);
		pthread_barrier_wait(h->start);
		if (db_transact(h->db, put_run, &p, &e) != OK)
			abort();
	}
	return NULL;
}

static void two_ends_of_a_component(void **state)
{
	(void)state;
	struct db *other = db;
	pthread_t thread[2];
	pthread_barrier_t start;
	struct db_config config = { .url = kit_db_url() };

	for (int i = 0; i < ROUNDS / 4;
	     i++) { /* the middle: two records that merge by their account; the ends are older */
		char key[16], ids[64];

		snprintf(key, sizeof(key), "e%d", i);
		put(db, "till", key, "A", NULL);
		put(db, "web", key, "A", NULL);
		snprintf(key, sizeof(key), "m%d", i);
		snprintf(ids, sizeof(ids), "l!:L%d a!:A%d", i, i);
		put(db, "m1", key, "A", ids);
		snprintf(ids, sizeof(ids), "x!:X%d a!:A%d", i, i);
		put(db, "m2", key, "A", ids);
	}
	if (db_engine(db) == DB_POSTGRES)
		assert_ok(db_open(&config, &other, &kit_err));
	pthread_barrier_init(&start, NULL, 2);
	struct half halves[2] = { { db, "till", &start }, { other, "web", &start } };
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, end_main, &halves[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&start);
	if (other != db)
		db_close(other);
}

/* ---- Privacy ----------------------------------------------------------------------------------------------------- */

static enum result erase_run(struct db_tx *tx, void *arg, struct error *e)
{
	return people_room.erase_record(tx, *(int64_t *)arg, e);
}

struct exported {
	int64_t record;
	struct buf out;
};

static enum result export_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct exported *x = arg;
	struct json_writer w;

	jw_init(&w, &x->out);
	jw_object(&w);
	TRY(people_room.export_record(tx, x->record, &w, e));
	jw_end_object(&w);
	return OK;
}

static void erased_is_gone(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Ann Leeuwenhoek", "e!:ann@lee.org l!:1"),
	        b = put(db, "web", "1", "Ann", "e!:ann@lee.org");
	int64_t c = put(db, "web", "2", "Ann", "l!:1"), d = put(db, "chat", "9", "Other", NULL);
	struct exported x = { .record = a };

	merge(db, a, d, false);
	same(a, d);
	buf_init(&x.out, 0);
	assert_ok(db_read(db, export_run, &x, &kit_err));
	assert_non_null(strstr(x.out.p, "Leeuwenhoek"));
	assert_ok(db_transact(db, erase_run, &a, &kit_err));
	apart(b, c); /* only a had held them together */
	apart(b, d);
	struct ids nobody = { .a = a, .b = d };
	assert_result(ERR_NOT_FOUND, db_read(db, customer_run, &nobody, &kit_err));
	assert_result(ERR_NOT_FOUND, db_transact(db, merge_run, &nobody, &kit_err));
	buf_clear(&x.out);
	assert_ok(db_read(db, export_run, &x, &kit_err));
	assert_null(strstr(x.out.p, "Leeuwenhoek"));
	assert_null(strstr(x.out.p, "ann@lee.org"));
	buf_free(&x.out);
	assert_int_not_equal(put(db, "till", "1", "Ann", "e!:ann@lee.org"), a); /* the source says it anew */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_merge_is_undone_exactly, setup, teardown),
		cmocka_unit_test_setup_teardown(a_split_after_a_merge_restores_both, setup, teardown),
		cmocka_unit_test_setup_teardown(a_split_breaks_what_identifiers_say, setup, teardown),
		cmocka_unit_test_setup_teardown(never_holds_until_forced, setup, teardown),
		cmocka_unit_test_setup_teardown(undo_of_undo, setup, teardown),
		cmocka_unit_test_setup_teardown(an_automatic_merge_is_undone_and_stays_so, setup, teardown),
		cmocka_unit_test_setup_teardown(forced_over_accounts_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(any_order_gives_the_same_customers, setup, teardown),
		cmocka_unit_test_setup_teardown(random_life, setup, teardown),
		cmocka_unit_test_setup_teardown(two_halves_at_once_are_one, setup, teardown),
		cmocka_unit_test_setup_teardown(two_ends_of_a_component, setup, teardown),
		cmocka_unit_test_setup_teardown(erased_is_gone, setup, teardown),
	};

	return cmocka_run_group_tests_name("people_decision", tests, NULL, NULL);
}
