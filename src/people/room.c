/* What people offers to the program as a whole. */
#include "people/rooms.h"

#define DRAIN_AT_ONCE 2
#define WORK_AT_ONCE 10

/* Whatever was too large to resolve while somebody waited is worked off behind the feed. */
static enum result worklist_apply(struct db_tx *tx, const struct feed_event *events, size_t count, struct error *e)
{
	bool left;

	(void)events;
	(void)count;
	return people_drain(tx, DRAIN_AT_ONCE, &left, e);
}

static enum result worklist_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return people_drain(tx, WORK_AT_ONCE, arg, e);
}

static enum result worklist_work(struct db *db, bool *left, struct error *e)
{
	return db_transact(db, worklist_tx, left, e);
}

static const struct feed_stored worklist = {
	.name = "people",
	.topics = 1u << FEED_RECORD | 1u << FEED_MEMBERSHIP,
	.apply = worklist_apply,
};

const struct room people_room = {
	.name = "people",
	.check = people_check,
	.digest = people_digest,
	.rebuild = people_rebuild,
	.export_record = people_export_record,
	.erase_record = people_erase_record,
	.stored = &worklist,
	.work = worklist_work,
};
