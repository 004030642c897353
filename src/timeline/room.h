/* What the timeline's files share. */
#ifndef BYNAME_TIMELINE_ROOM_H
#define BYNAME_TIMELINE_ROOM_H

#include "timeline/timeline.h"
#include "feed/room.h"
#include "base/clock.h"
#include "base/id.h"

#define FACT_KIND_MAX 40
#define FACT_VALUE_MAX 240
#define FACT_REASON_MAX 240

MUST_CHECK enum result fact_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e);
MUST_CHECK enum result fact_erase(struct db_tx *tx, int64_t record, struct error *e);
MUST_CHECK enum result note_export(struct db_tx *tx, int64_t record, struct json_writer *w, struct error *e);
MUST_CHECK enum result note_erase(struct db_tx *tx, int64_t record, struct error *e);

#endif
