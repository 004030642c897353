/* Identifiers: their kinds, their normal form, who holds them, and the state that policy gives them. */
#include "people/internal.h"
#include "base/hash.h"
#include "text/text.h"

static const char *const kind_names[IDENT_KINDS] = {
	[IDENT_EMAIL] = "email",     [IDENT_PHONE] = "phone",   [IDENT_LOYALTY] = "loyalty",
	[IDENT_ACCOUNT] = "account", [IDENT_DEVICE] = "device", [IDENT_EXTERNAL] = "external",
};

const char *identifier_kind_name(enum identifier_kind k)
{
	return k > 0 && k < IDENT_KINDS ? kind_names[k] : "unknown";
}

bool identifier_kind_find(struct str name, enum identifier_kind *k)
{
	for (int i = 1; i < IDENT_KINDS; i++)
		if (str_is(name, kind_names[i])) {
			*k = (enum identifier_kind)i;
			return true;
		}
	return false;
}

int64_t value_key(enum identifier_kind kind, struct str value)
{
	return (int64_t)(hash64_str(value, (uint64_t)kind) >> 1);
}

bool kind_links(enum identifier_kind kind)
{
	return kind != IDENT_DEVICE;
}

int kind_limit(enum identifier_kind kind)
{
	return kind == IDENT_PHONE ? IDENT_LIMIT_PHONE
	                           : IDENT_LIMIT_EMAIL; /* cards and accounts go wrong the same way */
}

/* Trimmed; card and account numbers without blanks, upper case for loyalty only (logins may differ by case). */
static void plain_normalise(enum identifier_kind kind, struct str in, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n && n < VALUE_MAX; i++) {
		char c = in.p[i];

		if (kind == IDENT_LOYALTY && (c == ' ' || c == '-'))
			continue;
		if (kind == IDENT_LOYALTY && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		out[n++] = c;
	}
	while (n > 0 && ((unsigned char)out[n - 1] & 0xC0) == 0x80 && !str_utf8_valid((struct str){ out, n }))
		n--;
	if (n > 0 && !str_utf8_valid((struct str){ out, n }))
		n--;
	out[n] = '\0';
}

enum result value_normalise(enum identifier_kind kind, struct str in, const char *country, char *out, bool *raw,
                            struct error *e)
{
	char phone[PHONE_BYTES], email[EMAIL_BYTES];
	enum result r = OK;

	in = str_trim(in);
	*raw = false;
	if (kind == IDENT_EMAIL) {
		r = email_normalise(in, email, e);
		if (r == OK && strlen(email) <= VALUE_MAX) {
			strcpy(out, email);
			return OK;
		}
	} else if (kind == IDENT_PHONE) {
		r = phone_normalise(in, country, phone, e);
		if (r == OK) {
			strcpy(out, phone);
			return OK;
		}
	}
	if (r != OK && r != ERR_INVALID)
		return r;
	*raw = kind == IDENT_EMAIL || kind == IDENT_PHONE || in.n > VALUE_MAX; /* cut, it could be somebody else */
	plain_normalise(kind, in, out);
	return OK;
}

enum identifier_state value_state(enum identifier_kind kind, const char *value, bool has_row, bool manual,
                                  int row_state, int holders)
{
	if (has_row && manual && row_state != IDENT_NORMAL)
		return (enum identifier_state)row_state;
	if (has_row && manual)
		return holders > IDENT_LIMIT_MANUAL ? IDENT_GENERIC : IDENT_NORMAL;
	if ((kind == IDENT_EMAIL && email_is_generic(str_c(value))) ||
	    (kind == IDENT_PHONE && phone_is_generic(str_c(value))))
		return IDENT_GENERIC;
	return holders > kind_limit(kind) ? IDENT_GENERIC : IDENT_NORMAL;
}

struct holders {
	struct arena *a;
	const struct value_named *values;
	int limit; /* 0: one more than the limit of the kind */
	struct value_holders *out;
	int *row_states;
};

static enum result holders_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct holders *all = arg;
	struct value_holders *out = &all->out[run];
	int limit = all->limit ? all->limit : kind_limit(all->values[run].kind) + 1;
	enum db_step step;

	*out = (struct value_holders){ .holders = arena_array(all->a, (size_t)limit, sizeof(struct holder)) };
	if (!out->holders)
		return error_nomem(e);
	all->row_states[run] = IDENT_NORMAL;
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct holder *h = &out->holders[out->count++];

		*h = (struct holder){ .record = db_int(rows, 0),
			              .grade = (enum grade)db_int(rows, 1),
			              .customer = db_int(rows, 2),
			              .flags = db_int(rows, 3),
			              .tie = db_int(rows, 4),
			              .version = db_int(rows, 5),
			              .source = str_c(db_text_dup(rows, 6, all->a)),
			              .source_key = str_c(db_text_dup(rows, 7, all->a)) };
		if (!h->source.p || !h->source_key.p)
			return error_nomem(e);
		out->has_row = !db_is_null(rows, 8);
		if (out->has_row) {
			all->row_states[run] = (int)db_int(rows, 8);
			out->manual = db_int(rows, 9) != 0;
		}
	}
	return rows_end(step, e);
}

#define HOLDER_PARAMS 4
DB_STMT(holder_list, "iiti", "iiiiIittII",
        "SELECT h.record, h.grade, r.customer, r.flags, r.tie, f.version, r.source, r.source_key, v.state, v.manual "
        "FROM person_holder h "
        "JOIN person_record r ON r.rkey = (h.record & 4095) AND r.id = h.record "
        "JOIN person_record f ON f.rkey = (r.customer & 4095) AND f.id = r.customer "
        "LEFT JOIN person_value v ON v.vkey = h.vkey AND v.kind = h.kind AND v.value = h.value "
        "WHERE h.vkey = $1 AND h.kind = $2 AND h.value = $3 ORDER BY h.record LIMIT $4")
static enum result holders_read(struct db_tx *tx, struct holders *all, int count, struct error *e)
{
	struct db_value *params = arena_array(all->a, (size_t)(count * HOLDER_PARAMS) + 1, sizeof(*params));

	if (!params)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		const struct value_named *v = &all->values[i];
		struct db_value *p = params + i * HOLDER_PARAMS;

		p[0] = DB_INT(v->vkey);
		p[1] = DB_INT(v->kind);
		p[2] = DB_TEXT(v->text);
		p[3] = DB_INT(all->limit ? all->limit : kind_limit(v->kind) + 1);
	}
	return db_each(tx, &holder_list, params, count, holders_take, all, e);
}

enum result values_load(struct db_tx *tx, const struct value_named *values, int count, struct value_holders *out,
                        struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	int *row_states = arena_array(a, (size_t)count + 1, sizeof(*row_states));
	struct holders all = { a, values, 0, out, row_states };

	if (!row_states)
		return error_nomem(e);
	TRY(holders_read(tx, &all, count, e));
	for (int i = 0; i < count; i++) {
		const struct value_named *v = &values[i];

		if (out[i].count > kind_limit(v->kind) && out[i].manual && row_states[i] == IDENT_NORMAL) {
			struct holders one = { a, v, IDENT_LIMIT_MANUAL + 1, &out[i], &row_states[i] };

			TRY(holders_read(tx, &one, 1, e));
		}
		out[i].state =
		        value_state(v->kind, v->text.p, out[i].has_row, out[i].manual, row_states[i], out[i].count);
	}
	return OK;
}

enum result value_load(struct db_tx *tx, enum identifier_kind kind, int64_t vkey, const char *value,
                       struct value_holders *out, struct error *e)
{
	struct value_named v = { kind, vkey, str_c(value) };

	return values_load(tx, &v, 1, out, e);
}

DB_STMT(value_put, "iitii", "",
        "INSERT INTO person_value (vkey, kind, value, state, manual) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (vkey, kind, value) DO UPDATE SET state = excluded.state, manual = excluded.manual")
enum result value_policy_write(struct db_tx *tx, enum identifier_kind kind, int64_t vkey, const char *value,
                               enum identifier_state state, bool manual, struct error *e)
{
	return db_exec(tx, &value_put, NULL, e, DB_INT(vkey), DB_INT(kind), DB_CSTR(value), DB_INT(state),
	               DB_INT(manual));
}

DB_STMT(value_auto_put, "iiti", "",
        "INSERT INTO person_value (vkey, kind, value, state, manual) VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING")
DB_STMT(value_auto_drop, "iit", "",
        "DELETE FROM person_value WHERE vkey = $1 AND kind = $2 AND value = $3 AND manual = 0")
enum result value_auto_state(struct db_tx *tx, enum identifier_kind kind, int64_t vkey, const char *value, bool over,
                             struct error *e)
{
	if (over)
		return db_exec(tx, &value_auto_put, NULL, e, DB_INT(vkey), DB_INT(kind), DB_CSTR(value),
		               DB_INT(IDENT_GENERIC));
	return db_exec(tx, &value_auto_drop, NULL, e, DB_INT(vkey), DB_INT(kind), DB_CSTR(value));
}

/* As matching.c has it: what a household shares still says something, generic and blocked values nothing. */
static bool state_speaks(enum identifier_state state)
{
	return state == IDENT_NORMAL || state == IDENT_HOUSEHOLD;
}

enum result value_policy_apply(struct db_tx *tx, enum identifier_kind kind, const char *value,
                               enum identifier_state state, bool manual, int64_t decision, struct error *e)
{
	int64_t vkey = value_key(kind, str_c(value));
	struct value_holders before, after;
	int64_t seeds[COMPONENT_MAX];
	int most;

	TRY(value_load(tx, kind, vkey, value, &before, e));
	if (manual) {
		TRY(value_policy_write(tx, kind, vkey, value, state, true, e));
	} else {
		TRY(value_policy_write(tx, kind, vkey, value, IDENT_GENERIC, false, e));
		TRY(value_auto_state(tx, kind, vkey, value, before.count > kind_limit(kind), e));
	}
	TRY(value_load(tx, kind, vkey, value, &after, e));
	if (before.state == after.state || (before.state != IDENT_NORMAL && after.state != IDENT_NORMAL &&
	                                    state_speaks(before.state) == state_speaks(after.state)))
		return OK;
	if (after.state != IDENT_NORMAL)
		TRY(nomination_clear(tx, &before, kind, vkey, e));
	/* whoever was or is linked by it is among the larger set, which one of the two limits bounds */
	most = before.count > after.count ? before.count : after.count;
	for (int i = 0; i < most; i++)
		seeds[i] = (before.count > after.count ? before : after).holders[i].record;
	TRY(matching_refresh_many(tx, seeds, COMPONENT_MAX, &most, e));
	return people_resolve(tx, seeds, most, decision, 0, e);
}

enum result identifier_policy_set(struct db_tx *tx, enum identifier_kind kind, struct str value,
                                  enum identifier_state state, int64_t user, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	char text[VALUE_MAX + 2];
	unsigned bucket;
	bool raw;
	int64_t side[1];
	struct decision_row d = {
		.kind = DECISION_POLICY, .at = clock_now(), .user = user, .standing = true, .state = state
	};

	if (kind < 1 || kind >= IDENT_KINDS || !kind_links(kind))
		return error_set(e, ERR_INVALID, "identifier.kind", "kind", "No policy can be set for this kind.");
	if (state < IDENT_NORMAL || state > IDENT_BLOCKED)
		return error_set(e, ERR_INVALID, "identifier.state", "state", "No such state.");
	TRY(value_normalise(kind, value, "", text, &raw, e));
	if (raw)
		return error_set(e, ERR_INVALID, kind == IDENT_EMAIL ? "email.malformed" : "phone.malformed", "value",
		                 "This value cannot be read; give phone numbers with their country code.");
	side[0] = value_key(kind, str_c(text));
	bucket = value_bucket(side[0]);
	TRY(people_lock(tx, &bucket, 1, e));
	d.id = id_new(bucket);
	d.stand_at = d.at;
	d.value_kind = kind;
	d.left = side;
	d.left_count = 1;
	d.reason = STR("policy");
	d.evidence = str_c(arena_strdup(a, text));
	if (!d.evidence.p)
		return error_nomem(e);
	TRY(decision_append(tx, &d, e));
	return value_policy_apply(tx, kind, text, state, true, d.id, e);
}
