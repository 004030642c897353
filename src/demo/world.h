/* What the demo chain consists of; inside src/demo only. */
#ifndef BYNAME_DEMO_WORLD_H
#define BYNAME_DEMO_WORLD_H

#include "base/clock.h"
#include "demo/demo.h"
#include "demo/names.h"
#include "demo/rnd.h"

enum { EUR, CHF, GBP, PLN, USD };

/* ---- The shop (shop.c) --------------------------------------------------------------------------------------------
 */

#define STORES 14
#define SHOPS 12 /* the first ones have a door; then the web shop and the call centre */
#define WEB_STORE 12
#define CALL_STORE 13
struct shop {
	const char *code, *name, *zone, *city;
	enum country country;
	int currency, region;
	int offset_minutes; /* of standard time */
	int summer;         /* 0: none, 1: Europe's rule, 2: the United States' */
	const char *phone;  /* what cashiers type for a customer who gives none */
	int first_associate, associates, weight;
};
extern const struct shop shops[STORES];

#define ASSOCIATES 120
struct associate_person {
	char code[16], name[96];
	int store;
};

enum category {
	SHOES,
	DRESSES,
	KNITWEAR,
	SHIRTS,
	TSHIRTS,
	TROUSERS,
	JEANS,
	COATS,
	BLAZERS,
	SWIMWEAR,
	UNDERWEAR,
	KIDS,
	BAGS,
	ACCESSORIES,
	CATEGORIES
};
enum gender { WOMAN, MAN, ANYBODY };
#define SIZE_BYTES 16
#define BRANDS 24
#define COLOURS 16
#define PRODUCTS 2500
extern const char *const brand_name[BRANDS];
extern const char *const colour_name[COLOURS];

struct category_spec {
	const char *name;
	const char *women, *men; /* kinds of it, "" where there are none */
	int share;               /* of the products, in 1000 */
	int weight[2];           /* how often women and men buy it */
	int month[12];           /* percent */
	int price_lo, price_hi;  /* whole euros */
	int sizes;               /* how many sizes one product comes in, at most */
};
extern const struct category_spec category_spec[CATEGORIES];

struct product {
	char code[16];
	char title[96];
	int16_t brand, colour;
	int8_t category, gender;
	int32_t euro_cents;        /* list price in the home market */
	int32_t from_day, to_day;  /* on offer */
	int32_t sku;               /* its first SKU */
	int16_t first_size, sizes; /* positions on the size scale of its category and gender */
};

/* The text of a size on the scale of a category and gender; "" for things that come in one size. */
void size_text(enum category c, enum gender g, int position, char out[SIZE_BYTES]);
int size_count(enum category c, enum gender g);
/* List price on the label in a currency, in minor units. */
int64_t label_price(int32_t euro_cents, int currency);

/* ---- People (people.c) --------------------------------------------------------------------------------------------
 */

#define MEMBERS_MAX 6
struct household {
	int32_t first, members; /* people */
	int32_t moved_day;      /* 0: never */
	uint32_t seed;
	int16_t store;
	int8_t culture;
	bool shared_email, landline, shared_device, in_loyalty;
	int32_t child_birth_day; /* a child who is no customer yet; 0: none */
};
struct person {
	int32_t household, birth_day;
	uint32_t seed;
	struct name given, family, maiden;   /* maiden.native NULL: none */
	int32_t married_day;                 /* when maiden became family */
	int32_t begin_day, end_day;          /* as a customer */
	float per_year;                      /* purchases */
	int16_t web_share, bargain, returns; /* in 1000 */
	int16_t fits[3];                     /* positions: tops, trousers, shoes */
	int16_t brands[3], colours[2];
	int16_t associate; /* preferred, or -1 */
	int8_t gender, birthday_known;
	bool junior;             /* bears his father's name */
	int32_t record, records; /* first of its records */
};

/* ---- Records (records.c) ------------------------------------------------------------------------------------------
 */

enum source { TILL, WEB, LOYALTY, CALLCENTRE, CHAT, SOURCES };
extern const char *const source_name[SOURCES];

struct rec {
	int32_t person, day; /* when it was made */
	uint32_t number;     /* of the key within its source */
	uint32_t seed;
	int8_t source;
	bool replaced; /* a second card or a second till number */
};

#define EMAIL_SIZE 192
/* What a source says of a person, as text; empty: nothing. */
struct traits {
	char given[96], family[96], email[EMAIL_SIZE], phone[40], street[128], city[64], postcode[16], birthday[16];
	char loyalty[40];
	const char *country, *gender, *language;
	bool email_verified, loyalty_verified;
	int consent_email, consent_phone; /* -1: never asked, 0, 1 */
};

/* ---- Baskets (basket.c) -------------------------------------------------------------------------------------------
 */

#define BASKET_MAX 8
struct basket_line {
	int32_t product, size; /* position */
	int32_t quantity;
	int64_t price, list, discount; /* minor units; discount of the whole line */
};
struct basket {
	int store, currency, associate, count;
	struct basket_line line[BASKET_MAX];
	int64_t subtotal, shipping, tax, total; /* subtotal: lines after discount */
};

/* ---- Events (events.c) --------------------------------------------------------------------------------------------
 */

enum event_kind {
	EV_IDENTIFY,
	EV_GROUP,
	EV_ALIAS,
	EV_ORDER,
	EV_REFUND,
	EV_PAGE,
	EV_VIEW,
	EV_CALL,
	EV_CHAT,
	EV_SURVEY,
	EV_BROKEN
};
struct event {
	int64_t at;  /* UTC seconds */
	int32_t rec; /* the record that the source names, or -1 */
	uint32_t seed;
	uint32_t ref; /* of an order: its number; of a refund: the order event's number; page, view: the device */
	int32_t store;
	int8_t kind, source;
	bool again; /* sent a second time */
};

/* What a refund must know of its order. */
struct order_made {
	int64_t at;
	uint32_t seed;
	int32_t rec, store;
};

struct world {
	struct demo_config cfg;
	struct arena *arena;
	int32_t from_day, until_day;
	struct name_tables names;
	struct associate_person associates[ASSOCIATES];
	struct product *products;
	int32_t skus;
	/* Products by category and gender in order of from_day. */
	int32_t *by_kind[CATEGORIES][2], by_kind_count[CATEGORIES][2];
	struct household *households;
	int32_t household_count;
	struct person *people;
	struct rec *recs;
	int32_t rec_count, rec_cap;
	struct event *events;
	size_t event_count, event_cap;
	struct order_made *orders;
	size_t order_count, order_cap;
	uint32_t *order_number; /* by its place in time, from 1 */
	struct demo_counts counts;
};

MUST_CHECK enum result shop_make(struct world *w, struct error *e);
MUST_CHECK enum result people_make(struct world *w, struct error *e);
MUST_CHECK enum result records_make(struct world *w, struct error *e);
MUST_CHECK enum result events_make(struct world *w, struct error *e);
MUST_CHECK enum result files_emit(struct world *w, demo_emit_fn *emit, void *ctx, struct error *e);
MUST_CHECK enum result events_emit(struct world *w, demo_emit_fn *emit, void *ctx, struct error *e);

/* Grows a heap array to hold one more; *cap counts elements. */
MUST_CHECK enum result grow(void **array, size_t *cap, size_t count, size_t size, struct error *e);

/* What the record's source says on that day. */
void traits_of(const struct world *w, const struct rec *r, int32_t day, struct traits *out);
void rec_key(const struct world *w, const struct rec *r, char out[40]);
/* The browser or app number n of a person. */
void device_key(const struct world *w, int32_t person, uint32_t n, char out[40]);
/* The same person, moment and seed give the same basket, so that a refund can look up what was bought. */
void basket_make(const struct world *w, const struct person *p, int32_t day, int store, uint32_t seed,
                 struct basket *out);
/* Opening hours: a local hour of a day as UTC seconds. */
int64_t shop_time(int store, int32_t day, int minute_of_day);
/* Writes amounts exactly: "1234.50". */
void minor_text(int64_t minor, char out[24]);

#endif
