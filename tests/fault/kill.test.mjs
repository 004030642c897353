/* kill -9 at random moments under load: of the one server on SQLite, of one of two servers on PostgreSQL. Every write that
 * was acknowledged is there exactly once; one that was not is applied once when it is sent again; check finds nothing and
 * a rebuild is equal. 5 kills an engine, or BYNAME_KILLS. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as kit from '../api/server.mjs';

const KILLS = Number(process.env.BYNAME_KILLS ?? 5);
const PEOPLE = 6, CLIENTS = 10, NOTES = 16, MERGES = 5;
const LONGEST_MS = 300;
const CHECK_EVERY = 25;
const seed = kit.seedOf();

after(kit.cleanUp);

/* ---- One round's people ------------------------------------------------------------------------------------------- */

const dayOf = (round) => new Date(Date.UTC(2015, 0, 1) + round * 86_400_000).toISOString().slice(0, 10);

async function meet(world, round) {
	const day = dayOf(round), timestamp = `${day}T12:00:00Z`, keys = [];
	const batch = [];
	for (let i = 0; i < PEOPLE; i++) {
		const key = `k${round}-${i}`;
		keys.push(key);
		batch.push(kit.message.identify(key, { firstName: `Round${round}`, lastName: `Person${i}` }, { timestamp }));
		batch.push(kit.message.order(key, `first-${key}`, [{ sku: `S${i}`, price: 10, quantity: 1 }], { mark: `first-${key}` }));
		batch.at(-1).timestamp = timestamp;
	}
	await world.key().post('/v1/batch', { batch });
	await kit.settled(world.local());
	const { rows } = await world.local().get(`/v1/top?from=${day}&to=${day}`);
	const people = await Promise.all(rows.map(async ({ customer }) => {
		const whole = await world.local().get(`/v1/customers/${customer}`);
		return { customer, record: whole.records[0].id, key: whole.records[0].source_key };
	}));
	assert.equal(people.length, PEOPLE, `seed ${seed}, round ${round}: ${rows.length} people`);
	return { round, timestamp, people, marks: new Map(people.map((p) => [p.key, [`first-${p.key}`]])), notes: new Map(people.map((p) => [p.key, []])), decisions: [], noted: 0, merged: 0, n: 0 };
}

/* ---- The load ----------------------------------------------------------------------------------------------------- */

/* A write that can be sent again: {method, path, body, headers, by, done(answer)}. */
function write(round, rnd) {
	const person = rnd.pick(round.people), mark = `w${round.round}-${++round.n}`;
	const touch = (m) => {
		round.marks.get(person.key).push(m);
		return kit.message.track(person.key, 'Visited', { mark: m, store: 'S1' }, { timestamp: round.timestamp });
	};
	const order = (m) => {
		round.marks.get(person.key).push(m);
		const made = kit.message.order(person.key, m, [{ sku: 'S1', price: '12.50', quantity: 2 }, { sku: 'S2', price: 5 }], { mark: m });
		return { ...made, timestamp: round.timestamp };
	};
	const idem = { 'Idempotency-Key': mark };
	const kind = rnd.below(10);
	if (kind < 2 && round.noted < NOTES) {
		round.noted++;
		round.notes.get(person.key).push(mark);
		return { by: 'staff', path: `/v1/customers/${person.customer}/notes`, body: { text: mark }, headers: idem };
	}
	if (kind === 2 && round.merged < MERGES) {
		round.merged++;
		const other = rnd.pick(round.people.filter((p) => p !== person));
		return {
			by: 'staff',
			path: '/v1/merges',
			body: { a: person.customer, b: other.customer },
			headers: idem,
			fine: [409], /* one customer already */
			done: (answer) => answer.status === 201 && round.decisions.push({ id: answer.json.decision, of: person, undone: false }),
		};
	}
	if (kind === 3 && round.decisions.some((d) => !d.undone)) {
		const decision = round.decisions.find((d) => !d.undone);
		decision.undone = true;
		return { by: 'staff', path: `/v1/decisions/${decision.id}/undo`, body: {}, headers: idem };
	}
	if (kind < 7) return { by: 'till', path: '/v1/track', body: kind < 5 ? touch(mark) : order(mark) };
	const batch = Array.from({ length: 3 + rnd.below(15) }, (_, i) => (rnd.chance(0.5) ? touch(`${mark}.${i}`) : order(`${mark}.${i}`)));
	return { by: 'till', path: '/v1/batch', body: { batch } };
}

async function send(who, w) {
	const answer = await who.call('POST', w.path, w.body, w.headers);
	const fine = (answer.status >= 200 && answer.status < 300) || w.fine?.includes(answer.status);
	if (!fine && ![429, 503].includes(answer.status))
		throw Object.assign(new Error(`${w.path} ${JSON.stringify(w.body).slice(0, 300)}: ${answer.status} ${answer.text}`), { told: true });
	if (!fine) return false;
	if (w.path === '/v1/batch') assert.equal(answer.json.dead, 0, answer.text);
	w.done?.(answer);
	return true;
}

/* Clients write until told to stop; what was not acknowledged comes back. */
async function load(world, round, rnd, state) {
	const open = [];
	await Promise.all(Array.from({ length: CLIENTS }, async (_, i) => {
		while (!state.stop) {
			const w = write(round, rnd), server = world.servers[i % world.servers.length];
			try {
				if (!(await send(world.who(server, w.by), w))) open.push(w);
				else state.acknowledged++;
			} catch (e) {
				if (e.told) throw e;
				open.push(w); /* the connection broke: nobody knows */
				if (!server.alive()) return;
			}
		}
	}));
	return open;
}

/* ---- What is there ------------------------------------------------------------------------------------------------ */

async function timeline(local, customer) {
	const items = [];
	for (let next = ''; next !== null; ) {
		const page = await local.get(`/v1/customers/${customer}/timeline?limit=200${next && `&before=${next}`}`);
		items.push(...page.items);
		next = page.next;
	}
	return items;
}

async function verify(world, round) {
	const told = `seed ${seed}, round ${round.round}`, shown = new Map();
	for (const local of world.servers.map((s) => s.local))
		for (const p of round.people) {
			const items = (await timeline(local, p.customer)).filter((i) => i.record === p.record);
			assert.deepEqual(items.map((i) => i.body.mark).sort(), [...round.marks.get(p.key)].sort(), `${told}: ${p.key}'s touchpoints`);
			for (const item of items.filter((i) => i.order && !i.body.mark.startsWith('first-'))) {
				const o = await local.get(`/v1/orders/${item.order}`);
				assert.equal(o.number, item.body.mark, told);
				assert.equal(o.revision, 1, `${told}: ${o.number} was changed`);
				assert.equal(o.total.amount, '30.00', told);
				assert.equal(o.lines.length, 2, told);
			}
			const whole = await local.get(`/v1/customers/${p.customer}`);
			const notes = whole.notes.filter((n) => n.record === p.record).map((n) => n.text);
			assert.deepEqual(notes.sort(), [...round.notes.get(p.key)].sort(), `${told}: ${p.key}'s notes`);
			for (const d of whole.decisions) shown.set(d.id, d);
		}
	/* A decision hangs on the founding records of its day: it shows with one of the round's people. */
	for (const d of round.decisions) {
		assert.ok(shown.has(d.id), `${told}: the merge ${d.id} of ${d.of.key}`);
		assert.equal(shown.get(d.id).undone, d.undone, `${told}: ${d.id}`);
	}
	const merges = [...shown.values()].filter((d) => d.kind === 'merge');
	assert.equal(merges.length, round.decisions.length, `${told}: ${JSON.stringify(merges)}`);
}

async function sound(world, rebuild) {
	const local = world.local();
	await kit.settled(local);
	const { findings } = await local.post('/v1/check');
	assert.deepEqual(findings, [], `seed ${seed}`);
	if (!rebuild) return;
	for (const view of (await local.post('/v1/rebuild')).views) assert.ok(view.equal, `seed ${seed}: ${JSON.stringify(view)}`);
}

/* ---- The test ----------------------------------------------------------------------------------------------------- */

async function open(engine) {
	const database = kit.newDatabase(engine), count = engine === 'sqlite' ? 1 : 2, servers = [];
	for (let i = 0; i < count; i++) servers.push(await kit.startServer(database));
	const admin = await kit.firstAdmin(servers[0]), key = await kit.addKey(admin);
	return {
		database,
		servers,
		who: (server, by) => (server[by] ??= server.client.as(by === 'till' ? { key: key.key } : { cookie: admin.cookie, csrf: admin.csrf })),
		key: () => servers[0].client.as({ key: key.key }),
		local: () => servers[0].local,
	};
}

for (const engine of kit.engines)
	test(`${KILLS} kills under load, ${engine}`, async (t) => {
		const world = await open(engine), rnd = kit.random(seed), rounds = [];
		let acknowledged = 0, again = 0;
		for (let r = 0; r < KILLS; r++) {
			const round = await meet(world, r), state = { stop: false, acknowledged: 0 };
			const victim = rnd.below(world.servers.length);
			const killed = kit.sleep(5 + rnd.below(LONGEST_MS)).then(() => world.servers[victim].kill()).then(() => kit.sleep(world.servers.length > 1 ? rnd.below(60) : 0)).then(() => (state.stop = true));
			const left = await load(world, round, rnd, state);
			await killed;
			world.servers[victim] = await kit.startServer(world.database);
			for (const w of left) {
				const at = world.servers[rnd.below(world.servers.length)];
				for (const until = Date.now() + 10_000; !(await send(world.who(at, w.by), w)); await kit.sleep(20))
					assert.ok(Date.now() < until, `seed ${seed}: ${w.path} is never taken`);
			}
			await verify(world, round);
			rounds.push(round);
			acknowledged += state.acknowledged;
			again += left.length;
			if (r % CHECK_EVERY === CHECK_EVERY - 1) {
				await sound(world, false);
				if (KILLS > CHECK_EVERY) console.error(`# ${engine}: ${r + 1} of ${KILLS} kills`);
			}
		}
		for (const round of rounds.slice(-20)) await verify(world, round);
		await sound(world, true);
		assert.ok(acknowledged > KILLS * 5 && again > 0, `no load: ${acknowledged} acknowledged, ${again} again`);
		t.diagnostic(`${KILLS} kills, ${acknowledged} writes acknowledged before one, ${again} sent again`);
		for (const server of world.servers) await server.stop();
	});
