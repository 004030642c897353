/* byname stock …: what is where, holds, counts, transfers, deliveries, save the sale; through the API, as text or, with
 * --json, as it answers. SKUs and stores go by code, barcode, name or id. */
#include "app/app.h"
#include "app/client.h"
#include "app/look_up.h"
#include "app/print.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 200

struct stock {
	const char *db;
	bool json, final;
	const char *store, *to, *qty, *customer, *until, *at, *reason, *limit;
	const char *words[WORDS_MAX];
	int word_count;
	struct client *c;
	struct error e;
};

enum { KEY_STORE = 0x100, KEY_TO, KEY_QTY, KEY_CUSTOMER, KEY_UNTIL, KEY_AT, KEY_REASON, KEY_FINAL };

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0 },
	{ "json", 'j', NULL, 0, "The answer as JSON", 0 },
	{ "store", KEY_STORE, "STORE", 0, "Where: code, name or id; of a transfer: where from", 0 },
	{ "to", KEY_TO, "STORE", 0, "Of a transfer: where to", 0 },
	{ "qty", KEY_QTY, "N", 0, "So many (1)", 0 },
	{ "customer", KEY_CUSTOMER, "ID", 0, "For whom: cus_… or rec_…", 0 },
	{ "until", KEY_UNTIL, "TIME", 0, "Of a hold: 2026-12-24T18:00:00Z", 0 },
	{ "at", KEY_AT, "TIME", 0, "When it is due, or was counted", 0 },
	{ "reason", KEY_REASON, "WORD", 0, "Of adjust: found lost stolen broken own_use opening other", 0 },
	{ "final", KEY_FINAL, NULL, 0, "No more will come: what is missing is lost", 0 },
	{ "limit", 'n', "N", 0, "At most so many", 0 },
	{ 0 },
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct stock *s = state->input;
	const char **text = key == KEY_STORE      ? &s->store
	                    : key == KEY_TO       ? &s->to
	                    : key == KEY_QTY      ? &s->qty
	                    : key == KEY_CUSTOMER ? &s->customer
	                    : key == KEY_UNTIL    ? &s->until
	                    : key == KEY_AT       ? &s->at
	                    : key == KEY_REASON   ? &s->reason
	                    : key == 'n'          ? &s->limit
	                    : key == 'd'          ? &s->db
	                                          : NULL;
	if (text) {
		*text = arg;
		return 0;
	}
	switch (key) {
	case 'j':
		s->json = true;
		return 0;
	case KEY_FINAL:
		s->final = true;
		return 0;
	case ARGP_KEY_ARG:
		if (s->word_count == WORDS_MAX)
			argp_error(state, "at most %d words", WORDS_MAX);
		s->words[s->word_count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

typedef void print_fn(FILE *f, const struct json *answer);

static enum result call(struct stock *s, const char *method, const char *path, const char *body, print_fn *print)
{
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf raw;
	buf_init(&raw, 0);
	TRY(client_call(s->c, method, path, body, &answer, &raw, &s->e));
	if (s->json)
		printf("%.*s\n", STR_ARG(buf_view(&raw)));
	else
		print(stdout, answer);
	return OK;
}

static void query(struct buf *path, const char *name, const char *value)
{
	if (!value || !value[0])
		return;
	buf_printf(path, "%c%s=", strchr(path->p, '?') ? '&' : '?', name);
	client_escape(path, str_c(value));
}

/* The ids of what --store and the first word name; a part that is not given stays empty. */
static enum result store_id(struct stock *s, const char *word, char id[ID_TEXT_BYTES])
{
	id[0] = 0;
	return word ? look_up_store(s->c, word, id, &s->e) : OK;
}

static enum result sku_id(struct stock *s, char id[ID_TEXT_BYTES], char product[ID_TEXT_BYTES])
{
	if (!s->word_count)
		return error_set(&s->e, ERR_INVALID, "word.missing", "sku", "Which SKU?");
	return look_up_sku(s->c, s->words[0], id, product, &s->e);
}

static enum result about_sku(struct stock *s, const char *base, const char *store_name, print_fn *print)
{
	char sku[ID_TEXT_BYTES], store[ID_TEXT_BYTES];
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	TRY(sku_id(s, sku, NULL));
	TRY(store_id(s, store_name ? s->store : NULL, store));
	buf_str(&path, base);
	query(&path, "sku", sku);
	if (store_name)
		query(&path, store_name, store);
	query(&path, "limit", s->limit);
	return call(s, "GET", path.p, NULL, print);
}

static enum result list(struct stock *s, const char *base, print_fn *print)
{
	char store[ID_TEXT_BYTES];
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	TRY(store_id(s, s->store, store));
	buf_str(&path, base);
	query(&path, "location", store);
	query(&path, "customer", s->customer);
	query(&path, "limit", s->limit);
	return call(s, "GET", path.p, NULL, print);
}

/* ---- Questions --------------------------------------------------------------------------------------------------- */

static enum result run_show(struct stock *s)
{
	return about_sku(s, "/v1/stock", "near", print_stock);
}

static enum result run_grid(struct stock *s)
{
	char sku[ID_TEXT_BYTES], product[ID_TEXT_BYTES], store[ID_TEXT_BYTES];
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	TRY(sku_id(s, sku, product));
	TRY(store_id(s, s->store, store));
	buf_printf(&path, "/v1/stock?product=%s", product);
	query(&path, "near", store);
	return call(s, "GET", path.p, NULL, print_grid);
}

static enum result run_where(struct stock *s)
{
	char sku[ID_TEXT_BYTES], store[ID_TEXT_BYTES];
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	if (!s->store)
		return error_set(&s->e, ERR_INVALID, "word.missing", "store", "Where does the customer stand? --store");
	TRY(sku_id(s, sku, NULL));
	TRY(store_id(s, s->store, store));
	buf_printf(&path, "/v1/save-the-sale?sku=%s&store=%s", sku, store);
	query(&path, "qty", s->qty);
	query(&path, "customer", s->customer);
	return call(s, "GET", path.p, NULL, print_ways);
}

static enum result run_moves(struct stock *s)
{
	return about_sku(s, "/v1/stock/moves", "location", print_moves);
}

static enum result run_expected(struct stock *s)
{
	return about_sku(s, "/v1/expected", NULL, print_expected);
}

static enum result run_waiting(struct stock *s)
{
	return about_sku(s, "/v1/waiting", NULL, print_waiting);
}

static enum result run_holds(struct stock *s)
{
	return list(s, "/v1/holds", print_holds);
}

static enum result run_counts(struct stock *s)
{
	return list(s, "/v1/counts", print_counts);
}

static enum result run_low(struct stock *s)
{
	return list(s, "/v1/low", print_low);
}

static enum result run_transfers(struct stock *s)
{
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	if (!s->word_count)
		return list(s, "/v1/transfers", print_transfers);
	buf_str(&path, "/v1/transfers/");
	client_escape(&path, str_c(s->words[0]));
	return call(s, "GET", path.p, NULL, print_transfer);
}

/* ---- Commands ---------------------------------------------------------------------------------------------------- */

/* What a command's body may have, and what its first word is. */
enum takes {
	SKU = 1,
	ID = 2,
	STORE = 4,
	QTY = 8,
	CUSTOMER = 16,
	UNTIL = 32,
	AT = 64,
	REASON = 128,
	FINAL = 256,
	LINES = 512
};

static enum result number_write(struct stock *s, struct json_writer *w, const char *key, const char *text)
{
	int64_t n;
	if (!str_to_i64(str_c(text), &n))
		return error_set(&s->e, ERR_INVALID, "word.number", key, "\"%s\" is no number", text);
	jw_ki64(w, key, n);
	return OK;
}

/* "SKU*QTY" */
static enum result line_write(struct stock *s, struct json_writer *w, const char *word)
{
	char name[128], sku[ID_TEXT_BYTES];
	const char *star = strrchr(word, '*');
	snprintf(name, sizeof(name), "%.*s", star ? (int)(star - word) : (int)strlen(word), word);
	TRY(look_up_sku(s->c, name, sku, NULL, &s->e));
	jw_object(w);
	jw_kcstr(w, "sku", sku);
	TRY(number_write(s, w, "qty", star ? star + 1 : "1"));
	jw_end_object(w);
	return OK;
}

/* The lines of a transfer as they stand: what was asked for, or what is on the way. */
static enum result lines_whole(struct stock *s, struct json_writer *w, bool sent)
{
	JSON_AUTO struct json *t = NULL;
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_str(&path, "/v1/transfers/");
	client_escape(&path, str_c(s->words[0]));
	TRY(client_call(s->c, "GET", path.p, NULL, &t, NULL, &s->e));
	const struct json *lines = json_get(t, "lines");
	for (size_t i = 0; i < json_count(lines); i++) {
		const struct json *l = json_at(lines, i);
		static const char *const parts[] = { "sent", "over", "received", "lost", "returned" };
		int64_t n[5] = { 0 }, qty = 0, line = 0;
		for (int k = 0; k < 5; k++)
			json_i64(json_get(l, parts[k]), &n[k]);
		if (sent)
			qty = n[0] + n[1] - n[2] - n[3] - n[4];
		else
			json_i64(json_get(l, "asked"), &qty);
		json_i64(json_get(l, "line"), &line);
		jw_object(w);
		jw_kstr(w, "sku", json_str(json_get(json_get(l, "sku"), "id")));
		jw_ki64(w, "qty", qty);
		if (line) {
			jw_kstr(w, "order", json_str(json_get(l, "order")));
			jw_ki64(w, "line", line);
		}
		jw_end_object(w);
	}
	return OK;
}

static enum result lines_write(struct stock *s, struct json_writer *w, int from, const char *whole)
{
	jw_key(w, "lines");
	jw_array(w);
	if (from < s->word_count)
		for (int i = from; i < s->word_count; i++)
			TRY(line_write(s, w, s->words[i]));
	else if (whole)
		TRY(lines_whole(s, w, !strcmp(whole, "sent")));
	jw_end_array(w);
	return OK;
}

static enum result body_write(struct stock *s, struct json_writer *w, unsigned takes, const char *whole)
{
	char id[ID_TEXT_BYTES];
	if (takes & SKU) {
		TRY(sku_id(s, id, NULL));
		jw_kcstr(w, "sku", id);
	}
	if (takes & ID) {
		if (!s->word_count)
			return error_set(&s->e, ERR_INVALID, "word.missing", "id", "Which one? Its id");
		jw_kcstr(w, "id", s->words[0]);
	}
	if (takes & STORE && s->store) {
		TRY(store_id(s, s->store, id));
		jw_kcstr(w, "location", id);
	}
	if (takes & LINES && s->to) {
		TRY(store_id(s, s->to, id));
		jw_kcstr(w, "to", id);
	}
	if (takes & QTY)
		TRY(number_write(s, w, "qty", s->qty ? s->qty : "1"));
	if (takes & CUSTOMER && s->customer)
		jw_kcstr(w, "customer", s->customer);
	if (takes & UNTIL && s->until)
		jw_kcstr(w, "until", s->until);
	if (takes & AT && s->at)
		jw_kcstr(w, "at", s->at);
	if (takes & REASON)
		jw_kcstr(w, "reason", s->reason ? s->reason : "other");
	if (takes & FINAL && s->final)
		jw_kbool(w, "final", true);
	return takes & LINES ? lines_write(s, w, takes & ID ? 1 : 0, whole) : OK;
}

static enum result command(struct stock *s, const char *name, unsigned takes, const char *whole)
{
	BUF_AUTO struct buf body, path;
	struct json_writer w;
	buf_init(&body, 0);
	buf_init(&path, 0);
	jw_init(&w, &body);
	jw_object(&w);
	TRY(body_write(s, &w, takes, whole));
	jw_end_object(&w);
	buf_printf(&path, "/v1/stock/%s", name);
	return call(s, "POST", path.p, body.p, print_stock_done);
}

/* ---- The words --------------------------------------------------------------------------------------------------- */

static const struct verb {
	const char *name, *usage;
	enum result (*run)(struct stock *s);
	const char *path;  /* a command: its route, */
	unsigned takes;    /* its body, */
	const char *whole; /* and what its lines are when none is named */
} verbs[] = {
	{ "show", "SKU [--store S]: every state, place by place; nearest to S first", run_show, NULL, 0, NULL },
	{ "grid", "SKU [--store S]: sizes and colours of its product × stores", run_grid, NULL, 0, NULL },
	{ "where", "SKU --store S [--qty N] [--customer C]: ways to get it to a customer", run_where, NULL, 0, NULL },
	{ "moves", "SKU [--store S]: what moved, when, why, by whom", run_moves, NULL, 0, NULL },
	{ "hold", "SKU --store S [--qty N] [--customer C] [--until T]", NULL, "hold",
	  SKU | STORE | QTY | CUSTOMER | UNTIL, NULL },
	{ "extend", "HOLD --until T", NULL, "extend", ID | UNTIL, NULL },
	{ "release", "HOLD", NULL, "release", ID, NULL },
	{ "holds", "[--store S] [--customer C]", run_holds, NULL, 0, NULL },
	{ "adjust", "SKU --store S --qty ±N --reason WORD", NULL, "adjust", SKU | STORE | QTY | REASON, NULL },
	{ "safety", "SKU --store S --qty N: keeps so many back", NULL, "safety", SKU | STORE | QTY, NULL },
	{ "level", "SKU --store S --qty N: low when available falls to it; -1: never", NULL, "level", SKU | STORE | QTY,
	  NULL },
	{ "low", "[--store S]: what is at or below its level", run_low, NULL, 0, NULL },
	{ "count", "SKU --store S: asks for a count", NULL, "count", SKU | STORE, NULL },
	{ "counted", "COUNT --qty N [--at T]: so many stand on the shelf", NULL, "count_enter", ID | QTY | AT, NULL },
	{ "count-cancel", "COUNT", NULL, "count_cancel", ID, NULL },
	{ "counts", "[--store S]: what is to be counted", run_counts, NULL, 0, NULL },
	{ "transfer", "SKU*N … --store FROM --to TO", NULL, "transfer", STORE | LINES, NULL },
	{ "dispatch", "TRANSFER [SKU*N …]: what was asked for, or these", NULL, "dispatch", ID | LINES, "asked" },
	{ "receive", "TRANSFER [SKU*N …] [--final]: what is on the way, or these", NULL, "receive", ID | LINES | FINAL,
	  "sent" },
	{ "transfer-cancel", "TRANSFER", NULL, "transfer_cancel", ID, NULL },
	{ "transfers", "[TRANSFER] [--store S]", run_transfers, NULL, 0, NULL },
	{ "expect", "SKU --store S --qty N [--at T]: a supplier will deliver", NULL, "expect", SKU | STORE | QTY | AT,
	  NULL },
	{ "expect-cancel", "DELIVERY", NULL, "expect_cancel", ID, NULL },
	{ "expected", "SKU", run_expected, NULL, 0, NULL },
	{ "deliver", "DELIVERY --qty N [--final]", NULL, "deliver", ID | QTY | FINAL, NULL },
	{ "delivered", "SKU --store S --qty N: what nobody had announced", NULL, "deliver", SKU | STORE | QTY, NULL },
	{ "wait", "SKU [--store S] [--qty N] [--customer C]", NULL, "wait", SKU | STORE | QTY | CUSTOMER, NULL },
	{ "leave", "WAITING", NULL, "leave", ID, NULL },
	{ "waiting", "SKU: who waits, in order", run_waiting, NULL, 0, NULL },
};

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static char *verbs_text(int key, const char *text, void *input)
{
	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);
	if (!f)
		return (char *)text;
	fprintf(f, "Verbs:\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		fprintf(f, "  %-16s %s\n", verbs[i].name, verbs[i].usage);
	fclose(f);
	return out; /* argp frees it */
}

static int run_stock(int argc, char **argv)
{
	static const struct argp argp = { options,
		                          option,
		                          "VERB [WORDS]",
		                          "Stock: what is where, for whom, on the way. SKUs and stores go by code, "
		                          "barcode, name or id.\v\n",
		                          NULL,
		                          verbs_text,
		                          NULL };
	struct stock s = { .db = app_db() };
	argp_parse(&argp, argc, argv, 0, NULL, &s);
	const struct verb *v = s.word_count ? verb_find(s.words[0]) : NULL;
	if (!v) {
		fprintf(stderr, "byname stock: %s; byname stock --help lists the verbs\n",
		        s.word_count ? "there is no such verb" : "what about it?");
		return EXIT_USAGE;
	}
	memmove(s.words, s.words + 1, (size_t)--s.word_count * sizeof(*s.words));
	enum result r = client_open(s.db, &s.c, &s.e);
	if (r == OK)
		r = v->run ? v->run(&s) : command(&s, v->path, v->takes, v->whole);
	client_close(s.c);
	return r == OK ? EXIT_OK : app_fail(&s.e);
}

const struct command cmd_stock[] = {
	{ "stock", "What is where: grid, holds, counts, transfers, save the sale", run_stock },
	{ 0 },
};
