/* Inside the room: the shapes that several answers share (docs/api.md). */
#ifndef BYNAME_DESK_SHAPE_H
#define BYNAME_DESK_SHAPE_H

#include "desk/desk.h"

/* What one answer is made from: one read transaction, one arena. */
struct answer;
struct shape {
	struct answer *answer;
	struct db_tx *tx;
	struct arena *a;
	struct json_writer *w;
	int64_t now;
};

/* How we know a thing. */
struct how {
	enum provenance provenance;
	const char *text;
	int64_t at;         /* 0: unknown */
	const char *source; /* NULL: none */
};

/* Runs fn in a read transaction with a writer of its own, then appends its value to w. purpose: what customers are
 * seen for, or NULL where fn shows none. */
typedef enum result shape_fn(struct shape *s, void *arg, struct error *e);
MUST_CHECK enum result shape_answer(const struct desk *d, const struct principal *p, shape_fn *fn, void *arg,
                                    const char *purpose, struct json_writer *w, struct error *e);
/* fn says whose data the answer shows, of each customer as early as it knows: the views are noted in the audit trail
 * while the rest is read, and shape_answer() lets nothing out before those notes are durable. At most SHAPE_SEES_MAX
 * customers an answer: ERR_LIMIT. */
#define SHAPE_SEES_MAX 100
MUST_CHECK enum result shape_sees(struct shape *s, int64_t customer, struct error *e);

void shape_money(struct shape *s, const char *key, int16_t currency, int64_t minor);
void shape_how(struct shape *s, const struct how *how);
void shape_time_or_null(struct shape *s, const char *key, int64_t at);
/* {id, name} or null. */
MUST_CHECK enum result shape_store(struct shape *s, const char *key, int64_t store, struct error *e);
MUST_CHECK enum result shape_associate(struct shape *s, const char *key, int64_t associate, struct error *e);
/* SkuShown (docs/api.md): what a screen shows of a SKU; null when there is no such id. key NULL: a value of its own. */
MUST_CHECK enum result shape_sku(struct shape *s, const char *key, int64_t sku, struct error *e);
void shape_sku_of(struct shape *s, const char *key, const struct sku *sku);
/* A distance in km to one digit, null when it is not known (negative). */
void shape_km(struct shape *s, const char *key, double km);
/* "next": the cursor of the page after this one, or null. */
/* FACT. id 0: a computed one. */
void shape_fact(struct shape *s, const char *kind, const char *value, const char *label, bool say,
                const struct how *how, int64_t id);
MUST_CHECK enum result shape_note(struct shape *s, const struct note *n, struct error *e);
MUST_CHECK enum result shape_order(struct shape *s, const struct order *o, bool with_lines, struct error *e);
/* newest: the newest entry of its trail, where that is known; else NULL. */
MUST_CHECK enum result shape_book(struct shape *s, const struct order_book *b, const struct order_event *newest,
                                  struct error *e);
/* Phones and e-mails as hints, not addresses to harvest: "… 55 66", "j…@example.org". */
const char *shape_phone_hint(struct shape *s, const char *value);
const char *shape_email_hint(struct shape *s, const char *value);
void shape_address(struct shape *s, const struct record *r);
/* "1975-05-08", "--05-08", "1975"; NULL: unknown. */
const char *shape_birthday(struct shape *s, int year, int month, int day);
void shape_person_name(struct shape *s, const char *key, const struct person *p);
/* Who lives together: by what a source says, and by what records share. */
#define HOUSEHOLD_SHOWN 20
struct household {
	int64_t members[HOUSEHOLD_SHOWN];
	struct housemate mates[HOUSEHOLD_SHOWN];
	const char *member_names[HOUSEHOLD_SHOWN], *mate_names[HOUSEHOLD_SHOWN];
	int count, mate_count;
};
void shape_household(struct shape *s, const struct person *p, const struct household *h);
void shape_consents(struct shape *s, const struct consent *c, int count);
/* "12 May 2025", in UTC days: for sentences. */
const char *shape_date(struct shape *s, int64_t at);

/* card.c: the members name … notes of an open object, for the card and the customer page. */
MUST_CHECK enum result card_members(struct shape *s, const struct person *p, bool full, struct error *e);

#endif
