#include "app/app.h"

#include "base/log.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct command cmd_demo[];
extern const struct command cmd_serve[];
extern const struct command cmd_ask[];
extern const struct command cmd_act[];
extern const struct command cmd_order[];
extern const struct command cmd_import[];
extern const struct command cmd_deadletters[];
extern const struct command cmd_review[];
extern const struct command cmd_user[];
extern const struct command cmd_webhook[];
extern const struct command cmd_describe[];
extern const struct command cmd_resolve[];
extern const struct command cmd_evaluate[];
extern const struct command cmd_stock[];
extern const struct command cmd_lint[];

/* Each ended by a NULL name; in the order of the help. */
static const struct command *const groups[] = { cmd_demo,    cmd_serve,    cmd_import,  cmd_deadletters, cmd_ask,
	                                        cmd_order,   cmd_stock,    cmd_act,     cmd_review,      cmd_user,
	                                        cmd_webhook, cmd_describe, cmd_resolve, cmd_evaluate,    cmd_lint };
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

const char *app_env(const char *name, const char *otherwise)
{
	const char *v = getenv(name);
	return v && v[0] ? v : otherwise;
}

const char *app_db(void)
{
	return app_env("BYNAME_DB", "byname.db");
}

int app_fail(const struct error *e)
{
	fprintf(stderr, "byname: %s%s%s (%s)\n", e->detail[0] ? e->detail : result_name(e->result),
	        e->field[0] ? " Field: " : "", e->field, e->code);
	switch (e->result) {
	case ERR_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case ERR_INVALID:
		return EXIT_USAGE;
	default:
		return EXIT_FAILED;
	}
}

static void help(FILE *out)
{
	fprintf(out, "Usage: byname COMMAND [OPTION...]\n\nRetail clienteling: who is this, what matters to them, what "
	             "to do "
	             "next.\n\nCommands:\n");
	for (size_t g = 0; g < GROUP_COUNT; g++)
		for (const struct command *c = groups[g]; c->name; c++)
			fprintf(out, "  %-14s %s\n", c->name, c->summary);
	fprintf(out,
	        "\nEach command has its own --help. BYNAME_DB names the database (now: %s).\n"
	        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 findings (check).\n",
	        app_db());
}

static const struct command *find(const char *name)
{
	for (size_t g = 0; g < GROUP_COUNT; g++)
		for (const struct command *c = groups[g]; c->name; c++)
			if (!strcmp(c->name, name))
				return c;
	return NULL;
}

int main(int argc, char **argv)
{
	argp_err_exit_status = EXIT_USAGE;
	log_set_level(LOG_WARN); /* a terminal wants the answer; `serve` logs more */
	const char *name = argc > 1 ? argv[1] : "help";
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "-?")) {
		help(argc > 1 ? stdout : stderr);
		return argc > 1 ? EXIT_OK : EXIT_USAGE;
	}
	const struct command *c = find(name);
	if (!c) {
		fprintf(stderr, "byname: there is no command \"%s\"; byname help lists them\n", name);
		return EXIT_USAGE;
	}
	char title[64];
	snprintf(title, sizeof(title), "byname %s", c->name);
	argv[1] = title;
	return c->run(argc - 1, argv + 1);
}
