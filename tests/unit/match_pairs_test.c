/* rooms: people shop feed db text base */
/* The pairs that resolving in bulk writes down, against all pairs looked at one by one. */
#include "people/match_pairs.h"
#include "text/text.h"
#include "test.h"
#include <stdlib.h>

#define N 400
#define HOLDERS 30

static struct arena *arena;
static struct match_record *records[N];
static struct match_model *model;

/* Some share a surname with many, some a birth date, an e-mail, a street. */
static void make(void)
{
	static const char *const givens[] = { "Anna", "Bernd", "Clara", "David", "Elena", "Farid", "Greta", "Hugo" };
	static const char *const families[] = { "Abel", "Brandt", "Castillo", "Dahlberg" };
	uint64_t s = 11;
	struct error e;

	for (int i = 0; i < N; i++) {
		char key[16], mail[32], street[32];
		struct match_in in = { .source = STR("s"), .country = STR("DE") };

		snprintf(key, sizeof(key), "%03d", i);
		snprintf(mail, sizeof(mail), "m%d@mail.org", (int)random_below(&s, 150));
		snprintf(street, sizeof(street), "%d Linden Road", (int)random_below(&s, 40));
		in.source_key = str_c(key);
		in.given = str_c(givens[random_below(&s, 8)]);
		in.family = str_c(families[random_below(&s, 4)]);
		if (random_below(&s, 2)) {
			in.birth_year = 1950 + (int)random_below(&s, 6);
			in.birth_month = 1 + (int)random_below(&s, 12);
			in.birth_day = 3;
		}
		if (random_below(&s, 2)) {
			in.email_count = 1;
			in.emails[0].value = str_c(mail);
		}
		if (random_below(&s, 2)) {
			in.street = str_c(street);
			in.postcode = STR("10115");
		}
		assert_int_equal(match_record_make(&in, arena, &records[i], &e), OK);
	}
}

static int holders(uint64_t key)
{
	int n = 0;

	for (int i = 0; i < N; i++) {
		uint64_t keys[MATCH_KEYS_MAX];
		int count = match_keys(model, records[i], keys);

		for (int k = 0; k < count; k++)
			n += keys[k] == key;
	}
	return n;
}

static bool brought_together(int a, int b, struct map *known)
{
	uint64_t x[MATCH_KEYS_MAX], y[MATCH_KEYS_MAX];
	int n = match_keys(model, records[a], x), m = match_keys(model, records[b], y);
	struct error e;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < m; j++) {
			int64_t h;

			if (x[i] != y[j])
				continue;
			if (!map_get(known, (int64_t)x[i], &h)) {
				h = holders(x[i]);
				assert_int_equal(map_put(known, (int64_t)x[i], h, &e), OK);
			}
			if (h <= HOLDERS)
				return true;
		}
	return false;
}

static void pairs_are_all_pairs(void **state)
{
	struct match_bulk bulk = { .records = records, .record_count = N, .threads = 1 };
	struct match_pairs one, three;
	struct error e;
	size_t at = 0;
	int64_t scored = 0;
	struct map known;

	(void)state;
	map_init(&known);
	assert_int_equal(match_pairs_make(model, &bulk, HOLDERS, &one, &e), OK);
	bulk.threads = 3;
	assert_int_equal(match_pairs_make(model, &bulk, HOLDERS, &three, &e), OK);
	for (int a = 0; a < N; a++)
		for (int b = a + 1; b < N; b++) {
			int score;

			if (!brought_together(a, b, &known))
				continue;
			scored++;
			score = match_score(model, records[a], records[b], NULL, NULL);
			if (score < match_component_threshold(model))
				continue;
			assert_true(at < one.link_count);
			assert_int_equal(one.links[at].a, a);
			assert_int_equal(one.links[at].b, b);
			assert_int_equal(one.links[at].score, score);
			at++;
		}
	assert_int_equal(at, one.link_count);
	assert_int_equal(scored, one.scored);
	assert_true(one.crowded > 0 && at > 100);
	assert_int_equal(three.link_count, one.link_count);
	assert_memory_equal(three.links, one.links, one.link_count * sizeof(*one.links));
	match_pairs_free(&one);
	match_pairs_free(&three);
	map_free(&known);
}

static void memory_may_be_out(void **state)
{
	struct match_bulk bulk = { .records = records, .record_count = N, .threads = 1 };
	struct match_pairs p;
	struct error e;

	(void)state;
	for (uint64_t n = 1;; n++) {
		enum result r;

		mem_fail_nth(n);
		r = match_pairs_make(model, &bulk, HOLDERS, &p, &e);
		mem_fail_nth(0);
		if (r == OK) {
			assert_true(n > 8);
			match_pairs_free(&p);
			return;
		}
		assert_int_equal(r, ERR_NOMEM);
	}
}

static int start(void **state)
{
	struct error e;

	(void)state;
	arena = arena_new(0);
	if (text_start(&e) != OK || match_model_default(&model, &e) != OK)
		return -1;
	make();
	for (int i = 0; i < N; i++)
		match_record_bind(model, records[i]);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	match_model_free(model);
	arena_free(arena);
	text_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_all_pairs),
		cmocka_unit_test(memory_may_be_out),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
