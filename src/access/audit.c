/* The audit trail's doors: acts, and the lists. Views are in audit_appender.c. */
#include "access/internal.h"
#include "feed/room.h"
#include <sodium.h>
#include <stdio.h>

#define DETAIL_MAX 255
#define ROW_TEXTS_MAX 10000 /* entries of an export */

static struct str bytes(const unsigned char *p, size_t n)
{
	return (struct str){ (const char *)p, n };
}

DB_STMT(text_insert, "ibt", "", "INSERT INTO audit_text (id, salt, detail) VALUES ($1, $2, $3)")

static enum result detail_add(struct db_tx *tx, struct audit_entry *t, struct str detail, struct error *e)
{
	unsigned char salt[AUDIT_SALT_BYTES];
	randombytes_buf(salt, sizeof salt);
	audit_commit_text(t->commitment, salt, detail);
	t->has_commitment = true;
	return db_exec(tx, &text_insert, NULL, e, DB_INT(t->id), DB_BLOB(bytes(salt, sizeof salt)), DB_TEXT(detail));
}

enum result audit_act(struct db_tx *tx, const struct principal *p, const char *action, int64_t subject,
                      struct str detail, struct error *e)
{
	struct audit_entry t = { .id = id_new(id_bucket(subject)),
		                 .account = p ? p->user : 0,
		                 .apikey = p ? p->key : 0,
		                 .subject = subject };
	struct audit_head head;
	bool added;
	if (detail.n > DETAIL_MAX || !str_utf8_valid(detail) || strlen(action) >= sizeof t.action)
		return error_set(e, ERR_INVALID, "audit.detail", NULL, "The note is longer than %d bytes.", DETAIL_MAX);
	crypt_ready();
	snprintf(t.action, sizeof t.action, "%s", action);
	t.win = id_time_us(t.id) / AUDIT_WINDOW_US;
	t.uniq = t.id;
	if (detail.n)
		TRY(detail_add(tx, &t, detail, e));
	if (audit_appender_runs()) {
		/* Durable with the act; sealed a moment later, so that acts of long transactions do not wait for each
		 * other. */
		TRY(audit_entry_insert(tx, 0, 0, &t, &added, e));
		return db_after_commit(tx, audit_appender_poke, NULL, e);
	}
	TRY(audit_chain_lock(tx, audit_node(), e));
	TRY(audit_head_get(tx, audit_node(), &head, e));
	TRY(audit_entry_insert(tx, head.node, head.seq + 1, &t, &added, e));
	return audit_seal(tx, &head, &t, 1, NULL, 0, e);
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

#define ROW_TYPES "iiiiittiTTTB" /* of the four lists */

DB_STMT(rows_any, "ii", ROW_TYPES,
        "SELECT t.id, t.account, t.apikey, t.node, t.block, t.action, t.purpose, t.subject, x.detail, a.name, k.name, "
        "t.commitment"
        " FROM audit_entry t LEFT JOIN audit_text x ON x.id = t.id LEFT JOIN account a ON a.id = t.account"
        " LEFT JOIN apikey k ON k.id = t.apikey WHERE t.id < $1 ORDER BY t.id DESC LIMIT $2")
DB_STMT(rows_account, "iii", ROW_TYPES,
        "SELECT t.id, t.account, t.apikey, t.node, t.block, t.action, t.purpose, t.subject, x.detail, a.name, k.name, "
        "t.commitment"
        " FROM audit_entry t LEFT JOIN audit_text x ON x.id = t.id LEFT JOIN account a ON a.id = t.account"
        " LEFT JOIN apikey k ON k.id = t.apikey WHERE t.account = $3 AND t.id < $1 ORDER BY t.id DESC LIMIT $2")
/* The window goes first in the order: it is in the index, and goes with the id. */
DB_STMT(rows_subject, "iiii", ROW_TYPES,
        "SELECT t.id, t.account, t.apikey, t.node, t.block, t.action, t.purpose, t.subject, x.detail, a.name, k.name, "
        "t.commitment"
        " FROM audit_entry t LEFT JOIN audit_text x ON x.id = t.id LEFT JOIN account a ON a.id = t.account"
        " LEFT JOIN apikey k ON k.id = t.apikey WHERE t.subject = $3 AND t.win <= $4 AND t.id < $1"
        " ORDER BY t.win DESC, t.id DESC LIMIT $2")
/* The plus keeps the planner on the subject's index: an employee's rows are many, a customer's few. */
DB_STMT(rows_both, "iiiii", ROW_TYPES,
        "SELECT t.id, t.account, t.apikey, t.node, t.block, t.action, t.purpose, t.subject, x.detail, a.name, k.name, "
        "t.commitment"
        " FROM audit_entry t LEFT JOIN audit_text x ON x.id = t.id LEFT JOIN account a ON a.id = t.account"
        " LEFT JOIN apikey k ON k.id = t.apikey WHERE t.subject = $3 AND t.win <= $4 AND +t.account = $5 AND t.id < $1"
        " ORDER BY t.win DESC, t.id DESC LIMIT $2")

static enum result rows_open(struct db_tx *tx, int64_t subject, int64_t user, int64_t before, int64_t limit,
                             struct db_rows **rows, struct error *e)
{
	int64_t win = before == INT64_MAX ? INT64_MAX : id_time_us(before) / AUDIT_WINDOW_US;
	if (subject && user)
		return db_query(tx, &rows_both, rows, e, DB_INT(before), DB_INT(limit), DB_INT(subject), DB_INT(win),
		                DB_INT(user));
	if (subject)
		return db_query(tx, &rows_subject, rows, e, DB_INT(before), DB_INT(limit), DB_INT(subject),
		                DB_INT(win));
	if (user)
		return db_query(tx, &rows_account, rows, e, DB_INT(before), DB_INT(limit), DB_INT(user));
	return db_query(tx, &rows_any, rows, e, DB_INT(before), DB_INT(limit));
}

static void copy_text(char *out, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	memcpy(out, s.n ? s.p : "", n);
	out[n] = '\0';
}

static void row_read(const struct db_rows *rows, struct audit_row *r)
{
	*r = (struct audit_row){ .id = db_int(rows, 0),
		                 .at = id_time_us(db_int(rows, 0)),
		                 .user = db_int(rows, 1),
		                 .key = db_int(rows, 2),
		                 .node = db_int(rows, 3),
		                 .seq = db_int(rows, 4),
		                 .subject = db_int(rows, 7),
		                 .erased = !db_is_null(rows, 11) && db_is_null(rows, 8) };
	copy_text(r->action, sizeof r->action, db_text(rows, 5));
	copy_text(r->purpose, sizeof r->purpose, db_text(rows, 6));
	copy_text(r->detail, sizeof r->detail, db_text(rows, 8));
	struct str who = !db_is_null(rows, 9) ? db_text(rows, 9) : db_text(rows, 10);
	copy_text(r->who, sizeof r->who, who);
}

enum result audit_list(struct db_tx *tx, int64_t subject, int64_t user, int64_t before, int limit,
                       struct audit_row *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;
	TRY(rows_open(tx, subject, user, before ? before : INT64_MAX, limit, &rows, e));
	while ((step = db_next(rows, e)) == DB_ROW && n < limit)
		row_read(rows, &out[n++]);
	if (step == DB_ERR)
		return e->result;
	*count = n;
	return OK;
}

/* ---- The room ---------------------------------------------------------------------------------------------------- */

static enum result check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	return audit_check(db, finding, arg, e);
}

/* Who looked, without the employees' names: the customer learns when and for what. */
static enum result export_record(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	TRY(rows_open(tx, record, 0, INT64_MAX, ROW_TEXTS_MAX, &rows, e));
	jw_key(w, "audit");
	jw_array(w);
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct audit_row r;
		row_read(rows, &r);
		jw_object(w);
		jw_ktime(w, "at", r.at);
		jw_kcstr(w, "action", r.action);
		jw_kcstr(w, "purpose", r.purpose);
		jw_end_object(w);
	}
	jw_end_array(w);
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(text_erase, "i", "",
        "DELETE FROM audit_text WHERE id IN (SELECT id FROM audit_entry WHERE subject = $1 AND commitment IS NOT NULL)")

static enum result erase_record(struct db_tx *tx, int64_t record, struct error *e)
{
	return db_exec(tx, &text_erase, NULL, e, DB_INT(record));
}

const struct room access_room = {
	.name = "access",
	.check = check,
	.export_record = export_record,
	.erase_record = erase_record,
};
