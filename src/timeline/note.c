#include "timeline/room.h"

DB_STMT(note_insert, "iiiiIIt", "",
        "INSERT INTO note (rkey, record, id, at, user_id, store, text) VALUES ($1, $2, $3, $4, $5, $6, $7)")

enum result note_add(struct db_tx *tx, int64_t record, struct str text, int64_t user, int64_t store, int64_t at,
                     int64_t *id, struct error *e)
{
	if (!record)
		return error_set(e, ERR_INVALID, "note.record", "record", "a note hangs on a record");
	if (!str_trim(text).n)
		return error_set(e, ERR_INVALID, "note.empty", "text", "a note says something");
	if (text.n > NOTE_MAX || !str_utf8_valid(text))
		return error_set(e, ERR_INVALID, "note.text", "text", "at most %d bytes of text", NOTE_MAX);
	unsigned rkey = id_bucket(record);
	int64_t made = id_new(rkey);
	TRY(db_exec(tx, &note_insert, NULL, e, DB_INT(rkey), DB_INT(record), DB_INT(made), DB_INT(at),
	            DB_INT_OR_NULL(user), DB_INT_OR_NULL(store), DB_TEXT(text)));
	TRY(feed_append(tx, FEED_NOTE, record, made, e));
	*id = made;
	return OK;
}

DB_STMT(note_home_here, "iii", "I", "SELECT shown_on FROM note WHERE rkey = $1 AND record = $2 AND id = $3")
DB_STMT(note_home_moved, "iii", "i",
        "SELECT home FROM note_moved WHERE rkey = $1 AND record = $2 AND note = $3 ORDER BY at DESC LIMIT 1")

/* The record a note was written on, given that one or the one it is shown on. */
static enum result note_home(struct db_tx *tx, int64_t record, int64_t note, int64_t *home, struct error *e)
{
	bool found;
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query_one(tx, &note_home_here, &r, &found, e, DB_INT(id_bucket(record)), DB_INT(record),
		                 DB_INT(note)));
		if (found) {
			*home = record;
			return OK;
		}
	}
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &note_home_moved, &r, &found, e, DB_INT(id_bucket(record)), DB_INT(record), DB_INT(note)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "note.not_found", "note", "no such note on this record");
	*home = db_int(r, 0);
	return OK;
}

DB_STMT(note_hide, "iIiii", "",
        "UPDATE note SET removed_at = $1, removed_by = $2 WHERE rkey = $3 AND record = $4 AND id = $5 "
        "AND removed_at IS NULL")

enum result note_remove(struct db_tx *tx, int64_t record, int64_t note, int64_t user, struct error *e)
{
	int64_t home, changed;
	TRY(note_home(tx, record, note, &home, e));
	TRY(db_exec(tx, &note_hide, &changed, e, DB_INT(clock_now()), DB_INT_OR_NULL(user), DB_INT(id_bucket(home)),
	            DB_INT(home), DB_INT(note)));
	if (!changed)
		return error_set(e, ERR_NOT_FOUND, "note.not_found", "note", "the note is removed already");
	return feed_append(tx, FEED_NOTE, record, note, e);
}

static bool note_newer(const struct note *a, const struct note *b)
{
	return a->at != b->at ? a->at > b->at : a->id > b->id;
}

struct notes {
	const int64_t *records;
	int limit, count;
	struct arena *a;
	struct note *out; /* the newest, sorted */
};

static enum result notes_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct notes *all = arg;
	enum db_step step;
	while ((step = db_next(r, e)) == DB_ROW) {
		struct note n = { .id = db_int(r, 0),
			          .record = all->records[run],
			          .at = db_int(r, 1),
			          .user = db_int(r, 2),
			          .store = db_int(r, 3) };
		int i = all->count;
		if (i == all->limit && !note_newer(&n, &all->out[i - 1]))
			continue;
		n.text = db_text_dup(r, 4, all->a);
		if (!n.text)
			return error_nomem(e);
		if (i < all->limit)
			all->count = i + 1;
		else
			i--;
		for (; i > 0 && note_newer(&n, &all->out[i - 1]); i--)
			all->out[i] = all->out[i - 1];
		all->out[i] = n;
	}
	return step == DB_ERR ? e->result : OK;
}

/* Those written on the record, and those written on others and shown here. */
DB_STMT(note_select, "iii", "iiIIt",
        "SELECT * FROM (SELECT id, at, user_id, store, text FROM note WHERE rkey = $1 AND record = $2 "
        "AND removed_at IS NULL AND (shown_on IS NULL OR shown_on = $2) ORDER BY id DESC LIMIT $3) own "
        "UNION ALL SELECT * FROM (SELECT DISTINCT n.id, n.at, n.user_id, n.store, n.text FROM note_moved m "
        "JOIN note n ON n.rkey = (m.home & 4095) AND n.record = m.home AND n.id = m.note "
        "WHERE m.rkey = $1 AND m.record = $2 AND m.home <> $2 AND n.removed_at IS NULL AND n.shown_on = $2 "
        "ORDER BY n.id DESC LIMIT $3) moved")
enum result note_list(struct db_tx *tx, const int64_t *records, int record_count, int limit, struct arena *a,
                      struct note *out, int *count, struct error *e)
{
	struct notes all = { .records = records, .limit = limit, .a = a, .out = out };
	if (limit > 0)
		TRY(db_each_id(tx, &note_select, records, record_count, notes_take, &all, e, DB_INT(limit)));
	*count = all.count;
	return OK;
}

DB_STMT(note_show_on, "iiii", "", "UPDATE note SET shown_on = $1 WHERE rkey = $2 AND record = $3 AND id = $4")
DB_STMT(note_moved_insert, "iiiiiI", "",
        "INSERT INTO note_moved (rkey, record, note, at, home, user_id) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT DO NOTHING")

enum result note_reassign(struct db_tx *tx, int64_t record, int64_t note, int64_t to, int64_t user, struct error *e)
{
	int64_t home;
	if (!to)
		return error_set(e, ERR_INVALID, "note.to", "to", "a note is shown on a record");
	TRY(note_home(tx, record, note, &home, e));
	TRY(db_exec(tx, &note_moved_insert, NULL, e, DB_INT(id_bucket(to)), DB_INT(to), DB_INT(note),
	            DB_INT(clock_now()), DB_INT(home), DB_INT_OR_NULL(user)));
	TRY(db_exec(tx, &note_show_on, NULL, e, DB_INT(to), DB_INT(id_bucket(home)), DB_INT(home), DB_INT(note)));
	TRY(feed_append(tx, FEED_NOTE, record, note, e));
	return feed_append(tx, FEED_NOTE, to, note, e);
}

DB_STMT(note_select_all, "ii", "itI",
        "SELECT at, text, removed_at FROM note WHERE rkey = $1 AND record = $2 ORDER BY id")

enum result note_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &note_select_all, &r, e, DB_INT(id_bucket(record)), DB_INT(record)));
	enum db_step step;
	jw_key(w, "notes");
	jw_array(w);
	while ((step = db_next(r, e)) == DB_ROW) {
		jw_object(w);
		jw_ktime(w, "at", db_int(r, 0));
		jw_kstr(w, "text", db_text(r, 1));
		jw_kbool(w, "removed", !db_is_null(r, 2));
		jw_end_object(w);
	}
	jw_end_array(w);
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(note_delete, "ii", "", "DELETE FROM note WHERE rkey = $1 AND record = $2")
DB_STMT(note_moved_delete, "ii", "", "DELETE FROM note_moved WHERE rkey = $1 AND record = $2")

enum result note_erase(struct db_tx *tx, int64_t record, struct error *e)
{
	TRY(db_exec(tx, &note_delete, NULL, e, DB_INT(id_bucket(record)), DB_INT(record)));
	return db_exec(tx, &note_moved_delete, NULL, e, DB_INT(id_bucket(record)), DB_INT(record));
}
