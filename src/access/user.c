/* Users: who they are, their role, their stores. */
#include "access/internal.h"

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

DB_STMT(account_stores, "i", "i", "SELECT store FROM account_store WHERE account = $1 ORDER BY store")

enum result user_stores(struct db_tx *tx, int64_t user, int64_t *stores, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &account_stores, &rows, e, DB_INT(user)));
	while ((step = db_next(rows, e)) == DB_ROW && n < ACCESS_STORES_MAX)
		stores[n++] = db_int(rows, 0);
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return OK;
}

static void copy_text(char *out, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	memcpy(out, s.n ? s.p : "", n);
	out[n] = '\0';
}

static void user_read(const struct db_rows *rows, struct user *u)
{
	*u = (struct user){ .id = db_int(rows, 0),
		            .associate = db_int(rows, 4),
		            .disabled = db_int(rows, 5) != 0,
		            .has_password = db_int(rows, 6) != 0,
		            .created_at = db_int(rows, 7),
		            .last_seen_at = db_int(rows, 8) };
	copy_text(u->login, sizeof u->login, db_text(rows, 1));
	copy_text(u->name, sizeof u->name, db_text(rows, 2));
	if (!role_find(db_text(rows, 3), &u->role))
		u->role = 0; /* of a newer program: may do nothing here */
}

DB_STMT(account_get, "i", "itttIiiii",
        "SELECT id, login, name, role, associate, disabled, CASE WHEN password IS NULL THEN 0 ELSE 1 END, created_at,"
        " last_seen_at FROM account WHERE id = $1")

enum result user_get(struct db_tx *tx, int64_t user, struct user *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct user u;
	bool found;
	TRY(db_query_one(tx, &account_get, &rows, &found, e, DB_INT(user)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "user.unknown", "user", "There is no such user.");
	user_read(rows, &u);
	TRY(user_stores(tx, user, u.stores, &u.store_count, e));
	*out = u;
	return OK;
}

DB_STMT(account_list, "ti", "itttIiiii",
        "SELECT id, login, name, role, associate, disabled, CASE WHEN password IS NULL THEN 0 ELSE 1 END, created_at,"
        " last_seen_at FROM account WHERE login > $1 ORDER BY login LIMIT $2")

enum result user_list(struct db_tx *tx, struct str after, int limit, struct user *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &account_list, &rows, e, DB_TEXT(after), DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW && n < limit)
		user_read(rows, &out[n++]);
	if (step == DB_ERR)
		return e->result;
	for (int i = 0; i < n; i++)
		TRY(user_stores(tx, out[i].id, out[i].stores, &out[i].store_count, e));
	*count = n;
	return OK;
}

DB_STMT(account_count, "", "i", "SELECT COUNT(*) FROM account")

enum result user_count(struct db_tx *tx, int64_t *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &account_count, &rows, &found, e, DB_NONE));
	*count = found ? db_int(rows, 0) : 0;
	return OK;
}

/* ---- Checking ---------------------------------------------------------------------------------------------------- */

static bool login_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '@' ||
	       c == '+';
}

enum result login_fold(struct str in, char out[LOGIN_BYTES], struct error *e)
{
	char folded[LOGIN_BYTES];
	struct str s = str_trim(in);
	bool good = s.n >= 1 && s.n < LOGIN_BYTES;
	for (size_t i = 0; good && i < s.n; i++) {
		folded[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
		good = login_char(folded[i]);
	}
	if (!good)
		return error_set(e, ERR_INVALID, "user.login_malformed", "login",
		                 "A login is 1 to %d letters a-z, digits or any of . _ - @ +", LOGIN_BYTES - 1);
	folded[s.n] = '\0';
	memcpy(out, folded, s.n + 1);
	return OK;
}

static enum result user_in_check(const struct user_in *in, char login[LOGIN_BYTES], struct error *e)
{
	struct str name = str_trim(in->name);
	TRY(login_fold(in->login, login, e));
	if (!name.n || name.n >= ACCESS_NAME_MAX || !str_utf8_valid(name))
		return error_set(e, ERR_INVALID, "user.name", "name", "A name is 1 to %d bytes of text.",
		                 ACCESS_NAME_MAX - 1);
	if (!(in->role & ROLES_STAFF) || (in->role & (in->role - 1)))
		return error_set(e, ERR_INVALID, "user.role", "role", "A user has one role of staff.");
	if (in->store_count < 0 || in->store_count > ACCESS_STORES_MAX)
		return error_set(e, ERR_INVALID, "user.stores", "stores", "At most %d stores.", ACCESS_STORES_MAX);
	return OK;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

DB_STMT(account_store_clear, "i", "", "DELETE FROM account_store WHERE account = $1")
DB_STMT(account_store_add, "ii", "",
        "INSERT INTO account_store (account, store) VALUES ($1, $2) ON CONFLICT DO NOTHING")

static enum result stores_set(struct db_tx *tx, int64_t user, const struct user_in *in, struct error *e)
{
	TRY(db_exec(tx, &account_store_clear, NULL, e, DB_INT(user)));
	for (int i = 0; i < in->store_count; i++)
		TRY(db_exec(tx, &account_store_add, NULL, e, DB_INT(user), DB_INT(in->stores[i])));
	return OK;
}

static enum result login_taken(struct error *e)
{
	return error_set(e, ERR_CONFLICT, "user.login_taken", "login", "Another user has this login.");
}

DB_STMT(account_insert, "itttIi", "",
        "INSERT INTO account (id, login, name, role, associate, disabled, password, created_at, last_seen_at)"
        " VALUES ($1, $2, $3, $4, $5, 0, NULL, $6, 0) ON CONFLICT DO NOTHING")

enum result user_insert(struct db_tx *tx, const struct user_in *in, int64_t *user, struct error *e)
{
	char login[LOGIN_BYTES];
	int64_t id = id_new_random(), added;
	TRY(user_in_check(in, login, e));
	TRY(db_exec(tx, &account_insert, &added, e, DB_INT(id), DB_CSTR(login), DB_TEXT(str_trim(in->name)),
	            DB_CSTR(role_name(in->role)), DB_INT_OR_NULL(in->associate), DB_INT(clock_now())));
	if (!added)
		return login_taken(e);
	TRY(stores_set(tx, id, in, e));
	TRY(access_changed(tx, id, e));
	*user = id;
	return OK;
}

enum result user_add(struct db_tx *tx, const struct user_in *in, int64_t *user, struct error *e)
{
	TRY(db_lock(tx, LOCK_USERS, e)); /* against the link of a first administrator */
	return user_insert(tx, in, user, e);
}

DB_STMT(account_login_other, "ti", "i", "SELECT id FROM account WHERE login = $1 AND id <> $2")
DB_STMT(account_other_admin, "i", "i",
        "SELECT COUNT(*) FROM account WHERE role = 'admin' AND disabled = 0 AND id <> $1")
DB_STMT(account_change, "itttIi", "",
        "UPDATE account SET login = $2, name = $3, role = $4, associate = $5, disabled = $6 WHERE id = $1")

static enum result change_allowed(struct db_tx *tx, const struct user *now, const struct user_in *in, const char *login,
                                  bool disabled, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL, *admins = NULL;
	bool found;
	TRY(db_query_one(tx, &account_login_other, &rows, &found, e, DB_CSTR(login), DB_INT(now->id)));
	if (found)
		return login_taken(e);
	if (now->role != ROLE_ADMIN || now->disabled || (in->role == ROLE_ADMIN && !disabled))
		return OK;
	TRY(db_query_one(tx, &account_other_admin, &admins, &found, e, DB_INT(now->id)));
	if (found && db_int(admins, 0) == 0)
		return error_set(e, ERR_CONFLICT, "user.last_admin", NULL, "The last administrator must remain one.");
	return OK;
}

enum result user_change(struct db_tx *tx, int64_t user, const struct user_in *in, bool disabled, struct error *e)
{
	char login[LOGIN_BYTES];
	struct user now;
	TRY(user_in_check(in, login, e));
	TRY(db_lock(tx, LOCK_USERS, e));
	TRY(user_get(tx, user, &now, e));
	TRY(change_allowed(tx, &now, in, login, disabled, e));
	TRY(db_exec(tx, &account_change, NULL, e, DB_INT(user), DB_CSTR(login), DB_TEXT(str_trim(in->name)),
	            DB_CSTR(role_name(in->role)), DB_INT_OR_NULL(in->associate), DB_INT(disabled)));
	TRY(stores_set(tx, user, in, e));
	if (disabled)
		TRY(sessions_end(tx, user, e));
	return access_changed(tx, user, e);
}

DB_STMT(account_password, "it", "", "UPDATE account SET password = $2 WHERE id = $1 AND disabled = 0")

enum result user_password_store(struct db_tx *tx, int64_t user, const char *hash, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &account_password, &changed, e, DB_INT(user), DB_CSTR(hash)));
	if (!changed)
		return error_set(e, ERR_NOT_FOUND, "user.unknown", "user", "There is no such user.");
	TRY(sessions_end(tx, user, e));
	return access_changed(tx, user, e);
}

struct set_password {
	int64_t user;
	struct user now;
	char hash[PASSWORD_BYTES];
};
static enum result set_password_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct set_password *s = arg;
	return user_get(tx, s->user, &s->now, e);
}
static enum result set_password_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct set_password *s = arg;
	return user_password_store(tx, s->user, s->hash, e);
}

enum result user_set_password(struct db *db, int64_t user, struct str password, struct error *e)
{
	struct set_password s = { .user = user };
	TRY(db_read(db, set_password_read, &s, e));
	TRY(password_check(password, s.now.login, e));
	TRY(password_hash(password, s.hash, e));
	return db_transact(db, set_password_write, &s, e);
}
