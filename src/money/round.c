#include "money/round.h"
#include <assert.h>

int64_t power_of_ten(int n)
{
	int64_t power = 1;

	assert(n >= 0 && n <= 18);
	while (n-- > 0)
		power *= 10;
	return power;
}

bool divide_rounded(__int128 a, int64_t b, enum rounding how, int64_t *out)
{
	bool negative = (a < 0) != (b < 0);
	unsigned __int128 n = a < 0 ? 0 - (unsigned __int128)a : (unsigned __int128)a;
	uint64_t d = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
	unsigned __int128 whole = n / d;
	uint64_t rest = (uint64_t)(n % d);
	bool half = rest == d - rest, more = rest > d - rest;

	if (more || (half && (how == ROUND_HALF_UP || (how == ROUND_HALF_EVEN && (whole & 1)))))
		whole += how != ROUND_DOWN;
	if (whole > (unsigned __int128)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - (uint64_t)whole) : (int64_t)whole;
	return true;
}
