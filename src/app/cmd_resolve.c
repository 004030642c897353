/* byname resolve: everybody anew, through a running server, else by itself. */
#include "app/app.h"
#include "app/client.h"
#include "app/figures.h"
#include "app/truth.h"
#include "base/clock.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define POLL_US (200 * 1000)
#define TELL_SELDOM_US (5 * USEC) /* where it is no terminal */
#define BAR 20

struct resolve_args {
	const char *db, *model, *print_model, *truth;
	int64_t memory; /* bytes; 0: what the server takes */
	bool json, quiet;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	if (interrupted)
		_exit(130); /* a second time: at once; what is committed stays */
	interrupted = 1;
}

/* ---- Progress -----------------------------------------------------------------------------------------------------
 */

/* "scores           43% [########............]", written over on a terminal. */
static void tell(const struct resolve_args *a, const struct json *j, bool end)
{
	static int64_t told;
	int64_t done = 0, of = 0, now = clock_monotonic();
	bool tty = isatty(2);
	char bar[BAR + 1] = "";
	struct str phase = json_str(json_get(j, "phase"));

	if (a->quiet || (!tty && !end && now - told < TELL_SELDOM_US))
		return;
	told = now;
	json_i64(json_get(j, "done"), &done);
	json_i64(json_get(j, "of"), &of);
	for (int i = 0; i < BAR; i++)
		bar[i] = of > 0 && done * BAR > i * of ? '#' : '.';
	fprintf(stderr, "%s  %-16.*s %3d%% [%s]%s%s", tty ? "\r" : "", STR_ARG(phase),
	        of > 0 ? (int)(done * 100 / of) : 0, bar, tty ? "\033[K" : "", end || !tty ? "\n" : "");
	fflush(stderr);
}

static enum result follow(const struct resolve_args *a, struct client *c, struct json **last, struct buf *raw,
                          struct error *e)
{
	bool asked = false;

	for (;;) {
		JSON_AUTO struct json *none = NULL;
		struct error gone;

		if (interrupted && !asked) {
			asked = true;
			if (client_call(c, "POST", "/v1/resolution/stop", NULL, &none, NULL, &gone) != OK)
				fprintf(stderr, "byname: resolve: %s\n", gone.detail);
		}
		json_free(*last);
		*last = NULL;
		buf_clear(raw);
		TRY(client_call(c, "GET", "/v1/resolution", NULL, last, raw, e));
		struct str state = json_str(json_get(*last, "state"));
		tell(a, *last, !str_is(state, "running"));
		if (str_is(state, "failed"))
			return error_set(e, ERR_IO, "resolve.failed", NULL, "%.*s",
			                 STR_ARG(json_str(json_get(*last, "problem"))));
		if (str_is(state, "stopped"))
			return error_set(e, ERR_BUSY, "resolve.stopped", NULL, "Stopped. The same command begins anew");
		if (!str_is(state, "running"))
			return OK;
		usleep(POLL_US);
	}
}

/* ---- Outcome ------------------------------------------------------------------------------------------------------
 */

static int64_t of(const struct json *outcome, const char *key)
{
	int64_t n = 0;

	json_i64(json_get(outcome, key), &n);
	return n;
}

static void say(const struct json *j)
{
	const struct json *o = json_get(j, "outcome");

	printf("%lld records are %lld customers: %lld records moved, %lld pairs to look at\n",
	       (long long)of(o, "records"), (long long)of(o, "customers"), (long long)of(o, "moved"),
	       (long long)of(o, "doubts"));
	printf("Model %lld, %lld keys, %lld pairs, %.1f s\n", (long long)of(o, "version"), (long long)of(o, "keys"),
	       (long long)of(o, "pairs"), (double)of(j, "took_us") / (double)USEC);
}

static enum result model_write(struct client *c, const char *path, struct error *e)
{
	JSON_AUTO struct json *j = NULL;
	struct str text;
	FILE *f;

	TRY(client_call(c, "GET", "/v1/epoch", NULL, &j, NULL, e));
	text = json_str(json_get(j, "model"));
	f = fopen(path, "w");
	if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0)
		return error_set(e, ERR_IO, "resolve.write", NULL, "%s: %s", path, strerror(errno));
	return OK;
}

static enum result body_write(const struct resolve_args *a, struct buf *body, struct error *e)
{
	struct json_writer w;
	char path[PATH_MAX];

	if (a->model && !realpath(a->model, path))
		return error_set(e, ERR_NOT_FOUND, "resolve.model", "model", "There is no such file");
	jw_init(&w, body);
	jw_object(&w);
	if (a->model)
		jw_kcstr(&w, "model", path);
	if (a->memory)
		jw_ki64(&w, "memory", a->memory);
	jw_end_object(&w);
	return OK;
}

static enum result resolve(const struct resolve_args *a, struct client *c, struct error *e)
{
	BUF_AUTO struct buf body;
	BUF_AUTO struct buf raw;
	JSON_AUTO struct json *started = NULL, *last = NULL;

	buf_init(&body, 0);
	buf_init(&raw, 0);
	TRY(body_write(a, &body, e));
	TRY(client_call(c, "POST", "/v1/resolution", body.p, &started, NULL, e));
	TRY(follow(a, c, &last, &raw, e));
	if (a->print_model)
		TRY(model_write(c, a->print_model, e));
	if (a->json)
		printf("%.*s\n", STR_ARG(buf_view(&raw)));
	else
		say(last);
	return OK;
}

static enum result truth_say(const struct resolve_args *a, struct error *e)
{
	struct db *db = NULL;
	struct evaluate_figures f;
	int unknown = 0;

	TRY(db_open(&(struct db_config){ .url = a->db }, &db, e));
	enum result r = truth_compare(db, a->truth, &f, &unknown, e);
	db_close(db);
	TRY(r);
	figures_print(&f, "", stdout);
	if (unknown)
		printf("%d records of the truth are not there\n", unknown);
	return OK;
}

/* ---- Command ------------------------------------------------------------------------------------------------------
 */

enum { KEY_PRINT_MODEL = 0x100, KEY_MEMORY };

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0 },
	{ "model", 'm', "FILE", 0, "This model instead of one trained from all records", 0 },
	{ "print-model", KEY_PRINT_MODEL, "FILE", 0, "Write the model there, as text that can be edited", 0 },
	{ "memory", KEY_MEMORY, "SIZE", 0, "About so much memory (500M, 8G; 3G); what does not fit goes to files", 0 },
	{ "truth", 't', "FILE", 0, "CSV with source, key and person: say how good the customers are", 0 },
	{ "quiet", 'q', NULL, 0, "No progress", 0 },
	{ "json", 'j', NULL, 0, "The outcome as JSON", 0 },
	{ 0 },
};

#define MEMORY_LEAST ((int64_t)1 << 20) /* as the server takes it: what is less was meant in other units */

/* "500M", "8G", bytes; 0 for anything else. */
static int64_t size_of(const char *s)
{
	char *end;
	long long n = strtoll(s, &end, 10);
	int shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	end += shift > 0;
	return end == s || *end || n <= 0 || n > INT64_MAX >> shift ? 0 : (int64_t)n << shift;
}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct resolve_args *a = state->input;

	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'm':
		a->model = arg;
		return 0;
	case KEY_PRINT_MODEL:
		a->print_model = arg;
		return 0;
	case KEY_MEMORY:
		a->memory = size_of(arg);
		if (a->memory < MEMORY_LEAST)
			argp_error(state, "--memory %s: a size with its unit, as in 64M or 8G, at least 1M", arg);
		return 0;
	case 't':
		a->truth = arg;
		return 0;
	case 'q':
		a->quiet = true;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int resolve_run(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		option,
		NULL,
		"Finds out anew who is one person, of all records: trains a model from them (or takes one), and from "
		"then on "
		"matches by it whoever comes in. Servers may go on meanwhile. Interrupted, it begins anew.",
		NULL,
		NULL,
		NULL
	};
	struct resolve_args a = { .db = app_db() };
	struct client *c = NULL;
	struct error e = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.truth && client_server_runs(a.db)) {
		fprintf(stderr, "byname: resolve: --truth reads the database itself: stop the server first\n");
		return EXIT_USAGE;
	}
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	enum result r = client_open(a.db, &c, &e);
	if (r == OK)
		r = resolve(&a, c, &e);
	client_close(c);
	if (r == OK && a.truth)
		r = truth_say(&a, &e);
	return r == OK ? EXIT_OK : app_fail(&e);
}

const struct command cmd_resolve[] = {
	{ "resolve", "Find out anew who is one person, of all records", resolve_run },
	{ 0 },
};
