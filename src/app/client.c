#include "app/client.h"

#include "app/server.h"

#include <curl/curl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (64u << 20)
#define SOCKET_PATH_BYTES 108
#define CALL_TIMEOUT_S 3600L /* imports answer only when done */

struct client {
	CURL *curl;
	struct server *own; /* NULL when another process serves */
	char socket[SOCKET_PATH_BYTES];
};

static bool socket_answers(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	bool ok = connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
	close(fd);
	return ok;
}

bool client_server_runs(const char *db)
{
	char path[SOCKET_PATH_BYTES];
	struct error e;
	return server_socket_path(db, path, sizeof(path), &e) == OK && socket_answers(path);
}

enum result client_open(const char *db, struct client **out, struct error *e)
{
	struct client *c = mem_calloc(1, sizeof(*c));
	if (!c)
		return error_nomem(e);
	enum result r = server_socket_path(db, c->socket, sizeof(c->socket), e);
	if (r == OK && !socket_answers(c->socket))
		r = server_start_private(db, c->socket, sizeof(c->socket), &c->own, e);
	if (r == OK && !(c->curl = curl_easy_init()))
		r = error_nomem(e);
	if (r != OK) {
		client_close(c);
		return r;
	}
	*out = c;
	return OK;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->curl)
		curl_easy_cleanup(c->curl);
	server_stop(c->own);
	mem_free(c);
}

bool client_is_remote(const struct client *c)
{
	return c->own == NULL;
}

void client_escape(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		if ((ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z') || strchr("-_.~", ch))
			buf_char(out, (char)ch);
		else
			buf_printf(out, "%%%02X", ch);
	}
}

static size_t client_take(char *p, size_t size, size_t count, void *arg)
{
	struct buf *out = arg;
	buf_add(out, p, size * count);
	return out->failed ? 0 : size * count;
}

/* An error answer is a problem+json: its code, field and detail become ours. */
static enum result client_problem(long status, struct str body, struct error *e)
{
	enum result r = status == 404   ? ERR_NOT_FOUND
	                : status == 409 ? ERR_CONFLICT
	                : status == 403 ? ERR_FORBIDDEN
	                : status == 401 ? ERR_UNAUTHORIZED
	                : status == 429 ? ERR_LIMIT
	                : status == 503 ? ERR_BUSY
	                : status < 500  ? ERR_INVALID
	                                : ERR_INTERNAL;
	JSON_AUTO struct json *doc = NULL;
	char code[sizeof(e->code)] = "http.error", field[sizeof(e->field)] = "";
	if (json_parse(body, NULL, &doc, e) != OK)
		return error_set(e, r, code, NULL, "The server answered %ld", status);
	struct str c = json_str(json_get(doc, "code")), f = json_str(json_get(doc, "field"));
	struct str d = json_str(json_get(doc, "detail"));
	if (c.n)
		snprintf(code, sizeof(code), "%.*s", STR_ARG(c));
	snprintf(field, sizeof(field), "%.*s", STR_ARG(f));
	return error_set(e, r, code, field, "%.*s", STR_ARG(d));
}

enum result client_call(struct client *c, const char *method, const char *path, const char *body, struct json **answer,
                        struct buf *raw, struct error *e)
{
	BUF_AUTO struct buf out, url;
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	long status = 0;
	buf_init(&out, ANSWER_MAX);
	buf_init(&url, 0);
	buf_printf(&url, "http://localhost%s", path);
	curl_easy_reset(c->curl);
	curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(c->curl, CURLOPT_URL, url.p);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, CALL_TIMEOUT_S);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, client_take);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &out);
	if (body)
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
	CURLcode rc = curl_easy_perform(c->curl);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (rc != CURLE_OK)
		return error_set(e, ERR_IO, "client.call", NULL, "%s", curl_easy_strerror(rc));
	if (status >= 400)
		return client_problem(status, buf_view(&out), e);
	*answer = NULL;
	if (out.n)
		TRY(json_parse(buf_view(&out), &(struct json_limits){ .bytes = ANSWER_MAX }, answer, e));
	if (raw)
		buf_add(raw, out.p ? out.p : "", out.n);
	return OK;
}
