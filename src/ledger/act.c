/* Acts: one command or report each, known by its key; the same key again gets what was answered the first time. */
#include "ledger/room.h"

#include <stdio.h>

#define ACT_SCOPE "act"

void act_key(unsigned char out[HASH128_BYTES], struct str scope, struct str key)
{
	hash128(out, (struct str[]){ STR(ACT_SCOPE), scope, key }, 3);
}

static struct str bytes(const unsigned char *p)
{
	return (struct str){ (const char *)p, HASH128_BYTES };
}

static unsigned key_bucket(const unsigned char *key)
{
	return ((unsigned)key[0] << 8 | key[1]) % ID_BUCKETS;
}

static bool values_parse(struct str text, struct act *out)
{
	struct str part;
	out->value_count = 0;
	while (str_split(&text, ' ', &part))
		if (part.n && (out->value_count == ACT_VALUES || !str_to_i64(part, &out->value[out->value_count++])))
			return false;
	return true;
}

DB_STMT(ledger_act_insert, "ibitbiII", "",
        "INSERT INTO ledger_act (rkey, key, id, what, payload, at, user_id, associate, moves) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) ON CONFLICT DO NOTHING")
DB_STMT(ledger_act_select, "ib", "ibiiT",
        "SELECT id, payload, at, moves, outcome FROM ledger_act WHERE rkey = $1 AND key = $2")

static enum result replay(struct db_tx *tx, const unsigned char *payload, struct act *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &ledger_act_select, &r, &found, e, DB_INT(key_bucket(out->key)),
	                 DB_BLOB(bytes(out->key))));
	if (!found)
		return error_set(e, ERR_RETRY, "act.race", NULL, "the command was rolled back elsewhere meanwhile");
	if (!str_eq(db_blob(r, 1), bytes(payload)))
		return error_set(e, ERR_MISMATCH, "act.mismatch", NULL,
		                 "the same key came with another command before");
	out->id = db_int(r, 0);
	out->at = db_int(r, 2);
	out->moves = (int)db_int(r, 3);
	out->replayed = true;
	if (!values_parse(db_text(r, 4), out))
		return error_set(e, ERR_CORRUPT, "act.outcome", NULL, "a stored outcome cannot be read");
	return OK;
}

enum result act_begin(struct db_tx *tx, const struct act_in *in, struct act *out, struct error *e)
{
	unsigned bucket = key_bucket(in->key);
	unsigned char payload[HASH128_BYTES];
	struct act a = { .id = id_new(bucket), .at = clock_now(), .user = in->user, .associate = in->associate };
	memcpy(a.key, in->key, sizeof(a.key));
	hash128(payload, (struct str[]){ in->what, in->payload }, 2);
	int64_t fresh;
	TRY(db_exec(tx, &ledger_act_insert, &fresh, e, DB_INT(bucket), DB_BLOB(bytes(a.key)), DB_INT(a.id),
	            DB_TEXT(in->what), DB_BLOB(bytes(payload)), DB_INT(a.at), DB_INT_OR_NULL(a.user),
	            DB_INT_OR_NULL(a.associate)));
	if (!fresh && !MUTANT(MUTANT_REPLAY_RUNS))
		TRY(replay(tx, payload, &a, e));
	*out = a;
	return OK;
}

DB_STMT(ledger_act_update, "itib", "", "UPDATE ledger_act SET moves = $1, outcome = $2 WHERE rkey = $3 AND key = $4")

enum result act_end(struct db_tx *tx, struct act *act, const int64_t *values, int count, struct error *e)
{
	char text[ACT_VALUES * 21 + 1];
	size_t n = 0;
	if (count > ACT_VALUES || act->replayed || act->broken)
		return error_set(e, ERR_INTERNAL, "act.end", NULL,
		                 "an act is ended once, if nothing in it was refused");
	text[0] = 0;
	for (int i = 0; i < count; i++) {
		act->value[i] = values[i];
		n += (size_t)snprintf(text + n, sizeof(text) - n, i ? " %lld" : "%lld", (long long)values[i]);
	}
	act->value_count = count;
	return db_exec(tx, &ledger_act_update, NULL, e, DB_INT(act->moves), DB_CSTR(text), DB_INT(key_bucket(act->key)),
	               DB_BLOB(bytes(act->key)));
}
