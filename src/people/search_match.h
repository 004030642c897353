/* A query being answered. */
#ifndef BYNAME_PEOPLE_SEARCH_MATCH_H
#define BYNAME_PEOPLE_SEARCH_MATCH_H

#include "people/search_index.h"
#include "text/text.h"

#define TERMS_MAX 8
#define SLOTS_MAX 20000      /* customers that one number may mean */
#define CANDIDATES_MAX 20000 /* customers scored in full, a segment and turn */
#define SCAN_MAX 20000       /* customers of equal fit whose standing is looked at; beyond, every nth */
#define LEAD_MAX 1000000     /* postings of the leading term */
#define CLIENTS_MAX 1000     /* of the one who asks: never left out by sampling */
#define COSTED_MAX 4000      /* misspelt words weighed, a term and segment */
#define CACHE_SIZE 4096
#define LIMIT_MAX 50

/* Turns, while too little is found: exactly and by beginning; likely misspellings; unlikely ones. */
enum turn { TURN_EXACT, TURN_LIKELY, TURN_UNLIKELY, TURNS };

struct slot_hit { /* a customer meant by a number */
	uint32_t slot;
	uint8_t cost, field;
};

/* One word or number that was typed. */
struct term {
	char text[TOKEN_MAX + 1];
	size_t n;
	bool last, number, international, dropped;
	/* in the segment at hand: */
	struct token_range *ranges;
	struct slot_hit *slots;
	int range_count, slot_count;
	uint64_t postings;
};

struct cached {
	uint32_t token;
	uint8_t term, cost;
	bool used;
};

struct scratch {
	struct scratch *next;
	uint64_t *bits;
	size_t words;
	uint32_t candidates[CANDIDATES_MAX];
	int candidate_count;
	struct token_range ranges[TERMS_MAX][RANGES_MAX];
	struct slot_hit slots[TERMS_MAX][SLOTS_MAX];
	struct cached cache[CACHE_SIZE];
	uint32_t costed[COSTED_MAX];
	uint8_t costed_cost[COSTED_MAX];
	int64_t clients[CLIENTS_MAX];
};

/* The best so far, best first. */
struct top {
	struct search_hit hits[LIMIT_MAX];
	int count, limit;
};

struct query {
	struct term terms[TERMS_MAX];
	int term_count;
	char email[EMAIL_BYTES]; /* not empty: looks for addresses that begin so */
	uint16_t associate, store;
	bool sampled; /* so many fit that not everybody was looked at */
	int64_t today;
	struct scratch *scratch;
	struct top top;
};

/* What was typed as terms. joined: neighbouring numbers are one ("044 333 44 55"). */
void query_parse(struct query *q, struct str text, bool joined);
/* Looks into one segment. Terms that are dropped cost, but need not match. */
void segment_search(const struct segment *s, struct query *q, enum turn turn);
/* Looks at these customers one by one, with the terms as looked up in a segment (exact). */
void clients_search(const struct view *v, struct query *q, const int64_t *customers, int count);
/* E-mail addresses that begin with q->email (worth: what it costs beside a name). */
void segment_emails(const struct segment *s, struct query *q, int cost);

/* Fills slots (numbers) and ranges (words, postcodes) of a term; false: nobody here matches it. */
bool term_look_up(const struct segment *s, struct term *t, enum turn turn, bool alone);
uint8_t term_cost(const struct segment *s, struct query *q, int term, uint32_t token);
void top_offer(struct query *q, const struct segment *s, uint32_t slot, int cost, enum search_field field);
/* Whether a hit that costs this could still enter. */
bool top_admits(const struct query *q, int cost);

#endif
