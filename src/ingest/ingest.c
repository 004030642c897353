#include "ingest/room.h"

DB_STMT(deadletter_check, "ii", "i",
        "SELECT d.id FROM deadletter d LEFT JOIN import_job j ON j.id = d.job WHERE d.id > $1 AND d.job IS NOT NULL "
        "AND "
        "j.id IS NULL ORDER BY d.id LIMIT $2")

#define CHECK_PAGE 500

struct check_page {
	room_finding_fn *finding;
	void *arg;
	int64_t after;
	int seen;
};

static enum result check_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct check_page *c = arg;
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &deadletter_check, &r, e, DB_INT(c->after), DB_INT(CHECK_PAGE)));
	enum db_step step;
	c->seen = 0;
	while ((step = db_next(r, e)) == DB_ROW) {
		char text[ID_TEXT_BYTES];
		c->after = db_int(r, 0);
		c->seen++;
		id_format(text, ID_DEADLETTER, c->after);
		c->finding(c->arg, "ingest", "a dead letter's import is known", text);
	}
	return step == DB_ERR ? e->result : OK;
}

static enum result check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	struct check_page c = { .finding = finding, .arg = arg };
	do
		TRY(db_read(db, check_page, &c, e));
	while (c.seen == CHECK_PAGE);
	return OK;
}

const struct room ingest_room = { .name = "ingest", .check = check, .work = deadletters_prune };
