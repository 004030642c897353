/* Doubtful pairs, for people to look at. */
#include "people/internal.h"

DB_STMT(doubt_upsert, "iiiiii", "",
        "INSERT INTO person_doubt (rkey, a, b, score, worth, at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (rkey, a, b) DO UPDATE SET score = EXCLUDED.score, worth = EXCLUDED.worth")
enum result doubt_put(struct db_tx *tx, int64_t a, int64_t b, int score, int64_t worth, struct error *e)
{
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return db_exec(tx, &doubt_upsert, NULL, e, DB_INT(id_bucket(low)), DB_INT(low), DB_INT(high), DB_INT(score),
	               DB_INT(worth), DB_INT(clock_now()));
}

DB_STMT(doubt_delete, "iii", "", "DELETE FROM person_doubt WHERE rkey = $1 AND a = $2 AND b = $3")
enum result doubt_drop(struct db_tx *tx, int64_t a, int64_t b, struct error *e)
{
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return db_exec(tx, &doubt_delete, NULL, e, DB_INT(id_bucket(low)), DB_INT(low), DB_INT(high));
}
