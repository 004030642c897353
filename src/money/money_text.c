#include "money/money.h"
#include "money/round.h"
#include <assert.h>
#include <stdio.h>

#define DECIMAL_DIGITS 6
#define KEPT_DIGITS 30     /* of a number, leading zeros not counted; beyond only "there was something" counts */
#define LONGEST_NUMBER 400 /* characters: a double printed in full has 330 */
#define MOST_EXPONENT 400

/* A number as written: digits × 10^-scale. */
struct number {
	unsigned __int128 digits;
	int scale, kept;
	bool negative, sticky; /* sticky: digits that are not 0 were left out behind the last one */
};

static bool is_digit(struct str s)
{
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

static void skip(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static bool take(struct str *s, struct str what)
{
	if (!str_starts(*s, what))
		return false;
	skip(s, what.n);
	return true;
}

/* A blank, also the no-break ones that spreadsheets write. */
static bool take_blank(struct str *s)
{
	return take(s, STR(" ")) || take(s, STR("\t")) || take(s, STR("\xC2\xA0")) || take(s, STR("\xE2\x80\xAF")) ||
	       take(s, STR("\xE2\x80\x89"));
}

static void add_digit(struct number *n, char c, bool fraction)
{
	if (n->kept == KEPT_DIGITS) {
		n->sticky |= c != '0';
		n->scale -= !fraction;
		return;
	}
	n->digits = n->digits * 10 + (unsigned)(c - '0');
	n->kept += n->digits != 0;
	n->scale += fraction;
}

/* "." groups where "," is the decimal mark and the other way round; blanks and apostrophes always. */
static bool take_grouping(struct str *s, char decimal_mark)
{
	return take(s, decimal_mark == ',' ? STR(".") : STR(",")) || take(s, STR("'")) ||
	       take(s, STR("\xE2\x80\x99")) || take_blank(s);
}

/* "1234", "1,234,567": a grouping mark, always the same, before each three digits, or none at all. */
static size_t take_whole(struct str *s, char decimal_mark, struct number *n)
{
	struct str mark = { NULL, 0 };
	size_t count = 0;

	for (; is_digit(*s); skip(s, 1), count++)
		add_digit(n, s->p[0], false);
	if (count == 0 || count > 3)
		return count;
	for (;;) {
		struct str rest = *s, used;

		if (!take_grouping(&rest, decimal_mark))
			return count;
		used = (struct str){ s->p, s->n - rest.n };
		if (mark.p && !str_eq(mark, used))
			return count;
		for (size_t i = 0; i < 3; i++)
			if (rest.n <= i || rest.p[i] < '0' || rest.p[i] > '9')
				return count; /* the mark stays, and is found out of place by the caller */
		if (rest.n > 3 && rest.p[3] >= '0' && rest.p[3] <= '9')
			return count;
		mark = used;
		*s = rest;
		for (int i = 0; i < 3; i++, skip(s, 1), count++)
			add_digit(n, s->p[0], false);
	}
}

/* "1e3", "1.0E-7", as programs write JSON numbers. */
static bool take_exponent(struct str *s, struct number *n)
{
	bool negative;
	int exponent = 0;

	if (s->n == 0 || (s->p[0] | 0x20) != 'e')
		return true;
	/* "12 EUR" is no exponent */
	if (s->n < 2 || !((s->p[1] >= '0' && s->p[1] <= '9') || s->p[1] == '+' || s->p[1] == '-'))
		return true;
	skip(s, 1);
	negative = take(s, STR("-"));
	if (!negative)
		(void)take(s, STR("+"));
	if (!is_digit(*s))
		return false;
	for (; is_digit(*s); skip(s, 1))
		if ((exponent = exponent * 10 + (s->p[0] - '0')) > MOST_EXPONENT)
			return false;
	n->scale += negative ? exponent : -exponent;
	return true;
}

static bool take_sign(struct str *s, bool *negative)
{
	if (take(s, STR("-")) || take(s, STR("\xE2\x88\x92"))) {
		*negative = true;
		return true;
	}
	return take(s, STR("+"));
}

/* Digits, decimal mark, digits; ".50" too. */
static bool take_number(struct str *s, char decimal_mark, struct number *n)
{
	size_t whole = take_whole(s, decimal_mark, n), behind = 0;

	if (s->n > 0 && s->p[0] == decimal_mark) {
		skip(s, 1);
		for (; is_digit(*s); skip(s, 1), behind++)
			add_digit(n, s->p[0], true);
		if (behind == 0)
			return false;
	}
	return whole + behind > 0 && take_exponent(s, n);
}

/* The number × 10^digits as an integer; inexact when something was cut or rounded off. */
static bool scale_to(const struct number *n, int digits, int64_t *out, bool *inexact)
{
	unsigned __int128 v = n->digits;
	int scale = n->scale;
	bool sticky = n->sticky, half_or_more = false;
	unsigned last = 0;

	for (; scale < digits && v != 0; scale++) {
		if (v > (unsigned __int128)INT64_MAX)
			return false;
		v *= 10;
	}
	for (; scale > digits && (v != 0 || last != 0); scale--) {
		sticky |= last != 0;
		last = (unsigned)(v % 10);
		v /= 10;
	}
	if (scale > digits) /* all gone: far below half */
		last = 0;
	half_or_more = last >= 5;
	*inexact = last != 0 || sticky;
	v += half_or_more;
	if (v > (unsigned __int128)INT64_MAX)
		return false;
	*out = n->negative ? -(int64_t)v : (int64_t)v;
	return true;
}

static enum result malformed(struct error *e, const char *code)
{
	return error_set(e, ERR_INVALID, code, NULL, "not a number as it should be written");
}

/* A symbol, or a code of three letters; *wrong when it names another currency. */
static bool take_currency(struct str *s, int16_t currency, bool *wrong)
{
	int16_t found;

	if (take(s, STR("\xE2\x82\xAC"))) { /* € */
		*wrong |= strcmp(currency_code(currency), "EUR") != 0;
		return true;
	}
	if (take(s, STR("$")) || take(s, STR("\xC2\xA3")) || take(s, STR("\xC2\xA5")) || take(s, STR("\xE2\x82\xB9")) ||
	    take(s, STR("\xE2\x82\xA9"))) /* $ £ ¥ ₹ ₩: each of several countries */
		return true;
	if (s->n < 3 || !currency_find((struct str){ s->p, 3 }, &found))
		return false;
	*wrong |= found != currency;
	skip(s, 3);
	return true;
}

enum result money_parse(struct str text, int16_t currency, char decimal_mark, bool round, struct money *out,
                        struct error *e)
{
	struct number n = { 0 };
	bool wrong = false, signed_, marked, inexact;
	struct str s = text;
	int64_t minor;

	assert(decimal_mark == '.' || decimal_mark == ',');
	if (s.n > LONGEST_NUMBER)
		return malformed(e, "money.malformed");
	while (take_blank(&s) || take(&s, STR("\r")) || take(&s, STR("\n")))
		;
	signed_ = take_sign(&s, &n.negative);
	marked = take_currency(&s, currency, &wrong);
	while (marked && take_blank(&s))
		;
	if (marked && !signed_)
		take_sign(&s, &n.negative);
	if (!take_number(&s, decimal_mark, &n))
		return malformed(e, "money.malformed");
	while (take_blank(&s))
		;
	if (!marked)
		take_currency(&s, currency, &wrong);
	if (str_trim(s).n != 0)
		return malformed(e, "money.malformed");
	if (wrong)
		return error_set(e, ERR_INVALID, "money.currency", NULL, "an amount in another currency");
	if (!scale_to(&n, currency_digits(currency), &minor, &inexact))
		return error_set(e, ERR_INVALID, "money.overflow", NULL, "the amount is too large");
	if (inexact && !round)
		return error_set(e, ERR_INVALID, "money.digits", NULL, "more digits than %s has",
		                 currency_code(currency));
	*out = money_of_minor(currency, minor);
	return OK;
}

enum result decimal_parse(struct str text, char decimal_mark, struct decimal *out, struct error *e)
{
	struct number n = { 0 };
	struct str s = str_trim(text);
	bool inexact;
	int64_t micro;

	assert(decimal_mark == '.' || decimal_mark == ',');
	if (s.n > LONGEST_NUMBER)
		return malformed(e, "decimal.malformed");
	take_sign(&s, &n.negative);
	if (!take_number(&s, decimal_mark, &n) || s.n != 0)
		return malformed(e, "decimal.malformed");
	if (!scale_to(&n, DECIMAL_DIGITS, &micro, &inexact))
		return error_set(e, ERR_INVALID, "decimal.overflow", NULL, "the number is too large");
	*out = decimal_of_micro(micro);
	return OK;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* value × 10^-digits, at least `least` digits behind the point, blanks and zeros at the end left out; comma: ','
 * before each three digits, or 0. */
static void format(char *out, int64_t value, int digits, int least, char comma)
{
	uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char text[MONEY_TEXT_BYTES], *p = text + sizeof(text);

	*--p = '\0';
	for (; digits > least && v % 10 == 0; digits--)
		v /= 10;
	if (digits > 0) {
		for (int i = 0; i < digits; i++, v /= 10)
			*--p = (char)('0' + v % 10);
		*--p = '.';
	}
	for (int i = 0; i == 0 || v > 0; i++, v /= 10) {
		if (comma && i > 0 && i % 3 == 0)
			*--p = comma;
		*--p = (char)('0' + v % 10);
	}
	if (value < 0)
		*--p = '-';
	memcpy(out, p, (size_t)(text + sizeof(text) - p));
}

void decimal_format(char out[MONEY_TEXT_BYTES], struct decimal d)
{
	format(out, d.micro_, DECIMAL_DIGITS, 2, 0);
}

void money_format(char out[MONEY_TEXT_BYTES], struct money m)
{
	int digits = currency_digits(m.currency_);

	format(out, m.minor_, digits, digits, 0);
}

void money_display(char out[MONEY_TEXT_BYTES], struct money m)
{
	int digits = currency_digits(m.currency_);
	const char *code = currency_code(m.currency_);
	size_t n = strlen(code);

	memcpy(out, code, n);
	if (n > 0)
		out[n++] = ' ';
	format(out + n, m.minor_, digits, digits, ',');
}
