/* Commands of stock: POST /v1/stock/… A route a command, so that each has its own fields, roles and description. */
#include "api/api.h"
#include "api/internal.h"

#include "people/people.h"
#include "stock/stock.h"

#define UNITS_MAX 1000000
#define TEXT_ID_MAX 24
#define HOLD_HOURS_MAX (60 * 24)

/* Who may move what stands on a shelf, and who decides about it. */
#define ROLES_COUNT (ROLE_ASSOCIATE | ROLE_MANAGER | ROLE_ADMIN | ROLE_FULFILMENT | ROLE_SOURCE | ROLE_LOCAL)
#define ROLES_ADJUST (ROLE_MANAGER | ROLE_ADMIN | ROLE_FULFILMENT | ROLE_SOURCE | ROLE_LOCAL)
#define ROLES_PLAN (ROLES_ADJUST | ROLE_BUYER)
#define ROLES_RUN (ROLE_MANAGER | ROLE_ADMIN | ROLE_LOCAL)
/* A customer is served by a hold anywhere. */
#define ROLES_PROMISE (ROLES_SERVE | ROLE_FULFILMENT | ROLE_SOURCE)

extern const struct http_route api_stock_command_routes[];

/* ---- Bodies ------------------------------------------------------------------------------------------------------ */

struct body {
	int64_t id, sku, location, to, qty, until, at, hold_hours;
	struct str customer;
	int reason, step, returns;
	bool final, elsewhere;
	const struct json *lines;
};

#define F_ID(kind, fl) JSON_FIELD_ID(struct body, id, "id", kind, fl)
#define F_SKU JSON_FIELD_ID(struct body, sku, "sku", ID_SKU, JSON_REQUIRED)
#define F_LOCATION JSON_FIELD_ID(struct body, location, "location", ID_STORE, JSON_NULLABLE)
#define F_QTY(least) JSON_FIELD_I64(struct body, qty, "qty", JSON_REQUIRED, least, UNITS_MAX)
#define F_CUSTOMER JSON_FIELD_STR(struct body, customer, "customer", JSON_NULLABLE, 1, TEXT_ID_MAX)
#define F_LINES JSON_FIELD_ARRAY(struct body, lines, "lines", JSON_REQUIRED, 1, STOCK_TRANSFER_LINES_MAX)
#define F_FINAL JSON_FIELD_BOOL(struct body, final, "final", 0)
#define F_AT JSON_FIELD_TIME(struct body, at, "at", JSON_NULLABLE)

#define REASONS "found|lost|stolen|broken|own_use|opening|other"
static const enum unit_reason reasons[] = { REASON_FOUND,   REASON_LOST,    REASON_STOLEN, REASON_BROKEN,
	                                    REASON_OWN_USE, REASON_OPENING, REASON_OTHER };
#define STEPS "inspect_good|inspect_damaged|inspect_scrap|repair|scrap"
static const enum unit_step steps[] = { STEP_INSPECT_GOOD, STEP_INSPECT_DAMAGED, STEP_INSPECT_SCRAP, STEP_REPAIR,
	                                STEP_SCRAP };
#define RETURNS "quality|available"
static const enum unit_state returns[] = { UNIT_QUALITY, UNIT_AVAILABLE };

static const struct json_field hold_fields[] = {
	F_SKU, F_LOCATION, F_QTY(1), F_CUSTOMER, JSON_FIELD_TIME(struct body, until, "until", JSON_NULLABLE), JSON_END,
};
static const struct json_field extend_fields[] = {
	F_ID(ID_HOLD, JSON_REQUIRED),
	JSON_FIELD_TIME(struct body, until, "until", JSON_REQUIRED),
	JSON_END,
};
static const struct json_field release_fields[] = { F_ID(ID_HOLD, JSON_REQUIRED), JSON_END };
static const struct json_field step_fields[] = {
	F_SKU, F_LOCATION, F_QTY(1), JSON_FIELD_ENUM(struct body, step, "step", STEPS, JSON_REQUIRED), JSON_END,
};
static const struct json_field adjust_fields[] = {
	F_SKU,    F_LOCATION, F_QTY(-UNITS_MAX), JSON_FIELD_ENUM(struct body, reason, "reason", REASONS, JSON_REQUIRED),
	JSON_END,
};
static const struct json_field safety_fields[] = { F_SKU, F_LOCATION, F_QTY(0), JSON_END };
static const struct json_field level_fields[] = { F_SKU, F_LOCATION, F_QTY(-1), JSON_END };
static const struct json_field expect_fields[] = { F_SKU, F_LOCATION, F_QTY(1), F_AT, JSON_END };
static const struct json_field expect_cancel_fields[] = { F_ID(ID_DELIVERY, JSON_REQUIRED), JSON_END };
static const struct json_field deliver_fields[] = {
	F_ID(ID_DELIVERY, JSON_NULLABLE),
	JSON_FIELD_ID(struct body, sku, "sku", ID_SKU, JSON_NULLABLE),
	F_LOCATION,
	F_QTY(0),
	F_FINAL,
	JSON_END,
};
static const struct json_field count_fields[] = { F_SKU, F_LOCATION, JSON_END };
static const struct json_field count_enter_fields[] = { F_ID(ID_COUNT, JSON_REQUIRED), F_QTY(0), F_AT, JSON_END };
static const struct json_field count_cancel_fields[] = { F_ID(ID_COUNT, JSON_REQUIRED), JSON_END };
static const struct json_field transfer_fields[] = {
	F_LOCATION,
	JSON_FIELD_ID(struct body, to, "to", ID_STORE, JSON_NULLABLE),
	F_LINES,
	JSON_END,
};
static const struct json_field dispatch_fields[] = { F_ID(ID_TRANSFER, JSON_REQUIRED), F_LINES, JSON_END };
static const struct json_field receive_fields[] = {
	F_ID(ID_TRANSFER, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct body, lines, "lines", JSON_REQUIRED, 0, STOCK_TRANSFER_LINES_MAX),
	F_FINAL,
	JSON_END,
};
static const struct json_field transfer_cancel_fields[] = { F_ID(ID_TRANSFER, JSON_REQUIRED), JSON_END };
static const struct json_field wait_fields[] = { F_SKU, F_LOCATION, F_QTY(1), F_CUSTOMER, JSON_END };
static const struct json_field leave_fields[] = { F_ID(ID_WAITING, JSON_REQUIRED), JSON_END };
static const struct json_field place_fields[] = {
	F_LOCATION,
	JSON_FIELD_I64(struct body, hold_hours, "hold_hours", JSON_NULLABLE, 1, HOLD_HOURS_MAX),
	JSON_FIELD_ENUM(struct body, returns, "returns", RETURNS, 0),
	JSON_FIELD_BOOL(struct body, elsewhere, "elsewhere", 0),
	JSON_END,
};

/* ---- Whose shelf ------------------------------------------------------------------------------------------------- */

struct run {
	const struct principal *p;
	const struct command *command;
	const struct body *in;
	struct stock_command c;
	unsigned char key[HASH128_BYTES];
};

static enum result not_yours(const char *field, struct error *e)
{
	return error_set(e, ERR_FORBIDDEN, "store.not_yours", field, "That is another store's.");
}

static enum result shelf_location(struct db_tx *tx, const struct run *r, struct error *e)
{
	(void)tx;
	return !r->c.location || principal_in_store(r->p, r->c.location) ? OK : not_yours("location", e);
}

static enum result shelf_delivery(struct db_tx *tx, const struct run *r, struct error *e)
{
	struct stock_expected x;
	if (!r->c.id)
		return shelf_location(tx, r, e);
	TRY(expected_get(tx, r->c.id, &x, e));
	return principal_in_store(r->p, x.location) ? OK : not_yours("id", e);
}

static enum result shelf_count(struct db_tx *tx, const struct run *r, struct error *e)
{
	struct stock_count x;
	TRY(count_get(tx, r->c.id, &x, e));
	return principal_in_store(r->p, x.location) ? OK : not_yours("id", e);
}

/* Whoever sends or gets something may ask for it. */
static enum result shelf_either(struct db_tx *tx, const struct run *r, struct error *e)
{
	(void)tx;
	return principal_in_store(r->p, r->c.location) || principal_in_store(r->p, r->c.to) ? OK : not_yours("to", e);
}

static enum result shelf_transfer(struct db_tx *tx, const struct run *r, struct error *e)
{
	struct stock_transfer t;
	TRY(transfer_get(tx, r->c.id, db_tx_arena(tx), &t, e));
	bool from = principal_in_store(r->p, t.from), to = principal_in_store(r->p, t.to);
	bool may = r->c.kind == STOCK_TRANSFER_DISPATCH ? from : r->c.kind == STOCK_TRANSFER_RECEIVE ? to : from || to;
	return may ? OK : not_yours("id", e);
}

/* ---- The commands ------------------------------------------------------------------------------------------------ */

typedef enum result shelf_fn(struct db_tx *tx, const struct run *r, struct error *e);

/* In the order of the routes. */
static const struct command {
	enum stock_kind kind;
	enum id_kind about; /* what the answer's id is of; ID_KINDS: none */
	shelf_fn *shelf;    /* NULL: everywhere */
} commands[] = {
	{ STOCK_HOLD_PLACE, ID_HOLD, NULL },
	{ STOCK_HOLD_EXTEND, ID_HOLD, NULL },
	{ STOCK_HOLD_RELEASE, ID_HOLD, NULL },
	{ STOCK_STEP, ID_KINDS, shelf_location },
	{ STOCK_ADJUST, ID_KINDS, shelf_location },
	{ STOCK_SAFETY, ID_KINDS, shelf_location },
	{ STOCK_LEVEL, ID_KINDS, shelf_location },
	{ STOCK_EXPECT, ID_DELIVERY, shelf_location },
	{ STOCK_EXPECT_CANCEL, ID_DELIVERY, shelf_delivery },
	{ STOCK_DELIVER, ID_DELIVERY, shelf_delivery },
	{ STOCK_COUNT_OPEN, ID_COUNT, shelf_location },
	{ STOCK_COUNT_ENTER, ID_COUNT, shelf_count },
	{ STOCK_COUNT_CANCEL, ID_COUNT, shelf_count },
	{ STOCK_TRANSFER_REQUEST, ID_TRANSFER, shelf_either },
	{ STOCK_TRANSFER_DISPATCH, ID_TRANSFER, shelf_transfer },
	{ STOCK_TRANSFER_RECEIVE, ID_TRANSFER, shelf_transfer },
	{ STOCK_TRANSFER_CANCEL, ID_TRANSFER, shelf_transfer },
	{ STOCK_WAIT_JOIN, ID_WAITING, NULL },
	{ STOCK_WAIT_LEAVE, ID_WAITING, NULL },
	{ STOCK_PLACE, ID_STORE, shelf_location },
};

struct line_in {
	int64_t sku, qty, order, line;
};
static const struct json_field line_fields[] = {
	JSON_FIELD_ID(struct line_in, sku, "sku", ID_SKU, JSON_REQUIRED),
	JSON_FIELD_I64(struct line_in, qty, "qty", JSON_REQUIRED, 0, UNITS_MAX),
	JSON_FIELD_ID(struct line_in, order, "order", ID_ORDER, JSON_NULLABLE),
	JSON_FIELD_I64(struct line_in, line, "line", JSON_NULLABLE, 1, INT32_MAX),
	JSON_END,
};

static enum result lines_read(const struct json *list, struct arena *a, struct stock_command *c, struct error *e)
{
	size_t count = json_count(list);
	struct transfer_line *lines = arena_array(a, count + 1, sizeof(*lines));
	if (!lines)
		return error_nomem(e);
	for (size_t i = 0; i < count; i++) {
		struct line_in in = { 0 };
		char prefix[40];
		snprintf(prefix, sizeof(prefix), "lines[%zu].", i);
		TRY(json_read(json_at(list, i), line_fields, true, prefix, &in, e));
		lines[i] = (struct transfer_line){ in.sku, in.qty, in.order, in.line };
	}
	c->lines = lines;
	c->line_count = (int)count;
	return OK;
}

/* Any id that the customer, or one of the records, has. */
static enum result customer_read(struct str text, int64_t *id, struct error *e)
{
	*id = 0;
	if (text.n && !id_parse(text, ID_CUSTOMER, id) && !id_parse(text, ID_RECORD, id))
		return error_set(e, ERR_INVALID, "field.type", "customer", "A customer is cus_… or rec_…");
	return OK;
}

/* Who has one store only need not name it. */
static int64_t own_store(const struct principal *p, int64_t given)
{
	return given ? given : p->store_count == 1 ? p->stores[0] : 0;
}

static enum result command_read(struct http_request *rq, struct run *r, struct error *e)
{
	const struct body *in = r->in;
	struct stock_command *c = &r->c;
	*c = (struct stock_command){ .kind = r->command->kind,
		                     .id = in->id,
		                     .sku = in->sku,
		                     .location = in->location,
		                     .to = in->to,
		                     .qty = in->qty,
		                     .at = in->until ? in->until : in->at,
		                     .final = in->final };
	TRY(customer_read(in->customer, &c->record, e));
	if (in->lines)
		TRY(lines_read(in->lines, http_arena(rq), c, e));
	if (c->kind == STOCK_ADJUST)
		c->reason = reasons[in->reason];
	if (c->kind == STOCK_STEP)
		c->reason = steps[in->step];
	if (c->kind == STOCK_PLACE) {
		c->at = in->hold_hours * HOUR_US;
		c->reason = returns[in->returns];
		c->final = in->elsewhere;
	}
	if (c->kind == STOCK_TRANSFER_REQUEST) { /* one end is here */
		c->location = c->to ? own_store(r->p, c->location) : c->location;
		c->to = own_store(r->p, c->to);
	} else if (c->kind != STOCK_WAIT_JOIN && !c->id) { /* one may wait for it anywhere */
		c->location = own_store(r->p, c->location);
	}
	if (c->kind == STOCK_DELIVER && !c->id && !c->sku)
		return error_set(e, ERR_INVALID, "field.missing", "sku", "Name the delivery or what has come");
	return OK;
}

static enum result outcome_write(struct json_writer *w, const struct command *k, const struct stock_outcome *o)
{
	jw_object(w);
	if (k->about == ID_KINDS) {
		jw_key(w, "id");
		jw_null(w);
	} else {
		jw_kid(w, "id", k->about, o->id);
	}
	jw_kcstr(w, "kind", stock_kind_name(k->kind));
	jw_ki64(w, "qty", o->qty);
	jw_kcstr(w, "state", stock_state_name(k->kind, o->state));
	if (k->kind == STOCK_COUNT_ENTER)
		jw_ki64(w, "expected", o->expected);
	if (k->kind == STOCK_COUNT_ENTER || k->kind == STOCK_TRANSFER_RECEIVE)
		jw_ki64(w, "open", o->open);
	jw_kbool(w, "replayed", o->replayed);
	jw_end_object(w);
	return OK;
}

static enum result command_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	const struct run *r = arg;
	struct stock_outcome out;
	int64_t customer = 0;
	if (r->command->shelf)
		TRY(r->command->shelf(tx, r, e));
	if (r->c.record)
		TRY(customer_of(tx, r->c.record, &customer, e));
	TRY(order_stock_do(tx, r->key, r->p->user, r->p->associate, &r->c, &out, e));
	if (customer || r->c.kind == STOCK_PLACE) /* moves name who made them; these have none of their own */
		TRY(audit_act(tx, r->p, stock_kind_name(r->c.kind), customer ? customer : r->c.location, STR("{}"), e));
	return outcome_write(w, r->command, &out);
}

static bool makes(enum stock_kind kind)
{
	return kind == STOCK_HOLD_PLACE || kind == STOCK_EXPECT || kind == STOCK_COUNT_OPEN ||
	       kind == STOCK_TRANSFER_REQUEST || kind == STOCK_WAIT_JOIN;
}

static enum result command_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct run r = { .p = api_principal(rq),
		         .command = &commands[http_route_of(rq) - api_stock_command_routes],
		         .in = http_body_struct(rq) };
	TRY(command_read(rq, &r, e));
	TRY(api_act_key(rq, r.key, e));
	return api_write(rq, rs, makes(r.c.kind) ? 201 : 200, command_write, &r, e);
}

/* ---- Routes ------------------------------------------------------------------------------------------------------ */

#define COMMAND(name, words, who, fields)                                                                              \
	{                                                                                                              \
		.method = HTTP_POST, .path = "/v1/stock/" name, .summary = words, .roles = who,                        \
		.flags = HTTP_IDEMPOTENT, .body = fields, .body_size = sizeof(struct body), .answer = "StockDone",     \
		.errors = "404 409", .handle = command_handle                                                          \
	}

const struct http_route api_stock_command_routes[] = {
	COMMAND("hold", "Set units aside until a time, for a customer or nobody", ROLES_PROMISE, hold_fields),
	COMMAND("extend", "Let a hold last longer", ROLES_PROMISE, extend_fields),
	COMMAND("release", "Give up a hold", ROLES_PROMISE, release_fields),
	COMMAND("step", "What came back was looked at, repaired or scrapped", ROLES_COUNT, step_fields),
	COMMAND("adjust", "Correct what is available, with a reason", ROLES_ADJUST, adjust_fields),
	COMMAND("safety", "Keep so many units back", ROLES_PLAN, safety_fields),
	COMMAND("level", "It is low when available falls to this; -1: never", ROLES_PLAN, level_fields),
	COMMAND("expect", "A supplier will deliver", ROLES_PLAN, expect_fields),
	COMMAND("expect_cancel", "A supplier will not deliver", ROLES_PLAN, expect_cancel_fields),
	COMMAND("deliver", "A supplier has delivered", ROLES_ADJUST, deliver_fields),
	COMMAND("count", "Ask for a count of a SKU at a location", ROLES_COUNT, count_fields),
	COMMAND("count_enter", "So many were counted on the shelf", ROLES_COUNT, count_enter_fields),
	COMMAND("count_cancel", "It need not be counted", ROLES_COUNT, count_cancel_fields),
	COMMAND("transfer", "Ask for units of another location", ROLES_COUNT, transfer_fields),
	COMMAND("dispatch", "They are on the way", ROLES_COUNT, dispatch_fields),
	COMMAND("receive", "They have come, or some of them", ROLES_COUNT, receive_fields),
	COMMAND("transfer_cancel", "It is not sent, or goes back", ROLES_COUNT, transfer_cancel_fields),
	COMMAND("wait", "Wait in line for a SKU", ROLES_PROMISE, wait_fields),
	COMMAND("leave", "Leave the line", ROLES_PROMISE, leave_fields),
	COMMAND("place", "How a location is run", ROLES_RUN, place_fields),
	{ 0 },
};
_Static_assert(sizeof(commands) / sizeof(*commands) + 1 ==
                       sizeof(api_stock_command_routes) / sizeof(*api_stock_command_routes),
               "a command a route");
