#include "timeline/room.h"

static const char *const provenance_names[] = { "", "told", "bought", "observed", "inferred" };

const char *provenance_name(enum provenance p)
{
	return p >= FACT_TOLD && p <= FACT_INFERRED ? provenance_names[p] : "";
}

static enum result fact_check(int64_t record, struct str kind, struct str value, struct error *e)
{
	if (!record)
		return error_set(e, ERR_INVALID, "fact.record", "record", "a fact hangs on a record");
	if (!kind.n || kind.n > FACT_KIND_MAX || !str_utf8_valid(kind))
		return error_set(e, ERR_INVALID, "fact.kind", "kind", "1 to %d bytes of text", FACT_KIND_MAX);
	if (!value.n || value.n > FACT_VALUE_MAX || !str_utf8_valid(value))
		return error_set(e, ERR_INVALID, "fact.value", "value", "1 to %d bytes of text", FACT_VALUE_MAX);
	return OK;
}

DB_STMT(fact_upsert, "iittiiiiiiIIT", "",
        "INSERT INTO fact (rkey, record, kind, value, mark, id, state, provenance, sayable, at, user_id, touchpoint, "
        "reason) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
        "ON CONFLICT (rkey, record, kind, value, mark) DO UPDATE SET state = EXCLUDED.state, "
        "provenance = EXCLUDED.provenance, sayable = EXCLUDED.sayable, at = EXCLUDED.at, user_id = EXCLUDED.user_id, "
        "touchpoint = EXCLUDED.touchpoint, reason = EXCLUDED.reason WHERE fact.at <= EXCLUDED.at")
DB_STMT(fact_select_id, "iitti", "i",
        "SELECT id FROM fact WHERE rkey = $1 AND record = $2 AND kind = $3 AND value = $4 AND mark = $5")

/* Writes the row (record, kind, value, mark) unless a newer one stands, and tells its id. */
static enum result fact_put(struct db_tx *tx, const struct fact_in *in, int mark, struct str reason, int64_t *id,
                            struct error *e)
{
	unsigned rkey = id_bucket(in->record);
	int64_t made = id_new(rkey);
	TRY(db_exec(tx, &fact_upsert, NULL, e, DB_INT(rkey), DB_INT(in->record), DB_TEXT(in->kind), DB_TEXT(in->value),
	            DB_INT(mark), DB_INT(made), DB_INT(mark ? FACT_WRONG : FACT_ACTIVE), DB_INT(in->provenance),
	            DB_INT(in->sayable), DB_INT(in->at), DB_INT_OR_NULL(in->user), DB_INT_OR_NULL(in->touchpoint),
	            DB_TEXT_OR_NULL(reason)));
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &fact_select_id, &r, &found, e, DB_INT(rkey), DB_INT(in->record), DB_TEXT(in->kind),
	                 DB_TEXT(in->value), DB_INT(mark)));
	if (!found)
		return error_set(e, ERR_RETRY, "fact.race", NULL, "the fact went away meanwhile");
	*id = db_int(r, 0);
	return OK;
}

DB_STMT(fact_end_mark, "iiittii", "",
        "UPDATE fact SET state = $1 WHERE rkey = $2 AND record = $3 AND kind = $4 AND value = $5 AND mark = 1 "
        "AND state = $6 AND at <= $7")

enum result fact_tell(struct db_tx *tx, const struct fact_in *in, int64_t *id, struct error *e)
{
	TRY(fact_check(in->record, in->kind, in->value, e));
	if (in->provenance < FACT_TOLD || in->provenance > FACT_INFERRED)
		return error_set(e, ERR_INVALID, "fact.provenance", "provenance", "no such provenance");
	int64_t told;
	TRY(fact_put(tx, in, 0, STR(""), &told, e));
	TRY(db_exec(tx, &fact_end_mark, NULL, e, DB_INT(FACT_ENDED), DB_INT(id_bucket(in->record)), DB_INT(in->record),
	            DB_TEXT(in->kind), DB_TEXT(in->value), DB_INT(FACT_WRONG), DB_INT(in->at)));
	TRY(feed_append(tx, FEED_FACT, in->record, told, e));
	*id = told;
	return OK;
}

enum result fact_mark_wrong(struct db_tx *tx, int64_t record, struct str kind, struct str value, int64_t user,
                            struct str reason, int64_t *id, struct error *e)
{
	TRY(fact_check(record, kind, value, e));
	if (reason.n > FACT_REASON_MAX)
		return error_set(e, ERR_INVALID, "fact.reason", "reason", "at most %d bytes", FACT_REASON_MAX);
	struct fact_in in = {
		.record = record, .kind = kind, .value = value, .provenance = FACT_TOLD, .at = clock_now(), .user = user
	};
	int64_t made;
	TRY(fact_put(tx, &in, 1, reason, &made, e));
	TRY(feed_append(tx, FEED_FACT, record, made, e));
	*id = made;
	return OK;
}

DB_STMT(fact_end, "iiiii", "", "UPDATE fact SET state = $1 WHERE rkey = $2 AND record = $3 AND id = $4 AND state <> $5")

enum result fact_withdraw(struct db_tx *tx, int64_t record, int64_t fact, int64_t user, struct error *e)
{
	(void)user; /* who did so is in the audit trail */
	int64_t changed;
	TRY(db_exec(tx, &fact_end, &changed, e, DB_INT(FACT_ENDED), DB_INT(id_bucket(record)), DB_INT(record),
	            DB_INT(fact), DB_INT(FACT_ENDED)));
	if (!changed)
		return error_set(e, ERR_NOT_FOUND, "fact.not_found", "fact", "no such fact stands on this record");
	return feed_append(tx, FEED_FACT, record, fact, e);
}

struct facts {
	const int64_t *records;
	int limit, count;
	struct arena *a;
	struct fact *out;
};

static enum result facts_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct facts *all = arg;
	enum db_step step = DB_DONE;
	while (all->count < all->limit && (step = db_next(r, e)) == DB_ROW) {
		struct fact *f = &all->out[all->count++];
		*f = (struct fact){ .id = db_int(r, 0),
			            .record = all->records[run],
			            .at = db_int(r, 6),
			            .user = db_int(r, 7),
			            .kind = db_text_dup(r, 1, all->a),
			            .value = db_text_dup(r, 2, all->a),
			            .reason = db_text_dup(r, 8, all->a),
			            .provenance = (enum provenance)db_int(r, 4),
			            .state = (enum fact_state)db_int(r, 3),
			            .sayable = db_int(r, 5) != 0 };
		if (!f->kind || !f->value || !f->reason)
			return error_nomem(e);
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(fact_select, "iiii", "ittiiiiITI",
        "SELECT id, kind, value, state, provenance, sayable, at, user_id, reason, touchpoint FROM fact "
        "WHERE rkey = $1 AND record = $2 AND state <> $3 ORDER BY kind, value, mark LIMIT $4")

enum result fact_list(struct db_tx *tx, const int64_t *records, int record_count, int limit, struct arena *a,
                      struct fact *out, int *count, struct error *e)
{
	struct facts all = { .records = records, .limit = limit, .a = a, .out = out };
	TRY(db_each_id(tx, &fact_select, records, record_count, facts_take, &all, e, DB_INT(FACT_ENDED),
	               DB_INT(limit)));
	*count = all.count;
	return OK;
}

DB_STMT(fact_select_all, "ii", "ttiiiiT",
        "SELECT kind, value, state, provenance, sayable, at, reason FROM fact WHERE rkey = $1 AND record = $2 "
        "ORDER BY kind, value, mark")

enum result fact_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	static const char *const states[] = { "", "active", "wrong", "ended" };
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &fact_select_all, &r, e, DB_INT(id_bucket(record)), DB_INT(record)));
	enum db_step step;
	jw_key(w, "facts");
	jw_array(w);
	while ((step = db_next(r, e)) == DB_ROW) {
		jw_object(w);
		jw_kstr(w, "kind", db_text(r, 0));
		jw_kstr(w, "value", db_text(r, 1));
		jw_kcstr(w, "state", states[db_int(r, 2) & 3]);
		jw_kcstr(w, "provenance", provenance_name((enum provenance)db_int(r, 3)));
		jw_kbool(w, "sayable", db_int(r, 4) != 0);
		jw_ktime(w, "at", db_int(r, 5));
		jw_kstr(w, "reason", db_text(r, 6));
		jw_end_object(w);
	}
	jw_end_array(w);
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(fact_delete, "ii", "", "DELETE FROM fact WHERE rkey = $1 AND record = $2")

enum result fact_erase(struct db_tx *tx, int64_t record, struct error *e)
{
	return db_exec(tx, &fact_delete, NULL, e, DB_INT(id_bucket(record)), DB_INT(record));
}
