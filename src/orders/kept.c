/* The book as a command leaves it, without reading it again. */
#include "orders/book.h"

static void *kept_array(struct arena *a, const void *p, int count, size_t size)
{
	void *q = arena_array(a, (size_t)count + 1, size);
	if (q && count)
		memcpy(q, p, (size_t)count * size);
	return q;
}

static bool text_keep(struct arena *a, const char **text)
{
	*text = arena_strdup(a, *text ? *text : "");
	return *text;
}

static bool arrays_keep(struct arena *a, struct order_book *b)
{
	b->lines = kept_array(a, b->lines, b->line_count, sizeof(*b->lines));
	b->parts = kept_array(a, b->parts, b->part_count, sizeof(*b->parts));
	b->payments = kept_array(a, b->payments, b->payment_count, sizeof(*b->payments));
	b->return_lines = kept_array(a, b->return_lines, b->return_count, sizeof(*b->return_lines));
	b->batches = kept_array(a, b->batches, b->batch_count, sizeof(*b->batches));
	if (!b->lines || !b->parts || !b->payments || !b->return_lines || !b->batches)
		return false;
	bool good = text_keep(a, &b->number);
	for (int i = 0; i < b->line_count && good; i++)
		good = text_keep(a, &b->lines[i].title);
	for (int i = 0; i < b->payment_count && good; i++)
		good = text_keep(a, &b->payments[i].reference);
	return good;
}

static void balance_move(struct order_book *b, int account, int64_t place, int64_t qty, int64_t at)
{
	int i = 0;
	while (i < b->balance_count && (b->balances[i].account != account || b->balances[i].place != place))
		i++;
	if (i == b->balance_count)
		b->balances[b->balance_count++] =
		        (struct ledger_balance){ .subject = b->order, .place = place, .account = account };
	b->balances[i].qty += qty;
	b->balances[i].moved_at = at;
}

/* What was loaded, and what the command posted. */
static bool balances_keep(struct arena *a, const struct work *w, struct order_book *b)
{
	const struct ledger_balance *was = b->balances;
	b->balances = arena_array(a, (size_t)b->balance_count + 2 * (size_t)w->move_count + 1, sizeof(*b->balances));
	if (!b->balances)
		return false;
	if (b->balance_count)
		memcpy(b->balances, was, (size_t)b->balance_count * sizeof(*was));
	for (int i = 0; i < w->move_count; i++) {
		const struct ledger_move *m = &w->moves[i];
		balance_move(b, m->from, m->from_place, -m->qty, w->act.at);
		balance_move(b, m->to, m->to_place, m->qty, w->act.at);
	}
	return true;
}

enum result book_keep(const struct work *w, struct order_kept *out, struct error *e)
{
	struct order_book b = w->b;
	struct order_event event = w->event;
	b.updated_at = w->act.at;
	if (!arrays_keep(out->a, &b) || !balances_keep(out->a, w, &b) || !text_keep(out->a, &event.detail))
		return error_nomem(e);
	out->book = b;
	out->event = event;
	out->there = true;
	return OK;
}
