/* rooms: db base */
#include "kit/kit.h"
#include "db/internal.h"
#include "db/schema.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The process is killed at random moments while four threads write: everything it acknowledged is there, once.
 * BYNAME_KILLS: how often (12; the long run takes 200). */

#define THREADS 4
#define KILLS_DEFAULT 12
#define LIFE_MOST_US 120000
#define READY 99 /* instead of a thread's number */

static const struct schema_file files[] = {
	{ 1, "0001_test.sql",
	  "CREATE TABLE entry (id {autoid}, thread {int} NOT NULL, seq {int} NOT NULL) {rows};\n"
	  "CREATE INDEX entry_thread ON entry (thread, seq);\n"
	  "CREATE TABLE total (thread {int} PRIMARY KEY, n {int} NOT NULL) {rows};\n"
	  "INSERT INTO total VALUES (0, 0), (1, 0), (2, 0), (3, 0);\n" },
	{ 0, NULL, NULL }
};

#define KILL_ALL                                                                                                       \
	"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"                                                 \
	" WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"

DB_STMT(entry_insert, "ii", "", "INSERT INTO entry (thread, seq) VALUES ($1, $2)")
DB_STMT(total_add, "i", "", "UPDATE total SET n = n + 1 WHERE thread = $1")
DB_STMT(entry_check, "", "iiiIi",
        "SELECT e.thread, COUNT(*), COUNT(DISTINCT e.seq), MAX(e.seq), t.n FROM entry e JOIN total t ON t.thread = "
        "e.thread"
        " GROUP BY e.thread, t.n")

struct ack {
	int64_t thread, seq;
};

struct writer {
	pthread_t thread;
	int64_t number, last;
	int pipe;
	struct db *db;
};

static int64_t acknowledged[THREADS];

static enum result entry_write(struct db_tx *tx, void *arg, struct error *e)
{
	const struct writer *w = arg;
	TRY(db_exec(tx, &entry_insert, NULL, e, DB_INT(w->number), DB_INT(w->last + 1)));
	return db_exec(tx, &total_add, NULL, e, DB_INT(w->number));
}

static void tell(int fd, int64_t thread, int64_t seq)
{
	struct ack a = { thread, seq };
	if (write(fd, &a, sizeof(a)) != sizeof(a))
		_exit(1);
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	struct error e;
	while (db_transact(w->db, entry_write, w, &e) == OK)
		tell(w->pipe, w->number, ++w->last);
	fprintf(stderr, "%s: %s\n", e.code, e.detail);
	_exit(1);
}

static void child_run(const char *url, int fd)
{
	struct db_config config = { .url = url, .create = true, .checkpoint_pages = 100 };
	struct db *db = NULL;
	struct writer w[THREADS];
	if (db_open(&config, &db, &kit_err) != OK || migrate_files(db, files, &kit_err) != OK) {
		fprintf(stderr, "%s: %s\n", kit_err.code, kit_err.detail);
		_exit(1);
	}
	tell(fd, READY, 0);
	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct writer){ .number = i, .last = acknowledged[i], .pipe = fd, .db = db };
		pthread_create(&w[i].thread, NULL, writer_run, &w[i]);
	}
	pause();
	_exit(1);
}

static void acks_read(int fd)
{
	struct ack a;
	ssize_t n;
	while ((n = read(fd, &a, sizeof(a))) == sizeof(a))
		if (a.thread < THREADS)
			acknowledged[a.thread] = a.seq;
	assert_int_equal(n, 0);
}

static enum result check(struct db_tx *tx, void *arg, struct error *e)
{
	(void)arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &entry_check, &rows, e, DB_NONE));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t thread = db_int(rows, 0), count = db_int(rows, 1), last = db_int(rows, 3);
		assert_int_equal(count, db_int(rows, 2)); /* none twice */
		assert_int_equal(count, last);            /* none missing */
		assert_int_equal(count, db_int(rows, 4)); /* none in half */
		assert_true(last == acknowledged[thread] || last == acknowledged[thread] + 1);
		acknowledged[thread] = last;
	}
	return step == DB_ERR ? e->result : OK;
}

static void one_kill(const char *url, struct kit_random *rnd)
{
	int ends[2];
	struct ack ready;
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child_run(url, ends[1]);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &ready, sizeof(ready)), sizeof(ready));
	usleep((useconds_t)kit_random_below(rnd, LIFE_MOST_US));
	kill(pid, SIGKILL);
	acks_read(ends[0]);
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail_msg("it ended by itself: %x", (unsigned)status);
	if (strcmp(kit_engine(), "postgresql") == 0)
		kit_sql(KILL_ALL); /* what it had sent may still be under way */
	struct db *db = NULL;
	struct db_config config = { .url = url };
	assert_ok(db_open(&config, &db, &kit_err));
	assert_ok(db_read(db, check, NULL, &kit_err));
	db_close(db);
}

static void nothing_acknowledged_is_lost_or_doubled(void **state)
{
	(void)state;
	const char *given = getenv("BYNAME_KILLS");
	int kills = given && atoi(given) > 0 ? atoi(given) : KILLS_DEFAULT;
	struct kit_random rnd;
	kit_random_seed(&rnd, 815);
	const char *url = kit_db_fresh();
	for (int i = 0; i < kills; i++)
		one_kill(url, &rnd);
	int64_t all = 0;
	for (int i = 0; i < THREADS; i++)
		all += acknowledged[i];
	print_message("%d kills, %lld commands\n", kills, (long long)all);
	assert_true(all > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_acknowledged_is_lost_or_doubled) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
