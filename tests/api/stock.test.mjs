/* Stock over HTTP: the catalogue, the grid and its freshness, every command with who may and who may not, holds of
 * customers, the last unit, repeats, bad fields, and screens that hear of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as kit from './server.mjs';
import { addChain } from './chain.mjs';

const worlds = [];

before(async () => {
	for (const engine of kit.engines) {
		const database = kit.newDatabase(engine);
		const first = await kit.startServer(database);
		const second = engine === 'sqlite' ? first : await kit.startServer(database);
		const admin = await kit.firstAdmin(first), key = await kit.addKey(admin);
		const chain = await addChain(first), { BER, MUC } = chain.store;
		const people = {};
		for (const [name, role, stores] of [['clerk', 'associate', [BER]], ['other', 'associate', [MUC]], ['manager', 'manager', [BER]],
			['agent', 'agent', []], ['stockroom', 'fulfilment', [BER]], ['buyer', 'buyer', []], ['analyst', 'analyst', []]])
			people[name] = await kit.addUser(admin, role, { stores });
		worlds.push({ engine, database, first, second, admin, key, chain, local: first.local, ...people });
	}
});
after(async () => {
	for (const { first, second } of worlds) {
		if (second !== first) await second.stop();
		await first.stop();
	}
	kit.cleanUp();
});

const each = (name, fn) => test(name, async (t) => {
	for (const world of worlds) await t.test(world.engine, () => fn(world, world.chain));
});

/* So many of a SKU at a store, available, whatever was there. */
async function stocked(world, sku, store, qty) {
	const there = (await cell(world, sku, store)).available;
	if (qty !== there) await world.local.post('/v1/stock/adjust', { sku, location: store, qty: qty - there, reason: 'other' });
}
const empty = { available: 0, held: 0, committed: 0, picked: 0, quality: 0, damaged: 0, safety: 0, transit: 0, incoming: 0, incoming_at: null, low: false, level: null };
async function cell(world, sku, store) {
	const grid = await world.local.get(`/v1/stock?sku=${sku}&location=${store}`);
	return grid.cells.find((c) => c.sku === sku && c.location === store) ?? { sku, location: store, ...empty };
}
const refused = async (caller, path, body, status, code, field) => {
	const answer = await caller.call('POST', path, body);
	assert.equal(answer.status, status, `${path} ${JSON.stringify(body)}: ${answer.status} ${answer.text}`);
	if (code) assert.equal(answer.json.code, code, answer.text);
	if (field) assert.equal(answer.json.field, field, answer.text);
	return answer.json;
};

/* ---- The catalogue ----------------------------------------------------------------------------------------------- */

each('a SKU is found by words, code and barcode; sizes come in order', async ({ local, clerk }, { sku, product }) => {
	const codes = async (q) => (await clerk.get(`/v1/skus?q=${encodeURIComponent(q)}`)).items.map((s) => s.code);
	assert.deepEqual(await codes('linen shirt'), ['SH-N-M', 'SH-S', 'SH-M', 'SH-XL']);
	assert.deepEqual(await codes('LINEN shi xl'), ['SH-XL']);
	assert.deepEqual(await codes('oxford'), ['OX-9', 'OX-42', 'OX-43']);
	assert.deepEqual(await codes('4006381333931'), ['OX-42']);
	assert.deepEqual(await codes('0036000291452'), ['SH-XL'], 'a UPC as a scanner reads it');
	assert.equal((await codes('sh-m'))[0], 'SH-M');
	assert.deepEqual(await codes('zeppelin'), []);
	assert.equal((await clerk.get('/v1/skus?q=shoe&limit=2')).items.length, 2);

	const one = await clerk.get(`/v1/skus/${sku['SH-XL']}`);
	assert.deepEqual(one, { id: sku['SH-XL'], code: 'SH-XL', barcode: '036000291452', title: 'Linen shirt', brand: 'Acme', category: 'Shirts',
		size: 'XL', colour: 'white', product: product.SH, list_price: { currency: 'EUR', amount: '59.90' } });
	const whole = await clerk.get(`/v1/products/${product.SH}`);
	assert.deepEqual(whole.skus.map((s) => s.code), ['SH-N-M', 'SH-S', 'SH-M', 'SH-XL']);
	assert.equal((await clerk.call('GET', '/v1/skus/sku_0000000000001')).status, 404);
	assert.equal((await clerk.call('GET', '/v1/products/prd_0000000000001')).status, 404);
	const stores = Object.fromEntries((await local.get('/v1/stores')).items.map((s) => [s.code, s]));
	assert.equal(stores.BER.lat, 52.52);
	assert.equal(stores.WEB.lat, null);
});

/* ---- The grid ---------------------------------------------------------------------------------------------------- */

each('the grid after a delivery, a hold, a transfer and a count', async (world, { sku, store, product }) => {
	const { local, manager, clerk } = world, ox = sku['OX-42'], at = { sku: ox, location: store.BER };
	await stocked(world, sku['OX-9'], store.POT, 3);
	await stocked(world, ox, store.LEJ, 5);
	const begun = Date.now() - 1000;
	const expected = await local.post('/v1/stock/expect', { ...at, qty: 4, at: '2031-05-01T00:00:00Z' });
	assert.match(expected.id, /^dlv_/);
	assert.equal((await local.get(`/v1/expected?sku=${ox}`)).items[0].qty, 4);
	let c = await cell(world, ox, store.BER);
	assert.deepEqual([c.available, c.incoming, c.incoming_at.slice(0, 10)], [0, 4, '2031-05-01']);
	const delivered = await manager.post('/v1/stock/deliver', { id: expected.id, qty: 4 });
	assert.deepEqual([delivered.kind, delivered.qty, delivered.state], ['stock.deliver', 4, 'closed']);
	await manager.post('/v1/stock/safety', { ...at, qty: 1 });
	await manager.post('/v1/stock/level', { ...at, qty: 2 });
	const hold = await clerk.post('/v1/stock/hold', { ...at, qty: 1 });
	c = await cell(world, ox, store.BER);
	assert.deepEqual([c.available, c.held, c.safety, c.incoming, c.low], [2, 1, 1, 0, true]);
	const low = (await local.get(`/v1/low?location=${store.BER}`)).items;
	assert.deepEqual(low.map((l) => [l.sku.code, l.level, l.available]), [['OX-42', 2, 2]]);

	const asked = await clerk.post('/v1/stock/transfer', { location: store.LEJ, lines: [{ sku: ox, qty: 3 }] });
	const transfer = await local.get(`/v1/transfers/${asked.id}`);
	assert.deepEqual([transfer.from.name, transfer.to.name, transfer.state], ['Warehouse Leipzig', 'Berlin', 'requested'], 'to where the clerk is');
	await local.post('/v1/stock/dispatch', { id: asked.id, lines: [{ sku: ox, qty: 2 }] });
	c = await cell(world, ox, store.BER);
	assert.deepEqual([c.transit, c.incoming], [2, 2]);
	assert.deepEqual((await clerk.get(`/v1/transfers?location=${store.BER}`)).items.map((x) => [x.id, x.state]), [[asked.id, 'dispatched']]);
	const got = await clerk.post('/v1/stock/receive', { id: asked.id, lines: [{ sku: ox, qty: 1 }], final: true });
	assert.deepEqual([got.state, got.qty, got.open], ['received', 1, 1], 'one is missing');
	const lines = (await local.get(`/v1/transfers/${asked.id}`)).lines;
	assert.deepEqual(lines.map((l) => [l.sku.code, l.asked, l.sent, l.received, l.lost]), [['OX-42', 3, 2, 1, 1]]);
	assert.equal((await local.get(`/v1/counts?location=${store.LEJ}`)).items[0].reason, 'transfer_short', 'the sender counts');

	/* blind: available 3, held 1, safety 1 */
	const task = await clerk.post('/v1/stock/count', { ...at });
	const listed = (await clerk.get(`/v1/counts?location=${store.BER}`)).items;
	assert.deepEqual(listed.map((x) => [x.id, x.state]), [[task.id, 'open']]);
	assert.ok(!JSON.stringify(listed).includes('expected'), 'a count says what it expects');
	const counted = await clerk.post('/v1/stock/count_enter', { id: task.id, qty: 4 });
	assert.deepEqual([counted.expected, counted.qty, counted.open, counted.state], [5, -1, 0, 'done']);
	await clerk.post('/v1/stock/release', { id: hold.id });

	const grid = await clerk.get(`/v1/stock?product=${product.OX}&near=${store.BER}`);
	assert.deepEqual(grid.skus.map((s) => s.code), ['OX-9', 'OX-42', 'OX-43']);
	assert.deepEqual(grid.places.map((p) => p.name), ['Berlin', 'Potsdam', 'Warehouse Leipzig'], 'nearest first, warehouses last');
	assert.deepEqual(grid.places.map((p) => p.km), [0, 27.2, 148.6].map((km, i) => (Math.abs(grid.places[i].km - km) < 1 ? grid.places[i].km : km)));
	for (const p of grid.places) assert.ok(Date.parse(p.updated_at) >= begun, `${p.name}: ${p.updated_at}`);
	const berlin = grid.cells.find((x) => x.sku === ox && x.location === store.BER);
	assert.deepEqual([berlin.available, berlin.held, berlin.safety, berlin.low], [3, 0, 1, false]);
	assert.deepEqual(grid.cells.filter((x) => x.sku === sku['OX-43']), []);
	assert.equal((await local.post('/v1/check')).count, 0);
});

each('the moves of a cell: what, why, by whom, page by page', async (world, { sku, store }) => {
	const { manager, local } = world, ox = sku['OX-43'], at = { sku: ox, location: store.BER };
	await manager.post('/v1/stock/adjust', { ...at, qty: 5, reason: 'opening' });
	await manager.post('/v1/stock/adjust', { ...at, qty: -1, reason: 'broken' });
	await local.post('/v1/stock/adjust', { sku: ox, location: store.POT, qty: 1, reason: 'found' });
	const all = (await manager.get(`/v1/stock/moves?sku=${ox}`)).items;
	assert.deepEqual(all.map((m) => m.reason), ['found', 'broken', 'opening']);
	const { items, next } = await manager.get(`/v1/stock/moves?sku=${ox}&location=${store.BER}&limit=1`);
	assert.deepEqual([items[0].reason, items[0].qty, items[0].from.state, items[0].to.state, items[0].to.location.name, items[0].by],
		['broken', 1, 'available', 'damaged', 'Berlin', manager.user.name]);
	const rest = await manager.get(`/v1/stock/moves?sku=${ox}&location=${store.BER}&before=${next}`);
	assert.deepEqual([rest.items.map((m) => m.reason), rest.next], [['opening'], null]);
	await manager.post('/v1/stock/step', { ...at, qty: 1, step: 'repair' });
	assert.deepEqual([(await cell(world, ox, store.BER)).available, (await cell(world, ox, store.BER)).damaged], [5, 0]);
});

/* ---- A customer's hold ------------------------------------------------------------------------------------------- */

each('a hold for a customer: named, audited, found by customer and store; the line behind it', async (world, { sku, store }) => {
	const { key, agent, clerk, admin, local, first } = world, shirt = sku['SH-M'];
	await kit.send(key, [kit.message.identify('hugh', { firstName: 'Hugh', lastName: 'Holder' })]);
	const [{ customer }] = await kit.find(local, 'Hugh Holder');
	await stocked(world, shirt, store.MUC, 1);
	const stream = await admin.as({ cookie: admin.cookie, csrf: admin.csrf }).stream(`customer:${customer}`);
	const made = await clerk.post('/v1/stock/hold', { sku: shirt, location: store.MUC, qty: 1, customer });
	assert.equal((await stream.next((e) => e.topic === 'stock')).ref, shirt, 'the customer\'s page hears of it');
	stream.close();
	const shown = await agent.get(`/v1/holds/${made.id}`);
	assert.deepEqual([shown.customer, shown.location.name, shown.sku.code, shown.qty, shown.state],
		[{ id: customer, name: 'Hugh Holder' }, 'München', 'SH-M', 1, 'open']);
	for (const q of [`customer=${customer}`, `location=${store.MUC}`]) {
		const { items } = await agent.get(`/v1/holds?${q}`);
		assert.deepEqual(items.map((h) => [h.id, h.customer.name]), [[made.id, 'Hugh Holder']], q);
	}
	assert.deepEqual((await agent.get(`/v1/holds?customer=${customer}&location=${store.BER}`)).items, []);
	const seen = (await local.get(`/v1/audit?customer=${customer}&user=${agent.user.id}`)).items;
	assert.deepEqual(seen.map((i) => i.purpose), ['serve']);
	const acts = (await local.get(`/v1/audit?customer=${customer}&user=${clerk.user.id}`)).items;
	assert.ok(acts.some((i) => i.action === 'stock.hold_place'), JSON.stringify(acts));

	const later = new Date(Date.now() + 5 * 86400e3).toISOString();
	await clerk.post('/v1/stock/extend', { id: made.id, until: later });
	assert.equal(Date.parse((await agent.get(`/v1/holds/${made.id}`)).until), Date.parse(later));
	const line = await agent.post('/v1/stock/wait', { sku: shirt, qty: 1, customer });
	const { items } = await clerk.get(`/v1/waiting?sku=${shirt}`);
	assert.deepEqual(items.map((x) => [x.id, x.state, x.customer.name, x.location]), [[line.id, 'waiting', 'Hugh Holder', null]]);
	assert.equal((await agent.post('/v1/stock/leave', { id: line.id })).state, 'left');
	assert.equal((await clerk.post('/v1/stock/release', { id: made.id })).state, 'released');
	await refused(clerk, '/v1/stock/release', { id: made.id }, 409, 'stock.state');
	await refused(clerk, '/v1/stock/hold', { sku: shirt, location: store.MUC, qty: 1, customer: 'cus_0000000000001' }, 404);
	assert.ok(first.alive());
});

/* ---- Races and repeats ------------------------------------------------------------------------------------------- */

each('the last unit held by two at once: one has it, the other is told', async (world, { sku, store }) => {
	const shirt = sku['SH-S'], there = world.second.client.as({ key: world.key.key });
	for (let round = 0; round < 12; round++) {
		await stocked(world, shirt, store.BER, 1);
		const body = { sku: shirt, location: store.BER, qty: 1 };
		const answers = await Promise.all([world.key, there, world.key, there].map((c) => c.call('POST', '/v1/stock/hold', body)));
		const won = answers.filter((a) => a.status === 201), lost = answers.filter((a) => a.status === 409);
		assert.deepEqual([won.length, lost.length], [1, 3], answers.map((a) => a.text).join('\n'));
		for (const a of lost) assert.equal(a.json.code, 'stock.short', a.text);
		await world.local.post('/v1/stock/release', { id: won[0].json.id });
	}
	there.close();
});

each('a repeat with its key moves nothing; another payload is refused', async (world, { sku, store }) => {
	const shirt = sku['SH-XL'], body = { sku: shirt, location: store.BER, qty: 2 }, more = { 'Idempotency-Key': 'once-only' };
	await stocked(world, shirt, store.BER, 5);
	const answers = [];
	for (const caller of [world.clerk, world.clerk, world.second.client.as({ cookie: world.clerk.cookie, csrf: world.clerk.csrf })])
		answers.push(await caller.call('POST', '/v1/stock/hold', body, more));
	for (const a of answers) assert.deepEqual([a.status, a.json.id], [201, answers[0].json.id], a.text);
	assert.equal(answers[1].headers['idempotency-replayed'], 'true');
	assert.deepEqual([(await cell(world, shirt, store.BER)).available, (await cell(world, shirt, store.BER)).held], [3, 2]);
	const other = await world.clerk.call('POST', '/v1/stock/hold', { ...body, qty: 1 }, more);
	assert.equal(other.status, 422, other.text);
	/* somebody else's key of that name is another one */
	assert.equal((await world.manager.call('POST', '/v1/stock/hold', { ...body, qty: 1 }, more)).status, 201);
});

/* ---- Who may, and what is said of bad fields --------------------------------------------------------------------- */

each('every command: once allowed, once refused', async (world, { sku, store }) => {
	const { clerk, other, manager, agent, stockroom, buyer, analyst, local } = world, ox = sku['DB-42'];
	const at = { sku: ox, location: store.BER };
	await stocked(world, ox, store.BER, 20);
	await stocked(world, ox, store.MUC, 20);
	const hold = async () => (await local.post('/v1/stock/hold', { ...at, qty: 1 })).id;
	const expected = async () => (await local.post('/v1/stock/expect', { ...at, qty: 1 })).id;
	const count = async (qty = { ...at }) => (await local.post('/v1/stock/count', qty)).id;
	const asked = async () => (await local.post('/v1/stock/transfer', { location: store.MUC, to: store.BER, lines: [{ sku: ox, qty: 1 }] })).id;
	const sent = async () => {
		const id = await asked();
		await local.post('/v1/stock/dispatch', { id, lines: [{ sku: ox, qty: 1 }] });
		return id;
	};
	const wait = async () => (await local.post('/v1/stock/wait', { sku: ox, qty: 99 })).id;
	const until = new Date(Date.now() + 9 * 86400e3).toISOString(), lines = [{ sku: ox, qty: 1 }];
	/* command, body, who may, who may not, and why not */
	for (const [name, body, may, mayNot, code] of [
		['hold', { ...at, qty: 1 }, other, analyst, 'role.missing'],
		['extend', { id: await hold(), until }, agent, buyer, 'role.missing'],
		['release', { id: await hold() }, clerk, buyer, 'role.missing'],
		['adjust', { ...at, qty: -1, reason: 'broken' }, stockroom, clerk, 'role.missing'],
		['step', { ...at, qty: 1, step: 'repair' }, clerk, other, 'store.not_yours'],
		['safety', { ...at, qty: 1 }, buyer, clerk, 'role.missing'],
		['level', { ...at, qty: 3 }, manager, agent, 'role.missing'],
		['expect', { ...at, qty: 3 }, buyer, clerk, 'role.missing'],
		['expect_cancel', { id: await expected() }, manager, clerk, 'role.missing'],
		['deliver', { id: await expected(), qty: 1 }, stockroom, buyer, 'role.missing'],
		['count', { ...at }, clerk, other, 'store.not_yours'],
		['count_enter', { id: await count(), qty: 18 }, clerk, other, 'store.not_yours'],
		['count_cancel', { id: await count({ sku: ox, location: store.MUC }) }, other, clerk, 'store.not_yours'],
		['transfer', { location: store.MUC, to: store.BER, lines }, clerk, agent, 'role.missing'],
		['transfer', { location: store.MUC, to: store.POT, lines }, other, clerk, 'store.not_yours'],
		['dispatch', { id: await asked(), lines }, other, clerk, 'store.not_yours'],
		['receive', { id: await sent(), lines, final: true }, clerk, other, 'store.not_yours'],
		['transfer_cancel', { id: await asked() }, clerk, agent, 'role.missing'],
		['wait', { sku: ox, qty: 1 }, agent, buyer, 'role.missing'],
		['leave', { id: await wait() }, clerk, analyst, 'role.missing'],
		['place', { location: store.BER, hold_hours: 24, returns: 'available' }, manager, stockroom, 'role.missing'],
	]) {
		const path = `/v1/stock/${name}`;
		await refused(mayNot, path, body, 403, code);
		const answer = await may.call('POST', path, body);
		assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`);
		assert.equal(answer.json.replayed, false, path);
	}
	const holdNow = await clerk.post('/v1/stock/hold', { sku: ox, qty: 1 });
	const { until: end, placed_at } = await clerk.get(`/v1/holds/${holdNow.id}`);
	assert.equal(Date.parse(end) - Date.parse(placed_at), 24 * 3600e3, 'as the place is run; where the clerk is');
	assert.equal((await local.post('/v1/check')).count, 0);
});

each('what is wrong with a command is said by the field', async ({ local, clerk, manager }, { sku, store }) => {
	const ox = sku['OX-42'], at = { sku: ox, location: store.BER };
	for (const [name, body, status, code, field] of [
		['hold', { location: store.BER, qty: 1 }, 400, 'field.missing', 'sku'],
		['hold', { ...at }, 400, 'field.missing', 'qty'],
		['hold', { ...at, qty: 0 }, 400, 'field.range', 'qty'],
		['hold', { ...at, qty: 1.5 }, 400, 'field.type', 'qty'],
		['hold', { ...at, qty: 1, reason: 'x' }, 400, 'field.unknown', 'reason'],
		['hold', { ...at, sku: 'OX-42', qty: 1 }, 400, 'field.type', 'sku'],
		['hold', { ...at, sku: 'sku_0000000000001', qty: 1 }, 400, 'stock.sku', 'sku'],
		['hold', { sku: ox, location: 'sto_0000000000001', qty: 1 }, 400, 'stock.location', 'location'],
		['hold', { sku: ox, qty: 1 }, 400, 'stock.location', 'location'],
		['hold', { ...at, qty: 1, customer: 'Hugh' }, 400, 'field.type', 'customer'],
		['hold', { ...at, qty: 1, until: '2020-01-01T00:00:00Z' }, 400, 'stock.until', 'until'],
		['hold', { ...at, qty: 100000 }, 409, 'stock.short'],
		['extend', { id: 'hld_0000000000001', until: '2030-01-01T00:00:00Z' }, 404, 'stock.not_found'],
		['extend', { id: 'cnt_0000000000001', until: '2030-01-01T00:00:00Z' }, 400, 'field.type', 'id'],
		['adjust', { ...at, qty: 1, reason: 'magic' }, 400, 'field.range', 'reason'],
		['adjust', { ...at, qty: 1, reason: 'stolen' }, 400, 'stock.reason', 'reason'],
		['adjust', { ...at, qty: 0, reason: 'found' }, 400, 'stock.qty', 'qty'],
		['step', { ...at, qty: 1, step: 'sell' }, 400, 'field.range', 'step'],
		['level', { ...at, qty: -2 }, 400, 'field.range', 'qty'],
		['deliver', { location: store.BER, qty: 1 }, 400, 'field.missing', 'sku'],
		['transfer', { location: store.BER, to: store.MUC, lines: [] }, 400, 'field.range', 'lines'],
		['transfer', { location: store.BER, to: store.MUC, lines: [{ sku: ox }] }, 400, 'field.missing', 'lines[0].qty'],
		['transfer', { location: store.BER, to: store.BER, lines: [{ sku: ox, qty: 1 }] }, 400, 'stock.transfer', 'to'],
		['transfer', { location: store.BER, to: store.MUC, lines: [{ sku: ox, qty: 1 }, { sku: ox, qty: 2 }] }, 400, 'stock.lines', 'lines'],
		['place', { location: store.BER, hold_hours: 0 }, 400, 'field.range', 'hold_hours'],
		['place', { location: store.BER, returns: 'bin' }, 400, 'field.range', 'returns'],
	])
		await refused(local, `/v1/stock/${name}`, body, status, code, field);
	for (const [path, field] of [['/v1/stock', 'sku'], [`/v1/stock?sku=x`, 'sku'], [`/v1/stock?sku=${ox}&location=x`, 'location'],
		[`/v1/stock?sku=${ox}&near=x`, 'near'], ['/v1/stock/moves', 'sku'], ['/v1/waiting', 'sku'], [`/v1/holds?after=x`, 'after'], ['/v1/skus', 'q']]) {
		const answer = await clerk.call('GET', path);
		assert.deepEqual([answer.status, answer.json.field], [400, field], `${path}: ${answer.text}`);
	}
	assert.equal((await clerk.call('GET', '/v1/stock?sku=sku_0000000000001')).status, 404);
	assert.equal((await clerk.call('GET', `/v1/stock?sku=${ox}&near=sto_0000000000001`)).status, 404);
	/* where another system counts, nothing is corrected here */
	await manager.post('/v1/stock/place', { location: store.BER, elsewhere: true });
	assert.equal((await local.get('/v1/stores')).items.find((s) => s.code === 'BER').stock, 'elsewhere');
	await refused(local, '/v1/stock/adjust', { ...at, qty: 1, reason: 'found' }, 409, 'stock.elsewhere', 'location');
	await manager.post('/v1/stock/place', { location: store.BER });
});

/* ---- Save the sale ----------------------------------------------------------------------------------------------- */

each('save the sale: every way, ranked; each body, as it is, keeps a unit for this customer', async (world, { sku, store }) => {
	const { clerk, agent, local, key } = world, ox = sku['OX-42'];
	for (const [code, shop, qty] of [['OX-42', 'BER', 0], ['OX-42', 'POT', 1], ['OX-42', 'MUC', 4], ['OX-42', 'LEJ', 9], ['OX-43', 'BER', 2],
		['OX-9', 'BER', 2], ['DB-42', 'BER', 3], ['SN-42', 'BER', 3]])
		await stocked(world, sku[code], store[shop], qty);
	await local.post('/v1/stock/safety', { sku: ox, location: store.BER, qty: 0 });
	await stocked(world, ox, store.BER, 0);
	await local.post('/v1/stock/expect', { sku: ox, location: store.BER, qty: 6, at: '2031-06-01T00:00:00Z' });
	const ask = (more = '') => clerk.get(`/v1/save-the-sale?sku=${ox}&store=${store.BER}${more}`);
	const short = ({ ways }) => ways.map((w) => `${w.way} ${w.location.name} ${w.sku.code}`);
	let answer = await ask();
	assert.equal(answer.here, 0);
	assert.deepEqual(short(answer), ['pick_up Potsdam OX-42', 'ship Warehouse Leipzig OX-42', 'ship Potsdam OX-42', 'transfer Potsdam OX-42',
		'transfer Warehouse Leipzig OX-42', 'transfer München OX-42', 'incoming Berlin OX-42', 'substitute Berlin OX-43', 'substitute Berlin DB-42', 'substitute Berlin OX-9'],
	'München is too far to be sent to; the next larger size, then what is very like it in the right one; the sneaker costs too little');
	const [fetch, ship] = answer.ways, incoming = answer.ways.find((w) => w.way === 'incoming');
	assert.deepEqual([fetch.available, Math.round(fetch.km), fetch.closed, fetch.elsewhere], [1, 27, false, false]);
	assert.ok(Math.abs(Date.parse(fetch.ready_at) - Date.now() - 2 * 3600e3) < 60_000);
	assert.equal(incoming.ready_at.slice(0, 10), '2031-06-02');
	assert.equal(ship.cost, null, 'nobody said what sending costs');

	/* what is wanted by somebody whose size and dislikes are known */
	await kit.send(key, [kit.message.identify('sam', { firstName: 'Sam', lastName: 'Saver' })]);
	const [{ customer }] = await kit.find(local, 'Sam Saver');
	await agent.post(`/v1/customers/${customer}/facts`, { kind: 'dislikes', value: 'derby' });
	await agent.post(`/v1/customers/${customer}/facts`, { kind: 'size.Shoes', value: '9' });
	answer = await ask(`&customer=${customer}`);
	assert.equal(answer.usual_size, '9');
	assert.deepEqual(short(answer).slice(-2), ['substitute Berlin OX-9', 'substitute Berlin OX-43']);
	const seen = (await local.get(`/v1/audit?customer=${customer}&user=${clerk.user.id}`)).items;
	assert.deepEqual(seen.map((i) => i.purpose), ['serve']);

	/* each body, posted as it is, does it and keeps a unit for this customer; then it is let go again */
	const kept = async (way) => {
		const at = async () => cell(world, way.sku.id, way.location.id), name = `${way.way} ${way.location.name} ${way.sku.code}`, was = await at();
		if (way.hold) {
			const hold = await clerk.post('/v1/stock/hold', way.hold), is = await at();
			assert.deepEqual([is.available, is.held], [was.available - 1, was.held + 1], name);
			assert.equal((await clerk.get(`/v1/holds/${hold.id}`)).customer.name, 'Sam Saver', name);
			await clerk.post('/v1/stock/release', { id: hold.id });
		}
		if (way.order) {
			const done = await clerk.post('/v1/orders', way.order), is = await at(), order = await clerk.get(`/v1/orders/${done.order}`);
			const [line] = order.book.lines, [part] = line.parts, took = part.method === 'take';
			assert.deepEqual([order.customer.name, line.sku.code, line.qty, line.waiting, line.coming, part.location.name], ['Sam Saver', way.sku.code, 1, 0, 0, way.location.name], name);
			assert.deepEqual([is.available, is.committed], [was.available - 1, was.committed + (took ? 0 : 1)], name);
			assert.deepEqual([done.state, done.receivable.amount === '0.00'], took ? ['fulfilled', true] : ['placed', false], name);
			assert.deepEqual([took ? order.book.tenders.map((x) => x.tender) : part.open], [took ? ['card'] : 1], name);
			assert.equal(Boolean(done.transfer), way.way === 'transfer', name);
			if (done.transfer) await brought(done);
			else if (took) await clerk.post(`/v1/orders/${done.order}/return`, { units: [{ line: 1, qty: 1, condition: 'good' }], refund_rest: true });
			else await clerk.post(`/v1/orders/${done.order}/cancel`, {});
		}
		if (way.wait) {
			const line = await clerk.post('/v1/stock/wait', way.wait);
			assert.deepEqual((await clerk.get(`/v1/waiting?sku=${ox}`)).items.map((x) => [x.id, x.state, x.customer.name, x.location.name]),
				[[line.id, 'waiting', 'Sam Saver', 'Berlin']], name);
			await clerk.post('/v1/stock/leave', { id: line.id });
		}
		assert.deepEqual([Boolean(way.hold), Boolean(way.order), Boolean(way.wait)], way.way === 'incoming' ? [false, false, true] : [true, true, false], name);
	};
	/* it is this customer's on its way, and here: nobody else's order gets it */
	const brought = async (done) => {
		const lines = [{ sku: ox, qty: 1, order: done.order, line: 1 }], was = await cell(world, ox, store.BER);
		const asked = await local.get(`/v1/transfers/${done.transfer}`);
		assert.deepEqual([asked.to.name, asked.state, asked.lines.map((l) => [l.sku.code, l.asked, l.order])], ['Berlin', 'requested', [['OX-42', 1, done.order]]]);
		await local.post('/v1/stock/dispatch', { id: done.transfer, lines });
		await clerk.post('/v1/stock/receive', { id: done.transfer, lines, final: true });
		const is = await cell(world, ox, store.BER);
		assert.deepEqual([is.available, is.committed], [was.available, was.committed + 1]);
		const { book } = await clerk.get(`/v1/orders/${done.order}`);
		assert.deepEqual(book.lines[0].parts.filter((x) => x.open).map((x) => [x.location.name, x.method]), [['Berlin', 'pick_up']]);
		await clerk.post(`/v1/orders/${done.order}/pick`, {});
		await clerk.post(`/v1/orders/${done.order}/pay`, { pays: [{ tender: 'cash', amount: book.money.total.amount }] });
		assert.equal((await clerk.post(`/v1/orders/${done.order}/hand_over`, {})).state, 'fulfilled');
	};
	for (const way of answer.ways) await kept(way);
	assert.equal(new Set(answer.ways.map((w) => w.way)).size, 5, 'every way but what is here');
	await stocked(world, ox, store.POT, 1);
	const first = answer.ways.find((w) => w.way === 'pick_up'), last = await clerk.post('/v1/stock/hold', first.hold);
	assert.equal(short(await ask(`&customer=${customer}`))[0], 'ship Warehouse Leipzig OX-42', 'the last one is held');
	await clerk.post('/v1/stock/release', { id: last.id });
	await stocked(world, ox, store.BER, 2);
	answer = await ask(`&customer=${customer}&tender=cash`);
	assert.equal(short(answer)[0], 'here Berlin OX-42');
	assert.equal(answer.here, 2);
	assert.deepEqual(answer.ways[0].order.pays, [{ tender: 'cash', amount: '129.00' }]);
	const taken = await clerk.post('/v1/orders', answer.ways[0].order);
	assert.equal((await clerk.get(`/v1/orders/${taken.order}`)).book.lines[0].parts[0].method, 'take');
	assert.equal((await cell(world, ox, store.BER)).available, 1, 'a sale is off the shelf at once');
	assert.deepEqual((await clerk.get(`/v1/stock/moves?sku=${ox}&location=${store.BER}&limit=1`)).items.map((m) => [m.reason, m.to.state, m.order]),
		[['sale', 'customer', taken.order]]);
	assert.equal(short(await ask('&qty=3')).includes('here Berlin OX-42'), false);

	for (const [path, status, field] of [[`/v1/save-the-sale?sku=${ox}`, 400, 'store'], [`/v1/save-the-sale?store=${store.BER}`, 400, 'sku'],
		[`/v1/save-the-sale?sku=${ox}&store=${store.BER}&qty=0`, 400, 'qty'], [`/v1/save-the-sale?sku=sku_0000000000001&store=${store.BER}`, 404, 'sku'],
		[`/v1/save-the-sale?sku=${ox}&store=sto_0000000000001`, 404, 'store'], [`/v1/save-the-sale?sku=${ox}&store=${store.BER}&customer=cus_0000000000001`, 404]]) {
		const said = await clerk.call('GET', path);
		assert.equal(said.status, status, `${path}: ${said.text}`);
		if (field) assert.equal(said.json.field, field, said.text);
	}
	assert.equal((await local.post('/v1/check')).count, 0);
});

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

each('a list ends where it ends: of so many as there are no empty page follows', async (world, { sku, store }) => {
	const { local, key } = world, at = { sku: sku['SH-S'], location: store.POT };
	await kit.send(key, [kit.message.identify('pia', { firstName: 'Pia', lastName: 'Pager' })]);
	const [{ customer }] = await kit.find(local, 'Pia Pager');
	await stocked(world, at.sku, store.POT, 9);
	for (let i = 0; i < 3; i++) {
		await local.post('/v1/stock/hold', { ...at, qty: 1, customer });
		await local.post('/v1/stock/wait', { ...at, qty: 99, customer });
		await local.post('/v1/stock/transfer', { location: store.POT, to: store.WEB, lines: [{ sku: at.sku, qty: 1 }] });
		await local.post('/v1/stock/count', { sku: sku[['SH-S', 'SH-M', 'SH-XL'][i]], location: store.POT });
		await local.post('/v1/orders', { customer, store: store.POT, items: [{ sku: at.sku, qty: 1, units: [{ qty: 1, location: store.POT, method: 'pick_up' }] }] });
	}
	for (const path of [`holds?location=${store.POT}`, `waiting?sku=${at.sku}`, `transfers?location=${store.WEB}`, `counts?location=${store.POT}`, `stock/moves?${new URLSearchParams(at)}`,
		`queue?location=${store.POT}`, `customers/${customer}/orders?`, `customers/${customer}/timeline?`]) {
		const all = (await local.get(`/v1/${path}`)).items, some = await local.get(`/v1/${path}&limit=${all.length - 1}`), whole = await local.get(`/v1/${path}&limit=${all.length}`);
		assert.ok(all.length >= 3 && all.length < 50, `${path}: ${all.length}`);
		assert.deepEqual([some.items.length, typeof some.next, whole.items.length, whole.next], [all.length - 1, 'string', all.length, null], path);
		const rest = await local.get(`/v1/${path}&limit=1&${/moves|customers/.test(path) ? 'before' : 'after'}=${encodeURIComponent(some.next)}`);
		assert.deepEqual([rest.items, rest.next], [all.slice(-1), null], path);
	}
});

/* ---- The command line -------------------------------------------------------------------------------------------- */

test('byname stock: by codes and names, as text and as JSON', async (t) => {
	const world = worlds.find((w) => w.engine === 'sqlite');
	if (!world) return t.skip('the command line finds a running server beside a SQLite file');
	const run = async (...words) => {
		const { code, out, err } = await kit.byname('stock', ...words, '--db', world.database.url);
		return { code, text: out + err };
	};
	const says = async (words, pattern, code = 0) => {
		const said = await run(...words.split(' '));
		assert.equal(said.code, code, `byname stock ${words}: ${said.text}`);
		assert.match(said.text, pattern, `byname stock ${words}`);
		return said.text;
	};
	for (const [code, shop, qty] of [['SN-42', 'POT', 0], ['SN-42', 'BER', 3], ['SN-42', 'LEJ', 5]])
		await stocked(world, world.chain.sku[code], world.chain.store[shop], qty);
	await says('adjust sn-42 --store berlin --qty=-1 --reason stolen', /stock.adjust: -1/);
	const hold = /hld_\w+/.exec(await says('hold SN-42 --store BER', /stock.hold_place: 1, hld_\w+ is open/))[0];
	await says('holds --store BER', new RegExp(`${hold}.* Berlin .*\\(SN-42\\)`));
	const transfer = /trf_\w+/.exec(await says('transfer SN-42*2 --store LEJ --to POT', /requested/))[0];
	await says(`dispatch ${transfer}`, /: 2, .* is dispatched/);
	await says('transfers --store POT', new RegExp(`${transfer}.*Warehouse Leipzig → Potsdam`));
	await says('grid SN-42 --store POT', /white +42\nPotsdam +0\+2\nBerlin +1\nWarehouse Leipzig +3\n/);
	await says(`receive ${transfer} SN-42*1 --final`, /: 1, 1 missing, .* is received/);
	await says('show SN-42 --store POT', /Potsdam +0\.0 +1 +0/);
	await says('where SN-42 --store Potsdam', /here .*Here: 1\n.*pick_up .*Fetched at Berlin, 27 km: 1 there\n.*ship .*Leipzig/);
	await says('counts --store LEJ', /transfer_short .*SN-42/);
	await says('moves SN-42 --store BER', /hold +Berlin available → held[\s\S]*stolen +Berlin available → adjust/);
	await says(`release ${hold}`, /is released/);
	await says('hold SN-42 --store BER --qty 99', /stock.short/, 1);
	await says('hold SN-42 --store Atlantis', /no store "Atlantis"/, 3);
	await says('hold shoe --store BER', /sku.many/, 1);
	await says('hold', /Which SKU/, 2);
	await says('juggle', /no such verb/, 2);
	const grid = JSON.parse((await run('show', 'SN-42', '--json')).text);
	assert.deepEqual(grid, { ...(await world.local.get(`/v1/stock?sku=${world.chain.sku['SN-42']}`)), as_of: grid.as_of });
});

/* ---- Live -------------------------------------------------------------------------------------------------------- */

each('a grid that is open on one server hears of a hold on the other', async (world, { sku, store }) => {
	const shirt = sku['SH-N-M'], other = sku['SH-XL'];
	await stocked(world, shirt, store.BER, 30);
	const stream = await world.second.client.as({ cookie: world.clerk.cookie, csrf: world.clerk.csrf }).stream(`stock:${shirt}`);
	const quiet = await world.clerk.stream(`stock:${sku['OX-9']}`);
	const took = [];
	for (let n = 0; n < 10; n++) {
		const began = Date.now();
		await world.key.post('/v1/stock/hold', { sku: shirt, location: store.BER, qty: 1 });
		const event = await stream.next((e) => e.event === 'stock');
		took.push(event.at - began);
		assert.equal(event.sku, shirt);
		assert.equal((await world.second.local.get(`/v1/stock?sku=${shirt}`)).cells[0].held, n + 1, 'told before it could be read');
		stream.events.length = 0;
	}
	await world.key.post('/v1/stock/level', { sku: other, location: store.BER, qty: 3 });
	await kit.sleep(100);
	assert.deepEqual([quiet.events, stream.events], [[], []], 'another SKU\'s news');
	took.sort((a, b) => a - b);
	assert.ok(took[8] < 1000, `slow: ${took}`);
	stream.close(), quiet.close();
	await assert.rejects(world.analyst.stream(`stock:${shirt}`), /403/);

	/* The lists of a store hear what changes them, and not what happens in another one. */
	const [here, there] = [await world.clerk.stream(`shelf:${store.BER}`), await world.other.stream(`shelf:${store.MUC}`)];
	const { id } = await world.manager.post('/v1/stock/count', { sku: shirt, location: store.BER });
	assert.equal((await here.next((e) => e.event === 'shelf', 1000)).location, store.BER);
	assert.deepEqual(there.events, []);
	await world.manager.post('/v1/stock/count_cancel', { id });
	here.events.length = 0;
	const asked = await world.clerk.post('/v1/stock/transfer', { location: store.MUC, to: store.BER, lines: [{ sku: shirt, qty: 1 }] });
	await Promise.all([here, there].map((s) => s.next((e) => e.event === 'shelf', 1000)));
	there.events.length = 0;
	await world.clerk.post('/v1/stock/transfer_cancel', { id: asked.id });
	await there.next((e) => e.event === 'shelf', 1000);
	here.close(), there.close();
	await assert.rejects(world.clerk.stream(`shelf:${store.MUC}`), /403/);
});
