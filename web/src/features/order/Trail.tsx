import { useState } from 'react';
import type { Step } from '../../api/trade';
import { dayTime, isZero, money, plural } from '../../ui/format';
import { commandName } from './words';
import css from './Order.module.css';

const FIRST = 6;

/** Every step of the order, newest first: what, who, where, when. */
export function Trail({ steps }: { steps: Step[] }) {
	const [all, setAll] = useState(false);
	const sorted = [...steps].sort((a, b) => b.n - a.n);
	const shown = all ? sorted : sorted.slice(0, FIRST);
	return (
		<>
			<ol className={css.trail}>
				{shown.map((s) => (
					<li key={s.n} className={css.event}>
						<p>
							<b>{commandName(s.command)}</b>
							{s.units > 0 && ` ${plural(s.units, 'piece')}`}
							{s.amount && !isZero(s.amount) && `, ${money(s.amount)}`}
						</p>
						<p className="dim small">{[dayTime(s.at), s.store?.name, s.by].filter(Boolean).join(' · ')}</p>
						{s.text && <p className={css.words}>“{s.text}”</p>}
					</li>
				))}
			</ol>
			{sorted.length > shown.length && (
				<button type="button" className={css.quiet} onClick={() => setAll(true)}>Show all {sorted.length} steps</button>
			)}
		</>
	);
}
