/* Typed parameters of path and query, by the route's table; and what handlers ask of them. */
#include "base/clock.h"
#include "http/http_int.h"

static enum result param_fault(const struct http_param *p, const char *code, struct error *e)
{
	static const char *const kinds[] = { [JF_STR] = "a text",         [JF_I64] = "a whole number",
		                             [JF_BOOL] = "true or false", [JF_TIME] = "an RFC 3339 time",
		                             [JF_ID] = "an id",           [JF_ENUM] = "one of the listed values" };
	const char *kind = (size_t)p->type < sizeof(kinds) / sizeof(kinds[0]) ? kinds[p->type] : NULL;
	if (p->type == JF_ENUM)
		return error_set(e, ERR_INVALID, code, p->name, "The parameter %s must be one of %s.", p->name,
		                 p->names);
	if (p->type == JF_ID)
		return error_set(e, ERR_INVALID, code, p->name, "The parameter %s must be an id that begins with %s_.",
		                 p->name, id_prefix((enum id_kind)p->min));
	return error_set(e, ERR_INVALID, code, p->name, "The parameter %s must be %s.", p->name, kind ? kind : "typed");
}

static enum result param_range(const struct http_param *p, const char *what, struct error *e)
{
	return error_set(e, ERR_INVALID, "param.range", p->name, "The parameter %s must be %s%lld to %lld.", p->name,
	                 what, (long long)p->min, (long long)p->max);
}

/* Index of s in "a|b|c"; -1: none. */
static int64_t names_index(const char *names, struct str s)
{
	struct str rest = str_c(names), part;
	for (int64_t i = 0; str_split(&rest, '|', &part); i++)
		if (str_eq(part, s))
			return i;
	return -1;
}

static bool param_scalar(const struct http_param *p, struct param_value *v)
{
	switch (p->type) {
	case JF_I64:
		return str_to_i64(v->text, &v->i);
	case JF_BOOL:
		v->i = str_is(v->text, "true") || str_is(v->text, "1");
		return v->i || str_is(v->text, "false") || str_is(v->text, "0");
	case JF_TIME:
		return time_parse(v->text, &v->i);
	case JF_ID:
		return id_parse(v->text, (enum id_kind)p->min, &v->i);
	case JF_ENUM:
		v->i = names_index(p->names, v->text);
		return v->i >= 0;
	default:
		return p->type == JF_STR;
	}
}

static enum result param_read(const struct http_param *p, struct param_value *v, struct error *e)
{
	bool limited = p->min || p->max;
	v->i = 0;
	if (!param_scalar(p, v))
		return param_fault(p, "param.type", e);
	if (p->type == JF_I64 && limited && (v->i < p->min || v->i > p->max))
		return param_range(p, "", e);
	if (p->type == JF_STR && limited && ((int64_t)v->text.n < p->min || (int64_t)v->text.n > p->max))
		return param_range(p, "a text of bytes: ", e);
	v->has = true;
	return OK;
}

static int query_index(const struct route_entry *entry, struct str name)
{
	for (size_t i = 0; i < entry->param_count; i++)
		if (entry->params[i].segment < 0 && str_is(name, entry->params[i].spec->name))
			return (int)i;
	return -1;
}

static void field_name(char out[64], struct str name)
{
	size_t n = name.n < 60 ? name.n : 60;
	while (n && n < name.n && ((unsigned char)name.p[n] & 0xc0) == 0x80)
		n--; /* never half a character */
	memcpy(out, name.p, n);
	out[n] = 0;
	if (n == 0)
		strcpy(out, "query"); /* "?=5" */
}

static enum result query_read(const struct route_entry *entry, const struct target *t, struct param_value *values,
                              struct error *e)
{
	for (size_t q = 0; q < t->param_count; q++) {
		int i = query_index(entry, t->names[q]);
		char name[64];
		field_name(name, t->names[q]);
		if (i < 0 && (entry->route->flags & HTTP_CORS))
			continue; /* browsers' libraries add their own */
		if (i < 0)
			return error_set(e, ERR_INVALID, "param.unknown", name, "There is no such parameter here.");
		if (values[i].has)
			return error_set(e, ERR_INVALID, "param.duplicate", name, "The parameter is given twice.");
		values[i].text = t->values[q];
		TRY(param_read(entry->params[i].spec, &values[i], e));
	}
	return OK;
}

enum result params_read(const struct route_entry *entry, const struct target *t, struct param_value *values,
                        struct error *e)
{
	memset(values, 0, entry->param_count * sizeof(*values));
	for (size_t i = 0; i < entry->param_count; i++) {
		if (entry->params[i].segment < 0)
			continue;
		values[i].text = t->segments[entry->params[i].segment];
		TRY(param_read(entry->params[i].spec, &values[i], e));
	}
	TRY(query_read(entry, t, values, e));
	for (size_t i = 0; i < entry->param_count; i++)
		if (entry->params[i].spec->required && !values[i].has)
			return param_fault(entry->params[i].spec, "param.missing", e);
	return OK;
}

static const struct param_value *param_find(const struct http_request *rq, const char *name)
{
	for (size_t i = 0; rq->entry && i < rq->entry->param_count; i++)
		if (!strcmp(rq->entry->params[i].spec->name, name))
			return rq->params[i].has ? &rq->params[i] : NULL;
	return NULL;
}

struct str http_param_str(const struct http_request *rq, const char *name)
{
	const struct param_value *v = param_find(rq, name);
	return v ? v->text : (struct str){ "", 0 };
}

int64_t http_param_i64(const struct http_request *rq, const char *name, int64_t otherwise)
{
	const struct param_value *v = param_find(rq, name);
	return v ? v->i : otherwise;
}

bool http_has_param(const struct http_request *rq, const char *name)
{
	return param_find(rq, name) != NULL;
}
