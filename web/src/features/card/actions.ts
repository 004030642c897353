/* What staff write on a card. Each is done at once and can be taken back from the toast. */
import { api } from '../../api/client';
import type { Card, Fact, Note } from '../../api/types';
import type { Data } from '../../api/useData';
import { toast } from '../../ui/toasts';

const LISTS = ['sizes', 'likes', 'dislikes', 'served_how', 'channels'] as const;

function without(card: Card, fact: Fact): Card {
	const next = { ...card };
	for (const l of LISTS) next[l] = card[l].filter((f) => f.kind !== fact.kind || f.value !== fact.value);
	return next;
}

export async function markWrong<T extends Card>(from: Data<T>, fact: Fact): Promise<void> {
	const customer = from.data?.customer;
	if (!customer) return;
	from.patch((c) => without(c, fact) as T);
	try {
		const mark = await api.post<{ id: string }>(`customers/${customer}/facts/wrong`, { kind: fact.kind, value: fact.value });
		toast.undo(`Marked as wrong: ${fact.label}`, async () => {
			await api.delete(`customers/${customer}/facts/${mark.id}`);
			await from.reload();
		});
	} catch (e) {
		toast.fail(e);
	}
	await from.reload();
}

export async function addNote<T extends Card>(from: Data<T>, text: string, store: string | null): Promise<boolean> {
	const customer = from.data?.customer;
	if (!customer) return false;
	try {
		const note = await api.post<Note>(`customers/${customer}/notes`, store ? { text, store } : { text });
		from.patch((c) => ({ ...c, notes: [note, ...c.notes.filter((n) => n.id !== note.id)] }));
		toast.undo('Note saved', async () => {
			await api.delete(`customers/${customer}/notes/${note.id}`);
			await from.reload();
		});
		void from.reload();
		return true;
	} catch (e) {
		toast.fail(e);
		return false;
	}
}

/** Hidden at once, removed when nobody wants it back. */
export function removeNote(customer: string, note: Note, hide: (id: string, hidden: boolean) => void): void {
	hide(note.id, true);
	toast.later(
		'Note removed',
		() => {
			api.delete(`customers/${customer}/notes/${note.id}`, true).catch((e) => {
				hide(note.id, false);
				toast.fail(e);
			});
		},
		() => hide(note.id, false),
	);
}
