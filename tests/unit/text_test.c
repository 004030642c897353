/* rooms: text base */
#include "test.h"
#include "text/text.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static int start(void **state)
{
	(void)state;
	return text_start(NULL) == OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	text_stop();
	return 0;
}

/* ---- Folding ----------------------------------------------------------------------------------------------------- */

static void folds(const char *in, const char *expected)
{
	char out[TEXT_FOLD_BYTES];
	size_t n = text_fold(str_c(in), out);

	assert_int_equal(n, strlen(out));
	if (strcmp(out, expected) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", in, out, expected);
}

static void names_fold(void **state)
{
	static const char *const known[][2] = {
		{ "", "" },
		{ " \t.,;", "" },
		{ "Müller-Łukasz", "muller lukasz" },
		{ "  O'Brien ", "o brien" },
		{ "O’Brien", "o brien" },
		{ "Oʼbrien", "o brien" },
		{ "JOSÉ  MARÍA", "jose maria" },
		{ "Jose\xCC\x81", "jose" },
		{ "Søren Kierkegård", "soren kierkegard" },
		{ "Straße STRASSE STRAẞE", "strasse strasse strasse" },
		{ "Æsir Œuvre Þór Ðarko đorđe", "aesir oeuvre thor darko dorde" },
		{ "İstanbul Işık", "istanbul isik" },
		{ "Nguyễn Thị Ánh", "nguyen thi anh" },
		{ "Dvořák", "dvorak" },
		{ "Ħamrun Ŋ ŧ ſ ĳ", "hamrun ng t s ij" },
		{ "Андрей Достоевский", "andrey dostoevskiy" },
		{ "Андреи\xCC\x86 И\xCC\x86", "andrey y" },
		{ "ЙОСИФ Щукин Цой Жуков Юлия Объедков", "yosif shchukin tsoy zhukov yuliya obedkov" },
		{ "Київ Їжак Ґалаґан", "kiiv izhak galagan" },
		{ "Γιώργος Παπαδόπουλος", "giorgos papadopoulos" },
		{ "ΕΥΆΓΓΕΛΟΣ Ευάγγελος Σταύρος Ελευθέριος", "evangelos evangelos stavros eleftherios" },
		{ "άυλος Αϋφαντής ᾳ", "aylos ayfantis a" },
		{ "王小明", "wang xiao ming" },
		{ "曾国藩 Zeng", "zeng guo fan zeng" },
		{ "A王b", "a wang b" },
		{ "ﬁn Ⅷ ① ２０２６ ٣", "fin viii 1 2026 3" },
		{ "カタカナ", "かたかな" },
		{ "ｶﾀｶﾅ", "かたかな" },
		{ "a\xC2\xADz a\xE2\x80\x8Dz", "az az" },
		{ "a\xC2\xA0z\xE2\x80\x93y", "a z y" },
		{ "x😀y", "x y" },
		{ "\xFFoo\xC3", "oo" },
		{ "a\xFF\xFE b", "a b" },
		{ "½", "1 2" },
		{ "שָׁלוֹם", "שלום" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		folds(known[i][0], known[i][1]);
}

static size_t encode(uint32_t c, char *out)
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

/* What holds of every folded text. */
static void check_folded(const char *in, size_t length, const char *out, size_t n)
{
	char again[TEXT_FOLD_BYTES];

	assert_true(n <= TEXT_FOLD_MAX && out[n] == '\0');
	assert_true(str_utf8_valid((struct str){ out, n }));
	for (size_t i = 0; i < n; i++) {
		bool good = (unsigned char)out[i] >= 0x80 || (out[i] >= 'a' && out[i] <= 'z') ||
		            (out[i] >= '0' && out[i] <= '9') ||
		            (out[i] == ' ' && i > 0 && i < n - 1 && out[i - 1] != ' ');

		if (!good)
			fail_msg("%.*s: \"%s\"", (int)length, in, out);
	}
	if (text_fold((struct str){ out, n }, again) != n || memcmp(again, out, n + 1) != 0)
		fail_msg("%.*s: \"%s\" folds again to \"%s\"", (int)length, in, out, again);
}

/* Every code point alone and between letters; Han outside the common block by samples (each costs a transliteration).
 */
static void folding_is_idempotent_for_every_character(void **state)
{
	char in[16], out[TEXT_FOLD_BYTES];

	(void)state;
	for (uint32_t c = 1; c <= 0x10FFFF; c += (c >= 0x3400 && c < 0xA000) || c >= 0x20000 ? 97 : 1) {
		size_t n;

		if (c >= 0xD800 && c < 0xE000)
			continue;
		n = encode(c, in);
		check_folded(in, n, out, text_fold((struct str){ in, n }, out));
		memmove(in + 1, in, n);
		in[0] = 'A';
		in[n + 1] = 'z';
		check_folded(in, n + 2, out, text_fold((struct str){ in, n + 2 }, out));
		assert_int_equal(out[0], 'a');
		assert_int_equal(out[strlen(out) - 1], 'z');
	}
}

static void folding_holds_for_random_text(void **state)
{
	static const char *const pieces[] = { "a",
		                              "Z",
		                              " ",
		                              "'",
		                              "-",
		                              "é",
		                              "e\xCC\x81",
		                              "и",
		                              "\xCC\x86",
		                              "ё",
		                              "Й",
		                              "ο",
		                              "υ",
		                              "ύ",
		                              "α",
		                              "γ",
		                              "γγ",
		                              "Σ",
		                              "ß",
		                              "İ",
		                              "王",
		                              "々",
		                              "ㄱ",
		                              "각",
		                              "が",
		                              "か\xE3\x82\x99",
		                              "ー",
		                              "ש",
		                              "\xD6\xB8",
		                              "\xD9\x8B",
		                              "ا",
		                              "ก",
		                              "\xE0\xB9\x88",
		                              "\xE0\xB8\xB8",
		                              "क",
		                              "\xE0\xA4\xBF",
		                              "\xE0\xA5\x8D",
		                              "\xE2\x80\x8D",
		                              "\xCD\x8F",
		                              "\xCD\x85",
		                              "ﷺ",
		                              "😀",
		                              "\xFF",
		                              "\xC3",
		                              "\xED\xA0\x80",
		                              "½",
		                              "٣",
		                              "\xEF\xB8\x8F",
		                              "ꭰ",
		                              "Ⴀ" };
	uint64_t rnd = 77;
	char in[800], out[TEXT_FOLD_BYTES];

	(void)state;
	for (int round = 0; round < 100000; round++) {
		size_t n = 0, count = random_below(&rnd, random_below(&rnd, 50) ? 10 : 200);

		for (size_t i = 0; i < count; i++) {
			const char *p = random_below(&rnd, 6)
			                        ? pieces[random_below(&rnd, sizeof(pieces) / sizeof(*pieces))]
			                        : "x";

			memcpy(in + n, p, strlen(p));
			n += strlen(p);
			if (n > sizeof(in) - 8)
				break;
		}
		check_folded(in, n, out, text_fold((struct str){ in, n }, out));
	}
	for (int round = 0; round < 100000; round++) { /* hostile bytes */
		size_t n = random_below(&rnd, 40);

		for (size_t i = 0; i < n; i++)
			in[i] = (char)(random_below(&rnd, 2) ? random_next(&rnd) : 0x80 + random_below(&rnd, 0x7F));
		check_folded(in, n, out, text_fold((struct str){ in, n }, out));
	}
}

static void long_text_is_cut_at_a_character(void **state)
{
	char in[600], out[TEXT_FOLD_BYTES];

	(void)state;
	memset(in, 'a', sizeof(in));
	assert_int_equal(text_fold((struct str){ in, sizeof(in) }, out), TEXT_FOLD_MAX);
	for (size_t at = 250; at < 260; at++) {
		memset(in, 'a', sizeof(in));
		memcpy(in + at, "漢", 3);
		check_folded(in, 300, out, text_fold((struct str){ in, 300 }, out));
	}
	for (size_t i = 0; i + 2 <= sizeof(in); i += 2)
		memcpy(in + i, "щ", 2);
	check_folded(in, sizeof(in), out, text_fold((struct str){ in, sizeof(in) }, out));
	assert_int_equal(strlen(out), TEXT_FOLD_MAX);
}

static void *fold_in_thread(void *arg)
{
	char out[TEXT_FOLD_BYTES];

	for (int i = 0; i < 300; i++) {
		text_fold(STR("李小龙 Пётр Ελλάδα"), out);
		if (strcmp(out, "li xiao long petr ellada") != 0)
			return NULL;
	}
	return arg;
}

static void folding_is_safe_for_threads(void **state)
{
	pthread_t t[4];
	void *done;

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, fold_in_thread, t);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &done);
		assert_non_null(done);
	}
}

/* ---- Similarity -------------------------------------------------------------------------------------------------- */

/* The textbook, byte by byte. */
static double plain_jaro_winkler(struct str a, struct str b)
{
	bool ua[256] = { false }, ub[256] = { false };
	int window, m = 0, t = 0, k = 0, prefix = 0;
	double jaro;

	if (a.n == 0 && b.n == 0)
		return 1;
	window = (int)(a.n > b.n ? a.n : b.n) / 2 - 1;
	if (window < 0)
		window = 0;
	for (int i = 0; i < (int)a.n; i++)
		for (int j = 0; j < (int)b.n; j++)
			if (abs(i - j) <= window && !ub[j] && a.p[i] == b.p[j]) {
				ua[i] = ub[j] = true;
				m++;
				break;
			}
	if (m == 0)
		return 0;
	for (int i = 0; i < (int)a.n; i++)
		if (ua[i]) {
			while (!ub[k])
				k++;
			t += a.p[i] != b.p[k++];
		}
	jaro = ((double)m / (double)a.n + (double)m / (double)b.n + (m - (double)(t / 2)) / m) / 3;
	while (prefix < 4 && prefix < (int)a.n && prefix < (int)b.n && a.p[prefix] == b.p[prefix])
		prefix++;
	return jaro + prefix * 0.1 * (1 - jaro);
}

/* The textbook: the whole table. */
static int plain_osa(struct str a, struct str b)
{
	static int d[260][260];

	for (int i = 0; i <= (int)a.n; i++)
		for (int j = 0; j <= (int)b.n; j++) {
			int best;

			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]);
			best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
			best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[a.n][b.n];
}

static size_t random_word(uint64_t *rnd, char *out, size_t longest)
{
	size_t n = random_below(rnd, longest + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)('a' + random_below(rnd, 4));
	return n;
}

/* A few edits of a. */
static size_t mutate(uint64_t *rnd, const char *a, size_t n, char *out, size_t longest)
{
	memcpy(out, a, n);
	for (uint64_t edits = random_below(rnd, 4); edits > 0 && n > 2; edits--) {
		size_t at = random_below(rnd, n - 1);
		char c = out[at];

		switch (random_below(rnd, 4)) {
		case 0:
			out[at] = 'e';
			break;
		case 1:
			out[at] = out[at + 1];
			out[at + 1] = c;
			break;
		case 2:
			memmove(out + at, out + at + 1, --n - at);
			break;
		default:
			if (n < longest) {
				memmove(out + at + 1, out + at, n - at);
				n++;
			}
		}
	}
	return n;
}

static void similarity_equals_the_textbook(void **state)
{
	uint64_t rnd = 31;
	char p[256], q[256];

	(void)state;
	for (int round = 0; round < 300000; round++) {
		size_t longest = round % 10 ? 12 : round % 100 ? 64 : round % 1000 ? 70 : 250;
		struct str a = { p, random_word(&rnd, p, longest) }, b = { q, 0 };
		double expected, got;
		int distance, limit = (int)random_below(&rnd, 6);

		b.n = round % 2 ? mutate(&rnd, p, a.n, q, longest) : random_word(&rnd, q, longest);
		expected = plain_jaro_winkler(a, b);
		got = text_jaro_winkler(a, b);
		if (fabs(expected - got) > 1e-12)
			fail_msg("%.*s %.*s: %f, not %f", STR_ARG(a), STR_ARG(b), got, expected);
		distance = plain_osa(a, b);
		if (text_osa_distance(a, b, limit) != (distance > limit ? limit + 1 : distance))
			fail_msg("%.*s %.*s limit %d: %d, not %d", STR_ARG(a), STR_ARG(b), limit,
			         text_osa_distance(a, b, limit), distance);
		assert_int_equal(text_osa_distance(a, b, 300), distance);
		assert_int_equal(text_osa_distance(b, a, 300), distance);
	}
}

static void similarity_of_known_names(void **state)
{
	(void)state;
	assert_true(fabs(text_jaro_winkler(STR("martha"), STR("marhta")) - 0.961111) < 1e-6);
	assert_true(fabs(text_jaro_winkler(STR("dwayne"), STR("duane")) - 0.84) < 1e-6);
	assert_true(fabs(text_jaro_winkler(STR("dixon"), STR("dicksonx")) - 0.813333) < 1e-6);
	assert_true(text_jaro_winkler(STR(""), STR("")) == 1);
	assert_true(text_jaro_winkler(STR("a"), STR("")) == 0);
	assert_true(text_jaro_winkler(STR("abc"), STR("xyz")) == 0);
	assert_true(text_jaro_winkler(STR("same"), STR("same")) == 1);
	assert_int_equal(text_osa_distance(STR("ca"), STR("abc"), 9), 3); /* aligned: a pair is not edited twice */
	assert_int_equal(text_osa_distance(STR("smith"), STR("smiht"), 9), 1);
	assert_int_equal(text_osa_distance(STR("smith"), STR("jones"), 2), 3);
}

static void words_that_sound_alike(void **state)
{
	static const char *const same[][2] = {
		{ "smith", "smyth" },        { "stephens", "stevens" },   { "catherine", "katherine" },
		{ "schmidt", "schmitt" },    { "philip", "filip" },       { "meyer", "maier" },
		{ "knight", "night" },       { "wright", "right" },       { "hugh", "hue" },
		{ "christine", "kristine" }, { "allan", "alan" },         { "jeffrey", "geoffrey" },
		{ "thomas", "tomas" },       { "schneider", "shnaider" }, { "clark", "klarck" },
		{ "xavier", "savier" },
	};
	static const char *const apart[][2] = { { "smith", "jones" },
		                                { "martin", "marlin" },
		                                { "anna", "hanna" },
		                                { "lee", "reed" },
		                                { "miller", "muller n" } };
	char a[9], b[9];

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		text_phonetic(str_c(same[i][0]), a);
		text_phonetic(str_c(same[i][1]), b);
		if (strcmp(a, b) != 0)
			fail_msg("%s %s: %s %s", same[i][0], same[i][1], a, b);
	}
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
		text_phonetic(str_c(apart[i][0]), a);
		text_phonetic(str_c(apart[i][1]), b);
		if (strcmp(a, b) == 0)
			fail_msg("%s %s: %s", apart[i][0], apart[i][1], a);
	}
	text_phonetic(STR("123"), a);
	assert_string_equal(a, "");
	text_phonetic(STR("wolfeschlegelsteinhausenbergerdorff"), a);
	assert_int_equal(strlen(a), 8);
}

/* ---- Names ------------------------------------------------------------------------------------------------------- */

static void names_split(void **state)
{
	static const struct {
		const char *full, *prefix, *given, *middle, *family, *suffix;
	} known[] = {
		{ "Smith, Jane A.", "", "Jane", "A.", "Smith", "" },
		{ "Dr Jane van der Berg Jr", "Dr", "Jane", "", "van der Berg", "Jr" },
		{ "Jane", "", "Jane", "", "", "" },
		{ "", "", "", "", "", "" },
		{ "  Jane   Mary  Smith ", "", "Jane", "Mary", "Smith", "" },
		{ "Prof. Dr. Hans Peter Müller", "Prof. Dr.", "Hans", "Peter", "Müller", "" },
		{ "Martin Luther King, Jr.", "", "Martin", "Luther", "King", "Jr." },
		{ "King, Martin Luther, Jr.", "", "Martin", "Luther", "King", "Jr." },
		{ "King Jr., Martin", "", "Martin", "", "King", "Jr." },
		{ "King, Jr., Martin Luther", "", "Martin", "Luther", "King", "Jr." },
		{ "van der Berg, Dr. Jane", "Dr.", "Jane", "", "van der Berg", "" },
		{ "Ludwig van Beethoven", "", "Ludwig", "", "van Beethoven", "" },
		{ "Maria de los Santos", "", "Maria", "", "de los Santos", "" },
		{ "Van Morrison", "", "Van", "", "Morrison", "" },
		{ "Jane Smith, PhD", "", "Jane", "", "Smith", "PhD" },
		{ "Mrs", "", "Mrs", "", "", "" },
		{ "Mr. Smith", "Mr.", "Smith", "", "", "" },
		{ "Smith,", "", "Smith", "", "", "" },
		{ ",", "", "", "", "", "" },
		{ ", Jane", "", "Jane", "", "", "" },
		{ "王小明", "", "王小明", "", "", "" },
		{ "山田\xE3\x80\x80太郎", "", "山田", "", "太郎", "" },
		{ "Jane\xC2\xA0Smith", "", "Jane", "", "Smith", "" },
		{ "Henry Ford II", "", "Henry", "", "Ford", "II" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct name_parts n;

		name_split(str_c(known[i].full), &n);
		if (strcmp(n.prefix, known[i].prefix) || strcmp(n.given, known[i].given) ||
		    strcmp(n.middle, known[i].middle) || strcmp(n.family, known[i].family) ||
		    strcmp(n.suffix, known[i].suffix))
			fail_msg("%s: [%s] [%s] [%s] [%s] [%s]", known[i].full, n.prefix, n.given, n.middle, n.family,
			         n.suffix);
	}
}

static void long_names_are_cut_at_characters(void **state)
{
	static const char *const separators[] = { " ", ", ", ",", "  " };
	uint64_t rnd = 12;
	char full[2000];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct name_parts n;
		size_t length = 0;

		for (uint64_t words = random_below(&rnd, 60); words > 0 && length < sizeof(full) - 420; words--) {
			const char *separator = separators[random_below(&rnd, 4)];

			for (uint64_t i = random_below(&rnd, random_below(&rnd, 9) ? 8 : 100); i > 0; i--) {
				const char *letter = random_below(&rnd, 2) ? "ü" : random_below(&rnd, 2) ? "漢" : "a";

				memcpy(full + length, letter, strlen(letter));
				length += strlen(letter);
			}
			memcpy(full + length, separator, strlen(separator));
			length += strlen(separator);
		}
		name_split((struct str){ full, length }, &n);
		assert_true(str_utf8_valid(str_c(n.given)) && str_utf8_valid(str_c(n.middle)) &&
		            str_utf8_valid(str_c(n.family)) && str_utf8_valid(str_c(n.prefix)) &&
		            str_utf8_valid(str_c(n.suffix)));
	}
}

static void nicknames_are_known(void **state)
{
	static const char *const yes[][2] = {
		{ "robert", "bob" },     { "bob", "robert" },     { "bob", "rob" },         { "elizabeth", "liz" },
		{ "william", "bill" },   { "peggy", "margaret" }, { "heinrich", "henry" },  { "sasha", "alexandra" },
		{ "barbel", "barbara" }, { "same", "same" },      { "katya", "ekaterina" }, { "giuseppe", "joseph" }
	};
	static const char *const no[][2] = { { "robert", "william" }, { "anna", "bob" }, { "", "" },
		                             { "", "bob" },           { "bo", "bob" },   { "zzz", "bob" } };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!name_nickname(str_c(yes[i][0]), str_c(yes[i][1])))
			fail_msg("%s %s", yes[i][0], yes[i][1]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (name_nickname(str_c(no[i][0]), str_c(no[i][1])))
			fail_msg("%s %s", no[i][0], no[i][1]);
}

/* ---- E-mails, phones, addresses -----------------------------------------------------------------------------------
 */

static void emails_are_normalised(void **state)
{
	static const char *const good[][2] = {
		{ " Jane.Doe+Shop@Example.COM\n", "jane.doe+shop@example.com" },
		{ "o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk" },
		{ "a..b.@docomo.ne.jp", "a..b.@docomo.ne.jp" },
		{ "x@B\xC3\xBC"
		  "cher.example",
		  "x@xn--bcher-kva.example" },
		{ "M\xC3\x9CLLER@example.ch", "m\xC3\xBCller@example.ch" },
		{ "mu\xCC\x88ller@example.ch", "m\xC3\xBCller@example.ch" },
	};
	static const char *const bad[] = { "",
		                           "@",
		                           "a@",
		                           "@b.com",
		                           "a@b",
		                           "a b@c.com",
		                           "a@b..com",
		                           "a@.com",
		                           "a@b.com.",
		                           "a@-b.com",
		                           "a@b-.com",
		                           "a@b_c.com",
		                           "a@1.2.3.4",
		                           "a@[1.2.3.4]",
		                           "a@b.c",
		                           "\"a\"@b.com",
		                           ".a@b.com",
		                           "a@b@c.com",
		                           "a,b@c.com",
		                           "<a@b.com>",
		                           "a@b.com, c@d.com",
		                           "a\x01@b.com",
		                           "\xFF@b.com",
		                           "a@\xFF.com",
		                           "mailto:a@b.com",
		                           "a@b.com\x7F" };
	char out[EMAIL_BYTES], again[EMAIL_BYTES], longer[300];
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (email_normalise(str_c(good[i][0]), out, &e) != OK)
			fail_msg("%s: %s", good[i][0], e.detail);
		assert_string_equal(out, good[i][1]);
		assert_int_equal(email_normalise(str_c(out), again, &e), OK);
		assert_string_equal(out, again);
	}
	strcpy(out, "untouched");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (email_normalise(str_c(bad[i]), out, &e) == OK)
			fail_msg("accepted: %s", bad[i]);
		assert_string_equal(e.code, "email.malformed");
	}
	memset(longer, 'a', sizeof(longer));
	memcpy(longer + 65, "@b.com", 7);
	assert_int_equal(email_normalise(str_c(longer), out, &e), ERR_INVALID);
	assert_int_equal(email_normalise(str_c(longer + 1), again, &e), OK);
	assert_string_equal(out, "untouched");
}

static void generic_emails_are_known(void **state)
{
	static const char *const yes[] = { "test@shop.ch",    "noreply@x.com", "jane@example.com",
		                           "a@b.test",        "xxx@gmail.com", "none@none.com",
		                           "info@company.de", "nothing",       "na@gmail.com" };
	static const char *const no[] = { "jane.doe@gmail.com", "testa@gmail.com", "annabel@test.ch", "x@b.com",
		                          "me@contest.org" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!email_is_generic(str_c(yes[i])))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (email_is_generic(str_c(no[i])))
			fail_msg("%s", no[i]);
}

static void phones_are_normalised(void **state)
{
	static const char *const good[][3] = {
		{ "044 333 44 55", "CH", "+41443334455" },        { "+41 44 333 44 55", "", "+41443334455" },
		{ "0041 (0)44 333 44 55", "ch", "+41443334455" }, { "(212) 736-5000", "US", "+12127365000" },
		{ "tel:+1-212-736-5000", "", "+12127365000" },    { "１２１２７３６５０００", "US", "+12127365000" },
		{ "1-800-FLOWERS", "US", "+18003569377" },        { "020 7946 0958 ext 5", "GB", "+442079460958" },
	};
	static const char *const bad[][2] = { { "", "CH" },   { "hello", "CH" },    { "044 333 44 55", "" },
		                              { "12", "CH" }, { "+999123456", "" }, { "\xFF\xFF", "CH" },
		                              { "+", "CH" },  { "12345", "CHE" },   { "044 333 44 55", "??" } };
	char out[PHONE_BYTES] = "untouched", longer[70];
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (phone_normalise(str_c(bad[i][0]), bad[i][1], out, &e) != ERR_INVALID)
			fail_msg("accepted: %s", bad[i][0]);
	memset(longer, '1', sizeof(longer));
	assert_int_equal(phone_normalise((struct str){ longer, 65 }, "CH", out, &e), ERR_INVALID);
	assert_string_equal(e.code, "phone.malformed");
	assert_string_equal(out, "untouched");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (phone_normalise(str_c(good[i][0]), good[i][1], out, &e) != OK)
			fail_msg("%s: %s", good[i][0], e.detail);
		assert_string_equal(out, good[i][2]);
	}
}

static void generic_phones_are_known(void **state)
{
	static const char *const yes[] = { "+41000000000",
		                           "+41999999999",
		                           "+12125550142",
		                           "+15551234567",
		                           "+441234567",
		                           "+4179876543",
		                           "+",
		                           "",
		                           "+1" };
	static const char *const no[] = { "+41443334455", "+12127365000", "+442079460958", "+4915112345670" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!phone_is_generic(str_c(yes[i])))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (phone_is_generic(str_c(no[i])))
			fail_msg("%s", no[i]);
}

static void addresses_are_normalised(void **state)
{
	static const char *const streets[][2] = {
		{ "12 Main St.", "12 main street" },
		{ "12 St James St", "12 saint james street" },
		{ "St. Gallerstr. 5", "saint gallerstrasse 5" },
		{ "Bahnhofstr. 1a", "bahnhofstrasse 1a" },
		{ "Bahnhofstraße 1A", "bahnhofstrasse 1a" },
		{ "5th Ave", "5th avenue" },
		{ "", "" },
	};
	char out[TEXT_FOLD_BYTES], again[TEXT_FOLD_BYTES], code[POSTCODE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(streets) / sizeof(streets[0]); i++) {
		size_t n = street_fold(str_c(streets[i][0]), out);

		assert_int_equal(n, strlen(out));
		assert_string_equal(out, streets[i][1]);
		street_fold(str_c(out), again);
		assert_string_equal(again, out);
	}
	postcode_normalise(STR(" sw1a 1aa "), code);
	assert_string_equal(code, "SW1A1AA");
	postcode_normalise(STR("00-950"), code);
	assert_string_equal(code, "00950");
	postcode_normalise(STR("１００-0001"), code);
	assert_string_equal(code, "1000001");
	postcode_normalise(STR("abcdefghijklmnopqrstuvwxyz"), code);
	assert_string_equal(code, "ABCDEFGHIJKLMNO");
	postcode_normalise(STR(""), code);
	assert_string_equal(code, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_fold),
		cmocka_unit_test(folding_is_idempotent_for_every_character),
		cmocka_unit_test(folding_holds_for_random_text),
		cmocka_unit_test(long_text_is_cut_at_a_character),
		cmocka_unit_test(folding_is_safe_for_threads),
		cmocka_unit_test(similarity_equals_the_textbook),
		cmocka_unit_test(similarity_of_known_names),
		cmocka_unit_test(words_that_sound_alike),
		cmocka_unit_test(names_split),
		cmocka_unit_test(long_names_are_cut_at_characters),
		cmocka_unit_test(nicknames_are_known),
		cmocka_unit_test(emails_are_normalised),
		cmocka_unit_test(generic_emails_are_known),
		cmocka_unit_test(phones_are_normalised),
		cmocka_unit_test(generic_phones_are_known),
		cmocka_unit_test(addresses_are_normalised),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
