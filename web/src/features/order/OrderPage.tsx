/* One order: what comes next, its pieces, its money, its trail. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { url } from '../../api/client';
import { useMay } from '../../api/session';
import type { Book, BookedOrder, Command } from '../../api/trade';
import { useData, type Data } from '../../api/useData';
import { useHere } from '../../app/here';
import { go, Link } from '../../app/router';
import { channelName, Icon } from '../../ui/Icon';
import { Loaded, Page, Section, useTitle } from '../../ui/Page';
import { dayTime, isZero } from '../../ui/format';
import { useFresh } from '../../ui/fresh';
import { OrderLines } from '../customer/OrderLines';
import { useOrderByNumber } from '../find/useFind';
import { returnable } from './acts';
import { Ledger } from './Ledger';
import { Lines } from './Lines';
import { Next } from './Next';
import { PayDialog, type Paying } from './PayDialog';
import { Trail } from './Trail';
import { WhereDialog } from './WhereDialog';
import { STATES } from './words';
import css from './Order.module.css';

export const orderUrl = (id: string) => url(`orders/${encodeURIComponent(id)}`);

function Lead({ order }: { order: BookedOrder }) {
	return (
		<>
			{order.customer ? <Link to={`/c/${order.customer.id}`} className={css.customer}>{order.customer.name}</Link> : 'Nobody known'}
			{' · '}
			{[order.store?.name, channelName(order.channel), order.associate && `with ${order.associate.name}`, dayTime(order.placed_at)].filter(Boolean).join(' · ')}
		</>
	);
}

function Booked({ order, book, from }: { order: BookedOrder; book: Book; from: Data<BookedOrder> }) {
	const here = useHere();
	const sell = useMay('serve');
	const [paying, setPaying] = useState<Paying | null>(null);
	const [placing, setPlacing] = useState<number | 'all' | null>(null);
	/* Handed over, shipped … while it can still be undone. */
	const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
	const freshLines = useFresh(book.lines.map((l) => [l.line, l.waiting, l.open, l.picked, l.ready, l.handed, l.cancelled, l.returned]), order.id);
	const freshMoney = useFresh(book.money, order.id);
	const may = (c: Command) => book.allowed.includes(c);
	const back = book.lines.some((l) => returnable(l) > 0) && may('return');
	const done = (b: Book) => {
		from.patch((o) => ({ ...o, state: b.state, book: b }));
		void from.reload();
	};
	const mark = (key: string) => (is: boolean) =>
		setPending((s) => {
			const next = new Set(s);
			if (is) next.add(key);
			else next.delete(key);
			return next;
		});
	const shared = { order: order.id, book, here: here.id, done, pending, mark };
	const owed = !isZero(book.money.payable) && may('refund');
	return (
		<Page
			wide
			title={`Order ${order.number}`}
			lead={<Lead order={order} />}
			actions={
				<>
					{sell && may('change') && <Button variant="default" leftSection={<Icon name="edit" />} onClick={() => go(`/o/${order.id}/change`)}>Change</Button>}
					{back && <Button variant="default" leftSection={<Icon name="undo" />} onClick={() => go(`/o/${order.id}/return`)}>Return or exchange</Button>}
					{order.customer && sell && (
						<Button variant="default" leftSection={<Icon name="plus" />} onClick={() => go(`/o/new?customer=${order.customer?.id}`)}>New order</Button>
					)}
				</>
			}
		>
			<p className={css.state} data-state={book.state}>{STATES[book.state]}</p>
			<Next {...shared} onPay={() => setPaying('pay')} onRefund={() => setPaying('refund')} onPlace={() => setPlacing('all')} owed={owed} />
			<div className={css.columns}>
				<div className={css.column}>
					<Section title="What it is" fresh={freshLines}>
						<Lines {...shared} onPlace={setPlacing} />
					</Section>
				</div>
				<div className={css.column}>
					<Section title="Money" fresh={freshMoney}>
						<Ledger book={book} order={order.id} done={done} onPay={may('pay') && !isZero(book.money.receivable) ? () => setPaying('pay') : null} onRefund={owed ? () => setPaying('refund') : null} />
					</Section>
					<Section title="What happened">
						<Trail steps={book.trail} />
					</Section>
				</div>
			</div>
			{paying && <PayDialog kind={paying} order={order.id} book={book} store={here.id} onClose={() => setPaying(null)} done={done} />}
			{placing !== null && <WhereDialog line={placing} order={order.id} book={book} store={here.id || order.store?.id || ''} onClose={() => setPlacing(null)} done={done} />}
		</Page>
	);
}

/** The returns of an order bear its number, and their own. */
const saleOf = (number: string) => number.replace(/-R\d+$/, '');

/** What a till or a web shop reported: to be read; it is changed where it was made. */
function Reported({ order }: { order: BookedOrder }) {
	const sale = useOrderByNumber();
	return (
		<Page title={`${order.kind === 'return' ? 'Return' : 'Purchase'} ${order.number}`} lead={<Lead order={order} />}>
			<Section title="What it was">
				<OrderLines id={order.id} open={false} />
			</Section>
			<div className={css.reported}>
				<Icon name="note" size={18} />
				{order.source === 'byname' ? (
					<button type="button" className={css.sale} onClick={() => void sale.look(saleOf(order.number))}>Open the order {saleOf(order.number)}, of which this came back</button>
				) : (
					<span>It was made at “{order.source}”, and changes there. Goods of it are taken back at the till, by its number.</span>
				)}
			</div>
		</Page>
	);
}

export function OrderPage({ id }: { id: string }) {
	const from = useData<BookedOrder>(orderUrl(id), `order:${id}`);
	useTitle(from.data ? `Order ${from.data.number}` : 'Order');
	return (
		<Loaded from={from}>
			{(o) => (o.book ? <Booked order={o} book={o.book} from={from} /> : <Reported order={o} />)}
		</Loaded>
	);
}
