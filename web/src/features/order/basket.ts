/* The order that is being made: kept while one looks at other screens, dropped at sign-out. */
import { useSyncExternalStore } from 'react';
import { forgetOnSignOut } from '../../api/session';
import type { DiscountIn, Grid, ItemIn, Method, OrderIn, PayIn, Sku, Tender } from '../../api/trade';
import { minus, sum, typedAmount } from '../../ui/amount';

export interface BasketLine {
	sku: Sku; qty: number;
	/** "take sto_…"; null: the nearest that has it, in the order's way; 'wait': decided later. */
	where: string | null;
	price: string; off: string;
}
export interface BasketPay { tender: Tender; /** null: the rest. */ amount: string | null; reference: string }
export interface Basket {
	customer: string; lines: BasketLine[]; method: Method | ''; channel: string; discount: string; shipping: string; tax: string; note: string;
	onAccount: boolean; pays: BasketPay[];
}
const EMPTY: Basket = { customer: '', lines: [], method: '', channel: '', discount: '', shipping: '', tax: '', note: '', onAccount: false, pays: [] };

let basket = EMPTY;
const watchers = new Set<() => void>();
export function setBasket(change: Partial<Basket>): void {
	basket = { ...basket, ...change };
	for (const w of watchers) w();
}
export function emptyBasket(): void {
	setBasket(EMPTY);
}
forgetOnSignOut.add(emptyBasket);
function watch(fn: () => void): () => void {
	watchers.add(fn);
	return () => watchers.delete(fn);
}
export function useBasket(): Basket {
	return useSyncExternalStore(watch, () => basket);
}
/** Scanned once more: one more of it. */
export function addToBasket(sku: Sku, where: string | null = null): void {
	const at = basket.lines.findIndex((l) => l.sku.id === sku.id && l.where === where);
	const lines = at < 0 ? [...basket.lines, { sku, qty: 1, where, price: '', off: '' }] : basket.lines.map((l, i) => (i === at ? { ...l, qty: l.qty + 1 } : l));
	setBasket({ lines });
}
export function changeLine(at: number, change: Partial<BasketLine>): void {
	setBasket({ lines: basket.lines.map((l, i) => (i === at ? { ...l, ...change } : l)) });
}
export function removeLine(at: number): void {
	setBasket({ lines: basket.lines.filter((_, i) => i !== at) });
}

/** "10 %" or "5.00", as the server reads it; null: neither. */
export function discountOf(text: string): DiscountIn | null | undefined {
	const t = text.trim();
	if (!t) return undefined;
	const amount = typedAmount(t.replace(/%$/, ''));
	if (amount === null) return null;
	return t.endsWith('%') ? { rate: amount } : { amount };
}

export interface Where { method: Method; location: string }
const parse = (where: string): Where | null => {
	const [method, location] = where.split(' ');
	return location ? { method: method as Method, location } : null;
};
export const available = (grid: Grid | undefined, sku: string, location: string): number =>
	grid?.cells.find((c) => c.sku === sku && c.location === location)?.available ?? 0;

/** Where a line comes from: as chosen, or the nearest place that has enough of it. null: it waits. */
export function whereOf(line: BasketLine, method: Method, grid: Grid | undefined, here: string): Where | null {
	if (line.where !== null) return parse(line.where);
	const has = (place: string) => available(grid, line.sku.id, place) >= line.qty;
	if (!grid || !here) return null;
	if (method === 'ship') {
		/* From where nobody stands in front of an empty shelf, if there is such a place. */
		const from = grid.places.filter((p) => has(p.id));
		const best = from.find((p) => p.kind !== 'shop') ?? from[0];
		return best ? { method, location: best.id } : null;
	}
	if (has(here)) return { method, location: here };
	const other = grid.places.find((p) => p.kind === 'shop' && has(p.id)) ?? grid.places.find((p) => has(p.id));
	if (!other) return null;
	return { method: other.kind === 'shop' ? 'pick_up' : 'ship', location: other.id };
}

export function paysOf(pays: BasketPay[], total: string): PayIn[] {
	const given = sum(...pays.flatMap((p) => (p.amount === null ? [] : [typedAmount(p.amount) ?? '0'])));
	const rest = minus(total, given);
	return pays.flatMap((p) => {
		const amount = p.amount === null ? rest : (typedAmount(p.amount) ?? '0');
		return /^-|^0*\.?0*$/.test(amount) ? [] : [{ tender: p.tender, amount, ...(p.reference && { reference: p.reference }) }];
	});
}

interface Terms { here: string; channel: string; method: Method; grid: Grid | undefined }
/** What is asked for the price; with units and payments, what places the order. */
export function orderIn(b: Basket, t: Terms): OrderIn {
	const items = b.lines.map((l): ItemIn => {
		const item: ItemIn = { sku: l.sku.id, qty: l.qty };
		const price = typedAmount(l.price);
		const discount = discountOf(l.off);
		const tax = typedAmount(b.tax.replace('%', ''));
		if (price !== null) item.unit_price = price;
		if (discount) item.discount = discount;
		if (tax !== null) item.tax_rate = tax;
		return item;
	});
	const out: OrderIn = { store: t.here, channel: t.channel, tax_included: true, items };
	const discount = discountOf(b.discount);
	const shipping = typedAmount(b.shipping);
	if (b.customer) out.customer = b.customer;
	if (discount) out.discounts = [discount];
	if (shipping !== null) out.shipping = shipping;
	return out;
}
export function placeIn(b: Basket, t: Terms, total: string): OrderIn {
	const out = orderIn(b, t);
	out.items = out.items.map((item, i) => {
		const line = b.lines[i];
		const where = line && whereOf(line, t.method, t.grid, t.here);
		return where ? { ...item, units: [{ qty: item.qty, ...where }] } : item;
	});
	out.may_wait = true;
	if (b.onAccount) out.on_account = true;
	if (b.note.trim()) out.detail = b.note.trim();
	const pays = paysOf(b.pays, total);
	if (pays.length > 0) out.pays = pays;
	return out;
}
