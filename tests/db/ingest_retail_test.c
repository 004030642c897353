/* rooms: ingest insight orders timeline people shop feed db text money base */
/* Two retailers' own files, if they are there: everything in them is accounted for, by an independent computation. On
 * PostgreSQL every 24th invoice of the longer one, unless BYNAME_WHOLE is set. */
#include "kit/kit.h"
#include "ingest/ingest.h"
#include "insight/insight.h"
#include "base/clock.h"
#include "feed/room.h"
#include "text/text.h"
#include <stdlib.h>
#include <unistd.h>

static struct db *db;
static char folder[512];

/* The folder of the data, or a word about its absence. */
static bool data(const char *name, char path[600])
{
	const char *env = getenv("BYNAME_DATA");
	snprintf(folder, sizeof(folder), "%s", env ? env : BYNAME_ROOT "/../shared/data");
	if (access(folder, R_OK) && !env)
		snprintf(folder, sizeof(folder), "%s", BYNAME_ROOT "/../../shared/data");
	snprintf(path, 600, "%s/retail/%s", folder, name);
	if (!access(path, R_OK))
		return true;
	printf("SKIP: no data at %s\n", path);
	return false;
}

static int setup(void **state)
{
	(void)state;
	db = kit_db();
	shop_cache_drop();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_db_close(db);
	return 0;
}

static void run(const char *path, const char *format, bool restart, struct import_progress *p)
{
	struct import_config c = { .path = path, .format = format, .restart = restart };
	int64_t began = clock_monotonic();
	assert_ok(import_run(db, &c, NULL, NULL, p, &kit_err));
	double s = (double)(clock_monotonic() - began) / USEC;
	printf("%s: %lld lines in %.1f s (%.0f a second), %lld taken, %lld dead, orders %lld new %lld changed %lld "
	       "same\n",
	       kit_engine(), (long long)p->lines, s, (double)p->lines / (s + 1e-9), (long long)p->counts.taken,
	       (long long)p->counts.dead, (long long)p->counts.orders_new, (long long)p->counts.orders_changed,
	       (long long)p->counts.orders_same);
}

/* ---- An independent reader -------------------------------------------------------------------------------------- */

static char *fields[16];

/* Splits a line in place; "" inside quotes is one quotation mark. Number of fields. */
static int split(char *line)
{
	int n = 0;
	line[strcspn(line, "\r\n")] = 0;
	for (char *p = line;; p++) {
		char *to = p;
		fields[n++] = p;
		if (*p == '"') {
			for (p++; *p && !(*p == '"' && p[1] != '"'); p++) {
				if (*p == '"')
					p++;
				*to++ = *p;
			}
			p++;
			*to = 0;
		}
		while (*p && *p != ',')
			p++;
		if (!*p)
			return n;
		*p = 0;
	}
}

static char header[4096];

/* What comes after the header. */
static FILE *lines_of(const char *path, const char *name)
{
	char command[1400];
	snprintf(command, sizeof(command), name ? "cat '%s/%s'" : "gzip -dc '%s'", path, name);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(header, sizeof(header), f));
	return f;
}

/* "12.34" or "$1,234.50 " in thousandths. */
static int64_t thousandths(const char *s)
{
	int64_t v = 0;
	int after = -1;
	bool minus = false;
	for (; *s; s++) {
		if (*s == '-')
			minus = true;
		else if (*s == '.')
			after = 0;
		else if (*s >= '0' && *s <= '9' && after < 3) {
			v = v * 10 + *s - '0';
			after += after >= 0;
		}
	}
	for (after = after < 0 ? 0 : after; after < 3; after++)
		v *= 10;
	return minus ? -v : v;
}

static int64_t half_up(int64_t thousandth)
{
	return (thousandth + 5) / 10;
}

struct totals {
	struct str source;
	const char *currency;
	struct order_totals t;
};

static enum result totals(struct db_tx *tx, void *arg, struct error *e)
{
	struct totals *t = arg;
	int16_t currency;
	assert_true(currency_find(str_c(t->currency), &currency));
	return order_totals(tx, t->source, currency, &t->t, e);
}

/* ---- Online Retail ---------------------------------------------------------------------------------------------- */

#define SAMPLE 24

/* Whether this line is in the sample: whole invoices, and all lines that are no sale. */
static bool sampled(const char *line)
{
	return line[0] == 'A' || strtoul(line + (line[0] == 'C'), NULL, 10) % SAMPLE == 0;
}

/* A file of the same name with the sample alone. */
static void sample_make(char path[600])
{
	char line[4096], to[600];
	snprintf(to, sizeof(to), "gzip -1 >%s/online-retail.csv.gz", kit_dir());
	FILE *from = lines_of(path, NULL), *out = popen(to, "w");
	assert_non_null(out);
	assert_true(fputs(header, out) >= 0);
	while (fgets(line, sizeof(line), from))
		if (sampled(line))
			assert_true(fputs(line, out) >= 0);
	pclose(from);
	assert_int_equal(pclose(out), 0);
	snprintf(path, 600, "%s/online-retail.csv.gz", kit_dir());
}

static void test_online_retail(void **state)
{
	(void)state;
	char path[600], line[4096];
	if (!data("online-retail.csv.gz", path))
		return;
	bool whole = getenv("BYNAME_WHOLE"); /* tests/soak/import */
	if (!whole)
		sample_make(path);
	int64_t all = 0, aside = 0, sold = 0, back = 0, units = 0, anonymous = 0, kept = 0;
	FILE *f = lines_of(path, NULL);
	while (fgets(line, sizeof(line), f)) {
		all++;
		assert_int_equal(split(line), 8);
		int64_t qty = atoll(fields[3]);
		if (fields[0][0] == 'A' || (qty < 0 && fields[0][0] != 'C')) {
			aside++;
			continue;
		}
		kept++;
		units += qty;
		anonymous += !*fields[6];
		if (fields[0][0] == 'C')
			back += half_up(-qty * thousandths(fields[5]));
		else
			sold += half_up(qty * thousandths(fields[5]));
	}
	pclose(f);
	if (whole)
		assert_int_equal(all, 541909);
	assert_true(all > 541909 / SAMPLE / 2 && aside && back && anonymous); /* something of each */
	struct import_progress p;
	run(path, NULL, false, &p);
	assert_int_equal(p.lines, all);
	assert_int_equal(p.counts.dead, aside);
	assert_int_equal(p.counts.taken, kept);
	struct totals t = { .source = STR("online-retail"), .currency = "GBP" };
	assert_ok(db_read(db, totals, &t, &kit_err));
	assert_int_equal(t.t.lines, kept);
	assert_int_equal(t.t.units, units);
	assert_int_equal(t.t.net_minor, sold - back);
	assert_int_equal(t.t.anonymous_lines, anonymous);
	struct order_totals before = t.t;
	run(path, NULL, false, &p); /* finished: nothing to do */
	int64_t orders = p.counts.orders_new;
	run(path, NULL, true, &p); /* all over again: nothing changes */
	assert_int_equal(p.counts.orders_new, 0);
	assert_int_equal(p.counts.orders_changed, 0);
	assert_int_equal(p.counts.records_new, 0);
	assert_true(p.counts.orders_same >= orders);
	assert_ok(db_read(db, totals, &t, &kit_err));
	assert_memory_equal(&before, &t.t, sizeof(before));
}

/* ---- Global Electronics ----------------------------------------------------------------------------------------- */

#define TOP 20
#define CUSTOMERS 20000
#define PRODUCTS 4000

static struct spender {
	char key[16];
	int64_t cents;
} spender[CUSTOMERS];

static int by_spend(const void *a, const void *b)
{
	const struct spender *x = a, *y = b;
	return x->cents != y->cents ? (x->cents < y->cents) - (x->cents > y->cents) : strcmp(x->key, y->key);
}

struct top {
	struct top_row rows[TOP];
	int count;
	char keys[TOP][16];
};

static enum result find_top(struct db_tx *tx, void *arg, struct error *e)
{
	struct top *t = arg;
	struct top_query q = { .to_day = 100000, .limit = TOP };
	struct top_summary all;
	assert_true(currency_find(STR("USD"), &q.currency));
	TRY(top_customers(tx, &q, t->rows, &t->count, &all, e));
	for (int i = 0; i < t->count; i++) {
		struct person *p = arena_alloc(db_tx_arena(tx), sizeof(*p));
		TRY(person_load(tx, t->rows[i].customer, db_tx_arena(tx), p, e));
		snprintf(t->keys[i], 16, "%s", p->members[0].source_key);
	}
	return OK;
}

struct shop_counts {
	int stores, web;
};
static enum result count_stores(struct db_tx *tx, void *arg, struct error *e)
{
	struct shop_counts *c = arg;
	static struct store s[100];
	TRY(store_list(tx, STR(""), 100, s, &c->stores, e));
	c->web = 0;
	for (int i = 0; i < c->stores; i++)
		c->web += s[i].kind == STORE_WEB;
	return OK;
}

static enum result lilly(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	int64_t record, customer;
	bool found;
	struct person *p = arena_alloc(db_tx_arena(tx), sizeof(*p));
	TRY(record_find(tx, STR("global-electronics"), STR("301"), &record, &customer, &found, e));
	assert_true(found);
	TRY(person_load(tx, customer, db_tx_arena(tx), p, e));
	assert_string_equal(p->chosen.given, "Lilly");
	assert_string_equal(p->chosen.family, "Harding");
	assert_int_equal(p->chosen.birth_year, 1939); /* "07-03-39" */
	assert_int_equal(p->chosen.birth_month, 7);
	assert_int_equal(p->chosen.birth_day, 3);
	TRY(record_find(tx, STR("global-electronics"), STR("400009"), &record, &customer, &found, e));
	TRY(person_load(tx, customer, db_tx_arena(tx), p, e));
	assert_string_equal(p->chosen.city, "Fürstenberg");
	return OK;
}

static void test_global_electronics(void **state)
{
	(void)state;
	char path[600], line[4096];
	static int64_t price[PRODUCTS];
	if (!data("global-electronics", path))
		return;
	FILE *f = lines_of(path, "Products.csv");
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(split(line), 10);
		price[atoi(fields[0])] = half_up(thousandths(fields[5]));
	}
	pclose(f);
	int64_t lines = 0, cents = 0, units = 0, orders = 0, last = 0;
	int n = 0;
	f = lines_of(path, "Customers.csv");
	while (fgets(line, sizeof(line), f)) {
		split(line);
		snprintf(spender[n++].key, 16, "%s", fields[0]);
	}
	pclose(f);
	assert_int_equal(n, 15266);
	f = lines_of(path, "Sales.csv");
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(split(line), 9);
		int64_t net = atoll(fields[7]) * price[atoi(fields[6])];
		int i = 0;
		while (strcmp(spender[i].key, fields[4]))
			i++;
		spender[i].cents += net;
		cents += net;
		units += atoll(fields[7]);
		lines++;
		orders += atoll(fields[0]) != last;
		last = atoll(fields[0]);
	}
	pclose(f);
	qsort(spender, (size_t)n, sizeof(*spender), by_spend);
	assert_int_equal(lines, 62884);
	assert_int_equal(orders, 26326);

	struct import_progress p;
	run(path, NULL, false, &p);
	assert_int_equal(p.counts.dead, 0);
	assert_int_equal(p.counts.orders_new, orders);
	assert_int_equal(p.counts.records_new, 15266);
	struct totals t = { .source = STR("global-electronics"), .currency = "USD" };
	assert_ok(db_read(db, totals, &t, &kit_err));
	assert_int_equal(t.t.lines, lines);
	assert_int_equal(t.t.orders, orders);
	assert_int_equal(t.t.returns, 0);
	assert_int_equal(t.t.units, units);
	assert_int_equal(t.t.net_minor, cents);
	assert_int_equal(t.t.anonymous_lines, 0);
	struct shop_counts c;
	assert_ok(db_read(db, count_stores, &c, &kit_err));
	assert_int_equal(c.stores, 67);
	assert_int_equal(c.web, 1);
	assert_ok(db_read(db, lilly, NULL, &kit_err));
	assert_ok(insight_room.rebuild(db, NULL, NULL, &kit_err));
	static struct top top;
	assert_ok(db_read(db, find_top, &top, &kit_err));
	assert_int_equal(top.count, TOP);
	for (int i = 0; i < TOP; i++) {
		assert_int_equal(top.rows[i].net_minor, spender[i].cents);
		assert_string_equal(top.keys[i], spender[i].key);
	}
	if (strcmp(kit_engine(), "sqlite") != 0 && !getenv("BYNAME_WHOLE")) {
		print_message("%s: all over again in tests/soak/import only\n", kit_engine());
		return;
	}
	run(path, NULL, true, &p);
	assert_int_equal(p.counts.orders_new, 0);
	assert_int_equal(p.counts.orders_changed, 0);
	assert_int_equal(p.counts.records_new, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_global_electronics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_online_retail, setup, teardown),
	};
	struct error e;
	if (text_start(&e) != OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	text_stop();
	return failed;
}
