/* rooms: orders stock ledger timeline people shop feed db text money base */
/* Random commands on orders and stock, the nine invariants after every step; and that the invariants can fail: a dozen
 * deliberate faults, each caught. BYNAME_SEED replays one (BYNAME_SEEDS=1); BYNAME_SEEDS, BYNAME_STEPS, BYNAME_ROUNDS
 * and BYNAME_CLIENTS make it long, BYNAME_SOAK_DIR lets it go on where it was interrupted, BYNAME_WORKER of
 * BYNAME_WORKERS takes every so manyth seed, BYNAME_TEST runs one of the tests (tests/soak/orders). */
#include "kit/orders_sim.h"
#include "kit/soak.h"
#include "feed/room.h"
#include <pthread.h>
#include <stdlib.h>

#define SEEDS_A_DATABASE 32 /* then a new one, whose indexes are small */
#define ROUNDS_A_DATABASE 10
#define SAY_EVERY 10 /* databases */
#define FIRST_SEED 4711
#define NAME_MAX_BYTES 40
#define SETTINGS_BYTES 120

/* What is kept of a run: how far it is, and what it came to. */
struct run {
	int64_t done;
	struct sim_stats stats;
};
#define RUN_NUMBERS (sizeof(struct run) / sizeof(int64_t))

static struct sim_stats all, crowd; /* that this process made: one after the other, side by side */

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
	sim_shop(&shop, db, seed);
	sim_open(&sim, &shop, seed, into, true);
	for (int i = 0; i < steps && broken < 0; i++)
		if (!sim_step(&sim))
			broken = i;
	if (broken < 0 && !sim_end(&sim))
		broken = steps;
	memcpy(detail, sim.detail, sizeof(sim.detail));
	sim_close(&sim);
	return broken;
}

static int64_t seed_count(void)
{
	return soak_setting("BYNAME_SEEDS", strcmp(kit_engine(), "sqlite") ? 3 : 12);
}

static int64_t step_count(void)
{
	return soak_setting("BYNAME_STEPS", 250);
}

static void alone_names(int64_t worker, int64_t workers, char name[NAME_MAX_BYTES], char settings[SETTINGS_BYTES])
{
	struct kit_random first;
	kit_random_seed(&first, FIRST_SEED);
	snprintf(name, NAME_MAX_BYTES, "alone-%lld-of-%lld", (long long)worker, (long long)workers);
	snprintf(settings, SETTINGS_BYTES, "%lld seeds from %llu of %lld steps", (long long)seed_count(),
	         (unsigned long long)first.state, (long long)step_count());
}

/* The seeds from + worker, + worker + workers, … in a database; how many were played. */
static int64_t seeds_play(struct run *run, uint64_t first, int64_t worker, int64_t workers)
{
	struct db *db = kit_db();
	int64_t played = 0, seeds = seed_count();
	for (; played < SEEDS_A_DATABASE; played++) {
		int64_t n = (run->done + played) * workers + worker;
		char detail[256];
		if (n >= seeds)
			break;
		int at = run_seed(db, first + (uint64_t)n, (int)step_count(), &run->stats, detail);
		if (at >= 0)
			fail_msg("BYNAME_SEED=%llu BYNAME_SEEDS=1, step %d: %s",
			         (unsigned long long)(first + (uint64_t)n), at, detail);
	}
	whole_check(db);
	kit_db_close(db);
	return played;
}

static void invariants_hold(void **state)
{
	(void)state;
	int64_t worker = soak_setting("BYNAME_WORKER", 0), workers = soak_setting("BYNAME_WORKERS", 1);
	char name[NAME_MAX_BYTES], settings[SETTINGS_BYTES];
	struct kit_random first;
	struct run run = { 0 };
	kit_random_seed(&first, FIRST_SEED);
	alone_names(worker, workers, name, settings);
	soak_load(name, settings, (int64_t *)&run, RUN_NUMBERS);
	for (int64_t played = 1, databases = 1; run.done * workers + worker < seed_count() && played; databases++) {
		played = seeds_play(&run, first.state, worker, workers);
		run.done += played;
		soak_save(name, settings, (const int64_t *)&run, RUN_NUMBERS);
		if (databases % SAY_EVERY == 0)
			soak_say("%s: %lld seeds, %lld steps", name, (long long)run.done, (long long)run.stats.steps);
	}
	soak_say("%s: done, %lld seeds, %lld steps", name, (long long)run.done, (long long)run.stats.steps);
	tally_add(&all, &run.stats);
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

static void round_play(struct db *db, struct db *second, struct client *clients, int count, int64_t round,
                       struct sim_stats *into)
{
	int64_t steps = soak_setting("BYNAME_CLIENT_STEPS", 60);
	struct shop shop;
	struct sim sim;
	sim_shop(&shop, db, (uint64_t)round + 1);
	sim_open(&sim, &shop, 99 + (uint64_t)round, into, true);
	for (int i = 0; i < 40; i++)
		if (!sim_step(&sim))
			fail_msg("round %lld, step %d before the clients: %s", (long long)round, i, sim.detail);
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
			fail_msg("round %lld, client %d, step %d: %s", (long long)round, i, clients[i].broken,
			         clients[i].detail);
		tally_add(into, &clients[i].stats);
	}
	sim_check_all(&sim);
	if (sim.bad)
		fail_msg("round %lld, after the clients: %s", (long long)round, sim.detail);
	sim_close(&sim);
}

/* Clients of one shop, on the same SKUs and at first on the same orders. PostgreSQL: half of them through a second
 * server's handle. */
static void rounds_play(struct run *run, int64_t rounds)
{
	int count = (int)soak_setting("BYNAME_CLIENTS", 8);
	struct db *db = kit_db(), *second = db;
	struct client *clients = mem_calloc((size_t)count, sizeof(*clients));
	assert_non_null(clients);
	if (db_engine(db) == DB_POSTGRES) {
		struct db_config config = { .url = kit_db_url(), .readers = count, .limit_ms = kit_limit_ms() };
		assert_ok(db_open(&config, &second, &kit_err));
	}
	for (int i = 0; i < ROUNDS_A_DATABASE && run->done < rounds; i++)
		round_play(db, second, clients, count, run->done++, &run->stats);
	whole_check(db);
	mem_free(clients);
	if (second != db)
		db_close(second);
	kit_db_close(db);
}

static void crowd_settings(char settings[SETTINGS_BYTES])
{
	snprintf(settings, SETTINGS_BYTES, "%lld rounds of %lld clients' %lld steps",
	         (long long)soak_setting("BYNAME_ROUNDS", 2), (long long)soak_setting("BYNAME_CLIENTS", 8),
	         (long long)soak_setting("BYNAME_CLIENT_STEPS", 60));
}

static void many_clients(void **state)
{
	(void)state;
	int64_t rounds = soak_setting("BYNAME_ROUNDS", 2);
	char settings[SETTINGS_BYTES];
	struct run run = { 0 };
	crowd_settings(settings);
	soak_load("clients", settings, (int64_t *)&run, RUN_NUMBERS);
	while (run.done < rounds) {
		rounds_play(&run, rounds);
		soak_save("clients", settings, (const int64_t *)&run, RUN_NUMBERS);
		soak_say("clients: %lld rounds of %lld, %lld steps", (long long)run.done, (long long)rounds,
		         (long long)run.stats.steps);
	}
	tally_add(&crowd, &run.stats);
}

/* ---- What it came to -------------------------------------------------------------------------------------------- */

/* Of all workers, where they kept it; else of this process. */
static void everything(struct sim_stats *alone, struct sim_stats *beside)
{
	int64_t workers = soak_setting("BYNAME_WORKERS", 1);
	char name[NAME_MAX_BYTES], settings[SETTINGS_BYTES];
	struct run run = { 0 };
	*alone = all;
	*beside = crowd;
	if (!getenv("BYNAME_SOAK_DIR"))
		return;
	*alone = (struct sim_stats){ 0 };
	for (int64_t i = 0; i < workers; i++) {
		run = (struct run){ 0 };
		alone_names(i, workers, name, settings);
		soak_load(name, settings, (int64_t *)&run, RUN_NUMBERS);
		tally_add(alone, &run.stats);
	}
	run = (struct run){ 0 };
	crowd_settings(settings);
	soak_load("clients", settings, (int64_t *)&run, RUN_NUMBERS);
	*beside = run.stats;
}

/* No command did what its order's state does not allow; and in a long run (BYNAME_LEAST) each transition had each
 * outcome that it can have so many times. */
static void every_transition_and_outcome(void **state)
{
	(void)state;
	struct sim_stats sum, beside;
	struct tally_gap gap = { .least = soak_setting("BYNAME_LEAST", 0) };
	everything(&sum, &beside);
	tally_tell(&sum, &gap);
	tally_crowd(&beside);
	if (gap.rare || gap.never)
		fail_msg("%d were too rare, %d cannot be", gap.rare, gap.never);
	assert_true(sum.steps + beside.steps > 0);
}

/* ---- The checker can fail --------------------------------------------------------------------------------------- */

#ifndef NDEBUG
static bool caught(struct db *db, int mutant, char detail[256])
{
	mutant_on = (enum mutant)mutant;
	int at = -1;
	for (uint64_t seed = 1; seed <= 40 && at < 0; seed++)
		at = run_seed(db, seed * 7919, 150, &all, detail);
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
		cmocka_unit_test(every_transition_and_outcome),
#ifndef NDEBUG
		cmocka_unit_test(a_dozen_faults_are_caught),
#endif
	};
	cmocka_set_test_filter(getenv("BYNAME_TEST")); /* NULL: all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
