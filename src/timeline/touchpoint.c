#include "timeline/room.h"

static const char *const channel_names[CHANNELS] = { "",      "store", "web",    "app",    "phone",
	                                             "email", "chat",  "social", "survey", "post" };

const char *channel_name(enum channel c)
{
	return c > 0 && c < CHANNELS ? channel_names[c] : "";
}

bool channel_find(struct str name, enum channel *c)
{
	for (int i = 1; i < CHANNELS; i++)
		if (str_is(name, channel_names[i])) {
			*c = (enum channel)i;
			return true;
		}
	return false;
}

/* ---- Touchpoints --------------------------------------------------------------------------------------------------
 */

static enum result touchpoint_check(const struct touchpoint_in *in, struct error *e)
{
	if (!in->record)
		return error_set(e, ERR_INVALID, "touchpoint.record", "record", "a touchpoint hangs on a record");
	if (in->channel <= 0 || in->channel >= CHANNELS)
		return error_set(e, ERR_INVALID, "touchpoint.channel", "channel", "no such channel");
	if (!in->kind.n || in->kind.n > TOUCHPOINT_KIND_MAX)
		return error_set(e, ERR_INVALID, "touchpoint.kind", "event", "1 to %d bytes", TOUCHPOINT_KIND_MAX);
	if (in->title.n > TOUCHPOINT_TITLE_MAX)
		return error_set(e, ERR_INVALID, "touchpoint.title", "title", "at most %d bytes", TOUCHPOINT_TITLE_MAX);
	if (in->body.n > TOUCHPOINT_BODY_MAX)
		return error_set(e, ERR_TOO_LARGE, "touchpoint.body", "properties", "at most %d bytes",
		                 TOUCHPOINT_BODY_MAX);
	return OK;
}

DB_STMT(touchpoint_insert, "iiiiittTIIIT", "",
        "INSERT INTO touchpoint (rkey, record, at, id, channel, source, kind, title, store, associate, ref, body) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")

enum result touchpoint_append(struct db_tx *tx, const struct touchpoint_in *in, int64_t *id, struct error *e)
{
	TRY(touchpoint_check(in, e));
	unsigned rkey = id_bucket(in->record);
	int64_t made = id_new(rkey);
	TRY(db_exec(tx, &touchpoint_insert, NULL, e, DB_INT(rkey), DB_INT(in->record), DB_INT(in->at), DB_INT(made),
	            DB_INT(in->channel), DB_TEXT(in->source), DB_TEXT(in->kind), DB_TEXT_OR_NULL(in->title),
	            DB_INT_OR_NULL(in->store), DB_INT_OR_NULL(in->associate), DB_INT_OR_NULL(in->ref),
	            DB_TEXT_OR_NULL(in->body)));
	TRY(feed_append(tx, FEED_TOUCHPOINT, in->record, made, e));
	*id = made;
	return OK;
}

static enum result touchpoint_read(const struct db_rows *r, int64_t record, struct arena *a, struct touchpoint *t,
                                   struct error *e)
{
	t->record = record;
	t->at = db_int(r, 0);
	t->id = db_int(r, 1);
	t->received_at = id_time_us(t->id);
	t->channel = (enum channel)db_int(r, 2);
	t->source = db_text_dup(r, 3, a);
	t->kind = db_text_dup(r, 4, a);
	t->title = db_text_dup(r, 5, a);
	t->store = db_int(r, 6);
	t->associate = db_int(r, 7);
	t->ref = db_int(r, 8);
	t->body = db_text_dup(r, 9, a);
	return t->source && t->kind && t->title && t->body ? OK : error_nomem(e);
}

static bool newer(int64_t at, int64_t id, const struct touchpoint *t)
{
	return at != t->at ? at > t->at : id > t->id;
}

struct page {
	const int64_t *records;
	int limit, count;
	struct arena *a;
	struct touchpoint *out; /* sorted, newest first */
};

/* Rows older than a full page are not read. */
static enum result page_merge(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct page *p = arg;
	enum db_step step;
	while ((step = db_next(r, e)) == DB_ROW) {
		int64_t at = db_int(r, 0), id = db_int(r, 1);
		if (p->count == p->limit && !newer(at, id, &p->out[p->count - 1]))
			break;
		int i = p->count < p->limit ? p->count++ : p->count - 1;
		for (; i > 0 && newer(at, id, &p->out[i - 1]); i--)
			p->out[i] = p->out[i - 1];
		TRY(touchpoint_read(r, p->records[run], p->a, &p->out[i], e));
	}
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(touchpoint_page, "iiiiii", "iiittTIIIT",
        "SELECT at, id, channel, source, kind, title, store, associate, ref, body FROM touchpoint "
        "WHERE rkey = $1 AND record = $2 AND (at, id) < ($3, $4) AND ($5 = 0 OR channel = $5) "
        "ORDER BY at DESC, id DESC LIMIT $6")
enum result timeline_page(struct db_tx *tx, const int64_t *records, int record_count, enum channel channel,
                          int64_t before_at, int64_t before_id, int limit, struct arena *a, struct touchpoint *out,
                          int *count, struct error *e)
{
	if (before_at == 0 && before_id == 0)
		before_at = before_id = INT64_MAX;
	if (limit > TIMELINE_PAGE_MAX)
		limit = TIMELINE_PAGE_MAX;
	struct page p = { .records = records, .limit = limit, .a = a, .out = out };
	if (limit > 0)
		TRY(db_each_id(tx, &touchpoint_page, records, record_count, page_merge, &p, e, DB_INT(before_at),
		               DB_INT(before_id), DB_INT(channel), DB_INT(limit)));
	*count = p.count;
	return OK;
}
