/* rooms: ingest insight orders timeline people shop feed db text money base */
#include "test.h"
#include "ingest/mask.h"
#include "ingest/mapping.h"

static const char *masked(const char *text)
{
	static char copy[256];
	snprintf(copy, sizeof(copy), "%s", text);
	assert_int_equal(card_found(str_c(text)), strcmp(text, (card_mask(copy, strlen(copy)), copy)) != 0);
	return copy;
}

static void test_cards(void **state)
{
	(void)state;
	assert_string_equal(masked("paid 4111 1111 1111 1111."), "paid **** **** **** 1111.");
	assert_string_equal(masked("\"c\":5555555555554444,"), "\"c\":9999999999994444,");
	assert_string_equal(masked("3782-822463-10005"), "****-******-*0005");
	assert_string_equal(masked("a 4111111111111111 b 6011111111111117"), "a ************1111 b ************1117");
	/* Not cards: a wrong digit, part of a word, too long, GTINs, times in milliseconds, a UUID. */
	static const char *const not [] = { "4111111111111112",       "x4111111111111111",
		                            "4111111111111111111111", "4006381333931",
		                            "1700000000000",          "12345678-1234-4123-8123-123456789012",
		                            "2025-11-22 09:30:00",    "+41 44 333 44 55",
		                            "0000000000000000" };
	for (size_t i = 0; i < sizeof(not ) / sizeof(*not ); i++)
		assert_string_equal(masked(not [i]), not [i]);
}

/* ---- Mappings --------------------------------------------------------------------------------------------------- */

static struct error err;

static enum result parse(const char *text, struct arena *a, struct mapping **m)
{
	return mapping_parse(str_c(text), a, m, &err);
}

static void test_builtin(void **state)
{
	(void)state;
	int n = 0;
	for (const struct mapping_file *f = mapping_files; f->name; f++, n++) {
		struct arena *a = arena_new(0);
		struct mapping *m;
		if (parse(f->text, a, &m) != OK)
			fail_msg("%s: %s %s %s", f->name, err.code, err.field, err.detail);
		assert_true(str_is(m->name, f->name));
		arena_free(a);
	}
	assert_true(n >= 5);
	assert_non_null(mapping_builtin("shopify-orders"));
	assert_null(mapping_builtin("nosuch"));
}

static const char *value(const char *text, const char *const *fields)
{
	static char out[256];
	struct str columns[3] = { STR("A"), STR("B B"), STR("C") }, row[3];
	struct arena *a = arena_new(0);
	char map[600];
	struct mapping *m;
	bool failed = false;
	snprintf(map, sizeof(map), "source = s\ndecimal = ,\n[customers]\nkey = %s\n", text);
	if (parse(map, a, &m) != OK)
		fail_msg("%s: %s %s", text, err.code, err.detail);
	for (int i = 0; i < 3; i++)
		row[i] = str_c(fields[i]);
	assert_int_equal(section_bind(m->first, columns, 3, &err), OK);
	struct row_view v = { .section = m->first, .fields = row, .count = 3, .a = a };
	struct str s = template_value(m->first->slots[SLOT_KEY], &v, &failed);
	assert_false(failed);
	snprintf(out, sizeof(out), "%.*s", STR_ARG(s));
	arena_free(a);
	return out;
}

static void test_values(void **state)
{
	(void)state;
	static const char *const row[] = { " 17850.0 ", "Müller", "" };
	assert_string_equal(value("{A}", row), "17850.0");
	assert_string_equal(value("{A|integer}", row), "17850");
	assert_string_equal(value("x-{A|integer}/{B B|upper}", row), "x-17850/MüLLER");
	assert_string_equal(value("{C ?? B B}", row), "Müller");
	assert_string_equal(value("shop:{C}", row), "");
	assert_string_equal(value("web", row), "web");
	assert_string_equal(value("{Nope?}", row), "");
	assert_string_equal(value("one if {C} is empty else two", row), "one");
	assert_string_equal(value("one if {C} is not empty else two if {A} starts 178 else three", row), "two");
	assert_string_equal(value("if {B B} is Müller and {A} not starts C", row), "yes");
	assert_string_equal(value("if {B B} is not Müller", row), "");
	static const char *const numbers[] = { "-1.234,5", "0", "07" };
	assert_string_equal(value("if {A} below 0", numbers), "yes");
	assert_string_equal(value("if {C} above 6", numbers), "yes");
	assert_string_equal(value("{A|abs}", numbers), "1.234,5");
	assert_string_equal(value("{A|digits}", numbers), "12345");
}

static void test_broken_mappings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *code, *field;
	} bad[] = {
		{ "", "mapping.empty", "mapping:1" },
		{ "source = s\n[nosuch]\n", "mapping.section", "mapping:2" },
		{ "source = s\n[customers]\nname = {Name}\n", "mapping.missing", "mapping:2" },
		{ "[customers]\nkey = {A}\n", "mapping.source", "mapping:1" },
		{ "source = s\n[customers]\nkey = {A\n", "mapping.value", "mapping:3" },
		{ "source = s\n[customers]\nkey = {A|shout}\n", "mapping.value", "mapping:3" },
		{ "source = s\n[customers]\nkey = {A} if {B} maybe x\n", "mapping.value", "mapping:3" },
		{ "source = s\n[customers]\nnosuch = {A}\n", "mapping.field", "mapping:3" },
		{ "pivot = 1999\n", "mapping.pivot", "mapping:1" },
		{ "encoding = ebcdic\n", "mapping.encoding", "mapping:1" },
		{ "nonsense\n", "mapping.line", "mapping:1" },
		{ "source = s\n[orders]\njoin.x = y\n", "mapping.join", "mapping:3" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct arena *a = arena_new(0);
		struct mapping *m;
		assert_int_equal(parse(bad[i].text, a, &m), ERR_INVALID);
		assert_string_equal(err.code, bad[i].code);
		assert_string_equal(err.field, bad[i].field);
		arena_free(a);
	}
}

static void test_dates(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int year, month, day, hour, offset;
	} good[] = { { "07-03-39", 1939, 7, 3, 0, 0 },
		     { "01-01-30", 2030, 1, 1, 0, 0 },
		     { "9/27/1979", 1979, 9, 27, 0, 0 },
		     { "2020-09-25 09:10:11 -0430", 2020, 9, 25, 9, -270 },
		     { "12/1/1999", 1999, 12, 1, 0, 0 } };
	struct arena *a = arena_new(0);
	struct mapping *m;
	struct when w;
	assert_int_equal(parse("source = s\npivot = 30\ndates = MM-DD-YY, M/D/YYYY, YYYY-MM-DD hh:mm:ss "
	                       "Z\n[customers]\nkey = {A}\n",
	                       a, &m),
	                 OK);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(when_parse(m->first, str_c(good[i].text), &w));
		assert_int_equal(w.year, good[i].year);
		assert_int_equal(w.month, good[i].month);
		assert_int_equal(w.day, good[i].day);
		assert_int_equal(w.hour, good[i].hour);
		assert_int_equal(w.offset_minutes, good[i].offset);
	}
	static const char *const bad[] = {
		"", "13-01-20", "2/30/2020", "07-03-39x", "7-3-39", "2020-09-25 24:00:00 Z"
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(when_parse(m->first, str_c(bad[i]), &w));
	arena_free(a);
}

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

static void test_csv(void **state)
{
	(void)state;
	static const char text[] = "\xef\xbb\xbf"
	                           "a,b\r\n1,\"two\nlines\"\r\n\r\n\"say \"\"hi\"\"\", x \r\nlast,one";
	struct csv_reader *r = csv_reader_new(input_text(str_c(text)), ',', CSV_UTF8);
	const struct csv_row *row;
	static const struct {
		const char *a, *b;
		int line;
	} want[] = { { "a", "b", 1 }, { "1", "two\nlines", 2 }, { "say \"hi\"", "x", 5 }, { "last", "one", 6 } };
	int64_t starts[4];
	for (int i = 0; i < 4; i++) {
		assert_int_equal(csv_next(r, &row, &err), OK);
		assert_non_null(row);
		assert_int_equal(row->count, 2);
		assert_true(str_is(row->fields[0], want[i].a));
		assert_true(str_is(row->fields[1], want[i].b));
		assert_int_equal(row->line, want[i].line);
		starts[i] = row->start;
	}
	assert_int_equal(csv_next(r, &row, &err), OK);
	assert_null(row);
	/* From any row on again. */
	for (int i = 3; i > 0; i--) {
		assert_int_equal(csv_reader_seek(r, starts[i], want[i].line, &err), OK);
		assert_int_equal(csv_next(r, &row, &err), OK);
		assert_true(str_is(row->fields[0], want[i].a));
	}
	csv_reader_free(r);
}

/* A quotation mark that does not close spoils its own line only. */
static void test_csv_quote(void **state)
{
	(void)state;
	struct csv_reader *r = csv_reader_new(input_text(STR("1,\"open\n2,b\n3,c\n")), ',', CSV_LATIN1);
	const struct csv_row *row;
	assert_int_equal(csv_next(r, &row, &err), OK);
	assert_true(row->broken);
	assert_true(str_is(row->raw, "1,\"open"));
	for (int i = 2; i <= 3; i++) {
		assert_int_equal(csv_next(r, &row, &err), OK);
		assert_non_null(row);
		assert_false(row->broken);
		assert_int_equal(row->fields[0].p[0], '0' + i);
		assert_int_equal(row->line, i);
	}
	assert_int_equal(csv_next(r, &row, &err), OK);
	assert_null(row);
	csv_reader_free(r);
	r = csv_reader_new(input_text(STR("a\xfc,b\n")), ',', CSV_LATIN1);
	assert_int_equal(csv_next(r, &row, &err), OK);
	assert_true(str_is(row->fields[0], "aü"));
	csv_reader_free(r);
	r = csv_reader_new(input_text(STR("a\xfc,b\n")), ',', CSV_UTF8);
	assert_int_equal(csv_next(r, &row, &err), OK);
	assert_true(row->broken);
	csv_reader_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cards),           cmocka_unit_test(test_builtin), cmocka_unit_test(test_values),
		cmocka_unit_test(test_broken_mappings), cmocka_unit_test(test_dates),   cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_quote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
