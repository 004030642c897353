/* The hot paths of the pure rooms, in nanoseconds; jansson beside the JSON parser. Built by `cmake --build … --target
 * micro`. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "judge/judge.h"
#include "money/money.h"
#include "text/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 5

static volatile uint64_t sink; /* keeps the work from being left out */
static char folded[TEXT_FOLD_BYTES];
static struct buf out;
static struct money cents[8];

/* What a till sends for a sale of two lines. */
static const char touchpoint[] = "{\"type\":\"track\",\"event\":\"Order "
                                 "Completed\",\"messageId\":\"till-17-2026-11-22-000481\",\"userId\":\"L-0048211\","
                                 "\"timestamp\":\"2026-11-22T09:30:00.123Z\",\"context\":{\"locale\":\"de-CH\",\"ip\":"
                                 "\"203.0.113.7\"},\"properties\":{"
                                 "\"order_id\":\"17-000481\",\"total\":219.80,\"revenue\":203.15,\"tax\":16.65,"
                                 "\"currency\":\"CHF\",\"store\":\"zrh-01\","
                                 "\"associate\":\"A-117\",\"products\":[{\"sku\":\"NV-44-BLU-52\",\"name\":\"Merino "
                                 "jumper, navy\",\"brand\":\"Holt\","
                                 "\"price\":119.90,\"quantity\":1},{\"sku\":\"OX-12-WHT-41\",\"name\":\"Oxford shirt, "
                                 "white\",\"brand\":\"Arden\","
                                 "\"price\":49.95,\"quantity\":2}]}}";

static void fold_ascii(void)
{
	sink += text_fold(STR("Jane O'Neill-Smith"), folded);
}
static void fold_latin(void)
{
	sink += text_fold(STR("Jürgen Łukasz Müller"), folded);
}
static void fold_cyrillic(void)
{
	sink += text_fold(STR("Андрей Достоевский"), folded);
}
static void fold_greek(void)
{
	sink += text_fold(STR("Γιώργος Παπαδόπουλος"), folded);
}
static void fold_han(void)
{
	sink += text_fold(STR("王小明"), folded);
}
static void jaro_winkler(void)
{
	sink += text_jaro_winkler(STR("christopher"), STR("christpoher")) > 0.9;
}
static void osa_distance(void)
{
	sink += (uint64_t)text_osa_distance(STR("johnathan"), STR("jonathon"), 3);
}
static void phonetic(void)
{
	text_phonetic(STR("schneider"), folded);
}
static void nickname(void)
{
	sink += name_nickname(STR("elizabeth"), STR("liz"));
}
static void split(void)
{
	static struct name_parts parts;

	name_split(STR("Dr Jane van der Berg Jr"), &parts);
}
static void email(void)
{
	sink += email_normalise(STR("Jane.Doe+shop@Mail.Example.com"), folded, NULL);
}
static void phone(void)
{
	sink += phone_normalise(STR("044 333 44 55"), "CH", folded, NULL);
}
static void parse(void)
{
	struct json *j;

	if (json_parse(STR(touchpoint), NULL, &j, NULL) != OK)
		abort();
	sink += json_count(j);
	json_free(j);
}
static void parse_jansson(void)
{
	sink += judge_only_parses(STR(touchpoint));
}
static void write_line(struct json_writer *w, const char *sku, const char *name, double price)
{
	jw_object(w);
	jw_kcstr(w, "sku", sku);
	jw_kcstr(w, "name", name);
	jw_kf64(w, "price", price);
	jw_ki64(w, "quantity", 2);
	jw_end_object(w);
}
static void write_json(void)
{
	struct json_writer w;

	buf_clear(&out);
	jw_init(&w, &out);
	jw_object(&w);
	jw_kid(&w, "id", ID_TOUCHPOINT, 1234567890123456789);
	jw_kid(&w, "customer", ID_CUSTOMER, 1134567890123456789);
	jw_ktime(&w, "at", 1790000000123456);
	jw_kcstr(&w, "event", "Order Completed");
	jw_kcstr(&w, "name", "Jürgen Müller");
	jw_key(&w, "lines");
	jw_array(&w);
	write_line(&w, "NV-44-BLU-52", "Merino jumper, navy", 119.90);
	write_line(&w, "OX-12-WHT-41", "Oxford shirt, white", 49.95);
	jw_end_array(&w);
	jw_kbool(&w, "returned", false);
	jw_end_object(&w);
	sink += out.n;
}
static void hash(void)
{
	sink += hash64_str(STR("till-17-2026-11-22-000481"), sink);
}
static void id(void)
{
	sink += (uint64_t)id_new(17);
}
static void parse_time(void)
{
	int64_t us;

	if (time_parse(STR("2026-11-22T09:30:00.123Z"), &us))
		sink += (uint64_t)us;
}
static void local_day(void)
{
	int64_t day;

	if (time_local_day(1790000000123456 + (int64_t)(sink & 0xFFFFF) * HOUR_US / 60, "Europe/Zurich", &day, NULL) ==
	    OK)
		sink += (uint64_t)day;
}
static void parse_money(void)
{
	struct money m;

	sink += money_parse(STR("1,234.50"), cents[0].currency_, '.', true, &m, NULL);
}
static void allocate(void)
{
	static const int64_t weights[8] = { 11990, 4995, 4995, 100, 2500, 799, 15000, 1 };

	sink += money_allocate(money_of_minor(cents[0].currency_, 12345), weights, 8, cents, NULL);
}

static const struct {
	const char *name;
	void (*run)(void);
	int times;
} cases[] = {
	{ "fold_ascii", fold_ascii, 200000 },
	{ "fold_latin_marks", fold_latin, 200000 },
	{ "fold_cyrillic", fold_cyrillic, 200000 },
	{ "fold_greek", fold_greek, 50000 },
	{ "fold_han", fold_han, 50000 },
	{ "jaro_winkler_11", jaro_winkler, 500000 },
	{ "osa_distance_9", osa_distance, 500000 },
	{ "phonetic", phonetic, 200000 },
	{ "name_nickname", nickname, 200000 },
	{ "name_split", split, 20000 },
	{ "email_normalise", email, 100000 },
	{ "phone_normalise", phone, 3000 },
	{ "json_parse_529_bytes", parse, 50000 },
	{ "jansson_parse_529_bytes", parse_jansson, 50000 },
	{ "json_write_328_bytes", write_json, 100000 },
	{ "hash64_25_bytes", hash, 1000000 },
	{ "id_new", id, 500000 },
	{ "time_parse", parse_time, 500000 },
	{ "time_local_day", local_day, 500000 },
	{ "money_parse", parse_money, 200000 },
	{ "money_allocate_8", allocate, 100000 },
};

/* The thread's own time: other programs on the machine count less. */
static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void)
{
	if (text_start(NULL) != OK || !currency_find(STR("EUR"), &cents[0].currency_))
		return 1;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t best = INT64_MAX;

		cases[i].run();
		for (int round = 0; round < ROUNDS; round++) {
			int64_t began = cpu_ns(), took;

			for (int n = 0; n < cases[i].times; n++)
				cases[i].run();
			took = cpu_ns() - began;
			best = took < best ? took : best;
		}
		printf("%-26s %9.1f  ns  -  -  SKIP (no limit set)\n", cases[i].name, (double)best / cases[i].times);
	}
	buf_free(&out);
	text_stop();
	return 0;
}
