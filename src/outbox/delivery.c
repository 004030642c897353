/* Deliveries: made, listed, sent again, forgotten. */
#include "outbox/room.h"

#include <stdio.h>

#define CHUNK 500 /* rows that upkeep writes in one transaction */
#define REMOVED_WAIT_US MINUTE_US

const char *delivery_state_name(enum delivery_state s)
{
	static const char *const names[DELIVERY_STATES] = { "", "waiting", "delivered", "given_up" };
	return s > 0 && s < DELIVERY_STATES ? names[s] : "unknown";
}

/* ---- Making -------------------------------------------------------------------------------------------------------
 */

/* Whoever claims it from now on sends it after what it tells was committed. */
DB_STMT(delivery_fresh, "iiit", "i",
        "SELECT id FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND subject = $3 AND type = $4 AND state = 1 "
        "AND tries = 0 AND lease = 0 LIMIT 1")

static enum result told_anyway(struct db_tx *tx, const struct delivery_in *in, bool *told, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	return db_query_one(tx, &delivery_fresh, &r, told, e, DB_INT(id_bucket(in->endpoint)), DB_INT(in->endpoint),
	                    DB_INT(in->subject), DB_CSTR(in->type));
}

DB_STMT(delivery_insert, "iiibtiItii", "",
        "INSERT INTO outbox_delivery (rkey, endpoint, id, event, type, subject, record, body, made_at, state, "
        "attempts, "
        "tries, due_at, lease, status, fault, answer) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, 0, $10, 0, 0, '', '') ON CONFLICT DO NOTHING")

enum result delivery_add(struct db_tx *tx, const struct delivery_in *in, int64_t *made, struct error *e)
{
	bool told = false;
	int64_t changed = 0, id;
	unsigned bucket = id_bucket(in->endpoint);
	if (in->body.n > OUTBOX_BODY_MAX)
		return error_set(e, ERR_INTERNAL, "webhook.body", NULL, "A body of %zu bytes.", in->body.n);
	if (in->coalesce)
		TRY(told_anyway(tx, in, &told, e));
	id = id_new(bucket);
	if (!told)
		TRY(db_exec(tx, &delivery_insert, &changed, e, DB_INT(bucket), DB_INT(in->endpoint), DB_INT(id),
		            DB_BLOB(in->event), DB_CSTR(in->type), DB_INT(in->subject), DB_INT_OR_NULL(in->record),
		            DB_TEXT(in->body), DB_INT(clock_now()), DB_INT(in->due_at)));
	*made = changed ? id : 0;
	return OK;
}

enum result delivery_test(struct db_tx *tx, int64_t endpoint, int64_t *id, struct error *e)
{
	unsigned char event[EVENT_BYTES];
	char body[128], at[TIME_TEXT_BYTES], name[ID_TEXT_BYTES];
	int64_t now = clock_now(), key = id_new(id_bucket(endpoint));
	bool disabled = false;
	TRY(endpoint_find(tx, endpoint, &disabled, e));
	if (disabled)
		return error_set(e, ERR_CONFLICT, "webhook.disabled", NULL, "The webhook is disabled.");
	time_format(at, now);
	id_format(name, ID_WEBHOOK, endpoint);
	snprintf(body, sizeof(body), "{\"type\":\"" TYPE_TEST "\",\"timestamp\":\"%s\",\"data\":{\"webhook\":\"%s\"}}",
	         at, name);
	hash128(event, (struct str[]){ STR("test"), { (const char *)&key, sizeof(key) } }, 2);
	const struct delivery_in in = { .endpoint = endpoint,
		                        .event = { (const char *)event, sizeof(event) },
		                        .type = TYPE_TEST,
		                        .body = str_c(body),
		                        .due_at = now };
	TRY(delivery_add(tx, &in, id, e));
	return db_after_commit(tx, outbox_wake, NULL, e);
}

/* ---- Listing ------------------------------------------------------------------------------------------------------
 */

DB_STMT(delivery_select, "iiiii", "ibttittiiiiiII",
        "SELECT id, event, type, body, state, fault, answer, attempts, status, made_at, due_at, lease, tried_at, "
        "done_at "
        "FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND ($3 = 0 OR state = $3) AND id < $4 "
        "ORDER BY id DESC LIMIT $5")

static void delivery_read(const struct db_rows *r, struct arena *a, int64_t endpoint, struct delivery *out,
                          bool *failed)
{
	*out = (struct delivery){ .id = db_int(r, 0),
		                  .endpoint = endpoint,
		                  .type = db_text_dup(r, 2, a),
		                  .body = db_text_dup(r, 3, a),
		                  .state = (enum delivery_state)db_int(r, 4),
		                  .fault = db_text_dup(r, 5, a),
		                  .answer = db_text_dup(r, 6, a),
		                  .attempts = (int)db_int(r, 7),
		                  .status = (int)db_int(r, 8),
		                  .made_at = db_int(r, 9),
		                  .due_at = db_int(r, 10),
		                  .sending = db_int(r, 11) != 0,
		                  .tried_at = db_int(r, 12),
		                  .done_at = db_int(r, 13) };
	message_id(out->message, db_blob(r, 1));
	*failed = *failed || !out->type || !out->body || !out->fault || !out->answer;
}

enum result delivery_list(struct db_tx *tx, int64_t endpoint, enum delivery_state state, int64_t before, int limit,
                          struct arena *a, struct delivery *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	bool failed = false, disabled;
	int n = 0;
	TRY(endpoint_find(tx, endpoint, &disabled, e));
	TRY(db_query(tx, &delivery_select, &r, e, DB_INT(id_bucket(endpoint)), DB_INT(endpoint), DB_INT(state),
	             DB_INT(before ? before : INT64_MAX), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW && n < limit)
		delivery_read(r, a, endpoint, &out[n++], &failed);
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return failed ? error_nomem(e) : OK;
}

/* ---- Sending again ------------------------------------------------------------------------------------------------
 */

DB_STMT(delivery_state_select, "iii", "i",
        "SELECT state FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND id = $3")
DB_STMT(delivery_again, "iiii", "",
        "UPDATE outbox_delivery SET state = 1, tries = 0, due_at = $4, lease = 0, done_at = NULL "
        "WHERE rkey = $1 AND endpoint = $2 AND id = $3 AND state <> 1")

enum result delivery_replay(struct db_tx *tx, int64_t endpoint, int64_t id, bool *changed, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool disabled, found;
	int64_t n = 0;
	TRY(endpoint_find(tx, endpoint, &disabled, e));
	TRY(db_query_one(tx, &delivery_state_select, &r, &found, e, DB_INT(id_bucket(endpoint)), DB_INT(endpoint),
	                 DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "webhook.delivery", "delivery",
		                 "The webhook has no such delivery, or no longer.");
	db_rows_free(r);
	r = NULL;
	TRY(db_exec(tx, &delivery_again, &n, e, DB_INT(id_bucket(endpoint)), DB_INT(endpoint), DB_INT(id),
	            DB_INT(clock_now())));
	*changed = n > 0;
	return db_after_commit(tx, outbox_wake, NULL, e);
}

DB_STMT(delivery_after, "iiiii", "ii",
        "SELECT id, state FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND id > $3 AND made_at >= $4 "
        "ORDER BY id LIMIT $5")

static enum result chunk_read(struct db_tx *tx, int64_t endpoint, int64_t from_at, int64_t *after, int64_t *ids,
                              int *count, int *seen, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	/* An id is made within a moment of made_at: the first ones are skipped by the key. */
	int64_t first = id_first_at(from_at - HOUR_US);
	TRY(db_query(tx, &delivery_after, &r, e, DB_INT(id_bucket(endpoint)), DB_INT(endpoint),
	             DB_INT(*after > first ? *after : first), DB_INT(from_at), DB_INT(CHUNK)));
	*count = *seen = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		*after = db_int(r, 0);
		++*seen;
		if (db_int(r, 1) != DELIVERY_WAITING)
			ids[(*count)++] = *after;
	}
	return step == DB_ERR ? e->result : OK;
}

enum result delivery_replay_from(struct db_tx *tx, int64_t endpoint, int64_t from_at, int64_t *after, int64_t *changed,
                                 bool *more, struct error *e)
{
	int64_t ids[CHUNK], at = *after, now = clock_now();
	int count, seen;
	bool disabled;
	TRY(endpoint_find(tx, endpoint, &disabled, e));
	TRY(chunk_read(tx, endpoint, from_at, &at, ids, &count, &seen, e));
	for (int i = 0; i < count; i++)
		TRY(db_exec(tx, &delivery_again, NULL, e, DB_INT(id_bucket(endpoint)), DB_INT(endpoint), DB_INT(ids[i]),
		            DB_INT(now)));
	TRY(db_after_commit(tx, outbox_wake, NULL, e));
	*after = at;
	*changed = count;
	*more = seen == CHUNK;
	return OK;
}

/* ---- Forgetting ---------------------------------------------------------------------------------------------------
 */

struct prune {
	bool more;
};

DB_STMT(delivery_old, "iii", "ii",
        "SELECT endpoint, id FROM outbox_delivery WHERE state <> 1 AND ((state = 2 AND done_at < $1) "
        "OR (state = 3 AND done_at < $2)) LIMIT $3")
DB_STMT(delivery_delete, "iii", "", "DELETE FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND id = $3")

struct key {
	int64_t endpoint, id;
};

static enum result old_read(struct db_tx *tx, struct key *keys, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &delivery_old, &r, e, DB_INT(clock_now() - OUTBOX_KEEP_US),
	             DB_INT(clock_now() - OUTBOX_KEEP_FAILED_US), DB_INT(CHUNK)));
	while ((step = db_next(r, e)) == DB_ROW)
		keys[(*count)++] = (struct key){ db_int(r, 0), db_int(r, 1) };
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(removed_deliveries, "i", "ii",
        "SELECT d.endpoint, d.id FROM outbox_endpoint e JOIN outbox_delivery d ON d.rkey = e.id & 4095 "
        "AND d.endpoint = e.id WHERE e.removed_at IS NOT NULL LIMIT $1")

static enum result removed_read(struct db_tx *tx, struct key *keys, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &removed_deliveries, &r, e, DB_INT(CHUNK)));
	while ((step = db_next(r, e)) == DB_ROW)
		keys[(*count)++] = (struct key){ db_int(r, 0), db_int(r, 1) };
	return step == DB_ERR ? e->result : OK;
}

/* Only those whose deliveries are gone, and for which nobody is just making one. */
DB_STMT(removed_endpoints, "i", "",
        "DELETE FROM outbox_endpoint WHERE removed_at < $1 AND NOT EXISTS (SELECT 1 FROM outbox_delivery d "
        "WHERE d.rkey = outbox_endpoint.id & 4095 AND d.endpoint = outbox_endpoint.id)")

static enum result prune_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct prune *p = arg;
	struct key *keys = arena_array(db_tx_arena(tx), 2 * CHUNK, sizeof(*keys));
	int count = 0;
	if (!keys)
		return error_nomem(e);
	TRY(removed_read(tx, keys, &count, e));
	if (!count)
		TRY(db_exec(tx, &removed_endpoints, NULL, e, DB_INT(clock_now() - REMOVED_WAIT_US)));
	TRY(old_read(tx, keys, &count, e));
	for (int i = 0; i < count; i++)
		TRY(db_exec(tx, &delivery_delete, NULL, e, DB_INT(id_bucket(keys[i].endpoint)),
		            DB_INT(keys[i].endpoint), DB_INT(keys[i].id)));
	p->more = count >= CHUNK;
	return OK;
}

DB_STMT(anything_old, "ii", "i",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM outbox_endpoint WHERE removed_at IS NOT NULL) OR EXISTS (SELECT 1 FROM "
        "outbox_delivery WHERE state <> 1 AND ((state = 2 AND done_at < $1) OR (state = 3 AND done_at < $2))) "
        "THEN 1 ELSE 0 END")

static enum result look_run(struct db_tx *tx, void *arg, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &anything_old, &r, &found, e, DB_INT(clock_now() - OUTBOX_KEEP_US),
	                 DB_INT(clock_now() - OUTBOX_KEEP_FAILED_US)));
	*(bool *)arg = db_int(r, 0) != 0;
	return OK;
}

enum result deliveries_prune(struct db *db, bool *more, struct error *e)
{
	struct prune p = { 0 };
	bool work = false;
	*more = false;
	TRY(db_read(db, look_run, &work, e));
	if (work)
		TRY(db_transact(db, prune_run, &p, e));
	*more = p.more;
	return OK;
}
