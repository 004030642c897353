/* byname lint: prepares every SQL statement of the program on a database; scripts/check calls it for both engines. */
#include "app/app.h"
#include "db/db.h"

#include <argp.h>
#include <stdio.h>

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db); brought to this version", 0 },
	{ 0 },
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct db_config *c = state->input;
	switch (key) {
	case 'd':
		c->url = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int lint_run(int argc, char **argv)
{
	static const struct argp argp = { options, option,
		                          NULL,    "Prepares every SQL statement of the program and says which fail.",
		                          NULL,    NULL,
		                          NULL };
	struct db_config config = { .url = app_db(), .create = true };
	struct db *db = NULL;
	struct error e = { 0 };
	size_t count = 0;
	int bad = 0;
	argp_parse(&argp, argc, argv, 0, NULL, &config);
	enum result r = db_open(&config, &db, &e);
	if (r == OK)
		r = db_migrate(db, &e);
	if (r == OK)
		r = db_lint(db, stderr, &bad, &e);
	if (r == OK) {
		(void)db_stmts(&count);
		printf("%zu statements on %s, %d bad\n", count, db_engine_name(db), bad);
	}
	db_close(db);
	return r != OK ? app_fail(&e) : bad ? EXIT_FINDINGS : EXIT_OK;
}

const struct command cmd_lint[] = {
	{ "lint", "Prepare every SQL statement on a database", lint_run },
	{ 0 },
};
