/* SKUs as somebody types or scans them, and a product with its sizes. Nothing personal. */
#include "desk/shape.h"

struct find_ask {
	struct str text;
	int64_t hits[SKU_FIND_MAX];
	int hit_count, limit;
};

/* A scanned or typed code leads, whatever else has these words. */
static enum result exact(struct shape *s, struct find_ask *ask, int64_t out[2], int *count, struct error *e)
{
	struct sku k;
	bool found;
	struct str text = str_trim(ask->text);
	*count = 0;
	TRY(sku_by_code(s->tx, text, &k, &found, e));
	if (!found) { /* codes are mostly written large, and typed small */
		char *large = str_dup(s->a, text);
		if (!large)
			return error_nomem(e);
		for (char *c = large; *c; c++)
			*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
		TRY(sku_by_code(s->tx, str_c(large), &k, &found, e));
	}
	if (found)
		out[(*count)++] = k.id;
	TRY(sku_by_barcode(s->tx, text, &k, &found, e));
	if (found && (!*count || out[0] != k.id))
		out[(*count)++] = k.id;
	return OK;
}

static enum result find_write(struct shape *s, void *arg, struct error *e)
{
	struct find_ask *ask = arg;
	int64_t first[2], *ids = arena_array(s->a, SKU_FIND_MAX + 2, sizeof(*ids));
	int lead, n = 0;
	if (!ids)
		return error_nomem(e);
	TRY(exact(s, ask, first, &lead, e));
	for (int i = 0; i < lead && n < ask->limit; i++)
		ids[n++] = first[i];
	for (int i = 0; i < ask->hit_count && n < ask->limit; i++)
		if (!(lead > 0 && ask->hits[i] == first[0]) && !(lead > 1 && ask->hits[i] == first[1]))
			ids[n++] = ask->hits[i];
	int64_t *sorted = arena_array(s->a, (size_t)n + 1, sizeof(*sorted));
	if (!sorted)
		return error_nomem(e);
	memcpy(sorted, ids, (size_t)n * sizeof(*ids));
	TRY(skus_expect(s->tx, sorted, n, e));
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < n; i++)
		TRY(shape_sku(s, NULL, ids[i], e));
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

enum result desk_skus(const struct desk *d, const struct principal *p, struct str text, int limit,
                      struct json_writer *w, struct error *e)
{
	struct find_ask ask = { .text = text, .limit = limit };
	TRY(sku_find(d->db, text, limit, ask.hits, &ask.hit_count, e));
	return shape_answer(d, p, find_write, &ask, NULL, w, e);
}

static enum result sku_write(struct shape *s, void *arg, struct error *e)
{
	struct sku k;
	bool found;
	TRY(sku_get(s->tx, *(int64_t *)arg, &k, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "sku.unknown", "sku", "There is no such SKU");
	shape_sku_of(s, NULL, &k);
	return OK;
}

enum result desk_sku(const struct desk *d, const struct principal *p, int64_t sku, struct json_writer *w,
                     struct error *e)
{
	return shape_answer(d, p, sku_write, &sku, NULL, w, e);
}

static enum result product_write(struct shape *s, void *arg, struct error *e)
{
	struct product p;
	struct sku *skus;
	bool found;
	int count;
	TRY(product_get(s->tx, *(int64_t *)arg, &p, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "product.unknown", "product", "There is no such product");
	TRY(product_skus(s->tx, p.id, PRODUCT_SKUS_MAX, s->a, &skus, &count, e));
	jw_object(s->w);
	jw_kid(s->w, "id", ID_PRODUCT, p.id);
	jw_kcstr(s->w, "code", p.code);
	jw_kcstr(s->w, "title", p.title[0] ? p.title : p.code);
	jw_kcstr(s->w, "brand", p.brand);
	jw_kcstr(s->w, "category", p.category);
	jw_kcstr(s->w, "subcategory", p.subcategory);
	jw_key(s->w, "skus");
	jw_array(s->w);
	for (int i = 0; i < count; i++)
		shape_sku_of(s, NULL, &skus[i]);
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

enum result desk_product(const struct desk *d, const struct principal *p, int64_t product, struct json_writer *w,
                         struct error *e)
{
	return shape_answer(d, p, product_write, &product, NULL, w, e);
}
