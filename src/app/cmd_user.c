/* byname user, byname apikey: who may sign in, and which sources may send. */
#include "app/app.h"
#include "app/client.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 4
#define STORES_MAX 64

struct access_args {
	const char *db, *name, *role, *associate, *source;
	const char *stores[STORES_MAX];
	int store_count;
	bool json;
	const char *words[WORDS_MAX];
	int word_count;
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct access_args *a = state->input;
	switch (key) {
	case 'd':
		a->db = arg;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case 'n':
		a->name = arg;
		return 0;
	case 'r':
		a->role = arg;
		return 0;
	case 'a':
		a->associate = arg;
		return 0;
	case 's':
		if (a->store_count == STORES_MAX)
			argp_error(state, "at most %d stores", STORES_MAX);
		a->stores[a->store_count++] = arg;
		return 0;
	case 'o':
		a->source = arg;
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

#define OPTION_DB                                                                                                      \
	{                                                                                                              \
		"db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0                          \
	}
#define OPTION_JSON                                                                                                    \
	{                                                                                                              \
		"json", 'j', NULL, 0, "The answer as JSON", 0                                                          \
	}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

struct session {
	struct client *client;
	struct json *answer;
	struct buf raw;
	struct error e;
};

static enum result session_open(struct session *s, const char *db)
{
	*s = (struct session){ 0 };
	buf_init(&s->raw, 0);
	return client_open(db, &s->client, &s->e);
}

static void session_close(struct session *s)
{
	json_free(s->answer);
	client_close(s->client);
	buf_free(&s->raw);
}

static enum result call(struct session *s, const char *method, const char *path, const char *body)
{
	json_free(s->answer);
	s->answer = NULL;
	buf_clear(&s->raw);
	return client_call(s->client, method, path, body, &s->answer, &s->raw, &s->e);
}

/* Prints the answer as JSON when asked to; else false. */
static bool said_json(const struct session *s, const struct access_args *a)
{
	if (a->json)
		printf("%.*s\n", STR_ARG(buf_view(&s->raw)));
	return a->json;
}

static struct str member(const struct json *v, const char *key)
{
	return json_str(json_get(v, key));
}

/* Finds the item of a list whose member equals value, and copies its id. */
static bool find_id(const struct json *answer, const char *key, struct str value, char *id, size_t size)
{
	const struct json *items = json_get(answer, "items");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *v = json_at(items, i);
		if (!str_eq(member(v, key), value) && !str_eq(member(v, "id"), value))
			continue;
		snprintf(id, size, "%.*s", STR_ARG(member(v, "id")));
		return true;
	}
	return false;
}

/* The id of a user by login or id, a page after the other. */
static enum result user_id(struct session *s, const char *login, char *id, size_t size)
{
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_str(&path, "/v1/users?limit=500");
	for (;;) {
		TRY(call(s, "GET", path.p, NULL));
		if (find_id(s->answer, "login", str_c(login), id, size))
			return OK;
		struct str next = member(s->answer, "next");
		if (!next.n)
			return error_set(&s->e, ERR_NOT_FOUND, "user.unknown", NULL, "There is no user %s.", login);
		buf_clear(&path);
		buf_str(&path, "/v1/users?limit=500&before=");
		client_escape(&path, next);
	}
}

/* Where a browser finds the link. */
static void say_link(struct str link)
{
	printf("This link sets the password (once, within 48 hours):\n\n    %s%.*s\n\n", app_env("BYNAME_URL", ""),
	       STR_ARG(link));
	if (!getenv("BYNAME_URL"))
		printf("Put the server's address in front of it, or set BYNAME_URL.\n");
}

/* ---- byname user ------------------------------------------------------------------------------------------------- */

static enum result stores_write(struct session *s, const struct access_args *a, struct json_writer *w)
{
	TRY(call(s, "GET", "/v1/stores", NULL));
	jw_key(w, "stores");
	jw_array(w);
	for (int i = 0; i < a->store_count; i++) {
		char id[ID_TEXT_BYTES];
		if (!find_id(s->answer, "code", str_c(a->stores[i]), id, sizeof(id)))
			return error_set(&s->e, ERR_INVALID, "store.unknown", NULL, "There is no store %s.",
			                 a->stores[i]);
		jw_cstr(w, id);
	}
	jw_end_array(w);
	return OK;
}

static enum result associate_write(struct session *s, const char *code, struct json_writer *w)
{
	char id[ID_TEXT_BYTES];
	TRY(call(s, "GET", "/v1/associates", NULL));
	if (!find_id(s->answer, "code", str_c(code), id, sizeof(id)))
		return error_set(&s->e, ERR_INVALID, "associate.unknown", NULL, "There is no associate %s.", code);
	jw_kcstr(w, "associate", id);
	return OK;
}

static enum result user_add(struct session *s, const struct access_args *a)
{
	BUF_AUTO struct buf body;
	struct json_writer w;
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "login", a->words[1]);
	jw_kcstr(&w, "name", a->name ? a->name : a->words[1]);
	jw_kcstr(&w, "role", a->role ? a->role : "associate");
	if (a->associate)
		TRY(associate_write(s, a->associate, &w));
	if (a->store_count)
		TRY(stores_write(s, a, &w));
	jw_end_object(&w);
	TRY(call(s, "POST", "/v1/users", body.p));
	if (said_json(s, a))
		return OK;
	const struct json *user = json_get(s->answer, "user");
	printf("%.*s is %.*s (%.*s).\n", STR_ARG(member(user, "login")), STR_ARG(member(user, "role")),
	       STR_ARG(member(user, "id")));
	say_link(member(s->answer, "link"));
	return OK;
}

static enum result user_list(struct session *s, const struct access_args *a)
{
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_str(&path, "/v1/users?limit=500");
	for (;;) {
		TRY(call(s, "GET", path.p, NULL));
		const struct json *items = json_get(s->answer, "items");
		bool as_json = said_json(s, a);
		for (size_t i = 0; i < json_count(items) && !as_json; i++) {
			const struct json *u = json_at(items, i);
			bool disabled = false, password = false;
			json_bool(json_get(u, "disabled"), &disabled);
			json_bool(json_get(u, "has_password"), &password);
			struct str seen = member(u, "last_seen_at");
			printf("%-20.*s %-10.*s %-24.*s %-20.*s%s\n", STR_ARG(member(u, "login")),
			       STR_ARG(member(u, "role")), STR_ARG(member(u, "name")),
			       STR_ARG(seen.n ? seen : STR("never signed in")),
			       disabled   ? " disabled"
			       : password ? ""
			                  : " no password yet");
		}
		struct str next = member(s->answer, "next");
		if (!next.n)
			return OK;
		buf_clear(&path);
		buf_str(&path, "/v1/users?limit=500&before=");
		client_escape(&path, next);
	}
}

static enum result user_link(struct session *s, const struct access_args *a)
{
	char id[ID_TEXT_BYTES], path[64];
	TRY(user_id(s, a->words[1], id, sizeof(id)));
	snprintf(path, sizeof(path), "/v1/users/%s/link", id);
	TRY(call(s, "POST", path, NULL));
	if (!said_json(s, a))
		say_link(member(s->answer, "link"));
	return OK;
}

static enum result user_disable(struct session *s, const struct access_args *a, bool disable)
{
	char id[ID_TEXT_BYTES], path[64];
	TRY(user_id(s, a->words[1], id, sizeof(id)));
	snprintf(path, sizeof(path), "/v1/users/%s", id);
	TRY(call(s, "PATCH", path, disable ? "{\"disabled\":true}" : "{\"disabled\":false}"));
	if (!said_json(s, a))
		printf("%s is %s.\n", a->words[1], disable ? "disabled: signed out everywhere" : "enabled");
	return OK;
}

static enum result usage(struct session *s, const char *text)
{
	return error_set(&s->e, ERR_INVALID, "usage", NULL, "%s", text);
}

static enum result user_run(struct session *s, const struct access_args *a)
{
	struct str what = str_c(a->words[0]);
	if (str_is(what, "list") && a->word_count == 1)
		return user_list(s, a);
	if (a->word_count != 2)
		return usage(s, "Say add, link, disable or enable and a login; or list.");
	if (str_is(what, "add"))
		return user_add(s, a);
	if (str_is(what, "link"))
		return user_link(s, a);
	if (str_is(what, "disable") || str_is(what, "enable"))
		return user_disable(s, a, str_is(what, "disable"));
	return usage(s, "There is add, list, link, disable, enable.");
}

/* ---- byname apikey ----------------------------------------------------------------------------------------------- */

static enum result key_add(struct session *s, const struct access_args *a)
{
	BUF_AUTO struct buf body;
	struct json_writer w;
	buf_init(&body, 0);
	jw_init(&w, &body);
	jw_object(&w);
	jw_kcstr(&w, "name", a->words[1]);
	jw_kcstr(&w, "source", a->source ? a->source : a->words[1]);
	jw_kcstr(&w, "role", a->role ? a->role : "source");
	jw_end_object(&w);
	TRY(call(s, "POST", "/v1/keys", body.p));
	if (!said_json(s, a))
		printf("%.*s\n\nThis is the key of %s, shown only now. It is revoked by: byname apikey revoke %.*s\n",
		       STR_ARG(member(s->answer, "key")), a->words[1], STR_ARG(member(s->answer, "id")));
	return OK;
}

static enum result key_list(struct session *s, const struct access_args *a)
{
	TRY(call(s, "GET", "/v1/keys", NULL));
	const struct json *items = json_get(s->answer, "items");
	bool as_json = said_json(s, a);
	for (size_t i = 0; i < json_count(items) && !as_json; i++) {
		const struct json *k = json_at(items, i);
		bool revoked = false;
		json_bool(json_get(k, "revoked"), &revoked);
		struct str used = member(k, "last_used_at");
		printf("%.*s  %-10.*s %-8.*s %-16.*s %-20.*s %-20.*s%s\n", STR_ARG(member(k, "id")),
		       STR_ARG(member(k, "hint")), STR_ARG(member(k, "role")), STR_ARG(member(k, "source")),
		       STR_ARG(member(k, "name")), STR_ARG(used.n ? used : STR("never used")),
		       revoked ? " revoked" : "");
	}
	return OK;
}

static enum result key_revoke(struct session *s, const struct access_args *a)
{
	BUF_AUTO struct buf path;
	buf_init(&path, 0);
	buf_str(&path, "/v1/keys/");
	client_escape(&path, str_c(a->words[1]));
	TRY(call(s, "DELETE", path.p, NULL));
	if (!a->json)
		printf("Revoked.\n");
	return OK;
}

static enum result key_run(struct session *s, const struct access_args *a)
{
	struct str what = str_c(a->words[0]);
	if (str_is(what, "list") && a->word_count == 1)
		return key_list(s, a);
	if (str_is(what, "add") && a->word_count == 2)
		return key_add(s, a);
	if (str_is(what, "revoke") && a->word_count == 2)
		return key_revoke(s, a);
	return usage(s, "Say add and a name, revoke and an id (key_…), or list.");
}

/* ---- The commands ------------------------------------------------------------------------------------------------ */

static int run(const struct argp *argp, int argc, char **argv,
               enum result (*fn)(struct session *, const struct access_args *))
{
	struct access_args a = { .db = app_db() };
	struct session s;
	argp_parse(argp, argc, argv, 0, NULL, &a);
	enum result r = session_open(&s, a.db);
	if (r == OK)
		r = fn(&s, &a);
	int code = r == OK ? EXIT_OK : app_fail(&s.e);
	session_close(&s);
	return code;
}

static int run_user(int argc, char **argv)
{
	static const struct argp_option options[] = { OPTION_DB,
		                                      OPTION_JSON,
		                                      { "name", 'n', "NAME", 0, "The person's name (the login)", 0 },
		                                      { "role", 'r', "ROLE", 0,
		                                        "associate (default), agent, manager, marketer, buyer, "
		                                        "analyst, fulfilment, credit, moderator, privacy, "
		                                        "operator, admin",
		                                        0 },
		                                      { "store", 's', "CODE", 0,
		                                        "A store they work in; may be given again", 0 },
		                                      { "associate", 'a', "CODE", 0, "The associate they are", 0 },
		                                      { 0 } };
	static const struct argp argp = { options,
		                          option,
		                          "add LOGIN\nlist\nlink LOGIN\ndisable LOGIN\nenable LOGIN",
		                          "Who may sign in. A new user gets a one-time link that sets the password.",
		                          NULL,
		                          NULL,
		                          NULL };
	return run(&argp, argc, argv, user_run);
}

static int run_apikey(int argc, char **argv)
{
	static const struct argp_option options[] = {
		OPTION_DB,
		OPTION_JSON,
		{ "source", 'o', "SOURCE", 0, "The source's name in touchpoints (the key's name)", 0 },
		{ "role", 'r', "ROLE", 0, "source (default: secret, for servers) or browser (public, for web pages)",
		  0 },
		{ 0 }
	};
	static const struct argp argp = { options,
		                          option,
		                          "add NAME\nlist\nrevoke KEY",
		                          "Keys with which tills, web shops and other sources send touchpoints.",
		                          NULL,
		                          NULL,
		                          NULL };
	return run(&argp, argc, argv, key_run);
}

const struct command cmd_user[] = {
	{ "user", "Users: add, list, link, disable, enable", run_user },
	{ "apikey", "API keys: add, list, revoke", run_apikey },
	{ 0 },
};
