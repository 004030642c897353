/* rooms: people shop feed db text base */
/* The matching engine: what comparisons find, and that nothing depends on the order of records. */
#include "people/match_inside.h"
#include "text/text.h"
#include "test.h"
#include <stdlib.h>

static struct arena *arena;
static struct match_model *model;

static struct match_record *make(struct match_in in)
{
	struct match_record *r = NULL;
	struct error e;

	assert_int_equal(match_record_make(&in, arena, &r, &e), OK);
	match_record_bind(model, r);
	return r;
}

static void found_between(struct match_in a, struct match_in b, struct match_found *found)
{
	struct match_record *x = make(a), *y = make(b);
	struct match_found back[MATCH_COMPARISONS_MAX];

	match_compare(model, x, y, found);
	match_compare(model, y, x, back);
	for (int i = 0; i < model->comparison_count; i++) { /* whoever comes first */
		assert_int_equal(found[i].level, back[i].level);
		assert_int_equal(found[i].rarity, back[i].rarity);
	}
}

static int level(enum match_field field, struct match_in a, struct match_in b)
{
	struct match_found found[MATCH_COMPARISONS_MAX];

	found_between(a, b, found);
	return found[field].level;
}

static struct match_in named(const char *given, const char *family)
{
	return (struct match_in){ .given = str_c(given), .family = str_c(family) };
}

static void given_names(void **state)
{
	static const struct {
		const char *a, *b;
		int level;
	} cases[] = {
		{ "Robert", "ROBERT", GIVEN_SAME },     { "Robert", "Bob", GIVEN_NICKNAME },
		{ "Jennifer", "Jenifer", GIVEN_TYPO },  { "Robret", "Robert", GIVEN_TYPO },
		{ "Mohamed", "Muhammed", GIVEN_SOUND }, { "R", "Robert", GIVEN_SHORT },
		{ "Wm", "William", GIVEN_SHORT },       { "Anna", "Annabelle", GIVEN_CLOSE },
		{ "Robert", "Susan", GIVEN_DIFFERENT }, { "Robert", "", LEVEL_NULL },
		{ "Xiu Ying", "xiuying", GIVEN_SAME },  { "Dara", "តារា", LEVEL_NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int l = level(FIELD_GIVEN, named(cases[i].a, "Smith"), named(cases[i].b, cases[i].b[0] ? "Smith" : ""));

		if (l != cases[i].level && cases[i].b[0])
			fail_msg("%s %s: %d, not %d", cases[i].a, cases[i].b, l, cases[i].level);
	}
}

static void family_names(void **state)
{
	struct match_in middle = named("Maria", "Sentosa");

	(void)state;
	assert_int_equal(level(FIELD_FAMILY, named("Jo", "O'Hare"), named("Jo", "Ohare")), FAMILY_SAME);
	assert_int_equal(level(FIELD_FAMILY, named("Jo", "Elliott"), named("Jo", "Elliot")), FAMILY_TYPO);
	assert_int_equal(level(FIELD_FAMILY, named("Jo", "Meyer"), named("Jo", "Maier")), FAMILY_SOUND);
	assert_int_equal(level(FIELD_FAMILY, named("Jo", "Medina Sentosa"), named("Jo", "Sentosa")), FAMILY_PART);
	assert_int_equal(level(FIELD_FAMILY, named("Jo", "Smith"), named("Jo", "Jones")), FAMILY_DIFFERENT);
	assert_int_equal(level(FIELD_FAMILY, named("Jay", "Carter"), named("Carter", "Jay")), FAMILY_SWAPPED);
	assert_int_equal(level(FIELD_GIVEN, named("Jay", "Carter"), named("Carter", "Jay")), GIVEN_SWAPPED);
	/* a single name is compared with what it fits */
	assert_int_equal(level(FIELD_FAMILY, named("Miller", ""), named("Philip", "Miller")), FAMILY_SAME);
	assert_int_equal(level(FIELD_GIVEN, named("Miller", ""), named("Philip", "Miller")), LEVEL_NULL);
	middle.full_name = STR("Maria Luisa Sentosa");
	assert_int_equal(level(FIELD_OTHER, middle, (struct match_in){ .full_name = STR("Maria Louisa Sentosa") }),
	                 OTHER_ALIKE);
}

/* Whoever of the two comes first: any two of a mixed crowd. */
static void scores_know_no_order(void **state)
{
	static const char *const names[][2] = { { "Anna", "" },
		                                { "", "Anna" },
		                                { "Anna", "Las Heras" },
		                                { "Heras", "Anna" },
		                                { "Annabelle", "Marthas" },
		                                { "Marhta", "Annabel" },
		                                { "M", "Heras" } };
	static const char *const cities[] = { "Las Vegas", "North Las Vegas", "Vegas", "", "Dixon", "Dicksonx" };
	struct match_record *r[42];
	int n = 0;

	(void)state;
	for (size_t i = 0; i < 7; i++)
		for (size_t j = 0; j < 6; j++) {
			struct match_in in = named(names[i][0], names[i][1]);

			in.city = str_c(cities[j]);
			in.extra_count = 1;
			in.extras[0] = (struct match_value){ .kind = STR("trade"), .value = str_c(cities[5 - j]) };
			r[n++] = make(in);
		}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			assert_int_equal(match_score(model, r[i], r[j], NULL, NULL),
			                 match_score(model, r[j], r[i], NULL, NULL));
}

static void generations(void **state)
{
	(void)state;
	assert_int_equal(level(FIELD_GENERATION, named("David", "Dobbins Jr"), named("David", "Dobbins Senior")),
	                 TWO_DIFFERENT);
	assert_int_equal(level(FIELD_GENERATION, named("Morris I", "Klein"), named("Morris II", "Klein")),
	                 TWO_DIFFERENT);
	assert_int_equal(level(FIELD_GENERATION, named("Jo", "Klein Jr"), named("Jo", "Klein")), LEVEL_NULL);
	assert_int_equal(level(FIELD_FAMILY, named("Jo", "Klein Jr"), named("Jo", "Klein")), FAMILY_SAME);
}

static struct match_in born(int year, int month, int day)
{
	return (struct match_in){ .birth_year = year, .birth_month = month, .birth_day = day };
}

static void births(void **state)
{
	(void)state;
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1978, 11, 12)), BIRTH_SAME);
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1978, 12, 11)), BIRTH_SWAPPED);
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1987, 11, 12)), BIRTH_TYPO);
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1978, 11, 21)), BIRTH_TYPO);
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1978, 3, 12)), BIRTH_PARTS);
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1978, 0, 0)), BIRTH_YEAR);
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1979, 4, 20)), BIRTH_NEAR);
	assert_int_equal(level(FIELD_BIRTH, born(1978, 11, 12), born(1972, 4, 20)), BIRTH_FAR);
	assert_int_equal(level(FIELD_BIRTH, born(1954, 3, 31), born(1978, 12, 11)), BIRTH_AGES);
	assert_int_equal(level(FIELD_BIRTH, born(1954, 3, 31), born(0, 0, 0)), LEVEL_NULL);
}

static struct match_in living(const char *street, const char *city, const char *postcode)
{
	return (struct match_in){ .street = str_c(street),
		                  .city = str_c(city),
		                  .postcode = str_c(postcode),
		                  .given = STR("Jo"),
		                  .family = STR("Ash") };
}

static void places(void **state)
{
	struct match_in home = living("1304 Poppy Hills Dr", "Blacklick", "43004");

	(void)state;
	assert_int_equal(level(FIELD_PLACE, home, living("1304 Poppy Hills Drive", "Blacklick", "")), PLACE_ADDRESS);
	assert_int_equal(level(FIELD_PLACE, home, living("1304 Poppy Hills Dr, Blacklick OH 43004", "", "")),
	                 PLACE_ADDRESS);
	assert_true(level(FIELD_PLACE, home, living("1306 Poppy Hills Dr", "Blacklick", "43004")) != PLACE_ADDRESS);
	assert_int_equal(level(FIELD_PLACE, home, living("7 High St", "Dublin", "43004")), PLACE_POSTCODE);
	assert_int_equal(level(FIELD_PLACE, home, living("7 High St", "Blacklick", "99999")), PLACE_NEAR);
	assert_int_equal(level(FIELD_PLACE, home, living("7 High St", "Dublin", "99999")), PLACE_DIFFERENT);
	assert_int_equal(level(FIELD_PLACE, home, living("", "", "")), LEVEL_NULL);
	assert_int_equal(level(FIELD_FAMILY, home, home), FAMILY_SAME);
}

static struct match_in reached(const char *email, const char *phone)
{
	struct match_in in = { .email_count = email[0] != 0, .phone_count = phone[0] != 0 };

	in.emails[0].value = str_c(email);
	in.phones[0].value = str_c(phone);
	return in;
}

static void contacts(void **state)
{
	(void)state;
	assert_int_equal(level(FIELD_EMAIL, reached("jane.doe@a.com", ""), reached("Jane <Jane.Doe@A.com>", "")),
	                 EMAIL_SAME);
	assert_int_equal(level(FIELD_EMAIL, reached("jane.doe@a.com", ""), reached("jane.doe@b.org", "")), EMAIL_LOCAL);
	assert_int_equal(level(FIELD_EMAIL, reached("jane.doe@a.com", ""), reached("jame.doe@a.com", "")), EMAIL_TYPO);
	assert_int_equal(level(FIELD_EMAIL, reached("jane.doe@a.com", ""), reached("carl@a.com", "")), EMAIL_DIFFERENT);
	assert_int_equal(level(FIELD_EMAIL, reached("test@example.com", ""), reached("test@example.com", "")),
	                 LEVEL_NULL);
	assert_int_equal(level(FIELD_PHONE, reached("", "202-321-3212"), reached("", "321-3212")), PHONE_SAME);
	assert_int_equal(level(FIELD_PHONE, reached("", "+39 0352 6553537"), reached("", "0352 6553537")), PHONE_SAME);
	assert_int_equal(level(FIELD_PHONE, reached("", "702-919-1300"), reached("", "702-919-1390")), PHONE_TYPO);
	assert_int_equal(level(FIELD_PHONE, reached("", "702-919-1300"), reached("", "512-353-8633")), PHONE_DIFFERENT);
}

static void null_is_no_evidence(void **state)
{
	struct match_record *a = make(named("Jane", "Doe")), *b = make((struct match_in){ .source_key = STR("2") });
	int n;

	(void)state;
	assert_int_equal(match_score(model, a, b, (struct match_evidence[MATCH_EVIDENCE_MAX]){ { 0 } }, &n),
	                 model->prior);
	assert_int_equal(n, 0);
}

static void evidence_adds_up(void **state)
{
	struct match_in in = named("Jane", "Doe");
	struct match_evidence ev[MATCH_EVIDENCE_MAX];
	struct match_record *a, *b;
	int n, sum = model->prior, score;

	(void)state;
	in.birth_year = 1980, in.birth_month = 5, in.birth_day = 17;
	a = make(in);
	in.given = STR("Janet");
	b = make(in);
	score = match_score(model, a, b, ev, &n);
	for (int i = 0; i < n; i++)
		sum += ev[i].weight;
	assert_int_equal(score, sum);
	assert_int_equal(n, 4);
	assert_string_equal(ev[3].comparison, "household");
}

/* ---- Households -------------------------------------------------------------------------------------------------- */

static struct match_in at_home(const char *key, const char *given, bool email, bool card)
{
	struct match_in in = named(given, "Featherstone");

	in.source_key = str_c(key);
	in.street = STR("17 Larkspur Crescent");
	in.city = STR("Wimborne");
	in.postcode = STR("BH21 1QT");
	in.country = STR("GB");
	in.phone_count = 1;
	in.phones[0].value = STR("+441202555017");
	in.email_count = email;
	in.emails[0].value = STR("featherstones@mail.org");
	in.id_count = card;
	in.ids[0] = (struct match_value){ .kind = STR("device"), .value = STR("d41d8cd98f") };
	return in;
}

static int score_of(struct match_in a, struct match_in b)
{
	return match_score(model, make(a), make(b), NULL, NULL);
}

/* However much a household shares, it does not say who of it stands before us. */
static void a_household_is_not_a_person(void **state)
{
	const int sure = 4000;
	struct match_in nameless = at_home("2", "", true, true), own = at_home("2", "Edith", true, true);

	(void)state;
	assert_true(score_of(at_home("1", "Edith", false, false), nameless) < sure);
	assert_true(score_of(at_home("1", "Edith", true, false), nameless) < sure);
	assert_true(score_of(at_home("1", "Edith", true, true), nameless) < sure);
	nameless.family = STR("");
	assert_true(score_of(at_home("1", "Edith", true, true), nameless) < sure);
	assert_true(score_of(at_home("1", "Edith", false, false), own) > sure);
	assert_true(score_of(at_home("1", "Harold", true, true), own) < 0);
	/* a mobile number is one's own */
	nameless.phones[0].value = own.phones[0].value = STR("+447700900017");
	assert_true(score_of(own, nameless) > sure);
}

static void mobiles(void **state)
{
	static const struct {
		const char *written, *country;
		bool mobile;
	} numbers[] = { { "+447700900017", "", true },   { "07700 900017", "GB", true },
		        { "07700 900017", "", false },   { "+441202555017", "", false },
		        { "01202 555017", "GB", false }, { "06 12 34 56 78", "FR", true },
		        { "0033612345678", "", true },   { "8 916 123-45-67", "RU", true },
		        { "+12125550117", "US", false }, { "0171 1234567", "DE", true },
		        { "+4930123456", "DE", false },  { "+8613912345678", "", true } };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct match_in in = { .source_key = STR("1"), .country = str_c(numbers[i].country), .phone_count = 1 };

		in.phones[0].value = str_c(numbers[i].written);
		assert_int_equal(make(in)->by_sort[WORD_PHONE]->mobile, numbers[i].mobile);
	}
}

static void addressed(void **state)
{
	static const struct {
		const char *prefix;
		char gender;
	} forms[] = { { "Mrs.", 'f' }, { "HERR", 'm' }, { "Herr Dr.", 'm' }, { "M.", 'm' }, { "Dr", 0 }, { "", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		assert_int_equal(
		        make((struct match_in){ .source_key = STR("1"), .prefix = str_c(forms[i].prefix) })->gender,
		        forms[i].gender);
}

/* ---- People made up ---------------------------------------------------------------------------------------------- */

#define PEOPLE 150
#define MOST 600

struct crowd {
	struct match_record *records[MOST];
	int person[MOST], count;
};

static const char *const givens[] = { "Anna",  "Bernd", "Clara", "David", "Elena", "Farid", "Greta", "Hugo",
	                              "Irene", "Jonas", "Katja", "Linus", "Maria", "Nils",  "Olga",  "Pavel" };
static const char *const families[] = { "Abel",    "Brandt", "Castillo", "Dahlberg", "Engel",    "Fischer", "Grossmann",
	                                "Hartwig", "Ivanov", "Jansen",   "Keller",   "Lombardi", "Moreau",  "Novak" };

/* Two to four records a person, each with some fields missing or wrong. */
static void crowd_make(struct crowd *c, uint64_t seed)
{
	uint64_t s = seed;

	c->count = 0;
	for (int p = 0; p < PEOPLE; p++) {
		const char *given = givens[random_below(&s, 16)], *family = families[random_below(&s, 14)];
		int year = 1940 + (int)random_below(&s, 60), month = 1 + (int)random_below(&s, 12);
		int day = 1 + (int)random_below(&s, 28), copies = 2 + (int)random_below(&s, 3);
		int postcode = 10000 + (int)random_below(&s, 400), number = 1 + (int)random_below(&s, 99);

		for (int k = 0; k < copies; k++) {
			char key[24], mail[48], zip[12], street[40], name[40];
			struct match_in in = { .source = STR("s"), .given = str_c(given) };

			snprintf(key, sizeof(key), "%d-%d", p, k);
			snprintf(mail, sizeof(mail), "%s%d@mail.org", family, p);
			snprintf(zip, sizeof(zip), "%d", postcode);
			snprintf(street, sizeof(street), "%d Linden Road", number);
			snprintf(name, sizeof(name), "%s%s", family, random_below(&s, 6) ? "" : "n");
			in.source_key = str_c(key);
			in.family = str_c(name);
			if (random_below(&s, 4)) {
				in.birth_year = year;
				in.birth_month = month;
				in.birth_day = random_below(&s, 8) ? day : 1 + (day + 1) % 28;
			}
			if (random_below(&s, 3)) {
				in.postcode = str_c(zip);
				in.street = str_c(street);
			}
			if (random_below(&s, 2)) {
				in.email_count = 1;
				in.emails[0].value = str_c(mail);
			}
			c->person[c->count] = p;
			c->records[c->count++] = make(in);
		}
	}
}

static void shuffle(int *order, int n, uint64_t *s)
{
	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int i = n - 1; i > 0; i--) {
		int j = (int)random_below(s, (uint64_t)i + 1), o = order[i];

		order[i] = order[j];
		order[j] = o;
	}
}

static struct match_model *trained(struct match_record **records, int count)
{
	struct match_model *m;
	struct error e;

	assert_int_equal(match_train(records, count, NULL, &m, &e), OK);
	return m;
}

static void printed(const struct match_model *m, struct buf *b)
{
	buf_init(b, 0);
	match_model_print(m, b);
	assert_false(b->failed);
}

static void training_knows_no_order(void **state)
{
	struct crowd c;
	struct match_model *first;
	struct buf a, b;
	uint64_t s = 5;

	(void)state;
	crowd_make(&c, 1);
	first = trained(c.records, c.count);
	printed(first, &a);
	for (int turn = 0; turn < 3; turn++) {
		struct match_record *other[MOST];
		struct match_model *m;
		int order[MOST];

		shuffle(order, c.count, &s);
		for (int i = 0; i < c.count; i++)
			other[i] = c.records[order[i]];
		m = trained(other, c.count);
		printed(m, &b);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.p, b.p, a.n);
		buf_free(&b);
		match_model_free(m);
	}
	buf_free(&a);
	match_model_free(first);
}

static void model_text_round_trip(void **state)
{
	struct crowd c;
	struct match_model *m, *read;
	struct buf a, b;
	struct error e;

	(void)state;
	crowd_make(&c, 2);
	m = trained(c.records, c.count);
	match_model_set_version(m, 17);
	printed(m, &a);
	assert_int_equal(match_model_read(buf_view(&a), &read, &e), OK);
	printed(read, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	for (int i = 1; i < c.count; i++) {
		int before = match_score(m, c.records[0], c.records[i], NULL, NULL);

		match_record_bind(read, c.records[0]);
		match_record_bind(read, c.records[i]);
		assert_int_equal(match_score(read, c.records[0], c.records[i], NULL, NULL), before);
	}
	assert_int_equal(match_model_version(read), 17);
	match_model_free(read);
	match_model_free(m);
	buf_free(&a);
	buf_free(&b);
}

static void broken_model_text(void **state)
{
	static const char *const broken[] = { "prior x",
		                              "nonsense 1",
		                              "level 1 .5 .5 0 the same",
		                              "comparison nosuch",
		                              "comparison given\nlevel 1 1 2 .5 .5 0 the same",
		                              "comparison given\nlevel 1 .5 .5 .5 0 the same",
		                              "crowded xyz",
		                              "term 1 nosort a",
		                              "comparison given\nlevel 1 1 .5 .5 .5 0 another name" };

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct match_model *m;
		struct error e;

		assert_int_equal(match_model_read(str_c(broken[i]), &m, &e), ERR_INVALID);
		assert_string_equal(e.code, "model.malformed");
	}
}

static void resolved(const struct match_model *m, struct match_record **records, int count, int threads, int *group)
{
	struct match_bulk in = { .records = records, .record_count = count, .threads = threads };
	struct match_bulk_result result;
	struct error e;

	assert_int_equal(match_resolve(m, &in, group, &result, &e), OK);
}

static void groups_know_no_order(void **state)
{
	struct crowd c;
	struct match_model *m;
	int group[MOST], wrong = 0, missing = 0;
	uint64_t s = 11;

	(void)state;
	crowd_make(&c, 3);
	m = trained(c.records, c.count);
	resolved(m, c.records, c.count, 1, group);
	for (int i = 0; i < c.count; i++)
		for (int j = 0; j < i; j++) {
			wrong += group[i] == group[j] && c.person[i] != c.person[j];
			missing += group[i] != group[j] && c.person[i] == c.person[j];
		}
	assert_in_range(wrong, 0, 20); /* of about 600 pairs */
	assert_in_range(missing, 0, 100);
	for (int turn = 0; turn < 6; turn++) {
		struct match_record *other[MOST];
		int order[MOST], again[MOST];

		shuffle(order, c.count, &s);
		for (int i = 0; i < c.count; i++)
			other[i] = c.records[order[i]];
		resolved(m, other, c.count, 1 + turn % 3, again);
		for (int i = 0; i < c.count; i++) /* the same founder */
			assert_int_equal(order[again[i]], group[order[i]]);
	}
	match_model_free(m);
}

/* ---- Decisions --------------------------------------------------------------------------------------------------- */

static void clustered(struct match_record **records, int n, struct match_component c, int *group)
{
	struct error e;

	c.records = records;
	c.record_count = n;
	assert_int_equal(match_cluster(model, &c, group, NULL, &e), OK);
}

static struct match_record *person(const char *key, const char *given, int year, const char *account)
{
	struct match_in in = named(given, "Quennell");

	in.source_key = str_c(key);
	in.birth_year = year, in.birth_month = 4, in.birth_day = 23;
	in.email_count = year > 1950;
	in.emails[0].value = STR("quennell@mail.org");
	if (account[0]) {
		in.id_count = 1;
		in.ids[0] = (struct match_value){ .kind = STR("account"), .value = str_c(account), .verified = true };
	}
	return make(in);
}

static void decisions_are_kept(void **state)
{
	struct match_record *r[] = { person("a", "Ruth", 1970, ""), person("b", "Ruth", 1970, ""),
		                     person("c", "Otto", 1931, "") };
	struct match_pair ab = { 0, 1 }, bc = { 1, 2 }, ca = { 2, 0 };
	int group[3];

	(void)state;
	clustered(r, 3, (struct match_component){ 0 }, group);
	assert_int_equal(group[1], 0);
	assert_int_equal(group[2], 2);
	clustered(r, 3, (struct match_component){ .cannot = &ab, .cannot_count = 1 }, group);
	assert_int_equal(group[1], 1);
	clustered(r, 3, (struct match_component){ .must = &bc, .must_count = 1 }, group);
	assert_int_equal(group[2], group[1]);
	/* a ban on the whole group that a merge would make */
	clustered(r, 3, (struct match_component){ .must = &bc, .must_count = 1, .cannot = &ca, .cannot_count = 1 },
	          group);
	assert_int_equal(group[2], group[1]);
	assert_int_not_equal(group[1], group[0]);
}

/* Records that have nothing in common to compare are not against each other. */
static void sparse_records_hold_together(void **state)
{
	struct match_in web = named("Ottilie", "Quennell"), chat = named("Ottilie", ""), till = named("", "");
	struct match_record *r[3];
	int group[3];

	(void)state;
	web.source_key = STR("web"), chat.source_key = STR("chat"), till.source_key = STR("till");
	web.email_count = chat.email_count = 1;
	web.emails[0].value = chat.emails[0].value = STR("ottilie.q@mail.org");
	web.postcode = till.postcode = STR("BH21 1QT");
	web.id_count = till.id_count = 1;
	web.ids[0] = till.ids[0] = (struct match_value){ .kind = STR("loyalty"), .value = STR("2990010020030") };
	r[0] = make(web), r[1] = make(chat), r[2] = make(till);
	assert_true(match_score(model, r[0], r[1], NULL, NULL) > 0 && match_score(model, r[0], r[2], NULL, NULL) > 0);
	assert_true(match_score(model, r[1], r[2], NULL, NULL) < -10000);
	clustered(r, 3, (struct match_component){ 0 }, group);
	assert_int_equal(group[1], group[0]);
	assert_int_equal(group[2], group[0]);
}

static void two_accounts_are_two_people(void **state)
{
	struct match_record *same[] = { person("a", "Ruth", 1970, "100"), person("b", "Ruth", 1970, "100") };
	struct match_record *two[] = { person("a", "Ruth", 1970, "100"), person("b", "Ruth", 1970, "200"),
		                       person("c", "Ruth", 1970, "") };
	int group[3];

	(void)state;
	clustered(same, 2, (struct match_component){ 0 }, group);
	assert_int_equal(group[1], 0);
	clustered(two, 3, (struct match_component){ 0 }, group);
	assert_int_not_equal(group[0], group[1]);
}

/* The cashier's e-mail on many people joins nobody. */
static void generic_values_join_nobody(void **state)
{
	struct match_record *records[14];
	struct match_model *m;
	int group[14];

	(void)state;
	for (int i = 0; i < 14; i++) {
		struct match_in in = named(givens[i], families[i]);
		char key[8];

		snprintf(key, sizeof(key), "%d", i);
		in.source_key = str_c(key);
		in.email_count = 1;
		in.emails[0].value = STR("till7@store.org");
		records[i] = make(in);
	}
	m = trained(records, 14);
	resolved(m, records, 14, 1, group);
	for (int i = 0; i < 14; i++)
		assert_int_equal(group[i], i);
	assert_int_equal(records[0]->by_sort[WORD_EMAIL]->state, WORD_GENERIC);
	match_model_free(m);
}

/* Many who are all alike: a component beyond what is looked at at once is cut, and says so. */
static void absurd_component(void **state)
{
	enum { N = MATCH_COMPONENT_MAX + 40 };
	static struct match_record *records[N];
	static int group[N];
	struct match_component c = { .records = records, .record_count = N };
	struct error e;
	bool absurd = false;

	(void)state;
	for (int i = 0; i < N; i++) {
		char key[12];

		snprintf(key, sizeof(key), "%05d", i);
		records[i] = person(key, "Ruth", 1970, "");
	}
	assert_int_equal(match_cluster(model, &c, group, &absurd, &e), OK);
	assert_true(absurd);
	for (int i = 0; i < N; i++)
		assert_in_range(group[i], 0, i);
}

static int start(void **state)
{
	struct error e;

	(void)state;
	arena = arena_new(0);
	return text_start(&e) != OK || match_model_default(&model, &e) != OK;
}

static int stop(void **state)
{
	(void)state;
	match_model_free(model);
	arena_free(arena);
	text_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(given_names),
		cmocka_unit_test(family_names),
		cmocka_unit_test(scores_know_no_order),
		cmocka_unit_test(generations),
		cmocka_unit_test(births),
		cmocka_unit_test(places),
		cmocka_unit_test(contacts),
		cmocka_unit_test(null_is_no_evidence),
		cmocka_unit_test(evidence_adds_up),
		cmocka_unit_test(a_household_is_not_a_person),
		cmocka_unit_test(mobiles),
		cmocka_unit_test(addressed),
		cmocka_unit_test(training_knows_no_order),
		cmocka_unit_test(model_text_round_trip),
		cmocka_unit_test(broken_model_text),
		cmocka_unit_test(groups_know_no_order),
		cmocka_unit_test(decisions_are_kept),
		cmocka_unit_test(sparse_records_hold_together),
		cmocka_unit_test(two_accounts_are_two_people),
		cmocka_unit_test(generic_values_join_nobody),
		cmocka_unit_test(absurd_component),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
