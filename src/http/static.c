/* Static files: from memory, by the application's hook. */
#include "http/http_int.h"
#include <strings.h>

/* Is the token in a comma list, and not refused by q=0? */
static bool accepts(struct str list, const char *token)
{
	struct str part;
	while (str_split(&list, ',', &part)) {
		part = str_trim(part);
		const char *semi = memchr(part.p, ';', part.n);
		struct str name = str_trim((struct str){ part.p, semi ? (size_t)(semi - part.p) : part.n });
		if (name.n != strlen(token) || strncasecmp(name.p, token, name.n))
			continue;
		struct str q =
		        semi ? str_trim((struct str){ semi + 1, part.n - (size_t)(semi + 1 - part.p) }) : STR("");
		return !str_is(q, "q=0") && !str_is(q, "q=0.0");
	}
	return false;
}

static bool etag_matches(struct str list, const char *etag)
{
	struct str part;
	while (str_split(&list, ',', &part)) {
		part = str_trim(part);
		if (str_starts(part, STR("W/")))
			part = (struct str){ part.p + 2, part.n - 2 };
		if (str_is(part, etag) || str_is(part, "*"))
			return true;
	}
	return false;
}

static char *decoded_path(struct http_request *rq)
{
	size_t n = 1;
	for (size_t i = 0; i < rq->target.segment_count; i++)
		n += rq->target.segments[i].n + 1;
	char *path = arena_alloc(rq->arena, n), *p = path;
	for (size_t i = 0; path && i < rq->target.segment_count; i++) {
		if (i)
			*p++ = '/';
		memcpy(p, rq->target.segments[i].p, rq->target.segments[i].n);
		p += rq->target.segments[i].n;
	}
	return path;
}

bool static_answer(struct http_request *rq)
{
	const struct http_config *config = &rq->server->config;
	struct http_response *rs = &rq->rs;
	char *path = config->static_file ? decoded_path(rq) : NULL;
	if (!path || !config->static_file(config->ctx, path, rs, &rs->file))
		return false;
	if (!rs->file.body.p)
		return true; /* it answered through rs */
	bool gzip = rs->file.gzip.n && accepts(http_header(rq, "Accept-Encoding"), "gzip");
	rs->file_body = gzip ? &rs->file.gzip : &rs->file.body;
	if (etag_matches(http_header(rq, "If-None-Match"), rs->file.etag))
		rs->status = 304;
	return true;
}
