/* Transfers: asked for, sent, received. On the way units are in transit at the place they go to. */
#include "stock/room.h"

struct tline {
	int64_t n;
	struct stock_transfer_line l;
	int64_t moving; /* in transit */
};

struct tran {
	struct stock_transfer t;
	struct tline *lines;
	int count;
};

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

#define TRANSFER_COLS "id, from_location, to_location, state, requested_at, dispatched_at, closed_at"

DB_STMT(stock_transfer_select, "ii", "iiiiiII",
        "SELECT " TRANSFER_COLS " FROM stock_transfer WHERE rkey = $1 AND id = $2")
DB_STMT(stock_transfer_lines, "ii", "iiIIiiiiiii",
        "SELECT n, sku, order_id, line, asked, sent, received, over, lost, returned, moving FROM stock_transfer_line "
        "WHERE rkey = $1 AND transfer = $2 ORDER BY n")

static void transfer_take(const struct db_rows *r, struct stock_transfer *out)
{
	*out = (struct stock_transfer){ .id = db_int(r, 0),
		                        .from = db_int(r, 1),
		                        .to = db_int(r, 2),
		                        .state = (enum transfer_state)db_int(r, 3),
		                        .requested_at = db_int(r, 4),
		                        .dispatched_at = db_int(r, 5),
		                        .closed_at = db_int(r, 6) };
}

static enum result tran_load(struct db_tx *tx, int64_t id, struct arena *a, struct tran *out, struct error *e)
{
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		bool found;
		TRY(db_query_one(tx, &stock_transfer_select, &r, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
		if (!found)
			return error_set(e, ERR_NOT_FOUND, "stock.not_found", "transfer", "no such transfer");
		transfer_take(r, &out->t);
	}
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int cap = 0, n = 0;
	out->lines = NULL;
	TRY(db_query(tx, &stock_transfer_lines, &r, e, DB_INT(id_bucket(id)), DB_INT(id)));
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &out->lines, n, &cap, sizeof(*out->lines)))
			return error_nomem(e);
		out->lines[n++] = (struct tline){ .n = db_int(r, 0),
			                          .l = { .sku = db_int(r, 1),
			                                 .order = db_int(r, 2),
			                                 .line = db_int(r, 3),
			                                 .asked = db_int(r, 4),
			                                 .sent = db_int(r, 5),
			                                 .received = db_int(r, 6),
			                                 .over = db_int(r, 7),
			                                 .lost = db_int(r, 8),
			                                 .returned = db_int(r, 9) },
			                          .moving = db_int(r, 10) };
	}
	out->count = out->t.line_count = n;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(stock_transfer_touch, "ii", "", "UPDATE stock_transfer SET version = version + 1 WHERE rkey = $1 AND id = $2")

/* As hold_lock(): everything of the transfer is changed under its head. */
static enum result tran_lock(struct db_tx *tx, int64_t id, struct tran *out, struct error *e)
{
	TRY(db_exec(tx, &stock_transfer_touch, NULL, e, DB_INT(id_bucket(id)), DB_INT(id)));
	return tran_load(tx, id, db_tx_arena(tx), out, e);
}

DB_STMT(stock_transfer_update, "iiiII", "",
        "UPDATE stock_transfer SET state = $3, dispatched_at = $4, closed_at = $5 WHERE rkey = $1 AND id = $2")
DB_STMT(stock_transfer_line_update, "iiiiiiiii", "",
        "UPDATE stock_transfer_line SET sent = $4, received = $5, over = $6, lost = $7, returned = $8, moving = $9 "
        "WHERE rkey = $1 AND transfer = $2 AND n = $3")

/* Both ends look at their lists again; what moves is told by its moves. */
static enum result tran_announce(struct db_tx *tx, int64_t sku, const struct stock_transfer *t, struct error *e)
{
	TRY(feed_append_at(tx, FEED_STOCK, 0, sku, t->from, e));
	return feed_append_at(tx, FEED_STOCK, 0, sku, t->to, e);
}

static enum result tran_write(struct db_tx *tx, const struct tran *t, struct error *e)
{
	int64_t id = t->t.id;
	TRY(db_exec(tx, &stock_transfer_update, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(t->t.state),
	            DB_INT_OR_NULL(t->t.dispatched_at), DB_INT_OR_NULL(t->t.closed_at)));
	for (int i = 0; i < t->count; i++) {
		const struct tline *k = &t->lines[i];
		TRY(db_exec(tx, &stock_transfer_line_update, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(k->n),
		            DB_INT(k->l.sent), DB_INT(k->l.received), DB_INT(k->l.over), DB_INT(k->l.lost),
		            DB_INT(k->l.returned), DB_INT(k->moving)));
	}
	return tran_announce(tx, t->lines[0].l.sku, &t->t, e);
}

/* ---- Asking ----------------------------------------------------------------------------------------------------- */

DB_STMT(stock_transfer_insert, "iiiii", "",
        "INSERT INTO stock_transfer (rkey, id, from_location, to_location, state, requested_at, version) "
        "VALUES ($1, $2, $3, $4, 1, $5, 1)")
DB_STMT(stock_transfer_line_insert, "iiiiiIIi", "",
        "INSERT INTO stock_transfer_line (rkey, transfer, n, sku, to_location, order_id, line, asked, sent, received, "
        "over, lost, returned, moving) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, 0, 0)")

static bool same_line(const struct transfer_line *a, int64_t sku, int64_t order, int64_t line)
{
	return a->sku == sku && a->order == order && a->line == line;
}

static enum result lines_check(const struct stock_command *c, int64_t least, struct error *e)
{
	if (c->line_count < 0 || c->line_count > STOCK_TRANSFER_LINES_MAX || (c->line_count && !c->lines))
		return error_set(e, ERR_TOO_LARGE, "stock.lines", "lines", "at most %d lines",
		                 STOCK_TRANSFER_LINES_MAX);
	for (int i = 0; i < c->line_count; i++) {
		const struct transfer_line *l = &c->lines[i];
		TRY(qty_check(l->qty, least, e));
		if (!l->order != !l->line)
			return error_set(e, ERR_INVALID, "stock.order", "lines", "an order's line names both");
		for (int k = 0; k < i; k++)
			if (same_line(&c->lines[k], l->sku, l->order, l->line))
				return error_set(e, ERR_INVALID, "stock.lines", "lines", "a line is named once");
	}
	return OK;
}

enum result transfer_request(struct db_tx *tx, struct act *act, const struct stock_command *c,
                             struct stock_outcome *out, struct error *e)
{
	int64_t id = id_new_random();
	TRY(location_check(tx, c->location, "location", e));
	TRY(location_check(tx, c->to, "to", e));
	TRY(lines_check(c, 1, e));
	if (c->to == c->location || !c->line_count)
		return error_set(e, ERR_INVALID, "stock.transfer", "to", "something goes from one place to another");
	TRY(db_exec(tx, &stock_transfer_insert, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(c->location),
	            DB_INT(c->to), DB_INT(act->at)));
	*out = (struct stock_outcome){ .id = id, .state = TRANSFER_REQUESTED };
	for (int i = 0; i < c->line_count; i++) {
		const struct transfer_line *l = &c->lines[i];
		TRY(place_check(tx, l->sku, c->location, e));
		TRY(db_exec(tx, &stock_transfer_line_insert, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(i + 1),
		            DB_INT(l->sku), DB_INT(c->to), DB_INT_OR_NULL(l->order), DB_INT_OR_NULL(l->line),
		            DB_INT(l->qty)));
		out->qty += l->qty;
	}
	return tran_announce(tx, c->lines[0].sku, &(struct stock_transfer){ .from = c->location, .to = c->to }, e);
}

/* ---- Moving ----------------------------------------------------------------------------------------------------- */

static enum result line_find(struct tran *t, const struct transfer_line *l, struct tline **out, struct error *e)
{
	for (int i = 0; i < t->count; i++)
		if (same_line(l, t->lines[i].l.sku, t->lines[i].l.order, t->lines[i].l.line)) {
			*out = &t->lines[i];
			return OK;
		}
	return error_set(e, ERR_INVALID, "stock.lines", "lines", "the transfer has no such line");
}

static struct ledger_move line_move(const struct tline *k, int64_t from_place, int from, int64_t to_place, int to,
                                    int64_t qty, enum unit_reason reason)
{
	struct ledger_move m = unit_move(k->l.sku, from_place, from, to, qty, reason);
	m.to_place = to_place;
	m.order = k->l.order;
	m.line = k->l.line;
	return m;
}

/* What an order's line owns stays its own on the way. */
static int owned(const struct tline *k)
{
	return k->l.order ? UNIT_COMMITTED : UNIT_AVAILABLE;
}

enum result transfer_dispatch(struct db_tx *tx, struct act *act, const struct stock_command *c,
                              struct stock_outcome *out, struct error *e)
{
	struct ledger_move *moves = arena_array(db_tx_arena(tx), STOCK_TRANSFER_LINES_MAX, sizeof(*moves));
	struct tran t;
	int64_t next, qty = 0;
	int n = 0;
	if (!moves)
		return error_nomem(e);
	TRY(lines_check(c, 0, e));
	TRY(tran_lock(tx, c->id, &t, e));
	TRY(state_next(THING_TRANSFER, t.t.state, EVENT_DISPATCH, &next, e));
	for (int i = 0; i < c->line_count; i++) {
		struct tline *k = NULL;
		TRY(line_find(&t, &c->lines[i], &k, e));
		if (k->l.order && c->lines[i].qty > k->l.asked)
			return error_set(e, ERR_INVALID, "stock.lines", "lines", "the order has no more than %lld",
			                 (long long)k->l.asked);
		k->l.sent = k->moving = c->lines[i].qty;
		qty += k->l.sent;
		if (k->l.sent)
			moves[n++] = line_move(k, t.t.from, owned(k), t.t.to, UNIT_TRANSIT, k->l.sent, REASON_TRANSFER);
	}
	if (!qty)
		return error_set(e, ERR_INVALID, "stock.lines", "lines", "nothing is sent");
	t.t.state = (enum transfer_state)next;
	t.t.dispatched_at = act->at;
	TRY(tran_write(tx, &t, e));
	*out = (struct stock_outcome){ .id = t.t.id, .qty = qty, .state = next };
	return unit_post(tx, act, moves, n, e);
}

/* What came of a line; the rest is lost if no more is to come. */
static void line_receive(struct tran *t, struct tline *k, int64_t came, struct ledger_move *moves, int *n)
{
	int64_t in_time = came < k->moving ? came : k->moving, over = came - in_time;
	if (in_time)
		moves[(*n)++] = line_move(k, t->t.to, UNIT_TRANSIT, t->t.to, owned(k), in_time, REASON_TRANSFER);
	if (over && !MUTANT(MUTANT_TRANSFER_OVER)) {
		moves[*n] = line_move(k, t->t.to, UNIT_ADJUST, t->t.to, UNIT_AVAILABLE, over, REASON_TRANSFER_OVER);
		moves[*n].order = moves[*n].line = 0;
		++*n;
	}
	k->l.received += came;
	k->l.over += over;
	k->moving -= in_time;
}

static void line_lose(struct tran *t, struct tline *k, struct ledger_move *moves, int *n)
{
	moves[(*n)++] = line_move(k, t->t.to, UNIT_TRANSIT, t->t.to, UNIT_ADJUST, k->moving, REASON_TRANSFER_SHORT);
	k->l.lost += k->moving;
	k->moving = 0;
}

/* The sender counts what it sent wrongly. */
static enum result sender_counts(struct db_tx *tx, const struct act *act, const struct tran *t, const int64_t *over,
                                 const int64_t *lost, struct error *e)
{
	for (int i = 0; i < t->count; i++) {
		const struct tline *k = &t->lines[i];
		if (k->l.over > over[i] || k->l.lost > lost[i])
			TRY(count_need(tx, act, k->l.sku, t->t.from,
			               k->l.lost > lost[i] ? REASON_TRANSFER_SHORT : REASON_TRANSFER_OVER, 0, NULL, e));
	}
	return OK;
}

static int64_t tran_moving(const struct tran *t)
{
	int64_t sum = 0;
	for (int i = 0; i < t->count; i++)
		sum += t->lines[i].moving;
	return sum;
}

enum result transfer_receive(struct db_tx *tx, struct act *act, const struct stock_command *c,
                             struct stock_outcome *out, struct error *e)
{
	struct ledger_move *moves = arena_array(db_tx_arena(tx), STOCK_TRANSFER_LINES_MAX * 3, sizeof(*moves));
	int64_t over[STOCK_TRANSFER_LINES_MAX], lost[STOCK_TRANSFER_LINES_MAX], next;
	struct tran t;
	int n = 0;
	if (!moves)
		return error_nomem(e);
	TRY(lines_check(c, 0, e));
	TRY(tran_lock(tx, c->id, &t, e));
	TRY(state_next(THING_TRANSFER, t.t.state, EVENT_RECEIVE, &next, e));
	struct stock_place place;
	TRY(place_get(tx, t.t.to, &place, e));
	TRY(place_begin(tx, act, &place, e));
	*out = (struct stock_outcome){ .id = t.t.id };
	for (int i = 0; i < t.count; i++) {
		over[i] = t.lines[i].l.over;
		lost[i] = t.lines[i].l.lost;
	}
	for (int i = 0; i < c->line_count; i++) {
		struct tline *k = NULL;
		TRY(line_find(&t, &c->lines[i], &k, e));
		line_receive(&t, k, c->lines[i].qty, moves, &n);
		out->qty += c->lines[i].qty;
	}
	for (int i = 0; i < t.count && c->final; i++)
		if (t.lines[i].moving) {
			out->open += t.lines[i].moving;
			line_lose(&t, &t.lines[i], moves, &n);
		}
	if (!tran_moving(&t))
		TRY(state_next(THING_TRANSFER, t.t.state, EVENT_CLOSE, &next, e));
	t.t.state = (enum transfer_state)next;
	t.t.closed_at = next == TRANSFER_RECEIVED ? act->at : 0;
	out->state = next;
	TRY(tran_write(tx, &t, e));
	TRY(sender_counts(tx, act, &t, over, lost, e));
	return unit_post(tx, act, moves, n, e);
}

enum result transfer_cancel(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                            struct error *e)
{
	struct ledger_move *moves = arena_array(db_tx_arena(tx), STOCK_TRANSFER_LINES_MAX, sizeof(*moves));
	struct tran t;
	int64_t next;
	int n = 0;
	if (!moves)
		return error_nomem(e);
	TRY(tran_lock(tx, c->id, &t, e));
	TRY(state_next(THING_TRANSFER, t.t.state, EVENT_CANCEL, &next, e));
	*out = (struct stock_outcome){ .id = t.t.id, .state = next };
	for (int i = 0; i < t.count; i++) {
		struct tline *k = &t.lines[i];
		if (!k->moving)
			continue;
		moves[n++] = line_move(k, t.t.to, UNIT_TRANSIT, t.t.from, owned(k), k->moving, REASON_TRANSFER);
		k->l.returned += k->moving;
		out->qty += k->moving;
		k->moving = 0;
	}
	t.t.state = (enum transfer_state)next;
	t.t.closed_at = act->at;
	TRY(tran_write(tx, &t, e));
	return unit_post(tx, act, moves, n, e);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

enum result transfer_get(struct db_tx *tx, int64_t id, struct arena *a, struct stock_transfer *out, struct error *e)
{
	struct tran t;
	TRY(tran_load(tx, id, a, &t, e));
	struct stock_transfer_line *lines = arena_array(a, (size_t)t.count + 1, sizeof(*lines));
	if (!lines)
		return error_nomem(e);
	for (int i = 0; i < t.count; i++)
		lines[i] = t.lines[i].l;
	*out = t.t;
	out->lines = lines;
	return OK;
}

DB_STMT(stock_transfer_page, "iii", "iiiiiII",
        "SELECT " TRANSFER_COLS " FROM stock_transfer WHERE state IN (1, 2) AND id > $2 "
        "AND ($1 = 0 OR from_location = $1 OR to_location = $1) ORDER BY id LIMIT $3")

enum result transfer_list(struct db_tx *tx, int64_t location, int64_t after, int limit, struct stock_transfer *out,
                          int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_transfer_page, &r, e, DB_INT(location), DB_INT(after), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		transfer_take(r, &out[n++]);
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(stock_transfer_moving, "ii", "I",
        "SELECT CAST(SUM(moving) AS BIGINT) FROM stock_transfer_line WHERE sku = $1 AND to_location = $2 AND moving > "
        "0")

enum result transfer_moving(struct db_tx *tx, int64_t sku, int64_t location, int64_t *qty, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &stock_transfer_moving, &r, &found, e, DB_INT(sku), DB_INT(location)));
	*qty = db_int(r, 0);
	return OK;
}

DB_STMT(stock_transfer_moving_page, "iii", "iii",
        "SELECT sku, to_location, CAST(SUM(moving) AS BIGINT) FROM stock_transfer_line WHERE moving > 0 "
        "AND (sku, to_location) > ($1, $2) GROUP BY sku, to_location ORDER BY sku, to_location LIMIT $3")

enum result transfer_moving_page(struct db_tx *tx, int64_t after_sku, int64_t after_location, int limit,
                                 struct moving *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_transfer_moving_page, &r, e, DB_INT(after_sku), DB_INT(after_location), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct moving){ db_int(r, 0), db_int(r, 1), db_int(r, 2) };
	*count = n;
	return step == DB_ERR ? e->result : OK;
}
