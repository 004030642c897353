/* A commanded order's items and what they cost; what comes back of them. */
#include "orders/book.h"

enum result order_price(const struct order_command *c, struct arena *a, struct price *out, struct error *e)
{
	struct price_line_in *lines = arena_array(a, (size_t)c->item_count + 1, sizeof(*lines));
	if (!lines)
		return error_nomem(e);
	for (int i = 0; i < c->item_count; i++)
		lines[i] = c->items[i].price;
	struct price_in in = { .currency = c->currency,
		               .tax_included = c->tax_included,
		               .lines = lines,
		               .line_count = c->item_count,
		               .discount_count = c->discount_count,
		               .shipping = c->shipping,
		               .shipping_tax_rate = c->shipping_tax_rate };
	for (int i = 0; i < c->discount_count && i < PRICE_DISCOUNTS_MAX; i++)
		in.discounts[i] = c->discounts[i];
	return price_basket(&in, a, out, e);
}

static int64_t line_discount(const struct price_line *l)
{
	int64_t sum = money_minor(l->own);
	for (int i = 0; i < PRICE_DISCOUNTS_MAX; i++)
		sum += money_minor(l->share[i]);
	return sum;
}

static enum result charge_line(struct work *w, const struct book_line *l, struct error *e)
{
	int64_t net = money_minor(l->price.net), tax = money_minor(l->price.tax);
	w->amount += net + tax;
	return till_charge(w, l->line, net, tax, line_discount(&l->price), e);
}

static void fill_line(struct work *w, struct book_line *l, const struct order_item_in *item,
                      const struct price_line *price, int batch)
{
	l->batch = batch;
	l->sku = item->sku;
	l->unit_micro = decimal_micro(item->price.unit_price);
	l->list_micro = item->has_list_price ? decimal_micro(item->list_price) : -1;
	l->undiscounted = item->price.never_discounted;
	l->own = item->price.own;
	l->price = *price;
	(void)w;
}

static enum result fill_title(struct work *w, struct book_line *l, const struct order_item_in *item, struct error *e)
{
	struct sku s;
	bool found;
	l->title = arena_strndup(w->a, item->title.p ? item->title.p : "", item->title.n);
	if (!l->title)
		return error_nomem(e);
	TRY(sku_get(w->tx, item->sku, &s, &found, e));
	return found ? OK : error_set(e, ERR_NOT_FOUND, "line.sku", "items.sku", "no such SKU");
}

static enum result fill_batch(struct work *w, int batch, const struct price *p, struct error *e)
{
	const struct order_command *c = w->c;
	struct book_batch *k = NULL;
	for (int i = 0; i < w->b.batch_count; i++)
		if (w->b.batches[i].batch == batch)
			k = &w->b.batches[i];
	if (!k && !c->discount_count)
		return OK;
	if (!k)
		TRY(work_batch_add(w, &k, e));
	memset(k, 0, sizeof(*k));
	k->batch = batch;
	k->discount_count = c->discount_count;
	for (int i = 0; i < c->discount_count; i++) {
		k->discounts[i] = c->discounts[i];
		k->given[i] = p->given[i];
	}
	return OK;
}

static enum result add_item(struct work *w, int i, const struct price_line *price, int batch, struct error *e)
{
	struct book_line *l;
	TRY(work_line_add(w, &l, e));
	fill_line(w, l, &w->c->items[i], price, batch);
	l->waiting = price->qty;
	return fill_title(w, l, &w->c->items[i], e);
}

enum result basket_add(struct work *w, struct error *e)
{
	struct price p;
	int batch = w->b.line_count ? w->b.lines[w->b.line_count - 1].batch + 1 : 1;
	TRY(order_price(w->c, w->a, &p, e));
	w->first_item = w->b.line_count;
	TRY(fill_batch(w, batch, &p, e));
	for (int i = 0; i < w->c->item_count; i++)
		TRY(add_item(w, i, &p.lines[i], batch, e));
	w->b.shipping += money_minor(p.shipping);
	w->b.shipping_tax += money_minor(p.shipping_tax);
	if (w->c->kind == COMMAND_QUOTE) {
		w->amount = money_minor(p.total);
		return OK;
	}
	for (int i = 0; i < w->c->item_count; i++)
		if (!MUTANT(MUTANT_EXCHANGE_FREE) || w->c->kind != COMMAND_EXCHANGE)
			TRY(charge_line(w, &w->b.lines[w->first_item + i], e));
	w->amount += money_minor(p.shipping) + money_minor(p.shipping_tax);
	return till_charge(w, 0, money_minor(p.shipping), money_minor(p.shipping_tax), 0, e);
}

enum result basket_charge(struct work *w, struct error *e)
{
	for (int i = 0; i < w->b.line_count; i++)
		if (!w->b.lines[i].cancelled)
			TRY(charge_line(w, &w->b.lines[i], e));
	w->amount += w->b.shipping + w->b.shipping_tax;
	return till_charge(w, 0, w->b.shipping, w->b.shipping_tax, 0, e);
}

/* ---- Change ----------------------------------------------------------------------------------------------------- */

/* Units beyond the line's new quantity are given back: waiting ones first, then from the last location. */
static enum result shrink(struct work *w, struct book_line *l, int64_t by, struct error *e)
{
	int64_t n = by < l->waiting ? by : l->waiting;
	l->waiting -= n;
	by -= n;
	coming_clamp(l);
	for (int i = w->b.part_count - 1; i >= 0 && by; i--) {
		struct book_part *p = &w->b.parts[i];
		if (p->line != l->line || !p->open)
			continue;
		n = by < p->open ? by : p->open;
		p->open -= n;
		l->open -= n;
		by -= n;
		p->since = w->act.at;
		struct unit_line u = {
			.sku = l->sku, .location = p->location, .qty = n, .order = w->b.order, .line = l->line
		};
		TRY(work_step(w, STEP_UNCOMMIT, &u, e));
	}
	return by ? error_set(e, ERR_CONFLICT, "order.units", "items", "line %d: units are being picked", l->line) : OK;
}

static enum result drop_line(struct work *w, struct book_line *l, bool placed, struct error *e)
{
	int64_t qty = l->price.qty;
	TRY(shrink(w, l, qty, e));
	l->cancelled = qty;
	l->cancelled_net = money_minor(l->price.net);
	l->cancelled_tax = money_minor(l->price.tax);
	w->unit_total += qty;
	if (!placed)
		return OK;
	w->amount -= l->cancelled_net + l->cancelled_tax;
	return till_reverse(w, l->line, l->cancelled_net, l->cancelled_tax, line_discount(&l->price), e);
}

static enum result change_line(struct work *w, struct book_line *l, int i, const struct price_line *price, bool placed,
                               struct error *e)
{
	const struct price_line was = l->price;
	if (l->sku != w->c->items[i].sku)
		return error_set(e, ERR_INVALID, "line.sku", "items.sku", "another product is another line");
	int64_t more = price->qty - was.qty;
	if (more < 0)
		TRY(shrink(w, l, -more, e));
	else
		l->waiting += more;
	fill_line(w, l, &w->c->items[i], price, l->batch);
	if (!placed || MUTANT(MUTANT_CHANGE_OLD_PRICE))
		return OK;
	int64_t net = money_minor(price->net) - money_minor(was.net),
	        tax = money_minor(price->tax) - money_minor(was.tax);
	int64_t discount = line_discount(price) - line_discount(&was);
	w->amount += net + tax;
	return net + tax < 0 ? till_reverse(w, l->line, -net, -tax, -discount, e)
	                     : till_charge(w, l->line, net, tax, discount, e);
}

static enum result may_change(const struct work *w, struct error *e)
{
	for (int i = 0; i < w->b.line_count; i++) {
		const struct book_line *l = &w->b.lines[i];
		if (l->picked || l->handed || (l->cancelled && l->cancelled != l->price.qty))
			return error_set(e, ERR_CONFLICT, "order.units", NULL, "line %d is being dealt with already",
			                 l->line);
	}
	return OK;
}

static enum result change_shipping(struct work *w, const struct price *p, bool placed, struct error *e)
{
	int64_t net = money_minor(p->shipping) - w->b.shipping, tax = money_minor(p->shipping_tax) - w->b.shipping_tax;
	w->b.shipping += net;
	w->b.shipping_tax += tax;
	if (!placed)
		return OK;
	w->amount += net + tax;
	return net + tax < 0 ? till_reverse(w, 0, -net, -tax, 0, e) : till_charge(w, 0, net, tax, 0, e);
}

/* A changed basket is priced anew: what was charged back before, as a cancelled line no longer earned a promotion,
 * goes. */
static enum result drop_claw(struct work *w, struct book_line *l, bool placed, struct error *e)
{
	struct money tax;
	if (!l->claw)
		return OK;
	TRY(price_claw_tax(&l->price, money_of_minor(w->b.currency, l->claw), &tax, e));
	int64_t off_tax = money_minor(tax), off_net = l->claw - off_tax;
	l->cancelled_net += off_net;
	l->cancelled_tax += off_tax;
	l->claw = 0;
	w->amount -= off_net + off_tax;
	return placed ? till_reverse(w, l->line, off_net, off_tax, 0, e) : OK;
}

enum result basket_change(struct work *w, struct error *e)
{
	struct price p;
	bool placed = w->b.state != BOOK_DRAFT;
	int standing = w->b.line_count;
	bool *kept = arena_array(w->a, (size_t)standing + 1, sizeof(*kept));
	if (!kept)
		return error_nomem(e);
	TRY(may_change(w, e));
	TRY(order_price(w->c, w->a, &p, e));
	w->first_item = standing;
	for (int i = 0; i < standing; i++)
		TRY(drop_claw(w, &w->b.lines[i], placed, e));
	for (int i = 0; i < w->c->item_count; i++) {
		int line = w->c->items[i].line;
		if (!line)
			continue;
		if (line < 0 || line > standing || kept[line - 1] || w->b.lines[line - 1].cancelled)
			return error_set(e, ERR_INVALID, "line.line", "items.line", "no such line, or twice the same");
		kept[line - 1] = true;
	}
	for (int i = 0; i < standing; i++)
		if (!kept[i] && !w->b.lines[i].cancelled)
			TRY(drop_line(w, &w->b.lines[i], placed, e));
	TRY(fill_batch(w, 1, &p, e));
	for (int i = 0; i < w->c->item_count; i++) {
		int line = w->c->items[i].line;
		if (line) {
			TRY(change_line(w, &w->b.lines[line - 1], i, &p.lines[i], placed, e));
			continue;
		}
		TRY(add_item(w, i, &p.lines[i], 1, e));
		if (placed)
			TRY(charge_line(w, &w->b.lines[w->b.line_count - 1], e));
	}
	return w->c->keep_shipping ? OK : change_shipping(w, &p, placed, e);
}

/* ---- What comes back -------------------------------------------------------------------------------------------- */

/* The frozen price of one batch; index: which lines of the order they are. */
static enum result batch_price(struct work *w, int batch, struct price *p, int *index, struct error *e)
{
	*p = (struct price){ .lines = arena_array(w->a, (size_t)w->b.line_count, sizeof(*p->lines)),
		             .total = money_of_minor(w->b.currency, 0) };
	if (!p->lines)
		return error_nomem(e);
	for (int i = 0; i < w->b.line_count; i++) {
		if (w->b.lines[i].batch != batch)
			continue;
		index[p->line_count] = i;
		p->lines[p->line_count++] = w->b.lines[i].price;
	}
	return OK;
}

static enum result back_line(struct work *w, struct book_line *l, const struct price_back *k, bool cancelled,
                             struct error *e)
{
	int64_t net = money_minor(k->net), tax = money_minor(k->tax);
	if (MUTANT(MUTANT_SLICE_ROUNDS))
		net = (money_minor(l->price.net) * k->back * 2 + l->price.qty) / (2 * l->price.qty);
	*(cancelled ? &l->cancelled_net : &l->returned_net) += net;
	*(cancelled ? &l->cancelled_tax : &l->returned_tax) += tax;
	l->claw = money_minor(k->claw);
	w->amount += net + tax;
	return till_reverse(w, l->line, net, tax, money_minor(k->discount), e);
}

static enum result batch_back(struct work *w, int batch, bool cancelled, struct error *e)
{
	struct price p;
	struct money total;
	const struct book_batch *k = NULL;
	int *index = arena_array(w->a, (size_t)w->b.line_count, sizeof(*index));
	struct price_back *backs = arena_array(w->a, (size_t)w->b.line_count, sizeof(*backs));
	if (!index || !backs)
		return error_nomem(e);
	TRY(batch_price(w, batch, &p, index, e));
	for (int i = 0; i < w->b.batch_count; i++)
		if (w->b.batches[i].batch == batch)
			k = &w->b.batches[i];
	for (int i = 0; i < p.line_count; i++) {
		const struct book_line *l = &w->b.lines[index[i]];
		backs[i].back = w->back[index[i]];
		backs[i].gone = l->cancelled + l->returned - backs[i].back;
		backs[i].claw = money_of_minor(w->b.currency, l->claw);
	}
	for (int i = 0; k && i < k->discount_count; i++)
		p.given[i] = k->given[i];
	TRY(price_return(&p, k ? k->discounts : NULL, k ? k->discount_count : 0, w->b.policy, backs, &total, e));
	/* what gives money first: what is charged back then comes off that */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < p.line_count; i++)
			if ((money_minor(backs[i].net) + money_minor(backs[i].tax) < 0) == (pass == 1))
				TRY(back_line(w, &w->b.lines[index[i]], &backs[i], cancelled, e));
	return OK;
}

/* The units are counted as cancelled or returned already. */
enum result basket_back(struct work *w, bool cancelled, struct error *e)
{
	for (int i = 0; i < w->b.line_count; i++) {
		int batch = w->b.lines[i].batch;
		bool first = true, any = false;
		for (int j = 0; j < i; j++)
			first &= w->b.lines[j].batch != batch;
		for (int j = i; j < w->b.line_count; j++)
			any |= w->b.lines[j].batch == batch && w->back[j];
		if (first && any)
			TRY(batch_back(w, batch, cancelled, e));
	}
	return OK;
}
