/* Inside of an import: which mapping, which files, where it stands. */
#ifndef BYNAME_INGEST_IMPORT_H
#define BYNAME_INGEST_IMPORT_H

#include "base/hash.h"
#include "ingest/rows.h"

void join_free(struct join *j);
MUST_CHECK enum result join_load(struct join *j, const char *path, const struct section *s, struct error *e);

#define IMPORT_STEPS_MAX 64
#define IMPORT_PATH_BYTES 4096
struct step {
	struct section *section;
	char path[IMPORT_PATH_BYTES];
	int64_t bytes;
};
struct plan {
	struct arena *a;
	struct mapping *mapping;
	char format[80], path[IMPORT_PATH_BYTES]; /* path: as the system knows it */
	struct step *steps;
	int step_count;
	int64_t bytes_total, said_at; /* said_at: when the newest file was written */
	unsigned char key[HASH128_BYTES];
};
/* Finds mapping and files of what is to be imported. */
MUST_CHECK enum result plan_make(const struct import_config *c, struct arena *a, struct plan *out, struct error *e);
/* The file of a name in the folder of a step, .gz or not. */
MUST_CHECK enum result plan_file(const struct plan *p, struct str name, char path[IMPORT_PATH_BYTES], struct error *e);

/* ---- job.c ------------------------------------------------------------------------------------------------------ */

struct place {
	int64_t step, byte, line;
};
struct job {
	int64_t id, started_at, bytes_done, lines;
	enum import_state state;
	struct place at;
	struct ingest_counts counts;
};
/* Finds the job of this plan, or makes it. restart: from the beginning. */
MUST_CHECK enum result job_open(struct db *db, const struct plan *p, bool restart, struct job *out, struct error *e);
/* Within the rows' transaction: from where the job stood to where it stands. ERR_CONFLICT "import.elsewhere" when
 * another process runs it too. */
MUST_CHECK enum result job_move(struct db_tx *tx, int64_t id, struct place from, struct place to, int64_t bytes_done,
                                int64_t lines, const struct ingest_counts *counts, struct error *e);
MUST_CHECK enum result job_state(struct db *db, int64_t id, enum import_state state, const char *problem,
                                 const struct ingest_counts *more, struct error *e);

#endif
