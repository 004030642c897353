/* Keys and pairs of one record, kept in the transaction that changes it.
 *
 * Who is compared does not depend on who came first: two records make a pair when they share a key that at most
 * KEY_HOLDERS_MAX records stand under, and their score reaches the component threshold. When a key grows crowded, or
 * is crowded no more, everybody under it goes to the worklist. */
#include "people/internal.h"
#include "people/match.h"
#include <stdlib.h>

#define CANDIDATES_MAX 200     /* looked at while somebody waits; beyond: the rest from the worklist */
#define CANDIDATES_DRAIN 10000 /* at most MATCH_KEYS_MAX * KEY_HOLDERS_MAX */

struct pair {
	int64_t record;
	int score;
};

struct refresh {
	struct db_tx *tx;
	const struct epoch *epoch;
	int64_t record, *seeds;
	int max, *count;
	uint64_t old_keys[MATCH_KEYS_MAX], keys[MATCH_KEYS_MAX];
	int old_count, key_count;
	bool has_row;
	int64_t row_epoch;
	struct str old_features;
	int64_t *candidates;
	int candidate_count, candidates_max;
	bool cut;                     /* there were more candidates */
	bool made;                    /* in this transaction: nothing is stored of it yet */
	struct match_record **others; /* the candidates */
	struct arena *scratch;
};

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

#define KEY_BYTES 8

static int64_t key_int(uint64_t key)
{
	return (int64_t)key;
}

static enum result keys_pack(const uint64_t *keys, int count, struct arena *a, struct str *out, struct error *e)
{
	unsigned char *p = arena_alloc(a, (size_t)count * KEY_BYTES + 1);

	if (!p)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		for (int k = 0; k < KEY_BYTES; k++)
			p[i * KEY_BYTES + k] = (unsigned char)(keys[i] >> (56 - 8 * k));
	*out = (struct str){ (char *)p, (size_t)count * KEY_BYTES };
	return OK;
}

int keys_unpack(struct str blob, uint64_t keys[])
{
	int count = (int)(blob.n / KEY_BYTES);

	if (count > MATCH_KEYS_MAX)
		count = MATCH_KEYS_MAX;
	for (int i = 0; i < count; i++) {
		keys[i] = 0;
		for (int k = 0; k < KEY_BYTES; k++)
			keys[i] = keys[i] << 8 | (unsigned char)blob.p[i * KEY_BYTES + k];
	}
	return count;
}

DB_STMT(keys_get, "ii", "ibb", "SELECT epoch, keys, features FROM person_features WHERE rkey = $1 AND record = $2")
static enum result keys_read(struct refresh *r, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;

	TRY(db_query_one(r->tx, &keys_get, &rows, &r->has_row, e, DB_INT(id_bucket(r->record)), DB_INT(r->record)));
	if (!r->has_row)
		return OK;
	r->row_epoch = db_int(rows, 0);
	r->old_count = keys_unpack(db_blob(rows, 1), r->old_keys);
	r->old_features = (struct str){ str_dup(r->scratch, db_blob(rows, 2)), db_blob(rows, 2).n };
	return r->old_features.p ? OK : error_nomem(e);
}

static bool has_key(const uint64_t *keys, int count, uint64_t key)
{
	for (int i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

DB_STMT(todo_put, "ii", "", "INSERT INTO person_todo (rkey, record) VALUES ($1, $2) ON CONFLICT DO NOTHING")
enum result todo_add(struct db_tx *tx, int64_t record, struct error *e)
{
	return db_exec(tx, &todo_put, NULL, e, DB_INT(id_bucket(record)), DB_INT(record));
}

/* Those under a key, in order; *count is limit when there are more. */
DB_STMT(key_holders, "ii", "i", "SELECT record FROM person_key WHERE mkey = $1 ORDER BY record LIMIT $2")
static enum result holders_read(struct db_tx *tx, uint64_t key, int limit, int64_t *records, int *count,
                                struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	*count = 0;
	TRY(db_query(tx, &key_holders, &rows, e, DB_INT(key_int(key)), DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW)
		records[(*count)++] = db_int(rows, 0);
	return rows_end(step, e);
}

/* The key has just got, or lost, one: did it pass the limit? Then the pairs of all others change too. */
static enum result crowd_tell(struct refresh *r, uint64_t key, int threshold, struct error *e)
{
	int64_t holders[KEY_HOLDERS_MAX + 2];
	int count;

	TRY(holders_read(r->tx, key, KEY_HOLDERS_MAX + 2, holders, &count, e));
	for (int i = 0; i < count && count == threshold; i++)
		if (holders[i] != r->record)
			TRY(todo_add(r->tx, holders[i], e));
	return OK;
}

DB_STMT(key_put, "ii", "", "INSERT INTO person_key (mkey, record) VALUES ($1, $2) ON CONFLICT DO NOTHING")
DB_STMT(key_drop, "ii", "", "DELETE FROM person_key WHERE mkey = $1 AND record = $2")
DB_STMT(features_put, "iiibb", "",
        "INSERT INTO person_features (rkey, record, epoch, keys, features) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (rkey, record) DO UPDATE SET epoch = excluded.epoch, keys = excluded.keys, "
        "features = excluded.features")
DB_STMT(features_drop, "ii", "", "DELETE FROM person_features WHERE rkey = $1 AND record = $2")
static enum result features_write(struct refresh *r, const struct match_record *me, bool same_keys, struct error *e)
{
	BUF_AUTO struct buf features = { 0 };
	struct str keys;

	if (!me)
		return r->has_row ? db_exec(r->tx, &features_drop, NULL, e, DB_INT(id_bucket(r->record)),
		                            DB_INT(r->record))
		                  : OK;
	buf_init(&features, 0);
	match_record_pack(me, &features);
	if (features.failed)
		return error_nomem(e);
	if (same_keys && r->row_epoch == r->epoch->version && str_eq(r->old_features, buf_view(&features)))
		return OK;
	TRY(keys_pack(r->keys, r->key_count, r->scratch, &keys, e));
	return db_exec(r->tx, &features_put, NULL, e, DB_INT(id_bucket(r->record)), DB_INT(r->record),
	               DB_INT(r->epoch->version), DB_BLOB(keys), DB_BLOB(buf_view(&features)));
}

/* me NULL: it is gone. */
static enum result keys_write(struct refresh *r, const struct match_record *me, struct error *e)
{
	bool same = r->has_row && r->old_count == r->key_count &&
	            memcmp(r->old_keys, r->keys, (size_t)r->key_count * sizeof(r->keys[0])) == 0;

	if (same)
		return features_write(r, me, true, e);
	for (int i = 0; i < r->old_count; i++)
		if (!has_key(r->keys, r->key_count, r->old_keys[i])) {
			TRY(db_exec(r->tx, &key_drop, NULL, e, DB_INT(key_int(r->old_keys[i])), DB_INT(r->record)));
			TRY(crowd_tell(r, r->old_keys[i], KEY_HOLDERS_MAX, e));
		}
	for (int i = 0; i < r->key_count; i++)
		if (!has_key(r->old_keys, r->old_count, r->keys[i]))
			TRY(db_exec(r->tx, &key_put, NULL, e, DB_INT(key_int(r->keys[i])), DB_INT(r->record)));
	return features_write(r, me, false, e);
}

/* On PostgreSQL: who shares a key with this record, now or before, waits here; what is read after is all there is. */
static enum result keys_lock(struct refresh *r, struct error *e)
{
	unsigned buckets[2 * MATCH_KEYS_MAX];
	int n = 0;

	for (int i = 0; i < r->key_count; i++)
		buckets[n++] = value_bucket(key_int(r->keys[i]));
	for (int i = 0; i < r->old_count; i++)
		buckets[n++] = value_bucket(key_int(r->old_keys[i]));
	return people_lock(r->tx, buckets, n, e);
}

/* ---- Candidates -------------------------------------------------------------------------------------------------- */

static void candidate_add(struct refresh *r, int64_t record)
{
	if (record == r->record)
		return;
	if (r->candidate_count == r->candidates_max)
		r->cut = true;
	else
		r->candidates[r->candidate_count++] = record;
}

static int by_number(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static void candidates_unique(struct refresh *r)
{
	int n = 0;

	qsort(r->candidates, (size_t)r->candidate_count, sizeof(*r->candidates), by_number);
	for (int i = 0; i < r->candidate_count; i++)
		if (n == 0 || r->candidates[n - 1] != r->candidates[i])
			r->candidates[n++] = r->candidates[i];
	r->candidate_count = n;
}

/* One key's holders, who are in `holders`: the last is this record or somebody else's. */
static enum result key_take(struct refresh *r, uint64_t key, const int64_t *holders, int count, struct error *e)
{
	bool fresh = !has_key(r->old_keys, r->old_count, key);

	if (count == KEY_HOLDERS_MAX + 1 && fresh) /* by this record it is crowded */
		return crowd_tell(r, key, KEY_HOLDERS_MAX + 1, e);
	if (count > KEY_HOLDERS_MAX)
		return OK;
	if (r->candidate_count + count > r->candidates_max)
		candidates_unique(r);
	for (int i = 0; i < count; i++)
		candidate_add(r, holders[i]);
	return OK;
}

DB_STMT(keys_holders_pg, "ti", "ii",
        "SELECT CAST(q.n AS BIGINT), k.record FROM json_array_elements_text(CAST($1 AS JSON)) WITH ORDINALITY AS "
        "q(key, n), "
        "LATERAL (SELECT record FROM person_key WHERE mkey = CAST(q.key AS BIGINT) ORDER BY record LIMIT $2) AS k "
        "ORDER BY 1, 2")
static enum result candidates_together(struct refresh *r, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	BUF_AUTO struct buf list = { 0 };
	int64_t keys[MATCH_KEYS_MAX], (*holders)[KEY_HOLDERS_MAX + 2];
	int counts[MATCH_KEYS_MAX] = { 0 };
	enum db_step step;

	holders = arena_array(r->scratch, MATCH_KEYS_MAX, sizeof(*holders));
	if (!holders)
		return error_nomem(e);
	for (int i = 0; i < r->key_count; i++)
		keys[i] = key_int(r->keys[i]);
	TRY(ids_as_json(keys, r->key_count, &list, e));
	TRY(db_query(r->tx, &keys_holders_pg, &rows, e, DB_TEXT(buf_view(&list)), DB_INT(KEY_HOLDERS_MAX + 2)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t n = db_int(rows, 0) - 1;

		if (n >= 0 && n < r->key_count)
			holders[n][counts[n]++] = db_int(rows, 1);
	}
	TRY(rows_end(step, e));
	for (int i = 0; i < r->key_count; i++)
		TRY(key_take(r, r->keys[i], holders[i], counts[i], e));
	return OK;
}

static enum result candidates_find(struct refresh *r, int most, struct error *e)
{
	int64_t holders[KEY_HOLDERS_MAX + 2];
	int count;

	r->candidates_max = most;
	r->candidates = arena_array(r->scratch, (size_t)most, sizeof(*r->candidates));
	if (!r->candidates)
		return error_nomem(e);
	if (db_tx_engine(r->tx) == DB_POSTGRES && r->key_count > 1) {
		TRY(candidates_together(r, e));
	} else {
		for (int i = 0; i < r->key_count; i++) {
			TRY(holders_read(r->tx, r->keys[i], KEY_HOLDERS_MAX + 2, holders, &count, e));
			TRY(key_take(r, r->keys[i], holders, count, e));
		}
	}
	candidates_unique(r);
	return OK;
}

/* ---- Pairs ------------------------------------------------------------------------------------------------------- */

DB_STMT(pairs_get, "ii", "ii", "SELECT b, score FROM person_pair WHERE rkey = $1 AND a = $2 ORDER BY b")
static enum result pairs_read(struct refresh *r, struct pair **pairs, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int cap = 0;

	*count = 0;
	TRY(db_query(r->tx, &pairs_get, &rows, e, DB_INT(id_bucket(r->record)), DB_INT(r->record)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		if (!arena_grow(r->scratch, pairs, *count, &cap, sizeof(**pairs)))
			return error_nomem(e);
		(*pairs)[(*count)++] = (struct pair){ db_int(rows, 0), (int)db_int(rows, 1) };
	}
	return rows_end(step, e);
}

DB_STMT(pair_put, "iiii", "",
        "INSERT INTO person_pair (rkey, a, b, score) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (rkey, a, b) DO UPDATE SET score = excluded.score")
DB_STMT(pair_drop, "iii", "", "DELETE FROM person_pair WHERE rkey = $1 AND a = $2 AND b = $3")
static enum result pair_write(struct db_tx *tx, int64_t a, int64_t b, int score, struct error *e)
{
	TRY(db_exec(tx, &pair_put, NULL, e, DB_INT(id_bucket(a)), DB_INT(a), DB_INT(b), DB_INT(score)));
	return db_exec(tx, &pair_put, NULL, e, DB_INT(id_bucket(b)), DB_INT(b), DB_INT(a), DB_INT(score));
}

static enum result pair_remove(struct db_tx *tx, int64_t a, int64_t b, struct error *e)
{
	TRY(db_exec(tx, &pair_drop, NULL, e, DB_INT(id_bucket(a)), DB_INT(a), DB_INT(b)));
	TRY(db_exec(tx, &pair_drop, NULL, e, DB_INT(id_bucket(b)), DB_INT(b), DB_INT(a)));
	return doubt_drop(tx, a, b, e);
}

/* A component that is to be looked at anew; where there is no room, later. */
static enum result seed_add(struct refresh *r, int64_t record, struct error *e)
{
	if (*r->count == r->max)
		return todo_add(r->tx, record, e);
	r->seeds[(*r->count)++] = record;
	return OK;
}

/* Both lists ascend by record. Whoever gains, keeps or loses a pair is looked at: what changed in this record may count
 * in groups even where no single pair did. The other side of a pair that is followed no more is looked at for itself.
 */
static enum result pairs_change(struct refresh *r, const struct pair *was, int was_count, const struct pair *is,
                                int is_count, struct error *e)
{
	int i = 0, k = 0, floor = closure_floor(r->epoch->model);

	while (i < was_count || k < is_count) {
		if (k == is_count || (i < was_count && was[i].record < is[k].record)) {
			TRY(pair_remove(r->tx, r->record, was[i].record, e));
			if (was[i].score >= floor)
				TRY(seed_add(r, was[i].record, e));
			i++;
		} else if (i == was_count || is[k].record < was[i].record) {
			TRY(pair_write(r->tx, r->record, is[k].record, is[k].score, e));
			k++;
		} else {
			if (was[i].score != is[k].score)
				TRY(pair_write(r->tx, r->record, is[k].record, is[k].score, e));
			if (was[i].score >= floor && is[k].score < floor)
				TRY(seed_add(r, is[k].record, e));
			i++;
			k++;
		}
	}
	return was_count + is_count ? seed_add(r, r->record, e) : OK;
}

static enum result pairs_score(struct refresh *r, const struct match_record *me, struct pair **is, int *is_count,
                               struct error *e)
{
	const struct match_model *m = r->epoch->model;
	int least = match_component_threshold(m);
	struct match_record **others =
	        arena_array(r->scratch, (size_t)r->candidate_count + 1, sizeof(struct match_record *));

	r->others = others;
	*is = arena_array(r->scratch, (size_t)r->candidate_count + 1, sizeof(**is));
	if (!others || !*is)
		return error_nomem(e);
	TRY(matching_load(r->tx, m, r->candidates, r->candidate_count, r->scratch, others, e));
	for (int i = 0; i < r->candidate_count; i++) {
		int score;

		if (i + 2 < r->candidate_count && others[i + 2])
			match_record_fetch(others[i + 2]);
		score = others[i] ? match_score(m, me, others[i], NULL, NULL) : least - 1;
		if (score >= least)
			(*is)[(*is_count)++] = (struct pair){ r->candidates[i], score };
	}
	return OK;
}

/* For whoever resolves next: this record and those that were compared with it. */
static enum result known_keep(const struct refresh *r, struct match_record *me, struct matching_memory *memory,
                              struct error *e)
{
	int n = r->candidate_count + 1, at = 0;
	int64_t *ids = arena_array(r->scratch, (size_t)n, sizeof(*ids));
	struct match_record **records = arena_array(r->scratch, (size_t)n, sizeof(struct match_record *));

	if (!ids || !records)
		return error_nomem(e);
	for (int i = 0; i < n; i++) {
		bool self = i == at && (i == n - 1 || r->candidates[i] > r->record);

		ids[i] = self ? r->record : r->candidates[at];
		records[i] = self ? me : r->others[at];
		at += !self;
	}
	memory->known_ids = ids;
	memory->known = records;
	memory->known_count = n;
	return OK;
}

/* row NULL: read here, and on PostgreSQL whoever changes the record is waited for. */
static enum result me_read(struct refresh *r, const struct matching_row *row, struct match_record **me, struct error *e)
{
	unsigned bucket = id_bucket(r->record);

	if (!row) {
		TRY(people_lock(r->tx, &bucket, 1, e));
		return matching_read(r->tx, r->epoch->model, r->record, r->scratch, me, e);
	}
	if (!row->record.id)
		return OK;
	TRY(matching_make(row, r->scratch, me, e));
	match_record_bind(r->epoch->model, *me);
	return OK;
}

static enum result refresh(struct refresh *r, const struct matching_row *row, int most, struct matching_memory *memory,
                           struct error *e)
{
	struct match_record *me = NULL;
	struct pair *was = NULL, *is = NULL;
	int was_count = 0, is_count = 0;

	TRY(me_read(r, row, &me, e));
	if (me)
		r->key_count = match_keys(r->epoch->model, me, r->keys);
	if (!r->made)
		TRY(keys_read(r, e));
	TRY(keys_lock(r, e));
	TRY(keys_write(r, me, e));
	TRY(candidates_find(r, most, e));
	if (r->cut)
		TRY(todo_add(r->tx, r->record, e));
	if (me)
		TRY(pairs_score(r, me, &is, &is_count, e));
	if (me)
		TRY(known_keep(r, me, memory, e));
	if (!r->made)
		TRY(pairs_read(r, &was, &was_count, e));
	return pairs_change(r, was, was_count, is, is_count, e);
}

struct list {
	int64_t *seeds;
	int max, *count;
};

static enum result refresh_with(struct db_tx *tx, int64_t record, const struct matching_row *row, bool made, int most,
                                struct list list, struct error *e)
{
	struct matching_memory *memory;
	struct refresh *r;

	TRY(matching_memory(tx, &memory, e));
	if (!memory->epoch)
		return OK;
	memory->known_count = 0;
	if (memory->scratch)
		arena_reset(memory->scratch); /* one transaction may refresh hundreds */
	else
		memory->scratch = arena_new(0);
	r = memory->scratch ? arena_alloc(memory->scratch, sizeof(*r)) : NULL;
	if (!r)
		return error_nomem(e);
	*r = (struct refresh){ .tx = tx,
		               .epoch = memory->epoch,
		               .record = record,
		               .seeds = list.seeds,
		               .max = list.max,
		               .count = list.count,
		               .made = made,
		               .scratch = memory->scratch };
	return refresh(r, row, most, memory, e);
}

enum result matching_refresh(struct db_tx *tx, int64_t record, int64_t *seeds, int max, int *count, struct error *e)
{
	return refresh_with(tx, record, NULL, false, CANDIDATES_MAX, (struct list){ seeds, max, count }, e);
}

enum result matching_refresh_put(struct db_tx *tx, int64_t record, const struct matching_row *row, bool made,
                                 int64_t *seeds, int max, int *count, struct error *e)
{
	return refresh_with(tx, record, row, made, CANDIDATES_MAX, (struct list){ seeds, max, count }, e);
}

enum result matching_refresh_whole(struct db_tx *tx, int64_t record, int64_t *seeds, int max, int *count,
                                   struct error *e)
{
	return refresh_with(tx, record, NULL, false, CANDIDATES_DRAIN, (struct list){ seeds, max, count }, e);
}

enum result matching_refresh_many(struct db_tx *tx, int64_t *records, int max, int *count, struct error *e)
{
	for (int i = 0, n = *count; i < n; i++)
		TRY(matching_refresh(tx, records[i], records, max, count, e));
	return OK;
}
