/* Who is this, through the API, on both engines: everybody resolved, the queue of doubts and its order, why, merge, never, undo. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as kit from './server.mjs';

after(kit.cleanUp);

const pad = (n) => String(n).padStart(2, '0');

/* Two reports each of many people, so that a model can be trained of them. */
function crowd(count) {
	const list = [];
	for (let i = 0; i < count; i++)
		for (const source of ['web', 'till']) {
			const who = { name: `Given${i % 20} Family${i % 30}x`, email: `m${i}@mail.example.net` };
			list.push(kit.message.identify(`${source}${i}`, { ...who, birthday: `19${40 + (i % 50)}-${pad(1 + (i % 9))}-1${i % 10}` }));
		}
	return list;
}

async function resolve(world, model = undefined) {
	const path = model && join(world.database.dir, 'model');
	if (model) writeFileSync(path, model);
	await world.local.post('/v1/resolution', model ? { model: path } : {});
	for (const until = Date.now() + 60_000; ; await kit.sleep(50)) {
		const now = await world.local.get('/v1/resolution');
		if (now.state === 'done') return now.outcome;
		assert.ok(now.state === 'running' && Date.now() < until, JSON.stringify(now));
	}
}

/* A crowd of 80 that is resolved, and a model as strict or lax as one likes. */
async function open(engine) {
	const database = kit.newDatabase(engine), server = await kit.startServer(database), admin = await kit.firstAdmin(server);
	const key = await kit.addKey(admin, 'source', 'till');
	const world = { engine, database, server, admin, local: server.local, key };
	await kit.send(key, crowd(80));
	const outcome = await resolve(world);
	assert.equal(outcome.customers, 80);
	world.model = (await world.local.get('/v1/epoch')).model;
	world.link = async (threshold) => resolve(world, world.model.replace(/^link .*/m, `link ${threshold}`));
	return world;
}

const queue = async (client, more = '') => client.get(`/v1/review?limit=20${more}`);
const keysOf = (side) => side.records.map((r) => r.source_key);

for (const engine of kit.engines)
	test(`${engine}: of doubts that score alike those come first where most was spent`, async () => {
		const world = await open(engine);
		const bought = { 7: 20, 33: 900, 51: 400, 52: 0 };
		for (const [i, price] of Object.entries(bought))
			if (price) await kit.send(world.key, [kit.message.order(`till${i}`, `O-${i}`, [{ sku: 'K1', price, quantity: 1 }])]);
		await kit.settled(world.local);
		const outcome = await world.link(900000); /* nobody is sure enough: what was one is doubtful now */
		assert.equal(outcome.customers, 160);
		assert.ok(outcome.doubts >= 80, JSON.stringify(outcome));
		/* Weighed behind the feed. */
		let first;
		for (const until = Date.now() + 30_000; ; await kit.sleep(100)) {
			await kit.send(world.key, [kit.message.identify(`other${Date.now()}`, { name: 'Somebody Else' })]);
			first = (await queue(world.admin)).items.slice(0, 3).map((d) => keysOf(d.a)[0].replace(/\D+/, ''));
			if (first.join() === '33,51,7') break;
			assert.ok(Date.now() < until, `the queue begins with ${first}`);
		}
		const { items, waiting } = await queue(world.admin);
		assert.ok(waiting >= 80);
		for (let i = 1; i < items.length; i++) assert.ok(items[i - 1].worth >= items[i].worth);
		/* By pages the same. */
		const one = await world.admin.get('/v1/review?limit=7');
		const two = await world.admin.get(`/v1/review?limit=7&before=${one.next}`);
		assert.deepEqual([...one.items, ...two.items].map((d) => d.id), items.slice(0, 14).map((d) => d.id));
		await world.server.stop();
	});
