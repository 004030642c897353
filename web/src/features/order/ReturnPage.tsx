/* Goods come back, here, in any part: what, in which state, and what goes back to which tender. Or something else for it. */
import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { Book, BookedOrder, BookLine, Condition, Price, ReturnPrice, Sku, UnitIn } from '../../api/trade';
import { useData } from '../../api/useData';
import { useHere } from '../../app/here';
import { go, Link } from '../../app/router';
import { useStores } from '../../app/stores';
import { Alarm } from '../../ui/Alarm';
import { ChipRow } from '../../ui/ChipRow';
import { Chips } from '../../ui/Chips';
import { Empty, Loaded, Page, Section } from '../../ui/Page';
import { Stepper } from '../../ui/Stepper';
import { minus, sign } from '../../ui/amount';
import { day, isZero, money, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { ScanField } from '../scan/ScanField';
import { skuName } from '../scan/useSkus';
import { returnable, send } from './acts';
import { orderUrl } from './OrderPage';
import { usePrice } from './usePrice';
import { TENDER_CHOICES, TENDERS } from './words';
import type { Tender } from '../../api/trade';
import css from './Return.module.css';

type Back = Record<number, { qty: number; condition: Condition }>;
type How = 'rest' | 'credit' | 'later';
interface Added { sku: Sku; qty: number }

const CONDITIONS: { value: Condition; label: string }[] = [
	{ value: 'good', label: 'As new' }, { value: 'unknown', label: 'To be looked at' }, { value: 'damaged', label: 'Damaged' },
];
const HOWS: { value: How; label: string }[] = [
	{ value: 'rest', label: 'As it was paid' }, { value: 'credit', label: 'Store credit' }, { value: 'later', label: 'Decide later' },
];

function BackLine({ line, value, onChange }: { line: BookLine; value: Back[number] | undefined; onChange: (v: Back[number]) => void }) {
	const most = returnable(line);
	const now = value ?? { qty: 0, condition: 'good' as Condition };
	const title = line.sku ? skuName(line.sku) : line.title;
	return (
		<li className={css.line} data-chosen={now.qty > 0}>
			<div className={css.head}>
				<span className={css.grow}>
					<span className={css.title}>{title}</span>
					<span className="dim small">
						{most === 0 ? 'nothing of it is with the customer' : `${plural(most, 'piece')} with the customer`}
						{line.returned > 0 && `, ${line.returned} brought back before`}
					</span>
				</span>
				{most > 0 && <Stepper label="How many come back" of={title} value={now.qty} max={most} onChange={(qty) => onChange({ ...now, qty })} />}
			</div>
			{now.qty > 0 && <Chips label={`In which state: ${title}`} options={CONDITIONS} value={now.condition} onChange={(condition) => onChange({ ...now, condition })} />}
		</li>
	);
}

function AddedLines({ list, onChange, price }: { list: Added[]; onChange: (l: Added[]) => void; price: Price | undefined }) {
	return (
		<ul>
			{list.map((a, i) => (
				<li key={a.sku.id} className={css.line}>
					<div className={css.head}>
						<span className={css.grow}>
							<span className={css.title}>{skuName(a.sku)}</span>
							<span className="dim small num">{price?.lines[i] && money(price.lines[i].gross)}</span>
						</span>
						<Stepper label="How many" of={skuName(a.sku)} value={a.qty} onChange={(qty) => onChange(list.flatMap((k) => (k !== a ? [k] : qty > 0 ? [{ ...k, qty }] : [])))} />
					</div>
				</li>
			))}
		</ul>
	);
}

const titleOf = (book: Book, line: number) => {
	const l = book.lines.find((k) => k.line === line);
	return l?.sku ? skuName(l.sku) : (l?.title ?? `line ${line}`);
};

function Breakdown({ book, back, added, difference }: { book: Book; back: ReturnPrice; added: Price | undefined; difference: string }) {
	const currency = back.total.currency;
	return (
		<dl className={css.sums} aria-live="polite">
			{back.lines.map((l) => <div key={l.line} className={css.dim}><dt>{l.qty} × {titleOf(book, l.line)}</dt><dd>{money(l.net)}</dd></div>)}
			{!isZero(back.clawed) && <div><dt>A promotion that is no longer earned</dt><dd>−{money(back.clawed)}</dd></div>}
			<div className={css.strong}><dt>Comes back</dt><dd>{money(back.total)}</dd></div>
			{added && <div><dt>Taken instead</dt><dd>−{money(added.total)}</dd></div>}
			{added && (
				<div className={css.total}>
					<dt>{sign(difference) > 0 ? 'The customer pays' : sign(difference) < 0 ? 'The customer gets' : 'Nothing to pay'}</dt>
					<dd>{money({ currency, amount: difference.replace(/^-/, '') })}</dd>
				</div>
			)}
		</dl>
	);
}

function Form({ order, book }: { order: BookedOrder; book: Book }) {
	const here = useHere();
	const stores = useStores();
	const [chosen, setStore] = useState('');
	const store = chosen || here.id || order.store?.id || '';
	const [back, setBack] = useState<Back>({});
	const [added, setAdded] = useState<Added[]>([]);
	const [how, setHow] = useState<How>('rest');
	const [tender, setTender] = useState<Tender>('card');
	const [wrong, setWrong] = useState('');
	const form = useForm();

	const units: UnitIn[] = Object.entries(back).filter(([, v]) => v.qty > 0).map(([line, v]) => ({ line: Number(line), qty: v.qty, location: store, condition: v.condition }));
	const returning = usePrice<ReturnPrice>(`orders/${encodeURIComponent(order.id)}/return/price`, units.length > 0 && store ? { store, units } : null);
	const items = added.map((a) => ({ sku: a.sku.id, qty: a.qty }));
	const adding = usePrice<Price>('orders/price', items.length > 0 && units.length > 0 ? { store, currency: order.currency, tax_included: book.tax_included, items } : null);
	const worth = returning.price;
	const cost = items.length > 0 ? adding.price : undefined;
	const difference = worth ? minus(cost?.total.amount ?? '0', worth.total.amount) : '0';
	const busy = returning.asking || adding.asking;
	const n = units.reduce((k, u) => k + u.qty, 0);
	const location = stores.filter((s) => here.choices.includes(s) || s.id === store);

	function scanned(sku: Sku) {
		setWrong('');
		const line = book.lines.find((l) => l.sku?.id === sku.id && (back[l.line]?.qty ?? 0) < returnable(l));
		if (line) setBack((b) => ({ ...b, [line.line]: { condition: b[line.line]?.condition ?? 'good', qty: (b[line.line]?.qty ?? 0) + 1 } }));
		else setWrong(`${skuName(sku)} is not among what the customer has of this order.`);
	}
	async function submit() {
		if (!worth || busy) return;
		const exchange = items.length > 0;
		const body: Record<string, unknown> = { store, units };
		if (exchange) {
			body.items = added.map((a) => ({ sku: a.sku.id, qty: a.qty, units: [{ qty: a.qty, location: store, method: 'take' }] }));
		}
		if (exchange && sign(difference) > 0) body.pays = [{ tender, amount: difference }];
		else if (how === 'rest') body.refund_rest = true;
		else if (how === 'credit') {
			body.pays = exchange
				? [{ tender: worth.tenders[0]?.tender ?? 'card', amount: minus('0', difference), as_credit: true }]
				: worth.tenders.map((t) => ({ tender: t.tender, amount: t.amount.amount, as_credit: true }));
		}
		await form.send([], async () => {
			const d = await send(order.id, exchange ? 'exchange' : 'return', body);
			toast.say(exchange ? 'Exchanged' : isZero(d.refunded) ? `${plural(n, 'piece')} taken back` : `${plural(n, 'piece')} taken back, ${money(d.refunded)} given back`);
			go(`/o/${order.id}`, true);
		});
	}
	const gives = sign(difference) <= 0;
	return (
		<div className={css.columns}>
			<div className={css.column}>
				<ScanField label="Scan what comes back" done="comes back" autoFocus onPick={scanned} placeholder="Scan what comes back" />
				<Alarm text={wrong} />
				<Section title="What comes back">
					<ul>
						{book.lines.map((l) => <BackLine key={l.line} line={l} value={back[l.line]} onChange={(v) => setBack((b) => ({ ...b, [l.line]: v }))} />)}
					</ul>
				</Section>
				{units.length > 0 && (
					<Section title="Something else for it?">
						<ScanField
							label="Add what they take instead"
							placeholder="Scan what they take instead"
							onPick={(sku) => setAdded((l) => (l.some((a) => a.sku.id === sku.id) ? l.map((a) => (a.sku.id === sku.id ? { ...a, qty: a.qty + 1 } : a)) : [...l, { sku, qty: 1 }]))}
						/>
						<AddedLines list={added} onChange={setAdded} price={cost} />
					</Section>
				)}
			</div>
			<div className={css.column}>
				<Section title="Received in">
					<NativeSelect size="md" aria-label="Received in" value={store} onChange={(e) => setStore(e.currentTarget.value)}
						data={[...(store ? [] : [{ value: '', label: 'Choose a store' }]), ...location.map((s) => ({ value: s.id, label: s.name || s.code }))]} />
				</Section>
				<Section title="Money">
					<div className={css.stack}>
						<Alarm text={form.problem || returning.problem || adding.problem} />
						{worth && units.length > 0 ? (
							<>
								<Breakdown book={book} back={worth} added={cost} difference={difference} />
								{gives && sign(difference) !== 0 && (
									<>
										<ChipRow label="Given back" options={HOWS} value={how} onChange={(v) => setHow(v as How)} />
										{how === 'rest' && !cost && (
											<ul className={css.tenders} aria-label="Given back to">
												{worth.tenders.map((t) => <li key={t.tender}><span>{TENDERS[t.tender]}</span><b className="num">{money(t.amount)}</b></li>)}
												{worth.tenders.length === 0 && <li className="dim">Nothing was paid yet: it comes off what is still to pay.</li>}
											</ul>
										)}
									</>
								)}
								{!gives && <ChipRow label="The difference is paid by" options={TENDER_CHOICES} value={tender} onChange={(v) => setTender(v as Tender)} />}
							</>
						) : (
							<p className="dim">What goes back stands here as soon as something is chosen.</p>
						)}
						<Button size="lg" disabled={!worth || units.length === 0 || busy} loading={form.busy} onClick={() => void submit()}>
							{units.length === 0 ? 'Take it back' : cost ? 'Exchange' : `Take ${plural(n, 'piece')} back`}
						</Button>
					</div>
				</Section>
			</div>
		</div>
	);
}

export function ReturnPage({ id }: { id: string }) {
	const from = useData<BookedOrder>(orderUrl(id), `order:${id}`);
	return (
		<Loaded from={from}>
			{(o) => (
				<Page
					wide
					title={`Return of order ${o.number}`}
					lead={<>{o.customer && <><Link to={`/c/${o.customer.id}`}>{o.customer.name}</Link> · </>}{[o.store?.name, day(o.placed_at)].filter(Boolean).join(' · ')} · <Link to={`/o/${o.id}`}>the order</Link></>}
				>
					{o.book && o.book.lines.some((l) => returnable(l) > 0) && o.book.allowed.includes('return') ? (
						<Form order={o} book={o.book} />
					) : (
						<Empty icon="undo" title={o.book ? 'Nothing of it can come back' : 'This was made at a till'}>
							{o.book ? 'No piece of this order is with the customer.' : `The till “${o.source}” takes it back, by the number ${o.number}.`}
						</Empty>
					)}
				</Page>
			)}
		</Loaded>
	);
}
