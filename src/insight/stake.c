/* What is at stake when two customers may be one person: what both spent and, going by their last twelve months, are
 * about to spend. people/ multiplies it by the chance that they are one, and asks about the largest first. */
#include "insight/view.h"

#include "base/clock.h"

#define YEAR_DAYS 365
#define STAKES_MAX 50

/* In hundredths of a US dollar, by the newest rate; where there is none, unit for unit: it only orders a list. */
static enum result stake_amount(struct rate_book *book, struct money m, int64_t day, int64_t *out, struct error *e)
{
	int16_t usd = 0;
	struct money converted;
	bool known = false;
	int64_t minor = money_minor(m);
	if (!currency_find(STR("USD"), &usd))
		return error_set(e, ERR_INTERNAL, "currency.usd", NULL, "The table of currencies lacks the dollar");
	TRY(rate_convert(book, m, usd, day, &converted, &known, e));
	int digits = currency_digits(money_currency(m));
	if (known)
		minor = money_minor(converted);
	for (int i = digits; i < 2 && !known && minor < DOUBT_STAKE_MOST; i++)
		minor *= 10;
	for (int i = 2; i < digits && !known; i++)
		minor /= 10;
	*out += minor < 0 ? 0 : minor > DOUBT_STAKE_MOST ? DOUBT_STAKE_MOST : minor;
	return OK;
}

static enum result stake_of(struct db_tx *tx, struct rate_book *book, int64_t customer, int64_t now, int64_t *stake,
                            int64_t *last_at, struct error *e)
{
	int64_t records[CUSTOMER_MEMBERS_MAX], recent = 0;
	int count = 0;
	struct spending s;
	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &count, e));
	TRY(spending_of(tx, records, count, &s, e));
	if (s.last_at > *last_at)
		*last_at = s.last_at;
	if (s.orders == 0)
		return OK;
	TRY(spending_since(tx, records, count, s.currency, now - YEAR_DAYS * DAY_US, &recent, e));
	TRY(stake_amount(book, money_of_minor(s.currency, s.net_minor), now / DAY_US, stake, e));
	return stake_amount(book, money_of_minor(s.currency, recent), now / DAY_US, stake, e);
}

enum result stakes_weigh(struct db_tx *tx, int64_t before, int max, bool *left, struct error *e)
{
	struct doubt doubts[STAKES_MAX];
	struct rate_book *book = NULL;
	int count = 0;
	int64_t now = clock_now();
	TRY(doubt_unweighed(tx, before, max < STAKES_MAX ? max : STAKES_MAX, doubts, &count, e));
	if (count)
		TRY(rate_book_new(tx, &book, e));
	for (int i = 0; i < count; i++) {
		int64_t stake = 0, last_at = doubts[i].seen_at;
		TRY(stake_of(tx, book, doubts[i].customer_a, now, &stake, &last_at, e));
		if (doubts[i].customer_b != doubts[i].customer_a)
			TRY(stake_of(tx, book, doubts[i].customer_b, now, &stake, &last_at, e));
		int64_t idle =
		        last_at < now ? (now - last_at) / DAY_US : 0; /* of those who spend alike: who came lately */
		TRY(doubt_weigh(tx, &doubts[i], stake + DOUBT_STAKE_LEAST * YEAR_DAYS / (YEAR_DAYS + idle), now, e));
	}
	*left = count == max || count == STAKES_MAX;
	return OK;
}

static enum result stakes_page(struct db_tx *tx, void *arg, struct error *e)
{
	return stakes_weigh(tx, clock_now() - DAY_US, STAKES_AT_ONCE, arg, e);
}

enum result stakes_work(struct db *db, bool *left, struct error *e)
{
	return db_transact(db, stakes_page, left, e);
}
