#include "orders/room.h"

static void order_from_head(const struct head *h, struct order *out)
{
	*out = (struct order){ .id = h->id,
		               .record = h->record,
		               .store = h->store,
		               .associate = h->associate,
		               .placed_at = h->placed_at,
		               .updated_at = h->updated_at,
		               .source = h->source.p,
		               .number = h->number.p,
		               .kind = h->kind,
		               .state = h->state,
		               .channel = h->channel,
		               .currency = h->currency,
		               .net_minor = h->net,
		               .tax_minor = h->tax,
		               .discount_minor = h->discount,
		               .shipping_minor = h->shipping,
		               .total_minor = h->total,
		               .full_minor = h->full,
		               .revision = (int)h->revision,
		               .line_count = (int)h->line_count,
		               .superseded_by = h->superseded_by };
}

/* Whether line i names an original that the line before it does not. */
static bool names_original(const struct line *lines, int i)
{
	return lines[i].original_number.n && (!i || !str_eq(lines[i - 1].original_number, lines[i].original_number));
}

/* The sales that return lines name, in the order of the lines; 0: not reported yet. */
static enum result originals_find(struct db_tx *tx, const struct order *orders, const struct line_list *lists,
                                  int count, int64_t **out, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct order_key *keys = NULL;
	int n = 0, cap = 0;
	for (int i = 0; i < count; i++)
		for (int k = 0; k < lists[i].count; k++) {
			if (!names_original(lists[i].lines, k))
				continue;
			if (!arena_grow(a, &keys, n, &cap, sizeof(*keys)))
				return error_nomem(e);
			order_key_make(str_c(orders[i].source), ORDER_SALE, lists[i].lines[k].original_number,
			               &keys[n++]);
		}
	*out = arena_array(a, (size_t)n + 1, sizeof(**out));
	return *out ? refs_find(tx, keys, n, *out, e) : error_nomem(e);
}

static enum result order_lines(struct db_tx *tx, const struct line_list *list, const int64_t **originals,
                               struct arena *a, struct order *out, struct error *e)
{
	struct order_line *o = arena_array(a, (size_t)list->count + 1, sizeof(*o));
	if (!o)
		return error_nomem(e);
	for (int i = 0; i < list->count; i++) {
		const struct line *l = &list->lines[i];
		struct sku s;
		bool found;
		TRY(sku_get(tx, l->sku, &s, &found, e));
		o[i] = (struct order_line){ .line_key = l->key.n ? l->key.p : "",
			                    .sku = l->sku,
			                    .qty = l->qty,
			                    .unit_price = decimal_of_micro(l->unit),
			                    .list_price = decimal_of_micro(l->list < 0 ? 0 : l->list),
			                    .has_list_price = l->list >= 0,
			                    .net_minor = l->net,
			                    .discount_minor = l->discount + l->share,
			                    .tax_minor = l->tax,
			                    .original_line_key = l->original_key.n ? l->original_key.p : "" };
		o[i].sku_code = found ? arena_strdup(a, s.code) : "";
		o[i].title = l->title.n ? l->title.p : found ? arena_strdup(a, s.title) : "";
		if (!o[i].sku_code || !o[i].title)
			return error_nomem(e);
		if (l->original_number.n)
			o[i].original_order =
			        names_original(list->lines, i) ? *(*originals)++ : o[i - 1].original_order;
	}
	out->lines = o;
	out->line_count = list->count;
	return OK;
}

static enum result orders_lines(struct db_tx *tx, struct order *orders, int count, struct arena *a, struct error *e)
{
	struct line_list *lists = arena_array(a, (size_t)count + 1, sizeof(*lists));
	int64_t *ids = arena_array(a, (size_t)count + 1, sizeof(*ids)), *skus, *found;
	size_t n = 0;
	if (!lists || !ids)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		lists[i].count = orders[i].line_count;
		ids[i] = orders[i].id;
	}
	TRY(lines_of(tx, ids, count, a, lists, e));
	for (int i = 0; i < count; i++)
		n += (size_t)lists[i].count;
	skus = arena_array(a, n + 1, sizeof(*skus));
	if (!skus)
		return error_nomem(e);
	n = 0;
	for (int i = 0; i < count; i++)
		for (int k = 0; k < lists[i].count; k++)
			skus[n++] = lists[i].lines[k].sku;
	TRY(skus_expect(tx, skus, (int)n, e));
	TRY(originals_find(tx, orders, lists, count, &found, e));
	for (int i = 0; i < count; i++)
		TRY(order_lines(tx, &lists[i], (const int64_t **)&found, a, &orders[i], e));
	return OK;
}

enum result order_get_head(struct db_tx *tx, int64_t id, struct arena *a, struct order *out, struct error *e)
{
	struct head h;
	bool found;
	TRY(head_load(tx, id, a, &h, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "order.not_found", "order", "no such order");
	order_from_head(&h, out);
	return OK;
}

enum result order_get_lines(struct db_tx *tx, struct arena *a, struct order *o, struct error *e)
{
	return orders_lines(tx, o, 1, a, e);
}

enum result order_get(struct db_tx *tx, int64_t id, struct arena *a, struct order *out, struct error *e)
{
	struct order o;
	TRY(order_get_head(tx, id, a, &o, e));
	TRY(order_get_lines(tx, a, &o, e));
	*out = o;
	return OK;
}

DB_STMT(order_scan_page, "iii", "i", "SELECT id FROM orders WHERE (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT $3")

enum result order_scan(struct db_tx *tx, int64_t after, int limit, int64_t *ids, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_scan_page, &r, e, DB_INT(after ? (int64_t)id_bucket(after) : -1), DB_INT(after),
	             DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while (n < limit && (step = db_next(r, e)) != DB_DONE) {
		if (step == DB_ERR)
			return e->result;
		ids[n++] = db_int(r, 0);
	}
	*count = n;
	return OK;
}

struct place {
	int64_t at, id;
};

static bool newer(struct place a, struct place b)
{
	return a.at != b.at ? a.at > b.at : a.id > b.id;
}

struct places {
	struct place *list; /* sorted, newest first */
	int limit, count;
};

static enum result places_merge(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct places *all = arg;
	enum db_step step;
	(void)run;
	while ((step = db_next(r, e)) == DB_ROW) {
		struct place p = { db_int(r, 0), db_int(r, 1) };
		if (all->count == all->limit && !newer(p, all->list[all->count - 1]))
			break;
		int i = all->count < all->limit ? all->count++ : all->count - 1;
		for (; i > 0 && newer(p, all->list[i - 1]); i--)
			all->list[i] = all->list[i - 1];
		all->list[i] = p;
	}
	return step == DB_ERR ? e->result : OK;
}

/* Those that are gone between two statements are left out. */
static enum result orders_load(struct db_tx *tx, const int64_t *ids, int n, bool with_lines, struct arena *a,
                               struct order *out, int *count, struct error *e)
{
	struct head *heads = arena_array(a, (size_t)n + 1, sizeof(*heads));
	int there = 0;
	if (!heads)
		return error_nomem(e);
	TRY(heads_load(tx, ids, n, a, heads, e));
	for (int i = 0; i < n; i++) {
		if (!heads[i].id)
			continue;
		order_from_head(&heads[i], &out[there++]);
	}
	if (with_lines)
		TRY(orders_lines(tx, out, there, a, e));
	*count = there;
	return OK;
}

DB_STMT(order_select_places, "iiiiii", "ii",
        "SELECT placed_at, id FROM orders WHERE rkey = $1 AND record = $2 AND (placed_at < $3 OR (placed_at = $3 AND "
        "id < $4)) AND state <> $5 ORDER BY placed_at DESC, id DESC LIMIT $6")
enum result order_page(struct db_tx *tx, const int64_t *records, int record_count, int64_t before_at, int64_t before_id,
                       int limit, bool with_lines, struct arena *a, struct order *out, int *count, struct error *e)
{
	if (!before_at && !before_id)
		before_at = before_id = INT64_MAX;
	if (limit <= 0) {
		*count = 0;
		return OK;
	}
	struct places all = { arena_array(a, (size_t)limit, sizeof(*all.list)), limit, 0 };
	int64_t *ids = arena_array(a, (size_t)limit, sizeof(*ids));
	if (!all.list || !ids)
		return error_nomem(e);
	TRY(db_each_id(tx, &order_select_places, records, record_count, places_merge, &all, e, DB_INT(before_at),
	               DB_INT(before_id), DB_INT(ORDER_SUPERSEDED), DB_INT(limit)));
	for (int i = 0; i < all.count; i++)
		ids[i] = all.list[i].id;
	return orders_load(tx, ids, all.count, with_lines, a, out, count, e);
}

DB_STMT(order_ref_by_number, "iti", "i",
        "SELECT order_id FROM order_ref WHERE rkey = $1 AND folded = $2 ORDER BY key LIMIT $3")
enum result order_by_number(struct db_tx *tx, struct str number, int limit, struct arena *a, struct order *out,
                            int *count, struct error *e)
{
	char folded[FOLDED_MAX];
	size_t len = number_fold(number, folded);
	struct str text = { folded, len };
	DB_ROWS_AUTO struct db_rows *r = NULL;
	int64_t *ids = arena_array(a, (size_t)limit + 1, sizeof(*ids));
	int n = 0;
	*count = 0;
	if (!ids)
		return error_nomem(e);
	if (!len || number.n > ORDER_NUMBER_MAX)
		return OK;
	TRY(db_query(tx, &order_ref_by_number, &r, e, DB_INT(bucket_of(STR("order"), text)), DB_TEXT(text),
	             DB_INT(limit)));
	enum db_step step;
	while ((step = db_next(r, e)) == DB_ROW)
		ids[n++] = db_int(r, 0);
	return step == DB_ERR ? e->result : orders_load(tx, ids, n, false, a, out, count, e);
}

DB_STMT(order_revision_select, "iii", "iit",
        "SELECT revision, at, difference FROM order_revision WHERE rkey = $1 AND order_id = $2 ORDER BY revision DESC "
        "LIMIT $3")

enum result order_history(struct db_tx *tx, int64_t id, struct arena *a, int limit, struct order_revision *out,
                          int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_revision_select, &r, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while (n < limit && (step = db_next(r, e)) != DB_DONE) {
		if (step == DB_ERR)
			return e->result;
		out[n] = (struct order_revision){ (int)db_int(r, 0), db_int(r, 1), db_text_dup(r, 2, a) };
		if (!out[n++].difference)
			return error_nomem(e);
	}
	*count = n;
	return OK;
}

DB_STMT(order_sum, "tti", "iiii",
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN kind = 2 THEN 1 ELSE 0 END), 0) AS BIGINT), "
        "CAST(COALESCE(SUM(CASE WHEN kind = 2 THEN -net_minor ELSE net_minor END), 0) AS BIGINT), "
        "CAST(COALESCE(SUM(CASE WHEN record = 0 THEN line_count ELSE 0 END), 0) AS BIGINT) "
        "FROM orders WHERE ($1 = '' OR source = $1) AND currency = $2 AND state = $3")
DB_STMT(order_sum_lines, "tti", "ii",
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN o.kind = 2 THEN -l.qty ELSE l.qty END), 0) AS BIGINT) "
        "FROM orders o JOIN order_line l ON l.rkey = o.rkey AND l.order_id = o.id "
        "WHERE ($1 = '' OR o.source = $1) AND o.currency = $2 AND o.state = $3")

enum result order_totals(struct db_tx *tx, struct str source, int16_t currency, struct order_totals *out,
                         struct error *e)
{
	const char *code = currency_code(currency);
	struct order_totals t = { 0 };
	bool found;
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query_one(tx, &order_sum, &r, &found, e, DB_TEXT(source), DB_CSTR(code),
		                 DB_INT(ORDER_REPORTED)));
		t.returns = db_int(r, 1);
		t.orders = db_int(r, 0) - t.returns;
		t.net_minor = db_int(r, 2);
		t.anonymous_lines = db_int(r, 3);
	}
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &order_sum_lines, &r, &found, e, DB_TEXT(source), DB_CSTR(code), DB_INT(ORDER_REPORTED)));
	t.lines = db_int(r, 0);
	t.units = db_int(r, 1);
	*out = t;
	return OK;
}
