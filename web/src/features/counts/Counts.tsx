/* Blind counts: the book does not say what it expects, so that everybody counts what is there. */
import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { api, url } from '../../api/client';
import type { CountTask, Sku, StockDone } from '../../api/trade';
import { useData } from '../../api/useData';
import type { Here } from '../../app/here';
import { Icon } from '../../ui/Icon';
import { Empty, Loaded } from '../../ui/Page';
import { Stepper } from '../../ui/Stepper';
import { ago, count, plural } from '../../ui/format';
import { useFreshIds } from '../../ui/fresh';
import { toast } from '../../ui/toasts';
import { useHidden } from '../../ui/useHidden';
import { ScanField } from '../scan/ScanField';
import { skuName } from '../scan/useSkus';
import { Name } from './Name';
import css from './Counts.module.css';

const REASONS: Record<string, string> = {
	count: 'asked for', unrecorded: 'a till sold what was not in the book', missing: 'somebody could not find it', transfer_short: 'a transfer came short', transfer_over: 'a transfer brought more',
};
interface Counted { qty: number; expected: number; open: number }

function outcome(c: Counted): string {
	const diff = c.qty === 0 ? 'As the book had it.' : `${plural(Math.abs(c.qty), 'piece')} ${c.qty < 0 ? 'fewer' : 'more'} than the book had; it is put right.`;
	return c.open > 0 ? `${diff} ${plural(c.open, 'piece')} of it ${c.open === 1 ? 'is' : 'are'} promised to orders or holds: release or cancel them, then count again.` : diff;
}

interface RowProps { task: CountTask; n: number | undefined; fresh: boolean; busy: boolean; result: Counted | undefined; set: (n: number) => void; save: () => void; drop: () => void }

function Row({ task, n, fresh, busy, result, set, save, drop }: RowProps) {
	const name = skuName(task.sku);
	return (
		<li className={css.row} data-fresh={fresh}>
			<span className={css.grow}>
				<Name sku={task.sku} place={task.location.id} />
				<span className="dim small">
					{[task.sku.brand, task.sku.code, `${REASONS[task.reason] ?? task.reason.replace(/_/g, ' ')}, ${ago(task.opened_at)}`, task.state === 'short' && 'counted short: count again'].filter(Boolean).join(' · ')}
				</span>
				{result && <span className={css.result} role="status"><Icon name={result.open > 0 ? 'open' : 'check'} size={18} />{outcome(result)}</span>}
			</span>
			<span className={css.tools}>
				<Stepper label="Counted" of={name} value={n ?? 0} onChange={set} />
				<Button disabled={n === undefined} loading={busy} onClick={save}>{n === undefined ? 'Count it' : `It is ${count(n)}`}<span className="sr">: {name}</span></Button>
				<button type="button" className={css.tool} aria-label={`No count of ${name} is needed`} onClick={drop}><Icon name="close" size={18} /></button>
			</span>
		</li>
	);
}

export function Counts({ here }: { here: Here }) {
	const from = useData<{ items: CountTask[] }>(url('counts', { location: here.id }), `shelf:${here.id}`);
	const [counted, setCounted] = useState<ReadonlyMap<string, number>>(new Map());
	const [results, setResults] = useState<ReadonlyMap<string, Counted>>(new Map());
	const { shown, later } = useHidden();
	const [busy, setBusy] = useState('');
	/* When the first piece was counted: what moves meanwhile is taken into account. */
	const began = useRef(new Map<string, string>());
	const tasks = (from.data?.items ?? []).filter((t) => shown(t.id));
	const fresh = useFreshIds(tasks.map((t) => t.id), here.id);

	const put = (id: string, n: number) => {
		if (!began.current.has(id)) began.current.set(id, new Date().toISOString());
		setCounted((m) => new Map(m).set(id, n));
		setResults((m) => {
			const next = new Map(m);
			next.delete(id);
			return next;
		});
	};
	async function scanned(sku: Sku) {
		const task = tasks.find((t) => t.sku.id === sku.id);
		if (task) return put(task.id, (counted.get(task.id) ?? 0) + 1);
		try {
			const made = await api.post<StockDone>('stock/count', { sku: sku.id, location: here.id });
			await from.reload();
			put(made.id, 1);
		} catch (e) {
			toast.fail(e);
		}
	}
	async function save(t: CountTask) {
		const qty = counted.get(t.id);
		if (qty === undefined) return;
		setBusy(t.id);
		try {
			const d = await api.post<StockDone>('stock/count_enter', { id: t.id, qty });
			const r = { qty: d.qty, expected: d.expected ?? 0, open: d.open ?? 0 };
			setResults((m) => new Map(m).set(t.id, r));
			setCounted((m) => {
				const next = new Map(m);
				next.delete(t.id);
				return next;
			});
			began.current.delete(t.id);
			toast.say(`${skuName(t.sku)}: ${count(qty)} counted. ${outcome(r)}`);
			await from.reload();
		} catch (e) {
			toast.fail(e);
		} finally {
			setBusy('');
		}
	}
	const drop = (t: CountTask) => later(t.id, `${skuName(t.sku)} is not counted`, () => api.post('stock/count_cancel', { id: t.id }, true).then(from.reload));
	return (
		<>
			<ScanField label="Count an article" done="counted" autoFocus placeholder="Scan piece by piece" onPick={(s) => void scanned(s)} />
			<p className={css.hint}>Scan every piece, or type how many there are: on the shelf, in the window, and what is put aside. Anything may be counted, not only what stands below.</p>
			<Loaded from={from}>
				{() =>
					tasks.length === 0 ? (
						<Empty icon="check" title="No count is asked for">When a till sells what is not in the book, or somebody cannot find a piece, it comes here.</Empty>
					) : (
						<ul className={css.list}>
							{tasks.map((t) => (
								<Row key={t.id} task={t} n={counted.get(t.id)} fresh={fresh.has(t.id)} busy={busy === t.id} result={results.get(t.id)} set={(n) => put(t.id, n)} save={() => void save(t)} drop={() => drop(t)} />
							))}
						</ul>
					)
				}
			</Loaded>
		</>
	);
}
