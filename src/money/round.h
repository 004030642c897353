/* Rounded division, shared by the files of money/; private to it. */
#ifndef BYNAME_MONEY_ROUND_H
#define BYNAME_MONEY_ROUND_H

#include "money/money.h"

/* 10^n, n from 0 to 18. */
int64_t power_of_ten(int n);

/* a / b (not 0), rounded to an integer; false when that does not fit. */
bool divide_rounded(__int128 a, int64_t b, enum rounding how, int64_t *out);

#endif
