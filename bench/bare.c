/* clang-format off */
/* The peers of bench/server: bare prepared loops, one thread, on sqlite3 and libpq themselves. Prints what it did a
 * second.
 *
 *	bare rows FILE SECONDS BATCH              rows of ~300 bytes with 3 indexes, one of them unique, into SQLite,
 *	                                          durable; behind those that are there
 *	bare fill FILE ROWS                       makes such a file
 *	bare syncs FILE COUNT                     appends 8 KiB and syncs, so often; the 99th percentile in ms
 *	bare cards URL IDS uniform|zipf SECONDS   the rows that a greeting card reads, by the statements the rooms read
 *	                                          them with (found by name); nothing is made of them
 */
/* clang-format on */
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "random.h"
#include "db/db.h"
#include "desk/desk.h"
#include <endian.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "bare: %s\n", what);
	exit(2);
}

static void sqlite_check(sqlite3 *h, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
		die(sqlite3_errmsg(h));
}

/* ---- Rows ---- */

static void row_put(sqlite3 *h, sqlite3_stmt *st, int64_t i)
{
	static const char fill[] = "{\"path\":\"/en/products/1234567890\",\"referrer\":\"https://search.example\","
	                           "\"sku\":\"SKU-00042\",\"price\":129.90,\"campaign\":\"spring-12345\","
	                           "\"device\":\"tablet\",\"session\":\"0123456789abcdef\"}";
	char message[40];
	unsigned char key[HASH128_BYTES];
	uint64_t at = (uint64_t)i;
	int64_t record = (int64_t)(random_next(&at) % 100000);
	int n = snprintf(message, sizeof(message), "m%016llx", (unsigned long long)i);
	hash128(key, (struct str[]){ STR("bench"), { message, (size_t)n } }, 2);
	sqlite3_bind_int64(st, 1, i);
	sqlite3_bind_int64(st, 2, record % 4096);
	sqlite3_bind_int64(st, 3, record);
	sqlite3_bind_int64(st, 4, 1700000000000000 + i);
	sqlite3_bind_blob(st, 5, key, sizeof(key), SQLITE_STATIC);
	sqlite3_bind_text(st, 6, "Product Viewed", -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 7, "Coat of line 12", -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 8, fill, sizeof(fill) - 1, SQLITE_STATIC);
	sqlite_check(h, sqlite3_step(st));
	sqlite_check(h, sqlite3_reset(st));
}

static const char table[] =
        "CREATE TABLE IF NOT EXISTS touch (id INTEGER PRIMARY KEY, rkey INT NOT NULL, record INT NOT NULL,"
        " at INT NOT NULL, key BLOB NOT NULL, kind TEXT NOT NULL, title TEXT, body TEXT);";
static const char indexes[] = "CREATE INDEX IF NOT EXISTS touch_record ON touch (rkey, record, at);"
                              "CREATE INDEX IF NOT EXISTS touch_at ON touch (at);"
                              "CREATE UNIQUE INDEX IF NOT EXISTS touch_key ON touch (key)";

static void run(sqlite3 *h, const char *sql)
{
	sqlite_check(h, sqlite3_exec(h, sql, NULL, NULL, NULL));
}

static sqlite3 *rows_open(const char *path)
{
	sqlite3 *h;
	if (sqlite3_open(path, &h) != SQLITE_OK)
		die(path);
	run(h, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536");
	run(h, table);
	return h;
}

static int64_t rows_put(sqlite3 *h, int64_t first, int64_t count, int64_t batch, int64_t until)
{
	sqlite3_stmt *st;
	int64_t n = first;
	sqlite_check(h, sqlite3_prepare_v2(h, "INSERT INTO touch VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", -1,
	                                   &st, NULL));
	while (n < first + count && clock_monotonic() < until) {
		run(h, "BEGIN IMMEDIATE");
		for (int64_t i = 0; i < batch && n < first + count; i++)
			row_put(h, st, n++);
		run(h, "COMMIT");
	}
	sqlite3_finalize(st);
	return n - first;
}

static int64_t rows_first(sqlite3 *h)
{
	sqlite3_stmt *st;
	sqlite_check(h, sqlite3_prepare_v2(h, "SELECT COALESCE(MAX(id), 0) + 1 FROM touch", -1, &st, NULL));
	sqlite_check(h, sqlite3_step(st));
	int64_t first = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return first;
}

static double rows(const char *path, double seconds, int64_t batch)
{
	sqlite3 *h = rows_open(path);
	run(h, indexes);
	int64_t first = rows_first(h), start = clock_monotonic();
	int64_t n = rows_put(h, first, INT64_MAX - first, batch, start + (int64_t)(seconds * USEC));
	double rate = (double)n * USEC / (double)(clock_monotonic() - start);
	sqlite3_close(h);
	return rate;
}

static double fill(const char *path, int64_t count)
{
	sqlite3 *h = rows_open(path);
	int64_t start = clock_monotonic();
	run(h, "PRAGMA synchronous=OFF");
	rows_put(h, rows_first(h), count, 100000, INT64_MAX);
	run(h, indexes);
	sqlite3_close(h);
	return (double)count * USEC / (double)(clock_monotonic() - start);
}

/* ---- Syncs ---- */

static int by_time(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
	return (a > b) - (a < b);
}

/* What any durable answer of this machine waits for at least: 8 KiB appended, then fdatasync; p99 in ms. */
static double syncs(const char *path, int count)
{
	static char block[8192];
	int64_t *took = calloc((size_t)count, sizeof(*took));
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || !took)
		die(path);
	for (int i = 0; i < count; i++) {
		int64_t start = clock_monotonic();
		if (write(fd, block, sizeof(block)) != sizeof(block) || fdatasync(fd) != 0)
			die(path);
		took[i] = clock_monotonic() - start;
		usleep(1000);
	}
	qsort(took, (size_t)count, sizeof(*took), by_time);
	double p99 = (double)took[(size_t)count * 99 / 100] / 1000;
	close(fd);
	free(took);
	return p99;
}

/* ---- Cards ---- */

#define ALL INT64_MAX
enum of { OF_CUSTOMER, OF_ORDER };
/* What desk_card() asks for one customer of one record, then for each of its orders. */
static const struct ask {
	const char *name;
	int64_t rest[4]; /* after rkey and id */
	int params;
	enum of of;
} asks[] = {
	{ "person_records", { 0 }, 2, OF_CUSTOMER },
	{ "person_identifiers", { 2000 }, 3, OF_CUSTOMER },
	{ "spending_sums", { 0 }, 2, OF_CUSTOMER },
	{ "served_by", { 0 }, 2, OF_CUSTOMER },
	{ "bought_of", { 0 }, 2, OF_CUSTOMER },
	{ "served_at", { 0 }, 2, OF_CUSTOMER },
	{ "fact_select", { 3, 200 }, 4, OF_CUSTOMER },
	{ "order_select_places", { ALL, ALL, 3, 8 }, 6, OF_CUSTOMER },
	{ "touchpoint_page", { ALL, ALL, 0, 30 }, 6, OF_CUSTOMER },
	{ "consent_rows", { 0 }, 2, OF_CUSTOMER },
	{ "order_select", { 0 }, 2, OF_ORDER },
	{ "order_line_select", { 0 }, 2, OF_ORDER },
};
#define ASKS (sizeof(asks) / sizeof(asks[0]))
#define PLACES 7 /* index of order_select_places */
#define ORDERS_MOST 8

static const struct db_stmt *found[ASKS];
static volatile int64_t sink;

static void asks_find(void)
{
	size_t n;
	const struct db_stmt *all = db_stmts(&n);
	for (size_t k = 0; k < ASKS; k++) {
		for (size_t i = 0; i < n; i++)
			if (!strcmp(all[i].name, asks[k].name))
				found[k] = &all[i];
		if (!found[k] || (int)strlen(found[k]->params) != asks[k].params) {
			fprintf(stderr, "bare: the card's statement %s has changed: mend the list in bench/bare.c\n",
			        asks[k].name);
			exit(2);
		}
	}
}

static int64_t param(const struct ask *k, int i, int64_t id)
{
	return i == 0 ? (int64_t)id_bucket(id) : i == 1 ? id : k->rest[i - 2];
}

static sqlite3 *lite;
static sqlite3_stmt *lite_st[ASKS];

static void lite_open(const char *path)
{
	if (sqlite3_open_v2(path, &lite, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		die(path);
	sqlite3_exec(lite, "PRAGMA cache_size=-16384", NULL, NULL, NULL);
	for (size_t k = 0; k < ASKS; k++)
		sqlite_check(lite, sqlite3_prepare_v2(lite, found[k]->sql, -1, &lite_st[k], NULL));
}

static int lite_ask(size_t k, int64_t id, int64_t *orders)
{
	sqlite3_stmt *st = lite_st[k];
	int n = 0;
	for (int i = 0; i < asks[k].params; i++) {
		char name[] = { '$', (char)('1' + i), 0 };
		sqlite3_bind_int64(st, sqlite3_bind_parameter_index(st, name), param(&asks[k], i, id));
	}
	while (sqlite3_step(st) == SQLITE_ROW) {
		int cols = sqlite3_column_count(st);
		for (int c = 0; c < cols; c++)
			sink += sqlite3_column_type(st, c) == SQLITE_TEXT ? *sqlite3_column_text(st, c)
			                                                  : sqlite3_column_int64(st, c);
		if (orders && n < ORDERS_MOST)
			orders[n++] = sqlite3_column_int64(st, 1);
	}
	sqlite_check(lite, sqlite3_reset(st));
	return n;
}

static PGconn *pg;

static void pg_open(const char *url)
{
	const Oid bigints[6] = { 20, 20, 20, 20, 20, 20 };
	pg = PQconnectdb(url);
	if (PQstatus(pg) != CONNECTION_OK)
		die(PQerrorMessage(pg));
	for (size_t k = 0; k < ASKS; k++) {
		PGresult *r = PQprepare(pg, found[k]->name, found[k]->sql, asks[k].params, bigints);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			die(PQerrorMessage(pg));
		PQclear(r);
	}
}

static int pg_ask(size_t k, int64_t id, int64_t *orders)
{
	uint64_t values[6];
	const char *at[6];
	const int lengths[6] = { 8, 8, 8, 8, 8, 8 }, binary[6] = { 1, 1, 1, 1, 1, 1 };
	for (int i = 0; i < asks[k].params; i++) {
		values[i] = htobe64((uint64_t)param(&asks[k], i, id));
		at[i] = (const char *)&values[i];
	}
	PGresult *r = PQexecPrepared(pg, found[k]->name, asks[k].params, at, lengths, binary, 1);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		die(PQerrorMessage(pg));
	int n = PQntuples(r), cols = PQnfields(r);
	for (int i = 0; i < n; i++) {
		for (int c = 0; c < cols; c++)
			sink += PQgetlength(r, i, c) ? *PQgetvalue(r, i, c) : 0;
		if (orders && i < ORDERS_MOST) {
			uint64_t v;
			memcpy(&v, PQgetvalue(r, i, 1), sizeof(v));
			orders[i] = (int64_t)be64toh(v);
		}
	}
	PQclear(r);
	return n > ORDERS_MOST ? ORDERS_MOST : n;
}

static void card(int64_t id)
{
	int64_t orders[ORDERS_MOST];
	int n = 0;
	int (*ask)(size_t, int64_t, int64_t *) = pg ? pg_ask : lite_ask;
	if (!pg)
		sqlite3_exec(lite, "BEGIN", NULL, NULL, NULL);
	for (size_t k = 0; k < ASKS; k++) {
		if (asks[k].of == OF_CUSTOMER) {
			int got = ask(k, id, k == PLACES ? orders : NULL);
			n = k == PLACES ? got : n;
		}
		for (int o = 0; asks[k].of == OF_ORDER && o < n; o++)
			ask(k, orders[o], NULL);
	}
	if (!pg)
		sqlite3_exec(lite, "COMMIT", NULL, NULL, NULL);
}

static int64_t *ids_read(const char *path, size_t *count)
{
	FILE *f = fopen(path, "r");
	int64_t *ids = NULL;
	size_t n = 0;
	char line[64];
	while (f && fgets(line, sizeof(line), f)) {
		if ((n & (n - 1)) == 0)
			ids = realloc(ids, (n ? 2 * n : 1) * sizeof(*ids));
		if (!ids || !id_parse(str_trim(str_c(line)), ID_CUSTOMER, &ids[n++]))
			die("no customer ids");
	}
	if (!n)
		die(path);
	fclose(f);
	*count = n;
	return ids;
}

static double cards(const char *url, const char *path, bool zipf, double seconds)
{
	size_t n;
	int64_t *ids = ids_read(path, &n), made = 0;
	uint64_t rnd = (uint64_t)clock_now();
	asks_find();
	if (strstr(url, "host=") || str_starts(str_c(url), STR("postgres")))
		pg_open(url);
	else
		lite_open(url);
	int64_t start = clock_monotonic();
	for (; clock_monotonic() < start + (int64_t)(seconds * USEC); made++)
		card(ids[random_pick(&rnd, n, zipf)]);
	free(ids);
	return (double)made * USEC / (double)(clock_monotonic() - start);
}

int main(int argc, char **argv)
{
	/* Named so that the rooms' statements are linked in. */
	enum result (*volatile used)(const struct desk *, const struct principal *, int64_t, bool, const char *,
	                             struct json_writer *, struct error *) = desk_card;
	double rate = 0;
	if (argc == 5 && used && !strcmp(argv[1], "rows"))
		rate = rows(argv[2], atof(argv[3]), atoll(argv[4]));
	else if (argc == 4 && !strcmp(argv[1], "syncs"))
		return printf("%.2f\n", syncs(argv[2], atoi(argv[3]))) < 0;
	else if (argc == 4 && !strcmp(argv[1], "fill"))
		rate = fill(argv[2], atoll(argv[3]));
	else if (argc == 6 && !strcmp(argv[1], "cards"))
		rate = cards(argv[2], argv[3], !strcmp(argv[4], "zipf"), atof(argv[5]));
	else
		die("usage: bare rows FILE SECONDS BATCH | fill FILE ROWS | syncs FILE COUNT | cards URL IDS "
		    "uniform|zipf SECONDS");
	printf("%.0f\n", rate);
	return 0;
}
