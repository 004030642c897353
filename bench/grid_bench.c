/* clang-format off */
/* The stock grid and the catalogue over HTTP: what bench/grid fills and asks.
 *	grid_bench fill URL SKUS FILE
 *		60 places and so many SKUs, 12 sizes a product; stock of the first 20 products everywhere, in four states;
 *		writes an API key, then "PRODUCT STORE" lines
 *	grid_bench look PORT FILE grid|find|save CONNECTIONS SECONDS [RATE]
 *		prints "rate p50_ms p99_ms answers failed bytes"; with a RATE the time counts from when the request was due */
/* clang-format on */
#include "access/access.h"
#include "base/clock.h"
#include "shop/shop.h"
#include "stock/stock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PLACES 60
#define SIZES 12
#define STOCKED 20 /* products */
#define BATCH 480  /* SKUs a transaction */
#define TIMES_MAX 200000
#define CONNECTIONS_MAX 64
#define ANSWER_BYTES (4 << 20)
#define WARM_US 300000 /* not measured */

static struct error err;

static int fail(const char *what)
{
	fprintf(stderr, "grid_bench: %s: %s %s\n", what, err.code, err.detail[0] ? err.detail : strerror(errno));
	return 2;
}

/* ---- Filling ----------------------------------------------------------------------------------------------------- */

struct fill {
	int64_t places[PLACES], skus[STOCKED * SIZES], products[STOCKED];
	int64_t from, until; /* SKUs of this transaction */
	char key[APIKEY_BYTES];
};

static enum result fill_places(struct db_tx *tx, void *arg, struct error *e)
{
	struct fill *f = arg;
	int64_t id;
	bool changed;
	for (int i = 0; i < PLACES; i++) {
		struct store s = { .kind = i % 20 == 19 ? STORE_WAREHOUSE : STORE_SHOP,
			           .placed = true,
			           .lat = 47000000 + i % 10 * 800000,
			           .lon = 6000000 + i / 10 * 1500000 };
		snprintf(s.code, sizeof(s.code), "P%02d", i);
		snprintf(s.name, sizeof(s.name), "Store %02d", i);
		TRY(store_put(tx, &s, &f->places[i], &changed, e));
	}
	return apikey_add(tx, STR("bench"), STR("bench"), ROLE_SOURCE, f->key, &id, e);
}

static enum result fill_skus(struct db_tx *tx, void *arg, struct error *e)
{
	static const char *const kinds[] = { "Oxford shoe",  "Linen shirt",    "Trench coat",
		                             "Wool sweater", "Chino trousers", "Silk scarf" };
	static const char *const colours[] = { "black", "navy", "white", "brown", "green", "camel", "red" };
	struct fill *f = arg;
	int16_t eur;
	if (!currency_find(STR("EUR"), &eur))
		return error_set(e, ERR_INVALID, "currency", NULL, "EUR");
	for (int64_t i = f->from; i < f->until; i++) {
		int64_t p = i / SIZES, id;
		struct sku k = { .list_minor = 4990 + p % 100 * 100, .cost_minor = -1, .currency = eur };
		bool changed, found;
		snprintf(k.code, sizeof(k.code), "A%05lld-%d", (long long)p, 36 + (int)(i % SIZES));
		snprintf(k.product_code, sizeof(k.product_code), "A%05lld", (long long)p);
		snprintf(k.title, sizeof(k.title), "%s no. %lld", kinds[p % 6], (long long)p);
		snprintf(k.brand, sizeof(k.brand), "Brand%lld", (long long)(p % 40));
		snprintf(k.category, sizeof(k.category), "%s", strchr(kinds[p % 6], ' ') + 1);
		snprintf(k.size, sizeof(k.size), "%d", 36 + (int)(i % SIZES));
		snprintf(k.colour, sizeof(k.colour), "%s", colours[p % 7]);
		snprintf(k.barcode, sizeof(k.barcode), "40%011lld", (long long)i);
		TRY(sku_put(tx, &k, &id, &changed, e));
		if (i < STOCKED * SIZES) {
			struct sku put;
			TRY(sku_get(tx, id, &put, &found, e));
			f->skus[i] = id;
			f->products[p] = put.product;
		}
	}
	return OK;
}

static enum result fill_stock(struct db_tx *tx, void *arg, struct error *e)
{
	static const int states[] = { UNIT_AVAILABLE, UNIT_HELD, UNIT_COMMITTED, UNIT_SAFETY };
	struct fill *f = arg;
	struct act_in in = { .what = STR("bench.fill") };
	struct ledger_move moves[PLACES * 4];
	struct act act;
	int64_t sku = f->skus[f->from];
	act_key(in.key, STR("grid"), (struct str){ (const char *)&sku, sizeof(sku) });
	TRY(act_begin(tx, &in, &act, e));
	for (int p = 0; p < PLACES; p++)
		for (int s = 0; s < 4; s++)
			moves[p * 4 + s] = (struct ledger_move){ .subject = sku,
				                                 .from_place = f->places[p],
				                                 .to_place = f->places[p],
				                                 .from = UNIT_ADJUST,
				                                 .to = states[s],
				                                 .qty = 1 + (p + s) % 5,
				                                 .reason = REASON_OPENING };
	TRY(unit_post(tx, &act, moves, PLACES * 4, e));
	return act_end(tx, &act, NULL, 0, e);
}

static int fill(const char *url, int64_t skus, const char *path)
{
	const struct db_config config = { .url = url, .create = true };
	static struct fill f;
	struct db *db;
	FILE *out = fopen(path, "w");
	if (!out || db_open(&config, &db, &err) != OK || db_migrate(db, &err) != OK)
		return fail(url);
	bool good = db_transact(db, fill_places, &f, &err) == OK;
	for (f.from = 0; good && f.from < skus; f.from = f.until) {
		f.until = f.from + BATCH < skus ? f.from + BATCH : skus;
		good = db_transact(db, fill_skus, &f, &err) == OK;
	}
	for (f.from = 0; good && f.from < STOCKED * SIZES; f.from++)
		good = db_transact(db, fill_stock, &f, &err) == OK;
	if (!good)
		return fail("fill");
	fprintf(out, "%s\n", f.key);
	for (int p = 0; p < STOCKED; p++) {
		char product[ID_TEXT_BYTES], store[ID_TEXT_BYTES], sku[ID_TEXT_BYTES];
		id_format(product, ID_PRODUCT, f.products[p]);
		id_format(store, ID_STORE, f.places[p * 3]);
		id_format(sku, ID_SKU, f.skus[p * SIZES + 5]);
		fprintf(out, "%s %s %s\n", product, store, sku);
	}
	db_close(db);
	return fclose(out) ? fail(path) : 0;
}

/* ---- Asking ------------------------------------------------------------------------------------------------------ */

struct asker {
	pthread_t thread;
	int n, fd;
	int64_t *us, count, failed, bytes;
	char *in;
};

static int port, connections;
static char key[128], product[STOCKED][32], store[STOCKED][32], sku[STOCKED][32];
static const char *what;
static int64_t began, ends, every_us; /* every_us: 0: as fast as it goes */

static bool connect_to(struct asker *a)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return a->fd >= 0 && connect(a->fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

static int target(char *out, size_t size, int64_t i)
{
	static const char *const words[] = { "shirt navy 42", "brand7 coat", "oxford shoe 44", "A00321-40",
		                             "4000000012345", "wool",        "chino trous",    "silk red" };
	int p = (int)(i % STOCKED);
	if (!strcmp(what, "grid"))
		return snprintf(out, size, "/v1/stock?product=%s&near=%s", product[p], store[p]);
	if (!strcmp(what, "save"))
		return snprintf(out, size, "/v1/save-the-sale?sku=%s&store=%s", sku[p], store[(p + 1) % STOCKED]);
	int n = snprintf(out, size, "/v1/skus?q=%s", words[i % 8]);
	for (char *c = out; *c; c++)
		*c = *c == ' ' ? '+' : *c;
	return n;
}

/* One request and its whole answer; false: it failed. */
static bool ask(struct asker *a, int64_t i)
{
	char path[200], out[600];
	size_t got = 0, want = 0;
	target(path, sizeof(path), i);
	int n = snprintf(out, sizeof(out), "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
	                 path, key);
	if (write(a->fd, out, (size_t)n) != n)
		return false;
	while (!want || got < want) {
		ssize_t r = read(a->fd, a->in + got, ANSWER_BYTES - 1 - got);
		if (r <= 0)
			return false;
		got += (size_t)r;
		a->in[got] = 0;
		const char *end = want ? NULL : strstr(a->in, "\r\n\r\n");
		if (!end)
			continue;
		const char *length = strcasestr(a->in, "content-length:");
		if (!length || length > end)
			return false;
		want = (size_t)(end + 4 - a->in) + strtoul(length + 15, NULL, 10);
	}
	a->bytes = (int64_t)got;
	return !strncmp(a->in, "HTTP/1.1 200", 12);
}

static void *asker_run(void *arg)
{
	struct asker *a = arg;
	for (int64_t i = 0;; i++) {
		int64_t due = clock_monotonic();
		if (every_us) {
			int64_t at = began + every_us * (i * connections + a->n);
			if (at > due) {
				struct timespec pause = { 0, (long)(at - due) * 1000 };
				while (pause.tv_nsec >= 1000000000)
					pause.tv_sec++, pause.tv_nsec -= 1000000000;
				nanosleep(&pause, NULL);
			}
			due = at;
		}
		if (due >= ends)
			return NULL;
		bool good = ask(a, i * connections + a->n);
		if (due - began < WARM_US)
			continue;
		if (!good)
			a->failed++;
		else if (a->count < TIMES_MAX)
			a->us[a->count++] = clock_monotonic() - due;
		if (!good && (close(a->fd), !connect_to(a)))
			return NULL;
	}
}

static int us_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static int look(const char *path, int seconds, int64_t rate)
{
	static struct asker askers[CONNECTIONS_MAX];
	FILE *in = fopen(path, "r");
	if (!in || fscanf(in, "%127s", key) != 1)
		return fail(path);
	for (int p = 0; p < STOCKED; p++)
		if (fscanf(in, "%31s %31s %31s", product[p], store[p], sku[p]) != 3)
			return fail(path);
	fclose(in);
	every_us = rate ? USEC / rate : 0;
	began = clock_monotonic();
	ends = began + WARM_US + seconds * USEC;
	for (int i = 0; i < connections; i++) {
		askers[i] =
		        (struct asker){ .n = i, .us = malloc(TIMES_MAX * sizeof(int64_t)), .in = malloc(ANSWER_BYTES) };
		if (!askers[i].us || !askers[i].in || !connect_to(&askers[i]) ||
		    pthread_create(&askers[i].thread, NULL, asker_run, &askers[i]))
			return fail("connect");
	}
	int64_t total = 0, failed = 0, n = 0, bytes = 0;
	for (int i = 0; i < connections; i++) {
		pthread_join(askers[i].thread, NULL);
		total += askers[i].count;
		failed += askers[i].failed;
		bytes = askers[i].bytes > bytes ? askers[i].bytes : bytes;
	}
	int64_t *all = malloc((size_t)(total + 1) * sizeof(*all));
	if (!all || !total)
		return fail("no answers");
	for (int i = 0; i < connections; i++)
		for (int64_t k = 0; k < askers[i].count; k++)
			all[n++] = askers[i].us[k];
	qsort(all, (size_t)n, sizeof(*all), us_cmp);
	printf("%.0f %.2f %.2f %lld %lld %lld\n", (double)n / seconds, (double)all[n / 2] / 1000,
	       (double)all[n * 99 / 100] / 1000, (long long)n, (long long)failed, (long long)bytes);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "fill"))
		return fill(argv[2], atoll(argv[3]), argv[4]);
	if (argc >= 7 && !strcmp(argv[1], "look")) {
		port = atoi(argv[2]);
		what = argv[4];
		connections = atoi(argv[5]);
		return connections < 1 || connections > CONNECTIONS_MAX
		               ? 2
		               : look(argv[3], atoi(argv[6]), argc > 7 ? atoll(argv[7]) : 0);
	}
	fprintf(stderr, "usage: bench/grid runs it\n");
	return 2;
}
