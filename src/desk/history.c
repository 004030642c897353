/* The timeline across channels, and a customer's orders. */
#include "desk/shape.h"

#include "base/cursor.h"

#define PAGE_MAX 200

struct timeline_ask {
	int64_t asked, before_at, before_id;
	enum channel channel;
	int limit;
};

static enum result write_touchpoint(struct shape *s, const struct touchpoint *t, struct error *e)
{
	jw_object(s->w);
	jw_kid(s->w, "id", ID_TOUCHPOINT, t->id);
	jw_kid(s->w, "record", ID_RECORD, t->record);
	jw_ktime(s->w, "at", t->at);
	jw_kcstr(s->w, "channel", channel_name(t->channel));
	jw_kcstr(s->w, "kind", t->kind);
	jw_kcstr(s->w, "title", t->title);
	TRY(shape_store(s, "store", t->store, e));
	TRY(shape_associate(s, "associate", t->associate, e));
	jw_kid(s->w, "order", ID_ORDER, t->ref);
	jw_kcstr(s->w, "source", t->source);
	jw_key(s->w, "body");
	if (t->body && t->body[0])
		jw_raw(s->w, str_c(t->body));
	else
		jw_null(s->w);
	jw_end_object(s->w);
	return OK;
}

static enum result timeline_answer(struct shape *s, void *arg, struct error *e)
{
	struct timeline_ask *ask = arg;
	struct person *p = arena_alloc(s->a, sizeof(*p));
	struct touchpoint *t = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*t));
	int count = 0;
	if (!p || !t)
		return error_nomem(e);
	TRY(person_load(s->tx, ask->asked, s->a, p, e));
	TRY(shape_sees(s, p->customer, e));
	TRY(timeline_page(s->tx, p->records, p->record_count, ask->channel, ask->before_at, ask->before_id,
	                  ask->limit + 1, s->a, t, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++)
		TRY(write_touchpoint(s, &t[i], e));
	jw_end_array(s->w);
	cursor_next(s->w, more, more ? t[count - 1].at : 0, more ? t[count - 1].id : 0);
	jw_end_object(s->w);
	return OK;
}

enum result desk_timeline(const struct desk *d, const struct principal *p, int64_t customer, enum channel channel,
                          int64_t before_at, int64_t before_id, int limit, struct json_writer *w, struct error *e)
{
	struct timeline_ask ask = { .asked = customer,
		                    .before_at = before_at,
		                    .before_id = before_id,
		                    .channel = channel,
		                    .limit = limit < 1          ? 1
		                             : limit > PAGE_MAX ? PAGE_MAX
		                                                : limit };
	return shape_answer(d, p, timeline_answer, &ask, "serve", w, e);
}

struct orders_ask {
	int64_t asked, before_at, before_id;
	int limit;
};

static enum result orders_answer(struct shape *s, void *arg, struct error *e)
{
	struct orders_ask *ask = arg;
	struct person *p = arena_alloc(s->a, sizeof(*p));
	struct order *o = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*o));
	int count = 0;
	if (!p || !o)
		return error_nomem(e);
	TRY(person_load(s->tx, ask->asked, s->a, p, e));
	TRY(shape_sees(s, p->customer, e));
	TRY(order_page(s->tx, p->records, p->record_count, ask->before_at, ask->before_id, ask->limit + 1, false, s->a,
	               o, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(s->w);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		TRY(shape_order(s, &o[i], false, e));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	cursor_next(s->w, more, more ? o[count - 1].placed_at : 0, more ? o[count - 1].id : 0);
	jw_end_object(s->w);
	return OK;
}

enum result desk_orders(const struct desk *d, const struct principal *p, int64_t customer, int64_t before_at,
                        int64_t before_id, int limit, struct json_writer *w, struct error *e)
{
	struct orders_ask ask = { .asked = customer,
		                  .before_at = before_at,
		                  .before_id = before_id,
		                  .limit = limit < 1          ? 1
		                           : limit > PAGE_MAX ? PAGE_MAX
		                                              : limit };
	return shape_answer(d, p, orders_answer, &ask, "serve", w, e);
}
