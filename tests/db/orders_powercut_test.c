/* rooms: orders stock ledger timeline people shop feed db text money base */
/* The power fails while four tills sell, hand over and take back: each command that was answered is known afterwards
 * with the same outcome, those that were not are there wholly or not at all, and both ledgers' invariants hold.
 * BYNAME_CUTS: how many (40; the long run takes 2,000). */
#include "kit/orders_kit.h"
#include "kit/powercut.h"
#include "feed/room.h"
#include <pthread.h>
#include <stdlib.h>

#define TILLS 4
#define CUTS_DEFAULT 40
#define OPS_MOST 3000  /* disk operations until the cut */
#define OPENING_OPS 60 /* the same, of a cut while the file is opened and recovered */
#define CUTS_A_FILE 25 /* then a new file */
#define MUTANT_CUTS 12 /* the mutant must be caught within these */
#define SHELF 1000000
#define PRICE 1999
#define CHECKPOINT_PAGES 200

enum step { PLACE, PICK, HAND_OVER, RETURN, INSPECT, STEPS };

/* One order after the other, each by the same steps; what is asked follows from till, order and step. */
struct till {
	pthread_t thread;
	int number;
	int64_t orders; /* begun before this one */
	int step;       /* not answered yet */
	int64_t order;
	struct order_done done[STEPS]; /* answered ones of this order, and of the last one behind them */
	struct order_done last[STEPS];
	int64_t last_order, answered;
};

static struct shop shop;
static struct till tills[TILLS];
static char wrong[256];

static void command_make(const struct till *t, int64_t number, int64_t order, int step, struct order_run *r,
                         struct order_item_in *item, struct order_unit_in *unit, struct order_pay_in *pay)
{
	int sku = (int)(number % SHOP_SKUS);
	int64_t here = shop.stores[t->number % SHOP_STORES], there = shop.stores[(t->number + 1) % SHOP_STORES];

	*item = shop_item(&shop, sku, 2, PRICE);
	*unit = (struct order_unit_in){
		.line = step == PLACE ? -1 : 1, .qty = 2, .location = here, .method = METHOD_PICK_UP
	};
	*pay = (struct order_pay_in){ .tender = TENDER_CARD, .minor = 2 * PRICE };
	*r = (struct order_run){ .c = { .order = order, .store = here, .units = unit, .unit_count = 1 } };
	shop_key((uint64_t)t->number << 56 | (uint64_t)number << 8 | (uint64_t)step, r->key);
	switch (step) {
	case PLACE:
		r->c = shop_place(&shop, item, 1);
		r->c.units = unit;
		r->c.unit_count = 1;
		r->c.pays = pay;
		r->c.pay_count = 1;
		break;
	case PICK:
		r->c.kind = COMMAND_PICK;
		break;
	case HAND_OVER:
		r->c.kind = COMMAND_HAND_OVER;
		break;
	case RETURN:
		r->c.kind = COMMAND_RETURN;
		r->c.store = there;
		*unit = (struct order_unit_in){
			.line = 1, .qty = 1, .location = there, .condition = CONDITION_UNKNOWN
		};
		r->c.refund_rest = true;
		break;
	case INSPECT:
		r->c.kind = COMMAND_INSPECT;
		*unit = (struct order_unit_in){ .line = 1, .qty = 1, .location = there, .condition = CONDITION_GOOD };
		break;
	default:
		break;
	}
}

static enum result step_run(const struct till *t, int64_t number, int64_t order, int step, struct order_done *out,
                            struct error *e)
{
	struct order_run r;
	struct order_item_in item;
	struct order_unit_in unit;
	struct order_pay_in pay;

	command_make(t, number, order, step, &r, &item, &unit, &pay);
	enum result result = db_transact(shop.db, order_run, &r, e);
	*out = r.out;
	return result;
}

/* Until the power fails. */
static void *till_run(void *arg)
{
	struct till *t = arg;
	struct error e;

	while (step_run(t, t->orders, t->order, t->step, &t->done[t->step], &e) == OK) {
		t->answered++;
		t->order = t->done[t->step].order;
		if (++t->step < STEPS)
			continue;
		memcpy(t->last, t->done, sizeof(t->last));
		t->last_order = t->order;
		t->orders++;
		t->order = t->step = 0;
	}
	if (!powercut_dead())
		snprintf(wrong, sizeof(wrong), "refused with the power on: %s %.150s", e.code, e.detail);
	return NULL;
}

static void known(const struct till *t, int64_t number, int64_t order, int step, const struct order_done *before)
{
	struct order_done now;
	struct error e = { 0 };
	enum result r = step_run(t, number, step == PLACE ? 0 : order, step, &now, &e);

	if (r == OK && !now.replayed)
		snprintf(wrong, sizeof(wrong), "till %d: step %d of order %lld was answered and is gone", t->number,
		         step, (long long)number);
	now.replayed = before->replayed;
	if (r == OK && !*wrong && memcmp(&now, before, sizeof(now)))
		snprintf(wrong, sizeof(wrong), "till %d: step %d of order %lld has another outcome", t->number, step,
		         (long long)number);
	if (r != OK && !powercut_dead())
		snprintf(wrong, sizeof(wrong), "till %d: step %d: %s %.150s", t->number, step, e.code, e.detail);
}

static void found(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg;
	snprintf(wrong, sizeof(wrong), "%s: %s (%.150s)", room, invariant, detail);
}

DB_STMT(powercut_orders, "", "i", "SELECT COUNT(*) FROM order_book")

static enum result orders_count(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool is;

	TRY(db_query_one(tx, &powercut_orders, &rows, &is, e));
	*(int64_t *)arg = is ? db_int(rows, 0) : -1;
	return OK;
}

/* After a cut, before anything goes on. */
static void look(void)
{
	int64_t begun = 0, least = 0, there = 0;

	for (int i = 0; i < TILLS && !*wrong && !powercut_dead(); i++) {
		struct till *t = &tills[i];

		for (int s = 0; s < STEPS && t->orders && !*wrong; s++)
			known(t, t->orders - 1, t->last_order, s, &t->last[s]);
		for (int s = 0; s < t->step && !*wrong; s++)
			known(t, t->orders, t->order, s, &t->done[s]);
		least += t->orders + (t->step > PLACE);
		begun += t->orders + 1;
	}
	if (*wrong || powercut_dead())
		return;
	enum result r = db_read(shop.db, orders_count, &there, &kit_err);
	if (r == OK && (there < least || there > begun))
		snprintf(wrong, sizeof(wrong), "%lld orders, of %lld answered and %lld asked for", (long long)there,
		         (long long)least, (long long)begun);
	const struct room *const rooms[] = { &ledger_room, &stock_room, &orders_room };
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]) && r == OK && !*wrong; i++)
		r = rooms[i]->check(shop.db, found, NULL, &kit_err);
	if (r != OK && !powercut_dead())
		snprintf(wrong, sizeof(wrong), "%s %.200s", kit_err.code, kit_err.detail);
}

static bool database_open(const char *path, bool sync)
{
	struct db_config config = { .url = path,
		                    .create = true,
		                    .vfs = POWERCUT_VFS,
		                    .unsafe_no_sync = !sync,
		                    .readers = 2,
		                    .checkpoint_pages = CHECKPOINT_PAGES };
	enum result r = db_open(&config, &shop.db, &kit_err);

	if (r != OK)
		shop.db = NULL;
	else if ((r = db_migrate(shop.db, &kit_err)) != OK) {
		db_close(shop.db);
		shop.db = NULL;
	}
	if (r != OK && !powercut_dead())
		snprintf(wrong, sizeof(wrong), "it does not open: %s %.150s", kit_err.code, kit_err.detail);
	return r == OK;
}

static void file_begin(const char *path, bool sync)
{
	memset(tills, 0, sizeof(tills));
	for (int i = 0; i < TILLS; i++)
		tills[i].number = i;
	assert_true(database_open(path, sync));
	shop_open(&shop, shop.db);
	for (int i = 0; i < SHOP_SKUS; i++)
		for (int j = 0; j < SHOP_STORES; j++)
			shop_fill(&shop, i, j, SHELF);
	db_close(shop.db);
}

static void life(const char *path, bool sync, struct kit_random *rnd)
{
	bool early = kit_random_below(rnd, 4) == 0;

	if (early)
		powercut_arm(1 + (int64_t)kit_random_below(rnd, OPENING_OPS));
	if (!database_open(path, sync))
		return;
	look();
	if (!early)
		powercut_arm(1 + (int64_t)kit_random_below(rnd, OPS_MOST));
	if (!*wrong && !powercut_dead()) {
		for (int i = 0; i < TILLS; i++)
			assert_int_equal(pthread_create(&tills[i].thread, NULL, till_run, &tills[i]), 0);
		for (int i = 0; i < TILLS; i++)
			pthread_join(tills[i].thread, NULL);
	}
	db_close(shop.db);
}

static int cuts_survived(int cuts, bool sync, uint64_t seed)
{
	struct kit_random rnd;
	struct powercut_stats s;
	int64_t answered = 0;
	int i = 0;

	kit_random_seed(&rnd, seed);
	powercut_reset(kit_random_next(&rnd));
	*wrong = '\0';
	for (; i < cuts && !*wrong; i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/orders%d-%d.db", kit_dir(), sync, i / CUTS_A_FILE);
		if (i % CUTS_A_FILE == 0)
			file_begin(path, sync);
		for (int k = 0; k < TILLS; k++)
			answered -= tills[k].answered;
		life(path, sync, &rnd);
		for (int k = 0; k < TILLS; k++)
			answered += tills[k].answered;
		powercut_restore();
	}
	powercut_stats_get(&s);
	print_message("%d cuts, %lld commands answered; sectors dropped %lld, kept %lld, torn %lld%s%s\n", i,
	              (long long)answered, (long long)s.dropped, (long long)s.kept, (long long)s.torn,
	              *wrong ? "; wrong: " : "", wrong);
	assert_true(*wrong || answered > 0);
	return *wrong ? i - 1 : i;
}

static void nothing_answered_is_lost_or_doubled(void **state)
{
	const char *cuts = getenv("BYNAME_CUTS"), *seed = getenv("BYNAME_SEED");
	int n = cuts && atoi(cuts) > 0 ? atoi(cuts) : CUTS_DEFAULT;
	(void)state;

	assert_int_equal(cuts_survived(n, true, seed ? (uint64_t)atoll(seed) : 20261122), n);
}

static void a_store_that_does_not_sync_is_caught(void **state)
{
	(void)state;
	assert_true(cuts_survived(MUTANT_CUTS, false, 4711) < MUTANT_CUTS);
}

int main(void)
{
	if (strcmp(kit_engine(), "sqlite") != 0) {
		printf("skipped: PostgreSQL's own files are its own business\n");
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_answered_is_lost_or_doubled),
		cmocka_unit_test(a_store_that_does_not_sync_is_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
