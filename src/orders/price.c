#include "orders/price.h"

#define PERCENT_MICRO (100 * INT64_C(1000000))

/* ---- Checking --------------------------------------------------------------------------------------------------- */

static enum result amount_valid(struct money m, int16_t currency, const char *field, struct error *e)
{
	struct money sum;
	if (money_sign(m) < 0)
		return error_set(e, ERR_INVALID, "order.amount", field, "an amount of an order is not negative");
	return money_is_zero(m) ? OK : money_add(m, money_of_minor(currency, 0), &sum, e);
}

static enum result discount_valid(const struct price_discount *d, int16_t currency, const char *field, struct error *e)
{
	int64_t rate = decimal_micro(d->rate);
	if (rate < 0 || rate > PERCENT_MICRO)
		return error_set(e, ERR_INVALID, "discount.rate", field, "0 to 100 percent");
	if (rate && !money_is_zero(d->amount))
		return error_set(e, ERR_INVALID, "discount.kind", field, "a percentage or an amount");
	TRY(amount_valid(d->amount, currency, field, e));
	return amount_valid(d->threshold, currency, field, e);
}

static enum result basket_valid(const struct price_in *in, struct error *e)
{
	if (in->line_count <= 0 || !in->lines)
		return error_set(e, ERR_INVALID, "order.lines", "lines", "an order has lines");
	if (!in->currency)
		return error_set(e, ERR_INVALID, "order.currency", "currency", "an order has a currency");
	if (in->discount_count < 0 || in->discount_count > PRICE_DISCOUNTS_MAX)
		return error_set(e, ERR_INVALID, "discount.count", "discounts", "at most %d", PRICE_DISCOUNTS_MAX);
	for (int i = 0; i < in->line_count; i++) {
		const struct price_line_in *l = &in->lines[i];
		if (l->qty <= 0)
			return error_set(e, ERR_INVALID, "line.quantity", "lines.qty", "a quantity is at least 1");
		if (decimal_micro(l->unit_price) < 0)
			return error_set(e, ERR_INVALID, "line.price", "lines.unit_price", "a price is not negative");
		if (decimal_micro(l->tax_rate) < 0)
			return error_set(e, ERR_INVALID, "line.tax", "lines.tax_rate", "a tax rate is not negative");
		TRY(discount_valid(&l->own, in->currency, "lines.discount", e));
	}
	for (int i = 0; i < in->discount_count; i++)
		TRY(discount_valid(&in->discounts[i], in->currency, "discounts", e));
	if (decimal_micro(in->shipping_tax_rate) < 0)
		return error_set(e, ERR_INVALID, "order.tax", "shipping_tax_rate", "a tax rate is not negative");
	return amount_valid(in->shipping, in->currency, "shipping", e);
}

/* ---- Arithmetic ------------------------------------------------------------------------------------------------- */

static enum result add(struct money *sum, struct money m, struct error *e)
{
	return money_add(*sum, m, sum, e);
}

static enum result sub(struct money *sum, struct money m, struct error *e)
{
	return money_sub(*sum, m, sum, e);
}

static enum result discount_of(const struct price_discount *d, struct money base, struct money *out, struct error *e)
{
	struct money m = money_is_zero(d->amount) ? money_of_minor(money_currency(base), 0) : d->amount;
	if (decimal_micro(d->rate))
		TRY(money_scale(base, decimal_micro(d->rate), PERCENT_MICRO, ROUND_HALF_UP, &m, e));
	*out = money_cmp(m, base) > 0 ? base : m;
	return OK;
}

/* Of a price (included) or on top of it. */
static enum result tax_of(struct money base, struct decimal rate, bool included, struct money *tax, struct error *e)
{
	int64_t r = decimal_micro(rate);
	return money_scale(base, r, included ? PERCENT_MICRO + r : PERCENT_MICRO, ROUND_HALF_UP, tax, e);
}

static enum result taxed(struct money base, struct decimal rate, bool included, struct money *net, struct money *tax,
                         struct error *e)
{
	TRY(tax_of(base, rate, included, tax, e));
	*net = base;
	return included ? sub(net, *tax, e) : OK;
}

/* ---- A basket --------------------------------------------------------------------------------------------------- */

/* rest: what the lines cost before this discount, and after it; it never makes one cheaper than nothing. */
static enum result share_out(const struct price_in *in, int n, const struct money *goods, struct money *rest,
                             struct money *parts, int64_t *weights, struct price *out, struct error *e)
{
	const struct price_discount *d = &in->discounts[n];
	struct money base = money_of_minor(in->currency, 0), amount;
	out->given[n] = money_is_zero(d->threshold) || money_cmp(*goods, d->threshold) >= 0;
	for (int i = 0; i < in->line_count; i++) {
		weights[i] = in->lines[i].never_discounted ? 0 : money_minor(rest[i]);
		if (weights[i])
			TRY(add(&base, rest[i], e));
		out->lines[i].share[n] = money_of_minor(in->currency, 0);
	}
	TRY(discount_of(d, base, &amount, e));
	if (!out->given[n] || money_is_zero(amount))
		return OK;
	TRY(money_allocate(amount, weights, (size_t)in->line_count, parts, e));
	for (int i = 0; i < in->line_count; i++) {
		out->lines[i].share[n] = parts[i];
		TRY(sub(&rest[i], parts[i], e));
	}
	return OK;
}

static enum result totals(const struct price_in *in, struct price *out, struct error *e)
{
	struct money zero = money_of_minor(in->currency, 0), shipping = zero, discount;
	out->discount = out->net = out->tax = zero;
	for (int i = 0; i < in->line_count; i++) {
		TRY(price_line_discount(&out->lines[i], &discount, e));
		TRY(add(&out->discount, discount, e));
		TRY(add(&out->net, out->lines[i].net, e));
		TRY(add(&out->tax, out->lines[i].tax, e));
	}
	TRY(add(&shipping, in->shipping, e));
	TRY(taxed(shipping, in->shipping_tax_rate, in->tax_included, &out->shipping, &out->shipping_tax, e));
	TRY(money_add(out->net, out->tax, &out->total, e));
	TRY(add(&out->total, out->shipping, e));
	return add(&out->total, out->shipping_tax, e);
}

enum result price_basket(const struct price_in *in, struct arena *a, struct price *out, struct error *e)
{
	TRY(basket_valid(in, e));
	size_t count = (size_t)in->line_count;
	struct price p = { .line_count = in->line_count, .lines = arena_array(a, count, sizeof(*p.lines)) };
	struct money *rest = arena_array(a, count, sizeof(*rest)), *parts = arena_array(a, count, sizeof(*parts));
	int64_t *weights = arena_array(a, count, sizeof(*weights));
	struct money zero = money_of_minor(in->currency, 0), goods = zero;
	if (!p.lines || !rest || !parts || !weights)
		return error_nomem(e);
	for (int i = 0; i < in->line_count; i++) {
		const struct price_line_in *l = &in->lines[i];
		struct price_line *o = &p.lines[i];
		*o = (struct price_line){ .qty = l->qty, .tax_rate = l->tax_rate, .tax_included = in->tax_included };
		TRY(money_times(l->unit_price, l->qty, in->currency, ROUND_HALF_UP, &o->gross, e));
		TRY(discount_of(&l->own, o->gross, &o->own, e));
		TRY(money_sub(o->gross, o->own, &rest[i], e));
		TRY(add(&goods, rest[i], e));
		for (int n = in->discount_count; n < PRICE_DISCOUNTS_MAX; n++)
			o->share[n] = zero;
	}
	for (int n = 0; n < in->discount_count; n++)
		TRY(share_out(in, n, &goods, rest, parts, weights, &p, e));
	for (int i = 0; i < in->line_count; i++) {
		struct price_line *o = &p.lines[i];
		TRY(taxed(rest[i], o->tax_rate, o->tax_included, &o->net, &o->tax, e));
	}
	TRY(totals(in, &p, e));
	*out = p;
	return OK;
}

enum result price_line_discount(const struct price_line *l, struct money *out, struct error *e)
{
	struct money sum = l->own;
	for (int n = 0; n < PRICE_DISCOUNTS_MAX; n++)
		TRY(add(&sum, l->share[n], e));
	*out = sum;
	return OK;
}

/* ---- Slices ----------------------------------------------------------------------------------------------------- */

static enum result slice_of(struct money m, int64_t gone, int64_t n, int64_t qty, struct money *out, struct error *e)
{
	struct money before, after;
	TRY(money_scale(m, gone, qty, ROUND_DOWN, &before, e));
	TRY(money_scale(m, gone + n, qty, ROUND_DOWN, &after, e));
	return money_sub(after, before, out, e);
}

/* Net and tax of the first k units. */
static enum result first_units(const struct price_line *l, int64_t k, struct money *net, struct money *tax,
                               struct error *e)
{
	struct money whole, cost;
	TRY(money_add(l->net, l->tax, &whole, e));
	TRY(money_scale(whole, k, l->qty, ROUND_DOWN, &cost, e));
	*tax = money_of_minor(money_currency(whole), 0);
	if (!money_is_zero(whole))
		TRY(money_scale(cost, money_minor(l->tax), money_minor(whole), ROUND_DOWN, tax, e));
	return money_sub(cost, *tax, net, e);
}

enum result price_slice(const struct price_line *l, int64_t gone, int64_t n, struct price_slice *out, struct error *e)
{
	struct money discount, net, tax;
	if (n < 0 || gone < 0 || n > l->qty - gone)
		return error_set(e, ERR_INVALID, "line.quantity", "lines.qty", "the line has only %lld units left",
		                 (long long)(l->qty - gone));
	TRY(price_line_discount(l, &discount, e));
	TRY(first_units(l, gone, &net, &tax, e));
	TRY(first_units(l, gone + n, &out->net, &out->tax, e));
	TRY(sub(&out->net, net, e));
	TRY(sub(&out->tax, tax, e));
	return slice_of(discount, gone, n, l->qty, &out->discount, e);
}

/* ---- Returns ---------------------------------------------------------------------------------------------------- */

enum result price_claw_tax(const struct price_line *l, struct money claw, struct money *tax, struct error *e)
{
	return tax_of(claw, l->tax_rate, true, tax, e);
}

/* What the line's units that stay had from promotion n, as it was charged: with tax. */
static enum result kept_share(const struct price_line *l, int n, int64_t gone, struct money *out, struct error *e)
{
	struct money share, tax;
	TRY(slice_of(l->share[n], gone, l->qty - gone, l->qty, &share, e));
	if (!l->tax_included) {
		TRY(tax_of(share, l->tax_rate, false, &tax, e));
		TRY(add(&share, tax, e));
	}
	*out = share;
	return OK;
}

/* What is kept, at its price before the order's discounts. */
static enum result kept_goods(const struct price *p, const struct price_back *backs, struct money *out, struct error *e)
{
	struct money sum = money_of_minor(money_currency(p->total), 0), goods, part;
	for (int i = 0; i < p->line_count; i++) {
		const struct price_line *l = &p->lines[i];
		int64_t gone = backs[i].gone + backs[i].back;
		TRY(money_sub(l->gross, l->own, &goods, e));
		TRY(slice_of(goods, gone, l->qty - gone, l->qty, &part, e));
		TRY(add(&sum, part, e));
	}
	*out = sum;
	return OK;
}

/* How much each line is to have been charged back once this return is in. */
static enum result claws_due(const struct price *p, const struct price_discount *d, int count,
                             const struct price_back *backs, int i, struct money goods, struct money *out,
                             struct error *e)
{
	struct money sum = money_of_minor(money_currency(p->total), 0), share;
	for (int n = 0; n < count; n++) {
		if (!p->given[n] || money_is_zero(d[n].threshold) || money_cmp(goods, d[n].threshold) >= 0)
			continue;
		TRY(kept_share(&p->lines[i], n, backs[i].gone + backs[i].back, &share, e));
		TRY(add(&sum, share, e));
	}
	*out = sum;
	return OK;
}

/* The line's part of the return from its slices, and from what is charged back or given back of that. */
static enum result back_line(const struct price_line *l, struct money claw, struct price_back *b, struct error *e)
{
	struct price_slice s;
	struct money was, is, change;
	TRY(price_slice(l, b->gone, b->back, &s, e));
	TRY(price_claw_tax(l, b->claw, &was, e));
	TRY(price_claw_tax(l, claw, &is, e));
	TRY(sub(&is, was, e));
	TRY(money_sub(claw, b->claw, &change, e));
	TRY(sub(&s.tax, is, e));
	TRY(sub(&s.net, change, e));
	TRY(add(&s.net, is, e));
	b->net = s.net;
	b->tax = s.tax;
	b->discount = s.discount;
	b->claw = claw;
	return OK;
}

/* claws: what is due; more than the return is worth is not charged back now. */
static enum result claws_cap(const struct price *p, const struct price_back *backs, struct money *claws,
                             struct error *e)
{
	struct money budget = money_of_minor(money_currency(p->total), 0), more = budget, change;
	for (int i = 0; i < p->line_count; i++) {
		struct price_slice s;
		TRY(price_slice(&p->lines[i], backs[i].gone, backs[i].back, &s, e));
		TRY(add(&budget, s.net, e));
		TRY(add(&budget, s.tax, e));
		TRY(money_sub(claws[i], backs[i].claw, &change, e));
		TRY(money_sign(change) > 0 ? add(&more, change, e) : sub(&budget, change, e));
	}
	if (money_cmp(more, budget) <= 0)
		return OK;
	struct money left = budget, whole = more;
	for (int i = 0; i < p->line_count;
	     i++) { /* in cumulative slices of what is due, so that they sum to the budget */
		TRY(money_sub(claws[i], backs[i].claw, &change, e));
		if (money_sign(change) <= 0)
			continue;
		struct money rest, part;
		TRY(sub(&more, change, e));
		TRY(money_scale(budget, money_minor(more), money_minor(whole), ROUND_DOWN, &rest, e));
		TRY(money_sub(left, rest, &part, e));
		TRY(money_add(backs[i].claw, part, &claws[i], e));
		left = rest;
	}
	return OK;
}

enum result price_return(const struct price *p, const struct price_discount *discounts, int discount_count,
                         enum price_policy policy, struct price_back *backs, struct money *total, struct error *e)
{
	struct money zero = money_of_minor(money_currency(p->total), 0), sum = zero, goods;
	ARENA_AUTO struct arena *a = arena_new(0);
	struct money *claws = a ? arena_array(a, (size_t)p->line_count, sizeof(*claws)) : NULL;
	if (!claws)
		return error_nomem(e);
	for (int i = 0; i < p->line_count; i++) {
		struct price_slice s;
		TRY(price_slice(&p->lines[i], backs[i].gone, backs[i].back, &s, e));
		TRY(money_add(zero, backs[i].claw, &claws[i], e));
	}
	if (policy == PRICE_REPRICE_KEPT) {
		TRY(kept_goods(p, backs, &goods, e));
		for (int i = 0; i < p->line_count; i++)
			TRY(claws_due(p, discounts, discount_count, backs, i, goods, &claws[i], e));
		for (int i = 0; i < p->line_count; i++)
			TRY(add(&backs[i].claw, zero, e));
		TRY(claws_cap(p, backs, claws, e));
	}
	for (int i = 0; i < p->line_count; i++) {
		TRY(add(&backs[i].claw, zero, e));
		TRY(back_line(&p->lines[i], claws[i], &backs[i], e));
		TRY(add(&sum, backs[i].net, e));
		TRY(add(&sum, backs[i].tax, e));
	}
	*total = sum;
	return OK;
}

/* ---- Tenders ---------------------------------------------------------------------------------------------------- */

enum result price_tenders(struct money amount, const struct money *left, int count, int preferred, struct money *parts,
                          struct money *missing, struct error *e)
{
	struct money rest = amount;
	for (int i = 0; i < count; i++)
		parts[i] = money_of_minor(money_currency(amount), 0);
	for (int k = preferred < 0 ? 0 : -1; k < count; k++) {
		int i = k < 0 ? preferred : k;
		if (k >= 0 && k == preferred)
			continue;
		parts[i] = money_cmp(left[i], rest) < 0 ? left[i] : rest;
		TRY(sub(&rest, parts[i], e));
	}
	*missing = rest;
	return OK;
}
