/* Keys that bring records together which may be one person. A key that too many records share is replaced by narrower
 * ones: the model says which are crowded, so that the keys depend on the record and the epoch alone. */
#include "people/match_inside.h"
#include <stdlib.h>

enum key_kind {               /* part of what is hashed: never change the numbers within an epoch */
	        KEY_NAME = 1, /* both names by sound, in either order */
	        KEY_FAMILY_YEAR,
	        KEY_GIVEN_BIRTH,
	        KEY_FAMILY_BIRTH,
	        KEY_POSTCODE,
	        KEY_POSTCODE_GIVEN,
	        KEY_ADDRESS,
	        KEY_STREET_GIVEN,
	        KEY_EMAIL,
	        KEY_EMAIL_LOCAL,
	        KEY_PHONE,
	        KEY_ID,
	        KEY_EXTRA_NAME,
	        KEY_ORG,
	        KEY_OTHER
};

#define NARROWER 4
#define LOCAL_LEAST 5

struct keys {
	const struct match_model *model;
	uint64_t *out;
	int n;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccdu;

	return h ^ h >> 32;
}

/* The key, or where it is crowded the key together with the first of these, and so on; a missing one (0) is passed
 * over. Nothing when the narrowest is crowded still. */
static void put(struct keys *k, enum key_kind kind, uint64_t value, const uint64_t narrower[NARROWER])
{
	uint64_t key = mix((uint64_t)kind * 0x9e3779b97f4a7c15u, value);
	int i = 0;

	if (!value)
		return;
	while (model_crowded(k->model, key)) {
		while (i < NARROWER && !narrower[i])
			i++;
		if (i == NARROWER)
			return;
		key = mix(key, mix(narrower[i], (uint64_t)i));
		i++;
	}
	if (k->n < MATCH_KEYS_MAX)
		k->out[k->n++] = key;
}

static const struct match_word *first(const struct match_record *r, enum word_sort sort)
{
	return r->count[sort] ? r->by_sort[sort] : NULL;
}

/* Nicknames of one group sound as one; who has several groups takes the first. */
static uint64_t given_sound(const struct match_word *w)
{
	return !w ? 0 : w->nickname[0] ? w->nickname[0] : w->tag ? w->tag : w->hash;
}

static uint64_t sound(const struct match_word *w)
{
	return !w ? 0 : w->tag ? w->tag : w->hash;
}

/* What a record offers for making keys of. */
struct parts {
	uint64_t given, family, day, month_year, year, birth, postcode, address, city, initials;
};

static struct parts parts_of(const struct match_record *r)
{
	const struct match_word *g = first(r, WORD_GIVEN), *f = first(r, WORD_FAMILY);
	struct parts p = { .given = given_sound(g), .family = sound(f) };

	p.year = r->year && first(r, WORD_BIRTH)->state != WORD_GENERIC ? (uint64_t)r->year : 0;
	p.day = p.year && r->month ? (uint64_t)(r->month * 100 + r->day) : 0;
	p.birth = p.day ? p.year * 10000 + p.day : 0;
	p.postcode = first(r, WORD_POSTCODE) ? first(r, WORD_POSTCODE)->hash : 0;
	p.address = first(r, WORD_ADDRESS) ? first(r, WORD_ADDRESS)->hash : 0;
	p.city = first(r, WORD_CITY) ? first(r, WORD_CITY)->hash : 0;
	p.initials = (g ? (uint64_t)(unsigned char)g->p[0] : 0) << 8 | (f ? (uint64_t)(unsigned char)f->p[0] : 0);
	return p;
}

static void put_names(struct keys *k, const struct match_record *r, const struct parts *p)
{
	uint64_t g = sound(first(r, WORD_GIVEN)), f = p->family;

	if (g && f)
		put(k, KEY_NAME, mix(g < f ? g : f, g < f ? f : g),
		    (uint64_t[NARROWER]){ p->year, p->postcode, p->day, p->city });
	else if (g || f)
		put(k, KEY_OTHER, g ? g : f, (uint64_t[NARROWER]){ p->birth, p->postcode });
	if (p->given && f) /* a nickname goes with every name of its groups */
		for (int i = 0; i < WORD_NICKNAMES && first(r, WORD_GIVEN)->nickname[i]; i++)
			put(k, KEY_NAME, mix(f, first(r, WORD_GIVEN)->nickname[i]),
			    (uint64_t[NARROWER]){ p->year, p->postcode, p->day, p->city });
	if (f && p->year)
		put(k, KEY_FAMILY_YEAR, mix(f, p->year), (uint64_t[NARROWER]){ p->initials, p->day, p->postcode });
}

static void put_birth(struct keys *k, const struct parts *p)
{
	if (!p->birth)
		return;
	if (p->given)
		put(k, KEY_GIVEN_BIRTH, mix(p->birth, p->given),
		    (uint64_t[NARROWER]){ p->family, p->postcode, p->city });
	put(k, KEY_FAMILY_BIRTH, p->birth, (uint64_t[NARROWER]){ p->initials, p->city, p->postcode });
}

static void put_place(struct keys *k, const struct match_record *r, const struct parts *p)
{
	if (p->postcode) {
		put(k, KEY_POSTCODE, p->postcode, (uint64_t[NARROWER]){ p->initials, p->family, p->year });
		if (p->given)
			put(k, KEY_POSTCODE_GIVEN, mix(p->postcode, p->given),
			    (uint64_t[NARROWER]){ p->family, p->year });
	}
	put(k, KEY_ADDRESS, p->address, (uint64_t[NARROWER]){ p->given, p->family, p->year });
	if (r->count[WORD_STREET] && p->given)
		for (int i = 0; i < r->count[WORD_STREET]; i++) {
			const struct match_word *w = &r->by_sort[WORD_STREET][i];

			if (w->n > 3 && w->p[0] > '9')
				put(k, KEY_STREET_GIVEN, mix(w->hash, p->given),
				    (uint64_t[NARROWER]){ p->family, p->year });
		}
}

static void put_values(struct keys *k, const struct match_record *r, const struct parts *p)
{
	uint64_t narrower[NARROWER] = { p->given, p->family };

	for (int i = 0; i < r->count[WORD_EMAIL]; i++) {
		const struct match_word *w = &r->by_sort[WORD_EMAIL][i];
		const char *at = memchr(w->p, '@', w->n);

		if (w->state == WORD_GENERIC)
			continue;
		put(k, KEY_EMAIL, w->hash, narrower);
		if (at && at - w->p >= LOCAL_LEAST)
			put(k, KEY_EMAIL_LOCAL, w->tag, narrower);
	}
	for (int i = 0; i < r->count[WORD_PHONE]; i++)
		if (r->by_sort[WORD_PHONE][i].state != WORD_GENERIC)
			put(k, KEY_PHONE, r->by_sort[WORD_PHONE][i].tag, narrower);
	for (int i = 0; i < r->count[WORD_ID]; i++)
		if (r->by_sort[WORD_ID][i].state != WORD_GENERIC)
			put(k, KEY_ID, mix(r->by_sort[WORD_ID][i].tag, r->by_sort[WORD_ID][i].hash), narrower);
	for (int i = 0; i < r->count[WORD_EXTRA]; i++) {
		const struct match_word *w = &r->by_sort[WORD_EXTRA][i];
		uint64_t value = mix(w->tag, w->hash);

		if (p->family)
			put(k, KEY_EXTRA_NAME, mix(value, p->family), (uint64_t[NARROWER]){ p->given, p->year });
		if (p->given)
			put(k, KEY_EXTRA_NAME, mix(value, p->given), (uint64_t[NARROWER]){ p->family, p->birth });
	}
	for (int i = 0; i < r->count[WORD_ORG]; i++)
		put(k, KEY_ORG, r->by_sort[WORD_ORG][i].tag, (uint64_t[NARROWER]){ p->city, p->postcode });
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int match_keys(const struct match_model *m, const struct match_record *r, uint64_t keys[MATCH_KEYS_MAX])
{
	struct keys k = { .model = m, .out = keys };
	struct parts p = parts_of(r);
	int n = 0;

	put_names(&k, r, &p);
	put_birth(&k, &p);
	put_place(&k, r, &p);
	put_values(&k, r, &p);
	qsort(keys, (size_t)k.n, sizeof(keys[0]), by_value);
	for (int i = 0; i < k.n; i++)
		if (i == 0 || keys[i] != keys[i - 1])
			keys[n++] = keys[i];
	return n;
}
