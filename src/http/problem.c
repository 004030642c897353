/* Errors as RFC 9457 problem documents. */
#include "http/http_int.h"

int http_status_of_result(enum result r)
{
	switch (r) {
	case OK:
		return 200;
	case ERR_INVALID:
		return 400;
	case ERR_UNAUTHORIZED:
		return 401;
	case ERR_FORBIDDEN:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_CONFLICT:
		return 409;
	case ERR_TOO_LARGE:
		return 413;
	case ERR_MISMATCH:
		return 422;
	case ERR_LIMIT:
		return 429;
	case ERR_BUSY:
	case ERR_RETRY:
	case ERR_NOMEM:
		return 503;
	default:
		return 500;
	}
}

static const char *status_title(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
		{ 400, "Bad request" },
		{ 401, "Sign in first" },
		{ 403, "Not allowed" },
		{ 404, "Not found" },
		{ 405, "Method not allowed" },
		{ 409, "Conflict" },
		{ 413, "Too large" },
		{ 414, "Address too long" },
		{ 415, "Unsupported media type" },
		{ 422, "Key used for something else" },
		{ 429, "Too many requests" },
		{ 431, "Header too large" },
		{ 500, "Internal error" },
		{ 503, "Try again soon" },
	};
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

void response_problem(struct http_response *rs, int status, const struct error *e)
{
	if (!status)
		status = http_status_of_result(e->result);
	response_clear(rs);
	rs->status = status;
	if (status == 401)
		http_set_header(rs, "WWW-Authenticate", "Bearer realm=\"byname\"");
	if (status == 429 || status == 503)
		http_set_header(rs, "Retry-After", "1");
	struct json_writer *w = http_json(rs);
	rs->type = "application/problem+json";
	jw_object(w);
	jw_kcstr(w, "type", "about:blank");
	jw_kcstr(w, "title", status_title(status));
	jw_ki64(w, "status", status);
	jw_kcstr(w, "code", e->code[0] ? e->code : result_name(e->result));
	if (status < 500 && e->field[0])
		jw_kcstr(w, "field", e->field);
	if (status < 500 && e->detail[0])
		jw_kcstr(w, "detail", e->detail);
	jw_end_object(w);
}
