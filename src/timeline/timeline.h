/* What happened: touchpoints from every channel, facts with provenance, notes. Append-only; hangs on records. */
#ifndef BYNAME_TIMELINE_H
#define BYNAME_TIMELINE_H

#include "people/people.h"

enum channel {
	CHANNEL_STORE = 1,
	CHANNEL_WEB,
	CHANNEL_APP,
	CHANNEL_PHONE,
	CHANNEL_EMAIL,
	CHANNEL_CHAT,
	CHANNEL_SOCIAL,
	CHANNEL_SURVEY,
	CHANNEL_POST,
	CHANNELS
};
const char *channel_name(enum channel c); /* "store" */
bool channel_find(struct str name, enum channel *c);

/* ---- Once ------------------------------------------------------------------------------------------------------- */

/* Claims a message of a source: *fresh is false when it was taken in before (then do nothing more). In the same
 * transaction as its effect, so that each touchpoint counts exactly once. */
MUST_CHECK enum result inbox_claim(struct db_tx *tx, struct str source, struct str message_id, bool *fresh,
                                   struct error *e);

/* The same for many messages in one statement where that is quicker; of equal ones the first is the fresh one. */
struct inbox_message {
	struct str source, id;
	bool fresh; /* out */
};
MUST_CHECK enum result inbox_claim_many(struct db_tx *tx, struct inbox_message *m, int count, struct error *e);

/* ---- Touchpoints --------------------------------------------------------------------------------------------------
 */

struct touchpoint_in {
	int64_t record, at;
	enum channel channel;
	struct str source, kind;  /* kind: the event's name, "Order Completed", "page", "call", ≤ 80 bytes */
	struct str title;         /* one line for the timeline, ≤ 240 bytes; may be empty */
	int64_t store, associate; /* or 0 */
	int64_t ref;              /* the order it made or changed, or 0 */
	struct str body;          /* canonical JSON of properties, ≤ 32 KB; may be empty */
};
#define TOUCHPOINT_KIND_MAX 80
#define TOUCHPOINT_TITLE_MAX 240
#define TOUCHPOINT_BODY_MAX 32768
/* Appends, with its FEED_TOUCHPOINT. ERR_INVALID "touchpoint.…" names the field. */
MUST_CHECK enum result touchpoint_append(struct db_tx *tx, const struct touchpoint_in *in, int64_t *id,
                                         struct error *e);

struct touchpoint {
	int64_t id, record, at, received_at, store, associate, ref;
	enum channel channel;
	const char *source, *kind, *title, *body;
};
#define TIMELINE_PAGE_MAX 201 /* a page of 200, and whether there are more */
/* Of all these records together, newest first, strictly before (at, id) — 0,0: from now; channel 0: all. Strings live
 * in the arena. At most limit (≤ 200). */
MUST_CHECK enum result timeline_page(struct db_tx *tx, const int64_t *records, int record_count, enum channel channel,
                                     int64_t before_at, int64_t before_id, int limit, struct arena *a,
                                     struct touchpoint *out, int *count, struct error *e);

/* ---- Facts --------------------------------------------------------------------------------------------------------
 */

enum provenance { FACT_TOLD = 1, FACT_BOUGHT, FACT_OBSERVED, FACT_INFERRED };
const char *provenance_name(enum provenance p);
enum fact_state { FACT_ACTIVE = 1, FACT_WRONG, FACT_ENDED };

struct fact_in {
	int64_t record;
	struct str kind; /* "size.shoes", "likes", "dislikes", "brand", "milestone.anniversary", "served_how", … ≤ 40
	                    bytes */
	struct str value; /* ≤ 240 bytes */
	enum provenance provenance;
	bool sayable;                 /* may an associate mention it aloud? */
	int64_t at, user, touchpoint; /* user or touchpoint that told; 0: none */
};
struct fact {
	int64_t id, record, at, user;
	const char *kind, *value, *reason;
	enum provenance provenance;
	enum fact_state state;
	bool sayable;
};
/* Tells a fact. The same kind and value again only confirms it (its date); told anew after a mark, the mark ends. */
MUST_CHECK enum result fact_tell(struct db_tx *tx, const struct fact_in *in, int64_t *id, struct error *e);
/* Marks kind = value as wrong for this record's person: also for what was computed (bought, inferred), which the card
 * then leaves out. *id names the mark. */
MUST_CHECK enum result fact_mark_wrong(struct db_tx *tx, int64_t record, struct str kind, struct str value,
                                       int64_t user, struct str reason, int64_t *id, struct error *e);
/* Takes a mark or a told fact back (undo). */
MUST_CHECK enum result fact_withdraw(struct db_tx *tx, int64_t record, int64_t fact, int64_t user, struct error *e);
/* Active facts and wrong-marks of the records. */
MUST_CHECK enum result fact_list(struct db_tx *tx, const int64_t *records, int record_count, int limit, struct arena *a,
                                 struct fact *out, int *count, struct error *e);

/* ---- Notes --------------------------------------------------------------------------------------------------------
 */

struct note {
	int64_t id, record, at, user, store;
	const char *text;
};
#define NOTE_MAX 4000
MUST_CHECK enum result note_add(struct db_tx *tx, int64_t record, struct str text, int64_t user, int64_t store,
                                int64_t at, int64_t *id, struct error *e);
MUST_CHECK enum result note_remove(struct db_tx *tx, int64_t record, int64_t note, int64_t user, struct error *e);
MUST_CHECK enum result note_list(struct db_tx *tx, const int64_t *records, int record_count, int limit, struct arena *a,
                                 struct note *out, int *count, struct error *e);
/* After a split: the notes and told facts made on these records since `since`, for reassignment. A reassignment is an
 * appended decision: the note shows on `to` from then on; the row itself stays where it was written. */
MUST_CHECK enum result note_reassign(struct db_tx *tx, int64_t record, int64_t note, int64_t to, int64_t user,
                                     struct error *e);

struct room;
extern const struct room timeline_room;

#endif
