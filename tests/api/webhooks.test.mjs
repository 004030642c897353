/* Webhooks as a receiver sees them: signed by the Standard Webhooks specification (checked by an implementation of our own
 * here), once or more and never not at all, through a receiver that fails and a server that is killed. */
import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';
import * as kit from './server.mjs';

const env = { BYNAME_WEBHOOK_LOCAL: '1', BYNAME_WEBHOOK_TIMEOUT: '2', BYNAME_WEBHOOK_RETRIES: '1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1' };
const worlds = [], open = new Set();

before(async () => {
	for (const engine of kit.engines) {
		const database = kit.newDatabase(engine), server = await kit.startServer(database, { env });
		const admin = await kit.firstAdmin(server), key = await kit.addKey(admin);
		worlds.push({ engine, database, server, admin, key });
	}
});
after(async () => {
	for (const one of open) await one.close();
	for (const { server } of worlds) await server.stop();
	kit.cleanUp();
});

/* ---- A receiver -------------------------------------------------------------------------------------------------- */

/* By the specification: base64 after whsec_ is the key, of id.timestamp.body; any of the signatures may fit. */
function verifies(secret, headers, body, now = Date.now()) {
	const id = headers['webhook-id'], timestamp = headers['webhook-timestamp'];
	if (!/^\d+$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > 300) return false;
	const expected = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).update(`${id}.${timestamp}.${body}`).digest();
	return headers['webhook-signature'].split(' ').some((one) => {
		const [version, text] = one.split(',');
		const given = Buffer.from(text ?? '', 'base64');
		return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
	});
}

async function receiver(answer = (_got, response) => response.writeHead(204).end()) {
	const got = [], state = { got, answer, now: 0, most: 0 };
	const server = http.createServer((request, response) => {
		let body = '';
		state.most = Math.max(state.most, ++state.now);
		response.on('close', () => state.now--);
		request.setEncoding('utf8').on('data', (text) => (body += text));
		request.on('end', () => {
			const one = { method: request.method, path: request.url, headers: request.headers, body, json: JSON.parse(body), at: Date.now() };
			got.push(one);
			state.answer(one, response);
		});
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	state.url = `http://127.0.0.1:${server.address().port}`;
	state.until = async (match, what, ms = 15_000) => {
		for (const end = Date.now() + ms; !match(got); await kit.sleep(10))
			if (Date.now() > end) throw new Error(`${what}: not in ${ms} ms; ${got.length} came`);
	};
	state.close = () => (open.delete(state), server.closeAllConnections(), new Promise((done) => server.close(done)));
	open.add(state);
	return state;
}

const fails = (_got, response) => response.writeHead(500).end('not now');
const order = (world, number) => world.key.post('/v1/track', kit.message.order('anna', number, [{ sku: 'SHOE', name: 'Shoe', price: '80.00', quantity: 1 }]));
const add = (client, url, events = ['order.*']) => client.post('/v1/webhooks', { url, events, description: 'test' });
const deliveries = async (client, id, query = '') => (await client.get(`/v1/webhooks/${id}/deliveries${query}`)).items;

/* ---- Tests ------------------------------------------------------------------------------------------------------- */

test('every event arrives, signed, though the receiver fails and the server is killed', { timeout: 60_000 }, async () => {
	for (const world of worlds) {
		const there = await receiver(fails), hook = await add(world.admin, `${there.url}/hook?tenant=1`);
		const sent = [];
		for (let n = 0; n < 20; n++) await order(world, `k-${n}`), sent.push(`k-${n}`);
		await there.until((got) => got.length >= 5, 'the first attempts');
		await world.server.kill();
		const before_ = there.got.length;
		world.server = await kit.startServer(world.database, { env, port: world.server.port });
		for (let n = 20; n < 30; n++) await order(world, `k-${n}`), sent.push(`k-${n}`);
		await there.until((got) => got.length > before_, 'attempts after the restart');
		const taken = new Set();
		there.answer = (one, response) => (taken.add(one.json.data.number), response.writeHead(200).end('{"ok":true}'));
		await there.until(() => taken.size >= 30, `${world.engine}: all thirty`, 30_000);
		assert.deepEqual([...taken].sort(), sent.sort());
		const bodies = new Map();
		for (const one of there.got) {
			assert.equal(one.method, 'POST');
			assert.equal(one.path, '/hook?tenant=1');
			assert.equal(one.headers['content-type'], 'application/json');
			assert.ok(verifies(hook.secret, one.headers, one.body), `${world.engine}: the signature of ${one.body}`);
			assert.ok(!verifies(hook.secret, one.headers, one.body + ' '));
			assert.ok(!verifies(hook.secret, { ...one.headers, 'webhook-id': 'msg_other' }, one.body));
			const id = one.headers['webhook-id'];
			assert.equal(bodies.get(id) ?? one.body, one.body, 'a retry has the body of the first try');
			bodies.set(id, one.body);
			const { type, timestamp, data } = one.json;
			assert.equal(type, 'order.reported');
			assert.ok(Math.abs(Date.now() - Date.parse(timestamp)) < 60_000);
			assert.deepEqual(Object.keys(data).sort(), ['customer', 'kind', 'n', 'number', 'order', 'state', 'store']);
			assert.match(data.customer, /^cus_/);
			assert.doesNotMatch(one.body, /anna/i, 'a name went out');
		}
		assert.equal(bodies.size, 30, 'an event had two ids');
		/* What was answered is noted a moment later. */
		let left;
		for (const end = Date.now() + 8000; (left = await world.admin.get(`/v1/webhooks/${hook.id}`)).waiting && Date.now() < end; await kit.sleep(20));
		assert.equal(left.waiting, 0);
		assert.equal(left.failing_since, null);
		const kept = await deliveries(world.admin, hook.id, '?state=delivered&limit=100');
		assert.equal(kept.length, 30);
		assert.ok(kept.every((d) => d.status === 200 && d.answer === '{"ok":true}' && d.payload.type === 'order.reported' && bodies.has(d.message)));
		assert.equal((await world.server.local.post('/v1/check')).count, 0);
		await world.admin.ok('DELETE', `/v1/webhooks/${hook.id}`);
		await there.close();
	}
});

test('a receiver that hangs holds up nobody else and gets few attempts at once', async () => {
	for (const world of worlds) {
		const slow = await receiver(() => {}), quick = await receiver();
		const a = await add(world.admin, slow.url), b = await add(world.admin, quick.url);
		const began = Date.now();
		for (let n = 0; n < 12; n++) await order(world, `s-${n}`);
		await quick.until((got) => got.length >= 12, 'the quick one');
		assert.ok(Date.now() - began < 10_000);
		await slow.until((got) => got.length >= 5, 'a second round at the slow one');
		assert.ok(slow.most <= 4, `${slow.most} at once`);
		const waits = await deliveries(world.admin, a.id, '?state=waiting');
		assert.ok(waits.some((d) => /time|Timeout/i.test(d.fault ?? '')), JSON.stringify(waits[0]));
		for (const hook of [a, b]) await world.admin.ok('DELETE', `/v1/webhooks/${hook.id}`);
		await Promise.all([slow.close(), quick.close()]);
	}
});

test('redirects are not followed, 410 disables, an endless answer is cut', async () => {
	for (const world of worlds) {
		const target = await receiver();
		const there = await receiver((_one, response) => response.writeHead(307, { Location: target.url }).end());
		const hook = await add(world.admin, there.url);
		await world.admin.post(`/v1/webhooks/${hook.id}/test`);
		await there.until((got) => got.length >= 1, 'the test');
		there.answer = (_one, response) => {
			response.writeHead(200);
			response.write(Buffer.alloc(4096, 'ü'));
			const timer = setInterval(() => response.destroyed || response.write(Buffer.alloc(65536, 'x')), 5);
			response.on('close', () => clearInterval(timer));
		};
		let [one] = await deliveries(world.admin, hook.id);
		for (const end = Date.now() + 5000; one.state !== 'delivered' && Date.now() < end; [one] = await deliveries(world.admin, hook.id)) await kit.sleep(20);
		assert.equal(one.type, 'webhook.test');
		assert.equal(one.state, 'delivered');
		assert.ok(Buffer.byteLength(one.answer) <= 1024 && one.answer.startsWith('üü'));
		assert.equal(target.got.length, 0, 'a redirect was followed');
		there.answer = (_one, response) => response.writeHead(410).end();
		await world.admin.post(`/v1/webhooks/${hook.id}/test`);
		let shown;
		for (const end = Date.now() + 5000; !(shown = await world.admin.get(`/v1/webhooks/${hook.id}`)).disabled && Date.now() < end; await kit.sleep(20));
		assert.equal(shown.disabled_why, 'gone');
		assert.equal((await world.admin.call('POST', `/v1/webhooks/${hook.id}/test`, {})).status, 409);
		const again = await world.admin.ok('PATCH', `/v1/webhooks/${hook.id}`, { disabled: false });
		assert.equal(again.disabled, false);
		await world.admin.ok('DELETE', `/v1/webhooks/${hook.id}`);
		assert.equal((await world.admin.call('GET', `/v1/webhooks/${hook.id}`)).status, 404);
		await Promise.all([there.close(), target.close()]);
	}
});

test('orders commanded here are told step by step, stock by SKU', async () => {
	for (const world of worlds) {
		const { local } = world.server, there = await receiver();
		await world.key.post('/v1/track', kit.message.order('berta', 'w-0', [{ sku: 'BOOT', name: 'Boot', price: '90.00', quantity: 1 }], { store: 'W1' }));
		const sku = (await local.get('/v1/skus?q=BOOT')).items[0].id, store = (await local.get('/v1/stores')).items.find((s) => s.code === 'W1').id;
		const hook = await add(world.admin, there.url, ['order.placed', 'order.picked', 'stock.*']);
		for (let n = 0; n < 20; n++) await local.post('/v1/stock/adjust', { sku, location: store, qty: 1, reason: 'found' });
		const placed = await local.post('/v1/orders', { store, currency: 'EUR', on_account: true, items: [{ sku, qty: 1, unit_price: '90.00', units: [{ qty: 1, location: store, method: 'pick_up' }] }] });
		await local.post(`/v1/orders/${placed.order}/pick`, { store, units: [{ line: 1, qty: 1, location: store, method: 'pick_up' }] });
		await there.until((got) => got.some((one) => one.json.type === 'stock.changed') && got.filter((one) => /^order/.test(one.json.type)).length >= 2, `${world.engine}: order and stock`);
		const orders = there.got.filter((one) => /^order/.test(one.json.type)).sort((a, b) => a.json.data.n - b.json.data.n);
		assert.deepEqual(orders.map((one) => [one.json.type, one.json.data.n, one.json.data.order, one.json.data.store]),
			[['order.placed', 1, placed.order, store], ['order.picked', 2, placed.order, store]]);
		const stock = there.got.filter((one) => one.json.type === 'stock.changed');
		assert.ok(stock.length <= 4, `${stock.length} for one SKU in a moment`);
		for (const one of there.got) assert.ok(verifies(hook.secret, one.headers, one.body));
		assert.deepEqual(stock[0].json.data, { sku, code: 'BOOT' });
		await world.admin.ok('DELETE', `/v1/webhooks/${hook.id}`);
		await there.close();
	}
});

test('a secret is rotated, an event replayed under its id', async () => {
	for (const world of worlds) {
		const there = await receiver(), hook = await add(world.admin, there.url, ['order.reported', 'stock.*']);
		const of = (number) => there.got.filter((one) => one.json.data.number === number);
		const settled = async () => {
			for (const end = Date.now() + 8000; (await world.admin.get(`/v1/webhooks/${hook.id}`)).waiting && Date.now() < end; ) await kit.sleep(20);
			return deliveries(world.admin, hook.id, '?state=delivered');
		};
		await order(world, 'r-1');
		await there.until(() => of('r-1').length, 'the event');
		await settled();
		const rotated = await world.admin.post(`/v1/webhooks/${hook.id}/rotate`);
		assert.notEqual(rotated.secret, hook.secret);
		await order(world, 'r-2');
		await there.until(() => of('r-2').length, 'the second event');
		const [first] = of('r-1'), [second] = of('r-2');
		assert.equal(second.headers['webhook-signature'].split(' ').length, 2);
		for (const secret of [hook.secret, rotated.secret]) assert.ok(verifies(secret, second.headers, second.body));
		assert.ok(!verifies(rotated.secret, first.headers, first.body));
		const kept = await settled(), came = of('r-1').length;
		const { replayed } = await world.admin.post(`/v1/webhooks/${hook.id}/replay`, { delivery: kept.find((d) => d.payload.data.number === 'r-1').id });
		assert.equal(replayed, 1);
		await there.until(() => of('r-1').length > came, 'the replay');
		const again = of('r-1').at(-1);
		assert.equal(again.headers['webhook-id'], first.headers['webhook-id']);
		assert.equal(again.body, first.body);
		await settled();
		const both = [of('r-1').length, of('r-2').length];
		assert.deepEqual(await world.admin.post(`/v1/webhooks/${hook.id}/replay`, { from_at: '2026-01-01T00:00:00Z' }), { replayed: 2 });
		await there.until(() => of('r-1').length > both[0] && of('r-2').length > both[1], 'both again');
		assert.equal((await world.admin.call('POST', `/v1/webhooks/${hook.id}/replay`, {})).status, 400);
		await world.admin.ok('DELETE', `/v1/webhooks/${hook.id}`);
		await there.close();
	}
});

test('who may, what is refused, what the command line says', async () => {
	process.env.BYNAME_WEBHOOK_LOCAL = '1'; /* on PostgreSQL the command serves itself here, and the server sends */
	for (const world of worlds) {
		const { admin } = world, { client } = world.server;
		const bad = [
			[{ url: 'https://example.com', events: ['orders.*'] }, 'webhook.events'],
			[{ url: 'https://example.com', events: [7] }, 'webhook.events'],
			[{ url: 'https://user@example.com/', events: ['*'] }, 'webhook.url'],
			[{ url: 'ftp://example.com/', events: ['*'] }, 'webhook.url'],
		];
		for (const [body, code] of bad) {
			const answer = await admin.call('POST', '/v1/webhooks', body);
			assert.equal(answer.status, 400);
			assert.equal(answer.json.code, code);
		}
		assert.equal((await client.call('GET', '/v1/webhooks')).status, 401);
		const manager = await kit.addUser(admin, 'manager');
		assert.equal((await manager.call('GET', '/v1/webhooks')).status, 403);
		const operator = await kit.addUser(admin, 'operator');
		const there = await receiver();
		const made = await kit.byname('webhook', 'add', there.url, '--event', 'order.*', '--description', 'ERP', '--db', world.database.url);
		assert.equal(made.code, 0, made.err);
		const [, id, secret] = /^(whk_\w+)\n(whsec_\S+)\n/.exec(made.out);
		assert.ok(Buffer.from(secret.slice(6), 'base64').length >= 24);
		const listed = await operator.get('/v1/webhooks');
		assert.ok(listed.types.includes('order.placed') && listed.types.includes('stock.changed'));
		const mine = listed.items.find((h) => h.id === id);
		assert.deepEqual([mine.url, mine.events, mine.description, mine.created_by], [there.url, ['order.*'], 'ERP', null]);
		assert.doesNotMatch(JSON.stringify(listed), /whsec_/);
		for (const words of [['test', id], ['list'], ['show', id], ['deliveries', id]]) {
			const said = await kit.byname('webhook', ...words, '--db', world.database.url);
			assert.equal(said.code, 0, said.err);
			assert.match(said.out, /whk_|whd_/);
			assert.doesNotMatch(said.out, /whsec_/);
		}
		await there.until((got) => got.some((one) => one.json.type === 'webhook.test' && verifies(secret, one.headers, one.body)), 'the test of the command line');
		const metrics = (await admin.call('GET', '/metrics')).text;
		assert.match(metrics, /^byname_webhook_waiting \d+$/m);
		assert.match(metrics, /^byname_webhook_attempts_total\{outcome="delivered"\} [1-9]/m);
		const status = await admin.get('/v1/status');
		assert.ok(status.webhooks.endpoints >= 1);
		const trail = (await admin.get('/v1/audit?limit=200')).items.filter((a) => a.subject === id).map((a) => a.action);
		assert.deepEqual(trail.sort(), ['webhook.add', 'webhook.test']);
		assert.equal((await kit.byname('webhook', 'remove', id, '--db', world.database.url)).code, 0);
		assert.equal((await kit.byname('webhook', 'show', id, '--db', world.database.url)).code, 3);
		await there.close();
	}
	delete process.env.BYNAME_WEBHOOK_LOCAL;
});

test('without a setting a SQLite server keeps its key beside the file, and a PostgreSQL server takes no webhook', async () => {
	const hook = { url: 'https://hooks.example.com/byname', events: ['*'] }, none = { BYNAME_WEBHOOK_KEY: undefined };
	for (const engine of kit.engines) {
		const fresh = kit.newDatabase(engine), key = `${fresh.url}.key`;
		let server = await kit.startServer(fresh, { env: none });
		if (engine === 'sqlite') {
			const text = readFileSync(key, 'utf8');
			assert.equal(statSync(key).mode & 0o777, 0o600);
			assert.equal(Buffer.from(text, 'base64').length, 32);
			const { id, secret } = await server.local.post('/v1/webhooks', hook), raw = Buffer.from(secret.slice(6), 'base64');
			await server.local.post('/v1/backup', { path: `${fresh.dir}/copy` });
			await server.stop();
			for (const path of [fresh.url, `${fresh.dir}/copy`]) assert.equal(readFileSync(path).indexOf(raw), -1, `the secret lies open in ${path}`);
			server = await kit.startServer(fresh, { env: none });
			assert.equal(readFileSync(key, 'utf8'), text, 'another key at the next start');
			await server.local.post(`/v1/webhooks/${id}/rotate`);
			await server.stop();
			writeFileSync(key, 'short');
			await assert.rejects(kit.startServer(fresh, { env: none }), /BYNAME_WEBHOOK_KEY/, 'a broken key is not replaced');
			continue;
		}
		const refused = await server.local.call('POST', '/v1/webhooks', hook);
		assert.deepEqual([refused.status, refused.json.code], [409, 'webhook.key'], refused.text);
		await server.stop();
		server = await kit.startServer(fresh, { env: { BYNAME_WEBHOOK_KEY: 'none' } });
		const { id } = await server.local.post('/v1/webhooks', hook);
		await server.stop();
		server = await kit.startServer(fresh, { env: none });
		assert.equal((await server.local.call('POST', `/v1/webhooks/${id}/rotate`)).json.code, 'webhook.key');
		await server.stop();
	}
});

test('without the setting for tests no inside address is taken; secrets are sealed where there is a key', async () => {
	const fresh = kit.newDatabase('sqlite');
	const file = `${fresh.dir}/webhook.key`;
	writeFileSync(file, Buffer.alloc(48, 7).toString('base64'));
	const server = await kit.startServer(fresh, { env: { BYNAME_WEBHOOK_KEY: file } });
	for (const url of ['http://example.com/', 'https://127.0.0.1/', 'https://localhost/', 'https://[::1]/', 'https://10.0.0.7/', 'https://169.254.169.254/latest',
		'https://2130706433/', 'https://[::ffff:10.0.0.7]/', 'https://intranet/', 'https://example.com:22/']) {
		const answer = await server.local.call('POST', '/v1/webhooks', { url, events: ['*'] });
		assert.equal(answer.status, 400, url);
		assert.equal(answer.json.code, 'webhook.url');
	}
	const { secret } = await server.local.post('/v1/webhooks', { url: 'https://hooks.example.com/byname', events: ['*'] });
	await server.stop();
	const raw = Buffer.from(secret.slice(6), 'base64');
	for (const path of [fresh.url, `${fresh.url}-wal`]) if (existsSync(path)) assert.equal(readFileSync(path).indexOf(raw), -1, 'the secret lies open');
});
