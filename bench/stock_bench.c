/* What stock costs: sales a second by 32 clients beside bare transactions that write the same rows without any rule,
 * and the grid of 60 places × 12 sizes beside one bare query of as many rows. Same engine, same run. bench/stock runs
 * it. */
#include "kit/stock_kit.h"

#include <pthread.h>
#include <stdlib.h>

#define CLIENTS 32
#define SECONDS 3
#define SKUS 240
#define PLACES 60
#define SIZES 12
#define LOOKS 400
#define DEEP 100000

static struct db *db;
static int64_t sku[SKUS], place[PLACES];
static bool bare;
static _Atomic bool stop;
static _Atomic int64_t serial;

static enum result fill_places(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	bool changed;
	for (int i = 0; i < PLACES; i++) {
		struct store s = { .kind = STORE_SHOP };
		snprintf(s.code, sizeof(s.code), "P%d", i);
		TRY(store_put(tx, &s, &place[i], &changed, e));
	}
	for (int i = 0; i < SKUS; i++) {
		struct sku s = { .list_minor = -1, .cost_minor = -1 };
		snprintf(s.code, sizeof(s.code), "S%d", i);
		TRY(sku_put(tx, &s, &sku[i], &changed, e));
	}
	return OK;
}

static void key_next(unsigned char key[HASH128_BYTES])
{
	int64_t n = ++serial;
	act_key(key, STR("bench"), (struct str){ (const char *)&n, sizeof(n) });
}

/* Some of everything, as it stands in a chain: available, held, committed, safety. */
static enum result fill_stock(struct db_tx *tx, void *arg, struct error *e)
{
	int i = *(int *)arg;
	struct act_in in = { .what = STR("bench.fill") };
	struct ledger_move moves[PLACES * 4];
	struct act act;
	static const int states[] = { UNIT_AVAILABLE, UNIT_HELD, UNIT_COMMITTED, UNIT_SAFETY };
	key_next(in.key);
	TRY(act_begin(tx, &in, &act, e));
	for (int p = 0; p < PLACES; p++)
		for (int s = 0; s < 4; s++)
			moves[p * 4 + s] = (struct ledger_move){ .subject = sku[i],
				                                 .from_place = place[p],
				                                 .to_place = place[p],
				                                 .from = UNIT_ADJUST,
				                                 .to = states[s],
				                                 .qty = s ? 2 : DEEP,
				                                 .reason = REASON_OPENING };
	TRY(unit_post(tx, &act, moves, PLACES * 4, e));
	return act_end(tx, &act, NULL, 0, e);
}

/* ---- Sales ------------------------------------------------------------------------------------------------------ */

struct client {
	pthread_t thread;
	struct kit_random rnd;
	int64_t done, *us;
	int64_t sku, place;
};

static enum result sell(struct db_tx *tx, void *arg, struct error *e)
{
	struct client *c = arg;
	struct unit_line l = { .sku = c->sku, .location = c->place, .qty = 1, .order = 90, .line = 1 };
	struct act_in in = { .what = STR("bench.sell") };
	struct act act;
	key_next(in.key);
	TRY(act_begin(tx, &in, &act, e));
	TRY(unit_step(tx, &act, STEP_SELL, &l, 1, e));
	return act_end(tx, &act, NULL, 0, e);
}

DB_STMT(bench_act, "ibitb", "",
        "INSERT INTO ledger_act (rkey, key, id, what, payload, at, moves) VALUES ($1, $2, $3, $4, $5, 1, 1)")
DB_STMT(bench_balance, "iiii", "",
        "UPDATE ledger_balance SET qty = qty + 1 WHERE rkey = $1 AND book = 1 AND subject = $2 AND place = $3 "
        "AND account = $4")
DB_STMT(bench_move, "iiiii", "",
        "INSERT INTO ledger_move (rkey, book, subject, act, n, at, from_place, from_account, to_place, to_account, "
        "qty, "
        "reason) VALUES ($1, 1, $2, $3, 0, $4, $5, 1, $5, 101, 1, 7)")

/* The same rows: an act, two balances, a move, a row of the feed. No key is looked at, no unit guarded. */
static enum result write_rows(struct db_tx *tx, void *arg, struct error *e)
{
	struct client *c = arg;
	unsigned char key[HASH128_BYTES];
	int64_t id = id_new(id_bucket(c->sku));
	struct str blob = { (const char *)key, sizeof(key) };
	key_next(key);
	TRY(db_exec(tx, &bench_act, NULL, e, DB_INT(key[0]), DB_BLOB(blob), DB_INT(id), DB_CSTR("bench.sell"),
	            DB_BLOB(blob)));
	TRY(db_exec(tx, &bench_balance, NULL, e, DB_INT(id_bucket(c->sku)), DB_INT(c->sku), DB_INT(c->place),
	            DB_INT(UNIT_AVAILABLE)));
	TRY(db_exec(tx, &bench_balance, NULL, e, DB_INT(id_bucket(c->sku)), DB_INT(c->sku), DB_INT(c->place),
	            DB_INT(UNIT_ADJUST)));
	TRY(db_exec(tx, &bench_move, NULL, e, DB_INT(id_bucket(c->sku)), DB_INT(c->sku), DB_INT(id), DB_INT(id),
	            DB_INT(c->place)));
	return feed_append(tx, FEED_STOCK, 0, c->sku, e);
}

#define SAMPLES 100000

static void *client_run(void *arg)
{
	struct client *c = arg;
	struct error e;
	while (!stop) {
		c->sku = sku[kit_random_below(&c->rnd, SKUS)];
		c->place = place[kit_random_below(&c->rnd, PLACES)];
		int64_t began = clock_monotonic();
		enum result r = db_transact(db, bare ? write_rows : sell, c, &e);
		if (r != OK) {
			fprintf(stderr, "%s: %s\n", e.code, e.detail);
			exit(1);
		}
		if (c->done < SAMPLES)
			c->us[c->done] = clock_monotonic() - began;
		c->done++;
	}
	return NULL;
}

static int us_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static int64_t sales(bool without_rules, double *p99)
{
	static struct client clients[CLIENTS];
	static int64_t all[CLIENTS * 4096];
	int64_t sum = 0;
	size_t n = 0;
	bare = without_rules;
	stop = false;
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){ .rnd = { (uint64_t)i + 1 }, .us = mem_calloc(SAMPLES, sizeof(int64_t)) };
		pthread_create(&clients[i].thread, NULL, client_run, &clients[i]);
	}
	struct timespec pause = { SECONDS, 0 };
	nanosleep(&pause, NULL);
	stop = true;
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		sum += clients[i].done;
		for (int64_t k = 0; k < clients[i].done && k < 4096; k++)
			all[n++] = clients[i].us[k];
		mem_free(clients[i].us);
	}
	qsort(all, n, sizeof(*all), us_cmp);
	*p99 = n ? (double)all[n * 99 / 100] / 1000 : 0;
	return sum / SECONDS;
}

/* ---- The grid --------------------------------------------------------------------------------------------------- */

static enum result grid(struct db_tx *tx, void *arg, struct error *e)
{
	struct stock_cell *cells;
	int count;
	int64_t *first = arg;
	return stock_grid(tx, first, SIZES, place, PLACES, db_tx_arena(tx), &cells, &count, e);
}

DB_STMT(bench_rows, "i", "iiii", "SELECT subject, place, account, qty FROM ledger_balance WHERE account < 100 LIMIT $1")

static enum result rows(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &bench_rows, &r, e, DB_INT(SIZES * PLACES * 4)));
	while ((step = db_next(r, e)) == DB_ROW)
		(void)db_int(r, 3);
	return step == DB_ERR ? e->result : OK;
}

static void looks(db_fn *fn, double *p50, double *p99)
{
	static int64_t us[LOOKS];
	for (int i = 0; i < LOOKS; i++) {
		int64_t began = clock_monotonic();
		if (db_read(db, fn, &sku[i * SIZES % (SKUS - SIZES)], &kit_err) != OK) {
			fprintf(stderr, "%s: %s\n", kit_err.code, kit_err.detail);
			exit(1);
		}
		us[i] = clock_monotonic() - began;
	}
	qsort(us, LOOKS, sizeof(*us), us_cmp);
	*p50 = (double)us[LOOKS / 2] / 1000;
	*p99 = (double)us[LOOKS * 99 / 100] / 1000;
}

static int bench(void)
{
	double p99, bare_p99, p50;
	db = kit_db();
	if (db_transact(db, fill_places, NULL, &kit_err) != OK)
		return 1;
	for (int i = 0; i < SKUS; i++)
		if (db_transact(db, fill_stock, &i, &kit_err) != OK)
			return 1;
	int64_t without = sales(true, &bare_p99), with = sales(false, &p99);
	int64_t again = sales(true, &bare_p99);
	without = (without + again) / 2;
	printf("%-10s sales by %d clients: %lld/s, p99 %.1f ms; the same rows bare: %lld/s, p99 %.1f ms; ratio %.2f\n",
	       kit_engine(), CLIENTS, (long long)with, p99, (long long)without, bare_p99,
	       (double)with / (double)without);
	looks(grid, &p50, &p99);
	printf("%-10s grid of %d places × %d sizes: p50 %.2f ms, p99 %.2f ms", kit_engine(), PLACES, SIZES, p50, p99);
	looks(rows, &p50, &bare_p99);
	printf("; as many rows by one query: p50 %.2f ms, p99 %.2f ms\n", p50, bare_p99);
	kit_db_close(db);
	return 0;
}

int main(void)
{
	int r = bench();
	if (r)
		fprintf(stderr, "%s: %s\n", kit_err.code, kit_err.detail);
	return r;
}
