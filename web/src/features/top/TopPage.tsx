/* Who spends most, in a period, a store, a channel; every number opens what it counts. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { url } from '../../api/client';
import { useMay, useMe } from '../../api/session';
import type { Money, Top, TopRow } from '../../api/types';
import { useData } from '../../api/useData';
import { useStores } from '../../app/stores';
import { Link } from '../../app/router';
import { ChipRow } from '../../ui/ChipRow';
import { CHANNEL_NAMES } from '../../ui/Icon';
import { Bones, Empty, Loaded, Page } from '../../ui/Page';
import { Table, table } from '../../ui/Table';
import { ago, count, day, money, percent } from '../../ui/format';
import { PERIODS, spanOf } from './periods';
import css from './Top.module.css';

const LIMIT = 50;
const CHANNELS = ['store', 'web', 'app', 'phone', 'chat', 'social'];

function Share({ value }: { value: number | null }) {
	if (value === null || value === undefined) return <span className="dim">–</span>;
	return (
		<span className={css.share}>
			<svg className={css.bar} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
				<rect width="100" height="8" className={css.track} />
				<rect width={Math.max(0, Math.min(100, value * 100))} height="8" className={css.fill} />
			</svg>
			{percent(value)}
		</span>
	);
}

function Row({ row, rank, orders }: { row: TopRow; rank: number; orders: (extra?: string) => string }) {
	const serve = useMay('serve');
	const link = (to: string, text: string) => (serve ? <Link to={to}>{text}</Link> : text);
	return (
		<tr>
			<td className={`${table.right} dim`}>{rank}</td>
			<td className={table.strong}>{link(`/c/${row.customer}`, row.name)}</td>
			<td className={`${table.right} ${table.strong}`}>{link(`/c/${row.customer}/orders?${orders()}`, money(row.net))}</td>
			<td className={table.wide}><Share value={row.full_price_share} /></td>
			<td className={`${table.right} ${table.wide}`}>{link(`/c/${row.customer}/orders?${orders('&kind=sale')}`, count(row.orders))}</td>
			<td className={`${table.right} ${table.wide}`}>{link(`/c/${row.customer}/orders?${orders()}`, count(row.units))}</td>
			<td className={`dim ${table.wider}`}>{row.last_at && link(`/c/${row.customer}/timeline`, ago(row.last_at))}</td>
		</tr>
	);
}

function Sum({ label, value, hint }: { label: string; value: string; hint?: string }) {
	return (
		<div className={css.sum}>
			<dt>{label}</dt>
			<dd>{value}{hint && <span className={css.hint}>{hint}</span>}</dd>
		</div>
	);
}

function Result({ top, store, channel }: { top: Top; store: string; channel: string }) {
	const orders = (extra = '') => `from=${top.from}&to=${top.to}${store && `&store=${store}`}${channel && `&channel=${channel}`}${extra}`;
	const every = (m: Money) => money(m, 'whole');
	if (top.rows.length === 0) {
		return <Empty icon="top" title="Nobody bought in this period">Choose a longer period, another store or another channel.</Empty>;
	}
	return (
		<>
			<dl className={css.sums}>
				<Sum label="Customers who bought" value={count(top.all.customers)} hint={top.all.customers > top.rows.length ? `the first ${top.rows.length} below` : ''} />
				<Sum label="They spent" value={every(top.all.net)} />
				<Sum label="At full price" value={top.all.full_price_share === null ? '–' : percent(top.all.full_price_share)} />
				<Sum label="Bought by nobody we know" value={every(top.all.anonymous)} />
			</dl>
			<Table label="Top customers">
				<thead>
					<tr>
						<th className={table.right}><span className="sr">Rank</span></th>
						<th>Customer</th>
						<th className={table.right}>Spent</th>
						<th className={table.wide}>At full price</th>
						<th className={`${table.right} ${table.wide}`}>Orders</th>
						<th className={`${table.right} ${table.wide}`}>Pieces</th>
						<th className={table.wider}>Last</th>
					</tr>
				</thead>
				<tbody>
					{top.rows.map((r, i) => <Row key={r.customer} row={r} rank={i + 1} orders={orders} />)}
				</tbody>
			</Table>
		</>
	);
}

export function TopPage() {
	const me = useMe();
	const stores = useStores();
	const [period, setPeriod] = useState('year');
	const [own, setOwn] = useState({ from: '', to: '' });
	const [store, setStore] = useState('');
	const [channel, setChannel] = useState('');
	const [chosen, setCurrency] = useState('');
	const currencies = useMemo(() => [...new Set(stores.map((s) => s.currency).filter(Boolean))].sort(), [stores]);
	const home = stores.find((s) => s.id === me.home_store)?.currency;
	const currency = chosen || home || currencies[0] || '';
	const span = spanOf(period, own);
	const target = currency ? url('top', { ...span, store, channel, currency, limit: LIMIT }) : null;
	const top = useData<Top>(target);

	return (
		<Page title="Top customers" lead={`By what they spent less what they returned, ${day(span.from + 'T12:00:00Z')} to ${day(span.to + 'T12:00:00Z')}.`} wide>
			<ChipRow label="Period" options={PERIODS} value={period} onChange={setPeriod} />
			<div className={css.filters}>
				{period === 'own' && (
					<>
						<TextInput type="date" label="From" value={own.from} max={own.to || undefined} onChange={(e) => setOwn({ ...own, from: e.currentTarget.value })} />
						<TextInput type="date" label="To" value={own.to} min={own.from || undefined} onChange={(e) => setOwn({ ...own, to: e.currentTarget.value })} />
					</>
				)}
				<NativeSelect size="md" label="Store" value={store} onChange={(e) => setStore(e.currentTarget.value)}
					data={[{ value: '', label: 'All stores' }, ...stores.map((s) => ({ value: s.id, label: s.name || s.code }))]} />
				<NativeSelect size="md" label="Channel" value={channel} onChange={(e) => setChannel(e.currentTarget.value)}
					data={[{ value: '', label: 'All channels' }, ...CHANNELS.map((c) => ({ value: c, label: CHANNEL_NAMES[c] ?? c }))]} />
				{currencies.length > 1 && (
					<NativeSelect size="md" label="Currency" value={currency} onChange={(e) => setCurrency(e.currentTarget.value)} data={currencies} />
				)}
			</div>
			<Loaded from={top} bones={<Bones rows={8} height={52} />}>{(t) => <Result top={t} store={store} channel={channel} />}</Loaded>
		</Page>
	);
}
