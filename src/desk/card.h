/* Inside the room: the parts of the greeting card. */
#ifndef BYNAME_DESK_CARD_H
#define BYNAME_DESK_CARD_H

#include "desk/shape.h"
#include "orders/command.h"

#define CARD_FACTS_MAX 200
#define CARD_PREFERENCES_MAX 128
#define CARD_ORDERS 8
#define CARD_CONTACTS 30
#define CARD_CONSENTS 32
#define CARD_NOTES 20
#define CARD_HOLDS 10

/* Everything the card is made from, read at once. */
struct card {
	const struct person *person;
	struct arena *a;
	int64_t now;
	struct spending spending;
	int64_t recent_minor; /* of it in the last twelve months */
	struct preference preferences[CARD_PREFERENCES_MAX];
	int preference_count;
	struct fact facts[CARD_FACTS_MAX]; /* told facts and wrong-marks */
	int fact_count;
	struct order orders[CARD_ORDERS]; /* the newest, with lines */
	int order_count;
	struct touchpoint contacts[CARD_CONTACTS]; /* the newest of any kind */
	int contact_count;
	struct order_open matters[ORDER_OPEN_MAX]; /* orders made here */
	int matter_count;
	struct stock_hold holds[CARD_HOLDS];
	int hold_count;
	struct consent consents[CARD_CONSENTS];
	int consent_count;
	struct household household;
	struct note notes[CARD_NOTES];
	int note_count;
	bool full; /* also what may not be said aloud */
};

/* facts.c: sizes, likes, dislikes, served_how, channels. */
void card_facts(struct shape *s, const struct card *c);
/* Whether someone marked this as wrong. */
bool card_is_wrong(const struct card *c, const char *kind, const char *value);

/* occasion.c: milestones within 30 days; the one opener. */
MUST_CHECK enum result card_milestones(struct shape *s, const struct card *c, struct error *e);
MUST_CHECK enum result card_opener(struct shape *s, const struct card *c, struct error *e);
/* matters.c: what is open between us and the customer, what they came for first. */
MUST_CHECK enum result card_open_matters(struct shape *s, const struct card *c, struct error *e);

#endif
