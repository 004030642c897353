/* rooms: base */
#include "test.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t at(const char *text)
{
	int64_t us;

	if (!time_parse(str_c(text), &us))
		fail_msg("not a time: %s", text);
	return us;
}

static void dates_count_every_day(void **state)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t day = -719162;

	(void)state;
	for (int y = 1; y <= 9999; y++)
		for (int m = 1; m <= 12; m++) {
			int n = lengths[m - 1] + (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));

			assert_false(date_valid(y, m, n + 1));
			for (int d = 1; d <= n; d++, day++) {
				int yy, mm, dd;

				assert_int_equal(date_to_days(y, m, d), day);
				date_from_days(day, &yy, &mm, &dd);
				assert_true(yy == y && mm == m && dd == d);
			}
		}
	assert_int_equal(date_to_days(1970, 1, 1), 0);
	assert_false(date_valid(2026, 0, 1) || date_valid(2026, 13, 1) || date_valid(2026, 1, 0) ||
	             date_valid(0, 1, 1) || date_valid(10000, 1, 1));
}

static void times_come_back(void **state)
{
	char text[TIME_TEXT_BYTES];
	uint64_t rnd = 4;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		int64_t us = TIME_LEAST + (int64_t)random_below(&rnd, (uint64_t)(TIME_MOST - TIME_LEAST)), back;

		if (i % 3 == 0)
			us = us / USEC * USEC;
		time_format(text, us);
		assert_true(time_parse(str_c(text), &back));
		assert_int_equal(back, us);
	}
	time_format(text, 1790000000120000);
	assert_string_equal(text, "2026-09-21T14:13:20.12Z");
	time_format(text, -1);
	assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
	time_format(text, INT64_MAX);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
	time_format(text, INT64_MIN);
	assert_string_equal(text, "0001-01-01T00:00:00Z");
}

static void times_are_read_strictly(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11",
		"2026-11-2",
		"2026-02-29",
		"2026-13-01",
		"2026-00-10",
		"0000-01-01",
		"2026-11-22T",
		"2026-11-22T09:30Z",
		"2026-11-22T09:30:00",
		"2026-11-22T24:00:00Z",
		"2026-11-22T09:60:00Z",
		"2026-11-22T09:30:61Z",
		"2026-11-22T09:30:00.Z",
		"2026-11-22T09:30:00.1234567890Z",
		"2026-11-22T09:30:00+0100",
		"2026-11-22T09:30:00+1:00",
		"2026-11-22T09:30:00+24:00",
		"2026-11-22T09:30:00ZZ",
		"2026-11-22T09:30:00 Z",
		" 2026-11-22",
		"2026-11-22 ",
		"2026/11/22",
		"2026-11-22_09:30:00Z",
		"0001-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
		"2026-11-22T-9:30:00Z",
		"2026-11-22T09:30:00.5",
	};
	int64_t us = 42;
	int y = 1, m = 2, d = 3;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (time_parse(str_c(bad[i]), &us))
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(us, 42);
	assert_false(date_parse(STR("2026-02-30"), &y, &m, &d));
	assert_true(y == 1 && m == 2 && d == 3);
	assert_int_equal(at("1970-01-02"), DAY_US);
	assert_int_equal(at("1970-01-01T01:00:00+01:00"), 0);
	assert_int_equal(at("1970-01-01 00:00:00z"), 0);
	assert_int_equal(at("1970-01-01t00:00:00.000001999-00:30"), 30 * MINUTE_US + 1);
	assert_int_equal(at("2016-12-31T23:59:60Z"), at("2016-12-31T23:59:59Z"));
}

static void the_clock_can_be_set(void **state)
{
	int64_t now;

	(void)state;
	clock_set(5);
	assert_int_equal(clock_now(), 5);
	clock_set(0);
	now = clock_now();
	assert_true(now > at("2024-01-01"));
	assert_true(clock_monotonic() <= clock_monotonic());
}

static void days_change_at_local_midnight(void **state)
{
	static const struct {
		const char *utc, *zone, *day;
	} known[] = {
		{ "2026-03-28T22:59:59Z", "Europe/Zurich", "2026-03-28" },
		{ "2026-03-28T23:00:00Z", "Europe/Zurich", "2026-03-29" },
		{ "2026-03-29T21:59:59Z", "Europe/Zurich", "2026-03-29" }, /* after the change to summer time */
		{ "2026-03-29T22:00:00Z", "Europe/Zurich", "2026-03-30" },
		{ "2026-10-25T22:59:59Z", "Europe/Zurich", "2026-10-25" },
		{ "2026-10-25T23:00:00Z", "Europe/Zurich", "2026-10-26" },
		{ "2026-07-04T03:59:59Z", "America/New_York", "2026-07-03" },
		{ "2026-07-04T04:00:00Z", "America/New_York", "2026-07-04" },
		{ "2026-01-01T10:00:00Z", "Pacific/Auckland", "2026-01-01" },
		{ "2026-01-01T11:00:00Z", "Pacific/Auckland", "2026-01-02" },
		{ "2026-01-01T18:14:59Z", "Asia/Kathmandu", "2026-01-01" },
		{ "2026-01-01T18:15:00Z", "Asia/Kathmandu", "2026-01-02" },
		{ "2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29" }, /* the day that Samoa left out */
		{ "2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31" },
		{ "2800-07-01T21:59:59Z", "Europe/Zurich", "2800-07-01" },
		{ "2800-07-01T22:00:00Z", "Europe/Zurich", "2800-07-02" },
		{ "9999-07-01T22:00:00Z", "Europe/Zurich", "9999-07-02" },
		{ "0001-01-01T12:00:00Z", "Europe/Zurich", "0001-01-01" },
		{ "2026-11-22T23:59:59.999999Z", "UTC", "2026-11-22" },
		{ "1969-12-31T23:59:59.999999Z", "Etc/UTC", "1969-12-31" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct error e;
		int64_t day;

		assert_int_equal(time_local_day(at(known[i].utc), known[i].zone, &day, &e), OK);
		if (day * DAY_US != at(known[i].day))
			fail_msg("%s in %s: %lld days off", known[i].utc, known[i].zone,
			         (long long)(day - at(known[i].day) / DAY_US));
	}
}

static void unknown_zones_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"Europe/Zürich",
		"Europe/Nowhere",
		"europe/zurich ",
		"GMT+25",
		"x",
		"Europe/ZurichEurope/ZurichEurope/ZurichEurope/ZurichEurope/ZurichEurope/Zurich"
	};
	struct error e;
	int64_t day = 9;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (time_local_day(0, bad[i], &day, &e) == OK)
			fail_msg("accepted: %s", bad[i]);
		assert_string_equal(e.code, "zone.unknown");
	}
	assert_int_equal(day, 9);
}

static void local_times_across_changes(void **state)
{
	static const struct {
		int y, mo, d, h, mi;
		const char *zone, *utc;
	} known[] = {
		{ 2026, 3, 29, 1, 59, "Europe/Zurich", "2026-03-29T00:59:00Z" },
		{ 2026, 3, 29, 2, 0, "Europe/Zurich", "2026-03-29T01:00:00Z" },  /* no such time: */
		{ 2026, 3, 29, 2, 30, "Europe/Zurich", "2026-03-29T01:00:00Z" }, /* the moment after the gap */
		{ 2026, 3, 29, 3, 0, "Europe/Zurich", "2026-03-29T01:00:00Z" },
		{ 2026, 10, 25, 1, 59, "Europe/Zurich", "2026-10-24T23:59:00Z" },
		{ 2026, 10, 25, 2, 30, "Europe/Zurich", "2026-10-25T00:30:00Z" }, /* of two the first */
		{ 2026, 10, 25, 3, 0, "Europe/Zurich", "2026-10-25T02:00:00Z" },
		{ 2026, 11, 1, 1, 30, "America/New_York", "2026-11-01T05:30:00Z" },
		{ 2026, 3, 8, 2, 30, "America/New_York", "2026-03-08T07:00:00Z" },
		{ 2011, 12, 30, 12, 0, "Pacific/Apia", "2011-12-30T10:00:00Z" },
		{ 2604, 7, 1, 12, 0, "Europe/Zurich", "2604-07-01T10:00:00Z" },
		{ 2026, 1, 1, 0, 0, "Asia/Kathmandu", "2025-12-31T18:15:00Z" },
	};
	struct error e;
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(time_from_local(known[i].y, known[i].mo, known[i].d, known[i].h, known[i].mi, 0,
		                                 known[i].zone, &us, &e),
		                 OK);
		if (us != at(known[i].utc))
			fail_msg("line %zu: %lld minutes off", i, (long long)((us - at(known[i].utc)) / MINUTE_US));
	}
	assert_int_equal(time_from_local(2026, 2, 29, 0, 0, 0, "UTC", &us, &e), ERR_INVALID);
	assert_int_equal(time_from_local(2026, 2, 28, 24, 0, 0, "UTC", &us, &e), ERR_INVALID);
	assert_int_equal(time_from_local(2026, 2, 28, 0, 0, MINUTE_US, "UTC", &us, &e), ERR_INVALID);
	assert_int_equal(time_from_local(2026, 2, 28, 0, 0, -1, "UTC", &us, &e), ERR_INVALID);
}

/* The C library reads the same zones by its own code: both must tell the same day and hour, 1950 to 2037. */
static void zones_agree_with_the_c_library(void **state)
{
	static const char *const zones[] = { "Europe/Zurich",       "Europe/London",    "America/New_York",
		                             "America/Sao_Paulo",   "Asia/Tokyo",       "Asia/Kathmandu",
		                             "Australia/Lord_Howe", "Pacific/Auckland", "America/St_Johns",
		                             "Asia/Tehran",         "Pacific/Apia",     "Europe/Berlin" };
	uint64_t rnd = 8;
	int differ = 0, checked = 0;

	(void)state;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		char file[128];

		snprintf(file, sizeof(file), "/usr/share/zoneinfo/%s", zones[z]);
		setenv("TZ", zones[z], 1);
		tzset();
		if (access(file, R_OK) != 0) {
			print_message("no %s here: not compared\n", file);
			continue;
		}
		for (int i = 0; i < 20000; i++) {
			time_t t = (time_t)random_below(&rnd, 2145916800) - (i % 2 ? 0 : 631152000);
			int64_t day, us;
			struct error e;
			struct tm tm;

			localtime_r(&t, &tm);
			assert_int_equal(time_local_day(t * USEC, zones[z], &day, &e), OK);
			differ += day != date_to_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
			assert_int_equal(time_from_local(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			                                 tm.tm_min, tm.tm_sec * USEC, zones[z], &us, &e),
			                 OK);
			/* of two moments with that local time it gives the first */
			differ += us != t * USEC && !(us < t * USEC && us > (t - 7201) * USEC);
			checked++;
		}
	}
	unsetenv("TZ");
	tzset();
	/* the two may carry rules of different years: a few hours around a change, not more */
	if (differ > checked / 1000)
		fail_msg("%d of %d differ", differ, checked);
}

static void local_time_comes_back(void **state)
{
	uint64_t rnd = 11;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		const char *zone = i % 2 ? "Europe/Berlin" : "America/Los_Angeles";
		int64_t day = (int64_t)random_below(&rnd, 60000), us, back;
		int y, m, d;
		struct error e;

		date_from_days(day, &y, &m, &d);
		assert_int_equal(time_from_local(y, m, d, 12, 0, 0, zone, &us, &e), OK);
		assert_int_equal(time_local_day(us, zone, &back, &e), OK);
		assert_int_equal(back, day);
		assert_int_equal(time_from_local(y, m, d, 0, 0, 0, zone, &us, &e), OK);
		assert_int_equal(time_local_day(us, zone, &back, &e), OK);
		assert_int_equal(back, day);
		assert_int_equal(time_local_day(us - 1, zone, &back, &e), OK);
		assert_int_equal(back, day - 1);
	}
}

static void *ask_zones(void *arg)
{
	static const char *const zones[] = { "Asia/Seoul", "Asia/Dubai", "Europe/Oslo", "America/Denver",
		                             "Africa/Lagos" };
	int64_t day;

	for (int i = 0; i < 2000; i++)
		if (time_local_day(i * DAY_US, zones[i % 5], &day, NULL) != OK)
			return NULL;
	return arg;
}

static void zones_are_safe_for_threads(void **state)
{
	pthread_t t[4];
	void *done;

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, ask_zones, t);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &done);
		assert_non_null(done);
	}
}

static void zones_survive_failing_memory(void **state)
{
	struct error e;
	int64_t day;

	(void)state;
	for (uint64_t nth = 1;; nth++) {
		enum result r;

		mem_fail_nth(nth);
		r = time_local_day(0, "Europe/Lisbon", &day, &e);
		mem_fail_nth(0);
		if (r == OK)
			break;
		assert_int_equal(r, ERR_NOMEM);
		assert_true(nth < 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_count_every_day),         cmocka_unit_test(times_come_back),
		cmocka_unit_test(times_are_read_strictly),       cmocka_unit_test(the_clock_can_be_set),
		cmocka_unit_test(days_change_at_local_midnight), cmocka_unit_test(unknown_zones_are_refused),
		cmocka_unit_test(local_times_across_changes),    cmocka_unit_test(zones_agree_with_the_c_library),
		cmocka_unit_test(local_time_comes_back),         cmocka_unit_test(zones_are_safe_for_threads),
		cmocka_unit_test(zones_survive_failing_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
