/* rooms: demo base */
#include "test.h"
#include "base/hash.h"
#include "base/json.h"
#include "demo/demo.h"
#include <search.h>
#include <stdlib.h>

/* What a run told, as the tests want to look at it. Nodes of tsearch() trees live in the arena. */
struct told {
	struct arena *arena;
	uint64_t digest;
	int64_t lines, bad_json, messages, truth_rows;
	int64_t people_max;
	struct demo_counts seen; /* counted again from the lines */
	void *keys, *orders, *households, *emails, *ids;
	char last_time[5][40];
	int64_t out_of_time, unknown_user, unknown_order, over_returned, wrong_household, wrong_sum;
	int64_t shared_emails, native_names, max_on_one_phone;
	int fail_after;
};

struct node {
	char *key;
	int64_t value;
};

static int node_cmp(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->key, ((const struct node *)b)->key);
}

/* The node of a key, made with the value -1 where there is none. */
static struct node *need(struct told *t, void **tree, const char *key)
{
	struct node probe = { (char *)key, -1 };
	struct node **found = tfind(&probe, tree, node_cmp);
	if (found)
		return *found;
	struct node *n = arena_alloc(t->arena, sizeof(*n));
	assert_non_null(n);
	n->key = arena_strdup(t->arena, key);
	n->value = -1;
	assert_non_null(tsearch(n, tree, node_cmp));
	return n;
}

static int64_t minor(const struct json *v)
{
	char scratch[40];
	struct str s = json_number_text(v, scratch);
	int64_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '.')
			n = n * 10 + (s.p[i] - '0');
	}
	if (memchr(s.p, '.', s.n))
		assert_true(s.n > 3 && s.p[s.n - 3] == '.');
	else
		n *= 100;
	return n;
}

static const char *text(struct told *t, const struct json *object, const char *key)
{
	return str_dup(t->arena, json_str(json_get(object, key)));
}

static int64_t integer(const struct json *object, const char *key)
{
	int64_t v = -1;
	assert_true(json_i64(json_get(object, key), &v));
	return v;
}

static void on_order(struct told *t, const struct json *props, bool refund)
{
	const struct json *lines = json_get(props, "products");
	const char *id = text(t, props, "order_id"), *currency = text(t, props, "currency");
	int64_t net = 0;
	int cur = 0;
	while (strcmp(demo_currency[cur], currency) != 0)
		assert_true(++cur < DEMO_CURRENCIES);
	for (size_t i = 0; i < json_count(lines); i++) {
		const struct json *l = json_at(lines, i), *discount = json_get(l, "discount");
		int64_t qty = integer(l, "quantity");
		char key[120];
		net += minor(json_get(l, "price")) * qty - (discount ? minor(discount) : 0);
		assert_true(minor(json_get(l, "list_price")) >= minor(json_get(l, "price")));
		snprintf(key, sizeof(key), "%s %s", id, text(t, l, "sku"));
		struct node *n = need(t, &t->orders, key);
		if (!refund) {
			assert_int_equal(n->value, -1); /* one line a SKU, one number an order */
			n->value = qty;
			t->seen.units += qty;
		} else if (n->value < 0) {
			t->unknown_order++;
		} else if ((n->value -= qty) < 0) {
			t->over_returned++;
		}
	}
	int64_t tax = minor(json_get(props, "tax")), total = minor(json_get(props, "total"));
	if (refund) {
		t->seen.refunds++;
		t->seen.refund_lines += (int64_t)json_count(lines);
		t->seen.refunded_minor[cur] += net;
		t->wrong_sum += total != net + tax;
	} else {
		t->seen.orders++;
		t->seen.order_lines += (int64_t)json_count(lines);
		t->seen.sold_minor[cur] += net;
		t->wrong_sum += total != net + tax + minor(json_get(props, "shipping")) ||
		                minor(json_get(props, "subtotal")) != net;
	}
}

static void on_identify(struct told *t, const struct json *m)
{
	const struct json *traits = json_get(m, "traits");
	const char *email = text(t, traits, "email"), *phone = text(t, traits, "phone"),
	           *first = text(t, traits, "firstName");
	t->seen.identifies++;
	assert_true(strlen(first) > 0);
	t->native_names += (first[0] & 0x80) && (first[1] & 0x80);
	char key[160];
	if (*email) {
		snprintf(key, sizeof(key), "e %s", email);
		struct node *n = need(t, &t->emails, key);
		n->value = n->value < 0 ? 1 : n->value + 1;
		t->shared_emails += n->value == 2;
	}
	if (*phone) {
		snprintf(key, sizeof(key), "p %s", phone);
		struct node *n = need(t, &t->emails, key);
		n->value = n->value < 0 ? 1 : n->value + 1;
		if (n->value > t->max_on_one_phone)
			t->max_on_one_phone = n->value;
	}
}

static void on_message(struct told *t, const char *source, const struct json *m)
{
	const char *type = text(t, m, "type"), *event = text(t, m, "event"), *user = text(t, m, "userId");
	const struct json *props = json_get(m, "properties");
	if (*user) {
		char key[80];
		snprintf(key, sizeof(key), "%s,%s", source, user);
		t->unknown_user += need(t, &t->keys, key)->value < 0;
	} else {
		const char *event_id = text(t, props, "order_id"); /* only what is broken on purpose names nobody */
		assert_true(*text(t, m, "anonymousId") || strcmp(event_id, "TEST") == 0);
	}
	if (strcmp(type, "identify") == 0)
		on_identify(t, m);
	t->seen.groups += strcmp(type, "group") == 0;
	t->seen.aliases += strcmp(type, "alias") == 0;
	t->seen.pages += strcmp(type, "page") == 0;
	t->seen.product_views += strcmp(event, "Product Viewed") == 0;
	t->seen.calls += strcmp(event, "Call Ended") == 0;
	t->seen.chats += strcmp(event, "Chat Ended") == 0;
	t->seen.surveys += strcmp(event, "Survey Answered") == 0;
	if (strcmp(event, "Order Completed") == 0 || strcmp(event, "Order Refunded") == 0) {
		const struct json *l = json_at(json_get(props, "products"), 0);
		if (json_kind(json_get(l, "price")) == JSON_STRING) {
			t->seen.broken++;
			return;
		}
		on_order(t, props, event[6] == 'R');
	}
}

static void on_truth(struct told *t, struct str line)
{
	struct str rest = line, part[4];
	for (int i = 0; i < 4; i++)
		assert_true(str_split(&rest, ',', &part[i]));
	if (str_is(part[0], "source"))
		return;
	char *person = str_dup(t->arena, part[2]), *household = str_dup(t->arena, part[3]);
	char *key = arena_printf(t->arena, "%.*s,%.*s", STR_ARG(part[0]), STR_ARG(part[1]));
	int64_t p = atoll(person + 1), h = atoll(household + 1);
	if (p > t->people_max)
		t->people_max = p;
	struct node *n = need(t, &t->households, person);
	t->wrong_household += n->value >= 0 && n->value != h;
	n->value = h;
	if (str_is(part[0], "device"))
		return; /* may be a household's */
	t->truth_rows++;
	n = need(t, &t->keys, key);
	assert_int_equal(n->value, -1); /* a key is one person's */
	n->value = p;
}

static enum result listen(void *ctx, const char *file, struct str line, struct error *e)
{
	struct told *t = ctx;
	static const char *const files[] = { "till", "web", "loyalty", "callcentre", "chat" };
	if (t->fail_after && --t->fail_after == 0)
		return error_set(e, ERR_IO, "test.full", NULL, "the disk is full");
	t->digest = hash64(line.p, line.n, hash64(file, strlen(file), t->digest));
	assert_true(str_utf8_valid(line));
	assert_null(memchr(line.p, '\n', line.n));
	if (strcmp(file, "truth.csv") == 0)
		on_truth(t, line);
	const char *dot = strstr(file, ".jsonl");
	if (!dot)
		return OK;
	t->lines++;
	int f = 0;
	while (strncmp(files[f], file, (size_t)(dot - file)) != 0)
		f++;
	struct json *m = NULL;
	struct error why;
	if (json_parse(line, NULL, &m, &why) != OK) {
		t->seen.broken++;
		return OK;
	}
	const char *time = text(t, m, "timestamp");
	t->out_of_time += strcmp(t->last_time[f], time) > 0;
	snprintf(t->last_time[f], sizeof(t->last_time[f]), "%s", time);
	struct node *id = need(t, &t->ids, text(t, m, "messageId"));
	if (id->value == 1) {
		t->seen.resent++;
	} else {
		id->value = 1;
		on_message(t, files[f], m);
	}
	json_free(m);
	return OK;
}

static void told_run(struct told *t, const struct demo_config *cfg, struct demo_counts *counts)
{
	struct error e = { 0 };
	memset(t, 0, sizeof(*t));
	t->arena = arena_new((size_t)1 << 30);
	assert_non_null(t->arena);
	if (demo_generate(cfg, listen, t, counts, &e) != OK)
		fail_msg("%s %s", e.code, e.detail);
}

static void nothing(void *node)
{
	(void)node;
}

static void told_end(struct told *t)
{
	void *trees[] = { t->keys, t->orders, t->households, t->emails, t->ids };
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++)
		tdestroy(trees[i], nothing);
	arena_free(t->arena);
}

static void test_same_seed_same_bytes(void **state)
{
	(void)state;
	struct told a, b, c, d;
	struct demo_config cfg = { .seed = 7, .people = 200, .years = 3 };
	told_run(&a, &cfg, NULL);
	told_run(&b, &cfg, NULL);
	cfg.seed = 8;
	told_run(&c, &cfg, NULL);
	cfg = (struct demo_config){ .seed = 7, .people = 200, .years = 3, .busyness = 101 };
	told_run(&d, &cfg, NULL);
	assert_true(a.digest == b.digest && a.lines == b.lines);
	assert_true(a.digest != c.digest && a.digest != d.digest);
	told_end(&a);
	told_end(&b);
	told_end(&c);
	told_end(&d);
}

static void test_counts_are_true(void **state)
{
	(void)state;
	struct told t;
	struct demo_counts n;
	struct demo_config cfg = { .seed = 1, .people = 2000, .years = 10 };
	told_run(&t, &cfg, &n);
	assert_int_equal(n.people, 2000);
	assert_int_equal(n.stores, 15);
	assert_int_equal(n.associates, 120);
	assert_int_equal(n.products, 2500);
	assert_in_range(n.skus, 7500, 8500);
	assert_in_range(n.lines, 36000, 50000);
	assert_int_equal(t.lines, n.lines);
	assert_int_equal(t.seen.resent, n.resent);
	assert_true(n.resent > 0);
	assert_int_equal(t.seen.broken, n.broken);
	assert_true(n.broken > 0);
	assert_int_equal(t.seen.identifies, n.identifies);
	assert_int_equal(t.seen.groups, n.groups);
	assert_int_equal(t.seen.aliases, n.aliases);
	assert_int_equal(t.seen.pages, n.pages);
	assert_int_equal(t.seen.product_views, n.product_views);
	assert_int_equal(t.seen.calls, n.calls);
	assert_int_equal(t.seen.chats, n.chats);
	assert_int_equal(t.seen.surveys, n.surveys);
	assert_int_equal(t.seen.orders, n.orders);
	assert_int_equal(t.seen.order_lines, n.order_lines);
	assert_int_equal(t.seen.units, n.units);
	assert_int_equal(t.seen.refunds, n.refunds);
	assert_int_equal(t.seen.refund_lines, n.refund_lines);
	for (int i = 0; i < DEMO_CURRENCIES; i++) {
		assert_int_equal(t.seen.sold_minor[i], n.sold_minor[i]);
		assert_int_equal(t.seen.refunded_minor[i], n.refunded_minor[i]);
		assert_true(n.sold_minor[i] > n.refunded_minor[i]);
	}
	assert_int_equal(t.wrong_sum, 0);
	told_end(&t);
}

static void test_truth_covers_all(void **state)
{
	(void)state;
	struct told t;
	struct demo_counts n;
	struct demo_config cfg = { .seed = 3, .people = 2500, .years = 6 };
	told_run(&t, &cfg, &n);
	assert_int_equal(t.truth_rows, n.records);
	assert_int_equal(t.people_max, n.people - 1);
	assert_int_equal(t.wrong_household, 0);
	assert_int_equal(t.unknown_user, 0);
	assert_int_equal(t.unknown_order, 0);
	assert_int_equal(t.over_returned, 0);
	assert_int_equal(t.out_of_time, 0);
	told_end(&t);
}

static void test_dirt_is_there(void **state)
{
	(void)state;
	struct told t;
	struct demo_counts n;
	struct demo_config cfg = { .seed = 3, .people = 4000, .years = 4, .busyness = 20 };
	told_run(&t, &cfg, &n);
	assert_true(n.records > n.people * 2); /* most people are known to more than one system */
	assert_true(n.households < n.people);
	assert_true(t.shared_emails > 300);
	assert_true(t.native_names > 100);
	assert_true(t.max_on_one_phone > 12); /* beyond IDENT_LIMIT_PHONE: a store's own number */
	told_end(&t);
}

static void test_faults(void **state)
{
	(void)state;
	struct demo_config bad[] = { { .people = -1 }, { .people = 10000001 }, { .years = 31 },
		                     { .years = -2 },  { .busyness = -1 },     { .until = 1000 } };
	struct told t = { 0 };
	struct error e;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&e, 0, sizeof(e));
		assert_int_equal(demo_generate(&bad[i], listen, &t, NULL, &e), ERR_INVALID);
		assert_true(strncmp(e.code, "demo.", 5) == 0);
	}
	assert_int_equal(t.lines, 0);
	t.arena = arena_new(0);
	t.fail_after = 40;
	struct demo_config cfg = { .seed = 1, .people = 50, .years = 1 };
	struct demo_counts n = { .lines = 77 };
	assert_int_equal(demo_generate(&cfg, listen, &t, &n, &e), ERR_IO);
	assert_string_equal(e.code, "test.full");
	assert_int_equal(n.lines, 77);
	arena_free(t.arena);
	t.arena = NULL;
}

static enum result ignore(void *ctx, const char *file, struct str line, struct error *e)
{
	(void)ctx, (void)file, (void)line, (void)e;
	return OK;
}

/* Memory that runs out anywhere is an error, no crash and no leak (the sanitizers look). */
static void test_memory_runs_out(void **state)
{
	(void)state;
	struct demo_config cfg = { .seed = 1, .people = 20, .years = 1 };
	struct error e;
	uint64_t nth = 1;
	for (;; nth++) {
		mem_fail_nth(nth);
		enum result r = demo_generate(&cfg, ignore, NULL, NULL, &e);
		mem_fail_nth(0);
		if (r == OK)
			break;
		assert_int_equal(r, ERR_NOMEM);
	}
	assert_true(nth > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_seed_same_bytes),
		cmocka_unit_test(test_counts_are_true),
		cmocka_unit_test(test_truth_covers_all),
		cmocka_unit_test(test_dirt_is_there),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
