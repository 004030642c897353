/* Our parser before the judge. */
#ifndef BYNAME_TESTS_TELL_H
#define BYNAME_TESTS_TELL_H

#include "base/json.h"
#include "judge/judge.h"

static inline void tell_ours(const struct json *v, struct buf *out)
{
	struct str key;
	int64_t i = 0;
	double f = 0;
	bool b = false;

	switch (json_kind(v)) {
	case JSON_NULL:
		buf_str(out, "n;");
		break;
	case JSON_BOOL:
		if (json_bool(v, &b))
			buf_str(out, b ? "t;" : "f;");
		break;
	case JSON_INT:
		if (json_i64(v, &i))
			judge_int(out, i);
		break;
	case JSON_REAL:
		if (json_f64(v, &f))
			judge_real(out, f);
		break;
	case JSON_STRING:
		judge_string(out, json_str(v));
		break;
	case JSON_ARRAY:
		buf_char(out, '[');
		for (size_t n = 0; n < json_count(v); n++)
			tell_ours(json_at(v, n), out);
		buf_char(out, ']');
		break;
	case JSON_OBJECT:
		buf_char(out, '{');
		for (size_t n = 0; n < json_count(v); n++) {
			const struct json *member = json_member(v, n, &key);

			judge_string(out, key);
			tell_ours(member, out);
		}
		buf_char(out, '}');
		break;
	}
}

/* Both accept and read the same, or both refuse. Nesting that only we refuse is left out. */
static inline bool judge_agrees(struct str text, struct buf *ours, struct buf *theirs, bool *accepted)
{
	struct json_limits limits = { SIZE_MAX, 60 };
	struct json *j = NULL;
	struct error e;
	enum result r = json_parse(text, &limits, &j, &e);
	enum verdict v = judge_json(text, theirs);

	*accepted = r == OK;
	if (r != OK)
		return v == JUDGE_REFUSES || strcmp(e.code, "json.too_deep") == 0;
	tell_ours(j, ours);
	json_free(j);
	return v == JUDGE_ACCEPTS && str_eq(buf_view(ours), buf_view(theirs));
}

#endif
