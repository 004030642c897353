/* Reported returns of orders that were made here: never refused. What fits the order is its return; what does not is
 * parked until the sale is known to have been handed over; money beyond what was due or taken opens a review. */
#include "orders/book.h"
#include <stdio.h>

#define REVIEW_UNMATCHED 1

static unsigned number_key(struct str number, char folded[FOLDED_MAX])
{
	return bucket_of(STR("parked"), (struct str){ folded, number_fold(number, folded) });
}

DB_STMT(order_parked_insert, "itiiiiiiii", "",
        "INSERT INTO order_parked (rkey, number, id, at, sku, qty, location, condition, refunded_minor, tender) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")

static enum result park(struct db_tx *tx, const struct act *act, const struct order_returned_in *in, int64_t qty,
                        int64_t refunded, struct error *e)
{
	char folded[FOLDED_MAX];
	unsigned rkey = number_key(in->number, folded);
	int64_t id = id_new(rkey);
	TRY(db_exec(tx, &order_parked_insert, NULL, e, DB_INT(rkey), DB_CSTR(folded), DB_INT(id), DB_INT(act->at),
	            DB_INT(in->sku), DB_INT(qty), DB_INT(in->location), DB_INT(in->condition), DB_INT(refunded),
	            DB_INT(in->tender)));
	return feed_append_at(tx, FEED_SETTLE, 0, id, in->location, e);
}

DB_STMT(order_review_insert, "iiiiii", "",
        "INSERT INTO order_review (rkey, order_id, id, at, kind, amount_minor) VALUES ($1, $2, $3, $4, $5, $6)")

static enum result review(struct work *w, enum tender t, int64_t minor, struct error *e)
{
	unsigned rkey = id_bucket(w->b.order);
	int64_t id = id_new(rkey);
	TRY(till_unmatched(w, t, minor, e));
	TRY(db_exec(w->tx, &order_review_insert, NULL, e, DB_INT(rkey), DB_INT(w->b.order), DB_INT(id),
	            DB_INT(w->act.at), DB_INT(REVIEW_UNMATCHED), DB_INT(minor)));
	return feed_append_at(w->tx, FEED_SETTLE, 0, id, w->b.store, e);
}

/* ---- A return on its order -------------------------------------------------------------------------------------- */

/* The report as a command on the lines of that SKU of which the customer has some; *units: how many that are. */
static enum result as_command(struct work *w, struct order_command *c, int64_t sku, int64_t qty, int64_t location,
                              enum unit_condition condition, int64_t *units, struct error *e)
{
	struct order_unit_in *u = arena_array(w->a, (size_t)w->b.line_count + 1, sizeof(*u));
	if (!u)
		return error_nomem(e);
	*units = 0;
	for (int i = 0; i < w->b.line_count && *units < qty; i++) {
		const struct book_line *l = &w->b.lines[i];
		int64_t n = l->handed - l->returned;
		n = n < qty - *units ? n : qty - *units;
		if (l->sku != sku || n <= 0)
			continue;
		u[c->unit_count++] = (struct order_unit_in){
			.line = l->line, .qty = n, .location = location, .condition = condition
		};
		*units += n;
	}
	c->units = u;
	return OK;
}

/* What the customer got already: from that tender what is due and left of it, the rest is unmatched. */
static enum result paid_back(struct work *w, enum tender t, int64_t minor, int64_t *unmatched, struct error *e)
{
	int64_t due = w->payable - w->refunding;
	due = due < w->captured[t] ? due : w->captured[t];
	struct order_pay_in p = { .tender = t, .minor = minor < due ? minor : due };
	*unmatched = minor - (p.minor > 0 ? p.minor : 0);
	if (p.minor > 0)
		TRY(till_refund(w, &p, e));
	return *unmatched ? review(w, t, *unmatched, e) : OK;
}

/* Opens the order inside the report's act. *found is false when it was not made here. */
static enum result open_by_number(struct db_tx *tx, const struct act *act, struct str number, struct order_command *c,
                                  struct work *w, bool *found, struct error *e)
{
	struct order_key k;
	*found = false;
	if (!number.n)
		return OK;
	order_key_make(STR(ORDER_SOURCE), ORDER_SALE, number, &k);
	TRY(ref_find(tx, &k, &c->order, found, e));
	if (!*found)
		return OK;
	*w = (struct work){ .tx = tx, .a = db_tx_arena(tx), .act = *act, .c = c };
	return work_load(w, e);
}

/* The units that fit, as a return of the order. */
static enum result take(struct work *w, struct order_command *c, const struct order_returned_in *in,
                        struct order_returned_out *out, struct error *e)
{
	TRY(as_command(w, c, in->sku, in->qty, in->location, in->condition, &out->taken, e));
	if (!out->taken)
		return OK;
	out->order = w->b.order;
	TRY(units_return(w, e));
	int64_t worth = w->amount;
	int64_t got = in->refunded_minor < 0 ? worth : in->qty ? in->refunded_minor * out->taken / in->qty : 0;
	if (got)
		TRY(paid_back(w, in->tender, got, &out->unmatched_minor, e));
	return work_finish(w, e);
}

static enum result returned_check(const struct order_returned_in *in, struct error *e)
{
	if (!in->sku || !in->location)
		return error_set(e, ERR_INVALID, "unit.line", "sku", "a return is of a SKU and received at a location");
	if (in->qty <= 0 || in->qty > ORDER_PART_MAX)
		return error_set(e, ERR_INVALID, "unit.quantity", "qty", "1 to %lld", (long long)ORDER_PART_MAX);
	if (in->condition <= 0 || in->condition >= CONDITION_SCRAP)
		return error_set(e, ERR_INVALID, "unit.condition", "condition", "in what condition is it?");
	if (in->tender <= 0 || in->tender >= TENDERS || in->refunded_minor < -1)
		return error_set(e, ERR_INVALID, "pay.tender", "tender", "how was it paid back?");
	if (in->refunded_minor > LEDGER_QTY_MAX || in->number.n > ORDER_NUMBER_MAX)
		return error_set(e, ERR_INVALID, "order.text", "number", "too long");
	return OK;
}

static enum result begin(struct db_tx *tx, const unsigned char key[HASH128_BYTES], const struct order_returned_in *in,
                         struct act *act, struct error *e)
{
	BUF_AUTO struct buf b;
	buf_init(&b, 0);
	buf_add(&b, in->number.p, in->number.n);
	buf_printf(&b, " %lld %lld %lld %d %d %lld", (long long)in->sku, (long long)in->qty, (long long)in->location,
	           in->condition, in->tender, (long long)in->refunded_minor);
	if (b.failed)
		return error_nomem(e);
	struct act_in a = { .what = STR("order.report_return"), .payload = buf_view(&b) };
	memcpy(a.key, key, HASH128_BYTES);
	return act_begin(tx, &a, act, e);
}

/* Units that belong to no order that is known to have them. */
static enum result come_in(struct db_tx *tx, struct act *act, const struct order_returned_in *in, int64_t qty,
                           int64_t refunded, struct error *e)
{
	struct unit_line u = { .sku = in->sku, .location = in->location, .qty = qty };
	TRY(unit_report(tx, act, unit_return_step(in->condition), &u, 1, e));
	return park(tx, act, in, qty, refunded, e);
}

enum result order_report_return(struct db_tx *tx, const unsigned char key[HASH128_BYTES],
                                const struct order_returned_in *in, struct order_returned_out *out, struct error *e)
{
	struct order_command c = { .kind = COMMAND_RETURN, .store = in->location };
	struct order_returned_out o = { 0 };
	struct act act;
	struct work w;
	bool found;
	TRY(returned_check(in, e));
	TRY(begin(tx, key, in, &act, e));
	if (act.replayed) {
		*out = (struct order_returned_out){ act.value[0], act.value[1], act.value[2], act.value[3] };
		return OK;
	}
	TRY(open_by_number(tx, &act, in->number, &c, &w, &found, e));
	if (found && book_allows(w.b.state, COMMAND_RETURN)) {
		TRY(take(&w, &c, in, &o, e));
		act = w.act;
	}
	o.parked = in->qty - o.taken;
	if (o.parked)
		TRY(come_in(tx, &act, in, o.parked,
		            in->refunded_minor < 0 ? -1 : in->refunded_minor - in->refunded_minor * o.taken / in->qty,
		            e));
	TRY(act_end(tx, &act, (int64_t[]){ o.order, o.taken, o.parked, o.unmatched_minor }, 4, e));
	*out = o;
	return OK;
}

/* ---- The sale comes after its return ---------------------------------------------------------------------------- */

struct parked {
	const char *number;
	int64_t rkey, id, sku, qty, location, refunded;
	enum unit_condition condition;
	enum tender tender;
};

#define PARKED_COLS "id, sku, qty, location, condition, refunded_minor, tender, number"

DB_STMT(order_parked_select, "it", "iiiiiiit",
        "SELECT " PARKED_COLS
        " FROM order_parked WHERE rkey = $1 AND number = $2 AND found IS NULL ORDER BY id LIMIT 50")
DB_STMT(order_parked_one, "ii", "iiiiiiit",
        "SELECT " PARKED_COLS " FROM order_parked WHERE rkey = $1 AND id = $2 AND found IS NULL")

static enum result parked_read(const struct db_rows *r, unsigned rkey, struct arena *a, struct parked *out,
                               struct error *e)
{
	*out = (struct parked){ .number = db_text_dup(r, 7, a),
		                .rkey = rkey,
		                .id = db_int(r, 0),
		                .sku = db_int(r, 1),
		                .qty = db_int(r, 2),
		                .location = db_int(r, 3),
		                .condition = (enum unit_condition)db_int(r, 4),
		                .refunded = db_int(r, 5),
		                .tender = (enum tender)db_int(r, 6) };
	return out->number ? OK : error_nomem(e);
}

static enum result parked_load(struct work *w, struct parked out[50], int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	char folded[FOLDED_MAX];
	unsigned rkey = number_key(str_c(w->b.number), folded);
	TRY(db_query(w->tx, &order_parked_select, &r, e, DB_INT(rkey), DB_CSTR(folded)));
	enum db_step step;
	*count = 0;
	while ((step = db_next(r, e)) == DB_ROW)
		TRY(parked_read(r, rkey, w->a, &out[(*count)++], e));
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(order_parked_found, "iitii", "",
        "UPDATE order_parked SET found = $1, qty = qty WHERE rkey = $2 AND number = $3 AND id = $4 AND found IS NULL "
        "AND qty = $5")

/* The units came in as nobody's: the move is taken back and made again as the line's. Balances stay as they are. */
static enum result claim(struct work *w, const struct parked *p, int64_t line, int64_t n, struct error *e)
{
	int state = p->condition == CONDITION_GOOD      ? UNIT_AVAILABLE
	            : p->condition == CONDITION_DAMAGED ? UNIT_DAMAGED
	                                                : UNIT_QUALITY;
	struct ledger_move moves[] = { { .subject = p->sku, .from = state, .to = UNIT_CUSTOMER },
		                       { .subject = p->sku, .from = UNIT_CUSTOMER, .to = state } };
	for (int i = 0; i < 2; i++) {
		moves[i].from_place = moves[i].to_place = p->location;
		moves[i].qty = n;
		moves[i].reason = REASON_RETURN;
	}
	moves[1].order = w->b.order;
	moves[1].line = line;
	return unit_post(w->tx, &w->act, moves, 2, e);
}

/* Whether nobody else has settled it meanwhile. order: where it belongs; 0: nowhere. */
static enum result parked_mark(struct db_tx *tx, const struct parked *p, int64_t order, bool *marked, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &order_parked_found, &changed, e, DB_INT(order), DB_INT(p->rkey), DB_CSTR(p->number),
	            DB_INT(p->id), DB_INT(p->qty)));
	*marked = changed != 0;
	return changed ? feed_append_at(tx, FEED_SETTLE, 0, p->id, p->location, e) : OK;
}

/* The opened order takes the parked return in, whose units came in as nobody's. */
static enum result parked_book(struct work *w, const struct parked *p, struct error *e)
{
	int64_t unmatched = 0;
	TRY(units_return(w, e));
	for (int i = 0; i < w->unit_count; i++)
		TRY(claim(w, p, w->units[i].line, w->units[i].qty, e));
	w->unit_count = 0; /* stock has them already */
	int64_t got = p->refunded < 0 ? w->amount : p->refunded;
	if (got)
		TRY(paid_back(w, p->tender, got, &unmatched, e));
	return work_finish(w, e);
}

/* One parked return, when the order has all of its units with the customer. */
static enum result parked_take(struct work *outer, const struct parked *p, struct error *e)
{
	struct order_command c = { .kind = COMMAND_RETURN, .order = outer->b.order, .store = p->location };
	struct work w = { .tx = outer->tx, .a = outer->a, .act = outer->act, .c = &c };
	int64_t units;
	bool marked;
	TRY(work_load(&w, e));
	TRY(as_command(&w, &c, p->sku, p->qty, p->location, p->condition, &units, e));
	if (units < p->qty)
		return OK;
	TRY(parked_mark(w.tx, p, w.b.order, &marked, e));
	if (!marked)
		return OK;
	TRY(parked_book(&w, p, e));
	outer->act = w.act;
	outer->b.state = w.b.state;
	outer->b.events = w.b.events;
	outer->receivable = w.receivable;
	outer->payable = w.payable;
	outer->refunding = w.refunding;
	return OK;
}

enum result parked_find(struct work *w, bool *any, struct error *e)
{
	struct parked parked[50];
	int count;
	TRY(parked_load(w, parked, &count, e));
	*any = count > 0;
	for (int i = 0; i < count; i++)
		TRY(parked_take(w, &parked[i], e));
	return OK;
}

/* ---- A person says where it belongs ----------------------------------------------------------------------------- */

static enum result parked_gone(struct error *e)
{
	return error_set(e, ERR_NOT_FOUND, "order.parked", "parked", "no such return waits for its sale");
}

static enum result parked_get(struct db_tx *tx, int64_t id, struct parked *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &order_parked_one, &r, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	return found ? parked_read(r, id_bucket(id), db_tx_arena(tx), out, e) : parked_gone(e);
}

static enum result settle_on(struct db_tx *tx, struct act *act, const struct parked *p, int64_t order, struct error *e)
{
	struct order_command c = { .kind = COMMAND_RETURN, .order = order, .store = p->location };
	struct work w = { .tx = tx, .a = db_tx_arena(tx), .act = *act, .c = &c };
	int64_t units;
	TRY(work_load(&w, e));
	if (!book_allows(w.b.state, COMMAND_RETURN))
		return error_set(e, ERR_CONFLICT, "order.state", NULL, "nothing comes back of an order that is %s",
		                 book_state_name(w.b.state));
	TRY(as_command(&w, &c, p->sku, p->qty, p->location, p->condition, &units, e));
	if (units < p->qty)
		return error_set(e, ERR_CONFLICT, "order.units", "order",
		                 "of order %s the customer has %lld of it, not %lld", w.b.number, (long long)units,
		                 (long long)p->qty);
	TRY(parked_book(&w, p, e));
	*act = w.act;
	return OK;
}

enum result order_parked_settle(struct db_tx *tx, const unsigned char key[HASH128_BYTES], int64_t user,
                                int64_t associate, int64_t id, int64_t order, struct error *e)
{
	char payload[48];
	int n = snprintf(payload, sizeof(payload), "%lld %lld", (long long)id, (long long)order);
	struct act_in in = { .what = STR("order.parked_settle"),
		             .payload = { payload, (size_t)n },
		             .user = user,
		             .associate = associate };
	struct act act;
	struct parked p;
	bool marked;
	memcpy(in.key, key, HASH128_BYTES);
	TRY(act_begin(tx, &in, &act, e));
	if (act.replayed)
		return OK;
	TRY(parked_get(tx, id, &p, e));
	TRY(parked_mark(tx, &p, order, &marked, e));
	if (!marked)
		return parked_gone(e);
	if (order)
		TRY(settle_on(tx, &act, &p, order, e));
	return act_end(tx, &act, NULL, 0, e);
}

/* ---- What somebody must look at --------------------------------------------------------------------------------- */

DB_STMT(order_review_list, "iii", "iiii",
        "SELECT order_id, id, at, amount_minor FROM order_review WHERE closed_at IS NULL AND (at, id) > ($1, $2) "
        "ORDER BY at, id LIMIT $3")

enum result order_reviews(struct db_tx *tx, int64_t after_at, int64_t after_id, int limit, struct order_review *out,
                          int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_review_list, &r, e, DB_INT(after_at), DB_INT(after_id), DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct order_review){
			.order = db_int(r, 0), .id = db_int(r, 1), .at = db_int(r, 2), .unmatched_minor = db_int(r, 3)
		};
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(order_review_update, "iii", "",
        "UPDATE order_review SET closed_at = $1 WHERE rkey = $2 AND id = $3 AND closed_at IS NULL")

enum result order_review_close(struct db_tx *tx, int64_t id, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &order_review_update, &changed, e, DB_INT(clock_now()), DB_INT(id_bucket(id)), DB_INT(id)));
	return changed ? feed_append(tx, FEED_SETTLE, 0, id, e)
	               : error_set(e, ERR_NOT_FOUND, "order.review", "review", "no such open review");
}

DB_STMT(order_parked_list, "iii", "itiiiiiii",
        "SELECT rkey, number, id, at, sku, qty, location, refunded_minor, tender FROM order_parked "
        "WHERE found IS NULL AND (at, id) > ($1, $2) ORDER BY at, id LIMIT $3")

enum result order_parked_returns(struct db_tx *tx, int64_t after_at, int64_t after_id, int limit, struct arena *a,
                                 struct order_parked *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_parked_list, &r, e, DB_INT(after_at), DB_INT(after_id), DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		out[n] = (struct order_parked){ .number = db_text_dup(r, 1, a),
			                        .id = db_int(r, 2),
			                        .at = db_int(r, 3),
			                        .sku = db_int(r, 4),
			                        .qty = db_int(r, 5),
			                        .location = db_int(r, 6),
			                        .refunded_minor = db_int(r, 7),
			                        .tender = (enum tender)db_int(r, 8) };
		if (!out[n++].number)
			return error_nomem(e);
	}
	*count = n;
	return step == DB_ERR ? e->result : OK;
}
