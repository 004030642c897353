/* rooms: base */
#include "test.h"
#include "base/mem.h"

static void errors_are_filled_once_and_cut_at_characters(void **state)
{
	struct error e;
	char longer[400];

	(void)state;
	assert_int_equal(error_set(NULL, ERR_LIMIT, "x", NULL, "y"), ERR_LIMIT);
	assert_int_equal(error_set(&e, ERR_INVALID, "email.malformed", NULL, "no %s", "domain"), ERR_INVALID);
	assert_string_equal(e.code, "email.malformed");
	assert_string_equal(e.field, "");
	assert_string_equal(e.detail, "no domain");
	error_set(&e, ERR_IO, "again", "f", "was: %s", e.detail);
	assert_string_equal(e.detail, "was: no domain");
	for (int i = 0; i < 199; i++)
		memcpy(longer + 2 * i, "\xC3\xBC", 2);
	longer[398] = '\0';
	error_set(&e, ERR_IO, "again", longer, "x%s", longer);
	assert_true(str_utf8_valid(str_c(e.detail)));
	assert_true(str_utf8_valid(str_c(e.field)));
	assert_int_equal(strlen(e.field), 94);
	for (int r = OK; r <= ERR_INTERNAL; r++)
		for (int q = OK; q < r; q++)
			assert_string_not_equal(result_name(r), result_name(q));
	assert_string_equal(result_name(99), "unknown");
}

static void the_nth_allocation_fails(void **state)
{
	void *p;

	(void)state;
	mem_fail_nth(3);
	for (int i = 1; i <= 5; i++) {
		p = i % 2 ? mem_alloc(10) : mem_calloc(2, 5);
		assert_int_equal(p == NULL, i == 3);
		mem_free(p);
	}
	assert_int_equal(mem_fail_count(), 5);
	mem_fail_nth(0);
	p = mem_realloc(NULL, 0);
	assert_non_null(p);
	mem_free(p);
	assert_int_equal(mem_fail_count(), 5);
	assert_null(mem_calloc(SIZE_MAX / 2, 3));
	mem_free(NULL);
}

static void arena_hands_out_aligned_zeroes(void **state)
{
	uint64_t rnd = 1;

	(void)state;
	for (int round = 0; round < 50; round++) {
		ARENA_AUTO struct arena *a = arena_new(0);
		size_t used = 0;

		for (int i = 0; i < 200; i++) {
			size_t n = random_below(&rnd, random_below(&rnd, 20) ? 100 : 20000);
			unsigned char *p = arena_alloc(a, n);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t j = 0; j < n; j++)
				assert_int_equal(p[j], 0);
			memset(p, 0xAA, n);
			used += n;
			assert_int_equal(arena_used(a), used);
			if (random_below(&rnd, 150) == 0) {
				arena_reset(a);
				used = 0;
			}
		}
	}
}

static void arena_keeps_its_limit(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(1000);

	(void)state;
	assert_non_null(arena_alloc(a, 600));
	assert_null(arena_alloc(a, 401));
	assert_null(arena_array(a, SIZE_MAX / 2, 4));
	assert_null(arena_strndup(a, "x", SIZE_MAX));
	assert_string_equal(arena_printf(a, "%d %s", 7, "seven"), "7 seven");
	assert_string_equal(arena_strndup(a, "abc", 2), "ab");
	assert_string_equal(arena_strdup(a, ""), "");
	assert_string_equal(str_dup(a, (struct str){ NULL, 0 }), "");
	arena_reset(a);
	assert_non_null(arena_alloc(a, 1000));
	assert_null(arena_alloc(a, 1));
}

static void arena_survives_failing_memory(void **state)
{
	(void)state;
	for (uint64_t nth = 1;; nth++) {
		struct arena *a;
		bool failed;

		mem_fail_nth(nth);
		a = arena_new(0);
		failed = !a;
		for (int i = 0; a && i < 100; i++) {
			char *p = arena_alloc(a, 1000);

			failed |= !p;
			if (p)
				memset(p, 1, 1000);
		}
		arena_free(a);
		mem_fail_nth(0);
		if (!failed)
			break;
		assert_true(nth < 50);
	}
}

static void buf_grows_to_its_limit_and_stays_failed(void **state)
{
	BUF_AUTO struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_str(buf_view(&b), "");
	buf_str(&b, "a");
	buf_char(&b, 'b');
	buf_i64(&b, INT64_MIN);
	buf_printf(&b, "|%05d|", 42);
	assert_str(buf_view(&b), "ab-9223372036854775808|00042|");
	while (!b.failed)
		buf_str(&b, "0123456789");
	assert_true(b.n <= 1000);
	assert_int_equal(strlen(b.p), b.n);
	buf_char(&b, 'x');
	assert_true(b.failed);
	buf_clear(&b);
	assert_false(b.failed);
	for (int i = 0; i < 1000; i++)
		buf_char(&b, 'x');
	assert_false(b.failed);
	assert_int_equal(b.n, 1000);
	buf_char(&b, 'x');
	assert_true(b.failed);
}

static void buf_formats_integers(void **state)
{
	uint64_t rnd = 9;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t v = (int64_t)random_next(&rnd) >> random_below(&rnd, 64);
		BUF_AUTO struct buf b;
		char expected[32];

		buf_init(&b, 0);
		buf_i64(&b, v);
		snprintf(expected, sizeof(expected), "%lld", (long long)v);
		assert_str(buf_view(&b), expected);
	}
}

static void buf_survives_failing_memory(void **state)
{
	(void)state;
	for (uint64_t nth = 1;; nth++) {
		BUF_AUTO struct buf b;

		buf_init(&b, 0);
		mem_fail_nth(nth);
		for (int i = 0; i < 1000; i++)
			buf_printf(&b, "%d,", i);
		mem_fail_nth(0);
		if (!b.failed) {
			assert_int_equal(b.n, 3890);
			break;
		}
		assert_true(nth < 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_filled_once_and_cut_at_characters),
		cmocka_unit_test(the_nth_allocation_fails),
		cmocka_unit_test(arena_hands_out_aligned_zeroes),
		cmocka_unit_test(arena_keeps_its_limit),
		cmocka_unit_test(arena_survives_failing_memory),
		cmocka_unit_test(buf_grows_to_its_limit_and_stays_failed),
		cmocka_unit_test(buf_formats_integers),
		cmocka_unit_test(buf_survives_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
