/* The stored views `sale` and `bought`, kept current by the feed and built anew from orders. */
#include "insight/view.h"

#include "base/clock.h"
#include "base/hash.h"

#define RECORD_ORDERS_PAGE 50
#define SCAN_PAGE 200

/* ---- bought ------------------------------------------------------------------------------------------------------ */

DB_STMT(bought_add, "iiiii", "",
        "INSERT INTO bought (rkey, record, sku, n, last_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (rkey, record, sku) DO UPDATE SET n = bought.n + excluded.n, "
        "last_at = CASE WHEN excluded.last_at > bought.last_at THEN excluded.last_at ELSE bought.last_at END")

static enum result bought_add_lines(struct db_tx *tx, const struct order *o, struct error *e)
{
	bool sale = o->kind == ORDER_SALE;
	for (int i = 0; i < o->line_count; i++) {
		const struct order_line *l = &o->lines[i];
		if (l->sku == 0 || l->qty == 0)
			continue;
		TRY(db_exec(tx, &bought_add, NULL, e, DB_INT(id_bucket(o->record)), DB_INT(o->record), DB_INT(l->sku),
		            DB_INT(sale ? l->qty : -l->qty), DB_INT(sale ? o->placed_at : 0)));
	}
	return OK;
}

DB_STMT(bought_clear, "ii", "", "DELETE FROM bought WHERE rkey = $1 AND record = $2")

DB_STMT(sale_orders, "iii", "i",
        "SELECT order_id FROM sale WHERE rkey = $1 AND record = $2 AND order_id > $3 ORDER BY order_id LIMIT 50")

static enum result recount_page(struct db_tx *tx, int64_t record, int64_t *after, int64_t *ids, int *count,
                                struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &sale_orders, &rows, e, DB_INT(id_bucket(record)), DB_INT(record), DB_INT(*after)));
	enum db_step step;
	*count = 0;
	while ((step = db_next(rows, e)) == DB_ROW)
		ids[(*count)++] = *after = db_int(rows, 0);
	return step == DB_ERR ? e->result : OK;
}

/* After a changed order its old lines are no longer known: the record's rows are counted anew, from the orders that
 * `sale` holds. Others have their event still to come and would count twice. */
static enum result bought_recount(struct db_tx *tx, int64_t record, struct error *e)
{
	int64_t after = 0, ids[RECORD_ORDERS_PAGE];
	int count = 0;
	TRY(db_exec(tx, &bought_clear, NULL, e, DB_INT(id_bucket(record)), DB_INT(record)));
	do {
		TRY(recount_page(tx, record, &after, ids, &count, e));
		for (int i = 0; i < count; i++) {
			ARENA_AUTO struct arena *a = arena_new(0);
			struct order o;
			if (!a)
				return error_nomem(e);
			enum result r = order_get(tx, ids[i], a, &o, e);
			if (r != ERR_NOT_FOUND)
				TRY(r);
			if (r == OK && o.state == ORDER_REPORTED)
				TRY(bought_add_lines(tx, &o, e));
		}
	} while (count == RECORD_ORDERS_PAGE);
	return OK;
}

/* ---- sale -------------------------------------------------------------------------------------------------------- */

DB_STMT(sale_insert, "iiiiiiiiiitiii", "",
        "INSERT INTO sale (rkey, record, order_id, revision, kind, day, at, store, associate, channel, currency, "
        "net_minor, full_minor, units) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
        "ON CONFLICT (rkey, record, order_id) DO NOTHING")

static enum result sale_add(struct db_tx *tx, const struct order *o, bool *added, struct error *e)
{
	int64_t units = 0, day = 0, changed = 0;
	for (int i = 0; i < o->line_count; i++)
		if (o->lines[i].sku)
			units += o->lines[i].qty;
	struct store store;
	bool found = false;
	TRY(store_get(tx, o->store, &store, &found, e));
	TRY(time_local_day(o->placed_at, found && store.zone[0] ? store.zone : "UTC", &day, e));
	TRY(db_exec(tx, &sale_insert, &changed, e, DB_INT(id_bucket(o->id)), DB_INT(o->record), DB_INT(o->id),
	            DB_INT(o->revision), DB_INT(o->kind), DB_INT(day), DB_INT(o->placed_at), DB_INT(o->store),
	            DB_INT(o->associate), DB_INT(o->channel), DB_CSTR(currency_code(o->currency)), DB_INT(o->net_minor),
	            DB_INT(o->full_minor), DB_INT(units)));
	*added = changed == 1;
	return OK;
}

DB_STMT(sale_delete, "iii", "", "DELETE FROM sale WHERE rkey = $1 AND record = $2 AND order_id = $3")
DB_STMT(sale_revision, "iii", "i", "SELECT revision FROM sale WHERE rkey = $1 AND record = $2 AND order_id = $3")

/* Brings the views to what the order (of which the head is there) says now, whatever they said before. A second call
 * changes nothing. */
static enum result view_order(struct db_tx *tx, struct order *o, struct arena *a, bool *changed, struct error *e)
{
	bool known = false, added = false;
	int64_t revision = 0;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		TRY(db_query_one(tx, &sale_revision, &rows, &known, e, DB_INT(id_bucket(o->id)), DB_INT(o->record),
		                 DB_INT(o->id)));
		if (known)
			revision = db_int(rows, 0);
	}
	*changed = known ? o->state != ORDER_REPORTED || revision != o->revision : o->state == ORDER_REPORTED;
	if (!*changed)
		return OK;
	TRY(order_get_lines(tx, a, o, e));
	if (known)
		TRY(db_exec(tx, &sale_delete, NULL, e, DB_INT(id_bucket(o->id)), DB_INT(o->record), DB_INT(o->id)));
	if (o->state == ORDER_REPORTED)
		TRY(sale_add(tx, o, &added, e));
	if (o->record == 0)
		return OK;
	if (known)
		return bought_recount(tx, o->record, e);
	return added ? bought_add_lines(tx, o, e) : OK;
}

static enum result view_order_id(struct db_tx *tx, int64_t order, bool *changed, struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	if (!a)
		return error_nomem(e);
	struct order o;
	enum result r = order_get_head(tx, order, a, &o, e);
	*changed = false;
	if (r == ERR_NOT_FOUND) /* erased since: nothing left to count */
		return OK;
	TRY(r);
	return view_order(tx, &o, a, changed, e);
}

/* Most steps of an order (picked, ready, handed over) change nothing that is counted here. */
enum result insight_apply(struct db_tx *tx, const struct feed_event *events, size_t count, struct error *e)
{
	bool changed;
	for (size_t i = 0; i < count; i++)
		if (events[i].topic == FEED_ORDER && events[i].ref) {
			TRY(view_order_id(tx, events[i].ref, &changed, e));
			if (changed && events[i].record)
				TRY(doubt_unweigh(tx, events[i].record, e));
		}
	return stakes_weigh(tx, 1, STAKES_AT_ONCE, &(bool){ false }, e);
}

/* ---- Rebuild ----------------------------------------------------------------------------------------------------- */

/* A page of rkeys is emptied at a time: sale and bought rows of 64 of the 4,096 buckets. */
#define CLEAR_BUCKETS 64

DB_STMT(sale_clear, "ii", "", "DELETE FROM sale WHERE rkey >= $1 AND rkey < $2")
DB_STMT(bought_clear_range, "ii", "", "DELETE FROM bought WHERE rkey >= $1 AND rkey < $2")

static enum result clear_page(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t from = *(const int64_t *)arg;
	TRY(db_exec(tx, &sale_clear, NULL, e, DB_INT(from), DB_INT(from + CLEAR_BUCKETS)));
	return db_exec(tx, &bought_clear_range, NULL, e, DB_INT(from), DB_INT(from + CLEAR_BUCKETS));
}

struct rebuild_page {
	int64_t after, last;
	int count;
};

static enum result rebuild_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct rebuild_page *p = arg;
	int64_t ids[SCAN_PAGE];
	bool changed;
	TRY(order_scan(tx, p->after, SCAN_PAGE, ids, &p->count, e));
	for (int i = 0; i < p->count; i++)
		TRY(view_order_id(tx, ids[i], &changed, e));
	p->last = p->count ? ids[p->count - 1] : p->after;
	return OK;
}

enum result insight_rebuild(struct db *db, db_progress_fn *progress, void *arg, struct error *e)
{
	for (int64_t b = 0; b < ID_BUCKETS; b += CLEAR_BUCKETS)
		TRY(db_transact(db, clear_page, &b, e));
	struct rebuild_page p = { 0 };
	do {
		TRY(db_transact(db, rebuild_page, &p, e));
		p.after = p.last;
		if (progress)
			progress(arg, id_bucket(p.after), ID_BUCKETS);
	} while (p.count == SCAN_PAGE);
	return OK;
}

/* ---- Digest ------------------------------------------------------------------------------------------------------ */

/* Sums of row hashes: equal for equal sets of rows, in whatever order an engine gives them. */
struct digest {
	int64_t from;
	uint64_t sum[2];
};

static void digest_row(struct digest *d, const int64_t *values, size_t count, struct str text)
{
	uint64_t h = hash64(values, count * sizeof(*values), 1);
	h = hash64_str(text, h);
	d->sum[0] += h;
	d->sum[1] += hash64(&h, sizeof(h), 2);
}

DB_STMT(sale_all, "ii", "iiiiiiiiiitiii",
        "SELECT rkey, record, order_id, revision, kind, day, at, store, associate, channel, currency, net_minor, "
        "full_minor, units FROM sale WHERE rkey >= $1 AND rkey < $2")

static enum result digest_sales(struct db_tx *tx, struct digest *d, struct error *e)
{
	enum { COLS = 14, CURRENCY = 10 };
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &sale_all, &rows, e, DB_INT(d->from), DB_INT(d->from + CLEAR_BUCKETS)));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t v[COLS] = { 0 };
		for (int c = 0; c < COLS; c++)
			if (c != CURRENCY)
				v[c] = db_int(rows, c);
		digest_row(d, v, COLS, db_text(rows, CURRENCY));
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(bought_all, "ii", "iiiii", "SELECT rkey, record, sku, n, last_at FROM bought WHERE rkey >= $1 AND rkey < $2")

static enum result digest_page(struct db_tx *tx, void *arg, struct error *e)
{
	enum { COLS = 5 };
	struct digest *out = arg, d = { .from = out->from };
	TRY(digest_sales(tx, &d, e));
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &bought_all, &rows, e, DB_INT(d.from), DB_INT(d.from + CLEAR_BUCKETS)));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t v[COLS];
		for (int c = 0; c < COLS; c++)
			v[c] = db_int(rows, c);
		digest_row(&d, v, COLS, STR("bought"));
	}
	if (step == DB_ERR)
		return e->result;
	*out = d;
	return OK;
}

enum result insight_digest(struct db *db, unsigned char out[16], struct error *e)
{
	uint64_t sum[2] = { 0 };
	for (int64_t b = 0; b < ID_BUCKETS; b += CLEAR_BUCKETS) {
		struct digest d = { .from = b };
		TRY(db_read(db, digest_page, &d, e));
		sum[0] += d.sum[0];
		sum[1] += d.sum[1];
	}
	memcpy(out, sum, sizeof(sum));
	return OK;
}

/* ---- The room ---------------------------------------------------------------------------------------------------- */

DB_STMT(export_sale, "ii", "iiii", "SELECT order_id, day, net_minor, units FROM sale WHERE rkey = $1 AND record = $2")

static enum result insight_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &export_sale, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
	jw_key(w, "sales");
	jw_array(w);
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		jw_object(w);
		jw_kid(w, "order", ID_ORDER, db_int(rows, 0));
		jw_ki64(w, "day", db_int(rows, 1));
		jw_ki64(w, "net_minor", db_int(rows, 2));
		jw_ki64(w, "units", db_int(rows, 3));
		jw_end_object(w);
	}
	jw_end_array(w);
	return step == DB_ERR ? e->result : OK;
}

/* As the orders: what was sold stays sold, to nobody. */
DB_STMT(sale_unname, "ii", "", "UPDATE sale SET record = 0 WHERE rkey = $1 AND record = $2")

static enum result insight_erase(struct db_tx *tx, int64_t record, struct error *e)
{
	TRY(db_exec(tx, &sale_unname, NULL, e, DB_INT(id_bucket(record)), DB_INT(record)));
	return db_exec(tx, &bought_clear, NULL, e, DB_INT(id_bucket(record)), DB_INT(record));
}

/* Records bring doubts; the rest of what they bring has nothing to be counted here. */
static const struct feed_stored insight_view = { .name = "insight",
	                                         .topics = 1u << FEED_ORDER | 1u << FEED_RECORD,
	                                         .apply = insight_apply };

const struct room insight_room = {
	.name = "insight",
	.digest = insight_digest,
	.rebuild = insight_rebuild,
	.export_record = insight_export,
	.erase_record = insight_erase,
	.stored = &insight_view,
	.work = stakes_work,
};
