/* The writer's way to the write-ahead log: what it appends is held in memory and goes to the file in large pieces,
 * before the log is synchronised, read, measured or cut.
 *
 * SQLite writes a frame by two calls, 24 bytes and a page, and no page of the log begins where one of the file system
 * does: each frame costs the kernel three pages, and the commit of a group has hundreds of frames. Nobody else looks at
 * frames before they are committed, and a commit synchronises (synchronous=FULL) before it tells of them; so it is
 * durable exactly when it was, and a write that fails fails the commit. */
#include "db/sqlite.h"
#include <stdio.h>

#define HELD_BYTES (120 << 10) /* the unix VFS writes less than 128 KiB at once */

struct wal_vfs {
	sqlite3_vfs vfs; /* the host's, but for opening */
	sqlite3_vfs *host;
	char name[40];
};

struct wal_file {
	sqlite3_file base;
	sqlite3_file *host; /* lies behind this one */
	char *held;
	sqlite3_int64 at; /* where in the file it begins */
	int count;        /* bytes */
};

static struct wal_file *wal_of(sqlite3_file *file)
{
	return (struct wal_file *)file;
}

static int held_write(struct wal_file *f)
{
	int count = f->count;
	f->count = 0; /* after a failure nothing of the commit counts */
	return count ? f->host->pMethods->xWrite(f->host, f->held, count, f->at) : SQLITE_OK;
}

static int wal_close(sqlite3_file *file)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);
	int closed = f->host->pMethods->xClose(f->host);
	mem_free(f->held);
	return rc != SQLITE_OK ? rc : closed;
}

static int wal_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);
	return rc != SQLITE_OK ? rc : f->host->pMethods->xRead(f->host, to, n, at);
}

static int wal_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	struct wal_file *f = wal_of(file);
	if (f->count && (at != f->at + f->count || n > HELD_BYTES - f->count)) {
		int rc = held_write(f);
		if (rc != SQLITE_OK)
			return rc;
	}
	if (n > HELD_BYTES)
		return f->host->pMethods->xWrite(f->host, from, n, at);
	if (!f->count)
		f->at = at;
	memcpy(f->held + f->count, from, (size_t)n);
	f->count += n;
	return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);
	return rc != SQLITE_OK ? rc : f->host->pMethods->xTruncate(f->host, size);
}

static int wal_sync(sqlite3_file *file, int flags)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);
	return rc != SQLITE_OK ? rc : f->host->pMethods->xSync(f->host, flags);
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);
	return rc != SQLITE_OK ? rc : f->host->pMethods->xFileSize(f->host, size);
}

static int wal_lock(sqlite3_file *file, int level)
{
	struct wal_file *f = wal_of(file);
	return f->host->pMethods->xLock(f->host, level);
}

static int wal_unlock(sqlite3_file *file, int level)
{
	struct wal_file *f = wal_of(file);
	return f->host->pMethods->xUnlock(f->host, level);
}

static int wal_reserved(sqlite3_file *file, int *out)
{
	struct wal_file *f = wal_of(file);
	return f->host->pMethods->xCheckReservedLock(f->host, out);
}

static int wal_control(sqlite3_file *file, int op, void *arg)
{
	struct wal_file *f = wal_of(file);
	return f->host->pMethods->xFileControl(f->host, op, arg);
}

static int wal_sector(sqlite3_file *file)
{
	struct wal_file *f = wal_of(file);
	return f->host->pMethods->xSectorSize(f->host);
}

static int wal_device(sqlite3_file *file)
{
	struct wal_file *f = wal_of(file);
	return f->host->pMethods->xDeviceCharacteristics(f->host);
}

static int wal_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
	static const sqlite3_io_methods methods = { .iVersion = 1,
		                                    .xClose = wal_close,
		                                    .xRead = wal_read,
		                                    .xWrite = wal_write,
		                                    .xTruncate = wal_truncate,
		                                    .xSync = wal_sync,
		                                    .xFileSize = wal_size,
		                                    .xLock = wal_lock,
		                                    .xUnlock = wal_unlock,
		                                    .xCheckReservedLock = wal_reserved,
		                                    .xFileControl = wal_control,
		                                    .xSectorSize = wal_sector,
		                                    .xDeviceCharacteristics = wal_device };
	sqlite3_vfs *host = ((struct wal_vfs *)vfs)->host;
	if (!(flags & SQLITE_OPEN_WAL)) /* the database, a journal: the host's file, in its place */
		return host->xOpen(host, path, file, flags, out_flags);
	struct wal_file *f = wal_of(file);
	*f = (struct wal_file){ .host = (sqlite3_file *)(f + 1), .held = mem_alloc(HELD_BYTES) };
	int rc = f->held ? host->xOpen(host, path, f->host, flags, out_flags) : SQLITE_NOMEM;
	if (rc == SQLITE_OK)
		f->base.pMethods = &methods;
	else
		mem_free(f->held);
	return rc;
}

enum result wal_vfs_new(const char *host, struct wal_vfs **out, struct error *e)
{
	struct wal_vfs *v = mem_calloc(1, sizeof(*v));
	if (!v)
		return error_nomem(e);
	v->host = sqlite3_vfs_find(host);
	if (!v->host) {
		mem_free(v);
		return error_set(e, ERR_IO, "db.open", NULL, "There is no VFS %s.", host ? host : "by default");
	}
	v->vfs = *v->host;
	snprintf(v->name, sizeof(v->name), "byname-wal-%p", (void *)v);
	v->vfs.zName = v->name;
	v->vfs.pNext = NULL;
	v->vfs.szOsFile += (int)sizeof(struct wal_file);
	v->vfs.xOpen = wal_open;
	int rc = sqlite3_vfs_register(&v->vfs, 0);
	if (rc != SQLITE_OK) {
		mem_free(v);
		return sqlite_fail(NULL, rc, "vfs", e);
	}
	*out = v;
	return OK;
}

const char *wal_vfs_name(const struct wal_vfs *v)
{
	return v->name;
}

void wal_vfs_free(struct wal_vfs *v)
{
	if (!v)
		return;
	sqlite3_vfs_unregister(&v->vfs);
	mem_free(v);
}
