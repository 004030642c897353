#include "ingest/room.h"
#include "ingest/rows.h"

#define RAW_MAX 65536

static struct str text_valid(struct str s, struct arena *a)
{
	if (s.n > RAW_MAX)
		s.n = RAW_MAX;
	if (str_utf8_valid(s))
		return card_masked(s, a);
	/* What is no text is kept readable: each byte of it as Latin-1. */
	char *out = arena_alloc(a, 2 * s.n + 1);
	size_t n = 0;
	for (size_t i = 0; out && i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == 0)
			c = ' ';
		if (c < 0x80) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3f));
	}
	return card_masked((struct str){ out ? out : "", n }, a);
}

DB_STMT(deadletter_insert, "ibtIIitttttt", "",
        "INSERT INTO deadletter (id, key, source, job, line, at, resolved, format, header, code, field, detail, raw) "
        "VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING")

enum result deadletter_put(struct db_tx *tx, const struct item *it, int64_t job, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	unsigned char key[HASH128_BYTES];
	char line[32];
	struct str raw = text_valid(it->raw, a), source = it->source.n ? it->source : STR("?");
	snprintf(line, sizeof(line), "%lld", (long long)it->line);
	/* Over HTTP a client tries again: the same text is the same letter. */
	hash128(key, (struct str[]){ source, it->format, str_c(line), it->raw }, 4);
	return db_exec(tx, &deadletter_insert, NULL, e, DB_INT(id_new_random()),
	               DB_BLOB(((struct str){ (char *)key, sizeof(key) })), DB_TEXT(source), DB_INT_OR_NULL(job),
	               DB_INT_OR_NULL(it->line), DB_INT(clock_now()), DB_TEXT(it->format), DB_TEXT(it->header),
	               DB_CSTR(it->why.code), DB_CSTR(it->why.field), DB_CSTR(it->why.detail), DB_TEXT(raw));
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

#define LETTER_COLS "id, job, line, at, retried_at, resolved, source, code, field, detail, raw"
#define LETTER_TYPES "iIIiIittttt"

static enum result letter_read(const struct db_rows *r, struct arena *a, struct deadletter *d, struct error *e)
{
	memset(d, 0, sizeof(*d));
	d->id = db_int(r, 0);
	d->job = db_int(r, 1);
	d->line = db_int(r, 2);
	d->at = db_int(r, 3);
	d->retried_at = db_int(r, 4);
	d->resolved = db_int(r, 5) != 0;
	text_copy(d->source, sizeof(d->source), db_text(r, 6));
	text_copy(d->code, sizeof(d->code), db_text(r, 7));
	text_copy(d->field, sizeof(d->field), db_text(r, 8));
	text_copy(d->detail, sizeof(d->detail), db_text(r, 9));
	d->raw = db_text_dup(r, 10, a);
	return d->raw ? OK : error_nomem(e);
}

DB_STMT(deadletter_page_open, "ii", LETTER_TYPES,
        "SELECT " LETTER_COLS " FROM deadletter WHERE resolved = 0 AND id < $1 ORDER BY id DESC LIMIT $2")
DB_STMT(deadletter_page_all, "ii", LETTER_TYPES,
        "SELECT " LETTER_COLS " FROM deadletter WHERE id < $1 ORDER BY id DESC LIMIT $2")

enum result deadletter_list(struct db_tx *tx, int64_t before_id, int limit, bool with_resolved, struct arena *a,
                            struct deadletter *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, with_resolved ? &deadletter_page_all : &deadletter_page_open, &r, e,
	             DB_INT(before_id ? before_id : INT64_MAX), DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while (n < limit && (step = db_next(r, e)) != DB_DONE) {
		if (step == DB_ERR)
			return e->result;
		TRY(letter_read(r, a, &out[n++], e));
	}
	*count = n;
	return OK;
}

DB_STMT(deadletter_count_open, "", "i", "SELECT COUNT(*) FROM deadletter WHERE resolved = 0")

enum result deadletter_count(struct db_tx *tx, int64_t *open, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &deadletter_count_open, &r, &found, e, DB_NONE));
	*open = db_int(r, 0);
	return OK;
}

DB_STMT(deadletter_resolve, "ii", "",
        "UPDATE deadletter SET resolved = 1, retried_at = $1 WHERE id = $2 AND resolved = 0")

enum result deadletter_discard(struct db_tx *tx, int64_t id, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &deadletter_resolve, &changed, e, DB_INT(clock_now()), DB_INT(id)));
	return changed ? OK
	               : error_set(e, ERR_NOT_FOUND, "deadletter.not_found", "deadletter", "no such open dead letter");
}

/* ---- Again ------------------------------------------------------------------------------------------------------ */

struct letter {
	int64_t id, job, line, at;
	struct arena *a;
	struct str source, format, header, raw, mapping;
	bool resolved;
};

DB_STMT(deadletter_select, "i", "iIItttti",
        "SELECT at, job, line, source, format, header, raw, resolved FROM deadletter WHERE id = $1")
DB_STMT(deadletter_mapping, "i", "t", "SELECT mapping FROM import_job WHERE id = $1")

static enum result letter_load(struct db_tx *tx, void *arg, struct error *e)
{
	struct letter *l = arg;
	bool found;
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &deadletter_select, &r, &found, e, DB_INT(l->id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "deadletter.not_found", "deadletter", "no such dead letter");
	l->at = db_int(r, 0);
	l->job = db_int(r, 1);
	l->line = db_int(r, 2);
	l->source = str_c(db_text_dup(r, 3, l->a));
	l->format = str_c(db_text_dup(r, 4, l->a));
	l->header = str_c(db_text_dup(r, 5, l->a));
	l->raw = str_c(db_text_dup(r, 6, l->a));
	l->resolved = db_int(r, 7) != 0;
	l->mapping = STR("");
	if (!l->source.p || !l->format.p || !l->header.p || !l->raw.p)
		return error_nomem(e);
	if (!l->job)
		return OK;
	DB_ROWS_AUTO struct db_rows *m = NULL;
	TRY(db_query_one(tx, &deadletter_mapping, &m, &found, e, DB_INT(l->job)));
	l->mapping = found ? str_c(db_text_dup(m, 0, l->a)) : STR("");
	return l->mapping.p ? OK : error_nomem(e);
}

struct again {
	const struct item *it;
	int64_t id;
};

static enum result again_apply(struct db_tx *tx, void *arg, struct error *e)
{
	const struct again *g = arg;
	struct ingest_counts counts = { 0 };
	TRY(item_apply(tx, g->it, 0, &counts, e));
	return deadletter_discard(tx, g->id, e);
}

struct reason {
	int64_t id;
	struct error why;
	struct str raw;
};

DB_STMT(deadletter_again, "itttti", "",
        "UPDATE deadletter SET retried_at = $1, code = $2, field = $3, detail = $4, raw = $5 WHERE id = $6")

static enum result reason_write(struct db_tx *tx, void *arg, struct error *e)
{
	const struct reason *r = arg;
	return db_exec(tx, &deadletter_again, NULL, e, DB_INT(clock_now()), DB_CSTR(r->why.code), DB_CSTR(r->why.field),
	               DB_CSTR(r->why.detail), DB_TEXT(text_valid(r->raw, db_tx_arena(tx))), DB_INT(r->id));
}

static enum result letter_parse(const struct letter *l, struct item *it, struct json **doc, struct error *e)
{
	if (!str_is(l->format, "segment"))
		return rows_item_again(l->mapping, l->format, l->header, l->raw, l->source, l->a, it, e);
	struct segment_from f = { .from = { .source = l->source, .received_at = l->at }, .file = l->job != 0 };
	struct str raw = card_masked(l->raw, l->a);
	TRY(json_parse(raw, NULL, doc, e));
	*it = (struct item){ .raw = raw };
	TRY(segment_item(&f, -1, *doc, l->a, it, e));
	if (it->way == ITEM_DEAD) {
		*e = it->why;
		return e->result;
	}
	return OK;
}

enum result deadletter_retry(struct db *db, int64_t id, struct str raw, struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	JSON_AUTO struct json *doc = NULL;
	struct letter l = { .id = id, .a = a };
	struct item it;
	if (!a)
		return error_nomem(e);
	if (raw.n > RAW_MAX)
		return error_set(e, ERR_TOO_LARGE, "deadletter.raw", "raw", "at most %d bytes", RAW_MAX);
	TRY(db_read(db, letter_load, &l, e));
	if (l.resolved)
		return error_set(e, ERR_CONFLICT, "deadletter.resolved", NULL, "it is taken in or discarded already");
	if (raw.n)
		l.raw = raw;
	struct again g = { &it, id };
	enum result r = letter_parse(&l, &it, &doc, e);
	if (r == OK)
		r = db_transact(db, again_apply, &g, e);
	if (r != ERR_INVALID && r != ERR_TOO_LARGE)
		return r;
	struct reason why = { id, *e, l.raw };
	struct error other;
	if (db_transact(db, reason_write, &why, &other) != OK) {
		*e = other;
		return other.result;
	}
	return r;
}

/* ---- Not for ever ----------------------------------------------------------------------------------------------- */

/* They hold what people wrote, of nobody knows whom: whoever is erased is gone from here by then, too. Ids tell the
 * time. */
#define KEEP_US (30 * DAY_US)
#define PRUNE_LETTERS 500

DB_STMT(deadletter_old, "i", "i", "SELECT id FROM deadletter WHERE id < $1 ORDER BY id LIMIT 1")
DB_STMT(deadletter_prune, "ii", "",
        "DELETE FROM deadletter WHERE id IN (SELECT id FROM deadletter WHERE id < $1 ORDER BY id LIMIT $2)")

static enum result old_look(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	return db_query_one(tx, &deadletter_old, &r, arg, e, DB_INT(id_first_at(clock_now() - KEEP_US)));
}

static enum result old_prune(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t gone;
	TRY(db_exec(tx, &deadletter_prune, &gone, e, DB_INT(id_first_at(clock_now() - KEEP_US)),
	            DB_INT(PRUNE_LETTERS)));
	*(bool *)arg = gone == PRUNE_LETTERS;
	return OK;
}

enum result deadletters_prune(struct db *db, bool *left, struct error *e)
{
	bool old = false;
	*left = false;
	TRY(db_read(db, old_look, &old, e));
	return old ? db_transact(db, old_prune, left, e) : OK;
}
