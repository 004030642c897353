/* rooms: people shop feed db text base */
/* Stored features: any bytes are refused, or are a record that the engine can work with and that packs stably. */
#include "fuzz/fuzz.h"
#include "people/match_inside.h"
#include "text/text.h"

static struct match_model *model;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	HOLD(text_start(NULL) == OK);
	HOLD(match_model_default(&model, NULL) == OK);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct match_record *r, *again;
	uint64_t keys[MATCH_KEYS_MAX];
	struct error e;
	BUF_AUTO struct buf first = { 0 };
	BUF_AUTO struct buf second = { 0 };
	struct arena *a = arena_new(0);

	HOLD(a);
	if (match_record_unpack((struct str){ (const char *)data, size }, a, &r, &e) == OK) {
		match_record_bind(model, r);
		HOLD(match_keys(model, r, keys) <= MATCH_KEYS_MAX);
		match_score(model, r, r, NULL, NULL);
		buf_init(&first, 0);
		buf_init(&second, 0);
		match_record_pack(r, &first);
		HOLD(!first.failed && match_record_unpack(buf_view(&first), a, &again, &e) == OK);
		match_record_pack(again, &second);
		HOLD(str_eq(buf_view(&first), buf_view(&second)));
	}
	arena_free(a);
	return 0;
}
