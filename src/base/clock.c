#include "base/clock.h"
#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t fixed_now;

int64_t clock_now(void)
{
	int64_t fixed = atomic_load_explicit(&fixed_now, memory_order_relaxed);
	struct timespec t;

	if (fixed)
		return fixed;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * USEC + t.tv_nsec / 1000;
}

void clock_set(int64_t fixed_us)
{
	atomic_store(&fixed_now, fixed_us);
}

int64_t clock_monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * USEC + t.tv_nsec / 1000;
}

/* ---- Dates ------------------------------------------------------------------------------------------------------ */

#define DAYS_TO_1970 719468 /* from 0000-03-01 */
#define DAYS_400_YEARS 146097
#define DAYS_100_YEARS 36524
#define DAYS_4_YEARS 1461

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years begin in March here, so that the leap day is the last one and months follow 153 days in five months. */
int64_t date_to_days(int year, int month, int day)
{
	int64_t y = month > 2 ? year : (int64_t)year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) + (153 * m + 2) / 5 + day - 1 -
	       DAYS_TO_1970;
}

void date_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t d = days + DAYS_TO_1970;
	int64_t era = floor_div(d, DAYS_400_YEARS);
	int64_t century, four, one, y, m;

	d -= era * DAYS_400_YEARS;
	century = d / DAYS_100_YEARS;
	century -= century == 4; /* the leap day that ends the era */
	d -= century * DAYS_100_YEARS;
	four = d / DAYS_4_YEARS;
	d -= four * DAYS_4_YEARS;
	one = d / 365;
	one -= one == 4;
	d -= one * 365;
	y = era * 400 + century * 100 + four * 4 + one;
	m = (5 * d + 2) / 153;
	*day = (int)(d - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + (m >= 10));
}

static bool leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool date_valid(int year, int month, int day)
{
	static const signed char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= lengths[month - 1] + (month == 2 && leap_year(year));
}

/* ---- Text ------------------------------------------------------------------------------------------------------- */

static bool digits(const char *p, int n, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (p[i] - '0');
	}
	*out = v;
	return true;
}

bool date_parse(struct str s, int *year, int *month, int *day)
{
	int y, m, d;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	if (!digits(s.p, 4, &y) || !digits(s.p + 5, 2, &m) || !digits(s.p + 8, 2, &d) || !date_valid(y, m, d))
		return false;
	*year = y;
	*month = m;
	*day = d;
	return true;
}

/* "Z", "+hh:mm", "-hh:mm" */
static bool parse_offset(struct str s, int64_t *us)
{
	int h, m;

	if (s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) {
		*us = 0;
		return true;
	}
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
		return false;
	if (!digits(s.p + 1, 2, &h) || !digits(s.p + 4, 2, &m) || h > 23 || m > 59)
		return false;
	*us = (h * HOUR_US + m * MINUTE_US) * (s.p[0] == '-' ? -1 : 1);
	return true;
}

bool time_parse(struct str s, int64_t *us)
{
	int year, month, day, h, m, sec;
	int64_t fraction = 0, offset, t;
	size_t i = 19;

	if (s.n < 10 || !date_parse((struct str){ s.p, 10 }, &year, &month, &day))
		return false;
	if (s.n == 10) {
		*us = date_to_days(year, month, day) * DAY_US;
		return true;
	}
	if (s.n < 20 || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') || s.p[13] != ':' || s.p[16] != ':')
		return false;
	if (!digits(s.p + 11, 2, &h) || !digits(s.p + 14, 2, &m) || !digits(s.p + 17, 2, &sec))
		return false;
	if (h > 23 || m > 59 || sec > 60)
		return false;
	if (sec == 60)
		sec = 59;
	if (s.p[i] == '.') {
		int64_t unit = USEC / 10;
		size_t first = ++i;

		for (; i < s.n && i < first + 9 && s.p[i] >= '0' && s.p[i] <= '9'; i++, unit /= 10)
			fraction += (s.p[i] - '0') * unit;
		if (i == first)
			return false;
	}
	if (!parse_offset((struct str){ s.p + i, s.n - i }, &offset))
		return false;
	t = date_to_days(year, month, day) * DAY_US + h * HOUR_US + m * MINUTE_US + sec * USEC + fraction - offset;
	if (t < TIME_LEAST || t > TIME_MOST)
		return false;
	*us = t;
	return true;
}

static char *put(char *p, int v, int n)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

void time_format(char out[TIME_TEXT_BYTES], int64_t us)
{
	int year, month, day, seconds, fraction, n = 6;
	int64_t days, rest;
	char *p = out;

	us = us < TIME_LEAST ? TIME_LEAST : us > TIME_MOST ? TIME_MOST : us;
	days = floor_div(us, DAY_US);
	rest = us - days * DAY_US;
	seconds = (int)(rest / USEC);
	fraction = (int)(rest % USEC);
	date_from_days(days, &year, &month, &day);
	p = put(p, year, 4);
	*p++ = '-';
	p = put(p, month, 2);
	*p++ = '-';
	p = put(p, day, 2);
	*p++ = 'T';
	p = put(p, seconds / 3600, 2);
	*p++ = ':';
	p = put(p, seconds / 60 % 60, 2);
	*p++ = ':';
	p = put(p, seconds % 60, 2);
	if (fraction) {
		for (; fraction % 10 == 0; fraction /= 10)
			n--;
		*p++ = '.';
		p = put(p, fraction, n);
	}
	*p++ = 'Z';
	*p = '\0';
}
