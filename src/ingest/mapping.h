/* A mapping file: which file is what, which columns are which fields (docs/mappings.md is the language). */
#ifndef BYNAME_INGEST_MAPPING_H
#define BYNAME_INGEST_MAPPING_H

#include "ingest/csv.h"

enum section_role {
	ROLE_STORES,
	ROLE_ASSOCIATES,
	ROLE_PRODUCTS,
	ROLE_RATES,
	ROLE_CUSTOMERS,
	ROLE_ORDERS,
	ROLE_EVENTS,
	ROLE_STOCK,
	ROLE_PRICES,
	SECTION_ROLES
};

/* Fields of the rows. Those from SLOT_KEY on describe a person. */
enum slot {
	SLOT_CODE,
	SLOT_NAME,
	SLOT_ZONE,
	SLOT_KIND,
	SLOT_STORE,
	SLOT_CURRENCY,
	SLOT_REGION,
	SLOT_CITY,
	SLOT_COUNTRY,
	SLOT_LAT,
	SLOT_LON,
	SLOT_CLOSED,
	SLOT_SKU,
	SLOT_PRODUCT,
	SLOT_TITLE,
	SLOT_BRAND,
	SLOT_CATEGORY,
	SLOT_SUBCATEGORY,
	SLOT_SIZE,
	SLOT_COLOUR,
	SLOT_BARCODE,
	SLOT_LIST_PRICE,
	SLOT_COST,
	SLOT_DATE,
	SLOT_PER_USD,
	SLOT_NUMBER,
	SLOT_PLACED_AT,
	SLOT_ASSOCIATE,
	SLOT_CHANNEL,
	SLOT_QUANTITY,
	SLOT_UNIT_PRICE,
	SLOT_LINE,
	SLOT_LINE_DISCOUNT,
	SLOT_LINE_TAX,
	SLOT_DISCOUNT,
	SLOT_SUBTOTAL,
	SLOT_TAX,
	SLOT_SHIPPING,
	SLOT_TOTAL,
	SLOT_CANCELLED,
	SLOT_RETURN,
	SLOT_ORIGINAL,
	SLOT_REFUND,
	SLOT_COUNTED_AT,
	SLOT_KEY,
	SLOT_PREFIX,
	SLOT_GIVEN,
	SLOT_MIDDLE,
	SLOT_FAMILY,
	SLOT_FULL_NAME,
	SLOT_SUFFIX,
	SLOT_PRONOUNCE,
	SLOT_GENDER,
	SLOT_LANGUAGE,
	SLOT_BIRTHDAY,
	SLOT_EMAIL,
	SLOT_EMAIL_VERIFIED,
	SLOT_PHONE,
	SLOT_PHONE_VERIFIED,
	SLOT_LOYALTY,
	SLOT_ACCOUNT,
	SLOT_EXTERNAL,
	SLOT_STREET,
	SLOT_P_CITY,
	SLOT_P_REGION,
	SLOT_POSTCODE,
	SLOT_P_COUNTRY,
	SLOT_HOUSEHOLD,
	SLOT_AT,
	SLOTS
};

struct template;
struct named {
	struct str name;
	struct template *value;
	struct named *next;
};
struct join {
	struct str alias, file, by;
	struct template *on;
	struct join *next;
	struct join_table *table; /* loaded by the import */
};
#define DATE_PATTERNS_MAX 8

struct section {
	enum section_role role;
	int line; /* of the mapping file */
	struct str file, source, zone;
	char delimiter, decimal;
	enum csv_encoding encoding;
	int pivot; /* two-digit years up to this are 20xx */
	bool inherit, apostrophe;
	struct str dates[DATE_PATTERNS_MAX];
	int date_count;
	struct template *slots[SLOTS];
	struct named *properties, *consents, *facts, *set_aside;
	struct join *joins;
	struct section *next;
};

struct mapping {
	struct str name, text;
	struct section *first;
	int section_count;
};

#define MAPPING_MAX (256 * 1024)
/* Everything lives in the arena. ERR_INVALID "mapping.…": field names the line. */
MUST_CHECK enum result mapping_parse(struct str text, struct arena *a, struct mapping **out, struct error *e);

/* The mappings that come with the program. */
struct mapping_file {
	const char *name, *text;
};
extern const struct mapping_file mapping_files[]; /* ended by NULL */
const char *mapping_builtin(const char *name);    /* NULL: no such one */

/* ---- A row through a mapping ------------------------------------------------------------------------------------ */

/* Where the columns stand in the file at hand. */
MUST_CHECK enum result section_bind(struct section *s, const struct str *columns, int count, struct error *e);
/* The columns that a section needs, all there? For guessing a format. */
bool section_fits(const struct section *s, const struct str *columns, int count);

/* inherited: the group's first row, or NULL. */
struct row_view {
	const struct section *section;
	const struct str *fields, *inherited;
	int count;
	struct arena *a;
};
/* The value of a template, trimmed; empty where there is none (t may be NULL). Memory out: *failed. */
struct str template_value(const struct template *t, const struct row_view *row, bool *failed);

/* A joined row: fields of the other file, or NULL. */
const struct str *join_find(const struct join *j, struct str key, int *count);
int join_column(const struct join *j, struct str name);

/* A local time by the section's patterns: year … minute, or with an offset. False: none fits. */
struct when {
	int year, month, day, hour, minute, second, offset_minutes;
	bool has_offset;
};
bool when_parse(const struct section *s, struct str text, struct when *out);
MUST_CHECK enum result when_us(const struct section *s, const struct when *w, int64_t *us, struct error *e);

#endif
