/* The person as one: members of a customer, and of each attribute the one that is believed. */
#include "people/internal.h"
#include "text/text.h"

DB_STMT(customer_get, "ii", "i", "SELECT customer FROM person_record WHERE rkey = $1 AND id = $2")
enum result customer_of(struct db_tx *tx, int64_t id, int64_t *customer, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &customer_get, &rows, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "customer.unknown", "customer", "There is no such customer.");
	*customer = db_int(rows, 0);
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
	"r.source_key, " RECORD_FIELDS_R

DB_STMT(person_records, "ii", "iiIiiiitt" RECORD_FIELD_TYPES,
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
		struct str s = db_text(rows, 9 + f);

		*field = s.n ? str_dup(a, s) : "";
		ok = ok && *field;
	}
	return ok ? OK : error_nomem(e);
}

/* *holder: the customer who holds this record; members only when it is the founding one. */
static enum result records_load(struct db_tx *tx, int64_t id, struct arena *a, struct person *p,
                                struct record **records, struct member **members, int64_t *holder, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0, cap = 0;

	*holder = 0;
	TRY(db_query(tx, &person_records, &rows, e, DB_INT(id_bucket(id)), DB_INT(id)));
	while ((step = db_next(rows, e)) == DB_ROW && n < CUSTOMER_MEMBERS_MAX) {
		if (n == cap) {
			int more = cap ? cap * 4 : 4;
			struct record *r = arena_array(a, (size_t)more, sizeof(*r));
			struct member *m = arena_array(a, (size_t)more, sizeof(*m));

			if (!r || !m)
				return error_nomem(e);
			if (n) {
				memcpy(r, *records, (size_t)n * sizeof(*r));
				memcpy(m, *members, (size_t)n * sizeof(*m));
			}
			*records = r;
			*members = m;
			cap = more;
		}
		TRY(record_read(rows, a, &(*records)[n], &(*members)[n], e));
		if ((*records)[n].id == id)
			*holder = (*records)[n].customer;
		p->records[n] = (*records)[n].id;
		n++;
	}
	p->record_count = n;
	return step == DB_ERR ? e->result : OK;
}

#define IDENTIFIER_COLS "i.record, i.kind, i.value, i.grade, i.first_seen, i.last_seen, v.state, v.manual"
#define VALUE_JOIN "LEFT JOIN person_value v ON v.vkey = i.vkey AND v.kind = i.kind AND v.value = i.value "
#define PERSON_IDENTIFIERS_MAX 2000

DB_STMT(person_identifiers, "iii", "iitiiiII",
        "SELECT " IDENTIFIER_COLS " FROM person_identifier i " VALUE_JOIN "WHERE i.rkey = $1 AND i.record = $2 "
        "UNION ALL SELECT " IDENTIFIER_COLS " FROM person_member m "
        "JOIN person_identifier i ON i.rkey = (m.record & 4095) AND i.record = m.record " VALUE_JOIN
        "WHERE m.rkey = $1 AND m.customer = $2 ORDER BY 1, 2, 3 LIMIT $3")
static enum result identifiers_load(struct db_tx *tx, struct arena *a, struct person *p, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	struct identifier *list = NULL;
	int n = 0, cap = 0;

	TRY(db_query(tx, &person_identifiers, &rows, e, DB_INT(id_bucket(p->customer)), DB_INT(p->customer),
	             DB_INT(PERSON_IDENTIFIERS_MAX)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct identifier *i;
		int64_t grade = db_int(rows, 3);

		if (n == cap) {
			struct identifier *more = arena_array(a, (size_t)(cap = cap ? cap * 4 : 8), sizeof(*more));

			if (!more)
				return error_nomem(e);
			if (n)
				memcpy(more, list, (size_t)n * sizeof(*more));
			list = more;
		}
		i = &list[n++];
		*i = (struct identifier){ .kind = (enum identifier_kind)db_int(rows, 1),
			                  .value = db_text_dup(rows, 2, a),
			                  .verified = grade == GRADE_VERIFIED,
			                  .record = db_int(rows, 0),
			                  .first_seen = db_int(rows, 4),
			                  .last_seen = db_int(rows, 5) };
		if (!i->value)
			return error_nomem(e);
		i->state = identifier_state_of(i->kind, i->value, grade == GRADE_RAW, !db_is_null(rows, 6),
		                               db_int(rows, 7) != 0, (int)db_int(rows, 6));
	}
	p->identifiers = list;
	p->identifier_count = n;
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

enum result person_load(struct db_tx *tx, int64_t id, struct arena *a, struct person *out, struct error *e)
{
	struct record *records = NULL;
	struct member *members = NULL;
	int64_t holder;
	struct person *p = arena_alloc(a, sizeof(*p)); /* out stays untouched on failure */

	if (!p)
		return error_nomem(e);
	TRY(records_load(tx, id, a, p, &records, &members, &holder, e));
	if (holder && holder != id) {
		id = holder;
		TRY(records_load(tx, id, a, p, &records, &members, &holder, e));
	}
	if (holder != id)
		return error_set(e, ERR_NOT_FOUND, "customer.unknown", "customer", "There is no such customer.");
	p->customer = id;
	p->members = records;
	TRY(identifiers_load(tx, a, p, e));
	attributes_choose(p, records, members);
	*out = *p;
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
