/* Temporary files for what does not fit into memory. A file has no name once it is open: nobody else sees it, and it is
 * gone when the process ends, however it ends. Blobs for who comes back to them in any order. */
#ifndef BYNAME_BASE_TEMPFILE_H
#define BYNAME_BASE_TEMPFILE_H

#include "base/str.h"

/* ---- Files ------------------------------------------------------------------------------------------------------- */

struct tempfile;
/* folder NULL: $TMPDIR, else /var/tmp. Nothing is made until something is written. */
MUST_CHECK enum result tempfile_new(const char *folder, struct tempfile **out, struct error *e);
void tempfile_free(struct tempfile *s); /* NULL allowed */
/* Thread-safe. *at is where it begins. ERR_IO "tempfile.full" when there is no room, else "tempfile.failed". */
MUST_CHECK enum result tempfile_write(struct tempfile *s, const void *bytes, size_t n, uint64_t *at, struct error *e);
/* Thread-safe. */
MUST_CHECK enum result tempfile_read(const struct tempfile *s, uint64_t at, void *bytes, size_t n, struct error *e);
/* ERR_CORRUPT "tempfile.damaged": what was read is not what was written. */
MUST_CHECK enum result tempfile_damaged(struct error *e);

/* ---- Blobs ------------------------------------------------------------------------------------------------------- */

/* Blobs in memory up to a limit, beyond it in a file; each with a checksum. */
struct spool;
#define SPOOL_BLOB_MAX ((size_t)1 << 20) /* of one: fewer bytes, by at least 16 */

/* Who writes: one a thread. */
struct spool_writer {
	struct spool *spool;
	char *block;
	size_t used;
	uint32_t number;
};

MUST_CHECK enum result spool_new(const char *folder, size_t memory, struct spool **out, struct error *e);
void spool_free(struct spool *s); /* NULL allowed */
/* *at says where it is. A writer begins as { .spool = s }; what it wrote may be read once it is done. */
MUST_CHECK enum result spool_write(struct spool_writer *w, struct str blob, uint64_t *at, struct error *e);
MUST_CHECK enum result spool_done(struct spool_writer *w, struct error *e);
void spool_drop(struct spool_writer *w); /* instead of spool_done(), when something failed; either may come first */
/* Thread-safe. *out is a view into memory or a copy in a; it begins at a multiple of eight. */
MUST_CHECK enum result spool_read(const struct spool *s, uint64_t at, struct arena *a, struct str *out,
                                  struct error *e);
uint64_t spool_bytes(const struct spool *s); /* written by those who are done, in memory or not */

#endif
