#include "money/money.h"

int16_t money_currency(struct money m)
{
	return m.currency_;
}

/* The scale of the new currency over that of the old, folded into the fraction: at most 10^3 either way. */
enum result money_convert(struct money m, int16_t to, int64_t num, int64_t den, enum rounding how, struct money *out,
                          struct error *e)
{
	static const int64_t pow10[] = { 1, 10, 100, 1000, 10000 };
	int shift = currency_digits(to) - currency_digits(m.currency_);
	if (__builtin_mul_overflow(num, pow10[shift > 0 ? shift : 0], &num) ||
	    __builtin_mul_overflow(den, pow10[shift < 0 ? -shift : 0], &den))
		return error_set(e, ERR_INVALID, "money.overflow", NULL, "An exchange rate is out of range");
	struct money scaled;
	TRY(money_scale(m, num, den, how, &scaled, e));
	*out = money_of_minor(to, money_minor(scaled));
	return OK;
}
