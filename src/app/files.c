#include "app/files.h"

#include "http/http.h"

static const char not_built[] =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Byname</title>"
        "<h1>Byname is serving</h1><p>The web app was not built into this program. Build it with "
        "<code>make web</code>, then <code>make build</code>. The API is described at "
        "<a href=\"/v1/openapi.json\">/v1/openapi.json</a>.</p></html>";

static const struct web_file *file_find(const char *name)
{
	size_t lo = 0, hi = web_file_count;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(web_files[mid].name, name);
		if (c == 0)
			return &web_files[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool is_page(const char *path)
{
	const char *slash = strrchr(path, '/');
	return !strchr(slash ? slash : path, '.') && strncmp(path, "v1/", 3) != 0 && strcmp(path, "v1") != 0;
}

bool files_answer(void *ctx, const char *path, struct http_response *rs, struct http_file *out)
{
	const struct web_file *f = file_find(path);
	(void)ctx;
	if (!f && is_page(path))
		f = file_find("index.html");
	if (f) {
		out->body = (struct str){ f->body, (size_t)(f->body_end - f->body) };
		if (f->gzip)
			out->gzip = (struct str){ f->gzip, (size_t)(f->gzip_end - f->gzip) };
		out->type = f->type;
		out->etag = f->etag;
		out->immutable = f->immutable;
		return true;
	}
	if (web_file_count || !is_page(path))
		return false;
	http_set_body(rs, str_c(not_built), "text/html; charset=utf-8");
	return true;
}
