/* A SQLite VFS in memory ("powercut") on which the power can fail: what was not synced by then is dropped, kept or
 * torn, sector by sector. Locks and shared memory work between the connections of this process. */
#ifndef BYNAME_TESTS_POWERCUT_H
#define BYNAME_TESTS_POWERCUT_H

#include "kit/kit.h"

#define POWERCUT_VFS "powercut"

/* Registers the VFS (once a process), empties it and seeds what becomes of unsynced writes. */
void powercut_reset(uint64_t seed);
/* The power fails at the nth write, sync, truncation or deletion from now on; 0: never. From then on everything fails.
 */
void powercut_arm(int64_t nth);
/* The nth operation from now on fails and so do the next times - 1; then all is well again. full: as a full disk
 * (writes only), else as an I/O error, of which a failed write leaves half. 0: never. */
void powercut_fail(int64_t nth, int64_t times, bool full);
bool powercut_dead(void);
/* The power comes back: new openings see what survived. Handles from before stay dead. */
void powercut_restore(void);

struct powercut_stats {
	int64_t operations; /* since powercut_reset() */
	int64_t dropped, kept, torn;
};
void powercut_stats_get(struct powercut_stats *out);

#endif
