/* The words of `byname order` as the bodies of the API. Items are "SKU[*QTY][,price=80.00][,tax=8.1][,from=STORE]
 * [,method=pick_up][,discount=10%]", units "LINE[*QTY][,condition=good]", payments "card=80.00[,pending]". SKUs and
 * stores go by what look_up.h takes, orders by number or id. */
#ifndef BYNAME_APP_ORDER_WORDS_H
#define BYNAME_APP_ORDER_WORDS_H

#include "app/client.h"

#define ORDER_WORDS_MAX 200

struct words {
	const char *word[ORDER_WORDS_MAX];
	int count;
};

/* ERR_NOT_FOUND "order.unknown" and those of look_up.h; ERR_INVALID "word.…" */
MUST_CHECK enum result word_order(struct client *c, const char *word, char id[ID_TEXT_BYTES], struct error *e);
/* Each writes one array as a member of the open object. */
MUST_CHECK enum result words_items(struct client *c, const struct words *in, struct json_writer *w, struct error *e);
MUST_CHECK enum result words_units(struct client *c, const struct words *in, struct json_writer *w, struct error *e);
MUST_CHECK enum result words_pays(const struct words *in, struct json_writer *w, struct error *e);
/* "10%", "5.00", either with ",over=100.00" */
MUST_CHECK enum result words_discounts(const struct words *in, struct json_writer *w, struct error *e);

#endif
