/* What a source sent along, for whoever wants to know: folded away. */
import css from './Properties.module.css';

const MOST = 40;

function flat(value: unknown, path: string, out: [string, string][]): void {
	if (out.length >= MOST || value === null || value === undefined || value === '') return;
	if (Array.isArray(value)) value.forEach((v, i) => flat(v, `${path} ${i + 1}`.trim(), out));
	else if (typeof value === 'object') {
		for (const [k, v] of Object.entries(value)) flat(v, `${path} ${k}`.trim(), out);
	} else out.push([path || 'value', String(value)]);
}

export function propertiesOf(value: unknown): [string, string][] {
	const rows: [string, string][] = [];
	flat(value, '', rows);
	return rows;
}

export function PropertyList({ rows, id }: { rows: [string, string][]; id?: string }) {
	return (
		<dl className={css.list} id={id}>
			{rows.map(([k, v], i) => (
				<div key={i} className={css.row}>
					<dt>{k.replace(/_/g, ' ')}</dt>
					<dd>{v}</dd>
				</div>
			))}
		</dl>
	);
}

export function Properties({ of, title = 'Details' }: { of: unknown; title?: string }) {
	const rows = propertiesOf(of);
	if (rows.length === 0) return null;
	return (
		<details className={css.details}>
			<summary className={css.summary}>{title}</summary>
			<PropertyList rows={rows} />
		</details>
	);
}
