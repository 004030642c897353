/* Records that nobody can put together: the ceiling of recall. */
#include "torture_world.h"
#include <ctype.h>
#include <strings.h>

#define PHONE_TAIL 7 /* digits by which numbers are compared, however they are written */

static bool phones_meet(const char *a, const char *b)
{
	const char *p = a + strlen(a), *q = b + strlen(b);

	for (int n = 0; n < PHONE_TAIL; n++) {
		while (p > a && !isdigit((unsigned char)p[-1]))
			p--;
		while (q > b && !isdigit((unsigned char)q[-1]))
			q--;
		if (p == a || q == b)
			return p == a && q == b && n > 0;
		if (*--p != *--q)
			return false;
	}
	return true;
}

/* Whether two records have something of a person's own in common. */
static bool records_meet(const struct torture_record *a, const struct torture_record *b)
{
	static const enum field clues[] = { LOYALTY, ACCOUNT, DEVICE, STREET, POSTCODE };
	uint64_t dirt = a->dirt | b->dirt;

	for (size_t i = 0; i < sizeof(clues) / sizeof(*clues); i++)
		if (*a->field[clues[i]] && strcasecmp(a->field[clues[i]], b->field[clues[i]]) == 0)
			return true;
	if (!(dirt & (kind_bit(CASHIER_EMAIL) | kind_bit(PLACEHOLDER_EMAIL))) && *a->field[EMAIL] &&
	    strcasecmp(a->field[EMAIL], b->field[EMAIL]) == 0)
		return true;
	if (!(dirt & kind_bit(PLACEHOLDER_BIRTH)) && *a->field[BIRTH] && strcmp(a->field[BIRTH], b->field[BIRTH]) == 0)
		return true;
	return !(dirt & (kind_bit(CASHIER_PHONE) | kind_bit(STORE_NUMBER) | kind_bit(PLACEHOLDER_PHONE))) &&
	       phones_meet(a->field[PHONE], b->field[PHONE]);
}

void records_lone(struct torture_record *r, int n)
{
	int group[RECORDS_MAX], size[RECORDS_MAX] = { 0 }, most = 0;

	for (int i = 0; n > 1 && i < n; i++) {
		group[i] = i;
		for (int o = 0; o < i; o++) {
			int old = group[o];

			if (old == group[i] || !records_meet(r + i, r + o))
				continue;
			for (int m = 0; m < i; m++) /* both groups are one */
				group[m] = group[m] == old ? group[i] : group[m];
		}
	}
	for (int i = 0; n > 1 && i < n; i++)
		size[group[i]]++;
	for (int i = 0; n > 1 && i < n; i++)
		most = size[group[i]] > size[most] ? group[i] : most;
	for (int i = 0; n > 1 && i < n; i++)
		r[i].dirt |= group[i] != most ? kind_bit(LONE) : 0;
}
