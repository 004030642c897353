/* rooms: people feed db text base */
#include "kit/kit.h"
#include "people/partition.h"
#include "people/search_cost.h"
#include "people/search_segment.h"
#include "text/text.h"
#include <stdlib.h>

/* ---- The dictionary against brute force -------------------------------------------------------------------------- */

#define WORDS 400

static int by_text(const void *x, const void *y)
{
	return strcmp(x, y);
}

/* Words of few letters, so that many are near each other. */
static void word_make(struct kit_random *r, char *out, int longest)
{
	int n = 1 + (int)kit_random_below(r, (uint64_t)longest);

	for (int i = 0; i < n; i++)
		out[i] = (char)('a' + kit_random_below(r, 4));
	out[n] = '\0';
}

static void dict_make(struct kit_random *r, struct dict *d)
{
	static char words[WORDS][16];
	uint32_t n = 0;

	for (int i = 0; i < WORDS; i++)
		word_make(r, words[i], 10);
	qsort(words, WORDS, sizeof(words[0]), by_text);
	*d = (struct dict){ .blob = mem_calloc(WORDS, 16), .at = mem_calloc(WORDS + 1, sizeof(uint32_t)) };
	for (int i = 0; i < WORDS; i++) {
		if (i && strcmp(words[i], words[i - 1]) == 0)
			continue;
		d->at[d->count++] = n;
		memcpy(d->blob + n, words[i], strlen(words[i]));
		n += (uint32_t)strlen(words[i]);
	}
	d->at[d->count] = n;
	assert_true(dict_build(d));
}

static int brute(struct str typed, struct str word, bool prefix, int k)
{
	int best = text_osa_distance(typed, word, k);

	for (size_t n = 0; prefix && n < word.n; n++) {
		int x = text_osa_distance(typed, (struct str){ word.p, n }, k);

		best = x < best ? x : best;
	}
	return best;
}

static void fuzzy_is_what_brute_force_says(void **state)
{
	(void)state;
	static struct token_range ranges[RANGES_MAX];
	struct kit_random r;
	struct dict d;
	int found = 0;

	kit_random_seed(&r, 31);
	dict_make(&r, &d);
	for (int turn = 0; turn < 600; turn++) {
		char typed[16];
		int k = (int)kit_random_below(&r, 4), n;
		bool prefix = kit_random_below(&r, 2);
		uint32_t at = 0;

		word_make(&r, typed, 9);
		n = dict_fuzzy(&d, str_c(typed), k, prefix, ranges, RANGES_MAX);
		for (int i = 0; i < n; i++) {
			assert_true(ranges[i].lo < ranges[i].hi && ranges[i].lo >= at);
			at = ranges[i].hi;
		}
		for (uint32_t t = 0; t < d.count; t++) {
			struct str word;
			int expected, said = k + 1;

			word.p = dict_token(&d, t, &word.n);
			expected = brute(str_c(typed), word, prefix, k);
			for (int i = 0; i < n; i++)
				if (ranges[i].lo <= t && t < ranges[i].hi)
					said = ranges[i].k;
			if ((expected <= k ? expected : k + 1) != said)
				fail_msg("%s, %.*s, k %d, prefix %d: %d, brute force %d", typed, STR_ARG(word), k,
				         prefix, said, expected);
			found += said <= k;
		}
	}
	assert_true(found > 1000);
	dict_free(&d);
}

static void prefixes_are_slices(void **state)
{
	(void)state;
	struct kit_random r;
	struct dict d;

	kit_random_seed(&r, 32);
	dict_make(&r, &d);
	for (int turn = 0; turn < 300; turn++) {
		char typed[16];
		struct token_range x;

		word_make(&r, typed, 5);
		x = dict_prefix(&d, str_c(typed));
		for (uint32_t t = 0; t < d.count; t++) {
			struct str word;

			word.p = dict_token(&d, t, &word.n);
			assert_int_equal(str_starts(word, str_c(typed)), t >= x.lo && t < x.hi);
		}
	}
	dict_free(&d);
}

/* ---- Costs, phones ----------------------------------------------------------------------------------------------- */

static void likelier_typos_cost_less(void **state)
{
	(void)state;
	struct str smith = STR("smith");

	assert_int_equal(cost_edits(smith, smith, true), 0);
	assert_true(cost_edits(STR("smiht"), smith, true) < cost_edits(STR("smixh"), smith, true));   /* swapped */
	assert_true(cost_edits(STR("smyth"), smith, true) < cost_edits(STR("smath"), smith, true));   /* sounds alike */
	assert_true(cost_edits(STR("smitth"), smith, true) < cost_edits(STR("smixth"), smith, true)); /* doubled */
	assert_true(cost_edits(STR("snith"), smith, true) < cost_edits(STR("slith"), smith, true)); /* the key beside */
	assert_true(cost_edits(STR("smit"), smith, true) > 0);
	assert_int_equal(cost_edits(STR("smit"), smith, false), 0); /* a beginning */
	assert_true(cost_edits(STR("tmith"), smith, true) >
	            cost_edits(STR("smirh"), smith, true)); /* the first letter */
}

static void phone_keys_keep_their_number(void **state)
{
	(void)state;
	static const uint64_t numbers[] = { 1, 41443334400, 4144333440, 999999999999999, 100000000000000, 12025550100 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(phone_number(phone_front(numbers[i])), numbers[i]);
	assert_int_equal(phone_back(41443334400) / 100000000000, 44); /* 0044: ends in 4400 */
	assert_true(phone_front(41443334400) != phone_front(4144333440));
}

/* ---- Segments when memory runs out ------------------------------------------------------------------------------- */

static struct segment *segment_make(int customers)
{
	struct segment_builder *b = builder_new();
	static struct doc d;

	for (int i = 0; b && i < customers; i++) {
		d.customer = (int64_t)(i + 1) << 12;
		d.token_count = 2;
		snprintf(d.tokens[0], sizeof(d.tokens[0]), "given%d", i % 7);
		snprintf(d.tokens[1], sizeof(d.tokens[1]), "family%d", i);
		d.phones[0] = 41443330000ull + (uint64_t)i;
		d.emails[0] = d.loyalties[0] = "x@y.org";
		d.phone_count = d.email_count = d.loyalty_count = 1;
		if (!builder_add(b, &d)) {
			builder_free(b);
			return NULL;
		}
	}
	return b ? builder_finish(b) : NULL;
}

static void no_memory_is_no_crash(void **state)
{
	(void)state;
	struct segment *whole = segment_make(300), *merged = NULL;
	uint64_t sum[2] = { 0, 0 }, same[2] = { 0, 0 };

	assert_non_null(whole);
	segment_digest(whole, sum);
	for (uint64_t nth = 1; !merged && nth < 500; nth++) {
		struct segment *s;
		struct segment_builder *b;
		uint32_t *remap = malloc((whole->count + 1) * sizeof(*remap));

		mem_fail_nth(nth);
		s = segment_make(300);
		segment_unref(s);
		mem_fail_nth(nth);
		b = builder_new();
		if (b && builder_merge(b, &whole, 1, &remap))
			merged = builder_finish(b);
		else
			builder_free(b);
		mem_fail_nth(0);
		free(remap);
	}
	assert_non_null(merged);
	segment_digest(merged, same);
	assert_memory_equal(sum, same, sizeof(sum));
	segment_unref(merged);
	segment_unref(whole);
}

/* ---- The partition: any order of its input ----------------------------------------------------------------------- */

#define RECORDS 14

struct case_of {
	struct part_link links[40];
	struct part_account accounts[6];
	struct part_ban bans[3];
	int sides[6][2];
	int link_count, account_count, ban_count;
};

static void case_make(struct kit_random *r, struct case_of *c)
{
	static const char *const values[] = { "x", "y", "z" };

	*c = (struct case_of){ .link_count = 10 + (int)kit_random_below(r, 30), .account_count = 4, .ban_count = 3 };
	for (int i = 0; i < c->link_count; i++) {
		struct part_link *l = &c->links[i];

		l->a = (int)kit_random_below(r, RECORDS);
		l->b = (l->a + 1 + (int)kit_random_below(r, RECORDS - 1)) % RECORDS;
		l->sort = (enum link_sort)kit_random_below(r, LINK_TIE);
		l->value = str_c(values[kit_random_below(r, 3)]);
		if (l->sort == LINK_MANUAL) {
			l->at = l->decision = i + 1;
			l->forced = kit_random_below(r, 2);
			l->value = STR("");
		}
	}
	for (int i = 0; i < c->account_count; i++)
		c->accounts[i] = (struct part_account){ (int)kit_random_below(r, RECORDS),
			                                str_c(values[kit_random_below(r, 3)]) };
	for (int i = 0; i < c->ban_count; i++) {
		for (int k = 0; k < 2; k++) {
			c->sides[2 * i][k] = (int)kit_random_below(r, RECORDS / 2);
			c->sides[2 * i + 1][k] = RECORDS / 2 + (int)kit_random_below(r, RECORDS / 2);
		}
		c->bans[i] = (struct part_ban){ .left = c->sides[2 * i],
			                        .right = c->sides[2 * i + 1],
			                        .left_count = 2,
			                        .right_count = 2,
			                        .at = (int)kit_random_below(r, 40),
			                        .decision = 100 + i };
	}
}

/* Record i is called place[i] in this order. */
static void case_run(const struct case_of *c, struct kit_random *r, const int *place, int *group)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	static char keys[RECORDS][8];
	struct part_record records[RECORDS];
	struct case_of x = *c;
	struct part_input in = { .records = records,
		                 .record_count = RECORDS,
		                 .links = x.links,
		                 .link_count = x.link_count,
		                 .bans = x.bans,
		                 .ban_count = x.ban_count,
		                 .accounts = x.accounts,
		                 .account_count = x.account_count,
		                 .group_max = 9 };
	int out[RECORDS], back[RECORDS];

	for (int i = 0; i < RECORDS; i++) {
		snprintf(keys[i], sizeof(keys[i]), "%d", i);
		records[place[i]] = (struct part_record){ STR("s"), str_c(keys[i]) };
		back[place[i]] = i;
	}
	for (int i = 0; i < x.link_count; i++) {
		struct part_link l = x.links[i];
		int j = (int)kit_random_below(r, (uint64_t)i + 1);

		l.a = place[l.a];
		l.b = place[l.b];
		x.links[i] = x.links[j];
		x.links[j] = l;
	}
	for (int i = 0; i < x.account_count; i++)
		x.accounts[i].record = place[x.accounts[i].record];
	for (int i = 0; i < 2 * x.ban_count; i++)
		for (int k = 0; k < 2; k++)
			x.sides[i][k] = place[x.sides[i][k]];
	for (int i = 0; i < x.ban_count; i++) {
		x.bans[i].left = x.sides[2 * i];
		x.bans[i].right = x.sides[2 * i + 1];
	}
	assert_ok(partition_component(&in, a, out, &kit_err));
	for (int i = 0; i < RECORDS; i++)
		group[i] = back[out[place[i]]];
}

static void partition_knows_no_order(void **state)
{
	(void)state;
	struct kit_random r;
	int together = 0;

	kit_random_seed(&r, 33);
	for (int turn = 0; turn < 300; turn++) {
		struct case_of c;
		int first[RECORDS], group[RECORDS], place[RECORDS];

		case_make(&r, &c);
		for (int i = 0; i < RECORDS; i++)
			place[i] = i;
		case_run(&c, &r, place, first);
		for (int again = 0; again < 5; again++) {
			for (int i = RECORDS - 1; i > 0; i--) {
				int j = (int)kit_random_below(&r, (uint64_t)i + 1), t = place[i];

				place[i] = place[j];
				place[j] = t;
			}
			case_run(&c, &r, place, group);
			assert_memory_equal(first, group, sizeof(first));
		}
		for (int i = 0; i < RECORDS; i++)
			together += first[i] != i;
	}
	assert_in_range(together, 300, 300 * RECORDS * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fuzzy_is_what_brute_force_says), cmocka_unit_test(prefixes_are_slices),
		cmocka_unit_test(likelier_typos_cost_less),       cmocka_unit_test(phone_keys_keep_their_number),
		cmocka_unit_test(no_memory_is_no_crash),          cmocka_unit_test(partition_knows_no_order),
	};

	return cmocka_run_group_tests_name("people_search", tests, NULL, NULL);
}
