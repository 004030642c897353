/* What is where, and how to get it to this customer: sizes across, places down, this store first. */
import { useEffect, useState } from 'react';
import { url } from '../../api/client';
import type { Grid as GridData, Sku } from '../../api/trade';
import { useData, type Data } from '../../api/useData';
import { useHere, type Here } from '../../app/here';
import { setQuery, useLocation } from '../../app/router';
import { ChipRow } from '../../ui/ChipRow';
import { HerePicker } from '../../ui/HerePicker';
import { Bones, Empty, Loaded, Page } from '../../ui/Page';
import { ago, money } from '../../ui/format';
import { ForWhom } from '../order/ForWhom';
import { useBasket } from '../order/basket';
import { ScanField } from '../scan/ScanField';
import { CellDialog } from './CellDialog';
import { Grid } from './Grid';
import css from './Stock.module.css';

const TOPICS = 24;

/** Colours, where there are several; sizes of the one that is looked at. */
function useColour(skus: Sku[], sku: string): [string[], string, (c: string) => void] {
	const colours = [...new Set(skus.map((s) => s.colour))];
	const [chosen, setChosen] = useState<string | null>(null);
	useEffect(() => setChosen(null), [sku]);
	const first = skus.find((s) => s.id === sku)?.colour ?? colours[0] ?? '';
	return [colours, chosen !== null && colours.includes(chosen) ? chosen : first, setChosen];
}

function Article({ from, grid, sku, customer, here }: { from: Data<GridData>; grid: GridData; sku: string; customer: string; here: Here }) {
	const [colours, colour, setColour] = useColour(grid.skus, sku);
	/* Which cell is open stands in the address: other lists lead to it. */
	const opened = useLocation().query.get('place') ?? '';
	const skus = grid.skus.filter((s) => s.colour === colour);
	const one = skus[0];
	if (!one) return <Empty icon="stock" title="Nothing of it anywhere">No store, no warehouse, and nothing on its way.</Empty>;
	const shown = skus.find((s) => s.id === sku);
	const place = grid.places.find((p) => p.id === opened);
	return (
		<>
			<div className={css.article}>
				<h2 className={css.title}>{one.title}</h2>
				<p className="dim">{[one.brand, one.category, one.list_price && money(one.list_price)].filter(Boolean).join(' · ')}</p>
			</div>
			{colours.length > 1 && (
				<ChipRow label="Colour" options={colours.map((c) => ({ value: c, label: c || 'no colour' }))} value={colour} onChange={setColour} />
			)}
			<Grid grid={grid} skus={skus} here={here.id} sku={sku} onOpen={(s, p) => setQuery({ sku: s, place: p, product: one.product ?? '' })} />
			<p className={css.asOf}>What may be promised, as of {ago(grid.as_of)}. It changes by itself.</p>
			{shown && place && (
				<CellDialog grid={grid} sku={shown} place={place} here={here} customer={customer} reload={() => void from.reload()} onClose={() => setQuery({ place: '' })} />
			)}
		</>
	);
}

export function StockPage() {
	const { query } = useLocation();
	const here = useHere();
	const basket = useBasket();
	const sku = query.get('sku') ?? '';
	const asked = query.get('product') ?? '';
	const customer = query.get('customer') ?? basket.customer;
	const one = useData<Sku>(sku && !asked ? url(`skus/${encodeURIComponent(sku)}`) : null);
	const product = asked || one.data?.product || '';
	const target = product ? url('stock', { product, near: here.id }) : one.data ? url('stock', { sku, near: here.id }) : null;
	const [topics, setTopics] = useState<string | null>(null);
	const grid = useData<GridData>(target, topics);
	const ids = (grid.data?.skus ?? []).slice(0, TOPICS).map((s) => `stock:${s.id}`).sort().join();
	useEffect(() => setTopics(ids || null), [ids]);
	return (
		<Page wide title="Stock" actions={<HerePicker label="Seen from" />}>
			<div className={css.top}>
				<ScanField label="Which article?" done="is shown" autoFocus={!sku && !asked} onPick={(s) => setQuery({ sku: s.id, product: s.product ?? '', place: '' })} />
				<ForWhom id={customer} onChange={(id) => setQuery({ customer: id })} />
			</div>
			{!target && !one.problem && !sku ? (
				<Empty icon="stock" title="Which article?">Scan it, or type part of its name: every size, in every store, and what to do when it is not here.</Empty>
			) : one.problem && !target ? (
				<Loaded from={one}>{() => null}</Loaded>
			) : (
				<Loaded from={grid} bones={<Bones rows={6} height={60} />}>
					{(g) => <Article from={grid} grid={g} sku={sku} customer={customer} here={here} />}
				</Loaded>
			)}
		</Page>
	);
}
