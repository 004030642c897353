import { useEffect, useRef, useState } from 'react';
import type { Cell, Grid as GridData, Place, Sku } from '../../api/trade';
import { Icon, type IconName } from '../../ui/Icon';
import { ago, count, dayMonthShort, dayShort } from '../../ui/format';
import { skuName } from '../scan/useSkus';
import css from './Stock.module.css';

const PLACE_ICONS: Record<string, IconName> = { shop: 'store', warehouse: 'stock', web: 'web', call_centre: 'phone' };
const FRESH_MS = 8000;

export function distance(km: number): string {
	return `${km < 10 ? km.toFixed(1) : count(Math.round(km))} km`;
}
/** What a cell says, for ears. */
function spoken(c: Cell | undefined, sku: Sku, place: Place): string {
	const n = c?.available ?? 0;
	return [`${skuName(sku)} in ${place.name}: ${n === 0 ? 'none' : n} available`, c?.low && 'low', c?.incoming ? `${c.incoming} coming${c.incoming_at ? ` ${dayShort(c.incoming_at)}` : ''}` : '']
		.filter(Boolean).join(', ');
}

/** Which cells changed while they were on screen. */
function useChanged(cells: Cell[], of: string): ReadonlySet<string> {
	const before = useRef<{ of: string; cells: Map<string, string> } | null>(null);
	const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
	useEffect(() => {
		const now = new Map(cells.map((c) => [`${c.sku} ${c.location}`, [c.available, c.incoming, c.held, c.committed].join()]));
		const old = before.current;
		before.current = { of, cells: now };
		if (!old || old.of !== of) return;
		const keys = new Set([...now.keys(), ...old.cells.keys()]);
		const diff = [...keys].filter((k) => now.get(k) !== old.cells.get(k));
		if (diff.length === 0) return;
		setChanged(new Set(diff));
		const timer = setTimeout(() => setChanged(new Set()), FRESH_MS);
		return () => clearTimeout(timer);
	}, [cells, of]);
	return changed;
}

interface Props { grid: GridData; skus: Sku[]; here: string; sku: string; onOpen: (sku: string, place: string) => void }

export function Grid({ grid, skus, here, sku, onOpen }: Props) {
	const changed = useChanged(grid.cells, skus.map((s) => s.id).join());
	const at = new Map(grid.cells.map((c) => [`${c.sku} ${c.location}`, c]));
	const frame = useRef<HTMLDivElement>(null);
	useEffect(() => {
		frame.current?.querySelector('[data-wanted=true]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
	}, [sku]);
	return (
		<div ref={frame} className={css.frame} role="region" aria-label="Sizes and places" tabIndex={-1}>
			<table className={css.grid}>
				<thead>
					<tr>
						<th scope="col" className={css.corner}>Place</th>
						{skus.map((s) => <th key={s.id} scope="col" className={css.size} data-wanted={s.id === sku}>{s.size || 'One size'}</th>)}
					</tr>
				</thead>
				<tbody>
					{grid.places.map((p) => (
						<tr key={p.id} data-here={p.id === here}>
							<th scope="row" className={css.place}>
								<span className={css.placeName}><Icon name={p.id === here ? 'home' : (PLACE_ICONS[p.kind] ?? 'store')} size={18} />{p.name}</span>
								<span className={css.placeInfo}>
									{[p.id === here ? 'here' : p.km !== null && distance(p.km), p.updated_at && `changed ${ago(p.updated_at)}`].filter(Boolean).join(' · ')}
								</span>
							</th>
							{skus.map((s) => {
								const c = at.get(`${s.id} ${p.id}`);
								const n = c?.available ?? 0;
								return (
									<td key={s.id} className={css.cell} data-wanted={s.id === sku}>
										<button type="button" className={css.button} data-none={n === 0} data-fresh={changed.has(`${s.id} ${p.id}`)} onClick={() => onOpen(s.id, p.id)}>
											<span className="sr">{spoken(c, s, p)}</span>
											<span className={css.seen} aria-hidden="true">
											<span className={css.many}>{n === 0 ? '–' : count(n)}</span>
											{c?.low && <span className={css.low}>low</span>}
											{c !== undefined && c.incoming > 0 && <span className={css.incoming}><span>+{count(c.incoming)}</span>{c.incoming_at && <span>{dayMonthShort(c.incoming_at)}</span>}</span>}
											</span>
										</button>
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}
