import { Icon, type IconName } from './Icon';
import css from './ChipRow.module.css';

interface Props {
	label: string;
	options: { value: string; label: string; icon?: IconName }[];
	value: string;
	onChange: (v: string) => void;
	/** In several rows instead. */
	wrap?: boolean;
}

/** One of a few, in a row that scrolls sideways where it is narrow. */
export function ChipRow({ label, options, value, onChange, wrap = false }: Props) {
	return (
		<div className={css.row} data-wrap={wrap} role="group" aria-label={label}>
			{options.map((o) => (
				<button key={o.value} type="button" className={css.chip} aria-pressed={o.value === value} onClick={() => onChange(o.value)}>
					{o.icon && <Icon name={o.icon} size={18} />}
					{o.label}
				</button>
			))}
		</div>
	);
}
