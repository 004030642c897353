/* One size in one place: what it is made of, how the customer gets it, what moved. */
import { useState } from 'react';
import { url } from '../../api/client';
import type { Cell, Grid, Move, Place, Sku, Ways as WaysData } from '../../api/trade';
import { useMay } from '../../api/session';
import { useData } from '../../api/useData';
import { Link } from '../../app/router';
import { Dialog } from '../../ui/Dialog';
import { Bones, Failed, Loaded } from '../../ui/Page';
import { ago, count, day, dayTime, words } from '../../ui/format';
import { skuName } from '../scan/useSkus';
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

export function CellDialog({ grid, sku, place, here, customer, onClose }: { grid: Grid; sku: Sku; place: Place; here: string; customer: string; onClose: () => void }) {
	const [moves, setMoves] = useState(false);
	const may = useMay('orders');
	const cell = grid.cells.find((c) => c.sku === sku.id && c.location === place.id);
	const ways = useData<WaysData>(here && may ? url('save-the-sale', { sku: sku.id, qty: 1, store: here, customer }) : null, `stock:${sku.id}`);
	return (
		<Dialog opened onClose={onClose} title={skuName(sku)} size={640}>
			<h3 className={css.where}>{place.name}</h3>
			<Numbers cell={cell} />
			<p className="dim small">{place.updated_at ? `Last changed ${ago(place.updated_at)}.` : 'Nothing has happened here yet.'}</p>
			{may && <h3 className={css.sub}>Ways to get it</h3>}
			{may && !here && <p className="dim">Choose a store at the top: the ways are seen from there.</p>}
			{ways.problem && !ways.data && <Failed problem={ways.problem} retry={() => void ways.reload()} />}
			{may && here && !ways.data && !ways.problem && <Bones rows={3} height={68} />}
			{ways.data?.usual_size && ways.data.usual_size !== sku.size && <p className={css.usual}>Their usual size is {ways.data.usual_size}.</p>}
			{ways.data && <Ways data={ways.data} customer={customer} place={place.id} onDone={() => void ways.reload()} onClose={onClose} />}
			<h3 className={css.sub}>What moved</h3>
			{moves ? <Moves sku={sku.id} place={place.id} grid={grid} /> : <button type="button" className={css.quiet} onClick={() => setMoves(true)}>Show what moved in {place.name}</button>}
		</Dialog>
	);
}
