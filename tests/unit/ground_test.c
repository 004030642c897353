/* rooms: base */
#include "test.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include <pthread.h>
#include <stdlib.h>

/* ---- Strings ----------------------------------------------------------------------------------------------------- */

static void strings_split_and_trim(void **state)
{
	struct str rest = STR("a,,b,"), part;
	const char *const expected[] = { "a", "", "b", "" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(str_split(&rest, ',', &part));
		assert_str(part, expected[i]);
	}
	assert_false(str_split(&rest, ',', &part));
	assert_str(str_trim(STR(" \t a b\r\n")), "a b");
	assert_str(str_trim(STR(" \v ")), "");
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("\xFF"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR(""), (struct str){ NULL, 0 }), 0);
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_false(str_starts(STR("a"), STR("ab")));
}

static void strings_to_integers(void **state)
{
	static const char *const bad[] = { "",
		                           "-",
		                           "+",
		                           "1 ",
		                           " 1",
		                           "1.0",
		                           "9223372036854775808",
		                           "-9223372036854775809",
		                           "0x1",
		                           "--1",
		                           "99999999999999999999" };
	int64_t v = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(str_to_i64(str_c(bad[i]), &v));
	assert_int_equal(v, 77);
	assert_true(str_to_i64(STR("9223372036854775807"), &v) && v == INT64_MAX);
	assert_true(str_to_i64(STR("-9223372036854775808"), &v) && v == INT64_MIN);
	assert_true(str_to_i64(STR("+007"), &v) && v == 7);
}

static size_t encode(unsigned c, char *out)
{
	if (c < 0x80)
		return out[0] = (char)c, 1;
	if (c < 0x800)
		return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)),
		       out[2] = (char)(0x80 | (c & 63)), 3;
	return out[0] = (char)(0xF0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 63)),
	       out[2] = (char)(0x80 | (c >> 6 & 63)), out[3] = (char)(0x80 | (c & 63)), 4;
}

/* Every sequence of up to three bytes, and every code point. */
static void utf8_is_checked_exactly(void **state)
{
	char p[16];
	size_t accepted = 0;

	(void)state;
	for (unsigned c = 0; c < 0x120000; c++) {
		size_t n = encode(c, p);
		bool good = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);

		assert_int_equal(utf8_step(p, n), good ? n : 0);
		assert_int_equal(str_utf8_valid((struct str){ p, n }), good && c != 0);
		for (size_t cut = 1; cut < n; cut++)
			assert_int_equal(utf8_step(p, cut), 0);
	}
	for (unsigned bytes = 0; bytes < 1u << 24; bytes++) {
		p[0] = (char)(bytes >> 16);
		p[1] = (char)(bytes >> 8);
		p[2] = (char)bytes;
		accepted += utf8_step(p, 3) == 3;
	}
	assert_int_equal(accepted, 0x10000 - 0x800 - 0x800);
	memcpy(p, "abcdefgh\0", 10);
	assert_true(str_utf8_valid((struct str){ p, 8 }));
	assert_false(str_utf8_valid((struct str){ p, 9 }));
	assert_false(str_utf8_valid((struct str){ "\x01\x02\x03\x04\0\x06\x07\x08", 8 }));
}

/* ---- Hashes ------------------------------------------------------------------------------------------------------ */

/* Stored in databases: these values may never change. */
static void hash64_is_stable(void **state)
{
	static const struct {
		const char *text;
		uint64_t seed, hash;
	} known[] = {
		{ "", 0, 0x1880325fed895f93u },
		{ "a", 0, 0x71c6ca52862f09f0u },
		{ "byname", 0, 0x627541e8f383cddeu },
		{ "byname", 1, 0x04fa7632cbb47926u },
		{ "12345678", 0, 0x327182101023a01fu },
		{ "the quick brown fox jumps over the lazy dog", 0, 0x059de878902829bfu },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint64_t h = hash64_str(str_c(known[i].text), known[i].seed);

		if (h != known[i].hash)
			fail_msg("\"%s\", %d: 0x%016llxu", known[i].text, (int)known[i].seed, (unsigned long long)h);
	}
	assert_int_equal(bucket_of(STR("till"), STR("4711")), 3584);
}

/* Flipping any one input bit flips each output bit in half of the cases: 4,000 trials, five standard deviations. */
static void hash64_avalanches(void **state)
{
	static const size_t lengths[] = { 1, 3, 7, 8, 9, 16, 31 };
	enum { TRIALS = 4000 };
	uint64_t rnd = 5;

	(void)state;
	for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
		size_t n = lengths[l], bit = random_below(&rnd, 8 * n);

		for (int seeded = 0; seeded < 2; seeded++) {
			int flips[64] = { 0 };

			for (int t = 0; t < TRIALS; t++) {
				unsigned char p[32];
				uint64_t seed = random_next(&rnd), a, b;

				for (size_t i = 0; i < n; i++)
					p[i] = (unsigned char)random_next(&rnd);
				a = hash64(p, n, seed);
				if (seeded)
					seed ^= 1ull << bit % 64;
				else
					p[bit / 8] ^= (unsigned char)(1 << bit % 8);
				b = hash64(p, n, seed);
				for (int i = 0; i < 64; i++)
					flips[i] += (int)((a ^ b) >> i & 1);
			}
			for (int i = 0; i < 64; i++)
				if (flips[i] < TRIALS / 2 - 160 || flips[i] > TRIALS / 2 + 160)
					fail_msg("length %zu, output bit %d: %d of %d", n, i, flips[i], TRIALS);
		}
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Names that differ little: no collision of 64 bits, and buckets filled evenly (chi-square over 4,096 buckets). */
static void hash64_spreads_similar_keys(void **state)
{
	enum { KEYS = 400000 };
	uint64_t *h = mem_calloc(KEYS, sizeof(*h));
	static int buckets[ID_BUCKETS];
	double chi = 0, expected = (double)KEYS / ID_BUCKETS;
	char text[32];

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		snprintf(text, sizeof(text), i % 2 ? "cust-%08d" : "%d", i);
		h[i] = hash64_str(str_c(text), 0);
		buckets[h[i] % ID_BUCKETS]++;
	}
	qsort(h, KEYS, sizeof(*h), by_value);
	for (int i = 1; i < KEYS; i++)
		assert_true(h[i] != h[i - 1]);
	mem_free(h);
	for (int i = 0; i < ID_BUCKETS; i++)
		chi += (buckets[i] - expected) * (buckets[i] - expected) / expected;
	assert_true(chi > 4095 - 5 * 90.5 && chi < 4095 + 5 * 90.5);
}

static void hash128_keeps_parts_apart(void **state)
{
	struct str a[] = { STR("ab"), STR("c") }, b[] = { STR("a"), STR("bc") }, c[] = { STR("ab"), STR("c"), STR("") };
	unsigned char x[HASH128_BYTES], y[HASH128_BYTES];
	char hex[2 * HASH128_BYTES + 1];

	(void)state;
	hash128(x, a, 2);
	hash128(y, b, 2);
	assert_memory_not_equal(x, y, sizeof(x));
	hash128(y, c, 3);
	assert_memory_not_equal(x, y, sizeof(x));
	hex_encode(hex, x, sizeof(x));
	assert_int_equal(strlen(hex), 32);
	assert_true(hex_decode(y, sizeof(y), str_c(hex)));
	assert_memory_equal(x, y, sizeof(x));
	hex[5] = 'g';
	assert_false(hex_decode(y, sizeof(y), str_c(hex)));
	assert_false(hex_decode(y, sizeof(y), STR("00")));
	assert_true(bucket_of(STR("ab"), STR("c")) != bucket_of(STR("a"), STR("bc")));
}

/* ---- Ids --------------------------------------------------------------------------------------------------------- */

static void ids_have_their_layout(void **state)
{
	int64_t id;

	(void)state;
	clock_set(1790000000123456);
	id_set_node(77, 0);
	id = id_new(4095);
	clock_set(0);
	assert_int_equal(id_bucket(id), 4095);
	assert_int_equal(id >> 12 & 127, 77);
	assert_int_equal(id_time_us(id), 1790000000123000);
	assert_true(id > 0);
	assert_true(id_bucket(id_new_random()) < ID_BUCKETS);
}

static void ids_grow_when_the_clock_does_not(void **state)
{
	int64_t last = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t id;

		clock_set(1800000000000000 - i * USEC); /* backwards */
		id = id_new(5);
		assert_true(id > last);
		last = id;
	}
	clock_set(1000); /* before 2020 */
	assert_true(id_new(6) > 0);
	id_set_node(3, 1850000000000999);
	assert_true(id_time_us(id_new(7)) > 1850000000000999 - 1000);
	id_set_node(0, 0);
	clock_set(0);
}

#define THREADS 4
#define IDS_EACH 20000

static void *make_ids(void *arg)
{
	uint64_t *ids = arg;

	for (int i = 0; i < IDS_EACH; i++)
		ids[i] = (uint64_t)id_new((unsigned)(i % 3));
	return NULL;
}

static void ids_are_unique_across_threads(void **state)
{
	static uint64_t ids[THREADS * IDS_EACH];
	pthread_t t[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, make_ids, ids + i * IDS_EACH);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < THREADS; i++)
		for (int j = 3; j < IDS_EACH; j++)
			assert_true(ids[i * IDS_EACH + j] > ids[i * IDS_EACH + j - 3]);
	qsort(ids, THREADS * IDS_EACH, sizeof(*ids), by_value);
	for (int i = 1; i < THREADS * IDS_EACH; i++)
		assert_true(ids[i] != ids[i - 1]);
}

static void ids_come_back_from_text(void **state)
{
	static const char *const bad[] = { "",
		                           "cus_",
		                           "cus_000000000001",
		                           "cus_00000000000011",
		                           "rec_0000000000011",
		                           "cus-0000000000011",
		                           "cus_000000000001i",
		                           "cus_000000000001l",
		                           "cus_000000000001o",
		                           "cus_000000000001u",
		                           "cus_8000000000000",
		                           "cus_0000000000000",
		                           "CUS_0000000000011",
		                           "cus_000000000001 " };
	char text[ID_TEXT_BYTES];
	uint64_t rnd = 3;
	int64_t id, back;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		enum id_kind kind = (enum id_kind)random_below(&rnd, ID_KINDS);

		id = (int64_t)(random_next(&rnd) >> 1 >> random_below(&rnd, 62)) | 1;
		id_format(text, kind, id);
		assert_true(id_parse(str_c(text), kind, &back));
		assert_int_equal(back, id);
		assert_false(id_parse(str_c(text), (kind + 1) % ID_KINDS, &back));
		for (char *p = text + 4; *p; p++)
			if (*p >= 'a' && random_below(&rnd, 2))
				*p = (char)(*p - 32);
		assert_true(id_parse(str_c(text), kind, &back));
		assert_int_equal(back, id);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(id_parse(str_c(bad[i]), ID_CUSTOMER, &back));
	id_format(text, ID_CUSTOMER, INT64_MAX);
	assert_string_equal(text, "cus_7zzzzzzzzzzzz");
	for (int k = 0; k < ID_KINDS; k++)
		for (int l = 0; l < k; l++)
			assert_string_not_equal(id_prefix(k), id_prefix(l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_split_and_trim),
		cmocka_unit_test(strings_to_integers),
		cmocka_unit_test(utf8_is_checked_exactly),
		cmocka_unit_test(hash64_is_stable),
		cmocka_unit_test(hash64_avalanches),
		cmocka_unit_test(hash64_spreads_similar_keys),
		cmocka_unit_test(hash128_keeps_parts_apart),
		cmocka_unit_test(ids_have_their_layout),
		cmocka_unit_test(ids_grow_when_the_clock_does_not),
		cmocka_unit_test(ids_are_unique_across_threads),
		cmocka_unit_test(ids_come_back_from_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
