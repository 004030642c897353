#include "base/clock.h"
#include "base/json_value.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_FIELDS 64

enum json_kind json_kind(const struct json *v)
{
	return v->kind;
}

size_t json_count(const struct json *v)
{
	return v && v->kind >= JSON_ARRAY ? v->n : 0;
}

const struct json *json_get(const struct json *object, const char *key)
{
	size_t n = strlen(key);

	if (!object || object->kind != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->n; i++)
		if (object->items[i].key_n == n && memcmp(object->items[i].key, key, n) == 0)
			return &object->items[i];
	return NULL;
}

const struct json *json_at(const struct json *array, size_t i)
{
	return array && array->kind == JSON_ARRAY && i < array->n ? &array->items[i] : NULL;
}

const struct json *json_member(const struct json *object, size_t i, struct str *key)
{
	if (!object || object->kind != JSON_OBJECT || i >= object->n)
		return NULL;
	*key = (struct str){ object->items[i].key, object->items[i].key_n };
	return &object->items[i];
}

struct str json_str(const struct json *v)
{
	return v && v->kind == JSON_STRING ? (struct str){ v->text, v->n } : STR("");
}

bool json_i64(const struct json *v, int64_t *out)
{
	if (!v || v->kind != JSON_INT)
		return false;
	*out = v->i;
	return true;
}

bool json_f64(const struct json *v, double *out)
{
	if (!v || (v->kind != JSON_INT && v->kind != JSON_REAL))
		return false;
	*out = v->kind == JSON_INT ? (double)v->i : v->f;
	return true;
}

bool json_bool(const struct json *v, bool *out)
{
	if (!v || v->kind != JSON_BOOL)
		return false;
	*out = v->b;
	return true;
}

struct str json_number_text(const struct json *v, char scratch[40])
{
	(void)scratch; /* the document keeps the text */
	if (!v || (v->kind != JSON_INT && v->kind != JSON_REAL))
		return STR("");
	return (struct str){ v->text, v->n };
}

/* ---- Objects by a spec ------------------------------------------------------------------------------------------- */

/* The path of a field: "traits" and "email" give "traits.email". */
struct path {
	const char *prefix, *name;
};

static enum result field_error(struct error *e, const struct path *at, const char *code, const char *what)
{
	const char *prefix = at->prefix ? at->prefix : "";
	size_t n = strlen(prefix);
	char field[256];

	snprintf(field, sizeof(field), "%s%s%s", prefix, n > 0 && *at->name && prefix[n - 1] != '.' ? "." : "",
	         at->name);
	return error_set(e, ERR_INVALID, code, field, "%s", what);
}

static enum result type_error(struct error *e, const struct path *at, const char *expected)
{
	char what[64];

	snprintf(what, sizeof(what), "%.48s expected", expected);
	return field_error(e, at, "field.type", what);
}

/* min and max both 0: no limits; max 0 beside a min: no upper limit. */
static enum result check_size(const struct json_field *f, int64_t size, const char *unit, const struct path *at,
                              struct error *e)
{
	char what[96];

	if (size >= f->min && (f->max == 0 || size <= f->max))
		return OK;
	if (f->max == 0)
		snprintf(what, sizeof(what), "at least %lld %s expected", (long long)f->min, unit);
	else
		snprintf(what, sizeof(what), "%lld to %lld %s expected", (long long)f->min, (long long)f->max, unit);
	return field_error(e, at, "field.range", what);
}

/* Index of name in "a|b|c", -1 if it is not there. */
static int name_index(const char *names, struct str name)
{
	struct str rest = str_c(names), part;

	for (int i = 0; str_split(&rest, '|', &part); i++)
		if (str_eq(part, name))
			return i;
	return -1;
}

/* The value of one field, held until all fields are known to be good. */
union field_value {
	struct str s;
	int64_t i;
	double d;
	bool b;
	int index;
	const struct json *v;
};

static enum result read_number(const struct json_field *f, const struct json *v, const struct path *at,
                               union field_value *out, struct error *e)
{
	char what[96];

	if (f->type == JF_F64)
		return json_f64(v, &out->d) ? OK : type_error(e, at, "a number");
	if (!json_i64(v, &out->i))
		return type_error(e, at, "an integer");
	if ((f->min == 0 && f->max == 0) || (out->i >= f->min && out->i <= f->max))
		return OK;
	snprintf(what, sizeof(what), "%lld to %lld expected", (long long)f->min, (long long)f->max);
	return field_error(e, at, "field.range", what);
}

static enum result read_text(const struct json_field *f, const struct json *v, const struct path *at,
                             union field_value *out, struct error *e)
{
	struct str s = json_str(v);
	char what[256];

	if (v->kind != JSON_STRING)
		return type_error(e, at, "a string");
	switch (f->type) {
	case JF_TIME:
		return time_parse(s, &out->i) ? OK : type_error(e, at, "a time as in 2026-11-22T09:30:00Z");
	case JF_ID:
		if (id_parse(s, (enum id_kind)f->min, &out->i))
			return OK;
		snprintf(what, sizeof(what), "an id that begins with %s_", id_prefix((enum id_kind)f->min));
		return type_error(e, at, what);
	case JF_ENUM:
		out->index = name_index(f->names, s);
		if (out->index >= 0)
			return OK;
		snprintf(what, sizeof(what), "one of %s expected", f->names);
		return field_error(e, at, "field.range", what);
	default:
		out->s = s;
		return check_size(f, (int64_t)s.n, "bytes", at, e);
	}
}

static enum result read_value(const struct json_field *f, const struct json *v, const struct path *at,
                              union field_value *out, struct error *e)
{
	switch (f->type) {
	case JF_I64:
	case JF_F64:
		return read_number(f, v, at, out, e);
	case JF_BOOL:
		return json_bool(v, &out->b) ? OK : type_error(e, at, "true or false");
	case JF_VALUE:
		out->v = v;
		return OK;
	case JF_ARRAY:
		if (v->kind != JSON_ARRAY)
			return type_error(e, at, "an array");
		out->v = v;
		return check_size(f, v->n, "members", at, e);
	case JF_OBJECT:
		if (v->kind != JSON_OBJECT)
			return type_error(e, at, "an object");
		out->v = v;
		return OK;
	default:
		return read_text(f, v, at, out, e);
	}
}

static void store_value(const struct json_field *f, const union field_value *value, void *out)
{
	void *to = (char *)out + f->offset;

	switch (f->type) {
	case JF_STR:
		*(struct str *)to = value->s;
		break;
	case JF_BOOL:
		*(bool *)to = value->b;
		break;
	case JF_F64:
		*(double *)to = value->d;
		break;
	case JF_ENUM:
		*(int *)to = value->index;
		break;
	case JF_VALUE:
	case JF_ARRAY:
	case JF_OBJECT:
		*(const struct json **)to = value->v;
		break;
	default:
		*(int64_t *)to = value->i;
	}
}

static bool spec_names(const struct json_field *spec, const struct json *member)
{
	for (; spec->name; spec++)
		if (strlen(spec->name) == member->key_n && memcmp(spec->name, member->key, member->key_n) == 0)
			return true;
	return false;
}

enum result json_read(const struct json *object, const struct json_field *spec, bool strict, const char *prefix,
                      void *out, struct error *e)
{
	union field_value values[MOST_FIELDS];
	bool present[MOST_FIELDS];
	struct path at = { prefix, "" };
	size_t n;

	if (!object || object->kind != JSON_OBJECT)
		return type_error(e, &at, "an object");
	for (n = 0; spec[n].name; n++) {
		const struct json *v = json_get(object, spec[n].name);

		assert(n < MOST_FIELDS);
		at.name = spec[n].name;
		if (v && v->kind == JSON_NULL && (spec[n].flags & JSON_NULLABLE))
			v = NULL;
		present[n] = v != NULL;
		if (v)
			TRY(read_value(&spec[n], v, &at, &values[n], e));
		else if (spec[n].flags & JSON_REQUIRED)
			return field_error(e, &at, "field.missing", "this field is required");
	}
	for (size_t i = 0; strict && i < object->n; i++)
		if (!spec_names(spec, &object->items[i])) {
			at.name = object->items[i].key;
			return field_error(e, &at, "field.unknown", "no such field here");
		}
	for (size_t i = 0; i < n; i++)
		if (present[i])
			store_value(&spec[i], &values[i], out);
	return OK;
}

/* ---- The canonical text ------------------------------------------------------------------------------------------ */

static int by_key(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;

	return str_cmp((struct str){ x->key, x->key_n }, (struct str){ y->key, y->key_n });
}

static bool dump_object(const struct json *v, struct json_writer *w);

static bool dump(const struct json *v, struct json_writer *w)
{
	switch (v->kind) {
	case JSON_NULL:
		jw_null(w);
		return true;
	case JSON_BOOL:
		jw_bool(w, v->b);
		return true;
	case JSON_INT:
	case JSON_REAL:
		jw_raw(w, (struct str){ v->text, v->n });
		return true;
	case JSON_STRING:
		jw_str(w, (struct str){ v->text, v->n });
		return true;
	case JSON_OBJECT:
		return dump_object(v, w);
	case JSON_ARRAY:
		break;
	}
	jw_array(w);
	for (size_t i = 0; i < v->n; i++)
		if (!dump(&v->items[i], w))
			return false;
	jw_end_array(w);
	return true;
}

static bool dump_object(const struct json *v, struct json_writer *w)
{
	const struct json *few[32], **sorted = few;
	bool ok = true;

	if (v->n > 32)
		sorted = mem_calloc(v->n, sizeof(struct json *));
	if (!sorted)
		return false;
	for (size_t i = 0; i < v->n; i++)
		sorted[i] = &v->items[i];
	qsort(sorted, v->n, sizeof(struct json *), by_key);
	jw_object(w);
	for (size_t i = 0; i < v->n && ok; i++) {
		jw_key(w, sorted[i]->key);
		ok = dump(sorted[i], w);
	}
	if (ok)
		jw_end_object(w);
	if (sorted != few)
		mem_free(sorted);
	return ok;
}

enum result json_dump(const struct json *v, struct buf *out, struct error *e)
{
	struct json_writer w;

	jw_init(&w, out);
	if (!dump(v, &w) || out->failed)
		return error_nomem(e);
	return OK;
}
