/* API keys of sources: secret ones for servers, public ones for browsers. */
#include "access/internal.h"
#include <stdio.h>

#define KEY_PREFIX 6 /* "bn_sk_" */
#define KEY_CHARS (KEY_PREFIX + TOKEN_CHARS)
#define SOURCE_MAX 39

static bool source_ok(struct str s)
{
	if (!s.n || s.n > SOURCE_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' ||
		      s.p[i] == '_' || s.p[i] == '.'))
			return false;
	return true;
}

DB_STMT(apikey_insert, "ibttttii", "",
        "INSERT INTO apikey (id, token, name, source, role, hint, created_at, last_used_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")

enum result apikey_add(struct db_tx *tx, struct str name, struct str source, enum role role, char key[APIKEY_BYTES],
                       int64_t *id, struct error *e)
{
	struct str n = str_trim(name);
	if (!n.n || n.n >= ACCESS_NAME_MAX || !str_utf8_valid(n))
		return error_set(e, ERR_INVALID, "apikey.name", "name", "A name is 1 to %d bytes of text.",
		                 ACCESS_NAME_MAX - 1);
	if (!source_ok(source))
		return error_set(e, ERR_INVALID, "apikey.source", "source",
		                 "A source is 1 to %d letters a-z, digits or any of . _ -", SOURCE_MAX);
	if (role != ROLE_SOURCE && role != ROLE_BROWSER)
		return error_set(e, ERR_INVALID, "apikey.role", "role", "A key is for a source or for a browser.");
	char token[TOKEN_CHARS + 1], fresh[APIKEY_BYTES], hint[16];
	unsigned char hash[TOKEN_HASH_BYTES];
	token_new(token);
	const char *sort = role == ROLE_SOURCE ? "sk" : "pk";
	snprintf(fresh, sizeof fresh, "bn_%s_%s", sort, token);
	snprintf(hint, sizeof hint, "%s_…%s", sort, token + TOKEN_CHARS - 4);
	token_hash(hash, "apikey", str_c(fresh));
	int64_t made = id_new_random();
	TRY(db_exec(tx, &apikey_insert, NULL, e, DB_INT(made), DB_BLOB(((struct str){ (char *)hash, sizeof hash })),
	            DB_TEXT(n), DB_TEXT(source), DB_CSTR(role_name(role)), DB_CSTR(hint), DB_INT(clock_now()),
	            DB_INT(0)));
	TRY(access_changed(tx, made, e));
	memcpy(key, fresh, sizeof fresh);
	*id = made;
	return OK;
}

/* ---- Finding ----------------------------------------------------------------------------------------------------- */

struct finding {
	unsigned char hash[TOKEN_HASH_BYTES];
	struct principal p;
	int64_t last_used_at, now;
	bool found;
};

DB_STMT(apikey_get, "b", "ittti",
        "SELECT id, name, source, role, last_used_at FROM apikey WHERE token = $1 AND revoked_at IS NULL")

static void copy_text(char *out, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	memcpy(out, s.n ? s.p : "", n);
	out[n] = '\0';
}

static enum result find_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct finding *f = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query_one(tx, &apikey_get, &rows, &f->found, e,
	                 DB_BLOB(((struct str){ (char *)f->hash, sizeof f->hash }))));
	if (!f->found)
		return OK;
	f->p = (struct principal){ .key = db_int(rows, 0) };
	copy_text(f->p.name, sizeof f->p.name, db_text(rows, 1));
	copy_text(f->p.source, sizeof f->p.source, db_text(rows, 2));
	f->found = role_find(db_text(rows, 3), &f->p.role);
	f->last_used_at = db_int(rows, 4);
	return OK;
}

DB_STMT(apikey_touch, "iii", "", "UPDATE apikey SET last_used_at = $2 WHERE id = $1 AND last_used_at <= $3")

static enum result touch_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct finding *f = arg;
	return db_exec(tx, &apikey_touch, NULL, e, DB_INT(f->p.key), DB_INT(f->now), DB_INT(f->now - TOUCH_US));
}

enum result apikey_find(struct db *db, struct str key, struct principal *out, struct error *e)
{
	struct finding f = { .now = clock_now() };
	if (key.n == KEY_CHARS && str_starts(key, STR("bn_"))) {
		token_hash(f.hash, "apikey", key);
		if (cache_get(f.hash, out))
			return OK;
		uint64_t generation = access_cache_generation();
		TRY(db_read(db, find_read, &f, e));
		/* A busy database must not turn a source away: the next look-up tries again. */
		if (f.found && f.now - f.last_used_at >= TOUCH_US && db_transact(db, touch_write, &f, NULL) != OK)
			generation = 0;
		if (f.found) {
			cache_put(f.hash, generation, &f.p);
			*out = f.p;
			return OK;
		}
	}
	return error_set(e, ERR_UNAUTHORIZED, "apikey.unknown", NULL, "This key is unknown or was revoked.");
}

/* ---- Keeping ----------------------------------------------------------------------------------------------------- */

DB_STMT(apikey_end, "ii", "", "UPDATE apikey SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
DB_STMT(apikey_exists, "i", "i", "SELECT id FROM apikey WHERE id = $1")

enum result apikey_revoke(struct db_tx *tx, int64_t id, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &apikey_exists, &rows, &found, e, DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "apikey.unknown", "key", "There is no such key.");
	TRY(db_exec(tx, &apikey_end, NULL, e, DB_INT(id), DB_INT(clock_now())));
	return access_changed(tx, id, e);
}

DB_STMT(apikey_rows, "i", "ittttiiI",
        "SELECT id, name, source, role, hint, created_at, last_used_at, revoked_at FROM apikey ORDER BY created_at "
        "DESC, id DESC"
        " LIMIT $1")

enum result apikey_list(struct db_tx *tx, int limit, struct apikey *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &apikey_rows, &rows, e, DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW && n < limit) {
		struct apikey *k = &out[n++];
		*k = (struct apikey){ .id = db_int(rows, 0),
			              .created_at = db_int(rows, 5),
			              .last_used_at = db_int(rows, 6),
			              .revoked = !db_is_null(rows, 7) };
		copy_text(k->name, sizeof k->name, db_text(rows, 1));
		copy_text(k->source, sizeof k->source, db_text(rows, 2));
		copy_text(k->hint, sizeof k->hint, db_text(rows, 4));
		if (!role_find(db_text(rows, 3), &k->role))
			k->role = 0;
	}
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return OK;
}
