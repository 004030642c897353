/* Who may do what: users, roles, sessions, API keys, rate limits; and the audit trail of who looked at whom. */
#ifndef BYNAME_ACCESS_H
#define BYNAME_ACCESS_H

#include "feed/feed.h"

/* Bits, for http_route.roles. A user has exactly one role; an API key has ROLE_SOURCE (secret) or ROLE_BROWSER
 * (public). */
enum role {
	ROLE_ASSOCIATE = 1u << 0,
	ROLE_AGENT = 1u << 1,
	ROLE_MANAGER = 1u << 2,
	ROLE_MARKETER = 1u << 3,
	ROLE_BUYER = 1u << 4,
	ROLE_ANALYST = 1u << 5,
	ROLE_FULFILMENT = 1u << 6,
	ROLE_CREDIT = 1u << 7,
	ROLE_MODERATOR = 1u << 8,
	ROLE_PRIVACY = 1u << 9,
	ROLE_OPERATOR = 1u << 10,
	ROLE_ADMIN = 1u << 11,
	ROLE_SOURCE = 1u << 12,
	ROLE_BROWSER = 1u << 13,
	ROLE_LOCAL = 1u << 14 /* the command line on the machine itself, over the local socket */
};
#define ROLE_COUNT 15
#define ROLES_STAFF 0x0fffu /* every user */
#define ROLES_SERVE                                                                                                    \
	(ROLE_ASSOCIATE | ROLE_AGENT | ROLE_MANAGER | ROLE_ADMIN | ROLE_LOCAL) /* those who serve customers */
const char *role_name(enum role r);                                            /* "associate" */
bool role_find(struct str name, enum role *r);

#define ACCESS_STORES_MAX 64
#define ACCESS_NAME_MAX 120

/* Whoever calls: a user's session, an API key, or the local command line. */
struct principal {
	enum role role;
	int64_t user;                      /* user id; 0 for keys and local */
	int64_t key;                       /* API key id, else 0 */
	int64_t associate;                 /* the associate this user is, else 0 */
	int64_t stores[ACCESS_STORES_MAX]; /* store scope; none for agents, admins, … who work for the whole chain */
	int store_count;
	char login[64], name[ACCESS_NAME_MAX];
	char source[40];           /* an API key's source */
	char csrf[44];             /* this session's token, for header X-Byname-CSRF */
	unsigned char session[32]; /* hash of the session token */
};
/* Whether the principal may act for this store. Without stores of their own associates and browser keys may for none,
 * everybody else works for the whole chain. */
bool principal_in_store(const struct principal *p, int64_t store);
/* Whether the header's value is this session's CSRF token (constant time). */
bool principal_csrf_ok(const struct principal *p, struct str header);

/* ---- Users ------------------------------------------------------------------------------------------------------- */

struct user_in {
	struct str login, name;
	enum role role;
	int64_t associate; /* or 0 */
	int64_t stores[ACCESS_STORES_MAX];
	int store_count;
};
struct user {
	int64_t id, associate, created_at, last_seen_at;
	char login[64], name[ACCESS_NAME_MAX];
	enum role role;
	int64_t stores[ACCESS_STORES_MAX];
	int store_count;
	bool disabled, has_password;
};
/* Makes a user without a password: hand out a link. ERR_CONFLICT "user.login_taken". Login is folded to lower case. */
MUST_CHECK enum result user_add(struct db_tx *tx, const struct user_in *in, int64_t *user, struct error *e);
MUST_CHECK enum result user_change(struct db_tx *tx, int64_t user, const struct user_in *in, bool disabled,
                                   struct error *e);
MUST_CHECK enum result user_get(struct db_tx *tx, int64_t user, struct user *out, struct error *e);
/* user_change(): ERR_CONFLICT "user.last_admin" when no enabled administrator would be left. Takes effect at once:
 * sessions of a disabled user are gone, cached rights are dropped here after the commit and elsewhere by the feed. */
/* At most limit, by login after `after` (empty: from the start). */
MUST_CHECK enum result user_list(struct db_tx *tx, struct str after, int limit, struct user *out, int *count,
                                 struct error *e);
MUST_CHECK enum result user_count(struct db_tx *tx, int64_t *count, struct error *e);

/* A one-time link token (48 h) with which a user sets a password. user 0: the first administrator, only while there are
 * no users. token: 43 characters of base64url; only its hash is stored. */
#define LINK_TOKEN_BYTES 44
MUST_CHECK enum result link_new(struct db_tx *tx, int64_t user, char token[LINK_TOKEN_BYTES], struct error *e);
struct link_info {
	bool first_admin;
	char login[64], name[ACCESS_NAME_MAX];
};
MUST_CHECK enum result link_show(struct db_tx *tx, struct str token, struct link_info *out, struct error *e);
/* Uses the link: sets the password (≥ 10 characters, not the login), for the first administrator also makes the user.
 */
MUST_CHECK enum result link_use(struct db *db, struct str token, struct str login, struct str name, struct str password,
                                int64_t *user, struct error *e);
/* For the demo chain and tests: sets a password outright. Argon2id 19 MiB, t=2. */
MUST_CHECK enum result user_set_password(struct db *db, int64_t user, struct str password, struct error *e);

/* ---- Sessions ---------------------------------------------------------------------------------------------------- */

#define SESSION_TOKEN_BYTES 44
/* Checks the password (constant work for unknown logins; at most 10 failures a login and 50 an address in 15 minutes:
 * ERR_LIMIT) and opens a session: idle limit 12 h, absolute 7 days. ERR_UNAUTHORIZED "sign_in.wrong". */
MUST_CHECK enum result session_open(struct db *db, struct str login, struct str password, const char *remote,
                                    char token[SESSION_TOKEN_BYTES], struct principal *out, struct error *e);
/* Looks a session up by its cookie; cached for 10 s, feed drops it at once when rights change. */
MUST_CHECK enum result session_find(struct db *db, struct str token, struct principal *out, struct error *e);
MUST_CHECK enum result session_close(struct db *db, struct str token, struct error *e);

/* ---- API keys ---------------------------------------------------------------------------------------------------- */

struct apikey {
	int64_t id, created_at, last_used_at;
	char name[ACCESS_NAME_MAX], source[40], hint[12];
	enum role role; /* ROLE_SOURCE or ROLE_BROWSER */
	bool revoked;
};
#define APIKEY_BYTES 64
/* The key is shown once: "bn_sk_…" (secret) or "bn_pk_…" (browser). */
MUST_CHECK enum result apikey_add(struct db_tx *tx, struct str name, struct str source, enum role role,
                                  char key[APIKEY_BYTES], int64_t *id, struct error *e);
MUST_CHECK enum result apikey_find(struct db *db, struct str key, struct principal *out, struct error *e); /* cached */
MUST_CHECK enum result apikey_revoke(struct db_tx *tx, int64_t id, struct error *e);
MUST_CHECK enum result apikey_list(struct db_tx *tx, int limit, struct apikey *out, int *count, struct error *e);
void access_cache_drop(void); /* forget cached sessions and keys: after FEED_ACCESS */
/* The process view that does so: list it in feed_start(). */
extern const struct feed_process access_feed;

/* ---- Rate limits ------------------------------------------------------------------------------------------------- */

/* Token bucket in memory per (what, who): false when exceeded, with the seconds to wait. what: "find", "card",
 * "ingest". */
bool rate_allow(const char *what, int64_t who, int per_minute, int burst, int *wait_s);

/* ---- Audit ------------------------------------------------------------------------------------------------------- */

/* Notes that the principal saw this customer (founding record) for this purpose; durable before it returns. One row per
 * user × customer × purpose in 5 minutes; views of many callers share a commit. One hash chain per server process. */
MUST_CHECK enum result audit_view(struct db *db, const struct principal *p, int64_t customer, const char *purpose,
                                  struct error *e);
/* The same in two steps, so that what is seen can be read while the note of it is written. begin() queues the note; on
 * OK end() must follow: it returns when the note is durable. The caller keeps v and purpose in place between them and
 * lets nothing out before end() says OK. */
struct audit_viewing { /* the fields are the appender's */
	struct db *db;
	int64_t account, apikey, customer;
	const char *purpose;
	int64_t win; /* the window that it was noted in */
	bool queued, done;
	struct error error;
	struct audit_viewing *next;
};
MUST_CHECK enum result audit_view_begin(struct audit_viewing *v, struct db *db, const struct principal *p,
                                        int64_t customer, const char *purpose, struct error *e);
MUST_CHECK enum result audit_view_end(struct audit_viewing *v, struct error *e);
/* Notes an act (merge, sign-in, key made, …) inside the act's own transaction. subject: record or other id, or 0.
 * detail: a short JSON text without personal data. */
MUST_CHECK enum result audit_act(struct db_tx *tx, const struct principal *p, const char *action, int64_t subject,
                                 struct str detail, struct error *e);
struct audit_row {
	int64_t id, at, user, key, subject;
	int64_t node, seq; /* the sealed block it is in; 0/0: to be sealed in a moment */
	char action[48], purpose[32], detail[256], who[ACCESS_NAME_MAX];
	bool erased;
};
/* Newest first, before the row of that id (0: from the newest); subject or user 0: any. */
MUST_CHECK enum result audit_list(struct db_tx *tx, int64_t subject, int64_t user, int64_t before, int limit,
                                  struct audit_row *out, int *count, struct error *e);
/* Starts and stops the process's appender thread. audit_view() before the start writes by itself. */
MUST_CHECK enum result audit_start(struct db *db, struct error *e);
void audit_stop(void);

struct room;
extern const struct room access_room; /* check: every chain verifies */

#endif
