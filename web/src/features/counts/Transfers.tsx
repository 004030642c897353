/* What is on its way between places: sent from here, received here, with what is missing. */
import { Button, Checkbox } from '@mantine/core';
import '@mantine/core/styles/Checkbox.css';
import { useState } from 'react';
import { api, url } from '../../api/client';
import type { Sku, Transfer, TransferLine } from '../../api/trade';
import { useData } from '../../api/useData';
import type { Here } from '../../app/here';
import { setQuery, useLocation } from '../../app/router';
import { Alarm } from '../../ui/Alarm';
import { Icon } from '../../ui/Icon';
import { Bones, Empty, Loaded } from '../../ui/Page';
import { Stepper } from '../../ui/Stepper';
import { ago, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { ScanField } from '../scan/ScanField';
import { skuName } from '../scan/useSkus';
import { AskDialog } from './AskDialog';
import css from './Counts.module.css';

const STATES: Record<Transfer['state'], string> = { requested: 'asked for', dispatched: 'on its way', received: 'received', cancelled: 'cancelled' };
const under = (l: TransferLine) => l.sent + l.over - l.received - l.lost - l.returned;

/** Blind to nothing: what was sent stands beside what is in the box. */
function Work({ transfer, receiving, done }: { transfer: Transfer; receiving: boolean; done: () => void }) {
	const lines = transfer.lines ?? [];
	const wanted = (l: TransferLine) => (receiving ? Math.max(0, under(l)) : l.asked);
	const [n, setN] = useState<ReadonlyMap<string, number>>(() => new Map(lines.map((l) => [l.sku.id, receiving ? 0 : l.asked])));
	const [final, setFinal] = useState(false);
	const [wrong, setWrong] = useState('');
	const form = useForm();
	const get = (l: TransferLine) => n.get(l.sku.id) ?? 0;
	const put = (id: string, v: number) => setN((m) => new Map(m).set(id, v));
	const short = lines.reduce((k, l) => k + Math.max(0, wanted(l) - get(l)), 0);
	const over = lines.reduce((k, l) => k + Math.max(0, get(l) - wanted(l)), 0);
	const all = lines.reduce((k, l) => k + get(l), 0);
	function scanned(sku: Sku) {
		const line = lines.find((l) => l.sku.id === sku.id);
		setWrong(line ? '' : `${skuName(sku)} is not in this transfer.`);
		if (line) put(sku.id, get(line) + 1);
	}
	async function submit() {
		const counted = lines.filter((l) => get(l) > 0 || !receiving).map((l) => ({ sku: l.sku.id, qty: get(l) }));
		const ok = await form.send([], () =>
			api.post(receiving ? 'stock/receive' : 'stock/dispatch', { id: transfer.id, lines: counted, ...(receiving && { final }) }),
		);
		if (!ok) return;
		toast.say(receiving ? `${plural(all, 'piece')} received${short > 0 ? `, ${short} missing` : ''}` : `${plural(all, 'piece')} on its way to ${transfer.to.name}`);
		done();
	}
	return (
		<div className={css.work}>
			<ScanField label={receiving ? 'Scan what is in the box' : 'Scan what goes into the box'} placeholder={receiving ? 'Scan what is in the box' : 'Scan what goes into the box'} done="counted" onPick={scanned} />
			<Alarm text={wrong || form.problem} />
			<ul>
				{lines.map((l) => {
					const diff = all > 0 || final ? get(l) - wanted(l) : 0;
					return (
						<li key={l.sku.id} className={css.row}>
							<span className={css.grow}>
								<span className={css.name}>{skuName(l.sku)}</span>
								<span className="dim small">{receiving ? `${plural(wanted(l), 'piece')} on the way` : `${plural(l.asked, 'piece')} asked for`}{l.order && ', for an order'}</span>
								{diff !== 0 && <span className={css.diff}><Icon name="open" size={18} />{plural(Math.abs(diff), 'piece')} {diff < 0 ? (receiving ? 'missing' : 'fewer') : 'more'}</span>}
							</span>
							<Stepper label={receiving ? 'In the box' : 'Into the box'} of={skuName(l.sku)} value={get(l)} onChange={(v) => put(l.sku.id, v)} />
						</li>
					);
				})}
			</ul>
			{receiving && short > 0 && <Checkbox label={`Nothing more will come: ${plural(short, 'piece')} are lost, and ${transfer.from.name} is asked to count`} checked={final} onChange={(e) => setFinal(e.currentTarget.checked)} />}
			<div className={css.buttons}>
				<Button disabled={all === 0 && !final} loading={form.busy} onClick={() => void submit()}>
					{receiving ? `Receive ${plural(all, 'piece')}` : `Send ${plural(all, 'piece')}`}
				</Button>
				{receiving && (short > 0 || over > 0) && <Button variant="default" onClick={() => setN(new Map(lines.map((l) => [l.sku.id, wanted(l)])))}>All of it is here</Button>}
			</div>
		</div>
	);
}

function Opened({ id, here, reload }: { id: string; here: Here; reload: () => void }) {
	const from = useData<Transfer>(url(`transfers/${encodeURIComponent(id)}`), `shelf:${here.id}`);
	return (
		<Loaded from={from} bones={<Bones rows={2} height={56} />}>
			{(t) => {
				const receiving = t.state === 'dispatched' && t.to.id === here.id;
				const sending = t.state === 'requested' && t.from.id === here.id;
				if (receiving || sending) return <Work key={t.state + (t.lines ?? []).map(under).join()} transfer={t} receiving={receiving} done={() => { void from.reload(); reload(); }} />;
				return (
					<ul className={css.work}>
						{(t.lines ?? []).map((l) => (
							<li key={l.sku.id} className={css.row}>
								<span className={css.grow}><span className={css.name}>{skuName(l.sku)}</span></span>
								<span className="dim">{[`${l.asked} asked`, l.sent && `${l.sent} sent`, l.received && `${l.received} received`, l.lost && `${l.lost} lost`].filter(Boolean).join(', ')}</span>
							</li>
						))}
					</ul>
				);
			}}
		</Loaded>
	);
}

export function Transfers({ here }: { here: Here }) {
	const { query } = useLocation();
	const opened = query.get('transfer') ?? '';
	const [asking, setAsking] = useState(false);
	const from = useData<{ items: Transfer[] }>(url('transfers', { location: here.id }), `shelf:${here.id}`);
	const reload = () => void from.reload();
	return (
		<>
			<div className={css.head}>
				<Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setAsking(true)}>Ask another place for goods</Button>
			</div>
			<Loaded from={from}>
				{({ items }) =>
					items.length === 0 ? (
						<Empty icon="truck" title="Nothing is on its way">What another place sends here, or asks of this one, stands here.</Empty>
					) : (
						<ul className={css.list}>
							{items.map((t) => {
								const inbound = t.to.id === here.id;
								const todo = inbound ? t.state === 'dispatched' : t.state === 'requested';
								const open = opened === t.id;
								return (
									<li key={t.id} className={css.entry}>
										<button type="button" className={css.open} aria-expanded={open} onClick={() => setQuery({ transfer: open ? '' : t.id })}>
											<Icon name={inbound ? 'imports' : 'truck'} />
											<span className={css.grow}>
												<span className={css.name}>{inbound ? `From ${t.from.name}` : `To ${t.to.name}`}</span>
												<span className="dim small">{STATES[t.state]}, {ago(t.dispatched_at ?? t.requested_at)}</span>
											</span>
											{todo && <b className={css.todo}>{inbound ? 'to receive' : 'to send'}</b>}
											<Icon name={open ? 'down' : 'next'} size={18} />
										</button>
										{open && <Opened id={t.id} here={here} reload={reload} />}
									</li>
								);
							})}
						</ul>
					)
				}
			</Loaded>
			{asking && <AskDialog here={here} onClose={() => setAsking(false)} done={reload} />}
		</>
	);
}
