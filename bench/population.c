/* A chain to measure on, made through the rooms' own doors in large transactions; and who may ask it.
 *	population build URL CUSTOMERS TOUCHPOINTS IDS   fills an empty database; customer ids into the file IDS
 *	population callers URL USERS TOKENS              users with sessions (tokens into the file) and a write key
 *	                                                 (printed), made anew each time
 * Deterministic but for ids. Nothing is claimed in the inbox: what is old there has been pruned. */
#include "access/internal.h"
#include "base/clock.h"
#include "base/id.h"
#include "feed/room.h"
#include "insight/insight.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SOURCE "bench"
#define STORES 12
#define ASSOCIATES 120
#define SKUS 2000
#define ORDERS_A_CUSTOMER 6 /* of the touchpoints */
#define CHUNK 100           /* customers a transaction */
#define YEARS 8
#define SLOW_MS 300000

static struct db *db;
static int64_t stores[STORES], associates[ASSOCIATES], skus[SKUS];
static int64_t customers, touchpoints, now_us;
static int64_t *ids;
/* In order of buckets: what is written lies side by side, not each on a page of its own. */
static struct turn {
	unsigned bucket;
	int64_t customer;
} * turns;
static int16_t euro;
static _Atomic int64_t next_customer, done;

static void die(const struct error *e)
{
	fprintf(stderr, "population: %s: %s\n", e->code, e->detail);
	exit(2);
}

static uint64_t mix(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int64_t below(uint64_t *s, int64_t n)
{
	return (int64_t)(mix(s) % (uint64_t)n);
}

static struct str view(const char *buf, int n)
{
	return (struct str){ buf, (size_t)n };
}

static struct str customer_key(int64_t i, char key[32])
{
	return view(key, snprintf(key, 32, "c%09lld", (long long)i));
}

/* ---- The shop ---- */

static enum result shop_tx(struct db_tx *tx, void *arg, struct error *e)
{
	static const char *const sizes[] = { "36", "38", "40", "42", "S", "M", "L", "XL" };
	static const char *const colours[] = { "navy", "white", "black", "red", "olive" };
	static const char *const kinds[] = { "Shoes", "Shirts", "Coats", "Bags", "Trousers", "Knitwear" };
	bool changed;
	(void)arg;
	for (int i = 0; i < STORES; i++) {
		struct store s = { .currency = euro, .kind = STORE_SHOP };
		snprintf(s.code, sizeof(s.code), "S%02d", i);
		snprintf(s.name, sizeof(s.name), "Store %d", i);
		snprintf(s.zone, sizeof(s.zone), "Europe/Zurich");
		snprintf(s.country, sizeof(s.country), "CH");
		TRY(store_put(tx, &s, &stores[i], &changed, e));
	}
	for (int i = 0; i < ASSOCIATES; i++) {
		struct associate a = { .store = stores[i % STORES] };
		snprintf(a.code, sizeof(a.code), "A%03d", i);
		snprintf(a.name, sizeof(a.name), "Associate %d", i);
		TRY(associate_put(tx, &a, &associates[i], &changed, e));
	}
	for (int i = 0; i < SKUS; i++) {
		struct sku k = { .list_minor = 1990 + i % 200 * 100, .cost_minor = -1, .currency = euro };
		snprintf(k.code, sizeof(k.code), "SKU-%05d", i);
		snprintf(k.size, sizeof(k.size), "%s", sizes[i % 8]);
		snprintf(k.colour, sizeof(k.colour), "%s", colours[i / 8 % 5]);
		snprintf(k.product_code, sizeof(k.product_code), "P-%04d", i / 40);
		snprintf(k.title, sizeof(k.title), "%s of line %d", kinds[i / 40 % 6], i / 40);
		snprintf(k.brand, sizeof(k.brand), "Brand %d", i / 40 % 20);
		snprintf(k.category, sizeof(k.category), "%s", kinds[i / 40 % 6]);
		TRY(sku_put(tx, &k, &skus[i], &changed, e));
	}
	return OK;
}

/* ---- One customer ---- */

static enum result person_make(struct db_tx *tx, int64_t i, uint64_t *rnd, int64_t *record, struct error *e)
{
	static const char *const given[] = { "Anna", "Luca",  "Marie", "Peter", "Sofia", "Jonas", "Elena", "Paul",
		                             "Nina", "David", "Clara", "Felix", "Laura", "Simon", "Julia", "Marc" };
	static const char *const family[] = { "Meier",   "Keller", "Rossi", "Dubois", "Smith",  "Weber",   "Novak",
		                              "Baumann", "Frei",   "Moser", "Garcia", "Schmid", "Brunner", "Gerber" };
	char key[32], name[64], email[80], phone[32], card[32], street[64], postcode[16];
	struct record_in in = { .source = STR(SOURCE), .at = now_us - YEARS * 365 * DAY_US };
	in.source_key = customer_key(i, key);
	in.given = str_c(given[below(rnd, 16)]);
	in.family = view(name, snprintf(name, sizeof(name), "%s%c%lld", family[below(rnd, 14)],
	                                (char)('a' + (int)below(rnd, 26)), (long long)(i % 997)));
	in.street = view(street, snprintf(street, sizeof(street), "Seestrasse %lld", (long long)(i % 300)));
	in.city = STR("Zürich");
	in.country = STR("CH");
	in.postcode = view(postcode, snprintf(postcode, sizeof(postcode), "%lld", 8000 + (long long)(i % 900)));
	in.birth_year = 1940 + (int)below(rnd, 65);
	in.birth_month = 1 + (int)below(rnd, 12);
	in.birth_day = 1 + (int)below(rnd, 28);
	in.identifiers[0].kind = IDENT_EMAIL;
	in.identifiers[0].value = view(email, snprintf(email, sizeof(email), "p%lld@example.org", (long long)i));
	in.identifiers[1].kind = IDENT_PHONE;
	in.identifiers[1].value = view(phone, snprintf(phone, sizeof(phone), "+4179%07lld", (long long)(i % 10000000)));
	in.identifiers[2] = (struct identifier_in){ .kind = IDENT_LOYALTY, .verified = true };
	in.identifiers[2].value = view(card, snprintf(card, sizeof(card), "L%010lld", (long long)i));
	in.identifier_count = 3;
	int64_t customer;
	bool changed;
	TRY(record_put(tx, &in, record, &customer, &changed, NULL, e));
	TRY(consent_put(tx, *record, STR("email"), STR("marketing"), i % 3 ? CONSENT_YES : CONSENT_NO, in.at, e));
	int64_t fact;
	struct fact_in f = { .record = *record,
		             .kind = STR("likes"),
		             .value = STR("linen"),
		             .provenance = FACT_TOLD,
		             .sayable = true,
		             .at = in.at };
	TRY(fact_tell(tx, &f, &fact, e));
	f.kind = STR("served_how");
	f.value = STR("Show the new things first");
	return i % 4 ? OK : fact_tell(tx, &f, &fact, e);
}

static enum result order_make(struct db_tx *tx, int64_t record, int64_t i, int n, int64_t at, uint64_t *rnd,
                              int64_t *order, struct error *e)
{
	struct order_line_in lines[3] = { 0 };
	char number[40], key[3][4];
	struct order_in in = { .kind = ORDER_SALE,
		               .source = STR(SOURCE),
		               .record = record,
		               .channel = CHANNEL_STORE,
		               .placed_at = at,
		               .currency = euro,
		               .lines = lines };
	in.number = view(number, snprintf(number, sizeof(number), "B%lld-%d", (long long)i, n));
	in.store = stores[below(rnd, 4) ? i % STORES : below(rnd, STORES)];
	in.associate = associates[i % ASSOCIATES];
	in.line_count = 1 + (int)below(rnd, 3);
	for (int k = 0; k < in.line_count; k++) {
		int64_t sku = (i * 7 + below(rnd, 60)) % SKUS;
		lines[k].line_key = view(key[k], snprintf(key[k], sizeof(key[k]), "%d", k + 1));
		lines[k].sku = skus[sku];
		lines[k].qty = 1 + below(rnd, 2);
		lines[k].unit_price = decimal_of_micro((1990 + sku % 200 * 100) * INT64_C(10000));
	}
	struct order_outcome out;
	TRY(order_report(tx, &in, &out, e));
	*order = out.order;
	return OK;
}

static enum result customer_make(struct db_tx *tx, int64_t i, struct error *e)
{
	static const char *const kinds[] = { "page", "Product Viewed", "Email Opened", "Store Visited", "Call" };
	static const enum channel channels[] = { CHANNEL_WEB, CHANNEL_WEB, CHANNEL_EMAIL, CHANNEL_STORE,
		                                 CHANNEL_PHONE };
	uint64_t rnd = (uint64_t)i * 0x2545f4914f6cdd1du + 7;
	int64_t record, id, step = YEARS * 365 * DAY_US / (touchpoints + 1);
	char body[400], title[64];
	TRY(person_make(tx, i, &rnd, &record, e));
	ids[i] = record;
	int64_t each = touchpoints / ORDERS_A_CUSTOMER > 0 ? touchpoints / ORDERS_A_CUSTOMER : 1;
	for (int64_t t = 0; t < touchpoints; t++) {
		int64_t at = now_us - YEARS * 365 * DAY_US + t * step + below(&rnd, step), order = 0;
		struct touchpoint_in in = { .record = record, .at = at, .source = STR(SOURCE) };
		int64_t kind = below(&rnd, 64);
		kind = kind < 30 ? 0 : kind < 50 ? 1 : kind < 60 ? 2 : kind < 63 ? 3 : 4;
		if (t % each == each - 1)
			TRY(order_make(tx, record, i, (int)(t / each), at, &rnd, &order, e));
		in.channel = order ? CHANNEL_STORE : channels[kind];
		in.kind = order ? STR("Order Completed") : str_c(kinds[kind]);
		in.ref = order;
		in.title = view(title, snprintf(title, sizeof(title), "Line %lld", (long long)below(&rnd, 50)));
		in.body =
		        view(body, snprintf(body, sizeof(body),
		                            "{\"path\":\"/en/products/%llu\",\"referrer\":\"https://search.example/\","
		                            "\"sku\":\"SKU-%05lld\",\"price\":%lld.90,\"campaign\":\"spring-%llu\"}",
		                            (unsigned long long)mix(&rnd), (long long)below(&rnd, SKUS),
		                            (long long)below(&rnd, 300), (unsigned long long)(mix(&rnd) % 100000)));
		TRY(touchpoint_append(tx, &in, &id, e));
	}
	return OK;
}

static enum result chunk_tx(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t from = *(int64_t *)arg;
	for (int64_t i = from; i < from + CHUNK && i < customers; i++)
		TRY(customer_make(tx, turns[i].customer, e));
	return OK;
}

static void make(void)
{
	struct error e;
	int64_t from;
	while ((from = atomic_fetch_add(&next_customer, CHUNK)) < customers) {
		if (db_transact(db, chunk_tx, &from, &e) != OK)
			die(&e);
		int64_t n = atomic_fetch_add(&done, CHUNK) + CHUNK;
		if (n % (customers / 10 > CHUNK ? customers / 10 / CHUNK * CHUNK : CHUNK) == 0)
			fprintf(stderr, "    %lld of %lld customers\n", (long long)n, (long long)customers);
	}
}

static void ids_write(const char *path)
{
	FILE *f = fopen(path, "w");
	for (int64_t i = 0; f && i < customers; i++) {
		char text[ID_TEXT_BYTES];
		id_format(text, ID_CUSTOMER, ids[i]);
		fprintf(f, "%s\n", text);
	}
	if (!f || fclose(f) != 0) {
		perror(path);
		exit(2);
	}
}

static int by_bucket(const void *x, const void *y)
{
	const struct turn *a = x, *b = y;
	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	return (a->customer > b->customer) - (a->customer < b->customer);
}

static void turns_make(void)
{
	turns = calloc((size_t)customers, sizeof(*turns));
	for (int64_t i = 0; turns && i < customers; i++) {
		char key[32];
		turns[i] = (struct turn){ bucket_of(STR(SOURCE), customer_key(i, key)), i };
	}
	if (turns)
		qsort(turns, (size_t)customers, sizeof(*turns), by_bucket);
}

static void build(const char *path)
{
	struct error e;
	const struct feed_stored *const views[] = { insight_room.stored };
	ids = calloc((size_t)customers, sizeof(*ids));
	turns_make();
	if (!ids || !turns || db_transact(db, shop_tx, NULL, &e) != OK)
		die(&e);
	make(); /* one thread: large transactions of many people's keys would wait for each other crosswise */
	fprintf(stderr, "    counting what they bought\n");
	if (feed_drain(db, views, 1, FEED_PATIENCE, &e) != OK)
		die(&e);
	struct feed_position low = { 0, 0 };
	for (bool more = true; more;)
		if (feed_prune(db, 0, &low, &more, &e) != OK)
			die(&e);
	ids_write(path);
}

/* ---- Who asks ---- */

DB_STMT(bench_session, "biii", "",
        "INSERT INTO session (token, account, created_at, last_seen_at) VALUES ($1, $2, $3, $4)")

struct callers {
	int count;
	FILE *out;
	char key[APIKEY_BYTES];
};

static enum result callers_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct callers *c = arg;
	int64_t now = clock_now(), key;
	for (int i = 0; i < c->count; i++) {
		char login[64], token[TOKEN_CHARS + 1];
		unsigned char hash[TOKEN_HASH_BYTES];
		int64_t user;
		struct user_in in = { .name = STR("Bench"), .role = ROLE_AGENT };
		in.login = view(login, snprintf(login, sizeof(login), "bench-%llx-%d", (long long)now, i));
		TRY(user_add(tx, &in, &user, e));
		token_new(token);
		token_hash(hash, "session", str_c(token));
		TRY(db_exec(tx, &bench_session, NULL, e, DB_BLOB(((struct str){ (char *)hash, sizeof(hash) })),
		            DB_INT(user), DB_INT(now), DB_INT(now)));
		fprintf(c->out, "%s\n", token);
	}
	return apikey_add(tx, STR("Bench"), STR(SOURCE), ROLE_SOURCE, c->key, &key, e);
}

int main(int argc, char **argv)
{
	struct error e;
	bool building = argc == 6 && !strcmp(argv[1], "build");
	if (!building && (argc != 5 || strcmp(argv[1], "callers"))) {
		fprintf(stderr, "usage: population build URL CUSTOMERS TOUCHPOINTS IDS | callers URL USERS TOKENS\n");
		return 2;
	}
	const struct db_config config = { .url = argv[2], .create = true, .limit_ms = SLOW_MS };
	if (db_open(&config, &db, &e) != OK || db_migrate(db, &e) != OK)
		die(&e);
	now_us = clock_now();
	currency_find(STR("EUR"), &euro);
	if (building) {
		customers = atoll(argv[3]);
		touchpoints = atoll(argv[4]);
		build(argv[5]);
	} else {
		struct callers c = { .count = atoi(argv[3]), .out = fopen(argv[4], "w") };
		if (!c.out || db_transact(db, callers_tx, &c, &e) != OK)
			die(&e);
		fclose(c.out);
		printf("%s\n", c.key);
	}
	db_close(db);
	return 0;
}
