#include "demo/dirt.h"
#include "demo/world.h"
#include <stdio.h>

const char *const source_name[SOURCES] = { "till", "web", "loyalty", "callcentre", "chat" };

/* How each source is kept: per thousand. */
static const struct habit {
	int has_email, has_phone, has_birthday, has_street, nick, native, upper, lower, plain, typo, swap, junk_email,
	        junk_phone;
} habit[SOURCES] = {
	[TILL] = { 550, 520, 450, 500, 110, 20, 80, 10, 320, 45, 8, 25, 40 },
	[WEB] = { 1000, 450, 350, 850, 60, 420, 5, 40, 60, 14, 3, 0, 8 },
	[LOYALTY] = { 780, 560, 860, 800, 30, 120, 10, 5, 90, 20, 3, 8, 10 },
	[CALLCENTRE] = { 350, 960, 120, 400, 90, 0, 5, 10, 200, 55, 5, 6, 5 },
	[CHAT] = { 720, 120, 0, 0, 400, 250, 0, 220, 120, 30, 0, 10, 0 },
};

void rec_key(const struct world *w, const struct rec *r, char out[40])
{
	struct rnd x = rnd_of(w->cfg.seed, 'k', ((uint64_t)r->source << 40) + r->number);
	switch ((enum source)r->source) {
	case TILL:
		snprintf(out, 40, "T-%06u", 100000 + r->number);
		break;
	case WEB:
		snprintf(out, 40, "w%07u", 1000000 + r->number * 7 % 9000000);
		break;
	case LOYALTY: { /* a card number with its EAN check digit */
		char d[13];
		snprintf(d, sizeof(d), "2970%08u", (10000000 + r->number * 37u) % 100000000u);
		int sum = 0;
		for (int i = 0; i < 12; i++)
			sum += (d[i] - '0') * (i % 2 ? 3 : 1);
		snprintf(out, 40, "%s%d", d, (10 - sum % 10) % 10);
		break;
	}
	case CALLCENTRE:
		snprintf(out, 40, "CC-%06u", 200000 + r->number);
		break;
	default:
		snprintf(out, 40, "chat-%06u%08x", r->number, (unsigned)rnd_next(&x));
	}
}

void device_key(const struct world *w, int32_t person, uint32_t n, char out[40])
{
	const struct person *p = &w->people[person];
	const struct household *h = &w->households[p->household];
	if (h->shared_device && n == 0)
		person = h->first; /* the tablet on the sofa */
	struct rnd x = rnd_of(w->cfg.seed, 'd', ((uint64_t)(uint32_t)person << 8) + n);
	uint64_t a = rnd_next(&x), b = rnd_next(&x);
	snprintf(out, 40, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
	         (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
	         (unsigned long long)(b & 0xffffffffffffu));
}

/* Fills the #s of a pattern with the digits of a number, from the right: unique as long as the number is. */
static void digits_fill(const char *pattern, uint64_t number, char *out, size_t size)
{
	snprintf(out, size, "%s", pattern);
	for (size_t i = strlen(out); i-- > 0;) {
		if (out[i] == '#') {
			out[i] = (char)('0' + number % 10);
			number /= 10;
		}
	}
}

static void phone_write(struct rnd *r, const struct land *l, const char *national, char *out, size_t size)
{
	int style = (int)rnd_below(r, 10);
	size_t n = 0;
	if (style < 4) {
		snprintf(out, size, "%s", national);
		return;
	}
	if (style < 8) {
		n = (size_t)snprintf(out, size, "%s", l->prefix);
		bool trunk = *national == '0' && strcmp(l->code, "IT") != 0;
		national += trunk;
		if (style < 6)
			out[n++] = ' ';
	}
	for (; *national && n + 1 < size; national++) {
		if ((*national >= '0' && *national <= '9') || (*national == ' ' && style < 6))
			out[n++] = *national;
	}
	out[n] = '\0';
}

static void phone_of(const struct world *w, const struct rec *rec, struct rnd *r, char out[40])
{
	const struct person *p = &w->people[rec->person];
	const struct household *h = &w->households[p->household];
	const struct shop *s = &shops[h->store];
	const struct land *l = &lands[s->country];
	char national[40];
	uint32_t junk = rnd_below(r, 1000);
	uint64_t who = (uint64_t)rec->person;
	if (p->seed % 200 == 7) /* a number that was somebody else's before */
		who = who * 31 % (uint64_t)w->cfg.people;
	bool fixed = h->landline && rnd_chance(r, rec->source == CALLCENTRE || rec->source == LOYALTY ? 450 : 200);
	if ((int)junk < habit[rec->source].junk_phone * 3 / 5)
		snprintf(national, sizeof(national), "%s", s->phone);
	else if ((int)junk < habit[rec->source].junk_phone)
		snprintf(national, sizeof(national), "%s", junk % 2 ? "0000000000" : "1234567890");
	else if (fixed)
		digits_fill(l->fixed, (uint64_t)p->household * 7919 + 1234567, national, sizeof(national));
	else
		digits_fill(l->mobile, who * 7919 + 424243, national, sizeof(national));
	phone_write(r, l, national, out, 40);
}

/* Returns how likely (per thousand of usual) the source has confirmed that it is hers: a family's address belongs to
 * one of them, a web shop keeps one account an address. */
static int email_of(const struct world *w, const struct rec *rec, struct rnd *r, char out[EMAIL_SIZE])
{
	static const char *const domains[] = { "postfach.demo", "mailhaus.demo", "inbox.demo",
		                               "courrier.demo", "lettera.demo",  "poczta.demo" };
	const struct person *p = &w->people[rec->person];
	const struct household *h = &w->households[p->household];
	char given[64], family[64];
	uint32_t junk = rnd_below(r, 1000);
	if ((int)junk < habit[rec->source].junk_email) {
		static const char *const junk_mail[] = { "noemail@noemail.com", "test@test.com", "none@none.com",
			                                 "kunde@byname-demo.demo" };
		snprintf(out, EMAIL_SIZE, "%s", junk_mail[junk % 4]);
		return 0;
	}
	dirt_ascii(p->family.latin, family, sizeof(family));
	bool owner = rec->person == h->first;
	if (h->shared_email && rnd_chance(r, 550) && (owner || rec->source != WEB)) {
		snprintf(out, EMAIL_SIZE, "familie.%s%d@%s", family, p->household, domains[h->seed % 6]);
		return owner ? 1000 : 40;
	}
	dirt_ascii(p->given.latin, given, sizeof(given));
	const char *domain = domains[p->seed % 6];
	bool work = p->seed % 5 == 0 && rec->source != WEB && rnd_chance(r, 350); /* a second address */
	switch (work ? 9 : p->seed % 4) {
	case 0:
		snprintf(out, EMAIL_SIZE, "%s.%s%d@%s", given, family, rec->person, domain);
		break;
	case 1:
		snprintf(out, EMAIL_SIZE, "%s%d@%s", given, rec->person, domain);
		break;
	case 2:
		snprintf(out, EMAIL_SIZE, "%.1s.%s%d@%s", given, family, rec->person, domain);
		break;
	case 3:
		snprintf(out, EMAIL_SIZE, "%s_%.1s%d@%s", family, given, rec->person, domain);
		break;
	default:
		snprintf(out, EMAIL_SIZE, "%s.%s@firma%d.demo", given, family, rec->person);
	}
	if (rec->source == TILL && rnd_chance(r, 20))
		dirt_typo(r, out, 40);
	if (rnd_chance(r, 40))
		dirt_upper(out);
	return 1000;
}

static void name_of(const struct world *w, const struct rec *rec, int32_t day, struct rnd *r, struct traits *t)
{
	const struct person *p = &w->people[rec->person];
	const struct habit *b = &habit[rec->source];
	enum culture c = (enum culture)w->households[p->household].culture;
	/* The draws stay the same from day to day, so that a record's slips do not change when it is told again. */
	bool native = rnd_chance(r, b->native), nick = rnd_chance(r, b->nick), other = rnd_chance(r, 40);
	const struct name *family = p->maiden.native && day < p->married_day ? &p->maiden : &p->family;
	const char *given = native ? p->given.native : nick && p->given.nick ? p->given.nick : p->given.latin;
	const char *last = native ? family->native : other && family->nick ? family->nick : family->latin;
	snprintf(t->given, sizeof(t->given), "%s", given);
	snprintf(t->family, sizeof(t->family), "%s", last);
	if (p->gender == WOMAN)
		names_feminine(c, last, native, t->family, sizeof(t->family) - 4);
	if (p->junior && rnd_chance(r, 600))
		strncat(t->family, " Jr", 4);
	if (rnd_chance(r, b->plain)) {
		int german = rnd_chance(r, 500);
		dirt_plain(t->given, sizeof(t->given), german);
		dirt_plain(t->family, sizeof(t->family), german);
	}
	if (rnd_chance(r, b->typo))
		dirt_typo(r, t->given, sizeof(t->given));
	if (rnd_chance(r, b->typo))
		dirt_typo(r, t->family, sizeof(t->family));
	if (rnd_chance(r, b->upper)) {
		dirt_upper(t->given);
		dirt_upper(t->family);
	} else if (rnd_chance(r, b->lower)) {
		dirt_lower(t->given);
		dirt_lower(t->family);
	}
	if (rnd_chance(r, b->swap)) {
		char tmp[sizeof(t->given)];
		memcpy(tmp, t->given, sizeof(tmp));
		memcpy(t->given, t->family, sizeof(tmp));
		memcpy(t->family, tmp, sizeof(tmp));
	}
	if (rec->source == CHAT && rnd_chance(r, 450))
		t->family[0] = '\0';
}

static void address_of(const struct world *w, const struct rec *rec, int32_t day, struct rnd *r, struct traits *t)
{
	const struct household *h = &w->households[w->people[rec->person].household];
	const struct land *l = &lands[shops[h->store].country];
	bool moved = h->moved_day && day >= h->moved_day;
	struct rnd a = rnd_of(h->seed, 'A', moved);
	bool latin = l != &lands[GR] || !rnd_chance(r, 600);
	t->country = l->code;
	if (!rnd_chance(r, habit[rec->source].has_street))
		return;
	char street[96];
	words_get(l->streets, rnd_below(&a, words_count(l->streets)), street, sizeof(street));
	int number = 1 + (int)(rnd_below(&a, 40) + rnd_below(&a, 60) * (rnd_below(&a, 4) == 0));
	const struct town *town =
	        &regions[shops[h->store].region].towns[rnd_chance(&a, 720) ? 0 : rnd_between(&a, 1, 3)];
	digits_fill(town->postcode, rnd_next(&a) >> 24, t->postcode, sizeof(t->postcode));
	snprintf(t->city, sizeof(t->city), "%s", latin && town->name[0] & 0x80 ? town->latin : town->name);
	if (l->number_first)
		snprintf(t->street, sizeof(t->street), "%d %s", number, street);
	else
		snprintf(t->street, sizeof(t->street), "%s %d", street, number);
	char *cut = strstr(t->street, "straße");
	if (cut && rnd_chance(r, 350)) {
		char rest[16];
		snprintf(rest, sizeof(rest), "%s", cut + strlen("straße"));
		snprintf(cut, sizeof(t->street) - (size_t)(cut - t->street), "str.%s", rest);
	} else if (cut && strcmp(l->code, "CH") == 0) {
		dirt_plain(t->street, sizeof(t->street), 1);
	}
	if (rnd_chance(r, habit[rec->source].typo))
		dirt_typo(r, t->street, sizeof(t->street));
	if (rnd_chance(r, habit[rec->source].plain))
		dirt_plain(t->city, sizeof(t->city), 1);
}

static void birthday_of(const struct person *p, const struct rec *rec, struct rnd *r, char out[16])
{
	int y, m, d;
	date_from_days(p->birth_day, &y, &m, &d);
	uint32_t slip = rnd_below(r, 1000);
	if (slip < 12 && rec->source != WEB) {
		y = 1900;
		m = d = 1;
	} else if (slip < 24 && d <= 12) {
		int x = d;
		d = m;
		m = x;
	} else if (slip < 30) {
		y += slip % 2 ? 1 : -1;
		if (m == 2 && d == 29)
			d = 28;
	}
	snprintf(out, 16, "%04d-%02d-%02d", y % 10000, m % 100, d % 100);
}

void traits_of(const struct world *w, const struct rec *rec, int32_t day, struct traits *out)
{
	struct traits t = { .country = "", .gender = "", .language = "", .consent_email = -1, .consent_phone = -1 };
	const struct person *p = &w->people[rec->person];
	const struct habit *b = &habit[rec->source];
	/* A stream a subject: a change of name draws nothing from the address. */
	struct rnd rn = rnd_of(rec->seed, 'n', 0), ra = rnd_of(rec->seed, 'a', 0), rp = rnd_of(rec->seed, 'p', 0),
	           re = rnd_of(rec->seed, 'e', 0), rb = rnd_of(rec->seed, 'b', 0), ro = rnd_of(rec->seed, 'o', 0);
	name_of(w, rec, day, &rn, &t);
	address_of(w, rec, day, &ra, &t);
	if (rnd_chance(&rp, b->has_phone))
		phone_of(w, rec, &rp, t.phone);
	if (rnd_chance(&re, b->has_email)) {
		int hers = email_of(w, rec, &re, t.email);
		static const int confirmed[SOURCES] = { 0, 850, 700, 0, 200 };
		t.email_verified = rnd_chance(&re, confirmed[rec->source] * hers / 1000);
	}
	if (rnd_chance(&rb, b->has_birthday))
		birthday_of(p, rec, &rb, t.birthday);
	if (rec->source != CHAT && rnd_chance(&ro, 700))
		t.gender = p->gender == MAN ? "male" : "female";
	if (rec->source == WEB || rec->source == LOYALTY)
		t.language = lands[shops[w->households[p->household].store].country].language;
	static const int knows_card[SOURCES] = { 760, 480, 1000, 220, 60 };
	bool shows = rnd_chance(&ro, knows_card[rec->source]);
	for (int32_t i = p->record; shows && i < p->record + p->records; i++) {
		const struct rec *card = &w->recs[i];
		if (card->source == LOYALTY && card->day <= day && (rec->source != LOYALTY || card == rec)) {
			rec_key(w, card, t.loyalty);
			t.loyalty_verified = rec->source == TILL || rec->source == WEB || rec->source == LOYALTY;
		}
	}
	if (rec->source == LOYALTY || rec->source == WEB || rnd_chance(&ro, 250)) {
		t.consent_email = rnd_chance(&ro, 620);
		t.consent_phone = rnd_chance(&ro, 450) ? rnd_chance(&ro, 350) : -1;
	}
	*out = t;
}

static enum result rec_add(struct world *w, uint32_t numbers[SOURCES], enum source s, int32_t person, int32_t day,
                           bool replaced, struct error *e)
{
	size_t cap = (size_t)w->rec_cap;
	TRY(grow((void **)&w->recs, &cap, (size_t)w->rec_count, sizeof(*w->recs), e));
	w->rec_cap = (int32_t)cap;
	struct rnd r = rnd_of(w->cfg.seed, 'r', (uint64_t)w->rec_count);
	w->recs[w->rec_count++] = (struct rec){ .person = person,
		                                .day = day,
		                                .number = numbers[s]++,
		                                .seed = (uint32_t)rnd_next(&r),
		                                .source = (int8_t)s,
		                                .replaced = replaced };
	return OK;
}

enum result records_make(struct world *w, struct error *e)
{
	static const int joins[SOURCES] = { 760, 560, 560, 220, 140 };
	uint32_t numbers[SOURCES] = { 0 };
	for (int32_t i = 0; i < w->cfg.people; i++) {
		struct person *p = &w->people[i];
		struct rnd r = rnd_of(w->cfg.seed, 'j', (uint64_t)i);
		p->record = w->rec_count;
		int32_t left = w->until_day - p->begin_day;
		enum source first = rnd_chance(&r, 740) ? TILL : WEB;
		for (int s = 0; s < SOURCES; s++) {
			bool in = s == (int)first || rnd_chance(&r, joins[s] - (s <= WEB ? 260 : 0));
			int32_t later = (int32_t)(left * rnd_unit(&r) * rnd_unit(&r));
			if (s == LOYALTY && rnd_chance(&r, 600))
				later = 0; /* signed up at the first purchase */
			if (!in)
				continue;
			TRY(rec_add(w, numbers, (enum source)s, i, p->begin_day + (s == (int)first ? 0 : later), false,
			            e));
			bool again = rnd_chance(&r, s == TILL ? 45 : s == LOYALTY ? 18 : s == CHAT ? 180 : 0);
			if (again && later + 30 < left)
				TRY(rec_add(w, numbers, (enum source)s, i, p->begin_day + later + 30, true, e));
		}
		p->records = w->rec_count - p->record;
	}
	w->counts.records = w->rec_count;
	return OK;
}
