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

static enum result write_recipients(struct shape *s, const struct person *p, struct error *e)
{
	struct recipient *rc = arena_array(s->a, RECIPIENTS_SHOWN, sizeof(*rc));
	int count = 0;
	if (!rc)
		return error_nomem(e);
	TRY(recipient_list(s->tx, p, rc, RECIPIENTS_SHOWN, &count, e));
	jw_key(s->w, "recipients");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		jw_kid(s->w, "id", ID_RECIPIENT, rc[i].id);
		jw_kcstr(s->w, "name", rc[i].name);
		jw_kcstr(s->w, "relation", rc[i].relation);
		jw_kcstr(s->w, "birthday", shape_birthday(s, rc[i].birth_year, rc[i].birth_month, rc[i].birth_day));
		jw_kcstr(s->w, "note", rc[i].note);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

static enum result write_decisions(struct shape *s, const struct person *p, struct error *e)
{
	static const char *const kinds[] = { "", "auto_merge", "merge", "split", "never", "undo", "policy" };
	struct decision *d = arena_array(s->a, DECISIONS_SHOWN, sizeof(*d));
	int count = 0;
	if (!d)
		return error_nomem(e);
	TRY(decision_list(s->tx, p->customer, DECISIONS_SHOWN, s->a, d, &count, e));
	jw_key(s->w, "decisions");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		struct user by = { 0 };
		if (d[i].user) {
			enum result r = user_get(s->tx, d[i].user, &by, e);
			if (r != OK && r != ERR_NOT_FOUND)
				return r;
		}
		jw_object(s->w);
		jw_kid(s->w, "id", ID_DECISION, d[i].id);
		jw_kcstr(s->w, "kind", kinds[d[i].kind]);
		jw_ktime(s->w, "at", d[i].at);
		jw_kcstr(s->w, "by", by.id ? by.name : NULL);
		jw_kcstr(s->w, "reason", d[i].reason);
		jw_kbool(s->w, "undone", d[i].undone_by != 0);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

static enum result write_nominations(struct shape *s, const struct person *p, struct error *e)
{
	struct nomination *n = arena_array(s->a, NOMINATIONS_SHOWN, sizeof(*n));
	int count = 0;
	if (!n)
		return error_nomem(e);
	TRY(nomination_list(s->tx, p->customer, NOMINATIONS_SHOWN, s->a, n, &count, e));
	jw_key(s->w, "nominations");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		struct person *other = arena_alloc(s->a, sizeof(*other));
		int64_t a = 0, b = 0;
		if (!other)
			return error_nomem(e);
		TRY(customer_of(s->tx, n[i].a, &a, e));
		TRY(customer_of(s->tx, n[i].b, &b, e));
		if (a == b)
			continue; /* one by now */
		TRY(person_load(s->tx, a == p->customer ? b : a, s->a, other, e));
		jw_object(s->w);
		jw_kid(s->w, "id", ID_NOMINATION, n[i].id);
		jw_kid(s->w, "customer", ID_CUSTOMER, other->customer);
		jw_kcstr(s->w, "name", person_name(other, s->a));
		jw_kcstr(s->w, "kind", identifier_kind_name(n[i].kind));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
}

static enum result write_orders(struct shape *s, const struct person *p, struct error *e)
{
	struct order *o = arena_array(s->a, ORDERS_SHOWN, sizeof(*o));
	int count = 0;
	if (!o)
		return error_nomem(e);
	TRY(order_page(s->tx, p->records, p->record_count, 0, 0, ORDERS_SHOWN, false, s->a, o, &count, e));
	jw_key(s->w, "orders");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		jw_object(s->w);
		TRY(shape_order(s, &o[i], false, e));
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
	return OK;
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
	TRY(write_recipients(s, p, e));
	jw_key(s->w, "evidence");
	TRY(customer_evidence(s->tx, p->customer, s->w, e));
	TRY(write_decisions(s, p, e));
	TRY(write_nominations(s, p, e));
	TRY(write_orders(s, p, e));
	jw_end_object(s->w);
	return OK;
}

enum result desk_customer(const struct desk *d, const struct principal *p, int64_t customer, const char *purpose,
                          struct json_writer *w, struct error *e)
{
	struct customer_ask ask = { .asked = customer };
	return shape_answer(d, p, customer_answer, &ask, purpose, w, e);
}
