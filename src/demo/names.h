/* Names, streets and cities of several cultures: small tables of our own, in their own script, with a Latin form. */
#ifndef BYNAME_DEMO_NAMES_H
#define BYNAME_DEMO_NAMES_H

#include "base/mem.h"

enum culture {
	GERMAN,
	ENGLISH,
	FRENCH,
	ITALIAN,
	POLISH,
	GREEK,
	TURKISH,
	VIETNAMESE,
	RUSSIAN,
	CHINESE,
	ARABIC,
	SPANISH,
	CULTURES
};

struct name {
	const char *native, *latin,
	        *nick; /* latin = native where the script is Latin; nick: another form in use, or NULL */
};
struct name_list {
	const struct name *p;
	uint32_t n;
};
struct name_tables {
	struct name_list male[CULTURES], female[CULTURES], family[CULTURES];
};

MUST_CHECK enum result names_load(struct arena *a, struct name_tables *out, struct error *e);

/* A family name as a woman bears it (Kowalski → Kowalska, Иванов → Иванова, Papadopoulos → Papadopoulou). */
void names_feminine(enum culture c, const char *family, bool native, char *out, size_t size);

enum country { DE, AT, CH, FR, IT, GB, PL, GR, US, COUNTRIES };
struct land {
	const char *code, *streets, *language;
	const char *mobile, *fixed; /* national numbers, # a digit; ranges that are given to nobody */
	const char *prefix;         /* "+49" */
	const char *postcode;       /* pattern where the town has none */
	enum culture culture;
	const char *diaspora; /* culture letters of the others, by weight */
	int number_first;     /* "12 Mill Lane" */
};
extern const struct land lands[COUNTRIES];

struct town {
	const char *name, *latin, *postcode;
};
/* Towns around a store, the store's own first. */
struct region {
	struct town towns[4];
};
extern const struct region regions[12];

/* The nth word of a blank-separated list (underscores stand for blanks inside a word), copied to out. */
uint32_t words_count(const char *list);
void words_get(const char *list, uint32_t n, char *out, size_t size);

#endif
