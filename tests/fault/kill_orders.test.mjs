/* kill -9 at random moments while orders are placed, paid, picked, handed over and brought back, and units held, over HTTP: of
 * the one server on SQLite, of one of two on PostgreSQL. What was answered is there, once, and sent again gets the same
 * answer; what was not is sent again and then is there, once. Units and money come out as the answers say. 5 kills an
 * engine, or BYNAME_KILLS. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addChain } from '../api/chain.mjs';
import * as kit from '../api/server.mjs';

const KILLS = Number(process.env.BYNAME_KILLS ?? 5);
/* A killed server's node number is leased for two minutes more where others may live: 128 of them. */
const SERVERS_PAUSE_MS = 1_000;
const CLIENTS = 8, LONGEST_MS = 350, CHECK_EVERY = 25, SHELF = 1_000_000, PRICE = '19.99', PAIR = '39.98', TAKEN_MS = 10_000;
const seed = kit.seedOf();

after(kit.cleanUp);

/* ---- What a client does: one order after the other, each by the same steps ---------------------------------------- */

const STEPS = ['place', 'pick', 'hand_over', 'return', 'hold', 'release'];

function write(world, story, step) {
	const { BER, MUC } = world.chain.store, { sku, name, order, hold } = story;
	const units = (qty, location, more) => [{ line: 1, qty, location, ...more }];
	const idem = { 'Idempotency-Key': `${name}-${step}` };
	switch (STEPS[step]) {
	case 'place':
		return { path: '/v1/orders', headers: idem, body: { number: name, store: BER, currency: 'EUR', tax_included: true,
			items: [{ sku, qty: 2, unit_price: PRICE, tax_rate: '19', units: [{ qty: 2, location: BER, method: 'pick_up' }] }], pays: [{ tender: 'card', amount: PAIR }] } };
	case 'pick':
	case 'hand_over':
		return { path: `/v1/orders/${order}/${STEPS[step]}`, headers: idem, body: { store: BER, units: units(2, BER, { method: 'pick_up' }) } };
	case 'return':
		return { path: `/v1/orders/${order}/return`, headers: idem, body: { store: MUC, units: units(1, MUC, { condition: 'good' }), refund_rest: true } };
	case 'hold':
		return { path: '/v1/stock/hold', headers: idem, body: { sku, location: MUC, qty: 3 } };
	default:
		return { path: '/v1/stock/release', headers: idem, body: { id: hold } };
	}
}

function take(story, step, answer) {
	if (STEPS[step] === 'place') story.order = answer.order;
	if (STEPS[step] === 'hold') story.hold = answer.id;
	story.answers.push({ order: answer.order, event: answer.event, id: answer.id, qty: answer.qty, refunded: answer.refunded?.amount });
	story.step = step + 1;
}

const staff = (world, server) => (server.staff ??= server.client.as({ cookie: world.admin.cookie, csrf: world.admin.csrf }));

/* The answer, or null where there was no telling. */
async function send(world, server, w) {
	let answer;
	try {
		answer = await staff(world, server).call('POST', w.path, w.body, w.headers);
	} catch {
		return null; /* the connection broke: nobody knows */
	}
	if (answer.status >= 200 && answer.status < 300) return answer.json;
	if ([429, 503].includes(answer.status) || answer.json?.code === 'idempotency.running') return null;
	throw new Error(`seed ${seed}: ${w.path} ${JSON.stringify(w.body)}: ${answer.status} ${answer.text}`);
}

async function client(world, round, number, state) {
	const server = world.servers[number % world.servers.length];
	for (let n = 0; !state.stop; n++) {
		const story = { name: `r${round.number}-${number}-${n}`, sku: world.skus[(number + n) % world.skus.length], step: 0, answers: [] };
		round.stories.push(story);
		while (story.step < STEPS.length) {
			const answer = state.stop ? null : await send(world, server, write(world, story, story.step));
			if (!answer) {
				if (!server.alive() || state.stop) return;
				continue;
			}
			take(story, story.step, answer);
			round.acknowledged++;
		}
	}
}

/* ---- Afterwards --------------------------------------------------------------------------------------------------- */

/* What was under way, once more, on any server. */
async function finish(world, round, rnd) {
	for (const story of round.stories.filter((s) => s.step < STEPS.length)) {
		const server = world.servers[rnd.below(world.servers.length)], step = story.step;
		let answer = null;
		for (const until = Date.now() + TAKEN_MS; !answer; ) {
			answer = await send(world, server, write(world, story, step));
			assert.ok(answer || Date.now() < until, `seed ${seed}: ${story.name} ${STEPS[step]} is never taken`);
			if (!answer) await kit.sleep(20);
		}
		take(story, step, answer);
		round.again++;
	}
}

async function verify(world, round) {
	for (const { name, order, step } of round.stories) {
		const local = world.servers.at(-1).local, told = `seed ${seed}, ${name} after ${step} steps`;
		const { items } = await local.get(`/v1/orders?number=${name}`);
		assert.deepEqual(items.map((o) => o.id), [order], told);
		const { book } = await local.get(`/v1/orders/${order}`), line = book.lines[0];
		assert.deepEqual({ open: line.open, picked: line.picked, handed: line.handed, returned: line.returned },
			{ open: step === 1 ? 2 : 0, picked: step === 2 ? 2 : 0, handed: step >= 3 ? 2 : 0, returned: step >= 4 ? 1 : 0 }, told);
		assert.equal(book.trail.length, Math.min(step, 4), `${told}: ${JSON.stringify(book.trail)}`);
		assert.equal(book.money.captured.amount, step >= 4 ? PRICE : PAIR, told);
	}
	/* Sent again: the same answers. */
	for (const story of round.stories.slice(-10)) {
		const step = story.step - 1, now = await send(world, world.servers[0], write(world, story, step)), was = story.answers[step];
		assert.ok(now, story.name);
		assert.deepEqual({ order: now.order, event: now.event, id: now.id, qty: now.qty, refunded: now.refunded?.amount }, was, `seed ${seed}, ${story.name}`);
	}
}

/* The shelves of both stores hold what all answers together come to. */
async function counted(world, stories) {
	const { BER, MUC } = world.chain.store, grid = await world.local().get(`/v1/stock?sku=${world.skus.join(',')}&location=${BER},${MUC}`);
	for (const sku of world.skus) {
		const want = { [BER]: { available: SHELF, committed: 0, picked: 0, held: 0 }, [MUC]: { available: SHELF, committed: 0, picked: 0, held: 0 } };
		for (const { step } of stories.filter((s) => s.sku === sku)) {
			if (step >= 1) want[BER].available -= 2;
			if (step === 1) want[BER].committed += 2;
			if (step === 2) want[BER].picked += 2;
			if (step >= 4) want[MUC].available += 1;
			if (step === 5) (want[MUC].available -= 3), (want[MUC].held += 3);
		}
		for (const store of [BER, MUC]) {
			const { available, committed, picked, held } = grid.cells.find((c) => c.sku === sku && c.location === store);
			assert.deepEqual({ available, committed, picked, held }, want[store], `seed ${seed}: ${sku} at ${store}`);
		}
	}
}

async function open(engine) {
	const database = kit.newDatabase(engine), count = engine === 'sqlite' ? 1 : 2, servers = [];
	for (let i = 0; i < count; i++) servers.push(await kit.startServer(database));
	const world = { database, servers, admin: await kit.firstAdmin(servers[0]), chain: await addChain(servers[0]), local: () => servers[0].local };
	world.skus = [world.chain.sku['OX-42'], world.chain.sku['SH-M'], world.chain.sku['SN-42']];
	for (const sku of world.skus)
		for (const store of [world.chain.store.BER, world.chain.store.MUC])
			await world.local().post('/v1/stock/adjust', { sku, location: store, qty: SHELF, reason: 'opening' });
	return world;
}

async function sound(world) {
	await kit.settled(world.local());
	const { findings } = await world.local().post('/v1/check');
	assert.deepEqual(findings, [], `seed ${seed}`);
}

for (const engine of kit.engines)
	test(`${KILLS} kills while orders are commanded, ${engine}`, async (t) => {
		const world = await open(engine), rnd = kit.random(seed), stories = [];
		let acknowledged = 0, again = 0;
		for (let r = 0; r < KILLS; r++) {
			const began = Date.now(), round = { number: r, stories: [], acknowledged: 0, again: 0 }, state = { stop: false }, victim = rnd.below(world.servers.length);
			const load = Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(world, round, i, state)));
			await kit.sleep(5 + rnd.below(LONGEST_MS));
			await world.servers[victim].kill();
			await kit.sleep(world.servers.length > 1 ? rnd.below(60) : 0);
			state.stop = true;
			await load;
			world.servers[victim] = await kit.startServer(world.database);
			await finish(world, round, rnd);
			await verify(world, round);
			stories.push(...round.stories);
			await counted(world, stories);
			acknowledged += round.acknowledged;
			again += round.again;
			if (world.servers.length > 1) await kit.sleep(began + SERVERS_PAUSE_MS - Date.now());
			if (r % CHECK_EVERY === CHECK_EVERY - 1) {
				await sound(world);
				console.error(`# ${engine}: ${r + 1} of ${KILLS} kills`);
			}
		}
		await sound(world);
		assert.ok(acknowledged > KILLS * 5 && again > 0, `no load: ${acknowledged} acknowledged, ${again} again`);
		t.diagnostic(`${KILLS} kills, ${acknowledged} commands answered before one, ${again} sent again`);
		for (const server of world.servers) await server.stop();
	});
