#include "demo/world.h"

#define YEAR_DAYS 365.25

static const char culture_letters[] = "GEFIPHTVRCAS";

static enum culture culture_draw(struct rnd *r, const struct land *l)
{
	if (rnd_chance(r, 720))
		return l->culture;
	char letter = l->diaspora[rnd_below(r, (uint32_t)strlen(l->diaspora))];
	return (enum culture)(strchr(culture_letters, letter) - culture_letters);
}

static struct name name_draw(struct rnd *r, const struct name_list *list)
{
	/* The first names of a list are the most common: the smaller of two draws. */
	uint32_t a = rnd_below(r, list->n), b = rnd_below(r, list->n);
	return list->p[a < b ? a : b];
}

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static void taste_draw(struct rnd *r, struct person *p)
{
	p->fits[0] = (int16_t)clamp((int)(rnd_normal(r, p->gender == MAN ? 2.9 : 2.1, 1.1) + 0.5), 0, 5);
	p->fits[1] = (int16_t)clamp(p->fits[0] + 1 + rnd_between(r, -1, 1), 0, 7); /* trousers go with tops */
	p->fits[2] = (int16_t)clamp((int)(rnd_normal(r, 3.8, 1.5) + 0.5), 0, p->gender == MAN ? 8 : 7);
	for (int i = 0; i < 3; i++)
		p->brands[i] = (int16_t)rnd_below(r, BRANDS);
	for (int i = 0; i < 2; i++)
		p->colours[i] = (int16_t)rnd_below(r, COLOURS);
	p->bargain = (int16_t)(1000 * rnd_unit(r) * rnd_unit(r));
	p->returns = (int16_t)(rnd_chance(r, 80) ? 280 : 30 + rnd_below(r, 70));
	p->web_share = (int16_t)(1000 * rnd_unit(r));
}

static void life_draw(const struct world *w, struct rnd *r, struct person *p, int store)
{
	int32_t span = w->until_day - w->from_day;
	p->begin_day = w->from_day + (int32_t)(rnd_chance(r, 200) ? rnd_below(r, 60) : rnd_below(r, (uint32_t)span));
	int32_t grown = p->birth_day + (int32_t)(16 * YEAR_DAYS);
	if (p->begin_day < grown)
		p->begin_day = grown < w->until_day ? grown + (int32_t)rnd_below(r, (uint32_t)(w->until_day - grown))
		                                    : w->until_day - 1;
	double stay = rnd_exponential(r, 1600);
	p->end_day = stay < w->until_day - p->begin_day ? p->begin_day + (int32_t)stay : w->until_day;
	p->per_year = (float)(0.3 + rnd_exponential(r, 4.0));
	if (p->per_year > 24)
		p->per_year = 24;
	p->associate = -1;
	if (rnd_chance(r, 550))
		p->associate =
		        (int16_t)(shops[store].first_associate + (int)rnd_below(r, (uint32_t)shops[store].associates));
}

static void person_draw(struct world *w, struct rnd *r, int32_t n, int32_t h, enum gender g, int age_lo, int age_hi)
{
	struct person *p = &w->people[n];
	const struct household *hh = &w->households[h];
	enum culture c = (enum culture)hh->culture;
	p->household = h;
	p->seed = (uint32_t)rnd_next(r);
	p->gender = (int8_t)g;
	int age_days = (int)((age_lo + (age_hi - age_lo) * rnd_unit(r)) * YEAR_DAYS);
	p->birth_day = w->until_day - age_days;
	p->birthday_known = 1;
	p->given = name_draw(r, g == MAN ? &w->names.male[c] : &w->names.female[c]);
	taste_draw(r, p);
	life_draw(w, r, p, hh->store);
}

/* Couples mostly share a name; of some we saw the wedding. */
static void family_names(struct world *w, struct rnd *r, const struct household *h, bool family)
{
	enum culture c = (enum culture)h->culture;
	struct name shared = name_draw(r, &w->names.family[c]);
	bool one_name = family && rnd_chance(r, 780);
	for (int32_t i = h->first; i < h->first + h->members; i++) {
		struct person *p = &w->people[i];
		bool child = i >= h->first + 2 && family;
		p->family = i == h->first || one_name || child ? shared : name_draw(r, &w->names.family[c]);
		if (one_name && !child && p->gender == WOMAN && rnd_chance(r, 220)) {
			p->maiden = name_draw(r, &w->names.family[c]);
			p->married_day = w->from_day + (int32_t)rnd_below(r, (uint32_t)(w->until_day - w->from_day));
		}
	}
}

static int household_size(struct rnd *r)
{
	uint32_t x = rnd_below(r, 100);
	return x < 36 ? 1 : x < 72 ? 2 : x < 86 ? 3 : x < 95 ? 4 : x < 98 ? 5 : 6;
}

static int store_draw(struct rnd *r)
{
	int total = 0, s = 0;
	for (int i = 0; i < SHOPS; i++)
		total += shops[i].weight;
	int x = (int)rnd_below(r, (uint32_t)total);
	while (x >= shops[s].weight)
		x -= shops[s++].weight;
	return s;
}

static void household_draw(struct world *w, int32_t n, int32_t first, int32_t left)
{
	struct rnd r = rnd_of(w->cfg.seed, 'h', (uint64_t)n);
	struct household *h = &w->households[n];
	int size = household_size(&r);
	h->first = first;
	h->members = size < left ? size : left;
	h->seed = (uint32_t)rnd_next(&r);
	h->store = (int16_t)store_draw(&r);
	h->culture = (int8_t)culture_draw(&r, &lands[shops[h->store].country]);
	bool family = h->members > 1 && rnd_chance(&r, 900); /* the others share a flat */
	h->moved_day =
	        rnd_chance(&r, 260) ? w->from_day + (int32_t)rnd_below(&r, (uint32_t)(w->until_day - w->from_day)) : 0;
	h->shared_email = family && rnd_chance(&r, 140);
	h->landline = rnd_chance(&r, 450);
	h->shared_device = h->members > 1 && rnd_chance(&r, 160);
	h->in_loyalty = family && rnd_chance(&r, 400);
	if (family && rnd_chance(&r, 300))
		h->child_birth_day = w->until_day - (int32_t)rnd_below(&r, (uint32_t)(12 * YEAR_DAYS));
	for (int i = 0; i < h->members; i++) {
		bool child = family && i >= 2;
		enum gender g = i == 1 && family      ? (w->people[first].gender == MAN ? WOMAN : MAN)
		                : rnd_chance(&r, 540) ? WOMAN
		                                      : MAN;
		person_draw(w, &r, first + i, n, g, child ? 16 : 21, child ? 26 : 82);
	}
	if (family && h->members >= 2) { /* partners are of about one age */
		struct person *a = &w->people[first], *b = a + 1;
		b->birth_day = a->birth_day + rnd_between(&r, -1800, 1800);
		if (b->birth_day > w->until_day - (int32_t)(18 * YEAR_DAYS))
			b->birth_day = a->birth_day;
	}
	family_names(w, &r, h, family);
	if (family && h->members >= 4 && rnd_chance(&r, 60)) /* twins */
		w->people[first + 3].birth_day = w->people[first + 2].birth_day;
	if (family && h->members >= 3 && rnd_chance(&r, 40)) { /* a son with his father's name */
		struct person *son = &w->people[first + 2],
		              *father = &w->people[first + (w->people[first].gender == MAN ? 0 : 1)];
		son->gender = MAN;
		son->given = father->given;
		son->family = father->family;
		son->junior = true;
	}
}

enum result people_make(struct world *w, struct error *e)
{
	int32_t n = w->cfg.people, made = 0;
	w->people = arena_array(w->arena, (size_t)n, sizeof(*w->people));
	w->households = arena_array(w->arena, (size_t)n, sizeof(*w->households));
	if (!w->people || !w->households)
		return error_nomem(e);
	while (made < n) {
		household_draw(w, w->household_count, made, n - made);
		made += w->households[w->household_count++].members;
	}
	w->counts.people = n;
	w->counts.households = w->household_count;
	return OK;
}
