/* The shapes of docs/api.md: catalogue, stock, orders. */
import type { Money, Order, Ref } from './types';

export interface Sku {
	id: string; code: string; barcode: string | null; title: string; brand: string; category: string; size: string; colour: string;
	product: string | null; list_price: Money | null;
}
export interface Product { id: string; code: string; title: string; brand: string; category: string; subcategory: string; skus: Sku[] }

export interface Place { id: string; name: string; kind: string; km: number | null; updated_at: string | null }
export interface Cell {
	sku: string; location: string; available: number; held: number; committed: number; picked: number; quality: number; damaged: number;
	safety: number; transit: number; incoming: number; incoming_at: string | null; low: boolean;
	/** It is low at so many or fewer; null: never. */
	level: number | null;
}
export interface Grid { as_of: string; skus: Sku[]; places: Place[]; cells: Cell[] }
export interface Move {
	at: string; qty: number; from: { state: string; location: string }; to: { state: string; location: string }; reason: string;
	order: string | null; hold: string | null; by: string | null;
}

export type WayKind = 'here' | 'pick_up' | 'ship' | 'transfer' | 'incoming' | 'substitute';
export interface Way {
	way: WayKind; location: Ref; sku: Sku; available: number; km: number | null; ready_at: string | null; cost: Money | null; text: string;
	closed: boolean; elsewhere: boolean;
	order?: Record<string, unknown> | null; hold?: Record<string, unknown> | null; wait?: Record<string, unknown> | null;
}
export interface Ways { sku: Sku; here: number; usual_size: string | null; ways: Way[] }

export interface StockDone { id: string; kind: string; qty: number; state: string; expected?: number; open?: number; replayed: boolean }
export interface Hold {
	id: string; sku: Sku; location: Ref; customer: Ref | null; qty: number; placed: number; placed_at: string; until: string; state: string;
	associate: Ref | null;
}
export interface TransferLine {
	sku: Sku; asked: number; sent: number; received: number; lost: number; returned: number; over: number; order: string | null;
}
export interface Transfer {
	id: string; from: Ref; to: Ref; state: 'requested' | 'dispatched' | 'received' | 'cancelled'; requested_at: string;
	dispatched_at: string | null; lines?: TransferLine[];
}
export interface CountTask { id: string; sku: Sku; location: Ref; opened_at: string; reason: string; state: string; hint: number | null }

export interface Low { sku: Sku; location: Ref; level: number; available: number; incoming: number }
export interface Waiting {
	id: string; sku: Sku; location: Ref | null; customer: Ref | null; qty: number; joined_at: string; offered_at: string | null;
	offered_in: Ref | null; offered_until: string | null; state: 'waiting' | 'offered';
}
/** Given back beyond what was due. */
export interface Review { id: string; at: string; order: string; number: string; state: string; store: Ref | null; unmatched: Money }
/** Came back before its sale was known. */
export interface Parked {
	id: string; at: string; number: string | null; sku: Sku; qty: number; location: Ref; tender: Tender; refunded: Money | null;
}

export type Method = 'take' | 'pick_up' | 'ship' | 'deliver';
export type Tender = 'cash' | 'card' | 'gift_card' | 'transfer' | 'wallet' | 'store_credit';
export type Condition = 'good' | 'unknown' | 'damaged' | 'scrap';
export type Command =
	| 'place' | 'change' | 'cancel' | 'allocate' | 'release' | 'pick' | 'unpick' | 'problem' | 'ready' | 'hand_over' | 'ship' | 'deliver' | 'no_show'
	| 'arrive' | 'pay' | 'return' | 'inspect' | 'refund' | 'refund_done' | 'refund_failed' | 'exchange' | 'close';

export interface Part { n: number; location: Ref; method: Method; open: number; picked: number; ready: number; handed: number; shipped: number; since: string }
export interface BookLine {
	line: number; sku: Sku | null; title: string; qty: number; unit_price: string; list_price: string | null; discount: Money; net: Money;
	tax: Money; waiting: number; open: number; picked: number; ready: number; handed: number; cancelled: number; returned: number;
	refundable: Money; parts: Part[];
}
export interface Payment {
	n: number; at: string; refund: boolean; tender: Tender; amount: Money; state: 'done' | 'pending' | 'failed'; as_credit: boolean;
	reference: string | null;
}
export interface Returned {
	n: number; at: string; location: Ref; line: number; qty: number; uninspected: number; condition: Condition; net: Money; tax: Money;
}
export interface Step {
	n: number; at: string; command: string; state: string; units: number; amount: Money | null; store: Ref | null; by: string | null;
	text: string | null;
}
export interface Book {
	state: 'draft' | 'placed' | 'partly' | 'fulfilled' | 'cancelled' | 'closed'; version: number; arrived_at?: string | null; on_account: boolean; policy: string;
	tax_included: boolean; lines: BookLine[];
	money: {
		total: Money; receivable: Money; captured: Money; refunding: Money; refunded: Money; payable: Money; shipping: Money; tax: Money;
		discount: Money;
	};
	tenders: { tender: Tender; captured: Money; refundable: Money }[];
	payments: Payment[]; returns: Returned[]; trail: Step[]; allowed: Command[];
	discounts?: { rate: string | null; amount: Money | null; threshold: Money | null; given: boolean }[];
}
export interface BookedOrder extends Order { book?: Book | null }
export interface OrderDone {
	order: string; event: number; state: Book['state']; amount: Money; refunded: Money; receivable: Money; payable: Money;
	return: number | null; payment: number | null; replayed: boolean; book: Book;
}

export interface UnitIn { line: number; qty: number; location?: string; method?: Method; condition?: Condition; hold?: string; /** A change: taken from there. */ from?: string }
export interface PayIn { tender: Tender; amount: string; reference?: string; pending?: boolean; as_credit?: boolean }
export interface DiscountIn { rate?: string; amount?: string; threshold?: string }
export interface ItemIn {
	sku: string; qty: number; /** A change: the line that it is. */ line?: number; unit_price?: string; tax_rate?: string; discount?: DiscountIn;
	units?: { qty: number; location: string; method: Method; hold?: string }[];
}
export interface OrderIn {
	customer?: string; store: string; channel?: string; tax_included?: boolean; on_account?: boolean; may_wait?: boolean; quote?: boolean;
	shipping?: string; shipping_tax_rate?: string; discounts?: DiscountIn[]; items: ItemIn[]; pays?: PayIn[]; detail?: string; currency?: string;
}
export interface PriceLine { sku: string; qty: number; gross: Money; discount: Money; net: Money; tax: Money }
export interface Price { currency: string; lines: PriceLine[]; discount: Money; shipping: Money; tax: Money; total: Money }
export interface ChangeIn {
	store?: string; keep_terms: true; may_wait: true; items: ItemIn[]; units?: UnitIn[]; discounts?: DiscountIn[]; shipping?: string;
}
export interface ChangePrice {
	lines: { line: number; sku: string; qty: number; discount: Money; net: Money; tax: Money }[];
	was: Money; total: Money; discount: Money; shipping: Money; tax: Money;
	was_receivable: Money; receivable: Money; was_payable: Money; payable: Money;
}
export interface ReturnPrice {
	lines: { line: number; qty: number; net: Money; tax: Money }[]; clawed: Money; total: Money; off_receivable?: Money; tenders: { tender: Tender; amount: Money }[];
}

export type Stage = 'new' | 'picking' | 'problem' | 'ready' | 'waiting' | 'shipped';
export interface Queued {
	order: string; number: string; n: number; line: number; sku: Sku | null; location: Ref | null; store: Ref | null; unplaced: number; customer: Ref | null; method: Method | null; open: number; picked: number;
	ready: number; shipped: number; since: string; stage: Stage; due_at: string | null; late: boolean;
}
export interface Queue { items: Queued[]; next: string | null; counts: Partial<Record<Stage, number>> }
