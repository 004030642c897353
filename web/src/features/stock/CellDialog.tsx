/* One size in one place: what it is made of, how the customer gets it, what moved. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { url } from '../../api/client';
import type { Cell, Grid, Move, Place, Sku, Ways as WaysData } from '../../api/trade';
import { useMay } from '../../api/session';
import { useData } from '../../api/useData';
import type { Here } from '../../app/here';
import { Link } from '../../app/router';
import { Dialog } from '../../ui/Dialog';
import { Bones, Failed, Loaded } from '../../ui/Page';
import { ago, count, day, dayTime, words } from '../../ui/format';
import { skuName } from '../scan/useSkus';
import { AdjustForm, LevelForm } from './ShelfForms';
import { Waits } from './Waits';
import { Ways } from './Ways';
import css from './Stock.module.css';

const STATES: [keyof Cell, string][] = [
	['available', 'may be promised'], ['held', 'held for somebody'], ['committed', 'promised to orders'], ['picked', 'picked for orders'],
	['quality', 'came back, to be looked at'], ['damaged', 'damaged'], ['safety', 'kept back'], ['transit', 'on the way here'],
];

function Numbers({ cell }: { cell: Cell | undefined }) {
	const rows = STATES.filter(([k]) => k === 'available' || Number(cell?.[k] ?? 0) > 0);
	return (
		<dl className={css.numbers}>
			{rows.map(([k, label]) => <div key={k} data-first={k === 'available'}><dd>{count(Number(cell?.[k] ?? 0))}</dd><dt>{label}</dt></div>)}
			{cell !== undefined && cell.incoming > 0 && (
				<div><dd>+{count(cell.incoming)}</dd><dt>coming{cell.incoming_at && `, ${day(cell.incoming_at)}`}</dt></div>
			)}
		</dl>
	);
}

function Moves({ sku, place, grid }: { sku: string; place: string; grid: Grid }) {
	const from = useData<{ items: Move[] }>(url('stock/moves', { sku, location: place, limit: 20 }), `stock:${sku}`);
	const name = (side: Move['from']) => (side.location && side.location !== place ? grid.places.find((p) => p.id === side.location)?.name : '') || words(side.state);
	return (
		<Loaded from={from} bones={<Bones rows={3} height={36} />}>
			{(m) =>
				m.items.length === 0 ? (
					<p className="dim">Nothing has moved here yet.</p>
				) : (
					<ol className={css.moves}>
						{m.items.map((v, i) => (
							<li key={i}>
								<span className="num"><b>{count(v.qty)}</b></span>
								<span className={css.grow}>
									{words(v.reason)}: {name(v.from)} → {name(v.to)}
									{v.order && <> · <Link to={`/o/${v.order}`}>the order</Link></>}
								</span>
								<span className="dim small" title={dayTime(v.at)}>{[ago(v.at), v.by].filter(Boolean).join(', ')}</span>
							</li>
						))}
					</ol>
				)
			}
		</Loaded>
	);
}

interface Props { grid: Grid; sku: Sku; place: Place; here: Here; customer: string; reload: () => void; onClose: () => void }

export function CellDialog({ grid, sku, place, here, customer, reload, onClose }: Props) {
	const [moves, setMoves] = useState(false);
	const [form, setForm] = useState<'' | 'adjust' | 'level'>('');
	const may = useMay('orders');
	const theirs = here.choices.some((s) => s.id === place.id);
	const adjust = useMay('adjust') && theirs;
	const levels = useMay('levels') && theirs;
	const cell = grid.cells.find((c) => c.sku === sku.id && c.location === place.id);
	const ways = useData<WaysData>(here.id && may ? url('save-the-sale', { sku: sku.id, qty: 1, store: here.id, customer }) : null, `stock:${sku.id}`);
	return (
		<Dialog opened onClose={onClose} title={skuName(sku)} size={640}>
			<h3 className={css.where}>{place.name}</h3>
			<Numbers cell={cell} />
			<p className="dim small">
				{place.updated_at ? `Last changed ${ago(place.updated_at)}.` : 'Nothing has happened here yet.'}
				{cell && cell.level !== null && ` Low at ${count(cell.level)}.`}
			</p>
			{(adjust || levels) && (
				<div className={css.toggles}>
					{adjust && <Button variant="default" aria-expanded={form === 'adjust'} onClick={() => setForm(form === 'adjust' ? '' : 'adjust')}>Adjust</Button>}
					{levels && <Button variant="default" aria-expanded={form === 'level'} onClick={() => setForm(form === 'level' ? '' : 'level')}>Safety and low stock</Button>}
				</div>
			)}
			{form === 'adjust' && <AdjustForm sku={sku} place={place} cell={cell} done={reload} />}
			{form === 'level' && <LevelForm sku={sku} place={place} cell={cell} done={reload} />}
			{may && <h3 className={css.sub}>Ways to get it</h3>}
			{may && !here.id && <p className="dim">Choose a store at the top: the ways are seen from there.</p>}
			{ways.problem && !ways.data && <Failed problem={ways.problem} retry={() => void ways.reload()} />}
			{may && here.id && !ways.data && !ways.problem && <Bones rows={3} height={68} />}
			{ways.data?.usual_size && ways.data.usual_size !== sku.size && <p className={css.usual}>Their usual size is {ways.data.usual_size}.</p>}
			{ways.data && <Ways data={ways.data} customer={customer} place={place.id} onDone={() => void ways.reload()} onClose={onClose} />}
			{may && <h3 className={css.sub}>Who waits for it</h3>}
			{may && <Waits sku={sku} customer={customer} here={here.id} />}
			<h3 className={css.sub}>What moved</h3>
			{moves ? <Moves sku={sku.id} place={place.id} grid={grid} /> : <button type="button" className={css.quiet} onClick={() => setMoves(true)}>Show what moved in {place.name}</button>}
		</Dialog>
	);
}
