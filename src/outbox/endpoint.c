/* Endpoints: who wants to hear of what. */
#include "outbox/room.h"
#include "outbox/guard.h"

#define LOCK_ENDPOINTS INT64_C(0x6f757462) /* "outb": how many there are */

static enum result not_found(struct error *e)
{
	return error_set(e, ERR_NOT_FOUND, "webhook.not_found", "webhook", "There is no such webhook.");
}

/* One row was written, or there is no such endpoint. */
static enum result written(int64_t changed, struct error *e)
{
	return changed ? OK : not_found(e);
}

/* ---- Making and changing ------------------------------------------------------------------------------------------
 */

DB_STMT(endpoint_count, "", "i", "SELECT COUNT(*) FROM outbox_endpoint WHERE removed_at IS NULL")

static enum result room_check(struct db_tx *tx, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_lock(tx, LOCK_ENDPOINTS, e));
	TRY(db_query_one(tx, &endpoint_count, &rows, &found, e, DB_NONE));
	if (db_int(rows, 0) >= OUTBOX_ENDPOINTS_MAX)
		return error_set(e, ERR_LIMIT, "webhook.too_many", NULL, "There may be %d webhooks.",
		                 OUTBOX_ENDPOINTS_MAX);
	return OK;
}

static enum result in_check(struct db_tx *tx, const struct endpoint_in *in, struct str *patterns, struct error *e)
{
	struct guard_url url;
	_Static_assert(GUARD_URL_MAX == OUTBOX_URL_MAX, "one limit");
	TRY(guard_url_read(in->url, outbox_configured()->local, &url, e));
	if (in->description.n > OUTBOX_DESCRIPTION_MAX || !str_utf8_valid(in->description))
		return error_set(e, ERR_INVALID, "webhook.description", "description",
		                 "The description is a text of at most %d bytes.", OUTBOX_DESCRIPTION_MAX);
	return patterns_join(in->patterns, in->pattern_count, db_tx_arena(tx), patterns, e);
}

DB_STMT(endpoint_insert, "itttbiI", "",
        "INSERT INTO outbox_endpoint (id, url, patterns, description, secret, created_at, created_by, paused_until) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, 0)")

enum result endpoint_add(struct db_tx *tx, const struct endpoint_in *in, char secret[OUTBOX_SECRET_TEXT], int64_t *id,
                         struct error *e)
{
	unsigned char raw[OUTBOX_SECRET_BYTES], stored[SECRET_SEALED_BYTES];
	struct str patterns;
	TRY(in_check(tx, in, &patterns, e));
	TRY(room_check(tx, e));
	*id = id_new_random();
	secret_new(raw);
	secret_text(secret, raw);
	struct str sealed = secret_seal(raw, *id, stored);
	secret_forget(raw, sizeof(raw));
	return db_exec(tx, &endpoint_insert, NULL, e, DB_INT(*id), DB_TEXT(in->url), DB_TEXT(patterns),
	               DB_TEXT(in->description), DB_BLOB(sealed), DB_INT(clock_now()), DB_INT_OR_NULL(in->created_by));
}

DB_STMT(endpoint_update, "ittt", "",
        "UPDATE outbox_endpoint SET url = $2, patterns = $3, description = $4 WHERE id = $1 AND removed_at IS NULL")

enum result endpoint_change(struct db_tx *tx, int64_t id, const struct endpoint_in *in, struct error *e)
{
	struct str patterns;
	int64_t changed = 0;
	TRY(in_check(tx, in, &patterns, e));
	TRY(db_exec(tx, &endpoint_update, &changed, e, DB_INT(id), DB_TEXT(in->url), DB_TEXT(patterns),
	            DB_TEXT(in->description)));
	return written(changed, e);
}

/* The first reason stays. */
DB_STMT(endpoint_stop, "iti", "",
        "UPDATE outbox_endpoint SET disabled_why = CASE WHEN disabled_at IS NULL THEN $2 ELSE disabled_why END, "
        "disabled_at = COALESCE(disabled_at, $3) WHERE id = $1 AND removed_at IS NULL")

enum result endpoint_disable(struct db_tx *tx, int64_t id, const char *why, struct error *e)
{
	int64_t changed = 0;
	TRY(db_exec(tx, &endpoint_stop, &changed, e, DB_INT(id), DB_CSTR(why), DB_INT(clock_now())));
	return written(changed, e);
}

DB_STMT(endpoint_go, "i", "",
        "UPDATE outbox_endpoint SET disabled_at = NULL, disabled_why = NULL, failing_since = NULL, paused_until = 0 "
        "WHERE id = $1 AND removed_at IS NULL")

enum result endpoint_enable(struct db_tx *tx, int64_t id, struct error *e)
{
	int64_t changed = 0;
	TRY(db_exec(tx, &endpoint_go, &changed, e, DB_INT(id)));
	TRY(written(changed, e));
	return db_after_commit(tx, outbox_wake, NULL, e);
}

/* The secrets go at once, the deliveries by and by. */
DB_STMT(endpoint_end, "iib", "",
        "UPDATE outbox_endpoint SET removed_at = $2, disabled_at = COALESCE(disabled_at, $2), secret = $3, "
        "old_secret = NULL WHERE id = $1 AND removed_at IS NULL")

enum result endpoint_remove(struct db_tx *tx, int64_t id, struct error *e)
{
	int64_t changed = 0;
	TRY(db_exec(tx, &endpoint_end, &changed, e, DB_INT(id), DB_INT(clock_now()), DB_BLOB(STR("-"))));
	return written(changed, e);
}

DB_STMT(endpoint_new_secret, "ibi", "",
        "UPDATE outbox_endpoint SET old_secret = secret, old_until = $3, secret = $2 "
        "WHERE id = $1 AND removed_at IS NULL")

enum result endpoint_rotate(struct db_tx *tx, int64_t id, char secret[OUTBOX_SECRET_TEXT], int64_t *old_until,
                            struct error *e)
{
	unsigned char raw[OUTBOX_SECRET_BYTES], stored[SECRET_SEALED_BYTES];
	int64_t changed = 0;
	secret_new(raw);
	secret_text(secret, raw);
	struct str sealed = secret_seal(raw, id, stored);
	secret_forget(raw, sizeof(raw));
	*old_until = clock_now() + OUTBOX_ROTATE_US;
	TRY(db_exec(tx, &endpoint_new_secret, &changed, e, DB_INT(id), DB_BLOB(sealed), DB_INT(*old_until)));
	return written(changed, e);
}

/* ---- Reading ------------------------------------------------------------------------------------------------------
 */

static char *copy(const struct db_rows *r, int col, struct arena *a, bool *failed)
{
	char *text = db_text_dup(r, col, a);
	*failed = *failed || !text;
	return text;
}

DB_STMT(endpoint_select, "i", "itttiIITIiIII",
        "SELECT id, url, patterns, description, created_at, created_by, disabled_at, disabled_why, "
        "CASE WHEN old_secret IS NULL THEN NULL ELSE old_until END, paused_until, failing_since, succeeded_at, "
        "failed_at FROM outbox_endpoint WHERE removed_at IS NULL AND ($1 = 0 OR id = $1) ORDER BY created_at, id")

static enum result endpoints_read(struct db_tx *tx, int64_t id, struct arena *a, int max, struct endpoint *out,
                                  int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	bool failed = false;
	int n = 0;
	TRY(db_query(tx, &endpoint_select, &r, e, DB_INT(id)));
	while ((step = db_next(r, e)) == DB_ROW && n < max)
		out[n++] = (struct endpoint){ .id = db_int(r, 0),
			                      .url = copy(r, 1, a, &failed),
			                      .patterns = copy(r, 2, a, &failed),
			                      .description = copy(r, 3, a, &failed),
			                      .created_at = db_int(r, 4),
			                      .created_by = db_int(r, 5),
			                      .disabled_at = db_int(r, 6),
			                      .disabled_why = copy(r, 7, a, &failed),
			                      .old_until = db_int(r, 8) > clock_now() ? db_int(r, 8) : 0,
			                      .paused_until = db_int(r, 9),
			                      .failing_since = db_int(r, 10),
			                      .succeeded_at = db_int(r, 11),
			                      .failed_at = db_int(r, 12) };
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return failed ? error_nomem(e) : OK;
}

DB_STMT(delivery_counts, "iiii", "iI",
        "SELECT COUNT(*), MIN(id) FROM (SELECT id FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND state = "
        "$3 "
        "ORDER BY id LIMIT $4) AS few")

static enum result counted(struct db_tx *tx, int64_t endpoint, enum delivery_state state, int64_t *count,
                           int64_t *oldest, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &delivery_counts, &r, &found, e, DB_INT(id_bucket(endpoint)), DB_INT(endpoint),
	                 DB_INT(state), DB_INT(COUNTED_MAX)));
	*count = db_int(r, 0);
	*oldest = db_int(r, 1) ? id_time_us(db_int(r, 1)) : 0;
	return OK;
}

static enum result counts_fill(struct db_tx *tx, struct endpoint *p, struct error *e)
{
	int64_t unused;
	TRY(counted(tx, p->id, DELIVERY_WAITING, &p->waiting, &p->oldest_waiting_at, e));
	return counted(tx, p->id, DELIVERY_GIVEN_UP, &p->given_up, &unused, e);
}

enum result endpoint_get(struct db_tx *tx, int64_t id, struct arena *a, struct endpoint *out, struct error *e)
{
	struct endpoint p;
	int count = 0;
	if (id)
		TRY(endpoints_read(tx, id, a, 1, &p, &count, e));
	if (!count)
		return not_found(e);
	TRY(counts_fill(tx, &p, e));
	*out = p;
	return OK;
}

enum result endpoint_list(struct db_tx *tx, struct arena *a, struct endpoint *out, int *count, struct error *e)
{
	int n = 0;
	TRY(endpoints_read(tx, 0, a, OUTBOX_ENDPOINTS_MAX, out, &n, e));
	for (int i = 0; i < n; i++)
		TRY(counts_fill(tx, &out[i], e));
	*count = n;
	return OK;
}

DB_STMT(endpoint_state, "i", "I", "SELECT disabled_at FROM outbox_endpoint WHERE id = $1 AND removed_at IS NULL")

enum result endpoint_find(struct db_tx *tx, int64_t id, bool *disabled, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &endpoint_state, &r, &found, e, DB_INT(id)));
	if (!found)
		return not_found(e);
	*disabled = !db_is_null(r, 0);
	return OK;
}

DB_STMT(listener_select, "", "iit",
        "SELECT id, created_at, patterns FROM outbox_endpoint WHERE disabled_at IS NULL AND removed_at IS NULL "
        "ORDER BY id")

enum result listeners_get(struct db_tx *tx, struct arena *a, struct listener *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	bool failed = false;
	int n = 0;
	TRY(db_query(tx, &listener_select, &r, e, DB_NONE));
	while ((step = db_next(r, e)) == DB_ROW && n < OUTBOX_ENDPOINTS_MAX)
		out[n++] = (struct listener){ db_int(r, 0), db_int(r, 1), str_c(copy(r, 2, a, &failed)) };
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return failed ? error_nomem(e) : OK;
}
