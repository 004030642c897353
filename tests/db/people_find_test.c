/* rooms: people feed db text base */
#include "kit/people_kit.h"
#include "base/clock.h"
#include "feed/room.h"
#include "people/search.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct db *db;
static struct search *search;

/* Standing by a table that the test fills: by record. */
static struct {
	int64_t record;
	struct search_standing standing;
} standings[64];
static int standing_count;

static enum result standing_fn(struct db_tx *tx, const int64_t *records, int count, struct search_standing *out,
                               struct error *e)
{
	(void)tx;
	(void)e;
	*out = (struct search_standing){ 0 };
	for (int i = 0; i < count; i++)
		for (int k = 0; k < standing_count; k++)
			if (standings[k].record == records[i])
				*out = standings[k].standing;
	return OK;
}

static int setup(void **state)
{
	(void)state;
	assert_ok(text_start(&kit_err));
	db = kit_db();
	standing_count = 0;
	assert_ok(search_new(db, standing_fn, &search, &kit_err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	search_free(search);
	kit_db_close(db);
	return 0;
}

static struct feed_position build(void)
{
	struct feed_position from;

	assert_ok(search_build(search, NULL, NULL, &from, &kit_err));
	return from;
}

static struct search_hit hits[50];
static int count;

static void find_as(const char *text, int64_t associate, int64_t store)
{
	struct search_query q = { .text = str_c(text), .limit = 20, .associate = associate, .store = store };

	assert_ok(search_find(search, &q, hits, &count, &kit_err));
}

static void find(const char *text)
{
	find_as(text, 0, 0);
}

#define first_is(text, id)                                                                                             \
	do {                                                                                                           \
		find(text);                                                                                            \
		if (count == 0 || hits[0].customer != (id))                                                            \
			fail_msg("\"%s\": %d hits, first %llx, wanted %llx", text, count,                              \
			         count ? (unsigned long long)hits[0].customer : 0ull, (unsigned long long)(id));       \
	} while (0)
#define nothing_for(text)                                                                                              \
	do {                                                                                                           \
		find(text);                                                                                            \
		if (count != 0)                                                                                        \
			fail_msg("\"%s\": %d hits", text, count);                                                      \
	} while (0)

struct addressed {
	const char *key, *given, *family, *postcode, *ids;
	int64_t record;
};

static enum result addressed_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct addressed *x = arg;
	struct put p = { .source = "till", .key = x->key, .ids = x->ids };
	struct record_in in;
	int64_t customer;
	bool changed;

	put_read(&p, &in);
	in.given = str_c(x->given);
	in.family = str_c(x->family);
	in.postcode = str_c(x->postcode);
	return record_put(tx, &in, &x->record, &customer, &changed, NULL, e);
}

static int64_t person(const char *key, const char *given, const char *family, const char *postcode, const char *ids)
{
	struct addressed x = { .key = key, .given = given, .family = family, .postcode = postcode, .ids = ids };

	assert_ok(db_transact(db, addressed_run, &x, &kit_err));
	return x.record;
}

/* ---- Finding ----------------------------------------------------------------------------------------------------- */

static void not_before_it_is_built(void **state)
{
	(void)state;
	struct search_query q = { .text = STR("ann"), .limit = 5 };

	assert_false(search_ready(search));
	assert_result(ERR_BUSY, search_find(search, &q, hits, &count, &kit_err));
	assert_string_equal(kit_err.code, "search.building");
	build();
	assert_true(search_ready(search));
	nothing_for("ann");
	q.limit = 0;
	assert_result(ERR_INVALID, search_find(search, &q, hits, &count, &kit_err));
	q.limit = 51;
	assert_result(ERR_INVALID, search_find(search, &q, hits, &count, &kit_err));
	q = (struct search_query){ .text = STR("\xff"), .limit = 5 };
	assert_result(ERR_INVALID, search_find(search, &q, hits, &count, &kit_err));
}

static void names_however_typed(void **state)
{
	(void)state;
	int64_t jane = person("1", "Jane", "Smith", "", NULL), john = person("2", "John", "Smithson", "", NULL);
	int64_t muller = person("3", "Jürgen", "Müller-Łukasz", "", NULL),
	        berg = person("4", "Vera", "van der Berg", "", NULL);
	int64_t obrien = person("5", "Sean", "O'Brien", "", NULL),
	        katherine = person("6", "Katherine", "Montgomery", "", NULL);
	int64_t li = person("7", "小明", "李", "", NULL), bo = person("8", "Bo", "Ek", "", NULL);

	build();
	first_is("jane smith", jane);
	first_is("Smith Jane", jane);
	first_is("smith, j", jane);
	first_is("smith j", jane);
	first_is("j smithson", john);
	first_is("JANE SM", jane);
	first_is("smit", jane);
	first_is("smiths", john);
	first_is("smiht jane", jane);
	first_is("jnae smith", jane);
	first_is("jane smitth", jane);
	first_is("muller", muller);
	first_is("Mueler", muller);
	first_is("lukasz", muller);
	first_is("jurgen muller", muller);
	first_is("vanderberg", berg);
	first_is("van der berg", berg);
	first_is("berg vera", berg);
	first_is("obrien", obrien);
	first_is("o'brien", obrien);
	first_is("catherine montgomery", katherine);
	first_is("katherine montgmory", katherine);
	first_is("mr. katherine montgomery", katherine);
	first_is("katherine anna montgomery", katherine); /* one word too many */
	first_is("xiaoming", li);
	first_is("bo ek", bo);
	nothing_for("zzzzzz");
	nothing_for("   ");
	nothing_for("jane zzzzzzz");
}

static void numbers_and_addresses(void **state)
{
	(void)state;
	int64_t ann = person("1", "Ann", "Lee", "SW1A 1AA", "p:+41443334455 l!:GOLD-100234 e:ann.lee@mail.org");
	int64_t bob = person("2", "Bob", "Lee", "8001", "p:+442079460100 l!:200345");

	build();
	first_is("4455", ann);
	assert_int_equal(hits[0].field, SEARCH_PHONE);
	first_is("0443334455", ann);
	first_is("044 333 44 55", ann);
	first_is("+41 44 333 44 55", ann);
	first_is("004144333", ann);
	first_is("04433344", ann);
	first_is("0100", bob);
	first_is("lee 4455", ann);
	first_is("lee 0100", bob);
	nothing_for("smith 4455");
	first_is("sw1a1aa", ann);
	assert_int_equal(hits[0].field, SEARCH_POSTCODE);
	first_is("sw1a 1aa", ann);
	first_is("lee 8001", bob);
	first_is("gold100234", ann);
	assert_int_equal(hits[0].field, SEARCH_LOYALTY);
	first_is("200345", bob);
	first_is("ann.lee@", ann);
	assert_int_equal(hits[0].field, SEARCH_EMAIL);
	first_is("Ann.Lee@Mail.org", ann);
	first_is("ann.l", ann);
}

static void ties_by_who_asks(void **state)
{
	(void)state;
	int64_t a = person("1", "Ann", "Lee", "", NULL), b = person("2", "Ann", "Lee", "", NULL);
	int64_t c = person("3", "Ann", "Lee", "", NULL), d = person("4", "Anna", "Lee", "", NULL);
	int64_t now = clock_now();

	standings[0].record = a;
	standings[0].standing = (struct search_standing){ .last_at = now, .spend_minor = 100 };
	standings[1].record = b;
	standings[1].standing = (struct search_standing){ .store = 77, .last_at = now - 900 * DAY_US };
	standings[2].record = c;
	standings[2].standing = (struct search_standing){ .store = 78, .associate = 5, .last_at = now - 1000 * DAY_US };
	standings[3].record = d;
	standings[3].standing =
	        (struct search_standing){ .store = 77, .associate = 5, .last_at = now, .spend_minor = 1000000 };
	standing_count = 4;
	build();
	for (int i = 0; i < 200; i++) { /* standings come in after the build */
		struct timespec ms = { .tv_nsec = 5000000 };

		find_as("ann lee", 0, 77);
		if (count == 4 && hits[0].customer == b)
			break;
		nanosleep(&ms, NULL);
	}
	assert_int_equal(hits[0].customer, b);
	assert_int_equal(hits[3].customer, d); /* fit comes first */
	find_as("ann lee", 5, 77);
	assert_int_equal(hits[0].customer, c);
	find_as("ann lee", 0, 0);
	assert_int_equal(hits[0].customer, a);
	first_is("anna lee", d);
	assert_in_range(hits[0].score, 0, 1000000);
}

/* ---- Keeping current --------------------------------------------------------------------------------------------- */

static struct feed *feed;
static struct feed_process process;

static void listen_from(struct feed_position from)
{
	process = (struct feed_process){ .name = "search",
		                         .topics = 1u << FEED_RECORD | 1u << FEED_MEMBERSHIP | 1u << FEED_ORDER,
		                         .apply = search_apply,
		                         .ctx = search };
	assert_ok(feed_start(db, NULL, 0, &process, 1, from, &feed, &kit_err));
}

static enum result marker_run(struct db_tx *tx, void *arg, struct error *e)
{
	TRY(feed_append(tx, FEED_RECORD, 1, 0, e)); /* nobody */
	*(struct feed_position *)arg = feed_tx_position(tx);
	return OK;
}

static void catch_up(void)
{
	struct feed_position position;
	bool reached = false;

	assert_ok(db_transact(db, marker_run, &position, &kit_err));
	for (int i = 0; i < 40 && !reached; i++)
		assert_ok(feed_wait(feed, "search", position, 500000, &reached, &kit_err));
	assert_true(reached);
}

static enum result erase_run(struct db_tx *tx, void *arg, struct error *e)
{
	return people_room.erase_record(tx, *(int64_t *)arg, e);
}

static void digest_is_that_of_a_fresh_build(void)
{
	unsigned char kept[16], fresh[16];
	struct search *other;
	struct search_stats a, b;
	struct feed_position from;

	assert_ok(search_digest(search, kept, &kit_err));
	assert_ok(search_new(db, NULL, &other, &kit_err));
	assert_ok(search_build(other, NULL, NULL, &from, &kit_err));
	assert_ok(search_digest(other, fresh, &kit_err));
	search_stats_get(search, &a);
	search_stats_get(other, &b);
	assert_int_equal(a.customers, b.customers);
	assert_memory_equal(kept, fresh, 16);
	search_free(other);
}

static void changes_are_heard(void **state)
{
	(void)state;
	int64_t a = person("1", "Ann", "Lee", "", "e!:a@lee.org"), b, decision;

	listen_from(build());
	b = person("2", "Berta", "Stone", "", "p:+41443334455");
	catch_up();
	first_is("berta", b);
	first_is("4455", b);
	decision = merge(db, a, b, false);
	catch_up();
	first_is("berta", a);
	first_is("ann stone", a); /* all names of all members */
	assert_int_equal(count, 1);
	undo(db, decision);
	catch_up();
	first_is("berta", b);
	nothing_for("ann stone");
	person("2", "Bertha", "Stone", "", NULL);
	catch_up();
	first_is("bertha", b);
	assert_ok(db_transact(db, erase_run, &b, &kit_err));
	catch_up();
	nothing_for("bertha");
	nothing_for("4455");
	digest_is_that_of_a_fresh_build();
	feed_stop(feed);
}

static void incremental_equals_rebuild(void **state)
{
	(void)state;
	static const char *const names[] = { "Ann",   "Bob", "Cas",      "Dora",    "Emil",
		                             "Fritz", "Gus", "Mary Ann", "van Dam", "O'Hara" };
	int64_t record[200];
	int records = 0;
	struct kit_random r;
	struct feed_position from;

	kit_random_seed(&r, 22);
	for (int i = 0; i < 30; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		record[records++] =
		        person(key, names[kit_random_below(&r, 10)], names[kit_random_below(&r, 10)], "8001", NULL);
	}
	from = build();
	listen_from(from);
	for (int step = 0; step < 400; step++) {
		char key[16], ids[80];
		struct ids i = { .a = record[kit_random_below(&r, (uint64_t)records)],
			         .b = record[kit_random_below(&r, (uint64_t)records)] };
		int64_t list[1] = { i.a };
		enum result result = OK;

		i.list = list;
		i.count = 1;
		switch (kit_random_below(&r, 8)) {
		case 0:
			result = db_transact(db, merge_run, &i, &kit_err);
			break;
		case 1:
			result = db_transact(db, split_run, &i, &kit_err);
			break;
		case 2:
			if (kit_random_below(&r, 5) == 0)
				assert_ok(db_transact(db, erase_run, &i.a, &kit_err));
			break;
		default:
			snprintf(key, sizeof(key), "k%d", (int)kit_random_below(&r, 150));
			snprintf(ids, sizeof(ids), "e!:u%d@lee.org p:+4144333%04d l!:C%d",
			         (int)kit_random_below(&r, 60), (int)kit_random_below(&r, 9999),
			         (int)kit_random_below(&r, 60));
			i.a = person(key, names[kit_random_below(&r, 10)], names[kit_random_below(&r, 10)], "SW1A 1AA",
			             ids);
			for (int k = 0; k < records; k++)
				if (record[k] == i.a)
					i.a = 0;
			if (i.a && records < 200)
				record[records++] = i.a;
		}
		assert_true(result == OK || result == ERR_CONFLICT || result == ERR_NOT_FOUND); /* erased */
		if (step % 100 == 99) {
			catch_up();
			digest_is_that_of_a_fresh_build();
		}
	}
	feed_stop(feed);
}

/* ---- Readers do not wait ----------------------------------------------------------------------------------------- */

static void *reader_main(void *arg)
{
	struct search_hit mine[20];
	struct error e;
	int n;

	while (!atomic_load((atomic_bool *)arg)) {
		struct search_query q = { .text = STR("steady eddy"), .limit = 20 };

		if (search_find(search, &q, mine, &n, &e) != OK || n != 1)
			abort(); /* he is never touched: always found */
	}
	return NULL;
}

static void readers_beside_a_writer(void **state)
{
	(void)state;
	pthread_t thread[2];
	atomic_bool stop = false;
	struct feed_event events[64];

	person("eddy", "Steady", "Eddy", "", NULL);
	for (int i = 0; i < 64; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%d", i);
		events[i] =
		        (struct feed_event){ .topic = FEED_RECORD, .record = person(key, "Some", "Body", "", NULL) };
	}
	build();
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader_main, &stop), 0);
	for (int i = 0; i < 200; i++)
		assert_ok(search_apply(search, db, events + i % 32, 32, &kit_err));
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	digest_is_that_of_a_fresh_build();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(not_before_it_is_built, setup, teardown),
		cmocka_unit_test_setup_teardown(names_however_typed, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_and_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(ties_by_who_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_are_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(incremental_equals_rebuild, setup, teardown),
		cmocka_unit_test_setup_teardown(readers_beside_a_writer, setup, teardown),
	};

	return cmocka_run_group_tests_name("people_find", tests, NULL, NULL);
}
