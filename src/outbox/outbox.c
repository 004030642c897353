/* The room as the program sees it. */
#include "outbox/room.h"

#include "base/json.h"
#include <stdio.h>

/* ---- Check --------------------------------------------------------------------------------------------------------
 */

struct check {
	room_finding_fn *finding;
	void *arg;
};

/* A delivery whose webhook is gone waits for ever; one that is done has a time, one that waits has none. */
DB_STMT(check_orphans, "", "ii",
        "SELECT d.endpoint, d.id FROM outbox_delivery d WHERE NOT EXISTS (SELECT 1 FROM outbox_endpoint e "
        "WHERE e.id = d.endpoint) LIMIT 10")
DB_STMT(check_states, "", "ii",
        "SELECT endpoint, id FROM outbox_delivery WHERE state NOT IN (1, 2, 3) OR (state = 1) <> (done_at IS NULL) "
        "OR (state <> 1 AND lease <> 0) OR rkey <> endpoint & 4095 LIMIT 10")

static enum result found(struct db_tx *tx, const struct check *c, const struct db_stmt *stmt, const char *invariant,
                         struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, stmt, &r, e, DB_NONE));
	while ((step = db_next(r, e)) == DB_ROW) {
		char endpoint[ID_TEXT_BYTES], id[ID_TEXT_BYTES], detail[128];
		id_format(endpoint, ID_WEBHOOK, db_int(r, 0));
		id_format(id, ID_SENDING, db_int(r, 1));
		snprintf(detail, sizeof(detail), "webhook %s delivery %s", endpoint, id);
		c->finding(c->arg, "outbox", invariant, detail);
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result check_run(struct db_tx *tx, void *arg, struct error *e)
{
	TRY(found(tx, arg, &check_orphans, "a delivery has its webhook", e));
	return found(tx, arg, &check_states, "a delivery waits or is done", e);
}

static enum result check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct check c = { finding, arg };
	return db_read(db, check_run, &c, e);
}

/* ---- A person's ---------------------------------------------------------------------------------------------------
 */

DB_STMT(export_deliveries, "i", "itii",
        "SELECT endpoint, type, made_at, state FROM outbox_delivery WHERE record = $1 ORDER BY made_at, id")

static enum result export_record(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	TRY(db_query(tx, &export_deliveries, &r, e, DB_INT(record)));
	jw_key(w, "told_by_webhook");
	jw_array(w);
	while ((step = db_next(r, e)) == DB_ROW) {
		jw_object(w);
		jw_kid(w, "webhook", ID_WEBHOOK, db_int(r, 0));
		jw_kstr(w, "type", db_text(r, 1));
		jw_ktime(w, "at", db_int(r, 2));
		jw_kcstr(w, "state", delivery_state_name((enum delivery_state)db_int(r, 3)));
		jw_end_object(w);
	}
	jw_end_array(w);
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(forget_deliveries, "i", "", "DELETE FROM outbox_delivery WHERE record = $1")

/* What was not told yet is not told any more. */
static enum result erase_record(struct db_tx *tx, int64_t record, struct error *e)
{
	return db_exec(tx, &forget_deliveries, NULL, e, DB_INT(record));
}

/* ---- Figures ------------------------------------------------------------------------------------------------------
 */

enum result outbox_stats_get(struct db_tx *tx, struct outbox_stats *out, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct endpoint *list = arena_array(a, OUTBOX_ENDPOINTS_MAX, sizeof(*list));
	struct outbox_stats s = { 0 };
	struct sender_counts sent;
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(endpoint_list(tx, a, list, &count, e));
	for (int i = 0; i < count; i++) {
		s.endpoints++;
		s.given_up += list[i].given_up;
		s.disabled += list[i].disabled_at != 0;
		if (list[i].disabled_at || !list[i].waiting)
			continue;
		s.waiting += list[i].waiting;
		if (!s.oldest_waiting_at || list[i].oldest_waiting_at < s.oldest_waiting_at)
			s.oldest_waiting_at = list[i].oldest_waiting_at;
	}
	sender_counts_get(&sent);
	s.delivered_total = sent.delivered;
	s.failed_total = sent.failed;
	s.flying = sent.flying;
	*out = s;
	return OK;
}

const struct room outbox_room = { .name = "outbox",
	                          .check = check,
	                          .export_record = export_record,
	                          .erase_record = erase_record,
	                          .stored = &outbox_view,
	                          .work = deliveries_prune };
