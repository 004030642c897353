/* A commanded order's book: quantities and prices a line, where units are, money, payments, returns, the trail, and
 * what may be done now. */
#include "desk/shape.h"

#define TRAIL_SHOWN 200
#define NAMES_MAX 16

static void amount(struct shape *s, const struct order_book *b, const char *key, int64_t minor)
{
	shape_money(s, key, b->currency, minor);
}

static void decimal_or_null(struct shape *s, const char *key, int64_t micro, bool known)
{
	char text[MONEY_TEXT_BYTES];
	decimal_format(text, decimal_of_micro(micro));
	jw_kcstr(s->w, key, known ? text : NULL);
}

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

static enum result write_part(struct shape *s, const struct book_part *p, struct error *e)
{
	jw_object(s->w);
	jw_ki64(s->w, "n", p->n);
	TRY(shape_store(s, "location", p->location, e));
	jw_kcstr(s->w, "method", order_method_name(p->method));
	jw_ki64(s->w, "open", p->open);
	jw_ki64(s->w, "picked", p->picked);
	jw_ki64(s->w, "ready", p->ready);
	jw_ki64(s->w, "handed", p->handed);
	jw_ki64(s->w, "shipped", p->shipped);
	jw_ktime(s->w, "since", p->since);
	jw_end_object(s->w);
	return OK;
}

/* What the next single unit of a line gives back; nothing where the customer has none. */
static enum result next_unit(const struct book_line *l, int64_t *minor, struct error *e)
{
	struct price_slice slice;
	*minor = 0;
	if (l->handed <= l->returned)
		return OK;
	TRY(price_slice(&l->price, l->cancelled + l->returned, 1, &slice, e));
	*minor = money_minor(slice.net) + money_minor(slice.tax);
	return OK;
}

static int64_t ready_of(const struct order_book *b, int line)
{
	int64_t ready = 0;
	for (int i = 0; i < b->part_count; i++)
		ready += b->parts[i].line == line ? b->parts[i].ready : 0;
	return ready;
}

static void write_units(struct shape *s, const struct order_book *b, const struct book_line *l)
{
	int64_t ready = ready_of(b, l->line);
	jw_ki64(s->w, "waiting", l->waiting);
	jw_ki64(s->w, "open", l->open);
	jw_ki64(s->w, "picked", l->picked - ready);
	jw_ki64(s->w, "ready", ready);
	jw_ki64(s->w, "handed", l->handed);
	jw_ki64(s->w, "cancelled", l->cancelled);
	jw_ki64(s->w, "returned", l->returned);
	jw_ki64(s->w, "coming", l->coming);
}

static enum result write_line(struct shape *s, const struct order_book *b, const struct book_line *l, struct error *e)
{
	struct money off;
	int64_t refundable = 0;
	struct sku k = { 0 };
	bool found = false;
	TRY(price_line_discount(&l->price, &off, e));
	TRY(next_unit(l, &refundable, e));
	TRY(sku_get(s->tx, l->sku, &k, &found, e));
	jw_object(s->w);
	jw_ki64(s->w, "line", l->line);
	TRY(shape_sku(s, "sku", l->sku, e));
	jw_kcstr(s->w, "title", l->title && l->title[0] ? l->title : k.title[0] ? k.title : k.code);
	jw_ki64(s->w, "qty", l->price.qty);
	decimal_or_null(s, "unit_price", l->unit_micro, true);
	decimal_or_null(s, "list_price", l->list_micro, l->list_micro >= 0);
	decimal_or_null(s, "tax_rate", decimal_micro(l->price.tax_rate), true);
	amount(s, b, "discount", money_minor(off));
	amount(s, b, "net", money_minor(l->price.net) - l->cancelled_net);
	amount(s, b, "tax", money_minor(l->price.tax) - l->cancelled_tax);
	write_units(s, b, l);
	amount(s, b, "refundable", refundable);
	jw_key(s->w, "parts");
	jw_array(s->w);
	for (int i = 0; i < b->part_count; i++)
		if (b->parts[i].line == l->line)
			TRY(write_part(s, &b->parts[i], e));
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

/* ---- Money ------------------------------------------------------------------------------------------------------ */

struct sums {
	int64_t net, tax, discount, captured, taken, refunded, refunding;
};

static enum result sums_of(const struct order_book *b, struct sums *out, struct error *e)
{
	*out = (struct sums){ .net = b->shipping, .tax = b->shipping_tax };
	for (int i = 0; i < b->line_count; i++) {
		const struct book_line *l = &b->lines[i];
		struct money off;
		TRY(price_line_discount(&l->price, &off, e));
		out->net += money_minor(l->price.net) - l->cancelled_net;
		out->tax += money_minor(l->price.tax) - l->cancelled_tax;
		out->discount += money_minor(off);
	}
	for (int i = 0; i < b->payment_count; i++) {
		const struct book_payment *p = &b->payments[i];
		out->taken += p->refund ? 0 : p->minor;
		out->refunded += p->refund && p->state == PAYMENT_DONE ? p->minor : 0;
		out->refunding += p->refund && p->state == PAYMENT_PENDING ? p->minor : 0;
	}
	for (int t = 1; t < TENDERS; t++)
		out->captured += book_captured(b, (enum tender)t);
	return OK;
}

static enum result write_money(struct shape *s, const struct order_book *b, struct error *e)
{
	struct sums m;
	TRY(sums_of(b, &m, e));
	jw_key(s->w, "money");
	jw_object(s->w);
	amount(s, b, "total", m.net + m.tax);
	amount(s, b, "receivable", book_receivable(b));
	amount(s, b, "captured", m.captured);
	amount(s, b, "refunding", m.refunding);
	amount(s, b, "refunded", m.refunded);
	amount(s, b, "payable", book_payable(b));
	amount(s, b, "shipping", b->shipping);
	amount(s, b, "tax", m.tax);
	amount(s, b, "discount", m.discount);
	jw_end_object(s->w);
	return OK;
}

static void write_tenders(struct shape *s, const struct order_book *b)
{
	jw_key(s->w, "tenders");
	jw_array(s->w);
	for (int t = 1; t < TENDERS; t++) {
		int64_t taken = 0;
		for (int i = 0; i < b->payment_count; i++)
			taken += !b->payments[i].refund && b->payments[i].tender == (enum tender)t
			                 ? b->payments[i].minor
			                 : 0;
		if (!taken)
			continue;
		jw_object(s->w);
		jw_kcstr(s->w, "tender", tender_name((enum tender)t));
		amount(s, b, "captured", taken);
		amount(s, b, "refundable", book_captured(b, (enum tender)t));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
}

static void write_payments(struct shape *s, const struct order_book *b)
{
	static const char *const states[] = { "", "done", "pending", "failed" };
	jw_key(s->w, "payments");
	jw_array(s->w);
	for (int i = 0; i < b->payment_count; i++) {
		const struct book_payment *p = &b->payments[i];
		jw_object(s->w);
		jw_ki64(s->w, "n", p->n);
		jw_ktime(s->w, "at", p->at);
		jw_kbool(s->w, "refund", p->refund);
		jw_kcstr(s->w, "tender", tender_name(p->tender));
		amount(s, b, "amount", p->minor);
		jw_kcstr(s->w, "state", states[p->state]);
		jw_kbool(s->w, "as_credit", p->as_credit);
		jw_kcstr(s->w, "reference", p->reference);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
}

static void write_discounts(struct shape *s, const struct order_book *b)
{
	jw_key(s->w, "discounts");
	jw_array(s->w);
	for (int i = 0; i < b->batch_count; i++)
		for (int k = 0; k < b->batches[i].discount_count; k++) {
			const struct price_discount *d = &b->batches[i].discounts[k];
			bool rate = decimal_micro(d->rate) != 0;
			jw_object(s->w);
			decimal_or_null(s, "rate", decimal_micro(d->rate), rate);
			if (rate)
				jw_kcstr(s->w, "amount", NULL);
			else
				amount(s, b, "amount", money_minor(d->amount));
			if (money_sign(d->threshold) > 0)
				amount(s, b, "threshold", money_minor(d->threshold));
			else
				jw_kcstr(s->w, "threshold", NULL);
			jw_kbool(s->w, "given", b->batches[i].given[k]);
			jw_end_object(s->w);
		}
	jw_end_array(s->w);
}

/* ---- Returns, the trail ----------------------------------------------------------------------------------------- */

static enum result write_returns(struct shape *s, const struct order_book *b, struct error *e)
{
	static const char *const conditions[CONDITIONS] = { "", "good", "unknown", "damaged", "scrap" };
	jw_key(s->w, "returns");
	jw_array(s->w);
	for (int i = 0; i < b->return_count; i++) {
		const struct book_return *t = &b->return_lines[i];
		jw_object(s->w);
		jw_ki64(s->w, "n", t->n);
		jw_ktime(s->w, "at", t->at);
		TRY(shape_store(s, "location", t->location, e));
		jw_ki64(s->w, "line", t->line);
		jw_ki64(s->w, "qty", t->qty);
		jw_ki64(s->w, "uninspected", t->uninspected);
		jw_kcstr(s->w, "condition", conditions[t->condition]);
		amount(s, b, "net", t->net);
		amount(s, b, "tax", t->tax);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

/* Names of those who did it: few people, many steps. */
struct names {
	int64_t user[NAMES_MAX];
	const char *name[NAMES_MAX];
	int count;
};

static enum result user_name(struct shape *s, struct names *n, int64_t user, const char **out, struct error *e)
{
	struct user u = { 0 };
	for (int i = 0; i < n->count; i++)
		if (n->user[i] == user) {
			*out = n->name[i];
			return OK;
		}
	enum result r = user_get(s->tx, user, &u, e);
	if (r != OK && r != ERR_NOT_FOUND)
		return r;
	*out = r == OK ? arena_strndup(s->a, u.name, strlen(u.name)) : NULL;
	if (r == OK && !*out)
		return error_nomem(e);
	if (n->count < NAMES_MAX) {
		n->user[n->count] = user;
		n->name[n->count++] = *out;
	}
	return OK;
}

static enum result who_did(struct shape *s, struct names *names, const struct order_event *v, const char **by,
                           struct error *e)
{
	struct associate a = { 0 };
	bool found = false;
	*by = NULL;
	if (v->associate)
		TRY(associate_get(s->tx, v->associate, &a, &found, e));
	if (found) {
		*by = arena_strndup(s->a, a.name[0] ? a.name : a.code, strlen(a.name[0] ? a.name : a.code));
		return *by ? OK : error_nomem(e);
	}
	return v->user ? user_name(s, names, v->user, by, e) : OK;
}

static enum result write_event(struct shape *s, const struct order_book *b, struct names *names,
                               const struct order_event *v, struct error *e)
{
	JSON_AUTO struct json *detail = NULL;
	const char *by;
	TRY(who_did(s, names, v, &by, e));
	TRY(json_parse(str_c(v->detail), NULL, &detail, e));
	jw_object(s->w);
	jw_ki64(s->w, "n", v->n);
	jw_ktime(s->w, "at", v->at);
	jw_kcstr(s->w, "command", order_command_name(v->kind) + strlen("order."));
	jw_kcstr(s->w, "state", book_state_name(v->state));
	jw_ki64(s->w, "units", v->units);
	amount(s, b, "amount", v->amount);
	TRY(shape_store(s, "store", v->store, e));
	jw_kcstr(s->w, "by", by);
	jw_kstr(s->w, "text", json_str(json_get(detail, "said")));
	jw_end_object(s->w);
	return OK;
}

/* newest: known already, or NULL. */
static enum result write_trail(struct shape *s, const struct order_book *b, const struct order_event *newest,
                               struct error *e)
{
	int most = newest && newest->n < TRAIL_SHOWN ? newest->n : TRAIL_SHOWN, known = newest != NULL, count = 0;
	struct order_event *events = arena_array(s->a, (size_t)most + 1, sizeof(*events));
	struct names names = { 0 };
	if (!events)
		return error_nomem(e);
	if (newest)
		events[0] = *newest;
	if (most > known)
		TRY(order_events(s->tx, b->order, known ? newest->n : 0, most - known, s->a, events + known, &count,
		                 e));
	count += known;
	jw_key(s->w, "trail");
	jw_array(s->w);
	for (int i = 0; i < count; i++)
		TRY(write_event(s, b, &names, &events[i], e));
	jw_end_array(s->w);
	return OK;
}

/* ---- All -------------------------------------------------------------------------------------------------------- */

enum result shape_book(struct shape *s, const struct order_book *b, const struct order_event *newest, struct error *e)
{
	jw_object(s->w);
	jw_kcstr(s->w, "state", book_state_name(b->state));
	jw_ki64(s->w, "version", b->version);
	jw_kbool(s->w, "on_account", b->on_account);
	jw_kcstr(s->w, "policy", b->policy == PRICE_REPRICE_KEPT ? "reprice_kept" : "keep_share");
	jw_kbool(s->w, "tax_included", b->tax_included);
	shape_time_or_null(s, "arrived_at", b->arrived_at);
	shape_time_or_null(s, "lapses_at", b->state == BOOK_DRAFT ? b->placed_at + QUOTE_KEEP_US : 0);
	jw_key(s->w, "lines");
	jw_array(s->w);
	for (int i = 0; i < b->line_count; i++)
		TRY(write_line(s, b, &b->lines[i], e));
	jw_end_array(s->w);
	TRY(write_money(s, b, e));
	write_tenders(s, b);
	write_payments(s, b);
	TRY(write_returns(s, b, e));
	TRY(write_trail(s, b, newest, e));
	jw_key(s->w, "allowed");
	jw_array(s->w);
	for (int k = COMMAND_PLACE; k < COMMANDS; k++)
		if (book_can(b, (enum order_command_kind)k))
			jw_cstr(s->w, order_command_name((enum order_command_kind)k) + strlen("order."));
	jw_end_array(s->w);
	write_discounts(s, b);
	jw_end_object(s->w);
	return OK;
}
