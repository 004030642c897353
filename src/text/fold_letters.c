#include "text/fold.h"

struct letter {
	uint32_t c;
	const char *latin;
};

/* Latin letters that have no decomposition; by code point. */
static const struct letter latin[] = {
	{ 0xDF, "ss" },  { 0xE6, "ae" },  { 0xF0, "d" },   { 0xF8, "o" },   { 0xFE, "th" },  { 0x111, "d" },
	{ 0x127, "h" },  { 0x131, "i" },  { 0x138, "k" },  { 0x142, "l" },  { 0x14B, "ng" }, { 0x153, "oe" },
	{ 0x167, "t" },  { 0x180, "b" },  { 0x183, "b" },  { 0x188, "c" },  { 0x18C, "d" },  { 0x18D, "d" },
	{ 0x192, "f" },  { 0x199, "k" },  { 0x19A, "l" },  { 0x19B, "l" },  { 0x19E, "n" },  { 0x1A5, "p" },
	{ 0x1AB, "t" },  { 0x1AD, "t" },  { 0x1B4, "y" },  { 0x1B6, "z" },  { 0x1BF, "w" },  { 0x1DD, "e" },
	{ 0x1E5, "g" },  { 0x21D, "y" },  { 0x221, "d" },  { 0x223, "ou" }, { 0x225, "z" },  { 0x234, "l" },
	{ 0x235, "n" },  { 0x236, "t" },  { 0x237, "j" },  { 0x23C, "c" },  { 0x23F, "s" },  { 0x240, "z" },
	{ 0x247, "e" },  { 0x249, "j" },  { 0x24B, "q" },  { 0x24D, "r" },  { 0x24F, "y" },  { 0x250, "a" },
	{ 0x251, "a" },  { 0x253, "b" },  { 0x254, "o" },  { 0x255, "c" },  { 0x256, "d" },  { 0x257, "d" },
	{ 0x258, "e" },  { 0x259, "e" },  { 0x25B, "e" },  { 0x260, "g" },  { 0x261, "g" },  { 0x263, "g" },
	{ 0x266, "h" },  { 0x268, "i" },  { 0x269, "i" },  { 0x26B, "l" },  { 0x26F, "m" },  { 0x271, "m" },
	{ 0x272, "n" },  { 0x273, "n" },  { 0x275, "o" },  { 0x27D, "r" },  { 0x280, "r" },  { 0x282, "s" },
	{ 0x283, "sh" }, { 0x288, "t" },  { 0x289, "u" },  { 0x28A, "u" },  { 0x28B, "v" },  { 0x28C, "v" },
	{ 0x290, "z" },  { 0x292, "zh" }, { 0x1D7D, "p" }, { 0x1E9F, "d" }, { 0x2C65, "a" }, { 0x2C66, "t" },
	{ 0xA753, "p" },
};

/* Cyrillic as names are mostly written in English; by code point. й keeps its breve until it gets here. */
static const struct letter cyrillic[] = {
	{ 0x430, "a" },  { 0x431, "b" },    { 0x432, "v" },  { 0x433, "g" },  { 0x434, "d" },  { 0x435, "e" },
	{ 0x436, "zh" }, { 0x437, "z" },    { 0x438, "i" },  { 0x439, "y" },  { 0x43A, "k" },  { 0x43B, "l" },
	{ 0x43C, "m" },  { 0x43D, "n" },    { 0x43E, "o" },  { 0x43F, "p" },  { 0x440, "r" },  { 0x441, "s" },
	{ 0x442, "t" },  { 0x443, "u" },    { 0x444, "f" },  { 0x445, "kh" }, { 0x446, "ts" }, { 0x447, "ch" },
	{ 0x448, "sh" }, { 0x449, "shch" }, { 0x44A, "" },   { 0x44B, "y" },  { 0x44C, "" },   { 0x44D, "e" },
	{ 0x44E, "yu" }, { 0x44F, "ya" },   { 0x452, "dj" }, { 0x454, "ye" }, { 0x455, "dz" }, { 0x456, "i" },
	{ 0x458, "j" },  { 0x459, "lj" },   { 0x45A, "nj" }, { 0x45B, "c" },  { 0x45F, "dz" }, { 0x463, "e" },
	{ 0x473, "f" },  { 0x475, "i" },    { 0x491, "g" },  { 0x493, "g" },  { 0x497, "zh" }, { 0x499, "z" },
	{ 0x49B, "k" },  { 0x49D, "k" },    { 0x49F, "k" },  { 0x4A1, "k" },  { 0x4A3, "n" },  { 0x4A5, "ng" },
	{ 0x4AB, "s" },  { 0x4AF, "u" },    { 0x4B1, "u" },  { 0x4B3, "h" },  { 0x4B7, "ch" }, { 0x4B9, "ch" },
	{ 0x4BB, "h" },  { 0x4CF, "" },     { 0x4D9, "a" },  { 0x4E9, "o" },
};

static const char *find(const struct letter *table, size_t n, uint32_t c)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (table[mid].c == c)
			return table[mid].latin;
		if (table[mid].c < c)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *fold_letter(uint32_t c)
{
	if (c >= 0x400 && c < 0x530)
		return find(cyrillic, sizeof(cyrillic) / sizeof(cyrillic[0]), c);
	return find(latin, sizeof(latin) / sizeof(latin[0]), c);
}

/* α to ω, ς (0x3C2) in its place */
static const char greek[][3] = { "a", "v", "g", "d", "e", "z", "i", "th", "i", "k",  "l",  "m", "n",
	                         "x", "o", "p", "r", "s", "s", "t", "y",  "f", "ch", "ps", "o" };

#define ALPHA 0x3B1
#define GAMMA 0x3B3
#define EPSILON 0x3B5
#define ETA 0x3B7
#define OMICRON 0x3BF
#define UPSILON 0x3C5
#define OMEGA 0x3C9

static bool is_greek(uint32_t c)
{
	return c >= ALPHA && c <= OMEGA;
}

static bool is_voiceless(uint32_t c)
{
	switch (c) {
	case 0x3B8: /* θ */
	case 0x3BA: /* κ */
	case 0x3BE: /* ξ */
	case 0x3C0: /* π */
	case 0x3C2: /* ς */
	case 0x3C3: /* σ */
	case 0x3C4: /* τ */
	case 0x3C6: /* φ */
	case 0x3C7: /* χ */
	case 0x3C8: /* ψ */
		return true;
	default:
		return false;
	}
}

const char *fold_greek(uint32_t c, uint32_t before, uint32_t after)
{
	if (!is_greek(c))
		return NULL;
	if (c == UPSILON && before == OMICRON)
		return "u";
	if (c == UPSILON && (before == ALPHA || before == EPSILON || before == ETA))
		return !is_greek(after) || is_voiceless(after) ? "f" : "v";
	if (c == GAMMA && (after == GAMMA || after == 0x3BE || after == 0x3C7))
		return "n";
	return greek[c - ALPHA];
}
