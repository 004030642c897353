/* Records as the matching engine sees them: from the tables to its features. */
#include "people/internal.h"
#include "people/match.h"
#include <stdlib.h>

/* ---- Features ---------------------------------------------------------------------------------------------------- */

/* A value that names nobody, as far as we know, says nothing about anybody. */
static bool speaks(const struct identifier *i)
{
	return i->state == IDENT_NORMAL || i->state == IDENT_HOUSEHOLD;
}

static void value_add(struct match_value *list, int *count, struct str kind, struct str value, bool verified)
{
	if (*count < MATCH_VALUES_MAX)
		list[(*count)++] = (struct match_value){ kind, value, verified };
}

/* "system:number" is an id of that system's. */
static void external_add(struct match_in *in, struct str value)
{
	const char *colon = memchr(value.p, ':', value.n);
	struct str system = { value.p, colon ? (size_t)(colon - value.p) : 0 };

	if (colon)
		value = (struct str){ colon + 1, value.n - system.n - 1 };
	value_add(in->ids, &in->id_count, colon ? system : STR("external"), value, false);
}

/* Only accounts are told to be verified: two of them are two people. Of loyalty cards somebody may have two. */
static void identifiers_add(const struct matching_row *row, struct match_in *in)
{
	for (int k = 0; k < row->identifier_count; k++) {
		const struct identifier *i = &row->identifiers[k];
		struct str value = str_c(i->value);

		if (!speaks(i))
			continue;
		if (i->kind == IDENT_EMAIL)
			value_add(in->emails, &in->email_count, STR(""), value, i->verified);
		else if (i->kind == IDENT_PHONE)
			value_add(in->phones, &in->phone_count, STR(""), value, i->verified);
		else if (i->kind == IDENT_LOYALTY)
			value_add(in->ids, &in->id_count, STR("loyalty"), value, false);
		else if (i->kind == IDENT_ACCOUNT)
			value_add(in->ids, &in->id_count, STR("account"), value, i->verified);
		else if (i->kind == IDENT_EXTERNAL)
			external_add(in, value);
	}
}

enum result matching_make(const struct matching_row *row, struct arena *a, struct match_record **out, struct error *e)
{
	const struct record *r = &row->record;
	struct match_in *in = mem_calloc(1, sizeof(*in)); /* some kB of lists: not on the stack, not in the arena */
	enum result result;

	if (!in)
		return error_nomem(e);
	*in = (struct match_in){ .source = str_c(r->source),
		                 .source_key = str_c(r->source_key),
		                 .prefix = str_c(r->prefix),
		                 .given = str_c(r->given),
		                 .middle = str_c(r->middle),
		                 .family = str_c(r->family),
		                 .suffix = str_c(r->suffix),
		                 .gender = str_c(r->gender),
		                 .birth_year = r->birth_year,
		                 .birth_month = r->birth_month,
		                 .birth_day = r->birth_day,
		                 .street = str_c(r->street),
		                 .city = str_c(r->city),
		                 .region = str_c(r->region),
		                 .postcode = str_c(r->postcode),
		                 .country = str_c(r->country) };
	identifiers_add(row, in);
	result = match_record_make(in, a, out, e);
	mem_free(in);
	return result;
}

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

#define FIELDS_FROM 5 /* column of the first text field */
#define VALUE_FROM (FIELDS_FROM + RF_COUNT)
#define ROW_COLS                                                                                                       \
	"r.id, r.flags, r.birth, r.source, r.source_key, " RECORD_FIELDS_R                                             \
	", i.kind, i.value, i.grade, v.state, v.manual"
#define ROW_TYPES "iiitt" RECORD_FIELD_TYPES "ITIII"
#define ROW_JOIN                                                                                                       \
	"LEFT JOIN person_identifier i ON i.rkey = r.rkey AND i.record = r.id "                                        \
	"LEFT JOIN person_value v ON v.vkey = i.vkey AND v.kind = i.kind AND v.value = i.value "

struct loading {
	struct arena *a;
	struct matching_row *rows; /* record.id 0: not there */
};

static enum result fields_read(struct arena *a, const struct db_rows *rows, struct record *r, struct error *e)
{
	int birth = (int)db_int(rows, 2);
	bool ok;

	*r = (struct record){ .id = db_int(rows, 0),
		              .source = db_text_dup(rows, 3, a),
		              .source_key = db_text_dup(rows, 4, a),
		              .birth_year = birth / 10000,
		              .birth_month = birth / 100 % 100,
		              .birth_day = birth % 100 };
	ok = r->source && r->source_key;
	for (int f = 0; f < RF_COUNT; f++) {
		const char **field = record_field_of(r, (enum record_field)f);
		struct str s = db_text(rows, FIELDS_FROM + f);

		*field = s.n ? str_dup(a, s) : "";
		ok = ok && *field;
	}
	return ok ? OK : error_nomem(e);
}

static enum result value_read(const struct db_rows *rows, struct arena *a, struct identifier *i, struct error *e)
{
	int64_t grade = db_int(rows, VALUE_FROM + 2);

	*i = (struct identifier){ .kind = (enum identifier_kind)db_int(rows, VALUE_FROM),
		                  .value = db_text_dup(rows, VALUE_FROM + 1, a),
		                  .verified = grade == GRADE_VERIFIED,
		                  .record = db_int(rows, 0) };
	if (!i->value)
		return error_nomem(e);
	i->state = identifier_state_of(i->kind, i->value, grade == GRADE_RAW, !db_is_null(rows, VALUE_FROM + 3),
	                               db_int(rows, VALUE_FROM + 4) != 0, (int)db_int(rows, VALUE_FROM + 3));
	return OK;
}

static int by_value(const void *x, const void *y)
{
	const struct identifier *a = x, *b = y;

	return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind) : strcmp(a->value, b->value);
}

/* A record's row is repeated with each of its identifiers. */
static enum result row_take(struct db_rows *rows, int at, void *arg, struct error *e)
{
	struct loading *l = arg;
	struct matching_row *row = &l->rows[at];
	struct identifier *values = NULL;
	int cap = 0;
	enum db_step step;

	*row = (struct matching_row){ 0 };
	while ((step = db_next(rows, e)) == DB_ROW && !(db_int(rows, 1) & RECORD_ERASED)) {
		if (!row->record.id)
			TRY(fields_read(l->a, rows, &row->record, e));
		if (db_is_null(rows, VALUE_FROM))
			continue;
		if (!arena_grow(l->a, &values, row->identifier_count, &cap, sizeof(*values)))
			return error_nomem(e);
		TRY(value_read(rows, l->a, &values[row->identifier_count++], e));
	}
	if (values)
		qsort(values, (size_t)row->identifier_count, sizeof(*values), by_value);
	row->identifiers = values;
	return rows_end(step, e);
}

enum result ids_as_json(const int64_t *ids, int count, struct buf *out, struct error *e)
{
	buf_init(out, 0);
	buf_char(out, '[');
	for (int i = 0; i < count; i++) {
		if (i)
			buf_char(out, ',');
		buf_i64(out, ids[i]);
	}
	buf_char(out, ']');
	return out->failed ? error_nomem(e) : OK;
}

DB_STMT(matching_record, "ii", ROW_TYPES,
        "SELECT " ROW_COLS " FROM person_record r " ROW_JOIN "WHERE r.rkey = $1 AND r.id = $2")
/* What the tables say of these records; rows[i].record.id is 0 where one is gone or erased. */
static enum result rows_load(struct db_tx *tx, const int64_t *records, int count, struct arena *a,
                             struct matching_row *rows, struct error *e)
{
	return db_each_id(tx, &matching_record, records, count, row_take, &((struct loading){ a, rows }), e, DB_NONE);
}

enum result matching_row_load(struct db_tx *tx, int64_t record, struct arena *a, struct matching_row *row,
                              struct error *e)
{
	return rows_load(tx, &record, 1, a, row, e);
}

static enum result tables_load(struct db_tx *tx, const struct match_model *model, const int64_t *records, int count,
                               struct arena *a, struct match_record **out, struct error *e)
{
	struct matching_row *rows = arena_array(a, (size_t)count + 1, sizeof(*rows));

	if (!rows)
		return error_nomem(e);
	TRY(rows_load(tx, records, count, a, rows, e));
	for (int i = 0; i < count; i++) {
		out[i] = NULL;
		if (!rows[i].record.id)
			continue;
		TRY(matching_make(&rows[i], a, &out[i], e));
		if (model)
			match_record_bind(model, out[i]);
	}
	return OK;
}

enum result matching_read(struct db_tx *tx, const struct match_model *model, int64_t record, struct arena *a,
                          struct match_record **out, struct error *e)
{
	return tables_load(tx, model, &record, 1, a, out, e);
}

/* ---- Loading what was made before -------------------------------------------------------------------------------- */

DB_STMT(features_get, "ii", "b", "SELECT features FROM person_features WHERE rkey = $1 AND record = $2")
/* The list is walked, the table looked up: a statement for each would cost as much again. */
DB_STMT(features_list_sqlite, "t", "ib",
        "SELECT q.key, f.features FROM json_each($1) q CROSS JOIN person_features f ON f.rkey = (q.value & 4095) "
        "AND f.record = q.value")
DB_STMT(features_list_pg, "t", "ib",
        "SELECT CAST(q.n - 1 AS BIGINT), f.features FROM json_array_elements_text(CAST($1 AS JSON)) WITH ORDINALITY AS "
        "q(id, n) JOIN person_features f ON f.rkey = (CAST(q.id AS BIGINT) & 4095) AND f.record = CAST(q.id AS BIGINT)")

/* Those that the transaction's last refresh had. */
static enum result known_take(struct db_tx *tx, const int64_t *records, int count, struct match_record **out,
                              struct error *e)
{
	struct matching_memory *memory;

	TRY(matching_memory(tx, &memory, e));
	for (int i = 0; i < count; i++) {
		int lo = 0, hi = memory->known_count;

		while (lo < hi) {
			int mid = (lo + hi) / 2;

			if (memory->known_ids[mid] < records[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		out[i] = lo < memory->known_count && memory->known_ids[lo] == records[i] ? memory->known[lo] : NULL;
	}
	return OK;
}

/* out[i] stays NULL where they are none of the present format. */
static enum result features_read(const struct match_model *model, struct str bytes, struct arena *a,
                                 struct match_record **out, struct error *e)
{
	if (!match_record_readable(bytes))
		return OK;
	TRY(match_record_unpack(bytes, a, out, e));
	match_record_bind(model, *out);
	return OK;
}

static enum result features_one(struct db_tx *tx, const struct match_model *model, int64_t record, struct arena *a,
                                struct match_record **out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &features_get, &rows, &found, e, DB_INT(id_bucket(record)), DB_INT(record)));
	return found ? features_read(model, db_blob(rows, 0), a, out, e) : OK;
}

static enum result features_load(struct db_tx *tx, const struct match_model *model, const int64_t *records, int count,
                                 struct arena *a, struct match_record **out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	BUF_AUTO struct buf list = { 0 };
	bool sqlite = db_tx_engine(tx) == DB_SQLITE;
	enum db_step step;

	if (count == 1)
		return features_one(tx, model, records[0], a, out, e);
	TRY(ids_as_json(records, count, &list, e));
	TRY(db_query(tx, sqlite ? &features_list_sqlite : &features_list_pg, &rows, e, DB_TEXT(buf_view(&list))));
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t n = db_int(rows, 0);

		if (n >= 0 && n < count)
			TRY(features_read(model, db_blob(rows, 1), a, &out[n], e));
	}
	return rows_end(step, e);
}

/* Where out[] holds nothing; missing_load() calls load for these alone. */
typedef enum result load_fn(struct db_tx *tx, const struct match_model *model, const int64_t *records, int count,
                            struct arena *a, struct match_record **out, struct error *e);
static enum result missing_load(struct db_tx *tx, const struct match_model *model, const int64_t *records, int count,
                                struct arena *a, struct match_record **out, load_fn *load, struct error *e)
{
	int missing = 0, at = 0;
	struct match_record **found;
	int64_t *ids;

	for (int i = 0; i < count; i++)
		missing += !out[i];
	if (!missing)
		return OK;
	ids = arena_array(a, (size_t)missing, sizeof(*ids));
	found = arena_array(a, (size_t)missing, sizeof(struct match_record *));
	if (!ids || !found)
		return error_nomem(e);
	for (int i = 0; i < count; i++)
		if (!out[i])
			ids[at++] = records[i];
	TRY(load(tx, model, ids, missing, a, found, e));
	at = 0;
	for (int i = 0; i < count; i++)
		if (!out[i])
			out[i] = found[at++];
	return OK;
}

enum result matching_load(struct db_tx *tx, const struct match_model *model, const int64_t *records, int count,
                          struct arena *a, struct match_record **out, struct error *e)
{
	TRY(known_take(tx, records, count, out, e));
	TRY(missing_load(tx, model, records, count, a, out, features_load, e));
	/* who was never matched, or by an older program */
	return missing_load(tx, model, records, count, a, out, tables_load, e);
}
