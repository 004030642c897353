/* Imports and dead letters. */
#include "api/api.h"

#include "base/cursor.h"
#include "ingest/ingest.h"
#include <pthread.h>
#include <stdio.h>

#define ROLES_IMPORT (ROLE_OPERATOR | ROLE_ADMIN | ROLE_LOCAL)
#define IMPORTS_SHOWN 100
#define LETTERS_SHOWN 50
#define TEXT_BYTES 4096

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static void import_write(struct json_writer *w, const struct import_job *j)
{
	static const char *const states[] = { "", "running", "stopped", "done", "failed" };
	jw_object(w);
	jw_kid(w, "id", ID_JOB, j->id);
	jw_kcstr(w, "path", j->path);
	jw_kcstr(w, "format", j->format);
	jw_kcstr(w, "source", j->source);
	jw_kcstr(w, "state", states[j->state]);
	jw_ktime(w, "started_at", j->started_at);
	jw_ktime(w, "updated_at", j->updated_at);
	jw_ki64(w, "bytes_done", j->bytes_done);
	jw_ki64(w, "bytes_total", j->bytes_total);
	jw_ki64(w, "lines", j->lines);
	jw_key(w, "counts");
	jw_object(w);
	jw_ki64(w, "taken", j->counts.taken);
	jw_ki64(w, "duplicates", j->counts.duplicates);
	jw_ki64(w, "dead", j->counts.dead);
	jw_ki64(w, "orders_new", j->counts.orders_new);
	jw_ki64(w, "orders_changed", j->counts.orders_changed);
	jw_ki64(w, "orders_same", j->counts.orders_same);
	jw_ki64(w, "records_new", j->counts.records_new);
	jw_end_object(w);
	jw_kcstr(w, "problem", j->problem);
	jw_end_object(w);
}

static enum result imports_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct json_writer *w = arg;
	struct import_job *list = arena_array(db_tx_arena(tx), IMPORTS_SHOWN, sizeof(*list));
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(import_list(tx, IMPORTS_SHOWN, list, &count, e));
	jw_object(w);
	jw_key(w, "items");
	jw_array(w);
	for (int i = 0; i < count; i++)
		import_write(w, &list[i]);
	jw_end_array(w);
	jw_end_object(w);
	return OK;
}

static enum result imports_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return db_read(api_desk(rq)->db, imports_read, http_json(rs), e);
}

struct import_ask {
	int64_t id;
	struct json_writer *w;
};

static enum result import_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct import_ask *ask = arg;
	struct import_job j;
	TRY(import_get(tx, ask->id, &j, e));
	import_write(ask->w, &j);
	return OK;
}

static enum result import_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct import_ask ask = { .id = http_param_i64(rq, "import", 0), .w = http_json(rs) };
	return db_read(api_desk(rq)->db, import_read, &ask, e);
}

/* ---- Running one --------------------------------------------------------------------------------------------------
 */

/* One import at a time in a process, on a thread of its own. */
static struct runner {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool made, running, stop, told;
	int64_t job;
	enum result result;
	struct error error;
	struct db *db;
	struct feed *feed;
	char path[TEXT_BYTES], format[TEXT_BYTES], source[40], zone[64];
	bool restart;
} runner = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void runner_tell(int64_t job)
{
	pthread_mutex_lock(&runner.lock);
	runner.job = job;
	runner.told = true;
	pthread_cond_broadcast(&runner.changed);
	pthread_mutex_unlock(&runner.lock);
}

static bool on_progress(void *arg, const struct import_progress *p)
{
	(void)arg;
	runner_tell(p->job);
	if (runner.feed)
		feed_wake(runner.feed);
	pthread_mutex_lock(&runner.lock);
	bool stop = runner.stop;
	pthread_mutex_unlock(&runner.lock);
	return !stop;
}

static void *run(void *arg)
{
	struct import_config c = { .path = runner.path,
		                   .format = runner.format[0] ? runner.format : NULL,
		                   .source = runner.source[0] ? runner.source : NULL,
		                   .zone = runner.zone[0] ? runner.zone : NULL,
		                   .restart = runner.restart };
	struct import_progress p = { 0 };
	struct error e = { 0 };
	(void)arg;
	(void)db_thread_limit(DB_LONG_MS);
	enum result r = import_run(runner.db, &c, on_progress, NULL, &p, &e);
	pthread_mutex_lock(&runner.lock);
	runner.result = r;
	runner.error = e;
	if (r == OK)
		runner.job = p.job;
	runner.running = false;
	pthread_cond_broadcast(&runner.changed);
	pthread_mutex_unlock(&runner.lock);
	return NULL;
}

void api_imports_stop(void)
{
	pthread_mutex_lock(&runner.lock);
	runner.stop = true;
	bool made = runner.made;
	runner.made = false;
	pthread_mutex_unlock(&runner.lock);
	if (made)
		pthread_join(runner.thread, NULL);
}

struct import_body {
	struct str path, format, source, zone;
	bool restart;
};
static const struct json_field import_fields[] = {
	JSON_FIELD_STR(struct import_body, path, "path", JSON_REQUIRED, 1, TEXT_BYTES - 1),
	JSON_FIELD_STR(struct import_body, format, "format", 0, 0, TEXT_BYTES - 1),
	JSON_FIELD_STR(struct import_body, source, "source", 0, 0, 39),
	JSON_FIELD_STR(struct import_body, zone, "zone", 0, 0, 63),
	JSON_FIELD_BOOL(struct import_body, restart, "restart", 0),
	JSON_END,
};

static void text_set(char *out, size_t size, struct str s)
{
	snprintf(out, size, "%.*s", STR_ARG(s));
}

static enum result runner_start(struct http_request *rq, const struct import_body *b, struct error *e)
{
	if (runner.running)
		return error_set(e, ERR_CONFLICT, "import.running", NULL, "Another import runs: one at a time");
	if (runner.made)
		pthread_join(runner.thread, NULL);
	runner.made = runner.stop = runner.told = false;
	runner.result = OK;
	runner.db = api_desk(rq)->db;
	runner.feed = api_desk(rq)->feed;
	runner.restart = b->restart;
	text_set(runner.path, sizeof(runner.path), b->path);
	text_set(runner.format, sizeof(runner.format), b->format);
	text_set(runner.source, sizeof(runner.source), b->source);
	text_set(runner.zone, sizeof(runner.zone), b->zone);
	if (pthread_create(&runner.thread, NULL, run, NULL))
		return error_nomem(e);
	runner.made = runner.running = true;
	return OK;
}

/* Starts one, and answers as soon as it is known which. */
static enum result import_start(struct http_request *rq, struct http_response *rs, struct error *e)
{
	pthread_mutex_lock(&runner.lock);
	enum result r = runner_start(rq, http_body_struct(rq), e);
	while (r == OK && runner.running && !runner.told)
		pthread_cond_wait(&runner.changed, &runner.lock);
	int64_t job = runner.job;
	if (r == OK && !runner.running && runner.result != OK) {
		*e = runner.error;
		r = runner.result;
	}
	pthread_mutex_unlock(&runner.lock);
	if (r != OK)
		return r;
	struct json_writer *w = http_json(rs);
	http_status(rs, 201);
	jw_object(w);
	jw_kid(w, "id", ID_JOB, job);
	jw_end_object(w);
	return OK;
}

static enum result import_stop(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rs;
	pthread_mutex_lock(&runner.lock);
	bool mine = runner.running && runner.told && runner.job == http_param_i64(rq, "import", 0);
	runner.stop |= mine;
	pthread_mutex_unlock(&runner.lock);
	return mine ? OK : error_set(e, ERR_CONFLICT, "import.not_running", NULL, "This import does not run here");
}

/* ---- Dead letters ------------------------------------------------------------------------------------------------ */

struct letters_ask {
	int64_t before;
	bool resolved;
	int limit;
	struct json_writer *w;
};

static void letter_write(struct json_writer *w, const struct deadletter *d)
{
	jw_object(w);
	jw_kid(w, "id", ID_DEADLETTER, d->id);
	jw_kcstr(w, "source", d->source);
	jw_key(w, "line");
	if (d->line)
		jw_i64(w, d->line);
	else
		jw_null(w);
	jw_kid(w, "job", ID_JOB, d->job);
	jw_kcstr(w, "code", d->code);
	jw_kcstr(w, "field", d->field);
	jw_kcstr(w, "detail", d->detail);
	jw_kcstr(w, "raw", d->raw);
	jw_ktime(w, "at", d->at);
	jw_kbool(w, "resolved", d->resolved);
	jw_end_object(w);
}

static enum result letters_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct letters_ask *ask = arg;
	struct arena *a = db_tx_arena(tx);
	struct deadletter *list = arena_array(a, (size_t)ask->limit + 1, sizeof(*list));
	int64_t open;
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(deadletter_list(tx, ask->before, ask->limit + 1, ask->resolved, a, list, &count, e));
	TRY(deadletter_count(tx, &open, e));
	bool more = cursor_cut(&count, ask->limit);
	jw_object(ask->w);
	jw_key(ask->w, "items");
	jw_array(ask->w);
	for (int i = 0; i < count; i++)
		letter_write(ask->w, &list[i]);
	jw_end_array(ask->w);
	cursor_next(ask->w, more, more ? list[count - 1].id : 0, 0);
	jw_ki64(ask->w, "open", open);
	jw_end_object(ask->w);
	return OK;
}

static enum result letters_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct letters_ask ask = { .resolved = http_param_i64(rq, "resolved", 0) != 0,
		                   .limit = (int)http_param_i64(rq, "limit", LETTERS_SHOWN),
		                   .w = http_json(rs) };
	struct str before = http_param_str(rq, "before");
	int64_t unused;
	if (before.n && !cursor_parse(before, &ask.before, &unused))
		return error_set(e, ERR_INVALID, "cursor.malformed", "before", "That is not a cursor of this list");
	return db_read(api_desk(rq)->db, letters_read, &ask, e);
}

struct retry_body {
	struct str raw;
};
static const struct json_field retry_fields[] = {
	JSON_FIELD_STR(struct retry_body, raw, "raw", JSON_NULLABLE, 0, 65536),
	JSON_END,
};

static enum result letter_retry(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct retry_body *b = http_body_struct(rq);
	(void)rs;
	return deadletter_retry(api_desk(rq)->db, http_param_i64(rq, "deadletter", 0), b->raw, e);
}

static enum result discard(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	(void)w;
	return deadletter_discard(tx, *(int64_t *)arg, e);
}

static enum result letter_discard(struct http_request *rq, struct http_response *rs, struct error *e)
{
	int64_t id = http_param_i64(rq, "deadletter", 0);
	return api_write(rq, rs, 204, discard, &id, e);
}

/* ---- Routes ------------------------------------------------------------------------------------------------------ */

static const struct http_param import_params[] = {
	{ "import", JF_ID, true, ID_JOB, 0, NULL, "The import" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param letters_params[] = {
	{ "resolved", JF_BOOL, false, 0, 0, NULL, "Also those that are taken in or discarded" },
	{ "before", JF_STR, false, 1, CURSOR_BYTES, NULL, "The next of an earlier answer" },
	{ "limit", JF_I64, false, 1, 500, NULL, "At most so many (50)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param letter_params[] = {
	{ "deadletter", JF_ID, true, ID_DEADLETTER, 0, NULL, "The dead letter" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_imports_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/imports",
	  .summary = "Imports, newest first",
	  .roles = ROLES_IMPORT,
	  .answer = "Imports",
	  .handle = imports_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/imports/{import}",
	  .summary = "One import",
	  .roles = ROLES_IMPORT,
	  .params = import_params,
	  .answer = "Import",
	  .errors = "404",
	  .handle = import_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/imports",
	  .summary = "Starts an import of files on the server's machine, or goes on with it",
	  .roles = ROLE_LOCAL,
	  .body = import_fields,
	  .body_size = sizeof(struct import_body),
	  .answer = "Id",
	  .errors = "404 409",
	  .handle = import_start },
	{ .method = HTTP_POST,
	  .path = "/v1/imports/{import}/stop",
	  .summary = "Stops it after its next commit",
	  .roles = ROLES_IMPORT,
	  .params = import_params,
	  .errors = "409",
	  .handle = import_stop },
	{ .method = HTTP_GET,
	  .path = "/v1/deadletters",
	  .summary = "What could not be taken in, newest first",
	  .roles = ROLES_IMPORT,
	  .purpose = "operate",
	  .params = letters_params,
	  .answer = "Deadletters",
	  .handle = letters_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/deadletters/{deadletter}/retry",
	  .summary = "Tries it again, perhaps mended",
	  .roles = ROLES_IMPORT,
	  .params = letter_params,
	  .body = retry_fields,
	  .body_size = sizeof(struct retry_body),
	  .errors = "404 409",
	  .handle = letter_retry },
	{ .method = HTTP_DELETE,
	  .path = "/v1/deadletters/{deadletter}",
	  .summary = "Discards it",
	  .roles = ROLES_IMPORT,
	  .flags = HTTP_IDEMPOTENT,
	  .params = letter_params,
	  .errors = "404",
	  .handle = letter_discard },
	{ 0 },
};
