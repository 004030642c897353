/* A return begins with a receipt's number, or with the customer; without either, the goods come back all the same. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { api, url } from '../../api/client';
import { useMay } from '../../api/session';
import type { BookedOrder, Condition, Sku, Tender } from '../../api/trade';
import type { Hit, Order, Page as Paged } from '../../api/types';
import { useHere } from '../../app/here';
import { go, Link, useLocation } from '../../app/router';
import { Alarm } from '../../ui/Alarm';
import { Chips } from '../../ui/Chips';
import { HerePicker } from '../../ui/HerePicker';
import { channelName, Icon } from '../../ui/Icon';
import { Page, Section } from '../../ui/Page';
import { Stepper } from '../../ui/Stepper';
import { typedAmount } from '../../ui/amount';
import { day, money, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { FindBox } from '../find/FindBox';
import { ScanField } from '../scan/ScanField';
import { skuName } from '../scan/useSkus';
import { useCustomerName } from './ForWhom';
import { TENDER_CHOICES } from './words';
import css from './Return.module.css';

type Found = Order & Partial<Pick<BookedOrder, 'book'>>;

function List({ orders, named }: { orders: Found[]; named: boolean }) {
	return (
		<ul className={css.found}>
			{orders.map((o) => (
				<li key={o.id}>
					<Link to={o.source === 'byname' ? `/o/${o.id}/return` : `/o/${o.id}`} className={css.order}>
						<span className={css.grow}>
							<b>{o.number}</b>{named && o.customer && ` · ${o.customer.name}`}
							<span className="dim small"> {[day(o.placed_at), o.store?.name ?? channelName(o.channel)].join(' · ')}</span>
						</span>
						<span className="num">{money(o.total)}</span>
						<Icon name="next" size={18} />
					</Link>
				</li>
			))}
		</ul>
	);
}

function WithoutReceipt({ here }: { here: string }) {
	const [sku, setSku] = useState<Sku | null>(null);
	const [qty, setQty] = useState(1);
	const [condition, setCondition] = useState<Condition>('good');
	const [tender, setTender] = useState<Tender>('store_credit');
	const [amount, setAmount] = useState('');
	const [number, setNumber] = useState('');
	const form = useForm();
	async function submit() {
		const refunded = typedAmount(amount);
		if (!sku) return;
		if (refunded === null) {
			form.set('amount', 'How much was given back? 0 for nothing.');
			return;
		}
		const ok = await form.send(['amount', 'number'], async () => {
			await api.post('returns', { sku: sku.id, qty, location: here, condition, tender, amount: refunded, ...(number.trim() && { number: number.trim() }) });
			toast.say(`${plural(qty, 'piece')} taken back`);
		});
		if (!ok) return;
		setSku(null);
		setQty(1);
		setAmount('');
		setNumber('');
	}
	return (
		<div className={css.stack}>
			<ScanField label="What comes back without a receipt" placeholder="Scan what comes back" done="comes back" onPick={setSku} />
			{sku && (
				<>
					<div className={css.head}>
						<span className={css.grow}><span className={css.title}>{skuName(sku)}</span>{sku.list_price && <span className="dim small">costs {money(sku.list_price)} today</span>}</span>
						<Stepper label="How many come back" of={skuName(sku)} value={qty} min={1} onChange={setQty} />
					</div>
					<Chips label="In which state" options={[{ value: 'good', label: 'As new' }, { value: 'unknown', label: 'To be looked at' }, { value: 'damaged', label: 'Damaged' }]} value={condition} onChange={setCondition} />
					<div className={css.fields}>
						<TextInput label="Given back" inputMode="decimal" placeholder="0.00" value={amount} error={form.at('amount')} onChange={(e) => setAmount(e.currentTarget.value)} />
						<NativeSelect size="md" label="As" value={tender} data={TENDER_CHOICES} onChange={(e) => setTender(e.currentTarget.value as Tender)} />
						<TextInput label="Number of the sale, if known" value={number} error={form.at('number')} onChange={(e) => setNumber(e.currentTarget.value)} />
					</div>
					<Alarm text={form.problem} />
					<Button disabled={!here} loading={form.busy} onClick={() => void submit()}>Take it back</Button>
					<p className="dim small">It waits for its sale; a manager looks at what was given back beyond it.</p>
				</>
			)}
		</div>
	);
}

export function FindReceipt() {
	const here = useHere();
	const serve = useMay('serve');
	const [number, setNumber] = useState('');
	const [found, setFound] = useState<{ of: string; items: Found[] } | null>(null);
	const form = useForm();
	const field = useRef<HTMLInputElement>(null);
	const customer = useLocation().query.get('customer') ?? '';
	const name = useCustomerName(serve ? customer : '');
	useEffect(() => {
		if (customer) void look({ customer }, 'of this customer');
		else field.current?.focus();
	}, [customer]);
	async function look(query: Record<string, string>, of: string) {
		await form.send(['number'], async () => {
			const { items } = await api.get<Paged<Found>>(url('orders', query));
			const sales = items.filter((o) => o.kind === 'sale');
			const [only] = sales;
			if (only && sales.length === 1 && query.number) go(only.source === 'byname' ? `/o/${only.id}/return` : `/o/${only.id}`);
			else setFound({ of, items: sales });
		});
	}
	return (
		<Page title="Returns" lead={[here.name ? `Received in ${here.name}.` : 'Choose where goods are received.'].join('')} actions={<HerePicker label="Received in" />}>
			<div className={css.stack}>
				<form
					className={css.receipt}
					onSubmit={(e) => {
						e.preventDefault();
						if (number.trim()) void look({ number: number.trim() }, `by the number ${number.trim()}`);
					}}
				>
					<TextInput ref={field} className={css.grow ?? ''} size="lg" label="Number on the receipt" description="Scan it, or type it." autoComplete="off" value={number} error={form.at('number')} onChange={(e) => setNumber(e.currentTarget.value)} />
					<Button type="submit" size="lg" loading={form.busy}>Find it</Button>
				</form>
				<Alarm text={form.problem} />
				{found && (
					<Section title={`${found.items.length > 0 ? 'Orders' : 'No order'} ${found.of === 'of this customer' && name ? `of ${name}` : found.of}`}>
						{found.items.length > 0 ? <List orders={found.items} named={!found.of.startsWith('of ')} /> : <p className="dim">Look at the number again, or find the customer below.</p>}
					</Section>
				)}
				{serve && (
					<Section title="Without the number: by the customer">
						<FindBox label="Find the customer" onPick={(h: Hit) => void look({ customer: h.customer }, `of ${h.name}`)} />
					</Section>
				)}
				<Section title="Without number and name">
					<WithoutReceipt here={here.id} />
				</Section>
			</div>
		</Page>
	);
}
