/* A button that drops a short list of links and buttons. */
import { Popover } from '@mantine/core';
import { createContext, use, useState, type AnchorHTMLAttributes, type ReactNode } from 'react';
import { Link } from '../app/router';
import { Icon, type IconName } from './Icon';
import css from './Drop.module.css';

const Close = createContext<() => void>(() => {});

interface Props { label: string; button: ReactNode; className: string; here?: boolean; children: ReactNode }

export function Drop({ label, button, className, here = false, children }: Props) {
	const [open, setOpen] = useState(false);
	return (
		<Popover opened={open} onChange={setOpen} position="top-end" width={270} trapFocus returnFocus>
			<Popover.Target>
				<button type="button" className={className} data-here={here} onClick={() => setOpen((o) => !o)}>{button}</button>
			</Popover.Target>
			<Popover.Dropdown aria-label={label} className={css.drop}>
				<Close value={() => setOpen(false)}>{children}</Close>
			</Popover.Dropdown>
		</Popover>
	);
}

interface ItemProps { icon: IconName; pressed?: boolean; onClick?: () => void; to?: string; children: ReactNode }

export function DropItem({ icon, pressed, onClick, to, children }: ItemProps) {
	const close = use(Close);
	const inside = (
		<>
			<Icon name={icon} />
			<span className={css.text}>{children}</span>
			{pressed && <Icon name="check" size={18} />}
		</>
	);
	if (to) {
		const props: AnchorHTMLAttributes<HTMLAnchorElement> = { className: css.item, onClick: close };
		return <Link to={to} {...props}>{inside}</Link>;
	}
	return (
		<button
			type="button"
			className={css.item}
			aria-pressed={pressed}
			onClick={() => {
				if (pressed === undefined) close();
				onClick?.();
			}}
		>
			{inside}
		</button>
	);
}
