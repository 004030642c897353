/* The sale of something that came back: by the number of its order. */
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, url } from '../../api/client';
import type { Parked } from '../../api/trade';
import type { Order, Page } from '../../api/types';
import { Alarm } from '../../ui/Alarm';
import { Dialog } from '../../ui/Dialog';
import { channelName } from '../../ui/Icon';
import { day, money } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { skuName } from '../scan/useSkus';
import css from './Settle.module.css';

export function SaleDialog({ parked, onClose, done }: { parked: Parked; onClose: () => void; done: () => void }) {
	const [number, setNumber] = useState(parked.number ?? '');
	const [found, setFound] = useState<Order[] | null>(null);
	const form = useForm();
	const look = () =>
		form.send(['number'], async () => {
			const { items } = await api.get<Page<Order>>(url('orders', { number: number.trim() }));
			setFound(items.filter((o) => o.kind === 'sale'));
		});
	async function take(o: Order) {
		const ok = await form.send([], () => api.post(`parked-returns/${parked.id}/settle`, { order: o.id }));
		if (!ok) return;
		toast.say(`${skuName(parked.sku)} is a return of order ${o.number} now`);
		done();
		onClose();
	}
	return (
		<Dialog opened onClose={onClose} title="Which sale was it?" size={520}>
			<div className={css.stack}>
				<p>{parked.qty} × {skuName(parked.sku)}, received in {parked.location.name}.</p>
				<form
					className={css.find}
					onSubmit={(e) => {
						e.preventDefault();
						if (number.trim()) void look();
					}}
				>
					<TextInput className={css.grow ?? ''} label="Number of the order" autoComplete="off" data-autofocus value={number} error={form.at('number')} onChange={(e) => setNumber(e.currentTarget.value)} />
					<Button type="submit" variant="default" loading={form.busy && !found}>Find it</Button>
				</form>
				<Alarm text={form.problem} />
				{found?.length === 0 && <p className="dim" role="status">No sale by this number.</p>}
				{found && found.length > 0 && (
					<ul>
						{found.map((o) => (
							<li key={o.id} className={css.row}>
								<span className={css.grow}>
									<span className={css.what}>{o.number}{o.customer && ` · ${o.customer.name}`}</span>
									<span className={css.how}>{[day(o.placed_at), o.store?.name ?? channelName(o.channel), money(o.total)].join(' · ')}</span>
								</span>
								{o.source === 'byname' ? (
									<Button disabled={form.busy} onClick={() => void take(o)}>This one<span className="sr">: {o.number}</span></Button>
								) : (
									<span className="dim small">made at a till: it finds it by itself</span>
								)}
							</li>
						))}
					</ul>
				)}
			</div>
		</Dialog>
	);
}
