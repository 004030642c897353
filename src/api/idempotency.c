/* Writes: one transaction, its answer, and with an Idempotency-Key the promise that a repeat changes nothing. The key
 * is claimed first and the stored answer commits with the write, so either both are there or neither. */
#include "api/api.h"
#include "api/internal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "ledger/ledger.h"
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>

#define IDEM_KEY_MAX 128
#define IDEM_SCOPE_BYTES 32
#define IDEM_LIFE_US (7 * DAY_US)
#define IDEM_PRUNE_STEP_US USEC
#define ANSWER_MAX (1 << 20)
#define STATUS_ERASED 410 /* stored only: the answer went with the person whom it was about */

struct write {
	api_write_fn *fn;
	void *arg;
	struct str key; /* empty: none */
	char scope[IDEM_SCOPE_BYTES];
	int64_t bucket, record; /* record: whom the answer is about; 0: nobody */
	unsigned char payload[HASH128_BYTES];
	int status;
	/* what came out; anew on each attempt */
	struct buf out;
	bool replayed;
	int out_status;
	struct feed_position position;
};

/* ---- Keys whose write is running in this process
 * ------------------------------------------------------------------------ */

struct running {
	struct running *next;
	const struct write *write;
};
static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;
static struct running *running_list;

static bool running_enter(struct running *r, const struct write *w)
{
	bool free_ = true;
	r->write = w;
	pthread_mutex_lock(&running_lock);
	for (struct running *o = running_list; o && free_; o = o->next)
		free_ = o->write->bucket != w->bucket || !str_eq(o->write->key, w->key) ||
		        strcmp(o->write->scope, w->scope) != 0;
	if (free_) {
		r->next = running_list;
		running_list = r;
	}
	pthread_mutex_unlock(&running_lock);
	return free_;
}

static void running_leave(struct running *r)
{
	pthread_mutex_lock(&running_lock);
	struct running **at = &running_list;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	pthread_mutex_unlock(&running_lock);
}

/* ---- In the transaction
 * ------------------------------------------------------------------------------------------------- */

DB_STMT(idem_claim, "ittbiI", "",
        "INSERT INTO idem (bucket, scope, key, payload, status, answer, at, record)"
        " VALUES ($1, $2, $3, $4, 0, '', $5, $6)"
        " ON CONFLICT DO NOTHING")
static enum result claim(struct db_tx *tx, const struct write *w, bool *claimed, struct error *e)
{
	int64_t changed = 0;
	TRY(db_exec(tx, &idem_claim, &changed, e, DB_INT(w->bucket), DB_CSTR(w->scope), DB_TEXT(w->key),
	            DB_BLOB(((struct str){ (const char *)w->payload, HASH128_BYTES })), DB_INT(clock_now()),
	            DB_INT_OR_NULL(w->record)));
	*claimed = changed == 1;
	return OK;
}

DB_STMT(idem_load, "itt", "bit",
        "SELECT payload, status, answer FROM idem WHERE bucket = $1 AND scope = $2 AND key = $3")
static enum result replay(struct db_tx *tx, struct write *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found = false;
	TRY(db_query_one(tx, &idem_load, &rows, &found, e, DB_INT(w->bucket), DB_CSTR(w->scope), DB_TEXT(w->key)));
	if (!found)
		return error_set(e, ERR_RETRY, "idempotency.pruned", NULL, "The stored answer went away meanwhile.");
	struct str payload = db_blob(rows, 0), answer = db_text(rows, 2);
	if (db_int(rows, 1) == STATUS_ERASED)
		return error_set(e, ERR_NOT_FOUND, "idempotency.erased", "Idempotency-Key",
		                 "What was written with this key has been erased.");
	if (!str_eq(payload, (struct str){ (const char *)w->payload, HASH128_BYTES }))
		return error_set(e, ERR_MISMATCH, "idempotency.mismatch", "Idempotency-Key",
		                 "The key was used for another request.");
	w->out_status = (int)db_int(rows, 1);
	buf_add(&w->out, answer.p, answer.n);
	w->replayed = true;
	return OK;
}

/* The payload again: whoever erases a person erases it, too. */
DB_STMT(idem_store, "ittitb", "",
        "UPDATE idem SET status = $4, answer = $5, payload = $6 WHERE bucket = $1 AND scope = $2 AND key = $3")
static enum result store(struct db_tx *tx, const struct write *w, struct error *e)
{
	return db_exec(tx, &idem_store, NULL, e, DB_INT(w->bucket), DB_CSTR(w->scope), DB_TEXT(w->key),
	               DB_INT(w->out_status), DB_TEXT(buf_view(&w->out)),
	               DB_BLOB(((struct str){ (const char *)w->payload, HASH128_BYTES })));
}

static enum result write_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct write *w = arg;
	struct json_writer json;
	bool claimed = true;
	buf_clear(&w->out);
	w->replayed = false;
	w->position = (struct feed_position){ 0 };
	if (w->key.n)
		TRY(claim(tx, w, &claimed, e));
	if (!claimed)
		return replay(tx, w, e);
	jw_init(&json, &w->out);
	TRY(w->fn(tx, &json, w->arg, e));
	if (w->out.failed)
		return error_set(e, ERR_INTERNAL, "answer.too_large", NULL, "The answer is too large.");
	w->out_status = w->out.n ? w->status : 204;
	w->position = feed_tx_position(tx);
	return w->key.n ? store(tx, w, e) : OK;
}

/* ---- Around it
 * ---------------------------------------------------------------------------------------------------------- */

static void scope_write(const struct principal *p, char scope[IDEM_SCOPE_BYTES])
{
	if (p && p->user)
		snprintf(scope, IDEM_SCOPE_BYTES, "user:%lld", (long long)p->user);
	else if (p && p->key)
		snprintf(scope, IDEM_SCOPE_BYTES, "key:%lld", (long long)p->key);
	else
		snprintf(scope, IDEM_SCOPE_BYTES, "%s", p ? "local" : "open");
}

static enum result key_check(struct str key, struct error *e)
{
	bool clean = key.n <= IDEM_KEY_MAX;
	for (size_t i = 0; clean && i < key.n; i++)
		clean = (unsigned char)key.p[i] > 0x20 && (unsigned char)key.p[i] < 0x7f;
	if (!clean)
		return error_set(e, ERR_INVALID, "idempotency.malformed", "Idempotency-Key",
		                 "A key is at most %d visible ASCII characters.", IDEM_KEY_MAX);
	return OK;
}

enum result api_act_key(struct http_request *rq, unsigned char out[HASH128_BYTES], struct error *e)
{
	struct str key = http_header(rq, "Idempotency-Key");
	char scope[IDEM_SCOPE_BYTES];
	TRY(key_check(key, e));
	if (!key.n) {
		randombytes_buf(out, HASH128_BYTES);
		return OK;
	}
	scope_write(api_principal(rq), scope);
	act_key(out, str_c(scope), key);
	return OK;
}

static enum result key_read(struct http_request *rq, struct write *w, struct error *e)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	const struct principal *p = api_principal(rq);
	w->key = http_header(rq, "Idempotency-Key");
	TRY(key_check(w->key, e));
	if (!w->key.n)
		return OK;
	scope_write(p, w->scope);
	w->bucket = bucket_of(str_c(w->scope), w->key);
	w->record = http_param_i64(rq, "customer", 0);
	const struct str parts[] = { str_c(methods[http_method_of(rq)]), str_c(http_path(rq)), http_body(rq) };
	hash128(w->payload, parts, 3);
	return OK;
}

static enum result write_run(struct db *db, struct write *w, struct error *e)
{
	struct running r;
	if (!w->key.n)
		return db_transact(db, write_tx, w, e);
	if (!running_enter(&r, w))
		return error_set(e, ERR_CONFLICT, "idempotency.running", "Idempotency-Key",
		                 "The first request with this key is still running.");
	enum result res = db_transact(db, write_tx, w, e);
	running_leave(&r);
	return res;
}

static void answer(struct http_response *rs, const struct write *w)
{
	if (w->position.id) {
		char text[48];
		snprintf(text, sizeof(text), "%lld-%lld", (long long)w->position.xid, (long long)w->position.id);
		http_set_header(rs, API_POSITION_HEADER, text);
	}
	if (w->replayed)
		http_set_header(rs, "Idempotency-Replayed", "true");
	http_status(rs, w->out_status);
	if (w->out.n)
		http_set_body(rs, buf_view(&w->out), "application/json");
}

enum result api_write_told(struct http_request *rq, struct http_response *rs, int status, api_write_fn *fn, void *arg,
                           bool *replayed, struct error *e)
{
	const struct desk *d = api_desk(rq);
	struct write w = { .fn = fn, .arg = arg, .status = status };
	TRY(key_read(rq, &w, e));
	buf_init(&w.out, ANSWER_MAX);
	enum result r = write_run(d->db, &w, e);
	if (r == OK) {
		*replayed = w.replayed;
		answer(rs, &w);
		if (d->feed && w.position.id)
			feed_wake(d->feed);
	}
	buf_free(&w.out);
	return r;
}

enum result api_write(struct http_request *rq, struct http_response *rs, int status, api_write_fn *fn, void *arg,
                      struct error *e)
{
	bool replayed;
	return api_write_told(rq, rs, status, fn, arg, &replayed, e);
}

DB_STMT(idem_prune, "ii", "", "DELETE FROM idem WHERE at < $1 AND at <= (SELECT MIN(at) FROM idem WHERE at < $1) + $2")
static enum result prune_tx(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t changed = 0;
	TRY(db_exec(tx, &idem_prune, &changed, e, DB_INT(clock_now() - IDEM_LIFE_US), DB_INT(IDEM_PRUNE_STEP_US)));
	*(bool *)arg = changed > 0;
	return OK;
}

enum result api_idem_prune(struct db *db, bool *more, struct error *e)
{
	return db_transact(db, prune_tx, more, e);
}

/* ---- Erasing ------------------------------------------------------------------------------------------------------
 */

/* The key stays claimed: a repeat must not write anew what was erased. Also the hash of what was asked goes: what is
 * short can be guessed from it. */
DB_STMT(idem_erase, "iib", "", "UPDATE idem SET status = $2, answer = '', payload = $3 WHERE record = $1")
static enum result erase_record(struct db_tx *tx, int64_t record, struct error *e)
{
	return db_exec(tx, &idem_erase, NULL, e, DB_INT(record), DB_INT(STATUS_ERASED), DB_BLOB(STR("")));
}

const struct room api_room = { .name = "api", .erase_record = erase_record };
