/* Save the sale: which ways there are to get a SKU to a customer, and in which order. Pure: what is where goes in,
 * ranked ways come out. */
#ifndef BYNAME_DESK_RANK_H
#define BYNAME_DESK_RANK_H

#include "money/money.h"
#include "shop/shop.h"

/* As they are ranked: nothing of another SKU stands before the same SKU. */
enum way_kind { WAY_HERE, WAY_PICK_UP, WAY_SHIP, WAY_TRANSFER, WAY_INCOMING, WAY_SUBSTITUTE, WAYS };
const char *way_name(enum way_kind k); /* "pick_up" */

/* How long each way takes and what it costs: estimates, set by whoever runs the server. */
#define SAVE_CURRENCIES 8
struct save_settings {
	int64_t ready_us[WAYS]; /* from now until the customer can have it; INCOMING: from the day it is due */
	double reach_km;        /* farther than this nobody is sent to fetch it */
	int price_band;         /* percent by which a substitute may cost more or less */
	struct {
		int16_t currency;
		int64_t minor;
	} shipping[SAVE_CURRENCIES]; /* ended by currency 0 */
};
extern const struct save_settings save_defaults;
/* "pick_up=2h transfer=3d ship=2d incoming=1d reach=60km band=25% shipping=EUR4.90,CHF9.00": what is not named stays as
 * in save_defaults. ERR_INVALID "save.settings". */
MUST_CHECK enum result save_settings_read(struct str text, struct save_settings *out, struct error *e);
/* Minor units of what sending costs; -1: nobody said. */
int64_t save_shipping(const struct save_settings *s, int16_t currency);

/* ---- The same SKU ------------------------------------------------------------------------------------------------ */

struct rank_place {
	int64_t location;
	enum store_kind kind;
	double km;         /* from where the customer stands; negative: not known */
	int64_t available; /* what may be promised: never what is kept back for safety */
	int64_t incoming, incoming_at;
	bool closed;    /* nobody can fetch or buy there: what it has is sent, and stands after the others */
	bool elsewhere; /* another system counts there, so the number may be old: stands after the others */
};
struct way {
	enum way_kind kind;
	int64_t sku, location;
	int64_t available;
	double km;
	int64_t ready_at; /* 0: not known */
	bool closed, elsewhere;
	int likeness; /* WAY_SUBSTITUTE */
};
struct rank_ask {
	int64_t sku, store, qty, now;
	const struct save_settings *settings;
};
/* Ranked ways of one SKU, at most so many of each kind and `limit` in all; returns how many. Within a kind: who is sure
 * before who is not; nearer before farther, where to take a store's last unit counts as LAST_UNIT_KM of way; the deeper
 * before the shallower; then by id. */
#define LAST_UNIT_KM 15.0
#define UNKNOWN_KM 1000.0 /* a place of which nobody said where it stands */
int rank_ways(const struct rank_ask *ask, const struct rank_place *places, int count, struct way *out, int limit);

/* ---- Another SKU ------------------------------------------------------------------------------------------------- */

/* What is known of the customer: folded texts. */
struct taste {
	const char *const *dislikes, *const *likes;
	int dislike_count, like_count;
	const char *size; /* usual one in the category of what is wanted; NULL: not known */
};
/* How much like what is wanted another SKU is, 0 to 1000; -1: nothing for this customer. size_steps: how far apart the
 * two stand among the sizes of their product (0: the same size); of another product -1. */
int likeness(const struct sku *wanted, const struct sku *other, int size_steps, int price_band,
             const struct taste *taste);
/* Best first: likeness less what the way there costs; each SKU once. Sorts. */
void rank_substitutes(struct way *ways, int count);

#endif
