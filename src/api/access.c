/* Users, API keys, the audit trail. Answers that hold a secret are not kept for idempotent replays: only its hash is
 * ever stored. */
#include "api/api.h"

#include "people/people.h"
#include "shop/shop.h"
#include <stdio.h>
#include <stdlib.h>

#define USERS_PAGE 100
#define KEYS_MAX 500
#define AUDIT_PAGE 50
#define ROLES_ACCESS (ROLE_ADMIN | ROLE_LOCAL)
#define ROLES_TRAIL (ROLE_PRIVACY | ROLE_ADMIN | ROLE_LOCAL)
#define ROLE_NAMES                                                                                                     \
	"associate|agent|manager|marketer|buyer|analyst|fulfilment|credit|moderator|privacy|operator|admin" /* in      \
	                                                                                                       order   \
	                                                                                                     */

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static void time_or_null(struct json_writer *w, const char *key, int64_t at)
{
	jw_key(w, key);
	if (at)
		jw_time(w, at);
	else
		jw_null(w);
}

static void user_write(struct json_writer *w, const struct user *u)
{
	jw_object(w);
	jw_kid(w, "id", ID_USER, u->id);
	jw_kcstr(w, "login", u->login);
	jw_kcstr(w, "name", u->name);
	jw_kcstr(w, "role", role_name(u->role));
	jw_kid(w, "associate", ID_ASSOCIATE, u->associate);
	jw_key(w, "stores");
	jw_array(w);
	for (int i = 0; i < u->store_count; i++) {
		char id[ID_TEXT_BYTES];
		id_format(id, ID_STORE, u->stores[i]);
		jw_cstr(w, id);
	}
	jw_end_array(w);
	jw_kbool(w, "disabled", u->disabled);
	jw_kbool(w, "has_password", u->has_password);
	time_or_null(w, "last_seen_at", u->last_seen_at);
	jw_end_object(w);
}

static void link_write(struct json_writer *w, const char *token)
{
	char path[16 + LINK_TOKEN_BYTES];
	snprintf(path, sizeof(path), "/link/%s", token);
	jw_kcstr(w, "link", path);
}

static void no_store(struct http_response *rs)
{
	http_set_header(rs, "Cache-Control", "no-store");
}

/* ---- Users ------------------------------------------------------------------------------------------------------- */

struct users_ask {
	struct str after;
	int limit;
	struct json_writer *w;
};

static enum result users_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct users_ask *ask = arg;
	struct user *list = arena_array(db_tx_arena(tx), (size_t)ask->limit + 1, sizeof(*list));
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(user_list(tx, ask->after, ask->limit + 1, list, &count, e));
	bool more = count > ask->limit;
	count = more ? ask->limit : count;
	jw_object(ask->w);
	jw_key(ask->w, "items");
	jw_array(ask->w);
	for (int i = 0; i < count; i++)
		user_write(ask->w, &list[i]);
	jw_end_array(ask->w);
	jw_kcstr(ask->w, "next", more ? list[count - 1].login : NULL);
	jw_end_object(ask->w);
	return OK;
}

static enum result users_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct users_ask ask = { .after = http_param_str(rq, "before"),
		                 .limit = (int)http_param_i64(rq, "limit", USERS_PAGE),
		                 .w = http_json(rs) };
	return db_read(api_desk(rq)->db, users_read, &ask, e);
}

struct user_body {
	struct str login, name;
	int role; /* -1: not given */
	const struct json *associate, *stores;
	bool disabled;
};
static const struct json_field user_fields[] = {
	JSON_FIELD_STR(struct user_body, login, "login", JSON_REQUIRED, 1, 63),
	JSON_FIELD_STR(struct user_body, name, "name", JSON_REQUIRED, 1, ACCESS_NAME_MAX - 1),
	JSON_FIELD_ENUM(struct user_body, role, "role", ROLE_NAMES, JSON_REQUIRED),
	JSON_FIELD_VALUE(struct user_body, associate, "associate", 0),
	JSON_FIELD_ARRAY(struct user_body, stores, "stores", JSON_NULLABLE, 0, ACCESS_STORES_MAX),
	JSON_END,
};

/* asc_ id, or null for none. */
static enum result associate_set(struct db_tx *tx, const struct json *v, struct user_in *in, struct error *e)
{
	struct associate a;
	bool found = false;
	int64_t id = 0;
	if (!v)
		return OK;
	if (json_kind(v) != JSON_NULL) {
		if (!id_parse(json_str(v), ID_ASSOCIATE, &id))
			return error_set(e, ERR_INVALID, "field.type", "associate", "An associate is asc_… or null");
		TRY(associate_get(tx, id, &a, &found, e));
		if (!found)
			return error_set(e, ERR_INVALID, "associate.unknown", "associate",
			                 "There is no such associate");
	}
	in->associate = id;
	return OK;
}

static enum result stores_set(struct db_tx *tx, const struct json *v, struct user_in *in, struct error *e)
{
	if (!v)
		return OK;
	in->store_count = 0;
	for (size_t i = 0; i < json_count(v) && i < ACCESS_STORES_MAX; i++) {
		struct store s;
		bool found = false;
		int64_t id;
		if (!id_parse(json_str(json_at(v, i)), ID_STORE, &id))
			return error_set(e, ERR_INVALID, "field.type", "stores", "Store %zu is no sto_ id", i);
		TRY(store_get(tx, id, &s, &found, e));
		if (!found)
			return error_set(e, ERR_INVALID, "store.unknown", "stores", "There is no store %zu of the list",
			                 i);
		in->stores[in->store_count++] = id;
	}
	return OK;
}

struct user_ask {
	const struct user_body *in;
	const struct principal *p;
	int64_t user;
	bool has_name, has_role, has_disabled;
	struct user out;
	char token[LINK_TOKEN_BYTES];
};

static enum result user_make(struct db_tx *tx, void *arg, struct error *e)
{
	struct user_ask *ask = arg;
	const struct user_body *b = ask->in;
	struct user_in in = { .login = b->login, .name = b->name, .role = (enum role)(1u << b->role) };
	TRY(associate_set(tx, b->associate, &in, e));
	TRY(stores_set(tx, b->stores, &in, e));
	TRY(user_add(tx, &in, &ask->user, e));
	TRY(link_new(tx, ask->user, ask->token, e));
	TRY(user_get(tx, ask->user, &ask->out, e));
	return audit_act(tx, ask->p, "user.add", ask->user, STR("{}"), e);
}

static enum result user_make_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct user_ask ask = { .in = http_body_struct(rq), .p = api_principal(rq) };
	TRY(db_transact(api_desk(rq)->db, user_make, &ask, e));
	struct json_writer *w = http_json(rs);
	http_status(rs, 201);
	no_store(rs);
	jw_object(w);
	jw_key(w, "user");
	user_write(w, &ask.out);
	link_write(w, ask.token);
	jw_end_object(w);
	return OK;
}

static const struct json_field change_fields[] = {
	JSON_FIELD_STR(struct user_body, name, "name", 0, 1, ACCESS_NAME_MAX - 1),
	JSON_FIELD_ENUM(struct user_body, role, "role", ROLE_NAMES, 0),
	JSON_FIELD_VALUE(struct user_body, associate, "associate", 0),
	JSON_FIELD_ARRAY(struct user_body, stores, "stores", JSON_NULLABLE, 0, ACCESS_STORES_MAX),
	JSON_FIELD_BOOL(struct user_body, disabled, "disabled", 0),
	JSON_END,
};

static enum result change_write(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	struct user_ask *ask = arg;
	const struct user_body *b = ask->in;
	struct user now;
	TRY(user_get(tx, ask->user, &now, e));
	struct user_in in = { .login = str_c(now.login),
		              .name = ask->has_name ? b->name : str_c(now.name),
		              .role = ask->has_role ? (enum role)(1u << b->role) : now.role,
		              .associate = now.associate,
		              .store_count = now.store_count };
	memcpy(in.stores, now.stores, sizeof(in.stores));
	TRY(associate_set(tx, b->associate, &in, e));
	TRY(stores_set(tx, b->stores, &in, e));
	bool disabled = ask->has_disabled ? b->disabled : now.disabled;
	TRY(user_change(tx, ask->user, &in, disabled, e));
	const char *action = disabled == now.disabled ? "user.change" : disabled ? "user.disable" : "user.enable";
	TRY(audit_act(tx, ask->p, action, ask->user, STR("{}"), e));
	TRY(user_get(tx, ask->user, &ask->out, e));
	user_write(w, &ask->out);
	return OK;
}

static enum result change_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct json *body = http_body_json(rq);
	struct user_ask ask = { .in = http_body_struct(rq),
		                .p = api_principal(rq),
		                .user = http_param_i64(rq, "user", 0),
		                .has_name = json_get(body, "name") != NULL,
		                .has_role = json_get(body, "role") != NULL,
		                .has_disabled = json_get(body, "disabled") != NULL };
	return api_write(rq, rs, 200, change_write, &ask, e);
}

static enum result relink(struct db_tx *tx, void *arg, struct error *e)
{
	struct user_ask *ask = arg;
	TRY(link_new(tx, ask->user, ask->token, e));
	return audit_act(tx, ask->p, "user.link", ask->user, STR("{}"), e);
}

static enum result relink_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct user_ask ask = { .p = api_principal(rq), .user = http_param_i64(rq, "user", 0) };
	TRY(db_transact(api_desk(rq)->db, relink, &ask, e));
	struct json_writer *w = http_json(rs);
	no_store(rs);
	jw_object(w);
	link_write(w, ask.token);
	jw_end_object(w);
	return OK;
}

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

static enum result keys_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct json_writer *w = arg;
	struct apikey *list = arena_array(db_tx_arena(tx), KEYS_MAX, sizeof(*list));
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(apikey_list(tx, KEYS_MAX, list, &count, e));
	jw_object(w);
	jw_key(w, "items");
	jw_array(w);
	for (int i = 0; i < count; i++) {
		jw_object(w);
		jw_kid(w, "id", ID_APIKEY, list[i].id);
		jw_kcstr(w, "name", list[i].name);
		jw_kcstr(w, "source", list[i].source);
		jw_kcstr(w, "role", role_name(list[i].role));
		jw_kcstr(w, "hint", list[i].hint);
		jw_ktime(w, "created_at", list[i].created_at);
		time_or_null(w, "last_used_at", list[i].last_used_at);
		jw_kbool(w, "revoked", list[i].revoked);
		jw_end_object(w);
	}
	jw_end_array(w);
	jw_end_object(w);
	return OK;
}

static enum result keys_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return db_read(api_desk(rq)->db, keys_read, http_json(rs), e);
}

struct key_body {
	struct str name, source;
	int role;
};
static const struct json_field key_fields[] = {
	JSON_FIELD_STR(struct key_body, name, "name", JSON_REQUIRED, 1, ACCESS_NAME_MAX - 1),
	JSON_FIELD_STR(struct key_body, source, "source", JSON_REQUIRED, 1, 39),
	JSON_FIELD_ENUM(struct key_body, role, "role", "source|browser", JSON_REQUIRED),
	JSON_END,
};
static const enum role key_roles[] = { ROLE_SOURCE, ROLE_BROWSER };

struct key_ask {
	const struct key_body *in;
	const struct principal *p;
	char key[APIKEY_BYTES];
	int64_t id;
};

static enum result key_make(struct db_tx *tx, void *arg, struct error *e)
{
	struct key_ask *ask = arg;
	TRY(apikey_add(tx, ask->in->name, ask->in->source, key_roles[ask->in->role], ask->key, &ask->id, e));
	return audit_act(tx, ask->p, "apikey.add", ask->id, STR("{}"), e);
}

static enum result key_make_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct key_ask ask = { .in = http_body_struct(rq), .p = api_principal(rq) };
	TRY(db_transact(api_desk(rq)->db, key_make, &ask, e));
	struct json_writer *w = http_json(rs);
	http_status(rs, 201);
	no_store(rs);
	jw_object(w);
	jw_kid(w, "id", ID_APIKEY, ask.id);
	jw_kcstr(w, "key", ask.key);
	jw_end_object(w);
	return OK;
}

static enum result key_end(struct db_tx *tx, struct json_writer *w, void *arg, struct error *e)
{
	struct key_ask *ask = arg;
	(void)w;
	TRY(apikey_revoke(tx, ask->id, e));
	return audit_act(tx, ask->p, "apikey.revoke", ask->id, STR("{}"), e);
}

static enum result key_end_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct key_ask ask = { .p = api_principal(rq), .id = http_param_i64(rq, "key", 0) };
	return api_write(rq, rs, 204, key_end, &ask, e);
}

/* ---- Audit ------------------------------------------------------------------------------------------------------- */

struct audit_ask {
	int64_t customer, user, before;
	int limit;
	struct json_writer *w;
};

/* What an act was done to, by the act's first word; views and all else: a customer. */
static enum id_kind subject_kind(const char *action)
{
	static const struct {
		const char *prefix;
		enum id_kind kind;
	} kinds[] = { { "user.", ID_USER },
		      { "sign_", ID_USER },
		      { "link.", ID_USER },
		      { "apikey.", ID_APIKEY },
		      { "decision.", ID_DECISION },
		      { "import.", ID_JOB },
		      { "deadletter.", ID_DEADLETTER },
		      { "webhook.", ID_WEBHOOK } };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(action, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return kinds[i].kind;
	return ID_CUSTOMER;
}

static void audit_write(struct json_writer *w, const struct audit_row *r)
{
	jw_object(w);
	jw_ktime(w, "at", r->at);
	jw_kcstr(w, "who", r->who[0] ? r->who : r->user || r->key ? "" : "Command line");
	jw_kid(w, "user", ID_USER, r->user);
	jw_kcstr(w, "action", r->action);
	jw_kcstr(w, "purpose", r->purpose);
	jw_kid(w, "subject", subject_kind(r->action), r->subject);
	jw_key(w, "detail");
	if (r->erased)
		jw_cstr(w, "erased");
	else if (r->detail[0] == '{')
		jw_raw(w, str_c(r->detail));
	else
		jw_null(w);
	jw_end_object(w);
}

static int newest_first(const void *a, const void *b)
{
	const struct audit_row *x = a, *y = b;
	return x->id > y->id ? -1 : x->id < y->id;
}

/* A customer was seen under whichever record was the founding one that day: the trails of all of them, as one. rows has
 * room for twice most. */
static enum result trail_of(struct db_tx *tx, const struct audit_ask *ask, int most, struct audit_row *rows, int *count,
                            struct error *e)
{
	int64_t customer, *records = arena_array(db_tx_arena(tx), CUSTOMER_MEMBERS_MAX, sizeof(*records));
	int members = 1, total = 0, n = 0;
	if (!records)
		return error_nomem(e);
	records[0] = ask->customer; /* nobody any more: erased, and its trail is still there */
	enum result r = customer_of(tx, ask->customer, &customer, e);
	if (r == OK)
		r = customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &members, e);
	if (r != OK && r != ERR_NOT_FOUND)
		return r;
	for (int i = 0; i < members; i++) {
		TRY(audit_list(tx, records[i], ask->user, ask->before, most, rows + total, &n, e));
		total += n;
		qsort(rows, (size_t)total, sizeof(*rows), newest_first);
		total = total < most ? total : most;
	}
	*count = total;
	return OK;
}

static enum result audit_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct audit_ask *ask = arg;
	struct audit_row *rows = arena_array(db_tx_arena(tx), 2 * ((size_t)ask->limit + 1), sizeof(*rows));
	int count = 0;
	if (!rows)
		return error_nomem(e);
	if (ask->customer)
		TRY(trail_of(tx, ask, ask->limit + 1, rows, &count, e));
	else
		TRY(audit_list(tx, 0, ask->user, ask->before, ask->limit + 1, rows, &count, e));
	bool more = count > ask->limit;
	count = more ? ask->limit : count;
	jw_object(ask->w);
	jw_key(ask->w, "items");
	jw_array(ask->w);
	for (int i = 0; i < count; i++)
		audit_write(ask->w, &rows[i]);
	jw_end_array(ask->w);
	char next[24];
	snprintf(next, sizeof(next), "%lld", more ? (long long)rows[count - 1].id : 0LL);
	jw_kcstr(ask->w, "next", more ? next : NULL);
	jw_end_object(ask->w);
	return OK;
}

static enum result audit_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct str before = http_param_str(rq, "before");
	struct audit_ask ask = { .customer = http_param_i64(rq, "customer", 0),
		                 .user = http_param_i64(rq, "user", 0),
		                 .limit = (int)http_param_i64(rq, "limit", AUDIT_PAGE),
		                 .w = http_json(rs) };
	if (before.n && (!str_to_i64(before, &ask.before) || ask.before <= 0))
		return error_set(e, ERR_INVALID, "cursor.malformed", "before", "That is not a cursor of this list");
	return db_read(api_desk(rq)->db, audit_read, &ask, e);
}

/* ---- Routes ------------------------------------------------------------------------------------------------------ */

static const struct http_param users_params[] = {
	{ "before", JF_STR, false, 0, 63, NULL, "Go on after this one: what next said" },
	{ "limit", JF_I64, false, 1, 500, NULL, "At most so many (100)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param user_params[] = {
	{ "user", JF_ID, true, ID_USER, 0, NULL, "The user" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param key_params[] = {
	{ "key", JF_ID, true, ID_APIKEY, 0, NULL, "The key" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param audit_params[] = {
	{ "customer", JF_ID, false, ID_CUSTOMER, 0, NULL, "Only about this customer" },
	{ "user", JF_ID, false, ID_USER, 0, NULL, "Only by this user" },
	{ "before", JF_STR, false, 0, 20, NULL, "Older than that: what next said" },
	{ "limit", JF_I64, false, 1, 500, NULL, "At most so many (50)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_access_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/users",
	  .summary = "Users, by login",
	  .roles = ROLES_ACCESS,
	  .params = users_params,
	  .answer = "Users",
	  .handle = users_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/users",
	  .summary = "Make a user; the link sets the password",
	  .roles = ROLES_ACCESS,
	  .body = user_fields,
	  .body_size = sizeof(struct user_body),
	  .answer = "UserMade",
	  .errors = "409",
	  .handle = user_make_handle },
	{ .method = HTTP_PATCH,
	  .path = "/v1/users/{user}",
	  .summary = "Change a user; disabling ends the sessions at once",
	  .roles = ROLES_ACCESS,
	  .flags = HTTP_IDEMPOTENT,
	  .params = user_params,
	  .body = change_fields,
	  .body_size = sizeof(struct user_body),
	  .answer = "User",
	  .errors = "404 409",
	  .handle = change_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/users/{user}/link",
	  .summary = "A new one-time link in place of the older",
	  .roles = ROLES_ACCESS,
	  .params = user_params,
	  .answer = "LinkMade",
	  .errors = "404 409",
	  .handle = relink_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/keys",
	  .summary = "API keys, newest first",
	  .roles = ROLES_ACCESS,
	  .answer = "Keys",
	  .handle = keys_handle },
	{ .method = HTTP_POST,
	  .path = "/v1/keys",
	  .summary = "Make an API key; it is shown once",
	  .roles = ROLES_ACCESS,
	  .body = key_fields,
	  .body_size = sizeof(struct key_body),
	  .answer = "KeyMade",
	  .handle = key_make_handle },
	{ .method = HTTP_DELETE,
	  .path = "/v1/keys/{key}",
	  .summary = "Revoke an API key",
	  .roles = ROLES_ACCESS,
	  .flags = HTTP_IDEMPOTENT,
	  .params = key_params,
	  .errors = "404",
	  .handle = key_end_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/audit",
	  .summary = "Who looked at whom, and what was done; newest first",
	  .roles = ROLES_TRAIL,
	  .purpose = "audit",
	  .params = audit_params,
	  .answer = "Audit",
	  .handle = audit_handle },
	{ 0 },
};
