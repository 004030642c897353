/* What is to be done for commanded orders: where units wait to be given out, and which ones have no location. */
#include "orders/book.h"
#include <stdio.h>

const char *queue_stage_name(enum queue_stage s)
{
	static const char *const names[QUEUE_STAGES] = {
		"", "new", "picking", "problem", "ready", "waiting", "shipped"
	};
	return s > 0 && s < QUEUE_STAGES ? names[s] : "";
}

enum queue_stage queue_stage_of(const struct order_queued *q)
{
	const struct book_part *p = &q->part;
	if (!q->n)
		return QUEUE_PROBLEM;
	if (q->sent)
		return QUEUE_SHIPPED;
	if (q->arrived_at)
		return QUEUE_WAITING;
	if (p->picked || (p->open && p->ready))
		return QUEUE_PICKING;
	return p->open ? QUEUE_NEW : QUEUE_READY;
}

/* ---- Units at a location ---------------------------------------------------------------------------------------- */

#define QUEUE_COLS                                                                                                     \
	"p.order_id, p.line, p.location, p.method, p.sku, p.open, p.picked, p.ready, p.handed, p.shipped, p.since, "   \
	"p.n, "                                                                                                        \
	"b.number, b.record, b.store, b.arrived_at "
#define QUEUE_PARTS "FROM order_part p JOIN order_book b ON b.rkey = p.rkey AND b.order_id = p.order_id "
#define QUEUE_FROM QUEUE_PARTS "WHERE p.open + p.picked + p.ready > 0 "
#define QUEUE_SENT QUEUE_PARTS "WHERE p.shipped > 0 "
#define QUEUE_TYPES "iiiiiiiiiiiitIII"

DB_STMT(order_queue_select, "iiiii", QUEUE_TYPES,
        "SELECT " QUEUE_COLS QUEUE_FROM "AND p.location = $1 AND (p.since, p.order_id, p.n) > ($2, $3, $4) "
        "ORDER BY p.since, p.order_id, p.n LIMIT $5")
DB_STMT(order_queue_everywhere, "iiii", QUEUE_TYPES,
        "SELECT " QUEUE_COLS QUEUE_FROM "AND (p.since, p.order_id, p.n) > ($1, $2, $3) "
        "ORDER BY p.since, p.order_id, p.n LIMIT $4")

static void number_copy(struct order_queued *q, struct str number)
{
	snprintf(q->number, sizeof(q->number), "%.*s", STR_ARG(number));
}

static void queued_read(const struct db_rows *r, struct order_queued *q)
{
	*q = (struct order_queued){ .order = db_int(r, 0),
		                    .n = (int)db_int(r, 11),
		                    .record = db_int(r, 13),
		                    .store = db_int(r, 14),
		                    .part = { .n = (int)db_int(r, 11),
		                              .line = (int)db_int(r, 1),
		                              .location = db_int(r, 2),
		                              .method = (enum order_method)db_int(r, 3),
		                              .sku = db_int(r, 4),
		                              .open = db_int(r, 5),
		                              .picked = db_int(r, 6),
		                              .ready = db_int(r, 7),
		                              .handed = db_int(r, 8),
		                              .shipped = db_int(r, 9),
		                              .since = db_int(r, 10) } };
	q->arrived_at = q->part.method == METHOD_PICK_UP ? db_int(r, 15) : 0;
	number_copy(q, db_text(r, 12));
}

static enum result queue_rows(struct db_rows *r, struct order_queued *out, int *count, struct error *e)
{
	enum db_step step;
	int n = 0;
	while ((step = db_next(r, e)) == DB_ROW)
		queued_read(r, &out[n++]);
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

enum result order_queue(struct db_tx *tx, int64_t location, const struct order_queued *after, int limit,
                        struct order_queued *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	int64_t since = after ? after->part.since : 0, order = after ? after->order : 0, part = after ? after->n : 0;
	if (location)
		TRY(db_query(tx, &order_queue_select, &r, e, DB_INT(location), DB_INT(since), DB_INT(order),
		             DB_INT(part), DB_INT(limit)));
	else
		TRY(db_query(tx, &order_queue_everywhere, &r, e, DB_INT(since), DB_INT(order), DB_INT(part),
		             DB_INT(limit)));
	return queue_rows(r, out, count, e);
}

DB_STMT(order_sent_select, "iiiiii", QUEUE_TYPES,
        "SELECT " QUEUE_COLS QUEUE_SENT
        "AND p.location = $1 AND p.since > $2 AND (p.since, p.order_id, p.n) > ($3, $4, $5) "
        "ORDER BY p.since, p.order_id, p.n LIMIT $6")
DB_STMT(order_sent_everywhere, "iiiii", QUEUE_TYPES,
        "SELECT " QUEUE_COLS QUEUE_SENT "AND p.since > $1 AND (p.since, p.order_id, p.n) > ($2, $3, $4) "
        "ORDER BY p.since, p.order_id, p.n LIMIT $5")

enum result order_queue_sent(struct db_tx *tx, int64_t location, int64_t sent_after, const struct order_queued *after,
                             int limit, struct order_queued *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	int64_t since = after ? after->part.since : 0, order = after ? after->order : 0, part = after ? after->n : 0;
	if (location)
		TRY(db_query(tx, &order_sent_select, &r, e, DB_INT(location), DB_INT(sent_after), DB_INT(since),
		             DB_INT(order), DB_INT(part), DB_INT(limit)));
	else
		TRY(db_query(tx, &order_sent_everywhere, &r, e, DB_INT(sent_after), DB_INT(since), DB_INT(order),
		             DB_INT(part), DB_INT(limit)));
	TRY(queue_rows(r, out, count, e));
	for (int i = 0; i < *count; i++)
		out[i].sent = true;
	return OK;
}

/* ---- Units that are nowhere ------------------------------------------------------------------------------------- */

/* The location that they were at last is the one of the line's parts that changed last. */
DB_STMT(order_unplaced_select, "iiii", "iiiitIIiII",
        "SELECT b.order_id, i.line, i.sku, i.waiting - i.coming, b.number, b.record, b.store, b.placed_at, "
        "(SELECT MAX(p.since) FROM order_part p WHERE p.rkey = i.rkey AND p.order_id = i.order_id AND p.line = "
        "i.line), "
        "(SELECT p.location FROM order_part p WHERE p.rkey = i.rkey AND p.order_id = i.order_id AND p.line = i.line "
        "ORDER BY p.since DESC, p.n DESC LIMIT 1) "
        "FROM order_book b JOIN order_item i ON i.rkey = b.rkey AND i.order_id = b.order_id "
        "WHERE b.unplaced > 0 AND i.waiting > i.coming AND ($1 = 0 OR b.store = $1) AND b.order_id >= $2 "
        "AND (b.order_id, i.line) > ($2, $3) ORDER BY b.order_id, i.line LIMIT $4")

enum result order_unplaced(struct db_tx *tx, int64_t store, const struct order_queued *after, int limit,
                           struct order_queued *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_unplaced_select, &r, e, DB_INT(store), DB_INT(after ? after->order : 0),
	             DB_INT(after ? after->part.line : 0), DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		struct order_queued *q = &out[n++];
		*q = (struct order_queued){ .order = db_int(r, 0),
			                    .record = db_int(r, 5),
			                    .store = db_int(r, 6),
			                    .part = { .line = (int)db_int(r, 1),
			                              .sku = db_int(r, 2),
			                              .open = db_int(r, 3),
			                              .since = db_is_null(r, 8) ? db_int(r, 7) : db_int(r, 8),
			                              .location = db_int(r, 9) } };
		number_copy(q, db_text(r, 4));
	}
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

/* ---- How many --------------------------------------------------------------------------------------------------- */

#define STAGE_OF                                                                                                       \
	"CASE WHEN b.arrived_at IS NOT NULL AND p.method = 2 THEN 5 "                                                  \
	"WHEN p.picked > 0 OR (p.open > 0 AND p.ready > 0) THEN 2 WHEN p.open > 0 THEN 1 ELSE 4 END"
_Static_assert(METHOD_PICK_UP == 2 && QUEUE_NEW == 1 && QUEUE_PICKING == 2 && QUEUE_READY == 4 && QUEUE_WAITING == 5,
               "as the statements have them");

DB_STMT(order_queue_count, "i", "ii",
        "SELECT q.stage, COUNT(*) FROM (SELECT " STAGE_OF " AS stage " QUEUE_FROM "AND p.location = $1) q "
        "GROUP BY q.stage")
DB_STMT(order_queue_count_everywhere, "", "ii",
        "SELECT q.stage, COUNT(*) FROM (SELECT " STAGE_OF " AS stage " QUEUE_FROM ") q GROUP BY q.stage")
DB_STMT(order_unplaced_count, "i", "i",
        "SELECT COUNT(*) FROM order_book b JOIN order_item i ON i.rkey = b.rkey AND i.order_id = b.order_id "
        "WHERE b.unplaced > 0 AND i.waiting > i.coming AND ($1 = 0 OR b.store = $1)")

DB_STMT(order_sent_count, "ii", "i",
        "SELECT COUNT(*) FROM order_part p WHERE p.shipped > 0 AND p.location = $1 AND p.since > $2")
DB_STMT(order_sent_count_everywhere, "i", "i", "SELECT COUNT(*) FROM order_part p WHERE p.shipped > 0 AND p.since > $1")

static enum result sent_count(struct db_tx *tx, int64_t location, int64_t sent_after, int64_t *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	if (location)
		TRY(db_query_one(tx, &order_sent_count, &r, &found, e, DB_INT(location), DB_INT(sent_after)));
	else
		TRY(db_query_one(tx, &order_sent_count_everywhere, &r, &found, e, DB_INT(sent_after)));
	*out = found ? db_int(r, 0) : 0;
	return OK;
}

enum result order_queue_counts(struct db_tx *tx, int64_t location, int64_t sent_after, int64_t counts[QUEUE_STAGES],
                               struct error *e)
{
	memset(counts, 0, QUEUE_STAGES * sizeof(*counts));
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		if (location)
			TRY(db_query(tx, &order_queue_count, &r, e, DB_INT(location)));
		else
			TRY(db_query(tx, &order_queue_count_everywhere, &r, e));
		enum db_step step;
		while ((step = db_next(r, e)) == DB_ROW)
			counts[db_int(r, 0)] = db_int(r, 1);
		if (step == DB_ERR)
			return e->result;
	}
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &order_unplaced_count, &r, &found, e, DB_INT(location)));
	counts[QUEUE_PROBLEM] = found ? db_int(r, 0) : 0;
	return sent_count(tx, location, sent_after, &counts[QUEUE_SHIPPED], e);
}

/* ---- Whose business it is --------------------------------------------------------------------------------------- */

DB_STMT(order_places_select, "iii", "i",
        "SELECT location FROM order_part WHERE rkey = $1 AND order_id = $2 UNION "
        "SELECT store FROM order_book WHERE rkey = $1 AND order_id = $2 AND store IS NOT NULL LIMIT $3")

enum result order_places(struct db_tx *tx, int64_t order, int limit, int64_t *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_places_select, &r, e, DB_INT(id_bucket(order)), DB_INT(order), DB_INT(limit)));
	enum db_step step;
	*count = 0;
	while ((step = db_next(r, e)) == DB_ROW)
		out[(*count)++] = db_int(r, 0);
	return step == DB_ERR ? e->result : OK;
}
