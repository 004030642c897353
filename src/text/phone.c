/* What can be told of a phone number without the library. */
#include "text/text.h"

#define LONG_RUN 7
#define SAME_AT_END 6

static bool same_digits(struct str s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] != s.p[0])
			return false;
	return true;
}

/* 1234567, 9876543: a run up or down at the end; 0 follows 9 and comes before 1. */
static bool is_run(struct str s, int step)
{
	for (size_t i = 1; i < s.n; i++)
		if ((s.p[i] - s.p[i - 1] - step) % 10 != 0)
			return false;
	return true;
}

static struct str last(struct str s, size_t n)
{
	return (struct str){ s.p + s.n - n, n };
}

bool phone_is_generic(struct str e164)
{
	struct str s = e164;

	if (s.n > 0 && s.p[0] == '+')
		s.p++, s.n--;
	if (s.n < LONG_RUN)
		return true;
	if (same_digits(last(s, SAME_AT_END)))
		return true;
	if (is_run(last(s, LONG_RUN), 1) || is_run(last(s, LONG_RUN), -1))
		return true;
	/* North America: 555-0100 to 555-0199 are for fiction, and no area is called 555 */
	if (s.n == 11 && s.p[0] == '1')
		return memcmp(s.p + 4, "55501", 5) == 0 || memcmp(s.p + 1, "555", 3) == 0;
	return false;
}
