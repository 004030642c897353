/* byname why, review: the evidence, the queue of doubtful pairs, what they say about the matching. */
#include "app/app.h"
#include "app/client.h"
#include "app/print.h"

#include <argp.h>
#include <string.h>

struct ask {
	const char *db, *limit, *seed, *size, *who[2];
	int who_count;
	bool json, estimate, sample, same, two;
};

enum { KEY_SAMPLE = 0x100, KEY_SEED, KEY_SIZE, KEY_SAME, KEY_TWO };

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct ask *a = state->input;
	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case 'e':
		a->estimate = true;
		return 0;
	case 'n':
		a->limit = arg;
		return 0;
	case KEY_SAMPLE:
		a->sample = true;
		return 0;
	case KEY_SEED:
		a->seed = arg;
		return 0;
	case KEY_SIZE:
		a->size = arg;
		return 0;
	case KEY_SAME:
		a->same = true;
		return 0;
	case KEY_TWO:
		a->two = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->who_count == 2)
			return ARGP_ERR_UNKNOWN;
		a->who[a->who_count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

#define OPTION_DB                                                                                                      \
	{                                                                                                              \
		"db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0                          \
	}
#define OPTION_JSON                                                                                                    \
	{                                                                                                              \
		"json", 'j', NULL, 0, "The answer as JSON", 0                                                          \
	}

static int get(const struct ask *a, const char *path, void (*print)(FILE *f, const struct json *answer))
{
	struct error e = { 0 };
	struct client *c = NULL;
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf raw;
	buf_init(&raw, 0);
	enum result r = client_open(a->db, &c, &e);
	if (r == OK)
		r = client_call(c, "GET", path, NULL, &answer, &raw, &e);
	client_close(c);
	if (r != OK)
		return app_fail(&e);
	if (a->json)
		printf("%.*s\n", STR_ARG(buf_view(&raw)));
	else
		print(stdout, answer);
	return EXIT_OK;
}

/* A record is named by its digits behind cus_. */
static void who_write(struct buf *path, const char *who)
{
	bool record = !strncmp(who, "rec_", 4);
	buf_str(path, record ? "cus_" : "");
	client_escape(path, str_c(record ? who + 4 : who));
}

static int run_why(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, OPTION_JSON, { 0 } };
	static const struct argp argp = {
		options,
		option,
		"A B",
		"Why two customers (cus_…) or records (rec_…) are one person, or are not: field "
		"by field, with weights.",
		NULL,
		NULL,
		NULL
	};
	struct ask a = { .db = app_db() };
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.who_count < 2) {
		fprintf(stderr, "byname: why: name two customers or records (byname why cus_… cus_…)\n");
		return EXIT_USAGE;
	}
	buf_str(&path, "/v1/why?a=");
	who_write(&path, a.who[0]);
	buf_str(&path, "&b=");
	who_write(&path, a.who[1]);
	return get(&a, path.p, print_why);
}

static enum result post(const char *db, const char *body, struct json **answer, struct buf *raw, struct error *e)
{
	struct client *c = NULL;
	enum result r = client_open(db, &c, e);
	if (r == OK)
		r = client_call(c, "POST", "/v1/review/sample", body, answer, raw, e);
	client_close(c);
	return r;
}

/* --same A B, --two A B: what somebody says of a pair of the sample. */
static int verdict(const struct ask *a)
{
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf body = { 0 }, raw = { 0 };
	struct json_writer w;
	if (a->who_count != 2 || (a->same && a->two)) {
		fprintf(stderr, "byname: review: name two records (byname review --same rec_… rec_…)\n");
		return EXIT_USAGE;
	}
	buf_init(&body, 0);
	buf_init(&raw, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "a", a->who[0]);
	jw_kcstr(&w, "b", a->who[1]);
	jw_kbool(&w, "same", a->same);
	jw_end_object(&w);
	enum result r = post(a->db, body.p, &answer, &raw, &e);
	if (r != OK)
		return app_fail(&e);
	struct str decision = json_str(json_get(answer, "decision"));
	if (a->json)
		printf("%.*s\n", STR_ARG(buf_view(&raw)));
	else
		printf("%s: %.*s\nTake it back with: byname undo %.*s\n", a->same ? "One person" : "Two people",
		       STR_ARG(decision), STR_ARG(decision));
	return EXIT_OK;
}

static void param(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(path, "&%s=", name);
	client_escape(path, str_c(value));
}

static int run_review(int argc, char **argv)
{
	static const struct argp_option options[] = {
		OPTION_DB,
		OPTION_JSON,
		{ "limit", 'n', "N", 0, "At most N pairs (20)", 0 },
		{ "estimate", 'e', NULL, 0, "Precision and recall of the matching, by what was decided here", 0 },
		{ "sample", KEY_SAMPLE, NULL, 0, "Joined pairs to check instead: a random sample", 0 },
		{ "size", KEY_SIZE, "N", 0, "Its size (100)", 0 },
		{ "seed", KEY_SEED, "N", 0, "Which one (the version of the model)", 0 },
		{ "same", KEY_SAME, NULL, 0, "The two records A and B of the sample are one person indeed", 0 },
		{ "two", KEY_TWO, NULL, 0, "They are two people: parts them", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		options,
		option,
		"[A B]",
		"Doubtful pairs, those most worth looking at first. byname why, merge and the app's "
		"review screen take it from there.",
		NULL,
		NULL,
		NULL
	};
	struct ask a = { .db = app_db() };
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.same || a.two)
		return verdict(&a);
	if (a.who_count) {
		fprintf(stderr, "byname: review: say --same or --two of two records\n");
		return EXIT_USAGE;
	}
	if (a.estimate)
		return get(&a, "/v1/review/estimate", print_estimate);
	buf_str(&path, a.sample ? "/v1/review/sample?limit=" : "/v1/review?limit=");
	client_escape(&path, str_c(a.limit ? a.limit : "20"));
	if (!a.sample)
		return get(&a, path.p, print_review);
	param(&path, "size", a.size);
	param(&path, "seed", a.seed);
	return get(&a, path.p, print_sample);
}

const struct command cmd_review[] = {
	{ "why", "Why two customers or records are one person, or are not", run_why },
	{ "review", "Doubtful pairs for people to decide; how good the matching is", run_review },
	{ 0 },
};
