#include "orders/book.h"

/* The line that an item of this command is (a change names some that stand already) or became. */
static int item_line(const struct work *w, int item)
{
	const struct order_item_in *items = w->c->items;
	int line = w->first_item + 1;
	if (item >= w->c->item_count)
		return 0;
	for (int i = 0; i < item; i++)
		line += !items[i].line;
	return items[item].line ? items[item].line : line;
}

struct book_line *work_line(struct work *w, int line)
{
	if (line < 0)
		line = item_line(w, -1 - line);
	return line >= 1 && line <= w->b.line_count ? &w->b.lines[line - 1] : NULL;
}

enum result work_line_add(struct work *w, struct book_line **out, struct error *e)
{
	struct order_book *b = &w->b;
	if (b->line_count >= ORDER_LINES_MAX)
		return error_set(e, ERR_TOO_LARGE, "order.lines", "items", "at most %d lines", ORDER_LINES_MAX);
	if (!arena_grow(w->a, &b->lines, b->line_count, &w->line_cap, sizeof(*b->lines)))
		return error_nomem(e);
	*out = &b->lines[b->line_count++];
	**out = (struct book_line){ .line = b->line_count };
	return OK;
}

enum result work_part(struct work *w, const struct book_line *l, int64_t location, enum order_method method,
                      struct book_part **out, struct error *e)
{
	struct order_book *b = &w->b;
	for (int i = 0; i < b->part_count; i++) {
		struct book_part *p = &b->parts[i];
		if (p->line == l->line && p->location == location && p->method == method) {
			*out = p;
			return OK;
		}
	}
	if (!arena_grow(w->a, &b->parts, b->part_count, &w->part_cap, sizeof(*b->parts)))
		return error_nomem(e);
	*out = &b->parts[b->part_count++];
	**out = (struct book_part){
		.n = b->part_count, .line = l->line, .sku = l->sku, .location = location, .method = method
	};
	return OK;
}

enum result work_payment_add(struct work *w, struct book_payment **out, struct error *e)
{
	struct order_book *b = &w->b;
	if (!arena_grow(w->a, &b->payments, b->payment_count, &w->payment_cap, sizeof(*b->payments)))
		return error_nomem(e);
	*out = &b->payments[b->payment_count++];
	**out = (struct book_payment){ .n = b->payment_count, .at = w->act.at };
	w->payment = b->payment_count;
	return OK;
}

enum result work_return_add(struct work *w, struct book_return **out, struct error *e)
{
	struct order_book *b = &w->b;
	if (!w->returned)
		w->returned = ++b->returns;
	if (!arena_grow(w->a, &b->return_lines, b->return_count, &w->return_cap, sizeof(*b->return_lines)))
		return error_nomem(e);
	int seq = b->return_count && b->return_lines[b->return_count - 1].n == w->returned
	                  ? b->return_lines[b->return_count - 1].seq + 1
	                  : 1;
	*out = &b->return_lines[b->return_count++];
	**out = (struct book_return){ .n = w->returned, .seq = seq, .at = w->act.at };
	return OK;
}

enum result work_batch_add(struct work *w, struct book_batch **out, struct error *e)
{
	struct order_book *b = &w->b;
	if (b->batch_count >= BOOK_BATCH_MAX)
		return error_set(e, ERR_TOO_LARGE, "order.exchanges", NULL, "at most %d exchanges with discounts",
		                 BOOK_BATCH_MAX);
	if (!arena_grow(w->a, &b->batches, b->batch_count, &w->batch_cap, sizeof(*b->batches)))
		return error_nomem(e);
	*out = &b->batches[b->batch_count++];
	**out = (struct book_batch){ 0 };
	return OK;
}

enum result work_step(struct work *w, enum unit_step step, const struct unit_line *unit, struct error *e)
{
	if (!arena_grow(w->a, &w->units, w->unit_count, &w->unit_cap, sizeof(*w->units)) ||
	    !arena_grow(w->a, &w->steps, w->unit_count, &w->step_cap, sizeof(*w->steps)))
		return error_nomem(e);
	w->steps[w->unit_count] = step;
	w->units[w->unit_count++] = *unit;
	return OK;
}
