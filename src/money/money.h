/* Money: int64 minor units of an ISO 4217 currency, checked arithmetic, explicit rounding, no floats.
 * Nothing outside money/ computes with the raw number; money_minor() is for storing it. */
#ifndef BYNAME_MONEY_H
#define BYNAME_MONEY_H

#include "base/str.h"

struct money {
	int64_t minor_;
	int16_t currency_; /* index into the table of currencies; 0 is "none" */
};

/* A unit price or rate: a decimal with 6 digits after the point (0.001 exists in real files). */
struct decimal {
	int64_t micro_;
};

#define MONEY_TEXT_BYTES 32

bool currency_find(struct str code, int16_t *currency); /* "EUR", "eur" */
const char *currency_code(int16_t currency);            /* "EUR"; "" for none */
int currency_digits(int16_t currency);                  /* 2 for EUR, 0 for JPY, 3 for KWD */

struct money money_of_minor(int16_t currency, int64_t minor);
int64_t money_minor(struct money m);
bool money_is_zero(struct money m);
int money_sign(struct money m);
/* Negative, zero, positive. The currencies must be the same (assert). */
int money_cmp(struct money a, struct money b);

/* ERR_INVALID "money.currency" when currencies differ, "money.overflow". A sum may start from money_none(). */
struct money money_none(void);
MUST_CHECK enum result money_add(struct money a, struct money b, struct money *out, struct error *e);
MUST_CHECK enum result money_sub(struct money a, struct money b, struct money *out, struct error *e);
struct money money_neg(struct money a); /* not of the most negative amount (assert): money_sub() checks */

/* Half up is away from zero, down is towards it. */
enum rounding { ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_DOWN };

/* unit price × quantity, rounded at the currency's scale. */
MUST_CHECK enum result money_times(struct decimal unit, int64_t qty, int16_t currency, enum rounding how,
                                   struct money *out, struct error *e);
/* amount × numerator / denominator in 128-bit arithmetic. */
MUST_CHECK enum result money_scale(struct money m, int64_t num, int64_t den, enum rounding how, struct money *out,
                                   struct error *e);

int16_t money_currency(struct money m);
/* amount × num / den, counted in another currency whose scale may differ (JPY has no digits, KWD three): num / den is
 * the price of one whole unit of the old currency in whole units of the new. */
MUST_CHECK enum result money_convert(struct money m, int16_t to, int64_t num, int64_t den, enum rounding how,
                                     struct money *out, struct error *e);

/* Splits total into count parts in proportion to weights (all ≥ 0, not all 0; else equal parts), largest remainder,
 * ties to the lower index: the parts sum to total exactly. ERR_INVALID "money.parts" for no parts and an amount. */
MUST_CHECK enum result money_allocate(struct money total, const int64_t *weights, size_t count, struct money *parts,
                                      struct error *e);

/* "1234.50", "-0.05", also "$6.62 ", "12.50 CHF", "1.0E3", "€ 1.234,50" when comma is the decimal mark ('.' or ','):
 * grouping marks only where they group thousands. ERR_INVALID "money.malformed", "money.overflow", "money.currency"
 * when the text names another one, "money.digits" for more digits than the currency has (not 0) unless round: half up
 * then, however many digits follow. Exact: nothing passes through a binary fraction. */
MUST_CHECK enum result money_parse(struct str text, int16_t currency, char decimal_mark, bool round, struct money *out,
                                   struct error *e);
/* Likewise without a currency; half up at six digits. ERR_INVALID "decimal.malformed", "decimal.overflow". */
MUST_CHECK enum result decimal_parse(struct str text, char decimal_mark, struct decimal *out, struct error *e);
struct decimal decimal_of_micro(int64_t micro);
int64_t decimal_micro(struct decimal d);
void decimal_format(char out[MONEY_TEXT_BYTES], struct decimal d); /* "2.55": no trailing zeros beyond two digits */
void money_format(char out[MONEY_TEXT_BYTES], struct money m);     /* "1234.50" */
/* For a person: "€ 1,234.50"-like: "EUR 1,234.50". */
void money_display(char out[MONEY_TEXT_BYTES], struct money m);

#endif
