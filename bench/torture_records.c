/* What a source keeps of a person, before anything goes wrong. */
#include "torture_world.h"

/* How often each source has a field, of 100. */
static const unsigned char coverage[SOURCES][FIELDS] = {
	[TILL] = { [PREFIX] = 20,
	           [GIVEN] = 70,
	           [FAMILY] = 85,
	           [GENDER] = 25,
	           [BIRTH] = 4,
	           [STREET] = 6,
	           [CITY] = 25,
	           [POSTCODE] = 35,
	           [COUNTRY] = 60,
	           [EMAIL] = 15,
	           [PHONE] = 35,
	           [LOYALTY] = 40 },
	[WEB] = { [PREFIX] = 30,
	          [GIVEN] = 98,
	          [MIDDLE] = 5,
	          [FAMILY] = 98,
	          [SUFFIX] = 40,
	          [GENDER] = 20,
	          [BIRTH] = 12,
	          [STREET] = 88,
	          [CITY] = 90,
	          [REGION] = 85,
	          [POSTCODE] = 90,
	          [COUNTRY] = 97,
	          [EMAIL] = 98,
	          [PHONE] = 55,
	          [LOYALTY] = 15,
	          [ACCOUNT] = 80,
	          [DEVICE] = 75 },
	[LOYALTY_SCHEME] = { [PREFIX] = 70,
	                     [GIVEN] = 98,
	                     [MIDDLE] = 50,
	                     [FAMILY] = 99,
	                     [SUFFIX] = 80,
	                     [GENDER] = 90,
	                     [BIRTH] = 85,
	                     [STREET] = 92,
	                     [CITY] = 94,
	                     [REGION] = 90,
	                     [POSTCODE] = 94,
	                     [COUNTRY] = 98,
	                     [EMAIL] = 75,
	                     [PHONE] = 80,
	                     [LOYALTY] = 100 },
	[CALL_CENTRE] = { [PREFIX] = 40,
	                  [GIVEN] = 88,
	                  [FAMILY] = 97,
	                  [SUFFIX] = 20,
	                  [STREET] = 30,
	                  [CITY] = 45,
	                  [POSTCODE] = 40,
	                  [COUNTRY] = 50,
	                  [EMAIL] = 30,
	                  [PHONE] = 96,
	                  [LOYALTY] = 12 },
	[CHAT] = { [GIVEN] = 85,
	           [FAMILY] = 35,
	           [COUNTRY] = 30,
	           [EMAIL] = 60,
	           [PHONE] = 12,
	           [ACCOUNT] = 15,
	           [DEVICE] = 85 },
};

int person_sources(struct world *w, const struct household *h, const struct person *p, enum source out[RECORDS_MAX])
{
	static const struct {
		enum source s;
		double adult, child;
	} ways[] = { { TILL, .65, .3 },
		     { TILL, .3, .1 },
		     { LOYALTY_SCHEME, .45, .35 },
		     { CALL_CENTRE, .2, .02 },
		     { CHAT, .15, .05 } };
	int n = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (world_chance(w, p->child ? ways[i].child : ways[i].adult))
			out[n++] = ways[i].s;
	if (p->accounts2) {
		out[n++] = WEB;
		out[n++] = WEB;
	} else if (world_chance(w, p->child ? .08 : .5)) {
		out[n++] = WEB;
	}
	if (!n) {
		out[n++] = TILL;
	} else if (h->kinds & kind_bit(ALL_BUT_GIVEN)) {
		out[n++] = WEB;
	}
	return n;
}

/* Only what is wanted. */
static void put(struct torture_record *r, enum field f, uint32_t wanted, const char *value)
{
	*text_add(r->field[f], wanted >> f & 1 ? value : "") = '\0';
}

static void put_address(struct torture_record *r, const struct address *a, const char *country, uint32_t wanted)
{
	put(r, STREET, wanted, a->street);
	put(r, CITY, wanted, a->city);
	put(r, REGION, wanted, a->region);
	put(r, POSTCODE, wanted, a->postcode);
	put(r, COUNTRY, wanted, country);
}

static void birth_put(struct torture_record *r, const struct person *p)
{
	char *at = text_number(r->field[BIRTH], (unsigned)p->year, 10, 4);

	*at++ = '-';
	at = text_number(at, (unsigned)p->month, 10, 2);
	*at++ = '-';
	*text_number(at, (unsigned)p->day, 10, 2) = '\0';
}

static void names_put(struct world *w, const struct household *h, const struct person *p, bool maiden, uint32_t wanted,
                      struct torture_record *r)
{
	const struct nation_text *t = w->tables.nations[h->nation].text;
	const struct name *given = &p->given, *family = maiden ? &p->maiden : &p->family;
	bool foreign = h->nation >= NATION_RU, native = !foreign, other = false;

	if (foreign && wanted & (1u << GIVEN | 1u << FAMILY)) {
		native = kind_strikes(w, NATIVE_SCRIPT);
		other = !native && strcmp(given->other, given->latin) != 0 && wanted >> GIVEN & 1 &&
		        kind_strikes(w, OTHER_ROMANIZATION);
		r->dirt |= (native ? kind_bit(NATIVE_SCRIPT) : 0) | (other ? kind_bit(OTHER_ROMANIZATION) : 0);
	}
	put(r, PREFIX, wanted, p->female ? t->prefix_f : t->prefix_m);
	put(r, GIVEN, wanted, native ? given->native : other ? given->other : given->latin);
	put(r, FAMILY, wanted, native ? family->native : other ? family->other : family->latin);
	put(r, MIDDLE, wanted, p->middle);
	if (*r->field[MIDDLE] && world_chance(w, .6))
		r->field[MIDDLE][1] = '\0';
	put(r, SUFFIX, wanted, p->suffix);
	put(r, GENDER, wanted, p->female ? "f" : "m");
}

/* A child uses what the household has; who shares with nobody shares nothing. */
static void email_put(struct world *w, const struct household *h, const struct person *p, int nth, uint32_t wanted,
                      struct torture_record *r)
{
	bool shared = h->kinds & kind_bit(ALL_BUT_GIVEN) || p->child ||
	              (h->kinds & kind_bit(FAMILY_EMAIL) && world_chance(w, .7));
	int slot = (int)(p - h->people);

	r->field[EMAIL][0] = '\0';
	if (!(wanted >> EMAIL & 1))
		return;
	email_make(w, h, shared ? SLOT_SHARED : slot, shared ? 0 : nth && (p->device[5] & 1), r->field[EMAIL]);
	r->dirt |= shared && h->count > 1 ? kind_bit(FAMILY_EMAIL) : 0;
}

static void contacts_put(struct world *w, const struct household *h, const struct person *p, int nth, bool before,
                         uint32_t wanted, struct torture_record *r)
{
	bool all = h->kinds & kind_bit(ALL_BUT_GIVEN), two = p->accounts2 && r->source == WEB;
	bool landline = all || p->child || (h->kinds & kind_bit(FAMILY_LANDLINE) && world_chance(w, .45));
	bool device = all || (h->kinds & kind_bit(FAMILY_DEVICE) && world_chance(w, .6));
	bool card = h->kinds & kind_bit(FAMILY_CARD) && r->source == TILL && p != h->people && world_chance(w, .6);

	email_put(w, h, p, two && nth, wanted, r);
	put(r, PHONE, wanted, landline ? h->landline[before] : p->mobile);
	put(r, DEVICE, wanted, device ? h->device : p->device);
	put(r, LOYALTY, wanted, card ? h->people[0].loyalty : p->loyalty);
	put(r, ACCOUNT, wanted, p->account[two && nth]);
	if (landline && h->count > 1 && *r->field[PHONE])
		r->dirt |= kind_bit(FAMILY_LANDLINE);
	if (device && *r->field[DEVICE])
		r->dirt |= kind_bit(FAMILY_DEVICE);
	if (card && *r->field[LOYALTY])
		r->dirt |= kind_bit(FAMILY_CARD);
}

#define IDENTIFIES                                                                                                     \
	(1u << BIRTH | 1u << STREET | 1u << EMAIL | 1u << PHONE | 1u << LOYALTY | 1u << ACCOUNT | 1u << DEVICE)

/* Which fields the source has: what it asks, and at least something that tells of whom. */
static uint32_t cover(struct world *w, const struct household *h, struct torture_record *r)
{
	bool all = h->kinds & kind_bit(ALL_BUT_GIVEN);
	uint32_t wanted = 0;
	uint64_t random = 0;

	for (int f = 0; f < FIELDS; f++, random >>= 16) {
		if (f % 4 == 0)
			random = world_next(w);
		bool asked = ((random & 0xFFFF) * 100 >> 16) < coverage[r->source][f];

		if (all && r->source != CHAT)
			asked = coverage[r->source][f] && f != BIRTH && f != GENDER && f != PREFIX && f != MIDDLE &&
			        f != LOYALTY && f != ACCOUNT;
		wanted |= (uint32_t)asked << f;
	}
	if (!(wanted & (1u << GIVEN | 1u << PHONE | 1u << EMAIL)))
		wanted |= 1u << PHONE;
	if (r->source == TILL && !all && kind_strikes(w, BARE)) {
		r->dirt |= kind_bit(BARE);
		return (wanted & ~IDENTIFIES) | 1u << FAMILY;
	}
	if (!(wanted & IDENTIFIES))
		wanted |= world_chance(w, .5) ? 1u << PHONE : 1u << LOYALTY;
	return wanted;
}

void record_make(struct world *w, const struct household *h, const struct person *p, enum source s, int nth,
                 struct torture_record *r)
{
	double when = world_unit(w);
	bool maiden = when < p->wedding, before = when < h->moved;
	uint64_t own = p->kinds;

	r->source = s;
	r->dirt = 0;
	uint32_t wanted = cover(w, h, r);
	const struct address *a = maiden && h->index % 4 ? &h->maiden : before ? &h->before : &h->now;
	names_put(w, h, p, maiden, wanted, r);
	put_address(r, a, w->tables.nations[h->nation].text->code, wanted);
	r->field[BIRTH][0] = '\0';
	if (wanted >> BIRTH & 1)
		birth_put(r, p);
	contacts_put(w, h, p, nth, before, wanted, r);
	if (maiden)
		r->dirt |= kind_bit(CHANGED_SURNAME);
	if (a == &h->before && (*r->field[STREET] || *r->field[POSTCODE]))
		r->dirt |= kind_bit(MOVED);
	if (p->accounts2 && s == WEB && *r->field[ACCOUNT])
		r->dirt |= kind_bit(TWO_ACCOUNTS);
	if (strcmp(r->field[PHONE], p->mobile) != 0)
		own &= ~kind_bit(RECYCLED_PHONE);
	if (!*r->field[STREET] || a != &h->now)
		own &= ~kind_bit(NEIGHBOURS);
	r->dirt |= own;
	record_spoil(w, h, p, r);
}
