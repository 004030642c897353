/* byname who, card, top, status: the API's answers as text, or as they are with --json. */
#include "app/app.h"
#include "app/client.h"
#include "app/print.h"

#include <argp.h>
#include <stdio.h>
#include <unistd.h>

struct ask {
	const char *db;
	bool json, full;
	const char *from, *to, *store, *channel, *currency, *limit;
	struct buf words; /* the arguments, joined by blanks */
	const char *usage;
};

enum { KEY_FROM = 0x100, KEY_TO, KEY_STORE, KEY_CHANNEL, KEY_CURRENCY };

#define OPTION_DB                                                                                                      \
	{                                                                                                              \
		"db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0                          \
	}
#define OPTION_JSON                                                                                                    \
	{                                                                                                              \
		"json", 'j', NULL, 0, "The answer as JSON", 0                                                          \
	}

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct ask *a = state->input;
	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case 'f':
		a->full = true;
		return 0;
	case 'n':
		a->limit = arg;
		return 0;
	case KEY_FROM:
		a->from = arg;
		return 0;
	case KEY_TO:
		a->to = arg;
		return 0;
	case KEY_STORE:
		a->store = arg;
		return 0;
	case KEY_CHANNEL:
		a->channel = arg;
		return 0;
	case KEY_CURRENCY:
		a->currency = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->words.n)
			buf_char(&a->words, ' ');
		buf_str(&a->words, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

typedef void print_fn(FILE *f, const struct json *answer);

#define READY_TRIES 600
#define READY_PAUSE_US 100000

/* A server that just started may still be building its search view: asks again until it has. */
static enum result get_when_ready(struct client *c, const char *path, struct json **answer, struct buf *raw,
                                  struct error *e)
{
	for (int i = 0;; i++) {
		bool ready = true;
		buf_clear(raw);
		TRY(client_call(c, "GET", path, NULL, answer, raw, e));
		json_bool(json_get(*answer, "ready"), &ready);
		if (ready || i == READY_TRIES)
			return OK;
		json_free(*answer);
		*answer = NULL;
		usleep(READY_PAUSE_US);
	}
}

/* One GET, printed. */
static int ask_get(struct ask *a, const char *path, print_fn *print)
{
	struct error e = { 0 };
	struct client *c = NULL;
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf raw;
	buf_init(&raw, 0);
	enum result r = client_open(a->db, &c, &e);
	if (r == OK)
		r = get_when_ready(c, path, &answer, &raw, &e);
	client_close(c);
	if (r != OK)
		return app_fail(&e);
	if (a->json)
		printf("%.*s\n", STR_ARG(buf_view(&raw)));
	else
		print(stdout, answer);
	return EXIT_OK;
}

static void query(struct buf *path, char *sep, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(path, "%c%s=", *sep, name);
	client_escape(path, str_c(value));
	*sep = '&';
}

static int usage(const char *what)
{
	fprintf(stderr, "byname: %s\n", what);
	return EXIT_USAGE;
}

static int run_who(int argc, char **argv)
{
	static const struct argp_option options[] = {
		OPTION_DB, OPTION_JSON, { "limit", 'n', "N", 0, "At most N (12)", 0 }, { 0 }
	};
	static const struct argp argp = { options,
		                          option,
		                          "WORDS...",
		                          "Find customers by name, phone, e-mail, loyalty or order number.\v"
		                          "byname who smith j\nbyname who 55 66",
		                          NULL,
		                          NULL,
		                          NULL };
	struct ask a = { .db = app_db() };
	char sep = '?';
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_init(&a.words, 0);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	buf_str(&path, "/v1/find");
	query(&path, &sep, "q", a.words.p ? a.words.p : "");
	query(&path, &sep, "limit", a.limit);
	int code = a.words.n ? ask_get(&a, path.p, print_find) : usage("who: say whom (byname who smith j)");
	buf_free(&a.words);
	return code;
}

static int run_card(int argc, char **argv)
{
	static const struct argp_option options[] = {
		OPTION_DB, OPTION_JSON, { "full", 'f', NULL, 0, "Also what may not be said aloud", 0 }, { 0 }
	};
	static const struct argp argp = { options, option, "CUSTOMER", "The greeting card of a customer (cus_…).",
		                          NULL,    NULL,   NULL };
	struct ask a = { .db = app_db() };
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_init(&a.words, 0);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	buf_str(&path, "/v1/customers/");
	client_escape(&path, buf_view(&a.words));
	buf_printf(&path, "/card?full=%s", a.full ? "true" : "false");
	int code = a.words.n ? ask_get(&a, path.p, print_card) : usage("card: name the customer (byname who finds it)");
	buf_free(&a.words);
	return code;
}

static int run_top(int argc, char **argv)
{
	static const struct argp_option options[] = {
		OPTION_DB,
		OPTION_JSON,
		{ "limit", 'n', "N", 0, "At most N (50)", 0 },
		{ "from", KEY_FROM, "DATE", 0, "First local day, YYYY-MM-DD", 0 },
		{ "to", KEY_TO, "DATE", 0, "Last local day, YYYY-MM-DD", 0 },
		{ "store", KEY_STORE, "STORE", 0, "Only this store (sto_…)", 0 },
		{ "channel", KEY_CHANNEL, "CHANNEL", 0, "Only this channel (store, web, phone, …)", 0 },
		{ "currency", KEY_CURRENCY, "ISO", 0, "Currency of the sums (EUR)", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		options, option, NULL, "Top customers by spend, returns subtracted, with the full-price share.",
		NULL,    NULL,   NULL
	};
	struct ask a = { .db = app_db() };
	char sep = '?';
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_init(&a.words, 0);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	buf_str(&path, "/v1/top");
	query(&path, &sep, "limit", a.limit);
	query(&path, &sep, "from", a.from);
	query(&path, &sep, "to", a.to);
	query(&path, &sep, "store", a.store);
	query(&path, &sep, "channel", a.channel);
	query(&path, &sep, "currency", a.currency);
	buf_free(&a.words);
	return ask_get(&a, path.p, print_top);
}

static int run_status(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB, OPTION_JSON, { 0 } };
	static const struct argp argp = { options, option, NULL, "How much is held, and how current the views are.",
		                          NULL,    NULL,   NULL };
	struct ask a = { .db = app_db() };
	buf_init(&a.words, 0);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	buf_free(&a.words);
	return ask_get(&a, "/v1/status", print_status);
}

const struct command cmd_ask[] = {
	{ "who", "Find customers by whatever they offer", run_who },
	{ "card", "The greeting card of a customer", run_card },
	{ "top", "Top customers by spend over any period, store, channel", run_top },
	{ "status", "How much is held, how current the views are", run_status },
	{ 0 },
};
