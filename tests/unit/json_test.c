/* rooms: judge base */
#include "test.h"
#include "base/clock.h"
#include "base/json.h"
#include "judge/tell.h"

static struct json *parse(const char *text)
{
	struct json *j = NULL;
	struct error e;

	if (json_parse(str_c(text), NULL, &j, &e) != OK)
		fail_msg("%s: %s", text, e.detail);
	return j;
}

static void refused(const char *text, size_t n, const char *code)
{
	struct json *j = NULL;
	struct error e;
	enum result r = json_parse((struct str){ text, n }, NULL, &j, &e);

	if (r == OK)
		fail_msg("accepted: %s", text);
	assert_null(j);
	if (strcmp(e.code, code) != 0)
		fail_msg("%s: %s, not %s", text, e.code, code);
}

static void reads_every_kind(void **state)
{
	JSON_AUTO struct json *j =
	        parse(" {\"a\":[1,-2.50,\"x\\u00e9\\ud83d\\ude00\\n\",true,false,null,{}],\"b\":\"\"} ");
	const struct json *a = json_get(j, "a");
	char scratch[40];
	struct str key;
	int64_t i;
	double f;
	bool b;

	(void)state;
	assert_int_equal(json_count(j), 2);
	assert_int_equal(json_count(a), 7);
	assert_true(json_i64(json_at(a, 0), &i) && i == 1);
	assert_false(json_i64(json_at(a, 1), &i));
	assert_true(json_f64(json_at(a, 1), &f) && f == -2.5);
	assert_true(json_f64(json_at(a, 0), &f) && f == 1);
	assert_str(json_number_text(json_at(a, 1), scratch), "-2.50");
	assert_str(json_str(json_at(a, 2)), "x\xC3\xA9\xF0\x9F\x98\x80\n");
	assert_true(json_bool(json_at(a, 3), &b) && b);
	assert_true(json_bool(json_at(a, 4), &b) && !b);
	assert_int_equal(json_kind(json_at(a, 5)), JSON_NULL);
	assert_int_equal(json_kind(json_at(a, 6)), JSON_OBJECT);
	assert_null(json_at(a, 7));
	assert_null(json_get(a, "a"));
	assert_null(json_get(j, "c"));
	assert_ptr_equal(json_member(j, 0, &key), a);
	assert_str(key, "a");
	assert_non_null(json_member(j, 1, &key));
	assert_str(key, "b");
	assert_null(json_member(j, 2, &key));
}

static void refuses_what_is_not_json(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"[",
		"]",
		"[1,]",
		"[,1]",
		"{,}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{'a':1}",
		"{1:1}",
		"01",
		"-",
		"+1",
		"1.",
		".5",
		"1e",
		"1e+",
		"0x10",
		"NaN",
		"Infinity",
		"-Infinity",
		"nul",
		"nulll",
		"True",
		"tru",
		"\"",
		"\"\\",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\u12g4\"",
		"\"a\nb\"",
		"\"\t\"",
		"\"\\ud800\"",
		"\"\\ud800x\"",
		"\"\\ud800\\u0041\"",
		"\"\\udc00\"",
		"\"\\udc00\\ud800\"",
		"1 2",
		"[1 2]",
		"[1]x",
		"{\"a\":1 \"b\":2}",
		"/* */1",
		"1//",
		"\xEF\xBB\xBF{}",
		"\"\xFF\"",
		"\"\xC3\"",
		"\"\xC0\x80\"",
		"\"\xED\xA0\x80\"",
		"\"\xF4\x90\x80\x80\"",
		"\"\xE2\x82\"",
		"9223372036854775808",
		"-9223372036854775809",
		"1e400",
		"-1e400",
		"1e99999999999999999999999",
		"\f1",
		"\v1",
		"[1}",
		"{\"a\":1]",
	};
	char deep[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], strlen(bad[i]), "json.malformed");
	refused("\"a\\u0000\"", 9, "json.nul");
	refused("\"a\0b\"", 5, "json.nul");
	refused("1\0", 2, "json.malformed");
	refused("\0", 1, "json.malformed");
	refused("{\"a\":1,\"\\u0061\":2}", 18, "json.duplicate_key");
	refused("{\"a\":1,\"b\":3,\"b\":2}", 19, "json.duplicate_key");
	memset(deep, '[', sizeof(deep));
	refused(deep, 33, "json.too_deep");
	refused(deep, 32, "json.malformed");
}

static void accepts_the_edges(void **state)
{
	struct {
		const char *text;
		double f;
	} numbers[] = {
		{ "9223372036854775807", 9223372036854775807.0 },
		{ "-9223372036854775808", -9223372036854775808.0 },
		{ "-0", 0 },
		{ "1e2", 100 },
		{ "1E-2", 0.01 },
		{ "1.7976931348623157e308", 1.7976931348623157e308 },
		{ "5e-324", 5e-324 },
		{ "1e-400", 0 },
		{ "0.1", 0.1 },
		{ "123456789012345678901234567890.5", 123456789012345678901234567890.5 },
		{ "2.55", 2.55 },
		{ "9007199254740993.0", 9007199254740993.0 },
	};
	struct json_limits deep = { 0, 60 }, small = { 5, 0 };
	struct json *j = NULL;
	struct error e;
	char text[200];
	double f;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		JSON_AUTO struct json *n = parse(numbers[i].text);

		assert_true(json_f64(n, &f));
		if (f != numbers[i].f)
			fail_msg("%s: %.17g", numbers[i].text, f);
		assert_str(json_number_text(n, text), numbers[i].text);
	}
	memset(text, '[', 60);
	memset(text + 60, ']', 60);
	assert_int_equal(json_parse((struct str){ text, 120 }, &deep, &j, &e), OK);
	json_free(j);
	assert_int_equal(json_parse(STR("[1,23]"), &small, &j, &e), ERR_TOO_LARGE);
	assert_int_equal(json_parse(STR("[1,2]"), &small, &j, &e), OK);
	json_free(j);
	json_free(NULL);
}

static void says_where(void **state)
{
	struct json *j;
	struct error e;

	(void)state;
	assert_int_equal(json_parse(STR("{\n \"a\": 1,\n \"b\": tru\n}"), NULL, &j, &e), ERR_INVALID);
	assert_string_equal(e.detail, "a value expected at line 3, column 7");
	assert_int_equal(json_parse(STR("{\"a\":{\"twice\":1,\"twice\":1}}"), NULL, &j, &e), ERR_INVALID);
	assert_string_equal(e.field, "twice");
}

static void finds_duplicates_among_many(void **state)
{
	BUF_AUTO struct buf b;
	struct json *j = NULL;
	struct error e;

	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		buf_init(&b, 0);
		buf_char(&b, '{');
		for (int i = 0; i < 5000; i++)
			buf_printf(&b, "%s\"k%d\":%d", i ? "," : "", i, i);
		if (twice)
			buf_str(&b, ",\"k3210\":0");
		buf_char(&b, '}');
		assert_int_equal(json_parse(buf_view(&b), NULL, &j, &e), twice ? ERR_INVALID : OK);
		if (!twice) {
			int64_t v;

			assert_true(json_i64(json_get(j, "k4999"), &v) && v == 4999);
			json_free(j);
		} else {
			assert_string_equal(e.field, "k3210");
		}
		buf_free(&b);
	}
	buf_init(&b, 0);
}

struct note {
	struct str text;
	int64_t store, count, at;
	bool loud;
	double weight;
	int colour;
	const struct json *any, *list, *object;
};

static const struct json_field note_fields[] = { JSON_FIELD_STR(struct note, text, "text", JSON_REQUIRED, 1, 10),
	                                         JSON_FIELD_ID(struct note, store, "store", ID_STORE, JSON_NULLABLE),
	                                         JSON_FIELD_I64(struct note, count, "count", 0, 1, 5),
	                                         JSON_FIELD_TIME(struct note, at, "at", 0),
	                                         JSON_FIELD_BOOL(struct note, loud, "loud", 0),
	                                         JSON_FIELD_F64(struct note, weight, "weight", 0),
	                                         JSON_FIELD_ENUM(struct note, colour, "colour", "red|green|blue", 0),
	                                         JSON_FIELD_VALUE(struct note, any, "any", 0),
	                                         JSON_FIELD_ARRAY(struct note, list, "list", 0, 1, 2),
	                                         JSON_FIELD_OBJECT(struct note, object, "object",
	                                                           JSON_REQUIRED | JSON_NULLABLE),
	                                         JSON_END };

static void reads_by_a_spec(void **state)
{
	JSON_AUTO struct json *j =
	        parse("{\"text\":\"hello\",\"store\":\"sto_0000000000011\",\"count\":5,"
	              "\"at\":\"1970-01-01T00:00:01Z\",\"loud\":true,\"weight\":2,\"colour\":\"blue\","
	              "\"any\":null,\"list\":[1],\"object\":{}}");
	struct note n = { 0 };
	struct error e;

	(void)state;
	assert_int_equal(json_read(j, note_fields, true, "note", &n, &e), OK);
	assert_str(n.text, "hello");
	assert_int_equal(n.store, 33);
	assert_int_equal(n.count, 5);
	assert_int_equal(n.at, USEC);
	assert_true(n.loud);
	assert_true(n.weight == 2);
	assert_int_equal(n.colour, 2);
	assert_int_equal(json_kind(n.any), JSON_NULL);
	assert_int_equal(json_count(n.list), 1);
	assert_non_null(n.object);
}

static void spec_errors_name_the_field(void **state)
{
	static const struct {
		const char *text, *code, *field;
	} bad[] = {
		{ "[]", "field.type", "note" },
		{ "{\"object\":{}}", "field.missing", "note.text" },
		{ "{\"text\":null,\"object\":{}}", "field.type", "note.text" },
		{ "{\"text\":1,\"object\":{}}", "field.type", "note.text" },
		{ "{\"text\":\"\",\"object\":{}}", "field.range", "note.text" },
		{ "{\"text\":\"12345678901\",\"object\":{}}", "field.range", "note.text" },
		{ "{\"text\":\"a\",\"object\":null}", "field.missing", "note.object" },
		{ "{\"text\":\"a\",\"object\":[]}", "field.type", "note.object" },
		{ "{\"text\":\"a\",\"object\":{},\"store\":\"cus_0000000000011\"}", "field.type", "note.store" },
		{ "{\"text\":\"a\",\"object\":{},\"count\":0}", "field.range", "note.count" },
		{ "{\"text\":\"a\",\"object\":{},\"count\":6}", "field.range", "note.count" },
		{ "{\"text\":\"a\",\"object\":{},\"count\":1.0}", "field.type", "note.count" },
		{ "{\"text\":\"a\",\"object\":{},\"at\":\"yesterday\"}", "field.type", "note.at" },
		{ "{\"text\":\"a\",\"object\":{},\"loud\":1}", "field.type", "note.loud" },
		{ "{\"text\":\"a\",\"object\":{},\"weight\":\"1\"}", "field.type", "note.weight" },
		{ "{\"text\":\"a\",\"object\":{},\"colour\":\"re\"}", "field.range", "note.colour" },
		{ "{\"text\":\"a\",\"object\":{},\"list\":[]}", "field.range", "note.list" },
		{ "{\"text\":\"a\",\"object\":{},\"list\":[1,2,3]}", "field.range", "note.list" },
		{ "{\"text\":\"a\",\"object\":{},\"list\":{}}", "field.type", "note.list" },
		{ "{\"text\":\"a\",\"object\":{},\"other\":1}", "field.unknown", "note.other" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		JSON_AUTO struct json *j = parse(bad[i].text);
		struct note n, before;
		struct error e;

		memset(&n, 0x5A, sizeof(n));
		before = n;
		assert_int_equal(json_read(j, note_fields, true, "note", &n, &e), ERR_INVALID);
		if (strcmp(e.code, bad[i].code) != 0 || strcmp(e.field, bad[i].field) != 0)
			fail_msg("%s: %s at %s", bad[i].text, e.code, e.field);
		assert_memory_equal(&n, &before, sizeof(n));
	}
}

/* ---- Round trips ------------------------------------------------------------------------------------------------- */

static void random_string(uint64_t *rnd, char *out, size_t *n)
{
	static const char *const pieces[] = { "a",
		                              "Z",
		                              " ",
		                              "\"",
		                              "\\",
		                              "/",
		                              "\n",
		                              "\t",
		                              "\x01",
		                              "\x1f",
		                              "\x7f",
		                              "é",
		                              "ß",
		                              "€",
		                              "漢",
		                              "😀",
		                              "\xF4\x8F\xBF\xBF",
		                              "\xEF\xBF\xBF",
		                              "{",
		                              "]",
		                              ":",
		                              "plain text of some length",
		                              "\\u0041",
		                              "'",
		                              "<",
		                              "&" };
	size_t count = random_below(rnd, 12);

	*n = 0;
	for (size_t i = 0; i < count; i++) {
		const char *p = pieces[random_below(rnd, sizeof(pieces) / sizeof(pieces[0]))];

		memcpy(out + *n, p, strlen(p));
		*n += strlen(p);
	}
	out[*n] = '\0';
}

static double random_double(uint64_t *rnd)
{
	double f;
	uint64_t bits;

	switch (random_below(rnd, 4)) {
	case 0:
		return (double)(int64_t)random_below(rnd, 1000000) / 100;
	case 1:
		return -(double)random_below(rnd, 1000) / 3;
	case 2:
		return (double)(int64_t)random_next(rnd);
	}
	do {
		bits = random_next(rnd);
		memcpy(&f, &bits, sizeof(f));
	} while (f - f != 0); /* until it is finite */
	return f;
}

static void write_random(uint64_t *rnd, struct json_writer *w, int depth)
{
	char text[400], key[420];
	size_t n, members;

	switch (random_below(rnd, depth < 6 ? 8 : 6)) {
	case 0:
		jw_null(w);
		break;
	case 1:
		jw_bool(w, random_below(rnd, 2));
		break;
	case 2:
		jw_i64(w, (int64_t)random_next(rnd) >> random_below(rnd, 64));
		break;
	case 3:
		jw_f64(w, random_double(rnd));
		break;
	case 4:
	case 5:
		random_string(rnd, text, &n);
		jw_str(w, (struct str){ text, n });
		break;
	case 6:
		jw_array(w);
		members = random_below(rnd, 6);
		for (size_t i = 0; i < members; i++)
			write_random(rnd, w, depth + 1);
		jw_end_array(w);
		break;
	case 7:
		jw_object(w);
		members = random_below(rnd, random_below(rnd, 10) ? 6 : 40);
		for (size_t i = 0; i < members; i++) {
			random_string(rnd, text, &n);
			snprintf(key, sizeof(key), "%s%zu", text, i);
			jw_key(w, key);
			write_random(rnd, w, depth + 1);
		}
		jw_end_object(w);
	}
}

static void write_again(const struct json *v, struct json_writer *w)
{
	struct str key;
	int64_t i;
	double f;
	bool b;

	switch (json_kind(v)) {
	case JSON_NULL:
		jw_null(w);
		break;
	case JSON_BOOL:
		assert_true(json_bool(v, &b));
		jw_bool(w, b);
		break;
	case JSON_INT:
		assert_true(json_i64(v, &i));
		jw_i64(w, i);
		break;
	case JSON_REAL:
		assert_true(json_f64(v, &f));
		jw_f64(w, f);
		break;
	case JSON_STRING:
		jw_str(w, json_str(v));
		break;
	case JSON_ARRAY:
		jw_array(w);
		for (size_t n = 0; n < json_count(v); n++)
			write_again(json_at(v, n), w);
		jw_end_array(w);
		break;
	case JSON_OBJECT:
		jw_object(w);
		for (size_t n = 0; n < json_count(v); n++) {
			const struct json *member = json_member(v, n, &key);

			jw_key(w, key.p);
			write_again(member, w);
		}
		jw_end_object(w);
	}
}

#define DOCUMENTS 100000

static void random_documents_come_back(void **state)
{
	BUF_AUTO struct buf first, again, canonical, twice;
	uint64_t rnd = 2026;

	(void)state;
	buf_init(&first, 0);
	buf_init(&again, 0);
	buf_init(&canonical, 0);
	buf_init(&twice, 0);
	for (int i = 0; i < DOCUMENTS; i++) {
		struct json_writer w;
		struct json *j, *k;
		struct error e;

		buf_clear(&first);
		jw_init(&w, &first);
		write_random(&rnd, &w, 0);
		if (json_parse(buf_view(&first), NULL, &j, &e) != OK)
			fail_msg("document %d: %s: %s", i, e.detail, first.p);
		buf_clear(&again);
		jw_init(&w, &again);
		write_again(j, &w);
		/* numbers too: a double is written so that it reads back as itself */
		if (!str_eq(buf_view(&first), buf_view(&again)))
			fail_msg("document %d: %s != %s", i, first.p, again.p);
		buf_clear(&canonical);
		assert_int_equal(json_dump(j, &canonical, &e), OK);
		json_free(j);
		assert_int_equal(json_parse(buf_view(&canonical), NULL, &k, &e), OK);
		buf_clear(&twice);
		assert_int_equal(json_dump(k, &twice, &e), OK);
		json_free(k);
		assert_true(str_eq(buf_view(&canonical), buf_view(&twice)));
	}
}

/* Both parsers get the same text: a document with a few bytes changed, cut or doubled. */
static void judged_alike(struct str text)
{
	BUF_AUTO struct buf ours, theirs;
	bool accepted;

	buf_init(&ours, 0);
	buf_init(&theirs, 0);
	if (!judge_agrees(text, &ours, &theirs, &accepted))
		fail_msg("%.*s\nours:   %.*s\ntheirs: %.*s", STR_ARG(text), STR_ARG(buf_view(&ours)),
		         STR_ARG(buf_view(&theirs)));
}

static void the_judge_agrees(void **state)
{
	static const char *const pieces[] = { "{",      "}",        "[",           "]",       ",",           ":",
		                              "\"",     "\\",       "\\u",         "\\ud83d", "\\ude00",     "0",
		                              "-",      ".",        "e",           "E+",      "1",           "\x80",
		                              "\xC3",   "\xE2\x82", "\n",          " ",       "true",        "null",
		                              "\"a\":", "\x01",     "99999999999", "0.1",     "\xEF\xBB\xBF" };
	BUF_AUTO struct buf b, changed;
	uint64_t rnd = 99;

	(void)state;
	buf_init(&b, 0);
	buf_init(&changed, 0);
	for (int i = 0; i < 100000; i++) {
		struct json_writer w;

		buf_clear(&b);
		jw_init(&w, &b);
		write_random(&rnd, &w, 3);
		judged_alike(buf_view(&b));
		for (int changes = 0; changes < 3; changes++) {
			const char *p = pieces[random_below(&rnd, sizeof(pieces) / sizeof(pieces[0]))];
			size_t at = random_below(&rnd, b.n + 1), skip = random_below(&rnd, 3);

			buf_clear(&changed);
			buf_add(&changed, b.p, at);
			if (random_below(&rnd, 3))
				buf_str(&changed, p);
			if (at + skip < b.n)
				buf_add(&changed, b.p + at + skip, b.n - at - skip);
			judged_alike(buf_view(&changed));
		}
	}
}

static void every_double_comes_back(void **state)
{
	BUF_AUTO struct buf b;
	uint64_t rnd = 7;

	(void)state;
	buf_init(&b, 0);
	for (int i = 0; i < 200000; i++) {
		double f = random_double(&rnd), back;
		struct json_writer w;
		struct json *j;
		struct error e;

		buf_clear(&b);
		jw_init(&w, &b);
		jw_f64(&w, f);
		assert_int_equal(json_parse(buf_view(&b), NULL, &j, &e), OK);
		assert_true(json_f64(j, &back));
		json_free(j);
		if (back != f)
			fail_msg("%.17g written as %s", f, b.p);
	}
}

static void canonical_text_is_sorted(void **state)
{
	JSON_AUTO struct json *j = parse(" { \"b\" : [ 1.50 , -0 ] , \"a\" : { \"z\":null, \"\":\"\\u0041\" } } ");
	BUF_AUTO struct buf b;
	struct error e;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(json_dump(j, &b, &e), OK);
	assert_str(buf_view(&b), "{\"a\":{\"\":\"A\",\"z\":null},\"b\":[1.50,-0]}");
}

static void writer_escapes_and_repairs(void **state)
{
	BUF_AUTO struct buf b;
	struct json_writer w;

	(void)state;
	buf_init(&b, 0);
	jw_init(&w, &b);
	jw_object(&w);
	jw_kstr(&w, "s", (struct str){ "a\0b\x1f\"\\\xFF\xE2\x82z\n", 11 });
	jw_kcstr(&w, "n", NULL);
	jw_kf64(&w, "nan", 0.0 / 0.0);
	jw_kf64(&w, "f", 19.99);
	jw_kf64(&w, "tiny", 1e-7);
	jw_kid(&w, "id", ID_CUSTOMER, 33);
	jw_kid(&w, "none", ID_CUSTOMER, 0);
	jw_ktime(&w, "t", 1500000);
	jw_kbool(&w, "y", true);
	jw_ki64(&w, "i", -5);
	jw_key(&w, "raw");
	jw_raw(&w, STR("[1,2]"));
	jw_end_object(&w);
	assert_str(buf_view(&b),
	           "{\"s\":\"a\\u0000b\\u001f\\\"\\\\\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\\n\",\"n\":null,"
	           "\"nan\":null,\"f\":19.99,\"tiny\":1e-07,\"id\":\"cus_0000000000011\",\"none\":null,"
	           "\"t\":\"1970-01-01T00:00:01.5Z\",\"y\":true,\"i\":-5,\"raw\":[1,2]}");
}

static void parser_survives_failing_memory(void **state)
{
	BUF_AUTO struct buf text, out;
	struct error e;

	(void)state;
	buf_init(&text, 0);
	buf_char(&text, '{');
	for (int i = 0; i < 300; i++)
		buf_printf(&text, "%s\"key%d\":[%d,\"value\",{\"x\":1.5}]", i ? "," : "", i, i);
	buf_char(&text, '}');
	for (uint64_t nth = 1;; nth++) {
		struct json *j = NULL;
		enum result r;

		buf_init(&out, 0);
		mem_fail_nth(nth);
		r = json_parse(buf_view(&text), NULL, &j, &e);
		if (r == OK) {
			r = json_dump(j, &out, &e);
			json_free(j);
		} else {
			assert_null(j);
		}
		mem_fail_nth(0);
		buf_free(&out);
		if (r == OK)
			break;
		assert_int_equal(r, ERR_NOMEM);
		assert_int_equal(e.result, ERR_NOMEM);
		assert_true(nth < 200);
	}
	buf_init(&out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(accepts_the_edges),
		cmocka_unit_test(says_where),
		cmocka_unit_test(finds_duplicates_among_many),
		cmocka_unit_test(reads_by_a_spec),
		cmocka_unit_test(spec_errors_name_the_field),
		cmocka_unit_test(random_documents_come_back),
		cmocka_unit_test(the_judge_agrees),
		cmocka_unit_test(every_double_comes_back),
		cmocka_unit_test(canonical_text_is_sorted),
		cmocka_unit_test(writer_escapes_and_repairs),
		cmocka_unit_test(parser_survives_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
