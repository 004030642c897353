/* A dialog over the page: named by its title, closed by Escape, gives the focus back. */
import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import css from './Dialog.module.css';

interface Props { opened: boolean; onClose: () => void; title: string; size?: number; atTop?: boolean; children: ReactNode }

export function Dialog({ opened, onClose, title, size, atTop = false, children }: Props) {
	return (
		<Modal opened={opened} onClose={onClose} withCloseButton={false} size={size ?? 480} centered={!atTop} yOffset="8dvh" data-locks-scroll={opened || undefined}>
			<div className={css.head}>
				<Modal.Title className={css.title}>{title}</Modal.Title>
				<Modal.CloseButton aria-label="Close" size={44} />
			</div>
			{children}
		</Modal>
	);
}
