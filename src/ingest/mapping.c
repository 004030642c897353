#include "ingest/mapping.h"
#include "ingest/template.h"
#include <stdio.h>

struct parser {
	struct arena *a;
	struct mapping *m;
	struct section *defaults, *now, *last;
	int line;
	struct error *e;
};

static enum result fault(struct parser *p, const char *code, const char *what, struct str name)
{
	char field[32];
	snprintf(field, sizeof(field), "mapping:%d", p->line);
	return error_set(p->e, ERR_INVALID, code, field, "%s: %.*s", what, (int)(name.n > 80 ? 80 : name.n), name.p);
}

static const char *const role_names[SECTION_ROLES] = { "stores", "associates", "products", "rates", "customers",
	                                               "orders", "events",     "stock",    "prices" };

#define BIT(r) (1u << (r))
#define ST BIT(ROLE_STORES)
#define AS BIT(ROLE_ASSOCIATES)
#define PR BIT(ROLE_PRODUCTS)
#define RA BIT(ROLE_RATES)
#define CU BIT(ROLE_CUSTOMERS)
#define OR BIT(ROLE_ORDERS)
#define SK BIT(ROLE_STOCK)
#define PC BIT(ROLE_PRICES)

static const struct slot_name {
	const char *name;
	enum slot slot;
	unsigned roles;
} slot_names[] = {
	{ "code", SLOT_CODE, ST | AS },
	{ "name", SLOT_NAME, ST | AS },
	{ "zone", SLOT_ZONE, ST },
	{ "kind", SLOT_KIND, ST },
	{ "store", SLOT_STORE, AS | OR | SK },
	{ "currency", SLOT_CURRENCY, ST | PR | RA | OR | PC },
	{ "region", SLOT_REGION, ST },
	{ "city", SLOT_CITY, ST },
	{ "country", SLOT_COUNTRY, ST },
	{ "lat", SLOT_LAT, ST },
	{ "lon", SLOT_LON, ST },
	{ "closed", SLOT_CLOSED, ST },
	{ "sku", SLOT_SKU, PR | OR | SK | PC },
	{ "product", SLOT_PRODUCT, PR | OR },
	{ "title", SLOT_TITLE, PR | OR },
	{ "brand", SLOT_BRAND, PR | OR },
	{ "category", SLOT_CATEGORY, PR | OR },
	{ "subcategory", SLOT_SUBCATEGORY, PR | OR },
	{ "size", SLOT_SIZE, PR | OR },
	{ "colour", SLOT_COLOUR, PR | OR },
	{ "barcode", SLOT_BARCODE, PR | SK | PC },
	{ "list_price", SLOT_LIST_PRICE, PR | OR | PC },
	{ "cost", SLOT_COST, PR | PC },
	{ "date", SLOT_DATE, RA },
	{ "per_usd", SLOT_PER_USD, RA },
	{ "number", SLOT_NUMBER, OR },
	{ "placed_at", SLOT_PLACED_AT, OR },
	{ "associate", SLOT_ASSOCIATE, OR },
	{ "channel", SLOT_CHANNEL, OR },
	{ "quantity", SLOT_QUANTITY, OR | SK },
	{ "unit_price", SLOT_UNIT_PRICE, OR },
	{ "line", SLOT_LINE, OR },
	{ "line_discount", SLOT_LINE_DISCOUNT, OR },
	{ "line_tax", SLOT_LINE_TAX, OR },
	{ "discount", SLOT_DISCOUNT, OR },
	{ "subtotal", SLOT_SUBTOTAL, OR },
	{ "tax", SLOT_TAX, OR },
	{ "shipping", SLOT_SHIPPING, OR },
	{ "total", SLOT_TOTAL, OR },
	{ "cancelled", SLOT_CANCELLED, OR },
	{ "return", SLOT_RETURN, OR },
	{ "original", SLOT_ORIGINAL, OR },
	{ "refund", SLOT_REFUND, OR },
	{ "counted_at", SLOT_COUNTED_AT, SK },
	{ "key", SLOT_KEY, CU },
	{ "prefix", SLOT_PREFIX, CU },
	{ "given", SLOT_GIVEN, CU },
	{ "middle", SLOT_MIDDLE, CU },
	{ "family", SLOT_FAMILY, CU },
	{ "name", SLOT_FULL_NAME, CU },
	{ "suffix", SLOT_SUFFIX, CU },
	{ "pronounce", SLOT_PRONOUNCE, CU },
	{ "gender", SLOT_GENDER, CU },
	{ "language", SLOT_LANGUAGE, CU },
	{ "birthday", SLOT_BIRTHDAY, CU },
	{ "email", SLOT_EMAIL, CU },
	{ "email_verified", SLOT_EMAIL_VERIFIED, CU },
	{ "phone", SLOT_PHONE, CU },
	{ "phone_verified", SLOT_PHONE_VERIFIED, CU },
	{ "loyalty", SLOT_LOYALTY, CU },
	{ "account", SLOT_ACCOUNT, CU },
	{ "external", SLOT_EXTERNAL, CU },
	{ "street", SLOT_STREET, CU },
	{ "city", SLOT_P_CITY, CU },
	{ "region", SLOT_P_REGION, CU },
	{ "postcode", SLOT_POSTCODE, CU },
	{ "country", SLOT_P_COUNTRY, CU },
	{ "household", SLOT_HOUSEHOLD, CU },
	{ "at", SLOT_AT, CU },
};

/* ---- Settings --------------------------------------------------------------------------------------------------- */

static enum result set_dates(struct parser *p, struct section *s, struct str value)
{
	struct str part;
	s->date_count = 0;
	while (str_split(&value, ',', &part)) {
		part = str_trim(part);
		if (s->date_count == DATE_PATTERNS_MAX || !part.n)
			return fault(p, "mapping.dates", "at most 8 patterns, none empty", part);
		s->dates[s->date_count++] = part;
	}
	return OK;
}

static enum result set_char(struct parser *p, struct str value, const char *allowed, char *out)
{
	if (str_is(value, "tab"))
		value = STR("\t");
	if (value.n != 1 || !strchr(allowed, *value.p))
		return fault(p, "mapping.character", "not one of the characters that may stand here", value);
	*out = *value.p;
	return OK;
}

static enum result set_flag(struct parser *p, struct str value, bool *out)
{
	if (!str_is(value, "yes") && !str_is(value, "no"))
		return fault(p, "mapping.flag", "yes or no", value);
	*out = str_is(value, "yes");
	return OK;
}

/* *known is false when the word is no setting. */
static enum result setting(struct parser *p, struct section *s, struct str name, struct str value, bool *known)
{
	int64_t n;
	*known = true;
	if (str_is(name, "file"))
		s->file = value;
	else if (str_is(name, "source"))
		s->source = value;
	else if (str_is(name, "zone") && !(s->role == ROLE_STORES && s != p->defaults))
		s->zone = value;
	else if (str_is(name, "dates"))
		return set_dates(p, s, value);
	else if (str_is(name, "delimiter"))
		return set_char(p, value, ",;|\t", &s->delimiter);
	else if (str_is(name, "decimal"))
		return set_char(p, value, ".,", &s->decimal);
	else if (str_is(name, "inherit"))
		return set_flag(p, value, &s->inherit);
	else if (str_is(name, "apostrophe"))
		return set_flag(p, value, &s->apostrophe);
	else if (str_is(name, "encoding"))
		return csv_encoding_find(value, &s->encoding) ? OK
		                                              : fault(p, "mapping.encoding", "unknown encoding", value);
	else if (str_is(name, "pivot")) {
		if (!str_to_i64(value, &n) || n < 0 || n > 99)
			return fault(p, "mapping.pivot", "a year from 0 to 99", value);
		s->pivot = (int)n;
	} else
		*known = false;
	return OK;
}

/* ---- Fields ----------------------------------------------------------------------------------------------------- */

static enum result value_of(struct parser *p, struct str text, struct template **out)
{
	const char *what = NULL;
	*out = template_parse(text, p->a, &what);
	return *out ? OK : what ? fault(p, "mapping.value", what, text) : error_nomem(p->e);
}

static enum result add_named(struct parser *p, struct named **list, struct str name, struct str value)
{
	struct named *n = arena_alloc(p->a, sizeof(*n));
	if (!n)
		return error_nomem(p->e);
	n->name = name;
	TRY(value_of(p, value, &n->value));
	while (*list)
		list = &(*list)->next;
	*list = n;
	return OK;
}

/* "products.csv by ProductKey on {ProductKey}" */
static enum result add_join(struct parser *p, struct section *s, struct str alias, struct str value)
{
	struct join *j = arena_alloc(p->a, sizeof(*j));
	if (!j)
		return error_nomem(p->e);
	const char *by = memmem(value.p, value.n, " by ", 4), *end = value.p + value.n;
	const char *on = by ? memmem(by, (size_t)(end - by), " on ", 4) : NULL;
	if (!on)
		return fault(p, "mapping.join", "FILE by COLUMN on VALUE", value);
	j->alias = alias;
	j->file = str_trim((struct str){ value.p, (size_t)(by - value.p) });
	j->by = str_trim((struct str){ by + 4, (size_t)(on - by) - 4 });
	TRY(value_of(p, str_trim((struct str){ on + 4, (size_t)(end - on) - 4 }), &j->on));
	j->next = s->joins;
	s->joins = j;
	return OK;
}

static bool starts(struct str *name, const char *with)
{
	struct str w = str_c(with);
	if (!str_starts(*name, w) || name->n == w.n)
		return false;
	name->p += w.n;
	name->n -= w.n;
	return true;
}

static enum result slot_set(struct parser *p, struct section *s, enum section_role as, struct str name,
                            struct str value)
{
	for (size_t i = 0; i < sizeof(slot_names) / sizeof(*slot_names); i++) {
		const struct slot_name *n = &slot_names[i];
		if ((n->roles & BIT(as)) && str_is(name, n->name))
			return value_of(p, value, &s->slots[n->slot]);
	}
	return fault(p, "mapping.field", "no such field in this section", name);
}

static enum result assign(struct parser *p, struct str name, struct str value)
{
	struct section *s = p->now ? p->now : p->defaults;
	bool known;
	if (!p->now && str_is(name, "name")) {
		p->m->name = value;
		return OK;
	}
	TRY(setting(p, s, name, value, &known));
	if (known)
		return OK;
	if (!p->now)
		return fault(p, "mapping.setting", "no such setting", name);
	if (starts(&name, "set_aside."))
		return add_named(p, &s->set_aside, name, value);
	if (starts(&name, "join."))
		return add_join(p, s, name, value);
	if (s->role == ROLE_ORDERS && starts(&name, "property."))
		return add_named(p, &s->properties, name, value);
	bool person = s->role == ROLE_CUSTOMERS || (s->role == ROLE_ORDERS && starts(&name, "customer."));
	if (person && starts(&name, "consent."))
		return add_named(p, &s->consents, name, value);
	if (person && starts(&name, "fact."))
		return add_named(p, &s->facts, name, value);
	return slot_set(p, s, person ? ROLE_CUSTOMERS : s->role, name, value);
}

/* ---- Sections --------------------------------------------------------------------------------------------------- */

static enum result section_begin(struct parser *p, struct str name)
{
	struct section *s = arena_alloc(p->a, sizeof(*s));
	if (!s)
		return error_nomem(p->e);
	*s = *p->defaults;
	s->line = p->line;
	for (int i = 0; i < SECTION_ROLES; i++)
		if (str_is(name, role_names[i])) {
			s->role = (enum section_role)i;
			if (p->last)
				p->last->next = s;
			else
				p->m->first = s;
			p->last = p->now = s;
			p->m->section_count++;
			return OK;
		}
	return fault(p, "mapping.section", "no such section", name);
}

static enum result section_check(struct parser *p, const struct section *s)
{
	static const enum slot needed[SECTION_ROLES][3] = {
		[ROLE_STORES] = { SLOT_CODE, SLOT_CODE, SLOT_CODE },
		[ROLE_ASSOCIATES] = { SLOT_CODE, SLOT_CODE, SLOT_CODE },
		[ROLE_PRODUCTS] = { SLOT_SKU, SLOT_SKU, SLOT_SKU },
		[ROLE_RATES] = { SLOT_DATE, SLOT_CURRENCY, SLOT_PER_USD },
		[ROLE_CUSTOMERS] = { SLOT_KEY, SLOT_KEY, SLOT_KEY },
		[ROLE_ORDERS] = { SLOT_NUMBER, SLOT_PLACED_AT, SLOT_CURRENCY },
		[ROLE_STOCK] = { SLOT_STORE, SLOT_QUANTITY, SLOT_QUANTITY },
		[ROLE_PRICES] = { SLOT_CURRENCY, SLOT_CURRENCY, SLOT_CURRENCY },
	};
	p->line = s->line;
	for (int i = 0; i < 3 && s->role != ROLE_EVENTS; i++)
		if (!s->slots[needed[s->role][i]])
			for (size_t k = 0; k < sizeof(slot_names) / sizeof(*slot_names); k++)
				if (slot_names[k].slot == needed[s->role][i])
					return fault(p, "mapping.missing", "the section lacks a field",
					             str_c(slot_names[k].name));
	if ((s->role == ROLE_STOCK || s->role == ROLE_PRICES) && !s->slots[SLOT_SKU] && !s->slots[SLOT_BARCODE])
		return fault(p, "mapping.missing", "the section lacks a field", STR("sku or barcode"));
	if (!s->source.n)
		return fault(p, "mapping.source", "a source is needed", str_c(role_names[s->role]));
	return OK;
}

static enum result read_line(struct parser *p, struct str line)
{
	line = str_trim(line);
	if (!line.n || *line.p == '#')
		return OK;
	if (*line.p == '[')
		return line.p[line.n - 1] == ']' ? section_begin(p, (struct str){ line.p + 1, line.n - 2 })
		                                 : fault(p, "mapping.section", "a section is [name]", line);
	const char *eq = memchr(line.p, '=', line.n);
	if (!eq)
		return fault(p, "mapping.line", "a line is NAME = VALUE", line);
	struct str name = str_trim((struct str){ line.p, (size_t)(eq - line.p) });
	struct str value = str_trim((struct str){ eq + 1, (size_t)(line.p + line.n - eq) - 1 });
	if (!name.n)
		return fault(p, "mapping.line", "a line is NAME = VALUE", line);
	return assign(p, name, value);
}

enum result mapping_parse(struct str text, struct arena *a, struct mapping **out, struct error *e)
{
	if (text.n > MAPPING_MAX)
		return error_set(e, ERR_TOO_LARGE, "mapping.too_large", "mapping", "at most %d bytes", MAPPING_MAX);
	if (!str_utf8_valid(text))
		return error_set(e, ERR_INVALID, "mapping.encoding", "mapping", "a mapping is UTF-8 text");
	struct section defaults = {
		.delimiter = ',', .decimal = '.', .encoding = CSV_UTF8, .pivot = 30, .zone = STR("UTC")
	};
	defaults.dates[0] = STR("YYYY-MM-DD hh:mm:ss");
	defaults.dates[1] = STR("YYYY-MM-DD");
	defaults.date_count = 2;
	struct mapping *m = arena_alloc(a, sizeof(*m));
	char *copy = arena_strndup(a, text.p, text.n);
	if (!m || !copy)
		return error_nomem(e);
	m->text = (struct str){ copy, text.n };
	struct parser p = { .a = a, .m = m, .defaults = &defaults, .e = e };
	struct str rest = m->text, line;
	while (str_split(&rest, '\n', &line)) {
		p.line++;
		TRY(read_line(&p, line));
	}
	if (!m->first)
		return fault(&p, "mapping.empty", "a mapping has a section", STR("[orders]"));
	for (const struct section *s = m->first; s; s = s->next)
		TRY(section_check(&p, s));
	*out = m;
	return OK;
}

const char *mapping_builtin(const char *name)
{
	for (const struct mapping_file *f = mapping_files; f->name; f++)
		if (!strcmp(f->name, name))
			return f->text;
	return NULL;
}
