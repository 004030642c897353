/* rooms: access feed db base */
/* Audited views of customers a second, beside bare inserts of one row by as many callers on the same engine.
 * usage: audit_bench URL [seconds] */
#include "access/access.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define CALLERS 48

DB_STMT(bare_make, "", "", "CREATE TABLE bare (id BIGINT PRIMARY KEY, a BIGINT, b BIGINT, c TEXT)")
DB_STMT(bare_insert, "iit", "", "INSERT INTO bare (id, a, b, c) VALUES ($1, $2, $2, $3)")

static struct db *db;
static atomic_llong done, counter;
static atomic_bool stop;

static enum result make_tx(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	return db_exec(tx, &bare_make, NULL, e, DB_NONE);
}

static enum result bare_tx(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t id = *(int64_t *)arg;
	return db_exec(tx, &bare_insert, NULL, e, DB_INT(id), DB_INT(id * 7919), DB_CSTR("serve"));
}

static enum result bare(int64_t n, struct error *e)
{
	return db_transact(db, bare_tx, &n, e);
}

/* Customers in no order, as they come to the tills. */
static enum result fresh(int64_t n, struct error *e)
{
	struct principal p = { .role = ROLE_ASSOCIATE, .user = 1000 + n % 500 };
	return audit_view(db, &p, (int64_t)((uint64_t)n * 0x9e3779b97f4a7c15u >> 2), "serve", e);
}

static enum result again(int64_t n, struct error *e)
{
	struct principal p = { .role = ROLE_ASSOCIATE, .user = 1000 };
	return audit_view(db, &p, n % 1000, "serve", e);
}

static void *caller(void *arg)
{
	enum result (*step)(int64_t, struct error *) = *(enum result(**)(int64_t, struct error *))arg;
	struct error e = { 0 };
	while (!atomic_load(&stop)) {
		if (step(atomic_fetch_add(&counter, 1), &e) != OK) {
			fprintf(stderr, "%s: %s\n", e.code, e.detail);
			exit(1);
		}
		atomic_fetch_add(&done, 1);
	}
	return NULL;
}

static double measure(const char *name, enum result (*step)(int64_t, struct error *), double seconds)
{
	pthread_t t[CALLERS];
	atomic_store(&done, 0);
	atomic_store(&stop, false);
	int64_t start = clock_monotonic();
	for (int i = 0; i < CALLERS; i++)
		if (pthread_create(&t[i], NULL, caller, &step) != 0)
			exit(1);
	while (clock_monotonic() - start < (int64_t)(seconds * 1e6)) {
		struct timespec ts = { 0, 10000000 };
		nanosleep(&ts, NULL);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < CALLERS; i++)
		pthread_join(t[i], NULL);
	double rate = (double)atomic_load(&done) / ((double)(clock_monotonic() - start) / 1e6);
	printf("%-28s %9.0f /s\n", name, rate);
	return rate;
}

int main(int argc, char **argv)
{
	struct error e = { 0 };
	double seconds = argc > 2 ? atof(argv[2]) : 3;
	struct db_config config = { .url = argc > 1 ? argv[1] : "/tmp/audit_bench.db",
		                    .create = true,
		                    .readers = CALLERS };
	if (db_open(&config, &db, &e) != OK || db_migrate(db, &e) != OK || db_transact(db, make_tx, NULL, &e) != OK ||
	    audit_start(db, &e) != OK) {
		fprintf(stderr, "%s: %s\n", e.code, e.detail);
		return 1;
	}
	printf("%d callers, %s\n", CALLERS, db_engine_name(db));
	double peer = measure("one bare row, committed", bare, seconds);
	double views = measure("audited views, all new", fresh, seconds);
	measure("audited views, seen before", again, seconds);
	printf("ratio of new views to bare rows: %.2f\n", views / peer);
	audit_stop();
	db_close(db);
	return 0;
}
