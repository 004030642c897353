/* byname webhook: who is told of orders and stock. */
#include "app/app.h"
#include "app/client.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 3
#define EVENTS_MAX 32
#define PAGE 100

struct hook_args {
	const char *db, *description, *state, *from;
	const char *events[EVENTS_MAX];
	int event_count;
	bool json;
	const char *words[WORDS_MAX];
	int word_count;
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct hook_args *a = state->input;
	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case 'e':
		if (a->event_count == EVENTS_MAX)
			argp_error(state, "at most %d types", EVENTS_MAX);
		a->events[a->event_count++] = arg;
		return 0;
	case 't':
		a->description = arg;
		return 0;
	case 's':
		a->state = arg;
		return 0;
	case 'f':
		a->from = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->word_count == WORDS_MAX)
			argp_usage(state);
		a->words[a->word_count++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->word_count)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0 },
	{ "json", 'j', NULL, 0, "The answer as JSON", 0 },
	{ "event", 'e', "TYPE", 0, "order.*, stock.*, order.placed, …; may be given again (order.* and stock.*)", 0 },
	{ "description", 't', "TEXT", 0, "What it is for", 0 },
	{ "state", 's', "STATE", 0, "deliveries: only waiting, delivered or given_up", 0 },
	{ "from", 'f', "TIME", 0, "replay: all that was made since (2026-11-22T09:00:00Z)", 0 },
	{ 0 },
};

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

struct hook_call {
	struct client *client;
	const struct hook_args *a;
	struct json *answer;
	struct buf raw;
	struct error e;
};

/* "/v1/webhooks", "/v1/webhooks/ID", "/v1/webhooks/ID/TAIL" */
static enum result call(struct hook_call *c, const char *method, const char *id, const char *tail, const char *body)
{
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_str(&path, "/v1/webhooks");
	if (id) {
		buf_char(&path, '/');
		client_escape(&path, str_c(id));
	}
	buf_str(&path, tail);
	json_free(c->answer);
	c->answer = NULL;
	buf_clear(&c->raw);
	if (path.failed)
		return error_nomem(&c->e);
	return client_call(c->client, method, path.p, body, &c->answer, &c->raw, &c->e);
}

static bool said_json(const struct hook_call *c)
{
	if (c->a->json)
		printf("%.*s\n", STR_ARG(buf_view(&c->raw)));
	return c->a->json;
}

static struct str text(const struct json *v, const char *key)
{
	return json_str(json_get(v, key));
}

static int64_t number(const struct json *v, const char *key)
{
	int64_t n = 0;
	(void)json_i64(json_get(v, key), &n);
	return n;
}

static enum result usage(struct hook_call *c, const char *what)
{
	return error_set(&c->e, ERR_INVALID, "usage", NULL, "%s", what);
}

/* ---- Endpoints --------------------------------------------------------------------------------------------------- */

static void say_secret(const struct hook_call *c)
{
	printf("%.*s\n\nThis is the secret that its receiver verifies signatures with, shown only now.\n",
	       STR_ARG(text(c->answer, "secret")));
}

static enum result hook_add(struct hook_call *c, const char *url)
{
	static const char *const usual[] = { "order.*", "stock.*" };
	BUF_AUTO struct buf body;
	struct json_writer w;
	int count = c->a->event_count ? c->a->event_count : 2;
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "url", url);
	jw_key(&w, "events");
	jw_array(&w);
	for (int i = 0; i < count; i++)
		jw_cstr(&w, c->a->event_count ? c->a->events[i] : usual[i]);
	jw_end_array(&w);
	if (c->a->description)
		jw_kcstr(&w, "description", c->a->description);
	jw_end_object(&w);
	TRY(call(c, "POST", NULL, "", body.p));
	if (said_json(c))
		return OK;
	printf("%.*s\n", STR_ARG(text(c->answer, "id")));
	say_secret(c);
	return OK;
}

static void hook_print(const struct json *v)
{
	const struct json *events = json_get(v, "events");
	bool disabled = false;
	json_bool(json_get(v, "disabled"), &disabled);
	printf("%.*s  %.*s ", STR_ARG(text(v, "id")), STR_ARG(text(v, "url")));
	for (size_t i = 0; i < json_count(events); i++)
		printf(" %.*s", STR_ARG(json_str(json_at(events, i))));
	if (disabled)
		printf("  disabled (%.*s)", STR_ARG(text(v, "disabled_why")));
	printf("\n    waiting %lld, given up %lld", (long long)number(v, "waiting"), (long long)number(v, "given_up"));
	static const char *const times[][2] = {
		{ "oldest_waiting_at", "oldest of" }, { "succeeded_at", "last success" },
		{ "failed_at", "last failure" },      { "failing_since", "failing since" },
		{ "paused_until", "paused until" },   { "old_secret_until", "old secret signs until" }
	};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (text(v, times[i][0]).n)
			printf(", %s %.*s", times[i][1], STR_ARG(text(v, times[i][0])));
	printf("%s%.*s\n", text(v, "description").n ? "\n    " : "", STR_ARG(text(v, "description")));
}

static enum result hook_list(struct hook_call *c)
{
	TRY(call(c, "GET", NULL, "", NULL));
	if (said_json(c))
		return OK;
	const struct json *items = json_get(c->answer, "items");
	for (size_t i = 0; i < json_count(items); i++)
		hook_print(json_at(items, i));
	if (!json_count(items))
		printf("No webhooks.\n");
	return OK;
}

static enum result hook_show(struct hook_call *c, const char *id)
{
	TRY(call(c, "GET", id, "", NULL));
	if (!said_json(c))
		hook_print(c->answer);
	return OK;
}

static enum result hook_turn(struct hook_call *c, const char *id, bool disable)
{
	TRY(call(c, "PATCH", id, "", disable ? "{\"disabled\":true}" : "{\"disabled\":false}"));
	if (!said_json(c))
		hook_print(c->answer);
	return OK;
}

static enum result hook_remove(struct hook_call *c, const char *id)
{
	TRY(call(c, "DELETE", id, "", NULL));
	if (!c->a->json)
		printf("Removed.\n");
	return OK;
}

static enum result hook_rotate(struct hook_call *c, const char *id)
{
	TRY(call(c, "POST", id, "/rotate", NULL));
	if (said_json(c))
		return OK;
	say_secret(c);
	printf("The one before signs too until %.*s.\n", STR_ARG(text(c->answer, "old_secret_until")));
	return OK;
}

/* ---- Deliveries -------------------------------------------------------------------------------------------------- */

static void delivery_print(const struct json *v)
{
	struct str fault = text(v, "fault");
	printf("%.*s  %-20.*s %.*s  %.*s", STR_ARG(text(v, "id")), STR_ARG(text(v, "type")),
	       STR_ARG(text(v, "made_at")), STR_ARG(text(v, "state")));
	if (number(v, "attempts"))
		printf("  attempts %lld", (long long)number(v, "attempts"));
	if (number(v, "status"))
		printf("  status %lld", (long long)number(v, "status"));
	if (fault.n)
		printf("  %.*s", STR_ARG(fault));
	if (text(v, "due_at").n)
		printf("  due %.*s", STR_ARG(text(v, "due_at")));
	printf("\n");
}

static enum result hook_deliveries(struct hook_call *c, const char *id)
{
	char before[64] = "";
	for (;;) {
		char tail[192];
		snprintf(tail, sizeof(tail), "/deliveries?limit=%d%s%s%s%s", PAGE, c->a->state ? "&state=" : "",
		         c->a->state ? c->a->state : "", before[0] ? "&before=" : "", before);
		TRY(call(c, "GET", id, tail, NULL));
		const struct json *items = json_get(c->answer, "items");
		bool as_json = said_json(c);
		for (size_t i = 0; i < json_count(items) && !as_json; i++)
			delivery_print(json_at(items, i));
		struct str next = text(c->answer, "next");
		if (!next.n || next.n >= sizeof(before))
			return OK;
		snprintf(before, sizeof(before), "%.*s", STR_ARG(next));
	}
}

static enum result hook_test(struct hook_call *c, const char *id)
{
	TRY(call(c, "POST", id, "/test", "{}"));
	if (!said_json(c))
		printf("%.*s is on its way: byname webhook deliveries %s\n", STR_ARG(text(c->answer, "delivery")), id);
	return OK;
}

static enum result hook_replay(struct hook_call *c, const char *id, const char *delivery)
{
	BUF_AUTO struct buf body;
	struct json_writer w;
	if (!delivery == !c->a->from)
		return usage(c, "Name a delivery (whd_…), or --from TIME.");
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	if (delivery)
		jw_kcstr(&w, "delivery", delivery);
	else
		jw_kcstr(&w, "from_at", c->a->from);
	jw_end_object(&w);
	TRY(call(c, "POST", id, "/replay", body.p));
	if (!said_json(c))
		printf("%lld go out again.\n", (long long)number(c->answer, "replayed"));
	return OK;
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

static enum result carry_out(struct hook_call *c)
{
	const struct hook_args *a = c->a;
	struct str what = str_c(a->words[0]);
	const char *id = a->word_count > 1 ? a->words[1] : NULL;
	if (str_is(what, "list") && a->word_count == 1)
		return hook_list(c);
	if (str_is(what, "replay") && id)
		return hook_replay(c, id, a->word_count > 2 ? a->words[2] : NULL);
	if (a->word_count != 2)
		return usage(c,
		             "Say add and a URL, list, or what and which (whk_…): show, test, replay, remove, rotate, "
		             "enable, disable, deliveries.");
	if (str_is(what, "add"))
		return hook_add(c, id);
	if (str_is(what, "show"))
		return hook_show(c, id);
	if (str_is(what, "test"))
		return hook_test(c, id);
	if (str_is(what, "remove"))
		return hook_remove(c, id);
	if (str_is(what, "rotate"))
		return hook_rotate(c, id);
	if (str_is(what, "deliveries"))
		return hook_deliveries(c, id);
	if (str_is(what, "enable") || str_is(what, "disable"))
		return hook_turn(c, id, str_is(what, "disable"));
	return usage(c, "There is add, list, show, test, replay, remove, rotate, enable, disable, deliveries.");
}

static int run_webhook(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		option,
		"add URL\nlist\nshow WEBHOOK\ntest WEBHOOK\ndeliveries WEBHOOK\nreplay WEBHOOK DELIVERY\nreplay "
		"WEBHOOK "
		"--from TIME\nrotate WEBHOOK\nenable WEBHOOK\ndisable WEBHOOK\nremove WEBHOOK",
		"Webhooks: who is told, by a signed POST, of what happens to orders and stock.\vA running server "
		"sends; what "
		"is made without one waits for it.",
		NULL,
		NULL,
		NULL
	};
	struct hook_args a = { .db = app_db() };
	struct hook_call c = { .a = &a };
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	buf_init(&c.raw, 0);
	enum result r = client_open(a.db, &c.client, &c.e);
	if (r == OK)
		r = carry_out(&c);
	int code = r == OK ? EXIT_OK : app_fail(&c.e);
	json_free(c.answer);
	client_close(c.client);
	buf_free(&c.raw);
	return code;
}

const struct command cmd_webhook[] = {
	{ "webhook", "Webhooks: add, list, test, replay, rotate, remove", run_webhook },
	{ 0 },
};
