import { Modal } from '@mantine/core';
import type { Hit } from '../../api/types';
import { FindBox } from './FindBox';

interface Props { opened: boolean; onClose: () => void; onPick: (customer: string, hit: Hit) => void; title?: string }

/** Find, over whatever is open. */
export function FindPalette({ opened, onClose, onPick, title = 'Find a customer' }: Props) {
	return (
		<Modal opened={opened} onClose={onClose} title={title} size={680} yOffset="8dvh" centered={false} data-locks-scroll={opened || undefined}>
			<FindBox
				autoFocus
				label={title}
				onPick={(h) => {
					onClose();
					onPick(h.customer, h);
				}}
			/>
		</Modal>
	);
}
