#include "judge/judge.h"
#include <jansson.h>

static void tell(const json_t *v, struct buf *out)
{
	const char *key;
	json_t *member;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_NULL:
		buf_str(out, "n;");
		break;
	case JSON_TRUE:
		buf_str(out, "t;");
		break;
	case JSON_FALSE:
		buf_str(out, "f;");
		break;
	case JSON_INTEGER:
		judge_int(out, json_integer_value(v));
		break;
	case JSON_REAL:
		judge_real(out, json_real_value(v));
		break;
	case JSON_STRING:
		judge_string(out, (struct str){ json_string_value(v), json_string_length(v) });
		break;
	case JSON_ARRAY:
		buf_char(out, '[');
		json_array_foreach(v, i, member) tell(member, out);
		buf_char(out, ']');
		break;
	case JSON_OBJECT:
		buf_char(out, '{');
		json_object_foreach((json_t *)v, key, member)
		{
			judge_string(out, str_c(key));
			tell(member, out);
		}
		buf_char(out, '}');
		break;
	}
}

enum verdict judge_json(struct str text, struct buf *out)
{
	json_error_t error;
	json_t *v = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (!v)
		return JUDGE_REFUSES;
	if (memchr(text.p, '\0', text.n)) { /* the judge errs: it takes NUL bytes at the end for the end */
		json_decref(v);
		return JUDGE_REFUSES;
	}
	tell(v, out);
	json_decref(v);
	return JUDGE_ACCEPTS;
}

bool judge_only_parses(struct str text)
{
	json_t *v = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

	json_decref(v);
	return v != NULL;
}
