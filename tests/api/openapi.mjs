/* The description as the tests read it: operations, values that fit their schemas, and a validator for answers. */
const methods = ['get', 'post', 'put', 'patch', 'delete'];

/* [{method, path, op, params, body, roles, open}] */
export function operations(doc) {
	const list = [];
	for (const [path, item] of Object.entries(doc.paths))
		for (const method of methods)
			if (item[method]) {
				const op = item[method];
				list.push({
					name: `${method.toUpperCase()} ${path}`,
					method: method.toUpperCase(),
					path,
					op,
					params: (op.parameters ?? []).map((p) => resolve(doc, p)),
					body: op.requestBody?.content['application/json']?.schema,
					open: Array.isArray(op.security) && op.security.length === 0,
					roles: op['x-roles'],
				});
			}
	return list;
}

export function resolve(doc, schema) {
	while (schema?.$ref) schema = schema.$ref.slice(2).split('/').reduce((o, k) => o[k], doc);
	return schema;
}

/* ---- Values that fit ---------------------------------------------------------------------------------------------- */

const idBody = '0000000000001';

export function sample(doc, schema, name = '') {
	const s = resolve(doc, schema);
	if (s.oneOf) return sample(doc, s.oneOf[0], name);
	if (s.enum) return s.enum[0];
	switch (s.type) {
		case 'integer':
		case 'number':
			return s.minimum ?? 1;
		case 'boolean':
			return false;
		case 'array':
			return Array.from({ length: s.minItems ?? 0 }, () => 'rec_' + idBody);
		case 'object': {
			const o = {};
			for (const key of s.required ?? []) o[key] = sample(doc, s.properties[key], key);
			return o;
		}
		case 'string':
			if (s.pattern) return s.pattern.slice(1, s.pattern.indexOf('_') + 1) + idBody;
			if (s.format === 'date-time') return '2026-01-02T03:04:05Z';
			if (/^(from|to)$/.test(name)) return '2026-01-02';
			if (name === 'currency') return 'EUR';
			if (name === 'topics') return 'customer:cus_' + idBody;
			return 'x'.repeat(Math.max(s.minLength ?? 0, 1));
		default:
			return 'x';
	}
}

/* Path with its parameters filled in, and the query's required ones. given: {name: value}. */
export function address(doc, operation, given = {}) {
	let path = operation.path;
	const query = [];
	for (const p of operation.params) {
		if (p.in === 'path') {
			const value = given[p.name] ?? sample(doc, p.schema, p.name);
			path = path.replace(`{${p.name}}`, encodeURIComponent(value));
		} else if (p.in === 'query' && (p.required || p.name in given)) {
			query.push(`${p.name}=${encodeURIComponent(given[p.name] ?? sample(doc, p.schema, p.name))}`);
		}
	}
	return query.length ? `${path}?${query.join('&')}` : path;
}

/* ---- Answers ------------------------------------------------------------------------------------------------------ */

const formats = {
	'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
	date: /^\d{4}-\d\d-\d\d$/,
};
const kind = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v);

/* The first thing that does not fit, as text; undefined where all does. Members that nobody described count as wrong. */
export function misfit(doc, schema, value, at = '$') {
	const s = resolve(doc, schema);
	if (!s || (!s.type && !s.oneOf && !s.anyOf && !s.enum && !s.const)) return undefined;
	const choice = s.oneOf ?? s.anyOf;
	if (choice) {
		const faults = choice.map((one) => misfit(doc, one, value, at));
		return faults.some((f) => f === undefined) ? undefined : faults[0];
	}
	if ('const' in s && value !== s.const) return `${at}: ${JSON.stringify(value)} is not ${s.const}`;
	if (s.enum && !s.enum.includes(value)) return `${at}: ${JSON.stringify(value)} is none of ${s.enum}`;
	const types = [s.type].flat().filter(Boolean), is = kind(value);
	if (types.length && !types.includes(is) && !(is === 'integer' && types.includes('number')))
		return `${at}: ${is} where ${types} is said`;
	if (is === 'string' && formats[s.format] && !formats[s.format].test(value)) return `${at}: ${value} is no ${s.format}`;
	if (is === 'string' && s.pattern && !new RegExp(s.pattern).test(value)) return `${at}: ${value} is not ${s.pattern}`;
	if (is === 'array') {
		for (let i = 0; s.items && i < value.length; i++) {
			const fault = misfit(doc, s.items, value[i], `${at}[${i}]`);
			if (fault) return fault;
		}
		return undefined;
	}
	return is === 'object' ? members(doc, s, value, at) : undefined;
}

function members(doc, s, value, at) {
	for (const name of s.required ?? []) if (!(name in value)) return `${at}.${name} is missing`;
	for (const [name, v] of Object.entries(value)) {
		const inner = s.properties?.[name];
		if (!inner && s.properties) return `${at}.${name} is not described`;
		const fault = inner && misfit(doc, inner, v, `${at}.${name}`);
		if (fault) return fault;
	}
	return undefined;
}

/* What is wrong with a successful answer, by its operation's description. */
export function answerMisfit(doc, operation, answer) {
	const said = operation.op.responses;
	const described = said[answer.status] ?? (answer.status < 300 ? (said['2XX'] ?? undefined) : undefined);
	if (!described) return `status ${answer.status} is not described`;
	const schema = resolve(doc, described).content?.['application/json']?.schema;
	if (!schema) return answer.text ? `a body where none is described` : undefined;
	if (!/^application\/json/.test(answer.type)) return undefined; /* metrics, streams */
	return misfit(doc, schema, answer.json);
}

/* What is wrong with a problem; undefined where it is a good one. */
export function problemMisfit(doc, answer) {
	if (!/^application\/problem\+json/.test(answer.type)) return `type ${answer.type || 'none'}: ${answer.text.slice(0, 200)}`;
	const fault = misfit(doc, { $ref: '#/components/schemas/Problem' }, answer.json);
	if (fault) return fault;
	if (answer.json.status !== answer.status) return `status ${answer.json.status} in the body of a ${answer.status}`;
	if (!/^[a-z][a-z0-9_]*([._][a-z0-9_]+)*$/.test(answer.json.code)) return `code ${answer.json.code}`;
	return undefined;
}
