/* rooms: base */
/* Times, dates, ids, hexadecimal and integers from text; local days in a zone that the input names. */
#include "fuzz/fuzz.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"

static void times(struct str s)
{
	static const char *const zones[] = { "Europe/Zurich", "America/New_York", "Pacific/Apia", "Asia/Kathmandu" };
	char text[TIME_TEXT_BYTES];
	int64_t us = 1, back, day, midnight;
	int y = 0, m = 0, d = 0;

	if (date_parse(s, &y, &m, &d))
		HOLD(date_valid(y, m, d));
	if (!time_parse(s, &us)) {
		HOLD(us == 1);
		return;
	}
	HOLD(us >= TIME_LEAST && us <= TIME_MOST);
	time_format(text, us);
	HOLD(time_parse(str_c(text), &back) && back == us);
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		HOLD(time_local_day(us, zones[i], &day, NULL) == OK);
		date_from_days(day, &y, &m, &d);
		HOLD(date_to_days(y, m, d) == day);
		if (!date_valid(y, m, d))
			continue; /* the day before the first, after the last */
		HOLD(time_from_local(y, m, d, 0, 0, 0, zones[i], &midnight, NULL) == OK);
		HOLD(midnight <= us);
		HOLD(time_local_day(midnight, zones[i], &back, NULL) == OK && back == day);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	char text[64], hex[65];
	unsigned char bytes[32];
	int64_t v, day;

	times(s);
	if (size < sizeof(text)) {
		memcpy(text, data, size);
		text[size] = '\0';
		/* not more zones than a process may keep: the known ones are some 600 */
		if (time_local_day(0, text, &day, NULL) == OK)
			HOLD(day >= -1 && day <= 1);
	}
	for (int kind = 0; kind < ID_KINDS; kind++)
		if (id_parse(s, (enum id_kind)kind, &v)) {
			id_format(text, (enum id_kind)kind, v);
			HOLD(v > 0 && strlen(text) == size && strncasecmp(text, s.p, size) == 0);
		}
	if (str_to_i64(s, &v)) {
		snprintf(text, sizeof(text), "%lld", (long long)v);
		HOLD(str_to_i64(str_c(text), &day) && day == v);
	}
	if (size <= 64 && hex_decode(bytes, size / 2, s)) {
		hex_encode(hex, bytes, size / 2);
		HOLD(strncasecmp(hex, s.p, size) == 0);
	}
	return 0;
}
