#include "app/demo_live.h"

#include "base/clock.h"
#include "base/id.h"
#include "orders/command.h"
#include "people/people.h"
#include "shop/shop.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define LINE_BYTES 512
#define STEPS_MAX 8
#define PAYS_CARD TENDER_CARD

enum column { N, KIND, STORE, OTHER, SOURCE, KEY, SKU, UNITS, HOURS, PRICE, CURRENCY, TAX, TAX_INCLUDED, COLUMNS };

/* One line of the file, and what it names. */
struct matter {
	int64_t now; /* when the demo was made */
	struct str col[COLUMNS];
	int64_t n, units, began; /* began: UTC */
	int64_t record, store, other, sku, associate;
	int step;     /* which of its commands this is */
	int64_t done; /* the thing that the first command made */
	int returned;
};

/* ---- Commands --------------------------------------------------------------------------------------------------- */

static void step_key(struct matter *m, unsigned char key[HASH128_BYTES])
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%lld.%d", (long long)m->n, m->step++);
	act_key(key, STR("demo"), (struct str){ text, (size_t)n });
}

/* The n-th command of a matter, so many minutes after it began: the clock stands there meanwhile. */
static void at(const struct matter *m, int64_t minutes)
{
	int64_t when = m->began + minutes * MINUTE_US;
	clock_set(when < m->now ? when : m->now);
}

static enum result stock(struct db_tx *tx, struct matter *m, const struct stock_command *c, struct error *e)
{
	unsigned char key[HASH128_BYTES];
	struct stock_outcome out;
	step_key(m, key);
	TRY(stock_do(tx, key, 0, m->associate, c, &out, e));
	if (!m->done)
		m->done = out.id;
	return OK;
}

static enum result order(struct db_tx *tx, struct matter *m, const struct order_command *c, struct error *e)
{
	unsigned char key[HASH128_BYTES];
	struct order_done out;
	step_key(m, key);
	TRY(order_do(tx, key, 0, m->associate, c, &out, e));
	m->done = out.order;
	m->returned = out.returned;
	return OK;
}

static enum result line_of(const struct matter *m, struct order_item_in *out, int16_t *currency, struct error *e)
{
	struct decimal price, rate;
	TRY(decimal_parse(m->col[PRICE], '.', &price, e));
	TRY(decimal_parse(m->col[TAX], '.', &rate, e));
	if (!currency_find(m->col[CURRENCY], currency))
		return error_set(e, ERR_INVALID, "demo.currency", NULL, "no such currency");
	*out = (struct order_item_in){ .sku = m->sku,
		                       .price = { .qty = m->units, .unit_price = price, .tax_rate = rate },
		                       .has_list_price = true,
		                       .list_price = price };
	return OK;
}

static const char *number_of(struct db_tx *tx, const struct matter *m)
{
	return arena_printf(db_tx_arena(tx), "%.*s-%lld", STR_ARG(m->col[STORE]), (long long)(7000 + m->n));
}

static enum result place(struct db_tx *tx, struct matter *m, enum order_method method, int64_t location,
                         enum channel channel, bool paid, bool on_account, struct error *e)
{
	struct order_item_in item;
	struct order_unit_in unit = { .line = -1, .qty = m->units, .location = location, .method = method };
	struct order_pay_in pay = { .tender = PAYS_CARD };
	struct price price;
	const char *number = number_of(tx, m);
	struct order_command c = { .kind = COMMAND_PLACE,
		                   .number = str_c(number),
		                   .record = m->record,
		                   .store = m->store,
		                   .channel = channel,
		                   .tax_included = str_is(m->col[TAX_INCLUDED], "yes"),
		                   .on_account = on_account,
		                   .items = &item,
		                   .item_count = 1,
		                   .units = &unit,
		                   .unit_count = 1 };
	if (!number)
		return error_nomem(e);
	TRY(line_of(m, &item, &c.currency, e));
	TRY(order_price(&c, db_tx_arena(tx), &price, e));
	pay.minor = money_minor(price.total);
	c.pays = &pay;
	c.pay_count = paid;
	return order(tx, m, &c, e);
}

static enum result act(struct db_tx *tx, struct matter *m, enum order_command_kind kind, int64_t qty, int64_t location,
                       enum order_method method, enum unit_condition condition, bool refund, struct error *e)
{
	struct order_unit_in unit = {
		.line = 1, .qty = qty, .location = location, .method = method, .condition = condition
	};
	struct order_command c = { .kind = kind,
		                   .order = m->done,
		                   .store = location,
		                   .units = &unit,
		                   .unit_count = 1,
		                   .refund_rest = refund };
	return order(tx, m, &c, e);
}

/* ---- Matters ---------------------------------------------------------------------------------------------------- */

static enum result pick_up(struct db_tx *tx, struct matter *m, struct error *e)
{
	bool paid = m->n % 2;
	at(m, 0);
	TRY(place(tx, m, METHOD_PICK_UP, m->store, m->n % 3 ? CHANNEL_PHONE : CHANNEL_STORE, paid, false, e));
	if (str_is(m->col[KIND], "new"))
		return OK;
	at(m, 25);
	if (str_is(m->col[KIND], "problem"))
		return act(tx, m, COMMAND_PROBLEM, m->units, m->store, METHOD_PICK_UP, 0, false, e);
	TRY(act(tx, m, COMMAND_PICK, 1, m->store, METHOD_PICK_UP, 0, false, e));
	if (str_is(m->col[KIND], "picking"))
		return OK;
	at(m, 40);
	return act(tx, m, COMMAND_READY, 1, m->store, METHOD_PICK_UP, 0, false, e);
}

static enum result ship(struct db_tx *tx, struct matter *m, struct error *e)
{
	int64_t from = str_is(m->col[KIND], "from_store") ? m->store : m->other;
	at(m, 0);
	TRY(place(tx, m, METHOD_SHIP, from, CHANNEL_PHONE, true, false, e));
	if (!str_is(m->col[KIND], "shipped"))
		return OK;
	at(m, 90);
	TRY(act(tx, m, COMMAND_PICK, m->units, from, METHOD_SHIP, 0, false, e));
	at(m, 200);
	return act(tx, m, COMMAND_SHIP, m->units, from, METHOD_SHIP, 0, false, e);
}

/* A till tells of a return: of the sale by that number, or without a receipt. refunded: in cash. */
static enum result told(struct db_tx *tx, struct matter *m, const char *number, int64_t refunded, struct error *e)
{
	unsigned char key[HASH128_BYTES];
	struct order_returned_out out;
	struct order_returned_in in = { .number = str_c(number),
		                        .sku = m->sku,
		                        .qty = 1,
		                        .location = m->store,
		                        .condition = CONDITION_GOOD,
		                        .tender = TENDER_CASH,
		                        .refunded_minor = refunded };
	step_key(m, key);
	return order_report_return(tx, key, &in, &out, e);
}

#define CASH_BACK 2000

/* Sold over the counter; then brought back, to another store. Of what was bought on account some comes back, too, and
 * cash is given for it, though nothing was paid; and now and then something has no receipt: a manager looks at both. */
static enum result sold(struct db_tx *tx, struct matter *m, struct error *e)
{
	bool on_account = str_is(m->col[KIND], "on_account"), owed = str_is(m->col[KIND], "refund_owed");
	const char *number = number_of(tx, m);
	if (!number)
		return error_nomem(e);
	at(m, 0);
	TRY(place(tx, m, METHOD_TAKE, m->store, CHANNEL_STORE, !on_account, on_account, e));
	at(m, 60 * 24 * 4);
	if (on_account)
		return m->n % 3 ? OK : told(tx, m, number, CASH_BACK, e);
	if (m->n % 4 == 0)
		TRY(told(tx, m, "", -1, e));
	return act(tx, m, COMMAND_RETURN, 1, owed ? m->store : m->other, METHOD_TAKE,
	           owed ? CONDITION_GOOD : CONDITION_UNKNOWN, !owed, e);
}

static enum result transfer(struct db_tx *tx, struct matter *m, struct error *e)
{
	struct transfer_line line = { .sku = m->sku, .qty = m->units };
	struct stock_command c = {
		.kind = STOCK_TRANSFER_REQUEST, .location = m->other, .to = m->store, .lines = &line, .line_count = 1
	};
	at(m, 0);
	TRY(stock(tx, m, &c, e));
	if (str_is(m->col[KIND], "transfer_asked"))
		return OK;
	at(m, 240);
	struct stock_command sent = { .kind = STOCK_TRANSFER_DISPATCH, .id = m->done, .lines = &line, .line_count = 1 };
	return stock(tx, m, &sent, e);
}

static enum result on_shelf(struct db_tx *tx, struct matter *m, struct error *e)
{
	struct stock_command c = { .sku = m->sku, .location = m->store, .qty = m->units };
	int64_t hours = (m->now - m->began) / HOUR_US;
	if (str_is(m->col[KIND], "hold")) { /* `hours` are left of it */
		c.kind = STOCK_HOLD_PLACE;
		c.record = m->record;
		c.at = m->now + hours * HOUR_US;
		at(m, (2 * hours - 4) * 60);
	} else if (str_is(m->col[KIND], "count")) {
		c.kind = STOCK_COUNT_OPEN;
		c.qty = 0;
		at(m, 0);
	} else if (str_is(m->col[KIND], "low")) {
		struct stock_cell cell;
		TRY(stock_at(tx, m->sku, m->store, &cell, e));
		c.kind = STOCK_LEVEL;
		c.qty = m->n % 2 ? m->units : cell.qty[UNIT_AVAILABLE]; /* some are low already */
		at(m, 0);
	} else if (str_is(m->col[KIND], "wait")) {
		c.kind = STOCK_WAIT_JOIN;
		c.record = m->record;
		at(m, 0);
	} else { /* expected in so many hours */
		c.kind = STOCK_EXPECT;
		c.at = m->now + hours * HOUR_US;
		at(m, 0);
	}
	return stock(tx, m, &c, e);
}

static enum result matter_do(struct db_tx *tx, struct matter *m, struct error *e)
{
	static const struct {
		const char *kind;
		enum result (*run)(struct db_tx *tx, struct matter *m, struct error *e);
	} kinds[] = { { "new", pick_up },       { "picking", pick_up },        { "problem", pick_up },
		      { "ready", pick_up },     { "ship_new", ship },          { "shipped", ship },
		      { "from_store", ship },   { "returned", sold },          { "refund_owed", sold },
		      { "on_account", sold },   { "hold", on_shelf },          { "count", on_shelf },
		      { "low", on_shelf },      { "wait", on_shelf },          { "expect", on_shelf },
		      { "transfer", transfer }, { "transfer_asked", transfer } };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_is(m->col[KIND], kinds[i].kind))
			return kinds[i].run(tx, m, e);
	return error_set(e, ERR_INVALID, "demo.matter", NULL, "no such matter");
}

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

static enum result store_find(struct db_tx *tx, struct str code, int64_t *out, struct error *e)
{
	struct store s;
	bool found;
	TRY(store_by_code(tx, code, &s, &found, e));
	*out = s.id;
	return found ? OK : error_set(e, ERR_NOT_FOUND, "demo.store", NULL, "a store of the chain is missing");
}

static enum result matter_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct matter *m = arg;
	struct sku sku;
	struct associate first[4];
	int associates;
	bool found, known;
	m->step = 0;
	m->done = 0;
	TRY(store_find(tx, m->col[STORE], &m->store, e));
	TRY(store_find(tx, m->col[OTHER], &m->other, e));
	TRY(sku_by_code(tx, m->col[SKU], &sku, &found, e));
	TRY(record_find(tx, m->col[SOURCE], m->col[KEY], &m->record, NULL, &known, e));
	if (!found || !known)
		return error_set(e, ERR_NOT_FOUND, "demo.matter", NULL, "the chain is not loaded");
	TRY(associate_list(tx, m->store, STR(""), 4, first, &associates, e));
	m->sku = sku.id;
	m->associate = associates ? first[m->n % associates].id : 0;
	return matter_do(tx, m, e);
}

static bool matter_read(char *line, int64_t now, struct matter *m)
{
	struct str rest = str_trim(str_c(line));
	int64_t hours = 0;
	int n = 0;
	*m = (struct matter){ .now = now };
	while (n < COLUMNS && str_split(&rest, ',', &m->col[n]))
		n++;
	if (n != COLUMNS || !str_to_i64(m->col[N], &m->n) || !str_to_i64(m->col[UNITS], &m->units) ||
	    !str_to_i64(m->col[HOURS], &hours))
		return false;
	m->began = now - hours * HOUR_US;
	return true;
}

static enum result file_bad(const char *path, struct error *e)
{
	return error_set(e, ERR_IO, "demo.file", NULL, "%s: %s", path, errno ? strerror(errno) : "not as it was made");
}

/* When the demo was made, kept in a file: whoever goes on gives the same commands. */
static enum result began(const char *path, int64_t *now, bool *done, struct error *e)
{
	char text[64] = "";
	FILE *f = fopen(path, "r");
	*done = false;
	*now = clock_now();
	errno = 0;
	if (f) {
		bool read = fgets(text, sizeof(text), f) && sscanf(text, "%" SCNd64, now) == 1;
		fclose(f);
		*done = strstr(text, "done") != NULL;
		return read ? OK : file_bad(path, e);
	}
	f = fopen(path, "w");
	if (!f || fprintf(f, "%" PRId64 "\n", *now) < 0 || fclose(f) != 0)
		return file_bad(path, e);
	return OK;
}

static enum result matters(struct db *db, FILE *f, int64_t now, volatile const bool *stop, int *count, struct error *e)
{
	char line[LINE_BYTES];
	*count = 0;
	if (!fgets(line, sizeof(line), f)) /* its header */
		return file_bad("matters.csv", e);
	while (fgets(line, sizeof(line), f)) {
		struct matter m;
		if (*stop)
			return error_set(e, ERR_BUSY, "demo.interrupted", NULL,
			                 "Interrupted. Started again, it goes on from here");
		errno = 0;
		if (!matter_read(line, now, &m))
			return file_bad("matters.csv", e);
		TRY(db_transact(db, matter_tx, &m, e));
		++*count;
	}
	return OK;
}

enum result demo_live(struct db *db, const char *dir, volatile const bool *stop, struct error *e)
{
	char path[PATH_BYTES], lived[PATH_BYTES];
	int64_t now;
	int count;
	bool done;
	snprintf(path, sizeof(path), "%s/chain/matters.csv", dir);
	snprintf(lived, sizeof(lived), "%s/lived", dir);
	TRY(began(lived, &now, &done, e));
	if (done)
		return OK;
	FILE *f = fopen(path, "r");
	if (!f)
		return file_bad(path, e);
	enum result r = matters(db, f, now, stop, &count, e);
	clock_set(0);
	fclose(f);
	if (r != OK)
		return r;
	fprintf(stderr, "    %d orders, holds, transfers, counts and people who wait\n", count);
	f = fopen(lived, "w");
	if (!f || fprintf(f, "%" PRId64 " done\n", now) < 0 || fclose(f) != 0)
		return file_bad(lived, e);
	return OK;
}
