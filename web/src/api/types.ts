/* The shapes of docs/api.md. */

export type Role =
	| 'associate' | 'agent' | 'manager' | 'marketer' | 'buyer' | 'analyst' | 'fulfilment' | 'credit' | 'moderator'
	| 'privacy' | 'operator' | 'admin';

export interface Money { currency: string; amount: string }
export interface Ref { id: string; name: string }
export interface Page<T> { items: T[]; next: string | null }

export interface Me {
	user: { id: string; login: string; name: string; role: Role; associate: string | null; stores: string[] };
	csrf: string;
	version: string;
	home_store: string | null;
}
export interface LinkInfo { first_admin: boolean; login: string; name: string }

export interface Hit {
	customer: string; name: string; city: string; postcode: string; phone_hint: string; email_hint: string; loyalty: string;
	store: Ref | null; last_purchase_at: string | null; spend: Money | null;
	matched: 'name' | 'phone' | 'email' | 'loyalty' | 'postcode' | 'order';
	order: { id: string; number: string } | null;
}
export interface FindAnswer { results: Hit[]; took_us: number; ready: boolean }

export type Provenance = 'told' | 'bought' | 'observed' | 'inferred';
export interface How { provenance: Provenance; text: string; at: string | null; source: string }
export interface Fact { kind: string; value: string; label: string; say: boolean; how: How; fact: string | null }
export interface Note { id: string; record: string; text: string; at: string; by: Ref | null; store: Ref | null }
export interface Milestone { kind: string; date: string; in_days: number; text: string; say: boolean; how: How }
export interface Permission { channel: string; purpose: string; state: 'yes' | 'no' | 'never_asked'; at: string | null }
export interface OpenMatter { kind: string; text: string; order?: string | null; at: string | null }
export interface CardLine { title: string; sku: string; size: string; colour: string; qty: number }
export interface LastPurchase {
	order: string; at: string; store: Ref | null; channel: string; total: Money; lines: CardLine[];
}
export interface Spend {
	total: Money; last_12_months: Money; orders: number; returns: number; full_price_share: number | null; first_at: string | null;
}

export interface Card {
	customer: string; as_of: string;
	name: { display: string; given: string; family: string; prefix: string; pronounce: string; how: How | null };
	associate: { id: string; name: string; store: string; n: number; of: number; how: How } | null;
	open: OpenMatter[];
	opener: { text: string; evidence: string; order: string | null } | null;
	sizes: Fact[]; likes: Fact[]; dislikes: Fact[]; served_how: Fact[]; channels: Fact[];
	milestones: Milestone[];
	last_purchase: LastPurchase | null;
	spend: Spend | null;
	home_store: { id: string; name: string; n: number; of: number } | null;
	contact: Permission[];
	household: { id: string | null; members: { customer: string; name: string; how: How }[] } | null;
	notes: Note[];
	position?: string;
}

export interface Identifier { kind: string; value: string; verified: boolean; state: string }
export interface PersonRecord {
	id: string; source: string; source_key: string; name: string; birthday: string | null; address: Address | string | null;
	created_at: string; updated_at: string; identifiers: Identifier[];
}
export interface Address { street: string; city: string; region: string; postcode: string; country: string }
export interface Link { a: string; b: string; kind: string; value: string; state: string; decision?: string | null }
export interface Decision { id: string; kind: string; at: string; by: Ref | string | null; reason: string; undone: boolean }
export interface Nomination { id: string; customer: string; name: string; kind: string; value?: string }
export interface Recipient { id: string; name: string; relation: string; birthday: string | null; note: string }
export interface OrderLine {
	title: string; sku: string; size: string; colour: string; brand: string; qty: number;
	unit_price: string | null; list_price: string | null; net: Money; full_price: boolean;
}
export interface Order {
	id: string; number: string; source: string; kind: 'sale' | 'return'; state: string; channel: string;
	store: Ref | null; associate: Ref | null; placed_at: string; currency: string;
	total: Money; net: Money; tax: Money; discount: Money; shipping: Money; revision: number; lines?: OrderLine[];
	history?: { revision: number; at: string; difference: unknown }[];
	customer?: Ref | null;
}
export interface Customer extends Card {
	records: PersonRecord[]; identifiers: Identifier[]; address: Address | null; birthday: string | null;
	recipients: Recipient[]; evidence: { links: Link[] }; decisions: Decision[]; nominations: Nomination[]; orders: Order[];
}
export interface Touch {
	id: string; record: string; at: string; channel: string; kind: string; title: string;
	store: Ref | null; associate: Ref | null; order: string | null; source: string; body: unknown;
}

export interface SideRecord {
	id: string; source: string; source_key: string; name: string; gender: string; birthday: string | null; address: Address | null;
	created_at: string; updated_at: string; identifiers: Identifier[];
}
export interface Side {
	customer: string; name: string; record_count: number; orders: number; spend: Money | null;
	last_purchase_at: string | null; last_seen_at: string | null; records: SideRecord[];
}
/** Weights and scores: thousandths of bits. */
export interface WhyField { comparison: string; kind: string; level: string; a: string; b: string; weight: number }
export interface Why {
	a: string; b: string; same: boolean; epoch: number | null; score: number | null; prior: number | null; link: number | null;
	component: number | null; fields: WhyField[];
	links: { kind: string; value: string; verified: boolean; state: string }[];
	decisions: { decision: string; kind: string; at: string; by: string | null; reason: string; standing: boolean }[];
	apart: Apart[] | null;
}
/** What keeps two customers from being one; what a reason has not is null. */
export interface Apart {
	reason: string; decision: string | null; at: string | null; by: string | null; why: string | null; kind: string | null;
	a: string | null; b: string | null; number: number | null; limit: number | null;
}
export interface Pair { a: Side; b: Side; why: Why | null }
export interface Doubt extends Pair { id: string; at: string; score: number; worth: number }
export interface Sampled extends Pair { id: string; score: number | null }
export interface Sample { items: Sampled[]; seed: number; looked: number; same: number; left: number }
export interface ReviewQueue { items: Doubt[]; waiting: number; next: string | null }
export interface Share { value: number; low: number; high: number }
export interface Estimate { looked: number; same: number; drawn: number; drawn_same: number; enough: boolean; precision: Share | null; recall: Share | null; by_model: number }

export interface TopRow {
	customer: string; name: string; net: Money; full_price_share: number | null; orders: number; units: number;
	last_at: string | null;
}
export interface Top {
	rows: TopRow[];
	all: { customers: number; net: Money; full_price_share: number | null; anonymous: Money };
	from: string; to: string; currency: string;
}
export interface Store {
	id: string; code: string; name: string; zone: string; country: string; city: string; kind: string; currency: string;
}
export interface Associate { id: string; code: string; name: string; store: string | Ref | null }

export interface ImportJob {
	id: string; path: string; format: string; source: string; state: 'running' | 'stopped' | 'done' | 'failed';
	started_at: string; updated_at: string; bytes_done: number; bytes_total: number; lines: number;
	counts: {
		taken: number; duplicates: number; dead: number; orders_new: number; orders_changed: number; orders_same: number;
		records_new: number;
	};
	problem: string | null;
}
export interface DeadLetter {
	id: string; source: string; line: number; job: string | null; code: string; field: string; detail: string; raw: string;
	at: string; resolved: boolean;
}
export interface User {
	id: string; login: string; name: string; role: Role; associate: string | null; stores: string[]; disabled: boolean;
	has_password: boolean; last_seen_at: string | null;
}
export interface ApiKey {
	id: string; name: string; source: string; role: 'source' | 'browser'; hint: string; created_at: string;
	last_used_at: string | null; revoked: boolean;
}
export interface AuditRow {
	at: string; who: string; user: string | null; action: string; purpose: string; subject: string | null; detail: unknown;
}
export interface Status {
	version: string; engine: string; customers: number; records: number; orders: number; touchpoints: number;
	search: { ready: boolean; customers: number }; feed: { rows: number }; deadletters: number;
}
