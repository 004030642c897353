import type { Book, Command, Condition, Method, Payment, Tender } from '../../api/trade';
import type { IconName } from '../../ui/Icon';

export const STATES: Record<Book['state'], string> = {
	draft: 'A quote', placed: 'Placed', partly: 'Partly with the customer', fulfilled: 'With the customer', cancelled: 'Cancelled', closed: 'Closed',
};
export const METHODS: Record<Method, string> = { take: 'Taken along', pick_up: 'Pick up', ship: 'Ship', deliver: 'Deliver on the way home' };
export const FROM: Record<Method, string> = { take: 'Take along', pick_up: 'Pick up in', ship: 'Ship from', deliver: 'Deliver from' };
export const METHOD_ICONS: Record<Method, IconName> = { take: 'bag', pick_up: 'store', ship: 'truck', deliver: 'home' };
export const TENDERS: Record<Tender, string> = {
	cash: 'Cash', card: 'Card', gift_card: 'Gift card', transfer: 'Bank transfer', wallet: 'Wallet', store_credit: 'Store credit',
};
export const TENDER_CHOICES = (Object.keys(TENDERS) as Tender[]).map((value) => ({ value, label: TENDERS[value] }));
export const CONDITIONS: Record<Condition, string> = { good: 'As new', unknown: 'To be looked at', damaged: 'Damaged', scrap: 'Scrapped' };
export const PAYMENT_STATES: Record<Payment['state'], string> = { done: '', pending: 'on its way', failed: 'failed' };

const COMMANDS: Record<Command | 'quote', string> = {
	quote: 'Quoted', place: 'Placed', change: 'Changed', cancel: 'Cancelled', allocate: 'Given a place', release: 'Taken off its place', pick: 'Picked',
	unpick: 'Put back', problem: 'Not to be found', ready: 'Put aside, ready', hand_over: 'Handed over', ship: 'Shipped', deliver: 'Arrived', no_show: 'Not fetched',
	arrive: 'Came to fetch it', pay: 'Paid', return: 'Brought back', inspect: 'Looked at', refund: 'Refunded', refund_done: 'Refund arrived', refund_failed: 'Refund failed',
	exchange: 'Exchanged', close: 'Closed',
};
/** What a step of the trail is called. */
export function commandName(command: string): string {
	const c = command.replace(/^order\./, '') as Command;
	return COMMANDS[c] ?? c.replace(/_/g, ' ');
}
