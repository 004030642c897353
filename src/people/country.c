/* Countries as people write them in exports, to the code that phone numbers need. */
#include "people/internal.h"
#include <strings.h>

static const struct {
	const char *code, *names; /* further names, separated by | */
} countries[] = {
	{ "AE", "United Arab Emirates|UAE" },
	{ "AR", "Argentina" },
	{ "AT", "Austria|Österreich|AUT" },
	{ "AU", "Australia|AUS" },
	{ "BE", "Belgium|BEL" },
	{ "BG", "Bulgaria" },
	{ "BH", "Bahrain" },
	{ "BR", "Brazil|BRA" },
	{ "CA", "Canada|CAN" },
	{ "CH", "Switzerland|Schweiz|Suisse|CHE" },
	{ "CL", "Chile" },
	{ "CN", "China|CHN" },
	{ "CO", "Colombia" },
	{ "CY", "Cyprus" },
	{ "CZ", "Czech Republic|Czechia|CZE" },
	{ "DE", "Germany|Deutschland|DEU" },
	{ "DK", "Denmark|DNK" },
	{ "EE", "Estonia" },
	{ "EG", "Egypt" },
	{ "ES", "Spain|España|ESP" },
	{ "FI", "Finland|FIN" },
	{ "FR", "France|FRA" },
	{ "GB", "United Kingdom|Great Britain|UK|England|Scotland|Wales|Northern Ireland|Channel Islands|GBR" },
	{ "GR", "Greece|GRC" },
	{ "HK", "Hong Kong" },
	{ "HR", "Croatia" },
	{ "HU", "Hungary" },
	{ "IE", "Ireland|EIRE|IRL" },
	{ "IL", "Israel" },
	{ "IN", "India|IND" },
	{ "IS", "Iceland" },
	{ "IT", "Italy|Italia|ITA" },
	{ "JP", "Japan|JPN" },
	{ "KR", "South Korea|Korea" },
	{ "LB", "Lebanon" },
	{ "LI", "Liechtenstein" },
	{ "LT", "Lithuania" },
	{ "LU", "Luxembourg" },
	{ "LV", "Latvia" },
	{ "MT", "Malta" },
	{ "MX", "Mexico|MEX" },
	{ "MY", "Malaysia" },
	{ "NL", "Netherlands|The Netherlands|Holland|NLD" },
	{ "NO", "Norway|NOR" },
	{ "NZ", "New Zealand|NZL" },
	{ "PE", "Peru" },
	{ "PH", "Philippines" },
	{ "PL", "Poland|POL" },
	{ "PT", "Portugal|PRT" },
	{ "RO", "Romania" },
	{ "RU", "Russia|Russian Federation" },
	{ "SA", "Saudi Arabia" },
	{ "SE", "Sweden|SWE" },
	{ "SG", "Singapore" },
	{ "SI", "Slovenia" },
	{ "SK", "Slovakia" },
	{ "TH", "Thailand" },
	{ "TR", "Turkey|Türkiye" },
	{ "TW", "Taiwan" },
	{ "UA", "Ukraine" },
	{ "US", "United States|USA|U.S.A.|United States of America|America" },
	{ "ZA", "South Africa|RSA|ZAF" },
};
#define COUNTRIES (sizeof(countries) / sizeof(countries[0]))

static bool same_word(struct str a, struct str b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static const char *by_name(struct str country)
{
	for (size_t i = 0; i < COUNTRIES; i++) {
		struct str rest = str_c(countries[i].names), name;

		while (str_split(&rest, '|', &name))
			if (same_word(name, country))
				return countries[i].code;
	}
	return "";
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Any two letters are taken for a code, also of a country that is not in the table. */
void country_code(struct str country, char out[3])
{
	const char *code = by_name(country);

	out[0] = out[1] = out[2] = '\0';
	if (*code) {
		memcpy(out, code, 2);
	} else if (country.n == 2 && is_letter(country.p[0]) && is_letter(country.p[1])) {
		out[0] = (char)(country.p[0] & ~0x20);
		out[1] = (char)(country.p[1] & ~0x20);
	}
}
