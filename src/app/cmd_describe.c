/* byname version, byname openapi. */
#include "api/api.h"
#include "app/app.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

static int version_run(int argc, char **argv)
{
	static const struct argp argp = { .doc = "Prints the program's and the schema's version." };
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	printf("byname %s, schema %d\n", BYNAME_VERSION, db_schema_version());
	return EXIT_OK;
}

static int openapi_run(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Prints the OpenAPI 3.1 description of the HTTP API, made from the route table."
	};
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	BUF_AUTO struct buf out;
	struct json_writer w;
	buf_init(&out, 0);
	jw_init(&w, &out);
	api_openapi_write(api_routes(), &w);
	buf_char(&out, '\n');
	if (out.failed || fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout))
		return EXIT_FAILED;
	return EXIT_OK;
}

const struct command cmd_describe[] = {
	{ "openapi", "Print the description of the HTTP API", openapi_run },
	{ "version", "Print the version", version_run },
	{ 0 },
};
