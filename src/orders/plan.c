#include "orders/room.h"

void line_from_report(const struct order_line_in *in, struct line *out)
{
	*out = (struct line){ .key = in->line_key,
		              .title = in->title,
		              .sku = in->sku,
		              .qty = in->qty,
		              .unit = decimal_micro(in->unit_price),
		              .list = in->has_list_price ? decimal_micro(in->list_price) : -1,
		              .discount = money_minor(in->discount),
		              .tax = money_minor(in->tax),
		              .original_number = in->original_number,
		              .original_key = in->original_line_key };
}

/* What makes two lines without a key the same line. A product's title is the catalogue's business. */
uint64_t line_content(const struct line *l)
{
	int64_t numbers[6] = { l->sku, l->qty, l->unit, l->list, l->discount, l->tax };
	uint64_t h = hash64(numbers, sizeof(numbers), 0);
	h = hash64_str(l->sku ? STR("") : l->title, h);
	h = hash64_str(l->original_number, h);
	return hash64_str(l->original_key, h);
}

uint64_t order_line_mark(const struct order_line_in *in, int occurrence)
{
	struct line l;
	line_from_report(in, &l);
	if (l.key.n)
		return hash64_str(l.key, 1);
	uint64_t h = line_content(&l);
	return hash64(&occurrence, sizeof(occurrence), h);
}

static bool line_same(const struct line *a, const struct line *b)
{
	return line_content(a) == line_content(b);
}

/* The stored line that this one is: by key, or the occurrence-th of the same content that has none. */
static int find_stored(const struct plan *p, int stored, const uint64_t *content, const struct line *l, uint64_t mine,
                       int occurrence)
{
	for (int i = 0; i < stored; i++) {
		const struct line *s = &p->lines[i];
		if (l->key.n ? str_eq(l->key, s->key) : !s->key.n && content[i] == mine && --occurrence == 0)
			return i;
	}
	return -1;
}

/* How many lines of this content stand before it in the report, itself included. */
static int count_before(const struct order_line_in *in, const uint64_t *content, int i)
{
	int n = 1;
	for (int j = 0; j < i; j++)
		n += !in[j].line_key.n && content[j] == content[i];
	return n;
}

static enum result take_line(struct plan *p, int stored, const uint64_t *had, const struct order_line_in *in,
                             const uint64_t *given, int i, struct error *e)
{
	struct line l;
	line_from_report(&in[i], &l);
	int occurrence = in[i].occurrence ? in[i].occurrence : l.key.n ? 1 : count_before(in, given, i);
	int at = find_stored(p, stored, had, &l, given[i], occurrence);
	if (at < 0) {
		for (int j = 0; l.key.n && j < i; j++)
			if (str_eq(l.key, in[j].line_key))
				return error_set(e, ERR_INVALID, "line.duplicate_key", "lines",
				                 "two lines have one key");
		l.fate = LINE_ADDED;
		l.touched = true;
		p->lines[p->count++] = l;
		return OK;
	}
	struct line *s = &p->lines[at];
	if (s->touched)
		return error_set(e, ERR_INVALID, "line.duplicate_key", "lines", "two lines have one key");
	s->touched = true;
	if (line_same(s, &l))
		return OK;
	l.no = s->no;
	l.share = s->share;
	l.net = s->net;
	l.was = s->was;
	l.fate = LINE_CHANGED;
	l.touched = true;
	*s = l;
	return OK;
}

enum result plan_lines(struct plan *p, const struct order_line_in *in, int count, bool remove, struct arena *a,
                       struct error *e)
{
	int stored = p->count;
	struct line *lines = arena_array(a, (size_t)(stored + count) + 1, sizeof(*lines));
	struct line *was = arena_array(a, (size_t)stored + 1, sizeof(*was));
	uint64_t *had = arena_array(a, (size_t)stored + 1, sizeof(*had));
	uint64_t *given = arena_array(a, (size_t)count + 1, sizeof(*given));
	if (!lines || !was || !had || !given)
		return error_nomem(e);
	for (int i = 0; i < stored; i++) {
		was[i] = lines[i] = p->lines[i];
		lines[i].was = &was[i];
		had[i] = line_content(&was[i]);
	}
	for (int i = 0; i < count; i++) {
		struct line l;
		line_from_report(&in[i], &l);
		given[i] = line_content(&l);
	}
	p->lines = lines;
	for (int i = 0; i < count; i++)
		TRY(take_line(p, stored, had, in, given, i, e));
	p->absent = 0;
	for (int i = 0; i < stored; i++) {
		if (lines[i].touched)
			continue;
		p->absent++;
		if (remove)
			lines[i].fate = LINE_REMOVED;
	}
	return OK;
}

/* ---- Amounts ---------------------------------------------------------------------------------------------------- */

static enum result share_discount(struct plan *p, const int64_t *weights, int64_t all, struct arena *a, struct error *e)
{
	struct money *parts = arena_array(a, (size_t)p->count + 1, sizeof(*parts));
	if (!parts)
		return error_nomem(e);
	int64_t discount = p->is.extra_discount < all ? p->is.extra_discount : all;
	if (discount > 0)
		TRY(money_allocate(money_of_minor(p->is.currency, discount), weights, (size_t)p->count, parts, e));
	for (int i = 0; i < p->count; i++) {
		struct line *l = &p->lines[i];
		if (l->fate == LINE_REMOVED)
			continue;
		int64_t share = discount > 0 ? money_minor(parts[i]) : 0, net = weights[i] - share;
		l->moved = share != l->share || net != l->net;
		l->share = share;
		l->net = net;
	}
	return OK;
}

static enum result add(int64_t *sum, int64_t v, struct error *e)
{
	return __builtin_add_overflow(*sum, v, sum)
	               ? error_set(e, ERR_INVALID, "money.overflow", "total", "the amounts are too large")
	               : OK;
}

/* A line was sold at full price when nothing came off it and it cost no less than its list price, if one is known. */
static bool at_full_price(const struct line *l)
{
	return l->discount == 0 && l->share == 0 && (l->list < 0 || l->unit >= l->list);
}

enum result plan_amounts(struct plan *p, struct arena *a, struct error *e)
{
	struct head *h = &p->is;
	int64_t *weights = arena_array(a, (size_t)p->count + 1, sizeof(*weights));
	int64_t all = 0, discounts = 0;
	if (!weights)
		return error_nomem(e);
	for (int i = 0; i < p->count; i++) {
		const struct line *l = &p->lines[i];
		if (l->fate == LINE_REMOVED)
			continue;
		struct money gross;
		TRY(money_times(decimal_of_micro(l->unit), l->qty, h->currency, ROUND_HALF_UP, &gross, e));
		int64_t off = l->discount < money_minor(gross) ? l->discount : money_minor(gross);
		weights[i] = money_minor(gross) - off;
		TRY(add(&all, weights[i], e));
		TRY(add(&discounts, off, e));
	}
	TRY(share_discount(p, weights, all, a, e));
	h->net = h->full = h->line_count = 0;
	h->tax = h->extra_tax;
	for (int i = 0; i < p->count; i++) {
		const struct line *l = &p->lines[i];
		if (l->fate == LINE_REMOVED)
			continue;
		h->line_count++;
		h->net += l->net;
		discounts += l->share;
		TRY(add(&h->tax, l->tax, e));
		if (at_full_price(l))
			h->full += l->net;
	}
	h->discount = discounts;
	if (!h->total_told) {
		h->total = h->net;
		TRY(add(&h->total, h->tax, e));
		TRY(add(&h->total, h->shipping, e));
	}
	return OK;
}

int64_t head_counts_for(const struct head *h)
{
	return h->state != ORDER_REPORTED ? 0 : h->kind == ORDER_RETURN ? -h->net : h->net;
}

/* ---- Difference ------------------------------------------------------------------------------------------------- */

struct head_field {
	const char *name;
	size_t offset;
	bool time;
};
static const struct head_field head_fields[] = {
	{ "record", offsetof(struct head, record), false },
	{ "store", offsetof(struct head, store), false },
	{ "associate", offsetof(struct head, associate), false },
	{ "placed_at", offsetof(struct head, placed_at), true },
	{ "net", offsetof(struct head, net), false },
	{ "tax", offsetof(struct head, tax), false },
	{ "discount", offsetof(struct head, discount), false },
	{ "shipping", offsetof(struct head, shipping), false },
	{ "total", offsetof(struct head, total), false },
	{ "full", offsetof(struct head, full), false },
};
#define HEAD_FIELDS (sizeof(head_fields) / sizeof(*head_fields))

static int64_t field_of(const struct head *h, const struct head_field *f)
{
	return *(const int64_t *)((const char *)h + f->offset);
}

bool plan_differs(const struct plan *p)
{
	const struct head *was = &p->was, *is = &p->is;
	for (size_t i = 0; i < HEAD_FIELDS; i++)
		if (field_of(was, &head_fields[i]) != field_of(is, &head_fields[i]))
			return true;
	for (int i = 0; i < p->count; i++)
		if (p->lines[i].fate != LINE_STAYS || p->lines[i].moved)
			return true;
	return was->state != is->state || was->channel != is->channel || was->currency != is->currency ||
	       was->extra_tax != is->extra_tax || was->extra_discount != is->extra_discount ||
	       was->total_told != is->total_told;
}

static void write_line(struct json_writer *w, const struct line *l)
{
	char text[MONEY_TEXT_BYTES];
	jw_object(w);
	jw_ki64(w, "line", l->no);
	if (l->key.n)
		jw_kstr(w, "key", l->key);
	if (l->sku)
		jw_kid(w, "sku", ID_SKU, l->sku);
	if (l->title.n)
		jw_kstr(w, "title", l->title);
	jw_ki64(w, "qty", l->qty);
	decimal_format(text, decimal_of_micro(l->unit));
	jw_kcstr(w, "unit_price", text);
	jw_ki64(w, "net_minor", l->net);
	jw_end_object(w);
}

static void write_lines(struct json_writer *w, const char *name, const struct plan *p, enum line_fate fate)
{
	bool any = false;
	for (int i = 0; i < p->count; i++) {
		const struct line *l = &p->lines[i];
		if (l->fate != fate)
			continue;
		if (!any) {
			jw_key(w, name);
			jw_array(w);
			any = true;
		}
		if (fate != LINE_CHANGED) {
			write_line(w, l);
			continue;
		}
		jw_object(w);
		jw_key(w, "was");
		write_line(w, l->was);
		jw_key(w, "is");
		write_line(w, l);
		jw_end_object(w);
	}
	if (any)
		jw_end_array(w);
}

static void write_pair(struct json_writer *w, const char *name, const char *was, const char *is)
{
	if (!strcmp(was, is))
		return;
	jw_key(w, name);
	jw_array(w);
	jw_cstr(w, was);
	jw_cstr(w, is);
	jw_end_array(w);
}

void plan_difference(const struct plan *p, struct json_writer *w)
{
	static const char *const states[] = { "", "reported", "cancelled", "superseded" };
	jw_object(w);
	jw_key(w, "order");
	jw_object(w);
	for (size_t i = 0; i < HEAD_FIELDS; i++) {
		const struct head_field *f = &head_fields[i];
		int64_t was = field_of(&p->was, f), is = field_of(&p->is, f);
		if (was == is)
			continue;
		jw_key(w, f->name);
		jw_array(w);
		f->time ? jw_time(w, was) : jw_i64(w, was);
		f->time ? jw_time(w, is) : jw_i64(w, is);
		jw_end_array(w);
	}
	write_pair(w, "state", states[p->was.state], states[p->is.state]);
	write_pair(w, "channel", channel_name(p->was.channel), channel_name(p->is.channel));
	write_pair(w, "currency", currency_code(p->was.currency), currency_code(p->is.currency));
	jw_end_object(w);
	write_lines(w, "added", p, LINE_ADDED);
	write_lines(w, "removed", p, LINE_REMOVED);
	write_lines(w, "changed", p, LINE_CHANGED);
	jw_end_object(w);
}
