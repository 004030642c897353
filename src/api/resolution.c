/* Everybody resolved anew: starts it, tells how far it is; and the model by which records are matched. */
#include "api/api.h"

#include "base/clock.h"
#include "people/people.h"
#include <pthread.h>
#include <stdio.h>

#define ROLES_RESOLVE (ROLE_OPERATOR | ROLE_ADMIN | ROLE_LOCAL)
#define MODEL_BYTES_MAX (256u << 20)
#define PATH_BYTES 4096

/* One at a time in a process, on a thread of its own. */
static struct resolver {
	pthread_mutex_t lock;
	pthread_t thread;
	bool made;
	enum { NEVER, RUNNING, DONE, STOPPED, FAILED } state;
	_Atomic bool stop;
	char phase[32];
	int64_t done, of, started_at, ended_at;
	struct people_resolved outcome;
	struct error error;
	struct db *db;
	struct feed *feed;
	struct buf model;
	size_t memory;
} resolver = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void on_progress(void *arg, const char *phase, int64_t done, int64_t of)
{
	(void)arg;
	pthread_mutex_lock(&resolver.lock);
	snprintf(resolver.phase, sizeof(resolver.phase), "%s", phase);
	resolver.done = done;
	resolver.of = of;
	pthread_mutex_unlock(&resolver.lock);
	if (resolver.feed)
		feed_wake(resolver.feed);
}

static void *run(void *arg)
{
	const struct people_resolving how = { .model = buf_view(&resolver.model),
		                              .memory = resolver.memory,
		                              .progress = on_progress,
		                              .stop = &resolver.stop };
	struct people_resolved out = { 0 };
	struct error e = { 0 };
	(void)arg;
	(void)db_thread_limit(DB_LONG_MS);
	enum result r = people_resolve_all(resolver.db, &how, &out, &e);
	pthread_mutex_lock(&resolver.lock);
	resolver.state = r == OK ? DONE : strcmp(e.code, "resolve.stopped") == 0 ? STOPPED : FAILED;
	resolver.ended_at = clock_now();
	resolver.error = e;
	if (r == OK)
		resolver.outcome = out;
	buf_free(&resolver.model);
	pthread_mutex_unlock(&resolver.lock);
	return NULL;
}

void api_resolution_stop(void)
{
	pthread_mutex_lock(&resolver.lock);
	bool made = resolver.made;
	resolver.stop = true;
	resolver.made = false;
	pthread_mutex_unlock(&resolver.lock);
	if (made)
		pthread_join(resolver.thread, NULL);
}

#define MEMORY_LEAST ((int64_t)1 << 20)
#define MEMORY_MOST ((int64_t)1 << 40)

struct resolve_body {
	struct str model;
	int64_t memory;
};
static const struct json_field resolve_fields[] = {
	JSON_FIELD_STR(struct resolve_body, model, "model", 0, 0, PATH_BYTES - 1),
	JSON_FIELD_I64(struct resolve_body, memory, "memory", 0, MEMORY_LEAST, MEMORY_MOST),
	JSON_END,
};

static enum result model_read(struct http_request *rq, struct str path, struct buf *out, struct error *e)
{
	char chunk[65536];
	size_t n;
	buf_init(out, MODEL_BYTES_MAX);
	if (!path.n)
		return OK;
	if (api_principal(rq)->role != ROLE_LOCAL) /* a path on the server's own machine */
		return error_set(e, ERR_FORBIDDEN, "role.missing", "model", "Only the command line may name a file.");
	const char *name = str_dup(http_arena(rq), path);
	FILE *f = name ? fopen(name, "r") : NULL;
	if (!f)
		return error_set(e, ERR_NOT_FOUND, "resolve.model", "model", "There is no such file");
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	bool bad = ferror(f) != 0;
	fclose(f);
	if (bad || out->failed || !out->n)
		return error_set(e, ERR_INVALID, "resolve.model", "model", "That is no model");
	return OK;
}

/* model is taken over when it starts. */
static enum result start(struct http_request *rq, struct buf *model, int64_t memory, struct error *e)
{
	if (resolver.state == RUNNING)
		return error_set(e, ERR_CONFLICT, "resolve.running", NULL, "Everybody is being resolved already");
	if (resolver.made)
		pthread_join(resolver.thread, NULL);
	resolver.made = resolver.stop = false;
	resolver.db = api_desk(rq)->db;
	resolver.feed = api_desk(rq)->feed;
	resolver.done = resolver.of = 0;
	resolver.phase[0] = '\0';
	resolver.started_at = clock_now();
	resolver.model = *model;
	resolver.memory = (size_t)memory;
	resolver.state = RUNNING;
	if (pthread_create(&resolver.thread, NULL, run, NULL)) {
		resolver.state = NEVER;
		return error_nomem(e);
	}
	resolver.made = true;
	*model = (struct buf){ 0 };
	return OK;
}

static enum result start_note(struct db_tx *tx, void *arg, struct error *e)
{
	return audit_act(tx, arg, "resolve", 0, STR("{}"), e);
}

static void time_or_null(struct json_writer *w, const char *key, int64_t at)
{
	jw_key(w, key);
	if (at)
		jw_time(w, at);
	else
		jw_null(w);
}

static void state_write(struct json_writer *w)
{
	static const char *const states[] = { "never", "running", "done", "stopped", "failed" };
	const struct people_resolved *o = &resolver.outcome;
	jw_object(w);
	jw_kcstr(w, "state", states[resolver.state]);
	jw_kcstr(w, "phase", resolver.phase);
	jw_ki64(w, "done", resolver.done);
	jw_ki64(w, "of", resolver.of);
	time_or_null(w, "started_at", resolver.started_at);
	jw_ki64(w, "took_us",
	        resolver.state == NEVER
	                ? 0
	                : (resolver.state == RUNNING ? clock_now() : resolver.ended_at) - resolver.started_at);
	jw_kcstr(w, "problem", resolver.state == FAILED ? resolver.error.detail : NULL);
	jw_key(w, "outcome");
	if (resolver.state == DONE) {
		jw_object(w);
		jw_ki64(w, "version", o->version);
		jw_ki64(w, "records", o->records);
		jw_ki64(w, "customers", o->customers);
		jw_ki64(w, "moved", o->moved);
		jw_ki64(w, "doubts", o->doubts);
		jw_ki64(w, "keys", o->keys);
		jw_ki64(w, "pairs", o->pairs);
		jw_end_object(w);
	} else {
		jw_null(w);
	}
	jw_end_object(w);
}

static enum result resolution_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)e;
	pthread_mutex_lock(&resolver.lock);
	state_write(http_json(rs));
	pthread_mutex_unlock(&resolver.lock);
	return OK;
}

static enum result resolution_start(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct resolve_body *b = http_body_struct(rq);
	struct principal who = *api_principal(rq);
	struct buf model;
	enum result r = model_read(rq, b ? b->model : STR(""), &model, e);
	if (r == OK)
		r = db_transact(api_desk(rq)->db, start_note, &who, e);
	pthread_mutex_lock(&resolver.lock);
	if (r == OK)
		r = start(rq, &model, b ? b->memory : 0, e);
	if (r == OK) {
		http_status(rs, 201);
		state_write(http_json(rs));
	}
	pthread_mutex_unlock(&resolver.lock);
	buf_free(&model);
	return r;
}

static enum result resolution_stop(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)rs;
	pthread_mutex_lock(&resolver.lock);
	bool runs = resolver.state == RUNNING;
	if (runs)
		resolver.stop = true;
	pthread_mutex_unlock(&resolver.lock);
	return runs ? OK : error_set(e, ERR_CONFLICT, "resolve.not_running", NULL, "Nobody is being resolved here");
}

static enum result epoch_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct json_writer *w = arg;
	struct str model;
	int64_t version, at;
	TRY(epoch_get(tx, &version, &at, db_tx_arena(tx), &model, e));
	jw_object(w);
	jw_ki64(w, "version", version);
	time_or_null(w, "at", at);
	jw_kstr(w, "model", model);
	jw_end_object(w);
	return OK;
}

static enum result epoch_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return db_read(api_desk(rq)->db, epoch_read, http_json(rs), e);
}

const struct http_route api_resolution_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/resolution",
	  .summary = "How far resolving everybody is, or how it ended, in this server process",
	  .roles = ROLES_RESOLVE,
	  .answer = "Resolution",
	  .handle = resolution_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/resolution",
	  .summary = "Resolves everybody anew: trains a model from all records, or takes one",
	  .roles = ROLES_RESOLVE,
	  .body = resolve_fields,
	  .body_size = sizeof(struct resolve_body),
	  .answer = "Resolution",
	  .errors = "404 409",
	  .handle = resolution_start },
	{ .method = HTTP_POST,
	  .path = "/v1/resolution/stop",
	  .summary = "Stops it; started again it begins anew",
	  .roles = ROLES_RESOLVE,
	  .errors = "409",
	  .handle = resolution_stop },
	{ .method = HTTP_GET,
	  .path = "/v1/epoch",
	  .summary = "The model by which records are matched, as text",
	  .roles = ROLES_RESOLVE,
	  .answer = "Epoch",
	  .handle = epoch_handle },
	{ 0 },
};
