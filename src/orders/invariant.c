#include "orders/invariant.h"

struct findings {
	invariant_fn *broken;
	void *arg;
};

static void expect(const struct findings *f, bool good, int number, int line, const char *what)
{
	if (!good)
		f->broken(f->arg, number, line, what);
}

/* ---- Quantities ------------------------------------------------------------------------------------------------- */

static void quantities(const struct order_book *b, const struct book_line *l, const struct findings *f)
{
	int64_t open = 0, picked = 0, handed = 0;
	bool none_below = l->waiting >= 0 && l->open >= 0 && l->picked >= 0 && l->handed >= 0 && l->cancelled >= 0;
	for (int i = 0; i < b->part_count; i++) {
		const struct book_part *p = &b->parts[i];
		if (p->line != l->line)
			continue;
		none_below &= p->open >= 0 && p->picked >= 0 && p->ready >= 0 && p->handed >= 0 && p->shipped >= 0;
		open += p->open;
		picked += p->picked + p->ready;
		handed += p->handed + p->shipped;
		expect(f, p->sku == l->sku, 9, l->line, "a location gives out another product");
	}
	int64_t all = l->waiting + l->open + l->picked + l->handed + l->cancelled, back = 0;
	expect(f, none_below && all == l->price.qty, 3, l->line,
	       "open, picked, handed and cancelled are what was ordered");
	expect(f, l->returned >= 0 && l->returned <= l->handed, 3, l->line, "no more comes back than was handed over");
	expect(f, open == l->open && picked == l->picked && handed == l->handed, 3, l->line,
	       "what the locations have is what the line has");
	for (int i = 0; i < b->return_count; i++)
		if (b->return_lines[i].line == l->line)
			back += b->return_lines[i].qty;
	expect(f, back == l->returned, 3, l->line, "returns are what the line counts as returned");
}

/* ---- Units ------------------------------------------------------------------------------------------------------ */

static int64_t net_at(const struct line_units *u, int account, int64_t place)
{
	int64_t sum = 0;
	for (int i = 0; i < u->count; i++)
		if (u->nets[i].account == account && (!place || u->nets[i].place == place))
			sum += u->nets[i].qty;
	return sum;
}

/* What a state at a place must come to, by the order's own count. */
static int64_t counted(const struct order_book *b, const struct book_line *l, int account, int64_t place)
{
	int64_t sum = 0;
	for (int i = 0; i < b->part_count; i++) {
		const struct book_part *p = &b->parts[i];
		if (p->line == l->line && p->location == place)
			sum += account == UNIT_COMMITTED ? p->open : account == UNIT_PICKED ? p->picked + p->ready : 0;
	}
	for (int i = 0; i < b->return_count; i++) {
		const struct book_return *t = &b->return_lines[i];
		if (t->line == l->line && t->location == place && account == UNIT_QUALITY)
			sum += t->uninspected;
	}
	return sum;
}

static void units(const struct order_book *b, const struct book_line *l, const struct line_units *u,
                  const struct findings *f)
{
	static const int kept[] = { UNIT_COMMITTED, UNIT_PICKED, UNIT_QUALITY };
	bool good = net_at(u, UNIT_CUSTOMER, 0) == l->handed - l->returned;
	for (size_t k = 0; k < sizeof(kept) / sizeof(*kept); k++) {
		int64_t all = 0;
		for (int i = 0; i < b->part_count; i++)
			if (b->parts[i].line == l->line)
				good &= net_at(u, kept[k], b->parts[i].location) ==
				        counted(b, l, kept[k], b->parts[i].location);
		for (int i = 0; i < u->count; i++) {
			if (u->nets[i].account != kept[k])
				continue;
			all += u->nets[i].qty;
			good &= net_at(u, kept[k], u->nets[i].place) == counted(b, l, kept[k], u->nets[i].place);
		}
		int64_t want = kept[k] == UNIT_COMMITTED ? l->open : kept[k] == UNIT_PICKED ? l->picked : 0;
		good &= kept[k] == UNIT_QUALITY || all == want;
	}
	expect(f, good, 9, l->line, "the moves of its units come to where the line has them");
	int64_t waiting = 0;
	for (int i = 0; i < b->return_count; i++)
		if (b->return_lines[i].line == l->line)
			waiting += b->return_lines[i].uninspected;
	expect(f, net_at(u, UNIT_QUALITY, 0) == waiting, 9, l->line, "what is to be inspected is in quality");
	expect(f, l->coming <= l->waiting && l->coming <= net_at(u, UNIT_TRANSIT, 0), 9, l->line,
	       "what is coming is on its way");
}

/* ---- Money ------------------------------------------------------------------------------------------------------ */

/* floor(m · k / n) */
static int64_t part_of(int64_t m, int64_t k, int64_t n)
{
	return n ? (int64_t)((__int128)m * k / n) : 0;
}

static void line_money(const struct book_line *l, const struct findings *f)
{
	int64_t gone = l->cancelled + l->returned, qty = l->price.qty;
	int64_t net = l->cancelled_net + l->returned_net, tax = l->cancelled_tax + l->returned_tax;
	int64_t rate = decimal_micro(l->price.tax_rate), whole = 100 * INT64_C(1000000) + rate;
	int64_t sold = money_minor(l->price.net) + money_minor(l->price.tax), cost = part_of(sold, gone, qty);
	int64_t cost_tax = part_of(cost, money_minor(l->price.tax), sold);
	int64_t claw_tax = (int64_t)(((__int128)l->claw * rate * 2 + whole) / (2 * (__int128)whole));
	if (gone == qty)
		expect(f, net == money_minor(l->price.net) && tax == money_minor(l->price.tax) && !l->claw, 5, l->line,
		       "a line of which everything came back is refunded to the cent");
	expect(f, net + tax == cost - l->claw && tax == cost_tax - claw_tax, 5, l->line,
	       "what came back is worth its slices of the line");
}

static int64_t balance(const struct order_book *b, int account, int64_t place)
{
	int64_t sum = 0;
	for (int i = 0; i < b->balance_count; i++)
		if (b->balances[i].account == account && (place < 0 || b->balances[i].place == place))
			sum += b->balances[i].qty;
	return sum;
}

static void tenders(const struct order_book *b, const struct findings *f)
{
	int64_t all = 0, credit = 0;
	for (int t = 1; t < TENDERS; t++) {
		int64_t taken = 0, back = 0, pending = 0;
		for (int i = 0; i < b->payment_count; i++) {
			const struct book_payment *p = &b->payments[i];
			if ((int)p->tender != t || p->state == PAYMENT_FAILED)
				continue;
			*(p->refund ? &back : &taken) += p->minor;
			pending += p->refund && p->state == PAYMENT_PENDING ? p->minor : 0;
			credit += p->refund && p->as_credit ? p->minor : 0;
		}
		all += taken - back;
		expect(f, back <= taken, 4, 0, "no tender gives back more than it took");
		expect(f, balance(b, MONEY_CAPTURED, t) == taken - back && balance(b, MONEY_REFUNDING, t) == pending, 6,
		       0, "payments are what the book of money has");
	}
	expect(f, all >= 0, 4, 0, "an order gives back no more than it took");
	expect(f, balance(b, MONEY_CREDIT, -1) == -credit, 6, 0, "credits given are what the book of money has");
}

static void order_money(const struct order_book *b, const struct findings *f)
{
	int64_t net = b->shipping, tax = b->shipping_tax;
	bool charged = b->state != BOOK_DRAFT;
	for (int i = 0; i < b->line_count; i++) {
		const struct book_line *l = &b->lines[i];
		net += money_minor(l->price.net) - l->cancelled_net - l->returned_net;
		tax += money_minor(l->price.tax) - l->cancelled_tax - l->returned_tax;
	}
	int64_t sold = -balance(b, MONEY_SALES, 0) - balance(b, MONEY_DISCOUNT, 0) - balance(b, MONEY_SHIPPING, 0);
	bool cancelled_draft = !b->balance_count && !b->payment_count;
	if (cancelled_draft && (b->state == BOOK_CANCELLED || b->state == BOOK_CLOSED))
		charged = false;
	expect(f, charged ? sold == net : !sold, 8, 0, "what the lines cost is what was charged");
	expect(f, -balance(b, MONEY_TAX, 0) == (charged ? tax : 0), 8, 0, "the lines' tax is what was charged");
	expect(f, balance(b, MONEY_SHIPPING, 0) == (charged ? -b->shipping : 0), 8, 0, "shipping is what was charged");
	int64_t owed = -balance(b, MONEY_PAYABLE, 0);
	expect(f, owed >= balance(b, MONEY_REFUNDING, -1), 4, 0, "no more is given back than is owed");
	expect(f, charged || !b->payment_count, 8, 0, "nothing is paid for a quote");
}

/* ---- All -------------------------------------------------------------------------------------------------------- */

static enum book_state state_by_units(const struct order_book *b)
{
	int64_t open = 0, handed = 0;
	for (int i = 0; i < b->line_count; i++) {
		open += b->lines[i].waiting + b->lines[i].open + b->lines[i].picked;
		handed += b->lines[i].handed;
	}
	return handed ? (open ? BOOK_PARTLY : BOOK_FULFILLED) : open ? BOOK_PLACED : BOOK_CANCELLED;
}

void order_invariants(const struct order_book *b, const struct line_units *u, invariant_fn *broken, void *arg)
{
	struct findings f = { broken, arg };
	enum book_state by_units = state_by_units(b);
	for (int i = 0; i < b->line_count; i++) {
		expect(&f, b->lines[i].line == i + 1, 3, b->lines[i].line, "lines are numbered without a gap");
		quantities(b, &b->lines[i], &f);
		units(b, &b->lines[i], &u[i], &f);
		line_money(&b->lines[i], &f);
	}
	int64_t waiting = 0;
	for (int i = 0; i < b->line_count && b->state != BOOK_DRAFT; i++)
		waiting += b->lines[i].waiting - b->lines[i].coming;
	expect(&f, b->unplaced == waiting, 3, 0, "units without a location are what the lines have waiting");
	tenders(b, &f);
	order_money(b, &f);
	expect(&f,
	       b->state == by_units || (b->state == BOOK_DRAFT && by_units == BOOK_PLACED) ||
	               (b->state == BOOK_CLOSED && by_units != BOOK_PLACED && by_units != BOOK_PARTLY),
	       3, 0, "the order's state is what its units say");
}
