#include "ingest/rows.h"
#include "ingest/room.h"

#include <stdlib.h>

struct row_view row_view_of(const struct rows *r, const struct str *fields, int count)
{
	return (struct row_view){ .section = r->section, .fields = fields, .count = count, .a = r->a };
}

struct str row_value(const struct row_view *v, enum slot slot, bool *failed)
{
	return template_value(v->section->slots[slot], v, failed);
}

bool row_truth(struct str s)
{
	return s.n && !str_is(s, "no") && !str_is(s, "No") && !str_is(s, "NO") && !str_is(s, "false") &&
	       !str_is(s, "FALSE") && !str_is(s, "0");
}

/* The item that a row becomes, dead until it is filled. */
enum result row_item(struct rows *r, const struct csv_row *row, struct item **out, struct error *e)
{
	if (r->count == r->capacity)
		return error_set(e, ERR_INTERNAL, "rows.full", NULL, "a batch of rows overflows");
	struct item *it = &r->items[r->count++];
	*it = (struct item){ .lines = 1,
		             .line = row->line,
		             .source = r->section->source,
		             .format = r->format,
		             .header = r->header,
		             .at = r->said_at };
	*out = it;
	return OK;
}

enum result row_kill(struct rows *r, struct item *it, struct str raw, const struct error *why, struct error *e)
{
	char *copy = arena_strndup(r->a, raw.p, raw.n);
	if (!copy)
		return error_nomem(e);
	it->raw = (struct str){ copy, raw.n };
	item_dead(it, why);
	return OK;
}

/* Why a row is not taken in at all: it is broken, or the mapping sets it aside. */
enum result row_refused(const struct rows *r, const struct csv_row *row, const struct row_view *v, int columns,
                        struct error *e)
{
	bool failed = false;
	if (row->broken)
		return error_set(e, ERR_INVALID, "csv.broken", NULL, "%s", row->what);
	if (columns && row->count != columns)
		return error_set(e, ERR_INVALID, "csv.columns", NULL, "%d columns, the header has %d", row->count,
		                 columns);
	for (const struct named *n = r->section->set_aside; n; n = n->next) {
		if (!row_truth(template_value(n->value, v, &failed)) || failed)
			continue;
		char code[48];
		snprintf(code, sizeof(code), "aside.%.*s", (int)(n->name.n > 40 ? 40 : n->name.n), n->name.p);
		return error_set(e, ERR_INVALID, code, NULL, "set aside by the mapping: %.*s",
		                 (int)(n->name.n > 80 ? 80 : n->name.n), n->name.p);
	}
	return failed ? error_nomem(e) : OK;
}

/* ---- People ----------------------------------------------------------------------------------------------------- */

static void identifier(struct record_in *p, enum identifier_kind kind, struct str v, bool verified)
{
	if (v.n && p->identifier_count < RECORD_IDENTIFIERS_MAX)
		p->identifiers[p->identifier_count++] =
		        (struct identifier_in){ .kind = kind, .value = v, .verified = verified };
}

static enum result birthday(const struct row_view *v, struct record_in *p, bool *failed, struct error *e)
{
	struct str s = row_value(v, SLOT_BIRTHDAY, failed);
	struct when w;
	if (!s.n)
		return OK;
	if (!when_parse(v->section, s, &w))
		return error_set(e, ERR_INVALID, "date.malformed", "birthday", "no date pattern of the mapping fits");
	p->birth_year = w.year;
	p->birth_month = w.month;
	p->birth_day = w.day;
	return OK;
}

static enum result consents(const struct row_view *v, struct item *it, bool *failed, struct error *e)
{
	int n = 0;
	for (const struct named *c = v->section->consents; c; c = c->next)
		n++;
	struct item_consent *list = n ? arena_array(v->a, (size_t)n, sizeof(*list)) : NULL;
	if (n && !list)
		return error_nomem(e);
	for (const struct named *c = v->section->consents; c; c = c->next) {
		struct str said = template_value(c->value, v, failed), purpose = c->name, channel;
		if (!said.n || !str_split(&purpose, '.', &channel))
			continue;
		list[it->consent_count++] = (struct item_consent){ channel, purpose.n ? purpose : STR("marketing"),
			                                           row_truth(said) ? CONSENT_YES : CONSENT_NO };
	}
	it->consents = list;
	return OK;
}

static enum result facts(const struct row_view *v, struct item *it, bool *failed, struct error *e)
{
	int n = 0;
	for (const struct named *f = v->section->facts; f; f = f->next)
		n++;
	struct item_fact *list = n ? arena_array(v->a, (size_t)n, sizeof(*list)) : NULL;
	if (n && !list)
		return error_nomem(e);
	for (const struct named *f = v->section->facts; f; f = f->next) {
		struct str said = template_value(f->value, v, failed);
		if (said.n && said.n <= 240 && f->name.n <= 40)
			list[it->fact_count++] = (struct item_fact){ f->name, said, true };
	}
	it->facts = list;
	return OK;
}

/* What the row says of a person; none without a key. */
enum result row_person(const struct row_view *v, struct item *it, struct error *e)
{
	bool failed = false;
	struct str key = row_value(v, SLOT_KEY, &failed);
	if (failed)
		return error_nomem(e);
	if (!key.n)
		return OK;
	if (key.n > 190)
		return error_set(e, ERR_INVALID, "person.key_too_long", "key", "at most 190 bytes");
	struct record_in *p = arena_alloc(v->a, sizeof(*p));
	if (!p)
		return error_nomem(e);
	p->source = it->source;
	p->source_key = key;
	p->at = it->at;
	const struct {
		enum slot slot;
		struct str *to;
	} texts[] = { { SLOT_PREFIX, &p->prefix },       { SLOT_GIVEN, &p->given },
		      { SLOT_MIDDLE, &p->middle },       { SLOT_FAMILY, &p->family },
		      { SLOT_FULL_NAME, &p->full_name }, { SLOT_SUFFIX, &p->suffix },
		      { SLOT_PRONOUNCE, &p->pronounce }, { SLOT_GENDER, &p->gender },
		      { SLOT_LANGUAGE, &p->language },   { SLOT_STREET, &p->street },
		      { SLOT_P_CITY, &p->city },         { SLOT_P_REGION, &p->region },
		      { SLOT_POSTCODE, &p->postcode },   { SLOT_P_COUNTRY, &p->country } };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		*texts[i].to = row_value(v, texts[i].slot, &failed);
		it->told |= texts[i].to->n > 0;
	}
	TRY(birthday(v, p, &failed, e));
	identifier(p, IDENT_EMAIL, row_value(v, SLOT_EMAIL, &failed),
	           row_truth(row_value(v, SLOT_EMAIL_VERIFIED, &failed)));
	identifier(p, IDENT_PHONE, row_value(v, SLOT_PHONE, &failed),
	           row_truth(row_value(v, SLOT_PHONE_VERIFIED, &failed)));
	identifier(p, IDENT_LOYALTY, row_value(v, SLOT_LOYALTY, &failed), true);
	identifier(p, IDENT_ACCOUNT, row_value(v, SLOT_ACCOUNT, &failed), true);
	identifier(p, IDENT_EXTERNAL, row_value(v, SLOT_EXTERNAL, &failed), false);
	it->told |= p->identifier_count > 0 || p->birth_year > 0 || v->section->role == ROLE_CUSTOMERS;
	it->household = row_value(v, SLOT_HOUSEHOLD, &failed);
	it->person = p;
	TRY(consents(v, it, &failed, e));
	TRY(facts(v, it, &failed, e));
	return failed ? error_nomem(e) : OK;
}

/* ---- The shop --------------------------------------------------------------------------------------------------- */

static enum result currency_of(struct str code, int16_t *out, struct error *e)
{
	*out = 0;
	if (code.n && !currency_find(code, out))
		return error_set(e, ERR_INVALID, "currency.unknown", "currency", "no such currency");
	return OK;
}

static enum result price_minor(const struct row_view *v, enum slot slot, int16_t currency, int64_t *minor, bool *failed,
                               struct error *e)
{
	struct str s = row_value(v, slot, failed);
	struct money m;
	*minor = -1;
	if (!s.n || !currency)
		return OK;
	TRY(money_parse(s, currency, v->section->decimal, true, &m, e));
	if (money_sign(m) < 0)
		return error_set(e, ERR_INVALID, "price.negative", "list_price", "a price is not negative");
	*minor = money_minor(m);
	return OK;
}

enum result row_prices(const struct row_view *v, int16_t *currency, int64_t *list, int64_t *cost, bool *failed,
                       struct error *e)
{
	*currency = 0;
	TRY(currency_of(row_value(v, SLOT_CURRENCY, failed), currency, e));
	TRY(price_minor(v, SLOT_LIST_PRICE, *currency, list, failed, e));
	return price_minor(v, SLOT_COST, *currency, cost, failed, e);
}

/* Where a store stands, in degrees: both or neither. */
static enum result store_place(const struct row_view *v, struct store *s, bool *failed, struct error *e)
{
	struct str lat = row_value(v, SLOT_LAT, failed), lon = row_value(v, SLOT_LON, failed);
	struct decimal north, east;
	if (!lat.n && !lon.n)
		return OK;
	if (decimal_parse(lat, v->section->decimal, &north, NULL) != OK || llabs(decimal_micro(north)) > INT32_MAX)
		return error_set(e, ERR_INVALID, "store.place", "lat", "degrees, with lon beside them");
	if (decimal_parse(lon, v->section->decimal, &east, NULL) != OK || llabs(decimal_micro(east)) > INT32_MAX)
		return error_set(e, ERR_INVALID, "store.place", "lon", "degrees, with lat beside them");
	s->lat = (int32_t)decimal_micro(north);
	s->lon = (int32_t)decimal_micro(east);
	s->placed = true;
	return OK;
}

static enum result store_row(const struct row_view *v, struct item *it, struct error *e)
{
	static const char *const kinds[] = { "shop", "web", "call_centre", "warehouse" };
	struct store *s = arena_alloc(v->a, sizeof(*s));
	bool failed = false;
	if (!s)
		return error_nomem(e);
	text_copy(s->code, sizeof(s->code), row_value(v, SLOT_CODE, &failed));
	text_copy(s->name, sizeof(s->name), row_value(v, SLOT_NAME, &failed));
	text_copy(s->zone, sizeof(s->zone), row_value(v, SLOT_ZONE, &failed));
	text_copy(s->country, sizeof(s->country), row_value(v, SLOT_COUNTRY, &failed));
	text_copy(s->region, sizeof(s->region), row_value(v, SLOT_REGION, &failed));
	text_copy(s->city, sizeof(s->city), row_value(v, SLOT_CITY, &failed));
	TRY(currency_of(row_value(v, SLOT_CURRENCY, &failed), &s->currency, e));
	TRY(store_place(v, s, &failed, e));
	struct str closed = row_value(v, SLOT_CLOSED, &failed);
	s->closed_said = closed.n > 0;
	s->closed = row_truth(closed);
	int64_t day;
	if (s->zone[0])
		TRY(time_local_day(0, s->zone, &day, e));
	struct str kind = row_value(v, SLOT_KIND, &failed);
	int k = 0;
	while (kind.n && k < 4 && !str_is(kind, kinds[k]))
		k++;
	if (k == 4)
		return error_set(e, ERR_INVALID, "store.kind", "kind", "shop, web, call_centre or warehouse");
	s->kind = (enum store_kind)k;
	it->put_store = s;
	if (failed)
		return error_nomem(e);
	return s->code[0] ? OK : error_set(e, ERR_INVALID, "code.empty", "code", "a store has a code");
}

static enum result associate_row(const struct row_view *v, struct item *it, struct error *e)
{
	struct associate *s = arena_alloc(v->a, sizeof(*s));
	bool failed = false;
	if (!s)
		return error_nomem(e);
	text_copy(s->code, sizeof(s->code), row_value(v, SLOT_CODE, &failed));
	text_copy(s->name, sizeof(s->name), row_value(v, SLOT_NAME, &failed));
	it->associate_store = row_value(v, SLOT_STORE, &failed);
	it->put_associate = s;
	if (failed)
		return error_nomem(e);
	return s->code[0] ? OK : error_set(e, ERR_INVALID, "code.empty", "code", "an associate has a code");
}

void row_product(const struct row_view *v, struct sku *s, bool *failed)
{
	text_copy(s->product_code, sizeof(s->product_code), row_value(v, SLOT_PRODUCT, failed));
	text_copy(s->title, sizeof(s->title), row_value(v, SLOT_TITLE, failed));
	text_copy(s->brand, sizeof(s->brand), row_value(v, SLOT_BRAND, failed));
	text_copy(s->category, sizeof(s->category), row_value(v, SLOT_CATEGORY, failed));
	text_copy(s->subcategory, sizeof(s->subcategory), row_value(v, SLOT_SUBCATEGORY, failed));
	text_copy(s->size, sizeof(s->size), row_value(v, SLOT_SIZE, failed));
	text_copy(s->colour, sizeof(s->colour), row_value(v, SLOT_COLOUR, failed));
}

static enum result product_row(const struct row_view *v, struct item *it, struct error *e)
{
	struct sku *s = arena_alloc(v->a, sizeof(*s));
	bool failed = false;
	if (!s)
		return error_nomem(e);
	struct str code = row_value(v, SLOT_SKU, &failed);
	if (!code.n || code.n >= sizeof(s->code))
		return error_set(e, ERR_INVALID, "code.length", "sku", "an SKU has 1 to 63 bytes");
	text_copy(s->code, sizeof(s->code), code);
	row_product(v, s, &failed);
	struct str barcode = row_value(v, SLOT_BARCODE, &failed);
	if (barcode.n >= sizeof(s->barcode))
		return error_set(e, ERR_INVALID, "barcode.malformed", "barcode",
		                 "a barcode is at most %d letters and digits", BARCODE_BYTES - 1);
	text_copy(s->barcode, sizeof(s->barcode), barcode);
	TRY(row_prices(v, &s->currency, &s->list_minor, &s->cost_minor, &failed, e));
	it->put_sku = s;
	return failed ? error_nomem(e) : OK;
}

static enum result rate_row(const struct row_view *v, struct item *it, struct error *e)
{
	struct item_rate *s = arena_alloc(v->a, sizeof(*s));
	bool failed = false;
	struct when w;
	if (!s)
		return error_nomem(e);
	TRY(currency_of(row_value(v, SLOT_CURRENCY, &failed), &s->currency, e));
	if (!when_parse(v->section, row_value(v, SLOT_DATE, &failed), &w))
		return error_set(e, ERR_INVALID, "date.malformed", "date", "no date pattern of the mapping fits");
	s->day = date_to_days(w.year, w.month, w.day);
	TRY(decimal_parse(row_value(v, SLOT_PER_USD, &failed), v->section->decimal, &s->per_usd, e));
	if (!s->currency || decimal_micro(s->per_usd) <= 0)
		return error_set(e, ERR_INVALID, "rate.value", "per_usd", "a currency and a rate above zero");
	it->put_rate = s;
	return failed ? error_nomem(e) : OK;
}

static enum result customer_row(const struct row_view *v, struct item *it, struct error *e)
{
	bool failed = false;
	struct str at = row_value(v, SLOT_AT, &failed);
	struct when w;
	if (at.n && !when_parse(v->section, at, &w))
		return error_set(e, ERR_INVALID, "date.malformed", "at", "no date pattern of the mapping fits");
	if (at.n)
		TRY(when_us(v->section, &w, &it->at, e));
	TRY(row_person(v, it, e));
	return it->person ? OK : error_set(e, ERR_INVALID, "person.missing", "key", "the row has no customer key");
}

static enum result row_fill(const struct row_view *v, int64_t said_at, struct item *it, struct error *e)
{
	switch (v->section->role) {
	case ROLE_STORES:
		return store_row(v, it, e);
	case ROLE_ASSOCIATES:
		return associate_row(v, it, e);
	case ROLE_PRODUCTS:
		return product_row(v, it, e);
	case ROLE_RATES:
		return rate_row(v, it, e);
	case ROLE_STOCK:
		return stock_row(v, said_at, it, e);
	case ROLE_PRICES:
		return price_row(v, it, e);
	default:
		return customer_row(v, it, e);
	}
}

/* The reader's views end with its row: what an item keeps is copied. */
const struct str *row_fields(const struct csv_row *row, struct arena *a)
{
	struct str *f = arena_array(a, (size_t)row->count + 1, sizeof(*f));
	size_t all = 0;
	for (int i = 0; i < row->count; i++)
		all += row->fields[i].n;
	char *text = arena_alloc(a, all + 1);
	if (!f || !text)
		return NULL;
	for (int i = 0; i < row->count; i++) {
		if (row->fields[i].n)
			memcpy(text, row->fields[i].p, row->fields[i].n);
		f[i] = (struct str){ text, row->fields[i].n };
		if (card_found(f[i]))
			card_mask(text, f[i].n);
		text += f[i].n;
	}
	return f;
}

int row_columns(const struct rows *r)
{
	int n = 1;
	bool quoted = false;
	if (r->columns || !r->header.n)
		return r->columns;
	for (size_t i = 0; i < r->header.n; i++) {
		quoted ^= r->header.p[i] == '"';
		n += !quoted && r->header.p[i] == r->section->delimiter;
	}
	return n;
}

enum result rows_add(struct rows *r, const struct csv_row *row, struct error *e)
{
	struct item *it;
	TRY(row_item(r, row, &it, e));
	const struct str *fields = row_fields(row, r->a);
	if (!fields)
		return error_nomem(e);
	struct row_view v = row_view_of(r, fields, row->count);
	r->taken++;
	enum result result = row_refused(r, row, &v, row_columns(r), e);
	if (result == OK)
		result = row_fill(&v, r->said_at, it, e);
	if (result == OK || result == ERR_NOMEM)
		return result;
	struct error why = *e;
	return row_kill(r, it, row->raw, &why, e);
}

void rows_free(struct rows *r)
{
	buf_free(&r->group.raw);
}

/* ---- Again ------------------------------------------------------------------------------------------------------ */

static enum result section_of(struct str mapping, struct str format, struct str header, struct arena *a,
                              struct section **out, struct error *e)
{
	struct mapping *m;
	int64_t n;
	if (!str_starts(format, STR("section ")) || !str_to_i64((struct str){ format.p + 8, format.n - 8 }, &n) ||
	    !mapping.n)
		return error_set(e, ERR_CONFLICT, "deadletter.format", NULL, "its mapping is not known any more");
	TRY(mapping_parse(mapping, a, &m, e));
	struct section *s = m->first;
	while (s && n-- > 0)
		s = s->next;
	if (!s)
		return error_set(e, ERR_CONFLICT, "deadletter.format", NULL, "its mapping is not known any more");
	if (s->joins)
		return error_set(e, ERR_CONFLICT, "deadletter.joined", NULL,
		                 "its values come from another file too: correct the file and import it again");
	struct csv_reader *r = csv_reader_new(input_text(header), s->delimiter, CSV_UTF8);
	const struct csv_row *row = NULL;
	if (!r)
		return error_nomem(e);
	enum result result = csv_next(r, &row, e);
	if (result == OK)
		result = row ? section_bind(s, row->fields, row->count, e)
		             : error_set(e, ERR_CONFLICT, "deadletter.format", NULL, "its file had no header");
	csv_reader_free(r);
	*out = s;
	return result;
}

#define AGAIN_ROWS 2000

static enum result again_rows(struct rows *r, struct csv_reader *in, struct error *e)
{
	const struct csv_row *row;
	bool same;
	for (;;) {
		TRY(csv_next(in, &row, e));
		if (!row)
			return group_close(r, e);
		if (r->count + 2 > r->capacity)
			return error_set(e, ERR_TOO_LARGE, "deadletter.rows", "raw", "too many rows");
		if (r->section->role != ROLE_ORDERS) {
			TRY(rows_add(r, row, e));
			continue;
		}
		TRY(group_same(r, row, &same, e));
		if (r->group.open && !same)
			return error_set(e, ERR_INVALID, "deadletter.rows", "raw", "rows of more than one order");
		TRY(group_add(r, row, e));
	}
}

enum result rows_item_again(struct str mapping, struct str format, struct str header, struct str raw, struct str source,
                            struct arena *a, struct item *out, struct error *e)
{
	struct section *s = NULL;
	TRY(section_of(mapping, format, header, a, &s, e));
	s->source = source;
	s->set_aside = NULL; /* someone decided that it is to be taken in after all */
	struct rows r = {
		.section = s, .format = format, .header = header, .said_at = clock_now(), .a = a, .capacity = AGAIN_ROWS
	};
	r.items = arena_array(a, AGAIN_ROWS, sizeof(*r.items));
	struct csv_reader *in = r.items ? csv_reader_new(input_text(raw), s->delimiter, CSV_UTF8) : NULL;
	if (!in)
		return error_nomem(e);
	buf_init(&r.group.raw, 1 << 20);
	enum result result = again_rows(&r, in, e);
	csv_reader_free(in);
	rows_free(&r);
	if (result != OK)
		return result;
	const struct item *only = NULL;
	for (int i = 0; i < r.count; i++) {
		if (r.items[i].way == ITEM_DEAD) {
			*e = r.items[i].why;
			return e->result;
		}
		if (r.items[i].way == ITEM_TAKE && !only)
			only = &r.items[i];
	}
	if (!only || r.count > 1)
		return error_set(e, ERR_INVALID, "deadletter.rows", "raw", "one row, or the rows of one order");
	*out = *only;
	/* It is a part of its order, of which the rest was taken in before. */
	for (int i = 0; i < out->order_count; i++)
		out->orders[i].in.partial = true;
	return OK;
}
