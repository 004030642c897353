/* A pair's score. Two records are of one person, of two of one household, or of two strangers: the fields say by sums
 * of weights how much likelier one person is than either of the others, and the score is the odds against both
 * together. What households share thus never says more than how often two records of one household are one person's. */
#include "people/match_inside.h"

static struct match_found two_values(int a, int b)
{
	return (struct match_found){ .level = a == b ? TWO_SAME : TWO_DIFFERENT, .rarity = -1 };
}

#define LINE_BYTES 64
#define FETCHED_BYTES 1024 /* most records' fields and words, which lie behind each other */

void match_record_fetch(const struct match_record *r)
{
	for (size_t i = 0; i < FETCHED_BYTES; i += LINE_BYTES)
		__builtin_prefetch((const char *)r + i);
}

/* A single name is compared with what it fits better: either one will do. */
#define NAMES (1u << FIELD_GIVEN | 1u << FIELD_FAMILY)

void match_compare(const struct match_model *m, const struct match_record *a, const struct match_record *b,
                   struct match_found *found)
{
	struct match_found given, family, other;
	unsigned both = a->says & b->says;

	if (a->says & NAMES && b->says & NAMES) {
		compare_names(a, b, &given, &family, &other);
		both |= NAMES;
	} else {
		both &= ~(1u << FIELD_OTHER);
	}
	for (int i = 0; i < m->comparison_count; i++) {
		const struct match_comparison *c = &m->comparisons[i];

		if (!(both >> c->field & 1)) {
			found[i] = (struct match_found){ .level = LEVEL_NULL, .rarity = -1 };
			continue;
		}
		switch (c->field) {
		case FIELD_GIVEN:
			found[i] = given;
			break;
		case FIELD_FAMILY:
			found[i] = family;
			break;
		case FIELD_OTHER:
			found[i] = other;
			break;
		case FIELD_ORG:
			found[i] = compare_org(a, b);
			break;
		case FIELD_GENDER:
			found[i] = two_values(a->gender, b->gender);
			break;
		case FIELD_GENERATION:
			found[i] = two_values(a->generation, b->generation);
			break;
		case FIELD_BIRTH:
			found[i] = compare_birth(a, b);
			break;
		case FIELD_PLACE:
			found[i] = compare_place(a, b);
			break;
		case FIELD_EMAIL:
			found[i] = compare_emails(a, b);
			break;
		case FIELD_PHONE:
			found[i] = compare_phones(a, b);
			break;
		case FIELD_ID:
			found[i] = compare_ids(a, b, c->tag);
			break;
		case FIELD_EXTRA:
			found[i] = compare_extras(a, b, c->tag);
			break;
		case FIELDS:
			break;
		}
	}
}

static int weight(const struct match_comparison *c, const struct match_found *f)
{
	const struct match_level *l = &c->levels[f->level];

	if (l->share == 0 || f->rarity < 0)
		return l->weight;
	return l->weight + l->share * (f->rarity - c->mean) / 100;
}

/* ---- The sum ----------------------------------------------------------------------------------------------------- */

#define SOFT_STEP 256

/* 1000 log2(2^(x / 1000) + 2^(y / 1000)) = the greater + this, by how much greater it is. */
static int soft(int apart)
{
	static const uint16_t table[] = {
		1000, 878, 767, 667, 577, 498, 427, 366, 312, 266, 226, 192, 162, 137, 116, 97, 82,
		69,   58,  49,  41,  34,  29,  24,  20,  17,  14,  12,  10,  8,   7,   6,   5,  4,
		3,    3,   2,   2,   2,   1,   1,   1,   1,   1,   1,   0,   0,   0,   0,
	};
	int last = (int)(sizeof(table) / sizeof(table[0])) - 1, i = apart / SOFT_STEP;

	return i >= last ? 0 : table[i] - (table[i] - table[i + 1]) * (apart % SOFT_STEP) / SOFT_STEP;
}

/* The odds against two alternatives of which one is true. */
static int against_both(int x, int y)
{
	return x < y ? x - soft(y - x) : y - soft(x - y);
}

struct sums {
	int strangers, housemates; /* without the priors */
	int shared, apart;         /* the most that one of the fields which households share says for, and against */
};

/* What households share goes together, and what they do not: all of it says as much as its strongest. */
static void sums_add(struct sums *s, const struct match_comparison *c, int weight, int home)
{
	s->strangers += weight;
	if (!comparison_of_household(c))
		s->housemates += home;
	else if (home > s->shared)
		s->shared = home;
	else if (home < s->apart)
		s->apart = home;
}

static int sums_home(const struct sums *s)
{
	return s->housemates + s->shared + s->apart;
}

static int sums_score(const struct match_model *m, const struct sums *s)
{
	return against_both(m->prior + s->strangers, m->housemates + sums_home(s));
}

static struct sums sums_of(const struct match_model *m, const struct match_found *found)
{
	struct sums s = { 0 };

	for (int i = 0; i < m->comparison_count; i++) {
		const struct match_comparison *c = &m->comparisons[i];

		if (found[i].level != LEVEL_NULL)
			sums_add(&s, c, weight(c, &found[i]), c->levels[found[i].level].home);
	}
	return s;
}

/* The best that a place can be found to be, by what both say of it. */
static int best_place(const struct match_record *a, const struct match_record *b)
{
	if (a->count[WORD_STREET] && b->count[WORD_STREET])
		return PLACE_ADDRESS;
	return a->count[WORD_POSTCODE] && b->count[WORD_POSTCODE] ? PLACE_POSTCODE : PLACE_NEAR;
}

struct match_sum match_sum(const struct match_model *m, const struct match_record *a, const struct match_record *b)
{
	struct match_found found[MATCH_COMPARISONS_MAX];
	struct sums s, best = { 0 };
	int least;

	match_compare(m, a, b, found);
	s = sums_of(m, found);
	for (int i = 0; i < m->comparison_count; i++) {
		const struct match_comparison *c = &m->comparisons[i];
		int level = c->field == FIELD_PLACE ? best_place(a, b) : 0;

		if (found[i].level != LEVEL_NULL)
			sums_add(&best, c, c->levels[level].weight, c->levels[level].home);
	}
	least = s.strangers < sums_home(&s) ? s.strangers : sums_home(&s);
	return (struct match_sum){ .score = sums_score(m, &s),
		                   .against = least < 0 ? least : 0,
		                   .tells = sums_score(m, &best) > m->link };
}

int match_score(const struct match_model *m, const struct match_record *a, const struct match_record *b,
                struct match_evidence *evidence, int *count)
{
	struct match_found found[MATCH_COMPARISONS_MAX];
	struct sums s;
	int n = 0, score, household;

	match_compare(m, a, b, found);
	s = sums_of(m, found);
	score = sums_score(m, &s);
	for (int i = 0; i < m->comparison_count && evidence; i++) {
		const struct match_comparison *c = &m->comparisons[i];

		if (found[i].level == LEVEL_NULL)
			continue;
		evidence[n++] = (struct match_evidence){
			.comparison = c->name,
			.kind = c->kind,
			.level = c->levels[found[i].level].name,
			.a = found[i].a ? word_str(found[i].a) : STR(""),
			.b = found[i].b ? word_str(found[i].b) : STR(""),
			.weight = weight(c, &found[i]),
		};
	}
	household = score - against_both(m->prior, m->housemates) - s.strangers;
	if (evidence && household)
		evidence[n++] = (struct match_evidence){ .comparison = "household",
			                                 .kind = "",
			                                 .level = "two of one household would agree as much",
			                                 .weight = household };
	if (count)
		*count = n;
	return score;
}
