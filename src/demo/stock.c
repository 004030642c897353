/* What stands in the stores on the last day, and what is under way: broken sizes, empty shelves, orders in every state,
 * holds, deliveries, transfers, counts, people who wait. */
#include "demo/stock.h"
#include <stdio.h>
#include <stdlib.h>

#define PLENTY 30000     /* people for whom the stores are full */
#define CARRIED_LEAST 40 /* of 1000 products, in a store of the smallest chain */
#define CARRIED_MORE 360 /* further ones, in a full one */
#define LEFTOVER_DAYS 60 /* how long the rest of last season lies about */
#define DRAWS 4000       /* tries to find a thing that fits */
#define MATTERS_MAX 600
#define CANDIDATES 40

/* ---- The stores' places ----------------------------------------------------------------------------------------- */

const struct place_at place_at[STORES + 1] = {
	{ "52.526010", "13.387000" },
	{ "48.133840", "11.566780" },
	{ "47.371830", "8.539330" },
	{ "48.208610", "16.369640" },
	{ "48.859030", "2.362180" },
	{ "45.757810", "4.832010" },
	{ "45.471940", "9.186620" },
	{ "51.522610", "-0.152730" },
	{ "55.952930", "-3.197020" },
	{ "52.234020", "21.018040" },
	{ "37.979230", "23.742010" },
	{ "40.723610", "-73.999020" },
	{ "", "" },
	{ "51.339710", "12.373110" },
	{ "51.404020", "12.220010" },
};
const char *place_code(int place)
{
	return place == WAREHOUSE ? "LAG" : shops[place].code;
}

/* ---- Shelves ---------------------------------------------------------------------------------------------------- */

static bool on_offer(const struct world *w, const struct product *p, int more_days)
{
	return p->from_day <= w->until_day && p->to_day + more_days > w->until_day;
}

static bool carried(const struct world *w, int place, int n)
{
	const struct product *p = &w->products[n];
	struct rnd r = rnd_of(w->cfg.seed, 'q', (uint64_t)place * PRODUCTS + (uint64_t)n);
	int people = w->cfg.people < PLENTY ? w->cfg.people : PLENTY;
	int share = CARRIED_LEAST + (int)((int64_t)CARRIED_MORE * people / PLENTY);
	if (place == WAREHOUSE)
		share = share * 2;
	else if (shops[place].weight > 10)
		share = share * 5 / 4;
	return on_offer(w, p, 0) ? rnd_chance(&r, share < 950 ? share : 950)
	                         : on_offer(w, p, LEFTOVER_DAYS) && rnd_chance(&r, share / 4);
}

int shelf_units(const struct world *w, int place, int n, int size)
{
	const struct product *p = &w->products[n];
	struct rnd r = rnd_of(w->cfg.seed, 'u', ((uint64_t)place * PRODUCTS + (uint64_t)n) * 16 + (uint64_t)size);
	if (!carried(w, place, n))
		return -1;
	bool middle = p->sizes < 3 || (size > 0 && size + 1 < p->sizes);
	if (place == WAREHOUSE)
		return rnd_chance(&r, 120) ? 0 : rnd_between(&r, 2, middle ? 34 : 16);
	if (!on_offer(w, p, 0))
		return rnd_chance(&r, 650) ? 0 : 1;
	if (rnd_chance(&r, middle ? 160 : 380)) /* sold out */
		return 0;
	return rnd_between(&r, 1, middle ? 5 : 3);
}

enum result stock_emit(const struct world *w, struct csv *c, struct error *e)
{
	TRY(csv_header(c, "stock.csv", "store,sku,qty", e));
	for (int place = 0; place <= WAREHOUSE; place++) {
		for (int n = 0; n < PRODUCTS && (place < SHOPS || place == WAREHOUSE); n++) {
			for (int i = 0; i < w->products[n].sizes; i++) {
				char sku[SKU_BYTES], qty[12];
				int units = shelf_units(w, place, n, i);
				if (units < 0)
					break;
				sku_text(&w->products[n], i, sku);
				snprintf(qty, sizeof(qty), "%d", units);
				csv_field(c, place_code(place));
				csv_field(c, sku);
				csv_field(c, qty);
				TRY(csv_end(c, e));
			}
		}
	}
	return OK;
}

/* ---- What is under way ------------------------------------------------------------------------------------------ */

/* Percent on top of or in the price, by country. */
static const struct {
	const char *rate;
	bool included;
} taxes[COUNTRIES] = { [DE] = { "19", true }, [AT] = { "20", true }, [CH] = { "8.1", true },
	               [FR] = { "20", true }, [IT] = { "22", true }, [GB] = { "20", true },
	               [PL] = { "23", true }, [GR] = { "24", true }, [US] = { "8.875", false } };

/* In each store so many of it, every `each`-th store; the home store has all. */
static const struct {
	const char *kind;
	int count, each;
	int hours[4]; /* how long ago it began, or how long it lasts */
	int from;     /* where the units are: 0 here, 1 the warehouse, 2 nowhere here */
	int units;
} kinds[] = {
	{ "new", 2, 1, { 1, 3 }, 0, 1 },         { "picking", 1, 1, { 5 }, 0, 2 },
	{ "problem", 1, 2, { 20 }, 0, 1 },       { "ready", 3, 1, { 4, 29, 98 }, 0, 1 },
	{ "ship_new", 1, 1, { 2 }, 1, 1 },       { "shipped", 1, 1, { 43 }, 1, 1 },
	{ "from_store", 1, 3, { 6 }, 0, 1 },     { "returned", 1, 2, { 170 }, 0, 1 },
	{ "refund_owed", 1, 3, { 120 }, 0, 1 },  { "on_account", 1, 4, { 300 }, 0, 1 },
	{ "hold", 3, 1, { 2, 20, 44 }, 0, 1 },   { "count", 2, 1, { 3, 26 }, 0, 1 },
	{ "low", 4, 1, { 0, 0, 0, 0 }, 0, 3 },   { "wait", 1, 1, { 50 }, 2, 1 },
	{ "expect", 2, 1, { 60, 200 }, 2, 6 },   { "transfer", 1, 3, { 18 }, 1, 2 },
	{ "transfer_asked", 1, 4, { 4 }, 1, 1 },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))
#define HOME 2

struct picked {
	int place, product, size, units;
};
struct drawn {
	struct picked list[MATTERS_MAX];
	int count;
};

/* What is left of a shelf when earlier matters have had theirs. */
static int units_left(const struct world *w, const struct drawn *d, int place, int n, int size)
{
	int units = shelf_units(w, place, n, size);
	for (int i = 0; i < d->count; i++)
		if (d->list[i].place == place && d->list[i].product == n && d->list[i].size == size)
			units -= d->list[i].units;
	return units;
}

/* Something of which so many and one more stand there, or which is sold out here; false when nothing was found. */
static bool thing_draw(const struct world *w, struct drawn *d, struct rnd *r, int store, int kind)
{
	int from = kinds[kind].from, place = from == 1 ? WAREHOUSE : store;
	for (int i = 0; i < DRAWS && d->count < MATTERS_MAX; i++) {
		int n = (int)rnd_below(r, PRODUCTS), size = (int)rnd_below(r, (uint32_t)w->products[n].sizes);
		if (!on_offer(w, &w->products[n], 0))
			continue;
		if (from == 2 ? shelf_units(w, store, n, size) != 0
		              : units_left(w, d, place, n, size) <= kinds[kind].units)
			continue;
		d->list[d->count++] = (struct picked){ place, n, size, from == 2 ? 0 : kinds[kind].units };
		return true;
	}
	return false;
}

static const struct rec *record_of(const struct world *w, const struct person *p)
{
	for (int k = 0; k < p->records; k++) {
		const struct rec *x = &w->recs[p->record + k];
		if (x->source <= LOYALTY && !x->replaced && x->day < w->until_day - 1)
			return x;
	}
	return NULL;
}

/* A customer of that store as one of its systems knows them: of some, the one who buys most. */
static const struct rec *person_draw(const struct world *w, struct rnd *r, int store)
{
	const struct person *best = NULL;
	int seen = 0;
	for (int i = 0; i < DRAWS && seen < CANDIDATES; i++) {
		const struct person *p = &w->people[rnd_below(r, (uint32_t)w->cfg.people)];
		if (w->households[p->household].store != store || p->begin_day >= w->until_day - 30 ||
		    p->end_day < w->until_day || !record_of(w, p))
			continue;
		seen++;
		if (!best || p->per_year > best->per_year)
			best = p;
	}
	return best ? record_of(w, best) : NULL;
}

static void number(struct csv *c, int64_t n)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)n);
	csv_field(c, text);
}

static enum result matter_emit(const struct world *w, struct csv *c, struct drawn *d, int kind, int store, int i,
                               int serial, struct error *e)
{
	struct rnd r = rnd_of(w->cfg.seed, 'm', (uint64_t)kind * 1000 + (uint64_t)store * 16 + (uint64_t)i);
	const struct rec *who = person_draw(w, &r, store);
	char sku[SKU_BYTES], key[40] = "", price[24];
	int currency = shops[store].currency;
	if (!who || !thing_draw(w, d, &r, store, kind))
		return OK; /* a chain so small has none */
	const struct picked *thing = &d->list[d->count - 1];
	const struct product *p = &w->products[thing->product];
	sku_text(p, thing->size, sku);
	rec_key(w, who, key);
	minor_text(label_price(p->euro_cents, currency), price);
	number(c, serial);
	csv_field(c, kinds[kind].kind);
	csv_field(c, place_code(store));
	csv_field(c, kinds[kind].from == 1 ? place_code(WAREHOUSE) : place_code((store + 1) % SHOPS));
	csv_field(c, source_name[who->source]);
	csv_field(c, key);
	csv_field(c, sku);
	number(c, kinds[kind].units);
	number(c, kinds[kind].hours[i]);
	csv_field(c, price);
	csv_field(c, demo_currency[currency]);
	csv_field(c, taxes[shops[store].country].rate);
	csv_field(c, taxes[shops[store].country].included ? "yes" : "no");
	return csv_end(c, e);
}

enum result matters_emit(const struct world *w, struct csv *c, struct error *e)
{
	struct drawn *d = arena_alloc(w->arena, sizeof(*d));
	int serial = 0;
	if (!d)
		return error_nomem(e);
	d->count = 0;
	TRY(csv_header(c, "matters.csv",
	               "n,kind,store,other,source,key,sku,units,hours,price,currency,tax,tax_included", e));
	for (int store = 0; store < SHOPS; store++)
		for (int k = 0; k < (int)KINDS; k++)
			for (int i = 0; i < kinds[k].count; i++)
				if (store % kinds[k].each == 0 || store == HOME)
					TRY(matter_emit(w, c, d, k, store, i, ++serial, e));
	return OK;
}
