/* How many: − and + for a thumb, a field for the keyboard. */
import { Icon } from './Icon';
import css from './Stepper.module.css';

interface Props { label: string; value: number; min?: number; max?: number; onChange: (n: number) => void; /** What + and − act on, for who cannot see it. */ of: string }

export const MOST = 9999;

export function Stepper({ label, of, value, min = 0, max = MOST, onChange }: Props) {
	const set = (n: number) => onChange(Math.max(min, Math.min(max, Number.isFinite(n) ? Math.trunc(n) : min)));
	return (
		<span className={css.stepper} role="group" aria-label={`${label}: ${of}`}>
			<button type="button" className={css.step} aria-label={`One less of ${of}`} disabled={value <= min} onClick={() => set(value - 1)}>
				<Icon name="minus" size={18} />
			</button>
			<input
				className={css.value}
				inputMode="numeric"
				autoComplete="off"
				aria-label={`${label}, ${of}`}
				value={value}
				onFocus={(e) => e.currentTarget.select()}
				onChange={(e) => set(Number(e.currentTarget.value.replace(/\D/g, '')))}
				onKeyDown={(e) => {
					const by = { ArrowUp: 1, ArrowDown: -1 }[e.key];
					if (!by) return;
					e.preventDefault();
					set(value + by);
				}}
			/>
			<button type="button" className={css.step} aria-label={`One more of ${of}`} disabled={value >= max} onClick={() => set(value + 1)}>
				<Icon name="plus" size={18} />
			</button>
		</span>
	);
}
