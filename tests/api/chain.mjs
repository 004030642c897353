/* A small chain as its files describe it: stores that stand somewhere, products in sizes, barcodes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mapping = `
name   = small-chain
source = files

[stores]
file     = stores.csv
code     = {code}
name     = {name}
kind     = {kind}
country  = {country}
city     = {city}
currency = {currency}
lat      = {lat}
lon      = {lon}

[products]
file       = products.csv
sku        = {sku}
product    = {product}
title      = {title}
brand      = {brand}
category   = {category}
colour     = {colour}
size       = {size}
barcode    = {barcode}
list_price = {price}
currency   = {currency}
`;

const stores = `code,name,kind,country,city,currency,lat,lon
BER,Berlin,shop,DE,Berlin,EUR,52.5200,13.4050
POT,Potsdam,shop,DE,Potsdam,EUR,52.3906,13.0645
MUC,München,shop,DE,München,EUR,48.1370,11.5750
LEJ,Warehouse Leipzig,warehouse,DE,Leipzig,EUR,51.3397,12.3731
WEB,Web shop,web,DE,,EUR,,
`;

/* Sizes on purpose not in their order. */
const products = `sku,product,title,brand,category,colour,size,barcode,price,currency
OX-42,OX,Oxford shoe,Noorwind,Shoes,brown,42,4006381333931,129.00,EUR
OX-9,OX,Oxford shoe,Noorwind,Shoes,brown,9,,129.00,EUR
OX-43,OX,Oxford shoe,Noorwind,Shoes,brown,43,,129.00,EUR
DB-42,DB,Derby shoe,Noorwind,Shoes,brown,42,,135.00,EUR
SN-42,SN,Sneaker,Fjordal,Shoes,white,42,,49.00,EUR
SH-XL,SH,Linen shirt,Acme,Shirts,white,XL,036000291452,59.90,EUR
SH-S,SH,Linen shirt,Acme,Shirts,white,S,,59.90,EUR
SH-M,SH,Linen shirt,Acme,Shirts,white,M,,59.90,EUR
SH-N-M,SH,Linen shirt,Acme,Shirts,navy,M,,59.90,EUR
`;

/* {store: {BER: 'sto_…'}, sku: {'OX-42': 'sku_…'}, product: {OX: 'prd_…'}} */
export async function addChain(server) {
	const dir = mkdtempSync(join(tmpdir(), 'byname-chain-'));
	try {
		for (const [name, text] of Object.entries({ 'chain.map': mapping, 'stores.csv': stores, 'products.csv': products }))
			writeFileSync(join(dir, name), text);
		const done = await server.local.post('/v1/imports', { path: dir, format: join(dir, 'chain.map') });
		for (;;) {
			const { items } = await server.local.get('/v1/imports');
			if (items.every((i) => i.state !== 'running')) break;
			await new Promise((wait) => setTimeout(wait, 20));
		}
		if (done.state && done.state !== 'done' && done.state !== 'running') throw new Error(JSON.stringify(done));
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
	const chain = { store: {}, sku: {}, product: {} };
	for (const s of (await server.local.get('/v1/stores')).items) chain.store[s.code] = s.id;
	for (const line of products.trim().split('\n').slice(1)) {
		const [code, product] = line.split(',');
		const { items } = await server.local.get(`/v1/skus?q=${code}&limit=1`);
		chain.sku[code] = items[0].id;
		chain.product[product] = items[0].product;
	}
	return chain;
}
