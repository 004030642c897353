/* The greeting card: what an associate must know in the five seconds after "hello". */
#include "desk/card.h"

#include "base/clock.h"

#define PREFERENCES_A_KIND 4
#define LAST_LINES 6
#define YEAR_DAYS 365

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static enum result read_spending(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	const struct person *p = c->person;
	TRY(spending_of(tx, p->records, p->record_count, &c->spending, e));
	if (!c->full || c->spending.orders + c->spending.returns == 0)
		return OK;
	return spending_since(tx, p->records, p->record_count, c->spending.currency, c->now - YEAR_DAYS * DAY_US,
	                      &c->recent_minor, e);
}

static enum result read_preferences(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return preference_list(tx, c->person->records, c->person->record_count, c->now, PREFERENCES_A_KIND, c->a,
	                       c->preferences, CARD_PREFERENCES_MAX, &c->preference_count, e);
}

static enum result read_facts(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return fact_list(tx, c->person->records, c->person->record_count, CARD_FACTS_MAX, c->a, c->facts,
	                 &c->fact_count, e);
}

static enum result read_orders(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return order_page(tx, c->person->records, c->person->record_count, 0, 0, CARD_ORDERS, true, c->a, c->orders,
	                  &c->order_count, e);
}

static enum result read_matters(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return order_open_list(tx, c->person->records, c->person->record_count, c->a, c->matters, &c->matter_count, e);
}

static enum result read_holds(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return hold_list(tx, c->person->records, c->person->record_count, 0, 0, 0, CARD_HOLDS, c->holds, &c->hold_count,
	                 e);
}

static enum result read_contacts(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return timeline_page(tx, c->person->records, c->person->record_count, 0, 0, 0, CARD_CONTACTS, c->a, c->contacts,
	                     &c->contact_count, e);
}

static enum result read_consents(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return consent_list(tx, c->person, c->consents, CARD_CONSENTS, &c->consent_count, e);
}

static enum result read_household(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	struct household *h = &c->household;
	if (!c->person->household)
		return OK;
	TRY(household_members(tx, c->person->household, h->members, HOUSEHOLD_SHOWN, &h->count, e));
	return customer_names(tx, h->members, h->count, c->a, h->member_names, e);
}

static enum result read_housemates(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	struct household *h = &c->household;
	int64_t mates[HOUSEHOLD_SHOWN];
	TRY(household_inferred(tx, c->person, h->mates, HOUSEHOLD_SHOWN, &h->mate_count, e));
	for (int i = 0; i < h->mate_count; i++)
		mates[i] = h->mates[i].customer;
	return customer_names(tx, mates, h->mate_count, c->a, h->mate_names, e);
}

static enum result read_notes(struct db_tx *tx, void *arg, struct error *e)
{
	struct card *c = arg;
	return c->full ? note_list(tx, c->person->records, c->person->record_count, CARD_NOTES, c->a, c->notes,
	                           &c->note_count, e)
	               : OK;
}

static enum result card_read(struct shape *s, struct card *c, struct error *e)
{
	const struct db_part parts[] = { { read_spending, c },  { read_preferences, c }, { read_facts, c },
		                         { read_orders, c },    { read_contacts, c },    { read_consents, c },
		                         { read_household, c }, { read_housemates, c },  { read_notes, c },
		                         { read_matters, c },   { read_holds, c } };
	return db_together(s->tx, parts, sizeof(parts) / sizeof(*parts), e);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static enum result card_associate(struct shape *s, const struct card *c, struct error *e)
{
	struct associate who = { 0 };
	struct store store = { 0 };
	bool found = false, has_store = false;
	if (c->spending.associate)
		TRY(associate_get(s->tx, c->spending.associate, &who, &found, e));
	jw_key(s->w, "associate");
	if (!found) {
		jw_null(s->w);
		return OK;
	}
	if (who.store)
		TRY(store_get(s->tx, who.store, &store, &has_store, e));
	const char *how = arena_printf(s->a, "Served %lld of %lld times", (long long)c->spending.associate_n,
	                               (long long)c->spending.orders);
	jw_object(s->w);
	jw_kid(s->w, "id", ID_ASSOCIATE, who.id);
	jw_kcstr(s->w, "name", who.name[0] ? who.name : who.code);
	jw_kcstr(s->w, "store", has_store ? store.name : "");
	jw_ki64(s->w, "n", c->spending.associate_n);
	jw_ki64(s->w, "of", c->spending.orders);
	shape_how(s, &(struct how){ FACT_BOUGHT, how ? how : "", c->spending.last_at, NULL });
	jw_end_object(s->w);
	return OK;
}

static enum result card_home_store(struct shape *s, const struct card *c, struct error *e)
{
	struct store store = { 0 };
	bool found = false;
	if (c->spending.store)
		TRY(store_get(s->tx, c->spending.store, &store, &found, e));
	jw_key(s->w, "home_store");
	if (!found) {
		jw_null(s->w);
		return OK;
	}
	jw_object(s->w);
	jw_kid(s->w, "id", ID_STORE, store.id);
	jw_kcstr(s->w, "name", store.name[0] ? store.name : store.code);
	jw_ki64(s->w, "n", c->spending.store_n);
	jw_ki64(s->w, "of", c->spending.orders);
	jw_end_object(s->w);
	return OK;
}

static enum result card_last_lines(struct shape *s, const struct order *o, struct error *e)
{
	jw_key(s->w, "lines");
	jw_array(s->w);
	for (int i = 0; i < o->line_count && i < LAST_LINES; i++) {
		const struct order_line *l = &o->lines[i];
		struct sku k = { 0 };
		bool found = false;
		if (l->sku)
			TRY(sku_get(s->tx, l->sku, &k, &found, e));
		jw_object(s->w);
		jw_kcstr(s->w, "title", l->title && l->title[0] ? l->title : k.title);
		jw_kcstr(s->w, "sku", l->sku_code);
		jw_kcstr(s->w, "size", k.size);
		jw_kcstr(s->w, "colour", k.colour);
		jw_ki64(s->w, "qty", l->qty);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	jw_ki64(s->w, "line_count", o->line_count);
	return OK;
}

static enum result card_last_purchase(struct shape *s, const struct card *c, struct error *e)
{
	const struct order *o = NULL;
	for (int i = 0; i < c->order_count && !o; i++)
		if (c->orders[i].kind == ORDER_SALE && c->orders[i].state == ORDER_REPORTED)
			o = &c->orders[i];
	jw_key(s->w, "last_purchase");
	if (!o) {
		jw_null(s->w);
		return OK;
	}
	jw_object(s->w);
	jw_kid(s->w, "order", ID_ORDER, o->id);
	jw_kcstr(s->w, "number", o->number);
	jw_ktime(s->w, "at", o->placed_at);
	TRY(shape_store(s, "store", o->store, e));
	jw_kcstr(s->w, "channel", channel_name(o->channel));
	shape_money(s, "total", o->currency, o->total_minor);
	TRY(card_last_lines(s, o, e));
	jw_end_object(s->w);
	return OK;
}

static void card_spend(struct shape *s, const struct card *c)
{
	const struct spending *sp = &c->spending;
	jw_key(s->w, "spend");
	if (!c->full || sp->orders + sp->returns == 0) {
		jw_null(s->w);
		return;
	}
	jw_object(s->w);
	shape_money(s, "total", sp->currency, sp->net_minor);
	shape_money(s, "last_12_months", sp->currency, c->recent_minor);
	jw_ki64(s->w, "orders", sp->orders);
	jw_ki64(s->w, "returns", sp->returns);
	jw_key(s->w, "full_price_share");
	if (sp->net_minor > 0)
		jw_f64(s->w, (double)sp->full_minor / (double)sp->net_minor);
	else
		jw_null(s->w);
	shape_time_or_null(s, "first_at", sp->first_at);
	jw_ki64(s->w, "other_currencies", sp->other_currencies);
	jw_end_object(s->w);
}

static enum result card_notes(struct shape *s, const struct card *c, struct error *e)
{
	jw_key(s->w, "notes");
	jw_array(s->w);
	for (int i = 0; i < c->note_count; i++)
		TRY(shape_note(s, &c->notes[i], e));
	jw_end_array(s->w);
	return OK;
}

enum result card_members(struct shape *s, const struct person *p, bool full, struct error *e)
{
	struct card *c = arena_alloc(s->a, sizeof(*c));
	if (!c)
		return error_nomem(e);
	c->person = p;
	c->a = s->a;
	c->now = s->now;
	c->full = full;
	TRY(card_read(s, c, e));
	shape_person_name(s, "name", p);
	TRY(card_open_matters(s, c, e));
	TRY(card_opener(s, c, e));
	card_facts(s, c);
	TRY(card_milestones(s, c, e));
	TRY(card_associate(s, c, e));
	TRY(card_last_purchase(s, c, e));
	card_spend(s, c);
	TRY(card_home_store(s, c, e));
	shape_consents(s, c->consents, c->consent_count);
	shape_household(s, p, &c->household);
	return card_notes(s, c, e);
}

struct card_ask {
	int64_t asked;
	bool full;
};

static enum result card_answer(struct shape *s, void *arg, struct error *e)
{
	struct card_ask *ask = arg;
	struct person *p = arena_alloc(s->a, sizeof(*p));
	if (!p)
		return error_nomem(e);
	TRY(person_load(s->tx, ask->asked, s->a, p, e));
	TRY(shape_sees(s, p->customer, e));
	jw_object(s->w);
	jw_kid(s->w, "customer", ID_CUSTOMER, p->customer);
	jw_ktime(s->w, "as_of", s->now);
	TRY(card_members(s, p, ask->full, e));
	jw_end_object(s->w);
	return OK;
}

enum result desk_card(const struct desk *d, const struct principal *p, int64_t customer, bool full, const char *purpose,
                      struct json_writer *w, struct error *e)
{
	struct card_ask ask = { .asked = customer, .full = full };
	return shape_answer(d, p, card_answer, &ask, purpose, w, e);
}
