#include "text/text.h"

void postcode_normalise(struct str in, char out[POSTCODE_BYTES])
{
	char folded[TEXT_FOLD_BYTES];
	size_t n = 0, length = text_fold(in, folded);

	for (size_t i = 0; i < length && n < POSTCODE_BYTES - 1; i++) {
		char c = folded[i];

		if (c >= 'a' && c <= 'z')
			out[n++] = (char)(c - 32);
		else if (c >= '0' && c <= '9')
			out[n++] = c;
	}
	out[n] = '\0';
}

struct abbreviation {
	const char *brief, *whole;
};

static const struct abbreviation abbreviations[] = {
	{ "st", "street" },    { "str", "strasse" },    { "rd", "road" },       { "ave", "avenue" },
	{ "av", "avenue" },    { "blvd", "boulevard" }, { "bd", "boulevard" },  { "dr", "drive" },
	{ "ln", "lane" },      { "ct", "court" },       { "pl", "place" },      { "sq", "square" },
	{ "hwy", "highway" },  { "pkwy", "parkway" },   { "ter", "terrace" },   { "cres", "crescent" },
	{ "gdns", "gardens" }, { "cl", "close" },       { "apt", "apartment" }, { "ste", "suite" },
	{ "cir", "circle" },   { "mt", "mount" },       { "pza", "plaza" },     { "plz", "platz" },
	{ "aly", "alley" },
};

static const char *whole_word(struct str word)
{
	for (size_t i = 0; i < sizeof(abbreviations) / sizeof(abbreviations[0]); i++)
		if (str_is(word, abbreviations[i].brief))
			return abbreviations[i].whole;
	return NULL;
}

static bool is_number(struct str s)
{
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

size_t street_fold(struct str in, char out[TEXT_FOLD_BYTES])
{
	char folded[TEXT_FOLD_BYTES];
	struct str rest = { folded, text_fold(in, folded) }, word;
	bool first = true; /* no name has come yet, only numbers: "12 St James Street" */
	size_t n = 0;

	while (rest.n > 0 && str_split(&rest, ' ', &word)) {
		bool last = !rest.p;
		const char *whole = first && !last && str_is(word, "st") ? "saint" : whole_word(word);
		struct str put = whole ? str_c(whole) : word;

		first = first && is_number(word);
		if (n + put.n + sizeof(" asse") > TEXT_FOLD_BYTES)
			break;
		if (n > 0)
			out[n++] = ' ';
		memcpy(out + n, put.p, put.n);
		n += put.n;
		if (!whole && word.n > 5 && memcmp(word.p + word.n - 3, "str", 3) == 0) { /* "bahnhofstr" */
			memcpy(out + n, "asse", 4);
			n += 4;
		}
	}
	out[n] = '\0';
	return n;
}
