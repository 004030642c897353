#include "app/rooms.h"

#include "access/access.h"
#include "api/api.h"
#include "ingest/ingest.h"
#include "insight/insight.h"
#include "orders/orders.h"
#include "outbox/outbox.h"
#include "ledger/ledger.h"
#include "people/people.h"
#include "shop/shop.h"
#include "stock/stock.h"
#include "timeline/timeline.h"
#include <assert.h>

const struct room *const rooms[] = {
	&access_room, &shop_room,    &people_room, &timeline_room, &ledger_room, &stock_room,
	&orders_room, &insight_room, &outbox_room, &ingest_room,   &api_room,    NULL,
};

size_t rooms_stored(const struct feed_stored *out[ROOMS_VIEWS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; rooms[i]; i++)
		if (rooms[i]->stored) {
			assert(n < ROOMS_VIEWS_MAX);
			out[n++] = rooms[i]->stored;
		}
	return n;
}
