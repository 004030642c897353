/* rooms: people feed db text base */
/* The trail of decisions replays to the same state: what people decided on one database, in random order and partly
 * taken back, is told again to a fresh one with the same records, that came in another order; the customers are the
 * same. */
#include "base/hash.h"
#include "kit/review_kit.h"
#include <stdlib.h>
#include <time.h>

#define RECORDS 48
#define STEPS 70
#define TRAIL_MAX 400
#define KEY_BYTES 16

struct person_told {
	char key[KEY_BYTES], name[48], ids[160];
	int64_t id; /* in the database that is open */
};

struct world {
	struct kit_random r;
	struct person_told people[RECORDS];
	int told;
};

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static void make_up(struct world *w)
{
	static const char *const given[] = { "Ann", "Bob", "Chloe", "Dov" };
	static const char *const family[] = { "Smith", "Lee", "Moos" };

	for (int i = 0; i < RECORDS; i++) {
		struct person_told *p = &w->people[i];
		size_t n = 0;

		snprintf(p->key, sizeof(p->key), "k%d", i);
		snprintf(p->name, sizeof(p->name), "%s %s", given[kit_random_below(&w->r, 4)],
		         family[kit_random_below(&w->r, 3)]);
		p->ids[0] = 0;
		if (kit_random_below(&w->r, 3))
			n += (size_t)snprintf(p->ids + n, sizeof(p->ids) - n, "e!:p%d@lee.org ",
			                      (int)kit_random_below(&w->r, 14));
		if (kit_random_below(&w->r, 2))
			n += (size_t)snprintf(p->ids + n, sizeof(p->ids) - n, "p:+4144333%04d ",
			                      (int)kit_random_below(&w->r, 12));
		if (kit_random_below(&w->r, 3) == 0)
			n += (size_t)snprintf(p->ids + n, sizeof(p->ids) - n, "l!:L%d ",
			                      (int)kit_random_below(&w->r, 9));
		if (kit_random_below(&w->r, 5) == 0)
			n += (size_t)snprintf(p->ids + n, sizeof(p->ids) - n, "a!:acc-%d ",
			                      (int)kit_random_below(&w->r, 4));
		if (n)
			p->ids[n - 1] = 0;
	}
}

static void tell(struct person_told *p)
{
	p->id = put(db, "till", p->key, p->name, p->ids[0] ? p->ids : NULL);
}

/* ---- Random decisions -------------------------------------------------------------------------------------------- */

static int64_t anybody(struct world *w)
{
	return w->people[kit_random_below(&w->r, (uint64_t)w->told)].id;
}

struct deciding {
	int64_t a, b, out[CUSTOMER_MEMBERS_MAX], decision, none;
	int kind, count;
	bool force;
	struct policy policy;
};

static enum result decide_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct deciding *d = arg;

	switch (d->kind) {
	case DECISION_MERGE:
		return customer_merge(tx, d->a, d->b, d->force, 7, STR("same"), &d->decision, &d->none, e);
	case DECISION_SPLIT:
		return customer_split(tx, d->out, d->count, 7, STR("two"), &d->decision, &d->none, e);
	case DECISION_NEVER:
		return customer_never(tx, d->a, d->b, 7, STR("twins"), &d->decision, e);
	case DECISION_POLICY:
		return identifier_policy_set(tx, d->policy.kind, str_c(d->policy.value), d->policy.state, 7, e);
	default:
		return decision_undo(tx, d->decision, 7, STR("a mistake"), e);
	}
}

DB_STMT(test_any_decision, "i", "i",
        "SELECT id FROM person_decision WHERE standing = 1 ORDER BY at, id LIMIT 1 OFFSET $1")
DB_STMT(test_decision_count, "", "i", "SELECT COUNT(*) FROM person_decision WHERE standing = 1")
static enum result some_decision_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct deciding *d = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	DB_ROWS_AUTO struct db_rows *row = NULL;
	bool found;

	TRY(db_query_one(tx, &test_decision_count, &rows, &found, e, DB_NONE));
	if (!found || db_int(rows, 0) == 0)
		return OK;
	TRY(db_query_one(tx, &test_any_decision, &row, &found, e, DB_INT(d->a % db_int(rows, 0))));
	d->decision = found ? db_int(row, 0) : 0;
	return OK;
}

static enum result members_of_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct deciding *d = arg;
	int64_t customer;

	TRY(customer_of(tx, d->a, &customer, e));
	return customer_members(tx, customer, d->out, CUSTOMER_MEMBERS_MAX, &d->count, e);
}

/* What may not be is refused: that is no decision. */
static void decide(struct world *w)
{
	static char value[40];
	struct deciding d = { .a = anybody(w), .b = anybody(w), .force = kit_random_below(&w->r, 6) == 0 };
	uint64_t what = kit_random_below(&w->r, 12);

	d.kind = what < 4   ? DECISION_MERGE
	         : what < 6 ? DECISION_SPLIT
	         : what < 7 ? DECISION_NEVER
	         : what < 8 ? DECISION_POLICY
	                    : DECISION_UNDO;
	if (d.kind == DECISION_SPLIT) {
		assert_ok(db_read(db, members_of_run, &d, &kit_err));
		d.count = 1 + (int)kit_random_below(&w->r, (uint64_t)d.count);
	} else if (d.kind == DECISION_UNDO) {
		d.a = (int64_t)kit_random_below(&w->r, 1000000);
		assert_ok(db_read(db, some_decision_run, &d, &kit_err));
		if (!d.decision)
			return;
	} else if (d.kind == DECISION_POLICY) {
		snprintf(value, sizeof(value), "p%d@lee.org", (int)kit_random_below(&w->r, 14));
		d.policy = (struct policy){ IDENT_EMAIL, value,
			                    kit_random_below(&w->r, 2) ? IDENT_BLOCKED : IDENT_HOUSEHOLD };
	}
	enum result r = db_transact(db, decide_run, &d, &kit_err);
	if (r != OK && r != ERR_CONFLICT)
		fail_msg("decision %d: %s (%s)", d.kind, result_name(r), kit_err.code);
}

/* ---- The trail --------------------------------------------------------------------------------------------------- */

/* What was written once and never changes; and whether it stands in the end. Records by their place among the told. */
struct line {
	int64_t id, undoes, at;
	int kind, value_kind, state, left[RECORDS], right[RECORDS], left_count, right_count;
	bool forced, standing;
	char value[64];
};

struct trail {
	const struct world *w;
	struct line lines[TRAIL_MAX];
	int count;
	uint64_t hash; /* of the partition */
	bool left;
};

static int place_of(const struct world *w, int64_t id)
{
	for (int i = 0; i < w->told; i++)
		if (w->people[i].id == id)
			return i;
	return -1;
}

static int64_t be_int(const char *p)
{
	int64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static int side_read(const struct world *w, struct str blob, int *side)
{
	int n = 0;

	for (size_t i = 0; i + 8 <= blob.n; i += 8)
		if (place_of(w, be_int(blob.p + i)) >= 0)
			side[n++] = place_of(w, be_int(blob.p + i));
	return n;
}

DB_STMT(test_trail, "", "iiIiiIIbbti",
        "SELECT id, kind, undoes, at, forced, value_kind, state, left_side, right_side, evidence, standing "
        "FROM person_decision ORDER BY at, id")
static enum result trail_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct trail *t = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	t->count = 0;
	TRY(db_query(tx, &test_trail, &rows, e, DB_NONE));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct line *l = &t->lines[t->count++];

		assert_true(t->count < TRAIL_MAX);
		*l = (struct line){ .id = db_int(rows, 0),
			            .kind = (int)db_int(rows, 1),
			            .undoes = db_int(rows, 2),
			            .at = db_int(rows, 3),
			            .forced = db_int(rows, 4) != 0,
			            .value_kind = (int)db_int(rows, 5),
			            .state = (int)db_int(rows, 6),
			            .standing = db_int(rows, 10) != 0 };
		if (l->kind == DECISION_POLICY)
			snprintf(l->value, sizeof(l->value), "%.*s", STR_ARG(db_text(rows, 9)));
		if (l->value_kind)
			continue;
		l->left_count = side_read(t->w, db_blob(rows, 7), l->left);
		l->right_count = side_read(t->w, db_blob(rows, 8), l->right);
	}
	return rows_end(step, e);
}

/* Of each record the first of its customer, by key: ids are another database's. */
static enum result partition_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct trail *t = arg;
	int64_t customers[RECORDS];
	int first[RECORDS];

	for (int i = 0; i < t->w->told; i++) {
		TRY(customer_of(tx, t->w->people[i].id, &customers[i], e));
		for (first[i] = 0; customers[first[i]] != customers[i]; first[i]++)
			continue;
	}
	t->hash = hash64(first, (size_t)t->w->told * sizeof(*first), 1);
	return OK;
}

static enum result drain_run(struct db_tx *tx, void *arg, struct error *e)
{
	return people_drain(tx, 10, &((struct trail *)arg)->left, e);
}

static uint64_t settled_hash(struct trail *t)
{
	t->left = true;
	while (t->left)
		assert_ok(db_transact(db, drain_run, t, &kit_err));
	assert_ok(db_read(db, partition_run, t, &kit_err));
	assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
	return t->hash;
}

/* ---- Telling it again -------------------------------------------------------------------------------------------- */

struct replay {
	const struct trail *t;
	const struct line *line;
	int64_t *as; /* the decision's id here, by line */
	int at;
};

static const struct line *line_of(const struct trail *t, int64_t id, int *at)
{
	for (int i = 0; i < t->count; i++)
		if (t->lines[i].id == id) {
			*at = i;
			return &t->lines[i];
		}
	return NULL;
}

/* Automatic merges come by themselves; told are only those that somebody took back. */
static bool is_told(const struct trail *t, const struct line *l)
{
	if (l->kind != DECISION_AUTO_MERGE)
		return true;
	for (int i = 0; i < t->count; i++)
		if (t->lines[i].undoes == l->id)
			return true;
	return false;
}

static enum result append_run(struct replay *p, struct db_tx *tx, struct error *e)
{
	const struct line *l = p->line;
	const struct world *w = p->t->w;
	int64_t left[RECORDS], right[RECORDS], seeds[2 * RECORDS];
	struct decision_row d = { .kind = (enum decision_kind)l->kind,
		                  .at = clock_now(),
		                  .user = 7,
		                  .forced = l->forced,
		                  .standing = true,
		                  .left = left,
		                  .right = right,
		                  .left_count = l->left_count,
		                  .right_count = l->right_count,
		                  .reason = STR(""),
		                  .evidence = STR("{}") };
	int n = 0;

	for (int i = 0; i < l->left_count; i++)
		seeds[n++] = left[i] = w->people[l->left[i]].id;
	for (int i = 0; i < l->right_count; i++)
		seeds[n++] = right[i] = w->people[l->right[i]].id;
	d.a = left[0];
	d.b = right[0];
	d.stand_at = d.at;
	d.id = p->as[p->at] = id_new(id_bucket(d.a));
	TRY(decision_append(tx, &d, e));
	for (int i = 0; i < n && l->kind != DECISION_AUTO_MERGE; i++)
		TRY(record_flag(tx, seeds[i], RECORD_DECIDED, e));
	return people_resolve(tx, seeds, n, d.id, 0, e);
}

DB_STMT(test_undo_of, "i", "i", "SELECT id FROM person_decision WHERE undoes = $1 ORDER BY at DESC, id DESC LIMIT 1")
DB_STMT(test_newest_policy, "", "i", "SELECT id FROM person_decision WHERE kind = 6 ORDER BY at DESC, id DESC LIMIT 1")
_Static_assert(DECISION_POLICY == 6, "written in test_newest_policy");
static enum result replay_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct replay *p = arg;
	const struct line *l = p->line;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	int target = -1;
	bool found;

	if (l->kind == DECISION_UNDO) {
		assert_non_null(line_of(p->t, l->undoes, &target));
		TRY(decision_undo(tx, p->as[target], 7, STR(""), e));
		TRY(db_query_one(tx, &test_undo_of, &rows, &found, e, DB_INT(p->as[target])));
	} else if (l->kind == DECISION_POLICY) {
		TRY(identifier_policy_set(tx, (enum identifier_kind)l->value_kind, str_c(l->value),
		                          (enum identifier_state)l->state, 7, e));
		TRY(db_query_one(tx, &test_newest_policy, &rows, &found, e, DB_NONE));
	} else {
		return append_run(p, tx, e);
	}
	assert_true(found);
	p->as[p->at] = db_int(rows, 0);
	return OK;
}

DB_STMT(test_stands, "ii", "i", "SELECT standing FROM person_decision WHERE rkey = $1 AND id = $2")
static enum result stands_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct replay *p = arg;

	for (int i = 0; i < p->t->count; i++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		bool found;

		if (!p->as[i])
			continue;
		TRY(db_query_one(tx, &test_stands, &rows, &found, e, DB_INT(id_bucket(p->as[i])), DB_INT(p->as[i])));
		assert_true(found);
		assert_int_equal(db_int(rows, 0), p->t->lines[i].standing);
	}
	return OK;
}

static void replay(struct trail *t)
{
	int64_t as[TRAIL_MAX] = { 0 };
	struct replay p = { .t = t, .as = as };

	for (int i = 0; i < t->count; i++) {
		p.line = &t->lines[i];
		p.at = i;
		if (!is_told(t, p.line))
			continue;
		assert_ok(db_transact(db, replay_run, &p, &kit_err));
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL); /* the order of times is what counts */
	}
	assert_ok(db_read(db, stands_run, &p, &kit_err));
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

static void run(uint64_t seed, bool scored)
{
	struct world *w = calloc(1, sizeof(*w));
	struct trail *t = calloc(1, sizeof(*t));
	uint64_t before, plain;
	int by_hand = 0, back = 0;

	assert_true(w && t);
	kit_random_seed(&w->r, seed);
	t->w = w;
	make_up(w);
	if (scored)
		epoch();
	for (int step = 0; step < STEPS; step++) {
		if (w->told < RECORDS && (step < RECORDS / 3 || kit_random_below(&w->r, 2)))
			tell(&w->people[w->told++]);
		if (step >= RECORDS / 3)
			decide(w);
	}
	while (w->told < RECORDS)
		tell(&w->people[w->told++]);
	before = settled_hash(t);
	assert_ok(db_read(db, trail_read, t, &kit_err));
	for (int i = 0; i < t->count; i++) {
		by_hand += t->lines[i].kind != DECISION_AUTO_MERGE;
		back += t->lines[i].kind == DECISION_UNDO;
	}
	assert_true(by_hand > 20 && back > 3);
	db_anew();
	if (scored)
		epoch();
	for (int i = RECORDS - 1; i >= 0; i--) /* in another order */
		tell(&w->people[i]);
	plain = settled_hash(t);
	assert_true(plain != before); /* or nothing was decided */
	replay(t);
	assert_true(settled_hash(t) == before);
	free(t);
	free(w);
}

static void the_trail_replays_to_the_same_customers(void **state)
{
	int seeds = strcmp(kit_engine(), "sqlite") == 0 ? 3 : 1;

	(void)state;
	for (int i = 0; i < seeds; i++) {
		run(100 + (uint64_t)i, false);
		db_anew();
	}
}

static void also_where_scores_count(void **state)
{
	int seeds = strcmp(kit_engine(), "sqlite") == 0 ? 2 : 1;

	(void)state;
	for (int i = 0; i < seeds; i++) {
		run(200 + (uint64_t)i, true);
		db_anew();
	}
}

/* A decision that stands though it was undone, or the other way round: check says so. */
DB_STMT(test_spoil, "i", "", "UPDATE person_decision SET standing = 1 - standing WHERE id = $1")
static enum result spoil_run(struct db_tx *tx, void *arg, struct error *e)
{
	return db_exec(tx, &test_spoil, NULL, e, DB_INT(*(int64_t *)arg));
}

static void count_finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)room;
	(void)detail;
	*(int *)arg += strstr(invariant, "a decision stands") != NULL;
}

static void check_replays_what_stands(void **state)
{
	(void)state;
	int64_t a = put(db, "till", "a", "Ann Lee", NULL), b = put(db, "web", "b", "Ann Lee", NULL), d[2];
	int found = 0;

	d[0] = merge(db, a, b, false);
	undo(db, d[0]);
	d[1] = merge(db, a, b, false);
	assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
	for (int i = 0; i < 2; i++) {
		found = 0;
		assert_ok(db_transact(db, spoil_run, &d[i], &kit_err));
		assert_ok(people_room.check(db, count_finding, &found, &kit_err));
		assert_true(found > 0);
		assert_ok(db_transact(db, spoil_run, &d[i], &kit_err));
	}
	assert_ok(people_room.check(db, no_finding, NULL, &kit_err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_trail_replays_to_the_same_customers, setup, teardown),
		cmocka_unit_test_setup_teardown(also_where_scores_count, setup, teardown),
		cmocka_unit_test_setup_teardown(check_replays_what_stands, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
