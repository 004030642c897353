/* Segment's messages: identify, track, page, screen, group, alias. */
#include "ingest/room.h"

#define KEY_MAX 190
#define NAME_MAX_BYTES 120
#define FACTS_MAX 32
#define CONSENTS_MAX 16
/* Without an id and a time, equal messages count once in this time: a client that tries again is quicker. */
#define RETRY_US (10 * MINUTE_US)
#define FUTURE_US (5 * MINUTE_US)

static const char *const type_names[] = { "identify", "track", "page", "screen", "group", "alias" };

struct reader {
	const struct segment_from *f;
	const struct json *doc, *context, *properties, *traits;
	struct arena *a;
	struct item *it;
	enum ingest_type type;
	struct record_in *person;
	struct error *e;
};

/* ---- Values ----------------------------------------------------------------------------------------------------- */

static struct str value_text(const struct json *v, struct arena *a)
{
	enum json_kind k = v ? json_kind(v) : JSON_NULL;
	if (k == JSON_STRING)
		return str_trim(json_str(v));
	if (k != JSON_INT && k != JSON_REAL)
		return STR("");
	char scratch[40];
	struct str n = json_number_text(v, scratch);
	char *copy = arena_strndup(a, n.p, n.n);
	return copy ? (struct str){ copy, n.n } : STR("");
}

struct str json_text(const struct json *o, const char *name, const char *other, struct arena *a)
{
	struct str s = value_text(json_get(o, name), a);
	return s.n || !other ? s : value_text(json_get(o, other), a);
}

static const struct json *object_of(const struct json *o, const char *name)
{
	const struct json *v = json_get(o, name);
	return v && json_kind(v) == JSON_OBJECT ? v : NULL;
}

static struct str cut(struct str s, size_t max)
{
	if (s.n > max) {
		s.n = max;
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return s;
}

static bool json_flag(const struct json *o, const char *name, const char *other)
{
	bool b = false;
	const struct json *v = json_get(o, name);
	return v && json_bool(v, &b) ? b : other && (v = json_get(o, other)) && json_bool(v, &b) && b;
}

/* ---- Time ------------------------------------------------------------------------------------------------------- */

static bool read_time(const struct json *o, const char *name, const char *other, int64_t *us)
{
	struct str s = json_str(json_get(o, name));
	if (!s.n && other)
		s = json_str(json_get(o, other));
	return s.n && time_parse(s, us);
}

/* receivedAt − (sentAt − originalTimestamp): what the device's clock got wrong is taken out. */
static enum result read_at(struct reader *r)
{
	int64_t told = 0, sent = r->f->sent_at, own;
	bool has_told = read_time(r->doc, "originalTimestamp", "original_timestamp", &told) ||
	                read_time(r->doc, "timestamp", NULL, &told);
	if (!has_told && (json_get(r->doc, "timestamp") || json_get(r->doc, "originalTimestamp")))
		return error_set(r->e, ERR_INVALID, "time.malformed", "timestamp", "not an RFC 3339 time");
	if (read_time(r->doc, "sentAt", "sent_at", &own))
		sent = own;
	int64_t received = r->f->from.received_at;
	r->it->at = has_told ? told : received;
	if (has_told && sent && !r->f->file)
		r->it->at = received - (sent - told);
	if (!r->f->file && r->it->at > received + FUTURE_US)
		r->it->at = received;
	return OK;
}

static enum result read_id(struct reader *r)
{
	struct str id = json_text(r->doc, "messageId", "message_id", r->a);
	if (id.n > KEY_MAX)
		return error_set(r->e, ERR_INVALID, "message_id.too_long", "messageId", "at most %d bytes", KEY_MAX);
	if (id.n) {
		r->it->message_id = id;
		return OK;
	}
	BUF_AUTO struct buf b;
	buf_init(&b, 0);
	TRY(json_dump(r->doc, &b, r->e));
	unsigned char hash[HASH128_BYTES];
	char hex[2 * HASH128_BYTES + 1];
	hash128(hash, (struct str[]){ buf_view(&b) }, 1);
	hex_encode(hex, hash, sizeof(hash));
	bool timed = r->f->file || json_get(r->doc, "timestamp") || json_get(r->doc, "originalTimestamp");
	long long window = timed ? 0 : (long long)(r->f->from.received_at / RETRY_US);
	char *made = arena_printf(r->a, "~%s~%s%lld", type_names[r->type], hex, window);
	if (!made)
		return error_nomem(r->e);
	r->it->message_id = str_c(made);
	r->it->id_made = true;
	return OK;
}

/* ---- Who -------------------------------------------------------------------------------------------------------- */

static enum result read_who(struct reader *r)
{
	struct str user = json_text(r->doc, "userId", "user_id", r->a);
	struct str anon = json_text(r->doc, "anonymousId", "anonymous_id", r->a);
	if (user.n > KEY_MAX || anon.n > KEY_MAX)
		return error_set(r->e, ERR_INVALID, "person.key_too_long", user.n > KEY_MAX ? "userId" : "anonymousId",
		                 "at most %d bytes", KEY_MAX);
	if (!user.n && !anon.n)
		return OK;
	struct record_in *p = arena_alloc(r->a, sizeof(*p));
	char *key = anon.n ? arena_printf(r->a, "anon:%.*s", STR_ARG(anon)) : "";
	if (!p || !key)
		return error_nomem(r->e);
	p->source = r->it->source;
	p->source_key = user.n ? user : str_c(key);
	p->at = r->it->at;
	r->person = p;
	r->it->person = p;
	if (user.n && anon.n && (r->type == INGEST_IDENTIFY || r->type == INGEST_ALIAS))
		r->it->device = str_c(key);
	return OK;
}

static void add_identifier(struct record_in *p, enum identifier_kind kind, struct str value, bool verified)
{
	if (value.n && p->identifier_count < RECORD_IDENTIFIERS_MAX)
		p->identifiers[p->identifier_count++] =
		        (struct identifier_in){ .kind = kind, .value = value, .verified = verified };
}

static void read_birthday(struct str s, struct record_in *p)
{
	int y, m, d;
	if (date_parse(cut(s, 10), &y, &m, &d)) {
		p->birth_year = y;
		p->birth_month = m;
		p->birth_day = d;
	}
}

/* A source with a secret key vouches for the numbers it gives out itself; for an address only when it says so. */
static void read_identifiers(struct reader *r, const struct json *t)
{
	bool secret = !r->f->from.browser;
	struct record_in *p = r->person;
	add_identifier(p, IDENT_EMAIL, json_text(t, "email", NULL, r->a),
	               secret && json_flag(t, "emailVerified", "email_verified"));
	add_identifier(p, IDENT_PHONE, json_text(t, "phone", NULL, r->a),
	               secret && json_flag(t, "phoneVerified", "phone_verified"));
	const char *said = json_get(t, "loyaltyVerified") ? "loyaltyVerified" : "loyalty_verified";
	add_identifier(p, IDENT_LOYALTY, json_text(t, "loyaltyNumber", "loyalty_number", r->a),
	               secret && (!json_get(t, said) || json_flag(t, said, NULL)));
	add_identifier(p, IDENT_ACCOUNT, json_text(t, "accountId", "account_id", r->a), secret);
}

static enum result read_consents(struct reader *r, const struct json *t)
{
	const struct json *o = object_of(t, "consent");
	size_t n = json_count(o);
	struct item_consent *c = arena_array(r->a, CONSENTS_MAX, sizeof(*c));
	if (!c)
		return error_nomem(r->e);
	for (size_t i = 0; i < n && i < CONSENTS_MAX; i++) {
		struct str key, channel;
		bool yes;
		if (!json_bool(json_member(o, i, &key), &yes))
			continue;
		if (!str_split(&key, '.', &channel) || channel.n > 15 || key.n > 23)
			return error_set(r->e, ERR_INVALID, "consent.name", "traits.consent",
			                 "channel or channel.purpose");
		c[r->it->consent_count++] = (struct item_consent){ channel, key.n ? key : STR("marketing"),
			                                           yes ? CONSENT_YES : CONSENT_NO };
	}
	r->it->consents = c;
	return OK;
}

/* traits.facts: {"size.shoes": "42", "likes": ["navy", "wool"]}: what she told. */
static enum result read_facts(struct reader *r, const struct json *t)
{
	const struct json *o = object_of(t, "facts");
	size_t n = json_count(o);
	if (!n || r->f->from.browser)
		return OK;
	struct item_fact *f = arena_array(r->a, FACTS_MAX, sizeof(*f));
	if (!f)
		return error_nomem(r->e);
	for (size_t i = 0; i < n; i++) {
		struct str key;
		const struct json *v = json_member(o, i, &key);
		size_t many = json_kind(v) == JSON_ARRAY ? json_count(v) : 1;
		for (size_t k = 0; k < many && r->it->fact_count < FACTS_MAX; k++) {
			struct str value = value_text(json_kind(v) == JSON_ARRAY ? json_at(v, k) : v, r->a);
			if (!value.n || !key.n || key.n > 40 || value.n > 240)
				return error_set(r->e, ERR_INVALID, "fact.value", "traits.facts",
				                 "a kind and a short text");
			f[r->it->fact_count++] = (struct item_fact){ key, value, true };
		}
	}
	r->it->facts = f;
	return OK;
}

static enum result read_traits(struct reader *r, const struct json *t)
{
	struct record_in *p = r->person;
	struct arena *a = r->a;
	p->given = cut(json_text(t, "firstName", "first_name", a), NAME_MAX_BYTES);
	p->middle = cut(json_text(t, "middleName", "middle_name", a), NAME_MAX_BYTES);
	p->family = cut(json_text(t, "lastName", "last_name", a), NAME_MAX_BYTES);
	p->full_name = cut(json_text(t, "name", NULL, a), 2 * NAME_MAX_BYTES);
	p->prefix = cut(json_text(t, "prefix", "salutation", a), 31);
	p->suffix = cut(json_text(t, "suffix", NULL, a), 31);
	p->pronounce = cut(json_text(t, "pronunciation", "pronounce", a), NAME_MAX_BYTES);
	p->gender = cut(json_text(t, "gender", NULL, a), 20);
	p->language = cut(json_text(t, "language", "locale", a), 35);
	if (!p->language.n)
		p->language = cut(json_text(r->context, "locale", NULL, a), 35);
	read_birthday(json_text(t, "birthday", "birthDate", a), p);
	const struct json *ad = object_of(t, "address");
	if (ad) {
		p->street = cut(json_text(ad, "street", NULL, a), 200);
		p->city = cut(json_text(ad, "city", NULL, a), NAME_MAX_BYTES);
		p->region = cut(json_text(ad, "state", "region", a), NAME_MAX_BYTES);
		p->postcode = cut(json_text(ad, "postalCode", "postal_code", a), 20);
		p->country = cut(json_text(ad, "country", NULL, a), 60);
	}
	read_identifiers(r, t);
	r->it->told = true;
	TRY(read_consents(r, t));
	return read_facts(r, t);
}

/* ---- Where ------------------------------------------------------------------------------------------------------ */

bool channel_read(struct str name, enum channel *c)
{
	static const struct {
		const char *name;
		enum channel channel;
	} others[] = { { "pos", CHANNEL_STORE },      { "till", CHANNEL_STORE },     { "retail", CHANNEL_STORE },
		       { "in_store", CHANNEL_STORE }, { "in-store", CHANNEL_STORE }, { "shop", CHANNEL_STORE },
		       { "visit", CHANNEL_STORE },    { "online", CHANNEL_WEB },     { "browser", CHANNEL_WEB },
		       { "mobile", CHANNEL_APP },     { "call", CHANNEL_PHONE },     { "voice", CHANNEL_PHONE },
		       { "sms", CHANNEL_PHONE },      { "e-mail", CHANNEL_EMAIL },   { "mail", CHANNEL_POST },
		       { "letter", CHANNEL_POST },    { "whatsapp", CHANNEL_CHAT } };
	char low[16];
	if (!name.n || name.n >= sizeof(low))
		return false;
	for (size_t i = 0; i < name.n; i++)
		low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
	struct str s = { low, name.n };
	if (channel_find(s, c))
		return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (str_is(s, others[i].name)) {
			*c = others[i].channel;
			return true;
		}
	return false;
}

static struct str code_of(struct reader *r, const char *name, const char *name_id, const char *name_camel)
{
	struct str s = json_text(r->properties, name, name_id, r->a);
	if (!s.n)
		s = json_text(r->properties, name_camel, NULL, r->a);
	return s.n ? s : json_text(r->context, name, name_id, r->a);
}

static enum result read_where(struct reader *r)
{
	r->it->store = code_of(r, "store", "store_id", "storeId");
	r->it->associate = code_of(r, "associate", "associate_id", "associateId");
	if (r->it->store.n > 39 || r->it->associate.n > 39)
		return error_set(r->e, ERR_INVALID, "code.too_long", r->it->store.n > 39 ? "store" : "associate",
		                 "at most 39 bytes");
	enum channel c;
	if (channel_read(json_text(r->properties, "channel", NULL, r->a), &c) ||
	    channel_read(json_text(r->context, "channel", NULL, r->a), &c))
		;
	else if (r->f->from.browser)
		c = CHANNEL_WEB;
	else if (r->type == INGEST_SCREEN || json_get(object_of(r->context, "os"), "version"))
		c = CHANNEL_APP;
	else
		c = r->it->store.n ? CHANNEL_STORE : CHANNEL_WEB;
	r->it->touch.channel = c;
	return OK;
}

/* ---- What ------------------------------------------------------------------------------------------------------- */

static struct str touch_title(struct reader *r)
{
	static const char *const names[] = {
		"title", "name", "subject", "summary", "topic", "comment", "text", "query"
	};
	struct str s = STR("");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !s.n; i++)
		s = json_text(r->properties, names[i], NULL, r->a);
	if (!s.n)
		s = json_text(json_at(json_get(r->properties, "products"), 0), "name", NULL, r->a);
	if (!s.n)
		s = json_text(r->doc, "name", NULL, r->a);
	return cut(s, TOUCHPOINT_TITLE_MAX);
}

/* The properties as canonical JSON. Of an order its lines are left out: they are kept as lines. */
static enum result touch_body(struct reader *r, bool is_order, struct str *out)
{
	BUF_AUTO struct buf b;
	buf_init(&b, 0);
	size_t n = json_count(r->properties);
	*out = STR("");
	if (!n)
		return OK;
	if (!is_order) {
		TRY(json_dump(r->properties, &b, r->e));
	} else {
		buf_char(&b, '{');
		for (size_t i = 0; i < n; i++) {
			struct str key;
			const struct json *v = json_member(r->properties, i, &key);
			if (str_is(key, "products"))
				continue;
			struct json_writer w;
			if (b.n > 1)
				buf_char(&b, ',');
			jw_init(&w, &b);
			jw_str(&w, key);
			buf_char(&b, ':');
			TRY(json_dump(v, &b, r->e));
		}
		buf_char(&b, '}');
	}
	char *copy = b.failed ? NULL : arena_strndup(r->a, b.p, b.n);
	if (!copy)
		return error_nomem(r->e);
	if (card_found((struct str){ copy, b.n }))
		card_mask(copy, b.n);
	*out = (struct str){ copy, b.n };
	return OK;
}

static enum result read_touch(struct reader *r)
{
	struct item *it = r->it;
	bool is_order = false;
	struct str event =
	        r->type == INGEST_TRACK ? json_text(r->doc, "event", NULL, r->a) : str_c(type_names[r->type]);
	if (!event.n || event.n > TOUCHPOINT_KIND_MAX)
		return error_set(r->e, ERR_INVALID, event.n ? "event.too_long" : "event.missing", "event",
		                 "an event has a name of 1 to %d bytes", TOUCHPOINT_KIND_MAX);
	TRY(read_where(r));
	if (r->type == INGEST_TRACK)
		TRY(commerce_orders(event, r->properties, r->a, it, &is_order, r->e));
	if (!it->person && !is_order)
		return error_set(r->e, ERR_INVALID, "person.missing", "userId", "a userId or an anonymousId is needed");
	it->has_touch = true;
	it->touch.at = it->at;
	it->touch.source = it->source;
	it->touch.kind = event;
	if (!it->touch.title.n)
		it->touch.title = touch_title(r);
	return touch_body(r, is_order, &it->touch.body);
}

static enum result read_message(struct reader *r)
{
	struct item *it = r->it;
	TRY(read_at(r));
	TRY(read_id(r));
	TRY(read_who(r));
	if (r->type == INGEST_TRACK || r->type == INGEST_PAGE || r->type == INGEST_SCREEN)
		return read_touch(r);
	if (!r->person)
		return error_set(r->e, ERR_INVALID, "person.missing", "userId", "a userId or an anonymousId is needed");
	if (r->type == INGEST_IDENTIFY)
		return read_traits(r, r->traits);
	if (r->type == INGEST_GROUP) {
		it->household = json_text(r->doc, "groupId", "group_id", r->a);
		if (!it->household.n || it->household.n > KEY_MAX)
			return error_set(r->e, ERR_INVALID, "group.key", "groupId", "1 to %d bytes", KEY_MAX);
		return OK;
	}
	struct str previous = json_text(r->doc, "previousId", "previous_id", r->a);
	if (!previous.n || previous.n > KEY_MAX)
		return error_set(r->e, ERR_INVALID, "alias.previous", "previousId", "1 to %d bytes", KEY_MAX);
	char *device = arena_printf(r->a, "anon:%.*s", STR_ARG(previous));
	if (!device)
		return error_nomem(r->e);
	it->device = str_c(device);
	/* That two of its own keys are one person only a secret key may say. */
	if (!r->f->from.browser)
		it->previous = previous;
	return OK;
}

static bool type_find(struct str s, enum ingest_type *type)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++)
		if (str_is(s, type_names[i])) {
			*type = (enum ingest_type)i;
			return true;
		}
	return false;
}

static enum result read_start(struct reader *r, int type)
{
	if (json_kind(r->doc) != JSON_OBJECT)
		return error_set(r->e, ERR_INVALID, "message.type", NULL, "a message is a JSON object");
	r->type = (enum ingest_type)(type < 0 ? 0 : type);
	if (type < 0 && !type_find(json_str(json_get(r->doc, "type")), &r->type))
		return error_set(r->e, ERR_INVALID, "message.unknown_type", "type",
		                 "identify, track, page, screen, group or alias");
	static const char *const objects[] = { "context", "properties", "traits" };
	for (size_t i = 0; i < 3; i++) {
		const struct json *v = json_get(r->doc, objects[i]);
		if (v && json_kind(v) != JSON_OBJECT && json_kind(v) != JSON_NULL)
			return error_set(r->e, ERR_INVALID, "field.type", objects[i], "an object");
	}
	r->context = object_of(r->doc, "context");
	r->properties = object_of(r->doc, "properties");
	r->traits = object_of(r->doc, "traits");
	return read_message(r);
}

enum result segment_item(const struct segment_from *f, int type, const struct json *doc, struct arena *a,
                         struct item *it, struct error *e)
{
	struct reader r = { .f = f, .doc = doc, .a = a, .it = it, .e = e };
	struct str raw = it->raw;
	int64_t line = it->line;
	*it = (struct item){ .source = f->from.source, .format = STR("segment"), .lines = 1, .raw = raw, .line = line };
	enum result result = read_start(&r, type);
	if (result == OK || result == ERR_NOMEM)
		return result;
	item_dead(it, e);
	if (it->raw.n)
		return OK;
	BUF_AUTO struct buf b;
	buf_init(&b, 0);
	TRY(json_dump(doc, &b, e));
	char *copy = arena_strndup(a, b.p, b.n);
	if (!copy)
		return error_nomem(e);
	it->raw = (struct str){ copy, b.n };
	return OK;
}
