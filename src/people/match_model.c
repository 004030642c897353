/* The model: comparisons with the probabilities of their levels, frequencies, shared values, thresholds. */
#include "people/match_inside.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MODEL_ARENA (512ull << 20)
#define MILLI 1000
#define ID_SHARED_HOME 0.15 /* of the kinds of ids that households share: how often two of one have the same */

/* What the built-in model holds to be true before it has seen data: m, u, h, and how much of a value's rarity counts.
 * People of one sort differ little from country to country in how they mistype; what differs is learned. */
struct prior_level {
	const char *name;
	double m, u, h;
	int share;
};

static const struct prior_level given_prior[] = {
	{ "the same", .72, .008, .012, 100 },
	{ "a nickname", .06, .002, .004, 50 },
	{ "typed wrong", .07, .003, .006, 50 },
	{ "sounds alike", .02, .004, .004, 0 },
	{ "the initial or a short form", .04, .02, .03, 0 },
	{ "alike", .004, .012, .012, 0 },
	{ "the other's middle name", .02, .004, .02, 0 },
	{ "swapped with the family name", .02, .0005, .001, 0 },
	{ "different", .046, .9465, .911, 0 },
};
static const struct prior_level family_prior[] = {
	{ "the same", .80, .0012, .78, 100 },   { "typed wrong", .07, .0012, .04, 50 },
	{ "sounds alike", .015, .002, .01, 0 }, { "alike", .01, .006, .01, 0 },
	{ "in part", .03, .002, .03, 0 },       { "swapped with the first name", .02, .0005, .001, 0 },
	{ "different", .055, .9871, .129, 0 },
};
static const struct prior_level other_prior[] = {
	{ "a word the same", .70, .02, .03, 100 },
	{ "a word alike", .20, .08, .10, 0 },
	{ "different", .10, .90, .87, 0 },
};
static const struct prior_level org_prior[] = {
	{ "the same", .60, .0005, .05, 50 },
	{ "alike", .25, .003, .03, 0 },
	{ "in part", .10, .06, .10, 0 },
	{ "different", .05, .9365, .82, 0 },
};
static const struct prior_level gender_prior[] = {
	{ "the same", .97, .5, .42, 0 },
	{ "different", .03, .5, .58, 0 },
};
static const struct prior_level generation_prior[] = {
	{ "the same", .9999, .5, .1, 0 },
	{ "different", .0001, .5, .9, 0 },
};
static const struct prior_level birth_prior[] = {
	{ "the same", .82, .00005, .01, 100 },
	{ "day and month swapped", .03, .00005, .0002, 50 },
	{ "one digit typed wrong", .07, .0006, .002, 0 },
	{ "two parts of three", .02, .0015, .01, 0 },
	{ "the year", .02, .015, .02, 0 },
	{ "the year nearly", .02, .08, .06, 0 },
	{ "different", .015, .25, .44, 0 },
	{ "a generation apart", .005, .65285, .4578, 0 },
};
static const struct prior_level place_prior[] = {
	{ "one address", .50, .00002, .70, 100 }, { "nearly one address", .10, .00005, .08, 0 },
	{ "one postcode", .10, .0005, .08, 50 },  { "one town or area", .10, .03, .06, 50 },
	{ "different", .20, .96943, .08, 0 },
};
static const struct prior_level email_prior[] = {
	{ "the same", .80, .00002, .10, 0 },      { "the same, a household's", .03, .004, .12, 0 },
	{ "another domain", .04, .0002, .01, 0 }, { "typed wrong", .03, .0001, .005, 0 },
	{ "different", .10, .99568, .765, 0 },
};
static const struct prior_level phone_prior[] = {
	{ "the same mobile", .40, .00001, .005, 0 },
	{ "the same", .30, .00001, .25, 0 },
	{ "the same, a household's", .04, .004, .20, 0 },
	{ "typed wrong", .04, .0004, .01, 0 },
	{ "different", .22, .99558, .535, 0 },
};
static const struct prior_level id_prior[] = {
	{ "the same", .89, .00001, .01, 0 },
	{ "the same, a household's", .03, .003, .03, 0 },
	{ "typed wrong", .05, .0002, .001, 0 },
	{ "different", .03, .99679, .959, 0 },
};
static const struct prior_level extra_prior[] = {
	{ "the same", .70, .05, .10, 100 },
	{ "alike", .15, .02, .05, 0 },
	{ "different", .15, .93, .85, 0 },
};

#define PRIOR(list) list, (int)(sizeof(list) / sizeof(list[0]))
static const struct {
	const char *name;
	const struct prior_level *levels;
	int count;
} priors[FIELDS] = {
	[FIELD_GIVEN] = { "given", PRIOR(given_prior) },
	[FIELD_FAMILY] = { "family", PRIOR(family_prior) },
	[FIELD_OTHER] = { "other", PRIOR(other_prior) },
	[FIELD_ORG] = { "organisation", PRIOR(org_prior) },
	[FIELD_GENDER] = { "gender", PRIOR(gender_prior) },
	[FIELD_GENERATION] = { "generation", PRIOR(generation_prior) },
	[FIELD_BIRTH] = { "birth", PRIOR(birth_prior) },
	[FIELD_PLACE] = { "place", PRIOR(place_prior) },
	[FIELD_EMAIL] = { "email", PRIOR(email_prior) },
	[FIELD_PHONE] = { "phone", PRIOR(phone_prior) },
	[FIELD_ID] = { "id", PRIOR(id_prior) },
	[FIELD_EXTRA] = { "extra", PRIOR(extra_prior) },
};

/* How rare a value is that was never seen, before there is data: 1000 log2 of how many there are about. */
static const int unseen_prior[WORD_SORTS] = {
	[WORD_GIVEN] = 11000,  [WORD_FAMILY] = 14000,     [WORD_OTHER] = 11000,    [WORD_ORG] = 12000,
	[WORD_STREET] = 10000, [WORD_CITY] = 9000,        [WORD_POSTCODE] = 13000, [WORD_ADDRESS] = 16000,
	[WORD_EMAIL] = 17000,  [WORD_PHONE] = 17000,      [WORD_ID] = 17000,       [WORD_EXTRA] = 8000,
	[WORD_BIRTH] = 15000,  [WORD_NAME] = NAME_UNSEEN,
};

static const char *const sort_names[WORD_SORTS] = {
	"given",   "family", "other", "organisation", "street", "city",  "postcode",
	"address", "email",  "phone", "id",           "extra",  "birth", "name",
};

const char *word_sort_name(enum word_sort s)
{
	return sort_names[s];
}

bool word_sort_find(struct str name, enum word_sort *s)
{
	for (int i = 0; i < WORD_SORTS; i++)
		if (str_is(name, sort_names[i])) {
			*s = (enum word_sort)i;
			return true;
		}
	return false;
}

int64_t term_key(enum word_sort sort, uint64_t tag, uint64_t hash)
{
	uint64_t h = hash ^ (tag + (uint64_t)sort + 1) * 0x9e3779b97f4a7c15u;

	return (int64_t)(h ^ h >> 29);
}

int log2_milli(double x)
{
	return (int)lround(MILLI * log2(x));
}

double round6(double x)
{
	char text[32];

	snprintf(text, sizeof(text), "%.5e", x);
	return strtod(text, NULL);
}

static enum result add_comparison(struct match_model *m, enum match_field field, struct str kind, struct error *e)
{
	struct match_comparison *c = &m->comparisons[m->comparison_count];

	if (m->comparison_count == MATCH_COMPARISONS_MAX)
		return error_set(e, ERR_LIMIT, "model.comparisons", NULL, "more than %d comparisons",
		                 MATCH_COMPARISONS_MAX);
	*c = (struct match_comparison){ .field = field, .level_count = priors[field].count, .kind = "" };
	c->name = priors[field].name;
	c->household = field == FIELD_EMAIL || field == FIELD_PHONE || str_is(kind, "device");
	if (kind.n > 0) {
		c->tag = kind_hash(kind);
		c->kind = str_dup(m->arena, kind);
		if (!c->kind)
			return error_nomem(e);
	}
	for (int i = 0; i < c->level_count; i++) {
		const struct prior_level *p = &priors[field].levels[i];

		c->levels[i] =
		        (struct match_level){ .name = p->name, .m = p->m, .u = p->u, .h = p->h, .share = p->share };
	}
	if (field == FIELD_ID && c->household)
		c->levels[ID_SAME].h = ID_SHARED_HOME;
	m->comparison_count++;
	return OK;
}

enum result model_add_kind(struct match_model *m, enum match_field field, struct str kind, struct error *e)
{
	return add_comparison(m, field, kind, e);
}

enum result model_new(struct match_model **out, struct error *e)
{
	struct arena *a = arena_new(MODEL_ARENA);
	struct match_model *m = a ? arena_alloc(a, sizeof(*m)) : NULL;
	enum result r = OK;

	if (!m) {
		arena_free(a);
		return error_nomem(e);
	}
	m->arena = a;
	map_init(&m->term_map);
	map_init(&m->shared_map);
	memcpy(m->unseen, unseen_prior, sizeof(m->unseen));
	for (int f = 0; f < FIELDS && r == OK; f++)
		if (f != FIELD_ID && f != FIELD_EXTRA)
			r = add_comparison(m, (enum match_field)f, STR(""), e);
	if (r != OK) {
		match_model_free(m);
		return r;
	}
	*out = m;
	return OK;
}

void match_model_free(struct match_model *m)
{
	if (!m)
		return;
	map_free(&m->term_map);
	map_free(&m->shared_map);
	arena_free(m->arena);
}

void model_weigh(struct match_model *m)
{
	for (int i = 0; i < m->comparison_count; i++) {
		struct match_comparison *c = &m->comparisons[i];

		for (int j = 0; j < c->level_count; j++) {
			c->levels[j].m = round6(c->levels[j].m);
			c->levels[j].u = round6(c->levels[j].u);
			c->levels[j].h = round6(c->levels[j].h);
			c->levels[j].weight = log2_milli(c->levels[j].m / c->levels[j].u);
			c->levels[j].home = log2_milli(c->levels[j].m / c->levels[j].h);
		}
		c->mean = -log2_milli(c->levels[0].u);
	}
}

enum result model_index(struct match_model *m, struct error *e)
{
	for (int i = 0; i < m->term_count; i++) {
		const struct match_term *t = &m->terms[i];

		TRY(map_put(&m->term_map, term_key(t->sort, t->tag, hash64_str(str_c(t->text), 0)), t->rarity, e));
	}
	for (int i = 0; i < m->shared_count; i++) {
		const struct match_shared *s = &m->shared[i];

		TRY(map_put(&m->shared_map, term_key(s->sort, s->tag, hash64_str(str_c(s->text), 0)), (int64_t)s->state,
		            e));
	}
	return OK;
}

enum result match_model_default(struct match_model **out, struct error *e)
{
	static const char *const ids[] = { "ssn", "passport", "loyalty", "account", "external", "device" };
	struct match_model *m;
	enum result r;

	TRY(model_new(&m, e));
	r = OK;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) && r == OK; i++)
		r = model_add_kind(m, FIELD_ID, str_c(ids[i]), e);
	if (r != OK) {
		match_model_free(m);
		return r;
	}
	model_weigh(m);
	m->prior = MATCH_PRIOR_DEFAULT;
	m->housemates = MATCH_HOUSEMATES_DEFAULT;
	m->component = MATCH_COMPONENT_DEFAULT;
	m->link = MATCH_LINK_DEFAULT;
	*out = m;
	return OK;
}

int64_t match_model_version(const struct match_model *m)
{
	return m->version;
}

void match_model_set_version(struct match_model *m, int64_t version)
{
	m->version = version;
}

int match_component_threshold(const struct match_model *m)
{
	return m->component;
}

int match_link_threshold(const struct match_model *m)
{
	return m->link;
}

void match_model_set_link(struct match_model *m, int threshold)
{
	m->link = threshold;
}

bool model_crowded(const struct match_model *m, uint64_t key)
{
	int low = 0, high = m->crowded_count;

	while (low < high) {
		int mid = low + (high - low) / 2;

		if (m->crowded[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->crowded_count && m->crowded[low] == key;
}
