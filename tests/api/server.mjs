/* What the tests start and talk to: the built program (BYNAME_BIN, else build/debug/byname) on a database of its own, a
 * temporary PostgreSQL when BYNAME_TEST_PG names none, and a small HTTP client. No dependencies. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const program = resolve(process.env.BYNAME_BIN ?? join(top, 'build/debug/byname'));
export const engines = (process.env.BYNAME_TEST_ENGINES ?? 'sqlite postgresql').split(' ');
export const password = 'correct horse battery';
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

if (!existsSync(program)) throw new Error(`${program} is not built (BYNAME_BIN names another)`);

/* ---- Databases --------------------------------------------------------------------------------------------------- */

let cluster, clusterDir;
const scratch = [];

function clusterUrl() {
	if (process.env.BYNAME_TEST_PG) return process.env.BYNAME_TEST_PG;
	if (!cluster) {
		clusterDir = join(tmpdir(), `bnpg.${randomBytes(4).toString('hex')}`);
		cluster = execFileSync(join(top, 'scripts/pg-temp'), ['start', clusterDir, '-c', 'fsync=off'], {
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'inherit'],
		}).trim();
	}
	return cluster;
}

export function psql(url, sql) {
	return execFileSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql], { encoding: 'utf8' }).trim();
}

/* A session of psql that stays open: say(sql) sends, ends with end(). */
export function psqlSession(url) {
	const child = spawn('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', url], { stdio: ['pipe', 'pipe', 'inherit'] });
	let out = '';
	child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
	return {
		async say(sql) {
			const mark = `done ${randomBytes(6).toString('hex')}`;
			child.stdin.write(`${sql};\n\\echo ${mark}\n`);
			for (const until = Date.now() + 10_000; !out.includes(mark); await sleep(5))
				if (Date.now() > until || child.exitCode !== null) throw new Error(`psql: no answer to ${sql}`);
			const text = out.slice(0, out.indexOf(mark)).trim();
			out = '';
			return text;
		},
		end: () => child.stdin.end(),
	};
}

/* A database of its own: {engine, url}. */
export function newDatabase(engine) {
	if (engine === 'sqlite') {
		const dir = mkdtempSync(join(tmpdir(), 'byname-'));
		scratch.push(dir);
		return { engine, dir, url: join(dir, 'byname.db') };
	}
	const name = `t_${randomBytes(6).toString('hex')}`;
	psql(clusterUrl(), `CREATE DATABASE ${name}`);
	const base = clusterUrl();
	const url = /dbname=\S+/.test(base) ? base.replace(/dbname=\S+/, `dbname=${name}`) : `${base} dbname=${name}`;
	const dir = mkdtempSync(join(tmpdir(), 'byname-'));
	scratch.push(dir);
	return { engine, dir, url };
}

/* ---- The client -------------------------------------------------------------------------------------------------- */

export class Client {
	constructor(port, who = {}) {
		this.port = port;
		Object.assign(this, who); /* cookie and csrf, or key, or socket */
		this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
	}

	as(who) {
		return new Client(this.port, who);
	}

	where() {
		return this.socket ? { socketPath: this.socket } : { host: '127.0.0.1', port: this.port };
	}

	headers(method, more) {
		const h = {};
		if (this.key) h.Authorization = `Bearer ${this.key}`;
		if (this.cookie) h.Cookie = this.cookie;
		if (this.csrf && method !== 'GET') h['X-Byname-CSRF'] = this.csrf;
		return { ...h, ...more };
	}

	/* {status, headers, text, json}; body: an object, or text or bytes as they are. */
	call(method, path, body, more = {}) {
		const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
		const data = body === undefined ? undefined : Buffer.from(raw ? body : JSON.stringify(body));
		const headers = this.headers(method, {
			...(data && { 'Content-Type': 'application/json', 'Content-Length': data.length }),
			...more,
		});
		return new Promise((done, fail) => {
			const request = http.request(
				{ ...this.where(), method, path, headers, agent: this.agent, timeout: 120_000 },
				(answer) => {
					const parts = [];
					answer.on('data', (part) => parts.push(part));
					answer.on('error', fail);
					answer.on('end', () => {
						const text = Buffer.concat(parts).toString();
						const type = answer.headers['content-type'] ?? '';
						let json;
						try {
							if (/json/.test(type)) json = JSON.parse(text);
						} catch {
							/* json stays undefined: the test says so */
						}
						done({ status: answer.statusCode, headers: answer.headers, type, text, json });
					});
				},
			);
			request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in 120 s`)));
			request.on('error', fail);
			request.end(data);
		});
	}

	/* The answer's JSON; anything but 2xx throws. */
	async ok(method, path, body, more) {
		const answer = await this.call(method, path, body, more);
		if (answer.status < 200 || answer.status > 299)
			throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 400)}`);
		return answer.json;
	}

	get(path) {
		return this.ok('GET', path);
	}

	post(path, body = {}, more) {
		return this.ok('POST', path, body, more);
	}

	close() {
		this.agent.destroy();
	}

	/* Server-sent events: {events, next(match, ms), close()}; resolves when "hello" is there. */
	stream(topics) {
		const events = [];
		return new Promise((done, fail) => {
			const path = `/v1/events?topics=${encodeURIComponent(topics)}`;
			const options = { ...this.where(), path, headers: this.headers('GET'), agent: false };
			const request = http.get(options, (answer) => {
				if (answer.statusCode !== 200) return fail(new Error(`stream: ${answer.statusCode}`));
				let rest = '';
				const state = { events, ended: false, close: () => request.destroy() };
				state.next = async (match, ms = 5000) => {
					for (const until = Date.now() + ms; ; await sleep(5)) {
						const at = events.findIndex(match);
						if (at >= 0) return events.splice(at, 1)[0];
						if (Date.now() > until) throw new Error(`no such event in ${ms} ms: ${JSON.stringify(events)}`);
					}
				};
				answer.setEncoding('utf8');
				answer.on('error', () => (state.ended = true));
				answer.on('close', () => (state.ended = true));
				answer.on('data', (text) => {
					const blocks = (rest + text).replaceAll('\r', '').split('\n\n');
					rest = blocks.pop();
					for (const block of blocks) {
						const event = /^event: ?(.*)$/m.exec(block)?.[1];
						const data = /^data: ?(.*)$/m.exec(block)?.[1];
						if (event === 'hello') done(state);
						else if (event) events.push({ event, at: Date.now(), ...JSON.parse(data || '{}') });
					}
				});
			});
			request.on('error', (e) => (e.code === 'ECONNRESET' ? undefined : fail(e)));
		});
	}
}

/* ---- The server -------------------------------------------------------------------------------------------------- */

const running = new Set();

/* One key for all servers of this process. */
let keyFile;
function webhookKey() {
	if (!keyFile) {
		const dir = mkdtempSync(join(tmpdir(), 'byname-'));
		scratch.push(dir);
		writeFileSync((keyFile = join(dir, 'webhook.key')), randomBytes(32).toString('base64'), { mode: 0o600 });
	}
	return keyFile;
}

/* Starts `byname serve` on a database. {port, link, client, pid, log(), stop(), kill()}; link: the first-run token; client: nobody;
 * local: the command line's socket, which has no limits. */
export async function startServer(database, { args = [], env = {}, port = 0 } = {}) {
	const argv = ['serve', '--db', database.url, '--port', String(port), ...args];
	/* Beside a SQLite file the command line finds it; several servers on one PostgreSQL each have their own. */
	const socket = database.engine === 'sqlite' ? `${database.url}.sock` : join(database.dir, `s${randomBytes(3).toString('hex')}.sock`);
	if (database.engine !== 'sqlite') argv.push('--socket', socket);
	/* Beside a SQLite file the server makes its own key. */
	const key = database.engine === 'sqlite' ? {} : { BYNAME_WEBHOOK_KEY: webhookKey() };
	const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...key, ...env } });
	let out = '', log = '';
	child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
	child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
	running.add(child);
	const gone = new Promise((done) => child.on('close', (code, signal) => (running.delete(child), done({ code, signal }))));
	let serving;
	for (const until = Date.now() + 30_000; !(serving = /is serving .* on (http\S+)/.exec(out)); await sleep(10))
		if (Date.now() > until || child.exitCode !== null || child.signalCode)
			throw new Error(`byname serve did not start (${child.exitCode ?? child.signalCode})\n${out}\n${log}`);
	const at = Number(new URL(serving[1]).port);
	const server = {
		database,
		child,
		pid: child.pid,
		port: at,
		url: serving[1],
		link: /\/link\/([\w-]{20,})/.exec(out)?.[1],
		client: new Client(at),
		local: new Client(at, { socket }),
		gone,
		log: () => log,
		alive: () => child.exitCode === null && !child.signalCode,
		async stop() {
			child.kill('SIGTERM');
			const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
			const end = await gone;
			clearTimeout(timer);
			if (end.code !== 0) throw new Error(`byname serve ended with ${end.code ?? end.signal}\n${log.slice(-4000)}`);
		},
		async kill() {
			child.kill('SIGKILL');
			await gone;
		},
	};
	await ready(server);
	return server;
}

async function ready(server) {
	for (const until = Date.now() + 30_000; ; await sleep(10)) {
		if ((await server.client.call('GET', '/readyz')).status === 200) return;
		if (Date.now() > until) throw new Error('byname serve is never ready');
	}
}

/* The program's own commands: {code, out, err}. */
export function byname(...args) {
	const env = { ...process.env, ...(args.some((a) => /\bdbname=/.test(a)) && { BYNAME_WEBHOOK_KEY: webhookKey() }) };
	return new Promise((done) =>
		execFile(program, args, { encoding: 'utf8', maxBuffer: 64 << 20, env }, (e, out, err) =>
			done({ code: e ? (e.code ?? 1) : 0, out, err }),
		),
	);
}

/* ---- People who sign in ------------------------------------------------------------------------------------------ */

const session = (answer) => ({
	cookie: answer.headers['set-cookie'][0].split(';')[0],
	csrf: answer.json.csrf,
	user: answer.json.user,
});

export async function signIn(client, login, word = password) {
	const answer = await client.call('POST', '/v1/sign-in', { login, password: word });
	if (answer.status !== 200) throw new Error(`sign-in of ${login}: ${answer.status} ${answer.text}`);
	return client.as(session(answer));
}

/* The first administrator, by the link that the first start printed. */
export async function firstAdmin(server, login = 'admin') {
	const body = { login, name: 'First Admin', password };
	const answer = await server.client.call('POST', `/v1/links/${server.link}`, body);
	if (answer.status !== 200) throw new Error(`first-run link: ${answer.status} ${answer.text}`);
	return server.client.as(session(answer));
}

/* A user of that role with a password, signed in. */
export async function addUser(admin, role, { login = `${role}-${randomBytes(3).toString('hex')}`, stores = [] } = {}) {
	const made = await admin.post('/v1/users', { login, name: `The ${role}`, role, stores });
	const answer = await admin.as({}).call('POST', `/v1${made.link.replace('/link/', '/links/')}`, { password });
	if (answer.status !== 200) throw new Error(`link of ${login}: ${answer.status} ${answer.text}`);
	return admin.as(session(answer));
}

export async function addKey(admin, role = 'source', source = 'till') {
	const made = await admin.post('/v1/keys', { name: `${source} ${role}`, source, role });
	return Object.assign(admin.as({ key: made.key }), { id: made.id });
}

/* ---- Content ----------------------------------------------------------------------------------------------------- */

let made = 0;
const unique = randomBytes(3).toString('hex');
export const messageId = () => `m-${unique}-${++made}`;

export const message = {
	identify: (userId, traits, more) => ({ type: 'identify', messageId: messageId(), userId, traits, ...more }),
	track: (userId, event, properties = {}, more) => ({
		type: 'track',
		messageId: messageId(),
		userId,
		event,
		properties,
		...more,
	}),
	/* products: [{sku, price, quantity…}] */
	order: (userId, order_id, products, more = {}) =>
		message.track(userId, 'Order Completed', { order_id, currency: 'EUR', store: 'S1', products, ...more }),
};

/* Sends messages by /v1/batch in calls of at most 200; all must be taken. */
export async function send(key, messages) {
	const sum = { taken: 0, duplicates: 0, dead: 0 };
	for (let i = 0; i < messages.length; i += 200) {
		const said = await key.post('/v1/batch', { batch: messages.slice(i, i + 200) });
		for (const name of Object.keys(sum)) sum[name] += said[name];
	}
	return sum;
}

/* Until the views have taken in everything that was committed. */
export async function settled(client) {
	for (const until = Date.now() + 20_000; ; await sleep(20)) {
		const status = await client.get('/v1/status');
		if (status.feed.rows === 0) return;
		if (Date.now() > until) throw new Error(`the feed does not settle: ${JSON.stringify(status)}`);
	}
}

/* Who has bought something: [{customer, records: [source:key …]}]. Reads by the local socket. */
export async function customers(local) {
	const { rows } = await local.get('/v1/top?limit=1000');
	const list = [];
	for (const { customer } of rows) {
		const whole = await local.get(`/v1/customers/${customer}`);
		list.push({ customer, whole, records: whole.records.map((r) => `${r.source}:${r.source_key}`) });
	}
	return list;
}
export async function customerOf(local, record) {
	const one = (await customers(local)).find((c) => c.records.includes(record));
	if (!one) throw new Error(`nobody holds ${record}`);
	return one.customer;
}

/* The customer whom a search finds; the search index follows within moments. */
export async function find(client, q, ms = 5000) {
	for (const until = Date.now() + ms; ; await sleep(25)) {
		const { results } = await client.get(`/v1/find?q=${encodeURIComponent(q)}`);
		if (results.length || Date.now() > until) return results;
	}
}

/* ---- Generators -------------------------------------------------------------------------------------------------- */

/* Random numbers that a seed repeats (BYNAME_SEED); each test prints it when it fails. */
export function random(seed) {
	let s = seed >>> 0;
	const next = () => {
		s = (s + 0x6d2b79f5) >>> 0;
		let t = Math.imul(s ^ (s >>> 15), 1 | s);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	return {
		seed,
		real: next,
		below: (n) => Math.floor(next() * n),
		chance: (p) => next() < p,
		pick: (list) => list[Math.floor(next() * list.length)],
		shuffle: (list) => list.map((v) => [next(), v]).sort((a, b) => a[0] - b[0]).map(([, v]) => v),
	};
}
export const seedOf = () => Number(process.env.BYNAME_SEED ?? Date.now() % 1e9);

/* ---- The end ----------------------------------------------------------------------------------------------------- */

export function cleanUp() {
	for (const child of running) child.kill('SIGKILL');
	if (clusterDir) execFileSync(join(top, 'scripts/pg-temp'), ['stop', clusterDir], { stdio: 'ignore' });
	cluster = clusterDir = undefined;
	for (const dir of scratch.splice(0)) rmSync(dir, { recursive: true, force: true });
}
process.on('exit', cleanUp);
