/* Exchange rates: units of a currency for one US dollar, by day. */
#include "insight/insight.h"

#define MICRO 1000000LL
#define RATE_CURRENCIES_MAX 32

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

DB_STMT(rate_all, "t", "ii", "SELECT day, micro_per_usd FROM rate WHERE currency = $1 ORDER BY day")

/* Rates of one currency, ascending by day. */
struct rate_days {
	int16_t currency;
	struct rate_day {
		int64_t day, micro;
	} * days;
	int count;
};

struct rate_book {
	struct db_tx *tx;
	struct arena *a;
	struct rate_days of[RATE_CURRENCIES_MAX];
	int count;
};

enum result rate_book_new(struct db_tx *tx, struct rate_book **out, struct error *e)
{
	struct rate_book *b = arena_alloc(db_tx_arena(tx), sizeof(*b));
	if (!b)
		return error_nomem(e);
	*b = (struct rate_book){ .tx = tx, .a = db_tx_arena(tx) };
	*out = b;
	return OK;
}

static enum result rate_load(struct rate_book *b, struct rate_days *r, struct error *e)
{
	int cap = 0;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(b->tx, &rate_all, &rows, e, DB_CSTR(currency_code(r->currency))));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		if (!arena_grow(b->a, &r->days, r->count, &cap, sizeof(*r->days)))
			return error_nomem(e);
		r->days[r->count++] = (struct rate_day){ db_int(rows, 0), db_int(rows, 1) };
	}
	return step == DB_ERR ? e->result : OK;
}

/* The currency's page of the book, read on first use. */
static enum result rate_page(struct rate_book *b, int16_t currency, const struct rate_days **out, struct error *e)
{
	for (int i = 0; i < b->count; i++)
		if (b->of[i].currency == currency) {
			*out = &b->of[i];
			return OK;
		}
	if (b->count == RATE_CURRENCIES_MAX)
		return error_set(e, ERR_LIMIT, "rate.currencies", NULL, "More than %d currencies in one answer",
		                 RATE_CURRENCIES_MAX);
	struct rate_days *r = &b->of[b->count];
	*r = (struct rate_days){ .currency = currency };
	TRY(rate_load(b, r, e));
	b->count++;
	*out = r;
	return OK;
}

/* The last rate on or before the day. */
static enum result rate_find(struct rate_book *b, int16_t currency, int64_t day, int64_t *micro, bool *known,
                             struct error *e)
{
	const struct rate_days *r = NULL;
	*known = true;
	*micro = MICRO;
	if (strcmp(currency_code(currency), "USD") == 0)
		return OK;
	TRY(rate_page(b, currency, &r, e));
	int low = 0, high = r->count;
	while (low < high) {
		int mid = low + (high - low) / 2;
		if (r->days[mid].day <= day)
			low = mid + 1;
		else
			high = mid;
	}
	*known = low > 0;
	if (low > 0)
		*micro = r->days[low - 1].micro;
	return OK;
}

enum result rate_convert(struct rate_book *b, struct money amount, int16_t to, int64_t day, struct money *out,
                         bool *known, struct error *e)
{
	int64_t from_rate = MICRO, to_rate = MICRO;
	bool have_from = false, have_to = false;
	TRY(rate_find(b, money_currency(amount), day, &from_rate, &have_from, e));
	TRY(rate_find(b, to, day, &to_rate, &have_to, e));
	if (have_from && have_to)
		TRY(money_convert(amount, to, to_rate, from_rate, ROUND_HALF_EVEN, out, e));
	*known = have_from && have_to;
	return OK;
}
