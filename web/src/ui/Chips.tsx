import { Icon, type IconName } from './Icon';
import css from './Chips.module.css';

interface Props<T extends string> {
	label: string;
	options: { value: T; label: string; icon?: IconName; disabled?: boolean }[];
	value: T;
	onChange: (v: T) => void;
}

/** One of two to four, side by side. */
export function Chips<T extends string>({ label, options, value, onChange }: Props<T>) {
	return (
		<div className={css.chips} role="group" aria-label={label}>
			{options.map((o) => (
				<button key={o.value} type="button" className={css.chip} aria-pressed={o.value === value} disabled={o.disabled} onClick={() => onChange(o.value)}>
					{o.icon && <Icon name={o.icon} size={18} />}
					{o.label}
				</button>
			))}
		</div>
	);
}
