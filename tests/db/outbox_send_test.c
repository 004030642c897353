/* rooms: outbox orders stock ledger timeline people shop feed db text money base */
/* Webhooks without the network: who may send what when, and what comes of it. */
#include "kit/outbox_kit.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- Who sends it -------------------------------------------------------------------------------------------------
 */

static void a_lease_that_lapses_is_another_try(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment first, again, none;
	(void)state;
	int64_t id = endpoint("order.*");
	(void)place();
	drain();
	assert_int_equal(claim(shop.db, 1, &first, a), 1);
	assert_int_equal(claim(second, 1, &none, a), 0);
	tick(lease_us() - 1000);
	assert_int_equal(claim(second, 1, &none, a), 0);
	tick(2000); /* whoever had it was killed */
	assert_int_equal(claim(second, 1, &again, a), 1);
	assert_int_equal(again.id, first.id);
	assert_string_equal(again.message, first.message);
	assert_int_equal(again.body_n, first.body_n);
	assert_memory_equal(again.body, first.body, first.body_n);
	land(&first, 500, "status 500", 0); /* it was only slow: what it says counts no more */
	assert_int_equal(waiting(id), 1);
	land(&again, 204, "", 0);
	struct run *r = deliveries(id, 0, a);
	assert_int_equal(r->deliveries[0].state, DELIVERY_DELIVERED);
	assert_int_equal(r->deliveries[0].status, 204);
	assert_int_equal(r->deliveries[0].attempts, 1);
	assert_string_equal(r->deliveries[0].answer, "thanks");
	assert_true(shown(id, a).succeeded_at == now);
	sound();
}

static void given_back_is_due_at_once(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s;
	(void)state;
	int64_t id = endpoint("order.*");
	(void)place();
	drain();
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	struct outcome o = { .endpoint = s.endpoint, .id = s.id, .lease = s.lease, .given_back = true };
	assert_ok(db_transact(shop.db, outcomes_run, &(struct outcomes){ &o, 1 }, &kit_err));
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	assert_int_equal(s.tries, 0);
	assert_int_equal(waiting(id), 1);
}

/* A slow receiver has so many attempts and no more; others go by. */
static void few_at_once_for_one(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s[32];
	(void)state;
	int64_t slow = endpoint("order.*"), quick = endpoint("order.placed");
	for (int i = 0; i < 8; i++)
		(void)place();
	drain();
	struct busy busy = { slow, OUTBOX_PER_ENDPOINT };
	struct claim c = { .busy = &busy, .busy_count = 1, .free = 32, .a = a, .out = s };
	assert_ok(db_transact(shop.db, claim_run, &c, &kit_err));
	assert_int_equal(c.count, OUTBOX_PER_ENDPOINT);
	for (int i = 0; i < c.count; i++)
		assert_int_equal(s[i].endpoint, quick);
	bool work = true;
	struct busy both[2] = { { slow, OUTBOX_PER_ENDPOINT }, { quick, OUTBOX_PER_ENDPOINT } };
	assert_ok(claim_look(shop.db, both, 2, &work, &kit_err));
	assert_false(work);
	assert_ok(claim_look(shop.db, both, 1, &work, &kit_err));
	assert_true(work);
}

#define RACERS 6
#define RACED 120

struct racer {
	struct db *db;
	int64_t seen[RACED];
	int count;
	enum result result;
	struct error e;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	int idle = 0;
	while (idle < 3 && r->result == OK) {
		ARENA_AUTO struct arena *a = arena_new(0);
		struct shipment s[OUTBOX_PER_ENDPOINT];
		struct claim c = { .free = OUTBOX_PER_ENDPOINT, .a = a, .out = s };
		r->result = db_transact(r->db, claim_run, &c, &r->e);
		idle = c.count ? 0 : idle + 1;
		for (int i = 0; i < c.count; i++)
			r->seen[r->count++] = s[i].id;
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Several processes (on PostgreSQL really two) claim at once: each delivery is one's. */
static void never_two_at_the_same_time(void **state)
{
	static struct racer racers[RACERS];
	static int64_t all[RACED + 1];
	pthread_t threads[RACERS];
	int total = 0;
	(void)state;
	int64_t id = endpoint("order.*");
	for (int i = 0; i < RACED; i++)
		(void)place();
	assert_int_equal(waiting(id), RACED);
	memset(racers, 0, sizeof(racers));
	for (int i = 0; i < RACERS; i++) {
		racers[i].db = i % 2 ? second : shop.db;
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].result, OK);
		assert_true(total + racers[i].count <= RACED);
		memcpy(all + total, racers[i].seen, (size_t)racers[i].count * sizeof(all[0]));
		total += racers[i].count;
	}
	assert_int_equal(total, RACED);
	qsort(all, RACED, sizeof(all[0]), by_value);
	for (int i = 1; i < RACED; i++)
		assert_true(all[i] > all[i - 1]);
}

/* ---- What comes of it ---------------------------------------------------------------------------------------------
 */

static void tried_for_three_days_then_given_up(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s;
	int64_t began;
	int tries = 0;
	(void)state;
	int64_t id = endpoint("order.*");
	(void)place();
	drain();
	for (began = now; waiting(id); tries++) {
		struct run *r = deliveries(id, DELIVERY_WAITING, a);
		int64_t due = r->deliveries[0].due_at;
		if (due > now) {
			tick(due - now - 1);
			assert_int_equal(claim(shop.db, 1, &s, a), 0);
			tick(1);
		}
		assert_int_equal(claim(shop.db, 1, &s, a), 1);
		assert_int_equal(s.tries, tries);
		land(&s, 500, "status 500", 0);
	}
	assert_int_equal(tries, 10);
	assert_true(now - began > 2 * DAY_US && now - began < 4 * DAY_US);
	struct run *r = deliveries(id, DELIVERY_GIVEN_UP, a);
	assert_int_equal(r->count, 1);
	assert_string_equal(r->deliveries[0].fault, "status 500");
	assert_int_equal(shown(id, a).disabled_at, 0); /* not five days yet */
	assert_int_equal(shown(id, a).given_up, 1);
	assert_true(shown(id, a).failing_since < now);
	tick(3 * DAY_US);
	(void)place();
	drain();
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	land(&s, 500, "status 500", 0);
	assert_string_equal(shown(id, a).disabled_why, "failing");
	assert_int_equal(claim(shop.db, 1, &s, a), 0);
	set_disabled(id, false); /* what waited goes out */
	tick(DAY_US);
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	land(&s, 200, "", 0);
	assert_int_equal(shown(id, a).failing_since, 0);
	sound();
}

static void gone_disables(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s[2];
	(void)state;
	int64_t id = endpoint("order.*");
	(void)place();
	(void)place();
	drain();
	assert_int_equal(claim(shop.db, 2, s, a), 2);
	land(&s[0], 410, "status 410", 0);
	assert_string_equal(shown(id, a).disabled_why, "gone");
	land(&s[1], 200, "", 0); /* was on its way */
	assert_int_equal(deliveries(id, DELIVERY_GIVEN_UP, a)->count, 1);
	assert_int_equal(deliveries(id, DELIVERY_DELIVERED, a)->count, 1);
	assert_string_equal(shown(id, a).disabled_why, "gone");
	(void)place();
	assert_int_equal(waiting(id), 0);
}

static void asked_to_wait(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s, other;
	(void)state;
	int64_t id = endpoint("order.*");
	(void)place();
	(void)place();
	drain();
	assert_int_equal(claim(shop.db, 1, &s, a), 1);
	land(&s, 429, "status 429", 10 * MINUTE_US);
	assert_int_equal(claim(shop.db, 1, &other, a), 0); /* nor the other one */
	tick(10 * MINUTE_US - 1000);
	assert_int_equal(claim(shop.db, 1, &other, a), 0);
	tick(2000);
	assert_int_equal(claim(shop.db, 1, &other, a), 1);
	assert_int_not_equal(other.id, s.id); /* the one that failed comes after */
	land(&other, 503, "status 503", 400 * DAY_US);
	assert_true(shown(id, a).paused_until == now + OUTBOX_PAUSE_MAX_US);
}

static enum result replay(struct db_tx *tx, struct run *r, struct error *e)
{
	return delivery_replay(tx, r->endpoint, r->id, &r->flag, e);
}

static enum result replay_from(struct db_tx *tx, struct run *r, struct error *e)
{
	int64_t changed;
	bool more;
	TRY(delivery_replay_from(tx, r->endpoint, r->other, &r->id, &changed, &more, e));
	r->count = (int)changed;
	r->flag = more;
	return OK;
}

static void sent_again_when_asked(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s[4], again;
	int64_t middle = 0;
	(void)state;
	int64_t id = endpoint("order.*");
	for (int i = 0; i < 4; i++) {
		if (i == 2)
			middle = now;
		(void)place();
		drain();
		assert_int_equal(claim(shop.db, 1, &s[i], a), 1);
		if (i < 3)
			land(&s[i], 200, "", 0);
		tick(USEC);
	}
	struct run r = { .fn = replay, .endpoint = id, .id = s[0].id };
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_true(r.flag);
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_false(r.flag); /* it waits already */
	assert_int_equal(claim(shop.db, 1, &again, a), 1);
	assert_string_equal(again.message, s[0].message);
	assert_int_equal(again.tries, 0);
	land(&again, 200, "", 0);
	assert_int_equal(deliveries(id, DELIVERY_DELIVERED, a)->deliveries[2].attempts, 2);
	r = (struct run){ .fn = replay, .endpoint = id, .id = 99 };
	assert_result(ERR_NOT_FOUND, db_transact(shop.db, run_tx, &r, &kit_err));
	r = (struct run){ .fn = replay_from, .endpoint = id, .other = middle };
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_int_equal(r.count, 1); /* the third; the fourth is on its way */
	assert_false(r.flag);
	assert_int_equal(claim(shop.db, 1, &again, a), 1);
	assert_string_equal(again.message, s[2].message);
	sound();
}

static enum result test_it(struct db_tx *tx, struct run *r, struct error *e)
{
	return delivery_test(tx, r->endpoint, &r->id, e);
}

static void a_test_is_sent_whatever_is_wanted(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s[2];
	(void)state;
	struct run r = { .fn = test_it, .endpoint = endpoint("stock.*") };
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_ok(db_transact(shop.db, run_tx, &r, &kit_err));
	assert_int_equal(claim(shop.db, 2, s, a), 2);
	assert_string_not_equal(s[0].message, s[1].message);
	assert_non_null(strstr(s[0].body, "\"type\":\"webhook.test\""));
	set_disabled(r.endpoint, true);
	assert_result(ERR_CONFLICT, db_transact(shop.db, run_tx, &r, &kit_err));
}

static void old_ones_are_forgotten(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct shipment s[3];
	bool more;
	(void)state;
	int64_t id = endpoint("order.*");
	for (int i = 0; i < 3; i++)
		(void)place();
	drain();
	assert_int_equal(claim(shop.db, 3, s, a), 3);
	land(&s[0], 200, "", 0);
	land(&s[1], 410, "status 410", 0);
	assert_ok(deliveries_prune(shop.db, &more, &kit_err));
	assert_int_equal(deliveries(id, 0, a)->count, 3);
	tick(OUTBOX_KEEP_US + USEC);
	assert_ok(deliveries_prune(shop.db, &more, &kit_err));
	assert_int_equal(deliveries(id, 0, a)->count, 2);
	tick(OUTBOX_KEEP_FAILED_US);
	assert_ok(deliveries_prune(shop.db, &more, &kit_err));
	assert_int_equal(deliveries(id, 0, a)->count, 1); /* one waits, however long */
	assert_int_equal(waiting(id), 1);
	assert_false(more);
}

static void figures(void **state)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	(void)state;
	int64_t id = endpoint("order.*"), off = endpoint("order.*"), began = now;
	(void)place();
	tick(USEC);
	(void)place();
	drain();
	set_disabled(off, true);
	struct endpoint p = shown(id, a);
	assert_int_equal(p.waiting, 2);
	assert_true(p.oldest_waiting_at >= began - began % 1000 &&
	            p.oldest_waiting_at <= now); /* ids know milliseconds */
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_lease_that_lapses_is_another_try),
		T(given_back_is_due_at_once),
		T(few_at_once_for_one),
		T(never_two_at_the_same_time),
		T(tried_for_three_days_then_given_up),
		T(gone_disables),
		T(asked_to_wait),
		T(sent_again_when_asked),
		T(a_test_is_sent_whatever_is_wanted),
		T(old_ones_are_forgotten),
		T(figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
