/* What is to be done: the queue of a location with its clocks; money given back that somebody must look at; returns
 * whose sale is not known. */
#include "desk/shape.h"

#include "base/cursor.h"
#include "base/clock.h"
#include <stdio.h>

#define LIST_MAX 200
#define QUEUE_CURSOR_BYTES (2 * CURSOR_BYTES + 4)

/* ---- Clocks ----------------------------------------------------------------------------------------------------- */

/* How long a step may take, counted from the one before it. */
#define DUE_PICK_UP (2 * HOUR_US)
#define DUE_DELIVER (4 * HOUR_US)
#define DUE_SHIP (24 * HOUR_US)
#define DUE_PICKING (30 * MINUTE_US)
#define DUE_PROBLEM HOUR_US
#define DUE_FETCHED (7 * DAY_US) /* then nobody comes any more */
#define DUE_WAITING (5 * MINUTE_US)
#define DUE_SENT (5 * DAY_US) /* then one asks the carrier */
#define DUE_DELIVERED DAY_US  /* on the way home */

static int64_t due_at(const struct order_queued *q, enum queue_stage stage)
{
	switch (stage) {
	case QUEUE_NEW:
		return q->part.since + (q->part.method == METHOD_SHIP      ? DUE_SHIP
		                        : q->part.method == METHOD_DELIVER ? DUE_DELIVER
		                                                           : DUE_PICK_UP);
	case QUEUE_PICKING:
		return q->part.since + DUE_PICKING;
	case QUEUE_PROBLEM:
		return q->part.since + DUE_PROBLEM;
	case QUEUE_READY:
		return q->part.since + DUE_FETCHED;
	case QUEUE_SHIPPED:
		return q->part.since + (q->part.method == METHOD_DELIVER ? DUE_DELIVERED : DUE_SENT);
	default:
		return q->arrived_at + DUE_WAITING;
	}
}

/* ---- The queue -------------------------------------------------------------------------------------------------- */

/* Units without a location come first, then those that are at one by age, then what was sent: "u" and order, line; or
 * "p", "s" and since, order, part. */
enum queue_list { LIST_UNPLACED, LIST_PARTS, LIST_SENT, LISTS };
static const char list_letters[LISTS + 1] = "ups";

static bool queue_cursor(struct str s, enum queue_list *list, struct order_queued *last, struct error *e)
{
	struct str first, rest = { s.p + 1, s.n - 1 };
	const char *letter = memchr(list_letters, s.p[0], LISTS);
	int64_t n = 0, none;
	*list = letter ? (enum queue_list)(letter - list_letters) : LISTS;
	if (*list == LIST_UNPLACED && cursor_parse(rest, &last->order, &n) && n > 0 && n <= ORDER_LINES_MAX) {
		last->part.line = (int)n;
		return true;
	}
	if ((*list == LIST_PARTS || *list == LIST_SENT) && str_split(&rest, '.', &first) &&
	    cursor_parse(first, &last->part.since, &last->order) && cursor_parse(rest, &n, &none) && n > 0 &&
	    n <= INT32_MAX) {
		last->n = (int)n;
		return true;
	}
	(void)error_set(e, ERR_INVALID, "cursor.malformed", "after", "This is no cursor of ours");
	return false;
}

static void queue_next(const struct order_queued *last, char out[QUEUE_CURSOR_BYTES])
{
	char a[CURSOR_BYTES], b[CURSOR_BYTES];
	if (!last->n) {
		cursor_format(a, last->order, last->part.line);
		snprintf(out, QUEUE_CURSOR_BYTES, "u%s", a);
		return;
	}
	cursor_format(a, last->part.since, last->order);
	cursor_format(b, last->n, 0);
	snprintf(out, QUEUE_CURSOR_BYTES, "%c%s.%s", list_letters[last->sent ? LIST_SENT : LIST_PARTS], a, b);
}

struct queue_ask {
	int64_t location;
	struct str after;
	int limit;
};

static enum result write_who(struct shape *s, int64_t record, struct error *e)
{
	struct person *p = arena_alloc(s->a, sizeof(*p));
	jw_key(s->w, "customer");
	if (!p)
		return error_nomem(e);
	if (!record) {
		jw_null(s->w);
		return OK;
	}
	TRY(person_load(s->tx, record, s->a, p, e));
	TRY(shape_sees(s, p->customer, e));
	jw_object(s->w);
	jw_kid(s->w, "id", ID_CUSTOMER, p->customer);
	jw_kcstr(s->w, "name", person_name(p, s->a));
	jw_end_object(s->w);
	return OK;
}

static enum result write_queued(struct shape *s, const struct order_queued *q, struct error *e)
{
	enum queue_stage stage = queue_stage_of(q);
	int64_t due = due_at(q, stage);
	jw_object(s->w);
	jw_kid(s->w, "order", ID_ORDER, q->order);
	jw_kcstr(s->w, "number", q->number);
	jw_ki64(s->w, "n", q->n);
	jw_ki64(s->w, "line", q->part.line);
	TRY(shape_sku(s, "sku", q->part.sku, e));
	TRY(write_who(s, q->record, e));
	TRY(shape_store(s, "store", q->store, e));
	TRY(shape_store(s, "location", q->part.location, e));
	jw_kcstr(s->w, "method", q->part.method ? order_method_name(q->part.method) : NULL);
	jw_ki64(s->w, "unplaced", q->n ? 0 : q->part.open);
	jw_ki64(s->w, "open", q->n && !q->sent ? q->part.open : 0);
	jw_ki64(s->w, "picked", q->sent ? 0 : q->part.picked);
	jw_ki64(s->w, "ready", q->sent ? 0 : q->part.ready);
	jw_ki64(s->w, "shipped", q->sent ? q->part.shipped : 0);
	jw_ktime(s->w, "since", stage == QUEUE_WAITING ? q->arrived_at : q->part.since);
	jw_kcstr(s->w, "stage", queue_stage_name(stage));
	jw_ktime(s->w, "due_at", due);
	jw_kbool(s->w, "late", due < s->now);
	jw_end_object(s->w);
	return OK;
}

/* What was sent longer ago is taken as arrived. */
static int64_t sent_after(const struct shape *s)
{
	return s->now - ORDER_SENT_DAYS * DAY_US;
}

static enum result write_counts(struct shape *s, int64_t location, struct error *e)
{
	int64_t counts[QUEUE_STAGES];
	TRY(order_queue_counts(s->tx, location, sent_after(s), counts, e));
	jw_key(s->w, "counts");
	jw_object(s->w);
	for (int k = 1; k < QUEUE_STAGES; k++)
		jw_ki64(s->w, queue_stage_name((enum queue_stage)k), counts[k]);
	jw_end_object(s->w);
	return OK;
}

static enum result list_read(struct shape *s, enum queue_list list, int64_t location, const struct order_queued *after,
                             int limit, struct order_queued *out, int *count, struct error *e)
{
	switch (list) {
	case LIST_UNPLACED:
		return order_unplaced(s->tx, location, after, limit, out, count, e);
	case LIST_PARTS:
		return order_queue(s->tx, location, after, limit, out, count, e);
	default:
		return order_queue_sent(s->tx, location, sent_after(s), after, limit, out, count, e);
	}
}

static enum result queue_answer(struct shape *s, void *arg, struct error *e)
{
	const struct queue_ask *ask = arg;
	struct order_queued *q = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*q));
	struct order_queued after[LISTS] = { 0 };
	enum queue_list list = LIST_UNPLACED;
	int count = 0;
	char next[QUEUE_CURSOR_BYTES] = "";
	if (!q)
		return error_nomem(e);
	if (ask->after.n) {
		struct order_queued last = { 0 };
		if (!queue_cursor(ask->after, &list, &last, e))
			return ERR_INVALID;
		after[list] = last;
	}
	for (; list < LISTS && count <= ask->limit; list++) {
		int found = 0;
		TRY(list_read(s, list, ask->location, &after[list], ask->limit + 1 - count, q + count, &found, e));
		count += found;
	}
	bool more = cursor_cut(&count, ask->limit);
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++)
		TRY(write_queued(s, &q[i], e));
	jw_end_array(s->w);
	if (more)
		queue_next(&q[count - 1], next);
	jw_kcstr(s->w, "next", next[0] ? next : NULL);
	TRY(write_counts(s, ask->location, e));
	jw_end_object(s->w);
	return OK;
}

enum result desk_queue(const struct desk *d, const struct principal *p, int64_t location, struct str after, int limit,
                       struct json_writer *w, struct error *e)
{
	struct queue_ask ask = { .location = location,
		                 .after = after,
		                 .limit = limit < 1                ? 1
		                          : limit > DESK_QUEUE_MAX ? DESK_QUEUE_MAX
		                                                   : limit };
	return shape_answer(d, p, queue_answer, &ask, "serve", w, e);
}

/* ---- What somebody must look at --------------------------------------------------------------------------------- */

struct list_ask {
	int64_t at, id;
	int limit;
};

static enum result list_begin(struct str after, int limit, struct list_ask *out, struct error *e)
{
	*out = (struct list_ask){ .limit = limit < 1 ? 1 : limit > LIST_MAX ? LIST_MAX : limit };
	if (after.n && !cursor_parse(after, &out->at, &out->id))
		return error_set(e, ERR_INVALID, "cursor.malformed", "after", "This is no cursor of ours");
	return OK;
}

static void list_end(struct shape *s, bool more, int64_t at, int64_t id)
{
	jw_end_array(s->w);
	cursor_next(s->w, more, at, id);
	jw_end_object(s->w);
}

static enum result reviews_answer(struct shape *s, void *arg, struct error *e)
{
	const struct list_ask *ask = arg;
	struct order_review *r = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*r));
	int count = 0;
	if (!r)
		return error_nomem(e);
	TRY(order_reviews(s->tx, ask->at, ask->id, ask->limit + 1, r, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		struct order_book b;
		TRY(book_head(s->tx, r[i].order, s->a, &b, e));
		jw_object(s->w);
		jw_kid(s->w, "id", ID_REVIEW, r[i].id);
		jw_ktime(s->w, "at", r[i].at);
		jw_kid(s->w, "order", ID_ORDER, r[i].order);
		jw_kcstr(s->w, "number", b.number);
		jw_kcstr(s->w, "state", book_state_name(b.state));
		TRY(shape_store(s, "store", b.store, e));
		shape_money(s, "unmatched", b.currency, r[i].unmatched_minor);
		jw_end_object(s->w);
	}
	list_end(s, more, more ? r[count - 1].at : 0, more ? r[count - 1].id : 0);
	return OK;
}

enum result desk_order_reviews(const struct desk *d, const struct principal *p, struct str after, int limit,
                               struct json_writer *w, struct error *e)
{
	struct list_ask ask;
	TRY(list_begin(after, limit, &ask, e));
	return shape_answer(d, p, reviews_answer, &ask, NULL, w, e);
}

static enum result parked_answer(struct shape *s, void *arg, struct error *e)
{
	const struct list_ask *ask = arg;
	struct order_parked *r = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*r));
	int count = 0;
	if (!r)
		return error_nomem(e);
	TRY(order_parked_returns(s->tx, ask->at, ask->id, ask->limit + 1, s->a, r, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		struct store store = { 0 };
		struct sku sku = { 0 };
		bool found;
		jw_object(s->w);
		jw_kid(s->w, "id", ID_PARKED, r[i].id);
		jw_ktime(s->w, "at", r[i].at);
		jw_kcstr(s->w, "number", r[i].number[0] ? r[i].number : NULL);
		TRY(shape_sku(s, "sku", r[i].sku, e));
		jw_ki64(s->w, "qty", r[i].qty);
		TRY(shape_store(s, "location", r[i].location, e));
		jw_kcstr(s->w, "tender", tender_name(r[i].tender));
		/* in the store's money, else the product's */
		TRY(store_get(s->tx, r[i].location, &store, &found, e));
		TRY(sku_get(s->tx, r[i].sku, &sku, &found, e));
		int16_t currency = store.currency ? store.currency : sku.currency;
		if (r[i].refunded_minor < 0 || !currency)
			jw_kcstr(s->w, "refunded", NULL);
		else
			shape_money(s, "refunded", currency, r[i].refunded_minor);
		jw_end_object(s->w);
	}
	list_end(s, more, more ? r[count - 1].at : 0, more ? r[count - 1].id : 0);
	return OK;
}

enum result desk_parked_returns(const struct desk *d, const struct principal *p, struct str after, int limit,
                                struct json_writer *w, struct error *e)
{
	struct list_ask ask;
	TRY(list_begin(after, limit, &ask, e));
	return shape_answer(d, p, parked_answer, &ask, NULL, w, e);
}
