import type { Hit } from '../../api/types';
import { FindBox } from './FindBox';
import { Dialog } from '../../ui/Dialog';

interface Props { opened: boolean; onClose: () => void; onPick: (hit: Hit) => void }

/** Find, over whatever is open. */
export function FindPalette({ opened, onClose, onPick }: Props) {
	return (
		<Dialog opened={opened} onClose={onClose} title="Find a customer" size={680} atTop >
			<FindBox
				autoFocus
				label="Find a customer"
				onPick={(h) => {
					onClose();
					onPick(h);
				}}
			/>
		</Dialog>
	);
}
