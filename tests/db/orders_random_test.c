/* rooms: orders stock ledger timeline people shop feed db text money base */
/* Random commands on orders and stock, the nine invariants after every step; and that the invariants can fail: a dozen
 * deliberate faults, each caught. BYNAME_SEED replays one; BYNAME_SEEDS, BYNAME_STEPS and BYNAME_CLIENTS make it long
 * (tests/soak/orders). */
#include "kit/orders_sim.h"
#include "feed/room.h"
#include <pthread.h>
#include <stdlib.h>

static struct sim_stats stats;

static int64_t setting(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);
	return text ? atoll(text) : otherwise;
}

static void found(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg;
	fail_msg("%s: %s (%s)", room, invariant, detail);
}

static void whole_check(struct db *db)
{
	assert_ok(ledger_room.check(db, found, NULL, &kit_err));
	assert_ok(stock_room.check(db, found, NULL, &kit_err));
	assert_ok(orders_room.check(db, found, NULL, &kit_err));
}

/* ---- One after the other ---------------------------------------------------------------------------------------- */

/* The step that broke something, or -1. */
static int run_seed(struct db *db, uint64_t seed, int steps, struct sim_stats *into, char detail[256])
{
	struct shop shop;
	struct sim sim;
	int broken = -1;
	sim_shop(&shop, db);
	sim_open(&sim, &shop, seed, into, true);
	for (int i = 0; i < steps && broken < 0; i++)
		if (!sim_step(&sim))
			broken = i;
	memcpy(detail, sim.detail, sizeof(sim.detail));
	sim_close(&sim);
	return broken;
}

static void print_stats(void)
{
	static const char *const outcomes[SIM_OUTCOMES] = { "done", "replayed", "refused", "invalid", "crashed" };
	print_message("%lld steps, %lld holds lapsed\n", (long long)stats.steps, (long long)stats.swept);
	print_message("reported returns: %lld, crashed %lld; units: %lld of orders, %lld parked; unmatched %lld\n",
	              (long long)stats.reported[SIM_DONE], (long long)stats.reported[SIM_CRASHED],
	              (long long)stats.returned, (long long)stats.parked, (long long)stats.unmatched);
	for (int k = 1; k < COMMANDS; k++)
		for (int st = 0; st < BOOK_STATES; st++)
			for (int o = 0; o < SIM_OUTCOMES; o++)
				if (stats.order[st][k][o])
					print_message("%-20s %-10s %-9s %lld\n", order_command_name(k),
					              st ? book_state_name(st) : "-", outcomes[o],
					              (long long)stats.order[st][k][o]);
	for (int k = 1; k < STOCK_KINDS; k++)
		for (int o = 0; o < SIM_OUTCOMES; o++)
			if (stats.stock[k][o])
				print_message("%-31s %-9s %lld\n", stock_kind_name(k), outcomes[o],
				              (long long)stats.stock[k][o]);
}

static void invariants_hold(void **state)
{
	(void)state;
	int64_t seeds = setting("BYNAME_SEEDS", strcmp(kit_engine(), "sqlite") ? 3 : 12),
	        steps = setting("BYNAME_STEPS", 250);
	struct kit_random first;
	kit_random_seed(&first, 4711);
	struct db *db = kit_db();
	for (int64_t i = 0; i < seeds; i++) {
		char detail[256];
		int at = run_seed(db, first.state + (uint64_t)i, (int)steps, &stats, detail);
		if (at >= 0)
			fail_msg("BYNAME_SEED=%llu BYNAME_SEEDS=1, step %d: %s",
			         (unsigned long long)(first.state + (uint64_t)i), at, detail);
	}
	whole_check(db);
	kit_db_close(db);
	print_stats();
	/* every command came through, in the long run in every state that allows it; in no other */
	for (int k = COMMAND_PLACE; k < COMMANDS; k++) {
		int64_t done = 0;
		for (int st = 0; st < BOOK_STATES; st++) {
			done += stats.order[st][k][SIM_DONE];
			if (st && book_allows(st, k) && stats.steps >= 1000000)
				assert_true(stats.order[st][k][SIM_DONE] >= 100);
			if (st && !book_allows(st, k))
				assert_int_equal(stats.order[st][k][SIM_DONE], 0);
		}
		assert_true(done > 0 || stats.steps < 20000);
	}
}

/* ---- Side by side ----------------------------------------------------------------------------------------------- */

struct client {
	pthread_t thread;
	struct shop shop;
	struct sim_stats stats;
	uint64_t seed;
	const int64_t *orders;
	int steps, broken;
	char detail[256];
};

static void *client_run(void *arg)
{
	struct client *c = arg;
	struct sim sim;
	sim_open(&sim, &c->shop, c->seed, &c->stats, false);
	memcpy(sim.orders, c->orders, sizeof(sim.orders));
	c->broken = -1;
	for (int i = 0; i < c->steps && c->broken < 0; i++)
		if (!sim_step(&sim))
			c->broken = i;
	memcpy(c->detail, sim.detail, sizeof(c->detail));
	sim_close(&sim);
	return NULL;
}

static void stats_add(struct sim_stats *sum, const struct sim_stats *s)
{
	for (int k = 0; k < COMMANDS; k++)
		for (int st = 0; st < BOOK_STATES; st++)
			for (int o = 0; o < SIM_OUTCOMES; o++)
				sum->order[st][k][o] += s->order[st][k][o];
	for (int k = 0; k < STOCK_KINDS; k++)
		for (int o = 0; o < SIM_OUTCOMES; o++)
			sum->stock[k][o] += s->stock[k][o];
	sum->swept += s->swept;
	sum->steps += s->steps;
}

/* Clients of one shop, on the same SKUs and at first on the same orders. PostgreSQL: half of them through a second
 * server's handle. */
static void many_clients(void **state)
{
	(void)state;
	int64_t rounds = setting("BYNAME_ROUNDS", 2), steps = setting("BYNAME_STEPS", 60);
	int count = (int)setting("BYNAME_CLIENTS", 8);
	struct db *db = kit_db(), *second = db;
	struct client *clients = mem_calloc((size_t)count, sizeof(*clients));
	assert_non_null(clients);
	if (db_engine(db) == DB_POSTGRES) {
		struct db_config config = { .url = kit_db_url(), .readers = count };
		assert_ok(db_open(&config, &second, &kit_err));
	}
	for (int64_t round = 0; round < rounds; round++) {
		struct shop shop;
		struct sim sim;
		sim_shop(&shop, db);
		sim_open(&sim, &shop, 99 + (uint64_t)round, &stats, true);
		for (int i = 0; i < 40; i++)
			assert_true(sim_step(&sim));
		for (int i = 0; i < count; i++) {
			clients[i] = (struct client){ .shop = shop,
				                      .seed = (uint64_t)(round * count + i + 1) << 20,
				                      .orders = sim.orders,
				                      .steps = (int)steps };
			clients[i].shop.db = i % 2 ? second : db;
			assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
		}
		for (int i = 0; i < count; i++)
			pthread_join(clients[i].thread, NULL);
		for (int i = 0; i < count; i++) {
			if (clients[i].broken >= 0)
				fail_msg("client %d, step %d: %s", i, clients[i].broken, clients[i].detail);
			stats_add(&stats, &clients[i].stats);
		}
		sim_close(&sim);
	}
	whole_check(db);
	mem_free(clients);
	if (second != db)
		db_close(second);
	kit_db_close(db);
}

/* ---- The checker can fail --------------------------------------------------------------------------------------- */

#ifndef NDEBUG
static bool caught(struct db *db, int mutant, char detail[256])
{
	mutant_on = (enum mutant)mutant;
	int at = -1;
	for (uint64_t seed = 1; seed <= 40 && at < 0; seed++)
		at = run_seed(db, seed * 7919, 150, &stats, detail);
	mutant_on = MUTANT_NONE;
	return at >= 0;
}

static void a_dozen_faults_are_caught(void **state)
{
	(void)state;
	if (strcmp(kit_engine(), "sqlite")) {
		print_message("skipped: deliberate faults are the same on every engine\n");
		skip();
	}
	for (int m = MUTANT_ORDERS; m < (MUTANT_ORDERS + 12); m++) {
		struct db *db = kit_db();
		char detail[256];
		bool good = caught(db, m, detail);
		kit_db_close(db);
		if (!good)
			fail_msg("deliberate fault %d was not caught", m);
		print_message("fault %d: %s\n", m, detail);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants_hold),
		cmocka_unit_test(many_clients),
#ifndef NDEBUG
		cmocka_unit_test(a_dozen_faults_are_caught),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
