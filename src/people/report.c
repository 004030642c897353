/* Reports: checked, trimmed, normalised; nothing here looks at what is stored. */
#include "people/report.h"
#include "people/match.h"
#include "base/hash.h"
#include "text/text.h"

const char **record_field_of(struct record *r, enum record_field f)
{
	const char **const fields[RF_COUNT] = {
		&r->prefix,   &r->given,  &r->middle, &r->family, &r->suffix,   &r->pronounce, &r->gender,
		&r->language, &r->street, &r->city,   &r->region, &r->postcode, &r->country,
	};

	return fields[f];
}

static struct str report_text(const struct record_in *in, enum record_field f)
{
	const struct str texts[RF_COUNT] = { in->prefix,    in->given,    in->middle,   in->family, in->suffix,
		                             in->pronounce, in->gender,   in->language, in->street, in->city,
		                             in->region,    in->postcode, in->country };

	return texts[f];
}

enum result key_check(struct str source, struct str source_key, struct error *e)
{
	if (source.n == 0 || source.n > SOURCE_MAX || !str_utf8_valid(source))
		return error_set(e, ERR_INVALID, "record.source", "source", "A source has 1 to %d bytes.", SOURCE_MAX);
	if (source_key.n == 0 || source_key.n > SOURCE_KEY_MAX || !str_utf8_valid(source_key))
		return error_set(e, ERR_INVALID, "record.source_key", "source_key",
		                 "A key of a person has 1 to %d bytes.", SOURCE_KEY_MAX);
	return OK;
}

uint64_t report_hash(const struct record_in *in)
{
	uint64_t h = hash64_str(in->full_name, (uint64_t)birth_pack(in->birth_year, in->birth_month, in->birth_day));

	for (int f = 0; f < RF_COUNT; f++)
		h = hash64_str(report_text(in, (enum record_field)f), h);
	for (int i = 0; i < in->identifier_count; i++)
		h = hash64_str(in->identifiers[i].value,
		               h + (uint64_t)in->identifiers[i].kind * 2 + in->identifiers[i].verified);
	return h;
}

/* Trimmed and cut at a character. NULL when memory is out. */
static const char *field_copy(struct arena *a, struct str s)
{
	s = str_trim(s);
	if (s.n > FIELD_MAX) {
		s.n = FIELD_MAX;
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80)
			s.n--;
	}
	return str_dup(a, s);
}

enum result report_fields(struct db_tx *tx, struct report *r, struct error *e)
{
	const struct record_in *in = r->in;
	struct arena *a = db_tx_arena(tx);
	struct str full = str_trim(in->full_name);
	char code[3];

	for (int f = 0; f < RF_COUNT; f++) {
		struct str s = report_text(in, (enum record_field)f);

		if (!str_utf8_valid(s))
			return error_set(e, ERR_INVALID, "record.utf8", "record", "A text is not UTF-8.");
		r->fields[f] = field_copy(a, s);
		if (!r->fields[f])
			return error_nomem(e);
	}
	if (!str_utf8_valid(full))
		return error_set(e, ERR_INVALID, "record.utf8", "full_name", "A text is not UTF-8.");
	if (full.n && !*r->fields[RF_GIVEN] && !*r->fields[RF_FAMILY]) {
		struct name_parts parts;

		name_split(full, &parts);
		r->fields[RF_GIVEN] = arena_strdup(a, parts.given);
		r->fields[RF_FAMILY] = arena_strdup(a, parts.family);
		if (!*r->fields[RF_MIDDLE])
			r->fields[RF_MIDDLE] = arena_strdup(a, parts.middle);
		if (!*r->fields[RF_PREFIX])
			r->fields[RF_PREFIX] = arena_strdup(a, parts.prefix);
		if (!*r->fields[RF_SUFFIX])
			r->fields[RF_SUFFIX] = arena_strdup(a, parts.suffix);
		for (int f = 0; f < RF_COUNT; f++)
			if (!r->fields[f])
				return error_nomem(e);
	}
	country_code(str_c(r->fields[RF_COUNTRY]), code);
	if (*code)
		r->fields[RF_COUNTRY] = arena_strdup(a, code);
	return r->fields[RF_COUNTRY] ? OK : error_nomem(e);
}

bool birth_ok(const struct record_in *in)
{
	return in->birth_year >= 0 && in->birth_year <= 9999 && in->birth_month >= 0 && in->birth_month <= 12 &&
	       in->birth_day >= 0 && in->birth_day <= 31;
}

enum result report_values(struct db_tx *tx, struct report *r, const char *country, struct error *e)
{
	const struct record_in *in = r->in;

	for (int i = 0; i < in->identifier_count && i < RECORD_IDENTIFIERS_MAX; i++) {
		const struct identifier_in *id = &in->identifiers[i];
		struct value *v = &r->values[r->value_count];
		char text[VALUE_MAX + 2];
		bool raw, twice = false;

		if (str_trim(id->value).n == 0 || id->kind < 1 || id->kind >= IDENT_KINDS)
			continue;
		if (!str_utf8_valid(id->value))
			return error_set(e, ERR_INVALID, "record.utf8", "identifier", "A text is not UTF-8.");
		TRY(value_normalise(id->kind, id->value, country, text, &raw, e));
		if (raw)
			r->warning = identifier_kind_name(id->kind);
		*v = (struct value){ .kind = id->kind,
			             .grade = raw            ? GRADE_RAW
			                      : id->verified ? GRADE_VERIFIED
			                                     : GRADE_SHARED,
			             .vkey = value_key(id->kind, str_c(text)),
			             .text = arena_strdup(db_tx_arena(tx), text) };
		if (!v->text)
			return error_nomem(e);
		for (int k = 0; k < r->value_count; k++)
			if (r->values[k].kind == v->kind && r->values[k].vkey == v->vkey) {
				twice = true;
				if (v->grade == GRADE_VERIFIED)
					r->values[k].grade = GRADE_VERIFIED;
			}
		if (!twice)
			r->value_count++;
	}
	return OK;
}

/* ---- Locks ------------------------------------------------------------------------------------------------------- */

static int report_buckets(const struct report *r, unsigned *buckets)
{
	int n = 0;

	buckets[n++] = r->rkey;
	for (int i = 0; i < r->value_count; i++)
		if (kind_links(r->values[i].kind) && r->values[i].grade != GRADE_RAW)
			buckets[n++] = value_bucket(r->values[i].vkey);
	return n;
}

/* Those of the keys under which it will stand, as far as the report alone tells; a record that is changed takes those
 * of what it says in all later. */
static enum result key_buckets(const struct report *r, const struct epoch *epoch, unsigned *buckets, int *n,
                               struct error *e)
{
	ARENA_AUTO struct arena *a = arena_new(0);
	struct identifier values[RECORD_IDENTIFIERS_MAX];
	struct matching_row row = { .identifiers = values };
	struct match_record *m;
	uint64_t keys[MATCH_KEYS_MAX];
	int count;

	if (!a)
		return error_nomem(e);
	row.record = (struct record){ .source = arena_strndup(a, r->in->source.p, r->in->source.n),
		                      .source_key = arena_strndup(a, r->in->source_key.p, r->in->source_key.n),
		                      .birth_year = r->birth / 10000,
		                      .birth_month = r->birth / 100 % 100,
		                      .birth_day = r->birth % 100 };
	if (!row.record.source || !row.record.source_key)
		return error_nomem(e);
	for (int f = 0; f < RF_COUNT; f++)
		*record_field_of(&row.record, (enum record_field)f) = r->fields[f];
	for (int i = 0; i < r->value_count; i++)
		values[row.identifier_count++] =
		        (struct identifier){ .kind = r->values[i].kind,
			                     .value = r->values[i].text,
			                     .verified = r->values[i].grade == GRADE_VERIFIED,
			                     .state = identifier_state_of(r->values[i].kind, r->values[i].text,
			                                                  r->values[i].grade == GRADE_RAW, false, false,
			                                                  0) };
	TRY(matching_make(&row, a, &m, e));
	match_record_bind(epoch->model, m);
	count = match_keys(epoch->model, m, keys);
	for (int i = 0; i < count; i++)
		buckets[(*n)++] = value_bucket((int64_t)keys[i]);
	return OK;
}

#define BUCKETS_MAX (RECORD_IDENTIFIERS_MAX + 1 + MATCH_KEYS_MAX)

static enum result buckets_add(const struct report *r, const struct epoch *epoch, unsigned *buckets, int *n,
                               struct error *e)
{
	*n += report_buckets(r, buckets + *n);
	return epoch ? key_buckets(r, epoch, buckets, n, e) : OK;
}

enum result report_lock(struct db_tx *tx, const struct report *r, struct error *e)
{
	const struct epoch *epoch;
	unsigned buckets[BUCKETS_MAX];
	int n = 0;

	if (db_tx_engine(tx) == DB_SQLITE)
		return OK;
	TRY(epoch_of(tx, &epoch, e));
	TRY(buckets_add(r, epoch, buckets, &n, e));
	return people_lock(tx, buckets, n, e);
}

enum result record_lock(struct db_tx *tx, const struct record_in *in, int count, struct error *e)
{
	const struct epoch *epoch;
	struct arena *a = db_tx_arena(tx);
	unsigned *buckets = arena_array(a, (size_t)count * BUCKETS_MAX + 1, sizeof(*buckets));
	struct report *r = arena_alloc(a, sizeof(*r));
	int n = 0;

	if (!buckets || !r)
		return error_nomem(e);
	if (db_tx_engine(tx) == DB_SQLITE)
		return OK;
	TRY(epoch_of(tx, &epoch, e));
	for (int i = 0; i < count; i++) {
		*r = (struct report){ .in = &in[i],
			              .rkey = bucket_of(in[i].source, in[i].source_key),
			              .birth = birth_pack(in[i].birth_year, in[i].birth_month, in[i].birth_day) };
		if (report_fields(tx, r, e) == OK && report_values(tx, r, r->fields[RF_COUNTRY], e) == OK)
			TRY(buckets_add(r, epoch, buckets, &n, e)); /* a faulty one is record_put()'s to refuse */
	}
	return people_lock(tx, buckets, n, e);
}
