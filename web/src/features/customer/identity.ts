/* Merge, split, never, undo: appended decisions, each with its way back in the toast. */
import { api } from '../../api/client';
import { go } from '../../app/router';
import { toast } from '../../ui/toasts';

interface Decided { decision: string; customer?: string }

async function undo(decision: string, then: () => Promise<void>): Promise<void> {
	await api.post(`decisions/${decision}/undo`, {});
	await then();
}

/** Throws the problem: a conflict is answered in the dialog. */
export async function merge(a: string, b: string, reason: string, force: boolean, name: string, reload: () => Promise<void>): Promise<void> {
	const d = await api.post<Decided>('merges', { a, b, ...(reason && { reason }), ...(force && { force }) });
	toast.undo(`Now one with ${name}`, () => undo(d.decision, reload));
	if (d.customer && d.customer !== a) go(`/c/${d.customer}/records`);
	await reload();
}

export async function split(records: string[], reload: () => Promise<void>): Promise<void> {
	try {
		const d = await api.post<Decided>('splits', { records });
		toast.undo(records.length === 1 ? 'One record is a customer of its own now' : `${records.length} records are a customer of their own now`, () =>
			undo(d.decision, reload),
		);
	} catch (e) {
		toast.fail(e);
	}
	await reload();
}

export async function never(a: string, b: string, name: string, reload: () => Promise<void>): Promise<void> {
	try {
		const d = await api.post<Decided>('nevers', { a, b });
		toast.undo(`Kept apart from ${name}`, () => undo(d.decision, reload));
	} catch (e) {
		toast.fail(e);
	}
	await reload();
}

export async function undoDecision(decision: string, reload: () => Promise<void>): Promise<void> {
	try {
		await api.post(`decisions/${decision}/undo`, {});
		toast.say('Taken back. The customers are what they would be without it.');
	} catch (e) {
		toast.fail(e);
	}
	await reload();
}
