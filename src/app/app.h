/* The program: sub-commands as data. A file a group; each exports an array, listed in main.c. */
#ifndef BYNAME_APP_H
#define BYNAME_APP_H

#include "base/result.h"

/* Exit codes. */
enum app_exit { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_FOUND = 3, EXIT_FINDINGS = 4 };

struct command {
	const char *name, *summary;
	/* argv[0] is "byname NAME", for argp_parse(). Returns an exit code. */
	int (*run)(int argc, char **argv);
};

/* The environment's value, or otherwise. */
const char *app_env(const char *name, const char *otherwise);
/* The database when no --db is given: BYNAME_DB, or byname.db here. */
const char *app_db(void);
/* Prints an error as a person reads it; returns the exit code for it. */
int app_fail(const struct error *e);

#endif
