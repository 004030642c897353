import { Button, Textarea } from '@mantine/core';
import { useRef, useState, type KeyboardEvent } from 'react';
import { useMe } from '../../api/session';
import type { Card, Note, Role } from '../../api/types';
import { useShortcut } from '../../app/shortcuts';
import { Icon } from '../../ui/Icon';
import { ago, dayTime } from '../../ui/format';
import { useFreshIds } from '../../ui/fresh';
import { addNote, removeNote } from './actions';
import css from './Notes.module.css';

const NOTE_MAX = 4000;
/* Besides whoever wrote it. */
const MAY_REMOVE: Role[] = ['manager', 'admin'];

interface FieldProps { card: Card; reload: () => Promise<void>; onWritten: (change: (old: Note[]) => Note[]) => void }

export function NoteField({ card, reload, onWritten }: FieldProps) {
	const me = useMe();
	const [text, setText] = useState('');
	const [busy, setBusy] = useState(false);
	const field = useRef<HTMLTextAreaElement>(null);
	useShortcut('n', () => {
		field.current?.focus();
		field.current?.scrollIntoView({ block: 'center' });
	});

	async function save() {
		if (!text.trim() || busy) return;
		setBusy(true);
		const note = await addNote(card.customer, text.trim(), me.home_store, (id) => {
			onWritten((old) => old.filter((n) => n.id !== id));
			void reload();
		});
		setBusy(false);
		if (note) {
			setText('');
			onWritten((old) => [note, ...old]);
			void reload();
		}
		field.current?.focus();
	}
	function keys(e: KeyboardEvent) {
		if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
			e.preventDefault();
			void save();
		} else if (e.key === 'Escape') {
			field.current?.blur();
		}
	}
	return (
		<div className={css.field}>
			<Textarea
				ref={field}
				aria-label="A note for whoever serves them next"
				placeholder="What should the next colleague know?"
				autosize
				minRows={1}
				maxRows={8}
				maxLength={NOTE_MAX}
				value={text}
				onChange={(e) => setText(e.currentTarget.value)}
				onKeyDown={keys}
				data-note-field
			/>
			<Button onClick={() => void save()} disabled={!text.trim()} loading={busy}>
				Save note
			</Button>
		</div>
	);
}

interface ListProps { customer: string; notes: Note[]; /** The simple card: older notes are one press away. */ onFull: (() => void) | null }

export function NoteList({ customer, notes, onFull }: ListProps) {
	const me = useMe();
	const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
	const fresh = useFreshIds(notes.map((n) => n.id), customer);
	const shown = notes.filter((n) => !hidden.has(n.id));
	function hide(id: string, on: boolean) {
		setHidden((h) => {
			const next = new Set(h);
			if (on) next.add(id);
			else next.delete(id);
			return next;
		});
	}
	if (shown.length === 0 && onFull) return <FullNotes onFull={onFull} />;
	if (shown.length === 0) return <p className="dim">No notes yet. Press n to write the first.</p>;
	return (
		<>
		<ul className={css.list}>
			{shown.map((n) => (
				<li key={n.id} className={css.note} data-fresh={fresh.has(n.id)}>
					<p className={css.text}>{n.text}</p>
					<p className={css.by}>
						<span title={dayTime(n.at)}>
							{[n.by?.name, n.store?.name, ago(n.at)].filter(Boolean).join(', ')}
						</span>
						{(n.by?.id === me.user.id || MAY_REMOVE.includes(me.user.role)) && (
							<button type="button" className={css.remove} onClick={() => removeNote(customer, n, hide)}>
								<Icon name="trash" size={18} />
								<span className="sr">Remove this note</span>
							</button>
						)}
					</p>
				</li>
			))}
		</ul>
		{onFull && <FullNotes onFull={onFull} />}
		</>
	);
}

function FullNotes({ onFull }: { onFull: () => void }) {
	return (
		<p className="dim">
			Earlier notes are on the full card. <button type="button" className={css.full} onClick={onFull}>Show the full card</button>
		</p>
	);
}
