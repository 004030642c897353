/* Households: people whom a source says belong together. A record is in one at a time. */
#include "people/internal.h"

DB_STMT(household_insert, "iitt", "",
        "INSERT INTO person_household (rkey, id, source, source_key) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
DB_STMT(household_find, "itt", "i",
        "SELECT id FROM person_household WHERE rkey = $1 AND source_key = $2 AND source = $3")
static enum result household_need(struct db_tx *tx, struct str source, struct str key, int64_t *id, struct error *e)
{
	unsigned rkey = bucket_of(source, key);

	for (int turn = 0; turn < 2; turn++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		bool found;

		TRY(db_query_one(tx, &household_find, &rows, &found, e, DB_INT(rkey), DB_TEXT(key), DB_TEXT(source)));
		if (found) {
			*id = db_int(rows, 0);
			return OK;
		}
		if (turn == 0)
			TRY(db_exec(tx, &household_insert, NULL, e, DB_INT(rkey), DB_INT(id_new(rkey)), DB_TEXT(source),
			            DB_TEXT(key)));
	}
	return error_set(e, ERR_RETRY, "people.race", NULL, "The household went away meanwhile.");
}

DB_STMT(household_of, "ii", "I", "SELECT household FROM person_record WHERE rkey = $1 AND id = $2")
DB_STMT(household_set, "iii", "", "UPDATE person_record SET household = $3 WHERE rkey = $1 AND id = $2")
DB_STMT(household_leave, "iii", "",
        "DELETE FROM person_household_record WHERE rkey = $1 AND household = $2 AND record = $3")
DB_STMT(household_enter, "iii", "",
        "INSERT INTO person_household_record (rkey, household, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
enum result household_join(struct db_tx *tx, struct str source, struct str key, int64_t record, int64_t *household,
                           struct error *e)
{
	int64_t id = 0, was;
	bool found;

	if (source.n == 0 || source.n > SOURCE_MAX || key.n == 0 || key.n > SOURCE_KEY_MAX || !str_utf8_valid(source) ||
	    !str_utf8_valid(key))
		return error_set(e, ERR_INVALID, "household.key", "groupId", "A household's key has 1 to %d bytes.",
		                 SOURCE_KEY_MAX);
	TRY(household_need(tx, source, key, &id, e));
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;

		TRY(db_query_one(tx, &household_of, &rows, &found, e, DB_INT(id_bucket(record)), DB_INT(record)));
		if (!found)
			return error_set(e, ERR_NOT_FOUND, "record.unknown", "record", "There is no such record.");
		was = db_int(rows, 0);
	}
	*household = id;
	if (was == id)
		return OK;
	if (was)
		TRY(db_exec(tx, &household_leave, NULL, e, DB_INT(id_bucket(was)), DB_INT(was), DB_INT(record)));
	TRY(db_exec(tx, &household_set, NULL, e, DB_INT(id_bucket(record)), DB_INT(record), DB_INT(id)));
	TRY(db_exec(tx, &household_enter, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(record)));
	return feed_append(tx, FEED_HOUSEHOLD, record, id, e);
}

DB_STMT(household_customers, "iii", "i",
        "SELECT DISTINCT r.customer FROM person_household_record h "
        "JOIN person_record r ON r.rkey = (h.record & 4095) AND r.id = h.record "
        "WHERE h.rkey = $1 AND h.household = $2 ORDER BY r.customer LIMIT $3")
enum result household_members(struct db_tx *tx, int64_t household, int64_t *customers, int limit, int *count,
                              struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &household_customers, &rows, e, DB_INT(id_bucket(household)), DB_INT(household),
	             DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW)
		customers[n++] = db_int(rows, 0);
	TRY(rows_end(step, e));
	*count = n;
	return OK;
}
