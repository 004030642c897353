/* The request target: split first, decoded after, so that %2F stays inside its segment. */
#include "http/http_int.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-decodes; plus: '+' is a blank. Anything but clean UTF-8 without control characters is refused. */
static enum result decode(struct arena *a, struct str raw, bool plus, const char *where, struct str *out,
                          struct error *e)
{
	char *p = arena_alloc(a, raw.n + 1);
	if (!p)
		return error_nomem(e);
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];
		if (c == '%') {
			int hi = i + 2 < raw.n ? hex_digit(raw.p[i + 1]) : -1;
			int lo = hi >= 0 ? hex_digit(raw.p[i + 2]) : -1;
			if (lo < 0)
				return error_set(e, ERR_INVALID, "target.encoding", where,
				                 "A percent sign is not followed by two hexadecimal digits.");
			c = (unsigned char)(hi * 16 + lo);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c < 0x20 || c == 0x7f)
			return error_set(e, ERR_INVALID, "target.encoding", where, "It holds a control character.");
		p[n++] = (char)c;
	}
	*out = (struct str){ p, n };
	if (!str_utf8_valid(*out))
		return error_set(e, ERR_INVALID, "target.encoding", where, "It is not UTF-8.");
	return OK;
}

/* http://host/path → /path, as a server must accept it. */
static struct str origin_form(struct str raw)
{
	struct str rest = raw;
	if (str_starts(raw, STR("http://")))
		rest = (struct str){ raw.p + 7, raw.n - 7 };
	else if (str_starts(raw, STR("https://")))
		rest = (struct str){ raw.p + 8, raw.n - 8 };
	else
		return raw;
	const char *slash = memchr(rest.p, '/', rest.n);
	if (!slash)
		return (struct str){ "", 0 };
	return (struct str){ slash, rest.n - (size_t)(slash - rest.p) };
}

static enum result path_parse(struct arena *a, struct str path, struct target *out, struct error *e)
{
	struct str rest = { path.p + 1, path.n - 1 }, part;
	out->segment_count = 0;
	if (rest.n == 0)
		return OK;
	do {
		const char *slash = memchr(rest.p, '/', rest.n);
		part = (struct str){ rest.p, slash ? (size_t)(slash - rest.p) : rest.n };
		if (out->segment_count == HTTP_SEGMENTS)
			return error_set(e, ERR_INVALID, "target.malformed", "path",
			                 "The path has more than %d segments.", HTTP_SEGMENTS);
		TRY(decode(a, part, false, "path", &out->segments[out->segment_count++], e));
		if (!slash)
			break;
		rest = (struct str){ slash + 1, rest.n - part.n - 1 };
	} while (true);
	return OK;
}

static enum result query_parse(struct arena *a, struct str query, struct target *out, struct error *e)
{
	struct str rest = query, part;
	while (str_split(&rest, '&', &part)) {
		if (part.n == 0)
			continue;
		if (out->param_count == HTTP_QUERY_PARAMS)
			return error_set(e, ERR_INVALID, "target.malformed", "query",
			                 "The query has more than %d parameters.", HTTP_QUERY_PARAMS);
		const char *eq = memchr(part.p, '=', part.n);
		struct str name = { part.p, eq ? (size_t)(eq - part.p) : part.n };
		struct str value = eq ? (struct str){ eq + 1, part.n - name.n - 1 } : (struct str){ "", 0 };
		TRY(decode(a, name, true, "query", &out->names[out->param_count], e));
		TRY(decode(a, value, true, "query", &out->values[out->param_count], e));
		out->param_count++;
	}
	return OK;
}

enum result target_parse(struct arena *a, struct str raw, struct target *out, struct error *e)
{
	raw = origin_form(raw);
	out->segment_count = out->param_count = 0;
	out->path = raw;
	if (raw.n == 0 || raw.p[0] != '/')
		return error_set(e, ERR_INVALID, "target.malformed", "path", "The request target is not a path.");
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];
		if (c <= 0x20 || c >= 0x7f || c == '#')
			return error_set(e, ERR_INVALID, "target.malformed", "path",
			                 "The request target holds a character that must be percent-encoded.");
	}
	const char *mark = memchr(raw.p, '?', raw.n);
	out->path = (struct str){ raw.p, mark ? (size_t)(mark - raw.p) : raw.n };
	TRY(path_parse(a, out->path, out, e));
	if (mark)
		TRY(query_parse(a, (struct str){ mark + 1, raw.n - out->path.n - 1 }, out, e));
	return OK;
}
