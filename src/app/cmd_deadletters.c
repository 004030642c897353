/* byname deadletters: what could not be taken in: shown, tried again, discarded, exported. */
#include "app/app.h"
#include "app/client.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 500
#define PAGE 200

struct letters_args {
	const char *db, *raw;
	bool json, all;
	const char *words[WORDS_MAX];
	int word_count;
};

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0 },
	{ "all", 'a', NULL, 0, "list, export: also those that are done with; retry, discard: every open one", 0 },
	{ "raw", 'r', "TEXT", 0, "retry: with this text instead", 0 },
	{ "json", 'j', NULL, 0, "One JSON object a line", 0 },
	{ 0 },
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct letters_args *a = state->input;
	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'a':
		a->all = true;
		return 0;
	case 'r':
		a->raw = arg;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->word_count == WORDS_MAX)
			argp_error(state, "at most %d words", WORDS_MAX);
		a->words[a->word_count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

typedef enum result letter_fn(const struct letters_args *a, struct client *c, const struct json *letter,
                              struct error *e);

/* Calls fn for each letter, page by page. */
static enum result each(const struct letters_args *a, struct client *c, bool resolved, letter_fn *fn, int64_t *seen,
                        struct error *e)
{
	char before[80] = "";
	*seen = 0;
	for (;;) {
		JSON_AUTO struct json *page = NULL;
		char path[200];
		snprintf(path, sizeof(path), "/v1/deadletters?limit=%d&resolved=%s%s%s", PAGE,
		         resolved ? "true" : "false", before[0] ? "&before=" : "", before);
		TRY(client_call(c, "GET", path, NULL, &page, NULL, e));
		const struct json *items = json_get(page, "items");
		for (size_t i = 0; i < json_count(items); i++, ++*seen)
			TRY(fn(a, c, json_at(items, i), e));
		struct str next = json_str(json_get(page, "next"));
		if (!next.n || next.n >= sizeof(before))
			return OK;
		snprintf(before, sizeof(before), "%.*s", STR_ARG(next));
	}
}

static enum result print_json(const struct json *letter, struct error *e)
{
	BUF_AUTO struct buf b;
	buf_init(&b, 0);
	TRY(json_dump(letter, &b, e));
	printf("%.*s\n", STR_ARG(buf_view(&b)));
	return OK;
}

static enum result show(const struct letters_args *a, struct client *c, const struct json *l, struct error *e)
{
	int64_t line = 0;
	bool resolved = false;
	(void)c;
	if (a->json)
		return print_json(l, e);
	json_i64(json_get(l, "line"), &line);
	json_bool(json_get(l, "resolved"), &resolved);
	struct str raw = json_str(json_get(l, "raw")), field = json_str(json_get(l, "field"));
	printf("%.*s  %.*s", STR_ARG(json_str(json_get(l, "id"))), STR_ARG(json_str(json_get(l, "source"))));
	if (line)
		printf(":%lld", (long long)line);
	printf("  %.*s%s%.*s%s\n    %.*s\n    %.*s%s\n", STR_ARG(json_str(json_get(l, "code"))), field.n ? "  " : "",
	       STR_ARG(field), resolved ? "  (done with)" : "", STR_ARG(json_str(json_get(l, "detail"))),
	       (int)(raw.n > 200 ? 200 : raw.n), raw.p, raw.n > 200 ? "…" : "");
	return OK;
}

/* The raw texts alone, one a line, ready to be mended and imported again. */
static enum result export_raw(const struct letters_args *a, struct client *c, const struct json *l, struct error *e)
{
	struct str raw = json_str(json_get(l, "raw"));
	(void)c;
	if (a->json)
		return print_json(l, e);
	printf("%.*s\n", STR_ARG(raw));
	return OK;
}

static enum result act(const struct letters_args *a, struct client *c, const char *method, struct str id,
                       const char *tail, struct error *e)
{
	BUF_AUTO struct buf path, body;
	JSON_AUTO struct json *answer = NULL;
	struct json_writer w;
	buf_init(&path, 0);
	buf_init(&body, 0);
	buf_str(&path, "/v1/deadletters/");
	client_escape(&path, id);
	buf_str(&path, tail);
	jw_init(&w, &body);
	jw_object(&w);
	if (a->raw)
		jw_kcstr(&w, "raw", a->raw);
	jw_end_object(&w);
	return client_call(c, method, path.p, tail[0] ? body.p : NULL, &answer, NULL, e);
}

/* One after the other: what fails again is told and stays. */
static enum result retry(const struct letters_args *a, struct client *c, const struct json *l, struct error *e)
{
	struct str id = json_str(json_get(l, "id"));
	struct error why;
	(void)e;
	enum result r = act(a, c, "POST", id, "/retry", &why);
	if (r == OK)
		printf("%.*s  taken in\n", STR_ARG(id));
	else
		printf("%.*s  %s  %s\n", STR_ARG(id), why.code, why.detail);
	return r == ERR_IO ? error_set(e, r, why.code, why.field, "%s", why.detail) : OK;
}

static enum result discard(const struct letters_args *a, struct client *c, const struct json *l, struct error *e)
{
	struct str id = json_str(json_get(l, "id"));
	TRY(act(a, c, "DELETE", id, "", e));
	printf("%.*s  discarded\n", STR_ARG(id));
	return OK;
}

static enum result named(const struct letters_args *a, struct client *c, const char *what, struct error *e)
{
	for (int i = 1; i < a->word_count; i++) {
		bool again = !strcmp(what, "retry");
		TRY(act(a, c, again ? "POST" : "DELETE", str_c(a->words[i]), again ? "/retry" : "", e));
		printf("%s  %s\n", a->words[i], again ? "taken in" : "discarded");
	}
	return OK;
}

static enum result carry_out(const struct letters_args *a, struct client *c, const char *what, struct error *e)
{
	int64_t seen;
	if (!strcmp(what, "list")) {
		TRY(each(a, c, a->all, show, &seen, e));
		if (!seen && !a->json)
			printf("No dead letters.\n");
		return OK;
	}
	if (!strcmp(what, "export"))
		return each(a, c, a->all, export_raw, &seen, e);
	bool again = !strcmp(what, "retry");
	if (!again && strcmp(what, "discard") != 0)
		return error_set(e, ERR_INVALID, "usage", NULL, "list, retry, discard or export");
	if (a->all)
		return each(a, c, false, again ? retry : discard, &seen, e);
	if (a->word_count < 2)
		return error_set(e, ERR_INVALID, "usage", NULL, "Which? Name their ids (ded_…), or --all");
	return named(a, c, what, e);
}

static int run_deadletters(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		option,
		"[list | retry ID... | discard ID... | export]",
		"What could not be taken in, with the reason: shown, tried again, discarded, exported.",
		NULL,
		NULL,
		NULL
	};
	struct letters_args a = { .db = app_db() };
	struct client *c = NULL;
	struct error e = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	enum result r = client_open(a.db, &c, &e);
	if (r == OK)
		r = carry_out(&a, c, a.word_count ? a.words[0] : "list", &e);
	client_close(c);
	return r == OK ? EXIT_OK : app_fail(&e);
}

const struct command cmd_deadletters[] = {
	{ "deadletters", "What could not be taken in", run_deadletters },
	{ 0 },
};
