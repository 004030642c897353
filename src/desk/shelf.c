/* What is open on the shelves: holds, who waits, transfers, counts. Whose a hold or a place in the line is, is seen for
 * a purpose. */
#include "base/cursor.h"
#include "desk/stock.h"
#include "desk/shape.h"

#include "stock/stock.h"

struct ask {
	int64_t customer, location, sku, id, after, after_id;
	int limit;
};

/* ---- Whose it is ------------------------------------------------------------------------------------------------- */

/* The customers who hold these records now: each named and seen once. */
struct owner {
	int64_t record, customer; /* customer 0: nobody's */
	const char *name;
};

static enum result owner_find(struct db_tx *tx, void *arg, struct error *e)
{
	struct owner *o = arg;
	o->customer = 0;
	if (!o->record)
		return OK;
	enum result r = customer_of(tx, o->record, &o->customer, e);
	return r == ERR_NOT_FOUND ? OK : r; /* erased meanwhile */
}

static enum result owners_read(struct shape *s, struct owner *owners, int count, struct error *e)
{
	struct db_part *parts = arena_array(s->a, (size_t)count + 1, sizeof(*parts));
	int64_t *ids = arena_array(s->a, (size_t)count + 1, sizeof(*ids));
	const char **names = arena_array(s->a, (size_t)count + 1, sizeof(*names));
	int n = 0;
	if (!parts || !ids || !names)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		parts[i] = (struct db_part){ owner_find, &owners[i] };
	TRY(db_together(s->tx, parts, count, e));
	for (int i = 0; i < count; i++)
		if (owners[i].customer) {
			ids[n++] = owners[i].customer;
			TRY(shape_sees(s, owners[i].customer, e));
		}
	TRY(customer_names(s->tx, ids, n, s->a, names, e));
	n = 0;
	for (int i = 0; i < count; i++)
		if (owners[i].customer)
			owners[i].name = names[n++];
	return OK;
}

static void owner_write(struct shape *s, const struct owner *o)
{
	jw_key(s->w, "customer");
	if (!o->customer) {
		jw_null(s->w);
		return;
	}
	jw_object(s->w);
	jw_kid(s->w, "id", ID_CUSTOMER, o->customer);
	jw_kcstr(s->w, "name", o->name);
	jw_end_object(s->w);
}

/* ---- Holds ------------------------------------------------------------------------------------------------------- */

static enum result hold_write(struct shape *s, const struct stock_hold *h, const struct owner *o, struct error *e)
{
	jw_object(s->w);
	jw_kid(s->w, "id", ID_HOLD, h->id);
	TRY(shape_sku(s, "sku", h->sku, e));
	TRY(shape_store(s, "location", h->location, e));
	owner_write(s, o);
	jw_ki64(s->w, "qty", h->qty);
	jw_ki64(s->w, "placed", h->placed);
	jw_ktime(s->w, "placed_at", h->placed_at);
	jw_ktime(s->w, "until", h->until);
	jw_kcstr(s->w, "state", stock_state_name(STOCK_HOLD_PLACE, h->state));
	TRY(shape_associate(s, "associate", h->associate, e));
	jw_kid(s->w, "waiting", ID_WAITING, h->waiting);
	jw_end_object(s->w);
	return OK;
}

static enum result holds_write(struct shape *s, void *arg, struct error *e)
{
	const struct ask *ask = arg;
	struct stock_hold *list = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*list));
	struct owner *owners = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*owners));
	int64_t *records = arena_array(s->a, CUSTOMER_MEMBERS_MAX, sizeof(*records)), customer;
	int count = 0, record_count = 0;
	if (!list || !owners || !records)
		return error_nomem(e);
	if (ask->customer) {
		TRY(customer_of(s->tx, ask->customer, &customer, e));
		TRY(shape_sees(s, customer, e));
		TRY(customer_members(s->tx, customer, records, CUSTOMER_MEMBERS_MAX, &record_count, e));
	}
	TRY(hold_list(s->tx, ask->customer ? records : NULL, record_count, ask->location, ask->after, ask->after_id,
	              ask->limit + 1, list, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	for (int i = 0; i < count; i++)
		owners[i] = (struct owner){ .record = list[i].record };
	TRY(owners_read(s, owners, count, e));
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++)
		TRY(hold_write(s, &list[i], &owners[i], e));
	jw_end_array(s->w);
	cursor_next(s->w, more, more ? list[count - 1].until : 0, more ? list[count - 1].id : 0);
	jw_end_object(s->w);
	return OK;
}

enum result desk_holds(const struct desk *d, const struct principal *p, int64_t customer, int64_t location,
                       int64_t after_until, int64_t after_id, int limit, const char *purpose, struct json_writer *w,
                       struct error *e)
{
	struct ask ask = { .customer = customer,
		           .location = location,
		           .after = after_until,
		           .after_id = after_id,
		           .limit = limit < DESK_HOLDS_MAX ? limit : DESK_HOLDS_MAX };
	return shape_answer(d, p, holds_write, &ask, purpose, w, e);
}

static enum result one_hold_write(struct shape *s, void *arg, struct error *e)
{
	const struct ask *ask = arg;
	struct stock_hold h;
	TRY(hold_get(s->tx, ask->id, &h, e));
	struct owner o = { .record = h.record };
	TRY(owners_read(s, &o, 1, e));
	return hold_write(s, &h, &o, e);
}

enum result desk_hold(const struct desk *d, const struct principal *p, int64_t hold, const char *purpose,
                      struct json_writer *w, struct error *e)
{
	struct ask ask = { .id = hold };
	return shape_answer(d, p, one_hold_write, &ask, purpose, w, e);
}

/* ---- Who waits --------------------------------------------------------------------------------------------------- */

/* Which hold was offered, where, and until when it is theirs. */
static enum result offer_write(struct shape *s, const struct stock_waiting *x, struct error *e)
{
	struct stock_hold h = { 0 };
	if (x->state == WAITING_OFFERED && x->hold)
		TRY(hold_get(s->tx, x->hold, &h, e));
	jw_kid(s->w, "hold", ID_HOLD, x->hold);
	TRY(shape_store(s, "offered_in", h.location, e));
	shape_time_or_null(s, "offered_until", h.until);
	return OK;
}

static enum result waiting_write(struct shape *s, void *arg, struct error *e)
{
	const struct ask *ask = arg;
	struct stock_waiting *list = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*list));
	struct owner *owners = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*owners));
	int count = 0;
	if (!list || !owners)
		return error_nomem(e);
	TRY(waiting_list(s->tx, ask->sku, ask->after, ask->limit + 1, list, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	for (int i = 0; i < count; i++)
		owners[i] = (struct owner){ .record = list[i].record };
	TRY(owners_read(s, owners, count, e));
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		const struct stock_waiting *x = &list[i];
		jw_object(s->w);
		jw_kid(s->w, "id", ID_WAITING, x->id);
		TRY(shape_sku(s, "sku", x->sku, e));
		TRY(shape_store(s, "location", x->location, e));
		owner_write(s, &owners[i]);
		jw_ki64(s->w, "qty", x->qty);
		jw_ktime(s->w, "joined_at", x->joined_at);
		shape_time_or_null(s, "offered_at", x->offered_at);
		TRY(offer_write(s, x, e));
		jw_kcstr(s->w, "state", stock_state_name(STOCK_WAIT_JOIN, x->state));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	cursor_next(s->w, more, more ? list[count - 1].id : 0, 0);
	jw_end_object(s->w);
	return OK;
}

enum result desk_waiting(const struct desk *d, const struct principal *p, int64_t sku, int64_t after, int limit,
                         const char *purpose, struct json_writer *w, struct error *e)
{
	struct ask ask = { .sku = sku, .after = after, .limit = limit < DESK_HOLDS_MAX ? limit : DESK_HOLDS_MAX };
	return shape_answer(d, p, waiting_write, &ask, purpose, w, e);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

/* Members of an open object. */
static enum result transfer_members(struct shape *s, const struct stock_transfer *t, struct error *e)
{
	jw_kid(s->w, "id", ID_TRANSFER, t->id);
	TRY(shape_store(s, "from", t->from, e));
	TRY(shape_store(s, "to", t->to, e));
	jw_kcstr(s->w, "state", stock_state_name(STOCK_TRANSFER_REQUEST, t->state));
	jw_ktime(s->w, "requested_at", t->requested_at);
	shape_time_or_null(s, "dispatched_at", t->dispatched_at);
	shape_time_or_null(s, "closed_at", t->closed_at);
	return OK;
}

static enum result transfers_write(struct shape *s, void *arg, struct error *e)
{
	const struct ask *ask = arg;
	struct stock_transfer *list = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*list));
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(transfer_list(s->tx, ask->location, ask->after, ask->limit + 1, list, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		TRY(transfer_members(s, &list[i], e));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	cursor_next(s->w, more, more ? list[count - 1].id : 0, 0);
	jw_end_object(s->w);
	return OK;
}

enum result desk_transfers(const struct desk *d, const struct principal *p, int64_t location, int64_t after, int limit,
                           struct json_writer *w, struct error *e)
{
	struct ask ask = { .location = location, .after = after, .limit = limit };
	return shape_answer(d, p, transfers_write, &ask, NULL, w, e);
}

static enum result one_transfer_write(struct shape *s, void *arg, struct error *e)
{
	const struct ask *ask = arg;
	struct stock_transfer t;
	TRY(transfer_get(s->tx, ask->id, s->a, &t, e));
	jw_object(s->w);
	TRY(transfer_members(s, &t, e));
	jw_key(s->w, "lines");
	jw_array(s->w);
	for (int i = 0; i < t.line_count; i++) {
		const struct stock_transfer_line *l = &t.lines[i];
		jw_object(s->w);
		TRY(shape_sku(s, "sku", l->sku, e));
		jw_ki64(s->w, "asked", l->asked);
		jw_ki64(s->w, "sent", l->sent);
		jw_ki64(s->w, "received", l->received);
		jw_ki64(s->w, "lost", l->lost);
		jw_ki64(s->w, "returned", l->returned);
		jw_ki64(s->w, "over", l->over);
		jw_kid(s->w, "order", ID_ORDER, l->order);
		jw_ki64(s->w, "line", l->line);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

enum result desk_transfer(const struct desk *d, const struct principal *p, int64_t transfer, struct json_writer *w,
                          struct error *e)
{
	struct ask ask = { .id = transfer };
	return shape_answer(d, p, one_transfer_write, &ask, NULL, w, e);
}

/* ---- Counts ------------------------------------------------------------------------------------------------------ */

static enum result counts_write(struct shape *s, void *arg, struct error *e)
{
	const struct ask *ask = arg;
	struct stock_count *list = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*list));
	int64_t *skus = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*skus));
	int count = 0;
	if (!list || !skus)
		return error_nomem(e);
	TRY(count_tasks(s->tx, ask->location, ask->after, ask->limit + 1, list, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	for (int i = 0; i < count; i++)
		skus[i] = list[i].sku;
	TRY(skus_expect(s->tx, skus, count, e));
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		jw_kid(s->w, "id", ID_COUNT, list[i].id);
		TRY(shape_sku(s, "sku", list[i].sku, e));
		TRY(shape_store(s, "location", list[i].location, e));
		jw_ktime(s->w, "opened_at", list[i].opened_at);
		jw_kcstr(s->w, "reason", unit_reason_name(list[i].reason));
		jw_kcstr(s->w, "state", stock_state_name(STOCK_COUNT_OPEN, list[i].state));
		jw_ki64(s->w, "hint", list[i].hint);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	cursor_next(s->w, more, more ? list[count - 1].id : 0, 0);
	jw_end_object(s->w);
	return OK;
}

enum result desk_counts(const struct desk *d, const struct principal *p, int64_t location, int64_t after, int limit,
                        struct json_writer *w, struct error *e)
{
	struct ask ask = { .location = location, .after = after, .limit = limit };
	return shape_answer(d, p, counts_write, &ask, NULL, w, e);
}
