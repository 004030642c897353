/* Folding. What is ASCII goes by a table of bytes; other characters below U+3000 by a table of code points that the
 * slow way made at the start; the slow way, ICU's NFKD and a look at the neighbours, is left for the rest: marks that
 * change a letter (й), Greek digraphs, Han, Hangul, everything rare. */
#include "text/fold.h"
#include <pthread.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>

#define TABLE_END 0x3000
#define MOST_UNITS 2048 /* the longest decomposition is 18 UTF-16 units for three bytes of UTF-8 (U+FDFA) */
#define CONTEXT 0xFF    /* the letter depends on its neighbours: the slow way */

/* What one character becomes: n bytes, or CONTEXT. A separator is one blank. */
struct entry {
	uint8_t n;
	char text[7];
};

static struct entry table[TABLE_END];
static const UNormalizer2 *nfkd;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Where the folded text goes: never two blanks, none in front, TEXT_FOLD_MAX bytes at most, so that folding it again
 * cuts nothing. */
struct sink {
	char *out;
	size_t n;
	bool blank, full;
};

static void put(struct sink *s, const char *text, size_t n)
{
	size_t blank = s->blank && s->n > 0;

	if (n == 0 || s->full)
		return;
	if (s->n + blank + n > TEXT_FOLD_MAX) {
		s->full = true;
		return;
	}
	if (blank)
		s->out[s->n++] = ' ';
	s->blank = false;
	memcpy(s->out + s->n, text, n);
	s->n += n;
}

/* ---- The slow way -------------------------------------------------------------------------------------------------
 */

static uint32_t decode(const char *p, size_t step)
{
	const unsigned char *u = (const unsigned char *)p;

	switch (step) {
	case 1:
		return u[0];
	case 2:
		return (uint32_t)(u[0] & 0x1F) << 6 | (u[1] & 0x3F);
	case 3:
		return (uint32_t)(u[0] & 0x0F) << 12 | (uint32_t)(u[1] & 0x3F) << 6 | (u[2] & 0x3F);
	default:
		return (uint32_t)(u[0] & 0x07) << 18 | (uint32_t)(u[1] & 0x3F) << 12 | (uint32_t)(u[2] & 0x3F) << 6 |
		       (u[3] & 0x3F);
	}
}

static size_t encode(uint32_t c, char out[4])
{
	size_t n = 0;

	if (c < 0x80) {
		out[n++] = (char)c;
		return n;
	}
	if (c < 0x800) {
		out[n++] = (char)(0xC0 | c >> 6);
	} else {
		if (c < 0x10000) {
			out[n++] = (char)(0xE0 | c >> 12);
		} else {
			out[n++] = (char)(0xF0 | c >> 18);
			out[n++] = (char)(0x80 | (c >> 12 & 0x3F));
		}
		out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
	}
	out[n++] = (char)(0x80 | (c & 0x3F));
	return n;
}

/* At most TEXT_FOLD_MAX bytes of UTF-8 to UTF-16; what is broken becomes U+FFFD. */
static int32_t to_utf16(struct str in, UChar *out)
{
	int32_t n = 0;
	size_t i = 0;

	while (i < in.n) {
		size_t step = utf8_step(in.p + i, in.n - i);
		uint32_t c = step ? decode(in.p + i, step) : 0xFFFD;

		U16_APPEND_UNSAFE(out, n, c);
		i += step ? step : 1;
	}
	return n;
}

#define BREVE 0x306
#define DIAERESIS 0x308
#define SMALL_I 0x438
#define SHORT_I 0x439
#define GREEK_UPSILON 0x3C5

/* Vowel signs of Thai, Devanagari and so on are letters in effect; points and accents are not. */
static bool mark_is_dropped(uint32_t c)
{
	UErrorCode err = U_ZERO_ERROR;
	UScriptCode script;

	if (c == 0x3099 || c == 0x309A) /* kana voicing: ka and ga are different letters */
		return false;
	script = uscript_getScript((UChar32)c, &err);
	return script == USCRIPT_INHERITED || script == USCRIPT_COMMON || script == USCRIPT_HEBREW ||
	       script == USCRIPT_ARABIC || script == USCRIPT_CYRILLIC || script == USCRIPT_LATIN ||
	       script == USCRIPT_GREEK || script == USCRIPT_SYRIAC;
}

/* Whether mark stands among the marks that begin at i. */
static bool marked(const UChar *u, int32_t n, int32_t i, UChar mark)
{
	for (; i < n && u_charType(u[i]) == U_NON_SPACING_MARK; i++)
		if (u[i] == mark)
			return true;
	return false;
}

/* The Greek neighbours of u[i], as fold_greek() wants them: an accent on the first of two vowels, or a diaeresis on the
 * second, keeps them apart. */
static const char *greek_letter(const UChar *u, int32_t n, int32_t i, uint32_t c)
{
	int32_t next = i + 1;
	uint32_t before = 0, after = 0;

	while (next < n && u_charType(u[next]) == U_NON_SPACING_MARK)
		next++;
	if (next < n)
		after = (uint32_t)u_foldCase(u[next], U_FOLD_CASE_DEFAULT);
	if (i > 0 && !(c == GREEK_UPSILON && marked(u, n, i + 1, DIAERESIS)))
		before = (uint32_t)u_foldCase(u[i - 1], U_FOLD_CASE_DEFAULT);
	return fold_greek(c, before, after);
}

static bool is_letter(uint32_t c)
{
	int8_t type = u_charType((UChar32)c);

	if (c >= 0x2B0 && c <= 0x2FF) /* modifiers used as apostrophes: O'Brien is written with any of them */
		return false;
	if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK)
		return !mark_is_dropped(c);
	return u_isalpha((UChar32)c) || type == U_COMBINING_SPACING_MARK;
}

static void put_code_point(struct sink *s, uint32_t c)
{
	char text[4];

	if (c >= 0x30A1 && c <= 0x30F6) /* katakana and hiragana are one */
		c -= 0x60;
	put(s, text, encode(c, text));
}

/* One character of the decomposed text that is not ASCII. */
static void fold_one(struct sink *s, const UChar *u, int32_t n, int32_t i, uint32_t c)
{
	int8_t type = u_charType((UChar32)c);
	const char *latin;
	int32_t digit;

	if (c == SMALL_I && marked(u, n, i + 1, BREVE))
		c = SHORT_I;
	latin = greek_letter(u, n, i, c);
	if (!latin)
		latin = fold_letter(c);
	if (latin) {
		put(s, latin, strlen(latin));
		return;
	}
	if (u_hasBinaryProperty((UChar32)c, UCHAR_IDEOGRAPHIC)) {
		latin = fold_han(c);
		s->blank = true;
		if (latin)
			put(s, latin, strlen(latin));
		else if (is_letter(c))
			put_code_point(s, c);
		s->blank = true;
		return;
	}
	digit = type == U_DECIMAL_DIGIT_NUMBER ? u_charDigitValue((UChar32)c) : -1;
	if (digit >= 0)
		put(s, &"0123456789"[digit], 1);
	else if (is_letter(c))
		put_code_point(s, c);
	else if (type != U_NON_SPACING_MARK && type != U_ENCLOSING_MARK && type != U_FORMAT_CHAR)
		s->blank = true;
}

static size_t fold_once(struct str in, char *out)
{
	UChar source[TEXT_FOLD_MAX], u[MOST_UNITS];
	UErrorCode err = U_ZERO_ERROR;
	struct sink s = { .out = out };
	int32_t n = unorm2_normalize(nfkd, source, to_utf16(in, source), u, MOST_UNITS, &err);

	if (U_FAILURE(err))
		n = 0;
	for (int32_t i = 0; i < n;) {
		uint32_t c;

		U16_NEXT(u, i, n, c);
		if (u_charType((UChar32)c) != U_NON_SPACING_MARK) /* the iota below is a mark that has a "lower case" */
			c = (uint32_t)u_foldCase((UChar32)c, U_FOLD_CASE_DEFAULT);
		if (c >= 0x80)
			fold_one(&s, u, n, i - 1, c);
		else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			put(&s, &(const char){ (char)c }, 1);
		else
			s.blank = true;
	}
	out[s.n] = '\0';
	return s.n;
}

/* Dropping a character can bring two marks together that belong in another order; the second time finds them so. */
static size_t fold_slowly(struct str in, char *out)
{
	size_t n = fold_once(in, out);

	for (int round = 0; round < 3; round++) {
		char again[TEXT_FOLD_BYTES];
		size_t i = 0, m;

		while (i < n && (unsigned char)out[i] < 0x80)
			i++;
		if (i == n)
			break;
		m = fold_once((struct str){ out, n }, again);
		if (m == n && memcmp(again, out, n) == 0)
			break;
		memcpy(out, again, m + 1);
		n = m;
	}
	return n;
}

/* ---- The table ----------------------------------------------------------------------------------------------------
 */

static bool needs_context(uint32_t c)
{
	return (c >= 0x370 && c < 0x400) || (c >= 0x1F00 && c < 0x2000) || /* Greek */
	       (c >= 0x2E80 && c < 0x2FE0);                                /* Han radicals */
}

static void make_entry(uint32_t c)
{
	char text[8], folded[TEXT_FOLD_BYTES];
	struct entry *entry = &table[c];
	size_t n;

	entry->n = CONTEXT;
	if (needs_context(c))
		return;
	/* between two letters, so that a separator is told from a mark that vanishes */
	text[0] = 'x';
	n = 1 + encode(c, text + 1);
	text[n++] = 'x';
	n = fold_slowly((struct str){ text, n }, folded) - 2;
	if (n > sizeof(entry->text) || (n > 1 && (folded[1] == ' ' || folded[n] == ' ')))
		return;
	entry->n = (uint8_t)n;
	memcpy(entry->text, folded + 1, n);
}

static void make_table(void)
{
	UErrorCode err = U_ZERO_ERROR;

	nfkd = unorm2_getNFKDInstance(&err);
	if (U_FAILURE(err)) {
		nfkd = NULL;
		return;
	}
	for (uint32_t c = 0; c < TABLE_END; c++)
		make_entry(c);
}

bool fold_ready(void)
{
	pthread_once(&once, make_table);
	return nfkd != NULL;
}

/* ---- The door -----------------------------------------------------------------------------------------------------
 */

static struct str cut(struct str in)
{
	if (in.n > TEXT_FOLD_MAX) {
		in.n = TEXT_FOLD_MAX;
		/* an unfinished character at the end goes */
		for (size_t back = 1; back <= 3; back++) {
			const char *p = in.p + in.n - back;

			if (((unsigned char)*p & 0xC0) == 0x80)
				continue;
			if ((unsigned char)*p >= 0xC0 && utf8_step(p, back) == 0)
				in.n -= back;
			break;
		}
	}
	return in;
}

/* и is another letter where a mark follows it: slow unless ASCII or Cyrillic comes next. */
static bool letter_i_stands_alone(struct str rest)
{
	unsigned char next = rest.n > 2 ? (unsigned char)rest.p[2] : 0;

	return next < 0x80 || next == 0xD0 || next == 0xD1;
}

/* The ASCII characters in front; a letter or digit stays one byte. */
static void fold_ascii(struct str *in, struct sink *s)
{
	size_t i = 0, n = s->n;

	for (; i < in->n && (unsigned char)in->p[i] < 0x80; i++) {
		char c = table[(unsigned char)in->p[i]].text[0];

		if (c == ' ') {
			s->blank = true;
			continue;
		}
		if (n + 2 > TEXT_FOLD_MAX) /* near the end: put() looks closely */
			break;
		if (s->blank && n > 0)
			s->out[n++] = ' ';
		s->blank = false;
		s->out[n++] = c;
	}
	s->n = n;
	in->p += i;
	in->n -= i;
}

/* The table's way; false when a character needs the slow one. */
static bool fold_by_table(struct str in, struct sink *s)
{
	for (;;) {
		const struct entry *entry;
		size_t step = 1;

		if (!s->full)
			fold_ascii(&in, s);
		if (in.n == 0)
			return true;
		if ((unsigned char)in.p[0] < 0x80) {
			entry = &table[(unsigned char)in.p[0]];
		} else {
			uint32_t c;

			step = utf8_step(in.p, in.n);
			c = step ? decode(in.p, step) : TABLE_END;
			if (c >= TABLE_END || ((c | 0x20) == SMALL_I && !letter_i_stands_alone(in)))
				return false;
			entry = &table[c];
		}
		if (entry->n == CONTEXT)
			return false;
		if (entry->n == 1 && entry->text[0] == ' ')
			s->blank = true;
		else
			put(s, entry->text, entry->n);
		in.p += step;
		in.n -= step;
	}
}

size_t text_fold(struct str in, char out[TEXT_FOLD_BYTES])
{
	struct sink s = { .out = out };

	out[0] = '\0';
	if (!fold_ready())
		return 0;
	in = cut(in);
	if (!fold_by_table(in, &s))
		return fold_slowly(in, out);
	out[s.n] = '\0';
	return s.n;
}

enum result text_start(struct error *e)
{
	if (!fold_ready())
		return error_set(e, ERR_INTERNAL, "text.icu", NULL, "the Unicode library cannot load its data");
	nickname_prepare();
	if (!phone_start())
		return error_set(e, ERR_INTERNAL, "text.phones", NULL, "the phone number library cannot load its data");
	return OK;
}

void text_stop(void)
{
	fold_han_stop();
}
