/* rooms: people shop feed db text base */
/* Features as bytes: what is read is what was written, to the last bit; what nobody wrote is refused. */
#include "people/match_inside.h"
#include "text/text.h"
#include "test.h"
#include <stdlib.h>

#define ROUNDS 3000
#define DAMAGES 40

static struct arena *arena;
static struct match_model *model;

static void words_same(const struct match_word *a, const struct match_word *b)
{
	assert_true(str_eq(word_str(a), word_str(b)));
	assert_true(str_eq(word_kind(a), word_kind(b)));
	assert_true(a->hash == b->hash && a->tag == b->tag && a->letters == b->letters && a->rarity == b->rarity);
	assert_memory_equal(a->nickname, b->nickname, sizeof(a->nickname));
	assert_true(a->foreign == b->foreign && a->verified == b->verified && a->nobody == b->nobody &&
	            a->mobile == b->mobile);
	assert_int_equal(a->state, b->state);
}

static void records_same(const struct match_record *a, const struct match_record *b)
{
	assert_true(str_eq(a->source, b->source) && str_eq(a->source_key, b->source_key));
	assert_true(a->order == b->order && a->date == b->date);
	assert_int_equal(a->word_count, b->word_count);
	for (int s = 0; s < WORD_SORTS; s++) {
		assert_int_equal(a->count[s], b->count[s]);
		assert_int_equal(a->by_sort[s] - a->words, b->by_sort[s] - b->words);
		for (int i = 0; i < a->count[s]; i++)
			words_same(&a->by_sort[s][i], &b->by_sort[s][i]);
	}
	assert_true(a->year == b->year && a->month == b->month && a->day == b->day);
	assert_true(a->birth_unsure == b->birth_unsure && a->gender == b->gender && a->generation == b->generation);
}

static struct str packed(const struct match_record *r)
{
	struct buf b;
	struct str s;

	buf_init(&b, 0);
	match_record_pack(r, &b);
	assert_false(b.failed);
	s = (struct str){ arena_strndup(arena, b.p, b.n), b.n };
	buf_free(&b);
	assert_non_null(s.p);
	return s;
}

static struct str there_and_back(const struct match_in *in)
{
	struct match_record *r = NULL, *back = NULL;
	struct error e;
	struct str bytes;

	assert_int_equal(match_record_make(in, arena, &r, &e), OK);
	bytes = packed(r);
	assert_true(match_record_readable(bytes));
	assert_int_equal(match_record_unpack(bytes, arena, &back, &e), OK);
	records_same(r, back);
	match_record_bind(model, r);
	match_record_bind(model, back);
	records_same(r, back);
	assert_true(str_eq(bytes, packed(back)));
	return bytes;
}

/* ---- Whatever a source may say ----------------------------------------------------------------------------------- */

static struct str some(uint64_t *s, struct str a, struct str b, struct str c)
{
	switch (random_below(s, 5)) {
	case 0:
		return a;
	case 1:
		return b;
	case 2:
		return c;
	case 3: { /* any bytes, also too long */
		size_t n = random_below(s, 300);
		char *p = arena_alloc(arena, n + 1);

		assert_non_null(p);
		for (size_t i = 0; i < n; i++)
			p[i] = (char)(random_below(s, 4) ? 'a' + random_below(s, 26) : 1 + random_below(s, 255));
		return (struct str){ p, n };
	}
	default:
		return STR("");
	}
}

static void some_values(uint64_t *s, struct match_value *list, int *count, struct str a, struct str b, struct str c)
{
	*count = (int)random_below(s, MATCH_VALUES_MAX + 1) * (int)random_below(s, 2);
	for (int i = 0; i < *count; i++)
		list[i] = (struct match_value){ .kind = some(s, STR("ssn"), STR("loyalty"), STR("account")),
			                        .value = some(s, a, b, c),
			                        .verified = random_below(s, 2) };
}

static void some_record(uint64_t *s, struct match_in *in)
{
	*in = (struct match_in){ .source = some(s, STR("till"), STR("web"), STR("call")),
		                 .source_key = some(s, STR("1"), STR("22"), STR("c-3")),
		                 .full_name = some(s, STR("Dr Anna Maria Meier"), STR("Meier, Bob Jr"), STR("x")),
		                 .given = some(s, STR("Bob"), STR("Anna Maria"), STR("Peggie")),
		                 .middle = some(s, STR("J"), STR("Maria Luise"), STR("Ann")),
		                 .family = some(s, STR("Meier-Müller"), STR("O'Brien"), STR("តារា")),
		                 .suffix = some(s, STR("Jr"), STR("III"), STR("PhD")),
		                 .organisation = some(s, STR("Seidenweber & Söhne AG"), STR("ACME"), STR("IV")),
		                 .gender = some(s, STR("f"), STR("Male"), STR("x")),
		                 .street = some(s, STR("Lindenweg 12"), STR("12 Main Street Apt 4"), STR("Hof")),
		                 .city = some(s, STR("Aarau"), STR("St. Gallen"), STR("New York")),
		                 .region = some(s, STR("AG"), STR("NY"), STR("Kanton Bern")),
		                 .postcode = some(s, STR("5000"), STR("SW1A 1AA"), STR("9000-12")),
		                 .birth_unsure = random_below(s, 2) };
	if (random_below(s, 3)) {
		in->birth_year = (int)random_below(s, 11000);
		in->birth_month = (int)random_below(s, 14);
		in->birth_day = (int)random_below(s, 33);
	}
	some_values(s, in->emails, &in->email_count, STR("Anna <anna@meier.ch>"), STR("info@shop.ch"), STR("nobody"));
	some_values(s, in->phones, &in->phone_count, STR("+41443334455"), STR("0000000000"), STR("+41 79 111 22 33"));
	some_values(s, in->ids, &in->id_count, STR("521-21-2123"), STR("AB 12"), STR("9"));
	some_values(s, in->extras, &in->extra_count, STR("carpenter"), STR("1855"), STR("of Leeds"));
}

static void nothing_is_lost(void **state)
{
	struct match_in *in = calloc(1, sizeof(*in));
	uint64_t s = 5;

	(void)state;
	assert_non_null(in);
	there_and_back(in);
	for (int i = 0; i < ROUNDS; i++) {
		some_record(&s, in);
		there_and_back(in);
		arena_reset(arena);
	}
	free(in);
}

/* Nothing read beyond the bytes, nothing taken for a record that breaks the engine: it scores and has keys. */
static void damaged(struct str bytes)
{
	struct match_record *r = NULL;
	struct error e;
	uint64_t keys[MATCH_KEYS_MAX];
	char *own = malloc(bytes.n + 1); /* so that the sanitizer sees each byte too far */

	assert_non_null(own);
	memcpy(own, bytes.p, bytes.n);
	own = realloc(own, bytes.n ? bytes.n : 1);
	assert_non_null(own);
	if (match_record_unpack((struct str){ own, bytes.n }, arena, &r, &e) == OK) {
		match_record_bind(model, r);
		match_keys(model, r, keys);
		match_score(model, r, r, NULL, NULL);
		packed(r);
	} else {
		assert_string_equal(e.code, "match.features");
	}
	free(own);
}

static void damage_is_told(void **state)
{
	struct match_in *in = calloc(1, sizeof(*in));
	uint64_t s = 6;

	(void)state;
	assert_non_null(in);
	for (int i = 0; i < ROUNDS / 10; i++) {
		struct str bytes;
		char *p;

		some_record(&s, in);
		bytes = there_and_back(in);
		p = (char *)(uintptr_t)bytes.p;
		for (size_t n = 0; n < bytes.n; n += 1 + bytes.n / DAMAGES) { /* cut off */
			struct match_record *r;
			struct error e;

			assert_int_equal(match_record_unpack((struct str){ p, n }, arena, &r, &e), ERR_CORRUPT);
		}
		for (int d = 0; d < DAMAGES; d++) {
			size_t at = random_below(&s, random_below(&s, 2) ? bytes.n : 40);
			char was = p[at % bytes.n];

			p[at % bytes.n] = (char)random_next(&s);
			damaged(bytes);
			p[at % bytes.n] = was;
		}
		arena_reset(arena);
	}
	free(in);
}

/* ---- The format -------------------------------------------------------------------------------------------------- */

/* What databases hold. When this fails, features of the same report have become others, or their bytes: raise FORMAT in
 * match_pack.c (stored ones are then made again from the tables), and write the new number here. */
#define FORMAT_NOW 2
#define FEATURES_NOW 0x69173b63e7ef8bdf

static void features_are_those_of_the_format(void **state)
{
	struct match_in *in = calloc(1, sizeof(*in));
	uint64_t s = 7, hash = 0;

	(void)state;
	assert_non_null(in);
	for (int i = 0; i < 500; i++) {
		struct str bytes;

		some_record(&s, in);
		bytes = there_and_back(in);
		assert_int_equal(bytes.p[0], FORMAT_NOW);
		hash = hash64_str(bytes, hash);
		arena_reset(arena);
	}
	if (hash != FEATURES_NOW)
		fail_msg("features have become others: 0x%016llx", (unsigned long long)hash);
	free(in);
}

static int setup(void **state)
{
	struct error e;

	(void)state;
	arena = arena_new(0);
	if (!arena || text_start(&e) != OK)
		return -1;
	return match_model_default(&model, &e) == OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	match_model_free(model);
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(features_are_those_of_the_format),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
