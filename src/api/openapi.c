/* The OpenAPI 3.1 description, from the route table alone: what is dispatched and checked is what is described. */
#include "api/api.h"
#include "api/internal.h"

static const char *const method_keys[] = { "get", "post", "put", "patch", "delete" };

/* ---- Types
 * -------------------------------------------------------------------------------------------------------------- */

static void names_write(struct json_writer *w, const char *names)
{
	struct str rest = str_c(names), part;
	jw_key(w, "enum");
	jw_array(w);
	while (str_split(&rest, '|', &part))
		jw_str(w, part);
	jw_end_array(w);
}

static void limits_write(struct json_writer *w, const char *least, const char *most, int64_t min, int64_t max)
{
	if (min)
		jw_ki64(w, least, min);
	if (max)
		jw_ki64(w, most, max);
}

/* Members of a schema object that is open. */
static void type_write(struct json_writer *w, enum json_field_type type, int64_t min, int64_t max, const char *names)
{
	static const char *const json_types[] = {
		[JF_STR] = "string",  [JF_I64] = "integer",  [JF_BOOL] = "boolean", [JF_F64] = "number",
		[JF_TIME] = "string", [JF_ID] = "string",    [JF_ENUM] = "string",  [JF_VALUE] = NULL,
		[JF_ARRAY] = "array", [JF_OBJECT] = "object"
	};
	if (json_types[type])
		jw_kcstr(w, "type", json_types[type]);
	if (type == JF_STR)
		limits_write(w, "minLength", "maxLength", min, max);
	if (type == JF_I64)
		limits_write(w, "minimum", "maximum", min, max);
	if (type == JF_ARRAY)
		limits_write(w, "minItems", "maxItems", min, max);
	if (type == JF_TIME)
		jw_kcstr(w, "format", "date-time");
	if (type == JF_ID) {
		char pattern[48];
		snprintf(pattern, sizeof(pattern), "^%s_[0-9a-z]{13}$", id_prefix((enum id_kind)min));
		jw_kcstr(w, "pattern", pattern);
	}
	if (type == JF_ENUM)
		names_write(w, names);
}

static void schema_ref(struct json_writer *w, const char *name)
{
	char ref[96];
	snprintf(ref, sizeof(ref), "#/components/schemas/%s", name);
	jw_object(w);
	jw_kcstr(w, "$ref", ref);
	jw_end_object(w);
}

/* ---- One operation
 * -------------------------------------------------------------------------------------------------------- */

static bool in_path(const struct http_route *route, const char *name)
{
	char braced[80];
	snprintf(braced, sizeof(braced), "{%s}", name);
	return strstr(route->path, braced) != NULL;
}

static void params_write(struct json_writer *w, const struct http_route *route)
{
	jw_key(w, "parameters");
	jw_array(w);
	for (const struct http_param *p = route->params; p && p->name; p++) {
		bool path = in_path(route, p->name);
		jw_object(w);
		jw_kcstr(w, "name", p->name);
		jw_kcstr(w, "in", path ? "path" : "query");
		jw_kbool(w, "required", path || p->required);
		if (p->doc)
			jw_kcstr(w, "description", p->doc);
		jw_key(w, "schema");
		jw_object(w);
		type_write(w, p->type, p->min, p->max, p->names);
		jw_end_object(w);
		jw_end_object(w);
	}
	if (route->flags & HTTP_IDEMPOTENT) {
		jw_object(w);
		jw_kcstr(w, "$ref", "#/components/parameters/IdempotencyKey");
		jw_end_object(w);
	}
	jw_end_array(w);
}

static void field_write(struct json_writer *w, const struct json_field *f)
{
	jw_key(w, f->name);
	jw_object(w);
	if ((f->flags & JSON_NULLABLE) && f->type != JF_VALUE) {
		jw_key(w, "oneOf");
		jw_array(w);
		jw_object(w);
		type_write(w, f->type, f->min, f->max, f->names);
		jw_end_object(w);
		jw_object(w);
		jw_kcstr(w, "type", "null");
		jw_end_object(w);
		jw_end_array(w);
	} else {
		type_write(w, f->type, f->min, f->max, f->names);
	}
	if (f->doc)
		jw_kcstr(w, "description", f->doc);
	jw_end_object(w);
}

static void body_write(struct json_writer *w, const struct http_route *route)
{
	bool raw = route->flags & HTTP_RAW_BODY, required = false;
	if (!route->body && !raw)
		return;
	for (const struct json_field *f = route->body; f && f->name; f++)
		required |= (f->flags & JSON_REQUIRED) != 0;
	jw_key(w, "requestBody");
	jw_object(w);
	jw_kbool(w, "required", required);
	jw_key(w, "content");
	jw_object(w);
	jw_key(w, "application/json");
	jw_object(w);
	jw_key(w, "schema");
	jw_object(w);
	jw_kcstr(w, "type", "object");
	if (route->body) {
		jw_kbool(w, "additionalProperties", false);
		jw_key(w, "required");
		jw_array(w);
		for (const struct json_field *f = route->body; f->name; f++)
			if (f->flags & JSON_REQUIRED)
				jw_cstr(w, f->name);
		jw_end_array(w);
		jw_key(w, "properties");
		jw_object(w);
		for (const struct json_field *f = route->body; f->name; f++)
			field_write(w, f);
		jw_end_object(w);
	}
	jw_end_object(w);
	jw_end_object(w);
	jw_end_object(w);
	jw_end_object(w);
}

static void problem_write(struct json_writer *w, struct str status)
{
	char key[8];
	snprintf(key, sizeof(key), "%.*s", STR_ARG(status));
	jw_key(w, key);
	jw_object(w);
	jw_kcstr(w, "$ref", "#/components/responses/Problem");
	jw_end_object(w);
}

static void answer_write(struct json_writer *w, const struct http_route *route)
{
	bool made = route->method == HTTP_POST && route->answer && (route->flags & HTTP_IDEMPOTENT);
	jw_key(w, !route->answer ? "204" : made ? "2XX" : "200");
	jw_object(w);
	jw_kcstr(w, "description", route->answer ? route->answer : "Done");
	if (route->answer) {
		jw_key(w, "content");
		jw_object(w);
		jw_key(w, route->flags & HTTP_STREAM ? "text/event-stream" : "application/json");
		jw_object(w);
		jw_key(w, "schema");
		schema_ref(w, route->answer);
		jw_end_object(w);
		jw_end_object(w);
	}
	jw_end_object(w);
}

static void responses_write(struct json_writer *w, const struct http_route *route)
{
	struct str rest = str_c(route->errors), part;
	jw_key(w, "responses");
	jw_object(w);
	answer_write(w, route);
	problem_write(w, STR("400"));
	if (!(route->flags & HTTP_OPEN)) {
		problem_write(w, STR("401"));
		problem_write(w, STR("403"));
	}
	if (route->body || (route->flags & HTTP_RAW_BODY)) {
		problem_write(w, STR("413"));
		problem_write(w, STR("415"));
	}
	if (route->flags & HTTP_IDEMPOTENT) {
		problem_write(w, STR("422"));
		if (!route->errors || !strstr(route->errors, "409"))
			problem_write(w, STR("409"));
	}
	while (str_split(&rest, ' ', &part))
		if (part.n && !str_is(part, "429") && !str_is(part, "503") && !str_is(part, "422"))
			problem_write(w, part);
	problem_write(w, STR("429"));
	problem_write(w, STR("503"));
	jw_end_object(w);
}

static void roles_write(struct json_writer *w, unsigned roles)
{
	jw_key(w, "x-roles");
	jw_array(w);
	for (int i = 0; i < ROLE_COUNT; i++)
		if (roles & 1u << i)
			jw_cstr(w, role_name((enum role)(1u << i)));
	jw_end_array(w);
}

/* "getV1CustomersCard" from GET /v1/customers/{customer}/card: stable names for clients made from this. */
static void operation_id(char *out, size_t size, const struct http_route *route)
{
	size_t n = (size_t)snprintf(out, size, "%s", method_keys[route->method]);
	bool up = true;
	for (const char *p = route->path; *p && n + 1 < size; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')) {
			out[n++] = up && *p >= 'a' ? (char)(*p - 32) : *p;
			up = false;
		} else {
			up = true;
		}
	}
	out[n] = 0;
}

static void operation_write(struct json_writer *w, const struct http_route *route)
{
	char id[128];
	operation_id(id, sizeof(id), route);
	jw_key(w, method_keys[route->method]);
	jw_object(w);
	jw_kcstr(w, "operationId", id);
	if (route->summary)
		jw_kcstr(w, "summary", route->summary);
	if (route->flags & HTTP_OPEN) {
		jw_key(w, "security");
		jw_array(w);
		jw_end_array(w);
	} else if (route->roles) {
		roles_write(w, route->roles);
	}
	if (route->purpose)
		jw_kcstr(w, "x-purpose", route->purpose);
	params_write(w, route);
	body_write(w, route);
	responses_write(w, route);
	jw_end_object(w);
}

/* ---- The document
 * ----------------------------------------------------------------------------------------------------------- */

static const struct http_route *route_at(const struct http_route *const *routes, size_t i)
{
	for (; *routes; routes++)
		for (const struct http_route *r = *routes; r->path; r++)
			if (i-- == 0)
				return r;
	return NULL;
}

static void paths_write(const struct http_route *const *routes, struct json_writer *w)
{
	const struct http_route *r, *o;
	jw_key(w, "paths");
	jw_object(w);
	for (size_t i = 0; (r = route_at(routes, i)); i++) {
		size_t k = 0;
		while ((o = route_at(routes, k)) && strcmp(o->path, r->path))
			k++;
		if (k != i)
			continue; /* written with the first of its path */
		jw_key(w, r->path);
		jw_object(w);
		for (; (o = route_at(routes, k)); k++)
			if (!strcmp(o->path, r->path))
				operation_write(w, o);
		jw_end_object(w);
	}
	jw_end_object(w);
}

static void security_write(struct json_writer *w)
{
	jw_key(w, "securitySchemes");
	jw_raw(w,
	       STR("{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-byname\",\"description\":"
	           "\"Writes "
	           "also need the header X-Byname-CSRF\"},\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
	           "\"basic\":{\"type\":\"http\",\"scheme\":\"basic\",\"description\":\"The API key as user name\"}}"));
}

static void components_write(struct json_writer *w)
{
	jw_key(w, "components");
	jw_object(w);
	security_write(w);
	jw_key(w, "parameters");
	jw_raw(w, STR("{\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
	              "\"description\":"
	              "\"The same key and request gives the same answer for 7 days\",\"schema\":{\"type\":\"string\","
	              "\"maxLength\":128}}}"));
	jw_key(w, "responses");
	jw_raw(w, STR("{\"Problem\":{\"description\":\"What is wrong, and where (RFC 9457)\",\"content\":{"
	              "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}"));
	jw_key(w, "schemas");
	jw_object(w);
	api_shapes_write(w);
	jw_end_object(w);
	jw_end_object(w);
}

void api_openapi_write(const struct http_route *const *routes, struct json_writer *w)
{
	jw_object(w);
	jw_kcstr(w, "openapi", "3.1.0");
	jw_key(w, "info");
	jw_object(w);
	jw_kcstr(w, "title", "Byname");
	jw_kcstr(w, "version", BYNAME_VERSION);
	jw_kcstr(w, "description", "Retail clienteling: who is this, what matters to them, what to do next.");
	jw_end_object(w);
	jw_key(w, "security");
	jw_raw(w, STR("[{\"session\":[]},{\"bearer\":[]},{\"basic\":[]}]"));
	paths_write(routes, w);
	components_write(w);
	jw_end_object(w);
}
