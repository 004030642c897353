/* What goes wrong with a record, one kind after the other. */
#include "torture_world.h"
#include <stdlib.h>

#define STORES 400
#define TRUNCATED_LETTERS 8

#define COUNT(a) (uint32_t)(sizeof(a) / sizeof(*(a)))

static void put(char *to, const char *value)
{
	size_t n = strlen(value);

	n = n < FIELD_BYTES ? n : FIELD_BYTES - 1;
	memcpy(to, value, n);
	to[n] = '\0';
}

/* Small numbers oftener: a list begins with what is most common. */
static const char *favourite(struct world *w, const char *const *list, uint32_t n)
{
	double u = world_unit(w);

	return list[(uint32_t)(u * u * n)];
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

/* One field of those that a slip of this kind finds. */
static void slip(struct world *w, struct torture_record *r, enum kind k, bool (*fn)(struct world *, char *))
{
	static const enum field on[] = { GIVEN, FAMILY, FAMILY, STREET, GIVEN, EMAIL, CITY };
	uint32_t of = k == PHONETIC ? 3 : k == SCANNING ? 6 : COUNT(on);

	if (!kind_strikes(w, k))
		return;
	for (uint32_t i = 0, from = world_below(w, of); i < of; i++) {
		char *field = r->field[on[(from + i) % of]];

		if (*field && fn(w, field)) {
			r->dirt |= kind_bit(k);
			return;
		}
	}
	kind_missed(w, k);
}

static void initials(struct world *w, char *given)
{
	size_t n = script_letters(given, 1);

	given[n] = '\0';
	if (world_chance(w, .5))
		strcat(given, ".");
}

static void names_swap(struct torture_record *r)
{
	char keep[FIELD_BYTES];

	memcpy(keep, r->field[GIVEN], FIELD_BYTES);
	memcpy(r->field[GIVEN], r->field[FAMILY], FIELD_BYTES);
	memcpy(r->field[FAMILY], keep, FIELD_BYTES);
}

static void names_join(struct world *w, struct torture_record *r)
{
	char both[2 * FIELD_BYTES + 4];

	if (world_chance(w, .5))
		snprintf(both, sizeof(both), "%s %s", r->field[GIVEN], r->field[FAMILY]);
	else
		snprintf(both, sizeof(both), "%s, %s", r->field[FAMILY], r->field[GIVEN]);
	r->field[GIVEN][0] = '\0';
	put(r->field[FAMILY], both);
}

static void truncate(struct world *w, struct torture_record *r)
{
	static const enum field on[] = { GIVEN, FAMILY, STREET };
	bool applies = false;

	for (uint32_t i = 0; i < COUNT(on); i++)
		applies |= r->field[on[i]][script_letters(r->field[on[i]], TRUNCATED_LETTERS)] != '\0';
	if (!applies || !kind_strikes(w, TRUNCATED))
		return;
	r->dirt |= kind_bit(TRUNCATED);
	for (uint32_t i = 0; i < COUNT(on); i++)
		r->field[on[i]][script_letters(r->field[on[i]], TRUNCATED_LETTERS)] = '\0';
}

static void marks_drop(struct world *w, struct torture_record *r)
{
	static const enum field on[] = { GIVEN, FAMILY, STREET, CITY };
	bool applies = false;

	for (uint32_t i = 0; i < COUNT(on); i++)
		applies |= script_marked(r->field[on[i]]);
	if (!applies || !kind_strikes(w, NO_DIACRITICS))
		return;
	r->dirt |= kind_bit(NO_DIACRITICS);
	int scheme = world_chance(w, .4);
	for (uint32_t i = 0; i < COUNT(on); i++) {
		char keep[FIELD_BYTES];

		if (!script_marked(r->field[on[i]]))
			continue;
		memcpy(keep, r->field[on[i]], FIELD_BYTES);
		script_latin(keep, scheme, r->field[on[i]], FIELD_BYTES);
	}
}

static void names_spoil(struct world *w, struct torture_record *r)
{
	char *given = r->field[GIVEN], *family = r->field[FAMILY];

	if (*given && slip_nickname(w, given))
		r->dirt |= kind_bit(NICKNAME);
	marks_drop(w, r);
	if (r->source == CALL_CENTRE && (*given || *family))
		slip(w, r, PHONETIC, slip_sound);
	if (r->source == LOYALTY_SCHEME)
		slip(w, r, SCANNING, slip_scan);
	else if (*given || *family)
		slip(w, r, KEYBOARD, slip_key);
	if (*given && kind_strikes(w, INITIALS)) {
		r->dirt |= kind_bit(INITIALS);
		initials(w, given);
	}
	if (*given && *family && kind_strikes(w, SWAPPED_NAMES)) {
		r->dirt |= kind_bit(SWAPPED_NAMES);
		names_swap(r);
	} else if (*given && *family && kind_strikes(w, ONE_FIELD)) {
		r->dirt |= kind_bit(ONE_FIELD);
		names_join(w, r);
	}
	if (r->source == TILL)
		truncate(w, r);
}

static void name_nobody(struct world *w, struct torture_record *r)
{
	static const char *const nobody[] = { "unknown",  "x", "Guest", "xxx", "n/a",
		                              "Customer", "-", "test",  ".",   "Kunde" };

	if (r->source == WEB || r->source == LOYALTY_SCHEME || !kind_strikes(w, PLACEHOLDER_NAME))
		return;
	const char *name = favourite(w, nobody, COUNT(nobody));
	r->dirt |= kind_bit(PLACEHOLDER_NAME);
	put(r->field[GIVEN], world_chance(w, .5) ? name : "");
	put(r->field[FAMILY], name);
}

/* ---- Birth ------------------------------------------------------------------------------------------------------ */

static void birth_spoil(struct world *w, const struct person *p, struct torture_record *r)
{
	static const char *const nobody[] = { "1900-01-01", "1900-01-01", "1970-01-01", "1901-01-01", "1111-11-11" };
	char *birth = r->field[BIRTH];

	if (!*birth)
		return;
	if (p->day <= 12 && p->day != p->month && kind_strikes(w, SWAPPED_DAY_MONTH)) {
		char month[2] = { birth[5], birth[6] };

		memcpy(birth + 5, birth + 8, 2);
		memcpy(birth + 8, month, 2);
		r->dirt |= kind_bit(SWAPPED_DAY_MONTH);
	}
	if (kind_strikes(w, WRONG_YEAR)) {
		slip_year(w, birth);
		r->dirt |= kind_bit(WRONG_YEAR);
	}
	if (kind_strikes(w, PLACEHOLDER_BIRTH)) {
		put(birth, favourite(w, nobody, COUNT(nobody)));
		r->dirt |= kind_bit(PLACEHOLDER_BIRTH);
	}
}

/* ---- E-mail and phone ------------------------------------------------------------------------------------------- */

/* 0 is the one who has most; the others share the rest. */
static uint32_t cashier_pick(struct world *w, int64_t *top)
{
	if (*top < w->config->cashier_records && world_chance(w, w->cashier_share)) {
		++*top;
		return 0;
	}
	return 1 + world_below(w, STORES);
}

static void phone_of_shop(const struct household *h, bool store, uint32_t n, char *out)
{
	const struct nation_text *t = nation_texts + h->nation;

	if (n == 0)
		put(out, "+16465550100"); /* one person's, whatever the country */
	else if (h->nation == NATION_US)
		snprintf(out, FIELD_BYTES, "+1%s555%04u", store ? "800" : "646", (unsigned)n);
	else
		snprintf(out, FIELD_BYTES, "%s%s900%05u", t->calling, store ? t->landline : t->mobile, (unsigned)n);
}

static void email_spoil(struct world *w, struct torture_record *r)
{
	static const char *const nobody[] = {
		"test@test.com",    "none@none.com", "noemail@noemail.com", "no@no.no", "a@a.com",
		"test@example.com", "x@x.x",         "unknown@unknown.com"
	};
	char *email = r->field[EMAIL];

	if ((r->source == TILL || r->source == CALL_CENTRE) && kind_strikes(w, PLACEHOLDER_EMAIL)) {
		put(email, favourite(w, nobody, COUNT(nobody)));
		r->dirt |= kind_bit(PLACEHOLDER_EMAIL);
		r->dirt &= ~kind_bit(FAMILY_EMAIL);
	}
	if (r->source == TILL && !*email && kind_strikes(w, CASHIER_EMAIL)) {
		uint32_t n = cashier_pick(w, w->cashier_email);

		if (n)
			snprintf(email, FIELD_BYTES, "till%03u@stores.torture", (unsigned)n);
		else
			put(email, "nina.till@stores.torture");
		r->dirt |= kind_bit(CASHIER_EMAIL);
	}
}

static void phone_spoil(struct world *w, const struct household *h, struct torture_record *r)
{
	static const char *const nobody[] = { "0000000000", "000000", "1111111111", "9999999999", "1234567890", "0" };
	static const uint64_t own = (uint64_t)1 << FAMILY_LANDLINE | (uint64_t)1 << RECYCLED_PHONE;
	char *phone = r->field[PHONE];

	if ((r->source == TILL || r->source == WEB) && kind_strikes(w, PLACEHOLDER_PHONE)) {
		put(phone, favourite(w, nobody, COUNT(nobody)));
		r->dirt = (r->dirt & ~own) | kind_bit(PLACEHOLDER_PHONE);
	} else if ((r->source == TILL || r->source == CALL_CENTRE) && kind_strikes(w, STORE_NUMBER)) {
		phone_of_shop(h, true, 1 + world_below(w, STORES), phone);
		r->dirt = (r->dirt & ~own) | kind_bit(STORE_NUMBER);
	} else if (r->source == TILL && !*phone && kind_strikes(w, CASHIER_PHONE)) {
		phone_of_shop(h, false, cashier_pick(w, w->cashier_phone), phone);
		r->dirt |= kind_bit(CASHIER_PHONE);
	} else if (*phone == '+' && kind_strikes(w, NATIONAL_PHONE)) {
		const struct nation_text *t = nation_texts + h->nation;
		const char *rest = phone + strlen(t->calling);
		char local[FIELD_BYTES];

		if (strncmp(phone, t->calling, strlen(t->calling)) != 0) {
			kind_missed(w, NATIONAL_PHONE);
			return;
		}
		if (h->nation == NATION_US)
			snprintf(local, sizeof(local), "(%.3s) %.3s-%.20s", rest, rest + 3, rest + 6);
		else
			snprintf(local, sizeof(local), "%s%.3s %.20s", t->trunk, rest, rest + 3);
		put(phone, local);
		r->dirt |= kind_bit(NATIONAL_PHONE);
	}
}

/* ---- The whole record ------------------------------------------------------------------------------------------- */

static void missing(struct world *w, struct torture_record *r)
{
	static const enum field on[] = { GIVEN, FAMILY, PHONE, EMAIL, BIRTH, POSTCODE, STREET, CITY };

	if (!kind_strikes(w, MISSING))
		return;
	for (uint32_t i = 0, from = world_below(w, COUNT(on)); i < COUNT(on); i++) {
		enum field f = on[(from + i) % COUNT(on)];

		if (*r->field[f] && (f != EMAIL || r->source != WEB)) {
			r->field[f][0] = '\0';
			r->dirt |= kind_bit(MISSING);
			r->dirt &= ~(f == PHONE   ? kind_bit(RECYCLED_PHONE) | kind_bit(FAMILY_LANDLINE)
			             : f == EMAIL ? kind_bit(FAMILY_EMAIL)
			                          : 0);
			return;
		}
	}
	kind_missed(w, MISSING);
}

static void bare_mark(struct torture_record *r)
{
	static const enum field some[] = { BIRTH, STREET, EMAIL, PHONE, LOYALTY, ACCOUNT, DEVICE };

	for (uint32_t i = 0; i < COUNT(some); i++)
		if (*r->field[some[i]])
			return;
	r->dirt |= kind_bit(BARE);
}

void record_spoil(struct world *w, const struct household *h, const struct person *p, struct torture_record *r)
{
	bool bare = r->dirt & kind_bit(BARE), all = h->kinds & kind_bit(ALL_BUT_GIVEN);

	names_spoil(w, r);
	birth_spoil(w, p, r);
	if (!bare && !all) {
		missing(w, r);
		email_spoil(w, r);
		phone_spoil(w, h, r);
		name_nobody(w, r);
	}
	if (kind_strikes(w, UPPER_CASE)) {
		for (int f = PREFIX; f <= COUNTRY; f++)
			if (f != GENDER && f != BIRTH && *r->field[f])
				script_upper(r->field[f], FIELD_BYTES);
		r->dirt |= kind_bit(UPPER_CASE);
	}
	bare_mark(r);
}
