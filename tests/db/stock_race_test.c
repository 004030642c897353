/* rooms: stock ledger shop feed db text money base */
#include <stdio.h>
#include <stdlib.h>
#include <pthread.h>
#include "kit/soak.h"
#include "kit/stock_kit.h"

/* Sixty-four clients at once on the last unit, on one hold, on one key: exactly one of them wins, and the book adds up.
 * PostgreSQL: through two database handles, as two server processes. BYNAME_RACE_ROUNDS: rounds; BYNAME_TEST: one of
 * them (tests/soak/stock-races). */

#define CLIENTS 64
#define ROUNDS 200
#define LOOK_EVERY 50

static struct stock_kit k;
static struct db *other; /* a second server's */

struct client {
	pthread_t thread;
	int n;
	enum result result;
	struct error error;
	struct stock_outcome out;
	enum { DID_USE, DID_RELEASE, DID_EXPIRE, DID_EXTEND } did;
};

static struct client clients[CLIENTS];
static pthread_barrier_t begin, end;
static void (*play)(struct client *c, struct db *db);
static int64_t round_no, hold;
static int which; /* SKU that they play for */
static bool over;

static void *client_run(void *arg)
{
	struct client *c = arg;
	for (;;) {
		pthread_barrier_wait(&begin);
		if (over)
			return NULL;
		play(c, c->n % 2 && other ? other : k.db);
		pthread_barrier_wait(&end);
	}
}

static void key_make(unsigned char key[HASH128_BYTES], int client)
{
	int64_t v[2] = { round_no, client };
	act_key(key, STR("race"), (struct str){ (const char *)v, sizeof(v) });
}

/* The machine did: it got no connection, and did nothing. */
static bool stood_still(const struct client *c)
{
	return c->result == ERR_BUSY && strcmp(c->error.code, "db.pool") == 0;
}

static void command(struct client *c, struct db *db, int key, struct stock_command command)
{
	struct stock_call call = { .c = command };
	key_make(call.key, key);
	do
		c->result = db_transact(db, stock_call_run, &call, &c->error);
	while (stood_still(c));
	c->out = call.out;
}

static void step(struct client *c, struct db *db, enum unit_step s, int64_t qty, int64_t from_hold)
{
	struct step_call call = { .step = s,
		                  .count = 1,
		                  .line = { { .sku = k.sku[which],
		                              .location = k.place[0],
		                              .qty = qty,
		                              .order = 90,
		                              .line = 1,
		                              .hold = from_hold } } };
	key_make(call.key, c->n);
	do
		c->result = db_transact(db, step_call_run, &call, &c->error);
	while (stood_still(c));
}

/* ---- What they play --------------------------------------------------------------------------------------------- */

static void last_unit(struct client *c, struct db *db)
{
	if (c->n % 3 == 0)
		command(c, db, c->n,
		        (struct stock_command){ .kind = STOCK_HOLD_PLACE,
		                                .sku = k.sku[which],
		                                .location = k.place[0],
		                                .qty = 1,
		                                .at = clock_now() + DAY_US });
	else
		step(c, db, c->n % 3 == 1 ? STEP_COMMIT : STEP_SELL, 1, 0);
}

static enum result expire(struct db_tx *tx, void *arg, struct error *e)
{
	return hold_sweep(tx, clock_now() + 2 * DAY_US, 10, arg, e);
}

/* Most want to use it; some release it, one extends it, some let it lapse. Another part for each client in each round.
 */
static void one_hold(struct client *c, struct db *db)
{
	int swept, part = (c->n * 5 + (int)round_no * 13) % CLIENTS;
	c->did = part < 8 ? DID_RELEASE : part < 16 ? DID_EXPIRE : part == 16 ? DID_EXTEND : DID_USE;
	if (c->did == DID_RELEASE)
		command(c, db, c->n, (struct stock_command){ .kind = STOCK_HOLD_RELEASE, .id = hold });
	else if (c->did == DID_EXPIRE)
		c->result = db_transact(db, expire, &swept, &c->error); /* whether it did is asked afterwards */
	else if (c->did == DID_EXTEND)
		command(c, db, c->n,
		        (struct stock_command){
		                .kind = STOCK_HOLD_EXTEND, .id = hold, .at = clock_now() + 3 * DAY_US });
	else
		step(c, db, c->n % 2 ? STEP_COMMIT : STEP_SELL, 1, hold);
}

static void one_key(struct client *c, struct db *db)
{
	command(c, db, -1,
	        (struct stock_command){ .kind = STOCK_ADJUST,
	                                .sku = k.sku[0],
	                                .location = k.place[0],
	                                .qty = 1,
	                                .reason = REASON_FOUND });
}

/* Each takes some of what is enough for some: as many win as it is enough for. */
static void one_hold_for_ten(struct client *c, struct db *db)
{
	step(c, db, STEP_SELL, 1, hold);
}

static void transfers_cross(struct client *c, struct db *db)
{
	struct unit_line l[2];
	for (int i = 0; i < 2; i++)
		l[i] = (struct unit_line){ .sku = k.sku[(c->n + i) % 2 + 1], .location = k.place[0], .qty = 1 };
	struct step_call call = { .step = c->n % 4 < 2 ? STEP_SELL : STEP_RETURN_SHELF,
		                  .count = 2,
		                  .line = { l[0], l[1] } };
	key_make(call.key, c->n);
	do
		c->result = db_transact(db, step_call_run, &call, &c->error);
	while (stood_still(c));
}

/* ---- Rounds ----------------------------------------------------------------------------------------------------- */

static int64_t rounds(void)
{
	return soak_setting("BYNAME_RACE_ROUNDS", ROUNDS);
}

static void round_play(void (*fn)(struct client *, struct db *))
{
	play = fn;
	round_no++;
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
}

static struct stock_look look(int sku)
{
	struct stock_look l = { .sku = k.sku[sku], .location = k.place[0] };
	assert_ok(db_read(k.db, stock_look_run, &l, &kit_err));
	if (l.bad)
		fail_msg("round %lld: %d findings: %s", (long long)round_no, l.bad, l.detail);
	return l;
}

static int winners(const char *const codes[3])
{
	int n = 0;
	for (int i = 0; i < CLIENTS; i++) {
		const struct client *c = &clients[i];
		bool known = false;
		n += c->result == OK;
		for (int x = 0; x < 3 && codes[x]; x++)
			known |= strcmp(c->error.code, codes[x]) == 0;
		if (c->result != OK && (c->result != ERR_CONFLICT || !known))
			fail_msg("round %lld, client %d: %s %s %s", (long long)round_no, i, result_name(c->result),
			         c->error.code, c->error.detail);
	}
	return n;
}

static void adjust(int sku, int64_t qty)
{
	assert_ok(stock_call_do(k.db, NULL,
	                        (struct stock_command){ .kind = STOCK_ADJUST,
	                                                .sku = k.sku[sku],
	                                                .location = k.place[0],
	                                                .qty = qty,
	                                                .reason = REASON_OTHER },
	                        NULL));
}

static int64_t place_hold(int64_t qty)
{
	struct stock_outcome o;
	assert_ok(stock_call_do(k.db, NULL,
	                        (struct stock_command){ .kind = STOCK_HOLD_PLACE,
	                                                .sku = k.sku[0],
	                                                .location = k.place[0],
	                                                .qty = qty,
	                                                .at = clock_now() + DAY_US },
	                        &o));
	return o.id;
}

/* ---- The scene -------------------------------------------------------------------------------------------------- */

static int64_t commits, retries;

static void scene_open(void)
{
	stock_kit_open(&k);
	if (strcmp(kit_engine(), "postgresql") == 0) {
		struct db_config config = { .url = kit_db_url(), .limit_ms = kit_limit_ms() };
		assert_ok(db_open(&config, &other, &kit_err));
	}
}

static void scene_close(void)
{
	struct db_stats stats;
	assert_ok(stock_room.check(k.db, stock_no_finding, NULL, &kit_err));
	assert_ok(ledger_room.check(k.db, stock_no_finding, NULL, &kit_err));
	db_stats_get(k.db, &stats);
	commits += stats.commits;
	retries += stats.retries;
	db_close(other);
	other = NULL;
	stock_kit_close(&k);
}

/* ---- What must come of it --------------------------------------------------------------------------------------- */

static void last_unit_round(int64_t n)
{
	static const char *const codes[3] = { "stock.short" };
	which = 3; /* what is held of it lapses while they play for one hold */
	adjust(which, 1);
	round_play(last_unit);
	assert_int_equal(winners(codes), 1);
	if (n % LOOK_EVERY == 0)
		assert_int_equal(look(which).cell.qty[UNIT_AVAILABLE], 0);
}

static void the_last_unit_has_one_winner(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "stock_last_unit", scene_open, last_unit_round, scene_close },
	                 rounds());
}

struct hold_look {
	struct stock_hold h;
};

static enum result hold_look_run(struct db_tx *tx, void *arg, struct error *e)
{
	return hold_get(tx, hold, arg, e);
}

static int ended[HOLD_CONSUMED + 1];

static void one_hold_round(int64_t n)
{
	static const char *const codes[3] = { "stock.state", "stock.hold" };
	struct stock_hold h;
	int won = 0;
	(void)n;
	which = 0;
	adjust(0, 1);
	hold = place_hold(1);
	round_play(one_hold);
	(void)winners(codes);
	for (int c = 0; c < CLIENTS; c++)
		won += clients[c].result == OK && (clients[c].did == DID_USE || clients[c].did == DID_RELEASE);
	assert_ok(db_read(k.db, hold_look_run, &h, &kit_err));
	assert_int_equal(won, h.state == HOLD_EXPIRED ? 0 : 1);
	assert_int_equal(h.qty, 0);
	assert_true(h.state != HOLD_OPEN);
	ended[h.state]++;
	/* given back when it was released or lapsed, else gone with the winner */
	int64_t back = h.state == HOLD_CONSUMED ? 0 : 1;
	assert_int_equal(look(0).cell.qty[UNIT_AVAILABLE], back);
	if (back)
		adjust(0, -1);
}

static void one_hold_has_one_winner(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "stock_one_hold", scene_open, one_hold_round, scene_close }, rounds());
	printf("released %d, expired %d, used %d\n", ended[HOLD_RELEASED], ended[HOLD_EXPIRED], ended[HOLD_CONSUMED]);
}

static void hold_of_ten_round(int64_t n)
{
	static const char *const codes[3] = { "stock.hold" };
	(void)n;
	which = 0;
	adjust(0, 10);
	hold = place_hold(10);
	round_play(one_hold_for_ten);
	assert_int_equal(winners(codes), 10);
	assert_int_equal(look(0).cell.qty[UNIT_HELD], 0);
}

static void a_hold_of_ten_serves_ten(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "stock_hold_of_ten", scene_open, hold_of_ten_round, scene_close },
	                 rounds() / 8);
}

static void one_key_round(int64_t n)
{
	static const char *const codes[3] = { NULL };
	int done = 0;
	int64_t before = look(0).cell.qty[UNIT_AVAILABLE];
	(void)n;
	round_play(one_key);
	assert_int_equal(winners(codes), CLIENTS);
	for (int c = 0; c < CLIENTS; c++)
		done += !clients[c].out.replayed;
	assert_int_equal(done, 1);
	assert_int_equal(look(0).cell.qty[UNIT_AVAILABLE], before + 1);
}

static void one_key_is_done_once(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "stock_one_key", scene_open, one_key_round, scene_close },
	                 rounds() / 4);
}

/* Two SKUs in either order, in and out: nobody waits for ever, nothing is lost. */
static void crossing_round(int64_t n)
{
	static const char *const codes[3] = { "stock.short" };
	int64_t before = look(1).cell.qty[UNIT_AVAILABLE], sold = 0, back = 0;
	(void)n;
	adjust(1, 10);
	adjust(2, 10);
	round_play(transfers_cross);
	(void)winners(codes);
	for (int c = 0; c < CLIENTS; c++)
		if (clients[c].result == OK)
			*(c % 4 < 2 ? &sold : &back) += 1;
	assert_int_equal(back, CLIENTS / 2);
	assert_int_equal(look(1).cell.qty[UNIT_AVAILABLE], before + 10 - sold + back);
	assert_int_equal(look(2).cell.qty[UNIT_AVAILABLE], before + 10 - sold + back);
}

static void posts_that_cross(void **state)
{
	(void)state;
	soak_rounds_play(&(struct soak_rounds){ "stock_crossing", scene_open, crossing_round, scene_close },
	                 rounds() / 4);
}

/* ---- Clients ---------------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	pthread_barrier_init(&begin, NULL, CLIENTS + 1);
	pthread_barrier_init(&end, NULL, CLIENTS + 1);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i].n = i;
		assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	over = true;
	pthread_barrier_wait(&begin);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	printf("%lld commits, %lld retries\n", (long long)commits, (long long)retries);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_unit_has_one_winner),
		cmocka_unit_test(one_hold_has_one_winner),
		cmocka_unit_test(a_hold_of_ten_serves_ten),
		cmocka_unit_test(one_key_is_done_once),
		cmocka_unit_test(posts_that_cross),
	};
	cmocka_set_test_filter(getenv("BYNAME_TEST")); /* NULL: all */
	return cmocka_run_group_tests(tests, setup, teardown);
}
