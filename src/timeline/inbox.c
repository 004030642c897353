/* Each message of a source once. */
#include "timeline/room.h"
#include "base/clock.h"
#include "base/hash.h"
#include <endian.h>
#include <stdlib.h>

/* Sources mostly count their messages: what follows each other shall lie on one page, not each on a page of its own. So
 * the last bytes stand in the key as they are, behind the hash of all before them; of ids made by chance it is as good
 * as a hash. */
#define INBOX_TAIL 3

static void inbox_key(struct str source, struct str id, unsigned char key[HASH128_BYTES])
{
	size_t tail = id.n < INBOX_TAIL ? 0 : INBOX_TAIL, head = HASH128_BYTES - INBOX_TAIL;
	char length[8];

	memcpy(length, &(uint64_t){ htole64(id.n) }, sizeof(length));
	hash128(key, (struct str[]){ source, { id.p, id.n - tail }, { length, sizeof(length) } }, 3);
	memset(key + head, 0, INBOX_TAIL);
	memcpy(key + head, id.p + id.n - tail, tail);
}

DB_STMT(inbox_insert, "bi", "", "INSERT INTO inbox (key, day) VALUES ($1, $2) ON CONFLICT DO NOTHING")

enum result inbox_claim(struct db_tx *tx, struct str source, struct str message_id, bool *fresh, struct error *e)
{
	unsigned char key[HASH128_BYTES];
	int64_t changed;
	inbox_key(source, message_id, key);
	TRY(db_exec(tx, &inbox_insert, &changed, e, DB_BLOB(((struct str){ (char *)key, sizeof(key) })),
	            DB_INT(clock_now() / DAY_US)));
	*fresh = changed == 1;
	return OK;
}

static enum result claim_each(struct db_tx *tx, struct inbox_message *m, int count, struct error *e)
{
	for (int i = 0; i < count; i++)
		TRY(inbox_claim(tx, m[i].source, m[i].id, &m[i].fresh, e));
	return OK;
}

struct claim {
	unsigned char key[HASH128_BYTES];
	int message;
};

/* By key, then as they came. */
static int by_key(const void *x, const void *y)
{
	const struct claim *a = x, *b = y;
	int c = memcmp(a->key, b->key, sizeof(a->key));
	return c ? c : (a->message > b->message) - (a->message < b->message);
}

/* Keys stand one behind the other in one value. In order, so that two servers with the same messages do not wait for
 * each other crosswise. */
DB_STMT(inbox_insert_many_pg, "bii", "b",
        "INSERT INTO inbox (key, day) SELECT substr($1, CAST(n * 16 + 1 AS INTEGER), 16), $2 "
        "FROM generate_series(0, $3 - 1) AS n ORDER BY n ON CONFLICT DO NOTHING RETURNING key")

/* The first claim with this key or a later one. */
static int claim_at(const struct claim *c, int count, const char *key)
{
	int low = 0, high = count;
	while (low < high) {
		int mid = low + (high - low) / 2;
		if (memcmp(c[mid].key, key, sizeof(c[mid].key)) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static enum result claims_mark(struct db_rows *rows, const struct claim *c, struct inbox_message *m, int count,
                               struct error *e)
{
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct str key = db_blob(rows, 0);
		int i = key.n == HASH128_BYTES ? claim_at(c, count, key.p) : count;
		if (i == count)
			return error_set(e, ERR_INTERNAL, "inbox.key", NULL, "an unknown key came back");
		m[c[i].message].fresh = true;
	}
	return step == DB_ERR ? e->result : OK;
}

enum result inbox_claim_many(struct db_tx *tx, struct inbox_message *m, int count, struct error *e)
{
	if (db_tx_engine(tx) != DB_POSTGRES || count < 2)
		return claim_each(tx, m, count, e);
	struct claim *c = arena_array(db_tx_arena(tx), (size_t)count, sizeof(*c));
	char *keys = arena_alloc(db_tx_arena(tx), (size_t)count * HASH128_BYTES);
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	if (!c || !keys)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		inbox_key(m[i].source, m[i].id, c[i].key);
		c[i].message = i;
		m[i].fresh = false;
	}
	qsort(c, (size_t)count, sizeof(*c), by_key);
	for (int i = 0; i < count; i++)
		memcpy(keys + (size_t)i * HASH128_BYTES, c[i].key, HASH128_BYTES);
	TRY(db_query(tx, &inbox_insert_many_pg, &rows, e,
	             DB_BLOB(((struct str){ keys, (size_t)count * HASH128_BYTES })), DB_INT(clock_now() / DAY_US),
	             DB_INT(count)));
	return claims_mark(rows, c, m, count, e);
}
