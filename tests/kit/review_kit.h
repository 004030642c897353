/* Short words for tests of the review queue, of why and of the estimate. */
#ifndef BYNAME_TESTS_REVIEW_KIT_H
#define BYNAME_TESTS_REVIEW_KIT_H

#include "base/clock.h"
#include "feed/room.h"
#include "kit/epoch_kit.h"
#include "kit/people_kit.h"
#include "people/internal.h"
#include <string.h>

static struct db *db;

static inline int setup(void **state)
{
	(void)state;
	assert_ok(text_start(&kit_err));
	db = kit_db();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	if (db)
		kit_db_close(db);
	return 0;
}

/* Another one, empty; a test that fails in between leaves none. */
static inline void db_anew(void)
{
	kit_db_close(db);
	db = NULL;
	db = kit_db();
}

struct doubting {
	int64_t a, b, stake, count;
	int score, limit, got;
	const struct doubt *after;
	struct doubt list[16];
};

static inline enum result put_doubt_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;
	struct doubt low = { .a = d->a < d->b ? d->a : d->b, .b = d->a < d->b ? d->b : d->a, .score = d->score };

	TRY(doubt_put(tx, d->a, d->b, d->score, e));
	return doubt_weigh(tx, &low, d->stake, 1, e);
}

static inline void doubt(int64_t a, int64_t b, int score, int64_t stake)
{
	struct doubting d = { .a = a, .b = b, .score = score, .stake = stake };

	assert_ok(db_transact(db, put_doubt_run, &d, &kit_err));
}

static inline enum result drop_doubt_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	return doubt_drop(tx, d->a, d->b, e);
}

static inline enum result list_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct doubting *d = arg;

	TRY(doubt_list(tx, d->after, d->limit, d->list, &d->got, e));
	return doubt_count(tx, &d->count, e);
}

/* The pairs of the queue, "stake:score ". */
static inline const char *queue(int limit, const struct doubt *after, struct doubt *last)
{
	static char text[400];
	struct doubting d = { .limit = limit, .after = after };
	size_t n = 0;

	assert_ok(db_read(db, list_run, &d, &kit_err));
	text[0] = 0;
	for (int i = 0; i < d.got; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%lld:%d ", (long long)d.list[i].stake,
		                      d.list[i].score);
	if (last && d.got)
		*last = d.list[d.got - 1];
	return text;
}

static inline int64_t waiting(void)
{
	struct doubting d = { .limit = 1 };

	assert_ok(db_read(db, list_run, &d, &kit_err));
	return d.count;
}

static inline int64_t never(int64_t a, int64_t b)
{
	struct ids i = { .a = a, .b = b };

	assert_ok(db_transact(db, never_run, &i, &kit_err));
	return i.decision;
}

struct asking {
	int64_t a, b;
	bool masked;
	struct buf out;
};

static inline enum result name_run(struct db_tx *tx, int64_t user, const char **name, struct error *e)
{
	(void)e;
	*name = arena_printf(db_tx_arena(tx), "user %lld", (long long)user);
	return OK;
}

static inline enum result why_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct asking *q = arg;
	struct json_writer w;

	buf_clear(&q->out);
	jw_init(&w, &q->out);
	return match_why(tx, q->a, q->b,
	                 &(struct why_how){ .masked = q->masked, .whole = !q->masked, .name_of = name_run }, &w, e);
}

static inline struct json *why(int64_t a, int64_t b, bool masked)
{
	struct asking q = { .a = a, .b = b, .masked = masked };
	struct json *answer;

	buf_init(&q.out, 0);
	assert_ok(db_read(db, why_run, &q, &kit_err));
	assert_ok(json_parse(buf_view(&q.out), NULL, &answer, &kit_err));
	buf_free(&q.out);
	return answer;
}

static inline enum result estimate_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct asking *q = arg;
	struct json_writer w;

	buf_clear(&q->out);
	jw_init(&w, &q->out);
	return people_estimate(tx, &w, e);
}

static inline struct json *estimate(void)
{
	struct asking q = { 0 };
	struct json *answer;

	buf_init(&q.out, 0);
	assert_ok(db_read(db, estimate_run, &q, &kit_err));
	assert_ok(json_parse(buf_view(&q.out), NULL, &answer, &kit_err));
	buf_free(&q.out);
	return answer;
}

static inline int64_t number(const struct json *o, const char *key)
{
	int64_t n = -1;

	assert_true(json_i64(json_get(o, key), &n));
	return n;
}

static inline double real(const struct json *o, const char *key)
{
	double v = -1;

	assert_true(json_f64(json_get(o, key), &v));
	return v;
}

static inline bool yes(const struct json *o, const char *key)
{
	bool v = false;

	assert_true(json_bool(json_get(o, key), &v));
	return v;
}

static inline bool says(const struct json *o, const char *key, const char *text)
{
	return str_is(json_str(json_get(o, key)), text);
}

static inline void epoch(void)
{
	epoch_builtin(db);
}

#endif
