/* One-time links: how a password comes into being, the first administrator's too. */
#include "access/internal.h"

static enum result unknown(struct error *e)
{
	return error_set(e, ERR_NOT_FOUND, "link.unknown", "token", "This link was used, has expired or never was.");
}

static enum result users_exist(struct error *e)
{
	return error_set(e, ERR_CONFLICT, "link.users_exist", NULL, "There is a user already; ask an administrator.");
}

/* A new link takes the place of the user's older ones; those for a first administrator stand side by side (two
 * servers). */
DB_STMT(link_revoke, "ii", "",
        "UPDATE account_link SET expires_at = $2 WHERE account = $1 AND used_at IS NULL AND expires_at > $2")
DB_STMT(link_forget, "i", "", "DELETE FROM account_link WHERE expires_at < $1")
DB_STMT(link_insert, "biii", "",
        "INSERT INTO account_link (token, account, created_at, expires_at) VALUES ($1, $2, $3, $4)")

enum result link_new(struct db_tx *tx, int64_t user, char token[LINK_TOKEN_BYTES], struct error *e)
{
	int64_t now = clock_now(), users;
	struct user who;
	if (user) {
		TRY(user_get(tx, user, &who, e));
		if (who.disabled)
			return error_set(e, ERR_CONFLICT, "user.disabled", "user", "This user is disabled.");
		TRY(db_exec(tx, &link_revoke, NULL, e, DB_INT(user), DB_INT(now)));
	} else {
		TRY(user_count(tx, &users, e));
		if (users)
			return users_exist(e);
	}
	char fresh[TOKEN_CHARS + 1];
	unsigned char hash[TOKEN_HASH_BYTES];
	token_new(fresh);
	token_hash(hash, "link", str_c(fresh));
	TRY(db_exec(tx, &link_forget, NULL, e, DB_INT(now - LINK_US)));
	TRY(db_exec(tx, &link_insert, NULL, e, DB_BLOB(((struct str){ (char *)hash, sizeof hash })), DB_INT(user),
	            DB_INT(now), DB_INT(now + LINK_US)));
	memcpy(token, fresh, sizeof fresh);
	return OK;
}

DB_STMT(link_get, "bi", "i",
        "SELECT account FROM account_link WHERE token = $1 AND used_at IS NULL AND expires_at > $2")

/* The user a valid link is for; 0: the first administrator. */
static enum result link_user(struct db_tx *tx, struct str hash, int64_t *user, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &link_get, &rows, &found, e, DB_BLOB(hash), DB_INT(clock_now())));
	if (!found)
		return unknown(e);
	*user = db_int(rows, 0);
	return OK;
}

enum result link_show(struct db_tx *tx, struct str token, struct link_info *out, struct error *e)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	struct link_info info = { 0 };
	struct user who;
	int64_t user, users;
	token_hash(hash, "link", token);
	TRY(link_user(tx, (struct str){ (char *)hash, sizeof hash }, &user, e));
	if (user) {
		TRY(user_get(tx, user, &who, e));
		if (who.disabled)
			return unknown(e);
		memcpy(info.login, who.login, sizeof info.login);
		memcpy(info.name, who.name, sizeof info.name);
	} else {
		TRY(user_count(tx, &users, e));
		if (users)
			return users_exist(e);
		info.first_admin = true;
	}
	*out = info;
	return OK;
}

/* ---- Using ------------------------------------------------------------------------------------------------------- */

struct use {
	struct str token, hash;
	struct link_info info;
	struct user_in admin;
	char password[PASSWORD_BYTES];
	int64_t user;
};

static enum result use_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct use *u = arg;
	return link_show(tx, u->token, &u->info, e);
}

DB_STMT(link_use_up, "bi", "",
        "UPDATE account_link SET used_at = $2 WHERE token = $1 AND used_at IS NULL AND expires_at > $2")

static enum result use_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct use *u = arg;
	int64_t used, users;
	u->user = 0;
	if (u->info.first_admin) {
		/* The lock comes before the count: two links for a first administrator make one. */
		TRY(db_lock(tx, LOCK_USERS, e));
		TRY(user_count(tx, &users, e));
		if (users)
			return users_exist(e);
	}
	TRY(link_user(tx, u->hash, &u->user, e));
	TRY(db_exec(tx, &link_use_up, &used, e, DB_BLOB(u->hash), DB_INT(clock_now())));
	if (!used)
		return unknown(e);
	if (u->info.first_admin)
		TRY(user_insert(tx, &u->admin, &u->user, e));
	TRY(user_password_store(tx, u->user, u->password, e));
	struct principal self = { .user = u->user };
	return audit_act(tx, &self, "link.used", u->user, STR(""), e);
}

enum result link_use(struct db *db, struct str token, struct str login, struct str name, struct str password,
                     int64_t *user, struct error *e)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	struct use u = { .token = token, .hash = { (char *)hash, sizeof hash } };
	token_hash(hash, "link", token);
	TRY(db_read(db, use_read, &u, e));
	if (u.info.first_admin) {
		TRY(login_fold(login, u.info.login, e));
		u.admin = (struct user_in){ .login = str_c(u.info.login), .name = name, .role = ROLE_ADMIN };
		if (!str_trim(name).n)
			u.admin.name = u.admin.login;
	}
	TRY(password_check(password, u.info.login, e));
	TRY(password_hash(password, u.password, e));
	TRY(db_transact(db, use_write, &u, e));
	*user = u.user;
	return OK;
}
