#include "desk/rank.h"

#include "base/clock.h"
#include "text/text.h"

#include <math.h>
#include <stdlib.h>

const char *way_name(enum way_kind k)
{
	static const char *const names[WAYS] = { "here", "pick_up", "ship", "transfer", "incoming", "substitute" };
	return names[k];
}

/* ---- Settings ---------------------------------------------------------------------------------------------------- */

const struct save_settings save_defaults = {
	.ready_us = { [WAY_PICK_UP] = 2 * HOUR_US,
	              [WAY_SHIP] = 3 * DAY_US,
	              [WAY_TRANSFER] = 3 * DAY_US,
	              [WAY_INCOMING] = DAY_US },
	.reach_km = 60,
	.price_band = 25,
};

#define SETTING_MAX 10000

static enum result setting_bad(struct str setting, struct error *e)
{
	return error_set(e, ERR_INVALID, "save.settings", "ways", "\"%.*s\" is no setting of the ways to save a sale",
	                 STR_ARG(setting));
}

/* "EUR4.90" */
static bool shipping_read(struct str text, struct save_settings *out)
{
	struct money m;
	int at = 0;
	int16_t currency;
	if (text.n < 4 || !currency_find((struct str){ text.p, 3 }, &currency))
		return false;
	if (money_parse((struct str){ text.p + 3, text.n - 3 }, currency, '.', false, &m, NULL) != OK ||
	    money_sign(m) < 0)
		return false;
	while (at < SAVE_CURRENCIES && out->shipping[at].currency && out->shipping[at].currency != currency)
		at++;
	if (at == SAVE_CURRENCIES)
		return false;
	out->shipping[at].currency = currency;
	out->shipping[at].minor = money_minor(m);
	return true;
}

static bool setting_read(struct str name, struct str value, struct save_settings *out)
{
	struct str digits = value, part;
	int64_t n;
	if (str_is(name, "shipping")) {
		while (str_split(&value, ',', &part))
			if (!shipping_read(part, out))
				return false;
		return true;
	}
	while (digits.n && !(digits.p[digits.n - 1] >= '0' && digits.p[digits.n - 1] <= '9'))
		digits.n--;
	if (!str_to_i64(digits, &n) || n < 0 || n > SETTING_MAX)
		return false;
	struct str unit = { value.p + digits.n, value.n - digits.n };
	if (str_is(name, "reach"))
		return out->reach_km = (double)n, str_is(unit, "km");
	if (str_is(name, "band"))
		return out->price_band = (int)n, str_is(unit, "%");
	for (int k = WAY_PICK_UP; k < WAY_SUBSTITUTE; k++)
		if (str_is(name, way_name((enum way_kind)k))) {
			out->ready_us[k] = n * (str_is(unit, "d") ? DAY_US : HOUR_US);
			return str_is(unit, "d") || str_is(unit, "h");
		}
	return false;
}

enum result save_settings_read(struct str text, struct save_settings *out, struct error *e)
{
	struct str setting;
	struct save_settings s = save_defaults;
	while (str_split(&text, ' ', &setting)) {
		struct str value = setting, name;
		if (!setting.n)
			continue;
		if (!str_split(&value, '=', &name) || !setting_read(name, value, &s))
			return setting_bad(setting, e);
	}
	*out = s;
	return OK;
}

int64_t save_shipping(const struct save_settings *s, int16_t currency)
{
	for (int i = 0; i < SAVE_CURRENCIES && s->shipping[i].currency; i++)
		if (s->shipping[i].currency == currency)
			return s->shipping[i].minor;
	return -1;
}

/* ---- The same SKU ------------------------------------------------------------------------------------------------ */

/* One kind of way from one place, as it is ranked among the others of its kind. */
struct candidate {
	struct way way;
	int after;     /* 0 sure, warehouses of what is sent; then who is not sure, then who is closed */
	double effort; /* km, and what it means to take the last one */
	int64_t depth;
};

static bool sells(const struct rank_place *p)
{
	return p->kind == STORE_SHOP;
}

/* Whether this place offers that way at all. */
static bool offers(const struct rank_ask *ask, const struct rank_place *p, enum way_kind kind)
{
	bool here = p->location == ask->store, enough = p->available >= ask->qty;
	switch (kind) {
	case WAY_HERE:
		return here && enough && !p->closed;
	case WAY_PICK_UP:
		return !here && enough && sells(p) && !p->closed && p->km <= ask->settings->reach_km;
	case WAY_SHIP:
	case WAY_TRANSFER:
		return !here && enough;
	case WAY_INCOMING:
		return p->incoming >= ask->qty;
	default:
		return false;
	}
}

static struct candidate candidate_of(const struct rank_ask *ask, const struct rank_place *p, enum way_kind kind)
{
	bool incoming = kind == WAY_INCOMING;
	struct candidate c = { .way = { .kind = kind,
		                        .sku = ask->sku,
		                        .location = p->location,
		                        .available = incoming ? p->incoming : p->available,
		                        .km = p->km,
		                        .closed = p->closed,
		                        .elsewhere = p->elsewhere } };
	c.depth = c.way.available - ask->qty;
	c.effort = p->km < 0 ? UNKNOWN_KM : p->km;
	if (!c.depth && sells(p) && !incoming) /* its window would be empty */
		c.effort += LAST_UNIT_KM;
	c.after = p->closed ? 4 : p->elsewhere ? 2 : 0;
	c.after += kind == WAY_SHIP && sells(p);
	if (!incoming)
		c.way.ready_at = ask->now + ask->settings->ready_us[kind];
	else if (p->incoming_at)
		c.way.ready_at =
		        (p->incoming_at > ask->now ? p->incoming_at : ask->now) + ask->settings->ready_us[kind];
	if (incoming) {
		/* what comes here, then what comes soonest */
		c.after += p->location != ask->store;
		c.effort = p->incoming_at ? (double)p->incoming_at : INFINITY;
	}
	return c;
}

static int candidate_compare(const void *va, const void *vb)
{
	const struct candidate *a = va, *b = vb;
	if (a->after != b->after)
		return a->after - b->after;
	if (a->effort != b->effort)
		return a->effort < b->effort ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth > b->depth ? -1 : 1;
	return a->way.location < b->way.location ? -1 : a->way.location > b->way.location;
}

int rank_ways(const struct rank_ask *ask, const struct rank_place *places, int count, struct way *out, int limit)
{
	static const int most[WAYS] = {
		[WAY_HERE] = 1, [WAY_PICK_UP] = 8, [WAY_SHIP] = 2, [WAY_TRANSFER] = 3, [WAY_INCOMING] = 2
	};
	struct candidate best[8 + 1];
	int n = 0;
	for (enum way_kind kind = WAY_HERE; kind < WAY_SUBSTITUTE; kind++) {
		int found = 0;
		for (int i = 0; i < count; i++) {
			if (!offers(ask, &places[i], kind))
				continue;
			struct candidate c = candidate_of(ask, &places[i], kind);
			int k = found < most[kind] ? found++ : found;
			for (; k && candidate_compare(&c, &best[k - 1]) < 0; k--)
				best[k] = best[k - 1];
			best[k] = c; /* the one behind the last is let go */
		}
		for (int i = 0; i < found && n < limit; i++)
			out[n++] = best[i].way;
	}
	return n;
}

/* ---- Another SKU ------------------------------------------------------------------------------------------------- */

enum likeness_points {
	SAME_SIZE_OTHER_COLOUR = 600,
	USUAL_SIZE = 700, /* of the same product: what this customer wears */
	NEXT_SIZE = 500,
	NEXT_SIZE_OF_ANOTHER = 350, /* when the usual size is the one that was wanted */
	TOO_SMALL = 10,             /* less: what is too large can be worn */
	ANOTHER_PRODUCT = 300,
	SAME_BRAND = 100,
	SAME_COLOUR = 60,
	SAME_KIND = 60, /* subcategory */
	SAME_PRICE = 40,
	LIKED = 30
};

static bool is_size(const char *size, const char *usual)
{
	return usual && *size && size_compare(size, usual) == 0;
}

/* One of the words (or all of it) is among the folded texts. */
static bool names(const char *text, const char *const *list, int count)
{
	char folded[TEXT_FOLD_BYTES];
	size_t n = text_fold(str_c(text), folded);
	for (int i = 0; i < count; i++) {
		size_t m = strlen(list[i]);
		for (const char *at = folded; m && n && (at = strstr(at, list[i])); at++)
			if ((at == folded || at[-1] == ' ') && (at[m] == ' ' || !at[m]))
				return true;
	}
	return false;
}

static bool any_of(const struct sku *s, const char *const *list, int count)
{
	return names(s->brand, list, count) || names(s->colour, list, count) || names(s->category, list, count) ||
	       names(s->subcategory, list, count) || names(s->title, list, count);
}

/* -1: too far from what was wanted, or nobody knows. */
static int price_points(const struct sku *wanted, const struct sku *other, int band)
{
	if (wanted->list_minor <= 0 || other->list_minor < 0 || wanted->currency != other->currency)
		return wanted->brand[0] && !strcmp(wanted->brand, other->brand) ? 0 : -1;
	int64_t apart = llabs(wanted->list_minor - other->list_minor) * 100;
	if (apart > wanted->list_minor * band)
		return -1;
	return (int)(SAME_PRICE - SAME_PRICE * apart / (wanted->list_minor * (band ? band : 1)));
}

static int of_same_product(const struct sku *wanted, const struct sku *other, int size_steps, const char *usual)
{
	bool colour = !strcmp(wanted->colour, other->colour);
	if (!size_steps)
		return colour ? -1 : SAME_SIZE_OTHER_COLOUR;
	if (!colour)
		return -1;
	if (is_size(other->size, usual))
		return USUAL_SIZE;
	if (size_steps != 1)
		return -1;
	return (is_size(wanted->size, usual) ? NEXT_SIZE_OF_ANOTHER : NEXT_SIZE) -
	       (size_compare(other->size, wanted->size) < 0 ? TOO_SMALL : 0);
}

static int of_another(const struct sku *wanted, const struct sku *other, int band, const char *usual)
{
	bool size = size_compare(wanted->size, other->size) == 0 || is_size(other->size, usual);
	int price = price_points(wanted, other, band);
	if (!wanted->category[0] || strcmp(wanted->category, other->category) || !size || price < 0)
		return -1;
	return ANOTHER_PRODUCT + price + (!strcmp(wanted->brand, other->brand) ? SAME_BRAND : 0) +
	       (!strcmp(wanted->colour, other->colour) ? SAME_COLOUR : 0) +
	       (wanted->subcategory[0] && !strcmp(wanted->subcategory, other->subcategory) ? SAME_KIND : 0);
}

int likeness(const struct sku *wanted, const struct sku *other, int size_steps, int price_band,
             const struct taste *taste)
{
	if (wanted->id == other->id || any_of(other, taste->dislikes, taste->dislike_count))
		return -1;
	int points = wanted->product == other->product ? of_same_product(wanted, other, size_steps, taste->size)
	                                               : of_another(wanted, other, price_band, taste->size);
	if (points < 0)
		return -1;
	return points + (any_of(other, taste->likes, taste->like_count) ? LIKED : 0);
}

/* What it takes off that it is not here. */
#define AWAY_POINTS 50
#define AWAY_MOST 200

static int substitute_points(const struct way *w)
{
	double km = w->km < 0 ? AWAY_MOST : w->km;
	return w->likeness - (km > 0 ? AWAY_POINTS + (int)(km < AWAY_MOST ? km : AWAY_MOST) : 0);
}

static int substitute_compare(const void *va, const void *vb)
{
	const struct way *a = va, *b = vb;
	int by = substitute_points(b) - substitute_points(a);
	return by ? by : a->sku < b->sku ? -1 : a->sku > b->sku;
}

void rank_substitutes(struct way *ways, int count)
{
	qsort(ways, (size_t)count, sizeof(*ways), substitute_compare);
}
