/* The order of sizes. Pure. */
#include "shop/room.h"

#include <stdlib.h>
#include <strings.h>

enum class { CLASS_NONE, CLASS_LETTERS, CLASS_NUMBER, CLASS_WORD };

struct size {
	enum class class;
	double rank; /* of letters: M is 0; of a number: its value */
	const char *rest;
};

/* "ONE SIZE" and the like say that there is no choice. */
static bool is_none(const char *s)
{
	static const char *const none[] = { "", "one size", "onesize", "os", "one", "uni", "tu", "u" };
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (!strcasecmp(s, none[i]))
			return true;
	return false;
}

/* XXS, 3XL, M, "L/XL": how far from M. False: these are no such letters. */
static bool letters(const char *s, double *rank, const char **rest)
{
	char *end;
	long many = strtol(s, &end, 10);
	int xs = 0;
	const char *p = end == s ? s : end;
	if (end != s && (many < 1 || many > 20 || (*p | 32) != 'x'))
		return false;
	for (; (*p | 32) == 'x'; p++)
		xs++;
	if (end != s)
		xs = xs == 1 ? (int)many : -1;
	int c = *p | 32;
	if (xs < 0 || (c != 's' && c != 'm' && c != 'l') || (c == 'm' && xs))
		return false;
	p++;
	if ((*p | 32) >= 'a' && (*p | 32) <= 'z') /* a word that begins with s, m or l */
		return false;
	*rank = c == 'm' ? 0 : c == 's' ? -1 - xs : 1 + xs;
	*rest = p;
	return true;
}

/* "42", "42,5", "42.5", "42½", "42 1/2". */
static const char *number(const char *s, double *value)
{
	double v = 0, place = 1;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (*s - '0');
	if ((*s == '.' || *s == ',') && s[1] >= '0' && s[1] <= '9')
		for (s++; *s >= '0' && *s <= '9'; s++)
			v += (*s - '0') * (place /= 10);
	else if (!strncmp(s, "½", strlen("½")))
		v += 0.5, s += strlen("½");
	else if (!strncmp(s, " 1/2", 4))
		v += 0.5, s += 4;
	*value = v;
	return s;
}

static struct size size_read(const char *s)
{
	struct size out = { .class = CLASS_WORD, .rest = s };
	if (is_none(s))
		return (struct size){ .class = CLASS_NONE, .rest = s };
	if (letters(s, &out.rank, &out.rest)) {
		out.class = CLASS_LETTERS;
		return out;
	}
	if ((*s | 32) == 'w' && s[1] >= '0' && s[1] <= '9') /* W32 L34 */
		s++;
	if (*s >= '0' && *s <= '9') {
		out.class = CLASS_NUMBER;
		out.rest = number(s, &out.rank);
	}
	return out;
}

/* What follows: numbers by value, the rest by character, a doubled letter before the single one (75AA, 75A, 75B). */
static int rest_compare(const char *a, const char *b)
{
	while (*a && *b) {
		if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
			double x, y;
			a = number(a, &x);
			b = number(b, &y);
			if (x != y)
				return x < y ? -1 : 1;
			continue;
		}
		char x = *a >= 'a' && *a <= 'z' ? (char)(*a - 32) : *a,
		     y = *b >= 'a' && *b <= 'z' ? (char)(*b - 32) : *b;
		if (x != y)
			return (unsigned char)x < (unsigned char)y ? -1 : 1;
		if (x == 'A' && (a[1] == *a) != (b[1] == *b))
			return a[1] == *a ? -1 : 1;
		a++;
		b++;
	}
	return *a ? 1 : *b ? -1 : 0;
}

int size_compare(const char *a, const char *b)
{
	struct size x = size_read(a), y = size_read(b);
	if (x.class != y.class)
		return x.class < y.class ? -1 : 1;
	if (x.class == CLASS_NONE)
		return 0;
	if (x.rank != y.rank)
		return x.rank < y.rank ? -1 : 1;
	return rest_compare(x.rest, y.rest);
}
