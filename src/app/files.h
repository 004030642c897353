/* The web app, embedded at build time by scripts/embed-dir. */
#ifndef BYNAME_APP_FILES_H
#define BYNAME_APP_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct http_file;
struct http_response;

struct web_file {
	const char *name;
	const char *body, *body_end;
	const char *gzip, *gzip_end; /* NULL: not worth it */
	const char *type, *etag;
	bool immutable;
};
extern const struct web_file web_files[]; /* sorted by name */
extern const size_t web_file_count;       /* 0: the app was not built */

/* http_config.static_file: a file, or index.html for a path of the app's own (no extension, not under v1/). */
bool files_answer(void *ctx, const char *path, struct http_response *rs, struct http_file *out);

#endif
