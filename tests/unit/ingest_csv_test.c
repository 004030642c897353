/* rooms: ingest insight orders timeline people shop feed db text money base */
/* Rows of a stream: what ends a row, and that reading again from any row's place gives the same rest. */
#include "test.h"
#include "ingest/csv.h"

#define ROWS 16

struct seen {
	int64_t start, line;
	int count;
	char first[64];
	bool broken;
};

static int read_on(struct csv_reader *r, struct seen *out)
{
	const struct csv_row *row;
	struct error e;
	int n = 0;
	for (;;) {
		assert_int_equal(csv_next(r, &row, &e), OK);
		if (!row)
			return n;
		assert_true(n < ROWS);
		out[n] = (struct seen){
			.start = row->start, .line = row->line, .count = row->count, .broken = row->broken
		};
		if (row->count)
			snprintf(out[n].first, sizeof(out[n].first), "%.*s", STR_ARG(row->fields[0]));
		n++;
	}
}

/* Reads it all, then again from each row; returns the number of rows. */
static int rows_of(const char *text, struct seen *all)
{
	struct error e;
	struct csv_reader *r = csv_reader_new(input_text(str_c(text)), ',', CSV_UTF8);
	assert_non_null(r);
	int n = read_on(r, all);
	for (int from = 0; from < n; from++) {
		struct seen rest[ROWS];
		assert_int_equal(csv_reader_seek(r, all[from].start, all[from].line, &e), OK);
		assert_int_equal(read_on(r, rest), n - from);
		for (int i = from; i < n; i++) {
			assert_int_equal(rest[i - from].start, all[i].start);
			assert_int_equal(rest[i - from].line, all[i].line);
			assert_int_equal(rest[i - from].count, all[i].count);
			assert_string_equal(rest[i - from].first, all[i].first);
		}
	}
	csv_reader_free(r);
	return n;
}

static void line_ends(void **state)
{
	(void)state;
	static const char *const same[] = { "a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r",
		                            "\xef\xbb\xbf"
		                            "a,b\n\n1,2\r\n\r\n3,4\n",
		                            "\"a\",b\r\n\"1\" ,2\r\n3,\"4\"\r\n" };
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct seen s[ROWS];
		assert_int_equal(rows_of(same[i], s), 3);
		assert_string_equal(s[0].first, "a");
		assert_string_equal(s[1].first, "1");
		assert_string_equal(s[2].first, "3");
		for (int k = 0; k < 3; k++)
			assert_int_equal(s[k].count, 2);
	}
}

/* A carriage return inside a line ends no row: an import that went on there would find other rows than before. */
static void a_lone_carriage_return_is_text(void **state)
{
	(void)state;
	struct seen s[ROWS];
	assert_int_equal(rows_of("b,a\r1,\"two\nlines\"\r\n3,4\n", s), 2);
	assert_int_equal(s[0].count, 3);
	assert_string_equal(s[0].first, "b");
	assert_string_equal(s[1].first, "3");
}

static void what_does_not_close_is_one_line(void **state)
{
	(void)state;
	struct seen s[ROWS];
	assert_int_equal(rows_of("a,b\n\"1,2\n3,4\n5,6\n", s), 4);
	assert_true(s[1].broken);
	assert_false(s[2].broken);
	assert_string_equal(s[2].first, "3");
	assert_int_equal(s[3].line, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_ends),
		cmocka_unit_test(a_lone_carriage_return_is_text),
		cmocka_unit_test(what_does_not_close_is_one_line),
	};
	return cmocka_run_group_tests_name("ingest_csv", tests, NULL, NULL);
}
