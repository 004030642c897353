/* The migrations, embedded at build time by scripts/embed-schema. */
#ifndef BYNAME_DB_SCHEMA_H
#define BYNAME_DB_SCHEMA_H

struct schema_file {
	int version;
	const char *name, *sql;
};
extern const struct schema_file schema_files[]; /* ascending, ended by version 0 */

#endif
