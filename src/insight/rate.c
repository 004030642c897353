/* Exchange rates: units of a currency for one US dollar, by day. */
#include "insight/insight.h"

#define MICRO 1000000LL

DB_STMT(rate_upsert, "tii", "",
        "INSERT INTO rate (currency, day, micro_per_usd) VALUES ($1, $2, $3) "
        "ON CONFLICT (currency, day) DO UPDATE SET micro_per_usd = excluded.micro_per_usd")

enum result rate_put(struct db_tx *tx, int16_t currency, int64_t day, struct decimal per_usd, struct error *e)
{
	if (decimal_micro(per_usd) <= 0)
		return error_set(e, ERR_INVALID, "field.range", "rate", "An exchange rate is above zero");
	return db_exec(tx, &rate_upsert, NULL, e, DB_CSTR(currency_code(currency)), DB_INT(day),
	               DB_INT(decimal_micro(per_usd)));
}

DB_STMT(rate_on, "ti", "i",
        "SELECT micro_per_usd FROM rate WHERE currency = $1 AND day <= $2 ORDER BY day DESC LIMIT 1")

static enum result rate_find(struct db_tx *tx, int16_t currency, int64_t day, int64_t *micro, bool *known,
                             struct error *e)
{
	*known = true;
	*micro = MICRO;
	if (strcmp(currency_code(currency), "USD") == 0)
		return OK;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query_one(tx, &rate_on, &rows, known, e, DB_CSTR(currency_code(currency)), DB_INT(day)));
	if (*known)
		*micro = db_int(rows, 0);
	return OK;
}

enum result rate_convert(struct db_tx *tx, struct money amount, int16_t to, int64_t day, struct money *out, bool *known,
                         struct error *e)
{
	int64_t from_rate = MICRO, to_rate = MICRO;
	bool have_from = false, have_to = false;
	TRY(rate_find(tx, money_currency(amount), day, &from_rate, &have_from, e));
	TRY(rate_find(tx, to, day, &to_rate, &have_to, e));
	if (have_from && have_to)
		TRY(money_convert(amount, to, to_rate, from_rate, ROUND_HALF_EVEN, out, e));
	*known = have_from && have_to;
	return OK;
}
