#include "demo/dirt.h"
#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char neighbour(struct rnd *r, char c)
{
	static const char *const keys[26] = { "sqz", "vgn", "xvd", "sfe", "wrd", "dgr", "fht", "gjy", "uok",
		                              "hku", "jli", "ko",  "njk", "bmh", "ipl", "ol",  "wa",  "etf",
		                              "adw", "ryg", "yij", "cbf", "qes", "zcs", "tuh", "xas" };
	bool upper = c >= 'A' && c <= 'Z';
	const char *near = keys[(upper ? c + 32 : c) - 'a'];
	char k = near[rnd_below(r, (uint32_t)strlen(near))];
	return (char)(upper ? k - 32 : k);
}

void dirt_typo(struct rnd *r, char *s, size_t size)
{
	size_t n = strlen(s), at = 0;
	bool found = false;
	if (n < 3)
		return;
	for (int tries = 0; tries < 12 && !found; tries++) {
		at = rnd_below(r, (uint32_t)n - 1);
		found = is_letter(s[at]) && is_letter(s[at + 1]);
	}
	if (!found)
		return;
	switch (rnd_below(r, 4)) {
	case 0:
		s[at] = neighbour(r, s[at]);
		break;
	case 1:
		memmove(s + at, s + at + 1, n - at);
		break;
	case 2:
		if (n + 2 <= size)
			memmove(s + at + 1, s + at, n - at + 1);
		break;
	default: {
		char c = s[at];
		s[at] = s[at + 1];
		s[at + 1] = c;
	}
	}
}

/* The accented letters of names.c and places.c. */
static const struct {
	const char *from, *to;
} plain[] = {
	{ "ä", "a" },   { "ö", "o" },       { "ü", "u" }, { "ß", "ss" }, { "Ä", "A" }, { "Ö", "O" }, { "Ü", "U" },
	{ "é", "e" },   { "è", "e" },       { "ê", "e" }, { "ë", "e" },  { "à", "a" }, { "â", "a" }, { "î", "i" },
	{ "ï", "i" },   { "ô", "o" },       { "û", "u" }, { "ù", "u" },  { "ç", "c" }, { "É", "E" }, { "È", "E" },
	{ "À", "A" },   { "Ç", "C" },       { "ò", "o" }, { "ó", "o" },  { "ñ", "n" }, { "á", "a" }, { "í", "i" },
	{ "ú", "u" },   { "Á", "A" },       { "Ó", "O" }, { "ą", "a" },  { "ć", "c" }, { "ę", "e" }, { "ł", "l" },
	{ "ń", "n" },   { "ś", "s" },       { "ź", "z" }, { "ż", "z" },  { "Ł", "L" }, { "Ś", "S" }, { "Ż", "Z" },
	{ "ş", "s" },   { "ğ", "g" },       { "ı", "i" }, { "İ", "I" },  { "Ş", "S" }, { "Ğ", "G" }, { "ễ", "e" },
	{ "ầ", "a" },   { "ạ", "a" },       { "ũ", "u" }, { "Đ", "D" },  { "ặ", "a" }, { "ỗ", "o" }, { "ồ", "o" },
	{ "ộ", "o" },   { "ơ", "o" },       { "ư", "u" }, { "ũ", "u" },  { "ỹ", "y" }, { "ý", "y" }, { "ấ", "a" },
	{ "ả", "a" },   { "ắ", "a" },       { "ă", "a" }, { "ậ", "a" },  { "ế", "e" }, { "ề", "e" }, { "ệ", "e" },
	{ "ì", "i" },   { "ị", "i" },       { "ố", "o" }, { "ụ", "u" },  { "ứ", "u" }, { "ữ", "u" }, { "ỳ", "y" },
	{ "đ", "d" },   { "ọ", "o" },       { "ề", "e" }, { "ỗ", "o" },  { "ỗ", "o" }, { "ạ", "a" }, { "ế", "e" },
	{ "ướ", "uo" }, { "ương", "uong" }, { "ế", "e" }, { "Ú", "U" },  { "Í", "I" }, { "õ", "o" },
};

void dirt_plain(char *s, size_t size, int german)
{
	static const char *const long_form[] = { "ae", "oe", "ue", "ss", "Ae", "Oe", "Ue" };
	char out[256];
	size_t n = 0;
	for (const char *p = s; *p && n + 5 < sizeof(out);) {
		size_t i = 0, count = sizeof(plain) / sizeof(plain[0]);
		if ((unsigned char)*p < 0x80)
			i = count;
		while (i < count && strncmp(p, plain[i].from, strlen(plain[i].from)) != 0)
			i++;
		if (i == count) {
			out[n++] = *p++;
			continue;
		}
		const char *to = german && i < 7 ? long_form[i] : plain[i].to;
		size_t m = strlen(to);
		memcpy(out + n, to, m);
		n += m;
		p += strlen(plain[i].from);
	}
	out[n] = '\0';
	if (n < size)
		memcpy(s, out, n + 1);
}

void dirt_upper(char *s)
{
	for (; *s; s++) {
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 32);
	}
}

void dirt_lower(char *s)
{
	for (; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	}
}

void dirt_ascii(const char *s, char *out, size_t size)
{
	char tmp[256];
	snprintf(tmp, sizeof(tmp), "%s", s);
	dirt_plain(tmp, sizeof(tmp), 1);
	dirt_lower(tmp);
	size_t n = 0;
	for (const char *p = tmp; *p && n + 1 < size; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
			out[n++] = *p;
	}
	out[n] = '\0';
}
