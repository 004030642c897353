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
DB_STMT(order_ref_select, "itb", "i", "SELECT order_id FROM order_ref WHERE rkey = $1 AND folded = $2 AND key = $3")

enum result ref_find(struct db_tx *tx, const struct order_key *k, int64_t *order, bool *found, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &order_ref_select, &r, found, e, DB_INT(k->rkey), DB_CSTR(k->folded), KEY_BLOB(k)));
	if (*found)
		*order = db_int(r, 0);
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

DB_STMT(order_select, "ii", "iiittIIiiiitiiiiiiiiiiiI",
        "SELECT record, kind, state, source, number, store, associate, channel, placed_at, said_at, updated_at, "
        "currency, "
        "net_minor, tax_minor, extra_tax_minor, discount_minor, extra_discount_minor, shipping_minor, total_minor, "
        "total_told, full_minor, revision, line_count, superseded_by FROM orders WHERE rkey = $1 AND id = $2")

enum result head_load(struct db_tx *tx, int64_t id, struct arena *a, struct head *out, bool *found, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &order_select, &r, found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	if (!*found)
		return OK;
	struct head h = { .id = id,
		          .record = db_int(r, 0),
		          .kind = (enum order_kind)db_int(r, 1),
		          .state = (enum order_state)db_int(r, 2),
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
	currency_find(db_text(r, 11), &h.currency);
	h.source = str_c(db_text_dup(r, 3, a));
	h.number = str_c(db_text_dup(r, 4, a));
	if (!h.source.p || !h.number.p)
		return error_nomem(e);
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

DB_STMT(order_line_select, "ii", "iTITiiIiiiiTT",
        "SELECT line, line_key, sku, title, qty, unit_micro, list_micro, discount_minor, share_minor, tax_minor, "
        "net_minor, "
        "original_number, original_line_key FROM order_line WHERE rkey = $1 AND order_id = $2 ORDER BY line")

static struct str dup(const struct db_rows *r, int col, struct arena *a, bool *failed)
{
	if (db_is_null(r, col))
		return STR("");
	char *p = db_text_dup(r, col, a);
	*failed |= !p;
	return str_c(p);
}

enum result lines_load(struct db_tx *tx, int64_t order, int64_t count, struct arena *a, struct line **out, int *got,
                       struct error *e)
{
	struct line *lines = arena_array(a, (size_t)count + 1, sizeof(*lines));
	if (!lines)
		return error_nomem(e);
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &order_line_select, &r, e, DB_INT(id_bucket(order)), DB_INT(order)));
	enum db_step step;
	bool failed = false;
	int n = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		if (n == count)
			return error_set(e, ERR_RETRY, "order.race", NULL, "the order grew meanwhile");
		struct line *l = &lines[n++];
		*l = (struct line){ .no = db_int(r, 0),
			            .key = dup(r, 1, a, &failed),
			            .sku = db_int(r, 2),
			            .title = dup(r, 3, a, &failed),
			            .qty = db_int(r, 4),
			            .unit = db_int(r, 5),
			            .list = db_is_null(r, 6) ? -1 : db_int(r, 6),
			            .discount = db_int(r, 7),
			            .share = db_int(r, 8),
			            .tax = db_int(r, 9),
			            .net = db_int(r, 10),
			            .original_number = dup(r, 11, a, &failed),
			            .original_key = dup(r, 12, a, &failed) };
	}
	if (step == DB_ERR)
		return e->result;
	if (failed)
		return error_nomem(e);
	*out = lines;
	*got = n;
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
