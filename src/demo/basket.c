#include "demo/world.h"

#define LIFE_DAYS 900 /* no product but the evergreens is on offer for longer */

static int month_of(int32_t day)
{
	int y, m, d;
	date_from_days(day, &y, &m, &d);
	return m - 1;
}

static enum category category_draw(struct rnd *r, const struct household *h, enum gender g, int month, int32_t day)
{
	int weight[CATEGORIES], total = 0, c = 0;
	for (int i = 0; i < CATEGORIES; i++) {
		weight[i] = category_spec[i].weight[g] * category_spec[i].month[month];
		if (i == KIDS && h->child_birth_day && h->child_birth_day < day)
			weight[i] = 9000;
		total += weight[i];
	}
	int x = (int)rnd_below(r, (uint32_t)total);
	while (x >= weight[c])
		x -= weight[c++];
	return (enum category)c;
}

static int size_wanted(const struct person *p, const struct household *h, enum category c, int32_t day)
{
	switch (c) {
	case SHOES:
		return p->fits[2];
	case DRESSES:
	case BLAZERS:
	case TROUSERS:
		return p->fits[1];
	case JEANS:
		return p->fits[1] + 1;
	case KIDS: {
		int years = (day - h->child_birth_day) / 365;
		return years > 13 ? 13 : years;
	}
	case BAGS:
	case ACCESSORIES:
		return 0;
	default:
		return p->fits[0];
	}
}

/* Percent off the label: the January and July sales, and what is about to leave the range. */
static int markdown(const struct product *p, int32_t day, uint32_t seed)
{
	int y, m, d;
	date_from_days(day, &y, &m, &d);
	bool sale = (m == 1 || m == 7) && day - p->from_day > 60 && p->to_day - day < 700;
	bool last = p->to_day - day < 60;
	struct rnd r = rnd_of(seed, 'm', (uint64_t)(uint32_t)(p->sku * 31 + y * 12 + m));
	if (sale && rnd_chance(&r, 700))
		return 20 + 10 * (int)rnd_below(&r, 4);
	return last && rnd_chance(&r, 600) ? 30 : 0;
}

/* The best liked of a few that she comes across; -1: nothing there. */
static int32_t product_draw(const struct world *w, struct rnd *r, const struct person *p, enum category c,
                            enum gender g, int want, int32_t day)
{
	const int32_t *list = w->by_kind[c][g];
	int32_t lo = 0, hi = w->by_kind_count[c][g], n = hi;
	while (lo < hi) { /* first that is not out yet */
		int32_t mid = (lo + hi) / 2;
		if (w->products[list[mid]].from_day <= day)
			lo = mid + 1;
		else
			hi = mid;
	}
	int32_t end = lo, start = 0;
	for (hi = end; start < hi;) {
		int32_t mid = (start + hi) / 2;
		if (w->products[list[mid]].from_day <= day - LIFE_DAYS)
			start = mid + 1;
		else
			hi = mid;
	}
	int32_t best = -1, best_score = -1000, seen = 0;
	for (int tries = 0; n && end && tries < 14 && seen < 4; tries++) {
		bool any = start >= end || rnd_chance(r, 250);
		int32_t i = list[any ? rnd_below(r, (uint32_t)end)
		                     : (uint32_t)start + rnd_below(r, (uint32_t)(end - start))];
		const struct product *x = &w->products[i];
		if (x->to_day < day)
			continue;
		seen++;
		int32_t score = (int32_t)rnd_below(r, 25);
		score += x->brand == p->brands[0]   ? 34
		         : x->brand == p->brands[1] ? 24
		         : x->brand == p->brands[2] ? 16
		                                    : 0;
		score += x->colour == p->colours[0] || x->colour == p->colours[1] ? 10 : 0;
		score -= want < x->first_size || want >= x->first_size + x->sizes ? 60 : 0;
		score += markdown(x, day, 0) ? p->bargain / 30 : 0;
		if (score > best_score) {
			best_score = score;
			best = i;
		}
	}
	return best;
}

/* One thing for one person, priced. False when nothing fitted. */
static bool line_draw(const struct world *w, struct rnd *r, const struct person *p, int32_t day, int currency,
                      bool voucher, struct basket_line *out)
{
	const struct household *h = &w->households[p->household];
	enum gender g = (enum gender)p->gender;
	enum category c = category_draw(r, h, g, month_of(day), day);
	if (c == KIDS && rnd_chance(r, 500))
		g = g == MAN ? WOMAN : MAN;
	int want = size_wanted(p, h, c, day);
	if (size_count(c, g) > 1 && rnd_chance(r, 70))
		want += rnd_chance(r, 600) ? 1 : -1;
	if (want >= size_count(c, g))
		want = size_count(c, g) - 1;
	if (want < 0)
		want = 0;
	int32_t i = product_draw(w, r, p, c, g, want, day);
	if (i < 0)
		return false;
	const struct product *x = &w->products[i];
	if (want < x->first_size - 1 || want > x->first_size + x->sizes)
		return false;
	int pos = want < x->first_size               ? x->first_size
	          : want >= x->first_size + x->sizes ? x->first_size + x->sizes - 1
	                                             : want;
	out->product = i;
	out->size = pos;
	out->quantity = c == UNDERWEAR || c == TSHIRTS ? rnd_between(r, 1, 3) : 1;
	out->list = label_price(x->euro_cents, currency);
	out->price = out->list * (100 - markdown(x, day, 0)) / 100;
	out->discount = voucher ? out->price * out->quantity / 10 : 0;
	return true;
}

void basket_make(const struct world *w, const struct person *p, int32_t day, int store, uint32_t seed,
                 struct basket *out)
{
	struct rnd r = rnd_of(w->cfg.seed, 'b', ((uint64_t)(uint32_t)(p - w->people) << 32) + seed);
	const struct household *h = &w->households[p->household];
	const struct shop *s = &shops[store];
	struct basket b = { .store = store,
		            .currency = store < SHOPS ? s->currency : shops[h->store].currency,
		            .associate = -1 };
	if (p->associate >= 0 && shops[h->store].first_associate <= p->associate && store == h->store &&
	    rnd_chance(&r, 680))
		b.associate = p->associate;
	else if (store != WEB_STORE)
		b.associate = s->first_associate + (int)rnd_below(&r, (uint32_t)s->associates);
	bool voucher = rnd_chance(&r, 45);
	int wanted = 1;
	while (wanted < BASKET_MAX - 1 && rnd_chance(&r, 660))
		wanted++;
	bool gift = h->members > 1 && rnd_chance(&r, month_of(day) == 11 ? 320 : 90);
	for (int tries = 0; b.count < wanted && tries < wanted * 4; tries++) {
		const struct person *who = p;
		if (gift && rnd_chance(&r, 600))
			who = &w->people[h->first + (int32_t)rnd_below(&r, (uint32_t)h->members)];
		struct basket_line line;
		if (!line_draw(w, &r, who, day, b.currency, voucher, &line))
			continue;
		bool twice = false;
		for (int i = 0; i < b.count; i++)
			twice |= b.line[i].product == line.product && b.line[i].size == line.size;
		if (!twice)
			b.line[b.count++] = line;
	}
	for (int i = 0; i < b.count; i++)
		b.subtotal += b.line[i].price * b.line[i].quantity - b.line[i].discount;
	if (store >= SHOPS && b.subtotal < 7500)
		b.shipping = 490;
	if (s->country == US && store < SHOPS)
		b.tax = (b.subtotal * 8875 + 50000) / 100000;
	b.total = b.subtotal + b.shipping + b.tax;
	*out = b;
}
