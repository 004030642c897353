/* byname demo: makes up the chain, loads it through the ingest, serves it, says what to try. */
#include "access/access.h"
#include "app/app.h"
#include "app/client.h"
#include "app/demo_live.h"
#include "app/demo_load.h"
#include "base/clock.h"
#include "shop/shop.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 512
#define PASSWORD_BYTES 16
#define HOME_STORE "ZRH"  /* the signed-in associate's */
#define OTHER_STORE "PAR" /* where the till rings */
#define DEFAULT_PORT 4600
#define PORTS_TRIED 20
#define RECENT_DAYS 400 /* the example was here in these */
#define STAR_TRIES 10
#define READY_TRIES 1500
#define READY_WAIT_US 200000

struct demo_args {
	struct demo_config config;
	const char *dir, *db, *port;
	bool no_serve, files_only;
	char db_path[PATH_BYTES], port_text[8];
};

static volatile bool interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = true;
}

/* ---- Who may sign in ----------------------------------------------------------------------------------------------
 */

struct cast {
	char password[PASSWORD_BYTES], key[APIKEY_BYTES];
	int64_t users[3];
};

static const struct {
	const char *login, *name;
	enum role role;
	const char *store; /* NULL: the whole chain */
} roles[3] = {
	{ "anna", "Anna Meier", ROLE_ASSOCIATE, HOME_STORE },
	{ "marta", "Marta Conti", ROLE_MANAGER, HOME_STORE },
	{ "admin", "The administrator", ROLE_ADMIN, NULL },
};

static enum result user_need(struct db_tx *tx, int i, int64_t *id, struct error *e)
{
	struct user have[16];
	int count = 0;
	TRY(user_list(tx, STR(""), 16, have, &count, e));
	for (int k = 0; k < count; k++) {
		if (strcmp(have[k].login, roles[i].login) == 0) {
			*id = have[k].id;
			return OK;
		}
	}
	struct user_in in = { .login = str_c(roles[i].login), .name = str_c(roles[i].name), .role = roles[i].role };
	if (roles[i].store) {
		struct store store;
		bool found = false;
		TRY(store_by_code(tx, str_c(roles[i].store), &store, &found, e));
		if (found)
			in.stores[in.store_count++] = store.id;
		struct associate first;
		int n = 0;
		if (found && roles[i].role == ROLE_ASSOCIATE)
			TRY(associate_list(tx, store.id, STR(""), 1, &first, &n, e));
		if (n == 1) /* she is one of the made-up associates, with clients of her own */
			in.associate = first.id;
		return user_add(tx, &in, id, e);
	}
	return user_add(tx, &in, id, e);
}

static enum result cast_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct cast *c = arg;
	int64_t key;
	for (int i = 0; i < 3; i++)
		TRY(user_need(tx, i, &c->users[i], e));
	return apikey_add(tx, STR("Demo till"), STR("till"), ROLE_SOURCE, c->key, &key, e);
}

/* Three users with one fresh password (there is no default one), and a key for the till. */
static enum result cast_make(struct db *db, struct cast *c, struct error *e)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	size_t n = 0;
	for (int i = 0; i < 12; i++) {
		if (i && i % 4 == 0)
			c->password[n++] = '-';
		c->password[n++] = letters[randombytes_uniform(sizeof(letters) - 1)];
	}
	c->password[n] = '\0';
	TRY(db_transact(db, cast_tx, c, e));
	for (int i = 0; i < 3; i++)
		TRY(user_set_password(db, c->users[i], str_c(c->password), e));
	return OK;
}

/* ---- Load ---------------------------------------------------------------------------------------------------------
 */

static enum result load(const struct demo_args *a, struct cast *cast, struct error *e)
{
	fprintf(stderr,
	        "1. Making up a chain: 12 stores, a web shop, a call centre, a warehouse, %d people, %d years\n",
	        a->config.people, a->config.years);
	TRY(demo_files_write(&a->config, a->dir, e));
	if (a->files_only)
		return OK;
	fprintf(stderr, "2. Loading %s/chain into %s, as anybody's files are (Ctrl+C and again goes on)\n", a->dir,
	        a->db);
	const struct db_config dc = { .url = a->db, .create = true };
	struct db *db = NULL;
	TRY(db_open(&dc, &db, e));
	enum result r = db_migrate(db, e);
	if (r == OK)
		r = demo_files_import(db, a->dir, &interrupted, e);
	if (r == OK) {
		fprintf(stderr, "3. Finding out who is one person\n");
		r = demo_people_resolve(db, a->dir, &interrupted, e);
	}
	if (r == OK) {
		fprintf(stderr, "4. Opening the stores: what is ordered, held, under way\n");
		r = demo_live(db, a->dir, &interrupted, e);
	}
	if (r == OK) {
		fprintf(stderr, "5. Counting what they like\n");
		r = demo_views_drain(db, e);
	}
	if (r == OK)
		r = cast_make(db, cast, e);
	db_close(db);
	return r;
}

/* ---- What to try --------------------------------------------------------------------------------------------------
 */

struct star {
	char customer[40], name[160], till_key[80];
};

/* Is something of hers ready, kept or sent? */
static bool has_matter(const struct json *who)
{
	static const char *const kinds[] = { "ready", "hold", "sent", "return", "preparing", "refund" };
	const struct json *open = json_get(who, "open");
	for (size_t i = 0; i < json_count(open); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			if (str_is(json_str(json_get(json_at(open, i), "kind")), kinds[k]))
				return true;
	return false;
}

/* Is she known to the till, and by one name to several systems? Then she makes a good example; a better one when
 * something is open. How good: 0, 1, 2. */
static int star_take(const struct json *who, struct star *out)
{
	const struct json *records = json_get(who, "records");
	struct str name = json_str(json_get(json_get(who, "name"), "display"));
	size_t agree = 0;
	for (size_t i = 0; i < json_count(records); i++) {
		const struct json *r = json_at(records, i);
		agree += str_eq(json_str(json_get(r, "name")), name);
		if (str_is(json_str(json_get(r, "source")), "till"))
			snprintf(out->till_key, sizeof(out->till_key), "%.*s",
			         STR_ARG(json_str(json_get(r, "source_key"))));
	}
	snprintf(out->name, sizeof(out->name), "%.*s", STR_ARG(name));
	snprintf(out->customer, sizeof(out->customer), "%.*s", STR_ARG(json_str(json_get(who, "customer"))));
	return agree > 1 && agree < json_count(records) && out->till_key[0] ? 1 + has_matter(who) : 0;
}

/* A good customer of the home store. */
static enum result star_find(struct client *c, struct star *out, struct error *e)
{
	JSON_AUTO struct json *stores = NULL, *top = NULL;
	char path[256], id[40] = "";
	TRY(client_call(c, "GET", "/v1/stores", NULL, &stores, NULL, e));
	const struct json *items = json_get(stores, "items");
	for (size_t i = 0; i < json_count(items); i++) {
		if (str_is(json_str(json_get(json_at(items, i), "code")), HOME_STORE))
			snprintf(id, sizeof(id), "%.*s", STR_ARG(json_str(json_get(json_at(items, i), "id"))));
	}
	int y, m, d;
	date_from_days(clock_now() / DAY_US - RECENT_DAYS, &y, &m, &d);
	snprintf(path, sizeof(path), "/v1/top?from=%04d-%02d-%02d&currency=CHF&limit=50&store=%s", y, m, d, id);
	TRY(client_call(c, "GET", path, NULL, &top, NULL, e));
	const struct json *rows = json_get(top, "rows");
	int best = -1;
	for (size_t i = 0; i < json_count(rows) && best < 2; i++) {
		JSON_AUTO struct json *who = NULL;
		struct star star = { 0 };
		snprintf(path, sizeof(path), "/v1/customers/%.*s",
		         STR_ARG(json_str(json_get(json_at(rows, i), "customer"))));
		TRY(client_call(c, "GET", path, NULL, &who, NULL, e));
		int good = star_take(who, &star);
		if (!star.till_key[0] || good <= best)
			continue;
		*out = star;
		best = good;
	}
	return OK;
}

/* A small script that is a till in another store: each call sells the star something. */
static enum result ring_write(const struct demo_args *a, const struct cast *cast, const struct star *star,
                              const char *path, struct error *e)
{
	FILE *f = fopen(path, "w");
	if (!f)
		return error_set(e, ERR_IO, "demo.write", NULL, "%s: %s", path, strerror(errno));
	fprintf(f,
	        "#!/bin/sh\n# The till in " OTHER_STORE " sells something to %s.\nn=$(date +%%s%%N)\n"
	        "exec curl -sS -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \\\n"
	        "\thttp://127.0.0.1:%s/v1/track -d '{\"messageId\":\"ring-'$n'\",\"userId\":\"%s\",\"event\":\"Order "
	        "Completed\","
	        "\"properties\":{\"order_id\":\"" OTHER_STORE "-'$n'\",\"store\":\"" OTHER_STORE
	        "\",\"channel\":\"store\","
	        "\"currency\":\"EUR\",\"total\":89.90,\"products\":[{\"product_id\":\"P-RING\",\"sku\":\"P-RING-M\","
	        "\"name\":\"Silk scarf, "
	        "hand-rolled\",\"brand\":\"Sablier\",\"category\":\"Accessories\",\"variant\":\"navy\","
	        "\"price\":89.90,\"list_price\":89.90,\"quantity\":1}]}}'\n",
	        star->name, cast->key, a->port, star->till_key);
	if (fclose(f) != 0 || chmod(path, 0700) != 0)
		return error_set(e, ERR_IO, "demo.write", NULL, "%s: %s", path, strerror(errno));
	return OK;
}

/* As a shell takes it in: a PostgreSQL database has blanks in its name. */
static void shell_word(struct buf *out, const char *word)
{
	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-")] == 0) {
		buf_str(out, word);
		return;
	}
	buf_char(out, '\'');
	for (; *word; word++)
		buf_str(out, *word == '\'' ? "'\\''" : (char[]){ *word, 0 });
	buf_char(out, '\'');
}

static void ending(const struct demo_args *a, const struct cast *cast, const struct star *star, const char *ring)
{
	BUF_AUTO struct buf db;
	buf_init(&db, 0);
	shell_word(&db, a->db);
	printf("\nByname is ready:  http://127.0.0.1:%s\n\n"
	       "Sign in as  anna (an associate in Zürich), marta (a manager) or admin;  password  %s\n\n"
	       "Three things to try:\n"
	       "  1. As anna, press / and type \"%.3s\", then more of \"%s\": open the greeting card, see how we know "
	       "each thing.\n"
	       "  2. Leave that card open and let a till in Paris ring:  %s\n"
	       "  3. As marta, look at the customer's records and at why they are one person; or here:\n"
	       "       byname card %s --db %s\n\n"
	       "The data is in %s; Ctrl+C stops the server, the same command starts it again.\n",
	       a->port, cast->password, star->name, star->name, ring, star->customer, db.failed ? a->db : db.p, a->dir);
	fflush(stdout);
}

/* ---- Serve --------------------------------------------------------------------------------------------------------
 */

/* The usual port, or the next one that is free. */
static void port_choose(struct demo_args *a)
{
	for (int port = DEFAULT_PORT; !a->port && port < DEFAULT_PORT + PORTS_TRIED; port++) {
		struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0) {
			snprintf(a->port_text, sizeof(a->port_text), "%d", port);
			a->port = a->port_text;
		}
		close(fd);
	}
	if (!a->port)
		a->port = "4600"; /* the server says what is wrong */
}

static pid_t serve_start(const struct demo_args *a)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	execl("/proc/self/exe", "byname", "serve", "--db", a->db, "--port", a->port, (char *)NULL);
	perror("byname serve");
	_exit(EXIT_FAILED);
}

static bool ready(struct client *c)
{
	struct error e = { 0 };
	JSON_AUTO struct json *answer = NULL;
	bool search = false;
	return client_call(c, "GET", "/readyz", NULL, &answer, NULL, &e) == OK &&
	       json_bool(json_get(answer, "search"), &search) && search;
}

/* Waits until the server answers and can search, then says what to try. */
static enum result serve_greet(const struct demo_args *a, const struct cast *cast, pid_t pid, struct error *e)
{
	struct client *c = NULL;
	char ring[PATH_BYTES];
	snprintf(ring, sizeof(ring), "%s/ring-the-till", a->dir);
	for (int i = 0; i < READY_TRIES && !interrupted; i++) {
		usleep(READY_WAIT_US);
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return error_set(e, ERR_IO, "demo.serve", NULL, "the server ended (is port %s in use?)",
			                 a->port);
		if (!c && (!client_server_runs(a->db) || client_open(a->db, &c, e) != OK))
			continue;
		if (ready(c))
			break;
	}
	if (!c)
		return error_set(e, ERR_BUSY, "demo.serve", NULL, "the server does not answer");
	struct star star = { 0 };
	enum result r = star_find(c, &star, e);
	for (int i = 0; i < STAR_TRIES && r == ERR_BUSY && !interrupted; i++) {
		usleep(READY_WAIT_US * 5);
		r = star_find(c, &star, e);
	}
	client_close(c);
	if (r == OK && !star.till_key[0])
		r = error_set(e, ERR_NOT_FOUND, "demo.star", NULL,
		              "nobody in " HOME_STORE " bought lately; try --people");
	if (r == OK)
		r = ring_write(a, cast, &star, ring, e);
	if (r == OK)
		ending(a, cast, &star, ring);
	return r;
}

static int serve(struct demo_args *a, const struct cast *cast)
{
	struct error e = { 0 };
	int status = 0;
	fprintf(stderr, "6. Serving\n");
	port_choose(a);
	pid_t pid = serve_start(a);
	if (pid < 0) {
		perror("byname demo");
		return EXIT_FAILED;
	}
	enum result r = serve_greet(a, cast, pid, &e);
	if (r != OK && !interrupted)
		app_fail(&e);
	if (r != OK)
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		kill(pid, SIGTERM); /* the terminal told it already; another sender told only us */
	return r == OK && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

/* ---- Command ------------------------------------------------------------------------------------------------------
 */

static const struct argp_option options[] = {
	{ "dir", 'D', "DIR", 0, "Folder for its files and its database (byname-demo)", 0 },
	{ "db", 'd', "DB", 0, "Another database: SQLite file or PostgreSQL url (DIR/byname.db)", 0 },
	{ "port", 'p', "PORT", 0, "Port on 127.0.0.1 (BYNAME_PORT; the first free one from 4600)", 0 },
	{ "people", 'n', "N", 0, "How many people (30000)", 0 },
	{ "years", 'y', "N", 0, "How many years (10)", 0 },
	{ "seed", 's', "N", 0, "Another seed, another chain (1)", 0 },
	{ "files-only", 'f', NULL, 0, "Only write the files to DIR/chain", 0 },
	{ "no-serve", 'l', NULL, 0, "Load, then end", 0 },
	{ 0 },
};

static int64_t whole(struct argp_state *state, const char *arg)
{
	int64_t v = 0;
	if (!str_to_i64(str_c(arg), &v) || v < 0 || v > 1000000000)
		argp_error(state, "\"%s\" is no whole number", arg);
	return v;
}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct demo_args *a = state->input;
	switch (key) {
	case 'D':
		a->dir = arg;
		return 0;
	case 'd':
		a->db = arg;
		return 0;
	case 'p':
		a->port = arg;
		whole(state, arg);
		return 0;
	case 'n':
		a->config.people = (int)whole(state, arg);
		return 0;
	case 'y':
		a->config.years = (int)whole(state, arg);
		return 0;
	case 's':
		a->config.seed = (uint64_t)whole(state, arg);
		return 0;
	case 'f':
		a->files_only = true;
		return 0;
	case 'l':
		a->no_serve = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int demo_run(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		option,
		NULL,
		"Makes up a fashion chain of twelve stores, loads it, serves it on 127.0.0.1 and says "
		"what to try. Started again it serves what is there.",
		NULL,
		NULL,
		NULL
	};
	/* The story ends at the start of this month: fresh, and the same files for a while. */
	int y, m, d;
	date_from_days(clock_now() / DAY_US, &y, &m, &d);
	struct demo_args a = {
		.config = { .seed = 1, .people = 30000, .years = 10, .until = date_to_days(y, m, 1) * DAY_US },
		.dir = "byname-demo",
		.port = app_env("BYNAME_PORT", NULL)
	};
	struct cast cast = { 0 };
	struct error e = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!a.db) {
		snprintf(a.db_path, sizeof(a.db_path), "%s/byname.db", a.dir);
		a.db = a.db_path;
	}
	struct sigaction sa = { .sa_handler = interrupt };
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (sodium_init() < 0)
		return EXIT_FAILED;
	if (load(&a, &cast, &e) != OK)
		return app_fail(&e);
	return a.files_only || a.no_serve ? EXIT_OK : serve(&a, &cast);
}

const struct command cmd_demo[] = {
	{ "demo", "Make up a chain, load it, serve it, say what to try", demo_run },
	{ 0 },
};
