/* Short words for tests of people/: records as one line of text. */
#ifndef BYNAME_TESTS_PEOPLE_KIT_H
#define BYNAME_TESTS_PEOPLE_KIT_H

#include "kit/kit.h"
#include "people/people.h"
#include "text/text.h"

/* source, key, "Given Family", identifiers: "e:a@b.org e!:v@b.org l!:C1 p:+41443334455"; "!" is verified; e p l a d x.
 */
struct put {
	const char *source, *key, *name, *ids;
	int64_t at;
	int64_t record, customer; /* out */
	bool changed;
	const char *warning;
};

static inline enum identifier_kind kind_of_letter(char c)
{
	return c == 'e'   ? IDENT_EMAIL
	       : c == 'p' ? IDENT_PHONE
	       : c == 'l' ? IDENT_LOYALTY
	       : c == 'a' ? IDENT_ACCOUNT
	       : c == 'd' ? IDENT_DEVICE
	                  : IDENT_EXTERNAL;
}

static inline void put_read(const struct put *p, struct record_in *in)
{
	struct str rest = str_c(p->ids), part;

	*in = (struct record_in){ .source = str_c(p->source),
		                  .source_key = str_c(p->key),
		                  .full_name = str_c(p->name),
		                  .at = p->at ? p->at : 1000 };
	while (p->ids && str_split(&rest, ' ', &part)) {
		struct identifier_in *i = &in->identifiers[in->identifier_count++];
		size_t head = part.p[1] == '!' ? 3 : 2;

		i->kind = kind_of_letter(part.p[0]);
		i->verified = head == 3;
		i->value = (struct str){ part.p + head, part.n - head };
	}
}

static inline enum result put_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct put *p = arg;
	struct record_in in;

	put_read(p, &in);
	return record_put(tx, &in, &p->record, &p->customer, &p->changed, &p->warning, e);
}

/* The record's id. */
static inline int64_t put(struct db *db, const char *source, const char *key, const char *name, const char *ids)
{
	struct put p = { .source = source, .key = key, .name = name, .ids = ids };

	assert_ok(db_transact(db, put_run, &p, &kit_err));
	return p.record;
}

struct ids {
	int64_t a, b, c, out, decision;
	const int64_t *list;
	int count;
	bool flag;
	const char *text, *text2;
};

static inline enum result customer_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;

	return customer_of(tx, i->a, &i->out, e);
}

static inline int64_t holder(struct db *db, int64_t record)
{
	struct ids i = { .a = record };

	assert_ok(db_read(db, customer_run, &i, &kit_err));
	return i.out;
}

static inline enum result merge_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;

	return customer_merge(tx, i->a, i->b, i->flag, 7, STR("same person"), &i->decision, &i->out, e);
}

static inline int64_t merge(struct db *db, int64_t a, int64_t b, bool force)
{
	struct ids i = { .a = a, .b = b, .flag = force };

	assert_ok(db_transact(db, merge_run, &i, &kit_err));
	return i.decision;
}

static inline enum result split_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;

	return customer_split(tx, i->list, i->count, 7, STR("two people"), &i->decision, &i->out, e);
}

static inline int64_t split(struct db *db, const int64_t *records, int count)
{
	struct ids i = { .list = records, .count = count };

	assert_ok(db_transact(db, split_run, &i, &kit_err));
	return i.decision;
}

static inline enum result never_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;

	return customer_never(tx, i->a, i->b, 7, STR("twins"), &i->decision, e);
}

static inline enum result undo_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;

	return decision_undo(tx, i->a, 7, STR("a mistake"), e);
}

static inline void undo(struct db *db, int64_t decision)
{
	struct ids i = { .a = decision };

	assert_ok(db_transact(db, undo_run, &i, &kit_err));
}

static inline enum result tie_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct ids *i = arg;

	return record_tie_device(tx, str_c(i->text), str_c(i->text2), i->a, &i->flag, e);
}

static inline bool tie(struct db *db, const char *source, const char *key, int64_t record)
{
	struct ids i = { .a = record, .text = source, .text2 = key };

	assert_ok(db_transact(db, tie_run, &i, &kit_err));
	return i.flag;
}

struct policy {
	enum identifier_kind kind;
	const char *value;
	enum identifier_state state;
};

static inline enum result policy_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct policy *p = arg;

	return identifier_policy_set(tx, p->kind, str_c(p->value), p->state, 7, e);
}

static inline void policy(struct db *db, enum identifier_kind kind, const char *value, enum identifier_state state)
{
	struct policy p = { kind, value, state };

	assert_ok(db_transact(db, policy_run, &p, &kit_err));
}

/* For a check that must find nothing. */
static inline void no_finding(void *arg, const char *room, const char *invariant, const char *detail)
{
	(void)arg;
	fail_msg("%s: %s (%s)", room, invariant, detail);
}

#endif
