/* rooms: access feed db base */
/* The audit trail: every view is there once a window, and nobody can change it unseen. */
#include "kit/kit.h"
#include "access/access.h"
#include "base/clock.h"
#include "base/id.h"
#include "feed/room.h"
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const struct principal anna = { .role = ROLE_ASSOCIATE, .user = 1001 };
static const struct principal bert = { .role = ROLE_AGENT, .user = 1002 };
static const struct principal till = { .role = ROLE_SOURCE, .key = 1001 };

static void nap(int64_t us)
{
	nanosleep(&(struct timespec){ us / USEC, us % USEC * 1000 }, NULL);
}

static bool two_engines(void)
{
	return strcmp(kit_engine(), "postgresql") == 0;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

struct list {
	int64_t subject, user, before;
	int limit, n;
	struct audit_row rows[600];
};
static enum result list_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct list *l = arg;
	return audit_list(tx, l->subject, l->user, l->before, l->limit, l->rows, &l->n, e);
}
static struct list *list(struct db *db, int64_t subject, int64_t user, int64_t before, int limit)
{
	static struct list l;
	l = (struct list){ .subject = subject, .user = user, .before = before, .limit = limit };
	assert_ok(db_read(db, list_tx, &l, &kit_err));
	return &l;
}
static int rows_of(struct db *db, int64_t subject, int64_t user)
{
	return list(db, subject, user, 0, 600)->n;
}

static int findings;
static char invariants[2000];
static void finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg, (void)detail;
	assert_string_equal(room, "access");
	findings++;
	strncat(invariants, invariant, sizeof invariants - strlen(invariants) - 2);
	strcat(invariants, " ");
}
static int check(struct db *db)
{
	findings = 0;
	invariants[0] = '\0';
	assert_ok(access_room.check(db, finding, NULL, &kit_err));
	return findings;
}

static void view(struct db *db, const struct principal *p, int64_t customer, const char *purpose)
{
	assert_ok(audit_view(db, p, customer, purpose, &kit_err));
}

struct act {
	const char *action;
	int64_t subject, slow_us;
	struct str detail;
	bool fail;
	atomic_int *noted;
};
static enum result act_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct act *a = arg;
	TRY(audit_act(tx, &anna, a->action, a->subject, a->detail, e));
	if (a->noted)
		atomic_store(a->noted, 1);
	if (a->slow_us)
		nap(a->slow_us);
	return a->fail ? error_set(e, ERR_CONFLICT, "test.fail", NULL, "On purpose.") : OK;
}
static void act(struct db *db, const char *action, int64_t subject, const char *detail)
{
	struct act a = { .action = action, .subject = subject, .detail = str_c(detail) };
	assert_ok(db_transact(db, act_tx, &a, &kit_err));
}

/* ---- Views ------------------------------------------------------------------------------------------------------- */

static void grouping(struct db *db, bool appender)
{
	/* well inside a window, so that the test does not cross one; never back, for ids do not go back */
	int64_t now = clock_now() / (5 * MINUTE_US) * (5 * MINUTE_US) + MINUTE_US + appender * HOUR_US;
	clock_set(now);
	for (int i = 0; i < 3; i++) {
		view(db, &anna, 77, "serve");
		if (appender && i == 1) { /* a restart: the database remembers */
			audit_stop();
			assert_ok(audit_start(db, &kit_err));
		}
	}
	assert_int_equal(rows_of(db, 77, 0), 1);
	view(db, &anna, 77, "privacy");
	view(db, &bert, 77, "serve");
	view(db, &till, 77, "serve"); /* a key with a user's number is somebody else */
	view(db, &anna, 78, "serve");
	assert_int_equal(rows_of(db, 77, 0), 4);
	assert_int_equal(rows_of(db, 77, anna.user), 2);
	assert_int_equal(rows_of(db, 0, anna.user), 3);
	assert_int_equal(rows_of(db, 0, 0), 5);
	clock_set(now + 3 * MINUTE_US);
	view(db, &anna, 77, "serve");
	assert_int_equal(rows_of(db, 77, 0), 4);
	clock_set(now + 5 * MINUTE_US);
	view(db, &anna, 77, "serve");
	assert_int_equal(rows_of(db, 77, 0), 5);
	struct list *l = list(db, 77, 0, 0, 1);
	assert_int_equal(l->rows[0].user, anna.user);
	assert_int_equal(l->rows[0].subject, 77);
	assert_string_equal(l->rows[0].action, "view");
	assert_string_equal(l->rows[0].purpose, "serve");
	assert_true(l->rows[0].seq > 0);
	assert_in_range(l->rows[0].at, now + 5 * MINUTE_US - 1000, now + 5 * MINUTE_US + USEC);
	clock_set(0);
	assert_int_equal(check(db), 0);
	assert_result(ERR_INVALID, audit_view(db, &anna, 1, "a purpose that is longer than any", &kit_err));
}

static void test_grouping(void **state)
{
	(void)state;
	struct db *db = kit_db();
	grouping(db, false);
	kit_db_close(db);
	db = kit_db();
	assert_ok(audit_start(db, &kit_err));
	assert_result(ERR_CONFLICT, audit_start(db, &kit_err));
	grouping(db, true);
	audit_stop();
	audit_stop();
	kit_db_close(db);
}

#define THREADS 16
#define VIEWS 200
#define CUSTOMERS 300
struct viewer {
	struct db *db;
	uint64_t seed;
	atomic_uchar *seen; /* user × customer */
	int failed;
};
static void *viewer_main(void *arg)
{
	struct viewer *v = arg;
	struct kit_random r = { v->seed };
	for (int i = 0; i < VIEWS; i++) {
		struct error e = { 0 };
		uint64_t user = kit_random_below(&r, 4), customer = kit_random_below(&r, CUSTOMERS);
		struct principal p = { .role = ROLE_AGENT, .user = (int64_t)(5000 + user) };
		if (audit_view(v->db, &p, (int64_t)(90000 + customer), "serve", &e) != OK)
			v->failed++;
		atomic_store(&v->seen[user * CUSTOMERS + customer], 1);
	}
	return NULL;
}

/* Two appenders' worth of writers (on PostgreSQL the second "process" writes each view by itself). */
static void test_many_callers(void **state)
{
	(void)state;
	struct db *db = kit_db(), *other = db;
	struct db_config config = { .url = kit_db_url() };
	if (two_engines())
		assert_ok(db_open(&config, &other, &kit_err));
	static atomic_uchar seen_pairs[4 * CUSTOMERS];
	for (int i = 0; i < 4 * CUSTOMERS; i++)
		atomic_store(&seen_pairs[i], 0);
	int64_t now = clock_now() / (5 * MINUTE_US) * (5 * MINUTE_US) + MINUTE_US;
	clock_set(now);
	assert_ok(audit_start(db, &kit_err));
	struct kit_random r;
	kit_random_seed(&r, 3);
	struct viewer v[THREADS];
	pthread_t t[THREADS];
	for (int i = 0; i < THREADS; i++) {
		v[i] = (struct viewer){ i % 4 == 0 ? other : db, kit_random_next(&r), seen_pairs, 0 };
		assert_int_equal(pthread_create(&t[i], NULL, viewer_main, &v[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(v[i].failed, 0);
	}
	for (int i = 0; i < 50; i++)
		act(other, "note", i, "{\"n\":1}");
	audit_stop();
	int rows = 0, expected = 0;
	for (int user = 0; user < 4; user++)
		rows += rows_of(db, 0, 5000 + user);
	for (int i = 0; i < 4 * CUSTOMERS; i++)
		expected += atomic_load(&seen_pairs[i]);
	clock_set(0);
	assert_int_equal(rows, expected);
	assert_int_equal(check(db), 0);
	struct list *l = list(db, 0, 0, 0, 600); /* what the acts said is sealed too */
	for (int i = 0; i < l->n; i++)
		assert_true(l->rows[i].seq > 0);
	if (other != db)
		db_close(other);
	kit_db_close(db);
}

/* ---- Acts -------------------------------------------------------------------------------------------------------- */

static void acts(struct db *db)
{
	act(db, "merge", 500, "{\"decision\":\"dec_1\"}");
	struct act bad = { .action = "merge", .subject = 500, .detail = STR("{}"), .fail = true };
	assert_result(ERR_CONFLICT, db_transact(db, act_tx, &bad, &kit_err));
	act(db, "split", 500, "");
	view(db, &anna, 500, "serve");
	struct list *l = list(db, 500, 0, 0, 10);
	assert_int_equal(l->n, 3);
	assert_string_equal(l->rows[0].action, "view");
	assert_string_equal(l->rows[1].action, "split");
	assert_string_equal(l->rows[2].action, "merge");
	assert_string_equal(l->rows[2].detail, "{\"decision\":\"dec_1\"}");
	assert_false(l->rows[2].erased || l->rows[1].erased);
	static char longest[300];
	memset(longest, 'x', 299);
	struct act too_long = { .action = "x", .detail = str_c(longest) };
	assert_result(ERR_INVALID, db_transact(db, act_tx, &too_long, &kit_err));
}

static void test_acts(void **state)
{
	(void)state;
	struct db *db = kit_db();
	acts(db);
	assert_true(list(db, 500, 0, 0, 10)->rows[2].seq > 0);
	assert_int_equal(check(db), 0);
	kit_db_close(db);
	db = kit_db();
	assert_ok(audit_start(db, &kit_err));
	acts(db);
	int64_t until = clock_monotonic() + USEC;
	while ((list(db, 500, 0, 0, 10)->rows[2].seq == 0 || list(db, 500, 0, 0, 10)->rows[1].seq == 0) &&
	       clock_monotonic() < until)
		nap(2000);
	assert_true(list(db, 500, 0, 0, 10)->rows[2].seq > 0); /* sealed in a moment */
	assert_true(list(db, 500, 0, 0, 10)->rows[1].seq > 0);
	audit_stop();
	assert_int_equal(check(db), 0);
	kit_db_close(db);
}

static void *slow_act_main(void *arg)
{
	void **a = arg;
	struct error e = { 0 };
	a[2] = (void *)(intptr_t)db_transact(a[0], act_tx, a[1], &e);
	return NULL;
}

/* A long transaction that has noted an act holds up nobody's view. */
static void test_slow_act(void **state)
{
	(void)state;
	if (!two_engines()) {
		print_message("one writer on SQLite: a long transaction holds up everybody anyway\n");
		return;
	}
	struct db *db = kit_db();
	atomic_int noted = 0;
	assert_ok(audit_start(db, &kit_err));
	struct act slow = { .action = "merge", .subject = 1, .detail = STR("{}"), .slow_us = 800000, .noted = &noted };
	void *args[3] = { db, &slow, NULL };
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, slow_act_main, args), 0);
	while (!atomic_load(&noted))
		nap(1000);
	int64_t start = clock_monotonic();
	for (int i = 0; i < 20; i++)
		view(db, &anna, 1000 + i, "serve");
	assert_true(clock_monotonic() - start < 600000);
	pthread_join(t, NULL);
	assert_int_equal((intptr_t)args[2], OK);
	audit_stop();
	assert_int_equal(check(db), 0);
	assert_true(list(db, 1, 0, 0, 1)->rows[0].seq > 0);
	kit_db_close(db);
}

static void test_pages(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t start = clock_now();
	for (int i = 0; i < 57; i++) {
		clock_set(start + i * 2 * MINUTE_US); /* over many windows */
		act(db, "note", 9, "");
		act(db, "note", 8, "");
	}
	clock_set(0);
	for (int by = 0; by < 4; by++) {
		int64_t before = 0, last = INT64_MAX;
		int total = 0;
		for (;;) {
			struct list *l = list(db, by & 1 ? 9 : 0, by & 2 ? anna.user : 0, before, 10);
			for (int i = 0; i < l->n; i++) {
				assert_true(l->rows[i].id < last);
				last = l->rows[i].id;
			}
			total += l->n;
			if (l->n < 10)
				break;
			before = last;
		}
		assert_int_equal(total, by & 1 ? 57 : 114);
	}
	kit_db_close(db);
}

/* ---- Tampering --------------------------------------------------------------------------------------------------- */

DB_STMT(harm_purpose, "", "", "UPDATE audit_entry SET purpose = 'gossip' WHERE subject = 203 AND node = 1")
DB_STMT(harm_subject, "", "", "UPDATE audit_entry SET subject = 999 WHERE subject = 203 AND node = 1")
DB_STMT(harm_delete, "", "", "DELETE FROM audit_entry WHERE subject = 203 AND node = 1")
DB_STMT(harm_text, "", "", "UPDATE audit_text SET detail = '{\"a\":2}'")
DB_STMT(harm_block, "", "", "DELETE FROM audit_block WHERE node = 1 AND seq = 3")
DB_STMT(harm_rehash, "", "", "UPDATE audit_block SET at = at + 1 WHERE node = 1 AND seq = 3")
DB_STMT(harm_add, "", "",
        "INSERT INTO audit_entry (node, block, id, account, apikey, action, purpose, subject, win, uniq)"
        " VALUES (1, 3, 5, 1, 0, 'view', 'serve', 4, 1, 0)")
DB_STMT(harm_tail_blocks, "", "", "DELETE FROM audit_block WHERE node = 1 AND seq > 4")
DB_STMT(harm_tail_entries, "", "", "DELETE FROM audit_entry WHERE node = 1 AND block > 4")
DB_STMT(harm_all_blocks, "", "", "DELETE FROM audit_block WHERE node = 1")
DB_STMT(harm_all_entries, "", "", "DELETE FROM audit_entry WHERE node = 1")

static const struct harm {
	const struct db_stmt *a, *b;
	const char *invariant;
} harms[] = {
	{ &harm_purpose, NULL, "audit.digest" },
	{ &harm_subject, NULL, "audit.digest" },
	{ &harm_delete, NULL, "audit.count" },
	{ &harm_text, NULL, "audit.text" },
	{ &harm_block, NULL, "audit.gap" },
	{ &harm_rehash, NULL, "audit.hash" },
	{ &harm_add, NULL, "audit.count" },
	{ &harm_tail_blocks, NULL, "audit.gap" },
	{ &harm_tail_blocks, &harm_tail_entries, "audit.anchor" },
	{ &harm_all_blocks, &harm_all_entries, "audit.anchor" },
};

static enum result harm_tx(struct db_tx *tx, void *arg, struct error *e)
{
	const struct harm *h = arg;
	int64_t changed;
	TRY(db_exec(tx, h->a, &changed, e, DB_NONE));
	assert(changed > 0);
	return h->b ? db_exec(tx, h->b, NULL, e, DB_NONE) : OK;
}

/* Two chains; the second anchors the head of the first. */
static struct db *chains(void)
{
	struct db *db = kit_db();
	id_set_node(1, 0);
	for (int i = 0; i < 6; i++)
		view(db, &anna, 200 + i, "serve");
	act(db, "merge", 300, "{\"a\":1}");
	id_set_node(2, 0);
	assert_ok(audit_start(db, &kit_err));
	view(db, &bert, 200, "serve");
	audit_stop(); /* anchors */
	return db;
}

static void test_tampering(void **state)
{
	(void)state;
	struct db *db = chains();
	assert_int_equal(check(db), 0);
	kit_db_close(db);
	for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
		db = chains();
		assert_ok(db_transact(db, harm_tx, (void *)(uintptr_t)&harms[i], &kit_err));
		assert_true(check(db) > 0);
		if (!strstr(invariants, harms[i].invariant))
			fail_msg("harm %zu: %s, expected %s", i, invariants, harms[i].invariant);
		kit_db_close(db);
	}
}

/* ---- Erasure and export ------------------------------------------------------------------------------------------ */

struct privacy {
	int64_t record;
	struct buf out;
};
static enum result erase_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return access_room.erase_record(tx, ((struct privacy *)arg)->record, e);
}
static enum result export_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct privacy *p = arg;
	struct json_writer w;
	buf_clear(&p->out);
	jw_init(&w, &p->out);
	jw_object(&w);
	TRY(access_room.export_record(tx, p->record, &w, e));
	jw_end_object(&w);
	return OK;
}

static void test_erase_and_export(void **state)
{
	(void)state;
	struct db *db = chains();
	struct privacy p = { .record = 300 };
	buf_init(&p.out, 0);
	view(db, &bert, 300, "serve");
	assert_ok(db_read(db, export_tx, &p, &kit_err));
	assert_non_null(strstr(p.out.p, "\"merge\""));
	assert_non_null(strstr(p.out.p, "\"serve\""));
	assert_ok(db_transact(db, erase_tx, &p, &kit_err));
	struct list *l = list(db, 300, anna.user, 0, 5);
	assert_int_equal(l->n, 1);
	assert_true(l->rows[0].erased);
	assert_string_equal(l->rows[0].detail, "");
	assert_int_equal(check(db), 0);
	buf_free(&p.out);
	kit_db_close(db);
}

/* ---- Kill -------------------------------------------------------------------------------------------------------- */

static int child_main(const char *url)
{
	struct error e = { 0 };
	struct db *db;
	struct db_config config = { .url = url };
	if (db_open(&config, &db, &e) != OK || db_node_lease(db, &e) != OK || audit_start(db, &e) != OK) {
		fprintf(stderr, "child: %s %s\n", e.code, e.detail);
		return 1;
	}
	struct kit_random r;
	kit_random_seed(&r, (uint64_t)getpid());
	for (;;) {
		int64_t customer = (int64_t)(kit_random_next(&r) >> 2);
		if (audit_view(db, &anna, customer, "serve", &e) != OK)
			return 1;
		if (write(STDOUT_FILENO, &customer, sizeof customer) != sizeof customer)
			return 1;
		struct act a = { .action = "note", .subject = customer, .detail = STR("{}") };
		if (db_transact(db, act_tx, &a, &e) != OK)
			return 1;
	}
}

/* What was acknowledged is there, and the chain goes on where it was. */
static void test_kill(void **state)
{
	(void)state;
	struct db *db = kit_db();
	char url[4096];
	snprintf(url, sizeof url, "%s", kit_db_url());
	db_close(db);
	int acknowledged = 0;
	struct db_config config = { .url = url };
	for (int round = 0; round < 5; round++) {
		int fd[2];
		pid_t pid;
		char *args[] = { "access_audit_test", "child", url, NULL };
		posix_spawn_file_actions_t actions;
		assert_int_equal(pipe(fd), 0);
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, fd[1], STDOUT_FILENO);
		posix_spawn_file_actions_addclose(&actions, fd[0]);
		assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, args, environ), 0);
		posix_spawn_file_actions_destroy(&actions);
		close(fd[1]);
		int64_t customers[4000];
		size_t got = 0;
		while (got < 20 + (size_t)round * 13 && read(fd[0], &customers[got], 8) == 8)
			got++;
		kill(pid, SIGKILL);
		while (got < 4000 && read(fd[0], &customers[got], 8) == 8)
			got++;
		close(fd[0]);
		int status;
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		nap(50000); /* PostgreSQL ends what the dead client had open */
		assert_ok(db_open(&config, &db, &kit_err));
		for (size_t i = 0; i < got; i++)
			assert_true(rows_of(db, customers[i], anna.user) >= 1);
		acknowledged += (int)got;
		assert_int_equal(check(db), 0);
		if (round < 4)
			db_close(db);
	}
	assert_true(acknowledged >= 100);
	assert_ok(audit_start(db, &kit_err)); /* seals what the dead left */
	audit_stop();
	assert_int_equal(check(db), 0);
	struct list *l = list(db, 0, 0, 0, 600);
	for (int i = 0; i < l->n; i++)
		assert_true(l->rows[i].seq > 0);
	kit_db_close(db);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "child") == 0)
		return child_main(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grouping),
		cmocka_unit_test(test_many_callers),
		cmocka_unit_test(test_acts),
		cmocka_unit_test(test_slow_act),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_erase_and_export),
		cmocka_unit_test(test_kill),
	};
	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
