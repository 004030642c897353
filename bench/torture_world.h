/* Inside the generator: households and the people in them, and the records that sources keep of them. */
#ifndef BYNAME_BENCH_TORTURE_WORLD_H
#define BYNAME_BENCH_TORTURE_WORLD_H

#include "torture.h"
#include "torture_tables.h"

enum field {
	PREFIX,
	GIVEN,
	MIDDLE,
	FAMILY,
	SUFFIX,
	GENDER,
	BIRTH,
	STREET,
	CITY,
	REGION,
	POSTCODE,
	COUNTRY,
	EMAIL,
	PHONE,
	LOYALTY,
	ACCOUNT,
	DEVICE,
	FIELDS
};
#define FIELD_BYTES 128

struct world {
	const struct torture_config *config;
	struct tables tables;
	struct torture_tally *tally;
	uint64_t rnd;             /* of the household at hand */
	double cashier_share;     /* of a cashier's values, the one that has most */
	int64_t cashier_email[1]; /* records of that one */
	int64_t cashier_phone[1];
};

static inline uint64_t mix64(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}
static inline uint64_t world_next(struct world *w)
{
	uint64_t r = mix64(w->rnd);

	w->rnd += 0x9e3779b97f4a7c15u;
	return r;
}
static inline uint32_t world_below(struct world *w, uint32_t n)
{
	return (uint32_t)(((world_next(w) >> 32) * n) >> 32);
}
static inline double world_unit(struct world *w)
{
	return (double)(world_next(w) >> 11) * 0x1p-53;
}
static inline bool world_chance(struct world *w, double p)
{
	return world_unit(w) < p;
}
/* An index below n, small ones oftener. */
static inline uint32_t world_skewed(struct world *w, uint32_t n)
{
	double u = world_unit(w);

	return (uint32_t)((world_next(w) & 1 ? u * u : u) * n);
}
/* Whether a kind strikes here; counted. */
static inline bool kind_strikes(struct world *w, enum kind k)
{
	bool hit = world_chance(w, w->config->rates[k]);

	w->tally->asked[k]++;
	w->tally->hit[k] += hit;
	return hit;
}
void kind_missed(struct world *w, enum kind k); /* it struck, but there was nothing to strike */
static inline uint64_t kind_bit(enum kind k)
{
	return (uint64_t)1 << k;
}

/* Writing text bit by bit: each returns the end and puts no NUL. */
static inline char *text_add(char *at, const char *s)
{
	while (*s)
		*at++ = *s++;
	return at;
}
/* In base 10 or 16, with at least so many digits. */
static inline char *text_number(char *at, uint64_t v, unsigned base, int width)
{
	char digits[24];
	int n = 0;

	for (; v || n < width; v /= base)
		digits[n++] = "0123456789abcdef"[v % base];
	while (n)
		*at++ = digits[--n];
	return at;
}

/* ---- People ----------------------------------------------------------------------------------------------------- */

#define PEOPLE_MAX 6
#define NAME_BYTES 64

struct address {
	char street[96], city[48], region[16], postcode[16];
};
struct name {
	char native[NAME_BYTES], latin[NAME_BYTES], other[NAME_BYTES]; /* other: by another romanization */
};
struct person {
	bool female, child;
	struct name given, family, maiden;
	char middle[NAME_BYTES], suffix[8];
	int year, month, day;
	char mobile[24], loyalty[16], account[2][16], device[24];
	double wedding; /* before this time: the maiden name and its address */
	bool accounts2;
	uint64_t kinds; /* on all records */
};
struct household {
	int64_t index;
	enum nation_code nation;
	struct address now, before, maiden;
	double moved;
	char landline[2][24], device[24];
	uint64_t kinds; /* which of the FAMILY_ and ALL_BUT_GIVEN it has */
	int count;
	struct person people[PEOPLE_MAX];
};
#define SLOT_SHARED 7 /* what belongs to the household: landline, e-mail */
/* The e-mail address of one (nth 0, 1), or of the household (SLOT_SHARED). */
void email_make(const struct world *w, const struct household *h, int slot, int nth, char out[FIELD_BYTES]);
/* A pure function of seed and index, but for the tally. */
void household_make(struct world *w, int64_t index, struct household *h);

/* ---- Records ---------------------------------------------------------------------------------------------------- */

enum source { TILL, WEB, LOYALTY_SCHEME, CALL_CENTRE, CHAT, SOURCES };
struct torture_record {
	enum source source;
	char field[FIELDS][FIELD_BYTES];
	uint64_t dirt;
};
#define RECORDS_MAX 8 /* of one person */
/* How many records the person leaves, and of which sources. */
int person_sources(struct world *w, const struct household *h, const struct person *p, enum source out[RECORDS_MAX]);
void record_make(struct world *w, const struct household *h, const struct person *p, enum source s, int nth,
                 struct torture_record *r);
/* What goes wrong with it. */
void record_spoil(struct world *w, const struct household *h, const struct person *p, struct torture_record *r);

/* Marks those of a person's records that have nothing in common with the most of them, directly or through others. */
void records_lone(struct torture_record *r, int n);

/* ---- Slips: false where the text gives no occasion ------------------------------------------------------------------
 */

bool slip_scan(struct world *w, char s[FIELD_BYTES]);
bool slip_sound(struct world *w, char s[FIELD_BYTES]);
bool slip_key(struct world *w, char s[FIELD_BYTES]);
bool slip_nickname(struct world *w, char s[FIELD_BYTES]);
bool slip_year(struct world *w, char birth[FIELD_BYTES]);

/* ---- Scripts ---------------------------------------------------------------------------------------------------- */

/* In Latin letters without marks; scheme 0 or 1 differ (u, ue; zh, j). */
void script_latin(const char *in, int scheme, char *out, size_t size);
bool script_marked(const char *s); /* has Latin letters with marks */
void script_upper(char *s, size_t size);
void script_lower(const char *in, char *out, size_t size);
size_t script_letters(const char *s, size_t letters); /* bytes of the first so many letters */
bool script_pinyin_other(const char *in, char *out, size_t size);

#endif
