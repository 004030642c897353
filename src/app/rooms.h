/* The list of rooms, so that low code reaches high rooms without including them: "check everything" is one loop. */
#ifndef BYNAME_APP_ROOMS_H
#define BYNAME_APP_ROOMS_H

#include "feed/room.h"

extern const struct room *const rooms[]; /* low to high, ended by NULL */
/* The rooms' stored views, for feed_start() and feed_drain(). Returns their number. */
#define ROOMS_VIEWS_MAX 16
size_t rooms_stored(const struct feed_stored *out[ROOMS_VIEWS_MAX]);

#endif
