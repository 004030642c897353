/* What lapses: holds that nobody fetched are given back and offered to whoever waits, by one server or by two at once,
 * each exactly once; also what lapsed while no server was there. A round begins every 30 s: each is this same work. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as kit from './server.mjs';
import { addChain } from './chain.mjs';

const HOLDS = 5;
after(() => kit.cleanUp());

for (const engine of kit.engines)
	test(`lapsed holds are given back once, and offered to who waits: ${engine}`, async () => {
		const database = kit.newDatabase(engine);
		const first = await kit.startServer(database), { sku, store } = await addChain(first), at = { sku: sku['OX-42'], location: store.BER };
		const until = new Date(Date.now() + 1500).toISOString(), { local } = first;
		await local.post('/v1/stock/adjust', { ...at, qty: HOLDS + 2, reason: 'opening' });
		for (let i = 0; i < HOLDS; i++) await local.post('/v1/stock/hold', { ...at, qty: 1, until });
		const later = await local.post('/v1/stock/hold', { ...at, qty: 1 });
		await local.post('/v1/stock/adjust', { ...at, qty: -1, reason: 'lost' });
		const waits = [await local.post('/v1/stock/wait', { ...at, qty: 4 }), await local.post('/v1/stock/wait', { ...at, qty: 2 })];
		await first.stop();
		await kit.sleep(Math.max(0, Date.parse(until) - Date.now()));

		const begun = Date.now(), servers = await Promise.all([kit.startServer(database), ...(engine === 'sqlite' ? [] : [kit.startServer(database)])]);
		const ask = servers[0].local, cell = async () => (await ask.get(`/v1/stock?sku=${at.sku}&location=${at.location}`)).cells[0];
		const moves = async () => (await ask.get(`/v1/stock/moves?sku=${at.sku}`)).items;
		let c;
		for (const end = begun + 20_000; (c = await cell()).held !== 1 + 4; await kit.sleep(20)) assert.ok(Date.now() < end, JSON.stringify(c));
		assert.deepEqual([c.available, c.held], [1, 5], 'five came back, four of them are offered to the first in line');
		assert.equal((await moves()).filter((m) => m.reason === 'expire').length, HOLDS, 'each once');
		assert.deepEqual((await ask.get(`/v1/waiting?sku=${at.sku}`)).items.map((w) => [w.id, w.state]), [[waits[0].id, 'offered'], [waits[1].id, 'waiting']]);
		assert.equal((await ask.get(`/v1/holds/${later.id}`)).state, 'open');
		assert.deepEqual((await ask.post('/v1/check')).findings, []);
		for (const server of servers) await server.stop();
	});
