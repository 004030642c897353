/* rooms: access feed db base */
/* Users, links, sessions, keys and limits. */
#include "kit/kit.h"
#include "access/internal.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PASSWORD "correct horse battery"

static void nap(int64_t us)
{
	nanosleep(&(struct timespec){ us / USEC, us % USEC * 1000 }, NULL);
}

/* ---- Doors with a transaction around them ------------------------------------------------------------------------ */

struct call {
	struct user_in in;
	int64_t user, count;
	bool disabled;
	char token[LINK_TOKEN_BYTES], key[APIKEY_BYTES];
	struct link_info info;
	struct user got;
	enum role role;
	struct user list[8];
	struct apikey keys[8];
	int n;
};

#define TX(name, expr)                                                                                                 \
	static enum result name(struct db_tx *tx, void *arg, struct error *e)                                          \
	{                                                                                                              \
		struct call *c = arg;                                                                                  \
		return expr;                                                                                           \
	}
TX(add_tx, user_add(tx, &c->in, &c->user, e))
TX(change_tx, user_change(tx, c->user, &c->in, c->disabled, e))
TX(get_tx, user_get(tx, c->user, &c->got, e))
TX(list_tx, user_list(tx, c->in.login, 3, c->list, &c->n, e))
TX(count_tx, user_count(tx, &c->count, e))
TX(link_tx, link_new(tx, c->user, c->token, e))
TX(show_tx, link_show(tx, str_c(c->token), &c->info, e))
TX(key_tx, apikey_add(tx, STR("Till"), STR("till"), c->role, c->key, &c->user, e))
TX(revoke_tx, apikey_revoke(tx, c->user, e))
TX(keys_tx, apikey_list(tx, 8, c->keys, &c->n, e))

static int64_t add(struct db *db, const char *login, enum role role)
{
	struct call c = { .in = { .login = str_c(login), .name = str_c(login), .role = role } };
	if (role == ROLE_ASSOCIATE) {
		c.in.stores[0] = 4711;
		c.in.store_count = 1;
	}
	assert_ok(db_transact(db, add_tx, &c, &kit_err));
	return c.user;
}

static struct call link_for(struct db *db, int64_t user)
{
	struct call c = { .user = user };
	assert_ok(db_transact(db, link_tx, &c, &kit_err));
	assert_int_equal(strlen(c.token), 43);
	return c;
}

static enum result sign_in(struct db *db, const char *login, const char *password, const char *remote, char *token,
                           struct principal *p)
{
	return session_open(db, str_c(login), str_c(password), remote, token, p, &kit_err);
}

static void disable(struct db *db, int64_t user, bool disabled)
{
	struct call c = { .user = user };
	assert_ok(db_read(db, get_tx, &c, &kit_err));
	c.in = (struct user_in){ .login = str_c(c.got.login),
		                 .name = str_c(c.got.name),
		                 .role = c.got.role,
		                 .store_count = c.got.store_count };
	memcpy(c.in.stores, c.got.stores, sizeof c.in.stores);
	c.disabled = disabled;
	assert_ok(db_transact(db, change_tx, &c, &kit_err));
}

/* ---- Roles ------------------------------------------------------------------------------------------------------- */

static void test_roles(void **state)
{
	(void)state;
	enum role r;
	for (int i = 0; i < ROLE_COUNT; i++) {
		const char *name = role_name((enum role)(1u << i));
		assert_true(name[0]);
		assert_true(role_find(str_c(name), &r));
		assert_int_equal(r, 1u << i);
	}
	assert_false(role_find(STR("Admin"), &r));
	assert_false(role_find(STR(""), &r));
	struct principal p = { .role = ROLE_ASSOCIATE };
	assert_false(principal_in_store(&p, 1));
	p.stores[0] = 1;
	p.store_count = 1;
	assert_true(principal_in_store(&p, 1));
	assert_false(principal_in_store(&p, 2));
	p.role = ROLE_MANAGER;
	assert_false(principal_in_store(&p, 2));
	p.store_count = 0;
	assert_true(principal_in_store(&p, 2));
	p.role = ROLE_BROWSER;
	assert_false(principal_in_store(&p, 2));
}

/* ---- Users ------------------------------------------------------------------------------------------------------- */

static void test_users(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t boss = add(db, "Boss", ROLE_ADMIN), anna = add(db, "anna", ROLE_ASSOCIATE);
	struct call c = { .in = { .login = STR("ANNA"), .name = STR("x"), .role = ROLE_AGENT } };
	assert_result(ERR_CONFLICT, db_transact(db, add_tx, &c, &kit_err));
	assert_string_equal(kit_err.code, "user.login_taken");
	static const char *const bad[] = { "", "a b", "a\tb", "ä",
		                           "0123456789012345678901234567890123456789012345678901234567890123" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		c.in.login = str_c(bad[i]);
		assert_result(ERR_INVALID, db_transact(db, add_tx, &c, &kit_err));
		assert_string_equal(kit_err.field, "login");
	}
	c.in = (struct user_in){ .login = STR("x"), .name = STR("x"), .role = ROLE_SOURCE };
	assert_result(ERR_INVALID, db_transact(db, add_tx, &c, &kit_err));
	c.in.role = ROLE_AGENT | ROLE_ADMIN;
	assert_result(ERR_INVALID, db_transact(db, add_tx, &c, &kit_err));
	c.user = anna;
	assert_ok(db_read(db, get_tx, &c, &kit_err));
	assert_string_equal(c.got.login, "anna");
	assert_int_equal(c.got.role, ROLE_ASSOCIATE);
	assert_int_equal(c.got.store_count, 1);
	assert_int_equal(c.got.stores[0], 4711);
	assert_false(c.got.has_password || c.got.disabled);
	/* the last administrator stays one, and a login stays free for one */
	c.in = (struct user_in){ .login = STR("boss"), .name = STR("Boss"), .role = ROLE_AGENT };
	c.user = boss;
	assert_result(ERR_CONFLICT, db_transact(db, change_tx, &c, &kit_err));
	assert_string_equal(kit_err.code, "user.last_admin");
	c.in.role = ROLE_ADMIN;
	c.disabled = true;
	assert_result(ERR_CONFLICT, db_transact(db, change_tx, &c, &kit_err));
	c.disabled = false;
	c.in.login = STR("anna");
	assert_result(ERR_CONFLICT, db_transact(db, change_tx, &c, &kit_err));
	add(db, "second", ROLE_ADMIN);
	disable(db, boss, true);
	c.user = 12345;
	assert_result(ERR_NOT_FOUND, db_transact(db, change_tx, &c, &kit_err));
	c.in.login = STR("");
	assert_ok(db_read(db, list_tx, &c, &kit_err));
	assert_int_equal(c.n, 3);
	assert_string_equal(c.list[0].login, "anna");
	assert_int_equal(c.list[0].stores[0], 4711);
	assert_true(c.list[1].disabled);
	c.in.login = STR("boss");
	assert_ok(db_read(db, list_tx, &c, &kit_err));
	assert_int_equal(c.n, 1);
	kit_db_close(db);
}

/* ---- Links ------------------------------------------------------------------------------------------------------- */

static enum result use(struct db *db, const char *token, const char *login, const char *password, int64_t *user)
{
	return link_use(db, str_c(token), str_c(login), STR("Somebody"), str_c(password), user, &kit_err);
}

static void test_first_admin(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t user;
	struct call a = link_for(db, 0), b = link_for(db, 0); /* two servers print one each */
	assert_ok(db_read(db, show_tx, &a, &kit_err));
	assert_true(a.info.first_admin);
	assert_result(ERR_INVALID, use(db, a.token, "chief", "short", &user));
	assert_result(ERR_INVALID, use(db, a.token, "not a login", PASSWORD, &user));
	assert_ok(use(db, a.token, "Chief", PASSWORD, &user)); /* what was refused did not use it up */
	assert_result(ERR_NOT_FOUND, use(db, a.token, "chief2", PASSWORD, &user));
	assert_result(ERR_CONFLICT, use(db, b.token, "chief2", PASSWORD, &user));
	assert_result(ERR_CONFLICT, db_read(db, show_tx, &b, &kit_err));
	assert_result(ERR_CONFLICT, db_transact(db, link_tx, &(struct call){ 0 }, &kit_err));
	assert_string_equal(kit_err.code, "link.users_exist");
	struct call c = { .user = user };
	assert_ok(db_read(db, get_tx, &c, &kit_err));
	assert_int_equal(c.got.role, ROLE_ADMIN);
	assert_true(c.got.has_password);
	struct principal p;
	char token[SESSION_TOKEN_BYTES];
	assert_ok(sign_in(db, "CHIEF", PASSWORD, NULL, token, &p));
	assert_int_equal(p.user, user);
	kit_db_close(db);
}

struct race {
	struct db *db;
	const char *token, *login;
	pthread_barrier_t *start;
	enum result result;
	int64_t user;
};
static void *race_main(void *arg)
{
	struct race *r = arg;
	struct error e = { 0 };
	pthread_barrier_wait(r->start);
	r->result = link_use(r->db, str_c(r->token), str_c(r->login), STR("x"), STR(PASSWORD), &r->user, &e);
	return NULL;
}

/* Two at once with the same link, then (before any user is there) with two links for a first administrator. */
static void test_link_race(void **state)
{
	(void)state;
	for (int round = 0; round < 6; round++) {
		struct db *db = kit_db();
		bool same = round % 2 == 0;
		struct call a = link_for(db, 0), b = link_for(db, 0);
		pthread_barrier_t start;
		pthread_barrier_init(&start, NULL, 2);
		struct race r[2] = { { db, a.token, "one", &start, OK, 0 },
			             { db, same ? a.token : b.token, "two", &start, OK, 0 } };
		pthread_t t[2];
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&t[i], NULL, race_main, &r[i]), 0);
		for (int i = 0; i < 2; i++)
			pthread_join(t[i], NULL);
		assert_int_equal((r[0].result == OK) + (r[1].result == OK), 1);
		struct call c = { 0 };
		assert_ok(db_read(db, count_tx, &c, &kit_err));
		assert_int_equal(c.count, 1);
		pthread_barrier_destroy(&start);
		kit_db_close(db);
	}
}

/* The same for a user who is there: here only the guarded update decides. */
static void test_user_link_race(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE);
	for (int round = 0; round < 6; round++) {
		struct call a = link_for(db, anna);
		pthread_barrier_t start;
		pthread_barrier_init(&start, NULL, 2);
		struct race r[2] = { { db, a.token, "", &start, OK, 0 }, { db, a.token, "", &start, OK, 0 } };
		pthread_t t[2];
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&t[i], NULL, race_main, &r[i]), 0);
		for (int i = 0; i < 2; i++)
			pthread_join(t[i], NULL);
		assert_int_equal((r[0].result == OK) + (r[1].result == OK), 1);
		assert_int_equal((r[0].result == ERR_NOT_FOUND) + (r[1].result == ERR_NOT_FOUND), 1);
		pthread_barrier_destroy(&start);
	}
	kit_db_close(db);
}

static void test_links(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE), user;
	struct call a = link_for(db, anna), b = link_for(db, anna);
	assert_result(ERR_NOT_FOUND, db_read(db, show_tx, &a, &kit_err)); /* the newer took its place */
	assert_ok(db_read(db, show_tx, &b, &kit_err));
	assert_false(b.info.first_admin);
	assert_string_equal(b.info.login, "anna");
	clock_set(clock_now() + 49 * HOUR_US);
	assert_result(ERR_NOT_FOUND, use(db, b.token, "", PASSWORD, &user));
	clock_set(0);
	assert_ok(use(db, b.token, "", PASSWORD, &user));
	assert_int_equal(user, anna);
	struct call c = link_for(db, anna);
	disable(db, anna, true);
	assert_result(ERR_NOT_FOUND, use(db, c.token, "", PASSWORD, &user));
	assert_result(ERR_CONFLICT, db_transact(db, link_tx, &(struct call){ .user = anna }, &kit_err));
	assert_result(ERR_NOT_FOUND, use(db, "nonsense", "", PASSWORD, &user));
	kit_db_close(db);
}

static void test_password_rules(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t user = add(db, "maximilian", ROLE_AGENT);
	static char longest[1025];
	memset(longest, 'x', 1024);
	assert_result(ERR_INVALID, user_set_password(db, user, STR("123456789"), &kit_err));
	assert_string_equal(kit_err.code, "password.short");
	assert_result(ERR_INVALID,
	              user_set_password(db, user, STR("äöüäöüäöü"), &kit_err)); /* 9 characters, 18 bytes */
	assert_result(ERR_INVALID, user_set_password(db, user, STR("MaximilIan"), &kit_err));
	assert_string_equal(kit_err.code, "password.login");
	assert_result(ERR_INVALID, user_set_password(db, user, STR("1234567890\xff"), &kit_err));
	assert_ok(user_set_password(db, user, (struct str){ longest, 1024 }, &kit_err));
	assert_result(ERR_INVALID, user_set_password(db, user, (struct str){ "x", 0 }, &kit_err));
	longest[1024] = 'x';
	assert_result(ERR_INVALID, user_set_password(db, user, (struct str){ longest, 1025 }, &kit_err));
	assert_string_equal(kit_err.field, "password");
	assert_ok(user_set_password(db, user, STR("äöüäöüäöüß"), &kit_err));
	assert_result(ERR_NOT_FOUND, user_set_password(db, 99, STR(PASSWORD), &kit_err));
	kit_db_close(db);
}

/* ---- Sessions ---------------------------------------------------------------------------------------------------- */

static enum result find(struct db *db, const char *token, struct principal *p)
{
	return session_find(db, str_c(token), p, &kit_err);
}

static void test_sessions(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE);
	char one[SESSION_TOKEN_BYTES], two[SESSION_TOKEN_BYTES];
	struct principal p, q, r;
	assert_result(ERR_UNAUTHORIZED, sign_in(db, "anna", PASSWORD, NULL, one, &p)); /* no password yet */
	assert_ok(user_set_password(db, anna, STR(PASSWORD), &kit_err));
	assert_result(ERR_UNAUTHORIZED, sign_in(db, "anna", PASSWORD "x", NULL, one, &p));
	assert_string_equal(kit_err.code, "sign_in.wrong");
	assert_result(ERR_UNAUTHORIZED, sign_in(db, "nobody", PASSWORD, NULL, one, &p));
	assert_string_equal(kit_err.code, "sign_in.wrong");
	assert_ok(sign_in(db, "anna", PASSWORD, NULL, one, &p));
	assert_ok(sign_in(db, " ANNA ", PASSWORD, NULL, two, &q));
	assert_string_not_equal(one, two);
	assert_int_equal(p.user, anna);
	assert_int_equal(p.role, ROLE_ASSOCIATE);
	assert_true(principal_in_store(&p, 4711));
	assert_ok(find(db, one, &r));
	assert_string_equal(r.csrf, p.csrf);
	assert_string_equal(r.login, "anna");
	/* The CSRF token belongs to one session and is not the cookie. */
	assert_int_equal(strlen(p.csrf), 43);
	assert_true(principal_csrf_ok(&r, str_c(p.csrf)));
	assert_false(principal_csrf_ok(&r, str_c(q.csrf)));
	assert_false(principal_csrf_ok(&r, str_c(one)));
	assert_false(principal_csrf_ok(&r, STR("")));
	assert_false(principal_csrf_ok(&(struct principal){ 0 }, STR("")));
	/* A changed token, a CSRF token or an empty one opens nothing. */
	char wrong[SESSION_TOKEN_BYTES];
	memcpy(wrong, one, sizeof wrong);
	wrong[5] = wrong[5] == 'A' ? 'B' : 'A';
	assert_result(ERR_UNAUTHORIZED, find(db, wrong, &r));
	assert_result(ERR_UNAUTHORIZED, find(db, p.csrf, &r));
	assert_result(ERR_UNAUTHORIZED, find(db, "", &r));
	assert_ok(session_close(db, str_c(one), &kit_err));
	assert_result(ERR_UNAUTHORIZED, find(db, one, &r));
	assert_ok(find(db, two, &r));
	assert_ok(user_set_password(db, anna, STR(PASSWORD " 2"), &kit_err)); /* ends what the old one opened */
	assert_result(ERR_UNAUTHORIZED, find(db, two, &r));
	kit_db_close(db);
}

struct late {
	struct db *db;
	const char *password;
	char token[SESSION_TOKEN_BYTES];
	enum result result;
};
static void *late_main(void *arg)
{
	struct late *l = arg;
	struct error e = { 0 };
	struct principal p;
	l->result = session_open(l->db, STR("anna"), str_c(l->password), NULL, l->token, &p, &e);
	return NULL;
}

struct change {
	int64_t user;
	char hash[PASSWORD_BYTES];
};
static enum result store_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct change *c = arg;
	return user_password_store(tx, c->user, c->hash, e);
}

/* Who signs in with the old password while it is being changed has no session afterwards, whichever came first. */
static void test_password_changed_meanwhile(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE);
	static const char *const words[2] = { PASSWORD " even", PASSWORD " odd" };
	struct change change[2] = { { .user = anna }, { .user = anna } };
	for (int i = 0; i < 2; i++)
		assert_ok(password_hash(str_c(words[i]), change[i].hash, &kit_err));
	assert_ok(db_transact(db, store_tx, &change[0], &kit_err));
	for (int round = 0; round < 12; round++) {
		struct late l = { .db = db, .password = words[round % 2] };
		struct principal p;
		pthread_t t;
		assert_int_equal(pthread_create(&t, NULL, late_main, &l), 0);
		nap(1000 + round * 3000);
		assert_ok(db_transact(db, store_tx, &change[(round + 1) % 2], &kit_err));
		pthread_join(t, NULL);
		if (l.result == OK)
			assert_result(ERR_UNAUTHORIZED, find(db, l.token, &p));
	}
	kit_db_close(db);
}

static void *hash_main(void *arg)
{
	char hash[PASSWORD_BYTES];
	struct error e = { 0 };
	*(enum result *)arg = password_hash(STR(PASSWORD), hash, &e);
	return NULL;
}

static long peak_kib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* 16 at once take the memory of as many as there are cores (runs first: the peak is the process's). */
static void test_hashes_at_once(void **state)
{
	(void)state;
	long cores = sysconf(_SC_NPROCESSORS_ONLN), before = peak_kib();
	pthread_t t[16];
	enum result r[16];
	if (cores > 12) {
		print_message("%ld cores: 16 hashes at once are too few to tell\n", cores);
		return;
	}
	for (int i = 0; i < 16; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hash_main, &r[i]), 0);
	for (int i = 0; i < 16; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(r[i], OK);
	}
	assert_true(peak_kib() - before < (cores + 1) * 20 * 1024 + 16 * 1024);
}

static void test_session_limits(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE), start = clock_now();
	char token[SESSION_TOKEN_BYTES], idle[SESSION_TOKEN_BYTES];
	struct principal p;
	assert_ok(user_set_password(db, anna, STR(PASSWORD), &kit_err));
	clock_set(start);
	assert_ok(sign_in(db, "anna", PASSWORD, NULL, token, &p));
	assert_ok(sign_in(db, "anna", PASSWORD, NULL, idle, &p));
	for (int64_t t = 0; t < 7 * DAY_US; t += 11 * HOUR_US) {
		clock_set(start + t);
		assert_ok(find(db, token, &p)); /* used every 11 hours */
	}
	assert_result(ERR_UNAUTHORIZED, find(db, idle, &p));
	clock_set(start + 7 * DAY_US + USEC);
	assert_result(ERR_UNAUTHORIZED, find(db, token, &p));
	struct call c = { .user = anna };
	assert_ok(db_read(db, get_tx, &c, &kit_err));
	assert_true(c.got.last_seen_at > start + 6 * DAY_US);
	clock_set(start + 7 * DAY_US + 2 * USEC);
	assert_ok(sign_in(db, "anna", PASSWORD, NULL, token, &p));
	clock_set(start + 7 * DAY_US + 2 * USEC + 12 * HOUR_US + USEC);
	assert_result(ERR_UNAUTHORIZED, find(db, token, &p));
	clock_set(0);
	kit_db_close(db);
}

/* last_seen_at costs a write a minute, not one a request. */
static void test_session_touch(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE), start = clock_now();
	char token[SESSION_TOKEN_BYTES];
	struct principal p;
	struct db_stats before, after;
	assert_ok(user_set_password(db, anna, STR(PASSWORD), &kit_err));
	clock_set(start);
	assert_ok(sign_in(db, "anna", PASSWORD, NULL, token, &p));
	db_stats_get(db, &before);
	for (int s = 0; s < 180; s++) {
		clock_set(start + s * USEC);
		assert_ok(find(db, token, &p));
	}
	db_stats_get(db, &after);
	clock_set(0);
	assert_in_range(after.commits - before.commits, 2, 8); /* 2; a lease may write in between */
	struct call c = { .user = anna };
	assert_ok(db_read(db, get_tx, &c, &kit_err));
	assert_true(c.got.last_seen_at >= start + 60 * USEC);
	kit_db_close(db);
}

/* A user who is disabled here is out at once, and on the other server as soon as its feed has heard of it. */
static void test_disabled_everywhere(void **state)
{
	(void)state;
	bool two = strcmp(kit_engine(), "postgresql") == 0;
	struct db *db = kit_db(), *other = NULL;
	struct db_config config = { .url = kit_db_url() };
	if (two)
		assert_ok(db_open(&config, &other, &kit_err));
	else
		other = db; /* one process owns the file: the feed's way is tested all the same */
	struct feed *f;
	assert_ok(feed_start(other, NULL, 0, &access_feed, 1, (struct feed_position){ 0, 0 }, &f, &kit_err));
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE);
	assert_ok(user_set_password(db, anna, STR(PASSWORD), &kit_err));
	char token[SESSION_TOKEN_BYTES];
	struct principal p;
	for (int round = 0; round < 3; round++) {
		assert_ok(sign_in(db, "anna", PASSWORD, NULL, token, &p));
		assert_ok(find(db, token, &p));
		assert_ok(find(other, token, &p));
		disable(db, anna, true);
		assert_result(ERR_UNAUTHORIZED, find(db, token, &p));
		int64_t until = clock_monotonic() + USEC;
		while (find(other, token, &p) == OK && clock_monotonic() < until)
			nap(1000);
		assert_result(ERR_UNAUTHORIZED, find(other, token, &p));
		assert_result(ERR_UNAUTHORIZED, sign_in(other, "anna", PASSWORD, NULL, token, &p));
		disable(db, anna, false);
		assert_result(ERR_UNAUTHORIZED, find(db, token, &p)); /* the old session stays closed */
	}
	feed_stop(f);
	if (two)
		db_close(other);
	kit_db_close(db);
}

/* The view alone drops the cache: nothing in this process tells it otherwise. */
DB_STMT(test_end_sessions, "", "", "DELETE FROM session")
static enum result behind_tx(struct db_tx *tx, void *arg, struct error *e)
{
	TRY(db_exec(tx, &test_end_sessions, NULL, e, DB_NONE));
	return *(bool *)arg ? feed_append(tx, FEED_ACCESS, 0, 1, e) : OK;
}
static void test_feed_drops_cache(void **state)
{
	(void)state;
	struct db *db = kit_db();
	struct feed *f;
	assert_ok(feed_start(db, NULL, 0, &access_feed, 1, (struct feed_position){ 0, 0 }, &f, &kit_err));
	int64_t anna = add(db, "anna", ROLE_ASSOCIATE);
	assert_ok(user_set_password(db, anna, STR(PASSWORD), &kit_err));
	char token[SESSION_TOKEN_BYTES];
	struct principal p;
	assert_ok(sign_in(db, "anna", PASSWORD, NULL, token, &p));
	nap(200000); /* the feed has heard of all that */
	assert_ok(find(db, token, &p));
	bool tell = false;
	assert_ok(db_transact(db, behind_tx, &tell, &kit_err));
	nap(200000);
	assert_ok(find(db, token, &p)); /* cached: this is what the feed is for */
	tell = true;
	assert_ok(db_transact(db, behind_tx, &tell, &kit_err));
	int64_t until = clock_monotonic() + USEC;
	while (find(db, token, &p) == OK && clock_monotonic() < until)
		nap(1000);
	assert_result(ERR_UNAUTHORIZED, find(db, token, &p));
	feed_stop(f);
	kit_db_close(db);
}

/* ---- Throttle, limits, keys -------------------------------------------------------------------------------------- */

static void test_throttle(void **state)
{
	(void)state;
	struct db *db = kit_db();
	int64_t start = clock_now();
	char token[SESSION_TOKEN_BYTES], login[32];
	struct principal p;
	assert_ok(user_set_password(db, add(db, "thea", ROLE_AGENT), STR(PASSWORD), &kit_err));
	clock_set(start);
	for (int i = 0; i < 9; i++)
		assert_result(ERR_UNAUTHORIZED, sign_in(db, "thea", "wrong", "192.0.2.1", token, &p));
	assert_ok(sign_in(db, "thea", PASSWORD, "192.0.2.1", token, &p)); /* the tenth is right, and forgives */
	for (int i = 0; i < 10; i++)
		assert_result(ERR_UNAUTHORIZED, sign_in(db, "THEA", "wrong", "192.0.2.2", token, &p));
	assert_result(ERR_LIMIT, sign_in(db, "thea", PASSWORD, "192.0.2.3", token, &p));
	assert_string_equal(kit_err.code, "sign_in.throttled");
	clock_set(start + 15 * MINUTE_US);
	assert_ok(sign_in(db, "thea", PASSWORD, "192.0.2.3", token, &p));
	/* one address tries many names, known or not: counted alike */
	for (int i = 0; i < 50; i++) {
		snprintf(login, sizeof login, "name%d", i);
		assert_result(ERR_UNAUTHORIZED, sign_in(db, login, "wrong", "192.0.2.9", token, &p));
	}
	assert_result(ERR_LIMIT, sign_in(db, "thea", PASSWORD, "192.0.2.9", token, &p));
	assert_ok(sign_in(db, "thea", PASSWORD, "192.0.2.10", token, &p));
	clock_set(0);
	kit_db_close(db);
}

struct guess {
	struct db *db;
	atomic_int *refused, *limited;
};
static void *guess_main(void *arg)
{
	struct guess *g = arg;
	for (int i = 0; i < 5; i++) {
		struct error e = { 0 };
		char token[SESSION_TOKEN_BYTES];
		struct principal p;
		enum result r = session_open(g->db, STR("gus"), STR("wrong"), NULL, token, &p, &e);
		atomic_fetch_add(r == ERR_UNAUTHORIZED ? g->refused : g->limited, 1);
	}
	return NULL;
}

/* Guesses at the same time do not slip through between check and count. */
static void test_throttle_race(void **state)
{
	(void)state;
	struct db *db = kit_db();
	atomic_int refused = 0, limited = 0;
	struct guess g = { db, &refused, &limited };
	pthread_t t[8];
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, guess_main, &g), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(refused, 10);
	assert_int_equal(limited, 30);
	kit_db_close(db);
}

/* An unknown login costs what a wrong password costs. Medians, wide limits: the machine is shared. */
static void test_constant_work(void **state)
{
	(void)state;
	struct db *db = kit_db();
	assert_ok(user_set_password(db, add(db, "cora", ROLE_AGENT), STR(PASSWORD), &kit_err));
	int64_t took[2][9];
	char token[SESSION_TOKEN_BYTES];
	struct principal p;
	for (int i = 0; i < 9; i++)
		for (int j = 0; j < 2; j++) {
			int64_t start = clock_monotonic();
			assert_result(ERR_UNAUTHORIZED, sign_in(db, j ? "cora" : "nobody", "wrong", NULL, token, &p));
			took[j][i] = clock_monotonic() - start;
		}
	int64_t least[2];
	for (int j = 0; j < 2; j++) {
		least[j] = took[j][0];
		for (int i = 1; i < 9; i++)
			least[j] = took[j][i] < least[j] ? took[j][i] : least[j];
	}
	assert_true(least[0] > 3000 && least[1] > 3000); /* a real hash was computed */
	assert_true(least[0] * 2 > least[1] && least[1] * 2 > least[0]);
	kit_db_close(db);
}

static void test_rate(void **state)
{
	(void)state;
	int wait = 0;
	for (int i = 0; i < 20; i++)
		assert_true(rate_allow("find", 7, 60, 20, &wait));
	assert_false(rate_allow("find", 7, 60, 20, &wait));
	assert_in_range(wait, 1, 2);
	assert_true(rate_allow("find", 8, 60, 20, &wait)); /* another person, another matter */
	assert_true(rate_allow("card", 7, 60, 20, &wait));
	for (int i = 0; i < 5; i++)
		assert_true(rate_allow("ingest", 7, 6000, 5, &wait));
	assert_false(rate_allow("ingest", 7, 6000, 5, &wait));
	nap(25000); /* 100 a second */
	assert_true(rate_allow("ingest", 7, 6000, 5, &wait));
	nap(200000);
	int got = 0;
	while (got < 100 && rate_allow("ingest", 7, 6000, 5, &wait))
		got++;
	assert_in_range(got, 5, 8); /* never more than the burst has gathered */
}

static void test_keys(void **state)
{
	(void)state;
	struct db *db = kit_db();
	struct call c = { .role = ROLE_SOURCE }, d = { .role = ROLE_BROWSER };
	struct principal p;
	assert_ok(db_transact(db, key_tx, &c, &kit_err));
	assert_ok(db_transact(db, key_tx, &d, &kit_err));
	assert_int_equal(strncmp(c.key, "bn_sk_", 6), 0);
	assert_int_equal(strncmp(d.key, "bn_pk_", 6), 0);
	assert_ok(apikey_find(db, str_c(c.key), &p, &kit_err));
	assert_int_equal(p.role, ROLE_SOURCE);
	assert_int_equal(p.key, c.user);
	assert_string_equal(p.source, "till");
	assert_int_equal(p.user, 0);
	assert_ok(apikey_find(db, str_c(d.key), &p, &kit_err));
	assert_int_equal(p.role, ROLE_BROWSER);
	/* a browser's key does not become a server's by its prefix */
	d.key[3] = 's';
	assert_result(ERR_UNAUTHORIZED, apikey_find(db, str_c(d.key), &p, &kit_err));
	assert_result(ERR_UNAUTHORIZED, apikey_find(db, STR("bn_sk_"), &p, &kit_err));
	assert_result(ERR_UNAUTHORIZED, session_find(db, str_c(c.key), &p, &kit_err));
	struct call l = { 0 };
	assert_ok(db_read(db, keys_tx, &l, &kit_err));
	assert_int_equal(l.n, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(strlen(l.keys[i].hint), 10);
		assert_true(l.keys[i].last_used_at > 0);
		assert_false(l.keys[i].revoked);
	}
	assert_ok(db_transact(db, revoke_tx, &c, &kit_err));
	assert_result(ERR_UNAUTHORIZED, apikey_find(db, str_c(c.key), &p, &kit_err)); /* though it was cached */
	assert_ok(db_transact(db, revoke_tx, &c, &kit_err));
	c.user = 5;
	assert_result(ERR_NOT_FOUND, db_transact(db, revoke_tx, &c, &kit_err));
	c.role = ROLE_ADMIN;
	assert_result(ERR_INVALID, db_transact(db, key_tx, &c, &kit_err));
	kit_db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes_at_once),
		cmocka_unit_test(test_user_link_race),
		cmocka_unit_test(test_password_changed_meanwhile),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_first_admin),
		cmocka_unit_test(test_link_race),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_password_rules),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_session_limits),
		cmocka_unit_test(test_session_touch),
		cmocka_unit_test(test_disabled_everywhere),
		cmocka_unit_test(test_feed_drops_cache),
		cmocka_unit_test(test_throttle),
		cmocka_unit_test(test_throttle_race),
		cmocka_unit_test(test_constant_work),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_keys),
	};
	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
