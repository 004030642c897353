/* Erasing a person: every room forgets each of the customer's records, in one transaction. */
#include "api/api.h"

#define ROLES_PRIVACY (ROLE_PRIVACY | ROLE_ADMIN | ROLE_LOCAL)

struct erase_ask {
	const struct api *api;
	const struct principal *p;
	int64_t customer;
};

static enum result erase_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct erase_ask *ask = arg;
	int64_t *records = arena_array(db_tx_arena(tx), CUSTOMER_MEMBERS_MAX, sizeof(*records)), customer;
	int count;
	if (!records)
		return error_nomem(e);
	TRY(customer_of(tx, ask->customer, &customer, e));
	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &count, e));
	for (int i = 0; i < count; i++)
		for (size_t k = 0; ask->api->rooms[k]; k++)
			if (ask->api->rooms[k]->erase_record)
				TRY(ask->api->rooms[k]->erase_record(tx, records[i], e));
	TRY(audit_act(tx, ask->p, "customer.erase", customer, STR("{}"), e));
	jw_object(w);
	jw_ki64(w, "records", count);
	jw_end_object(w);
	return OK;
}

static enum result erase_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	DB_LIMIT_AUTO int was = db_thread_limit(DB_LONG_MS);
	struct erase_ask ask = { api_of(rq), api_principal(rq), http_param_i64(rq, "customer", 0) };
	return api_write(rq, rs, 200, erase_write, &ask, e);
}

static const struct http_param customer_params[] = {
	{ "customer", JF_ID, true, ID_CUSTOMER, 0, NULL, "Any id the customer ever had" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_privacy_routes[] = {
	{ .method = HTTP_POST,
	  .path = "/v1/customers/{customer}/erase",
	  .summary = "Forget this person; it cannot be undone",
	  .roles = ROLES_PRIVACY,
	  .flags = HTTP_IDEMPOTENT,
	  .params = customer_params,
	  .answer = "Erased",
	  .errors = "404",
	  .handle = erase_handle },
	{ 0 },
};
