/* The list of resources. One line each way when a file comes: the declaration and its place in the list. */
#include "api/api.h"

extern const struct http_route api_system_routes[];
extern const struct http_route api_events_routes[];
extern const struct http_route api_sign_in_routes[];
extern const struct http_route api_access_routes[];
extern const struct http_route api_customers_routes[];
extern const struct http_route api_orders_routes[];
extern const struct http_route api_privacy_routes[];
extern const struct http_route api_identity_routes[];
extern const struct http_route api_shop_routes[];
extern const struct http_route api_catalogue_routes[];
extern const struct http_route api_stock_routes[];
extern const struct http_route api_stock_command_routes[];
extern const struct http_route api_upkeep_routes[];
extern const struct http_route api_resolution_routes[];
extern const struct http_route api_segment_routes[];
extern const struct http_route api_imports_routes[];
extern const struct http_route api_webhooks_routes[];

static const struct http_route *const all[] = {
	api_system_routes,        api_events_routes,     api_sign_in_routes,
	api_access_routes,        api_customers_routes,  api_orders_routes,
	api_privacy_routes,       api_identity_routes,   api_shop_routes,
	api_upkeep_routes,        api_resolution_routes, api_segment_routes,
	api_imports_routes,       api_catalogue_routes,  api_stock_routes,
	api_stock_command_routes, api_webhooks_routes,   NULL,
};

const struct http_route *const *api_routes(void)
{
	return all;
}
