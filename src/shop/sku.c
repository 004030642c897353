#include "shop/room.h"
#include <stdlib.h>

#define SKU_COLS                                                                                                       \
	"s.id, s.code, s.product, s.size, s.colour, s.list_minor, s.cost_minor, s.currency, s.provisional, "           \
	"p.code, p.title, p.brand, p.category, p.subcategory, "                                                        \
	"COALESCE((SELECT MIN(b.shown) FROM sku_barcode b WHERE b.sku = s.id), '')"
#define SKU_TYPES                                                                                                      \
	"itittiit"                                                                                                     \
	"itttttt"
#define SKU_FROM " FROM sku s JOIN product p ON p.id = s.product "

enum blank {
	BLANK_TITLE = 1,
	BLANK_BRAND = 2,
	BLANK_CATEGORY = 4,
	BLANK_SUB = 8,
	BLANK_SIZE = 16,
	BLANK_COLOUR = 32,
	BLANK_LIST = 64
};

static void sku_read(const struct db_rows *r, struct sku *out)
{
	memset(out, 0, sizeof(*out));
	out->id = db_int(r, 0);
	shop_copy(out->code, sizeof(out->code), db_text(r, 1));
	out->product = db_int(r, 2);
	shop_copy(out->size, sizeof(out->size), db_text(r, 3));
	shop_copy(out->colour, sizeof(out->colour), db_text(r, 4));
	out->list_minor = db_int(r, 5);
	out->cost_minor = db_int(r, 6);
	currency_find(db_text(r, 7), &out->currency);
	out->provisional = db_int(r, 8) != 0;
	shop_copy(out->product_code, sizeof(out->product_code), db_text(r, 9));
	shop_copy(out->title, sizeof(out->title), db_text(r, 10));
	shop_copy(out->brand, sizeof(out->brand), db_text(r, 11));
	shop_copy(out->category, sizeof(out->category), db_text(r, 12));
	shop_copy(out->subcategory, sizeof(out->subcategory), db_text(r, 13));
	shop_copy(out->barcode, sizeof(out->barcode), db_text(r, 14));
}

DB_STMT(sku_select_code, "t", SKU_TYPES, "SELECT " SKU_COLS SKU_FROM "WHERE s.code = $1")

static enum result sku_load(struct db_tx *tx, struct str code, struct sku *out, bool *found, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &sku_select_code, &r, found, e, DB_TEXT(code)));
	if (*found)
		sku_read(r, out);
	return OK;
}

DB_STMT(product_select, "t", "itttt", "SELECT id, title, brand, category, subcategory FROM product WHERE code = $1")

static enum result product_load(struct db_tx *tx, struct sku *s, bool *found, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &product_select, &r, found, e, DB_CSTR(s->product_code)));
	if (!*found)
		return OK;
	s->product = db_int(r, 0);
	shop_copy(s->title, sizeof(s->title), db_text(r, 1));
	shop_copy(s->brand, sizeof(s->brand), db_text(r, 2));
	shop_copy(s->category, sizeof(s->category), db_text(r, 3));
	shop_copy(s->subcategory, sizeof(s->subcategory), db_text(r, 4));
	return OK;
}

DB_STMT(product_insert,
        "itttt"
        "t",
        "",
        "INSERT INTO product (id, code, title, brand, category, subcategory) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT DO NOTHING")
DB_STMT(product_update, "tttti", "",
        "UPDATE product SET title = $1, brand = $2, category = $3, subcategory = $4 WHERE id = $5")

/* Finds or makes the product that `in` names and takes over its attributes; s holds the product afterwards.
 * fill_only: what is known already stays. */
static enum result product_put(struct db_tx *tx, struct sku *s, const struct sku *in, bool fill_only, bool *changed,
                               struct error *e)
{
	bool found;
	TRY(product_load(tx, s, &found, e));
	if (!found) {
		int64_t id = id_new(bucket_of(STR("product"), str_c(s->product_code))), made;
		TRY(db_exec(tx, &product_insert, &made, e, DB_INT(id), DB_CSTR(s->product_code), DB_CSTR(in->title),
		            DB_CSTR(in->brand), DB_CSTR(in->category), DB_CSTR(in->subcategory)));
		if (made == 0)
			return error_set(e, ERR_RETRY, "product.race", NULL, "another transaction makes this product");
		*changed = true;
		return product_load(tx, s, &found, e);
	}
	bool c = (!fill_only || !s->title[0]) && shop_take(s->title, sizeof(s->title), in->title);
	c |= (!fill_only || !s->brand[0]) && shop_take(s->brand, sizeof(s->brand), in->brand);
	c |= (!fill_only || !s->category[0]) && shop_take(s->category, sizeof(s->category), in->category);
	c |= (!fill_only || !s->subcategory[0]) && shop_take(s->subcategory, sizeof(s->subcategory), in->subcategory);
	*changed = c;
	if (!c)
		return OK;
	return db_exec(tx, &product_update, NULL, e, DB_CSTR(s->title), DB_CSTR(s->brand), DB_CSTR(s->category),
	               DB_CSTR(s->subcategory), DB_INT(s->product));
}

DB_STMT(sku_insert, "itittiiti", "",
        "INSERT INTO sku (id, code, product, size, colour, list_minor, cost_minor, currency, provisional) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING")

static enum result sku_make(struct db_tx *tx, const struct sku *in, struct sku *s, struct error *e)
{
	bool changed;
	int64_t made;
	memset(s, 0, sizeof(*s));
	shop_copy(s->code, sizeof(s->code), str_c(in->code));
	shop_copy(s->product_code, sizeof(s->product_code), str_c(in->product_code[0] ? in->product_code : in->code));
	TRY(product_put(tx, s, in, in->provisional, &changed, e));
	s->id = id_new(bucket_of(STR("sku"), str_c(s->code)));
	TRY(db_exec(tx, &sku_insert, &made, e, DB_INT(s->id), DB_CSTR(s->code), DB_INT(s->product), DB_CSTR(in->size),
	            DB_CSTR(in->colour), DB_INT(in->list_minor), DB_INT(in->cost_minor),
	            DB_CSTR(currency_code(in->currency)), DB_INT(in->provisional)));
	if (made == 0)
		return error_set(e, ERR_RETRY, "sku.race", NULL, "another transaction makes this SKU");
	return shop_changed(tx, s->id, e);
}

DB_STMT(sku_update, "ittiitii", "",
        "UPDATE sku SET product = $1, size = $2, colour = $3, list_minor = $4, cost_minor = $5, currency = $6, "
        "provisional = $7 WHERE id = $8")

/* fill_only: a hint, which fills what is unknown and overwrites nothing. */
static enum result sku_merge(struct db_tx *tx, struct sku *s, const struct sku *in, bool fill_only, bool *changed,
                             struct error *e)
{
	bool product_changed = false, c = false;
	if (!fill_only && in->product_code[0] && strcmp(in->product_code, s->product_code)) {
		shop_copy(s->product_code, sizeof(s->product_code), str_c(in->product_code));
		c = true;
	}
	TRY(product_put(tx, s, in, fill_only, &product_changed, e));
	c |= (!fill_only || !s->size[0]) && shop_take(s->size, sizeof(s->size), in->size);
	c |= (!fill_only || !s->colour[0]) && shop_take(s->colour, sizeof(s->colour), in->colour);
	c |= (!fill_only || s->list_minor < 0) && shop_take_int(&s->list_minor, in->list_minor, -1);
	c |= (!fill_only || s->cost_minor < 0) && shop_take_int(&s->cost_minor, in->cost_minor, -1);
	if (in->currency && in->currency != s->currency && (!fill_only || !s->currency))
		c = true, s->currency = in->currency;
	if (!in->provisional && s->provisional)
		c = true, s->provisional = false;
	*changed = c || product_changed;
	if (c)
		TRY(db_exec(tx, &sku_update, NULL, e, DB_INT(s->product), DB_CSTR(s->size), DB_CSTR(s->colour),
		            DB_INT(s->list_minor), DB_INT(s->cost_minor), DB_CSTR(currency_code(s->currency)),
		            DB_INT(s->provisional), DB_INT(s->id)));
	return *changed ? shop_changed(tx, s->id, e) : OK;
}

enum result sku_put(struct db_tx *tx, const struct sku *in, int64_t *id, bool *changed, struct error *e)
{
	TRY(shop_code_check(str_c(in->code), sizeof(in->code) - 1, "sku.code", e));
	struct sku s;
	bool found, c = true;
	TRY(sku_load(tx, str_c(in->code), &s, &found, e));
	if (found)
		TRY(sku_merge(tx, &s, in, in->provisional, &c, e));
	else
		TRY(sku_make(tx, in, &s, e));
	if (in->barcode[0]) {
		bool more;
		TRY(barcode_put(tx, str_c(in->barcode), s.id, &more, e));
		c |= more;
	}
	*id = s.id;
	*changed = c;
	return OK;
}

static unsigned sku_blanks(const struct sku *s)
{
	return (s->title[0] ? 0 : BLANK_TITLE) | (s->brand[0] ? 0 : BLANK_BRAND) |
	       (s->category[0] ? 0 : BLANK_CATEGORY) | (s->subcategory[0] ? 0 : BLANK_SUB) |
	       (s->size[0] ? 0 : BLANK_SIZE) | (s->colour[0] ? 0 : BLANK_COLOUR) |
	       (s->list_minor >= 0 ? 0 : BLANK_LIST);
}

/* *blanks: bits of a complete SKU all set, for the cache: an SKU that somebody described takes no hints. */
static enum result sku_need_slow(struct db_tx *tx, struct str code, const struct sku *hint, int64_t *id,
                                 unsigned *blanks, struct error *e)
{
	struct sku in = { .list_minor = -1, .cost_minor = -1 }, s;
	if (hint)
		in = *hint;
	in.provisional = true;
	TRY(shop_code_check(code, sizeof(in.code) - 1, "sku", e));
	shop_copy(in.code, sizeof(in.code), code);
	bool found, changed;
	TRY(sku_load(tx, code, &s, &found, e));
	if (!found)
		TRY(sku_make(tx, &in, &s, e));
	else if (hint && s.provisional && (sku_blanks(&s) & ~sku_blanks(&in)))
		TRY(sku_merge(tx, &s, &in, true, &changed, e));
	*id = s.id;
	*blanks = found && s.provisional ? sku_blanks(&s) : 0;
	if (!found)
		*blanks = sku_blanks(&in);
	return OK;
}

enum result sku_need(struct db_tx *tx, struct str code, const struct sku *hint, int64_t *id, struct error *e)
{
	unsigned blanks;
	int64_t made;
	if (!code.n) {
		*id = 0;
		return OK;
	}
	if (cache_code_find(SHOP_SKU, code, &made, &blanks) && (!hint || !(blanks & ~sku_blanks(hint)))) {
		*id = made;
		return OK;
	}
	uint64_t generation = shop_cache_generation();
	TRY(sku_need_slow(tx, code, hint, &made, &blanks, e));
	cache_code_keep(SHOP_SKU, code, made, blanks, generation);
	*id = made;
	return OK;
}

enum result sku_by_code(struct db_tx *tx, struct str code, struct sku *out, bool *found, struct error *e)
{
	return sku_load(tx, code, out, found, e);
}

DB_STMT(sku_select_barcode, "t", SKU_TYPES,
        "SELECT " SKU_COLS SKU_FROM "WHERE s.id = (SELECT sku FROM sku_barcode WHERE code = $1)")

enum result sku_by_barcode(struct db_tx *tx, struct str code, struct sku *out, bool *found, struct error *e)
{
	char folded[BARCODE_BYTES];
	DB_ROWS_AUTO struct db_rows *r = NULL;
	*found = false;
	if (!barcode_fold(code, folded))
		return OK;
	TRY(db_query_one(tx, &sku_select_barcode, &r, found, e, DB_CSTR(folded)));
	if (*found)
		sku_read(r, out);
	return OK;
}

DB_STMT(product_select_id, "i", "ittttt",
        "SELECT id, code, title, brand, category, subcategory FROM product WHERE id = $1")

enum result product_get(struct db_tx *tx, int64_t id, struct product *out, bool *found, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &product_select_id, &r, found, e, DB_INT(id)));
	if (!*found)
		return OK;
	out->id = db_int(r, 0);
	shop_copy(out->code, sizeof(out->code), db_text(r, 1));
	shop_copy(out->title, sizeof(out->title), db_text(r, 2));
	shop_copy(out->brand, sizeof(out->brand), db_text(r, 3));
	shop_copy(out->category, sizeof(out->category), db_text(r, 4));
	shop_copy(out->subcategory, sizeof(out->subcategory), db_text(r, 5));
	return OK;
}

DB_STMT(sku_select_product, "ii", SKU_TYPES, "SELECT " SKU_COLS SKU_FROM "WHERE s.product = $1 ORDER BY s.id LIMIT $2")

static int sku_order(const void *va, const void *vb)
{
	const struct sku *a = va, *b = vb;
	int by = strcmp(a->colour, b->colour);
	if (!by)
		by = size_compare(a->size, b->size);
	return by ? by : strcmp(a->code, b->code);
}

enum result product_skus(struct db_tx *tx, int64_t product, int limit, struct arena *a, struct sku **out, int *count,
                         struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	struct sku *list = NULL;
	int n = 0, cap = 0;
	TRY(db_query(tx, &sku_select_product, &r, e, DB_INT(product), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW) {
		if (!arena_grow(a, &list, n, &cap, sizeof(*list)))
			return error_nomem(e);
		sku_read(r, &list[n++]);
	}
	if (step == DB_ERR)
		return e->result;
	if (n)
		qsort(list, (size_t)n, sizeof(*list), sku_order);
	*out = list;
	*count = n;
	return OK;
}

DB_STMT(sku_select, "i", SKU_TYPES, "SELECT " SKU_COLS SKU_FROM "WHERE s.id = $1")

enum result sku_get(struct db_tx *tx, int64_t id, struct sku *out, bool *found, struct error *e)
{
	*found = id != 0 && cache_row_find(SHOP_SKU, id, out);
	if (*found || !id)
		return OK;
	struct cache_look look = cache_look(tx);
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &sku_select, &r, found, e, DB_INT(id)));
	if (*found) {
		sku_read(r, out);
		cache_row_keep(SHOP_SKU, id, out, look);
	}
	return OK;
}

static enum result sku_keep(struct db_rows *rows, int run, void *arg, struct error *e)
{
	const struct cache_look *look = arg;
	enum db_step step = db_next(rows, e);
	struct sku k;
	(void)run;
	if (step == DB_ROW) {
		sku_read(rows, &k);
		cache_row_keep(SHOP_SKU, k.id, &k, *look);
	}
	return step == DB_ERR ? e->result : OK;
}

static int id_compare(const void *va, const void *vb)
{
	int64_t a = *(const int64_t *)va, b = *(const int64_t *)vb;
	return (a > b) - (a < b);
}

enum result skus_expect(struct db_tx *tx, int64_t *ids, int count, struct error *e)
{
	struct db_value *lacking = arena_array(db_tx_arena(tx), (size_t)count + 1, sizeof(*lacking));
	struct cache_look look = cache_look(tx);
	int n = 0;
	struct sku k;
	if (!lacking)
		return error_nomem(e);
	if (count < 2 || db_tx_engine(tx) == DB_SQLITE)
		return OK;
	qsort(ids, (size_t)count, sizeof(*ids), id_compare);
	for (int i = 0; i < count; i++)
		if (ids[i] && (i == 0 || ids[i] != ids[i - 1]) && !cache_row_find(SHOP_SKU, ids[i], &k))
			lacking[n++] = DB_INT(ids[i]);
	return db_each(tx, &sku_select, lacking, n, sku_keep, &look, e);
}
