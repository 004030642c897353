/* Orders: placed, commanded, found; the queue; returns. A command answers with the order's book as it is after it. */
#include "api/orders_in.h"

#include "base/cursor.h"
#include "base/log.h"

#define FIND_PER_MINUTE 240 /* as in customers.c: an order shows whose it is */
#define FIND_BURST 60
#define QUEUE_LIMIT 50
#define ORDERS_LIMIT 20

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

struct order_write {
	struct order_asked ask;
	unsigned char key[HASH128_BYTES];
	struct order_done done;
	struct order_kept kept; /* the book, where the command ran */
	bool ran;               /* else the answer is one that was stored */
};

static enum result command_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	struct order_write *ow = arg;
	const struct principal *p = ow->ask.principal;
	TRY(order_fill(tx, &ow->ask, e));
	TRY(order_do_keep(tx, ow->key, p->user, p->associate, &ow->ask.c, &ow->kept, &ow->done, e));
	ow->ran = true;
	jw_object(w);
	desk_done(w, &ow->done);
	jw_end_object(w);
	return OK;
}

static int64_t order_of_answer(struct str answer)
{
	JSON_AUTO struct json *doc = NULL;
	int64_t order = 0;
	if (json_parse(answer, NULL, &doc, NULL) != OK || !id_parse(json_str(json_get(doc, "order")), ID_ORDER, &order))
		return 0;
	return order;
}

/* The answer as it is kept, and the book as it is now: that is not kept, it may hold what somebody said. */
static enum result book_add(struct http_request *rq, struct http_response *rs, struct order_write *ow, struct error *e)
{
	BUF_AUTO struct buf out, book;
	struct json_writer w;
	struct str kept = http_body_of(rs);
	struct error none = { 0 };
	bool replayed = !ow->ran || ow->done.replayed;
	int64_t order = ow->ran ? ow->done.order : order_of_answer(kept);
	buf_init(&out, 0);
	buf_init(&book, 0);
	jw_init(&w, &book);
	const struct desk *d = api_desk(rq);
	const struct principal *p = api_principal(rq);
	bool kept_book = ow->ran && ow->kept.there;
	if ((kept_book ? desk_order_kept(d, p, &ow->kept, &w, &none) : desk_order_book(d, p, order, &w, &none)) != OK) {
		log_event(LOG_WARN, "api.book", "code=%s detail=\"%s\"", none.code, none.detail);
		buf_clear(&book);
	}
	buf_add(&out, kept.p, kept.n - 1); /* without its closing brace */
	buf_printf(&out, ",\"replayed\":%s,\"book\":", replayed ? "true" : "false");
	buf_str(&out, book.n ? "" : "null");
	buf_add(&out, book.p ? book.p : "", book.n);
	buf_char(&out, '}');
	if (out.failed)
		return error_nomem(e);
	http_set_body(rs, buf_view(&out), "application/json");
	return OK;
}

static enum result command_run(struct http_request *rq, struct http_response *rs, enum order_command_kind kind,
                               int64_t order, struct error *e)
{
	struct order_write *ow = arena_alloc(http_arena(rq), sizeof(*ow));
	bool stored;
	if (!ow)
		return error_nomem(e);
	*ow = (struct order_write){ .kept = { .a = http_arena(rq) } };
	TRY(order_ask(rq, kind, order, &ow->ask, e));
	TRY(api_act_key(rq, ow->key, e));
	TRY(api_write_told(rq, rs, order ? 200 : 201, command_write, ow, &stored, e));
	ow->ran &= !stored; /* an attempt that was rolled back told nothing */
	return book_add(rq, rs, ow, e);
}

static enum result place_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct order_body *b = http_body_struct(rq);
	return command_run(rq, rs, b->quote ? COMMAND_QUOTE : COMMAND_PLACE, 0, e);
}

/* Which command the route is: the last word of its path. */
static enum order_command_kind command_of(const struct http_request *rq)
{
	const char *word = strrchr(http_route_of(rq)->path, '/') + 1;
	int k = 1;
	while (k < COMMANDS - 1 && strcmp(order_command_name((enum order_command_kind)k) + strlen("order."), word))
		k++;
	return (enum order_command_kind)k;
}

static enum result command_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return command_run(rq, rs, command_of(rq), http_param_i64(rq, "order", 0), e);
}

/* ---- Prices ----------------------------------------------------------------------------------------------------- */

struct price_ask {
	struct order_asked ask;
	struct json_writer *w;
};

static enum result price_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct price_ask *pa = arg;
	struct price price;
	TRY(order_fill(tx, &pa->ask, e));
	TRY(order_price(&pa->ask.c, db_tx_arena(tx), &price, e));
	desk_price(pa->w, &pa->ask.c, &price);
	return OK;
}

static enum result price_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct price_ask pa = { .w = http_json(rs) };
	TRY(order_ask(rq, COMMAND_PLACE, 0, &pa.ask, e));
	return db_read(api_desk(rq)->db, price_read, &pa, e);
}

static enum result change_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct price_ask *pa = arg;
	struct order_changed changed;
	TRY(order_fill(tx, &pa->ask, e));
	TRY(order_change_price(tx, &pa->ask.c, db_tx_arena(tx), &changed, e));
	desk_changed(pa->w, &changed);
	return OK;
}

static enum result change_price_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct price_ask pa = { .w = http_json(rs) };
	TRY(order_ask(rq, COMMAND_CHANGE, http_param_i64(rq, "order", 0), &pa.ask, e));
	return db_read(api_desk(rq)->db, change_read, &pa, e);
}

static enum result back_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct price_ask *pa = arg;
	struct order_back back;
	TRY(order_fill(tx, &pa->ask, e));
	TRY(order_return_price(tx, &pa->ask.c, db_tx_arena(tx), &back, e));
	desk_back(pa->w, &back);
	return OK;
}

static enum result return_price_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct price_ask pa = { .w = http_json(rs) };
	TRY(order_ask(rq, COMMAND_RETURN, http_param_i64(rq, "order", 0), &pa.ask, e));
	return db_read(api_desk(rq)->db, back_read, &pa, e);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static enum result may_look(const struct principal *p, struct error *e)
{
	int wait_s = 0;
	if (p->role & (ROLE_LOCAL | ROLE_SOURCE) ||
	    rate_allow("orders", p->user ? p->user : p->key, FIND_PER_MINUTE, FIND_BURST, &wait_s))
		return OK;
	return error_set(e, ERR_LIMIT, "rate.exceeded", NULL, "Too many look-ups: try again in %d seconds", wait_s);
}

static enum result order_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_order(api_desk(rq), api_principal(rq), http_param_i64(rq, "order", 0), http_json(rs), e);
}

static enum result find_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	static const struct {
		const char *name;
		enum desk_order_by by;
	} ways[] = { { "number", DESK_BY_NUMBER }, { "phone", DESK_BY_PHONE }, { "email", DESK_BY_EMAIL } };
	const struct principal *p = api_principal(rq);
	int limit = (int)http_param_i64(rq, "limit", ORDERS_LIMIT), given = http_has_param(rq, "customer");
	struct str before = http_param_str(rq, "before");
	int64_t at = 0, id = 0;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		given += http_has_param(rq, ways[i].name);
	if (given != 1)
		return error_set(e, ERR_INVALID, "order.find", "number",
		                 "Say one of number, phone, email and customer");
	TRY(may_look(p, e));
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (http_has_param(rq, ways[i].name))
			return desk_orders_by(api_desk(rq), p, ways[i].by, http_param_str(rq, ways[i].name), limit,
			                      http_json(rs), e);
	if (before.n && !cursor_parse(before, &at, &id))
		return error_set(e, ERR_INVALID, "cursor.malformed", "before", "This is no cursor of ours");
	return desk_orders(api_desk(rq), p, http_param_i64(rq, "customer", 0), at, id, limit, http_json(rs), e);
}

/* As api_store_scope(), of what this resource calls a location. */
static enum result location_scope(struct http_request *rq, int64_t given, int64_t *location, struct error *e)
{
	const struct principal *p = api_principal(rq);
	if (given && !principal_in_store(p, given))
		return error_set(e, ERR_FORBIDDEN, "store.not_yours", "location", "That is another store's.");
	return api_store_scope(rq, given, location, e);
}

static enum result queue_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	int64_t location = 0;
	TRY(location_scope(rq, http_param_i64(rq, "location", 0), &location, e));
	if (!location && (p->store_count || p->role == ROLE_ASSOCIATE))
		return p->store_count
		               ? error_set(e, ERR_INVALID, "param.missing", "location", "In which store?")
		               : error_set(e, ERR_FORBIDDEN, "store.not_yours", "location", "You belong to no store.");
	return desk_queue(api_desk(rq), p, location, http_param_str(rq, "after"),
	                  (int)http_param_i64(rq, "limit", QUEUE_LIMIT), http_json(rs), e);
}

static enum result reviews_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_order_reviews(api_desk(rq), api_principal(rq), http_param_str(rq, "after"),
	                          (int)http_param_i64(rq, "limit", QUEUE_LIMIT), http_json(rs), e);
}

static enum result parked_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_parked_returns(api_desk(rq), api_principal(rq), http_param_str(rq, "after"),
	                           (int)http_param_i64(rq, "limit", QUEUE_LIMIT), http_json(rs), e);
}

/* ---- Reviews and reported returns ------------------------------------------------------------------------------- */

struct review_ask {
	const struct principal *p;
	int64_t review;
};

static enum result review_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct review_ask *ask = arg;
	(void)w;
	TRY(order_review_close(tx, ask->review, e));
	return audit_act(tx, ask->p, "order.review", ask->review, STR("{}"), e);
}

static enum result review_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct review_ask ask = { api_principal(rq), http_param_i64(rq, "review", 0) };
	return api_write(rq, rs, 204, review_write, &ask, e);
}

struct settle_body {
	int64_t order;
};

struct settle_ask {
	const struct principal *p;
	int64_t parked, order;
	unsigned char key[HASH128_BYTES];
};

static enum result settle_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct settle_ask *ask = arg;
	(void)w;
	TRY(order_parked_settle(tx, ask->key, ask->p->user, ask->p->associate, ask->parked, ask->order, e));
	return audit_act(tx, ask->p, "order.parked", ask->parked, STR("{}"), e);
}

static enum result settle_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct settle_body *body = http_body_struct(rq);
	struct settle_ask ask = { .p = api_principal(rq),
		                  .parked = http_param_i64(rq, "parked", 0),
		                  .order = body->order };
	TRY(api_act_key(rq, ask.key, e));
	return api_write(rq, rs, 204, settle_write, &ask, e);
}

struct returned_ask {
	const struct returned_body *body;
	unsigned char key[HASH128_BYTES];
};

static enum result returned_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct returned_ask *ask = arg;
	struct order_returned_in in;
	struct order_returned_out out;
	TRY(returned_fill(tx, ask->body, &in, e));
	TRY(order_report_return(tx, ask->key, &in, &out, e));
	jw_object(w);
	jw_kid(w, "order", ID_ORDER, out.order);
	jw_ki64(w, "taken", out.taken);
	jw_ki64(w, "parked", out.parked);
	jw_kbool(w, "unmatched", out.unmatched_minor != 0);
	jw_end_object(w);
	return OK;
}

static enum result returned_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct returned_ask ask = { .body = http_body_struct(rq) };
	int64_t store;
	TRY(location_scope(rq, ask.body->location, &store, e));
	TRY(api_act_key(rq, ask.key, e));
	return api_write(rq, rs, 201, returned_write, &ask, e);
}

/* ---- Routes ----------------------------------------------------------------------------------------------------- */

#define ROLES_SELL (ROLES_SERVE | ROLE_SOURCE)
#define ROLES_MOVE (ROLES_SELL | ROLE_FULFILMENT)
#define ROLES_REVIEW (ROLE_AGENT | ROLE_MANAGER | ROLE_ADMIN | ROLE_LOCAL)

#define TEXT(m, lo, hi) JSON_FIELD_STR(struct order_body, m, #m, JSON_NULLABLE, lo, hi)
#define FLAG(m) JSON_FIELD_BOOL(struct order_body, m, #m, 0)
#define LIST(m, flags, lo, hi) JSON_FIELD_ARRAY(struct order_body, m, #m, flags, lo, hi)
#define STORE JSON_FIELD_ID(struct order_body, store, "store", ID_STORE, JSON_NULLABLE)
#define DETAIL TEXT(detail, 0, ORDER_DETAIL_BYTES)
#define ITEMS LIST(items, JSON_REQUIRED, 1, ORDER_ITEMS_MAX)
#define UNITS LIST(units, JSON_NULLABLE, 0, ORDER_UNITS_MAX)
#define UNITS_NEEDED LIST(units, JSON_REQUIRED, 1, ORDER_UNITS_MAX)
#define PAYS LIST(pays, JSON_NULLABLE, 0, ORDER_PAYS_MAX)
#define DISCOUNTS LIST(discounts, JSON_NULLABLE, 0, PRICE_DISCOUNTS_MAX)
#define SHIPPING TEXT(shipping, 1, ORDER_AMOUNT_BYTES), TEXT(shipping_tax_rate, 1, ORDER_AMOUNT_BYTES)
#define NEW_ORDER                                                                                                      \
	JSON_FIELD_ID(struct order_body, customer, "customer", ID_CUSTOMER, JSON_NULLABLE),                            \
	        JSON_FIELD_ID(struct order_body, record, "record", ID_RECORD, JSON_NULLABLE), STORE,                   \
	        TEXT(channel, 1, 16), TEXT(number, 0, ORDER_NUMBER_MAX), TEXT(currency, 3, 3), FLAG(tax_included),     \
	        FLAG(on_account),                                                                                      \
	        JSON_FIELD_ENUM(struct order_body, policy, "policy", "keep_share|reprice_kept", JSON_NULLABLE),        \
	        FLAG(may_wait), SHIPPING, DISCOUNTS, ITEMS, PAYS, DETAIL

static const struct json_field place_fields[] = { NEW_ORDER, FLAG(quote), JSON_END };
static const struct json_field price_fields[] = { NEW_ORDER, JSON_END };
static const struct json_field quote_fields[] = {
	STORE, UNITS, PAYS, FLAG(on_account), FLAG(may_wait), DETAIL, JSON_END
};
static const struct json_field change_fields[] = { STORE,     ITEMS,    UNITS,          PAYS,
	                                           DISCOUNTS, SHIPPING, FLAG(may_wait), FLAG(keep_terms),
	                                           DETAIL,    JSON_END };
static const struct json_field exchange_fields[] = { STORE,          UNITS_NEEDED, ITEMS,
	                                             PAYS,           DISCOUNTS,    FLAG(refund_rest),
	                                             FLAG(may_wait), DETAIL,       JSON_END };
static const struct json_field cancel_fields[] = { STORE, UNITS, PAYS, FLAG(refund_rest), DETAIL, JSON_END };
static const struct json_field units_fields[] = { STORE, UNITS, DETAIL, JSON_END };
static const struct json_field named_units_fields[] = { STORE, UNITS_NEEDED, DETAIL, JSON_END };
static const struct json_field transfer_fields[] = {
	STORE, UNITS_NEEDED, JSON_FIELD_ID(struct order_body, to, "to", ID_STORE, JSON_REQUIRED), DETAIL, JSON_END
};
static const struct json_field return_fields[] = { STORE, UNITS_NEEDED, PAYS, FLAG(refund_rest), DETAIL, JSON_END };
static const struct json_field back_fields[] = { STORE, UNITS_NEEDED, PAYS, JSON_END };
static const struct json_field pay_fields[] = { STORE, LIST(pays, JSON_REQUIRED, 1, ORDER_PAYS_MAX), DETAIL, JSON_END };
static const struct json_field refund_fields[] = { STORE, PAYS, FLAG(refund_rest), DETAIL, JSON_END };
static const struct json_field payment_fields[] = {
	STORE, JSON_FIELD_I64(struct order_body, payment, "payment", JSON_REQUIRED, 1, INT32_MAX), DETAIL, JSON_END
};
static const struct json_field bare_fields[] = { STORE, DETAIL, JSON_END };
static const struct json_field settle_fields[] = {
	JSON_FIELD_ID(struct settle_body, order, "order", ID_ORDER, JSON_NULLABLE), JSON_END
};
static const struct json_field returned_fields[] = {
	JSON_FIELD_STR(struct returned_body, number, "number", JSON_NULLABLE, 0, ORDER_NUMBER_MAX),
	JSON_FIELD_ID(struct returned_body, sku, "sku", ID_SKU, JSON_REQUIRED),
	JSON_FIELD_I64(struct returned_body, qty, "qty", JSON_REQUIRED, 1, ORDER_PART_MAX),
	JSON_FIELD_ID(struct returned_body, location, "location", ID_STORE, JSON_REQUIRED),
	JSON_FIELD_ENUM(struct returned_body, condition, "condition", "good|unknown|damaged", JSON_REQUIRED),
	JSON_FIELD_ENUM(struct returned_body, tender, "tender", ORDER_TENDERS, JSON_REQUIRED),
	JSON_FIELD_STR(struct returned_body, amount, "amount", JSON_NULLABLE, 1, ORDER_AMOUNT_BYTES),
	JSON_FIELD_STR(struct returned_body, currency, "currency", JSON_NULLABLE, 3, 3),
	JSON_END,
};

#define PARAM_END                                                                                                      \
	{                                                                                                              \
		NULL, JF_STR, false, 0, 0, NULL, NULL                                                                  \
	}
#define PAGE_PARAMS                                                                                                    \
	{ "after", JF_STR, false, 0, 100, NULL, "Cursor: next of the page before" },                                   \
	        { "limit", JF_I64, false, 1, DESK_QUEUE_MAX, NULL, "At most so many (50)" }, PARAM_END

static const struct http_param order_params[] = { { "order", JF_ID, true, ID_ORDER, 0, NULL, NULL }, PARAM_END };
static const struct http_param review_params[] = { { "review", JF_ID, true, ID_REVIEW, 0, NULL, NULL }, PARAM_END };
static const struct http_param parked_params[] = { { "parked", JF_ID, true, ID_PARKED, 0, NULL, NULL }, PARAM_END };
static const struct http_param page_params[] = { PAGE_PARAMS };
static const struct http_param queue_params[] = { { "location", JF_ID, false, ID_STORE, 0, NULL,
	                                            "Only what this store has to do (the caller's own)" },
	                                          PAGE_PARAMS };
static const struct http_param find_params[] = {
	{ "number", JF_STR, false, 1, ORDER_NUMBER_MAX, NULL, "A receipt's or order's number, of any channel" },
	{ "phone", JF_STR, false, 4, 40, NULL, "Of everybody with this phone number" },
	{ "email", JF_STR, false, 3, 100, NULL, "Of everybody with this e-mail address" },
	{ "customer", JF_ID, false, ID_CUSTOMER, 0, NULL, "Any id the customer ever had" },
	{ "before", JF_STR, false, 0, 48, NULL, "Cursor: next of the page before (customer)" },
	{ "limit", JF_I64, false, 1, 200, NULL, "At most so many (20)" },
	PARAM_END,
};

#define READ(path_, summary_, roles_, purpose_, params_, answer_, errors_, handle_)                                    \
	{                                                                                                              \
		.method = HTTP_GET, .path = (path_), .summary = (summary_), .roles = (roles_), .purpose = (purpose_),  \
		.params = (params_), .answer = (answer_), .errors = (errors_), .handle = (handle_)                     \
	}
#define WRITE(path_, summary_, roles_, params_, body_, type_, answer_, errors_, handle_)                               \
	{                                                                                                              \
		.method = HTTP_POST, .path = (path_), .summary = (summary_), .roles = (roles_),                        \
		.flags = HTTP_IDEMPOTENT, .params = (params_), .body = (body_), .body_size = sizeof(type_),            \
		.answer = (answer_), .errors = (errors_), .handle = (handle_)                                          \
	}
#define COMMAND(word, summary_, roles_, body_)                                                                         \
	WRITE("/v1/orders/{order}/" word, summary_, roles_, order_params, body_, struct order_body, "OrderDone",       \
	      "404 409", command_handle)
/* Asks by POST, as what it asks about is a body; keeps nothing. */
#define PREVIEW(path_, summary_, roles_, params_, body_, answer_, handle_)                                             \
	{                                                                                                              \
		.method = HTTP_POST, .path = (path_), .summary = (summary_), .roles = (roles_), .params = (params_),   \
		.body = (body_), .body_size = sizeof(struct order_body), .answer = (answer_), .errors = "404 409",     \
		.handle = (handle_)                                                                                    \
	}

const struct http_route api_orders_routes[] = {
	READ("/v1/orders", "Orders by number, phone, e-mail or customer", ROLES_MOVE, "serve", find_params, "Orders",
	     "404", find_handle),
	READ("/v1/orders/{order}", "One order with its lines, history and book", ROLES_MOVE, "serve", order_params,
	     "Order", "404", order_handle),
	READ("/v1/queue", "What a store has to do, with its clocks", ROLES_MOVE, "serve", queue_params, "Queue", NULL,
	     queue_handle),
	READ("/v1/order-reviews", "Money that was given back beyond what was due", ROLES_REVIEW, NULL, page_params,
	     "OrderReviews", NULL, reviews_handle),
	READ("/v1/parked-returns", "Returns that wait for their sale", ROLES_MOVE, NULL, page_params, "ParkedReturns",
	     NULL, parked_handle),
	PREVIEW("/v1/orders/price", "What an order would cost", ROLES_SELL, NULL, price_fields, "Price", price_handle),
	PREVIEW("/v1/orders/{order}/change/price", "What a change would make of it", ROLES_SELL, order_params,
	        change_fields, "ChangePrice", change_price_handle),
	PREVIEW("/v1/orders/{order}/return/price", "What a return would give", ROLES_MOVE, order_params, back_fields,
	        "ReturnPrice", return_price_handle),
	WRITE("/v1/orders", "Place an order, or quote it", ROLES_SELL, NULL, place_fields, struct order_body,
	      "OrderDone", "404 409", place_handle),
	COMMAND("place", "A quote becomes an order", ROLES_SELL, quote_fields),
	COMMAND("change", "These items and terms from now on", ROLES_SELL, change_fields),
	COMMAND("cancel", "Cancel units, or all that can be", ROLES_MOVE, cancel_fields),
	COMMAND("allocate", "Waiting units get a location and a method", ROLES_MOVE, named_units_fields),
	COMMAND("release", "Open units wait again", ROLES_MOVE, units_fields),
	COMMAND("pick", "Units are taken off the shelf", ROLES_MOVE, units_fields),
	COMMAND("unpick", "Picked units go back to the shelf, for this order still", ROLES_MOVE, units_fields),
	COMMAND("problem", "Units are not to be found: they wait for another location", ROLES_MOVE, named_units_fields),
	COMMAND("ready", "Picked units are put aside to be fetched", ROLES_MOVE, units_fields),
	COMMAND("transfer", "Open units are to be sent to another location", ROLES_MOVE, transfer_fields),
	COMMAND("arrive", "The customer is there to fetch it", ROLES_MOVE, bare_fields),
	COMMAND("hand_over", "Units are handed to the customer", ROLES_MOVE, units_fields),
	COMMAND("ship", "Units leave with the carrier", ROLES_MOVE, units_fields),
	COMMAND("deliver", "Sent units have reached the customer", ROLES_MOVE, units_fields),
	COMMAND("no_show", "Nobody fetched them: cancelled and put back", ROLES_MOVE, units_fields),
	COMMAND("pay", "Take money", ROLES_SELL, pay_fields),
	COMMAND("return", "Units come back, received anywhere", ROLES_MOVE, return_fields),
	COMMAND("inspect", "Received units are looked at", ROLES_MOVE, named_units_fields),
	COMMAND("refund", "Give back what is owed", ROLES_SELL, refund_fields),
	COMMAND("refund_done", "A pending refund went out", ROLES_SELL, payment_fields),
	COMMAND("refund_failed", "A pending refund did not go out", ROLES_SELL, payment_fields),
	COMMAND("exchange", "Units come back, others go out, for the difference", ROLES_SELL, exchange_fields),
	COMMAND("close", "Nothing more is to be done", ROLES_SELL, bare_fields),
	WRITE("/v1/order-reviews/{review}/close", "It was looked at", ROLES_REVIEW, review_params, NULL, char, NULL,
	      "404", review_handle),
	WRITE("/v1/parked-returns/{parked}/settle", "It is of this order, or no sale will come", ROLES_REVIEW,
	      parked_params, settle_fields, struct settle_body, NULL, "404 409", settle_handle),
	WRITE("/v1/returns", "A till's return that happened: never refused", ROLES_MOVE, NULL, returned_fields,
	      struct returned_body, "Returned", "404", returned_handle),
	{ 0 },
};
