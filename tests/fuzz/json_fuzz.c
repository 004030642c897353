/* rooms: judge base */
/* The JSON reader against jansson; what is read is dumped canonically and read again; a spec reads it without harm. */
#include "fuzz/fuzz.h"
#include "judge/tell.h"

struct all {
	struct str s;
	int64_t i, t, id;
	bool b;
	double f;
	int e;
	const struct json *v, *a, *o;
};

static const struct json_field fields[] = { JSON_FIELD_STR(struct all, s, "s", JSON_REQUIRED, 0, 20),
	                                    JSON_FIELD_I64(struct all, i, "i", 0, -5, 5),
	                                    JSON_FIELD_TIME(struct all, t, "t", JSON_NULLABLE),
	                                    JSON_FIELD_ID(struct all, id, "id", ID_ORDER, 0),
	                                    JSON_FIELD_BOOL(struct all, b, "b", 0),
	                                    JSON_FIELD_F64(struct all, f, "f", 0),
	                                    JSON_FIELD_ENUM(struct all, e, "e", "x|y", 0),
	                                    JSON_FIELD_VALUE(struct all, v, "v", 0),
	                                    JSON_FIELD_ARRAY(struct all, a, "a", 0, 1, 3),
	                                    JSON_FIELD_OBJECT(struct all, o, "o", 0),
	                                    JSON_END };

static void dump(struct str text, struct buf *out, int64_t *read)
{
	struct json_limits limits = { SIZE_MAX, 60 };
	struct all all = { 0 };
	struct json *j = NULL;
	struct error e;

	HOLD(json_parse(text, &limits, &j, &e) == OK);
	HOLD(json_dump(j, out, &e) == OK);
	*read = json_read(j, fields, true, "in", &all, &e);
	HOLD(*read == OK ||
	     (e.result == ERR_INVALID && strncmp(e.code, "field.", 6) == 0 && str_utf8_valid(str_c(e.field))));
	json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	BUF_AUTO struct buf ours, theirs;
	int64_t read_once, read_again;
	bool accepted;

	buf_init(&ours, 0);
	buf_init(&theirs, 0);
	HOLD(judge_agrees(text, &ours, &theirs, &accepted));
	if (!accepted)
		return 0;
	buf_clear(&ours);
	buf_clear(&theirs);
	dump(text, &ours, &read_once);
	dump(buf_view(&ours), &theirs, &read_again);
	HOLD(str_eq(buf_view(&ours), buf_view(&theirs)));
	/* sorting may bring another field's error first, but never makes a good object bad */
	HOLD((read_once == OK) == (read_again == OK));
	return 0;
}
