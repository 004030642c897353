/* Two servers that take in halves of one person must not miss each other: whoever changes identifiers first locks their
 * hash buckets (ascending), then reads. 4,096 buckets: a false meeting costs a wait, nothing else. */
#include "people/internal.h"
#include <stdlib.h>

#define LOCK_SPACE (0x50454FLL << 24) /* "PEO": people's part of the key space */

static int by_number(const void *x, const void *y)
{
	unsigned a = *(const unsigned *)x, b = *(const unsigned *)y;

	return (a > b) - (a < b);
}

DB_STMT(lock_many_pg, "t", "i",
        "SELECT COUNT(pg_advisory_xact_lock(k)) FROM "
        "(SELECT CAST(x AS BIGINT) AS k FROM regexp_split_to_table($1, ',') AS x ORDER BY 1) AS t")
enum result people_lock(struct db_tx *tx, unsigned *buckets, int count, struct error *e)
{
	BUF_AUTO struct buf list = { 0 };
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	int n = 0;
	bool found;

	if (db_tx_engine(tx) == DB_SQLITE || count == 0)
		return OK;
	qsort(buckets, (size_t)count, sizeof(*buckets), by_number);
	for (int i = 0; i < count; i++)
		if (n == 0 || buckets[n - 1] != buckets[i])
			buckets[n++] = buckets[i];
	if (n == 1)
		return db_lock(tx, LOCK_SPACE | buckets[0], e);
	buf_init(&list, 0);
	for (int i = 0; i < n; i++)
		buf_printf(&list, i ? ",%lld" : "%lld", LOCK_SPACE | buckets[i]);
	if (list.failed)
		return error_nomem(e);
	return db_query_one(tx, &lock_many_pg, &rows, &found, e, DB_TEXT(buf_view(&list)));
}
