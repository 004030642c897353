#include "demo/world.h"
#include <stdio.h>
#include <stdlib.h>

const char *const demo_currency[DEMO_CURRENCIES] = { "EUR", "CHF", "GBP", "PLN", "USD" };

const struct shop shops[STORES] = {
	{ "BER", "Berlin Mitte", "Europe/Berlin", "Berlin", DE, EUR, 0, 60, 1, "030 00555100", 0, 10, 12 },
	{ "MUC", "München Sendlinger Tor", "Europe/Berlin", "München", DE, EUR, 1, 60, 1, "089 00555101", 10, 9, 10 },
	{ "ZRH", "Zürich Bahnhofstrasse", "Europe/Zurich", "Zürich", CH, CHF, 2, 60, 1, "044 005 51 02", 19, 9, 9 },
	{ "VIE", "Wien Graben", "Europe/Vienna", "Wien", AT, EUR, 3, 60, 1, "01 00555103", 28, 8, 8 },
	{ "PAR", "Paris Marais", "Europe/Paris", "Paris", FR, EUR, 4, 60, 1, "01 00 55 51 04", 36, 10, 12 },
	{ "LYO", "Lyon Bellecour", "Europe/Paris", "Lyon", FR, EUR, 5, 60, 1, "04 00 55 51 05", 46, 6, 6 },
	{ "MIL", "Milano Brera", "Europe/Rome", "Milano", IT, EUR, 6, 60, 1, "02 00555106", 52, 9, 9 },
	{ "LON", "London Marylebone", "Europe/London", "London", GB, GBP, 7, 0, 1, "020 0055 5107", 61, 12, 14 },
	{ "EDI", "Edinburgh George Street", "Europe/London", "Edinburgh", GB, GBP, 8, 0, 1, "0131 005 5108", 73, 6, 5 },
	{ "WAW", "Warszawa Nowy Świat", "Europe/Warsaw", "Warszawa", PL, PLN, 9, 60, 1, "22 005 51 09", 79, 8, 7 },
	{ "ATH", "Αθήνα Κολωνάκι", "Europe/Athens", "Αθήνα", GR, EUR, 10, 120, 1, "210 0055110", 87, 7, 6 },
	{ "NYC", "New York SoHo", "America/New_York", "New York", US, USD, 11, -300, 2, "(998) 555 0111", 94, 12, 11 },
	{ "WEB", "Web shop", "Europe/Berlin", "", DE, EUR, 0, 60, 1, "", 106, 4, 0 },
	{ "CALL", "Call centre", "Europe/Berlin", "Leipzig", DE, EUR, 0, 60, 1, "", 110, 10, 0 },
};

const char *const brand_name[BRANDS] = {
	"Aldermoor",  "Belvane",     "Corvino",   "Dunmere",  "Estrelle", "Fjordal",    "Grevelin",       "Havnera",
	"Isold Marr", "Kestramo",    "Lindvik",   "Noorwind", "Ombrella", "Pellaro",    "Quillfeather",   "Rosavento",
	"Sablier",    "Tamsin Grey", "Umbranova", "Valmère",  "Wexcombe", "Yarrowdale", "Oakhart & Lane", "Jorunn",
};
static const int brand_level[BRANDS] = { /* percent of the usual price */
	                                 100, 90,  160, 85,  130, 110, 95,  120, 180, 100, 115, 80,
	                                 70,  150, 125, 140, 210, 90,  170, 190, 105, 75,  145, 100
};
const char *const colour_name[COLOURS] = { "black", "navy",     "white",      "grey",     "beige", "brown",
	                                   "camel", "red",      "green",      "bordeaux", "blue",  "rose",
	                                   "olive", "charcoal", "light blue", "yellow" };

#define EVEN                                                                                                           \
	{                                                                                                              \
		100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 110, 150                                             \
	}
const struct category_spec category_spec[CATEGORIES] = {
	[SHOES] = { "Shoes",
	            "Ankle_Boots Ballerinas Pumps Sneakers Sandals Loafers",
	            "Derbies Oxfords Sneakers Loafers Chelsea_Boots Brogues",
	            150,
	            { 150, 160 },
	            { 80, 80, 120, 130, 110, 90, 90, 80, 120, 130, 110, 100 },
	            79,
	            260,
	            4 },
	[DRESSES] = { "Dresses",
	              "Wrap_Dress Shirt_Dress Maxi_Dress Knit_Dress Sheath_Dress Midi_Dress",
	              "",
	              90,
	              { 150, 0 },
	              { 60, 70, 110, 150, 170, 160, 130, 90, 80, 70, 90, 140 },
	              89,
	              320,
	              4 },
	[KNITWEAR] = { "Knitwear",
	               "Cashmere_Sweater Cardigan Turtleneck Crew-neck_Sweater",
	               "Merino_Sweater Cardigan Turtleneck V-neck_Sweater",
	               110,
	               { 130, 120 },
	               { 110, 90, 70, 50, 40, 30, 40, 80, 150, 170, 170, 180 },
	               69,
	               290,
	               4 },
	[SHIRTS] = { "Shirts & Blouses",
	             "Silk_Blouse Linen_Shirt Cotton_Blouse Bow_Blouse",
	             "Oxford_Shirt Linen_Shirt Poplin_Shirt Flannel_Shirt",
	             100,
	             { 120, 190 },
	             EVEN,
	             49,
	             160,
	             4 },
	[TSHIRTS] = { "T-shirts",
	              "T-shirt Striped_Top Tank_Top",
	              "T-shirt Polo_Shirt Henley",
	              60,
	              { 110, 120 },
	              { 60, 70, 100, 130, 160, 170, 150, 110, 80, 70, 60, 80 },
	              25,
	              85,
	              4 },
	[TROUSERS] = { "Trousers",
	               "Wide-leg_Trousers Cigarette_Trousers Culottes",
	               "Chinos Wool_Trousers Cord_Trousers",
	               70,
	               { 90, 110 },
	               EVEN,
	               69,
	               190,
	               4 },
	[JEANS] = { "Jeans",
	            "Straight_Jeans Slim_Jeans",
	            "Straight_Jeans Slim_Jeans",
	            40,
	            { 70, 80 },
	            EVEN,
	            79,
	            160,
	            4 },
	[COATS] = { "Jackets & Coats",
	            "Trench_Coat Wool_Coat Quilted_Jacket Down_Coat",
	            "Pea_Coat Overcoat Field_Jacket Parka",
	            60,
	            { 60, 60 },
	            { 70, 70, 90, 70, 40, 20, 20, 60, 170, 200, 190, 150 },
	            149,
	            690,
	            3 },
	[BLAZERS] = { "Blazers & Suits",
	              "Blazer Trouser_Suit",
	              "Blazer Suit Dinner_Jacket",
	              40,
	              { 40, 60 },
	              { 80, 80, 120, 120, 110, 90, 70, 80, 130, 110, 100, 120 },
	              159,
	              780,
	              4 },
	[SWIMWEAR] = { "Swimwear",
	               "Swimsuit Bikini",
	               "Swim_Shorts",
	               25,
	               { 30, 20 },
	               { 40, 40, 60, 110, 200, 280, 260, 110, 30, 20, 20, 20 },
	               39,
	               120,
	               3 },
	[UNDERWEAR] = { "Underwear & Socks",
	                "Socks_3-Pack Tights Camisole",
	                "Socks_3-Pack Boxer_Shorts Undershirt",
	                45,
	                { 90, 100 },
	                EVEN,
	                15,
	                60,
	                3 },
	[KIDS] = { "Kids",
	           "Kids_Dress Kids_Sweater Kids_Leggings",
	           "Kids_T-shirt Kids_Jeans Kids_Jacket",
	           30,
	           { 0, 0 },
	           EVEN,
	           19,
	           90,
	           4 },
	[BAGS] = { "Bags",
	           "Tote_Bag Crossbody_Bag Clutch Backpack",
	           "Briefcase Backpack Weekender",
	           80,
	           { 70, 30 },
	           EVEN,
	           89,
	           520,
	           1 },
	[ACCESSORIES] = { "Accessories",
	                  "Silk_Scarf Wool_Scarf Belt Gloves Sun_Hat Sunglasses",
	                  "Tie Wool_Scarf Belt Gloves Cap Sunglasses",
	                  100,
	                  { 110, 80 },
	                  { 70, 70, 80, 90, 110, 120, 100, 80, 100, 110, 150, 260 },
	                  25,
	                  190,
	                  1 },
};

void size_text(enum category c, enum gender g, int position, char out[SIZE_BYTES])
{
	static const char *const letters[] = { "XS", "S", "M", "L", "XL", "XXL" };
	switch (c) {
	case SHOES:
		snprintf(out, SIZE_BYTES, "%d", (g == MAN ? 39 : 35) + position);
		break;
	case DRESSES:
	case BLAZERS:
	case TROUSERS:
		snprintf(out, SIZE_BYTES, "%d", (g == MAN ? 44 : 32) + 2 * position);
		break;
	case JEANS:
		snprintf(out, SIZE_BYTES, "W%d", (g == MAN ? 28 : 24) + position);
		break;
	case KIDS:
		snprintf(out, SIZE_BYTES, "%d", 86 + 6 * position);
		break;
	case BAGS:
	case ACCESSORIES:
		out[0] = '\0';
		break;
	default:
		snprintf(out, SIZE_BYTES, "%s", letters[position]);
	}
}

int size_count(enum category c, enum gender g)
{
	switch (c) {
	case SHOES:
		return g == MAN ? 9 : 8;
	case JEANS:
		return g == MAN ? 11 : 10;
	case DRESSES:
	case BLAZERS:
	case TROUSERS:
		return 8;
	case KIDS:
		return 14;
	case BAGS:
	case ACCESSORIES:
		return 1;
	default:
		return 6;
	}
}

int64_t label_price(int32_t euro_cents, int currency)
{
	static const int percent[DEMO_CURRENCIES] = { 100, 115, 88, 430, 112 };
	static const int less[DEMO_CURRENCIES] = { 10, 10, 0, 1, 0 }; /* 89.90, 89.90, 89.00, 89.99, 89.00 */
	int64_t whole = ((int64_t)euro_cents * percent[currency] + 5000) / 10000;
	return whole * 100 - less[currency];
}

/* Local clock to UTC seconds, by the rules since 2007; an hour's error on the night of the change harms nobody. */
int64_t shop_time(int store, int32_t day, int minute_of_day)
{
	const struct shop *s = &shops[store];
	int year, month, dom;
	date_from_days(day, &year, &month, &dom);
	bool summer = false;
	if (s->summer == 1) { /* last Sunday of March to last Sunday of October; 1970-01-01 was a Thursday */
		int64_t mar = date_to_days(year, 3, 31), oct = date_to_days(year, 10, 31);
		summer = day >= mar - (mar + 4) % 7 && day < oct - (oct + 4) % 7;
	} else if (s->summer == 2) { /* second Sunday of March to first Sunday of November */
		int64_t mar = date_to_days(year, 3, 14), nov = date_to_days(year, 11, 7);
		summer = day >= mar - (mar + 4) % 7 && day < nov - (nov + 4) % 7;
	}
	return (int64_t)day * 86400 + (minute_of_day - s->offset_minutes - (summer ? 60 : 0)) * 60;
}

static void associates_make(struct world *w)
{
	for (int s = 0; s < STORES; s++) {
		for (int i = 0; i < shops[s].associates; i++) {
			int n = shops[s].first_associate + i;
			struct rnd r = rnd_of(w->cfg.seed, 'a', (uint64_t)n);
			enum culture c = rnd_chance(&r, 750) ? lands[shops[s].country].culture
			                                     : (enum culture)rnd_below(&r, CULTURES);
			bool woman = rnd_chance(&r, 620);
			const struct name_list *given = woman ? &w->names.female[c] : &w->names.male[c];
			const struct name *family = &w->names.family[c].p[rnd_below(&r, w->names.family[c].n)];
			char last[80];
			snprintf(last, sizeof(last), "%s", family->latin);
			if (woman)
				names_feminine(c, family->latin, false, last, sizeof(last));
			struct associate_person *a = &w->associates[n];
			a->store = s;
			snprintf(a->code, sizeof(a->code), "A%03d", 100 + n);
			snprintf(a->name, sizeof(a->name), "%s %s", given->p[rnd_below(&r, given->n)].latin, last);
			if (n == shops[2].first_associate) /* whom the demo signs in as */
				snprintf(a->name, sizeof(a->name), "Anna Meier");
		}
	}
}

static void product_make(struct world *w, int n, enum category c, enum gender g, struct rnd *r)
{
	const struct category_spec *spec = &category_spec[c];
	struct product *p = &w->products[n];
	p->category = (int8_t)c;
	p->gender = (int8_t)g;
	p->brand = (int16_t)rnd_below(r, BRANDS);
	p->colour = (int16_t)(rnd_chance(r, 550) ? rnd_below(r, 6) : rnd_below(r, COLOURS));
	snprintf(p->code, sizeof(p->code), "P%05d", 10000 + n);
	const char *kinds = g == MAN ? spec->men : spec->women;
	char kind[40];
	words_get(kinds, rnd_below(r, words_count(kinds)), kind, sizeof(kind));
	static const char *const lines[] = { "Alva",  "Brook", "Cleo", "Dante", "Elba", "Fenn",  "Gio",
		                             "Hazel", "Ines",  "Juno", "Kit",   "Lune", "Marlo", "Nell",
		                             "Orson", "Piper", "Romy", "Sol",   "Thea", "Wren" };
	snprintf(p->title, sizeof(p->title), "%s %s \"%s\"", brand_name[p->brand], kind, lines[rnd_below(r, 20)]);
	int whole = spec->price_lo + (int)((spec->price_hi - spec->price_lo) * rnd_unit(r) * rnd_unit(r));
	p->euro_cents = whole * brand_level[p->brand];
	int32_t span = w->until_day - w->from_day;
	if (rnd_chance(r, 150)) { /* always there */
		p->from_day = w->from_day - 400;
		p->to_day = w->until_day + 400;
	} else {
		p->from_day = w->from_day - 500 + (int32_t)rnd_below(r, (uint32_t)(span + 480));
		p->to_day = p->from_day + rnd_between(r, 300, 900);
	}
	int scale = size_count(c, g);
	p->sizes = (int16_t)(scale < spec->sizes ? scale : spec->sizes);
	p->first_size = (int16_t)(p->sizes < scale ? (scale - p->sizes) / 2 + rnd_between(r, -2, 2) : 0);
	if (p->first_size < 0)
		p->first_size = 0;
	if (p->first_size + p->sizes > scale)
		p->first_size = (int16_t)(scale - p->sizes);
	p->sku = w->skus;
	w->skus += p->sizes;
}

static int by_from_day(const void *a, const void *b, void *products)
{
	const struct product *p = products, *x = &p[*(const int32_t *)a], *y = &p[*(const int32_t *)b];
	return x->from_day != y->from_day ? (x->from_day < y->from_day ? -1 : 1) : (x < y ? -1 : x > y);
}

enum result shop_make(struct world *w, struct error *e)
{
	associates_make(w);
	w->products = arena_array(w->arena, PRODUCTS, sizeof(*w->products));
	if (!w->products)
		return error_nomem(e);
	int total = 0;
	for (int c = 0; c < CATEGORIES; c++)
		total += category_spec[c].share;
	for (int n = 0; n < PRODUCTS; n++) {
		struct rnd r = rnd_of(w->cfg.seed, 'p', (uint64_t)n);
		/* Every category has products of every time: dealt out in turn, not drawn. */
		int at = (int)((int64_t)n * 607 % total), c = 0;
		while (at >= category_spec[c].share)
			at -= category_spec[c++].share;
		enum gender g = category_spec[c].men[0] && rnd_chance(&r, 420) ? MAN : WOMAN;
		product_make(w, n, (enum category)c, g, &r);
	}
	for (int c = 0; c < CATEGORIES; c++) {
		for (int g = 0; g < 2; g++) {
			int32_t *list = arena_array(w->arena, PRODUCTS, sizeof(*list)), count = 0;
			if (!list)
				return error_nomem(e);
			for (int32_t n = 0; n < PRODUCTS; n++) {
				if (w->products[n].category == c && w->products[n].gender == g)
					list[count++] = n;
			}
			qsort_r(list, (size_t)count, sizeof(*list), by_from_day, w->products);
			w->by_kind[c][g] = list;
			w->by_kind_count[c][g] = count;
		}
	}
	w->counts.stores = STORES + 1; /* and the warehouse */
	w->counts.associates = ASSOCIATES;
	w->counts.products = PRODUCTS;
	w->counts.skus = w->skus;
	return OK;
}
