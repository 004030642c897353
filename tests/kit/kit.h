/* What tests share: a fresh database of the engine that BYNAME_TEST_ENGINE names, fixed randomness, temporary folders.
 */
#ifndef BYNAME_TESTS_KIT_H
#define BYNAME_TESTS_KIT_H

/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/result.h"
#include <stdbool.h>
#include <stdio.h>

struct db;

/* "sqlite" (default) or "postgresql". */
const char *kit_engine(void);
/* A fresh, migrated database: a file in a temporary folder, or a new database in a PostgreSQL cluster that this process
 * starts on first use (no TCP; removed at exit; BYNAME_TEST_PG reuses a running one). Fails the test when it cannot. */
struct db *kit_db(void);
/* How long a transaction may take, as db_config has it: BYNAME_TEST_LIMIT_MS, for long runs on a machine that is paused
 * now and then; 0: as always. kit_db() heeds it. */
int kit_limit_ms(void);
/* Makes room for a database without opening it: its url. */
const char *kit_db_fresh(void);
/* The url of the database that kit_db() gave last, to open it a second time (PostgreSQL: a second "server process"). */
const char *kit_db_url(void);
void kit_db_close(struct db *db); /* closes and removes */
/* PostgreSQL: runs SQL on the last database over a connection of its own ("from outside"). */
void kit_sql(const char *sql);
/* A temporary folder, removed at exit. */
const char *kit_dir(void);

/* Deterministic random numbers (splitmix64); BYNAME_SEED overrides the seed, which is printed on failure. */
struct kit_random {
	uint64_t state;
};
void kit_random_seed(struct kit_random *r, uint64_t otherwise);
uint64_t kit_random_next(struct kit_random *r);
uint64_t kit_random_below(struct kit_random *r, uint64_t n);

#define assert_ok(expr)                                                                                                \
	do {                                                                                                           \
		enum result kit_r_ = (expr);                                                                           \
		if (kit_r_ != OK)                                                                                      \
			fail_msg("%s: %s (%s %s %s)", #expr, result_name(kit_r_), kit_err.code, kit_err.field,         \
			         kit_err.detail);                                                                      \
	} while (0)
#define assert_result(expected, expr)                                                                                  \
	do {                                                                                                           \
		enum result kit_r_ = (expr);                                                                           \
		if (kit_r_ != (expected))                                                                              \
			fail_msg("%s: %s, expected %s (%s %s %s)", #expr, result_name(kit_r_), result_name(expected),  \
			         kit_err.code, kit_err.field, kit_err.detail);                                         \
	} while (0)

extern struct error kit_err; /* pass &kit_err to what you test */

#endif
