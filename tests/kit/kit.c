/* See kit.h. The cluster is stopped by a watcher process that waits for the end of this one, so that nothing stays
 * behind when a test is killed. */
#include "kit/kit.h"
#include "base/clock.h"
#include "base/str.h"
#include "db/db.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TMPDIR_MAX 32

struct error kit_err;

static char dir_path[64], db_url[512], cluster_url[512];
static pid_t owner;
static int databases;
static uint64_t last_seed;
static bool seeded;

const char *kit_engine(void)
{
	const char *engine = getenv("BYNAME_TEST_ENGINE");
	return engine && *engine ? engine : "sqlite";
}

static bool postgres(void)
{
	return strcmp(kit_engine(), "postgresql") == 0;
}

/* ---- The temporary folder ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void at_end(int status, void *arg)
{
	(void)arg;
	if (getpid() != owner)
		return; /* a forked child */
	if (status != 0 && seeded)
		fprintf(stderr, "seed: BYNAME_SEED=%llu\n", (unsigned long long)last_seed);
	nftw(dir_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *kit_dir(void)
{
	if (*dir_path)
		return dir_path;
	const char *tmp = getenv("TMPDIR");
	if (!tmp || !*tmp || strlen(tmp) > TMPDIR_MAX) /* short: socket paths have 107 bytes */
		tmp = "/tmp";
	snprintf(dir_path, sizeof(dir_path), "%s/byname-XXXXXX", tmp);
	if (!mkdtemp(dir_path))
		fail_msg("mkdtemp: %s", strerror(errno));
	owner = getpid();
	on_exit(at_end, NULL);
	return dir_path;
}

/* ---- PostgreSQL ---- */

static void run_shell(const char *script)
{
	int status = system(script);
	if (status != 0)
		fail_msg(
		        "PostgreSQL for the test could not be started (%d); needed: postgresql-15, and as root runuser",
		        status);
}

static const char *bin_dir(void)
{
	static char found[300];
	DIR *d = opendir("/usr/lib/postgresql");
	int best = 0;
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (atoi(e->d_name) > best)
			best = atoi(e->d_name);
	if (d)
		closedir(d);
	if (best)
		snprintf(found, sizeof(found), "/usr/lib/postgresql/%d/bin/", best);
	return found;
}

/* Stops the cluster and removes its folder when this process ends, however it ends. */
static void cluster_watch(const char *dir, const char *as)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		fail_msg("pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		char script[1024];
		snprintf(script, sizeof(script),
		         "cd /; read x; %s %spg_ctl -D %s/data -m immediate -w stop >/dev/null 2>&1; rm -rf %s", as,
		         bin_dir(), dir, dir);
		setsid();
		dup2(ends[0], 0);
		int null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	close(ends[0]); /* ends[1] stays open until we end */
}

static void cluster_start(void)
{
	const char *lane = getenv("BYNAME_TEST_LANE"); /* see tests/CMakeLists.txt */
	const char *given = getenv(lane && atoi(lane) == 2 ? "BYNAME_TEST_PG_2" : "BYNAME_TEST_PG");
	if (given && *given) {
		snprintf(cluster_url, sizeof(cluster_url), "%s", given);
		return;
	}
	char dir[64], script[2048];
	const char *fast = getenv("BYNAME_TEST_PG_FAST");
	const char *as = geteuid() == 0 ? "runuser -u postgres --" : "";
	snprintf(dir, sizeof(dir), "/tmp/byname-pg-XXXXXX");
	if (!mkdtemp(dir))
		fail_msg("mkdtemp: %s", strerror(errno));
	cluster_watch(dir, as);
	snprintf(script, sizeof(script),
	         "set -e; cd /; if [ $(id -u) = 0 ]; then chown postgres %s; fi; "
	         "%s %sinitdb -D %s/data -U postgres -A trust -N -E UTF8 --locale=C.UTF-8 >/dev/null; "
	         "%s %spg_ctl -D %s/data -w -l %s/log -o \"-c listen_addresses= -k %s -c max_connections=200 -c "
	         "fsync=%s\" "
	         "start >/dev/null",
	         dir, as, bin_dir(), dir, as, bin_dir(), dir, dir, dir, fast && *fast ? "off" : "on");
	run_shell(script);
	snprintf(cluster_url, sizeof(cluster_url), "host=%s user=postgres dbname=postgres", dir);
}

static void cluster_sql(const char *sql)
{
	PGconn *c = PQconnectdb(cluster_url);
	PGresult *res = PQexec(c, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(c));
	PQclear(res);
	PQfinish(c);
}

/* The cluster's address with another database. */
static void url_with_database(char *out, size_t size, const char *name)
{
	PQconninfoOption *options = PQconninfoParse(cluster_url, NULL);
	size_t n = 0;
	for (PQconninfoOption *o = options; o && o->keyword; o++)
		if (o->val && strcmp(o->keyword, "dbname") != 0)
			n += (size_t)snprintf(out + n, size - n, "%s='%s' ", o->keyword, o->val);
	snprintf(out + n, size - n, "dbname=%s", name);
	PQconninfoFree(options);
}

static void postgres_make(void)
{
	if (!*cluster_url)
		cluster_start();
	char name[64], sql[128];
	snprintf(name, sizeof(name), "t%d_%d", (int)getpid(), ++databases);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE template0", name);
	cluster_sql(sql);
	url_with_database(db_url, sizeof(db_url), name);
}

/* ---- Databases ---- */

const char *kit_db_fresh(void)
{
	if (postgres())
		postgres_make();
	else
		snprintf(db_url, sizeof(db_url), "%s/test%d.db", kit_dir(), ++databases);
	return db_url;
}

int kit_limit_ms(void)
{
	const char *text = getenv("BYNAME_TEST_LIMIT_MS");
	return text ? atoi(text) : 0;
}

struct db *kit_db(void)
{
	struct db_config config = { .url = kit_db_fresh(), .create = true, .limit_ms = kit_limit_ms() };
	struct db *db = NULL;
	kit_err = (struct error){ 0 };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(db_migrate(db, &kit_err));
	return db;
}

const char *kit_db_url(void)
{
	return db_url;
}

void kit_db_close(struct db *db)
{
	db_close(db);
	if (postgres()) {
		char sql[700];
		const char *name = strstr(db_url, "dbname=");
		snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", name ? name + 7 : "nothing");
		cluster_sql(sql);
		return;
	}
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char path[600];
		snprintf(path, sizeof(path), "%s%s", db_url, suffixes[i]);
		unlink(path);
	}
}

void kit_sql(const char *sql)
{
	if (!postgres())
		fail_msg("kit_sql() is PostgreSQL's");
	PGconn *c = PQconnectdb(db_url);
	PGresult *res = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(res);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(c));
	PQclear(res);
	PQfinish(c);
}

/* ---- Random numbers ---- */

void kit_random_seed(struct kit_random *r, uint64_t otherwise)
{
	const char *given = getenv("BYNAME_SEED");
	r->state = last_seed = given && *given ? strtoull(given, NULL, 10) : otherwise;
	seeded = true;
}

uint64_t kit_random_next(struct kit_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t kit_random_below(struct kit_random *r, uint64_t n)
{
	return n ? kit_random_next(r) % n : 0;
}
