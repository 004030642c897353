/* What names, places and slips are made of. */
#ifndef BYNAME_BENCH_TORTURE_TABLES_H
#define BYNAME_BENCH_TORTURE_TABLES_H

#include "base/str.h"

enum nation_code {
	NATION_US,
	NATION_GB,
	NATION_DE,
	NATION_FR,
	NATION_ES,
	NATION_PL,
	NATION_RU,
	NATION_GR,
	NATION_CN,
	NATIONS
};

struct list {
	const char **at;
	uint32_t n, cap;
};
/* As written in the source: lists of words, _ for a blank. */
struct nation_text {
	const char *code;
	int share; /* of 100 */
	const char *male, *female, *family, *stems, *ends;
	const char *feminine; /* ending of a surname:ending of a woman's */
	const char *towns;    /* Town/Region/begin of the postcode */
	const char *post;     /* the rest of the postcode: # a digit, @ a letter */
	const char *streets;
	bool number_first;
	const char *calling, *trunk, *mobile, *landline;
	const char *prefix_m, *prefix_f;
};
extern const struct nation_text nation_texts[NATIONS];

struct nation {
	const struct nation_text *text;
	struct list male, female, family, towns, streets;
};
struct nick {
	const char *name, *nick;
};
struct swap {
	const char *from, *to;
	char where; /* A anywhere, S start, M middle, E end */
};
struct tables {
	struct arena *arena;
	struct nation nations[NATIONS];
	struct nick *nicks; /* by name; in lower case */
	uint32_t nick_count, nick_cap;
	uint32_t nick_first[257]; /* by the first byte */
	struct swap *scans, *sounds;
	uint32_t scan_count, sound_count;
	char near[128][10]; /* keys beside a key */
};

/* folder: with nicknames/, pseudopeople/ (both optional), or NULL. */
MUST_CHECK enum result tables_load(struct tables *t, const char *folder, struct error *e);
void tables_free(struct tables *t);
/* The nicknames of a name in lower case: from *first, the count is returned. */
uint32_t tables_nicks(const struct tables *t, const char *name, uint32_t *first);

#endif
