/* Who sends what when. A lease is a guarded update: whoever wrote it may try the delivery, nobody else until it lapses.
 * due_at is pushed to the lease's end meanwhile, so that a delivery whose sender died is simply due again. */
#include "outbox/room.h"

#include <sodium.h>
#include <stdio.h>

#define STATUS_GONE 410
#define STATUS_TOO_MANY 429
#define STATUS_UNAVAILABLE 503
#define STATUS_BAD_GATEWAY 502
#define STATUS_GATEWAY_TIMEOUT 504
#define JITTER_PERCENT 20

/* ---- The schedule -------------------------------------------------------------------------------------------------
 */

/* As the specification suggests: 75 hours in all. */
static const int64_t pauses[] = { 5 * USEC,     5 * MINUTE_US, 30 * MINUTE_US, 2 * HOUR_US, 5 * HOUR_US,
	                          10 * HOUR_US, 14 * HOUR_US,  20 * HOUR_US,   24 * HOUR_US };

int64_t retry_pause(int tries, uint32_t random)
{
	const struct outbox_config *c = outbox_configured();
	const int64_t *list = c->retry_count ? c->retry_us : pauses;
	int count = c->retry_count ? c->retry_count : (int)(sizeof(pauses) / sizeof(pauses[0]));
	if (tries < 1 || tries > count)
		return -1;
	int64_t pause = list[tries - 1], swing = pause / 100 * JITTER_PERCENT;
	return pause - swing + (int64_t)((double)(2 * swing) * random / UINT32_MAX);
}

int64_t lease_us(void)
{
	const struct outbox_config *c = outbox_configured();
	return (int64_t)(c->timeout_ms ? c->timeout_ms : OUTBOX_TIMEOUT_MS) * 1000 + OUTBOX_LEASE_SPARE_US;
}

/* ---- Endpoints that may be sent to --------------------------------------------------------------------------------
 */

struct target {
	int64_t id;
	char *url;
	struct str secret, old_secret; /* as stored; old: only while it signs */
};

DB_STMT(target_select, "i", "itbBI",
        "SELECT id, url, secret, old_secret, old_until FROM outbox_endpoint WHERE disabled_at IS NULL "
        "AND removed_at IS NULL AND paused_until <= $1 ORDER BY id")

static bool blob_copy(struct arena *a, struct str s, struct str *out)
{
	char *p = s.n ? arena_strndup(a, s.p, s.n) : NULL;
	*out = (struct str){ p, p ? s.n : 0 };
	return p || !s.n;
}

static enum result targets_read(struct db_tx *tx, struct arena *a, int64_t now, struct target *out, int *count,
                                struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	bool good = true;
	int n = 0;
	TRY(db_query(tx, &target_select, &r, e, DB_INT(now)));
	while ((step = db_next(r, e)) == DB_ROW && n < OUTBOX_ENDPOINTS_MAX) {
		struct target *t = &out[n++];
		struct str old = db_int(r, 4) > now ? db_blob(r, 3) : (struct str){ NULL, 0 };
		*t = (struct target){ .id = db_int(r, 0), .url = db_text_dup(r, 1, a) };
		good = good && t->url && blob_copy(a, db_blob(r, 2), &t->secret) && blob_copy(a, old, &t->old_secret);
	}
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return good ? OK : error_nomem(e);
}

static int free_for(const struct busy *busy, int count, int64_t endpoint)
{
	for (int i = 0; i < count; i++)
		if (busy[i].endpoint == endpoint)
			return OUTBOX_PER_ENDPOINT - busy[i].running;
	return OUTBOX_PER_ENDPOINT;
}

/* ---- Looking ------------------------------------------------------------------------------------------------------
 */

struct look {
	const struct busy *busy;
	int busy_count;
	bool work;
};

DB_STMT(due_any, "iii", "i",
        "SELECT id FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND state = 1 AND due_at <= $3 LIMIT 1")

static enum result look_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct look *l = arg;
	struct target *targets = arena_array(db_tx_arena(tx), OUTBOX_ENDPOINTS_MAX, sizeof(*targets));
	int64_t now = clock_now();
	int count = 0;
	l->work = false;
	if (!targets)
		return error_nomem(e);
	TRY(targets_read(tx, db_tx_arena(tx), now, targets, &count, e));
	for (int i = 0; i < count && !l->work; i++) {
		DB_ROWS_AUTO struct db_rows *r = NULL;
		if (free_for(l->busy, l->busy_count, targets[i].id) <= 0)
			continue;
		TRY(db_query_one(tx, &due_any, &r, &l->work, e, DB_INT(id_bucket(targets[i].id)), DB_INT(targets[i].id),
		                 DB_INT(now)));
	}
	return OK;
}

enum result claim_look(struct db *db, const struct busy *busy, int busy_count, bool *work, struct error *e)
{
	struct look l = { busy, busy_count, false };
	TRY(db_read(db, look_run, &l, e));
	*work = l.work;
	return OK;
}

/* ---- Claiming -----------------------------------------------------------------------------------------------------
 */

static int64_t lease_new(void)
{
	int64_t v;
	randombytes_buf(&v, sizeof(v));
	v &= INT64_MAX;
	return v ? v : 1;
}

static void secrets_open(const struct target *t, struct shipment *s)
{
	if (secret_open(t->secret, t->id, s->secrets[s->secret_count]))
		s->secret_count++;
	if (t->old_secret.n && s->secret_count && secret_open(t->old_secret, t->id, s->secrets[s->secret_count]))
		s->secret_count++;
}

DB_STMT(due_select, "iiii", "ibti",
        "SELECT id, event, body, tries FROM outbox_delivery WHERE rkey = $1 AND endpoint = $2 AND state = 1 "
        "AND due_at <= $3 ORDER BY due_at, id LIMIT $4")

static enum result due_read(struct db_tx *tx, struct claim *c, const struct target *t, int64_t now, int max,
                            struct shipment *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &due_select, &r, e, DB_INT(id_bucket(t->id)), DB_INT(t->id), DB_INT(now), DB_INT(max)));
	while ((step = db_next(r, e)) == DB_ROW && n < max) {
		struct str body = db_text(r, 2);
		struct shipment *s = &out[n++];
		*s = (struct shipment){
			.endpoint = t->id, .id = db_int(r, 0), .tries = (int)db_int(r, 3), .url = t->url
		};
		s->body = arena_strndup(c->a, body.p, body.n);
		s->body_n = body.n;
		if (!s->body)
			return error_nomem(e);
		message_id(s->message, db_blob(r, 1));
		secrets_open(t, s);
	}
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return OK;
}

/* Who loses the race waits on the row, finds it not due any more and leaves it. */
DB_STMT(delivery_lease, "iiiiii", "",
        "UPDATE outbox_delivery SET lease = $4, due_at = $5 WHERE rkey = $1 AND endpoint = $2 AND id = $3 "
        "AND state = 1 AND due_at <= $6")

enum result claim_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct claim *c = arg;
	struct target *targets = arena_array(c->a, OUTBOX_ENDPOINTS_MAX, sizeof(*targets));
	int64_t now = clock_now();
	int target_count = 0;
	c->count = 0;
	if (!targets)
		return error_nomem(e);
	TRY(targets_read(tx, c->a, now, targets, &target_count, e));
	for (int i = 0; i < target_count && c->count < c->free; i++) {
		int room = free_for(c->busy, c->busy_count, targets[i].id), found = 0;
		if (room > c->free - c->count)
			room = c->free - c->count;
		struct shipment *s = c->out + c->count;
		if (room > 0)
			TRY(due_read(tx, c, &targets[i], now, room, s, &found, e));
		for (int k = 0; k < found; k++) {
			int64_t changed = 0;
			s[k].lease = lease_new();
			TRY(db_exec(tx, &delivery_lease, &changed, e, DB_INT(id_bucket(s[k].endpoint)),
			            DB_INT(s[k].endpoint), DB_INT(s[k].id), DB_INT(s[k].lease),
			            DB_INT(now + lease_us()), DB_INT(now)));
			if (changed)
				c->out[c->count++] = s[k];
		}
	}
	return OK;
}

/* ---- What came of it ----------------------------------------------------------------------------------------------
 */

DB_STMT(delivery_mark, "iiiiiiittiI", "",
        "UPDATE outbox_delivery SET state = $5, attempts = attempts + 1, tries = tries + 1, due_at = $6, lease = 0, "
        "status = $7, fault = $8, answer = $9, tried_at = $10, done_at = $11 "
        "WHERE rkey = $1 AND endpoint = $2 AND id = $3 AND lease = $4 AND state = 1")

static bool asked_to_wait(const struct outcome *o)
{
	return o->status == STATUS_TOO_MANY || o->status == STATUS_UNAVAILABLE || o->status == STATUS_BAD_GATEWAY ||
	       o->status == STATUS_GATEWAY_TIMEOUT;
}

static int64_t pause_asked(const struct outcome *o)
{
	if (!asked_to_wait(o))
		return 0;
	if (o->retry_after_us > 0)
		return o->retry_after_us < OUTBOX_PAUSE_MAX_US ? o->retry_after_us : OUTBOX_PAUSE_MAX_US;
	return o->status == STATUS_TOO_MANY ? OUTBOX_PAUSE_US : 0;
}

static enum result delivery_outcome(struct db_tx *tx, const struct outcome *o, int64_t now, bool *ours, struct error *e)
{
	bool failed = o->fault[0] != '\0';
	int64_t changed = 0, pause = failed ? retry_pause(o->tries + 1, randombytes_random()) : 0,
	        asked = pause_asked(o);
	enum delivery_state state = !failed ? DELIVERY_DELIVERED : DELIVERY_WAITING;
	if (failed && (pause < 0 || o->status == STATUS_GONE))
		state = DELIVERY_GIVEN_UP;
	TRY(db_exec(tx, &delivery_mark, &changed, e, DB_INT(id_bucket(o->endpoint)), DB_INT(o->endpoint), DB_INT(o->id),
	            DB_INT(o->lease), DB_INT(state), DB_INT(now + (pause > asked ? pause : asked)), DB_INT(o->status),
	            DB_CSTR(o->fault), DB_CSTR(o->answer), DB_INT(o->tried_at),
	            DB_INT_OR_NULL(state == DELIVERY_WAITING ? 0 : now)));
	*ours = changed > 0;
	return OK;
}

DB_STMT(delivery_give_back, "iiiii", "",
        "UPDATE outbox_delivery SET lease = 0, due_at = $5 WHERE rkey = $1 AND endpoint = $2 AND id = $3 AND lease = "
        "$4 "
        "AND state = 1")

static enum result give_back(struct db_tx *tx, const struct outcome *o, int64_t now, struct error *e)
{
	return db_exec(tx, &delivery_give_back, NULL, e, DB_INT(id_bucket(o->endpoint)), DB_INT(o->endpoint),
	               DB_INT(o->id), DB_INT(o->lease), DB_INT(now));
}

/* Written seldom while all is well, so that the row is not hot. */
DB_STMT(endpoint_well, "iii", "",
        "UPDATE outbox_endpoint SET failing_since = NULL, succeeded_at = $2 WHERE id = $1 "
        "AND (failing_since IS NOT NULL OR succeeded_at IS NULL OR succeeded_at < $3)")
DB_STMT(endpoint_ill, "iii", "",
        "UPDATE outbox_endpoint SET failing_since = COALESCE(failing_since, $2), failed_at = $2, "
        "paused_until = CASE WHEN paused_until < $3 THEN $3 ELSE paused_until END WHERE id = $1")
DB_STMT(endpoint_gone, "it", "",
        "UPDATE outbox_endpoint SET disabled_at = failed_at, disabled_why = $2 "
        "WHERE id = $1 AND disabled_at IS NULL AND removed_at IS NULL")
DB_STMT(endpoint_failing, "ii", "",
        "UPDATE outbox_endpoint SET disabled_at = failed_at, disabled_why = 'failing' "
        "WHERE id = $1 AND disabled_at IS NULL AND removed_at IS NULL AND failing_since < $2")

static enum result endpoint_outcome(struct db_tx *tx, const struct outcome *o, int64_t now, struct error *e)
{
	int64_t pause = pause_asked(o);
	if (!o->fault[0])
		return db_exec(tx, &endpoint_well, NULL, e, DB_INT(o->endpoint), DB_INT(now), DB_INT(now - MINUTE_US));
	TRY(db_exec(tx, &endpoint_ill, NULL, e, DB_INT(o->endpoint), DB_INT(now), DB_INT(pause ? now + pause : 0)));
	if (o->status == STATUS_GONE)
		return db_exec(tx, &endpoint_gone, NULL, e, DB_INT(o->endpoint), DB_CSTR("gone"));
	return db_exec(tx, &endpoint_failing, NULL, e, DB_INT(o->endpoint), DB_INT(now - OUTBOX_FAILING_US));
}

enum result outcomes_run(struct db_tx *tx, void *arg, struct error *e)
{
	const struct outcomes *all = arg;
	int64_t now = clock_now();
	for (int i = 0; i < all->count; i++) {
		bool ours = false;
		if (all->list[i].given_back) {
			TRY(give_back(tx, &all->list[i], now, e));
			continue;
		}
		TRY(delivery_outcome(tx, &all->list[i], now, &ours, e));
		if (ours)
			TRY(endpoint_outcome(tx, &all->list[i], now, e));
	}
	return OK;
}
