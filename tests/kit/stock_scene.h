/* The scene of tests of stock/: one shop k, its first two places, opened anew for each test and sound at its end. */
#ifndef BYNAME_TESTS_STOCK_SCENE_H
#define BYNAME_TESTS_STOCK_SCENE_H

#include "kit/stock_kit.h"

static struct stock_kit k;
#define A 0
#define B 1

static int setup(void **state)
{
	(void)state;
	clock_set(T0);
	stock_kit_open(&k);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_ok(stock_room.check(k.db, stock_no_finding, NULL, &kit_err));
	assert_ok(ledger_room.check(k.db, stock_no_finding, NULL, &kit_err));
	stock_kit_close(&k);
	return 0;
}

static void opening(int64_t qty)
{
	DO(NULL, ADJUST, HERE, .qty = qty, .reason = REASON_OPENING);
}

#endif
