/* What tills reported that fits no order: money beyond what was due, goods before their sale, sales of what was not in the book. */
import { Button } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { api, url } from '../../api/client';
import { useMay, useMe } from '../../api/session';
import type { CountTask, Parked, Review } from '../../api/trade';
import type { Page as Paged } from '../../api/types';
import { useData } from '../../api/useData';
import { useHere } from '../../app/here';
import { go, Link } from '../../app/router';
import { ChipRow } from '../../ui/ChipRow';
import { HerePicker } from '../../ui/HerePicker';
import { Icon, type IconName } from '../../ui/Icon';
import { Loaded, Page, Section } from '../../ui/Page';
import { ago, count, dayTime, money, plural } from '../../ui/format';
import { useHidden } from '../../ui/useHidden';
import { TENDERS } from '../order/words';
import { skuName } from '../scan/useSkus';
import { SaleDialog } from './SaleDialog';
import css from './Settle.module.css';

const LIMIT = 50;

function Row({ icon, what, how, children }: { icon: IconName; what: ReactNode; how: ReactNode; children: ReactNode }) {
	return (
		<li className={css.row}>
			<Icon name={icon} />
			<span className={css.grow}>
				<span className={css.what}>{what}</span>
				<span className={css.how}>{how}</span>
			</span>
			<span className={css.acts}>{children}</span>
		</li>
	);
}

interface Of { mine: (store: { id: string } | null) => boolean }
const more = (next: string | null | undefined) => next && <p className={css.rest}>There are more; they come up as these are settled.</p>;
const none = (text: string) => <p className={css.none}><Icon name="check" size={18} />{text}</p>;

function Reviews({ mine }: Of) {
	const from = useData<Paged<Review>>(url('order-reviews', { limit: LIMIT }), 'settle');
	const { shown, later } = useHidden();
	return (
		<Section title="Given back beyond what was due">
			<Loaded from={from}>
				{({ items, next }) => {
					const list = items.filter((r) => mine(r.store) && shown(r.id));
					if (list.length === 0) return none('Nothing was given back beyond what was due.');
					return (
						<ul>
							{list.map((r) => (
								<Row key={r.id} icon="cash"
									what={<><b className="num">{money(r.unmatched)}</b> too much on <Link to={`/o/${r.order}`} className={css.link}>order {r.number}</Link></>}
									how={[r.store?.name ?? 'no store', `${dayTime(r.at)} (${ago(r.at)})`].join(' · ')}
								>
									<Button variant="default" onClick={() => go(`/o/${r.order}`)}>Open the order<span className="sr"> {r.number}</span></Button>
									<Button onClick={() => later(r.id, `Order ${r.number}: ${money(r.unmatched)} settled`, () => api.post(`order-reviews/${r.id}/close`, {}, true).then(from.reload))}>
										It is settled<span className="sr">: order {r.number}</span>
									</Button>
								</Row>
							))}
							{more(next)}
						</ul>
					);
				}}
			</Loaded>
		</Section>
	);
}

function ParkedReturns({ mine }: Of) {
	const from = useData<Paged<Parked>>(url('parked-returns', { limit: LIMIT }), 'settle');
	const { shown, later } = useHidden();
	const [finding, setFinding] = useState<Parked | null>(null);
	return (
		<Section title="Came back before its sale is known">
			<Loaded from={from}>
				{({ items, next }) => {
					const list = items.filter((p) => mine(p.location) && shown(p.id));
					if (list.length === 0) return none('Every return has found its sale.');
					return (
						<ul>
							{list.map((p) => (
								<Row key={p.id} icon="undo"
									what={<><b className="num">{count(p.qty)} ×</b> {skuName(p.sku)}</>}
									how={[
										p.location.name, p.refunded ? `${money(p.refunded)} given back (${TENDERS[p.tender].toLowerCase()})` : 'what was given back is not known',
										p.number ? `receipt ${p.number}` : 'no receipt', ago(p.at),
									].join(' · ')}
								>
									<Button variant="default" onClick={() => setFinding(p)}>Find the sale<span className="sr"> of {skuName(p.sku)}</span></Button>
									<Button variant="default" onClick={() => later(p.id, `${skuName(p.sku)}: no sale will come`, () => api.post(`parked-returns/${p.id}/settle`, {}, true).then(from.reload))}>
										No sale will come<span className="sr">: {skuName(p.sku)}</span>
									</Button>
								</Row>
							))}
							{more(next)}
						</ul>
					);
				}}
			</Loaded>
			{finding && <SaleDialog parked={finding} onClose={() => setFinding(null)} done={() => void from.reload()} />}
		</Section>
	);
}

/** The shelf of one store: who stands there counts it. */
function Unrecorded({ store, name }: { store: string; name: string }) {
	const from = useData<Paged<CountTask>>(url('counts', { location: store, limit: LIMIT }), `shelf:${store}`);
	return (
		<Section title={`Sold in ${name}, but not in the book`}>
			<Loaded from={from}>
				{({ items }) => {
					const list = items.filter((t) => t.reason === 'unrecorded');
					if (list.length === 0) return none('All that was sold was in the book.');
					return (
						<ul>
							{list.map((t) => (
								<Row key={t.id} icon="count"
									what={<>{t.hint ? <b className="num">{plural(t.hint, 'piece')} </b> : ''}of {skuName(t.sku)}</>}
									how={`The book is ${t.hint ? plural(t.hint, 'piece') : 'some'} short of what was sold, ${ago(t.opened_at)}. A count puts it right.`}
								>
									<Button variant="default" onClick={() => go('/counts')}>Count it<span className="sr">: {skuName(t.sku)}</span></Button>
								</Row>
							))}
						</ul>
					);
				}}
			</Loaded>
		</Section>
	);
}

export function SettlePage() {
	const me = useMe();
	const here = useHere();
	const shelves = useMay('shelves');
	const [asked, setWhere] = useState<'here' | 'all' | null>(null);
	const where = here.id ? (asked ?? (me.user.stores.length > 0 ? 'here' : 'all')) : 'all';
	const mine = (store: { id: string } | null) => where === 'all' || store?.id === here.id;
	return (
		<Page title="To settle" lead="What the tills told that does not fit: look at it, put it right, tick it off." actions={<HerePicker />}>
			<div className={css.stack}>
				{here.id && <ChipRow label="Where" options={[{ value: 'here', label: 'This store' }, { value: 'all', label: 'All stores' }]} value={where} onChange={(v) => setWhere(v as 'here' | 'all')} />}
				<Reviews mine={mine} />
				<ParkedReturns mine={mine} />
				{shelves && here.id && <Unrecorded key={here.id} store={here.id} name={here.name} />}
			</div>
		</Page>
	);
}
