/* Tables of people as they come: which column is what. */
#include "people/evaluate.h"
#include <ctype.h>
#include <stddef.h>

#define HEADING_BYTES 64
#define PIVOT 30 /* a year of two digits up to here is after 2000 */

enum column {
	COLUMN_NONE,
	COLUMN_SOURCE,
	COLUMN_KEY,
	COLUMN_FULL_NAME,
	COLUMN_PREFIX,
	COLUMN_GIVEN,
	COLUMN_MIDDLE,
	COLUMN_FAMILY,
	COLUMN_SUFFIX,
	COLUMN_ORG,
	COLUMN_GENDER,
	COLUMN_BIRTH,
	COLUMN_STREET,
	COLUMN_CITY,
	COLUMN_REGION,
	COLUMN_POSTCODE,
	COLUMN_COUNTRY,
	COLUMN_EMAIL,
	COLUMN_PHONE,
	COLUMN_ID,
	COLUMN_EXTRA
};

static const struct {
	enum column column;
	const char *headings; /* blank-separated; "x*": begins with x */
} known[] = {
	{ COLUMN_SOURCE, "data_source source" },
	{ COLUMN_KEY, "rec_id unique_id record_id id key source_key" },
	{ COLUMN_FULL_NAME, "full_name name primary_name_full native_name_full" },
	{ COLUMN_PREFIX, "prefix title name_prefix" },
	{ COLUMN_GIVEN, "given_name first_name given forename primary_name_first fname" },
	{ COLUMN_MIDDLE, "middle_name middle primary_name_middle middle_initial" },
	{ COLUMN_FAMILY, "surname last_name family_name family primary_name_last lname" },
	{ COLUMN_SUFFIX, "suffix name_suffix" },
	{ COLUMN_ORG, "organisation organization company primary_name_org secondary_name_org" },
	{ COLUMN_GENDER, "gender sex" },
	{ COLUMN_BIRTH, "birth dob date_of_birth birth_date birthdate birthday birth_year year_of_birth" },
	{ COLUMN_STREET,
	  "street_number house_number street street_name address address_1 address_2 addr_full addr_line1 addr_line2 "
	  "street_address unit_number" },
	{ COLUMN_CITY, "city suburb town addr_city place" },
	{ COLUMN_REGION, "state region province county addr_state" },
	{ COLUMN_POSTCODE, "postcode* zip* postal_code addr_postal_code" },
	{ COLUMN_COUNTRY, "country addr_country" },
	{ COLUMN_EMAIL, "email* e_mail*" },
	{ COLUMN_PHONE, "phone_number phone telephone mobile cell" },
	{ COLUMN_ID,
	  "soc_sec_id ssn* passport passport_number *license_number national_id_number tax_id_number lei_number "
	  "loyalty_number loyalty account device nino" },
	{ COLUMN_EXTRA, "record_type" },
	/* about the row, about another column, or said by two others already */
	{ COLUMN_NONE, "first_and_surname amount category date status rel_* *_type *_country *_state" },
};

static bool fits(struct str heading, struct str pattern)
{
	if (pattern.p[0] == '*') {
		size_t n = pattern.n - 1;

		return heading.n >= n && memcmp(heading.p + heading.n - n, pattern.p + 1, n) == 0;
	}
	if (pattern.p[pattern.n - 1] == '*')
		return str_starts(heading, (struct str){ pattern.p, pattern.n - 1 });
	return str_eq(heading, pattern);
}

static enum column column_of(struct str heading)
{
	char text[HEADING_BYTES];
	struct str lower = { text, 0 };

	heading = str_trim(heading);
	for (; lower.n < heading.n && lower.n < sizeof(text); lower.n++) {
		char c = heading.p[lower.n];

		text[lower.n] = c == ' ' || c == '-' ? '_' : (char)tolower((unsigned char)c);
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct str rest = str_c(known[i].headings), pattern;

		while (str_split(&rest, ' ', &pattern))
			if (fits(lower, pattern))
				return known[i].column;
	}
	return COLUMN_EXTRA;
}

static bool listed(struct str heading, struct str list)
{
	struct str one;

	while (list.n > 0 && str_split(&list, ',', &one))
		if (str_eq(heading, str_trim(one)))
			return true;
	return false;
}

void evaluate_map_make(struct evaluate_map *map, const struct str *headings, int count, struct str left_out)
{
	map->count = count < EVALUATE_COLUMNS_MAX ? count : EVALUATE_COLUMNS_MAX;
	for (int i = 0; i < map->count; i++) {
		struct str h = str_trim(headings[i]);

		map->columns[i].field = listed(h, left_out) ? COLUMN_NONE : column_of(h);
		map->columns[i].kind = h;
	}
}

/* ---- Dates ------------------------------------------------------------------------------------------------------- */

static int month_named(struct str s)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (s.n < 3)
		return 0;
	for (int m = 0; m < 12; m++) {
		bool same = true;

		for (int i = 0; i < 3; i++)
			same = same && tolower((unsigned char)s.p[i]) == names[3 * m + i];
		if (same)
			return m + 1;
	}
	return 0;
}

/* The date's parts: numbers and names of months, whatever stands between. */
struct date_part {
	int number, digits, month;
};

static int date_parts(struct str s, struct date_part parts[3])
{
	int n = 0;

	for (size_t i = 0; i < s.n;) {
		struct date_part p = { 0 };
		size_t from = i;

		if (isdigit((unsigned char)s.p[i])) {
			for (; i < s.n && isdigit((unsigned char)s.p[i]) && i - from < 9; i++)
				p.number = p.number * 10 + s.p[i] - '0';
			p.digits = (int)(i - from);
		} else if (isalpha((unsigned char)s.p[i])) {
			while (i < s.n && isalpha((unsigned char)s.p[i]))
				i++;
			p.month = month_named((struct str){ s.p + from, i - from });
			if (!p.month)
				return 0;
		} else {
			i++;
			continue;
		}
		if (n == 3)
			return 0;
		parts[n++] = p;
	}
	return n;
}

static int whole_year(const struct date_part *p)
{
	if (p->digits > 2)
		return p->number;
	return p->number <= PIVOT ? 2000 + p->number : 1900 + p->number;
}

bool evaluate_date(struct str s, int *year, int *month, int *day, bool *unsure)
{
	struct date_part p[3];
	int n = date_parts(str_trim(s), p);

	*unsure = false;
	if (n == 1 && p[0].digits == 8) {
		*year = p[0].number / 10000;
		*month = p[0].number / 100 % 100;
		*day = p[0].number % 100;
	} else if (n == 1 && p[0].digits == 4) {
		*year = p[0].number;
		*month = *day = 0;
	} else if (n == 3 && p[0].digits == 4) {
		*year = p[0].number;
		*month = p[1].month ? p[1].month : p[1].number;
		*day = p[2].number;
	} else if (n == 3 && (p[0].month || p[1].month)) {
		*month = p[0].month ? p[0].month : p[1].month;
		*day = p[0].month ? p[1].number : p[0].number;
		*year = whole_year(&p[2]);
	} else if (n == 3) {
		bool day_first = p[0].number > 12;

		*month = day_first ? p[1].number : p[0].number;
		*day = day_first ? p[0].number : p[1].number;
		*year = whole_year(&p[2]);
		*unsure = p[0].number <= 12 && p[1].number <= 12;
	} else {
		return false;
	}
	return true;
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

/* Columns of one field are joined with a blank. */
static enum result join(struct str *to, struct str s, struct arena *a, struct error *e)
{
	const char *p;

	if (to->n == 0) {
		*to = s;
		return OK;
	}
	p = arena_printf(a, "%.*s %.*s", STR_ARG(*to), STR_ARG(s));
	if (!p)
		return error_nomem(e);
	*to = str_c(p);
	return OK;
}

static void add_value(struct match_value *values, int *count, struct str kind, struct str value)
{
	if (*count < MATCH_VALUES_MAX)
		values[(*count)++] = (struct match_value){ .kind = kind, .value = value };
}

static enum result take(enum column column, struct str kind, struct str s, struct arena *a, struct match_in *out,
                        struct error *e)
{
	switch (column) {
	case COLUMN_NONE:
		break;
	case COLUMN_SOURCE:
		out->source = s;
		break;
	case COLUMN_KEY:
		out->source_key = s;
		break;
	case COLUMN_FULL_NAME:
		return join(&out->full_name, s, a, e);
	case COLUMN_PREFIX:
		out->prefix = s;
		break;
	case COLUMN_GIVEN:
		return join(&out->given, s, a, e);
	case COLUMN_MIDDLE:
		return join(&out->middle, s, a, e);
	case COLUMN_FAMILY:
		return join(&out->family, s, a, e);
	case COLUMN_SUFFIX:
		out->suffix = s;
		break;
	case COLUMN_ORG:
		return join(&out->organisation, s, a, e);
	case COLUMN_GENDER:
		out->gender = s;
		break;
	case COLUMN_BIRTH:
		if (!evaluate_date(s, &out->birth_year, &out->birth_month, &out->birth_day, &out->birth_unsure))
			out->birth_year = out->birth_month = out->birth_day = 0;
		break;
	case COLUMN_STREET:
		return join(&out->street, s, a, e);
	case COLUMN_CITY:
		return join(&out->city, s, a, e);
	case COLUMN_REGION:
		return join(&out->region, s, a, e);
	case COLUMN_POSTCODE:
		out->postcode = s;
		break;
	case COLUMN_COUNTRY:
		out->country = s;
		break;
	case COLUMN_EMAIL:
		add_value(out->emails, &out->email_count, kind, s);
		break;
	case COLUMN_PHONE:
		add_value(out->phones, &out->phone_count, kind, s);
		break;
	case COLUMN_ID:
		add_value(out->ids, &out->id_count, kind, s);
		break;
	case COLUMN_EXTRA:
		add_value(out->extras, &out->extra_count, kind, s);
		break;
	}
	return OK;
}

enum result evaluate_row(const struct evaluate_map *map, const struct str *fields, int count, struct arena *a,
                         struct match_in *out, struct error *e)
{
	memset(out, 0, sizeof(*out));
	for (int i = 0; i < map->count && i < count; i++) {
		struct str s = str_trim(fields[i]);

		if (s.n > 0)
			TRY(take((enum column)map->columns[i].field, map->columns[i].kind, s, a, out, e));
	}
	return OK;
}
