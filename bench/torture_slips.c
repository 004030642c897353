/* Slips of scanner, ear and fingers, by the tables. */
#include "torture_world.h"
#include <ctype.h>
#include <stdlib.h>

#define TRIES 12 /* rules that are tried before giving up */

/* Puts `to` for n bytes at s[at]. */
static bool put(char s[FIELD_BYTES], size_t at, size_t n, const char *to)
{
	size_t len = strlen(s), add = strlen(to);

	if (len - n + add >= FIELD_BYTES || len - n + add == 0)
		return false;
	memmove(s + at + add, s + at + n, len - at - n + 1);
	memcpy(s + at, to, add);
	return true;
}

static bool swap_fits(const struct swap *r, const char *s, size_t at)
{
	size_t n = strlen(r->from);

	if (strncasecmp(s + at, r->from, n) != 0 || strlen(s) <= n + 1)
		return false;
	return r->where == 'A' || (r->where == 'S' && at == 0) || (r->where == 'E' && !s[at + n]) ||
	       (r->where == 'M' && at > 0 && s[at + n]);
}

/* A rule at random, at the first place it fits from a random one; upper case stays where it was. */
static bool swaps_apply(struct world *w, const struct swap *swaps, uint32_t count, char s[FIELD_BYTES], bool exact)
{
	size_t len = strlen(s);

	for (int t = 0; len > 1 && t < TRIES * 4; t++) {
		const struct swap *r = swaps + world_below(w, count);
		size_t from = world_below(w, (uint32_t)len);

		for (size_t i = 0; i < len; i++) {
			size_t at = (from + i) % len;

			if (tolower((unsigned char)s[at]) != tolower((unsigned char)r->from[0]) ||
			    !swap_fits(r, s, at) || (exact && strncmp(s + at, r->from, strlen(r->from)) != 0))
				continue;
			bool capital = isupper((unsigned char)s[at]) && !exact;

			if (!put(s, at, strlen(r->from), r->to))
				break;
			if (capital)
				s[at] = (char)toupper((unsigned char)s[at]);
			return true;
		}
	}
	return false;
}

bool slip_scan(struct world *w, char s[FIELD_BYTES])
{
	return swaps_apply(w, w->tables.scans, w->tables.scan_count, s, true);
}

bool slip_sound(struct world *w, char s[FIELD_BYTES])
{
	return swaps_apply(w, w->tables.sounds, w->tables.sound_count, s, false);
}

/* ASCII letters and digits only: a key hits one of them. */
bool slip_key(struct world *w, char s[FIELD_BYTES])
{
	size_t len = strlen(s);

	for (int t = 0; len > 2 && t < TRIES; t++) {
		size_t at = world_below(w, (uint32_t)len);
		unsigned char c = (unsigned char)s[at];
		const char *near = c < 128 ? w->tables.near[tolower(c)] : "";

		if (c >= 128 || !isalnum(c))
			continue;
		switch (world_below(w, 6)) {
		case 0:
			return put(s, at, 1, "");
		case 1:
			return put(s, at, 1, (char[]){ (char)c, (char)tolower(c), '\0' });
		case 2:
			if (!isalnum((unsigned char)s[at + 1]) || s[at + 1] == s[at])
				continue;
			s[at] = s[at + 1];
			s[at + 1] = (char)c;
			return true;
		default:
			if (!*near)
				continue;
			char other = near[world_below(w, (uint32_t)strlen(near))];

			s[at] = (char)(isupper(c) ? toupper((unsigned char)other) : other);
			return true;
		}
	}
	return false;
}

bool slip_nickname(struct world *w, char s[FIELD_BYTES])
{
	char name[FIELD_BYTES], capital[FIELD_BYTES];
	uint32_t first, n;

	script_lower(s, name, sizeof(name));
	n = tables_nicks(&w->tables, name, &first);
	if (!n || !kind_strikes(w, NICKNAME))
		return false;
	const char *nick = w->tables.nicks[first + world_below(w, n)].nick;
	size_t letter = script_letters(nick, 1);
	snprintf(capital, sizeof(capital), "%.*s", (int)letter, nick);
	script_upper(capital, sizeof(capital));
	snprintf(s, FIELD_BYTES, "%.20s%.100s", capital, nick + letter);
	return true;
}

bool slip_year(struct world *w, char birth[FIELD_BYTES])
{
	static const int off[] = { -10, -1, 1, 10, 2, -2, 20 };
	int year = atoi(birth) + off[world_below(w, sizeof(off) / sizeof(*off))];

	if (year > 2026)
		year -= 20;
	for (int i = 3; i >= 0; i--, year /= 10)
		birth[i] = (char)('0' + year % 10);
	return true;
}
