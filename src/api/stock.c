/* Reading stock: the grid, its trail, holds, transfers, counts, who waits, what is low, what is to come. */
#include "api/api.h"
#include "api/internal.h"
#include "api/orders_in.h"

#include "base/cursor.h"
#include "desk/stock.h"

#define HOLDS_LIMIT 50
#define LIST_LIMIT 100
#define LISTED_MAX 60 /* ids in a parameter */
#define ID_BYTES_MAX 20

/* Whose holds they are is seen. */
#define ROLES_HOLDS (ROLES_SERVE | ROLE_FULFILMENT)

/* "sto_…,sto_…": as they stand. NULL where the parameter is not given. */
static enum result ids_param(struct http_request *rq, const char *name, enum id_kind kind, int64_t **out, int *count,
                             struct error *e)
{
	struct str rest = http_param_str(rq, name), part;
	int64_t *ids = arena_array(http_arena(rq), LISTED_MAX, sizeof(*ids));
	int n = 0;
	*out = NULL;
	*count = 0;
	if (!ids)
		return error_nomem(e);
	if (!rest.n)
		return OK;
	while (str_split(&rest, ',', &part)) {
		if (n == LISTED_MAX)
			return error_set(e, ERR_INVALID, "field.range", name, "At most %d ids", LISTED_MAX);
		if (!id_parse(part, kind, &ids[n++]))
			return error_set(e, ERR_INVALID, "field.type", name, "Ids (%s_…) with commas between",
			                 id_prefix(kind));
	}
	*out = ids;
	*count = n;
	return OK;
}

static enum result cursor_param(struct http_request *rq, const char *name, int64_t *a, int64_t *b, struct error *e)
{
	struct str text = http_param_str(rq, name);
	*a = *b = 0;
	if (text.n && !cursor_parse(text, a, b))
		return error_set(e, ERR_INVALID, "cursor.malformed", name, "This is no cursor of ours");
	return OK;
}

/* ---- The grid ---------------------------------------------------------------------------------------------------- */

static enum result grid_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t *skus, *places;
	struct stock_look look = { .product = http_param_i64(rq, "product", 0), .near = http_param_i64(rq, "near", 0) };
	TRY(ids_param(rq, "sku", ID_SKU, &skus, &look.sku_count, e));
	TRY(ids_param(rq, "location", ID_STORE, &places, &look.place_count, e));
	if (!look.product == !skus)
		return error_set(e, ERR_INVALID, "field.missing", "sku", "Name a product or SKUs");
	look.skus = skus;
	look.places = places;
	return desk_grid(api_desk(rq), api_principal(rq), &look, http_json(rs), e);
}

static enum result moves_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t act, n;
	TRY(cursor_param(rq, "before", &act, &n, e));
	return desk_moves(api_desk(rq), api_principal(rq), http_param_i64(rq, "sku", 0),
	                  http_param_i64(rq, "location", 0), act, n, (int)http_param_i64(rq, "limit", LIST_LIMIT),
	                  http_json(rs), e);
}

static enum result low_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t sku, location;
	TRY(cursor_param(rq, "after", &sku, &location, e));
	return desk_low(api_desk(rq), api_principal(rq), http_param_i64(rq, "location", 0), sku, location,
	                (int)http_param_i64(rq, "limit", LIST_LIMIT), http_json(rs), e);
}

static enum result expected_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_expected(api_desk(rq), api_principal(rq), http_param_i64(rq, "sku", 0),
	                     (int)http_param_i64(rq, "limit", LIST_LIMIT), http_json(rs), e);
}

/* ---- What is open ------------------------------------------------------------------------------------------------ */

static enum result holds_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t until, id;
	TRY(cursor_param(rq, "after", &until, &id, e));
	return desk_holds(api_desk(rq), api_principal(rq), http_param_i64(rq, "customer", 0),
	                  http_param_i64(rq, "location", 0), until, id, (int)http_param_i64(rq, "limit", HOLDS_LIMIT),
	                  http_route_of(rq)->purpose, http_json(rs), e);
}

static enum result hold_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_hold(api_desk(rq), api_principal(rq), http_param_i64(rq, "hold", 0), http_route_of(rq)->purpose,
	                 http_json(rs), e);
}

static enum result waiting_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t id, zero;
	TRY(cursor_param(rq, "after", &id, &zero, e));
	return desk_waiting(api_desk(rq), api_principal(rq), http_param_i64(rq, "sku", 0), id,
	                    (int)http_param_i64(rq, "limit", HOLDS_LIMIT), http_route_of(rq)->purpose, http_json(rs),
	                    e);
}

static enum result transfers_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t id, zero;
	TRY(cursor_param(rq, "after", &id, &zero, e));
	return desk_transfers(api_desk(rq), api_principal(rq), http_param_i64(rq, "location", 0), id,
	                      (int)http_param_i64(rq, "limit", DESK_TRANSFERS_MAX), http_json(rs), e);
}

static enum result transfer_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_transfer(api_desk(rq), api_principal(rq), http_param_i64(rq, "transfer", 0), http_json(rs), e);
}

static enum result counts_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t id, zero;
	TRY(cursor_param(rq, "after", &id, &zero, e));
	return desk_counts(api_desk(rq), api_principal(rq), http_param_i64(rq, "location", 0), id,
	                   (int)http_param_i64(rq, "limit", DESK_COUNTS_MAX), http_json(rs), e);
}

static enum result save_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct save_ask ask = { .sku = http_param_i64(rq, "sku", 0),
		                      .store = http_param_i64(rq, "store", 0),
		                      .customer = http_param_i64(rq, "customer", 0),
		                      .qty = http_param_i64(rq, "qty", 1),
		                      .tender = (enum tender)(http_param_i64(rq, "tender", TENDER_CARD - 1) + 1) };
	return desk_save(api_desk(rq), api_principal(rq), &ask, http_route_of(rq)->purpose, http_json(rs), e);
}

/* ---- Routes ------------------------------------------------------------------------------------------------------ */

#define PARAM_END                                                                                                      \
	{                                                                                                              \
		NULL, JF_STR, false, 0, 0, NULL, NULL                                                                  \
	}
#define PARAM_AFTER                                                                                                    \
	{                                                                                                              \
		"after", JF_STR, false, 0, 48, NULL, "Cursor: next of the page before"                                 \
	}
#define PARAM_LIMIT(most)                                                                                              \
	{                                                                                                              \
		"limit", JF_I64, false, 1, most, NULL, "At most so many"                                               \
	}
#define PARAM_LOCATION                                                                                                 \
	{                                                                                                              \
		"location", JF_ID, false, ID_STORE, 0, NULL, "Only there"                                              \
	}
#define PARAM_SKU                                                                                                      \
	{                                                                                                              \
		"sku", JF_ID, true, ID_SKU, 0, NULL, "The SKU"                                                         \
	}
#define LIST_BYTES (LISTED_MAX * (ID_BYTES_MAX + 1))

static const struct http_param grid_params[] = {
	{ "product", JF_ID, false, ID_PRODUCT, 0, NULL, "All SKUs of a product" },
	{ "sku", JF_STR, false, 0, LIST_BYTES, NULL, "Or these SKUs, with commas between" },
	{ "location", JF_STR, false, 0, LIST_BYTES, NULL, "Only these locations, with commas between" },
	{ "near", JF_ID, false, ID_STORE, 0, NULL, "Distances from this store, nearest first" },
	PARAM_END,
};
static const struct http_param moves_params[] = {
	PARAM_SKU,        PARAM_LOCATION, { "before", JF_STR, false, 0, 48, NULL, "Cursor: next of the page before" },
	PARAM_LIMIT(200), PARAM_END,
};
static const struct http_param sku_list_params[] = { PARAM_SKU, PARAM_LIMIT(200), PARAM_END };
static const struct http_param location_params[] = { PARAM_LOCATION, PARAM_AFTER, PARAM_LIMIT(100), PARAM_END };
static const struct http_param counts_params[] = { PARAM_LOCATION, PARAM_AFTER, PARAM_LIMIT(DESK_COUNTS_MAX),
	                                           PARAM_END };
static const struct http_param holds_params[] = {
	PARAM_LOCATION, { "customer", JF_ID, false, ID_CUSTOMER, 0, NULL, "Only this customer's" },
	PARAM_AFTER,    PARAM_LIMIT(DESK_HOLDS_MAX),
	PARAM_END,
};
static const struct http_param waiting_params[] = { PARAM_SKU, PARAM_AFTER, PARAM_LIMIT(DESK_HOLDS_MAX), PARAM_END };
static const struct http_param hold_params[] = { { "hold", JF_ID, true, ID_HOLD, 0, NULL, NULL }, PARAM_END };
static const struct http_param transfer_params[] = { { "transfer", JF_ID, true, ID_TRANSFER, 0, NULL, NULL },
	                                             PARAM_END };

static const struct http_param save_params[] = {
	PARAM_SKU,
	{ "store", JF_ID, true, ID_STORE, 0, NULL, "Where the customer stands" },
	{ "qty", JF_I64, false, 1, 1000, NULL, "So many (1)" },
	{ "customer", JF_ID, false, ID_CUSTOMER, 0, NULL, "For whom: sizes and dislikes count" },
	{ "tender", JF_ENUM, false, 0, 0, ORDER_TENDERS, "By what is paid what is taken along (card)" },
	PARAM_END,
};

const struct http_route api_stock_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/save-the-sale",
	  .summary = "Ways to get a SKU to a customer, best first",
	  .roles = ROLES_HOLDS | ROLE_SOURCE,
	  .purpose = "serve",
	  .params = save_params,
	  .answer = "SaveTheSale",
	  .errors = "404",
	  .handle = save_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/stock",
	  .summary = "What is where: SKUs × locations",
	  .roles = ROLES_SHELF,
	  .params = grid_params,
	  .answer = "Grid",
	  .errors = "404",
	  .handle = grid_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/stock/moves",
	  .summary = "The moves of a SKU, newest first",
	  .roles = ROLES_SHELF,
	  .params = moves_params,
	  .answer = "StockMoves",
	  .errors = "404",
	  .handle = moves_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/low",
	  .summary = "What is at or below its level",
	  .roles = ROLES_SHELF,
	  .params = location_params,
	  .answer = "LowStock",
	  .handle = low_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/expected",
	  .summary = "What suppliers are to deliver of a SKU, soonest first",
	  .roles = ROLES_SHELF,
	  .params = sku_list_params,
	  .answer = "Expected",
	  .errors = "404",
	  .handle = expected_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/holds",
	  .summary = "Open holds, those that lapse first before the others",
	  .roles = ROLES_HOLDS,
	  .purpose = "serve",
	  .params = holds_params,
	  .answer = "Holds",
	  .errors = "404",
	  .handle = holds_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/holds/{hold}",
	  .summary = "One hold",
	  .roles = ROLES_HOLDS,
	  .purpose = "serve",
	  .params = hold_params,
	  .answer = "Hold",
	  .errors = "404",
	  .handle = hold_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/waiting",
	  .summary = "Who waits for a SKU, in order",
	  .roles = ROLES_HOLDS,
	  .purpose = "serve",
	  .params = waiting_params,
	  .answer = "Waiting",
	  .handle = waiting_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/transfers",
	  .summary = "Open transfers to or from a location",
	  .roles = ROLES_SHELF,
	  .params = location_params,
	  .answer = "Transfers",
	  .handle = transfers_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/transfers/{transfer}",
	  .summary = "One transfer with its lines",
	  .roles = ROLES_SHELF,
	  .params = transfer_params,
	  .answer = "Transfer",
	  .errors = "404",
	  .handle = transfer_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/counts",
	  .summary = "What is to be counted; what the book expects is not said",
	  .roles = ROLES_SHELF,
	  .params = counts_params,
	  .answer = "StockCounts",
	  .handle = counts_handle },
	{ 0 },
};
