/* rooms: ingest insight orders timeline people shop feed db text money base */
/* A Segment body: what becomes an item is fit for the rooms; card numbers are gone from what will be stored. */
#include "fuzz/fuzz.h"
#include "base/clock.h"
#include "ingest/room.h"

static void item_hold(const struct item *it)
{
	struct error e;
	struct json *doc;
	if (it->way == ITEM_DEAD) {
		HOLD(it->why.code[0] && str_utf8_valid(str_c(it->why.field)));
		HOLD(it->raw.n);
		return;
	}
	HOLD(it->message_id.n && it->message_id.n <= 250);
	HOLD(!it->person || (it->person->source_key.n && it->person->identifier_count <= RECORD_IDENTIFIERS_MAX));
	for (int i = 0; i < it->order_count; i++)
		if (!it->orders[i].whole_refund)
			HOLD(order_check(&it->orders[i].in, &e) == OK);
	if (!it->has_touch)
		return;
	HOLD(it->touch.kind.n && it->touch.kind.n <= TOUCHPOINT_KIND_MAX && it->touch.title.n <= TOUCHPOINT_TITLE_MAX);
	HOLD(str_utf8_valid(it->touch.title));
	HOLD(it->touch.channel > 0 && it->touch.channel < CHANNELS);
	if (!it->touch.body.n)
		return;
	struct json_limits limits = { SIZE_MAX, 60 };
	HOLD(json_parse(it->touch.body, &limits, &doc, &e) == OK);
	json_free(doc);
	HOLD(!card_found(it->touch.body));
}

static void message(const struct json *doc, int type, bool browser, bool file, struct arena *a)
{
	struct segment_from f = {
		.from = { .source = STR("fuzz"), .browser = browser, .received_at = 1700000000 * USEC }, .file = file
	};
	struct item it = { .way = ITEM_TAKE };
	struct error e;
	if (segment_item(&f, type, doc, a, &it, &e) == OK)
		item_hold(&it);
	else
		HOLD(e.result == ERR_NOMEM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e;
	struct json *doc;
	if (size < 1)
		return 0;
	struct arena *a = arena_new(0);
	HOLD(a);
	struct str text = card_masked((struct str){ (const char *)data + 1, size - 1 }, a);
	HOLD(!card_found(text));
	if (json_parse(text, NULL, &doc, &e) == OK) {
		const struct json *batch = json_get(doc, "batch");
		for (size_t i = 0; i < json_count(batch) && json_kind(batch) == JSON_ARRAY; i++)
			message(json_at(batch, i), -1, data[0] & 1, data[0] & 2, a);
		message(doc, data[0] % 8 < 6 ? data[0] % 8 : -1, data[0] & 1, data[0] & 2, a);
		json_free(doc);
	}
	arena_free(a);
	return 0;
}
