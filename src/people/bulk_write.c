/* Keys and pairs of everybody into the tables, in their order. A page replaces what the table held in its range, so
 * that at no time somebody's keys or pairs are missing who has some. */
#include "people/bulk.h"

#define KEYS_PAGE 10000 /* rows a transaction: a few tens of milliseconds */
#define PAIRS_PAGE 8000
#define RECORDS_PAGE 2000
#define FRESH_MAX 4000
#define KEY_BYTES 8
#define TELL_PAGES 8

/* ---- Who stands under a key -------------------------------------------------------------------------------------- */

/* Numbers in one text for PostgreSQL: a round trip a page instead of one a row. */
static void list_add(struct buf *b, int64_t n)
{
	if (b->n)
		buf_char(b, ',');
	buf_i64(b, n);
}

struct key_page {
	struct bulk *b;
	const struct keyed *holders; /* of one part */
	size_t from, to;
	int64_t low, high;
};

DB_STMT(bulk_key_put, "ii", "", "INSERT INTO person_key (mkey, record) VALUES ($1, $2)")
DB_STMT(bulk_keys_put_pg, "tt", "",
        "INSERT INTO person_key (mkey, record) SELECT k, r FROM unnest(CAST(string_to_array($1, ',') AS BIGINT[]), "
        "CAST(string_to_array($2, ',') AS BIGINT[])) AS t(k, r)")
static enum result keys_insert(struct db_tx *tx, const struct key_page *p, struct error *e)
{
	BUF_AUTO struct buf keys = { 0 };
	BUF_AUTO struct buf records = { 0 };

	buf_init(&keys, 0);
	buf_init(&records, 0);
	for (size_t i = p->from; i < p->to; i++) {
		const struct keyed *k = &p->holders[i];
		int64_t key = (int64_t)k->key, record = p->b->all.ids[k->value];

		if (db_tx_engine(tx) == DB_SQLITE) {
			TRY(db_exec(tx, &bulk_key_put, NULL, e, DB_INT(key), DB_INT(record)));
		} else {
			list_add(&keys, key);
			list_add(&records, record);
		}
	}
	if (!keys.n)
		return keys.failed ? error_nomem(e) : OK;
	if (keys.failed || records.failed)
		return error_nomem(e);
	return db_exec(tx, &bulk_keys_put_pg, NULL, e, DB_TEXT(buf_view(&keys)), DB_TEXT(buf_view(&records)));
}

DB_STMT(bulk_key_clear, "ii", "", "DELETE FROM person_key WHERE mkey >= $1 AND mkey <= $2")
static enum result key_page_write(struct db_tx *tx, void *arg, struct error *e)
{
	const struct key_page *p = arg;

	TRY(bulk_still_active(tx, p->b, e));
	TRY(db_exec(tx, &bulk_key_clear, NULL, e, DB_INT(p->low), DB_INT(p->high)));
	return keys_insert(tx, p, e);
}

/* The range of the last page of the last part ends at the last number. */
static enum result key_part(struct key_page *p, size_t count, bool last, struct error *e)
{
	for (p->from = 0;; p->from = p->to) {
		p->to = p->from + KEYS_PAGE < count ? p->from + KEYS_PAGE : count;
		while (p->to < count && p->holders[p->to].key == p->holders[p->to - 1].key)
			p->to++;
		if (p->to == 0 && !last)
			return OK;
		p->high = p->to == count && last ? INT64_MAX : (int64_t)p->holders[p->to - 1].key;
		TRY(db_transact(p->b->db, key_page_write, p, e));
		if (p->to == count)
			break;
		p->low = p->high + 1;
	}
	p->low = p->high == INT64_MAX ? p->high : p->high + 1;
	return OK;
}

static enum result key_table(struct bulk *b, struct error *e)
{
	struct key_page p = { .b = b, .low = INT64_MIN };

	for (int part = 0; part < EXTSORT_PARTS; part++) {
		struct keyed *holders;
		size_t count;
		enum result r;

		TRY(match_pairs_holders(&b->pairs, part, &holders, &count, e));
		p.holders = holders;
		r = key_part(&p, count, part == EXTSORT_PARTS - 1, e);
		mem_free(holders);
		TRY(r);
		if (part % TELL_PAGES == 0)
			bulk_tell(b, "writing keys", part, EXTSORT_PARTS);
	}
	return OK;
}

/* ---- Pairs ------------------------------------------------------------------------------------------------------- */

struct pair_page {
	struct bulk *b;
	const struct link *sides; /* of one part */
	size_t from, to;
	int64_t rkey, a, rkey_end, a_end; /* the range, its beginning excluded */
};

DB_STMT(bulk_pair_put, "iiii", "", "INSERT INTO person_pair (rkey, a, b, score) VALUES ($1, $2, $3, $4)")
DB_STMT(bulk_pairs_put_pg, "ttt", "",
        "INSERT INTO person_pair (rkey, a, b, score) SELECT a & 4095, a, b, s FROM "
        "unnest(CAST(string_to_array($1, ',') AS BIGINT[]), CAST(string_to_array($2, ',') AS BIGINT[]), "
        "CAST(string_to_array($3, ',') AS BIGINT[])) AS t(a, b, s)")
static enum result pairs_insert(struct db_tx *tx, const struct pair_page *p, struct error *e)
{
	BUF_AUTO struct buf a = { 0 };
	BUF_AUTO struct buf b = { 0 };
	BUF_AUTO struct buf scores = { 0 };
	const int64_t *ids = p->b->all.ids;

	buf_init(&a, 0);
	buf_init(&b, 0);
	buf_init(&scores, 0);
	for (size_t i = p->from; i < p->to; i++) {
		int64_t one = ids[p->sides[i].a], other = ids[p->sides[i].b];

		if (db_tx_engine(tx) == DB_SQLITE) {
			TRY(db_exec(tx, &bulk_pair_put, NULL, e, DB_INT(id_bucket(one)), DB_INT(one), DB_INT(other),
			            DB_INT(p->sides[i].score)));
		} else {
			list_add(&a, one);
			list_add(&b, other);
			list_add(&scores, p->sides[i].score);
		}
	}
	if (a.failed || b.failed || scores.failed)
		return error_nomem(e);
	if (!a.n)
		return OK;
	return db_exec(tx, &bulk_pairs_put_pg, NULL, e, DB_TEXT(buf_view(&a)), DB_TEXT(buf_view(&b)),
	               DB_TEXT(buf_view(&scores)));
}

DB_STMT(bulk_pair_clear, "iiii", "", "DELETE FROM person_pair WHERE (rkey, a) > ($1, $2) AND (rkey, a) <= ($3, $4)")
static enum result pair_page_write(struct db_tx *tx, void *arg, struct error *e)
{
	const struct pair_page *p = arg;

	TRY(bulk_still_active(tx, p->b, e));
	TRY(db_exec(tx, &bulk_pair_clear, NULL, e, DB_INT(p->rkey), DB_INT(p->a), DB_INT(p->rkey_end),
	            DB_INT(p->a_end)));
	return pairs_insert(tx, p, e);
}

/* A page ends with all pairs of a record, a part's last one before the records of the next part. */
static enum result pair_part(struct pair_page *p, size_t count, bool last, struct error *e)
{
	const int64_t *ids = p->b->all.ids;

	for (p->from = 0;; p->from = p->to) {
		p->to = p->from + PAIRS_PAGE < count ? p->from + PAIRS_PAGE : count;
		while (p->to < count && p->sides[p->to].a == p->sides[p->to - 1].a)
			p->to++;
		if (p->to == 0 && !last)
			return OK;
		p->a_end = p->to == count && last ? 0 : ids[p->sides[p->to - 1].a];
		p->rkey_end = p->to == count && last ? ID_BUCKETS : id_bucket(p->a_end);
		TRY(db_transact(p->b->db, pair_page_write, p, e));
		p->rkey = p->rkey_end;
		p->a = p->a_end;
		if (p->to == count)
			return OK;
	}
}

static enum result pair_table(struct bulk *b, struct error *e)
{
	struct pair_page p = { .b = b, .rkey = -1 };

	for (int part = 0; part < EXTSORT_PARTS; part++) {
		struct link *sides;
		size_t count;
		enum result r;

		TRY(match_pairs_sides(&b->pairs, part, &sides, &count, e));
		p.sides = sides;
		r = pair_part(&p, count, part == EXTSORT_PARTS - 1, e);
		mem_free(sides);
		TRY(r);
		if (part % TELL_PAGES == 0)
			bulk_tell(b, "writing pairs", part, EXTSORT_PARTS);
	}
	return OK;
}

/* ---- Features and keys by record --------------------------------------------------------------------------------- */

struct record_page {
	struct bulk *b;
	int from, to;
	int64_t rkey, record, rkey_end, record_end; /* the range, its beginning excluded */
	int64_t fresh[FRESH_MAX];
	int fresh_count;
};

DB_STMT(bulk_fresh, "iiiiii", "i",
        "SELECT record FROM person_features WHERE (rkey, record) > ($1, $2) AND (rkey, record) <= ($3, $4) AND epoch = "
        "$5 "
        "LIMIT $6")
static enum result fresh_read(struct db_tx *tx, struct record_page *p, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	p->fresh_count = 0;
	TRY(db_query(tx, &bulk_fresh, &rows, e, DB_INT(p->rkey), DB_INT(p->record), DB_INT(p->rkey_end),
	             DB_INT(p->record_end), DB_INT(p->b->version), DB_INT(FRESH_MAX)));
	while ((step = db_next(rows, e)) == DB_ROW)
		p->fresh[p->fresh_count++] = db_int(rows, 0);
	return rows_end(step, e);
}

static void keys_pack(const uint64_t *keys, int count, char *out)
{
	for (int i = 0; i < count; i++)
		for (int k = 0; k < KEY_BYTES; k++)
			*out++ = (char)(keys[i] >> (56 - 8 * k));
}

DB_STMT(bulk_record_clear, "iiiii", "",
        "DELETE FROM person_features WHERE (rkey, record) > ($1, $2) AND (rkey, record) <= ($3, $4) AND epoch <> $5")
DB_STMT(bulk_record_put, "iiibb", "",
        "INSERT INTO person_features (rkey, record, epoch, keys, features) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO "
        "NOTHING")
static enum result record_page_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct record_page *p = arg;
	struct arena *a = db_tx_arena(tx);
	char packed[MATCH_KEYS_MAX * KEY_BYTES];

	TRY(bulk_still_active(tx, p->b, e));
	TRY(fresh_read(tx, p, e));
	TRY(db_exec(tx, &bulk_record_clear, NULL, e, DB_INT(p->rkey), DB_INT(p->record), DB_INT(p->rkey_end),
	            DB_INT(p->record_end), DB_INT(p->b->version)));
	for (int i = p->from; i < p->to; i++) {
		int64_t id = p->b->all.ids[i];
		const uint64_t *keys;
		struct str features;
		int count;

		TRY(match_pairs_keys(&p->b->pairs, i, a, &keys, &count, e));
		TRY(spool_read(p->b->roll.packed, p->b->roll.at[i], a, &features, e));
		keys_pack(keys, count, packed);
		TRY(db_exec(tx, &bulk_record_put, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(p->b->version),
		            DB_BLOB(((struct str){ packed, (size_t)count * KEY_BYTES })), DB_BLOB(features)));
	}
	return OK;
}

/* Last: whoever has a row of this epoch already was brought up to date by somebody else while the rest was written. */
static enum result record_pages(struct bulk *b, struct record_page *p, struct error *e)
{
	const struct bulk_records *all = &b->all;

	p->b = b;
	p->rkey = -1;
	for (;;) {
		p->to = p->from + RECORDS_PAGE < all->count ? p->from + RECORDS_PAGE : all->count;
		p->rkey_end = p->to == all->count ? ID_BUCKETS : id_bucket(all->ids[p->to - 1]);
		p->record_end = p->to == all->count ? 0 : all->ids[p->to - 1];
		TRY(db_transact(b->db, record_page_write, p, e));
		for (int i = 0; i < p->fresh_count; i++)
			TRY(bulk_changed_add(b, p->fresh[i], e));
		for (int i = p->from; i < p->to && p->fresh_count == FRESH_MAX; i++) /* perhaps more: all of them */
			TRY(bulk_changed_add(b, all->ids[i], e));
		bulk_tell(b, "writing records", p->to, all->count);
		if (p->to == all->count)
			return OK;
		p->from = p->to;
		p->rkey = p->rkey_end;
		p->record = p->record_end;
	}
}

enum result bulk_write(struct bulk *b, struct error *e)
{
	struct record_page *p = mem_calloc(1, sizeof(*p));
	enum result r = p ? OK : error_nomem(e);

	if (r == OK)
		r = key_table(b, e);
	if (r == OK)
		r = pair_table(b, e);
	if (r == OK)
		r = record_pages(b, p, e);
	mem_free(p);
	return r;
}
