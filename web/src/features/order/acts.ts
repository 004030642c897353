/* What may be done with the pieces of an order: what its state allows and the quantities give. */
import { api } from '../../api/client';
import type { Book, BookLine, Command, OrderDone, Part, UnitIn } from '../../api/trade';
import { isZero, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';

export interface Act {
	command: Command;
	label: string;
	/** What the toast says when it is done. */
	said: string;
	units: UnitIn[];
	/** How it is taken back; without it, it is sent only when nobody undid it in time. */
	back?: readonly Command[];
}

interface Way { command: Command; label: string; said: string; from: ('open' | 'picked' | 'ready' | 'shipped')[]; methods?: Part['method'][]; back?: readonly Command[] }
/* As in the server's table of ways; the first that fits is the next step. */
const WAYS: Way[] = [
	{ command: 'hand_over', label: 'Hand over', said: 'handed over', from: ['ready'], methods: ['pick_up'] },
	{ command: 'ready', label: 'Put aside, ready', said: 'ready to be fetched', from: ['picked'], methods: ['pick_up'], back: ['unpick', 'pick'] },
	{ command: 'ship', label: 'Ship', said: 'shipped', from: ['picked'], methods: ['ship', 'deliver'] },
	{ command: 'hand_over', label: 'Hand over', said: 'handed over', from: ['picked'], methods: ['pick_up', 'deliver'] },
	{ command: 'pick', label: 'Pick', said: 'picked', from: ['open'], back: ['unpick'] },
	{ command: 'deliver', label: 'It arrived', said: 'arrived', from: ['shipped'] },
	{ command: 'unpick', label: 'Put back on the shelf', said: 'put back', from: ['picked', 'ready'] },
	{ command: 'problem', label: 'Not to be found', said: 'reported as not to be found', from: ['open', 'picked', 'ready'] },
	{ command: 'no_show', label: 'Nobody fetched it', said: 'given up, back on the shelf', from: ['ready'] },
	{ command: 'release', label: 'Take off this place', said: 'waiting for a place again', from: ['open'], back: ['allocate'] },
];

type Pieces = Pick<Part, 'open' | 'picked' | 'ready' | 'shipped' | 'method'>;
/** Of one part of a line; the first is the next step. Nothing is handed over before it is paid. */
export function actsOf(line: number, part: Pieces & { location: string }, { allowed, on_account: account, money }: Book): Act[] {
	const unpaid = !account && !isZero(money.receivable);
	const out: Act[] = [];
	for (const w of WAYS) {
		if (!allowed.includes(w.command) || (w.methods && !w.methods.includes(part.method))) continue;
		if (out.some((a) => a.command === w.command) || (unpaid && w.command === 'hand_over')) continue;
		const qty = w.from.reduce((n, k) => n + part[k], 0);
		if (qty === 0) continue;
		const act: Act = { command: w.command, label: w.label, said: w.said, units: [{ line, qty, location: part.location, method: part.method }] };
		if (w.back) act.back = w.back;
		out.push(act);
	}
	return out;
}
export function pieces(units: UnitIn[]): number {
	return units.reduce((n, u) => n + u.qty, 0);
}
/** What is not cancelled and not yet with anybody. */
export function cancellable(l: BookLine): number {
	return l.waiting + l.open + l.picked + l.ready;
}
export function returnable(l: BookLine): number {
	return l.handed - l.returned;
}

export function send(order: string, command: Command, body: object, keepalive = false): Promise<OrderDone> {
	return api.post<OrderDone>(`orders/${encodeURIComponent(order)}/${command}`, body, keepalive);
}

interface Doing {
	order: string; act: Act; store: string; what?: string;
	done: (book: Book) => void;
	/** Shown as done while there is time to undo. */
	pending?: (is: boolean) => void;
}
/** Does it, with its way back. */
export async function doAct({ order, act, store, what, done, pending }: Doing): Promise<void> {
	const body = { store: store || undefined, units: act.units };
	const text = `${what ?? plural(pieces(act.units), 'piece')} ${act.said}`;
	const { back } = act;
	if (!back) {
		pending?.(true);
		toast.later(
			text,
			() =>
				send(order, act.command, body, true)
					.then((d) => done(d.book))
					.catch(toast.fail)
					.finally(() => pending?.(false)),
			() => pending?.(false),
		);
		return;
	}
	try {
		done((await send(order, act.command, body)).book);
		toast.undo(text, async () => {
			for (const command of back) done((await send(order, command, body)).book);
		});
	} catch (e) {
		toast.fail(e);
	}
}
