/* What json_parse.c builds and json_read.c reads; private to base/. */
#ifndef BYNAME_BASE_JSON_VALUE_H
#define BYNAME_BASE_JSON_VALUE_H

#include "base/json.h"

/* Texts point into the document's own copy of its source: strings unescaped in place and NUL-terminated there, numbers
 * as they were written. */
struct json {
	const char *key;  /* in an object */
	const char *text; /* of a string or a number */
	union {
		const struct json *items; /* of an array or object, in document order */
		int64_t i;
		double f;
		bool b;
	};
	uint32_t key_n;
	uint32_t n; /* bytes of text, or members */
	enum json_kind kind;
};

#endif
