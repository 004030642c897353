/* Which phone numbers are one person's own: mobile ones, by the numbering plans of countries that tell them apart.
 * Others may be a household's. */
#include "people/match_inside.h"

/* After the country's code and without the trunk prefix (E.164 and the national plans, 2024). */
static const struct plan {
	const char *country, *code, *trunk, *mobile; /* mobile: beginnings, blank-separated */
} plans[] = {
	{ "AE", "971", "0", "5" },
	{ "AT", "43", "0", "65 66 67 68 69" },
	{ "AU", "61", "0", "4" },
	{ "BE", "32", "0", "45 46 47 48 49" },
	{ "BG", "359", "0", "87 88 89 98 99" },
	{ "CH", "41", "0", "75 76 77 78 79" },
	{ "CN", "86", "0", "13 14 15 16 17 18 19" },
	{ "CZ", "420", "", "60 72 73 77 79" },
	{ "DE", "49", "0", "15 16 17" },
	{ "ES", "34", "", "6 71 72 73 74" },
	{ "FI", "358", "0", "4 50" },
	{ "FR", "33", "0", "6 7" },
	{ "GB", "44", "0", "71 72 73 74 75 77 78 79" },
	{ "GR", "30", "", "69" },
	{ "HR", "385", "0", "9" },
	{ "HU", "36", "06", "20 30 31 50 70" },
	{ "IE", "353", "0", "83 85 86 87 88 89" },
	{ "IL", "972", "0", "5" },
	{ "IN", "91", "0", "6 7 8 9" },
	{ "IT", "39", "", "3" },
	{ "JP", "81", "0", "70 80 90" },
	{ "KR", "82", "0", "10" },
	{ "NL", "31", "0", "6" },
	{ "NO", "47", "", "4 9" },
	{ "NZ", "64", "0", "2" },
	{ "PL", "48", "", "45 50 51 53 57 60 66 69 72 73 78 79 88" },
	{ "PT", "351", "", "9" },
	{ "RO", "40", "0", "7" },
	{ "RU", "7", "8", "9" },
	{ "SE", "46", "0", "70 72 73 76 79" },
	{ "SG", "65", "", "8 9" },
	{ "SK", "421", "0", "9" },
	{ "TR", "90", "0", "5" },
	{ "UA", "380", "0", "39 50 63 66 67 68 73 9" },
	{ "ZA", "27", "0", "6 7 8" },
};

#define SUBSCRIBER_LEAST 7 /* digits of a number without its country's code */

static bool takes(struct str *digits, const char *prefix)
{
	if (!str_starts(*digits, str_c(prefix)))
		return false;
	digits->p += strlen(prefix);
	digits->n -= strlen(prefix);
	return true;
}

static bool is_mobile(const struct plan *p, struct str national)
{
	struct str rest = str_c(p->mobile), beginning;

	if (national.n < SUBSCRIBER_LEAST)
		return false;
	while (str_split(&rest, ' ', &beginning))
		if (str_starts(national, beginning))
			return true;
	return false;
}

bool phone_is_mobile(struct str written, struct str digits, struct str country)
{
	bool abroad = written.n > 0 && written.p[0] == '+';

	abroad |= takes(&digits, "00");
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const struct plan *p = &plans[i];
		struct str national = digits;

		if (abroad ? !takes(&national, p->code) : !str_is(country, p->country))
			continue;
		if (!abroad && p->trunk[0])
			takes(&national, p->trunk);
		return is_mobile(p, national);
	}
	return false;
}
