import { Dialog } from '../ui/Dialog';
import css from './Shortcuts.module.css';

const KEYS: [string[], string][] = [
	[['/'], 'Find a customer'],
	[['Ctrl', 'K'], 'Find a customer, also while typing'],
	[['↑', '↓'], 'Move through what was found'],
	[['Enter'], 'Open the one that is marked'],
	[['n'], 'Write a note on the open card'],
	[['Ctrl', 'Enter'], 'Save the note'],
	[['m'], 'Identity review: the same person'],
	[['n'], 'Identity review: two people'],
	[['s'], 'Identity review: skip'],
	[['u'], 'Identity review: take the last decision back'],
	[['j', 'k'], 'Identity review: next, previous (also → and ←)'],
	[['Esc'], 'Close what is open'],
	[['?'], 'This list'],
];

export function Shortcuts({ opened, onClose }: { opened: boolean; onClose: () => void }) {
	return (
		<Dialog opened={opened} onClose={onClose} title="Keyboard shortcuts" >
			<dl className={css.list}>
				{KEYS.map(([keys, what]) => (
					<div key={what} className={css.row}>
						<dt>
							{keys.map((k) => (
								<kbd key={k} className={css.kbd}>{k}</kbd>
							))}
						</dt>
						<dd>{what}</dd>
					</div>
				))}
			</dl>
		</Dialog>
	);
}
