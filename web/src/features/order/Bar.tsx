/* Where the pieces of a line are: a bar, and the same in words. */
import type { BookLine } from '../../api/trade';
import { count } from '../../ui/format';
import css from './Bar.module.css';

const KINDS = ['handed', 'shipped', 'ready', 'picked', 'open', 'waiting', 'returned', 'cancelled'] as const;
type Kind = (typeof KINDS)[number];
const WORDS: Record<Kind, string> = {
	handed: 'with the customer', shipped: 'on the way', ready: 'ready', picked: 'picked', open: 'to pick', waiting: 'waiting for a place', returned: 'brought back', cancelled: 'cancelled',
};

export function barParts(line: BookLine): { kind: Kind; n: number }[] {
	const shipped = line.parts.reduce((k, p) => k + p.shipped, 0);
	const n: Record<Kind, number> = { ...line, shipped, handed: line.handed - line.returned - shipped };
	return KINDS.map((kind) => ({ kind, n: n[kind] })).filter((p) => p.n > 0);
}

export function Bar({ line }: { line: BookLine }) {
	const parts = barParts(line);
	let x = 0;
	return (
		<div className={css.box}>
			<svg className={css.bar} viewBox={`0 0 ${Math.max(1, line.qty)} 1`} preserveAspectRatio="none" aria-hidden="true">
				<rect width={line.qty} height="1" className={css.track} />
				{parts.map((p) => {
					const at = x;
					x += p.n;
					return <rect key={p.kind} x={at} width={p.n} height="1" className={css[p.kind]} />;
				})}
			</svg>
			<ul className={css.legend}>
				{parts.map((p) => (
					<li key={p.kind} className={css.part}>
						<svg className={css.key} viewBox="0 0 1 1" aria-hidden="true"><rect width="1" height="1" className={css[p.kind]} /></svg>
						<b>{count(p.n)}</b> {WORDS[p.kind]}
					</li>
				))}
			</ul>
		</div>
	);
}
