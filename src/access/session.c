/* Sessions: opened by a password, found by a cookie. */
#include "access/internal.h"

static enum result wrong(struct error *e)
{
	return error_set(e, ERR_UNAUTHORIZED, "sign_in.wrong", NULL, "The login or the password is wrong.");
}

static enum result unknown(struct error *e)
{
	return error_set(e, ERR_UNAUTHORIZED, "session.unknown", NULL, "Sign in first.");
}

static struct str hash_view(const unsigned char hash[TOKEN_HASH_BYTES])
{
	return (struct str){ (const char *)hash, TOKEN_HASH_BYTES };
}

static void principal_of(struct principal *p, const struct user *u, struct str token,
                         const unsigned char hash[TOKEN_HASH_BYTES])
{
	*p = (struct principal){
		.role = u->role, .user = u->id, .associate = u->associate, .store_count = u->store_count
	};
	memcpy(p->stores, u->stores, sizeof p->stores);
	memcpy(p->login, u->login, sizeof p->login);
	memcpy(p->name, u->name, sizeof p->name);
	memcpy(p->session, hash, TOKEN_HASH_BYTES);
	token_derive(p->csrf, "csrf", token); /* bound to the session: nothing to store, nothing to fix */
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

struct opening {
	char login[LOGIN_BYTES], stored[PASSWORD_BYTES];
	int64_t user; /* 0: unknown, disabled or without a password */
	struct str token;
	unsigned char hash[TOKEN_HASH_BYTES];
	struct user who;
	bool lost; /* the right went away in between */
};

DB_STMT(account_secret, "t", "iTi", "SELECT id, password, disabled FROM account WHERE login = $1")

static enum result open_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct opening *o = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	o->user = 0;
	o->stored[0] = '\0';
	TRY(db_query_one(tx, &account_secret, &rows, &found, e, DB_CSTR(o->login)));
	struct str stored = found ? db_text(rows, 1) : STR("");
	if (!found || db_int(rows, 2) || !stored.n || stored.n >= sizeof o->stored)
		return OK;
	o->user = db_int(rows, 0);
	memcpy(o->stored, stored.p, stored.n);
	o->stored[stored.n] = '\0';
	return OK;
}

/* Guarded, and first: it holds the user's row, so that whoever disables the user or changes the password either came
 * before (and there is no session) or waits (and then finds the session and ends it). */
DB_STMT(account_enter, "iit", "",
        "UPDATE account SET last_seen_at = $2 WHERE id = $1 AND disabled = 0 AND password = $3")
DB_STMT(session_insert, "bii", "",
        "INSERT INTO session (token, account, created_at, last_seen_at) VALUES ($1, $2, $3, $3)")
DB_STMT(session_expire, "iii", "", "DELETE FROM session WHERE account = $1 AND (last_seen_at < $2 OR created_at < $3)")

static enum result open_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct opening *o = arg;
	int64_t now = clock_now(), entered;
	struct principal self = { .user = o->user };
	TRY(db_exec(tx, &account_enter, &entered, e, DB_INT(o->user), DB_INT(now), DB_CSTR(o->stored)));
	o->lost = !entered;
	if (o->lost)
		return OK;
	TRY(db_exec(tx, &session_insert, NULL, e, DB_BLOB(hash_view(o->hash)), DB_INT(o->user), DB_INT(now)));
	TRY(db_exec(tx, &session_expire, NULL, e, DB_INT(o->user), DB_INT(now - SESSION_IDLE_US),
	            DB_INT(now - SESSION_MAX_US)));
	TRY(user_get(tx, o->user, &o->who, e));
	return audit_act(tx, &self, "sign_in", o->user, STR(""), e);
}

static enum result refuse_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct opening *o = arg;
	struct principal nobody = { 0 };
	return audit_act(tx, &nobody, "sign_in.failed", o->user, STR(""), e);
}

/* Throttle and password, on one of the few places for that: what is in flight there cannot outrun the throttle. */
static enum result open_check(struct opening *o, struct str password, const char *remote, bool *good, struct error *e)
{
	TRY(password_enter(e));
	enum result r = throttle_begin(str_c(o->login), remote, e);
	if (r == OK)
		*good = password_verify(o->stored, password);
	password_leave();
	if (r == OK && *good)
		throttle_forgive(str_c(o->login), remote);
	return r;
}

enum result session_open(struct db *db, struct str login, struct str password, const char *remote,
                         char token[SESSION_TOKEN_BYTES], struct principal *out, struct error *e)
{
	struct opening o = { 0 };
	char fresh[TOKEN_CHARS + 1];
	bool good = false;
	if (login_fold(login, o.login, NULL) == OK)
		TRY(db_read(db, open_read, &o, e));
	TRY(open_check(&o, password, remote, &good, e));
	if (!good) {
		TRY(db_transact(db, refuse_write, &o, e)); /* also for nobody: the same work */
		return wrong(e);
	}
	token_new(fresh);
	o.token = str_c(fresh);
	token_hash(o.hash, "session", o.token);
	TRY(db_transact(db, open_write, &o, e));
	if (o.lost)
		return wrong(e);
	memcpy(token, fresh, sizeof fresh);
	principal_of(out, &o.who, o.token, o.hash);
	return OK;
}

/* ---- Finding ----------------------------------------------------------------------------------------------------- */

struct finding {
	unsigned char hash[TOKEN_HASH_BYTES];
	struct user who;
	int64_t now, last_seen_at;
	bool found;
};

DB_STMT(session_get, "biii", "ii",
        "SELECT s.account, s.last_seen_at FROM session s JOIN account a ON a.id = s.account"
        " WHERE s.token = $1 AND s.last_seen_at > $2 AND s.created_at > $3 AND a.disabled = $4")

static enum result find_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct finding *f = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query_one(tx, &session_get, &rows, &f->found, e, DB_BLOB(hash_view(f->hash)),
	                 DB_INT(f->now - SESSION_IDLE_US), DB_INT(f->now - SESSION_MAX_US), DB_INT(0)));
	if (!f->found)
		return OK;
	f->last_seen_at = db_int(rows, 1);
	return user_get(tx, db_int(rows, 0), &f->who, e);
}

DB_STMT(account_seen, "ii", "", "UPDATE account SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2")
DB_STMT(session_touch, "bii", "", "UPDATE session SET last_seen_at = $2 WHERE token = $1 AND last_seen_at <= $3")

static enum result touch_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct finding *f = arg;
	int64_t touched;
	TRY(db_exec(tx, &session_touch, &touched, e, DB_BLOB(hash_view(f->hash)), DB_INT(f->now),
	            DB_INT(f->now - TOUCH_US)));
	return touched ? db_exec(tx, &account_seen, NULL, e, DB_INT(f->who.id), DB_INT(f->now)) : OK;
}

enum result session_find(struct db *db, struct str token, struct principal *out, struct error *e)
{
	struct finding f = { .now = clock_now() };
	struct principal p;
	if (token.n != TOKEN_CHARS)
		return unknown(e);
	token_hash(f.hash, "session", token);
	if (cache_get(f.hash, out))
		return OK;
	uint64_t generation = access_cache_generation();
	TRY(db_read(db, find_read, &f, e));
	if (!f.found)
		return unknown(e);
	/* A busy database must not turn away who is signed in: the next look-up tries again. */
	if (f.now - f.last_seen_at >= TOUCH_US && db_transact(db, touch_write, &f, NULL) != OK)
		generation = 0;
	principal_of(&p, &f.who, token, f.hash);
	cache_put(f.hash, generation, &p);
	*out = p;
	return OK;
}

/* ---- Closing ----------------------------------------------------------------------------------------------------- */

DB_STMT(session_delete, "b", "i", "DELETE FROM session WHERE token = $1 RETURNING account")
DB_STMT(session_delete_all, "i", "", "DELETE FROM session WHERE account = $1")

static enum result close_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct finding *f = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &session_delete, &rows, &found, e, DB_BLOB(hash_view(f->hash))));
	if (!found)
		return OK;
	struct principal self = { .user = db_int(rows, 0) };
	db_rows_free(rows);
	rows = NULL;
	TRY(audit_act(tx, &self, "sign_out", self.user, STR(""), e));
	return access_changed(tx, self.user, e); /* other processes forget it too */
}

enum result session_close(struct db *db, struct str token, struct error *e)
{
	struct finding f = { 0 };
	if (token.n != TOKEN_CHARS)
		return OK;
	token_hash(f.hash, "session", token);
	TRY(db_transact(db, close_write, &f, e));
	cache_remove(f.hash);
	return OK;
}

enum result sessions_end(struct db_tx *tx, int64_t user, struct error *e)
{
	return db_exec(tx, &session_delete_all, NULL, e, DB_INT(user));
}
