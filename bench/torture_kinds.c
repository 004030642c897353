/* The kinds of dirt: names, rates, and the text that sets the rates. */
#include "torture.h"
#include <stdlib.h>

#define COUPLES "households of a couple"
#define SEVERAL "households of two or more"

const struct kind_info kind_table[KINDS] = {
	[TWINS] = { "twins", .06, "households with two children", "one birth date, one address, one surname" },
	[JR_SR] = { "jr_sr", .03, "fathers with a son", "one name, told apart by Jr and Sr where somebody wrote it" },
	[PARENT_CHILD] = { "parent_child", .02, "parents with a child of their sex",
	                   "one name, nothing to tell them apart" },
	[NAMESAKE] = { "namesake", .01, "households", "a very common name in the largest town" },
	[FLATMATES] = { "flatmates", .05, SEVERAL, "one address and landline, nothing else in common" },
	[NEIGHBOURS] = { "neighbours", .05, "households", "the street, number and postcode of another household" },
	[CHANGED_SURNAME] = { "changed_surname", .2, COUPLES,
	                      "before the marriage: her own name, mostly another address" },
	[MOVED] = { "moved", .15, "households", "before the move: another address and landline" },
	[RECYCLED_PHONE] = { "recycled_phone", .02, "people", "the mobile number was another person's before" },
	[TWO_ACCOUNTS] = { "two_accounts", .03, "people with a web account", "two verified accounts of one person" },
	[ALL_BUT_GIVEN] = { "all_but_given", .01, SEVERAL,
	                    "all share e-mail, phone, device, address: all but the given name" },
	[FAMILY_EMAIL] = { "family_email", .12, SEVERAL, "one e-mail address for all" },
	[FAMILY_LANDLINE] = { "family_landline", .4, SEVERAL, "the household's landline" },
	[FAMILY_DEVICE] = { "family_device", .2, SEVERAL, "the household's tablet" },
	[FAMILY_CARD] = { "family_card", .03, SEVERAL, "one member's loyalty card shown by another" },
	[CASHIER_EMAIL] = { "cashier_email", .26, "till records without e-mail", "the cashier's own e-mail" },
	[CASHIER_PHONE] = { "cashier_phone", .1, "till records without phone", "the cashier's own phone" },
	[STORE_NUMBER] = { "store_number", .03, "till and call-centre records", "the store's number" },
	[PLACEHOLDER_EMAIL] = { "placeholder_email", .03, "till and call-centre records", "test@, none@ ..." },
	[PLACEHOLDER_PHONE] = { "placeholder_phone", .03, "till and web records", "0000000000, 123456789 ..." },
	[PLACEHOLDER_BIRTH] = { "placeholder_birth", .05, "records with a birth date", "1900-01-01 ..." },
	[PLACEHOLDER_NAME] = { "placeholder_name", .02, "till, chat, call-centre records", "unknown, x, Guest ..." },
	[SCANNING] = { "scanning", .08, "loyalty records", "a paper form read by a scanner" },
	[KEYBOARD] = { "keyboard", .06, "records with a name", "a key beside, left out, twice, or in wrong order" },
	[PHONETIC] = { "phonetic", .15, "call-centre records with a name", "written as heard" },
	[NICKNAME] = { "nickname", .1, "records whose given name has a short form", "Bob for Robert" },
	[SWAPPED_NAMES] = { "swapped_names", .012, "records with both names", "first and last name swapped" },
	[ONE_FIELD] = { "one_field", .01, "records with both names", "both names in the family field" },
	[SWAPPED_DAY_MONTH] = { "swapped_day_month", .03, "birth dates that allow it", "day and month swapped" },
	[WRONG_YEAR] = { "wrong_year", .02, "records with a birth date", "the year off by 1, 10 or a digit" },
	[TRUNCATED] = { "truncated", .02, "till records with a long field", "cut after eight characters" },
	[INITIALS] = { "initials", .04, "records with a given name", "the initial only" },
	[NATIVE_SCRIPT] = { "native_script", .35, "records of Russian, Greek, Chinese names", "not in Latin letters" },
	[OTHER_ROMANIZATION] = { "other_romanization", .12, "such records in Latin letters", "by another system" },
	[NO_DIACRITICS] = { "no_diacritics", .25, "records with diacritics", "dropped, or written as ae, oe, ue" },
	[UPPER_CASE] = { "upper_case", .08, "records", "all in capitals" },
	[NATIONAL_PHONE] = { "national_phone", .3, "records with a phone", "without the country's code" },
	[MISSING] = { "missing", .06, "records", "a field that is normally there" },
	[BARE] = { "bare", .01, "till records", "a name and nothing to tell whose: nobody can resolve it" },
	[LONE] = { "lone", 0, "records", "has nothing in common with the other records of its person" },
};

void torture_config_default(struct torture_config *c)
{
	*c = (struct torture_config){ .seed = 1, .window = 65536, .cashier_records = 80000 };
	for (int k = 0; k < KINDS; k++)
		c->rates[k] = kind_table[k].rate;
}

static bool set(struct torture_config *c, struct str name, const char *value)
{
	char *end;
	double rate = strtod(value, &end);

	if (end == value || *end || !(rate >= 0))
		return false;
	if (str_is(name, "cashier_records") && rate >= 1 && rate <= 1e9) {
		c->cashier_records = (int64_t)rate;
		return true;
	}
	for (int k = 0; k < LONE && rate <= 1; k++) {
		if (str_is(name, kind_table[k].name)) {
			c->rates[k] = rate;
			return true;
		}
	}
	return false;
}

enum result torture_config_read(struct torture_config *c, struct str text, struct error *e)
{
	struct torture_config copy = *c;
	struct str line;

	for (int n = 1; str_split(&text, '\n', &line); n++) {
		struct str name, rest;
		char value[40];

		if (!str_split(&line, '#', &rest))
			continue;
		rest = str_trim(rest);
		if (!rest.n)
			continue;
		bool has = str_split(&rest, ' ', &name);
		rest = str_trim(rest);
		snprintf(value, sizeof(value), "%.*s", STR_ARG(rest));
		if (!has || rest.n >= sizeof(value) || !set(&copy, name, value))
			return error_set(e, ERR_INVALID, "kinds.line", NULL, "line %d is no \"kind rate\"", n);
	}
	*c = copy;
	return OK;
}

void torture_config_print(const struct torture_config *c, FILE *out)
{
	for (int k = 0; k < LONE; k++)
		fprintf(out, "%-18s %-5g # of %s: %s\n", kind_table[k].name, c->rates[k], kind_table[k].of,
		        kind_table[k].what);
	fprintf(out, "%-18s %-5jd # at most, on which one cashier's value stands\n", "cashier_records",
	        (intmax_t)c->cashier_records);
}
