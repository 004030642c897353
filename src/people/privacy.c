/* One record's own: written out, or erased. */
#include "people/rooms.h"

/* ---- Export ------------------------------------------------------------------------------------------------------ */

DB_STMT(export_record, "ii", "iiIiiiitt" RECORD_FIELD_TYPES,
        "SELECT r.id, r.customer, r.household, r.said_at, r.created_at, r.updated_at, r.birth, r.source, "
        "r.source_key, " RECORD_FIELDS_R " FROM person_record r WHERE r.rkey = $1 AND r.id = $2")
static enum result record_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	static const char *const names[RF_COUNT] = { "prefix",    "given",    "middle",   "family", "suffix",
		                                     "pronounce", "gender",   "language", "street", "city",
		                                     "region",    "postcode", "country" };
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;

	TRY(db_query_one(tx, &export_record, &rows, &found, e, DB_INT(id_bucket(record)), DB_INT(record)));
	jw_key(w, "record");
	if (!found) {
		jw_null(w);
		return OK;
	}
	jw_object(w);
	jw_kid(w, "id", ID_RECORD, db_int(rows, 0));
	jw_kid(w, "customer", ID_CUSTOMER, db_int(rows, 1));
	jw_kid(w, "household", ID_HOUSEHOLD, db_int(rows, 2));
	jw_ktime(w, "said_at", db_int(rows, 3));
	jw_ktime(w, "created_at", db_int(rows, 4));
	jw_ktime(w, "updated_at", db_int(rows, 5));
	jw_ki64(w, "birth", db_int(rows, 6));
	jw_kstr(w, "source", db_text(rows, 7));
	jw_kstr(w, "source_key", db_text(rows, 8));
	for (int f = 0; f < RF_COUNT; f++)
		jw_kstr(w, names[f], db_text(rows, 9 + f));
	jw_end_object(w);
	return OK;
}

DB_STMT(export_identifiers, "ii", "itiii",
        "SELECT kind, value, grade, first_seen, last_seen FROM person_identifier WHERE rkey = $1 AND record = $2")
static enum result identifiers_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(tx, &export_identifiers, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
	jw_key(w, "identifiers");
	jw_array(w);
	while ((step = db_next(rows, e)) == DB_ROW) {
		jw_object(w);
		jw_kcstr(w, "kind", identifier_kind_name((enum identifier_kind)db_int(rows, 0)));
		jw_kstr(w, "value", db_text(rows, 1));
		jw_kbool(w, "verified", db_int(rows, 2) == GRADE_VERIFIED);
		jw_ktime(w, "first_seen", db_int(rows, 3));
		jw_ktime(w, "last_seen", db_int(rows, 4));
		jw_end_object(w);
	}
	jw_end_array(w);
	return rows_end(step, e);
}

DB_STMT(export_consents, "ii", "ttii",
        "SELECT channel, purpose, state, at FROM person_consent WHERE rkey = $1 AND record = $2")
static enum result consents_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(tx, &export_consents, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
	jw_key(w, "consents");
	jw_array(w);
	while ((step = db_next(rows, e)) == DB_ROW) {
		jw_object(w);
		jw_kstr(w, "channel", db_text(rows, 0));
		jw_kstr(w, "purpose", db_text(rows, 1));
		jw_kcstr(w, "state", db_int(rows, 2) == CONSENT_YES ? "yes" : "no");
		jw_ktime(w, "at", db_int(rows, 3));
		jw_end_object(w);
	}
	jw_end_array(w);
	return rows_end(step, e);
}

DB_STMT(export_recipients, "ii", "iittt",
        "SELECT id, birth, name, relation, note FROM person_recipient WHERE rkey = $1 AND record = $2")
static enum result recipients_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(tx, &export_recipients, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
	jw_key(w, "recipients");
	jw_array(w);
	while ((step = db_next(rows, e)) == DB_ROW) {
		jw_object(w);
		jw_kid(w, "id", ID_RECIPIENT, db_int(rows, 0));
		jw_ki64(w, "birth", db_int(rows, 1));
		jw_kstr(w, "name", db_text(rows, 2));
		jw_kstr(w, "relation", db_text(rows, 3));
		jw_kstr(w, "note", db_text(rows, 4));
		jw_end_object(w);
	}
	jw_end_array(w);
	return rows_end(step, e);
}

static enum result decisions_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	struct decision_row *rows;
	int count;

	TRY(decisions_of(tx, record, &rows, &count, e));
	jw_key(w, "decisions");
	jw_array(w);
	for (int i = 0; i < count; i++) {
		jw_object(w);
		jw_kid(w, "id", ID_DECISION, rows[i].id);
		jw_ki64(w, "kind", rows[i].kind);
		jw_ktime(w, "at", rows[i].at);
		jw_kstr(w, "reason", rows[i].reason);
		jw_kbool(w, "standing", rows[i].standing);
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

enum result people_export_record(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	jw_key(w, "people");
	jw_object(w);
	TRY(record_export(tx, record, w, e));
	TRY(identifiers_export(tx, record, w, e));
	TRY(consents_export(tx, record, w, e));
	TRY(recipients_export(tx, record, w, e));
	TRY(decisions_export(tx, record, w, e));
	jw_end_object(w);
	return OK;
}

/* ---- Erasure ----------------------------------------------------------------------------------------------------- */

#define ERASE_SEEDS (CUSTOMER_MEMBERS_MAX + RECORD_VALUES_MAX * (IDENT_LIMIT_MANUAL + 1))
struct erasing {
	struct db_tx *tx;
	int64_t record, customer, tie, household;
	int64_t seeds[ERASE_SEEDS];
	int seed_count;
	struct {
		enum identifier_kind kind;
		int64_t vkey;
		char *text;
	} values[RECORD_VALUES_MAX];
	int value_count;
};

DB_STMT(erase_values, "ii", "iit", "SELECT kind, vkey, value FROM person_identifier WHERE rkey = $1 AND record = $2")
static enum result values_read(struct erasing *x, struct error *e)
{
	unsigned buckets[RECORD_VALUES_MAX];
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(x->tx, &erase_values, &rows, e, DB_INT(id_bucket(x->record)), DB_INT(x->record)));
		while ((step = db_next(rows, e)) == DB_ROW && x->value_count < RECORD_VALUES_MAX) {
			x->values[x->value_count].kind = (enum identifier_kind)db_int(rows, 0);
			x->values[x->value_count].vkey = db_int(rows, 1);
			x->values[x->value_count].text = db_text_dup(rows, 2, db_tx_arena(x->tx));
			if (!x->values[x->value_count++].text)
				return error_nomem(e);
		}
		if (step == DB_ERR)
			return e->result;
	}
	for (int i = 0; i < x->value_count; i++)
		buckets[i] = value_bucket(x->values[i].vkey);
	return people_lock(x->tx, buckets, x->value_count, e);
}

DB_STMT(erase_holder, "iii", "", "DELETE FROM person_holder WHERE vkey = $1 AND kind = $2 AND record = $3")
DB_STMT(erase_identifiers, "ii", "", "DELETE FROM person_identifier WHERE rkey = $1 AND record = $2")
/* A value that is held by fewer now may link again: its holders are looked at. */
static enum result values_erase(struct erasing *x, struct error *e)
{
	for (int i = 0; i < x->value_count; i++) {
		enum identifier_kind kind = x->values[i].kind;
		int64_t vkey = x->values[i].vkey;
		const char *text = x->values[i].text;
		struct value_holders h;

		if (!kind_links(kind))
			continue;
		TRY(db_exec(x->tx, &erase_holder, NULL, e, DB_INT(vkey), DB_INT(kind), DB_INT(x->record)));
		TRY(value_load(x->tx, kind, vkey, text, &h, e));
		if (h.has_row && !h.manual && h.count <= kind_limit(kind))
			TRY(value_auto_state(x->tx, kind, vkey, text, false, e));
		for (int k = 0; k < h.count && h.state == IDENT_NORMAL; k++)
			x->seeds[x->seed_count++] = h.holders[k].record;
	}
	return db_exec(x->tx, &erase_identifiers, NULL, e, DB_INT(id_bucket(x->record)), DB_INT(x->record));
}

DB_STMT(erase_pairs_back, "ii", "",
        "DELETE FROM person_nomination WHERE b = $2 AND (rkey, a) IN "
        "(SELECT n.b & 4095, n.b FROM person_nomination n WHERE n.rkey = $1 AND n.a = $2)")
DB_STMT(erase_pairs, "ii", "", "DELETE FROM person_nomination WHERE rkey = $1 AND a = $2")
DB_STMT(erase_consents, "ii", "", "DELETE FROM person_consent WHERE rkey = $1 AND record = $2")
DB_STMT(erase_recipients, "ii", "", "DELETE FROM person_recipient WHERE rkey = $1 AND record = $2")
DB_STMT(erase_todo, "ii", "", "DELETE FROM person_todo WHERE rkey = $1 AND record = $2")
DB_STMT(erase_reasons, "ii", "",
        "UPDATE person_decision SET reason = '', evidence = '{}' WHERE value_kind IS NULL AND (rkey, id) IN "
        "(SELECT decision & 4095, decision FROM person_decision_record WHERE rkey = $1 AND record = $2)")
DB_STMT(erase_household, "iii", "",
        "DELETE FROM person_household_record WHERE rkey = $1 AND household = $2 AND record = $3")
static enum result rows_erase(struct erasing *x, struct error *e)
{
	struct db_value rkey = DB_INT(id_bucket(x->record)), id = DB_INT(x->record);

	TRY(db_exec(x->tx, &erase_pairs_back, NULL, e, rkey, id));
	TRY(db_exec(x->tx, &erase_pairs, NULL, e, rkey, id));
	TRY(db_exec(x->tx, &erase_consents, NULL, e, rkey, id));
	TRY(db_exec(x->tx, &erase_recipients, NULL, e, rkey, id));
	TRY(db_exec(x->tx, &erase_todo, NULL, e, rkey, id));
	TRY(db_exec(x->tx, &erase_reasons, NULL, e, rkey, id));
	if (x->household)
		TRY(db_exec(x->tx, &erase_household, NULL, e, DB_INT(id_bucket(x->household)), DB_INT(x->household),
		            id));
	return OK;
}

DB_STMT(erase_tied, "ii", "i", "SELECT device FROM person_tie WHERE rkey = $1 AND record = $2 LIMIT 500")
DB_STMT(erase_ties, "ii", "", "DELETE FROM person_tie WHERE rkey = $1 AND record = $2")
DB_STMT(erase_tie, "iii", "", "DELETE FROM person_tie WHERE rkey = $1 AND record = $2 AND device = $3")
DB_STMT(untie, "iii", "", "UPDATE person_record SET tie = NULL WHERE rkey = $1 AND id = $2 AND tie = $3")
static enum result ties_erase(struct erasing *x, struct error *e)
{
	int64_t devices[500];
	int n = 0;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(x->tx, &erase_tied, &rows, e, DB_INT(id_bucket(x->record)), DB_INT(x->record)));
		while ((step = db_next(rows, e)) == DB_ROW)
			devices[n++] = db_int(rows, 0);
		TRY(rows_end(step, e));
	}
	for (int i = 0; i < n; i++)
		TRY(db_exec(x->tx, &untie, NULL, e, DB_INT(id_bucket(devices[i])), DB_INT(devices[i]),
		            DB_INT(x->record)));
	TRY(db_exec(x->tx, &erase_ties, NULL, e, DB_INT(id_bucket(x->record)), DB_INT(x->record)));
	if (x->tie)
		TRY(db_exec(x->tx, &erase_tie, NULL, e, DB_INT(id_bucket(x->tie)), DB_INT(x->tie), DB_INT(x->record)));
	return OK;
}

/* The row stays: orders and touchpoints hang on its id. It keeps nothing that names anybody. */
DB_STMT(erase_record_row, "iitii", "",
        "UPDATE person_record SET customer = id, version = version + 1, flags = $4, tie = NULL, household = NULL, "
        "birth = 0, "
        "source = 'erased', source_key = $3, prefix = '', given = '', middle = '', family = '', suffix = "
        "'', "
        "pronounce = '', gender = '', language = '', street = '', city = '', region = '', postcode = '', country = '', "
        "updated_at = $5 WHERE rkey = $1 AND id = $2")
DB_STMT(erase_member, "iii", "", "DELETE FROM person_member WHERE rkey = $1 AND customer = $2 AND record = $3")
static enum result record_erase(struct erasing *x, struct error *e)
{
	char key[ID_TEXT_BYTES];

	id_format(key, ID_RECORD, x->record);
	TRY(db_exec(x->tx, &erase_record_row, NULL, e, DB_INT(id_bucket(x->record)), DB_INT(x->record), DB_CSTR(key),
	            DB_INT(RECORD_ERASED), DB_INT(clock_now())));
	return db_exec(x->tx, &erase_member, NULL, e, DB_INT(id_bucket(x->customer)), DB_INT(x->customer),
	               DB_INT(x->record));
}

DB_STMT(erase_look, "ii", "iII", "SELECT customer, tie, household FROM person_record WHERE rkey = $1 AND id = $2")
enum result people_erase_record(struct db_tx *tx, int64_t record, struct error *e)
{
	struct erasing *x = arena_alloc(db_tx_arena(tx), sizeof(*x));
	int members;

	if (!x)
		return error_nomem(e);
	x->tx = tx;
	x->record = record;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		bool found;

		TRY(db_query_one(tx, &erase_look, &rows, &found, e, DB_INT(id_bucket(record)), DB_INT(record)));
		if (!found)
			return OK;
		x->customer = db_int(rows, 0);
		x->tie = db_int(rows, 1);
		x->household = db_int(rows, 2);
	}
	TRY(values_read(x, e));
	TRY(customer_members(tx, x->customer, x->seeds, CUSTOMER_MEMBERS_MAX, &members, e));
	x->seed_count = members;
	TRY(values_erase(x, e));
	TRY(ties_erase(x, e));
	TRY(rows_erase(x, e));
	TRY(record_erase(x, e));
	TRY(home_refresh(tx, record, e));
	TRY(matching_refresh(tx, record, x->seeds, ERASE_SEEDS, &x->seed_count, e));
	TRY(matching_refresh_many(tx, x->seeds, ERASE_SEEDS, &x->seed_count,
	                          e)); /* a value of theirs may speak again */
	TRY(people_resolve(tx, x->seeds, x->seed_count, 0, 0, e));
	TRY(feed_append(tx, FEED_RECORD, record, 0, e));
	if (x->customer != record)
		TRY(feed_append(tx, FEED_RECORD, x->customer, 0, e));
	return feed_append(tx, FEED_MEMBERSHIP, record, 0, e);
}
