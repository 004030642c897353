/* What HTTP brings: one message, or a batch of them. */
#include "ingest/room.h"

#define BATCH_DEPTH 24
#define ARENA_BYTES (64u << 20)

static enum result parse_body(const struct ingest_from *from, struct str body, size_t most, struct arena *a,
                              struct json **doc, struct error *e)
{
	(void)from;
	struct json_limits limits = { most, BATCH_DEPTH };
	if (body.n > most)
		return error_set(e, ERR_TOO_LARGE, "body.too_large", NULL, "at most %zu bytes", most);
	struct str clean = card_masked(body, a);
	if (!clean.n && body.n)
		return error_nomem(e);
	TRY(json_parse(clean, &limits, doc, e));
	if (json_kind(*doc) == JSON_OBJECT)
		return OK;
	json_free(*doc);
	*doc = NULL;
	return error_set(e, ERR_INVALID, "body.type", NULL, "a JSON object");
}

enum result ingest_call(struct db *db, const struct ingest_from *from, enum ingest_type type, struct str body,
                        struct ingest_counts *counts, struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(ARENA_BYTES);
	JSON_AUTO struct json *doc = NULL;
	struct item it = { .way = ITEM_TAKE };
	if (!a)
		return error_nomem(e);
	TRY(parse_body(from, body, INGEST_CALL_MAX, a, &doc, e));
	struct segment_from f = { .from = *from };
	TRY(segment_item(&f, type, doc, a, &it, e));
	if (it.way == ITEM_DEAD) { /* one message alone: the caller hears what is wrong with it */
		*e = it.why;
		return e->result;
	}
	struct ingest_counts c = { 0 };
	struct item_batch b = { .items = &it, .count = 1, .job = from->job };
	TRY(item_batch_write(db, &b, &c, e));
	*counts = c;
	return OK;
}

static bool read_sent(const struct json *doc, int64_t *us)
{
	struct str s = json_str(json_get(doc, "sentAt"));
	if (!s.n)
		s = json_str(json_get(doc, "sent_at"));
	return s.n && time_parse(s, us);
}

/* Equal messages without an id in one batch are different messages: the second is number 2. */
static enum result number_equals(struct item *items, size_t n, struct arena *a, struct error *e)
{
	for (size_t i = 1; i < n; i++) {
		if (items[i].way == ITEM_DEAD || !items[i].id_made)
			continue;
		int before = 0;
		for (size_t k = 0; k < i; k++) {
			struct str id = items[k].message_id;
			if (items[k].id_made && id.n >= items[i].message_id.n &&
			    !memcmp(id.p, items[i].message_id.p, items[i].message_id.n))
				before++;
		}
		if (!before)
			continue;
		char *id = arena_printf(a, "%.*s.%d", STR_ARG(items[i].message_id), before + 1);
		if (!id)
			return error_nomem(e);
		items[i].message_id = str_c(id);
	}
	return OK;
}

static enum result read_one(const struct segment_from *f, const struct json *doc, struct arena *a, struct item *it,
                            struct error *e)
{
	TRY(segment_item(f, -1, doc, a, it, e));
	if (it->way == ITEM_DEAD || it->touch.body.n < INGEST_CALL_MAX)
		return OK;
	BUF_AUTO struct buf b;
	buf_init(&b, 0);
	TRY(json_dump(doc, &b, e));
	char *raw = arena_strndup(a, b.p, b.n);
	if (!raw)
		return error_nomem(e);
	it->raw = (struct str){ raw, b.n };
	error_set(e, ERR_TOO_LARGE, "message.too_large", NULL, "a message has at most %d bytes", INGEST_CALL_MAX);
	item_dead(it, e);
	return OK;
}

enum result ingest_batch(struct db *db, const struct ingest_from *from, struct str body, struct ingest_counts *counts,
                         struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(ARENA_BYTES);
	JSON_AUTO struct json *doc = NULL;
	if (!a)
		return error_nomem(e);
	TRY(parse_body(from, body, INGEST_BATCH_MAX, a, &doc, e));
	const struct json *list = json_get(doc, "batch");
	if (!list || json_kind(list) != JSON_ARRAY)
		return error_set(e, ERR_INVALID, "batch.missing", "batch", "an array of messages");
	struct segment_from f = { .from = *from };
	read_sent(doc, &f.sent_at);
	size_t n = json_count(list);
	struct item *items = arena_array(a, n + 1, sizeof(*items));
	if (!items)
		return error_nomem(e);
	for (size_t i = 0; i < n; i++)
		TRY(read_one(&f, json_at(list, i), a, &items[i], e));
	TRY(number_equals(items, n, a, e));
	struct ingest_counts c = { 0 };
	for (size_t i = 0; i < n; i += ITEM_BATCH_MAX) {
		size_t left = n - i;
		struct item_batch b = { .items = items + i, .job = from->job };
		b.count = (int)(left < ITEM_BATCH_MAX ? left : ITEM_BATCH_MAX);
		TRY(item_batch_write(db, &b, &c, e));
	}
	*counts = c;
	return OK;
}
