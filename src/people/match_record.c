/* From what a source says to what scoring needs: folded words with their hashes, sounds and nicknames. */
#include "people/match_inside.h"
#include "text/text.h"
#include <stdio.h>

#define TEXT_BYTES 4096
#define PHONE_LEAST 6

/* A record in the making; it is copied into the arena at the end, in one piece. */
struct maker {
	struct match_word words[WORDS_MAX];
	enum word_sort sorts[WORDS_MAX];
	int count, of_sort[WORD_SORTS];
	char text[TEXT_BYTES];
	size_t used;
	int8_t generation;
};

uint64_t kind_hash(struct str kind)
{
	return hash64_str(kind, 0);
}

static uint64_t pack_sound(struct str word)
{
	char key[9] = { 0 };
	uint64_t packed = 0;

	text_phonetic(word, key);
	for (int i = 0; i < 8 && key[i]; i++)
		packed = packed << 8 | (unsigned char)key[i];
	return packed;
}

/* The bit of each byte in a word's letters: one each from a to z, six for the digits. */
#define DIGIT_BIT(c) (1u << (26 + (c) % 6))
static const uint32_t letter_bits[UINT8_MAX + 1] = {
	['0'] = DIGIT_BIT('0'), ['1'] = DIGIT_BIT('1'), ['2'] = DIGIT_BIT('2'), ['3'] = DIGIT_BIT('3'),
	['4'] = DIGIT_BIT('4'), ['5'] = DIGIT_BIT('5'), ['6'] = DIGIT_BIT('6'), ['7'] = DIGIT_BIT('7'),
	['8'] = DIGIT_BIT('8'), ['9'] = DIGIT_BIT('9'), ['a'] = 1u << 0,        ['b'] = 1u << 1,
	['c'] = 1u << 2,        ['d'] = 1u << 3,        ['e'] = 1u << 4,        ['f'] = 1u << 5,
	['g'] = 1u << 6,        ['h'] = 1u << 7,        ['i'] = 1u << 8,        ['j'] = 1u << 9,
	['k'] = 1u << 10,       ['l'] = 1u << 11,       ['m'] = 1u << 12,       ['n'] = 1u << 13,
	['o'] = 1u << 14,       ['p'] = 1u << 15,       ['q'] = 1u << 16,       ['r'] = 1u << 17,
	['s'] = 1u << 18,       ['t'] = 1u << 19,       ['u'] = 1u << 20,       ['v'] = 1u << 21,
	['w'] = 1u << 22,       ['x'] = 1u << 23,       ['y'] = 1u << 24,       ['z'] = 1u << 25
};

void word_look(struct match_word *w)
{
	const unsigned char *p = (const unsigned char *)w->p;
	unsigned char all = 0;

	w->hash = hash64(w->p, w->n, 0);
	w->first = w->p[0];
	for (size_t i = 0; i < w->n; i++) {
		all |= p[i];
		w->letters |= letter_bits[p[i]];
	}
	w->foreign = all >= 0x80;
	w->letter_n = (uint8_t)letter_count(w->letters);
}

void email_tag(struct match_word *w)
{
	const char *at = memchr(w->p, '@', w->n);

	w->tag = hash64(w->p, at ? (size_t)(at - w->p) : w->n, 0);
}

#define PHONE_TAIL 7
void phone_tag(struct match_word *w)
{
	size_t tail = w->n < PHONE_TAIL ? w->n : PHONE_TAIL;

	w->tag = hash64(w->p + w->n - tail, tail, 0);
}

/* Adds a word; NULL when there is no room. The text is copied. */
static struct match_word *add(struct maker *mk, enum word_sort sort, struct str s)
{
	struct match_word *w;

	if (s.n > WORD_BYTES)
		s.n = WORD_BYTES;
	if (s.n == 0 || mk->count == WORDS_MAX || mk->of_sort[sort] == SORT_WORDS_MAX || mk->used + s.n > TEXT_BYTES)
		return NULL;
	mk->sorts[mk->count] = sort;
	mk->of_sort[sort]++;
	w = &mk->words[mk->count++];
	*w = (struct match_word){ .p = mk->text + mk->used, .n = (uint16_t)s.n };
	memcpy(mk->text + mk->used, s.p, s.n);
	mk->used += s.n;
	word_look(w);
	return w;
}

/* "peggie" is "peggy". */
static void add_nicknames(struct match_word *w)
{
	char text[WORD_BYTES + 2];
	size_t n = w->n;

	if (name_nickname_groups(word_str(w), w->nickname, WORD_NICKNAMES) > 0 || n < 4)
		return;
	memcpy(text, w->p, n);
	if (text[n - 1] == 'y') {
		memcpy(text + n - 1, "ie", 2);
		n++;
	} else if (text[n - 2] == 'i' && text[n - 1] == 'e') {
		text[n - 2] = 'y';
		n--;
	} else {
		return;
	}
	name_nickname_groups((struct str){ text, n }, w->nickname, WORD_NICKNAMES);
}

static void add_name(struct maker *mk, enum word_sort sort, struct str s)
{
	struct match_word *w = add(mk, sort, s);

	if (!w)
		return;
	w->tag = pack_sound(s);
	if (sort != WORD_FAMILY)
		add_nicknames(w);
}

/* Words of folded text. */
struct split {
	struct str word[SORT_WORDS_MAX];
	int n;
	char text[TEXT_FOLD_BYTES], joined[TEXT_FOLD_BYTES];
	size_t joined_n;
};

static void split_text(struct split *sp)
{
	struct str rest = str_c(sp->text), word;

	sp->n = 0;
	sp->joined_n = 0;
	while (rest.n > 0 && sp->n < SORT_WORDS_MAX && str_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		sp->word[sp->n++] = word;
		memcpy(sp->joined + sp->joined_n, word.p, word.n);
		sp->joined_n += word.n;
	}
}

static void split_folded(struct split *sp, struct str in)
{
	text_fold(in, sp->text);
	split_text(sp);
}

static struct str joined(const struct split *sp)
{
	return (struct str){ sp->joined, sp->joined_n };
}

/* "jr", "senior", "iii": which of those who share the name; 0 when it is none of these. */
static int8_t generation_of(struct str s)
{
	static const struct {
		const char *word;
		int8_t generation;
	} words[] = { { "sr", 1 },  { "snr", 1 },    { "senior", 1 }, { "i", 1 },   { "jr", 2 },
		      { "jnr", 2 }, { "junior", 2 }, { "ii", 2 },     { "iii", 3 }, { "iv", 4 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(s, words[i].word))
			return words[i].generation;
	return 0;
}

/* Takes "Jr" off the end of a name that has more words. */
static void take_generation(struct maker *mk, struct split *sp)
{
	int8_t g = sp->n > 1 ? generation_of(sp->word[sp->n - 1]) : 0;

	if (!g)
		return;
	mk->generation = g;
	sp->n--;
	sp->joined_n -= sp->word[sp->n].n;
}

/* What is written where no name is known. */
static bool is_placeholder(struct str s)
{
	static const char *const words[] = { "unknown", "unbekannt", "inconnu",  "none",   "null",
		                             "test",    "anonymous", "customer", "noname", "nobody",
		                             "guest",   "x",         "xx",       "xxx",    "na" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(s, words[i]))
			return true;
	return false;
}

static void add_given(struct maker *mk, struct str in)
{
	struct split sp;

	split_folded(&sp, in);
	take_generation(mk, &sp);
	if (sp.n == 0 || is_placeholder(joined(&sp)))
		return;
	add_name(mk, WORD_GIVEN, sp.word[0]);
	if (sp.n > 1)
		add_name(mk, WORD_GIVEN, joined(&sp));
	for (int i = 1; i < sp.n; i++)
		add_name(mk, WORD_OTHER, sp.word[i]);
}

static void add_family(struct maker *mk, struct str in)
{
	struct split sp;

	split_folded(&sp, in);
	take_generation(mk, &sp);
	if (sp.n == 0 || is_placeholder(joined(&sp)))
		return;
	add_name(mk, WORD_FAMILY, joined(&sp));
	for (int i = 0; i < sp.n && sp.n > 1; i++)
		add_name(mk, WORD_FAMILY, sp.word[i]);
}

static bool has_word(const struct maker *mk, enum word_sort sort, struct str s)
{
	for (int i = 0; i < mk->count; i++)
		if (mk->sorts[i] == sort && str_eq(word_str(&mk->words[i]), s))
			return true;
	return false;
}

static void add_others(struct maker *mk, struct str in)
{
	struct split sp;

	split_folded(&sp, in);
	take_generation(mk, &sp);
	for (int i = 0; i < sp.n; i++)
		if (!has_word(mk, WORD_GIVEN, sp.word[i]) && !has_word(mk, WORD_FAMILY, sp.word[i]) &&
		    !has_word(mk, WORD_OTHER, sp.word[i]))
			add_name(mk, WORD_OTHER, sp.word[i]);
}

/* First and family name in one, for how often they come together. */
static void add_whole(struct maker *mk)
{
	const struct match_word *given = NULL, *family = NULL;
	char text[2 * WORD_BYTES + 2];

	for (int i = mk->count - 1; i >= 0; i--)
		if (mk->sorts[i] == WORD_GIVEN)
			given = &mk->words[i];
		else if (mk->sorts[i] == WORD_FAMILY)
			family = &mk->words[i];
	if (!given || !family || given->n + family->n >= WORD_BYTES)
		return;
	memcpy(text, given->p, given->n);
	text[given->n] = ' ';
	memcpy(text + given->n + 1, family->p, family->n);
	add(mk, WORD_NAME, (struct str){ text, (size_t)given->n + 1 + family->n });
}

static void add_names(struct maker *mk, const struct match_in *in)
{
	struct split sp;

	if (in->given.n == 0 && in->family.n == 0 && in->full_name.n > 0) {
		struct name_parts parts;

		name_split(in->full_name, &parts);
		add_given(mk, str_c(parts.given));
		add_family(mk, str_c(parts.family));
		add_others(mk, str_c(parts.middle));
		split_folded(&sp, str_c(parts.suffix));
	} else {
		add_given(mk, in->given);
		add_family(mk, in->family);
		add_others(mk, in->middle);
		add_others(mk, in->full_name);
		split_folded(&sp, in->suffix);
	}
	for (int i = 0; i < sp.n && !mk->generation; i++)
		mk->generation = generation_of(sp.word[i]);
	add_whole(mk);
	if (in->organisation.n > 0) {
		split_folded(&sp, in->organisation);
		for (int i = 0; i < sp.n; i++)
			add_name(mk, WORD_ORG, sp.word[i]);
	}
}

static bool is_number(struct str s)
{
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

/* Words of a street that say little: they are no part of the key of the address. */
static bool is_street_word(struct str s)
{
	static const char *const words[] = { "street", "road",  "avenue", "lane",    "drive",     "place",
		                             "court",  "close", "way",    "strasse", "boulevard", "apartment",
		                             "suite",  "no",    "the",    "terrace", "crescent",  "circuit" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(s, words[i]))
			return true;
	return false;
}

/* "12 main": the first number and the first telling word, for the frequency of the address. */
static void add_address(struct maker *mk, const struct split *sp)
{
	struct str number = STR(""), name = STR("");
	char key[2 * WORD_BYTES + 2];
	size_t n = 0;

	for (int i = 0; i < sp->n; i++) {
		struct str s = sp->word[i];

		if (number.n == 0 && is_number(s))
			number = s;
		else if (name.n == 0 && !is_number(s) && s.n > 1 && !is_street_word(s))
			name = s;
	}
	if (number.n == 0 || name.n == 0 || number.n > WORD_BYTES || name.n > WORD_BYTES)
		return;
	memcpy(key, number.p, number.n);
	key[n = number.n] = ' ';
	memcpy(key + n + 1, name.p, name.n);
	add(mk, WORD_ADDRESS, (struct str){ key, n + 1 + name.n });
}

static void add_place(struct maker *mk, const struct match_in *in)
{
	struct split sp;
	char postcode[POSTCODE_BYTES];

	if (in->street.n > 0) {
		street_fold(in->street, sp.text);
		split_text(&sp);
		for (int i = 0; i < sp.n; i++)
			add(mk, WORD_STREET, sp.word[i]);
		add_address(mk, &sp);
	}
	split_folded(&sp, in->city);
	for (int i = 0; i < sp.n; i++)
		add(mk, WORD_CITY, sp.word[i]);
	split_folded(&sp, in->region);
	for (int i = 0; i < sp.n; i++)
		add(mk, WORD_CITY, sp.word[i]);
	postcode_normalise(in->postcode, postcode);
	for (char *p = postcode; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	add(mk, WORD_POSTCODE, str_c(postcode));
}

static void add_birth(struct maker *mk, const struct match_in *in)
{
	char text[32];

	if (in->birth_year <= 0)
		return;
	if (in->birth_month <= 0) {
		snprintf(text, sizeof(text), "%04d", in->birth_year);
		add(mk, WORD_BIRTH, str_c(text));
		return;
	}
	snprintf(text, sizeof(text), "%04d-%02d-%02d", in->birth_year, in->birth_month, in->birth_day);
	add(mk, WORD_BIRTH, str_c(text));
}

/* "Jane Doe" <jane@doe.org>, mailto: and capitals; kept as it is when it is no address. */
static void add_email(struct maker *mk, struct str in)
{
	char text[EMAIL_BYTES];
	struct str s = str_trim(in);
	const char *open = s.n ? memrchr(s.p, '<', s.n) : NULL;
	struct match_word *w;
	size_t n = 0;

	if (open) {
		s.n -= (size_t)(open + 1 - s.p);
		s.p = open + 1;
		if (s.n > 0 && s.p[s.n - 1] == '>')
			s.n--;
	}
	for (size_t i = 0; i < s.n && n < sizeof(text); i++)
		text[n++] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
	w = add(mk, WORD_EMAIL, (struct str){ text, n });
	if (w) {
		email_tag(w);
		w->nobody = email_is_generic(word_str(w));
	}
}

static void add_phone(struct maker *mk, struct str in, struct str country)
{
	char digits[24];
	size_t n = 0, zeros = 0;
	struct match_word *w;

	for (size_t i = 0; i < in.n && n < sizeof(digits); i++)
		if (in.p[i] >= '0' && in.p[i] <= '9')
			digits[n++] = in.p[i];
	while (zeros < n && digits[zeros] == '0')
		zeros++;
	if (n - zeros < PHONE_LEAST)
		return;
	w = add(mk, WORD_PHONE, (struct str){ digits + zeros, n - zeros });
	if (w) {
		phone_tag(w);
		w->nobody = phone_is_generic(word_str(w));
		w->mobile = phone_is_mobile(str_trim(in), (struct str){ digits, n }, country);
	}
}

/* Names the kind of the word that was added last. */
static void add_kind(struct maker *mk, struct match_word *w, struct str kind)
{
	w->tag = kind_hash(kind);
	if (kind.n > WORD_BYTES || mk->used + kind.n > TEXT_BYTES)
		return;
	memcpy(mk->text + mk->used, kind.p, kind.n);
	mk->used += kind.n;
	w->kind_n = (uint16_t)kind.n;
}

/* Letters and digits only: "521-21-2123" is "521212123". */
static void add_id(struct maker *mk, const struct match_value *v)
{
	struct split sp;
	struct match_word *w;

	split_folded(&sp, v->value);
	w = add(mk, WORD_ID, joined(&sp));
	if (w) {
		add_kind(mk, w, v->kind);
		w->verified = v->verified;
	}
}

static void add_extra(struct maker *mk, const struct match_value *v)
{
	struct split sp;
	struct match_word *w;

	split_folded(&sp, v->value);
	w = add(mk, WORD_EXTRA, str_c(sp.text));
	if (w)
		add_kind(mk, w, v->kind);
}

static void add_values(struct maker *mk, const struct match_in *in)
{
	for (int i = 0; i < in->email_count && i < MATCH_VALUES_MAX; i++)
		add_email(mk, in->emails[i].value);
	for (int i = 0; i < in->phone_count && i < MATCH_VALUES_MAX; i++)
		add_phone(mk, in->phones[i].value, in->country);
	for (int i = 0; i < in->id_count && i < MATCH_VALUES_MAX; i++)
		add_id(mk, &in->ids[i]);
	for (int i = 0; i < in->extra_count && i < MATCH_VALUES_MAX; i++)
		add_extra(mk, &in->extras[i]);
}

static char gender_of(struct str in)
{
	char c = in.n > 0 ? (char)(in.p[0] | 32) : 0;

	if (c == 'm')
		return 'm';
	if (c == 'f' || c == 'w')
		return 'f';
	return 0;
}

/* "Mrs", "Herr": what a form of address says where no gender is given. */
static char gender_of_prefix(struct str in)
{
	static const char *const men[] = { "mr", "mister", "herr", "hr",  "m",   "monsieur",
		                           "sr", "senor",  "sig",  "pan", "dhr", "gospodin" };
	static const char *const women[] = { "mrs",    "ms",   "miss", "frau",   "fr",      "mme",
		                             "madame", "mlle", "sra",  "senora", "srta",    "sigra",
		                             "pani",   "mevr", "mw",   "dona",   "signora", "gospozha" };
	struct split sp;

	split_folded(&sp, in);
	for (int i = 0; i < sp.n; i++) {
		for (size_t j = 0; j < sizeof(men) / sizeof(men[0]); j++)
			if (str_is(sp.word[i], men[j]))
				return 'm';
		for (size_t j = 0; j < sizeof(women) / sizeof(women[0]); j++)
			if (str_is(sp.word[i], women[j]))
				return 'f';
	}
	return 0;
}

/* Words by section, then the texts, behind the record itself: one allocation. */
static struct match_record *pack(const struct maker *mk, const struct match_in *in, struct arena *a)
{
	size_t words = (size_t)mk->count * sizeof(struct match_word), keys = in->source.n + in->source_key.n;
	struct match_record *r = arena_alloc(a, sizeof(*r) + words + mk->used + keys);
	struct match_word *to;
	char *text;

	if (!r)
		return NULL;
	to = r->words = (struct match_word *)(r + 1);
	text = (char *)(r->words + mk->count);
	memcpy(text, mk->text, mk->used);
	for (int s = 0; s < WORD_SORTS; s++) {
		r->by_sort[s] = to;
		for (int i = 0; i < mk->count; i++)
			if ((int)mk->sorts[i] == s) {
				*to = mk->words[i];
				to->p = text + (mk->words[i].p - mk->text);
				to++;
			}
		r->count[s] = (uint8_t)(to - r->by_sort[s]);
	}
	r->word_count = mk->count;
	text += mk->used;
	r->source = (struct str){ text, in->source.n };
	r->source_key = (struct str){ text + in->source.n, in->source_key.n };
	if (in->source.n)
		memcpy(text, in->source.p, in->source.n);
	if (in->source_key.n)
		memcpy(text + in->source.n, in->source_key.p, in->source_key.n);
	return r;
}

static const struct {
	enum word_sort sort;
	enum match_field field;
} said_by[] = {
	{ WORD_GIVEN, FIELD_GIVEN }, { WORD_FAMILY, FIELD_FAMILY },  { WORD_OTHER, FIELD_OTHER },
	{ WORD_ORG, FIELD_ORG },     { WORD_BIRTH, FIELD_BIRTH },    { WORD_STREET, FIELD_PLACE },
	{ WORD_CITY, FIELD_PLACE },  { WORD_POSTCODE, FIELD_PLACE }, { WORD_EMAIL, FIELD_EMAIL },
	{ WORD_PHONE, FIELD_PHONE }, { WORD_ID, FIELD_ID },          { WORD_EXTRA, FIELD_EXTRA },
};

void record_look(struct match_record *r)
{
	r->order = hash64_str(r->source_key, hash64_str(r->source, 0));
	r->date = 0;
	for (int n = (r->year * 100 + r->month) * 100 + r->day, shift = 0; shift < 32; n /= 10, shift += 4)
		r->date |= (uint32_t)(n % 10) << shift;
	r->says = 0;
	for (size_t i = 0; i < sizeof(said_by) / sizeof(said_by[0]); i++)
		if (r->count[said_by[i].sort])
			r->says |= (uint16_t)(1u << said_by[i].field);
	r->says |= (uint16_t)((r->gender != 0) << FIELD_GENDER | (r->generation != 0) << FIELD_GENERATION);
}

enum result match_record_make(const struct match_in *in, struct arena *a, struct match_record **out, struct error *e)
{
	struct maker mk;
	struct match_record *r;

	mk.count = 0;
	mk.used = 0;
	mk.generation = 0;
	memset(mk.of_sort, 0, sizeof(mk.of_sort));
	add_names(&mk, in);
	add_place(&mk, in);
	add_birth(&mk, in);
	add_values(&mk, in);
	r = pack(&mk, in, a);
	if (!r)
		return error_nomem(e);
	r->year = (int16_t)(r->count[WORD_BIRTH] && in->birth_year < 10000 ? in->birth_year : 0);
	r->month = (int8_t)(r->year && in->birth_month > 0 && in->birth_month < 100 ? in->birth_month : 0);
	r->day = (int8_t)(r->month && in->birth_day > 0 && in->birth_day < 100 ? in->birth_day : 0);
	r->birth_unsure = in->birth_unsure;
	r->gender = gender_of(in->gender);
	if (!r->gender)
		r->gender = gender_of_prefix(in->prefix);
	r->generation = mk.generation;
	record_look(r);
	*out = r;
	return OK;
}

struct str match_record_source(const struct match_record *r)
{
	return r->source;
}

struct str match_record_source_key(const struct match_record *r)
{
	return r->source_key;
}

int match_record_cmp(const struct match_record *a, const struct match_record *b)
{
	int by_source = str_cmp(a->source, b->source);

	return by_source ? by_source : str_cmp(a->source_key, b->source_key);
}

void match_record_bind(const struct match_model *m, struct match_record *r)
{
	for (int s = 0; s < WORD_SORTS; s++)
		for (int i = 0; i < r->count[s]; i++) {
			struct match_word *w = &r->words[r->by_sort[s] - r->words + i];
			int64_t found = m->unseen[s];

			map_get(&m->term_map, term_key((enum word_sort)s, s == WORD_EXTRA ? w->tag : 0, w->hash),
			        &found);
			w->rarity = (int32_t)found;
			found = w->nobody ? WORD_GENERIC : WORD_NORMAL;
			if ((s == WORD_EMAIL || s == WORD_PHONE || s == WORD_ID || s == WORD_BIRTH) && !w->nobody)
				map_get(&m->shared_map, term_key((enum word_sort)s, s == WORD_ID ? w->tag : 0, w->hash),
				        &found);
			w->state = (uint8_t)found;
		}
	if (r->count[WORD_NAME]) {
		struct match_word *w = &r->words[r->by_sort[WORD_NAME] - r->words];
		const struct match_word *given = r->by_sort[WORD_GIVEN];
		int64_t together = m->together;
		int32_t apart;

		map_get(&m->term_map, term_key(WORD_GIVEN, kind_hash(STR(COMPANY_KIND)), given->hash), &together);
		apart = given->rarity + r->by_sort[WORD_FAMILY]->rarity - (int32_t)together;
		w->rarity = w->rarity < apart ? w->rarity : apart;
	}
}
