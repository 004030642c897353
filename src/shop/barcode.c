/* What stands on the label: several barcodes an SKU. */
#include "shop/room.h"

bool barcode_fold(struct str in, char out[BARCODE_BYTES])
{
	size_t n = 0, zeros = 0;
	bool digits = true;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == ' ' || c == '-')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		digits &= c >= '0' && c <= '9';
		if (n == BARCODE_BYTES - 1 || !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')))
			return false;
		out[n++] = c;
	}
	while (digits && zeros + 1 < n && out[zeros] == '0')
		zeros++;
	memmove(out, out + zeros, n - zeros);
	out[n - zeros] = 0;
	return n > 0;
}

DB_STMT(barcode_select, "t", "i", "SELECT sku FROM sku_barcode WHERE code = $1")
DB_STMT(barcode_upsert, "tit", "",
        "INSERT INTO sku_barcode (code, sku, shown) VALUES ($1, $2, $3) "
        "ON CONFLICT (code) DO UPDATE SET sku = excluded.sku, shown = excluded.shown")

enum result barcode_put(struct db_tx *tx, struct str code, int64_t sku, bool *changed, struct error *e)
{
	char folded[BARCODE_BYTES], shown[BARCODE_BYTES];
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	code = str_trim(code);
	if (!barcode_fold(code, folded) || code.n >= BARCODE_BYTES)
		return error_set(e, ERR_INVALID, "barcode.malformed", "barcode",
		                 "a barcode is at most %d letters and digits", BARCODE_BYTES - 1);
	TRY(db_query_one(tx, &barcode_select, &r, &found, e, DB_CSTR(folded)));
	int64_t was = found ? db_int(r, 0) : 0;
	*changed = was != sku;
	if (!*changed)
		return OK;
	shop_copy(shown, sizeof(shown), code);
	TRY(db_exec(tx, &barcode_upsert, NULL, e, DB_CSTR(folded), DB_INT(sku), DB_CSTR(shown)));
	if (was) /* it is no longer that one's */
		TRY(shop_changed(tx, was, e));
	return shop_changed(tx, sku, e);
}
