/* A phonetic key for European names written in Latin letters. Letters that are mistaken for one another by ear share
 * one letter of the key (b p, d t, g k c q, s z, f v ph, sh ch sch); vowels, h, w and y count only at the start;
 * doubles count once. It errs towards few keys: a key nominates, it never decides. */
#include "text/text.h"

#define KEY_LETTERS 8

struct sounds {
	const char *p, *first, *end; /* the letters, lower case */
	char *out;
	size_t n;
	char last; /* the sound that came last, also one that is not written */
};

static char ahead(const struct sounds *s, int by)
{
	return s->end - s->p > by ? s->p[by] : '\0';
}

static bool is_vowel(char c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

static bool is_front_vowel(char c)
{
	return c == 'e' || c == 'i' || c == 'y';
}

static bool starts(const struct sounds *s, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, with, n) == 0;
}

static void sound(struct sounds *s, char c)
{
	if (c != s->last && s->n < KEY_LETTERS)
		s->out[s->n++] = c;
	s->last = c;
}

/* Sets of letters, a bit each: with what a group can begin and go on; most letters need not look further. */
#define LETTER(c) (1u << ((c) - 'a'))
#define FIRST_OF_GROUP                                                                                                 \
	(LETTER('t') | LETTER('s') | LETTER('z') | LETTER('c') | LETTER('p') | LETTER('d') | LETTER('k') |             \
	 LETTER('q') | LETTER('g'))
#define SECOND_OF_GROUP                                                                                                \
	(LETTER('s') | LETTER('c') | LETTER('h') | LETTER('z') | LETTER('k') | LETTER('t') | LETTER('u') |             \
	 LETTER('j') | LETTER('g'))

static bool has(uint32_t set, char c)
{
	return c >= 'a' && c <= 'z' && (set & LETTER(c));
}

/* Letters of several that sound as one; returns how many were taken, 0 for none. */
static int take_group(struct sounds *s)
{
	static const struct {
		const char *letters;
		char sound;
	} groups[] = {
		{ "tsch", 'x' }, { "sch", 'x' }, { "shch", 'x' }, { "tch", 'x' }, { "sh", 'x' }, { "zh", 'x' },
		{ "cz", 'x' },   { "sz", 'x' },  { "ph", 'f' },   { "th", 't' },  { "ck", 'k' }, { "dt", 't' },
		{ "kh", 'k' },   { "qu", 'k' },  { "tz", 's' },   { "ts", 's' },  { "dj", 'j' }, { "dg", 'j' },
	};

	if (!has(FIRST_OF_GROUP, *s->p) || !has(SECOND_OF_GROUP, ahead(s, 1)))
		return 0;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (starts(s, groups[i].letters)) {
			sound(s, groups[i].sound);
			return (int)strlen(groups[i].letters);
		}
	if (starts(s, "ch")) { /* Christine, but Charles */
		sound(s, ahead(s, 2) == 'r' || ahead(s, 2) == 'l' ? 'k' : 'x');
		return 2;
	}
	if (starts(s, "gh")) { /* Ghislaine, but Hugh, Wright */
		if (is_vowel(ahead(s, 2)) || s->p == s->first)
			sound(s, 'k');
		return 2;
	}
	return 0;
}

static void take_letter(struct sounds *s, char c)
{
	static const char same[26] = { /* a b c d e f g h i j k l m n o p q r s t u v w x y z */
		                       0,   'p', 0,   't', 0,   'f', 0,   0, 0,   'j', 'k', 'l', 'm',
		                       'n', 0,   'p', 'k', 'r', 's', 't', 0, 'f', 0,   0,   0,   's'
	};
	bool begin = s->p == s->first;

	if (begin && (is_vowel(c) && !(c == 'y' && is_vowel(ahead(s, 1)))))
		sound(s, 'a');
	else if (begin && (c == 'h' || c == 'w' || c == 'y'))
		sound(s, c == 'y' ? 'j' : c == 'w' ? 'f' : 'h');
	else if (c == 'c')
		sound(s, is_front_vowel(ahead(s, 1)) ? 's' : 'k');
	else if (c == 'g')
		sound(s, is_front_vowel(ahead(s, 1)) ? 'j' : 'k');
	else if (c == 'x') {
		if (!begin)
			sound(s, 'k');
		sound(s, 's');
	} else if (same[c - 'a'])
		sound(s, same[c - 'a']);
	else
		s->last = '\0'; /* a vowel between: two of the same count twice */
}

static bool silent_start(const struct sounds *s)
{
	return starts(s, "kn") || starts(s, "gn") || starts(s, "pn") || starts(s, "wr") || starts(s, "ps");
}

void text_phonetic(struct str word, char out[9])
{
	char letters[TEXT_FOLD_MAX];
	struct sounds s = { .p = letters, .first = letters, .end = letters, .out = out };

	for (size_t i = 0; i < word.n && i < TEXT_FOLD_MAX; i++)
		if (word.p[i] >= 'a' && word.p[i] <= 'z')
			letters[s.end++ - letters] = word.p[i];
	if (silent_start(&s))
		s.first = ++s.p;
	while (s.p < s.end && s.n < KEY_LETTERS) {
		int taken = take_group(&s);

		if (taken == 0) {
			take_letter(&s, *s.p);
			taken = 1;
		}
		s.p += taken;
	}
	out[s.n] = '\0';
}
