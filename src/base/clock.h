/* Time: UTC microseconds since 1970 (int64) inside, RFC 3339 outside. */
#ifndef BYNAME_BASE_CLOCK_H
#define BYNAME_BASE_CLOCK_H

#include "base/str.h"

#define USEC 1000000LL
#define MINUTE_US (60 * USEC)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define TIME_LEAST (-719162 * DAY_US)    /* 0001-01-01T00:00:00Z */
#define TIME_MOST (2932897 * DAY_US - 1) /* 9999-12-31T23:59:59.999999Z */
#define TIME_TEXT_BYTES 32

int64_t clock_now(void);          /* UTC microseconds; what a test set by clock_set() */
void clock_set(int64_t fixed_us); /* test hook: 0 gives the real clock back */
int64_t clock_monotonic(void);    /* microseconds, for durations and deadlines only */

/* "2026-11-22T09:30:00.123456Z"; fractions only where there are any. Years 1 to 9999, TIME_LEAST to
 * TIME_MOST; what lies beyond is written as the nearest of the two. */
void time_format(char out[TIME_TEXT_BYTES], int64_t us);

/* RFC 3339 with offset or Z, 'T' or blank, 0–9 fraction digits (cut at microseconds), leap second read as :59.
 * A date alone is midnight UTC. False on anything else. */
bool time_parse(struct str s, int64_t *us);

/* Proleptic Gregorian days since 1970-01-01. */
int64_t date_to_days(int year, int month, int day);
void date_from_days(int64_t days, int *year, int *month, int *day);
bool date_valid(int year, int month, int day);
bool date_parse(struct str s, int *year, int *month, int *day); /* YYYY-MM-DD */

/* A moment as its local calendar day in an IANA zone ("Europe/Zurich"): days since 1970-01-01.
 * ERR_INVALID names an unknown zone. Thread-safe. */
MUST_CHECK enum result time_local_day(int64_t us, const char *zone, int64_t *day, struct error *e);
/* A local wall-clock time in a zone to UTC microseconds; of two (autumn) the first, of none (spring) the moment after
 * the gap. */
MUST_CHECK enum result time_from_local(int year, int month, int day, int hour, int minute, int64_t usec_of_minute,
                                       const char *zone, int64_t *us, struct error *e);

#endif
