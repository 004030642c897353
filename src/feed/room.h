/* What every room offers to the program as a whole. app/rooms.c lists the rooms, so that low code reaches high rooms
 * without including them, and "erase this person" or "check everything" is one loop. Unused members are NULL. */
#ifndef BYNAME_ROOM_H
#define BYNAME_ROOM_H

#include "base/json.h"
#include "feed/feed.h"

/* A finding of check(): one broken invariant. */
typedef void room_finding_fn(void *arg, const char *room, const char *invariant, const char *detail);

struct room {
	const char *name;
	/* Looks for broken invariants, paging by short read transactions; calls finding for each. */
	enum result (*check)(struct db *db, room_finding_fn *finding, void *arg, struct error *e);
	/* Canonical digest of the room's stored derived view: equal for equal content on every engine. */
	enum result (*digest)(struct db *db, unsigned char out[16], struct error *e);
	/* Builds the stored view anew from the truth, chunked; resumable by calling again. */
	enum result (*rebuild)(struct db *db, db_progress_fn *progress, void *arg, struct error *e);
	/* Writes everything the room holds about one record as members of the open object. */
	enum result (*export_record)(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e);
	/* Erases it. */
	enum result (*erase_record)(struct db_tx *tx, int64_t record, struct error *e);
	const struct feed_stored *stored;
	/* A short piece of work that was put off while somebody waited; *left: there is more. The server calls it. */
	enum result (*work)(struct db *db, bool *left, struct error *e);
};

#endif
