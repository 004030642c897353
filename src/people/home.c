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

static void homes_of(const struct matching_row *row, struct homes *h)
{
	char family_text[TEXT_FOLD_BYTES], street[TEXT_FOLD_BYTES], postcode[POSTCODE_BYTES];
	struct str family = { family_text, text_fold(str_c(row->record.family), family_text) };
	size_t street_n = text_fold(str_c(row->record.street), street);

	h->count = 0;
	postcode_normalise(str_c(row->record.postcode), postcode);
	if (family.n && street_n && *postcode)
		home_add(h, HOME_ADDRESS, family, (struct str){ street, street_n }, str_c(postcode));
	for (int k = 0; k < row->identifier_count; k++) {
		const struct identifier *i = &row->identifiers[k];
		struct str value = str_c(i->value);

		if (i->state != IDENT_NORMAL && i->state != IDENT_HOUSEHOLD)
			continue;
		if (i->kind == IDENT_LOYALTY)
			home_add(h, HOME_CARD, value, STR(""), STR(""));
		else if (family.n && i->kind == IDENT_PHONE)
			home_add(h, HOME_PHONE, family, value, STR(""));
		else if (family.n && i->kind == IDENT_EMAIL)
			home_add(h, HOME_EMAIL, family, value, STR(""));
	}
}

/* ---- Keeping it -------------------------------------------------------------------------------------------------- */

DB_STMT(homes_get, "ii", "ii", "SELECT kind, hkey FROM person_home WHERE rkey = $1 AND record = $2 LIMIT 100")
#define HOMES_READ 100
DB_STMT(home_insert, "iiii", "",
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

static enum result homes_read(struct db_tx *tx, int64_t record, struct home was[HOMES_READ], int *count,
                              struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;

	TRY(db_query(tx, &homes_get, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
	while ((step = db_next(rows, e)) == DB_ROW)
		was[(*count)++] = (struct home){ (enum home_kind)db_int(rows, 0), db_int(rows, 1) };
	return rows_end(step, e);
}

enum result home_put(struct db_tx *tx, int64_t record, const struct matching_row *row, bool made, struct error *e)
{
	struct home was[HOMES_READ];
	struct homes is = { .count = 0 };
	int count = 0;

	if (row->record.id)
		homes_of(row, &is);
	if (!made)
		TRY(homes_read(tx, record, was, &count, e));
	for (int i = 0; i < count; i++)
		if (!home_in(is.list, is.count, &was[i])) {
			TRY(db_exec(tx, &home_drop, NULL, e, DB_INT(id_bucket(record)), DB_INT(record),
			            DB_INT(was[i].kind), DB_INT(was[i].hkey)));
			TRY(db_exec(tx, &home_record_drop, NULL, e, DB_INT(was[i].hkey), DB_INT(record)));
		}
	for (int i = 0; i < is.count; i++)
		if (!home_in(was, count, &is.list[i])) {
			TRY(db_exec(tx, &home_insert, NULL, e, DB_INT(id_bucket(record)), DB_INT(record),
			            DB_INT(is.list[i].kind), DB_INT(is.list[i].hkey)));
			TRY(db_exec(tx, &home_record_put, NULL, e, DB_INT(is.list[i].hkey), DB_INT(record)));
		}
	return OK;
}

enum result home_refresh(struct db_tx *tx, int64_t record, struct error *e)
{
	struct matching_row row;

	TRY(matching_row_load(tx, record, db_tx_arena(tx), &row, e));
	return home_put(tx, record, &row, false, e);
}

/* ---- Who lives together ------------------------------------------------------------------------------------------ */

struct homes_shared {
	struct home list[PERSON_HOMES_MAX];
	int count;
	int64_t self;
	struct housemate *out;
	int limit, mates;
};

static enum result shared_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct homes_shared *s = arg;
	enum db_step step;

	(void)run;
	while ((step = db_next(rows, e)) == DB_ROW && s->count < PERSON_HOMES_MAX) {
		struct home h = { (enum home_kind)db_int(rows, 0), db_int(rows, 1) };

		if (!home_in(s->list, s->count, &h))
			s->list[s->count++] = h;
	}
	return rows_end(step, e);
}

/* Those who share it: the customers who hold the records now. None where too many do. */
static enum result mates_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct homes_shared *s = arg;
	int64_t customers[HOME_RECORDS_MAX + 1];
	enum db_step step;
	int n = 0;

	while ((step = db_next(rows, e)) == DB_ROW)
		customers[n++] = db_int(rows, 0);
	TRY(rows_end(step, e));
	for (int i = 0; i < n && n <= HOME_RECORDS_MAX; i++) {
		bool known = customers[i] == s->self;

		for (int k = 0; k < s->mates && !known; k++)
			known = s->out[k].customer == customers[i];
		if (!known && s->mates < s->limit)
			s->out[s->mates++] = (struct housemate){ customers[i], s->list[run].kind };
	}
	return OK;
}

DB_STMT(home_customers, "ii", "ii",
        "SELECT r.customer, h.record FROM person_home_record h "
        "JOIN person_record r ON r.rkey = (h.record & 4095) AND r.id = h.record WHERE h.hkey = $1 "
        "ORDER BY r.customer, h.record LIMIT $2")
enum result household_inferred(struct db_tx *tx, const struct person *p, struct housemate *out, int limit, int *count,
                               struct error *e)
{
	struct homes_shared s = { .self = p->customer, .out = out, .limit = limit };
	struct home sorted[PERSON_HOMES_MAX];
	struct db_value values[2 * PERSON_HOMES_MAX];
	int n = 0;

	TRY(db_each_id(tx, &homes_get, p->records, p->record_count, shared_take, &s, e, DB_NONE));
	for (enum home_kind kind = HOME_ADDRESS; kind <= HOME_CARD; kind++) /* the best reason first */
		for (int i = 0; i < s.count; i++)
			if (s.list[i].kind == kind)
				sorted[n++] = s.list[i];
	memcpy(s.list, sorted, (size_t)n * sizeof(*sorted));
	for (int i = 0; i < n; i++) {
		values[2 * i] = DB_INT(sorted[i].hkey);
		values[2 * i + 1] = DB_INT(HOME_RECORDS_MAX + 1);
	}
	TRY(db_each(tx, &home_customers, values, n, mates_take, &s, e));
	*count = s.mates;
	return OK;
}
