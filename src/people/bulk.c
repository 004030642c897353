/* Everybody anew: reads all records, trains an epoch (or takes one), makes it the active one, writes keys and pairs,
 * and lets resolve.c settle each component. So what comes out is what record_put() makes of the same records.
 *
 * All transactions are short; others may write meanwhile. From the moment the epoch is active their records are matched
 * by it; those that changed since they were read are brought up to date at the end. Interrupted, nothing is broken:
 * some are matched by the new epoch and some not yet, until it is called again. */
#include "people/bulk.h"
#include "people/match_training.h"
#include <stdio.h>
#include <stdlib.h>

#define THREADS 2
#define MODEL_BYTES_MAX ((size_t)1 << 30)
#define BATCH_US 30000 /* a transaction takes about so long */
#define BATCH_MOST 500
#define DOUBT_PARTS 64
#define MEMBERS_PAGE 2000
#define DRAIN 5
/* Of the memory allowed. */
#define UNPACKED_PERCENT                                                                                               \
	65 /* the features may take so much, ready for scoring; else they are read as they are needed */
#define SORTING_SHARE 5

void bulk_tell(const struct bulk *b, const char *phase, int64_t done, int64_t of)
{
	if (b->how->progress)
		b->how->progress(b->how->arg, phase, done, of);
}

enum result bulk_changed_add(struct bulk *b, int64_t id, struct error *e)
{
	if (b->changed_count == b->changed_cap) {
		int cap = b->changed_cap ? 2 * b->changed_cap : 256;
		int64_t *changed = mem_realloc(b->changed, (size_t)cap * sizeof(*changed));

		if (!changed)
			return error_nomem(e);
		b->changed = changed;
		b->changed_cap = cap;
	}
	b->changed[b->changed_count++] = id;
	return OK;
}

enum result bulk_go_on(const struct bulk *b, struct error *e)
{
	if (!b->how->stop || !*b->how->stop)
		return OK;
	return error_set(e, ERR_BUSY, "resolve.stopped", NULL, "Stopped. Called again, it begins anew.");
}

enum result bulk_still_active(struct db_tx *tx, const struct bulk *b, struct error *e)
{
	int64_t version, at;

	TRY(bulk_go_on(b, e));
	TRY(epoch_get(tx, &version, &at, db_tx_arena(tx), NULL, e));
	return version == b->version ? OK
	                             : error_set(e, ERR_CONFLICT, "resolve.overtaken", NULL,
	                                         "Somebody else resolves everybody, by another model.");
}

/* ---- Epoch ------------------------------------------------------------------------------------------------------- */

struct activating {
	struct str model;
	int64_t version, xid;
};

DB_STMT(bulk_xid_pg, "", "i", "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)")
static enum result activate(struct db_tx *tx, void *arg, struct error *e)
{
	struct activating *a = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(epoch_activate(tx, a->model, &a->version, e));
	if (db_tx_engine(tx) == DB_SQLITE)
		return OK;
	TRY(db_query_one(tx, &bulk_xid_pg, &rows, &found, e, DB_NONE));
	a->xid = found ? db_int(rows, 0) : 0;
	return OK;
}

/* Trains, or reads; the records are bound to what the model's text says, as they are wherever it is read again. */
static enum result model_make(struct bulk *b, struct buf *text, struct error *e)
{
	struct match_training t = { .threads = b->threads };
	struct match_model *trained = NULL;

	if (b->how->model.n) {
		buf_add(text, b->how->model.p, b->how->model.n);
	} else {
		bulk_tell(b, "training", 0, b->all.count);
		if (b->all.count)
			TRY(match_train_roll(&b->roll, &t, b->memory / SORTING_SHARE, b->folder, &trained, e));
		else
			TRY(match_model_default(&trained, e));
		match_model_set_link(trained, PEOPLE_CAUTION);
		match_model_print(trained, text);
		b->roll.model = NULL;
		match_model_free(trained);
	}
	if (text->failed)
		return error_nomem(e);
	TRY(match_model_read(buf_view(text), &b->model, e));
	return match_roll_bind(&b->roll, b->model, b->threads, e);
}

static enum result epoch_begin(struct bulk *b, struct error *e)
{
	BUF_AUTO struct buf text = { 0 };
	struct activating a = { 0 };

	buf_init(&text, MODEL_BYTES_MAX);
	TRY(model_make(b, &text, e));
	a.model = buf_view(&text);
	TRY(db_transact(b->db, activate, &a, e));
	b->version = a.version;
	b->xid = a.xid;
	return OK;
}

/* ---- Customers --------------------------------------------------------------------------------------------------- */

struct settling {
	struct bulk *b;
	int64_t *seeds; /* a record of each component that pairs make; then others that were a member of somebody */
	int count, paired, next, done, most;
};

/* A seed of each component, in order. */
static enum result seeds_find(struct settling *s, struct error *e)
{
	const struct bulk_records *all = &s->b->all;
	int *parent = mem_alloc((size_t)all->count * sizeof(*parent) + 1);
	bool *linked = mem_calloc((size_t)all->count + 1, sizeof(*linked));
	int floor = closure_floor(s->b->model);
	enum result r = OK;

	s->seeds = mem_alloc((size_t)all->count * sizeof(*s->seeds) + 1);
	if (!parent || !linked || !s->seeds) {
		mem_free(parent);
		mem_free(linked);
		return error_nomem(e);
	}
	for (int i = 0; i < all->count; i++)
		parent[i] = i;
	for (int part = 0; part < EXTSORT_PARTS && r == OK; part++) {
		struct link *sides = NULL;
		size_t n = 0;

		r = match_pairs_sides(&s->b->pairs, part, &sides, &n, e);
		for (size_t i = 0; i < n; i++) {
			if (sides[i].score >= floor)
				joined_unite(parent, sides[i].a, sides[i].b);
			linked[sides[i].a] = true;
		}
		mem_free(sides);
	}
	for (int i = 0; i < all->count; i++)
		if (linked[i] && joined_find(parent, i) == i)
			s->seeds[s->count++] = all->ids[i];
	s->paired = s->count;
	for (int i = 0; i < all->count; i++)
		if (!linked[i] && all->customers[i] != all->ids[i])
			s->seeds[s->count++] = all->ids[i];
	mem_free(parent);
	mem_free(linked);
	return r;
}

static enum result settle_some(struct db_tx *tx, void *arg, struct error *e)
{
	struct settling *s = arg;
	int64_t until = clock_monotonic() + BATCH_US;
	int i = s->next;

	TRY(bulk_still_active(tx, s->b, e));
	do {
		if (i < s->paired)
			TRY(people_resolve(tx, &s->seeds[i], 1, 0, 0, e));
		else
			TRY(people_settle(tx, s->seeds[i], e));
		i++;
	} while (i < s->count && i - s->next < s->most && clock_monotonic() < until);
	s->done = i;
	return OK;
}

static enum result drain_some(struct db_tx *tx, void *arg, struct error *e)
{
	return people_drain(tx, DRAIN, arg, e);
}

static enum result settle_all(struct settling *s, struct error *e)
{
	bool left = true;

	s->most = BATCH_MOST;
	while (s->next < s->count) {
		struct error slow = { 0 };
		enum result r = db_transact(s->b->db, settle_some, s, &slow);

		if (r == ERR_BUSY && s->most > 1 &&
		    bulk_go_on(s->b, e) == OK) { /* others are in the way: in smaller bites */
			s->most /= 4;
			s->most = s->most ? s->most : 1;
			continue;
		}
		if (r != OK) {
			*e = slow;
			return r;
		}
		s->next = s->done;
		bulk_tell(s->b, "customers", s->next, s->count);
	}
	while (left)
		TRY(db_transact(s->b->db, drain_some, &left, e));
	return OK;
}

/* ---- Doubts ------------------------------------------------------------------------------------------------------ */

struct doubts {
	struct bulk *b;
	int64_t part;
};

DB_STMT(bulk_doubt_clear, "ii", "",
        "DELETE FROM person_doubt WHERE rkey >= $1 AND rkey < $2 AND NOT EXISTS (SELECT 1 FROM person_pair p "
        "WHERE p.rkey = person_doubt.rkey AND p.a = person_doubt.a AND p.b = person_doubt.b)")
static enum result doubts_part(struct db_tx *tx, void *arg, struct error *e)
{
	const struct doubts *d = arg;

	TRY(bulk_still_active(tx, d->b, e));
	return db_exec(tx, &bulk_doubt_clear, NULL, e, DB_INT(d->part * ID_BUCKETS / DOUBT_PARTS),
	               DB_INT((d->part + 1) * ID_BUCKETS / DOUBT_PARTS));
}

/* Of pairs that are none any more. */
static enum result doubts_clear(struct bulk *b, struct error *e)
{
	for (struct doubts d = { .b = b }; d.part < DOUBT_PARTS; d.part++)
		TRY(db_transact(b->db, doubts_part, &d, e));
	return OK;
}

/* ---- Counting ---------------------------------------------------------------------------------------------------- */

struct counting {
	struct bulk *b;
	int64_t after, held, moved, doubts;
	int at;
	bool more;
};

static enum result held_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct counting *c = arg, next = *c;
	const struct bulk_records *all = &c->b->all;
	struct membership *page = arena_array(db_tx_arena(tx), MEMBERS_PAGE, sizeof(*page));
	int count;

	if (!page)
		return error_nomem(e);
	TRY(membership_scan(tx, c->after, MEMBERS_PAGE, page, &count, e));
	for (int i = 0; i < count; i++) {
		while (next.at < all->count && bulk_order(all->ids[next.at], page[i].record) < 0)
			next.moved += all->customers[next.at] != all->ids[next.at], next.at++;
		if (next.at < all->count && all->ids[next.at] == page[i].record)
			next.moved += all->customers[next.at++] != page[i].customer;
		next.after = page[i].record;
	}
	next.held += count;
	next.more = count == MEMBERS_PAGE;
	*c = next;
	return OK;
}

DB_STMT(bulk_doubts, "", "i", "SELECT COUNT(*) FROM person_doubt")
static enum result doubts_read(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &bulk_doubts, &rows, &found, e, DB_NONE));
	*(int64_t *)arg = found ? db_int(rows, 0) : 0;
	return OK;
}

static enum result count_all(struct bulk *b, struct people_resolved *out, struct error *e)
{
	struct counting c = { .b = b, .more = true };

	while (c.more)
		TRY(db_read(b->db, held_page, &c, e));
	for (; c.at < b->all.count; c.at++)
		c.moved += b->all.customers[c.at] != b->all.ids[c.at];
	TRY(db_read(b->db, doubts_read, &out->doubts, e));
	out->customers = b->all.count - c.held;
	out->moved = c.moved;
	return OK;
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

/* Temporary files lie beside the database, where there should be room. */
DB_STMT(bulk_file_sqlite, "", "t", "SELECT file FROM pragma_database_list WHERE name = 'main'")
static enum result folder_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct bulk *b = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct str file;
	bool found;

	TRY(db_query_one(tx, &bulk_file_sqlite, &rows, &found, e, DB_NONE));
	file = found ? db_text(rows, 0) : STR("");
	while (file.n > 0 && file.p[file.n - 1] != '/')
		file.n--;
	if (file.n < sizeof(b->folder))
		snprintf(b->folder, sizeof(b->folder), "%.*s", STR_ARG(file));
	return OK;
}

static enum result folder_find(struct bulk *b, struct error *e)
{
	if (b->how->folder)
		snprintf(b->folder, sizeof(b->folder), "%s", b->how->folder);
	else if (db_engine(b->db) == DB_SQLITE)
		TRY(db_read(b->db, folder_read, b, e));
	return OK;
}

static void told(void *arg, const char *phase, int64_t done, int64_t of)
{
	bulk_tell(arg, phase, done, of);
}

static enum result resolve_all(struct bulk *b, struct settling *s, struct people_resolved *out, struct error *e)
{
	const struct match_pairing pairing = { .holders_max = KEY_HOLDERS_MAX,
		                               .threads = b->threads,
		                               .memory = b->memory / SORTING_SHARE,
		                               .folder = b->folder,
		                               .progress = told,
		                               .arg = b };

	TRY(folder_find(b, e));
	TRY(bulk_scan(b, e));
	TRY(bulk_go_on(b, e));
	if (b->unpacked <= b->memory / 100 * UNPACKED_PERCENT)
		TRY(match_roll_unpack(&b->roll, b->threads, e));
	TRY(epoch_begin(b, e));
	TRY(match_pairs_make(&b->roll, &pairing, &b->pairs, e));
	match_roll_pack(&b->roll);
	TRY(bulk_write(b, e));
	TRY(seeds_find(s, e));
	TRY(bulk_catch_up(b, e));
	out->version = b->version;
	out->records = b->all.count;
	out->keys = b->pairs.key_count;
	out->pairs = b->pairs.link_count;
	match_pairs_free(&b->pairs);
	match_roll_free(&b->roll);
	TRY(doubts_clear(b, e));
	TRY(settle_all(s, e));
	return count_all(b, out, e);
}

enum result people_resolve_all(struct db *db, const struct people_resolving *how, struct people_resolved *out,
                               struct error *e)
{
	struct bulk b = { .db = db,
		          .how = how,
		          .threads = how->threads > 0 ? how->threads : THREADS,
		          .memory = how->memory ? how->memory : PEOPLE_MEMORY };
	struct settling s = { .b = &b };
	struct people_resolved made = { 0 };
	enum result r = resolve_all(&b, &s, &made, e);

	match_pairs_free(&b.pairs);
	match_roll_free(&b.roll);
	bulk_ids_free(&b.all);
	match_model_free(b.model);
	mem_free(b.changed);
	mem_free(s.seeds);
	if (r == OK)
		*out = made;
	return r;
}
