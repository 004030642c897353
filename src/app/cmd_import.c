/* byname import: a retailer's own files into the database. Through a running server, else by itself. */
#include "app/app.h"
#include "app/client.h"
#include "app/demo_load.h"
#include "base/clock.h"
#include "db/db.h"
#include "ingest/ingest.h"
#include "text/text.h"

#include <argp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TELL_US (200 * 1000)
#define TELL_SELDOM_US (5 * USEC)
#define POLL_US (200 * 1000)

struct import_args {
	const char *db, *path, *format, *source, *zone;
	bool restart, json, quiet;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	if (interrupted)
		_exit(130); /* a second time: at once; what is committed stays */
	interrupted = 1;
}

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0 },
	{ "format", 'f', "FORMAT", 0,
	  "jsonl, shopify-customers, shopify-orders, another built-in one, or a mapping file (docs/mappings.md); "
	  "otherwise it is recognised",
	  0 },
	{ "source", 's', "NAME", 0, "Who says so (the mapping's; for JSON Lines: import)", 0 },
	{ "zone", 'z', "ZONE", 0, "Time zone of local times (the mapping's)", 0 },
	{ "restart", 'r', NULL, 0, "From the beginning, also when it was finished: changes nothing that is there", 0 },
	{ "quiet", 'q', NULL, 0, "No progress", 0 },
	{ "json", 'j', NULL, 0, "The outcome as JSON", 0 },
	{ 0 },
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct import_args *a = state->input;
	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'f':
		a->format = arg;
		return 0;
	case 's':
		a->source = arg;
		return 0;
	case 'z':
		a->zone = arg;
		return 0;
	case 'r':
		a->restart = true;
		return 0;
	case 'q':
		a->quiet = true;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			argp_error(state, "one file or folder");
		a->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			argp_error(state, "which file or folder?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- Progress -----------------------------------------------------------------------------------------------------
 */

struct teller {
	const struct import_args *args;
	int64_t began, told, lines_before;
	bool begun;
};

/* "orders     43% [########············]  120,000 lines  8,100/s  20 s left  3 dead", written over on a terminal. */
static void tell(struct teller *t, const struct import_progress *p, bool end)
{
	int64_t now = clock_monotonic();
	bool tty = isatty(2);
	char bar[21];
	if (!t->begun) {
		t->begun = true;
		t->began = now;
		t->lines_before = p->lines;
	}
	if (t->args->quiet || (!end && now - t->told < (tty ? TELL_US : TELL_SELDOM_US)))
		return;
	t->told = now;
	double part = p->bytes_total > 0 ? (double)p->bytes_done / (double)p->bytes_total : 0;
	for (int i = 0; i < 20; i++)
		bar[i] = part * 20 > i ? '#' : '.';
	bar[20] = 0;
	int64_t took = now - t->began, rate = took > 0 ? (p->lines - t->lines_before) * USEC / took : 0;
	fprintf(stderr, "%s  %-10s %3d%% [%s] %9lld lines %7lld/s", tty ? "\r" : "", p->phase, (int)(part * 100), bar,
	        (long long)p->lines, (long long)rate);
	if (!end && part > 0.01)
		fprintf(stderr, "  %lld s left", (long long)((double)took / part * (1 - part) / USEC));
	if (p->counts.dead)
		fprintf(stderr, "  %lld dead", (long long)p->counts.dead);
	fprintf(stderr, "%s%s", tty ? "\033[K" : "", end || !tty ? "\n" : "");
	fflush(stderr);
}

static bool on_progress(void *arg, const struct import_progress *p)
{
	tell(arg, p, false);
	return !interrupted;
}

static int say(const struct import_args *a, const struct import_progress *p, const char *state)
{
	const struct ingest_counts *c = &p->counts;
	if (a->json) {
		BUF_AUTO struct buf b;
		struct json_writer w;
		buf_init(&b, 0);
		jw_init(&w, &b);
		jw_object(&w);
		jw_kid(&w, "id", ID_JOB, p->job);
		jw_kcstr(&w, "state", state);
		jw_ki64(&w, "lines", p->lines);
		jw_ki64(&w, "taken", c->taken);
		jw_ki64(&w, "duplicates", c->duplicates);
		jw_ki64(&w, "dead", c->dead);
		jw_ki64(&w, "orders_new", c->orders_new);
		jw_ki64(&w, "orders_changed", c->orders_changed);
		jw_ki64(&w, "orders_same", c->orders_same);
		jw_ki64(&w, "records_new", c->records_new);
		jw_end_object(&w);
		printf("%s\n", b.p ? b.p : "");
	} else {
		printf("%lld lines: %lld taken in, %lld seen before, %lld dead letters\n"
		       "%lld new orders, %lld changed, %lld as they were; %lld new records\n",
		       (long long)p->lines, (long long)c->taken, (long long)c->duplicates, (long long)c->dead,
		       (long long)c->orders_new, (long long)c->orders_changed, (long long)c->orders_same,
		       (long long)c->records_new);
		if (c->dead)
			printf("See them with: byname deadletters\n");
	}
	if (strcmp(state, "done") != 0)
		fprintf(stderr, "byname: import: stopped. The same command goes on from here.\n");
	return strcmp(state, "done") != 0 ? EXIT_FAILED : EXIT_OK;
}

/* ---- By itself ----------------------------------------------------------------------------------------------------
 */

static enum result import_here(const struct import_args *a, struct import_progress *p, struct error *e)
{
	struct db *db = NULL;
	struct teller t = { .args = a };
	struct import_config c = { .path = a->path,
		                   .format = a->format,
		                   .source = a->source,
		                   .zone = a->zone,
		                   .restart = a->restart,
		                   .alone = true };
	TRY(text_start(e));
	TRY(db_open(&(struct db_config){ .url = a->db, .create = true }, &db, e));
	enum result r = db_migrate(db, e);
	if (r == OK)
		r = import_run(db, &c, on_progress, &t, p, e);
	if (t.begun)
		tell(&t, p, true);
	if (r == OK)
		r = demo_views_drain(db, e);
	db_close(db);
	return r;
}

/* ---- Through the server -------------------------------------------------------------------------------------------
 */

static void progress_read(const struct json *j, struct import_progress *p)
{
	const struct json *c = json_get(j, "counts");
	json_i64(json_get(j, "bytes_done"), &p->bytes_done);
	json_i64(json_get(j, "bytes_total"), &p->bytes_total);
	json_i64(json_get(j, "lines"), &p->lines);
	json_i64(json_get(c, "taken"), &p->counts.taken);
	json_i64(json_get(c, "duplicates"), &p->counts.duplicates);
	json_i64(json_get(c, "dead"), &p->counts.dead);
	json_i64(json_get(c, "orders_new"), &p->counts.orders_new);
	json_i64(json_get(c, "orders_changed"), &p->counts.orders_changed);
	json_i64(json_get(c, "orders_same"), &p->counts.orders_same);
	json_i64(json_get(c, "records_new"), &p->counts.records_new);
}

static enum result start_there(const struct import_args *a, struct client *c, struct import_progress *p,
                               struct error *e)
{
	BUF_AUTO struct buf body = { 0 };
	JSON_AUTO struct json *answer = NULL;
	struct json_writer w;
	char path[PATH_MAX], mapping[PATH_MAX];
	if (!realpath(a->path, path))
		return error_set(e, ERR_NOT_FOUND, "import.path", "path", "There is no such file or folder");
	const char *format = a->format && realpath(a->format, mapping) ? mapping : a->format;
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "path", path);
	jw_kcstr(&w, "format", format ? format : "");
	jw_kcstr(&w, "source", a->source ? a->source : "");
	jw_kcstr(&w, "zone", a->zone ? a->zone : "");
	jw_kbool(&w, "restart", a->restart);
	jw_end_object(&w);
	TRY(client_call(c, "POST", "/v1/imports", body.p, &answer, NULL, e));
	if (!id_parse(json_str(json_get(answer, "id")), ID_JOB, &p->job))
		return error_set(e, ERR_INTERNAL, "client.answer", NULL, "The server's answer is not understood");
	return OK;
}

static enum result follow(const struct import_args *a, struct client *c, struct import_progress *p, char state[16],
                          struct error *e)
{
	struct teller t = { .args = a };
	char id[ID_TEXT_BYTES], path[80], stop[80];
	bool asked = false;
	id_format(id, ID_JOB, p->job);
	snprintf(path, sizeof(path), "/v1/imports/%s", id);
	snprintf(stop, sizeof(stop), "/v1/imports/%s/stop", id);
	for (;;) {
		JSON_AUTO struct json *j = NULL, *none = NULL;
		if (interrupted && !asked) {
			struct error gone;
			asked = true;
			if (client_call(c, "POST", stop, NULL, &none, NULL, &gone) != OK)
				fprintf(stderr, "byname: import: %s\n", gone.detail);
		}
		TRY(client_call(c, "GET", path, NULL, &j, NULL, e));
		progress_read(j, p);
		p->phase = "importing";
		snprintf(state, 16, "%.*s", STR_ARG(json_str(json_get(j, "state"))));
		bool end = strcmp(state, "running") != 0;
		tell(&t, p, end);
		if (!strcmp(state, "failed"))
			return error_set(e, ERR_IO, "import.failed", NULL, "%.*s",
			                 STR_ARG(json_str(json_get(j, "problem"))));
		if (end)
			return OK;
		usleep(POLL_US);
	}
}

static int run_import(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		option,
		"PATH",
		"Imports a file or a folder: customers, orders, products, events. Interrupted, it goes on "
		"from where it was; done twice, it changes nothing.",
		NULL,
		NULL,
		NULL
	};
	struct import_args a = { .db = app_db() };
	struct import_progress p = { 0 };
	struct error e = { 0 };
	char state[16] = "done";
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	enum result r;
	if (client_server_runs(a.db)) {
		struct client *c = NULL;
		r = client_open(a.db, &c, &e);
		if (r == OK)
			r = start_there(&a, c, &p, &e);
		if (r == OK)
			r = follow(&a, c, &p, state, &e);
		client_close(c);
	} else {
		r = import_here(&a, &p, &e);
		snprintf(state, sizeof(state), "%s", p.phase && strcmp(p.phase, "done") ? "stopped" : "done");
	}
	return r == OK ? say(&a, &p, state) : app_fail(&e);
}

const struct command cmd_import[] = {
	{ "import", "Take a retailer's own files in", run_import },
	{ 0 },
};
