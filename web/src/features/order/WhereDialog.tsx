/* Where waiting pieces come from, and how they reach the customer. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { url } from '../../api/client';
import type { Book, Grid, Method } from '../../api/trade';
import { useData } from '../../api/useData';
import { Alarm } from '../../ui/Alarm';
import { Chips } from '../../ui/Chips';
import { Dialog } from '../../ui/Dialog';
import { Bones, Failed } from '../../ui/Page';
import { isZero, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { send } from './acts';
import css from './Order.module.css';

interface Props { line: number | 'all'; order: string; book: Book; store: string; onClose: () => void; done: (b: Book) => void }

export const HOW: { value: Method; label: string }[] = [
	{ value: 'take', label: 'Take along' }, { value: 'pick_up', label: 'Pick up' }, { value: 'ship', label: 'Ship' }, { value: 'deliver', label: 'Deliver' },
];

export function WhereDialog({ line, order, book, store, onClose, done }: Props) {
	const [method, setMethod] = useState<Method>('pick_up');
	const [chosen, setChosen] = useState('');
	const form = useForm();
	const draft = book.state === 'draft';
	/* Over the counter goes what is paid, from here. */
	const paid = !draft && (book.on_account || isZero(book.money.receivable));
	const lines = book.lines.filter((l) => (line === 'all' || l.line === line) && (draft ? l.qty - l.cancelled : l.waiting) > 0);
	const need = (l: (typeof lines)[number]) => (draft ? l.qty - l.cancelled : l.waiting);
	const skus = lines.flatMap((l) => (l.sku ? [l.sku.id] : [])).join();
	const from = useData<Grid>(skus ? url('stock', { sku: skus, near: store }) : null, skus ? skus.split(',').map((s) => `stock:${s}`).join() : null);
	const grid = from.data;
	const has = (place: string) => lines.map((l) => ({ l, n: grid?.cells.find((c) => c.location === place && c.sku === l.sku?.id)?.available ?? 0 }));
	const places = (grid?.places ?? []).map((p) => ({ p, n: has(p.id).reduce((k, { l, n }) => k + Math.min(n, need(l)), 0) })).filter((x) => (method === 'take' ? x.p.id === store : x.n > 0 || x.p.id === store));
	const all = lines.reduce((n, l) => n + need(l), 0);
	const place = places.some((x) => x.p.id === chosen) ? chosen : (places.find((x) => x.n >= all) ?? places[0])?.p.id ?? '';

	async function submit(later: boolean) {
		const units = later ? [] : lines.flatMap((l) => {
			const n = Math.min(need(l), has(place).find((h) => h.l === l)?.n ?? 0);
			return n > 0 ? [{ line: l.line, qty: n, location: place, method }] : [];
		});
		const ok = await form.send([], async () => {
			const d = await send(order, draft ? 'place' : 'allocate', { store: store || undefined, units, ...(draft && { may_wait: true }) });
			done(d.book);
			toast.say(draft ? 'It is an order now' : `${plural(units.reduce((n, u) => n + u.qty, 0), 'piece')} put down for it`);
		});
		if (ok) onClose();
	}
	return (
		<Dialog opened onClose={onClose} title={draft ? 'Make it an order' : 'Where do they come from?'} size={560}>
			<div className={css.form}>
				<Alarm text={form.problem} />
				<Chips label="How" options={HOW.filter((h) => h.value !== 'take' || paid)} value={method} onChange={setMethod} />
				{from.problem && !grid && <Failed problem={from.problem} retry={() => void from.reload()} />}
				{!grid && !from.problem && <Bones rows={3} height={52} />}
				{grid && (
					<div role="radiogroup" aria-label="Where from" className={css.places}>
						{places.map(({ p, n }) => (
							<label key={p.id} className={css.place} data-short={n < all}>
								<input type="radio" name="place" value={p.id} checked={p.id === place} onChange={() => setChosen(p.id)} />
								<span className={css.grow}>
									{p.name}
									{p.km !== null && p.km > 0 && <span className="dim small"> {p.km < 10 ? p.km.toFixed(1) : Math.round(p.km)} km</span>}
								</span>
								<span className="num">{n >= all ? `all ${all}` : `${n} of ${all}`}</span>
							</label>
						))}
					</div>
				)}
				<div className={css.buttons}>
					<Button loading={form.busy} disabled={!place || !places.some((x) => x.p.id === place && x.n > 0)} onClick={() => void submit(false)}>{draft ? 'Place the order' : 'Put down for it'}</Button>
					{draft && <Button variant="default" disabled={form.busy} onClick={() => void submit(true)}>Place it, decide later</Button>}
				</div>
			</div>
		</Dialog>
	);
}
