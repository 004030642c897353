#include "orders/book.h"

/* ---- Checking --------------------------------------------------------------------------------------------------- */

static enum result amount_check(struct money m, int16_t currency, const char *field, struct error *e)
{
	if (money_is_zero(m))
		return OK;
	if (money_sign(m) < 0)
		return error_set(e, ERR_INVALID, "order.amount", field, "an amount of an order is not negative");
	struct money sum;
	return money_add(m, money_of_minor(currency, 0), &sum, e);
}

static enum result line_check(const struct order_line_in *l, int16_t currency, struct error *e)
{
	if (l->qty <= 0)
		return error_set(e, ERR_INVALID, "line.quantity", "lines.qty", "a quantity is at least 1");
	if (decimal_micro(l->unit_price) < 0)
		return error_set(e, ERR_INVALID, "line.price", "lines.unit_price", "a price is not negative");
	if (l->has_list_price && decimal_micro(l->list_price) < 0)
		return error_set(e, ERR_INVALID, "line.price", "lines.list_price", "a price is not negative");
	if (l->line_key.n > ORDER_LINE_KEY_MAX || l->original_line_key.n > ORDER_LINE_KEY_MAX)
		return error_set(e, ERR_INVALID, "line.key", "lines.line_key", "at most %d bytes", ORDER_LINE_KEY_MAX);
	if (l->original_number.n > ORDER_NUMBER_MAX)
		return error_set(e, ERR_INVALID, "line.original", "lines.original_number", "at most %d bytes",
		                 ORDER_NUMBER_MAX);
	if (l->title.n > ORDER_TITLE_MAX)
		return error_set(e, ERR_INVALID, "line.title", "lines.title", "at most %d bytes", ORDER_TITLE_MAX);
	if (!l->sku && !l->title.n)
		return error_set(e, ERR_INVALID, "line.product", "lines.sku", "a line names a product or has a title");
	TRY(amount_check(l->discount, currency, "lines.discount", e));
	return amount_check(l->tax, currency, "lines.tax", e);
}

static enum result report_check(const struct order_in *in, struct error *e)
{
	if (in->kind != ORDER_SALE && in->kind != ORDER_RETURN)
		return error_set(e, ERR_INVALID, "order.kind", "kind", "a sale or a return");
	if (!in->number.n || in->number.n > ORDER_NUMBER_MAX)
		return error_set(e, ERR_INVALID, "order.number", "number", "1 to %d bytes", ORDER_NUMBER_MAX);
	if (!in->source.n)
		return error_set(e, ERR_INVALID, "order.source", "source", "an order has a source");
	if (in->channel <= 0 || in->channel >= CHANNELS)
		return error_set(e, ERR_INVALID, "order.channel", "channel", "no such channel");
	if (in->line_count > ORDER_LINES_MAX)
		return error_set(e, ERR_TOO_LARGE, "order.lines", "lines", "at most %d lines", ORDER_LINES_MAX);
	if (in->line_count && !in->currency)
		return error_set(e, ERR_INVALID, "order.currency", "currency", "an order with lines has a currency");
	TRY(amount_check(in->discount, in->currency, "discount", e));
	TRY(amount_check(in->tax, in->currency, "tax", e));
	TRY(amount_check(in->shipping, in->currency, "shipping", e));
	if (in->has_total)
		TRY(amount_check(in->total, in->currency, "total", e));
	for (int i = 0; i < in->line_count; i++)
		TRY(line_check(&in->lines[i], in->currency, e));
	return OK;
}

enum result order_check(const struct order_in *in, struct error *e)
{
	if (str_is(in->source, ORDER_SOURCE)) /* such orders are commanded, not reported */
		return error_set(e, ERR_INVALID, "order.source", "source", "no source is called " ORDER_SOURCE);
	return report_check(in, e);
}

/* ---- Heads ------------------------------------------------------------------------------------------------------ */

static void head_new(const struct order_in *in, int64_t id, struct head *h)
{
	*h = (struct head){ .id = id,
		            .record = in->record,
		            .store = in->store,
		            .associate = in->associate,
		            .placed_at = in->placed_at,
		            .said_at = in->at,
		            .source = in->source,
		            .number = in->number,
		            .kind = in->kind,
		            .state = in->cancelled ? ORDER_CANCELLED : ORDER_REPORTED,
		            .channel = in->channel,
		            .currency = in->currency,
		            .extra_tax = money_minor(in->tax),
		            .extra_discount = money_minor(in->discount),
		            .shipping = money_minor(in->shipping),
		            .total = in->has_total ? money_minor(in->total) : 0,
		            .total_told = in->has_total,
		            .revision = 1 };
}

static void take(int64_t *was, int64_t is, bool only_empty)
{
	if (is && (!only_empty || !*was))
		*was = is;
}

/* late: what was said before is newer; the report only fills what is empty. */
static enum result head_merge(const struct order_in *in, bool late, struct head *h, struct error *e)
{
	bool whole = !in->partial && !late;
	if (h->currency && in->currency && h->currency != in->currency && h->line_count && !whole)
		return error_set(e, ERR_INVALID, "order.currency", "currency", "the order is in another currency");
	if (in->currency && (whole || !h->currency))
		h->currency = in->currency;
	take(&h->store, in->store, late);
	take(&h->associate, in->associate, late);
	if (!late)
		h->channel = in->channel;
	if ((whole && !in->earliest) || ((late || in->earliest) && in->placed_at < h->placed_at))
		h->placed_at = in->placed_at;
	if (whole)
		h->state = in->cancelled ? ORDER_CANCELLED : ORDER_REPORTED;
	else if (!late && in->cancelled)
		h->state = ORDER_CANCELLED;
	if (whole) {
		h->extra_tax = money_minor(in->tax);
		h->extra_discount = money_minor(in->discount);
		h->shipping = money_minor(in->shipping);
	} else {
		take(&h->extra_tax, money_minor(in->tax), late);
		take(&h->extra_discount, money_minor(in->discount), late);
		take(&h->shipping, money_minor(in->shipping), late);
	}
	if (in->has_total ? !late || !h->total_told : whole) {
		h->total_told = in->has_total;
		h->total = money_minor(in->total);
	}
	if (in->at > h->said_at)
		h->said_at = in->at;
	return OK;
}

/* Whose the order is now. A report without a customer takes none away; another record of the same customer keeps it. */
static enum result record_merge(struct db_tx *tx, const struct order_in *in, bool late, struct head *h, struct error *e)
{
	if (!in->record || in->record == h->record || (late && h->record))
		return OK;
	if (h->record) {
		int64_t a, b;
		TRY(customer_of(tx, h->record, &a, e));
		TRY(customer_of(tx, in->record, &b, e));
		if (a == b)
			return OK;
	}
	h->record = in->record;
	return OK;
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

static void outcome_set(const struct plan *p, int what, struct order_outcome *out)
{
	out->order = p->is.id;
	out->what = what;
	out->revision = (int)p->is.revision;
	out->net_minor = head_counts_for(&p->is);
	out->absent = p->absent;
}

/* Titles that the catalogue knows are not stored again. */
static enum result titles_drop(struct db_tx *tx, struct plan *p, struct error *e)
{
	for (int i = 0; i < p->count; i++) {
		struct line *l = &p->lines[i];
		struct sku s;
		bool found;
		if ((l->fate != LINE_ADDED && l->fate != LINE_CHANGED) || !l->sku || !l->title.n)
			continue;
		TRY(sku_get(tx, l->sku, &s, &found, e));
		if (found && str_is(l->title, s.title))
			l->title = STR("");
	}
	return OK;
}

static enum result lines_write(struct db_tx *tx, struct plan *p, bool anew, struct error *e)
{
	int64_t next = 0;
	for (int i = 0; i < p->count; i++)
		if (p->lines[i].no > next)
			next = p->lines[i].no;
	TRY(titles_drop(tx, p, e));
	for (int i = 0; i < p->count; i++) {
		struct line *l = &p->lines[i];
		if (l->fate == LINE_REMOVED) {
			if (!anew)
				TRY(line_delete(tx, p->is.id, l->no, e));
			continue;
		}
		if (l->fate == LINE_ADDED)
			l->no = ++next;
		if (anew || l->fate == LINE_ADDED)
			TRY(line_insert(tx, p->is.id, l, e));
		else if (l->fate == LINE_CHANGED || l->moved)
			TRY(line_update(tx, p->is.id, l, e));
	}
	return OK;
}

/* The order turned out to be another record's: a new one takes its place, the old one stays as history. */
static enum result supersede(struct db_tx *tx, struct plan *p, const struct order_key *k, struct error *e)
{
	struct head old = p->was;
	p->is.id = id_new(id_bucket(p->is.record));
	old.state = ORDER_SUPERSEDED;
	old.superseded_by = p->is.id;
	old.updated_at = p->is.updated_at;
	old.revision = p->is.revision;
	TRY(head_update(tx, &old, e));
	TRY(ref_move(tx, k, old.id, p->is.id, e));
	TRY(head_insert(tx, &p->is, e));
	return feed_append(tx, FEED_ORDER, old.record, old.id, e);
}

enum result plan_write(struct db_tx *tx, struct plan *p, const struct order_key *k, struct order_outcome *out,
                       struct error *e)
{
	bool anew = !p->exists || p->is.record != p->was.record;
	p->is.updated_at = clock_now();
	if (p->exists) {
		p->is.revision = p->was.revision + 1;
		if (anew)
			TRY(supersede(tx, p, k, e));
		else
			TRY(head_update(tx, &p->is, e));
	} else {
		TRY(head_insert(tx, &p->is, e));
	}
	TRY(lines_write(tx, p, anew, e));
	if (p->exists) {
		BUF_AUTO struct buf b;
		struct json_writer w;
		buf_init(&b, 0);
		jw_init(&w, &b);
		plan_difference(p, &w);
		if (b.failed)
			return error_nomem(e);
		TRY(revision_insert(tx, p->is.id, p->is.revision, buf_view(&b), e));
	}
	TRY(plan_moves(tx, p, e));
	outcome_set(p, p->exists ? ORDER_CHANGED : ORDER_NEW, out);
	return feed_append(tx, FEED_ORDER, p->is.record, p->is.id, e);
}

static enum result report_again(struct db_tx *tx, const struct order_in *in, const struct order_key *k, int64_t id,
                                struct order_outcome *out, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct plan p = { .exists = true };
	bool found;
	TRY(head_load(tx, id, a, &p.was, &found, e));
	if (!found)
		return error_set(e, ERR_CORRUPT, "order.missing", NULL, "an order number leads to no order");
	if (p.was.state == ORDER_SUPERSEDED)
		return error_set(e, ERR_RETRY, "order.race", NULL, "the order was superseded meanwhile");
	p.is = p.was;
	bool late = in->at && in->at < p.was.said_at;
	TRY(head_merge(in, late, &p.is, e));
	TRY(record_merge(tx, in, late, &p.is, e));
	TRY(lines_load(tx, id, p.was.line_count, a, &p.lines, &p.count, e));
	bool skip = late && p.count; /* what was said later had lines: these are old news */
	bool remove = !in->partial && !in->more_lines && !late;
	TRY(plan_lines(&p, in->lines, skip ? 0 : in->line_count, remove, a, e));
	TRY(plan_amounts(&p, a, e));
	if (plan_differs(&p))
		return plan_write(tx, &p, k, out, e);
	outcome_set(&p, ORDER_SAME, out);
	return OK;
}

static enum result report_new(struct db_tx *tx, const struct order_in *in, const struct order_key *k, int64_t id,
                              struct order_outcome *out, struct error *e)
{
	struct plan p = { .exists = false };
	head_new(in, id, &p.is);
	TRY(plan_lines(&p, in->lines, in->line_count, false, db_tx_arena(tx), e));
	TRY(plan_amounts(&p, db_tx_arena(tx), e));
	return plan_write(tx, &p, k, out, e);
}

enum result order_report(struct db_tx *tx, const struct order_in *in, struct order_outcome *out, struct error *e)
{
	TRY(order_check(in, e));
	struct order_key k;
	order_key_make(in->source, in->kind, in->number, &k);
	unsigned bucket = in->record ? id_bucket(in->record) : bucket_of(in->source, in->number);
	int64_t id = id_new(bucket), holder;
	bool fresh;
	TRY(ref_claim(tx, &k, id, &fresh, &holder, e));
	return fresh ? report_new(tx, in, &k, id, out, e) : report_again(tx, in, &k, holder, out, e);
}

enum result order_report_as(struct db_tx *tx, const struct order_in *in, int64_t id, struct order_outcome *out,
                            struct error *e)
{
	TRY(report_check(in, e));
	struct order_key k;
	order_key_make(in->source, in->kind, in->number, &k);
	int64_t holder;
	bool fresh;
	TRY(ref_claim(tx, &k, id, &fresh, &holder, e));
	if (fresh)
		return report_new(tx, in, &k, id, out, e);
	if (holder != id)
		return error_set(e, ERR_CONFLICT, "order.number", "number", "another order has this number");
	return report_again(tx, in, &k, id, out, e);
}

/* ---- Orders in parts -------------------------------------------------------------------------------------------- */

static bool among(uint64_t mark, const uint64_t *marks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (marks[i] == mark)
			return true;
	return false;
}

/* The mark of a stored line, as order_line_mark() gives it. */
static uint64_t stored_mark(const struct line *lines, const uint64_t *content, int i)
{
	if (lines[i].key.n)
		return hash64_str(lines[i].key, 1);
	int occurrence = 1;
	for (int j = 0; j < i; j++)
		occurrence += !lines[j].key.n && content[j] == content[i];
	return hash64(&occurrence, sizeof(occurrence), content[i]);
}

enum result order_keep_lines(struct db_tx *tx, int64_t order, const uint64_t *marks, size_t count,
                             struct order_outcome *out, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct plan p = { .exists = true };
	bool found;
	TRY(head_load(tx, order, a, &p.was, &found, e));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "order.not_found", "order", "no such order");
	p.is = p.was;
	TRY(lines_load(tx, order, p.was.line_count, a, &p.lines, &p.count, e));
	uint64_t *content = arena_array(a, (size_t)p.count + 1, sizeof(*content));
	if (!content)
		return error_nomem(e);
	for (int i = 0; i < p.count; i++)
		content[i] = line_content(&p.lines[i]);
	for (int i = 0; i < p.count; i++)
		if (!among(stored_mark(p.lines, content, i), marks, count)) {
			p.lines[i].fate = LINE_REMOVED;
			p.absent++;
		}
	TRY(plan_amounts(&p, a, e));
	if (!p.absent || p.was.state == ORDER_SUPERSEDED) {
		outcome_set(&p, ORDER_SAME, out);
		return OK;
	}
	struct order_key k;
	order_key_make(p.was.source, p.was.kind, p.was.number, &k);
	return plan_write(tx, &p, &k, out, e);
}
