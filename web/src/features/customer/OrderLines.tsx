import { url } from '../../api/client';
import type { Order, OrderLine } from '../../api/types';
import { useData } from '../../api/useData';
import { Link } from '../../app/router';
import { Bones, Loaded } from '../../ui/Page';
import { Properties } from '../../ui/Properties';
import { dayTime, isZero, money } from '../../ui/format';
import css from './Orders.module.css';

function unit(price: string | null, currency: string): string {
	return price === null || price === '' ? '' : money({ currency, amount: price });
}

function Line({ line, currency }: { line: OrderLine; currency: string }) {
	const reduced = !line.full_price && line.list_price !== null && line.list_price !== '' && line.list_price !== line.unit_price;
	return (
		<li className={css.line}>
			<span className={css.lineWhat}>
				<span className={css.lineTitle}>{line.title || line.sku}</span>
				<span className="dim small">
					{[line.brand, line.size && `size ${line.size}`, line.colour, line.sku].filter(Boolean).join(' · ')}
				</span>
			</span>
			<span className={css.price}>
				<span className="num">{money(line.net)}</span>
				<span className="dim small num">
					{line.qty > 1 && `${line.qty} × ${unit(line.unit_price, currency)}`}
					{reduced && <> <s>{unit(line.list_price, currency)}</s></>}
					{line.full_price && ' full price'}
				</span>
			</span>
		</li>
	);
}

/** The lines of one order, what it comes to, and how its report changed. */
export function OrderLines({ id, withHead = false, open = true }: { id: string; withHead?: boolean; open?: boolean }) {
	const from = useData<Order>(url(`orders/${encodeURIComponent(id)}`));
	return (
		<Loaded from={from} bones={<div className={css.lines}><Bones rows={2} height={44} /></div>}>
			{(o) => (
				<div className={css.lines}>
					{withHead && <h2 className={css.number}>{o.kind === 'return' ? 'Return' : 'Purchase'} {o.number}</h2>}
					<ul>
						{(o.lines ?? []).map((l, i) => (
							<Line key={l.sku + i} line={l} currency={o.currency} />
						))}
					</ul>
					<dl className={css.sums}>
						{!isZero(o.discount) && <div><dt>Discount</dt><dd>−{money(o.discount)}</dd></div>}
						{!isZero(o.shipping) && <div><dt>Shipping</dt><dd>{money(o.shipping)}</dd></div>}
						{!isZero(o.tax) && <div><dt>Tax</dt><dd>{money(o.tax)}</dd></div>}
						<div><dt>Total</dt><dd className={css.total}>{money(o.total)}</dd></div>
					</dl>
					{open && <p><Link to={`/o/${o.id}`} className={css.whole}>Open the order</Link></p>}
					<p className="dim small">{o.source === 'byname' ? 'Ordered' : `Reported by ${o.source}`}, {dayTime(o.placed_at)}{o.revision > 1 && `, changed ${o.revision - 1}×`}</p>
					{o.history?.filter((h) => h.revision > 1).map((h) => (
						<Properties key={h.revision} of={h.difference} title={`Change ${h.revision - 1}, ${dayTime(h.at)}`} />
					))}
				</div>
			)}
		</Loaded>
	);
}
