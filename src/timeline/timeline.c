#include "timeline/room.h"

DB_STMT(touchpoint_bad, "iiiii", "iiii",
        "SELECT rkey, record, at, id FROM touchpoint WHERE (rkey, record, at, id) > ($1, $2, $3, $4) "
        "ORDER BY rkey, record, at, id LIMIT $5")

#define CHECK_PAGE 2000

struct check_page {
	room_finding_fn *finding;
	void *arg;
	int64_t after[4];
	int seen;
};

static enum result check_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct check_page *c = arg;
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &touchpoint_bad, &r, e, DB_INT(c->after[0]), DB_INT(c->after[1]), DB_INT(c->after[2]),
	             DB_INT(c->after[3]), DB_INT(CHECK_PAGE)));
	enum db_step step;
	c->seen = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		for (int i = 0; i < 4; i++)
			c->after[i] = db_int(r, i);
		c->seen++;
		if (id_bucket(c->after[1]) == c->after[0] && id_bucket(c->after[3]) == c->after[0])
			continue;
		char detail[ID_TEXT_BYTES];
		id_format(detail, ID_TOUCHPOINT, c->after[3]);
		c->finding(c->arg, "timeline", "a touchpoint stands in its record's bucket", detail);
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct check_page c = { .finding = finding, .arg = arg, .after = { -1, 0, 0, 0 } };
	do
		TRY(db_read(db, check_page, &c, e));
	while (c.seen == CHECK_PAGE);
	return OK;
}

DB_STMT(touchpoint_select_all, "ii", "iittTT",
        "SELECT at, channel, source, kind, title, body FROM touchpoint WHERE rkey = $1 AND record = $2 ORDER BY at, id")

static enum result export_record(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e)
{
	{
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query(tx, &touchpoint_select_all, &r, e, DB_INT(id_bucket(record)), DB_INT(record)));
		enum db_step step;
		jw_key(w, "touchpoints");
		jw_array(w);
		while ((step = db_next(r, e)) == DB_ROW) {
			jw_object(w);
			jw_ktime(w, "at", db_int(r, 0));
			jw_kcstr(w, "channel", channel_name((enum channel)db_int(r, 1)));
			jw_kstr(w, "source", db_text(r, 2));
			jw_kstr(w, "kind", db_text(r, 3));
			jw_kstr(w, "title", db_text(r, 4));
			if (!db_is_null(r, 5)) {
				jw_key(w, "body");
				jw_raw(w, db_text(r, 5));
			}
			jw_end_object(w);
		}
		jw_end_array(w);
		if (step == DB_ERR)
			return e->result;
	}
	TRY(fact_export(tx, record, w, e));
	return note_export(tx, record, w, e);
}

DB_STMT(touchpoint_delete, "ii", "", "DELETE FROM touchpoint WHERE rkey = $1 AND record = $2")

static enum result erase_record(struct db_tx *tx, int64_t record, struct error *e)
{
	TRY(db_exec(tx, &touchpoint_delete, NULL, e, DB_INT(id_bucket(record)), DB_INT(record)));
	TRY(fact_erase(tx, record, e));
	return note_erase(tx, record, e);
}

const struct room timeline_room = {
	.name = "timeline", .check = check, .export_record = export_record, .erase_record = erase_record
};
