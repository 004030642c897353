/* rooms: http base */
/* A JSON body read by a spec with a field of every type, as the exchange does: what is taken is within its limits, what
 * is refused names a code, and the outputs are as they were. */
#include "fuzz/fuzz.h"
#include "http/http_int.h"

struct everything {
	struct str s;
	int64_t n, t, id;
	bool b;
	double f;
	int e;
	const struct json *any, *list, *object;
};
static const struct json_field fields[] = {
	JSON_FIELD_STR(struct everything, s, "s", JSON_REQUIRED, 1, 30),
	JSON_FIELD_I64(struct everything, n, "n", 0, -10, 1000000),
	JSON_FIELD_TIME(struct everything, t, "t", JSON_NULLABLE),
	JSON_FIELD_ID(struct everything, id, "id", ID_STORE, JSON_NULLABLE),
	JSON_FIELD_BOOL(struct everything, b, "b", 0),
	JSON_FIELD_F64(struct everything, f, "f", 0),
	JSON_FIELD_ENUM(struct everything, e, "e", "red|green|blue", 0),
	JSON_FIELD_VALUE(struct everything, any, "any", 0),
	JSON_FIELD_ARRAY(struct everything, list, "list", 0, 1, 5),
	JSON_FIELD_OBJECT(struct everything, object, "object", JSON_SECRET),
	JSON_END,
};

static void taken(const struct everything *in)
{
	BUF_AUTO struct buf out;
	buf_init(&out, 0);
	HOLD(in->s.n >= 1 && in->s.n <= 30 && str_utf8_valid(in->s));
	HOLD(in->n >= -10 && in->n <= 1000000);
	HOLD(in->e >= 0 && in->e <= 2);
	HOLD(in->f == in->f);
	HOLD(!in->list || (json_count(in->list) >= 1 && json_count(in->list) <= 5));
	HOLD(!in->object || json_kind(in->object) == JSON_OBJECT);
	if (in->any)
		HOLD(json_dump(in->any, &out, NULL) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_limits limits = { .bytes = 256 << 10, .depth = 0 };
	JSON_AUTO struct json *doc = NULL;
	struct error e = { 0 };
	struct everything in = { 0 };
	if (json_parse((struct str){ (const char *)data, size }, &limits, &doc, &e) != OK) {
		HOLD(!doc && e.code[0] && (e.result == ERR_INVALID || e.result == ERR_TOO_LARGE));
		return 0;
	}
	if (json_read(doc, fields, true, "", &in, &e) == OK)
		taken(&in);
	else
		HOLD(e.result == ERR_INVALID && e.code[0]);
	return 0;
}
