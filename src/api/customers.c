/* Find, greeting card, customer, timeline, notes, facts. */
#include "api/api.h"

#include "base/clock.h"
#include "base/cursor.h"

#define FIND_PER_MINUTE 240
#define FIND_BURST 60
#define CARDS_PER_MINUTE 120
#define CARDS_BURST 60
#define TIMELINE_LIMIT 50
#define ORDERS_LIMIT 20

/* Staff must not harvest: look-ups are limited a caller. Sources and the local command line are not staff. */
static enum result may_look(const struct principal *p, const char *what, int per_minute, int burst, struct error *e)
{
	int wait_s = 0;
	if (p->role == ROLE_LOCAL || rate_allow(what, p->user ? p->user : p->key, per_minute, burst, &wait_s))
		return OK;
	return error_set(e, ERR_LIMIT, "rate.exceeded", NULL, "Too many look-ups: try again in %d seconds", wait_s);
}

/* ---- Reading ------------------------------------------------------------------------------------------------------
 */

static enum result find_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	TRY(may_look(p, "find", FIND_PER_MINUTE, FIND_BURST, e));
	return desk_find(api_desk(rq), p, http_param_str(rq, "q"), (int)http_param_i64(rq, "limit", 12), http_json(rs),
	                 e);
}

static enum result card_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	TRY(may_look(p, "card", CARDS_PER_MINUTE, CARDS_BURST, e));
	return desk_card(api_desk(rq), p, http_param_i64(rq, "customer", 0), http_param_i64(rq, "full", 0) != 0,
	                 http_route_of(rq)->purpose, http_json(rs), e);
}

static enum result customer_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	TRY(may_look(p, "card", CARDS_PER_MINUTE, CARDS_BURST, e));
	return desk_customer(api_desk(rq), p, http_param_i64(rq, "customer", 0), http_route_of(rq)->purpose,
	                     http_json(rs), e);
}

static enum result timeline_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct str before = http_param_str(rq, "before"), channel_text = http_param_str(rq, "channel");
	int64_t at = 0, id = 0;
	enum channel channel = 0;
	if (before.n && !cursor_parse(before, &at, &id))
		return error_set(e, ERR_INVALID, "cursor.malformed", "before", "This is no cursor of ours");
	if (channel_text.n && !channel_find(channel_text, &channel))
		return error_set(e, ERR_INVALID, "channel.unknown", "channel", "There is no such channel");
	return desk_timeline(api_desk(rq), api_principal(rq), http_param_i64(rq, "customer", 0), channel, at, id,
	                     (int)http_param_i64(rq, "limit", TIMELINE_LIMIT), http_json(rs), e);
}

static enum result orders_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct str before = http_param_str(rq, "before");
	int64_t at = 0, id = 0;
	if (before.n && !cursor_parse(before, &at, &id))
		return error_set(e, ERR_INVALID, "cursor.malformed", "before", "This is no cursor of ours");
	return desk_orders(api_desk(rq), api_principal(rq), http_param_i64(rq, "customer", 0), at, id,
	                   (int)http_param_i64(rq, "limit", ORDERS_LIMIT), http_json(rs), e);
}

/* ---- Notes --------------------------------------------------------------------------------------------------------
 */

struct note_in {
	struct str text;
	int64_t store;
};
static const struct json_field note_fields[] = {
	JSON_FIELD_STR(struct note_in, text, "text", JSON_REQUIRED, 1, NOTE_MAX),
	JSON_FIELD_ID(struct note_in, store, "store", ID_STORE, JSON_NULLABLE),
	JSON_END,
};

struct write_ask {
	const struct principal *p;
	int64_t customer, id, store;
	struct str text, kind, value, reason;
	bool say;
};

static enum result note_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct write_ask *ask = arg;
	int64_t record = 0, id = 0, now = clock_now();
	TRY(customer_of(tx, ask->customer, &record, e));
	TRY(note_add(tx, ask->customer, ask->text, ask->p->user, ask->store, now, &id, e));
	TRY(audit_act(tx, ask->p, "note.add", record, STR("{}"), e));
	return desk_note(tx, w, ask->customer, id, e);
}

static enum result note_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct note_in *in = http_body_struct(rq);
	struct write_ask ask = { .p = api_principal(rq),
		                 .customer = http_param_i64(rq, "customer", 0),
		                 .text = in->text };
	TRY(api_store_scope(rq, in->store, &ask.store, e));
	return api_write(rq, rs, 201, note_write, &ask, e);
}

static enum result note_drop(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct write_ask *ask = arg;
	int64_t customer = 0;
	(void)w;
	TRY(customer_of(tx, ask->customer, &customer, e));
	TRY(desk_note_remove(tx, ask->p, customer, ask->id, e));
	return audit_act(tx, ask->p, "note.remove", customer, STR("{}"), e);
}

static enum result note_delete_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct write_ask ask = { .p = api_principal(rq),
		                 .customer = http_param_i64(rq, "customer", 0),
		                 .id = http_param_i64(rq, "note", 0) };
	return api_write(rq, rs, 204, note_drop, &ask, e);
}

/* ---- Facts --------------------------------------------------------------------------------------------------------
 */

struct fact_body {
	struct str kind, value, reason;
	bool say;
};
static const struct json_field fact_fields[] = {
	JSON_FIELD_STR(struct fact_body, kind, "kind", JSON_REQUIRED, 1, 40),
	JSON_FIELD_STR(struct fact_body, value, "value", JSON_REQUIRED, 1, 240),
	JSON_FIELD_BOOL(struct fact_body, say, "say", 0),
	JSON_END,
};
static const struct json_field wrong_fields[] = {
	JSON_FIELD_STR(struct fact_body, kind, "kind", JSON_REQUIRED, 1, 40),
	JSON_FIELD_STR(struct fact_body, value, "value", JSON_REQUIRED, 0, 240),
	JSON_FIELD_STR(struct fact_body, reason, "reason", 0, 0, 240),
	JSON_END,
};

static enum result fact_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct write_ask *ask = arg;
	int64_t customer = 0, id = 0;
	struct fact_in in = { .record = ask->customer,
		              .kind = ask->kind,
		              .value = ask->value,
		              .provenance = FACT_TOLD,
		              .sayable = ask->say,
		              .at = clock_now(),
		              .user = ask->p->user };
	TRY(customer_of(tx, ask->customer, &customer, e));
	TRY(fact_tell(tx, &in, &id, e));
	TRY(audit_act(tx, ask->p, "fact.tell", customer, STR("{}"), e));
	return desk_fact(tx, w, &in, id, e);
}

static enum result fact_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct fact_body *in = http_body_struct(rq);
	bool say = true;
	if (json_get(http_body_json(rq), "say"))
		say = in->say;
	struct write_ask ask = { .p = api_principal(rq),
		                 .customer = http_param_i64(rq, "customer", 0),
		                 .kind = in->kind,
		                 .value = in->value,
		                 .say = say };
	return api_write(rq, rs, 201, fact_write, &ask, e);
}

static enum result wrong_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct write_ask *ask = arg;
	int64_t customer = 0, id = 0;
	TRY(customer_of(tx, ask->customer, &customer, e));
	TRY(fact_mark_wrong(tx, ask->customer, ask->kind, ask->value, ask->p->user, ask->reason, &id, e));
	TRY(audit_act(tx, ask->p, "fact.wrong", customer, STR("{}"), e));
	jw_object(w);
	jw_kid(w, "id", ID_FACT, id);
	jw_end_object(w);
	return OK;
}

static enum result wrong_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct fact_body *in = http_body_struct(rq);
	struct write_ask ask = { .p = api_principal(rq),
		                 .customer = http_param_i64(rq, "customer", 0),
		                 .kind = in->kind,
		                 .value = in->value,
		                 .reason = in->reason };
	return api_write(rq, rs, 201, wrong_write, &ask, e);
}

static enum result fact_drop(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct write_ask *ask = arg;
	int64_t customer = 0;
	(void)w;
	TRY(customer_of(tx, ask->customer, &customer, e));
	TRY(desk_fact_withdraw(tx, ask->p, customer, ask->id, e));
	return audit_act(tx, ask->p, "fact.withdraw", customer, STR("{}"), e);
}

static enum result fact_delete_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct write_ask ask = { .p = api_principal(rq),
		                 .customer = http_param_i64(rq, "customer", 0),
		                 .id = http_param_i64(rq, "fact", 0) };
	return api_write(rq, rs, 204, fact_drop, &ask, e);
}

/* ---- Routes -------------------------------------------------------------------------------------------------------
 */

#define CUSTOMER_PARAM                                                                                                 \
	{                                                                                                              \
		"customer", JF_ID, true, ID_CUSTOMER, 0, NULL, "Any id the customer ever had"                          \
	}
#define PARAM_END                                                                                                      \
	{                                                                                                              \
		NULL, JF_STR, false, 0, 0, NULL, NULL                                                                  \
	}

static const struct http_param find_params[] = {
	{ "q", JF_STR, true, 0, 100, NULL, "Name, phone, e-mail, loyalty or order number, as typed" },
	{ "limit", JF_I64, false, 1, 50, NULL, "At most so many (12)" },
	PARAM_END,
};
static const struct http_param card_params[] = {
	CUSTOMER_PARAM,
	{ "store", JF_ID, false, ID_STORE, 0, NULL, "Where the customer stands" },
	{ "full", JF_BOOL, false, 0, 0, NULL, "Also what may not be said aloud" },
	PARAM_END,
};
static const struct http_param customer_params[] = { CUSTOMER_PARAM, PARAM_END };
static const struct http_param timeline_params[] = {
	CUSTOMER_PARAM,
	{ "channel", JF_STR, false, 0, 16, NULL, "Only this channel" },
	{ "before", JF_STR, false, 0, 48, NULL, "Cursor: next of the page before" },
	{ "limit", JF_I64, false, 1, 200, NULL, "At most so many (50)" },
	PARAM_END,
};
static const struct http_param orders_params[] = {
	CUSTOMER_PARAM,
	{ "before", JF_STR, false, 0, 48, NULL, "Cursor: next of the page before" },
	{ "limit", JF_I64, false, 1, 200, NULL, "At most so many (20)" },
	PARAM_END,
};
static const struct http_param note_params[] = { CUSTOMER_PARAM,
	                                         { "note", JF_ID, true, ID_NOTE, 0, NULL, NULL },
	                                         PARAM_END };
static const struct http_param fact_params[] = { CUSTOMER_PARAM,
	                                         { "fact", JF_ID, true, ID_FACT, 0, NULL, NULL },
	                                         PARAM_END };

const struct http_route api_customers_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/find",
	  .summary = "Find customers as you type",
	  .roles = ROLES_SERVE,
	  .purpose = "serve",
	  .params = find_params,
	  .answer = "Found",
	  .errors = "429",
	  .handle = find_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/customers/{customer}/card",
	  .summary = "The greeting card",
	  .roles = ROLES_SERVE,
	  .purpose = "serve",
	  .params = card_params,
	  .answer = "Card",
	  .errors = "404 429",
	  .handle = card_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/customers/{customer}",
	  .summary = "The whole customer",
	  .roles = ROLES_SERVE,
	  .purpose = "serve",
	  .params = customer_params,
	  .answer = "Customer",
	  .errors = "404 429",
	  .handle = customer_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/customers/{customer}/timeline",
	  .summary = "What happened, newest first",
	  .roles = ROLES_SERVE,
	  .purpose = "serve",
	  .params = timeline_params,
	  .answer = "Timeline",
	  .errors = "404",
	  .handle = timeline_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/customers/{customer}/orders",
	  .summary = "Orders and returns without their lines, newest first",
	  .roles = ROLES_SERVE,
	  .purpose = "serve",
	  .params = orders_params,
	  .answer = "Orders",
	  .errors = "404",
	  .handle = orders_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/customers/{customer}/notes",
	  .summary = "Write a note",
	  .roles = ROLES_SERVE,
	  .flags = HTTP_IDEMPOTENT,
	  .params = customer_params,
	  .body = note_fields,
	  .body_size = sizeof(struct note_in),
	  .answer = "Note",
	  .errors = "404",
	  .handle = note_handle },
	{ .method = HTTP_DELETE,
	  .path = "/v1/customers/{customer}/notes/{note}",
	  .summary = "Take a note back",
	  .roles = ROLES_SERVE,
	  .flags = HTTP_IDEMPOTENT,
	  .params = note_params,
	  .errors = "404",
	  .handle = note_delete_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/customers/{customer}/facts",
	  .summary = "Tell a fact",
	  .roles = ROLES_SERVE,
	  .flags = HTTP_IDEMPOTENT,
	  .params = customer_params,
	  .body = fact_fields,
	  .body_size = sizeof(struct fact_body),
	  .answer = "FactShown",
	  .errors = "404",
	  .handle = fact_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/customers/{customer}/facts/wrong",
	  .summary = "Mark a fact as wrong",
	  .roles = ROLES_SERVE,
	  .flags = HTTP_IDEMPOTENT,
	  .params = customer_params,
	  .body = wrong_fields,
	  .body_size = sizeof(struct fact_body),
	  .answer = "Id",
	  .errors = "404",
	  .handle = wrong_handle },
	{ .method = HTTP_DELETE,
	  .path = "/v1/customers/{customer}/facts/{fact}",
	  .summary = "Take a told fact or a mark back",
	  .roles = ROLES_SERVE,
	  .flags = HTTP_IDEMPOTENT,
	  .params = fact_params,
	  .errors = "404",
	  .handle = fact_delete_handle },
	{ 0 },
};
