/* SKUs and products: what may be sold. */
#include "api/api.h"
#include "api/internal.h"

#define SKUS_LIMIT 20

static enum result skus_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_skus(api_desk(rq), api_principal(rq), http_param_str(rq, "q"),
	                 (int)http_param_i64(rq, "limit", SKUS_LIMIT), http_json(rs), e);
}

static enum result sku_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_sku(api_desk(rq), api_principal(rq), http_param_i64(rq, "sku", 0), http_json(rs), e);
}

static enum result product_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	return desk_product(api_desk(rq), api_principal(rq), http_param_i64(rq, "product", 0), http_json(rs), e);
}

static const struct http_param skus_params[] = {
	{ "q", JF_STR, true, 1, 100, NULL, "A code or barcode, or words of title, brand, category, colour and size" },
	{ "limit", JF_I64, false, 1, SKU_FIND_MAX, NULL, "At most so many (20)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param sku_params[] = {
	{ "sku", JF_ID, true, ID_SKU, 0, NULL, NULL },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param product_params[] = {
	{ "product", JF_ID, true, ID_PRODUCT, 0, NULL, NULL },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_catalogue_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/skus",
	  .summary = "Find SKUs as you type or scan, best first",
	  .roles = ROLES_SHELF,
	  .params = skus_params,
	  .answer = "Skus",
	  .handle = skus_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/skus/{sku}",
	  .summary = "One SKU",
	  .roles = ROLES_SHELF,
	  .params = sku_params,
	  .answer = "SkuShown",
	  .errors = "404",
	  .handle = sku_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/products/{product}",
	  .summary = "A product with its SKUs, colours and sizes in order",
	  .roles = ROLES_SHELF,
	  .params = product_params,
	  .answer = "Product",
	  .errors = "404",
	  .handle = product_handle },
	{ 0 },
};
