/* A new order: scan, say how it reaches them, take the money. The price is the server's, as one types. */
import { Button, Checkbox, TextInput } from '@mantine/core';
import '@mantine/core/styles/Checkbox.css';
import { useEffect } from 'react';
import { api, url } from '../../api/client';
import { useMe } from '../../api/session';
import type { Grid, Method, OrderDone, Price } from '../../api/trade';
import { useData } from '../../api/useData';
import { useHere } from '../../app/here';
import { go, setQuery, useLocation } from '../../app/router';
import { useStored } from '../../app/stored';
import { Alarm } from '../../ui/Alarm';
import { Chips } from '../../ui/Chips';
import { HerePicker } from '../../ui/HerePicker';
import { CHANNEL_NAMES, Icon } from '../../ui/Icon';
import { Empty, Page, Section } from '../../ui/Page';
import { sign } from '../../ui/amount';
import { isZero, money, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { ScanField } from '../scan/ScanField';
import { addToBasket, discountOf, emptyBasket, orderIn, paysOf, placeIn, setBasket, useBasket, type Basket } from './basket';
import { BasketLines } from './BasketLines';
import { ForWhom } from './ForWhom';
import { Pays } from './Pays';
import { usePrice } from './usePrice';
import css from './New.module.css';


const CHANNELS = ['store', 'phone', 'email', 'chat'].map((value) => ({ value, label: CHANNEL_NAMES[value] ?? value }));
const METHODS: { value: Method; label: string }[] = [
	{ value: 'take', label: 'Take along' }, { value: 'pick_up', label: 'Pick up' }, { value: 'ship', label: 'Ship' }, { value: 'deliver', label: 'Deliver' },
];

function Terms({ basket, setTax }: { basket: Basket; setTax: (v: string) => void }) {
	const bad = (text: string, what: string) => (discountOf(text) === null ? what : undefined);
	return (
		<details className={css.terms} open={Boolean(basket.discount || basket.shipping || basket.note || basket.onAccount) || undefined}>
			<summary className={css.summary}>Discount, shipping, tax, a word</summary>
			<div className={css.fields}>
				<TextInput label="Discount on all of it" placeholder="10 % or 5.00" value={basket.discount} error={bad(basket.discount, 'Like 10 % or 5.00')} onChange={(e) => setBasket({ discount: e.currentTarget.value })} />
				<TextInput label="Shipping" inputMode="decimal" placeholder="0.00" value={basket.shipping} error={bad(basket.shipping, 'An amount')} onChange={(e) => setBasket({ shipping: e.currentTarget.value })} />
				<TextInput label="Tax in the prices, %" inputMode="decimal" placeholder="8.1" value={basket.tax} error={bad(basket.tax, 'A number')}
					onChange={(e) => {
						setBasket({ tax: e.currentTarget.value });
						setTax(e.currentTarget.value);
					}} />
				<TextInput className={css.wide ?? ''} label="A word to go with it" maxLength={200} value={basket.note} onChange={(e) => setBasket({ note: e.currentTarget.value })} />
				<Checkbox className={css.wide ?? ''} label="On account: handed over before it is paid" checked={basket.onAccount} onChange={(e) => setBasket({ onAccount: e.currentTarget.checked })} />
			</div>
		</details>
	);
}

function Sums({ price, basket }: { price: Price; basket: Basket }) {
	const paid = paysOf(basket.pays, price.total.amount);
	return (
		<dl className={css.sums} aria-live="polite">
			{!isZero(price.discount) && <div><dt>Discount</dt><dd>−{money(price.discount)}</dd></div>}
			{!isZero(price.shipping) && <div><dt>Shipping</dt><dd>{money(price.shipping)}</dd></div>}
			{!isZero(price.tax) && <div><dt>Tax, included</dt><dd>{money(price.tax)}</dd></div>}
			<div className={css.total}><dt>Total</dt><dd>{money(price.total)}</dd></div>
			{basket.pays.length > 0 && paid.length === 0 && <div><dt>Nothing to pay</dt><dd /></div>}
		</dl>
	);
}

export function NewOrder() {
	const me = useMe();
	const here = useHere();
	const { query } = useLocation();
	const basket = useBasket();
	const [tax, setTax] = useStored<string>('tax', '');
	const asked = query.get('customer') ?? '';
	const agent = me.user.role === 'agent';
	const channel = basket.channel || (agent ? 'phone' : 'store');
	const method: Method = basket.method || (channel === 'store' ? 'take' : 'pick_up');
	useEffect(() => {
		if (asked) setBasket({ customer: asked });
	}, [asked]);
	useEffect(() => {
		if (!basket.tax && tax) setBasket({ tax });
	}, []);

	const skus = [...new Set(basket.lines.map((l) => l.sku.id))].sort().join();
	const topic = skus ? skus.split(',').slice(0, 20).map((s) => `stock:${s}`).join() : null;
	const grid = useData<Grid>(skus && here.id ? url('stock', { sku: skus, near: here.id }) : null, topic).data;
	const terms = { here: here.id, channel, method, grid };
	const ready = basket.lines.length > 0 && here.id !== '' && basket.lines.every((l) => l.qty > 0);
	const { price, problem, asking } = usePrice<Price>('orders/price', ready ? orderIn(basket, terms) : null);
	const form = useForm();

	async function place(quote: boolean) {
		if (!price || asking) return;
		const body = placeIn(basket, terms, price.total.amount);
		if (quote) {
			body.quote = true;
			body.items = body.items.map(({ units: _, ...i }) => i);
			delete body.pays;
			delete body.may_wait;
		}
		const ok = await form.send([], async () => {
			const d = await api.post<OrderDone>('orders', body);
			emptyBasket();
			toast.say(quote ? 'Kept as a quote' : isZero(d.receivable) ? 'Ordered, and paid' : 'Ordered');
			go(`/o/${d.order}`, true);
		});
		if (!ok) window.scrollTo({ top: 0 });
	}
	const rest = price && paysOf([...basket.pays, { tender: 'card', amount: null, reference: '' }], price.total.amount).at(-1);
	const owing = rest && sign(rest.amount) > 0 && !basket.pays.some((p) => p.amount === null) ? rest.amount : '';
	return (
		<Page wide title="New order" actions={<HerePicker label="Store of the order" />}>
			<div className={css.columns}>
				<div className={css.column}>
					<ForWhom
						id={basket.customer}
						onChange={(id) => {
							setQuery({ customer: id });
							setBasket({ customer: id });
						}}
					/>
					{!here.id && <p className={css.attend}><Icon name="store" />Choose at the top for which store this order is.</p>}
					<ScanField label="Add an article" autoFocus onPick={(s) => addToBasket(s)} />
					{basket.lines.length === 0 ? (
						<Empty icon="bag" title="Nothing in it yet">Scan an article, or type part of its name.</Empty>
					) : (
						<BasketLines basket={basket} method={method} grid={grid} here={here} price={price} />
					)}
				</div>
				<div className={css.column}>
					<Section title="How it reaches them">
						<div className={css.stack}>
							<Chips label="How it reaches them" options={METHODS} value={method} onChange={(m) => setBasket({ method: m, lines: basket.lines.map((l) => ({ ...l, where: null })) })} />
							<Chips label="Ordered by" options={CHANNELS} value={channel} onChange={(c) => setBasket({ channel: c })} />
						</div>
					</Section>
					<Section title="Price" aside={asking && price ? <span className="dim small">…</span> : undefined}>
						<div className={css.stack}>
							<Alarm text={form.problem || problem} />
							{price && ready ? <Sums price={price} basket={basket} /> : <p className="dim">It stands here as soon as something is in it.</p>}
							<Terms basket={basket} setTax={setTax} />
						</div>
					</Section>
					{price && ready && (
						<Section title="Paid now">
							<Pays basket={basket} total={price.total} />
						</Section>
					)}
					<div className={css.buttons}>
						<Button size="lg" disabled={!price || !ready} loading={form.busy} onClick={() => void place(false)}>
							{price && ready ? `Place the order, ${money(price.total)}` : 'Place the order'}
						</Button>
						<Button variant="default" disabled={!price || !ready || form.busy} onClick={() => void place(true)}>Keep as a quote</Button>
						{basket.lines.length > 0 && (
							<Button
								variant="default"
								onClick={() => {
									const old = basket;
									emptyBasket();
									toast.undo(`${plural(old.lines.length, 'line')} taken out`, () => setBasket(old));
								}}
							>
								Start anew
							</Button>
						)}
					</div>
					{price && ready && owing && <p className="dim small" role="status">{money({ ...price.total, amount: owing })} stays to be paid.</p>}
				</div>
			</div>
		</Page>
	);
}
