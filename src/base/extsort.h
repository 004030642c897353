/* Sorts more than memory holds: elements of one size, by their bytes (so numbers are written with the highest byte
 * first). They are dealt out to parts by their leading bits, as blocks in memory up to a limit, beyond it in a
 * temporary file with checksums; each part is sorted when it is asked for. So leading bits should be spread evenly: a
 * part must fit into memory, twice. What comes out depends only on what was put in. */
#ifndef BYNAME_BASE_EXTSORT_H
#define BYNAME_BASE_EXTSORT_H

#include "base/mem.h"

#define EXTSORT_PARTS 256
#define EXTSORT_SIZE_MAX 32

struct extsort;
/* size: bytes of an element, from 4 to EXTSORT_SIZE_MAX. below: the first four bytes, as a number, are less (0: any).
 * memory: bytes of blocks that are kept there. folder: as tempfile_new(). */
MUST_CHECK enum result extsort_new(size_t size, uint32_t below, size_t memory, const char *folder, struct extsort **out,
                                   struct error *e);
void extsort_free(struct extsort *x); /* NULL allowed */

/* Who adds: one a thread. It begins as { .sort = x }. ERR_IO "tempfile.full" … as tempfile_write(). */
struct extsort_writer {
	struct extsort *sort;
	char *blocks[EXTSORT_PARTS];
	unsigned used[EXTSORT_PARTS]; /* elements */
};
MUST_CHECK enum result extsort_add(struct extsort_writer *w, const void *element, struct error *e);
MUST_CHECK enum result extsort_done(struct extsort_writer *w, struct error *e);
void extsort_drop(
        struct extsort_writer *w); /* instead of extsort_done(), when something failed; either may come first */

/* When all is added; thread-safe. The elements of one part in order, the caller frees them; NULL when there are none.
 * All of a part come before those of the next. May be asked for again. */
MUST_CHECK enum result extsort_part(const struct extsort *x, int part, void **elements, size_t *count, struct error *e);
uint64_t extsort_count(const struct extsort *x);

#endif
