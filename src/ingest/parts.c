/* Orders whose rows stand in a file, perhaps far apart: which lines have been named so far. */
#include "ingest/room.h"

#define SETTLE_PAGE 200
#define FORGET_PAGE 5000

static struct str blob(const void *p, size_t n)
{
	return (struct str){ p, n };
}

DB_STMT(import_part_insert, "ibiiib", "",
        "INSERT INTO import_part (job, key, order_id, absent, incomplete, marks) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (job, key) DO UPDATE SET order_id = EXCLUDED.order_id, "
        "absent = CASE WHEN import_part.absent > EXCLUDED.absent THEN import_part.absent ELSE EXCLUDED.absent END, "
        "incomplete = CASE WHEN import_part.incomplete > EXCLUDED.incomplete THEN import_part.incomplete "
        "ELSE EXCLUDED.incomplete END, marks = EXCLUDED.marks")
DB_STMT(import_part_select, "ib", "b", "SELECT marks FROM import_part WHERE job = $1 AND key = $2")

static bool among(const struct part *p, uint64_t mark)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->marks[i] == mark)
			return true;
	return false;
}

enum result part_begin(struct db_tx *tx, int64_t job, const struct order_in *in, struct order_line_in *lines,
                       struct part *out, struct error *e)
{
	struct part p = { .first = true };
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	hash128(p.key, (struct str[]){ in->source, in->kind == ORDER_RETURN ? STR("return") : STR("sale"), in->number },
	        3);
	TRY(db_query_one(tx, &import_part_select, &r, &found, e, DB_INT(job), DB_BLOB(blob(p.key, sizeof(p.key)))));
	struct str had = found ? db_blob(r, 0) : STR("");
	p.marks = arena_array(db_tx_arena(tx), had.n / 8 + (size_t)in->line_count + 1, sizeof(*p.marks));
	if (!p.marks)
		return error_nomem(e);
	if (had.n)
		memcpy(p.marks, had.p, had.n);
	p.count = p.had = had.n / 8;
	p.first = !found;
	for (int i = 0; i < in->line_count; i++) {
		int occurrence = 1;
		uint64_t mark = order_line_mark(&lines[i], occurrence);
		while (!lines[i].line_key.n && among(&p, mark))
			mark = order_line_mark(&lines[i], ++occurrence);
		lines[i].occurrence = occurrence;
		p.marks[p.count++] = mark;
	}
	*out = p;
	return OK;
}

enum result part_end(struct db_tx *tx, int64_t job, const struct part *p, int64_t order, bool absent, bool incomplete,
                     struct error *e)
{
	return db_exec(tx, &import_part_insert, NULL, e, DB_INT(job), DB_BLOB(blob(p->key, sizeof(p->key))),
	               DB_INT(order), DB_INT(absent), DB_INT(incomplete), DB_BLOB(blob(p->marks, p->count * 8)));
}

/* ---- The end of a job ------------------------------------------------------------------------------------------- */

DB_STMT(import_part_absent, "ii", "bib",
        "SELECT key, order_id, marks FROM import_part WHERE job = $1 AND absent = 1 AND incomplete = 0 LIMIT $2")
DB_STMT(import_part_settled, "ib", "", "UPDATE import_part SET absent = 0 WHERE job = $1 AND key = $2")

struct settle {
	int64_t job;
	int seen, changed;
};

static enum result settle_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct settle *s = arg;
	struct waiting {
		unsigned char key[HASH128_BYTES];
		int64_t order;
		uint64_t *marks;
		size_t count;
	} *w = arena_array(db_tx_arena(tx), SETTLE_PAGE, sizeof(*w));
	if (!w)
		return error_nomem(e);
	int n = 0;
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query(tx, &import_part_absent, &r, e, DB_INT(s->job), DB_INT(SETTLE_PAGE)));
		enum db_step step;
		while ((step = db_next(r, e)) == DB_ROW) {
			struct str marks = db_blob(r, 2);
			w[n].marks = arena_array(db_tx_arena(tx), marks.n / 8 + 1, 8);
			if (!w[n].marks)
				return error_nomem(e);
			memcpy(w[n].key, db_blob(r, 0).p, HASH128_BYTES);
			if (marks.n)
				memcpy(w[n].marks, marks.p, marks.n);
			w[n].count = marks.n / 8;
			w[n++].order = db_int(r, 1);
		}
		if (step == DB_ERR)
			return e->result;
	}
	s->seen = n;
	s->changed = 0;
	TRY(order_reports_begin(tx, e));
	for (int i = 0; i < n; i++) {
		struct order_outcome out;
		TRY(order_keep_lines(tx, w[i].order, w[i].marks, w[i].count, &out, e));
		s->changed += out.what == ORDER_CHANGED;
		TRY(db_exec(tx, &import_part_settled, NULL, e, DB_INT(s->job), DB_BLOB(blob(w[i].key, HASH128_BYTES))));
	}
	return order_reports_end(tx, e);
}

DB_STMT(import_part_forget, "ii", "",
        "DELETE FROM import_part WHERE job = $1 AND key IN (SELECT key FROM import_part WHERE job = $1 LIMIT $2)")
DB_STMT(import_repeat_forget, "ii", "",
        "DELETE FROM import_repeat WHERE job = $1 AND key IN (SELECT key FROM import_repeat WHERE job = $1 LIMIT $2)")

static enum result forget_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct settle *s = arg;
	int64_t a, b;
	TRY(db_exec(tx, &import_part_forget, &a, e, DB_INT(s->job), DB_INT(FORGET_PAGE)));
	TRY(db_exec(tx, &import_repeat_forget, &b, e, DB_INT(s->job), DB_INT(FORGET_PAGE)));
	s->seen = (int)(a + b);
	return OK;
}

enum result parts_settle(struct db *db, int64_t job, struct ingest_counts *counts, struct error *e)
{
	struct settle s = { .job = job };
	do {
		TRY(db_transact(db, settle_page, &s, e));
		counts->orders_changed += s.changed;
	} while (s.seen == SETTLE_PAGE);
	do
		TRY(db_transact(db, forget_page, &s, e));
	while (s.seen > 0);
	return OK;
}

/* ---- Lines without a message id --------------------------------------------------------------------------------- */

DB_STMT(import_repeat_add, "ib", "",
        "INSERT INTO import_repeat (job, key, n) VALUES ($1, $2, 1) ON CONFLICT (job, key) DO UPDATE SET n = "
        "import_repeat.n + 1")
DB_STMT(import_repeat_select, "ib", "i", "SELECT n FROM import_repeat WHERE job = $1 AND key = $2")

enum result occurrence_next(struct db_tx *tx, int64_t job, struct str message_id, int64_t *n, struct error *e)
{
	unsigned char key[HASH128_BYTES];
	bool found;
	hash128(key, &message_id, 1);
	TRY(db_exec(tx, &import_repeat_add, NULL, e, DB_INT(job), DB_BLOB(blob(key, sizeof(key)))));
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &import_repeat_select, &r, &found, e, DB_INT(job), DB_BLOB(blob(key, sizeof(key)))));
	*n = found ? db_int(r, 0) : 1;
	return OK;
}
