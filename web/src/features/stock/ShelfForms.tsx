/* What a manager puts right at one shelf: units that turned up or are gone, what is kept back, when it is low. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client';
import type { Cell, Place, Sku } from '../../api/trade';
import { Alarm } from '../../ui/Alarm';
import { ChipRow } from '../../ui/ChipRow';
import { Chips } from '../../ui/Chips';
import { Stepper } from '../../ui/Stepper';
import { count, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { skuName } from '../scan/useSkus';
import css from './Stock.module.css';

type Reason = 'found' | 'lost' | 'stolen' | 'broken' | 'own_use' | 'other';
const REASONS: { value: Reason; label: string; said: string }[] = [
	{ value: 'lost', label: 'Lost', said: 'lost' }, { value: 'broken', label: 'Broken', said: 'broken' }, { value: 'found', label: 'Found', said: 'found' },
	{ value: 'stolen', label: 'Stolen', said: 'stolen' }, { value: 'own_use', label: 'For our own use', said: 'taken for our own use' }, { value: 'other', label: 'Other', said: 'put right' },
];

interface Props { sku: Sku; place: Pick<Place, 'id' | 'name'>; cell: Cell | undefined; done: () => void }

export function AdjustForm({ sku, place, cell, done }: Props) {
	const [reason, setReason] = useState<Reason>('lost');
	const [n, setN] = useState(1);
	const [up, setUp] = useState(false);
	const form = useForm();
	const more = reason === 'found' || (reason === 'other' && up);
	const there = cell?.available ?? 0;
	const most = more ? undefined : there;
	const qty = most === undefined ? n : Math.min(n, most);
	const signed = more ? qty : -qty;
	const named = REASONS.find((r) => r.value === reason);
	async function submit() {
		const what = { sku: sku.id, location: place.id };
		const ok = await form.send([], () => api.post('stock/adjust', { ...what, qty: signed, reason }));
		if (!ok) return;
		toast.undo(`${plural(qty, 'piece')} of ${skuName(sku)} ${named?.said} in ${place.name}`, async () => {
			if (reason === 'broken') await api.post('stock/step', { ...what, qty, step: 'repair' });
			else await api.post('stock/adjust', { ...what, qty: -signed, reason: 'other' });
			done();
		});
		setN(1);
		done();
	}
	return (
		<div className={css.form}>
			<ChipRow wrap label="What happened" options={REASONS} value={reason} onChange={(v) => setReason(v as Reason)} />
			{reason === 'other' && <Chips label="More or fewer" options={[{ value: 'less', label: 'Fewer' }, { value: 'more', label: 'More' }]} value={up ? 'more' : 'less'} onChange={(v) => setUp(v === 'more')} />}
			<Alarm text={form.problem} />
			<div className={css.formRow}>
				<Stepper label="How many" of={skuName(sku)} value={qty} min={most === 0 ? 0 : 1} {...(most !== undefined && { max: most })} onChange={setN} />
				<span className={css.grow}>
					{most === 0 ? 'None may be promised here: what holds and orders have is released there first.' : <>To be promised: {count(there)} → <b className="num">{count(there + signed)}</b>{reason === 'broken' && ', the rest stands as damaged'}</>}
				</span>
				<Button loading={form.busy} disabled={qty === 0} onClick={() => void submit()}>{more ? `Add ${count(qty)}` : `Take ${count(qty)} off`}</Button>
			</div>
		</div>
	);
}

export function LevelForm({ sku, place, cell, done }: Props) {
	const was = { safety: cell?.safety ?? 0, level: cell?.level ?? -1 };
	const [asked, setSafety] = useState<number | null>(null);
	const [wanted, setLevel] = useState<number | null>(null);
	const form = useForm();
	const safety = asked ?? was.safety;
	const level = wanted ?? was.level;
	const most = was.safety + (cell?.available ?? 0);
	const what = { sku: sku.id, location: place.id };
	async function submit() {
		const ok = await form.send([], async () => {
			if (safety !== was.safety) await api.post('stock/safety', { ...what, qty: safety });
			if (level !== was.level) await api.post('stock/level', { ...what, qty: level });
		});
		if (ok) {
			setSafety(null);
			setLevel(null);
			toast.say(`${skuName(sku)} in ${place.name}: saved`);
		}
		done();
	}
	return (
		<div className={css.form}>
			<div className={css.formRow}>
				<span className={css.grow}><b>Kept back</b><span className={css.formInfo}>Never promised to the web or another store.</span></span>
				<Stepper label="Kept back" of={skuName(sku)} value={safety} max={most} onChange={setSafety} />
			</div>
			<div className={css.formRow}>
				<span className={css.grow}><b>Low</b><span className={css.formInfo}>{level < 0 ? 'Never shown as low.' : `Shown as low when ${count(level)} or fewer may be promised.`}</span></span>
				<Chips label="When it is low" options={[{ value: 'never', label: 'Never' }, { value: 'at', label: 'At' }]} value={level < 0 ? 'never' : 'at'} onChange={(v) => setLevel(v === 'never' ? -1 : Math.max(was.level, 1))} />
				{level >= 0 && <Stepper label="Low at" of={skuName(sku)} value={level} onChange={setLevel} />}
			</div>
			<Alarm text={form.problem} />
			<Button variant="default" className={css.formButton ?? ''} loading={form.busy} disabled={safety === was.safety && level === was.level} onClick={() => void submit()}>Save</Button>
		</div>
	);
}
