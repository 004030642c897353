#include "demo/stock.h"
#include <stdio.h>

void csv_field(struct csv *c, const char *s)
{
	if (c->line.n)
		buf_char(&c->line, ',');
	if (!strpbrk(s, ",\"\n")) {
		buf_str(&c->line, s);
		return;
	}
	buf_char(&c->line, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_char(&c->line, '"');
		buf_char(&c->line, *s);
	}
	buf_char(&c->line, '"');
}

enum result csv_end(struct csv *c, struct error *e)
{
	if (c->line.failed)
		return error_nomem(e);
	enum result r = c->emit(c->ctx, c->file, buf_view(&c->line), e);
	buf_clear(&c->line);
	return r;
}

enum result csv_header(struct csv *c, const char *file, const char *text, struct error *e)
{
	c->file = file;
	buf_str(&c->line, text);
	return csv_end(c, e);
}

static enum result stores_emit(struct csv *c, struct error *e)
{
	static const char *const kinds[] = { "shop", "web", "call_centre" };
	TRY(csv_header(c, "stores.csv", "code,name,kind,zone,country,city,currency,lat,lon", e));
	for (int i = 0; i < STORES; i++) {
		const struct shop *s = &shops[i];
		csv_field(c, s->code);
		csv_field(c, s->name);
		csv_field(c, kinds[i < SHOPS ? 0 : i - SHOPS + 1]);
		csv_field(c, s->zone);
		csv_field(c, lands[s->country].code);
		csv_field(c, s->city);
		csv_field(c, demo_currency[s->currency]);
		csv_field(c, place_at[i].lat);
		csv_field(c, place_at[i].lon);
		TRY(csv_end(c, e));
	}
	csv_field(c, place_code(WAREHOUSE));
	csv_field(c, "Warehouse Leipzig");
	csv_field(c, "warehouse");
	csv_field(c, "Europe/Berlin");
	csv_field(c, "DE");
	csv_field(c, "Leipzig");
	csv_field(c, "EUR");
	csv_field(c, place_at[WAREHOUSE].lat);
	csv_field(c, place_at[WAREHOUSE].lon);
	return csv_end(c, e);
}

void sku_text(const struct product *p, int i, char out[SKU_BYTES])
{
	char size[SIZE_BYTES];
	size_text((enum category)p->category, (enum gender)p->gender, p->first_size + i, size);
	snprintf(out, SKU_BYTES, "%s%s%s", p->code, *size ? "-" : "", size);
}

/* An EAN-13 of those that begin with 2, which every shop may give out for itself. */
static void barcode_text(int32_t sku, char out[16])
{
	int sum = 0;
	snprintf(out, 16, "2%011d", sku);
	for (int i = 0; i < 12; i++)
		sum += (out[i] - '0') * (i % 2 ? 3 : 1);
	out[12] = (char)('0' + (10 - sum % 10) % 10);
	out[13] = '\0';
}

static enum result associates_emit(const struct world *w, struct csv *c, struct error *e)
{
	TRY(csv_header(c, "associates.csv", "code,name,store", e));
	for (int i = 0; i < ASSOCIATES; i++) {
		csv_field(c, w->associates[i].code);
		csv_field(c, w->associates[i].name);
		csv_field(c, shops[w->associates[i].store].code);
		TRY(csv_end(c, e));
	}
	return OK;
}

static enum result products_emit(const struct world *w, struct csv *c, struct error *e)
{
	TRY(csv_header(c, "products.csv",
	               "sku,product,title,brand,category,subcategory,colour,size,list_price,currency,barcode", e));
	for (int n = 0; n < PRODUCTS; n++) {
		const struct product *p = &w->products[n];
		for (int i = 0; i < p->sizes; i++) {
			char sku[SKU_BYTES], size[SIZE_BYTES], price[24], kind[48], barcode[16];
			size_text((enum category)p->category, (enum gender)p->gender, p->first_size + i, size);
			sku_text(p, i, sku);
			barcode_text(p->sku + i, barcode);
			minor_text(label_price(p->euro_cents, EUR), price);
			/* the kind stands between the brand and the line's name */
			snprintf(kind, sizeof(kind), "%s", p->title + strlen(brand_name[p->brand]) + 1);
			*strrchr(kind, ' ') = '\0';
			csv_field(c, sku);
			csv_field(c, p->code);
			csv_field(c, p->title);
			csv_field(c, brand_name[p->brand]);
			csv_field(c, category_spec[p->category].name);
			csv_field(c, kind);
			csv_field(c, colour_name[p->colour]);
			csv_field(c, size);
			csv_field(c, price);
			csv_field(c, "EUR");
			csv_field(c, barcode);
			TRY(csv_end(c, e));
		}
	}
	return OK;
}

/* One rate a month: a walk around a plausible one. */
static enum result rates_emit(const struct world *w, struct csv *c, struct error *e)
{
	static const int start[DEMO_CURRENCIES] = { 9000, 9400, 7800, 39000, 10000 };
	TRY(csv_header(c, "rates.csv", "date,currency,per_usd", e));
	for (int cur = 0; cur < DEMO_CURRENCIES; cur++) {
		struct rnd r = rnd_of(w->cfg.seed, 'c', (uint64_t)cur);
		int rate = start[cur], y, m, d;
		date_from_days(w->from_day - 40, &y, &m, &d);
		while (date_to_days(y, m, 1) < w->until_day) {
			char date[40], text[24];
			snprintf(date, sizeof(date), "%04d-%02d-01", y, m);
			snprintf(text, sizeof(text), "%d.%04d", rate / 10000, rate % 10000);
			csv_field(c, date);
			csv_field(c, demo_currency[cur]);
			csv_field(c, text);
			TRY(csv_end(c, e));
			if (cur != USD)
				rate += (start[cur] - rate) / 12 + start[cur] / 1000 * rnd_between(&r, -18, 18);
			y += m == 12;
			m = m % 12 + 1;
		}
	}
	return OK;
}

static enum result truth_emit(struct world *w, struct csv *c, struct error *e)
{
	TRY(csv_header(c, "truth.csv", "source,key,person,household", e));
	for (int32_t i = 0; i < w->rec_count; i++) {
		const struct rec *r = &w->recs[i];
		char key[40], person[16], household[16];
		rec_key(w, r, key);
		snprintf(person, sizeof(person), "P%d", r->person);
		snprintf(household, sizeof(household), "H%d", w->people[r->person].household);
		csv_field(c, source_name[r->source]);
		csv_field(c, key);
		csv_field(c, person);
		csv_field(c, household);
		TRY(csv_end(c, e));
		for (uint32_t d = 0; r->source == WEB && d < 2; d++) {
			device_key(w, r->person, d, key);
			csv_field(c, "device");
			csv_field(c, key);
			csv_field(c, person);
			csv_field(c, household);
			TRY(csv_end(c, e));
			w->counts.devices++;
		}
	}
	return OK;
}

enum result files_emit(struct world *w, demo_emit_fn *emit, void *ctx, struct error *e)
{
	struct csv c = { .emit = emit, .ctx = ctx };
	buf_init(&c.line, 1 << 16);
	enum result r = stores_emit(&c, e);
	if (r == OK)
		r = associates_emit(w, &c, e);
	if (r == OK)
		r = products_emit(w, &c, e);
	if (r == OK)
		r = rates_emit(w, &c, e);
	if (r == OK)
		r = stock_emit(w, &c, e);
	if (r == OK)
		r = matters_emit(w, &c, e);
	if (r == OK)
		r = truth_emit(w, &c, e);
	buf_free(&c.line);
	return r;
}
