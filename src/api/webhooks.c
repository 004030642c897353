/* Webhooks: who is told of orders and stock, and what was told. Secrets are shown once; answers that hold one are never
 * stored for an Idempotency-Key. */
#include "api/api.h"
#include "api/internal.h"

#include "base/cursor.h"
#include "outbox/outbox.h"

#define ROLES_WEBHOOKS (ROLE_OPERATOR | ROLE_ADMIN | ROLE_LOCAL)
#define DELIVERIES_SHOWN 50

/* ---- Writing ------------------------------------------------------------------------------------------------------
 */

static void time_or_null(struct json_writer *w, const char *key, int64_t us)
{
	jw_key(w, key);
	if (us)
		jw_time(w, us);
	else
		jw_null(w);
}

static void webhook_write(struct json_writer *w, const struct endpoint *p)
{
	struct str rest = str_c(p->patterns), part;
	jw_object(w);
	jw_kid(w, "id", ID_WEBHOOK, p->id);
	jw_kcstr(w, "url", p->url);
	jw_key(w, "events");
	jw_array(w);
	while (str_split(&rest, ',', &part))
		jw_str(w, part);
	jw_end_array(w);
	jw_kcstr(w, "description", p->description);
	jw_ktime(w, "created_at", p->created_at);
	jw_kid(w, "created_by", ID_USER, p->created_by);
	jw_kbool(w, "disabled", p->disabled_at != 0);
	time_or_null(w, "disabled_at", p->disabled_at);
	jw_kcstr(w, "disabled_why", p->disabled_at ? p->disabled_why : NULL);
	time_or_null(w, "old_secret_until", p->old_until);
	time_or_null(w, "paused_until", p->paused_until > clock_now() ? p->paused_until : 0);
	time_or_null(w, "failing_since", p->failing_since);
	time_or_null(w, "succeeded_at", p->succeeded_at);
	time_or_null(w, "failed_at", p->failed_at);
	jw_ki64(w, "waiting", p->waiting);
	time_or_null(w, "oldest_waiting_at", p->oldest_waiting_at);
	jw_ki64(w, "given_up", p->given_up);
	jw_end_object(w);
}

static void delivery_write(struct json_writer *w, const struct delivery *d)
{
	jw_object(w);
	jw_kid(w, "id", ID_SENDING, d->id);
	jw_kcstr(w, "message", d->message);
	jw_kcstr(w, "type", d->type);
	jw_kcstr(w, "state", delivery_state_name(d->state));
	jw_kbool(w, "sending", d->sending);
	jw_ki64(w, "attempts", d->attempts);
	jw_ktime(w, "made_at", d->made_at);
	time_or_null(w, "due_at", d->state == DELIVERY_WAITING ? d->due_at : 0);
	time_or_null(w, "tried_at", d->tried_at);
	time_or_null(w, "done_at", d->done_at);
	jw_key(w, "status");
	if (d->status)
		jw_i64(w, d->status);
	else
		jw_null(w);
	jw_kcstr(w, "fault", d->fault[0] ? d->fault : NULL);
	jw_kcstr(w, "answer", d->answer);
	jw_key(w, "payload");
	jw_raw(w, str_c(d->body));
	jw_end_object(w);
}

/* ---- Reading ------------------------------------------------------------------------------------------------------
 */

struct hook_ask {
	const struct principal *p;
	const struct hook_body *in;
	const struct json *body;
	struct json_writer *w;
	int64_t id, made, until;
	char secret[OUTBOX_SECRET_TEXT];
};

static enum result hooks_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct json_writer *w = arg;
	struct endpoint *list = arena_array(db_tx_arena(tx), OUTBOX_ENDPOINTS_MAX, sizeof(*list));
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(endpoint_list(tx, db_tx_arena(tx), list, &count, e));
	jw_object(w);
	jw_key(w, "items");
	jw_array(w);
	for (int i = 0; i < count; i++)
		webhook_write(w, &list[i]);
	jw_end_array(w);
	jw_key(w, "types");
	jw_array(w);
	for (const char *const *t = outbox_types(); *t; t++)
		jw_cstr(w, *t);
	jw_end_array(w);
	jw_end_object(w);
	return OK;
}

static enum result hooks_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return db_read(api_desk(rq)->db, hooks_read, http_json(rs), e);
}

static enum result hook_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct hook_ask *ask = arg;
	struct endpoint p;
	TRY(endpoint_get(tx, ask->id, db_tx_arena(tx), &p, e));
	webhook_write(ask->w, &p);
	return OK;
}

static enum result hook_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct hook_ask ask = { .id = http_param_i64(rq, "webhook", 0), .w = http_json(rs) };
	return db_read(api_desk(rq)->db, hook_read, &ask, e);
}

/* ---- Making and changing ------------------------------------------------------------------------------------------
 */

struct hook_body {
	struct str url, description;
	const struct json *events;
	bool disabled;
};
static const struct json_field hook_fields[] = {
	JSON_FIELD_STR(struct hook_body, url, "url", JSON_REQUIRED, 1, OUTBOX_URL_MAX),
	JSON_FIELD_ARRAY(struct hook_body, events, "events", JSON_REQUIRED, 1, OUTBOX_PATTERNS_MAX),
	JSON_FIELD_STR(struct hook_body, description, "description", JSON_NULLABLE, 0, OUTBOX_DESCRIPTION_MAX),
	JSON_END,
};
static const struct json_field hook_change_fields[] = {
	JSON_FIELD_STR(struct hook_body, url, "url", 0, 1, OUTBOX_URL_MAX),
	JSON_FIELD_ARRAY(struct hook_body, events, "events", 0, 1, OUTBOX_PATTERNS_MAX),
	JSON_FIELD_STR(struct hook_body, description, "description", 0, 0, OUTBOX_DESCRIPTION_MAX),
	JSON_FIELD_BOOL(struct hook_body, disabled, "disabled", 0),
	JSON_END,
};

static void no_store(struct http_response *rs)
{
	http_set_header(rs, "Cache-Control", "no-store");
}

/* patterns has room for OUTBOX_PATTERNS_MAX. What is no text is a pattern that fits nothing. */
static void events_take(const struct json *events, struct str *patterns, struct endpoint_in *in)
{
	in->patterns = patterns;
	for (size_t i = 0; i < json_count(events) && i < OUTBOX_PATTERNS_MAX; i++)
		patterns[in->pattern_count++] = json_str(json_at(events, i));
}

static enum result hook_make(struct db_tx *tx, void *arg, struct error *e)
{
	struct hook_ask *ask = arg;
	struct str patterns[OUTBOX_PATTERNS_MAX];
	struct endpoint_in in = { .url = ask->in->url,
		                  .description = ask->in->description,
		                  .created_by = ask->p->user };
	events_take(ask->in->events, patterns, &in);
	TRY(endpoint_add(tx, &in, ask->secret, &ask->id, e));
	return audit_act(tx, ask->p, "webhook.add", ask->id, STR("{}"), e);
}

/* A secret lies open in the database, and in its backups, only where somebody said that it may. */
static enum result secret_keepable(struct error *e)
{
	const struct outbox_config *c = outbox_configured();
	if (c->has_key || c->plain)
		return OK;
	return error_set(e, ERR_CONFLICT, "webhook.key", NULL,
	                 "This server has no key to seal secrets with: set BYNAME_WEBHOOK_KEY to a file (openssl rand "
	                 "-base64 32), the same for each of its servers; or to none, and they lie in the database as "
	                 "they are");
}

static enum result hook_make_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct hook_ask ask = { .in = http_body_struct(rq), .p = api_principal(rq) };
	TRY(secret_keepable(e));
	TRY(db_transact(api_desk(rq)->db, hook_make, &ask, e));
	struct json_writer *w = http_json(rs);
	http_status(rs, 201);
	no_store(rs);
	jw_object(w);
	jw_kid(w, "id", ID_WEBHOOK, ask.id);
	jw_kcstr(w, "secret", ask.secret);
	jw_end_object(w);
	return OK;
}

static enum result hook_turn(struct db_tx *tx, const struct hook_ask *ask, const struct endpoint *is, struct error *e)
{
	if (!json_get(ask->body, "disabled") || ask->in->disabled == (is->disabled_at != 0))
		return OK;
	if (ask->in->disabled)
		TRY(endpoint_disable(tx, ask->id, "person", e));
	else
		TRY(endpoint_enable(tx, ask->id, e));
	return audit_act(tx, ask->p, ask->in->disabled ? "webhook.disable" : "webhook.enable", ask->id, STR("{}"), e);
}

static enum result hook_change(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	struct hook_ask *ask = arg;
	struct arena *a = db_tx_arena(tx);
	struct str patterns[OUTBOX_PATTERNS_MAX], rest;
	struct endpoint is;
	bool url = json_get(ask->body, "url"), events = json_get(ask->body, "events"),
	     description = json_get(ask->body, "description");
	TRY(endpoint_get(tx, ask->id, a, &is, e));
	struct endpoint_in in = { .url = url ? ask->in->url : str_c(is.url),
		                  .description = description ? ask->in->description : str_c(is.description),
		                  .patterns = patterns };
	rest = str_c(is.patterns);
	if (events)
		events_take(ask->in->events, patterns, &in);
	else
		while (in.pattern_count < OUTBOX_PATTERNS_MAX && str_split(&rest, ',', &patterns[in.pattern_count]))
			in.pattern_count++;
	if (url || events || description) {
		TRY(endpoint_change(tx, ask->id, &in, e));
		TRY(audit_act(tx, ask->p, "webhook.change", ask->id, STR("{}"), e));
	}
	TRY(hook_turn(tx, ask, &is, e));
	TRY(endpoint_get(tx, ask->id, a, &is, e));
	webhook_write(w, &is);
	return OK;
}

static enum result hook_change_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct hook_ask ask = { .in = http_body_struct(rq),
		                .body = http_body_json(rq),
		                .p = api_principal(rq),
		                .id = http_param_i64(rq, "webhook", 0) };
	return api_write(rq, rs, 200, hook_change, &ask, e);
}

static enum result hook_end(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	struct hook_ask *ask = arg;
	(void)w;
	TRY(endpoint_remove(tx, ask->id, e));
	return audit_act(tx, ask->p, "webhook.remove", ask->id, STR("{}"), e);
}

static enum result hook_end_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct hook_ask ask = { .p = api_principal(rq), .id = http_param_i64(rq, "webhook", 0) };
	return api_write(rq, rs, 204, hook_end, &ask, e);
}

static enum result hook_rotate(struct db_tx *tx, void *arg, struct error *e)
{
	struct hook_ask *ask = arg;
	TRY(endpoint_rotate(tx, ask->id, ask->secret, &ask->until, e));
	return audit_act(tx, ask->p, "webhook.rotate", ask->id, STR("{}"), e);
}

static enum result hook_rotate_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct hook_ask ask = { .p = api_principal(rq), .id = http_param_i64(rq, "webhook", 0) };
	TRY(secret_keepable(e));
	TRY(db_transact(api_desk(rq)->db, hook_rotate, &ask, e));
	struct json_writer *w = http_json(rs);
	no_store(rs);
	jw_object(w);
	jw_kid(w, "id", ID_WEBHOOK, ask.id);
	jw_kcstr(w, "secret", ask.secret);
	jw_ktime(w, "old_secret_until", ask.until);
	jw_end_object(w);
	return OK;
}

/* ---- Deliveries ---------------------------------------------------------------------------------------------------
 */

static enum result hook_test(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	struct hook_ask *ask = arg;
	TRY(delivery_test(tx, ask->id, &ask->made, e));
	TRY(audit_act(tx, ask->p, "webhook.test", ask->id, STR("{}"), e));
	jw_object(w);
	jw_kid(w, "delivery", ID_SENDING, ask->made);
	jw_end_object(w);
	return OK;
}

static enum result hook_test_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct hook_ask ask = { .p = api_principal(rq), .id = http_param_i64(rq, "webhook", 0) };
	return api_write(rq, rs, 202, hook_test, &ask, e);
}

struct deliveries_ask {
	int64_t id, before;
	enum delivery_state state;
	int limit;
	struct json_writer *w;
};

static enum result deliveries_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct deliveries_ask *ask = arg;
	struct arena *a = db_tx_arena(tx);
	struct delivery *list = arena_array(a, (size_t)ask->limit + 1, sizeof(*list));
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(delivery_list(tx, ask->id, ask->state, ask->before, ask->limit + 1, a, list, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(ask->w);
	jw_key(ask->w, "items");
	jw_array(ask->w);
	for (int i = 0; i < count; i++)
		delivery_write(ask->w, &list[i]);
	jw_end_array(ask->w);
	cursor_next(ask->w, more, more ? list[count - 1].id : 0, 0);
	jw_end_object(ask->w);
	return OK;
}

static enum result deliveries_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct deliveries_ask ask = { .id = http_param_i64(rq, "webhook", 0),
		                      .state = (enum delivery_state)(http_param_i64(rq, "state", -1) + 1),
		                      .limit = (int)http_param_i64(rq, "limit", DELIVERIES_SHOWN),
		                      .w = http_json(rs) };
	struct str before = http_param_str(rq, "before");
	int64_t unused;
	if (before.n && !cursor_parse(before, &ask.before, &unused))
		return error_set(e, ERR_INVALID, "cursor.malformed", "before", "That is not a cursor of this list");
	return db_read(api_desk(rq)->db, deliveries_read, &ask, e);
}

struct replay_body {
	int64_t from_at, delivery;
};
static const struct json_field replay_fields[] = {
	JSON_FIELD_TIME(struct replay_body, from_at, "from_at", JSON_NULLABLE),
	JSON_FIELD_ID(struct replay_body, delivery, "delivery", ID_SENDING, JSON_NULLABLE),
	JSON_END,
};

struct replay_ask {
	const struct replay_body *in;
	const struct principal *p;
	int64_t id, after, changed, total;
	bool more;
};

/* One chunk; the first is noted in the trail. */
static enum result replay_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct replay_ask *ask = arg, now = *ask;
	bool changed = false;
	if (!ask->after)
		TRY(audit_act(tx, ask->p, "webhook.replay", ask->id, STR("{}"), e));
	if (ask->in->delivery) {
		TRY(delivery_replay(tx, ask->id, ask->in->delivery, &changed, e));
		ask->changed = changed;
		ask->more = false;
		return OK;
	}
	TRY(delivery_replay_from(tx, ask->id, ask->in->from_at, &now.after, &now.changed, &now.more, e));
	*ask = now;
	return OK;
}

static enum result replay_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct replay_ask ask = {
		.in = http_body_struct(rq), .p = api_principal(rq), .id = http_param_i64(rq, "webhook", 0), .more = true
	};
	if (!ask.in->delivery == !ask.in->from_at)
		return error_set(e, ERR_INVALID, "field.missing", "from_at", "Say from_at or delivery.");
	while (ask.more) {
		TRY(db_transact(api_desk(rq)->db, replay_run, &ask, e));
		ask.total += ask.changed;
	}
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_ki64(w, "replayed", ask.total);
	jw_end_object(w);
	return OK;
}

/* ---- Routes -------------------------------------------------------------------------------------------------------
 */

static const struct http_param hook_params[] = {
	{ "webhook", JF_ID, true, ID_WEBHOOK, 0, NULL, "The webhook" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param deliveries_params[] = {
	{ "webhook", JF_ID, true, ID_WEBHOOK, 0, NULL, "The webhook" },
	{ "state", JF_ENUM, false, 0, 0, "waiting|delivered|given_up", "Only these" },
	{ "before", JF_STR, false, 0, 63, NULL, "Older than that: what next said" },
	{ "limit", JF_I64, false, 1, 200, NULL, "At most so many (50)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_webhooks_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/webhooks",
	  .summary = "Webhooks, oldest first, and the types of events",
	  .roles = ROLES_WEBHOOKS,
	  .answer = "Webhooks",
	  .handle = hooks_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/webhooks",
	  .summary = "Make a webhook; its secret is shown once",
	  .roles = ROLES_WEBHOOKS,
	  .body = hook_fields,
	  .body_size = sizeof(struct hook_body),
	  .answer = "WebhookMade",
	  .errors = "409",
	  .handle = hook_make_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/webhooks/{webhook}",
	  .summary = "One webhook",
	  .roles = ROLES_WEBHOOKS,
	  .params = hook_params,
	  .answer = "Webhook",
	  .errors = "404",
	  .handle = hook_handle },
	{ .method = HTTP_PATCH,
	  .path = "/v1/webhooks/{webhook}",
	  .summary = "Change a webhook, disable or enable it",
	  .roles = ROLES_WEBHOOKS,
	  .flags = HTTP_IDEMPOTENT,
	  .params = hook_params,
	  .body = hook_change_fields,
	  .body_size = sizeof(struct hook_body),
	  .answer = "Webhook",
	  .errors = "404",
	  .handle = hook_change_handle },
	{ .method = HTTP_DELETE,
	  .path = "/v1/webhooks/{webhook}",
	  .summary = "Remove a webhook and its deliveries",
	  .roles = ROLES_WEBHOOKS,
	  .flags = HTTP_IDEMPOTENT,
	  .params = hook_params,
	  .errors = "404",
	  .handle = hook_end_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/webhooks/{webhook}/test",
	  .summary = "Send an event of type webhook.test",
	  .roles = ROLES_WEBHOOKS,
	  .flags = HTTP_IDEMPOTENT,
	  .params = hook_params,
	  .answer = "WebhookTested",
	  .errors = "404 409",
	  .handle = hook_test_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/webhooks/{webhook}/rotate",
	  .summary = "A new secret; the one before signs too for a day",
	  .roles = ROLES_WEBHOOKS,
	  .params = hook_params,
	  .answer = "WebhookRotated",
	  .errors = "404 409",
	  .handle = hook_rotate_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/webhooks/{webhook}/deliveries",
	  .summary = "What was sent or waits, newest first",
	  .roles = ROLES_WEBHOOKS,
	  .params = deliveries_params,
	  .answer = "WebhookDeliveries",
	  .errors = "404",
	  .handle = deliveries_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/webhooks/{webhook}/replay",
	  .summary = "Send again what is done: one delivery, or all made since a time",
	  .roles = ROLES_WEBHOOKS,
	  .params = hook_params,
	  .body = replay_fields,
	  .body_size = sizeof(struct replay_body),
	  .answer = "WebhookReplayed",
	  .errors = "404",
	  .handle = replay_handle },
	{ 0 },
};
