/* Top customers, with names. */
#include "desk/shape.h"

#include "base/clock.h"

#define TOP_MAX 1000

static void share(struct shape *s, int64_t full, int64_t net)
{
	jw_key(s->w, "full_price_share");
	if (net > 0)
		jw_f64(s->w, (double)full / (double)net);
	else
		jw_null(s->w);
}

static void day_text(struct shape *s, const char *key, int64_t day)
{
	int y = 0, m = 0, d = 0;
	date_from_days(day, &y, &m, &d);
	jw_kcstr(s->w, key, arena_printf(s->a, "%04d-%02d-%02d", y, m, d));
}

static enum result top_answer(struct shape *s, void *arg, struct error *e)
{
	const struct top_query *q = arg;
	struct top_row *rows = arena_array(s->a, (size_t)q->limit, sizeof(*rows));
	const char **names = arena_array(s->a, (size_t)q->limit, sizeof(*names));
	int64_t *customers = arena_array(s->a, (size_t)q->limit, sizeof(*customers));
	struct top_summary all;
	int count = 0;
	if (!rows || !names || !customers)
		return error_nomem(e);
	TRY(top_customers(s->tx, q, rows, &count, &all, e));
	for (int i = 0; i < count; i++)
		customers[i] = rows[i].customer;
	TRY(customer_names(s->tx, customers, count, s->a, names, e));
	jw_object(s->w);
	jw_key(s->w, "rows");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		jw_kid(s->w, "customer", ID_CUSTOMER, rows[i].customer);
		jw_kcstr(s->w, "name", names[i]);
		shape_money(s, "net", q->currency, rows[i].net_minor);
		share(s, rows[i].full_minor, rows[i].net_minor);
		jw_ki64(s->w, "orders", rows[i].orders);
		jw_ki64(s->w, "units", rows[i].units);
		shape_time_or_null(s, "last_at", rows[i].last_at);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	jw_key(s->w, "all");
	jw_object(s->w);
	jw_ki64(s->w, "customers", all.customers);
	shape_money(s, "net", q->currency, all.net_minor);
	share(s, all.full_minor, all.net_minor);
	shape_money(s, "anonymous", q->currency, all.anonymous_minor);
	jw_ki64(s->w, "unconverted_orders", all.unconverted_orders);
	jw_end_object(s->w);
	day_text(s, "from", q->from_day);
	day_text(s, "to", q->to_day);
	jw_kcstr(s->w, "currency", currency_code(q->currency));
	jw_end_object(s->w);
	return OK;
}

enum result desk_top(const struct desk *d, const struct principal *p, const struct top_query *q, struct json_writer *w,
                     struct error *e)
{
	struct top_query bounded = *q;
	bounded.limit = q->limit < 1 ? 1 : q->limit > TOP_MAX ? TOP_MAX : q->limit;
	return shape_answer(d, p, top_answer, &bounded, NULL, w, e);
}
