/* Records that came, changed or went while everybody was resolved: one by one, as if they came in now.
 *
 * What the tables say of such a record may be half of what was read and half of what others wrote since. It is brought
 * back to what was read, without pairs, from there to what is true now; so that keys that grew crowded, or are crowded
 * no more, are told. */
#include "people/bulk.h"
#include "base/map.h"
#include <stdlib.h>
#include <unistd.h>

#define PAGE 5000
#define BATCH_US 30000 /* a transaction takes about so long */
#define SEEDS_MAX 4000
#define WAIT_US (10 * USEC)
#define WAIT_STEP_US 20000

/* ---- Who changed ------------------------------------------------------------------------------------------------- */

struct looking {
	struct bulk *b;
	int64_t rkey, id;
	int at; /* the first record that was read and not yet met */
	bool more;
	int64_t found[PAGE];
	int found_count, read;
};

/* Before this, whoever began under another epoch must have ended: SQLite's one writer has. */
DB_STMT(bulk_xmin_pg, "", "i", "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)")
static enum result oldest_read(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &bulk_xmin_pg, &rows, &found, e, DB_NONE));
	*(int64_t *)arg = found ? db_int(rows, 0) : 0;
	return OK;
}

static enum result others_end(struct bulk *b, struct error *e)
{
	int64_t oldest = 0, until = clock_monotonic() + WAIT_US;

	if (db_engine(b->db) == DB_SQLITE)
		return OK;
	for (;;) {
		TRY(db_read(b->db, oldest_read, &oldest, e));
		if (oldest > b->xid || clock_monotonic() > until)
			return OK;
		usleep(WAIT_STEP_US);
	}
}

DB_STMT(bulk_now, "iii", "iii",
        "SELECT id, updated_at, flags FROM person_record WHERE (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT $3")
static enum result look_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct looking *l = arg;
	const struct bulk_records *all = &l->b->all;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int at = l->at, read = 0;
	int64_t last = l->id;

	l->found_count = 0;
	TRY(db_query(tx, &bulk_now, &rows, e, DB_INT(l->rkey), DB_INT(l->id), DB_INT(PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		bool erased = (db_int(rows, 2) & RECORD_ERASED) != 0, same;

		read++;
		last = db_int(rows, 0);
		while (at < all->count && bulk_order(all->ids[at], last) < 0)
			at++;
		same = at < all->count && all->ids[at] == last ? all->updated_at[at] == db_int(rows, 1) : erased;
		if (!same)
			l->found[l->found_count++] = last;
	}
	TRY(rows_end(step, e));
	l->at = at;
	l->id = last;
	l->rkey = id_bucket(last);
	l->more = read == PAGE;
	return OK;
}

static int by_order(const void *x, const void *y)
{
	return bulk_order(*(const int64_t *)x, *(const int64_t *)y);
}

static enum result look(struct bulk *b, struct error *e)
{
	struct looking *l = mem_calloc(1, sizeof(*l));
	enum result r = l ? OK : error_nomem(e);
	int n = 0;

	if (!l)
		return r;
	l->b = b;
	l->rkey = -1;
	for (l->more = true; l->more && r == OK;) {
		r = db_read(b->db, look_page, l, e);
		for (int i = 0; i < l->found_count && r == OK; i++)
			r = bulk_changed_add(b, l->found[i], e);
	}
	mem_free(l);
	if (b->changed_count)
		qsort(b->changed, (size_t)b->changed_count, sizeof(*b->changed), by_order);
	for (int i = 0; i < b->changed_count; i++)
		if (n == 0 || b->changed[n - 1] != b->changed[i])
			b->changed[n++] = b->changed[i];
	b->changed_count = n;
	return r;
}

/* ---- Pairs that others have with them ---------------------------------------------------------------------------- */

struct side {
	int64_t changed, other;
};
struct sides {
	struct bulk *b;
	int64_t rkey, a, other; /* the last row */
	bool more;
	struct map changed;
	struct side *list;
	int count, cap, page_count;
	struct side page[PAGE];
};

DB_STMT(bulk_pairs, "iiii", "ii",
        "SELECT a, b FROM person_pair WHERE (rkey, a, b) > ($1, $2, $3) ORDER BY rkey, a, b LIMIT $4")
static enum result sides_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct sides *s = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int read = 0;
	int64_t a = s->a, b = s->other, unused;

	s->page_count = 0;
	TRY(db_query(tx, &bulk_pairs, &rows, e, DB_INT(s->rkey), DB_INT(s->a), DB_INT(s->other), DB_INT(PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		read++;
		a = db_int(rows, 0);
		b = db_int(rows, 1);
		if (map_get(&s->changed, b, &unused))
			s->page[s->page_count++] = (struct side){ b, a };
	}
	TRY(rows_end(step, e));
	s->a = a;
	s->other = b;
	s->rkey = id_bucket(a);
	s->more = read == PAGE;
	return OK;
}

static int by_changed(const void *x, const void *y)
{
	const struct side *a = x, *b = y;
	int o = bulk_order(a->changed, b->changed);

	return o ? o : (a->other > b->other) - (a->other < b->other);
}

static enum result sides_find(struct sides *s, struct error *e)
{
	for (int i = 0; i < s->b->changed_count; i++)
		TRY(map_put(&s->changed, s->b->changed[i], 1, e));
	s->rkey = -1;
	for (s->more = true; s->more;) {
		TRY(db_read(s->b->db, sides_page, s, e));
		if (s->count + s->page_count > s->cap) {
			int cap = 2 * s->cap + PAGE;
			struct side *list = mem_realloc(s->list, (size_t)cap * sizeof(*list));

			if (!list)
				return error_nomem(e);
			s->list = list;
			s->cap = cap;
		}
		if (s->page_count)
			memcpy(s->list + s->count, s->page, (size_t)s->page_count * sizeof(*s->page));
		s->count += s->page_count;
	}
	if (s->count)
		qsort(s->list, (size_t)s->count, sizeof(*s->list), by_changed);
	return OK;
}

/* ---- One of them ------------------------------------------------------------------------------------------------- */

struct catching {
	struct bulk *b;
	const struct sides *sides;
	int next, done;      /* index into changed */
	int side, side_done; /* where its sides begin */
};

struct seeds {
	int64_t list[SEEDS_MAX];
	int count;
};

static enum result seed(struct db_tx *tx, struct seeds *s, int64_t id, struct error *e)
{
	if (s->count == SEEDS_MAX)
		return todo_add(tx, id, e);
	s->list[s->count++] = id;
	return OK;
}

DB_STMT(bulk_side_drop, "iii", "", "DELETE FROM person_pair WHERE rkey = $1 AND a = $2 AND b = $3")
DB_STMT(bulk_own_pairs, "ii", "i", "SELECT b FROM person_pair WHERE rkey = $1 AND a = $2")
DB_STMT(bulk_own_drop, "ii", "", "DELETE FROM person_pair WHERE rkey = $1 AND a = $2")
static enum result pairs_drop(struct db_tx *tx, int64_t record, const struct side *sides, int count, struct seeds *s,
                              struct error *e)
{
	int first = s->count;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &bulk_own_pairs, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
		while ((step = db_next(rows, e)) == DB_ROW)
			if (s->count < SEEDS_MAX)
				s->list[s->count++] = db_int(rows, 0);
		TRY(rows_end(step, e));
	}
	for (int i = first; i < s->count; i++)
		TRY(db_exec(tx, &bulk_side_drop, NULL, e, DB_INT(id_bucket(s->list[i])), DB_INT(s->list[i]),
		            DB_INT(record)));
	for (int i = 0; i < count; i++) {
		TRY(db_exec(tx, &bulk_side_drop, NULL, e, DB_INT(id_bucket(sides[i].other)), DB_INT(sides[i].other),
		            DB_INT(record)));
		TRY(seed(tx, s, sides[i].other, e));
	}
	return db_exec(tx, &bulk_own_drop, NULL, e, DB_INT(id_bucket(record)), DB_INT(record));
}

DB_STMT(bulk_blob, "ii", "b", "SELECT keys FROM person_features WHERE rkey = $1 AND record = $2")
DB_STMT(bulk_blob_drop, "ii", "", "DELETE FROM person_features WHERE rkey = $1 AND record = $2")
DB_STMT(bulk_blob_put, "iibb", "",
        "INSERT INTO person_features (rkey, record, epoch, keys, features) VALUES ($1, $2, 0, $3, $4)")
DB_STMT(bulk_stand_drop, "ii", "", "DELETE FROM person_key WHERE mkey = $1 AND record = $2")
DB_STMT(bulk_stand_put, "ii", "", "INSERT INTO person_key (mkey, record) VALUES ($1, $2) ON CONFLICT DO NOTHING")
/* Its keys as they were when it was read: none, if it was not. */
static enum result keys_back(struct db_tx *tx, const struct bulk *b, int64_t record, struct error *e)
{
	uint64_t keys[MATCH_KEYS_MAX];
	const uint64_t *then;
	char packed[MATCH_KEYS_MAX * 8];
	int at = bulk_find(&b->all, record), count = 0, then_count = 0;
	size_t n = 0;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		bool found;

		TRY(db_query_one(tx, &bulk_blob, &rows, &found, e, DB_INT(id_bucket(record)), DB_INT(record)));
		if (found)
			count = keys_unpack(db_blob(rows, 0), keys);
	}
	for (int i = 0; i < count; i++)
		TRY(db_exec(tx, &bulk_stand_drop, NULL, e, DB_INT((int64_t)keys[i]), DB_INT(record)));
	TRY(db_exec(tx, &bulk_blob_drop, NULL, e, DB_INT(id_bucket(record)), DB_INT(record)));
	if (at >= 0)
		TRY(match_pairs_keys(&b->pairs, at, db_tx_arena(tx), &then, &then_count, e));
	for (int i = 0; i < then_count; i++) {
		TRY(db_exec(tx, &bulk_stand_put, NULL, e, DB_INT((int64_t)then[i]), DB_INT(record)));
		for (int k = 0; k < 8; k++)
			packed[n++] = (char)(then[i] >> (56 - 8 * k));
	}
	return n ? db_exec(tx, &bulk_blob_put, NULL, e, DB_INT(id_bucket(record)), DB_INT(record),
	                   DB_BLOB(((struct str){ packed, n })), DB_BLOB(STR("")))
	         : OK;
}

static enum result catch_one(struct db_tx *tx, const struct catching *c, int index, int *side, struct error *e)
{
	int64_t record = c->b->changed[index];
	struct seeds *s = arena_alloc(db_tx_arena(tx), sizeof(*s));
	int from = *side;

	if (!s)
		return error_nomem(e);
	while (*side < c->sides->count && c->sides->list[*side].changed == record)
		++*side;
	TRY(pairs_drop(tx, record, c->sides->list + from, *side - from, s, e));
	TRY(keys_back(tx, c->b, record, e));
	TRY(seed(tx, s, record, e));
	TRY(matching_refresh_whole(tx, record, s->list, SEEDS_MAX, &s->count, e));
	return people_resolve(tx, s->list, s->count, 0, 0, e);
}

static enum result catch_some(struct db_tx *tx, void *arg, struct error *e)
{
	struct catching *c = arg;
	int64_t until = clock_monotonic() + BATCH_US;
	int i = c->next, side = c->side;

	TRY(bulk_still_active(tx, c->b, e));
	do
		TRY(catch_one(tx, c, i++, &side, e));
	while (i < c->b->changed_count && clock_monotonic() < until);
	c->done = i;
	c->side_done = side;
	return OK;
}

enum result bulk_catch_up(struct bulk *b, struct error *e)
{
	struct catching c = { .b = b };
	struct sides *s;
	enum result r;

	bulk_tell(b, "changes", 0, b->changed_count);
	TRY(others_end(b, e));
	TRY(look(b, e));
	if (!b->changed_count)
		return OK;
	s = mem_calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(e);
	s->b = b;
	map_init(&s->changed);
	c.sides = s;
	r = sides_find(s, e);
	while (r == OK && c.next < b->changed_count) {
		r = db_transact(b->db, catch_some, &c, e);
		c.next = c.done;
		c.side = c.side_done;
		bulk_tell(b, "changes", c.next, b->changed_count);
	}
	map_free(&s->changed);
	mem_free(s->list);
	mem_free(s);
	return r;
}
