/* Weighted optimal string alignment. The weights are judged, not fitted: what fingers (keys side by side), ears
 * (letters that sound alike) and eyes (letters that look alike) confuse counts about half. */
#include "people/search_cost.h"

#define WORD_MAX 40
#define EDIT 10
#define NEAR 6  /* keys side by side, look or sound alike */
#define VOWEL 7 /* one vowel for another */
#define SWAP 7
#define DOUBLE 5 /* a letter once too often, or too seldom */
#define SILENT 7 /* h, e left out or put in */
#define FIRST 4  /* more at the first letter */

/* Per letter: those beside it on the keyboard, then those that sound or look like it. */
static const char *const near_letters[26] = {
	"qwsz"
	"eo",
	"vghn"
	"pd",
	"xdfv"
	"kqs",
	"serfcx"
	"tb",
	"wsdr"
	"aic",
	"drtgvc"
	"v",
	"ftyhbv"
	"jq",
	"gyujnb"
	"n",
	"ujko"
	"yel",
	"huikmn"
	"gy",
	"jilm"
	"cq",
	"kop"
	"it",
	"njk"
	"n",
	"bhjm"
	"mh",
	"iklp"
	"aue0",
	"ol"
	"b",
	"wa"
	"gk",
	"edft"
	"n",
	"awedxz"
	"zc",
	"rfgy"
	"dl",
	"yhji"
	"ov",
	"cfgb"
	"fwu",
	"qase"
	"v",
	"zsdc"
	"s",
	"tghu"
	"ij",
	"asx"
	"s",
};

static bool is_vowel(char c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

static bool near(char a, char b)
{
	return a >= 'a' && a <= 'z' && strchr(near_letters[a - 'a'], b) != NULL;
}

static int substitution(char a, char b)
{
	if (a == b)
		return 0;
	if (b && (near(a, b) || near(b, a)))
		return NEAR;
	return is_vowel(a) && is_vowel(b) ? VOWEL : EDIT;
}

/* Letter c, at i of s, is too much or was left out. */
static int gap(const char *s, size_t i, size_t n)
{
	char c = s[i];

	if ((i > 0 && s[i - 1] == c) || (i + 1 < n && s[i + 1] == c))
		return DOUBLE;
	return c == 'h' || c == 'e' ? SILENT : EDIT;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

int cost_edits(struct str typed, struct str word, bool whole)
{
	int row[3][WORD_MAX + 1], *now = row[0], *was = row[1], *before = row[2], best;

	if (typed.n > WORD_MAX || word.n > WORD_MAX || word.n == 0 || typed.n == 0)
		return COST_NONE;
	/* rows: letters of the word; columns: letters typed */
	now[0] = 0;
	for (size_t j = 1; j <= typed.n; j++)
		now[j] = now[j - 1] + gap(typed.p, j - 1, typed.n) + (j == 1 ? FIRST : 0);
	best = now[typed.n];
	for (size_t i = 1; i <= word.n; i++) {
		int *t = before;

		before = was;
		was = now;
		now = t;
		now[0] = was[0] + gap(word.p, i - 1, word.n) + (i == 1 ? FIRST : 0);
		for (size_t j = 1; j <= typed.n; j++) {
			int first = i == 1 && j == 1 ? FIRST : 0, s = substitution(typed.p[j - 1], word.p[i - 1]);
			int v = was[j - 1] + (s ? s + first : 0);

			v = least(v, was[j] + gap(word.p, i - 1, word.n));
			v = least(v, now[j - 1] + gap(typed.p, j - 1, typed.n));
			if (i > 1 && j > 1 && typed.p[j - 1] == word.p[i - 2] && typed.p[j - 2] == word.p[i - 1])
				v = least(v, before[j - 2] + SWAP);
			now[j] = v;
		}
		best = least(best, now[typed.n]);
	}
	best = whole ? now[typed.n] : best;
	return best < COST_NONE ? best : COST_NONE - 1;
}
