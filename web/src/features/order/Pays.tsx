/* How it is paid: one tap for all of it, or several tenders with their amounts. */
import { TextInput } from '@mantine/core';
import type { Tender } from '../../api/trade';
import type { Money } from '../../api/types';
import { Icon } from '../../ui/Icon';
import { minus, sign, sum, typedAmount } from '../../ui/amount';
import { money } from '../../ui/format';
import { setBasket, type Basket, type BasketPay } from './basket';
import { TENDER_CHOICES, TENDERS } from './words';
import css from './New.module.css';

export function Pays({ basket, total }: { basket: Basket; total: Money }) {
	const { pays } = basket;
	const set = (next: BasketPay[]) => setBasket({ pays: next });
	const change = (at: number, c: Partial<BasketPay>) => set(pays.map((p, i) => (i === at ? { ...p, ...c } : p)));
	const given = sum(...pays.flatMap((p) => (p.amount === null ? [] : [typedAmount(p.amount) ?? '0'])));
	const rest = minus(total.amount, given);
	const add = (tender: Tender) => {
		/* The rest moves to the new one; the former keeps what it had. */
		const fixed = pays.map((p) => (p.amount === null ? { ...p, amount: '' } : p));
		set([...fixed, { tender, amount: null, reference: '' }]);
	};
	return (
		<div className={css.stack}>
			<div className={css.tenders} role="group" aria-label="Paid by">
				{TENDER_CHOICES.filter((t) => !pays.some((p) => p.tender === t.value)).map((t) => (
					<button key={t.value} type="button" className={css.tender} onClick={() => add(t.value)}>{t.label}</button>
				))}
			</div>
			{pays.map((p, i) => (
				<div key={p.tender} className={css.pay}>
					<TextInput
						className={css.grow ?? ''}
						label={TENDERS[p.tender]}
						inputMode="decimal"
						value={p.amount ?? (sign(rest) > 0 ? rest : '0')}
						error={p.amount && typedAmount(p.amount) === null ? 'Like 12.50' : undefined}
						onChange={(e) => change(i, { amount: e.currentTarget.value })}
						onBlur={() => p.amount === '' && change(i, { amount: null })}
					/>
					<button type="button" className={css.tool} aria-label={`Not by ${TENDERS[p.tender].toLowerCase()}`} onClick={() => set(pays.filter((_, k) => k !== i))}>
						<Icon name="close" />
					</button>
				</div>
			))}
			{pays.length > 0 && !pays.some((p) => p.amount === null) && sign(rest) < 0 && (
				<p className={css.attend}><Icon name="open" size={18} />That is {money({ ...total, amount: minus('0', rest) })} more than it costs.</p>
			)}
		</div>
	);
}
