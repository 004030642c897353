/* Files of stock and of prices: rows, and taking them in. */
#include "ingest/room.h"
#include "ingest/rows.h"

#define UNITS_MOST 1000000 /* of one SKU at one place */

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

/* Whole, not below zero. "12", "12.0" */
static enum result quantity_of(const struct row_view *v, int64_t *out, bool *failed, struct error *e)
{
	struct decimal qty;
	if (decimal_parse(row_value(v, SLOT_QUANTITY, failed), v->section->decimal, &qty, NULL) != OK ||
	    decimal_micro(qty) % 1000000 || decimal_micro(qty) < 0 ||
	    decimal_micro(qty) > UNITS_MOST * INT64_C(1000000))
		return error_set(e, ERR_INVALID, "stock.quantity", "quantity", "a whole number from 0 to %d",
		                 UNITS_MOST);
	*out = decimal_micro(qty) / 1000000;
	return OK;
}

static enum result which(const struct row_view *v, struct str *sku, struct str *barcode, bool *failed, struct error *e)
{
	*sku = row_value(v, SLOT_SKU, failed);
	*barcode = row_value(v, SLOT_BARCODE, failed);
	return sku->n || barcode->n ? OK : error_set(e, ERR_INVALID, "sku.empty", "sku", "an SKU's code, or a barcode");
}

enum result stock_row(const struct row_view *v, int64_t said_at, struct item *it, struct error *e)
{
	struct item_stock *s = arena_alloc(v->a, sizeof(*s));
	bool failed = false;
	struct when w;
	if (!s)
		return error_nomem(e);
	s->store = row_value(v, SLOT_STORE, &failed);
	if (!s->store.n)
		return error_set(e, ERR_INVALID, "store.empty", "store", "whose stock is it?");
	TRY(which(v, &s->sku, &s->barcode, &failed, e));
	TRY(quantity_of(v, &s->qty, &failed, e));
	struct str at = row_value(v, SLOT_COUNTED_AT, &failed);
	s->at = said_at;
	if (at.n && !when_parse(v->section, at, &w))
		return error_set(e, ERR_INVALID, "date.malformed", "counted_at", "no date pattern of the mapping fits");
	if (at.n)
		TRY(when_us(v->section, &w, &s->at, e));
	it->put_stock = s;
	return failed ? error_nomem(e) : OK;
}

enum result price_row(const struct row_view *v, struct item *it, struct error *e)
{
	struct item_price *p = arena_alloc(v->a, sizeof(*p));
	bool failed = false;
	if (!p)
		return error_nomem(e);
	TRY(which(v, &p->sku, &p->barcode, &failed, e));
	TRY(row_prices(v, &p->currency, &p->list_minor, &p->cost_minor, &failed, e));
	if (!p->currency)
		return error_set(e, ERR_INVALID, "currency.unknown", "currency", "a price has a currency");
	if (p->list_minor < 0 && p->cost_minor < 0)
		return error_set(e, ERR_INVALID, "price.empty", "list_price", "no price");
	it->put_price = p;
	return failed ? error_nomem(e) : OK;
}

/* ---- Taking in -------------------------------------------------------------------------------------------------- */

/* Known ones only: a file of stock makes no products. */
static enum result sku_known(struct db_tx *tx, struct str code, struct str barcode, struct sku *out, struct error *e)
{
	bool found;
	if (code.n)
		TRY(sku_by_code(tx, code, out, &found, e));
	else
		TRY(sku_by_barcode(tx, barcode, out, &found, e));
	if (found)
		return OK;
	const struct str s = code.n ? code : barcode;
	return error_set(e, ERR_NOT_FOUND, code.n ? "sku.unknown" : "barcode.unknown", code.n ? "sku" : "barcode",
	                 "%.*s is not known", (int)(s.n > 64 ? 64 : s.n), s.p);
}

enum result shelf_find(struct db_tx *tx, const struct item_stock *in, struct stock_say *out, struct error *e)
{
	struct store store;
	struct sku sku;
	bool found;
	TRY(store_by_code(tx, in->store, &store, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "store.unknown", "store", "%.*s is not known",
		                 (int)(in->store.n > 40 ? 40 : in->store.n), in->store.p);
	TRY(sku_known(tx, in->sku, in->barcode, &sku, e));
	*out = (struct stock_say){ .sku = sku.id, .location = store.id, .qty = in->qty, .at = in->at };
	return OK;
}

enum result price_put(struct db_tx *tx, const struct item_price *in, struct error *e)
{
	struct sku known,
	        put = { .currency = in->currency, .list_minor = in->list_minor, .cost_minor = in->cost_minor };
	int64_t id;
	bool changed;
	TRY(sku_known(tx, in->sku, in->barcode, &known, e));
	memcpy(put.code, known.code, sizeof(put.code));
	return sku_put(tx, &put, &id, &changed, e);
}
