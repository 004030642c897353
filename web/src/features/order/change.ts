/* What somebody has changed in an order so far, and the command that does it. */
import type { Book, BookLine, ChangeIn, Grid, ItemIn, Method, Sku, UnitIn } from '../../api/trade';
import { available, discountOf, type Where } from './basket';
import { typedAmount } from '../../ui/amount';

/** Pieces of a line that come from one place in one way; from null: they wait, or are new. */
export interface Portion { n: number; from: Where | null }
export interface Changed {
	/** By line: how many from now on. */
	qty: Record<number, number>;
	/** By line and portion: where to; as "pick_up sto_…". */
	to: Record<string, string>;
	added: { sku: Sku; qty: number; to: string }[];
	/** null: as it was. */
	discount: string | null;
	shipping: string | null;
}
export const UNCHANGED: Changed = { qty: {}, to: {}, added: [], discount: null, shipping: null };
export const WAIT = 'wait';

export const standing = (book: Book): BookLine[] => book.lines.filter((l) => l.cancelled < l.qty);
export const qtyOf = (line: BookLine, c: Changed): number => c.qty[line.line] ?? line.qty;
export const whereText = (w: Where): string => `${w.method} ${w.location}`;
export function whereParse(text: string): Where | null {
	const [method, location] = text.split(' ');
	return location ? { method: method as Method, location } : null;
}

/** Where the pieces of a line are, when there are so many: what is too much waits first, then goes from the last place. */
export function portionsOf(line: BookLine, qty: number): Portion[] {
	const parts = line.parts.filter((p) => p.open > 0).map((p): Portion => ({ n: p.open, from: { method: p.method, location: p.location.id } }));
	const placed = parts.reduce((n, p) => n + p.n, 0);
	let over = placed - qty;
	for (const p of [...parts].reverse()) {
		const off = Math.max(0, Math.min(over, p.n));
		p.n -= off;
		over -= off;
	}
	const loose = Math.max(0, qty - placed);
	return [...parts.filter((p) => p.n > 0), ...(loose > 0 ? [{ n: loose, from: null }] : [])];
}
export const portionKey = (line: number, p: Portion): string => `${line} ${p.from ? whereText(p.from) : WAIT}`;

/** Where a portion goes: as chosen; else it stays; what is loose comes from where the line's others do, if it has them. */
export function goesTo(line: BookLine, p: Portion, c: Changed, grid: Grid | undefined): string {
	const chosen = c.to[portionKey(line.line, p)];
	if (chosen) return chosen;
	if (p.from) return whereText(p.from);
	const first = line.parts.find((k) => k.open > 0);
	const more = line.waiting === 0 && first && line.sku && available(grid, line.sku.id, first.location.id) >= p.n;
	return more ? `${first.method} ${first.location.id}` : WAIT;
}

function unitsOf(line: BookLine, c: Changed, grid: Grid | undefined): UnitIn[] {
	return portionsOf(line, qtyOf(line, c)).flatMap((p): UnitIn[] => {
		const to = goesTo(line, p, c, grid);
		const where = whereParse(to);
		if (!where || (p.from && whereText(p.from) === to)) return [];
		return [{ line: line.line, qty: p.n, ...where, ...(p.from && { from: p.from.location }) }];
	});
}

/** null: nothing is different. */
export function changeIn(book: Book, c: Changed, store: string, grid: Grid | undefined): ChangeIn | null {
	const draft = book.state === 'draft';
	const lines = standing(book).filter((l) => l.sku && qtyOf(l, c) > 0);
	const items: ItemIn[] = lines.map((l) => ({ line: l.line, sku: l.sku?.id ?? '', qty: qtyOf(l, c) }));
	for (const a of c.added) {
		const where = whereParse(a.to);
		items.push({ sku: a.sku.id, qty: a.qty, ...(where && !draft && { units: [{ qty: a.qty, ...where }] }) });
	}
	const units = draft ? [] : lines.flatMap((l) => unitsOf(l, c, grid));
	const out: ChangeIn = { keep_terms: true, may_wait: true, items, ...(store && { store }), ...(units.length > 0 && { units }) };
	if (c.discount !== null) {
		const d = discountOf(c.discount);
		out.discounts = d ? [d] : [];
	}
	if (c.shipping !== null) out.shipping = typedAmount(c.shipping) ?? '0';
	const same = standing(book).every((l) => qtyOf(l, c) === l.qty) && c.added.length === 0 && units.length === 0 && c.discount === null && c.shipping === null;
	return same || items.length === 0 ? null : out;
}
