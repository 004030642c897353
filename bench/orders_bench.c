/* clang-format off */
/* What bench/orders runs.
 *	orders_bench fill URL IDS                     a chain of 60 stores, stock, customers; ids into the file, prints a key
 *	orders_bench drive PORT KEY IDS CLIENTS SECONDS [COUNT [STEPS]]
 *		over HTTP, with that many connections: places orders for so long (or so many), picks them all, hands them all over,
 *		takes one of three units of each back; then asks for the grid of 60 stores × 12 sizes, at once and when the views
 *		have counted all that. Or only the first STEPS of it
 *	orders_bench bare URL INSERTS UPDATES CLIENTS SECONDS
 *		transactions that write as many rows and follow no rule, through the same door of the same engine
 * drive prints a line a step, "NAME rate p50_ms p99_ms answers failed"; bare prints "rate p99_ms". */
/* clang-format on */
#include "access/access.h"
#include "base/clock.h"
#include "insight/insight.h"
#include "random.h"
#include "stock/stock.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define STORES 60
#define SELLING 8 /* of the stores */
#define SKUS 240
#define SIZES 12 /* SKUs a product */
#define PEOPLE 2000
#define DEEP 1000000
#define CLIENTS_MAX 256
#define ORDERS_MAX 2000000
#define WARM_US (USEC / 2)
#define GRIDS 400
#define ANSWER_MAX (1 << 20)

static void die(const char *what)
{
	fprintf(stderr, "orders_bench: %s\n", what);
	exit(2);
}

static void die_of(const struct error *e)
{
	fprintf(stderr, "orders_bench: %s: %s\n", e->code, e->detail);
	exit(2);
}

/* ---- A chain ---------------------------------------------------------------------------------------------------- */

static struct db *db;
static int64_t stores[STORES], skus[SKUS], people[PEOPLE], products[SKUS / SIZES];
static _Atomic int64_t serial;
static char api_key[APIKEY_BYTES];

static void key_next(unsigned char key[HASH128_BYTES])
{
	int64_t n[] = { ++serial, getpid(), clock_now() };
	act_key(key, STR("bench"), (struct str){ (const char *)n, sizeof(n) });
}

static enum result fill_shop(struct db_tx *tx, void *arg, struct error *e)
{
	int64_t id;
	bool changed;
	(void)arg;
	for (int i = 0; i < STORES; i++) {
		struct store s = { .kind = STORE_SHOP };
		currency_find(STR("EUR"), &s.currency);
		snprintf(s.code, sizeof(s.code), "S%02d", i);
		snprintf(s.name, sizeof(s.name), "Store %d", i);
		TRY(store_put(tx, &s, &stores[i], &changed, e));
	}
	for (int i = 0; i < SKUS; i++) {
		struct sku k = { .list_minor = 8000, .cost_minor = -1 };
		bool found;
		currency_find(STR("EUR"), &k.currency);
		snprintf(k.code, sizeof(k.code), "SKU-%03d", i);
		snprintf(k.size, sizeof(k.size), "%d", 36 + i % SIZES);
		snprintf(k.product_code, sizeof(k.product_code), "P-%02d", i / SIZES);
		snprintf(k.title, sizeof(k.title), "Shoe of line %d", i / SIZES);
		TRY(sku_put(tx, &k, &skus[i], &changed, e));
		TRY(sku_get(tx, skus[i], &k, &found, e));
		products[i / SIZES] = k.product;
	}
	return apikey_add(tx, STR("Bench"), STR("bench"), ROLE_SOURCE, api_key, &id, e);
}

/* As it stands in a chain: available, committed, damaged, safety. */
static enum result fill_stock(struct db_tx *tx, void *arg, struct error *e)
{
	static const int states[] = { UNIT_AVAILABLE, UNIT_COMMITTED, UNIT_DAMAGED, UNIT_SAFETY };
	int i = *(int *)arg, n = 0;
	struct act_in in = { .what = STR("bench.fill") };
	struct ledger_move moves[STORES * 4];
	struct act act;
	key_next(in.key);
	TRY(act_begin(tx, &in, &act, e));
	for (int p = 0; p < STORES; p++)
		for (int s = 0; s < 4; s++)
			moves[n++] = (struct ledger_move){ .subject = skus[i],
				                           .from_place = stores[p],
				                           .to_place = stores[p],
				                           .from = UNIT_ADJUST,
				                           .to = states[s],
				                           .qty = s ? 2 : DEEP,
				                           .reason = REASON_OPENING };
	TRY(unit_post(tx, &act, moves, n, e));
	return act_end(tx, &act, NULL, 0, e);
}

static enum result fill_people(struct db_tx *tx, void *arg, struct error *e)
{
	static const char *const given[] = { "Anna", "Luca", "Marie", "Peter", "Sofia", "Jonas", "Elena" };
	int from = *(int *)arg;
	for (int i = from; i < from + 200 && i < PEOPLE; i++) {
		char key[32], family[32], email[48];
		int64_t customer;
		bool changed;
		struct record_in in = { .source = STR("bench"), .given = str_c(given[i % 7]), .at = clock_now() };
		in.source_key = (struct str){ key, (size_t)snprintf(key, sizeof(key), "c%05d", i) };
		in.family = (struct str){ family, (size_t)snprintf(family, sizeof(family), "Family%d", i / 7) };
		in.identifiers[0].kind = IDENT_EMAIL;
		in.identifiers[0].value =
		        (struct str){ email, (size_t)snprintf(email, sizeof(email), "p%d@example.org", i) };
		in.identifier_count = 1;
		TRY(record_put(tx, &in, &people[i], &customer, &changed, NULL, e));
	}
	return OK;
}

static void ids_write(FILE *f, enum id_kind kind, const int64_t *ids, int count)
{
	char text[ID_TEXT_BYTES];
	for (int i = 0; i < count; i++) {
		id_format(text, kind, ids[i]);
		fprintf(f, "%s\n", text);
	}
}

static void url_open(const char *url)
{
	struct error e;
	const struct db_config config = { .url = url, .create = true, .limit_ms = 300000 };
	if (db_open(&config, &db, &e) != OK || db_migrate(db, &e) != OK)
		die_of(&e);
}

static int fill(const char *url, const char *path)
{
	struct error e;
	FILE *f = fopen(path, "w");
	url_open(url);
	enum result r = db_transact(db, fill_shop, NULL, &e);
	for (int i = 0; i < SKUS && r == OK; i++)
		r = db_transact(db, fill_stock, &i, &e);
	for (int i = 0; i < PEOPLE && r == OK; i += 200)
		r = db_transact(db, fill_people, &i, &e);
	if (r != OK)
		die_of(&e);
	if (!f)
		die(path);
	ids_write(f, ID_STORE, stores, STORES);
	ids_write(f, ID_SKU, skus, SKUS);
	ids_write(f, ID_CUSTOMER, people, PEOPLE);
	ids_write(f, ID_PRODUCT, products, SKUS / SIZES);
	if (fclose(f) != 0)
		die(path);
	db_close(db);
	printf("%s\n", api_key);
	return 0;
}

/* ---- Bare transactions ------------------------------------------------------------------------------------------ */

struct client {
	pthread_t thread;
	uint64_t rnd;
	int64_t done, failed;
	int64_t *us;
	size_t room;
	/* bare */
	int inserts, updates;
	/* over HTTP */
	int fd;
	char *in;
};
static struct client clients[CLIENTS_MAX];
static int client_count;
static _Atomic bool stop;
static int64_t measured_from;

static void time_note(struct client *c, int64_t began)
{
	int64_t now = clock_monotonic();
	if (began < measured_from)
		return;
	if ((size_t)c->done == c->room) {
		c->room = c->room ? 2 * c->room : 4096;
		c->us = realloc(c->us, c->room * sizeof(*c->us));
		if (!c->us)
			die("memory");
	}
	c->us[c->done++] = now - began;
}

DB_STMT(bench_act, "ibitb", "",
        "INSERT INTO ledger_act (rkey, key, id, what, payload, at, moves) VALUES ($1, $2, $3, $4, $5, 1, 1)")
DB_STMT(bench_balance, "iii", "",
        "UPDATE ledger_balance SET qty = qty + 1 WHERE rkey = $1 AND book = 1 AND subject = $2 AND place = $3 "
        "AND account = 1")
DB_STMT(bench_move, "iiiiii", "",
        "INSERT INTO ledger_move (rkey, book, subject, act, n, at, from_place, from_account, to_place, to_account, "
        "qty, reason) VALUES ($1, 1, $2, $3, $6, $4, $5, 1, $5, 101, 1, 7)")

/* An act, moves, a row of the feed; balances. No key is looked at, nothing is read, guarded or priced. */
static enum result bare_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct client *c = arg;
	unsigned char key[HASH128_BYTES];
	int64_t sku = skus[random_next(&c->rnd) % SKUS], id = id_new(id_bucket(sku)), now = clock_now();
	struct str blob = { (const char *)key, sizeof(key) };
	key_next(key);
	TRY(db_exec(tx, &bench_act, NULL, e, DB_INT(id_bucket(sku)), DB_BLOB(blob), DB_INT(id), DB_CSTR("bench.bare"),
	            DB_BLOB(blob)));
	for (int i = 0; i < c->updates; i++)
		TRY(db_exec(tx, &bench_balance, NULL, e, DB_INT(id_bucket(sku)), DB_INT(sku),
		            DB_INT(stores[(random_next(&c->rnd) + (uint64_t)i) % STORES])));
	for (int i = 0; i < c->inserts - 2; i++)
		TRY(db_exec(tx, &bench_move, NULL, e, DB_INT(id_bucket(sku)), DB_INT(sku), DB_INT(id), DB_INT(now),
		            DB_INT(stores[0]), DB_INT(i)));
	return feed_append(tx, FEED_STOCK, 0, sku, e);
}

static void *bare_run(void *arg)
{
	struct client *c = arg;
	struct error e;
	while (!stop) {
		int64_t began = clock_monotonic();
		if (db_transact(db, bare_tx, c, &e) != OK)
			die_of(&e);
		time_note(c, began);
	}
	return NULL;
}

DB_STMT(bench_stores, "", "i", "SELECT id FROM store ORDER BY code")
DB_STMT(bench_skus, "", "i", "SELECT id FROM sku ORDER BY code")

static enum result ids_of(struct db_tx *tx, void *arg, struct error *e)
{
	struct {
		const struct db_stmt *st;
		int64_t *out;
		int limit;
	} lists[] = { { &bench_stores, stores, STORES }, { &bench_skus, skus, SKUS } };
	(void)arg;
	for (int k = 0; k < 2; k++) {
		DB_ROWS_AUTO struct db_rows *r = NULL;
		enum db_step step = DB_ROW;
		int n = 0;
		TRY(db_query(tx, lists[k].st, &r, e));
		while (n < lists[k].limit && (step = db_next(r, e)) == DB_ROW)
			lists[k].out[n++] = db_int(r, 0);
		if (step == DB_ERR)
			return e->result;
		if (n < lists[k].limit)
			die("this database was not filled by me");
	}
	return OK;
}

/* ---- Running and reporting -------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void run_all(void *(*run)(void *), double seconds)
{
	measured_from = clock_monotonic() + (seconds > 0 ? WARM_US : 0);
	stop = false;
	for (int i = 0; i < client_count; i++)
		if (pthread_create(&clients[i].thread, NULL, run, &clients[i]))
			die("threads");
	if (seconds > 0) {
		usleep((useconds_t)(seconds * USEC + WARM_US));
		stop = true;
	}
	for (int i = 0; i < client_count; i++)
		pthread_join(clients[i].thread, NULL);
}

struct figures {
	double rate, p50, p99;
	int64_t done, failed;
};

static struct figures figures_take(void)
{
	struct figures f = { 0 };
	int64_t took = clock_monotonic() - measured_from, n = 0;
	for (int i = 0; i < client_count; i++)
		n += clients[i].done;
	int64_t *all = malloc((size_t)(n + 1) * sizeof(*all));
	if (!all)
		die("memory");
	for (int i = 0; i < client_count; i++) {
		struct client *c = &clients[i];
		memcpy(all + f.done, c->us, (size_t)c->done * sizeof(*all));
		f.done += c->done;
		f.failed += c->failed;
		c->done = c->failed = 0;
	}
	qsort(all, (size_t)n, sizeof(*all), by_size);
	f.rate = (double)n * USEC / (double)took;
	f.p50 = n ? (double)all[n / 2] / 1000 : 0;
	f.p99 = n ? (double)all[n * 99 / 100] / 1000 : 0;
	free(all);
	return f;
}

static int bare(const char *url, int inserts, int updates, int count, double seconds)
{
	struct error e;
	url_open(url);
	if (db_read(db, ids_of, NULL, &e) != OK)
		die_of(&e);
	client_count = count;
	for (int i = 0; i < count; i++)
		clients[i] = (struct client){ .rnd = (uint64_t)i + 1, .inserts = inserts, .updates = updates };
	run_all(bare_run, seconds);
	struct figures f = figures_take();
	db_close(db);
	printf("%.0f %.2f\n", f.rate, f.p99);
	return 0;
}

/* ---- Over HTTP -------------------------------------------------------------------------------------------------- */

static int port;
static const char *key;
static char (*names)[ID_TEXT_BYTES]; /* stores, SKUs, people, products, as fill() wrote them */
static char (*orders)[ID_TEXT_BYTES];
static _Atomic int64_t order_count, next;
static int64_t most;
static const char *command; /* of the running step */

#define SKU_NAME(i) names[STORES + (i)]
#define PERSON_NAME(i) names[STORES + SKUS + (i)]
#define PRODUCT_NAME(i) names[STORES + SKUS + PEOPLE + (i)]

static void names_read(const char *path)
{
	int count = STORES + SKUS + PEOPLE + SKUS / SIZES;
	FILE *f = fopen(path, "r");
	names = calloc((size_t)count, sizeof(*names));
	for (int i = 0; f && names && i < count; i++) {
		if (!fgets(names[i], sizeof(*names), f))
			die(path);
		names[i][strcspn(names[i], "\n")] = 0;
	}
	if (!f || !names)
		die(path);
	fclose(f);
}

static void client_connect(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!c->in && !(c->in = malloc(ANSWER_MAX + 1)))
		die("memory");
}

/* Reads one answer; its status. The body stands behind the head in c->in. */
static int answer_read(struct client *c, const char **body)
{
	size_t got = 0, whole = 0;
	char *end = NULL;
	while (!whole || got < whole) {
		ssize_t n = recv(c->fd, c->in + got, ANSWER_MAX - got, 0);
		if (n <= 0)
			die("the server closed a connection, or an answer is too long");
		got += (size_t)n;
		c->in[got] = 0;
		if (!end && (end = strstr(c->in, "\r\n\r\n"))) {
			char *length = strcasestr(c->in, "\r\nContent-Length:");
			if (!length || length > end)
				die("an answer without its length");
			whole = (size_t)(end - c->in) + 4 + strtoul(length + 17, NULL, 10);
		}
	}
	*body = end + 4;
	return atoi(c->in + 9);
}

static int ask(struct client *c, const char *method, const char *path, const char *text, const char **body)
{
	char out[2048];
	int64_t unique = ++serial;
	int n = snprintf(
	        out, sizeof(out),
	        "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nIdempotency-Key: b%d-%lld\r\n"
	        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	        method, path, port, key, (int)getpid(), (long long)unique, strlen(text), text);
	for (int sent = 0; sent < n;) {
		ssize_t k = send(c->fd, out + sent, (size_t)(n - sent), MSG_NOSIGNAL);
		if (k <= 0)
			die("send");
		sent += (int)k;
	}
	int status = answer_read(c, body);
	if (status >= 300 && !c->failed++)
		fprintf(stderr, "orders_bench: %s: %d %.300s\n", path, status, *body);
	return status;
}

/* Three of a kind, paid, to be picked up. */
static void *place_run(void *arg)
{
	struct client *c = arg;
	while (!stop && (!most || order_count < most)) {
		char text[640];
		const char *body, *store = names[random_next(&c->rnd) % SELLING];
		snprintf(text, sizeof(text),
		         "{\"customer\":\"%s\",\"store\":\"%s\",\"currency\":\"EUR\",\"items\":[{\"sku\":\"%s\","
		         "\"qty\":3,"
		         "\"unit_price\":\"80.00\",\"tax_rate\":\"8.1\",\"units\":[{\"qty\":3,\"location\":\"%s\","
		         "\"method\":\"pick_up\"}]}],\"pays\":[{\"tender\":\"card\",\"amount\":\"259.44\"}]}",
		         PERSON_NAME(random_next(&c->rnd) % PEOPLE), store, SKU_NAME(random_next(&c->rnd) % SKUS),
		         store);
		int64_t began = clock_monotonic();
		if (ask(c, "POST", "/v1/orders", text, &body) != 201)
			continue;
		time_note(c, began);
		const char *id = strstr(body, "\"order\":\"");
		int64_t n = order_count++;
		if (!id || n >= ORDERS_MAX)
			die("no order in the answer, or too many");
		snprintf(orders[n], sizeof(*orders), "%.17s", id + 9);
	}
	return NULL;
}

static void *command_run(void *arg)
{
	struct client *c = arg;
	int64_t i;
	while ((i = next++) < order_count) {
		char path[80], text[160] = "{}";
		const char *body;
		snprintf(path, sizeof(path), "/v1/orders/%s/%s", orders[i], command);
		if (!strcmp(command, "return"))
			snprintf(text, sizeof(text),
			         "{\"store\":\"%s\",\"units\":[{\"line\":1,\"qty\":1,\"condition\":\"good\"}],"
			         "\"refund_rest\":true}",
			         names[random_next(&c->rnd) % SELLING]);
		int64_t began = clock_monotonic();
		if (ask(c, "POST", path, text, &body) == 200)
			time_note(c, began);
	}
	return NULL;
}

static void *grid_run(void *arg)
{
	struct client *c = arg;
	while (next++ < GRIDS) {
		char path[80];
		const char *body;
		snprintf(path, sizeof(path), "/v1/stock?product=%s",
		         PRODUCT_NAME(random_next(&c->rnd) % (SKUS / SIZES)));
		int64_t began = clock_monotonic();
		if (ask(c, "GET", path, "", &body) == 200)
			time_note(c, began);
	}
	return NULL;
}

static bool said(const char *name)
{
	struct figures f = figures_take();
	printf("%s %.0f %.2f %.2f %lld %lld\n", name, f.rate, f.p50, f.p99, (long long)f.done, (long long)f.failed);
	fflush(stdout);
	return !f.failed;
}

/* Until the stored views have taken in what came before. */
static void views_wait(void)
{
	static const char figure[] = "\nbyname_feed_lag_rows ";
	const char *body, *lag;
	do {
		usleep(50000);
		if (ask(&clients[0], "GET", "/metrics", "", &body) != 200 || !(lag = strstr(body, figure)))
			die("no lag of views in /metrics");
	} while (atoll(lag + sizeof(figure) - 1) > 0);
}

static int drive(const char *ids, int count, double seconds, int steps)
{
	static const char *const commands[] = { "pick", "hand_over", "return" };
	bool good;
	names_read(ids);
	orders = calloc(ORDERS_MAX, sizeof(*orders));
	client_count = count;
	for (int i = 0; i < count; i++) {
		clients[i].rnd = (uint64_t)clock_now() + (uint64_t)i;
		client_connect(&clients[i]);
	}
	run_all(place_run, most ? 0 : seconds);
	good = said("place");
	for (int k = 0; k < 3 && k + 1 < steps; k++) {
		command = commands[k];
		next = 0;
		run_all(command_run, 0);
		good &= said(command);
	}
	if (steps < 5)
		return good ? 0 : 1;
	client_count = 1; /* one screen after the other: what a look costs, not how many wait */
	next = 0;
	run_all(grid_run, 0);
	good &= said("busy_grid");
	views_wait();
	next = 0;
	run_all(grid_run, 0);
	return said("grid") && good ? 0 : 1;
}

static int bounded(const char *text)
{
	int n = atoi(text);
	return n < 1 ? 1 : n > CLIENTS_MAX ? CLIENTS_MAX : n;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "fill"))
		return fill(argv[2], argv[3]);
	if (argc == 7 && !strcmp(argv[1], "bare"))
		return bare(argv[2], atoi(argv[3]), atoi(argv[4]), bounded(argv[5]), atof(argv[6]));
	if (argc >= 7 && !strcmp(argv[1], "drive")) {
		port = atoi(argv[2]);
		key = argv[3];
		most = argc > 7 ? atoll(argv[7]) : 0;
		return drive(argv[4], bounded(argv[5]), atof(argv[6]), argc > 8 ? atoi(argv[8]) : 5);
	}
	die("usage: fill URL IDS | drive PORT KEY IDS CLIENTS SECONDS [COUNT [STEPS]] | bare URL INSERTS UPDATES "
	    "CLIENTS SECONDS");
	return 2;
}
