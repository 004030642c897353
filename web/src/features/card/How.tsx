/* How we know it: behind every fact, one click or Enter away. */
import { Popover } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { How as HowShape, Provenance } from '../../api/types';
import { Icon } from '../../ui/Icon';
import { ago, day } from '../../ui/format';
import css from './How.module.css';

const WHENCE: Record<Provenance, string> = {
	told: 'They told us',
	bought: 'From what they bought',
	observed: 'We noticed it',
	inferred: 'Our guess',
};

export const NOT_ALOUD = 'Not aloud';

/** The mark of what staff may know but not mention. */
export function Hush({ quiet = false }: { quiet?: boolean }) {
	return (
		<span className={css.hush}>
			<Icon name="hush" size={16} />
			<span className={quiet ? 'sr' : undefined}>{NOT_ALOUD}</span>
		</span>
	);
}

interface Props {
	what: string;
	how: HowShape | null;
	say?: boolean;
	/** Marks the fact as wrong. */
	onWrong?: () => void;
	className?: string;
	children: ReactNode;
}

export function How({ what, how, say = true, onWrong, className = '', children }: Props) {
	const [open, setOpen] = useState(false);
	if (!how) return <span className={className}>{children}</span>;
	return (
		<Popover opened={open} onChange={setOpen} position="bottom-start" width={300} trapFocus returnFocus withinPortal>
			<Popover.Target>
				<button type="button" className={`${css.button} ${className}`} onClick={() => setOpen((o) => !o)}>
					{children}
					<span className="sr">: how we know it</span>
				</button>
			</Popover.Target>
			<Popover.Dropdown aria-label={`How we know it: ${what}`} className={css.drop}>
				<p className={css.whence}>{WHENCE[how.provenance] ?? how.provenance}</p>
				{how.text && <p className={css.text}>{how.text}</p>}
				<p className="dim small">
					{[how.at ? `${day(how.at)} (${ago(how.at)})` : '', how.source ? `from ${how.source}` : ''].filter(Boolean).join(', ')}
				</p>
				{!say && (
					<p className={css.quiet}>
						<Icon name="hush" size={18} />
						<span>{NOT_ALOUD}: let it guide you, but do not mention it.</span>
					</p>
				)}
				<div className={css.actions}>
					{onWrong && (
						<button
							type="button"
							className={css.action}
							data-autofocus
							onClick={() => {
								setOpen(false);
								onWrong();
							}}
						>
							This is wrong
						</button>
					)}
					<button type="button" className={css.action} data-plain onClick={() => setOpen(false)}>
						Close
					</button>
				</div>
			</Popover.Dropdown>
		</Popover>
	);
}
