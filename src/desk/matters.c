/* What is open between us and the customer: what they came for first. Only their own; nothing of the household's. */
#include "desk/card.h"

#include "base/clock.h"

#define REPORTED_RETURN_DAYS 30
#define REPORTED_ORDER_DAYS 14
#define CONTACT_DAYS 14

static void matter(struct shape *s, const char *kind, const char *text, int64_t order, int64_t hold, int64_t at)
{
	jw_object(s->w);
	jw_kcstr(s->w, "kind", kind);
	jw_kcstr(s->w, "text", text ? text : "");
	jw_kid(s->w, "order", ID_ORDER, order);
	jw_kid(s->w, "hold", ID_HOLD, hold);
	jw_ktime(s->w, "at", at);
	jw_end_object(s->w);
}

/* ---- Words ------------------------------------------------------------------------------------------------------ */

static enum result store_name(struct shape *s, int64_t id, const char **out, struct error *e)
{
	struct store store = { 0 };
	bool found = false;
	if (id)
		TRY(store_get(s->tx, id, &store, &found, e));
	*out = found ? arena_printf(s->a, "%s", store.name[0] ? store.name : store.code) : "another place";
	return *out ? OK : error_nomem(e);
}

/* "2 × Trail shoe, 42" */
static enum result thing(struct shape *s, int64_t sku, int64_t qty, const char **out, struct error *e)
{
	struct sku k = { 0 };
	bool found = false;
	if (sku)
		TRY(sku_get(s->tx, sku, &k, &found, e));
	const char *title = !found ? "a product" : k.title[0] ? k.title : k.code;
	*out = qty > 1 ? arena_printf(s->a, "%lld × %s%s%s", (long long)qty, title, k.size[0] ? ", " : "", k.size)
	               : arena_printf(s->a, "%s%s%s", title, k.size[0] ? ", " : "", k.size);
	return *out ? OK : error_nomem(e);
}

enum stage { READY, SENT, PREPARED };

static int64_t units_at(const struct book_part *p, enum stage at)
{
	return at == READY ? p->ready : at == SENT ? p->shipped : p->open + p->picked;
}

/* What of an order is at that stage at a location, and since when. */
static enum result things(struct shape *s, const struct order_open *o, enum stage at, int64_t location,
                          const char **out, int64_t *since, struct error *e)
{
	int64_t more = 0;
	*out = NULL;
	*since = 0;
	for (int i = 0; i < o->part_count; i++) {
		const struct book_part *p = &o->parts[i];
		int64_t n = units_at(p, at);
		if (!n || p->location != location)
			continue;
		*since = !*since || p->since < *since ? p->since : *since;
		if (!*out)
			TRY(thing(s, p->sku, n, out, e));
		else
			more += n;
	}
	if (*out && more)
		*out = arena_printf(s->a, "%s and %lld more", *out, (long long)more);
	return *out ? OK : error_nomem(e);
}

static const char *amount(struct shape *s, const struct order_open *o, int64_t minor)
{
	char text[MONEY_TEXT_BYTES];
	money_display(text, money_of_minor(o->currency, minor));
	return arena_printf(s->a, "%s", text);
}

/* How long it is still kept, as one says it. */
static const char *kept(struct shape *s, int64_t until)
{
	int64_t left = until - s->now;
	if (left < HOUR_US)
		return left > 0 ? "for less than an hour" : "until now";
	if (left < 2 * HOUR_US)
		return "for another hour";
	if (left < DAY_US)
		return arena_printf(s->a, "for another %lld hours", (long long)(left / HOUR_US));
	return arena_printf(s->a, "until %s", shape_date(s, until));
}

/* ---- Orders made here ------------------------------------------------------------------------------------------- */

static const char *stage_text(struct shape *s, const struct order_open *o, enum stage at, enum order_method method,
                              const char *where, const char *what, int64_t since)
{
	const char *day = shape_date(s, since);
	if (at == READY)
		return arena_printf(s->a, "Ready to fetch at %s since %s: %s (order %s)", where, day, what, o->number);
	if (at == SENT)
		return arena_printf(s->a, "Sent from %s on %s: %s. Has it arrived? (order %s)", where, day, what,
		                    o->number);
	return arena_printf(s->a, "Being prepared at %s %s, since %s: %s (order %s)", where,
	                    method == METHOD_PICK_UP ? "to be fetched" : "to be sent", day, what, o->number);
}

/* One matter a location. */
static enum result stage(struct shape *s, const struct order_open *o, enum stage at, struct error *e)
{
	static const char *const kinds[] = { [READY] = "ready", [SENT] = "sent", [PREPARED] = "preparing" };
	for (int i = 0; i < o->part_count; i++) {
		const struct book_part *p = &o->parts[i];
		const char *where, *what;
		int64_t since;
		bool before = !units_at(p, at);
		for (int k = 0; k < i && !before; k++)
			before = o->parts[k].location == p->location && units_at(&o->parts[k], at);
		if (before)
			continue;
		TRY(store_name(s, p->location, &where, e));
		TRY(things(s, o, at, p->location, &what, &since, e));
		if (at == SENT && s->now - since > ORDER_SENT_DAYS * DAY_US)
			continue;
		matter(s, kinds[at], stage_text(s, o, at, p->method, where, what, since), o->order, 0, since);
	}
	return OK;
}

static enum result stages(struct shape *s, const struct card *c, enum stage at, struct error *e)
{
	for (int i = 0; i < c->matter_count; i++)
		TRY(stage(s, &c->matters[i], at, e));
	return OK;
}

static void problems(struct shape *s, const struct card *c)
{
	for (int i = 0; i < c->matter_count; i++) {
		const struct order_open *o = &c->matters[i];
		if (o->unplaced)
			matter(s, "problem",
			       arena_printf(s->a, "Order %s of %s: %lld of it is still looked for", o->number,
			                    shape_date(s, o->placed_at), (long long)o->unplaced),
			       o->order, 0, o->placed_at);
	}
}

/* What came back and is not looked at; what we owe; what is to be paid. */
static void reckonings(struct shape *s, const struct card *c)
{
	for (int i = 0; i < c->matter_count; i++) {
		const struct order_open *o = &c->matters[i];
		if (o->quality)
			matter(s, "return",
			       arena_printf(s->a, "Brought back on %s, not looked at yet (order %s)",
			                    shape_date(s, o->quality_at), o->number),
			       o->order, 0, o->quality_at);
		if (o->payable > 0)
			matter(s, "refund",
			       arena_printf(s->a, "%s to be given back (order %s)", amount(s, o, o->payable),
			                    o->number),
			       o->order, 0, o->placed_at);
	}
	for (int i = 0; i < c->matter_count; i++) {
		const struct order_open *o = &c->matters[i];
		if (o->receivable > 0)
			matter(s, "owes",
			       arena_printf(s->a, "%s still to be paid (order %s)", amount(s, o, o->receivable),
			                    o->number),
			       o->order, 0, o->placed_at);
	}
}

/* ---- Holds ------------------------------------------------------------------------------------------------------ */

static enum result holds(struct shape *s, const struct card *c, bool offers, struct error *e)
{
	for (int i = 0; i < c->hold_count; i++) {
		const struct stock_hold *h = &c->holds[i];
		const char *where, *what;
		if ((h->waiting != 0) != offers)
			continue;
		TRY(store_name(s, h->location, &where, e));
		TRY(thing(s, h->sku, h->qty, &what, e));
		const char *text = offers ? arena_printf(s->a, "Waited for and now at %s: %s, kept %s", where, what,
		                                         kept(s, h->until))
		                          : arena_printf(s->a, "Kept at %s %s: %s", where, kept(s, h->until), what);
		matter(s, offers ? "offer" : "hold", text, 0, h->id, h->placed_at);
	}
	return OK;
}

/* ---- As reported ------------------------------------------------------------------------------------------------ */

static void reported(struct shape *s, const struct card *c)
{
	for (int i = 0; i < c->order_count; i++) {
		const struct order *o = &c->orders[i];
		int64_t age = s->now - o->placed_at;
		if (o->state != ORDER_REPORTED || strcmp(o->source, ORDER_SOURCE) == 0)
			continue;
		if (o->kind == ORDER_RETURN && age <= REPORTED_RETURN_DAYS * DAY_US) {
			const char *text = arena_printf(s->a, "Return %s on %s: is the refund settled?", o->number,
			                                shape_date(s, o->placed_at));
			matter(s, "return", text, o->id, 0, o->placed_at);
		} else if (o->kind == ORDER_SALE && o->channel != CHANNEL_STORE &&
		           age <= REPORTED_ORDER_DAYS * DAY_US) {
			const char *text = arena_printf(s->a, "Order %s by %s on %s: has it arrived?", o->number,
			                                channel_name(o->channel), shape_date(s, o->placed_at));
			matter(s, "order", text, o->id, 0, o->placed_at);
		}
	}
}

/* Calls, chats and mails of the last days, other than orders: someone may be waiting for an answer. */
static void contacts(struct shape *s, const struct card *c)
{
	const struct touchpoint *t = c->contacts;
	for (int i = 0; i < c->contact_count && s->now - t[i].at <= CONTACT_DAYS * DAY_US; i++) {
		bool contact =
		        t[i].channel == CHANNEL_PHONE || t[i].channel == CHANNEL_CHAT || t[i].channel == CHANNEL_EMAIL;
		if (!contact || t[i].ref)
			continue;
		const char *what = t[i].title && t[i].title[0] ? t[i].title : t[i].kind;
		const char *text = arena_printf(s->a, "Contact by %s on %s: %s", channel_name(t[i].channel),
		                                shape_date(s, t[i].at), what);
		matter(s, "contact", text, 0, 0, t[i].at);
		break; /* the newest is enough for five seconds */
	}
}

static enum result expect(struct shape *s, const struct card *c, struct error *e)
{
	int64_t *skus;
	int n = c->hold_count;
	for (int i = 0; i < c->matter_count; i++)
		n += c->matters[i].part_count;
	if (!n)
		return OK;
	skus = arena_array(s->a, (size_t)n, sizeof(*skus));
	if (!skus)
		return error_nomem(e);
	n = 0;
	for (int i = 0; i < c->hold_count; i++)
		skus[n++] = c->holds[i].sku;
	for (int i = 0; i < c->matter_count; i++)
		for (int k = 0; k < c->matters[i].part_count; k++)
			skus[n++] = c->matters[i].parts[k].sku;
	return skus_expect(s->tx, skus, n, e);
}

enum result card_open_matters(struct shape *s, const struct card *c, struct error *e)
{
	TRY(expect(s, c, e));
	jw_key(s->w, "open");
	jw_array(s->w);
	TRY(stages(s, c, READY, e));
	problems(s, c);
	reckonings(s, c);
	TRY(holds(s, c, true, e));
	TRY(holds(s, c, false, e));
	TRY(stages(s, c, SENT, e));
	TRY(stages(s, c, PREPARED, e));
	reported(s, c);
	contacts(s, c);
	jw_end_array(s->w);
	return OK;
}
