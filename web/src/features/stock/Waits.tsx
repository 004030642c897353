/* Who waits for this size, first come first served: who is offered it, until when, and who is next. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { api, url } from '../../api/client';
import type { Sku, Waiting } from '../../api/trade';
import type { Page } from '../../api/types';
import { useData } from '../../api/useData';
import { Link } from '../../app/router';
import { Bones, Loaded } from '../../ui/Page';
import { ago, soon } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useHidden } from '../../ui/useHidden';
import { useNow } from '../../ui/useNow';
import { skuName } from '../scan/useSkus';
import css from './Stock.module.css';

const LIMIT = 50;

function standing(w: Waiting, first: boolean, now: number): string {
	if (w.state === 'offered') return `offered${w.offered_in ? ` in ${w.offered_in.name}` : ''}${w.offered_until ? `, theirs until ${soon(w.offered_until)}` : ''}`;
	return [first ? 'next' : '', `since ${ago(w.joined_at, now)}`].filter(Boolean).join(', ');
}

export function Waits({ sku, customer, here }: { sku: Sku; customer: string; here: string }) {
	const from = useData<Page<Waiting>>(url('waiting', { sku: sku.id, limit: LIMIT }), `stock:${sku.id}`);
	const { shown, later } = useHidden();
	const [busy, setBusy] = useState(false);
	const now = useNow();
	const list = (from.data?.items ?? []).filter((w) => shown(w.id));
	const next = list.find((w) => w.state === 'waiting')?.id;
	const there = list.some((w) => w.customer?.id === customer);
	async function join() {
		setBusy(true);
		try {
			const made = await api.post<{ id: string }>('stock/wait', { sku: sku.id, qty: 1, customer, ...(here && { location: here }) });
			toast.undo(`On the waiting list for ${skuName(sku)}`, async () => {
				await api.post('stock/leave', { id: made.id });
				await from.reload();
			});
			await from.reload();
		} catch (e) {
			toast.fail(e);
		} finally {
			setBusy(false);
		}
	}
	const leave = (w: Waiting) => later(w.id, `${w.customer?.name ?? 'Somebody'} does not wait any more`, () => api.post('stock/leave', { id: w.id }, true).then(from.reload));
	return (
		<Loaded from={from} bones={<Bones rows={1} height={44} />}>
			{() => (
				<>
					{list.length === 0 && <p className="dim">Nobody waits for it.</p>}
					{list.length > 0 && (
						<ol className={css.waits}>
							{list.map((w, i) => (
								<li key={w.id} className={css.wait} data-offered={w.state === 'offered'}>
									<span className={css.turn}>{i + 1}</span>
									<span className={css.grow}>
										<span className={css.wayName}>{w.customer ? <Link to={`/c/${w.customer.id}`} className={css.whom}>{w.customer.name}</Link> : 'Nobody known'}{w.qty > 1 && `, ${w.qty} pieces`}</span>
										<span className={css.wayInfo}>{[standing(w, w.id === next, now), w.location ? `only in ${w.location.name}` : 'wherever it comes first'].join(' · ')}</span>
									</span>
									<Button variant="default" onClick={() => leave(w)}>Take off<span className="sr"> {w.customer?.name ?? ''}</span></Button>
								</li>
							))}
						</ol>
					)}
					{from.data?.next && <p className="dim small">More wait after these.</p>}
					{customer && !there && <Button variant="default" className={css.formButton ?? ''} loading={busy} onClick={() => void join()}>Put them on the list</Button>}
				</>
			)}
		</Loaded>
	);
}
