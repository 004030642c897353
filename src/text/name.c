#include "text/text.h"
#include <stdio.h>

#define MOST_WORDS 32

struct words {
	struct str at[MOST_WORDS];
	size_t n;
};

/* Blanks of all kinds: ASCII, no-break, ideographic and the typographic ones. */
static size_t blank_at(const char *p, size_t n)
{
	if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		return 1;
	if (n >= 2 && memcmp(p, "\xC2\xA0", 2) == 0)
		return 2;
	if (n >= 3 && memcmp(p, "\xE2\x80", 2) == 0 && ((unsigned char)p[2] <= 0x8A || (unsigned char)p[2] == 0xAF))
		return 3;
	if (n >= 3 && memcmp(p, "\xE3\x80\x80", 3) == 0)
		return 3;
	return 0;
}

static void split_words(struct str s, struct words *w)
{
	size_t i = 0;

	w->n = 0;
	while (i < s.n && w->n < MOST_WORDS) {
		size_t blank = blank_at(s.p + i, s.n - i), start = i;

		if (blank) {
			i += blank;
			continue;
		}
		/* the last word takes the rest, should there be more */
		while (i < s.n && (w->n == MOST_WORDS - 1 || !blank_at(s.p + i, s.n - i)))
			i++;
		w->at[w->n++] = str_trim((struct str){ s.p + start, i - start });
	}
}

static bool listed(struct str word, const char *list)
{
	char folded[TEXT_FOLD_BYTES], *to = folded;
	struct str rest = str_c(list), part, s;

	if (word.n > 24)
		return false;
	text_fold(word, folded);
	for (char *p = folded; *p; p++) /* "ph d" of "Ph.D." */
		if (*p != ' ')
			*to++ = *p;
	s = (struct str){ folded, (size_t)(to - folded) };
	if (s.n == 0)
		return false;
	while (str_split(&rest, ' ', &part))
		if (str_eq(part, s))
			return true;
	return false;
}

static bool is_prefix(struct str word)
{
	return listed(word,
	              "mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend fr hon herr frau mme mlle "
	              "monsieur madame sr sra srta don dona sig signora dott ing dipl mag med capt maj col gen lt sgt");
}

static bool is_suffix(struct str word)
{
	return listed(word, "jr jnr sr snr junior senior ii iii iv phd md dds dvm esq mba cpa rn jd llm msc bsc ma ba");
}

/* Words that begin a family name of several. */
static bool is_particle(struct str word)
{
	return listed(word,
	              "van von vom zu zum zur der den dem de del della dei degli di da das do dos du des la le les lo "
	              "ter ten te bin ibn ben bint abu al el st saint san santa af av y");
}

/* Words from to to-1, with one blank between, cut to size at a character. */
static void join(char *out, size_t size, const struct words *w, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		struct str word = w->at[i];

		if (n > 0 && n + 1 < size)
			out[n++] = ' ';
		if (word.n > size - 1 - n) {
			word.n = size - 1 - n;
			while (word.n > 0 && ((unsigned char)word.p[word.n] & 0xC0) == 0x80)
				word.n--;
		}
		memcpy(out + n, word.p, word.n);
		n += word.n;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* Takes titles off the front and the likes of "Jr" off the end, leaving at least one word between from and to. */
static void take_titles(const struct words *w, size_t *from, size_t *to, struct name_parts *out)
{
	size_t first = *from, last = *to;

	while (last - first > 1 && is_prefix(w->at[first]))
		first++;
	while (last - first > 1 && is_suffix(w->at[last - 1]))
		last--;
	if (first > *from)
		join(out->prefix, sizeof(out->prefix), w, *from, first);
	if (last < *to)
		join(out->suffix, sizeof(out->suffix), w, last, *to);
	*from = first;
	*to = last;
}

/* "Jane A." or "Dr Jane": the part behind the comma. */
static void split_given(struct str s, struct name_parts *out)
{
	struct words w;
	size_t from = 0, to;

	split_words(s, &w);
	to = w.n;
	if (to == 0)
		return;
	take_titles(&w, &from, &to, out);
	join(out->given, sizeof(out->given), &w, from, from + 1);
	join(out->middle, sizeof(out->middle), &w, from + 1, to);
}

static void split_plain(struct str s, struct name_parts *out)
{
	struct words w;
	size_t from = 0, to, family;

	split_words(s, &w);
	to = w.n;
	if (to == 0)
		return;
	take_titles(&w, &from, &to, out);
	if (to - from == 1) {
		join(out->given, sizeof(out->given), &w, from, to);
		return;
	}
	family = from + 1;
	while (family < to - 1 && !is_particle(w.at[family]))
		family++;
	join(out->given, sizeof(out->given), &w, from, from + 1);
	join(out->middle, sizeof(out->middle), &w, from + 1, family);
	join(out->family, sizeof(out->family), &w, family, to);
}

static bool all_suffixes(struct str s)
{
	struct words w;

	split_words(s, &w);
	for (size_t i = 0; i < w.n; i++)
		if (!is_suffix(w.at[i]))
			return false;
	return true;
}

static void split_family(struct str s, struct name_parts *out)
{
	struct words w;
	size_t from = 0, to;

	split_words(s, &w);
	to = w.n;
	if (to == 0)
		return;
	take_titles(&w, &from, &to, out);
	join(out->family, sizeof(out->family), &w, from, to);
}

void name_split(struct str full, struct name_parts *out)
{
	struct str rest = full, first, second = STR(""), third;

	memset(out, 0, sizeof(*out));
	if (!str_split(&rest, ',', &first))
		return;
	if (!str_split(&rest, ',', &second) || all_suffixes(second)) {
		struct words w;

		/* "Martin Luther King, Jr." */
		split_plain(first, out);
		split_words(second, &w);
		if (w.n > 0)
			join(out->suffix, sizeof(out->suffix), &w, 0, w.n);
		second = STR("");
		if (!out->family[0] && str_split(&rest, ',', &third)) { /* "King, Jr., Martin Luther" */
			char suffix[sizeof(out->suffix)];

			memcpy(suffix, out->suffix, sizeof(suffix));
			memset(out, 0, sizeof(*out));
			split_family(first, out);
			split_given(third, out);
			memcpy(out->suffix, suffix, sizeof(suffix));
		}
		return;
	}
	split_family(first, out);
	split_given(second, out);
	if (str_split(&rest, ',', &third)) { /* "King, Martin Luther, Jr." */
		struct words w;

		split_words(third, &w);
		if (w.n > 0)
			join(out->suffix, sizeof(out->suffix), &w, 0, w.n);
	}
}
