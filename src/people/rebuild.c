/* The partition as a derived view: its digest, and the way to make it anew. */
#include "people/rooms.h"
#include "base/hash.h"
#include <stdio.h>

#define PAGE 250

struct paging {
	int64_t rkey, id, done;
	bool more;
	uint64_t sum[2];
};

/* ---- Digest ------------------------------------------------------------------------------------------------------ */

/* Adds: the order in which rows come must not matter. */
static void digest_add(struct paging *p, const struct str *parts, size_t count)
{
	unsigned char h[HASH128_BYTES];
	uint64_t words[2];

	hash128(h, parts, count);
	memcpy(words, h, sizeof(words));
	p->sum[0] += words[0];
	p->sum[1] += words[1];
}

DB_STMT(digest_founders, "iii", "i",
        "SELECT id FROM person_record WHERE customer = id AND (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT $3")
DB_STMT(digest_members, "ii", "tt",
        "SELECT source, source_key FROM person_record WHERE rkey = $1 AND id = $2 "
        "UNION ALL SELECT r.source, r.source_key FROM person_member m "
        "JOIN person_record r ON r.rkey = (m.record & 4095) AND r.id = m.record WHERE m.rkey = $1 AND m.customer = $2 "
        "ORDER BY 1, 2")
/* A customer goes by the first of its members' keys: ids differ from one arrival to another. */
static enum result customer_digest(struct db_tx *tx, struct paging *p, int64_t customer, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct arena *a = db_tx_arena(tx);
	struct str parts[4] = { STR(""), STR(""), STR(""), STR("") };
	enum db_step step;
	bool first = true;

	TRY(db_query(tx, &digest_members, &rows, e, DB_INT(id_bucket(customer)), DB_INT(customer)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		parts[0] = db_text(rows, 0);
		parts[1] = db_text(rows, 1);
		if (first) {
			parts[2] = str_c(str_dup(a, parts[0]));
			parts[3] = str_c(str_dup(a, parts[1]));
			if (!parts[2].p || !parts[3].p)
				return error_nomem(e);
		}
		first = false;
		digest_add(p, parts, 4);
	}
	return rows_end(step, e);
}

static enum result founders_read(struct db_tx *tx, struct paging *p, int64_t *founders, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &digest_founders, &rows, e, DB_INT(p->rkey), DB_INT(p->id), DB_INT(PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW)
		founders[n++] = db_int(rows, 0);
	*count = n;
	p->more = n == PAGE;
	if (n) {
		p->id = founders[n - 1];
		p->rkey = id_bucket(p->id);
	}
	return rows_end(step, e);
}

static enum result digest_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct paging *p = arg, next = *p;
	int64_t founders[PAGE];
	int count;

	TRY(founders_read(tx, &next, founders, &count, e));
	for (int i = 0; i < count; i++)
		TRY(customer_digest(tx, &next, founders[i], e));
	*p = next;
	return OK;
}

DB_STMT(digest_values, "", "itii", "SELECT kind, value, state, manual FROM person_value")
static enum result values_digest(struct db_tx *tx, void *arg, struct error *e)
{
	struct paging *p = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(tx, &digest_values, &rows, e, DB_NONE));
	while ((step = db_next(rows, e)) == DB_ROW) {
		char numbers[64];

		snprintf(numbers, sizeof(numbers), "%d %d %d", (int)db_int(rows, 0), (int)db_int(rows, 2),
		         (int)db_int(rows, 3));
		digest_add(p, (const struct str[]){ db_text(rows, 1), str_c(numbers) }, 2);
	}
	return rows_end(step, e);
}

enum result people_digest(struct db *db, unsigned char out[16], struct error *e)
{
	struct paging p = { .rkey = -1, .more = true };

	while (p.more)
		TRY(db_read(db, digest_page, &p, e));
	TRY(db_read(db, values_digest, &p, e));
	memcpy(out, p.sum, 16);
	return OK;
}

/* ---- Rebuild ----------------------------------------------------------------------------------------------------- */

DB_STMT(rebuild_records, "iii", "ii",
        "SELECT id, customer FROM person_record WHERE (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT $3")
DB_STMT(rebuild_member, "iii", "",
        "INSERT INTO person_member (rkey, customer, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
DB_STMT(rebuild_stray, "ii", "",
        "DELETE FROM person_member WHERE rkey = $1 AND customer = $2 AND record IN (SELECT r.id FROM person_member m "
        "JOIN person_record r ON r.rkey = (m.record & 4095) AND r.id = m.record "
        "WHERE m.rkey = $1 AND m.customer = $2 AND (r.customer <> $2 OR r.id = $2))")
/* A list of members names nobody else's, and everybody. */
static enum result members_repair(struct db_tx *tx, int64_t record, int64_t customer, struct error *e)
{
	TRY(db_exec(tx, &rebuild_stray, NULL, e, DB_INT(id_bucket(record)), DB_INT(record)));
	if (record == customer)
		return OK;
	return db_exec(tx, &rebuild_member, NULL, e, DB_INT(id_bucket(customer)), DB_INT(customer), DB_INT(record));
}

DB_STMT(rebuild_values, "ii", "iit",
        "SELECT kind, vkey, value FROM person_identifier WHERE rkey = $1 AND record = $2 AND grade <> 2")
static enum result values_repair(struct db_tx *tx, int64_t record, struct error *e)
{
	struct {
		enum identifier_kind kind;
		int64_t vkey;
		char *text;
	} values[RECORD_VALUES_MAX];
	int n = 0;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &rebuild_values, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
		while ((step = db_next(rows, e)) == DB_ROW && n < RECORD_VALUES_MAX) {
			values[n].kind = (enum identifier_kind)db_int(rows, 0);
			values[n].vkey = db_int(rows, 1);
			values[n].text = db_text_dup(rows, 2, db_tx_arena(tx));
			if (!values[n].text)
				return error_nomem(e);
			if (kind_links(values[n].kind))
				n++;
		}
		if (step == DB_ERR)
			return e->result;
	}
	for (int i = 0; i < n; i++) {
		struct value_holders h;
		bool over;

		TRY(value_load(tx, values[i].kind, values[i].vkey, values[i].text, &h, e));
		over = h.count > kind_limit(values[i].kind);
		if (!h.manual && over != h.has_row)
			TRY(value_auto_state(tx, values[i].kind, values[i].vkey, values[i].text, over, e));
	}
	return OK;
}

/* Keys and pairs; whose pairs go has its turn too, before or after. */
static enum result pairs_repair(struct db_tx *tx, int64_t record, struct error *e)
{
	int64_t seeds[COMPONENT_MAX];
	int count = 0;

	TRY(matching_refresh_whole(tx, record, seeds, COMPONENT_MAX, &count, e));
	for (int i = 0; i < count; i++)
		if (seeds[i] != record)
			TRY(people_settle(tx, seeds[i], e));
	return OK;
}

/* to is taken over only when the transaction has committed. */
struct rebuilding {
	struct paging from, to;
	int limit;
};

static enum result rebuild_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct rebuilding *b = arg;
	struct paging next = b->from;
	int64_t records[PAGE], customers[PAGE];
	int n = 0, done = 0;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &rebuild_records, &rows, e, DB_INT(next.rkey), DB_INT(next.id), DB_INT(b->limit)));
		while ((step = db_next(rows, e)) == DB_ROW) {
			records[n] = db_int(rows, 0);
			customers[n++] = db_int(rows, 1);
		}
		TRY(rows_end(step, e));
	}
	for (int i = 0; i < n && arena_used(db_tx_arena(tx)) < PAGE_MEMORY; i++, done++) {
		bool erased;

		TRY(record_holder(tx, records[i], &customers[i], &erased, e)); /* one before it may have moved it */
		TRY(members_repair(tx, records[i], customers[i], e));
		TRY(values_repair(tx, records[i], e));
		TRY(home_refresh(tx, records[i], e));
		TRY(pairs_repair(tx, records[i], e));
		TRY(people_settle(tx, records[i], e));
	}
	next.done += done;
	next.more = n == b->limit || done < n;
	if (done) {
		next.id = records[done - 1];
		next.rkey = id_bucket(next.id);
	}
	b->to = next;
	return OK;
}

static enum result drain_some(struct db_tx *tx, void *arg, struct error *e)
{
	return people_drain(tx, 5, arg, e);
}

enum result people_rebuild(struct db *db, db_progress_fn *progress, void *arg, struct error *e)
{
	struct rebuilding b = { .from = { .rkey = -1, .more = true }, .limit = PAGE };
	bool left = true;

	while (b.from.more) {
		struct error slow = { 0 };
		enum result r = db_transact(db, rebuild_page, &b, &slow);
		if (r == ERR_BUSY && b.limit > 1) { /* too much for one transaction: in smaller bites */
			b.limit /= 2;
			continue;
		}
		if (r != OK) {
			*e = slow;
			return r;
		}
		b.from = b.to;
		if (progress)
			progress(arg, b.from.done, b.from.more ? 0 : b.from.done);
	}
	while (left)
		TRY(db_transact(db, drain_some, &left, e));
	return OK;
}
