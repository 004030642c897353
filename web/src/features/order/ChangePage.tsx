/* An order is changed before it is fulfilled: how many, what else, from where and how; what that does to the money first. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { url } from '../../api/client';
import type { Book, BookedOrder, BookLine, ChangePrice, Grid, Sku } from '../../api/trade';
import type { Money } from '../../api/types';
import { useData, type Data } from '../../api/useData';
import { useHere } from '../../app/here';
import { go, Link } from '../../app/router';
import { Alarm } from '../../ui/Alarm';
import { Icon } from '../../ui/Icon';
import { Empty, Loaded, Page, Section } from '../../ui/Page';
import { Stepper } from '../../ui/Stepper';
import { minus, sign, sum, typedAmount } from '../../ui/amount';
import { count, isZero, money, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { ScanField } from '../scan/ScanField';
import { skuName } from '../scan/useSkus';
import { send } from './acts';
import { available, discountOf } from './basket';
import { changeIn, goesTo, portionKey, portionsOf, qtyOf, standing, UNCHANGED, WAIT, whereParse, type Changed, type Portion } from './change';
import { orderUrl } from './OrderPage';
import { usePrice } from './usePrice';
import { FROM } from './words';
import css from './New.module.css';

type Ways = { value: string; label: string }[];
/** Everything that can still be chosen for so many pieces; taking along is for the counter, when it is paid. */
function waysOf(grid: Grid | undefined, sku: Sku | null, value: string, n: number): Ways {
	const out: Ways = [];
	for (const method of ['pick_up', 'ship', 'deliver'] as const) {
		for (const p of grid?.places ?? []) {
			const own = value === `${method} ${p.id}`;
			const there = sku ? available(grid, sku.id, p.id) : 0;
			if (method === 'pick_up' && p.kind !== 'shop' && !own) continue;
			if (own || there >= n) out.push({ value: `${method} ${p.id}`, label: `${FROM[method]} ${p.name}${there >= n ? ` (${count(there)})` : ''}` });
		}
	}
	if (value === WAIT || out.length === 0) out.push({ value: WAIT, label: 'Decide later' });
	if (!out.some((o) => o.value === value)) out.unshift({ value, label: 'As it is' });
	return out;
}

/** As the order's prices are told: with tax, or without. */
function lineTotal(l: ChangePrice['lines'][number], book: Book): Money {
	return book.tax_included ? { ...l.net, amount: sum(l.net.amount, l.tax.amount) } : l.net;
}

interface Editing { book: Book; grid: Grid | undefined; changed: Changed; set: (c: Partial<Changed>) => void; price: ChangePrice | undefined }

function Where({ line, portion, alone, edit }: { line: BookLine; portion: Portion; alone: boolean; edit: Editing }) {
	const { grid, changed, set } = edit;
	const value = goesTo(line, portion, changed, grid);
	const name = line.sku ? skuName(line.sku) : line.title;
	return (
		<NativeSelect
			size="md"
			label={alone ? undefined : plural(portion.n, portion.from ? 'piece' : 'more piece')}
			aria-label={`Where ${plural(portion.n, 'piece')} of ${name} come from`}
			value={value}
			data={waysOf(grid, line.sku, value, portion.n)}
			onChange={(e) => set({ to: { ...changed.to, [portionKey(line.line, portion)]: e.currentTarget.value } })}
		/>
	);
}

function Standing({ line, edit }: { line: BookLine; edit: Editing }) {
	const { book, changed, set, price } = edit;
	const qty = qtyOf(line, changed);
	const portions = portionsOf(line, qty);
	const name = line.sku ? skuName(line.sku) : line.title;
	const now = price?.lines.find((l) => l.line === line.line);
	return (
		<li className={css.line}>
			<div className={css.lineHead}>
				<span className={css.grow}>
					<span className={css.lineTitle}>{name}</span>
					<span className="dim small">{[line.sku?.brand, line.sku?.code].filter(Boolean).join(' · ')}</span>
				</span>
				<span className={css.price}>
					<span className={css.net}>{qty === 0 ? 'taken out' : now && money(lineTotal(now, book))}</span>
					{qty !== line.qty && <span className="dim small num">{count(line.qty)} before</span>}
				</span>
			</div>
			<div className={css.tools}>
				<Stepper label="How many" of={name} value={qty} onChange={(n) => set({ qty: { ...changed.qty, [line.line]: n } })} />
				{book.state !== 'draft' && portions.length > 0 && (
					<div className={css.wheres} data-several={portions.length > 1}>
						{portions.map((p) => <Where key={portionKey(line.line, p)} line={line} portion={p} alone={portions.length === 1} edit={edit} />)}
					</div>
				)}
				{qty > 0 && (
					<button type="button" className={css.tool} aria-label={`Take ${name} out`} onClick={() => set({ qty: { ...changed.qty, [line.line]: 0 } })}><Icon name="trash" /></button>
				)}
			</div>
		</li>
	);
}

function Added({ at, edit }: { at: number; edit: Editing }) {
	const { book, grid, changed, set, price } = edit;
	const a = changed.added[at];
	if (!a) return null;
	const put = (c: Partial<typeof a>) => set({ added: changed.added.map((k, i) => (i === at ? { ...k, ...c } : k)) });
	const name = skuName(a.sku);
	const now = price?.lines[price.lines.length - changed.added.length + at];
	return (
		<li className={css.line}>
			<div className={css.lineHead}>
				<span className={css.grow}>
					<span className={css.lineTitle}>{name}</span>
					<span className="dim small">{['new', a.sku.brand, a.sku.code].filter(Boolean).join(' · ')}</span>
				</span>
				<span className={css.price}><span className={css.net}>{now?.sku === a.sku.id && money(lineTotal(now, book))}</span></span>
			</div>
			<div className={css.tools}>
				<Stepper label="How many" of={name} value={a.qty} min={1} onChange={(qty) => put({ qty })} />
				{book.state !== 'draft' && (
					<NativeSelect className={css.select ?? ''} size="md" aria-label={`Where ${name} comes from`} value={a.to} data={waysOf(grid, a.sku, a.to, a.qty)} onChange={(e) => put({ to: e.currentTarget.value })} />
				)}
				<button type="button" className={css.tool} aria-label={`Take ${name} out`} onClick={() => set({ added: changed.added.filter((_, i) => i !== at) })}><Icon name="trash" /></button>
			</div>
		</li>
	);
}

function Sums({ price, draft }: { price: ChangePrice; draft: boolean }) {
	const difference = minus(price.total.amount, price.was.amount);
	const m = (amount: string) => money({ ...price.total, amount: amount.replace(/^-/, '') });
	return (
		<dl className={css.sums} aria-live="polite">
			{!isZero(price.discount) && <div><dt>Discount</dt><dd>−{money(price.discount)}</dd></div>}
			{!isZero(price.shipping) && <div><dt>Shipping</dt><dd>{money(price.shipping)}</dd></div>}
			<div><dt>So far</dt><dd>{money(price.was)}</dd></div>
			<div className={css.total}><dt>From now on</dt><dd>{money(price.total)}</dd></div>
			<div className={css.strong}>
				<dt>{sign(difference) > 0 ? 'More' : sign(difference) < 0 ? 'Less' : 'It costs the same'}</dt>
				<dd>{sign(difference) !== 0 && m(difference)}</dd>
			</div>
			{!draft && !isZero(price.receivable) && <div><dt>Then still to pay</dt><dd>{money(price.receivable)}</dd></div>}
			{!draft && !isZero(price.payable) && <div><dt>Then to be given back</dt><dd>{money(price.payable)}</dd></div>}
		</dl>
	);
}

/** The order's one discount as it was typed; null: there are several, or one with a threshold: they stay. */
function discountText(book: Book): string | null {
	const [one, ...more] = book.discounts ?? [];
	if (!one) return '';
	if (more.length > 0 || one.threshold) return null;
	return one.rate !== null ? `${one.rate} %` : (one.amount?.amount ?? '');
}

function Form({ order, book, from }: { order: BookedOrder; book: Book; from: Data<BookedOrder> }) {
	const here = useHere();
	const [version] = useState(book.version);
	const [changed, setChanged] = useState<Changed>(UNCHANGED);
	const set = (c: Partial<Changed>) => setChanged((old) => ({ ...old, ...c }));
	const form = useForm();
	const draft = book.state === 'draft';
	const store = here.id || order.store?.id || '';
	const skus = [...new Set([...standing(book).flatMap((l) => (l.sku ? [l.sku.id] : [])), ...changed.added.map((a) => a.sku.id)])].sort();
	const grid = useData<Grid>(draft || skus.length === 0 ? null : url('stock', { sku: skus.join(), near: store }), skus.slice(0, 20).map((s) => `stock:${s}`).join() || null).data;
	const body = changeIn(book, changed, here.id, grid);
	const { price, problem, asking } = usePrice<ChangePrice>(`orders/${encodeURIComponent(order.id)}/change/price`, body);
	const nothing = standing(book).every((l) => qtyOf(l, changed) === 0) && changed.added.length === 0;
	const agreed = discountText(book);
	const wrong = (text: string | null) => (text !== null && text.trim() !== '' && typedAmount(text.replace(/%$/, '')) === null ? 'Like 10 % or 5.00' : undefined);
	const edit: Editing = { book, grid, changed, set, price: body ? price : undefined };
	const usual = standing(book).flatMap((l) => l.parts.filter((p) => p.open > 0)).at(0)?.method ?? 'pick_up';

	function add(sku: Sku) {
		const at = changed.added.findIndex((a) => a.sku.id === sku.id);
		if (at >= 0) return set({ added: changed.added.map((a, i) => (i === at ? { ...a, qty: a.qty + 1 } : a)) });
		const line = standing(book).find((l) => l.sku?.id === sku.id);
		if (line) return set({ qty: { ...changed.qty, [line.line]: qtyOf(line, changed) + 1 } });
		set({ added: [...changed.added, { sku, qty: 1, to: store && !draft ? `${usual} ${store}` : WAIT }] });
	}
	/* Where it was assumed to be and is not, it waits until somebody chooses. */
	const added = changed.added.map((a) => {
		const where = whereParse(a.to);
		return where && grid && grid.skus.some((s) => s.id === a.sku.id) && available(grid, a.sku.id, where.location) < a.qty ? { ...a, to: WAIT } : a;
	});
	const missing = added.some((a, i) => a.to !== changed.added[i]?.to);
	if (missing) set({ added });

	async function submit() {
		if (!body || !price || asking) return;
		const ok = await form.send([], async () => {
			const d = await send(order.id, 'change', body);
			from.patch((o) => ({ ...o, state: d.state, book: d.book }));
			toast.say(draft ? 'The quote is changed' : isZero(d.receivable) ? 'The order is changed' : `The order is changed, ${money(d.receivable)} still to pay`);
			go(`/o/${order.id}`, true);
		});
		if (!ok) window.scrollTo({ top: 0 });
	}
	if (book.version !== version && !form.busy) {
		return (
			<Empty icon="open" title="Somebody else has changed this order">
				<p>Look at it as it is now, then change it.</p>
				<Button mt="md" onClick={() => go(`/o/${order.id}`, true)}>Open the order</Button>
			</Empty>
		);
	}
	return (
		<div className={css.columns}>
			<div className={css.column}>
				<ScanField label="Add an article" onPick={add} />
				<ul className={css.lines} aria-label="In the order">
					{standing(book).map((l) => <Standing key={l.line} line={l} edit={edit} />)}
					{changed.added.map((a, i) => <Added key={a.sku.id} at={i} edit={edit} />)}
				</ul>
			</div>
			<div className={css.column}>
				<Section title="What it costs" aside={asking && price ? <span className="dim small">…</span> : undefined}>
					<div className={css.stack}>
						<Alarm text={form.problem || (nothing ? 'Nothing would be left. Cancel the order instead.' : problem)} />
						{body && price ? <Sums price={price} draft={draft} /> : <p className="dim">What a change does to the price stands here before it is made.</p>}
						<div className={css.fields}>
							{agreed === null ? (
								<p className="dim small">The discounts stay as they were agreed.</p>
							) : (
								<TextInput label="Discount on all of it" placeholder="10 % or 5.00" value={changed.discount ?? agreed} error={changed.discount && discountOf(changed.discount) === null ? 'Like 10 % or 5.00' : undefined} onChange={(e) => set({ discount: e.currentTarget.value === agreed ? null : e.currentTarget.value })} />
							)}
							<TextInput label="Shipping" inputMode="decimal" placeholder="0.00" value={changed.shipping ?? (isZero(book.money.shipping) ? '' : book.money.shipping.amount)} error={wrong(changed.shipping)} onChange={(e) => set({ shipping: e.currentTarget.value })} />
						</div>
					</div>
				</Section>
				<div className={css.buttons}>
					<Button size="lg" disabled={!body || !price || asking || Boolean(wrong(changed.shipping))} loading={form.busy} onClick={() => void submit()}>
						{draft ? 'Change the quote' : 'Change the order'}
					</Button>
					<Button variant="default" onClick={() => go(`/o/${order.id}`)}>Leave it as it is</Button>
				</div>
			</div>
		</div>
	);
}

export function ChangePage({ id }: { id: string }) {
	const from = useData<BookedOrder>(orderUrl(id), `order:${id}`);
	return (
		<Loaded from={from}>
			{(o) => (
				<Page wide title={`Change order ${o.number}`} lead={o.customer ? <>For <Link to={`/c/${o.customer.id}`}>{o.customer.name}</Link></> : undefined}>
					{o.book && o.book.allowed.includes('change') ? (
						<Form order={o} book={o.book} from={from} />
					) : (
						<Empty icon="open" title="This order cannot be changed any more">
							<p>{o.book ? 'It is being picked, or with the customer. Put back what is picked, or cancel single lines.' : 'It was made at a till, and changes there.'}</p>
							<Button mt="md" onClick={() => go(`/o/${o.id}`)}>Open the order</Button>
						</Empty>
					)}
				</Page>
			)}
		</Loaded>
	);
}
