#include "demo/world.h"
#include <stdio.h>

/* One line of a CSV file at a time; fields are quoted where they must be. */
struct csv {
	struct buf line;
	const char *file;
	demo_emit_fn *emit;
	void *ctx;
};

static void field(struct csv *c, const char *s)
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

static enum result line_end(struct csv *c, struct error *e)
{
	if (c->line.failed)
		return error_nomem(e);
	enum result r = c->emit(c->ctx, c->file, buf_view(&c->line), e);
	buf_clear(&c->line);
	return r;
}

static enum result header(struct csv *c, const char *file, const char *text, struct error *e)
{
	c->file = file;
	buf_str(&c->line, text);
	return line_end(c, e);
}

static enum result stores_emit(struct csv *c, struct error *e)
{
	static const char *const kinds[] = { "shop", "web", "call_centre" };
	TRY(header(c, "stores.csv", "code,name,kind,zone,country,city,currency", e));
	for (int i = 0; i < STORES; i++) {
		const struct shop *s = &shops[i];
		field(c, s->code);
		field(c, s->name);
		field(c, kinds[i < SHOPS ? 0 : i - SHOPS + 1]);
		field(c, s->zone);
		field(c, lands[s->country].code);
		field(c, s->city);
		field(c, demo_currency[s->currency]);
		TRY(line_end(c, e));
	}
	return OK;
}

static enum result associates_emit(const struct world *w, struct csv *c, struct error *e)
{
	TRY(header(c, "associates.csv", "code,name,store", e));
	for (int i = 0; i < ASSOCIATES; i++) {
		field(c, w->associates[i].code);
		field(c, w->associates[i].name);
		field(c, shops[w->associates[i].store].code);
		TRY(line_end(c, e));
	}
	return OK;
}

static enum result products_emit(const struct world *w, struct csv *c, struct error *e)
{
	TRY(header(c, "products.csv", "sku,product,title,brand,category,subcategory,colour,size,list_price,currency",
	           e));
	for (int n = 0; n < PRODUCTS; n++) {
		const struct product *p = &w->products[n];
		for (int i = 0; i < p->sizes; i++) {
			char sku[40], size[SIZE_BYTES], price[24], kind[48];
			size_text((enum category)p->category, (enum gender)p->gender, p->first_size + i, size);
			snprintf(sku, sizeof(sku), "%s%s%s", p->code, *size ? "-" : "", size);
			minor_text(label_price(p->euro_cents, EUR), price);
			/* the kind stands between the brand and the line's name */
			snprintf(kind, sizeof(kind), "%s", p->title + strlen(brand_name[p->brand]) + 1);
			*strrchr(kind, ' ') = '\0';
			field(c, sku);
			field(c, p->code);
			field(c, p->title);
			field(c, brand_name[p->brand]);
			field(c, category_spec[p->category].name);
			field(c, kind);
			field(c, colour_name[p->colour]);
			field(c, size);
			field(c, price);
			field(c, "EUR");
			TRY(line_end(c, e));
		}
	}
	return OK;
}

/* One rate a month: a walk around a plausible one. */
static enum result rates_emit(const struct world *w, struct csv *c, struct error *e)
{
	static const int start[DEMO_CURRENCIES] = { 9000, 9400, 7800, 39000, 10000 };
	TRY(header(c, "rates.csv", "date,currency,per_usd", e));
	for (int cur = 0; cur < DEMO_CURRENCIES; cur++) {
		struct rnd r = rnd_of(w->cfg.seed, 'c', (uint64_t)cur);
		int rate = start[cur], y, m, d;
		date_from_days(w->from_day - 40, &y, &m, &d);
		while (date_to_days(y, m, 1) < w->until_day) {
			char date[40], text[24];
			snprintf(date, sizeof(date), "%04d-%02d-01", y, m);
			snprintf(text, sizeof(text), "%d.%04d", rate / 10000, rate % 10000);
			field(c, date);
			field(c, demo_currency[cur]);
			field(c, text);
			TRY(line_end(c, e));
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
	TRY(header(c, "truth.csv", "source,key,person,household", e));
	for (int32_t i = 0; i < w->rec_count; i++) {
		const struct rec *r = &w->recs[i];
		char key[40], person[16], household[16];
		rec_key(w, r, key);
		snprintf(person, sizeof(person), "P%d", r->person);
		snprintf(household, sizeof(household), "H%d", w->people[r->person].household);
		field(c, source_name[r->source]);
		field(c, key);
		field(c, person);
		field(c, household);
		TRY(line_end(c, e));
		for (uint32_t d = 0; r->source == WEB && d < 2; d++) {
			device_key(w, r->person, d, key);
			field(c, "device");
			field(c, key);
			field(c, person);
			field(c, household);
			TRY(line_end(c, e));
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
		r = truth_emit(w, &c, e);
	buf_free(&c.line);
	return r;
}
