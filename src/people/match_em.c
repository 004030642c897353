/* Expectation and maximisation over patterns of levels (Dempster, Laird and Rubin 1977; for linkage Winkler 1988). Each
 * pass has pairs that one key brings together, and its own share of pairs of one person; m is common to all. What the
 * key decides is left out of the pass. No chance: the same patterns give the same model. */
#include "people/match_inside.h"
#include <math.h>

#define ROUNDS 4 /* of u and prior; each has ITERATIONS of m */
#define ITERATIONS 30
#define M_PRIOR 200.0    /* weight, in pairs of one person, of the built-in m */
#define U_PRIOR 1000.0   /* the same of u, in pairs of two */
#define NEAR_PRIOR 200.0 /* of the family name's u at one address or postcode */
#define U_LEAST 0.1      /* of what was seen, at least this share are pairs of two */
#define U_FLOOR 0.2      /* of the built-in u: errors go together, nothing is as rare as it looks */
#define TOGETHER_MOST 6000
#define OWN_MOST 3 /* times the mean: so many records of one person with one name are nothing strange */
#define SURE 0.9   /* pairs less likely than this to be of one person do not teach what such pairs look like */
#define LAMBDA_FIRST 0.2
#define MATCHES_LEAST 0.02 /* pairs a record */
#define PRIOR_PAIRS 100.0  /* weight, in pairs of one person, of the built-in prior */

struct sums {
	double m[MATCH_COMPARISONS_MAX][LEVELS_MAX]; /* of one person */
	double u[MATCH_COMPARISONS_MAX][LEVELS_MAX]; /* of two */
	double home[MATCH_COMPARISONS_MAX];          /* of two at one address, with a value each */
};

static double odds(const struct em *em, const struct em_pass *p, const struct em_pattern *pat)
{
	double ratio = p->lambda / (1 - p->lambda);

	for (int c = 0; c < em->model->comparison_count; c++) {
		uint8_t l = pat->levels.level[c];

		if (l != LEVEL_NULL && !(p->excluded >> c & 1))
			ratio *= em->model->comparisons[c].levels[l].m / em->model->comparisons[c].levels[l].u;
	}
	return ratio;
}

static void expect(struct em *em, struct em_pass *p, struct sums *s)
{
	double matches = 0, all = 0;

	for (int i = 0; i < p->count; i++) {
		const struct em_pattern *pat = &p->patterns[i];
		uint8_t place = pat->levels.level[em->model->place];
		bool home = place == PLACE_ADDRESS || place == PLACE_ALIKE;
		double ratio = odds(em, p, pat), w = pat->fixed >= 0 ? pat->fixed : ratio / (1 + ratio);

		matches += w * pat->count;
		all += pat->count;
		for (int c = 0; c < em->model->comparison_count; c++) {
			uint8_t l = pat->levels.level[c];

			if (l == LEVEL_NULL || p->excluded >> c & 1)
				continue;
			if (w >= SURE)
				s->m[c][l] += w * pat->count;
			s->u[c][l] += (1 - w) * pat->count;
			s->home[c] += home ? (1 - w) * pat->count : 0;
		}
	}
	p->expected = matches * p->scale;
	p->lambda = all > 0 ? fmin(fmax(matches / all, 1e-6), 1 - 1e-3) : p->lambda;
}

/* The built-in probabilities, kept aside: the priors of what is fitted. */
struct built_in {
	double m[MATCH_COMPARISONS_MAX][LEVELS_MAX], u[MATCH_COMPARISONS_MAX][LEVELS_MAX];
};

static void fit_m(struct em *em, const struct built_in *prior, const struct sums *s)
{
	for (int c = 0; c < em->model->comparison_count; c++) {
		struct match_comparison *cmp = &em->model->comparisons[c];
		int levels = c == em->model->family ? FAMILY_LEVELS : cmp->level_count;
		double all = M_PRIOR;

		if (cmp->field == FIELD_GENERATION)
			continue; /* known, and too rare to learn */

		/* how a family name is mistyped does not depend on where people live */
		for (int l = 0; l < cmp->level_count; l++)
			all += s->m[c][l];
		for (int l = 0; l < levels; l++) {
			double n = M_PRIOR * prior->m[c][l];

			for (int k = l; k < cmp->level_count; k += levels)
				n += s->m[c][k];
			for (int k = l; k < cmp->level_count; k += levels)
				cmp->levels[k].m = n / all;
		}
		if (field_is_contact(cmp->field)) { /* nor does it for a phone, where it is known */
			double same =
			        M_PRIOR * prior->m[c][CONTACT_SAME] + s->m[c][CONTACT_SAME] + s->m[c][CONTACT_HOME];

			cmp->levels[CONTACT_SAME].m = cmp->levels[CONTACT_HOME].m = same / all;
		}
	}
}

/* The family name's u among those who share an address or a postcode, from the pairs that do. */
static void fit_near(struct em *em, const struct built_in *prior, const struct sums *s)
{
	int c = em->model->family;
	struct match_comparison *cmp = &em->model->comparisons[c];

	for (int near = NEAR_ADDRESS; near < NEARS; near++) {
		int from = near * FAMILY_LEVELS;
		double all = NEAR_PRIOR;

		for (int l = from; l < from + FAMILY_LEVELS; l++)
			all += s->u[c][l];
		for (int l = from; l < from + FAMILY_LEVELS; l++)
			cmp->levels[l].u = (NEAR_PRIOR * prior->u[c][l] + s->u[c][l]) / all;
	}
}

/* The same phone at one address, of two people. */
static void fit_home(struct em *em, const struct built_in *prior, const struct sums *s)
{
	for (int c = 0; c < em->model->comparison_count; c++) {
		struct match_comparison *cmp = &em->model->comparisons[c];

		if (field_is_contact(cmp->field))
			cmp->levels[CONTACT_HOME].u = (NEAR_PRIOR * prior->u[c][CONTACT_HOME] + s->u[c][CONTACT_HOME]) /
			                              (NEAR_PRIOR + s->home[c]);
	}
}

/* How many pairs have the same value, and are of two people: those that have it less those that its pass found to be of
 * one. -1 where no pass tells. */
static double strangers(const struct em *em, int c)
{
	double n = em->counts->filled[c] * em->records, pairs = n * (n - 1) / 2;

	for (int i = 0; i < em->pass_count; i++) {
		const struct em_pass *p = &em->passes[i];

		if (p->same == c && p->expected > 0 && pairs > 0)
			return fmax(em->counts->share[c] * pairs - p->expected, 0) / pairs;
	}
	return -1;
}

/* u: what random pairs show, less the pairs of one person among them. */
static void fit_u(struct em *em, const struct built_in *prior, double lambda)
{
	for (int c = 0; c < em->model->comparison_count; c++) {
		struct match_comparison *cmp = &em->model->comparisons[c];
		int levels = c == em->model->family ? FAMILY_LEVELS : cmp->level_count;
		double n = 0, rest = 0;

		if (cmp->field == FIELD_GENERATION)
			continue;
		for (int l = 0; l < levels; l++)
			n += em->seen[c][l];
		for (int l = 0; l < levels; l++) {
			if (l == CONTACT_HOME && field_is_contact(cmp->field))
				continue;
			double seen = n > 0 ? em->seen[c][l] / n : 0, u;

			if (l == 0 && em->counts->share[c] > 0) /* exactly, from the frequencies */
				seen = em->counts->share[c];
			u = fmax((seen - lambda * cmp->levels[l].m) / (1 - lambda), U_LEAST * seen);
			if (l == 0 && strangers(em, c) >= 0)
				u = strangers(em, c);
			u = fmax((u * n + U_PRIOR * prior->u[c][l]) / (n + U_PRIOR), U_FLOOR * prior->u[c][l]);
			cmp->levels[l].u = u;
			rest += u;
		}
		for (int l = 0; l < levels; l++)
			if (l != CONTACT_HOME || !field_is_contact(cmp->field))
				cmp->levels[l].u /= rest;
	}
}

/* How many pairs of one person there are: each pass finds those whose key both records have, and agree on. */
static double matches(const struct em *em)
{
	double found = 0, sum = 0;

	for (int i = 0; i < em->pass_count; i++) {
		const struct em_pass *p = &em->passes[i];
		double reach = 1;

		for (int c = 0; c < em->model->comparison_count; c++)
			if (p->excluded >> c & 1 && em->counts->filled[c] > 0)
				reach *= em->model->comparisons[c].levels[0].m * em->counts->filled[c] *
				         em->counts->filled[c];
		if (p->scale <= 0 || p->expected <= 0 || reach < 0.05)
			continue;
		sum += p->expected * p->expected / reach;
		found += p->expected;
	}
	sum = found > 0 ? sum / found : 0;
	return fmax(sum, MATCHES_LEAST * em->records);
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
		}
	for (int i = 0; i < em->pass_count; i++)
		em->passes[i].lambda = LAMBDA_FIRST;
	for (int round = 0; round < ROUNDS; round++) {
		fit_u(em, &prior, lambda);
		for (int i = 0; i < ITERATIONS; i++) {
			struct sums s = { 0 };

			for (int p = 0; p < em->pass_count; p++)
				expect(em, &em->passes[p], &s);
			fit_m(em, &prior, &s);
			fit_near(em, &prior, &s);
			fit_home(em, &prior, &s);
		}
		lambda = em->pairs > 0 ? fmin(matches(em) / em->pairs, 0.5) : 0.5;
	}
	/* where few pairs were found, their number says little: then rather too careful */
	pairs = lambda * em->pairs;
	fit_together(em, lambda);
	m->prior = (int)((pairs * log2_milli(lambda / (1 - lambda)) + PRIOR_PAIRS * MATCH_PRIOR_DEFAULT) /
	                 (pairs + PRIOR_PAIRS));
}
