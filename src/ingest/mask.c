#include "ingest/mask.h"

#define DIGITS_MIN 14
#define DIGITS_MAX 19

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool word(char c)
{
	return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool luhn(const char *d, int n)
{
	int sum = 0;
	for (int i = 0; i < n; i++) {
		int v = d[n - 1 - i] - '0';
		if (i % 2)
			v = v > 4 ? 2 * v - 9 : 2 * v;
		sum += v;
	}
	return sum % 10 == 0;
}

static int leading(const char *d, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++)
		v = v * 10 + d[i] - '0';
	return v;
}

/* The ranges of the card networks and the lengths in use (ISO/IEC 7812). 13 digits are left alone: they are GTINs. */
static bool network(const char *d, int n)
{
	int two = leading(d, 2), three = leading(d, 3), four = leading(d, 4);
	if (d[0] == '4')
		return n == 16 || n == 19;
	if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720))
		return n == 16;
	if (two == 34 || two == 37)
		return n == 15;
	if (two == 36 || two == 38 || two == 39 || (three >= 300 && three <= 305))
		return n == 14 || n == 16;
	if (four >= 3528 && four <= 3589)
		return n >= 16;
	return n >= 16 && (two == 62 || two == 65 || four == 6011 || (three >= 644 && three <= 649) || two == 50 ||
	                   (two >= 56 && two <= 59));
}

/* The next candidate from *at on: [*at, *end) with its digits. */
static bool next_run(const char *p, size_t n, size_t *at, size_t *end, char digits[DIGITS_MAX + 1], int *count)
{
	for (size_t i = *at; i < n; i++) {
		if (!digit(p[i]) || (i > 0 && word(p[i - 1])))
			continue;
		size_t j = i, last = i;
		int k = 0;
		while (j < n && (digit(p[j]) || ((p[j] == ' ' || p[j] == '-') && j + 1 < n && digit(p[j + 1])))) {
			if (digit(p[j])) {
				if (k <= DIGITS_MAX)
					digits[k < DIGITS_MAX ? k : DIGITS_MAX] = p[j];
				k++;
				last = j + 1;
			}
			j++;
		}
		if (k >= DIGITS_MIN && k <= DIGITS_MAX && !(last < n && word(p[last]))) {
			*at = i;
			*end = last;
			*count = k;
			return true;
		}
		i = last - 1;
	}
	return false;
}

static bool next_card(const char *p, size_t n, size_t *at, size_t *end, int *count)
{
	char digits[DIGITS_MAX + 1];
	while (next_run(p, n, at, end, digits, count)) {
		if (network(digits, *count) && luhn(digits, *count))
			return true;
		*at = *end;
	}
	return false;
}

bool card_found(struct str text)
{
	size_t at = 0, end;
	int count;
	return next_card(text.p, text.n, &at, &end, &count);
}

void card_mask(char *text, size_t n)
{
	size_t at = 0, end;
	int count;
	while (next_card(text, n, &at, &end, &count)) {
		/* After a colon, bracket or comma outside of quotes JSON would want a number. */
		size_t b = at;
		while (b > 0 && text[b - 1] == ' ')
			b--;
		char before = b ? text[b - 1] : '"';
		char with = before == ':' || before == '[' || before == ',' ? '9' : '*';
		for (int left = count; at < end; at++)
			if (digit(text[at]) && left-- > 4)
				text[at] = with;
	}
}

struct str card_masked(struct str text, struct arena *a)
{
	if (!card_found(text))
		return text;
	char *copy = arena_strndup(a, text.p, text.n);
	if (!copy)
		return STR("");
	card_mask(copy, text.n);
	return (struct str){ copy, text.n };
}
