/* The person as one: members of a customer, and of each attribute the one that is believed. */
#include "people/internal.h"
#include "text/text.h"

static enum result customer_unknown(struct error *e)
{
	return error_set(e, ERR_NOT_FOUND, "customer.unknown", "customer", "There is no such customer.");
}

DB_STMT(customer_get, "ii", "ii", "SELECT customer, flags FROM person_record WHERE rkey = $1 AND id = $2")
enum result record_holder(struct db_tx *tx, int64_t record, int64_t *customer, bool *erased, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &customer_get, &rows, &found, e, DB_INT(id_bucket(record)), DB_INT(record)));
	if (!found)
		return customer_unknown(e);
	*customer = db_int(rows, 0);
	*erased = (db_int(rows, 1) & RECORD_ERASED) != 0;
	return OK;
}

enum result customer_of(struct db_tx *tx, int64_t id, int64_t *customer, struct error *e)
{
	int64_t holder;
	bool erased;

	TRY(record_holder(tx, id, &holder, &erased, e));
	if (erased)
		return customer_unknown(e);
	*customer = holder;
	return OK;
}

DB_STMT(customer_records, "iii", "i",
        "SELECT id FROM person_record WHERE rkey = $1 AND id = $2 AND customer = $2 "
        "UNION ALL SELECT record FROM person_member WHERE rkey = $1 AND customer = $2 ORDER BY 1 LIMIT $3")
enum result customer_members(struct db_tx *tx, int64_t customer, int64_t *records, int limit, int *count,
                             struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &customer_records, &rows, e, DB_INT(id_bucket(customer)), DB_INT(customer), DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW)
		records[n++] = db_int(rows, 0);
	TRY(rows_end(step, e));
	*count = n;
	return OK;
}

DB_STMT(membership_page, "iii", "ii",
        "SELECT id, customer FROM person_record WHERE customer <> id AND (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT "
        "$3")
enum result membership_scan(struct db_tx *tx, int64_t after, int limit, struct membership *out, int *count,
                            struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &membership_page, &rows, e, DB_INT(after ? (int64_t)id_bucket(after) : -1), DB_INT(after),
	             DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		out[n].record = db_int(rows, 0);
		out[n++].customer = db_int(rows, 1);
	}
	TRY(rows_end(step, e));
	*count = n;
	return OK;
}

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

struct member { /* what a struct record does not show */
	int64_t said_at, household;
};

#define PERSON_COLS                                                                                                    \
	"r.id, r.customer, r.household, r.said_at, r.created_at, r.updated_at, r.birth, r.source, "                    \
	"r.source_key, r.flags, " RECORD_FIELDS_R

DB_STMT(person_records, "ii", "iiIiiiitti" RECORD_FIELD_TYPES,
        "SELECT " PERSON_COLS " FROM person_record r WHERE r.rkey = $1 AND r.id = $2 "
        "UNION ALL SELECT " PERSON_COLS " FROM person_member m "
        "JOIN person_record r ON r.rkey = (m.record & 4095) AND r.id = m.record "
        "WHERE m.rkey = $1 AND m.customer = $2 ORDER BY 1")

static enum result record_read(const struct db_rows *rows, struct arena *a, struct record *r, struct member *m,
                               struct error *e)
{
	int birth = (int)db_int(rows, 6);
	bool ok;

	*r = (struct record){ .id = db_int(rows, 0),
		              .customer = db_int(rows, 1),
		              .created_at = db_int(rows, 4),
		              .updated_at = db_int(rows, 5),
		              .source = db_text_dup(rows, 7, a),
		              .source_key = db_text_dup(rows, 8, a),
		              .birth_year = birth / 10000,
		              .birth_month = birth / 100 % 100,
		              .birth_day = birth % 100 };
	*m = (struct member){ .said_at = db_int(rows, 3), .household = db_int(rows, 2) };
	ok = r->source && r->source_key;
	for (int f = 0; f < RF_COUNT; f++) {
		const char **field = record_field_of(r, (enum record_field)f);
		struct str s = db_text(rows, 10 + f);

		*field = s.n ? str_dup(a, s) : "";
		ok = ok && *field;
	}
	return ok ? OK : error_nomem(e);
}

struct loading {
	struct arena *a;
	struct person *p;
	int64_t id, holder; /* holder: the customer who holds this record; members only when it is the founding one */
	struct record *records;
	struct member *members;
	int record_cap, member_cap;
	bool erased; /* this record is nobody's any more */
};

static enum result records_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct loading *l = (struct loading *)arg + run;
	struct person *p = l->p;
	enum db_step step;

	while ((step = db_next(rows, e)) == DB_ROW && p->record_count < CUSTOMER_MEMBERS_MAX) {
		int n = p->record_count++;

		if (!arena_grow(l->a, &l->records, n, &l->record_cap, sizeof(*l->records)) ||
		    !arena_grow(l->a, &l->members, n, &l->member_cap, sizeof(*l->members)))
			return error_nomem(e);
		TRY(record_read(rows, l->a, &l->records[n], &l->members[n], e));
		p->records[n] = l->records[n].id;
		if (p->records[n] == l->id) {
			l->holder = l->records[n].customer;
			l->erased = (db_int(rows, 9) & RECORD_ERASED) != 0;
		}
	}
	p->members = l->records;
	p->customer = l->id;
	return step == DB_ERR ? e->result : OK;
}

static enum result records_load(struct db_tx *tx, void *arg, struct error *e)
{
	struct loading *l = arg;

	return db_each_id(tx, &person_records, &l->id, 1, records_take, l, e, DB_NONE);
}

#define IDENTIFIER_COLS "i.record, i.kind, i.value, i.grade, i.first_seen, i.last_seen, v.state, v.manual"
#define VALUE_JOIN "LEFT JOIN person_value v ON v.vkey = i.vkey AND v.kind = i.kind AND v.value = i.value "
#define PERSON_IDENTIFIERS_MAX 2000

DB_STMT(person_identifiers, "iii", "iitiiiII",
        "SELECT " IDENTIFIER_COLS " FROM person_identifier i " VALUE_JOIN "WHERE i.rkey = $1 AND i.record = $2 "
        "UNION ALL SELECT " IDENTIFIER_COLS " FROM person_member m "
        "JOIN person_identifier i ON i.rkey = (m.record & 4095) AND i.record = m.record " VALUE_JOIN
        "WHERE m.rkey = $1 AND m.customer = $2 ORDER BY 1, 2, 3 LIMIT $3")
static enum result identifiers_load(struct db_tx *tx, void *arg, struct error *e)
{
	struct loading *l = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	struct identifier *list = NULL;
	int n = 0, cap = 0;

	if (l->holder && l->holder != l->id) /* another is loaded instead */
		return OK;
	TRY(db_query(tx, &person_identifiers, &rows, e, DB_INT(id_bucket(l->id)), DB_INT(l->id),
	             DB_INT(PERSON_IDENTIFIERS_MAX)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct identifier *i;
		int64_t grade = db_int(rows, 3);

		if (!arena_grow(l->a, &list, n, &cap, sizeof(*list)))
			return error_nomem(e);
		i = &list[n++];
		*i = (struct identifier){ .kind = (enum identifier_kind)db_int(rows, 1),
			                  .value = db_text_dup(rows, 2, l->a),
			                  .verified = grade == GRADE_VERIFIED,
			                  .record = db_int(rows, 0),
			                  .first_seen = db_int(rows, 4),
			                  .last_seen = db_int(rows, 5) };
		if (!i->value)
			return error_nomem(e);
		i->state = identifier_state_of(i->kind, i->value, grade == GRADE_RAW, !db_is_null(rows, 6),
		                               db_int(rows, 7) != 0, (int)db_int(rows, 6));
	}
	l->p->identifiers = list;
	l->p->identifier_count = n;
	return rows_end(step, e);
}

/* ---- Choosing ---------------------------------------------------------------------------------------------------- */

/* Newest first; ties by source and key, so that every reader chooses the same. */
static bool said_before(const struct person *p, const struct member *m, int x, int y)
{
	int c;

	if (m[x].said_at != m[y].said_at)
		return m[x].said_at > m[y].said_at;
	c = strcmp(p->members[x].source, p->members[y].source);
	return c ? c < 0 : strcmp(p->members[x].source_key, p->members[y].source_key) < 0;
}

static void attributes_choose(struct person *p, struct record *records, const struct member *m)
{
	int order[CUSTOMER_MEMBERS_MAX];
	struct record *c = &p->chosen;

	for (int i = 0; i < p->record_count; i++) {
		int at = i;

		for (; at > 0 && said_before(p, m, i, order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	*c = records[0];
	c->birth_year = c->birth_month = c->birth_day = 0;
	for (int f = 0; f < RF_COUNT; f++) {
		const char **chosen = record_field_of(c, (enum record_field)f);

		*chosen = "";
		for (int i = 0; i < p->record_count && !**chosen; i++)
			*chosen = *record_field_of(&records[order[i]], (enum record_field)f);
	}
	for (int i = 0; i < p->record_count; i++) {
		const struct record *r = &records[order[i]];

		if (r->created_at < c->created_at)
			c->created_at = r->created_at;
		if (r->updated_at > c->updated_at)
			c->updated_at = r->updated_at;
		if (!p->household)
			p->household = m[order[i]].household;
		if (!c->birth_month && (r->birth_month || (r->birth_year && !c->birth_year))) {
			c->birth_year = r->birth_year ? r->birth_year : c->birth_year;
			c->birth_month = r->birth_month;
			c->birth_day = r->birth_day;
		}
	}
	c->id = c->customer = p->customer;
}

static enum result loading_begin(struct loading *l, struct arena *a, int64_t id, struct error *e)
{
	*l = (struct loading){ .a = a, .p = arena_alloc(a, sizeof(*l->p)), .id = id };
	return l->p ? OK : error_nomem(e);
}

enum result person_load(struct db_tx *tx, int64_t id, struct arena *a, struct person *out, struct error *e)
{
	struct loading l = { .holder = id };

	for (int turn = 0; turn < 2 && l.holder && l.holder != l.id; turn++) {
		TRY(loading_begin(&l, a, l.holder, e));
		TRY(db_together(tx, (struct db_part[]){ { records_load, &l }, { identifiers_load, &l } }, 2, e));
	}
	if (l.holder != l.id || l.erased)
		return customer_unknown(e);
	attributes_choose(l.p, l.records, l.members);
	*out = *l.p;
	return OK;
}

enum result customer_names(struct db_tx *tx, const int64_t *customers, int count, struct arena *a, const char **names,
                           struct error *e)
{
	struct loading *all = arena_array(a, (size_t)count + 1, sizeof(*all));

	if (!all)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		TRY(loading_begin(&all[i], a, customers[i], e));
	TRY(db_each_id(tx, &person_records, customers, count, records_take, all, e, DB_NONE));
	for (int i = 0; i < count; i++) {
		if (all[i].holder != customers[i])
			return customer_unknown(e);
		attributes_choose(all[i].p, all[i].records, all[i].members);
		names[i] = person_name(all[i].p, a);
	}
	return OK;
}

const char *person_name(const struct person *p, struct arena *a)
{
	const struct record *c = &p->chosen;
	const char *name;

	if (*c->given && *c->family)
		name = arena_printf(a, "%s %s", c->given, c->family);
	else if (*c->given)
		name = c->given;
	else if (*c->family)
		name = *c->prefix ? arena_printf(a, "%s %s", c->prefix, c->family) : c->family;
	else
		name = "Unknown visitor";
	return name ? name : "?";
}
