/* A mapping meets a file: columns found, values taken. */
#include "ingest/template.h"
#include "base/clock.h"
#include "money/money.h"

struct binder {
	struct section *s;
	const struct str *columns;
	int count;
	struct str missing;
	bool dry; /* only look */
	bool any; /* one of the columns was there */
};

static int column_find(const struct str *columns, int count, struct str name)
{
	for (int i = 0; i < count; i++)
		if (str_eq(str_trim(columns[i]), name))
			return i;
	return -1;
}

static bool bind_ref(struct ref *r, void *arg)
{
	struct binder *b = arg;
	bool any = false;
	for (int i = 0; i < r->count; i++) {
		struct str name = r->names[i], alias;
		struct str rest = name;
		const struct join *j = NULL;
		int column = -1;
		if (memchr(name.p, ':', name.n) && str_split(&rest, ':', &alias))
			for (j = b->s->joins; j && !str_eq(j->alias, alias);)
				j = j->next;
		if (j)
			column = b->dry ? 0 : join_column(j, rest);
		else
			column = column_find(b->columns, b->count, name);
		any |= column >= 0;
		if (!b->dry) {
			r->columns[i] = column;
			r->joins[i] = j;
		}
	}
	b->any |= any;
	if (any || r->optional)
		return true;
	b->missing = r->names[0];
	return false;
}

static bool bind_named(struct named *n, struct binder *b)
{
	for (; n; n = n->next)
		if (!template_refs(n->value, bind_ref, b))
			return false;
	return true;
}

/* Rows of stock and of prices name what they are of by one of two columns. */
static bool bind_which(struct binder *b)
{
	if (b->s->role != ROLE_STOCK && b->s->role != ROLE_PRICES)
		return true;
	b->any = false;
	if (!template_refs(b->s->slots[SLOT_SKU], bind_ref, b) ||
	    !template_refs(b->s->slots[SLOT_BARCODE], bind_ref, b))
		return false;
	if (!b->any)
		b->missing = STR("sku or barcode");
	return b->any;
}

static bool bind_all(struct binder *b)
{
	struct section *s = b->s;
	if (!bind_which(b))
		return false;
	for (struct join *j = s->joins; j; j = j->next)
		if (!template_refs(j->on, bind_ref, b))
			return false;
	for (int i = 0; i < SLOTS; i++)
		if (!template_refs(s->slots[i], bind_ref, b))
			return false;
	return bind_named(s->properties, b) && bind_named(s->consents, b) && bind_named(s->facts, b) &&
	       bind_named(s->set_aside, b);
}

enum result section_bind(struct section *s, const struct str *columns, int count, struct error *e)
{
	struct binder b = { .s = s, .columns = columns, .count = count };
	if (bind_all(&b))
		return OK;
	return error_set(e, ERR_INVALID, "mapping.column", "mapping", "the file %.*s has no column \"%.*s\"",
	                 (int)(s->file.n > 60 ? 60 : s->file.n), s->file.p, (int)(b.missing.n > 80 ? 80 : b.missing.n),
	                 b.missing.p);
}

bool section_fits(const struct section *s, const struct str *columns, int count)
{
	struct section copy = *s;
	struct binder b = { .s = &copy, .columns = columns, .count = count, .dry = true };
	return bind_all(&b);
}

/* ---- Values ----------------------------------------------------------------------------------------------------- */

static struct str field_at(const struct row_view *row, int column)
{
	struct str s = column >= 0 && column < row->count ? str_trim(row->fields[column]) : STR("");
	if (!s.n && row->inherited && column >= 0 && column < row->count)
		s = str_trim(row->inherited[column]);
	if (s.n && row->section->apostrophe && *s.p == '\'') {
		s.p++;
		s.n--;
	}
	return s;
}

static struct str joined(const struct ref *r, int i, const struct row_view *row, bool *failed)
{
	int count;
	struct str key = template_value(r->joins[i]->on, row, failed);
	const struct str *fields = key.n ? join_find(r->joins[i], key, &count) : NULL;
	return fields && r->columns[i] >= 0 && r->columns[i] < count ? str_trim(fields[r->columns[i]]) : STR("");
}

/* "17850.0" → "17850", also with a comma */
static struct str whole(struct str s)
{
	size_t n = s.n;
	while (n > 0 && s.p[n - 1] == '0')
		n--;
	if (n > 0 && n < s.n && (s.p[n - 1] == '.' || s.p[n - 1] == ','))
		return (struct str){ s.p, n - 1 };
	return s;
}

static struct str changed(const struct ref *r, struct str s, struct arena *a, bool *failed)
{
	if (r->integer)
		s = whole(s);
	if (r->absolute && s.n && *s.p == '-')
		s = (struct str){ s.p + 1, s.n - 1 };
	if (!s.n || (!r->upper && !r->lower && !r->digits))
		return s;
	char *out = arena_strndup(a, s.p, s.n);
	size_t n = 0;
	if (!out) {
		*failed = true;
		return STR("");
	}
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (r->digits && (c < '0' || c > '9'))
			continue;
		if (r->upper && c >= 'a' && c <= 'z')
			c = (char)(c - 32);
		if (r->lower && c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		out[n++] = c;
	}
	return (struct str){ out, n };
}

static struct str ref_value(const struct ref *r, const struct row_view *row, bool *failed)
{
	for (int i = 0; i < r->count; i++) {
		struct str s = r->joins[i] ? joined(r, i, row, failed) : field_at(row, r->columns[i]);
		if (s.n)
			return changed(r, s, row->a, failed);
	}
	return STR("");
}

static bool cond_holds(const struct cond *c, const struct row_view *row, bool *failed)
{
	for (; c; c = c->next) {
		struct str s = ref_value(c->ref, row, failed);
		struct decimal have, limit;
		struct error ignored;
		bool holds = false;
		switch (c->op) {
		case COND_IS:
			holds = str_eq(s, c->value);
			break;
		case COND_STARTS:
			holds = str_starts(s, c->value);
			break;
		case COND_EMPTY:
			holds = s.n == 0;
			break;
		case COND_BELOW:
		case COND_ABOVE:
			holds = decimal_parse(s, row->section->decimal, &have, &ignored) == OK &&
			        decimal_parse(c->value, '.', &limit, &ignored) == OK &&
			        (c->op == COND_BELOW ? decimal_micro(have) < decimal_micro(limit)
			                             : decimal_micro(have) > decimal_micro(limit));
			break;
		}
		if (holds == c->negate)
			return false;
	}
	return true;
}

static struct str parts_value(const struct part *p, const struct row_view *row, bool *failed)
{
	if (!p)
		return STR("");
	if (!p->next)
		return p->ref ? ref_value(p->ref, row, failed) : p->literal;
	BUF_AUTO struct buf b;
	buf_init(&b, 1 << 20);
	bool any = false;
	for (; p; p = p->next) {
		struct str s = p->ref ? ref_value(p->ref, row, failed) : p->literal;
		any |= p->ref && s.n;
		buf_add(&b, s.p, s.n);
	}
	/* Literals around columns that are all empty say nothing. */
	char *out = b.failed ? NULL : arena_strndup(row->a, b.p ? b.p : "", any ? b.n : 0);
	if (!out) {
		*failed = true;
		return STR("");
	}
	return str_trim((struct str){ out, any ? b.n : 0 });
}

struct str template_value(const struct template *t, const struct row_view *row, bool *failed)
{
	for (; t; t = t->otherwise)
		if (!t->cond || cond_holds(t->cond, row, failed))
			return parts_value(t->parts, row, failed);
	return STR("");
}

/* ---- Dates ------------------------------------------------------------------------------------------------------ */

static bool number(struct str *s, int least, int most, int *out)
{
	int n = 0, v = 0;
	while (n < most && (size_t)n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		v = v * 10 + s->p[n++] - '0';
	if (n < least)
		return false;
	s->p += n;
	s->n -= (size_t)n;
	*out = v;
	return true;
}

static bool offset(struct str *s, struct when *w)
{
	int h, m = 0, sign;
	w->has_offset = true;
	if (s->n && (*s->p == 'Z' || *s->p == 'z')) {
		s->p++;
		s->n--;
		return true;
	}
	if (!s->n || (*s->p != '+' && *s->p != '-'))
		return false;
	sign = *s->p == '-' ? -1 : 1;
	s->p++;
	s->n--;
	if (!number(s, 2, 2, &h))
		return false;
	if (s->n && *s->p == ':') {
		s->p++;
		s->n--;
	}
	if (!number(s, 2, 2, &m) || h > 18 || m > 59)
		return false;
	w->offset_minutes = sign * (h * 60 + m);
	return true;
}

static bool ahead(struct str pattern, const char *token)
{
	return str_starts(pattern, str_c(token));
}

/* Tokens: YYYY YY MM M DD D hh h mm ss Z; anything else stands for itself. */
static bool pattern_fits(const struct section *s, struct str pattern, struct str text, struct when *w)
{
	*w = (struct when){ .month = 1, .day = 1 };
	while (pattern.n) {
		static const struct {
			const char *token;
			int least, most;
			size_t offset;
		} tokens[] = {
			{ "YYYY", 4, 4, offsetof(struct when, year) }, { "YY", 2, 2, offsetof(struct when, year) },
			{ "MM", 2, 2, offsetof(struct when, month) },  { "M", 1, 2, offsetof(struct when, month) },
			{ "DD", 2, 2, offsetof(struct when, day) },    { "D", 1, 2, offsetof(struct when, day) },
			{ "hh", 2, 2, offsetof(struct when, hour) },   { "h", 1, 2, offsetof(struct when, hour) },
			{ "mm", 2, 2, offsetof(struct when, minute) }, { "ss", 2, 2, offsetof(struct when, second) }
		};
		size_t i = 0, n = sizeof(tokens) / sizeof(*tokens);
		while (i < n && !ahead(pattern, tokens[i].token))
			i++;
		if (i < n) {
			int v;
			if (!number(&text, tokens[i].least, tokens[i].most, &v))
				return false;
			if (i == 1)
				v += v <= s->pivot ? 2000 : 1900;
			*(int *)((char *)w + tokens[i].offset) = v;
			pattern.p += strlen(tokens[i].token);
			pattern.n -= strlen(tokens[i].token);
			continue;
		}
		if (*pattern.p == 'Z') {
			if (!offset(&text, w))
				return false;
		} else {
			if (!text.n || *text.p != *pattern.p)
				return false;
			text.p++;
			text.n--;
		}
		pattern.p++;
		pattern.n--;
	}
	return !text.n && date_valid(w->year, w->month, w->day) && w->hour < 24 && w->minute < 60 && w->second < 61;
}

bool when_parse(const struct section *s, struct str text, struct when *out)
{
	for (int i = 0; i < s->date_count; i++)
		if (pattern_fits(s, s->dates[i], text, out))
			return true;
	return false;
}

enum result when_us(const struct section *s, const struct when *w, int64_t *us, struct error *e)
{
	int64_t seconds = (w->second > 59 ? 59 : w->second) * USEC;
	if (w->has_offset || str_is(s->zone, "UTC")) {
		*us = date_to_days(w->year, w->month, w->day) * DAY_US + w->hour * HOUR_US +
		      (w->minute - w->offset_minutes) * MINUTE_US + seconds;
		return OK;
	}
	char zone[64];
	if (s->zone.n >= sizeof(zone))
		return error_set(e, ERR_INVALID, "time.zone", "zone", "no such time zone");
	memcpy(zone, s->zone.p, s->zone.n);
	zone[s->zone.n] = 0;
	return time_from_local(w->year, w->month, w->day, w->hour, w->minute, seconds, zone, us, e);
}
