/* Households: who lives together, what they share, and what is true of them that misleads. */
#include "torture_world.h"
#include <stdlib.h>

/* Streams that belong to a household's number and not to its turn. */
enum { ADDRESS_NOW, ADDRESS_BEFORE, ADDRESS_MAIDEN, STREAM_NATION, STREAM_ALL };
enum { NUMBERS_A_HOUSEHOLD = 16 };
#define YEAR_NOW 2026
#define RECYCLED_WITHIN 100000 /* households: how far away the number's former holder is */

void kind_missed(struct world *w, enum kind k)
{
	w->tally->asked[k]--;
	w->tally->hit[k]--;
}

static uint64_t stream(const struct world *w, int64_t index, int which)
{
	return mix64(w->config->seed * 1000003 + (uint64_t)which) ^ mix64((uint64_t)index * 31 + (uint64_t)which);
}

static void copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	n = n < size ? n : size - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

static enum nation_code nation_of(const struct world *w, int64_t index)
{
	int at = (int)(mix64(stream(w, index, STREAM_NATION)) % 100);

	for (int n = 0; n < NATIONS; n++) {
		at -= nation_texts[n].share;
		if (at < 0)
			return (enum nation_code)n;
	}
	return NATION_US;
}

/* A number of the household; each (household, slot, generation) has its own. */
static void phone_number(const struct world *w, int64_t index, int slot, int generation, char out[24])
{
	enum nation_code n = nation_of(w, index);
	const struct nation_text *t = nation_texts + n;
	uint64_t id = (uint64_t)index * NUMBERS_A_HOUSEHOLD + (uint64_t)slot * 2 + (uint64_t)generation;
	uint64_t v = id * 61803399u % 100000000u; /* coprime with 10^8: one to one */

	char *at = text_add(out, t->calling);

	if (n == NATION_US) {
		static const unsigned areas[] = { 212, 305, 312, 415, 503, 602, 617, 702, 713, 206, 404, 303, 919 };

		at = text_number(at, areas[v / 8000000], 10, 3);
		at = text_number(at, v % 8000000 + 2000000, 10, 7);
	} else {
		at = text_add(at, slot == SLOT_SHARED ? t->landline : t->mobile);
		at = text_number(at, v, 10, 8);
	}
	*at = '\0';
}

/* ---- Addresses -------------------------------------------------------------------------------------------------- */

static void postcode_make(const char *begin, const char *rest, uint64_t h, char out[16])
{
	size_t n = strlen(begin);

	memcpy(out, begin, n);
	for (; *rest && n < 15; rest++, h /= 26)
		out[n++] = *rest == '#' ? (char)('0' + h % 10) : *rest == '@' ? (char)('A' + h % 26) : *rest;
	out[n] = '\0';
}

static void part_copy(struct str part, char *out, size_t size)
{
	size_t n = part.n < size ? part.n : size - 1;

	memcpy(out, part.p, n);
	out[n] = '\0';
}

static void address_make(struct world *w, int64_t index, int which, bool largest_town, struct address *a)
{
	uint64_t keep = w->rnd;
	const struct nation *n = &w->tables.nations[nation_of(w, index)];

	w->rnd = stream(w, index, which);
	uint32_t town = world_skewed(w, n->towns.n), street = world_below(w, n->streets.n);
	int number = 1 + (int)(world_unit(w) * world_unit(w) * (n->text->number_first ? 1800 : 240));
	struct str rest = str_c(n->towns.at[largest_town ? 0 : town]), part;

	str_split(&rest, '/', &part);
	part_copy(part, a->city, sizeof(a->city));
	str_split(&rest, '/', &part);
	part_copy(part, a->region, sizeof(a->region));
	postcode_make(rest.p, n->text->post, mix64(town * 65537u + street), a->postcode);
	char *at = a->street;

	if (n->text->number_first) {
		at = text_number(at, (unsigned)number, 10, 1);
		*at++ = ' ';
	}
	at = text_add(at, n->streets.at[street]);
	if (!n->text->number_first) {
		*at++ = ' ';
		at = text_number(at, (unsigned)number, 10, 1);
	}
	*at = '\0';
	w->rnd = keep;
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

static void name_fill(enum nation_code n, const char *word, struct name *out)
{
	if (n == NATION_CN) {
		const char *colon = strchr(word, ':');

		snprintf(out->native, NAME_BYTES, "%.*s", (int)(colon - word), word);
		copy(out->latin, NAME_BYTES, colon + 1);
		script_pinyin_other(out->latin, out->other, NAME_BYTES);
	} else if (n == NATION_RU || n == NATION_GR) {
		copy(out->native, NAME_BYTES, word);
		script_latin(word, 0, out->latin, NAME_BYTES);
		script_latin(word, 1, out->other, NAME_BYTES);
	} else {
		copy(out->native, NAME_BYTES, word);
		memcpy(out->latin, out->native, NAME_BYTES);
		memcpy(out->other, out->native, NAME_BYTES);
	}
}

/* A surname; some are of the first half of one and the second of another, so that there are rare ones too. */
static void surname_pick(struct world *w, enum nation_code n, bool common, char out[NAME_BYTES])
{
	const struct list *l = &w->tables.nations[n].family;
	const char *one = l->at[common ? world_below(w, 5) : world_skewed(w, l->n)];

	copy(out, NAME_BYTES, one);
	if (common || (n != NATION_US && n != NATION_GB) || !world_chance(w, .2))
		return;
	const char *two = l->at[world_below(w, l->n)];
	size_t head = strlen(one) / 2, tail = strlen(two) / 2;
	if (!script_marked(one) && !script_marked(two) && !strchr(one, ' ') && !strchr(two, ' ') && head > 1)
		snprintf(out, NAME_BYTES, "%.*s%s", (int)head, one, two + tail);
}

static void surname_fill(enum nation_code n, const char *male, bool female, struct name *out)
{
	char form[NAME_BYTES + 8];
	struct str rules = str_c(nation_texts[n].feminine), rule, from;
	size_t len = strlen(male);

	copy(form, sizeof(form), male);
	while (female && str_split(&rules, ' ', &rule)) {
		str_split(&rule, ':', &from);
		if (len > from.n && memcmp(male + len - from.n, from.p, from.n) == 0) {
			snprintf(form + len - from.n, sizeof(form) - (len - from.n), "%.*s", STR_ARG(rule));
			break;
		}
	}
	name_fill(n, form, out);
}

static void given_pick(struct world *w, enum nation_code n, bool female, bool common, struct name *out)
{
	const struct list *l = female ? &w->tables.nations[n].female : &w->tables.nations[n].male;

	name_fill(n, l->at[common ? world_below(w, 4) : world_skewed(w, l->n)], out);
}

/* ---- People ----------------------------------------------------------------------------------------------------- */

/* The local part is nearly always of one person: names are common, numbers are not. */
void email_make(const struct world *w, const struct household *h, int slot, int nth, char out[FIELD_BYTES])
{
	static const char *const hosts[] = { "post.torture",     "mailbox.torture", "inbox.torture",
		                             "fastpost.torture", "netmail.torture", "brief.torture",
		                             "web-post.torture", "courrier.torture" };
	static const char *const words[] = { "sunny", "blue", "lucky", "quiet", "wild", "happy", "moon", "silver" };
	static const char *const things[] = {
		"rider", "garden", "river", "tiger", "cook", "reader", "sailor", "piano"
	};
	const struct person *p = &h->people[slot == SLOT_SHARED ? 0 : slot];
	char given[NAME_BYTES], family[NAME_BYTES], low[NAME_BYTES], *at = out;
	uint64_t id = (uint64_t)h->index * 16 + (uint64_t)slot * 2 + (uint64_t)nth,
	         r = mix64(id ^ w->config->seed << 42);

	script_latin(p->given.latin, 0, low, sizeof(low));
	script_lower(low, given, sizeof(given));
	script_latin(p->family.latin, 0, low, sizeof(low));
	script_lower(low, family, sizeof(family));
	for (char *s = family; *s; s++)
		*s = *s == ' ' || *s == '\'' ? '-' : *s;
	given[strcspn(given, " '")] = '\0';
	switch (r % 6) {
	case 0:
		at = text_add(text_add(at, words[r >> 8 & 7]), things[r >> 16 & 7]);
		break;
	case 1:
		*at++ = given[0];
		at = text_add(at, family);
		break;
	case 2:
		at = text_add(at, family);
		*at++ = '.';
		at = text_add(at, given);
		break;
	default:
		at = text_add(at, given);
		*at++ = '.';
		at = text_add(at, family);
	}
	if (at - out > FIELD_BYTES - 32)
		at = out + FIELD_BYTES - 32;
	at = text_number(at, id * 7919 % 100000, 10, 1);
	*at++ = '@';
	*text_add(at, hosts[r >> 24 & 7]) = '\0';
}

static void person_make(struct world *w, struct household *h, int slot, bool female, bool child, int year, bool common)
{
	struct person *p = &h->people[slot];

	memset(p, 0, sizeof(*p));
	p->female = female;
	p->child = child;
	p->year = year;
	p->month = 1 + (int)world_below(w, 12);
	p->day = 1 + (int)world_below(w, 28);
	given_pick(w, h->nation, female, common, &p->given);
	if (h->nation <= NATION_GB && world_chance(w, .6)) {
		struct name middle;

		given_pick(w, h->nation, female, false, &middle);
		copy(p->middle, NAME_BYTES, middle.latin);
	}
}

static void contacts_make(struct world *w, struct household *h, int slot)
{
	struct person *p = &h->people[slot];
	uint64_t id = (uint64_t)h->index * 8 + (uint64_t)slot;

	phone_number(w, h->index, slot, 0, p->mobile);
	if (!p->child && h->index > 0 && kind_strikes(w, RECYCLED_PHONE)) {
		int64_t within = h->index < RECYCLED_WITHIN ? h->index : RECYCLED_WITHIN;

		phone_number(w, h->index - 1 - (int64_t)world_below(w, (uint32_t)within), 0, 0, p->mobile);
		p->kinds |= kind_bit(RECYCLED_PHONE);
	}
	*text_number(text_add(p->loyalty, "29"), id * 61803398873u % 100000000000u, 10, 11) = '\0';
	for (uint64_t i = 0; i < 2; i++)
		*text_number(text_add(p->account[i], "a"), (id * 2 + i) * 0x9E3779B97Fu & 0xFFFFFFFFFFu, 16, 10) = '\0';
	*text_number(text_add(p->device, "d"), mix64(id ^ w->config->seed << 40), 16, 16) = '\0';
	p->accounts2 = !p->child && kind_strikes(w, TWO_ACCOUNTS);
}

static void couple_make(struct world *w, struct household *h, const char *surname, bool common)
{
	int year = 1938 + (int)world_below(w, 62);
	char own[NAME_BYTES];
	struct person *she = &h->people[1];

	person_make(w, h, 0, false, false, year, common);
	surname_fill(h->nation, surname, false, &h->people[0].family);
	person_make(w, h, 1, true, false, year - 4 + (int)world_below(w, 8), false);
	h->count = 2;
	surname_pick(w, h->nation, false, own);
	if (world_chance(w, .12)) { /* keeps her own */
		surname_fill(h->nation, own, true, &she->family);
		return;
	}
	surname_fill(h->nation, surname, true, &she->family);
	if (kind_strikes(w, CHANGED_SURNAME)) {
		surname_fill(h->nation, own, true, &she->maiden);
		she->wedding = .2 + .6 * world_unit(w);
		address_make(w, h->index, ADDRESS_MAIDEN, false, &h->maiden);
	}
}

static void children_make(struct world *w, struct household *h, const char *surname, int parents)
{
	int count = 1 + (int)world_below(w, 3), born = h->people[parents - 1].year + 21 + (int)world_below(w, 15);

	for (int i = 0; i < count && h->count < PEOPLE_MAX; i++) {
		struct person *p = &h->people[h->count];

		born = born > YEAR_NOW - 4 ? YEAR_NOW - 4 : born;
		person_make(w, h, h->count, world_chance(w, .5), YEAR_NOW - born < 18, born, false);
		surname_fill(h->nation, surname, p->female, &p->family);
		for (int o = parents; o < h->count; o++) /* no two children of one name */
			for (int t = 0; t < 9 && strcmp(h->people[o].given.native, p->given.native) == 0; t++)
				given_pick(w, h->nation, p->female, false, &p->given);
		h->count++;
		born += 1 + (int)world_below(w, 5);
	}
	if (h->count - parents >= 2 && kind_strikes(w, TWINS)) {
		struct person *a = &h->people[h->count - 2], *b = a + 1;

		b->year = a->year;
		b->month = a->month;
		b->day = a->day;
		b->child = a->child;
		a->kinds |= kind_bit(TWINS);
		b->kinds |= kind_bit(TWINS);
	}
}

/* A child that has the name of its father or mother, with or without Jr. */
static void namesakes_make(struct world *w, struct household *h, int parents)
{
	for (int i = parents; i < h->count; i++) {
		struct person *child = &h->people[i];

		for (int o = 0; o < parents; o++) {
			struct person *parent = &h->people[o];

			if (child->kinds || parent->kinds || child->female != parent->female)
				continue;
			bool jr = !child->female && kind_strikes(w, JR_SR);

			if (!jr && !kind_strikes(w, PARENT_CHILD))
				continue;
			child->given = parent->given;
			child->family = parent->family;
			copy(child->suffix, sizeof(child->suffix), jr ? "Jr" : "");
			copy(parent->suffix, sizeof(parent->suffix), jr ? "Sr" : "");
			child->kinds |= kind_bit(jr ? JR_SR : PARENT_CHILD);
			parent->kinds |= kind_bit(jr ? JR_SR : PARENT_CHILD);
		}
	}
}

static void flatmates_make(struct world *w, struct household *h)
{
	h->count = 2 + (int)world_below(w, 3);
	for (int i = 0; i < h->count; i++) {
		char surname[NAME_BYTES];

		person_make(w, h, i, world_chance(w, .5), false, 1985 + (int)world_below(w, 22), false);
		surname_pick(w, h->nation, false, surname);
		surname_fill(h->nation, surname, h->people[i].female, &h->people[i].family);
		h->people[i].kinds = kind_bit(FLATMATES);
	}
}

/* Returns whether they are no family. */
static bool family_make(struct world *w, struct household *h, bool common)
{
	char surname[NAME_BYTES];
	double type = world_unit(w);

	surname_pick(w, h->nation, common, surname);
	if (type < .28) {
		person_make(w, h, 0, world_chance(w, .55), false, 1935 + (int)world_below(w, 72), common);
		surname_fill(h->nation, surname, h->people[0].female, &h->people[0].family);
		h->count = 1;
	} else if (!common && kind_strikes(w, FLATMATES)) {
		flatmates_make(w, h);
		return true;
	} else if (type < .38) {
		person_make(w, h, 0, world_chance(w, .8), false, 1945 + (int)world_below(w, 55), common);
		surname_fill(h->nation, surname, h->people[0].female, &h->people[0].family);
		h->count = 1;
		children_make(w, h, surname, 1);
		namesakes_make(w, h, 1);
	} else {
		couple_make(w, h, surname, common);
		if (type > .66) {
			children_make(w, h, surname, 2);
			namesakes_make(w, h, 2);
		}
	}
	return false;
}

static void shared_make(struct world *w, struct household *h, bool flat)
{
	if (h->count > 1 && !flat) {
		for (int k = ALL_BUT_GIVEN; k <= FAMILY_CARD; k++)
			if (kind_strikes(w, (enum kind)k))
				h->kinds |= kind_bit((enum kind)k);
		if (h->kinds & kind_bit(ALL_BUT_GIVEN))
			for (int i = 0; i < h->count; i++)
				h->people[i].kinds |= kind_bit(ALL_BUT_GIVEN);
	}
	if (flat)
		h->kinds |= kind_bit(FAMILY_LANDLINE);
	*text_number(text_add(h->device, "d"), mix64((uint64_t)h->index ^ w->config->seed << 41), 16, 16) = '\0';
	phone_number(w, h->index, SLOT_SHARED, 0, h->landline[0]);
	phone_number(w, h->index, SLOT_SHARED, 1, h->landline[1]);
}

void household_make(struct world *w, int64_t index, struct household *h)
{
	int64_t house = index;
	uint64_t all = 0;

	w->rnd = stream(w, index, STREAM_ALL);
	memset(h, 0, offsetof(struct household, people));
	h->index = index;
	h->nation = nation_of(w, index);
	bool common = kind_strikes(w, NAMESAKE);
	if (!common && index > 64 && kind_strikes(w, NEIGHBOURS)) {
		/* the next before it of the same nation */
		for (house = index - 1; house > 0 && nation_of(w, house) != h->nation;)
			house--;
		all |= kind_bit(NEIGHBOURS);
	}
	address_make(w, house, ADDRESS_NOW, common, &h->now);
	bool flat = family_make(w, h, common);
	if (common)
		h->people[0].kinds |= kind_bit(NAMESAKE);
	if (kind_strikes(w, MOVED)) {
		h->moved = .2 + .6 * world_unit(w);
		address_make(w, index, ADDRESS_BEFORE, false, &h->before);
	}
	shared_make(w, h, flat);
	for (int i = 0; i < h->count; i++) {
		h->people[i].kinds |= all;
		contacts_make(w, h, i);
	}
	h->kinds |= all;
	w->tally->households++;
}
