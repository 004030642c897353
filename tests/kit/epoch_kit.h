/* The built-in model as a database's epoch. */
#ifndef BYNAME_TESTS_EPOCH_KIT_H
#define BYNAME_TESTS_EPOCH_KIT_H

#include "kit/kit.h"
#include "people/internal.h"
#include "people/match.h"

static inline enum result epoch_run(struct db_tx *tx, void *arg, struct error *e)
{
	struct buf *text = arg;
	int64_t version;

	return epoch_activate(tx, buf_view(text), &version, e);
}

static inline void epoch_builtin(struct db *db)
{
	struct match_model *m;
	BUF_AUTO struct buf text;

	buf_init(&text, 0);
	assert_ok(match_model_default(&m, &kit_err));
	match_model_print(m, &text);
	match_model_free(m);
	assert_ok(db_transact(db, epoch_run, &text, &kit_err));
}

#endif
