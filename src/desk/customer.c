/* The whole customer: the card's members, the records and why they are one, the newest orders. */
#include "desk/shape.h"

#define ORDERS_SHOWN 20
#define DECISIONS_SHOWN 50
#define NOMINATIONS_SHOWN 20
#define RECIPIENTS_SHOWN 50

/* record 0: of all records. */
static void write_identifiers(struct shape *s, const struct person *p, int64_t record)
{
	static const char *const states[] = { "normal", "household", "generic", "blocked", "raw" };
	jw_key(s->w, "identifiers");
	jw_array(s->w);
	for (int i = 0; i < p->identifier_count; i++) {
		const struct identifier *id = &p->identifiers[i];
		if (record && id->record != record)
			continue;
		jw_object(s->w);
		jw_kcstr(s->w, "kind", identifier_kind_name(id->kind));
		jw_kcstr(s->w, "value", id->value);
		jw_kbool(s->w, "verified", id->verified);
		jw_kcstr(s->w, "state", states[id->state]);
		jw_kid(s->w, "record", ID_RECORD, id->record);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
}

static enum result write_records(struct shape *s, const struct person *p, struct error *e)
{
	jw_key(s->w, "records");
	jw_array(s->w);
	for (int i = 0; i < p->record_count; i++) {
		const struct record *r = &p->members[i];
		const char *name =
		        arena_printf(s->a, "%s%s%s", r->given, r->given[0] && r->family[0] ? " " : "", r->family);
		if (!name)
			return error_nomem(e);
		jw_object(s->w);
		jw_kid(s->w, "id", ID_RECORD, r->id);
		jw_kcstr(s->w, "source", r->source);
		jw_kcstr(s->w, "source_key", r->source_key);
		jw_kcstr(s->w, "name", name);
		jw_kcstr(s->w, "birthday", shape_birthday(s, r->birth_year, r->birth_month, r->birth_day));
		shape_address(s, r);
		jw_ktime(s->w, "created_at", r->created_at);
		jw_ktime(s->w, "updated_at", r->updated_at);
		write_identifiers(s, p, r->id);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

/* ---- What the card does not have --------------------------------------------------------------------------------- */

struct page {
	const struct person *person;
	struct arena *a;
	struct recipient recipients[RECIPIENTS_SHOWN];
	struct buf evidence;
	struct decision decisions[DECISIONS_SHOWN];
	struct nomination nominations[NOMINATIONS_SHOWN];
	const char *nominated[NOMINATIONS_SHOWN];
	struct order orders[ORDERS_SHOWN];
	int recipient_count, decision_count, nomination_count, order_count;
};

static enum result read_recipients(struct db_tx *tx, void *arg, struct error *e)
{
	struct page *p = arg;
	return recipient_list(tx, p->person, p->recipients, RECIPIENTS_SHOWN, &p->recipient_count, e);
}

static enum result read_evidence(struct db_tx *tx, void *arg, struct error *e)
{
	struct page *p = arg;
	struct json_writer w;
	jw_init(&w, &p->evidence);
	return customer_evidence(tx, p->person->customer, &w, e);
}

static enum result read_decisions(struct db_tx *tx, void *arg, struct error *e)
{
	struct page *p = arg;
	return decision_list(tx, p->person->customer, DECISIONS_SHOWN, p->a, p->decisions, &p->decision_count, e);
}

static enum result read_nominations(struct db_tx *tx, void *arg, struct error *e)
{
	struct page *p = arg;
	int64_t others[NOMINATIONS_SHOWN];
	TRY(nomination_list(tx, p->person->customer, NOMINATIONS_SHOWN, p->a, p->nominations, &p->nomination_count, e));
	for (int i = 0; i < p->nomination_count; i++)
		others[i] = p->nominations[i].other;
	return customer_names(tx, others, p->nomination_count, p->a, p->nominated, e);
}

static enum result read_orders(struct db_tx *tx, void *arg, struct error *e)
{
	struct page *p = arg;
	return order_page(tx, p->person->records, p->person->record_count, 0, 0, ORDERS_SHOWN, false, p->a, p->orders,
	                  &p->order_count, e);
}

static enum result page_read(struct shape *s, struct page *p, struct error *e)
{
	const struct db_part parts[] = { { read_recipients, p },
		                         { read_evidence, p },
		                         { read_decisions, p },
		                         { read_nominations, p },
		                         { read_orders, p } };
	return db_together(s->tx, parts, sizeof(parts) / sizeof(*parts), e);
}

static void write_recipients(struct shape *s, const struct page *p)
{
	jw_key(s->w, "recipients");
	jw_array(s->w);
	for (int i = 0; i < p->recipient_count; i++) {
		const struct recipient *rc = &p->recipients[i];
		jw_object(s->w);
		jw_kid(s->w, "id", ID_RECIPIENT, rc->id);
		jw_kcstr(s->w, "name", rc->name);
		jw_kcstr(s->w, "relation", rc->relation);
		jw_kcstr(s->w, "birthday", shape_birthday(s, rc->birth_year, rc->birth_month, rc->birth_day));
		jw_kcstr(s->w, "note", rc->note);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
}

static enum result write_decisions(struct shape *s, const struct page *p, struct error *e)
{
	static const char *const kinds[] = { "", "auto_merge", "merge", "split", "never", "undo", "policy" };
	struct user by = { 0 };
	jw_key(s->w, "decisions");
	jw_array(s->w);
	for (int i = 0; i < p->decision_count; i++) {
		const struct decision *d = &p->decisions[i];
		if (d->user != by.id) { /* many in a row are of one user */
			by = (struct user){ 0 };
			enum result r = d->user ? user_get(s->tx, d->user, &by, e) : OK;
			if (r != OK && r != ERR_NOT_FOUND)
				return r;
		}
		jw_object(s->w);
		jw_kid(s->w, "id", ID_DECISION, d->id);
		jw_kcstr(s->w, "kind", kinds[d->kind]);
		jw_ktime(s->w, "at", d->at);
		jw_kcstr(s->w, "by", by.id ? by.name : NULL);
		jw_kcstr(s->w, "reason", d->reason);
		jw_kbool(s->w, "undone", d->undone_by != 0);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

static void write_nominations(struct shape *s, const struct page *p)
{
	jw_key(s->w, "nominations");
	jw_array(s->w);
	for (int i = 0; i < p->nomination_count; i++) {
		const struct nomination *n = &p->nominations[i];
		jw_object(s->w);
		jw_kid(s->w, "id", ID_NOMINATION, n->id);
		jw_kid(s->w, "customer", ID_CUSTOMER, n->other);
		jw_kcstr(s->w, "name", p->nominated[i]);
		jw_kcstr(s->w, "kind", identifier_kind_name(n->kind));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
}

static enum result write_orders(struct shape *s, const struct page *p, struct error *e)
{
	jw_key(s->w, "orders");
	jw_array(s->w);
	for (int i = 0; i < p->order_count; i++) {
		jw_object(s->w);
		TRY(shape_order(s, &p->orders[i], false, e));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

static enum result write_page(struct shape *s, const struct person *person, struct error *e)
{
	struct page *p = arena_alloc(s->a, sizeof(*p));
	if (!p)
		return error_nomem(e);
	p->person = person;
	p->a = s->a;
	buf_init(&p->evidence, 0);
	enum result r = page_read(s, p, e);
	if (r == OK) {
		write_recipients(s, p);
		jw_key(s->w, "evidence");
		jw_raw(s->w, buf_view(&p->evidence));
	}
	if (r == OK && p->evidence.failed)
		r = error_nomem(e);
	buf_free(&p->evidence);
	TRY(r);
	TRY(write_decisions(s, p, e));
	write_nominations(s, p);
	return write_orders(s, p, e);
}

struct customer_ask {
	int64_t asked;
};

static enum result customer_answer(struct shape *s, void *arg, struct error *e)
{
	struct customer_ask *ask = arg;
	struct person *p = arena_alloc(s->a, sizeof(*p));
	if (!p)
		return error_nomem(e);
	TRY(person_load(s->tx, ask->asked, s->a, p, e));
	TRY(shape_sees(s, p->customer, e));
	const struct record *r = &p->chosen;
	jw_object(s->w);
	jw_kid(s->w, "customer", ID_CUSTOMER, p->customer);
	jw_ktime(s->w, "as_of", s->now);
	TRY(card_members(s, p, true, e));
	shape_address(s, r);
	jw_kcstr(s->w, "birthday", shape_birthday(s, r->birth_year, r->birth_month, r->birth_day));
	write_identifiers(s, p, 0);
	TRY(write_records(s, p, e));
	TRY(write_page(s, p, e));
	jw_end_object(s->w);
	return OK;
}

enum result desk_customer(const struct desk *d, const struct principal *p, int64_t customer, const char *purpose,
                          struct json_writer *w, struct error *e)
{
	struct customer_ask ask = { .asked = customer };
	return shape_answer(d, p, customer_answer, &ask, purpose, w, e);
}
