/* A person who is erased: of what they were called, how they were reached and what was said about them nothing is left
 * in the database, while the orders, holds and places in line they had go on as nobody's and the books still balance. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as kit from './server.mjs';
import { addChain } from './chain.mjs';

/* Endpoints are tried once: what is not delivered lies there with its body. */
const env = { BYNAME_WEBHOOK_LOCAL: '1', BYNAME_WEBHOOK_TIMEOUT: '1', BYNAME_WEBHOOK_RETRIES: '600' };
const worlds = [];

before(async () => {
	for (const engine of kit.engines) {
		const database = kit.newDatabase(engine), server = await kit.startServer(database, { env });
		const admin = await kit.firstAdmin(server), till = await kit.addKey(admin), web = await kit.addKey(admin, 'source', 'shop');
		const chain = await addChain(server);
		const [clerk, privacy, agent] = [await kit.addUser(admin, 'associate', { stores: [chain.store.BER] }), await kit.addUser(admin, 'privacy'), await kit.addUser(admin, 'agent')];
		worlds.push({ engine, database, server, admin, till, web, chain, clerk, privacy, agent, local: server.local });
	}
});
after(async () => {
	for (const { server } of worlds) await server.stop();
	kit.cleanUp();
});

/* All that the database holds, as text. */
async function everything({ engine, database, local }, name) {
	if (engine !== 'sqlite') return execFileSync('pg_dump', ['--data-only', '-d', database.url], { encoding: 'latin1', maxBuffer: 1 << 28 }).toLowerCase();
	const path = join(database.dir, name);
	await local.post('/v1/backup', { path });
	return readFileSync(path, 'latin1').toLowerCase();
}

const words = ['zelda', 'quittenbaum', 'zq@example', '1709998877', 'lindenallee', 'zq-4711', 'her nephew', 'monogram', 'paypal-zq', 'hates wool', 'twins'];

for (const [n, name] of kit.engines.entries())
	test(`who is erased is forgotten, and the books balance: ${name}`, async () => {
		const world = worlds[n], { local, admin, till, web, chain: { sku, store }, clerk, privacy, agent } = world, ox = sku['OX-42'], db = sku['DB-42'];
		const stocked = (id, qty) => local.post('/v1/stock/adjust', { sku: id, location: store.BER, qty, reason: 'opening' });
		const places = async () => (await local.get(`/v1/stock?sku=${ox},${db}`)).cells;
		await stocked(ox, 9);
		await admin.post('/v1/webhooks', { url: 'http://127.0.0.1:9/', events: ['*'] });

		/* two records, made one by hand */
		const traits = { firstName: 'Zelda', lastName: 'Quittenbaum', email: 'zq@example.org', phone: '+491709998877', address: { street: 'Lindenallee 5', city: 'Berlin' } };
		await kit.send(till, [kit.message.identify('ZQ-4711', traits), kit.message.order('ZQ-4711', 'T-1', [{ sku: 'OX-42', price: 129, quantity: 1, name: 'Zelda monogram' }])]);
		await kit.send(web, [kit.message.identify('web-zq', { firstName: 'Z.', lastName: 'Quittenbaum', email: 'zq@example.org' })]);
		await kit.settled(local);
		const found = async () => (await kit.find(local, 'Quittenbaum')).map((r) => r.customer);
		const [a, b] = await found();
		if (b) await local.post('/v1/merges', { a, b, reason: 'twins of one household' });
		const customer = (await local.get(`/v1/customers/${a}`)).id ?? a;
		await agent.post(`/v1/customers/${customer}/notes`, { text: 'Shops for her nephew' });
		await agent.post(`/v1/customers/${customer}/facts`, { kind: 'dislikes', value: 'hates wool' });

		/* an order with something ready, something back, something open; a quote; holds; a place in the line */
		const done = await clerk.post('/v1/orders', { customer, detail: 'for her nephew', pays: [{ tender: 'card', amount: '387.00', reference: 'paypal-zq' }],
			items: [{ sku: ox, qty: 3, title: 'Oxford with monogram', units: [{ qty: 1, location: store.BER, method: 'take' }, { qty: 2, location: store.BER, method: 'pick_up' }] }] });
		const act = (command, body = {}, who = clerk) => who.post(`/v1/orders/${done.order}/${command}`, body);
		await act('pick', { units: [{ line: 1, qty: 1 }] });
		await act('ready');
		await act('return', { units: [{ line: 1, qty: 1, condition: 'unknown' }], refund_rest: true, detail: 'Zelda did not like it' });
		const quote = await clerk.post('/v1/orders', { customer, quote: true, detail: 'monogram?', items: [{ sku: ox, qty: 1 }] });
		const hold = await clerk.post('/v1/stock/hold', { sku: ox, qty: 2, customer });
		const line = await agent.post('/v1/stock/wait', { sku: db, qty: 1, customer });
		const parked = await clerk.post('/v1/returns', { number: 'T-404', sku: ox, qty: 1, location: store.BER, condition: 'good', tender: 'cash', amount: '129.00' });
		assert.equal(parked.parked, 1);
		await kit.settled(local);
		const there = await everything(world, 'before');
		for (const word of words) assert.ok(there.includes(word), `${word} was never there: the test proves nothing`);
		assert.ok(there.includes(customer.toLowerCase()), 'no webhook names the customer');
		const was = await places(), matters = await local.get(`/v1/orders/${done.order}`);
		assert.match(matters.customer.name, /Quittenbaum/);
		const told = (await admin.get('/v1/webhooks')).items[0];

		/* who may, and once */
		assert.equal((await clerk.call('POST', `/v1/customers/${customer}/erase`)).status, 403);
		const key = { 'Idempotency-Key': 'forget-her' };
		const erased = await privacy.call('POST', `/v1/customers/${customer}/erase`, {}, key);
		assert.deepEqual([erased.status, erased.json], [200, { records: 2 }], erased.text);
		const again = await privacy.call('POST', `/v1/customers/${customer}/erase`, {}, key);
		assert.deepEqual([again.status, again.json, again.headers['idempotency-replayed']], [200, { records: 2 }, 'true'], again.text);
		assert.equal((await privacy.call('POST', `/v1/customers/${customer}/erase`)).status, 404);

		/* nothing is left, on any page of the database nor on any screen */
		await kit.settled(local);
		const left = await everything(world, 'after');
		for (const word of words) assert.ok(!left.includes(word), `${word} is still there: …${left.slice(Math.max(0, left.indexOf(word) - 120), left.indexOf(word) + 60)}…`);
		for (const path of ['', '/card?store=' + store.BER, '/timeline', '/orders']) assert.equal((await agent.call('GET', `/v1/customers/${customer}${path}`)).status, 404, path);
		for (const end = Date.now() + 5000; (await found()).length; await kit.sleep(20)) assert.ok(Date.now() < end, 'still found');
		assert.deepEqual((await local.get('/v1/orders?phone=%2B491709998877')).items, []);
		const bodies = async (id) => (await admin.get(`/v1/webhooks/${id}/deliveries?limit=200`)).items;
		for (const d of await bodies(told.id)) assert.ok(!JSON.stringify(d).includes(customer), JSON.stringify(d));
		assert.equal((await clerk.call('POST', '/v1/stock/hold', { sku: ox, qty: 1, customer })).status, 404, 'nothing more hangs on them');

		/* who looked, and who erased them, by opaque ids */
		const trail = (await local.get(`/v1/audit?customer=${customer}&limit=100`)).items;
		assert.ok(trail.some((i) => i.action === 'customer.erase' && i.user === privacy.user.id), JSON.stringify(trail));
		assert.ok(trail.some((i) => i.purpose === 'serve'));

		/* what they had goes on as nobody's: kept until it lapses, fetched by the number, taken back */
		assert.deepEqual(await places(), was, 'units moved');
		const shown = await clerk.get(`/v1/holds/${hold.id}`);
		assert.deepEqual([shown.customer, shown.qty, shown.state], [null, 2, 'open']);
		assert.deepEqual((await clerk.get(`/v1/waiting?sku=${db}`)).items, []);
		assert.equal((await agent.call('POST', '/v1/stock/leave', { id: line.id })).json.code, 'stock.state');
		const queue = (await clerk.get(`/v1/queue?location=${store.BER}`)).items.filter((i) => i.order === done.order);
		assert.deepEqual(queue.map((i) => i.customer), [null, null].slice(0, queue.length));
		const order = await clerk.get(`/v1/orders/${done.order}`);
		assert.deepEqual([order.customer, order.book.money, order.book.lines[0].title, order.book.payments[0].reference],
			[null, matters.book.money, 'Oxford shoe', '']);
		await act('hand_over');
		await act('inspect', { units: [{ line: 1, qty: 1, condition: 'good' }] });
		await act('cancel');
		await act('refund', { refund_rest: true });
		await clerk.post(`/v1/orders/${quote.order}/cancel`, {});
		await clerk.post('/v1/stock/release', { id: hold.id });
		await kit.settled(local);
		const found2 = await local.post('/v1/check');
		assert.deepEqual(found2.findings, []);
		for (const view of (await local.post('/v1/rebuild')).views) assert.ok(view.equal, JSON.stringify(view));
	});
