/* Values of a mapping: text with {columns} in it, and conditions. */
#ifndef BYNAME_INGEST_TEMPLATE_H
#define BYNAME_INGEST_TEMPLATE_H

#include "ingest/mapping.h"

#define REF_NAMES_MAX 4

/* {A ?? B|upper}, {alias:Column}, {Column?} */
struct ref {
	struct str names[REF_NAMES_MAX];
	int columns[REF_NAMES_MAX]; /* -1: the file lacks it */
	const struct join *joins[REF_NAMES_MAX];
	int count;
	bool optional, upper, lower, integer, digits, absolute;
};
struct part {
	struct str literal;
	struct ref *ref; /* or NULL */
	struct part *next;
};
enum cond_op { COND_IS, COND_STARTS, COND_EMPTY, COND_BELOW, COND_ABOVE };
struct cond {
	struct ref *ref;
	enum cond_op op;
	bool negate;
	struct str value;
	struct cond *next; /* and */
};
struct template
{
	struct part *parts;
	struct cond *cond; /* NULL: always */
	struct template *otherwise;
};
/* NULL with *what: not well-formed; NULL without: memory. */
struct template *template_parse(struct str text, struct arena *a, const char **what);
/* Calls fn for each reference; stops when it returns false. */
bool template_refs(struct template *t, bool (*fn)(struct ref *r, void *arg), void *arg);

#endif
