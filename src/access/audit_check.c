/* Whether every chain verifies: no gap, nothing changed, added or taken away, nothing cut off that another chain saw.
 */
#include "access/internal.h"
#include <stdio.h>

#define BLOCKS_A_READ 50 /* of one short read transaction */
#define ANCHORS_A_READ 500
#define UNSEALED_US (10 * MINUTE_US) /* an act that waits longer while the chain went on is a fault */

struct walk {
	void (*finding)(void *, const char *, const char *, const char *);
	void *arg;
	int64_t node, seq; /* the last block seen */
	unsigned char hash[AUDIT_HASH_BYTES];
	bool trusted; /* whether hash is that of block seq */
	int64_t newest_at;
	size_t blocks; /* of this read */

	/* anchors */
	int64_t a_node, a_seq, a_other;
	size_t anchors;

	/* found in one read, told after it: the transaction may run twice */
	struct {
		const char *invariant;
		char detail[160];
	} found[64];
	int found_count;
};

static void note(struct walk *w, const char *invariant, int64_t node, int64_t seq, const char *what)
{
	if (w->found_count == (int)(sizeof w->found / sizeof *w->found))
		return;
	w->found[w->found_count].invariant = invariant;
	snprintf(w->found[w->found_count++].detail, sizeof w->found->detail, "node %lld, block %lld: %s",
	         (long long)node, (long long)seq, what);
}

static void tell(struct walk *w)
{
	for (int i = 0; i < w->found_count; i++)
		w->finding(w->arg, "access", w->found[i].invariant, w->found[i].detail);
	w->found_count = 0;
}

static bool same(struct str blob, const unsigned char hash[AUDIT_HASH_BYTES])
{
	return blob.n == AUDIT_HASH_BYTES && memcmp(blob.p, hash, AUDIT_HASH_BYTES) == 0;
}

/* ---- One block --------------------------------------------------------------------------------------------------- */

DB_STMT(check_entries, "iii", "iiittiiiBBT",
        "SELECT t.id, t.account, t.apikey, t.action, t.purpose, t.subject, t.win, t.uniq, t.commitment, x.salt, "
        "x.detail"
        " FROM audit_entry t LEFT JOIN audit_text x ON x.id = t.id WHERE t.node = $1 AND t.block = $2 ORDER BY t.id "
        "LIMIT $3")

static void check_text(struct walk *w, const struct db_rows *rows, int64_t node, int64_t seq)
{
	unsigned char hash[AUDIT_HASH_BYTES];
	struct str salt = db_blob(rows, 9);
	if (db_is_null(rows, 9))
		return; /* none, or erased */
	if (salt.n != AUDIT_SALT_BYTES) {
		note(w, "audit.text", node, seq, "a text has a salt of another length");
		return;
	}
	audit_commit_text(hash, (const unsigned char *)salt.p, db_text(rows, 10));
	if (!same(db_blob(rows, 8), hash))
		note(w, "audit.text", node, seq, "a text is not the one that was sealed");
}

static enum result entries_read(struct db_tx *tx, struct walk *w, int64_t node, int64_t seq, struct audit_entry *out,
                                size_t *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	size_t n = 0;
	TRY(db_query(tx, &check_entries, &rows, e, DB_INT(node), DB_INT(seq), DB_INT(AUDIT_BATCH + 1)));
	while ((step = db_next(rows, e)) == DB_ROW && n <= AUDIT_BATCH) {
		struct str action = db_text(rows, 3), purpose = db_text(rows, 4), commitment = db_blob(rows, 8);
		struct audit_entry *t = &out[n++];
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
		check_text(w, rows, node, seq);
	}
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(check_anchors, "ii", "iib",
        "SELECT other, other_seq, other_hash FROM audit_anchor WHERE node = $1 AND seq = $2 ORDER BY other")

static enum result anchors_read(struct db_tx *tx, int64_t node, int64_t seq, struct audit_anchor *out, size_t *count,
                                struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	size_t n = 0;
	TRY(db_query(tx, &check_anchors, &rows, e, DB_INT(node), DB_INT(seq)));
	while ((step = db_next(rows, e)) == DB_ROW && n < ID_NODES) {
		struct str hash = db_blob(rows, 2);
		out[n] = (struct audit_anchor){ .node = db_int(rows, 0), .seq = db_int(rows, 1) };
		memcpy(out[n++].hash, hash.p, hash.n < AUDIT_HASH_BYTES ? hash.n : AUDIT_HASH_BYTES);
	}
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

struct block {
	int64_t seq, at, entries;
	unsigned char digest[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
};

static enum result block_check(struct db_tx *tx, struct walk *w, const struct block *b, struct error *e)
{
	struct audit_entry *entries = arena_array(db_tx_arena(tx), AUDIT_BATCH + 1, sizeof *entries);
	struct audit_anchor *anchors = arena_array(db_tx_arena(tx), ID_NODES, sizeof *anchors);
	unsigned char digest[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
	size_t n, anchor_count;
	if (!entries || !anchors)
		return error_nomem(e);
	TRY(entries_read(tx, w, w->node, b->seq, entries, &n, e));
	TRY(anchors_read(tx, w->node, b->seq, anchors, &anchor_count, e));
	audit_digest(digest, entries, n, anchors, anchor_count);
	if ((int64_t)n != b->entries)
		note(w, "audit.count", w->node, b->seq, "entries were added or taken away");
	else if (memcmp(digest, b->digest, sizeof digest) != 0)
		note(w, "audit.digest", w->node, b->seq, "an entry was changed");
	if (b->seq != w->seq + 1) {
		note(w, "audit.gap", w->node, b->seq, "the block before is missing");
		w->trusted = false;
	}
	audit_block_hash(hash, w->hash, w->node, b->seq, b->at, b->entries, b->digest);
	if (w->trusted && memcmp(hash, b->hash, sizeof hash) != 0)
		note(w, "audit.hash", w->node, b->seq, "the block does not follow from the one before");
	w->seq = b->seq;
	memcpy(w->hash, b->hash, sizeof w->hash);
	w->trusted = true;
	if (b->at > w->newest_at)
		w->newest_at = b->at;
	return OK;
}

/* ---- One chain --------------------------------------------------------------------------------------------------- */

DB_STMT(check_blocks, "iii", "iiibb",
        "SELECT seq, at, entries, digest, hash FROM audit_block WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT $3")

static void blob_copy(unsigned char out[AUDIT_HASH_BYTES], struct str blob)
{
	memset(out, 0, AUDIT_HASH_BYTES);
	memcpy(out, blob.p, blob.n < AUDIT_HASH_BYTES ? blob.n : AUDIT_HASH_BYTES);
}

static enum result blocks_read(struct db_tx *tx, int64_t node, int64_t after, struct block *out, size_t *count,
                               struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	size_t n = 0;
	TRY(db_query(tx, &check_blocks, &rows, e, DB_INT(node), DB_INT(after), DB_INT(BLOCKS_A_READ)));
	while ((step = db_next(rows, e)) == DB_ROW && n < BLOCKS_A_READ) {
		struct block *b = &out[n++];
		*b = (struct block){ .seq = db_int(rows, 0), .at = db_int(rows, 1), .entries = db_int(rows, 2) };
		blob_copy(b->digest, db_blob(rows, 3));
		blob_copy(b->hash, db_blob(rows, 4));
	}
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(check_beyond, "ii", "i", "SELECT COUNT(*) FROM audit_entry WHERE node = $1 AND block > $2")

static enum result blocks_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct walk *keep = arg;
	struct walk w = *keep; /* the attempt may be run again */
	struct block blocks[BLOCKS_A_READ];
	w.found_count = 0;
	TRY(blocks_read(tx, w.node, w.seq, blocks, &w.blocks, e));
	for (size_t i = 0; i < w.blocks; i++)
		TRY(block_check(tx, &w, &blocks[i], e));
	if (w.blocks < BLOCKS_A_READ) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		bool found;
		TRY(db_query_one(tx, &check_beyond, &rows, &found, e, DB_INT(w.node), DB_INT(w.seq)));
		if (found && db_int(rows, 0))
			note(&w, "audit.gap", w.node, w.seq + 1, "there are entries of a block that is missing");
	}
	*keep = w;
	return OK;
}

/* ---- Anchors, and what is not sealed ----------------------------------------------------------------------------- */

DB_STMT(check_anchored, "iiii", "iiiibB",
        "SELECT a.node, a.seq, a.other, a.other_seq, a.other_hash, b.hash FROM audit_anchor a"
        " LEFT JOIN audit_block b ON b.node = a.other AND b.seq = a.other_seq"
        " WHERE (a.node, a.seq, a.other) > ($1, $2, $3) ORDER BY a.node, a.seq, a.other LIMIT $4")

static enum result anchored_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct walk *keep = arg;
	struct walk w = *keep;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	w.found_count = 0;
	w.anchors = 0;
	TRY(db_query(tx, &check_anchored, &rows, e, DB_INT(w.a_node), DB_INT(w.a_seq), DB_INT(w.a_other),
	             DB_INT(ANCHORS_A_READ)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		w.anchors++;
		w.a_node = db_int(rows, 0);
		w.a_seq = db_int(rows, 1);
		w.a_other = db_int(rows, 2);
		if (db_is_null(rows, 5) || !str_eq(db_blob(rows, 4), db_blob(rows, 5)))
			note(&w, "audit.anchor", db_int(rows, 2), db_int(rows, 3),
			     "another chain saw this block; it is missing or another");
	}
	if (step == DB_ERR)
		return e->result;
	*keep = w;
	return OK;
}

DB_STMT(check_unsealed, "", "i", "SELECT COALESCE(MIN(id), 0) FROM audit_entry WHERE node = 0 AND block = 0")

static enum result unsealed_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct walk *w = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	w->found_count = 0;
	TRY(db_query_one(tx, &check_unsealed, &rows, &found, e, DB_NONE));
	int64_t id = found ? db_int(rows, 0) : 0;
	if (id && id_time_us(id) + UNSEALED_US < w->newest_at)
		note(w, "audit.unsealed", 0, 0, "an act was never sealed though the chain went on");
	return OK;
}

enum result audit_check(struct db *db, void (*finding)(void *, const char *, const char *, const char *), void *arg,
                        struct error *e)
{
	struct walk w = { .finding = finding, .arg = arg, .a_node = -1 };
	for (w.node = 0; w.node < ID_NODES; w.node++) {
		w.seq = 0;
		memset(w.hash, 0, sizeof w.hash);
		w.trusted = true;
		do {
			TRY(db_read(db, blocks_tx, &w, e));
			tell(&w);
		} while (w.blocks == BLOCKS_A_READ);
	}
	do {
		TRY(db_read(db, anchored_tx, &w, e));
		tell(&w);
	} while (w.anchors == ANCHORS_A_READ);
	TRY(db_read(db, unsealed_tx, &w, e));
	tell(&w);
	return OK;
}
