/* The parts of people_room, a file each. */
#ifndef BYNAME_PEOPLE_ROOMS_H
#define BYNAME_PEOPLE_ROOMS_H

#include "feed/room.h"
#include "people/internal.h"

enum result people_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e);
enum result people_digest(struct db *db, unsigned char out[16], struct error *e);
enum result people_rebuild(struct db *db, db_progress_fn *progress, void *arg, struct error *e);
enum result people_export_record(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e);
enum result people_erase_record(struct db_tx *tx, int64_t record, struct error *e);

#endif
