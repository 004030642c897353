/* Expectation and maximisation over patterns of levels (Dempster, Laird and Rubin 1977; for linkage Winkler 1988). Each
 * pass has pairs that one key brings together, and its own share of pairs of one person; m is common to all. What the
 * key decides is left out of the pass. No chance: the same patterns give the same model. */
#include "people/match_inside.h"
#include <math.h>

#define ROUNDS 4 /* of u and prior; each has ITERATIONS of m and h */
#define ITERATIONS 30
#define M_PRIOR 200.0        /* weight, in pairs of one person, of the built-in m */
#define H_PRIOR 200.0        /* the same of h, in pairs of one household */
#define U_PRIOR 1000.0       /* the same of u, in pairs of two */
#define U_LEAST 0.1          /* of what was seen, at least this share are pairs of two */
#define U_FLOOR 0.2          /* of the built-in u: errors go together, nothing is as rare as it looks */
#define STRANGERS_LEAST 0.03 /* of those who share an e-mail, a phone or an id */
#define TOGETHER_MOST 6000
#define COMPANY_PRIOR 1000.0 /* weight, in pairs, of how all names go together */
#define OWN_MOST 3           /* times the mean: so many records of one person with one name are nothing strange */
#define SURE 0.9 /* pairs less likely than this to be of one person do not teach what such pairs look like */
#define LAMBDA_FIRST 0.2
#define HOME_FIRST 0.1
#define MATCHES_LEAST 0.02 /* pairs a record */
#define REACH 0.05         /* passes that find less of what there is do not tell how much there is */
#define HOMES_LEAST 100.0  /* pairs that tell how many are of one household */
#define PRIOR_PAIRS 100.0  /* weight, in pairs of one person, of the built-in prior */

struct sums {
	double m[MATCH_COMPARISONS_MAX][LEVELS_MAX]; /* of one person */
	double h[MATCH_COMPARISONS_MAX][LEVELS_MAX]; /* of two of one household */
};

/* How probable a pattern is: of one person, of two of one household; odds against two strangers. */
struct shares {
	double one, home;
};

static struct shares normal(struct shares odds)
{
	double all = 1 + odds.one + odds.home;

	return (struct shares){ .one = odds.one / all, .home = odds.home / all };
}

static struct shares odds_of(const struct em *em, const struct em_pass *p, const struct em_pattern *pat)
{
	double strangers = 1 - p->lambda - p->home;
	struct shares o = { .one = p->lambda / strangers, .home = p->home / strangers };

	for (int c = 0; c < em->model->comparison_count; c++) {
		uint8_t l = pat->levels.level[c];
		const struct match_level *level = &em->model->comparisons[c].levels[l];

		if (l == LEVEL_NULL || p->excluded >> c & 1)
			continue;
		o.one *= level->m / level->u;
		o.home *= level->h / level->u;
	}
	if (pat->fixed == 0)
		o.one = 0;
	return o;
}

/* What pairs look like in one field is learned of those that all other fields are sure of: those that the field itself
 * speaks against would else be missed. */
static void learn(const struct em *em, const struct em_pass *p, const struct em_pattern *pat, struct shares odds,
                  struct sums *s)
{
	for (int c = 0; c < em->model->comparison_count; c++) {
		uint8_t l = pat->levels.level[c];
		const struct match_level *level = &em->model->comparisons[c].levels[l];
		struct shares others;

		if (l == LEVEL_NULL || p->excluded >> c & 1)
			continue;
		others = normal((struct shares){ .one = odds.one * level->u / level->m,
		                                 .home = odds.home * level->u / level->h });
		if (pat->fixed > 0 || others.one >= SURE)
			s->m[c][l] += (pat->fixed > 0 ? 1 : others.one) * pat->count;
		if (pat->fixed <= 0)
			s->h[c][l] += normal(odds).home * pat->count;
	}
}

static void expect(struct em *em, struct em_pass *p, struct sums *s)
{
	double matches = 0, homes = 0, all = 0;

	for (int i = 0; i < p->count; i++) {
		const struct em_pattern *pat = &p->patterns[i];
		struct shares odds = odds_of(em, p, pat), w = normal(odds);

		if (pat->fixed > 0)
			w = (struct shares){ .one = 1 };
		matches += w.one * pat->count;
		homes += w.home * pat->count;
		all += pat->count;
		learn(em, p, pat, odds, s);
	}
	p->expected = matches * p->scale;
	p->housemates = homes * p->scale;
	if (all > 0) {
		p->lambda = fmin(fmax(matches / all, 1e-6), 1 - 2e-3);
		p->home = fmin(fmax(homes / all, 1e-6), 1 - 1e-3 - p->lambda);
	}
}

/* The built-in probabilities, kept aside: the priors of what is fitted. */
struct built_in {
	double m[MATCH_COMPARISONS_MAX][LEVELS_MAX], u[MATCH_COMPARISONS_MAX][LEVELS_MAX],
	        h[MATCH_COMPARISONS_MAX][LEVELS_MAX];
};

/* A value that is not known to be a household's may yet be one's: where names are missing nobody can know. And it is
 * typed wrong no less often than one's own. */
static void fit_shared(struct match_comparison *cmp, double unnamed)
{
	int shared = same_levels(cmp->field);
	struct match_level *same = &cmp->levels[shared - 1];

	same->h += unnamed * cmp->levels[shared].h;
	for (int l = shared + 1; l < cmp->level_count - 1; l++)
		cmp->levels[l].h = fmax(cmp->levels[l].h, cmp->levels[l].m * same->h / same->m);
}

static void fit_m(struct em *em, const struct built_in *prior, const struct sums *s)
{
	for (int c = 0; c < em->model->comparison_count; c++) {
		struct match_comparison *cmp = &em->model->comparisons[c];
		double one = M_PRIOR, home = H_PRIOR;

		if (cmp->field == FIELD_GENERATION)
			continue; /* known, and too rare to learn */
		for (int l = 0; l < cmp->level_count; l++) {
			one += s->m[c][l];
			home += s->h[c][l];
		}
		for (int l = 0; l < cmp->level_count; l++) {
			cmp->levels[l].m = (M_PRIOR * prior->m[c][l] + s->m[c][l]) / one;
			if (comparison_of_household(cmp)) /* that their own differs is what makes them two */
				cmp->levels[l].h = (H_PRIOR * prior->h[c][l] + s->h[c][l]) / home;
		}
		if (field_is_contact(cmp->field) && comparison_of_household(cmp))
			fit_shared(cmp, em->counts->unnamed[c]);
	}
}

/* How many pairs of strangers have the same value: of the pairs that have it, those that its pass did not find to be of
 * one person or of one household; some there always are. -1 where no pass tells. */
static double strangers(const struct em *em, int c, double pairs)
{
	double same = em->counts->share[c] * pairs;

	for (int i = 0; i < em->pass_count; i++) {
		const struct em_pass *p = &em->passes[i];

		if (p->same == c && p->expected > 0 && pairs > 0)
			return fmax(same - p->expected - p->housemates,
			            field_is_contact(em->model->comparisons[c].field) ? STRANGERS_LEAST * same : 0);
	}
	return -1;
}

/* u: what random pairs show, less the pairs of one person among them. */
static void fit_u(struct em *em, const struct built_in *prior, double lambda)
{
	for (int c = 0; c < em->model->comparison_count; c++) {
		struct match_comparison *cmp = &em->model->comparisons[c];
		double n = 0, rest = 0, one = 0, filled = em->counts->filled[c] * em->records;
		double pairs = filled * (filled - 1) / 2, others = strangers(em, c, pairs);
		int same = same_levels(cmp->field);

		if (cmp->field == FIELD_GENERATION)
			continue;
		for (int l = 0; l < cmp->level_count; l++)
			n += em->seen[c][l];
		for (int l = 0; l < same; l++)
			one += cmp->levels[l].m;
		for (int l = 0; l < cmp->level_count; l++) {
			double seen = n > 0 ? em->seen[c][l] / n : 0, u, floor = U_FLOOR * prior->u[c][l], of = n;

			if (l < same && em->counts->share[c] > 0) /* exactly, from the frequencies */
				seen = em->counts->share[c] * cmp->levels[l].m / one;
			u = fmax((seen - lambda * cmp->levels[l].m) / (1 - lambda), U_LEAST * seen);
			if (l < same && others >= 0)
				u = others / pairs * cmp->levels[l].m / one;
			if (l < same && others >= 0 && field_is_contact(cmp->field)) {
				floor = 0; /* values of one's own are as rare as there are people */
				of = pairs;
			}
			u = fmax((u * of + U_PRIOR * prior->u[c][l]) / (of + U_PRIOR), floor);
			cmp->levels[l].u = u;
			rest += u;
		}
		for (int l = 0; l < cmp->level_count; l++)
			cmp->levels[l].u /= rest;
	}
}

/* Two of one household agree in what is their own at least as often as strangers do. */
static void fit_own(struct em *em, const struct built_in *prior)
{
	for (int c = 0; c < em->model->comparison_count; c++) {
		struct match_comparison *cmp = &em->model->comparisons[c];
		double all = 0;

		if (comparison_of_household(cmp) || cmp->field == FIELD_GENERATION)
			continue;
		for (int l = 0; l < cmp->level_count; l++)
			all += cmp->levels[l].h = fmax(prior->h[c][l], cmp->levels[l].u);
		for (int l = 0; l < cmp->level_count; l++)
			cmp->levels[l].h /= all;
	}
}

/* How many pairs of one person there are: each pass finds those whose key both records have, and agree on. */
static double matches(const struct em *em)
{
	double found = 0, sum = 0;

	for (int i = 0; i < em->pass_count; i++) {
		const struct em_pass *p = &em->passes[i];
		double reach = 1;

		for (int c = 0; c < em->model->comparison_count; c++) {
			const struct match_comparison *cmp = &em->model->comparisons[c];
			double same = 0;

			for (int l = 0; l < same_levels(cmp->field); l++)
				same += cmp->levels[l].m;
			if (p->excluded >> c & 1 && em->counts->filled[c] > 0)
				reach *= same * em->counts->filled[c] * em->counts->filled[c];
		}
		if (p->scale <= 0 || p->expected <= 0 || reach < REACH)
			continue;
		sum += p->expected * p->expected / reach;
		found += p->expected;
	}
	sum = found > 0 ? sum / found : 0;
	return fmax(sum, MATCHES_LEAST * em->records);
}

/* How many pairs of one person there are to a pair of two of one household: as many as at the addresses, which both
 * keep alike. Where there are too few addresses, as at the postcodes. */
static int housemates(const struct em *em)
{
	double prior = exp2(-MATCH_HOUSEMATES_DEFAULT / 1000.0);

	for (int i = em->pass_count - 1; i >= 0; i--) {
		const struct em_pass *p = &em->passes[i];

		if (p->excluded == 1u << FIELD_PLACE && p->expected + p->housemates >= HOMES_LEAST)
			return log2_milli((p->expected + PRIOR_PAIRS) / (p->housemates + PRIOR_PAIRS * prior));
	}
	return MATCH_HOUSEMATES_DEFAULT;
}

/* The same by first name: of the pairs that have it and one family name, those that are not one person's; where there
 * are few pairs, as of all names. */
static void fit_companies(struct em *em, double own)
{
	const struct match_counts *counts = em->counts;
	double u = em->model->comparisons[FIELD_FAMILY].levels[FAMILY_SAME].u;
	double usual = u * exp2(em->model->together / 1000.0);

	for (int i = 0; i < counts->company_count; i++) {
		const struct match_company *c = &counts->companies[i];
		double others = fmax(c->same - own * c->records / 2, 0);
		int together = log2_milli((others + COMPANY_PRIOR * usual) / (c->pairs + COMPANY_PRIOR) / u);

		em->model->terms[counts->first_company + i].rarity = together > 0 ? together : 0;
	}
}

/* Two names come together more often than chance would have it. A name's own frequency counts the records of one person
 * too: those are taken off. */
static void fit_together(struct em *em, double lambda)
{
	struct match_model *m = em->model;
	const struct match_level *g = m->comparisons[FIELD_GIVEN].levels, *f = m->comparisons[FIELD_FAMILY].levels;
	double both = g[GIVEN_SAME].m * f[FAMILY_SAME].m, chance = g[GIVEN_SAME].u * f[FAMILY_SAME].u;
	double seen = em->counts->name_share - lambda * both, n = em->records, own = lambda * (n - 1) * both;

	m->together = seen > chance ? log2_milli(seen / chance) : 0;
	m->together = m->together < TOGETHER_MOST ? m->together : TOGETHER_MOST;
	for (int i = 0; i < m->term_count; i++) {
		struct match_term *t = &m->terms[i];
		double others;

		if (t->sort != WORD_NAME)
			continue;
		others = exp2(-t->rarity / 1000.0) * n - 1 - OWN_MOST * own;
		t->rarity = others > 0.5 ? -log2_milli(others / n) : NAME_UNSEEN;
	}
	fit_companies(em, own);
}

void em_run(struct em *em)
{
	struct match_model *m = em->model;
	struct built_in prior;
	double lambda = 0, pairs;

	for (int c = 0; c < m->comparison_count; c++)
		for (int l = 0; l < m->comparisons[c].level_count; l++) {
			prior.m[c][l] = m->comparisons[c].levels[l].m;
			prior.u[c][l] = m->comparisons[c].levels[l].u;
			prior.h[c][l] = m->comparisons[c].levels[l].h;
		}
	for (int i = 0; i < em->pass_count; i++) {
		em->passes[i].lambda = LAMBDA_FIRST;
		em->passes[i].home = HOME_FIRST;
	}
	for (int round = 0; round < ROUNDS; round++) {
		fit_u(em, &prior, lambda);
		fit_own(em, &prior);
		for (int i = 0; i < ITERATIONS; i++) {
			struct sums s = { 0 };

			for (int p = 0; p < em->pass_count; p++)
				expect(em, &em->passes[p], &s);
			fit_m(em, &prior, &s);
		}
		lambda = em->pairs > 0 ? fmin(matches(em) / em->pairs, 0.5) : 0.5;
	}
	/* where few pairs were found, their number says little: then rather too careful */
	pairs = lambda * em->pairs;
	fit_together(em, lambda);
	m->prior = (int)((pairs * log2_milli(lambda / (1 - lambda)) + PRIOR_PAIRS * MATCH_PRIOR_DEFAULT) /
	                 (pairs + PRIOR_PAIRS));
	m->housemates = housemates(em);
}
