/* What writes need of the desk: the answer's value, and rows found among a customer's records. */
#include "desk/shape.h"

#include "base/clock.h"

#define ROWS_LOOKED_AT 500

static struct shape shape_in(struct db_tx *tx, struct json_writer *w)
{
	return (struct shape){ .tx = tx, .a = db_tx_arena(tx), .w = w, .now = clock_now() };
}

static enum result find_note(struct db_tx *tx, const int64_t *records, int record_count, int64_t id, struct note *out,
                             struct error *e)
{
	struct note *notes = arena_array(db_tx_arena(tx), ROWS_LOOKED_AT, sizeof(*notes));
	int count = 0;
	if (!notes)
		return error_nomem(e);
	TRY(note_list(tx, records, record_count, ROWS_LOOKED_AT, db_tx_arena(tx), notes, &count, e));
	for (int i = 0; i < count; i++)
		if (notes[i].id == id) {
			*out = notes[i];
			return OK;
		}
	return error_set(e, ERR_NOT_FOUND, "note.unknown", "note", "There is no such note on this customer");
}

enum result desk_note(struct db_tx *tx, struct json_writer *w, int64_t record, int64_t note, struct error *e)
{
	struct shape s = shape_in(tx, w);
	struct note n;
	TRY(find_note(tx, &record, 1, note, &n, e));
	return shape_note(&s, &n, e);
}

enum result desk_note_remove(struct db_tx *tx, const struct principal *p, int64_t customer, int64_t note,
                             struct error *e)
{
	int64_t *records = arena_array(db_tx_arena(tx), CUSTOMER_MEMBERS_MAX, sizeof(*records));
	struct note n;
	int count = 0;
	if (!records)
		return error_nomem(e);
	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &count, e));
	TRY(find_note(tx, records, count, note, &n, e));
	bool leads = p->role & (ROLE_ADMIN | ROLE_LOCAL) || (p->role == ROLE_MANAGER && principal_in_store(p, n.store));
	if (n.user != p->user && !leads)
		return error_set(e, ERR_FORBIDDEN, "note.not_yours", "note", "Somebody else wrote this note");
	return note_remove(tx, n.record, note, p->user, e);
}

enum result desk_fact(struct db_tx *tx, struct json_writer *w, const struct fact_in *in, int64_t fact, struct error *e)
{
	struct shape s = shape_in(tx, w);
	const char *kind = str_dup(s.a, in->kind), *value = str_dup(s.a, in->value);
	if (!kind || !value)
		return error_nomem(e);
	shape_fact(&s, kind, value, value, in->sayable, &(struct how){ in->provenance, "Told just now", in->at, NULL },
	           fact);
	return OK;
}

enum result desk_fact_withdraw(struct db_tx *tx, const struct principal *p, int64_t customer, int64_t fact,
                               struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	int64_t *records = arena_array(a, CUSTOMER_MEMBERS_MAX, sizeof(*records));
	struct fact *facts = arena_array(a, ROWS_LOOKED_AT, sizeof(*facts));
	int count = 0, fact_count = 0;
	if (!records || !facts)
		return error_nomem(e);
	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &count, e));
	TRY(fact_list(tx, records, count, ROWS_LOOKED_AT, a, facts, &fact_count, e));
	for (int i = 0; i < fact_count; i++)
		if (facts[i].id == fact)
			return fact_withdraw(tx, facts[i].record, fact, p->user, e);
	return error_set(e, ERR_NOT_FOUND, "fact.unknown", "fact", "There is no such fact on this customer");
}
