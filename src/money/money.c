#include "money/money.h"
#include "money/round.h"
#include <assert.h>
#include <stdlib.h>

#define DECIMAL_DIGITS 6
#define FEW_PARTS 64

static enum result overflow(struct error *e)
{
	return error_set(e, ERR_INVALID, "money.overflow", NULL, "the amount is too large");
}

static enum result currencies_differ(struct error *e)
{
	return error_set(e, ERR_INVALID, "money.currency", NULL, "amounts in two currencies");
}

struct money money_of_minor(int16_t currency, int64_t minor)
{
	return (struct money){ .minor_ = minor, .currency_ = currency };
}

int64_t money_minor(struct money m)
{
	return m.minor_;
}

struct money money_none(void)
{
	return (struct money){ 0 };
}

bool money_is_zero(struct money m)
{
	return m.minor_ == 0;
}

int money_sign(struct money m)
{
	return (m.minor_ > 0) - (m.minor_ < 0);
}

int money_cmp(struct money a, struct money b)
{
	assert(a.currency_ == b.currency_);
	return (a.minor_ > b.minor_) - (a.minor_ < b.minor_);
}

/* The currency of a sum: "none" gives way to the other. */
static bool common_currency(struct money a, struct money b, int16_t *currency)
{
	*currency = a.currency_ ? a.currency_ : b.currency_;
	return a.currency_ == b.currency_ || (!a.currency_ && !a.minor_) || (!b.currency_ && !b.minor_);
}

enum result money_add(struct money a, struct money b, struct money *out, struct error *e)
{
	int16_t currency;
	int64_t sum;

	if (!common_currency(a, b, &currency))
		return currencies_differ(e);
	if (__builtin_add_overflow(a.minor_, b.minor_, &sum))
		return overflow(e);
	*out = money_of_minor(currency, sum);
	return OK;
}

enum result money_sub(struct money a, struct money b, struct money *out, struct error *e)
{
	int16_t currency;
	int64_t difference;

	if (!common_currency(a, b, &currency))
		return currencies_differ(e);
	if (__builtin_sub_overflow(a.minor_, b.minor_, &difference))
		return overflow(e);
	*out = money_of_minor(currency, difference);
	return OK;
}

struct money money_neg(struct money a)
{
	assert(a.minor_ != INT64_MIN);
	return money_of_minor(a.currency_, -a.minor_);
}

struct decimal decimal_of_micro(int64_t micro)
{
	return (struct decimal){ .micro_ = micro };
}

int64_t decimal_micro(struct decimal d)
{
	return d.micro_;
}

enum result money_times(struct decimal unit, int64_t qty, int16_t currency, enum rounding how, struct money *out,
                        struct error *e)
{
	int64_t minor;

	if (!divide_rounded((__int128)unit.micro_ * qty, power_of_ten(DECIMAL_DIGITS - currency_digits(currency)), how,
	                    &minor))
		return overflow(e);
	*out = money_of_minor(currency, minor);
	return OK;
}

enum result money_scale(struct money m, int64_t num, int64_t den, enum rounding how, struct money *out, struct error *e)
{
	int64_t minor;

	if (den == 0)
		return error_set(e, ERR_INVALID, "money.scale", NULL, "division by zero");
	if (!divide_rounded((__int128)m.minor_ * num, den, how, &minor))
		return overflow(e);
	*out = money_of_minor(m.currency_, minor);
	return OK;
}

/* ---- Allocation -------------------------------------------------------------------------------------------------- */

struct share {
	unsigned __int128 rest; /* what the division left, in parts of the weights' sum */
	size_t part;
};

static int larger_rest_first(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->rest != y->rest)
		return x->rest < y->rest ? 1 : -1;
	return (x->part > y->part) - (x->part < y->part);
}

/* The sum of the weights; 0 where they are no proportion, and the parts shall be equal. */
static unsigned __int128 sum_of(const int64_t *weights, size_t count)
{
	unsigned __int128 sum = 0;

	for (size_t i = 0; weights && i < count; i++) {
		if (weights[i] < 0)
			return 0;
		sum += (uint64_t)weights[i];
	}
	return sum;
}

static void allocate(struct money total, const int64_t *weights, size_t count, struct share *shares,
                     struct money *parts)
{
	uint64_t amount = total.minor_ < 0 ? 0 - (uint64_t)total.minor_ : (uint64_t)total.minor_, left = amount;
	unsigned __int128 sum = sum_of(weights, count);
	bool equal = sum == 0;

	if (equal)
		sum = count;
	for (size_t i = 0; i < count; i++) {
		unsigned __int128 product = (unsigned __int128)amount * (equal ? 1 : (uint64_t)weights[i]);
		uint64_t whole;

		if (product <= UINT64_MAX && sum <= UINT64_MAX) /* nearly always, and ten times as fast */
			whole = (uint64_t)product / (uint64_t)sum;
		else
			whole = (uint64_t)(product / sum);
		shares[i] = (struct share){ product - whole * sum, i };
		/* from here to the end the parts hold magnitudes; only one of the whole amount can be INT64_MIN's */
		parts[i] = money_of_minor(total.currency_, (int64_t)whole);
		left -= whole;
	}
	if (left > 0)
		qsort(shares, count, sizeof(*shares), larger_rest_first);
	for (size_t i = 0; i < left; i++)
		parts[shares[i].part].minor_ = (int64_t)((uint64_t)parts[shares[i].part].minor_ + 1);
	for (size_t i = 0; total.minor_ < 0 && i < count; i++)
		parts[i].minor_ = (int64_t)(0 - (uint64_t)parts[i].minor_);
}

enum result money_allocate(struct money total, const int64_t *weights, size_t count, struct money *parts,
                           struct error *e)
{
	struct share few[FEW_PARTS], *shares = few;

	if (count == 0)
		return total.minor_ == 0
		               ? OK
		               : error_set(e, ERR_INVALID, "money.parts", NULL, "an amount, and nothing to carry it");
	if (count > FEW_PARTS)
		shares = mem_calloc(count, sizeof(*shares));
	if (!shares)
		return error_nomem(e);
	allocate(total, weights, count, shares, parts);
	if (shares != few)
		mem_free(shares);
	return OK;
}
