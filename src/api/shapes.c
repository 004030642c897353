/* The shapes of answers, in short: docs/api.md in a form that a machine reads, for the OpenAPI description and the web
 * app's types. {key:type}, key? may be absent, [type], type? may be null, 'a'|'b' one of these, Name another shape, and
 * str, int, num, bool, time, date, any. */
#include "api/internal.h"

#include <assert.h>

#define MEMBERS_MAX 48

static const struct shape {
	const char *name, *text;
} shapes[] = {
	{ "Problem", "{type:str,title:str,status:int,code:str,field?:str,detail?:str}" },
	{ "Money", "{currency:str,amount:str}" },
	{ "How", "{provenance:'told'|'bought'|'observed'|'inferred',text:str,at:time?,source:str?}" },
	{ "FactShown", "{kind:str,value:str,label:str,say:bool,how:How,fact:str?}" },
	{ "Named", "{id:str,name:str}" },
	{ "Id", "{id:str}" },
	{ "Alive", "{alive:bool}" },
	{ "Ready", "{ready:bool,writes:bool,search:bool,version:str}" },
	{ "Metrics", "str" },
	{ "OpenAPI", "any" },
	{ "Events", "str" },
	{ "Me", "{user:{id:str?,login:str,name:str,role:str,associate:str?,stores:[str]},csrf:str,version:str,home_"
	        "store:str?}" },
	{ "Link", "{first_admin:bool,login:str,name:str}" },
	{ "Found", "{results:[{customer:str,name:str,city:str,postcode:str,phone_hint:str,email_hint:str,loyalty:str,"
	           "store:Named?,"
	           "last_purchase_at:time?,spend:Money?,matched:'name'|'phone'|'email'|'loyalty'|'postcode'|'order',"
	           "order:{id:str,number:str}?}],took_us:int,ready:bool}" },
	{ "Name", "{display:str,given:str,family:str,prefix:str,pronounce:str,how:How}" },
	{ "Milestone", "{kind:str,date:date,in_days:int,text:str,say:bool,how:How}" },
	{ "LastPurchase", "{order:str,number:str,at:time,store:Named?,channel:str,total:Money,line_count:int,"
	                  "lines:[{title:str,sku:str,size:str,colour:str,qty:int}]}" },
	{ "Spend", "{total:Money,last_12_months:Money,orders:int,returns:int,full_price_share:num?,first_at:time?,"
	           "other_currencies:int}" },
	{ "Contact", "{channel:str,purpose:str,state:'yes'|'no'|'never_asked',at:time?}" },
	{ "Household", "{id:str?,members:[{customer:str,name:str,how:How}]}" },
	{ "Note", "{id:str,record:str,text:str,at:time,by:Named?,store:Named?}" },
	{ "AssociateShown", "{id:str,name:str,store:str,n:int,of:int,how:How}" },
	{ "OpenMatter", "{kind:str,text:str,order:str?,hold:str?,at:time}" },
	{ "Opener", "{text:str,evidence:str,order:str?}" },
	{ "HomeStore", "{id:str,name:str,n:int,of:int}" },
	{ "Card", "{customer:str,as_of:time,name:Name,associate:AssociateShown?,open:[OpenMatter],opener:Opener?,"
	          "sizes:[FactShown],likes:[FactShown],dislikes:[FactShown],served_how:[FactShown],"
	          "milestones:[Milestone],last_purchase:LastPurchase?,spend:Spend?,channels:[FactShown],"
	          "home_store:HomeStore?,contact:[Contact],household:Household?,notes:[Note]}" },
	{ "Identifier", "{kind:str,value:str,verified:bool,state:str,record?:str}" },
	{ "Record",
	  "{id:str,source:str,source_key:str,name:str,birthday:str?,address:Address?,created_at:time,updated_at:time,"
	  "identifiers:[Identifier]}" },
	{ "Address", "{street:str,city:str,region:str,postcode:str,country:str}" },
	{ "DecisionShown", "{id:str,kind:str,at:time,by:str?,reason:str,undone:bool}" },
	{ "OrderLine", "{title:str,sku:str,size:str,colour:str,brand:str,qty:int,unit_price:str,list_price:str?,net:"
	               "Money,full_price:bool}" },
	{ "Order",
	  "{id:str,number:str,source:str,kind:'sale'|'return',state:str,channel:str,store:Named?,associate:Named?,"
	  "placed_at:time,"
	  "currency:str,total:Money,net:Money,tax:Money,discount:Money,shipping:Money,revision:int,line_count:int,"
	  "lines?:[OrderLine],"
	  "history?:[{revision:int,at:time,difference:any}],customer?:Named?,book?:OrderBook?}" },
	{ "OrderPart", "{n:int,location:Named?,method:'take'|'pick_up'|'ship'|'deliver',open:int,picked:int,ready:int,"
	               "handed:int,shipped:int,since:time}" },
	{ "BookLine", "{line:int,sku:SkuShown?,title:str,qty:int,unit_price:str,list_price:str?,tax_rate:str,discount:"
	              "Money,net:Money,tax:Money,waiting:int,open:int,picked:int,ready:int,handed:int,cancelled:int,"
	              "returned:int,coming:int,refundable:Money,parts:[OrderPart]}" },
	{ "OrderPayment",
	  "{n:int,at:time,refund:bool,tender:str,amount:Money,state:'done'|'pending'|'failed',as_credit:"
	  "bool,reference:str}" },
	{ "OrderEvent", "{n:int,at:time,command:str,state:str,units:int,amount:Money,store:Named?,by:str?,text:str}" },
	{ "OrderBook",
	  "{state:'draft'|'placed'|'partly'|'fulfilled'|'cancelled'|'closed',version:int,on_account:bool,"
	  "policy:'keep_share'|'reprice_kept',tax_included:bool,arrived_at:time?,lapses_at:time?,lines:[BookLine],"
	  "money:{total:Money,receivable:Money,captured:Money,refunding:Money,refunded:Money,payable:Money,shipping:"
	  "Money,"
	  "tax:Money,discount:Money},tenders:[{tender:str,captured:Money,refundable:Money}],payments:[OrderPayment],"
	  "returns:[{n:int,at:time,location:Named?,line:int,qty:int,uninspected:int,"
	  "condition:'good'|'unknown'|'damaged'|'scrap',net:Money,tax:Money}],trail:[OrderEvent],allowed:[str],"
	  "discounts:[{rate:str?,amount:Money?,threshold:Money?,given:bool}]}" },
	{ "OrderDone", "{order:str,event:int,state:str,amount:Money,refunded:Money,receivable:Money,payable:Money,"
	               "return:int?,payment:int?,transfer:str?,replayed:bool,book:OrderBook?}" },
	{ "Price", "{currency:str,lines:[{sku:str,qty:int,gross:Money,discount:Money,net:Money,tax:Money}],"
	           "discount:Money,shipping:Money,tax:Money,total:Money,given:[bool]}" },
	{ "ChangePrice", "{lines:[{line:int,sku:str,qty:int,discount:Money,net:Money,tax:Money}],was:Money,total:Money,"
	                 "discount:Money,shipping:Money,tax:Money,was_receivable:Money,receivable:Money,was_payable:"
	                 "Money,payable:Money}" },
	{ "ReturnPrice", "{lines:[{line:int,qty:int,net:Money,tax:Money}],clawed:Money,total:Money,off_receivable:"
	                 "Money,tenders:[{tender:str,amount:Money}]}" },
	{ "Queued", "{order:str,number:str,n:int,line:int,sku:SkuShown?,customer:Named?,store:Named?,location:Named?,"
	            "method:str?,unplaced:int,open:int,picked:int,ready:int,shipped:int,since:time,"
	            "stage:'new'|'picking'|'problem'|'ready'|'waiting'|'shipped',due_at:time,late:bool}" },
	{ "Queue",
	  "{items:[Queued],next:str?,counts:{new:int,picking:int,problem:int,ready:int,waiting:int,shipped:int}}" },
	{ "OrderReviews", "{items:[{id:str,at:time,order:str,number:str,state:str,store:Named?,unmatched:Money}],next:"
	                  "str?}" },
	{ "ParkedReturns", "{items:[{id:str,at:time,number:str?,sku:SkuShown?,qty:int,location:Named?,tender:str,"
	                   "refunded:Money?}],next:str?}" },
	{ "Returned", "{order:str?,taken:int,parked:int,unmatched:bool}" },
	{ "Customer",
	  "{customer:str,as_of:time,name:Name,associate:AssociateShown?,open:[OpenMatter],opener:Opener?,sizes:["
	  "FactShown],"
	  "likes:[FactShown],dislikes:[FactShown],served_how:[FactShown],milestones:[Milestone],"
	  "last_purchase:LastPurchase?,spend:Spend?,channels:[FactShown],home_store:HomeStore?,contact:[Contact],"
	  "household:Household?,notes:[Note],records:[Record],identifiers:[Identifier],"
	  "address:Address?,"
	  "birthday:str?,recipients:[{id:str,name:str,relation:str,birthday:str?,note:str}],"
	  "evidence:{customer:str,members:[str],links:[{a:str,b:str,kind:str,value:str,state:str,decision:str?}],"
	  "provisional:bool},decisions:[DecisionShown],"
	  "nominations:[{id:str,customer:str,name:str,kind:str}],orders:[Order]}" },
	{ "Timeline", "{items:[{id:str,record:str,at:time,channel:str,kind:str,title:str,store:Named?,associate:Named?,"
	              "order:str?,source:str,"
	              "body:any}],next:str?}" },
	{ "Orders", "{items:[Order],next:str?}" },
	{ "Decision", "{decision:str,customer?:str}" },
	{ "Erased", "{records:int}" },
	{ "Side",
	  "{customer:str,name:str,record_count:int,orders:int,spend:Money?,last_purchase_at:time?,last_seen_at:time?,"
	  "records:[{id:str,source:str,source_key:str,name:str,gender:str,birthday:str?,address:Address?,created_at:"
	  "time,"
	  "updated_at:time,identifiers:[Identifier]}]}" },
	{ "Why", "{a:str,b:str,same:bool,epoch:int?,score:int?,prior:int?,link:int?,component:int?,"
	         "fields:[{comparison:str,kind:str,level:str,a:str,b:str,weight:int}],"
	         "links:[{kind:str,value:str,verified:bool,state:str}],"
	         "decisions:[{decision:str,kind:str,at:time,by:str?,reason:str,standing:bool}],"
	         "apart:[{reason:str,decision:str?,at:time?,by:str?,why:str?,kind:str?,a:str?,b:str?,number:int?,"
	         "limit:int?}]?}" },
	{ "Pair", "{a:Side,b:Side,why:Why?}" },
	{ "Review", "{items:[{id:str,at:time,score:int,worth:int,a:Side,b:Side,why:Why?}],waiting:int,next:str?}" },
	{ "Sample", "{items:[{id:str,score:int?,a:Side,b:Side,why:Why?}],seed:int,looked:int,same:int,left:int}" },
	{ "Share", "{value:num,low:num,high:num}" },
	{ "Estimate",
	  "{looked:int,same:int,drawn:int,drawn_same:int,enough:bool,precision:Share?,recall:Share?,by_model:num,"
	  "bands:[{from:int?,to:int?,looked:int,same:int,drawn:int,drawn_same:int,share:num,low:num,high:num,joined:"
	  "int,apart:int}]}" },
	{ "Top", "{rows:[{customer:str,name:str,net:Money,full_price_share:num?,orders:int,units:int,last_at:time?}],"
	         "all:{customers:int,net:Money,full_price_share:num?,anonymous:Money,unconverted_orders:int},from:date,"
	         "to:date,currency:str}" },
	{ "Stores", "{items:[{id:str,code:str,name:str,zone:str,country:str,city:str,kind:str,currency:str,lat:num?,"
	            "lon:num?,closed:bool,"
	            "stock:'here'|'elsewhere'|'none'}]}" },
	{ "SkuShown", "{id:str,code:str,barcode:str?,title:str,brand:str,category:str,size:str,colour:str,product:str,"
	              "list_price:Money?}" },
	{ "Skus", "{items:[SkuShown]}" },
	{ "Product", "{id:str,code:str,title:str,brand:str,category:str,subcategory:str,skus:[SkuShown]}" },
	{ "Grid",
	  "{as_of:time,more:bool,skus:[SkuShown],places:[{id:str,name:str,kind:str,km:num?,updated_at:time?}],"
	  "cells:[{sku:str,location:str,available:int,held:int,committed:int,picked:int,quality:int,damaged:int,"
	  "safety:int,transit:int,incoming:int,incoming_at:time?,low:bool,level:int?}]}" },
	{ "StockSide", "{state:str,location:Named?}" },
	{ "StockMoves",
	  "{items:[{at:time,qty:int,from:StockSide,to:StockSide,reason:str,order:str?,hold:str?,by:str?}],"
	  "next:str?}" },
	{ "SaveTheSale", "{sku:SkuShown,here:int,usual_size:str?,ways:[{way:'here'|'pick_up'|'ship'|'transfer'|'"
	                 "incoming'|'substitute',"
	                 "location:Named,sku:SkuShown,available:int,km:num?,ready_at:time?,cost:Money?,closed:bool,"
	                 "elsewhere:bool,text:str,"
	                 "order?:any,hold?:any,wait?:any}]}" },
	{ "StockDone", "{id:str?,kind:str,qty:int,state:str?,expected?:int,open?:int,replayed:bool}" },
	{ "Hold", "{id:str,sku:SkuShown,location:Named,customer:Named?,qty:int,placed:int,placed_at:time,until:time,"
	          "state:'open'|'released'|'expired'|'consumed',associate:Named?,waiting:str?}" },
	{ "Holds", "{items:[Hold],next:str?}" },
	{ "Waiting", "{items:[{id:str,sku:SkuShown,location:Named?,customer:Named?,qty:int,joined_at:time,"
	             "offered_at:time?,hold:str?,offered_in:Named?,offered_until:time?,state:'waiting'|'offered'|'"
	             "taken'|'lapsed'|'left'}],next:str?}" },
	{ "Transfer",
	  "{id:str,from:Named,to:Named,state:'requested'|'dispatched'|'received'|'cancelled',requested_at:time,"
	  "dispatched_at:time?,closed_at:time?,lines?:[{sku:SkuShown,asked:int,sent:int,received:int,lost:int,"
	  "returned:int,over:int,order:str?,line:int}]}" },
	{ "Transfers", "{items:[Transfer],next:str?}" },
	{ "StockCounts", "{items:[{id:str,sku:SkuShown,location:Named,opened_at:time,reason:str,state:'open'|'short',"
	                 "hint:int}],next:str?}" },
	{ "LowStock", "{items:[{sku:SkuShown,location:Named,level:int,available:int,incoming:int}],next:str?}" },
	{ "Expected", "{items:[{id:str,sku:SkuShown,location:Named,qty:int,received:int,due_at:time?}]}" },
	{ "Associates", "{items:[{id:str,code:str,name:str,store:str?}]}" },
	{ "Counts",
	  "{taken:int,duplicates:int,dead:int,orders_new?:int,orders_changed?:int,orders_same?:int,records_new?:int}" },
	{ "Import", "{id:str,path:str,format:str,source:str,state:'running'|'stopped'|'done'|'failed',started_at:time,"
	            "updated_at:time,"
	            "bytes_done:int,bytes_total:int,lines:int,counts:Counts,problem:str}" },
	{ "Imports", "{items:[Import]}" },
	{ "Deadletters", "{items:[{id:str,source:str,line:int?,job:str?,code:str,field:str,detail:str,raw:str,at:time,"
	                 "resolved:bool}],next:str?,"
	                 "open:int}" },
	{ "User", "{id:str,login:str,name:str,role:str,associate:str?,stores:[str],disabled:bool,has_password:bool,"
	          "last_seen_at:time?}" },
	{ "Users", "{items:[User],next:str?}" },
	{ "UserMade", "{user:User,link:str}" },
	{ "LinkMade", "{link:str}" },
	{ "Keys",
	  "{items:[{id:str,name:str,source:str,role:'source'|'browser',hint:str,created_at:time,last_used_at:time?,"
	  "revoked:bool}]}" },
	{ "KeyMade", "{id:str,key:str}" },
	{ "Audit", "{items:[{at:time,who:str,user:str?,action:str,purpose:str,subject:str?,detail:any}],next:str?}" },
	{ "Status",
	  "{version:str,engine:str,search:{ready:bool,customers:int,bytes:int},feed:{rows:int},deadletters:int,"
	  "webhooks:{endpoints:int,disabled:int,waiting:int,oldest_waiting_at:time?,given_up:int}}" },
	{ "Webhook", "{id:str,url:str,events:[str],description:str,created_at:time,created_by:str?,disabled:bool,"
	             "disabled_at:time?,disabled_why:'person'|'gone'|'failing'|'full'?,old_secret_until:time?,"
	             "paused_until:time?,failing_since:time?,succeeded_at:time?,failed_at:time?,waiting:int,"
	             "oldest_waiting_at:time?,given_up:int}" },
	{ "Webhooks", "{items:[Webhook],types:[str]}" },
	{ "WebhookMade", "{id:str,secret:str}" },
	{ "WebhookRotated", "{id:str,secret:str,old_secret_until:time}" },
	{ "WebhookTested", "{delivery:str}" },
	{ "WebhookReplayed", "{replayed:int}" },
	{ "WebhookDelivery",
	  "{id:str,message:str,type:str,state:'waiting'|'delivered'|'given_up',sending:bool,attempts:int,made_at:time,"
	  "due_at:time?,tried_at:time?,done_at:time?,status:int?,fault:str?,answer:str,payload:any}" },
	{ "WebhookDeliveries", "{items:[WebhookDelivery],next:str?}" },
	{ "Findings", "{findings:[{room:str,invariant:str,detail:str}],count:int}" },
	{ "Rebuilt", "{views:[{view:str,kept:str,built:str,equal:bool}]}" },
	{ "Resolution",
	  "{state:'never'|'running'|'done'|'stopped'|'failed',phase:str,done:int,of:int,started_at:time?,took_us:int,"
	  "problem:str?,outcome:{version:int,records:int,customers:int,moved:int,doubts:int,keys:int,pairs:int}?}" },
	{ "Epoch", "{version:int,at:time?,model:str}" },
	{ "Backup", "{path:str}" },
	{ "Taken", "{success:bool,taken:int,duplicates:int,dead:int}" },
};
#define SHAPE_COUNT (sizeof(shapes) / sizeof(shapes[0]))

bool api_shape_known(const char *name)
{
	for (size_t i = 0; i < SHAPE_COUNT; i++)
		if (!strcmp(shapes[i].name, name))
			return true;
	return false;
}

/* ---- Reading the notation
 * --------------------------------------------------------------------------------------------------- */

static bool take(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static struct str word(const char **p)
{
	const char *from = *p;
	while ((**p >= 'a' && **p <= 'z') || (**p >= 'A' && **p <= 'Z') || (**p >= '0' && **p <= '9') || **p == '_')
		(*p)++;
	assert(*p > from && "a shape is malformed");
	return (struct str){ from, (size_t)(*p - from) };
}

static void type_write(struct json_writer *w, const char **p);

static void object_write(struct json_writer *w, const char **p)
{
	struct str required[MEMBERS_MAX];
	size_t count = 0;
	jw_kcstr(w, "type", "object");
	jw_key(w, "properties");
	jw_object(w);
	do {
		struct str name = word(p);
		char key[64];
		snprintf(key, sizeof(key), "%.*s", STR_ARG(name));
		assert(count < MEMBERS_MAX);
		if (!take(p, '?'))
			required[count++] = name;
		bool colon = take(p, ':');
		assert(colon);
		(void)colon;
		jw_key(w, key);
		type_write(w, p);
	} while (take(p, ','));
	bool closed = take(p, '}');
	assert(closed && "a shape is malformed");
	(void)closed;
	jw_end_object(w);
	jw_key(w, "required");
	jw_array(w);
	for (size_t i = 0; i < count; i++)
		jw_str(w, required[i]);
	jw_end_array(w);
}

static void choice_write(struct json_writer *w, const char **p)
{
	jw_kcstr(w, "type", "string");
	jw_key(w, "enum");
	jw_array(w);
	do {
		(*p)++; /* the opening quote */
		jw_str(w, word(p));
		(*p)++;
	} while (take(p, '|'));
	jw_end_array(w);
}

static void named_write(struct json_writer *w, struct str name)
{
	static const struct {
		const char *name, *type, *format;
	} plain[] = { { "str", "string", NULL },   { "int", "integer", NULL }, { "num", "number", NULL },
		      { "bool", "boolean", NULL }, { "any", NULL, NULL },      { "time", "string", "date-time" },
		      { "date", "string", "date" } };
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (str_is(name, plain[i].name)) {
			if (plain[i].type)
				jw_kcstr(w, "type", plain[i].type);
			if (plain[i].format)
				jw_kcstr(w, "format", plain[i].format);
			return;
		}
	char ref[96];
	snprintf(ref, sizeof(ref), "#/components/schemas/%.*s", STR_ARG(name));
	jw_kcstr(w, "$ref", ref);
}

/* Finds where the type at p ends, to see whether it may be null. */
static const char *type_end(const char *p)
{
	int depth = 0;
	for (; *p; p++) {
		if (*p == '{' || *p == '[')
			depth++;
		if ((*p == '}' || *p == ']' || *p == ',') && depth == 0)
			break;
		if (*p == '}' || *p == ']')
			depth--;
	}
	return p;
}

static void bare_write(struct json_writer *w, const char **p)
{
	if (take(p, '{')) {
		object_write(w, p);
	} else if (take(p, '[')) {
		jw_kcstr(w, "type", "array");
		jw_key(w, "items");
		type_write(w, p);
		bool closed = take(p, ']');
		assert(closed && "a shape is malformed");
		(void)closed;
	} else if (**p == '\'') {
		choice_write(w, p);
	} else {
		named_write(w, word(p));
	}
}

static void type_write(struct json_writer *w, const char **p)
{
	const char *end = type_end(*p);
	bool null = end > *p && end[-1] == '?';
	jw_object(w);
	if (null) {
		jw_key(w, "oneOf");
		jw_array(w);
		jw_object(w);
	}
	bare_write(w, p);
	if (null) {
		bool mark = take(p, '?');
		assert(mark && "a shape is malformed");
		(void)mark;
		jw_end_object(w);
		jw_object(w);
		jw_kcstr(w, "type", "null");
		jw_end_object(w);
		jw_end_array(w);
	}
	jw_end_object(w);
}

void api_shapes_write(struct json_writer *w)
{
	for (size_t i = 0; i < SHAPE_COUNT; i++) {
		const char *p = shapes[i].text;
		jw_key(w, shapes[i].name);
		type_write(w, &p);
		assert(!*p && "a shape is malformed");
	}
}
