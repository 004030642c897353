/* Orders and returns; a click opens the lines. ?order= opens one, ?kind=, ?period=year and ?from=&to=&store= narrow the list. */
import { useEffect, useMemo, useRef } from 'react';
import type { Order } from '../../api/types';
import { usePages } from '../../api/usePages';
import { useZones } from '../../app/stores';
import { setQuery, useLocation } from '../../app/router';
import { ChipRow } from '../../ui/ChipRow';
import { channelIcon, channelName, Icon } from '../../ui/Icon';
import { Bones, Empty, Failed, More } from '../../ui/Page';
import { day, money } from '../../ui/format';
import { useFreshIds } from '../../ui/fresh';
import { OrderLines } from './OrderLines';
import css from './Orders.module.css';

const KINDS = [{ value: '', label: 'All' }, { value: 'sale', label: 'Purchases' }, { value: 'return', label: 'Returns' }];
const YEAR_MS = 365 * 86_400_000;
const QUERY = { limit: 50 };

interface Narrow { kind: string; period: string; from: string; to: string; store: string; channel: string }

function matches(o: Order, n: Narrow): boolean {
	if (n.kind && o.kind !== n.kind) return false;
	if (n.store && o.store?.id !== n.store) return false;
	if (n.channel && o.channel !== n.channel) return false;
	const at = o.placed_at.slice(0, 10);
	if (n.from && at < n.from) return false;
	if (n.to && at > n.to) return false;
	return n.period !== 'year' || Date.now() - new Date(o.placed_at).getTime() <= YEAR_MS;
}

function Row({ order, open, fresh, zone }: { order: Order; open: boolean; fresh: boolean; zone: string | undefined }) {
	const row = useRef<HTMLLIElement>(null);
	useEffect(() => {
		if (open) row.current?.scrollIntoView({ block: 'nearest' });
	}, [open]);
	return (
		<li ref={row} className={css.order} data-fresh={fresh}>
			<button type="button" className={css.head} aria-expanded={open} onClick={() => setQuery({ order: open ? '' : order.id })}>
				<Icon name={channelIcon(order.channel)} />
				<span className={css.what}>
					<span className={css.number}>
						{order.kind === 'return' ? 'Return' : order.source === 'byname' ? 'Order' : 'Purchase'} {order.number}
						{(order.state === 'cancelled' || order.state === 'draft') && <span className={css.tag} data-state={order.state}>{order.state === 'draft' ? 'quote' : 'cancelled'}</span>}
					</span>
					<span className="dim small">
						{[day(order.placed_at, zone), order.store?.name ?? channelName(order.channel), order.associate && `with ${order.associate.name}`].filter(Boolean).join(' · ')}
					</span>
				</span>
				<span className={css.sum} data-kind={order.kind}>{order.kind === 'return' ? '−' : ''}{money(order.total)}</span>
				<Icon name={open ? 'down' : 'next'} size={18} />
			</button>
			{open && <OrderLines id={order.id} />}
		</li>
	);
}

export function Orders({ id }: { id: string }) {
	const list = usePages<Order>(`customers/${encodeURIComponent(id)}/orders`, QUERY, `customer:${id}`);
	if (!list.ready) return list.problem ? <Failed problem={list.problem} retry={() => void list.reload()} /> : <Bones rows={5} height={68} />;
	return (
		<>
			<List orders={list.items} customer={id} more={list.more !== null} />
			<More more={list.more && (() => void list.more?.())} busy={list.busy} failed={list.failed} />
		</>
	);
}

function List({ orders, customer, more }: { orders: Order[]; customer: string; more: boolean }) {
	const { query } = useLocation();
	const zones = useZones();
	const fresh = useFreshIds(orders.map((o) => o.id), customer);
	const get = (k: string) => query.get(k) ?? '';
	const opened = get('order');
	const narrow: Narrow = {
		kind: get('kind'), period: get('period'), from: get('from'), to: get('to'), store: get('store'), channel: get('channel'),
	};
	const shown = useMemo(() => orders.filter((o) => o.id === opened || matches(o, narrow)), [orders, opened, JSON.stringify(narrow)]);
	const span = narrow.period === 'year' ? 'the last 12 months' : narrow.from ? `${day(narrow.from)} to ${narrow.to ? day(narrow.to) : 'today'}` : '';

	return (
		<>
			<div className={css.filters}>
				<ChipRow label="What" options={KINDS} value={narrow.kind} onChange={(kind) => setQuery({ kind })} />
				{span && (
					<button type="button" className={css.clear} onClick={() => setQuery({ period: '', from: '', to: '', store: '', channel: '' })}>
						<Icon name="close" size={18} />
						Only {span}
					</button>
				)}
			</div>
			{opened && !orders.some((o) => o.id === opened) && (
				<div className={css.alone}><OrderLines id={opened} withHead /></div>
			)}
			{shown.length === 0 ? (
				<Empty icon="store" title={orders.length === 0 ? 'No purchase yet' : 'None of these'}>
					{orders.length === 0 ? 'The first one will stand here the moment the till rings.' : more ? 'None among the newest; there are older ones.' : 'Choose All to see every order.'}
				</Empty>
			) : (
				<ul className={css.list}>
					{shown.map((o) => (
						<Row key={o.id} order={o} open={o.id === opened} fresh={fresh.has(o.id)} zone={o.store ? zones.get(o.store.id) : undefined} />
					))}
				</ul>
			)}
		</>
	);
}
