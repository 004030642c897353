import type { Hit } from '../../api/types';
import { FindBox } from './FindBox';
import { Dialog } from '../../ui/Dialog';

interface Props { opened: boolean; onClose: () => void; onPick: (customer: string, hit: Hit) => void; title?: string }

/** Find, over whatever is open. */
export function FindPalette({ opened, onClose, onPick, title = 'Find a customer' }: Props) {
	return (
		<Dialog opened={opened} onClose={onClose} title={title} size={680} atTop >
			<FindBox
				autoFocus
				label={title}
				onPick={(h) => {
					onClose();
					onPick(h.customer, h);
				}}
			/>
		</Dialog>
	);
}
