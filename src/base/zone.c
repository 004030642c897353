/* Time zones: each zone's changes of offset, read from ICU once and kept for the life of the process, so that the
 * question "which day was it there?" is a binary search and not a calendar. After 2100 every zone repeats in the 400
 * years of the calendar's cycle: the table ends at 2500, and later moments are looked up 400, 800, … years earlier. */
#include "base/clock.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unicode/ucal.h>

#define ZONE_NAME_BYTES 64
#define ZONE_SLOTS 256
#define MOST_CHANGES 4096
#define CYCLE_US (146097 * DAY_US)
#define TABLE_END_US (193579 * DAY_US) /* 2500-01-01 */

struct zone {
	struct zone *next;
	char name[ZONE_NAME_BYTES];
	size_t count;
	int64_t *from;   /* from[0] is the beginning of time */
	int64_t *offset; /* microseconds to add to UTC from then on */
};

static _Atomic(struct zone *) slots[ZONE_SLOTS];
static pthread_mutex_t building = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct zone *last_zone;

static unsigned slot_of(const char *name)
{
	unsigned h = 0;

	for (; *name; name++)
		h = h * 31 + (unsigned char)*name;
	return h % ZONE_SLOTS;
}

static struct zone *zone_known(const char *name)
{
	struct zone *z = last_zone;

	if (z && strcmp(z->name, name) == 0)
		return z;
	z = atomic_load_explicit(&slots[slot_of(name)], memory_order_acquire);
	while (z && strcmp(z->name, name) != 0)
		z = z->next;
	if (z)
		last_zone = z;
	return z;
}

static int64_t icu_offset(UCalendar *cal, UErrorCode *err)
{
	return ((int64_t)ucal_get(cal, UCAL_ZONE_OFFSET, err) + ucal_get(cal, UCAL_DST_OFFSET, err)) * 1000;
}

/* Fills from[] and offset[] (MOST_CHANGES each) and returns how many, 0 on trouble. */
static size_t read_changes(UCalendar *cal, int64_t *from, int64_t *offset)
{
	UErrorCode err = U_ZERO_ERROR;
	size_t n = 0;
	UDate at;

	ucal_setMillis(cal, (double)(TIME_LEAST / 1000), &err);
	from[n] = INT64_MIN;
	offset[n++] = icu_offset(cal, &err);
	while (ucal_getTimeZoneTransitionDate(cal, UCAL_TZ_TRANSITION_NEXT, &at, &err) && U_SUCCESS(err)) {
		int64_t us = (int64_t)at * 1000, now;

		if (us >= TABLE_END_US)
			break;
		ucal_setMillis(cal, at, &err);
		now = icu_offset(cal, &err);
		if (now == offset[n - 1])
			continue; /* only the name or the split into standard and summer changed */
		if (n == MOST_CHANGES)
			return 0;
		from[n] = us;
		offset[n++] = now;
	}
	return U_SUCCESS(err) ? n : 0;
}

static struct zone *zone_of_changes(const char *name, const int64_t *from, const int64_t *offset, size_t n)
{
	struct zone *z = mem_calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->from = mem_calloc(2 * n, sizeof(int64_t));
	if (!z->from) {
		mem_free(z);
		return NULL;
	}
	z->offset = z->from + n;
	z->count = n;
	memcpy(z->from, from, n * sizeof(*from));
	memcpy(z->offset, offset, n * sizeof(*offset));
	memcpy(z->name, name, strlen(name) + 1);
	return z;
}

static enum result zone_build(const char *name, struct zone **out, struct error *e)
{
	UChar id[ZONE_NAME_BYTES];
	UErrorCode err = U_ZERO_ERROR;
	int64_t *changes;
	UCalendar *cal;
	size_t n;

	for (n = 0; name[n]; n++)
		id[n] = (UChar)(unsigned char)name[n];
	changes = mem_calloc(2 * MOST_CHANGES, sizeof(int64_t));
	if (!changes)
		return error_nomem(e);
	cal = ucal_open(id, (int32_t)n, "en", UCAL_GREGORIAN, &err);
	n = U_SUCCESS(err) ? read_changes(cal, changes, changes + MOST_CHANGES) : 0;
	if (U_SUCCESS(err))
		ucal_close(cal);
	if (n == 0) {
		mem_free(changes);
		return error_set(e, ERR_INTERNAL, "zone.table", NULL, "cannot read the time zone's rules");
	}
	*out = zone_of_changes(name, changes, changes + MOST_CHANGES, n);
	mem_free(changes);
	return *out ? OK : error_nomem(e);
}

static bool zone_exists(const char *name)
{
	UChar id[ZONE_NAME_BYTES], canonical[ZONE_NAME_BYTES];
	UErrorCode err = U_ZERO_ERROR;
	UBool system = false;
	size_t n = strlen(name);

	if (n == 0 || n >= ZONE_NAME_BYTES)
		return false;
	for (size_t i = 0; i < n; i++)
		id[i] = (UChar)(unsigned char)name[i];
	ucal_getCanonicalTimeZoneID(id, (int32_t)n, canonical, ZONE_NAME_BYTES, &system, &err);
	return U_SUCCESS(err) && system;
}

static enum result zone_get(const char *name, struct zone **out, struct error *e)
{
	struct zone *z = zone_known(name);
	enum result r = OK;

	if (z) {
		*out = z;
		return OK;
	}
	if (!zone_exists(name))
		return error_set(e, ERR_INVALID, "zone.unknown", NULL, "no such time zone: \"%.63s\"", name);
	pthread_mutex_lock(&building);
	z = zone_known(name);
	if (!z) {
		r = zone_build(name, &z, e);
		if (r == OK) {
			_Atomic(struct zone *) *slot = &slots[slot_of(name)];

			z->next = atomic_load(slot);
			atomic_store_explicit(slot, z, memory_order_release);
		}
	}
	pthread_mutex_unlock(&building);
	if (r == OK)
		*out = z;
	return r;
}

static int64_t whole_cycles_after_table(int64_t us)
{
	return us < TABLE_END_US ? 0 : (us - TABLE_END_US) / CYCLE_US * CYCLE_US + CYCLE_US;
}

/* The last change at or before us, which lies in the table's time. */
static size_t change_at(const struct zone *z, int64_t us)
{
	size_t low = 0, high = z->count;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (z->from[mid] <= us)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static int64_t offset_at(const struct zone *z, int64_t us)
{
	return z->offset[change_at(z, us - whole_cycles_after_table(us))];
}

enum result time_local_day(int64_t us, const char *zone, int64_t *day, struct error *e)
{
	struct zone *z;
	int64_t local;

	TRY(zone_get(zone, &z, e));
	local = us + offset_at(z, us);
	*day = local / DAY_US - (local % DAY_US < 0);
	return OK;
}

/* The earliest moment whose local time is at or after `local`, both in the table's time: within each stretch of
 * constant offset local time grows, so the first stretch that reaches it holds the answer, at its start where a gap was
 * jumped. */
static int64_t first_moment(const struct zone *z, int64_t local)
{
	size_t i = change_at(z, local - 2 * DAY_US); /* offsets are within a day: no earlier stretch can reach it */

	for (; i + 1 < z->count; i++)
		if (local < z->from[i + 1] + z->offset[i])
			break;
	return local - z->offset[i] > z->from[i] ? local - z->offset[i] : z->from[i];
}

enum result time_from_local(int year, int month, int day, int hour, int minute, int64_t usec_of_minute,
                            const char *zone, int64_t *us, struct error *e)
{
	int64_t local, cycles;
	struct zone *z;

	if (!date_valid(year, month, day) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || usec_of_minute < 0 ||
	    usec_of_minute >= MINUTE_US)
		return error_set(e, ERR_INVALID, "time.invalid", NULL, "no such date or time of day");
	TRY(zone_get(zone, &z, e));
	local = date_to_days(year, month, day) * DAY_US + hour * HOUR_US + minute * MINUTE_US + usec_of_minute;
	cycles = whole_cycles_after_table(local + 2 * DAY_US);
	*us = first_moment(z, local - cycles) + cycles;
	return OK;
}
