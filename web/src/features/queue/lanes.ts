/* What a store has to do for orders, sorted into lanes; the pieces of one order in one lane go together. */
import type { Command, Method, Queued, Stage } from '../../api/trade';
import type { Ref } from '../../api/types';
import type { Act } from '../order/acts';

export const LANES: { stage: Stage; title: string; none: string }[] = [
	{ stage: 'waiting', title: 'Customer waiting', none: 'Nobody waits.' },
	{ stage: 'problem', title: 'Problem', none: 'None.' },
	{ stage: 'new', title: 'New', none: 'Nothing to pick.' },
	{ stage: 'picking', title: 'Picking', none: 'Nothing is being picked.' },
	{ stage: 'ready', title: 'Ready', none: 'Nothing waits to be fetched.' },
	{ stage: 'shipped', title: 'Shipped', none: 'Nothing is on its way.' },
];

export interface Job {
	key: string; order: string; number: string; customer: Ref | null; stage: Stage; method: Method | null; place: Ref | null; since: string; due: string | null; late: boolean;
	items: Queued[];
}
export function jobsOf(items: Queued[]): Job[] {
	const jobs = new Map<string, Job>();
	for (const q of items) {
		const key = [q.order, q.stage, q.method, q.location?.id ?? ''].join(' ');
		const old = jobs.get(key);
		if (!old) {
			jobs.set(key, {
				key, order: q.order, number: q.number, customer: q.customer, stage: q.stage, method: q.method, place: q.location, since: q.since, due: q.due_at, late: q.late,
				items: [q],
			});
			continue;
		}
		old.items.push(q);
		old.late ||= q.late;
		if (q.since < old.since) old.since = q.since;
		if (q.due_at && (!old.due || q.due_at < old.due)) old.due = q.due_at;
	}
	return [...jobs.values()].sort((a, b) => (a.due ?? a.since).localeCompare(b.due ?? b.since));
}
/** What the lane is about, and the rest of the same part in words. */
export function piecesOf(q: Queued): number {
	return { new: q.open, picking: q.picked, ready: q.ready, waiting: q.open + q.picked + q.ready, problem: q.unplaced, shipped: q.shipped }[q.stage];
}
export function besides(q: Queued): string {
	if (q.stage === 'waiting') return q.open > 0 ? `${q.open} not picked yet` : '';
	return [q.stage !== 'new' && q.open && `${q.open} to pick`, q.stage !== 'picking' && q.picked && `${q.picked} picked`, q.stage !== 'ready' && q.ready && `${q.ready} ready`]
		.filter(Boolean).join(', ');
}

interface Step { command: Command; label: string; said: string; of: (q: Queued) => number; back?: Command[] }
const PICK: Step = { command: 'pick', label: 'Pick', said: 'picked', of: (q) => q.open, back: ['unpick'] };
const READY: Step = { command: 'ready', label: 'Ready', said: 'ready to be fetched', of: (q) => q.picked, back: ['unpick', 'pick'] };
const HAND: Step = { command: 'hand_over', label: 'Hand over', said: 'handed over', of: (q) => q.ready + q.picked };
const SHIP: Step = { command: 'ship', label: 'Ship', said: 'shipped', of: (q) => q.picked };
const DELIVER: Step = { command: 'deliver', label: 'It arrived', said: 'arrived', of: (q) => q.shipped };
const PROBLEM: Step = { command: 'problem', label: 'Not to be found', said: 'reported as not to be found', of: (q) => q.open + q.picked + q.ready };
const UNPICK: Step = { command: 'unpick', label: 'Put back', said: 'put back on the shelf', of: (q) => q.picked };
const NO_SHOW: Step = { command: 'no_show', label: 'Nobody came', said: 'given up, back on the shelf', of: (q) => q.ready };

/** First the next step, then what else may be done. */
export function stepsOf(job: Job): { next: Act | null; more: Act[] } {
	const act = (s: Step): Act | null => {
		const units = job.items.flatMap((q) => (s.of(q) > 0 && q.location && q.method ? [{ line: q.line, qty: s.of(q), location: q.location.id, method: q.method }] : []));
		if (units.length === 0) return null; /* nothing of that sort, or no place */
		return { command: s.command, label: s.label, said: s.said, units, ...(s.back && { back: s.back }) };
	};
	const all = (...steps: Step[]) => steps.flatMap((s) => act(s) ?? []);
	switch (job.stage) {
		case 'new':
			return { next: act(PICK), more: all(PROBLEM) };
		case 'picking':
			return job.method === 'pick_up' ? { next: act(READY), more: all(HAND, UNPICK, PROBLEM) } : { next: act(SHIP), more: all(...(job.method === 'deliver' ? [HAND] : []), UNPICK, PROBLEM) };
		case 'ready':
			return { next: act(HAND), more: all(NO_SHOW, PROBLEM) };
		case 'waiting':
			return { next: act(HAND) ?? act(PICK), more: all(PROBLEM) };
		case 'shipped':
			return { next: act(DELIVER), more: [] };
		default:
			return { next: null, more: [] };
	}
}
