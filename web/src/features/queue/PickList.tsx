/* One walk for many orders: what to take from the shelves, ticked off by scan. Prints as it stands. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Queue, Queued, Sku, UnitIn } from '../../api/trade';
import type { Data } from '../../api/useData';
import { go } from '../../app/router';
import { Alarm } from '../../ui/Alarm';
import { Icon } from '../../ui/Icon';
import { Empty, Loaded, Page } from '../../ui/Page';
import { Stepper } from '../../ui/Stepper';
import { plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { problemText } from '../../api/client';
import { send } from '../order/acts';
import { ScanField } from '../scan/ScanField';
import { skuName } from '../scan/useSkus';
import css from './Queue.module.css';

interface Row { sku: Sku; qty: number; of: Queued[] }

/** By brand and article, as shelves are sorted. */
function rowsOf(items: Queued[]): Row[] {
	const rows = new Map<string, Row>();
	for (const q of items) {
		if (q.stage !== 'new' || !q.sku || q.open === 0) continue;
		const old = rows.get(q.sku.id);
		if (old) {
			old.qty += q.open;
			old.of.push(q);
		} else rows.set(q.sku.id, { sku: q.sku, qty: q.open, of: [q] });
	}
	const key = (s: Sku) => [s.category, s.brand, s.title, s.size].join('|');
	return [...rows.values()].sort((a, b) => key(a.sku).localeCompare(key(b.sku), undefined, { numeric: true }));
}

/** What was taken goes to the oldest orders first; as many commands as there are orders. */
export function shareOut(rows: Row[], got: ReadonlyMap<string, number>): Map<string, UnitIn[]> {
	const out = new Map<string, UnitIn[]>();
	for (const r of rows) {
		let left = got.get(r.sku.id) ?? 0;
		for (const q of [...r.of].sort((a, b) => a.since.localeCompare(b.since))) {
			const qty = Math.min(left, q.open);
			if (qty === 0 || !q.location || !q.method) continue;
			left -= qty;
			out.set(q.order, [...(out.get(q.order) ?? []), { line: q.line, qty, location: q.location.id, method: q.method }]);
		}
	}
	return out;
}

function Body({ queue, from, here }: { queue: Queue; from: Data<Queue>; here: string }) {
	const rows = rowsOf(queue.items);
	const [got, setGot] = useState<ReadonlyMap<string, number>>(new Map());
	const [wrong, setWrong] = useState('');
	const [busy, setBusy] = useState(false);
	const set = (id: string, n: number) => setGot((m) => new Map(m).set(id, n));
	const all = rows.reduce((n, r) => n + r.qty, 0);
	const have = rows.reduce((n, r) => n + Math.min(r.qty, got.get(r.sku.id) ?? 0), 0);
	function scanned(sku: Sku) {
		const row = rows.find((r) => r.sku.id === sku.id);
		const n = got.get(sku.id) ?? 0;
		setWrong(row ? (n >= row.qty ? `${skuName(sku)}: all ${row.qty} are there already.` : '') : `${skuName(sku)} is on no order to pick.`);
		if (row && n < row.qty) set(sku.id, n + 1);
	}
	async function finish() {
		setBusy(true);
		const failed: string[] = [];
		let done = 0;
		for (const [order, units] of shareOut(rows, got)) {
			try {
				await send(order, 'pick', { store: here || undefined, units });
				done += units.reduce((n, u) => n + u.qty, 0);
			} catch (e) {
				failed.push(problemText(e));
			}
		}
		setBusy(false);
		setGot(new Map());
		await from.reload();
		if (failed.length > 0) setWrong(failed.join(' '));
		else {
			toast.say(`${plural(done, 'piece')} picked`);
			go('/queue');
		}
	}
	if (rows.length === 0) return <Empty icon="check" title="Nothing to pick"><Button mt="md" onClick={() => go('/queue')}>Back to the queue</Button></Empty>;
	return (
		<>
			<div data-noprint>
				<ScanField label="Scan what you took" done="taken" autoFocus placeholder="Scan what you took" onPick={scanned} />
				<Alarm text={wrong} />
			</div>
			<ul className={css.picks}>
				{rows.map((r) => {
					const n = got.get(r.sku.id) ?? 0;
					return (
						<li key={r.sku.id} className={css.pick} data-done={n >= r.qty}>
							<button type="button" className={css.take} aria-pressed={n >= r.qty} aria-label={`Have ${r.qty === 1 ? '' : `all ${r.qty} of `}${skuName(r.sku)}`} onClick={() => set(r.sku.id, n >= r.qty ? 0 : r.qty)}>
								<span className={css.tick}>{n >= r.qty ? <Icon name="check" /> : null}</span>
							</button>
							<b className={css.many}>{r.qty} ×</b>
							<span className={css.grow}>
								<span className={css.name}>{skuName(r.sku)}</span>
								<span className="dim small">{[r.sku.brand, r.sku.code, `for ${[...new Set(r.of.map((q) => q.number))].join(', ')}`].filter(Boolean).join(' · ')}</span>
							</span>
							{r.qty > 1 && <span data-noprint><Stepper label="Taken" of={skuName(r.sku)} value={n} max={r.qty} onChange={(v) => set(r.sku.id, v)} /></span>}
						</li>
					);
				})}
			</ul>
			<div className={css.finish} data-noprint>
				<Button disabled={have === 0} loading={busy} onClick={() => void finish()}>{have === 0 ? 'Picked' : `Picked: ${have} of ${all}`}</Button>
				<Button variant="default" onClick={() => setGot(new Map(rows.map((r) => [r.sku.id, r.qty])))}>I have all of it</Button>
				<Button variant="default" onClick={() => print()}>Print</Button>
			</div>
		</>
	);
}

export function PickList({ from, here, name }: { from: Data<Queue>; here: string; name: string }) {
	return (
		<Page title="Pick list" lead={name || undefined} actions={<Button variant="default" leftSection={<Icon name="back" />} onClick={() => go('/queue')} data-noprint>The queue</Button>}>
			<Loaded from={from}>{(q) => <Body queue={q} from={from} here={here} />}</Loaded>
		</Page>
	);
}
