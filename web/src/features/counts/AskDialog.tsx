/* Asks another place for goods. */
import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client';
import type { Sku } from '../../api/trade';
import type { Here } from '../../app/here';
import { useStores } from '../../app/stores';
import { Alarm } from '../../ui/Alarm';
import { Dialog } from '../../ui/Dialog';
import { Stepper } from '../../ui/Stepper';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { ScanField } from '../scan/ScanField';
import { skuName } from '../scan/useSkus';
import css from './Counts.module.css';

export function AskDialog({ here, first, onClose, done }: { here: Here; first?: Sku; onClose: () => void; done: () => void }) {
	const stores = useStores().filter((s) => s.id !== here.id);
	const [place, setPlace] = useState('');
	const [lines, setLines] = useState<{ sku: Sku; qty: number }[]>(first ? [{ sku: first, qty: 1 }] : []);
	const form = useForm();
	async function submit() {
		const ok = await form.send([], () => api.post('stock/transfer', { location: place, to: here.id, lines: lines.map((l) => ({ sku: l.sku.id, qty: l.qty })) }));
		if (!ok) return;
		toast.say(`${stores.find((s) => s.id === place)?.name ?? 'They'} has been asked`);
		done();
		onClose();
	}
	return (
		<Dialog opened onClose={onClose} title={`Goods for ${here.name}`} size={560} atTop>
			<div className={css.work}>
				<NativeSelect size="md" label="Ask" value={place} onChange={(e) => setPlace(e.currentTarget.value)} data={[{ value: '', label: 'Choose a place' }, ...stores.map((s) => ({ value: s.id, label: s.name || s.code }))]} />
				<ScanField label="For which article?" autoFocus={!first} onPick={(sku) => setLines((l) => (l.some((k) => k.sku.id === sku.id) ? l.map((k) => (k.sku.id === sku.id ? { ...k, qty: k.qty + 1 } : k)) : [...l, { sku, qty: 1 }]))} />
				<Alarm text={form.problem} />
				<ul>
					{lines.map((l) => (
						<li key={l.sku.id} className={css.row}>
							<span className={css.grow}><span className={css.name}>{skuName(l.sku)}</span></span>
							<Stepper label="How many" of={skuName(l.sku)} value={l.qty} onChange={(qty) => setLines((all) => all.flatMap((k) => (k !== l ? [k] : qty > 0 ? [{ ...k, qty }] : [])))} />
						</li>
					))}
				</ul>
				<div className={css.buttons}>
					<Button disabled={!place || lines.length === 0} loading={form.busy} onClick={() => void submit()}>Ask for it</Button>
				</div>
			</div>
		</Dialog>
	);
}
