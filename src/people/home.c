/* Households that nobody told us of: inferred from what records share. Nothing is merged by it and no identifier is
 * needed for it; each member comes with what was shared. */
#include "people/internal.h"
#include "base/hash.h"
#include "text/text.h"

#define HOMES_MAX 12         /* of one record */
#define HOME_RECORDS_MAX 40  /* more under one key: a tower block, a company, a scheme's shared card */
#define PERSON_HOMES_MAX 200 /* of all records of a customer that are looked at */

struct home {
	enum home_kind kind;
	int64_t hkey;
};
struct homes {
	struct home list[HOMES_MAX];
	int count;
};

const char *home_kind_text(enum home_kind kind)
{
	static const char *const texts[] = { [HOME_ADDRESS] = "Same family name and address",
		                             [HOME_PHONE] = "Same family name and phone",
		                             [HOME_EMAIL] = "Same family name and e-mail",
		                             [HOME_CARD] = "Same loyalty card" };

	return texts[kind];
}

/* ---- What a record shares ---------------------------------------------------------------------------------------- */

static void home_add(struct homes *h, enum home_kind kind, struct str a, struct str b, struct str c)
{
	uint64_t hash = hash64_str(a, (uint64_t)kind);

	if (h->count == HOMES_MAX)
		return;
	hash = hash64_str(c, hash64_str(b, hash));
	h->list[h->count++] = (struct home){ kind, (int64_t)(hash & INT64_MAX) };
}

DB_STMT(home_fields, "ii", "ittt",
        "SELECT flags, family, street, postcode FROM person_record WHERE rkey = $1 AND id = $2")
DB_STMT(home_values, "ii", "itiII",
        "SELECT i.kind, i.value, i.grade, v.state, v.manual FROM person_identifier i "
        "LEFT JOIN person_value v ON v.vkey = i.vkey AND v.kind = i.kind AND v.value = i.value "
        "WHERE i.rkey = $1 AND i.record = $2 ORDER BY i.kind, i.value")

static enum result values_homes(struct db_tx *tx, int64_t record, struct str family, struct homes *h, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(tx, &home_values, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		enum identifier_kind kind = (enum identifier_kind)db_int(rows, 0);
		struct str value = db_text(rows, 1);
		char text[VALUE_MAX + 2];
		enum identifier_state state;

		if (value.n > VALUE_MAX)
			continue;
		memcpy(text, value.p, value.n);
		text[value.n] = '\0';
		state = identifier_state_of(kind, text, db_int(rows, 2) == GRADE_RAW, !db_is_null(rows, 3),
		                            db_int(rows, 4) != 0, (int)db_int(rows, 3));
		if (state != IDENT_NORMAL && state != IDENT_HOUSEHOLD)
			continue;
		if (kind == IDENT_LOYALTY)
			home_add(h, HOME_CARD, value, STR(""), STR(""));
		else if (family.n && kind == IDENT_PHONE)
			home_add(h, HOME_PHONE, family, value, STR(""));
		else if (family.n && kind == IDENT_EMAIL)
			home_add(h, HOME_EMAIL, family, value, STR(""));
	}
	return rows_end(step, e);
}

static enum result homes_of(struct db_tx *tx, int64_t record, struct homes *h, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	char family[TEXT_FOLD_BYTES], street[TEXT_FOLD_BYTES], postcode[POSTCODE_BYTES];
	size_t n, street_n;
	bool found;

	h->count = 0;
	TRY(db_query_one(tx, &home_fields, &rows, &found, e, DB_INT(id_bucket(record)), DB_INT(record)));
	if (!found || (db_int(rows, 0) & RECORD_ERASED))
		return OK;
	n = text_fold(db_text(rows, 1), family);
	street_n = text_fold(db_text(rows, 2), street);
	postcode_normalise(db_text(rows, 3), postcode);
	db_rows_free(rows);
	rows = NULL;
	if (n && street_n && *postcode)
		home_add(h, HOME_ADDRESS, (struct str){ family, n }, (struct str){ street, street_n }, str_c(postcode));
	return values_homes(tx, record, (struct str){ family, n }, h, e);
}

/* ---- Keeping it -------------------------------------------------------------------------------------------------- */

DB_STMT(homes_get, "ii", "ii", "SELECT kind, hkey FROM person_home WHERE rkey = $1 AND record = $2 LIMIT 100")
DB_STMT(home_put, "iiii", "",
        "INSERT INTO person_home (rkey, record, kind, hkey) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
DB_STMT(home_drop, "iiii", "", "DELETE FROM person_home WHERE rkey = $1 AND record = $2 AND kind = $3 AND hkey = $4")
DB_STMT(home_record_put, "ii", "",
        "INSERT INTO person_home_record (hkey, record) VALUES ($1, $2) ON CONFLICT DO NOTHING")
DB_STMT(home_record_drop, "ii", "", "DELETE FROM person_home_record WHERE hkey = $1 AND record = $2")

static bool home_in(const struct home *list, int count, const struct home *h)
{
	for (int i = 0; i < count; i++)
		if (list[i].hkey == h->hkey && list[i].kind == h->kind)
			return true;
	return false;
}

enum result home_refresh(struct db_tx *tx, int64_t record, struct error *e)
{
	struct home was[100];
	struct homes is;
	int count = 0;

	TRY(homes_of(tx, record, &is, e));
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &homes_get, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
		while ((step = db_next(rows, e)) == DB_ROW)
			was[count++] = (struct home){ (enum home_kind)db_int(rows, 0), db_int(rows, 1) };
		TRY(rows_end(step, e));
	}
	for (int i = 0; i < count; i++)
		if (!home_in(is.list, is.count, &was[i])) {
			TRY(db_exec(tx, &home_drop, NULL, e, DB_INT(id_bucket(record)), DB_INT(record),
			            DB_INT(was[i].kind), DB_INT(was[i].hkey)));
			TRY(db_exec(tx, &home_record_drop, NULL, e, DB_INT(was[i].hkey), DB_INT(record)));
		}
	for (int i = 0; i < is.count; i++)
		if (!home_in(was, count, &is.list[i])) {
			TRY(db_exec(tx, &home_put, NULL, e, DB_INT(id_bucket(record)), DB_INT(record),
			            DB_INT(is.list[i].kind), DB_INT(is.list[i].hkey)));
			TRY(db_exec(tx, &home_record_put, NULL, e, DB_INT(is.list[i].hkey), DB_INT(record)));
		}
	return OK;
}

/* ---- Who lives together ------------------------------------------------------------------------------------------ */

/* Those who share it: the customers who hold the records now. None where too many do. */
DB_STMT(home_customers, "ii", "ii",
        "SELECT r.customer, h.record FROM person_home_record h "
        "JOIN person_record r ON r.rkey = (h.record & 4095) AND r.id = h.record WHERE h.hkey = $1 "
        "ORDER BY r.customer, h.record LIMIT $2")
static enum result home_share(struct db_tx *tx, const struct home *home, int64_t self, struct housemate *out, int limit,
                              int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	int64_t customers[HOME_RECORDS_MAX + 1];
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &home_customers, &rows, e, DB_INT(home->hkey), DB_INT(HOME_RECORDS_MAX + 1)));
	while ((step = db_next(rows, e)) == DB_ROW)
		customers[n++] = db_int(rows, 0);
	TRY(rows_end(step, e));
	for (int i = 0; i < n && n <= HOME_RECORDS_MAX; i++) {
		bool known = customers[i] == self;

		for (int k = 0; k < *count && !known; k++)
			known = out[k].customer == customers[i];
		if (!known && *count < limit)
			out[(*count)++] = (struct housemate){ customers[i], home->kind };
	}
	return OK;
}

enum result household_inferred(struct db_tx *tx, const struct person *p, struct housemate *out, int limit, int *count,
                               struct error *e)
{
	struct home homes[PERSON_HOMES_MAX];
	int n = 0;

	for (int i = 0; i < p->record_count && n < PERSON_HOMES_MAX; i++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &homes_get, &rows, e, DB_INT(id_bucket(p->records[i])), DB_INT(p->records[i])));
		while ((step = db_next(rows, e)) == DB_ROW && n < PERSON_HOMES_MAX) {
			struct home h = { (enum home_kind)db_int(rows, 0), db_int(rows, 1) };

			if (!home_in(homes, n, &h))
				homes[n++] = h;
		}
		if (step == DB_ERR)
			return e->result;
	}
	*count = 0;
	for (enum home_kind kind = HOME_ADDRESS; kind <= HOME_CARD; kind++) /* the best reason first */
		for (int i = 0; i < n; i++)
			if (homes[i].kind == kind)
				TRY(home_share(tx, &homes[i], p->customer, out, limit, count, e));
	return OK;
}
