/* rooms: timeline people shop feed db text base */
#include "kit/kit.h"
#include "timeline/timeline.h"
#include "base/clock.h"
#include "base/id.h"
#include "feed/room.h"
#include <stdlib.h>

static struct db *db;
static int64_t one, two;

static int setup(void **state)
{
	(void)state;
	db = kit_db();
	one = id_new(bucket_of(STR("till"), STR("1")));
	two = id_new(bucket_of(STR("web"), STR("2")));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	clock_set(0);
	return 0;
}

#define RUN(fn) assert_ok(db_transact(db, fn, NULL, &kit_err))

static enum result claims(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	bool fresh;
	TRY(inbox_claim(tx, STR("a"), STR("bc"), &fresh, e));
	assert_true(fresh);
	TRY(inbox_claim(tx, STR("a"), STR("bc"), &fresh, e));
	assert_false(fresh);
	TRY(inbox_claim(tx, STR("ab"), STR("c"), &fresh, e));
	assert_true(fresh);
	static const char *const short_ids[] = { "", "x", "xy", "xyz", "xyzw", "x\001", "0xyz" };
	for (size_t i = 0; i < sizeof(short_ids) / sizeof(*short_ids); i++) {
		TRY(inbox_claim(tx, STR("a"), str_c(short_ids[i]), &fresh, e));
		assert_true(fresh);
	}
	return OK;
}

#define MANY 1500
/* Claims of many at once say what claims one by one would: the first of equal ones is fresh, none that was there. */
static enum result claims_many(struct db_tx *tx, void *arg, struct error *e)
{
	struct kit_random *r = arg;
	static struct inbox_message m[MANY];
	static char ids[MANY][16];
	static bool there[900];
	for (int round = 0; round < 4; round++) {
		bool now[900] = { false };
		for (int i = 0; i < MANY; i++) {
			int n = (int)kit_random_below(r, 900);
			snprintf(ids[i], sizeof(ids[i]), "order-%d", n);
			m[i] = (struct inbox_message){ .source = n % 3 ? STR("till") : STR("web"),
				                       .id = str_c(ids[i]) };
		}
		int count = round == 3 ? 1 : MANY / (round + 1);
		TRY(inbox_claim_many(tx, m, count, e));
		for (int i = 0; i < count; i++) {
			int n = atoi(ids[i] + 6);
			assert_int_equal(m[i].fresh, !there[n] && !now[n]);
			now[n] = true;
		}
		for (int n = 0; n < 900; n++)
			there[n] |= now[n];
	}
	return inbox_claim_many(tx, m, 0, e);
}

static void test_claims(void **state)
{
	(void)state;
	RUN(claims);
	struct kit_random r;
	kit_random_seed(&r, 7);
	assert_ok(db_transact(db, claims_many, &r, &kit_err));
}

static enum result touch(struct db_tx *tx, int64_t record, int64_t at, enum channel c, const char *title,
                         struct error *e)
{
	int64_t id;
	struct touchpoint_in in = { .record = record,
		                    .at = at,
		                    .channel = c,
		                    .source = STR("till"),
		                    .kind = STR("Visit"),
		                    .title = str_c(title),
		                    .body = STR("{\"a\":1}") };
	return touchpoint_append(tx, &in, &id, e);
}

static enum result pages(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	for (int i = 0; i < 10; i++) {
		char title[8];
		snprintf(title, sizeof(title), "t%d", i);
		TRY(touch(tx, i % 3 ? one : two, 1000 + (i / 2) * 10, i % 2 ? CHANNEL_WEB : CHANNEL_STORE, title, e));
	}
	struct arena *a = db_tx_arena(tx);
	struct touchpoint t[4];
	int64_t both[2] = { one, two }, at = 0, id = 0;
	int n, seen = 0;
	bool once[10] = { false };
	do { /* every one once, newest first, whatever the page */
		TRY(timeline_page(tx, both, 2, 0, at, id, 3, a, t, &n, e));
		for (int i = 0; i < n; i++) {
			if (seen)
				assert_true(t[i].at < at || (t[i].at == at && t[i].id < id));
			at = t[i].at;
			id = t[i].id;
			assert_false(once[t[i].title[1] - '0']);
			once[t[i].title[1] - '0'] = true;
			seen++;
		}
	} while (n == 3);
	assert_int_equal(seen, 10);
	TRY(timeline_page(tx, both, 2, CHANNEL_STORE, 0, 0, 4, a, t, &n, e));
	assert_int_equal(n, 4);
	for (int i = 0; i < n; i++)
		assert_int_equal(t[i].channel, CHANNEL_STORE);
	assert_string_equal(t[0].body, "{\"a\":1}");
	assert_true(llabs(t[0].received_at - clock_now()) < 60 * USEC);
	TRY(timeline_page(tx, &one, 1, 0, 1010, INT64_MAX, 4, a, t, &n, e));
	assert_int_equal(t[0].at, 1010);
	return OK;
}

static void test_pages(void **state)
{
	(void)state;
	RUN(pages);
}

static enum result refused(struct db_tx *tx, void *arg, struct error *e)
{
	static char long_kind[200];
	(void)arg;
	int64_t id;
	memset(long_kind, 'x', sizeof(long_kind));
	struct touchpoint_in in = {
		.record = one, .at = 1, .channel = CHANNEL_WEB, .source = STR("s"), .kind = STR("")
	};
	assert_result(ERR_INVALID, touchpoint_append(tx, &in, &id, e));
	in.kind = (struct str){ long_kind, sizeof(long_kind) };
	assert_result(ERR_INVALID, touchpoint_append(tx, &in, &id, e));
	in.kind = STR("ok");
	in.channel = 0;
	assert_result(ERR_INVALID, touchpoint_append(tx, &in, &id, e));
	in.channel = CHANNEL_WEB;
	in.record = 0;
	assert_result(ERR_INVALID, touchpoint_append(tx, &in, &id, e));
	return OK;
}

static void test_refused(void **state)
{
	(void)state;
	RUN(refused);
}

static enum result facts(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct arena *a = db_tx_arena(tx);
	struct fact f[8];
	int n;
	int64_t id, again, mark;
	struct fact_in in = { .record = one,
		              .kind = STR("likes"),
		              .value = STR("navy"),
		              .provenance = FACT_TOLD,
		              .sayable = true,
		              .at = 100 };
	TRY(fact_tell(tx, &in, &id, e));
	in.at = 200;
	TRY(fact_tell(tx, &in, &again, e));
	assert_true(id == again);
	TRY(fact_list(tx, &one, 1, 8, a, f, &n, e));
	assert_int_equal(n, 1);
	assert_int_equal(f[0].at, 200);
	assert_true(f[0].sayable);
	in.at = 150; /* older: nothing */
	in.sayable = false;
	TRY(fact_tell(tx, &in, &again, e));
	TRY(fact_list(tx, &one, 1, 8, a, f, &n, e));
	assert_int_equal(f[0].at, 200);
	assert_true(f[0].sayable);

	clock_set(300);
	TRY(fact_mark_wrong(tx, one, STR("likes"), STR("navy"), 7, STR("she said so"), &mark, e));
	TRY(fact_mark_wrong(tx, one, STR("brand"), STR("Acme"), 7, STR(""), &again, e));
	TRY(fact_list(tx, &one, 1, 8, a, f, &n, e));
	assert_int_equal(n, 3);
	assert_int_equal(f[0].state, FACT_WRONG); /* brand */
	assert_int_equal(f[2].state, FACT_WRONG);
	assert_string_equal(f[2].reason, "she said so");
	TRY(fact_withdraw(tx, one, again, 7, e));
	assert_result(ERR_NOT_FOUND, fact_withdraw(tx, one, again, 7, e));
	in.at = 400; /* told anew: the mark ends */
	TRY(fact_tell(tx, &in, &again, e));
	assert_true(id == again);
	TRY(fact_list(tx, &one, 1, 8, a, f, &n, e));
	assert_int_equal(n, 1);
	assert_int_equal(f[0].state, FACT_ACTIVE);
	in.value = STR("");
	assert_result(ERR_INVALID, fact_tell(tx, &in, &again, e));
	return OK;
}

static void test_facts(void **state)
{
	(void)state;
	RUN(facts);
}

static enum result notes(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	struct arena *a = db_tx_arena(tx);
	struct note list[8];
	int n;
	int64_t first, second, both[2] = { one, two };
	TRY(note_add(tx, one, STR("Prefers mornings"), 5, 9, 100, &first, e));
	TRY(note_add(tx, one, STR("Nephew is called Otto"), 5, 9, 200, &second, e));
	assert_result(ERR_INVALID, note_add(tx, one, STR("  "), 5, 9, 100, &first, e));
	TRY(note_list(tx, &one, 1, 8, a, list, &n, e));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].text, "Nephew is called Otto");
	clock_set(1000);
	TRY(note_reassign(tx, one, second, two, 5, e));
	TRY(note_list(tx, &one, 1, 8, a, list, &n, e));
	assert_int_equal(n, 1);
	TRY(note_list(tx, &two, 1, 8, a, list, &n, e));
	assert_int_equal(n, 1);
	assert_true(list[0].record == two && list[0].id == second);
	TRY(note_list(tx, both, 2, 8, a, list, &n, e));
	assert_int_equal(n, 2);
	clock_set(2000);
	TRY(note_reassign(tx, two, second, one, 5, e)); /* and back */
	TRY(note_list(tx, both, 2, 8, a, list, &n, e));
	assert_int_equal(n, 2);
	TRY(note_list(tx, &two, 1, 8, a, list, &n, e));
	assert_int_equal(n, 0);
	TRY(note_remove(tx, one, second, 5, e));
	assert_result(ERR_NOT_FOUND, note_remove(tx, one, second, 5, e));
	assert_result(ERR_NOT_FOUND, note_remove(tx, two, first, 5, e));
	TRY(note_list(tx, both, 2, 1, a, list, &n, e));
	assert_int_equal(n, 1);
	assert_string_equal(list[0].text, "Prefers mornings");
	return OK;
}

static void test_notes(void **state)
{
	(void)state;
	RUN(notes);
}

static enum result erase(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	BUF_AUTO struct buf b;
	struct json_writer w;
	int64_t id;
	TRY(touch(tx, one, 5, CHANNEL_STORE, "Hello", e));
	TRY(note_add(tx, one, STR("A note"), 0, 0, 1, &id, e));
	buf_init(&b, 0);
	jw_init(&w, &b);
	jw_object(&w);
	TRY(timeline_room.export_record(tx, one, &w, e));
	jw_end_object(&w);
	assert_non_null(strstr(b.p, "\"Hello\""));
	assert_non_null(strstr(b.p, "\"A note\""));
	TRY(timeline_room.erase_record(tx, one, e));
	buf_clear(&b);
	jw_init(&w, &b);
	jw_object(&w);
	TRY(timeline_room.export_record(tx, one, &w, e));
	jw_end_object(&w);
	assert_string_equal(b.p, "{\"touchpoints\":[],\"facts\":[],\"notes\":[]}");
	return OK;
}

static void found(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)room;
	(void)invariant;
	(void)detail;
	++*(int *)arg;
}

static void test_export_erase_check(void **state)
{
	(void)state;
	int findings = 0;
	RUN(erase);
	RUN(pages);
	assert_ok(timeline_room.check(db, found, &findings, &kit_err));
	assert_int_equal(findings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_facts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_notes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_export_erase_check, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
