/* The double-entry core: books of units (stock/), of money (orders/), later of credit.
 *
 * A move takes qty > 0 from one account of a subject to another account of the same subject, so a subject's accounts
 * always sum to zero. Moves are only ever appended; balances are a cache written in the same transaction, which check()
 * replays and rebuild() makes anew. Accounts numbered below LEDGER_COUNTER are internal: never below zero; those from
 * there on are counter-accounts (supplier, customer, the outside world), which may be. No isolation level carries this
 * but guarded updates and their row counts; the database's own CHECK stands behind them.
 *
 * Every write happens inside an *act*: one command or report, known by its key. The same key again is a replay: it gets
 * the outcome that was stored and must move nothing. */
#ifndef BYNAME_LEDGER_H
#define BYNAME_LEDGER_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "feed/feed.h"

enum book { BOOK_UNITS = 1, BOOK_MONEY, BOOK_CREDIT };
#define LEDGER_COUNTER 100         /* accounts from here on may go below zero */
#define LEDGER_ACCOUNTS 128        /* account numbers are 1 to 127 */
#define LEDGER_QTY_MAX (1LL << 50) /* of one move */
#define LEDGER_MOVES_MAX 4096      /* of one post */

/* What the ledger must know of a book to say in an error whose account is short. */
struct ledger_book {
	enum book book;
	enum id_kind subject, place;              /* what its subjects and places are */
	const char *short_code;                   /* "stock.short" */
	const char *(*account_name)(int account); /* "available" */
};

/* ---- Acts ------------------------------------------------------------------------------------------------------- */

#define ACT_VALUES 24
struct act {
	int64_t id; /* time-ordered; moves are known by (id, n) */
	int64_t at; /* when it happened: clock_now() of act_begin() */
	int64_t user, associate;
	unsigned char key[HASH128_BYTES];
	int moves;     /* appended so far */
	bool replayed; /* this key was there before: value[] holds the stored outcome; write nothing */
	bool broken;   /* a post was refused: the transaction must be rolled back */
	int64_t value[ACT_VALUES];
	int value_count;
};
struct act_in {
	unsigned char key[HASH128_BYTES]; /* act_key() */
	struct str what;                  /* "stock.hold": which command; part of what must be the same on a replay */
	struct str payload;               /* bytes of what was asked; hashed */
	int64_t user, associate;          /* 0: none */
};
/* A key of the caller's own: of the scope (user, source, job) and what it calls this command. */
void act_key(unsigned char out[HASH128_BYTES], struct str scope, struct str key);
/* Claims the key. One that is being claimed by a running transaction elsewhere is waited for. A replay (same what and
 * payload) has replayed set and the stored values; ERR_MISMATCH "act.mismatch" for another payload. */
MUST_CHECK enum result act_begin(struct db_tx *tx, const struct act_in *in, struct act *out, struct error *e);
/* Stores the outcome (at most ACT_VALUES numbers) that a replay gets. Once, last in the act; not for a replay. */
MUST_CHECK enum result act_end(struct db_tx *tx, struct act *act, const int64_t *values, int count, struct error *e);

/* ---- Posting ---------------------------------------------------------------------------------------------------- */

struct ledger_move {
	int64_t subject; /* SKU, order */
	int64_t from_place, to_place;
	int from, to;              /* accounts */
	int64_t qty;               /* > 0 */
	int reason;                /* the book's own numbers */
	int64_t order, line, hold; /* 0: none */
	int64_t at;                /* when it happened, if that was not when the act was; 0: then */
	/* 0, or the counter-account (at from_place) that gives what `from` lacks, with spill_reason: for reports, which
	 * are never refused. spilled (out): how much it gave. */
	int spill, spill_reason;
	int64_t spilled;
};
/* Applies the moves together: the net of each account, in ascending order of (subject, place, account), so that two
 * posts never deadlock; then appends them. ERR_CONFLICT book->short_code, whose detail names subject, place, account,
 * when an internal account would fall below zero: the transaction must then be rolled back (pass the error on). A post
 * whose act is a replay is a bug: ERR_INTERNAL. One post of many moves is better than many posts: it keeps the lock
 * order. */
MUST_CHECK enum result ledger_post(struct db_tx *tx, const struct ledger_book *book, struct act *act,
                                   struct ledger_move *moves, int count, struct error *e);

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

struct ledger_balance {
	int64_t subject, place;
	int account;
	int64_t qty;
	int64_t moved_at; /* when it last changed; 0: longer ago than is known */
};
/* 0 where nothing ever moved. */
MUST_CHECK enum result ledger_balance(struct db_tx *tx, enum book book, int64_t subject, int64_t place, int account,
                                      int64_t *qty, struct error *e);
/* Balances of a subject other than zero, by (place, account); counters: also those of counter-accounts. In the arena.
 */
MUST_CHECK enum result ledger_balances(struct db_tx *tx, enum book book, int64_t subject, bool counters,
                                       struct arena *a, struct ledger_balance **out, int *count, struct error *e);
/* The same of many subjects (a grid), those of zero among them: fn is called for each, in the order given; list is
 * valid until it returns. PostgreSQL is asked in one way and reads the next ones meanwhile. */
typedef enum result ledger_balances_fn(void *arg, int i, const struct ledger_balance *list, int count, struct error *e);
MUST_CHECK enum result ledger_balances_each(struct db_tx *tx, enum book book, const int64_t *subjects,
                                            int subject_count, ledger_balances_fn *fn, void *arg, struct error *e);
/* Of many subjects, counter-accounts too, those of zero left out, in one way to the server. */
MUST_CHECK enum result ledger_accounts_many(struct db_tx *tx, enum book book, const int64_t *subjects,
                                            int subject_count, struct arena *a, struct ledger_balance **out, int *count,
                                            struct error *e);
/* All balances of one account in a bucket other than zero, by (subject, place): for checks of other rooms. */
MUST_CHECK enum result ledger_balances_of(struct db_tx *tx, enum book book, unsigned bucket, int account,
                                          struct arena *a, struct ledger_balance **out, int *count, struct error *e);
/* The next bucket after this one (-1: the first) in which anything ever moved; ID_BUCKETS: none. */
MUST_CHECK enum result ledger_next_bucket(struct db_tx *tx, int64_t after, int64_t *next, struct error *e);
/* What the accounts in the mask (1 << account; internal ones below 32) of a place held together at that time, by the
 * moves. */
MUST_CHECK enum result ledger_held_at(struct db_tx *tx, enum book book, int64_t subject, int64_t place,
                                      uint32_t accounts, int64_t at, int64_t *qty, struct error *e);
/* What the moves of an order's line (line 0: of the whole order) come to by (place, account), zeroes left out. */
MUST_CHECK enum result ledger_line_net(struct db_tx *tx, enum book book, int64_t subject, int64_t order, int64_t line,
                                       struct arena *a, struct ledger_balance **out, int *count, struct error *e);

struct ledger_entry {
	int64_t act, at, user, associate;
	int n;
	struct ledger_move move;
};
/* The moves of a subject from or to a place (0: all), newest first before (act, n) (0, 0: from the newest). */
MUST_CHECK enum result ledger_history(struct db_tx *tx, enum book book, int64_t subject, int64_t place,
                                      int64_t before_act, int before_n, int limit, struct ledger_entry *out, int *count,
                                      struct error *e);

/* ---- Upkeep ----------------------------------------------------------------------------------------------------- */

/* Three invariants of one subject: its accounts sum to zero, none of the internal ones is below zero, balances equal
 * the replay of the moves. *bad: how many findings; the first one's text in detail. For tests and for check(). */
MUST_CHECK enum result ledger_check_subject(struct db_tx *tx, enum book book, int64_t subject, int *bad,
                                            char detail[256], struct error *e);
struct room;
extern const struct room ledger_room;

#endif
