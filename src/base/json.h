/* JSON: a strict typed reader on jansson (duplicate keys, NaN, overflow, U+0000 refused), and a streaming writer. */
#ifndef BYNAME_BASE_JSON_H
#define BYNAME_BASE_JSON_H

#include "base/id.h"
#include "base/str.h"

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* A parsed document or a value in it (borrowed from the document). */
struct json;

struct json_limits {
	size_t bytes; /* longest text (0: 1 MiB) */
	int depth;    /* deepest nesting (0: 32) */
};

/* Parses one UTF-8 document. ERR_INVALID "json.malformed" (detail: line and column), "json.duplicate_key" (field names
 * it), "json.too_deep"; ERR_TOO_LARGE. The caller frees *out with json_free(). */
MUST_CHECK enum result json_parse(struct str text, const struct json_limits *limits, struct json **out,
                                  struct error *e);
void json_free(struct json *doc); /* NULL allowed; only for what json_parse() gave */
static inline void json_cleanup_(struct json **j)
{
	json_free(*j);
}
#define JSON_AUTO __attribute__((cleanup(json_cleanup_)))

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

enum json_kind json_kind(const struct json *v);
const struct json *json_get(const struct json *object, const char *key); /* NULL where absent or not an object */
size_t json_count(const struct json *v);                                 /* members of an array or object, else 0 */
const struct json *json_at(const struct json *array, size_t i);
/* Member i of an object in document order. */
const struct json *json_member(const struct json *object, size_t i, struct str *key);
struct str json_str(const struct json *v); /* the empty view unless a string */
bool json_i64(const struct json *v, int64_t *out);
bool json_f64(const struct json *v, double *out); /* integers too */
bool json_bool(const struct json *v, bool *out);
/* The exact text of a number as written ("19.990"), for money: no binary rounding. Empty view unless a number. */
struct str json_number_text(const struct json *v, char scratch[40]);

/* A spec array names the fields of an object, their types and limits. json_read() fills a struct from it:
 *
 *	struct note_in { struct str text; int64_t store; bool has_store; };
 *	static const struct json_field note_fields[] = {
 *		JSON_FIELD_STR(struct note_in, text, "text", JSON_REQUIRED, 1, 4000),
 *		JSON_FIELD_ID(struct note_in, store, "store", ID_STORE, 0),
 *		JSON_END
 *	};
 */
enum json_field_type {
	JF_STR,   /* struct str; min/max: bytes of UTF-8 */
	JF_I64,   /* int64_t; min/max */
	JF_BOOL,  /* bool */
	JF_F64,   /* double, finite */
	JF_TIME,  /* int64_t microseconds, from RFC 3339 */
	JF_ID,    /* int64_t, from "kind_…"; min holds the id_kind */
	JF_ENUM,  /* int: index into names, a "a|b|c" list */
	JF_VALUE, /* const struct json *: any value, read further by the caller */
	JF_ARRAY, /* const struct json *: an array; min/max: its length */
	JF_OBJECT /* const struct json *: an object */
};

#define JSON_REQUIRED 1u
#define JSON_NULLABLE 2u /* null counts as absent */
#define JSON_SECRET 4u   /* never echoed in an error */

struct json_field {
	const char *name;
	enum json_field_type type;
	unsigned flags;
	size_t offset;
	int64_t min, max;
	const char *names;
	const char *doc; /* one line for the API description; may be NULL */
};

#define JSON_FIELD_STR(T, m, key, fl, lo, hi)                                                                          \
	{                                                                                                              \
		key, JF_STR, fl, offsetof(T, m), lo, hi, NULL, NULL                                                    \
	}
#define JSON_FIELD_I64(T, m, key, fl, lo, hi)                                                                          \
	{                                                                                                              \
		key, JF_I64, fl, offsetof(T, m), lo, hi, NULL, NULL                                                    \
	}
#define JSON_FIELD_BOOL(T, m, key, fl)                                                                                 \
	{                                                                                                              \
		key, JF_BOOL, fl, offsetof(T, m), 0, 0, NULL, NULL                                                     \
	}
#define JSON_FIELD_F64(T, m, key, fl)                                                                                  \
	{                                                                                                              \
		key, JF_F64, fl, offsetof(T, m), 0, 0, NULL, NULL                                                      \
	}
#define JSON_FIELD_TIME(T, m, key, fl)                                                                                 \
	{                                                                                                              \
		key, JF_TIME, fl, offsetof(T, m), 0, 0, NULL, NULL                                                     \
	}
#define JSON_FIELD_ID(T, m, key, kind, fl)                                                                             \
	{                                                                                                              \
		key, JF_ID, fl, offsetof(T, m), kind, 0, NULL, NULL                                                    \
	}
#define JSON_FIELD_ENUM(T, m, key, list, fl)                                                                           \
	{                                                                                                              \
		key, JF_ENUM, fl, offsetof(T, m), 0, 0, list, NULL                                                     \
	}
#define JSON_FIELD_VALUE(T, m, key, fl)                                                                                \
	{                                                                                                              \
		key, JF_VALUE, fl, offsetof(T, m), 0, 0, NULL, NULL                                                    \
	}
#define JSON_FIELD_ARRAY(T, m, key, fl, lo, hi)                                                                        \
	{                                                                                                              \
		key, JF_ARRAY, fl, offsetof(T, m), lo, hi, NULL, NULL                                                  \
	}
#define JSON_FIELD_OBJECT(T, m, key, fl)                                                                               \
	{                                                                                                              \
		key, JF_OBJECT, fl, offsetof(T, m), 0, 0, NULL, NULL                                                   \
	}
#define JSON_END                                                                                                       \
	{                                                                                                              \
		NULL, JF_STR, 0, 0, 0, 0, NULL, NULL                                                                   \
	}

/* Fills out (already zeroed or holding defaults) from an object. Absent optional fields leave their member as it is.
 * With strict, a key that the spec does not name is an error. Errors carry code "field.missing", "field.type",
 * "field.range", "field.unknown" and the path prefix + name. Strings are borrowed from the document. */
MUST_CHECK enum result json_read(const struct json *object, const struct json_field *spec, bool strict,
                                 const char *prefix, void *out, struct error *e);

/* Serialises a value canonically: sorted keys, no blanks (for hashing and for storing). */
MUST_CHECK enum result json_dump(const struct json *v, struct buf *out, struct error *e);

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

/* Appends to a buf; commas and nesting are its own business. An unbalanced or key-less call is a bug (assert). Strings
 * that are not UTF-8 get U+FFFD. */
struct json_writer {
	struct buf *out;
	uint64_t is_object, has_member; /* one bit a level */
	int depth;
	bool after_key;
};

void jw_init(struct json_writer *w, struct buf *out);
void jw_object(struct json_writer *w);
void jw_end_object(struct json_writer *w);
void jw_array(struct json_writer *w);
void jw_end_array(struct json_writer *w);
void jw_key(struct json_writer *w, const char *key);
void jw_str(struct json_writer *w, struct str s);
void jw_cstr(struct json_writer *w, const char *s); /* NULL writes null */
void jw_i64(struct json_writer *w, int64_t v);
void jw_f64(struct json_writer *w, double v); /* not finite writes null */
void jw_bool(struct json_writer *w, bool v);
void jw_null(struct json_writer *w);
void jw_time(struct json_writer *w, int64_t us);
void jw_raw(struct json_writer *w, struct str json); /* already JSON */

/* Key and value in one line. */
void jw_kstr(struct json_writer *w, const char *key, struct str s);
void jw_kcstr(struct json_writer *w, const char *key, const char *s);
void jw_ki64(struct json_writer *w, const char *key, int64_t v);
void jw_kf64(struct json_writer *w, const char *key, double v);
void jw_kbool(struct json_writer *w, const char *key, bool v);
void jw_ktime(struct json_writer *w, const char *key, int64_t us);
void jw_kid(struct json_writer *w, const char *key, enum id_kind kind, int64_t id); /* id 0 writes null */

#endif
