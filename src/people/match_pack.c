/* A record's features as bytes, for who has no time to make them again: what is costly to find (folded words, sounds,
 * nicknames) is written, what follows from it (hashes, letters) is not.
 *
 * First format, flags, gender, generation, year (2 bytes, the higher first), month, day, bytes of the source (2) and of
 * its key (2), how many words there are of each sort; then the source, its key, and the words in order of their sorts.
 *
 * A word is its length with a mark (ids: the source vouches; e-mails and phones: names nobody; another on phones:
 * mobile) and its text; of names then follow the length of the sound with the number of nickname groups, the sound, the
 * groups (2 each); of ids and extras the kind's length and text, or, where the kind was too long to be kept, its hash.
 * Two words are left out where others say the same: first and family name in one, and the birth date. */
#include "people/match_inside.h"

/* To be raised whenever match_record_make() makes something else of what a source says: tests/unit/match_pack_test.c
 * tells. */
#define FORMAT 2

enum head { /* offsets */
	    AT_FORMAT,
	    AT_FLAGS,
	    AT_GENDER,
	    AT_GENERATION,
	    AT_YEAR,
	    AT_MONTH = AT_YEAR + 2,
	    AT_DAY,
	    AT_SOURCE,
	    AT_SOURCE_KEY = AT_SOURCE + 2,
	    AT_COUNTS = AT_SOURCE_KEY + 2,
	    HEAD_BYTES = AT_COUNTS + WORD_SORTS
};

#define FLAG_BIRTH_UNSURE 1
#define FLAG_NAME_FOLLOWS 2
#define FLAG_BIRTH_FOLLOWS 4
#define FLAGS_ALL 7

#define MARK 0x80
#define MOBILE 0x40 /* phones, which are short */
#define NICKNAMES_SHIFT 4
#define SOUND_BYTES 8
#define HASH_BYTES 8
#define NAME_TEXT_BYTES (2 * WORD_BYTES + 1)
#define BIRTH_TEXT_BYTES 10
_Static_assert(WORD_BYTES < MARK, "a word's length and a mark are one byte");

static bool sort_is_name(enum word_sort s)
{
	return s == WORD_GIVEN || s == WORD_FAMILY || s == WORD_OTHER || s == WORD_ORG;
}

static bool sort_has_kind(enum word_sort s)
{
	return s == WORD_ID || s == WORD_EXTRA;
}

/* ---- What follows from other words ------------------------------------------------------------------------------- */

/* "anna meier" */
static size_t name_text(const struct match_record *r, char out[NAME_TEXT_BYTES])
{
	const struct match_word *g = r->by_sort[WORD_GIVEN], *f = r->by_sort[WORD_FAMILY];

	if (!r->count[WORD_GIVEN] || !r->count[WORD_FAMILY])
		return 0;
	memcpy(out, g->p, g->n);
	out[g->n] = ' ';
	memcpy(out + g->n + 1, f->p, f->n);
	return (size_t)g->n + 1 + f->n;
}

/* "1980-05-31", "1980" */
static size_t birth_text(const struct match_record *r, char out[BIRTH_TEXT_BYTES])
{
	const int parts[] = { r->year / 100, r->year % 100, r->month, r->day };
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		if (i >= 2)
			out[n++] = '-';
		out[n++] = (char)('0' + parts[i] / 10);
		out[n++] = (char)('0' + parts[i] % 10);
	}
	return r->month ? n : 4;
}

static bool follows(const struct match_record *r, enum word_sort s)
{
	char text[NAME_TEXT_BYTES];
	size_t n;

	if (r->count[s] != 1)
		return false;
	n = s == WORD_NAME ? name_text(r, text) : birth_text(r, text);
	return str_eq(word_str(r->by_sort[s]), (struct str){ text, n });
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static void number_pack(unsigned char *out, uint64_t number, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, number >>= 8)
		out[i] = (unsigned char)number;
}

static void name_pack(const struct match_word *w, struct buf *out)
{
	unsigned char bytes[1 + SOUND_BYTES + 2 * WORD_NICKNAMES];
	int sound = 0, nicknames = 0;

	while (sound < SOUND_BYTES && w->tag >> 8 * sound)
		sound++;
	number_pack(bytes + 1, w->tag, sound);
	for (; nicknames < WORD_NICKNAMES && w->nickname[nicknames]; nicknames++)
		number_pack(bytes + 1 + sound + 2 * nicknames, w->nickname[nicknames], 2);
	bytes[0] = (unsigned char)(sound | nicknames << NICKNAMES_SHIFT);
	buf_add(out, bytes, (size_t)(1 + sound + 2 * nicknames));
}

static void kind_pack(const struct match_word *w, struct buf *out)
{
	unsigned char hash[HASH_BYTES];

	buf_char(out, (char)w->kind_n);
	buf_add(out, word_kind(w).p, w->kind_n);
	if (w->kind_n)
		return;
	number_pack(hash, w->tag, HASH_BYTES);
	buf_add(out, hash, HASH_BYTES);
}

static void word_pack(const struct match_word *w, enum word_sort s, struct buf *out)
{
	buf_char(out, (char)(w->n | (w->verified || w->nobody ? MARK : 0) | (w->mobile ? MOBILE : 0)));
	buf_add(out, w->p, w->n);
	if (sort_is_name(s))
		name_pack(w, out);
	else if (sort_has_kind(s))
		kind_pack(w, out);
}

void match_record_pack(const struct match_record *r, struct buf *out)
{
	bool name = follows(r, WORD_NAME), birth = follows(r, WORD_BIRTH);
	unsigned char head[HEAD_BYTES];

	head[AT_FORMAT] = FORMAT;
	head[AT_FLAGS] = (unsigned char)((r->birth_unsure ? FLAG_BIRTH_UNSURE : 0) | (name ? FLAG_NAME_FOLLOWS : 0) |
	                                 (birth ? FLAG_BIRTH_FOLLOWS : 0));
	head[AT_GENDER] = (unsigned char)r->gender;
	head[AT_GENERATION] = (unsigned char)r->generation;
	number_pack(head + AT_YEAR, (uint64_t)r->year, 2);
	head[AT_MONTH] = (unsigned char)r->month;
	head[AT_DAY] = (unsigned char)r->day;
	number_pack(head + AT_SOURCE, r->source.n, 2);
	number_pack(head + AT_SOURCE_KEY, r->source_key.n, 2);
	memcpy(head + AT_COUNTS, r->count, WORD_SORTS);
	if (r->source.n > UINT16_MAX || r->source_key.n > UINT16_MAX)
		out->failed = true;
	buf_add(out, head, sizeof(head));
	buf_add(out, r->source.p, r->source.n);
	buf_add(out, r->source_key.p, r->source_key.n);
	for (int s = 0; s < WORD_SORTS; s++)
		for (int i = 0; i < r->count[s] && !(name && s == WORD_NAME) && !(birth && s == WORD_BIRTH); i++)
			word_pack(&r->by_sort[s][i], (enum word_sort)s, out);
}

bool match_record_readable(struct str bytes)
{
	return bytes.n >= HEAD_BYTES && bytes.p[AT_FORMAT] == FORMAT;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

struct reading {
	const unsigned char *p, *end;
	char *text; /* where the next word's goes: there is room for as much as the bytes can hold */
	bool broken;
};

static uint64_t number_read(const unsigned char *p, int bytes)
{
	uint64_t n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | p[i];
	return n;
}

/* The next n bytes; where there are not so many, some others, and it is broken. */
static const unsigned char *take(struct reading *in, size_t n)
{
	static const unsigned char none[UINT8_MAX + 1];
	const unsigned char *p = in->p;

	if ((size_t)(in->end - p) < n) {
		in->broken = true;
		return none;
	}
	in->p += n;
	return p;
}

static void name_read(struct reading *in, struct match_word *w)
{
	unsigned head = *take(in, 1), sound = head & ((1u << NICKNAMES_SHIFT) - 1), nicknames = head >> NICKNAMES_SHIFT;

	if (sound > SOUND_BYTES || nicknames > WORD_NICKNAMES) {
		in->broken = true;
		return;
	}
	w->tag = number_read(take(in, sound), (int)sound);
	for (unsigned i = 0; i < nicknames; i++) {
		w->nickname[i] = (uint16_t)number_read(take(in, 2), 2);
		in->broken |= !w->nickname[i];
	}
}

static void kind_read(struct reading *in, struct match_word *w)
{
	size_t n = *take(in, 1);

	in->broken |= n > WORD_BYTES;
	if (in->broken)
		return;
	w->kind_n = (uint16_t)n;
	memcpy(in->text, take(in, n), n);
	w->tag = n ? kind_hash((struct str){ in->text, n }) : number_read(take(in, HASH_BYTES), HASH_BYTES);
	in->text += n;
}

static void word_read(struct reading *in, struct match_word *w, enum word_sort s)
{
	unsigned head = *take(in, 1);
	size_t n = head & (s == WORD_PHONE ? MOBILE - 1 : MARK - 1);

	in->broken |= n == 0 || n > WORD_BYTES;
	if (in->broken)
		return;
	memcpy(in->text, take(in, n), n);
	w->p = in->text;
	w->n = (uint16_t)n;
	in->text += n;
	word_look(w);
	if (sort_is_name(s))
		name_read(in, w);
	else if (sort_has_kind(s))
		kind_read(in, w);
	else if (s == WORD_EMAIL)
		email_tag(w);
	else if (s == WORD_PHONE)
		phone_tag(w);
	w->mobile = s == WORD_PHONE && head & MOBILE;
	if (s == WORD_ID)
		w->verified = head & MARK;
	else if (s == WORD_EMAIL || s == WORD_PHONE)
		w->nobody = head & MARK;
	else
		in->broken |= (head & MARK) != 0;
}

/* A word that follows from others, which come before it in order of sorts, or from the date. */
static void word_follow(struct reading *in, const struct match_record *r, struct match_word *w, enum word_sort s)
{
	size_t n = s == WORD_NAME ? name_text(r, in->text) : birth_text(r, in->text);

	in->broken |= n == 0 || n > WORD_BYTES;
	if (in->broken)
		return;
	w->p = in->text;
	w->n = (uint16_t)n;
	in->text += n;
	word_look(w);
}

/* What the rest of the engine takes for granted. */
static bool counts_good(const unsigned char *head, int words)
{
	const unsigned char *count = head + AT_COUNTS;
	unsigned flags = head[AT_FLAGS], year = (unsigned)number_read(head + AT_YEAR, 2);

	if (flags > FLAGS_ALL || words > WORDS_MAX || year > 9999 || head[AT_MONTH] > 99 || head[AT_DAY] > 99)
		return false;
	for (int s = 0; s < WORD_SORTS; s++)
		if (count[s] > SORT_WORDS_MAX)
			return false;
	return !((year && !count[WORD_BIRTH]) || (head[AT_MONTH] && !year) || (head[AT_DAY] && !head[AT_MONTH]) ||
	         (count[WORD_NAME] && !(count[WORD_GIVEN] && count[WORD_FAMILY])) ||
	         ((flags & FLAG_NAME_FOLLOWS) && count[WORD_NAME] != 1) ||
	         ((flags & FLAG_BIRTH_FOLLOWS) && count[WORD_BIRTH] != 1));
}

static void words_read(struct reading *in, struct match_record *r, unsigned flags)
{
	struct match_word *w = r->words;

	for (int s = 0; s < WORD_SORTS; s++) {
		bool left_out = (s == WORD_NAME && (flags & FLAG_NAME_FOLLOWS)) ||
		                (s == WORD_BIRTH && (flags & FLAG_BIRTH_FOLLOWS));

		r->by_sort[s] = w;
		for (int i = 0; i < r->count[s] && !in->broken; i++, w++)
			if (left_out)
				word_follow(in, r, w, (enum word_sort)s);
			else
				word_read(in, w, (enum word_sort)s);
	}
}

static struct str text_read(struct reading *in, size_t n)
{
	struct str s = { in->text, n };

	if ((size_t)(in->end - in->p) < n) {
		in->broken = true;
		return STR("");
	}
	memcpy(in->text, in->p, n);
	in->p += n;
	in->text += n;
	return s;
}

static enum result malformed(struct error *e)
{
	return error_set(e, ERR_CORRUPT, "match.features", NULL, "Stored features of a record are malformed.");
}

enum result match_record_unpack(struct str bytes, struct arena *a, struct match_record **out, struct error *e)
{
	const unsigned char *head = (const unsigned char *)bytes.p;
	struct reading in = { .end = head + bytes.n };
	struct match_record *r;
	int words = 0;

	if (!match_record_readable(bytes))
		return malformed(e);
	for (int s = 0; s < WORD_SORTS; s++)
		words += head[AT_COUNTS + s];
	if (!counts_good(head, words))
		return malformed(e);
	r = arena_alloc(a, sizeof(*r) + (size_t)words * sizeof(struct match_word) + bytes.n + NAME_TEXT_BYTES +
	                           BIRTH_TEXT_BYTES);
	if (!r)
		return error_nomem(e);
	r->words = (struct match_word *)(r + 1);
	r->word_count = words;
	in.p = head + HEAD_BYTES;
	in.text = (char *)(r->words + words);
	memcpy(r->count, head + AT_COUNTS, WORD_SORTS);
	r->birth_unsure = head[AT_FLAGS] & FLAG_BIRTH_UNSURE;
	r->gender = (char)head[AT_GENDER];
	r->generation = (int8_t)head[AT_GENERATION];
	r->year = (int16_t)number_read(head + AT_YEAR, 2);
	r->month = (int8_t)head[AT_MONTH];
	r->day = (int8_t)head[AT_DAY];
	r->source = text_read(&in, number_read(head + AT_SOURCE, 2));
	r->source_key = text_read(&in, number_read(head + AT_SOURCE_KEY, 2));
	if (!in.broken)
		words_read(&in, r, head[AT_FLAGS]);
	if (in.broken || in.p != in.end)
		return malformed(e);
	record_look(r);
	*out = r;
	return OK;
}
