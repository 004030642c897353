#include "base/tempfile.h"
#include "base/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MOST 4096

struct tempfile {
	char folder[PATH_MOST];
	pthread_mutex_t lock; /* opening */
	atomic_int fd;
	_Atomic uint64_t size;
};

enum result tempfile_new(const char *folder, struct tempfile **out, struct error *e)
{
	struct tempfile *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_nomem(e);
	if (!folder || !*folder)
		folder = getenv("TMPDIR");
	snprintf(s->folder, sizeof(s->folder), "%s", folder && *folder ? folder : "/var/tmp");
	pthread_mutex_init(&s->lock, NULL);
	s->fd = -1;
	*out = s;
	return OK;
}

void tempfile_free(struct tempfile *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

static enum result failed(const struct tempfile *s, const char *what, struct error *e)
{
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return error_set(e, ERR_IO, "tempfile.full", NULL, "There is no room for temporary files in %.200s",
		                 s->folder);
	return error_set(e, ERR_IO, "tempfile.failed", NULL, "A temporary file in %.200s cannot be %s: errno %d",
	                 s->folder, what, errno);
}

/* Without a name from the start where the file system can do that. */
static int unnamed(const char *folder)
{
	char path[PATH_MOST + 32];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	snprintf(path, sizeof(path), "%s/byname-XXXXXX", folder);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static enum result file_open(struct tempfile *s, struct error *e)
{
	enum result r = OK;

	if (s->fd >= 0)
		return OK;
	pthread_mutex_lock(&s->lock);
	if (s->fd < 0) {
		int fd = unnamed(s->folder);

		if (fd < 0)
			r = failed(s, "made", e);
		else
			s->fd = fd;
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

enum result tempfile_write(struct tempfile *s, const void *bytes, size_t n, uint64_t *at, struct error *e)
{
	const char *p = bytes;
	uint64_t to;

	TRY(file_open(s, e));
	to = *at = atomic_fetch_add(&s->size, n);
	while (n > 0) {
		ssize_t wrote = pwrite(s->fd, p, n, (off_t)to);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return failed(s, "written", e);
		p += wrote;
		to += (uint64_t)wrote;
		n -= (size_t)wrote;
	}
	return OK;
}

enum result tempfile_read(const struct tempfile *s, uint64_t at, void *bytes, size_t n, struct error *e)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t got = pread(s->fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(s, "read", e);
		if (got == 0)
			return tempfile_damaged(e);
		p += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return OK;
}

enum result tempfile_damaged(struct error *e)
{
	return error_set(e, ERR_CORRUPT, "tempfile.damaged", NULL, "A temporary file does not hold what was written.");
}

/* ---- Blobs ------------------------------------------------------------------------------------------------------- */

#define BLOCK SPOOL_BLOB_MAX
#define BLOB_BITS 20 /* of an address: how long the blob is; above that where it is */
#define HEAD 8       /* checksum; blobs begin at multiples of it */

struct spool {
	struct tempfile *file;
	size_t memory;
	pthread_mutex_t lock;
	struct {
		char *bytes;   /* NULL: in the file */
		uint64_t from; /* there */
	} * blocks;
	uint32_t count, room;
	uint64_t used, bytes;
};

enum result spool_new(const char *folder, size_t memory, struct spool **out, struct error *e)
{
	struct spool *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_nomem(e);
	s->memory = memory;
	if (tempfile_new(folder, &s->file, e) != OK) {
		mem_free(s);
		return ERR_NOMEM;
	}
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return OK;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		mem_free(s->blocks[i].bytes);
	mem_free(s->blocks);
	tempfile_free(s->file);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

/* A block's number is known from its beginning; where it lies only when it is full. */
static enum result block_number(struct spool *s, uint32_t *number, struct error *e)
{
	enum result r = OK;

	pthread_mutex_lock(&s->lock);
	if (s->count == s->room) {
		uint32_t room = s->room ? 2 * s->room : 64;
		void *blocks = mem_realloc(s->blocks, room * sizeof(*s->blocks));

		if (blocks) {
			s->blocks = blocks;
			s->room = room;
		} else {
			r = error_nomem(e);
		}
	}
	if (r == OK) {
		memset(&s->blocks[s->count], 0, sizeof(*s->blocks));
		*number = s->count++;
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

/* Keeps the block, or writes it and lets the writer go on with its memory. */
static enum result block_end(struct spool_writer *w, struct error *e)
{
	struct spool *s = w->spool;
	uint64_t at = 0;
	bool keep;

	pthread_mutex_lock(&s->lock);
	keep = s->used + w->used <= s->memory;
	s->used += keep ? w->used : 0;
	s->bytes += w->used;
	pthread_mutex_unlock(&s->lock);
	if (keep) {
		char *less = mem_realloc(w->block, w->used);

		w->block = less ? less : w->block;
	} else {
		TRY(tempfile_write(s->file, w->block, w->used, &at, e));
	}
	pthread_mutex_lock(&s->lock);
	s->blocks[w->number].bytes = keep ? w->block : NULL;
	s->blocks[w->number].from = at;
	pthread_mutex_unlock(&s->lock);
	if (keep)
		w->block = NULL;
	w->used = 0;
	return OK;
}

static uint64_t blob_check(struct str blob)
{
	return hash64(blob.p, blob.n, 0);
}

enum result spool_write(struct spool_writer *w, struct str blob, uint64_t *at, struct error *e)
{
	uint64_t check = blob_check(blob);
	size_t bytes = HEAD + (blob.n + HEAD - 1) / HEAD * HEAD;

	if (bytes > BLOCK)
		return error_set(e, ERR_TOO_LARGE, "tempfile.blob", NULL, "A blob of %zu bytes is too long", blob.n);
	if (w->used + bytes > BLOCK)
		TRY(block_end(w, e));
	if (!w->block) {
		w->block = mem_alloc(BLOCK);
		if (!w->block)
			return error_nomem(e);
	}
	if (w->used == 0)
		TRY(block_number(w->spool, &w->number, e));
	*at = ((uint64_t)w->number * BLOCK + w->used) << BLOB_BITS | blob.n;
	memcpy(w->block + w->used, &check, HEAD);
	if (blob.n)
		memcpy(w->block + w->used + HEAD, blob.p, blob.n);
	memset(w->block + w->used + HEAD + blob.n, 0, bytes - HEAD - blob.n);
	w->used += bytes;
	return OK;
}

enum result spool_done(struct spool_writer *w, struct error *e)
{
	enum result r = w->used ? block_end(w, e) : OK;

	spool_drop(w);
	return r;
}

void spool_drop(struct spool_writer *w)
{
	mem_free(w->block);
	w->block = NULL;
	w->used = 0;
}

enum result spool_read(const struct spool *s, uint64_t at, struct arena *a, struct str *out, struct error *e)
{
	uint64_t place = at >> BLOB_BITS;
	size_t n = at & (BLOCK - 1), block = place / BLOCK, within = place % BLOCK;
	char *bytes = s->blocks[block].bytes ? s->blocks[block].bytes + within : NULL;
	struct str blob;
	uint64_t check;

	if (!bytes) {
		bytes = arena_alloc(a, n + HEAD);
		if (!bytes)
			return error_nomem(e);
		TRY(tempfile_read(s->file, s->blocks[block].from + within, bytes, n + HEAD, e));
		memcpy(&check, bytes, HEAD);
		blob = (struct str){ bytes + HEAD, n };
		if (check != blob_check(blob))
			return tempfile_damaged(e);
	}
	*out = (struct str){ bytes + HEAD, n };
	return OK;
}

uint64_t spool_bytes(const struct spool *s)
{
	return s->bytes;
}
