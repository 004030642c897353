/* rooms: demo ingest insight orders timeline people shop feed db text money base */
/* The demo chain through the ingest: what it told is what is stored, and who it made up is who is found. */
#include "kit/kit.h"
#include "demo/demo.h"
#include "feed/room.h"
#include "ingest/ingest.h"
#include "insight/insight.h"
#include "text/text.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PEOPLE 400
#define FILES_MAX 12
#define TRUTH_MAX 4000

struct chain {
	struct db *db;
	char dir[300];
	struct demo_counts n;
	struct {
		const char *name;
		FILE *f;
	} files[FILES_MAX];
	int file_count;
	struct truth {
		char source[16], key[64];
		int person;
		int64_t customer;
	} truth[TRUTH_MAX];
	int truth_count;
};

static enum result write_line(void *ctx, const char *file, struct str line, struct error *e)
{
	struct chain *c = ctx;
	int i = 0;
	while (i < c->file_count && strcmp(c->files[i].name, file) != 0)
		i++;
	if (i == c->file_count) {
		char path[400];
		snprintf(path, sizeof(path), "%s/%s", c->dir, file);
		c->files[i].name = file;
		c->files[i].f = fopen(path, "w");
		if (!c->files[i].f)
			return error_set(e, ERR_IO, "test.write", NULL, "%s", strerror(errno));
		c->file_count++;
	}
	if (strcmp(file, "truth.csv") == 0 && !str_starts(line, STR("source,")) && !str_starts(line, STR("device,"))) {
		struct truth *t = &c->truth[c->truth_count++];
		assert_true(c->truth_count < TRUTH_MAX);
		assert_int_equal(sscanf(line.p, "%15[^,],%63[^,],P%d", t->source, t->key, &t->person), 3);
	}
	fprintf(c->files[i].f, "%.*s\n", STR_ARG(line));
	return OK;
}

static bool go_on(void *arg, const struct import_progress *p)
{
	(void)arg, (void)p;
	return true;
}

static int setup(void **state)
{
	struct chain *c = calloc(1, sizeof(*c));
	struct demo_config cfg = { .seed = 11, .people = PEOPLE, .years = 3, .busyness = 60 };
	assert_non_null(c);
	assert_ok(text_start(&kit_err));
	snprintf(c->dir, sizeof(c->dir), "%s/chain", kit_dir());
	assert_int_equal(mkdir(c->dir, 0700), 0);
	assert_ok(demo_generate(&cfg, write_line, c, &c->n, &kit_err));
	for (int i = 0; i < c->file_count; i++)
		assert_int_equal(fclose(c->files[i].f), 0);
	c->db = kit_db();
	shop_cache_drop();
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct chain *c = *state;
	kit_db_close(c->db);
	free(c);
	text_stop();
	return 0;
}

static struct import_progress import(struct chain *c)
{
	struct import_config cfg = { .path = c->dir, .format = "demo-chain" };
	struct import_progress p = { 0 };
	assert_ok(import_run(c->db, &cfg, go_on, NULL, &p, &kit_err));
	return p;
}

static enum result totals_equal(struct db_tx *tx, void *arg, struct error *e)
{
	const struct chain *c = arg;
	int64_t orders = 0, returns = 0, lines = 0;
	for (int i = 0; i < DEMO_CURRENCIES; i++) {
		struct order_totals t;
		int16_t currency;
		assert_true(currency_find(str_c(demo_currency[i]), &currency));
		TRY(order_totals(tx, STR(""), currency, &t, e));
		assert_int_equal(t.net_minor, c->n.sold_minor[i] - c->n.refunded_minor[i]);
		orders += t.orders;
		returns += t.returns;
		lines += t.lines;
	}
	assert_int_equal(orders, c->n.orders);
	assert_int_equal(returns, c->n.refunds);
	assert_int_equal(lines, c->n.order_lines + c->n.refund_lines);
	int64_t open = 0;
	TRY(deadletter_count(tx, &open, e));
	assert_int_equal(open, c->n.broken);
	return OK;
}

static enum result customers_find(struct db_tx *tx, void *arg, struct error *e)
{
	struct chain *c = arg;
	for (int i = 0; i < c->truth_count; i++) {
		struct truth *t = &c->truth[i];
		int64_t record;
		bool found = false;
		TRY(record_find(tx, str_c(t->source), str_c(t->key), &record, &t->customer, &found, e));
		if (!found)
			fail_msg("%s %s was told and is not there", t->source, t->key);
	}
	return OK;
}

/* Everything told once is there once; what is broken is a dead letter; doing it again changes nothing. */
static void test_all_of_it_once(void **state)
{
	struct chain *c = *state;
	struct import_progress p = import(c);
	int64_t rows = c->n.lines + c->n.stores + c->n.associates + c->n.skus;
	assert_int_equal(p.counts.dead, c->n.broken);
	assert_int_equal(p.counts.duplicates, c->n.resent);
	assert_true(p.counts.taken >= rows - c->n.broken - c->n.resent); /* and the rates */
	assert_ok(db_read(c->db, totals_equal, c, &kit_err));

	p = import(c);
	assert_ok(db_read(c->db, totals_equal, c, &kit_err));
}

/* Whom policy alone takes for one person. What it misses is a nuisance; whom it confuses, an incident. */
static void test_people_against_the_truth(void **state)
{
	struct chain *c = *state;
	assert_ok(db_read(c->db, customers_find, c, &kit_err));
	int together = 0, confused = 0, same = 0;
	for (int i = 0; i < c->truth_count; i++) {
		for (int k = i + 1; k < c->truth_count; k++) {
			bool one = c->truth[i].person == c->truth[k].person;
			bool taken = c->truth[i].customer == c->truth[k].customer;
			same += one;
			together += one && taken;
			confused += taken && !one;
		}
	}
	printf("pairs of records of one person: %d, found by policy: %d, confused: %d\n", same, together, confused);
	assert_true(same > PEOPLE / 2);
	assert_true(together * 5 > same); /* verified identifiers alone: the rest nominates for the scorer */
	assert_true(confused <= 2);
}

static enum result views_digest(struct chain *c, unsigned char out[16])
{
	const struct feed_stored *views[] = { insight_room.stored };
	assert_ok(feed_drain(c->db, views, 1, FEED_PATIENCE, &kit_err));
	return insight_room.digest(c->db, out, &kit_err);
}

static void test_views_equal_a_rebuild(void **state)
{
	struct chain *c = *state;
	unsigned char kept[16], built[16];
	assert_ok(views_digest(c, kept));
	assert_ok(insight_room.rebuild(c->db, NULL, NULL, &kit_err));
	assert_ok(insight_room.digest(c->db, built, &kit_err));
	assert_memory_equal(kept, built, sizeof(kept));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_it_once),
		cmocka_unit_test(test_people_against_the_truth),
		cmocka_unit_test(test_views_equal_a_rebuild),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
