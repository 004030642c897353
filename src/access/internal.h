/* Inside access/ only. */
#ifndef BYNAME_ACCESS_INTERNAL_H
#define BYNAME_ACCESS_INTERNAL_H

#include "access/access.h"
#include "base/clock.h"
#include "base/id.h"
#include <stdatomic.h>

#define TOKEN_HASH_BYTES 32
#define TOKEN_CHARS 43                 /* of base64url for 32 random bytes */
#define SESSION_IDLE_US (12 * HOUR_US) /* without a request */
#define SESSION_MAX_US (7 * DAY_US)    /* in all */
#define LINK_US (48 * HOUR_US)
#define TOUCH_US MINUTE_US             /* last_seen_at is written at most so often */
#define PASSWORD_BYTES 128             /* of a stored hash */
#define LOCK_USERS INT64_C(0x75736572) /* "user": the first, and the last administrator */

/* ---- crypt.c ---- */

void crypt_ready(void); /* libsodium; cheap after the first time */
void token_new(char token[TOKEN_CHARS + 1]);
/* domain keeps a link's token from being good as a session's. */
void token_hash(unsigned char out[TOKEN_HASH_BYTES], const char *domain, struct str token);
void token_derive(char out[TOKEN_CHARS + 1], const char *domain, struct str token); /* the hash as base64url */

/* At most one Argon2id a core at a time; ERR_BUSY "sign_in.busy" when too many wait. Between enter and leave: */
MUST_CHECK enum result password_enter(struct error *e);
void password_leave(void);
bool password_verify(const char *stored, struct str password); /* stored "" : the same work, false */
/* Enters and leaves by itself. */
MUST_CHECK enum result password_hash(struct str password, char out[PASSWORD_BYTES], struct error *e);
/* ERR_INVALID "password.short", "password.long", "password.login", "password.malformed", field "password". */
MUST_CHECK enum result password_check(struct str password, const char *login, struct error *e);

/* ---- throttle.c ---- */

/* Counts an attempt as failed until throttle_forgive(); ERR_LIMIT "sign_in.throttled" without counting. remote may be
 * NULL. */
MUST_CHECK enum result throttle_begin(struct str login, const char *remote, struct error *e);
void throttle_forgive(struct str login, const char *remote);

/* ---- cache.c ---- */

/* Principals by the hash of their token, for 10 s. A reader takes the generation before it asks the database, so that
 * what it read before a drop is never kept after it. */
uint64_t access_cache_generation(void);
bool cache_get(const unsigned char key[TOKEN_HASH_BYTES], struct principal *out);
void cache_put(const unsigned char key[TOKEN_HASH_BYTES], uint64_t generation, const struct principal *p);
void cache_remove(const unsigned char key[TOKEN_HASH_BYTES]);
/* Appends FEED_ACCESS and drops the cache after the commit. */
MUST_CHECK enum result access_changed(struct db_tx *tx, int64_t ref, struct error *e);

/* ---- user.c ---- */

#define LOGIN_BYTES 64
/* Lower case; ERR_INVALID "user.login_malformed". */
MUST_CHECK enum result login_fold(struct str in, char out[LOGIN_BYTES], struct error *e);
/* Stores of a user, into stores[ACCESS_STORES_MAX]. */
MUST_CHECK enum result user_stores(struct db_tx *tx, int64_t user, int64_t *stores, int *count, struct error *e);
/* Sets the hash, ends the user's sessions. ERR_NOT_FOUND. */
MUST_CHECK enum result user_password_store(struct db_tx *tx, int64_t user, const char *hash, struct error *e);
/* As user_add(), with the lock taken by the caller. */
MUST_CHECK enum result user_insert(struct db_tx *tx, const struct user_in *in, int64_t *user, struct error *e);
MUST_CHECK enum result sessions_end(struct db_tx *tx, int64_t user, struct error *e);

/* ---- audit_chain.c ---- */

#define AUDIT_HASH_BYTES 32
#define AUDIT_SALT_BYTES 16
#define AUDIT_BATCH 256 /* entries of one block */
#define AUDIT_WINDOW_US (5 * MINUTE_US)

struct audit_entry {
	int64_t id, account, apikey, subject, win, uniq;
	char action[48], purpose[32];
	bool has_commitment;
	unsigned char commitment[AUDIT_HASH_BYTES];
};
struct audit_anchor {
	int64_t node, seq;
	unsigned char hash[AUDIT_HASH_BYTES];
};
struct audit_head {
	int64_t node, seq;
	unsigned char hash[AUDIT_HASH_BYTES];
};

int64_t audit_node(void); /* this process's chain */
void audit_commit_text(unsigned char out[AUDIT_HASH_BYTES], const unsigned char salt[AUDIT_SALT_BYTES],
                       struct str detail);
/* Sorts the entries. */
void audit_digest(unsigned char out[AUDIT_HASH_BYTES], struct audit_entry *entries, size_t count,
                  const struct audit_anchor *anchors, size_t anchor_count);
void audit_block_hash(unsigned char out[AUDIT_HASH_BYTES], const unsigned char before[AUDIT_HASH_BYTES], int64_t node,
                      int64_t seq, int64_t at, int64_t entries, const unsigned char digest[AUDIT_HASH_BYTES]);
/* Keeps other writers of the chain out until the commit. Only one-shot commands share a node; a server has its own and
 * goes without. The key is higher than anybody's else: it may be taken last. */
MUST_CHECK enum result audit_chain_lock(struct db_tx *tx, int64_t node, struct error *e);
/* The newest block of a chain; seq 0 and zeros when there is none. */
MUST_CHECK enum result audit_head_get(struct db_tx *tx, int64_t node, struct audit_head *out, struct error *e);
/* Writes the block after *head and moves *head on. ERR_RETRY when another was first (then read the head anew). */
MUST_CHECK enum result audit_seal(struct db_tx *tx, struct audit_head *head, struct audit_entry *entries, size_t count,
                                  const struct audit_anchor *anchors, size_t anchor_count, struct error *e);
/* Inserts an entry into that block; *added is false when a view of the same window is there already. */
MUST_CHECK enum result audit_entry_insert(struct db_tx *tx, int64_t node, int64_t block,
                                          const struct audit_entry *entry, bool *added, struct error *e);
/* Seals at most AUDIT_BATCH entries that are not sealed; *count says how many. *head is moved. */
MUST_CHECK enum result audit_seal_pending(struct db_tx *tx, struct audit_head *head, size_t *count, struct error *e);

/* ---- audit_appender.c ---- */

bool audit_appender_runs(void);
void audit_appender_poke(void *unused); /* an act was committed and is to be sealed */

/* ---- audit_check.c ---- */

MUST_CHECK enum result audit_check(struct db *db, void (*finding)(void *, const char *, const char *, const char *),
                                   void *arg, struct error *e);

#endif
