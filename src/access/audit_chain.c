/* Blocks: what was noted in one commit, sealed to the block before. */
#include "access/internal.h"
#include <sodium.h>
#include <stdlib.h>

/* ---- Hashes: their form is stored for ever ----------------------------------------------------------------------- */

static void put_int(crypto_generichash_state *st, int64_t v)
{
	unsigned char le[8];
	for (int i = 0; i < 8; i++)
		le[i] = (unsigned char)((uint64_t)v >> (8 * i));
	crypto_generichash_update(st, le, sizeof le);
}

static void put_bytes(crypto_generichash_state *st, const void *p, size_t n)
{
	put_int(st, (int64_t)n);
	crypto_generichash_update(st, p, n);
}

void audit_commit_text(unsigned char out[AUDIT_HASH_BYTES], const unsigned char salt[AUDIT_SALT_BYTES],
                       struct str detail)
{
	crypto_generichash(out, AUDIT_HASH_BYTES, (const unsigned char *)(detail.n ? detail.p : ""), detail.n, salt,
	                   AUDIT_SALT_BYTES);
}

static int by_id(const void *a, const void *b)
{
	const struct audit_entry *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

void audit_digest(unsigned char out[AUDIT_HASH_BYTES], struct audit_entry *entries, size_t count,
                  const struct audit_anchor *anchors, size_t anchor_count)
{
	crypto_generichash_state st;
	crypt_ready();
	if (count)
		qsort(entries, count, sizeof *entries, by_id);
	crypto_generichash_init(&st, NULL, 0, AUDIT_HASH_BYTES);
	put_int(&st, (int64_t)count);
	for (size_t i = 0; i < count; i++) {
		const struct audit_entry *t = &entries[i];
		const int64_t numbers[] = { t->id, t->account, t->apikey, t->subject, t->win, t->uniq };
		for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++)
			put_int(&st, numbers[j]);
		put_bytes(&st, t->action, strlen(t->action));
		put_bytes(&st, t->purpose, strlen(t->purpose));
		put_bytes(&st, t->commitment, t->has_commitment ? AUDIT_HASH_BYTES : 0);
	}
	put_int(&st, (int64_t)anchor_count);
	for (size_t i = 0; i < anchor_count; i++) {
		put_int(&st, anchors[i].node);
		put_int(&st, anchors[i].seq);
		put_bytes(&st, anchors[i].hash, AUDIT_HASH_BYTES);
	}
	crypto_generichash_final(&st, out, AUDIT_HASH_BYTES);
}

void audit_block_hash(unsigned char out[AUDIT_HASH_BYTES], const unsigned char before[AUDIT_HASH_BYTES], int64_t node,
                      int64_t seq, int64_t at, int64_t entries, const unsigned char digest[AUDIT_HASH_BYTES])
{
	crypto_generichash_state st;
	crypto_generichash_init(&st, NULL, 0, AUDIT_HASH_BYTES);
	put_bytes(&st, "byname audit 1", 14);
	put_bytes(&st, before, AUDIT_HASH_BYTES);
	put_int(&st, node);
	put_int(&st, seq);
	put_int(&st, at);
	put_int(&st, entries);
	put_bytes(&st, digest, AUDIT_HASH_BYTES);
	crypto_generichash_final(&st, out, AUDIT_HASH_BYTES);
}

/* ---- Blocks ------------------------------------------------------------------------------------------------------ */

int64_t audit_node(void)
{
	return id_new_random() >> 12 & (ID_NODES - 1); /* base/id.h: the node's place in an id */
}

static struct str bytes(const unsigned char *p, size_t n)
{
	return (struct str){ (const char *)p, n };
}

#define LOCK_CHAIN (INT64_C(1) << 62)

enum result audit_chain_lock(struct db_tx *tx, int64_t node, struct error *e)
{
	return db_lock(tx, LOCK_CHAIN + node, e);
}

DB_STMT(block_head, "i", "ib", "SELECT seq, hash FROM audit_block WHERE node = $1 ORDER BY seq DESC LIMIT 1")

enum result audit_head_get(struct db_tx *tx, int64_t node, struct audit_head *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct audit_head head = { .node = node };
	bool found;
	TRY(db_query_one(tx, &block_head, &rows, &found, e, DB_INT(node)));
	if (found) {
		struct str hash = db_blob(rows, 1);
		head.seq = db_int(rows, 0);
		memcpy(head.hash, hash.p, hash.n < sizeof head.hash ? hash.n : sizeof head.hash);
	}
	*out = head;
	return OK;
}

DB_STMT(block_insert, "iiiibb", "",
        "INSERT INTO audit_block (node, seq, at, entries, digest, hash) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT DO NOTHING")
DB_STMT(anchor_insert, "iiiib", "",
        "INSERT INTO audit_anchor (node, seq, other, other_seq, other_hash) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING")

enum result audit_seal(struct db_tx *tx, struct audit_head *head, struct audit_entry *entries, size_t count,
                       const struct audit_anchor *anchors, size_t anchor_count, struct error *e)
{
	unsigned char digest[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
	int64_t seq = head->seq + 1, at = clock_now(), added;
	audit_digest(digest, entries, count, anchors, anchor_count);
	audit_block_hash(hash, head->hash, head->node, seq, at, (int64_t)count, digest);
	TRY(db_exec(tx, &block_insert, &added, e, DB_INT(head->node), DB_INT(seq), DB_INT(at), DB_INT((int64_t)count),
	            DB_BLOB(bytes(digest, sizeof digest)), DB_BLOB(bytes(hash, sizeof hash))));
	if (!added)
		return error_set(e, ERR_RETRY, "audit.head", NULL, "Another process of this node was first.");
	for (size_t i = 0; i < anchor_count; i++)
		TRY(db_exec(tx, &anchor_insert, NULL, e, DB_INT(head->node), DB_INT(seq), DB_INT(anchors[i].node),
		            DB_INT(anchors[i].seq), DB_BLOB(bytes(anchors[i].hash, AUDIT_HASH_BYTES))));
	head->seq = seq;
	memcpy(head->hash, hash, sizeof hash);
	return OK;
}

/* ---- Entries ----------------------------------------------------------------------------------------------------- */

DB_STMT(entry_insert, "iiiiittiiiB", "",
        "INSERT INTO audit_entry (node, block, id, account, apikey, action, purpose, subject, win, uniq, commitment)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING")

enum result audit_entry_insert(struct db_tx *tx, int64_t node, int64_t block, const struct audit_entry *t, bool *added,
                               struct error *e)
{
	int64_t changed;
	struct db_value commitment = DB_NULL;
	if (t->has_commitment)
		commitment = DB_BLOB(bytes(t->commitment, AUDIT_HASH_BYTES));
	TRY(db_exec(tx, &entry_insert, &changed, e, DB_INT(node), DB_INT(block), DB_INT(t->id), DB_INT(t->account),
	            DB_INT(t->apikey), DB_CSTR(t->action), DB_CSTR(t->purpose), DB_INT(t->subject), DB_INT(t->win),
	            DB_INT(t->uniq), commitment));
	*added = changed == 1;
	return OK;
}

DB_STMT(entry_pending, "i", "iiittiiiB",
        "SELECT id, account, apikey, action, purpose, subject, win, uniq, commitment FROM audit_entry"
        " WHERE node = 0 AND block = 0 ORDER BY id LIMIT $1")
DB_STMT(entry_seal, "iii", "", "UPDATE audit_entry SET node = $2, block = $3 WHERE node = 0 AND block = 0 AND id = $1")

static void entry_read(const struct db_rows *rows, struct audit_entry *t)
{
	struct str action = db_text(rows, 3), purpose = db_text(rows, 4), commitment = db_blob(rows, 8);
	*t = (struct audit_entry){ .id = db_int(rows, 0),
		                   .account = db_int(rows, 1),
		                   .apikey = db_int(rows, 2),
		                   .subject = db_int(rows, 5),
		                   .win = db_int(rows, 6),
		                   .uniq = db_int(rows, 7),
		                   .has_commitment = commitment.n == AUDIT_HASH_BYTES };
	memcpy(t->action, action.p, action.n < sizeof t->action ? action.n : sizeof t->action - 1);
	memcpy(t->purpose, purpose.p, purpose.n < sizeof t->purpose ? purpose.n : sizeof t->purpose - 1);
	if (t->has_commitment)
		memcpy(t->commitment, commitment.p, AUDIT_HASH_BYTES);
}

static enum result pending_read(struct db_tx *tx, struct audit_entry *entries, size_t *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	size_t n = 0;
	TRY(db_query(tx, &entry_pending, &rows, e, DB_INT(AUDIT_BATCH)));
	while ((step = db_next(rows, e)) == DB_ROW && n < AUDIT_BATCH)
		entry_read(rows, &entries[n++]);
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return OK;
}

enum result audit_seal_pending(struct db_tx *tx, struct audit_head *head, size_t *count, struct error *e)
{
	struct audit_entry *entries = arena_array(db_tx_arena(tx), AUDIT_BATCH, sizeof *entries);
	size_t n = 0, mine = 0;
	int64_t changed;
	if (!entries)
		return error_nomem(e);
	TRY(pending_read(tx, entries, &n, e));
	for (size_t i = 0; i < n; i++) {
		/* Another process may seal the same: the guard lets one. */
		TRY(db_exec(tx, &entry_seal, &changed, e, DB_INT(entries[i].id), DB_INT(head->node),
		            DB_INT(head->seq + 1)));
		if (changed)
			entries[mine++] = entries[i];
	}
	if (mine)
		TRY(audit_seal(tx, head, entries, mine, NULL, 0, e));
	*count = n;
	return OK;
}
