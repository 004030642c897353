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

export async function markWrong(from: Data<Card>, fact: Fact): Promise<void> {
	const customer = from.data?.customer;
	if (!customer) return;
	from.patch((c) => without(c, fact));
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

/** The note as it was saved, or null when it was not. */
export async function addNote(customer: string, text: string, store: string | null, gone: (id: string) => void): Promise<Note | null> {
	try {
		const note = await api.post<Note>(`customers/${customer}/notes`, store ? { text, store } : { text });
		toast.undo('Note saved', async () => {
			await api.delete(`customers/${customer}/notes/${note.id}`);
			gone(note.id);
		});
		return note;
	} catch (e) {
		toast.fail(e);
		return null;
	}
}

/** Hidden at once, removed when nobody wants it back. */
export function removeNote(customer: string, note: Note, hide: (id: string, hidden: boolean) => void): void {
	hide(note.id, true);
	toast.later(
		'Note removed',
		() =>
			api.delete(`customers/${customer}/notes/${note.id}`, true).catch((e) => {
				hide(note.id, false);
				toast.fail(e);
			}),
		() => hide(note.id, false),
	);
}
