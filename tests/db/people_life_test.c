/* rooms: people feed db text base */
#include "kit/people_kit.h"
#include "base/clock.h"
#include "feed/room.h"
#include "people/internal.h"
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

static int teardown(void **state)
{
	(void)state;
	people_component_limit(0);
	assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
	kit_db_close(db);
	return 0;
}

#define same(x, y) assert_int_equal(holder(db, x), holder(db, y))
#define apart(x, y) assert_int_not_equal(holder(db, x), holder(db, y))

/* ---- Too large to resolve at once -------------------------------------------------------------------------------- */

static enum result drain_run(struct db_tx *tx, void *arg, struct error *e)
{
	return people_drain(tx, 3, arg, e);
}

static void a_long_chain_is_finished_behind(void **state)
{
	(void)state;
	unsigned char digest[2][16];
	int64_t record[80];
	bool left = true;

	people_component_limit(20);
	for (int turn = 0; turn < 2; turn++) {
		for (int k = 0; k < 80; k++) {
			int i = turn ? (k * 37) % 80 : k; /* another order */
			char key[16], ids[80];

			snprintf(key, sizeof(key), "%d", i);
			snprintf(ids, sizeof(ids), "e!:u%d@lee.org e!:u%d@lee.org", i, i + 1);
			record[i] = put(db, "till", key, "A B", ids);
		}
		if (turn == 0)
			apart(record[0], record[79]); /* provisional */
		for (left = true; left;)
			assert_ok(db_transact(db, drain_run, &left, &kit_err));
		same(record[0], record[79]);
		assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
		assert_ok(people_room.digest(db, digest[turn], &kit_err));
		if (turn == 0) {
			kit_db_close(db);
			db = kit_db();
		}
	}
	assert_memory_equal(digest[0], digest[1], 16);
}

/* ---- Batches ----------------------------------------------------------------------------------------------------- */

#define BATCH 100
#define BATCHES 4

struct batch {
	struct db *db;
	const char *source;
	int number;
};

static enum result batch_run(struct db_tx *tx, void *arg, struct error *e)
{
	const struct batch *b = arg;
	struct record_in *in = arena_array(db_tx_arena(tx), BATCH, sizeof(*in));
	int64_t record, customer;
	bool changed;

	for (int i = 0; in && i < BATCH; i++) {
		int who = b->number * BATCH + i;
		char *key = arena_printf(db_tx_arena(tx), "%d", who);
		/* the other importer meets the same people the other way round */
		int person = *b->source == 't' ? who : BATCH * BATCHES - 1 - who;

		in[i] = (struct record_in){
			.source = str_c(b->source), .source_key = str_c(key), .at = 1, .identifier_count = 1
		};
		in[i].identifiers[0] =
		        (struct identifier_in){ .kind = IDENT_EMAIL,
			                        .verified = true,
			                        .value = str_c(arena_printf(db_tx_arena(tx), "p%d@lee.org", person)) };
	}
	if (!in)
		return error_nomem(e);
	TRY(record_lock(tx, in, BATCH, e));
	for (int i = 0; i < BATCH; i++)
		TRY(record_put(tx, &in[i], &record, &customer, &changed, NULL, e));
	return OK;
}

static void *importer_main(void *arg)
{
	struct batch *b = arg;

	for (b->number = 0; b->number < BATCHES; b->number++) {
		struct error e = { 0 };

		if (db_transact(b->db, batch_run, b, &e) != OK) {
			fprintf(stderr, "%s %s\n", e.code, e.detail);
			abort();
		}
	}
	return NULL;
}

static enum result count_run(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t after = 0;
	int count = 1, *all = arg;
	struct membership page[100];

	for (*all = 0; count > 0; *all += count) {
		TRY(membership_scan(tx, after, 100, page, &count, e));
		if (count)
			after = page[count - 1].record;
	}
	return OK;
}

static void two_importers_at_once(void **state)
{
	(void)state;
	struct db *other = db;
	struct db_config config = { .url = kit_db_url() };
	pthread_t thread[2];
	int merged;

	if (db_engine(db) == DB_POSTGRES)
		assert_ok(db_open(&config, &other, &kit_err));
	struct batch batches[2] = { { db, "till", 0 }, { other, "web", 0 } };
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, importer_main, &batches[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	if (other != db)
		db_close(other);
	assert_ok(db_read(db, count_run, &merged, &kit_err));
	assert_int_equal(merged, BATCH * BATCHES);
}

/* ---- Every statement failing in turn ----------------------------------------------------------------------------- */

static enum result life_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;
	struct record_in in = { .source = STR("web"),
		                .source_key = STR("new"),
		                .full_name = STR("Ann Lee"),
		                .at = 5,
		                .identifiers = { { IDENT_EMAIL, STR("a@lee.org"), true },
		                                 { IDENT_PHONE, STR("+41443334455"), false } },
		                .identifier_count = 2 };
	int64_t record;
	bool changed, tied;

	TRY(record_put(tx, &in, &record, &i->c, &changed, NULL, e));
	TRY(record_tie_device(tx, STR("web"), STR("anon"), record, &tied, e));
	TRY(customer_merge(tx, i->a, i->b, false, 1, STR("x"), &i->decision, &i->out, e));
	TRY(customer_split(tx, &i->b, 1, 1, STR("y"), &i->decision, &i->out, e));
	TRY(decision_undo(tx, i->decision, 1, STR("z"), e));
	TRY(identifier_policy_set(tx, IDENT_EMAIL, STR("a@lee.org"), IDENT_BLOCKED, 1, e));
	return people_room.erase_record(tx, record, e);
}

static void failing_statements_change_nothing(void **state)
{
	(void)state;
	struct ids i = { .a = put(db, "till", "1", "Ann", "e!:a@lee.org p:+41443334455"),
		         .b = put(db, "till", "2", "Bob", "l!:1") };
	unsigned char before[16], after[16];
	enum result result = ERR_IO;
	int failed = 0;

	assert_ok(people_room.digest(db, before, &kit_err));
	for (int64_t nth = 1; result != OK && nth < 2000; nth += nth < 20 ? 1 : 3) {
		db_fault_nth(db, nth, ERR_IO);
		result = db_transact(db, life_run, &i, &kit_err);
		db_fault_nth(db, 0, OK);
		if (result == OK)
			break;
		assert_int_equal(result, ERR_IO);
		failed++;
		assert_ok(people_room.digest(db, after, &kit_err));
		assert_memory_equal(before, after, 16);
	}
	assert_int_equal(result, OK);
	assert_true(failed > 40);
}

/* ---- Households, consent, recipients ----------------------------------------------------------------------------- */

struct home {
	int64_t a, b, household, other, customers[10];
	int count;
};

static enum result home_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct home *h = arg;

	TRY(household_join(tx, STR("crm"), STR("h1"), h->a, &h->household, e));
	TRY(household_join(tx, STR("crm"), STR("h1"), h->b, &h->other, e));
	return household_members(tx, h->household, h->customers, 10, &h->count, e);
}

static enum result move_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct home *h = arg;

	TRY(household_join(tx, STR("crm"), STR("h2"), h->b, &h->other, e));
	return household_members(tx, h->household, h->customers, 10, &h->count, e);
}

static void households(void **state)
{
	(void)state;
	struct home h = { .a = put(db, "crm", "1", "Ann", NULL), .b = put(db, "crm", "2", "Bob", NULL) };

	assert_ok(db_transact(db, home_run, &h, &kit_err));
	assert_int_equal(h.household, h.other);
	assert_int_equal(h.count, 2);
	apart(h.a, h.b); /* a household is no person */
	assert_ok(db_transact(db, move_run, &h, &kit_err));
	assert_int_not_equal(h.household, h.other);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.customers[0], h.a);
}

struct wishes {
	int64_t a, b;
	struct consent consents[10];
	struct recipient recipients[10];
	int consent_count, recipient_count;
	int64_t household;
};

static enum result wishes_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct wishes *w = arg;
	struct recipient r = { .record = w->b, .name = "Leo", .relation = "nephew", .birth_month = 5, .birth_day = 8 };
	int64_t id;

	TRY(consent_put(tx, w->a, STR("email"), STR("marketing"), CONSENT_NO, 10, e));
	TRY(consent_put(tx, w->a, STR("email"), STR("marketing"), CONSENT_YES, 20, e)); /* newest wins */
	TRY(consent_put(tx, w->a, STR("email"), STR("marketing"), CONSENT_NO, 15, e));
	TRY(consent_put(tx, w->a, STR("sms"), STR("marketing"), CONSENT_YES, 10, e));
	TRY(consent_put(tx, w->b, STR("sms"), STR("marketing"), CONSENT_NO, 5, e)); /* strictest across records */
	return recipient_put(tx, &r, &id, e);
}

static enum result wishes_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct wishes *w = arg;
	struct person p;

	TRY(person_load(tx, w->a, db_tx_arena(tx), &p, e));
	TRY(consent_list(tx, &p, w->consents, 10, &w->consent_count, e));
	return recipient_list(tx, &p, w->recipients, 10, &w->recipient_count, e);
}

static enum result wrong_run(struct db_tx *tx, void *arg, struct error *e)
{
	return consent_put(tx, *(int64_t *)arg, STR("pigeon"), STR("marketing"), CONSENT_NO, 10, e);
}

static void consent_and_recipients(void **state)
{
	(void)state;
	struct wishes w = { .a = put(db, "crm", "1", "Ann", "l!:1"), .b = put(db, "web", "2", "Ann", "l!:1") };

	assert_ok(db_transact(db, wishes_run, &w, &kit_err));
	assert_ok(db_read(db, wishes_read, &w, &kit_err));
	assert_int_equal(w.consent_count, 2);
	assert_string_equal(w.consents[0].channel, "email");
	assert_int_equal(w.consents[0].state, CONSENT_YES);
	assert_int_equal(w.consents[1].state, CONSENT_NO);
	assert_int_equal(w.recipient_count, 1);
	assert_string_equal(w.recipients[0].relation, "nephew");
	assert_result(ERR_INVALID, db_transact(db, wrong_run, &w.a, &kit_err));
}

/* ---- Evidence ---------------------------------------------------------------------------------------------------- */

struct told {
	int64_t customer;
	struct buf out;
};

static enum result evidence_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct told *t = arg;
	struct json_writer w;

	jw_init(&w, &t->out);
	return customer_evidence(tx, t->customer, &w, e);
}

static void evidence_says_why(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "1", "Ann", "e!:a@lee.org"), c = put(db, "call", "3", "Ann", NULL);
	struct told t = { .customer = put(db, "web", "2", "Ann", "e!:a@lee.org") };

	merge(db, a, c, false);
	buf_init(&t.out, 0);
	assert_ok(db_read(db, evidence_run, &t, &kit_err));
	assert_non_null(strstr(t.out.p, "\"kind\":\"email\",\"value\":\"a@lee.org\""));
	assert_non_null(strstr(t.out.p, "\"kind\":\"manual\""));
	assert_non_null(strstr(t.out.p, "\"dec_"));
	buf_free(&t.out);
}

/* check() must not be blind: each fault below is made by hand. */
DB_STMT(break_customer, "ii", "", "UPDATE person_record SET customer = $2 WHERE id = $1")
DB_STMT(break_member, "iii", "", "INSERT INTO person_member (rkey, customer, record) VALUES ($1, $2, $3)")
DB_STMT(break_holder, "i", "", "DELETE FROM person_holder WHERE record = $1")
DB_STMT(break_identifier, "i", "", "DELETE FROM person_identifier WHERE record = $1")

struct breaking {
	int64_t a, b;
	int how;
};

static enum result break_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct breaking *b = arg;

	switch (b->how) {
	case 0:
		return db_exec(tx, &break_customer, NULL, e, DB_INT(b->b), DB_INT(b->a));
	case 1:
		return db_exec(tx, &break_member, NULL, e, DB_INT(id_bucket(b->a)), DB_INT(b->a), DB_INT(b->b));
	case 2:
		return db_exec(tx, &break_holder, NULL, e, DB_INT(b->a));
	case 3:
		return db_exec(tx, &break_identifier, NULL, e, DB_INT(b->a));
	default: /* moved correctly, but for no reason */
		TRY(db_exec(tx, &break_customer, NULL, e, DB_INT(b->b), DB_INT(b->a)));
		return db_exec(tx, &break_member, NULL, e, DB_INT(id_bucket(b->a)), DB_INT(b->a), DB_INT(b->b));
	}
}

static void count_finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)room;
	(void)invariant;
	(void)detail;
	++*(int *)arg;
}

static void check_sees_what_is_broken(void **state)
{
	(void)state;
	for (int how = 0; how < 5; how++) {
		struct breaking b = { .a = put(db, "till", "1", "Ann", "e!:a@lee.org"),
			              .b = put(db, "till", "2", "Bob", "l!:2"),
			              .how = how };
		unsigned char good[16], mended[16];
		int findings = 0;

		assert_ok(people_room.digest(db, good, &kit_err));
		assert_ok(db_transact(db, break_run, &b, &kit_err));
		assert_ok(people_room.check(db, count_finding, &findings, &kit_err));
		assert_true(findings > 0);
		if (how == 0 || how == 1 || how == 4) { /* the derived part: rebuild mends it */
			assert_ok(people_room.rebuild(db, NULL, NULL, &kit_err));
			assert_ok(people_room.digest(db, mended, &kit_err));
			assert_memory_equal(good, mended, 16);
			assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
		}
		kit_db_close(db);
		db = kit_db();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_long_chain_is_finished_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(two_importers_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(failing_statements_change_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(households, setup, teardown),
		cmocka_unit_test_setup_teardown(consent_and_recipients, setup, teardown),
		cmocka_unit_test_setup_teardown(evidence_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(check_sees_what_is_broken, setup, teardown),
	};

	return cmocka_run_group_tests_name("people_life", tests, NULL, NULL);
}
