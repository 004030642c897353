#include "ingest/import.h"
#include "ingest/room.h"

#define JOB_COLS                                                                                                       \
	"id, state, started_at, updated_at, bytes_done, bytes_total, lines, taken, duplicates, dead, orders_new, "     \
	"orders_changed, orders_same, records_new, path, format, source, problem"
#define JOB_TYPES "iiiiiiiiiiiiiitttt"

static void counts_read(const struct db_rows *r, int from, struct ingest_counts *c)
{
	*c = (struct ingest_counts){ .taken = db_int(r, from),
		                     .duplicates = db_int(r, from + 1),
		                     .dead = db_int(r, from + 2),
		                     .orders_new = db_int(r, from + 3),
		                     .orders_changed = db_int(r, from + 4),
		                     .orders_same = db_int(r, from + 5),
		                     .records_new = db_int(r, from + 6) };
}

static void job_read(const struct db_rows *r, struct import_job *out)
{
	memset(out, 0, sizeof(*out));
	out->id = db_int(r, 0);
	out->state = (enum import_state)db_int(r, 1);
	out->started_at = db_int(r, 2);
	out->updated_at = db_int(r, 3);
	out->bytes_done = db_int(r, 4);
	out->bytes_total = db_int(r, 5);
	out->lines = db_int(r, 6);
	counts_read(r, 7, &out->counts);
	text_copy(out->path, sizeof(out->path), db_text(r, 14));
	text_copy(out->format, sizeof(out->format), db_text(r, 15));
	text_copy(out->source, sizeof(out->source), db_text(r, 16));
	text_copy(out->problem, sizeof(out->problem), db_text(r, 17));
}

DB_STMT(import_job_page, "i", JOB_TYPES,
        "SELECT " JOB_COLS " FROM import_job ORDER BY started_at DESC, id DESC LIMIT $1")

enum result import_list(struct db_tx *tx, int limit, struct import_job *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &import_job_page, &r, e, DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while (n < limit && (step = db_next(r, e)) != DB_DONE) {
		if (step == DB_ERR)
			return e->result;
		job_read(r, &out[n++]);
	}
	*count = n;
	return OK;
}

DB_STMT(import_job_one, "i", JOB_TYPES, "SELECT " JOB_COLS " FROM import_job WHERE id = $1")

enum result import_get(struct db_tx *tx, int64_t id, struct import_job *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &import_job_one, &r, &found, e, DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "import.not_found", "import", "no such import");
	job_read(r, out);
	return OK;
}

/* ---- Opening ---------------------------------------------------------------------------------------------------- */

struct opening {
	const struct plan *p;
	bool restart;
	struct job job;
};

DB_STMT(import_job_insert, "ibttttiiii", "",
        "INSERT INTO import_job (id, key, path, format, source, mapping, state, started_at, updated_at, bytes_total, "
        "step, "
        "at_byte, at_line, bytes_done, lines, taken, duplicates, dead, orders_new, orders_changed, orders_same, "
        "records_new, problem) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
        "'') "
        "ON CONFLICT DO NOTHING")
DB_STMT(import_job_find, "b", "iiiiiiiiiiiiiii",
        "SELECT id, state, step, at_byte, at_line, bytes_done, lines, started_at, taken, duplicates, dead, orders_new, "
        "orders_changed, orders_same, records_new FROM import_job WHERE key = $1")
DB_STMT(import_job_restart, "iii", "",
        "UPDATE import_job SET state = $1, started_at = $2, updated_at = $2, step = 0, at_byte = 0, at_line = 1, "
        "bytes_done = 0, lines = 0, taken = 0, duplicates = 0, dead = 0, orders_new = 0, orders_changed = 0, "
        "orders_same = 0, records_new = 0, problem = '' WHERE id = $3")
DB_STMT(import_job_go_on, "iii", "", "UPDATE import_job SET state = $1, updated_at = $2, problem = '' WHERE id = $3")
DB_STMT(import_job_parts, "i", "", "DELETE FROM import_part WHERE job = $1")
DB_STMT(import_job_repeats, "i", "", "DELETE FROM import_repeat WHERE job = $1")

static enum result job_find(struct db_tx *tx, struct opening *o, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	struct job *j = &o->job;
	TRY(db_query_one(tx, &import_job_find, &r, &found, e,
	                 DB_BLOB(((struct str){ (const char *)o->p->key, HASH128_BYTES }))));
	if (!found)
		return error_set(e, ERR_RETRY, "import.race", NULL, "the job went away meanwhile");
	j->id = db_int(r, 0);
	j->state = (enum import_state)db_int(r, 1);
	j->at = (struct place){ db_int(r, 2), db_int(r, 3), db_int(r, 4) };
	j->bytes_done = db_int(r, 5);
	j->lines = db_int(r, 6);
	j->started_at = db_int(r, 7);
	counts_read(r, 8, &j->counts);
	return OK;
}

static enum result open_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct opening *o = arg;
	const struct plan *p = o->p;
	int64_t now = clock_now(), made;
	TRY(db_exec(tx, &import_job_insert, &made, e, DB_INT(id_new_random()),
	            DB_BLOB(((struct str){ (const char *)p->key, HASH128_BYTES })), DB_CSTR(p->path),
	            DB_CSTR(p->format), DB_TEXT(p->steps[p->step_count - 1].section->source), DB_TEXT(p->mapping->text),
	            DB_INT(IMPORT_RUNNING), DB_INT(now), DB_INT(now), DB_INT(p->bytes_total)));
	TRY(job_find(tx, o, e));
	if (made)
		return OK;
	if (o->restart) {
		TRY(db_exec(tx, &import_job_parts, NULL, e, DB_INT(o->job.id)));
		TRY(db_exec(tx, &import_job_repeats, NULL, e, DB_INT(o->job.id)));
		TRY(db_exec(tx, &import_job_restart, NULL, e, DB_INT(IMPORT_RUNNING), DB_INT(now), DB_INT(o->job.id)));
		return job_find(tx, o, e);
	}
	if (o->job.state == IMPORT_DONE)
		return OK;
	TRY(db_exec(tx, &import_job_go_on, NULL, e, DB_INT(IMPORT_RUNNING), DB_INT(now), DB_INT(o->job.id)));
	o->job.state = IMPORT_RUNNING;
	return OK;
}

enum result job_open(struct db *db, const struct plan *p, bool restart, struct job *out, struct error *e)
{
	struct opening o = { .p = p, .restart = restart };
	TRY(db_transact(db, open_tx, &o, e));
	*out = o.job;
	return OK;
}

/* ---- Moving ----------------------------------------------------------------------------------------------------- */

DB_STMT(import_job_move, "iiiiiiiiiiiiiiiii", "",
        "UPDATE import_job SET step = $1, at_byte = $2, at_line = $3, bytes_done = $4, lines = $5, updated_at = $6, "
        "taken = taken + $7, duplicates = duplicates + $8, dead = dead + $9, orders_new = orders_new + $10, "
        "orders_changed = orders_changed + $11, orders_same = orders_same + $12, records_new = records_new + $13 "
        "WHERE id = $14 AND step = $15 AND at_byte = $16 AND at_line = $17")

enum result job_move(struct db_tx *tx, int64_t id, struct place from, struct place to, int64_t bytes_done,
                     int64_t lines, const struct ingest_counts *c, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &import_job_move, &changed, e, DB_INT(to.step), DB_INT(to.byte), DB_INT(to.line),
	            DB_INT(bytes_done), DB_INT(lines), DB_INT(clock_now()), DB_INT(c->taken), DB_INT(c->duplicates),
	            DB_INT(c->dead), DB_INT(c->orders_new), DB_INT(c->orders_changed), DB_INT(c->orders_same),
	            DB_INT(c->records_new), DB_INT(id), DB_INT(from.step), DB_INT(from.byte), DB_INT(from.line)));
	if (!changed)
		return error_set(e, ERR_BUSY, "import.elsewhere", NULL, "another process runs this import");
	return feed_append(tx, FEED_IMPORT, 0, id, e);
}

struct ending {
	int64_t id;
	enum import_state state;
	const char *problem;
	int64_t changed_orders;
};

DB_STMT(import_job_end, "iitii", "",
        "UPDATE import_job SET state = $1, updated_at = $2, problem = $3, orders_changed = orders_changed + $4 "
        "WHERE id = $5")

static enum result end_tx(struct db_tx *tx, void *arg, struct error *e)
{
	const struct ending *n = arg;
	TRY(db_exec(tx, &import_job_end, NULL, e, DB_INT(n->state), DB_INT(clock_now()), DB_CSTR(n->problem),
	            DB_INT(n->changed_orders), DB_INT(n->id)));
	return feed_append(tx, FEED_IMPORT, 0, n->id, e);
}

enum result job_state(struct db *db, int64_t id, enum import_state state, const char *problem,
                      const struct ingest_counts *more, struct error *e)
{
	struct ending n = { id, state, problem, more ? more->orders_changed : 0 };
	return db_transact(db, end_tx, &n, e);
}
