#include "orders/room.h"

size_t number_fold(struct str number, char out[FOLDED_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < number.n && n < FOLDED_MAX - 1; i++) {
		char c = number.p[i];
		if (c == ' ' || c == '\t')
			continue;
		out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	out[n] = 0;
	return n;
}

void order_key_make(struct str source, enum order_kind kind, struct str number, struct order_key *out)
{
	size_t n = number_fold(number, out->folded);
	out->rkey = bucket_of(STR("order"), (struct str){ out->folded, n });
	hash128(out->hash, (struct str[]){ source, kind == ORDER_RETURN ? STR("return") : STR("sale"), number }, 3);
}

#define KEY_BLOB(k) DB_BLOB(((struct str){ (const char *)(k)->hash, HASH128_BYTES }))

DB_STMT(order_ref_insert, "itbi", "",
        "INSERT INTO order_ref (rkey, folded, key, order_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")

static enum result ref_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	int64_t *orders = arg;
	enum db_step step = db_next(r, e);
	orders[run] = step == DB_ROW ? db_int(r, 0) : 0;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(order_ref_select, "itb", "i", "SELECT order_id FROM order_ref WHERE rkey = $1 AND folded = $2 AND key = $3")
enum result refs_find(struct db_tx *tx, const struct order_key *keys, int count, int64_t *orders, struct error *e)
{
	struct db_value *values = arena_array(db_tx_arena(tx), (size_t)count * 3 + 1, sizeof(*values));
	if (!values)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		values[i * 3] = DB_INT(keys[i].rkey);
		values[i * 3 + 1] = DB_CSTR(keys[i].folded);
		values[i * 3 + 2] = KEY_BLOB(&keys[i]);
	}
	return db_each(tx, &order_ref_select, values, count, ref_take, orders, e);
}

enum result ref_find(struct db_tx *tx, const struct order_key *k, int64_t *order, bool *found, struct error *e)
{
	int64_t id;
	TRY(refs_find(tx, k, 1, &id, e));
	*found = id != 0;
	if (*found)
		*order = id;
	return OK;
}

enum result ref_claim(struct db_tx *tx, const struct order_key *k, int64_t id, bool *fresh, int64_t *holder,
                      struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &order_ref_insert, &changed, e, DB_INT(k->rkey), DB_CSTR(k->folded), KEY_BLOB(k), DB_INT(id)));
	*fresh = changed == 1;
	if (*fresh)
		return OK;
	bool found;
	TRY(ref_find(tx, k, holder, &found, e));
	return found ? OK : error_set(e, ERR_RETRY, "order.race", NULL, "the order's number was given up meanwhile");
}

DB_STMT(order_ref_update, "iitbi", "",
        "UPDATE order_ref SET order_id = $1 WHERE rkey = $2 AND folded = $3 AND key = $4 AND order_id = $5")

enum result ref_move(struct db_tx *tx, const struct order_key *k, int64_t from, int64_t to, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &order_ref_update, &changed, e, DB_INT(to), DB_INT(k->rkey), DB_CSTR(k->folded), KEY_BLOB(k),
	            DB_INT(from)));
	return changed ? OK : error_set(e, ERR_RETRY, "order.race", NULL, "the order was superseded meanwhile");
}

/* ---- Heads ------------------------------------------------------------------------------------------------------ */

struct heads {
	const int64_t *ids;
	struct arena *a;
	struct head *out;
};

static enum result head_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct heads *all = arg;
	struct head *h = &all->out[run];
	enum db_step step = db_next(r, e);
	*h = (struct head){ 0 };
	if (step != DB_ROW)
		return step == DB_ERR ? e->result : OK;
	*h = (struct head){ .id = all->ids[run],
		            .record = db_int(r, 0),
		            .kind = (enum order_kind)db_int(r, 1),
		            .state = (enum order_state)db_int(r, 2),
		            .source = str_c(db_text_dup(r, 3, all->a)),
		            .number = str_c(db_text_dup(r, 4, all->a)),
		            .store = db_int(r, 5),
		            .associate = db_int(r, 6),
		            .channel = (enum channel)db_int(r, 7),
		            .placed_at = db_int(r, 8),
		            .said_at = db_int(r, 9),
		            .updated_at = db_int(r, 10),
		            .net = db_int(r, 12),
		            .tax = db_int(r, 13),
		            .extra_tax = db_int(r, 14),
		            .discount = db_int(r, 15),
		            .extra_discount = db_int(r, 16),
		            .shipping = db_int(r, 17),
		            .total = db_int(r, 18),
		            .total_told = db_int(r, 19) != 0,
		            .full = db_int(r, 20),
		            .revision = db_int(r, 21),
		            .line_count = db_int(r, 22),
		            .superseded_by = db_int(r, 23) };
	currency_find(db_text(r, 11), &h->currency);
	return h->source.p && h->number.p ? OK : error_nomem(e);
}

DB_STMT(order_select, "ii", "iiittIIiiiitiiiiiiiiiiiI",
        "SELECT record, kind, state, source, number, store, associate, channel, placed_at, said_at, updated_at, "
        "currency, "
        "net_minor, tax_minor, extra_tax_minor, discount_minor, extra_discount_minor, shipping_minor, total_minor, "
        "total_told, full_minor, revision, line_count, superseded_by FROM orders WHERE rkey = $1 AND id = $2")
enum result heads_load(struct db_tx *tx, const int64_t *ids, int count, struct arena *a, struct head *out,
                       struct error *e)
{
	struct heads all = { ids, a, out };
	return db_each_id(tx, &order_select, ids, count, head_take, &all, e, DB_NONE);
}

enum result head_load(struct db_tx *tx, int64_t id, struct arena *a, struct head *out, bool *found, struct error *e)
{
	struct head h;
	TRY(heads_load(tx, &id, 1, a, &h, e));
	*found = h.id != 0;
	if (*found)
		*out = h;
	return OK;
}

DB_STMT(order_insert,
        "iiiiittIIiiiit"
        "iiiiiiiiiiiI",
        "",
        "INSERT INTO orders (rkey, id, record, kind, state, source, number, store, associate, channel, placed_at, "
        "said_at, "
        "updated_at, currency, net_minor, tax_minor, extra_tax_minor, discount_minor, extra_discount_minor, "
        "shipping_minor, total_minor, total_told, full_minor, revision, line_count, superseded_by) VALUES ($1, $2, $3, "
        "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)")

enum result head_insert(struct db_tx *tx, const struct head *h, struct error *e)
{
	return db_exec(tx, &order_insert, NULL, e, DB_INT(id_bucket(h->id)), DB_INT(h->id), DB_INT(h->record),
	               DB_INT(h->kind), DB_INT(h->state), DB_TEXT(h->source), DB_TEXT(h->number),
	               DB_INT_OR_NULL(h->store), DB_INT_OR_NULL(h->associate), DB_INT(h->channel), DB_INT(h->placed_at),
	               DB_INT(h->said_at), DB_INT(h->updated_at), DB_CSTR(currency_code(h->currency)), DB_INT(h->net),
	               DB_INT(h->tax), DB_INT(h->extra_tax), DB_INT(h->discount), DB_INT(h->extra_discount),
	               DB_INT(h->shipping), DB_INT(h->total), DB_INT(h->total_told), DB_INT(h->full),
	               DB_INT(h->revision), DB_INT(h->line_count), DB_INT_OR_NULL(h->superseded_by));
}

DB_STMT(order_update,
        "iIIiiiit"
        "iiiiiiiiiii"
        "Iiii",
        "",
        "UPDATE orders SET state = $1, store = $2, associate = $3, channel = $4, placed_at = $5, said_at = $6, "
        "updated_at = $7, currency = $8, net_minor = $9, tax_minor = $10, extra_tax_minor = $11, discount_minor = $12, "
        "extra_discount_minor = $13, shipping_minor = $14, total_minor = $15, total_told = $16, full_minor = $17, "
        "revision = $18, line_count = $19, superseded_by = $20 WHERE rkey = $21 AND id = $22 AND revision = $23")

enum result head_update(struct db_tx *tx, const struct head *h, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &order_update, &changed, e, DB_INT(h->state), DB_INT_OR_NULL(h->store),
	            DB_INT_OR_NULL(h->associate), DB_INT(h->channel), DB_INT(h->placed_at), DB_INT(h->said_at),
	            DB_INT(h->updated_at), DB_CSTR(currency_code(h->currency)), DB_INT(h->net), DB_INT(h->tax),
	            DB_INT(h->extra_tax), DB_INT(h->discount), DB_INT(h->extra_discount), DB_INT(h->shipping),
	            DB_INT(h->total), DB_INT(h->total_told), DB_INT(h->full), DB_INT(h->revision),
	            DB_INT(h->line_count), DB_INT_OR_NULL(h->superseded_by), DB_INT(id_bucket(h->id)), DB_INT(h->id),
	            DB_INT(h->revision - 1)));
	return changed ? OK : error_set(e, ERR_RETRY, "order.race", NULL, "the order changed meanwhile");
}

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

static struct str dup(const struct db_rows *r, int col, struct arena *a, bool *failed)
{
	if (db_is_null(r, col))
		return STR("");
	char *p = db_text_dup(r, col, a);
	*failed |= !p;
	return str_c(p);
}

struct line_lists {
	struct arena *a;
	struct line_list *out;
};

static enum result lines_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct line_lists *all = arg;
	struct line_list *list = &all->out[run];
	int count = list->count;
	enum db_step step;
	bool failed = false;
	list->count = 0;
	list->lines = arena_array(all->a, (size_t)count + 1, sizeof(*list->lines));
	if (!list->lines)
		return error_nomem(e);
	while ((step = db_next(r, e)) == DB_ROW) {
		if (list->count == count)
			return error_set(e, ERR_RETRY, "order.race", NULL, "the order grew meanwhile");
		list->lines[list->count++] = (struct line){ .no = db_int(r, 0),
			                                    .key = dup(r, 1, all->a, &failed),
			                                    .sku = db_int(r, 2),
			                                    .title = dup(r, 3, all->a, &failed),
			                                    .qty = db_int(r, 4),
			                                    .unit = db_int(r, 5),
			                                    .list = db_is_null(r, 6) ? -1 : db_int(r, 6),
			                                    .discount = db_int(r, 7),
			                                    .share = db_int(r, 8),
			                                    .tax = db_int(r, 9),
			                                    .net = db_int(r, 10),
			                                    .original_number = dup(r, 11, all->a, &failed),
			                                    .original_key = dup(r, 12, all->a, &failed) };
	}
	if (step == DB_ERR)
		return e->result;
	return failed ? error_nomem(e) : OK;
}

DB_STMT(order_line_select, "ii", "iTITiiIiiiiTT",
        "SELECT line, line_key, sku, title, qty, unit_micro, list_micro, discount_minor, share_minor, tax_minor, "
        "net_minor, "
        "original_number, original_line_key FROM order_line WHERE rkey = $1 AND order_id = $2 ORDER BY line")
enum result lines_of(struct db_tx *tx, const int64_t *orders, int count, struct arena *a, struct line_list *lists,
                     struct error *e)
{
	struct line_lists all = { a, lists };
	return db_each_id(tx, &order_line_select, orders, count, lines_take, &all, e, DB_NONE);
}

enum result lines_load(struct db_tx *tx, int64_t order, int64_t count, struct arena *a, struct line **out, int *got,
                       struct error *e)
{
	struct line_list list = { .count = (int)count };
	TRY(lines_of(tx, &order, 1, a, &list, e));
	*out = list.lines;
	*got = list.count;
	return OK;
}

DB_STMT(order_line_insert, "iiiTITiiIiiiiTT", "",
        "INSERT INTO order_line (rkey, order_id, line, line_key, sku, title, qty, unit_micro, list_micro, "
        "discount_minor, "
        "share_minor, tax_minor, net_minor, original_number, original_line_key) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")

enum result line_insert(struct db_tx *tx, int64_t order, const struct line *l, struct error *e)
{
	return db_exec(tx, &order_line_insert, NULL, e, DB_INT(id_bucket(order)), DB_INT(order), DB_INT(l->no),
	               DB_TEXT_OR_NULL(l->key), DB_INT_OR_NULL(l->sku), DB_TEXT_OR_NULL(l->title), DB_INT(l->qty),
	               DB_INT(l->unit), l->list < 0 ? DB_NULL : DB_INT(l->list), DB_INT(l->discount), DB_INT(l->share),
	               DB_INT(l->tax), DB_INT(l->net), DB_TEXT_OR_NULL(l->original_number),
	               DB_TEXT_OR_NULL(l->original_key));
}

DB_STMT(order_line_update, "ITiiIiiiiTTiii", "",
        "UPDATE order_line SET sku = $1, title = $2, qty = $3, unit_micro = $4, list_micro = $5, discount_minor = $6, "
        "share_minor = $7, tax_minor = $8, net_minor = $9, original_number = $10, original_line_key = $11 "
        "WHERE rkey = $12 AND order_id = $13 AND line = $14")

enum result line_update(struct db_tx *tx, int64_t order, const struct line *l, struct error *e)
{
	return db_exec(tx, &order_line_update, NULL, e, DB_INT_OR_NULL(l->sku), DB_TEXT_OR_NULL(l->title),
	               DB_INT(l->qty), DB_INT(l->unit), l->list < 0 ? DB_NULL : DB_INT(l->list), DB_INT(l->discount),
	               DB_INT(l->share), DB_INT(l->tax), DB_INT(l->net), DB_TEXT_OR_NULL(l->original_number),
	               DB_TEXT_OR_NULL(l->original_key), DB_INT(id_bucket(order)), DB_INT(order), DB_INT(l->no));
}

DB_STMT(order_line_delete, "iii", "", "DELETE FROM order_line WHERE rkey = $1 AND order_id = $2 AND line = $3")

enum result line_delete(struct db_tx *tx, int64_t order, int64_t no, struct error *e)
{
	return db_exec(tx, &order_line_delete, NULL, e, DB_INT(id_bucket(order)), DB_INT(order), DB_INT(no));
}

DB_STMT(order_revision_insert, "iiiit", "",
        "INSERT INTO order_revision (rkey, order_id, revision, at, difference) VALUES ($1, $2, $3, $4, $5)")

enum result revision_insert(struct db_tx *tx, int64_t order, int64_t revision, struct str difference, struct error *e)
{
	return db_exec(tx, &order_revision_insert, NULL, e, DB_INT(id_bucket(order)), DB_INT(order), DB_INT(revision),
	               DB_INT(clock_now()), DB_TEXT(difference));
}
