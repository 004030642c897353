/* rooms: torturer base */
#include "test.h"
#include "base/hash.h"
#include "bench/torture.h"
#include "bench/torture_csv.h"
#include <math.h>
#include <stdlib.h>

#define PEOPLE 30000
#define COLUMNS 22

static char *text; /* what one run wrote */
static size_t text_size;
static struct torture_tally tally;

static void write_to(const struct torture_config *c, char **out, size_t *size, struct torture_tally *t)
{
	struct error e;
	FILE *f = open_memstream(out, size);

	assert_non_null(f);
	assert_int_equal(torture_write(c, f, t, &e), OK);
	fclose(f);
}

static int world_setup(void **state)
{
	struct torture_config c;

	(void)state;
	torture_config_default(&c);
	c.people = PEOPLE;
	write_to(&c, &text, &text_size, &tally);
	return 0;
}

static int world_teardown(void **state)
{
	(void)state;
	free(text);
	return 0;
}

/* Calls fn for every record of the text. */
static void records_each(const char *from, void (*fn)(char **field, void *arg), void *arg)
{
	char *copy = strdup(from), *rest = copy, *line = strsep(&rest, "\n"), *field[COLUMNS + 2];

	assert_string_equal(line, "source,source_key,prefix,given,middle,family,suffix,gender,birth,street,city,region,"
	                          "postcode,country,email,phone,loyalty,account,device,truth,household,dirt");
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(str_utf8_valid(str_c(line)));
		assert_int_equal(csv_cut(line, field, COLUMNS + 2), COLUMNS);
		fn(field, arg);
	}
	free(copy);
}

enum { SOURCE, SOURCE_KEY, FAMILY_AT = 5, BIRTH_AT = 8, EMAIL_AT = 14, PHONE_AT = 15, TRUTH = 19, HOME, DIRT };

static bool carries(const char *dirt, enum kind k)
{
	size_t n = strlen(kind_table[k].name);

	for (const char *p = dirt; (p = strstr(p, kind_table[k].name)); p += n)
		if ((p == dirt || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* ---- The generator ---------------------------------------------------------------------------------------------- */

static void same_seed_same_bytes(void **state)
{
	struct torture_config c;
	struct torture_tally t;
	char *again;
	size_t size;

	(void)state;
	torture_config_default(&c);
	c.people = PEOPLE;
	write_to(&c, &again, &size, &t);
	assert_int_equal(size, text_size);
	assert_memory_equal(again, text, size);
	assert_true(t.digest == tally.digest && t.bytes == (int64_t)size);
	free(again);
	c.seed = 2;
	write_to(&c, &again, &size, &t);
	assert_true(t.digest != tally.digest);
	assert_int_equal(t.people, PEOPLE);
	free(again);
	c.people = 0;
	c.records = 5000;
	write_to(&c, &again, &size, &t);
	assert_int_equal(t.records, 5000);
	free(again);
}

/* Within four standard deviations of its rate. */
static void every_kind_at_its_rate(void **state)
{
	(void)state;
	for (int k = 0; k < LONE; k++) {
		double asked = (double)tally.asked[k], rate = kind_table[k].rate, hit = (double)tally.hit[k];
		/* of these some find nothing to strike and are taken back */
		double slack = k == PHONETIC || k == SCANNING || k == KEYBOARD || k == MISSING ? asked * rate * .2 : 0;

		if (asked < 500 || hit < 5 || tally.carried[k] < 5)
			fail_msg("%s: asked %g, struck %g, on %jd records", kind_table[k].name, asked, hit,
			         (intmax_t)tally.carried[k]);
		if (fabs(hit - asked * rate) > 4 * sqrt(asked * rate * (1 - rate)) + slack)
			fail_msg("%s: %g of %g, not %g", kind_table[k].name, hit, asked, rate);
	}
	assert_true(tally.carried[LONE] > tally.records / 20 && tally.carried[LONE] < tally.records / 4);
	assert_true(tally.clean > tally.records / 10 && tally.clean < tally.records / 2);
}

static void a_kind_may_be_switched_off(void **state)
{
	struct torture_config c;
	struct torture_tally t;
	char *got;
	size_t size;

	(void)state;
	for (int k = 0; k < LONE; k++) {
		if (k == FAMILY_EMAIL || k == FAMILY_LANDLINE || k == BARE)
			continue; /* a child's; what other kinds leave */
		torture_config_default(&c);
		c.records = 3000;
		c.rates[k] = 0;
		c.rates[FLATMATES] = c.rates[ALL_BUT_GIVEN] = 0;
		write_to(&c, &got, &size, &t);
		if (t.hit[k] || t.carried[k])
			fail_msg("%s strikes", kind_table[k].name);
		free(got);
	}
}

struct seen {
	int64_t records, carried[KINDS];
	uint64_t *keys;
	int64_t top_email, wrong_home;
	FILE *perfect, *one, *apart, *mixed;
};

static void record_see(char **f, void *arg)
{
	struct seen *s = arg;
	size_t home = strcspn(f[TRUTH], "-");

	s->keys[s->records++] = hash64(f[SOURCE_KEY], strlen(f[SOURCE_KEY]), hash64(f[SOURCE], strlen(f[SOURCE]), 0));
	s->wrong_home += f[TRUTH][0] != 'p' || f[HOME][0] != 'h' || strlen(f[HOME]) != home ||
	                 strncmp(f[TRUTH] + 1, f[HOME] + 1, home - 1) != 0;
	for (int k = 0; k < KINDS; k++)
		s->carried[k] += carries(f[DIRT], (enum kind)k);
	s->top_email += strcasecmp(f[EMAIL_AT], "nina.till@stores.torture") == 0;
	if (carries(f[DIRT], CASHIER_EMAIL))
		assert_non_null(strstr(f[EMAIL_AT], "stores.torture"));
	if (carries(f[DIRT], STORE_NUMBER) || carries(f[DIRT], CASHIER_PHONE))
		assert_true(*f[PHONE_AT] == '+');
	if (*f[BIRTH_AT])
		assert_int_equal(strlen(f[BIRTH_AT]), 10);
	fprintf(s->perfect, "%s,%s,%s\n", f[SOURCE], f[SOURCE_KEY], f[TRUTH]);
	fprintf(s->one, "%s,%s,c\n", f[SOURCE], f[SOURCE_KEY]);
	fprintf(s->apart, "%s,%s,%jd\n", f[SOURCE], f[SOURCE_KEY], (intmax_t)s->records);
	fprintf(s->mixed, "%s,%s,%s\n", f[SOURCE], f[SOURCE_KEY], carries(f[DIRT], CASHIER_EMAIL) ? "nina" : f[TRUTH]);
}

/* Of persons of two records: who is marked shares no value. */
struct pair {
	char truth[32], value[6][128];
	bool lone;
};
struct lone_seen {
	struct pair *last;
	int64_t n, told, wrong;
};

static void pair_take(char **f, void *arg)
{
	static const int at[6] = { 16, 17, 18, 8, 9, 12 }; /* loyalty account device birth street postcode */
	struct lone_seen *s = arg;
	struct pair *p = &s->last[s->n++];

	snprintf(p->truth, sizeof(p->truth), "%s", f[TRUTH]);
	for (int i = 0; i < 6; i++)
		snprintf(p->value[i], sizeof(p->value[i]), "%s", f[at[i]]);
	p->lone = carries(f[DIRT], LONE);
}

static int pair_cmp(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->truth, ((const struct pair *)b)->truth);
}

static void lone_has_nothing_in_common(void **state)
{
	struct torture_config c;
	struct torture_tally t;
	struct lone_seen s = { 0 };
	char *got;
	size_t size;

	(void)state;
	torture_config_default(&c);
	c.records = 8000;
	for (int k = 0; k < LONE; k++) /* no placeholders that look alike, no e-mails and phones that mislead */
		c.rates[k] = k < CASHIER_EMAIL ? c.rates[k] : 0;
	write_to(&c, &got, &size, &t);
	s.last = calloc((size_t)t.records, sizeof(*s.last));
	records_each(got, pair_take, &s);
	qsort(s.last, (size_t)s.n, sizeof(*s.last), pair_cmp);
	for (int64_t i = 0, end; i < s.n; i = end) {
		bool shared = false;

		for (end = i + 1; end < s.n && pair_cmp(s.last + i, s.last + end) == 0;)
			end++;
		if (end - i == 1)
			assert_false(s.last[i].lone);
		if (end - i != 2)
			continue;
		for (int v = 0; v < 6; v++)
			shared |= *s.last[i].value[v] && strcmp(s.last[i].value[v], s.last[i + 1].value[v]) == 0;
		s.told++;
		s.wrong += shared && (s.last[i].lone || s.last[i + 1].lone);
		assert_false(s.last[i].lone && s.last[i + 1].lone);
	}
	assert_true(s.told > 500 && t.carried[LONE] > 100);
	assert_int_equal(s.wrong, 0);
	free(s.last);
	free(got);
}

static int hash_cmp(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static FILE *memory_csv(char **p, size_t *n)
{
	FILE *f = open_memstream(p, n);

	assert_non_null(f);
	fprintf(f, "source,source_key,cluster\n");
	return f;
}

static void score(char *records, char *clusters, struct torture_score *out)
{
	struct error e;
	FILE *a = fmemopen(records, strlen(records), "r"), *b = fmemopen(clusters, strlen(clusters), "r");

	assert_true(a && b);
	assert_int_equal(torture_score(a, b, NULL, out, &e), OK);
	fclose(a);
	fclose(b);
}

/* Keys occur once, every person is of one household, and the score of what is known is known. */
static void truth_is_consistent(void **state)
{
	char *p[4];
	size_t n[4];
	struct seen s = { .keys = calloc((size_t)tally.records, sizeof(uint64_t)) };
	struct torture_score got;

	(void)state;
	s.perfect = memory_csv(&p[0], &n[0]);
	s.one = memory_csv(&p[1], &n[1]);
	s.apart = memory_csv(&p[2], &n[2]);
	s.mixed = memory_csv(&p[3], &n[3]);
	records_each(text, record_see, &s);
	fclose(s.perfect);
	fclose(s.one);
	fclose(s.apart);
	fclose(s.mixed);
	assert_int_equal(s.records, tally.records);
	assert_int_equal(s.wrong_home, 0);
	assert_int_equal(s.top_email, tally.cashier_top);
	assert_memory_equal(s.carried, tally.carried, sizeof(s.carried));
	qsort(s.keys, (size_t)s.records, sizeof(uint64_t), hash_cmp);
	for (int64_t i = 1; i < s.records; i++)
		assert_true(s.keys[i] != s.keys[i - 1]);

	score(text, p[0], &got);
	assert_true(got.f1 == 1 && got.b3_f1 == 1 && got.merged == 0 && got.split == 0 && got.cashier_joined == 0);
	assert_int_equal(got.persons, tally.people);
	assert_int_equal(got.customers, tally.people);
	assert_int_equal(got.records, tally.records);
	for (int k = 0; k < KINDS; k++) {
		assert_int_equal(got.kinds[k].records, tally.carried[k]);
		assert_int_equal(got.kinds[k].pairs, got.kinds[k].found);
		assert_int_equal(got.kinds[k].wrong, 0);
	}
	assert_int_equal(got.kinds[KINDS].records, tally.clean);
	assert_true(got.reachable_found == got.reachable_pairs && got.reachable_pairs < got.true_pairs);
	assert_int_equal(got.true_pairs - got.reachable_pairs, got.kinds[LONE].pairs);
	score(text, p[1], &got);
	assert_true(got.recall == 1 && got.precision < .001 && got.customers == 1);
	assert_int_equal(got.merged, tally.people - 1);
	assert_true(got.cashier_joined > got.cashier_strangers && got.cashier_strangers > 1000);
	assert_int_equal(got.largest, tally.records);
	score(text, p[2], &got);
	assert_true(got.recall == 0 && got.precision == 1 && got.merged == 0);
	assert_int_equal(got.split, tally.records - tally.people);
	score(text, p[3], &got);
	assert_true(got.cashier_strangers > 1000 && got.merged > 1000);
	assert_int_equal(got.largest, tally.carried[CASHIER_EMAIL]);
	assert_true(got.kinds[CASHIER_EMAIL].wrong == got.wrong &&
	            got.kinds[CASHIER_EMAIL].found < got.kinds[CASHIER_EMAIL].pairs);
	for (int i = 0; i < 4; i++)
		free(p[i]);
	free(s.keys);
}

static void the_cashier_has_no_more_than_allowed(void **state)
{
	struct torture_config c;
	struct torture_tally t;
	char *got;
	size_t size;

	(void)state;
	torture_config_default(&c);
	c.records = 20000;
	c.cashier_records = 700;
	write_to(&c, &got, &size, &t);
	assert_in_range(t.cashier_top, 500, 700);
	assert_true(t.carried[CASHIER_EMAIL] > 1200);
	free(got);
}

/* ---- Rates as text ---------------------------------------------------------------------------------------------- */

static void rates_are_text(void **state)
{
	static const char *const bad[] = { "twins",     "twins x",     "twins 2",          "twins -1",
		                           "nothing 1", "twins .1 .2", "cashier_records 0" };
	struct torture_config c, d;
	struct error e;
	char *p;
	size_t n;

	(void)state;
	torture_config_default(&c);
	c.rates[TWINS] = .25;
	c.cashier_records = 77;
	FILE *f = open_memstream(&p, &n);
	torture_config_print(&c, f);
	fclose(f);
	torture_config_default(&d);
	assert_int_equal(torture_config_read(&d, (struct str){ p, n }, &e), OK);
	assert_memory_equal(d.rates, c.rates, sizeof(c.rates));
	assert_int_equal(d.cashier_records, 77);
	free(p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char both[80];

		snprintf(both, sizeof(both), "jr_sr .5\n%s\n", bad[i]);
		assert_int_equal(torture_config_read(&d, str_c(both), &e), ERR_INVALID);
		assert_non_null(strstr(e.detail, "line 2"));
		assert_memory_equal(d.rates, c.rates, sizeof(c.rates));
	}
}

/* ---- The score, by hand ----------------------------------------------------------------------------------------- */

#define SMALL                                                                                                          \
	"source,source_key,email,phone,truth,household,dirt\n"                                                         \
	"till,1,,,A,h1,\n"                                                                                             \
	"till,2,nina@x,,A,h1,cashier_email lone\n"                                                                     \
	"web,1,,,A,h1,nickname\n"                                                                                      \
	"web,2,\"nina@x\",,B,h1,cashier_email upper_case\n"                                                            \
	"web,3,,,B,h1,\n"                                                                                              \
	"till,3,nina@x,,C,h2,cashier_email lone\n"

static void by_hand(void **state)
{
	static char records[] = SMALL;
	/* {A1 A2 B1} {A3 B2} {C}; an unknown row; C is not listed */
	static char clusters[] =
	        "cluster,source,source_key\nx,till,1\nx,till,2\ny,web,1\nx,web,2\r\ny,web,3\nz,chat,1\n";
	struct torture_score s;

	(void)state;
	score(records, clusters, &s);
	assert_int_equal(s.records, 6);
	assert_int_equal(s.persons, 3);
	assert_int_equal(s.customers, 3);
	assert_int_equal(s.missing, 1);
	assert_int_equal(s.unknown, 1);
	assert_int_equal(s.true_pairs, 4);      /* A: 3, B: 1 */
	assert_int_equal(s.found, 1);           /* A1 A2 */
	assert_int_equal(s.wrong, 3);           /* A1 B1, A2 B1, A3 B2 */
	assert_int_equal(s.reachable_pairs, 2); /* without A2: A1 A3, B1 B2 */
	assert_int_equal(s.reachable_found, 0);
	assert_float_equal(s.precision, .25, 1e-12);
	assert_float_equal(s.recall, .25, 1e-12);
	assert_float_equal(s.f1, .25, 1e-12);
	/* B3 precision: A1 2/3, A2 2/3, B1 1/3, A3 1/2, B2 1/2, C 1; recall: 2/3 2/3 1/2 1/3 1/2 1 */
	assert_float_equal(s.b3_precision, (2. / 3 + 2. / 3 + 1. / 3 + .5 + .5 + 1) / 6, 1e-12);
	assert_float_equal(s.b3_recall, (2. / 3 + 2. / 3 + .5 + 1. / 3 + .5 + 1) / 6, 1e-12);
	assert_int_equal(s.merged, 2);
	assert_int_equal(s.split, 2);
	assert_float_equal(s.merged_per_10000_customers, 2e4 / 3, 1e-6);
	assert_int_equal(s.largest, 3);
	assert_int_equal(s.largest_persons, 2);
	assert_int_equal(s.largest_person, 3);
	assert_int_equal(s.cashier_values, 1);
	assert_int_equal(s.cashier_top, 3);
	assert_int_equal(s.cashier_joined, 1); /* A and B */
	assert_int_equal(s.cashier_strangers, 0);
	/* nickname is on A3: of A's pairs two, none found; with B2 one false */
	assert_int_equal(s.kinds[NICKNAME].pairs, 2);
	assert_int_equal(s.kinds[NICKNAME].found, 0);
	assert_int_equal(s.kinds[NICKNAME].wrong, 1);
	/* the cashier's: A2 with A1 and A3, B1 with B2; found A1 A2; false A1 B1, A2 B1 */
	assert_int_equal(s.kinds[CASHIER_EMAIL].records, 3);
	assert_int_equal(s.kinds[CASHIER_EMAIL].pairs, 3);
	assert_int_equal(s.kinds[CASHIER_EMAIL].found, 1);
	assert_int_equal(s.kinds[CASHIER_EMAIL].wrong, 2);
	assert_int_equal(s.kinds[UPPER_CASE].pairs, 1);
	assert_int_equal(s.kinds[KINDS].records, 2); /* clean: A1, B2 */
	assert_int_equal(s.kinds[KINDS].pairs, 0);
}

static void strangers_are_told(void **state)
{
	static char records[] = SMALL;
	static char clusters[] = "source,source_key,cluster\ntill,2,x\nweb,2,x\ntill,3,x\n";
	struct torture_score s;

	(void)state;
	score(records, clusters, &s);
	assert_int_equal(s.cashier_joined, 2);
	assert_int_equal(s.cashier_strangers, 1);
	assert_int_equal(s.missing, 3);
	assert_int_equal(s.customers, 4);
}

static void what_cannot_be_scored(void **state)
{
	static const struct {
		const char *records, *clusters, *code;
	} cases[] = {
		{ SMALL, "source,source_key\n", "score.column" },
		{ SMALL, "source,source_key,cluster\ntill,1,x\ntill,1,x\n", "score.twice" },
		{ SMALL, "source,source_key,cluster\ntill\n", "score.row" },
		{ SMALL "till,1,,,C,h2,\n", "source,source_key,cluster\n", "score.twice" },
		{ SMALL "till\n", "source,source_key,cluster\n", "score.row" },
		{ "source,source_key\n", "source,source_key,cluster\n", "score.column" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char a[400], b[200];
		struct torture_score s;
		struct error e;

		strcpy(a, cases[i].records);
		strcpy(b, cases[i].clusters);
		FILE *f = fmemopen(a, strlen(a), "r"), *g = fmemopen(b, strlen(b), "r");
		assert_int_equal(torture_score(f, g, NULL, &s, &e), ERR_INVALID);
		assert_string_equal(e.code, cases[i].code);
		fclose(f);
		fclose(g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(every_kind_at_its_rate),
		cmocka_unit_test(a_kind_may_be_switched_off),
		cmocka_unit_test(truth_is_consistent),
		cmocka_unit_test(lone_has_nothing_in_common),
		cmocka_unit_test(the_cashier_has_no_more_than_allowed),
		cmocka_unit_test(rates_are_text),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(strangers_are_told),
		cmocka_unit_test(what_cannot_be_scored),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
