/* byname merge, split, undo, erase, check, rebuild, backup, restore: acts on a running server or on the database
 * itself. */
#include "app/app.h"
#include "app/client.h"
#include "db/db.h"

#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORDS_MAX 500

struct act {
	const char *db, *reason;
	bool json, force;
	const char *words[WORDS_MAX];
	int word_count;
};

#define OPTION_DB                                                                                                      \
	{                                                                                                              \
		"db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0                          \
	}
#define OPTION_JSON                                                                                                    \
	{                                                                                                              \
		"json", 'j', NULL, 0, "The answer as JSON", 0                                                          \
	}
#define OPTION_REASON                                                                                                  \
	{                                                                                                              \
		"reason", 'r', "TEXT", 0, "Why, for the trail", 0                                                      \
	}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct act *a = state->input;
	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case 'r':
		a->reason = arg;
		return 0;
	case 'f':
		a->force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->word_count == WORDS_MAX)
			argp_error(state, "at most %d ids", WORDS_MAX);
		a->words[a->word_count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct act act_parse(const struct argp *argp, int argc, char **argv)
{
	struct act a = { .db = app_db() };
	argp_parse(argp, argc, argv, 0, NULL, &a);
	return a;
}

/* One POST; *answer is the caller's. */
static enum result act_post(const struct act *a, const char *path, const char *body, struct json **answer,
                            struct error *e)
{
	struct client *c = NULL;
	BUF_AUTO struct buf raw;
	buf_init(&raw, 0);
	enum result r = client_open(a->db, &c, e);
	if (r == OK)
		r = client_call(c, "POST", path, body, answer, &raw, e);
	client_close(c);
	if (r == OK && a->json)
		printf("%.*s\n", STR_ARG(buf_view(&raw)));
	return r;
}

static int say_decision(const struct act *a, enum result r, const struct json *answer, const struct error *e)
{
	if (r != OK)
		return app_fail(e);
	struct str decision = json_str(json_get(answer, "decision")), customer = json_str(json_get(answer, "customer"));
	if (!a->json)
		printf("%.*s%s%.*s\nTake it back with: byname undo %.*s\n", STR_ARG(decision), customer.n ? " → " : "",
		       STR_ARG(customer), STR_ARG(decision));
	return EXIT_OK;
}

static int run_merge(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB,
		                                      OPTION_JSON,
		                                      OPTION_REASON,
		                                      { "force", 'f', NULL, 0, "Although verified accounts conflict",
		                                        0 },
		                                      { 0 } };
	static const struct argp argp = {
		options, option, "CUSTOMER CUSTOMER", "Two customers are one person. It can be undone.", NULL,
		NULL,    NULL
	};
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf body = { 0 };
	struct json_writer w;
	if (a.word_count != 2) {
		fprintf(stderr, "byname: merge: name two customers\n");
		return EXIT_USAGE;
	}
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "a", a.words[0]);
	jw_kcstr(&w, "b", a.words[1]);
	jw_kbool(&w, "force", a.force);
	jw_kcstr(&w, "reason", a.reason ? a.reason : "");
	jw_end_object(&w);
	enum result r = act_post(&a, "/v1/merges", body.p, &answer, &e);
	return say_decision(&a, r, answer, &e);
}

static int run_split(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, OPTION_JSON, OPTION_REASON, { 0 } };
	static const struct argp argp = {
		options,     option,
		"RECORD...", "These records (rec_…) are another person than the rest of their customer.",
		NULL,        NULL,
		NULL
	};
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf body;
	struct json_writer w;
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_key(&w, "records");
	jw_array(&w);
	for (int i = 0; i < a.word_count; i++)
		jw_cstr(&w, a.words[i]);
	jw_end_array(&w);
	jw_kcstr(&w, "reason", a.reason ? a.reason : "");
	jw_end_object(&w);
	enum result r = act_post(&a, "/v1/splits", body.p, &answer, &e);
	return say_decision(&a, r, answer, &e);
}

static int run_undo(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, OPTION_JSON, OPTION_REASON, { 0 } };
	static const struct argp argp = { options, option, "DECISION", "Take a merge, a split or a never back.",
		                          NULL,    NULL,   NULL };
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf path = { 0 }, body = { 0 };
	struct json_writer w;
	if (a.word_count != 1) {
		fprintf(stderr, "byname: undo: name one decision (dec_…)\n");
		return EXIT_USAGE;
	}
	buf_init(&path, 0);
	buf_init(&body, 0);
	buf_str(&path, "/v1/decisions/");
	client_escape(&path, str_c(a.words[0]));
	buf_str(&path, "/undo");
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "reason", a.reason ? a.reason : "");
	jw_end_object(&w);
	enum result r = act_post(&a, path.p, body.p, &answer, &e);
	if (r != OK)
		return app_fail(&e);
	if (!a.json)
		printf("Taken back.\n");
	return EXIT_OK;
}

static int run_erase(int argc, char **argv)
{
	static const struct argp_option options[] = {
		OPTION_DB, OPTION_JSON, { "force", 'f', NULL, 0, "Yes: it cannot be undone", 0 }, { 0 }
	};
	static const struct argp argp = { options, option, "CUSTOMER", "Forget a person, in every room.",
		                          NULL,    NULL,   NULL };
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf path = { 0 };
	int64_t records = 0;
	if (a.word_count != 1 || !a.force) {
		fprintf(stderr, "byname: erase: %s\n",
		        a.word_count == 1 ? "it cannot be undone: say --force" : "name one customer (cus_…)");
		return EXIT_USAGE;
	}
	buf_init(&path, 0);
	buf_str(&path, "/v1/customers/");
	client_escape(&path, str_c(a.words[0]));
	buf_str(&path, "/erase");
	if (act_post(&a, path.p, "{}", &answer, &e) != OK)
		return app_fail(&e);
	json_i64(json_get(answer, "records"), &records);
	if (!a.json)
		printf("Erased: %lld records.\n", (long long)records);
	return EXIT_OK;
}

static int run_check(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, OPTION_JSON, { 0 } };
	static const struct argp argp = { options, option, NULL, "Look for broken invariants in every room.",
		                          NULL,    NULL,   NULL };
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	int64_t count = 0;
	if (act_post(&a, "/v1/check", NULL, &answer, &e) != OK)
		return app_fail(&e);
	json_i64(json_get(answer, "count"), &count);
	const struct json *findings = json_get(answer, "findings");
	for (size_t i = 0; i < json_count(findings) && !a.json; i++) {
		const struct json *f = json_at(findings, i);
		printf("%.*s  %.*s  %.*s\n", STR_ARG(json_str(json_get(f, "room"))),
		       STR_ARG(json_str(json_get(f, "invariant"))), STR_ARG(json_str(json_get(f, "detail"))));
	}
	if (!a.json)
		printf(count ? "%lld findings\n" : "All invariants hold.\n", (long long)count);
	return count ? EXIT_FINDINGS : EXIT_OK;
}

static int run_rebuild(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, OPTION_JSON, { 0 } };
	static const struct argp argp = {
		options, option, NULL, "Build the derived views anew and compare them with those that were kept.",
		NULL,    NULL,   NULL
	};
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	int code = EXIT_OK;
	if (act_post(&a, "/v1/rebuild", NULL, &answer, &e) != OK)
		return app_fail(&e);
	const struct json *views = json_get(answer, "views");
	for (size_t i = 0; i < json_count(views); i++) {
		bool equal = false;
		const struct json *v = json_at(views, i);
		json_bool(json_get(v, "equal"), &equal);
		if (!a.json)
			printf("%-10.*s %.*s  %s\n", STR_ARG(json_str(json_get(v, "view"))),
			       STR_ARG(json_str(json_get(v, "built"))),
			       equal ? "as it was kept" : "DIFFERS from what was kept");
		if (!equal)
			code = EXIT_FINDINGS;
	}
	return code;
}

static int run_backup(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, OPTION_JSON, { 0 } };
	static const struct argp argp = {
		options, option, "FILE", "A consistent copy, while serving.", NULL, NULL, NULL
	};
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf body = { 0 };
	struct json_writer w;
	char here[PATH_MAX] = "";
	if (a.word_count != 1) {
		fprintf(stderr, "byname: backup: name one file\n");
		return EXIT_USAGE;
	}
	if (a.words[0][0] != '/' && !getcwd(here, sizeof(here) - 1)) {
		perror("byname: backup");
		return EXIT_FAILED;
	}
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_printf(&path, "%s%s%s", here, here[0] ? "/" : "", a.words[0]);
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "path", path.p);
	jw_end_object(&w);
	if (act_post(&a, "/v1/backup", body.p, &answer, &e) != OK)
		return app_fail(&e);
	if (!a.json)
		printf("Written to %s\n", path.p);
	return EXIT_OK;
}

static int run_restore(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, { 0 } };
	static const struct argp argp = { options, option, "FILE", "Restore a backup into a database that is empty.",
		                          NULL,    NULL,   NULL };
	struct act a = act_parse(&argp, argc, argv);
	struct error e = { 0 };
	if (a.word_count != 1) {
		fprintf(stderr, "byname: restore: name one file\n");
		return EXIT_USAGE;
	}
	if (db_restore(&(struct db_config){ .url = a.db, .create = true }, a.words[0], &e) != OK)
		return app_fail(&e);
	printf("Restored into %s\n", a.db);
	return EXIT_OK;
}

const struct command cmd_act[] = {
	{ "merge", "Two customers are one person", run_merge },
	{ "split", "These records are another person", run_split },
	{ "undo", "Take a merge or a split back", run_undo },
	{ "erase", "Forget a person; it cannot be undone", run_erase },
	{ "check", "Look for broken invariants", run_check },
	{ "rebuild", "Build the derived views anew and compare", run_rebuild },
	{ "backup", "A consistent copy, while serving", run_backup },
	{ "restore", "Restore a backup into an empty database", run_restore },
	{ 0 },
};
