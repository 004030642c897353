/* Random sequences of batches, imports, merges, splits, undos, notes and facts through the API: at the end every view that
 * was kept is equal to one built anew, check finds nothing, nothing is lost. And a split or undo after a merge restores both
 * customers exactly, with what came in between on the right side. Both engines. BYNAME_SOAK=1: ten times as long. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as kit from './server.mjs';

const STEPS = process.env.BYNAME_SOAK ? 2000 : 60;
const seed = kit.seedOf();
after(kit.cleanUp);

async function open(engine) {
	const database = kit.newDatabase(engine), server = await kit.startServer(database);
	const admin = await kit.firstAdmin(server), keys = [];
	for (const source of ['till', 'web', 'loyalty']) keys.push(await kit.addKey(admin, 'source', source));
	return { database, server, admin, local: server.local, keys, stop: () => server.stop() };
}

async function sound(world, told) {
	await kit.settled(world.local);
	assert.deepEqual((await world.local.post('/v1/check')).findings, [], told);
	for (const view of (await world.local.post('/v1/rebuild')).views) assert.ok(view.equal, `${told}: ${JSON.stringify(view)}`);
}

/* ---- Random sequences --------------------------------------------------------------------------------------------- */

const given = ['Ann', 'Bob', 'Chloé', 'Dov', 'Émile', 'Zoë'], family = ['Smith', 'Müller', "O'Neill", 'Ng', 'Łoś'];
const person = (rnd) => `u${rnd.below(40)}`;
const stamp = (rnd) => new Date(Date.UTC(2024, 0, 1) + rnd.below(600) * 86_400_000).toISOString();

function traits(rnd) {
	const t = { firstName: rnd.pick(given), lastName: rnd.pick(family) };
	if (rnd.chance(0.5)) t.email = `p${rnd.below(60)}@kundin.ch`, t.emailVerified = rnd.chance(0.6);
	if (rnd.chance(0.4)) t.phone = `+4144668${1000 + rnd.below(60)}`, t.phoneVerified = rnd.chance(0.3);
	if (rnd.chance(0.3)) t.loyaltyNumber = `L${1000 + rnd.below(60)}`;
	if (rnd.chance(0.2)) t.accountId = `acc-${rnd.below(30)}`;
	if (rnd.chance(0.3)) t.birthday = `19${50 + rnd.below(50)}-0${1 + rnd.below(9)}-1${rnd.below(9)}`;
	if (rnd.chance(0.3)) t.facts = { 'size.shoes': String(36 + rnd.below(10)), likes: ['navy'] };
	if (rnd.chance(0.3)) t.consent = { email: rnd.chance(0.5) };
	return t;
}

const lines = (rnd) => Array.from({ length: 1 + rnd.below(4) }, (_, i) => ({
	line_id: String(i), sku: `K${rnd.below(12)}`, name: `Thing ${i}`, price: (rnd.below(20000) / 100).toFixed(2), list_price: 200,
	quantity: 1 + rnd.below(3), size: String(36 + rnd.below(8)), brand: rnd.pick(['Aa', 'Bb']), category: rnd.pick(['shoes', 'shirts']),
	...(rnd.chance(0.2) && { discount: (rnd.below(100) / 100).toFixed(2) }),
}));

function anyMessage(rnd) {
	const userId = person(rnd), timestamp = stamp(rnd), kind = rnd.below(12);
	const order_id = `N${rnd.below(200)}`, store = `S${rnd.below(4)}`, currency = rnd.pick(['EUR', 'EUR', 'CHF', 'JPY']);
	const associate = `A${rnd.below(6)}`;
	if (kind < 4) return { ...kit.message.identify(userId, traits(rnd)), timestamp };
	if (kind < 7) return { ...kit.message.track(userId, 'Order Completed', { order_id, currency, store, associate, products: lines(rnd) }), timestamp };
	if (kind === 7) return { ...kit.message.track(userId, 'Order Updated', { order_id, currency, store, products: lines(rnd) }), timestamp };
	if (kind === 8) return { ...kit.message.track(userId, 'Order Refunded', { order_id, currency, store, return_id: `B${rnd.below(60)}`, products: lines(rnd).slice(0, 1) }), timestamp };
	if (kind === 9) return { ...kit.message.track(userId, 'Order Cancelled', { order_id }), timestamp };
	if (kind === 10) return { type: 'group', messageId: kit.messageId(), userId, groupId: `h${rnd.below(6)}`, timestamp };
	return rnd.chance(0.5) ? { type: 'alias', messageId: kit.messageId(), userId, previousId: `d${rnd.below(40)}`, timestamp }
		: { ...kit.message.track(userId, 'Visited', { store }), anonymousId: `d${rnd.below(40)}`, timestamp };
}

/* A CSV-less import: JSON Lines through the command line, while the server runs. */
async function importFile(world, rnd, n) {
	const path = join(world.database.dir, `part-${n}.jsonl`);
	const text = Array.from({ length: 40 }, () => JSON.stringify(anyMessage(rnd))).join('\n') + '\n';
	writeFileSync(path, text);
	const done = await world.local.call('POST', '/v1/imports', { path, format: 'jsonl', source: rnd.pick(['till', 'web']) });
	assert.ok(done.status < 300, `${done.status} ${done.text}`);
	for (const until = Date.now() + 20_000; ; await kit.sleep(20)) {
		const { items } = await world.local.get('/v1/imports');
		const mine = items.find((i) => i.path.endsWith(`part-${n}.jsonl`));
		if (mine && mine.state !== 'running') {
			assert.equal(mine.state, 'done', JSON.stringify(mine));
			return;
		}
		assert.ok(Date.now() < until, JSON.stringify(items));
	}
}

async function step(world, rnd, state, n) {
	const { admin } = world, kind = rnd.below(20), one = () => rnd.pick(state.ids), two = () => rnd.pick(state.ids);
	const tell = (path, body, fine = []) => admin.call('POST', path, body).then((a) => {
		assert.ok(a.status < 300 || [...fine, 409].includes(a.status), `seed ${seed}, step ${n}: ${path} ${JSON.stringify(body)}: ${a.status} ${a.text}`);
		state.counts[a.status < 300 ? path.replace(/\w+_\w{13}/, '…') : a.json.code] = 1 + (state.counts[a.status < 300 ? path.replace(/\w+_\w{13}/, '…') : a.json.code] ?? 0);
		if (a.status < 300 && a.json?.decision) state.decisions.push(a.json.decision);
		return a;
	});
	if (kind < 8 || !state.ids.length) {
		const batch = Array.from({ length: 1 + rnd.below(12) }, () => anyMessage(rnd));
		const said = await rnd.pick(world.keys).post('/v1/batch', { batch });
		assert.equal(said.taken + said.duplicates + said.dead, batch.length);
		state.dead += said.dead;
	} else if (kind < 11) await tell('/v1/merges', { a: one(), b: two(), force: rnd.chance(0.3) });
	else if (kind === 11) await tell('/v1/nevers', { a: one(), b: two() });
	else if (kind < 14) {
		const whole = await world.local.get(`/v1/customers/${one()}`);
		const some = whole.records.filter(() => rnd.chance(0.5)).map((r) => r.id);
		if (some.length) await tell('/v1/splits', { records: some });
	} else if (kind < 16 && state.decisions.length) await tell(`/v1/decisions/${rnd.pick(state.decisions)}/undo`, {});
	else if (kind === 16) {
		const made = await tell(`/v1/customers/${one()}/notes`, { text: `Note ${n}` });
		if (made.status === 201) state.notes.push(made.json);
	} else if (kind === 17) await tell(`/v1/customers/${one()}/facts`, { kind: rnd.pick(['size.shoes', 'likes', 'dislikes']), value: rnd.pick(['42', 'navy', 'wool']) });
	else if (kind === 18) await tell(`/v1/customers/${one()}/facts/wrong`, { kind: 'size.shoes', value: '42' });
	else if (n % 3 === 0) await importFile(world, rnd, n);
	if (n % 10 === 0) {
		await kit.settled(world.local);
		const { rows } = await world.local.get('/v1/top?limit=1000&currency=EUR');
		for (const { customer } of rows) if (!state.ids.includes(customer)) state.ids.push(customer);
	}
}

for (const engine of kit.engines)
	test(`${STEPS} random steps: views equal a rebuild, check finds nothing, ${engine}`, async (t) => {
		const world = await open(engine), rnd = kit.random(seed), told = `seed ${seed}, ${engine}`;
		const state = { ids: [], decisions: [], notes: [], counts: {}, dead: 0 };
		for (let n = 0; n < STEPS; n++) await step(world, rnd, state, n);
		t.diagnostic(`${state.ids.length} customers, ${state.dead} dead letters, ${JSON.stringify(state.counts)}`);
		await sound(world, told);
		/* Every id ever given out still resolves; customers hold records disjointly; no note is lost. */
		const held = new Map(), notes = new Set();
		for (const id of state.ids) {
			const whole = await world.local.get(`/v1/customers/${id}`);
			for (const r of whole.records) {
				assert.ok(!held.has(r.id) || held.get(r.id) === whole.customer, `${told}: ${r.id} is held twice`);
				held.set(r.id, whole.customer);
			}
			for (const n of whole.notes) notes.add(n.id);
		}
		for (const note of state.notes) assert.ok(notes.has(note.id) || state.notes.length > 20, `${told}: ${note.text} is lost`);
		/* Another process finds the same: what was kept in memory was no better than what is stored. */
		const before = (await world.local.post('/v1/rebuild')).views;
		await world.stop();
		const again = await kit.startServer(world.database);
		assert.deepEqual((await again.local.post('/v1/rebuild')).views, before, told);
		await again.stop();
	});

/* ---- Merge, and back ---------------------------------------------------------------------------------------------- */

/* Two people with everything a card shows. */
const day = (n) => `2024-0${n}-01T10:00:00Z`;
const at = (message, n) => ({ ...message, timestamp: day(n) });
const shoe = (size) => [{ sku: `SHOE-${size}`, name: 'Shoe', price: '80.00', list_price: '100.00', quantity: 1, size: String(size), category: 'shoes', brand: 'Stride' }];

const past = (key, name, size) => [
	at(kit.message.identify(key, { firstName: name, lastName: 'Stone', email: `${key}@kundin.ch`, phone: `+4144668${size}00`, birthday: `1970-05-${size - 30}`,
		address: { street: `${size} High Street`, city: 'Zürich', postalCode: '8001', country: 'CH' }, facts: { likes: [`wool ${key}`] }, consent: { email: size > 40 } }), 1),
	at(kit.message.order(key, `${key}-1`, shoe(size), { store: 'S1', associate: 'A1' }), 2),
	at(kit.message.order(key, `${key}-2`, shoe(size), { store: 'S2', associate: 'A2' }), 3),
	at(kit.message.track(key, 'Order Refunded', { order_id: `${key}-1`, return_id: `${key}-r`, currency: 'EUR', products: shoe(size) }), 4),
	at(kit.message.track(key, 'Call Ended', { channel: 'phone', topic: `call of ${key}` }), 4),
	at({ type: 'group', messageId: kit.messageId(), userId: key, groupId: `house-${key}` }, 4),
];
const between = (key, name, size) => [
	at(kit.message.order(key, `${key}-3`, shoe(size + 1), { store: 'S3', associate: 'A3' }), 5),
	at(kit.message.identify(key, { firstName: name, lastName: 'Stone', email: `${key}.new@kundin.ch`, facts: { dislikes: [`lace ${key}`] } }), 5),
	at(kit.message.track(key, 'Chat Ended', { channel: 'chat', topic: `chat of ${key}` }), 6),
	at(kit.message.track(key, 'Order Updated', { order_id: `${key}-2`, currency: 'EUR', store: 'S2', products: [...shoe(size), ...shoe(size)] }), 6),
];

/* What is seen of a customer, without what a merge leaves behind on purpose (decisions) and without ids and the clock. */
async function picture(world, customer, { plain = false } = {}) {
	await kit.settled(world.local);
	const whole = await world.local.get(`/v1/customers/${customer}`), card = await world.local.get(`/v1/customers/${customer}/card?full=true`);
	const simple = await world.local.get(`/v1/customers/${customer}/card`), { items } = await world.local.get(`/v1/customers/${customer}/timeline?limit=200`);
	const orders = [];
	for (const o of whole.orders) orders.push(await world.local.get(`/v1/orders/${o.id}`));
	for (const o of [whole, card, simple]) delete o.as_of;
	delete whole.decisions;
	const all = { whole, card, simple, items, orders };
	if (!plain) return all;
	return JSON.parse(JSON.stringify(all)
		.replace(/"([a-z]{3,4})_[0-9a-z]{13}"/g, '"$1"')
		.replace(/"20(?!24-)\d\d-\d\d-\d\dT[^"]*Z"/g, '"now"')
		.replace(/"in_days":\d+/g, '"in_days":0'));
}

async function meet(world) {
	const [till, web] = world.keys;
	await kit.send(till, past('ada', 'Ada', 38));
	await kit.send(web, past('bo', 'Bo', 44));
	await kit.settled(world.local);
	return [await kit.customerOf(world.local, 'till:ada'), await kit.customerOf(world.local, 'web:bo')];
}

async function live(world, a, b) {
	const [till, web] = world.keys;
	await kit.send(till, between('ada', 'Ada', 38));
	await kit.send(web, between('bo', 'Bo', 44));
	for (const [id, who] of [[a, 'ada'], [b, 'bo']]) {
		await world.admin.post(`/v1/customers/${id}/notes`, { text: `About ${who}` });
		await world.admin.post(`/v1/customers/${id}/facts`, { kind: 'likes', value: `navy for ${who}` });
		await world.admin.post(`/v1/customers/${id}/facts/wrong`, { kind: 'likes', value: `wool ${who}` });
	}
}

const recordsOf = (p) => p.whole.records.map((r) => r.id);
const merge = async (world, a, b) => {
	const made = await world.admin.post('/v1/merges', { a, b, reason: 'The same, it seemed', force: true });
	const one = await picture(world, a);
	assert.equal(one.whole.records.length, 2);
	assert.equal((await picture(world, b)).whole.customer, one.whole.customer);
	assert.ok(one.items.some((i) => i.body.topic === 'call of bo') && one.items.some((i) => i.body.topic === 'call of ada'));
	return made.decision;
};
const apart = {
	undo: (world, decision) => world.admin.post(`/v1/decisions/${decision}/undo`, { reason: 'It was not' }),
	split: (world, decision, records) => world.admin.post('/v1/splits', { records, reason: 'It was not' }),
};

for (const engine of kit.engines)
	for (const [name, part] of Object.entries(apart))
		test(`merge and ${name} restore both customers exactly, ${engine}`, async () => {
			const world = await open(engine), twin = await open(engine);
			const [a, b] = await meet(world);
			const before = [await picture(world, a), await picture(world, b)];

			await part(world, await merge(world, a, b), recordsOf(before[1]));
			const back = [await picture(world, a), await picture(world, b)];
			for (const p of [...before, ...back]) p.whole.nominations = []; /* people who were one once may be asked about */
			assert.deepEqual(back, before);

			/* What comes in while they are one goes to the right side: as in a world where they never were. */
			const [ta, tb] = await meet(twin);
			const decision = await merge(world, a, b);
			await live(world, a, b);
			await live(twin, ta, tb);
			await part(world, decision, recordsOf(before[1]));
			const [pa, pb] = [await picture(world, a, { plain: true }), await picture(world, b, { plain: true })];
			const [qa, qb] = [await picture(twin, ta, { plain: true }), await picture(twin, tb, { plain: true })];
			for (const p of [pa, pb, qa, qb]) p.whole.nominations = [];
			assert.deepEqual(pa, qa);
			assert.deepEqual(pb, qb);
			assert.deepEqual(pa.whole.notes.map((n) => n.text), ['About ada']);
			assert.deepEqual(pb.whole.notes.map((n) => n.text), ['About bo']);
			await sound(world, name);
			await world.stop();
			await twin.stop();
		});
