import type { Hit } from '../../api/types';
import { ago, money } from '../../ui/format';
import css from './Find.module.css';

function fold(s: string): string {
	return s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
/** The typed words, marked where they begin a word of the name. */
function Marked({ text, typed }: { text: string; typed: string }) {
	const wanted = fold(typed).split(' ').filter(Boolean);
	return text.split(/(\s+)/).map((word, i) => {
		const n = wanted.filter((w) => fold(word).startsWith(w)).reduce((most, w) => Math.max(most, w.length), 0);
		if (n === 0 || !word.trim()) return word;
		const chars = [...word];
		return (
			<span key={i}>
				<mark className={css.mark}>{chars.slice(0, n).join('')}</mark>
				{chars.slice(n).join('')}
			</span>
		);
	});
}

/** Who gives an order's number wants that order; everybody else the card. */
export function whereTo(hit: Hit): string {
	return hit.matched === 'order' && hit.order ? `/o/${hit.order.id}` : `/c/${hit.customer}`;
}

/** Enough to tell two people apart, not more. */
export function HitRow({ hit, typed }: { hit: Hit; typed: string }) {
	const place = [hit.postcode, hit.city].filter(Boolean).join(' ');
	const hints: [string, string][] = [
		['place', place], ['phone', hit.phone_hint], ['email', hit.email_hint], ['loyalty', hit.loyalty && `card ${hit.loyalty}`],
		['order', hit.order ? `order ${hit.order.number}` : ''],
	];
	const strong = hit.matched === 'postcode' ? 'place' : hit.matched;
	return (
		<div className={css.hit}>
			<span className={css.name}>
				{hit.matched === 'name' ? <Marked text={hit.name} typed={typed} /> : hit.name}
			</span>
			<span className={css.hints}>
				{hints.filter(([, v]) => v).map(([k, v]) => (
					<span key={k} className={css.bit} data-strong={k === strong}>{v}</span>
				))}
			</span>
			<span className={css.right}>
				{hit.spend && <span className="num">{money(hit.spend, 'whole')}</span>}
				{hit.last_purchase_at && <span className="dim small">{ago(hit.last_purchase_at)}</span>}
				{!hit.last_purchase_at && <span className="dim small">no purchase yet</span>}
			</span>
		</div>
	);
}
