/* Merge, split, never merge, undo: by hand, with evidence, always reversible. Why, and the review queue. */
#include "api/api.h"

#define ROLES_IDENTITY (ROLE_AGENT | ROLE_MANAGER | ROLE_ADMIN | ROLE_LOCAL)
#define SPLIT_RECORDS_MAX 500

struct identity_ask {
	const struct principal *p;
	int64_t a, b, decision;
	int64_t records[SPLIT_RECORDS_MAX];
	int record_count;
	bool force, same;
	struct str reason;
};

static void write_decision(struct json_writer *w, int64_t decision, int64_t customer)
{
	jw_object(w);
	jw_kid(w, "decision", ID_DECISION, decision);
	if (customer)
		jw_kid(w, "customer", ID_CUSTOMER, customer);
	jw_end_object(w);
}

/* ---- Merge, never -------------------------------------------------------------------------------------------------
 */

struct pair_body {
	int64_t a, b;
	bool force;
	struct str reason;
};
static const struct json_field pair_fields[] = {
	JSON_FIELD_ID(struct pair_body, a, "a", ID_CUSTOMER, JSON_REQUIRED),
	JSON_FIELD_ID(struct pair_body, b, "b", ID_CUSTOMER, JSON_REQUIRED),
	JSON_FIELD_BOOL(struct pair_body, force, "force", 0),
	JSON_FIELD_STR(struct pair_body, reason, "reason", 0, 0, 240),
	JSON_END,
};

static enum result merge_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct identity_ask *ask = arg;
	int64_t decision = 0, customer = 0;
	TRY(customer_merge(tx, ask->a, ask->b, ask->force, ask->p->user, ask->reason, &decision, &customer, e));
	TRY(audit_act(tx, ask->p, "customer.merge", customer, STR("{}"), e));
	write_decision(w, decision, customer);
	return OK;
}

static enum result never_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct identity_ask *ask = arg;
	int64_t decision = 0;
	TRY(customer_never(tx, ask->a, ask->b, ask->p->user, ask->reason, &decision, e));
	TRY(audit_act(tx, ask->p, "customer.never", ask->a, STR("{}"), e));
	write_decision(w, decision, 0);
	return OK;
}

static enum result pair_handle(struct http_request *rq, struct http_response *rs, api_write_fn *fn, struct error *e)
{
	const struct pair_body *in = http_body_struct(rq);
	struct identity_ask ask = {
		.p = api_principal(rq), .a = in->a, .b = in->b, .force = in->force, .reason = in->reason
	};
	return api_write(rq, rs, 201, fn, &ask, e);
}

static enum result merge_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return pair_handle(rq, rs, merge_write, e);
}

static enum result never_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return pair_handle(rq, rs, never_write, e);
}

/* ---- Split --------------------------------------------------------------------------------------------------------
 */

struct split_body {
	const struct json *records;
	struct str reason;
};
static const struct json_field split_fields[] = {
	JSON_FIELD_ARRAY(struct split_body, records, "records", JSON_REQUIRED, 1, SPLIT_RECORDS_MAX),
	JSON_FIELD_STR(struct split_body, reason, "reason", 0, 0, 240),
	JSON_END,
};

static enum result split_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct identity_ask *ask = arg;
	int64_t decision = 0, customer = 0;
	TRY(customer_split(tx, ask->records, ask->record_count, ask->p->user, ask->reason, &decision, &customer, e));
	TRY(audit_act(tx, ask->p, "customer.split", customer, STR("{}"), e));
	write_decision(w, decision, customer);
	return OK;
}

static enum result split_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct split_body *in = http_body_struct(rq);
	struct identity_ask ask = { .p = api_principal(rq), .reason = in->reason };
	for (size_t i = 0; i < json_count(in->records); i++)
		if (!id_parse(json_str(json_at(in->records, i)), ID_RECORD, &ask.records[ask.record_count++]))
			return error_set(e, ERR_INVALID, "field.type", "records", "Record %zu is no rec_ id", i);
	return api_write(rq, rs, 201, split_write, &ask, e);
}

/* ---- Undo ---------------------------------------------------------------------------------------------------------
 */

struct undo_body {
	struct str reason;
};
static const struct json_field undo_fields[] = {
	JSON_FIELD_STR(struct undo_body, reason, "reason", 0, 0, 240),
	JSON_END,
};

static enum result undo_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct identity_ask *ask = arg;
	TRY(decision_undo(tx, ask->decision, ask->p->user, ask->reason, e));
	TRY(audit_act(tx, ask->p, "decision.undo", ask->decision, STR("{}"), e));
	write_decision(w, ask->decision, 0);
	return OK;
}

static enum result undo_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct undo_body *in = http_body_struct(rq);
	struct identity_ask ask = { .p = api_principal(rq),
		                    .decision = http_param_i64(rq, "decision", 0),
		                    .reason = in->reason };
	return api_write(rq, rs, 200, undo_write, &ask, e);
}

static const struct http_param undo_params[] = {
	{ "decision", JF_ID, true, ID_DECISION, 0, NULL, NULL },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

/* ---- Why, the review queue ----------------------------------------------------------------------------------------
 */

#define REVIEW_LIMIT 20
#define REVIEW_CURSOR_MAX 100
#define LOOKS_PER_MINUTE 120
#define LOOKS_BURST 60

static enum result may_look(const struct principal *p, const char *what, struct error *e)
{
	int wait_s = 0;
	if (p->role == ROLE_LOCAL ||
	    rate_allow(what, p->user ? p->user : p->key, LOOKS_PER_MINUTE, LOOKS_BURST, &wait_s))
		return OK;
	return error_set(e, ERR_LIMIT, "rate.exceeded", NULL, "Too many look-ups: try again in %d seconds", wait_s);
}

static enum result why_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	TRY(may_look(p, "why", e));
	return desk_why(api_desk(rq), p, http_param_i64(rq, "a", 0), http_param_i64(rq, "b", 0),
	                http_route_of(rq)->purpose, http_json(rs), e);
}

static enum result review_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	TRY(may_look(p, "review", e));
	return desk_review(api_desk(rq), p, http_param_str(rq, "before"),
	                   (int)http_param_i64(rq, "limit", REVIEW_LIMIT), http_route_of(rq)->purpose, http_json(rs),
	                   e);
}

static enum result estimate_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	TRY(may_look(p, "estimate", e));
	return desk_estimate(api_desk(rq), p, http_json(rs), e);
}

static enum result sample_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	TRY(may_look(p, "review", e));
	return desk_sample(
	        api_desk(rq), p, http_param_i64(rq, "seed", 0), (int)http_param_i64(rq, "size", DESK_SAMPLE_SIZE),
	        (int)http_param_i64(rq, "limit", REVIEW_LIMIT), http_route_of(rq)->purpose, http_json(rs), e);
}

struct verdict_body {
	int64_t a, b;
	bool same;
	struct str reason;
};
static const struct json_field verdict_fields[] = {
	JSON_FIELD_ID(struct verdict_body, a, "a", ID_RECORD, JSON_REQUIRED),
	JSON_FIELD_ID(struct verdict_body, b, "b", ID_RECORD, JSON_REQUIRED),
	JSON_FIELD_BOOL(struct verdict_body, same, "same", JSON_REQUIRED),
	JSON_FIELD_STR(struct verdict_body, reason, "reason", 0, 0, 240),
	JSON_END,
};

static enum result verdict_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct identity_ask *ask = arg;
	int64_t decision = 0, customer = 0;
	TRY(sample_answer(tx, ask->a, ask->b, ask->same, ask->p->user, ask->reason, &decision, &customer, e));
	TRY(audit_act(tx, ask->p, ask->same ? "customer.confirm" : "customer.split", customer, STR("{}"), e));
	write_decision(w, decision, customer);
	return OK;
}

static enum result verdict_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct verdict_body *in = http_body_struct(rq);
	struct identity_ask ask = {
		.p = api_principal(rq), .a = in->a, .b = in->b, .same = in->same, .reason = in->reason
	};
	return api_write(rq, rs, 201, verdict_write, &ask, e);
}

static const struct http_param sample_params[] = {
	{ "size", JF_I64, false, 1, SAMPLE_SIZE_MAX, NULL, "Pairs in all (100)" },
	{ "seed", JF_I64, false, 1, (INT64_C(1) << 53) - 1, NULL, "Which ones (the version of the model)" },
	{ "limit", JF_I64, false, 1, DESK_REVIEW_MAX, NULL, "Of those that are left at most so many (20)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param why_params[] = {
	{ "a", JF_ID, true, ID_CUSTOMER, 0, NULL, "A customer; of a record its digits behind cus_" },
	{ "b", JF_ID, true, ID_CUSTOMER, 0, NULL, "Another one" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param review_params[] = {
	{ "before", JF_STR, false, 0, REVIEW_CURSOR_MAX, NULL, "Cursor: next of the page before" },
	{ "limit", JF_I64, false, 1, DESK_REVIEW_MAX, NULL, "At most so many (20)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_identity_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/why",
	  .summary = "Why two records are one person, or are not",
	  .roles = ROLES_IDENTITY,
	  .purpose = "identity",
	  .params = why_params,
	  .answer = "Pair",
	  .errors = "404 429",
	  .handle = why_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/review",
	  .summary = "Doubtful pairs, most valuable first",
	  .roles = ROLES_IDENTITY,
	  .purpose = "identity",
	  .params = review_params,
	  .answer = "Review",
	  .errors = "429",
	  .handle = review_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/review/sample",
	  .summary = "Joined pairs to check: a sample",
	  .roles = ROLES_IDENTITY,
	  .purpose = "identity",
	  .params = sample_params,
	  .answer = "Sample",
	  .errors = "429",
	  .handle = sample_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/review/sample",
	  .summary = "One person indeed, or two after all",
	  .roles = ROLES_IDENTITY,
	  .flags = HTTP_IDEMPOTENT,
	  .body = verdict_fields,
	  .body_size = sizeof(struct verdict_body),
	  .answer = "Decision",
	  .errors = "404 409",
	  .handle = verdict_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/review/estimate",
	  .summary = "How good the matching is, by what people said of doubtful pairs and of a sample",
	  .roles = ROLES_IDENTITY,
	  .answer = "Estimate",
	  .errors = "429",
	  .handle = estimate_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/merges",
	  .summary = "Two customers are one person",
	  .roles = ROLES_IDENTITY,
	  .flags = HTTP_IDEMPOTENT,
	  .body = pair_fields,
	  .body_size = sizeof(struct pair_body),
	  .answer = "Decision",
	  .errors = "404 409",
	  .handle = merge_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/nevers",
	  .summary = "Two customers are never one person",
	  .roles = ROLES_IDENTITY,
	  .flags = HTTP_IDEMPOTENT,
	  .body = pair_fields,
	  .body_size = sizeof(struct pair_body),
	  .answer = "Decision",
	  .errors = "404 409",
	  .handle = never_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/splits",
	  .summary = "These records are another person",
	  .roles = ROLES_IDENTITY,
	  .flags = HTTP_IDEMPOTENT,
	  .body = split_fields,
	  .body_size = sizeof(struct split_body),
	  .answer = "Decision",
	  .errors = "404 409",
	  .handle = split_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/decisions/{decision}/undo",
	  .summary = "Take a decision back",
	  .roles = ROLES_IDENTITY,
	  .flags = HTTP_IDEMPOTENT,
	  .params = undo_params,
	  .body = undo_fields,
	  .body_size = sizeof(struct undo_body),
	  .answer = "Decision",
	  .errors = "404 409",
	  .handle = undo_handle },
	{ 0 },
};
