/* Letters of several alphabets: upper case, and into plain Latin letters by two schemes. Not the program's own tables:
 * what is measured must not be measured by itself. */
#include "torture_world.h"

static const struct {
	const char *letter, *plain, *other;
} marked[] = {
	{ "à", "a", "a" },  { "á", "a", "a" },  { "â", "a", "a" },  { "ã", "a", "a" }, { "ä", "a", "ae" },
	{ "å", "a", "aa" }, { "æ", "ae", "a" }, { "ç", "c", "c" },  { "è", "e", "e" }, { "é", "e", "e" },
	{ "ê", "e", "e" },  { "ë", "e", "e" },  { "ì", "i", "i" },  { "í", "i", "i" }, { "î", "i", "i" },
	{ "ï", "i", "i" },  { "ñ", "n", "ny" }, { "ò", "o", "o" },  { "ó", "o", "o" }, { "ô", "o", "o" },
	{ "ö", "o", "oe" }, { "ø", "o", "oe" }, { "ù", "u", "u" },  { "ú", "u", "u" }, { "û", "u", "u" },
	{ "ü", "u", "ue" }, { "ÿ", "y", "y" },  { "ß", "ss", "s" }, { "ą", "a", "a" }, { "ć", "c", "c" },
	{ "ę", "e", "e" },  { "ł", "l", "l" },  { "ń", "n", "n" },  { "ś", "s", "s" }, { "ź", "z", "z" },
	{ "ż", "z", "z" },
};
static const char *const cyrillic[][2] = {
	/* а to я */
	{ "a", "a" },   { "b", "b" },   { "v", "w" },   { "g", "g" },    { "d", "d" },     { "e", "ie" }, { "zh", "j" },
	{ "z", "s" },   { "i", "i" },   { "y", "j" },   { "k", "k" },    { "l", "l" },     { "m", "m" },  { "n", "n" },
	{ "o", "o" },   { "p", "p" },   { "r", "r" },   { "s", "s" },    { "t", "t" },     { "u", "ou" }, { "f", "f" },
	{ "kh", "ch" }, { "ts", "tz" }, { "ch", "c" },  { "sh", "sch" }, { "shch", "sc" }, { "", "" },    { "y", "i" },
	{ "", "" },     { "e", "e" },   { "yu", "iu" }, { "ya", "ia" },
};
static const char *const greek[][2] = {
	/* α to ω */
	{ "a", "a" },   { "v", "b" },  { "g", "gh" },  { "d", "dh" }, { "e", "e" }, { "z", "z" }, { "i", "e" },
	{ "th", "th" }, { "i", "i" },  { "k", "c" },   { "l", "l" },  { "m", "m" }, { "n", "n" }, { "x", "ks" },
	{ "o", "o" },   { "p", "p" },  { "r", "r" },   { "s", "s" },  { "s", "s" }, { "t", "t" }, { "y", "u" },
	{ "f", "ph" },  { "ch", "h" }, { "ps", "ps" }, { "o", "w" },
};

static uint32_t decode(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;

	if (s[0] < 0x80) {
		*p += 1;
		return s[0];
	}
	if (s[0] < 0xE0) {
		*p += 2;
		return (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
	}
	*p += 3; /* the tables hold nothing longer */
	return (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
}

static size_t encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	out[0] = (char)(0xE0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3F));
	out[2] = (char)(0x80 | (c & 0x3F));
	return 3;
}

static uint32_t greek_plain(uint32_t c)
{
	static const uint32_t accents[][2] = { { 0x3AC, 0x3B1 }, { 0x3AD, 0x3B5 }, { 0x3AE, 0x3B7 },
		                               { 0x3AF, 0x3B9 }, { 0x3CC, 0x3BF }, { 0x3CD, 0x3C5 },
		                               { 0x3CE, 0x3C9 }, { 0x3CA, 0x3B9 }, { 0x3CB, 0x3C5 } };

	for (size_t i = 0; i < sizeof(accents) / sizeof(*accents); i++)
		if (accents[i][0] == c)
			return accents[i][1];
	return c;
}

static uint32_t lower(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
	static const uint32_t capitals[][2] = { { 0x386, 0x3AC }, { 0x388, 0x3AD }, { 0x389, 0x3AE }, { 0x38A, 0x3AF },
		                                { 0x38C, 0x3CC }, { 0x38E, 0x3CD }, { 0x38F, 0x3CE } };

	if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) ||
	    (c >= 0x410 && c <= 0x42F))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40F)
		return c + 0x50;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
		return c & 1 ? c + 1 : c;
	for (size_t i = 0; i < sizeof(capitals) / sizeof(*capitals); i++)
		if (capitals[i][0] == c)
			return capitals[i][1];
	return c;
}

static uint32_t upper(uint32_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - 0x20 : c;
	c = greek_plain(c);
	if (c == 0x3C2) /* final sigma */
		return 0x3A3;
	if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9) ||
	    (c >= 0x430 && c <= 0x44F))
		return c - 0x20;
	if (c >= 0x450 && c <= 0x45F)
		return c - 0x50;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177))
		return c & ~1u;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
		return c & 1 ? c : c - 1;
	return c;
}

static void change(const char *in, char *out, size_t size, uint32_t (*fn)(uint32_t))
{
	size_t n = 0;

	while (*in && n + 4 < size)
		if ((unsigned char)*in < 0x80)
			out[n++] = (char)fn((unsigned char)*in++);
		else
			n += encode(fn(decode(&in)), out + n);
	out[n] = '\0';
}

void script_upper(char *s, size_t size)
{
	char copy[FIELD_BYTES];

	change(s, copy, size < sizeof(copy) ? size : sizeof(copy), upper);
	memcpy(s, copy, strlen(copy) + 1);
}

void script_lower(const char *in, char *out, size_t size)
{
	change(in, out, size, lower);
}

static const char *latin_of(uint32_t c, uint32_t before, int scheme)
{
	static const char none[] = "";

	if (c >= 0x430 && c <= 0x44F)
		return cyrillic[c - 0x430][scheme];
	if (c == 0x451)
		return scheme ? "e" : "yo";
	c = greek_plain(c);
	if (c == 0x3C5 && before == 0x3BF)
		return "u";
	if (c >= 0x3B1 && c <= 0x3C9)
		return greek[c - 0x3B1][scheme];
	for (size_t i = 0; i < sizeof(marked) / sizeof(*marked); i++) {
		const char *p = marked[i].letter;

		if (decode(&p) == c)
			return scheme ? marked[i].other : marked[i].plain;
	}
	return none;
}

void script_latin(const char *in, int scheme, char *out, size_t size)
{
	size_t n = 0;

	for (uint32_t before = 0; *in && n + 6 < size;) {
		if ((unsigned char)*in < 0x80) {
			out[n++] = *in++;
			before = 0;
			continue;
		}
		uint32_t c = decode(&in), l = lower(c);
		const char *plain = latin_of(l, before, scheme);
		size_t got = strlen(plain);

		memcpy(out + n, plain, got);
		if (got && l != c && out[n] >= 'a' && out[n] <= 'z')
			out[n] = (char)(out[n] - 0x20);
		n += got;
		before = greek_plain(l);
	}
	out[n] = '\0';
}

bool script_marked(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0xC3 && (unsigned char)*s <= 0xC5)
			return true;
	return false;
}

size_t script_letters(const char *s, size_t letters)
{
	const char *p = s;

	while (*p && letters--)
		decode(&p);
	return (size_t)(p - s);
}

bool script_pinyin_other(const char *in, char *out, size_t size)
{
	static const char *const begins[][2] = { { "zh", "ch" }, { "x", "hs" }, { "q", "ch" },
		                                 { "j", "ch" },  { "b", "p" },  { "d", "t" },
		                                 { "g", "k" },   { "z", "ts" }, { "li", "lee" } };
	char small[FIELD_BYTES];

	script_lower(in, small, sizeof(small));
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		size_t n = strlen(begins[i][0]);

		if (strncmp(small, begins[i][0], n) == 0) {
			snprintf(out, size, "%s%s", begins[i][1], small + n);
			out[0] = (char)(out[0] - 0x20);
			return true;
		}
	}
	snprintf(out, size, "%s", in);
	return false;
}
