/* Save the sale: the ways in which this customer gets it, best first, each one tap away. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client';
import { useMay } from '../../api/session';
import type { OrderDone, StockDone, Way, WayKind, Ways as WaysData } from '../../api/trade';
import { go } from '../../app/router';
import { Icon, type IconName } from '../../ui/Icon';
import { Empty } from '../../ui/Page';
import { count, isZero, money, soon } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { addToBasket, useBasket } from '../order/basket';
import { skuName } from '../scan/useSkus';
import { distance } from './Grid';
import css from './Stock.module.css';

const ICONS: Record<WayKind, IconName> = { here: 'home', pick_up: 'store', ship: 'truck', transfer: 'merge', incoming: 'clock', substitute: 'gift' };
const NAMES: Record<WayKind, (w: Way) => string> = {
	here: () => 'It is here',
	pick_up: (w) => `Pick up in ${w.location.name}`,
	ship: (w) => `Ship from ${w.location.name}`,
	transfer: (w) => `Bring it here from ${w.location.name}`,
	incoming: (w) => `Coming to ${w.location.name}`,
	substitute: (w) => `Instead: ${skuName(w.sku)}`,
};

/** Over the counter: it is paid at once, so it goes through the order screen. */
function takes(w: Way): boolean {
	return w.way === 'here' || (w.way === 'substitute' && /"take"/.test(JSON.stringify(w.order ?? null)));
}

/** Where the catalogue has no price, it is typed on the order's screen. */
function unpriced(w: Way): boolean {
	return !w.order && ['pick_up', 'ship', 'substitute'].includes(w.way);
}

export function Ways({ data, customer, place, onDone, onClose }: { data: WaysData; customer: string; place: string; onDone: () => void; onClose: () => void }) {
	const [busy, setBusy] = useState(false);
	const basket = useBasket();
	const serve = useMay('serve');
	async function run(fn: () => Promise<void>) {
		setBusy(true);
		try {
			await fn();
		} catch (e) {
			toast.fail(e);
		} finally {
			setBusy(false);
		}
	}
	const hold = (w: Way) =>
		run(async () => {
			const made = await api.post<StockDone>('stock/hold', w.hold);
			onDone();
			toast.undo(`${skuName(w.sku)} held in ${w.location.name}`, async () => {
				await api.post('stock/release', { id: made.id });
				onDone();
			});
		});
	/* First come, first served: what comes in is offered to whoever waits longest. */
	const wait = (w: Way) =>
		run(async () => {
			const made = await api.post<StockDone>('stock/wait', w.wait);
			toast.undo(`On the waiting list for ${skuName(w.sku)}`, async () => {
				await api.post('stock/leave', { id: made.id });
			});
		});
	const order = (w: Way) =>
		run(async () => {
			const made = await api.post<OrderDone>('orders', w.order);
			toast.undo(`${skuName(w.sku)} ordered`, async () => {
				await api.post(`orders/${made.order}/cancel`, {});
			});
			onClose();
			go(`/o/${made.order}`);
		});
	if (data.ways.length === 0) {
		return <Empty icon="stock" title="No way to get it now">Nowhere in the chain, nothing on its way, and nothing like it.</Empty>;
	}
	return (
		<ul className={css.ways}>
			{data.ways.map((w, i) => (
				<li key={i} className={css.way} data-place={w.location.id === place}>
					<Icon name={ICONS[w.way]} />
					<span className={css.grow}>
						<span className={css.wayName}>{NAMES[w.way](w)}</span>
						<span className={css.wayInfo}>
							{[
								w.way !== 'incoming' && `${count(w.available)} available`, w.km !== null && w.km > 0 && distance(w.km), w.ready_at && !takes(w) && `about ${soon(w.ready_at)}`,
								w.cost && !isZero(w.cost) && money(w.cost), w.closed && 'closed now', w.elsewhere && 'as another system tells it',
							].filter(Boolean).join(' · ')}
						</span>
						{w.way === 'substitute' && w.text && !w.text.includes(w.sku.title) && <span className={css.wayText}>{w.text}</span>}
					</span>
					<span className={css.wayActs}>
						{w.hold && <Button variant="default" disabled={busy} onClick={() => void hold(w)}>Hold<span className="sr">: {NAMES[w.way](w)}</span></Button>}
						{w.wait && customer && <Button variant="default" disabled={busy} onClick={() => void wait(w)}>Keep one for them<span className="sr">: {NAMES[w.way](w)}</span></Button>}
						{w.order && serve && w.way !== 'here' && !takes(w) && <Button variant={i === 0 ? 'filled' : 'default'} disabled={busy} onClick={() => void order(w)}>Order<span className="sr">: {NAMES[w.way](w)}</span></Button>}
						{serve && (takes(w) || unpriced(w) || (basket.lines.length > 0 && ['pick_up', 'ship'].includes(w.way))) && (
							<Button
								variant={i === 0 && takes(w) ? 'filled' : 'default'}
								onClick={() => {
									addToBasket(w.sku, w.way === 'substitute' && !takes(w) ? null : `${takes(w) ? 'take' : w.way} ${w.location.id}`);
									onClose();
									go(`/o/new${customer ? `?customer=${customer}` : ''}`);
								}}
							>
								{basket.lines.length > 0 ? 'Add to the order' : takes(w) ? 'Sell it' : 'Order'}<span className="sr">: {NAMES[w.way](w)}</span>
							</Button>
						)}
					</span>
				</li>
			))}
		</ul>
	);
}
