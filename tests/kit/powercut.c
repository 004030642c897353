/* See powercut.h. A file has two contents: what a reader sees, and what is on the disk; between them lies the list of
 * writes that were not synced. One mutex guards it all: it is about order, not speed. */
#include "kit/powercut.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define SHM_REGIONS 64
#define SHM_SLOTS 8

struct bytes {
	unsigned char *p;
	size_t n, cap;
};

/* A write that was not synced; p NULL: a truncation to offset. */
struct unsynced {
	size_t offset, n;
	unsigned char *p;
	struct unsynced *next;
};

struct pfile;

struct node {
	char *path;
	struct bytes seen, disk;
	struct unsynced *first, **last;
	bool on_disk; /* its directory entry is */
	bool gone;    /* deleted, or from before the cut */
	int handles;
	int shared;
	struct pfile *reserved, *pending, *exclusive;
	unsigned char *shm[SHM_REGIONS];
	int shm_users, shm_shared[SHM_SLOTS];
	struct pfile *shm_exclusive[SHM_SLOTS];
	struct node *next;
};

struct pfile {
	sqlite3_file base;
	struct node *node;
	int lock;
	bool shm_mapped, delete_on_close, sync_directory;
	unsigned shm_mine; /* slots held shared */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *nodes;  /* alive */
static struct node *ghosts; /* deleted, and the deletion not synced */
static struct kit_random rnd;
static int64_t armed;
static bool dead;
static int64_t fail_at, fail_times; /* counted in operations */
static bool fail_full;
static struct powercut_stats stats;
static sqlite3_vfs *host;

/* ---- Contents ---- */

static void bytes_put(struct bytes *b, size_t offset, const unsigned char *p, size_t n)
{
	if (offset + n > b->cap) {
		b->cap = (offset + n) * 2 + 4096;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
	if (offset > b->n)
		memset(b->p + b->n, 0, offset - b->n);
	if (n)
		memcpy(b->p + offset, p, n);
	if (offset + n > b->n)
		b->n = offset + n;
}

static void bytes_cut(struct bytes *b, size_t n)
{
	if (n < b->n)
		b->n = n;
	else
		bytes_put(b, n, NULL, 0);
}

static void unsynced_add(struct node *node, size_t offset, const void *p, size_t n)
{
	struct unsynced *u = calloc(1, sizeof(*u));
	if (!u)
		abort();
	u->offset = offset;
	u->n = n;
	if (p) {
		u->p = malloc(n + 1);
		if (!u->p)
			abort();
		memcpy(u->p, p, n);
	}
	*node->last = u;
	node->last = &u->next;
}

static void unsynced_clear(struct node *node)
{
	while (node->first) {
		struct unsynced *u = node->first;
		node->first = u->next;
		free(u->p);
		free(u);
	}
	node->last = &node->first;
}

static struct node *node_new(const char *path)
{
	struct node *node = calloc(1, sizeof(*node));
	if (!node)
		abort();
	node->path = strdup(path);
	node->last = &node->first;
	node->next = nodes;
	nodes = node;
	return node;
}

static struct node *node_find(struct node *list, const char *path)
{
	while (list && strcmp(list->path, path) != 0)
		list = list->next;
	return list;
}

static void node_unlink(struct node **list, struct node *node)
{
	while (*list != node)
		list = &(*list)->next;
	*list = node->next;
}

static void node_free(struct node *node)
{
	unsynced_clear(node);
	for (int i = 0; i < SHM_REGIONS; i++)
		free(node->shm[i]);
	free(node->seen.p);
	free(node->disk.p);
	free(node->path);
	free(node);
}

static void node_drop(struct node *node) /* unlinked; freed with its last handle */
{
	node->gone = true;
	if (node->handles == 0)
		node_free(node);
}

/* ---- The power ---- */

/* One operation that changes the disk; false: the power is gone. */
static bool power(void)
{
	stats.operations++;
	if (!dead && armed && --armed == 0)
		dead = true;
	return !dead;
}

/* Is this operation to fail, the power being there? */
static bool failing(bool write)
{
	return fail_times && stats.operations >= fail_at && stats.operations < fail_at + fail_times &&
	       (write || !fail_full);
}

static bool chance(int percent)
{
	return kit_random_below(&rnd, 100) < (uint64_t)percent;
}

/* A write reaches the disk sector by sector; each may be there, not there, or there in part. */
static void write_survive(struct node *node, const struct unsynced *u, int percent)
{
	for (size_t done = 0; done < u->n;) {
		size_t at = u->offset + done;
		size_t n = SECTOR - at % SECTOR;
		if (n > u->n - done)
			n = u->n - done;
		if (chance(percent)) {
			bytes_put(&node->disk, at, u->p + done, n);
			stats.kept++;
		} else if (chance(10)) {
			bytes_put(&node->disk, at, u->p + done, kit_random_below(&rnd, n));
			stats.torn++;
		} else {
			stats.dropped++;
		}
		done += n;
	}
}

static void node_survive(struct node *node)
{
	static const int odds[] = { 0, 0, 30, 70, 95, 100 };
	int percent = odds[kit_random_below(&rnd, 6)];
	int64_t whole = chance(50) ? (int64_t)kit_random_below(&rnd, 20) : 0; /* a prefix went in order */
	for (struct unsynced *u = node->first; u; u = u->next, whole--) {
		if (u->p)
			write_survive(node, u, whole > 0 ? 100 : percent);
		else if (chance(percent))
			bytes_cut(&node->disk, u->offset);
	}
}

static struct node *node_reborn(const struct node *old)
{
	struct node *node = node_new(old->path);
	bytes_put(&node->disk, 0, old->disk.p, old->disk.n);
	bytes_put(&node->seen, 0, old->disk.p, old->disk.n);
	node->on_disk = true;
	return node;
}

void powercut_restore(void)
{
	pthread_mutex_lock(&lock);
	struct node *was = nodes;
	nodes = NULL;
	while (was) {
		struct node *node = was;
		was = was->next;
		node_survive(node);
		if (node->on_disk || chance(50))
			node_reborn(node);
		node_drop(node);
	}
	while (ghosts) {
		struct node *node = ghosts;
		ghosts = node->next;
		if (!node_find(nodes, node->path) && chance(50)) {
			node_survive(node);
			node_reborn(node);
		}
		node_drop(node);
	}
	dead = false;
	armed = 0;
	pthread_mutex_unlock(&lock);
}

void powercut_arm(int64_t nth)
{
	pthread_mutex_lock(&lock);
	armed = nth;
	pthread_mutex_unlock(&lock);
}

void powercut_fail(int64_t nth, int64_t times, bool full)
{
	pthread_mutex_lock(&lock);
	fail_at = stats.operations + nth;
	fail_times = nth ? times : 0;
	fail_full = full;
	pthread_mutex_unlock(&lock);
}

bool powercut_dead(void)
{
	pthread_mutex_lock(&lock);
	bool is = dead;
	pthread_mutex_unlock(&lock);
	return is;
}

void powercut_stats_get(struct powercut_stats *out)
{
	pthread_mutex_lock(&lock);
	*out = stats;
	pthread_mutex_unlock(&lock);
}

/* ---- Files ---- */

static bool usable(const struct pfile *f)
{
	return !dead && !(f->node->gone && !f->delete_on_close && !node_find(ghosts, f->node->path));
}

static int p_close(sqlite3_file *file)
{
	struct pfile *f = (struct pfile *)file;
	pthread_mutex_lock(&lock);
	struct node *node = f->node;
	if (f->delete_on_close && !node->gone) {
		node_unlink(&nodes, node);
		node->gone = true;
	}
	if (--node->handles == 0 && node->gone && !(ghosts && node_find(ghosts, node->path) == node))
		node_free(node);
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int p_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset)
{
	struct pfile *f = (struct pfile *)file;
	int rc = SQLITE_IOERR_READ;
	pthread_mutex_lock(&lock);
	if (usable(f)) {
		const struct bytes *b = &f->node->seen;
		size_t there = (size_t)offset < b->n ? b->n - (size_t)offset : 0;
		size_t got = there < (size_t)n ? there : (size_t)n;
		if (got)
			memcpy(out, b->p + offset, got);
		memset((char *)out + got, 0, (size_t)n - got);
		rc = got == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int p_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 offset)
{
	struct pfile *f = (struct pfile *)file;
	int rc = SQLITE_IOERR_WRITE;
	pthread_mutex_lock(&lock);
	if (usable(f)) { /* the write during which the power goes may be there in part */
		bool on = power(), fails = on && failing(true);
		size_t done = fails ? (fail_full ? 0 : (size_t)n / 2) : (size_t)n;
		unsynced_add(f->node, (size_t)offset, p, done);
		bytes_put(&f->node->seen, (size_t)offset, p, done);
		rc = !on ? SQLITE_IOERR_WRITE : !fails ? SQLITE_OK : fail_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int p_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct pfile *f = (struct pfile *)file;
	int rc = SQLITE_IOERR_TRUNCATE;
	pthread_mutex_lock(&lock);
	if (usable(f)) {
		bool on = power();
		if (!on || !failing(false)) {
			unsynced_add(f->node, (size_t)size, NULL, 0);
			bytes_cut(&f->node->seen, (size_t)size);
			rc = on ? SQLITE_OK : rc;
		}
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

/* All files lie in one directory: what was made and deleted in it is now so on the disk too. */
static void directory_sync(void)
{
	for (struct node *node = nodes; node; node = node->next)
		node->on_disk = true;
	while (ghosts) {
		struct node *node = ghosts;
		ghosts = node->next;
		node_drop(node);
	}
}

static int p_sync(sqlite3_file *file, int flags)
{
	(void)flags;
	struct pfile *f = (struct pfile *)file;
	int rc = SQLITE_IOERR_FSYNC;
	pthread_mutex_lock(&lock);
	if (usable(f) && power() && !failing(false)) {
		for (struct unsynced *u = f->node->first; u; u = u->next) {
			if (u->p)
				bytes_put(&f->node->disk, u->offset, u->p, u->n);
			else
				bytes_cut(&f->node->disk, u->offset);
		}
		unsynced_clear(f->node);
		if (f->sync_directory)
			directory_sync();
		f->sync_directory = false;
		rc = SQLITE_OK;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int p_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct pfile *f = (struct pfile *)file;
	pthread_mutex_lock(&lock);
	int rc = usable(f) ? SQLITE_OK : SQLITE_IOERR_FSTAT;
	*size = (sqlite3_int64)f->node->seen.n;
	pthread_mutex_unlock(&lock);
	return rc;
}

static int p_lock(sqlite3_file *file, int level)
{
	struct pfile *f = (struct pfile *)file;
	struct node *node = f->node;
	int rc = SQLITE_OK;
	pthread_mutex_lock(&lock);
	if (!usable(f)) {
		rc = SQLITE_IOERR_LOCK;
	} else if (f->lock < level) {
		if (level == SQLITE_LOCK_SHARED) {
			if (node->exclusive || node->pending)
				rc = SQLITE_BUSY;
			else
				node->shared++;
		} else if (node->reserved && node->reserved != f) {
			rc = SQLITE_BUSY;
		} else {
			node->reserved = f;
			if (level == SQLITE_LOCK_EXCLUSIVE) {
				node->pending = f;
				if (node->shared > 1) {
					f->lock = SQLITE_LOCK_PENDING;
					rc = SQLITE_BUSY;
				} else {
					node->exclusive = f;
				}
			}
		}
		if (rc == SQLITE_OK)
			f->lock = level;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int p_unlock(sqlite3_file *file, int level)
{
	struct pfile *f = (struct pfile *)file;
	struct node *node = f->node;
	pthread_mutex_lock(&lock);
	if (f->lock > level) {
		node->reserved = node->reserved == f ? NULL : node->reserved;
		node->pending = node->pending == f ? NULL : node->pending;
		node->exclusive = node->exclusive == f ? NULL : node->exclusive;
		if (level == SQLITE_LOCK_NONE)
			node->shared--;
		f->lock = level;
	}
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int p_reserved(sqlite3_file *file, int *out)
{
	pthread_mutex_lock(&lock);
	*out = ((struct pfile *)file)->node->reserved != NULL;
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int p_control(sqlite3_file *file, int op, void *arg)
{
	(void)file;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int p_sector(sqlite3_file *file)
{
	(void)file;
	return SECTOR;
}

static int p_device(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* what the unix VFS assumes too */
}

/* ---- Shared memory: does not survive anything ---- */

static int p_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
	struct pfile *f = (struct pfile *)file;
	struct node *node = f->node;
	int rc = SQLITE_OK;
	*out = NULL;
	pthread_mutex_lock(&lock);
	if (!usable(f) || region >= SHM_REGIONS) {
		rc = SQLITE_IOERR_SHMMAP;
	} else {
		if (!f->shm_mapped)
			node->shm_users++;
		f->shm_mapped = true;
		if (!node->shm[region] && extend)
			node->shm[region] = calloc(1, (size_t)size);
		*out = node->shm[region];
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static bool slot_take(struct pfile *f, int slot, bool exclusive)
{
	struct node *node = f->node;
	unsigned bit = 1u << slot;
	if (node->shm_exclusive[slot] && node->shm_exclusive[slot] != f)
		return false;
	if (!exclusive) {
		if (!(f->shm_mine & bit))
			node->shm_shared[slot]++;
		f->shm_mine |= bit;
		return true;
	}
	if (node->shm_shared[slot] > ((f->shm_mine & bit) ? 1 : 0))
		return false;
	node->shm_exclusive[slot] = f;
	return true;
}

static void slot_give(struct pfile *f, int slot)
{
	struct node *node = f->node;
	unsigned bit = 1u << slot;
	if (f->shm_mine & bit)
		node->shm_shared[slot]--;
	f->shm_mine &= ~bit;
	if (node->shm_exclusive[slot] == f)
		node->shm_exclusive[slot] = NULL;
}

static int p_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	struct pfile *f = (struct pfile *)file;
	int rc = SQLITE_OK;
	pthread_mutex_lock(&lock);
	if (flags & SQLITE_SHM_UNLOCK) {
		for (int i = offset; i < offset + n; i++)
			slot_give(f, i);
	} else if (!usable(f)) {
		rc = SQLITE_IOERR_SHMLOCK;
	} else {
		int i = offset;
		while (i < offset + n && slot_take(f, i, flags & SQLITE_SHM_EXCLUSIVE))
			i++;
		if (i < offset + n) {
			rc = SQLITE_BUSY;
			while (--i >= offset)
				slot_give(f, i);
		}
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static void p_shm_barrier(sqlite3_file *file)
{
	(void)file;
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
}

static int p_shm_unmap(sqlite3_file *file, int delete)
{
	(void)delete;
	struct pfile *f = (struct pfile *)file;
	struct node *node = f->node;
	pthread_mutex_lock(&lock);
	if (f->shm_mapped) {
		for (int i = 0; i < SHM_SLOTS; i++)
			slot_give(f, i);
		f->shm_mapped = false;
		if (--node->shm_users == 0)
			for (int i = 0; i < SHM_REGIONS; i++) {
				free(node->shm[i]);
				node->shm[i] = NULL;
			}
	}
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = p_close,
	.xRead = p_read,
	.xWrite = p_write,
	.xTruncate = p_truncate,
	.xSync = p_sync,
	.xFileSize = p_size,
	.xLock = p_lock,
	.xUnlock = p_unlock,
	.xCheckReservedLock = p_reserved,
	.xFileControl = p_control,
	.xSectorSize = p_sector,
	.xDeviceCharacteristics = p_device,
	.xShmMap = p_shm_map,
	.xShmLock = p_shm_lock,
	.xShmBarrier = p_shm_barrier,
	.xShmUnmap = p_shm_unmap,
};

/* ---- The file system ---- */

static int p_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
	(void)vfs;
	struct pfile *f = (struct pfile *)file;
	memset(f, 0, sizeof(*f));
	int rc = SQLITE_OK;
	pthread_mutex_lock(&lock);
	struct node *node = node_find(nodes, path ? path : "(temporary)");
	if (dead || (!node && !(flags & SQLITE_OPEN_CREATE))) {
		rc = SQLITE_CANTOPEN;
	} else {
		if (!node || !path)
			node = node_new(path ? path : "(temporary)");
		node->handles++;
		f->node = node;
		f->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
		/* as the unix VFS: a database's own entry is made durable by its journal's */
		f->sync_directory = flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL);
		f->base.pMethods = &methods;
		if (out_flags)
			*out_flags = flags;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int p_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
	(void)vfs;
	int rc = SQLITE_OK;
	pthread_mutex_lock(&lock);
	struct node *node = node_find(nodes, path);
	if (!power()) {
		rc = SQLITE_IOERR_DELETE;
	} else if (!node) {
		rc = SQLITE_IOERR_DELETE_NOENT;
	} else {
		node_unlink(&nodes, node);
		if (sync_dir || !node->on_disk) {
			node_drop(node);
			if (sync_dir)
				directory_sync();
		} else {
			node->gone = true;
			node->next = ghosts;
			ghosts = node;
		}
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int p_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	(void)vfs;
	(void)flags;
	pthread_mutex_lock(&lock);
	*out = node_find(nodes, path) != NULL;
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int p_full(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
	(void)vfs;
	snprintf(out, (size_t)size, "%s", path);
	return SQLITE_OK;
}

static int p_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	return host->xRandomness(host, n, out);
}

static int p_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return host->xSleep(host, us);
}

static int p_time(sqlite3_vfs *vfs, sqlite3_int64 *now)
{
	(void)vfs;
	return host->xCurrentTimeInt64(host, now);
}

static int p_error(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	(void)n;
	(void)out;
	return 0;
}

void powercut_reset(uint64_t seed)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof(struct pfile),
		.mxPathname = 512,
		.zName = POWERCUT_VFS,
		.xOpen = p_open,
		.xDelete = p_delete,
		.xAccess = p_access,
		.xFullPathname = p_full,
		.xRandomness = p_randomness,
		.xSleep = p_sleep,
		.xGetLastError = p_error,
		.xCurrentTimeInt64 = p_time,
	};
	if (!host) {
		host = sqlite3_vfs_find(NULL);
		if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
			abort();
	}
	pthread_mutex_lock(&lock);
	while (nodes) {
		struct node *node = nodes;
		nodes = node->next;
		node_drop(node);
	}
	while (ghosts) {
		struct node *node = ghosts;
		ghosts = node->next;
		node_drop(node);
	}
	rnd.state = seed;
	dead = false;
	armed = 0;
	fail_times = 0;
	stats = (struct powercut_stats){ 0 };
	pthread_mutex_unlock(&lock);
}
