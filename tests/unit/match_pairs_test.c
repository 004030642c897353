/* rooms: people shop feed db text base */
/* The pairs that resolving in bulk writes down, against all pairs looked at one by one. */
#include "people/match_pairs.h"
#include "people/match_training.h"
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

/* The same records as bytes, in a file. */
static void roll_of_bytes(struct match_roll *roll)
{
	struct spool_writer w = { 0 };
	struct error e;
	struct buf bytes;

	*roll = (struct match_roll){ .count = N, .model = model };
	roll->at = mem_alloc(N * sizeof(*roll->at));
	roll->order = mem_alloc(N * sizeof(*roll->order));
	assert_int_equal(spool_new(NULL, 0, &roll->packed, &e), OK);
	w.spool = roll->packed;
	buf_init(&bytes, 0);
	for (int i = 0; i < N; i++) {
		buf_clear(&bytes);
		match_record_pack(records[i], &bytes);
		roll->order[i] = records[i]->order;
		assert_int_equal(spool_write(&w, buf_view(&bytes), &roll->at[i], &e), OK);
	}
	assert_int_equal(spool_done(&w, &e), OK);
	buf_free(&bytes);
}

static void same_pairs(const struct match_pairs *x, const struct match_pairs *y)
{
	struct link *l, *m;
	struct error e;

	assert_int_equal(x->link_count, y->link_count);
	assert_int_equal(x->key_count, y->key_count);
	assert_int_equal(x->crowded, y->crowded);
	assert_int_equal(x->scored, y->scored);
	assert_int_equal(match_pairs_links(x, &l, &e), OK);
	assert_int_equal(match_pairs_links(y, &m, &e), OK);
	assert_memory_equal(l, m, (size_t)x->link_count * sizeof(*l));
	mem_free(l);
	mem_free(m);
	for (int part = 0; part < EXTSORT_PARTS; part++) {
		struct keyed *p, *q;
		size_t n, o;

		assert_int_equal(match_pairs_holders(x, part, &p, &n, &e), OK);
		assert_int_equal(match_pairs_holders(y, part, &q, &o, &e), OK);
		assert_int_equal(n, o);
		if (n)
			assert_memory_equal(p, q, n * sizeof(*p));
		mem_free(p);
		mem_free(q);
	}
}

static void pairs_are_all_pairs(void **state)
{
	struct match_roll roll = { .count = N, .records = records, .model = model }, bytes;
	struct match_pairing how = { .holders_max = HOLDERS, .threads = 1 };
	struct match_pairs one, three, spilt;
	struct error e;
	struct link *links;
	int64_t scored = 0, at = 0;
	struct map known;

	(void)state;
	map_init(&known);
	assert_int_equal(match_pairs_make(&roll, &how, &one, &e), OK);
	how.threads = 3;
	assert_int_equal(match_pairs_make(&roll, &how, &three, &e), OK);
	how.memory = 1; /* all in files */
	roll_of_bytes(&bytes);
	assert_int_equal(match_pairs_make(&bytes, &how, &spilt, &e), OK);
	assert_int_equal(match_pairs_links(&one, &links, &e), OK);
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
			assert_int_equal(links[at].a, a);
			assert_int_equal(links[at].b, b);
			assert_int_equal(links[at].score, score);
			at++;
		}
	assert_int_equal(at, one.link_count);
	assert_int_equal(scored, one.scored);
	assert_true(one.crowded > 0 && at > 100);
	same_pairs(&one, &three);
	same_pairs(&one, &spilt);
	for (int i = 0; i < N; i++) {
		uint64_t want[MATCH_KEYS_MAX];
		const uint64_t *got;
		int n = match_keys(model, records[i], want), count;

		assert_int_equal(match_pairs_keys(&spilt, i, arena, &got, &count, &e), OK);
		assert_int_equal(count, n);
		assert_memory_equal(got, want, (size_t)n * sizeof(*want));
	}
	mem_free(links);
	match_pairs_free(&one);
	match_pairs_free(&three);
	match_pairs_free(&spilt);
	match_roll_free(&bytes);
	map_free(&known);
}

static void same_model(const struct match_model *a, const struct match_model *b)
{
	struct buf x, y;

	buf_init(&x, 0);
	buf_init(&y, 0);
	match_model_print(a, &x);
	match_model_print(b, &y);
	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.p, y.p, x.n);
	buf_free(&x);
	buf_free(&y);
}

/* sample: of so many records, 0 of all. */
static void train_everywhere(int sample)
{
	struct match_record *backwards[N];
	struct match_model *all, *spilt, *turned;
	struct match_roll bytes;
	struct error e;

	roll_of_bytes(&bytes);
	for (int i = 0; i < N; i++)
		backwards[i] = records[N - 1 - i];
	assert_int_equal(match_train(records, N, &(struct match_training){ .sample = sample }, &all, &e), OK);
	assert_int_equal(match_train(backwards, N, &(struct match_training){ .sample = sample }, &turned, &e), OK);
	assert_int_equal(match_train_roll(&bytes, &(struct match_training){ .threads = 3, .sample = sample }, 1, NULL,
	                                  &spilt, &e),
	                 OK);
	same_model(all, turned);
	same_model(all, spilt);
	match_roll_free(&bytes);
	match_model_free(all);
	match_model_free(turned);
	match_model_free(spilt);
	for (int i = 0; i < N; i++)
		match_record_bind(model, records[i]);
}

static void training_does_not_ask_where_records_are(void **state)
{
	(void)state;
	train_everywhere(0);
	train_everywhere(N / 3);
}

/* Whom a sample would not show: the cashier's address on a few of many records, a key that few of them have. */
static void all_are_asked_who_shares(void **state)
{
	static const char *const givens[] = { "Anna",  "Bernd", "Clara", "David",  "Elena",
		                              "Farid", "Greta", "Hugo",  "Ingrid", "Jonas" };
	struct match_record *some[10], *all[N + 10];
	struct match_model *m;
	struct error e;

	(void)state;
	for (int i = 0; i < 10; i++) {
		char key[16];
		struct match_in in = { .source = STR("till"), .given = str_c(givens[i]), .email_count = 1 };

		snprintf(key, sizeof(key), "t%d", i);
		in.source_key = str_c(key);
		in.emails[0].value = STR("cashier@shop.example.net");
		assert_int_equal(match_record_make(&in, arena, &some[i], &e), OK);
	}
	memcpy(all, records, N * sizeof(*all));
	memcpy(all + N, some, sizeof(some));
	assert_int_equal(match_train(all, N + 10, &(struct match_training){ .sample = 100 }, &m, &e), OK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(some[i]->by_sort[WORD_EMAIL]->state, WORD_GENERIC);
	match_model_free(m);
	for (int i = 0; i < N; i++)
		match_record_bind(model, records[i]);
}

/* Read from bytes, one after the other. */
static void a_cashier_of_many(void **state)
{
	enum { MANY = 120000 };
	struct match_roll roll = { .count = MANY };
	struct spool_writer w = { 0 };
	struct arena *a = arena_new(0);
	struct match_model *m;
	struct error e;
	struct buf bytes;

	(void)state;
	roll.at = mem_alloc(MANY * sizeof(*roll.at));
	roll.order = mem_alloc(MANY * sizeof(*roll.order));
	assert_int_equal(spool_new(NULL, 0, &roll.packed, &e), OK);
	w.spool = roll.packed;
	buf_init(&bytes, 0);
	for (int i = 0; i < MANY; i++) {
		char key[16];
		struct match_in in = {
			.source = STR("till"), .given = STR("Anna"), .family = STR("Meier"), .email_count = 1
		};
		struct match_record *r;

		snprintf(key, sizeof(key), "t%d", i);
		in.source_key = str_c(key);
		in.emails[0].value = STR("cashier@shop.example.net");
		arena_reset(a);
		assert_int_equal(match_record_make(&in, a, &r, &e), OK);
		buf_clear(&bytes);
		match_record_pack(r, &bytes);
		roll.order[i] = r->order;
		assert_int_equal(spool_write(&w, buf_view(&bytes), &roll.at[i], &e), OK);
	}
	assert_int_equal(spool_done(&w, &e), OK);
	buf_free(&bytes);
	assert_int_equal(match_train_roll(&roll, &(struct match_training){ .sample = 100 }, 1, NULL, &m, &e), OK);
	match_model_free(m);
	match_roll_free(&roll);
	arena_free(a);
}

static void memory_may_be_out(void **state)
{
	struct match_roll roll = { .count = N, .records = records, .model = model };
	struct match_pairing how = { .holders_max = HOLDERS, .threads = 1 };
	struct match_pairs p;
	struct error e;

	(void)state;
	for (uint64_t n = 1;; n += n < 50 ? 1 : 41) {
		enum result r;

		mem_fail_nth(n);
		r = match_pairs_make(&roll, &how, &p, &e);
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
		cmocka_unit_test(pairs_are_all_pairs),      cmocka_unit_test(training_does_not_ask_where_records_are),
		cmocka_unit_test(all_are_asked_who_shares), cmocka_unit_test(a_cashier_of_many),
		cmocka_unit_test(memory_may_be_out),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
