/* Devices: who browses before anybody knows who it is. A device belongs to one person at most. */
#include "people/internal.h"

DB_STMT(device_tie, "iii", "", "UPDATE person_record SET tie = $3 WHERE rkey = $1 AND id = $2 AND tie IS NULL")
DB_STMT(device_tie_back, "iii", "",
        "INSERT INTO person_tie (rkey, record, device) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
static enum result tie_write(struct db_tx *tx, int64_t device, int64_t record, bool *tied, struct error *e)
{
	int64_t changed;

	TRY(db_exec(tx, &device_tie, &changed, e, DB_INT(id_bucket(device)), DB_INT(device), DB_INT(record)));
	*tied = changed == 1;
	if (!*tied)
		return OK;
	TRY(db_exec(tx, &device_tie_back, NULL, e, DB_INT(id_bucket(record)), DB_INT(record), DB_INT(device)));
	TRY(record_flag(tx, record, RECORD_HAS_TIES, e));
	return people_resolve(tx, &device, 1, 0, 0, e);
}

DB_STMT(member_any, "ii", "i", "SELECT record FROM person_member WHERE rkey = $1 AND customer = $2 LIMIT 1")
enum result record_tie_device(struct db_tx *tx, struct str source, struct str anonymous_key, int64_t record, bool *tied,
                              struct error *e)
{
	int64_t device, holder, flags, tie, customer;
	bool made, others = false;

	TRY(customer_of(tx, record, &customer, e));
	TRY(record_need(tx, source, anonymous_key, &device, &holder, &flags, &tie, &made, e));
	if (device == record) {
		*tied = true;
		return OK;
	}
	if (tie) {
		*tied = tie == record || holder == customer;
		return OK;
	}
	if (holder != customer && holder == device && !made) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;

		TRY(db_query_one(tx, &member_any, &rows, &others, e, DB_INT(id_bucket(device)), DB_INT(device)));
	}
	if (holder != customer && (holder != device || others)) {
		*tied = false; /* somebody else's by now: a shared tablet */
		return OK;
	}
	return tie_write(tx, device, record, tied, e);
}
