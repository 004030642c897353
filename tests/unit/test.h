/* What the unit tests of the pure rooms share: cmocka and fixed randomness. */
#ifndef BYNAME_TESTS_UNIT_TEST_H
#define BYNAME_TESTS_UNIT_TEST_H

/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include <stdio.h>

static inline uint64_t random_next(uint64_t *state) /* splitmix64 */
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
	return random_next(state) % n;
}

#define assert_str(s, text)                                                                                            \
	do {                                                                                                           \
		struct str s_ = (s), t_ = str_c(text);                                                                 \
		if (!str_eq(s_, t_))                                                                                   \
			fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(s_), STR_ARG(t_));                                \
	} while (0)

#endif
