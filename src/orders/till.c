/* The money of an order: what each step posts to its book. */
#include "orders/book.h"

/* ---- Balances --------------------------------------------------------------------------------------------------- */

static int64_t balance(const struct order_book *b, int account, int64_t place)
{
	for (int i = 0; i < b->balance_count; i++)
		if (b->balances[i].account == account && b->balances[i].place == place)
			return b->balances[i].qty;
	return 0;
}

int64_t book_receivable(const struct order_book *b)
{
	return balance(b, MONEY_RECEIVABLE, 0);
}

int64_t book_captured(const struct order_book *b, enum tender t)
{
	return balance(b, MONEY_CAPTURED, t);
}

char *till_text(const struct work *w, int64_t minor, char out[MONEY_TEXT_BYTES])
{
	money_display(out, money_of_minor(w->b.currency, minor));
	return out;
}

static int64_t refunding(const struct order_book *b)
{
	int64_t sum = 0;
	for (int t = 1; t < TENDERS; t++)
		sum += balance(b, MONEY_REFUNDING, t);
	return sum;
}

int64_t book_payable(const struct order_book *b)
{
	return -balance(b, MONEY_PAYABLE, 0) - refunding(b);
}

void till_open(struct work *w)
{
	w->receivable = book_receivable(&w->b);
	w->payable = -balance(&w->b, MONEY_PAYABLE, 0);
	w->refunding = refunding(&w->b);
	for (int t = 1; t < TENDERS; t++)
		w->captured[t] = book_captured(&w->b, (enum tender)t);
}

struct side {
	int account;
	int64_t place;
};

/* Of a negative amount: the other way. */
static enum result post(struct work *w, struct side from, struct side to, int64_t minor, int reason, int line,
                        struct error *e)
{
	if (!minor)
		return OK;
	if (minor < 0) {
		struct side swap = from;
		from = to;
		to = swap;
		minor = -minor;
	}
	if (!arena_grow(w->a, &w->moves, w->move_count, &w->move_cap, sizeof(*w->moves)))
		return error_nomem(e);
	w->moves[w->move_count++] = (struct ledger_move){ .subject = w->b.order,
		                                          .from = from.account,
		                                          .from_place = from.place,
		                                          .to = to.account,
		                                          .to_place = to.place,
		                                          .qty = minor,
		                                          .reason = reason,
		                                          .order = w->b.order,
		                                          .line = line };
	return OK;
}

#define SIDE(a) ((struct side){ (a), 0 })
#define SIDE_OF(a, t) ((struct side){ (a), (t) })

/* ---- Charging --------------------------------------------------------------------------------------------------- */

static int revenue_of(int line)
{
	return line ? MONEY_SALES : MONEY_SHIPPING;
}

enum result till_charge(struct work *w, int line, int64_t net, int64_t tax, int64_t discount, struct error *e)
{
	TRY(post(w, SIDE(revenue_of(line)), SIDE(MONEY_RECEIVABLE), net, MONEY_CHARGE, line, e));
	TRY(post(w, SIDE(MONEY_TAX), SIDE(MONEY_RECEIVABLE), tax, MONEY_CHARGE, line, e));
	TRY(post(w, SIDE(MONEY_SALES), SIDE(MONEY_DISCOUNT), discount, MONEY_CHARGE, line, e));
	w->receivable += net + tax;
	return OK;
}

/* What is not charged any more is taken off what is still to be paid, then owed to the customer. */
enum result till_reverse(struct work *w, int line, int64_t net, int64_t tax, int64_t discount, struct error *e)
{
	if (MUTANT(MUTANT_TAX_STAYS)) {
		net += tax;
		tax = 0;
	}
	int64_t whole = net + tax, off = whole < w->receivable ? whole : w->receivable;
	if (whole < 0) { /* charged back: less is owed, but for what is on its way already, or more to be paid */
		int64_t owed = w->payable - w->refunding;
		off = -whole > owed ? whole + owed : 0;
	}
	int64_t off_net = off < net ? off : net, off_tax = off - off_net;
	TRY(post(w, SIDE(MONEY_RECEIVABLE), SIDE(revenue_of(line)), off_net, MONEY_REVERSE, line, e));
	TRY(post(w, SIDE(MONEY_RECEIVABLE), SIDE(MONEY_TAX), off_tax, MONEY_REVERSE, line, e));
	TRY(post(w, SIDE(MONEY_PAYABLE), SIDE(revenue_of(line)), net - off_net, MONEY_REVERSE, line, e));
	TRY(post(w, SIDE(MONEY_PAYABLE), SIDE(MONEY_TAX), tax - off_tax, MONEY_REVERSE, line, e));
	TRY(post(w, SIDE(MONEY_DISCOUNT), SIDE(MONEY_SALES), discount, MONEY_REVERSE, line, e));
	w->receivable -= off;
	w->payable += whole - off;
	return OK;
}

enum result till_settle(struct work *w, struct error *e)
{
	int64_t owed = w->payable - w->refunding, both = owed < w->receivable ? owed : w->receivable;
	if (both <= 0)
		return OK;
	TRY(post(w, SIDE(MONEY_RECEIVABLE), SIDE(MONEY_PAYABLE), both, MONEY_SETTLE, 0, e));
	w->receivable -= both;
	w->payable -= both;
	return OK;
}

/* ---- Tenders ---------------------------------------------------------------------------------------------------- */

static enum result remember(struct work *w, const struct order_pay_in *p, int64_t minor, bool refund, struct error *e)
{
	struct book_payment *pay;
	TRY(work_payment_add(w, &pay, e));
	pay->refund = refund;
	pay->tender = p->tender;
	if (refund && MUTANT(MUTANT_REFUND_TENDER))
		pay->tender = p->tender % (TENDERS - 1) + 1;
	pay->minor = minor;
	pay->state = refund && p->pending ? PAYMENT_PENDING : PAYMENT_DONE;
	pay->as_credit = p->as_credit;
	pay->reference = arena_strndup(w->a, p->reference.p ? p->reference.p : "", p->reference.n);
	return pay->reference ? OK : error_nomem(e);
}

enum result till_take(struct work *w, const struct order_pay_in *p, struct error *e)
{
	char text[MONEY_TEXT_BYTES];
	if (p->minor > w->receivable)
		return error_set(e, ERR_CONFLICT, "order.paid", "pays", "only %s is to be paid",
		                 till_text(w, w->receivable, text));
	TRY(post(w, SIDE(MONEY_RECEIVABLE), SIDE_OF(MONEY_CAPTURED, p->tender), p->minor, MONEY_CAPTURE, 0, e));
	w->receivable -= p->minor;
	w->captured[p->tender] += p->minor;
	return remember(w, p, p->minor, false, e);
}

enum result till_refund(struct work *w, const struct order_pay_in *p, struct error *e)
{
	int64_t owed = w->payable - w->refunding;
	char text[MONEY_TEXT_BYTES];
	if (MUTANT(MUTANT_REFUND_PENDING))
		owed = w->payable;
	if (p->minor > owed)
		return error_set(e, ERR_CONFLICT, "order.refund", "pays", "only %s is owed", till_text(w, owed, text));
	if (p->minor > w->captured[p->tender])
		return error_set(e, ERR_CONFLICT, "order.refund", "pays.tender", "only %s by %s is left",
		                 till_text(w, w->captured[p->tender], text), tender_name(p->tender));
	struct side from = SIDE_OF(MONEY_CAPTURED, p->tender);
	w->captured[p->tender] -= p->minor;
	w->refunded += p->minor;
	if (p->pending && !p->as_credit) {
		TRY(post(w, from, SIDE_OF(MONEY_REFUNDING, p->tender), p->minor, MONEY_REFUND, 0, e));
		w->refunding += p->minor;
		return remember(w, p, p->minor, true, e);
	}
	TRY(post(w, from, SIDE(MONEY_PAYABLE), p->minor, MONEY_REFUND, 0, e));
	if (p->as_credit) /* the money stays, a credit is given for it */
		TRY(post(w, SIDE(MONEY_CREDIT), SIDE_OF(MONEY_RETAINED, p->tender), p->minor, MONEY_REFUND, 0, e));
	w->payable -= p->minor;
	struct order_pay_in done = *p;
	done.pending = false;
	return remember(w, &done, p->minor, true, e);
}

/* Back to where it came from; cash last. */
enum result till_refund_rest(struct work *w, struct error *e)
{
	static const enum tender order[] = { TENDER_CARD,      TENDER_WALLET,       TENDER_TRANSFER,
		                             TENDER_GIFT_CARD, TENDER_STORE_CREDIT, TENDER_CASH };
	enum { COUNT = sizeof(order) / sizeof(*order) };
	struct money left[COUNT], parts[COUNT], missing;
	int16_t currency = w->b.currency;
	for (int i = 0; i < COUNT; i++)
		left[i] = money_of_minor(currency, w->captured[order[i]]);
	TRY(price_tenders(money_of_minor(currency, w->payable - w->refunding), left, COUNT, -1, parts, &missing, e));
	if (!money_is_zero(missing))
		return error_set(e, ERR_CONFLICT, "order.refund", NULL, "less was taken than is owed");
	for (int i = 0; i < COUNT; i++) {
		struct order_pay_in p = { .tender = order[i], .minor = money_minor(parts[i]) };
		if (p.minor)
			TRY(till_refund(w, &p, e));
	}
	return OK;
}

enum result till_refund_end(struct work *w, int payment, bool went_out, struct error *e)
{
	if (payment < 1 || payment > w->b.payment_count)
		return error_set(e, ERR_NOT_FOUND, "order.payment", "payment", "no such payment");
	struct book_payment *p = &w->b.payments[payment - 1];
	if (!p->refund || p->state != PAYMENT_PENDING)
		return error_set(e, ERR_CONFLICT, "order.payment", "payment", "it is no pending refund");
	struct side from = SIDE_OF(MONEY_REFUNDING, p->tender);
	p->state = went_out ? PAYMENT_DONE : PAYMENT_FAILED;
	w->payment = payment;
	w->refunding -= p->minor;
	w->amount = p->minor;
	if (!went_out) {
		w->captured[p->tender] += p->minor;
		return post(w, from, SIDE_OF(MONEY_CAPTURED, p->tender), p->minor, MONEY_REFUND, 0, e);
	}
	w->payable -= p->minor;
	return post(w, from, SIDE(MONEY_PAYABLE), p->minor, MONEY_REFUND, 0, e);
}

/* Given back beyond what was taken or is due: a report says so. */
enum result till_unmatched(struct work *w, enum tender t, int64_t minor, struct error *e)
{
	return post(w, SIDE_OF(MONEY_RETAINED, t), SIDE(MONEY_UNMATCHED), minor, MONEY_REFUND, 0, e);
}
