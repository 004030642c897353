#!/usr/bin/env node
/* A stand-in for the server, for work on the screens: node mock/server.mjs [port]. Anyone signs in with any login whose
 * password is "correct horse battery"; the login of mock/routes.mjs decides the role. It also serves dist/. */
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imports, routes, users } from './routes.mjs';
import { Trouble } from './trouble.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png', '.woff2': 'font/woff2', '.webmanifest': 'application/manifest+json' };
const CSP = "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";
const PASSWORD = 'correct horse battery';
const FIRST_LINK = 'first-link-first-link-first-link-first-link';
const sessions = new Map();
const streams = new Set();

const table = Object.entries(routes).map(([key, fn]) => {
	const [method, path] = key.split(' ');
	return { method, fn, regex: new RegExp('^' + path.replaceAll('{}', '([^/]+)') + '$') };
});
const meOf = (u) => ({ user: u, csrf: 'mock-csrf', version: '0.1.0-mock', home_store: u.stores[0] ?? (u.role === 'admin' ? 'sto_1' : null) });
export function tell(event, data) {
	const topic = { import: 'imports', review: 'review', order: `order:${data.order}`, stock: `stock:${data.sku}`, queue: `queue:${data.store}`, shelf: `shelf:${data.location}`, settle: 'settle' }[event] ?? `customer:${data.customer}`;
	for (const s of streams) if (s.topics.includes(topic)) s.res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

async function bodyOf(req) {
	let text = '';
	for await (const chunk of req) text += chunk;
	return text ? JSON.parse(text) : {};
}
function send(res, status, value, headers = {}) {
	res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
	res.end(value === undefined ? '' : JSON.stringify(value));
}
function open(res, user, status = 200) {
	const token = Math.random().toString(36).slice(2);
	sessions.set(token, user);
	send(res, status, meOf(user), { 'Set-Cookie': `byname=${token}; HttpOnly; SameSite=Strict; Path=/` });
}
function stream(req, res, query) {
	res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
	res.write('event: hello\ndata: {}\n\n');
	const s = { res, topics: (query.topics ?? '').split(',') };
	streams.add(s);
	req.on('close', () => streams.delete(s));
}

async function answer(req, res, path, query) {
	const token = /byname=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
	const me = sessions.get(token);
	const body = req.method === 'GET' ? {} : await bodyOf(req);
	if (path === 'sign-in') {
		const u = users.find((k) => k.login === body.login);
		if (!u || body.password !== PASSWORD) throw new Trouble(401, 'sign_in.wrong', 'The login or the password is not right.');
		return open(res, u);
	}
	if (path.startsWith('links/')) {
		const first = path.endsWith(FIRST_LINK);
		if (!first && !path.includes('mocklink')) throw new Trouble(404, 'link.gone', 'This link was used or is too old.');
		if (req.method === 'GET') return send(res, 200, first ? { first_admin: true, login: '', name: '' } : { first_admin: false, login: 'tiago', name: 'Tiago Sousa' });
		return open(res, first ? { ...users[0], ...body } : users[2]);
	}
	if (path === 'track') return send(res, 200, routes['POST track']({ body, tell }));
	if (!me) throw new Trouble(401, 'session.none', 'Sign in first.');
	if (path === 'me') return send(res, 200, meOf(me));
	if (path === 'sign-out') {
		sessions.delete(token);
		return send(res, 204, undefined, { 'Set-Cookie': 'byname=; Max-Age=0; Path=/' });
	}
	if (path === 'events') return stream(req, res, query);
	if (req.method !== 'GET' && req.headers['x-byname-csrf'] !== 'mock-csrf') throw new Trouble(403, 'csrf', 'The session token is missing.');
	for (const r of table) {
		const m = r.method === req.method && r.regex.exec(path);
		if (!m) continue;
		const out = r.fn({ p: m.slice(1).map(decodeURIComponent), query, body, me, tell });
		if (Array.isArray(out)) return send(res, out[0], out[1]);
		return send(res, out === undefined ? 204 : 200, out);
	}
	throw new Trouble(404, 'route.none', 'There is no such address.');
}

function file(res, path) {
	const wanted = normalize(path).replace(/^[/\\]+/, '');
	const name = wanted && existsSync(join(DIST, wanted)) && extname(wanted) ? wanted : 'index.html';
	res.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP, 'Cache-Control': name.startsWith('assets/') ? 'max-age=31536000, immutable' : 'no-cache' });
	createReadStream(join(DIST, name)).pipe(res);
}

export function startMock(port = 0) {
	const server = createServer((req, res) => {
		const u = new URL(req.url ?? '/', 'http://x');
		if (!u.pathname.startsWith('/v1/')) return file(res, u.pathname);
		answer(req, res, u.pathname.slice(4), Object.fromEntries(u.searchParams)).catch((e) => {
			const status = e instanceof Trouble ? e.status : 500;
			send(res, status, { type: 'about:blank', title: e.message, status, code: e.code ?? 'bug', field: e.field, detail: e.message }, { 'Content-Type': 'application/problem+json' });
		});
	});
	const job = imports[0];
	const timer = setInterval(() => {
		if (job.state !== 'running') return;
		job.bytes_done = Math.min(job.bytes_total, job.bytes_done + 900_000);
		job.lines += 6_100;
		job.counts.taken += 6_100;
		job.updated_at = new Date().toISOString();
		if (job.bytes_done === job.bytes_total) job.state = 'done';
		tell('import', { job: job.id });
	}, 1000);
	return new Promise((done) => {
		server.listen(port, '127.0.0.1', () => {
			done({
				url: `http://127.0.0.1:${server.address().port}`,
				firstLink: `/link/${FIRST_LINK}`,
				login: 'robin',
				password: PASSWORD,
				stop: () => {
					clearInterval(timer);
					for (const s of streams) s.res.end();
					server.closeAllConnections();
					server.close();
				},
			});
		});
	});
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const mock = await startMock(Number(process.argv[2] ?? 4600));
	console.log(`${mock.url}  sign in as robin, anna, tiago or otto with “${PASSWORD}”; first link: ${mock.url}${mock.firstLink}`);
}
