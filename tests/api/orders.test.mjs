/* Orders over HTTP, on both engines: ordered on the phone, paid, picked up in one store, one of three brought back in
 * another, with stock and card right throughout; the last unit; repeats; every command allowed and refused; every field
 * wrong; who may; returns before their sale. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as kit from './server.mjs';
import { answerMisfit, operations } from './openapi.mjs';

const worlds = [];
let doc, ops;

before(async () => {
	for (const engine of kit.engines) worlds.push(await open(engine));
	doc = await worlds[0].admin.get('/v1/openapi.json');
	ops = operations(doc);
});
after(async () => {
	for (const { server } of worlds) await server.stop();
	kit.cleanUp();
});

async function open(engine) {
	const server = await kit.startServer(kit.newDatabase(engine)), admin = await kit.firstAdmin(server);
	const key = await kit.addKey(admin, 'source', 'till');
	const goods = ['SHOE', 'HAT', 'SCARF'].map((sku, i) => ({ sku, name: sku.toLowerCase(), price: '80.00', list_price: `${80 + i}.00`, quantity: 1, size: '42' }));
	await kit.send(key, [
		kit.message.identify('ada', { firstName: 'Ada', lastName: 'Stone', phone: '+41446681234', email: 'ada@kundin.ch' }),
		kit.message.identify('ben', { firstName: 'Ben', lastName: 'Brook' }),
		kit.message.order('ada', 'old-1', goods, { store: 'S1' }),
		kit.message.order('ben', 'old-2', goods.slice(0, 1), { store: 'S2' }),
	]);
	await kit.settled(admin);
	const stores = Object.fromEntries((await admin.get('/v1/stores')).items.map((s) => [s.code, s.id]));
	const sku = {};
	for (const { sku: code } of goods) sku[code] = (await admin.get(`/v1/skus?q=${code}`)).items.find((s) => s.code === code).id;
	return {
		engine, server, admin, key, sku, S1: stores.S1, S2: stores.S2, local: server.local,
		ada: await kit.customerOf(server.local, 'till:ada'), ben: await kit.customerOf(server.local, 'till:ben'),
		agent: await kit.addUser(admin, 'agent'),
		anna: await kit.addUser(admin, 'associate', { stores: [stores.S1] }),
		bob: await kit.addUser(admin, 'associate', { stores: [stores.S2] }),
		packer: await kit.addUser(admin, 'fulfilment', { stores: [stores.S1] }),
	};
}

/* ---- What the tests say and see ------------------------------------------------------------------------------------ */

const money = (m) => Number(m.amount);
const item = (w, code, qty, more = {}) => ({ sku: w.sku[code], qty, unit_price: '80.00', ...more });
const at = (location, qty, method = 'pick_up', more = {}) => [{ qty, location, method, ...more }];
const stock = (w, code, location, qty) => w.local.post('/v1/stock/adjust', { sku: w.sku[code], location, qty, reason: 'opening' });

async function cell(w, code, location) {
	const { cells } = await w.local.get(`/v1/stock?sku=${w.sku[code]}&location=${location}`);
	const { available = 0, held = 0, committed = 0, picked = 0, quality = 0, damaged = 0 } = cells[0] ?? {};
	return { available, held, committed, picked, quality, damaged };
}

/* Units of the state at a place before, to be compared with those after. */
const units = async (w, code, location) => Object.values(await cell(w, code, location));

const run = (who, order, command, body = {}, more) => who.call('POST', `/v1/orders/${order}/${command}`, body, more);

/* It must be done; the answer is as it is described. */
async function done(who, order, command, body, more) {
	const answer = order ? await run(who, order, command, body, more) : await who.call('POST', '/v1/orders', body, more);
	assert.equal(answer.status, order ? 200 : 201, `${command}: ${answer.text.slice(0, 400)}`);
	const op = ops.find((o) => o.name === `POST /v1/orders${order ? `/{order}/${command}` : ''}`);
	assert.equal(answerMisfit(doc, op, answer), undefined, command);
	return answer.json;
}

async function refused(who, order, command, body, status, code, field) {
	const answer = order ? await run(who, order, command, body) : await who.call('POST', '/v1/orders', body);
	const told = `${command} ${JSON.stringify(body)}: ${answer.status} ${answer.text.slice(0, 400)}`;
	assert.equal(answer.status, status, told);
	assert.equal(answer.json.code, code, told);
	if (field !== undefined) assert.equal(answer.json.field ?? '', field, told);
}

const sound = async (w) => assert.deepEqual((await w.local.post('/v1/check')).findings, []);

/* ---- The sentence -------------------------------------------------------------------------------------------------- */

test('by a telephone that several share: the newest orders of all of them together', async () => {
	for (const w of worlds) {
		const people = ['una', 'vito'], phone = '+41446685678';
		await kit.send(w.key, people.map((who) => kit.message.identify(who, { firstName: who, lastName: 'Shares', phone })));
		const of = await Promise.all(people.map(async (who) => (await kit.find(w.local, `${who} Shares`))[0].customer));
		for (const n of [0, 1, 0, 1, 0])
			await w.agent.post('/v1/orders', { store: w.S1, customer: of[n], may_wait: true, items: [item(w, 'HAT', 1)] });
		await kit.settled(w.local);
		const { items } = await w.agent.get(`/v1/orders?phone=${encodeURIComponent(phone)}&limit=4`);
		assert.deepEqual(items.map((o) => o.customer.id), [of[0], of[1], of[0], of[1]], w.engine);
	}
});

test('ordered on the phone, picked up in one store, one of three brought back in another', async () => {
	for (const w of worlds) {
		await stock(w, 'SHOE', w.S1, 5);
		await stock(w, 'SHOE', w.S2, 1);
		const [shelf1, shelf2] = [await cell(w, 'SHOE', w.S1), await cell(w, 'SHOE', w.S2)];
		const basket = { customer: w.ada, store: w.S1, currency: 'EUR', tax_included: true, discounts: [{ rate: '10' }],
			items: [item(w, 'SHOE', 3, { tax_rate: '8.1', units: at(w.S1, 3) })] };
		const price = await w.agent.post('/v1/orders/price', basket);
		assert.equal(price.total.amount, '216.00');
		assert.equal(price.tax.amount, '16.19');

		const placed = await done(w.agent, null, 'place', { ...basket, pays: [{ tender: 'card', amount: price.total.amount, reference: 'auth 77' }] });
		const { order } = placed, watch = await w.bob.stream(`order:${order}`), queue1 = await w.anna.stream(`queue:${w.S1}`);
		assert.deepEqual([placed.state, money(placed.amount), money(placed.receivable)], ['placed', 216, 0]);
		assert.deepEqual(await cell(w, 'SHOE', w.S1), { ...shelf1, available: shelf1.available - 3, committed: 3 });

		/* Store 1 sees it, with the customer's name, and does it. */
		const queue = await w.anna.get('/v1/queue');
		const [mine] = queue.items.filter((q) => q.order === order);
		assert.deepEqual([mine.stage, mine.open, mine.method, mine.customer.name, mine.late], ['new', 3, 'pick_up', 'Ada Stone', false]);
		assert.ok(queue.counts.new >= 1);
		assert.ok(!(await w.bob.get('/v1/queue')).items.some((q) => q.order === order), 'another store\'s queue has it');
		const stage = async () => (await w.anna.get(`/v1/queue?location=${w.S1}`)).items.find((q) => q.order === order)?.stage;
		await done(w.anna, order, 'pick', {});
		await queue1.next((e) => e.event === 'queue' && e.location === w.S1);
		assert.equal(await stage(), 'picking');
		await done(w.anna, order, 'ready', {});
		assert.equal(await stage(), 'ready');
		await done(w.anna, order, 'arrive', {});
		assert.equal(await stage(), 'waiting');
		const handed = await done(w.anna, order, 'hand_over', {});
		assert.equal(await stage(), undefined);
		assert.equal(handed.state, 'fulfilled');
		assert.deepEqual(handed.book.lines[0].parts.map((p) => [p.location.id, p.handed]), [[w.S1, 3]]);
		assert.deepEqual(await cell(w, 'SHOE', w.S1), { ...shelf1, available: shelf1.available - 3 });
		await watch.next((e) => e.event === 'order' && e.order === order);

		/* Store 2 finds it by its number, sees what one pair gives, and takes it back. */
		const { number } = await w.bob.get(`/v1/orders/${order}`);
		const [found] = (await w.bob.get(`/v1/orders?number=${number.toUpperCase()}`)).items;
		assert.deepEqual([found.id, found.customer.id], [order, w.ada]);
		const back = { units: [{ line: 1, qty: 1, condition: 'good' }] };
		const worth = await w.bob.post(`/v1/orders/${order}/return/price`, back);
		assert.deepEqual([worth.total.amount, worth.tenders.map((t) => [t.tender, t.amount.amount])], ['72.00', [['card', '72.00']]]);
		assert.deepEqual(await cell(w, 'SHOE', w.S2), shelf2, 'asking for the price moved something');
		const returned = await done(w.bob, order, 'return', { ...back, refund_rest: true });
		assert.equal(returned.refunded.amount, worth.total.amount);
		assert.deepEqual(await cell(w, 'SHOE', w.S2), { ...shelf2, available: shelf2.available + 1 });
		assert.deepEqual(await cell(w, 'SHOE', w.S1), { ...shelf1, available: shelf1.available - 3 });
		const { book } = await w.agent.get(`/v1/orders/${order}`);
		assert.deepEqual([book.lines[0].handed, book.lines[0].returned], [3, 1]);
		assert.deepEqual(book.returns.map((r) => [r.location.id, r.qty, money(r.net) + money(r.tax)]), [[w.S2, 1, 72]]);
		assert.deepEqual([money(book.money.captured), money(book.money.refunded), money(book.money.payable)], [144, 72, 0]);
		assert.deepEqual(book.trail.map((t) => t.command), ['return', 'hand_over', 'arrive', 'ready', 'pick', 'place']);
		assert.deepEqual(new Set(book.trail.map((t) => t.by)), new Set(['The associate', 'The agent']));

		/* The card and the timeline have it all. */
		await kit.settled(w.local);
		const items = (await w.agent.get(`/v1/customers/${w.ada}/timeline`)).items.filter((t) => t.order === order && t.source === 'byname');
		assert.deepEqual(items.map((t) => t.kind).sort(), ['Order Being Fetched', 'Order Handed Over', 'Order Placed', 'Order Ready', 'Order Returned'].sort());
		assert.deepEqual(items.filter((t) => /Placed|Returned/.test(t.kind)).map((t) => [t.channel, t.store.id]).sort(), [['phone', w.S1], ['phone', w.S2]].sort());
		const card = await w.agent.get(`/v1/customers/${w.ada}/card?full=true`);
		assert.equal(card.last_purchase.order, order);
		assert.equal(card.spend.returns, 1);
		for (const [q, what] of [['phone', encodeURIComponent('+41 44 668 12 34')], ['email', 'ada@kundin.ch'], ['customer', w.ada]])
			assert.ok((await w.agent.get(`/v1/orders?${q}=${what}`)).items.some((o) => o.id === order), q);

		/* Who saw the customer's name is in the trail of views. */
		const views = (await w.admin.get(`/v1/audit?customer=${w.ada}`)).items.filter((v) => v.purpose === 'serve');
		for (const who of [w.anna, w.bob]) assert.ok(views.some((v) => v.user === who.user.id), 'a look at the order left no trace');
		watch.close();
		queue1.close();
		await sound(w);
	}
});

/* ---- Races, repeats ------------------------------------------------------------------------------------------------ */

test('the last unit goes to one of many', async () => {
	for (const w of worlds)
		for (let round = 0; round < 3; round++) {
			await stock(w, 'HAT', w.S2, 1);
			const want = { store: w.S2, currency: 'EUR', items: [item(w, 'HAT', 1, { units: at(w.S2, 1, round % 2 ? 'ship' : 'take') })], pays: [{ tender: 'cash', amount: '80.00' }] };
			const answers = await Promise.all(Array.from({ length: 16 }, () => w.agent.call('POST', '/v1/orders', want)));
			const won = answers.filter((a) => a.status === 201), lost = answers.filter((a) => a.json.code === 'stock.short');
			assert.deepEqual([won.length, lost.length], [1, 15], answers.map((a) => a.text.slice(0, 80)).join('\n'));
			const left = await cell(w, 'HAT', w.S2);
			assert.equal(left.available, 0);
			if (round % 2) await done(w.agent, won[0].json.order, 'cancel', { refund_rest: true });
			if (round % 2) await w.local.post('/v1/stock/adjust', { sku: w.sku.HAT, location: w.S2, qty: -1, reason: 'lost' });
		}
	for (const w of worlds) await sound(w);
});

test('a repeat moves nothing and gets the same answer', async () => {
	for (const w of worlds) {
		await stock(w, 'HAT', w.S1, 4);
		const before = await cell(w, 'HAT', w.S1), id = `k-${w.engine}`;
		const body = { store: w.S1, currency: 'EUR', items: [item(w, 'HAT', 2, { units: at(w.S1, 2) })] }, key = { 'Idempotency-Key': id };
		const first = await done(w.anna, null, 'place', body, key);
		const again = await Promise.all(Array.from({ length: 6 }, () => w.anna.call('POST', '/v1/orders', body, key)));
		for (const a of again.filter((a) => a.status !== 409)) assert.deepEqual([a.status, a.json.order, a.json.replayed], [201, first.order, true]);
		assert.equal((await cell(w, 'HAT', w.S1)).committed, before.committed + 2);
		assert.equal((await w.anna.call('POST', '/v1/orders', { ...body, may_wait: true }, key)).status, 422);
		const pay = { pays: [{ tender: 'card', amount: '100.00' }] };
		await done(w.anna, first.order, 'pay', pay, { 'Idempotency-Key': `${id}-pay` });
		const twice = await done(w.anna, first.order, 'pay', pay, { 'Idempotency-Key': `${id}-pay` });
		assert.deepEqual([twice.replayed, twice.payment, money(twice.book.money.captured), twice.book.trail.length], [true, 1, 100, 2]);
		/* The stored answers may go; what was done stays known by its key. */
		if (w.engine === 'postgresql') {
			kit.psql(w.server.database.url, 'DELETE FROM idem');
			const late = await done(w.anna, first.order, 'pay', pay, { 'Idempotency-Key': `${id}-pay` });
			assert.deepEqual([late.replayed, late.payment, money(late.book.money.captured)], [true, 1, 100]);
			await refused(w.anna.as({ ...w.anna, cookie: w.anna.cookie, csrf: w.anna.csrf }), first.order, 'pay', { pays: [{ tender: 'card', amount: '61.00' }] }, 409, 'order.paid', 'pays');
		}
		await done(w.anna, first.order, 'cancel', { refund_rest: true });
		await sound(w);
	}
});

/* ---- Every command ------------------------------------------------------------------------------------------------- */

test('every command, once allowed and once refused', async () => {
	for (const w of worlds) {
		const { anna } = w, seen = new Set(), line = (qty, more = {}) => ({ units: [{ line: 1, qty, ...more }] });
		const yes = (order, command, body) => (seen.add(`${command} yes`), done(anna, order, command, body));
		const no = (order, command, body, code = 'order.units', status = 409) => (seen.add(`${command} no`), refused(anna, order, command, body, status, code));
		const pays = (amount, more = {}) => ({ pays: [{ tender: 'card', amount, ...more }] });
		await stock(w, 'SCARF', w.S1, 20);
		const basket = { store: w.S1, currency: 'EUR', items: [item(w, 'SCARF', 3)] };

		/* a quote becomes an order, is changed, given a location, taken from it */
		const { order } = await done(anna, null, 'quote', { ...basket, quote: true });
		assert.equal((await anna.get(`/v1/orders/${order}`)).state, 'draft');
		await no(order, 'pick', {}, 'order.state');
		await no(order, 'allocate', line(1, { location: w.S1, method: 'pick_up' }), 'order.state');
		await no(order, 'place', {});
		await yes(order, 'place', { may_wait: true });
		await no(order, 'place', { may_wait: true }, 'order.state');
		const changed = await yes(order, 'change', { may_wait: true, items: [item(w, 'SCARF', 4, { line: 1 }), item(w, 'SCARF', 1, { units: at(w.S1, 1, 'ship') })] });
		assert.deepEqual(changed.book.lines.map((l) => [l.qty, l.waiting, l.open]), [[4, 4, 0], [1, 0, 1]]);
		assert.equal((await anna.get('/v1/queue')).items.find((q) => q.order === order && !q.n).stage, 'problem');
		await yes(order, 'allocate', line(4, { location: w.S1, method: 'pick_up' }));
		await no(order, 'allocate', line(1, { location: w.S1, method: 'pick_up' }));
		await yes(order, 'transfer', { units: [{ line: 2, qty: 1 }], to: w.S2 });
		await no(order, 'transfer', { units: [{ line: 2, qty: 9 }], to: w.S2 });
		await yes(order, 'release', line(1));
		await no(order, 'release', line(4));
		await yes(order, 'cancel', line(1));
		await no(order, 'cancel', line(9));

		/* picked, and not; missing; put aside; fetched */
		await no(order, 'unpick', {});
		await no(order, 'ready', {});
		await no(order, 'hand_over', line(1));
		await yes(order, 'pick', {});
		await no(order, 'pick', {});
		await no(order, 'change', { items: [item(w, 'SCARF', 1, { line: 1 })] });
		await yes(order, 'unpick', line(1));
		await yes(order, 'problem', line(1));
		await no(order, 'problem', line(9));
		await yes(order, 'ready', line(2));
		await no(order, 'hand_over', line(1), 'order.unpaid');
		await no(order, 'pay', pays('9999.00'), 'order.paid');
		const paid = await yes(order, 'pay', pays('320.00'));
		assert.equal(paid.receivable.amount, '0.00');
		await yes(order, 'arrive', {});
		await yes(order, 'hand_over', line(1));
		await yes(order, 'ship', { units: [{ line: 2, qty: 1 }] });
		await no(order, 'ship', {});
		await no(order, 'deliver', { units: [{ line: 2, qty: 2 }] });
		await yes(order, 'deliver', { units: [{ line: 2, qty: 1 }] });
		await yes(order, 'no_show', {});
		await no(order, 'no_show', {});
		await no(order, 'close', {}, 'order.state');
		const rest = await yes(order, 'cancel', {});
		assert.deepEqual([rest.state, rest.payable.amount], ['fulfilled', '160.00']);
		await no(order, 'arrive', {}, 'order.state');

		/* money back: now, later, not at all */
		await no(order, 'refund', pays('161.00'), 'order.refund');
		await no(order, 'close', {}, 'order.unpaid');
		const pending = await yes(order, 'refund', pays('60.00', { pending: true }));
		await yes(order, 'refund_failed', { payment: pending.payment });
		await no(order, 'refund_failed', { payment: pending.payment }, 'order.payment');
		const second = await yes(order, 'refund', pays('60.00', { pending: true }));
		await yes(order, 'refund_done', { payment: second.payment });
		await no(order, 'refund_done', { payment: second.payment }, 'order.payment');
		assert.equal((await yes(order, 'refund', { refund_rest: true })).payable.amount, '0.00');

		/* brought back, looked at, exchanged, closed */
		await yes(order, 'return', line(1, { condition: 'unknown' }));
		await no(order, 'return', line(1, { condition: 'good' }));
		await no(order, 'close', {}, 'order.unpaid');
		assert.equal((await cell(w, 'SCARF', w.S1)).quality, 1);
		await yes(order, 'inspect', line(1, { condition: 'damaged' }));
		await no(order, 'inspect', line(1, { condition: 'good' }));
		assert.equal((await cell(w, 'SCARF', w.S1)).damaged, 1);
		const swap = { units: [{ line: 2, qty: 1, condition: 'good' }], items: [item(w, 'SCARF', 1, { unit_price: '100.00', units: at(w.S1, 1, 'take') })] };
		await no(order, 'exchange', { ...swap, units: [{ line: 2, qty: 2, condition: 'good' }] });
		const swapped = await yes(order, 'exchange', swap);
		assert.deepEqual([swapped.amount.amount, swapped.payable.amount, swapped.receivable.amount], ['20.00', '60.00', '0.00']);
		await yes(order, 'refund', { refund_rest: true });
		await yes(order, 'close', {});
		await no(order, 'close', {}, 'order.state');
		assert.deepEqual((await anna.get(`/v1/orders/${order}`)).book.allowed.sort(), ['exchange', 'return']);

		const commands = ops.map((o) => /^POST \/v1\/orders\/{order}\/(\w+)$/.exec(o.name)?.[1]).filter(Boolean);
		assert.equal(commands.length, 23);
		for (const c of commands) for (const how of ['yes', 'no']) assert.ok(seen.has(`${c} ${how}`), `${c} was never tried (${how})`);
		await sound(w);
	}
});

/* ---- From one store to another ------------------------------------------------------------------------------------- */

test('units that stand in one store are fetched in another', async () => {
	for (const w of worlds) {
		await stock(w, 'SHOE', w.S1, 8);
		const [shelf1, shelf2] = [await cell(w, 'SHOE', w.S1), await cell(w, 'SHOE', w.S2)];
		const { order } = await done(w.anna, null, 'place', { store: w.S1, currency: 'EUR', customer: w.ben, items: [item(w, 'SHOE', 4, { units: at(w.S1, 4) })], pays: [{ tender: 'card', amount: '320.00' }] });
		const move = async (qty) => (await done(w.anna, order, 'transfer', { units: [{ line: 1, qty }], to: w.S2 })).transfer;
		const lines = (qty) => [{ sku: w.sku.SHOE, qty, order, line: 1 }];
		const seen = async () => {
			const { lines: [l] } = (await w.bob.get(`/v1/orders/${order}`)).book;
			return { waiting: l.waiting, coming: l.coming, open: Object.fromEntries(l.parts.filter((p) => p.open).map((p) => [p.location.id === w.S1 ? 'S1' : 'S2', p.open])) };
		};
		const id = await move(3);
		assert.deepEqual(await seen(), { waiting: 0, coming: 0, open: { S1: 4 } });
		await w.anna.post('/v1/stock/dispatch', { id, lines: lines(3) }, { 'Idempotency-Key': `d-${w.engine}` });
		await w.anna.post('/v1/stock/dispatch', { id, lines: lines(3) }, { 'Idempotency-Key': `d-${w.engine}` });
		assert.deepEqual(await seen(), { waiting: 3, coming: 3, open: { S1: 1 } });
		assert.ok(!(await w.anna.get('/v1/queue')).items.some((q) => q.order === order && !q.n), 'what is on its way is no problem');
		await refused(w.anna, order, 'allocate', { units: [{ line: 1, qty: 1, location: w.S1, method: 'ship' }] }, 409, 'order.units');

		/* Two come, one is lost: that one needs another location. */
		await w.bob.post('/v1/stock/receive', { id, lines: lines(2), final: true });
		assert.deepEqual(await seen(), { waiting: 1, coming: 0, open: { S1: 1, S2: 2 } });
		assert.deepEqual(await cell(w, 'SHOE', w.S2), { ...shelf2, committed: shelf2.committed + 2 });
		assert.equal((await w.anna.get('/v1/queue')).items.find((q) => q.order === order && !q.n).stage, 'problem');
		await done(w.bob, order, 'pick', {});
		await done(w.bob, order, 'hand_over', {});
		assert.deepEqual(await cell(w, 'SHOE', w.S2), shelf2);

		/* Sent, and sent back. */
		const again = await move(1);
		await w.anna.post('/v1/stock/dispatch', { id: again, lines: lines(1) });
		await w.anna.post('/v1/stock/transfer_cancel', { id: again });
		assert.deepEqual(await seen(), { waiting: 1, coming: 0, open: { S1: 1 } });

		/* What nobody wants any more when it comes is anybody's. */
		const late = await move(1);
		await w.anna.post('/v1/stock/dispatch', { id: late, lines: lines(1) });
		const rest = await done(w.agent, order, 'cancel', { refund_rest: true });
		assert.deepEqual([rest.state, rest.refunded.amount], ['fulfilled', '160.00']);
		await w.bob.post('/v1/stock/receive', { id: late, lines: lines(1) });
		assert.deepEqual(await cell(w, 'SHOE', w.S2), { ...shelf2, available: shelf2.available + 1 });
		assert.equal((await cell(w, 'SHOE', w.S1)).committed, shelf1.committed);

		/* Stock does not send what the order has no more. */
		const two = await done(w.anna, null, 'place', { store: w.S1, currency: 'EUR', items: [item(w, 'SHOE', 1, { units: at(w.S1, 1) })] });
		const { transfer } = await done(w.anna, two.order, 'transfer', { units: [{ line: 1, qty: 1 }], to: w.S2 });
		const other = await done(w.anna, null, 'place', { store: w.S1, currency: 'EUR', items: [item(w, 'SHOE', 1, { units: at(w.S1, 1) })] });
		await done(w.anna, two.order, 'cancel', {});
		const sent = await w.anna.call('POST', '/v1/stock/dispatch', { id: transfer, lines: [{ sku: w.sku.SHOE, qty: 1, order: two.order, line: 1 }] });
		assert.deepEqual([sent.status, sent.json.code], [409, 'order.units'], sent.text);
		await done(w.anna, other.order, 'cancel', {});
		await refused(w.anna, order, 'transfer', { units: [{ line: 1, qty: 1 }] }, 400, 'field.missing', 'to');
		await sound(w);
	}
});

/* ---- What is wrong is named ---------------------------------------------------------------------------------------- */

test('every field that is wrong is named, and nothing is kept', async () => {
	for (const w of worlds) {
		const good = { customer: w.ada, store: w.S1, currency: 'EUR', items: [item(w, 'SHOE', 1), item(w, 'SHOE', 1)] };
		const second = (more) => ({ items: [good.items[0], { ...good.items[1], ...more }] });
		const nobody = '0000000000001', wrong = [
			[{ customer: `cus_${nobody}` }, 'customer', 404], [{ customer: undefined, record: `rec_${nobody}` }, 'record', 404], [{ record: w.ada.replace('cus', 'rec') }, 'record'],
			[{ store: `sto_${nobody}` }, 'store', 404], [{ store: undefined }, 'store'], [{ channel: 'pigeon' }, 'channel'], [{ number: 'x'.repeat(81) }, 'number'],
			[{ currency: 'XXQ' }, 'currency'], [{ policy: 'none' }, 'policy'], [{ tax_included: 1 }, 'tax_included'], [{ shipping: 'x' }, 'shipping'], [{ shipping: '-1' }, 'shipping'],
			[{ shipping: '1.001' }, 'shipping'], [{ shipping_tax_rate: '-1' }, 'shipping_tax_rate'], [{ detail: 'x'.repeat(241) }, 'detail'], [{ nosuch: 1 }, 'nosuch'],
			[{ discounts: [{}] }, 'discounts[0]'], [{ discounts: [{ rate: '10', amount: '1' }] }, 'discounts[0]'], [{ discounts: [{ rate: '101' }] }, 'discounts[0].rate'],
			[{ discounts: [{ rate: '10' }, { amount: 'x' }] }, 'discounts[1].amount'], [{ discounts: [{ rate: '10', threshold: '-1' }] }, 'discounts[0].threshold'],
			[{ discounts: Array(5).fill({ rate: '1' }) }, 'discounts'], [{ items: [] }, 'items'], [{ items: [good.items[0], 7] }, 'items[1]'],
			[second({ sku: `sku_${nobody}` }), 'items[1].sku', 404], [second({ sku: w.S1 }), 'items[1].sku'], [second({ qty: 0 }), 'items[1].qty'], [second({ qty: 100001 }), 'items[1].qty'],
			[second({ qty: 1.5 }), 'items[1].qty'], [second({ unit_price: 'x' }), 'items[1].unit_price'], [second({ unit_price: '-0.01' }), 'items[1].unit_price'],
			[second({ unit_price: 80 }), 'items[1].unit_price'], [second({ unit_price: '9'.repeat(20) }), 'items[1].unit_price'], [second({ list_price: 'x' }), 'items[1].list_price'],
			[second({ tax_rate: '-1' }), 'items[1].tax_rate'], [second({ title: 'x'.repeat(241) }), 'items[1].title'], [second({ discount: { rate: 'x' } }), 'items[1].discount.rate'],
			[second({ discount: { rate: '1', threshold: '5' } }), 'items[1].discount.threshold'], [second({ line: 1 }), 'items[1].line'], [second({ nosuch: 1 }), 'items[1].nosuch'],
			[second({ units: [{ qty: 0, location: w.S1, method: 'ship' }] }), 'items[1].units[0].qty'], [second({ units: [{ qty: 1, method: 'ship' }] }), 'items[1].units[0].location'],
			[second({ units: [{ qty: 1, location: `sto_${nobody}`, method: 'ship' }] }), 'items[1].units[0].location', 404],
			[second({ units: [{ qty: 1, location: w.S1, method: 'fly' }] }), 'items[1].units[0].method'], [second({ units: [{ qty: 1, location: w.S1 }] }), 'items[1].units[0].method'],
			[second({ units: [{ qty: 1, location: w.S1, method: 'ship', hold: 'x' }] }), 'items[1].units[0].hold'],
			[{ pays: [{ tender: 'shells', amount: '1' }] }, 'pays[0].tender'], [{ pays: [{ tender: 'cash' }] }, 'pays[0].amount'], [{ pays: [{ tender: 'cash', amount: '0' }] }, 'pays[0].amount'],
			[{ pays: [{ tender: 'cash', amount: '1.001' }] }, 'pays[0].amount'], [{ pays: [{ tender: 'cash', amount: '1', reference: 'x'.repeat(81) }] }, 'pays[0].reference'],
			[{ quote: true, pays: [{ tender: 'cash', amount: '1' }] }, 'pays'],
		];
		for (const [change, field, status = 400] of wrong)
			for (const path of change.quote || change.pays ? ['/v1/orders'] : ['/v1/orders', '/v1/orders/price']) {
				const answer = await w.admin.call('POST', path, { may_wait: true, ...good, ...change });
				assert.deepEqual([answer.status, answer.json.field], [status, field], `${path} ${JSON.stringify(change).slice(0, 200)}: ${answer.text.slice(0, 300)}`);
			}
		const yen = await w.admin.call('POST', '/v1/orders/price', { store: w.S1, currency: 'JPY', items: [{ sku: w.sku.SHOE, qty: 1 }] });
		assert.deepEqual([yen.status, yen.json.field], [400, 'items[0].unit_price'], 'the catalogue has a price in euros only');
		const list = await w.admin.post('/v1/orders/price', { store: w.S1, items: [{ sku: w.sku.HAT, qty: 2 }] });
		assert.deepEqual([list.currency, list.total.amount], ['EUR', '162.00'], 'without a price: the catalogue\'s');

		const { order } = await done(w.admin, null, 'place', { ...good, may_wait: true });
		for (const [command, body, field, status = 400] of [
			['pay', {}, 'pays'], ['pay', { pays: [{ tender: 'cash', amount: 'x' }] }, 'pays[0].amount'], ['allocate', { units: [{ line: 3, qty: 1, location: w.S1, method: 'ship' }] }, 'units.line'],
			['allocate', { units: [{ qty: 1, location: w.S1, method: 'ship' }] }, 'units[0].line'], ['allocate', { units: [{ line: 1, qty: 1, method: 'ship' }] }, 'units.location'],
			['allocate', { units: [{ line: 1, qty: 1, location: `sto_${nobody}`, method: 'ship' }] }, 'units[0].location', 404], ['return', { units: [{ line: 1, qty: 1, condition: 'odd' }] }, 'units[0].condition'],
			['pick', { pays: [] }, 'pays'], ['refund_done', {}, 'payment'], ['refund_done', { payment: 9 }, 'payment', 404], ['inspect', { units: [{ line: 1, qty: 1 }] }, 'units[0].condition'],
			['change', { items: [item(w, 'HAT', 1, { line: 1 })] }, 'items.sku'], ['change', { items: [item(w, 'SHOE', 1, { line: 9 })] }, 'items.line'],
		]) {
			const answer = await run(w.admin, order, command, body);
			assert.deepEqual([answer.status, answer.json.field], [status, field], `${command} ${JSON.stringify(body)}: ${answer.text.slice(0, 300)}`);
		}
		assert.equal((await w.admin.get(`/v1/orders/${order}`)).book.trail.length, 1);
		await refused(w.admin, `ord_${nobody}`, 'pick', {}, 404, 'order.not_found', 'order');
		await sound(w);
	}
});

/* ---- Who may ------------------------------------------------------------------------------------------------------- */

test('goods are moved where one works; money is not for who packs', async () => {
	for (const w of worlds) {
		await stock(w, 'SHOE', w.S1, 3);
		const body = (store) => ({ store, currency: 'EUR', customer: w.ben, items: [item(w, 'SHOE', 1, { units: at(w.S1, 1) })] });
		await refused(w.bob, null, 'place', body(w.S1), 403, 'store.not_yours', 'store');
		const { order } = await done(w.bob, null, 'place', body(w.S2)); /* promised from another store: that is what it is for */
		await refused(w.bob, null, 'place', { ...body(w.S2), items: [item(w, 'SHOE', 1, { units: at(w.S1, 1, 'take') })] }, 403, 'store.not_yours', 'items[0].units[0].location');
		await refused(w.bob, order, 'pick', { units: [{ line: 1, qty: 1, location: w.S1 }] }, 403, 'store.not_yours', 'units[0].location');
		await refused(w.bob, order, 'pick', {}, 409, 'order.units');
		await refused(w.bob, order, 'pick', { store: w.S1 }, 403, 'store.not_yours', 'store');
		await done(w.packer, order, 'pick', {});
		await refused(w.packer, order, 'pay', { pays: [{ tender: 'cash', amount: '80.00' }] }, 403, 'role.missing');
		await refused(w.packer, null, 'place', body(w.S1), 403, 'role.missing');
		const homeless = await kit.addUser(w.admin, 'associate');
		await refused(homeless, order, 'ready', {}, 403, 'store.not_yours', 'store');
		assert.equal((await homeless.call('GET', '/v1/queue')).status, 403);
		assert.equal((await w.bob.call('GET', `/v1/queue?location=${w.S1}`)).status, 403);
		assert.match(String(await w.bob.stream(`queue:${w.S1}`).catch((e) => e)), /403/);
		const buyer = await kit.addUser(w.admin, 'buyer');
		assert.equal((await buyer.call('GET', `/v1/orders/${order}`)).status, 403);
		/* The agent works for every store; a till's key too. */
		await done(w.agent, order, 'ready', { store: w.S1 });
		await done(w.key, order, 'pay', { pays: [{ tender: 'cash', amount: '80.00' }] });
		await done(w.key, order, 'hand_over', {});
		await sound(w);
	}
});

test('an order goes with its customer', async () => {
	for (const w of worlds) {
		const { order } = await done(w.agent, null, 'place', { store: w.S2, currency: 'EUR', customer: w.ben, may_wait: true, items: [item(w, 'SHOE', 1)] });
		const merged = await w.admin.post('/v1/merges', { a: w.ada, b: w.ben, force: true });
		assert.equal((await w.agent.get(`/v1/orders/${order}`)).customer.id, merged.customer);
		assert.ok((await w.agent.get(`/v1/orders?customer=${w.ada}`)).items.some((o) => o.id === order));
		await w.admin.post(`/v1/decisions/${merged.decision}/undo`, {});
		assert.equal((await w.agent.get(`/v1/orders/${order}`)).customer.id, w.ben);
		await done(w.agent, order, 'cancel', { detail: 'They are two people' });
		await sound(w);
	}
});

/* ---- Changed, sent, arrived --------------------------------------------------------------------------------------- */

test('a change costs what was shown before; what was sent is on its way until it has arrived', async () => {
	for (const w of worlds) {
		await stock(w, 'SHOE', w.S1, 2);
		await stock(w, 'SHOE', w.S2, 2);
		const { order } = await done(w.anna, null, 'place', { customer: w.ada, currency: 'EUR', tax_included: true, discounts: [{ rate: '10' }], shipping: '5.00', shipping_tax_rate: '8.1',
			items: [item(w, 'SHOE', 2, { unit_price: '75.00', discount: { amount: '10.00' }, units: at(w.S1, 2) })], pays: [{ tender: 'card', amount: '131.00' }] });
		const shelf1 = await cell(w, 'SHOE', w.S1), shelf2 = await cell(w, 'SHOE', w.S2);
		const change = { keep_terms: true, may_wait: true, items: [{ line: 1, sku: w.sku.SHOE, qty: 2 }, { sku: w.sku.HAT, qty: 1, unit_price: '20.00' }], units: [{ line: 1, qty: 2, location: w.S2, method: 'ship', from: w.S1 }] };
		const asked = await w.anna.call('POST', `/v1/orders/${order}/change/price`, change);
		assert.equal(answerMisfit(doc, ops.find((o) => o.name.endsWith('/change/price')), asked), undefined);
		const price = asked.json;
		/* the agreed price, the line's own discount, the order's, and shipping with its tax: all as they were */
		assert.deepEqual([price.was.amount, price.total.amount, price.receivable.amount, price.payable.amount], ['131.00', '149.00', '18.00', '0.00']);
		assert.deepEqual(await cell(w, 'SHOE', w.S1), shelf1, 'asking for the price moved something');
		const changed = await done(w.anna, order, 'change', change);
		assert.deepEqual([changed.book.money.total, changed.receivable.amount], [price.total, '18.00']);
		assert.deepEqual(changed.book.lines.map((l) => [l.qty, l.unit_price, l.waiting, l.open]), [[2, '75.00', 0, 2], [1, '20.00', 1, 0]]);
		assert.deepEqual([await cell(w, 'SHOE', w.S1), await cell(w, 'SHOE', w.S2)], [{ ...shelf1, available: shelf1.available + 2, committed: shelf1.committed - 2 }, { ...shelf2, available: shelf2.available - 2, committed: shelf2.committed + 2 }]);
		await refused(w.anna, order, 'allocate', { units: [{ line: 2, qty: 1, location: w.S1, method: 'ship', from: w.S2 }] }, 400, 'field.unknown', 'units[0].from');
		await done(w.anna, order, 'pay', { pays: [{ tender: 'card', amount: '18.00' }] });

		await done(w.bob, order, 'pick', { units: [{ line: 1, qty: 2 }] });
		await done(w.bob, order, 'ship', { units: [{ line: 1, qty: 2 }] });
		const lane = async (who) => (await who.get('/v1/queue')).items.filter((q) => q.order === order && q.stage === 'shipped').map((q) => [q.shipped, q.method, q.late]);
		assert.deepEqual([await lane(w.bob), await lane(w.anna)], [[[2, 'ship', false]], []]);
		assert.ok((await w.bob.get('/v1/queue')).counts.shipped >= 1);
		/* page after page, each of them once */
		const seen = [];
		for (let after = ''; after !== null;) {
			const page = await w.bob.get(`/v1/queue?limit=1${after && `&after=${after}`}`);
			seen.push(...page.items.map((q) => [q.order, q.n, q.line, q.stage].join()));
			after = page.next;
		}
		assert.equal(new Set(seen).size, seen.length);
		assert.ok(seen.some((s) => s.startsWith(order) && s.endsWith('shipped')));
		const arrived = await done(w.anna, order, 'deliver', { units: [{ line: 1, qty: 1 }] });
		assert.deepEqual(arrived.book.lines[0].parts.filter((p) => p.handed + p.shipped).map((p) => [p.handed, p.shipped]), [[1, 1]]);
		await done(w.agent, order, 'return', { store: w.S1, units: [{ line: 1, qty: 2, condition: 'good' }] });
		assert.deepEqual(await lane(w.bob), [], 'what came back is not on its way');
		await sound(w);
	}
});

/* ---- What tills say has happened ----------------------------------------------------------------------------------- */

test('a return that was told before its sale waits for it; what was given back beyond is looked at', async () => {
	for (const w of worlds) {
		const number = `early-${w.engine}`;
		const told = { number, sku: w.sku.SHOE, qty: 1, location: w.S2, condition: 'good', tender: 'card', amount: '80.00' };
		const before = await cell(w, 'SHOE', w.S2), key = { 'Idempotency-Key': `r-${w.engine}` };
		const early = await w.key.post('/v1/returns', told, key);
		assert.deepEqual([early.order, early.parked], [null, 1]);
		assert.deepEqual(await w.key.post('/v1/returns', told, key), early);
		assert.equal((await cell(w, 'SHOE', w.S2)).available, before.available + 1);
		const waiting = async () => (await w.bob.get('/v1/parked-returns')).items.filter((p) => p.number === number);
		const [parked] = await waiting();
		assert.deepEqual([parked.qty, parked.location.id, parked.refunded.amount], [1, w.S2, '80.00']);

		await stock(w, 'SHOE', w.S1, 2);
		const { order } = await done(w.anna, null, 'place', { number, store: w.S1, currency: 'EUR', items: [item(w, 'SHOE', 2, { units: at(w.S1, 2, 'take') })], pays: [{ tender: 'card', amount: '160.00' }] });
		const { book } = await w.anna.get(`/v1/orders/${order}`);
		assert.deepEqual([book.lines[0].returned, book.money.refunded.amount], [1, '80.00']);
		assert.deepEqual(await waiting(), []);
		await refused(w.anna, null, 'place', { number, store: w.S1, currency: 'EUR', may_wait: true, items: [item(w, 'SHOE', 1)] }, 409, 'order.number');

		const over = await w.key.post('/v1/returns', { ...told, amount: '99.00' });
		assert.deepEqual([over.order, over.taken, over.unmatched], [order, 1, true]);
		const [review] = (await w.admin.get('/v1/order-reviews')).items;
		assert.deepEqual([review.order, review.number, review.unmatched.amount], [order, number, '19.00']);
		await w.admin.post(`/v1/order-reviews/${review.id}/close`);
		assert.equal((await w.admin.call('POST', `/v1/order-reviews/${review.id}/close`, {})).status, 404);
		assert.deepEqual((await w.admin.get('/v1/order-reviews')).items, []);

		/* without a receipt: somebody finds its sale, or says that none will come */
		const stream = await w.admin.stream('settle');
		for (let n = 0; n < 2; n++) await w.key.post('/v1/returns', { sku: w.sku.SHOE, qty: 1, location: w.S2, condition: 'good', tender: 'cash' });
		await stream.next((e) => e.event === 'settle', 1000);
		const [one, two] = (await w.admin.get('/v1/parked-returns')).items.filter((p) => p.number === null);
		await stock(w, 'SHOE', w.S1, 1);
		const sale = await done(w.anna, null, 'place', { currency: 'EUR', items: [item(w, 'SHOE', 1, { units: at(w.S1, 1, 'take') })], pays: [{ tender: 'cash', amount: '80.00' }] });
		const settle = (p, body, who = w.admin) => who.call('POST', `/v1/parked-returns/${p.id}/settle`, body);
		assert.equal((await settle(one, { order: sale.order }, w.anna)).status, 403);
		assert.deepEqual([(await settle(one, { order: sale.order })).status, (await settle(one, {})).status], [204, 404]);
		assert.equal((await w.anna.get(`/v1/orders/${sale.order}`)).book.lines[0].returned, 1);
		assert.equal((await settle(two, { order: sale.order })).json.code, 'order.units');
		stream.events.length = 0;
		assert.equal((await settle(two, {})).status, 204);
		await stream.next((e) => e.event === 'settle', 1000);
		stream.close();
		assert.deepEqual((await w.admin.get('/v1/parked-returns')).items.filter((p) => p.number === null), []);
		for (const [change, field, status = 400] of [[{ qty: 0 }, 'qty'], [{ sku: 'sku_0000000000001' }, 'sku', 404], [{ location: 'sto_0000000000001' }, 'location', 404],
			[{ condition: 'scrap' }, 'condition'], [{ tender: 'shells' }, 'tender'], [{ amount: 'x' }, 'amount'], [{ number: 'x'.repeat(81) }, 'number']]) {
			const answer = await w.key.call('POST', '/v1/returns', { ...told, ...change });
			assert.deepEqual([answer.status, answer.json.field], [status, field], answer.text);
		}
		await sound(w);
	}
});

/* ---- The command line ---------------------------------------------------------------------------------------------- */

test('byname order does and shows the same', async () => {
	const w = worlds[0], { url } = w.server.database;
	if (w.engine !== 'sqlite') return; /* several servers of one PostgreSQL have sockets of their own */
	const byname = async (code, ...args) => {
		const said = await kit.byname('order', ...args, '--db', url);
		assert.equal(said.code, code, `byname order ${args.join(' ')}: ${said.out}${said.err}`);
		return said.out + said.err;
	};
	await stock(w, 'SCARF', w.S1, 3);
	assert.match(await byname(0, 'quote', 'SCARF*3,price=80,tax=8.1', '--store', 'S1', '--discount', '10%,over=100', '--price'), /total EUR 233\.50/);
	assert.match(await byname(0, 'place', 'SCARF*3,price=80.00,from=S1', '--store', 'S1', '--customer', w.ada, '--number', 'CLI-1', '--pay', 'card=240.00', '--detail', 'for Sunday'), /placed/);
	assert.match(await byname(0, 'queue', 'S1'), /new +CLI-1 +line 1 SCARF +Ada Stone/);
	for (const verb of ['pick', 'ready', 'arrive', 'hand-over']) await byname(0, verb, 'CLI-1');
	assert.match(await byname(0, 'return', 'CLI-1', '1,condition=good', '--store', 'S2', '--price'), /total EUR 80\.00 +card EUR 80\.00/);
	assert.match(await byname(0, 'return', 'CLI-1', '1,condition=good', '--store', 'S2', '--refund-rest'), /given back EUR 80\.00/);
	assert.match(await byname(0, 'exchange', 'CLI-1', '1,condition=good', '--item', 'SCARF,price=100.00,from=S2,method=take', '--store', 'S2', '--pay', 'cash=20.00'), /amount EUR 20\.00/);
	assert.match(await byname(0, 'show', 'cli-1'), /3 handed 2 returned[^]*place[^]*for Sunday[^]*exchange/);
	assert.match(await byname(0, 'find', '--phone', '+41446681234'), /CLI-1/);
	assert.equal(JSON.parse(await byname(0, 'show', 'CLI-1', '--json')).book.state, 'fulfilled');
	assert.match(await byname(1, 'ship', 'CLI-1'), /order\.(units|state)/);
	assert.match(await byname(3, 'show', 'NO-SUCH'), /order\.unknown/);
	assert.match(await byname(2, 'place', 'SCARF*x', '--store', 'S1'), /how many/);
	assert.match(await byname(2, 'dance', 'CLI-1'), /no such thing/);
	assert.match(await byname(0, 'parked'), /receipt|No return|early/);
	assert.match(await byname(0, 'reviews'), /Nothing to look at/);
});
