/* A pair's score: the prior and the sum of the weights of what the comparisons found. */
#include "people/match_inside.h"

static struct match_found two_values(int a, int b)
{
	return (struct match_found){ .level = a && b ? (a == b ? TWO_SAME : TWO_DIFFERENT) : LEVEL_NULL, .rarity = -1 };
}

/* At one address or postcode the family name is another piece of evidence. */
static int nearness(uint8_t place)
{
	if (place == PLACE_ADDRESS || place == PLACE_ALIKE)
		return NEAR_ADDRESS;
	return place == PLACE_POSTCODE ? NEAR_POSTCODE : NEAR_ELSEWHERE;
}

/* What a household shares says nothing more, or less, of those who live at one address. */
static struct match_found at_one_address(struct match_found f, int household)
{
	if (f.level == CONTACT_SAME)
		f.level = CONTACT_HOME;
	else if (f.level == household)
		f.level = LEVEL_NULL;
	return f;
}

static struct match_found compare_contact(const struct match_comparison *c, const struct match_record *a,
                                          const struct match_record *b, bool home)
{
	if (c->field == FIELD_EMAIL) {
		struct match_found f = compare_emails(a, b);

		return home && c->household ? at_one_address(f, EMAIL_HOUSEHOLD) : f;
	}
	if (c->field == FIELD_PHONE) {
		struct match_found f = compare_phones(a, b);

		return home && c->household ? at_one_address(f, PHONE_HOUSEHOLD) : f;
	}
	struct match_found f = compare_ids(a, b, c->tag);

	return home && c->household ? at_one_address(f, ID_SHARED) : f;
}

void match_compare(const struct match_model *m, const struct match_record *a, const struct match_record *b,
                   struct match_found *found)
{
	struct match_found given, family, other, place = compare_place(a, b);
	int near = nearness(place.level);
	bool home = near == NEAR_ADDRESS;

	compare_names(a, b, &given, &family, &other);
	for (int i = 0; i < m->comparison_count; i++) {
		const struct match_comparison *c = &m->comparisons[i];

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
			found[i] = place;
			break;
		case FIELD_EMAIL:
		case FIELD_PHONE:
		case FIELD_ID:
			found[i] = compare_contact(c, a, b, home);
			/* who shares a phone is of one family as easily as who shares an address */
			if (found[i].level == CONTACT_SAME && c->field != FIELD_ID)
				near = NEAR_ADDRESS;
			break;
		case FIELD_EXTRA:
			found[i] = compare_extras(a, b, c->tag);
			break;
		case FIELDS:
			break;
		}
	}
	if (family.level != LEVEL_NULL)
		found[m->family].level = (uint8_t)(family.level + FAMILY_LEVELS * near);
}

static int weight(const struct match_comparison *c, const struct match_found *f)
{
	const struct match_level *l = &c->levels[f->level];

	if (l->share == 0 || f->rarity < 0)
		return l->weight;
	return l->weight + l->share * (f->rarity - c->mean) / 100;
}

int model_sum(const struct match_model *m, const struct match_found *found)
{
	int sum = m->prior;

	for (int i = 0; i < m->comparison_count; i++)
		if (found[i].level != LEVEL_NULL)
			sum += weight(&m->comparisons[i], &found[i]);
	return sum;
}

int match_score(const struct match_model *m, const struct match_record *a, const struct match_record *b,
                struct match_evidence *evidence, int *count)
{
	struct match_found found[MATCH_COMPARISONS_MAX];
	int n = 0;

	match_compare(m, a, b, found);
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
	if (count)
		*count = n;
	return model_sum(m, found);
}
